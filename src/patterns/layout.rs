//! Layout of the compiled lexicon, shared with `build.rs`.

#[allow(dead_code, reason = "build.rs reads it")]
/// Names of the closed word classes; the position is the bit in `Class::flags`.
pub const CLASS_NAMES: &[&str] = &[
    "digit",
    "oh",
    "homophone",
    "teen",
    "tens",
    "hundred",
    "thousand",
    "multiplier",
    "ordinal",
    "letter",
    "alphabet",
    "month",
    "weekday",
    "relday",
    "symbol",
    "filler",
    "backchannel",
    "money",
    "dose",
    "duration",
    "clock",
    "count",
    "menu",
    "title",
    "relation",
    "suffix",
    "particle",
    "street",
    "direction",
    "unit",
    "state",
    "domain",
    "placeword",
    "org",
    "foreign",
    "country",
    "eponym",
    "brand",
];

/// Bytes of a class slot: fingerprint, flags, number, letter, spare.
pub const CLASS_SLOT: usize = 4 + 8 + 8;
/// Bytes of a list slot: fingerprint, packed lists.
pub const LIST_SLOT: usize = 4 + 4;

/// What the lists say of a word, before packing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Given-name frequency, 0 (not listed) to 6.
    pub given: u32,
    /// Surname frequency, 0 (not listed) to 6.
    pub surname: u32,
    /// Frequency as an ordinary lower-case word, 0 (unseen) to 7.
    pub lower: u32,
    /// Frequency with a capital in mid-sentence, 0 (unseen) to 7.
    pub capital: u32,
    /// City of one word, or whole city phrase: 0 (none) to 3 by size.
    pub city: u32,
    /// First word of a city of several words.
    pub city_first: bool,
    /// Later word of a city of several words.
    pub city_rest: bool,
    /// Drug, diagnosis, test or organisation word.
    pub medical: bool,
}

impl Packed {
    /// The 32 bits of a slot.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.given
            | self.surname << 3
            | self.lower << 6
            | self.capital << 9
            | self.city << 12
            | (self.city_first as u32) << 14
            | (self.city_rest as u32) << 15
            | (self.medical as u32) << 16
    }

    /// Back from the 32 bits of a slot.
    #[must_use]
    pub const fn from_bits(b: u32) -> Self {
        Self {
            given: b & 7,
            surname: b >> 3 & 7,
            lower: b >> 6 & 7,
            capital: b >> 9 & 7,
            city: b >> 12 & 3,
            city_first: b >> 14 & 1 == 1,
            city_rest: b >> 15 & 1 == 1,
            medical: b >> 16 & 1 == 1,
        }
    }
}
