//! HTTPS by itself, over real sockets.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::server::{PATIENCE, fails, program};

struct Https {
    child: Child,
    folder: TempDir,
    address: String,
}

impl Drop for Https {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificate(folder: &TempDir) {
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

fn settings(folder: &TempDir) -> Vec<(String, String)> {
    let path = |name: &str| folder.path().join(name).display().to_string();
    [("FRONTDESK_TLS_CERT", path("cert.pem")), ("FRONTDESK_TLS_KEY", path("key.pem"))]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

fn start(more: &[(&str, &str)]) -> Https {
    let folder = TempDir::new().unwrap();
    certificate(&folder);
    let mut settings = settings(&folder);
    settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut child = program(&folder, &settings).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the server says where it listens").unwrap();
        if let Some((_, rest)) = line.split_once("https://") {
            break rest.split('/').next().unwrap().to_owned();
        }
        assert!(!line.contains("http://"), "{line}");
    };
    std::thread::spawn(move || lines.for_each(drop));
    Https { child, folder, address }
}

impl Https {
    /// Who trusts the certificate that is in the file now, and no other.
    fn trusts(&self) -> Arc<rustls::ClientConfig> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.folder.path().join("cert.pem")).unwrap()).unwrap();
        Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }

    fn http(&self) -> reqwest::Client {
        let config = (*self.trusts()).clone();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        client.tls_backend_preconfigured(config).build().unwrap()
    }

    async fn ready(&self) -> reqwest::Client {
        let give_up = Instant::now() + PATIENCE;
        let http = self.http();
        loop {
            let answer = http.get(format!("https://{}/readyz", self.address)).send().await;
            if answer.as_ref().is_ok_and(|answer| answer.status() == 200) {
                return http;
            }
            assert!(Instant::now() < give_up, "{answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Sends a frame and waits for one of this type.
async fn say(socket: &mut WebSocketStream<TlsStream<TcpStream>>, frame: Value, wanted: &str) -> Value {
    socket.send(Message::text(frame.to_string())).await.unwrap();
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["type"] == wanted {
                    return frame;
                }
            }
            Some(Ok(_)) => {}
            ended => panic!("{ended:?}"),
        }
    }
}

#[tokio::test]
async fn pages_and_sockets_speak_tls() {
    let server = start(&[]);
    let http = server.ready().await;
    let answer = http.post(format!("https://{}/api/guest/session", server.address)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().contains("max-age="));
    let session: Value = answer.json().await.unwrap();

    let url = format!("wss://{}/ws/guest", server.address);
    let tcp = TcpStream::connect(&server.address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let tls = TlsConnector::from(server.trusts()).connect(name, tcp).await.unwrap();
    let (mut socket, _) = client_async(url, tls).await.unwrap();
    say(&mut socket, json!({"type":"hello","token":session["token"]}), "opened").await;
    // More than one TLS record, and more than a small socket buffer.
    for n in 0..200 {
        let text = format!("{n} {}", "x".repeat(4_000));
        let ack = say(&mut socket, json!({"type":"send","id":format!("m{n}"),"text":text}), "ack").await;
        assert_eq!(ack["id"], format!("m{n}"));
    }
    socket.close(None).await.unwrap();

    // Without TLS there is nobody to talk to.
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(plain.get(format!("http://{}/healthz", server.address)).send().await.is_err());
    // The program's own question finds it too.
    let mut more = settings(&server.folder);
    more.push(("FRONTDESK_LISTEN".to_owned(), server.address.clone()));
    let health = program(&server.folder, &more).arg("health").status().unwrap();
    assert_eq!(health.code(), Some(0));
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let server = start(&[]);
    server.ready().await;
    let before = server.http();
    certificate(&server.folder);
    kill(Pid::from_raw(i32::try_from(server.child.id()).unwrap()), Signal::SIGHUP).unwrap();
    // Who trusts the new one alone gets in; a new connection of who trusts the old one alone does not.
    server.ready().await;
    drop(before);
}

#[tokio::test]
async fn who_comes_without_tls_is_sent_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = start(&[("FRONTDESK_REDIRECT_LISTEN", &port.to_string())]);
    server.ready().await;
    let plain =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = plain.post(format!("http://{port}/api/login?x=1")).send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()["location"], format!("https://{}/api/login?x=1", server.address));
}

#[tokio::test]
async fn a_wrong_certificate_is_named_in_one_line() {
    let folder = TempDir::new().unwrap();
    certificate(&folder);
    let all = settings(&folder);
    let pairs: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (code, line) = fails(&folder, &pairs[..1], &[]).await;
    assert!(code == 2 && line.contains("FRONTDESK_TLS_KEY takes "), "{code} {line}");
    fs::write(folder.path().join("key.pem"), "none").unwrap();
    let (code, line) = fails(&folder, &pairs, &[]).await;
    assert!(code == 1 && line.contains("FRONTDESK_TLS_KEY takes "), "{code} {line}");
    let (code, line) = fails(&folder, &[("FRONTDESK_REDIRECT_LISTEN", "127.0.0.1:0")], &[]).await;
    assert!(code == 2 && line.contains("FRONTDESK_REDIRECT_LISTEN takes "), "{code} {line}");
}
