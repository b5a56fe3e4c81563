//! Where the bytes of a copy go: nowhere, out in blocks, or against the bytes of a copy that is there already.

use super::super::decode::PacketCodec;
use super::super::hashing::BLOCK_BYTES;
use crate::base::{Error, HoldReason, Result, Stage};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read;
use std::ops::Range;

/// What takes a copy, byte by byte from its first to its last.
pub(in crate::audio) trait Output {
    /// Goes on with these bytes.
    ///
    /// # Errors
    /// Whatever the taker finds wrong with them.
    fn put(&mut self, bytes: &[u8]) -> Result<()>;

    /// Whether it makes anything of what is put out; where not, nothing needs to be.
    fn takes_bytes(&self) -> bool {
        true
    }

    /// Is shown a packet of the source as it came, before whatever stands for it in the copy.
    ///
    /// # Errors
    /// Whatever the taker finds wrong with it.
    fn packet(&mut self, _packet: &Packet<'_>) -> Result<()> {
        Ok(())
    }
}

/// A packet of a source.
pub(in crate::audio) struct Packet<'a> {
    /// How it is decoded.
    pub(in crate::audio) codec: PacketCodec<'a>,
    /// A stream starts with it, and a decoder knows nothing of what was before.
    pub(in crate::audio) is_first: bool,
    pub(in crate::audio) bytes: &'a [u8],
    /// The frame of the recording with which its first sample is heard; before 0 where it is not.
    pub(in crate::audio) at: i64,
    /// The frames of the recording that its stream has.
    pub(in crate::audio) heard: Range<i64>,
}

/// Takes and forgets.
pub(super) struct Nowhere;

impl Output for Nowhere {
    fn put(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn takes_bytes(&self) -> bool {
        false
    }
}

/// Hands on in blocks of at most [`BLOCK_BYTES`].
pub(in crate::audio) struct Blocks<F> {
    block: Vec<u8>,
    hand_on: F,
}

impl<F: FnMut(&[u8]) -> Result<()>> Blocks<F> {
    /// Hands each block to `hand_on`.
    pub(in crate::audio) fn new(hand_on: F) -> Self {
        Self { block: Vec::with_capacity(BLOCK_BYTES), hand_on }
    }

    /// Hands on what is left.
    ///
    /// # Errors
    /// Those of `hand_on`.
    pub(in crate::audio) fn finish(mut self) -> Result<()> {
        (self.hand_on)(&self.block)
    }
}

impl<F: FnMut(&[u8]) -> Result<()>> Output for Blocks<F> {
    fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        while self.block.len() + bytes.len() >= BLOCK_BYTES {
            let (now, later) = bytes.split_at(BLOCK_BYTES - self.block.len());
            self.block.extend_from_slice(now);
            (self.hand_on)(&self.block)?;
            self.block.clear();
            bytes = later;
        }
        self.block.extend_from_slice(bytes);
        Ok(())
    }
}

/// Compares with another file, which is read from where it stands.
pub(in crate::audio) struct Same<'a> {
    copy: &'a mut dyn Read,
    bytes: Vec<u8>,
}

impl<'a> Same<'a> {
    /// Compares with `copy`; give it a buffer.
    pub(in crate::audio) fn new(copy: &'a mut dyn Read) -> Self {
        Self { copy, bytes: Vec::new() }
    }

    /// Checks that the other file is over.
    ///
    /// # Errors
    /// Holds the call when it is not. Fails when it cannot be read.
    pub(in crate::audio) fn finish(self) -> Result<()> {
        match self.copy.read(&mut [0]).map_err(unreadable)? {
            0 => Ok(()),
            _ => Err(differs()),
        }
    }
}

impl Output for Same<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.resize(bytes.len(), 0);
        match self.copy.read_exact(&mut self.bytes) {
            Ok(()) if self.bytes == bytes => Ok(()),
            Ok(()) => Err(differs()),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(differs()),
            Err(error) => Err(unreadable(error)),
        }
    }
}

/// Most bytes that one side may be ahead, when a file is both read and compared with. A window of the input and the
/// tables of MP4 are smaller; only what a copy must not have is passed over without anything put out.
const AHEAD_BYTES_MAX: usize = 80 << 20;

