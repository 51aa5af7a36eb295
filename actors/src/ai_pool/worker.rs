//! One attempt at a turn, by one model. What comes of it is told to the pool, which decides on the next.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use frontdesk_domain::conversation::{TurnEnd, TurnNews, script};
use frontdesk_domain::people::Audience;

use crate::messages::{AiPoolMsg, AiPoolRef, Attempt, ConversationMsg, ConversationRef, TurnRequest};
use crate::ports::{Line, Model, ModelError, Piece, Prompt, Span, Store};
use crate::trace::Trace;

/// How many of the newest events a model is shown.
const CONTEXT_EVENTS: u32 = 60;
/// And how much of what was said, in characters: a thousand turns may wait with their prompts.
const CONTEXT_CHARS: usize = 24_000;

/// What a worker needs for its one attempt.
pub(super) struct Worker {
    pub model: Arc<dyn Model>,
    /// Told of the first word; the embedded answerer's is of no interest.
    pub pool: Option<AiPoolRef>,
    pub reply: ConversationRef,
    pub prompt: Prompt,
    /// Until when the first word must come.
    pub first_word_by: Instant,
    /// How long the whole may take.
    pub whole: Duration,
    /// Where it belongs.
    pub trace: Trace,
}

impl Worker {
    /// Passes the words on. An end is reported here; a failure after the first word too, for nobody else can
    /// finish the sentence. A failure before it is the pool's to mend.
    pub(super) async fn run(self) -> Attempt {
        let turn = self.prompt.turn;
        let end_by = Instant::now() + self.whole;
        let mut next_by = self.first_word_by;
        let mut spoke = 0;
        let mut pieces = self.model.answer(self.prompt.clone());
        let error = loop {
            match timeout_at(next_by, pieces.next()).await {
                Ok(Some(Ok(Piece::Text(text)))) => {
                    if spoke == 0 {
                        next_by = end_by;
                        if let Some(pool) = &self.pool {
                            let _ = pool.cast(AiPoolMsg::FirstWord { turn });
                        }
                    }
                    spoke += text.chars().count();
                    self.report(TurnNews::Delta(text));
                }
                Ok(Some(Ok(Piece::End(end)))) => {
                    self.report(TurnNews::Ended(end));
                    return Attempt::Done { chars: spoke };
                }
                Ok(Some(Err(error))) => break error,
                Ok(None) => break ModelError::Interrupted,
                Err(_) => break ModelError::TimedOut,
            }
        };
        // The stream goes, and its connection with it, before anybody is told.
        drop(pieces);
        if spoke == 0 {
            return Attempt::Untouched(error);
        }
        self.report(TurnNews::Ended(TurnEnd::Failed { reason: error.to_string() }));
        Attempt::Broken { error, chars: spoke }
    }

    fn report(&self, news: TurnNews) {
        // A conversation that is gone takes up its open turn when it comes back.
        let _ = self.reply.cast(ConversationMsg::TurnNews { turn: self.prompt.turn, news });
    }
}

/// What the guest has seen of the conversation: no notes, nobody else's words.
pub(super) async fn prompt(store: &dyn Store, request: &TurnRequest) -> Option<Prompt> {
    let span = Span::Newest { before: None, limit: CONTEXT_EVENTS };
    let events = store.events(request.conversation, Audience::Guest, span).await.ok()?;
    let mut room = CONTEXT_CHARS;
    let told = script(&events, request.after, request.through).into_iter().rev();
    let mut lines: Vec<Line> = told
        .take_while(|line| {
            let fits = room > 0;
            room = room.saturating_sub(line.text.chars().count());
            fits
        })
        .map(|line| Line { by: line.by, text: line.text })
        .collect();
    lines.reverse();
    let TurnRequest { turn, conversation, property, locale, .. } = request.clone();
    Some(Prompt { property, conversation, turn, lines, locale })
}
