//! The pool's promises, played in virtual time: fairness, limits, books.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::collections::{BTreeMap, HashMap, VecDeque};

use frontdesk_actors::ai_pool::{Gate, Stop};
use frontdesk_domain::ids::TurnId;
use frontdesk_domain::pool::{
    Blame, Budget, Class, Estimator, FairQueue, Item, Ledger, Millis, Price, Spent, Tokens,
};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

const WALL: Timestamp = Timestamp(1_795_608_000_000);

fn turn(n: u64) -> TurnId {
    TurnId(Uuid::from_u128(u128::from(n)))
}

fn gate(requests: u32, tokens: u32, at_once: usize) -> Gate {
    let none = Spent::default();
    Gate::new(requests, tokens, at_once, Ledger::new(Budget::default(), Price::default(), WALL, none, none))
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// A server that counts by a sliding window, refused requests too.
#[derive(Default)]
struct Server {
    taken: VecDeque<Millis>,
    calls: u64,
    refused: u64,
}

impl Server {
    fn call(&mut self, at: Millis, limit: usize) {
        while self.taken.front().is_some_and(|first| first + 60_000 <= at) {
            self.taken.pop_front();
        }
        self.calls += 1;
        self.refused += u64::from(self.taken.len() >= limit);
        self.taken.push_back(at);
    }
}

/// 2,000 conversations against 600 requests a minute, one guest in a hundred asking fifty times as much: an hour.
#[test]
fn everybody_who_waits_gets_the_same_and_the_limit_is_kept() {
    const GUESTS: u64 = 2_000;
    let mut dice = Dice(7);
    let (mut queue, mut gate, mut server) =
        (FairQueue::default(), gate(600, 10_000_000, 1_000), Server::default());
    // When each guest asks next, and how often: a little more than there is for everybody.
    let mut asks: BTreeMap<(Millis, u64), Millis> = BTreeMap::new();
    for guest in 0..GUESTS {
        let every = if guest % 100 == 0 { 150_000 / 50 } else { 150_000 };
        asks.insert((dice.roll(every), guest), every);
    }
    let mut served: HashMap<u64, u64> = HashMap::new();
    let mut ends: BTreeMap<(Millis, u64), u64> = BTreeMap::new();
    let mut arrivals: BTreeMap<(Millis, u64), ()> = BTreeMap::new();
    let (mut now, mut id): (Millis, u64) = (0, 0);
    while now < 3_600_000 {
        while let Some((&(at, guest), &every)) = asks.first_key_value().filter(|((at, _), _)| *at <= now) {
            asks.remove(&(at, guest));
            asks.insert((at + every, guest), every);
            id += 1;
            queue.push(Item { id, flow: guest, class: Class::Guest, cost: 1_500 }, false);
        }
        while let Some((&(at, call), &guest)) = ends.first_key_value().filter(|((at, _), _)| *at <= now) {
            ends.remove(&(at, call));
            gate.release();
            gate.settle(turn(call), Tokens { prompt: 1_200, completion: 100 }, now, WALL);
            queue.done(guest);
        }
        while let Some(item) = queue.peek() {
            match gate.admit(turn(item.id), Tokens { prompt: 1_200, completion: 300 }, now, WALL) {
                Ok(()) => {
                    queue.take(item);
                    gate.first_word(300, now);
                    *served.entry(item.flow).or_default() += 1;
                    ends.insert((now + 1_000 + dice.roll(2_000), item.id), item.flow);
                    arrivals.insert((now + dice.roll(300), item.id), ());
                }
                Err(Stop::Full | Stop::Until(_)) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
        now += 10;
    }
    for ((at, _), ()) in arrivals {
        server.call(at, 600);
    }
    let counts: Vec<f64> = (0..GUESTS).map(|guest| served.get(&guest).copied().unwrap_or(0) as f64).collect();
    let (sum, squares) = (counts.iter().sum::<f64>(), counts.iter().map(|n| n * n).sum::<f64>());
    let jain = sum * sum / (GUESTS as f64 * squares);
    let usage = server.calls as f64 / (60.0 * 600.0);
    println!(
        "Jain {jain:.4}, {:.1} % of the limit used, {} of {} refused",
        usage * 100.0,
        server.refused,
        server.calls
    );
    assert!(jain >= 0.98, "{jain}");
    assert!(usage >= 0.95, "{usage}");
    assert!(server.refused * 1_000 <= server.calls, "{} of {}", server.refused, server.calls);
}

/// 100,000 random steps: the books are the server's, within one in a hundred, and nothing is left open.
#[test]
fn the_books_do_not_leak() {
    let mut dice = Dice(99);
    let (mut queue, mut gate) = (FairQueue::default(), gate(1_000_000, 1_000_000_000, 50));
    let mut estimator = Estimator::new(350);
    // What the server counted, and what is open there: prompt's characters, tokens of it, tokens said.
    let (mut server, mut open): (u64, Vec<(u64, usize, u64, u64)>) = (0, Vec::new());
    let mut waiting: Vec<u64> = Vec::new();
    let mut now: Millis = 0;
    for step in 0..100_000_u64 {
        now += dice.roll(40);
        match dice.roll(10) {
            0..=3 if waiting.len() < 500 => {
                queue.push(Item { id: step, flow: step % 700, class: Class::Guest, cost: 1_500 }, false);
                waiting.push(step);
            }
            4 if !waiting.is_empty() => {
                let place = usize::try_from(dice.roll(waiting.len() as u64)).unwrap();
                queue.cancel(waiting.swap_remove(place));
            }
            5..=6 if !open.is_empty() => {
                let place = usize::try_from(dice.roll(open.len() as u64)).unwrap();
                open[place].3 += 40;
            }
            7..=9 if !open.is_empty() => {
                let place = usize::try_from(dice.roll(open.len() as u64)).unwrap();
                let (id, chars, prompt, said) = open.swap_remove(place);
                server += prompt + said;
                let counted = dice.roll(3) > 0;
                let actual = if counted {
                    Tokens { prompt, completion: said }
                } else {
                    // Cut: no count came, so it is told by what was sent and seen.
                    let seen = usize::try_from(said * 7 / 2).unwrap();
                    Tokens { prompt: Estimator::of_chars(chars), completion: Estimator::of_chars(seen) }
                };
                gate.release();
                gate.settle(turn(id), actual, now, WALL);
                queue.done(id % 700);
                if counted {
                    estimator.learn(100, actual);
                    gate.first_word(200, now);
                } else {
                    gate.failed(Blame::None, dice.roll(4) == 0, now);
                }
            }
            _ => {}
        }
        while let Some(item) = queue.peek() {
            if gate.admit(turn(item.id), estimator.estimate(100), now, WALL).is_err() {
                break;
            }
            queue.take(item);
            waiting.retain(|id| *id != item.id);
            let chars = 2_000 + usize::try_from(dice.roll(4_000)).unwrap();
            let prompt = chars as u64 * (97 + dice.roll(7)) / 350;
            open.push((item.id, chars, prompt, 0));
        }
        assert_eq!(gate.slots().0, open.len(), "slots in use are streams that are open");
    }
    for (id, _, prompt, said) in open {
        server += prompt + said;
        gate.release();
        gate.settle(turn(id), Tokens { prompt, completion: said }, now, WALL);
    }
    for id in waiting {
        queue.cancel(id);
    }
    let booked = gate.books().total().tokens;
    println!("booked {booked}, counted by the server {server}");
    assert!(booked.abs_diff(server) * 100 <= server, "{booked} {server}");
    assert_eq!((gate.slots().0, queue.len(), gate.books().promised()), (0, 0, Spent::default()));
}
