//! Amazon Transcribe JSON: batch output, plain or redacted by the vendor, by channel, by speaker or
//! neither.
//!
//! The words are `results.items`, or the channels' items where only those tell the channel. Copies of
//! them: the channels' items, `transcripts`, `audio_segments`, the n-best readings in `segments`,
//! further readings of an item, `toxicity_detection`.

use super::json::{Children, Tape, scan};
use super::link::{Form, Linker, Piece};
use super::schema::{Node, Role, shape};
use super::source::{Leaf, Source};
use super::turns::{Timed, by_voice};
use super::{not_empty, times};
use crate::base::{Result, TimeSpan, WordSpan};
use crate::model::{Speaker, TimeSource};

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("jobName", Node::Text(Role::JobName)),
        ("accountId", Node::Known(shape::account)),
        ("status", Node::Known(shape::job_status)),
        ("results", RESULTS),
    ],
);

const RESULTS: Node = Node::Object(
    Role::Group,
    &[
        ("items", ITEMS),
        ("transcripts", Node::Array(Role::Group, &TRANSCRIPT)),
        ("audio_segments", Node::Array(Role::Group, &AUDIO_SEGMENT)),
        ("segments", Node::Array(Role::Group, &SEGMENT)),
        ("channel_labels", Node::Object(Role::Group, &[("channels", Node::Array(Role::Group, &CHANNEL))])),
        ("speaker_labels", SPEAKER_LABELS),
        ("toxicity_detection", Node::Array(Role::Group, &TOXICITY)),
        ("language_code", Node::Known(shape::language_tag)),
        ("language_codes", Node::Array(Role::Group, &LANGUAGE)),
        ("language_identification", Node::Array(Role::Group, &LANGUAGE)),
    ],
);

const ITEMS: Node = Node::Array(Role::Words, &Node::Object(Role::Word, ITEM));

const ITEM: &[(&str, Node)] = &[
    ("id", Node::Value(Role::Index, shape::count)),
    ("start_time", Node::Value(Role::Start, shape::seconds)),
    ("channel_label", Node::Value(Role::Channel, shape::channel_label)),
    ("speaker_label", Node::Value(Role::Speaker, shape::speaker_label)),
    ("end_time", Node::Value(Role::End, shape::seconds)),
    ("alternatives", Node::Array(Role::Group, &Node::Object(Role::Group, ITEM_READING))),
    ("type", Node::Value(Role::Kind, shape::item_type)),
    ("language_code", Node::Known(shape::language_tag)),
    // In n-best readings these two stand in the item itself.
    ("confidence", Node::Value(Role::Confidence, shape::measure)),
    ("content", Node::Text(Role::Text)),
];

const ITEM_READING: &[(&str, Node)] = &[
    ("confidence", Node::Value(Role::Confidence, shape::measure)),
    ("content", Node::Text(Role::Text)),
    ("redactions", Node::Array(Role::Group, &Node::Object(Role::Group, REDACTION))),
];

const REDACTION: &[(&str, Node)] = &[
    ("confidence", Node::Known(shape::measure)),
    ("type", Node::Known(shape::constant)),
    ("category", Node::Known(shape::constant)),
];

const TRANSCRIPT: Node = Node::Object(
    Role::Group,
    &[("transcript", Node::Text(Role::WholeText)), ("language_code", Node::Known(shape::language_tag))],
);

const AUDIO_SEGMENT: Node = Node::Object(
    Role::Segment,
    &[
        ("id", Node::Known(shape::count)),
        ("transcript", Node::Text(Role::Text)),
        ("start_time", Node::Value(Role::Start, shape::seconds)),
        ("end_time", Node::Value(Role::End, shape::seconds)),
        ("channel_label", Node::Value(Role::Channel, shape::channel_label)),
        ("speaker_label", Node::Value(Role::Speaker, shape::speaker_label)),
        ("language_code", Node::Known(shape::language_tag)),
        ("items", Node::Array(Role::Group, &Node::Value(Role::Index, shape::count))),
    ],
);

const SEGMENT: Node = Node::Object(
    Role::NBest,
    &[
        ("start_time", Node::Value(Role::Start, shape::seconds)),
        ("end_time", Node::Value(Role::End, shape::seconds)),
        ("channel_label", Node::Value(Role::Channel, shape::channel_label)),
        ("speaker_label", Node::Known(shape::speaker_label)),
        ("language_code", Node::Known(shape::language_tag)),
        ("alternatives", Node::Array(Role::Group, &READING)),
    ],
);

