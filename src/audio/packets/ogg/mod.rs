//! Ogg: one stream of Opus after another (RFC 7845). Streams side by side hold the call.
//!
//! A copy has the pages of its source, with whole packets only, empty comments and serial numbers that say nothing.
//! The recording's time is what a player plays: each stream without what its header skips at the start and its last
//! page cuts off at the end. Packets outside of that time are silent whatever was asked for, since a player that
//! ignores both would play them.

mod crc;
mod page;

use super::opus::{self, Head};
use super::{Input, Mutes, Output, Packet, unsupported};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::base::Result;
use crate::model::{Codec, RecordingInfo};
use page::{NewPage, PACKET_BYTES_MAX, Page, Place};
use std::borrow::Cow;

/// Copies all streams.
pub(super) fn remux(input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
    let mut time = Time { frames: 0, unsure: 0 };
    let mut number = 0;
    let mut stream: Option<Stream> = None;
    while let Some(page) = Page::read(input)? {
        if page.is_first {
            if let Some(over) = stream.take() {
                time = over.finish()?;
            }
            number += 1;
            stream = Some(Stream::start(&page, number, time, out)?);
            continue;
        }
        let stream = stream.as_mut().ok_or_else(|| damaged("an Ogg page of a stream that has not begun"))?;
        stream.expect(&page)?;
        if stream.is_tagged { stream.sound(&page, mutes, out)? } else { stream.tags(&page, out)? }
    }
    let last = stream.ok_or_else(|| damaged("no Ogg stream"))?;
    let channels = last.head.channels.into();
    let frames = last.finish()?.frames as u64;
    if frames == 0 {
        return Err(damaged("the recording has no samples"));
    }
    Ok(RecordingInfo { container: "ogg".to_owned(), codec: Codec::Opus, rate_hz: opus::RATE_HZ, channels, frames })
}

/// How long the recording is up to here.
#[derive(Clone, Copy)]
struct Time {
    /// Frames as a player counts them.
    frames: i64,
    /// How many more it counts if it plays what streams skip at the start and cut off at the end.
    unsure: i64,
}

/// A stream that is being copied.
struct Stream {
    head: Head,
    serial: u32,
    /// Number of the next page of the source, and of the copy.
    sequence: u32,
    new_sequence: u32,
    /// Its serial number in the copy.
    number: u32,
    /// The comment header has been read.
    is_tagged: bool,
    is_over: bool,
    /// What pages before have of the packet that goes on with the next.
    begun: Vec<u8>,
    /// When the stream starts.
    start: Time,
    /// The granule position at which it starts, once there is sound.
    base: Option<i64>,
    /// Samples of all packets so far.
    samples: i64,
    /// Samples of the packet before.
    before: u32,
    /// Samples that the last page cuts off.
    cut: i64,
    /// The page of the copy that is being filled.
    new: NewPage,
}

impl Stream {
    /// Reads the first page of a stream.
    fn start(page: &Page, number: u32, start: Time, out: &mut dyn Output) -> Result<Self> {
        let mut parts = page.parts();
        let head = parts.next().filter(|part| part.is_end && !page.is_continued && parts.next().is_none());
        let head = head.ok_or_else(|| damaged("an Ogg stream starts without its header"))?;
        if !head.bytes.starts_with(b"OpusHead") {
            return Err(unsupported("an Ogg stream that is not Opus"));
        }
        let head = Head::parse(head.bytes)?;
        let mut new_sequence = 0;
        let mut new = NewPage::default();
        new.push(&head.to_bytes());
        new.put(Place { is_first: true, is_last: false, granule: 0, serial: number }, &mut new_sequence, out)?;
        Ok(Self {
            head,
            serial: page.serial,
            sequence: page.sequence.wrapping_add(1),
            new_sequence,
            number,
            is_tagged: false,
            is_over: page.is_last,
            begun: Vec::new(),
            start,
            base: None,
            samples: 0,
            before: 0,
            cut: 0,
            new,
        })
    }

