//! The manifest: the commit record of a call, without text, raw keys or anything that varies.
//!
//! `docs/manifest.v1.schema.json` says the same in JSON Schema.
//!
//! * Old reader, new file: a reader refuses a `schema` it does not know and any field it does not know, since that
//!   field may change what the file promises. Whoever adds a field that old readers must not pass over raises the
//!   version.
//! * New reader, old file: every reader reads all versions from v1 on; a field that a version lacks is absent, never
//!   guessed.

use super::{
    Beside, Category, Channels, Codec, Fill, Flag, Format, MutedSpan, Piece, RawShape, RetentionPolicy, TimeSource,
};
use crate::base::{CallId, Error, HoldReason, KeyedRef, Kind, Result, Sha256Hex, Stage, TimeSpan, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The `schema` of a [`Manifest`].
pub const MANIFEST_SCHEMA: &str = "sordino.manifest/v1";
/// Largest manifest read, bytes. One mute takes about 80.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// Length of what a store adds to the stem of an artifact's name to keep two commits apart: a hyphen and 16 digits.
pub const ARTIFACT_TAG_LEN: usize = 17;

/// What was done to a call, by what, from what, and what holds for the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// The call's keyed pseudonym.
    pub call: CallId,
    /// When the artifacts were made, as the caller stated it.
    pub created: Timestamp,
    /// The program.
    pub tool: Tool,
    /// Digest of everything that decides what is found.
    pub patterns: Sha256Hex,
    /// The policy.
    pub policy: PolicyRef,
    /// What was read; transcripts first.
    pub sources: Vec<Source>,
    /// A keyed hash of the place below which the call was named; absent in manifests of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<KeyedRef>,
    /// A keyed hash of what was known of the call's people beforehand; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<KeyedRef>,
    /// What the run was told of how files are read; absent where nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<ReadAs>,
    /// Digest of the spans that people have added; absent where nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<Sha256Hex>,
    /// What was written, in the order of the sources; transcripts first.
    pub artifacts: Vec<Artifact>,
    /// What was hidden.
    pub hidden: Hidden,
    /// What the recording has besides the transcript and is muted for it; absent where nobody has listened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// What was odd, sorted.
    pub flags: Vec<Flag>,
    /// Residual risk: the calibrated chance that a word which must be hidden is left in sight, 0 to 1.
    pub risk: f32,
    /// How long the artifacts are kept.
    pub retention: Retention,
    /// Who may read them.
    pub access: Access,
    /// Over the manifest without this field; absent where runs do not sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// The program that made an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `sordino`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// The policy that a call was redacted under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Its name.
    pub name: String,
    /// Its version, raised by hand.
    pub version: u32,
    /// Digest of the whole policy.
    pub digest: Sha256Hex,
}

/// What a file of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The transcript.
    Transcript,
    /// The recording.
    Recording,
    /// What is known of the call's people: read, and in no record.
    #[serde(skip)]
    Known,
}

impl Role {
    /// The word in names of files and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Recording => "recording",
            Self::Known => "known",
        }
    }
}

/// A source as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub role: Role,
    /// Its key, under a keyed hash.
    #[serde(rename = "ref")]
    pub reference: KeyedRef,
    /// The store's version of it: an object version, or a file's time of change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Size.
    pub bytes: u64,
    /// Digest of all of it.
    pub sha256: Sha256Hex,
}

/// What a run was told of how files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadAs {
    /// The format, where it was not left to be recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Digest of the mapping of transcripts of a shape of the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Sha256Hex>,
    /// What recordings without a header are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<RawShape>,
}

