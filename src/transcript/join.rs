//! Several transcript files of one call become one: words of all of them on one clock, turns in the order in which they
//! were begun. So what is found in one file is hidden in all, and questions on one channel have their answers on the
//! other. Each file is written again by itself.

use super::Document;
use super::link::{Link, Offset, Site, StandIn, TextMap};
use super::source::{Leaf, Source};
use super::spoken::worse;
use crate::base::{Error, HoldReason, Phi, Result, Stage, TimeSpan, WordSpan, limits};
use crate::model::{Format, KnownValue, Speaker, TimeSource, Transcript, TranscriptBuilder, Turn, TurnKind};
use std::ops::Range;

/// Where a file belongs in its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// When its clock starts, milliseconds from the start of the call.
    pub start_ms: u32,
    /// The channel that all of it was said on, counted from 0.
    pub channel: Option<u16>,
}

/// One file among several.
pub(super) struct FileOf {
    pub(super) format: Format,
    /// Its bytes among those of all.
    pub(super) range: Range<usize>,
    /// Its words, second readings included.
    pub(super) words: usize,
    /// The number of each among the words of all files; nothing where it is the only one.
    pub(super) numbers: Option<Vec<u32>>,
}

/// Puts files together, each with its place. One file that starts with the call is as it was.
///
/// # Errors
/// Holds the call when one of several is a mail, a word lies beyond any recording, or together they pass a limit.
pub fn join(mut files: Vec<(Document, Place)>) -> Result<Document> {
    if let [(_, place)] = files.as_slice()
        && *place == Place::default()
        && let Some((document, _)) = files.pop()
    {
        return Ok(document);
    }
    if files.iter().any(|(document, _)| document.mail.is_some()) {
        let message = "a mail is no piece of a call";
        return Err(Error::held(Stage::ParseTranscript, HoldReason::AmbiguousPair, message));
    }
    check_limits(&files)?;
    let (transcript, word_of) = speak_all(&files)?;
    let mut joined = Joined::default();
    for ((document, _), word_of) in files.into_iter().zip(word_of) {
        joined.add(document, &word_of);
    }
    let source = Source::new(joined.bytes)?;
    let files = joined.files;
    Ok(Document { files, transcript, source: Phi::new(source), map: joined.map, known: joined.known, mail: None })
}

fn check_limits(files: &[(Document, Place)]) -> Result<()> {
    let words: usize = files.iter().map(|(document, _)| document.transcript.words().len()).sum();
    let bytes: usize = files.iter().map(|(document, _)| document.source.expose().file().len()).sum();
    if words > limits::WORDS_MAX || bytes as u64 > limits::TRANSCRIPT_BYTES_MAX {
        let message = "the transcripts together are too large";
        return Err(Error::held(Stage::ParseTranscript, HoldReason::LimitReached, message).at("bytes", bytes as u64));
    }
    Ok(())
}

/// All words of all files in one transcript, and for each file and word of it which one it is there.
fn speak_all(files: &[(Document, Place)]) -> Result<(Transcript, Vec<Vec<u32>>)> {
    let sources = files.iter().map(|(document, _)| document.transcript.time_source());
    let mut builder = TranscriptBuilder::new(sources.reduce(worse).unwrap_or(TimeSource::None));
    let mut word_of: Vec<Vec<u32>> = files.iter().map(|(d, _)| vec![0; d.transcript.words().len()]).collect();
    let mut turn_of: Vec<Vec<u32>> = files.iter().map(|(d, _)| vec![0; d.transcript.turns().len()]).collect();
    for (file, turn) in order(files) {
        let (Document { transcript, .. }, place) = &files[file];
        let said = &transcript.turns()[turn];
        let kind = match said.kind {
            TurnKind::Alternate { of } => TurnKind::Alternate { of: of.map(|of| turn_of[file][of as usize]) },
            kind => kind,
        };
        turn_of[file][turn] = builder.turns().len() as u32;
        builder.turn(kind, speaker(said, *place), place.channel.or(said.channel));
        for word in said.words.range() {
            let is = &transcript.words()[word];
            let time = is.time.map(|time| later(time, place.start_ms)).transpose()?;
            word_of[file][word] = builder.word(transcript.word_text(word), time, is.confidence);
        }
    }
    Ok((builder.build(), word_of))
}

