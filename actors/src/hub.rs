//! The one way in: what HTTP and the socket pumps may ask of the actors.

mod others;
mod start;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{ActorRef, RpcReplyPort};

use frontdesk_domain::conversation::{Ack, Command};
use frontdesk_domain::frame::Action;
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};
use frontdesk_domain::inbound::Parcel;
use frontdesk_domain::people::{Author, Principal};
use frontdesk_domain::pool::Class;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::Refusal;

use crate::admission::Admission;
use crate::cluster::Cluster;
use crate::directory::Directory;
use crate::messages::{
    AiPoolMsg, Busy, ConversationMsg, ConversationsMsg, DeliveryReport, Lease, Reply, SessionKey, SocketsMsg,
    WhatsAppIngressMsg, WhatsAppOutboxMsg,
};
use crate::outbox::Outbox;
use crate::ports::Store;
use crate::post::Post;
use crate::quotas::Quotas;
use crate::root::{Addresses, Start};
use crate::socket::Voice;
use crate::trace::Trace;

pub use start::Foundation;

/// How long a caller waits for a conversation. Longer than any commit that is going to succeed.
const CALL_WITHIN: Duration = Duration::from_secs(10);

/// How long a caller waits for a conversation to be erased: each of its events is written anew.
const ERASE_WITHIN: Duration = Duration::from_secs(120);

/// The actors, from outside.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    at: Addresses,
    directory: Directory,
    store: Arc<dyn Store>,
    quotas: Arc<Quotas>,
    admission: Admission,
    draining: AtomicBool,
    root: ActorRef<Start>,
    cluster: Option<Arc<Cluster>>,
    post: Post,
}

impl Hub {
    /// Starts the socket of a client that said a good `hello`. It says `welcome` itself.
    ///
    /// # Errors
    /// `unavailable` while the tree is going down.
    pub async fn attach(
        &self,
        who: Principal,
        session: SessionKey,
        outbox: Outbox,
        after: Option<Seq>,
    ) -> Result<Voice, Refusal> {
        let sockets = self.shared.at.sockets.get().ok_or_else(Refusal::unavailable)?;
        let ask = |reply| SocketsMsg::Attach { who, session, outbox, after, reply };
        match sockets.call(ask, Some(CALL_WITHIN)).await {
            Ok(CallResult::Success(result)) => result,
            _ => Err(Refusal::unavailable()),
        }
    }

    /// Has a conversation decide on a command, and waits for the answer. Whether this principal may do
    /// it at all is the caller's to check; whether the conversation is there for it is checked here.
    ///
    /// # Errors
    /// The rules' refusal; `not_found` for a conversation that is not there or not the principal's;
    /// `unavailable` if no answer comes.
    pub async fn perform(
        &self,
        who: &Principal,
        conversation: ConversationId,
        command: Command,
    ) -> Result<Ack, Refusal> {
        if self.is_draining() {
            return Err(Refusal::unavailable());
        }
        self.check_quota(who)?;
        // Held until it is answered.
        let _place =
            matches!(who, Principal::Guest { .. }).then(|| self.shared.admission.admit()).transpose()?;
        let command = self.resolve(who, command).await?;
        let actor = self.shared.directory.find_or_open(conversation)?;
        let who = Some(Arc::new(who.clone()));
        let trace = Trace::current();
        let ask = |port: RpcReplyPort<_>| ConversationMsg::Perform {
            who,
            command: Box::new(command),
            reply: Reply::to_caller(port).below(trace),
        };
        match actor.call(ask, Some(CALL_WITHIN)).await {
            Ok(CallResult::Success(result)) => result,
            _ => Err(Refusal::unavailable()),
        }
    }

    /// How many messages of guests are under way, and how many may be.
    pub fn guest_messages(&self) -> (usize, usize) {
        self.shared.admission.fill()
    }

    /// Has what came over WhatsApp from one person stored. Returns when all of it is on disk, or was before.
    ///
    /// # Errors
    /// `unavailable` or `overloaded` if it is not: it is to be sent again.
    pub async fn admit(&self, parcel: Parcel) -> Result<(), Refusal> {
        if self.is_draining() {
            return Err(Refusal::unavailable());
        }
        let ingress = self.shared.at.whatsapp_ingress.get().ok_or_else(Refusal::unavailable)?;
        let trace = Trace::current();
        let ask = |reply| WhatsAppIngressMsg::Admit { parcel: Box::new(parcel), trace, reply };
        match ingress.call(ask, Some(CALL_WITHIN)).await {
            Ok(CallResult::Success(result)) => result,
            _ => Err(Refusal::unavailable()),
        }
    }

