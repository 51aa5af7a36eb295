//! A history, sorted so that rules can ask it.

use std::collections::{BTreeMap, HashMap};

use crate::torture::history::{Answer, Audience, Body, Fault, Line, Seen, Stamped};

use super::report::Counts;

/// One attempt.
pub struct Try<'a> {
    /// When it was begun.
    pub t: u64,
    /// The connection, 0 for HTTP.
    pub conn: u64,
    /// What it asked for.
    pub body: &'a Body,
    /// When and how it was answered.
    pub answer: Option<(u64, &'a Answer)>,
}

impl Try<'_> {
    /// The place it was acknowledged with.
    pub fn acked(&self) -> Option<u64> {
        match self.answer {
            Some((_, Answer::Ack(seq))) => Some(*seq),
            _ => None,
        }
    }

    /// The code it was refused with.
    pub fn refused(&self) -> Option<&str> {
        match self.answer {
            Some((_, Answer::Refused(code))) => Some(code),
            _ => None,
        }
    }
}

/// One delivery of a message of WhatsApp's.
pub struct Post<'a> {
    /// When it was begun.
    pub t: u64,
    /// The words.
    pub text: &'a str,
    /// When and how it was answered.
    pub answer: Option<(u64, &'a Answer)>,
}

impl Post<'_> {
    /// When it was answered 200.
    pub fn taken(&self) -> Option<u64> {
        self.answer.filter(|(_, answer)| **answer == Answer::Taken).map(|(t, _)| t)
    }
}

/// Where, who, by which id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// The conversation.
    pub conversation: &'a str,
    /// The author.
    pub author: &'a str,
    /// The author's own id.
    pub id: &'a str,
}

/// What a reader was shown after the beginning.
pub enum Step<'a> {
    /// An event; true if it was part of the beginning.
    Event(&'a Seen, bool),
    /// Words of the AI.
    Draft(&'a str, &'a str),
    /// What became of them.
    DraftEnd(&'a str, &'a str, Option<u64>),
}

/// A conversation as one connection read it, from one beginning to the next or to its end.
pub struct Reading<'a> {
    /// The connection.
    pub conn: u64,
    /// Who read.
    pub audience: Audience,
    /// What.
    pub conversation: &'a str,
    /// What the reader held when it asked.
    pub after: Option<u64>,
    /// Whether more was announced.
    pub more: bool,
    /// What it was shown, with the time.
    pub steps: Vec<(u64, Step<'a>)>,
    /// True if it had the time to be told everything.
    pub level: bool,
}

