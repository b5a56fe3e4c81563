//! Packets to samples, one codec each: what a container hands over in order, and what is heard of it.
//!
//! Decoders are given packets that our own readers have cut out; no container of theirs is used, and nothing is guessed
//! by probing. Decoding never conceals a loss: a packet that cannot be decoded is an error.

use super::Block;
use crate::audio::damaged;
use crate::base::{Error, HoldReason, Result, Stage};
use symphonia_bundle_flac::FlacDecoder;
use symphonia_bundle_mp3::MpaDecoder;
use symphonia_codec_aac::AacDecoder;
use symphonia_codec_vorbis::VorbisDecoder;
use symphonia_core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia_core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

/// Longest packet of Opus: 120 ms, at its own rate of 48 kHz.
const OPUS_FRAMES_MAX: usize = 5_760;
/// The rate that Opus is decoded at, as its containers count.
const OPUS_RATE_HZ: u32 = 48_000;

/// A codec of packets, with what its stream says before the first packet.
pub enum PacketCodec<'a> {
    /// MPEG audio layer III, versions 1, 2 and 2.5; a packet is a frame with its header.
    Mp3,
    /// AAC low complexity; a packet is a raw data block.
    Aac {
        /// `AudioSpecificConfig`.
        config: &'a [u8],
    },
    /// FLAC; a packet is a frame.
    Flac {
        /// The body of the `STREAMINFO` block.
        stream_info: &'a [u8],
    },
    /// Vorbis; a packet is an audio packet.
    Vorbis {
        /// The identification and the setup packet, one after the other.
        headers: &'a [u8],
    },
    /// Opus of one or two channels (mapping family 0), decoded at 48 kHz.
    Opus {
        /// 1 or 2.
        channels: u16,
    },
}

impl PacketCodec<'_> {
    /// How many frames behind its first a packet has nothing in the decoder any more, where that is known.
    ///
    /// Of Opus 80 ms are enough (RFC 7845, section 4.6); a packet is 120 ms long at most, and there is room for five times
    /// as much. MP3 and Vorbis have no such number: what they need of before, their packets say.
    pub(super) const fn memory(&self) -> Option<i64> {
        match self {
            Self::Opus { .. } => Some(OPUS_RATE_HZ as i64),
            Self::Mp3 | Self::Aac { .. } | Self::Flac { .. } | Self::Vorbis { .. } => None,
        }
    }
}

/// Decodes the packets of one stream in order.
pub struct PacketDecoder(Decoder);

enum Decoder {
    Symphonia {
        decoder: Box<dyn AudioDecoder>,
        /// What the first packet gives is half a window that nothing has been added to, and is never heard.
        drops_first: bool,
    },
    Opus {
        decoder: Box<ropus::Decoder>,
        channels: u16,
        frames: Vec<f32>,
    },
}

impl PacketDecoder {
    /// A decoder at the start of a stream.
    ///
    /// # Errors
    /// Holds the call when what the stream says of itself is damaged or a kind that is not decoded.
    pub fn new(codec: &PacketCodec) -> Result<Self> {
        let options = AudioDecoderOptions::default().gapless(false);
        let decoder: Box<dyn AudioDecoder> = match codec {
            PacketCodec::Mp3 => Box::new(MpaDecoder::try_new(&parameters(CODEC_ID_MP3, None), &options).map_err(kind)?),
            PacketCodec::Aac { config } => {
                Box::new(AacDecoder::try_new(&parameters(CODEC_ID_AAC, Some(config)), &options).map_err(kind)?)
            }
            PacketCodec::Flac { stream_info } => {
                Box::new(FlacDecoder::try_new(&parameters(CODEC_ID_FLAC, Some(stream_info)), &options).map_err(kind)?)
            }
            PacketCodec::Vorbis { headers } => {
                Box::new(VorbisDecoder::try_new(&parameters(CODEC_ID_VORBIS, Some(headers)), &options).map_err(kind)?)
            }
            PacketCodec::Opus { channels } => return Self::opus(*channels),
        };
        let drops_first = matches!(codec, PacketCodec::Vorbis { .. });
        Ok(Self(Decoder::Symphonia { decoder, drops_first }))
    }

    fn opus(channels: u16) -> Result<Self> {
        let layout = match channels {
            1 => ropus::Channels::Mono,
            2 => ropus::Channels::Stereo,
            _ => return Err(unsupported("Opus of more than two channels")),
        };
        let decoder = ropus::Decoder::new(OPUS_RATE_HZ, layout).map_err(|_| unsupported("a kind of Opus"))?;
        let frames = vec![0.0; OPUS_FRAMES_MAX * usize::from(channels)];
        Ok(Self(Decoder::Opus { decoder: Box::new(decoder), channels, frames }))
    }

