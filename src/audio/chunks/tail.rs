//! Is it a tag or is it sound? What stands at the end of a file, judged from its bytes.

use crate::audio::order::Order;

/// How the tags start that are put behind a finished file: ID3v1, ID3v2, APE, Lyrics3, its footer.
const TAGS: [&[u8]; 5] = [b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN", b"3DI"];
/// Tags that stand a fixed number of bytes before the end.
const FOOTERS: [(usize, &[u8]); 2] = [(128, b"TAG"), (32, b"APETAGEX")];
/// Chunks that are sound, or lead to it.
const SOUND: [[u8; 4]; 9] = [*b"RIFF", *b"RIFX", *b"RF64", *b"BW64", *b"FORM", *b"fmt ", *b"data", *b"COMM", *b"SSND"];

/// Whether this is a chunk id: four printable ASCII characters.
pub(super) fn is_id(id: [u8; 4]) -> bool {
    id.iter().all(|b| matches!(b, b' '..=b'~'))
}

/// Whether bytes behind the end are surely no sound: a known tag, zeros, or whole chunks without samples.
pub(in crate::audio) fn is_tag(tail: &[u8], order: Order) -> bool {
    TAGS.iter().any(|tag| tail.starts_with(tag)) || tail.iter().all(|&b| b == 0) || is_chunk_list(tail, order)
}

/// Whether sound of unknown length has a tag or a chunk at its very end.
pub(in crate::audio) fn ends_in_tag(tail: &[u8], order: Order) -> bool {
    let footer =
        |&(before, tag): &(usize, &[u8])| tail.len().checked_sub(before).is_some_and(|at| tail[at..].starts_with(tag));
    let chunk = |at: usize| {
        split(&tail[at..], order)
            .is_some_and(|(_, size, body)| size == body.len() || size % 2 == 1 && size + 1 == body.len())
    };
    FOOTERS.iter().any(footer) || (0..tail.len()).any(chunk)
}

fn is_chunk_list(mut rest: &[u8], order: Order) -> bool {
    while !rest.is_empty() {
        match split(rest, order) {
            Some((id, size, body)) if size <= body.len() && !SOUND.contains(&id) => rest = after(body, size),
            _ => return false,
        }
    }
    true
}

/// What follows a chunk of this size, pad byte or not.
fn after(body: &[u8], size: usize) -> &[u8] {
    let rest = &body[size..];
    if size % 2 == 1 { rest.strip_prefix(&[0]).unwrap_or(rest) } else { rest }
}

/// A chunk's id, its size, and everything behind its header.
fn split(bytes: &[u8], order: Order) -> Option<([u8; 4], usize, &[u8])> {
    let (header, body) = bytes.split_first_chunk::<8>()?;
    let [a, b, c, d, size @ ..] = *header;
    is_id([a, b, c, d]).then_some(([a, b, c, d], order.u32(&size, 0) as usize, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le_tag(tail: &[u8]) -> bool {
        is_tag(tail, Order::Little)
    }

    fn le_ends(tail: &[u8]) -> bool {
        ends_in_tag(tail, Order::Little)
    }

    #[test]
    fn sizes_are_read_in_the_order_of_the_file() {
        assert!(is_tag(b"ANNO\0\0\0\x02ab", Order::Big) && !le_tag(b"ANNO\0\0\0\x02ab"));
        assert!(ends_in_tag(b"\x01ANNO\0\0\0\x02ab", Order::Big));
    }

    #[test]
    fn tags_zeros_and_chunks_are_no_sound() {
        assert!(le_tag(b"TAGJohn Smith"));
        assert!(le_tag(&[0; 512]));
        assert!(le_tag(b"iXML\x03\0\0\0abc\0LIST\0\0\0\0"));
        assert!(le_tag(b"iXML\x03\0\0\0abcLIST\0\0\0\0"));
    }

    #[test]
    fn anything_else_may_be_sound() {
        assert!(!le_tag(b"data\x02\0\0\0ab"));
        assert!(!le_tag(b"iXML\x02\0\0\0abdata\x02\0\0\0ab"));
        assert!(!le_tag(b"iXML\xff\0\0\0ab"));
        assert!(!le_tag(&[0, 0, 1, 0]));
    }

    #[test]
    fn a_chunk_or_footer_at_the_end_of_streamed_sound_is_seen() {
        assert!(le_ends(b"\x01\x02\x03LIST\x06\0\0\0secret"));
        assert!(le_ends(b"\x01\x02LIST\x05\0\0\0names\0"));
        assert!(le_ends(&[b"\0\0TAG".as_slice(), &[b' '; 125]].concat()));
        assert!(!le_ends(b"\x01\x02\x03LIST\x07\0\0\0secret"));
        assert!(!le_ends(b"    "));
    }
}
