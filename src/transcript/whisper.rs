//! Whisper JSON: the hosted `verbose_json`, what the command-line program writes, and WhisperX'.
//!
//! The words are `segments[].words`, or the top-level `words` put in the order of the segments'
//! texts, or (without word times) the texts of the segments. Copies: whichever of these are there
//! besides, and `text`. Token ids can be decoded to text and are emptied.

use super::json::{Children, Tape, scan};
use super::link::{Form, Linker, Piece};
use super::schema::{Node, Role, Unit, shape};
use super::source::{Leaf, Source};
use super::voices::numbered;
use super::{not_empty, times};
use crate::base::{Result, TimeSpan, WordSpan};
use crate::model::{Speaker, TimeSource};

/// A segment that goes on within this time, in a sentence that has not ended, continues its turn,
/// milliseconds: segments end where 30 seconds do, or a line was full.
const CONTINUES_MS_MAX: u32 = 150;

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("text", Node::Text(Role::WholeText)),
        ("segments", Node::Array(Role::Group, &Node::Object(Role::Segment, SEGMENT))),
        ("words", WORDS),
        ("word_segments", WORDS),
        ("language", Node::Known(language)),
        ("task", Node::Known(task)),
        ("duration", Node::Known(shape::seconds)),
        ("usage", Node::Object(Role::Group, USAGE)),
        ("logprobs", Node::Dropped),
    ],
);

const USAGE: &[(&str, Node)] = &[
    ("type", Node::Known(usage)),
    ("seconds", Node::Known(shape::seconds)),
    ("input_tokens", Node::Known(shape::count)),
    ("output_tokens", Node::Known(shape::count)),
    ("total_tokens", Node::Known(shape::count)),
    (
        "input_token_details",
        Node::Object(
            Role::Group,
            &[("text_tokens", Node::Known(shape::count)), ("audio_tokens", Node::Known(shape::count))],
        ),
    ),
];

