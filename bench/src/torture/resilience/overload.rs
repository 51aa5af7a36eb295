//! R3: ten times as much as the server can do, for a minute: what is refused and how fast, what is accepted and how
//! fast, and how soon all is well again.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::super::load::http::{self, As};
use super::crowd::NOISE;
use super::house::{House, readable};
use super::ms;
use super::senders::{Answers, Senders};

/// How long the most that it can do is looked for.
const MOST_FOR: Duration = Duration::from_secs(10);
const NORMAL_FOR: Duration = Duration::from_secs(20);
const OVERLOAD_FOR: Duration = Duration::from_secs(60);
const TIMES: u64 = 10;
/// By then all is as before.
const WELL_WITHIN: u32 = 5;
/// How long what is still under way is waited for.
const LAST_WITHIN: Duration = Duration::from_secs(60);
const REFUSED_WITHIN: Duration = Duration::from_millis(50);
/// A probe that takes longer counts as failed.
const PROBE_WITHIN: Duration = Duration::from_secs(2);

/// Runs it.
pub(super) async fn run(server: &Path, senders: usize, to: &mut impl Write) -> anyhow::Result<bool> {
    let mut house = House::open(server, vec![readable()], String::new(), "").await?;
    let guests = house.guests(senders).await?;
    for guest in &guests {
        // A person has them: the AI adds nothing.
        house.say(&guest.conversation, "first", "good morning").await?;
    }
    let desk = house.guests(1).await?;
    let senders = Senders::open(&house.stage, &guests).await?;
    let began = Instant::now();
    senders.as_fast_as_answered();
    sleep(MOST_FOR).await;
    let most = senders.end();
    let capacity = per_second(most.accepted.len(), began.elapsed()).max(1);
    senders.quiet(LAST_WITHIN).await;
    senders.at(capacity / 2);
    let normal = senders.during(NORMAL_FOR).await;
    senders.at(capacity * TIMES);
    let before = house.memory();
    let began = Instant::now();
    let (mut sent_by, mut probes, mut highest) = (0_u32, Vec::new(), before);
    let mut staff = Vec::new();
    while began.elapsed() < OVERLOAD_FOR {
        sent_by += 1;
        probes.push(probe(&house).await);
        staff.push(say(&house, &desk[0].conversation, sent_by).await);
        highest = highest.max(house.memory());
        sleep(Duration::from_millis(500)).await;
    }
    let over = senders.end();
    let lasted = began.elapsed();
    senders.at(capacity / 2);
    let bound = (normal.p99() * 2).max(normal.p99() + NOISE);
    let mut well = None;
    for second in 1..=LAST_WITHIN.as_secs() {
        let now = senders.during(Duration::from_secs(1)).await;
        let as_often = now.refused_in(1_000_000) <= normal.refused_in(1_000_000) * 2;
        if as_often && !now.accepted.is_empty() && now.p99() <= bound {
            well = Some(second);
            break;
        }
    }
    senders.at(0);
    let unanswered = senders.quiet(LAST_WITHIN).await;
    let (lost, kept) = senders.compare(&house.stage).await?;
    house.stop().await?;
    say_it(to, capacity, &normal, &over, lasted)?;
    let [(slowest_probe, probed), (slowest_staff, said)] = [worst(&probes), worst(&staff)];
    writeln!(
        to,
        "     probes: {probed}, the slowest after {slowest_probe:.0} ms; staff: {said} taken, the slowest after \
        {slowest_staff:.0} ms; memory {} MiB before, {} MiB at most",
        before >> 20,
        highest >> 20
    )?;
    let again = well.map_or("not within a minute".to_owned(), |second| format!("within {second} s"));
    writeln!(
        to,
        "     as before {again}; {lost} acknowledged and lost, {kept} refused and stored, {unanswered} never answered"
    )?;
    let refused = over.refused.value_at_quantile(0.99) <= micros(REFUSED_WITHIN);
    let fast = over.p99() <= bound;
    let heard = probes.iter().chain(&staff).all(Option::is_some);
    Ok(refused
        && fast
        && heard
        && lost == 0
        && kept == 0
        && well.is_some_and(|s| s <= u64::from(WELL_WITHIN)))
}

fn say_it(
    to: &mut impl Write,
    capacity: u64,
    normal: &Answers,
    over: &Answers,
    lasted: Duration,
) -> anyhow::Result<()> {
    writeln!(
        to,
        "R3   the most: {capacity} messages a second; at half of it p50 {:.1} ms, p99 {:.1} ms, {} refused",
        ms(Duration::from_micros(normal.accepted.value_at_quantile(0.5))),
        ms(normal.p99()),
        normal.refused.len()
    )?;
    writeln!(
        to,
        "     {} a second sent for {:.0} s: {} accepted, p50 {:.1} ms, p99 {:.1} ms; {} refused, p99 {:.1} ms; {} cut",
        per_second(over.sent, lasted),
        lasted.as_secs_f64(),
        over.accepted.len(),
        ms(Duration::from_micros(over.accepted.value_at_quantile(0.5))),
        ms(over.p99()),
        over.refused.len(),
        ms(Duration::from_micros(over.refused.value_at_quantile(0.99))),
        over.cut
    )?;
    Ok(())
}

/// How long a probe took; nothing if it failed.
async fn probe(house: &House) -> Option<Duration> {
    let began = Instant::now();
    let call = http::call(house.stage.address, As::Nobody, "GET", "/readyz", None);
    let reply = timeout(PROBE_WITHIN, call).await.ok()?.ok()?;
    (reply.status == 200).then(|| began.elapsed())
}

/// How long a message of staff took; nothing if it was not taken.
async fn say(house: &House, conversation: &str, nth: u32) -> Option<Duration> {
    let began = Instant::now();
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"id": format!("s{nth}"), "text": "we are with you"});
    let who = As::Agent(&house.admin.token);
    let call = http::call(house.stage.address, who, "POST", &path, Some(&body));
    let reply = timeout(PROBE_WITHIN, call).await.ok()?.ok()?;
    (reply.status == 201).then(|| began.elapsed())
}

/// The longest of those that came, and how many did, for people.
fn worst(times: &[Option<Duration>]) -> (f64, String) {
    let longest = times.iter().flatten().max().copied().unwrap_or_default();
    (ms(longest), format!("{} of {}", times.iter().flatten().count(), times.len()))
}

fn per_second(count: u64, time: Duration) -> u64 {
    count * 1_000 / u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
