//! Hand-overs: called in pieces, called wrongly, written as words.

use frontdesk_actors::ports::ModelError;

use super::*;

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
        assert_eq!(heard.text, super::super::super::language::hand_over_line("en"), "{shape}");
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
