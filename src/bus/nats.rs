//! NATS as the wire, and never as the truth: letters go as plain messages, at most once.
//!
//! Each process listens on a subject of its own and on one of all; both name the database's log, so that two
//! installations on one server do not meet.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::select;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use uuid::Uuid;

use frontdesk_actors::ports::Bus;
use frontdesk_actors::post::Post;
use frontdesk_domain::letter::NodeId;

use super::place::place;

/// How many letters may wait to be written. One more is lost, as any may be.
const WAITING_MAX: usize = 16_384;
/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// The pause before another try, at most: others are waiting for us.
const RECONNECT_AFTER_MAX: Duration = Duration::from_millis(500);
/// How often a silent connection is looked at: twice without an answer, and it is given up.
const PING_EVERY: Duration = Duration::from_secs(2);

/// Why there is no bus. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The setting cannot be used.
    #[error("NATS_URL cannot be used: {0}")]
    Setting(String),
}

/// The wire.
pub struct Nats {
    client: Client,
    prefix: String,
    me: NodeId,
    out: mpsc::Sender<(String, Bytes)>,
}

impl Nats {
    /// Begins to connect. A server that is not there is waited for, again and again.
    ///
    /// # Errors
    /// See [`NatsError`].
    pub async fn connect(url: &SecretString, log: Uuid, me: NodeId) -> Result<Self, NatsError> {
        let options = ConnectOptions::new()
            .name("frontdesk")
            .no_echo()
            .connection_timeout(CONNECT_WITHIN)
            .ping_interval(PING_EVERY)
            .reconnect_delay_callback(|tries| {
                RECONNECT_AFTER_MAX.min(Duration::from_millis(50) * u32::try_from(tries).unwrap_or(u32::MAX))
            })
            .retry_on_initial_connect()
            .event_callback(|event| async move { told(&event) });
        let (address, options) = place(url.expose_secret(), options).ok_or_else(no_url)?;
        let client = options
            .connect(address)
            .await
            // No more of it: it may repeat the password.
            .map_err(|error| NatsError::Setting(error.kind().to_string()))?;
        let (out, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write(client.clone(), waiting));
        Ok(Self { client, prefix: format!("frontdesk.{}", log.simple()), me, out })
    }

    /// Takes letters in from now on.
    pub fn listen(&self, post: Post) {
        let (client, subjects) = (self.client.clone(), [self.subject(self.me), self.all()]);
        tokio::spawn(async move {
            let [mine, all] = subjects;
            let (Ok(mine), Ok(all)) = (client.subscribe(mine).await, client.subscribe(all).await) else {
                return tracing::error!("letters of other nodes are not received");
            };
            let mut letters = select(mine, all);
            while let Some(letter) = letters.next().await {
                metrics::counter!("frontdesk_letters_total", "outcome" => "received").increment(1);
                post.take_in(&letter.payload);
            }
        });
    }

    fn subject(&self, node: NodeId) -> String {
        format!("{}.node.{node}", self.prefix)
    }

    fn all(&self) -> String {
        format!("{}.all", self.prefix)
    }

    fn put(&self, subject: String, letter: Vec<u8>) {
        // What waited for a connection would arrive when nobody waits for it any more.
        let gone = self.is_connected() && self.out.try_send((subject, letter.into())).is_ok();
        let outcome = if gone { "sent" } else { "lost" };
        metrics::counter!("frontdesk_letters_total", "outcome" => outcome).increment(1);
    }
}

impl Bus for Nats {
    fn send(&self, to: NodeId, letter: Vec<u8>) {
        self.put(self.subject(to), letter);
    }

    fn send_all(&self, letter: Vec<u8>) {
        self.put(self.all(), letter);
    }

    fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

/// Writes letters, in order.
async fn write(client: Client, mut waiting: mpsc::Receiver<(String, Bytes)>) {
    while let Some((subject, letter)) = waiting.recv().await {
        if let Err(error) = client.publish(subject, letter).await {
            tracing::warn!(%error, "a letter to other nodes was not written");
        }
    }
}

fn no_url() -> NatsError {
    NatsError::Setting("it is no URL".to_owned())
}

/// What is worth a line in the log.
fn told(event: &Event) {
    match event {
        Event::Connected => tracing::info!("the way to the other nodes is open"),
        Event::Disconnected => {
            tracing::warn!("the way to the other nodes is cut: slower, by the database alone")
        }
        Event::SlowConsumer(_) => {
            tracing::warn!("letters of other nodes came faster than they were taken in")
        }
        // It comes as either of the two, by the moment.
        Event::ServerError(_) | Event::ClientError(_) if event.to_string().contains("authorization") => {
            tracing::error!("the NATS server refuses us; check user and password in NATS_URL");
        }
        other => tracing::debug!(%other, "NATS"),
    }
}
