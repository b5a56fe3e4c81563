//! Any bytes as packets of any codec: they are decoded or refused, never a panic and never planes of unlike length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::audio::{Block, PacketCodec, PacketDecoder};

fuzz_target!(|input: (u8, &[u8], Vec<&[u8]>)| {
    let (codec, head, packets) = input;
    let codec = match codec % 6 {
        0 => PacketCodec::Mp3,
        1 => PacketCodec::Aac { config: head },
        2 => PacketCodec::Flac { stream_info: head },
        3 => PacketCodec::Vorbis { headers: head },
        channels => PacketCodec::Opus { channels: u16::from(channels) - 3 },
    };
    let Ok(mut decoder) = PacketDecoder::new(&codec) else { return };
    let mut block = Block::default();
    for packet in packets {
        if decoder.decode(packet, 0, &mut block).is_ok() {
            assert!(block.planes().into_exposed().iter().all(|plane| plane.len() == block.frames()));
        }
    }
});
