//! The model against the stand-in, over real sockets, with timers made short.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frontdesk_actors::ports::{Line, Model};
use frontdesk_bench::fake_openai::{FakeOpenAi, Limits};

use super::super::knowledge::KnowledgeBases;
use super::super::simple;
use super::super::testing::{Heard, Shelf, guest, listen, prompt};
use super::{Class, OpenAi, OpenAiSettings, Outcome, Report, Timers, Watcher};

mod cancel;
mod failures;
mod fields;
mod guard;
mod hidden;
mod hostile;
mod page;
mod shapes;
mod tools;

/// Longer than any timer below: whoever needs it hangs.
const HANG: Duration = Duration::from_secs(4);

const TIMERS: Timers = Timers {
    connect: Duration::from_millis(300),
    first_byte: Duration::from_millis(600),
    between_events: Duration::from_millis(450),
    turn: Duration::from_millis(2_000),
    usage: Duration::from_millis(200),
};

#[derive(Default)]
struct Reports(Mutex<Vec<Report>>);

impl Watcher for Reports {
    fn turn_over(&self, report: &Report) {
        self.0.lock().expect("lock").push(*report);
    }
}

/// A stand-in and what it takes to ask it.
struct Rig {
    fake: FakeOpenAi,
    bases: Arc<KnowledgeBases>,
    reports: Arc<Reports>,
}

impl Rig {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let fake = FakeOpenAi::start_with(any, limits).await.expect("a port");
        let shelf =
            Shelf::with(&[("Breakfast", "From 7 to 10 in the hall."), ("Pool", "The pool opens at 8.")]);
        let bases = KnowledgeBases::new(shelf, simple::build());
        Self { fake, bases, reports: Arc::default() }
    }

    fn settings(&self, script: &str) -> OpenAiSettings {
        OpenAiSettings {
            base_url: self.fake.url(),
            model: format!("fake:{script}"),
            timers: TIMERS,
            ..OpenAiSettings::default()
        }
    }

    fn model(&self, script: &str) -> OpenAi {
        self.model_of(self.settings(script))
    }

    fn model_of(&self, settings: OpenAiSettings) -> OpenAi {
        let reports: Arc<dyn Watcher> = self.reports.clone();
        OpenAi::new(settings, Arc::clone(&self.bases)).expect("settings").with_watcher(reports)
    }

    async fn ask(&self, script: &str) -> Heard {
        self.say(&self.model(script), vec![guest("When is breakfast?")]).await
    }

    async fn say(&self, model: &OpenAi, lines: Vec<Line>) -> Heard {
        let listening = tokio::time::timeout(HANG, listen(model.answer(prompt(lines))));
        listening.await.unwrap_or_else(|_| panic!("hangs: {}", self.last_model()))
    }

    fn last_model(&self) -> String {
        self.fake.journal().entries().last().map(|entry| entry.model.clone()).unwrap_or_default()
    }

    /// The report of the last turn; each turn has made exactly one.
    fn report(&self) -> Report {
        *self.reports.0.lock().expect("lock").last().expect("a report")
    }

    fn class(&self) -> Option<Class> {
        match self.report().outcome {
            Outcome::Failed(failure) => Some(failure.class),
            _ => None,
        }
    }
}
