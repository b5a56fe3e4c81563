//! MP3: frames of MPEG audio layer III, without a container or in WAV.
//!
//! The sound of a frame need not lie in it: *main data* of all frames is one row of bytes, cut at frames' sizes, and
//! a frame says how far before its own part its sound begins (the bit reservoir). So a silent frame stays as long as
//! it was, says that it has no sound, and every byte of the row is zero that no kept frame reads.
//!
//! The recording's time is that of all frames decoded from the first. Players also leave out the delays of encoder
//! and decoder, or play the frame of the tag too; each frame's support is what it may sound in any of these.

mod header;
pub(super) mod riff;
mod tag;

use super::aac::adts;
use super::{Input, Mutes, Output, Packet, tags};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::base::Result;
use crate::model::{Codec, RecordingInfo};
use header::{BACK_BYTES_MAX, HEADER_BYTES, Header};
use std::collections::VecDeque;
use std::ops::Range;

/// Delay of decoders (528 + 1 samples) with that of encoders (576), which players leave out by custom.
const DELAY_SAMPLES: i64 = 1105;
/// How far a frame's sound reaches behind its own samples: half a window of its last granule (576) and the
/// filter bank (512).
const TAIL_SAMPLES: i64 = 1088;

/// Whether a second frame follows the one that seems to start here.
///
/// # Errors
/// When the source cannot be read.
pub(super) fn begins(input: &mut Input<'_>) -> Result<bool> {
    let first = input.peek(HEADER_BYTES)?.first_chunk::<HEADER_BYTES>().copied();
    let Some(first) = first else { return Ok(false) };
    if adts::is_header(first) {
        return adts::begins(input);
    }
    // Frames of other layers do not say how long they are; what looks like one is held.
    let Ok(header) = Header::parse(first) else { return Ok(true) };
    let Some(header) = header else { return Ok(false) };
    if (header.frame_bytes as u64) >= input.left() {
        return Ok(false);
    }
    input.skip(header.frame_bytes as u64)?;
    Ok(matches!(next(input), Ok(Some(second)) if second.is_like(header)))
}

/// Copies all frames. Those of AAC stand in files in the same way.
pub(super) fn remux(input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
    tags::skip_leading(input)?;
    if let &[a, b, c, d] = input.peek(HEADER_BYTES)?
        && adts::is_header([a, b, c, d])
    {
        return adts::remux(input, mutes, out);
    }
    let first = next(input)?.ok_or_else(|| damaged("no MPEG frame where sound should begin"))?;
    let mut time = Time { delay: DELAY_SAMPLES, early: 0 };
    if let Some((tag, delay)) = tag::rebuild(first, input.peek(first.frame_bytes)?)? {
        input.take(first.frame_bytes)?;
        out.put(&tag)?;
        time = Time { delay: DELAY_SAMPLES.max(delay), early: first.samples() };
    }
    let info = frames("mp3", first, u64::MAX, &time, input, mutes, out)?;
    tags::skip_trailing(input)?;
    Ok(info)
}

/// Copies the frames up to byte `end` of the source, or to where something else follows.
fn frames(
    container: &str,
    first: Header,
    end: u64,
    time: &Time,
    input: &mut Input<'_>,
    mutes: &mut Mutes,
    out: &mut dyn Output,
) -> Result<RecordingInfo> {
    let mut row = Row::default();
    let mut count = 0;
    while input.at() < end {
        let Some(header) = next(input)? else { break };
        if !header.is_like(first) {
            return Err(damaged("MPEG frames of different shapes").at("frame", count as u64));
        }
        if end - input.at() < header.frame_bytes as u64 {
            return Err(damaged("an MPEG frame is cut").at("frame", count as u64));
        }
        let bytes = input.take(header.frame_bytes)?;
        let at = count * first.samples();
        let codec = PacketCodec::Mp3;
        out.packet(&Packet { codec, is_first: count == 0, bytes, at, heard: 0..i64::MAX })?;
        let main_at = header.main_at()?;
        let is_muted = mutes.is_muted(&time.support(at, first));
        if out.takes_bytes() {
            row.push(header, bytes.split_at(main_at), is_muted);
            row.put_settled(BACK_BYTES_MAX, out)?;
        }
        count += 1;
    }
    row.put_settled(0, out)?;
    let info = RecordingInfo {
        container: container.to_owned(),
        codec: Codec::Mp3,
        rate_hz: first.rate_hz,
        channels: first.channels.into(),
        frames: (count * first.samples()) as u64,
    };
    if count == 0 { Err(damaged("the recording has no samples")) } else { Ok(info) }
}

