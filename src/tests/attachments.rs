//! Files that go with messages: who may send, name and see them, and what hostile ones get.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::support::{Caller, Scene, Server};

/// A form with one file, as a browser sends it.
fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--xyz--\r\n"].concat()
}

async fn upload(who: &Caller, name: &str, bytes: &[u8]) -> (u16, Value) {
    let mut request = who.http.post(who.url("/api/attachments"));
    request = if who.cookie.is_empty() {
        request.header("authorization", format!("Bearer {}", who.token))
    } else {
        request.header("cookie", &who.cookie)
    };
    let request = request.header("content-type", "multipart/form-data; boundary=xyz").body(form(name, bytes));
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
}

/// Fetches bytes: status, headers, body.
async fn fetch(who: &Caller, id: &str, range: Option<&str>) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let mut request = who.http.get(who.url(&format!("/api/attachments/{id}")));
    request = if who.cookie.is_empty() {
        request.header("authorization", format!("Bearer {}", who.token))
    } else {
        request.header("cookie", &who.cookie)
    };
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut picture = RgbImage::new(width, height);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        pixel.0 = [(x * 7 % 256) as u8, (y * 5 % 256) as u8, (x ^ y) as u8];
    }
    let mut out = Vec::new();
    DynamicImage::ImageRgb8(picture).write_to(&mut Cursor::new(&mut out), format).unwrap();
    out
}

/// Many pixels in few bytes.
fn flat(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    DynamicImage::ImageRgb8(RgbImage::new(width, height))
        .write_to(&mut Cursor::new(&mut out), ImageFormat::Png)
        .unwrap();
    out
}

fn id_of(file: &Value) -> String {
    file["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_photo_goes_from_guest_to_agent_and_to_nobody_else() {
    let mut scene = Scene::new().await;
    let other = scene.server.guest().await;
    let (status, photo) = upload(&scene.guest, "../My pool.png", &picture(60, 40, ImageFormat::Png)).await;
    assert_eq!(status, 201, "{photo}");
    assert_eq!((&photo["name"], &photo["media_type"]), (&json!("My pool.png"), &json!("image/png")));
    let id = id_of(&photo);

    assert_eq!(fetch(&scene.guest, &id, None).await.0, 200, "one's own");
    for stranger in [&other, &scene.admin, &scene.server.caller()] {
        let status = fetch(stranger, &id, None).await.0;
        assert!(matches!(status, 401 | 404), "no message names it yet: {status}");
    }
    scene
        .guest
        .refused(
            "POST",
            &format!("/api/conversations/{}/messages", scene.c),
            Some(json!({"id": "g0", "text": "see", "attachments": ["01890a5d-ac96-774b-bcce-b302099a8057"]})),
            (404, "not_found"),
        )
        .await;
    let stolen = Some(json!({"id": "o1", "text": "mine?", "attachments": [id]}));
    let mut other = other;
    let theirs = format!("/api/conversations/{}/messages", other.conversation);
    other.refused("POST", &theirs, stolen, (404, "not_found")).await;

    let seq = scene.page.done(json!({"type":"send","id":"g1","text":"the pool","attachments":[id]})).await;
    let history = scene.guest.history(&scene.c).await;
    let seen = history.iter().find(|event| event["seq"] == seq).unwrap();
    assert_eq!(seen["attachments"], json!([photo]), "the message tells all of it");
    let again = format!("/api/conversations/{}/messages", scene.c);
    assert_eq!(
        scene.guest.post(&again, json!({"id": "g1", "text": "the pool", "attachments": [id]})).await.0,
        201,
        "a repeat"
    );
    scene
        .guest
        .refused(
            "POST",
            &again,
            Some(json!({"id": "g2", "text": "twice", "attachments": [id]})),
            (404, "not_found"),
        )
        .await;

    let (status, headers, bytes) = fetch(&scene.admin, &id, None).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "image/png");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline"));
    assert_eq!(bytes.len(), usize::try_from(photo["size"].as_u64().unwrap()).unwrap());
    assert!(image::load_from_memory(&bytes).is_ok());
    assert_eq!(fetch(&scene.guest, &id, None).await.0, 200);
    assert_eq!(fetch(&other, &id, None).await.0, 404);

    let mut server = scene.server;
    server.crash().await;
    let admin = server.admin().await;
    assert_eq!(fetch(&admin, &id, None).await.2, bytes, "and after a crash");
}

