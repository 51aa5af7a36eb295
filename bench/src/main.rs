//! `frontdesk-bench`: stand-ins and measurements, one subcommand each.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use frontdesk_bench::fake_graph;
use frontdesk_bench::fake_openai::script::KEYS;
use frontdesk_bench::fake_openai::{FakeOpenAi, Limits};
use frontdesk_bench::report::{self, spread};
use frontdesk_bench::scenario::growth::{self, Growth};
use frontdesk_bench::start::{self, Plan};
use frontdesk_bench::suite::Scenario;
use frontdesk_bench::suite::all::{self, All};
use frontdesk_bench::suite::side_by_side::{self, SideBySide};
use frontdesk_bench::torture::disk::{self, FsyncOrder};
use frontdesk_bench::torture::resilience::{self, Resilience};
use frontdesk_bench::torture::{self, Torture};

/// Stand-ins for the services that Frontdesk talks to, and measurements of a running server.
#[derive(Parser)]
#[command(name = "frontdesk-bench", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A stand-in for OpenAI that misbehaves as told. E.g.: frontdesk-bench fake-openai --port 9099
    #[command(after_long_help = keys())]
    FakeOpenai(Fake),
    /// A stand-in for WhatsApp: a number, and a guest's phone as a page. E.g.: frontdesk-bench fake-graph
    FakeGraph(fake_graph::command::FakeGraphArgs),
    /// Cold start and idle memory. E.g.: frontdesk-bench start --conversations 100000 --server target/release/frontdesk
    Start(Start),
    /// Does a message cost more the more is stored? E.g.: frontdesk-bench growth --runs 3 --figures bench/GROWTH.md
    Growth(Growth),
    /// Kills the server under load and judges every promise. E.g.: frontdesk-bench torture --kills 100 --seed 1
    Torture(Torture),
    /// Shows that everything is synced before anybody is told. E.g.: frontdesk-bench fsync-order --sends 1000
    FsyncOrder(FsyncOrder),
    /// What others feel when one is slow, floods, panics or restarts. E.g.: frontdesk-bench resilience --only R1
    Resilience(Resilience),
    #[command(flatten)]
    Scenario(Scenario),
    /// Everything that has a goal, several times, with a report. E.g.: frontdesk-bench all --runs 3 --out results
    All(All),
    /// Ours and the stacks one would pick instead, side by side. E.g.: frontdesk-bench peers --runs 3 --out results
    Peers(SideBySide),
    /// A report with pictures from the JSON of runs. E.g.: frontdesk-bench report a.json b.json --html report.html
    Report(Pages),
    /// Two sets of runs side by side. E.g.: frontdesk-bench compare before.json after.json
    Compare(Pair),
}

#[derive(Args)]
struct Pages {
    /// What --json has written.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The report.
    #[arg(long, default_value = "report.html")]
    html: PathBuf,
}

#[derive(Args)]
struct Pair {
    /// What --json has written before a change.
    before: PathBuf,
    /// And after it.
    after: PathBuf,
}

#[derive(Args)]
struct Fake {
    /// Where to listen; 0 takes any free port. The address is printed.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Requests a minute, by a sliding window; more get 429 and count as violations.
    #[arg(long)]
    requests_per_minute: Option<u64>,
    /// Tokens a minute, likewise.
    #[arg(long)]
    tokens_per_minute: Option<u64>,
}

#[derive(Args)]
struct Start {
    /// Conversations in the database, of ten events each.
    #[arg(long, default_value_t = 10_000)]
    conversations: u64,
    /// The server's program.
    #[arg(long)]
    server: PathBuf,
    /// How often to start it; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Arguments for the server, after `--`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::FakeOpenai(fake) => serve(&fake).await,
        Command::FakeGraph(args) => fake_graph::command::run(args, &mut std::io::stdout()).await,
        Command::Start(args) => measure(args).await,
        Command::Growth(args) => growth::command(&args).await,
        Command::Torture(args) => torment(&args).await,
        Command::FsyncOrder(args) => synced(&args).await,
        Command::Resilience(args) => resilient(&args).await,
        Command::Scenario(scenario) => scenario.repeat().await,
        Command::All(args) => all::all(&args).await,
        Command::Peers(args) => side_by_side::side_by_side(&args).await,
        Command::Report(pages) => pictures(&pages),
        Command::Compare(pair) => compare(&pair),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "frontdesk-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(fake: &Fake) -> anyhow::Result<()> {
    let limits =
        Limits { requests: fake.requests_per_minute, tokens: fake.tokens_per_minute, ..Limits::default() };
    let running = FakeOpenAi::start_with(SocketAddr::new(fake.address, fake.port), limits).await?;
    writeln!(std::io::stdout(), "{}", running.url())?;
    tokio::select! {
        () = running.run() => {}
        stopped = tokio::signal::ctrl_c() => stopped?,
    }
    Ok(())
}

fn pictures(pages: &Pages) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for file in &pages.files {
        runs.extend(report::load(file)?);
    }
    report::html::save(&runs, &pages.html)
}

fn compare(pair: &Pair) -> anyhow::Result<()> {
    let (before, after) = (report::load(&pair.before)?, report::load(&pair.after)?);
    spread::compare(&before, &after, &mut std::io::stdout())?;
    Ok(())
}

async fn measure(args: Start) -> anyhow::Result<()> {
    let Start { conversations, server, runs, arguments } = args;
    let plan = Plan { conversations, server, arguments, runs };
    let measured = start::measure(&plan).await?;
    start::print(&plan, &measured, &mut std::io::stdout())?;
    Ok(())
}

async fn torment(args: &Torture) -> anyhow::Result<()> {
    let kept = torture::command(args, &mut std::io::stdout()).await?;
    anyhow::ensure!(kept, "promises were broken");
    Ok(())
}

async fn synced(args: &FsyncOrder) -> anyhow::Result<()> {
    let kept = disk::command(args, &mut std::io::stdout()).await?;
    anyhow::ensure!(kept, "a promise was broken");
    Ok(())
}

async fn resilient(args: &Resilience) -> anyhow::Result<()> {
    let kept = resilience::command(args, &mut std::io::stdout()).await?;
    anyhow::ensure!(kept, "not all was as promised");
    Ok(())
}

fn keys() -> String {
    let mut text = "The model's name says what a request gets, as does the header x-fake:\n  \
        curl $URL/chat/completions -d '{\"model\":\"fake:slow-first-token=2000,delta=20,cut-at=5\",\"stream\":true}'\n  \
        curl $URL/journal\n\nKeys (values percent-encoded where they hold a comma):\n"
        .to_owned();
    for (key, meaning) in KEYS {
        text.push_str(&format!("  {key:<18} {meaning}\n"));
    }
    text
}
