//! ADTS: blocks of AAC one after another, each with a header (ISO/IEC 14496-3, 1.A.2).

use super::super::{Input, Mutes, Output, Packet, tags, unsupported};
use super::{Blocks, LOW_COMPLEXITY, RATES_HZ, SAMPLES, support};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::base::Result;
use crate::model::{Codec, RecordingInfo};

/// Bytes of a header without checksum.
const HEADER_BYTES: usize = 7;

/// Whether a frame starts here.
pub(in crate::audio::packets) const fn is_header(bytes: [u8; 4]) -> bool {
    bytes[0] == 0xFF && bytes[1] & 0xF6 == 0xF0
}

/// Whether a second frame follows the one that seems to start here.
///
/// # Errors
/// When the source cannot be read.
pub(in crate::audio::packets) fn begins(input: &mut Input<'_>) -> Result<bool> {
    let Ok(Some(header)) = next(input) else { return Ok(false) };
    if header.frame_bytes as u64 >= input.left() {
        return Ok(false);
    }
    input.skip(header.frame_bytes as u64)?;
    Ok(matches!(next(input), Ok(Some(second)) if second.rate == header.rate))
}

/// Copies all frames; tags before the first have been passed over.
pub(in crate::audio::packets) fn remux(
    input: &mut Input<'_>,
    mutes: &mut Mutes,
    out: &mut dyn Output,
) -> Result<RecordingInfo> {
    let first = next(input)?.ok_or_else(|| damaged("no AAC frame where sound should begin"))?;
    let mut blocks = Blocks::new(first.channels)?;
    let config = config(first.rate, first.channels);
    let mut count = 0;
    while let Some(header) = next(input)? {
        if (header.rate, header.channels) != (first.rate, first.channels) {
            return Err(damaged("AAC frames of different shapes").at("frame", count as u64));
        }
        let frame = input.take(header.frame_bytes)?;
        let block = &frame[HEADER_BYTES..];
        blocks.look(block);
        let codec = PacketCodec::Aac { config: &config };
        out.packet(&Packet { codec, is_first: count == 0, bytes: block, at: count * SAMPLES, heard: 0..i64::MAX })?;
        if mutes.is_muted(&support(count, 0)) {
            out.put(&header.silent(blocks.silence().len()))?;
            out.put(blocks.silence())?;
        } else {
            out.put(frame)?;
        }
        count += 1;
    }
    tags::skip_trailing(input)?;
    blocks.finish()?;
    Ok(RecordingInfo {
        container: "adts".to_owned(),
        codec: Codec::Aac,
        rate_hz: RATES_HZ[usize::from(first.rate)],
        channels: first.channels.into(),
        frames: (count * SAMPLES) as u64,
    })
}

/// `AudioSpecificConfig` of low complexity: object type, rate, channels, and blocks of 1024 samples.
pub(in crate::audio::packets) fn config(rate: u8, channels: u8) -> [u8; 2] {
    (u16::from(LOW_COMPLEXITY) << 11 | u16::from(rate) << 7 | u16::from(channels) << 3).to_be_bytes()
}

/// What a header says.
struct Header {
    bytes: [u8; HEADER_BYTES],
    /// Index into [`RATES_HZ`].
    rate: u8,
    channels: u8,
    frame_bytes: usize,
}

/// The header of the next frame, or nothing where something else follows.
fn next(input: &mut Input<'_>) -> Result<Option<Header>> {
    let &[a, b, c, d, e, f, g] = input.peek(HEADER_BYTES)? else { return Ok(None) };
    if !is_header([a, b, c, d]) {
        return Ok(None);
    }
    let (profile, rate, channels) = (c >> 6, c >> 2 & 15, (c & 1) << 2 | d >> 6);
    let frame_bytes = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
    if usize::from(rate) >= RATES_HZ.len() || frame_bytes <= HEADER_BYTES {
        return Err(damaged("an AAC frame header is damaged").at("byte", input.at()));
    }
    if profile + 1 != LOW_COMPLEXITY {
        return Err(unsupported("AAC of a profile other than low complexity"));
    }
    if b & 1 == 0 || g & 3 != 0 {
        return Err(unsupported("AAC frames with a checksum or several blocks"));
    }
    Ok(Some(Header { bytes: [a, b, c, d, e, f, g], rate, channels, frame_bytes }))
}

impl Header {
    /// The header of a frame with a silent block of so many bytes: without private and copyright bits, and without a
    /// word on how full the encoder's buffer is.
    const fn silent(&self, bytes: usize) -> [u8; HEADER_BYTES] {
        let [a, b, c, d, ..] = self.bytes;
        let len = HEADER_BYTES + bytes;
        [a, b, c & !2, d & 0xC0 | (len >> 11) as u8, (len >> 3) as u8, (len << 5) as u8 | 0x1F, 0xFC]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn header(bytes: &[u8]) -> Result<Option<Header>> {
        let mut source = Cursor::new(bytes);
        next(&mut Input::new(&mut source, bytes.len() as u64, None).unwrap())
    }

    #[test]
    fn headers_are_read_as_they_are_written() {
        // Low complexity, 16 kHz, mono, 300 bytes.
        let bytes = [0xFF, 0xF1, 0x60, 0x40, 37, 4 << 5 | 0x1F, 0xFC];
        let first = header(&bytes).unwrap().unwrap();
        assert_eq!((first.rate, first.channels, first.frame_bytes), (8, 1, 300));
        let silent = header(&first.silent(4)).unwrap().unwrap();
        assert_eq!((silent.rate, silent.channels, silent.frame_bytes), (8, 1, 11));
        assert_eq!(config(8, 1), [0x14, 0x08]);
    }

    #[test]
    fn what_is_not_muted_is_held() {
        let good = [0xFF, 0xF1, 0x60, 0x40, 0x25, 0x9F, 0xFC];
        let with = |at: usize, value: u8| {
            let mut bytes = good;
            bytes[at] = value;
            header(&bytes)
        };
        assert!(with(0, 0xFE).unwrap().is_none() && header(&good[..6]).unwrap().is_none());
        for (at, value) in [(1, 0xF0), (2, 0x20), (2, 0x7C), (6, 0xFD)] {
            assert!(with(at, value).is_err(), "{at}");
        }
    }
}
