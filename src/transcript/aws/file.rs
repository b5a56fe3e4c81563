//! What an Amazon Transcribe file holds: its schema, and its values sorted by kind.

use super::super::json::{Children, Tape};
use super::super::schema::{Node, Role, Unit, shape};
use super::super::source::{Leaf, Source};
use super::super::times;
use super::super::turns::{Timed, VOICES_MAX, by_voice, too_many_voices};
use crate::base::{Result, TimeSpan};
use crate::model::Speaker;

pub(super) static ROOT: Node = Node::Object(
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
        // Transcribe Medical.
        ("entities", Node::Dropped),
    ],
);

const ITEMS: Node = Node::Array(Role::Words, &Node::Object(Role::Word, ITEM));

const ITEM: &[(&str, Node)] = &[
    ("id", Node::Value(Role::Index, shape::count)),
    ("start_time", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("channel_label", Node::Value(Role::Channel, shape::channel_label)),
    ("speaker_label", Node::Value(Role::Speaker, shape::speaker_label)),
    ("end_time", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
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
        ("start_time", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
        ("end_time", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
        ("channel_label", Node::Value(Role::Channel, shape::channel_label)),
        ("speaker_label", Node::Value(Role::Speaker, shape::speaker_label)),
        ("language_code", Node::Known(shape::language_tag)),
        ("items", Node::Array(Role::Group, &Node::Value(Role::Index, shape::count))),
    ],
);

const SEGMENT: Node = Node::Object(
    Role::NBest,
    &[
        ("start_time", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
        ("end_time", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
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
    ("start_time", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("end_time", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("speaker_label", Node::Value(Role::Speaker, shape::speaker_label)),
    ("channel_label", Node::Known(shape::channel_label)),
];

const TOXICITY: Node = Node::Object(
    Role::NBest,
    &[
        ("text", Node::Text(Role::Text)),
        ("start_time", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
        ("end_time", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
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

/// A word or punctuation mark of a list.
#[derive(Clone, Copy, Default)]
pub(super) struct Item {
    pub(super) content: Option<Leaf>,
    pub(super) time: Option<TimeSpan>,
    pub(super) index: Option<u32>,
    pub(super) voice: Voice,
    pub(super) confidence: Option<f32>,
    pub(super) punctuation: bool,
}

/// Who says a word, as far as the labels tell.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Voice {
    pub(super) channel: Option<u16>,
    pub(super) speaker: Option<u16>,
}

impl Voice {
    /// The agent is on the left channel unless the speakers are told apart by voice.
    pub(super) fn speaker(self) -> Speaker {
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
pub(super) struct Segment {
    pub(super) time: Option<TimeSpan>,
    pub(super) voice: Voice,
    pub(super) texts: Vec<Leaf>,
    /// Indexes of its items.
    pub(super) items: Vec<u32>,
    pub(super) readings: Vec<Reading>,
}

#[derive(Default)]
pub(super) struct Reading {
    pub(super) texts: Vec<Leaf>,
    pub(super) items: Vec<Item>,
}

/// What a file holds, sorted by kind.
#[derive(Default)]
pub(super) struct File {
    pub(super) job_name: Option<Leaf>,
    pub(super) transcripts: Vec<Leaf>,
    /// The words.
    pub(super) items: Vec<Item>,
    /// Second lists of the words, each of one channel or (nothing) of all.
    pub(super) lists: Vec<(Option<u16>, Vec<Item>)>,
    /// Further readings of one item, by the item's place.
    pub(super) readings: Vec<(u32, Leaf)>,
    pub(super) audio_segments: Vec<Segment>,
    pub(super) segments: Vec<Segment>,
}

impl File {
    pub(super) fn of(source: &Source, tape: &Tape) -> Result<Self> {
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
        if self.lists.len() == VOICES_MAX {
            return Err(too_many_voices());
        }
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
    pub(super) fn segment_turns(&self) -> Option<Vec<(Voice, Vec<u32>)>> {
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
    pub(super) fn voice_turns(&self) -> Result<Vec<(Voice, Vec<u32>)>> {
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
            Role::Start(_) => start = Some(leaf),
            Role::End(_) => end = Some(leaf),
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
            Role::Start(_) => start = Some(leaf),
            Role::End(_) => end = Some(leaf),
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
    start.zip(end).map(|(start, end)| times::seconds(source.raw(start), source.raw(end))).transpose()
}

/// The number of `spk_3` or `ch_1`.
fn number(source: &Source, label: Leaf) -> Option<u16> {
    source.raw(label).rsplit('_').next()?.parse().ok()
}
