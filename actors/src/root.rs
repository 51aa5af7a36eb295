//! The root supervisor: starts the tree, and starts anew what fails of it.
//!
//! Started by the hub.
//! Owns the actors below it; each is found through its address, whichever one it is by now.
//! Waits for their starts only.
//! Killed by nothing but the end of the process.
//! The world sees then: its end.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use frontdesk_domain::scrub::scrub;

use crate::address::Address;
use crate::ai_pool::AiPool;
use crate::conversations::Conversations;
use crate::inbox::Inbox;
use crate::messages::{
    AiPoolMsg, ConversationsMsg, InboxMsg, PulseMsg, SocketsMsg, WebIngressMsg, WhatsAppIngressMsg,
    WhatsAppMediaMsg, WhatsAppOutboxMsg,
};
use crate::ports::Lead;
use crate::pulse::Pulse;
use crate::sockets::Sockets;
use crate::web_ingress::WebIngress;
use crate::whatsapp_ingress::WhatsAppIngress;
use crate::whatsapp_media::{MediaPlan, WhatsAppMedia};
use crate::whatsapp_outbox::{OutboxPlan, WhatsAppOutbox};
use crate::{conversation, socket};

/// The pause before an actor that failed is started anew.
const RESTART_AFTER: Duration = Duration::from_millis(200);

/// Where the actors of the tree are to be found.
#[derive(Clone, Default)]
pub struct Addresses {
    /// The conversations' supervisor.
    pub conversations: Address<ConversationsMsg>,
    /// The sockets' supervisor.
    pub sockets: Address<SocketsMsg>,
    /// The inbox.
    pub inbox: Address<InboxMsg>,
    /// The web channel's ingress.
    pub web_ingress: Address<WebIngressMsg>,
    /// The AI pool.
    pub ai_pool: Address<AiPoolMsg>,
    /// What looks into the database, where there are several processes.
    pub pulse: Address<PulseMsg>,
    /// The WhatsApp channel's ingress.
    pub whatsapp_ingress: Address<WhatsAppIngressMsg>,
    /// Who fetches guests' files.
    pub whatsapp_media: Address<WhatsAppMediaMsg>,
    /// The WhatsApp channel's outbox.
    pub whatsapp_outbox: Address<WhatsAppOutboxMsg>,
}

/// What the actors below are made from.
pub struct Plan {
    /// Where they are to be found.
    pub addresses: Addresses,
    /// What conversations work with.
    pub conversations: Arc<conversation::Surroundings>,
    /// What sockets work with.
    pub sockets: Arc<socket::Surroundings>,
    /// Makes the pool.
    pub ai_pool: Box<dyn Fn() -> AiPool + Send + Sync>,
    /// Where guests' files come from and go, if there is a channel that brings any.
    pub media: Option<MediaPlan>,
    /// How messages go out over WhatsApp, if they do.
    pub outbox: Option<OutboxPlan>,
    /// What only one process does.
    pub lead: Lead,
}

/// One of the actors below the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// The conversations' supervisor.
    Conversations,
    /// The sockets' supervisor.
    Sockets,
    /// The inbox.
    Inbox,
    /// The web channel's ingress.
    WebIngress,
    /// The AI pool.
    AiPool,
    /// Who fetches guests' files.
    WhatsAppMedia,
    /// The WhatsApp channel's ingress.
    WhatsAppIngress,
    /// The WhatsApp channel's outbox, where there is such a channel.
    WhatsAppOutbox,
    /// What looks into the database, where there are several processes.
    Pulse,
}

impl Child {
    /// In the order of their start: whoever is spoken to stands before whoever speaks.
    const ALL: [Self; 9] = [
        Self::Inbox,
        Self::Pulse,
        Self::AiPool,
        Self::WhatsAppOutbox,
        Self::Conversations,
        Self::WhatsAppMedia,
        Self::WhatsAppIngress,
        Self::WebIngress,
        Self::Sockets,
    ];

    /// The name in metrics.
    fn name(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::Sockets => "sockets",
            Self::Inbox => "inbox",
            Self::WebIngress => "web_ingress",
            Self::AiPool => "ai_pool",
            Self::WhatsAppMedia => "whatsapp_media",
            Self::WhatsAppIngress => "whatsapp_ingress",
            Self::WhatsAppOutbox => "whatsapp_outbox",
            Self::Pulse => "pulse",
        }
    }
}

/// The actor.
pub struct Root {
    /// What it starts.
    pub plan: Plan,
}

/// To the root: start this one (again).
#[derive(Debug)]
pub struct Start(Child);

