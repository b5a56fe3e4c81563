//! What a run hides, keeps and promises: data, read from `patterns/policies/*.toml` or a file.

use super::{Category, Fill, KnownValue, MuteStyle};
use crate::base::Sha256Hex;
use serde::{Deserialize, Serialize};

/// A redaction policy. Unknown fields are refused.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// The policy's name: `safe-harbor`.
    pub name: String,
    /// Raised by hand whenever the meaning changes.
    pub version: u32,
    /// Categories that are hidden.
    pub hide: Vec<Category>,
    /// What is hidden besides, which Safe Harbor lets stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_hide: Vec<Extra>,
    /// Times and mutes.
    #[serde(default)]
    pub mute: MutePolicy,
    /// What the recording has and the transcript has not.
    #[serde(default)]
    pub unaccounted: UnaccountedPolicy,
    /// When a call is held although it could be redacted.
    #[serde(default)]
    pub hold: HoldPolicy,
    /// How long artifacts are kept.
    #[serde(default)]
    pub retention: RetentionPolicy,
    /// Who may read the artifacts.
    #[serde(default)]
    pub access: AccessPolicy,
    /// Words that stay, and values that are always hidden.
    #[serde(skip)]
    pub lists: Lists,
}

/// What Safe Harbor lets stay and a policy may hide nevertheless. Found by rules and lists alone, only where it
/// is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// Days of the week, hidden as `DATE`.
    Weekdays,
    /// Years alone, hidden as `DATE`.
    Years,
    /// Ages of 89 and less, hidden as `AGE`.
    Ages,
    /// Names of hospitals, pharmacies, insurers, employers, hidden as `OTHER`.
    Organisations,
}

impl Extra {
    /// What it is hidden as.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::Weekdays | Self::Years => Category::Date,
            Self::Ages => Category::Age,
            Self::Organisations => Category::Other,
        }
    }
}

/// Lists of a policy. They may name people, so that they are in no output; their digest is in the policy's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Lists {
    /// Words that stay wherever they are said.
    pub allow: Vec<KnownValue>,
    /// Values that are hidden wherever and however they are said.
    pub deny: Vec<KnownValue>,
}

impl Lists {
    /// Digest of all values; nothing where there are none.
    #[must_use]
    pub fn digest(&self) -> Option<Sha256Hex> {
        let mut bytes = Vec::new();
        for (list, values) in [("allow", &self.allow), ("deny", &self.deny)] {
            for value in values {
                for part in [list, value.category.label(), value.value.expose()] {
                    bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(part.as_bytes());
                }
            }
        }
        (!bytes.is_empty()).then(|| Sha256Hex::of(&bytes))
    }
}

impl Policy {
    /// Whether words of this category are hidden. What nothing explains (`OTHER`) always is.
    #[must_use]
    pub fn hides(&self, category: Category) -> bool {
        category == Category::Other || self.hide.contains(&category)
    }
}

/// Times and mutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MutePolicy {
    /// Padding on both sides where words were aligned with the sound afterwards, milliseconds, at most 2000.
    pub pad_aligned_ms: u32,
    /// Padding on both sides where the recogniser reports word times, milliseconds, at most 2000.
    pub pad_recogniser_ms: u32,
    /// Padding on both sides where word times are coarse or of unknown making, milliseconds, at most 2000.
    pub pad_coarse_ms: u32,
    /// Gaps shorter than this between two mutes are muted too, milliseconds, at most 5000.
    pub merge_gap_ms: u32,
    /// Behind the padding a mute goes on to the quietest moment within this, milliseconds, at most 1000.
    pub valley_ms_max: u32,
    /// Lengths of mutes are rounded up to a multiple of this, milliseconds, at most 5000; 0 leaves them. (The length of
    /// a mute tells something of the name under it.)
    pub round_up_ms: u32,
    /// Which channels words are muted on.
    #[serde(skip_serializing_if = "MutedChannels::are_all")]
    pub channels: MutedChannels,
    /// What stands in place of muted sound, where the codec can have anything but silence there.
    #[serde(skip_serializing_if = "Fill::is_silence")]
    pub fill: Fill,
    /// Kept sound fades this long before a mute and after it, milliseconds, at most 50; 0 leaves hard edges.
    #[serde(skip_serializing_if = "is_zero")]
    pub ramp_ms: u32,
}

impl MutePolicy {
    /// How mutes are made.
    #[must_use]
    pub const fn style(&self) -> MuteStyle {
        MuteStyle { fill: self.fill, ramp_ms: self.ramp_ms }
    }
}

