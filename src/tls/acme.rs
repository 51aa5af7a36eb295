//! A certificate that is got, and renewed in time, by itself (RFC 8555), proved by the port that we listen on
//! (TLS-ALPN-01, RFC 8737): no second port, no file to be served.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::StreamExt as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_rustls_acme::caches::DirCache;
use tokio_rustls_acme::{AcmeConfig, AcmeState, EventError, EventOk, ResolvesServerCertAcme};

/// The protocol that a validating authority asks for, and nobody else.
pub(super) const CHALLENGE: &[u8] = b"acme-tls/1";
/// After so long everything is begun anew, from what is on disk: the library waits without a limit for an authority
/// that no longer answers.
const ANEW_EVERY: Duration = Duration::from_secs(12 * 3_600);
/// How long the certificate on disk may take to be read.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// What a certificate is asked with.
#[derive(Clone, Debug)]
pub struct AcmeSettings {
    /// The names that it is for; all lead to this server's port 443.
    pub domains: Vec<String>,
    /// Whom the authority writes to when something is wrong.
    pub email: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// Who vouches for the authority's own TLS, PEM; else the public roots.
    pub roots: Option<PathBuf>,
    /// Where the account's key and the certificate are kept; for our eyes only.
    pub folder: PathBuf,
}

/// Why none can be asked for.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The roots' file.
    #[error("FRONTDESK_ACME_ROOTS takes a file with certificates in PEM form: {0}")]
    Roots(String),
    /// The folder cannot be made.
    #[error("cannot make the folder {} for the certificate: {error}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The provider knows none of the protocol's versions.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

type State = AcmeState<io::Error>;

/// The certificate that is current, if there is one yet.
#[derive(Debug)]
pub struct Acme {
    settings: AcmeSettings,
    trusts: Arc<ClientConfig>,
    current: ArcSwapOption<ResolvesServerCertAcme>,
}

impl Acme {
    /// Makes ready; asks nobody yet.
    ///
    /// # Errors
    /// See [`AcmeError`].
    pub fn new(settings: AcmeSettings) -> Result<Arc<Self>, AcmeError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.folder)
            .map_err(|error| AcmeError::Folder { path: settings.folder.clone(), error })?;
        let trusts = Arc::new(trusting(&settings)?);
        Ok(Arc::new(Self { settings, trusts, current: ArcSwapOption::empty() }))
    }

    fn state(&self) -> State {
        let contact = self.settings.email.iter().map(|email| format!("mailto:{email}"));
        AcmeConfig::new_with_client_tls_config(&self.settings.domains, Arc::clone(&self.trusts))
            .directory(&self.settings.directory)
            .contact(contact)
            .cache(DirCache::new(self.settings.folder.clone()))
            .state()
    }

    /// Gets a certificate and renews it. For ever.
    pub async fn keep(self: Arc<Self>) {
        loop {
            let mut state = self.state();
            // What is on disk is there before the one that is shown goes.
            if self.current.load().is_some()
                && let Ok(Some(event)) = timeout(READ_WITHIN, state.next()).await
            {
                told(event);
            }
            self.current.store(Some(state.resolver()));
            while let Ok(Some(event)) = timeout(ANEW_EVERY, state.next()).await {
                told(event);
            }
        }
    }
}

impl ResolvesServerCert for Acme {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.load_full()?.resolve(hello)
    }
}

fn trusting(settings: &AcmeSettings) -> Result<ClientConfig, AcmeError> {
    let mut roots = RootCertStore::empty();
    match &settings.roots {
        Some(path) => {
            let bad = |error: String| AcmeError::Roots(error);
            let found = CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| bad(error.to_string()))?;
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(bad("there is none in it".to_owned()));
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// What has happened, for who runs the server. The library tries again by itself, later and later.
fn told(event: Result<EventOk, EventError<io::Error, io::Error>>) {
    let count =
        |outcome| metrics::counter!("frontdesk_certificates_total", "outcome" => outcome).increment(1);
    match event {
        Ok(EventOk::DeployedNewCert) => {
            count("new");
            tracing::info!("a new certificate is shown");
        }
        Ok(EventOk::DeployedCachedCert) => tracing::info!("the certificate on disk is shown"),
        Ok(EventOk::CertCacheStore | EventOk::AccountCacheStore) => {}
        Err(error) => {
            count("failed");
            tracing::error!(%error, "no new certificate, tried again later");
        }
    }
}