    /// Has what WhatsApp reports of a message stored. Without an outbox there is nothing that it could be
    /// about.
    ///
    /// # Errors
    /// `unavailable` or `overloaded` if it is not on disk: it is to be sent again.
    pub async fn report(&self, report: DeliveryReport) -> Result<(), Refusal> {
        let Some(outbox) = self.shared.at.whatsapp_outbox.get() else { return Ok(()) };
        let ask = |reply| WhatsAppOutboxMsg::Status { report: Box::new(report), reply };
        match outbox.call(ask, Some(CALL_WITHIN)).await {
            Ok(CallResult::Success(result)) => result,
            _ => Err(Refusal::unavailable()),
        }
    }

    /// Has a conversation decide on what one of our own parts tells it, and waits until that is on disk.
    ///
    /// # Errors
    /// The rules' refusal; `unavailable` if no answer comes.
    pub async fn note(&self, conversation: ConversationId, command: Command) -> Result<Ack, Refusal> {
        if self.is_draining() {
            return Err(Refusal::unavailable());
        }
        let actor = self.shared.directory.find_or_open(conversation)?;
        let ask = |port: RpcReplyPort<_>| ConversationMsg::Perform {
            who: None,
            command: Box::new(command),
            reply: Reply::to_caller(port),
        };
        match actor.call(ask, Some(CALL_WITHIN)).await {
            Ok(CallResult::Success(result)) => result,
            _ => Err(Refusal::unavailable()),
        }
    }

    /// Erases what anybody said in a conversation: readers are told, and the store forgets. Returns when it is
    /// gone from there; may be asked again.
    ///
    /// # Errors
    /// `not_found`; `unavailable` if it is not, or not wholly, gone.
    pub async fn erase(&self, conversation: ConversationId, by: Author) -> Result<(), Refusal> {
        let actor = self.shared.directory.find_or_open(conversation)?;
        match actor.call(|reply| ConversationMsg::Erase { by, reply }, Some(ERASE_WITHIN)).await {
            Ok(CallResult::Success(result)) => result,
            _ => Err(Refusal::unavailable()),
        }
    }

    fn check_quota(&self, who: &Principal) -> Result<(), Refusal> {
        match who {
            Principal::Guest { id, .. } => self.shared.quotas.check(Quota::MessagePerGuest, id),
            Principal::Agent { agent, .. } => self.shared.quotas.check(Quota::CommandPerAgent, &agent.id),
        }
    }

    /// Looks up the agent to whom a conversation is to be assigned.
    async fn resolve(&self, who: &Principal, command: Command) -> Result<Command, Refusal> {
        let Command::Act(mut act) = command else { return Ok(command) };
        if let Action::Assign { agent: Some(agent) } = act.action {
            let found = self.shared.store.assignable(who.property(), agent).await;
            act.assignee = found.map_err(|_| Refusal::unavailable())?;
        }
        Ok(Command::Act(act))
    }

    /// Waits for a place among the calls of the model, behind the guests who wait; at most `within`. `tokens`:
    /// what is to be sent, roughly. The call carries the lease's id as its turn.
    ///
    /// # Errors
    /// There was none in time, or there is no model.
    pub async fn lease(
        &self,
        property: PropertyId,
        conversation: ConversationId,
        class: Class,
        tokens: u64,
        within: Duration,
    ) -> Result<Lease, Busy> {
        let pool = self.shared.at.ai_pool.get().ok_or(Busy)?;
        let id = crate::clock::fresh_turn();
        let ask = |reply| AiPoolMsg::Lease { id, conversation, property, class, tokens, within, reply };
        match pool.call(ask, Some(within + Duration::from_secs(1))).await {
            Ok(CallResult::Success(lease)) => lease,
            _ => Err(Busy),
        }
    }

    /// True once the server is going away.
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Acquire)
    }

    /// Closes all sockets with 1001, then lets every conversation finish what it was asked. Returns when
    /// that is done, or after `within`.
    pub async fn drain(&self, within: Duration) {
        self.shared.draining.store(true, Ordering::Release);
        if let Some(sockets) = self.shared.at.sockets.get() {
            let _ = sockets.call(SocketsMsg::Drain, Some(within / 2)).await;
        }
        if let Some(conversations) = self.shared.at.conversations.get() {
            let _ = conversations.call(ConversationsMsg::Drain, Some(within / 2)).await;
        }
        self.shared.root.stop(None);
    }
}
