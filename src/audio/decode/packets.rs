//! Recordings in packets: their walk hands over packets instead of a copy. Must not know any container.

use super::{Block, PacketDecoder};
use crate::audio::packets::{Output, Packet};
use crate::base::Result;
use std::ops::Range;

/// Takes packets and hands on what is heard of them.
pub(super) struct Ear<'h> {
    decoder: Option<PacketDecoder>,
    block: Block,
    /// The frames that are wanted, sorted and disjoint; all where nobody says.
    wanted: Option<&'h [Range<u64>]>,
    heard: &'h mut dyn FnMut(&Block) -> Result<()>,
}

impl<'h> Ear<'h> {
    /// Hands on everything.
    pub(super) fn new(heard: &'h mut dyn FnMut(&Block) -> Result<()>) -> Self {
        Self { decoder: None, block: Block::default(), wanted: None, heard }
    }

    /// Hands on these frames at least.
    pub(super) fn around(wanted: &'h [Range<u64>], heard: &'h mut dyn FnMut(&Block) -> Result<()>) -> Self {
        Self { wanted: Some(wanted), ..Self::new(heard) }
    }

    /// Whether the decoder can do without a packet: nothing of it, nor what it leaves in the decoder, is wanted.
    fn can_pass_over(&self, packet: &Packet<'_>) -> bool {
        let (Some(wanted), Some(memory)) = (self.wanted, packet.codec.memory()) else { return false };
        let next = wanted.partition_point(|frames| (frames.end as i64) <= packet.at);
        wanted.get(next).is_none_or(|frames| packet.at + memory < frames.start as i64)
    }
}

impl Output for Ear<'_> {
    fn put(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn takes_bytes(&self) -> bool {
        false
    }

    fn packet(&mut self, packet: &Packet<'_>) -> Result<()> {
        if self.can_pass_over(packet) {
            self.decoder = None;
            return Ok(());
        }
        let decoder = match &mut self.decoder {
            Some(decoder) if !packet.is_first => decoder,
            slot => slot.insert(PacketDecoder::new(&packet.codec)?),
        };
        decoder.decode(packet.bytes, 0, &mut self.block)?;
        self.block.trim(packet.at, &packet.heard);
        if self.block.frames() > 0 { (self.heard)(&self.block) } else { Ok(()) }
    }
}
