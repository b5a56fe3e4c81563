//! Calls on their way into a folder: written apart, made durable, published by one rename.
//!
//! `DEST/.staging/<run>/` belongs to one process for as long as it holds the lock on `lock` in it:
//!
//! * `<call>/` is a call that is being written. It is renamed to `DEST/<call>`.
//! * `aside/<call>` is a committed call that is being replaced. It is deleted once the new one stands.
//!
//! Killed at any moment, a run leaves the old call, the new call, or the old one aside; the next run puts that back.
//! `DEST/.staging/lock` is held while runs begin and are cleared, so that no run is taken for dead before it has its
//! own lock.

use super::local::{read_record, version_of};
use super::{Commit, Expected, MANIFEST_NAME, Sink, Staged, check_artifact_name};
use crate::base::{CallId, Clean, Error, Kind, Result, Stage};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const STAGING: &str = ".staging";
const LOCK: &str = "lock";
const ASIDE: &str = "aside";

/// The staging folder of this process; removed when the last call of the run is done.
pub(super) struct Run {
    root: PathBuf,
    folder: PathBuf,
    /// Held until the process ends, however it ends.
    _lock: File,
}

impl Run {
    /// Clears dead runs and begins one.
    pub(super) fn begin(root: &Path) -> io::Result<Self> {
        let staging = root.join(STAGING);
        make_folder(&staging)?;
        let gate = open_lock(&staging.join(LOCK))?;
        gate.lock()?;
        clear_dead_runs(root, &staging)?;
        let folder = make_run_folder(&staging)?;
        let lock = open_lock(&folder.join(LOCK))?;
        lock.lock()?;
        make_folder(&folder.join(ASIDE))?;
        Ok(Self { root: root.to_owned(), folder, _lock: lock })
    }

