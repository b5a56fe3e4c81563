//! A transcript as detection sees it: words in turns on one clock, whatever the format was.

use crate::base::{Phi, TimeSpan, WordSpan};
use std::ops::Range;

/// The transcript formats that are recognised from content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// Amazon Transcribe JSON, standard batch output.
    AwsTranscribe,
    /// OpenAI Whisper JSON: the hosted `verbose_json` and the command-line program's.
    Whisper,
    /// Plain text, lines that may start with `SPEAKER:`.
    Text,
}

/// Who speaks, as far as the format tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The contact centre's side.
    Agent,
    /// The caller's side.
    Caller,
    /// Told apart from others, but not by role: a diarisation label's number.
    Numbered(u16),
    /// The format does not tell.
    Unknown,
}

/// How good the word times are; the padding of mutes follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSource {
    /// A recogniser that reports word times as part of its decoding (error about 20-120 ms).
    Recogniser,
    /// Times by attention or unknown means (error up to 300 ms).
    Coarse,
    /// No word times: those of the segment or turn only.
    Segment,
    /// No times at all.
    None,
}

/// Whether a turn was said, or is a second guess at a turn that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnKind {
    /// What the recogniser holds for the truth.
    Spoken,
    /// Another reading (n-best, a text copy that differs) of words near this turn; its own words
    /// stand after all spoken words.
    Alternate {
        /// The spoken turn it belongs to, where known.
        of: Option<u32>,
    },
}

/// A run of words by one speaker.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Said, or a second reading.
    pub kind: TurnKind,
    /// Who speaks.
    pub speaker: Speaker,
    /// The recording's channel, counted from 0, where known.
    pub channel: Option<u16>,
    /// The words of the turn.
    pub words: WordSpan,
}

/// One word. Its text lies in the transcript's arena and has its punctuation on it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    text_start: u32,
    text_end: u32,
    /// When it was said; `None` where the format has no time for it.
    pub time: Option<TimeSpan>,
    /// The recogniser's confidence, 0 to 1; 1 where it gives none.
    pub confidence: f32,
}

impl Word {
    /// The word's bytes in [`Transcript::text`].
    #[must_use]
    pub const fn text_range(&self) -> Range<usize> {
        self.text_start as usize..self.text_end as usize
    }
}

/// All words of a call in order: spoken turns first, alternates after them.
///
/// The text is one arena in which words are separated by one space and turns by one newline, so
/// that it can be searched whole. No part of it may be printed.
#[derive(Clone)]
pub struct Transcript {
    text: Phi<String>,
    words: Vec<Word>,
    turns: Vec<Turn>,
    time_source: TimeSource,
}

impl Transcript {
    /// The arena: words separated by spaces, turns by newlines.
    #[must_use]
    pub fn text(&self) -> Phi<&str> {
        Phi::new(self.text.expose().as_str())
    }

    /// All words, alternates last.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// All turns, alternates last. Spoken turns are in order of their start.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The text of one word with its punctuation.
    #[must_use]
    pub fn word_text(&self, index: usize) -> Phi<&str> {
        Phi::new(&self.text.expose()[self.words[index].text_range()])
    }

    /// How good the word times are.
    #[must_use]
    pub const fn time_source(&self) -> TimeSource {
        self.time_source
    }

    /// The end of the last word that has a time, milliseconds.
    #[must_use]
    pub fn end_ms(&self) -> Option<u32> {
        self.words.iter().filter_map(|w| w.time).map(TimeSpan::end_ms).max()
    }
}

/// Puts a [`Transcript`] together, turn by turn.
pub struct TranscriptBuilder {
    transcript: Transcript,
}

impl TranscriptBuilder {
    /// An empty transcript whose word times come from `time_source`.
    #[must_use]
    pub fn new(time_source: TimeSource) -> Self {
        Self {
            transcript: Transcript { text: Phi::new(String::new()), words: Vec::new(), turns: Vec::new(), time_source },
        }
    }

    /// Starts a turn; the words that follow are its words.
    pub fn turn(&mut self, kind: TurnKind, speaker: Speaker, channel: Option<u16>) {
        let t = &mut self.transcript;
        let at = t.words.len() as u32;
        if !t.words.is_empty() {
            t.text = std::mem::take(&mut t.text).map(|mut s| {
                if s.ends_with(' ') {
                    s.pop();
                }
                s.push('\n');
                s
            });
        }
        t.turns.push(Turn { kind, speaker, channel, words: WordSpan::new(at, at) });
    }

    /// Adds a word to the turn begun last and returns its index. `text` must not be blank.
    ///
    /// # Panics
    /// When no turn was begun.
    pub fn word(&mut self, text: Phi<&str>, time: Option<TimeSpan>, confidence: f32) -> u32 {
        let t = &mut self.transcript;
        let index = t.words.len() as u32;
        let mut start = 0;
        t.text = std::mem::take(&mut t.text).map(|mut s| {
            start = s.len() as u32;
            s.push_str(text.expose());
            s.push(' ');
            s
        });
        let text_end = start + text.expose().len() as u32;
        t.words.push(Word { text_start: start, text_end, time, confidence });
        t.turns.last_mut().expect("a turn is begun before its words").words.end = index + 1;
        index
    }

    /// Glues punctuation to the word added last ("smith" then "." gives "smith.").
    pub fn punctuation(&mut self, mark: Phi<&str>) {
        let t = &mut self.transcript;
        let Some(word) = t.words.last_mut() else { return };
        t.text = std::mem::take(&mut t.text).map(|mut s| {
            s.truncate(word.text_end as usize);
            s.push_str(mark.expose());
            word.text_end = s.len() as u32;
            s.push(' ');
            s
        });
    }

    /// Number of words so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transcript.words.len()
    }

    /// Whether there is no word yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transcript.words.is_empty()
    }

    /// The transcript; turns without words are dropped.
    #[must_use]
    pub fn build(mut self) -> Transcript {
        // Alternates name spoken turns by index, so only trailing structure may change: empty turns
        // keep their place.
        self.transcript.turns.shrink_to_fit();
        self.transcript
    }
}
