//! Runs the answerer over a file of entries and a file of questions.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::model::{Entry, Question};
use super::{Answerer, Reply};

/// How many entries are listed for each question.
const LISTED: usize = 10;

/// What is wrong with a file given to [`evaluate`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluateError {
    /// The knowledge file cannot be read.
    #[error("knowledge file, line {line}: {fault}")]
    Knowledge {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
    /// The question file cannot be read.
    #[error("question file, line {line}: {fault}")]
    Questions {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
}

#[derive(Debug, Deserialize)]
struct HotelFile {
    #[serde(default)]
    language: Option<String>,
    entries: Vec<EntryLine>,
}

#[derive(Debug, Deserialize)]
struct EntryLine {
    #[serde(default)]
    id: Option<Value>,
    #[serde(alias = "question", alias = "title")]
    q: String,
    #[serde(alias = "answer", alias = "body")]
    a: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    locale: Option<String>,
}

/// One line of a question file.
#[derive(Debug, Clone, Deserialize)]
pub struct QuestionLine {
    /// Identity of the question.
    pub id: Value,
    /// Its words.
    pub text: String,
    /// The hotel it is asked to; needed when the file holds several.
    #[serde(default)]
    pub kb: Option<Value>,
    /// Ids of entries to leave out.
    #[serde(default)]
    pub hide: Vec<Value>,
    /// Earlier turns, of guest and staff.
    #[serde(default)]
    pub context: Vec<Turn>,
    /// The right entries, where known; only used for calibration.
    #[serde(default)]
    pub gold: Vec<Value>,
    /// Kind of question, where known; only used for calibration.
    #[serde(default)]
    pub kind: Option<String>,
}

/// An earlier turn: plain text of the guest, or text with its author.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Turn {
    /// The guest's words.
    Plain(String),
    /// Words with their author.
    From {
        /// "guest" or somebody else.
        #[serde(default)]
        from: Option<String>,
        /// The words.
        text: String,
    },
}

impl QuestionLine {
    /// The guest's earlier turns.
    pub fn guest_turns(&self) -> Vec<String> {
        self.context
            .iter()
            .filter_map(|turn| match turn {
                Turn::Plain(text) => Some(text.clone()),
                Turn::From { from, text } => {
                    (from.as_deref().is_none_or(|from| from == "guest")).then(|| text.clone())
                }
            })
            .collect()
    }

    /// The ids to leave out, as text.
    pub fn hidden(&self) -> Vec<String> {
        self.hide.iter().map(plain).collect()
    }
}

/// An id as text: ids in files may be numbers or strings.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One hotel of a knowledge file.
#[derive(Debug, Clone)]
pub struct Hotel {
    /// Answers from its entries.
    pub answerer: Answerer,
    /// The ids as they stand in the file: numbers stay numbers.
    ids: HashMap<String, Value>,
}

/// The hotels of a knowledge file with their entries; the name is empty when the file holds just one.
///
/// # Errors
/// [`EvaluateError::Knowledge`] if it is neither a list of entries, nor a hotel with entries, nor several by name.
pub fn read_entries(source: &str) -> Result<BTreeMap<String, Vec<Entry>>, EvaluateError> {
    Ok(read_hotels(source)?.into_iter().map(|(name, hotel)| (name, entries(hotel))).collect())
}

/// The same hotels, each with its answerer.
///
/// # Errors
/// As of [`read_entries`].
pub fn read_knowledge(source: &str) -> Result<BTreeMap<String, Hotel>, EvaluateError> {
    Ok(read_hotels(source)?.into_iter().map(|(name, hotel)| (name, read_hotel(hotel))).collect())
}

