//! From what the caller typed to the files of calls: SOURCEs are opened and listed, DEST is checked. Must not
//! open a file.

use super::CallKey;
use super::calls::{Calls, refuse_twins};
use super::order::{Files, Straight};
use super::pair::{Member, SourceFile, Template, extension_of, file_name, role_and_stem};
use super::select::CallSet;
use crate::base::{Error, Phi, Result};
use crate::model::Piece;
use crate::model::manifest::is_extension;
use crate::store::{Address, BucketAddress, Entry, ListedStore, LocalStore, Store, Stores, inventory};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, BufRead, Read};
use std::iter::Peekable;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// Most files below all SOURCEs. A contact centre of 10,000 seats records about 500,000 calls a day.
pub const SOURCE_FILES_MAX: u64 = 1_000_000_000;

/// Most keys of a list.
const KEYS_MAX: usize = 50_000_000;
/// Longest key of a list, bytes.
const KEY_BYTES_MAX: u64 = 16 << 10;

/// The SOURCEs of a run. Nothing of them is held in memory.
pub struct Sources {
    bases: Vec<Base>,
}

/// The folder that a SOURCE is, or lies in.
struct Base {
    store: Arc<dyn Store>,
    /// Its absolute place, each part after a `/`.
    place: String,
    /// See [`SourceFile::root_depth`].
    root_depth: usize,
    /// The one file of it that is SOURCE; otherwise all of it is.
    file: Option<String>,
    /// What keys of its bucket begin with; empty for a folder.
    below: String,
}

/// What a listing passed over.
#[derive(Default)]
pub struct Passed {
    /// Files that are neither transcript nor recording by their extension. Hidden files (`.name`) are not listed.
    pub ignored: Ignored,
    /// Calls that lack a half which may still come.
    pub awaited: AtomicU64,
}

/// Files that are no part of a call, counted by extension.
#[derive(Default)]
pub struct Ignored(Mutex<BTreeMap<String, u64>>);

/// Extensions that are told apart.
const IGNORED_KINDS_MAX: usize = 32;
/// What all others, and names without one, count as.
const OTHER_KIND: &str = "other";

impl Ignored {
    fn add(&self, file_name: &str) {
        let extension = extension_of(file_name);
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = kinds.len() < IGNORED_KINDS_MAX || kinds.contains_key(&extension);
        let kind = if is_extension(&extension) && has_room { extension } else { OTHER_KIND.into() };
        *kinds.entry(kind).or_default() += 1;
    }

