//! Recordings of more than 4 GB, in a few kilobytes of memory: files that are zero but for a few blocks.

use sordino::audio::{Claim, open, redact, verify_kept};
use sordino::base::TimeSpan;
use sordino::model::{Channels, Mute, MuteStyle};
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

const BLOCK: usize = 64 << 10;
static ZEROS: [u8; BLOCK] = [0; BLOCK];
const RATE_HZ: u32 = 48_000;
/// 5 hours of 48 kHz, stereo, 24 bits.
const FRAMES: u64 = 5 * 3600 * RATE_HZ as u64;
const DATA_BYTES: u64 = FRAMES * 6;
/// `RF64` to the end of the header of `data`.
const HEADER_BYTES: u64 = 80;

/// A file of which only blocks that are not zero are kept.
#[derive(Default)]
struct Sparse {
    blocks: BTreeMap<u64, Box<[u8]>>,
    len: u64,
    at: u64,
}

impl Sparse {
    /// The block at the current place, where in it that is, and how many bytes of `len` are in it.
    fn place(&self, len: usize) -> (u64, usize, usize) {
        let (block, from) = (self.at / BLOCK as u64, (self.at % BLOCK as u64) as usize);
        (block, from, len.min(BLOCK - from))
    }
}

impl Read for Sparse {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap();
        let (block, from, len) = self.place(bytes.len().min(left));
        match self.blocks.get(&block) {
            Some(block) => bytes[..len].copy_from_slice(&block[from..from + len]),
            None => bytes[..len].fill(0),
        }
        self.at += len as u64;
        Ok(len)
    }
}

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (block, from, len) = self.place(bytes.len());
        if bytes[..len] != ZEROS[..len] || self.blocks.contains_key(&block) {
            let block = self.blocks.entry(block).or_insert_with(|| vec![0; BLOCK].into());
            block[from..from + len].copy_from_slice(&bytes[..len]);
        }
        self.at += len as u64;
        self.len = self.len.max(self.at);
        Ok(len)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.len.checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

fn rf64() -> Sparse {
    let mut header = b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0".to_vec();
    for size in [HEADER_BYTES - 8 + DATA_BYTES, DATA_BYTES, FRAMES] {
        header.extend(size.to_le_bytes());
    }
    header.extend([0; 4]);
    header.extend(b"fmt \x10\0\0\0\x01\0\x02\0");
    header.extend(RATE_HZ.to_le_bytes());
    header.extend((RATE_HZ * 6).to_le_bytes());
    header.extend(b"\x06\0\x18\0data\xFF\xFF\xFF\xFF");
    assert_eq!(header.len() as u64, HEADER_BYTES);
    let mut file = Sparse::default();
    file.write_all(&header).unwrap();
    file.len = HEADER_BYTES + DATA_BYTES;
    file
}

#[test]
fn speech_behind_4_gb_is_muted_where_it_is() {
    // Sound from 4:59:50 on; the mute is 4:59:51 to 4:59:52.
    let at = |s: u64| HEADER_BYTES + s * u64::from(RATE_HZ) * 6;
    let mut source = rf64();
    source.seek(SeekFrom::Start(at(17_990))).unwrap();
    source.write_all(&vec![0x55; 10 * RATE_HZ as usize * 6]).unwrap();
    assert!(at(17_991) > 1 << 32);

    let opened = open(&mut source, None).unwrap();
    assert_eq!((opened.info().frames, opened.info().container.as_str()), (FRAMES, "rf64"));
    let span = TimeSpan::new(17_991_000, 17_992_000).unwrap();
    let mut copy = Sparse::default();
    let outcome = redact(
        &opened,
        &mut source,
        &[Mute { span, channels: Channels::All, categories: Vec::new() }],
        MuteStyle::default(),
        &mut copy,
    )
    .unwrap();
    assert_eq!((outcome.output_bytes, copy.len, outcome.muted_frames), (source.len, source.len, RATE_HZ.into()));

    let mut sound = vec![0; 10 * RATE_HZ as usize * 6];
    copy.seek(SeekFrom::Start(at(17_990))).unwrap();
    copy.read_exact(&mut sound).unwrap();
    let second = RATE_HZ as usize * 6;
    assert!(sound.iter().enumerate().all(|(i, &byte)| byte == if i / second == 1 { 0 } else { 0x55 }));
    verify_kept(&mut source, &mut copy, &Claim::silent(&outcome.muted)).unwrap();
}
