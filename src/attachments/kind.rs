//! What a file is, by its content.

/// A kind of file that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture, written anew.
    Picture(image::ImageFormat),
    /// Anything else, kept as it is: its media type.
    Other(&'static str),
}

/// What stands for a file of no known kind.
pub const UNKNOWN: &str = "application/octet-stream";

/// What these bytes are; `None` for what is not taken.
pub fn of(bytes: &[u8]) -> Option<Kind> {
    use image::ImageFormat::{Gif, Jpeg, Png, WebP};
    let at = |from: usize, magic: &[u8]| bytes.get(from..from + magic.len()) == Some(magic);
    if at(0, b"\xFF\xD8\xFF") {
        return Some(Kind::Picture(Jpeg));
    }
    if at(0, b"\x89PNG\r\n\x1A\n") {
        return Some(Kind::Picture(Png));
    }
    if at(0, b"GIF87a") || at(0, b"GIF89a") {
        return Some(Kind::Picture(Gif));
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Some(Kind::Picture(WebP));
    }
    if at(0, b"%PDF-") {
        return Some(Kind::Other("application/pdf"));
    }
    if at(0, b"OggS") {
        return Some(Kind::Other("audio/ogg"));
    }
    if at(4, b"ftyp") {
        return mp4(bytes.get(8..12)?).map(Kind::Other);
    }
    if at(0, b"ID3") || is_mp3_frame(bytes) {
        return Some(Kind::Other("audio/mpeg"));
    }
    is_text(bytes).then_some(Kind::Other("text/plain"))
}

/// What a file is that is too large to be looked at whole, by its first bytes: nothing that would have to be
/// written anew or read to its end.
pub fn of_large(head: &[u8]) -> &'static str {
    match of(head) {
        Some(Kind::Other(media_type)) if media_type != "text/plain" => media_type,
        _ => UNKNOWN,
    }
}

/// The container is also that of pictures that no browser of ours shows: those are not taken.
fn mp4(brand: &[u8]) -> Option<&'static str> {
    match brand {
        b"M4A " | b"M4B " => Some("audio/mp4"),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V " | b"MSNV"
        | b"dash" | b"mmp4" | b"3gp4" | b"3gp5" | b"3gp6" => Some("video/mp4"),
        _ => None,
    }
}

/// The head of a frame: sync, layer III, and no value that is reserved.
fn is_mp3_frame(bytes: &[u8]) -> bool {
    let [first, second, third, ..] = *bytes else { return false };
    first == 0xFF
        && second & 0xE6 == 0xE2
        && second & 0x18 != 0x08
        && third & 0xF0 != 0xF0
        && third & 0x0C != 0x0C
}

/// Words in UTF-8. What begins as markup is none: an SVG or a page calls itself text as well.
fn is_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim_start_matches('\u{FEFF}');
    let control = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C);
    !text.trim().is_empty() && !text.trim_start().starts_with('<') && !text.bytes().any(control)
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;

    use super::*;

    #[test]
    fn by_their_first_bytes() {
        for (bytes, kind) in [
            (&b"\xFF\xD8\xFF\xE0rest"[..], Some(Kind::Picture(ImageFormat::Jpeg))),
            (b"\x89PNG\r\n\x1A\nrest", Some(Kind::Picture(ImageFormat::Png))),
            (b"GIF89a", Some(Kind::Picture(ImageFormat::Gif))),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Some(Kind::Picture(ImageFormat::WebP))),
            (b"RIFF\x00\x00\x00\x00WAVE", None),
            (b"%PDF-1.7\n", Some(Kind::Other("application/pdf"))),
            (b"OggS\0", Some(Kind::Other("audio/ogg"))),
            (b"\0\0\0\x18ftypmp42", Some(Kind::Other("video/mp4"))),
            (b"\0\0\0\x18ftypM4A ", Some(Kind::Other("audio/mp4"))),
            (b"\0\0\0\x18ftypheic", None),
            (b"ID3\x03\0", Some(Kind::Other("audio/mpeg"))),
            (b"\xFF\xFB\x90\x64", Some(Kind::Other("audio/mpeg"))),
            ("Grüße\r\n".as_bytes(), Some(Kind::Other("text/plain"))),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"\xEF\xBB\xBF <!doctype html>", None),
            (b"\x1b[31mred", None),
            (b"MZ\x90\0", None),
            (b"PK\x03\x04", None),
            (b"\xFF\xFF\xFF\xFF", None),
            (b"  \n", None),
            (b"", None),
        ] {
            assert_eq!(of(bytes), kind, "{bytes:?}");
        }
    }
}
