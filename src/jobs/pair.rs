//! Which files make one call: names against templates, recordings with transcripts. Must not open a file.

use crate::base::{CallId, Error, HoldReason, Phi, Result};
use crate::model::Piece;
use crate::model::manifest::Role;
use crate::store::{Stat, Store};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Extensions of transcripts, in lower case; the format itself is recognised from content.
pub const TRANSCRIPT_EXTENSIONS: &[&str] = &["json", "txt", "vtt", "srt", "eml"];

/// Extensions of recordings, in lower case. Those that cannot be redacted yet stand here too, so that
/// they are held and not overlooked.
pub const RECORDING_EXTENSIONS: &[&str] = &[
    "wav", "wave", "w64", "mp3", "mp2", "ogg", "oga", "opus", "flac", "m4a", "mp4", "aac", "au", "snd", "aif", "aiff",
    "aifc", "amr", "awb", "webm", "wma", "gsm", "vox", "ulaw", "alaw", "raw", "pcm", "caf", "3gp", "spx", "mka", "mkv",
    "mov", "avi", "sln", "sln16", "dss", "ds2", "g722", "g726", "g729", "adpcm", "mpga", "mpeg", "mpg", "qcp", "wv",
    "ape", "3g2", "m4b", "weba", "adts", "ul", "al", "rm", "ra", "rf64", "bwf", "nmf",
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
    /// Which piece of its call it is; of a file that was not put into a call yet, nothing.
    pub piece: Piece,
}

impl SourceFile {
    /// The last part of its place.
    #[must_use]
    pub fn file_name(&self) -> Phi<&str> {
        Phi::new(file_name(self.key.expose()))
    }

    /// The place below which calls are named.
    #[must_use]
    pub fn root(&self) -> Phi<&str> {
        let place = self.place.expose();
        let end = place.match_indices('/').nth(self.root_depth.saturating_sub(1)).map_or(place.len(), |(at, _)| at);
        Phi::new(&place[..end])
    }

    /// What follows the last dot of its name, in lower case.
    #[must_use]
    pub fn extension(&self) -> String {
        extension_of(self.file_name().expose())
    }
}

/// What follows the last dot of a file's name, in lower case; nothing where there is none.
pub(super) fn extension_of(file_name: &str) -> String {
    file_name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase()
}