const READING: Node = Node::Object(
    Role::Reading,
    &[("transcript", Node::Text(Role::Text)), ("items", ITEMS), ("confidence", Node::Known(shape::measure))],
);

const CHANNEL: Node = Node::Object(
    Role::ChannelWords,
    &[("channel_label", Node::Value(Role::Channel, shape::channel_label)), ("items", ITEMS)],
);

const SPEAKER_LABELS: Node = Node::Object(
    Role::Group,
    &[
        ("channel_label", Node::Known(shape::channel_label)),
        ("speakers", Node::Known(shape::count)),
        ("segments", Node::Array(Role::Group, &Node::Object(Role::Group, SPEAKER_SEGMENT))),
    ],
);

const SPEAKER_SEGMENT: &[(&str, Node)] = &[
    ("start_time", Node::Known(shape::seconds)),
    ("end_time", Node::Known(shape::seconds)),
    ("speaker_label", Node::Known(shape::speaker_label)),
    ("items", Node::Array(Role::Group, &Node::Object(Role::SpeakerTimes, SPEAKER_ITEM))),
];

const SPEAKER_ITEM: &[(&str, Node)] = &[
    ("start_time", Node::Value(Role::Start, shape::seconds)),
    ("end_time", Node::Value(Role::End, shape::seconds)),
    ("speaker_label", Node::Value(Role::Speaker, shape::speaker_label)),
    ("channel_label", Node::Known(shape::channel_label)),
];

const TOXICITY: Node = Node::Object(
    Role::NBest,
    &[
        ("text", Node::Text(Role::Text)),
        ("start_time", Node::Value(Role::Start, shape::seconds)),
        ("end_time", Node::Value(Role::End, shape::seconds)),
    ],
);

const LANGUAGE: Node = Node::Object(
    Role::Group,
    &[
        ("language_code", Node::Known(shape::language_tag)),
        ("code", Node::Known(shape::language_tag)),
        ("score", Node::Known(shape::measure)),
        ("duration_in_seconds", Node::Known(shape::seconds)),
    ],
);

/// Reads the words of a file and ties its copies to them.
pub(super) fn read(source: Source) -> Result<Linker> {
    let tape = scan(source.file(), &ROOT)?;
    let file = File::of(&source, &tape)?;
    let mut linker = Linker::new(source, TimeSource::Recogniser);
    let spoken = speak(&mut linker, &file)?;
    not_empty(&linker)?;
    copies(&mut linker, &file, &spoken)?;
    Ok(linker)
}

/// A word or punctuation mark of a list.
#[derive(Clone, Copy, Default)]
struct Item {
    content: Option<Leaf>,
    time: Option<TimeSpan>,
    index: Option<u32>,
    voice: Voice,
    confidence: Option<f32>,
    punctuation: bool,
}

/// Who says a word, as far as the labels tell.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Voice {
    channel: Option<u16>,
    speaker: Option<u16>,
}

impl Voice {
    /// The agent is on the left channel unless the speakers are told apart by voice.
    fn speaker(self) -> Speaker {
        match (self.speaker, self.channel) {
            (Some(number), _) => Speaker::Numbered(number),
            (None, Some(0)) => Speaker::Agent,
            (None, Some(1)) => Speaker::Caller,
            (None, Some(number)) => Speaker::Numbered(number),
            (None, None) => Speaker::Unknown,
        }
    }
}

/// A stretch of the call with text of its own.
#[derive(Default)]
struct Segment {
    time: Option<TimeSpan>,
    voice: Voice,
    texts: Vec<Leaf>,
    /// Indexes of its items.
    items: Vec<u32>,
    readings: Vec<Reading>,
}

#[derive(Default)]
struct Reading {
    texts: Vec<Leaf>,
    items: Vec<Item>,
}

/// What a file holds, sorted by kind.
#[derive(Default)]
struct File {
    job_name: Option<Leaf>,
    transcripts: Vec<Leaf>,
    /// The words.
    items: Vec<Item>,
    /// Second lists of the words, each of one channel or (nothing) of all.
    lists: Vec<(Option<u16>, Vec<Item>)>,
    /// Further readings of one item, by the item's place.
    readings: Vec<(u32, Leaf)>,
    audio_segments: Vec<Segment>,
    segments: Vec<Segment>,
}

