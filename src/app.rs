//! The composition root: what the server is made of, in the order in which it is put together and taken
//! apart again.

mod demo;
mod health;
mod listen;
mod nodes;
mod operator;
mod parts;
mod serve;
pub mod whatsapp;

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::audit::Audit;
use crate::auth::Printed;
use crate::config::Config;
use crate::privacy::Keeper;
use crate::reservations::Clerk;
use crate::store::OpenError;
use crate::webhooks::{LOG_KEPT_MILLIS, Office};
use crate::{backup, http, telemetry, tls};

pub use health::{health, reachable};
pub use operator::shown as operator_token;
use parts::Parts;
pub(crate) use parts::{model_settings, vault};

/// How long the server may take to say goodbye before it ends anyway. The contract allows 10 s.
const GOODBYE_WITHIN: Duration = Duration::from_secs(8);
/// How long the connections' tasks may take after their sockets were told to close.
const CONNECTIONS_WITHIN: Duration = Duration::from_secs(1);
/// How often counters of quiet addresses are thrown away.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// How long a file is kept that no message names, in milliseconds.
const UNUSED_KEPT_MILLIS: i64 = 24 * 3_600_000;
/// After how many turns of tasks a busy worker looks at its connections. More turns, larger batches: with
/// 256 a delivery in many small rooms cost 6.4 µs, with tokio's 61 7.6, with 1,024 6.6 (bench/PROFILE.md).
/// As many workers as cores, tokio's own choice: the pages and the store's threads have theirs.
const EVENT_INTERVAL: u32 = 256;

/// Why a start failed: one line that says what to do.
type StartError = anyhow::Error;

/// The exit code of a start that fails however often it is tried, as that of a bad configuration: who restarts
/// servers is not to try this one again.
const NOT_AGAIN: u8 = 2;

/// Runs the server until it is told to stop. A start that fails says why in one line and ends with 1, or with 2 if
/// the database is a newer version's.
pub fn serve(config: Config) -> ExitCode {
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().enable_all().event_interval(EVENT_INTERVAL).build()
        {
            Ok(runtime) => runtime,
            Err(error) => return failed(&error.into()),
        };
    match runtime.block_on(run(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &StartError) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "frontdesk: {error:#}");
    match error.downcast_ref::<OpenError>() {
        Some(error) if error.is_of_a_newer_version() => ExitCode::from(NOT_AGAIN),
        _ => ExitCode::FAILURE,
    }
}

async fn run(config: Config) -> Result<(), StartError> {
    let telling = telemetry::start_logs(&config.telemetry)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    // The lists of words that every message is read for: made here, or the first guest would wait for them.
    drop(tokio::task::spawn_blocking(|| frontdesk_domain::answerer::interruption("hello")));
    // Before the database is touched: a second server by mistake must not get that far.
    listen::raise_file_limit();
    listen::leave_no_core();
    let listener = listen::listen(config.server.listen)?;
    let address = listener.local_addr()?;
    let redirect = config.server.redirect_listen.map(listen::listen).transpose()?;
    let certificates = config.server.tls.clone().map(tls::Keeping::begin).transpose()?;
    let (parts, printed) = Parts::assemble(Arc::new(config)).await?;
    let router = http::router(parts.state.clone());
    parts.state.started.set();
    greet(address, certificates.is_some(), printed.as_ref());

    let upkeep = parts.state.metrics.clone().map(|metrics| tokio::spawn(telemetry::upkeep(metrics)));
    let tidy = tokio::spawn(tidy(parts.state.clone()));
    let of_one = of_one_node(&parts.state);
    // It goes on answering while it says goodbye: "not ready", and "come back" to new sockets.
    let (farewell, said) = tokio::sync::oneshot::channel::<()>();
    let said = async move {
        let _ = said.await;
    };
    let (server, secure) = match certificates {
        None => (tokio::spawn(serve::serve(listener, router, said)), None),
        Some(certificates) => {
            let listener = tls::TlsListener::new(listener, certificates.server_config()?)?;
            let server = tokio::spawn(serve::serve(listener, router, said));
            (server, Some(tokio::spawn(certificates.keep())))
        }
    };
    let redirect = match redirect {
        Some(listener) => {
            let router = tls::redirect(parts.state.config.server.public_url.clone(), address.port());
            Some(tokio::spawn(serve::serve(listener, router, std::future::pending())))
        }
        None => None,
    };
    asked_to_stop().await;
    tracing::info!("going away");
    parts.state.hub.drain(GOODBYE_WITHIN).await;
    drop(farewell);
    let connections = parts.state.sockets.tasks();
    connections.close();
    let _ = tokio::time::timeout(CONNECTIONS_WITHIN, connections.wait()).await;
    let _ = tokio::time::timeout(CONNECTIONS_WITHIN, server).await;
    tidy.abort();
    of_one.iter().for_each(JoinHandle::abort);
    secure.inspect(JoinHandle::abort);
    redirect.inspect(JoinHandle::abort);
    upkeep.inspect(JoinHandle::abort);
    parts.store.close().await;
    tracing::info!("everything is on disk; goodbye");
    telling.finish().await;
    Ok(())
}

