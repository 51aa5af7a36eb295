//! Frames of clients.

use frontdesk_domain::frame::{ClientFrame, parse};
use frontdesk_domain::refusal::Code;
use frontdesk_domain::text::{TEXT_MAX_CHARS, check_text};

/// Reads a frame.
pub fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text) {
        Ok(ClientFrame::Send { text, .. }) => {
            if check_text(&text).is_ok() {
                assert!(text.trim().chars().count() <= TEXT_MAX_CHARS);
                assert!(!text.contains('\0'));
            }
        }
        Ok(_) => {}
        Err((id, refusal)) => {
            assert_eq!(refusal.code, Code::BadFrame);
            assert!(refusal.message.len() < 200, "no more is said than what is wrong");
            assert!(id.is_none_or(|id| (1..=64).contains(&id.as_str().len())));
        }
    }
}