/// Which channels the words of one person are muted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutedChannels {
    /// All: who speaks on one is heard on the others.
    #[default]
    All,
    /// The one that they are said on, where it can be shown that no other has them too; else all.
    Speaker,
}

impl MutedChannels {
    const fn are_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

const fn is_zero(ms: &u32) -> bool {
    *ms == 0
}

impl Default for MutePolicy {
    fn default() -> Self {
        Self {
            pad_aligned_ms: 100,
            pad_recogniser_ms: 200,
            pad_coarse_ms: 300,
            merge_gap_ms: 300,
            valley_ms_max: 100,
            round_up_ms: 0,
            channels: MutedChannels::All,
            fill: Fill::Silence,
            ramp_ms: 0,
        }
    }
}

/// What the recording has and the transcript has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct UnaccountedPolicy {
    /// Speech that no word accounts for.
    pub speech: Unaccounted,
    /// Shorter stretches of it are left as they are, milliseconds, at most 60,000.
    pub speech_ms_min: u32,
    /// Tones of keys that are pressed (DTMF): numbers of cards are typed in.
    pub keys: Unaccounted,
}

/// What is done about sound that a transcript does not account for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unaccounted {
    /// It is muted.
    Mute,
    /// The call is held.
    Hold,
    /// Nothing.
    Keep,
}

impl Default for UnaccountedPolicy {
    fn default() -> Self {
        Self { speech: Unaccounted::Mute, speech_ms_min: 150, keys: Unaccounted::Mute }
    }
}

impl UnaccountedPolicy {
    /// Whether a recording has to be listened to.
    #[must_use]
    pub fn listens(&self) -> bool {
        [self.speech, self.keys].iter().any(|what| *what != Unaccounted::Keep)
    }
}

/// When a call is held although it could be redacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct HoldPolicy {
    /// The recording may be longer than its transcript by this, milliseconds (ringing, hold music) ...
    pub tail_ms_max: u32,
    /// ... or by this share of the transcript's length, whichever is more.
    pub tail_share_max: f32,
    /// Words may end after the recording does by this, milliseconds.
    pub overhang_ms_max: u32,
    /// A call whose residual risk (the chance that a word is left which must be hidden) is above this is held for
    /// review, 0 to 1; without it none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_max: Option<f32>,
    /// What becomes of a mail with attachments.
    #[serde(skip_serializing_if = "Attachments::is_hold")]
    pub attachments: Attachments,
}

/// What becomes of parts of a mail that are no text: nothing looks into them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attachments {
    /// The mail is held.
    #[default]
    Hold,
    /// The redacted mail is without them.
    Drop,
}

impl Attachments {
    const fn is_hold(&self) -> bool {
        matches!(self, Self::Hold)
    }
}

impl Default for HoldPolicy {
    fn default() -> Self {
        Self {
            tail_ms_max: 30_000,
            tail_share_max: 0.25,
            overhang_ms_max: 1_000,
            risk_max: None,
            attachments: Attachments::Hold,
        }
    }
}

/// How long artifacts are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RetentionPolicy {
    /// The class written to manifests and object tags.
    pub class: String,
    /// Days from creation until which artifacts must be kept.
    pub retain_days: u32,
    /// Days from creation after which artifacts are to be deleted; at least `retain_days`.
    pub delete_after_days: u32,
    /// Whether artifacts are born under legal hold.
    pub legal_hold: bool,
    /// Whether a bucket locks artifacts until they need not be kept any more, and how fast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<ObjectLock>,
}

/// Who may shorten the lock of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectLock {
    /// Those who have the permission to.
    Governance,
    /// Nobody.
    Compliance,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        // 45 CFR 164.316(b)(2)(i) asks for six years of documentation; a coaching copy needs less, so
        // this is the bound and not the rule.
        Self {
            class: "qa-redacted".into(),
            retain_days: 90,
            delete_after_days: 2190,
            legal_hold: false,
            object_lock: None,
        }
    }
}

/// Who may read the artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AccessPolicy {
    /// The classification written to manifests.
    pub classification: String,
    /// Roles that may read.
    pub roles: Vec<String>,
    /// Purposes for which they may.
    pub purposes: Vec<String>,
}

impl Default for AccessPolicy {
    fn default() -> Self {
        Self {
            classification: "redacted-confidential".into(),
            roles: vec!["coach".into(), "qa-lead".into(), "privacy-officer".into()],
            purposes: vec!["coaching".into(), "quality-assurance".into(), "compliance".into()],
        }
    }
}
