//! Which files make one call: names against templates, recordings with transcripts. Must not open a file.

use super::CallKey;
use crate::base::{CallId, Error, HoldReason, Phi, Result};
use crate::model::manifest::Role;
use crate::store::{Stat, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Extensions of transcripts, in lower case; the format itself is recognised from content.
pub const TRANSCRIPT_EXTENSIONS: &[&str] = &["json", "txt"];

/// Extensions of recordings, in lower case. Those that cannot be redacted yet stand here too, so that
/// they are held and not overlooked.
pub const RECORDING_EXTENSIONS: &[&str] = &[
    "wav", "wave", "mp3", "mp2", "ogg", "oga", "opus", "flac", "m4a", "mp4", "aac", "au", "snd", "aif", "aiff", "aifc",
    "amr", "awb", "webm", "wma", "gsm", "vox", "ulaw", "alaw", "raw", "pcm", "caf", "3gp", "spx", "mka", "mkv", "mov",
    "avi",
];

/// What stands before `.json` in the name of a side-car of known values.
const SIDE_CAR_EXTENSION: &str = "known";

/// Folders that the default templates take for halves of one folder.
pub const DEFAULT_TEMPLATES: &[&str] = &["recordings/{id}.*", "transcripts/{id}.*"];

/// Longest template, bytes.
const TEMPLATE_BYTES_MAX: usize = 1024;

/// One file that may belong to a call. Names of recordings carry telephone numbers, names and dates.
#[derive(Clone)]
pub struct SourceFile {
    /// What it is read from.
    pub store: Arc<dyn Store>,
    /// Its path below SOURCE as the caller typed it; the file name where SOURCE is that file.
    pub key: Phi<String>,
    /// Its state when it was listed.
    pub stat: Stat,
    /// Its absolute place, each part after a `/`: what pairing and naming go by.
    pub place: Phi<String>,
    /// Parts of `place`, the empty one before the first `/` included, that belong to the folder
    /// below which calls are named.
    pub root_depth: usize,
    /// Transcript or recording.
    pub role: Role,
}

impl SourceFile {
    /// The last part of its place.
    #[must_use]
    pub fn file_name(&self) -> Phi<&str> {
        Phi::new(file_name(self.key.expose()))
    }

    /// What follows the last dot of its name, in lower case.
    #[must_use]
    pub fn extension(&self) -> String {
        let extension = file_name(self.key.expose()).rsplit_once('.').map_or("", |(_, e)| e);
        extension.to_ascii_lowercase()
    }
}

/// What follows the last `/`.
pub(super) fn file_name(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// What one call is made of.
#[derive(Clone)]
pub enum Parts {
    /// A transcript, with its recording where there is one.
    Whole {
        /// The transcript.
        transcript: SourceFile,
        /// The recording; a chat or an email thread has none.
        recording: Option<SourceFile>,
    },
    /// Files that cannot be redacted as one call.
    Held {
        /// Why.
        reason: HoldReason,
        /// Its files, transcripts first; never empty.
        files: Vec<SourceFile>,
    },
}

/// One call: its pseudonym and its parts.
#[derive(Clone)]
pub struct Call {
    /// The keyed pseudonym of its name: the path below the root, without the template's folders and
    /// the extension.
    pub id: CallId,
    /// Its files.
    pub parts: Parts,
    /// The side-car with what is known of its people.
    pub known: Option<SourceFile>,
}

impl Call {
    /// Its files but for the side-car, transcripts first.
    #[must_use]
    pub fn files(&self) -> Vec<&SourceFile> {
        match &self.parts {
            Parts::Whole { transcript, recording } => std::iter::once(transcript).chain(recording).collect(),
            Parts::Held { files, .. } => files.iter().collect(),
        }
    }

    /// The path below SOURCE that reports show: the transcript's, else the recording's.
    #[must_use]
    pub fn shown(&self) -> Phi<String> {
        Phi::new(self.files().first().map_or_else(String::new, |f| f.key.expose().clone()))
    }
}

/// Role and stem of a file name; `None` for a file that is no part of a call.
///
/// `a.known.json` has what is known of the people of the call `a`.
///
/// Recognisers name their output after the recording (`a.wav.json`), so a recording's extension
/// before a transcript's is taken away too.
#[must_use]
pub fn role_and_stem(file_name: &str) -> Option<(Role, &str)> {
    if file_name.starts_with('.') {
        return None;
    }
    let (stem, extension) = file_name.rsplit_once('.')?;
    if is(RECORDING_EXTENSIONS, extension) {
        return Some((Role::Recording, stem));
    }
    if !is(TRANSCRIPT_EXTENSIONS, extension) {
        return None;
    }
    let side_car = without(stem, &[SIDE_CAR_EXTENSION]).filter(|_| extension.eq_ignore_ascii_case("json"));
    let (role, stem) = side_car.map_or((Role::Transcript, stem), |stem| (Role::Known, stem));
    Some((role, without(stem, RECORDING_EXTENSIONS).unwrap_or(stem)))
}

/// A stem without its last extension, where that is in the list.
fn without<'a>(stem: &'a str, list: &[&str]) -> Option<&'a str> {
    let (inner, extension) = stem.rsplit_once('.')?;
    (!inner.is_empty() && is(list, extension)).then_some(inner)
}

