//! What will be done to a call: decided once, carried out on every copy of the text and on the sound.

use super::{Category, RuleId};
use crate::base::{TimeSpan, WordSpan};

/// Words to mask, as one stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Which words, half-open; never empty, never across a turn.
    pub words: WordSpan,
    /// What the mask says.
    pub category: Category,
    /// Every rule that asked for it.
    pub rules: Vec<RuleId>,
}

/// A stretch of time to mute on all channels.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mute {
    /// When, half-open.
    #[serde(flatten)]
    pub span: TimeSpan,
    /// What is hidden there, sorted, without repeats.
    pub categories: Vec<Category>,
}

/// What was odd about a call that was redacted nevertheless: a fixed vocabulary, kept in its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// A hidden word has no time of its own; the mute reaches to its neighbours.
    UntimedWords,
    /// A hidden word has an impossible time; the mute reaches past its neighbours.
    MisplacedWords,
    /// A short word lasts so long that other speech may hide in it; it is muted.
    OverlongWords,
    /// Speech was muted that no word of the transcript accounts for.
    UnaccountedSpeech,
    /// Tones of pressed keys were muted.
    KeyedDigits,
    /// Detection over the masked transcript found more, which was masked as well.
    FoundAfterMasking,
}

/// Edits sorted by their first word and disjoint; mutes sorted by time, disjoint, not touching.
#[derive(Clone, Debug, Default)]
pub struct RedactionPlan {
    /// Words to mask.
    pub edits: Vec<Edit>,
    /// Time to mute; empty for a call without a recording.
    pub mutes: Vec<Mute>,
    /// What was odd, sorted, without repeats.
    pub flags: Vec<Flag>,
    /// What the recording has besides the transcript; nothing where nobody has listened.
    pub beside: Option<Beside>,
}

/// What a recording has besides its transcript and is muted for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Speech that no word accounts for.
    pub speech: Stretches,
    /// Tones of pressed keys.
    pub keys: Stretches,
}

/// Stretches of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretches {
    /// How many.
    pub stretches: u64,
    /// Length together, milliseconds.
    pub ms: u64,
}

impl Stretches {
    /// Counts these.
    #[must_use]
    pub fn of(spans: &[TimeSpan]) -> Self {
        Self { stretches: spans.len() as u64, ms: spans.iter().map(|s| u64::from(s.len_ms())).sum() }
    }
}
