//! How a client is told what it has missed, from the store, without hole or repeat.

use std::time::Duration;

use frontdesk_domain::event::Event;
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ConversationId, Seq, TurnId};
use frontdesk_domain::people::{Audience, Author, Principal};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::summary::Summary;

use crate::messages::{ConversationMsg, ConversationRef, SocketMsg, SocketRef, WebIngressMsg};
use crate::outbox::{Desk, OUTBOX_MAX_BYTES};
use crate::ports::Span;
use crate::subscription::{Place, Subscription};

use super::{Socket, State, backoff};

/// How many events a client without `after` is told.
const NEWEST: u32 = 50;
/// How many missed events are told at once.
const PAGE: u32 = 200;
/// How many bytes of history are told at once: with what else is due they must find room, or who missed long texts
/// could never come back.
const PAGE_MAX_BYTES: usize = OUTBOX_MAX_BYTES / 2;
/// So many events are no more than that, however long they are: a text has 4,096 characters of four bytes.
const SURELY_FIT: usize = 24;
/// How long to wait for a client that reads its history more slowly than it is sent.
const ROOM_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// What a conversation answers to a join.
pub(super) struct Joined {
    pub actor: ConversationRef,
    pub summary: Box<Summary>,
    pub head: Seq,
    pub draft: Option<(TurnId, String)>,
    pub ai_typing: bool,
}

impl Socket {
    /// Asks a conversation to be told.
    pub(super) fn join(&self, myself: &SocketRef, conversation: ConversationId, state: &State) {
        if state.outbox.at(|desk| desk.read(conversation).is_none()) {
            return;
        }
        if matches!(*self.who, Principal::Guest { .. }) {
            return self.join_own(myself);
        }
        match self.around.directory.find_or_open(conversation) {
            Ok(actor) => {
                let _ = actor.cast(ConversationMsg::Join(self.reader(myself)));
            }
            Err(refusal) => self.on_not_joined(myself, conversation, &refusal, state),
        }
    }

    /// A guest's conversation is found or opened by the ingress of its channel.
    pub(super) fn join_own(&self, myself: &SocketRef) {
        self.around.web_ingress.cast(WebIngressMsg::Join(self.reader(myself)));
    }

    pub(super) fn on_not_joined(
        &self,
        myself: &SocketRef,
        conversation: ConversationId,
        refusal: &Refusal,
        state: &State,
    ) {
        if refusal.code == Code::NotFound {
            let read = state.outbox.at(|desk| desk.end(conversation));
            let asked = read.map_or(0, |read| read.asked_again.len());
            for _ in 0..=asked {
                state.tell(&ServerFrame::refused_in(conversation, refusal.clone()));
            }
            return;
        }
        // It will be there again: the client need not do anything.
        if let Some(failures) = state.outbox.at(|desk| failed(desk, conversation)) {
            myself.send_after(backoff(failures), move || SocketMsg::Rejoin { conversation });
        }
    }

    /// The conversation tells this socket from now on; what came before is in the store.
    pub(super) async fn on_joined(
        &self,
        myself: &SocketRef,
        conversation: ConversationId,
        joined: Joined,
        state: &State,
    ) {
        let audience = self.who.audience();
        let place = state.outbox.at(|desk| {
            let read = desk.read(conversation)?;
            if matches!(read.place, Place::Joining { .. }) {
                read.actor = Some(joined.actor.clone());
            }
            Some(read.place)
        });
        let after = match place {
            None => {
                // Left in the meantime.
                let _ = joined.actor.cast(ConversationMsg::Leave { id: self.id });
                return;
            }
            Some(Place::Joining { after }) => after,
            Some(_) => return,
        };
        let span = match after {
            Some(after) if after >= joined.head => None,
            Some(after) => Some(Span::After { after, limit: PAGE + 1 }),
            None if joined.head == 0 => None,
            None => Some(Span::Newest { before: Some(joined.head + 1), limit: NEWEST + 1 }),
        };
        let mut events = match span {
            None => Vec::new(),
            Some(span) => match self.around.store.events(conversation, audience, span).await {
                Ok(events) => events,
                Err(_) => return self.on_not_joined(myself, conversation, &Refusal::unavailable(), state),
            },
        };
        // What is stored beyond `head` is told live. Told from here, it would make words of the AI that are on
        // their way look outdated, and the draft would have a hole.
        events.retain(|event| event.seq <= joined.head);
        let more = trim(&mut events, after.is_some(), audience);
        let last = events.last().map_or(joined.head, |event| event.seq);
        let behind = more && after.is_some();
        let place = if behind { Place::Behind { last } } else { Place::Live { last } };
        let events = events.iter().filter_map(|event| event.view(audience)).collect();
        let mut frames = vec![ServerFrame::Opened { conversation: *joined.summary, events, more }];
        if joined.ai_typing {
            frames.push(ServerFrame::Typing { conversation, by: Author::ai(), on: true });
        }
        if let Some((turn, text)) = joined.draft {
            frames.push(ServerFrame::Draft { conversation, turn, text });
        }
        if tell_up_to(state, conversation, place, &frames) || behind {
            let _ = myself.cast(SocketMsg::CatchUp { conversation });
        }
        let again = state.outbox.at(|desk| {
            let read = desk.read(conversation)?;
            read.place = Place::Joining { after: read.asked_again.pop_front()? };
            Some(())
        });
        if again.is_some() {
            self.join(myself, conversation, state);
        }
    }

