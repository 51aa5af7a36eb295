//! Against servers that say what a test wants.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use super::*;

#[derive(Default)]
struct Heard {
    up: usize,
    texts: Vec<String>,
    down: Option<Down>,
}

impl Play for Heard {
    fn on_up(&mut self, line: LineId, out: &mut Out) {
        self.up += 1;
        out.text(line, b"hello");
    }
    fn on_text(&mut self, _: LineId, text: &[u8], _: Instant, _: &mut Out) {
        self.texts.push(String::from_utf8_lossy(text).into_owned());
    }
    fn on_down(&mut self, _: LineId, why: Down) {
        self.down = Some(why);
    }
}

/// Answers one connection with these pieces, each after the client was heard.
fn serve(pieces: Vec<Vec<u8>>) -> (SocketAddr, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut heard = vec![0; 4096];
        let mut last = 0;
        for piece in pieces {
            last = stream.read(&mut heard).expect("heard");
            stream.write_all(&piece).expect("said");
        }
        heard.truncate(last);
        heard
    });
    (address, server)
}

fn play_to_the_end(address: SocketAddr) -> Heard {
    let mut crowd = Crowd::new(address).expect("a crowd");
    let mut heard = Heard::default();
    crowd.connect("/ws", "").expect("connecting");
    let give_up = Instant::now() + Duration::from_secs(10);
    while heard.down.is_none() && Instant::now() < give_up {
        crowd.turn(Duration::from_millis(50), &mut heard).expect("a turn");
    }
    heard
}

#[test]
fn frames_cut_anywhere_are_put_together() {
    let mut rest = b"\x81\x03two\x89\x01p\x81\x7e\x01\x00".to_vec();
    rest.extend_from_slice(&[b'x'; 256]);
    rest.extend_from_slice(b"\x88\x02\x11\x97");
    let (address, server) =
        serve(vec![b"HTTP/1.1 101 Switching\r\n\r\n\x81\x03one\x81".to_vec(), rest[1..].to_vec()]);
    let heard = play_to_the_end(address);
    assert_eq!(heard.up, 1);
    assert_eq!(heard.texts[..2], ["one", "two"]);
    assert_eq!(heard.texts[2].len(), 256);
    assert_eq!(heard.down, Some(Down::Closed(Some(4503))));
    let said = server.join().expect("the server");
    assert_eq!(said[..2], [0x81, 0x85], "a masked hello");
}

#[test]
fn who_is_no_websocket_server() {
    let refused = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n".to_vec();
    let (address, _server) = serve(vec![refused]);
    assert_eq!(play_to_the_end(address).down, Some(Down::Refused(429)));
    let (address, _server) = serve(vec![b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()]);
    assert_eq!(play_to_the_end(address).down, Some(Down::NotOurs));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    assert_eq!(play_to_the_end(address).down, Some(Down::Broken(ErrorKind::ConnectionRefused)));
}
