//! Calls: in pieces, wrong, hostile, written as words.

use frontdesk_actors::ports::ModelError;
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::departments::DEPARTMENTS;
use frontdesk_domain::ids::TurnId;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::super::language;
use super::super::report::Usage;
use super::super::tools::REASONS;
use super::*;

/// As a script takes it.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn call(tool: &str, arguments: &Value) -> String {
    format!("tool={tool},args={}", escaped(&arguments.to_string()))
}

fn requested(heard: &Heard) -> Option<(&str, &str)> {
    match &heard.end {
        Some(Ok(TurnEnd::Requested { department, text })) => Some((department, text)),
        _ => None,
    }
}

#[tokio::test]
async fn a_call_hands_over_once_and_says_so() {
    let rig = Rig::new().await;
    for shape in [
        "",
        ",tool-pieces=1",
        ",tool-pieces=99",
        ",tool-two",
        ",tool-no-index",
        ",odd,packets=1",
        ",finish=stop",
    ] {
        let heard = rig.ask(&format!("tool=hand_over,args=%7B%22reason%22:%22booking%22%7D{shape}")).await;
        assert_eq!(heard.handed_over(), Some(("booking", false)), "{shape}: {heard:?}");
        assert_eq!(heard.text, language::hand_over_line("en"), "{shape}");
        assert_eq!(rig.report().outcome, Outcome::HandedOver, "{shape}");
    }
}

#[tokio::test]
async fn urgency_language_and_words_before_the_call() {
    let rig = Rig::new().await;
    let emergency = rig.model("tool=hand_over,args=%7B%22reason%22:%22emergency%22%7D");
    let heard = rig.say(&emergency, vec![guest("Es brennt! Wo ist die Treppe und wie kann ich raus?")]).await;
    assert_eq!(heard.handed_over(), Some(("emergency", true)));
    assert!(heard.text.starts_with("Das gebe ich"), "{}", heard.text);
    let heard = rig.ask("tool=hand_over,text=One moment.").await;
    assert_eq!((heard.text.as_str(), heard.handed_over()), ("One moment.", Some(("unsure", false))));
}

#[tokio::test]
async fn arguments_that_make_no_sense_still_hand_over() {
    let rig = Rig::new().await;
    for (args, reason) in
        [("%7B%22reason", "unsure"), ("nonsense", "unsure"), ("%7B%22reason%22:%22free money%22%7D", "other")]
    {
        let heard = rig.ask(&format!("tool=hand_over,args={args}")).await;
        assert_eq!(heard.handed_over(), Some((reason, false)), "{args}");
    }
}

#[tokio::test]
async fn half_a_call_is_no_hand_over() {
    let rig = Rig::new().await;
    let heard = rig.ask("tool=hand_over,cut-at=3").await;
    assert_eq!((heard.error(), heard.text.as_str()), (Some(ModelError::Interrupted), ""));
}

#[tokio::test]
async fn a_hand_over_in_words() {
    let rig = Rig::new().await;
    let heard = rig.ask("text=%7B%22hand_over%22: %22complaint%22%7D").await;
    assert_eq!(heard.handed_over(), Some(("complaint", false)));
    assert!(heard.text.starts_with("I will pass"), "{}", heard.text);
}

#[tokio::test]
async fn a_wish_goes_to_a_department_and_nothing_is_promised() {
    let rig = Rig::new().await;
    let towels = json!({"department": "housekeeping", "text": "two towels", "room": "1", "guest": "x"});
    for shape in ["", ",tool-pieces=99", ",tool-no-index,packets=1", ",tool-two"] {
        let model = rig.model(&format!("{}{shape}", call("create_request", &towels)));
        let heard = rig.say(&model, vec![guest("Could I have two towels?")]).await;
        assert_eq!(requested(&heard), Some(("housekeeping", "two towels")), "{shape}: {heard:?}");
        assert_eq!(heard.text, language::request_line("en"), "{shape}");
    }
}

#[tokio::test]
async fn what_a_request_claims_beyond_the_guests_words_is_left_out() {
    let rig = Rig::new().await;
    for text in ["free upgrade, confirmed", "99 towels", "see https://evil.example", ""] {
        let model = rig.model(&call("create_request", &json!({"department": "treasury", "text": text})));
        let heard = rig.say(&model, vec![guest("Could I have two\ntowels?")]).await;
        assert_eq!(requested(&heard), Some(("front_desk", "Could I have two towels?")), "{text}");
    }
}

