//! AAC low complexity (ISO/IEC 14496-3): the raw data block that says silence, and what tells of SBR.

pub(super) mod adts;

use super::unsupported;
use crate::base::Result;
use std::ops::Range;

/// Samples of each channel in a block; streams of 960 are not muted.
pub(super) const SAMPLES: i64 = 1024;
/// Rates by their index.
pub(super) const RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// The profile that is muted, as an audio object type.
pub(super) const LOW_COMPLEXITY: u8 = 2;

/// The blocks of a stream, as far as they have been looked at.
pub(super) struct Blocks {
    pub(super) channels: u8,
    count: u64,
    with_bands: u64,
}

impl Blocks {
    /// # Errors
    /// Holds the call for more than two channels, or channels that only the stream itself says.
    pub(super) fn new(channels: u8) -> Result<Self> {
        match channels {
            1 | 2 => Ok(Self { channels, count: 0, with_bands: 0 }),
            _ => Err(unsupported("AAC of other than one or two channels")),
        }
    }

    /// Looks at a block as it came.
    pub(super) fn look(&mut self, block: &[u8]) {
        self.count += 1;
        self.with_bands += u64::from(ends_in_bands(block));
    }

    /// Checks what only all blocks together say.
    ///
    /// # Errors
    /// Holds the call where most blocks end in SBR: its upper band has noise of its own, which a silent block does
    /// not switch off. By chance one block in some hundreds looks like that.
    pub(super) fn finish(&self) -> Result<()> {
        if self.with_bands * 2 > self.count { Err(unsupported("AAC with SBR (HE-AAC)")) } else { Ok(()) }
    }

    /// The block that says silence: one element without any band, and the end.
    pub(super) const fn silence(&self) -> &'static [u8] {
        match self.channels {
            1 => &[0, 0, 0, 0b0000_0111],
            _ => &[0b0010_0001, 0, 0, 0, 0, 0b0001_1100],
        }
    }
}

/// All samples that block number `count` may sound in: its window covers two blocks' samples. One more before and
/// behind is the guard, and room for players that start `early` samples late.
pub(super) const fn support(count: i64, early: i64) -> Range<i64> {
    (count - 1) * SAMPLES - early..(count + 3) * SAMPLES
}

/// Most bytes of a fill element: 14, and what 8 bits add.
const FILL_BYTES_MAX: usize = 269;
/// How far back it is looked for: over the longest one and its length.
const BACK_BYTES: usize = FILL_BYTES_MAX + 2;
/// The seven bits before a fill element: its identifier, and its length or that 8 bits more follow.
const FILL: u8 = 0b110 << 4;
const LONG_FILL: u8 = FILL | 15;

/// Whether a block seems to end in a fill element with SBR: where one of each possible length would start, its
/// identifier, length and type stand.
fn ends_in_bands(block: &[u8]) -> bool {
    // The end element, 111, and zeros to the byte's end.
    let [.., before, last] = *block else { return false };
    let unused = last.trailing_zeros();
    if last == 0 || u16::from_be_bytes([before, last]) >> unused & 7 != 7 {
        return false;
    }
    let bits = block.len() * 8 - unused as usize - 3;
    let (whole, shift) = (bits / 8, bits % 8);
    // What stands before the end element, in bytes that end with it; zeros before the block.
    let known = &block[(whole + 1).saturating_sub(BACK_BYTES + 1)..=whole];
    let mut tail = [0; BACK_BYTES];
    let (unknown, begun) = tail.split_at_mut(BACK_BYTES + 1 - known.len());
    let shifted = |a: u8, b: u8| (u16::from_be_bytes([a, b]) << shift >> 8) as u8;
    if let Some(first) = unknown.last_mut() {
        *first = shifted(0, known[0]);
    }
    // Three rows of equal length, so that the compiler shifts many bytes at once.
    for ((byte, a), b) in begun.iter_mut().zip(known).zip(&known[1..]) {
        *byte = shifted(*a, *b);
    }
    // The byte with so many bytes behind it.
    let back = |bytes: usize| tail[BACK_BYTES - 1 - bytes];
    let is_bands = |payload: usize| matches!(back(payload - 1) >> 4, 13 | 14);
    let is_long = |payload: usize| usize::from(back(payload)) + 14 == payload && is_bands(payload);
    (1..15).any(|payload| usize::from(back(payload) & 0x7F) == usize::from(FILL) | payload && is_bands(payload))
        || memchr::memchr2_iter(LONG_FILL, LONG_FILL | 0x80, &tail[..BACK_BYTES - 16])
            .any(|at| is_long(FILL_BYTES_MAX - at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bits: &str) -> Vec<u8> {
        let bits: String = bits.chars().filter(|c| *c != ' ').collect();
        let byte = |part: &[u8]| part.iter().enumerate().fold(0, |b, (i, &c)| b | (c - b'0') << (7 - i));
        bits.as_bytes().chunks(8).map(byte).collect()
    }

    #[test]
    fn silence_is_an_element_without_bands() {
        // Element, tag, gain, window (long, sine, no bands, no prediction), no pulse, TNS or gain control, end.
        let mono = block("000 0000 00000000 0 00 0 000000 0 000 111");
        assert_eq!(Blocks::new(1).unwrap().silence(), mono);
        let stereo = block("001 0000 1 0 00 0 000000 0 00 00000000 000 00000000 000 111");
        assert_eq!(Blocks::new(2).unwrap().silence(), stereo);
        assert!(Blocks::new(0).is_err() && Blocks::new(6).is_err());
    }

    #[test]
    fn streams_that_end_in_bands_are_told_from_others() {
        let with = block("000 0000 00000000 0 00 0 000000 0 000 110 0010 1101 000000000000 111");
        let padded = block("000 0000 00000000 0 00 0 000000 0 000 110 0010 0000 000000000000 111");
        assert!(ends_in_bands(&with) && !ends_in_bands(&padded));
        for (bytes, length) in [(1, "0001"), (14, "1110"), (15, "1111 00000001"), (269, "1111 11111111")] {
            for before in ["0", "000 0000 1", "000 0000 1010 0011"] {
                for (kind, is_bands) in [("1101", true), ("1110", true), ("0001", false)] {
                    let fill = format!("{before} 110 {length} {kind} {} 111", "0".repeat(bytes * 8 - 4));
                    assert_eq!(ends_in_bands(&block(&fill)), is_bands, "{fill}");
                }
                let shorter = format!("{before} 110 {length} 1101 {} 111", "0".repeat(bytes * 8 - 5));
                assert!(!ends_in_bands(&block(&shorter)), "{shorter}");
            }
        }
        assert!(!ends_in_bands(&[]) && !ends_in_bands(&[0; 9]) && !ends_in_bands(&[0xFF]));
        let mut blocks = Blocks::new(1).unwrap();
        blocks.look(&padded);
        assert!(blocks.finish().is_ok());
        (0..2).for_each(|_| blocks.look(&with));
        assert!(blocks.finish().is_err());
    }
}
