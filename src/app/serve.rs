//! Takes connections and serves them, with a bound on how long a client may take to say what it wants.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::time::timeout;
use tower::Service as _;

/// How long the head of a request may take, counted from when it may begin: so also how long a connection may be
/// idle between two. The body and the answer have a bound of their own, in the layers.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// How often an HTTP/2 connection is asked whether it lives, and how long the answer may take.
const ASKED_EVERY: Duration = Duration::from_secs(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;

/// Serves what `listener` brings until `ended`, then lets what is under way finish. Sockets are not waited for: they
/// have left HTTP.
pub(super) async fn serve<L>(mut listener: L, router: Router, ended: impl Future<Output = ()>)
where
    L: Listener<Addr = SocketAddr>,
{
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ASKED_EVERY)
        .keep_alive_timeout(ANSWER_WITHIN)
        .max_concurrent_streams(STREAMS_MAX)
        .enable_connect_protocol();
    let parting = GracefulShutdown::new();
    tokio::pin!(ended);
    loop {
        let (io, from) = tokio::select! {
            taken = listener.accept() => taken,
            () = &mut ended => break,
        };
        let router = router.clone();
        let asked = Arc::new(AtomicBool::new(false));
        let has_asked = Arc::clone(&asked);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request;
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(from));
            router.clone().call(request)
        });
        let connection = http.serve_connection_with_upgrades(TokioIo::new(io), service).into_owned();
        let connection = parting.watch(connection);
        tokio::spawn(async move {
            tokio::pin!(connection);
            // Until the first bytes have told which HTTP it is, nobody else looks at the clock. How clients go is
            // theirs; there is nothing to do about it.
            let gone = timeout(HEAD_WITHIN, &mut connection).await.is_ok();
            if !gone && has_asked.load(Ordering::Relaxed) {
                let _ = connection.await;
            }
        });
    }
    drop(listener);
    parting.shutdown().await;
}
