//! `--known`: reads a file of known values. Must not print anything of it but counts.

use crate::base::{Error, Result, why};
use crate::jobs::{Call, CallKey, KnownValues};
use crate::model::{KNOWN_BYTES_MAX, KnownFile, KnownValue};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What the file knows of the calls of a run.
pub(super) fn of_run(path: Option<&Path>, calls: impl Iterator<Item = Call>, key: &CallKey) -> Result<KnownValues> {
    path.map_or_else(|| Ok(KnownValues::default()), |path| KnownValues::of(read(path)?, calls, key))
}

/// What the file knows of the one call that a transcript is of.
pub(super) fn of_transcript(path: Option<&Path>) -> Result<Vec<KnownValue>> {
    match path.map(read).transpose()? {
        None => Ok(Vec::new()),
        Some(KnownFile::One(values)) => Ok(values),
        Some(KnownFile::ByCall(_)) => Err(Error::usage("--known is about many calls, TRANSCRIPT is one")
            .hint("give a file with the people of this call; docs/known-values.md has the form")),
    }
}

fn read(path: &Path) -> Result<KnownFile> {
    let failed = |e: std::io::Error| Error::usage(format!("--known {}: {}", path.display(), why(&e)));
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(KNOWN_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    KnownFile::parse(&bytes)
}
