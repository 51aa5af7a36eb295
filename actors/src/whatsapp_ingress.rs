//! The ingress of the WhatsApp channel: admits what a webhook brings.
//!
//! Started by the root supervisor.
//! Owns the places for parcels that are under way, and so the right to say "too busy".
//! Waits for nothing: each parcel has a carrier of its own, so that strangers do not wait for each other.
//! Killed by a bug only; the next one goes on.
//! The world sees then: webhooks answered 503, which come again.

mod carrier;
mod names;
mod passed;

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use frontdesk_domain::refusal::Refusal;

use crate::address::Address;
use crate::directory::Directory;
use crate::messages::{WhatsAppIngressMsg, WhatsAppMediaMsg};
use crate::metering;
use crate::ports::Store;
use crate::trace::Trace;

use carrier::Carrier;

/// How many parcels may be under way at once. One more is refused as `overloaded`.
const PARCELS_MAX: usize = 512;

/// How often the store is asked for numbers that passed on and of which staff are not told yet: a crash left them,
/// or a note could not be stored.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// What changes.
pub struct State {
    /// Of those that are under way.
    places: Arc<Semaphore>,
    /// The newest look for what staff are not told yet.
    look: Option<JoinHandle<()>>,
}

/// The actor.
pub struct WhatsAppIngress {
    /// The log, and who is who.
    pub store: Arc<dyn Store>,
    /// Where conversations are found.
    pub directory: Directory,
    /// Who fetches files.
    pub media: Address<WhatsAppMediaMsg>,
}

impl Actor for WhatsAppIngress {
    type Msg = WhatsAppIngressMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<WhatsAppIngressMsg>,
        (): (),
    ) -> Result<State, ActorProcessingErr> {
        let _ = myself.cast(WhatsAppIngressMsg::Look);
        myself.send_interval(LOOK_EVERY, || WhatsAppIngressMsg::Look);
        Ok(State { places: Arc::new(Semaphore::new(PARCELS_MAX)), look: None })
    }

    async fn handle(
        &self,
        _myself: ActorRef<WhatsAppIngressMsg>,
        message: WhatsAppIngressMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let WhatsAppIngressMsg::Admit { parcel, trace, reply } = message else {
            self.look(state);
            return Ok(());
        };
        let places = &state.places;
        let taken = PARCELS_MAX - places.available_permits();
        metering::queue("whatsapp_parcels", taken, PARCELS_MAX);
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            let _ = reply.send(Err(Refusal::overloaded()));
            return Ok(());
        };
        let carrier = Carrier {
            store: Arc::clone(&self.store),
            directory: self.directory.clone(),
            media: self.media.clone(),
            trace,
        };
        tokio::spawn(async move {
            // Whoever no longer waits is sent the same again by WhatsApp.
            let _ = reply.send(carrier.carry(*parcel).await);
            drop(place);
        });
        Ok(())
    }
}

impl WhatsAppIngress {
    /// Tells staff of what they were not told, one look at a time.
    fn look(&self, state: &mut State) {
        if state.look.as_ref().is_some_and(|look| !look.is_finished()) {
            return;
        }
        let (store, directory) = (Arc::clone(&self.store), self.directory.clone());
        state.look = Some(tokio::spawn(async move {
            if let Err(error) = passed::tell(&store, &directory, Trace::default()).await {
                tracing::warn!(%error, "staff are told later of numbers that passed on");
            }
        }));
    }
}
