//! Elements of EBML (RFC 8794), read from a stream or from bytes, and written.

use super::super::Input;
use crate::audio::damaged;
use crate::base::Result;

/// What every element starts with.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// With its marker, as tables of elements have it.
    pub(super) id: u32,
    /// Where the body ends in the source; `None` where the writer did not know.
    pub(super) end: Option<u64>,
}

/// The head of the next element inside of what ends at `end`.
///
/// # Errors
/// Holds the call when it is cut, or larger than what it lies in.
pub(super) fn head(input: &mut Input<'_>, end: u64) -> Result<Head> {
    let at = input.at();
    let bad = || damaged("an EBML element is damaged, or larger than what it lies in").at("byte", at);
    let bytes = input.peek(ID_BYTES_MAX + SIZE_BYTES_MAX)?;
    let (id, size, len) = parse_head(bytes).ok_or_else(bad)?;
    input.take(len)?;
    let end_of = |size| input.at().checked_add(size).filter(|&its| its <= end).ok_or_else(bad);
    Ok(Head { id, end: size.map(end_of).transpose()? })
}

const ID_BYTES_MAX: usize = 4;
const SIZE_BYTES_MAX: usize = 8;

/// Identifier, size, and how many bytes these take.
fn parse_head(bytes: &[u8]) -> Option<(u32, Option<u64>, usize)> {
    let id_len = bytes.first()?.leading_zeros() as usize + 1;
    let id = bytes.get(..id_len).filter(|_| id_len <= ID_BYTES_MAX)?;
    let id = id.iter().fold(0, |id, &b| id << 8 | u32::from(b));
    let size = &bytes[id_len..];
    let size_len = size.first()?.leading_zeros() as usize + 1;
    let size = size.get(..size_len).filter(|_| size_len <= SIZE_BYTES_MAX)?;
    let ones = (1 << (7 * size_len)) - 1;
    let size = size.iter().fold(0, |size, &b| size << 8 | u64::from(b)) & ones;
    Some((id, (size != ones).then_some(size), id_len + size_len))
}

/// The elements that these bytes are: identifier and body.
///
/// # Errors
/// Holds the call when one is larger than what it lies in, or does not say how large it is.
pub(super) fn children(mut bytes: &[u8]) -> Result<Vec<(u32, &[u8])>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let child = parse_head(bytes).and_then(|(id, size, len)| {
            let end = len.checked_add(usize::try_from(size?).ok()?)?;
            Some((id, bytes.get(len..end)?, end))
        });
        let (id, body, end) = child.ok_or_else(|| damaged("an EBML element is larger than what it lies in"))?;
        found.push((id, body));
        bytes = &bytes[end..];
    }
    Ok(found)
}

/// The body of the only element of this kind, or nothing.
///
/// # Errors
/// Holds the call when there are two.
pub(super) fn only<'a>(children: &[(u32, &'a [u8])], id: u32) -> Result<Option<&'a [u8]>> {
    let mut of_kind = children.iter().filter(|child| child.0 == id);
    match (of_kind.next(), of_kind.next()) {
        (first, None) => Ok(first.map(|child| child.1)),
        _ => Err(damaged("an EBML element stands twice")),
    }
}

/// A whole number without sign.
///
/// # Errors
/// Holds the call when it has more than 64 bits.
pub(super) fn number(body: &[u8]) -> Result<u64> {
    if body.len() > 8 {
        return Err(damaged("an EBML number is too long"));
    }
    Ok(body.iter().fold(0, |number, &b| number << 8 | u64::from(b)))
}

/// A whole number with sign.
///
/// # Errors
/// Holds the call when it has more than 64 bits.
pub(super) fn signed(body: &[u8]) -> Result<i64> {
    let unused = 64 - 8 * body.len().clamp(1, 8) as u32;
    Ok((number(body)? << unused).cast_signed() >> unused)
}

/// Appends an element with this body.
pub(super) fn push(to: &mut Vec<u8>, id: u32, body: &[&[u8]]) {
    let bytes = id.to_be_bytes();
    to.extend_from_slice(&bytes[(id.leading_zeros() / 8) as usize..]);
    let size = body.iter().map(|part| part.len() as u64).sum::<u64>();
    // The shortest form whose ones do not all stand for "unknown".
    let len = (1..8).find(|len| size < (1 << (7 * len)) - 1).unwrap_or(8);
    let marked = (size | 1 << (7 * len)).to_be_bytes();
    to.extend_from_slice(&marked[8 - len..]);
    body.iter().for_each(|part| to.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    #[test]
    fn elements_are_read_as_they_are_written() {
        for len in [0, 1, 126, 127, 128, 16_382, 16_383] {
            let body = vec![7; len];
            let mut bytes = Vec::new();
            push(&mut bytes, 0x1A45_DFA3, &[&body]);
            push(&mut bytes, 0xE7, &[&[1, 2]]);
            let found = children(&bytes).unwrap();
            assert!(found[0] == (0x1A45_DFA3, &body[..]) && number(found[1].1).unwrap() == 258, "{len}");
            assert!(children(&bytes[..bytes.len() - 1]).is_err());
            let mut source = Cursor::new(&bytes);
            let mut input = Input::new(&mut source, bytes.len() as u64, None).unwrap();
            let head = head(&mut input, bytes.len() as u64).unwrap();
            assert_eq!((head.id, head.end), (0x1A45_DFA3, Some(input.at() + len as u64)));
        }
    }

    #[test]
    fn numbers_have_signs_and_64_bits() {
        assert_eq!((signed(&[0xFF]).unwrap(), signed(&[0x7F, 0xFF]).unwrap(), signed(&[]).unwrap()), (-1, 32_767, 0));
        assert_eq!(signed(&[0x80, 0, 0, 0, 0, 0, 0, 0]).unwrap(), i64::MIN);
        assert!(number(&[0; 9]).is_err());
    }

    #[test]
    fn a_size_of_ones_is_unknown() {
        assert_eq!(parse_head(&[0xA3, 0xFF]), Some((0xA3, None, 2)));
        assert_eq!(parse_head(&[0xA3, 0x40, 0x7F]), Some((0xA3, Some(127), 3)));
        assert!(parse_head(&[0x08, 0x81]).is_none() && parse_head(&[0xA3, 0]).is_none() && parse_head(&[]).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_elements_or_are_not(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            for (_, body) in children(&bytes).unwrap_or_default() {
                prop_assert!(body.len() < bytes.len());
            }
        }
    }
}
