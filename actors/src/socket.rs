//! A socket: one client's connection, with what it reads and what is due to it.
//!
//! Started by the sockets' supervisor after a good `hello`.
//! Owns the subscriptions of the client and its bounded outbox; knows no WebSocket.
//! Waits for the store, when its client has something to catch up with.
//! Killed by the end of the connection; a panic drops the outbox, which closes with 1011.
//! The world sees then: a client that comes back with its last `seq`.

mod frames;
mod history;
mod voice;

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::Either;
use ractor::{Actor, ActorId, ActorProcessingErr, SupervisionEvent};
use uuid::Uuid;

use frontdesk_domain::frame::server::{Limits, Me};
use frontdesk_domain::frame::{BAD_FRAMES_A_MINUTE, Close, ServerFrame};
use frontdesk_domain::ids::{ClientId, ConversationId, Seq};
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::text::TEXT_MAX_CHARS;

use crate::address::Address;
use crate::admission::Admission;
use crate::clock;
use crate::directory::Directory;
use crate::messages::{InboxMsg, SocketMsg, SocketRef, WebIngressMsg};
use crate::metering;
use crate::outbox::{Desk, Outbox};
use crate::ports::Store;
use crate::quotas::Quotas;
use crate::subscription::Subscription;

pub use voice::{Client, Voice};

/// How many conversations one agent's socket may read.
pub const SUBSCRIPTIONS_MAX: usize = 2_000;
/// How many times a client may ask for a conversation again before it was answered.
const OPENS_WAITING_MAX: usize = 32;
/// How long a socket waits before it looks at an inbox or a conversation again that failed.
const REJOIN_AFTER: Duration = Duration::from_millis(100);
/// The longest such wait, when it fails again and again.
const REJOIN_AFTER_MAX: Duration = Duration::from_secs(60);

/// What all sockets of a process share.
pub struct Surroundings {
    /// The log, for what clients have missed.
    pub store: Arc<dyn Store>,
    /// Where conversations are found.
    pub directory: Directory,
    /// How guests' frames come in.
    pub web_ingress: Address<WebIngressMsg>,
    /// Who tells the agents.
    pub inbox: Address<InboxMsg>,
    /// How fast clients may be.
    pub quotas: Arc<Quotas>,
    /// How much of all guests may be under way.
    pub admission: Admission,
    /// Names the log.
    pub epoch: Uuid,
    /// Names this process.
    pub node: String,
}

/// The actor.
pub struct Socket {
    /// Its client.
    pub client: Client,
}

impl std::ops::Deref for Socket {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// What it starts with.
pub struct SocketArgs {
    /// What is due to it.
    pub outbox: Outbox,
    /// For a guest: what it holds of its conversation.
    pub after: Option<Seq>,
}

/// What changes.
pub struct State {
    /// What is due, and what the client reads: told to by others too.
    outbox: Outbox,
    inbox: Option<ActorId>,
    bad_frames: u32,
    bad_since: Instant,
}

impl Actor for Socket {
    type Msg = SocketMsg;
    type State = State;
    type Arguments = SocketArgs;

    async fn pre_start(&self, myself: SocketRef, args: SocketArgs) -> Result<State, ActorProcessingErr> {
        let mut state = State { outbox: args.outbox, inbox: None, bad_frames: 0, bad_since: Instant::now() };
        state.tell(&self.welcome());
        match &*self.who {
            Principal::Guest { conversation, .. } => {
                state.outbox.at(|desk| desk.begin(*conversation, Subscription::joining(args.after)));
                self.join_own(&myself);
            }
            Principal::Agent { .. } => self.on_join_inbox(&myself, &mut state),
        }
        Ok(state)
    }