#[tokio::test]
async fn an_agent_sends_a_file_and_parts_of_it_can_be_had() {
    let mut scene = Scene::new().await;
    let mut song = b"ID3\x03".to_vec();
    song.extend((0..700_000_u32).map(|n| (n % 253) as u8));
    let (status, file) = upload(&scene.admin, "a\"b\r\nX: y.mp3", &song).await;
    assert_eq!((status, &file["media_type"]), (201, &json!("audio/mpeg")), "{file}");
    let id = id_of(&file);
    let say = json!({"type":"send","id":"a1","conversation":scene.c,"text":"listen","attachments":[id]});
    scene.desk.done(say).await;
    let (status, headers, bytes) = fetch(&scene.guest, &id, None).await;
    assert_eq!((status, bytes == song), (200, true));
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let (status, headers, bytes) = fetch(&scene.guest, &id, Some("bytes=3-600002")).await;
    assert_eq!((status, bytes[..] == song[3..600_003]), (206, true));
    assert_eq!(headers["content-range"], "bytes 3-600002/700004");
    assert_eq!(fetch(&scene.guest, &id, Some("bytes=700004-")).await.0, 416);
    let note = json!({"id": "n", "text": "n", "note": true, "attachments": [id]});
    let path = format!("/api/conversations/{}/messages", scene.c);
    scene.admin.refused("POST", &path, Some(note), (400, "bad_frame")).await;
}

#[tokio::test]
async fn hostile_files() {
    let server = Server::start(&[]).await;
    let guest = server.guest().await;
    for (name, bytes) in [
        ("a.svg", &b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"[..]),
        ("a.png", b"<!doctype html><script>alert(1)</script>"),
        ("a.pdf", b"MZ\x90\0\x03"),
        ("a.zip", b"PK\x03\x04"),
        ("a.jpg", b"\xFF\xD8\xFF\xE0 not a photo"),
        ("a.gif", b"GIF89a<script>"),
    ] {
        let (status, problem) = upload(&guest, name, bytes).await;
        assert_eq!((status, &problem["code"]), (415, &json!("bad_frame")), "{name}: {problem}");
    }
    let (status, problem) = upload(&guest, "large.txt", &vec![b'a'; 10 * 1024 * 1024 + 1]).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")));
    assert_eq!(upload(&guest, "large.txt", &vec![b'a'; 10 * 1024 * 1024]).await.0, 201);
    assert_eq!(upload(&guest, "empty.txt", b"").await.0, 400);
    let (status, text) = upload(&guest, "page.html", "Just words & more".as_bytes()).await;
    assert_eq!((status, &text["media_type"]), (201, &json!("text/plain")), "by content, not by name");
    let nobody = server.caller();
    assert_eq!(upload(&nobody, "a.txt", b"hello").await.0, 401);
    let viewer = server.agent("viewer").await;
    assert_eq!(upload(&viewer, "a.txt", b"hello").await.0, 403);
}

/// The most memory that the server ever had, in KiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn large_pictures_take_little_memory() {
    let server = Server::start(&[]).await;
    let guest = server.guest().await;
    assert_eq!(upload(&guest, "small.png", &picture(10, 10, ImageFormat::Png)).await.0, 201);
    let before = peak(&server);
    // A phone's photo, and one that claims 2.5 thousand million pixels in a few hundred bytes.
    let (status, photo) = upload(&guest, "photo.jpg", &picture(4000, 3000, ImageFormat::Jpeg)).await;
    assert_eq!(status, 201, "{photo}");
    let mut bomb = picture(8, 8, ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    let crc = !bomb[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(upload(&guest, "bomb.png", &bomb).await.0, 413);
    assert_eq!(upload(&guest, "square.png", &flat(5000, 5000)).await.0, 413);
    let more = peak(&server) - before;
    println!("peak + {more} KiB");
    assert!(more <= 64 * 1024, "{more} KiB");
}
