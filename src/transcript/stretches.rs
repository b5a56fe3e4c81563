//! What a JSON transcript holds, sorted: stretches of speech, readings of them, words. Common to all formats whose
//! schemas say it in roles; nothing here knows a vendor.

use super::json::{Children, Entry, Tape};
use super::schema::Role;
use super::source::{Leaf, Source};
use super::times;
use crate::base::{Result, TimeSpan};

/// A word, or a piece of one.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    pub(super) text: Option<Leaf>,
    /// The same in another form.
    pub(super) again: Option<Leaf>,
    pub(super) time: Option<TimeSpan>,
    pub(super) confidence: Option<f32>,
    pub(super) voice: Voice,
    /// Nothing but a mark that belongs to the word before.
    pub(super) is_mark: bool,
}

/// Who speaks and where, as the file has it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Voice {
    pub(super) speaker: Option<Leaf>,
    pub(super) channel: Option<u16>,
}

impl Voice {
    /// With what is missing taken from another.
    pub(super) fn or(self, other: Self) -> Self {
        Self { speaker: self.speaker.or(other.speaker), channel: self.channel.or(other.channel) }
    }
}

/// One reading of a stretch.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) texts: Vec<Leaf>,
    /// Lists of its words; the first is the one to believe.
    pub(super) lists: Vec<Vec<Word>>,
    /// Stretches within it whose words are among these: sentences.
    pub(super) copies: Vec<Stretch>,
}

/// A part of a stretch's text.
#[derive(Default)]
pub(super) struct Part {
    pub(super) texts: Vec<Leaf>,
    /// Characters in front of it and up to its end.
    pub(super) offsets: Option<(Leaf, Leaf)>,
}

/// A stretch of speech.
#[derive(Default)]
pub(super) struct Stretch {
    pub(super) voice: Voice,
    pub(super) time: Option<TimeSpan>,
    /// Its end, where a file tells no start.
    pub(super) end_ms: Option<u32>,
    /// The first is what was said.
    pub(super) readings: Vec<Reading>,
    pub(super) parts: Vec<Part>,
}

impl Stretch {
    /// The list of words to believe; empty where it has none.
    pub(super) fn words(&self) -> &[Word] {
        self.readings.first().and_then(|r| r.lists.first()).map_or(&[], Vec::as_slice)
    }

    /// From the first of its words to the last.
    pub(super) fn time_of_words(&self) -> Option<TimeSpan> {
        self.words().iter().filter_map(|w| w.time).reduce(TimeSpan::cover)
    }
}

/// What a file holds.
#[derive(Default)]
pub(super) struct File {
    /// Stretches that are turns or parts of one.
    pub(super) segments: Vec<Stretch>,
    /// Stretches of one channel, or of the whole call, of which turns must be made.
    pub(super) channels: Vec<Stretch>,
    /// Stretches whose words are among the others.
    pub(super) copies: Vec<Stretch>,
    /// Texts of the whole call.
    pub(super) texts: Vec<Leaf>,
    /// Texts that nobody said.
    pub(super) labels: Vec<Leaf>,
    /// Ids of participants and what they are.
    pub(super) participants: Vec<(Leaf, Leaf)>,
}

impl File {
    /// Sorts a tape.
    ///
    /// # Errors
    /// Holds the call when a time is none, or words of one list run backwards.
    pub(super) fn of(source: &Source, tape: &Tape) -> Result<Self> {
        let mut file = Self::default();
        for (entry, inside) in tape.top() {
            match entry.role {
                Role::Segment => file.segments.push(stretch(source, inside)?),
                Role::ChannelWords => file.channels.push(stretch(source, inside)?),
                Role::Copy => file.copies.push(stretch(source, inside)?),
                Role::Words => {
                    let reading = Reading { lists: vec![words(source, inside)?], ..Reading::default() };
                    file.channels.push(Stretch { readings: vec![reading], ..Stretch::default() });
                }
                Role::WholeText => file.texts.push(entry.leaf),
                Role::Label => file.labels.push(entry.leaf),
                Role::Participant => file.participants.extend(participant(inside)),
                _ => {}
            }
        }
        if file.channels.len() > 1 {
            for (index, channel) in (0..).zip(&mut file.channels) {
                channel.voice.channel.get_or_insert(index);
            }
        }
        Ok(file)
    }
}

