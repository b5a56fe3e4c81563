//! Pages of Ogg (RFC 3533), in and out. Whatever is not a whole, sound page holds the call.

use super::super::{Input, Output};
use super::crc;
use crate::audio::damaged;
use crate::audio::order::Order;
use crate::base::Result;

/// The fixed part of a page's header.
const HEADER_BYTES: usize = 27;
/// Where in it the checksum stands.
const CHECKSUM_AT: usize = 22;
/// Most segments of a page; each has at most 255 bytes.
const SEGMENTS_MAX: usize = 255;
/// The granule position of a page on which no packet ends.
const NONE_ENDS: i64 = -1;

/// What a page says of itself.
pub(super) struct Head {
    pub(super) is_continued: bool,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    /// Position of the end of the last packet that ends here; `None` where none ends.
    pub(super) granule: Option<i64>,
    pub(super) serial: u32,
    pub(super) sequence: u32,
    checksum: u32,
    segments: usize,
}

/// A page, its checksum found right.
pub(super) struct Page<'a> {
    pub(super) head: Head,
    pub(super) segments: &'a [u8],
    body: &'a [u8],
}

/// Part of a page: bytes of one packet.
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    /// The packet ends with them.
    pub(super) is_end: bool,
}

impl Head {
    /// Looks at the next page; returns its size too, bytes.
    ///
    /// # Errors
    /// Holds the call when something else follows.
    fn peek(input: &mut Input<'_>) -> Result<(Self, usize)> {
        let at = input.at();
        let Some(header) = input.peek(HEADER_BYTES)?.first_chunk::<HEADER_BYTES>() else { return Err(input.cut()) };
        if !header.starts_with(b"OggS\0") {
            return Err(damaged("bytes that are no Ogg page").at("byte", at));
        }
        let u32_at = |at: usize| Order::Little.u32(header, at);
        let granule = (u64::from(u32_at(6)) | u64::from(u32_at(10)) << 32) as i64;
        let flags = header[5];
        let head = Self {
            is_continued: flags & 1 != 0,
            is_first: flags & 2 != 0,
            is_last: flags & 4 != 0,
            granule: (granule != NONE_ENDS).then_some(granule),
            serial: u32_at(14),
            sequence: u32_at(18),
            checksum: u32_at(22),
            segments: header[26].into(),
        };
        let body_at = HEADER_BYTES + head.segments;
        let body_bytes: usize = input.peek(body_at)?[HEADER_BYTES..].iter().map(|&n| usize::from(n)).sum();
        Ok((head, body_at + body_bytes))
    }

    /// Passes over the next page, whatever its body is; nothing at the end of the source.
    ///
    /// # Errors
    /// Holds the call when something else follows, or the page is cut.
    pub(super) fn pass(input: &mut Input<'_>) -> Result<Option<Self>> {
        if input.left() == 0 {
            return Ok(None);
        }
        let (head, bytes) = Self::peek(input)?;
        input.take(bytes)?;
        Ok(Some(head))
    }
}

impl<'a> Page<'a> {
    /// The next page, or nothing at the end of the source.
    ///
    /// # Errors
    /// Holds the call when something else follows, the page is cut, or its checksum is wrong.
    pub(super) fn read(input: &'a mut Input<'_>) -> Result<Option<Self>> {
        if input.left() == 0 {
            return Ok(None);
        }
        let at = input.at();
        let (head, bytes) = Head::peek(input)?;
        let (header, rest) = input.take(bytes)?.split_at(HEADER_BYTES);
        // It is computed as if it were zero.
        let (before, after) = (&header[..CHECKSUM_AT], &header[CHECKSUM_AT + 4..]);
        if crc::of(&[before, &[0; 4], after, rest]) != head.checksum {
            return Err(damaged("the checksum of an Ogg page is wrong").at("byte", at));
        }
        let (segments, body) = rest.split_at(head.segments);
        Ok(Some(Self { head, segments, body }))
    }

    /// The packets of the page, the first and the last perhaps only in part.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'a>> {
        let (mut segments, mut body) = (self.segments, self.body);
        std::iter::from_fn(move || {
            if segments.is_empty() {
                return None;
            }
            let last = segments.iter().position(|&n| n < 255);
            let (mine, others) = segments.split_at(last.map_or(segments.len(), |last| last + 1));
            let (bytes, rest) = body.split_at(mine.iter().map(|&n| usize::from(n)).sum());
            (segments, body) = (others, rest);
            Some(Part { bytes, is_end: last.is_some() })
        })
    }
}

/// A page of whole packets in the making.
#[derive(Default)]
pub(super) struct NewPage {
    segments: Vec<u8>,
    body: Vec<u8>,
}

/// Where a page stands in its stream.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) granule: i64,
    pub(super) serial: u32,
}

/// Largest packet that fits on a page, bytes.
pub(super) const PACKET_BYTES_MAX: usize = SEGMENTS_MAX * 255 - 1;

impl NewPage {
    pub(super) const fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether a packet of this size (at most [`PACKET_BYTES_MAX`]) fits on the page too.
    pub(super) const fn fits(&self, bytes: usize) -> bool {
        self.segments.len() + bytes / 255 < SEGMENTS_MAX
    }

    /// Appends a packet, which fits.
    pub(super) fn push(&mut self, packet: &[u8]) {
        self.segments.extend(std::iter::repeat_n(255, packet.len() / 255));
        self.segments.push((packet.len() % 255) as u8);
        self.body.extend_from_slice(packet);
    }

    /// Puts out the page as number `sequence` of its stream, and starts an empty one.
    pub(super) fn put(&mut self, place: Place, sequence: &mut u32, out: &mut dyn Output) -> Result<()> {
        if !out.takes_bytes() {
            self.segments.clear();
            self.body.clear();
            return Ok(());
        }
        let mut header = [0; HEADER_BYTES + SEGMENTS_MAX];
        let len = HEADER_BYTES + self.segments.len();
        header[..4].copy_from_slice(b"OggS");
        header[5] = u8::from(place.is_first) << 1 | u8::from(place.is_last) << 2;
        header[6..14].copy_from_slice(&place.granule.to_le_bytes());
        header[14..18].copy_from_slice(&place.serial.to_le_bytes());
        header[18..22].copy_from_slice(&sequence.to_le_bytes());
        header[26] = self.segments.len() as u8;
        header[HEADER_BYTES..len].copy_from_slice(&self.segments);
        let checksum = crc::of(&[&header[..len], &self.body]);
        header[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
        out.put(&header[..len])?;
        out.put(&self.body)?;
        *sequence = sequence.wrapping_add(1);
        self.segments.clear();
        self.body.clear();
        Ok(())
    }
}
