//! A user's own choice of a password: first of all after a sign-in with one that somebody else knows, and whenever they like.

use super::super::answer::{Answer, Problem, html, see_other};
use super::super::app::{App, lock};
use super::super::asked::Asked;
use super::super::pages;
use super::begin_session;
use crate::access::Word;
use crate::access::audit::{Action, Event, Outcome};
use crate::access::people::{Cost, PasswordHash, Todo};
use axum::http::StatusCode;

const WRONG: &str = "The password of now is wrong. For safety you were signed out.";
const UNEQUAL: &str = "The two new passwords are not the same.";
const UNFIT: &str = "The new password is too short or too long: 12 characters at least, 1,024 bytes at most.";
const SAME: &str = "The new password is the one of now.";

/// The form.
pub(in super::super) fn form(app: &App, asked: &Asked) -> Answer {
    refuse_others(app, asked)?;
    Ok(html(StatusCode::OK, pages::password(asked.who()?, None)))
}

/// Changes it. All sessions of the user end but for a new one, which this answer begins.
pub(in super::super) fn change(app: &App, asked: &Asked) -> Answer {
    refuse_others(app, asked)?;
    let who = asked.who()?;
    let name = &who.principal.user;
    let again = |why| Ok(html(StatusCode::BAD_REQUEST, pages::password(who, Some(why))));
    let fresh = asked.secret("new").unwrap_or_default();
    if fresh != asked.secret("again").unwrap_or_default() {
        return again(UNEQUAL);
    }
    let current = asked.secret("current").unwrap_or_default();
    let people = app.people()?;
    let is_of = |password| people.user(name).is_some_and(|user| user.has_password(password));
    // Who has just signed in with one for this need not type it again.
    if who.todo != Todo::ChoosePassword && !app.gate.pass(|| is_of(&current))? {
        lock(&app.sessions).revoke(name);
        let refused = Event {
            about: Some(name.clone()),
            outcome: Outcome::Refused,
            why: Word::parse("password"),
            ..asked.event(Action::ResetUser)?
        };
        app.write_down(refused)?;
        return Ok(html(StatusCode::UNAUTHORIZED, pages::sign_in(&app.parts.ways, None, Some(WRONG))));
    }
    if app.gate.pass(|| is_of(&fresh))? {
        return again(SAME);
    }
    let Ok(hash) = app.gate.pass(|| PasswordHash::of(&fresh, Cost::default()))? else { return again(UNFIT) };
    app.write_down_about(asked, Action::ResetUser, name)?;
    app.change_people(|people| people.set_password(name, hash.clone()))?;
    lock(&app.sessions).revoke(name);
    begin_session(app, asked, name.clone(), see_other("/"))
}

/// Whom a provider signs in has no password to change.
fn refuse_others(app: &App, asked: &Asked) -> Result<(), Problem> {
    let people = app.people()?;
    let user = people.user(&asked.who()?.principal.user);
    if user.is_none_or(|user| user.identity().is_some()) { Err(Problem::Forbidden) } else { Ok(()) }
}