/// What follows the last `/`.
pub(super) fn file_name(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// What one call is made of.
#[derive(Clone)]
pub enum Parts {
    /// A transcript, with its recording where there is one; or pieces of them.
    Whole {
        /// The transcript, or its pieces in order; never empty.
        transcripts: Vec<SourceFile>,
        /// The recording, or its pieces in order; a chat or an email thread has none.
        recordings: Vec<SourceFile>,
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
            Parts::Whole { transcripts, recordings } => transcripts.iter().chain(recordings).collect(),
            Parts::Held { files, .. } => files.iter().collect(),
        }
    }

    /// Whether it came in parts, of which nobody can tell how many there will be.
    pub(super) fn has_parts(&self) -> bool {
        self.files().iter().any(|file| file.piece.part.is_some())
    }

    /// Size of what is read of it, bytes.
    pub(super) fn weigh(&self) -> u64 {
        match &self.parts {
            Parts::Whole { .. } => self.files().iter().map(|file| file.stat.bytes).sum(),
            Parts::Held { .. } => 0,
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

/// What a piece of a call has behind the stem of its name: `a.ch0`, `a.part2`, `a.part2.ch0`.
const PIECES: [(&str, Counted); 3] = [("ch", Counted::Channel), ("channel", Counted::Channel), ("part", Counted::Part)];

/// What a number in a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Part,
    Channel,
}

impl Counted {
    /// Adds what the digits say to a piece; `None` where they are none, or something of this kind is said already.
    fn add(self, piece: Piece, digits: &str) -> Option<Piece> {
        let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number = is_number.then(|| digits.parse().ok())?;
        match self {
            Self::Part if piece.part.is_none() => Some(Piece { part: number, ..piece }),
            Self::Channel if piece.channel.is_none() => Some(Piece { channel: number, ..piece }),
            _ => None,
        }
    }
}

/// A stem without what says which piece of a call a file is, and that.
fn piece_of(stem: &str) -> (&str, Piece) {
    let (mut stem, mut piece) = (stem, Piece::default());
    while let Some((inner, last)) = stem.rsplit_once('.').filter(|(inner, _)| !inner.is_empty()) {
        let letters = last.trim_end_matches(|c: char| c.is_ascii_digit());
        let counted = PIECES.iter().find(|(name, _)| name.eq_ignore_ascii_case(letters));
        let Some(more) = counted.and_then(|(_, counted)| counted.add(piece, &last[letters.len()..])) else { break };
        (stem, piece) = (inner, more);
    }
    (stem, piece)
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
    /// Where its files begin below the folder of their calls: `recordings/`, with the text in front of `{id}`.
    lane: String,
    folders: Vec<String>,
    before: String,
    after: String,
    /// What a number behind all that counts.
    counted: Option<Counted>,
}

impl Template {
    /// Reads a template like `recordings/{id}.*`, `{id}_audio.*` or `{id}-part{part}.*`.
    ///
    /// # Errors
    /// A usage error when the last part is not text, `{id}`, text, perhaps `{part}` or `{channel}`, `.*`, or a folder is
    /// empty or a wildcard.
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
        let numbers = [("{part}", Counted::Part), ("{channel}", Counted::Channel)];
        let counted = numbers.into_iter().find_map(|(name, counted)| Some((after.strip_suffix(name)?, counted)));
        let (after, counted) = counted.map_or((after, None), |(after, counted)| (after, Some(counted)));
        let plain = |s: &str| !s.contains(['{', '}', '*', '?']);
        let folders_ok = folders.iter().all(|f| plain(f) && !matches!(f.as_str(), "" | "." | ".."));
        // Where an id would end and the number begin nobody could tell.
        let parted = counted.is_none() || after.ends_with(|c: char| !c.is_ascii_digit());
        if !folders_ok || !plain(before) || !plain(after) || !parted {
            return Err(wrong());
        }
        let lane: String = folders.iter().flat_map(|f| [f.as_str(), "/"]).chain([before]).collect();
        Ok(Self { lane, before: before.to_owned(), after: after.to_owned(), counted, folders })
    }

    /// Where its files begin below the folder of their calls; nothing where they lie in it as they are named.
    pub(super) fn lane(&self) -> &str {
        &self.lane
    }

    /// Whether a file right below this folder can belong to a call of a folder above it.
    pub(super) fn folders_end(&self, folder: &str) -> bool {
        let folders: Vec<_> = folder.split('/').collect();
        (1..=self.folders.len())
            .any(|n| folders.len() >= n && folders[folders.len() - n..].iter().eq(self.folders[..n].iter()))
    }

    /// What stands behind the id in every name of it.
    pub(super) fn behind(&self) -> String {
        if self.counted.is_some() { self.after.clone() } else { format!("{}.", self.after) }
    }

    /// Whether the file at this place is one of the template's.
    pub(super) fn fits(&self, place: &str) -> bool {
        let mut folders: Vec<&str> = place.split('/').collect();
        let stem = folders.pop().and_then(role_and_stem).map(|(_, stem)| stem);
        stem.is_some_and(|stem| self.matches(&folders, piece_of(stem)).is_some())
    }

    /// Components in front of the template's part of the path, the id, and which piece of the call the file is.
    fn matches<'a>(&self, folders: &[&str], (stem, piece): (&'a str, Piece)) -> Option<(usize, &'a str, Piece)> {
        let inner = stem.strip_prefix(self.before.as_str())?;
        let (id, piece) = match self.counted {
            None => (inner.strip_suffix(self.after.as_str())?, piece),
            Some(counted) => {
                let numbered = inner.trim_end_matches(|c: char| c.is_ascii_digit());
                (numbered.strip_suffix(self.after.as_str())?, counted.add(piece, &inner[numbered.len()..])?)
            }
        };
        let prefix = folders.len().checked_sub(self.folders.len())?;
        (!id.is_empty() && folders[prefix..].iter().eq(self.folders.iter())).then_some((prefix, id, piece))
    }
}

/// Which call a file belongs to.
pub(super) struct Member {
    /// Where the file would lie if it were in its call's folder, named without what a template puts in front of the
    /// id. In the order of these places all files of a call are close to each other.
    pub straight: String,
    /// The absolute folder of the call, without a last `/`.
    pub folder: String,
    /// What its files share in that folder.
    pub id: String,
    /// The call's name below the root.
    pub name: Vec<u8>,
    /// The template that it matches.
    pub template: Option<usize>,
    /// Which piece of the call it is.
    pub piece: Piece,
}

impl Member {
    /// The call that a file belongs to; nothing for a file that is no part of one.
    pub fn of(file: &SourceFile, templates: &[Template]) -> Option<Self> {
        Self::of_place(file.place.expose(), file.root_depth, templates)
    }

