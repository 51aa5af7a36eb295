//! The guard as a table, and cut at every place.

use super::stream::{HELD_MAX_CHARS, WAITING_MAX_CHARS};
use super::*;

const SPA: Source<'_> = Source {
    title: "",
    body: "The sauna is open from 07:00 to 21:00 and free of charge. See https://spa.example/hours.",
};

/// Whatever it is about.
fn concern(sentence: &str, cited: &[Source<'_>]) -> Option<Concern> {
    super::concern(sentence, &Topics::default(), cited)
}

fn entry(body: &str) -> Source<'_> {
    Source { title: "", body }
}

#[test]
fn what_a_cited_entry_says_may_be_said() {
    for fine in [
        "The sauna opens at 7 and closes at 21:00.",
        "It is free for guests.",
        "See https://spa.example/hours for more.",
        "Hello! How can I help you?",
        "Gern geschehen!",
        "お手伝いできることはありますか。",
    ] {
        assert_eq!(concern(fine, &[SPA]), None, "{fine}");
    }
}

#[test]
fn what_none_says_is_withheld() {
    for (sentence, expected) in [
        ("A massage costs 80 EUR.", Concern::Number),
        ("It closes at 22:00.", Concern::Number),
        ("Your refund is on its way.", Concern::Commitment),
        ("Sie bekommen einen Rabatt.", Concern::Commitment),
        ("La habitación está disponible.", Concern::Commitment),
        ("Votre table est réservée.", Concern::Commitment),
        ("Ваше бронирование подтверждено.", Concern::Commitment),
        ("房间已确认。", Concern::Commitment),
        ("返金いたします。", Concern::Commitment),
        ("I will bring towels.", Concern::Promise),
        ("Wir werden uns darum kümmern.", Concern::Promise),
        ("我会安排。", Concern::Promise),
        ("Click https://evil.example/x now.", Concern::Link),
        ("![x](https://spa.example/?q=secret)", Concern::Link),
        ("<img src=x onerror=alert(1)>", Concern::Link),
    ] {
        assert_eq!(concern(sentence, &[SPA]), Some(expected), "{sentence}");
    }
}

