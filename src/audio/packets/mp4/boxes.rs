//! Boxes of MP4 (ISO/IEC 14496-12), read from bytes and written.

use crate::audio::damaged;
use crate::base::Result;

/// A box inside bytes that have been read.
#[derive(Clone, Copy)]
pub(super) struct Box<'a> {
    pub(super) kind: [u8; 4],
    pub(super) body: &'a [u8],
}

/// The boxes that these bytes are.
///
/// # Errors
/// Holds the call when a box is larger than what it lies in.
pub(super) fn boxes(mut bytes: &[u8]) -> Result<Vec<Box<'_>>> {
    let mut found = Vec::new();
    // QuickTime ends some lists with four zeros.
    while bytes.len() >= 8 {
        let size = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        let kind = [bytes[4], bytes[5], bytes[6], bytes[7]];
        let body = bytes.get(8..size).ok_or_else(|| damaged("an MP4 box is larger than what it lies in"))?;
        found.push(Box { kind, body });
        bytes = &bytes[size..];
    }
    Ok(found)
}

/// The only box of this kind, or nothing.
///
/// # Errors
/// Holds the call when there are two, or one is damaged.
pub(super) fn only<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>> {
    let mut of_kind = boxes(bytes)?.into_iter().filter(|b| b.kind == *kind).map(|b| b.body);
    let first = of_kind.next();
    if of_kind.next().is_some() { Err(damaged("an MP4 box stands twice")) } else { Ok(first) }
}

/// The only box of this kind.
///
/// # Errors
/// Holds the call when there is none.
pub(super) fn one<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8]> {
    only(bytes, kind)?.ok_or_else(|| damaged("an MP4 box is missing"))
}

/// Numbers from the front of bytes, most significant byte first.
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl<'a> Numbers<'a> {
    /// The next `len` bytes.
    ///
    /// # Errors
    /// Holds the call when there are fewer.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(|| damaged("an MP4 box is cut"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of `len` bytes, at most 8.
    pub(super) fn number(&mut self, len: usize) -> Result<u64> {
        Ok(self.take(len)?.iter().fold(0, |number, &b| number << 8 | u64::from(b)))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(self.number(4)? as u32)
    }
}

/// A box with this body.
pub(super) fn make(kind: &[u8; 4], body: &[&[u8]]) -> Vec<u8> {
    let len = 8 + body.iter().map(|part| part.len()).sum::<usize>();
    let mut made = Vec::with_capacity(len);
    made.extend((len as u32).to_be_bytes());
    made.extend(kind);
    body.iter().for_each(|part| made.extend_from_slice(part));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_as_they_are_made() {
        let inner = make(b"free", &[b"abc"]);
        let bytes = [make(b"moov", &[&inner, &make(b"skip", &[])]), vec![0; 4]].concat();
        let moov = one(&bytes, b"moov").unwrap();
        assert_eq!(one(moov, b"free").unwrap(), b"abc");
        assert!(only(moov, b"udta").unwrap().is_none() && one(moov, b"udta").is_err());
        assert!(only(&[inner.clone(), inner].concat(), b"free").is_err());
    }

    #[test]
    fn sizes_that_do_not_fit_hold_the_call() {
        for size in [0u32, 1, 7, 9, u32::MAX] {
            assert!(boxes(&[&size.to_be_bytes()[..], b"free"].concat()).is_err(), "{size}");
        }
        assert!(Numbers(&[0; 3]).u32().is_err());
    }
}
