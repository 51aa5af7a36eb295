//! One run: people, load, faults, the quiet after them, and the judgement.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::ProgressBar;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::check::{self, Report, Rule};
use super::faults::Faults;
use super::history::{Line, Recorder, Seen, Stamped};
use super::load::desk::Desk;
use super::load::http::As;
use super::load::page::Page;
use super::load::phone::{self, Phone};
use super::load::post::Post;
use super::load::stage::{Agent, Guest, Phase, Stage};
use super::people;
use super::process::Program;
use crate::fake_graph::{self, FakeGraph, Limits};
use crate::fake_openai::FakeOpenAi;

/// Pages of each guest.
const DEVICES: usize = 2;
/// Dashboards that have each conversation open.
const WATCHERS: usize = 2;
const AGENTS: usize = 4;
/// Guests for each one on WhatsApp.
const GUESTS_PER_PHONE: usize = 3;
/// How long it may take until all is answered and every turn has its end.
const SETTLES_WITHIN: Duration = Duration::from_secs(90);
/// So many looks in a row must find nothing new: what is tried again pauses for seconds, and a busy machine longer.
const LOOKS: u32 = 4;

/// What one run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How often the server is killed.
    pub kills: u64,
    /// Makes the schedule.
    pub seed: u64,
    /// Guests, each with a conversation.
    pub guests: usize,
    /// The server's program.
    pub server: PathBuf,
    /// No further faults after this time.
    pub until: Option<Instant>,
}

/// Runs it in a folder, which then holds the history, the server's data and its log.
///
/// # Errors
/// The harness cannot do its work: no server, no port, no disk; or the server ended by itself.
pub async fn run(plan: &Plan, folder: &Path, progress: &ProgressBar) -> anyhow::Result<Report> {
    let lines = play(plan, folder, progress).await?;
    Ok(check::check(&lines))
}

async fn play(plan: &Plan, folder: &Path, progress: &ProgressBar) -> anyhow::Result<Vec<Stamped>> {
    let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let mut program = Program::new(&plan.server, folder, model.url())?;
    let graph = graph(program.address).await?;
    program.settings = channel(&graph);
    let recorder = Recorder::create(&folder.join("history.jsonl"))?;
    let run = format!("run{:016x}", plan.seed);
    let server = plan.server.display().to_string();
    recorder.note(Line::Run { run: run.clone(), seed: plan.seed, server });
    let (phase, seen) = watch::channel(Phase::Load);
    let stage = Arc::new(Stage {
        address: program.address,
        run,
        recorder,
        phase: seen,
        unanswered: AtomicUsize::new(0),
        level: AtomicUsize::new(0),
    });
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let mut faults = Faults { program: &program, stage: &stage, rng: rng.fork() };
    let mut process = faults.first().await?;

    let admin = people::admin(&stage).await?;
    let agents = people::agents(&stage, &admin, AGENTS).await?;
    let mut guests = Vec::new();
    for _ in 0..plan.guests {
        guests.push(people::guest(&stage).await?);
    }
    let mut phones = Vec::new();
    for nth in 0..plan.guests.div_ceil(GUESTS_PER_PHONE) {
        let mut phone = Phone::new(Arc::clone(&stage), nth, rng.fork());
        phone.begin().await;
        phones.push(phone);
    }
    let on_phones = people::phones(&stage, &admin).await?;
    let mut clients = load(&stage, &guests, &agents, &on_phones, &mut rng);
    // They end by themselves when all is taken; the others go on.
    let mut phones: JoinSet<()> = phones.into_iter().map(Phone::run).collect();

    for nth in 0..plan.kills {
        if plan.until.is_some_and(|until| Instant::now() > until) {
            break;
        }
        process = faults.until_killed(process, nth + 1 == plan.kills).await?;
        progress.inc(1);
        if let Some(ended) = clients.try_join_next().or_else(|| phones.try_join_next()) {
            ended.context("a client of the harness broke")?;
            bail!("a client of the harness ended early");
        }
    }
    progress.set_message("settling");
    phase.send(Phase::Quiet)?;
    let settled = settle(&stage, &admin, &guests).await?;
    phase.send(Phase::Level)?;
    // Every page and desk answers once; who is just coming back in this moment need not.
    let all = plan.guests * DEVICES + AGENTS;
    let since = Instant::now();
    while stage.level.load(Ordering::Relaxed) < all && since.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(20)).await;
    }
    people::write_down(&stage, &admin, &guests).await?;
    ensure!(lengths(&stage, &admin, &guests).await? == settled, "it was not quiet in the end: run it again");
    phase.send(Phase::End)?;
    for clients in [&mut clients, &mut phones] {
        while let Some(ended) = clients.join_next().await {
            ended.context("a client of the harness broke")?;
        }
    }
    process.terminate().await?;
    stage.recorder.finish()
}

