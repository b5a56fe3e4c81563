//! Transcript formats, in and out: bytes to words, and one plan back onto every copy of the text.
//!
//! A format is one file: a schema that says what each value of it means, and the code that tells
//! the words from their copies. All else is shared: scanning, alignment, masking.

mod align;
mod assembly_ai;
mod aws;
mod aws_streaming;
mod azure;
mod azure_pii;
mod captions;
mod chat;
mod contact_lens;
mod deepgram;
mod email;
mod entity;
mod google;
mod insights;
mod join;
mod json;
mod keys;
mod link;
mod mapping;
mod marks;
mod mask;
mod moments;
mod offsets;
mod opposite;
mod schema;
mod source;
mod speakers;
mod spoken;
mod stretches;
mod text;
mod times;
mod turns;
mod voices;
mod whisper;
mod whisper_cpp;

use crate::base::{CallId, Error, HoldReason, Phi, Result, Stage, WordSpan};
use crate::model::manifest::ReadAs;
use crate::model::policy::Attachments;
use crate::model::{Edit, Format, KnownValue, RawShape, Transcript};
use email::Mail;
use join::FileOf;
pub use join::{Place, join};
use link::{Linked, Linker, TextMap};
pub use mapping::Mapping;
use source::Source;
use std::ops::Range;
use std::sync::Arc;

/// A transcript that was read whole and understood to the last string: one file, or all files of one call.
pub struct Document {
    files: Vec<FileOf>,
    transcript: Transcript,
    source: Phi<Source>,
    map: TextMap,
    known: Vec<KnownValue>,
    /// What the text is written back into, where the file is a mail.
    mail: Option<Phi<Mail>>,
}

/// What is said of the files of a call before they are read.
#[derive(Clone, Default)]
pub struct Told {
    /// The format of transcripts, where it is not to be told from the content.
    pub format: Option<Format>,
    /// What those of a shape of the user's own hold.
    pub mapping: Option<Arc<Mapping>>,
    /// What recordings without a header are.
    pub raw: Option<RawShape>,
}

impl Told {
    /// The same of a transcript whose format is known.
    #[must_use]
    pub fn in_format(&self, format: Format) -> Self {
        Self { format: Some(format), ..self.clone() }
    }

    /// What manifests record of it.
    #[must_use]
    pub fn record(&self) -> Option<ReadAs> {
        let mapping = self.mapping.as_ref().map(|mapping| mapping.digest().clone());
        let read_as = ReadAs { format: self.format, mapping, raw: self.raw };
        (read_as != ReadAs::default()).then_some(read_as)
    }
}

impl From<Option<Format>> for Told {
    fn from(format: Option<Format>) -> Self {
        Self { format, ..Self::default() }
    }
}

/// How a transcript is read.
#[derive(Clone, Default)]
pub struct How {
    /// What is said of it.
    pub told: Told,
    /// What becomes of attachments.
    pub attachments: Attachments,
    /// What becomes of the dates of mails and chats.
    pub dates: Dates,
}

/// What becomes of the dates on which messages were sent: they are dates of a person's care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// Their years stay.
    #[default]
    Year,
    /// They stay.
    Keep,
}

impl<T: Into<Told>> From<T> for How {
    fn from(told: T) -> Self {
        Self { told: told.into(), ..Self::default() }
    }
}

/// Reads a transcript; the format is recognised from content unless it is said. What fits a mapping is read by it.
///
/// # Errors
/// Holds the call when the bytes are no known format or not the one said, are damaged, pass a
/// limit, have unusable times, no words, or a string that no rule of the format covers.
pub fn read(bytes: Phi<Vec<u8>>, how: impl Into<How>) -> Result<Document> {
    let How { told: Told { format, mapping, .. }, attachments, dates } = how.into();
    let bytes = bytes.into_exposed();
    if format.map_or_else(|| email::fits(&bytes), |said| said == Format::Email) {
        let (linker, mail) = email::read(bytes, attachments, dates)?;
        return Ok(Document { mail: Some(Phi::new(mail)), ..Document::of(linker, Format::Email) });
    }
    let source = Source::new(bytes)?;
    let unknown = || Error::held(Stage::ParseTranscript, HoldReason::UnknownTranscriptFormat, "no known format fits");
    if source.file().trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(Error::held(Stage::ParseTranscript, HoldReason::EmptyTranscript, "the file is empty"));
    }
    let is_mapped = || mapping.as_ref().is_some_and(|m| m.fits(source.file())).then_some(Format::Mapped);
    let found = format.or_else(is_mapped).or_else(|| marks::recognised(source.file())).ok_or_else(unknown)?;
    let linker = match found {
        Format::AwsTranscribe => aws::read(source)?,
        Format::Whisper => whisper::read(source)?,
        Format::Text => text::read(source)?,
        Format::WebVtt => captions::read_webvtt(source)?,
        Format::Srt => captions::read_srt(source)?,
        Format::AwsStreaming => spoken::read(source, &aws_streaming::LAYOUT)?,
        Format::CallAnalytics | Format::ContactLens => spoken::read(source, &contact_lens::LAYOUT)?,
        Format::WhisperCpp => spoken::read(source, &whisper_cpp::LAYOUT)?,
        Format::Deepgram => spoken::read(source, &deepgram::LAYOUT)?,
        Format::AssemblyAi => spoken::read(source, &assembly_ai::LAYOUT)?,
        Format::GoogleSpeech => spoken::read(source, &google::LAYOUT)?,
        Format::GoogleInsights => spoken::read(source, &insights::LAYOUT)?,
        Format::AzureSpeech => spoken::read(source, &azure::LAYOUT)?,
        Format::AzurePii => spoken::read(source, &azure_pii::LAYOUT)?,
        Format::ConnectChat => chat::read(source, dates)?,
        Format::Mapped => mapping::read(source, mapping.as_deref().ok_or_else(unknown)?)?,
        Format::Email => return Err(unknown()),
    };
    Ok(Document::of(linker, found))
}

