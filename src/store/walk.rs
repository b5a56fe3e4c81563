//! Lists a folder and all below it in the order of an object store, one folder in memory at a time.

use super::{Entry, local};
use crate::base::{CallId, Error, HoldReason, Phi, Result, Stage};
use std::fs::{self, DirEntry};
use std::path::Path;

/// Most entries of one folder; they are held in memory to be sorted.
const FOLDER_ENTRIES_MAX: usize = 4_000_000;
/// Deepest folder below the root.
const DEPTH_MAX: usize = 64;

/// What a name in a folder is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// Something that is neither listed nor entered, and why.
    Unlistable(Why),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    NotText,
    Unreadable,
    LinkOutside,
    Other,
}

impl Why {
    fn error(self) -> Error {
        unlistable(match self {
            Self::NotText => "a file name is not UTF-8",
            Self::Unreadable => "an entry of a folder cannot be read",
            Self::LinkOutside => "a link leads to a folder or outside",
            Self::Other => "an entry is neither file nor folder",
        })
    }
}

/// A folder that is being listed. A name takes its own length and 12 bytes.
struct Folder {
    /// Its key, which ends with `/`; empty for the root.
    key: String,
    /// All names, one after the other.
    names: String,
    /// Start and length of each name, and what it is; sorted by name.
    entries: std::vec::IntoIter<(u32, u16, Kind)>,
}

/// The listing of a root, or of what begins with a prefix in it.
pub(super) struct Walk<'a> {
    root: &'a Path,
    /// What names in the first folder begin with.
    prefix: String,
    /// Folders from the first one down.
    open: Vec<Folder>,
    /// What ends the listing of the first folder itself.
    failed: Option<Error>,
}

impl<'a> Walk<'a> {
    /// Begins at a root without links in its path, with the keys that begin with `prefix`.
    pub(super) fn new(root: &'a Path, prefix: &str) -> Self {
        let (folder, name) = prefix.rfind('/').map_or(("", prefix), |at| prefix.split_at(at + 1));
        let mut walk = Self { root, prefix: name.to_owned(), open: Vec::new(), failed: None };
        if is_listed(root, folder) {
            walk.failed = walk.enter(folder.to_owned()).err();
        }
        walk
    }

    /// Reads and sorts a folder.
    fn enter(&mut self, key: String) -> Result<()> {
        if key.split('/').count() > DEPTH_MAX + 1 {
            return Err(unlistable("folders lie too deep"));
        }
        let unreadable = |_| unlistable("a folder cannot be listed");
        let prefix = if self.open.is_empty() { self.prefix.as_str() } else { "" };
        let (mut names, mut entries) = (String::new(), Vec::new());
        for entry in fs::read_dir(self.root.join(&key)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entries.len() == FOLDER_ENTRIES_MAX {
                return Err(unlistable("a folder has too many entries"));
            }
            let Some((name, kind)) = self.name_and_kind(&entry) else { continue };
            if name.starts_with(prefix) {
                let place = u32::try_from(names.len()).map_err(|_| unlistable("a folder has too many entries"))?;
                let len = u16::try_from(name.len()).map_err(|_| unlistable("a file name is too long"))?;
                names.push_str(&name);
                entries.push((place, len, kind));
            }
        }
        // A folder sorts by its name with the slash that its files' keys have there, as in an object store.
        entries.sort_unstable_by_key(|&(at, len, _)| name_at(&names, at, len));
        self.open.push(Folder { key, names, entries: entries.into_iter() });
        Ok(())
    }

    fn name_and_kind(&self, entry: &DirEntry) -> Option<(String, Kind)> {
        let name = match entry.file_name().into_string() {
            Ok(name) if name.starts_with('.') => return None,
            Ok(name) => name,
            Err(_) => return Some((String::new(), Kind::Unlistable(Why::NotText))),
        };
        let kind = self.kind(entry).unwrap_or(Kind::Unlistable(Why::Unreadable));
        Some(if kind == Kind::Folder { (name + "/", kind) } else { (name, kind) })
    }

    fn kind(&self, entry: &DirEntry) -> std::io::Result<Kind> {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            return Ok(Kind::Folder);
        }
        if kind.is_symlink() {
            // Links to folders are not followed: they can lead round in circles and list a call twice.
            let target = entry.path().canonicalize()?;
            let is_inside = target.starts_with(self.root) && target.is_file();
            return Ok(if is_inside { Kind::File } else { Kind::Unlistable(Why::LinkOutside) });
        }
        Ok(if kind.is_file() { Kind::File } else { Kind::Unlistable(Why::Other) })
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        loop {
            let folder = self.open.last_mut()?;
            let Some((at, len, kind)) = folder.entries.next() else {
                self.open.pop();
                continue;
            };
            let key = format!("{}{}", folder.key, name_at(&folder.names, at, len));
            match kind {
                Kind::Unlistable(why) => return Some(Err(of_call(&key, why.error()))),
                Kind::Folder => match self.enter(key.clone()) {
                    Ok(()) => {}
                    Err(error) => return Some(Err(of_call(&key, error))),
                },
                Kind::File => {
                    let stat = local::stat_of(&self.root.join(&key));
                    return Some(stat.map(|stat| Entry { key: Phi::new(key), stat }));
                }
            }
        }
    }
}

fn name_at(names: &str, at: u32, len: u16) -> &str {
    &names[at as usize..][..usize::from(len)]
}

/// Whether the listing of the root enters this folder: it is there, and neither hidden nor behind a link.
fn is_listed(root: &Path, folder: &str) -> bool {
    let mut at = root.to_owned();
    folder.split_terminator('/').all(|name| {
        at.push(name);
        !name.is_empty() && !name.starts_with('.') && fs::symlink_metadata(&at).is_ok_and(|m| m.is_dir())
    })
}

/// Names the call whose folder the key lies in, or is; any other name is somebody else's.
fn of_call(key: &str, error: Error) -> Error {
    match key.split('/').next().and_then(CallId::parse) {
        Some(call) => error.for_call(call),
        None => error,
    }
}

fn unlistable(message: &'static str) -> Error {
    Error::held(Stage::Pair, HoldReason::UnreadableSource, message)
}
