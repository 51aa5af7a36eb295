//! What goes out over WhatsApp, with the server killed while it sends.

use std::collections::HashMap;
use std::time::Duration;

use frontdesk_bench::fake_graph::Fault;
use nix::sys::signal::Signal;

use crate::support::line::{Line, fate};

/// A step of a message's way out, by what is on disk here and what WhatsApp has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// On its way, and not taken yet. The one behind it is stored, and no try of it has begun.
    Handed,
    /// Taken, and not answered.
    Taken,
    /// The answer is here, and nothing of it is written down.
    Answered,
    /// The same, with a refusal that allows another try.
    Refused,
    /// It is written down that it was taken.
    Recorded,
    /// A status of it was written down.
    Reported,
}

/// Once each written message has arrived: each in its place, and none again once it was known to be taken.
fn judge(line: &Line, written: &[String]) {
    let accepted = line.graph.accepted().into_iter().map(|each| each.text);
    let accepted: Vec<String> = accepted.filter(|text| text.starts_with('m')).collect();
    let mut first: Vec<&String> = Vec::new();
    let mut times: HashMap<&String, usize> = HashMap::new();
    for text in &accepted {
        *times.entry(text).or_default() += 1;
        if times[text] == 1 {
            first.push(text);
        }
    }
    assert_eq!(first, written.iter().collect::<Vec<_>>(), "every one, in order");
    assert_eq!(line.graph.totals().known_repeats, 0, "none again once its status was taken: {times:?}");
}

/// Waits until message `seq` is at the step and kills the server there. Nothing of the step may be over
/// before: the stand-in holds its answer back, or the server is stopped while the answer comes.
async fn kill_at(line: &mut Line, step: Step, seq: u64, before: u64) {
    match step {
        Step::Handed => {
            line.totals("it was handed over", |totals| totals.sends > before).await;
            assert!(line.graph.accepted().iter().all(|each| !each.tracker.contains(&format!(".{seq}."))));
        }
        Step::Taken => {
            line.totals("it was handed over", |totals| totals.sends > before).await;
            let taken = format!(".{seq}.");
            let so = |line: &Line| line.graph.accepted().iter().any(|each| each.tracker.contains(&taken));
            line.totals("it was taken", |_| so(line)).await;
        }
        Step::Answered | Step::Refused => {
            let answered = line.graph.totals().answered;
            line.totals("it was handed over", |totals| totals.sends > before).await;
            line.server.signal(Signal::SIGSTOP);
            line.totals("it was answered", |totals| totals.answered > answered).await;
        }
        Step::Recorded => {
            // On a busy machine the report may be there before we look again.
            line.until("it is known to be taken", |events| fate(events, seq).first() == Some(&"sent")).await;
        }
        Step::Reported => {
            line.until("a status came", |events| fate(events, seq).contains(&"delivered")).await;
        }
    }
    line.server.signal(Signal::SIGKILL);
    line.back().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_its_way_a_message_goes_out_once() {
    let mut line = Line::open(&["delivered"]).await;
    let held = Fault::Delay(Duration::from_millis(250));
    let mut written = Vec::new();
    let mut seqs = Vec::new();
    for round in 0..2 {
        for step in [Step::Handed, Step::Taken, Step::Answered, Step::Refused, Step::Recorded, Step::Reported]
        {
            line.graph.script([match step {
                Step::Handed => Fault::SilentBefore,
                Step::Taken => Fault::SilentAfter,
                Step::Answered => held,
                Step::Refused => Fault::RefuseLater(131_016, Duration::from_millis(250)),
                Step::Recorded | Step::Reported => Fault::None,
            }]);
            let before = line.graph.totals().sends;
            let name = format!("m{round}-{step:?}");
            let seq = line.write(&name, &name).await;
            // Another one behind it, which must not overtake it.
            let behind = format!("{name}-behind");
            let last = line.write(&behind, &behind).await;
            written.extend([name, behind]);
            kill_at(&mut line, step, seq, before).await;
            seqs.extend([seq, last]);
            let all = seqs.clone();
            line.until("both have arrived", move |events| {
                all.iter().all(|seq| fate(events, *seq).last() == Some(&"delivered"))
            })
            .await;
        }
    }
    judge(&line, &written);
    let ours = line.graph.accepted().iter().filter(|each| each.text.starts_with('m')).count();
    println!("{} messages, {} kills, {} sends taken", written.len(), written.len() / 2, ours);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_lost_moved_or_repeated_once_known() {
    let mut line = Line::open(&["sent", "delivered"]).await;
    let slow = Fault::Delay(Duration::from_millis(120));
    let rounds = [
        [Fault::None, Fault::None, Fault::None],
        [slow, slow, slow],
        [Fault::CutAfter, Fault::None, Fault::CutBefore],
        [Fault::CutBefore, Fault::CutAfter, Fault::None],
        [Fault::Refuse(131_000), Fault::Refuse(131_016), Fault::None],
        [Fault::Gateway, Fault::None, Fault::None],
        [Fault::GatewayAfter, Fault::EarlyStatus, Fault::None],
        [Fault::EarlyStatus, slow, Fault::CutAfter],
        [slow, Fault::CutBefore, slow],
        [Fault::Refuse(2), slow, Fault::EarlyStatus],
    ];
    let mut seqs = Vec::new();
    for (round, faults) in rounds.into_iter().enumerate() {
        line.graph.script(faults);
        for n in 0..3 {
            let name = format!("m{round}-{n}");
            seqs.push((name.clone(), line.write(&name, &name).await));
        }
        // Killed at another point of its work each time: before, while and after it sends.
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 37 % 250)).await;
        line.crash().await;
    }
    let all = seqs.clone();
    line.until("all have arrived", move |events| {
        all.iter().all(|(_, seq)| fate(events, *seq).last() == Some(&"delivered"))
    })
    .await;
    judge(&line, &seqs.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
}
