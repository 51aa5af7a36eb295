//! Which commands were accepted, so that a repeat makes nothing new: for ever, and in little memory.
//!
//! The newest few are kept whole. Of all others only 32 bits each are kept, which tell for certain that an id is
//! new, and that it may be old; what may be old is asked of the store before the rules decide. So the common
//! case, a new id, asks nobody, and a conversation of a hundred thousand events takes well under a megabyte.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::ids::{ClientId, Seq};
use crate::people::AuthorKey;

use super::command::{Command, Received};
use super::state::Conversation;

/// How many receipts are kept whole: what an honest sender repeats was sent a moment ago.
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
    /// Shared with the state as it will be, which is a copy: only one that is alone moves receipts from here to
    /// there, so that no copy of the larger part is ever made.
    recent: VecDeque<Arc<(CommandKey, Receipt)>>,
    older: Arc<HashSet<u32, BuildHasherDefault<Itself>>>,
    /// What the store said of the id that was asked for last.
    asked: Option<(CommandKey, Option<Receipt>)>,
}

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
    pub(super) fn find(&self, key: &CommandKey) -> Known {
        if let Some(found) = self.recent.iter().rev().find(|known| known.0 == *key) {
            return Known::Used(found.1);
        }
        if !self.older.contains(&digest(key)) {
            return Known::New;
        }
        match &self.asked {
            Some((asked, said)) if asked == key => said.map_or(Known::New, Known::Used),
            _ => Known::Perhaps,
        }
    }

    pub(super) fn insert(&mut self, key: CommandKey, receipt: Receipt) {
        self.recent.push_back(Arc::new((key, receipt)));
        self.settle();
    }

    /// Lets go of receipts that are no longer recent, unless another copy still shares the larger part.
    pub(super) fn settle(&mut self) {
        while self.recent.len() > RECENT_MAX {
            let Some(older) = Arc::get_mut(&mut self.older) else { return };
            if let Some(receipt) = self.recent.pop_front() {
                older.insert(digest(&receipt.0));
            }
        }
    }
}

/// In the order of their events.
impl FromIterator<(CommandKey, Receipt)> for Receipts {
    fn from_iter<I: IntoIterator<Item = (CommandKey, Receipt)>>(all: I) -> Self {
        let mut receipts = Self::default();
        all.into_iter().for_each(|(key, receipt)| receipts.insert(key, receipt));
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
        let key = match command {
            Command::Say(say) => (say.by.key(), say.id.clone()),
            Command::Act(act) => (act.by.key(), act.id.clone()),
            Command::Receive(receive) => match receive.what {
                Received::Notice { .. } => (crate::people::Author::system().key(), receive.id.clone()),
                _ => (receive.by.key(), receive.id.clone()),
            },
            Command::Turn(..) | Command::Wake | Command::Recover => return None,
        };
        (self.receipts.find(&key) == Known::Perhaps).then_some(key)
    }

    /// Takes note of what the store knows of an id, for the decision that comes next.
    pub fn recall(&mut self, key: CommandKey, receipt: Option<Receipt>) {
        self.receipts.asked = Some((key, receipt));
    }

    /// To be called on the state that is left, once a copy of it was thrown away: see [`Receipts`].
    pub fn settle(&mut self) {
        self.receipts.settle();
    }
}

/// FNV-1a over who and which, folded to 32 bits.
fn digest((author, id): &CommandKey) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    add(author.kind as u8);
    author.id.iter().flat_map(|id| id.as_bytes()).copied().for_each(&mut add);
    id.as_str().bytes().for_each(&mut add);
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
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

    #[test]
    fn an_old_id_is_never_taken_for_a_new_one() {
        let many = 100_000;
        let mut all: Receipts = (0..many).map(|n| (key(n), receipt(n))).collect();
        let recent = many - u32::try_from(RECENT_MAX).expect("small");
        for n in 0..many {
            let expected = if n < recent { Known::Perhaps } else { Known::Used(receipt(n)) };
            assert_eq!(all.find(&key(n)), expected, "{n}");
        }
        let doubted = (many..2 * many).filter(|n| all.find(&key(*n)) != Known::New).count();
        assert!(doubted < 20, "a new id is hardly ever doubted: {doubted}");
        // A hundred thousand in well under a megabyte: four bytes each, and the table's own room.
        assert!(all.older.capacity() * 5 < 800_000, "{}", all.older.capacity());

        all.asked = Some((key(5), Some(receipt(5))));
        assert_eq!(all.find(&key(5)), Known::Used(receipt(5)));
        assert_eq!(all.find(&key(6)), Known::Perhaps);
        all.asked = Some((key(6), None));
        assert_eq!(all.find(&key(6)), Known::New);
    }

    #[test]
    fn a_copy_shares_what_is_old_and_keeps_what_is_new() {
        let mut state: Receipts = (0..100).map(|n| (key(n), receipt(n))).collect();
        let mut ahead = state.clone();
        for n in 100..200 {
            ahead.insert(key(n), receipt(n));
        }
        assert!(Arc::ptr_eq(&state.older, &ahead.older));
        assert_eq!(state.find(&key(150)), Known::New, "what is not stored is not known");
        assert_eq!(ahead.find(&key(100)), Known::Used(receipt(100)));
        state = ahead;
        state.settle();
        assert_eq!(state.recent.len(), RECENT_MAX);
        assert_eq!(state.find(&key(100)), Known::Perhaps);
        assert_eq!(state, (0..200).map(|n| (key(n), receipt(n))).collect());
    }
}