fn is(list: &[&str], extension: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// A pattern over the end of a path: folders, then text around `{id}`, then `.*` for the extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    folders: Vec<String>,
    before: String,
    after: String,
}

impl Template {
    /// Reads a template like `recordings/{id}.*` or `{id}_audio.*`.
    ///
    /// # Errors
    /// A usage error when the last part is not text, `{id}`, text, `.*`, or a folder is empty or a wildcard.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::usage(format!("pairing template {text:?}: not of the form FOLDER/…/TEXT{{id}}TEXT.*"))
                .hint("an example is \"recordings/{id}.*\"")
        };
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(wrong());
        }
        let mut folders: Vec<String> = text.split('/').map(str::to_owned).collect();
        let last = folders.pop().ok_or_else(wrong)?;
        let (before, after) = last.strip_suffix(".*").and_then(|l| l.split_once("{id}")).ok_or_else(wrong)?;
        let plain = |s: &str| !s.contains(['{', '}', '*', '?']);
        let folders_ok = folders.iter().all(|f| plain(f) && !matches!(f.as_str(), "" | "." | ".."));
        if !folders_ok || !plain(before) || !plain(after) {
            return Err(wrong());
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned(), folders })
    }

    /// Components in front of the template's part of the path, and the id.
    fn matches<'a>(&self, folders: &[&str], stem: &'a str) -> Option<(usize, &'a str)> {
        let id = stem.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        let prefix = folders.len().checked_sub(self.folders.len())?;
        (!id.is_empty() && folders[prefix..].iter().eq(self.folders.iter())).then_some((prefix, id))
    }
}

/// Puts files together into calls, ordered by place. A file that no template matches goes with those
/// of the same folder and stem.
///
/// Files pair by their absolute places, whichever SOURCE they came from; the name counts from the
/// root, so it is the same from any mount point.
///
/// # Errors
/// A usage error when two calls would get the same name, which happens when SOURCEs hold files of
/// the same relative name and no root tells them apart.
pub fn pair(files: Vec<SourceFile>, templates: &[Template], key: &CallKey) -> Result<Vec<Call>> {
    let mut groups: BTreeMap<(String, String), (Vec<u8>, Vec<SourceFile>)> = BTreeMap::new();
    for file in files {
        let Some((folder, name, id)) = identify(&file, templates) else { continue };
        let (_, members) = groups.entry((folder, id)).or_insert_with(|| (name, Vec::new()));
        if members.iter().all(|m| m.place != file.place) {
            members.push(file);
        }
    }
    let mut names: Vec<&[u8]> = groups.values().map(|(name, _)| name.as_slice()).collect();
    names.sort_unstable();
    let twins = names.windows(2).filter(|w| w[0] == w[1]).count();
    if twins > 0 {
        return Err(Error::usage(format!("{twins} calls of different folders would get the same name"))
            .hint("add --root with the folder above all of SOURCE, or give each SOURCE its own DEST"));
    }
    let call = |(name, members)| {
        let (parts, known) = parts(members)?;
        Some(Call { id: key.call_id(&Phi::new(name)), parts, known })
    };
    Ok(groups.into_values().filter_map(call).collect())
}

