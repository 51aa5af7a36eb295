//! Connections after their handshake. Who is slow at it, or does not finish it, holds nobody up.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::acme::CHALLENGE;

/// How many handshakes may be under way; more wait in the system's own queue.
const HANDSHAKES_MAX: usize = 256;
/// How many connections may wait to be taken after it.
const READY_MAX: usize = 64;
/// How long a handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// The pause after the system had no file descriptor for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections and greets them.
#[derive(Debug)]
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Listens. To be called within a runtime.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn new(listener: TcpListener, config: ServerConfig) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (door, ready) = mpsc::channel(READY_MAX);
        tokio::spawn(take(listener, TlsAcceptor::from(Arc::new(config)), door));
        Ok(Self { ready, address })
    }
}

async fn take(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    door: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, peer) = tokio::select! {
            taken = listener.accept() => match taken {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            // Nobody asks for connections any more.
            () = door.closed() => return,
        };
        let (acceptor, door) = (acceptor.clone(), door.clone());
        tokio::spawn(async move {
            let _place = place;
            let _ = stream.set_nodelay(true);
            match timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await {
                // An authority has seen what it came for.
                Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE) => {}
                Ok(Ok(stream)) => drop(door.send((stream, peer)).await),
                Ok(Err(error)) => {
                    metrics::counter!("frontdesk_tls_handshakes_failed_total").increment(1);
                    tracing::debug!(%error, "a handshake failed");
                }
                Err(_) => metrics::counter!("frontdesk_tls_handshakes_failed_total").increment(1),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(taken) => taken,
            // The task that takes them ends only with the runtime.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