    /// How many there are of each extension.
    #[must_use]
    pub fn into_kinds(self) -> BTreeMap<String, u64> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sources {
    /// Opens every SOURCE. Calls are named below `root`, or, where there is none, below each folder and each bucket:
    /// a worker on upload events knows buckets alone.
    ///
    /// # Errors
    /// A usage error for a SOURCE that does not exist, is a file of no known kind, or lies outside `root`.
    pub fn open(stores: &Stores, sources: &[PathBuf], root: Option<&Path>) -> Result<Self> {
        let root = root.map(Address::parse).transpose()?;
        let open = |typed: &PathBuf| match Address::parse(typed)? {
            Address::Folder(folder) => Base::of_folder(&folder, root.as_ref()),
            Address::Bucket(address) => Base::of_bucket(stores, typed, &address, root.as_ref()),
        };
        Ok(Self { bases: sources.iter().map(open).collect::<Result<_>>()? })
    }

    /// The same with the listing of an inventory instead of one made now.
    ///
    /// # Errors
    /// A usage error when there is more than one SOURCE, it is a file, or the inventory cannot be read.
    pub fn by_inventory(mut self, stores: &Stores, manifest: &Path) -> Result<Self> {
        let [base @ Base { file: None, .. }] = &mut self.bases[..] else {
            return Err(Error::usage("--inventory is about one SOURCE, which is no file"));
        };
        let wrong = || Error::usage(format!("--inventory {}: no such file", manifest.display()));
        // It lies in a dated folder, and its rows in a folder beside that one.
        let (folder, key) = match Address::parse(manifest)? {
            Address::Folder(manifest) => {
                let manifest = manifest.canonicalize().map_err(|_| wrong())?;
                let folder = manifest.parent().and_then(Path::parent).ok_or_else(wrong)?;
                let key = manifest.strip_prefix(folder).ok().and_then(Path::to_str).ok_or_else(wrong)?;
                (Address::Folder(folder.to_owned()), key.to_owned())
            }
            Address::Bucket(manifest) => {
                let (folder, key) = manifest.object_below_parent().ok_or_else(wrong)?;
                (Address::Bucket(folder), key.into_exposed())
            }
        };
        let listing = inventory::read(&*stores.source(&folder)?, &key, &base.below)?;
        base.store = Arc::new(ListedStore::new(Arc::clone(&base.store), listing));
        Ok(self)
    }

    /// The calls that these keys are files of, each key as `source` of `--json` shows it: below a SOURCE. A key takes
    /// 21 bytes, and 32 while the list is read.
    ///
    /// # Errors
    /// A usage error for keys that cannot be read.
    pub fn calls_of(&self, mut keys: impl BufRead, templates: &[Template], key: &CallKey) -> Result<CallSet> {
        let wrong = |what: &str| Error::usage(format!("--keys: {what}"));
        let (mut count, mut named, mut line) = (0, Vec::new(), Vec::new());
        loop {
            line.clear();
            let read = keys.by_ref().take(KEY_BYTES_MAX + 2).read_until(b'\n', &mut line);
            if read.map_err(|_| wrong("cannot be read"))? == 0 {
                return Ok(CallSet::new(count, named));
            }
            let below = std::str::from_utf8(&line).map_err(|_| wrong("a key is not UTF-8"))?;
            let below = below.trim_end_matches(['\n', '\r']);
            if below.len() as u64 > KEY_BYTES_MAX || named.len() >= KEYS_MAX || count == u32::MAX {
                return Err(wrong("a key is too long, or there are too many"));
            }
            if below.is_empty() {
                continue;
            }
            let member = |base: &Base| Member::of_place(&format!("{}/{below}", base.place), base.root_depth, templates);
            let members = self.bases.iter().filter_map(member);
            named.extend(members.map(|member| (key.call_id(&Phi::new(member.name)).number(), count)));
            count += 1;
        }
    }

    /// A store as the only SOURCE, at a place.
    pub fn of_store(store: Arc<dyn Store>, place: &str) -> Self {
        Self {
            bases: vec![Base {
                store,
                place: place.to_owned(),
                root_depth: place.split('/').count(),
                file: None,
                below: String::new(),
            }],
        }
    }

    /// The calls of all SOURCEs as they are listed, in an order that depends on names alone. Memory does not grow
    /// with their number.
    pub fn calls<'a>(&'a self, templates: &'a [Template], key: &'a CallKey, passed: &'a Passed) -> Calls<'a> {
        let mut files = 0;
        let main = self.merged("", Some(&passed.ignored)).map(move |file| {
            files += 1;
            if files > SOURCE_FILES_MAX {
                return Err(Error::usage(format!("more than {SOURCE_FILES_MAX} files below SOURCE"))
                    .hint("run once for each folder below it"));
            }
            file
        });
        Calls::new(Straight::new(self, templates, Box::new(main)), templates, key)
    }

    /// Makes sure that no two calls get the same name. One folder by itself gives a name once, unless templates take
    /// it for a part of the folder above; otherwise everything is listed, and a call takes 16 bytes while it is.
    ///
    /// # Errors
    /// A usage error when SOURCEs hold files of the same relative name and no root tells them apart.
    pub fn check_names(&self, templates: &[Template], key: &CallKey) -> Result<()> {
        let mut roots: Vec<_> = self.bases.iter().map(Base::root).collect();
        roots.sort_unstable();
        roots.dedup();
        if let [root] = roots[..]
            && !templates.iter().any(|t| t.folders_end(root))
        {
            return Ok(());
        }
        let passed = Passed::default();
        let calls = self.calls(templates, key, &passed);
        // What cannot be listed is reported by the listing that is worked on.
        refuse_twins(calls.filter_map(Result::ok).map(|call| call.id.number()).collect())
    }

    /// Files whose places begin with `prefix`, in the order of places.
    pub(super) fn below(&self, prefix: &str) -> Files<'_> {
        self.merged(prefix, None)
    }