/// The bytes of one file as an input reads them, against what is put out for them.
#[derive(Default)]
pub(in crate::audio) struct Mirror {
    sides: RefCell<Sides>,
}

/// What one side has and the other has not yet; at least one is empty.
#[derive(Default)]
struct Sides {
    read: VecDeque<u8>,
    put: VecDeque<u8>,
}

impl Mirror {
    /// Takes what the input reads.
    ///
    /// # Errors
    /// Holds the call when it differs from what was put out, or one side is far ahead.
    pub(in crate::audio) fn show(&self, bytes: &[u8]) -> Result<()> {
        let Sides { read, put } = &mut *self.sides.borrow_mut();
        meet(bytes, put, read)
    }

    /// Checks that all that was read has been put out, and nothing besides.
    ///
    /// # Errors
    /// Holds the call when it has not.
    pub(in crate::audio) fn finish(self) -> Result<()> {
        let Sides { read, put } = self.sides.into_inner();
        if read.is_empty() && put.is_empty() { Ok(()) } else { Err(differs()) }
    }
}

impl Output for &Mirror {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let Sides { read, put } = &mut *self.sides.borrow_mut();
        meet(bytes, read, put)
    }
}

/// Takes bytes of one side off what the other is ahead; what is left of them is what this one is ahead.
fn meet(bytes: &[u8], other: &mut VecDeque<u8>, own: &mut VecDeque<u8>) -> Result<()> {
    let (met, left) = bytes.split_at(other.len().min(bytes.len()));
    let (front, back) = other.as_slices();
    let (first, second) = met.split_at(front.len().min(met.len()));
    if !front.starts_with(first) || !back.starts_with(second) {
        return Err(differs());
    }
    other.drain(..met.len());
    own.extend(left);
    if own.len() > AHEAD_BYTES_MAX { Err(differs()) } else { Ok(()) }
}

fn differs() -> Error {
    Error::held(Stage::Verify, HoldReason::VerifyFailed, "the copy is not what its source and its mutes make")
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io(Stage::Verify, "a recording cannot be read", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_full_but_the_last_and_lose_nothing() {
        let bytes: Vec<u8> = (0..BLOCK_BYTES * 2 + 5).map(|i| (i % 253) as u8).collect();
        let (mut got, mut sizes) = (Vec::new(), Vec::new());
        let mut blocks = Blocks::new(|block: &[u8]| {
            got.extend_from_slice(block);
            sizes.push(block.len());
            Ok(())
        });
        bytes.chunks(70_001).for_each(|part| blocks.put(part).unwrap());
        blocks.finish().unwrap();
        assert!(got == bytes && sizes == [BLOCK_BYTES, BLOCK_BYTES, 5]);
    }

    #[test]
    fn what_is_put_out_must_be_the_other_file_from_end_to_end() {
        let check = |put: &[u8], copy: &[u8]| {
            let mut copy = copy;
            let mut same = Same::new(&mut copy);
            same.put(put).is_ok() && same.finish().is_ok()
        };
        assert!(check(b"abc", b"abc"));
        assert!(!check(b"abd", b"abc") && !check(b"abcd", b"abc") && !check(b"ab", b"abc"));
    }

    #[test]
    fn what_is_put_out_must_be_what_was_read_whichever_comes_first() {
        let check = |put: &[&[u8]]| {
            let mirror = Mirror::default();
            let mut is_same = true;
            for (read, put) in [&b"ab"[..], b"c", b""].iter().zip(put) {
                is_same &= (&mirror).put(put).is_ok() && mirror.show(read).is_ok();
            }
            is_same && mirror.finish().is_ok()
        };
        assert!(check(&[b"", b"abc"]) && !check(&[b"abc"]) && check(&[b"abc", b""]) && check(&[b"a", b"b", b"c"]));
        assert!(
            !check(&[b"abd", b""]) && !check(&[b"a", b"b", b"d"]) && !check(&[b"abcd", b""]) && !check(&[b"ab", b""])
        );
        assert!(Mirror::default().show(&vec![0; AHEAD_BYTES_MAX + 1]).is_err());
    }
}
