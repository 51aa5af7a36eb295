//! As much of WebSocket framing as a client needs: whole masked frames out, whole frames in.

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole text message.
    Text,
    /// A whole binary message.
    Binary,
    /// To be answered with a pong.
    Ping,
    /// An answer to a ping.
    Pong,
    /// The other end's farewell.
    Close,
    /// A piece of a message, or nothing of the standard.
    Other,
}

/// A frame at the start of some bytes: its kind, where its payload begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Where the payload starts.
    pub start: usize,
    /// Where the payload and the frame end.
    pub end: usize,
}

/// The frame at the start of `bytes`, if it is all there. Servers do not mask.
pub fn first(bytes: &[u8]) -> Option<Found> {
    let (&head, &second) = (bytes.first()?, bytes.get(1)?);
    let (start, length): (usize, usize) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            (10, usize::try_from(length).ok()?)
        }
        short => (2, usize::from(short)),
    };
    let end = start.checked_add(length)?;
    if bytes.len() < end {
        return None;
    }
    let kind = match head {
        0x81 => Kind::Text,
        0x82 => Kind::Binary,
        0x88 => Kind::Close,
        0x89 => Kind::Ping,
        0x8a => Kind::Pong,
        _ => Kind::Other,
    };
    Some(Found { kind, start, end })
}

/// Appends a masked frame with this first byte's operation.
pub fn append(to: &mut Vec<u8>, kind: Kind, payload: &[u8], mask: [u8; 4]) {
    let head = match kind {
        Kind::Text | Kind::Other => 0x81,
        Kind::Binary => 0x82,
        Kind::Close => 0x88,
        Kind::Ping => 0x89,
        Kind::Pong => 0x8a,
    };
    to.push(head);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => to.push(0x80 | short),
        (_, Ok(middle)) => {
            to.push(0x80 | 126);
            to.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            to.push(0x80 | 127);
            to.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    to.extend_from_slice(&mask);
    let from = to.len();
    to.extend_from_slice(payload);
    for piece in to[from..].chunks_mut(4) {
        for (byte, key) in piece.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_all_three_forms_are_read() {
        for length in [0_usize, 1, 125, 126, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; length];
            let mut masked = Vec::new();
            append(&mut masked, Kind::Text, &payload, [0; 4]);
            // The same frame as a server sends it: no mask bit, no key.
            let key_at = masked.len() - length - 4;
            let mut bare = masked.clone();
            bare.drain(key_at..key_at + 4);
            bare[1] &= 0x7f;
            let found = first(&bare).expect("a whole frame");
            assert_eq!((found.kind, found.end - found.start, found.end), (Kind::Text, length, bare.len()));
            assert_eq!(first(&bare[..bare.len() - 1]), None, "{length}: not all there");
        }
        assert_eq!(first(&[0x81]), None);
    }

    #[test]
    fn the_mask_is_put_on() {
        let mut bytes = Vec::new();
        append(&mut bytes, Kind::Pong, b"hello", [1, 2, 3, 4]);
        assert_eq!(bytes[..6], [0x8a, 0x85, 1, 2, 3, 4]);
        let plain: Vec<u8> = bytes[6..].iter().zip([1, 2, 3, 4].iter().cycle()).map(|(b, k)| b ^ k).collect();
        assert_eq!(plain, b"hello");
    }

    #[test]
    fn pieces_and_control_frames_are_told_apart() {
        assert_eq!(first(&[0x01, 0x00]).map(|found| found.kind), Some(Kind::Other));
        assert_eq!(first(&[0x89, 0x00]).map(|found| found.kind), Some(Kind::Ping));
        assert_eq!(first(&[0x88, 0x02, 0x11, 0x97]).map(|found| found.kind), Some(Kind::Close));
    }
}
