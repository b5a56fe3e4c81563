//! Look-ups in the compiled lexicon: closed word classes and open lists. Tables are made by `build.rs`.

use super::hash::hash_bytes;
use super::layout::{CLASS_SLOT, LIST_SLOT, Packed};

static CLASSES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.bin"));
static LISTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lists.bin"));

/// The closed classes of a word: a bit per class of `classes.txt`, and its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Bits as in [`bit`].
    pub flags: u64,
    /// Value of a number word, month or multiplier.
    pub number: u8,
    /// Letter or symbol that the word stands for, 0 if none.
    pub letter: u8,
}

macro_rules! bits {
    ($($name:ident)*) => { bits!(@ 0; $($name)*); };
    (@ $n:expr; $name:ident $($rest:ident)*) => {
        #[allow(missing_docs)]
        pub const $name: u64 = 1 << ($n);
        bits!(@ $n + 1; $($rest)*);
    };
    (@ $n:expr;) => {};
}

/// Bits of [`Class::flags`], in the order of `layout::CLASS_NAMES`.
pub mod bit {
    bits!(DIGIT OH HOMOPHONE TEEN TENS HUNDRED THOUSAND MULTIPLIER ORDINAL LETTER ALPHABET MONTH WEEKDAY RELDAY SYMBOL
        FILLER BACKCHANNEL MONEY DOSE DURATION CLOCK COUNT MENU TITLE RELATION SUFFIX PARTICLE STREET DIRECTION UNIT STATE
        DOMAIN PLACEWORD ORG FOREIGN COUNTRY EPONYM BRAND);
}

impl Class {
    /// Whether the word is in any of these classes.
    #[must_use]
    pub const fn is(self, bits: u64) -> bool {
        self.flags & bits != 0
    }
}

/// The closed classes of a word, by its hash.
#[must_use]
pub fn class_of(hash: u64) -> Class {
    match probe(CLASSES, CLASS_SLOT, hash) {
        Some(p) => Class {
            flags: u64::from_le_bytes([p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]]),
            number: p[8],
            letter: p[9],
        },
        None => Class::default(),
    }
}

/// What the open lists say of a word, by its hash.
#[must_use]
pub fn lists_of(hash: u64) -> Packed {
    probe(LISTS, LIST_SLOT, hash)
        .map_or_else(Packed::default, |p| Packed::from_bits(u32::from_le_bytes([p[0], p[1], p[2], p[3]])))
}

/// The lists' entry of a word.
#[must_use]
pub fn lists_of_word(word: &str) -> Packed {
    lists_of(hash_bytes(word.as_bytes()))
}

/// Bytes of both tables, for the pattern digest.
pub(super) const fn tables() -> [&'static [u8]; 2] {
    [CLASSES, LISTS]
}

fn probe(table: &'static [u8], slot: usize, hash: u64) -> Option<&'static [u8]> {
    let slots = table.len() / slot;
    let fingerprint = (hash >> 32) as u32 | 1;
    let mut at = hash as usize & (slots - 1);
    loop {
        let cell = &table[at * slot..(at + 1) * slot];
        match u32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]) {
            0 => return None,
            f if f == fingerprint => return Some(&cell[4..]),
            _ => at = (at + 1) & (slots - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(word: &str) -> Class {
        class_of(hash_bytes(word.as_bytes()))
    }

    #[test]
    fn closed_classes_carry_their_values() {
        assert_eq!(class("eighty").number, 80);
        assert!(class("eighty").is(bit::TENS));
        assert_eq!(class("bravo").letter, b'b');
        assert!(class("may").is(bit::MONTH));
        assert!(class("suite").is(bit::UNIT));
        assert!(class("hospital").is(bit::ORG));
        assert_eq!(class("zestful").flags, 0);
    }

    #[test]
    fn names_and_ordinary_words_are_told_apart_by_frequency() {
        assert!(lists_of_word("smith").surname >= 5);
        assert!(lists_of_word("maria").given >= 4);
        assert!(lists_of_word("the").lower >= 6);
    }
}
