//! Small records of the program itself beside the calls: the audit log, users, tombstones. Each is written whole or not at
//! all, and only where what its writer saw still stands, so that two processes never overwrite each other. Must not know
//! what a record says.

use super::local::{read_record, version_of};
use super::staging::{make_folder, open_lock, private_file, sync_folder};
use super::{Expected, Stored};
use crate::base::{CallId, Error, Kind, Result, Stage, Timestamp};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most records of one folder. A log of a year with a write a second has about 125,000.
pub const RECORDS_MAX: usize = 10_000_000;
const LOCK: &str = ".lock";
const ASIDE: &str = ".new";

/// The folder of a destination with the records of holds and deletions.
pub const RETENTION_FOLDER: &str = ".retention";

/// What the names of records of deleted calls begin with.
pub(super) const TOMBSTONE_BEGINS: &str = "tombstone-";

/// The name of the record that a deleted call leaves.
#[must_use]
pub fn tombstone_name(call: &CallId) -> String {
    format!("{TOMBSTONE_BEGINS}{call}.json")
}

/// The name of the record of what people have said of legal holds on a call.
#[must_use]
pub fn hold_name(call: &CallId) -> String {
    format!("hold-{call}.json")
}

/// Where a record lies: a hidden folder of the destination, and a name in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    folder: &'static str,
    name: String,
}

impl RecordKey {
    /// `folder` begins with a dot; `name` is lower-case letters, digits, `-` and `.`, and begins with no dot.
    ///
    /// # Errors
    /// When the name has anything else.
    pub fn new(folder: &'static str, name: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        let is_fit = !name.is_empty() && !name.starts_with('.') && name.len() <= 128 && name.bytes().all(allowed);
        if is_fit && folder.starts_with('.') {
            return Ok(Self { folder, name: name.to_owned() });
        }
        Err(Error::new(Stage::Records, Kind::Internal, "the name is not fit for a record"))
    }

    /// The folder.
    #[must_use]
    pub const fn folder(&self) -> &'static str {
        self.folder
    }

    /// The name in it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Records below one root.
pub trait Records: Send + Sync {
    /// A record as it is now.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn read(&self, key: &RecordKey) -> Result<Option<Stored>>;

    /// Writes a record where what is there is as expected, durable when this returns; the version that it then has. An
    /// object store with Object Lock keeps these bytes until `locked_until`. Where the very same bytes lie there already, an
    /// object store may say that it wrote them, since its answer to this write may have been lost: whoever must know that they
    /// were first writes something of their own.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when something else is there; what is there stays.
    fn write(
        &self,
        key: &RecordKey,
        bytes: &[u8],
        expected: &Expected,
        locked_until: Option<Timestamp>,
    ) -> Result<String>;

    /// Names of a folder's records, sorted.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn names(&self, folder: &'static str) -> Result<Vec<String>>;

    /// The same, each with what tells its state from another without reading it; opaque.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn states(&self, folder: &'static str) -> Result<Vec<(String, String)>> {
        let state = |name: String| {
            let stored = RecordKey::new(folder, &name).and_then(|key| self.read(&key)).transpose()?;
            Some(stored.map(|stored| (name, stored.version)))
        };
        self.names(folder)?.into_iter().filter_map(state).collect()
    }

    /// Removes a record; that there is none is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, key: &RecordKey) -> Result<()>;
}

/// Records in a folder. A record is written aside and renamed, under a lock of its folder.
pub struct LocalRecords {
    root: PathBuf,
}

impl LocalRecords {
    /// Records below this folder, which must be there.
    ///
    /// # Errors
    /// When it is no folder.
    pub fn open(root: &Path) -> Result<Self> {
        let unreadable = |error| Error::io(Stage::Records, "the folder cannot be opened", error);
        let root = root.canonicalize().map_err(unreadable)?;
        fs::read_dir(&root).map_err(unreadable)?;
        Ok(Self { root })
    }

    /// The folder that they lie below.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn folder(&self, folder: &str) -> PathBuf {
        self.root.join(folder)
    }

    fn path(&self, key: &RecordKey) -> PathBuf {
        self.folder(key.folder).join(&key.name)
    }

    /// Holds the lock of a folder, which is made where it is missing.
    fn lock(&self, folder: &str) -> Result<File> {
        let lock = || -> io::Result<File> {
            let path = self.folder(folder);
            if make_folder(&path)? {
                sync_folder(&self.root)?;
            }
            let lock = open_lock(&path.join(LOCK))?;
            lock.lock()?;
            Ok(lock)
        };
        lock().map_err(unwritten)
    }
}

impl Records for LocalRecords {
    fn read(&self, key: &RecordKey) -> Result<Option<Stored>> {
        let bytes = read_record(&self.path(key))?;
        Ok(bytes.map(|bytes| Stored { version: version_of(&bytes), bytes }))
    }

    fn write(&self, key: &RecordKey, bytes: &[u8], expected: &Expected, _: Option<Timestamp>) -> Result<String> {
        let _lock = self.lock(key.folder)?;
        let there = self.read(key)?.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
        if there != *expected {
            return Err(Error::new(Stage::Records, Kind::Conflict, "another process has written the record"));
        }
        let aside = self.folder(key.folder).join(ASIDE);
        let write = || -> io::Result<()> {
            // What a dead process left of its own is written over: whoever has the lock is alone.
            let mut file = private_file().create(true).truncate(true).open(&aside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&aside, self.path(key))?;
            sync_folder(&self.folder(key.folder))
        };
        write().map_err(unwritten)?;
        Ok(version_of(bytes))
    }

