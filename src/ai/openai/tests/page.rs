//! The page of what the model is told is what the model is told.

use frontdesk_domain::ids::EntryId;
use uuid::Uuid;

use super::super::super::knowledge::Source;
use super::super::super::question::Question;
use super::super::super::testing::{guest, prompt as asked};
use super::super::prompt::{Means, messages};
use super::super::tools::{self, Offer};

const PAGE: &str = "src/ai/PROMPT.md";

/// Both messages of a first question.
fn told(tools: bool) -> [String; 2] {
    let source = Source {
        entry: EntryId(Uuid::nil()),
        title: "When is breakfast?".to_owned(),
        body: "From 7 to 10, in the hall.".to_owned(),
        score: 1.0,
    };
    let prompt = asked(vec![guest("Is there breakfast on Sunday?")]);
    let means = Means { rules: None, tools, look_up: true };
    let told = messages(&prompt, &Question::of(&prompt), &[source], "5b1f0c2a9d3e4f67", means);
    let texts: Vec<String> = told.into_iter().map(|message| message.content).collect();
    texts.try_into().expect("rules and question")
}

#[test]
fn the_page_of_what_the_model_is_told_is_what_it_is_told() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(file).unwrap_or_default();
    let tools = serde_json::to_string_pretty(&tools::list(Offer::All)).expect("JSON");
    let [system, user] = told(true);
    let [without, _] = told(false);
    for text in [system, user, tools, without] {
        assert!(page.contains(&format!("```text\n{text}\n```")), "{PAGE} does not say:\n{text}");
    }
}