    fn merged<'a>(&'a self, prefix: &str, ignored: Option<&'a Ignored>) -> Files<'a> {
        let lists: Vec<_> = self.bases.iter().filter_map(|base| base.below(prefix, ignored)).collect();
        match <[_; 1]>::try_from(lists) {
            Ok([list]) => list,
            Err(lists) => Box::new(Merge { lists: lists.into_iter().map(Iterator::peekable).collect() }),
        }
    }
}

impl Base {
    fn of_folder(source: &Path, root: Option<&Address>) -> Result<Self> {
        let resolved = existing(source, "SOURCE")?;
        let folder = if resolved.is_dir() { resolved.as_path() } else { resolved.parent().unwrap_or(&resolved) };
        let root = match root {
            None => folder.to_owned(),
            Some(Address::Folder(root)) => existing(root, "--root")?,
            Some(Address::Bucket(_)) => return Err(outside(source)),
        };
        if !folder.starts_with(&root) {
            return Err(outside(source));
        }
        let name = resolved.file_name().and_then(OsStr::to_str).ok_or_else(|| refused(source, "its name is not UTF-8"));
        let file = if resolved.is_dir() { None } else { Some(named(source, name?)?) };
        let root_depth = root.components().count();
        let store = Arc::new(LocalStore::source(folder)?);
        Ok(Self { store, place: place(folder), root_depth, file, below: String::new() })
    }

    fn of_bucket(stores: &Stores, typed: &Path, address: &BucketAddress, root: Option<&Address>) -> Result<Self> {
        let root = match root {
            None => BucketAddress { prefix: Phi::default(), ..address.clone() },
            Some(Address::Bucket(root)) if root.holds(address) => root.clone(),
            Some(_) => return Err(outside(typed)),
        };
        // A name with the extension of a call's file is that file; any other is a folder.
        let object = address.object().filter(|(_, name)| role_and_stem(name.expose()).is_some());
        let (folder, file) =
            object.map_or_else(|| (address.folder(), None), |(folder, name)| (folder, Some(name.into_exposed())));
        let store = stores.source(&Address::Bucket(folder.clone()))?;
        let root_depth = bucket_place(&root).split('/').count();
        let below = folder.prefix.expose().clone();
        Ok(Self { store, place: bucket_place(&folder), root_depth, file, below })
    }

    /// The folder below which its calls are named.
    fn root(&self) -> &str {
        let end =
            self.place.match_indices('/').nth(self.root_depth.saturating_sub(1)).map_or(self.place.len(), |(at, _)| at);
        &self.place[..end]
    }

    /// Its files whose places begin with `prefix`; nothing where there can be none.
    fn below<'a>(&'a self, prefix: &str, ignored: Option<&'a Ignored>) -> Option<Files<'a>> {
        let own = format!("{}/", self.place);
        let key_prefix = if own.starts_with(prefix) { "" } else { prefix.strip_prefix(&own)? };
        let entries: Box<dyn Iterator<Item = Result<Entry>> + Send + 'a> = match &self.file {
            Some(name) if !name.starts_with(key_prefix) => return None,
            Some(name) => {
                let key = Phi::new(name.clone());
                Box::new(std::iter::once_with(move || self.store.stat(&key).map(|stat| Entry { key, stat })))
            }
            None => self.store.list_below(&Phi::new(key_prefix.to_owned())),
        };
        Some(Box::new(entries.filter_map(move |entry| self.file(entry, ignored).transpose())))
    }

    fn file(&self, entry: Result<Entry>, ignored: Option<&Ignored>) -> Result<Option<SourceFile>> {
        let Entry { key, stat } = entry?;
        let Some((role, _)) = role_and_stem(file_name(key.expose())) else {
            if let Some(ignored) = ignored {
                ignored.add(file_name(key.expose()));
            }
            return Ok(None);
        };
        Ok(Some(SourceFile {
            store: Arc::clone(&self.store),
            place: Phi::new(format!("{}/{}", self.place, key.expose())),
            root_depth: self.root_depth,
            key,
            stat,
            role,
            piece: Piece::default(),
        }))
    }
}

