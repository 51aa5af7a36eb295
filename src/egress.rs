//! Requests to addresses that somebody typed in: where they may go, and what they may take.
//!
//! A name is resolved once for each connection; every address that comes of it is looked at, and the connection
//! goes to one of those. So an answer that changes between the look and the call leads nowhere.

pub mod address;
mod resolver;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use ipnet::IpNet;
use reqwest::Url;

pub use resolver::{Lookup, SystemLookup};
use resolver::{NotAllowed, Resolver};

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a request may take, its answer included as far as that is read.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The longest address, in bytes.
pub const URL_MAX_BYTES: usize = 2_048;

/// Why a request was not answered. None of these holds the address, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It leads to where no request may go.
    #[error("the address is not on the public internet, nor in a network that the settings allow")]
    NotAllowed,
    /// No connection, or it broke off.
    #[error("not reachable")]
    Unreachable,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// More came than was asked for.
    #[error("the answer is too long")]
    TooLong,
}

/// Why an address is not taken at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It is no address of the web, or holds more than one does.
    #[error("url must be an https:// address without a user name")]
    Shape,
    /// It leads to where no request may go.
    #[error("url must lead to the public internet, or into a network of FRONTDESK_WEBHOOK_NETWORKS")]
    NotAllowed,
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// How long the other side asks us to wait.
    pub retry_after: Option<Duration>,
}

/// The way out.
#[derive(Clone)]
pub struct Egress {
    /// Over TLS, to the public internet and to the named networks.
    secure: reqwest::Client,
    /// Without, to the named networks only.
    plain: reqwest::Client,
    networks: Arc<[IpNet]>,
}

impl Egress {
    /// A way out to the public internet, and into these networks besides.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn new(networks: &[IpNet], lookup: &Arc<dyn Lookup>) -> Result<Self, reqwest::Error> {
        let networks: Arc<[IpNet]> = networks.into();
        let client = |public: bool| {
            let resolver = Resolver::new(Arc::clone(lookup), Arc::clone(&networks), public);
            reqwest::Client::builder()
                .connect_timeout(CONNECT_WITHIN)
                .timeout(ANSWER_WITHIN)
                .user_agent("Frontdesk")
                .redirect(reqwest::redirect::Policy::none())
                // Whoever asks decides about a second try.
                .retry(reqwest::retry::never())
                // A proxy would resolve names for itself.
                .no_proxy()
                .dns_resolver(Arc::new(resolver))
                .https_only(public)
                .build()
        };
        Ok(Self { secure: client(true)?, plain: client(false)?, networks })
    }

    /// Looks at an address as far as that goes without asking for its name.
    ///
    /// # Errors
    /// See [`BadUrl`].
    pub fn check(&self, text: &str) -> Result<Url, BadUrl> {
        if text.len() > URL_MAX_BYTES {
            return Err(BadUrl::Shape);
        }
        let url = Url::parse(text).map_err(|_| BadUrl::Shape)?;
        let is_web = matches!(url.scheme(), "https" | "http");
        if !is_web || !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(BadUrl::Shape);
        }
        let secure = url.scheme() == "https";
        match literal(&url) {
            Some(ip) if !address::may_call(ip, secure, &self.networks) => Err(BadUrl::NotAllowed),
            None if !secure && self.networks.is_empty() => Err(BadUrl::Shape),
            _ => Ok(url),
        }
    }

    /// Sends a body and waits for the answer's status.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, Failure> {
        // Again: it may have been stored under other settings.
        let url = self.check(url).map_err(|_| Failure::NotAllowed)?;
        let answer = self.client(&url).post(url).headers(headers).body(body).send().await;
        let answer = answer.map_err(|error| failure(&error))?;
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer { status: answer.status(), retry_after: seconds.map(Duration::from_secs) })
    }

    /// Reads what is at an address.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn read(&self, url: &str, most: usize) -> Result<(StatusCode, Vec<u8>), Failure> {
        let url = self.check(url).map_err(|_| Failure::NotAllowed)?;
        whole(self.client(&url).get(url), most).await
    }

    /// Sends a body and reads the answer.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn exchange(
        &self,
        url: &str,
        headers: HeaderMap,
        body: String,
        most: usize,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let url = self.check(url).map_err(|_| Failure::NotAllowed)?;
        whole(self.client(&url).post(url).headers(headers).body(body), most).await
    }

    fn client(&self, url: &Url) -> &reqwest::Client {
        if url.scheme() == "https" { &self.secure } else { &self.plain }
    }
}

/// The answer to a request, if it is not longer than that.
async fn whole(request: reqwest::RequestBuilder, most: usize) -> Result<(StatusCode, Vec<u8>), Failure> {
    let mut answer = request.send().await.map_err(|error| failure(&error))?;
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + part.len() > most {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&part);
    }
    Ok((answer.status(), body))
}

/// The address that a URL names without a name. However it was written, the parser has made it plain.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<NotAllowed>() {
            return Failure::NotAllowed;
        }
        source = cause.source();
    }
    if error.is_timeout() { Failure::TimedOut } else { Failure::Unreachable }
}
