//! The command line, as clap reads it. Must not do anything.

mod access;
mod examples;
mod label;
mod serve;
mod users;

pub(super) use access::*;
pub(super) use examples::ExamplesArgs;
pub(super) use label::LabelArgs;
pub(super) use serve::*;
pub(super) use users::*;

use super::since::Since;
use crate::config::{Fields, LogLevel, SigningFields, WorkerFields};
use crate::jobs::Shard;
use crate::model::{Format, RawShape};
use clap::{Args, Parser, Subcommand, ValueHint};
use std::path::PathBuf;

const EXIT_CODES: &str = "Exit codes: 0 every call redacted or already done, or stopped at --max-calls; \
    3 at least one call held; 2 wrong usage or configuration; 1 anything else.";

const ENVIRONMENT: &str = "\
Configuration: ./sordino.toml or --config FILE (SORDINO_CONFIG), over it SORDINO_… variables, over them flags.
Paths in it go from the working folder.
Field (variable) [default]:
  call-id-key (SORDINO_CALL_ID_KEY) [made once in the state folder]   at least 16 bytes, used as they stand
  call-id-key-file (SORDINO_CALL_ID_KEY_FILE)
  state-dir (SORDINO_STATE_DIR) [$XDG_STATE_HOME/sordino or ~/.local/state/sordino]
  policy (SORDINO_POLICY) [safe-harbor]
  patterns (SORDINO_PATTERNS) [built-in patterns alone]
  pad-ms (SORDINO_PAD_MS) [the policy's]
  jobs (SORDINO_JOBS) [one for each core]
  format (SORDINO_FORMAT) [recognised from content]
  raw (SORDINO_RAW) [recordings without a header are held]
  mapping (SORDINO_MAPPING) [none]
  pairing (SORDINO_PAIRING, commas between) [recordings/{id}.*, transcripts/{id}.*]
  root (SORDINO_ROOT) [SOURCE]
  transcript-bytes-max (SORDINO_TRANSCRIPT_BYTES_MAX) [268435456]
  recording-bytes-max (SORDINO_RECORDING_BYTES_MAX) [68719476736]
  source-date-epoch (SORDINO_SOURCE_DATE_EPOCH, SOURCE_DATE_EPOCH) [now]
  path-style (SORDINO_PATH_STYLE) [true for a custom endpoint, else false]
  list-by-folder (SORDINO_LIST_BY_FOLDER) [false]
  store-timeout-s (SORDINO_STORE_TIMEOUT_S) [20]
  tag-sources (SORDINO_TAG_SOURCES) [false]
  release-policies (SORDINO_RELEASE_POLICIES, commas between) [none]   policies that orders on held calls may name
  destination.sse-kms-key (SORDINO_SSE_KMS_KEY) [as the bucket encrypts]
  destination.storage-class (SORDINO_STORAGE_CLASS) [STANDARD]
  signing.key-file (SORDINO_SIGNING_KEY_FILE), signing.key (SORDINO_SIGNING_KEY) [manifests are not signed]
  signing.command (SORDINO_SIGNING_COMMAND, spaces between)                      a program that signs instead
  signing.public-keys (SORDINO_PUBLIC_KEYS) [public-keys.json beside the key]
  signing.required (SORDINO_SIGNATURE_REQUIRED) [false]
Unknown fields and SORDINO_ variables are refused.";

const WORKER_ENVIRONMENT: &str = "\
In the table [worker] (docs/worker.md):
  queue (SORDINO_QUEUE), watch (SORDINO_WATCH), dead-letter (SORDINO_DEAD_LETTER), listen (SORDINO_LISTEN)
  otlp (SORDINO_OTLP), bytes-in-flight (SORDINO_BYTES_IN_FLIGHT) [1073741824]
  lease-s (SORDINO_LEASE_S) [60], alone-after-s (SORDINO_ALONE_AFTER_S) [900], expects-recording (SORDINO_EXPECTS_RECORDING, commas between)
  stop-after-s (SORDINO_STOP_AFTER_S) [25], settle-s (SORDINO_SETTLE_S) [5]
  deliveries-max (SORDINO_DELIVERIES_MAX) [10], log (SORDINO_LOG) [info]";

/// Redacts protected health information from call recordings and their transcripts.
///
/// The result is a redacted copy, not de-identified data: the voice itself stays.
#[derive(Parser)]
#[command(name = "sordino", version, max_term_width = 100, after_long_help = EXIT_CODES)]
pub(super) struct Cli {
    /// Configuration file [default: sordino.toml in the working folder, if there is one]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Redact calls: recordings with their transcripts, or transcripts alone
    #[command(after_help = EXIT_CODES, after_long_help = format!("{ENVIRONMENT}\n\n{EXIT_CODES}"))]
    Redact(Box<RedactArgs>),
    /// Redact calls as their files arrive: events of a queue, or a watched folder
    #[command(after_long_help = format!("{ENVIRONMENT}\n\n{WORKER_ENVIRONMENT}"))]
    Worker(Box<WorkerArgs>),
    /// Redact calls as AWS Lambda hands over their events; configured by variables alone
    #[command(after_long_help = format!("{ENVIRONMENT}\n\n{WORKER_ENVIRONMENT}"))]
    Lambda {
        /// s3://bucket/prefix for the redacted copies
        #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
        dest: PathBuf,
    },
    /// The QA page and its API over redacted calls: find, hear, fetch, with every access on record (docs/serve.md)
    #[command(after_long_help = SERVE_ENVIRONMENT)]
    Serve(ServeArgs),
    /// Show what would be hidden in a transcript, without its text
    Detect(DetectArgs),
    /// Prove redacted copies: hashes, silence where it is claimed, nothing left in the text
    Verify(VerifyArgs),
    /// Find PHI in any text, to keep test data, exports and shared folders clean (docs/scan.md)
    #[command(
        after_help = "Exit codes: 0 nothing found; 3 something found; 2 wrong usage; 1 not everything could be read."
    )]
    Scan(ScanArgs),
    /// The pattern sets
    #[command(subcommand)]
    Patterns(PatternsCommand),
    /// The audit log: who did what to which call (docs/audit.md)
    #[command(subcommand)]
    Audit(AuditCommand),
    /// How long copies are kept: what is due, deletion with proof, legal holds (docs/retention.md)
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Who may sign in to the QA page, in which role (docs/access.md)
    #[command(subcommand)]
    Users(UsersCommand),
    /// Tell which team and agent calls are of, for the QA page (docs/qa-page.md)
    Label(LabelArgs),
    /// Print what people have marked on the QA page as examples for patterns, without PHI (docs/qa-page.md)
    Examples(ExamplesArgs),
    /// Keys that sign manifests, the audit log and certificates of deletion (docs/signing.md)
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands to a folder
    Man {
        /// Folder for one page a command
        #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        out: Option<PathBuf>,
    },
}

