//! The command line of `keys`, `audit` and `retention`.

use super::super::since::Since;
use crate::access::audit::{Action, Outcome, Query, report};
use crate::access::table::Form;
use crate::access::{UserName, Word};
use crate::base::CallId;
use crate::config::{Fields, SigningFields};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(in crate::cli) enum KeysCommand {
    /// Make a key: FOLDER/signing-key.pem, and FOLDER/public-keys.json for those who verify
    New {
        /// Folder of keys
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// Show the public keys of a folder, newest last
    Show {
        /// Folder of keys
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// Print the newest as PEM, for other tools
        #[arg(long, conflicts_with = "json")]
        pem: bool,
        /// Print one JSON object a key
        #[arg(long)]
        json: bool,
    },
    /// Put a new key in the place of the one in use; what the old one has signed stays valid
    Rotate {
        /// Folder of keys
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        #[command(flatten)]
        overlap: OverlapArgs,
    },
    /// Take the public half of a key that lies in a key service as the newest
    Trust {
        /// Folder of keys
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// Its public key in PEM
        #[arg(value_name = "PEM", value_hint = ValueHint::FilePath)]
        public: PathBuf,
        #[command(flatten)]
        overlap: OverlapArgs,
    },
}

/// How long two keys sign side by side.
#[derive(Args)]
pub(in crate::cli) struct OverlapArgs {
    /// Days for which processes that still have the old key may sign with it, 0 to 365
    #[arg(long, value_name = "DAYS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=365))]
    pub overlap_days: u32,
}

#[derive(Subcommand)]
pub(in crate::cli) enum AuditCommand {
    /// Prove the log whole, or name the first entry that is not
    Verify {
        #[command(flatten)]
        log: LogArgs,
        /// The head of the log as `audit verify --json` printed it before; the log must still hold it
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        since: Option<PathBuf>,
        /// Print the head of the log as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Entries of a user, a call, an action or a period
    Search {
        #[command(flatten)]
        log: LogArgs,
        #[command(flatten)]
        query: QueryArgs,
        /// Print entries as they are stored, one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// After a breach: which calls were exposed to whom, from where, and until when, for the notice
    ///
    /// Choose by the call, user, token or period that the breach is about.
    Exposure {
        #[command(flatten)]
        log: LogArgs,
        #[command(flatten)]
        query: QueryArgs,
        /// When the breach was discovered: notice is due 60 days later (45 CFR 164.404) [default: now]
        #[arg(long, value_name = "TIME|DURATION")]
        discovered: Option<Since>,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Who may hear a call as things stand, and who did
    Who {
        #[command(flatten)]
        log: LogArgs,
        /// The call, by its id
        #[arg(value_name = "CALL", value_parser = call_id)]
        call: CallId,
        #[command(flatten)]
        form: FormArgs,
    },
    /// A report on the log
    Report {
        /// What it is about
        kind: report::Kind,
        #[command(flatten)]
        log: LogArgs,
        #[command(flatten)]
        query: QueryArgs,
        #[command(flatten)]
        form: FormArgs,
    },
}

/// Which log, and what its seals are checked with.
#[derive(Args)]
pub(in crate::cli) struct LogArgs {
    /// Destination of redacted calls whose audit log and users these are: a folder or s3://bucket/prefix
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
    /// Public keys that seals are checked with [default: those beside the signing key, or of the state folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_keys: Option<PathBuf>,
}

impl LogArgs {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        let signing = SigningFields { public_keys: self.public_keys.clone(), ..SigningFields::default() };
        Fields { signing, ..Fields::default() }
    }
}

/// Which entries.
#[derive(Args)]
pub(in crate::cli) struct QueryArgs {
    /// Only what this user did, or what is about this user
    #[arg(long, value_name = "NAME")]
    user: Option<UserName>,
    /// Only what was done by this token, by its id
    #[arg(long, value_name = "ID")]
    token: Option<Word>,
    /// Only what was done to this call
    #[arg(long, value_name = "ID", value_parser = call_id)]
    call: Option<CallId>,
    /// Only this action; repeat for more
    #[arg(long, value_name = "ACTION")]
    action: Vec<Action>,
    /// Only what came to this
    #[arg(long)]
    outcome: Option<Outcome>,
    /// From then on: 2026-11-21, 2026-11-21T06:00:00Z, or 45m, 12h, 7d ago
    #[arg(long, value_name = "TIME|DURATION")]
    from: Option<Since>,
    /// Before then
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<Since>,
}

impl QueryArgs {
    /// Whether no entry is left out for whom or what it is about.
    pub fn is_for_all_users(&self) -> bool {
        self.user.is_none() && self.call.is_none() && self.token.is_none()
    }

    /// The query, `now` being seconds since 1970.
    pub fn query(&self, now: u64) -> Query {
        Query {
            user: self.user.clone(),
            token: self.token.clone(),
            call: self.call.clone(),
            what: self.action.clone(),
            outcome: self.outcome,
            from: self.from.map(|from| from.from(now)),
            until: self.until.map(|until| until.from(now)),
        }
    }
}

/// How a report is written, and where to.
#[derive(Args)]
pub(in crate::cli) struct FormArgs {
    /// How it is written
    #[arg(long, default_value = "csv")]
    pub format: Form,
    /// Write it to this file [default: standard output]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(in crate::cli) enum RetentionCommand {
    /// How many calls stand where, by class
    Report {
        #[command(flatten)]
        dest: KeptArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Show what is due; with --delete, delete it for good, with tombstones and a signed certificate
    Sweep {
        #[command(flatten)]
        dest: KeptArgs,
        /// Delete what is due
        #[arg(long)]
        delete: bool,
        /// Print one JSON object a call and a summary last
        #[arg(long)]
        json: bool,
    },
    /// Put calls under legal hold
    Hold(HoldArgs),
    /// Release calls from legal hold
    Release(HoldArgs),
    /// Print S3 lifecycle rules that match policies, for put-bucket-lifecycle-configuration
    Lifecycle {
        /// Policy that calls are redacted under; repeat for more [default: that of the configuration]
        #[arg(long, value_name = "NAME|FILE")]
        policy: Vec<String>,
        /// What the keys of calls begin with, ending with /
        #[arg(long, default_value = "")]
        prefix: String,
        /// Days after delete-after-days until the bucket deletes what no sweep has
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        grace_days: u32,
    },
}

/// Which destination, and what its manifests are checked with.
#[derive(Args)]
pub(in crate::cli) struct KeptArgs {
    /// Folder or s3://bucket/prefix with redacted calls
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
    /// Public keys that signatures are checked with [default: those beside the signing key]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_keys: Option<PathBuf>,
    /// A manifest without a signature is not trusted, and its call not touched
    #[arg(long)]
    require_signature: bool,
    /// Sign what is written with this key (docs/signing.md)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    signing_key_file: Option<PathBuf>,
    /// Who does this, for the records
    #[arg(long, value_name = "NAME", default_value = "operator")]
    pub by: UserName,
}

impl KeptArgs {
    fn flags(&self) -> Fields {
        let signing = SigningFields {
            public_keys: self.public_keys.clone(),
            key_file: self.signing_key_file.clone(),
            required: self.require_signature.then_some(true),
            ..SigningFields::default()
        };
        Fields { signing, ..Fields::default() }
    }
}

#[derive(Args)]
pub(in crate::cli) struct HoldArgs {
    #[command(flatten)]
    pub dest: KeptArgs,
    /// Calls, by their ids
    #[arg(required = true, value_name = "CALL", value_parser = call_id)]
    pub calls: Vec<CallId>,
    /// What they are kept for: the number of a matter, lower-case letters, digits and -; `policy` for a hold from birth
    #[arg(long, value_name = "WORD")]
    pub matter: Word,
}

impl RetentionCommand {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        match self {
            Self::Report { dest, .. } | Self::Sweep { dest, .. } => dest.flags(),
            Self::Hold(args) | Self::Release(args) => args.dest.flags(),
            Self::Lifecycle { .. } => Fields::default(),
        }
    }
}

impl AuditCommand {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        match self {
            Self::Verify { log, .. }
            | Self::Search { log, .. }
            | Self::Exposure { log, .. }
            | Self::Who { log, .. }
            | Self::Report { log, .. } => log.flags(),
        }
    }
}

fn call_id(text: &str) -> Result<CallId, &'static str> {
    CallId::parse(text).ok_or("a call id is 32 lower-case hexadecimal digits")
}
