//! What the simulated server does: stores, tells, answers.

use super::{AGENT, Conversation, ON_THE_WEB, Plant, RUN, Sim, Turn};
use crate::torture::history::{Audience, Line, Seen};
use crate::torture::text;

impl Sim {
    /// The next event of a conversation, not yet stored.
    pub(super) fn event(
        &mut self,
        c: usize,
        by: &str,
        by_id: Option<String>,
        id: Option<&str>,
        kind: &str,
        words: Option<String>,
    ) -> Seen {
        let seq = self.conversations[c].log.last().map_or(0, |event| event.seq) + 1;
        let digest = text::hash(&format!("{} {by} {id:?} {kind} {words:?}", self.fresh()));
        let (id, by, kind) = (id.map(str::to_owned), by.to_owned(), kind.to_owned());
        Seen { seq, id, by, by_id, kind, text: words, digest, ..Seen::default() }
    }

    /// Stores and tells.
    pub(super) fn keep(&mut self, c: usize, mut event: Seen) -> u64 {
        let seq = event.seq;
        if self.breaks(Plant::SkipsPlace) {
            event.seq += 1;
        }
        self.conversations[c].log.push(event.clone());
        self.tell(c, &event);
        seq
    }

    pub(super) fn store(
        &mut self,
        c: usize,
        by: &str,
        by_id: Option<String>,
        id: Option<&str>,
        kind: &str,
        words: Option<String>,
    ) -> u64 {
        let event = self.event(c, by, by_id, id, kind, words);
        self.keep(c, event)
    }

    pub(super) fn status(&mut self, c: usize) {
        let mut event = self.event(c, "system", None, None, "status", None);
        event.status = Some("open".to_owned());
        self.keep(c, event);
    }

    pub(super) fn tell(&mut self, c: usize, event: &Seen) {
        for nth in 0..self.conversations[c].readers.len() {
            self.tell_one(c, nth, event);
        }
    }

    fn tell_one(&mut self, c: usize, nth: usize, event: &Seen) {
        let reader = &self.conversations[c].readers[nth];
        let (conn, guest) = (reader.conn, reader.audience == Audience::Guest);
        if guest && !event.is_for_guests() && !(event.kind == "note" && self.breaks(Plant::ShowsNote)) {
            return;
        }
        if self.breaks(Plant::SkipsReader) {
            return;
        }
        let held = self.conversations[c].readers[nth].held;
        if self.breaks(Plant::LiesInPrev) {
            // All that follows lies as well: its `prev` is what the reader holds.
            return;
        }
        let lies = self.plant == Some(Plant::LiesInPrev) && self.done;
        let mut prev = if lies { held } else { prev(&self.conversations[c], event.seq, guest) };
        if self.breaks(Plant::WrongPrev) {
            prev += 1;
        }
        let mut event = Seen { prev, ..event.clone() };
        if event.text.is_some() && event.by != "ai" && self.breaks(Plant::AltersShown) {
            event.text = event.text.map(|words| words + "!");
            event.digest += 1;
        }
        self.conversations[c].readers[nth].held = held.max(event.seq);
        let conversation = self.conversations[c].id.clone();
        self.note(Line::Event { conn, conversation, event });
    }

    pub(super) fn begin_turn(&mut self, c: usize, question: &str) {
        let id = format!("turn-{}", self.fresh());
        let question = question.split(' ').next().unwrap_or_default().to_owned();
        self.conversations[c].turn = Some(Turn { id, question, shown: String::new(), words: 0 });
    }

    /// Words, or the end.
    pub(super) fn turn_goes_on(&mut self, c: usize) {
        let Some(mut turn) = self.conversations[c].turn.take() else { return };
        if turn.words < 3 || self.rng.u32(0..100) < 60 {
            let piece = if turn.words == 0 {
                format!("About {}: wH", turn.question)
            } else {
                format!(" w{}", text::spelled(&(turn.words + 1).to_string()))
            };
            turn.words += 1;
            turn.shown.push_str(&piece);
            self.draft(c, &turn.id, &piece);
            self.conversations[c].turn = Some(turn);
            return;
        }
        let mut words = turn.shown.clone();
        if self.breaks(Plant::ChangesAnswer) {
            words.push_str(&format!(" w{}", text::spelled(&(turn.words + 1).to_string())));
        }
        let mut event = self.event(c, "ai", None, None, "message", Some(words.clone()));
        event.turn = Some(turn.id.clone());
        let seq = self.keep(c, event);
        self.draft_end(c, &turn.id, "sent", seq);
        if self.breaks(Plant::AnswersTwice) {
            for _ in 0..100 {
                self.store(c, "ai", None, None, "message", Some(words.clone()));
            }
        }
        if self.breaks(Plant::DraftsAfterEnd) {
            self.draft(c, &turn.id, " w9");
        }
    }

