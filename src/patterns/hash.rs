//! The one hash of words and features. `build.rs` compiles this file too, so tables built there are
//! found here. Changing it changes the pattern digest.

/// Hash of a word (or of any bytes), 64 bits; never 0, which marks an empty slot.
#[must_use]
pub const fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut h = START;
    let mut i = 0;
    while i < bytes.len() {
        h = step(h, bytes[i]);
        i += 1;
    }
    mix(h) | 1
}

/// Hash of a word of ASCII letters in lower case, and how many of its letters are capitals; `None` for any other word.
#[must_use]
pub fn hash_letters(word: &str) -> Option<(u64, usize)> {
    let (mut h, mut capitals) = (START, 0);
    for byte in word.bytes() {
        let lower = byte | 0x20;
        if !lower.is_ascii_lowercase() {
            return None;
        }
        capitals += usize::from(byte != lower);
        h = step(h, lower);
    }
    Some((mix(h) | 1, capitals))
}

/// FNV-1a, finished by a strong mixer: words are short, and the loop is the cost.
const START: u64 = 0xcbf2_9ce4_8422_2325;

const fn step(h: u64, byte: u8) -> u64 {
    (h ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Spreads the bits of `h` over the whole word (the finaliser of SplitMix64).
#[must_use]
pub const fn mix(mut h: u64) -> u64 {
    h ^= h >> 30;
    h = h.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h ^= h >> 27;
    h = h.wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}
