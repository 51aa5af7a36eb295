//! What the simulated clients do: ask, repeat, read, come back.

use super::server::prev;
use super::{AGENT, ON_THE_WEB, Plant, Reader, Sim, acked, receipt};
use crate::torture::history::{Answer, Audience, Body, Line, Seen};

impl Sim {
    fn tries(&mut self, c: usize, author: &str, id: &str, body: &Body) -> u64 {
        let no = self.fresh();
        let conversation = self.conversations[c].id.clone();
        let audience = if author == AGENT { Audience::Agents } else { Audience::Guest };
        let reader = self.conversations[c].readers.iter().find(|reader| reader.audience == audience);
        let conn = reader.map_or(0, |reader| reader.conn);
        let (author, id, body) = (author.to_owned(), id.to_owned(), body.clone());
        self.note(Line::Try { no, conn, conversation, author, id, body });
        no
    }

    fn answer(&mut self, no: u64, answer: Option<Answer>) {
        if let Some(answer) = answer {
            self.note(Line::Answer { no, answer });
        }
    }

    pub(super) fn guest_writes(&mut self, c: usize) {
        let guest = self.conversations[c].guest.clone();
        let (id, words) = self.text(c, &guest, "m");
        let body = Body::Message(words.clone());
        if self.breaks(Plant::SwapsAuthor) {
            return self.two_at_once(c, &guest, (&id, &words));
        }
        let no = self.tries(c, &guest, &id, &body);
        let mut stored = words.clone();
        let fate = self.rng.u32(0..100);
        if fate >= 5 && self.breaks(Plant::AltersStored) {
            stored.push('!');
        }
        if fate >= 5 && self.breaks(Plant::CrossesTexts) {
            let other = (c + 1) % ON_THE_WEB;
            stored = self.text(other, &guest, "m").1;
        }
        let mut event = self.event(c, "guest", Some(guest.clone()), Some(&id), "message", Some(stored));
        if self.breaks(Plant::LosesAcked) {
            return self.answer(no, acked(event.seq));
        }
        if self.breaks(Plant::ShowsUnstored) {
            return self.tell(c, &event);
        }
        if self.breaks(Plant::AcksBeside) {
            self.status(c);
            event.seq += 1;
            let seq = self.keep(c, event);
            return self.answer(no, acked(seq - 1));
        }
        if self.breaks(Plant::StoresBehind) {
            return self.behind(c, &guest, no, event);
        }
        if self.breaks(Plant::SwapsForOne) {
            let (id, words) = self.text(c, &guest, "m");
            let second = self.tries(c, &guest, &id, &Body::Message(words.clone()));
            let mut next = self.event(c, "guest", Some(guest), Some(&id), "message", Some(words));
            next.seq = event.seq + 1;
            self.tell_swapped(c, &event, &next);
            self.answer(no, acked(event.seq));
            return self.answer(second, acked(next.seq));
        }
        match fate {
            // Lost on the way in, and asked for again later.
            0..5 => return,
            // Stored; the answer is lost.
            5..10 => {
                let seq = self.keep(c, event);
                self.conversations[c].receipts.push((guest, id, body, seq));
            }
            _ => {
                let seq = self.keep(c, event);
                self.answer(no, acked(seq));
                self.conversations[c].receipts.push((guest, id, body, seq));
            }
        }
        if !self.conversations[c].human && self.conversations[c].turn.is_none() {
            self.begin_turn(c, &words);
        }
    }

    /// Two on one connection, stored the other way round.
    fn two_at_once(&mut self, c: usize, guest: &str, (id, words): (&str, &str)) {
        let (id2, words2) = self.text(c, guest, "m");
        let first = self.tries(c, guest, id, &Body::Message(words.to_owned()));
        let second = self.tries(c, guest, &id2, &Body::Message(words2.clone()));
        let author = Some(guest.to_owned());
        let seq2 = self.store(c, "guest", author.clone(), Some(&id2), "message", Some(words2));
        let seq = self.store(c, "guest", author, Some(id), "message", Some(words.to_owned()));
        self.answer(first, acked(seq));
        self.answer(second, acked(seq2));
        self.silence(c, None);
    }

