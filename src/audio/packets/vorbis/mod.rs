//! Packets of Vorbis: how long one lasts, what of it reaches into its neighbours, and the one that says silence.
//!
//! A packet hangs on no other but for the halves of windows that are added up, so what is kept decodes as it did.

mod bits;
mod setup;

use super::unsupported;
use crate::audio::damaged;
use crate::audio::linear::check_limits;
use crate::base::Result;
use bits::{Bits, width};
use setup::Mode;

/// How the three headers start.
pub(super) const IDENTIFICATION: &[u8] = b"\x01vorbis";
pub(super) const COMMENTS: &[u8] = b"\x03vorbis";
pub(super) const SETUP: &[u8] = b"\x05vorbis";
/// The comment header of a copy: nobody made it, and it says nothing.
pub(super) const NO_COMMENTS: &[u8] = b"\x03vorbis\0\0\0\0\0\0\0\0\x01";
const IDENTIFICATION_BYTES: usize = 30;

/// What the identification header says.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Identification {
    pub(super) channels: u8,
    pub(super) rate_hz: u32,
    /// Samples of short and of long blocks.
    blocks: [u32; 2],
    bytes: Vec<u8>,
}

impl Identification {
    /// Reads the header's packet.
    ///
    /// # Errors
    /// Holds the call for other versions, and for more than two channels.
    pub(super) fn parse(packet: &[u8]) -> Result<Self> {
        let bad = || damaged("the Vorbis header is damaged");
        let &[_, _, _, _, _, _, _, v, w, x, y, channels, a, b, c, d, .., sizes, framing] = packet else {
            return Err(bad());
        };
        let (version, rate_hz) = (u32::from_le_bytes([v, w, x, y]), u32::from_le_bytes([a, b, c, d]));
        if packet.len() != IDENTIFICATION_BYTES || framing & 1 == 0 || channels == 0 {
            return Err(bad());
        }
        if version != 0 || channels > 2 {
            return Err(unsupported("a Vorbis stream of an unknown version, or of more than two channels"));
        }
        check_limits(channels.into(), rate_hz)?;
        let exponents = [sizes & 15, sizes >> 4];
        if exponents.iter().any(|exponent| !(6..=13).contains(exponent)) || exponents[0] > exponents[1] {
            return Err(bad());
        }
        Ok(Self { channels, rate_hz, blocks: exponents.map(|exponent| 1 << exponent), bytes: packet.to_vec() })
    }

    /// The header of a copy.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A stream whose headers have been read.
pub(super) struct Stream {
    blocks: [u32; 2],
    modes: Vec<Mode>,
    /// Identification and setup, as decoders take them.
    pub(super) headers: Vec<u8>,
    /// Length of the block before.
    before: Option<u32>,
}

/// What a packet is, by its first bits.
pub(super) struct Packet {
    /// Samples that its block and the one before give.
    pub(super) samples: u32,
    /// How far its window reaches to either side of where these samples end.
    pub(super) half: u32,
    /// The packet that says silence and lets its neighbours be as they are: mode and windows, and no floor.
    pub(super) silence: Vec<u8>,
}

impl Stream {
    /// Reads the setup header.
    ///
    /// # Errors
    /// Holds the call when no decoder could read it, or something stands behind it.
    pub(super) fn new(identification: &Identification, packet: &[u8]) -> Result<Self> {
        let setup = packet.strip_prefix(SETUP).and_then(|setup| setup::modes(setup, identification.channels));
        let modes = setup.ok_or_else(|| damaged("the setup of a Vorbis stream is damaged"))?;
        let headers = [&identification.bytes, packet].concat();
        Ok(Self { blocks: identification.blocks, modes, headers, before: None })
    }

    /// Looks at the next packet.
    ///
    /// # Errors
    /// Holds the call when it is no packet of sound.
    pub(super) fn look(&mut self, packet: &[u8]) -> Result<Packet> {
        let (mode, used) = self.mode(packet).ok_or_else(|| damaged("a Vorbis packet is damaged"))?;
        let block = self.blocks[usize::from(mode.is_long)];
        let bits = used + mode.silent_bits as usize;
        let mut silence = packet[..used.div_ceil(8)].to_vec();
        if let Some(last) = silence.last_mut().filter(|_| used % 8 > 0) {
            *last &= (1 << (used % 8)) - 1;
        }
        silence.resize(bits.div_ceil(8), 0);
        let samples = self.before.replace(block).map_or(0, |before| (before + block) / 4);
        Ok(Packet { samples, half: block / 2, silence })
    }

    /// The mode of a packet, and how many bits say it.
    fn mode(&self, packet: &[u8]) -> Option<(&Mode, usize)> {
        let mut bits = Bits::new(packet);
        if bits.flag()? {
            return None;
        }
        let mode = self.modes.get(bits.take(width(self.modes.len() as u32 - 1))? as usize)?;
        if mode.is_long {
            bits.take(2)?;
        }
        Some((mode, bits.at()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identification() -> Identification {
        let numbers = [&b"\x01vorbis\0\0\0\0\x01"[..], &16_000u32.to_le_bytes(), &[0; 12], &[0xA8, 1]].concat();
        Identification::parse(&numbers).unwrap()
    }

    #[test]
    fn a_header_is_read_as_it_is_written() {
        let header = identification();
        assert!(
            header.bytes().len() == IDENTIFICATION_BYTES && header.blocks == [256, 1024] && header.rate_hz == 16_000
        );
        for (at, value) in [(7, 1), (11, 0), (11, 3), (28, 0x8A), (28, 0xE8), (28, 0xA5), (29, 0)] {
            let mut bytes = header.bytes().to_vec();
            bytes[at] = value;
            assert!(Identification::parse(&bytes).is_err(), "{at}");
        }
        assert!(Identification::parse(&header.bytes()[..29]).is_err());
    }

    #[test]
    fn a_silent_packet_has_mode_and_windows_and_no_floor() {
        let modes = [false, true].map(|is_long| Mode { is_long, silent_bits: 1 });
        let identification = identification();
        let mut stream =
            Stream { blocks: identification.blocks, modes: modes.into(), headers: Vec::new(), before: None };
        // From the lowest bit on: sound, mode 0, then what follows; sound, mode 1, windows 1 and 0, then the floor.
        let short = stream.look(&[0b1111_1100, 0xFF]).unwrap();
        assert_eq!((short.samples, short.half, &short.silence[..]), (0, 128, &[0][..]));
        let long = stream.look(&[0b1111_0110, 0xFF]).unwrap();
        assert_eq!((long.samples, long.half, &long.silence[..]), (320, 512, &[0b0110][..]));
        assert_eq!(stream.look(&long.silence).unwrap().silence, long.silence);
        assert!(stream.look(&[1]).is_err() && stream.look(&[]).is_err());
    }
}
