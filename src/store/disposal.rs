//! Removes copies for good, every version of them, and says what protects them. Must not decide what is to go.

use super::staging::sync_folder;
use super::{LocalRecords, MANIFEST_NAME};
use crate::base::{CallId, Error, Kind, Result, Stage, Timestamp};
use std::fs;
use std::io::{self, ErrorKind};

/// What keeps a file from being removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing.
    None,
    /// The store's lock, until then.
    Until(Timestamp),
    /// The store's legal hold.
    LegalHold,
}

/// Whether a file is kept whatever the dates say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegalHold {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Files of committed calls, as something to be removed.
pub trait Disposal: Send + Sync {
    /// What protects a file of a call in all its versions; nothing for one that is gone.
    ///
    /// # Errors
    /// When the store cannot be asked.
    fn protection(&self, call: &CallId, name: &str) -> Result<Protection>;

    /// Removes a file of a call in all its versions; how many there were. One that is gone is no error.
    ///
    /// # Errors
    /// When one of them cannot be removed.
    fn dispose(&self, call: &CallId, name: &str) -> Result<u64>;

    /// Tells the store of a legal hold, where it has such a thing; whether it has.
    ///
    /// # Errors
    /// When it has and refuses.
    fn set_legal_hold(&self, call: &CallId, name: &str, hold: LegalHold) -> Result<bool>;
}

/// Refuses names that are no file of a call.
pub(super) fn check_name(name: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let is_file = name.split_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && !extension.contains('.'));
    if name == MANIFEST_NAME || (is_file && name.bytes().all(allowed)) {
        return Ok(());
    }
    Err(Error::new(Stage::Records, Kind::Internal, "the name is not that of a call's file"))
}

impl Disposal for LocalRecords {
    fn protection(&self, _: &CallId, name: &str) -> Result<Protection> {
        check_name(name).map(|()| Protection::None)
    }

    /// The folder goes with its last file.
    fn dispose(&self, call: &CallId, name: &str) -> Result<u64> {
        check_name(name)?;
        let folder = self.root().join(call.as_str());
        let unremoved = |error: io::Error| Error::io(Stage::Records, "a file cannot be removed", error);
        let removed = match fs::remove_file(folder.join(name)) {
            Ok(()) => 1,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(unremoved(error)),
        };
        match fs::remove_dir(&folder) {
            Ok(()) => sync_folder(self.root()).map_err(unremoved)?,
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => sync_folder(&folder).map_err(unremoved)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unremoved(error)),
        }
        Ok(removed)
    }

    fn set_legal_hold(&self, _: &CallId, name: &str, _: LegalHold) -> Result<bool> {
        check_name(name).map(|()| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_one_by_one_and_the_folder_with_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let call = CallId::from_mac(&[1; 32]);
        let at = folder.path().join(call.as_str());
        fs::create_dir(&at).unwrap();
        for name in [MANIFEST_NAME, "transcript.json"] {
            fs::write(at.join(name), b"x").unwrap();
        }
        let records = LocalRecords::open(folder.path()).unwrap();
        assert_eq!(records.dispose(&call, MANIFEST_NAME).unwrap(), 1);
        assert_eq!(records.dispose(&call, "recording.wav").unwrap(), 0);
        assert!(at.is_dir());
        assert_eq!(records.dispose(&call, "transcript.json").unwrap(), 1);
        assert!(!at.exists());
        assert_eq!(records.dispose(&call, "transcript.json").unwrap(), 0);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        for name in ["", ".", "..", "../x.y", "a/b.c", "x", ".hidden.a", "A.wav"] {
            assert!(records.dispose(&CallId::from_mac(&[1; 32]), name).is_err(), "{name}");
        }
    }
}