/// File and turn of all turns: spoken ones by when they begin, those of one file in its order, then all others.
fn order(files: &[(Document, Place)]) -> Vec<(usize, usize)> {
    let mut spoken: Vec<(Option<u32>, usize, usize)> = Vec::new();
    let mut others = Vec::new();
    for (file, (Document { transcript, .. }, place)) in files.iter().enumerate() {
        // What has no time comes behind what stands before it, and the start of its file.
        let mut begun = (place.start_ms > 0).then_some(place.start_ms);
        for (turn, said) in transcript.turns().iter().enumerate() {
            if said.kind == TurnKind::Spoken {
                let time = transcript.words()[said.words.range()].iter().find_map(|word| word.time);
                let start_ms = time.map(|time| time.start_ms().saturating_add(place.start_ms));
                begun = begun.max(start_ms);
                spoken.push((begun, file, turn));
            } else {
                others.push((file, turn));
            }
        }
    }
    spoken.sort_by_key(|&(begun, ..)| begun);
    spoken.into_iter().map(|(_, file, turn)| (file, turn)).chain(others).collect()
}

/// Who speaks. Where a file is all of one channel, labels of recognisers in it tell nobody apart from those of other files.
fn speaker(said: &Turn, place: Place) -> Speaker {
    match (said.speaker, place.channel) {
        (Speaker::Unknown | Speaker::Numbered(_), Some(0)) => Speaker::Agent,
        (Speaker::Unknown | Speaker::Numbered(_), Some(1)) => Speaker::Caller,
        (Speaker::Unknown | Speaker::Numbered(_), Some(channel)) => Speaker::Numbered(channel),
        (speaker, _) => speaker,
    }
}

fn later(time: TimeSpan, by_ms: u32) -> Result<TimeSpan> {
    let span = TimeSpan::new(time.start_ms().saturating_add(by_ms), time.end_ms().saturating_add(by_ms));
    span.ok().filter(|span| u64::from(span.end_ms()) <= limits::RECORDING_MS_MAX).ok_or_else(|| {
        let message = "the parts of the call are too long together";
        Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, message)
    })
}

/// The files put one behind the other, and where the words of all of them stand.
#[derive(Default)]
struct Joined {
    bytes: Vec<u8>,
    files: Vec<FileOf>,
    map: TextMap,
    known: Vec<KnownValue>,
}

