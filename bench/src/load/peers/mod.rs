//! Other stacks' protocols, as their servers in `bench/peers` speak them. A room is a room or channel named
//! `r` and its number; what is posted is delivered to all who are in it, and to who posted it.

pub mod centrifuge;
pub mod plain;
pub mod socketio;

use super::protocol::RoomId;

/// How long a delivered message is, in bytes: as long as a typing notice of ours.
pub const MESSAGE_BYTES: usize = 200;

/// The room of a name.
fn room(name: &[u8]) -> Option<RoomId> {
    std::str::from_utf8(name.strip_prefix(b"r")?).ok()?.parse().ok()
}

/// A message's text: its tag, and words that fill it up to so many bytes.
fn text(tag: u64, bytes: usize) -> String {
    let words = "The towels are warm and the sea is calm today. ";
    let head = format!("b{tag} ");
    let left = bytes.saturating_sub(head.len());
    head.chars().chain(words.chars().cycle().take(left)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::crowd::Out;
    use crate::load::protocol::Say;

    /// The text that is said, if any.
    pub fn said(speak: impl FnOnce(&mut Say<'_>)) -> String {
        let mut out = Out::for_lines(1);
        speak(&mut Say { line: 0, out: &mut out });
        out.texts(0).join("")
    }

    #[test]
    fn a_text_is_as_long_as_asked_for() {
        assert_eq!(text(7, 20), "b7 The towels are wa");
        assert_eq!(text(7, 1), "b7 ", "never without its tag");
        assert_eq!((room(b"r12"), room(b"12"), room(b"rx")), (Some(12), None, None));
    }
}
