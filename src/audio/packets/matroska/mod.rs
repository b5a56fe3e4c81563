//! WebM and Matroska (RFC 9559): one track of Opus, as browsers record it.
//!
//! A copy has its type, its clock, its track and its clusters; no index, names, tags or dates, and its segment has no
//! size. A player takes a packet's time from its block or counts samples: mutes hold for both, and where these are far
//! apart the call is held. Packets that no player should play are silent whatever was asked for.

mod ebml;
mod track;

use super::opus;
use super::{Input, Mutes, Output, Packet, unsupported};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::{Codec, RecordingInfo};
use ebml::{Head, children, head, number, only, push, signed};
use std::borrow::Cow;
use track::{Clock, EBML, INFO, SEGMENT, TRACKS, Track, doc_type, header};

const CLUSTER: u32 = 0x1F43_B675;
const TIMESTAMP: u32 = 0xE7;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const DISCARD_PADDING: u32 = 0x75A2;
/// Blocks that only a key makes readable, old and new.
const ENCRYPTED_BLOCK: u32 = 0xAF;
/// Elements that stand in a segment: seek head, info, tracks, cluster, cues, attachments, chapters, tags. One of them
/// ends a cluster whose size is not known.
const OF_SEGMENT: [u32; 8] = [0x114D_9B74, INFO, TRACKS, CLUSTER, 0x1C53_BB6B, 0x1941_A469, 0x1043_A770, 0x1254_C367];

/// A block that starts a decoder anew, which each of Opus does.
const KEYFRAME: u8 = 0x80;
/// Flags that are not muted: lacing, and frames that are decoded and not shown.
const LACING_OR_INVISIBLE: u8 = 0x0E;
/// Largest packet: 120 ms in 48 frames.
const PACKET_BYTES_MAX: u64 = 61_440;
/// Furthest that the times of blocks may be from the samples counted, milliseconds: clocks of browsers drift.
const APART_MS_MAX: i64 = 1000;

/// Copies the track.
pub(super) fn remux(input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
    let file_end = input.left();
    let first = head(input, file_end)?;
    let doc_type = doc_type(&take_body(input, first)?)?;
    if first.id != EBML {
        return Err(damaged("no EBML header"));
    }
    let segment = head(input, file_end)?;
    if segment.id != SEGMENT {
        return Err(damaged("no segment behind the EBML header"));
    }
    let mut reader = Reader { end: segment.end.unwrap_or(file_end), clock: None, stream: None, doc_type };
    while input.at() < reader.end {
        let element = head(input, reader.end)?;
        reader.element(element, input, mutes, out)?;
    }
    if input.left() > 0 {
        return Err(damaged("bytes behind the segment").at("bytes", input.left()));
    }
    let stream = reader.stream.ok_or_else(|| damaged("Matroska without a track"))?;
    let frames = (stream.samples - stream.cut - i64::from(stream.track.head.pre_skip)).max(0) as u64;
    if frames == 0 {
        return Err(damaged("the recording has no samples"));
    }
    let channels = stream.track.head.channels.into();
    Ok(RecordingInfo { container: doc_type.to_owned(), codec: Codec::Opus, rate_hz: opus::RATE_HZ, channels, frames })
}

/// The segment that is being read.
struct Reader {
    /// Where it ends in the source.
    end: u64,
    doc_type: &'static str,
    clock: Option<Clock>,
    stream: Option<Stream>,
}

impl Reader {
    /// Reads an element of the segment.
    fn element(&mut self, element: Head, input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<()> {
        match element.id {
            INFO if self.clock.is_none() => self.clock = Some(Clock::parse(&take_body(input, element)?)?),
            TRACKS if self.stream.is_none() => {
                let track = Track::parse(&take_body(input, element)?)?;
                let clock = self.clock.as_ref().ok_or_else(|| damaged("Matroska with tracks before its clock"))?;
                out.put(&header(self.doc_type, clock, &track))?;
                self.stream = Some(Stream::new(track, clock.scale_ns));
            }
            INFO | TRACKS => return Err(damaged("an EBML element stands twice")),
            CLUSTER => {
                let stream = self.stream.as_mut().ok_or_else(|| damaged("sound before the track that it is of"))?;
                stream.cluster(element.end, self.end, input, mutes, out)?;
            }
            _ => skip(input, element)?,
        }
        Ok(())
    }
}

/// The track as it is being copied.
struct Stream {
    track: Track,
    scale_ns: u64,
    /// Samples of all packets so far.
    samples: i64,
    /// Samples of the packet before.
    before: u32,
    /// Samples at the end of the last packet that are not played; no packet follows then.
    cut: i64,
    /// The cluster of the copy that is being filled.
    cluster: Vec<u8>,
}

impl Stream {
    const fn new(track: Track, scale_ns: u64) -> Self {
        Self { track, scale_ns, samples: 0, before: 0, cut: 0, cluster: Vec::new() }
    }