impl File {
    fn of(source: &Source, tape: &Tape) -> Result<Self> {
        let mut file = Self::default();
        let mut speakers: Vec<(u32, Option<u16>)> = Vec::new();
        for (entry, inside) in tape.top() {
            match entry.role {
                Role::JobName => file.job_name = Some(entry.leaf),
                Role::WholeText => file.transcripts.push(entry.leaf),
                Role::Words => file.items = items(source, inside, &mut file.readings)?,
                Role::ChannelWords => file.channel(source, inside)?,
                Role::SpeakerTimes => {
                    let word = item(source, inside, |_| ())?;
                    speakers.extend(word.time.map(|t| (t.start_ms(), word.voice.speaker)));
                }
                Role::Segment => file.audio_segments.push(segment(source, inside)?),
                Role::NBest => file.segments.push(segment(source, inside)?),
                _ => {}
            }
        }
        file.name_speakers(speakers);
        file.prefer_channels();
        Ok(file)
    }

    fn channel(&mut self, source: &Source, inside: Children) -> Result<()> {
        let mut channel = None;
        let mut list = Vec::new();
        for (entry, inside) in inside {
            match entry.role {
                Role::Channel => channel = number(source, entry.leaf),
                Role::Words => list = items(source, inside, &mut Vec::new())?,
                _ => {}
            }
        }
        list.iter_mut().for_each(|item| item.voice.channel = item.voice.channel.or(channel));
        self.lists.push((channel, list));
        Ok(())
    }

    /// Older files tell the speaker of a word only by its start.
    fn name_speakers(&mut self, mut speakers: Vec<(u32, Option<u16>)>) {
        speakers.sort_unstable();
        for item in self.items.iter_mut().filter(|i| i.voice.speaker.is_none()) {
            let Some(start) = item.time.map(TimeSpan::start_ms) else { continue };
            let found = speakers.binary_search_by_key(&start, |s| s.0);
            item.voice.speaker = found.ok().and_then(|at| speakers[at].1);
        }
    }

    /// Older files tell the channel of a word only in the channels' own lists: those are the words then.
    fn prefer_channels(&mut self) {
        let labelled = self.items.iter().any(|i| i.voice.channel.is_some());
        if labelled || self.lists.is_empty() || !self.readings.is_empty() {
            return;
        }
        let unlabelled = std::mem::take(&mut self.items);
        for (_, list) in self.lists.drain(..) {
            self.items.extend(list);
        }
        self.lists.push((None, unlabelled));
        self.items.iter_mut().for_each(|i| i.index = None);
        self.audio_segments.iter_mut().for_each(|s| s.items.clear());
    }

    /// The audio segments as turns, if they hold every word exactly once.
    fn segment_turns(&self) -> Option<Vec<(Voice, Vec<u32>)>> {
        let numbered = self.items.iter().enumerate().all(|(at, i)| i.index.is_none_or(|index| index as usize == at));
        let mut held = vec![false; self.items.len()];
        for &index in self.audio_segments.iter().flat_map(|s| &s.items) {
            let slot = held.get_mut(index as usize).filter(|held| !**held)?;
            *slot = true;
        }
        if !numbered || !held.iter().zip(&self.items).all(|(&held, item)| held || item.punctuation) {
            return None;
        }
        let start = |s: &&Segment| s.items.iter().find_map(|&i| self.items[i as usize].time).map(TimeSpan::start_ms);
        let mut segments: Vec<&Segment> = self.audio_segments.iter().filter(|s| !s.items.is_empty()).collect();
        segments.sort_by_key(start);
        let voice = |s: &Segment| Voice {
            channel: s.voice.channel.or(self.items[s.items[0] as usize].voice.channel),
            speaker: s.voice.speaker.or(self.items[s.items[0] as usize].voice.speaker),
        };
        Some(segments.into_iter().map(|s| (voice(s), s.items.clone())).collect())
    }

    /// Turns by channel, speaker and pause; punctuation goes with the word before it.
    fn voice_turns(&self) -> Result<Vec<(Voice, Vec<u32>)>> {
        let all = self.items.iter().enumerate();
        let words = all.filter(|(_, i)| !i.punctuation);
        let timed = words.map(|(at, i)| Timed { index: at as u32, voice: i.voice, time: i.time });
        let mut turns = by_voice(timed.collect())?;
        for (_, words) in &mut turns {
            let marks_after = |word: u32| {
                let rest = &self.items[word as usize + 1..];
                word + 1..word + 1 + rest.iter().take_while(|i| i.punctuation).count() as u32
            };
            *words = words.iter().flat_map(|&w| std::iter::once(w).chain(marks_after(w))).collect();
        }
        Ok(turns)
    }
}

