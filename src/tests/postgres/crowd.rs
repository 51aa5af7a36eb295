//! Guests who talk while something happens to the database, and who look afterwards for what was lost or doubled.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgConnection;
use tokio::task::JoinHandle;

use crate::support::server::PATIENCE;
use crate::support::{Client, Server};

/// How many guests talk meanwhile.
pub(super) const GUESTS: usize = 6;
/// How long a guest waits for an answer before it connects anew and says it again.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A guest who says one thing after another, each until it is acknowledged.
struct Guest {
    address: String,
    token: String,
    conversation: String,
    client: Client,
    /// What was acknowledged: id and place.
    acked: Vec<(String, u64)>,
    /// The longest that one had to wait for it.
    waited: Duration,
}

impl Guest {
    async fn new(server: &Server) -> Self {
        let (caller, client) = server.guest_page().await;
        let (token, conversation) = (caller.token, caller.conversation);
        Self {
            address: server.address.clone(),
            token,
            conversation,
            client,
            acked: Vec::new(),
            waited: Duration::ZERO,
        }
    }

    /// Says the next thing. What is told meanwhile is at most that it must be tried again.
    async fn say(&mut self) {
        let id = format!("m{}", self.acked.len());
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "never acknowledged");
            self.client.say(&id, "Is there parking?").await;
            if let Some(seq) = self.answer(&id).await {
                self.acked.push((id, seq));
                self.waited = self.waited.max(began.elapsed());
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn answer(&mut self, id: &str) -> Option<u64> {
        loop {
            let Ok(Some(frame)) = self.client.next_within(ANSWER_WITHIN).await else {
                self.come_back().await;
                return None;
            };
            let is_mine = frame["id"] == id;
            match frame["type"].as_str() {
                // To a page a message is said when it sees it; the ack may have been lost.
                Some("ack" | "event") if is_mine => return frame["seq"].as_u64(),
                // The conversation was read again: as after a welcome, what is open is said again.
                Some("opened") => return None,
                Some("error") if is_mine => {
                    let code = frame["code"].as_str().unwrap();
                    assert!(["unavailable", "overloaded"].contains(&code), "{frame}");
                    return None;
                }
                _ => {}
            }
        }
    }

    /// Connects anew, as a page does.
    async fn come_back(&mut self) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < give_up, "cannot come back");
            if let Ok(mut client) = Client::connect_with(&self.address, "/ws/guest", &[]).await {
                client.send(json!({"type":"hello","token":self.token})).await;
                if let Ok(Some(frame)) = client.next_within(Duration::from_secs(5)).await
                    && frame["type"] == "welcome"
                {
                    self.client = client;
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Guests who talk until they are told to stop.
pub(super) struct Crowd {
    over: Arc<AtomicBool>,
    guests: Vec<JoinHandle<Guest>>,
}

impl Crowd {
    pub(super) async fn new(server: &Server) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut guests = Vec::new();
        for _ in 0..GUESTS {
            let (mut guest, over) = (Guest::new(server).await, Arc::clone(&over));
            guests.push(tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    guest.say().await;
                }
                guest
            }));
        }
        Self { over, guests }
    }

    /// Lets each finish, and looks for what was lost or doubled. Says how much was acknowledged.
    pub(super) async fn judge(self, database: &mut PgConnection) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let (mut acked, mut waited) = (0, Duration::ZERO);
        for guest in self.guests {
            let guest = guest.await.unwrap();
            waited = waited.max(guest.waited);
            let rows: Vec<(String, i64)> = sqlx::query_as(
                "SELECT client_id, seq FROM events WHERE conversation = $1::uuid AND client_id IS NOT NULL",
            )
            .bind(&guest.conversation)
            .fetch_all(&mut *database)
            .await
            .unwrap();
            assert_eq!(rows.len(), guest.acked.len(), "as many as were acknowledged");
            let stored: HashMap<_, _> = rows.into_iter().collect();
            assert_eq!(stored.len(), guest.acked.len(), "none is there twice");
            for (id, seq) in &guest.acked {
                assert_eq!(
                    stored.get(id).map(|seq| *seq as u64),
                    Some(*seq),
                    "{id} is where it was said to be"
                );
            }
            acked += guest.acked.len();
        }
        let holes = "SELECT count(*) FROM (SELECT conversation FROM events GROUP BY conversation
                                            HAVING count(*) <> max(seq)) AS holes";
        let holes: i64 = sqlx::query_scalar(holes).fetch_one(database).await.unwrap();
        assert_eq!(holes, 0);
        println!("{acked} messages, none lost, none doubled; the longest wait {} ms", waited.as_millis());
        acked
    }
}