/// A file beside the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "role", rename_all = "kebab-case")]
pub enum Artifact {
    /// The masked transcript.
    Transcript {
        /// `transcript.<ext>`, or `transcript-<16 digits>.<ext>`.
        name: String,
        /// Its format.
        format: Format,
        /// Size.
        bytes: u64,
        /// Digest of all of it.
        sha256: Sha256Hex,
        /// Number of words, second readings included.
        words: u64,
        /// How good the source's word times were.
        time_source: TimeSource,
        /// Where the words of the copy are counted on as in the source, after masks that stand for several words: a word of
        /// the copy and the word of the source that it is, counted from 0. Empty where both are counted alike.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        resumes: Vec<(u32, u32)>,
    },
    /// The muted recording.
    Recording {
        /// `recording.<ext>`, or `recording-<16 digits>.<ext>`.
        name: String,
        /// Its container.
        format: String,
        /// Size.
        bytes: u64,
        /// Digest of all of it.
        sha256: Sha256Hex,
        /// Length, milliseconds, rounded up.
        duration_ms: u64,
        /// Samples a frame.
        channels: u16,
        /// Frames a second.
        rate_hz: u32,
        /// How samples are stored.
        codec: Codec,
        /// How it was edited.
        edited: Edited,
        /// What is silent, sorted and disjoint.
        muted: Vec<MutedInterval>,
        /// What stands there in place of silence; absent where it is silence, as it always is in packets.
        #[serde(default, skip_serializing_if = "Fill::is_silence")]
        fill: Fill,
        /// Kept sound fades this long beside what is muted, milliseconds; absent where edges are hard, as they always are
        /// in blocks and packets.
        #[serde(default, skip_serializing_if = "is_zero")]
        ramp_ms: u32,
        /// Length of `muted` together, milliseconds.
        muted_ms: u64,
    },
}

impl Artifact {
    /// The file's name beside the manifest.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Transcript { name, .. } | Self::Recording { name, .. } => name,
        }
    }

    /// Digest of all of it.
    #[must_use]
    pub const fn sha256(&self) -> &Sha256Hex {
        match self {
            Self::Transcript { sha256, .. } | Self::Recording { sha256, .. } => sha256,
        }
    }

    /// What it is.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Transcript { .. } => Role::Transcript,
            Self::Recording { .. } => Role::Recording,
        }
    }

    /// What the samples of a recording are whose file does not say so.
    #[must_use]
    pub fn raw(&self) -> Option<RawShape> {
        match self {
            Self::Recording { format, codec, rate_hz, channels, .. } if format == RawShape::CONTAINER => {
                Some(RawShape { codec: *codec, rate_hz: *rate_hz, channels: *channels })
            }
            _ => None,
        }
    }

    /// Which piece of the call it is, as its name says: `recording.wav` is whole, `recording-part2-ch0.wav` a piece, and
    /// `recording-0123456789abcdef.wav` is whole where a store keeps the artifacts of two commits apart. Nothing where it is
    /// not named by its role.
    #[must_use]
    pub fn piece(&self) -> Option<Piece> {
        let (name, extension) = self.name().split_once('.')?;
        let rest = name.strip_prefix(self.role().word())?;
        let is_tag = |tag: &str| tag.len() == ARTIFACT_TAG_LEN && tag.starts_with('-') && tag[1..].bytes().all(is_hex);
        let tag = rest
            .len()
            .checked_sub(ARTIFACT_TAG_LEN)
            .and_then(|at| rest.split_at_checked(at))
            .filter(|(_, tag)| is_tag(tag));
        is_extension(extension).then(|| Piece::of_suffix(tag.map_or(rest, |(piece, _)| piece))).flatten()
    }
}

const fn is_zero(ms: &u32) -> bool {
    *ms == 0
}

const fn is_hex(digit: u8) -> bool {
    matches!(digit, b'0'..=b'9' | b'a'..=b'f')
}

/// How a recording was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edited {
    /// Muted samples are the codec's digital silence or the fill, all others but those of ramps are bit-identical.
    Samples,
    /// Muted packets are the codec's silent one, all others decode as they did.
    Packets,
}

impl Edited {
    /// How sound in this codec is edited.
    #[must_use]
    pub const fn of(codec: Codec) -> Self {
        match codec {
            Codec::Opus | Codec::Vorbis | Codec::Mp3 | Codec::Aac => Self::Packets,
            _ => Self::Samples,
        }
    }
}

