//! What a run is told: one TOML file, `SORDINO_…` variables over it, flags over both. The only
//! reader of the environment. Whatever it does not know, it refuses.

mod destination;
mod fields;
mod lists;
mod oidc;
mod patterns;
mod policy;
mod secret;
mod serve;
mod signing;
mod worker;

pub use destination::DestinationFields;
pub use fields::{Fields, PAD_MS_MAX};
pub use oidc::OidcFields;
pub use policy::{BUILTIN_POLICIES, load as load_policy, reference as policy_ref};
pub use serve::{ServeFields, ServeSettings};
pub use signing::SigningFields;
pub use worker::{LogLevel, WorkerFields, WorkerSettings};

use crate::access::sign::{KeyFolder, PublicKeys, Signer, Signing, read_private};
use crate::base::{Error, Result, Sha256Hex, Timestamp, limits, why};
use crate::jobs::{CallKey, DEFAULT_TEMPLATES, Originals, SizeLimits, Template};
use crate::model::{Format, Policy};
use crate::store::{Access, Properties};
use crate::transcript::{Mapping, Told};
use fields::Origin;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The file that is read when it lies in the working folder and no other is named.
pub const CONFIG_FILE: &str = "sordino.toml";
/// Largest configuration or policy file, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the parser says of a key of a mapping that takes one path or several.
const NO_PLACES: &str = "data did not match any variant of untagged enum Places";

/// The folder of keys in the state folder.
const STATE_KEYS: &str = "keys";
/// The folder of call indexes in the state folder.
const STATE_INDEX: &str = "index";

/// What AWS Lambda tells every program that it runs.
const LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// The environment as this program sees it.
#[derive(Default)]
pub struct Environment {
    fields: Fields,
    config: Option<PathBuf>,
    state_home: Option<PathBuf>,
    is_in_lambda: bool,
}

impl Environment {
    /// Takes what concerns this program out of the process's environment.
    ///
    /// # Errors
    /// A usage error that names a `SORDINO_…` variable which is unknown or cannot be read.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_process() -> Result<Self> {
        Self::from_vars(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v))))
    }

    fn from_vars(vars: impl Iterator<Item = (String, std::ffi::OsString)>) -> Result<Self> {
        let mut env = Self::default();
        let mut home = None;
        let mut epoch = None;
        let mut of_lambda = 0;
        for (name, value) in vars {
            match name.as_str() {
                "SORDINO_CONFIG" => env.config = Some(value.into()),
                "XDG_STATE_HOME" if Path::new(&value).is_absolute() => env.state_home = Some(value.into()),
                "HOME" if !value.is_empty() => home = Some(PathBuf::from(value)),
                "SOURCE_DATE_EPOCH" => epoch = Some(value),
                name if LAMBDA.contains(&name) => of_lambda += 1,
                other => {
                    if let Some(field) = other.strip_prefix("SORDINO_") {
                        env.fields.set_from_env(field, &value)?;
                    }
                }
            }
        }
        env.is_in_lambda = of_lambda == LAMBDA.len();
        env.state_home = env.state_home.or_else(|| home.map(|h| h.join(".local/state")));
        if let (None, Some(epoch)) = (env.fields.source_date_epoch, epoch) {
            env.fields.source_date_epoch = Some(fields::number("SOURCE_DATE_EPOCH", &epoch)?);
        }
        Ok(env)
    }
}

/// Everything a command needs, checked.
pub struct Settings {
    fields: Fields,
    state_home: Option<PathBuf>,
    is_in_lambda: bool,
}

impl Settings {
    /// Lays the file, the environment and the flags over each other. `config` is the `--config` flag.
    ///
    /// # Errors
    /// A usage error that names the field, its value where it is no secret, and what is allowed.
    pub fn resolve(config: Option<&Path>, env: Environment, flags: Fields) -> Result<Self> {
        let named = config.or(env.config.as_deref());
        let file = match named {
            Some(path) => read_file(path)?,
            None if Path::new(CONFIG_FILE).is_file() => read_file(Path::new(CONFIG_FILE))?,
            None => Fields::default(),
        };
        file.check(Origin::File)?;
        env.fields.check(Origin::Env)?;
        flags.check(Origin::Flag)?;
        let fields = flags.over(env.fields.over(file));
        Ok(Self { fields, state_home: env.state_home, is_in_lambda: env.is_in_lambda })
    }

