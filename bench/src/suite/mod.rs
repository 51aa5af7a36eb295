//! Which scenarios there are, and how they are run: once, several times, or all of them in turn.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::{Parser, Subcommand};

use crate::fake_openai::FakeOpenAi;
use crate::load::What;
use crate::process;
use crate::report::{self, Run, html};
use crate::scenario::{
    Common, ai, dashboard, fanout, idle, ingest, latency, live, rooms, soak, storm, whatsapp,
};
use crate::target::Target;

pub mod all;
pub mod side_by_side;

/// Enough for a big run.
const OPEN_FILES: u64 = 65_536;

/// Measurements under load.
#[derive(Clone, Debug, Subcommand)]
pub enum Scenario {
    /// The hotel's day: many conversations, a few readers each. E.g.: frontdesk-bench rooms --spawn
    Rooms(rooms::Rooms),
    /// One conversation, many readers. E.g.: frontdesk-bench fanout --spawn
    Fanout(fanout::Fanout),
    /// Memory of sockets that do nothing. E.g.: frontdesk-bench idle --spawn --of guests
    Idle(idle::Idle),
    /// All drop and come back at once. E.g.: frontdesk-bench storm --spawn
    Storm(storm::Storm),
    /// Durable messages a second. E.g.: frontdesk-bench ingest --spawn --bare
    Ingest(ingest::Ingest),
    /// How long a message takes at a fixed rate. E.g.: frontdesk-bench latency --spawn --rate 500
    Latency(latency::Latency),
    /// Answers of the AI through the pool. E.g.: frontdesk-bench ai --spawn
    Ai(ai::Ai),
    /// Agents who page, search and read. E.g.: frontdesk-bench dashboard --spawn
    Dashboard(dashboard::Dashboard),
    /// Signed webhooks of WhatsApp. E.g.: frontdesk-bench whatsapp --spawn
    Whatsapp(whatsapp::WhatsApp),
    /// Memory of conversations that are live. E.g.: frontdesk-bench live --spawn --conversations 100000
    Live(live::Live),
    /// A steady load for long. E.g.: frontdesk-bench soak --spawn --minutes 240
    Soak(soak::Soak),
}

/// A command line of the suite.
#[derive(Parser)]
#[command(name = "frontdesk-bench")]
struct Line {
    #[command(subcommand)]
    scenario: Scenario,
}

impl Scenario {
    /// What every scenario takes.
    pub fn common(&self) -> &Common {
        match self {
            Self::Rooms(args) => &args.common,
            Self::Fanout(args) => &args.common,
            Self::Idle(args) => &args.common,
            Self::Storm(args) => &args.common,
            Self::Ingest(args) => &args.common,
            Self::Latency(args) => &args.common,
            Self::Ai(args) => &args.common,
            Self::Dashboard(args) => &args.common,
            Self::Whatsapp(args) => &args.common,
            Self::Live(args) => &args.common,
            Self::Soak(args) => &args.common,
        }
    }

    /// Whether the server is one that can do this.
    fn suits(&self) -> anyhow::Result<()> {
        let Some(peer) = self.common().which.peer else { return Ok(()) };
        let what = match self {
            Self::Rooms(args) => args.what,
            Self::Fanout(args) => args.what,
            Self::Idle(_) | Self::Storm(_) => What::Typing,
            _ => bail!("{} can be measured in rooms, fanout, idle and storm only", peer.name()),
        };
        ensure!(what == What::Typing, "{} stores nothing: leave --what message out", peer.name());
        Ok(())
    }

    /// One run.
    ///
    /// # Errors
    /// The server cannot be had or prepared.
    pub async fn once(&self) -> anyhow::Result<Run> {
        self.suits()?;
        process::raise_open_files(OPEN_FILES);
        if let Self::Live(args) = self {
            return live::measure(args).await;
        }
        let (mut model, mut settings) = (None, Vec::new());
        if let (Self::Ai(args), None) = (self, &self.common().which.url) {
            let started = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
            let started = started.context("the stand-in for the model cannot listen")?;
            settings = args.settings(&started);
            model = Some(started);
        }
        if let Self::Whatsapp(_) = self {
            settings = whatsapp::settings();
        }
        let target = Target::open(&self.common().which, &settings).await?;
        let run = match self {
            Self::Rooms(args) => rooms::measure(args, &target).await,
            Self::Fanout(args) => fanout::measure(args, &target).await,
            Self::Idle(args) => idle::measure(args, &target).await,
            Self::Storm(args) => storm::measure(args, &target).await,
            Self::Ingest(args) => ingest::measure(args, &target).await,
            Self::Latency(args) => latency::measure(args, &target).await,
            Self::Ai(args) => ai::measure(args, &target, model.as_ref()).await,
            Self::Dashboard(args) => dashboard::measure(args, &target).await,
            Self::Whatsapp(args) => whatsapp::measure(args, &target).await,
            Self::Soak(args) => soak::measure(args, &target).await,
            Self::Live(args) => live::measure(args).await,
        };
        match run {
            Ok(run) if run.broke_off.is_some() => Ok(run),
            Ok(run) => target.close().await.map(|()| run),
            Err(_) if target.is_gone() => anyhow::bail!("the server ended by itself: see its log"),
            Err(error) => Err(error),
        }
    }

    /// As many runs as asked for, each reported as soon as it is there.
    ///
    /// # Errors
    /// A run cannot be made, or broke off; what was measured is printed and written before.
    pub async fn repeat(&self) -> anyhow::Result<()> {
        let common = self.common();
        let mut runs: Vec<Run> = Vec::new();
        for _ in 0..common.runs {
            let run = self.once().await?;
            report::print(&run, &mut std::io::stdout())?;
            let broke_off = run.broke_off.clone();
            runs.push(run);
            if let Some(file) = &common.json {
                report::save(&runs, file)?;
            }
            if let Some(file) = &common.html {
                html::save(&runs, file)?;
            }
            if let Some(why) = broke_off {
                anyhow::bail!("{why}");
            }
        }
        if runs.len() > 1 {
            report::print_medians(&runs, &mut std::io::stdout())?;
        }
        Ok(())
    }
}

/// One run of a line of a suite.
///
/// # Errors
/// It cannot be read, or the server cannot be had or prepared.
async fn one(line: &str, more: &[&str]) -> anyhow::Result<Run> {
    let words: Vec<&str> =
        ["frontdesk-bench"].into_iter().chain(line.split(' ')).chain(more.iter().copied()).collect();
    let mut run = Line::try_parse_from(&words)?.scenario.once().await?;
    run.command = words.join(" ");
    Ok(run)
}

/// Writes what was measured so far.
fn keep(runs: &[Run], out: &Path) -> anyhow::Result<()> {
    report::save(runs, &out.join("report.json"))?;
    html::save(runs, &out.join("report.html"))
}
