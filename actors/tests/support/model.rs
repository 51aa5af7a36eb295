//! Models on strings.

use std::sync::Mutex;

use frontdesk_actors::ports::{Model, ModelError, Piece, Prompt};
use frontdesk_domain::conversation::TurnEnd;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc::{self, Receiver, Sender};

pub type Said = Result<Piece, ModelError>;

/// A model that says what the test tells it to, one open answer after the other.
#[derive(Default)]
pub struct Puppet {
    asked: Mutex<Option<Sender<Answer>>>,
}

/// An answer that is being given.
pub struct Answer {
    pub prompt: Prompt,
    said: Sender<Said>,
}

impl Answer {
    pub async fn say(&self, text: &str) {
        let _ = self.said.send(Ok(Piece::Text(text.into()))).await;
    }

    pub async fn end(self) {
        let end = TurnEnd::Said { citations: vec![], suggestions: vec![] };
        let _ = self.said.send(Ok(Piece::End(end))).await;
    }

    pub async fn fail(self, error: ModelError) {
        let _ = self.said.send(Err(error)).await;
    }

    /// Nobody listens any more.
    pub async fn cancelled(&self) {
        self.said.closed().await;
    }
}

impl Puppet {
    /// From now on, answers that are asked for come out here.
    pub fn asked(&self) -> Receiver<Answer> {
        let (sender, receiver) = mpsc::channel(1_000);
        *self.asked.lock().unwrap() = Some(sender);
        receiver
    }
}

impl Model for Puppet {
    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Said> {
        let (said, hears) = mpsc::channel(100);
        if let Some(asked) = &*self.asked.lock().unwrap() {
            let _ = asked.try_send(Answer { prompt, said });
        }
        stream::unfold(hears, |mut hears| async { hears.recv().await.map(|piece| (piece, hears)) }).boxed()
    }
}

/// What is left without a model.
pub struct Apologetic;

impl Model for Apologetic {
    fn answer(&self, _: Prompt) -> BoxStream<'static, Said> {
        let end = TurnEnd::HandedOver { reason: "unsure".into(), urgent: false };
        stream::iter([Ok(Piece::Text("A colleague will answer.".into())), Ok(Piece::End(end))]).boxed()
    }
}

/// An embedded answerer that knows everything.
pub struct Knowing;

impl Model for Knowing {
    fn answer(&self, _: Prompt) -> BoxStream<'static, Said> {
        let end = TurnEnd::Said { citations: vec![], suggestions: vec![] };
        stream::iter([Ok(Piece::Text("Of course.".into())), Ok(Piece::End(end))]).boxed()
    }
}
