//! From what the caller typed to the files of calls: SOURCEs are listed, DEST is checked. Must not
//! open a file.

use super::pair::{SourceFile, file_name, role_and_stem};
use crate::base::{Error, Phi, Result};
use crate::store::{Entry, LocalStore, Store};
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Most files below all SOURCEs. A contact centre of 10,000 seats records about 500,000 calls a day.
pub const SOURCE_FILES_MAX: usize = 10_000_000;

/// What lies below the SOURCEs.
#[derive(Default)]
pub struct Listing {
    /// Transcripts and recordings.
    pub files: Vec<SourceFile>,
    /// Files that are neither by their extension. Hidden files (`.name`) are not listed at all.
    pub ignored: u64,
    /// Folders and entries that could not be read, and links that lead outside.
    pub unreadable: u64,
}

/// Lists every SOURCE. Calls are named below `root`, or below each SOURCE where there is none.
///
/// # Errors
/// A usage error for a SOURCE that does not exist, is in object storage, is a file of no known
/// kind, lies outside `root`, or holds more than `SOURCE_FILES_MAX` files.
pub fn list(sources: &[PathBuf], root: Option<&Path>) -> Result<Listing> {
    let root = root.map(|r| existing(r, "--root")).transpose()?;
    let mut listing = Listing::default();
    for source in sources {
        refuse_url(source)?;
        let resolved = existing(source, "SOURCE")?;
        let folder = if resolved.is_dir() { resolved.as_path() } else { resolved.parent().unwrap_or(&resolved) };
        if root.as_ref().is_some_and(|r| !folder.starts_with(r)) {
            return Err(Error::usage(format!("SOURCE {}: lies outside --root", source.display())));
        }
        let root_depth = root.as_deref().unwrap_or(folder).components().count();
        let base = Base { store: Arc::new(LocalStore::source(folder)?), place: place(folder), root_depth };
        if resolved.is_dir() {
            base.store.list().try_for_each(|entry| listing.add(&base, entry))?;
        } else {
            listing.add_named(&base, source, &resolved)?;
        }
    }
    Ok(listing)
}

/// The destination as an absolute path without links, once it is known to be apart from every SOURCE.
///
/// # Errors
/// A usage error when DEST is in object storage, is a file, or holds a SOURCE or lies in one.
pub fn destination(dest: &Path, sources: &[PathBuf]) -> Result<PathBuf> {
    refuse_url(dest)?;
    let resolved =
        resolve_new(dest).map_err(|_| Error::usage(format!("DEST {}: cannot be reached", dest.display())))?;
    if resolved.exists() && !resolved.is_dir() {
        return Err(Error::usage(format!("DEST {}: not a folder", dest.display())));
    }
    for source in sources {
        let source = existing(source, "SOURCE")?;
        let overlap = if resolved.starts_with(&source) {
            "lies in SOURCE, where it would be taken for calls"
        } else if source.starts_with(&resolved) {
            "holds SOURCE, but may hold redacted calls only"
        } else {
            continue;
        };
        return Err(Error::usage(format!("DEST {}: {overlap}", dest.display())).hint("name a folder of its own"));
    }
    Ok(resolved)
}

/// The folder that a SOURCE is, or lies in.
struct Base {
    store: Arc<dyn Store>,
    place: String,
    root_depth: usize,
}

impl Listing {
    fn add(&mut self, base: &Base, entry: Result<Entry>) -> Result<()> {
        // An entry that cannot be read fails the run in the end, not the calls beside it.
        let Ok(Entry { key, stat }) = entry else {
            self.unreadable += 1;
            return Ok(());
        };
        let Some((role, _)) = role_and_stem(file_name(key.expose())) else {
            self.ignored += 1;
            return Ok(());
        };
        if self.files.len() == SOURCE_FILES_MAX {
            return Err(Error::usage(format!("more than {SOURCE_FILES_MAX} files below SOURCE"))
                .hint("run once for each folder below it"));
        }
        self.files.push(SourceFile {
            store: Arc::clone(&base.store),
            place: Phi::new(format!("{}/{}", base.place, key.expose())),
            root_depth: base.root_depth,
            key,
            stat,
            role,
        });
        Ok(())
    }

    /// Adds a file that the caller typed, which is not passed over whatever it is.
    fn add_named(&mut self, base: &Base, typed: &Path, resolved: &Path) -> Result<()> {
        let refused = |what: &str| Error::usage(format!("SOURCE {}: {what}", typed.display()));
        let name = resolved.file_name().and_then(OsStr::to_str).ok_or_else(|| refused("its name is not UTF-8"))?;
        let key = Phi::new(name.to_owned());
        if role_and_stem(name).is_none() {
            return Err(refused("neither a transcript nor a recording")
                .hint("transcripts end in .json or .txt, recordings in .wav and other audio extensions"));
        }
        let stat = base.store.stat(&key);
        self.add(base, stat.map(|stat| Entry { key, stat }))
    }
}

