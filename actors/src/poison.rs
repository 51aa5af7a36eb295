//! What makes a part of us panic each time it is tried: three tries, then it is set aside.
//!
//! A panic ends the conversation's actor, which is opened again from disk, and whoever sent the command sends it
//! again. One that panics for what it says would so end the conversation again and again. It is refused instead,
//! until the next start, and everything else goes on.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use frontdesk_domain::conversation::{Command, TurnEnd, TurnNews};
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::refusal::{Code, Refusal};

/// How often something may panic.
pub const TRIES: u8 = 3;
/// How much is remembered; with more, all of it is tried anew.
const REMEMBERED_MAX: usize = 4_096;

/// One thing that is tried: where, and a digest of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tried(ConversationId, u64);

impl Tried {
    /// A command in a conversation: the same for the same author's same id.
    pub fn command(conversation: ConversationId, command: &Command) -> Self {
        let mut digest = DefaultHasher::new();
        std::mem::discriminant(command).hash(&mut digest);
        match command {
            Command::Say(say) => (say.by.key(), &say.id).hash(&mut digest),
            Command::Act(act) => (act.by.key(), &act.id).hash(&mut digest),
            Command::Receive(receive) => receive.wamid.hash(&mut digest),
            // That a turn failed is told after what made it panic, and must get through.
            Command::Turn(turn, news) => {
                let failed = matches!(news, TurnNews::Ended(TurnEnd::Failed { .. }));
                (turn, failed, std::mem::discriminant(news)).hash(&mut digest);
            }
            Command::Quiet(turn, _) => turn.hash(&mut digest),
            Command::Delivered { of, .. } => of.hash(&mut digest),
            Command::Escalate { since, rung, .. } => (since, rung).hash(&mut digest),
            Command::Booked(booked) => booked.id.hash(&mut digest),
            Command::Erase { .. } | Command::Wake | Command::Recover => {}
        }
        Self(conversation, digest.finish())
    }

    /// A delivery of a conversation, by a name of its own.
    pub fn delivery(conversation: ConversationId, name: &str) -> Self {
        let mut digest = DefaultHasher::new();
        ("delivery", name).hash(&mut digest);
        Self(conversation, digest.finish())
    }
}

/// What has panicked, and how often.
#[derive(Debug, Default)]
pub struct Poison {
    /// So that asking costs nothing while nothing has.
    any: AtomicBool,
    panics: Mutex<HashMap<Tried, u8>>,
}

/// Something panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// It is not to be tried again.
    pub set_aside: bool,
}

impl Poison {
    /// Does something that is tried; a panic in it is counted.
    ///
    /// # Errors
    /// It panicked.
    pub fn watch<T>(&self, tried: Tried, act: impl FnOnce() -> T) -> Result<T, Panicked> {
        catch_unwind(AssertUnwindSafe(act)).map_err(|cause| self.count(tried, cause.as_ref()))
    }

    /// Counts a panic that was caught.
    pub fn count(&self, tried: Tried, _cause: &(dyn Any + Send)) -> Panicked {
        let mut panics = self.panics();
        if panics.len() >= REMEMBERED_MAX && !panics.contains_key(&tried) {
            panics.clear();
        }
        let times = panics.entry(tried).or_default();
        *times = times.saturating_add(1);
        self.any.store(true, Ordering::Release);
        let set_aside = *times >= TRIES;
        if *times == TRIES {
            metrics::counter!("frontdesk_set_aside_total").increment(1);
            tracing::error!(conversation = %tried.0, "something panicked {TRIES} times and is set aside");
        }
        Panicked { set_aside }
    }

    /// Whether it is not to be tried again. `tried` is asked for only if anything has panicked.
    pub fn is_set_aside(&self, tried: impl FnOnce() -> Tried) -> bool {
        self.any.load(Ordering::Acquire) && self.panics().get(&tried()).is_some_and(|times| *times >= TRIES)
    }

    fn panics(&self) -> MutexGuard<'_, HashMap<Tried, u8>> {
        self.panics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the sender of something that is set aside is told.
pub fn refusal() -> Refusal {
    Refusal::new(Code::Internal, "a fault of ours: this cannot be taken")
}

/// Panics if the text asks for it: `planted WHAT N` in the first N tries. Only in builds with the feature
/// `panics`, which released ones lack.
#[cfg(feature = "panics")]
pub fn planted(what: &str, text: &str) {
    static TRIED: Mutex<Option<HashMap<String, u32>>> = Mutex::new(None);
    let Some((_, rest)) = text.split_once(&format!("planted {what} ")) else { return };
    let digits = rest.split(|other: char| !other.is_ascii_digit()).next().unwrap_or_default();
    let wanted: u32 = digits.parse().unwrap_or(0);
    let mut tried = TRIED.lock().unwrap_or_else(PoisonError::into_inner);
    let times = tried.get_or_insert_default().entry(text.to_owned()).or_default();
    *times += 1;
    let again = *times <= wanted;
    drop(tried);
    #[allow(clippy::panic, reason = "that is what it is for")]
    if again {
        panic!("planted");
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn three_tries_and_others_are_not_meant() {
        let (poison, here) = (Poison::default(), ConversationId(Uuid::now_v7()));
        let (bad, good) = (Tried::delivery(here, "bad"), Tried::delivery(here, "good"));
        assert!(!poison.is_set_aside(|| panic!("not asked while nothing has panicked")));
        for time in 1..=TRIES {
            assert!(!poison.is_set_aside(|| bad));
            let caught = poison.watch(bad, || panic!("planted"));
            assert_eq!(caught, Err::<(), _>(Panicked { set_aside: time == TRIES }));
        }
        assert!(poison.is_set_aside(|| bad) && !poison.is_set_aside(|| good));
        assert_eq!(poison.watch(good, || 7), Ok(7));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (poison, here) = (Poison::default(), ConversationId(Uuid::now_v7()));
        for n in 0..=REMEMBERED_MAX {
            poison.count(Tried::delivery(here, &n.to_string()), &"planted");
        }
        assert_eq!(poison.panics().len(), 1);
    }
}
