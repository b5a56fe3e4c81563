//! SHA-256 on a thread of its own. Hashing costs twice what copying does, so it must not wait for either.

use crate::base::{Error, Kind, Phi, Result, Sha256Hex, Stage};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// Bytes of a recording, shared with the thread that hashes them.
pub(super) type Block = Arc<Phi<Vec<u8>>>;

/// Blocks that may wait for the hasher. With [`BLOCK_BYTES`], memory stays below 4 MiB a recording.
const WAITING_MAX: usize = 4;
/// Size of a block: each wakes the threads that hash, which takes about as long as hashing 10 KiB.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

/// A digest in the making.
pub(super) struct Hashing<'scope> {
    blocks: SyncSender<Block>,
    thread: ScopedJoinHandle<'scope, Sha256>,
}

impl<'scope> Hashing<'scope> {
    /// Starts hashing nothing.
    pub(super) fn spawn(scope: &'scope Scope<'scope, '_>) -> Self {
        let (blocks, received) = sync_channel(WAITING_MAX);
        Self { blocks, thread: scope.spawn(|| hash_all(received)) }
    }

    /// Goes on with these bytes.
    pub(super) fn update(&self, block: &Block) -> Result<()> {
        self.blocks.send(Arc::clone(block)).map_err(|_| stopped())
    }

    /// The digest of everything that was handed over.
    pub(super) fn finish(self) -> Result<Sha256Hex> {
        drop(self.blocks);
        self.thread.join().map(Sha256Hex::finish).map_err(|_| stopped())
    }
}

fn hash_all(blocks: Receiver<Block>) -> Sha256 {
    let mut hasher = Sha256::new();
    for block in blocks {
        hasher.update(block.expose());
    }
    hasher
}

fn stopped() -> Error {
    Error::new(Stage::Mute, Kind::Internal, "the hashing thread stopped")
}

/// Blocks to be filled again and again, as many as are under way at once.
pub(super) struct Pool {
    blocks: Vec<Block>,
    next: usize,
}

impl Pool {
    /// Blocks for one hasher.
    pub(super) fn new() -> Self {
        // One is filled, one is hashed, one lies between, the others wait.
        let blocks = (0..WAITING_MAX + 3).map(|_| Arc::new(Phi::new(vec![0; BLOCK_BYTES]))).collect();
        Self { blocks, next: 0 }
    }

    /// The block that has waited longest, with `len` bytes (at most [`BLOCK_BYTES`]) that `fill` writes.
    pub(super) fn fill(&mut self, len: usize, fill: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<&Block> {
        self.next = (self.next + 1) % self.blocks.len();
        let block = &mut self.blocks[self.next];
        // Still shared is impossible by count, and would only cost a copy.
        let bytes = Arc::make_mut(block).expose_mut();
        bytes.resize(len, 0);
        fill(bytes)?;
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_all_blocks_in_order_though_they_are_reused() {
        let bytes: Vec<u8> = (0..100_000u32).map(|i| ((i * 7) >> 3) as u8).collect();
        let got = std::thread::scope(|scope| {
            let (hashing, mut pool) = (Hashing::spawn(scope), Pool::new());
            for part in bytes.chunks(999) {
                let copy = |block: &mut [u8]| {
                    block.copy_from_slice(part);
                    Ok(())
                };
                let block = pool.fill(part.len(), copy).unwrap();
                hashing.update(block).unwrap();
            }
            hashing.finish().unwrap()
        });
        assert_eq!(got, Sha256Hex::of(&bytes));
    }
}
