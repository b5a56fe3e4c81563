//! Transcript formats, in and out: bytes to words, and one plan back onto every copy of the text.
//!
//! A format is one file: a schema that says what each value of it means, and the code that tells
//! the words from their copies. All else is shared: scanning, alignment, masking.

mod align;
mod aws;
mod captions;
mod entity;
mod json;
mod link;
mod mask;
mod opposite;
mod schema;
mod source;
mod speakers;
mod text;
mod times;
mod turns;
mod whisper;

use crate::base::{CallId, Error, HoldReason, Phi, Result, Stage, WordSpan};
use crate::model::{Edit, Format, KnownValue, Transcript};
use link::{Linked, Linker, TextMap};
use source::Source;

/// A transcript file that was read whole and understood to the last string.
pub struct Document {
    format: Format,
    transcript: Transcript,
    source: Phi<Source>,
    map: TextMap,
    known: Vec<KnownValue>,
}

/// Reads a transcript; the format is recognised from content unless `format` says it.
///
/// # Errors
/// Holds the call when the bytes are no known format or not the one said, are damaged, pass a
/// limit, have unusable times, no words, or a string that no rule of the format covers.
pub fn read(bytes: Phi<Vec<u8>>, format: Option<Format>) -> Result<Document> {
    let source = Source::new(bytes.into_exposed())?;
    let unknown = || Error::held(Stage::ParseTranscript, HoldReason::UnknownTranscriptFormat, "no known format fits");
    if source.file().trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(Error::held(Stage::ParseTranscript, HoldReason::EmptyTranscript, "the file is empty"));
    }
    let found = detect_format(source.file()).ok_or_else(unknown)?;
    if format.is_some_and(|said| said != found) {
        return Err(Error::held(
            Stage::ParseTranscript,
            HoldReason::DamagedTranscript,
            "it is not the format it is said to be",
        ));
    }
    let linker = match found {
        Format::AwsTranscribe => aws::read(source)?,
        Format::Whisper => whisper::read(source)?,
        Format::Text => text::read(source)?,
        Format::WebVtt => captions::read_webvtt(source)?,
        Format::Srt => captions::read_srt(source)?,
    };
    let Linked { source, transcript, map, known } = linker.finish();
    Ok(Document { format: found, transcript, source: Phi::new(source), map, known })
}

/// The format of a file, told from a few marks of its content; reading it then decides.
fn detect_format(file: &str) -> Option<Format> {
    let text = file.trim_start_matches('\u{feff}').trim_start();
    let has = |key| has_key(text, key);
    if text.starts_with('{') {
        if has("\"results\"") && (has("\"transcripts\"") || has("\"items\"")) {
            return Some(Format::AwsTranscribe);
        }
        return (has("\"text\"") && !has("\"results\"")).then_some(Format::Whisper);
    }
    if captions::fits_webvtt(text) {
        return Some(Format::WebVtt);
    }
    if captions::fits_srt(text) {
        return Some(Format::Srt);
    }
    text::fits(text).then_some(Format::Text)
}

/// Whether a quoted key stands in front of a colon. Inside a JSON string its quotes would be escaped.
fn has_key(text: &str, key: &str) -> bool {
    let rest = |at: usize| text[at + key.len()..].trim_start();
    memchr::memmem::find_iter(text.as_bytes(), key).any(|at| rest(at).starts_with(':'))
}

impl Document {
    /// The format it is in.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its words.
    #[must_use]
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// What the file says of people outside of its text: the names of its speakers.
    #[must_use]
    pub fn known(&self) -> &[KnownValue] {
        &self.known
    }

    /// The whole file.
    #[must_use]
    pub fn file(&self) -> Phi<&str> {
        Phi::new(self.source.expose().file())
    }

    /// The bytes that were read.
    #[must_use]
    pub fn into_file(self) -> Phi<Vec<u8>> {
        self.source.map(Source::into_file)
    }

    /// What was said, or read elsewhere, where alternates have words of these spans: stretches within one turn, each
    /// with the index of its span.
    #[must_use]
    pub fn opposite(&self, spans: &[WordSpan]) -> Vec<(WordSpan, usize)> {
        opposite::opposite(&self.map, self.transcript.turns(), self.transcript.words().len(), spans)
    }

    /// The whole file again, in the same format, with every copy of the edited words masked.
    ///
    /// Bytes outside masked words are those of the source, but for what is never kept: token ids from
    /// which text could be decoded, a job name that is no plain number or id, which reads as the call's id, labels of
    /// speakers that may be names, which read `Speaker 1`, and what captions have that no viewer sees.
    ///
    /// # Errors
    /// When an edit is empty or lies outside the transcript.
    pub fn mask(&self, edits: &[Edit], call: &CallId) -> Result<Phi<Vec<u8>>> {
        mask::splice(self.source.expose().file(), &self.map, self.transcript.words().len(), edits, call)
    }
}

/// Holds a call whose file has no words at all.
fn not_empty(linker: &Linker) -> Result<()> {
    if linker.len() == 0 {
        return Err(Error::held(Stage::ParseTranscript, HoldReason::EmptyTranscript, "the transcript has no words"));
    }
    Ok(())
}
