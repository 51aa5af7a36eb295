//! The audit log: who did what, append-only, each entry chained to the one before it.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::timestamp::Timestamp;

use super::logins::Digest;
use super::{ListError, Page, PageRequest};

/// What the first entry is chained to.
pub const GENESIS: Digest = [0; 32];

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// In which hotel; `None`: it concerns the server as a whole.
    pub property: Option<PropertyId>,
    /// What kind of actor: `agent`, `token`, `guest`, `nobody`, `operator` or `server`.
    pub actor: String,
    /// Which one, where there are several.
    pub actor_id: Option<Uuid>,
    /// The name it had then.
    pub name: String,
    /// From where; empty where there is no address.
    pub address: String,
    /// What was done.
    pub action: String,
    /// To what, as `kind:id`; empty where the action says it all.
    pub target: String,
    /// What more there is to say of it; never a guest's words, never a secret.
    pub detail: String,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number: 1, 2, 3 …
    pub seq: i64,
    /// What it says.
    pub deed: Deed,
    /// The digest of it and of the hash before it.
    pub hash: Digest,
}

/// The log of who did what.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends an entry. Nothing changes or removes one.
    async fn add_deed(&self, deed: Deed) -> Result<(), StoreError>;
    /// The entries of a property and of the server as a whole, the newest first.
    async fn deeds(&self, property: PropertyId, page: PageRequest) -> Result<Page<AuditEntry>, ListError>;
}

/// The hash of the entry that follows `before`.
pub fn chained(before: &Digest, seq: i64, deed: &Deed) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(seq.to_be_bytes());
    hasher.update(deed.at.0.to_be_bytes());
    let property = deed.property.map(|property| property.0);
    for id in [property, deed.actor_id] {
        // Present or not is part of it, as the lengths are: no two entries read the same.
        hasher.update([u8::from(id.is_some())]);
        hasher.update(id.unwrap_or_default().as_bytes());
    }
    let Deed { actor, name, address, action, target, detail, .. } = deed;
    for text in [actor, name, address, action, target, detail] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

/// Where the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing before this one, or was slipped in.
    #[error("entry {found} stands where entry {expected} belongs")]
    Missing {
        /// The number that should have come.
        expected: i64,
        /// The one that did.
        found: i64,
    },
    /// The entry is not the one that was written, or what stands before it is not.
    #[error("entry {0} does not fit the one before it: it or its hash was changed")]
    Changed(i64),
    /// The entry that somebody noted elsewhere is not there any more, or is another.
    #[error("entry {0} is not the one that was noted: the log was written anew or cut off")]
    NotAsNoted(i64),
}

/// Why the log could not be looked over.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The chain is broken.
    #[error("the audit log was tampered with: {0}")]
    Broken(#[from] Broken),
    /// The database could not be read.
    #[error("the audit log cannot be read: {0}")]
    Database(#[from] sqlx::Error),
}

/// Walks along the log from its first entry.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The number of the last entry that was seen.
    pub seq: i64,
    /// Its hash.
    pub hash: Digest,
    noted: Option<(i64, Digest)>,
}

impl Chain {
    /// At the beginning. `noted`: an entry's number and hash that were written down elsewhere; only they
    /// tell that the end of the log was cut off, or that all of it was written anew.
    pub fn new(noted: Option<(i64, Digest)>) -> Self {
        Self { seq: 0, hash: GENESIS, noted }
    }

    /// One entry further.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn step(&mut self, entry: &AuditEntry) -> Result<(), Broken> {
        let expected = self.seq + 1;
        if entry.seq != expected {
            return Err(Broken::Missing { expected, found: entry.seq });
        }
        if chained(&self.hash, entry.seq, &entry.deed) != entry.hash {
            return Err(Broken::Changed(entry.seq));
        }
        if self.noted.is_some_and(|(seq, hash)| seq == entry.seq && hash != entry.hash) {
            return Err(Broken::NotAsNoted(entry.seq));
        }
        (self.seq, self.hash) = (entry.seq, entry.hash);
        Ok(())
    }

    /// There are no more entries.
    ///
    /// # Errors
    /// When the noted one was not among them.
    pub fn end(&self) -> Result<(), Broken> {
        match self.noted {
            Some((seq, _)) if seq > self.seq => Err(Broken::NotAsNoted(seq)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(action: &str) -> Deed {
        Deed {
            at: Timestamp(1_000),
            property: None,
            actor: "agent".to_owned(),
            actor_id: Some(Uuid::nil()),
            name: "Mia".to_owned(),
            address: "192.0.2.1".to_owned(),
            action: action.to_owned(),
            target: "agent:x".to_owned(),
            detail: String::new(),
        }
    }

    fn log() -> Vec<AuditEntry> {
        let mut hash = GENESIS;
        let link = |(n, action): (usize, &str)| {
            let (seq, deed) = (i64::try_from(n).expect("small") + 1, deed(action));
            hash = chained(&hash, seq, &deed);
            AuditEntry { seq, deed, hash }
        };
        ["login", "agent_added", "logout", "login"].into_iter().enumerate().map(link).collect()
    }

    fn walk(log: &[AuditEntry], noted: Option<(i64, Digest)>) -> Result<(), Broken> {
        let mut chain = Chain::new(noted);
        log.iter().try_for_each(|entry| chain.step(entry))?;
        chain.end()
    }

    #[test]
    fn every_change_is_found_at_its_place() {
        let good = log();
        assert_eq!(walk(&good, None), Ok(()));
        let change = |make: &dyn Fn(&mut Deed)| {
            let mut bad = log();
            make(&mut bad[1].deed);
            walk(&bad, None)
        };
        for changed in [
            change(&|deed| deed.at = Timestamp(1_001)),
            change(&|deed| deed.property = Some(PropertyId(Uuid::nil()))),
            change(&|deed| deed.actor = "token".to_owned()),
            change(&|deed| deed.actor_id = None),
            change(&|deed| deed.name = "Jon".to_owned()),
            change(&|deed| deed.address = String::new()),
            change(&|deed| deed.action = "logout".to_owned()),
            change(&|deed| deed.target = "agent:y".to_owned()),
            change(&|deed| deed.detail = "x".to_owned()),
            // From one field to the next.
            change(&|deed| (deed.action, deed.target) = ("agent_addedagent:".to_owned(), "x".to_owned())),
        ] {
            assert_eq!(changed, Err(Broken::Changed(2)));
        }
        let mut gone = log();
        gone.remove(1);
        assert_eq!(walk(&gone, None), Err(Broken::Missing { expected: 2, found: 3 }));
        let mut renumbered = gone;
        renumbered[1].seq = 2;
        assert_eq!(walk(&renumbered, None), Err(Broken::Changed(2)));
    }

    #[test]
    fn what_was_noted_elsewhere_tells_of_the_rest() {
        let good = log();
        let noted = Some((4, good[3].hash));
        assert_eq!(walk(&good, noted), Ok(()));
        assert_eq!(walk(&good[..3], None), Ok(()), "by itself a log that was cut off looks whole");
        assert_eq!(walk(&good[..3], noted), Err(Broken::NotAsNoted(4)));
        assert_eq!(walk(&good, Some((2, good[0].hash))), Err(Broken::NotAsNoted(2)));
    }
}
