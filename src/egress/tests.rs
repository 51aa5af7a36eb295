//! Against listeners of our own, and names that mean what a test says.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers each question with the next of its lines; the last one stays.
struct Script {
    lines: Mutex<VecDeque<Vec<&'static str>>>,
    asked: AtomicUsize,
}

impl Script {
    fn new(lines: &[&[&'static str]]) -> Arc<Self> {
        let lines = lines.iter().map(|line| line.to_vec()).collect();
        Arc::new(Self { lines: Mutex::new(lines), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Lookup for Script {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut lines = self.lines.lock().unwrap();
        let line = if lines.len() > 1 { lines.pop_front().unwrap() } else { lines[0].clone() };
        Ok(line.iter().map(|ip| ip.parse().unwrap()).collect())
    }
}

fn egress(networks: &[&str], lookup: Arc<impl Lookup>) -> Egress {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
    let lookup: Arc<dyn Lookup> = lookup;
    Egress::new(&networks, &lookup).unwrap()
}

/// Somebody who counts connections, and answers each with these bytes.
async fn listener(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.read(&mut request).await;
            });
        }
    });
    (port, calls)
}

async fn post(egress: &Egress, url: &str) -> Result<Answer, Failure> {
    egress.post(url, HeaderMap::new(), Bytes::from_static(b"{}")).await
}

#[tokio::test]
async fn no_form_of_an_inner_address_is_called() {
    let (port, calls) = listener("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let egress = egress(&[], Script::new(&[&["127.0.0.1"]]));
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "localhost.",
        "hotel.example",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "127。0。0。1",
        "①②⑦.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/x");
            assert_eq!(post(&egress, &url).await, Err(Failure::NotAllowed), "{url}");
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_what_it_said_is_called() {
    // First an address that is allowed and where nobody listens, then one that is not: whoever asked again for
    // the call would be led there.
    let (port, calls) = listener("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let script = Script::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let egress = egress(&["127.0.0.2/32"], Arc::clone(&script));
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(post(&egress, &url).await, Err(Failure::Unreachable));
    assert_eq!(script.asked.load(Ordering::SeqCst), 1, "one question for one connection");
    assert_eq!(post(&egress, &url).await, Err(Failure::NotAllowed));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn one_inner_address_among_public_ones_spoils_them_all() {
    let (port, calls) = listener("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for line in [&["157.240.1.1", "127.0.0.1"], &["127.0.0.1", "157.240.1.1"], &["::1", "2a03:2880:f10c::1"]]
    {
        let egress = egress(&[], Script::new(&[line]));
        let url = format!("https://mixed.example:{port}/");
        assert_eq!(post(&egress, &url).await, Err(Failure::NotAllowed), "{line:?}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nothing_more() {
    let (canary, calls) = listener("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:{canary}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _) = listener(Box::leak(moved.into_boxed_str())).await;
    let egress = egress(&["127.0.0.0/8"], Script::new(&[&["127.0.0.1"]]));
    let answer = post(&egress, &format!("http://hotel.example:{port}/")).await.unwrap();
    assert_eq!(answer.status, 307);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_without_end_is_not_waited_for() {
    let (port, _) =
        listener("HTTP/1.1 503 Later\r\nretry-after: 7\r\ncontent-length: 9999999999\r\n\r\nx").await;
    let egress = egress(&["127.0.0.0/8"], Script::new(&[&["127.0.0.1"]]));
    let began = std::time::Instant::now();
    let answer = post(&egress, &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(
        answer,
        Answer { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(Duration::from_secs(7)) }
    );
    assert!(began.elapsed() < ANSWER_WITHIN);
}

#[test]
fn what_is_taken_when_it_is_typed_in() {
    let shut = egress(&[], Arc::new(SystemLookup));
    let open = egress(&["127.0.0.0/8"], Arc::new(SystemLookup));
    for (url, without, with) in [
        ("https://pms.example/hooks?key=1", Ok(()), Ok(())),
        ("http://pms.example/hooks", Err(BadUrl::Shape), Ok(())),
        ("http://127.0.0.1:9/", Err(BadUrl::NotAllowed), Ok(())),
        ("http://10.0.0.1/", Err(BadUrl::NotAllowed), Err(BadUrl::NotAllowed)),
        ("https://10.0.0.1/", Err(BadUrl::NotAllowed), Err(BadUrl::NotAllowed)),
        ("https://user@pms.example/", Err(BadUrl::Shape), Err(BadUrl::Shape)),
        ("https://pms.example/#x", Err(BadUrl::Shape), Err(BadUrl::Shape)),
        ("ftp://pms.example/", Err(BadUrl::Shape), Err(BadUrl::Shape)),
        ("file:///etc/passwd", Err(BadUrl::Shape), Err(BadUrl::Shape)),
        ("pms.example", Err(BadUrl::Shape), Err(BadUrl::Shape)),
    ] {
        assert_eq!(shut.check(url).map(drop), without, "{url}");
        assert_eq!(open.check(url).map(drop), with, "{url}");
    }
    assert_eq!(shut.check(&format!("https://a.example/{}", "x".repeat(2_048))).map(drop), Err(BadUrl::Shape));
}
