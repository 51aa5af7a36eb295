//! HTTPS by itself: TLS 1.2 and 1.3 with a certificate from files, which is read again when it changes, or with one that
//! is got from an authority.

mod acme;
mod certificate;
mod listener;
mod redirect;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::ResolvesServerCert;

pub use acme::{Acme, AcmeSettings};
pub use certificate::{CertificateError, Certificates};
pub use listener::TlsListener;
pub use redirect::redirect;

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Tls {
    /// From files.
    Files(TlsFiles),
    /// From an authority.
    Acme(AcmeSettings),
}

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and those between it and a root, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// What shows the certificate, and what keeps it current.
pub enum Keeping {
    /// From files.
    Files(Arc<Certificates>),
    /// From an authority.
    Acme(Arc<Acme>),
}

impl Keeping {
    /// Reads what there is.
    ///
    /// # Errors
    /// One line that names the setting.
    pub fn begin(tls: Tls) -> anyhow::Result<Self> {
        Ok(match tls {
            Tls::Files(files) => Self::Files(Certificates::read(files)?),
            Tls::Acme(settings) => Self::Acme(Acme::new(settings)?),
        })
    }

    /// How we speak TLS, with whatever certificate is current.
    ///
    /// # Errors
    /// The provider knows none of the protocol's versions.
    pub fn server_config(&self) -> Result<ServerConfig, rustls::Error> {
        let resolver: Arc<dyn ResolvesServerCert> = match self {
            Self::Files(certificates) => Arc::<Certificates>::clone(certificates),
            Self::Acme(acme) => Arc::<Acme>::clone(acme),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        // Not h2: browsers would open WebSockets within it, which our sockets do not speak.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if matches!(self, Self::Acme(_)) {
            config.alpn_protocols.push(acme::CHALLENGE.to_vec());
        }
        Ok(config)
    }

    /// Keeps it current. For ever.
    pub async fn keep(self) {
        match self {
            Self::Files(certificates) => certificates.watch().await,
            Self::Acme(acme) => acme.keep().await,
        }
    }
}