#[derive(Args)]
pub(super) struct RedactArgs {
    /// Files, folders or s3://bucket/prefix with recordings and transcripts; a transcript alone is a call without audio
    #[arg(required = true, value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub sources: Vec<PathBuf>,
    /// Folder or s3://bucket/prefix for the redacted copies, one folder a call; apart from every SOURCE
    #[arg(required = true, value_name = "DEST", value_hint = ValueHint::DirPath)]
    pub dest: PathBuf,
    /// Print one JSON object a call and a summary last
    #[arg(long)]
    pub json: bool,
    /// What is known of the calls' people (docs/known-values.md): hidden however it is said
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub known: Option<PathBuf>,
    #[command(flatten)]
    pub which: WhichArgs,
    /// Redact calls again that another version of the program has redacted with other patterns
    #[arg(long)]
    pub stale: bool,
    /// Most bytes of recordings and transcripts that are in hand at once; a larger call is done alone
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub bytes_in_flight: u64,
    /// Write a report when the run ends: a page for people (.html) or JSON (.json); repeat for both
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Vec<PathBuf>,
    /// Do everything but write to DEST
    #[arg(long)]
    pub dry_run: bool,
    /// No progress bar, no closing summary
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

/// Which of the calls below SOURCE.
#[derive(Args)]
pub(super) struct WhichArgs {
    /// Only calls of which a source was changed since then: 2026-11-21, 2026-11-21T06:00:00Z, or 45m, 12h, 7d ago
    #[arg(long, value_name = "TIME|DURATION")]
    pub since: Option<Since>,
    /// Only this share of the calls, 0/N to N-1/N; runs of all shares together do each call once
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Tell which calls lack a half that has not come by then, and pass over newer ones that do: 24h, 2d, a moment
    #[arg(long, value_name = "DURATION|TIME")]
    pub orphans: Option<Since>,
    /// Only calls of which a file is in this list: one key a line, as it is below SOURCE; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub keys: Option<PathBuf>,
    /// List SOURCE by this manifest.json of an S3 Inventory (CSV) instead of asking for a listing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub inventory: Option<PathBuf>,
    /// Redact at most so many calls; those that are done or held do not count
    #[arg(long, value_name = "N")]
    pub max_calls: Option<u64>,
}

#[derive(Args)]
pub(super) struct WorkerArgs {
    /// Where redacted copies go, one folder a call: a folder or s3://bucket/prefix
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
    /// Queue of SQS with the upload events of buckets
    #[arg(long, value_name = "URL", conflicts_with = "watch")]
    queue: Option<String>,
    /// Folder whose files are taken up once they have come to rest
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    watch: Option<PathBuf>,
    /// Where messages go that cannot be done: a queue, or with --watch a folder [default: the queue's own]
    #[arg(long, value_name = "URL|FOLDER")]
    dead_letter: Option<String>,
    /// Answer /healthz, /readyz and /metrics at this address [default: nowhere]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<std::net::SocketAddr>,
    /// Send traces to this collector of OpenTelemetry, http://HOST:4318 [default: nowhere]
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    /// Bytes of sources worked on at once [default: 1073741824]
    #[arg(long, value_name = "BYTES")]
    bytes_in_flight: Option<u64>,
    /// Lease of a message, extended while it is worked on, seconds, 3 to 43200 [default: 60]
    #[arg(long, value_name = "SECONDS")]
    lease_s: Option<u64>,
    /// A transcript without recording is a call of its own after so many seconds, 0 to 43200 [default: 900]
    #[arg(long, value_name = "SECONDS")]
    alone_after_s: Option<u64>,
    /// Once told to stop, end the work in hand for so many seconds, then give it back [default: 25]
    #[arg(long, value_name = "SECONDS")]
    stop_after_s: Option<u64>,
    /// A watched file has come to rest after so many seconds without a change [default: 5]
    #[arg(long, value_name = "SECONDS")]
    settle_s: Option<u64>,
    /// Work that alone fails is given up after so many tries, 1 to 1000 [default: 10]
    #[arg(long, value_name = "N")]
    deliveries_max: Option<u32>,
    /// The least that is logged [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<LogLevel>,
    #[command(flatten)]
    pub run: RunArgs,
}

impl From<&WorkerArgs> for Fields {
    fn from(args: &WorkerArgs) -> Self {
        let worker = WorkerFields {
            queue: args.queue.clone(),
            watch: args.watch.clone(),
            dead_letter: args.dead_letter.clone(),
            listen: args.listen,
            otlp: args.otlp.clone(),
            bytes_in_flight: args.bytes_in_flight,
            lease_s: args.lease_s,
            alone_after_s: args.alone_after_s,
            expects_recording: args.run.expects_recording(),
            stop_after_s: args.stop_after_s,
            settle_s: args.settle_s,
            deliveries_max: args.deliveries_max,
            log: args.log,
        };
        Self { worker, ..Self::from(&args.run) }
    }
}

/// How calls are redacted.
#[derive(Args)]
pub(super) struct RunArgs {
    /// Built-in policy (safe-harbor, strict, limited-data-set) or policy file [default: safe-harbor]
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Calls worked on at once, 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<u32>,
    /// Padding on both sides of every mute, milliseconds, 0 to 2000 [default: the policy's]
    #[arg(long, value_name = "MS")]
    pad_ms: Option<u32>,
    /// Largest transcript, bytes [default: 268435456]
    #[arg(long, value_name = "BYTES")]
    transcript_bytes_max: Option<u64>,
    /// Largest recording, bytes [default: 68719476736]
    #[arg(long, value_name = "BYTES")]
    recording_bytes_max: Option<u64>,
    /// Time written to manifests, seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS")]
    source_date_epoch: Option<u64>,
    /// Folder of pattern files (docs/patterns.md), used besides the built-in patterns
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    patterns: Option<PathBuf>,
    /// Sign manifests with this Ed25519 key (docs/signing.md) [default: unsigned]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    signing_key_file: Option<PathBuf>,
    /// Tag objects of calls that are published as processed; nothing else of them is ever changed
    #[arg(long)]
    tag_sources: bool,
    /// Template of transcripts that always have a recording, however late it comes; repeat for more
    #[arg(long, value_name = "TEMPLATE")]
    expects_recording: Vec<String>,
    /// What recordings without a header are (docs/recordings.md): ulaw,8000,1 [default: they are held]
    #[arg(long, value_name = "CODEC,RATE,CHANNELS")]
    raw: Option<RawShape>,
    #[command(flatten)]
    told: ToldArgs,
    #[command(flatten)]
    naming: NamingArgs,
}

impl RunArgs {
    fn expects_recording(&self) -> Option<Vec<String>> {
        (!self.expects_recording.is_empty()).then(|| self.expects_recording.clone())
    }
}

/// How files become calls with ids.
#[derive(Args)]
pub(super) struct NamingArgs {
    /// Pairing template; repeat for more [default: recordings/{id}.* and transcripts/{id}.*]
    #[arg(long, value_name = "TEMPLATE")]
    pairing: Vec<String>,
    /// Folder below which calls are named, above every SOURCE [default: each SOURCE]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    root: Option<PathBuf>,
    /// File with the key of call ids [default: made once in the state folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    call_id_key_file: Option<PathBuf>,
    /// Folder for the key of a local run [default: $XDG_STATE_HOME/sordino or ~/.local/state/sordino]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
}

impl From<&NamingArgs> for Fields {
    fn from(args: &NamingArgs) -> Self {
        Self {
            call_id_key_file: args.call_id_key_file.clone(),
            state_dir: args.state_dir.clone(),
            pairing: (!args.pairing.is_empty()).then(|| args.pairing.clone()),
            root: args.root.clone(),
            ..Self::default()
        }
    }
}

impl From<&RunArgs> for Fields {
    fn from(args: &RunArgs) -> Self {
        Self {
            policy: args.policy.clone(),
            patterns: args.patterns.clone(),
            pad_ms: args.pad_ms,
            jobs: args.jobs,
            transcript_bytes_max: args.transcript_bytes_max,
            recording_bytes_max: args.recording_bytes_max,
            source_date_epoch: args.source_date_epoch,
            signing: SigningFields { key_file: args.signing_key_file.clone(), ..SigningFields::default() },
            tag_sources: args.tag_sources.then_some(true),
            format: args.told.format,
            mapping: args.told.mapping.clone(),
            raw: args.raw,
            worker: WorkerFields { expects_recording: args.expects_recording(), ..WorkerFields::default() },
            ..Self::from(&args.naming)
        }
    }
}

#[derive(Args)]
pub(super) struct TranscriptArgs {
    /// The transcript: a file or s3://bucket/key; `-` reads standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub transcript: PathBuf,
    #[command(flatten)]
    told: ToldArgs,
    /// What is known of the call's people (docs/known-values.md): found however it is said
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub known: Option<PathBuf>,
    /// Built-in policy (safe-harbor, strict, limited-data-set) or policy file [default: safe-harbor]
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    #[command(flatten)]
    patterns: PatternArgs,
    /// Print one JSON object a finding
    #[arg(long)]
    pub json: bool,
    /// Print the text of findings too: protected health information
    #[arg(long)]
    pub reveal: bool,
}

impl TranscriptArgs {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        let ToldArgs { format, mapping } = &self.told;
        Fields { policy: self.policy.clone(), format: *format, mapping: mapping.clone(), ..self.patterns.flags() }
    }
}