/// Says where the pages are; and, once, the first admin's password.
fn greet(address: SocketAddr, tls: bool, printed: Option<&Printed>) {
    let mut out = std::io::stdout();
    let scheme = if tls { "https" } else { "http" };
    let _ = writeln!(out, "Guest chat       {scheme}://{address}/");
    let _ = writeln!(out, "Agent dashboard  {scheme}://{address}/dashboard");
    if let Some(Printed { email, password }) = printed {
        let _ = writeln!(out, "First login      {email}  {}", password.expose_secret());
        let _ = writeln!(out, "                 (shown this once: write it down)");
    }
    let _ = out.flush();
}

async fn asked_to_stop() {
    let (Ok(mut term), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// What only one node does, where there are several: webhooks, erasing, reservations, backups.
fn of_one_node(state: &http::AppState) -> Vec<JoinHandle<()>> {
    let as_the_one = |begin: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>| {
        nodes::as_the_one(state.lead.clone(), begin)
    };
    let of = state.clone();
    let mut tasks = vec![as_the_one(Box::new(move || office(&of).run().boxed()))];
    let of = state.clone();
    tasks.push(as_the_one(Box::new(move || keeper(&of).run().boxed())));
    let of = state.clone();
    tasks.push(as_the_one(Box::new(move || clerk(&of).run().boxed())));
    let (config, audit) = (Arc::clone(&state.config), state.audit.clone());
    tasks.push(as_the_one(Box::new(move || backups(Arc::clone(&config), audit.clone()).boxed())));
    if state.config.storage.nats_url.is_some() {
        let of = state.clone();
        tasks.push(as_the_one(Box::new(move || nodes::look_again(of.clone()).boxed())));
    }
    tasks
}

async fn backups(config: Arc<Config>, audit: Audit) {
    let storage = &config.storage;
    if let Some(schedule) = &storage.backups {
        backup::run(schedule.clone(), storage.database.clone(), storage.data_dir.clone(), audit).await;
    }
    // None are wanted: there is nothing to begin anew.
    std::future::pending().await
}

/// What sends webhooks.
fn office(state: &http::AppState) -> Office {
    Office {
        db: Arc::clone(&state.db),
        vault: state.vault.clone(),
        egress: state.egress.clone(),
        wake: state.webhooks.clone(),
    }
}

/// What erases guests.
fn keeper(state: &http::AppState) -> Keeper {
    Keeper {
        hub: state.hub.clone(),
        db: Arc::clone(&state.db),
        files: state.files.clone(),
        nudge: state.erasures.clone(),
        audit: state.audit.clone(),
    }
}

/// What puts reservations on guests' cards.
fn clerk(state: &http::AppState) -> Clerk {
    Clerk { hub: state.hub.clone(), db: Arc::clone(&state.db), wake: Arc::clone(&state.reservations) }
}

/// Forgets what nobody needs any more, now and then.
async fn tidy(state: http::AppState) {
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        state.quotas.forget_quiet();
        state.attempts.forget_quiet(std::time::Instant::now());
        if let Err(error) = state.db.prune_deliveries(http::now().plus_millis(-LOG_KEPT_MILLIS)).await {
            tracing::warn!(%error, "old deliveries of webhooks were not removed");
        }
        let before = http::now().plus_millis(-UNUSED_KEPT_MILLIS);
        match state.db.sweep_attachments(before).await {
            Ok(gone) if gone.is_empty() => {}
            Ok(gone) => {
                tracing::info!(files = gone.len(), "files that no message named are removed");
                state.files.remove(gone).await;
            }
            Err(error) => tracing::warn!(%error, "unused files were not looked for"),
        }
    }
}
