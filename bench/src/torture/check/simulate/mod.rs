//! A simulated server and its clients, which write the history of a run. It keeps every promise but the
//! one that it is told to break once: so the checker is tested, not the server.

use std::collections::HashMap;

use crate::torture::history::{Answer, Audience, Body, Fault, Line, Seen, Stamped};
use crate::torture::text;

mod clients;
mod phones;
mod plant;
mod server;

pub(super) use plant::{PLANTS, Plant};

pub(super) const RUN: &str = "sim";
const AGENT: &str = "agent-1";

/// A conversation, and who reads it.
pub(super) struct Conversation {
    id: String,
    guest: String,
    log: Vec<Seen>,
    human: bool,
    turn: Option<Turn>,
    readers: Vec<Reader>,
    /// What was acknowledged: author, id, body, place.
    receipts: Vec<(String, String, Body, u64)>,
}

struct Turn {
    id: String,
    question: String,
    shown: String,
    words: u32,
}

struct Reader {
    conn: u64,
    audience: Audience,
    held: u64,
}

/// The simulation.
pub(super) struct Sim {
    rng: fastrand::Rng,
    t: u64,
    number: u64,
    plant: Option<Plant>,
    done: bool,
    armed: bool,
    conversations: Vec<Conversation>,
    /// The conversation of a guest on WhatsApp, and the one that a fault opens for the same guest.
    phone: usize,
    other_of_phone: usize,
    /// What WhatsApp delivered and the server took.
    taken: Vec<phones::Message>,
    lines: Vec<Stamped>,
}

/// Conversations on the web; those of WhatsApp follow.
const ON_THE_WEB: usize = 3;

/// The history of a run with this seed. With a fault to plant, the run goes on until it was planted.
pub(super) fn run(seed: u64, plant: Option<Plant>) -> Vec<Stamped> {
    let rng = fastrand::Rng::with_seed(seed);
    let mut sim = Sim {
        rng,
        t: 0,
        number: 1,
        plant,
        done: false,
        armed: false,
        conversations: Vec::new(),
        phone: ON_THE_WEB,
        other_of_phone: ON_THE_WEB + 1,
        taken: Vec::new(),
        lines: Vec::new(),
    };
    sim.note(Line::Run { run: RUN.to_owned(), seed, server: "simulated".to_owned() });
    for nth in 0..=sim.other_of_phone {
        sim.begin(nth);
    }
    let mut steps = 0;
    while steps < 250 || (plant.is_some_and(Plant::is_on_the_way) && !sim.done && steps < 20_000) {
        sim.armed = steps > 60;
        sim.step();
        steps += 1;
    }
    sim.end();
    assert!(plant.is_none() || sim.done, "{plant:?} was never planted with seed {seed}");
    sim.lines
}

impl Sim {
    fn note(&mut self, line: Line) {
        self.t += self.rng.u64(1..5_000);
        self.lines.push(Stamped { t: self.t, line });
    }