    /// One is acknowledged; what is asked for after that is stored before it.
    fn behind(&mut self, c: usize, guest: &str, no: u64, event: Seen) {
        let (id, words) = self.text(c, guest, "m");
        self.answer(no, acked(event.seq + 1));
        let later = self.tries(c, guest, &id, &Body::Message(words.clone()));
        let next = self.event(c, "guest", Some(guest.to_owned()), Some(&id), "message", Some(words));
        let seq = self.keep(c, next);
        self.keep(c, Seen { seq: seq + 1, ..event });
        self.answer(later, acked(seq));
        self.silence(c, None);
    }

    pub(super) fn agent_writes(&mut self, c: usize) {
        let (id, words) = self.text(c, AGENT, "m");
        let body = Body::Message(words.clone());
        let no = self.tries(c, AGENT, &id, &body);
        if !self.conversations[c].human {
            self.silence(c, None);
        }
        let seq = self.store(c, "agent", Some(AGENT.to_owned()), Some(&id), "message", Some(words));
        self.answer(no, acked(seq));
        self.conversations[c].receipts.push((AGENT.to_owned(), id, body, seq));
    }

    pub(super) fn agent_notes(&mut self, c: usize) {
        let (id, words) = self.text(c, AGENT, "note");
        let body = Body::Note(words.clone());
        let no = self.tries(c, AGENT, &id, &body);
        let seq = self.store(c, "agent", Some(AGENT.to_owned()), Some(&id), "note", Some(words));
        self.answer(no, acked(seq));
        self.conversations[c].receipts.push((AGENT.to_owned(), id, body, seq));
    }

    pub(super) fn take_over(&mut self, c: usize) {
        let id = format!("act{}", self.fresh());
        let body = Body::Act("{\"action\":\"take_over\"}".to_owned());
        let no = self.tries(c, AGENT, &id, &body);
        let seq = self.silence(c, Some(&id));
        self.answer(no, acked(seq));
    }

    pub(super) fn hand_back(&mut self, c: usize) {
        let id = format!("act{}", self.fresh());
        let no = self.tries(c, AGENT, &id, &Body::Act("{\"action\":\"hand_back\"}".to_owned()));
        let mut event = self.event(c, "agent", Some(AGENT.to_owned()), Some(&id), "mode", None);
        event.mode = Some("ai".to_owned());
        let seq = self.keep(c, event);
        let was_human = std::mem::take(&mut self.conversations[c].human);
        self.answer(no, acked(seq));
        let last = self.conversations[c].log.iter().rfind(|event| event.kind == "message");
        let question = last.filter(|event| event.by == "guest").and_then(|event| event.text.clone());
        if let Some(question) = question.filter(|_| was_human) {
            self.begin_turn(c, &question);
        }
    }

    pub(super) fn repeats(&mut self, c: usize) {
        let found = receipt(&self.conversations[c].receipts, &mut self.rng).cloned();
        let Some((author, id, body, seq)) = found else { return };
        let no = self.tries(c, &author, &id, &body);
        if self.breaks(Plant::RefusesRepeat) {
            let first = self.tries(c, &author, &id, &body);
            self.answer(first, acked(seq));
            return self.answer(no, Some(Answer::Refused("conflict".to_owned())));
        }
        if self.breaks(Plant::AcksRepeatElsewhere) {
            // As another event's ack: the first one's answer is known.
            let first = self.tries(c, &author, &id, &body);
            self.answer(first, acked(seq));
            return self.answer(no, acked(seq + 1));
        }
        let anew = self.breaks(Plant::AcksRepeatAnew);
        if anew || self.breaks(Plant::StoresRepeat) {
            let by = if author == AGENT { "agent" } else { "guest" };
            let words = body.text().map(str::to_owned);
            let kind = if matches!(body, Body::Note(_)) { "note" } else { "message" };
            let again = self.store(c, by, Some(author.clone()), Some(&id), kind, words);
            self.silence(c, None);
            let first = self.tries(c, &author, &id, &body);
            self.answer(first, acked(seq));
            return self.answer(no, acked(if anew { again } else { seq }));
        }
        self.answer(no, acked(seq));
    }

