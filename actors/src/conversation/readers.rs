//! A conversation's readers: who joins, what they are told in passing, how far they have read, and when
//! nobody is left.

use std::time::Duration;

use frontdesk_domain::conversation::{Conversation as Rules, Effect};
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::Seq;
use frontdesk_domain::people::{Audience, AuthorKind, Principal};
use frontdesk_domain::refusal::Refusal;

use crate::clock;
use crate::messages::{ConversationMsg, ConversationRef, Origin, Reader, SocketMsg};

use super::commit::empty_commit;
use super::{Conversation, RETIRE_AFTER, State, come_back};

/// How long after its last command a conversation without readers stays in memory.
const IDLE_AFTER: Duration = Duration::from_secs(60);

impl Conversation {
    pub(super) fn on_join(&self, myself: &ConversationRef, reader: &Reader, state: &mut State) {
        let muted = state.muted;
        let Some(rules) = self.admit(reader, state) else { return };
        let audience = reader.who.audience();
        let speaking = rules.turn().filter(|turn| !turn.shown.is_empty() && !muted);
        let joined = SocketMsg::Joined {
            conversation: self.id,
            actor: myself.clone(),
            summary: Box::new(rules.summary().seen_by(audience)),
            head: rules.head(audience),
            draft: speaking.map(|turn| (turn.id, turn.shown.clone())),
            ai_typing: rules.turn().is_some(),
        };
        state.readers.join(self.id, reader);
        let _ = reader.socket.cast(joined);
    }

    pub(super) fn on_typing(
        &self,
        myself: &ConversationRef,
        who: &Principal,
        from: Origin,
        on: bool,
        state: &mut State,
    ) {
        let Ok(rules) = &mut state.rules else { return };
        if who.audience() == Audience::Guest
            && let Some(Effect::QuietAt(turn, due)) = rules.note_typing(on, clock::now())
        {
            come_back(myself, turn, due);
        }
        let frame = ServerFrame::Typing { conversation: self.id, by: who.author(), on };
        state.readers.notice(self.id, &frame, |audience| rules.head(audience), Some(from));
    }

    pub(super) async fn on_read(&self, who: &Principal, from: Origin, seq: Seq, state: &mut State) {
        let Ok(rules) = &mut state.rules else { return };
        let by = who.author();
        let unread = rules.summary().unread;
        if !rules.mark_read(by.kind, seq) {
            return;
        }
        state.marks_unsaved = true;
        let seq = rules.read_by(by.kind);
        let by_agent = by.kind == AuthorKind::Agent;
        let counted = by.kind == AuthorKind::Agent && rules.summary().unread != unread;
        let frame = ServerFrame::Read { conversation: self.id, by, seq };
        state.readers.notice(self.id, &frame, |audience| rules.head(audience), Some(from));
        if by_agent {
            self.seen(rules.snapshot(), seq, false);
        }
        if counted {
            // The list is read from the store: agents must find there what they see live.
            self.tell_inbox(rules);
            self.save_marks(state).await;
        }
    }

    /// The conversation, for one who may know of it; anybody else is told that there is none.
    pub(super) fn admit<'a>(&self, reader: &Reader, state: &'a State) -> Option<&'a Rules> {
        let refusal = match &state.rules {
            Ok(rules) if rules.admits(&reader.who) => return Some(rules),
            Ok(_) => Refusal::not_found(),
            Err(refusal) => refusal.clone(),
        };
        let _ = reader.socket.cast(SocketMsg::NotJoined { conversation: self.id, refusal });
        None
    }

    pub(super) async fn on_check_idle(&self, myself: &ConversationRef, state: &mut State) {
        let busy = state
            .rules
            .as_ref()
            .is_ok_and(|rules| rules.turn().is_some() || rules.snapshot().alarm.is_some())
            || !state.waiting.is_empty();
        if state.retiring || busy || !state.readers.is_empty() || state.active_at.elapsed() < IDLE_AFTER {
            return self.save_marks(state).await;
        }
        // First nobody can find it any more, then it takes what was on its way, then it stops.
        state.retiring = true;
        self.around.directory.remove(self.id, myself.get_id());
        myself.send_after(RETIRE_AFTER, || ConversationMsg::Retire);
    }

    /// Stores read marks that no commit has taken along. They are no events: lost in a crash, a message
    /// is shown as unread once more.
    pub(super) async fn save_marks(&self, state: &mut State) {
        let Ok(rules) = &state.rules else { return };
        if !std::mem::take(&mut state.marks_unsaved) {
            return;
        }
        let commit = empty_commit(rules.snapshot().clone());
        if self.around.store.append(commit).await.is_err() {
            state.marks_unsaved = true;
        }
    }
}
