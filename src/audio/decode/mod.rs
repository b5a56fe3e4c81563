//! A recording as samples: what is heard of it, in blocks, whatever container and codec it has.
//!
//! For analysis and for proofs, never for output: nothing that is decoded here is written to a copy. Memory is that of
//! one block. A recording that cannot be decoded whole holds its call; nothing is skipped or concealed.

pub(super) mod adpcm;
pub(super) mod g711;
mod gsm;
mod linear;
mod packet;
mod packets;

pub use packet::{PacketCodec, PacketDecoder};

use super::packets::{Input, Mutes};
use super::{Opened, Sound, damaged};
use crate::base::{Phi, Result};
use std::io::{Read, Seek};
use std::ops::Range;

/// Samples of one stretch of a recording, a plane for each channel, all of the same length. Full scale is −1 to 1.
#[derive(Clone, Default)]
pub struct Block {
    first_frame: u64,
    planes: Phi<Vec<Vec<f32>>>,
}

impl Block {
    /// The recording's frame with which the block starts.
    #[must_use]
    pub const fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// Frames in the block.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.planes.expose().first().map_or(0, Vec::len)
    }

    /// The samples of each channel.
    #[must_use]
    pub fn planes(&self) -> Phi<&[Vec<f32>]> {
        Phi::new(self.planes.expose())
    }

    /// Empties the block and gives its planes to be filled, one for each channel.
    pub(super) fn refill(&mut self, first_frame: u64, channels: u16) -> &mut [Vec<f32>] {
        self.first_frame = first_frame;
        let planes = self.planes.expose_mut();
        planes.resize_with(channels.into(), Vec::new);
        planes.iter_mut().for_each(Vec::clear);
        planes
    }
}

impl Block {
    /// Keeps what lies in `heard`, frames of the recording; the first frame here is its frame `at`.
    fn trim(&mut self, at: i64, heard: &Range<i64>) {
        let len = self.frames() as i64;
        let from = heard.start.saturating_sub(at).clamp(0, len);
        let to = heard.end.saturating_sub(at).clamp(from, len);
        for plane in self.planes.expose_mut() {
            plane.truncate(to as usize);
            plane.drain(..from as usize);
        }
        self.first_frame = (at + from).max(0) as u64;
    }
}

impl Opened {
    /// Decodes the recording that was opened from `source`, front to back. `heard` gets blocks that follow each other
    /// without a gap; none is empty.
    ///
    /// # Errors
    /// Holds the call when the sound is damaged or has another length than the headers say; fails when the source
    /// cannot be read, and with what `heard` fails with.
    pub fn decode<S: Read + Seek>(&self, source: &mut S, heard: &mut dyn FnMut(&Block) -> Result<()>) -> Result<()> {
        let mut frames = 0;
        let mut count = |block: &Block| {
            frames += block.frames() as u64;
            heard(block)
        };
        match &self.sound {
            Sound::Linear(sound) => linear::decode(&self.info, sound, source, &mut count)?,
            Sound::Packets(packets) => {
                let mut input = Input::new(source, self.source_bytes, None)?;
                packets.remux(&mut input, &mut Mutes::none(), &mut packets::Ear::new(&mut count))?;
            }
        }
        if frames != self.info.frames {
            return Err(damaged("the sound has another length than its headers say").at("frames", frames));
        }
        Ok(())
    }

    /// Decodes at least these frames of a recording in packets, sorted and disjoint, as they are heard by whoever plays it
    /// from well before them. Blocks come in order; other frames come too.
    ///
    /// # Errors
    /// Those of [`Self::decode`], but for what is wrong with packets that are not decoded.
    pub(super) fn decode_around<S: Read + Seek>(
        &self,
        packets: super::packets::Packets,
        source: &mut S,
        needed: &[Range<u64>],
        heard: &mut dyn FnMut(&Block) -> Result<()>,
    ) -> Result<()> {
        let mut input = Input::new(source, self.source_bytes, None)?;
        packets.remux(&mut input, &mut Mutes::none(), &mut packets::Ear::around(needed, heard)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use crate::audio::open;
    use crate::base::HoldReason;
    use std::io::Cursor;

    fn wav(spec: hound::WavSpec, samples: &[i32]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for &sample in samples {
            match spec.sample_format {
                hound::SampleFormat::Int => writer.write_sample(sample).unwrap(),
                hound::SampleFormat::Float => writer.write_sample(sample as f32 / 32768.0).unwrap(),
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn decode(bytes: &[u8]) -> crate::base::Result<Vec<Vec<f32>>> {
        let mut source = Cursor::new(bytes);
        let opened = open(&mut source, None)?;
        let mut planes = vec![Vec::new(); opened.info().channels.into()];
        opened.decode(&mut source, &mut |block| {
            assert_eq!(block.first_frame(), planes[0].len() as u64, "blocks follow each other");
            for (plane, more) in planes.iter_mut().zip(block.planes().into_exposed()) {
                plane.extend_from_slice(more);
            }
            Ok(())
        })?;
        Ok(planes)
    }

    #[test]
    fn every_linear_form_gives_the_samples_of_each_channel_whatever_the_blocks() {
        use hound::SampleFormat::{Float, Int};
        // More than two blocks of the widest form.
        let frames = 100_003;
        for (bits, sample_format) in [(8, Int), (16, Int), (24, Int), (32, Int), (32, Float)] {
            let full = if sample_format == Float { 32768.0 } else { f64::from(1u32 << (bits - 1)) };
            let value = |frame: usize, channel: usize| ((frame * 7 + channel * 13) % 255) as i32 - 127;
            let samples: Vec<i32> = (0..frames * 3).map(|i| value(i / 3, i % 3)).collect();
            let spec = hound::WavSpec { channels: 3, sample_rate: 8000, bits_per_sample: bits, sample_format };
            let planes = decode(&wav(spec, &samples)).unwrap();
            for (channel, plane) in planes.iter().enumerate() {
                assert_eq!(plane.len(), frames);
                let same = |(frame, got): (usize, &f32)| *got == (f64::from(value(frame, channel)) / full) as f32;
                assert!(plane.iter().enumerate().all(same), "{bits} bits, channel {channel}");
            }
        }
    }

    #[test]
    fn a_recording_that_has_shrunk_holds_its_call() {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let bytes = wav(spec, &[1; 4000]);
        let opened = open(&mut Cursor::new(&bytes), None).unwrap();
        let mut shorter = Cursor::new(&bytes[..5000]);
        let error = opened.decode(&mut shorter, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::DamagedRecording));
    }
}
