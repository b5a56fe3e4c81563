//! A transcript as detection sees it: words in turns on one clock, whatever the format was.

use crate::base::{Phi, TimeSpan, WordSpan};
use std::ops::Range;

/// The transcript formats that are recognised from content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// Amazon Transcribe JSON, standard batch output.
    #[serde(alias = "aws", alias = "amazon-transcribe", alias = "transcribe")]
    AwsTranscribe,
    /// Amazon Transcribe streaming JSON, medical too.
    #[serde(alias = "aws-transcribe-streaming", alias = "aws-medical-streaming")]
    AwsStreaming,
    /// Amazon Transcribe Call Analytics JSON.
    #[serde(alias = "aws-call-analytics", alias = "tca")]
    CallAnalytics,
    /// Amazon Connect Contact Lens JSON, of a call, after it or in real time.
    #[serde(alias = "contactlens", alias = "amazon-connect", alias = "connect")]
    ContactLens,
    /// OpenAI Whisper JSON: the hosted `verbose_json`, the command-line program's, and WhisperX'.
    #[serde(alias = "openai", alias = "openai-whisper", alias = "verbose-json", alias = "whisperx")]
    Whisper,
    /// whisper.cpp JSON, with tokens or without.
    #[serde(alias = "whisper.cpp", alias = "whispercpp")]
    WhisperCpp,
    /// Deepgram JSON.
    Deepgram,
    /// AssemblyAI JSON.
    #[serde(rename = "assemblyai", alias = "assembly-ai")]
    AssemblyAi,
    /// Google Cloud Speech-to-Text JSON, version 1 or 2.
    #[serde(alias = "google", alias = "google-stt")]
    GoogleSpeech,
    /// Google Contact Center AI Insights JSON.
    #[serde(alias = "insights", alias = "ccai-insights")]
    GoogleInsights,
    /// Azure batch or fast transcription JSON.
    #[serde(alias = "azure", alias = "azure-batch", alias = "azure-stt")]
    AzureSpeech,
    /// The result of Azure's conversational PII detection.
    #[serde(alias = "azure-conversation-pii")]
    AzurePii,
    /// Plain text, lines that may start with `SPEAKER:`.
    Text,
    /// WebVTT captions.
    #[serde(rename = "webvtt")]
    WebVtt,
    /// SRT captions.
    Srt,
    /// Amazon Connect chat transcript.
    ConnectChat,
    /// Mail (RFC 822).
    Email,
    /// JSON of a shape of the user's own, read by a mapping.
    #[serde(alias = "mapping")]
    Mapped,
}

impl std::str::FromStr for Format {
    type Err = String;

    /// The format of this name, or the names that there are.
    fn from_str(name: &str) -> Result<Self, String> {
        use serde::de::{Deserialize, IntoDeserializer, value::Error};
        Self::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).map_err(|e| e.to_string())
    }
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
    /// Words aligned with the sound after recognition (error about 15 ms).
    Aligned,
    /// A recogniser that reports word times as part of its decoding (error about 20-120 ms).
    Recogniser,
    /// Times by attention or unknown means (error up to 300 ms).
    Coarse,
    /// No word times: those of the segment or turn only.
    Segment,
    /// No times at all.
    None,
}

