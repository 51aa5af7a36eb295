//! `frontdesk check`: asks the server that runs to test itself, or tries the connections to the outside.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use secrecy::ExposeSecret;

use crate::check::{Part, Report};
use crate::config::{Config, WhatsApp};
use crate::whatsapp::check::{Finding, check};

use super::{BAD_CONFIGURATION, Serve};

/// How long the server may take for the whole test.
const REPORT_WITHIN: Duration = Duration::from_secs(90);

/// What to check.
#[derive(Subcommand)]
pub(super) enum What {
    /// The WhatsApp number: token, number, webhook, templates, and a send as far as it goes without a guest
    Whatsapp(Serve),
}

/// Checks, and prints a line for each part.
pub(super) fn run(what: Option<What>, file: Option<PathBuf>) -> ExitCode {
    let (what, args) = match what {
        Some(What::Whatsapp(args)) => (true, args.config),
        None => (false, None),
    };
    let config = match Config::load(args.or(file).as_deref()) {
        Ok(config) => config,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk: {error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    if !what {
        return print(&ask(&config).unwrap_or_else(|advice| vec![server(Err(advice))]));
    }
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
        Ok(findings) => print(&findings.into_iter().map(part).collect::<Vec<_>>()),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Has the server that runs on these settings test itself.
fn ask(config: &Config) -> Result<Vec<Part>, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = crate::app::reachable(config.server.listen);
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let token = crate::app::operator_token(&config.storage.data_dir);
    let token = token.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    runtime.block_on(async {
        // To ourselves: the certificate is for another name than this machine's address.
        let http = reqwest::Client::builder().no_proxy().timeout(REPORT_WITHIN);
        let http = http.tls_danger_accept_invalid_certs(true).build().map_err(|error| error.to_string())?;
        let asked = http.post(format!("{scheme}://{address}/api/check")).bearer_auth(token).send().await;
        let answer = asked.map_err(|_| {
            format!(
                "nobody answers at {address}: is it running, and FRONTDESK_LISTEN the same here and there?"
            )
        })?;
        match answer.status().as_u16() {
            200 => {
                let report: Report =
                    answer.json().await.map_err(|_| "its answer is none: is it another version?")?;
                let mut parts = vec![server(Ok(format!("answers at {address}")))];
                parts.extend(report.parts);
                Ok(parts)
            }
            401 | 403 => {
                Err("it does not let us in: is FRONTDESK_DATA_DIR the same here and there, and may we \
                              read operator.token in it?"
                    .to_owned())
            }
            429 | 503 => Err("it is busy, or another check is running: try again in a moment".to_owned()),
            status => Err(format!("it answered with {status}: is it another version, or another program?")),
        }
    })
}

fn server(found: Result<String, String>) -> Part {
    part(Finding { part: "server", found })
}

fn part(Finding { part, found }: Finding) -> Part {
    let ok = found.is_ok();
    Part { part: part.to_owned(), ok, millis: 0, found: found.unwrap_or_else(|advice| advice) }
}

fn look(settings: &WhatsApp, public: Option<&str>) -> Result<Vec<Finding>, anyhow::Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = crate::app::whatsapp::client(settings, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(check(&client, settings, public)))
}

fn print(parts: &[Part]) -> ExitCode {
    let mut out = std::io::stdout();
    for Part { part, ok, millis, found } in parts {
        let word = if *ok { "ok  " } else { "FAIL" };
        let took = if *millis > 0 { format!(" ({millis} ms)") } else { String::new() };
        let _ = writeln!(out, "{word}  {part}: {found}{took}");
    }
    if parts.iter().all(|part| part.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