impl Document {
    fn of(linker: Linker, format: Format) -> Self {
        let Linked { source, transcript, map, known } = linker.finish();
        let file = FileOf { format, range: 0..source.file().len(), words: transcript.words().len(), numbers: None };
        Self { files: vec![file], transcript, source: Phi::new(source), map, known, mail: None }
    }

    /// The format of its first file.
    #[must_use]
    pub fn format(&self) -> Format {
        self.files[0].format
    }

    /// Format and number of words of each of its files.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (Format, usize)> {
        self.files.iter().map(|file| (file.format, file.words))
    }

    /// The number of a word of one file among the words of all; nothing where the file has no such word.
    #[must_use]
    pub fn number(&self, file: usize, word: u32) -> Option<u32> {
        let file = self.files.get(file)?;
        match &file.numbers {
            Some(numbers) => numbers.get(word as usize).copied(),
            None => ((word as usize) < file.words).then_some(word),
        }
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

    /// The bytes of each of its files.
    pub fn bytes(&self) -> impl Iterator<Item = Phi<&[u8]>> {
        let mail = self.mail.as_ref().map(|mail| Phi::new(mail.expose().bytes()));
        let source = self.source.expose().file().as_bytes();
        let files = self.files.iter().map(move |file| Phi::new(&source[file.range.clone()]));
        mail.into_iter().chain(files).take(self.files.len())
    }

    /// The bytes of each of its files, as they were read.
    #[must_use]
    pub fn into_bytes(self) -> Vec<Phi<Vec<u8>>> {
        match self.mail {
            Some(mail) => vec![mail.map(Mail::into_bytes)],
            None if self.files.len() == 1 => vec![self.source.map(Source::into_file)],
            None => self.bytes().map(|bytes| bytes.map(<[u8]>::to_vec)).collect(),
        }
    }

    /// What was said, or read elsewhere, where alternates have words of these spans: stretches within one turn, each
    /// with the index of its span.
    #[must_use]
    pub fn opposite(&self, spans: &[WordSpan]) -> Vec<(WordSpan, usize)> {
        opposite::opposite(&self.map, self.transcript.turns(), self.transcript.words().len(), spans)
    }

    /// [`Self::mask_all`] of a transcript that is one file.
    ///
    /// # Errors
    /// Those of [`Self::mask_all`].
    pub fn mask(&self, edits: &[Edit], call: &CallId) -> Result<Phi<Vec<u8>>> {
        self.mask_all(edits, call).map(|mut files| files.swap_remove(0))
    }

    /// Each whole file again, in the same format, with every copy of the edited words masked.
    ///
    /// Bytes outside masked words are those of the source, but for what is never kept: token ids from
    /// which text could be decoded, a job name that is no plain number or id, which reads as the call's id, labels of
    /// speakers that may be names, which read `Speaker 1`, and what captions have that no viewer sees. A mail is
    /// written anew, with nothing but its texts and what it needs to be read.
    ///
    /// # Errors
    /// When an edit is empty or lies outside the transcript.
    pub fn mask_all(&self, edits: &[Edit], call: &CallId) -> Result<Vec<Phi<Vec<u8>>>> {
        let file = self.source.expose().file();
        let whole: Vec<Range<usize>> = self.files.iter().map(|file| file.range.clone()).collect();
        let parts = self.mail.as_ref().map_or(whole.as_slice(), |mail| mail.expose().parts());
        let parts = mask::splice(file, &self.map, self.transcript.words().len(), edits, call, parts)?;
        match &self.mail {
            Some(mail) => Ok(vec![mail.expose().write(parts.expose(), call)]),
            None => Ok(parts.into_exposed().into_iter().map(|part| Phi::new(part.into_bytes())).collect()),
        }
    }
}

/// Holds a call whose file has no words at all.
fn not_empty(linker: &Linker) -> Result<()> {
    if linker.len() == 0 {
        return Err(Error::held(Stage::ParseTranscript, HoldReason::EmptyTranscript, "the transcript has no words"));
    }
    Ok(())
}
