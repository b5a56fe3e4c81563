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

/// A stretch of time to mute.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mute {
    /// When, half-open.
    #[serde(flatten)]
    pub span: TimeSpan,
    /// On which channels.
    #[serde(rename = "channel", default, skip_serializing_if = "Channels::are_all")]
    pub channels: Channels,
    /// What is hidden there, sorted, without repeats.
    pub categories: Vec<Category>,
}

impl Mute {
    /// When, and on which channels.
    #[must_use]
    pub const fn muted(&self) -> MutedSpan {
        MutedSpan { span: self.span, channels: self.channels }
    }
}

/// A stretch of time that is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MutedSpan {
    /// When, half-open.
    pub span: TimeSpan,
    /// On which channels.
    pub channels: Channels,
}

impl From<TimeSpan> for MutedSpan {
    /// On all channels.
    fn from(span: TimeSpan) -> Self {
        Self { span, channels: Channels::All }
    }
}

/// The channels of a recording that a mute is of. In records it is the number of the one, and absent where it is all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(from = "Option<u16>", into = "Option<u16>")]
pub enum Channels {
    /// All that there are.
    #[default]
    All,
    /// This one, counted from 0; what the others have stays.
    One(u16),
}

impl Channels {
    /// Whether these are all.
    #[must_use]
    pub fn are_all(&self) -> bool {
        *self == Self::All
    }

    /// Whether this channel, counted from 0, is among them.
    #[must_use]
    pub fn have(self, channel: u16) -> bool {
        matches!(self, Self::All) || self == Self::One(channel)
    }

    /// Whether these and maybe more are muted where `self` is.
    #[must_use]
    pub fn cover(self, channels: Self) -> bool {
        self == Self::All || self == channels
    }

    /// What one mute must be of that stands for two.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::All }
    }
}

impl From<Option<u16>> for Channels {
    fn from(channel: Option<u16>) -> Self {
        channel.map_or(Self::All, Self::One)
    }
}

impl From<Channels> for Option<u16> {
    fn from(channels: Channels) -> Self {
        match channels {
            Channels::All => None,
            Channels::One(channel) => Some(channel),
        }
    }
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
    /// Words came masked already; the recording is muted where they stand.
    CameMasked,
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