    /// Decodes the next packet into `block`, whose first frame is said to be `first_frame`. Nothing is trimmed: what a
    /// container says of delay and padding is the caller's to take off. The first packets of a codec may give none.
    ///
    /// # Errors
    /// Holds the call when the packet cannot be decoded.
    pub fn decode(&mut self, packet: &[u8], first_frame: u64, block: &mut Block) -> Result<()> {
        match &mut self.0 {
            Decoder::Symphonia { decoder, drops_first } => {
                let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, packet);
                let decoded = decoder.decode_ref(&packet).map_err(|_| damaged("a packet cannot be decoded"))?;
                let channels = u16::try_from(decoded.num_planes()).map_err(|_| unsupported("too many channels"))?;
                block.refill(first_frame, channels);
                decoded.copy_to_vecs_planar(block.planes.expose_mut());
                if std::mem::take(drops_first) {
                    block.refill(first_frame, channels);
                }
            }
            Decoder::Opus { decoder, channels, frames } => {
                if packet.is_empty() {
                    // The decoder takes it for a loss, and would make up what was lost.
                    return Err(damaged("an empty packet"));
                }
                let count = decoder
                    .decode_float(packet, frames, ropus::DecodeMode::Normal)
                    .map_err(|_| damaged("a packet cannot be decoded"))?;
                let planes = block.refill(first_frame, *channels);
                for (channel, plane) in planes.iter_mut().enumerate() {
                    plane.extend(frames.chunks_exact((*channels).into()).take(count).map(|frame| frame[channel]));
                }
            }
        }
        Ok(())
    }
}

fn parameters(codec: AudioCodecId, extra: Option<&[u8]>) -> AudioCodecParameters {
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(codec);
    if let Some(extra) = extra {
        parameters.with_extra_data(extra.into());
    }
    parameters
}

/// What a decoder says of a stream's own description. Its message is dropped: it may quote what stands there.
fn kind(error: symphonia_core::errors::Error) -> Error {
    match error {
        symphonia_core::errors::Error::Unsupported(_) => unsupported("the codec is of a kind that is not decoded"),
        _ => damaged("what the stream says of its codec is damaged"),
    }
}

fn unsupported(message: &'static str) -> Error {
    Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// AAC-LC, 16 kHz, one channel.
    const AAC: &[u8] = &[0x14, 0x08];
    /// 8 kHz, one channel, 16 bits, blocks of 4096.
    const FLAC: &[u8] = &[
        0x10, 0x00, 0x10, 0x00, 0, 0, 0, 0, 0, 0, 0x01, 0xF4, 0x00, 0xF0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0,
    ];

    fn tone() -> impl Iterator<Item = f32> {
        (0..).map(|i: i32| (i as f32 * 440.0 * std::f32::consts::TAU / OPUS_RATE_HZ as f32).sin() * 0.5)
    }

    fn opus() -> Vec<Vec<u8>> {
        let mut encoder =
            ropus::Encoder::builder(OPUS_RATE_HZ, ropus::Channels::Stereo, ropus::Application::Voip).build().unwrap();
        let samples: Vec<f32> = tone().take(960 * 50).flat_map(|s| [s, 0.0]).collect();
        let mut packet = [0; 4000];
        let mut encode = |frame: &[f32]| {
            let bytes = encoder.encode_float(frame, &mut packet).unwrap();
            packet[..bytes].to_vec()
        };
        samples.chunks(1920).map(&mut encode).collect()
    }

    fn energy(samples: &[f32]) -> f32 {
        samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn opus_is_heard_on_the_channel_on_which_it_was_said() {
        let mut decoder = PacketDecoder::new(&PacketCodec::Opus { channels: 2 }).unwrap();
        let (mut block, mut at) = (Block::default(), 0);
        for packet in opus() {
            decoder.decode(&packet, at, &mut block).unwrap();
            assert_eq!((block.first_frame(), block.frames()), (at, 960));
            at += 960;
        }
        let planes = block.planes().into_exposed();
        let (left, right) = (energy(&planes[0]), energy(&planes[1]));
        assert!((0.08..0.17).contains(&left) && right < left / 100.0, "{left} {right}");
    }

    #[test]
    fn packets_that_cannot_be_decoded_hold_the_call() {
        let mut block = Block::default();
        let mut decoder = PacketDecoder::new(&PacketCodec::Opus { channels: 1 }).unwrap();
        // Nothing, and three frames of 60 ms, which is more than a packet may have.
        for packet in [&[][..], &[0x1B, 0x03, 0, 0, 0]] {
            let error = decoder.decode(packet, 0, &mut block).unwrap_err();
            assert_eq!(error.hold_reason(), Some(HoldReason::DamagedRecording));
        }
        let error = PacketDecoder::new(&PacketCodec::Opus { channels: 6 }).err().unwrap();
        assert_eq!(error.hold_reason(), Some(HoldReason::UnsupportedCodec));
        assert!(PacketDecoder::new(&PacketCodec::Aac { config: &[0x14] }).is_err());
        assert!(PacketDecoder::new(&PacketCodec::Vorbis { headers: b"vorbis" }).is_err());
    }

    proptest! {
        #[test]
        fn any_packets_are_decoded_or_refused(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4),
            start in prop::sample::select(vec![&[][..], &[0xFF, 0xFB, 0x10, 0xC4], &[0xFF, 0xF8, 0xC9, 0x08, 0x00], &[0x78]]),
        ) {
            let codecs = [
                PacketCodec::Mp3,
                PacketCodec::Aac { config: AAC },
                PacketCodec::Flac { stream_info: FLAC },
                PacketCodec::Opus { channels: 2 },
            ];
            for codec in codecs {
                let mut decoder = PacketDecoder::new(&codec).unwrap();
                let mut block = Block::default();
                for packet in &packets {
                    let packet = [start, packet].concat();
                    if decoder.decode(&packet, 0, &mut block).is_ok() {
                        let planes = block.planes().into_exposed();
                        prop_assert!(planes.iter().all(|plane| plane.len() == block.frames()));
                    }
                }
            }
        }
    }
}