    pub(super) fn draft(&mut self, c: usize, turn: &str, words: &str) {
        for nth in 0..self.conversations[c].readers.len() {
            let conn = self.conversations[c].readers[nth].conn;
            let conversation = self.conversations[c].id.clone();
            self.note(Line::Draft { conn, conversation, turn: turn.to_owned(), text: words.to_owned() });
        }
    }

    fn draft_end(&mut self, c: usize, turn: &str, outcome: &str, seq: u64) {
        for nth in 0..self.conversations[c].readers.len() {
            let conn = self.conversations[c].readers[nth].conn;
            let (conversation, turn, outcome) =
                (self.conversations[c].id.clone(), turn.to_owned(), outcome.to_owned());
            self.note(Line::DraftEnd { conn, conversation, turn, outcome, seq: Some(seq) });
        }
    }

    /// People answer from now on: what was shown is kept before.
    pub(super) fn silence(&mut self, c: usize, id: Option<&str>) -> u64 {
        let turn = self.conversations[c].turn.take();
        let mut cut = None;
        if let Some(turn) = &turn
            && !turn.shown.is_empty()
            && !self.breaks(Plant::DropsShown)
        {
            let mut words = turn.shown.clone();
            if turn.words > 1 && self.breaks(Plant::ShortensShown) {
                words.truncate(words.rfind(' ').unwrap_or(0));
            }
            let mut event = self.event(c, "ai", None, None, "message", Some(words));
            event.partial = true;
            event.turn = Some(turn.id.clone());
            cut = Some((turn.id.clone(), self.keep(c, event)));
        }
        let mut event = self.event(c, "agent", Some(AGENT.to_owned()), id, "mode", None);
        event.mode = Some("human".to_owned());
        let seq = self.keep(c, event);
        self.conversations[c].human = true;
        if let Some((turn, seq)) = cut {
            self.draft_end(c, &turn, "cut", seq);
            if self.breaks(Plant::AiDraftsOn) {
                self.draft(c, &turn, " w9");
            }
        }
        seq
    }

    /// Faults that belong to no step.
    pub(super) fn odd_faults(&mut self, c: usize) {
        let human = self.conversations[c].human;
        let other = (c + 1) % ON_THE_WEB;
        if human && self.breaks(Plant::AiWrites) {
            self.store(c, "ai", None, None, "message", Some("I know better".to_owned()));
        }
        if human && self.breaks(Plant::AiDrafts) {
            self.draft(c, "turn-x", "I know better");
        }
        if self.breaks(Plant::Invents) {
            let guest = self.conversations[c].guest.clone();
            let (id, words) = self.text(c, &guest, "m");
            self.store(c, "guest", Some(guest), Some(&id), "message", Some(words));
        }
        if !human && self.breaks(Plant::AltersAnswer) {
            let question = text::spelled(&format!("{RUN}|{}|x|m1|00", self.conversations[c].id));
            self.store(c, "ai", None, None, "message", Some(format!("About {question}: wH wK wP")));
        }
        if self.breaks(Plant::LeaksFrame) {
            let named = text::spelled(&self.conversations[other].id);
            let frame = format!("{{\"type\":\"typing\",\"by\":\"{RUN}|{named}|a|name\"}}");
            let (conn, conversation) =
                (self.conversations[c].readers[0].conn, self.conversations[c].id.clone());
            self.note(Line::Other { conn, conversation, frame });
        }
        if !self.conversations[other].log.is_empty() && self.armed && self.plant == Some(Plant::TellsOthers) {
            let told = self.conversations[other].log.iter().rfind(|event| event.by == "guest").cloned();
            if let Some(event) = told
                && self.breaks(Plant::TellsOthers)
            {
                let (conn, conversation) =
                    (self.conversations[c].readers[0].conn, self.conversations[c].id.clone());
                self.note(Line::Event { conn, conversation, event });
            }
        }
        if self.breaks(Plant::SwapsAiForOne) {
            let first = self.event(c, "ai", None, None, "message", Some("one".to_owned()));
            let mut second = self.event(c, "ai", None, None, "message", Some("two".to_owned()));
            second.seq = first.seq + 1;
            self.tell_swapped(c, &first, &second);
        }
    }

    /// Stores two; tells one reader that they came the other way round.
    pub(super) fn tell_swapped(&mut self, c: usize, first: &Seen, second: &Seen) {
        self.conversations[c].log.extend([first.clone(), second.clone()]);
        for nth in 0..self.conversations[c].readers.len() {
            if nth == 0 {
                self.tell_one(c, nth, &Seen { seq: first.seq, ..second.clone() });
                self.tell_one(c, nth, &Seen { seq: second.seq, ..first.clone() });
            } else {
                self.tell_one(c, nth, first);
                self.tell_one(c, nth, second);
            }
        }
    }
}

/// The place before `seq` that the reader may see.
pub(super) fn prev(conversation: &Conversation, seq: u64, guest: bool) -> u64 {
    let before = conversation.log.iter().filter(|event| event.seq < seq && (!guest || event.is_for_guests()));
    before.map(|event| event.seq).max().unwrap_or(0)
}