    /// Begins to write a call.
    pub(super) fn stage(run: &Arc<Self>, call: &CallId) -> Result<Staging> {
        let folder = run.folder.join(call.as_str());
        private_folder().create(&folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => conflict("this run is already writing the call"),
            _ => unwritten(error),
        })?;
        Ok(Staging { run: Arc::clone(run), call: call.clone(), folder, files: Vec::new(), is_published: false })
    }

    /// Makes a folder of the destination where it is missing.
    pub(super) fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if make_folder(folder)? { sync_folder(&self.root) } else { Ok(()) }
    }

    /// A name for a record of this call before it has its place.
    pub(super) fn scratch(&self, call: &CallId) -> PathBuf {
        self.folder.join(format!("{call}.json"))
    }

    fn place(&self, call: &CallId) -> PathBuf {
        self.root.join(call.as_str())
    }

    fn aside(&self, call: &CallId) -> PathBuf {
        self.folder.join(ASIDE).join(call.as_str())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Whatever cannot be put back or removed now is left to the next run.
        if put_back(&self.root, &self.folder).is_ok() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Puts back what dead runs had moved aside, and removes the rest of them.
fn clear_dead_runs(root: &Path, staging: &Path) -> io::Result<()> {
    for entry in fs::read_dir(staging)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let folder = entry.path();
        let lock = open_lock(&folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {
                put_back(root, &folder)?;
                fs::remove_dir_all(&folder)?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Puts committed calls that were moved aside back where nothing has taken their place.
fn put_back(root: &Path, run: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(run.join(ASIDE)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let is_call = entry.file_name().to_str().and_then(CallId::parse).is_some();
        if is_call && entry.path().join(MANIFEST_NAME).is_file() {
            match fs::rename(entry.path(), root.join(entry.file_name())) {
                Err(error) if !is_taken(&error) => return Err(error),
                _ => {}
            }
        }
    }
    sync_folder(root)
}

fn make_run_folder(staging: &Path) -> io::Result<PathBuf> {
    let process = std::process::id();
    // Another container's process may have the same number; the gate keeps two from choosing at once.
    for n in 0..u32::MAX {
        let folder = staging.join(format!("{process}-{n}"));
        match private_folder().create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            done => return done.map(|()| folder),
        }
    }
    Err(io::Error::other("no name is left for the run"))
}

/// A call that is being written to `DEST/.staging/<run>/<call>`.
pub(super) struct Staging {
    run: Arc<Run>,
    call: CallId,
    folder: PathBuf,
    /// What the commit makes durable.
    files: Vec<PathBuf>,
    /// The folder has its place; its old name may be somebody else's by now.
    is_published: bool,
}

impl Staged for Staging {
    fn recording(&mut self, name: &str) -> Result<Box<dyn Sink>> {
        let path = self.path(name)?;
        Ok(Box::new(create_new(&path).map_err(unwritten)?))
    }

    fn transcript(&mut self, name: &str, bytes: &Clean<Vec<u8>>) -> Result<()> {
        let path = self.path(name)?;
        create_new(&path).and_then(|mut file| file.write_all(bytes.get())).map_err(unwritten)
    }

    fn commit(mut self: Box<Self>, commit: &Commit<'_>) -> Result<()> {
        let manifest = (commit.manifest)(&str::to_owned)?;
        self.make_durable(&manifest).map_err(unwritten)?;
        match commit.expected {
            Expected::Absent => self.publish_new()?,
            Expected::Version(version) => self.replace(version)?,
        }
        self.is_published = true;
        sync_folder(&self.run.root).map_err(unwritten)
    }
}

impl Staging {
    fn path(&mut self, name: &str) -> Result<PathBuf> {
        check_artifact_name(name)?;
        let path = self.folder.join(name);
        self.files.push(path.clone());
        Ok(path)
    }

    /// Everything is written before anything is synced, so that one journal commit of the file system serves all.
    fn make_durable(&mut self, manifest: &[u8]) -> io::Result<()> {
        let path = self.folder.join(MANIFEST_NAME);
        create_new(&path)?.write_all(manifest)?;
        self.files.push(path);
        for path in &self.files {
            File::open(path)?.sync_all()?;
        }
        sync_folder(&self.folder)
    }

    /// A rename onto a folder with files in it fails, so that of two writers one is first.
    fn publish_new(&self) -> Result<()> {
        let place = self.run.place(&self.call);
        match fs::rename(&self.folder, &place) {
            Err(error) if is_taken(&error) && !place.join(MANIFEST_NAME).is_file() => {
                // No commit of ours leaves a folder without manifest; somebody took the manifest away.
                self.move_aside(&place)?;
                let result = fs::rename(&self.folder, &place).map_err(unpublished);
                self.remove_aside();
                result
            }
            result => result.map_err(unpublished),
        }
    }

    /// The old call is moved aside, looked at there, where nobody else can change it, and deleted in the end.
    fn replace(&self, version: &str) -> Result<()> {
        let place = self.run.place(&self.call);
        self.move_aside(&place)?;
        let found = read_record(&self.run.aside(&self.call).join(MANIFEST_NAME))?;
        let is_expected = found.is_some_and(|bytes| version_of(&bytes) == version);
        let result = if is_expected {
            fs::rename(&self.folder, &place).map_err(unpublished)
        } else {
            Err(conflict("another call was committed in the meantime"))
        };
        if result.is_err() {
            match fs::rename(self.run.aside(&self.call), &place) {
                // Somebody else has committed in between; theirs stands.
                Err(error) if is_taken(&error) => {}
                // Put back, or left for the next run to put back.
                _ => return result,
            }
        }
        self.remove_aside();
        result
    }

    fn move_aside(&self, place: &Path) -> Result<()> {
        fs::rename(place, self.run.aside(&self.call)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => conflict("the call to replace is gone"),
            _ => unwritten(error),
        })
    }

    fn remove_aside(&self) {
        // First to where it is not put back from, so that no half of it ever is. What cannot be removed now goes with
        // the run's folder.
        let old = self.run.folder.join(format!("{}-old", self.call));
        let _ = fs::rename(self.run.aside(&self.call), &old).and_then(|()| fs::remove_dir_all(&old));
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_published {
            // What cannot be removed goes with the run's folder.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists)
}

fn unpublished(error: io::Error) -> Error {
    if is_taken(&error) { conflict("the call is already committed") } else { unwritten(error) }
}

fn conflict(message: &'static str) -> Error {
    Error::new(Stage::Publish, Kind::Conflict, message)
}

fn unwritten(error: io::Error) -> Error {
    Error::io(Stage::Publish, "the call cannot be written", error)
}

/// Writes a new file and makes its content durable.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn create_new(path: &Path) -> io::Result<File> {
    private_file().read(true).create_new(true).open(path)
}

pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    private_file().create(true).truncate(false).open(path)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a folder; whether it was missing.
pub(super) fn make_folder(folder: &Path) -> io::Result<bool> {
    match private_folder().create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        done => done.map(|()| true),
    }
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(options.write(true), 0o600);
    options
}