    /// Copies a cluster.
    fn cluster(
        &mut self,
        end: Option<u64>,
        segment_end: u64,
        input: &mut Input<'_>,
        mutes: &mut Mutes,
        out: &mut dyn Output,
    ) -> Result<()> {
        let mut start = None;
        self.cluster.clear();
        while input.at() < end.unwrap_or(segment_end) {
            if end.is_none() && starts_another(input)? {
                break;
            }
            let element = head(input, end.unwrap_or(segment_end))?;
            match element.id {
                TIMESTAMP if start.is_some() => return Err(damaged("an EBML element stands twice")),
                TIMESTAMP => {
                    let timestamp = number(&take_body(input, element)?)?;
                    start = Some(i64::try_from(timestamp).map_err(|_| too_large())?);
                    push(&mut self.cluster, TIMESTAMP, &[&timestamp.to_be_bytes()]);
                }
                SIMPLE_BLOCK | BLOCK_GROUP => {
                    let start = start.ok_or_else(|| damaged("a Matroska block before the time that it counts from"))?;
                    let body = take_body(input, element)?;
                    let (block, padding_ns) = match element.id {
                        SIMPLE_BLOCK => (&body[..], 0),
                        _ => group(&body)?,
                    };
                    self.block(block, start, padding_ns, mutes, out)?;
                }
                ENCRYPTED_BLOCK => return Err(unsupported("Matroska whose blocks are encrypted")),
                _ => skip(input, element)?,
            }
            if self.cluster.len() as u64 > limits::CLUSTER_BYTES_MAX {
                return Err(too_large());
            }
        }
        if start.is_none() {
            return Err(damaged("a Matroska cluster without a time"));
        }
        if out.takes_bytes() {
            let mut element = Vec::new();
            push(&mut element, CLUSTER, &[&self.cluster]);
            out.put(&element)?;
        }
        Ok(())
    }

    /// Copies a block.
    fn block(
        &mut self,
        block: &[u8],
        start: i64,
        padding_ns: i64,
        mutes: &mut Mutes,
        out: &mut dyn Output,
    ) -> Result<()> {
        let &[track, high, low, flags, ref packet @ ..] = block else {
            return Err(damaged("a Matroska block is cut"));
        };
        // Numbers above 126 take more bytes, the first of which has its highest bit clear.
        if track & 0x80 == 0 || !self.track.has_number(u64::from(track & 0x7F)) {
            return Err(unsupported("Matroska with other than one track"));
        }
        if flags & LACING_OR_INVISIBLE != 0 {
            return Err(unsupported("Matroska whose blocks have several frames, or frames that are not shown"));
        }
        if self.cut > 0 {
            return Err(damaged("Matroska leaves out samples before its end"));
        }
        let samples = opus::samples(packet)?;
        self.cut = samples_of(padding_ns)?;
        if self.cut > i64::from(samples) {
            return Err(damaged("Matroska leaves out more samples than a packet has"));
        }
        let relative = i16::from_be_bytes([high, low]);
        let ticks = start.saturating_add(relative.into());
        let [at, heard_end] = [self.at(self.samples), self.at(self.samples + i64::from(samples) - self.cut)];
        out.packet(&Packet {
            codec: PacketCodec::Opus { channels: self.track.head.channels.into() },
            is_first: self.samples == 0,
            bytes: packet,
            at,
            heard: 0..heard_end,
        })?;
        let kept = if self.is_muted(samples, ticks, heard_end, mutes)? {
            Cow::Owned(opus::silence(samples, self.track.head.channels))
        } else {
            opus::without_padding(packet)?.map_or(Cow::Borrowed(packet), Cow::Owned)
        };
        self.push(relative, &kept, padding_ns);
        self.before = samples;
        self.samples += i64::from(samples);
        Ok(())
    }

