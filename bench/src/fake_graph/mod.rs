//! A stand-in for Meta's Graph API: one WhatsApp number with its limits, its errors and its webhooks.
//!
//! What a message gets is told by [`fault::Fault`]s, one after the other, or by the recipient's number.
//! Statuses and what guests say are sent as signed webhooks to the address that was given.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod account;
pub mod command;
mod connection;
pub mod fault;
pub mod http;
pub mod journal;
mod limits;
mod messages;
mod page;
mod phone;
mod state;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use fault::Fault;
pub use journal::{Accepted, Totals};
pub use limits::Limits;
use state::Shared;

/// What a stand-in is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The number's id.
    pub number: String,
    /// The token that it takes.
    pub token: String,
    /// The app's secret, which signs webhooks.
    pub secret: String,
    /// Where webhooks go; `None`: nowhere.
    pub webhook: Option<String>,
    /// Meta's limits, or others.
    pub limits: Limits,
    /// Which statuses follow a message that was taken.
    pub statuses: Vec<String>,
    /// How long after the message the first one follows, and each after the one before.
    pub status_after: Duration,
    /// The fields of webhooks to which the app is subscribed.
    pub fields: Vec<String>,
    /// How far the number's confirmation by a code has come: `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`.
    pub verification: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            number: "100000000000001".to_owned(),
            token: "fake-token".to_owned(),
            secret: "fake-secret".to_owned(),
            webhook: None,
            limits: Limits::default(),
            statuses: ["sent", "delivered", "read"].map(str::to_owned).to_vec(),
            status_after: Duration::from_millis(200),
            fields: vec!["messages".to_owned()],
            verification: "VERIFIED".to_owned(),
        }
    }
}

/// A running stand-in. Dropping it closes its port.
pub struct FakeGraph {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FakeGraph {
    /// Starts one; port 0 takes any free one.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(settings, address));
        let task = tokio::spawn(connection::accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// What to set as `WHATSAPP_API_BASE`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on webhooks go there.
    pub fn send_webhooks_to(&self, url: &str) {
        self.shared.state().webhook = Some(url.to_owned());
    }

    /// The next messages meet these, one each; then all is well again.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.state().script.extend(faults);
    }

    /// Every message meets this, whatever the script says; `None`: no more.
    pub fn always(&self, fault: Option<Fault>) {
        self.shared.state().always = fault;
    }

    /// What was taken, in order.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.state().journal.accepted.clone()
    }

    /// How often what happened.
    pub fn totals(&self) -> Totals {
        self.shared.state().journal.totals.clone()
    }

    /// Ids of guests' messages that were marked as read, and whether typing was shown.
    pub fn marks(&self) -> Vec<(String, bool)> {
        self.shared.state().journal.marks.clone()
    }

    /// A guest says something; true if the webhook was taken.
    pub async fn say(&self, from: &str, text: &str) -> bool {
        phone::say(&self.shared, from, text, Duration::ZERO).await
    }

    /// A guest taps a button; true if the webhook was taken.
    pub async fn tap(&self, from: &str, id: &str, title: &str, of: &str) -> bool {
        phone::tap(&self.shared, from, id, title, of).await
    }

    /// A file that a guest has: its id, to be named in a webhook.
    pub fn give(&self, media_type: &str, bytes: Vec<u8>) -> String {
        let mut state = self.shared.state();
        let id = state.fresh("8");
        state.media.insert(id.clone(), (media_type.to_owned(), bytes));
        id
    }

    /// Sends any value of a change as a signed webhook; true if it was taken.
    pub async fn deliver(&self, value: serde_json::Value) -> bool {
        webhook::deliver(&self.shared, value).await
    }

    /// Runs until the listener fails, which it does not.
    pub async fn run(mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for FakeGraph {
    fn drop(&mut self) {
        self.task.abort();
    }
}
