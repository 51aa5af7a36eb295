//! `frontdesk evaluate`: the embedded answerer over a file of questions, without a server or a database.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use frontdesk_domain::answerer;

/// Writes one prediction a line to standard output. A file that cannot be read ends with 1 and one line
/// that names the file and the fault.
pub fn run(knowledge: &Path, questions: &Path) -> ExitCode {
    match predict(knowledge, questions) {
        Ok(predictions) => match std::io::stdout().write_all(predictions.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn predict(knowledge: &Path, questions: &Path) -> Result<String, anyhow::Error> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
    };
    Ok(answerer::evaluate(&read(knowledge)?, &read(questions)?)?)
}
