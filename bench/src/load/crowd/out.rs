//! What is to be said, gathered by connection.

use super::LineId;
use crate::load::frame::{self, Kind};

/// What is to be said, by connection.
#[derive(Default)]
pub struct Out {
    pub(super) buffers: Vec<Vec<u8>>,
    pub(super) is_dirty: Vec<bool>,
    pub(super) dirty: Vec<LineId>,
    mask: u32,
}

impl Out {
    /// Room for one connection more.
    pub(super) fn grow(&mut self) {
        self.buffers.push(Vec::new());
        self.is_dirty.push(false);
    }

    /// Says a text message.
    pub fn text(&mut self, line: LineId, payload: &[u8]) {
        self.frame(line, Kind::Text, payload);
    }

    pub(super) fn frame(&mut self, line: LineId, kind: Kind, payload: &[u8]) {
        self.mask = self.mask.wrapping_mul(0x9e37_79b1).wrapping_add(0x85eb_ca6b);
        if let Some(buffer) = self.buffers.get_mut(line) {
            frame::append(buffer, kind, payload, self.mask.to_ne_bytes());
            self.mark(line);
        }
    }

    pub(super) fn mark(&mut self, line: LineId) {
        if let Some(is_dirty) = self.is_dirty.get_mut(line)
            && !std::mem::replace(is_dirty, true)
        {
            self.dirty.push(line);
        }
    }
}

#[cfg(test)]
impl Out {
    /// For so many connections that nobody has made.
    pub fn for_lines(count: usize) -> Self {
        let mut out = Self::default();
        (0..count).for_each(|_| out.grow());
        out
    }

    /// The texts that are due to one, all shorter than 64 KiB.
    pub fn texts(&self, line: LineId) -> Vec<String> {
        let (mut bytes, mut texts) = (self.buffers[line].as_slice(), Vec::new());
        while !bytes.is_empty() {
            let (head, length) = match bytes[1] & 0x7f {
                126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
                short => (2, usize::from(short)),
            };
            let (mask, rest) = bytes[head..].split_at(4);
            let plain = rest[..length].iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key);
            texts.push(String::from_utf8(plain.collect()).expect("text"));
            bytes = &rest[length..];
        }
        texts
    }
}
