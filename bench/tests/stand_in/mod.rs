//! As little of a server as a measurement needs, to see what becomes of one that is not as it should be.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use frontdesk_bench::load::frame::{Kind, append};
use serde_json::{Value, json};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is something else.
    OtherTitle,
    /// It lacks a path.
    TooOld,
    /// It refuses the third guest.
    Limits,
    /// It cuts everybody off after this many frames.
    DiesAfter(usize),
    /// It refuses what is sent.
    Refuses,
}

#[derive(Default)]
struct Shared {
    sessions: usize,
    frames: usize,
    agents: Vec<TcpStream>,
    all: Vec<TcpStream>,
}

/// Starts one; it ends with the test.
pub fn start(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::new(Mutex::new(Shared::default()));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || serve(stream, fault, &shared));
        }
    });
    address
}

/// Answers requests until the connection ends or is upgraded.
fn serve(mut stream: TcpStream, fault: Fault, shared: &Mutex<Shared>) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            more(&mut stream, &mut bytes)?;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while bytes.len() < end + 4 + length {
            more(&mut stream, &mut bytes)?;
        }
        bytes.drain(..end + 4 + length);
        let path = head.split(' ').nth(1).unwrap().to_owned();
        if path.starts_with("/ws/") {
            stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
            return talk(stream, bytes, path == "/ws/guest", fault, shared);
        }
        let (status, body) = answer(&path, fault, shared);
        let body = body.to_string();
        let cookie = "Set-Cookie: frontdesk_agent=secret; Path=/";
        let head = format!("HTTP/1.1 {status} X\r\n{cookie}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
    }
}

fn answer(path: &str, fault: Fault, shared: &Mutex<Shared>) -> (u16, Value) {
    match path {
        "/api/openapi.json" => {
            let title = if fault == Fault::OtherTitle { "Reception" } else { "Frontdesk" };
            let mut paths = json!({"/api/guest/session": {}, "/api/login": {}, "/api/conversations": {}});
            if fault == Fault::TooOld {
                paths = json!({"/api/login": {}});
            }
            (200, json!({"info": {"title": title}, "paths": paths}))
        }
        "/api/guest/session" => {
            let mut shared = shared.lock().unwrap();
            shared.sessions += 1;
            if fault == Fault::Limits && shared.sessions > 2 {
                return (429, json!({"code": "rate_limited"}));
            }
            let nth = shared.sessions;
            (201, json!({"token": format!("guest {nth}"), "conversation": conversation(nth)}))
        }
        _ => (200, json!({"agent": {}})),
    }
}

fn conversation(nth: usize) -> String {
    format!("01890a5d-ac96-774b-8000-{nth:012x}")
}

/// Reads frames of a client and answers them.
fn talk(
    mut stream: TcpStream,
    mut bytes: Vec<u8>,
    is_guest: bool,
    fault: Fault,
    shared: &Mutex<Shared>,
) -> Option<()> {
    {
        let mut shared = shared.lock().unwrap();
        shared.all.push(stream.try_clone().unwrap());
        if !is_guest {
            shared.agents.push(stream.try_clone().unwrap());
        }
    }
    let mut mine = String::new();
    loop {
        while let Some((frame, taken)) = unmasked(&bytes) {
            bytes.drain(..taken);
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            match text(&frame["type"]).as_str() {
                "hello" => {
                    say(&mut stream, &json!({"type": "welcome"}));
                    if is_guest {
                        let nth = text(&frame["token"]).trim_start_matches("guest ").parse().unwrap();
                        mine = conversation(nth);
                        say(&mut stream, &json!({"type":"opened","conversation":{"id":mine,"last_seq":1}}));
                    }
                }
                "open" => {
                    let opened = json!({"id": frame["conversation"], "last_seq": 1});
                    say(&mut stream, &json!({"type": "opened", "conversation": opened}));
                }
                "act" => say(&mut stream, &json!({"type": "ack", "id": frame["id"]})),
                _ if fault == Fault::Refuses => {
                    say(&mut stream, &json!({"type":"error","code":"overloaded","message":"too busy"}));
                }
                _ => {
                    let mut shared = shared.lock().unwrap();
                    shared.frames += 1;
                    let typing = json!({"type":"typing","conversation":mine,"by":{"kind":"guest"},"on":true});
                    shared.agents.iter_mut().for_each(|agent| say(agent, &typing));
                    if fault == Fault::DiesAfter(shared.frames) {
                        shared.all.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
                    }
                }
            }
        }
        more(&mut stream, &mut bytes)?;
    }
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 4096];
    let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
    bytes.extend_from_slice(&piece[..read]);
    Some(())
}

/// The first frame of a client, and how long it is. Ours are short.
fn unmasked(bytes: &[u8]) -> Option<(Value, usize)> {
    let (start, length) = match bytes.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()))),
        short => (2, usize::from(short)),
    };
    let mask = bytes.get(start..start + 4)?;
    let payload = bytes.get(start + 4..start + 4 + length)?;
    let plain: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    Some((serde_json::from_slice(&plain).unwrap_or(Value::Null), start + 4 + length))
}

fn say(stream: &mut TcpStream, frame: &Value) {
    let mut bytes = Vec::new();
    append(&mut bytes, Kind::Text, frame.to_string().as_bytes(), [0; 4]);
    // A server does not mask: without the bit and the key.
    let key_at = if bytes[1] & 0x7f == 126 { 4 } else { 2 };
    bytes.drain(key_at..key_at + 4);
    bytes[1] &= 0x7f;
    // Who is gone need not hear it.
    let _ = stream.write_all(&bytes);
}
