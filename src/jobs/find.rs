//! From one object that was written to the call that it belongs to, as the store has it now. Must not open a file.
//!
//! The halves of a call are written one after the other, each with an event of its own, and whoever finds both does
//! the work. That one event at least finds both follows from the store's listings being consistent with its writes:
//! an event is sent after its half was written, and looked at after that. If the event of half A does not find half
//! B, then B was written after A was looked for; the event of B is sent later still, and finds A. So a half that is
//! found alone needs nothing but that its event is ended, and neither order nor delay nor repetition of events
//! changes what happens in the end.

use super::pair::{Member, SourceFile, file_name, parts, role_and_stem};
use super::{Call, CallKey, Template};
use crate::base::{CallId, Error, HoldReason, Phi, Result, Stage};
use crate::store::Store;
use std::sync::Arc;

/// Most files that may begin like the name of one call.
const CANDIDATES_MAX: usize = 1_000;

/// A store of sources, and how calls in it are named.
#[derive(Clone)]
pub struct Source {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Its absolute place, a `/` before each part and none at the end.
    pub place: String,
    /// Parts of a file's place, the empty one before the first `/` included, that belong to the folder below which
    /// calls are named.
    pub root_depth: usize,
}

/// A call that an object belongs to by its name.
pub(super) struct Wanted<'a> {
    /// The call's pseudonym.
    pub id: CallId,
    member: Member,
    source: &'a Source,
    templates: &'a [Template],
}

