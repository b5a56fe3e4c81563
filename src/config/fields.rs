//! The fields of the configuration, as each of its three layers may set them, and their ranges.

use super::destination::DestinationFields;
use super::serve::ServeFields;
use super::signing::SigningFields;
use super::worker::WorkerFields;
use crate::base::{Error, Phi, Result, limits};
use crate::jobs::Template;
use crate::model::{Format, RawShape};
use std::ffi::OsStr;
use std::path::PathBuf;

/// Widest padding, milliseconds.
pub const PAD_MS_MAX: u32 = 2_000;
/// Most calls worked on at once.
const JOBS_MAX: u32 = 1_024;
/// Largest recording unless told otherwise: 64 GiB, two days of 48 kHz in eight channels of 32 bits.
pub(super) const RECORDING_BYTES_DEFAULT: u64 = 64 << 30;
/// Longest wait for an object store, seconds, and the one unless told otherwise.
const STORE_TIMEOUT_S_MAX: u64 = 3_600;
pub(super) const STORE_TIMEOUT_S: u64 = 20;
/// The last second of the year 9999.
const EPOCH_MAX: u64 = 253_402_300_799;

/// One layer's fields; what is `None` is left to the layer below.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Fields {
    /// The key of call ids itself. It has no flag, because other users see a process's flags.
    #[serde(deserialize_with = "guarded")]
    pub call_id_key: Option<Phi<String>>,
    /// A file with the key of call ids.
    pub call_id_key_file: Option<PathBuf>,
    /// Where a local run keeps the key it makes.
    pub state_dir: Option<PathBuf>,
    /// A built-in policy's name or a policy file.
    pub policy: Option<String>,
    /// A folder of pattern files, used besides the built-in patterns.
    pub patterns: Option<PathBuf>,
    /// Padding of mutes instead of the policy's, milliseconds, at most [`PAD_MS_MAX`].
    pub pad_ms: Option<u32>,
    /// Calls worked on at once.
    pub jobs: Option<u32>,
    /// The format of transcripts, where it is not to be recognised.
    pub format: Option<Format>,
    /// The mapping of transcripts of a shape of the user's own.
    pub mapping: Option<PathBuf>,
    /// What recordings without a header are.
    #[serde(deserialize_with = "raw_shape")]
    pub raw: Option<RawShape>,
    /// Templates by which files are paired.
    pub pairing: Option<Vec<String>>,
    /// The folder below which calls are named.
    pub root: Option<PathBuf>,
    /// Largest transcript that is read, bytes.
    pub transcript_bytes_max: Option<u64>,
    /// Largest recording that is read, bytes.
    pub recording_bytes_max: Option<u64>,
    /// The time written to manifests instead of now, seconds since 1970.
    pub source_date_epoch: Option<u64>,
    /// Whether requests name a bucket in the path, and not in the host's name.
    pub path_style: Option<bool>,
    /// Whether buckets are listed folder by folder.
    pub list_by_folder: Option<bool>,
    /// How long an object store is waited for, seconds.
    pub store_timeout_s: Option<u64>,
    /// Whether sources of calls that are published are tagged.
    pub tag_sources: Option<bool>,
    /// Policies that orders on held calls may name.
    pub release_policies: Option<Vec<String>>,
    /// What objects of a bucket are written with.
    pub destination: DestinationFields,
    /// Who signs manifests.
    pub signing: SigningFields,
    /// What workers are told besides.
    pub worker: WorkerFields,
    /// What the server of the QA page is told besides.
    pub serve: ServeFields,
}

/// The layer that a field came from, which decides how a message names it.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    File,
    Env,
    Flag,
}

impl Origin {
    fn show(self, field: &str, value: impl std::fmt::Display) -> String {
        match self {
            Self::File => format!("{field} = {value}"),
            Self::Env => format!("SORDINO_{}={value}", field.replace('-', "_").to_uppercase()),
            Self::Flag => format!("--{field} {value}"),
        }
    }
}

