//! One turn's way through the models: the language model, then the embedded answerer, then people.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use frontdesk_domain::conversation::{TurnEnd, TurnNews, script};
use frontdesk_domain::people::Audience;

use crate::messages::{ConversationMsg, ConversationRef, TurnRequest};
use crate::ports::{Line, Model, ModelError, Piece, Prompt, Span, Store};

use super::Limits;

/// How many of the newest events a model is shown.
const CONTEXT_EVENTS: u32 = 60;

/// What a worker needs for its one turn.
pub(super) struct Worker {
    pub model: Option<Arc<dyn Model>>,
    pub embedded: Arc<dyn Model>,
    pub store: Arc<dyn Store>,
    pub limits: Limits,
    /// How long the turn has waited in the queue.
    pub waited: Duration,
    pub request: TurnRequest,
    pub reply: ConversationRef,
}

/// How an attempt ended.
enum Attempt {
    /// It reached an end, which was reported.
    Done,
    /// It failed before the guest saw a word: another may try.
    Untouched(ModelError),
    /// It failed half way: nobody else can finish its sentence.
    Broken(ModelError),
}

impl Worker {
    /// Answers the turn. Every way out reports exactly one end.
    pub(super) async fn run(self) {
        let Some(prompt) = self.prompt().await else { return self.failed("store") };
        if let Some(model) = &self.model {
            let first_word_by = self.limits.first_token.saturating_sub(self.waited);
            match self.attempt(model.as_ref(), prompt.clone(), first_word_by).await {
                Attempt::Done => return,
                Attempt::Broken(error) => return self.failed(&error.to_string()),
                Attempt::Untouched(error) => {
                    metrics::counter!("frontdesk_ai_fallbacks_total", "reason" => error.to_string())
                        .increment(1);
                    tracing::warn!(turn = %self.request.turn, %error, "the model gave no answer");
                }
            }
        }
        match self.attempt(self.embedded.as_ref(), prompt, self.limits.first_token).await {
            Attempt::Done => {}
            Attempt::Untouched(error) | Attempt::Broken(error) => self.failed(&error.to_string()),
        }
    }

    async fn attempt(&self, model: &dyn Model, prompt: Prompt, first_word_by: Duration) -> Attempt {
        let now = Instant::now();
        let end_by = now + self.limits.whole_turn;
        let mut next_by = now + first_word_by;
        let mut spoke = false;
        let mut pieces = model.answer(prompt);
        let error = loop {
            match timeout_at(next_by, pieces.next()).await {
                Ok(Some(Ok(Piece::Text(text)))) => {
                    spoke = true;
                    next_by = end_by;
                    self.report(TurnNews::Delta(text));
                }
                Ok(Some(Ok(Piece::End(end)))) => {
                    self.report(TurnNews::Ended(end));
                    return Attempt::Done;
                }
                Ok(Some(Err(error))) => break error,
                Ok(None) => break ModelError::Interrupted,
                Err(_) => break ModelError::TimedOut,
            }
        };
        if spoke { Attempt::Broken(error) } else { Attempt::Untouched(error) }
    }

    /// What the guest has seen of the conversation: messages only, no notes, nobody else's.
    async fn prompt(&self) -> Option<Prompt> {
        let TurnRequest { turn, conversation, property, locale, after, through, .. } = self.request.clone();
        let span = Span::Newest { before: None, limit: CONTEXT_EVENTS };
        let events = self.store.events(conversation, Audience::Guest, span).await.ok()?;
        let lines = script(&events, after, through).into_iter();
        let lines = lines.map(|line| Line { by: line.by, text: line.text });
        Some(Prompt { property, conversation, turn, lines: lines.collect(), locale })
    }

    fn failed(&self, reason: &str) {
        self.report(TurnNews::Ended(TurnEnd::Failed { reason: reason.to_owned() }));
    }

    fn report(&self, news: TurnNews) {
        // A conversation that is gone takes up its open turn when it comes back.
        let _ = self.reply.cast(ConversationMsg::TurnNews { turn: self.request.turn, news });
    }
}
