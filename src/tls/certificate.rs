//! The certificate that is shown, read again when its file changes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::{SignalKind, signal};

use super::TlsFiles;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why a certificate cannot be used: one line that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The certificate's file.
    #[error("FRONTDESK_TLS_CERT takes a file with certificates in PEM form: {0}")]
    Certificate(String),
    /// The key's file.
    #[error("FRONTDESK_TLS_KEY takes a file with a private key in PEM form: {0}")]
    Key(String),
    /// They do not belong together.
    #[error("FRONTDESK_TLS_KEY is not the key of FRONTDESK_TLS_CERT: {0}")]
    Pair(String),
}

/// The certificate that is current.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// Which of them is wrong.
    pub fn read(files: TlsFiles) -> Result<Arc<Self>, CertificateError> {
        let current = ArcSwap::from_pointee(read(&files)?);
        Ok(Arc::new(Self { files, current }))
    }

    /// Reads the files again. While they are wrong, the old certificate stays.
    pub fn renew(&self) -> bool {
        match read(&self.files) {
            Ok(new) => {
                self.current.store(Arc::new(new));
                tracing::info!("the certificate was read again");
                true
            }
            Err(error) => {
                tracing::error!(%error, "the old certificate stays");
                false
            }
        }
    }

    /// Reads the files again whenever they have changed, or on SIGHUP. For ever.
    pub async fn watch(self: Arc<Self>) {
        let mut seen = self.changed_at();
        let mut asked = signal(SignalKind::hangup()).ok();
        loop {
            let asked = async {
                match &mut asked {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            let asked = tokio::select! {
                _ = asked => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let now = self.changed_at();
            // Half a pair is wrong: the second file's change brings us here again.
            if asked || now != seen {
                seen = now;
                self.renew();
            }
        }
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        let at = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        [at(&self.files.certificate), at(&self.files.key)]
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateError> {
    let bad = |error: rustls::pki_types::pem::Error| CertificateError::Certificate(error.to_string());
    let chain = CertificateDer::pem_file_iter(&files.certificate).map_err(bad)?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(bad)?;
    if chain.is_empty() {
        return Err(CertificateError::Certificate("there is none in it".to_owned()));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| CertificateError::Key(error.to_string()))?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key)
        .map_err(|error| CertificateError::Key(error.to_string()))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        // Where the key does not tell, the first client will.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(pair),
        Err(error) => Err(CertificateError::Pair(error.to_string())),
    }
}
