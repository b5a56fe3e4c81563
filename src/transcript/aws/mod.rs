//! Amazon Transcribe JSON: batch output, plain or redacted by the vendor, by channel, by speaker or
//! neither.
//!
//! The words are `results.items`, or the channels' items where only those tell the channel. Copies of
//! them: the channels' items, `transcripts`, `audio_segments`, the n-best readings in `segments`,
//! further readings of an item, `toxicity_detection`.

mod file;

use super::json::scan;
use super::link::{Form, Linker, Piece};
use super::schema::shape;
use super::source::{Leaf, Source};
use super::turns::{VOICES_MAX, too_many_voices};
use super::{not_empty, times};
use crate::base::{Result, TimeSpan, WordSpan};
use crate::model::TimeSource;
use file::{File, Item, ROOT, Voice};

/// Reads the words of a file and ties its copies to them.
pub(super) fn read(source: Source) -> Result<Linker> {
    let tape = scan(source.file(), &ROOT)?;
    let file = File::of(&source, &tape)?;
    let mut linker = Linker::of_json(source, &tape, TimeSource::Recogniser);
    let spoken = speak(&mut linker, &file)?;
    not_empty(&linker)?;
    copies(&mut linker, &file, &spoken)?;
    Ok(linker)
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
        let voices = last.len();
        match last.iter_mut().find(|l| l.0 == item.voice) {
            Some(before) => {
                times::in_order(Some(before.1), time)?;
                before.1 = time;
            }
            None if voices == VOICES_MAX => return Err(too_many_voices()),
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

/// Words that say whose or what the number behind them is: no name of a job with one of them stays.
const OF_SOMEBODY: [&str; 18] = [
    "account", "acct", "birth", "born", "caller", "case", "chart", "claim", "dob", "id", "member", "mrn", "patient",
    "phone", "policy", "pt", "ssn", "zip",
];

/// A job's name is often made of a file's name: it stays if it is a UUID, or a word and a number of nobody, of
/// which detection sees the word.
fn job_name(linker: &mut Linker, name: Option<Leaf>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let text = linker.source().raw(name);
    if shape::uuid(text) {
        return Ok(());
    }
    let word = word_of(text).map(|word| Leaf::plain(name.start as usize, name.start as usize + word.len()));
    linker.job_name(name, word)
}

/// The word of a name that is a word and a number, which is nobody's: `call-123`.
fn word_of(name: &str) -> Option<&str> {
    let (word, number) = name.split_once('-')?;
    let is_word = (1..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphabetic());
    let is_number = (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    (is_word && is_number && !OF_SOMEBODY.iter().any(|of| of.eq_ignore_ascii_case(word))).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::word_of;

    #[test]
    fn a_number_that_may_be_somebodys_is_no_part_of_a_jobs_name() {
        for (name, want) in [
            ("call-123", Some("call")),
            ("dev-004711", Some("dev")),
            ("MRN-483920", None),
            ("patient-12", None),
            ("ssn-9843", None),
            ("call-5551234", None),
            ("call", None),
        ] {
            assert_eq!(word_of(name), want, "{name}");
        }
    }
}
