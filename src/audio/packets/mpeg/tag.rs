//! The first frame of many MP3 files is a tag: how many frames follow, where to seek, how long the delay is. A copy
//! has these numbers; loudness and peak of the sound that was, and its checksum, are zero.

use super::header::{HEADER_BYTES, Header, tag_checksum};
use crate::base::Result;

/// Delay of every decoder, samples.
const DECODER_SAMPLES: i64 = 529;
/// Where a VBRI tag stands, whatever the frame's shape; bytes of its fixed part.
const VBRI_AT: usize = 36;
const VBRI_BYTES: usize = 26;
/// The part of a Xing tag that LAME has added.
const LAME_BYTES: usize = 36;
/// Encoders whose name and version may stay.
const ENCODERS: [&[u8]; 3] = [b"LAME", b"Lavc", b"Lavf"];

/// The tag for a copy, and the samples that it makes players leave out at the start; nothing where the frame is
/// sound.
///
/// # Errors
/// Holds the call when the frame is shorter than its header.
pub(super) fn rebuild(header: Header, frame: &[u8]) -> Result<Option<(Vec<u8>, i64)>> {
    // Behind the side information, as if there were no checksum: encoders forget to count it.
    let at = header.main_at()? - header.side_at() + HEADER_BYTES;
    let mut new = header.silent(0)?;
    new.resize(header.frame_bytes, 0);
    if frame.len() < new.len() {
        return Ok(None);
    }
    if frame[at..].starts_with(b"Xing") || frame[at..].starts_with(b"Info") {
        let delay = xing(frame, &mut new, at);
        return Ok(Some((new, delay)));
    }
    if frame.get(VBRI_AT..).is_some_and(|tag| tag.starts_with(b"VBRI")) && frame.len() >= VBRI_AT + VBRI_BYTES {
        let number = |at: usize| usize::from(u16::from_be_bytes([frame[VBRI_AT + at], frame[VBRI_AT + at + 1]]));
        let end = VBRI_AT + VBRI_BYTES + number(18).saturating_mul(number(22));
        let end = end.min(frame.len());
        new[VBRI_AT..end].copy_from_slice(&frame[VBRI_AT..end]);
        return Ok(Some((new, number(6) as i64 + DECODER_SAMPLES)));
    }
    Ok(None)
}

/// Copies what is understood of a Xing tag; returns the samples left out at the start.
fn xing(frame: &[u8], new: &mut [u8], at: usize) -> i64 {
    let Some(&flags) = frame.get(at + 7) else { return 0 };
    let fields = [(1, 4), (2, 4), (4, 100), (8, 4)];
    let end = at + 8 + fields.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, len)| len).sum::<usize>();
    if end > frame.len() {
        return 0;
    }
    new[at..end].copy_from_slice(&frame[at..end]);
    new[at + 4..at + 8].copy_from_slice(&[0, 0, 0, flags & 15]);
    let Some(lame) = frame.get(end..end + LAME_BYTES) else { return 0 };
    let is_named =
        ENCODERS.iter().any(|name| lame.starts_with(name)) && lame[..9].iter().all(|b| matches!(b, b' '..=b'~' | 0));
    // Method and low-pass; then, past peak and loudness: flags, bitrate, delays, kind; preset and size.
    let kept: &[std::ops::Range<usize>] = &[9..11, 19..25, 26..32];
    for range in kept {
        new[end + range.start..end + range.end].copy_from_slice(&lame[range.clone()]);
    }
    if is_named {
        new[end..end + 9].copy_from_slice(&lame[..9]);
        let checksum = tag_checksum(&new[..end + LAME_BYTES - 2]);
        new[end + LAME_BYTES - 2..end + LAME_BYTES].copy_from_slice(&checksum.to_be_bytes());
    }
    (i64::from(lame[21]) << 4 | i64::from(lame[22] >> 4)) + DECODER_SAMPLES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stereo frame of 128 kbit/s with a tag.
    fn tagged() -> (Header, Vec<u8>) {
        let header = Header::parse([0xFF, 0xFB, 0x90, 0x64]).unwrap().unwrap();
        let mut frame = vec![0xEE; header.frame_bytes];
        frame[36..44].copy_from_slice(b"Xing\0\0\0\x0F");
        let lame = 36 + 8 + 112;
        frame[lame..lame + 9].copy_from_slice(b"LAME3.100");
        frame[lame + 21..lame + 24].copy_from_slice(&[0x24, 0x01, 0x23]);
        (header, frame)
    }

    #[test]
    fn numbers_stay_and_what_tells_of_the_sound_goes() {
        let (header, frame) = tagged();
        let (new, delay) = rebuild(header, &frame).unwrap().unwrap();
        let lame = 156;
        assert_eq!(delay, 576 + 529);
        assert!(new[36..156] == frame[36..156] && new[lame..lame + 9] == *b"LAME3.100");
        assert!(new[lame + 11..lame + 19] == [0; 8] && new[lame + 32..lame + 34] == [0; 2]);
        assert!(new[lame + 36..].iter().all(|&b| b == 0) && new[4..36] == [0; 32]);
        assert!(rebuild(header, &new).unwrap().unwrap().0 == new);
    }

    #[test]
    fn unknown_encoders_are_not_named_and_sound_is_no_tag() {
        let (header, mut frame) = tagged();
        frame[156..165].copy_from_slice(b"JohnSmith");
        let (new, _) = rebuild(header, &frame).unwrap().unwrap();
        assert!(new[156..165] == [0; 9] && rebuild(header, &new).unwrap().unwrap().0 == new);
        frame[36] = b'x';
        assert!(rebuild(header, &frame).unwrap().is_none());
    }
}