const SEGMENT: &[(&str, Node)] = &[
    ("type", Node::Known(segment_type)),
    ("id", Node::Known(segment_id)),
    ("seek", Node::Known(shape::count)),
    ("start", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("end", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("text", Node::Text(Role::Text)),
    ("tokens", Node::Dropped),
    ("temperature", Node::Known(shape::measure)),
    ("avg_logprob", Node::Known(shape::measure)),
    ("compression_ratio", Node::Known(shape::measure)),
    ("no_speech_prob", Node::Known(shape::measure)),
    ("words", WORDS),
    ("speaker", Node::Value(Role::Speaker, speaker)),
    ("chars", Node::Dropped),
];

const WORDS: Node = Node::Array(Role::Words, &Node::Object(Role::Word, WORD));

const WORD: &[(&str, Node)] = &[
    ("word", Node::Text(Role::Text)),
    ("start", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("end", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("probability", Node::Value(Role::Confidence, shape::measure)),
    ("score", Node::Value(Role::Confidence, shape::measure)),
    ("speaker", Node::Known(speaker)),
];

/// `SPEAKER_00`, or a letter.
fn speaker(text: &str) -> bool {
    let is_letter = text.len() == 1 && text.bytes().all(|b| b.is_ascii_uppercase());
    is_letter || text.strip_prefix("SPEAKER_").is_some_and(|n| (1..=3).contains(&n.len()) && shape::count(n))
}

fn segment_type(text: &str) -> bool {
    text == "transcript.text.segment"
}

/// `12`, `seg_012`
fn segment_id(text: &str) -> bool {
    shape::count(text.strip_prefix("seg_").unwrap_or(text))
}

/// The languages that the model knows by name; any other word may be a person's.
const LANGUAGES: &str = "afrikaans albanian amharic arabic armenian assamese azerbaijani bashkir basque belarusian \
    bengali bosnian breton bulgarian burmese cantonese castilian catalan chinese croatian czech danish dutch english \
    estonian faroese finnish flemish french galician georgian german greek gujarati haitian hausa hawaiian hebrew hindi \
    hungarian icelandic indonesian italian japanese javanese kannada kazakh khmer korean lao latin latvian lingala \
    lithuanian luxembourgish macedonian malagasy malay malayalam maltese mandarin maori marathi moldavian moldovan \
    mongolian myanmar nepali norwegian nynorsk occitan panjabi pashto persian polish portuguese punjabi pushto romanian \
    russian sanskrit serbian shona sindhi sinhala sinhalese slovak slovenian somali spanish sundanese swahili swedish \
    tagalog tajik tamil tatar telugu thai tibetan turkish turkmen ukrainian urdu uzbek valencian vietnamese welsh yiddish \
    yoruba";

fn language(text: &str) -> bool {
    shape::language_tag(text) || LANGUAGES.split_whitespace().any(|known| known == text)
}

fn task(text: &str) -> bool {
    matches!(text, "transcribe" | "translate")
}

fn usage(text: &str) -> bool {
    matches!(text, "duration" | "tokens")
}

/// Reads the words of a file and ties its copies to them.
pub(super) fn read(source: Source) -> Result<Linker> {
    let tape = scan(source.file(), &ROOT)?;
    let mut file = File::of(&source, &tape)?;
    let mut linker = Linker::of_json(source, &tape, TimeSource::None);
    if file.segments.iter().all(|s| s.words.is_empty()) {
        file.share_out_words(&mut linker)?;
    }
    linker.time_source(file.time_source(linker.source()));
    let spoken = speak(&mut linker, &file)?;
    not_empty(&linker)?;
    copies(&mut linker, &file, &spoken)?;
    Ok(linker)
}

#[derive(Clone, Copy, Default)]
struct Word {
    text: Option<Leaf>,
    /// Punctuation that the segment's text has after it.
    mark: Option<Leaf>,
    time: Option<TimeSpan>,
    confidence: Option<f32>,
}

#[derive(Default)]
struct Segment {
    time: Option<TimeSpan>,
    speaker: Option<Leaf>,
    texts: Vec<Leaf>,
    words: Vec<Word>,
}

#[derive(Default)]
struct File {
    texts: Vec<Leaf>,
    words: Vec<Word>,
    segments: Vec<Segment>,
}

impl File {
    fn of(source: &Source, tape: &Tape) -> Result<Self> {
        let mut file = Self::default();
        for (entry, inside) in tape.top() {
            match entry.role {
                Role::WholeText => file.texts.push(entry.leaf),
                Role::Words => file.words = words(source, inside)?,
                Role::Segment => {
                    file.segments.push(segment(source, inside)?);
                }
                _ => {}
            }
        }
        let mut before = None;
        for time in file.segments.iter().filter_map(|s| s.time) {
            times::in_order(before, time)?;
            before = Some(time);
        }
        Ok(file)
    }

    /// The worst of its words' times.
    fn time_source(&self, source: &Source) -> TimeSource {
        let says = |s: &Segment| s.texts.iter().any(|&t| !source.raw(t).trim().is_empty());
        if self.segments.iter().any(|s| s.words.is_empty() && s.time.is_none() && says(s)) || self.segments.is_empty() {
            TimeSource::None
        } else if self.segments.iter().any(|s| s.words.is_empty() && says(s)) {
            TimeSource::Segment
        } else {
            TimeSource::Coarse
        }
    }

    /// Gives the top-level words to the segments whose text has them, in the order of that text; a word
    /// that no text has goes with the word before it.
    fn share_out_words(&mut self, linker: &mut Linker) -> Result<()> {
        if self.words.is_empty() {
            return Ok(());
        }
        let said: Vec<Leaf> = self.segments.iter().flat_map(|s| s.texts.iter().copied()).collect();
        let all: Vec<Leaf> = self.words.iter().filter_map(|w| w.text).collect();
        if said.is_empty() {
            let words = std::mem::take(&mut self.words);
            self.segments = vec![Segment { words, ..Segment::default() }];
            return Ok(());
        }
        let ends = self.segments.iter().enumerate().flat_map(|(at, s)| s.texts.iter().map(move |t| (t.end, at)));
        let ends: Vec<(u32, usize)> = ends.collect();
        let mut words: Vec<Word> = self.words.drain(..).filter(|w| w.text.is_some()).collect();
        let mut places = vec![None; words.len()];
        for (at, (token, word)) in linker.compare(&said, &all)?.into_iter().enumerate() {
            let Some(word) = word.map(|w| w as usize).filter(|&w| places[w].is_none()) else { continue };
            let segment = ends[ends.partition_point(|e| e.0 < token.raw.1)].1;
            places[word] = Some((segment, at));
            words[word].mark = words[word].text.and_then(|text| mark_after(linker.source(), text, token.raw));
        }
        let mut before = (0, 0);
        let mut order: Vec<((usize, usize), Word)> = Vec::with_capacity(words.len());
        for (word, place) in words.into_iter().zip(places) {
            before = place.unwrap_or(before);
            order.push((before, word));
        }
        order.sort_by_key(|o| o.0);
        for ((segment, _), word) in order {
            self.segments[segment].words.push(word);
        }
        Ok(())
    }
}

/// The punctuation with which the token `raw` of a text goes on after the word of a list.
fn mark_after(source: &Source, word: Leaf, raw: (u32, u32)) -> Option<Leaf> {
    let token = Leaf::plain(raw.0 as usize, raw.1 as usize);
    let mark = source.raw(token).strip_prefix(source.raw(word).trim())?;
    let plain = !mark.is_empty() && mark.bytes().all(|b| b.is_ascii_punctuation() && b != b'\\');
    plain.then(|| Leaf::plain(token.range().end - mark.len(), token.range().end))
}

fn segment(source: &Source, inside: Children) -> Result<Segment> {
    let mut segment = Segment::default();
    let (mut start, mut end) = (None, None);
    for (entry, inside) in inside {
        match entry.role {
            Role::Text => segment.texts.push(entry.leaf),
            Role::Start(_) => start = Some(entry.leaf),
            Role::End(_) => end = Some(entry.leaf),
            Role::Words => segment.words = words(source, inside)?,
            Role::Speaker => segment.speaker = Some(entry.leaf),
            _ => {}
        }
    }
    segment.time = span(source, start, end)?;
    Ok(segment)
}

fn words(source: &Source, list: Children) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    let mut before = None;
    for (_, inside) in list {
        let mut word = Word::default();
        let (mut start, mut end) = (None, None);
        for (entry, _) in inside {
            match entry.role {
                Role::Text => word.text = Some(entry.leaf),
                Role::Start(_) => start = Some(entry.leaf),
                Role::End(_) => end = Some(entry.leaf),
                Role::Confidence => word.confidence = source.raw(entry.leaf).parse().ok(),
                _ => {}
            }
        }
        word.time = span(source, start, end)?;
        if let Some(time) = word.time {
            times::in_order(before, time)?;
            before = Some(time);
        }
        words.push(word);
    }
    Ok(words)
}

fn span(source: &Source, start: Option<Leaf>, end: Option<Leaf>) -> Result<Option<TimeSpan>> {
    start.zip(end).map(|(start, end)| times::seconds(source.raw(start), source.raw(end))).transpose()
}

/// Speaks the segments; returns the words of each.
fn speak(linker: &mut Linker, file: &File) -> Result<Vec<WordSpan>> {
    let mut spans = Vec::with_capacity(file.segments.len());
    let mut before: Option<&Segment> = None;
    for segment in &file.segments {
        if before.is_none_or(|before| !continues(linker.source(), before, segment)) {
            let speaker = segment.speaker.and_then(|label| numbered(linker.source().raw(label)));
            linker.turn(speaker.unwrap_or(Speaker::Unknown), None);
        }
        before = Some(segment);
        let first = linker.len();
        for word in &segment.words {
            if let Some(leaf) = word.text {
                let piece = Piece { leaf, form: Form::List, time: word.time };
                linker.speak(piece, word.confidence.unwrap_or(1.0))?;
                word.mark.into_iter().for_each(|mark| linker.punctuate(mark));
            }
        }
        if segment.words.is_empty() {
            for &leaf in &segment.texts {
                linker.speak(Piece { leaf, form: Form::Running, time: segment.time }, 1.0)?;
            }
        }
        spans.push(WordSpan::new(first, linker.len()));
    }
    if file.segments.is_empty() {
        linker.turn(Speaker::Unknown, None);
        if let Some(&leaf) = file.texts.first() {
            linker.speak(Piece { leaf, form: Form::Running, time: None }, 1.0)?;
        }
    }
    Ok(spans)
}

/// Whether a segment goes on in the sentence of the one before it.
fn continues(source: &Source, before: &Segment, segment: &Segment) -> bool {
    let open = before.texts.last().is_some_and(|&t| !source.raw(t).trim_end().ends_with(['.', '?', '!']));
    let (Some(end), Some(start)) = (before.time.map(TimeSpan::end_ms), segment.time.map(TimeSpan::start_ms)) else {
        return false;
    };
    let label = |s: &Segment| s.speaker.map(|label| source.raw(label));
    open && start >= end && start - end <= CONTINUES_MS_MAX && label(before) == label(segment)
}

fn copies(linker: &mut Linker, file: &File, spoken: &[WordSpan]) -> Result<()> {
    let all: Vec<u32> = (0..linker.len()).collect();
    for (segment, words) in file.segments.iter().zip(spoken).filter(|(s, _)| !s.words.is_empty()) {
        for &leaf in &segment.texts {
            linker.copy(&[running(leaf)], &all[words.range()])?;
        }
    }
    // Without segments the first text is where the words come from.
    for &leaf in file.texts.iter().skip(usize::from(file.segments.is_empty())) {
        linker.copy(&[running(leaf)], &all)?;
    }
    let list: Vec<Piece> =
        file.words.iter().filter_map(|w| Some(Piece { leaf: w.text?, form: Form::List, time: w.time })).collect();
    linker.copy(&list, &all)?;
    Ok(())
}

const fn running(leaf: Leaf) -> Piece {
    Piece { leaf, form: Form::Running, time: None }
}