    /// The same of a place.
    pub fn of_place(place: &str, root_depth: usize, templates: &[Template]) -> Option<Self> {
        let mut folders: Vec<&str> = place.split('/').collect();
        let file_name = folders.pop()?;
        let (_, stem) = role_and_stem(file_name)?;
        let (stem, piece) = piece_of(stem);
        let of_kind = |counted| templates.iter().enumerate().filter(move |(_, t)| t.counted.is_some() == counted);
        // A template with a number says more of a name than one without.
        let mut by_what_is_said = of_kind(true).chain(of_kind(false));
        let matched = by_what_is_said.find_map(|(i, t)| Some((Some(i), t.matches(&folders, (stem, piece))?)));
        let (template, (prefix, id, piece)) = matched.unwrap_or((None, (folders.len(), stem, piece)));
        let mut name = folders[root_depth.min(prefix)..prefix].join("/");
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(id);
        let folder = folders[..prefix].join("/");
        let before = template.map_or(0, |t| templates[t].before.len());
        let straight = format!("{folder}/{}", &file_name[before..]);
        Some(Self { straight, folder, id: id.to_owned(), name: name.into_bytes(), template, piece })
    }

    /// What the places of all files of the call begin with.
    pub fn beginnings(&self, templates: &[Template]) -> Vec<String> {
        let Self { folder, id, .. } = self;
        let by_template = templates.iter().map(|t| format!("{folder}/{}{id}{}", t.lane, t.behind()));
        let mut beginnings: Vec<_> = by_template.chain([format!("{folder}/{id}.")]).collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        beginnings
    }

    /// Whether the file lies elsewhere than in its call's folder, or has text in front of its id.
    pub fn is_in_lane(&self, templates: &[Template]) -> bool {
        self.template.is_some_and(|t| !templates[t].lane.is_empty())
    }
}

/// What the files of a call are; nothing where there is but a side-car, which is no call.
pub(super) fn parts(members: Vec<SourceFile>) -> Option<(Parts, Option<SourceFile>)> {
    let (mut known, members): (Vec<_>, Vec<_>) = members.into_iter().partition(|f| f.role == Role::Known);
    if members.is_empty() {
        return None;
    }
    match whole_or_held(members) {
        Parts::Whole { transcripts: mut files, mut recordings } if known.len() > 1 => {
            files.append(&mut recordings);
            Some((Parts::Held { reason: HoldReason::AmbiguousPair, files }, None))
        }
        parts => Some((parts, known.pop())),
    }
}

fn whole_or_held(members: Vec<SourceFile>) -> Parts {
    let (mut transcripts, mut recordings): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|f| f.role == Role::Transcript);
    transcripts.sort_by_key(|file| file.piece);
    recordings.sort_by_key(|file| file.piece);
    match why_held(&transcripts, &recordings) {
        None => Parts::Whole { transcripts, recordings },
        Some(reason) => {
            transcripts.append(&mut recordings);
            Parts::Held { reason, files: transcripts }
        }
    }
}

/// Why files, each role's in the order of their pieces, are no whole call.
fn why_held(transcripts: &[SourceFile], recordings: &[SourceFile]) -> Option<HoldReason> {
    let pieces = |files: &[SourceFile]| files.iter().map(|file| file.piece).collect::<Vec<_>>();
    let (told, heard) = (pieces(transcripts), pieces(recordings));
    if is_ambiguous(&told) || is_ambiguous(&heard) {
        return Some(HoldReason::AmbiguousPair);
    }
    if told.is_empty() {
        return Some(HoldReason::NoTranscript);
    }
    let parts = |pieces: &[Piece]| pieces.iter().filter_map(|piece| piece.part).collect::<BTreeSet<_>>();
    let (told_parts, heard_parts) = (parts(&told), parts(&heard));
    // One transcript may tell of all parts of a recording, and parts of a transcript of one recording.
    let parts_agree = told_parts.is_empty() || heard_parts.is_empty() || told_parts == heard_parts;
    let is_whole = parts_agree && is_complete(&told) && is_complete(&heard);
    (!is_whole).then_some(HoldReason::MissingPiece)
}

/// Whether two files are the same piece, or some say which and others do not.
fn is_ambiguous(pieces: &[Piece]) -> bool {
    let kind = |piece: &Piece| (piece.part.is_some(), piece.channel.is_some());
    pieces.windows(2).any(|two| two[0] == two[1] || kind(&two[0]) != kind(&two[1]))
}

