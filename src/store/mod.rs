//! Where sources are read and redacted calls are published. Must not know what a transcript or a recording is.
//!
//! A destination holds `<call>/manifest.json` beside the call's artifacts, and `.held/<call>.json` for calls that are
//! held. **The manifest is the commit record**: a call without one is not there, and nothing that is not there may be
//! read. Implementations differ in how they keep that true:
//!
//! * A file system writes the whole call elsewhere and renames the folder: readers see all of it or nothing.
//! * An object store has no such rename. It puts the artifacts first and the manifest last, with `If-None-Match: *`
//!   for a new call and `If-Match` for one that is replaced. Artifacts of a replaced call go to names of their own,
//!   so that readers of the old manifest still find what it lists.

pub mod inventory;
mod listed;
mod local;
mod staging;
#[cfg(test)]
pub(crate) mod suite;
mod walk;

pub use listed::{ListedStore, Listing};
pub use local::LocalStore;

use crate::base::{CallId, Clean, Phi, Result};
use std::io::{Read, Seek, Write};

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

    /// The state of an object now. Another one than at [`Store::open`] means that it changed while it was read.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    fn stat(&self, key: &Phi<String>) -> Result<Stat>;

    /// Begins to write a call. Nothing can be seen of it until it is committed; dropped, it leaves nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`](crate::base::Kind::Conflict) when this run is already writing the call.
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
    /// [`Kind::Conflict`](crate::base::Kind::Conflict) when the destination is not as expected; what is there stays.
    fn commit(self: Box<Self>, manifest: &[u8], expected: &Expected) -> Result<()>;
}
