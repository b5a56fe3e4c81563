//! Why a call is held back: a fixed vocabulary, without PHI, each with the next step for a person.

use std::fmt;

/// Why a call was held instead of redacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoldReason {
    /// A recording without a transcript.
    NoTranscript,
    /// More than one transcript, or more than one recording, for one call.
    AmbiguousPair,
    /// A part or a channel of the call is missing.
    MissingPiece,
    /// The transcript is empty or has no words while the recording has sound.
    EmptyTranscript,
    /// The transcript cannot be parsed: cut, wrong encoding, not the format it claims.
    DamagedTranscript,
    /// No known transcript format fits.
    UnknownTranscriptFormat,
    /// The transcript has a string that no rule of its format covers.
    UncoveredText,
    /// Word times are missing, run backwards, or lie outside the recording.
    UnusableTimes,
    /// The recording cannot be read: truncated, ambiguous, inconsistent with its header.
    DamagedRecording,
    /// The recording's container is not known.
    UnknownContainer,
    /// The container is known, its codec cannot be muted safely.
    UnsupportedCodec,
    /// Transcript and recording differ clearly in length.
    LengthMismatch,
    /// The recording has speech that the transcript does not account for.
    UnaccountedSpeech,
    /// A named limit was reached (bytes, nesting, words).
    LimitReached,
    /// Verification found something left, or the output differs from the plan.
    VerifyFailed,
    /// The residual risk is above the policy's threshold.
    ResidualRisk,
    /// The source changed while it was read.
    SourceChanged,
    /// The source could not be read (permissions, input/output error).
    UnreadableSource,
    /// The mail has a part that is no text.
    Attachment,
    /// The side-car of known values is no such file.
    DamagedKnownValues,
    /// People have added spans to another version of the transcript.
    StaleSpans,
    /// The destination has another call of this name.
    NameTaken,
    /// The copy at the destination is under legal hold and would be replaced.
    LegalHold,
}

impl HoldReason {
    /// All reasons, in the order of the vocabulary.
    pub const ALL: [Self; 23] = [
        Self::NoTranscript,
        Self::AmbiguousPair,
        Self::MissingPiece,
        Self::EmptyTranscript,
        Self::DamagedTranscript,
        Self::UnknownTranscriptFormat,
        Self::UncoveredText,
        Self::UnusableTimes,
        Self::DamagedRecording,
        Self::UnknownContainer,
        Self::UnsupportedCodec,
        Self::LengthMismatch,
        Self::UnaccountedSpeech,
        Self::LimitReached,
        Self::VerifyFailed,
        Self::ResidualRisk,
        Self::SourceChanged,
        Self::UnreadableSource,
        Self::Attachment,
        Self::DamagedKnownValues,
        Self::StaleSpans,
        Self::NameTaken,
        Self::LegalHold,
    ];

    /// The word of the fixed vocabulary, as written in manifests and reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoTranscript => "no-transcript",
            Self::AmbiguousPair => "ambiguous-pair",
            Self::MissingPiece => "missing-piece",
            Self::EmptyTranscript => "empty-transcript",
            Self::DamagedTranscript => "damaged-transcript",
            Self::UnknownTranscriptFormat => "unknown-transcript-format",
            Self::UncoveredText => "uncovered-text",
            Self::UnusableTimes => "unusable-times",
            Self::DamagedRecording => "damaged-recording",
            Self::UnknownContainer => "unknown-container",
            Self::UnsupportedCodec => "unsupported-codec",
            Self::LengthMismatch => "length-mismatch",
            Self::UnaccountedSpeech => "unaccounted-speech",
            Self::LimitReached => "limit-reached",
            Self::VerifyFailed => "verify-failed",
            Self::ResidualRisk => "residual-risk",
            Self::SourceChanged => "source-changed",
            Self::UnreadableSource => "unreadable-source",
            Self::Attachment => "attachment",
            Self::DamagedKnownValues => "damaged-known-values",
            Self::StaleSpans => "stale-spans",
            Self::NameTaken => "name-taken",
            Self::LegalHold => "legal-hold",
        }
    }

    /// What a person does next.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::NoTranscript => "put the call's transcript beside its recording and run again",
            Self::AmbiguousPair => "leave one transcript and one recording for this call and run again",
            Self::MissingPiece => "put the missing part or channel beside the others and run again",
            Self::EmptyTranscript => "transcribe the recording again, or drop the call if nobody spoke",
            Self::DamagedTranscript => "export the transcript again from the recogniser",
            Self::UnknownTranscriptFormat => "export the transcript in a supported format",
            Self::UncoveredText => {
                "remove the extra text field from the export, or report it so that the format learns it"
            }
            Self::UnusableTimes => "transcribe again with word times switched on",
            Self::DamagedRecording => "fetch the recording again from the telephone system",
            Self::UnknownContainer => "export the recording as WAV",
            Self::UnsupportedCodec => "export the recording in a codec that docs/recordings.md lists, such as PCM WAV",
            Self::LengthMismatch => "check that recording and transcript belong to the same call",
            Self::UnaccountedSpeech => "transcribe the whole recording again, all channels",
            Self::LimitReached => "split the call, or raise the limit in the configuration",
            Self::VerifyFailed => "do not publish; report the manifest digest and rule ids to the maintainers",
            Self::ResidualRisk => {
                "have a privacy officer review the call; give what was missed as known values, or raise hold.risk-max"
            }
            Self::SourceChanged => "run again when the upload has finished",
            Self::UnreadableSource => "give the service read access to the source and run again",
            Self::Attachment => "remove the attachments, or let the policy drop them: hold.attachments = \"drop\"",
            Self::DamagedKnownValues => "export the known values again as docs/known-values.md says, or remove them",
            Self::StaleSpans => {
                "put the transcript back on which the spans were added, or remove them: docs/qa-page.md says how"
            }
            Self::NameTaken => "name calls from further up with --root, or write them to another destination",
            Self::LegalHold => "release the call, or write to another destination",
        }
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == code)
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for HoldReason {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for HoldReason {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown hold reason"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_again_and_unique() {
        for reason in HoldReason::ALL {
            assert_eq!(HoldReason::from_code(reason.code()), Some(reason));
        }
    }

    #[test]
    fn the_guide_has_every_reason_and_what_to_do_about_it() {
        let guide = include_str!("../../docs/batch.md");
        for reason in HoldReason::ALL {
            let (start, end) = (format!("| `{}` | ", reason.code()), format!(" | {} |", reason.next_step()));
            let has = guide.lines().any(|line| line.starts_with(&start) && line.ends_with(&end));
            assert!(has, "docs/batch.md has no line {start}…{end}");
        }
    }
}