impl Joined {
    /// Adds a file, of which the words have these numbers now.
    fn add(&mut self, document: Document, word_of: &[u32]) {
        let Document { files, source, map, known, .. } = document;
        let by = self.bytes.len() as u32;
        self.bytes.append(&mut source.into_exposed().into_file());
        for file in files {
            let range = file.range.start + by as usize..file.range.end + by as usize;
            self.files.push(FileOf { range, numbers: Some(word_of.to_vec()), ..file });
        }
        let (links, opposite) = (self.map.links.len() as u32, self.map.opposite.len() as u32);
        let word = |word: u32| word_of[word as usize];
        let further = |range: Range<u32>, by: u32| range.start + by..range.end + by;
        let leaf = |leaf: Leaf| leaf.further(by);
        let all = &mut self.map;
        all.sites.extend(map.sites.into_iter().map(|s| Site {
            leaf: leaf(s.leaf),
            links: further(s.links, links),
            form: s.form,
        }));
        let linked = |l: Link| Link { raw: (l.raw.0 + by, l.raw.1 + by), word: word(l.word) };
        all.links.extend(map.links.into_iter().map(linked));
        all.also.extend(map.also.into_iter().map(|(link, of)| (link + links, word(of))));
        all.opposite.extend(map.opposite.into_iter().map(word));
        all.stand_ins.extend(map.stand_ins.into_iter().map(|s| {
            // Words of one turn, and turns stay whole.
            let first = word(s.words.start);
            let words = WordSpan::new(first, first + s.words.len());
            StandIn { words, opposite: further(s.opposite, opposite), inserted: s.inserted }
        }));
        let offset = |o: Offset| Offset { number: leaf(o.number), text: leaf(o.text), edge: o.edge };
        all.offsets.extend(map.offsets.into_iter().map(offset));
        all.keys.extend(map.keys.into_iter().map(|key| key.further(by)));
        for value in known {
            if !self.known.contains(&value) {
                self.known.push(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::base::CallId;
    use crate::model::{Category, Edit};

    fn captions(cues: &[(u32, u32, &str)]) -> Document {
        let time = |ms: u32| format!("00:{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000);
        let cues: String = cues.iter().map(|(a, b, s)| format!("\n{} --> {}\n{s}\n", time(*a), time(*b))).collect();
        read(Phi::new(format!("WEBVTT\n{cues}").into_bytes()), None).unwrap_or_else(|e| panic!("{e}"))
    }

    fn place(start_ms: u32, channel: Option<u16>) -> Place {
        Place { start_ms, channel }
    }

    fn said(document: &Document) -> Vec<(String, Speaker, Option<u32>)> {
        let t = document.transcript();
        let turn = |turn: &Turn| {
            let words: Vec<_> = turn.words.range().map(|w| t.word_text(w).into_exposed()).collect();
            let start_ms = t.words()[turn.words.start as usize].time.map(TimeSpan::start_ms);
            (words.join(" "), turn.speaker, start_ms)
        };
        t.turns().iter().map(turn).collect()
    }

    #[test]
    fn channels_answer_each_other() {
        let agent = captions(&[(0, 1_000, "Your name?"), (4_000, 5_000, "Thank you.")]);
        let caller = captions(&[(2_000, 3_000, "Ana Brooks.")]);
        let joined =
            join(vec![(agent, place(0, Some(0))), (caller, place(0, Some(1)))]).unwrap_or_else(|e| panic!("{e}"));
        let turn = |text: &str, speaker, at| (text.to_owned(), speaker, Some(at));
        let want = [
            turn("Your name?", Speaker::Agent, 0),
            turn("Ana Brooks.", Speaker::Caller, 2_000),
            turn("Thank you.", Speaker::Agent, 4_000),
        ];
        assert!(said(&joined) == want);
    }

    #[test]
    fn parts_follow_each_other_and_each_is_written_with_its_own_edits() {
        let first = captions(&[(0, 1_000, "I am Ana."), (1_500, 2_000, "yes")]);
        let second = captions(&[(500, 1_000, "Ana, are you there?")]);
        let joined =
            join(vec![(first, place(0, None)), (second, place(10_000, None))]).unwrap_or_else(|e| panic!("{e}"));
        assert!(said(&joined).last().is_some_and(|(_, _, at)| *at == Some(10_500)));
        let names =
            [2, 4].map(|at| Edit { words: WordSpan::new(at, at + 1), category: Category::Name, rules: Vec::new() });
        let masked = joined.mask_all(&names, &CallId::from_mac(&[7; 32])).unwrap();
        let texts: Vec<_> = masked.iter().map(|m| String::from_utf8(m.expose().clone()).unwrap()).collect();
        assert!(texts[0].contains("I am [NAME].\n") && texts[0].contains("yes") && !texts[0].contains("there"));
        assert!(texts[1].contains("[NAME], are you there?") && texts[1].starts_with("WEBVTT"));
    }

    #[test]
    fn what_is_too_long_together_is_held() {
        let late = (captions(&[(0, 1_000, "hello")]), place(limits::RECORDING_MS_MAX as u32, None));
        let held = join(vec![late]).err().and_then(|e| e.hold_reason());
        assert_eq!(held, Some(HoldReason::UnusableTimes));
    }
}
