//! The audit log: who did what to which call, when, from where, why, and what came of it. Append-only, one chain of hashes,
//! sealed by signatures. `docs/audit.md` has its form and its threat model.

mod event;
mod log;
mod search;
mod segment;
mod verify;

pub mod report;

pub use event::{Action, Event, Outcome, Via};
pub use log::{Log, Rules};
pub use search::Query;
pub use segment::{AUDIT_SCHEMA, Entry, SEAL_SCHEMA};
pub use verify::{Broken, HEAD_SCHEMA, Head, Verdict, walk};

use crate::base::Result;
use crate::store::RecordKey;

/// The folder of a destination that holds its log.
pub const FOLDER: &str = ".audit";
const PREFIX: &str = "segment-";
const SUFFIX: &str = ".jsonl";
/// Digits of a segment's number in its name, so that names sort as numbers do.
const DIGITS: usize = 12;

/// Where a segment lies.
fn segment_key(number: u64) -> Result<RecordKey> {
    RecordKey::new(FOLDER, &format!("{PREFIX}{number:0width$}{SUFFIX}", width = DIGITS))
}

/// The number of the segment with this name.
fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;
