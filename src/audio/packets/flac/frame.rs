//! Frames: what their headers say, and where they end. A frame does not say how long it is. It ends where the next one
//! starts, with the number that follows, and where its checksum is right.

use super::super::Input;
use super::crc::{crc8, crc16};
use super::stream::Stream;
use crate::audio::damaged;
use crate::base::Result;

/// Longest header: sync, codes, number, size, rate, checksum.
const HEADER_BYTES_MAX: usize = 16;
/// The checksum at the end of a frame.
pub(super) const FOOTER_BYTES: usize = 2;
/// How far is looked for the end at first; twice as far each time that it is not there.
const LOOK_BYTES: usize = 16 << 10;
/// How the tags start that some programs put behind the last frame: ID3v1, ID3v2, APE.
const TAGS: [&[u8]; 3] = [b"TAG", b"ID3", b"APETAGEX"];
/// Places that may be the start of a tag and are tried as the end of the last frame.
const TAGS_MAX: usize = 1024;

/// Channel assignments that store a difference: left and side, side and right, mid and side.
pub(super) const LEFT_SIDE: u8 = 8;
pub(super) const SIDE_RIGHT: u8 = 9;
pub(super) const MID_SIDE: u8 = 10;

/// What the header of a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The header itself, its checksum included.
    pub(super) bytes: Vec<u8>,
    /// Whether frames differ in size and are numbered by their first sample.
    pub(super) is_variable: bool,
    /// Of the frame, or of its first sample.
    pub(super) number: u64,
    /// Samples of each channel.
    pub(super) block: u32,
    /// How channels are stored: 0 to 7 one by one, or as a difference.
    pub(super) assignment: u8,
}

impl Header {
    /// Reads the header that starts here; `None` where none does that this stream can have.
    pub(super) fn parse(bytes: &[u8], stream: &Stream) -> Option<Self> {
        let &[0xFF, sync, sizes, channels, ..] = bytes else { return None };
        if sync & 0xFE != 0xF8 || channels & 1 != 0 {
            return None;
        }
        let (number, mut at) = number(bytes.get(4..)?)?;
        at += 4;
        let mut extra = |len: usize| {
            let value = bytes.get(at..at + len)?.iter().fold(0, |n, &byte| n << 8 | u32::from(byte));
            at += len;
            Some(value)
        };
        let block = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => extra(1)? + 1,
            7 => extra(2)? + 1,
            code => 256 << (code - 8),
        };
        let rate_hz = match sizes & 15 {
            0 => stream.rate_hz,
            12 => extra(1)? * 1000,
            13 => extra(2)?,
            14 => extra(2)? * 10,
            15 => return None,
            code => RATES_HZ[usize::from(code) - 1],
        };
        let bits = match channels >> 1 & 7 {
            0 => stream.bits,
            code => BITS[usize::from(code)]?,
        };
        let assignment = channels >> 4;
        let count = match assignment {
            0..=7 => assignment + 1,
            LEFT_SIDE | SIDE_RIGHT | MID_SIDE => 2,
            _ => return None,
        };
        let is_of_stream = (rate_hz, bits, u16::from(count)) == (stream.rate_hz, stream.bits, stream.channels)
            && block <= u32::from(stream.block_max);
        let is_right = is_of_stream && *bytes.get(at)? == crc8(&bytes[..at]);
        let header = || Self { bytes: bytes[..=at].to_vec(), is_variable: sync & 1 == 1, number, block, assignment };
        is_right.then(header)
    }

    /// The same header for channels that are stored one by one.
    pub(super) fn one_by_one(&self, stream: &Stream) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes[3] = (stream.channels as u8 - 1) << 4 | bytes[3] & 0x0F;
        let last = bytes.len() - 1;
        bytes[last] = crc8(&bytes[..last]);
        bytes
    }

    /// Number of the frame that follows.
    fn next(&self) -> u64 {
        self.number + if self.is_variable { self.block.into() } else { 1 }
    }

    /// Whether this frame comes right after that one.
    fn follows(&self, before: &Self) -> bool {
        (self.is_variable, self.number) == (before.is_variable, before.next())
    }
}

/// Rates by their codes, from 1 on.
const RATES_HZ: [u32; 11] = [88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
/// Bits a sample by their codes.
const BITS: [Option<u8>; 8] = [None, Some(8), Some(12), None, Some(16), Some(20), Some(24), Some(32)];

/// A number of up to 36 bits in the way of UTF-8, and how many bytes it takes.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = match first.leading_ones() {
        0 => return Some((first.into(), 1)),
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let start = u64::from(first) & (0x7F >> len);
    let tail = bytes.get(1..len)?;
    let whole = tail.iter().all(|byte| byte >> 6 == 0b10);
    whole.then(|| (tail.iter().fold(start, |n, &byte| n << 6 | u64::from(byte & 0x3F)), len))
}