/// Several listings as one in the order of places. A file that is seen through two SOURCEs is listed once.
struct Merge<'a> {
    lists: Vec<Peekable<Files<'a>>>,
}

impl Iterator for Merge<'_> {
    type Item = Result<SourceFile>;

    fn next(&mut self) -> Option<Self::Item> {
        // Errors have no place and come first.
        let place = |list: &mut Peekable<Files>| Some(list.peek()?.as_ref().ok().map(|file| file.place.clone()));
        let heads = self.lists.iter_mut().enumerate().filter_map(|(i, list)| Some((place(list)?, i)));
        let (place, first) = heads.min()?;
        let next = self.lists[first].next();
        for list in &mut self.lists[first + 1..] {
            list.next_if(|file| place.is_some() && file.as_ref().ok().map(|file| &file.place) == place.as_ref());
        }
        next
    }
}

/// The name of a file that the caller typed, which is not passed over whatever it is.
fn named(typed: &Path, name: &str) -> Result<String> {
    if role_and_stem(name).is_none() {
        return Err(refused(typed, "neither a transcript nor a recording")
            .hint("transcripts end in .json or .txt, recordings in .wav and other audio extensions"));
    }
    Ok(name.to_owned())
}

fn refused(typed: &Path, what: &str) -> Error {
    Error::usage(format!("SOURCE {}: {what}", typed.display()))
}

fn outside(typed: &Path) -> Error {
    refused(typed, "lies outside --root")
}

/// A folder of a bucket as a place: the bucket and each part after a `/`.
fn bucket_place(folder: &BucketAddress) -> String {
    format!("/{}/{}", folder.bucket, folder.prefix.expose()).trim_end_matches('/').to_owned()
}

/// The destination, a folder as an absolute path without links, once it is known to be apart from every SOURCE.
///
/// # Errors
/// A usage error when DEST is a file, or holds a SOURCE or lies in one.
pub fn destination(dest: &Path, sources: &[PathBuf]) -> Result<Address> {
    let refused = |what: &str| Error::usage(format!("DEST {}: {what}", dest.display()));
    let address = match Address::parse(dest)? {
        Address::Folder(folder) => {
            let resolved = resolve_new(&folder).map_err(|_| refused("cannot be reached"))?;
            if resolved.exists() && !resolved.is_dir() {
                return Err(refused("not a folder"));
            }
            Address::Folder(resolved)
        }
        bucket => bucket,
    };
    for source in sources {
        let (lies_in, holds) = match (&address, Address::parse(source)?) {
            (Address::Folder(dest), Address::Folder(source)) => {
                let source = existing(&source, "SOURCE")?;
                (dest.starts_with(&source), source.starts_with(dest))
            }
            (Address::Bucket(dest), Address::Bucket(source)) => (source.holds(dest), dest.holds(&source)),
            _ => continue,
        };
        if lies_in || holds {
            let overlap = if lies_in {
                "lies in SOURCE, where it would be taken for calls"
            } else {
                "holds SOURCE, but may hold redacted calls only"
            };
            return Err(refused(overlap).hint("name a folder of its own"));
        }
    }
    Ok(address)
}

