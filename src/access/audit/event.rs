//! What is written down of an access: who did what to which call, when, from where, why, and what came of it. Names of
//! staff, pseudonyms of calls and words of fixed vocabularies; never text of a call, a search or a note.
//!
//! `docs/audit.v1.schema.json` says the same in JSON Schema. Actions may be added; a reader refuses one that it does not
//! know.

use crate::access::word::{UserName, Word};
use crate::base::{CallId, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What somebody did, or was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, by the clock of who writes it down.
    pub at: Timestamp,
    /// Who; for a sign-in that failed, whom they said they were, where that is a user.
    pub user: UserName,
    /// In which role; absent where nobody was signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Word>,
    /// By what they were known.
    pub via: Via,
    /// By which token, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Word>,
    /// From which address; absent for a command at a terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What they did.
    pub what: Action,
    /// To which call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// About which user, token, key or artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<UserName>,
    /// For which purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Word>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Word>,
}

impl Event {
    /// Whether somebody was let at what a call says.
    #[must_use]
    pub const fn is_disclosure(&self) -> bool {
        self.what.discloses() && matches!(self.outcome, Outcome::Allowed)
    }
}

/// By what somebody was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A session of the page.
    Session,
    /// A token of the API.
    Token,
    /// A command on a machine that has the keys.
    Command,
    /// Nothing: they were signing in.
    Nothing,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was let happen.
    Allowed,
    /// It was not.
    Refused,
    /// It was let happen and did not.
    Failed,
}

impl Outcome {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Defines the actions with their words, so that each stands once.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What somebody may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// Sign in.
    SignIn = "sign-in",
    /// Sign out.
    SignOut = "sign-out",
    /// Search or list calls; what was searched for is not written down.
    Search = "search",
    /// Open the page of a call, with its masked transcript.
    View = "view",
    /// Play the recording of a call.
    Play = "play",
    /// Download artifacts of a call.
    Download = "download",
    /// Write a note on a call.
    Note = "note",
    /// Mark what should be hidden of a call, agree to it or take it back.
    MarkSpans = "mark-spans",
    /// Look at why a call is held.
    ReviewHeld = "review-held",
    /// Let a held call be redacted after review.
    ReleaseHeld = "release-held",
    /// Look at reports and dashboards.
    Report = "report",
    /// Read the audit log.
    ReadAudit = "read-audit",
    /// Export what was exposed.
    Export = "export",
    /// Add a user.
    AddUser = "add-user",
    /// Change a user's role or teams.
    ChangeUser = "change-user",
    /// Disable a user, or let one in again.
    DisableUser = "disable-user",
    /// Set a new password or second factor.
    ResetUser = "reset-user",
    /// Issue a token.
    IssueToken = "issue-token",
    /// Revoke a token or session.
    Revoke = "revoke",
    /// Delete a call whose time is over.
    Delete = "delete",
    /// Put a call under legal hold.
    Hold = "hold",
    /// Release a call from legal hold.
    Release = "release",
}

impl Action {
    /// Whether it lets somebody at what a call says.
    #[must_use]
    pub const fn discloses(self) -> bool {
        matches!(self, Self::View | Self::Play | Self::Download)
    }
}
