//! NATS servers for tests, and a wire that loses letters.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::server::PATIENCE;

/// Who may use it, and by which password: one that a URL cannot hold as it is.
const USER: &str = "frontdesk";
const PASSWORD: &str = "let@us/in";

/// The URL of a server, or of a wire before it, at this port.
pub fn url(port: u16) -> String {
    format!("nats://{USER}:let%40us%2Fin@127.0.0.1:{port}")
}

/// A server that can be stopped and started again at the same place.
pub struct NatsServer {
    child: Option<Child>,
    pub port: u16,
}

impl NatsServer {
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let mut server = Self { child: None, port };
        server.restart().await;
        server
    }

    pub async fn restart(&mut self) {
        let program = if std::path::Path::new("/usr/sbin/nats-server").exists() {
            "/usr/sbin/nats-server"
        } else {
            "nats-server"
        };
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "--user", USER, "--pass", PASSWORD]);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nats-server"));
        let give_up = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(Instant::now() < give_up, "nats-server does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A wire in front of a server, on which every other letter to who connects by it is lost while it is bad.
pub struct BadWire {
    pub port: u16,
    bad: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl BadWire {
    pub async fn new(behind: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (bad, lost) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let wire = Self { port, bad: Arc::clone(&bad), lost: Arc::clone(&lost) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", behind)).await else { continue };
                let (mut from_client, to_client) = client.into_split();
                let (from_server, mut to_server) = server.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                tokio::spawn(lose_some(from_server, to_client, Arc::clone(&bad), Arc::clone(&lost)));
            }
        });
        wire
    }

    pub fn set_bad(&self, bad: bool) {
        self.bad.store(bad, Ordering::SeqCst);
    }

    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

/// Passes on what the server says. A letter is a line `MSG subject sid bytes`, then so many bytes and a line's end.
async fn lose_some(
    server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    bad: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut server = BufReader::new(server);
    let mut nth = 0_u64;
    loop {
        let mut part = Vec::new();
        if server.read_until(b'\n', &mut part).await? == 0 {
            return Ok(());
        }
        let is_letter = part.starts_with(b"MSG ");
        if is_letter {
            let line = String::from_utf8_lossy(&part);
            let bytes: usize = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
            let mut body = vec![0; bytes + 2];
            server.read_exact(&mut body).await?;
            part.extend(body);
            nth += 1;
        }
        if is_letter && bad.load(Ordering::SeqCst) && nth.is_multiple_of(2) {
            lost.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        client.write_all(&part).await?;
    }
}
