//! `users`: people, their rights and tokens at a destination. Every change is in the audit log before it is made.

use super::args::{CredentialArgs, LogArgs, UsersCommand};
use super::audit::{by_command, open_log, records, records_to_write};
use super::clock;
use super::output::Output;
use crate::access::audit::Action;
use crate::access::people::{
    self, Cost, Credential, Email, Match, PasswordHash, People, Role, Totp, User, UserState, one_time_password,
};
use crate::access::{UserName, Word};
use crate::base::{Error, Phi, Result, Timestamp, why};
use crate::config::Settings;
use crate::store::Records;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Most bytes of a password file.
const PASSWORD_FILE_BYTES_MAX: u64 = 4_096;
/// What authenticator apps call it.
const ISSUER: &str = "sordino";

/// A user as `list` shows one.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a UserName,
    role: Role,
    teams: &'a BTreeSet<Word>,
    state: UserState,
    second_factor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a Email>,
    locked: bool,
    created: Timestamp,
    last_sign_in: Option<Timestamp>,
    tokens: Vec<&'a Word>,
}

pub(super) fn run(command: &UsersCommand, settings: &Settings, out: &mut Output) -> Result<u8> {
    let now = Timestamp::from_unix_s(clock::now());
    if let UsersCommand::List { dest, json } = command {
        return list(&people::load(&*records(&dest.dest, settings)?)?, *json, now, out);
    }
    let change = Change { dest: command.dest(), settings, now };
    match command {
        UsersCommand::Add { user, rights, credential } => {
            let (text, credential) = new_credential(credential)?;
            let teams: BTreeSet<Word> = rights.teams.iter().cloned().collect();
            change.make(&user.by.by, Action::AddUser, &user.name, |people| {
                people.add(user.name.clone(), rights.role, teams.clone(), credential.clone(), now)
            })?;
            show_password(&user.name, text, out)?;
        }
        UsersCommand::Change { user, rights } => {
            let teams: BTreeSet<Word> = rights.teams.iter().cloned().collect();
            let by = &user.by.by;
            change.make(by, Action::ChangeUser, &user.name, |p| p.change(&user.name, rights.role, teams.clone()))?;
        }
        UsersCommand::Disable(user) => change.make(&user.by.by, Action::DisableUser, &user.name, |people| {
            people.set_state(&user.name, UserState::Disabled, now)
        })?,
        UsersCommand::Enable(user) => change.make(&user.by.by, Action::ChangeUser, &user.name, |people| {
            people.set_state(&user.name, UserState::Active, now)
        })?,
        UsersCommand::Reset { user, credential } => {
            let (text, credential) = new_credential(credential)?;
            let reset = |people: &mut People| people.reset(&user.name, credential.clone(), now);
            change.make(&user.by.by, Action::ResetUser, &user.name, reset)?;
            show_password(&user.name, text, out)?;
        }
        UsersCommand::Totp(user) => {
            let factor = Totp::generate()?;
            let set = |people: &mut People| people.set_factor(&user.name, factor.clone());
            change.make(&user.by.by, Action::ResetUser, &user.name, set)?;
            out.line(factor.uri(ISSUER, user.name.as_str()).expose())?;
        }
        UsersCommand::Token { user, scope, days } => {
            let scopes: BTreeSet<_> = scope.iter().copied().collect();
            let issue = |people: &mut People| people.issue(&user.name, scopes.clone(), *days, now);
            let (id, token) = change.make(&user.by.by, Action::IssueToken, &user.name, issue)?;
            out.line(format_args!("token {id}, shown once:\n{}", token.expose()))?;
        }
        UsersCommand::Revoke { token, by, .. } => {
            let name = UserName::parse(token.as_str()).ok_or_else(|| Error::usage("no token of that name"))?;
            let user = change.make(&by.by, Action::Revoke, &name, |people| people.revoke(token, now))?;
            out.line(format_args!("token {token} of {user} is revoked"))?;
        }
        UsersCommand::Team { team, of, by, .. } => {
            let of = of.iter().map(|text| matching(text)).collect::<Result<Vec<_>>>()?;
            let name = UserName::parse(team.as_str()).ok_or_else(|| Error::usage("no team can have that name"))?;
            change.make(&by.by, Action::ChangeUser, &name, |people| people.set_team(team.clone(), of.clone()))?;
        }
        UsersCommand::List { .. } => {}
    }
    Ok(0)
}