/// A history.
#[derive(Default)]
pub struct World<'a> {
    /// The word of the run.
    pub run: &'a str,
    /// The final history of each conversation, as staff reads it: what is true.
    pub truth: BTreeMap<&'a str, &'a [Seen]>,
    /// When that was read.
    pub read_at: HashMap<&'a str, u64>,
    /// The same as the guest reads it.
    pub for_guest: BTreeMap<&'a str, &'a [Seen]>,
    /// What a guest may see of the truth, and what staff may, in order.
    seen: BTreeMap<(&'a str, bool), Vec<&'a Seen>>,
    /// When anybody was first shown an event, by its conversation and place.
    first_shown: HashMap<(&'a str, u64), u64>,
    /// When anybody was first shown words of a turn.
    began: HashMap<&'a str, u64>,
    /// All attempts, by what makes them one.
    pub tries: BTreeMap<Key<'a>, Vec<Try<'a>>>,
    /// All deliveries of WhatsApp's, by the guest's number and the message's id.
    pub posts: BTreeMap<&'a str, BTreeMap<&'a str, Vec<Post<'a>>>>,
    /// The conversations of each number.
    pub phones: BTreeMap<&'a str, Vec<&'a str>>,
    /// The number of each of those conversations.
    pub phone_of: HashMap<&'a str, &'a str>,
    /// All that readers were shown.
    pub readings: Vec<Reading<'a>>,
    /// Other frames that guests got: the guest's conversation and the frame.
    pub others: Vec<(&'a str, &'a str)>,
    /// How the server ended after each SIGTERM.
    pub goodbyes: Vec<(u64, Option<i32>)>,
    /// How much there is.
    pub counts: Counts,
}

impl<'a> World<'a> {
    /// Sorts a history.
    pub fn read(lines: &'a [Stamped]) -> Self {
        let mut world = Self::default();
        let answers: HashMap<u64, (u64, &Answer)> = lines
            .iter()
            .filter_map(|stamped| match &stamped.line {
                Line::Answer { no, answer } => Some((*no, (stamped.t, answer))),
                _ => None,
            })
            .collect();
        let mut desk = Desk::default();
        for Stamped { t, line } in lines {
            world.take(*t, line, &answers, &mut desk);
        }
        world.readings.extend(desk.open.into_values());
        for (conversation, events) in &world.truth {
            let for_guest = events.iter().filter(|event| event.is_for_guests()).collect();
            world.seen.insert((conversation, true), for_guest);
            world.seen.insert((conversation, false), events.iter().collect());
        }
        world.date();
        world.count(desk.connections);
        world
    }

    fn take(
        &mut self,
        t: u64,
        line: &'a Line,
        answers: &HashMap<u64, (u64, &'a Answer)>,
        desk: &mut Desk<'a>,
    ) {
        match line {
            Line::Run { run, .. } => self.run = run,
            Line::Fault { fault: Fault::Kill, .. } => self.counts.kills += 1,
            Line::Fault { fault: Fault::Term, .. } => self.counts.terms += 1,
            Line::Fault { fault: Fault::Stop, .. } => self.counts.stops += 1,
            Line::Ended { after_ms, code } => self.goodbyes.push((*after_ms, *code)),
            Line::Try { no, conn, conversation, author, id, body } => {
                let key = Key { conversation, author, id };
                let answer = answers.get(no).copied();
                self.tries.entry(key).or_default().push(Try { t, conn: *conn, body, answer });
            }
            Line::Post { no, phone, id, text } => {
                let answer = answers.get(no).copied();
                let posts = self.posts.entry(phone).or_default().entry(id).or_default();
                posts.push(Post { t, text, answer });
            }
            Line::Phone { phone, conversation } => {
                self.phones.entry(phone).or_default().push(conversation);
                self.phone_of.insert(conversation, phone);
            }
            Line::Other { conversation, frame, .. } => self.others.push((conversation, frame)),
            Line::Final { audience: Audience::Agents, conversation, events } => {
                self.truth.insert(conversation, events);
                self.read_at.insert(conversation, t);
            }
            Line::Final { audience: Audience::Guest, conversation, events } => {
                self.for_guest.insert(conversation, events);
            }
            _ => desk.take(t, line, &mut self.readings),
        }
    }

    fn date(&mut self) {
        for reading in &self.readings {
            for (t, step) in &reading.steps {
                let first = match step {
                    Step::Event(event, _) => {
                        self.first_shown.entry((reading.conversation, event.seq)).or_insert(*t)
                    }
                    Step::Draft(turn, _) => self.began.entry(turn).or_insert(*t),
                    Step::DraftEnd(..) => continue,
                };
                *first = (*first).min(*t);
            }
        }
    }

    /// True if the first words of the turn came before anybody was shown the event: the turn is from before.
    pub fn is_before(&self, turn: &str, conversation: &'a str, seq: u64) -> bool {
        let began = self.began.get(turn);
        began.is_none_or(|began| self.first_shown.get(&(conversation, seq)).is_none_or(|shown| began < shown))
    }

    fn count(&mut self, connections: u64) {
        let counts = &mut self.counts;
        counts.connections = connections;
        counts.conversations = self.truth.len() as u64;
        for tries in self.tries.values() {
            counts.attempts += tries.len() as u64;
            counts.repeats += tries.len() as u64 - 1;
            for one in tries {
                match one.answer {
                    None => counts.unanswered += 1,
                    Some((_, Answer::Ack(_))) => counts.acknowledged += 1,
                    Some((_, Answer::Refused(code))) if code == "conflict" => counts.conflicts += 1,
                    Some((_, Answer::Refused(_))) => counts.refused += 1,
                    Some((_, Answer::Taken)) => {}
                }
            }
        }
        for posts in self.posts.values().flat_map(BTreeMap::values) {
            counts.phone_messages += 1;
            counts.posts += posts.len() as u64;
            counts.taken += posts.iter().filter(|post| post.taken().is_some()).count() as u64;
        }
        for events in self.truth.values() {
            counts.events += events.len() as u64;
            for event in *events {
                counts.ai_messages += u64::from(event.is_ai_message());
                counts.partial += u64::from(event.partial);
                counts.take_overs += u64::from(event.silences_ai() && event.by == "agent");
            }
        }
        for reading in &self.readings {
            counts.resumes += u64::from(reading.after.is_some());
            for (_, step) in &reading.steps {
                counts.shown += u64::from(matches!(step, Step::Event(..)));
                counts.drafts += u64::from(matches!(step, Step::Draft(..)));
            }
        }
    }

    /// The event at a place of a conversation.
    pub fn at(&self, conversation: &str, seq: u64) -> Option<&'a Seen> {
        let events = self.truth.get(conversation)?;
        events.binary_search_by_key(&seq, |event| event.seq).ok().and_then(|at| events.get(at))
    }

    /// What a reader may see of a conversation, in order.
    pub fn visible(&self, conversation: &'a str, audience: Audience) -> &[&'a Seen] {
        self.seen.get(&(conversation, audience == Audience::Guest)).map_or(&[], Vec::as_slice)
    }
}

/// The readings that go on, while a history is read.
#[derive(Default)]
struct Desk<'a> {
    /// What each connection asked for.
    asked: HashMap<(u64, &'a str), (Audience, Option<u64>)>,
    open: BTreeMap<(u64, &'a str), Reading<'a>>,
    connections: u64,
}

impl<'a> Desk<'a> {
    fn take(&mut self, t: u64, line: &'a Line, done: &mut Vec<Reading<'a>>) {
        match line {
            Line::Open { conn, audience, conversation, after } => {
                let key = (*conn, conversation.as_str());
                if self.open.keys().chain(self.asked.keys()).all(|(known, _)| known != conn) {
                    self.connections += 1;
                }
                self.asked.insert(key, (*audience, *after));
                done.extend(self.open.remove(&key));
            }
            Line::Opened { conn, conversation, events, more } => {
                let key = (*conn, conversation.as_str());
                let before = self.open.remove(&key);
                // A server may begin anew by itself: from what the reader holds.
                let (audience, after) = match (self.asked.remove(&key), &before) {
                    (Some(asked), _) => asked,
                    (None, Some(before)) => (before.audience, before.last()),
                    (None, None) => (Audience::Guest, None),
                };
                done.extend(before);
                let steps = events.iter().map(|event| (t, Step::Event(event, true))).collect();
                let (conn, more) = (*conn, *more);
                let reading = Reading { conn, audience, conversation, after, more, steps, level: false };
                self.open.insert(key, reading);
            }
            Line::Event { conn, conversation, event } => {
                self.step(t, *conn, conversation, Step::Event(event, false));
            }
            Line::Draft { conn, conversation, turn, text } => {
                self.step(t, *conn, conversation, Step::Draft(turn, text));
            }
            Line::DraftEnd { conn, conversation, turn, outcome, seq } => {
                self.step(t, *conn, conversation, Step::DraftEnd(turn, outcome, *seq));
            }
            Line::Level { conn } => {
                let of_conn = (*conn, "")..(*conn + 1, "");
                self.open.range_mut(of_conn).for_each(|(_, reading)| reading.level = true);
            }
            Line::Closed { conn, .. } => {
                self.asked.retain(|(known, _), _| known != conn);
                let keys: Vec<_> =
                    self.open.range((*conn, "")..(*conn + 1, "")).map(|(key, _)| *key).collect();
                done.extend(keys.into_iter().filter_map(|key| self.open.remove(&key)));
            }
            _ => {}
        }
    }

    /// A frame of a conversation that the connection did not open is kept too: it is judged as one with
    /// nothing before it.
    fn step(&mut self, t: u64, conn: u64, conversation: &'a str, step: Step<'a>) {
        let reading = self.open.entry((conn, conversation)).or_insert_with(|| Reading {
            conn,
            audience: Audience::Guest,
            conversation,
            after: None,
            more: false,
            steps: Vec::new(),
            level: false,
        });
        reading.steps.push((t, step));
    }
}

impl Reading<'_> {
    /// The last event that the reader was shown, or held from the start.
    pub fn last(&self) -> Option<u64> {
        let seqs = self.steps.iter().filter_map(|(_, step)| match step {
            Step::Event(event, _) => Some(event.seq),
            _ => None,
        });
        seqs.max().max(self.after)
    }
}