fn read_hotels(source: &str) -> Result<BTreeMap<String, HotelFile>, EvaluateError> {
    let fault = |e: serde_json::Error| EvaluateError::Knowledge { line: e.line(), fault: e.to_string() };
    let value: Value = serde_json::from_str(source).map_err(fault)?;
    let several = value.as_object().is_some_and(|o| !o.contains_key("entries"));
    if value.is_array() {
        let entries: Vec<EntryLine> = serde_json::from_str(source).map_err(fault)?;
        Ok(BTreeMap::from([(String::new(), HotelFile { language: None, entries })]))
    } else if several {
        serde_json::from_str(source).map_err(fault)
    } else {
        Ok(BTreeMap::from([(String::new(), serde_json::from_str(source).map_err(fault)?)]))
    }
}

fn read_hotel(file: HotelFile) -> Hotel {
    let ids = file.entries.iter().filter_map(|line| line.id.clone());
    let ids = ids.map(|id| (plain(&id), id)).collect();
    Hotel { answerer: Answerer::new(entries(file)), ids }
}

fn entries(hotel: HotelFile) -> Vec<Entry> {
    let language = hotel.language;
    hotel
        .entries
        .into_iter()
        .enumerate()
        .map(|(number, line)| Entry {
            id: line.id.as_ref().map_or_else(|| (number + 1).to_string(), plain),
            title: line.q,
            body: line.a,
            aliases: line.aliases,
            tags: line.tags,
            locale: line.locale.or_else(|| language.clone()),
        })
        .collect()
}

/// The questions of a file, one JSON object a line; empty lines are skipped.
pub fn read_questions(source: &str) -> Result<Vec<(usize, QuestionLine)>, EvaluateError> {
    source
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line)
                .map(|question| (index + 1, question))
                .map_err(|e| EvaluateError::Questions { line: index + 1, fault: e.to_string() })
        })
        .collect()
}

/// Answers every question of a file from a file of entries.
///
/// The knowledge file is one hotel (`{"entries": [{"id", "q", "a"}]}`, or only the list) or several
/// by name (`{"name": {"entries": [...]}}`); a question names its hotel in `kb`, lists entries to
/// leave out in `hide` and earlier turns in `context`. The result has one line for each question:
/// `{"id", "ranked": [ids], "decision"}`.
pub fn evaluate(kb_json: &str, questions_jsonl: &str) -> Result<String, EvaluateError> {
    let hotels = read_knowledge(kb_json)?;
    let nobody = Hotel { answerer: Answerer::new(Vec::new()), ids: HashMap::new() };
    let mut out = String::new();
    for (line, question) in read_questions(questions_jsonl)? {
        let hotel = find_hotel(&hotels, line, &question)?.unwrap_or(&nobody);
        let (context, hidden) = (question.guest_turns(), question.hidden());
        let reply = hotel.answerer.reply(&Question {
            text: &question.text,
            context: &context,
            hidden: &hidden,
            locale: None,
        });
        out.push_str(&prediction(&question.id, &reply, hotel).to_string());
        out.push('\n');
    }
    Ok(out)
}

/// The hotel a question is asked to: the one it names, or the only one of the file. `None` when the
/// file holds several and the question names none; it is then asked without entries.
pub fn find_hotel<'a>(
    hotels: &'a BTreeMap<String, Hotel>,
    line: usize,
    question: &QuestionLine,
) -> Result<Option<&'a Hotel>, EvaluateError> {
    if let Some(only) = hotels.get("") {
        return Ok(Some(only));
    }
    let Some(name) = question.kb.as_ref().map(plain) else { return Ok(None) };
    hotels.get(&name).map(Some).ok_or_else(|| EvaluateError::Questions {
        line,
        fault: format!("the knowledge file has no hotel \"{name}\""),
    })
}

fn prediction(id: &Value, reply: &Reply, hotel: &Hotel) -> Value {
    let given = |id: &str| hotel.ids.get(id).cloned().unwrap_or_else(|| json!(id));
    let ranked: Vec<Value> = reply.ranked.iter().take(LISTED).map(|hit| given(&hit.id)).collect();
    json!({"id": id, "ranked": ranked, "decision": reply.decision.label()})
}