/// A silent stretch of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutedInterval {
    /// First millisecond, inclusive.
    pub start_ms: u32,
    /// End, exclusive.
    pub end_ms: u32,
    /// The only channel that is silent then, counted from 0; absent where all are.
    #[serde(rename = "channel", default, skip_serializing_if = "Channels::are_all")]
    pub channels: Channels,
    /// What is hidden there, sorted.
    pub categories: Vec<Category>,
}

impl MutedInterval {
    /// The interval as time and channels; an error where it ends before it starts.
    pub fn muted(&self) -> Result<MutedSpan> {
        Ok(MutedSpan { span: TimeSpan::new(self.start_ms, self.end_ms)?, channels: self.channels })
    }
}

/// Counts of what was hidden. A stretch is a run of words masked as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// Stretches.
    pub stretches: u64,
    /// Words in them.
    pub words: u64,
    /// Stretches of each category.
    pub categories: BTreeMap<Category, u64>,
    /// Stretches that each rule asked for.
    pub rules: BTreeMap<String, u64>,
}

/// How long artifacts are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The class of the policy.
    pub class: String,
    /// When the call was first made, from which its time counts.
    pub created: Timestamp,
    /// They must be kept until then.
    pub retain_until: Timestamp,
    /// They are to be deleted after then.
    pub delete_after: Timestamp,
    /// Whether they are kept whatever the dates say.
    pub legal_hold: bool,
}

impl Retention {
    /// What a policy says of artifacts that are made then.
    #[must_use]
    pub fn of(policy: &RetentionPolicy, created: Timestamp) -> Self {
        Self {
            class: policy.class.clone(),
            created,
            retain_until: created.plus_days(policy.retain_days),
            delete_after: created.plus_days(policy.delete_after_days),
            legal_hold: policy.legal_hold,
        }
    }

    /// What a policy says of artifacts that are made then in the place of others. Time goes on from the first ones, and no
    /// promise of those that are replaced is shortened.
    #[must_use]
    pub fn replacing(before: &Self, policy: &RetentionPolicy, created: Timestamp) -> Self {
        // What is put under hold anew counts anew: no earlier release speaks of it.
        let is_held_anew = policy.legal_hold && !before.legal_hold;
        let of = Self::of(policy, if is_held_anew { created } else { before.created.min(created) });
        let class = if before.delete_after > of.delete_after { before.class.clone() } else { of.class };
        Self {
            class,
            retain_until: of.retain_until.max(before.retain_until),
            delete_after: of.delete_after.max(before.delete_after),
            ..of
        }
    }
}

/// Who may read artifacts and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The classification.
    pub classification: String,
    /// Roles that may read.
    pub roles: Vec<String>,
    /// Purposes for which they may.
    pub purposes: Vec<String>,
}

/// A signature over a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The algorithm: `ed25519`.
    pub algorithm: String,
    /// Which key signed.
    pub key: String,
    /// The signature, hexadecimal.
    pub value: String,
}

/// What decides how a call is redacted: when this agrees with a manifest, there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis<'a> {
    /// The sources as they are now: reference, version and size of each.
    pub sources: Vec<(Role, &'a KeyedRef, Option<&'a str>, u64)>,
    /// The keyed hash of what is known of the call's people.
    pub known: Option<&'a KeyedRef>,
    /// What is said of how transcripts are read.
    pub read_as: Option<&'a ReadAs>,
    /// Digest of the spans that people have added.
    pub by_hand: Option<&'a Sha256Hex>,
    /// The digest of the pattern set.
    pub patterns: &'a Sha256Hex,
    /// The policy.
    pub policy: &'a PolicyRef,
}