/// The absolute folder and the id that a file pairs by, and its call's name below the root.
fn identify(file: &SourceFile, templates: &[Template]) -> Option<(String, Vec<u8>, String)> {
    let place = file.place.expose();
    let mut folders: Vec<&str> = place.split('/').collect();
    let (_, stem) = role_and_stem(folders.pop()?)?;
    let (prefix, id) = templates.iter().find_map(|t| t.matches(&folders, stem)).unwrap_or((folders.len(), stem));
    let mut name = folders[file.root_depth.min(prefix)..prefix].join("/");
    if !name.is_empty() {
        name.push('/');
    }
    name.push_str(id);
    Some((folders[..prefix].join("/"), name.into_bytes(), id.to_owned()))
}

/// What the files of a call are; nothing where there is but a side-car, which is no call.
fn parts(members: Vec<SourceFile>) -> Option<(Parts, Option<SourceFile>)> {
    let (mut known, members): (Vec<_>, Vec<_>) = members.into_iter().partition(|f| f.role == Role::Known);
    if members.is_empty() {
        return None;
    }
    match whole_or_held(members) {
        Parts::Whole { transcript, recording } if known.len() > 1 => {
            let files = std::iter::once(transcript).chain(recording).collect();
            Some((Parts::Held { reason: HoldReason::AmbiguousPair, files }, None))
        }
        parts => Some((parts, known.pop())),
    }
}

