//! Recordings in packets: their walk hands over packets instead of a copy. Must not know any container.

use super::{Block, PacketDecoder};
use crate::audio::packets::{Output, Packet};
use crate::base::Result;

/// Takes packets and hands on what is heard of them.
pub(super) struct Ear<'h> {
    decoder: Option<PacketDecoder>,
    block: Block,
    heard: &'h mut dyn FnMut(&Block) -> Result<()>,
}

impl<'h> Ear<'h> {
    pub(super) fn new(heard: &'h mut dyn FnMut(&Block) -> Result<()>) -> Self {
        Self { decoder: None, block: Block::default(), heard }
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
        let decoder = match &mut self.decoder {
            Some(decoder) if !packet.is_first => decoder,
            slot => slot.insert(PacketDecoder::new(&packet.codec)?),
        };
        decoder.decode(packet.bytes, 0, &mut self.block)?;
        self.block.trim(packet.at, &packet.heard);
        if self.block.frames() > 0 { (self.heard)(&self.block) } else { Ok(()) }
    }
}