impl Manifest {
    /// Reads a manifest and checks what its types do not.
    ///
    /// # Errors
    /// Fails as [`Kind::Internal`] when it is too large, is damaged, has another schema or fields that are not
    /// known, or names a file elsewhere.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let damaged = |message| Error::new(Stage::Verify, Kind::Internal, message);
        if bytes.len() as u64 > MANIFEST_BYTES_MAX {
            return Err(damaged("the manifest is too large").at("bytes", bytes.len() as u64));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| {
            damaged("the manifest is damaged, or of a newer version").at("line", error.line() as u64)
        })?;
        if manifest.schema != MANIFEST_SCHEMA {
            return Err(damaged("the manifest is of another version"));
        }
        if !manifest.artifacts.iter().all(|artifact| artifact.piece().is_some()) {
            return Err(damaged("the manifest names a file that is not the call's"));
        }
        Ok(manifest)
    }

    /// The bytes as they are stored: JSON with fields in the order of this struct, and a last newline.
    ///
    /// # Panics
    /// Never: nothing in a manifest fails to serialise.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_json(self)
    }

    /// The same manifest of artifacts that lie under other names.
    #[must_use]
    pub fn with_names(&self, named: &dyn Fn(&str) -> String) -> Self {
        let mut manifest = self.clone();
        for artifact in &mut manifest.artifacts {
            let (Artifact::Transcript { name, .. } | Artifact::Recording { name, .. }) = artifact;
            *name = named(name);
        }
        manifest
    }

    /// Whether the same sources were redacted by the same patterns and policy. Another version of the program
    /// changes nothing by itself: the digest of the patterns covers how detection works.
    ///
    /// A source without a version in the manifest or now is taken as changed.
    #[must_use]
    pub fn is_made_from(&self, basis: &Basis<'_>) -> bool {
        let same = |source: &Source, now: &(Role, &KeyedRef, Option<&str>, u64)| {
            let &(role, reference, version, bytes) = now;
            let versions_agree = version.is_some() && source.version.as_deref() == version;
            (source.role, &source.reference, source.bytes) == (role, reference, bytes) && versions_agree
        };
        let sources_agree = self.sources.len() == basis.sources.len()
            && self.sources.iter().all(|source| basis.sources.iter().any(|now| same(source, now)));
        let told_agree = (self.known.as_ref(), self.read_as.as_ref(), self.by_hand.as_ref())
            == (basis.known, basis.read_as, basis.by_hand);
        sources_agree && told_agree && (&self.patterns, &self.policy) == (basis.patterns, basis.policy)
    }
}

/// Whether a file name may end so: 1 to 8 lower-case letters and digits.
#[must_use]
pub fn is_extension(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The `schema` of a [`Held`] record.
pub const HELD_SCHEMA: &str = "sordino.held/v1";

/// Why a call is held, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Always [`HELD_SCHEMA`].
    pub schema: String,
    /// The call's keyed pseudonym.
    pub call: CallId,
    /// When it was held, as the caller stated it.
    pub at: Timestamp,
    /// The vocabulary's word.
    pub reason: HoldReason,
    /// The stage at which it stopped.
    pub stage: String,
    /// What was seen: fixed text and numbers.
    pub message: String,
    /// What a person does next.
    pub next_step: String,
    /// Its sources, transcript first.
    pub sources: Vec<HeldSource>,
    /// The program.
    pub tool: Tool,
    /// Digest of everything that decides what is found.
    pub patterns: Sha256Hex,
    /// The policy.
    pub policy: PolicyRef,
}

/// A source of a held call; it may not have been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldSource {
    /// What it is.
    pub role: Role,
    /// Its key, under a keyed hash.
    #[serde(rename = "ref")]
    pub reference: KeyedRef,
    /// The store's version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Held {
    /// The record of an error that holds a call; nothing for other errors.
    #[must_use]
    pub fn of(error: &Error, call: CallId, sources: Vec<HeldSource>, by: By<'_>, at: Timestamp) -> Option<Self> {
        let reason = error.hold_reason()?;
        Some(Self {
            schema: HELD_SCHEMA.into(),
            call,
            at,
            reason,
            stage: error.stage.code().into(),
            message: error.to_string(),
            next_step: reason.next_step().into(),
            sources,
            tool: by.tool.clone(),
            patterns: by.patterns.clone(),
            policy: by.policy.clone(),
        })
    }

    /// The bytes as they are stored: JSON with fields in the order of this struct, and a last newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_json(self)
    }
}

