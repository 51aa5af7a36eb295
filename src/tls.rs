//! HTTPS by itself: TLS 1.2 and 1.3 with a certificate from files, which is read again when it changes.

mod certificate;
mod listener;
mod redirect;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;

pub use certificate::{CertificateError, Certificates};
pub use listener::TlsListener;
pub use redirect::redirect;

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and those between it and a root, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// How we speak TLS, with whatever certificate is current.
///
/// # Errors
/// The provider knows none of the protocol's versions.
pub fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    // Not h2: browsers would open WebSockets within it, which our sockets do not speak.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
