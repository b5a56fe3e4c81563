//! People and what they may do, as data: users with passwords and second factors, tokens, teams. Pure but for the file that
//! holds them; the time is handed in. Must not know of requests. `docs/access.md` is the guide.

mod file;
mod lockout;
mod provider;
mod rights;
mod secret;
mod session;
mod sign_in;
mod token;

pub use file::{load, update};
pub use lockout::{FAILURES_MAX, Lockout};
pub use provider::{Change, Email, Entrance, Identity, Rights, Subject, Vouched};
pub use rights::{Denied, Permission, Principal, Reach, Role, TABLE, Target, decide};
pub use secret::{Cost, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordHash, Totp, one_time_password};
pub use session::{Found, SessionRules, Sessions};
pub use sign_in::{Attempt, Refusal, SignIn, Todo};
pub use token::{TOKEN_DAYS_MAX, Token};

use super::word::{UserName, Word};
use crate::base::{Error, Phi, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The `schema` of [`People`].
pub const USERS_SCHEMA: &str = "sordino.users/v1";
/// Most users, tokens and teams of one file.
const PEOPLE_MAX: usize = 20_000;

/// Everybody who may sign in, their tokens, and which calls belong to which team. It has no Debug: second factors are in it.
///
/// A reader refuses fields that it does not know.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    schema: String,
    /// Another with each write. A bucket takes a second write of the very same bytes for the first one repeated: then a one-time
    /// code that two servers take at once would be good at both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    write: Option<Word>,
    users: Vec<User>,
    tokens: Vec<Token>,
    /// What a call's attributes must be to belong to a team; any of these.
    teams: BTreeMap<Word, Vec<Match>>,
}

/// A user. One is disabled and never removed: a name is not given to another person.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Their name.
    pub name: UserName,
    /// What they are for.
    pub role: Role,
    /// Their teams.
    #[serde(default)]
    pub teams: BTreeSet<Word>,
    /// Whether they may sign in.
    pub state: UserState,
    /// When they were added.
    pub created: Timestamp,
    /// When they last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<Timestamp>,
    /// Whether the password is one that somebody else knows.
    pub password_is: PasswordIs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<PasswordHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<Totp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    #[serde(default)]
    lockout: Lockout,
}

impl User {
    /// Whether a second factor is set up.
    #[must_use]
    pub const fn has_factor(&self) -> bool {
        self.factor.is_some()
    }

    /// Who they are at the provider that signs them in; nothing for one with a password.
    #[must_use]
    pub const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Whether failures have locked them out now.
    #[must_use]
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.lockout.is_locked(now)
    }

    /// Whether this is their password. Takes as long whatever the answer.
    #[must_use]
    pub fn has_password(&self, password: &Phi<String>) -> bool {
        self.password.as_ref().is_some_and(|own| own.is_of(password))
    }

    /// What they must do before anything else, once they are signed in.
    #[must_use]
    pub const fn todo(&self) -> Todo {
        match self.password_is {
            PasswordIs::OneTime => Todo::ChoosePassword,
            PasswordIs::Own if self.factor.is_none() => Todo::SetUpFactor,
            PasswordIs::Own | PasswordIs::AtProvider => Todo::Nothing,
        }
    }

    /// Who they are and what they may, once they are known to be it.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal { user: self.name.clone(), role: self.role, teams: self.teams.clone(), scopes: None }
    }
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserState {
    /// They may.
    Active,
    /// They may not, nor may their tokens.
    Disabled,
}

/// Whose choice a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordIs {
    /// The user's own.
    Own,
    /// Another person's, who gave it to the user for one sign-in.
    OneTime,
    /// There is none here: a provider signs the user in, with a second factor of its own.
    AtProvider,
}

/// By what a user signs in.
#[derive(Clone)]
pub enum Credential {
    /// A password for one sign-in.
    Password(PasswordHash),
    /// A provider that knows them by this address.
    Provider(Email),
}

impl Credential {
    fn into_parts(self) -> (PasswordIs, Option<PasswordHash>, Option<Identity>) {
        match self {
            Self::Password(hash) => (PasswordIs::OneTime, Some(hash), None),
            Self::Provider(email) => (PasswordIs::AtProvider, None, Some(Identity { email, subject: None })),
        }
    }
}

/// A call belongs to a team when this attribute of it (a tag of its object, a field of its metadata) has one of these
/// values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The attribute.
    pub attribute: Word,
    /// Its values.
    pub any_of: BTreeSet<String>,
}

impl Default for People {
    fn default() -> Self {
        Self { schema: USERS_SCHEMA.into(), write: None, users: Vec::new(), tokens: Vec::new(), teams: BTreeMap::new() }
    }
}

