//! `frontdesk rehearse`: recorded questions, asked again.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use frontdesk_actors::ports::Model;
use frontdesk_domain::ids::PropertyId;
use uuid::Uuid;

use super::{database, offline};
use crate::ai::embedded::Embedded;
use crate::ai::knowledge::KnowledgeBases;
use crate::ai::openai::OpenAi;
use crate::ai::retriever;
use crate::app;
use crate::config::{Config, DatabaseUrl};
use crate::rehearse::{self, Answer, Asked, Responder, Saved};

/// Turns that are asked again when nobody says how many.
const TURNS: u32 = 200;

/// The largest file of questions, entries, rules or answers, in bytes.
const FILE_MAX_BYTES: u64 = 32 * 1024 * 1024;

#[derive(Args)]
#[command(after_help = "Example: frontdesk rehearse --kb changed.json --turns 50")]
pub(super) struct Rehearsal {
    /// Questions, one JSON object a line: `{"id","text","context"?}`; without a file, the newest turns of the database
    questions: Option<PathBuf>,
    /// How many of the newest turns
    #[arg(long, value_name = "N", default_value_t = TURNS, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    turns: u32,
    /// Answer from these entries: `{"entries":[{"q","a"}]}` or `[{"question","answer"}]`; without it, from the database's
    #[arg(long, value_name = "FILE")]
    kb: Option<PathBuf>,
    /// Give the model these rules in place of its usual ones
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,
    /// Ask this model in place of OPENAI_MODEL
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Ask the embedded answerer even where a model is set up
    #[arg(long, conflicts_with_all = ["prompt", "model"])]
    embedded: bool,
    /// Compare with this saved rehearsal; without it, with what was answered then
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Save the answers, to compare with later
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Print the answers as JSON in place of the table
    #[arg(long)]
    json: bool,
}

/// Asks, compares, and says what differs.
pub(super) fn run(args: &Rehearsal, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |config, of| rehearse(args, config, of).await)
}

async fn rehearse(args: &Rehearsal, config: &Config, of: &DatabaseUrl) -> Result<String, anyhow::Error> {
    let nobody = PropertyId(Uuid::nil());
    let of_database = if args.questions.is_none() || args.kb.is_none() {
        Some(database::recorded(of, args.turns).await?)
    } else {
        None
    };
    let property = of_database.as_ref().map_or(nobody, |found| found.property);
    let asked = match (&args.questions, &of_database) {
        (Some(file), _) => rehearse::questions(&read(file)?)?,
        (None, found) => found.as_ref().map(|found| found.asked.clone()).unwrap_or_default(),
    };
    if asked.is_empty() {
        bail!("there are no questions to ask");
    }
    let entries = match (&args.kb, of_database) {
        (Some(file), _) => rehearse::knowledge(&read(file)?, property)?,
        (None, found) => found.map(|found| found.entries).unwrap_or_default(),
    };
    let words = config.storage.data_dir.join(retriever::LEXICON_FILE);
    let lexicon = retriever::lexicon(&words).map_err(|error| anyhow::anyhow!(error))?;
    let speech = retriever::Speech { lexicon, emergency_number: config.ai.emergency_number.clone() };
    let knowledge = KnowledgeBases::fixed(entries, retriever::build(speech));
    let (by, model) = answerer(args, config, knowledge)?;
    let responder = Responder::new(model, property);
    let answers = responder.ask(&asked, |done| progress(done, asked.len())).await;
    let saved = Saved { by, answers };
    if let Some(file) = &args.save {
        std::fs::write(file, serde_json::to_vec_pretty(&saved)?)
            .with_context(|| file.display().to_string())?;
    }
    if args.json {
        return Ok(serde_json::to_string_pretty(&saved)?);
    }
    let before = match &args.against {
        Some(file) => {
            serde_json::from_str::<Saved>(&read(file)?)
                .with_context(|| format!("{}: not a saved rehearsal", file.display()))?
                .answers
        }
        None => then(&asked),
    };
    Ok(rehearse::table(&rehearse::compare(&before, &saved.answers)).trim_end().to_owned())
}

/// Who answers, by name.
fn answerer(
    args: &Rehearsal,
    config: &Config,
    knowledge: Arc<KnowledgeBases>,
) -> Result<(String, Arc<dyn Model>), anyhow::Error> {
    let is_set_up = config.ai.key.is_some() || config.ai.base_url.is_some();
    if args.embedded || !is_set_up {
        if args.prompt.is_some() || args.model.is_some() {
            bail!("--prompt and --model need a model: set OPENAI_API_KEY or OPENAI_BASE_URL");
        }
        let embedded = Embedded::new(knowledge).with_pause(Duration::ZERO);
        return Ok(("embedded answerer".to_owned(), Arc::new(embedded)));
    }
    let mut settings = app::model_settings(&config.ai);
    if let Some(name) = &args.model {
        settings.model.clone_from(name);
    }
    settings.rules = args.prompt.as_deref().map(read).transpose()?;
    let name = settings.model.clone();
    Ok((name, Arc::new(OpenAi::new(settings, knowledge)?)))
}

fn then(asked: &[Asked]) -> Vec<Answer> {
    asked.iter().filter_map(|asked| asked.before.clone()).collect()
}

fn read(file: &Path) -> Result<String, anyhow::Error> {
    let bytes = std::fs::metadata(file).with_context(|| file.display().to_string())?.len();
    if bytes > FILE_MAX_BYTES {
        bail!("{}: larger than {} MiB", file.display(), FILE_MAX_BYTES / 1024 / 1024);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn progress(done: usize, of: usize) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        let _ = write!(err, "\r{done} of {of}{end}");
    }
}
