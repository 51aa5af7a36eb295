//! Names become addresses that may be called, or nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address;

/// Asks which addresses a name has.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// All of them.
    ///
    /// # Errors
    /// What the system said.
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// Asks the system.
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// A name leads to an address that nobody may call.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
pub(super) struct NotAllowed;

/// What the HTTP client asks.
pub(super) struct Resolver {
    lookup: Arc<dyn Lookup>,
    networks: Arc<[IpNet]>,
    public: bool,
}

impl Resolver {
    /// `public`: the public internet too, not only these networks.
    pub(super) fn new(lookup: Arc<dyn Lookup>, networks: Arc<[IpNet]>, public: bool) -> Self {
        Self { lookup, networks, public }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, networks, public) = (Arc::clone(&self.lookup), Arc::clone(&self.networks), self.public);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            // One bad address spoils all: a name that is half inside is a trick or a mistake.
            if !found.iter().all(|ip| address::may_call(*ip, public, &networks)) {
                return Err(NotAllowed.into());
            }
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
