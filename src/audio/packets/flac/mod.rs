//! FLAC. Frames that a mute covers become silent ones of a few bytes, frames that it cuts, and those of another fill
//! or of ramps, are coded again, all others stay as they are. Nothing but STREAMINFO of the metadata is kept.

mod bits;
mod crc;
mod decode;
mod encode;
mod frame;
mod framed;
mod stream;

pub(super) use framed::{Frame, Framed};

use super::{Input, Mutes, Output, Packet, tags};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::audio::edits::Change;
use crate::audio::sample::rounded;
use crate::base::{Phi, Result};
use crate::model::{Codec, RecordingInfo};
use frame::Header;
use stream::Stream;

/// The remux of a native FLAC stream.
pub(super) fn remux(input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
    let stream = Stream::read(input)?;
    let head = stream.header();
    out.put(&head)?;
    let (mut frames, mut last) = (0, None);
    while let Some((header, len)) = frame::next(input, &stream)? {
        check_place(&header, frames, last.as_ref(), &stream)?;
        let end = frames + u64::from(header.block);
        let bytes = input.take(len)?;
        let (is_first, at) = (frames == 0, frames as i64);
        let codec = PacketCodec::Flac { stream_info: &head[stream::INFO_AT..] };
        out.packet(&Packet { codec, is_first, bytes, at, heard: 0..i64::MAX })?;
        match edit(bytes, &header, &stream, frames, mutes)? {
            Some(edited) => out.put(&edited)?,
            None => out.put(bytes)?,
        }
        (frames, last) = (end, Some(header));
    }
    tags::skip_trailing(input)?;
    if frames == 0 {
        return Err(damaged("the recording has no samples"));
    }
    if ![0, frames].contains(&stream.frames) {
        return Err(damaged("the header counts other frames than there are").at("frames", frames));
    }
    Ok(info(&stream, frames))
}

/// What the head says, where its writer knew how many frames come.
pub(super) fn announced(input: &mut Input<'_>) -> Result<Option<RecordingInfo>> {
    let stream = Stream::read(input)?;
    Ok((stream.frames > 0).then(|| info(&stream, stream.frames)))
}

fn info(stream: &Stream, frames: u64) -> RecordingInfo {
    let &Stream { rate_hz, channels, .. } = stream;
    RecordingInfo { container: "flac".to_owned(), codec: Codec::Flac, rate_hz, channels, frames }
}

/// Checks that a frame comes where its number says, so that all players agree on when it is heard.
fn check_place(header: &Header, at: u64, last: Option<&Header>, stream: &Stream) -> Result<()> {
    let is_right = match (header.is_variable, last) {
        (true, _) => header.number == at,
        (false, None) => header.number == 0,
        // Players take the number times the size, so all frames before must have had that size.
        (false, Some(last)) => last.block == u32::from(stream.block_max),
    };
    if is_right { Ok(()) } else { Err(damaged("a frame that is not where its number says").at("frame", at)) }
}

/// What stands in place of a frame that starts at this frame of the recording; `None` where it stays as it is.
fn edit(bytes: &[u8], header: &Header, stream: &Stream, at: u64, mutes: &mut Mutes) -> Result<Option<Vec<u8>>> {
    let parts = mutes.parts(at..at + u64::from(header.block));
    let fill = mutes.fill();
    let mut channels = match parts[..] {
        [(_, Change::Kept)] => return Ok(None),
        [(_, Change::Muted(_))] if fill.is_silence() => return Ok(Some(encode::silent(header, stream))),
        [(_, Change::Muted(_))] => vec![Phi::new(vec![0; header.block as usize]); stream.channels.into()],
        _ => {
            let decoded = decode::decode(bytes, header, stream);
            decoded.ok_or_else(|| damaged("a frame cannot be decoded").at("frame", header.number))?
        }
    };
    for (frame, change) in parts.into_iter().flat_map(|(frames, change)| frames.map(move |frame| (frame, change))) {
        for sample in channels.iter_mut().map(|channel| &mut channel.expose_mut()[(frame - at) as usize]) {
            match change {
                Change::Kept => {}
                Change::Muted(_) => *sample = rounded(fill.at(frame), stream.bits.into()),
                Change::Ramped(ramp, _) => *sample = (*sample as f64 * ramp.gain(frame)).round() as i64,
            }
        }
    }
    Ok(Some(encode::encode(header, stream, &channels)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TimeSpan;
    use crate::model::MuteStyle;
    use std::io::Cursor;

    /// 100 ms of 8 kHz mono, 16 bits, in frames of 24 ms.
    fn tone() -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings/flac-mono.flac");
        std::fs::read(path).unwrap()
    }

    fn run(source: &[u8], spans: &[(u32, u32)]) -> Result<Vec<u8>> {
        struct Copy(Vec<u8>);
        impl Output for Copy {
            fn put(&mut self, bytes: &[u8]) -> Result<()> {
                self.0.extend_from_slice(bytes);
                Ok(())
            }
        }
        let mut copy = Copy(Vec::new());
        let mut file = Cursor::new(source);
        let info = remux(&mut Input::new(&mut file, source.len() as u64, None)?, &mut Mutes::none(), &mut copy)?;
        let spans: Vec<TimeSpan> = spans.iter().map(|&(a, b)| TimeSpan::new(a, b).unwrap()).collect();
        copy.0.clear();
        let mut mutes = Mutes::plan(&info, &spans, MuteStyle::default())?;
        remux(&mut Input::new(&mut file, source.len() as u64, None)?, &mut mutes, &mut copy)?;
        Ok(copy.0)
    }

    #[test]
    fn kept_frames_stay_as_they_are_and_a_copy_muted_again_is_the_same() {
        let source = tone();
        let copy = run(&source, &[(30, 80)]).unwrap();
        assert!(copy.len() < source.len());
        // The first and the last frame are the source's, behind a header of 42 bytes each.
        assert!(copy[42..300] == source[42..300] && source.ends_with(&copy[copy.len() - 60..]));
        assert!(run(&copy, &[(30, 80)]).unwrap() == copy);
    }

    #[test]
    fn a_flipped_bit_is_seen_wherever_it_is() {
        let source = run(&tone(), &[]).unwrap();
        for at in (42..source.len()).step_by(7) {
            let mut bad = source.clone();
            bad[at] ^= 1 << (at % 8);
            let error = run(&bad, &[]).err().unwrap_or_else(|| panic!("byte {at}"));
            assert!(error.hold_reason().is_some(), "byte {at}");
        }
    }
}