    // No `async fn`: what an actor may wait for is kept by it four times over while it waits for nothing. What can
    // be done at once is; the rest is boxed for as long as it takes.
    fn handle(
        &self,
        myself: SocketRef,
        message: SocketMsg,
        state: &mut State,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + Send {
        match self.at_once(&myself, message, state) {
            None => Either::Left(ready(Ok(()))),
            Some(message) => Either::Right(Box::pin(self.in_time(myself, message, state))),
        }
    }

    /// A conversation or the inbox that this socket watches has ended.
    fn handle_supervisor_evt(
        &self,
        myself: SocketRef,
        event: SupervisionEvent,
        state: &mut State,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + Send {
        match event {
            SupervisionEvent::ActorFailed(gone, _) => self.on_gone(&myself, gone.get_id(), true, state),
            // It ended by itself: another process has the conversation now, or had it.
            SupervisionEvent::ActorTerminated(gone, ..) => {
                self.on_gone(&myself, gone.get_id(), false, state);
            }
            _ => {}
        }
        ready(Ok(()))
    }
}

impl Socket {
    /// Does what needs no waiting; gives back what does.
    fn at_once(&self, myself: &SocketRef, message: SocketMsg, state: &mut State) -> Option<SocketMsg> {
        match message {
            SocketMsg::BadFrame { id, refusal } => self.on_bad_frame(id, refusal, state),
            SocketMsg::Ended => self.on_ended(myself, state),
            SocketMsg::Close(why) => state.outbox.close(why),
            SocketMsg::NotJoined { conversation, refusal } => {
                self.on_not_joined(myself, conversation, &refusal, state);
            }
            SocketMsg::Rejoin { conversation } => self.join(myself, conversation, state),
            SocketMsg::JoinInbox => self.on_join_inbox(myself, state),
            waits @ (SocketMsg::Frame { .. } | SocketMsg::Joined { .. } | SocketMsg::CatchUp { .. }) => {
                return Some(waits);
            }
        }
        None
    }

    async fn in_time(
        &self,
        myself: SocketRef,
        message: SocketMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SocketMsg::Frame { frame, permit } => self.on_frame(&myself, frame, permit, state).await,
            SocketMsg::Joined { conversation, actor, summary, head, draft, ai_typing } => {
                myself.get_cell().monitor(actor.get_cell());
                let joined = history::Joined { actor, summary, head, draft, ai_typing };
                self.on_joined(&myself, conversation, joined, state).await;
            }
            SocketMsg::CatchUp { conversation } => self.on_catch_up(&myself, conversation, state).await,
            // Done at once.
            SocketMsg::BadFrame { .. }
            | SocketMsg::Ended
            | SocketMsg::Close(_)
            | SocketMsg::NotJoined { .. }
            | SocketMsg::Rejoin { .. }
            | SocketMsg::JoinInbox => {}
        }
        Ok(())
    }

    fn on_gone(&self, myself: &SocketRef, gone: ActorId, failed: bool, state: &State) {
        if state.inbox == Some(gone) {
            myself.send_after(REJOIN_AFTER, || SocketMsg::JoinInbox);
        }
        if let Some((conversation, failures)) = state.outbox.at(|desk| joining_again(desk, gone, failed)) {
            self.around.directory.remove(conversation, gone);
            let wait = backoff(failures);
            myself.send_after(wait, move || SocketMsg::Rejoin { conversation });
        }
    }

    fn welcome(&self) -> ServerFrame {
        let (conversation, role) = match &*self.who {
            Principal::Guest { conversation, .. } => (Some(*conversation), None),
            Principal::Agent { role, .. } => (None, Some(*role)),
        };
        ServerFrame::Welcome {
            me: Me { author: self.who.author(), role },
            conversation,
            time: clock::now(),
            epoch: self.around.epoch,
            node: self.around.node.clone(),
            limits: Limits { text: u32::try_from(TEXT_MAX_CHARS).unwrap_or(u32::MAX) },
        }
    }

    fn on_join_inbox(&self, myself: &SocketRef, state: &mut State) {
        let Principal::Agent { property, agent, .. } = &*self.who else { return };
        let Some(inbox) = self.around.inbox.get() else { return };
        myself.get_cell().monitor(inbox.get_cell());
        state.inbox = Some(inbox.get_id());
        let _ = inbox.cast(InboxMsg::Join {
            id: self.id,
            delivery: state.outbox.delivery(),
            property: *property,
            agent: agent.clone(),
        });
    }

    /// A frame that is not of the contract: refused, and counted, unless nothing is limited.
    fn on_bad_frame(&self, id: Option<ClientId>, refusal: Refusal, state: &mut State) {
        if state.bad_since.elapsed() >= Duration::from_secs(60) {
            state.bad_since = Instant::now();
            state.bad_frames = 0;
        }
        state.bad_frames += 1;
        metering::refused("socket", refusal.code);
        state.tell(&ServerFrame::refused(id, refusal));
        if state.bad_frames > BAD_FRAMES_A_MINUTE && self.around.quotas.are_on() {
            state.outbox.close(Close::NotOurProtocol);
        }
    }

    fn on_ended(&self, myself: &SocketRef, state: &mut State) {
        let actors: Vec<_> =
            state.outbox.at(|desk| desk.all().filter_map(|(_, read)| read.actor.take()).collect());
        for actor in actors {
            let _ = actor.cast(crate::messages::ConversationMsg::Leave { id: self.id });
            myself.get_cell().unmonitor(actor.get_cell());
        }
        if let Some(inbox) = self.around.inbox.cell().filter(|_| state.inbox.is_some()) {
            self.around.inbox.cast(InboxMsg::Leave { id: self.id });
            myself.get_cell().unmonitor(inbox);
        }
        state.outbox.close(Close::Done);
        myself.stop(None);
    }
}

impl State {
    fn tell(&self, frame: &ServerFrame) {
        self.outbox.push(&frame.encode());
    }
}

/// A conversation that was read has ended: it is joined again from the last event told. How often it failed in a row.
fn joining_again(desk: &mut Desk, gone: ActorId, failed: bool) -> Option<(ConversationId, u32)> {
    let is_lost = |read: &Subscription| read.actor.as_ref().is_some_and(|actor| actor.get_id() == gone);
    let (conversation, read) = desk.all().find(|(_, read)| is_lost(read))?;
    let mut again = read.again();
    if !failed {
        again.failures = 0;
    }
    let failures = again.failures;
    desk.begin(conversation, again);
    Some((conversation, failures))
}

/// The wait before the `n`-th try in a row: short once, then longer and longer.
fn backoff(failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1).min(10)).unwrap_or(1);
    (REJOIN_AFTER * factor).min(REJOIN_AFTER_MAX)
}
