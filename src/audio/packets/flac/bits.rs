//! Bits, highest first: reading and writing.

/// Bits that are read one after the other.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// Bits that have been read.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes that have been read, the last one perhaps in part.
    pub(super) const fn bytes_read(&self) -> usize {
        self.at.div_ceil(8)
    }

    /// The next `width` bits, at most 56; `None` at the end.
    pub(super) fn take(&mut self, width: u32) -> Option<u64> {
        if self.at + width as usize > self.bytes.len() * 8 {
            return None;
        }
        let word = self.word();
        self.at += width as usize;
        Some(if width == 0 { 0 } else { word >> (64 - width) })
    }

    /// The next `width` bits, 1 to 56, as a number with a sign.
    pub(super) fn take_signed(&mut self, width: u32) -> Option<i64> {
        let unused = 64 - width;
        Some((self.take(width)? << unused).cast_signed() >> unused)
    }

    /// The number of zeros up to the next one, which is taken too.
    pub(super) fn take_unary(&mut self) -> Option<u64> {
        let mut zeros = 0;
        while self.at < self.bytes.len() * 8 {
            let run = self.word().leading_zeros().min(56);
            if run < 56 {
                self.at += run as usize + 1;
                // The word has zeros behind the end.
                return (self.at <= self.bytes.len() * 8).then_some(zeros + u64::from(run));
            }
            self.at += 56;
            zeros += 56;
        }
        None
    }

    /// At least 57 bits from here on, zeros behind the end.
    fn word(&self) -> u64 {
        let rest = &self.bytes[self.at / 8..];
        let word = match rest.first_chunk::<8>() {
            Some(&bytes) => u64::from_be_bytes(bytes),
            None => {
                let mut bytes = [0; 8];
                bytes[..rest.len()].copy_from_slice(rest);
                u64::from_be_bytes(bytes)
            }
        };
        word << (self.at % 8)
    }
}

/// Bits that are written one after the other, behind bytes that are there already.
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    /// Bits that are no whole byte yet, in the lowest places.
    pending: u64,
    width: u32,
}

impl Writer {
    pub(super) const fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes, pending: 0, width: 0 }
    }

    /// Writes the lowest `width` bits of `value`, at most 56.
    pub(super) fn put(&mut self, value: u64, width: u32) {
        self.pending = self.pending << width | value & !(u64::MAX << width);
        self.width += width;
        while self.width >= 8 {
            self.width -= 8;
            self.bytes.push((self.pending >> self.width) as u8);
        }
    }

    /// Writes so many zeros and a one.
    pub(super) fn put_unary(&mut self, zeros: u64) {
        for _ in 0..zeros / 48 {
            self.put(0, 48);
        }
        self.put(1, (zeros % 48) as u32 + 1);
    }

    /// Fills the last byte with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let unused = (8 - self.width) % 8;
        self.put(0, unused);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(items in prop::collection::vec((any::<u64>(), 1u32..=56, 0u64..200), 0..40)) {
            let mut writer = Writer::behind(Vec::new());
            for &(value, width, zeros) in &items {
                writer.put(value, width);
                writer.put_unary(zeros);
            }
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            for &(value, width, zeros) in &items {
                prop_assert_eq!(reader.take(width), Some(value & (u64::MAX >> (64 - width))));
                prop_assert_eq!(reader.take_unary(), Some(zeros));
            }
            prop_assert_eq!(reader.bytes_read(), bytes.len());
            // Nothing but the zeros of the last byte is left.
            prop_assert_eq!(reader.take_unary(), None);
        }
    }

    #[test]
    fn signs_are_kept() {
        let mut reader = Reader::new(&[0b1110_0111]);
        assert_eq!([reader.take_signed(4), reader.take_signed(4), reader.take_signed(4)], [Some(-2), Some(7), None]);
    }
}
