//! A folder as a store.

use super::staging::{Run, sync_folder, write_new};
use super::walk::Walk;
use super::{Entry, MANIFEST_NAME, Object, RETENTION_FOLDER, Staged, Stat, Store, Stored, hold_name, tombstone_name};
use crate::base::{CallId, Error, HoldReason, Kind, Phi, Result, Sha256Hex, Stage};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

const HELD_FOLDER: &str = ".held";
/// Largest manifest or held record read, bytes.
const RECORD_BYTES_MAX: u64 = 64 << 20;

/// A folder: sources below it, or a destination of redacted calls.
///
/// As a destination it keeps what is being written in `DEST/.staging/<run>`, on the same file system, so that a call
/// appears by one rename. Folders are open to their owner alone (0700), files too (0600).
pub struct LocalStore {
    root: PathBuf,
    /// Present in a destination.
    run: Option<Arc<Run>>,
}

impl LocalStore {
    /// A folder to read from.
    ///
    /// # Errors
    /// When it is not there or is no folder.
    pub fn source(root: &Path) -> Result<Self> {
        let unreadable = |error| Error::io(Stage::Fetch, "the source folder cannot be opened", error);
        let root = root.canonicalize().map_err(unreadable)?;
        fs::read_dir(&root).map_err(unreadable)?;
        Ok(Self { root, run: None })
    }

    /// A folder to write to, made where it is missing. What runs left behind that have died is cleared, and what they
    /// had moved aside is put back.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn destination(root: &Path) -> Result<Self> {
        let unwritable = |error| Error::io(Stage::Publish, "the destination folder cannot be opened", error);
        fs::create_dir_all(root).map_err(unwritable)?;
        let root = root.canonicalize().map_err(unwritable)?;
        if let Some(parent) = root.parent() {
            // Best effort: a parent that may not be opened has the folder in it all the same.
            let _ = sync_folder(parent);
        }
        let run = Run::begin(&root).map_err(unwritable)?;
        Ok(Self { root, run: Some(Arc::new(run)) })
    }

    fn run(&self) -> Result<&Arc<Run>> {
        let message = "a source is not written to";
        self.run.as_ref().ok_or_else(|| Error::new(Stage::Publish, Kind::Internal, message))
    }

    /// The file behind a key, links resolved.
    fn resolve(&self, key: &Phi<String>) -> Result<PathBuf> {
        let unreadable = |message| Error::held(Stage::Fetch, HoldReason::UnreadableSource, message);
        let relative = Path::new(key.expose());
        let visible = |part: Component<'_>| match part {
            Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
            _ => false,
        };
        if !relative.components().all(visible) {
            return Err(unreadable("the key is not one of a listing"));
        }
        let path = self.root.join(relative).canonicalize().map_err(unread)?;
        // Not followed outside, and not opened where opening could wait for ever.
        let is_source = path.starts_with(&self.root) && fs::metadata(&path).map_err(unread)?.is_file();
        is_source.then_some(path).ok_or_else(|| unreadable("the source is no file below its folder"))
    }

    fn held_path(&self, call: &CallId) -> PathBuf {
        self.root.join(HELD_FOLDER).join(format!("{call}.json"))
    }
}

impl Store for LocalStore {
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        Box::new(Walk::new(&self.root, prefix.expose()))
    }

    fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
        let file = File::open(self.resolve(key)?).map_err(unread)?;
        let stat = stat(&file.metadata().map_err(unread)?);
        Ok((Box::new(file), stat))
    }

    fn stat(&self, key: &Phi<String>) -> Result<Stat> {
        stat_of(&self.resolve(key)?)
    }

    fn begin(&self, call: &CallId) -> Result<Box<dyn Staged>> {
        Ok(Box::new(Run::stage(self.run()?, call)?))
    }

    fn manifest(&self, call: &CallId) -> Result<Option<Stored>> {
        read_stored(&self.root.join(call.as_str()).join(MANIFEST_NAME))
    }

    fn committed(&self) -> Result<Vec<CallId>> {
        let unreadable = |error| Error::io(Stage::Fetch, "the destination cannot be listed", error);
        let mut calls = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let call = entry.file_name().to_str().and_then(CallId::parse);
            calls.extend(call.filter(|_| entry.path().join(MANIFEST_NAME).is_file()));
        }
        calls.sort_unstable();
        Ok(calls)
    }

    fn has_tombstone(&self, call: &CallId) -> Result<bool> {
        let path = self.root.join(RETENTION_FOLDER).join(tombstone_name(call));
        path.try_exists().map_err(|error| Error::io(Stage::Fetch, "a record of the destination cannot be read", error))
    }

    fn hold_record(&self, call: &CallId) -> Result<Option<Stored>> {
        read_stored(&self.root.join(RETENTION_FOLDER).join(hold_name(call)))
    }

    fn put_held(&self, call: &CallId, record: &[u8]) -> Result<()> {
        let run = self.run()?;
        let write = || -> io::Result<()> {
            let folder = self.root.join(HELD_FOLDER);
            run.make_folder(&folder)?;
            let scratch = run.scratch(call);
            let placed = write_new(&scratch, record).and_then(|()| fs::rename(&scratch, self.held_path(call)));
            if placed.is_err() {
                let _ = fs::remove_file(&scratch);
            }
            placed.and_then(|()| sync_folder(&folder))
        };
        write().map_err(|error| Error::io(Stage::Publish, "the held record cannot be written", error))
    }

    fn held(&self, call: &CallId) -> Result<Option<Vec<u8>>> {
        read_record(&self.held_path(call))
    }

    fn remove_held(&self, call: &CallId) -> Result<()> {
        match fs::remove_file(self.held_path(call)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::io(Stage::Publish, "the held record cannot be removed", error))
            }
            _ => Ok(()),
        }
    }
}