    /// The key of call ids: the one that was given, else the one in the state folder, made now where
    /// there is none. The second value is the file, where it was made now.
    ///
    /// # Errors
    /// A usage error when the key is too short or its file cannot be read or made.
    pub fn call_key(&self) -> Result<(CallKey, Option<PathBuf>)> {
        if let Some(key) = &self.fields.call_id_key {
            return Ok((CallKey::new(key.expose().as_bytes())?, None));
        }
        if let Some(path) = &self.fields.call_id_key_file {
            return Ok((secret::read(path)?, None));
        }
        secret::read_or_make(&self.state_dir()?)
    }

    /// Where this program keeps what has to outlive a run.
    fn state_dir(&self) -> Result<PathBuf> {
        let given = self.fields.state_dir.clone();
        given.or_else(|| self.state_home.as_ref().map(|s| s.join("sordino"))).ok_or_else(|| {
            Error::usage("there is no HOME to keep the call id key in")
                .hint("set SORDINO_STATE_DIR or SORDINO_CALL_ID_KEY")
        })
    }

    /// The policy of the run, with `pad-ms` applied.
    ///
    /// # Errors
    /// A usage error when there is no such policy or it is wrong in itself.
    pub fn policy(&self) -> Result<Policy> {
        let mut policy = policy::load(self.fields.policy.as_deref().unwrap_or(policy::DEFAULT))?;
        if let Some(pad_ms) = self.fields.pad_ms {
            policy.mute.pad_recogniser_ms = pad_ms;
            policy.mute.pad_coarse_ms = pad_ms;
        }
        Ok(policy)
    }

    /// Policies that orders on held calls may name, for runs and for the QA page.
    ///
    /// # Errors
    /// A usage error when there is no such policy or it is wrong in itself.
    pub fn release_policies(&self) -> Result<Vec<Policy>> {
        self.fields.release_policies.iter().flatten().map(|name| policy::load(name)).collect()
    }

    /// Name and text of the user's pattern files.
    ///
    /// # Errors
    /// A usage error when they cannot be read.
    pub fn pattern_files(&self) -> Result<Vec<(String, String)>> {
        self.fields.patterns.as_deref().map_or_else(|| Ok(Vec::new()), patterns::read)
    }

    /// Calls worked on at once: what was asked for, else one for each core.
    #[must_use]
    pub fn jobs(&self) -> NonZeroUsize {
        self.fields
            .jobs
            .and_then(|j| NonZeroUsize::new(j as usize))
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }

    /// What is said of how files are read.
    ///
    /// # Errors
    /// A usage error when the mapping cannot be read, or the format asks for one and there is none.
    pub fn told(&self) -> Result<Told> {
        let (format, raw) = (self.fields.format, self.fields.raw);
        let Some(path) = self.fields.mapping.as_deref() else {
            return match format {
                Some(Format::Mapped) => {
                    Err(Error::usage("format mapped: there is no mapping").hint("add --mapping FILE"))
                }
                _ => Ok(Told { format, raw, mapping: None }),
            };
        };
        let mapping = Mapping::parse(&read_text(path, "mapping file")?);
        let wrong = |what: String| {
            let what =
                what.replace(NO_PLACES, "a path is wanted here, such as \"call.turns[].text\", or a list of paths");
            Error::usage(format!("mapping file {}: {what}", path.display())).hint("see docs/mapping.md")
        };
        let mapping = mapping.map_err(wrong)?;
        Ok(Told { format, raw, mapping: Some(Arc::new(mapping)) })
    }

    /// Templates by which files are paired.
    ///
    /// # Errors
    /// Never after [`Settings::resolve`], which has parsed them once.
    pub fn templates(&self) -> Result<Vec<Template>> {
        match &self.fields.pairing {
            Some(templates) => templates.iter().map(|t| Template::parse(t)).collect(),
            None => DEFAULT_TEMPLATES.iter().map(|t| Template::parse(t)).collect(),
        }
    }

