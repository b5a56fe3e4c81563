//! Administration of people: who they are, their roles, teams, passwords and tokens. Every change is written down before it is
//! made, and ends the sessions of whom it is about. What is shown once is shown in the answer and nowhere else.

use super::answer::{Answer, Problem, html, json};
use super::app::{App, lock};
use super::asked::Asked;
use super::pages;
use crate::access::audit::{Action, Event};
use crate::access::people::{
    Cost, Credential, Email, PasswordHash, People, Permission, Role, User, UserState, one_time_password,
};
use crate::access::{UserName, Word};
use crate::base::{Phi, Result as Done, Timestamp};
use axum::http::StatusCode;
use clap::ValueEnum;
use serde::Serialize;
use std::collections::BTreeSet;

/// Days that a token lives unless said otherwise.
const TOKEN_DAYS: u32 = 90;

/// A user as administrators see one.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    pub name: &'a UserName,
    pub role: Role,
    pub teams: &'a BTreeSet<Word>,
    pub state: UserState,
    pub second_factor: bool,
    /// By what the provider that signs them in knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a Email>,
    pub locked: bool,
    pub created: Timestamp,
    pub last_sign_in: Option<Timestamp>,
    pub tokens: Vec<TokenLine<'a>>,
}

/// A token that may still be used.
#[derive(Serialize)]
pub(super) struct TokenLine<'a> {
    pub id: &'a Word,
    pub scopes: &'a BTreeSet<Permission>,
    pub expires: Timestamp,
}

/// What is shown once: a password, a token.
#[derive(Default)]
pub(super) struct Once {
    pub user: String,
    pub password: Option<Phi<String>>,
    pub token: Option<Phi<String>>,
}

/// Everybody.
pub(super) fn list(app: &App, asked: &Asked) -> Answer {
    shown(app, asked, None)
}

/// Adds a user with a password for one sign-in, or whom a provider signs in.
pub(super) fn add(app: &App, asked: &Asked) -> Answer {
    let (name, role, teams) = (name(asked)?, role(asked)?, teams(asked)?);
    let (password, credential) = new_credential(app, asked)?;
    let add = |people: &mut People| people.add(name.clone(), role, teams.clone(), credential.clone(), asked.at);
    change(app, asked, Action::AddUser, &name, add)?;
    shown(app, asked, Some(Once { user: name.to_string(), password, token: None }))
}

/// Gives a user another role and teams.
pub(super) fn set_rights(app: &App, asked: &Asked) -> Answer {
    let (name, role, teams) = (another(asked)?, role(asked)?, teams(asked)?);
    change(app, asked, Action::ChangeUser, &name, |people| people.change(&name, role, teams.clone()))?;
    shown(app, asked, None)
}

/// Keeps a user out.
pub(super) fn disable(app: &App, asked: &Asked) -> Answer {
    let name = another(asked)?;
    change(app, asked, Action::DisableUser, &name, |people| people.set_state(&name, UserState::Disabled, asked.at))?;
    shown(app, asked, None)
}

/// Lets a user in again, also one who is locked out.
pub(super) fn enable(app: &App, asked: &Asked) -> Answer {
    let name = another(asked)?;
    change(app, asked, Action::ChangeUser, &name, |people| people.set_state(&name, UserState::Active, asked.at))?;
    shown(app, asked, None)
}

/// A new password for one sign-in, or a provider that signs them in, and no second factor.
pub(super) fn reset(app: &App, asked: &Asked) -> Answer {
    let name = another(asked)?;
    let (password, credential) = new_credential(app, asked)?;
    let reset = |people: &mut People| people.reset(&name, credential.clone(), asked.at);
    change(app, asked, Action::ResetUser, &name, reset)?;
    shown(app, asked, Some(Once { user: name.to_string(), password, token: None }))
}

/// Issues a token.
pub(super) fn issue(app: &App, asked: &Asked) -> Answer {
    let name = name(asked)?;
    let parsed = words(asked.field("scopes")).map(|word| Permission::from_str(word, false).ok());
    let scopes = parsed.collect::<Option<BTreeSet<_>>>().ok_or(Problem::Bad("There is no such scope."))?;
    let days = asked.field("days").map_or(Some(TOKEN_DAYS), |days| days.parse().ok());
    let days = days.ok_or(Problem::Bad("Days are a whole number."))?;
    let issue = |people: &mut People| people.issue(&name, scopes.clone(), days, asked.at);
    let (_, token) = change(app, asked, Action::IssueToken, &name, issue)?;
    shown(app, asked, Some(Once { user: name.to_string(), password: None, token: Some(token) }))
}