    /// Appends a block to the cluster of the copy.
    fn push(&mut self, relative: i16, packet: &[u8], padding_ns: i64) {
        let [high, low] = relative.to_be_bytes();
        if padding_ns == 0 {
            return push(&mut self.cluster, SIMPLE_BLOCK, &[&[0x81, high, low, KEYFRAME], packet]);
        }
        let mut group = Vec::new();
        push(&mut group, BLOCK, &[&[0x81, high, low, 0], packet]);
        push(&mut group, DISCARD_PADDING, &[&padding_ns.to_be_bytes()]);
        push(&mut self.cluster, BLOCK_GROUP, &[&group]);
    }

    /// Whether the next packet, whose block stands at this tick, is to be silent.
    fn is_muted(&self, samples: u32, ticks: i64, heard_end: i64, mutes: &mut Mutes) -> Result<bool> {
        let length = i64::from(samples);
        let start = self.at(self.samples);
        let told = i128::from(ticks) * i128::from(self.scale_ns) * i128::from(opus::RATE_HZ) / 1_000_000_000;
        let apart = told - i128::from(self.samples);
        if apart.unsigned_abs() > (APART_MS_MAX * i64::from(opus::RATE_HZ) / 1000) as u128 {
            return Err(damaged("the times of Matroska's blocks do not fit their sound"));
        }
        if start + length <= 0 || start >= heard_end {
            return Ok(true);
        }
        let apart = apart as i64;
        // Forward error correction: a packet can carry the one before it, as long as itself, a second time.
        let earliest = start + apart.min(0) - i64::from(samples.max(self.before));
        let unsure = self.track.skips().into_iter().fold(0, i64::max);
        let latest = start + length + apart.max(0) + opus::TAIL_SAMPLES + unsure;
        Ok(mutes.is_muted(&(earliest..latest)))
    }

    /// The frame of the recording that is this sample.
    fn at(&self, sample: i64) -> i64 {
        sample - i64::from(self.track.head.pre_skip)
    }
}

/// Block and `DiscardPadding` of a group.
fn group(body: &[u8]) -> Result<(&[u8], i64)> {
    let parts = children(body)?;
    let block = only(&parts, BLOCK)?.ok_or_else(|| damaged("a Matroska group without its block"))?;
    Ok((block, only(&parts, DISCARD_PADDING)?.map_or(Ok(0), signed)?))
}

/// Samples in so many nanoseconds, to the nearest.
fn samples_of(ns: i64) -> Result<i64> {
    // Negative where samples at the start of a packet are left out, which no recorder does.
    let ns = u64::try_from(ns).map_err(|_| unsupported("Matroska that leaves out the start of a packet"))?;
    Ok(((u128::from(ns) * u128::from(opus::RATE_HZ) + 500_000_000) / 1_000_000_000) as i64)
}

/// Whether the next element stands in the segment, not in the cluster.
fn starts_another(input: &mut Input<'_>) -> Result<bool> {
    let id = input.peek(4)?.first_chunk().map(|&id| u32::from_be_bytes(id));
    Ok(id.is_some_and(|id| OF_SEGMENT.contains(&id)))
}

/// The body of an element that is small.
fn take_body(input: &mut Input<'_>, element: Head) -> Result<Vec<u8>> {
    let size = element.end.ok_or_else(unknown)? - input.at();
    let max = match element.id {
        SIMPLE_BLOCK | BLOCK_GROUP => PACKET_BYTES_MAX,
        _ => limits::TAIL_BYTES_MAX,
    };
    if size > max {
        return Err(too_large());
    }
    Ok(input.take(size as usize)?.to_vec())
}

fn skip(input: &mut Input<'_>, element: Head) -> Result<()> {
    let end = element.end.ok_or_else(unknown)?;
    input.skip(end - input.at())
}

fn unknown() -> Error {
    damaged("an EBML element that does not say how large it is")
}

fn too_large() -> Error {
    Error::held(Stage::OpenRecording, HoldReason::LimitReached, "an element of Matroska is too large")
}
