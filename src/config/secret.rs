//! The call id key's file: read, or made once by whichever process comes first.

use crate::base::{Error, Result, why};
use crate::jobs::{CallKey, KEY_BYTES_MAX};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "call-id-key";

/// The key in this file.
pub(super) fn read(path: &Path) -> Result<CallKey> {
    let failed = |e: std::io::Error| Error::usage(format!("call id key file {}: {}", path.display(), why(&e)));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(KEY_BYTES_MAX as u64 + 2).read_to_end(&mut bytes).map_err(failed)?;
    CallKey::new(&bytes)
}

/// The key in the state folder, made with 32 random bytes where there is none; the second value is
/// its file if it was made now.
pub(super) fn read_or_make(state_dir: &Path) -> Result<(CallKey, Option<PathBuf>)> {
    let path = state_dir.join(FILE_NAME);
    if path.exists() {
        return Ok((read(&path)?, None));
    }
    let made = make(state_dir, &path).map_err(|e| {
        Error::usage(format!("call id key file {}: cannot be made: {}", path.display(), why(&e)))
            .hint("set SORDINO_CALL_ID_KEY, or SORDINO_STATE_DIR to a folder that can be written")
    })?;
    Ok((read(&path)?, made.then_some(path)))
}

/// Whether this process made the file. It is written aside and linked into place, so that nobody
/// sees it half-written and the first one wins.
fn make(state_dir: &Path, path: &Path) -> std::io::Result<bool> {
    fs::create_dir_all(state_dir)?;
    let aside = state_dir.join(format!(".{FILE_NAME}.{}", random_hex::<8>()?));
    let result = write_private(&aside, random_hex::<32>()?.as_bytes()).and_then(|()| fs::hard_link(&aside, path));
    fs::remove_file(&aside)?;
    match result {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn random_hex<const N: usize>() -> std::io::Result<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;

    #[test]
    fn the_key_is_made_once_private_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let name = Phi::new(b"a".to_vec());
        let (first, made) = read_or_make(&state).unwrap();
        let (second, again) = read_or_make(&state).unwrap();
        assert_eq!(first.call_id(&name), second.call_id(&name));
        assert!(again.is_none());
        let path = made.unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o600);
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
    }

    #[test]
    fn processes_that_race_end_with_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let name = Phi::new(b"a".to_vec());
        let ids: Vec<_> = std::thread::scope(|s| {
            let threads: Vec<_> =
                (0..8).map(|_| s.spawn(|| read_or_make(dir.path()).unwrap().0.call_id(&name))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(ids.windows(2).all(|w| w[0] == w[1]));
    }
}