/// Many ways to cut a text in three: the verdict is always the same.
fn run(text: &str, cited: &[Source<'_>]) -> (String, Option<Concern>) {
    let mut whole: Option<(String, Option<Concern>)> = None;
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(3).chain([text.len()]).collect();
    for first in &places {
        for second in places.iter().filter(|second| *second >= first) {
            let mut guard = Guard::default();
            let mut shown = String::new();
            let mut withheld = None;
            for piece in [&text[..*first], &text[*first..*second], &text[*second..]] {
                let passed = guard.push(piece, cited, &[]);
                shown.push_str(&passed.shown);
                withheld = withheld.or(passed.withheld);
            }
            let passed = guard.finish(cited);
            shown.push_str(&passed.shown);
            withheld = withheld.or(passed.withheld);
            assert!(!shown.contains("80") && !shown.contains("refund"), "{shown}");
            match &whole {
                Some((_, before)) => assert_eq!(*before, withheld, "{text} {first} {second}"),
                None => whole = Some((shown, withheld)),
            }
        }
    }
    whole.expect("at least one way")
}

#[test]
fn nothing_unfounded_is_ever_shown_wherever_the_text_is_cut() {
    let (shown, withheld) = run("The sauna is warm. It costs 80 EUR. Bye.", &[SPA]);
    assert!(shown.starts_with("The sauna is warm. "), "{shown}");
    assert_eq!(withheld, Some(Concern::Number));
    assert_eq!(run("You get a refund today", &[SPA]).1, Some(Concern::Commitment));
    let fine = "Hi! It opens at 7.00 and is free. See https://spa.example/hours. Enjoy";
    assert_eq!(run(fine, &[SPA]), (fine.to_owned(), None));
}

/// However long the sentence is before it, and whatever stands between its words.
#[test]
fn a_phrase_late_in_a_long_sentence_is_not_shown() {
    let lead = "the lake lies still behind old trees while ".repeat(6);
    let table = table();
    for phrase in table.promises.iter().chain(table.stems.iter().map(|(_, stem)| stem)) {
        for between in [" ", "-", " \u{2013} ", ", "] {
            let text = format!("{lead}{} at once", phrase.replace('-', between));
            let (mut guard, mut shown) = (Guard::default(), String::new());
            for piece in text.split_inclusive(' ') {
                shown.push_str(&guard.push(piece, &[], &[]).shown);
            }
            assert!(!shown.contains("at once"), "{phrase}: {shown}");
            assert!(guard.finish(&[]).withheld.is_some(), "{text}");
        }
    }
}

#[test]
fn harmless_words_are_shown_as_they_come() {
    let mut guard = Guard::default();
    let mut shown = String::new();
    for word in ["the", " sauna", " smells", " nice"] {
        shown.push_str(&guard.push(word, &[], &[]).shown);
    }
    assert_eq!(shown, "the sauna smells nice");
}

#[test]
fn an_endless_sentence_is_judged_where_it_stands() {
    let mut guard = Guard::default();
    let passed = guard.push(&"7 ".repeat(2_000), &[entry("7")], &[]);
    assert!(passed.shown.len() > 3_000 && guard.held.len() <= HELD_MAX_CHARS);
}

#[test]
fn amounts_in_words_are_numbers() {
    for priced in [
        "It costs twenty euros.",
        "It costs twenty-five dollars.",
        "Das kostet zwanzig Euro.",
        "Das macht fünfundzwanzig Euro.",
        "Cela coûte quatre-vingts euros.",
        "Cuesta veinte euros.",
        "Costa venti euro.",
        "Custa vinte euros.",
        "Het kost twintig euro.",
        "To kosztuje dwadzieścia euro.",
        "Это стоит двадцать евро.",
        "Yirmi euro tutar.",
        "السعر عشرون يورو.",
        "价格是二十欧元。",
        "二十ユーロです。",
        "이십 유로입니다.",
        "One euro each.",
        "You save ten percent.",
        "It closes at ten o'clock.",
    ] {
        assert_eq!(concern(priced, &[SPA]), Some(Concern::Number), "{priced}");
    }
    for fine in ["We have two saunas and one pool.", "Un momento, por favor.", "Sie zahlen in Euro."] {
        assert_eq!(concern(fine, &[SPA]), None, "{fine}");
    }
}

#[test]
fn an_amount_in_words_is_found_in_digits_and_the_other_way() {
    for (sentence, body) in [
        ("It costs twenty-five euros.", "Parking: 25 EUR."),
        ("Das kostet fünfundzwanzig Euro.", "Parken: 25 Euro."),
        ("Das kostet hundertzwanzig Euro.", "120 Euro"),
        ("It costs two hundred and fifty dollars.", "250 dollars"),
        ("Cela coûte quatre-vingts euros.", "80 euros"),
        ("价格是一百二十元。", "120元"),
        ("It costs 20 euros.", "Parking costs twenty euros."),
    ] {
        assert_eq!(concern(sentence, &[entry(body)]), None, "{sentence}");
    }
    assert_eq!(concern("Vierundzwanzig Euro.", &[entry("80 Euro")]), Some(Concern::Number));
}

#[test]
fn no_part_of_an_amount_in_words_is_shown_before_it_is_judged() {
    for (text, never) in
        [("It is warm. It costs twenty to thirty euros. Bye.", "twenty"), ("It costs one euro.", "one")]
    {
        let mut guard = Guard::default();
        let mut shown = String::new();
        for character in text.chars() {
            shown.push_str(&guard.push(&character.to_string(), &[SPA], &[]).shown);
        }
        let last = guard.finish(&[SPA]);
        assert!(!shown.contains(never) && last.shown.is_empty(), "{shown}");
    }
}

#[test]
fn what_is_cited_only_later_waits_for_it() {
    // Whatever it is cut into, nothing of it is shown before its source is cited, and all of it after.
    let words = "It is warm. It opens at 7.00. It is free. Do come. ";
    for size in 1..words.len() {
        let (mut guard, mut shown) = (Guard::default(), String::new());
        for piece in words.as_bytes().chunks(size) {
            let passed = guard.push(std::str::from_utf8(piece).expect("ASCII"), &[], &[SPA]);
            assert_eq!(passed.withheld, None);
            shown.push_str(&passed.shown);
        }
        assert!(
            shown.starts_with("It is warm. ") && !shown.contains('7') && !shown.contains("Do"),
            "{shown}"
        );
        let mut late = guard.clone();
        for passed in [late.push("", &[SPA], &[SPA]), late.push("Bye.", &[SPA], &[SPA]), late.finish(&[SPA])]
        {
            assert_eq!(passed.withheld, None);
            shown.push_str(&passed.shown);
        }
        assert_eq!(shown, format!("{words}Bye."));
        assert_eq!(guard.finish(&[]), Passed { shown: String::new(), withheld: Some(Concern::Number) });
    }
}

#[test]
fn what_no_offered_entry_says_does_not_wait_and_takes_what_waits_with_it() {
    let mut guard = Guard::default();
    let mut shown = guard.push("It opens at 7.00. So ", &[], &[SPA]).shown;
    let passed = guard.push("a massage costs 80 EUR. Bye. ", &[], &[SPA]);
    shown.push_str(&passed.shown);
    assert_eq!(passed.withheld, Some(Concern::Number));
    shown.push_str(&guard.push("Really. ", &[SPA], &[SPA]).shown);
    shown.push_str(&guard.finish(&[SPA]).shown);
    assert!(!shown.contains('7') && !shown.contains("80") && !shown.contains("Really"), "{shown}");
}

#[test]
fn not_more_waits_than_a_reader_waits_for() {
    let mut guard = Guard::default();
    let mut withheld = None;
    for _ in 0..200 {
        withheld = withheld.or(guard.push("It opens at 7.00. ", &[], &[SPA]).withheld);
    }
    assert_eq!(withheld, Some(Concern::Number));
    assert!(guard.waiting.len() <= WAITING_MAX_CHARS + "It opens at 7.00. ".len(), "{}", guard.waiting.len());
    // Harmless words that follow wait as well, and no longer.
    let mut guard = Guard::default();
    assert_eq!(guard.push("It opens at 7.00. ", &[], &[SPA]).withheld, None);
    let passed = guard.push(&"It is warm. ".repeat(200), &[], &[SPA]);
    assert_eq!((passed.shown.as_str(), passed.withheld), ("", Some(Concern::Number)));
}

#[test]
fn what_an_entry_says_of_one_thing_it_does_not_say_of_another() {
    let towels = Source { title: "How do I get fresh towels?", body: "Towels are free and come at 9:00." };
    let parking = Source { title: "Is there parking?", body: "The garage costs 12 EUR a day." };
    let cited = [towels, parking];
    for (question, answer, expected) in [
        ("Is breakfast free?", "Breakfast is free.", Some(Concern::Commitment)),
        ("Is breakfast free?", "Yes, it is free.", Some(Concern::Commitment)),
        ("Ist das Frühstück gratis?", "Ja, kostenlos.", Some(Concern::Commitment)),
        ("What does breakfast cost?", "It costs 12 EUR.", Some(Concern::Number)),
        ("Hello", "I looked at the pool for you. That is 12 EUR.", Some(Concern::Number)),
        ("Is breakfast free?", "No, but the towels are free.", None),
        ("Are towels free?", "Yes, they are free.", None),
        ("Sind Handtücher gratis?", "Ja, kostenlos. Sie kommen um 9:00.", None),
        ("What does parking cost?", "It costs twelve euros.", None),
        ("Hello", "It is free.", None),
    ] {
        let mut guard = Guard::answering(question);
        let withheld = guard.push(answer, &cited, &[]).withheld.or(guard.finish(&cited).withheld);
        assert_eq!(withheld, expected, "{question} {answer}");
    }
}
