//! Where sources are read and redacted calls are published. Must not know what a transcript or a recording is.
//!
//! A destination holds `<call>/manifest.json` beside the call's artifacts, and `.held/<call>.json` for calls that are
//! held. **The manifest is the commit record**: a call without one is not there, and nothing that is not there may be
//! read. Implementations differ in how they keep that true:
//!
//! * A file system writes the whole call elsewhere and renames the folder: readers see all of it or nothing.
//! * An object store has no such rename. It puts the artifacts first and the manifest last, with `If-None-Match: *`
//!   for a new call and `If-Match` for one that is replaced. No artifact is ever written over: those of a replaced call
//!   go to names of their own, so that readers of the old manifest still find what it lists (`s3/staging.rs`).

mod address;
mod bucket;
mod disposal;
pub mod inventory;
mod listed;
mod local;
mod records;
#[cfg_attr(not(feature = "cloud"), path = "no_s3.rs")]
pub mod s3;
mod staging;
mod stores;
#[cfg(test)]
pub(crate) mod suite;
mod walk;

pub use address::{Address, BucketAddress};
pub use bucket::{Access, LockMode, Properties};
pub use disposal::{Disposal, LegalHold, Protection};
pub use listed::{ListedStore, Listing};
pub use local::LocalStore;
#[cfg(test)]
pub(crate) use records::suite as records_suite;
pub use records::{LocalRecords, RECORDS_MAX, RETENTION_FOLDER, RecordKey, Records, hold_name, tombstone_name};
pub use stores::Stores;

use crate::base::{CallId, Clean, Error, Kind, Phi, Result, Sha256Hex, Stage, Timestamp};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// The name of the commit record in a call's folder.
pub const MANIFEST_NAME: &str = "manifest.json";

/// A source that is read, from any place of it.
pub trait Object: Read + Seek + Send {}
impl<T: Read + Seek + Send> Object for T {}

/// A file that is written and read back before it is published.
pub trait Sink: Read + Write + Seek + Send {}
impl<T: Read + Write + Seek + Send> Sink for T {}

/// What tells one state of an object from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Size, bytes.
    pub bytes: u64,
    /// An object version, or a file's time of change; opaque.
    pub version: String,
    /// When it was last changed, whole seconds since 1970; 0 where that is not known.
    pub modified_s: u64,
}

/// An object of a listing.
pub struct Entry {
    /// Its key below the store's root, parts separated by `/`. It may hold names and numbers of people.
    pub key: Phi<String>,
    /// What tells its state.
    pub stat: Stat,
}

/// A small record as stored.
pub struct Stored {
    /// All of it.
    pub bytes: Vec<u8>,
    /// What [`Expected::Version`] asks for.
    pub version: String,
}

/// What a commit must find at its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No committed call.
    Absent,
    /// The committed call whose manifest has this version; it is replaced.
    Version(String),
}

/// What is published besides the files that were written.
pub struct Commit<'a> {
    /// What must be at the destination.
    pub expected: &'a Expected,
    /// Names of the artifacts of the call that is replaced; nobody reads them once this one stands.
    pub replaced: Vec<String>,
    /// The digest of each file that was written, by the name that it was written under.
    pub digests: Vec<(String, Sha256Hex)>,
    /// How the call is classified and how long it is kept.
    pub keeping: &'a Keeping,
    /// The manifest, once it is known under which name each file lies; it may fail to be signed.
    pub manifest: &'a dyn Fn(Naming<'_>) -> Result<Vec<u8>>,
}

/// From the name that a file was written under to the one that it got.
pub type Naming<'a> = &'a dyn Fn(&str) -> String;

/// How a call is classified and how long it is kept: what an object store is told of its objects. A folder has no
/// place for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// The classification of the policy.
    pub classification: String,
    /// The retention class of the policy.
    pub class: String,
    /// Until when the call must be kept; nothing where that is over.
    pub retain_until: Option<Timestamp>,
    /// After when it is to be deleted.
    pub delete_after: Timestamp,
    /// Whether it is kept whatever the dates say.
    pub legal_hold: bool,
}

/// Files below one root: a folder, or a bucket and prefix.
///
/// Errors of reading are [`Kind::Io`] or hold the call as [`HoldReason::UnreadableSource`] when a person must act;
/// errors of writing are [`Kind::Io`], and [`Kind::Conflict`] when somebody else was first.
///
/// [`Kind::Io`]: crate::base::Kind::Io
/// [`Kind::Conflict`]: crate::base::Kind::Conflict
/// [`HoldReason::UnreadableSource`]: crate::base::HoldReason::UnreadableSource
pub trait Store: Send + Sync {
    /// Every object whose key begins with `prefix` (characters, not a folder) in the order of its key's bytes, hidden
    /// ones (`.name`) left out, however many there are, read as they are asked for.
    ///
    /// An entry or a folder that cannot be read is an error in its place that [holds](crate::base::Error::hold_reason)
    /// it, and the listing goes on. Any other error ends the listing.
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_>;