fn whole_or_held(members: Vec<SourceFile>) -> Parts {
    let (mut transcripts, mut recordings): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|f| f.role == Role::Transcript);
    if transcripts.len() <= 1
        && recordings.len() <= 1
        && let Some(transcript) = transcripts.pop()
    {
        return Parts::Whole { transcript, recording: recordings.pop() };
    }
    let is_one = transcripts.is_empty() && recordings.len() == 1;
    let reason = if is_one { HoldReason::NoTranscript } else { HoldReason::AmbiguousPair };
    transcripts.append(&mut recordings);
    Parts::Held { reason, files: transcripts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalStore;
    use std::path::Path;

    fn file(root: &str, below: &str) -> SourceFile {
        let (role, _) = role_and_stem(file_name(below)).unwrap();
        SourceFile {
            store: Arc::new(LocalStore::source(Path::new("/")).unwrap()),
            key: Phi::new(below.to_owned()),
            stat: Stat { bytes: 0, version: String::new(), modified_s: 0 },
            place: Phi::new(format!("{root}/{below}")),
            root_depth: root.split('/').count(),
            role,
        }
    }

    fn key() -> CallKey {
        CallKey::new(b"a key for these tests").unwrap()
    }

    fn run(files: Vec<SourceFile>) -> Result<Vec<Call>> {
        let templates: Vec<_> = DEFAULT_TEMPLATES.iter().map(|t| Template::parse(t).unwrap()).collect();
        pair(files, &templates, &key())
    }

    /// `want` has calls as `name=parts`: `t`, `tr`, or the reason they are held for.
    fn check(files: &[(&str, &str)], want: &[&str]) {
        let calls = run(files.iter().map(|(root, below)| file(root, below)).collect()).unwrap();
        let got: Vec<_> = calls
            .iter()
            .map(|c| {
                let parts = match &c.parts {
                    Parts::Whole { recording: None, .. } => "t",
                    Parts::Whole { recording: Some(_), .. } => "tr",
                    Parts::Held { reason, .. } => reason.code(),
                };
                (c.id.clone(), parts)
            })
            .collect();
        let want: Vec<_> = want
            .iter()
            .map(|w| w.split_once('=').unwrap())
            .map(|(name, parts)| (key().call_id(&Phi::new(name.into())), parts))
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn the_same_folder_and_stem_make_a_call() {
        check(&[("/in", "a.wav"), ("/in", "a.json"), ("/in", "sub/a.txt")], &["a=tr", "sub/a=t"]);
    }

    #[test]
    fn recordings_and_transcripts_folders_are_halves_of_one() {
        check(&[("/in", "d/recordings/a.wav"), ("/in", "d/transcripts/a.json")], &["d/a=tr"]);
    }

    #[test]
    fn the_halves_may_be_separate_sources_and_keep_the_name() {
        check(&[("/in/recordings", "a.wav"), ("/in/transcripts", "a.json")], &["a=tr"]);
    }

    #[test]
    fn a_transcript_named_after_its_recording_belongs_to_it() {
        check(&[("/in", "a.wav"), ("/in", "a.wav.json")], &["a=tr"]);
    }

    #[test]
    fn a_recording_alone_is_held() {
        check(&[("/in", "a.MP3")], &["a=no-transcript"]);
    }

    #[test]
    fn two_transcripts_or_two_recordings_are_ambiguous() {
        check(&[("/in", "a.json"), ("/in", "a.txt")], &["a=ambiguous-pair"]);
        check(&[("/in", "a.json"), ("/in", "a.wav"), ("/in", "a.flac")], &["a=ambiguous-pair"]);
        check(&[("/in", "a.wav"), ("/in", "a.flac")], &["a=ambiguous-pair"]);
        check(&[("/in", "transcripts/a.json"), ("/in", "a.json")], &["a=ambiguous-pair"]);
    }

    #[test]
    fn a_side_car_goes_with_its_call_and_is_none_itself() {
        for side_car in ["a.known.json", "a.wav.known.json", "a.KNOWN.json"] {
            let calls = run(vec![file("/in", "a.wav"), file("/in", "a.json"), file("/in", side_car)]).unwrap();
            assert!(matches!(calls[..], [Call { parts: Parts::Whole { .. }, known: Some(_), .. }]), "{side_car}");
        }
        let calls = run(vec![file("/in", "recordings/a.known.json"), file("/in", "transcripts/a.json")]).unwrap();
        assert!(matches!(calls[..], [Call { parts: Parts::Whole { .. }, known: Some(_), .. }]));
        check(&[("/in", "a.known.json")], &[]);
        check(&[("/in", "a.json"), ("/in", "a.known.json"), ("/in", "recordings/a.known.json")], &["a=ambiguous-pair"]);
    }

    #[test]
    fn a_file_seen_through_two_sources_is_one_file() {
        check(&[("/in", "d/a.json"), ("/in/d", "a.json")], &["d/a=t"]);
    }

    #[test]
    fn equal_names_from_different_folders_are_refused() {
        let error = run(vec![file("/in/mon", "a.json"), file("/in/tue", "a.json")]).err().unwrap();
        assert!(error.hint.unwrap().contains("--root"));
    }

    #[test]
    fn halves_in_different_folders_are_never_paired() {
        check(&[("/in", "mon/a.wav"), ("/in", "tue/a.json")], &["mon/a=no-transcript", "tue/a=t"]);
    }

    #[test]
    fn templates_with_text_around_the_id_pair() {
        let templates = [Template::parse("{id}_audio.*").unwrap(), Template::parse("{id}_text.*").unwrap()];
        let calls = pair(vec![file("/in", "7_audio.wav"), file("/in", "7_text.txt")], &templates, &key()).unwrap();
        assert!(matches!(calls[0].parts, Parts::Whole { recording: Some(_), .. }));
        assert_eq!(calls[0].id, key().call_id(&Phi::new(b"7".to_vec())));
    }

    #[test]
    fn files_that_are_neither_have_no_role() {
        for name in ["README", "README.md", ".DS_Store", "._a.json", ".json", "a."] {
            assert!(role_and_stem(name).is_none(), "{name}");
        }
    }

    #[test]
    fn broken_templates_are_refused() {
        for text in ["", "{id}", "a/*/{id}.*", "{id}{id}.*", "../{id}.*", "/{id}.*", "a.*"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