    fn fresh(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// True once: the planted fault happens here.
    fn breaks(&mut self, plant: Plant) -> bool {
        let now = self.armed && !self.done && self.plant == Some(plant);
        self.done |= now;
        now
    }

    fn begin(&mut self, nth: usize) {
        let (id, guest) = (format!("conversation-{nth}"), format!("guest-{nth}"));
        if nth < ON_THE_WEB {
            self.note(Line::Guest { conversation: id.clone(), guest: guest.clone() });
        }
        self.conversations.push(Conversation {
            id,
            guest,
            log: Vec::new(),
            human: false,
            turn: None,
            readers: Vec::new(),
            receipts: Vec::new(),
        });
        let at = self.conversations.len() - 1;
        if at == self.other_of_phone {
            // Not there yet.
            return;
        }
        for audience in [Audience::Guest, Audience::Guest, Audience::Agents, Audience::Agents] {
            // Who writes on a phone has no page.
            if audience == Audience::Agents || at < ON_THE_WEB {
                self.connect(at, audience, None);
            }
        }
        if at == self.phone {
            self.silence(at, None);
        }
    }

    fn step(&mut self) {
        let c = self.rng.usize(0..ON_THE_WEB);
        let before = self.done;
        if self.rng.u32(0..6) == 0 {
            self.phone_delivers();
            self.goes_on(self.phone, before);
        }
        match self.rng.u32(0..100) {
            0..25 => self.guest_writes(c),
            25..32 => self.agent_writes(c),
            32..38 => self.agent_notes(c),
            38..44 => self.take_over(c),
            44..52 => self.hand_back(c),
            52..82 => self.turn_goes_on(c),
            82..88 => self.repeats(c),
            88..91 => self.other_body(c),
            91..93 => self.is_refused(c),
            93..98 => self.reconnects(c),
            98 => self.kill(),
            _ => self.says_goodbye(),
        }
        self.odd_faults(c);
        self.goes_on(c, before);
    }

    /// A reader that was left out just now, left and resumed would be told after all.
    fn goes_on(&mut self, c: usize, before: bool) {
        if self.done && !before && matches!(self.plant, Some(Plant::SkipsReader | Plant::LiesInPrev)) {
            self.status(c);
        }
    }

    fn kill(&mut self) {
        self.note(Line::Fault { fault: Fault::Kill, pid: 1 });
        self.restart();
    }

    fn says_goodbye(&mut self) {
        self.note(Line::Fault { fault: Fault::Term, pid: 1 });
        let after_ms = if self.breaks(Plant::SlowGoodbye) { 10_500 } else { 300 };
        let code = if self.breaks(Plant::FailedGoodbye) { Some(1) } else { Some(0) };
        self.note(Line::Ended { after_ms, code });
        self.restart();
    }

    fn restart(&mut self) {
        for c in 0..self.conversations.len() {
            let readers = std::mem::take(&mut self.conversations[c].readers);
            for reader in &readers {
                self.note(Line::Closed { conn: reader.conn, code: 1006 });
            }
            let fresh = self.fresh();
            if let Some(turn) = &mut self.conversations[c].turn {
                // Taken up again from the start: what was shown was a draft.
                *turn = Turn {
                    id: format!("turn-{fresh}"),
                    shown: String::new(),
                    words: 0,
                    question: turn.question.clone(),
                };
            }
            for reader in readers {
                self.connect(c, reader.audience, Some(reader.held));
            }
        }
    }

    fn end(&mut self) {
        for c in 0..self.conversations.len() {
            if self.conversations[c].human && self.plant == Some(Plant::ForgetsTurn) {
                self.hand_back(c);
            }
            while self.conversations[c].turn.is_some() {
                self.turn_goes_on(c);
            }
            if self.breaks(Plant::ForgetsTurn) {
                let guest = self.conversations[c].guest.clone();
                self.store(c, "guest", Some(guest), None, "message", None);
            }
            if self.breaks(Plant::SkipsLast) {
                let reader = self.conversations[c].readers.remove(0);
                self.status(c);
                self.conversations[c].readers.push(reader);
            }
            let conns: Vec<u64> = self.conversations[c].readers.iter().map(|reader| reader.conn).collect();
            for conn in conns {
                self.note(Line::Level { conn });
            }
            let Conversation { id, log, .. } = &self.conversations[c];
            let (conversation, events) = (id.clone(), log.clone());
            let mut for_guest: Vec<Seen> =
                events.iter().filter(|event| event.is_for_guests()).cloned().collect();
            if self.breaks(Plant::HidesFromGuest) {
                for_guest.pop();
            }
            if c >= ON_THE_WEB {
                // One that was never needed is not there.
                if for_guest.iter().any(|event| event.by == "guest") {
                    let phone = phones::PHONE.to_owned();
                    self.note(Line::Phone { phone, conversation: conversation.clone() });
                    self.note(Line::Final { audience: Audience::Agents, conversation, events });
                }
                continue;
            }
            self.note(Line::Final { audience: Audience::Agents, conversation: conversation.clone(), events });
            self.note(Line::Final { audience: Audience::Guest, conversation, events: for_guest });
        }
    }

    fn text(&mut self, c: usize, author: &str, kind: &str) -> (String, String) {
        let id = format!("{kind}{}", self.fresh());
        let conversation = &self.conversations[c].id;
        let words: Vec<String> = (0..self.rng.usize(0..6)).map(|n| format!("word{n}")).collect();
        (id.clone(), text::write(RUN, conversation, author, &id, &words.join(" ")))
    }
}

/// The last place of each author's receipts, to look a repeat up.
fn receipt<'a>(
    receipts: &'a [(String, String, Body, u64)],
    rng: &mut fastrand::Rng,
) -> Option<&'a (String, String, Body, u64)> {
    (!receipts.is_empty()).then(|| &receipts[rng.usize(0..receipts.len())])
}

/// Who told whom what: a map for what two conversations must not share.
pub(super) fn by_rule(report: &super::Report) -> HashMap<super::Rule, usize> {
    let mut counts = HashMap::new();
    for violation in &report.violations {
        *counts.entry(violation.rule).or_insert(0) += 1;
    }
    counts
}

fn acked(seq: u64) -> Option<Answer> {
    Some(Answer::Ack(seq))
}