fn load(
    stage: &Arc<Stage>,
    guests: &[Arc<Guest>],
    agents: &[Arc<Agent>],
    on_phones: &[(String, String)],
    rng: &mut fastrand::Rng,
) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for guest in guests {
        for device in 0..DEVICES {
            let page = Page::new(Arc::clone(stage), Arc::clone(guest), &format!("p{device}"), rng.fork());
            clients.spawn(page.run());
        }
        clients.spawn(Post::new(Arc::clone(stage), Arc::clone(guest), "h", rng.fork()).run());
    }
    for (nth, agent) in agents.iter().enumerate() {
        let all = guests.iter().map(|guest| &guest.conversation).chain(on_phones.iter().map(|(_, id)| id));
        let mine = all.enumerate().filter(|(at, _)| (at + nth) % agents.len() < WATCHERS);
        let mine: Vec<&str> = mine.map(|(_, id)| id.as_str()).collect();
        let desk = Desk::new(Arc::clone(stage), Arc::clone(agent), &mine, &format!("a{nth}"), rng.fork());
        clients.spawn(desk.run());
    }
    clients
}

/// A stand-in for Meta that takes whatever the hotel sends, and tells it so.
async fn graph(server: SocketAddr) -> anyhow::Result<FakeGraph> {
    let limits = Limits { number: 100_000, pair_burst: 100_000, ..Limits::default() };
    let settings = fake_graph::Settings {
        number: phone::NUMBER.to_owned(),
        token: phone::TOKEN.to_owned(),
        secret: phone::SECRET.to_owned(),
        webhook: Some(format!("http://{server}/webhooks/whatsapp")),
        limits,
        ..fake_graph::Settings::default()
    };
    Ok(FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings).await?)
}

/// What the server is told of the channel.
fn channel(graph: &FakeGraph) -> Vec<(&'static str, String)> {
    vec![
        ("WHATSAPP_VERIFY_TOKEN", "verify".to_owned()),
        ("WHATSAPP_APP_SECRET", phone::SECRET.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", phone::TOKEN.to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", phone::NUMBER.to_owned()),
        ("WHATSAPP_API_BASE", graph.url()),
    ]
}

/// Waits until everything is answered and nothing happens any more.
async fn settle(stage: &Stage, admin: &Agent, guests: &[Arc<Guest>]) -> anyhow::Result<Vec<usize>> {
    let since = Instant::now();
    let mut before = Vec::new();
    let mut same = 0;
    loop {
        sleep(Duration::from_secs(2)).await;
        let now = lengths(stage, admin, guests).await?;
        same = if now == before { same + 1 } else { 0 };
        let quiet = stage.unanswered.load(Ordering::Relaxed) == 0 && same >= LOOKS;
        // A turn that never ends is for the checker to find.
        if quiet && (!owes(stage, admin, guests).await? || since.elapsed() > SETTLES_WITHIN) {
            return Ok(now);
        }
        ensure!(
            since.elapsed() < SETTLES_WITHIN * 2,
            "it does not come to rest: {} unanswered",
            stage.unanswered.load(Ordering::Relaxed)
        );
        before = now;
    }
}

async fn histories(
    stage: &Stage,
    admin: &Agent,
    guests: &[Arc<Guest>],
) -> anyhow::Result<Vec<(String, Vec<Seen>)>> {
    let mut all = Vec::new();
    let on_phones = people::phones(stage, admin).await?.into_iter().map(|(_, id)| id);
    for conversation in guests.iter().map(|guest| guest.conversation.clone()).chain(on_phones) {
        let events = people::history(stage.address, As::Agent(&admin.token), &conversation).await?;
        all.push((conversation, events));
    }
    Ok(all)
}

async fn lengths(stage: &Stage, admin: &Agent, guests: &[Arc<Guest>]) -> anyhow::Result<Vec<usize>> {
    Ok(histories(stage, admin, guests).await?.iter().map(|(_, events)| events.len()).collect())
}

/// True if a guest still waits for the AI.
async fn owes(stage: &Stage, admin: &Agent, guests: &[Arc<Guest>]) -> anyhow::Result<bool> {
    let audience = super::history::Audience::Agents;
    let finals = histories(stage, admin, guests).await?.into_iter();
    let lines: Vec<Stamped> = finals
        .map(|(conversation, events)| Stamped { t: 0, line: Line::Final { audience, conversation, events } })
        .collect();
    Ok(check::check(&lines).count(Rule::NoOutcome) > 0)
}