    fn names(&self, folder: &'static str) -> Result<Vec<String>> {
        Ok(self.entries(folder)?.into_iter().map(|(name, _)| name).collect())
    }

    fn states(&self, folder: &'static str) -> Result<Vec<(String, String)>> {
        let state = |(name, entry): (String, fs::DirEntry)| match entry.metadata() {
            // Each write makes a file of its own.
            Ok(of) => Some(Ok((name, format!("{}-{}.{}", of.ino(), of.mtime(), of.mtime_nsec())))),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => Some(Err(unlisted(error))),
        };
        self.entries(folder)?.into_iter().filter_map(state).collect()
    }

    fn remove(&self, key: &RecordKey) -> Result<()> {
        let _lock = self.lock(key.folder)?;
        match fs::remove_file(self.path(key)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritten(error)),
            _ => sync_folder(&self.folder(key.folder)).map_err(unwritten),
        }
    }
}

impl LocalRecords {
    /// The records of a folder by their names.
    fn entries(&self, folder: &str) -> Result<Vec<(String, fs::DirEntry)>> {
        let entries = match fs::read_dir(self.folder(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unlisted(error)),
        };
        let mut named = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unlisted)?;
            let name = entry.file_name().into_string();
            named.extend(name.ok().filter(|name| !name.starts_with('.')).map(|name| (name, entry)));
            check_count(named.len())?;
        }
        named.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        Ok(named)
    }
}

/// Refuses a folder with more records than there can be.
pub(super) fn check_count(count: usize) -> Result<()> {
    if count <= RECORDS_MAX {
        return Ok(());
    }
    Err(Error::new(Stage::Records, Kind::Io, "a folder has more records than are read").at("records", count as u64))
}

fn unlisted(error: io::Error) -> Error {
    Error::io(Stage::Records, "records cannot be listed", error)
}

fn unwritten(error: io::Error) -> Error {
    Error::io(Stage::Records, "a record cannot be written", error)
}

/// What every implementation must do. The store must be empty.
#[cfg(test)]
pub(crate) fn suite(records: &dyn Records) {
    let key = |name: &str| RecordKey::new(".audit", name).unwrap();
    let is_conflict = |r: Result<String>| r.is_err_and(|e| e.kind == Kind::Conflict);
    assert!(records.read(&key("a")).unwrap().is_none() && records.names(".audit").unwrap().is_empty());
    assert!(is_conflict(records.write(&key("a"), b"1", &Expected::Version("x".into()), None)));
    let first = records.write(&key("a"), b"1", &Expected::Absent, None).unwrap();
    assert!(is_conflict(records.write(&key("a"), b"2", &Expected::Absent, None)));
    let state = |name: &str| records.states(".audit").unwrap().into_iter().find(|(n, _)| n == name).map(|(_, s)| s);
    let before = state("a").unwrap();
    assert_eq!((state("a"), state("none")), (Some(before.clone()), None));
    let second = records.write(&key("a"), b"2", &Expected::Version(first.clone()), None).unwrap();
    assert_ne!(state("a").unwrap(), before, "another state is told from the one before");
    assert!(is_conflict(records.write(&key("a"), b"3", &Expected::Version(first), None)));
    let stored = records.read(&key("a")).unwrap().unwrap();
    assert!(stored.bytes == b"2" && stored.version == second);
    records.write(&key("b-1.jsonl"), b"", &Expected::Absent, None).unwrap();
    assert_eq!(records.names(".audit").unwrap(), ["a", "b-1.jsonl"]);
    assert!(records.names(".other").unwrap().is_empty());
    records.remove(&key("a")).unwrap();
    records.remove(&key("a")).unwrap();
    assert!(records.read(&key("a")).unwrap().is_none());
    // Of many who write at once, one is first.
    let won = std::thread::scope(|scope| {
        let write = |n: u8| records.write(&key("c"), &[n; 40], &Expected::Absent, None).is_ok();
        let writers: Vec<_> = (0..8).map(|n| scope.spawn(move || write(n))).collect();
        writers.into_iter().map(|w| w.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_does_what_records_must() {
        let folder = tempfile::tempdir().unwrap();
        suite(&LocalRecords::open(folder.path()).unwrap());
    }

    #[test]
    fn what_a_dead_process_left_is_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        fs::create_dir(folder.path().join(".audit")).unwrap();
        fs::write(folder.path().join(".audit/.new"), b"half of a rec").unwrap();
        let key = RecordKey::new(".audit", "a").unwrap();
        records.write(&key, b"x", &Expected::Absent, None).unwrap();
        assert_eq!(records.names(".audit").unwrap(), ["a"]);
        assert_eq!(records.read(&key).unwrap().unwrap().bytes, b"x");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", ".", "..", "a/b", "../a", ".a", "A", "a b", "a\n"] {
            assert!(RecordKey::new(".audit", name).is_err(), "{name}");
        }
        assert!(RecordKey::new("audit", "a").is_err());
    }
}
