//! The header and the side information of a layer III frame (ISO/IEC 11172-3, 2.4.1; 13818-3, 2.4.1): its size, and
//! which bytes of main data are its own.

use crate::audio::damaged;
use crate::audio::packets::unsupported;
use crate::base::Result;

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 4;
/// Furthest that main data can begin before its frame, bytes: nine bits.
pub(super) const BACK_BYTES_MAX: u64 = 511;

const KBITS_1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];

/// An understood frame header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    bytes: [u8; HEADER_BYTES],
    /// MPEG-1, with two granules a frame; versions 2 and 2.5 have one.
    is_1: bool,
    pub(super) rate_hz: u32,
    pub(super) channels: u8,
    /// Bytes of the whole frame.
    pub(super) frame_bytes: usize,
}

impl Header {
    /// Reads a header; nothing where none can stand.
    ///
    /// # Errors
    /// Holds the call for layers I and II and for free format, whose frames do not say how long they are.
    pub(super) fn parse(bytes: [u8; HEADER_BYTES]) -> Result<Option<Self>> {
        let [sync, b, c, d] = bytes;
        let (version, layer, kbits, rate) = ((b >> 3) & 3, (b >> 1) & 3, c >> 4, usize::from((c >> 2) & 3));
        if sync != 0xFF || b >> 5 != 7 || version == 1 || layer == 0 || kbits == 15 || rate == 3 {
            return Ok(None);
        }
        if layer != 1 {
            return Err(unsupported("MPEG audio of layer I or II"));
        }
        if kbits == 0 {
            return Err(unsupported("MPEG audio in free format"));
        }
        let is_1 = version == 3;
        let rate_hz = RATES_HZ[rate] >> [2, 0, 1, 0][usize::from(version)];
        let kbits = if is_1 { KBITS_1 } else { KBITS_2 }[usize::from(kbits)];
        let padding = u32::from(c >> 1 & 1);
        let frame_bytes = (if is_1 { 144_000 } else { 72_000 } * kbits / rate_hz + padding) as usize;
        let channels = if d >> 6 == 3 { 1 } else { 2 };
        Ok(Some(Self { bytes, is_1, rate_hz, channels, frame_bytes }))
    }

    /// Whether both can belong to one stream: bitrate and stereo coding may change, shape may not.
    pub(super) const fn is_like(self, other: Self) -> bool {
        self.is_1 == other.is_1 && self.rate_hz == other.rate_hz && self.channels == other.channels
    }

    /// Samples of each channel in a frame.
    pub(super) const fn samples(self) -> i64 {
        if self.is_1 { 1152 } else { 576 }
    }

    pub(super) const fn has_checksum(self) -> bool {
        self.bytes[1] & 1 == 0
    }

    /// Where the side information starts.
    pub(super) const fn side_at(self) -> usize {
        HEADER_BYTES + if self.has_checksum() { 2 } else { 0 }
    }

    /// Where main data starts: bytes of header, checksum and side information.
    ///
    /// # Errors
    /// Holds the call when they do not fit into the frame.
    pub(super) fn main_at(self) -> Result<usize> {
        let side = match (self.is_1, self.channels) {
            (true, 1) => 17,
            (true, _) => 32,
            (false, 1) => 9,
            (false, _) => 17,
        };
        let at = self.side_at() + side;
        if at > self.frame_bytes { Err(damaged("an MPEG frame is shorter than its header")) } else { Ok(at) }
    }

    /// Bytes before the frame's own main data at which its sound begins, and bits of the sound.
    pub(super) fn main_data(self, side: &[u8]) -> (u64, u64) {
        let mut bits = Bits { bytes: side, at: 0 };
        let channels = u32::from(self.channels);
        // Lengths of: where main data begins, private bits, and what granules share.
        let (begin, private, shared, granules, granule_bits) = match (self.is_1, self.channels) {
            (true, 1) => (9, 5, 4, 2, 59),
            (true, _) => (9, 3, 8, 2, 59),
            (false, 1) => (8, 1, 0, 1, 63),
            (false, _) => (8, 2, 0, 1, 63),
        };
        let back = bits.take(begin);
        bits.at += private + shared;
        let mut sound = 0;
        for _ in 0..granules * channels {
            sound += bits.take(12);
            bits.at += granule_bits - 12;
        }
        (back, sound)
    }

    /// Header, checksum and side information of a frame of the same size that says silence, `back` bytes before
    /// whose main data others' begins. The header says how many bytes follow; of what was sung, it says nothing.
    pub(super) fn silent(self, back: u64) -> Result<Vec<u8>> {
        let mut head = vec![0; self.main_at()?];
        let [sync, b, c, d] = self.bytes;
        // Without the private bit and the extension of the stereo mode.
        head[..HEADER_BYTES].copy_from_slice(&[sync, b, c & !1, d & !0x30]);
        let at = self.side_at();
        match self.is_1 {
            true => head[at..at + 2].copy_from_slice(&((back as u16) << 7).to_be_bytes()),
            false => head[at] = back as u8,
        }
        if self.has_checksum() {
            let checksum = checksum(&[&head[2..HEADER_BYTES], &head[at..]].concat());
            head[HEADER_BYTES..at].copy_from_slice(&checksum.to_be_bytes());
        }
        Ok(head)
    }
}