/// Takes a token back.
pub(super) fn revoke(app: &App, asked: &Asked) -> Answer {
    let missing = Problem::Bad("Name the token.");
    let (Some(id), Some(about)) =
        (asked.field("token").and_then(Word::parse), asked.field("token").and_then(UserName::parse))
    else {
        return Err(missing);
    };
    change(app, asked, Action::Revoke, &about, |people| people.revoke(&id, asked.at))?;
    shown(app, asked, None)
}

/// Tries a change, writes down that it will be made, and makes it. It ends the sessions of whom it is about.
fn change<T>(
    app: &App,
    asked: &Asked,
    what: Action,
    about: &UserName,
    mut change: impl FnMut(&mut People) -> Done<T>,
) -> Result<T, Problem> {
    change(&mut app.people()?.as_ref().clone())?;
    app.write_down(Event { about: Some(about.clone()), ..asked.event(what)? })?;
    let made = app.change_people(change)?;
    if asked.who()?.principal.user != *about {
        lock(&app.sessions).revoke(about);
    }
    Ok(made)
}

fn shown(app: &App, asked: &Asked, once: Option<Once>) -> Answer {
    let people = app.people()?;
    let lines: Vec<Line<'_>> = people.users().iter().map(|user| line(user, &people, asked.at)).collect();
    if !asked.is_api() {
        return Ok(html(StatusCode::OK, pages::admin::users(asked.who()?, &lines, once.as_ref())));
    }
    let once = once.unwrap_or_default();
    let shown = |secret: Option<Phi<String>>| secret.map(Phi::into_exposed);
    let (password, token) = (shown(once.password), shown(once.token));
    Ok(json(StatusCode::OK, &serde_json::json!({ "users": lines, "password": password, "token": token })))
}

fn line<'a>(user: &'a User, people: &'a People, now: Timestamp) -> Line<'a> {
    let own = people.tokens_of(&user.name, now);
    Line {
        name: &user.name,
        role: user.role,
        teams: &user.teams,
        state: user.state,
        second_factor: user.has_factor(),
        email: user.identity().map(|identity| &identity.email),
        locked: user.is_locked(now),
        created: user.created,
        last_sign_in: user.last_sign_in,
        tokens: own.map(|t| TokenLine { id: &t.id, scopes: &t.scopes, expires: t.expires }).collect(),
    }
}

/// By what a user signs in: the address that was given, or a new password, which is shown.
fn new_credential(app: &App, asked: &Asked) -> Result<(Option<Phi<String>>, Credential), Problem> {
    if let Some(email) = asked.field("email") {
        let email = Email::parse(email.trim()).ok_or(Problem::Bad("That is no e-mail address."))?;
        return Ok((None, Credential::Provider(email)));
    }
    let password = one_time_password()?;
    let hash = app.gate.pass(|| PasswordHash::of(&password, Cost::default()))??;
    Ok((Some(password), Credential::Password(hash)))
}

fn name(asked: &Asked) -> Result<UserName, Problem> {
    let name = asked.field("name").and_then(|name| UserName::parse(name.trim()));
    name.ok_or(Problem::Bad("A name is 1 to 64 lower-case letters, digits and . _ - @"))
}

/// Nobody disables or resets themselves, so that an administrator is left.
fn another(asked: &Asked) -> Result<UserName, Problem> {
    let name = name(asked)?;
    if asked.who()?.principal.user == name {
        return Err(Problem::Bad("Another administrator does this for you."));
    }
    Ok(name)
}

fn role(asked: &Asked) -> Result<Role, Problem> {
    let role = asked.field("role").and_then(|role| Role::ALL.into_iter().find(|r| r.word() == role));
    role.ok_or(Problem::Bad("There is no such role."))
}

fn teams(asked: &Asked) -> Result<BTreeSet<Word>, Problem> {
    let teams = words(asked.field("teams")).map(Word::parse).collect::<Option<_>>();
    teams.ok_or(Problem::Bad("A team is 1 to 64 lower-case letters, digits and -"))
}

/// Words with commas or spaces between them.
fn words(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split([',', ' ']).filter(|word| !word.is_empty())
}
