//! A certificate from an authority, over the wire: Pebble, the test server of the people who run Let's Encrypt, with its
//! own name server.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::server::{PATIENCE, program};

const NAME: &str = "desk.example";
/// How long a certificate is good, in seconds: it is renewed after two thirds.
const GOOD_FOR: u64 = 30;

/// A process that ends with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn begin(mut command: Command) -> Process {
    let name = command.get_program().display().to_string();
    match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => Process(child),
        Err(error) => panic!("{name}: {error} (.ci/needs installs it)"),
    }
}

/// Free a moment ago.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where everything listens.
struct Authority {
    folder: TempDir,
    api: u16,
    management: u16,
    names: u16,
    /// Where it proves what a certificate is asked for: our server's.
    desk: u16,
}

impl Authority {
    /// With a root of its own for its own TLS, in `roots.pem`.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own =
            CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &root).unwrap();
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        write("roots.pem", root.pem());
        write("cert.pem", own.pem());
        write("key.pem", key.serialize_pem());
        Self { folder, api: port(), management: port(), names: port(), desk: port() }
    }

    /// Starts it, and its name server, to which every name is this machine.
    fn start(&self) -> [Process; 2] {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let config = serde_json::json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.api),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": at("cert.pem"), "privateKey": at("key.pem"),
            "httpPort": port(), "tlsPort": self.desk,
            "ocspResponderURL": "", "externalAccountBindingRequired": false,
            "certificateValidityPeriod": GOOD_FOR,
        }});
        fs::write(at("pebble.json"), config.to_string()).unwrap();
        let names = format!("127.0.0.1:{}", self.names);
        let mut names_server = Command::new("pebble-challtestsrv");
        names_server.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", &names]);
        names_server.args(["-http01", "", "-https01", "", "-tlsalpn01", ""]);
        names_server.args(["-management", &format!("127.0.0.1:{}", port())]);
        let mut pebble = Command::new("pebble");
        pebble.args(["-config", &at("pebble.json"), "-dnsserver", &names, "-strict"]);
        // No good nonce is refused: each one would cost a try, and the pause before the next.
        pebble.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0")]);
        [begin(names_server), begin(pebble)]
    }

    fn trusts(&self, pem: &[u8]) -> Arc<ClientConfig> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }

    /// Who trusts what it issues.
    async fn issued(&self) -> Arc<ClientConfig> {
        let own = self.trusts(&fs::read(self.folder.path().join("roots.pem")).unwrap());
        let http = reqwest::Client::builder().no_proxy().tls_backend_preconfigured((*own).clone());
        let http = http.build().unwrap();
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let give_up = Instant::now() + PATIENCE;
        loop {
            match http.get(&url).send().await {
                Ok(answer) => return self.trusts(&answer.bytes().await.unwrap()),
                Err(error) => assert!(Instant::now() < give_up, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn server(&self, folder: &TempDir) -> Process {
        let settings = [
            ("FRONTDESK_LISTEN", format!("127.0.0.1:{}", self.desk)),
            ("FRONTDESK_ACME_DOMAINS", NAME.to_owned()),
            ("FRONTDESK_ACME_EMAIL", "desk@hotel.example".to_owned()),
            ("FRONTDESK_ACME_DIRECTORY", format!("https://127.0.0.1:{}/dir", self.api)),
            ("FRONTDESK_ACME_ROOTS", self.folder.path().join("roots.pem").display().to_string()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        begin(program(folder, &settings))
    }

    /// The certificate that is shown to who trusts the authority and asks for the name; none if there is none.
    async fn shown(&self, trusts: &Arc<ClientConfig>) -> Option<Vec<u8>> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.desk));
        let tcp = TcpStream::connect(address).await.ok()?;
        let name = ServerName::try_from(NAME).unwrap();
        let tls = TlsConnector::from(Arc::clone(trusts)).connect(name, tcp).await.ok()?;
        Some(tls.get_ref().1.peer_certificates()?.first()?.to_vec())
    }

    /// The first that is shown that is not `old`.
    async fn another(&self, trusts: &Arc<ClientConfig>, old: Option<&Vec<u8>>) -> Vec<u8> {
        let give_up = Instant::now() + PATIENCE + Duration::from_secs(GOOD_FOR);
        loop {
            match self.shown(trusts).await {
                Some(shown) if old != Some(&shown) => return shown,
                shown => {
                    assert!(old.is_none() || shown.is_some(), "the old one is shown until there is another");
                    assert!(
                        Instant::now() < give_up,
                        "{}",
                        if shown.is_some() { "the old one" } else { "none" }
                    );
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn a_certificate_is_got_renewed_and_kept() {
    let authority = Authority::new();
    let folder = TempDir::new().unwrap();
    // Its authority is not there yet: the server is, and tries again.
    let server = authority.server(&folder);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let running = authority.start();
    let trusts = authority.issued().await;
    let first = authority.another(&trusts, None).await;
    let http = reqwest::Client::builder().no_proxy().tls_backend_preconfigured((*trusts).clone());
    let http = http.resolve(NAME, SocketAddr::from(([127, 0, 0, 1], 0))).build().unwrap();
    let ready = http.get(format!("https://{NAME}:{}/readyz", authority.desk)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data/acme"), 0o700, "keys are in there");

    let second = authority.another(&trusts, Some(&first)).await;
    // Without the authority, from what is on disk.
    drop(running);
    drop(server);
    let _server = authority.server(&folder);
    assert_eq!(authority.another(&trusts, None).await, second);
}
