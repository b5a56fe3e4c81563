//! Speaks the stretches of a file and ties every copy to their words. Common to all formats whose schemas say in roles
//! what they hold.

use super::json::scan;
use super::link::{Form, Linker, Piece};
use super::not_empty;
use super::schema::Node;
use super::source::{Leaf, Source};
use super::stretches::{File, Reading, Stretch, Word};
use super::times;
use super::turns::{Timed, VOICES_MAX, by_voice, too_many_voices};
use super::voices::{Heard, Voices};
use crate::base::{Result, TimeSpan, WordSpan};
use crate::model::{Speaker, TimeSource};

/// A segment of the same voice that goes on within this time, in a sentence that has not ended, continues its turn,
/// milliseconds: segments end where a recogniser's window does, or a line was full.
const CONTINUES_MS_MAX: u32 = 150;

/// Readings of one stretch with which a further one is compared: what was said, and three forms of two readings.
const CANDIDATES_MAX: usize = 7;

/// Whether a word of a list is a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entries {
    /// It is, and all that stands between two spaces of a text.
    Words,
    /// It may be a piece: where no space parts two, they are one word.
    Pieces,
}

/// All that tells one format from another.
pub(super) struct Layout {
    pub(super) root: &'static Node,
    pub(super) entries: Entries,
    /// How good word times are, where a file has them.
    pub(super) times: TimeSource,
    /// Puts right what roles cannot say.
    pub(super) arrange: fn(&Source, &mut File) -> Result<()>,
}

/// Reads the words of a file and ties its copies to them.
///
/// # Errors
/// Holds the call when the file is damaged, has a value that no rule covers, no words, too many, or copies that differ
/// too much from them.
pub(super) fn read(source: Source, layout: &Layout) -> Result<Linker> {
    let tape = scan(source.file(), layout.root)?;
    let mut file = File::of(&source, &tape)?;
    (layout.arrange)(&source, &mut file)?;
    let mut linker = Linker::of_json(source, &tape, layout.times);
    speak(&mut linker, file, layout, Vec::new())?;
    Ok(linker)
}

/// What a format needs whose roles say all.
#[expect(clippy::unnecessary_wraps, reason = "other formats' files can be wrong here")]
pub(super) fn as_it_is(_: &Source, _: &mut File) -> Result<()> {
    Ok(())
}

/// Speaks what a file holds; `labels` are those of speakers who are known already.
///
/// # Errors
/// Those of [`read`].
pub(super) fn speak(
    linker: &mut Linker,
    mut file: File,
    layout: &Layout,
    labels: Vec<(String, Speaker)>,
) -> Result<()> {
    if file.segments.is_empty() && file.channels.iter().all(|c| c.readings.is_empty()) {
        file.segments = std::mem::take(&mut file.copies);
    }
    sort_by_start(&mut file.segments);
    let voices = Voices::of(linker.source(), &file, labels);
    let mut speaker = Spoken { linker, voices, entries: layout.entries, times: layout.times, words: Vec::new() };
    let segments = speaker.segments(&file.segments)?;
    let channels = speaker.channels(&file.channels)?;
    speaker.linker.time_source(speaker.times);
    not_empty(speaker.linker)?;
    speaker.words.sort_by_key(|w| w.time.map(TimeSpan::start_ms));
    for (stretch, said) in file.segments.iter().zip(&segments).chain(file.channels.iter().zip(&channels)) {
        speaker.tie(stretch, said)?;
    }
    for stretch in &file.copies {
        speaker.copy(stretch, None)?;
    }
    let all: Vec<u32> = speaker.words.iter().map(|w| w.word).collect();
    for &leaf in &file.texts {
        speaker.linker.copy(&[running(leaf)], &all)?;
    }
    file.labels.iter().try_for_each(|&leaf| speaker.linker.label(leaf))
}

/// Sorts stretches by their start; one without a time stays behind the one before it.
fn sort_by_start(stretches: &mut Vec<Stretch>) {
    let mut before = None;
    let mut keyed: Vec<(Option<u32>, Stretch)> = Vec::with_capacity(stretches.len());
    for stretch in stretches.drain(..) {
        let start = stretch.time.or_else(|| stretch.words().iter().find_map(|w| w.time)).map(TimeSpan::start_ms);
        before = start.or(before);
        keyed.push((before, stretch));
    }
    keyed.sort_by_key(|k| k.0);
    stretches.extend(keyed.into_iter().map(|k| k.1));
}