impl Actor for Root {
    type Msg = Start;
    type State = Vec<(ActorCell, Child)>;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Start>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        let mut children = Vec::new();
        let wanted = |child: &Child| match child {
            Child::WhatsAppOutbox => self.plan.outbox.is_some(),
            Child::Pulse => self.plan.conversations.cluster.is_some(),
            _ => true,
        };
        for child in Child::ALL.into_iter().filter(wanted) {
            children.push((self.start(child, myself.get_cell()).await?, child));
        }
        Ok(children)
    }

    async fn handle(
        &self,
        myself: ActorRef<Start>,
        Start(child): Start,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match self.start(child, myself.get_cell()).await {
            Ok(cell) => state.push((cell, child)),
            Err(error) => {
                tracing::error!(?child, %error, "an actor could not be started");
                myself.send_after(RESTART_AFTER, move || Start(child));
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Start>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let gone = match event {
            SupervisionEvent::ActorFailed(gone, error) => {
                let error = scrub(&error.to_string());
                tracing::error!(error, "an actor failed and is started anew");
                gone
            }
            SupervisionEvent::ActorTerminated(gone, ..) => gone,
            _ => return Ok(()),
        };
        if let Some(at) = state.iter().position(|(cell, _)| cell.get_id() == gone.get_id()) {
            let (_, child) = state.swap_remove(at);
            metrics::counter!("frontdesk_restarts_total", "actor" => child.name()).increment(1);
            myself.send_after(RESTART_AFTER, move || Start(child));
        }
        Ok(())
    }
}

impl Root {
    async fn start(&self, child: Child, root: ActorCell) -> Result<ActorCell, ActorProcessingErr> {
        let plan = &self.plan;
        let at = &plan.addresses;
        match child {
            Child::Inbox => {
                let cluster = plan.conversations.cluster.clone();
                spawn(Inbox { cluster }, &at.inbox, root).await
            }
            Child::Pulse => {
                let cluster = plan.conversations.cluster.clone().ok_or("there are no other processes")?;
                let (directory, inbox) = (plan.conversations.directory.clone(), at.inbox.clone());
                spawn(Pulse { cluster, directory, inbox }, &at.pulse, root).await
            }
            Child::AiPool => spawn((plan.ai_pool)(), &at.ai_pool, root).await,
            Child::Conversations => {
                let around = Arc::clone(&plan.conversations);
                let lead = plan.lead.clone();
                spawn(Conversations { around, lead }, &at.conversations, root).await
            }
            Child::WebIngress => {
                let directory = plan.sockets.directory.clone();
                let quotas = Arc::clone(&plan.sockets.quotas);
                spawn(WebIngress { directory, quotas }, &at.web_ingress, root).await
            }
            Child::WhatsAppMedia => {
                let media = WhatsAppMedia {
                    store: Arc::clone(&plan.conversations.store),
                    directory: plan.conversations.directory.clone(),
                    lead: plan.lead.clone(),
                    plan: plan.media.clone(),
                };
                spawn(media, &at.whatsapp_media, root).await
            }
            Child::WhatsAppOutbox => {
                let plan_of_it = plan.outbox.clone().ok_or("there is no WhatsApp channel")?;
                let directory = plan.conversations.directory.clone();
                let (inbox, poison) = (at.inbox.clone(), Arc::clone(&plan.conversations.poison));
                let (lead, cluster) = (plan.lead.clone(), plan.conversations.cluster.clone());
                let outbox = WhatsAppOutbox { plan: plan_of_it, directory, inbox, poison, lead, cluster };
                spawn(outbox, &at.whatsapp_outbox, root).await
            }
            Child::WhatsAppIngress => {
                let ingress = WhatsAppIngress {
                    store: Arc::clone(&plan.conversations.store),
                    directory: plan.conversations.directory.clone(),
                    media: at.whatsapp_media.clone(),
                };
                spawn(ingress, &at.whatsapp_ingress, root).await
            }
            Child::Sockets => spawn(Sockets { around: Arc::clone(&plan.sockets) }, &at.sockets, root).await,
        }
    }
}

/// Starts an actor below the root and makes it known.
async fn spawn<A>(
    actor: A,
    address: &Address<A::Msg>,
    root: ActorCell,
) -> Result<ActorCell, ActorProcessingErr>
where
    A: Actor<Arguments = ()>,
{
    let (actor, _) = Actor::spawn_linked(None, actor, (), root).await?;
    let cell = actor.get_cell();
    address.set(actor);
    Ok(cell)
}