/// Whether parts, and the channels that all of them must have, are counted from 0 or 1 without a gap.
fn is_complete(pieces: &[Piece]) -> bool {
    let counted = |numbers: BTreeSet<u16>| {
        let first = numbers.first().copied().unwrap_or(0);
        first <= 1 && numbers.iter().zip(first..).all(|(number, want)| *number == want)
    };
    let of_part = |part| pieces.iter().filter(move |piece| piece.part == part);
    let channels = |part| of_part(part).filter_map(|piece| piece.channel).collect::<BTreeSet<u16>>();
    let parts: BTreeSet<Option<u16>> = pieces.iter().map(|piece| piece.part).collect();
    let all: BTreeSet<u16> = pieces.iter().filter_map(|piece| piece.channel).collect();
    parts.iter().all(|part| channels(*part) == all) && counted(all) && counted(parts.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::super::{CallKey, pair};
    use super::*;
    use crate::store::LocalStore;
    use std::path::Path;

    fn file(root: &str, below: &str) -> SourceFile {
        let (role, _) = role_and_stem(file_name(below)).unwrap();
        SourceFile {
            store: Arc::new(LocalStore::source(Path::new("/")).unwrap()),
            key: Phi::new(below.to_owned()),
            stat: Stat { bytes: 1, version: "1".into(), modified_s: 1 },
            place: Phi::new(format!("{root}/{below}")),
            root_depth: root.split('/').count(),
            role,
            piece: Piece::default(),
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
                    Parts::Whole { recordings, .. } if recordings.is_empty() => "t",
                    Parts::Whole { .. } => "tr",
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
    fn pieces_of_a_call_are_one_call_when_all_are_there() {
        let check = |names: &[&str], want: &str| {
            let files: Vec<_> = names.iter().map(|name| ("/in", *name)).collect();
            check(&files, &[&format!("a={want}")]);
        };
        check(&["a.ch0.json", "a.ch1.json", "a.wav"], "tr");
        check(&["a.ch1.wav.json", "a.ch2.wav.json", "a.ch1.wav", "a.ch2.wav"], "tr");
        check(&["a.part1.json", "a.part2.json", "a.part1.wav", "a.part2.wav"], "tr");
        check(&["a.json", "a.PART0.wav", "a.part1.wav"], "tr");
        check(&["a.part1.json", "a.part2.json", "a.wav"], "tr");
        check(&["a.part1.ch0.json", "a.channel1.part1.json", "recordings/a.part1.wav"], "tr");
        check(&["a.ch0.json", "a.ch1.json"], "t");
        for missing in [
            &["a.part1.json", "a.part3.json", "a.part1.wav", "a.part3.wav"][..],
            &["a.part2.json", "a.part2.wav"],
            &["a.part1.json", "a.part1.wav", "a.part2.wav"],
            &["a.part1.ch0.json", "a.part2.ch1.json"],
            &["a.ch0.json", "a.ch2.json", "a.wav"],
        ] {
            check(missing, "missing-piece");
        }
        for ambiguous in [
            &["a.json", "a.ch0.json", "a.wav"][..],
            &["a.ch0.json", "a.ch0.vtt", "a.ch1.json", "a.wav"],
            &["a.ch0.json", "a.part1.json", "a.wav"],
            &["a.json", "a.wav", "a.ch1.wav"],
        ] {
            check(ambiguous, "ambiguous-pair");
        }
        check(&["a.part1.wav", "a.part2.wav"], "no-transcript");
    }

    #[test]
    fn what_only_looks_like_a_piece_is_part_of_the_name() {
        for name in ["a.ch.json", "a.ch1234.json", "a.parting.json", "a.ch0.ch1.json", "a.chat0.json", "a.2.json"] {
            let stem = name.strip_suffix(".json").unwrap();
            let stem = if name == "a.ch0.ch1.json" { "a.ch0" } else { stem };
            check(&[("/in", name)], &[&format!("{stem}=t")]);
        }
        let (stem, piece) = piece_of(".ch0");
        assert_eq!((stem, piece), (".ch0", Piece::default()));
    }

    #[test]
    fn templates_may_say_where_a_piece_is_counted() {
        let templates = ["{id}.*", "{id}-part{part}.*", "{id}_leg{channel}.*"].map(|t| Template::parse(t).unwrap());
        let files = ["7-part1.wav", "7-part2.wav", "7.json", "8_leg0.vtt", "8_leg1.vtt"].map(|name| file("/in", name));
        let calls = pair(files.to_vec(), &templates, &key()).unwrap();
        let whole = |call: &Call| matches!(call.parts, Parts::Whole { .. }).then(|| call.files().len());
        assert_eq!(calls.iter().map(whole).collect::<Vec<_>>(), [Some(3), Some(2)]);
        assert!(calls[0].has_parts() && !calls[1].has_parts());
        for wrong in ["{id}{part}.*", "{id}-{part}-{channel}.*", "{part}{id}.*", "{id}2{part}.*"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
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
        assert!(matches!(calls[..], [Call { parts: Parts::Whole { .. }, .. }]));
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