    /// The folder below which calls are named, where it is not SOURCE itself.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.fields.root.as_deref()
    }

    /// Largest sources that are read.
    #[must_use]
    pub fn limits(&self) -> SizeLimits {
        SizeLimits {
            transcript_bytes_max: self.fields.transcript_bytes_max.unwrap_or(limits::TRANSCRIPT_BYTES_MAX),
            recording_bytes_max: self.fields.recording_bytes_max.unwrap_or(fields::RECORDING_BYTES_DEFAULT),
        }
    }

    /// How an object store is reached.
    #[must_use]
    pub fn access(&self) -> Access {
        let timeout_s = self.fields.store_timeout_s.unwrap_or(fields::STORE_TIMEOUT_S);
        Access {
            path_style: self.fields.path_style,
            timeout: Duration::from_secs(timeout_s),
            lists_by_folder: self.fields.list_by_folder.unwrap_or_default(),
        }
    }

    /// What becomes of the sources of calls that are published.
    #[must_use]
    pub const fn originals(&self) -> Originals {
        if matches!(self.fields.tag_sources, Some(true)) { Originals::Tag } else { Originals::Leave }
    }

    /// What objects of a bucket are written with under a policy.
    #[must_use]
    pub fn properties(&self, policy: &Policy) -> Properties {
        self.fields.destination.properties(policy)
    }

    /// Refuses a bucket as a destination of a run without a key of its own: workers must agree on call ids.
    ///
    /// # Errors
    /// A usage error when the key would be made on this machine.
    pub fn require_call_key(&self) -> Result<()> {
        if self.fields.call_id_key.is_some() || self.fields.call_id_key_file.is_some() {
            return Ok(());
        }
        Err(Error::usage("a bucket as DEST needs a key for call ids, which all runs that write to it share")
            .hint("make one with `openssl rand -hex 32` and set SORDINO_CALL_ID_KEY or SORDINO_CALL_ID_KEY_FILE"))
    }

    /// Who signs manifests, and what signatures are checked with.
    ///
    /// # Errors
    /// A usage error when a key cannot be read, or every manifest must be signed and nobody signs.
    pub fn signing(&self) -> Result<Signing> {
        self.fields.signing.to_sign()
    }

    /// What signatures are checked with, where nothing is signed.
    ///
    /// # Errors
    /// A usage error when keys cannot be read.
    pub fn signing_to_check(&self) -> Result<Signing> {
        self.fields.signing.to_check()
    }

    /// Who seals the audit log: whoever signs manifests, else a key in the state folder, made now where there is none.
    ///
    /// # Errors
    /// A usage error when a key cannot be read or made.
    pub fn audit_signer(&self, now: Timestamp) -> Result<Signer> {
        if let Some(signer) = self.signing()?.signer {
            return Ok(signer);
        }
        let keys = KeyFolder::at(&self.state_dir()?.join(STATE_KEYS));
        if !keys.private_file().exists() {
            keys.make(now)?;
        }
        read_private(&keys.private_file()).map(Signer::with_key)
    }

    /// What the seals of the audit log are checked with: the keys of the configuration, else those of the state folder.
    ///
    /// # Errors
    /// A usage error when keys cannot be read.
    pub fn audit_keys(&self) -> Result<PublicKeys> {
        let keys = self.signing_to_check()?.keys;
        match self.state_dir() {
            Ok(folder) if keys.keys().is_empty() => KeyFolder::at(&folder.join(STATE_KEYS)).public(),
            _ => Ok(keys),
        }
    }

    /// Whether a key that signs is configured, and not left to be made in the state folder.
    #[must_use]
    pub fn has_signing_key(&self) -> bool {
        self.fields.signing.is_set()
    }

    /// Whether AWS Lambda runs this program.
    #[must_use]
    pub const fn is_in_lambda(&self) -> bool {
        self.is_in_lambda
    }

    /// What workers are told besides.
    ///
    /// # Errors
    /// Never after [`Settings::resolve`], which has parsed its templates once.
    pub fn worker(&self) -> Result<WorkerSettings> {
        self.fields.worker.settings()
    }

    /// Where the index of a destination's calls lies: in the state folder, a file a destination.
    ///
    /// # Errors
    /// A usage error when there is no state folder, or none can be made.
    pub fn index_file(&self, dest: &Path) -> Result<PathBuf> {
        let folder = self.state_dir()?.join(STATE_INDEX);
        let failed = |e: std::io::Error| Error::usage(format!("state folder {}: {}", folder.display(), why(&e)));
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let whole = dest.canonicalize().unwrap_or_else(|_| dest.to_owned());
        let name = Sha256Hex::of(whole.as_os_str().as_encoded_bytes());
        Ok(folder.join(format!("{}.sqlite", &name.as_str()[..16])))
    }

    /// What the server of the QA page is told besides.
    ///
    /// # Errors
    /// A usage error when its TLS is half set.
    pub fn serve(&self) -> Result<ServeSettings> {
        self.fields.serve.settings()
    }

    /// The time written to manifests instead of now, seconds since 1970.
    #[must_use]
    pub const fn source_date_epoch(&self) -> Option<u64> {
        self.fields.source_date_epoch
    }
}

fn read_file(path: &Path) -> Result<Fields> {
    let text = read_text(path, "configuration file")?;
    toml::from_str(&text).map_err(|e| Error::usage(format!("{}, {}", path.display(), toml_fault(&text, &e))))
}

