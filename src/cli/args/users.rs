//! The command line of `users`.

use super::LogArgs;
use crate::access::people::{Email, Permission, Role};
use crate::access::{UserName, Word};
use crate::config::Fields;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(in crate::cli) enum UsersCommand {
    /// Add a user; prints a password for one sign-in where no provider signs the user in
    Add {
        #[command(flatten)]
        user: UserArgs,
        #[command(flatten)]
        rights: RightsArgs,
        #[command(flatten)]
        credential: CredentialArgs,
    },
    /// Everybody who may sign in, and tokens
    List {
        #[command(flatten)]
        dest: LogArgs,
        /// Print one JSON object a user
        #[arg(long)]
        json: bool,
    },
    /// Give a user another role and teams
    Change {
        #[command(flatten)]
        user: UserArgs,
        #[command(flatten)]
        rights: RightsArgs,
    },
    /// Let a user in no longer, and end their tokens
    Disable(UserArgs),
    /// Let a disabled or locked-out user in again
    Enable(UserArgs),
    /// For a user who has lost password or second factor, or goes over to a provider or back: no factor, no tokens
    Reset {
        #[command(flatten)]
        user: UserArgs,
        #[command(flatten)]
        credential: CredentialArgs,
    },
    /// Set up a user's second factor; prints what an authenticator app reads
    Totp(UserArgs),
    /// Issue a token for scripts; it is printed once
    Token {
        #[command(flatten)]
        user: UserArgs,
        /// What it may, of what its user may; repeat for more
        #[arg(long, required = true)]
        scope: Vec<Permission>,
        /// How long it lives, 1 to 366
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        days: u32,
    },
    /// Take a token back
    Revoke {
        #[command(flatten)]
        dest: LogArgs,
        /// The token's id, as `users list` shows it
        #[arg(value_name = "TOKEN")]
        token: Word,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Say which calls are a team's: those whose ATTRIBUTE is one of these; nothing ends the team
    Team {
        #[command(flatten)]
        dest: LogArgs,
        /// The team
        team: Word,
        /// Attribute and values of its calls, commas between; repeat for more
        #[arg(long = "of", value_name = "ATTRIBUTE=VALUE,VALUE")]
        of: Vec<String>,
        #[command(flatten)]
        by: ByArgs,
    },
}

#[derive(Args)]
pub(in crate::cli) struct UserArgs {
    #[command(flatten)]
    pub dest: LogArgs,
    /// The user: lower-case letters, digits, . _ - @
    #[arg(value_name = "NAME")]
    pub name: UserName,
    #[command(flatten)]
    pub by: ByArgs,
}

#[derive(Args)]
pub(in crate::cli) struct ByArgs {
    /// Who does this, for the audit log
    #[arg(long, value_name = "NAME", default_value = "operator")]
    pub by: UserName,
}

#[derive(Args)]
pub(in crate::cli) struct RightsArgs {
    /// What they are for
    #[arg(long)]
    pub role: Role,
    /// A team of theirs; repeat for more
    #[arg(long = "team", value_name = "TEAM")]
    pub teams: Vec<Word>,
}

#[derive(Args)]
pub(in crate::cli) struct CredentialArgs {
    /// The provider of sign-ins knows the user by this address and signs them in; no password (docs/sign-in.md)
    #[arg(long, value_name = "ADDRESS", conflicts_with = "password_file")]
    pub email: Option<Email>,
    /// Read the password from this file; - is standard input [default: a random one is made and printed]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
}

impl UsersCommand {
    /// Where the users are.
    pub fn dest(&self) -> &LogArgs {
        match self {
            Self::Add { user, .. }
            | Self::Change { user, .. }
            | Self::Reset { user, .. }
            | Self::Token { user, .. } => &user.dest,
            Self::Disable(user) | Self::Enable(user) | Self::Totp(user) => &user.dest,
            Self::List { dest, .. } | Self::Revoke { dest, .. } | Self::Team { dest, .. } => dest,
        }
    }

    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        self.dest().flags()
    }
}