/// The version of a record: its content's digest.
pub(super) fn version_of(bytes: &[u8]) -> String {
    Sha256Hex::of(bytes).to_string()
}

/// A bounded record with its version, or nothing where there is none.
fn read_stored(path: &Path) -> Result<Option<Stored>> {
    Ok(read_record(path)?.map(|bytes| Stored { version: version_of(&bytes), bytes }))
}

/// A bounded record, or nothing where there is none.
pub(super) fn read_record(path: &Path) -> Result<Option<Vec<u8>>> {
    let unreadable = |error| Error::io(Stage::Fetch, "a record of the destination cannot be read", error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    file.take(RECORD_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > RECORD_BYTES_MAX {
        return Err(Error::new(Stage::Fetch, Kind::Internal, "a record of the destination is too large"));
    }
    Ok(Some(bytes))
}

/// The state of a file.
pub(super) fn stat_of(path: &Path) -> Result<Stat> {
    fs::metadata(path).map(|metadata| stat(&metadata)).map_err(unread)
}

fn stat(metadata: &Metadata) -> Stat {
    // A file system without times, or a time before 1970, gives one version to all states; size still differs.
    let changed = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let (modified_s, nanos) = (changed.as_secs(), changed.subsec_nanos());
    Stat { bytes: metadata.len(), version: format!("{modified_s}.{nanos:09}"), modified_s }
}

/// A person must act where a source is missing or closed; anything else may pass.
fn unread(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => {
            Error::held(Stage::Fetch, HoldReason::UnreadableSource, "the source is missing or may not be read")
        }
        _ => Error::io(Stage::Fetch, "the source cannot be read", error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Commit, Expected, suite};
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn call(n: u8) -> CallId {
        CallId::from_mac(&[n; 32])
    }

    #[test]
    fn it_does_what_every_destination_must() {
        let folder = tempfile::tempdir().unwrap();
        suite::destination(&LocalStore::destination(folder.path()).unwrap());
    }

    #[test]
    fn it_does_what_every_source_must() {
        let folder = tempfile::tempdir().unwrap();
        let put = |key: &str, bytes: &[u8]| {
            let path = folder.path().join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        suite::source(&LocalStore::source(folder.path()).unwrap(), &put);
    }

    #[test]
    fn a_source_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::source(folder.path()).unwrap();
        assert!(store.begin(&call(1)).is_err());
        assert!(store.put_held(&call(1), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_are_followed_to_files_inside_only_and_others_are_reported() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), b"s").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), b"f").unwrap();
        fs::create_dir(at("sub")).unwrap();
        symlink(at("file"), at("link-inside")).unwrap();
        symlink(outside.path().join("secret"), at("link-outside")).unwrap();
        symlink(folder.path(), at("sub/link-circle")).unwrap();
        symlink(at("nothing"), at("link-dangling")).unwrap();
        let store = LocalStore::source(folder.path()).unwrap();
        let (listed, failed): (Vec<_>, Vec<_>) = store.list().partition(Result::is_ok);
        let keys: Vec<_> = listed.into_iter().flatten().map(|e| e.key.into_exposed()).collect();
        assert_eq!(keys, ["file", "link-inside"]);
        assert_eq!(failed.len(), 3);
        assert!(store.open(&Phi::new("link-outside".into())).is_err());
        assert!(store.open(&Phi::new("sub/link-circle/file".into())).is_ok(), "it is a file inside after all");
    }

    #[test]
    fn folders_that_lie_too_deep_are_reported_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join(vec!["d"; 70].join("/"));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("file"), b"f").unwrap();
        fs::write(folder.path().join("z"), b"z").unwrap();
        let store = LocalStore::source(folder.path()).unwrap();
        let listed: Vec<_> = store.list().map(|e| e.is_ok()).collect();
        assert_eq!(listed, [false, true]);
    }

    #[test]
    fn what_is_written_is_open_to_the_owner_alone_and_staging_goes_with_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::destination(folder.path()).unwrap();
        suite::commit(&store, &call(1), "x", &Expected::Absent).unwrap();
        store.put_held(&call(2), b"h").unwrap();
        let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        let placed = call(1).to_string();
        assert_eq!((mode(&placed), mode(".staging"), mode(".held")), (0o700, 0o700, 0o700));
        for name in ["recording.wav", "transcript.json", "manifest.json"] {
            assert_eq!(mode(&format!("{placed}/{name}")), 0o600);
        }
        drop(store);
        let left: Vec<_> =
            fs::read_dir(folder.path().join(".staging")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"]);
    }

    /// What a run leaves that was killed: its folder, with nobody holding its lock.
    fn dead_run(root: &Path) -> PathBuf {
        let folder = root.join(".staging/1-0");
        fs::create_dir_all(folder.join("aside")).unwrap();
        fs::write(folder.join("lock"), b"").unwrap();
        folder
    }

    fn write_call(folder: &Path, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("transcript.json"), text).unwrap();
        fs::write(folder.join("manifest.json"), text).unwrap();
    }

    #[test]
    fn a_run_killed_while_it_wrote_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let run = dead_run(folder.path());
        write_call(&run.join(call(1).as_str()), "half");
        let store = LocalStore::destination(folder.path()).unwrap();
        assert!(!run.exists());
        assert!(store.committed().unwrap().is_empty());
    }

    #[test]
    fn a_run_killed_between_two_renames_has_its_old_call_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let run = dead_run(folder.path());
        write_call(&run.join("aside").join(call(1).as_str()), "old");
        let store = LocalStore::destination(folder.path()).unwrap();
        assert_eq!(store.manifest(&call(1)).unwrap().unwrap().bytes, b"old");
        assert!(!run.exists());
    }

    #[test]
    fn a_run_killed_after_both_renames_keeps_its_new_call() {
        let folder = tempfile::tempdir().unwrap();
        let run = dead_run(folder.path());
        write_call(&run.join("aside").join(call(1).as_str()), "old");
        write_call(&folder.path().join(call(1).as_str()), "new");
        let store = LocalStore::destination(folder.path()).unwrap();
        assert_eq!(store.manifest(&call(1)).unwrap().unwrap().bytes, b"new");
        assert!(!run.exists());
    }

    #[test]
    fn a_run_that_lives_is_left_alone_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let first = LocalStore::destination(folder.path()).unwrap();
        let mut staged = first.begin(&call(1)).unwrap();
        staged.transcript("transcript.txt", &crate::base::Clean::attest(b"t".to_vec())).unwrap();
        let second = LocalStore::destination(folder.path()).unwrap();
        suite::commit(&second, &call(1), "second", &Expected::Absent).unwrap();
        let commit = Commit {
            expected: &Expected::Absent,
            replaced: Vec::new(),
            digests: Vec::new(),
            keeping: &suite::keeping(),
            manifest: &|_| Ok(b"m".to_vec()),
        };
        let error = staged.commit(&commit).unwrap_err();
        assert_eq!(error.kind, Kind::Conflict, "of two writers one is first");
        suite::check_holds(&second, &call(1), "second");
    }

    #[test]
    fn a_folder_without_manifest_is_no_call_and_gives_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::destination(folder.path()).unwrap();
        write_call(&folder.path().join(call(1).as_str()), "foreign");
        fs::remove_file(folder.path().join(call(1).as_str()).join("manifest.json")).unwrap();
        assert!(store.committed().unwrap().is_empty());
        suite::commit(&store, &call(1), "ours", &Expected::Absent).unwrap();
        assert_eq!(store.committed().unwrap(), [call(1)]);
    }

    #[test]
    fn of_many_writers_of_one_call_exactly_one_commits() {
        let folder = tempfile::tempdir().unwrap();
        let stores: Vec<_> = (0..8).map(|_| LocalStore::destination(folder.path()).unwrap()).collect();
        let won = std::thread::scope(|scope| {
            let writers: Vec<_> = stores
                .iter()
                .map(|store| scope.spawn(|| suite::commit(store, &call(1), "x", &Expected::Absent).is_ok()))
                .collect();
            writers.into_iter().map(|w| w.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }

    #[test]
    fn of_many_who_replace_one_call_exactly_one_succeeds_and_a_whole_call_stays() {
        let folder = tempfile::tempdir().unwrap();
        let stores: Vec<_> = (0..8).map(|_| LocalStore::destination(folder.path()).unwrap()).collect();
        suite::commit(&stores[0], &call(1), "old", &Expected::Absent).unwrap();
        let seen = Expected::Version(stores[0].manifest(&call(1)).unwrap().unwrap().version);
        let won = std::thread::scope(|scope| {
            let replace = |store| suite::commit(store, &call(1), "new", &seen).is_ok();
            let writers: Vec<_> = stores.iter().map(|store| scope.spawn(move || replace(store))).collect();
            writers.into_iter().map(|w| w.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
        drop(stores);
        suite::check_holds(&LocalStore::destination(folder.path()).unwrap(), &call(1), "new");
    }
}
