//! A quick hash for tables that are made once, of our own words: nobody outside can fill them.

use std::hash::{BuildHasherDefault, Hasher};

/// FNV-1a.
pub type Fnv = BuildHasherDefault<Fnv1a>;

/// See [`Fnv`].
#[derive(Debug, Clone)]
pub struct Fnv1a(u64);

impl Default for Fnv1a {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv1a {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits too, which short words hardly reach.
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
