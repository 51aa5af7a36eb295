//! File names, made safe to show and to offer for saving. Nothing is ever stored under one.

/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 100;

/// The last part of what somebody calls a file, without characters that would end a header, leave a folder
/// or turn the reading direction. May be empty.
pub fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| is_plain(*c)).collect();
    let clean = clean.trim_matches(['.', ' ']);
    if clean.chars().count() <= NAME_MAX_CHARS {
        return clean.to_owned();
    }
    // The end is kept: it says what the file is.
    let end: Vec<char> = clean.chars().rev().take(16).collect();
    let begin: String = clean.chars().take(NAME_MAX_CHARS - end.len() - 1).collect();
    format!("{begin}…{}", end.into_iter().rev().collect::<String>())
}

fn is_plain(c: char) -> bool {
    let turns =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    !c.is_control()
        && !turns
        && !matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*' | '%' | '\u{2028}' | '\u{2029}')
}

/// The usual ending of a kind of file, with its dot; empty for what is not known.
pub fn extension(media_type: &str) -> &'static str {
    match media_type {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        "text/plain" => ".txt",
        "video/mp4" => ".mp4",
        "audio/ogg" => ".ogg",
        "audio/mpeg" => ".mp3",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside() {
        for (given, safe_name) in [
            ("receipt.pdf", "receipt.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\a.png", "a.png"),
            ("a\r\nSet-Cookie: x.png", "aSet-Cookie x.png"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("...", ""),
            ("", ""),
            ("日本語.jpg", "日本語.jpg"),
            ("q\"uote.gif", "quote.gif"),
        ] {
            assert_eq!(safe(given), safe_name, "{given:?}");
        }
        let long = safe(&format!("{}.jpeg", "x".repeat(500)));
        assert!(long.chars().count() <= NAME_MAX_CHARS && long.ends_with(".jpeg"), "{long}");
    }
}