    /// Tells the next page of what was missed; when that was the last, live events follow.
    pub(super) async fn on_catch_up(&self, myself: &SocketRef, conversation: ConversationId, state: &State) {
        let audience = self.who.audience();
        if state.outbox.is_closed() {
            return;
        }
        let again = move || SocketMsg::CatchUp { conversation };
        if !state.outbox.has_room() {
            myself.send_after(ROOM_AGAIN_AFTER, again);
            return;
        }
        let last = state.outbox.at(|desk| match desk.read(conversation)? {
            read @ Subscription { place: Place::Behind { .. }, .. } => {
                read.reading = true;
                read.last()
            }
            _ => None,
        });
        let Some(last) = last else { return };
        let span = Span::After { after: last, limit: PAGE };
        let Ok(mut events) = self.around.store.events(conversation, audience, span).await else {
            if let Some(failures) = state.outbox.at(|desk| failed(desk, conversation)) {
                myself.send_after(backoff(failures), again);
            }
            return;
        };
        let fit = fitting(events.iter(), audience);
        let done = events.len() < PAGE as usize && fit == events.len();
        events.truncate(fit);
        let last = events.last().map_or(last, |event| event.seq);
        let place = if done { Place::Live { last } } else { Place::Behind { last } };
        let frames: Vec<_> =
            events.iter().filter_map(|event| event.view(audience)).map(ServerFrame::Event).collect();
        if tell_up_to(state, conversation, place, &frames) || !done {
            let _ = myself.cast(again());
        }
    }
}

/// Tells what was read from the store, then what came meanwhile. True if there is more to be read.
fn tell_up_to(state: &State, conversation: ConversationId, place: Place, frames: &[ServerFrame]) -> bool {
    // Written before the lock is taken: conversations wait for it.
    let frames: Vec<Vec<u8>> = frames.iter().map(ServerFrame::encode).collect();
    state.outbox.at(|desk| {
        frames.iter().for_each(|frame| desk.push(frame));
        desk.settle(conversation, place)
    })
}

/// The store or the conversation failed once more: how often in a row.
fn failed(desk: &mut Desk, conversation: ConversationId) -> Option<u32> {
    desk.give_up(conversation);
    let read = desk.read(conversation)?;
    read.failures += 1;
    Some(read.failures)
}

/// How many of these are told at once: what finds room, and at least one.
fn fitting<'a>(events: impl ExactSizeIterator<Item = &'a Event>, audience: Audience) -> usize {
    let all = events.len();
    if all <= SURELY_FIT {
        return all;
    }
    let mut bytes = 0;
    let fits = |event: &&Event| {
        bytes += event.view(audience).map_or(0, |view| ServerFrame::Event(view).encode().len());
        bytes <= PAGE_MAX_BYTES
    };
    events.take_while(fits).count().max(1)
}

/// Cuts what was read to see if there is more, and what is too much at once: at the far end of a page, at the near
/// end of the newest.
fn trim(events: &mut Vec<Event>, forward: bool, audience: Audience) -> bool {
    let most = if forward { PAGE } else { NEWEST } as usize;
    let fit = if forward { fitting(events.iter(), audience) } else { fitting(events.iter().rev(), audience) };
    let most = most.min(fit);
    let more = events.len() > most;
    if more && forward {
        events.truncate(most);
    } else if more {
        events.drain(..events.len() - most);
    }
    more
}