/// Whether a turn was said, is a second guess at a turn that was said, or is text that was never said.
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
    /// Never said: a name that a customer gave the file. It is masked like the rest, and nothing is muted for it.
    Unspoken,
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

    /// Index of the turn that a word belongs to; one past the last turn for a word behind all.
    #[must_use]
    pub fn turn_of(&self, word: usize) -> usize {
        self.turns().partition_point(|turn| turn.words.end as usize <= word)
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

/// Puts a [`Transcript`] together, turn by turn. Like `Phi` it has no `Debug`: it holds the text.
pub struct TranscriptBuilder {
    text: String,
    words: Vec<Word>,
    turns: Vec<Turn>,
    time_source: TimeSource,
}

impl TranscriptBuilder {
    /// An empty transcript whose word times come from `time_source`.
    #[must_use]
    pub const fn new(time_source: TimeSource) -> Self {
        Self { text: String::new(), words: Vec::new(), turns: Vec::new(), time_source }
    }

    /// Says how good the word times are, where that is known only after reading them.
    pub const fn time_source(&mut self, time_source: TimeSource) {
        self.time_source = time_source;
    }

    /// Starts a turn; the words that follow are its words. A turn that stays empty is replaced by the
    /// next one.
    pub fn turn(&mut self, kind: TurnKind, speaker: Speaker, channel: Option<u16>) {
        let at = self.words.len() as u32;
        if self.turns.last().is_some_and(|t| t.words.is_empty()) {
            self.turns.pop();
        }
        self.turns.push(Turn { kind, speaker, channel, words: WordSpan::new(at, at) });
    }

    /// Adds a word to the turn begun last and returns its index. `text` must not be blank.
    ///
    /// # Panics
    /// When no turn was begun.
    pub fn word(&mut self, text: Phi<&str>, time: Option<TimeSpan>, confidence: f32) -> u32 {
        let index = self.words.len() as u32;
        let turn = self.turns.last_mut().expect("a turn is begun before its words");
        if index > 0 {
            self.text.push(if turn.words.is_empty() { '\n' } else { ' ' });
        }
        turn.words.end = index + 1;
        let text_start = self.text.len() as u32;
        self.text.push_str(text.expose());
        self.words.push(Word { text_start, text_end: self.text.len() as u32, time, confidence });
        index
    }

    /// Adds the words of a text, as white space separates them, without times and in full confidence.
    ///
    /// # Panics
    /// When no turn was begun.
    pub fn say(&mut self, text: Phi<&str>) {
        for word in text.expose().split_whitespace() {
            self.word(Phi::new(word), None, 1.0);
        }
    }

    /// Glues punctuation to the word added last ("smith" then "." gives "smith."); without a word in
    /// the turn begun last it is dropped.
    pub fn punctuation(&mut self, mark: Phi<&str>) {
        let begun = self.turns.last().is_some_and(|t| !t.words.is_empty());
        let Some(word) = self.words.last_mut().filter(|_| begun) else { return };
        self.text.push_str(mark.expose());
        word.text_end = self.text.len() as u32;
    }

    /// The words so far.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The turns so far.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The text so far: words separated by spaces, turns by newlines.
    #[must_use]
    pub fn text(&self) -> Phi<&str> {
        Phi::new(self.text.as_str())
    }

    /// Number of words so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The transcript. No turn of it is empty.
    #[must_use]
    pub fn build(mut self) -> Transcript {
        if self.turns.last().is_some_and(|t| t.words.is_empty()) {
            self.turns.pop();
        }
        Transcript { text: Phi::new(self.text), words: self.words, turns: self.turns, time_source: self.time_source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_by_spaces_and_turns_by_newlines() {
        let mut b = TranscriptBuilder::new(TimeSource::None);
        b.turn(TurnKind::Spoken, Speaker::Agent, None);
        b.punctuation(Phi::new("lost"));
        b.turn(TurnKind::Spoken, Speaker::Caller, None);
        b.word(Phi::new("hello"), None, 1.0);
        b.punctuation(Phi::new(","));
        b.word(Phi::new("there"), None, 1.0);
        b.turn(TurnKind::Spoken, Speaker::Agent, None);
        b.word(Phi::new("yes"), None, 1.0);
        b.turn(TurnKind::Spoken, Speaker::Agent, None);
        let t = b.build();
        assert!(*t.text().expose() == "hello, there\nyes");
        assert!(*t.word_text(0).expose() == "hello,");
        assert_eq!(t.turns().iter().map(|t| t.words.len()).collect::<Vec<_>>(), [2, 1]);
    }
}
