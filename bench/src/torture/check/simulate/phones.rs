//! A simulated guest on WhatsApp: its messages are delivered one to three times, and again much later.

use super::{Plant, RUN, Sim};
use crate::torture::history::{Answer, Line};
use crate::torture::text;

/// The guest's number.
pub(super) const PHONE: &str = "4915100000000";

/// A message of WhatsApp's.
#[derive(Clone)]
pub(super) struct Message {
    id: String,
    text: String,
}

impl Sim {
    /// WhatsApp delivers something new, or again something that was taken.
    pub(super) fn phone_delivers(&mut self) {
        let taken = &self.taken;
        let old = (!taken.is_empty() && self.rng.u32(0..3) == 0)
            .then(|| taken[self.rng.usize(0..taken.len())].clone());
        if let Some(message) = old {
            let no = self.posts(&message);
            if self.breaks(Plant::StoresWebhookAgain) {
                self.said(self.phone, &message, message.text.clone());
            }
            return self.answers(no);
        }
        let message = self.message(PHONE);
        let first = self.posts(&message);
        let again: Vec<u64> = (0..self.rng.u32(0..3)).map(|_| self.posts(&message)).collect();
        match self.rng.u32(0..100) {
            // Lost on the way in, and never heard of again before the end.
            0..5 => return,
            // Stored; no answer gets through, so it is delivered until one does.
            5..15 => {
                self.said(self.phone, &message, message.text.clone());
                let no = self.posts(&message);
                self.answers(no);
            }
            _ => {
                self.stores(&message);
                for no in [first].into_iter().chain(again) {
                    self.answers(no);
                }
            }
        }
        self.taken.push(message);
    }

    /// Stores it, or does what was planted.
    fn stores(&mut self, message: &Message) {
        if self.breaks(Plant::LosesTaken) {
            return;
        }
        if self.breaks(Plant::OpensAnother) {
            return self.said(self.other_of_phone, message, message.text.clone());
        }
        if self.breaks(Plant::AltersTaken) {
            return self.said(self.phone, message, format!("{}!", message.text));
        }
        if self.breaks(Plant::CrossesPhones) {
            let other = self.message("4915100000001").text;
            return self.said(self.phone, message, other);
        }
        if self.breaks(Plant::InventsOnPhone) {
            let invented = self.message(PHONE);
            self.said(self.phone, &invented, invented.text.clone());
        }
        if self.breaks(Plant::StoresTakenBehind) {
            // What is sent when this one is taken stands before it.
            let no = self.posts(message);
            self.answers(no);
            let later = self.message(PHONE);
            let no = self.posts(&later);
            self.said(self.phone, &later, later.text.clone());
            self.answers(no);
        }
        self.said(self.phone, message, message.text.clone());
    }

    fn message(&mut self, phone: &str) -> Message {
        let n = format!("w{}", self.fresh());
        Message { id: format!("wamid.{n}"), text: text::write(RUN, phone, phone, &n, "breakfast") }
    }

    fn posts(&mut self, message: &Message) -> u64 {
        let (no, phone) = (self.fresh(), PHONE.to_owned());
        self.note(Line::Post { no, phone, id: message.id.clone(), text: message.text.clone() });
        no
    }

    fn answers(&mut self, no: u64) {
        self.note(Line::Answer { no, answer: Answer::Taken });
    }

    /// The guest has said it in this conversation; people answer there.
    fn said(&mut self, c: usize, message: &Message, words: String) {
        let guest = self.conversations[c].guest.clone();
        let event = self.event(c, "guest", Some(guest), Some(&message.id), "message", Some(words));
        self.keep(c, event);
    }
}