/// A change of people at a destination.
struct Change<'a> {
    dest: &'a LogArgs,
    settings: &'a Settings,
    now: Timestamp,
}

impl Change<'_> {
    /// Tries a change, writes down that it will be made, and makes it.
    fn make<T>(
        &self,
        by: &UserName,
        what: Action,
        about: &UserName,
        mut change: impl FnMut(&mut People) -> Result<T>,
    ) -> Result<T> {
        let log = open_log(&self.dest.dest, self.settings)?;
        let records = self.records()?;
        change(&mut people::load(&*records)?)?;
        log.append(crate::access::audit::Event { at: self.now, ..by_command(by, what, None, Some(about)) })?;
        people::update(&*records, change)
    }

    fn records(&self) -> Result<Arc<dyn Records>> {
        records_to_write(&self.dest.dest, self.settings)
    }
}

fn list(people: &People, json: bool, now: Timestamp, out: &mut Output) -> Result<u8> {
    for user in people.users() {
        let line = Line {
            name: &user.name,
            role: user.role,
            teams: &user.teams,
            state: user.state,
            second_factor: user.has_factor(),
            email: user.identity().map(|identity| &identity.email),
            locked: user.is_locked(now),
            created: user.created,
            last_sign_in: user.last_sign_in,
            tokens: people.tokens_of(&user.name, now).map(|token| &token.id).collect(),
        };
        if json { out.json(&line) } else { out.line(for_a_person(user, &line)) }?;
    }
    Ok(0)
}

fn for_a_person(user: &User, line: &Line<'_>) -> String {
    let teams: Vec<&str> = user.teams.iter().map(Word::as_str).collect();
    let state = match (user.state, line.locked) {
        (UserState::Disabled, _) => "disabled",
        (UserState::Active, true) => "locked out",
        (UserState::Active, false) => "active",
    };
    let factor = match line.email {
        Some(email) => format!("signs in as {}", email.as_str()),
        None if line.second_factor => "second factor".to_owned(),
        None => "no second factor".to_owned(),
    };
    let last = user.last_sign_in.map_or_else(|| "never signed in".to_owned(), |last| format!("last {last}"));
    let tokens: Vec<&str> = line.tokens.iter().map(|id| id.as_str()).collect();
    let mut text = format!("{}  {}  [{}]  {state}, {factor}, {last}", user.name, user.role.word(), teams.join(" "));
    if !tokens.is_empty() {
        text.push_str(&format!(", tokens {}", tokens.join(" ")));
    }
    text
}

/// By what a user signs in, and the password as text, where it was made here.
fn new_credential(args: &CredentialArgs) -> Result<(Option<Phi<String>>, Credential)> {
    let hashed = |password: &Phi<String>| PasswordHash::of(password, Cost::default()).map(Credential::Password);
    match (&args.email, &args.password_file) {
        (Some(email), _) => Ok((None, Credential::Provider(email.clone()))),
        (None, Some(path)) => Ok((None, hashed(&read_password(path)?)?)),
        (None, None) => {
            let made = one_time_password()?;
            let credential = hashed(&made)?;
            Ok((Some(made), credential))
        }
    }
}

fn show_password(name: &UserName, made: Option<Phi<String>>, out: &mut Output) -> Result<()> {
    made.map_or(Ok(()), |made| out.line(format_args!("password of {name} for one sign-in: {}", made.expose())))
}

fn read_password(path: &Path) -> Result<Phi<String>> {
    let failed = |e: std::io::Error| Error::usage(format!("--password-file {}: {}", path.display(), why(&e)));
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    source.take(PASSWORD_FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(Phi::new(text))
}

fn matching(text: &str) -> Result<Match> {
    let wrong = || Error::usage(format!("--of {text}: not ATTRIBUTE=VALUE,VALUE"));
    let (attribute, values) = text.split_once('=').ok_or_else(wrong)?;
    let any_of: BTreeSet<String> = values.split(',').filter(|v| !v.is_empty()).map(str::to_owned).collect();
    let attribute = Word::parse(attribute).filter(|_| !any_of.is_empty()).ok_or_else(wrong)?;
    Ok(Match { attribute, any_of })
}
