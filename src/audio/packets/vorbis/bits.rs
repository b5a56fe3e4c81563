//! Bits, lowest first, as Vorbis packs them.

/// Bits that are read one after the other.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits that have been read.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits that have been read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The next `width` bits, at most 32; `None` at the end.
    pub(super) fn take(&mut self, width: u32) -> Option<u32> {
        let first = self.at / 8;
        self.skip(width.into())?;
        let byte = |n: usize| u64::from(self.bytes.get(first + n).copied().unwrap_or_default());
        let bits = (0..5).fold(0, |bits, n| bits | byte(n) << (8 * n));
        let shift = (self.at - width as usize) % 8;
        Some((bits >> shift & ((1 << width) - 1)) as u32)
    }

    /// Passes over so many bits; `None` where there are fewer.
    pub(super) fn skip(&mut self, width: u64) -> Option<()> {
        let end = (self.at as u64).checked_add(width).filter(|&end| end <= self.bytes.len() as u64 * 8)?;
        self.at = end as usize;
        Some(())
    }

    /// The next bit.
    pub(super) fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }
}

/// Bits that it takes to write a number.
pub(super) const fn width(number: u32) -> u32 {
    32 - number.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_taken_lowest_first_and_not_behind_the_end() {
        let mut bits = Bits::new(&[0b1010_0110, 0x34, 0x12, 0xFF, 0xFF, 0x01]);
        assert_eq!((bits.take(3), bits.take(5), bits.take(16)), (Some(6), Some(20), Some(0x1234)));
        assert_eq!((bits.take(1), bits.take(0), bits.take(22)), (Some(1), Some(0), Some(0x0000_FFFF)));
        assert_eq!((bits.at(), bits.take(2), bits.take(1)), (47, None, Some(0)));
        assert_eq!([0, 1, 2, 3, 4, 255].map(width), [0, 1, 2, 2, 3, 8]);
    }
}
