//! Ogg: one stream of Opus (RFC 7845), Vorbis or FLAC after another. Streams side by side hold the call.
//!
//! A copy has the pages of its source, with whole packets only, empty comments and serial numbers that say nothing.
//! The recording's time is what a player plays: each stream without what its header skips at the start and its last
//! page cuts off at the end. Packets outside of that time are silent whatever was asked for, since a player that
//! ignores both would play them.

mod coding;
mod crc;
mod page;

use super::opus;
use super::output::Nowhere;
use super::{Input, Mutes, Output, Packet, unsupported};
use crate::audio::damaged;
use crate::base::Result;
use crate::model::{Codec, RecordingInfo};
use coding::{Coding, Sound};
use page::{Head, NewPage, PACKET_BYTES_MAX, Page, Place};
use std::borrow::Cow;

/// Copies all streams.
pub(super) fn remux(input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
    let mut time = Time { frames: 0, unsure: 0 };
    let mut number = 0;
    let mut stream: Option<Stream> = None;
    while let Some(page) = Page::read(input)? {
        if page.head.is_first {
            let over = stream.take();
            let shape = over.as_ref().map(|over: &Stream| over.coding.shape());
            if let Some(over) = over {
                time = over.finish()?;
            }
            number += 1;
            let next = Stream::start(&page, number, time, out)?;
            if shape.is_some_and(|shape| shape != next.coding.shape()) {
                return Err(unsupported("Ogg streams of different shapes"));
            }
            stream = Some(next);
            continue;
        }
        let stream = stream.as_mut().ok_or_else(|| damaged("an Ogg page of a stream that has not begun"))?;
        stream.page(&page, mutes, out)?;
    }
    let last = stream.ok_or_else(|| damaged("no Ogg stream"))?;
    let shape = last.coding.shape();
    match last.finish()?.frames {
        0 => Err(damaged("the recording has no samples")),
        frames => Ok(info(shape, frames)),
    }
}

fn info((codec, rate_hz, channels): (Codec, u32, u16), frames: i64) -> RecordingInfo {
    RecordingInfo { container: "ogg".to_owned(), codec, rate_hz, channels, frames: frames as u64 }
}

