//! Digests of files, as Meta writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A SHA-256 digest, which Meta writes here in hexadecimal digits and there in Base64. What is neither is none.
pub(super) fn read(text: &str) -> Option<[u8; 32]> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let mut bytes = [0; 32];
        for (n, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
        }
        return Some(bytes);
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_either_form() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(read(hex).map(|bytes| bytes[0]), Some(0xE3));
        assert_eq!(read(hex), read(base64));
        for none in ["", "abc", &hex[..62], &format!("{hex}00"), "<SHA_256_HASH>"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