/// CRC-16 of the last two bytes of the header and the side information: polynomial 0x8005, from all ones.
fn checksum(bytes: &[u8]) -> u16 {
    crc16(0x8005, u16::MAX, bytes)
}

/// CRC-16, most significant bit first.
fn crc16(polynomial: u16, start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |crc, &b| {
        (0..8).fold(crc ^ u16::from(b) << 8, |crc, _| (crc << 1) ^ if crc >> 15 == 1 { polynomial } else { 0 })
    })
}

/// CRC-16 of a LAME tag: the same polynomial, least significant bit first, from zero.
pub(super) fn tag_checksum(bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(0, |crc, &b| (0..8).fold(crc ^ u16::from(b), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xA001 } else { 0 }))
}

/// Bits of bytes, most significant first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u32,
}

impl Bits<'_> {
    /// The next `len` bits, at most 16; zero behind the end.
    fn take(&mut self, len: u32) -> u64 {
        let first = (self.at / 8) as usize;
        let byte = |n: usize| u64::from(self.bytes.get(first + n).copied().unwrap_or_default());
        let three = byte(0) << 16 | byte(1) << 8 | byte(2);
        let bits = three >> (24 - self.at % 8 - len) & ((1 << len) - 1);
        self.at += len;
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn header(bytes: [u8; 4]) -> Header {
        Header::parse(bytes).unwrap().unwrap()
    }

    #[test]
    fn sizes_are_those_of_the_standard() {
        for (bytes, want) in [
            ([0xFF, 0xFB, 0x90, 0x64], (44_100, 2, 417, 1152, 36)),
            ([0xFF, 0xFB, 0x92, 0xC4], (44_100, 1, 418, 1152, 21)),
            ([0xFF, 0xF3, 0x48, 0xC0], (16_000, 1, 144, 576, 13)),
            ([0xFF, 0xF2, 0x48, 0x40], (16_000, 2, 144, 576, 23)),
            ([0xFF, 0xE3, 0x28, 0xC0], (8_000, 1, 144, 576, 13)),
        ] {
            let h = header(bytes);
            assert_eq!((h.rate_hz, h.channels, h.frame_bytes, h.samples(), h.main_at().unwrap()), want);
        }
    }

    #[test]
    fn what_is_no_header_or_not_muted_is_told_apart() {
        for bytes in [[0xFF, 0xFB, 0xF0, 0], [0xFF, 0xEB, 0x90, 0], [0xFF, 0xFB, 0x9C, 0], [0xFF; 4], *b"TAGJ"] {
            assert!(Header::parse(bytes).unwrap().is_none());
        }
        for bytes in [[0xFF, 0xFD, 0x90, 0], [0xFF, 0xFB, 0x00, 0]] {
            assert!(Header::parse(bytes).is_err());
        }
    }

    #[test]
    fn the_lengths_of_sound_are_found_in_the_side_information() {
        // Two granules of one channel: 9 + 5 + 4 bits, then 12 of every 59.
        let mut side = [0u8; 17];
        side[0] = 0b1000_0000;
        side[1] = 0b1000_0000;
        let mut set = |at: usize, value: u64| {
            (0..12).for_each(|i| side[(at + i) / 8] |= ((value >> (11 - i) & 1) as u8) << (7 - (at + i) % 8))
        };
        set(18, 1000);
        set(18 + 59, 7);
        assert_eq!(header([0xFF, 0xFB, 0x92, 0xC4]).main_data(&side), (257, 1007));
    }

    #[test]
    fn a_silent_frame_has_no_sound_and_keeps_what_others_need() {
        for bytes in [[0xFF, 0xFB, 0x93, 0x64], [0xFF, 0xF3, 0x48, 0xC0], [0xFF, 0xF2, 0x48, 0x40]] {
            let h = header(bytes);
            let head = h.silent(200).unwrap();
            let silent = header([head[0], head[1], head[2], head[3]]);
            assert!(silent.is_like(h) && silent.frame_bytes == h.frame_bytes);
            assert_eq!(silent.main_data(&head[h.side_at()..]), (200, 0));
        }
    }

    #[test]
    fn checksums_meet_the_check_values_of_their_polynomials() {
        assert_eq!(crc16(0x8005, u16::MAX, b"123456789"), 0xAEE7); // CRC-16/CMS
        assert_eq!(tag_checksum(b"123456789"), 0xBB3D); // CRC-16/ARC
    }
}
