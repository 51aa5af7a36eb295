//! What nobody sees is neither sent to a model nor shown of its words.

use super::super::super::clean::HIDDEN;
use super::*;

#[tokio::test]
async fn fifty_hidden_characters_are_not_sent_and_not_shown() {
    let rig = Rig::new().await;
    rig.fake.journal().keep_bodies();
    for hidden in HIDDEN {
        let bytes: String = hidden.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
        let model = rig.model(&format!("text=In the {bytes}hall{bytes}. [1]"));
        let heard = rig.say(&model, vec![guest(&format!("When {hidden}is break{hidden}fast?"))]).await;
        assert_eq!(
            (heard.text.as_str(), heard.citations()),
            ("In the hall.", vec!["Breakfast"]),
            "{hidden:?}"
        );
        let entries = rig.fake.journal().entries();
        let request: serde_json::Value =
            serde_json::from_str(entries.last().expect("one").body.as_deref().expect("kept")).expect("JSON");
        let messages = request["messages"].to_string();
        assert!(messages.contains("When is breakfast?"), "{messages}");
        let texts = request["messages"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|message| message["content"].as_str());
        assert!(texts.into_iter().all(|text| !text.contains(hidden)), "{hidden:?} was sent");
    }
    let scripts = "می\u{200c}خواهم 👨\u{200d}👩\u{200d}👧 हिन्दी ❤\u{fe0f}";
    rig.say(&rig.model("text=Yes."), vec![guest(scripts)]).await;
    let sent = rig.fake.journal().entries().last().and_then(|entry| entry.body.clone()).expect("kept");
    assert!(sent.contains(scripts), "scripts and emoji stay whole: {sent}");
}