fn participant(inside: Children) -> Option<(Leaf, Leaf)> {
    let (mut id, mut is) = (None, None);
    for (entry, _) in inside {
        match entry.role {
            Role::Id => id = Some(entry.leaf),
            Role::Speaker => is = Some(entry.leaf),
            _ => {}
        }
    }
    id.zip(is)
}

fn stretch(source: &Source, inside: Children) -> Result<Stretch> {
    let mut stretch = Stretch::default();
    let mut own = Reading::default();
    let mut times = times::Fields::default();
    for (entry, inside) in inside {
        match entry.role {
            Role::Reading => stretch.readings.push(reading(source, inside)?),
            Role::Part => stretch.parts.push(part(inside)),
            _ if voice(source, entry, &mut stretch.voice) || time(entry, &mut times) => {}
            _ => own.take(source, entry, inside)?,
        }
    }
    if !own.texts.is_empty() || !own.lists.is_empty() {
        stretch.readings.insert(0, own);
    }
    // A list without times tells less than one that has them.
    for reading in &mut stretch.readings {
        reading.lists.sort_by_key(|list| list.iter().all(|w| w.time.is_none()));
    }
    stretch.time = times.span(source)?;
    stretch.end_ms = times.end_ms(source)?;
    Ok(stretch)
}

fn part(inside: Children) -> Part {
    let (mut texts, mut first, mut last) = (Vec::new(), None, None);
    for (entry, _) in inside {
        match entry.role {
            Role::Text => texts.push(entry.leaf),
            Role::First => first = Some(entry.leaf),
            Role::Last => last = Some(entry.leaf),
            _ => {}
        }
    }
    Part { texts, offsets: first.zip(last) }
}

fn reading(source: &Source, inside: Children) -> Result<Reading> {
    let mut reading = Reading::default();
    for (entry, inside) in inside {
        reading.take(source, entry, inside)?;
    }
    Ok(reading)
}

impl Reading {
    fn take(&mut self, source: &Source, entry: Entry, inside: Children) -> Result<()> {
        match entry.role {
            Role::Text => self.texts.push(entry.leaf),
            Role::Words => self.lists.insert(0, words(source, inside)?),
            Role::WordsAgain => self.lists.push(words(source, inside)?),
            Role::Copy => self.copies.push(stretch(source, inside)?),
            _ => {}
        }
        Ok(())
    }
}

fn words(source: &Source, list: Children) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    for (_, inside) in list {
        words.push(word(source, inside)?);
    }
    Ok(words)
}

fn word(source: &Source, inside: Children) -> Result<Word> {
    let mut word = Word::default();
    let mut times = times::Fields::default();
    for (entry, _) in inside {
        match entry.role {
            Role::Text => word.text = Some(entry.leaf),
            Role::TextAgain => word.again = Some(entry.leaf),
            Role::Confidence => word.confidence = source.raw(entry.leaf).parse().ok(),
            // What is said to be punctuation and says something is a word.
            Role::Kind => word.is_mark = source.raw(entry.leaf).eq_ignore_ascii_case("punctuation"),
            _ if voice(source, entry, &mut word.voice) => {}
            _ => _ = time(entry, &mut times),
        }
    }
    if word.text.is_none() {
        word.text = word.again.take();
    }
    word.is_mark &= word.text.is_some_and(|text| !source.raw(text).contains(char::is_alphanumeric));
    word.time = times.span(source)?;
    Ok(word)
}

/// Whether an entry says who speaks or where, which it then adds.
fn voice(source: &Source, entry: Entry, voice: &mut Voice) -> bool {
    // `ch_1`, "1" and 1 alike.
    let number = || source.raw(entry.leaf).trim_start_matches("ch_").parse::<u16>().ok();
    match entry.role {
        Role::Speaker => voice.speaker = Some(entry.leaf),
        Role::Channel => voice.channel = number(),
        Role::ChannelFrom1 => voice.channel = number().and_then(|n| n.checked_sub(1)),
        _ => return false,
    }
    true
}

/// Whether an entry says when, which it then adds.
fn time(entry: Entry, times: &mut times::Fields) -> bool {
    match entry.role {
        Role::Start(unit) => times.start(unit, entry.leaf),
        Role::End(unit) => times.end(unit, entry.leaf),
        Role::Length(unit) => times.length(unit, entry.leaf),
        _ => return false,
    }
    true
}
