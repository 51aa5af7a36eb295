//! The readers of one conversation. What is told is encoded once for each kind of reader and shared.

mod far;

use bytes::Bytes;

use frontdesk_domain::event::Event;
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::people::Audience;

use crate::messages::{self, Origin, SocketId, SocketMsg, SocketRef};
use crate::outbox::{Delivery, Told};

pub use far::Far;

/// Who is told what happens in a conversation.
#[derive(Debug, Default)]
pub struct Fanout {
    readers: Vec<Reader>,
    /// Those at other processes, where there are any processes.
    far: Option<Box<Far>>,
}

#[derive(Debug)]
struct Reader {
    id: SocketId,
    socket: SocketRef,
    delivery: Delivery,
    audience: Audience,
}

impl Fanout {
    /// Nobody yet, here and at other processes.
    pub fn with_far(far: Option<Far>) -> Self {
        Self { readers: Vec::new(), far: far.map(Box::new) }
    }

    /// Those at other processes.
    pub fn far(&mut self) -> Option<&mut Far> {
        self.far.as_deref_mut()
    }

    /// Has every reader here look into the store: something was stored of which they were not told.
    pub fn catch_up(&mut self, conversation: ConversationId) {
        self.readers.retain(|reader| {
            if reader.delivery.is_closed() {
                return false;
            }
            reader.delivery.fall_behind(conversation);
            reader.socket.cast(SocketMsg::CatchUp { conversation }).is_ok()
        });
    }

    /// Adds a reader, once.
    pub fn join(&mut self, conversation: ConversationId, reader: &messages::Reader) {
        self.leave(reader.id);
        reader.delivery.join(conversation);
        self.readers.push(Reader {
            id: reader.id,
            socket: reader.socket.clone(),
            delivery: reader.delivery.clone(),
            audience: reader.who.audience(),
        });
    }

    /// Takes a reader away.
    pub fn leave(&mut self, id: SocketId) {
        self.readers.retain(|reader| reader.id != id);
        if self.readers.is_empty() {
            self.readers = Vec::new();
        }
    }

    /// True if nobody reads, here or elsewhere.
    pub fn is_empty(&mut self) -> bool {
        self.readers.is_empty() && self.far.as_mut().is_none_or(|far| far.is_empty())
    }

    /// Tells a stored event to all who may see it.
    pub fn tell(&mut self, event: &Event) {
        if let Some(far) = &self.far {
            far.tell(event);
        }
        let mut encoded = Encoded::default();
        self.readers.retain(|reader| {
            let Some(frame) = encoded.for_audience(reader.audience, event) else { return true };
            let prev = event.prev(reader.audience);
            match reader.delivery.event(event.conversation, event.seq, prev, frame) {
                Told::Done => true,
                Told::Hole => {
                    let conversation = event.conversation;
                    reader.socket.cast(SocketMsg::CatchUp { conversation }).is_ok()
                }
                // A socket that is gone has said its last; its actor's end needs no other notice.
                Told::Gone => false,
            }
        });
    }

    /// Tells something passing to all but `except`. `head` says what each kind of reader has seen when
    /// it is true: a reader who has seen more drops it.
    pub fn notice(
        &mut self,
        conversation: ConversationId,
        frame: &ServerFrame,
        head: impl Fn(Audience) -> Seq,
        except: Option<Origin>,
    ) {
        let heads = [head(Audience::Guest), head(Audience::Agents)];
        if let Some(far) = &self.far {
            far.notice(conversation, frame, heads, except);
        }
        if self.readers.is_empty() {
            return;
        }
        let except = except.filter(|origin| origin.node.is_none()).map(|origin| origin.socket);
        let frame = Bytes::from(frame.encode());
        self.readers.retain(|reader| {
            let head = match reader.audience {
                Audience::Guest => heads[0],
                Audience::Agents => heads[1],
            };
            Some(reader.id) == except || reader.delivery.notice(conversation, head, &frame) != Told::Gone
        });
    }
}

/// One event, encoded for whoever needs it.
#[derive(Default)]
struct Encoded {
    guest: Option<Option<Bytes>>,
    agents: Option<Option<Bytes>>,
}

impl Encoded {
    fn for_audience(&mut self, audience: Audience, event: &Event) -> Option<&Bytes> {
        let place = match audience {
            Audience::Guest => &mut self.guest,
            Audience::Agents => &mut self.agents,
        };
        place
            .get_or_insert_with(|| {
                event.view(audience).map(|view| Bytes::from(ServerFrame::Event(view).encode()))
            })
            .as_ref()
    }
}
