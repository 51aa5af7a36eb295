//! Which commands were accepted, so that a repeat makes nothing new: for ever, and in little memory.
//!
//! The newest few are known by a digest and what became of them. Of all others only 32 bits each are kept, which
//! tell for certain that an id is new, and that it may be old; what may be old is asked of the store before the
//! rules decide. So the common case, a new id, asks nobody.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::ids::{ClientId, Seq};
use crate::people::{Author, AuthorKey};

use super::command::{Command, Received};
use super::state::Conversation;

/// How many of the newest are known whole: what an honest sender repeats was sent a moment ago.
const RECENT_MAX: usize = 16;

/// What became of an accepted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The event that it became.
    pub seq: Seq,
    /// A digest of its body.
    pub fingerprint: u64,
}

/// What names a command for ever, within its conversation.
pub type CommandKey = (AuthorKey, ClientId);

/// The receipts of a conversation.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    /// The newest, oldest first. More than [`RECENT_MAX`] only in a copy, see [`Conversation::settle`].
    recent: Vec<(u64, Receipt)>,
    /// All others. Shared with copies of the state: only one that is alone adds to it.
    older: Option<Arc<Digests>>,
    /// What the store said of the id that was asked for last.
    asked: Option<(u64, Option<Receipt>)>,
}

type Digests = HashSet<u32, BuildHasherDefault<Itself>>;

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It was never used.
    New,
    /// It was, for this.
    Used(Receipt),
    /// Only the store can tell.
    Perhaps,
}

impl Receipts {
    pub(super) fn find(&self, author: &AuthorKey, id: &ClientId) -> Known {
        let digest = digest(author, id);
        if let Some((_, receipt)) = self.recent.iter().rev().find(|(known, _)| *known == digest) {
            return Known::Used(*receipt);
        }
        if !self.older.as_ref().is_some_and(|older| older.contains(&fold(digest))) {
            return Known::New;
        }
        match self.asked {
            Some((asked, said)) if asked == digest => said.map_or(Known::New, Known::Used),
            _ => Known::Perhaps,
        }
    }

    pub(super) fn insert(&mut self, author: &AuthorKey, id: &ClientId, receipt: Receipt) {
        self.shrink_to(RECENT_MAX - 1);
        self.recent.push((digest(author, id), receipt));
    }

    /// Lets go of the oldest of the recent ones, unless a copy shares the place where they would go.
    fn shrink_to(&mut self, count: usize) {
        let over = self.recent.len().saturating_sub(count);
        if over == 0 {
            return;
        }
        let Some(older) = Arc::get_mut(self.older.get_or_insert_default()) else { return };
        older.extend(self.recent.drain(..over).map(|(digest, _)| fold(digest)));
        self.recent.shrink_to(RECENT_MAX);
    }
}

/// In the order of their events.
impl FromIterator<(CommandKey, Receipt)> for Receipts {
    fn from_iter<I: IntoIterator<Item = (CommandKey, Receipt)>>(all: I) -> Self {
        let mut receipts = Self::default();
        all.into_iter().for_each(|((author, id), receipt)| receipts.insert(&author, &id, receipt));
        receipts
    }
}

/// What was asked is of no account.
impl PartialEq for Receipts {
    fn eq(&self, other: &Self) -> bool {
        self.recent == other.recent && self.older == other.older
    }
}

impl Conversation {
    /// The id of a command of which only the store can tell if it was used before. The caller asks, and tells
    /// with [`Conversation::recall`]; decided without that, the command is refused as `unavailable`.
    pub fn doubt(&self, command: &Command) -> Option<CommandKey> {
        let (author, id) = match command {
            Command::Say(say) => (say.by.key(), &say.id),
            Command::Act(act) => (act.by.key(), &act.id),
            Command::Booked(booked) => (Author::system().key(), &booked.id),
            Command::Receive(receive) => match receive.what {
                Received::Notice { .. } => (Author::system().key(), &receive.id),
                _ => (receive.by.key(), &receive.id),
            },
            Command::Turn(..)
            | Command::Quiet(..)
            | Command::Escalate { .. }
            | Command::Delivered { .. }
            | Command::Erase { .. }
            | Command::Wake
            | Command::Recover => return None,
        };
        (self.receipts.find(&author, id) == Known::Perhaps).then(|| (author, id.clone()))
    }