/// What is wrong with a TOML text, by line. The rest of the parser's message quotes the line, which may hold a key
/// or a name.
fn toml_fault(text: &str, error: &toml::de::Error) -> String {
    let before = |end: usize| &text.as_bytes()[..end.min(text.len())];
    let line = error.span().map_or(0, |s| before(s.start).iter().filter(|b| **b == b'\n').count() + 1);
    format!("line {line}: {}", error.message().lines().next().unwrap_or("not TOML"))
}

fn read_text(path: &Path, what: &str) -> Result<String> {
    let failed = |e: std::io::Error| Error::usage(format!("{what} {}: {}", path.display(), why(&e)));
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > FILE_BYTES_MAX {
        return Err(Error::usage(format!("{what} {}: {size} bytes, at most {FILE_BYTES_MAX}", path.display())));
    }
    std::fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Result<Environment> {
        Environment::from_vars(vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())))
    }

    fn file(text: &str) -> Result<Fields> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sordino.toml");
        std::fs::write(&path, text).unwrap();
        read_file(&path)
    }

    /// Resolves with a file, one variable and flags.
    fn resolve(text: &str, vars: &[(&str, &str)], flags: Fields) -> Result<Settings> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sordino.toml");
        std::fs::write(&path, text).unwrap();
        Settings::resolve(Some(&path), env(vars)?, flags)
    }

    #[test]
    fn flags_go_over_variables_and_variables_over_the_file() {
        let flags = Fields { pad_ms: Some(30), ..Fields::default() };
        let settings = resolve(
            "jobs = 1\npad-ms = 10\npolicy = \"strict\"",
            &[("SORDINO_PAD_MS", "20"), ("SORDINO_JOBS", "2")],
            flags,
        )
        .unwrap();
        assert_eq!(settings.policy().unwrap().mute.pad_coarse_ms, 30);
        assert_eq!(settings.policy().unwrap().name, "strict");
        assert_eq!(settings.jobs().get(), 2);
    }

    #[test]
    fn an_unknown_field_or_variable_is_named_in_the_refusal() {
        assert!(file("jobz = 1").err().unwrap().to_string().contains("jobz"));
        let error = env(&[("SORDINO_JOBZ", "1")]).err().unwrap();
        assert!(error.to_string().contains("SORDINO_JOBZ"));
    }

    #[test]
    fn the_key_is_in_no_message() {
        let error = file("jobs = 1\ncall-id-key = [\"hunter2hunter2hunter2\"]").err().unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert!(error.to_string().contains("line 2"));
        let settings = resolve("", &[("SORDINO_CALL_ID_KEY", "hunter2")], Fields::default()).unwrap();
        let error = settings.call_key().err().unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn a_value_out_of_range_names_field_value_and_next_step() {
        let flags = Fields { pad_ms: Some(90_000), ..Fields::default() };
        let message = resolve("", &[], flags).err().unwrap().to_string();
        assert!(message.ends_with("--pad-ms 90000: at most 2000; try --pad-ms 250"), "{message}");
        let message = resolve("", &[("SORDINO_JOBS", "0")], Fields::default()).err().unwrap().to_string();
        assert!(message.contains("SORDINO_JOBS=0"), "{message}");
    }

    #[test]
    fn a_template_and_a_mapping_that_are_wrong_are_named_as_they_were_given() {
        let template = [("SORDINO_EXPECTS_RECORDING", "{id}.json")];
        let message = resolve("", &template, Fields::default()).err().unwrap().to_string();
        assert!(message.contains("expects-recording") && !message.contains("pairing"), "{message}");
        let dir = tempfile::tempdir().unwrap();
        let mapping = dir.path().join("shape.toml");
        std::fs::write(&mapping, "version = 1\nkeep = 7\n").unwrap();
        let flags = Fields { mapping: Some(mapping), ..Fields::default() };
        let message = resolve("", &[], flags).unwrap().told().err().unwrap().to_string();
        assert!(message.contains("line 2: a path is wanted here"), "{message}");
    }

    #[test]
    fn source_date_epoch_is_honoured_and_has_its_own_variable_over_it() {
        let both = [("SOURCE_DATE_EPOCH", "1"), ("SORDINO_SOURCE_DATE_EPOCH", "2")];
        assert_eq!(resolve("", &both[..1], Fields::default()).unwrap().source_date_epoch(), Some(1));
        assert_eq!(resolve("", &both, Fields::default()).unwrap().source_date_epoch(), Some(2));
    }
}