/// An absolute path as text: each part after a `/`. Bytes that are not UTF-8 become private-use
/// characters, so that different places stay different.
fn place(path: &Path) -> String {
    let mut out = String::new();
    for component in path.components() {
        if let Component::Normal(name) = component {
            out.push('/');
            for chunk in name.as_encoded_bytes().utf8_chunks() {
                out.push_str(chunk.valid());
                out.extend(chunk.invalid().iter().filter_map(|b| char::from_u32(0xF700 + u32::from(*b))));
            }
        }
    }
    out
}

/// The absolute path without links in its folders. The last part keeps its name even when it is a
/// link to a file, because calls are named by it.
fn existing(path: &Path, what: &str) -> Result<PathBuf> {
    let missing = |_| Error::usage(format!("{what} {}: no such file or folder", path.display()));
    let real = path.canonicalize().map_err(missing)?;
    match (real.is_dir(), path.file_name(), path.parent()) {
        (false, Some(name), Some(parent)) => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Ok(parent.canonicalize().map_err(missing)?.join(name))
        }
        _ => Ok(real),
    }
}

/// Like `canonicalize` for a path whose end need not exist yet.
fn resolve_new(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let mut missing = Vec::new();
    let mut at = absolute.as_path();
    loop {
        if let Ok(real) = at.canonicalize() {
            return Ok(missing.into_iter().rev().fold(real, |p: PathBuf, part| p.join(part)));
        }
        // `..` behind a folder that does not exist yet has no meaning that could be checked.
        let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        missing.push(name);
        at = parent;
    }
}

fn refuse_url(path: &Path) -> Result<()> {
    match path.to_str().and_then(|p| p.split_once("://")) {
        Some((scheme, _)) if !scheme.contains('/') => {
            Err(Error::usage(format!("{}: {scheme}:// is not supported by this build", path.display()))
                .hint("name a file or a folder; copy objects to a local folder first"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        dir
    }

    fn shown(listing: &Listing) -> Vec<String> {
        let mut shown: Vec<_> = listing.files.iter().map(|f| f.key.expose().clone()).collect();
        shown.sort();
        shown
    }

    #[test]
    fn every_file_that_is_not_hidden_is_listed_or_counted() {
        let dir = tree(&["a.json", "d/b.WAV", "README.md", ".DS_Store", ".git/x.json"]);
        let listing = list(&[dir.path().into()], None).unwrap();
        assert_eq!(shown(&listing), ["a.json", "d/b.WAV"]);
        assert_eq!(listing.ignored, 1);
    }

    #[test]
    fn a_file_is_shown_by_its_name_and_named_like_in_its_folder() {
        let dir = tree(&["a.json"]);
        let alone = list(&[dir.path().join("a.json")], None).unwrap();
        let folder = list(&[dir.path().into()], None).unwrap();
        assert_eq!(shown(&alone), ["a.json"]);
        assert_eq!(alone.files[0].root_depth, folder.files[0].root_depth);
        assert!(alone.files[0].place == folder.files[0].place);
    }

    #[test]
    fn a_root_names_calls_below_itself_and_refuses_others() {
        let dir = tree(&["mon/a.json", "tue/a.json"]);
        let (mon, tue) = (dir.path().join("mon"), dir.path().join("tue"));
        let rooted = list(&[mon.clone(), tue.clone()], Some(dir.path())).unwrap();
        let own = list(std::slice::from_ref(&mon), None).unwrap();
        assert_eq!(rooted.files[0].root_depth + 1, own.files[0].root_depth);
        assert!(list(&[mon], Some(&tue)).is_err());
    }

    #[test]
    fn a_source_that_is_missing_unknown_or_a_url_is_refused() {
        let dir = tree(&["notes.pdf"]);
        for source in [dir.path().join("none"), dir.path().join("notes.pdf"), PathBuf::from("s3://raw/2026/")] {
            assert!(list(&[source], None).is_err());
        }
    }

    #[test]
    fn dest_must_be_apart_from_every_source() {
        let dir = tree(&["in/a.json", "out/x"]);
        let source = [dir.path().join("in")];
        for dest in ["in", "in/out", "in/new/out", "", "out/../in", "out/x"] {
            assert!(destination(&dir.path().join(dest), &source).is_err(), "{dest}");
        }
        for dest in ["out", "new/out", "in2"] {
            assert!(destination(&dir.path().join(dest), &source).is_ok(), "{dest}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_source_does_not_hide_that_dest_lies_in_it() {
        let dir = tree(&["in/a.json"]);
        std::os::unix::fs::symlink(dir.path().join("in"), dir.path().join("link")).unwrap();
        assert!(destination(&dir.path().join("link/out"), &[dir.path().join("in")]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_text_stay_different() {
        use std::os::unix::ffi::OsStrExt;
        let name = |bytes: &[u8]| place(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert!(name(b"\xff.json") != name(b"\xfe.json"));
    }
}