/// How transcripts are read.
#[derive(Args)]
struct ToldArgs {
    /// Format of transcripts (docs/transcripts.md) [default: recognised from content]
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
    /// What JSON of a shape of your own holds (docs/mapping.md); files that do not fit are recognised as ever
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    mapping: Option<PathBuf>,
}

/// Which patterns are used.
#[derive(Args)]
pub(super) struct PatternArgs {
    /// Folder of pattern files (docs/patterns.md), used besides the built-in patterns
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    patterns: Option<PathBuf>,
}

impl PatternArgs {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        Fields { patterns: self.patterns.clone(), ..Fields::default() }
    }
}

#[derive(Args)]
pub(super) struct DetectArgs {
    #[command(flatten)]
    pub input: TranscriptArgs,
}

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// Folder or s3://bucket/prefix with redacted calls
    #[arg(value_name = "DEST", value_hint = ValueHint::DirPath)]
    pub dest: PathBuf,
    /// Files or folders that they were made from; shows that all audio outside mutes is identical
    #[arg(long, value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub source: Vec<PathBuf>,
    /// Let a recogniser hear each recording and look for what should be gone: a command that gets a file and prints words
    /// in any format, or a whisper.cpp model (exit code 3 where something is heard)
    #[arg(long, value_name = "CMD|MODEL", value_hint = ValueHint::CommandString)]
    pub listen: Option<String>,
    /// Longest that the recogniser may take for a recording, seconds
    #[arg(long, value_name = "S", default_value_t = 3600, requires = "listen")]
    pub listen_seconds: u32,
    /// Print one JSON object a call and a summary last
    #[arg(long)]
    pub json: bool,
    /// Policy file that calls were redacted under, where it is not a built-in one
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Calls worked on at once, 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<u32>,
    /// Public keys that signatures are checked with (docs/signing.md) [default: those beside the signing key]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_keys: Option<PathBuf>,
    /// Every manifest must be signed
    #[arg(long)]
    require_signature: bool,
    /// The mapping that transcripts of a shape of your own were read by (docs/mapping.md)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    mapping: Option<PathBuf>,
    #[command(flatten)]
    patterns: PatternArgs,
    #[command(flatten)]
    naming: NamingArgs,
}