    /// Checks that this page is the next of the stream.
    fn expect(&mut self, page: &Page) -> Result<()> {
        if page.serial != self.serial {
            return Err(unsupported("Ogg streams side by side"));
        }
        if self.is_over {
            return Err(damaged("an Ogg stream goes on behind its end"));
        }
        if page.sequence != self.sequence {
            return Err(damaged("an Ogg page is missing").at("page", self.sequence.into()));
        }
        if page.is_continued == self.begun.is_empty() {
            return Err(damaged("a packet is cut between Ogg pages").at("page", self.sequence.into()));
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.is_over = page.is_last;
        Ok(())
    }

    /// Reads a page of the comment header; the copy has an empty one.
    fn tags(&mut self, page: &Page, out: &mut dyn Output) -> Result<()> {
        let mut parts = page.parts();
        let part = parts.next().ok_or_else(|| damaged("an Ogg page without a packet"))?;
        if self.begun.is_empty() {
            if !part.bytes.starts_with(b"OpusTags") {
                return Err(damaged("an Opus stream without its comment header"));
            }
            self.begun = b"OpusTags".to_vec();
        }
        if !part.is_end {
            return Ok(());
        }
        if parts.next().is_some() {
            return Err(damaged("sound begins on the page of the comment header"));
        }
        self.begun.clear();
        self.is_tagged = true;
        let mut new = NewPage::default();
        new.push(opus::TAGS);
        new.put(self.place(0), &mut self.new_sequence, out)
    }

    /// Copies a page of sound.
    fn sound(&mut self, page: &Page, mutes: &mut Mutes, out: &mut dyn Output) -> Result<()> {
        let packets = self.packets(page)?;
        let samples = packets.iter().map(|packet| opus::samples(packet)).collect::<Result<Vec<u32>>>()?;
        let heard_end = self.measure(page, samples.iter().map(|&n| i64::from(n)).sum(), packets.is_empty())?;
        let base = self.base.unwrap_or_default();
        let mut new = std::mem::take(&mut self.new);
        for (packet, samples) in packets.iter().zip(samples) {
            out.packet(&Packet {
                codec: PacketCodec::Opus { channels: self.head.channels.into() },
                is_first: self.samples == 0,
                bytes: packet,
                at: self.at(self.samples),
                heard: self.start.frames..heard_end,
            })?;
            let kept = if self.is_muted(samples, heard_end, mutes) {
                Cow::Owned(opus::silence(samples, self.head.channels))
            } else {
                opus::without_padding(packet)?.map_or(Cow::Borrowed(&**packet), Cow::Owned)
            };
            if !new.fits(kept.len()) {
                new.put(self.place(base + self.samples), &mut self.new_sequence, out)?;
            }
            new.push(&kept);
            self.before = samples;
            self.samples += i64::from(samples);
        }
        if !new.is_empty() || page.is_last {
            let place = Place { is_last: page.is_last, ..self.place(base + self.samples - self.cut) };
            new.put(place, &mut self.new_sequence, out)?;
        }
        self.new = new;
        Ok(())
    }

    /// The packets that end on a page. What it has of another is remembered.
    fn packets<'a>(&mut self, page: &'a Page) -> Result<Vec<Cow<'a, [u8]>>> {
        let mut packets = Vec::with_capacity(page.segments.len());
        for part in page.parts() {
            if self.begun.len() + part.bytes.len() > PACKET_BYTES_MAX {
                return Err(damaged("an Ogg packet is too large"));
            }
            if part.is_end && self.begun.is_empty() {
                packets.push(Cow::Borrowed(part.bytes));
                continue;
            }
            self.begun.extend_from_slice(part.bytes);
            if part.is_end {
                packets.push(Cow::Owned(std::mem::take(&mut self.begun)));
            }
        }
        Ok(packets)
    }

    /// Checks the position of a page on which packets of so many samples end; returns the frame of the recording at
    /// which the stream is over, as far as this page tells.
    fn measure(&mut self, page: &Page, samples: i64, is_empty: bool) -> Result<i64> {
        let unclear =
            || damaged("the position of an Ogg page does not fit its packets").at("page", page.sequence.into());
        let Some(granule) = page.granule else {
            return if is_empty { Ok(i64::MAX) } else { Err(unclear()) };
        };
        // The first page may start late, as when a recording joins a stream; only the last may end early.
        let first = if page.is_last { (granule - samples).max(0) } else { granule.saturating_sub(samples) };
        let base = *self.base.get_or_insert(first);
        let end = base.saturating_add(self.samples).saturating_add(samples);
        let may_cut = page.is_last && granule >= end - samples;
        if base < 0 || granule > end || (granule < end && !may_cut) {
            return Err(unclear());
        }
        self.cut = end - granule;
        Ok(if page.is_last { self.at(self.samples + samples - self.cut) } else { i64::MAX })
    }

    /// Whether the next packet is to be silent.
    fn is_muted(&self, samples: u32, heard_end: i64, mutes: &mut Mutes) -> bool {
        let (start, end) = (self.at(self.samples), self.at(self.samples + i64::from(samples)));
        if end <= self.start.frames || start >= heard_end {
            return true;
        }
        // Forward error correction: a packet can carry the one before it, as long as itself, a second time.
        let earliest = start - i64::from(samples.max(self.before));
        let unsure = self.start.unsure + i64::from(self.head.pre_skip);
        mutes.is_muted(&(earliest..end + opus::TAIL_SAMPLES + unsure))
    }

    /// The frame of the recording that is this sample of the stream.
    fn at(&self, sample: i64) -> i64 {
        self.start.frames + sample - i64::from(self.head.pre_skip)
    }

    const fn place(&self, granule: i64) -> Place {
        Place { is_first: false, is_last: false, granule, serial: self.number }
    }

    /// The time at the end of a stream that is whole.
    fn finish(self) -> Result<Time> {
        if !self.is_tagged || !self.begun.is_empty() {
            return Err(damaged("an Ogg stream is cut"));
        }
        let skip = i64::from(self.head.pre_skip);
        let heard = (self.samples - self.cut - skip).max(0);
        Ok(Time { frames: self.start.frames + heard, unsure: self.start.unsure + skip + self.cut })
    }
}
