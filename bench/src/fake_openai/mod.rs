//! An OpenAI-compatible Chat Completions server that behaves as badly as it is told to.
//!
//! What a request gets is written in its model name (`fake:delta=20,cut-at=5`) or in its header `x-fake`;
//! see [`script::KEYS`]. Any other model gets what [`FakeOpenAi::order`] says, or else a well-behaved stream. It
//! speaks HTTP/1.1 by hand, for a library would not let it break the rules.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub mod answer;
mod connection;
pub mod failure;
mod http;
pub mod journal;
pub mod limiter;
mod paper;
mod play;
pub mod script;
#[cfg(test)]
mod tests;

pub use journal::{Entry, Journal};
pub use limiter::Limits;

/// A running stand-in. Dropping it closes its port and its connections.
pub struct FakeOpenAi {
    address: SocketAddr,
    journal: Arc<Journal>,
    order: Arc<Order>,
    task: JoinHandle<()>,
}

/// What requests get that ask for nothing themselves: a script, or nothing.
type Order = Mutex<String>;

impl FakeOpenAi {
    /// Starts one without limits; port 0 takes any free one.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        Self::start_with(address, Limits::default()).await
    }

    /// Starts one that enforces limits.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start_with(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let journal = Arc::new(Journal::new(limits));
        let order = Arc::<Order>::default();
        let task = tokio::spawn(connection::accept(listener, Arc::clone(&journal), Arc::clone(&order)));
        Ok(Self { address, journal, order, task })
    }

    /// What to set as base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// From now on requests get this whose model and headers ask for nothing.
    pub fn order(&self, script: &str) {
        script.clone_into(&mut self.order.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What happened so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Runs until the listener fails, which it does not.
    pub async fn run(mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for FakeOpenAi {
    fn drop(&mut self) {
        self.task.abort();
    }
}