fn items(source: &Source, list: Children, readings: &mut Vec<(u32, Leaf)>) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for (at, (_, inside)) in list.enumerate() {
        items.push(item(source, inside, |further| readings.push((at as u32, further)))?);
    }
    Ok(items)
}

fn item(source: &Source, inside: Children, mut further: impl FnMut(Leaf)) -> Result<Item> {
    let mut item = Item::default();
    let (mut start, mut end) = (None, None);
    for (entry, _) in inside {
        let leaf = entry.leaf;
        match entry.role {
            Role::Text if item.content.is_some() => further(leaf),
            Role::Text => item.content = Some(leaf),
            Role::Start => start = Some(leaf),
            Role::End => end = Some(leaf),
            Role::Channel => item.voice.channel = number(source, leaf),
            Role::Speaker => item.voice.speaker = number(source, leaf),
            Role::Confidence if item.confidence.is_none() => item.confidence = source.raw(leaf).parse().ok(),
            Role::Index => item.index = source.raw(leaf).parse().ok(),
            Role::Kind => item.punctuation = source.raw(leaf) == "punctuation",
            _ => {}
        }
    }
    item.time = span(source, start, end)?;
    // A vendor's "punctuation" that says something is a word.
    item.punctuation &= item.content.is_none_or(|c| !source.raw(c).contains(char::is_alphanumeric));
    Ok(item)
}

fn segment(source: &Source, inside: Children) -> Result<Segment> {
    let mut segment = Segment::default();
    let (mut start, mut end) = (None, None);
    for (entry, inside) in inside {
        let leaf = entry.leaf;
        match entry.role {
            Role::Text => segment.texts.push(leaf),
            Role::Start => start = Some(leaf),
            Role::End => end = Some(leaf),
            Role::Channel => segment.voice.channel = number(source, leaf),
            Role::Speaker => segment.voice.speaker = number(source, leaf),
            Role::Index => segment.items.extend(source.raw(leaf).parse::<u32>().ok()),
            Role::Reading => segment.readings.push(reading(source, inside)?),
            _ => {}
        }
    }
    segment.time = span(source, start, end)?;
    Ok(segment)
}

fn reading(source: &Source, inside: Children) -> Result<Reading> {
    let mut reading = Reading::default();
    for (entry, inside) in inside {
        match entry.role {
            Role::Text => reading.texts.push(entry.leaf),
            Role::Words => {
                let mut further = Vec::new();
                reading.items = items(source, inside, &mut further)?;
                reading.texts.extend(further.into_iter().map(|(_, leaf)| leaf));
            }
            _ => {}
        }
    }
    Ok(reading)
}

fn span(source: &Source, start: Option<Leaf>, end: Option<Leaf>) -> Result<Option<TimeSpan>> {
    let both = start.zip(end).filter(|(s, e)| s.start < s.end && e.start < e.end);
    both.map(|(start, end)| times::seconds(source.raw(start), source.raw(end))).transpose()
}

/// The number of `spk_3` or `ch_1`.
fn number(source: &Source, label: Leaf) -> Option<u16> {
    source.raw(label).rsplit('_').next()?.parse().ok()
}

/// Where the items of the file went.
struct Spoken {
    /// The words of each item.
    words: Vec<WordSpan>,
    /// All words in the order of the file, or of time where the file has them channel by channel.
    order: Vec<u32>,
    /// Starts and voices of the words that have a time, sorted by start.
    by_start: Vec<(TimeSpan, Option<u16>, u32)>,
    /// The turns are the audio segments.
    by_segment: bool,
}

fn speak(linker: &mut Linker, file: &File) -> Result<Spoken> {
    in_order(&file.items)?;
    let by_segment = file.segment_turns();
    let mut spoken = Spoken {
        words: vec![WordSpan::new(0, 0); file.items.len()],
        order: Vec::with_capacity(file.items.len()),
        by_start: Vec::with_capacity(file.items.len()),
        by_segment: by_segment.is_some(),
    };
    let turns = by_segment.map_or_else(|| file.voice_turns(), Ok)?;
    for (voice, items) in turns {
        linker.turn(voice.speaker(), voice.channel);
        for index in items {
            let item = &file.items[index as usize];
            match item.content {
                Some(content) if item.punctuation => linker.punctuate(content),
                Some(content) => {
                    let piece = Piece { leaf: content, form: Form::List, time: item.time };
                    let confidence = item.confidence.unwrap_or(1.0);
                    spoken.words[index as usize] = linker.speak(piece, confidence)?;
                }
                None => {}
            }
        }
    }
    for (item, words) in file.items.iter().zip(&spoken.words) {
        spoken.order.extend(words.start..words.end);
        let timed = item.time.map(|t| (words.start..words.end).map(move |w| (t, item.voice.channel, w)));
        spoken.by_start.extend(timed.into_iter().flatten());
    }
    spoken.by_start.sort_by_key(|w| w.0.start_ms());
    if file.lists.iter().any(|(channel, _)| channel.is_none()) {
        spoken.order = spoken.by_start.iter().map(|w| w.2).collect();
    }
    Ok(spoken)
}

