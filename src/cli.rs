//! The command line: which subcommand, and what it needs.

mod accounts;
mod audit;
mod backups;
mod check;
mod database;
mod guests;
mod offline;
mod rehearse;
mod replay;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use frontdesk_domain::ids::GuestId;

use crate::config::{self, Config};
use crate::{app, evaluate, http};

/// The exit code of a start that its configuration ends.
const BAD_CONFIGURATION: u8 = 2;

/// A realtime front desk for hotels.
#[derive(Parser)]
#[command(name = "frontdesk", version)]
struct Cli {
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Serve {
    /// A TOML file with settings: the names below, in lower case
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (what is done when no command is given)
    Serve(Serve),
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
    /// Ask a running server on this machine if it lives: exit code 0 if so (for container health checks)
    Health(Serve),
    /// Take a backup of the database and the attachments; the server may be running
    Backup {
        /// The folder in which the backup gets a folder of its own [default: FRONTDESK_BACKUP_DIR, else <data dir>/backups]
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        #[command(flatten)]
        settings: Serve,
    },
    /// Put a backup in the place of the database; what was there is moved aside. The server must be stopped
    Restore {
        /// The backup's folder, or `s3://BUCKET/PREFIX` for the newest one there, or one of those by its name
        backup: String,
        /// Only look it over
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        settings: Serve,
    },
    /// A guest's data as a whole
    #[command(subcommand)]
    Guest(Guest),
    /// Let somebody in again: a new password is made up and printed, and the second factor is turned off. The
    /// server must be stopped
    ResetLogin {
        /// The account's e-mail address
        email: String,
        #[command(flatten)]
        settings: Serve,
    },
    /// Seal stored secrets anew under a new key. The server must be stopped
    RotateKey(Serve),
    /// Look at the log of who did what
    Audit {
        #[command(subcommand)]
        what: audit::What,
        #[command(flatten)]
        settings: Serve,
    },
    /// Have the server that runs send a message through all of itself, and say what to do about each part that
    /// fails (exit code 0: all well)
    Check {
        #[command(subcommand)]
        what: Option<check::What>,
        #[command(flatten)]
        settings: Serve,
    },
    /// Show a conversation as it happened, with each turn's prompt, sources, calls, times and costs; the server may
    /// be running
    Replay {
        /// The conversation's id
        conversation: String,
        /// Leave out what the model was sent
        #[arg(long)]
        brief: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: Serve,
    },
    /// Ask recorded questions again, of a changed prompt, model or knowledge, and show which answers change; the
    /// server may be running
    Rehearse {
        #[command(flatten)]
        what: rehearse::Rehearsal,
        #[command(flatten)]
        settings: Serve,
    },
    /// Try questions on knowledge: prints what the embedded answerer would do with each
    Evaluate {
        /// Entries: `{"hotel":{"entries":[{"id","q","a"}]}}` or `[{"id","question","answer"}]`
        knowledge: PathBuf,
        /// Questions, one JSON object a line: `{"id","text","hide"?,"context"?,"kb"?}`
        questions: PathBuf,
    },
}

#[derive(Subcommand)]
enum Guest {
    /// Write all that is stored of a guest into a ZIP file; the server may be running
    Export {
        /// The guest's id
        guest: GuestId,
        /// The file [default: guest-<id>.zip]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[command(flatten)]
        settings: Serve,
    },
    /// Have a guest erased, for good. The server must be stopped, and does it when it starts
    Erase {
        /// The guest's id
        guest: GuestId,
        #[command(flatten)]
        settings: Serve,
    },
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    let cli = match parser().try_get_matches().and_then(|found| Cli::from_arg_matches(&found)) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.command {
        None => serve(cli.serve),
        Some(Command::Serve(serve_args)) => serve(Serve { config: serve_args.config.or(cli.serve.config) }),
        Some(Command::Openapi) => print(&http::openapi_json()),
        Some(Command::Health(args)) => health(args.config.or(cli.serve.config)),
        Some(Command::Backup { to, settings }) => {
            backups::backup(to, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::Restore { backup, check, settings }) => {
            backups::restore(&backup, check, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::Guest(Guest::Export { guest, to, settings })) => {
            guests::export(guest, to, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::Guest(Guest::Erase { guest, settings })) => {
            guests::erase(guest, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::ResetLogin { email, settings }) => {
            accounts::reset_login(&email, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::RotateKey(args)) => accounts::rotate_key(args.config.or(cli.serve.config).as_deref()),
        Some(Command::Audit { what, settings }) => {
            audit::run(what, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::Check { what, settings }) => check::run(what, settings.config.or(cli.serve.config)),
        Some(Command::Replay { conversation, brief, json, settings }) => {
            replay::run(&conversation, brief, json, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::Rehearse { what, settings }) => {
            rehearse::run(&what, settings.config.or(cli.serve.config).as_deref())
        }
        Some(Command::Evaluate { knowledge, questions }) => evaluate::run(&knowledge, &questions),
    }
}

fn parser() -> clap::Command {
    let settings = config::help();
    Cli::command()
        .after_long_help(settings.clone())
        .after_help(settings.clone())
        .mut_subcommand("serve", |serve| serve.after_long_help(settings.clone()).after_help(settings))
}

#[allow(clippy::needless_pass_by_value, reason = "the arguments are used up")]
fn serve(args: Serve) -> ExitCode {
    match Config::load(args.config.as_deref()) {
        Ok(config) => app::serve(config),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk: {error}");
            ExitCode::from(BAD_CONFIGURATION)
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the arguments are used up")]
fn health(file: Option<PathBuf>) -> ExitCode {
    let Ok(config) = Config::load(file.as_deref()) else { return ExitCode::from(BAD_CONFIGURATION) };
    match app::health(config.server.listen, config.server.tls.is_some()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_setting() {
        let mut parser = parser();
        let helps = [
            parser.render_help().to_string(),
            parser.find_subcommand_mut("serve").expect("serve").render_long_help().to_string(),
        ];
        for help in helps {
            for setting in config::SETTINGS {
                assert!(help.contains(setting.name), "{}", setting.name);
            }
        }
        parser.debug_assert();
    }
}