impl People {
    /// Everybody, by name.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The tokens of a user that are valid now.
    pub fn tokens_of(&self, user: &UserName, now: Timestamp) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(move |token| token.user == *user && token.is_valid(now))
    }

    /// A user.
    #[must_use]
    pub fn user(&self, name: &UserName) -> Option<&User> {
        self.users.iter().find(|user| user.name == *name)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// A usage error when there is one of that name, however long ago, or another of that address.
    pub fn add(
        &mut self,
        name: UserName,
        role: Role,
        teams: BTreeSet<Word>,
        credential: Credential,
        now: Timestamp,
    ) -> Result<()> {
        if self.user(&name).is_some() {
            return Err(Error::usage(format!("{name}: there is a user of that name"))
                .hint("names are not used again; `sordino users enable` lets a disabled user in"));
        }
        if self.users.len() >= PEOPLE_MAX {
            return Err(Error::usage(format!("at most {PEOPLE_MAX} users")));
        }
        self.check_address(&name, &credential)?;
        let (password_is, password, identity) = credential.into_parts();
        self.users.push(User {
            name,
            role,
            teams,
            state: UserState::Active,
            created: now,
            last_sign_in: None,
            password_is,
            password,
            factor: None,
            identity,
            lockout: Lockout::default(),
        });
        self.users.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Gives a user another role and teams.
    ///
    /// # Errors
    /// A usage error when there is no such user.
    pub fn change(&mut self, name: &UserName, role: Role, teams: BTreeSet<Word>) -> Result<()> {
        let user = self.user_mut(name)?;
        (user.role, user.teams) = (role, teams);
        Ok(())
    }

    /// Lets a user in or not. Tokens of one who is disabled end for good.
    ///
    /// # Errors
    /// A usage error when there is no such user.
    pub fn set_state(&mut self, name: &UserName, state: UserState, now: Timestamp) -> Result<()> {
        let user = self.user_mut(name)?;
        user.state = state;
        user.lockout.clear();
        if state == UserState::Disabled {
            self.revoke_all(name, now);
        }
        Ok(())
    }

    /// Another way to sign in, no second factor, no tokens, no lock: for whoever has lost theirs, or goes over to a provider.
    ///
    /// # Errors
    /// A usage error when there is no such user, or another of that address.
    pub fn reset(&mut self, name: &UserName, credential: Credential, now: Timestamp) -> Result<()> {
        self.check_address(name, &credential)?;
        let user = self.user_mut(name)?;
        (user.password_is, user.password, user.identity) = credential.into_parts();
        user.factor = None;
        user.lockout.clear();
        self.revoke_all(name, now);
        Ok(())
    }

    /// The user's own choice of a password.
    ///
    /// # Errors
    /// A usage error when there is no such user, or a provider signs them in.
    pub fn set_password(&mut self, name: &UserName, password: PasswordHash) -> Result<()> {
        let user = self.local_mut(name)?;
        (user.password, user.password_is) = (Some(password), PasswordIs::Own);
        Ok(())
    }

    /// Sets up a second factor.
    ///
    /// # Errors
    /// A usage error when there is no such user, or a provider signs them in.
    pub fn set_factor(&mut self, name: &UserName, factor: Totp) -> Result<()> {
        self.local_mut(name)?.factor = Some(factor);
        Ok(())
    }

    /// Says which calls belong to a team; none of these ends it.
    ///
    /// # Errors
    /// A usage error when there are too many teams.
    pub fn set_team(&mut self, team: Word, of: Vec<Match>) -> Result<()> {
        if of.is_empty() {
            self.teams.remove(&team);
            return Ok(());
        }
        if self.teams.len() >= PEOPLE_MAX {
            return Err(Error::usage(format!("at most {PEOPLE_MAX} teams")));
        }
        self.teams.insert(team, of);
        Ok(())
    }

    /// The teams that a call with these attributes belongs to. Besides what was set, the attribute `team` names one.
    #[must_use]
    pub fn teams_of(&self, attributes: &BTreeMap<String, String>) -> BTreeSet<Word> {
        let fits = |m: &Match| attributes.get(m.attribute.as_str()).is_some_and(|value| m.any_of.contains(value));
        let set = self.teams.iter().filter(|(_, of)| of.iter().any(fits)).map(|(team, _)| team.clone());
        set.chain(attributes.get("team").and_then(|team| Word::parse(team))).collect()
    }

    /// The attributes and values of which a call must have one to belong to this team.
    #[must_use]
    pub fn marks_of(&self, team: &Word) -> Vec<(String, String)> {
        let values = |m: &Match| m.any_of.iter().map(|v| (m.attribute.to_string(), v.clone())).collect::<Vec<_>>();
        let own = ("team".to_owned(), team.to_string());
        self.teams.get(team).into_iter().flatten().flat_map(values).chain([own]).collect()
    }

    /// Teams that were set, and those that users belong to.
    #[must_use]
    pub fn teams(&self) -> BTreeSet<Word> {
        self.teams.keys().chain(self.users.iter().flat_map(|user| &user.teams)).cloned().collect()
    }

    /// Refuses an address that another user has.
    fn check_address(&self, name: &UserName, credential: &Credential) -> Result<()> {
        let Credential::Provider(email) = credential else { return Ok(()) };
        let has = |user: &User| user.name != *name && user.identity.as_ref().is_some_and(|own| own.email == *email);
        match self.users.iter().find(|user| has(user)) {
            Some(other) => Err(Error::usage(format!("{name}: {} has the same address", other.name))),
            None => Ok(()),
        }
    }

    /// A user who signs in with a password.
    fn local_mut(&mut self, name: &UserName) -> Result<&mut User> {
        let user = self.user_mut(name)?;
        if user.identity.is_some() {
            return Err(Error::usage(format!("{name}: a provider signs this user in"))
                .hint("`sordino users reset` without --email gives the user a password instead"));
        }
        Ok(user)
    }

    fn user_mut(&mut self, name: &UserName) -> Result<&mut User> {
        let user = self.users.iter_mut().find(|user| user.name == *name);
        user.ok_or_else(|| Error::usage(format!("{name}: no such user")))
    }
}

#[cfg(test)]
mod tests;
