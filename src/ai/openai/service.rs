//! The HTTP service under async-openai: one request, one attempt. It sees what the crate would hide: the
//! headers, and status and body of an answer that is not a stream.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use futures_util::StreamExt;
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use tokio::time::{Instant, timeout_at};

use super::Timers;
use super::body::{self, Exchange};
use super::failure::{Class, Failure};
use super::limits::Limits;

/// As much of an error as is read.
const ERROR_MAX: usize = 64 * 1024;
/// As much of a completion that comes whole.
const WHOLE_MAX: usize = 256 * 1024;

/// The service of one request.
#[derive(Clone)]
pub(super) struct Once {
    pub(super) http: reqwest::Client,
    pub(super) exchange: Arc<Exchange>,
    pub(super) timers: Timers,
    /// There is a key to send; the crate would send an empty one, which some proxies refuse.
    pub(super) key: bool,
}

impl tower::Service<HttpRequestFactory> for Once {
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let once = self.clone();
        Box::pin(async move {
            let mut request = factory.build().await?;
            if !once.key {
                request.headers_mut().remove(AUTHORIZATION);
            }
            once.send(request).await.map_err(|failure| OpenAIError::Boxed(Box::new(failure)))
        })
    }
}

impl Once {
    async fn send(self, request: reqwest::Request) -> Result<Response, Failure> {
        let first = Instant::now() + self.timers.first_byte;
        let sent = timeout_at(first, self.http.execute(request)).await.map_err(|_| Class::TimedOut)?;
        let response = sent.map_err(|error| judge(&error))?;
        let limits = Limits::of(response.headers());
        self.exchange.set_limits(limits);
        let status = response.status();
        if !status.is_success() {
            let body = timeout_at(first, capped(response, ERROR_MAX)).await.unwrap_or_default();
            return Err(Failure::of_response(status.as_u16(), limits, &body));
        }
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
        // A proxy's log-in page is no answer; a server that does not stream still is one.
        let body = if media_type.starts_with("text/html") {
            return Err(Failure { status: Some(status.as_u16()), limits, ..Class::BadAnswer.into() });
        } else if media_type.starts_with("application/json") {
            let body = timeout_at(first, capped(response, WHOLE_MAX)).await.map_err(|_| Class::TimedOut)?;
            reqwest::Body::wrap_stream(body::single(&body, self.exchange))
        } else {
            let packets = response.bytes_stream().boxed();
            reqwest::Body::wrap_stream(body::watched(
                packets,
                self.exchange,
                first,
                self.timers.between_events,
            ))
        };
        Ok(http::Response::new(body).into())
    }
}

fn judge(error: &reqwest::Error) -> Class {
    match () {
        () if error.is_connect() => Class::Unreachable,
        () if error.is_timeout() => Class::TimedOut,
        () => Class::Interrupted,
    }
}

/// The beginning of a body. One that breaks off is judged by what there is of it.
async fn capped(response: Response, max: usize) -> Vec<u8> {
    let mut body = Vec::new();
    let mut packets = response.bytes_stream();
    while let Some(Ok(bytes)) = packets.next().await {
        let room = max - body.len();
        body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if body.len() == max {
            break;
        }
    }
    body
}