/// What a recording of one stream says of itself: by its headers, its first page of sound, and the position of the last.
/// Of one that cannot be told so, nothing.
pub(super) fn announced(input: &mut Input<'_>) -> Result<Option<RecordingInfo>> {
    let Some(first) = Page::read(input)?.filter(|page| page.head.is_first) else { return Ok(None) };
    let mut stream = Stream::start(&first, 1, Time { frames: 0, unsure: 0 }, &mut Nowhere)?;
    while stream.base.is_none() {
        let Some(page) = Page::read(input)?.filter(|page| !page.head.is_first) else { return Ok(None) };
        stream.page(&page, &mut Mutes::none(), &mut Nowhere)?;
    }
    let start = stream.base.unwrap_or_default().saturating_add(stream.coding.skip());
    let mut end = stream.heard_samples();
    while let Some(head) = Head::pass(input)? {
        if head.is_first || head.serial != stream.serial {
            return Ok(None);
        }
        end = head.granule.map_or(end, |granule| granule.saturating_sub(start));
    }
    Ok((end > 0).then(|| info(stream.coding.shape(), end)))
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
    coding: Coding,
    serial: u32,
    /// Number of the next page of the source, and of the copy.
    sequence: u32,
    new_sequence: u32,
    /// Its serial number in the copy.
    number: u32,
    is_over: bool,
    /// What pages before have of the packet that goes on with the next.
    begun: Vec<u8>,
    /// When the stream starts.
    start: Time,
    /// The granule position at which it starts, once there is sound.
    base: Option<i64>,
    /// No packet of sound has come yet.
    is_first: bool,
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
        let head = parts.next().filter(|part| part.is_end && !page.head.is_continued && parts.next().is_none());
        let head = head.ok_or_else(|| damaged("an Ogg stream starts without its header"))?;
        let coding = Coding::parse(head.bytes)?;
        let mut new_sequence = 0;
        let mut new = NewPage::default();
        new.push(&coding.first());
        new.put(Place { is_first: true, is_last: false, granule: 0, serial: number }, &mut new_sequence, out)?;
        Ok(Self {
            coding,
            serial: page.head.serial,
            sequence: page.head.sequence.wrapping_add(1),
            new_sequence,
            number,
            is_over: page.head.is_last,
            begun: Vec::new(),
            start,
            base: None,
            is_first: true,
            samples: 0,
            before: 0,
            cut: 0,
            new,
        })
    }

    /// Copies the next page.
    fn page(&mut self, page: &Page, mutes: &mut Mutes, out: &mut dyn Output) -> Result<()> {
        self.expect(page)?;
        match self.coding.next_header() {
            Some(_) => self.headers(page, out),
            None => self.sound(page, mutes, out),
        }
    }

    /// Checks that this page is the next of the stream.
    fn expect(&mut self, page: &Page) -> Result<()> {
        if page.head.serial != self.serial {
            return Err(unsupported("Ogg streams side by side"));
        }
        if self.is_over {
            return Err(damaged("an Ogg stream goes on behind its end"));
        }
        if page.head.sequence != self.sequence {
            return Err(damaged("an Ogg page is missing").at("page", self.sequence.into()));
        }
        if page.head.is_continued == self.begun.is_empty() {
            return Err(damaged("a packet is cut between Ogg pages").at("page", self.sequence.into()));
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.is_over = page.head.is_last;
        Ok(())
    }

    /// Reads a page of headers behind the first; those of a copy stand on pages of their own too.
    fn headers(&mut self, page: &Page, out: &mut dyn Output) -> Result<()> {
        for part in page.parts() {
            let name = self.coding.next_header().ok_or_else(|| damaged("sound begins on the page of a header"))?;
            if self.begun.is_empty() {
                if !part.bytes.starts_with(name) {
                    return Err(damaged("an Ogg stream lacks a header"));
                }
                self.begun.extend_from_slice(name);
                self.begin_header(&part.bytes[name.len()..])?;
            } else {
                self.begin_header(part.bytes)?;
            }
            if part.is_end {
                let Some(header) = self.coding.header(std::mem::take(&mut self.begun))? else { continue };
                if !self.new.fits(header.len()) {
                    self.put_page(self.place(0), out)?;
                }
                self.new.push(&header);
            }
        }
        if self.coding.next_header().is_none() { self.put_page(self.place(0), out) } else { Ok(()) }
    }

    /// Goes on with a header, as far as it matters.
    fn begin_header(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.coding.reads_header() {
            return Ok(());
        }
        if self.begun.len() + bytes.len() > PACKET_BYTES_MAX {
            return Err(damaged("an Ogg packet is too large"));
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }

    fn put_page(&mut self, place: Place, out: &mut dyn Output) -> Result<()> {
        self.new.put(place, &mut self.new_sequence, out)
    }

    /// Copies a page of sound.
    fn sound(&mut self, page: &Page, mutes: &mut Mutes, out: &mut dyn Output) -> Result<()> {
        let packets = self.packets(page)?;
        let samples = packets.iter().map(|(_, sound)| i64::from(sound.samples())).sum();
        let heard_end = self.measure(page, samples, packets.is_empty())?;
        let base = self.base.unwrap_or_default();
        let takes_bytes = out.takes_bytes();
        for (packet, sound) in &packets {
            out.packet(&Packet {
                codec: self.coding.decoding(),
                is_first: self.is_first,
                bytes: packet,
                at: self.at(self.samples),
                heard: self.start.frames..heard_end,
            })?;
            self.is_first = false;
            let samples = sound.samples();
            let kept = match sound {
                Sound::Flac(frame) => self.coding.edit_frame(packet, frame, self.frame_of_whole()?, mutes)?,
                _ if self.is_muted(sound, heard_end, mutes) => Cow::Owned(self.coding.silence(sound)),
                _ => self.coding.kept(packet)?,
            };
            if takes_bytes {
                if !self.new.fits(kept.len()) {
                    self.put_page(self.place(base + self.samples), out)?;
                }
                self.new.push(&kept);
            }
            self.before = samples;
            self.samples += i64::from(samples);
        }
        if self.new.is_empty() && !page.head.is_last {
            return Ok(());
        }
        self.put_page(Place { is_last: page.head.is_last, ..self.place(base + self.samples - self.cut) }, out)
    }

    /// The packets that end on a page. What it has of another is remembered.
    fn packets<'a>(&mut self, page: &Page<'a>) -> Result<Vec<(Cow<'a, [u8]>, Sound)>> {
        let mut packets = Vec::with_capacity(page.segments.len());
        for part in page.parts() {
            if self.begun.len() + part.bytes.len() > PACKET_BYTES_MAX {
                return Err(damaged("an Ogg packet is too large"));
            }
            // Some programs end a stream with a packet of nothing.
            if part.bytes.is_empty() && self.begun.is_empty() && page.head.is_last && self.coding.may_end_in_nothing() {
                continue;
            }
            let is_whole = self.begun.is_empty() && part.is_end;
            if !is_whole {
                self.begun.extend_from_slice(part.bytes);
            }
            if part.is_end {
                let packet =
                    if is_whole { Cow::Borrowed(part.bytes) } else { Cow::Owned(std::mem::take(&mut self.begun)) };
                let sound = self.coding.look(&packet)?;
                packets.push((packet, sound));
            }
        }
        Ok(packets)
    }

    /// Checks the position of a page on which packets of so many samples end; returns the frame of the recording at
    /// which the stream is over, as far as this page tells.
    fn measure(&mut self, page: &Page, samples: i64, is_empty: bool) -> Result<i64> {
        let unclear =
            || damaged("the position of an Ogg page does not fit its packets").at("page", page.head.sequence.into());
        let Some(granule) = page.head.granule else {
            return if is_empty { Ok(i64::MAX) } else { Err(unclear()) };
        };
        // The first page may start late, as when a recording joins a stream; only the last may end early.
        let first = if page.head.is_last { (granule - samples).max(0) } else { granule.saturating_sub(samples) };
        let base = *self.base.get_or_insert(first);
        let end = base.saturating_add(self.samples).saturating_add(samples);
        let may_cut = page.head.is_last && granule >= end - samples;
        if base < 0 || granule > end || (granule < end && !may_cut) {
            return Err(unclear());
        }
        self.cut = end - granule;
        Ok(if page.head.is_last { self.at(self.samples + samples - self.cut) } else { i64::MAX })
    }

    /// Whether the next packet is to be silent, which is all that can be done to one that is no frame of FLAC.
    fn is_muted(&self, sound: &Sound, heard_end: i64, mutes: &mut Mutes) -> bool {
        let samples = i64::from(sound.samples());
        let (start, end) = (self.at(self.samples), self.at(self.samples + samples));
        let (heard, reach) = match sound {
            // Forward error correction: a packet can carry the one before it, as long as itself, a second time.
            Sound::Opus { .. } => (start..end, start - samples.max(self.before.into())..end + opus::TAIL_SAMPLES),
            // Its window lies around the end of the samples that are whole with it.
            Sound::Vorbis(packet) => {
                let window = end - i64::from(packet.half)..end + i64::from(packet.half);
                (window.clone(), window)
            }
            Sound::Flac(_) => return false,
        };
        let is_hidden = heard.end <= self.start.frames || heard.start >= heard_end;
        let reach = reach.start..reach.end + self.start.unsure + self.coding.skip();
        is_hidden || mutes.is_muted(&reach)
    }

    /// The frame of the recording with which the next frame of FLAC starts.
    fn frame_of_whole(&self) -> Result<u64> {
        if self.cut > 0 || self.start.unsure > 0 {
            return Err(unsupported("FLAC in Ogg that leaves out samples"));
        }
        Ok(self.at(self.samples).unsigned_abs())
    }

    /// The frame of the recording that is this sample of the stream.
    fn at(&self, sample: i64) -> i64 {
        self.start.frames + sample - self.coding.skip()
    }

    const fn place(&self, granule: i64) -> Place {
        Place { is_first: false, is_last: false, granule, serial: self.number }
    }

    /// The time at the end of a stream that is whole.
    fn finish(self) -> Result<Time> {
        if self.coding.next_header().is_some() || !self.begun.is_empty() {
            return Err(damaged("an Ogg stream is cut"));
        }
        self.coding.check_end()?;
        let frames = self.start.frames + self.heard_samples();
        Ok(Time { frames, unsure: self.start.unsure + self.coding.skip() + self.cut })
    }

    /// Samples so far that a player plays.
    fn heard_samples(&self) -> i64 {
        (self.samples - self.cut - self.coding.skip()).max(0)
    }
}
