//! Reservations: what the hotel's property system tells, on the cards of the guests whom it concerns.
//!
//! A version is stored first and told then, through the conversation like anything else; what a crash left untold
//! is told later. Whom a reservation concerns is found by the number that WhatsApp vouches for, or by what
//! guests say of themselves; the latter proves nothing and fills less. See INTEGRATIONS.md.

mod format;
mod signed;

pub use format::{Told, read};
pub use signed::{new_source, open_source};

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::{Booked, Command};
use frontdesk_domain::ids::ClientId;
use frontdesk_domain::people::GuestProfile;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::store::Database;
use crate::store::reservations::{Reservation, Stay, Untold};

/// How often guests are looked for who have come since.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What tells the cards.
pub struct Clerk {
    /// The way to the conversations.
    pub hub: Hub,
    /// The tables.
    pub db: Arc<dyn Database>,
    /// There is something to tell.
    pub wake: Arc<Notify>,
}

impl Clerk {
    /// Tells for ever.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "reservations wait for the store");
                sleep(Duration::from_secs(1)).await;
            }
            let _ = timeout(LOOK_EVERY, self.wake.notified()).await;
        }
    }

    async fn round(&self) -> Result<(), StoreError> {
        self.db.match_reservations().await?;
        loop {
            let untold = self.db.untold_reservations().await?;
            let mut told = 0;
            for one in &untold {
                told += usize::from(self.tell(one).await?);
            }
            // What could not be told is left for the next look.
            if told < untold.len() || untold.is_empty() {
                return Ok(());
            }
        }
    }

    /// True if every conversation of the guest knows.
    async fn tell(&self, untold: &Untold) -> Result<bool, StoreError> {
        let one = &untold.reservation;
        let Some(id) = id_of(one, untold.sure) else { return Ok(false) };
        for conversation in &untold.conversations {
            let booked = Booked { id: id.clone(), patch: patch(one, untold.sure), sure: untold.sure };
            if let Err(refusal) = self.hub.note(*conversation, Command::Booked(booked)).await {
                tracing::warn!(%conversation, code = refusal.code.as_str(), "a reservation was not told yet");
                return Ok(false);
            }
        }
        self.db.told_reservation(one.property, &one.reference, one.version).await?;
        metrics::counter!("frontdesk_reservations_told_total").increment(1);
        Ok(true)
    }
}

/// What a card takes over. An empty text clears a field.
fn patch(one: &Reservation, sure: bool) -> GuestProfile {
    let none = || Some(String::new());
    let (room, arrival, departure) = match one.status {
        Stay::Booked | Stay::InHouse => {
            (one.room.clone().or_else(none), one.arrival.clone(), one.departure.clone())
        }
        Stay::Departed => (none(), one.arrival.clone(), one.departure.clone()),
        Stay::Cancelled => (none(), none(), none()),
    };
    // Who only says that an address is theirs does not get to see the name behind it.
    let (name, email) = if sure { (one.name.clone(), one.email.clone()) } else { (None, None) };
    let locale = one.locale.clone().filter(|_| sure);
    GuestProfile { room, arrival, departure, name, email, locale, ..GuestProfile::default() }
}

/// The same for the same version, so that it makes one event however often it is told.
fn id_of(one: &Reservation, sure: bool) -> Option<ClientId> {
    let mut hash = Sha256::new();
    for part in [one.reference.as_str(), &one.version.to_string(), if sure { "sure" } else { "" }] {
        hash.update(part.as_bytes());
        hash.update([0xff]);
    }
    let digest: String = hash.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    ClientId::try_from(format!("reservation-{digest}")).ok()
}
