//! From route and findings to what is said.

use super::language::{self, Language};
use super::model::{Citation, Decision, Question, Reason, Reply};
use super::route::{Route, SmallTalk, route};
use super::templates::{self, Template};
use super::{ANSWER, Answerer, Finding, MOST_RANKED, SUGGEST, merge};

/// Most entries offered as "did you mean".
const MOST_SUGGESTIONS: usize = 2;

/// Decides and words the reply.
pub fn compose(answerer: &Answerer, question: &Question<'_>) -> Reply {
    let language = guest_language(question);
    let findings = answerer.findings(question);
    let mut reply = Reply {
        decision: Decision::HandOver(Reason::NotKnown),
        text: String::new(),
        citations: Vec::new(),
        suggestions: Vec::new(),
        ranked: answerer.hits(&merge(&findings), MOST_RANKED),
        language,
    };
    let say = |template: Template| template.text(language).to_owned();
    match route(question.text) {
        Route::Emergency(urgency) => {
            reply.decision = Decision::Urgent(urgency);
            reply.text = templates::emergency(language, &answerer.emergency_number);
        }
        Route::WantsHuman => {
            reply.decision = Decision::HandOver(Reason::WantsHuman);
            reply.text = say(Template::HandOver);
        }
        // A button with an entry's own wording is a question, whatever its words look like.
        Route::Problem | Route::Transaction | Route::OffTopic | Route::Question
            if findings.iter().any(|f| answerer.repeats_wording(f)) =>
        {
            answer(answerer, &findings, &mut reply);
        }
        Route::Problem => {
            reply.decision = Decision::HandOver(Reason::Problem);
            reply.text = say(Template::Problem);
            suggest(answerer, &findings, &mut reply, ANSWER);
        }
        Route::Transaction => {
            reply.decision = Decision::HandOver(Reason::Transaction);
            reply.text = say(Template::Request);
            suggest(answerer, &findings, &mut reply, ANSWER);
        }
        Route::Hostile | Route::OffTopic => {
            reply.decision = Decision::Decline;
            reply.text = say(Template::Decline);
        }
        Route::SmallTalk(kind) => {
            reply.decision = Decision::SmallTalk;
            reply.text = say(match kind {
                SmallTalk::Greeting => Template::Greeting,
                SmallTalk::Thanks => Template::Thanks,
                SmallTalk::Goodbye => Template::Goodbye,
            });
        }
        Route::Question => look_up(answerer, &findings, &mut reply),
    }
    reply
}

/// The language of the turn; else of the turns before; else of the device; else of the entries.
fn guest_language(question: &Question<'_>) -> Language {
    let said = std::iter::once(question.text)
        .chain(question.context.iter().rev().take(2).map(String::as_str))
        .find_map(|text| language::detect(text).language);
    said.or_else(|| question.locale.and_then(Language::from_tag)).unwrap_or(Language::En)
}

fn look_up(answerer: &Answerer, findings: &[Finding], reply: &mut Reply) {
    let sure = findings.iter().filter(|f| f.probability >= ANSWER).count();
    if sure > 0 {
        answer(answerer, findings, reply);
        return;
    }
    suggest(answerer, findings, reply, SUGGEST);
    if reply.suggestions.is_empty() {
        reply.text = Template::HandOver.text(reply.language).to_owned();
    } else {
        reply.decision = Decision::Clarify;
        reply.text = Template::Clarify.text(reply.language).to_owned();
    }
}

/// Writes the bodies of all sure parts, each once and verbatim.
fn answer(answerer: &Answerer, findings: &[Finding], reply: &mut Reply) {
    reply.decision = Decision::Answer;
    let mut paragraphs: Vec<String> = Vec::new();
    let mut foreign = false;
    let mut open = false;
    for finding in findings {
        let sure = finding.probability >= ANSWER || answerer.repeats_wording(finding);
        let best = finding.ranked.first().filter(|_| sure).map(|(id, _)| *id);
        let Some(id) = best else {
            open = true;
            continue;
        };
        let (Some(citation), Some(entry)) = (answerer.citation(id), answerer.entries.get(id)) else {
            continue;
        };
        if reply.citations.contains(&citation) {
            continue;
        }
        let entry_language = answerer.index.documents.get(id).map(|d| d.language);
        foreign |= entry_language != Some(reply.language);
        paragraphs.push(entry.body.clone());
        reply.citations.push(citation);
    }
    if foreign {
        paragraphs.insert(0, Template::OtherLanguage.text(reply.language).to_owned());
    }
    if open {
        paragraphs.push(Template::RestToTeam.text(reply.language).to_owned());
    }
    reply.text = paragraphs.join("\n\n");
}

/// Offers the best entries of findings at least this probable.
fn suggest(answerer: &Answerer, findings: &[Finding], reply: &mut Reply, from: f32) {
    let mut offered: Vec<Citation> = Vec::new();
    for finding in findings.iter().filter(|f| f.probability >= from) {
        let most = if findings.len() > 1 { 1 } else { MOST_SUGGESTIONS };
        let best = finding.ranked.first().map_or(0.0, |(_, score)| *score);
        for (id, score) in finding.ranked.iter().take(most) {
            // A distant second is no suggestion.
            if *score >= 0.5 * best {
                offered.extend(answerer.citation(*id));
            }
        }
    }
    offered.truncate(MOST_SUGGESTIONS);
    reply.suggestions = offered;
}
