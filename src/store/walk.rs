//! Lists a folder and all below it in the order of an object store, one folder in memory at a time.

use super::{Entry, local};
use crate::base::{Error, HoldReason, Phi, Result, Stage};
use std::fs::{self, DirEntry};
use std::path::Path;

/// Most entries of one folder; they are held in memory to be sorted.
const FOLDER_ENTRIES_MAX: usize = 4_000_000;
/// Deepest folder below the root.
const DEPTH_MAX: usize = 64;

/// What a name in a folder is.
enum Kind {
    File,
    Folder,
}

/// A folder that is being listed: what is left of it.
type Folder = std::vec::IntoIter<(String, Result<Kind>)>;

/// The listing of a root.
pub(super) struct Walk<'a> {
    root: &'a Path,
    /// Folders from the root down, each with its key.
    open: Vec<(String, Folder)>,
    /// What ends the listing of the root itself.
    failed: Option<Error>,
}

impl<'a> Walk<'a> {
    /// Begins at a root without links in its path.
    pub(super) fn new(root: &'a Path) -> Self {
        let mut walk = Self { root, open: Vec::new(), failed: None };
        walk.failed = walk.enter(String::new()).err();
        walk
    }

    /// Reads and sorts a folder. `key` is empty for the root and ends with `/` for all others.
    fn enter(&mut self, key: String) -> Result<()> {
        if self.open.len() > DEPTH_MAX {
            return Err(unlistable("folders lie too deep"));
        }
        let unreadable = |error| Error::io(Stage::Pair, "a folder cannot be listed", error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(&key)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if names.len() == FOLDER_ENTRIES_MAX {
                return Err(unlistable("a folder has too many entries"));
            }
            names.extend(self.name_and_kind(&entry));
        }
        // A folder sorts by its name with the slash that its files' keys have there, as in an object store.
        names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        self.open.push((key, names.into_iter()));
        Ok(())
    }

    fn name_and_kind(&self, entry: &DirEntry) -> Option<(String, Result<Kind>)> {
        let name = match entry.file_name().into_string() {
            Ok(name) if name.starts_with('.') => return None,
            Ok(name) => name,
            Err(_) => return Some((String::new(), Err(unlistable("a file name is not UTF-8")))),
        };
        let kind = self.kind(entry);
        Some(if matches!(kind, Ok(Kind::Folder)) { (name + "/", kind) } else { (name, kind) })
    }

    fn kind(&self, entry: &DirEntry) -> Result<Kind> {
        let unreadable = |error| Error::io(Stage::Pair, "an entry of a folder cannot be read", error);
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            return Ok(Kind::Folder);
        }
        if kind.is_symlink() {
            // Links to folders are not followed: they can lead round in circles and list a call twice.
            let target = entry.path().canonicalize().map_err(unreadable)?;
            let inside = target.starts_with(self.root) && target.is_file();
            return inside.then_some(Kind::File).ok_or_else(|| unlistable("a link leads to a folder or outside"));
        }
        kind.is_file().then_some(Kind::File).ok_or_else(|| unlistable("an entry is neither file nor folder"))
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        loop {
            let (key, folder) = self.open.last_mut()?;
            let Some((name, kind)) = folder.next() else {
                self.open.pop();
                continue;
            };
            let key = format!("{key}{name}");
            match kind {
                Err(error) => return Some(Err(error)),
                Ok(Kind::Folder) => match self.enter(key) {
                    Ok(()) => {}
                    Err(error) => return Some(Err(error)),
                },
                Ok(Kind::File) => {
                    let stat = local::stat_of(&self.root.join(&key));
                    return Some(stat.map(|stat| Entry { key: Phi::new(key), stat }));
                }
            }
        }
    }
}

fn unlistable(message: &'static str) -> Error {
    Error::held(Stage::Pair, HoldReason::UnreadableSource, message)
}
