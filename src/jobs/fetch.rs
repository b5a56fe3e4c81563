//! Opens and reads the sources of a call, bounded. Must not write.

use super::pair::SourceFile;
use crate::base::{Error, HoldReason, Phi, Result, Sha256Hex, Stage};
use crate::store::{Object, Stat};
use sha2::{Digest, Sha256};
use std::io::Read;

/// Largest sources that are read, bytes.
#[derive(Clone, Copy, Debug)]
pub struct SizeLimits {
    /// Of a transcript, which is held in memory whole.
    pub transcript_bytes_max: u64,
    /// Of a recording, which streams.
    pub recording_bytes_max: u64,
}

/// Bytes that are hashed at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// Opens a source of at most `bytes_max` bytes.
///
/// # Errors
/// Holds the call when the source is gone, may not be read or is too large; fails when reading does.
pub(super) fn open(source: &SourceFile, bytes_max: u64) -> Result<(Box<dyn Object>, Stat)> {
    let (object, stat) = source.store.open(&source.key)?;
    if stat.bytes > bytes_max {
        let error = Error::held(Stage::Fetch, HoldReason::LimitReached, "the source is too large");
        return Err(error.at("bytes", stat.bytes).at("limit", bytes_max));
    }
    Ok((object, stat))
}

/// All of a source of at most `bytes_max` bytes.
///
/// # Errors
/// Those of [`open`], and when there is more or less to read than the source has.
pub(super) fn read_whole(source: &SourceFile, bytes_max: u64) -> Result<(Phi<Vec<u8>>, Stat)> {
    let (object, stat) = open(source, bytes_max)?;
    let mut bytes = Vec::with_capacity(usize::try_from(stat.bytes).unwrap_or_default());
    object.take(stat.bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 != stat.bytes {
        return Err(changed());
    }
    Ok((Phi::new(bytes), stat))
}

/// The digest of a source.
///
/// # Errors
/// Those of [`open`].
pub(super) fn digest(source: &SourceFile, bytes_max: u64) -> Result<Sha256Hex> {
    let (object, stat) = open(source, bytes_max)?;
    let mut object = object.take(stat.bytes);
    let (mut hasher, mut block) = (Sha256::new(), vec![0; BLOCK_BYTES]);
    loop {
        match object.read(&mut block).map_err(unreadable)? {
            0 => return Ok(Sha256Hex::finish(hasher)),
            n => hasher.update(&block[..n]),
        }
    }
}

/// Makes sure that the files of a call, in the order in which they were opened, were what was read at one time.
///
/// That needs no asking where all of them are read in one state, and that is the one which was listed: they were listed
/// before the first was opened. Else all are looked at again, but for the last one where it is read in one state: it was
/// what it is when it was opened, and the others still are what they were.
///
/// # Errors
/// Holds the call when one is another.
pub(super) fn still(opened: &[(&SourceFile, &Stat)]) -> Result<()> {
    let reads_one_state = |source: &SourceFile| source.store.reads_one_state();
    if opened.iter().all(|(source, stat)| reads_one_state(source) && source.stat == **stat) {
        return Ok(());
    }
    let unsure = match opened.split_last() {
        Some((last, others)) if reads_one_state(last.0) => others,
        _ => opened,
    };
    for (source, stat) in unsure {
        if source.store.stat(&source.key)? != **stat {
            return Err(changed());
        }
    }
    Ok(())
}

fn changed() -> Error {
    Error::held(Stage::Fetch, HoldReason::SourceChanged, "the source changed while it was read")
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io(Stage::Fetch, "the source cannot be read", error)
}

#[cfg(test)]
mod tests {
    use super::super::Sources;
    use super::*;
    use crate::store::Stores;
    use std::fs;

    fn source(dir: &tempfile::TempDir) -> SourceFile {
        fs::write(dir.path().join("a.json"), "12345").unwrap();
        let sources = Sources::open(&Stores::new(None), &[dir.path().into()], None).unwrap();
        sources.below("").next().unwrap().unwrap()
    }

    #[test]
    fn what_cannot_be_read_within_its_bound_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let source = source(&dir);
        assert!(read_whole(&source, 5).unwrap().0.expose() == b"12345");
        let reason = |max| open(&source, max).err().and_then(|e| e.hold_reason());
        assert_eq!(reason(4), Some(HoldReason::LimitReached));
        fs::remove_file(dir.path().join("a.json")).unwrap();
        assert_eq!(reason(5), Some(HoldReason::UnreadableSource));
    }

    #[test]
    fn a_source_that_changes_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let source = source(&dir);
        let (_, stat) = read_whole(&source, 5).unwrap();
        still(&[(&source, &stat)]).unwrap();
        fs::write(dir.path().join("a.json"), "123456").unwrap();
        assert_eq!(still(&[(&source, &stat)]).err().unwrap().hold_reason(), Some(HoldReason::SourceChanged));
    }

    #[test]
    fn the_digest_is_over_all_bytes() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(digest(&source(&dir), 5).unwrap(), Sha256Hex::of(b"12345"));
    }
}