/// Program, patterns and policy of a run.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The program.
    pub tool: &'a Tool,
    /// The digest of the pattern set.
    pub patterns: &'a Sha256Hex,
    /// The policy.
    pub policy: &'a PolicyRef,
}

fn to_json(record: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(record).expect("string keys and finite numbers always serialise");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const EXAMPLE: &[u8] = include_bytes!("../../docs/examples/manifest.v1.json");
    const HELD_EXAMPLE: &[u8] = include_bytes!("../../docs/examples/held.v1.json");
    const SCHEMA: &str = include_str!("../../docs/manifest.v1.schema.json");
    const HELD_SCHEMA_FILE: &str = include_str!("../../docs/held.v1.schema.json");

    fn json(text: &[u8]) -> Value {
        serde_json::from_slice(text).unwrap()
    }

    #[test]
    fn the_examples_are_written_as_they_were_read() {
        assert_eq!(Manifest::parse(EXAMPLE).unwrap().to_bytes(), EXAMPLE);
        let held: Held = serde_json::from_slice(HELD_EXAMPLE).unwrap();
        assert_eq!(held.to_bytes(), HELD_EXAMPLE);
    }

    #[test]
    fn the_schemas_list_the_vocabularies() {
        let strings =
            |v: &Value| v.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let (schema, held) = (json(SCHEMA.as_bytes()), json(HELD_SCHEMA_FILE.as_bytes()));
        let labels: Vec<_> = Category::ALL.iter().map(|c| c.label()).collect();
        assert_eq!(strings(&schema["$defs"]["category"]["enum"]), labels);
        assert_eq!(strings(&held["properties"]["reason"]["enum"]), HoldReason::ALL.map(HoldReason::code));
        assert_eq!(strings(&held["properties"]["stage"]["enum"]), Stage::ALL.map(Stage::code));
    }

    #[test]
    fn what_replaces_a_copy_is_kept_as_long_and_its_time_goes_on() {
        let first = Timestamp::from_unix_s(1_700_000_000);
        let short =
            RetentionPolicy { class: "week".into(), retain_days: 1, delete_after_days: 7, ..Default::default() };
        let long = RetentionPolicy { class: "year".into(), retain_days: 100, delete_after_days: 365, ..short.clone() };
        let replaced =
            |before, policy| Retention::replacing(&Retention::of(before, first), policy, first.plus_days(50));
        assert_eq!(replaced(&short, &short), Retention::of(&short, first), "other patterns begin nothing anew");
        assert_eq!(replaced(&long, &short), Retention::of(&long, first));
        assert_eq!(replaced(&short, &long), Retention::of(&long, first));
        let held = RetentionPolicy { legal_hold: true, ..short.clone() };
        assert_eq!(replaced(&short, &held).created, first.plus_days(50), "a hold begins with what is born under it");
        assert_eq!(replaced(&held, &held).created, first);
    }

    fn changed(change: impl FnOnce(&mut Value)) -> Result<Manifest> {
        let mut value = json(EXAMPLE);
        change(&mut value);
        Manifest::parse(value.to_string().as_bytes())
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(changed(|_| ()).is_ok());
        assert!(changed(|m| m["schema"] = "sordino.manifest/v2".into()).is_err());
        assert!(changed(|m| m["new"] = 1.into()).is_err());
        assert!(changed(|m| m["artifacts"][0]["new"] = 1.into()).is_err());
        assert!(changed(|m| m["patterns"] = "name".into()).is_err());
        assert!(changed(|m| m["call"] = "../..".into()).is_err());
        assert!(Manifest::parse(&EXAMPLE[..EXAMPLE.len() / 2]).is_err());
    }

    #[test]
    fn a_manifest_names_only_files_beside_it() {
        for name in [
            "../secret.json",
            "transcript.",
            "transcript.json/x",
            "recording.wav",
            "transcript.JSON",
            "transcript",
            "transcript-.json",
            "transcript-0123456789abcde.json",
            "transcript-0123456789ABCDEF.json",
            "transcript-é.json",
        ] {
            assert!(changed(|m| m["artifacts"][0]["name"] = name.into()).is_err(), "{name}");
        }
    }

    #[test]
    fn artifacts_of_a_later_commit_may_lie_under_names_of_their_own() {
        let manifest = Manifest::parse(EXAMPLE).unwrap();
        let tagged = manifest.with_names(&|name| name.replace('.', "-0123456789abcdef."));
        assert_eq!(Manifest::parse(&tagged.to_bytes()).unwrap(), tagged);
        assert_eq!(tagged.with_names(&|name| name.replace("-0123456789abcdef", "")), manifest);
    }

    #[test]
    fn a_manifest_without_signature_has_no_such_field() {
        let mut manifest = Manifest::parse(EXAMPLE).unwrap();
        manifest.signature = None;
        assert!(!String::from_utf8(manifest.to_bytes()).unwrap().contains("signature"));
        assert_eq!(Manifest::parse(&manifest.to_bytes()).unwrap(), manifest);
    }

    #[test]
    fn a_call_is_done_when_sources_patterns_and_policy_agree() {
        let manifest = Manifest::parse(EXAMPLE).unwrap();
        let now = |m: &Manifest| -> Vec<(Role, KeyedRef, Option<String>, u64)> {
            m.sources.iter().map(|s| (s.role, s.reference.clone(), s.version.clone(), s.bytes)).collect()
        };
        let made_from = |sources: &[(Role, KeyedRef, Option<String>, u64)],
                         read_as: Option<&ReadAs>,
                         patterns: &Sha256Hex,
                         policy: &PolicyRef| {
            let sources = sources.iter().map(|(role, r, v, b)| (*role, r, v.as_deref(), *b)).collect();
            let (known, by_hand) = (manifest.known.as_ref(), manifest.by_hand.as_ref());
            manifest.is_made_from(&Basis { sources, known, read_as, by_hand, patterns, policy })
        };
        let read_as = manifest.read_as.as_ref();
        let is_done = |sources: &[(Role, KeyedRef, Option<String>, u64)], patterns: &Sha256Hex, policy: &PolicyRef| {
            made_from(sources, read_as, patterns, policy)
        };
        let sources = now(&manifest);
        let (patterns, policy) = (&manifest.patterns, &manifest.policy);
        assert!(is_done(&sources, patterns, policy));
        assert!(is_done(&[sources[1].clone(), sources[0].clone()], patterns, policy));
        assert!(!is_done(&sources[..1], patterns, policy), "a recording went away");
        assert!(!made_from(&sources, None, patterns, policy), "the transcript is read otherwise");
        assert!(!is_done(&sources, &Sha256Hex::of(b"other"), policy));
        assert!(!is_done(&sources, patterns, &PolicyRef { version: 99, ..policy.clone() }));
        for version in [Some("later".to_owned()), None] {
            let mut sources = sources.clone();
            sources[0].2 = version;
            assert!(!is_done(&sources, patterns, policy));
        }
    }

    #[test]
    fn only_an_error_that_holds_makes_a_held_record() {
        let manifest = Manifest::parse(EXAMPLE).unwrap();
        let by = By { tool: &manifest.tool, patterns: &manifest.patterns, policy: &manifest.policy };
        let make = |error: &Error| Held::of(error, manifest.call.clone(), Vec::new(), by, manifest.created);
        let held = make(&Error::held(Stage::Fetch, HoldReason::NoTranscript, "no transcript").at("bytes", 7)).unwrap();
        assert_eq!(held.message, "fetch: no transcript (bytes 7)");
        assert_eq!(held.next_step, HoldReason::NoTranscript.next_step());
        assert!(make(&Error::new(Stage::Fetch, Kind::Io, "disk")).is_none());
    }
}