impl Fields {
    /// These fields, and those of `lower` where these are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        let (call_id_key, call_id_key_file) =
            one_choice((self.call_id_key, self.call_id_key_file), (lower.call_id_key, lower.call_id_key_file));
        Self {
            call_id_key,
            call_id_key_file,
            state_dir: self.state_dir.or(lower.state_dir),
            policy: self.policy.or(lower.policy),
            patterns: self.patterns.or(lower.patterns),
            pad_ms: self.pad_ms.or(lower.pad_ms),
            jobs: self.jobs.or(lower.jobs),
            format: self.format.or(lower.format),
            mapping: self.mapping.or(lower.mapping),
            raw: self.raw.or(lower.raw),
            pairing: self.pairing.or(lower.pairing),
            root: self.root.or(lower.root),
            transcript_bytes_max: self.transcript_bytes_max.or(lower.transcript_bytes_max),
            recording_bytes_max: self.recording_bytes_max.or(lower.recording_bytes_max),
            source_date_epoch: self.source_date_epoch.or(lower.source_date_epoch),
            path_style: self.path_style.or(lower.path_style),
            list_by_folder: self.list_by_folder.or(lower.list_by_folder),
            store_timeout_s: self.store_timeout_s.or(lower.store_timeout_s),
            tag_sources: self.tag_sources.or(lower.tag_sources),
            release_policies: self.release_policies.or(lower.release_policies),
            destination: self.destination.over(lower.destination),
            signing: self.signing.over(lower.signing),
            worker: self.worker.over(lower.worker),
            serve: self.serve.over(lower.serve),
        }
    }

    /// Sets the field of the variable `SORDINO_<name>`.
    pub(super) fn set_from_env(&mut self, name: &str, value: &OsStr) -> Result<()> {
        let full = format!("SORDINO_{name}");
        let text = || value.to_str().map(str::to_owned).ok_or_else(|| Error::usage(format!("{full}: not UTF-8")));
        match name {
            "CALL_ID_KEY" => self.call_id_key = Some(Phi::new(text()?)),
            "CALL_ID_KEY_FILE" => self.call_id_key_file = Some(value.into()),
            "STATE_DIR" => self.state_dir = Some(value.into()),
            "POLICY" => self.policy = Some(text()?),
            "PATTERNS" => self.patterns = Some(value.into()),
            "PAD_MS" => self.pad_ms = Some(number(&full, value)?),
            "JOBS" => self.jobs = Some(number(&full, value)?),
            "RAW" => self.raw = Some(text()?.parse().map_err(|what| Error::usage(format!("{full}: {what}")))?),
            "FORMAT" => self.format = Some(text()?.parse().map_err(|what| Error::usage(format!("{full}: {what}")))?),
            "MAPPING" => self.mapping = Some(value.into()),
            "RELEASE_POLICIES" => {
                self.release_policies = Some(text()?.split(',').map(|name| name.trim().to_owned()).collect());
            }
            "PAIRING" => self.pairing = Some(text()?.split(',').map(|t| t.trim().to_owned()).collect()),
            "ROOT" => self.root = Some(value.into()),
            "TRANSCRIPT_BYTES_MAX" => self.transcript_bytes_max = Some(number(&full, value)?),
            "RECORDING_BYTES_MAX" => self.recording_bytes_max = Some(number(&full, value)?),
            "SOURCE_DATE_EPOCH" => self.source_date_epoch = Some(number(&full, value)?),
            "PATH_STYLE" => self.path_style = Some(truth(&full, value)?),
            "LIST_BY_FOLDER" => self.list_by_folder = Some(truth(&full, value)?),
            "STORE_TIMEOUT_S" => self.store_timeout_s = Some(number(&full, value)?),
            "TAG_SOURCES" => self.tag_sources = Some(truth(&full, value)?),
            "SSE_KMS_KEY" => self.destination.sse_kms_key = Some(text()?),
            "STORAGE_CLASS" => self.destination.storage_class = Some(text()?),
            _ if self.signing.set_from_env(name, value)? => {}
            _ if self.worker.set_from_env(name, value)? => {}
            _ if self.serve.set_from_env(name, value)? => {}
            _ => {
                return Err(Error::usage(format!("{full}: unknown variable"))
                    .hint("unset it, or see the variables in `sordino redact --help`"));
            }
        }
        Ok(())
    }

    /// Refuses values out of range.
    pub(super) fn check(&self, origin: Origin) -> Result<()> {
        if self.call_id_key.is_some() && self.call_id_key_file.is_some() {
            return Err(Error::usage("call-id-key and call-id-key-file are both set").hint("keep one of them"));
        }
        within(origin, "pad-ms", self.pad_ms.map(u64::from), 0, u64::from(PAD_MS_MAX), 250)?;
        within(origin, "jobs", self.jobs.map(u64::from), 1, u64::from(JOBS_MAX), 4)?;
        let transcript_max = limits::TRANSCRIPT_BYTES_MAX;
        within(origin, "transcript-bytes-max", self.transcript_bytes_max, 1, transcript_max, transcript_max)?;
        within(origin, "recording-bytes-max", self.recording_bytes_max, 1, u64::MAX, RECORDING_BYTES_DEFAULT)?;
        within(origin, "source-date-epoch", self.source_date_epoch, 0, EPOCH_MAX, 1_700_000_000)?;
        within(origin, "store-timeout-s", self.store_timeout_s, 1, STORE_TIMEOUT_S_MAX, STORE_TIMEOUT_S)?;
        self.destination.check()?;
        self.signing.check()?;
        self.worker.check(origin)?;
        self.pairing.iter().flatten().try_for_each(|t| Template::parse(t).map(drop))
    }
}

/// A secret and the file with it are one choice: a flag that names a file goes over a secret in the environment.
pub(super) fn one_choice<A, B>(own: (Option<A>, Option<B>), lower: (Option<A>, Option<B>)) -> (Option<A>, Option<B>) {
    if own.0.is_some() || own.1.is_some() { own } else { lower }
}

pub(super) fn within(origin: Origin, field: &str, value: Option<u64>, min: u64, max: u64, good: u64) -> Result<()> {
    let bound = match value {
        Some(v) if v < min => format!("at least {min}"),
        Some(v) if v > max => format!("at most {max}"),
        _ => return Ok(()),
    };
    let shown = origin.show(field, value.unwrap_or_default());
    Err(Error::usage(format!("{shown}: {bound}; try {}", origin.show(field, good))))
}

/// A whole number out of a variable.
pub(super) fn number<T: std::str::FromStr>(name: &str, value: &OsStr) -> Result<T> {
    let parsed = value.to_str().and_then(|v| v.trim().parse().ok());
    parsed.ok_or_else(|| Error::usage(format!("{name}={}: not a whole number in range", value.to_string_lossy())))
}

/// `true` or `false` out of a variable.
pub(super) fn truth(name: &str, value: &OsStr) -> Result<bool> {
    let parsed = value.to_str().and_then(|v| v.trim().parse().ok());
    parsed.ok_or_else(|| Error::usage(format!("{name}={}: true or false", value.to_string_lossy())))
}

fn raw_shape<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Option<RawShape>, D::Error> {
    let text: String = serde::Deserialize::deserialize(from)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn guarded<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Phi<String>>, D::Error> {
    use serde::Deserialize;
    Option::<String>::deserialize(d).map(|key| key.map(Phi::new)).map_err(|_| serde::de::Error::custom("not a string"))
}
