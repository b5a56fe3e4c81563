//! What stands in place of muted sound, and how kept sound meets it. Nothing of it depends on what was muted.

use serde::{Deserialize, Serialize};

/// What stands in place of muted sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// The codec's zero.
    #[default]
    Silence,
    /// A tone of 1 kHz, 24 dB below full scale.
    Tone,
    /// White noise whose peaks are 24 dB below full scale, the same every second.
    Noise,
}

impl Fill {
    /// Whether it is the codec's zero.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        *self == Self::Silence
    }
}

/// How mutes are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MuteStyle {
    /// What stands in place of muted sound.
    pub fill: Fill,
    /// How long kept sound fades before a mute and after it, milliseconds; 0 makes hard edges. A mute is never shorter
    /// for it: whoever hears a fade that lies inside can turn it up again.
    pub ramp_ms: u32,
}
