//! The ingress of the WhatsApp channel: admits what a webhook brings.
//!
//! Started by the root supervisor.
//! Owns the places for parcels that are under way, and so the right to say "too busy".
//! Waits for nothing: each parcel has a carrier of its own, so that strangers do not wait for each other.
//! Killed by a bug only; the next one goes on.
//! The world sees then: webhooks answered 503, which come again.

mod carrier;
mod names;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Semaphore;

use frontdesk_domain::refusal::Refusal;

use crate::address::Address;
use crate::directory::Directory;
use crate::messages::{WhatsAppIngressMsg, WhatsAppMediaMsg};
use crate::metering;
use crate::ports::Store;

use carrier::Carrier;

/// How many parcels may be under way at once. One more is refused as `overloaded`.
const PARCELS_MAX: usize = 512;

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
    type State = Arc<Semaphore>;
    type Arguments = ();

    async fn pre_start(
        &self,
        _myself: ActorRef<WhatsAppIngressMsg>,
        (): (),
    ) -> Result<Arc<Semaphore>, ActorProcessingErr> {
        Ok(Arc::new(Semaphore::new(PARCELS_MAX)))
    }

    async fn handle(
        &self,
        _myself: ActorRef<WhatsAppIngressMsg>,
        message: WhatsAppIngressMsg,
        places: &mut Arc<Semaphore>,
    ) -> Result<(), ActorProcessingErr> {
        let WhatsAppIngressMsg::Admit { parcel, trace, reply } = message;
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
