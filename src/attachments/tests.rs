//! Pictures in every form, good and hostile, and the folder.

use std::io::Cursor;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_actors::ports::{Arriving, FileError, Files, KeptFile, Parts};
use image::{DynamicImage, GenericImageView, ImageFormat, RgbImage};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Folder, picture};

fn picture(width: u32, height: u32) -> DynamicImage {
    let mut picture = RgbImage::new(width, height);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        pixel.0 = [x.to_le_bytes()[0], y.to_le_bytes()[0], 99];
    }
    DynamicImage::ImageRgb8(picture)
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Vec::new();
    picture.write_to(&mut Cursor::new(&mut out), format).expect("encodes");
    out
}

#[test]
fn only_pixels_are_kept() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let mut bytes = encoded(&picture(40, 30), format);
        bytes.extend_from_slice(b"<script>alert(1)</script>");
        let anew = picture::anew(&bytes, format).expect("a good picture");
        assert!(!anew.windows(7).any(|part| part == b"<script"), "{format:?}");
        let seen = image::load_from_memory_with_format(&anew, format).expect("still a picture");
        assert_eq!(seen.dimensions(), (40, 30), "{format:?}");
    }
}

#[test]
fn a_photo_is_turned_and_forgets_where_it_was_taken() {
    let plain = encoded(&picture(40, 30), ImageFormat::Jpeg);
    // An EXIF segment that says: turned by 90 degrees.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = plain[..2].to_vec();
    bytes.extend_from_slice(&[0xFF, 0xE1]);
    bytes.extend_from_slice(&u16::try_from(exif.len() + 2).expect("short").to_be_bytes());
    bytes.extend_from_slice(exif);
    bytes.extend_from_slice(&plain[2..]);
    let anew = picture::anew(&bytes, ImageFormat::Jpeg).expect("a good picture");
    assert!(!anew.windows(4).any(|part| part == b"Exif"));
    assert_eq!(image::load_from_memory(&anew).expect("a picture").dimensions(), (30, 40));
}

#[test]
fn a_large_photo_is_made_smaller() {
    let anew = picture::anew(&encoded(&picture(4000, 1000), ImageFormat::Jpeg), ImageFormat::Jpeg);
    assert_eq!(
        image::load_from_memory(&anew.expect("a picture")).expect("a picture").dimensions(),
        (2560, 640)
    );
}

/// A PNG that claims to have so many pixels.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(&picture(8, 8), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn bombs_are_not_even_begun() {
    for (width, height) in [(50_000, 50_000), (20_001, 1), (15_000, 15_000), (u32::MAX, u32::MAX)] {
        let bomb = claims(width, height);
        let refused = picture::anew(&bomb, ImageFormat::Png);
        assert!(matches!(refused, Err(FileError::TooLarge | FileError::Unfit(_))), "{width}×{height}");
    }
    for broken in [&b"\xFF\xD8\xFF"[..], b"GIF89a", b"RIFF\x04\0\0\0WEBP", b"\x89PNG\r\n\x1A\n"] {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            assert!(picture::anew(broken, format).is_err());
        }
    }
}

#[tokio::test]
async fn kept_and_read_again() {
    let data = TempDir::new().expect("a folder");
    let folder = Folder::new(data.path());
    let id = Uuid::now_v7();
    assert!(matches!(folder.read(id).await, Err(FileError::Gone)));
    let kept = folder.keep(id, Bytes::from_static(b"%PDF-1.7 and so on"), false).await.expect("kept");
    assert_eq!((kept.media_type.as_str(), kept.size), ("application/pdf", 18));
    assert_eq!(folder.read(id).await.expect("there"), &b"%PDF-1.7 and so on"[..]);
    assert_eq!(folder.part(id, 5, 3).await.expect("there"), &b"1.7"[..]);
    assert_eq!(folder.part(id, 99, 3).await.expect("there"), &b""[..]);
    assert!(matches!(folder.keep(id, Bytes::from_static(b"MZ\x90"), false).await, Err(FileError::Unfit(_))));
    let any = folder.keep(id, Bytes::from_static(b"MZ\x90"), true).await.expect("kept");
    assert_eq!(any.media_type, "application/octet-stream");
    folder.remove(vec![id, Uuid::now_v7()]).await;
    assert!(matches!(folder.read(id).await, Err(FileError::Gone)));
}

/// Bytes that come in parts, and then break off if they are to.
struct Given(Vec<Bytes>, bool);

#[async_trait]
impl Parts for Given {
    async fn next(&mut self) -> Result<Option<Bytes>, FileError> {
        match self.0.pop() {
            None if self.1 => Err(FileError::Unavailable("broke off".to_owned())),
            part => Ok(part),
        }
    }
}

#[tokio::test]
async fn on_its_way_a_file_is_whole_right_and_not_too_large_or_not_kept() {
    const PART: usize = 1024 * 1024;
    let data = TempDir::new().expect("a folder");
    let folder = Folder::new(data.path());
    let id = Uuid::now_v7();
    let file = |parts: usize| {
        let mut bytes: Vec<u8> = (0..parts * PART).map(|n| n.to_le_bytes()[n % 3]).collect();
        bytes[..5].copy_from_slice(b"%PDF-");
        bytes
    };
    let arriving = |bytes: &[u8], sha256: Option<[u8; 32]>, breaks_off: bool| {
        let mut parts: Vec<Bytes> = bytes.chunks(PART).map(Bytes::copy_from_slice).collect();
        parts.reverse();
        Arriving { size: None, sha256, parts: Box::new(Given(parts, breaks_off)) }
    };
    let max = 20 * PART as u64;
    let left = || {
        let place = data.path().join("attachments").join(&id.simple().to_string()[30..]);
        std::fs::read_dir(place).map_or(0, |files| files.count())
    };
    // Small ones are in memory until they are kept, large ones are not.
    for parts in [1, 18] {
        let bytes = file(parts);
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let mut other = digest;
        other[31] ^= 1;
        let broken = folder.take(id, arriving(&bytes, Some(digest), true), max).await;
        assert!(matches!(broken, Err(FileError::Unavailable(_))), "{broken:?}");
        let damaged = folder.take(id, arriving(&bytes, Some(other), false), max).await;
        assert!(matches!(damaged, Err(FileError::Damaged)), "{damaged:?}");
        let large = folder.take(id, arriving(&bytes, Some(digest), false), bytes.len() as u64 - 1).await;
        assert!(matches!(large, Err(FileError::TooLarge)), "{large:?}");
        assert_eq!(left(), 0, "nothing is left of them");
        for announced in [Some(digest), None] {
            let kept = folder.take(id, arriving(&bytes, announced, false), max).await.expect("kept");
            let size = bytes.len() as u64;
            assert_eq!(kept, KeptFile { media_type: "application/pdf".to_owned(), size });
            assert!(folder.read(id).await.expect("there") == bytes);
        }
        folder.remove(vec![id]).await;
    }
    let mut announced = arriving(b"", None, false);
    announced.size = Some(max + 1);
    assert!(matches!(folder.take(id, announced, max).await, Err(FileError::TooLarge)));
    // A picture that is none is kept all the same, and never shown.
    let kept =
        folder.take(id, arriving(b"\xFF\xD8\xFF and no picture", None, false), max).await.expect("kept");
    assert_eq!(kept.media_type, "application/octet-stream");
}