/// An absolute path as text: each part after a `/`. Bytes that are not UTF-8 become private-use
/// characters, so that different places stay different.
pub(super) fn place(path: &Path) -> String {
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

    fn files(sources: &[PathBuf], root: Option<&Path>) -> Result<Vec<SourceFile>> {
        Sources::open(&Stores::new(None), sources, root)?.below("").collect()
    }

    fn shown(files: &[SourceFile]) -> Vec<&str> {
        files.iter().map(|f| f.key.expose().as_str()).collect()
    }

    #[test]
    fn every_file_that_is_not_hidden_is_listed_or_counted() {
        let dir = tree(&["a.json", "d/b.WAV", "README.md", ".DS_Store", ".git/x.json"]);
        let (sources, passed) =
            (Sources::open(&Stores::new(None), &[dir.path().into()], None).unwrap(), Passed::default());
        let files: Vec<_> = sources.merged("", Some(&passed.ignored)).map(Result::unwrap).collect();
        assert_eq!(shown(&files), ["a.json", "d/b.WAV"]);
        assert_eq!(passed.ignored.into_kinds().values().sum::<u64>(), 1);
    }

    #[test]
    fn a_file_is_shown_by_its_name_and_named_like_in_its_folder() {
        let dir = tree(&["a.json"]);
        let alone = files(&[dir.path().join("a.json")], None).unwrap();
        let folder = files(&[dir.path().into()], None).unwrap();
        assert_eq!(shown(&alone), ["a.json"]);
        assert_eq!(alone[0].root_depth, folder[0].root_depth);
        assert!(alone[0].place == folder[0].place);
    }

    #[test]
    fn a_root_names_calls_below_itself_and_refuses_others() {
        let dir = tree(&["mon/a.json", "tue/a.json"]);
        let (mon, tue) = (dir.path().join("mon"), dir.path().join("tue"));
        let rooted = files(&[mon.clone(), tue.clone()], Some(dir.path())).unwrap();
        let own = files(std::slice::from_ref(&mon), None).unwrap();
        assert_eq!(rooted[0].root_depth + 1, own[0].root_depth);
        assert!(files(&[mon], Some(&tue)).is_err());
    }

    #[test]
    fn several_sources_are_listed_as_one_and_a_file_of_two_once() {
        let dir = tree(&["a/1.json", "b/2.json", "c/3.json"]);
        let sources = ["c", "a", "", "b/2.json"].map(|below| dir.path().join(below));
        let files = files(&sources, None).unwrap();
        let places: Vec<_> = files.iter().map(|f| f.place.expose().rsplit_once('/').unwrap().1).collect();
        assert_eq!(places, ["1.json", "2.json", "3.json"]);
    }

    #[test]
    fn names_are_told_apart_by_a_root_and_twins_are_refused() {
        let dir = tree(&["mon/a.json", "tue/a.json", "recordings/recordings/b.wav", "recordings/b.wav"]);
        let key = CallKey::new(&[7; 32]).unwrap();
        let templates = [Template::parse("recordings/{id}.*").unwrap()];
        let check = |below: &[&str], root| {
            let sources: Vec<_> = below.iter().map(|below| dir.path().join(below)).collect();
            Sources::open(&Stores::new(None), &sources, root).unwrap().check_names(&templates, &key)
        };
        assert!(check(&["mon", "tue"], None).is_err());
        assert!(check(&["recordings"], None).is_err());
        assert!(check(&["mon", "tue"], Some(dir.path())).is_ok());
        assert!(check(&["mon"], None).is_ok());
    }

    #[test]
    fn a_source_that_is_missing_unknown_or_a_url_is_refused() {
        let dir = tree(&["notes.pdf"]);
        for source in [dir.path().join("none"), dir.path().join("notes.pdf"), PathBuf::from("gs://raw/2026/")] {
            assert!(Sources::open(&Stores::new(None), &[source], None).is_err());
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
        let source = [PathBuf::from("s3://raw/2026/11")];
        for dest in ["s3://raw", "s3://raw/2026/", "s3://raw/2026/11/out"] {
            assert!(destination(Path::new(dest), &source).is_err(), "{dest}");
        }
        for dest in ["s3://redacted", "s3://raw/2026/11-out", "out"] {
            assert!(destination(Path::new(dest), &source).is_ok(), "{dest}");
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
