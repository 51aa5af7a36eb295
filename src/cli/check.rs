//! `frontdesk check`: tries the connections to the outside, part by part.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::config::{Config, WhatsApp};
use crate::whatsapp::check::{Finding, check};

use super::{BAD_CONFIGURATION, Serve};

/// What to check.
#[derive(Subcommand)]
pub(super) enum What {
    /// The WhatsApp number: token, number, webhook, templates, and a send as far as it goes without a guest
    Whatsapp(Serve),
}

/// Checks, and prints a line for each part.
pub(super) fn run(what: What, file: Option<PathBuf>) -> ExitCode {
    let What::Whatsapp(args) = what;
    let config = match Config::load(args.config.or(file).as_deref()) {
        Ok(config) => config,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk: {error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let Some(settings) = config.whatsapp else {
        let _ = writeln!(
            std::io::stderr(),
            "frontdesk: WhatsApp is not set up: WHATSAPP_VERIFY_TOKEN, WHATSAPP_APP_SECRET, \
             WHATSAPP_ACCESS_TOKEN and WHATSAPP_PHONE_NUMBER_ID are needed"
        );
        return ExitCode::from(BAD_CONFIGURATION);
    };
    let public = config.server.public_url.as_ref().map(ToString::to_string);
    match look(&settings, public.as_deref()) {
        Ok(findings) => print(&findings),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn look(settings: &WhatsApp, public: Option<&str>) -> Result<Vec<Finding>, anyhow::Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = crate::app::whatsapp::client(settings, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(check(&client, settings, public)))
}

fn print(findings: &[Finding]) -> ExitCode {
    let mut out = std::io::stdout();
    for Finding { part, found } in findings {
        let _ = match found {
            Ok(said) => writeln!(out, "ok    {part}: {said}"),
            Err(advice) => writeln!(out, "FAIL  {part}: {advice}"),
        };
    }
    if findings.iter().all(|finding| finding.found.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