    pub(super) fn other_body(&mut self, c: usize) {
        let found = receipt(&self.conversations[c].receipts, &mut self.rng).cloned();
        let Some((author, id, body, seq)) = found else { return };
        let other = Body::Message(self.text(c, &author, "m").1);
        let no = self.tries(c, &author, &id, &other);
        if self.breaks(Plant::AcceptsOtherBody) {
            let first = self.tries(c, &author, &id, &body);
            self.answer(first, acked(seq));
            return self.answer(no, acked(seq));
        }
        self.answer(no, Some(Answer::Refused("conflict".to_owned())));
    }

    pub(super) fn is_refused(&mut self, c: usize) {
        let guest = self.conversations[c].guest.clone();
        let (id, words) = self.text(c, &guest, "m");
        let no = self.tries(c, &guest, &id, &Body::Message(words.clone()));
        self.answer(no, Some(Answer::Refused("overloaded".to_owned())));
        if self.breaks(Plant::StoresRefused) {
            self.store(c, "guest", Some(guest), Some(&id), "message", Some(words));
            self.silence(c, None);
        }
    }

    pub(super) fn reconnects(&mut self, c: usize) {
        let nth = self.rng.usize(0..self.conversations[c].readers.len());
        let reader = self.conversations[c].readers.remove(nth);
        self.note(Line::Closed { conn: reader.conn, code: 1006 });
        // Some time passes, and one in three has lost what it held.
        self.guest_writes(c);
        let after = match self.rng.u32(0..6) {
            0 => None,
            1 => Some(self.rng.u64(0..=reader.held)),
            _ => Some(reader.held),
        };
        self.connect(c, reader.audience, after);
    }

    pub(super) fn connect(&mut self, c: usize, audience: Audience, after: Option<u64>) {
        let conn = self.fresh();
        let conversation = self.conversations[c].id.clone();
        self.note(Line::Open { conn, audience, conversation: conversation.clone(), after });
        let guest = audience == Audience::Guest;
        let log = &self.conversations[c].log;
        let visible: Vec<&Seen> = log.iter().filter(|event| !guest || event.is_for_guests()).collect();
        let first = match after {
            Some(after) => visible.partition_point(|event| event.seq <= after),
            None => visible.len().saturating_sub(50),
        };
        let (first_page, more) = match after {
            Some(_) => (first..visible.len().min(first + 200), visible.len() > first + 200),
            None => (first..visible.len(), first > 0),
        };
        let shown =
            |event: &Seen| Seen { prev: prev(&self.conversations[c], event.seq, guest), ..event.clone() };
        let mut events: Vec<Seen> = visible[first_page.clone()].iter().map(|event| shown(event)).collect();
        let rest: Vec<Seen> = match after {
            Some(_) => visible[first_page.end..].iter().map(|event| shown(event)).collect(),
            None => Vec::new(),
        };
        let before = first.checked_sub(1).map(|at| shown(visible[at]));
        if after.is_some() && events.len() > 1 && self.breaks(Plant::ResumesLate) {
            events.remove(0);
        }
        if let Some(before) = before.filter(|_| after.is_some())
            && self.breaks(Plant::ResumesEarly)
        {
            events.insert(0, before);
        }
        let held = self.conversations[c].log.iter().filter(|event| !guest || event.is_for_guests());
        let held = held.map(|event| event.seq).max().unwrap_or(0);
        self.note(Line::Opened { conn, conversation: conversation.clone(), events, more });
        let speaking = self.conversations[c].turn.as_ref().filter(|turn| !turn.shown.is_empty());
        if let Some((turn, text)) = speaking.map(|turn| (turn.id.clone(), turn.shown.clone())) {
            self.note(Line::Draft { conn, conversation: conversation.clone(), turn, text });
        }
        for event in rest {
            self.note(Line::Event { conn, conversation: conversation.clone(), event });
        }
        self.conversations[c].readers.push(Reader { conn, audience, held });
    }
}