    /// Takes note of what the store knows of an id, for the decision that comes next.
    pub fn recall(&mut self, (author, id): &CommandKey, receipt: Option<Receipt>) {
        self.receipts.asked = Some((digest(author, id), receipt));
    }

    /// To be called on the state that is left, once a copy of it was thrown away: a copy's receipts are all kept
    /// whole until then.
    pub fn settle(&mut self) {
        self.receipts.shrink_to(RECENT_MAX);
    }
}

/// FNV-1a over who and which. Nobody gains by making two of their own ids look alike.
fn digest(author: &AuthorKey, id: &ClientId) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    add(author.kind as u8);
    author.id.iter().flat_map(|id| id.as_bytes()).copied().for_each(&mut add);
    id.as_str().bytes().for_each(&mut add);
    hash
}

/// Both halves of a digest in one.
fn fold(digest: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = digest.to_le_bytes();
    u32::from_le_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

/// What is a digest already need not be hashed again.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u32(&mut self, digest: u32) {
        // The table looks at the upper bits and at the lower ones.
        self.0 = u64::from(digest).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::people::AuthorKind;

    fn key(n: u32) -> CommandKey {
        let author = AuthorKey { kind: AuthorKind::Guest, id: Some(Uuid::from_u128(7)) };
        (author, ClientId::try_from(format!("id-{n}")).expect("an id"))
    }

    fn receipt(n: u32) -> Receipt {
        Receipt { seq: u64::from(n), fingerprint: 1 }
    }

    fn find(receipts: &Receipts, n: u32) -> Known {
        let (author, id) = key(n);
        receipts.find(&author, &id)
    }

    fn asked(n: u32, receipt: Option<Receipt>) -> Option<(u64, Option<Receipt>)> {
        let (author, id) = key(n);
        Some((digest(&author, &id), receipt))
    }

    #[test]
    fn an_old_id_is_never_taken_for_a_new_one() {
        let many = 100_000;
        let mut all: Receipts = (0..many).map(|n| (key(n), receipt(n))).collect();
        let recent = many - u32::try_from(RECENT_MAX).expect("small");
        for n in 0..many {
            let expected = if n < recent { Known::Perhaps } else { Known::Used(receipt(n)) };
            assert_eq!(find(&all, n), expected, "{n}");
        }
        let doubted = (many..2 * many).filter(|n| find(&all, *n) != Known::New).count();
        assert!(doubted < 20, "a new id is hardly ever doubted: {doubted}");
        // A hundred thousand in well under a megabyte: four bytes each, and the table's own room.
        let room = all.older.as_ref().expect("many").capacity();
        assert!(room * 5 < 800_000, "{room}");

        all.asked = asked(5, Some(receipt(5)));
        assert_eq!(find(&all, 5), Known::Used(receipt(5)));
        assert_eq!(find(&all, 6), Known::Perhaps);
        all.asked = asked(6, None);
        assert_eq!(find(&all, 6), Known::New);
    }

    #[test]
    fn who_used_it_is_part_of_an_id() {
        let all: Receipts = std::iter::once((key(1), receipt(1))).collect();
        let (mut author, id) = key(1);
        author.kind = AuthorKind::Agent;
        assert_eq!(all.find(&author, &id), Known::New);
    }

    #[test]
    fn a_copy_shares_what_is_old_and_keeps_what_is_new() {
        let mut state: Receipts = (0..100).map(|n| (key(n), receipt(n))).collect();
        let mut ahead = state.clone();
        for n in 100..200 {
            let (author, id) = key(n);
            ahead.insert(&author, &id, receipt(n));
        }
        assert!(Arc::ptr_eq(state.older.as_ref().expect("many"), ahead.older.as_ref().expect("many")));
        assert_eq!(find(&state, 150), Known::New, "what is not stored is not known");
        assert_eq!(find(&ahead, 100), Known::Used(receipt(100)));
        state = ahead;
        state.shrink_to(RECENT_MAX);
        assert_eq!(state.recent.len(), RECENT_MAX);
        assert_eq!(find(&state, 100), Known::Perhaps);
        assert_eq!(state, (0..200).map(|n| (key(n), receipt(n))).collect());
    }
}
