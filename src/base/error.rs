//! The one public error. Its message is fixed text plus numbers and keys of formats, so it cannot carry PHI.

use super::{CallId, HoldReason};
use std::fmt;

/// What of the pipeline was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Reading the configuration or the command line.
    Configure,
    /// Compiling or testing pattern sets.
    Patterns,
    /// Receiving events, and ending them.
    Receive,
    /// Listing and pairing source keys.
    Pair,
    /// Reading a source.
    Fetch,
    /// Parsing a transcript.
    ParseTranscript,
    /// Opening a recording.
    OpenRecording,
    /// Finding PHI.
    Detect,
    /// Planning edits.
    Plan,
    /// Masking a transcript.
    Mask,
    /// Muting a recording.
    Mute,
    /// Comparing plan and outputs.
    Verify,
    /// Writing to the destination.
    Publish,
    /// Keeping records of access, keys and retention, which no call goes through.
    Records,
}

impl Stage {
    /// All stages that a call goes through, in the order of the pipeline.
    pub const ALL: [Self; 13] = [
        Self::Configure,
        Self::Patterns,
        Self::Receive,
        Self::Pair,
        Self::Fetch,
        Self::ParseTranscript,
        Self::OpenRecording,
        Self::Detect,
        Self::Plan,
        Self::Mask,
        Self::Mute,
        Self::Verify,
        Self::Publish,
    ];

    /// The word for reports and held records: `parse-transcript`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Patterns => "patterns",
            Self::Receive => "receive",
            Self::Pair => "pair",
            Self::Fetch => "fetch",
            Self::ParseTranscript => "parse-transcript",
            Self::OpenRecording => "open-recording",
            Self::Detect => "detect",
            Self::Plan => "plan",
            Self::Mask => "mask",
            Self::Mute => "mute",
            Self::Verify => "verify",
            Self::Publish => "publish",
            Self::Records => "records",
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Patterns => "compile patterns",
            Self::Receive => "receive events",
            Self::Pair => "pair",
            Self::Fetch => "fetch",
            Self::ParseTranscript => "parse transcript",
            Self::OpenRecording => "open recording",
            Self::Detect => "detect",
            Self::Plan => "plan",
            Self::Mask => "mask transcript",
            Self::Mute => "mute recording",
            Self::Verify => "verify",
            Self::Publish => "publish",
            Self::Records => "keep records",
        }
    }
}

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The caller used the program wrongly (exit code 2).
    Usage,
    /// The call cannot be redacted whole and is held for this reason (exit code 3).
    Held(HoldReason),
    /// The outside failed: file system, network, store.
    Io,
    /// Somebody else has already committed this call.
    Conflict,
    /// An invariant of this program broke.
    Internal,
}

/// When the same work may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same input ends the same way.
    Never,
    /// The same input may pass later.
    Later,
    /// A person has to change something first.
    AfterFix,
}

impl Kind {
    /// When the same work may be tried again.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::Usage | Self::Held(_) => Retry::AfterFix,
            Self::Io => Retry::Later,
            Self::Conflict | Self::Internal => Retry::Never,
        }
    }
}

/// What tells where it happened.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The number of something.
    Number(&'static str, u64),
    /// A key of a format, around those that stand before it.
    Key(&'static str),
}

/// The one error of this crate.
///
/// `Display` reads after "failed to": `parse transcript: word ends before it starts (word 17)`.
#[derive(Debug)]
pub struct Error {
    /// What sort of failure it is.
    pub kind: Kind,
    /// What was under way.
    pub stage: Stage,
    /// The call it happened to, where known.
    pub call: Option<CallId>,
    /// What to do about it.
    pub hint: Option<String>,
    message: String,
    places: Vec<Place>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// `Result` with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a fixed message: a lowercase fragment without any text from outside.
    #[must_use]
    pub fn new(stage: Stage, kind: Kind, message: &'static str) -> Self {
        Self { kind, stage, call: None, hint: None, message: message.to_owned(), places: Vec::new(), source: None }
    }

    /// The call is held: `message` says what was seen, `reason` is the vocabulary's word.
    #[must_use]
    pub fn held(stage: Stage, reason: HoldReason, message: &'static str) -> Self {
        Self::new(stage, Kind::Held(reason), message)
    }

    /// A usage error, which may quote what the caller typed (never what a source holds).
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        let mut error = Self::new(Stage::Configure, Kind::Usage, "");
        error.message = message.into();
        error
    }

    /// A failure of the outside, with its cause.
    #[must_use]
    pub fn io(stage: Stage, message: &'static str, source: std::io::Error) -> Self {
        let mut error = Self::new(stage, Kind::Io, message);
        error.source = Some(Box::new(source));
        error
    }

    /// Adds a number that tells where: `("word", 17)`, `("byte", 1044)`.
    #[must_use]
    pub fn at(mut self, what: &'static str, number: u64) -> Self {
        self.places.push(Place::Number(what, number));
        self
    }

    /// Adds that it was under this key of a format, around those that were added before.
    #[must_use]
    pub fn within(mut self, key: &'static str) -> Self {
        self.places.push(Place::Key(key));
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names what the caller typed that it happened to: `DEST`, `out`.
    #[must_use]
    pub fn on(mut self, what: &str, typed: &std::path::Path) -> Self {
        if self.kind != Kind::Usage {
            self.message = format!("{what} {}: {}", typed.display(), self.message);
        }
        self
    }

    /// Names the call it happened to.
    #[must_use]
    pub fn for_call(mut self, call: CallId) -> Self {
        self.call = Some(call);
        self
    }

    /// The message alone: what was seen, without the stage and without numbers.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The hold reason, where this error holds a call.
    #[must_use]
    pub const fn hold_reason(&self) -> Option<HoldReason> {
        match self.kind {
            Kind::Held(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage.verb(), self.message)?;
        let numbers = self.places.iter().filter_map(|place| match place {
            Place::Number(what, number) => Some(format!("{what} {number}")),
            Place::Key(_) => None,
        });
        let keys = self.places.iter().rev().filter_map(|place| match place {
            Place::Key(key) => Some(*key),
            Place::Number(..) => None,
        });
        let (numbers, keys) = (numbers.collect::<Vec<_>>().join(", "), keys.collect::<Vec<_>>().join("."));
        if !numbers.is_empty() {
            write!(f, " ({numbers})")?;
        }
        if !keys.is_empty() {
            write!(f, " in {keys}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

/// Why something of the file system failed, in words.
#[must_use]
pub fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_reads_after_failed_to() {
        let error =
            Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, "word ends before it starts").at("word", 17);
        assert_eq!(error.to_string(), "parse transcript: word ends before it starts (word 17)");
        assert_eq!(error.kind.retry(), Retry::AfterFix);
        let error = error.within("items").within("results");
        assert_eq!(error.to_string(), "parse transcript: word ends before it starts (word 17) in results.items");
    }
}