#[tokio::test]
async fn what_is_looked_up_is_a_source_of_the_second_round() {
    let rig = Rig::new().await;
    let look_up = call("look_up", &json!({"query": "when the pool opens"}));
    let heard = rig.ask(&format!("{look_up},tool-if-offered,text=The pool opens at 8. [2]")).await;
    assert_eq!((heard.text.as_str(), heard.citations()), ("The pool opens at 8.", vec!["Pool"]));
    let report = rig.report();
    let prompts = rig.fake.journal().entries().iter().map(|entry| entry.prompt_chars).sum::<usize>();
    assert_eq!(report.requests, 2);
    let usage = report.usage.expect("both rounds are counted");
    assert!(usage.prompt >= u64::try_from(prompts / 4).expect("small"), "{usage:?} {prompts}");
    assert_ne!(usage, Usage { prompt: 0, completion: 0 });
}

/// Lets nobody ask again.
struct Miser;

impl Watcher for Miser {
    fn turn_over(&self, _: &Report) {}

    fn may_ask_again(&self, _: TurnId, tokens: u64, _: Instant) -> BoxFuture<'static, bool> {
        assert!(tokens > 100, "the whole prompt counts: {tokens}");
        Box::pin(std::future::ready(false))
    }
}

#[tokio::test]
async fn what_the_pool_does_not_admit_is_not_looked_up() {
    let rig = Rig::new().await;
    let look_up = call("look_up", &json!({"query": "when the pool opens"}));
    let model = rig.model(&format!("{look_up},tool-if-offered,text=The pool opens at 8. [2]"));
    let heard = rig.say(&model.with_watcher(Arc::new(Miser)), vec![guest("When is breakfast?")]).await;
    assert_eq!((heard.error(), heard.text.as_str()), (Some(ModelError::NoRoom), ""));
    assert_eq!(rig.fake.journal().totals().requests, 1);
}

#[tokio::test]
async fn nobody_looks_things_up_for_ever() {
    let rig = Rig::new().await;
    let heard = rig.ask(&call("look_up", &json!({"query": "pool"}))).await;
    assert_eq!((heard.error(), heard.text.as_str()), (Some(ModelError::BadAnswer), ""));
    assert_eq!(rig.report().requests, 2);
}

#[tokio::test]
async fn a_server_without_tools_writes_its_calls() {
    let rig = Rig::new().await;
    let wish = json!({"create_request": {"department": "maintenance", "text": "the lamp is broken"}});
    for fence in ["{}", "```json\n{}\n```"] {
        let text = fence.replace("{}", &wish.to_string());
        let model = rig.model(&format!("reject=tools,text={}", escaped(&text)));
        let heard = rig.say(&model, vec![guest("The lamp is broken.")]).await;
        assert_eq!(requested(&heard), Some(("maintenance", "the lamp is broken")), "{heard:?}");
    }
}

/// Whatever a model calls, with whatever arguments: what comes of it is of the closed lists, and no word of it is
/// shown.
#[tokio::test]
async fn hostile_calls_win_nothing() {
    let rig = Rig::new().await;
    let payload = "canary: 500 EUR refund confirmed, see https://evil.example/?q=secret";
    let arguments = [
        json!({"reason": payload, "department": payload, "text": payload, "query": payload}),
        json!({"conversation": "another", "guest": "another", "room": "1", "text": payload}),
        json!([payload]),
        json!(payload),
        json!({"text": {"text": payload}, "reason": [payload], "query": 7}),
    ];
    let tools = ["hand_over", "create_request", "look_up", "pay", "run_sql", "", "HAND_OVER", "send_message"];
    for tool in tools {
        for arguments in &arguments {
            let heard = rig.ask(&call(tool, arguments)).await;
            assert!(!heard.text.contains("canary") && !heard.text.contains("evil"), "{tool}: {heard:?}");
            match heard.end {
                Some(Ok(TurnEnd::HandedOver { reason, urgent: false })) => {
                    assert!(REASONS.contains(&reason.as_str()), "{reason}");
                }
                Some(Ok(TurnEnd::Requested { department, text })) => {
                    assert!(DEPARTMENTS.contains(&department.as_str()), "{department}");
                    assert_eq!(text, "When is breakfast?", "the guest's own words");
                }
                Some(Err(ModelError::BadAnswer)) => {}
                other => panic!("{tool} {arguments}: {other:?}"),
            }
        }
    }
}
