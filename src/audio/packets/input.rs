//! A source, read front to back through a window that moves along. Must not hold more than the window.

use super::super::hashing::BLOCK_BYTES;
use super::super::{Source, damaged, read_at, unreadable};
use crate::base::{Error, Result};
use std::io::SeekFrom;

/// What is told of every block that is read, in order.
pub(in crate::audio) type Tap<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;

/// A source that is being read.
pub(in crate::audio) struct Input<'a> {
    source: &'a mut dyn Source,
    tap: Option<Tap<'a>>,
    source_bytes: u64,
    /// Bytes of the source that have been read.
    read: u64,
    /// Room for what is looked at, of which `next..end` has been read and is not over.
    window: Vec<u8>,
    next: usize,
    end: usize,
}

impl<'a> Input<'a> {
    /// Starts at the first of `source_bytes` bytes.
    pub(in crate::audio) fn new(source: &'a mut dyn Source, source_bytes: u64, tap: Option<Tap<'a>>) -> Result<Self> {
        source.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(Self { source, tap, source_bytes, read: 0, window: Vec::new(), next: 0, end: 0 })
    }

    /// Where the next byte is, counted from the start of the source.
    pub(super) fn at(&self) -> u64 {
        self.read - (self.end - self.next) as u64
    }

    /// Bytes from the next to the last.
    pub(super) fn left(&self) -> u64 {
        self.source_bytes - self.at()
    }

    /// The `len` bytes from `at` on, wherever reading has come to; the caller has bounded them and keeps within the
    /// source's size.
    pub(super) fn look_at(&mut self, at: u64, len: u64) -> Result<Vec<u8>> {
        self.with_source(|source| read_at(source, at, len))
    }

    /// What `look` finds anywhere in the source; reading goes on as if nobody had looked.
    pub(super) fn with_source<T>(&mut self, look: impl FnOnce(&mut dyn Source) -> Result<T>) -> Result<T> {
        let found = look(self.source)?;
        self.source.seek(SeekFrom::Start(self.read)).map_err(unreadable)?;
        Ok(found)
    }

    /// The next `len` bytes; the caller has bounded that, fewer at the end.
    pub(super) fn peek(&mut self, len: usize) -> Result<&[u8]> {
        while self.end - self.next < len && self.read < self.source_bytes {
            self.fill()?;
        }
        let end = self.end.min(self.next + len);
        Ok(&self.window[self.next..end])
    }

    /// The next `len` bytes of a bounded number, which are then over.
    ///
    /// # Errors
    /// Holds the call when the source ends before.
    pub(super) fn take(&mut self, len: usize) -> Result<&[u8]> {
        if self.peek(len)?.len() < len {
            return Err(self.cut());
        }
        self.next += len;
        Ok(&self.window[self.next - len..self.next])
    }

    /// The source ends before it should.
    #[cold]
    pub(super) fn cut(&self) -> Error {
        damaged("the recording is cut").at("byte", self.source_bytes)
    }

    /// Passes over `len` bytes.
    ///
    /// # Errors
    /// Holds the call when the source ends before.
    pub(super) fn skip(&mut self, len: u64) -> Result<()> {
        let mut left = len;
        while left > 0 {
            let part = left.min(BLOCK_BYTES as u64) as usize;
            self.take(part)?;
            left -= part as u64;
        }
        Ok(())
    }

    /// Reads one more block and drops what is over.
    fn fill(&mut self) -> Result<()> {
        let len = (self.source_bytes - self.read).min(BLOCK_BYTES as u64) as usize;
        self.window.copy_within(self.next..self.end, 0);
        let from = self.end - std::mem::take(&mut self.next);
        self.end = from + len;
        if self.window.len() < self.end {
            self.window.resize(self.end, 0);
        }
        let block = &mut self.window[from..self.end];
        self.source.read_exact(block).map_err(unreadable)?;
        self.read += len as u64;
        match &mut self.tap {
            Some(tap) => tap(block),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn what_is_taken_is_the_source_and_the_tap_sees_all_of_it() {
        let bytes: Vec<u8> = (0..BLOCK_BYTES * 2 + 77).map(|i| (i % 251) as u8).collect();
        let (mut source, mut seen, mut got) = (Cursor::new(&bytes), Vec::new(), Vec::new());
        let mut tap = |block: &[u8]| {
            seen.extend_from_slice(block);
            Ok(())
        };
        let mut input = Input::new(&mut source, bytes.len() as u64, Some(&mut tap)).unwrap();
        while input.left() > 0 {
            let at = input.at() as usize;
            let len = (1 + at % 9999).min(input.left() as usize);
            assert!(input.peek(len).unwrap() == &bytes[at..at + len]);
            got.extend_from_slice(input.take(len).unwrap());
        }
        assert!(input.peek(1).unwrap().is_empty() && input.take(1).is_err());
        assert!(got == bytes && seen == bytes);
    }

    #[test]
    fn passing_over_more_than_there_is_holds_the_call() {
        let mut source = Cursor::new(vec![0; 1000]);
        let mut input = Input::new(&mut source, 1000, None).unwrap();
        assert!(input.skip(1000).is_ok() && input.at() == 1000 && input.skip(1).is_err());
    }
}
