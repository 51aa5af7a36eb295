//! The readers of one conversation. What is told is encoded once for each kind of reader and shared.

use bytes::Bytes;

use frontdesk_domain::event::Event;
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::people::Audience;

use crate::messages::{self, SocketId, SocketMsg, SocketRef};
use crate::outbox::{Delivery, Told};

/// Who is told what happens in a conversation.
#[derive(Debug, Default)]
pub struct Fanout {
    readers: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    id: SocketId,
    socket: SocketRef,
    delivery: Delivery,
    audience: Audience,
}

impl Fanout {
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

    /// True if nobody reads.
    pub fn is_empty(&self) -> bool {
        self.readers.is_empty()
    }

    /// Tells a stored event to all who may see it.
    pub fn tell(&mut self, event: &Event) {
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
        except: Option<SocketId>,
    ) {
        if self.readers.is_empty() {
            return;
        }
        let frame = Bytes::from(frame.encode());
        let heads = [head(Audience::Guest), head(Audience::Agents)];
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
