//! A TCP proxy in front of PostgreSQL that cuts a connection in the worst moment: at a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where the next commit is cut off.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Cut {
    /// Before the server hears of it.
    Before = 1,
    /// As soon as it is sent.
    After = 2,
    /// Once the server has answered; nobody hears the answer.
    Answered = 3,
}

/// What a driver sends to commit: a simple query. Its first byte is followed by its length.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

pub struct Proxy {
    pub port: u16,
    behind: Arc<AtomicU16>,
    armed: Arc<AtomicU8>,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    /// In front of a port of this machine.
    pub async fn new(behind: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, cuts) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
        let behind = Arc::new(AtomicU16::new(behind));
        let proxy =
            Self { port, behind: Arc::clone(&behind), armed: Arc::clone(&armed), cuts: Arc::clone(&cuts) };
        tokio::spawn(async move {
            loop {
                // One that went away again before it was taken is no reason to stop.
                let Ok((client, _)) = listener.accept().await else { continue };
                let (armed, cuts) = (Arc::clone(&armed), Arc::clone(&cuts));
                let behind = behind.load(Ordering::SeqCst);
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", behind)).await {
                        let _ = relay(client, server, &armed, &cuts).await;
                    }
                });
            }
        });
        proxy
    }

    /// Leads who connects from now on to another port.
    pub fn lead_to(&self, behind: u16) {
        self.behind.store(behind, Ordering::SeqCst);
    }

    /// Cuts the next commit off, and waits until that has happened.
    pub async fn cut(&self, where_to: Cut) {
        let before = self.cuts.load(Ordering::SeqCst);
        self.armed.store(where_to as u8, Ordering::SeqCst);
        let give_up = tokio::time::Instant::now() + super::server::PATIENCE;
        while self.cuts.load(Ordering::SeqCst) == before {
            assert!(tokio::time::Instant::now() < give_up, "nothing is committed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Passes on what comes, until the connection is cut or ends.
async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    armed: &AtomicU8,
    cuts: &AtomicUsize,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut asked, mut said) = (vec![0; 64 * 1_024], vec![0; 64 * 1_024]);
    loop {
        tokio::select! {
            count = client.read(&mut asked) => {
                let asked = &asked[..count?];
                if asked.is_empty() {
                    return Ok(());
                }
                let commits = asked.windows(COMMIT.len()).any(|part| part == COMMIT);
                let cut = if commits { armed.swap(0, Ordering::SeqCst) } else { 0 };
                if cut != Cut::Before as u8 {
                    server.write_all(asked).await?;
                }
                if cut == Cut::Answered as u8 {
                    let answered = server.read(&mut said).await?;
                    assert!(answered > 0, "PostgreSQL answers a commit");
                }
                if cut != 0 {
                    drop((client, server));
                    cuts.fetch_add(1, Ordering::SeqCst);
                    return Ok(());
                }
            }
            count = server.read(&mut said) => {
                let said = &said[..count?];
                if said.is_empty() {
                    return Ok(());
                }
                client.write_all(said).await?;
            }
        }
    }
}
