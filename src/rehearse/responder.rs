//! Questions are asked, and what comes of each is noted.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::messages::{Attempt, Lease};
use frontdesk_actors::ports::{Line, Model, ModelError, Piece, Prompt};
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::Author;
use frontdesk_domain::pool::{Class, Estimator};
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::{Answer, Asked};

/// So many questions are asked at once.
pub(super) const AT_ONCE: usize = 4;
/// How long a question waits for a place in the pool. Guests come first, and they may be many.
const PLACE_WITHIN: Duration = Duration::from_secs(60);

/// Who answers in a rehearsal.
pub struct Responder {
    model: Arc<dyn Model>,
    property: PropertyId,
    pool: Option<Hub>,
}

impl Responder {
    /// Answers by itself, as fast as the model does.
    pub fn new(model: Arc<dyn Model>, property: PropertyId) -> Self {
        Self { model, property, pool: None }
    }

    /// Asks for a place in the pool for each question, as work in the background: a place that a guest needs is
    /// given back, and the question asked again later. The model must bill what it does to the pool's books.
    #[must_use]
    pub fn behind_guests(self, hub: Hub) -> Self {
        Self { pool: Some(hub), ..self }
    }

    /// Asks all questions, and gives the answers in their order. `told` is called after each.
    pub async fn ask(&self, asked: &[Asked], told: impl Fn(usize)) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(asked.len());
        let mut under_way = stream::iter(asked).map(|question| self.answer(question)).buffered(AT_ONCE);
        while let Some(answer) = under_way.next().await {
            answers.push(answer);
            told(answers.len());
        }
        answers
    }

    /// Asks one. What fails is an answer too: `failed`, with the reason.
    pub async fn answer(&self, asked: &Asked) -> Answer {
        let lines = lines(asked);
        let Some(hub) = &self.pool else {
            let turn = TurnId(Uuid::now_v7());
            return self.call(asked, lines, turn, None).await.unwrap_or_else(|| failed(asked));
        };
        let tokens = lines.iter().map(|line| Estimator::tokens(&line.text)).sum();
        loop {
            // A line of its own for each, or they would wait for one another.
            let nobody = ConversationId(Uuid::now_v7());
            let lease = hub.lease(self.property, nobody, Class::Background, tokens, PLACE_WITHIN).await;
            let Ok(lease) = lease else { return failed(asked) };
            let turn = lease.id();
            if let Some(answer) = self.call(asked, lines.clone(), turn, Some(lease)).await {
                return answer;
            }
        }
    }

    /// One call. `None`: a guest needed its place.
    async fn call(
        &self,
        asked: &Asked,
        lines: Vec<Line>,
        turn: TurnId,
        lease: Option<Lease>,
    ) -> Option<Answer> {
        let (property, conversation) = (self.property, ConversationId(Uuid::nil()));
        let mut pieces = self.model.answer(Prompt { property, conversation, turn, lines, locale: None });
        let (mut text, mut end) = (String::new(), Err(ModelError::Interrupted));
        loop {
            let piece = tokio::select! {
                biased;
                () = revoked(lease.as_ref()) => return None,
                piece = pieces.next() => piece,
            };
            match piece {
                Some(Ok(Piece::Text(words))) => {
                    if let Some(lease) = lease.as_ref().filter(|_| text.is_empty()) {
                        lease.first_word();
                    }
                    text.push_str(&words);
                }
                Some(Ok(Piece::End(how))) => end = Ok(how),
                Some(Err(error)) => end = Err(error),
                None => break,
            }
        }
        // The connection goes before the place does.
        drop(pieces);
        let chars = text.chars().count();
        if let Some(lease) = lease {
            lease.ended(match end {
                Ok(_) => Attempt::Done { chars },
                Err(error) if chars == 0 => Attempt::Untouched(error),
                Err(error) => Attempt::Broken { error, chars },
            });
        }
        Some(answer(asked, &text, end))
    }
}

async fn revoked(lease: Option<&Lease>) {
    match lease {
        Some(lease) => lease.revoked().await,
        None => std::future::pending().await,
    }
}

/// The conversation as the model is shown it.
fn lines(asked: &Asked) -> Vec<Line> {
    let guest = Author::guest(GuestId(Uuid::nil()), None);
    let said = |text: &String| Line { by: guest.clone(), text: text.clone() };
    let mut lines = Vec::new();
    for before in &asked.context {
        lines.push(said(before));
        // The guest's earlier words were answered: only the last ones are open.
        lines.push(Line { by: Author::ai(), text: "…".to_owned() });
    }
    lines.push(said(&asked.text));
    lines
}

fn answer(asked: &Asked, text: &str, end: Result<TurnEnd, ModelError>) -> Answer {
    let mut sources = Vec::new();
    let (outcome, reason) = match end {
        Ok(TurnEnd::Said { citations, .. }) => {
            sources = citations.into_iter().map(|citation| citation.title).collect();
            ("said", None)
        }
        Ok(TurnEnd::HandedOver { reason, .. }) => ("handed_over", Some(reason)),
        Ok(TurnEnd::SmallTalk) => ("smalltalk", None),
        Ok(TurnEnd::Declined) => ("declined", None),
        Ok(TurnEnd::Requested { department, .. }) => ("request_created", Some(department)),
        Ok(TurnEnd::Failed { reason }) => ("failed", Some(reason)),
        Err(error) => ("failed", Some(error.to_string())),
    };
    let (id, question) = (asked.id.clone(), asked.text.clone());
    Answer { id, question, outcome: outcome.to_owned(), reason, text: text.trim().to_owned(), sources }
}

/// There was no place for the question.
fn failed(asked: &Asked) -> Answer {
    answer(asked, "", Err(ModelError::NoRoom))
}
