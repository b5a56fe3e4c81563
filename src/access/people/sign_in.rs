//! A sign-in with password and second factor. Whatever is wrong, who tries is told the same, after the same time; why is for
//! the audit log.

use super::secret::{Cost, PasswordHash};
use super::{People, Principal, UserState};
use crate::access::UserName;
use crate::base::{Phi, Timestamp};

/// What somebody came with.
pub struct Attempt {
    /// Whom they say they are.
    pub name: UserName,
    /// Their password.
    pub password: Phi<String>,
    /// The code of their second factor, where they gave one.
    pub code: Option<Phi<String>>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// They are let in, and must do something first.
    Allowed(Principal, Todo),
    /// They are not.
    Refused(Refusal),
}

/// What somebody who is let in must do before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Nothing.
    Nothing,
    /// Choose a password of their own.
    ChoosePassword,
    /// Set up a second factor.
    SetUpFactor,
}

/// Why somebody was not let in: for the audit log, not for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such user.
    UnknownUser,
    /// The user is disabled.
    Disabled,
    /// Too many failures before.
    LockedOut,
    /// The password is another.
    Password,
    /// The code is missing, another, or was taken before.
    Code,
    /// One of these, and now the user is locked out: somebody should look.
    LocksOut,
    /// A provider signs this user in, and no password does.
    AtProvider,
    /// What came back from a provider does not belong to a sign-in that this browser began.
    NotBegun,
    /// The provider has refused.
    ProviderRefused,
    /// What the provider has sent cannot be believed, for the reason that this word says.
    Token(&'static str),
    /// The provider's address for somebody is that of another person than before.
    OtherSubject,
    /// The provider names no role that is known here, or more than one.
    NoRole,
    /// The provider does not answer.
    ProviderDown,
}

impl Refusal {
    /// The word of the audit log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown-user",
            Self::Disabled => "disabled",
            Self::LockedOut => "locked-out",
            Self::Password => "password",
            Self::Code => "code",
            Self::LocksOut => "locks-out",
            Self::AtProvider => "at-provider",
            Self::NotBegun => "not-begun",
            Self::ProviderRefused => "provider-refused",
            Self::Token(word) => word,
            Self::OtherSubject => "other-subject",
            Self::NoRole => "no-role",
            Self::ProviderDown => "provider-down",
        }
    }
}

impl People {
    /// Lets somebody in or not, and counts failures. What has changed must be stored before the answer is given.
    pub fn sign_in(&mut self, attempt: &Attempt, now: Timestamp, cost: Cost) -> SignIn {
        let Some(user) = self.users.iter_mut().find(|user| user.name == attempt.name) else {
            // As long as for somebody who is there.
            let _ = PasswordHash::of_nobody(cost).is_of(&attempt.password);
            return SignIn::Refused(Refusal::UnknownUser);
        };
        let Some(own) = &user.password else {
            let _ = PasswordHash::of_nobody(cost).is_of(&attempt.password);
            return SignIn::Refused(Refusal::AtProvider);
        };
        let is_password = own.is_of(&attempt.password);
        if user.state == UserState::Disabled {
            return SignIn::Refused(Refusal::Disabled);
        }
        if user.lockout.is_locked(now) {
            return SignIn::Refused(Refusal::LockedOut);
        }
        let is_code = match (&mut user.factor, &attempt.code) {
            (None, _) => true,
            // A code is used up only together with its password.
            (Some(factor), Some(code)) => is_password && factor.take(code, now),
            (Some(_), None) => false,
        };
        if !(is_password && is_code) {
            let why = if is_password { Refusal::Code } else { Refusal::Password };
            return SignIn::Refused(if user.lockout.fail(now) { Refusal::LocksOut } else { why });
        }
        user.lockout.clear();
        user.last_sign_in = Some(now);
        SignIn::Allowed(user.principal(), user.todo())
    }
}