/// A word on the clock of the call.
struct Placed {
    word: u32,
    time: Option<TimeSpan>,
    channel: Option<u16>,
}

/// What was said of a stretch.
#[derive(Default)]
struct Said {
    /// The words, in the order of the file.
    words: Vec<u32>,
    /// Of a list that was spoken: the words of each entry.
    entries: Vec<WordSpan>,
    /// A text was spoken, no list.
    is_text: bool,
}

struct Spoken<'a> {
    linker: &'a mut Linker,
    voices: Voices,
    entries: Entries,
    /// The worst so far.
    times: TimeSource,
    words: Vec<Placed>,
}

impl Spoken<'_> {
    /// Speaks stretches that are turns, in order of their start.
    fn segments(&mut self, segments: &[Stretch]) -> Result<Vec<Said>> {
        let mut all = Vec::with_capacity(segments.len());
        let mut before = None;
        for segment in segments {
            let said = self.segment(segment, &mut before)?;
            self.place(&said);
            all.push(said);
        }
        Ok(all)
    }

    fn segment(&mut self, segment: &Stretch, before: &mut Option<(Heard, u32)>) -> Result<Said> {
        let Some(reading) = segment.readings.first() else { return Ok(Said::default()) };
        let list = reading.lists.first().filter(|list| list.iter().any(|w| w.text.is_some()));
        let mut runs = Vec::new();
        if let Some(list) = list {
            let heard = self.heard(segment, list)?;
            // A segment over a change of speakers is more than one turn.
            let mut from = 0;
            for run in heard.chunk_by(|a, b| a == b) {
                runs.push((run[0], from..from + run.len()));
                from += run.len();
            }
        } else if reading.texts.iter().any(|&t| !self.linker.source().raw(t).trim().is_empty()) {
            runs.push((self.voices.heard(self.linker.source(), segment.voice), 0..0));
        }
        let mut said = Said { is_text: list.is_none(), ..Said::default() };
        for (heard, range) in runs {
            let goes_on =
                |&(of, end_ms): &(Heard, u32)| of == heard && segment.time.is_some_and(|t| continues(end_ms, t));
            if !before.as_ref().is_some_and(goes_on) {
                self.linker.turn(heard.speaker, heard.channel);
            }
            *before = self.open_end(segment, reading).map(|end_ms| (heard, end_ms));
            match list {
                Some(list) => self.list(&list[range], segment.time, &mut said)?,
                None => self.text(reading, segment.time, &mut said)?,
            }
        }
        Ok(said)
    }

    /// The voice of each word.
    ///
    /// # Errors
    /// Holds the call when the words of one voice run backwards, or there are too many voices.
    fn heard(&mut self, stretch: &Stretch, list: &[Word]) -> Result<Vec<Heard>> {
        let mut all = Vec::with_capacity(list.len());
        let mut last: Vec<(Heard, TimeSpan)> = Vec::new();
        for word in list {
            let heard = self.voices.heard(self.linker.source(), word.voice.or(stretch.voice));
            all.push(heard);
            let Some(time) = word.time else { continue };
            let voices = last.len();
            match last.iter_mut().find(|l| l.0 == heard) {
                Some(before) => {
                    times::in_order(Some(before.1), time)?;
                    before.1 = time;
                }
                None if voices == VOICES_MAX => return Err(too_many_voices()),
                None => last.push((heard, time)),
            }
        }
        Ok(all)
    }

    /// Where a segment ends whose sentence has not ended. Masking leaves the end of a text as it is.
    fn open_end(&self, segment: &Stretch, reading: &Reading) -> Option<u32> {
        let text = self.linker.source().raw(*reading.texts.first()?).trim_end();
        segment.time.filter(|_| !text.ends_with(['.', '?', '!'])).map(TimeSpan::end_ms)
    }

    fn text(&mut self, reading: &Reading, time: Option<TimeSpan>, said: &mut Said) -> Result<()> {
        let Some(&leaf) = reading.texts.first() else { return Ok(()) };
        self.times = worse(self.times, if time.is_some() { TimeSource::Segment } else { TimeSource::None });
        let words = self.linker.speak(Piece { leaf, form: Form::Running, time }, 1.0)?;
        said.words.extend(words.start..words.end);
        Ok(())
    }

    /// Speaks a list; where none of its words has a time, they have that of their stretch.
    fn list(&mut self, list: &[Word], time: Option<TimeSpan>, said: &mut Said) -> Result<()> {
        let coarse = time.filter(|_| list.iter().all(|w| w.time.is_none()));
        if coarse.is_some() {
            self.times = worse(self.times, TimeSource::Segment);
        }
        match self.entries {
            Entries::Words => {
                for word in list {
                    let words = self.entry(word, coarse)?;
                    said.words.extend(words.start..words.end);
                    said.entries.push(words);
                }
            }
            Entries::Pieces => {
                let pieces: Vec<Piece> = list.iter().filter_map(piece).collect();
                let words = self.linker.speak_joined(&pieces)?;
                said.words.extend(words.start..words.end);
            }
        }
        Ok(())
    }

    fn entry(&mut self, word: &Word, coarse: Option<TimeSpan>) -> Result<WordSpan> {
        let none = WordSpan::new(self.linker.len(), self.linker.len());
        let Some(leaf) = word.text else { return Ok(none) };
        if word.is_mark {
            self.linker.punctuate(leaf);
            return Ok(none);
        }
        let piece = Piece { leaf, form: Form::List, time: word.time.or(coarse) };
        self.linker.speak(piece, word.confidence.unwrap_or(1.0))
    }

    /// Speaks stretches of which turns must be made by speaker, channel and pause.
    fn channels(&mut self, channels: &[Stretch]) -> Result<Vec<Said>> {
        let lists: Vec<&[Word]> = channels.iter().map(Stretch::words).collect();
        let mut timed: Vec<Timed<Heard>> = Vec::new();
        let mut entries: Vec<(usize, usize)> = Vec::new();
        for (at, (stretch, list)) in channels.iter().zip(&lists).enumerate() {
            let heard = self.heard(stretch, list)?;
            for (index, (word, voice)) in list.iter().zip(heard).enumerate() {
                timed.push(Timed { index: entries.len() as u32, voice, time: word.time });
                entries.push((at, index));
            }
        }
        let mut spans: Vec<Vec<WordSpan>> = lists.iter().map(|l| vec![WordSpan::new(0, 0); l.len()]).collect();
        for (heard, words) in by_voice(timed)? {
            self.linker.turn(heard.speaker, heard.channel);
            for index in words {
                let (at, entry) = entries[index as usize];
                spans[at][entry] = self.entry(&lists[at][entry], None)?;
            }
        }
        let mut all = Vec::with_capacity(channels.len());
        for ((stretch, list), entries) in channels.iter().zip(lists).zip(spans) {
            let words = entries.iter().flat_map(|w| w.start..w.end).collect();
            let mut said = Said { words, entries, is_text: false };
            if list.is_empty()
                && let Some(reading) = stretch.readings.first()
            {
                let heard = self.voices.heard(self.linker.source(), stretch.voice);
                self.linker.turn(heard.speaker, heard.channel);
                self.text(reading, stretch.time, &mut said)?;
                said.is_text = true;
            }
            self.place(&said);
            all.push(said);
        }
        Ok(all)
    }

    /// Puts words on the clock, where copies find them.
    fn place(&mut self, said: &Said) {
        for &word in &said.words {
            let (time, channel) = self.linker.placed(word);
            self.words.push(Placed { word, time, channel });
        }
    }

    /// The words that start within a time, on one channel if it is said; without a time all words.
    fn within(&self, time: Option<TimeSpan>, channel: Option<u16>) -> Vec<u32> {
        let starts = |w: &&Placed| w.time.map(TimeSpan::start_ms);
        let (from, to) = match time {
            None => (0, self.words.len()),
            Some(time) => (
                self.words.partition_point(|w| starts(&w) < Some(time.start_ms())),
                self.words.partition_point(|w| starts(&w) < Some(time.end_ms().max(time.start_ms() + 1))),
            ),
        };
        let on = |w: &&Placed| channel.is_none() || w.channel.is_none() || w.channel == channel;
        self.words[from..to].iter().filter(on).map(|w| w.word).collect()
    }

    /// Ties what a stretch has besides its words.
    fn tie(&mut self, stretch: &Stretch, said: &Said) -> Result<()> {
        let mut readings = stretch.readings.iter();
        let Some(first) = readings.next() else { return Ok(()) };
        let spoken_list = first.lists.first().filter(|_| !said.is_text);
        for (word, words) in spoken_list.into_iter().flatten().zip(&said.entries) {
            if let Some(again) = word.again {
                let words: Vec<u32> = (words.start..words.end).collect();
                self.linker.copy(&[Piece { leaf: again, form: Form::List, time: word.time }], &words)?;
            }
        }
        // Not the text or list that was spoken.
        let rest = Rest { texts: usize::from(said.is_text), lists: usize::from(spoken_list.is_some()) };
        let mut read = vec![said.words.clone()];
        self.reading(first, rest, &mut read)?;
        for reading in readings {
            self.reading(reading, Rest::default(), &mut read)?;
        }
        for copy in stretch.readings.iter().flat_map(|r| &r.copies) {
            self.copy(copy, stretch.voice.channel)?;
        }
        for part in &stretch.parts {
            for &leaf in &part.texts {
                self.copy_of(&[running(leaf)], &mut read)?;
            }
            if let (Some((first, last)), Some(&text)) = (part.offsets, first.texts.first()) {
                self.linker.offsets(text, first, last);
            }
        }
        Ok(())
    }

    /// Ties lists and texts of a reading, each to whichever of those read before it is most like it, and adds them to
    /// these.
    fn reading(&mut self, reading: &Reading, rest: Rest, read: &mut Vec<Vec<u32>>) -> Result<()> {
        for list in reading.lists.iter().skip(rest.lists) {
            let pieces: Vec<Piece> = list.iter().filter_map(piece).collect();
            self.copy_of(&pieces, read)?;
        }
        for &leaf in reading.texts.iter().skip(rest.texts) {
            self.copy_of(&[running(leaf)], read)?;
        }
        Ok(())
    }

    fn copy_of(&mut self, pieces: &[Piece], read: &mut Vec<Vec<u32>>) -> Result<()> {
        let candidates: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
        let words = self.linker.copy_of_nearest(pieces, &candidates)?;
        if read.len() < CANDIDATES_MAX && !read.contains(&words) {
            read.push(words);
        }
        Ok(())
    }

    /// Ties a stretch whose words were spoken elsewhere, perhaps on this channel.
    fn copy(&mut self, stretch: &Stretch, channel: Option<u16>) -> Result<()> {
        let said = self.within(stretch.time, stretch.voice.channel.or(channel));
        let copied = Said { words: said, entries: Vec::new(), is_text: false };
        let again: Vec<Piece> =
            stretch.readings.iter().flat_map(|r| r.lists.first()).flatten().filter_map(again).collect();
        self.linker.copy(&again, &copied.words)?;
        let mut read = vec![copied.words];
        stretch.readings.iter().try_for_each(|reading| self.reading(reading, Rest::default(), &mut read))?;
        let parts = stretch.parts.iter().flat_map(|p| &p.texts);
        parts.into_iter().try_for_each(|&leaf| self.copy_of(&[running(leaf)], &mut read))
    }
}

/// How many texts and lists of a reading are tied already.
#[derive(Clone, Copy, Default)]
struct Rest {
    texts: usize,
    lists: usize,
}

/// Whether a segment follows at once on one that ended then.
const fn continues(end_ms: u32, segment: TimeSpan) -> bool {
    segment.start_ms() >= end_ms && segment.start_ms() - end_ms <= CONTINUES_MS_MAX
}

/// The worse of two sources of times.
pub(super) fn worse(a: TimeSource, b: TimeSource) -> TimeSource {
    let rank = |source| match source {
        TimeSource::Aligned => 0,
        TimeSource::Recogniser => 1,
        TimeSource::Coarse => 2,
        TimeSource::Segment => 3,
        TimeSource::None => 4,
    };
    if rank(a) >= rank(b) { a } else { b }
}

fn piece(word: &Word) -> Option<Piece> {
    Some(Piece { leaf: word.text.filter(|_| !word.is_mark)?, form: Form::List, time: word.time })
}

fn again(word: &Word) -> Option<Piece> {
    Some(Piece { leaf: word.again?, form: Form::List, time: word.time })
}

const fn running(leaf: Leaf) -> Piece {
    Piece { leaf, form: Form::Running, time: None }
}