impl VerifyArgs {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        let Fields { patterns, .. } = self.patterns.flags();
        let signing = SigningFields {
            public_keys: self.public_keys.clone(),
            required: self.require_signature.then_some(true),
            ..SigningFields::default()
        };
        let mapping = self.mapping.clone();
        Fields {
            policy: self.policy.clone(),
            mapping,
            patterns,
            jobs: self.jobs,
            signing,
            ..Fields::from(&self.naming)
        }
    }
}

#[derive(Args)]
pub(super) struct ScanArgs {
    /// File, folder or s3://bucket/prefix; hidden files are passed over
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
    /// Only this category; repeat for more [default: those that name or number a person]
    #[arg(long, value_name = "CATEGORY", value_parser = super::scan::category)]
    pub category: Vec<crate::model::Category>,
    /// Only what is at least so sure, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = share)]
    pub min_score: f32,
    /// Write a report: a page for people (.html), JSON (.json) or a table (.csv); repeat for more
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Vec<PathBuf>,
    /// Print one JSON object a finding and a summary last
    #[arg(long)]
    pub json: bool,
    /// Print what was found, and names of files that name people: protected health information
    #[arg(long)]
    pub reveal: bool,
    /// Built-in policy (safe-harbor, strict, limited-data-set) or policy file [default: safe-harbor]
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Files read at once, 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<u32>,
    #[command(flatten)]
    patterns: PatternArgs,
}

impl ScanArgs {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        Fields { policy: self.policy.clone(), jobs: self.jobs, ..self.patterns.flags() }
    }
}

/// A share: 0 to 1.
fn share(text: &str) -> Result<f32, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "from 0 to 1".to_owned())
}

#[derive(Subcommand)]
pub(super) enum PatternsCommand {
    /// Every rule: id, category, number of examples
    List {
        #[command(flatten)]
        patterns: PatternArgs,
        /// Print one JSON object a rule
        #[arg(long)]
        json: bool,
    },
    /// Run the examples that the rules carry
    Test {
        #[command(flatten)]
        patterns: PatternArgs,
        /// Print one JSON object a failure and a summary last
        #[arg(long)]
        json: bool,
    },
    /// Why each stretch of a transcript is found: its rule and what raised or lowered the score
    Explain {
        #[command(flatten)]
        input: Box<TranscriptArgs>,
    },
}

impl PatternsCommand {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        match self {
            Self::List { patterns, .. } | Self::Test { patterns, .. } => patterns.flags(),
            Self::Explain { input } => input.flags(),
        }
    }
}