    /// Every object: [`Store::list_below`] nothing.
    fn list(&self) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        self.list_below(&Phi::default())
    }

    /// Opens an object; its state is that of what is read.
    ///
    /// # Errors
    /// Holds the call when the object is not there, may not be read, or lies outside the root.
    fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)>;

    /// Opens these bytes of an object, not none, to be read once: for whoever sends them on and has many open at once. Its
    /// state is that of what is read.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    fn open_part(&self, key: &Phi<String>, part: Range<u64>) -> Result<(Box<dyn Read + Send>, Stat)> {
        let (mut object, stat) = self.open(key)?;
        let unreadable = |error| Error::io(Stage::Fetch, "an object cannot be read", error);
        object.seek(SeekFrom::Start(part.start)).map_err(unreadable)?;
        Ok((Box::new(object.take(part.end.saturating_sub(part.start))), stat))
    }

    /// The state of an object now. Another one than at [`Store::open`] means that it changed while it was read.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    fn stat(&self, key: &Phi<String>) -> Result<Stat>;

    /// Whether an open object is read in the one state that it had when it was opened, whatever becomes of it meanwhile.
    fn reads_one_state(&self) -> bool {
        false
    }

    /// Tags an object as processed and changes nothing else of it. One that has gone, or is in another state than the
    /// one that was seen, is left alone.
    ///
    /// # Errors
    /// When it cannot be tagged; files never can.
    fn tag_processed(&self, _key: &Phi<String>, _seen: &Stat) -> Result<()> {
        Err(Error::new(Stage::Publish, Kind::Internal, "files have no tags"))
    }

    /// Begins to write a call. Nothing can be seen of it until it is committed; dropped, it leaves nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when this run is already writing the call.
    fn begin(&self, call: &CallId) -> Result<Box<dyn Staged>>;

    /// The manifest of a committed call.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn manifest(&self, call: &CallId) -> Result<Option<Stored>>;

    /// All committed calls, sorted.
    ///
    /// # Errors
    /// When the destination cannot be listed.
    fn committed(&self) -> Result<Vec<CallId>>;

    /// Whether a call was deleted at the end of its retention, so that it is not made again.
    ///
    /// # Errors
    /// When that cannot be told.
    fn has_tombstone(&self, _: &CallId) -> Result<bool> {
        Ok(false)
    }

    /// What people have said of legal holds on a call, as it is stored.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn hold_record(&self, _: &CallId) -> Result<Option<Stored>> {
        Ok(None)
    }

    /// Writes the record of a held call over the one before.
    ///
    /// # Errors
    /// When it cannot be written.
    fn put_held(&self, call: &CallId, record: &[u8]) -> Result<()>;

    /// The record of a held call.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn held(&self, call: &CallId) -> Result<Option<Vec<u8>>>;

    /// Looks once at what is here, so that it need not be asked for each call: for runs that end. What somebody else
    /// publishes meanwhile is met at the commit. A record that somebody else writes meanwhile, beside a call that this run
    /// publishes, is left to the next run.
    ///
    /// # Errors
    /// When the destination cannot be listed.
    fn survey(&self) -> Result<()> {
        Ok(())
    }

    /// Removes the record of a call that is held no longer; that there is none is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove_held(&self, call: &CallId) -> Result<()>;
}

/// A call that is being written.
pub trait Staged: Send {
    /// A new, empty file for the muted recording. `name` is `recording.<ext>`.
    ///
    /// # Errors
    /// When it cannot be made, or the name is not fit for a file.
    fn recording(&mut self, name: &str) -> Result<Box<dyn Sink>>;

    /// Writes the masked transcript. `name` is `transcript.<ext>`.
    ///
    /// # Errors
    /// When it cannot be written, or the name is not fit for a file.
    fn transcript(&mut self, name: &str, bytes: &Clean<Vec<u8>>) -> Result<()>;

    /// Publishes the call: everything that was written, then the manifest, durable when this returns.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when the destination is not as expected; what is there stays.
    fn commit(self: Box<Self>, commit: &Commit<'_>) -> Result<()>;
}

/// Refuses a name that is not `<stem>.<extension>` in lower-case letters and digits (in the stem perhaps with hyphens
/// between them), and the manifest's.
fn check_artifact_name(name: &str) -> Result<()> {
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_fit = name.split_once('.').is_some_and(|(stem, ext)| stem.split('-').all(is_plain) && is_plain(ext));
    if is_fit && name != MANIFEST_NAME {
        return Ok(());
    }
    Err(Error::new(Stage::Publish, Kind::Internal, "the artifact's name is not fit for a file"))
}