/// The header of the next frame, or nothing where something else follows.
fn next(input: &mut Input<'_>) -> Result<Option<Header>> {
    match *input.peek(HEADER_BYTES)? {
        [a, b, c, d] => Header::parse([a, b, c, d]),
        _ => Ok(None),
    }
}

/// What players do with the start of a recording.
struct Time {
    /// Samples that some leave out.
    delay: i64,
    /// Samples that some play before.
    early: i64,
}

impl Time {
    /// All samples that a frame which starts at sample `at` can be heard in.
    const fn support(&self, at: i64, header: Header) -> Range<i64> {
        at - self.delay..at + header.samples() + TAIL_SAMPLES + self.early
    }
}

/// Most bytes of header, checksum and side information.
const HEAD_BYTES_MAX: usize = 38;
/// Bytes of the row that are put out before they are dropped all at once.
const OVER_BYTES: usize = 64 << 10;

/// The row of main data, as far as frames that are not read yet can reach back.
#[derive(Default)]
struct Row {
    frames: VecDeque<Frame>,
    /// Main data as it came.
    bytes: Vec<u8>,
    /// The byte of the row with which it starts.
    start: u64,
    /// What kept frames read of it: sorted, disjoint. All else goes out as zeros.
    read: VecDeque<Range<u64>>,
}

/// A frame that is not put out yet.
struct Frame {
    header: Header,
    /// Header, checksum and side information of a kept frame, and how long they are; nothing for a silent one.
    head: Option<([u8; HEAD_BYTES_MAX], usize)>,
    /// Its part of the row, by size alone.
    part: Range<u64>,
    /// The byte of the row from which on it reads.
    reads: u64,
}

impl Row {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn push(&mut self, header: Header, (head, main): (&[u8], &[u8]), is_muted: bool) {
        let part = self.end()..self.end() + main.len() as u64;
        self.bytes.extend_from_slice(main);
        let (back, bits) = header.main_data(&head[header.side_at()..]);
        let reads = part.start.saturating_sub(back);
        let head = (!is_muted).then(|| {
            self.keep(reads..part.end.min(reads + bits.div_ceil(8)));
            let mut bytes = [0; HEAD_BYTES_MAX];
            bytes[..head.len()].copy_from_slice(head);
            (bytes, head.len())
        });
        self.frames.push_back(Frame { header, head, part, reads });
    }

    /// Notes what a kept frame reads.
    fn keep(&mut self, mut range: Range<u64>) {
        let at = self.read.partition_point(|read| read.end < range.start);
        while let Some(read) = self.read.get(at).filter(|read| read.start <= range.end) {
            range = range.start.min(read.start)..range.end.max(read.end);
            self.read.remove(at);
        }
        self.read.insert(at, range);
    }

    /// Puts out the frames in whose part of the row no frame behind the last one reads, which reach back by
    /// `back` bytes at most.
    fn put_settled(&mut self, back: u64, out: &mut dyn Output) -> Result<()> {
        let end = self.end();
        while let Some(frame) = self.frames.pop_front_if(|frame| frame.part.end + back <= end) {
            match &frame.head {
                Some((head, len)) => out.put(&head[..*len])?,
                None => {
                    let kept = self.frames.iter().filter(|frame| frame.head.is_some());
                    let earliest = kept.map(|frame| frame.reads).min().unwrap_or(u64::MAX);
                    out.put(&frame.header.silent(frame.part.start.saturating_sub(earliest))?)?;
                }
            }
            self.blank(&frame.part);
            let main = self.within(frame.part);
            out.put(&self.bytes[main.clone()])?;
            if main.end >= OVER_BYTES {
                self.bytes.drain(..main.end);
                self.start += main.end as u64;
            }
        }
        Ok(())
    }

    /// Makes zeros of what no kept frame reads of this part, which none will read later either.
    fn blank(&mut self, part: &Range<u64>) {
        let mut at = part.start;
        while at < part.end {
            let read = self.read.front().filter(|read| read.start < part.end).cloned();
            let kept = read.unwrap_or(part.end..part.end);
            let unread = self.within(at..kept.start.max(at));
            self.bytes[unread].fill(0);
            at = kept.end.max(at);
            if kept.end <= part.end {
                self.read.pop_front_if(|read| read.end <= part.end);
            }
        }
    }

    /// Where these bytes of the row are, of which the first are still there.
    fn within(&self, range: Range<u64>) -> Range<usize> {
        (range.start - self.start) as usize..(range.end - self.start) as usize
    }
}