/// The header of the frame that starts here, and the frame's length, its checksum found right; nothing where something
/// else follows, or the end.
///
/// # Errors
/// Holds the call when a frame of this stream starts here and does not end.
pub(super) fn next(input: &mut Input<'_>, stream: &Stream) -> Result<Option<(Header, usize)>> {
    let at = input.at();
    let Some(header) = Header::parse(input.peek(HEADER_BYTES_MAX)?, stream) else { return Ok(None) };
    let end = find_end(input, stream, &header)?;
    Ok(Some((header, end.ok_or_else(|| damaged("a frame that does not end, or is damaged").at("byte", at))?)))
}

fn find_end(input: &mut Input<'_>, stream: &Stream, header: &Header) -> Result<Option<usize>> {
    let left = usize::try_from(input.left()).unwrap_or(usize::MAX);
    let reach = left.min(stream.frame_bytes_max(header.block));
    let mut sum = Sum { crc: 0, at: 0 };
    let (mut from, mut look) = (header.bytes.len() + FOOTER_BYTES, LOOK_BYTES);
    loop {
        let bytes = input.peek(look.min(reach + HEADER_BYTES_MAX))?;
        // Only where a whole header fits, unless there is no more.
        let is_all = bytes.len() >= left || bytes.len() >= reach + HEADER_BYTES_MAX;
        let until = bytes.len() - if is_all { 0 } else { HEADER_BYTES_MAX };
        while let Some(at) = bytes.get(from..until).and_then(|part| memchr::memchr(0xFF, part)) {
            let end = from + at;
            let follows = |next: Header| next.follows(header);
            if bytes[end..].get(1).is_some_and(|b| b & 0xFE == 0xF8)
                && Header::parse(&bytes[end..], stream).is_some_and(follows)
                && sum.is_right(bytes, end)
            {
                return Ok(Some(end));
            }
            from = end + 1;
        }
        from = from.max(until);
        if is_all {
            return Ok(last_end(bytes, left, &mut sum));
        }
        look *= 2;
    }
}

/// Where the last frame of a stream ends: at the end of the file, or where a tag starts.
fn last_end(bytes: &[u8], left: usize, sum: &mut Sum) -> Option<usize> {
    let tags = TAGS.iter().flat_map(|tag| memchr::memmem::find_iter(bytes, tag));
    let mut ends: Vec<usize> = tags.chain((bytes.len() == left).then_some(left)).take(TAGS_MAX).collect();
    ends.sort_unstable();
    ends.into_iter().find(|&end| sum.is_right(bytes, end))
}

/// The checksum of a frame up to some byte.
struct Sum {
    crc: u16,
    at: usize,
}

impl Sum {
    /// Whether a frame that ends here has its checksum there. Ends come in rising order.
    fn is_right(&mut self, bytes: &[u8], end: usize) -> bool {
        let Some(footer) = end.checked_sub(FOOTER_BYTES).filter(|&footer| footer >= self.at) else { return false };
        self.crc = crc16(self.crc, &bytes[self.at..footer]);
        self.at = footer;
        self.crc.to_be_bytes() == bytes[footer..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_utf_8_goes_on_to_36_bits() {
        assert_eq!(number(&[0x41]), Some((0x41, 1)));
        assert_eq!(number(&[0xC3, 0xA9, 7]), Some((0xE9, 2)));
        assert_eq!(number(&[0xFE, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]), Some(((1 << 36) - 1, 7)));
        assert_eq!(number(&[0xFF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]), None);
        assert_eq!((number(&[0x80]), number(&[0xC3]), number(&[0xC3, 0x29]), number(&[])), (None, None, None, None));
    }

    #[test]
    fn a_header_must_be_of_the_stream_and_have_its_checksum() {
        let stream = Stream::of_test(8000, 1, 16, 4096);
        // 4096 samples, 8000 Hz, one channel, 16 bits, frame 5.
        let mut bytes = vec![0xFF, 0xF8, 0xC4, 0x08, 5];
        bytes.push(crc8(&bytes));
        let header = Header::parse(&bytes, &stream).unwrap();
        assert_eq!((header.number, header.block, header.next()), (5, 4096, 6));
        for (at, value) in [(1, 0xFA), (2, 0xC5), (2, 0xD4), (3, 0x18), (3, 0x0A), (5, 0)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            if at < 5 {
                bad[5] = crc8(&bad[..5]);
            }
            assert!(Header::parse(&bad, &stream).is_none(), "byte {at}");
        }
    }
}