impl<'a> Wanted<'a> {
    /// The call of the object with this key; nothing for an object that is no part of a call.
    pub fn of(
        source: &'a Source,
        object: &Phi<String>,
        templates: &'a [Template],
        key: &CallKey,
    ) -> Option<Wanted<'a>> {
        let place = format!("{}/{}", source.place, object.expose());
        let member = Member::of_place(&place, source.root_depth, templates)?;
        let id = key.call_id(&Phi::new(member.name.clone()));
        Some(Self { id, member, source, templates })
    }

    /// The call with all of its files that are there; nothing where there are none, or but a side-car.
    ///
    /// # Errors
    /// When the store cannot be listed, or has too many files that begin like the call's.
    pub fn find(&self) -> Result<Option<Call>> {
        let mut files = Vec::new();
        for beginning in self.member.beginnings(self.templates) {
            // A folder above the store's may be a template's, but what lies there is not of this store.
            let below = beginning.strip_prefix(&self.source.place).and_then(|rest| rest.strip_prefix('/'));
            if let Some(prefix) = below {
                self.add_below(&Phi::new(prefix.to_owned()), &mut files)?;
            }
        }
        Ok(parts(files).map(|(parts, known)| Call { id: self.id.clone(), parts, known }))
    }

    fn add_below(&self, prefix: &Phi<String>, files: &mut Vec<SourceFile>) -> Result<()> {
        for (n, entry) in self.source.store.list_below(prefix).enumerate() {
            if n == CANDIDATES_MAX {
                let message = "too many files begin like the call's name";
                let error = Error::held(Stage::Pair, HoldReason::AmbiguousPair, message);
                return Err(error.at("limit", CANDIDATES_MAX as u64));
            }
            let entry = entry?;
            let place = format!("{}/{}", self.source.place, entry.key.expose());
            let member = Member::of_place(&place, self.source.root_depth, self.templates);
            let its_own = member.filter(|m| m.folder == self.member.folder && m.id == self.member.id);
            if let (Some(member), Some((role, _))) = (its_own, role_and_stem(file_name(entry.key.expose()))) {
                files.push(SourceFile {
                    store: Arc::clone(&self.source.store),
                    place: Phi::new(place),
                    root_depth: self.source.root_depth,
                    key: entry.key,
                    stat: entry.stat,
                    role,
                    piece: member.piece,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DEFAULT_TEMPLATES, Parts, Passed, Sources};
    use super::*;
    use crate::store::{LocalStore, Stores};
    use std::fs;

    /// What is found from `object` among `files`: keys, sorted; nothing where it is no call.
    fn found(files: &[&str], object: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let store = Arc::new(LocalStore::source(folder.path()).unwrap());
        let source = Source { store, place: "/raw".into(), root_depth: 2 };
        let templates: Vec<_> = DEFAULT_TEMPLATES.iter().map(|t| Template::parse(t).unwrap()).collect();
        let key = CallKey::new(b"0123456789abcdef").unwrap();
        let object = Phi::new(object.to_owned());
        let call = Wanted::of(&source, &object, &templates, &key)?.find().unwrap()?;
        let known = call.known.iter().map(|f| f.key.expose().clone());
        let mut keys: Vec<_> = call.files().iter().map(|f| f.key.expose().clone()).chain(known).collect();
        keys.sort();
        Some(keys)
    }

    #[test]
    fn either_half_finds_the_whole_call_and_nothing_else() {
        let files = ["d/a.wav", "d/a.json", "d/a.known.json", "d/ab.json", "d/a.b.json", "e/a.json", "a.txt"];
        for object in ["d/a.wav", "d/a.json", "d/a.known.json"] {
            assert_eq!(found(&files, object).unwrap(), ["d/a.json", "d/a.known.json", "d/a.wav"], "{object}");
        }
        let files = ["d/recordings/a.wav", "d/transcripts/a.wav.json", "d/recordings/b.wav"];
        for object in &files[..2] {
            assert_eq!(found(&files, object).unwrap(), ["d/recordings/a.wav", "d/transcripts/a.wav.json"]);
        }
    }

    #[test]
    fn a_call_is_found_as_it_is_now() {
        assert_eq!(found(&["a.json"], "a.wav").unwrap(), ["a.json"], "the recording has gone");
        assert!(found(&["b.json"], "a.wav").is_none(), "all of it has gone");
        assert!(found(&["a.known.json"], "a.known.json").is_none(), "a side-car is no call");
        assert!(found(&["README.md"], "README.md").is_none());
    }

    #[test]
    fn a_call_gets_the_id_that_a_listing_gives_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("d/recordings")).unwrap();
        fs::write(folder.path().join("d/recordings/a.wav"), "").unwrap();
        let templates: Vec<_> = DEFAULT_TEMPLATES.iter().map(|t| Template::parse(t).unwrap()).collect();
        let key = CallKey::new(b"0123456789abcdef").unwrap();
        let listed = Sources::open(&Stores::new(None), &[folder.path().into()], None).unwrap();
        let passed = Passed::default();
        let listed = listed.calls(&templates, &key, &passed).next().unwrap().unwrap();
        let file = listed.files()[0].clone();
        let place = file.place.expose().strip_suffix("/d/recordings/a.wav").unwrap().to_owned();
        let source = Source { store: file.store, place, root_depth: file.root_depth };
        let wanted = Wanted::of(&source, &Phi::new("d/recordings/a.wav".into()), &templates, &key).unwrap();
        assert_eq!(wanted.id, listed.id);
        let found = wanted.find().unwrap().unwrap();
        assert!(found.id == listed.id && matches!(found.parts, Parts::Held { reason: HoldReason::NoTranscript, .. }));
    }

    #[test]
    fn too_many_files_that_begin_alike_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..=CANDIDATES_MAX {
            fs::write(folder.path().join(format!("a.{n}.json")), "").unwrap();
        }
        let source =
            Source { store: Arc::new(LocalStore::source(folder.path()).unwrap()), place: "/raw".into(), root_depth: 2 };
        let key = CallKey::new(b"0123456789abcdef").unwrap();
        let wanted = Wanted::of(&source, &Phi::new("a.wav".into()), &[], &key).unwrap();
        assert_eq!(wanted.find().err().unwrap().hold_reason(), Some(HoldReason::AmbiguousPair));
    }
}
