//! Rules out, in one pass over its bytes, that a text holds any of the values: most of a file.
//!
//! Whatever case, word limits and separators are worth elsewhere, a value that stands in a text stands in its letters
//! and digits alone, one after the other. Those are compared four at a time with the ends of all values at once.
//! It errs on one side: what it rules out is not there, what it lets through must be looked at.

/// Letters and digits that are compared at once. No value is shorter.
const GRAM: usize = 4;
/// Longest end of a value that is compared before a text is let through.
const TAIL_MAX: usize = 32;
/// Values with one last gram that are compared before a text is let through.
const ALIKE_MAX: usize = 8;
/// The grams of values are marked in a table of so many bits: for the hundred values of a call, nearly empty.
const TABLE_BITS: u32 = 15;
const TABLE_CELLS: usize = 1 << (TABLE_BITS - 6);

/// What a byte is: a letter in lower case or a digit stands for itself, anything else for one of three.
const NEITHER: u8 = 0;
const APOSTROPHE: u8 = 1;
const NOT_ASCII: u8 = 2;

static FOLD: [u8; 256] = {
    let mut fold = [NEITHER; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        fold[b] = match byte {
            b'0'..=b'9' | b'a'..=b'z' => byte,
            b'A'..=b'Z' => byte.to_ascii_lowercase(),
            b'\'' => APOSTROPHE,
            0x80.. => NOT_ASCII,
            _ => NEITHER,
        };
        b += 1;
    }
    fold
};

/// The ends of the values.
pub(super) struct Sieve {
    table: Box<[u64; TABLE_CELLS]>,
    /// The last gram and the end of each value, sorted.
    tails: Vec<(u32, Box<[u8]>)>,
    /// Runs of letters and digits of this length may hold the call's id, which is no text.
    id_len: usize,
    /// A value was no plain letters and digits: nothing can be ruled out.
    is_blind: bool,
}

impl Sieve {
    /// `values` are letters and digits in lower case. Those that are not ASCII need not be held: a text without other
    /// characters has none of them, and one that has some is let through.
    pub(super) fn new<'v>(values: impl Iterator<Item = &'v str>, id_len: usize) -> Self {
        let mut sieve = Self { table: Box::new([0; TABLE_CELLS]), tails: Vec::new(), id_len, is_blind: false };
        for value in values.filter(|v| v.is_ascii()).map(str::as_bytes) {
            match value.last_chunk::<GRAM>() {
                Some(last) if value.iter().all(u8::is_ascii_alphanumeric) => {
                    let gram = u32::from_be_bytes(*last);
                    let (cell, bit) = place(gram);
                    sieve.table[cell] |= bit;
                    sieve.tails.push((gram, value[value.len().saturating_sub(TAIL_MAX)..].into()));
                }
                _ => sieve.is_blind = true,
            }
        }
        sieve.tails.sort_unstable();
        sieve.tails.dedup();
        sieve
    }

    /// Whether a value may stand in a text.
    pub(super) fn lets_through(&self, text: &[u8]) -> bool {
        // The last letters and digits, the nth at n modulo `TAIL_MAX`.
        let (mut said, mut len) = ([0; TAIL_MAX], 0);
        let mut gram = 0_u32;
        // Where the run of letters and digits begins.
        let mut run = 0;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            at += 1;
            let folded = FOLD[usize::from(byte)];
            if folded > NOT_ASCII {
                said[len % TAIL_MAX] = folded;
                len += 1;
                gram = gram << 8 | u32::from(folded);
                let (cell, bit) = place(gram);
                if self.table[cell] & bit != 0 && self.ends_alike(gram, &said, len) {
                    return true;
                }
            } else if folded == APOSTROPHE && at - 1 > run {
                if is_possessive(&text[at..]) {
                    // "Smith's" is "smith", but behind an id there is no name.
                    if at - 1 - run >= self.id_len {
                        return true;
                    }
                    at += 1;
                    run = at;
                }
            } else if folded == NOT_ASCII {
                return true;
            } else {
                run = at;
            }
        }
        self.is_blind
    }

    /// Whether a value ends as what was said, of which so much was said.
    #[cold]
    fn ends_alike(&self, gram: u32, said: &[u8; TAIL_MAX], len: usize) -> bool {
        let mut last = *said;
        last.rotate_left(len % TAIL_MAX);
        let last = &last[TAIL_MAX - len.min(TAIL_MAX)..];
        let from = self.tails.partition_point(|t| t.0 < gram);
        let mut alike = self.tails[from..].iter().take_while(|t| t.0 == gram);
        alike.by_ref().take(ALIKE_MAX).any(|t| last.ends_with(&t.1)) || alike.next().is_some()
    }
}

/// Whether what follows an apostrophe is the end of a possessive.
fn is_possessive(rest: &[u8]) -> bool {
    matches!(rest, [b's' | b'S', after @ ..] if !after.first().is_some_and(u8::is_ascii_alphanumeric))
}

/// Where a gram is marked in the table.
const fn place(gram: u32) -> (usize, u64) {
    let hash = gram.wrapping_mul(0x9E37_79B1) >> (32 - TABLE_BITS);
    ((hash / 64) as usize, 1 << (hash % 64))
}