fn in_order(items: &[Item]) -> Result<()> {
    let mut last: Vec<(Voice, TimeSpan)> = Vec::new();
    for item in items {
        let Some(time) = item.time else { continue };
        match last.iter_mut().find(|l| l.0 == item.voice) {
            Some(before) => {
                times::in_order(Some(before.1), time)?;
                before.1 = time;
            }
            None => last.push((item.voice, time)),
        }
    }
    Ok(())
}

impl Spoken {
    /// The words that start within a time, on one channel if it is said.
    fn within(&self, time: Option<TimeSpan>, channel: Option<u16>) -> Vec<u32> {
        let Some(time) = time else { return self.order.clone() };
        let from = self.by_start.partition_point(|w| w.0.start_ms() < time.start_ms());
        let rest = self.by_start[from..].iter().take_while(|w| w.0.start_ms() < time.end_ms().max(time.start_ms() + 1));
        rest.filter(|w| channel.is_none() || w.1.is_none() || w.1 == channel).map(|w| w.2).collect()
    }

    fn of_items(&self, items: &[u32]) -> Vec<u32> {
        items.iter().flat_map(|&i| self.words[i as usize].start..self.words[i as usize].end).collect()
    }
}

fn copies(linker: &mut Linker, file: &File, spoken: &Spoken) -> Result<()> {
    for &(item, leaf) in &file.readings {
        linker.copy(&[Piece { leaf, form: Form::List, time: None }], &spoken.of_items(&[item]))?;
    }
    for (channel, list) in &file.lists {
        let references = match channel {
            None => spoken.order.clone(),
            Some(_) => {
                let of_channel = |&(_, item): &(usize, &Item)| item.voice.channel == *channel;
                let items = file.items.iter().enumerate().filter(of_channel).map(|(at, _)| at as u32);
                spoken.of_items(&items.collect::<Vec<_>>())
            }
        };
        linker.copy(&pieces(list), &references)?;
    }
    for &leaf in &file.transcripts {
        linker.copy(&[running(leaf)], &spoken.order)?;
    }
    for segment in &file.audio_segments {
        let references = match spoken.by_segment {
            true => spoken.of_items(&segment.items),
            false => spoken.within(segment.time, segment.voice.channel),
        };
        for &leaf in &segment.texts {
            linker.copy(&[running(leaf)], &references)?;
        }
    }
    for segment in &file.segments {
        let references = spoken.within(segment.time, segment.voice.channel);
        for &leaf in &segment.texts {
            linker.copy(&[running(leaf)], &references)?;
        }
        for reading in &segment.readings {
            // The text of a reading is a copy of that reading's items.
            let items = pieces(&reading.items);
            let read = if items.is_empty() { references.clone() } else { linker.copy(&items, &references)? };
            for &leaf in &reading.texts {
                linker.copy(&[running(leaf)], &read)?;
            }
        }
    }
    job_name(linker, file.job_name)
}

const fn running(leaf: Leaf) -> Piece {
    Piece { leaf, form: Form::Running, time: None }
}

fn pieces(items: &[Item]) -> Vec<Piece> {
    let words = items.iter().filter(|i| !i.punctuation);
    words.filter_map(|i| Some(Piece { leaf: i.content?, form: Form::List, time: i.time })).collect()
}

/// A job's name is often made of a file's name: it stays if it is a UUID, or a word and a number, of
/// which detection sees the word.
fn job_name(linker: &mut Linker, name: Option<Leaf>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let text = linker.source().raw(name);
    if is_uuid(text) {
        return Ok(());
    }
    let word = text.split_once('-').filter(|(word, number)| {
        (1..=12).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_alphabetic())
            && (1..=6).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
    });
    let word = word.map(|(word, _)| Leaf::plain(name.start as usize, name.start as usize + word.len()));
    linker.job_name(name, word)
}

fn is_uuid(text: &str) -> bool {
    let groups = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(groups) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
