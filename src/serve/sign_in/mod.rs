//! Signing in with password and second factor or at a provider, and out. Whoever is not let in is told the same, whatever was wrong; why is in
//! the audit log. A session begins with the sign-in and is never carried over one.

pub(super) mod cookie;
pub(super) mod factor;
pub(super) mod password;
pub(super) mod provider;

use super::answer::{Answer, Problem, html, own_path, see_other};
use super::app::{App, lock};
use super::asked::Asked;
use super::notice::Notice;
use super::oidc::Provider;
use super::pages;
use crate::access::audit::{Action, Event, Outcome, Via};
use crate::access::people::{Attempt, Cost, PasswordHash, Principal, Refusal, SignIn, Todo};
use crate::access::{UserName, Word};
use crate::base::Phi;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use std::thread;
use std::time::Duration;

/// Whom the audit log names where what was typed is no name.
const UNKNOWN: &str = "unknown";
/// What somebody is told who is not let in.
const REFUSED: &str =
    "Name, password or code is wrong, or too many tries have failed. Wait a while, or ask an administrator.";

/// Whoever is refused hears of it at the end of such a step of time since they asked: a failure of a user who is there is counted
/// in the store, one of a user who is not is not, and that takes time.
const REFUSAL_STEP: Duration = Duration::from_millis(500);

/// How users may sign in.
pub struct Ways {
    /// At a provider.
    pub provider: Option<Provider>,
    /// With a password.
    pub password: Password,
}

/// Whether users may sign in with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// Those who have one.
    Taken,
    /// Nobody.
    Refused,
}

/// The form; whoever is signed in goes on.
pub(super) fn form(app: &App, asked: &Asked) -> Answer {
    if asked.who.is_some() {
        return Ok(see_other(asked.query("next").and_then(own_path).unwrap_or("/")));
    }
    Ok(html(StatusCode::OK, pages::sign_in(&app.parts.ways, asked.query("next").and_then(own_path), None)))
}

/// Lets somebody in or not.
pub(super) fn try_it(app: &App, asked: &Asked) -> Answer {
    if app.parts.ways.password == Password::Refused {
        return Err(Problem::NotFound);
    }
    let began = (app.parts.elapsed)();
    let name = asked.form("name").and_then(|name| UserName::parse(name.trim()));
    let password = asked.secret("password").unwrap_or_default();
    let Some(name) = name else {
        // As long as for a name that could be one.
        let _ = app.gate.pass(|| PasswordHash::of_nobody(Cost::default()).is_of(&password))?;
        return refuse(app, asked, UserName::parse(UNKNOWN), Refusal::UnknownUser, began);
    };
    let attempt = Attempt { name, password, code: asked.secret("code") };
    let tried =
        app.gate.pass(|| app.change_people(|people| Ok(people.sign_in(&attempt, asked.at, Cost::default()))))??;
    match tried {
        SignIn::Refused(why) => {
            if why == Refusal::LocksOut {
                (app.parts.tell)(&Notice::LockedOut { user: &attempt.name });
            }
            refuse(app, asked, Some(attempt.name), why, began)
        }
        SignIn::Allowed(principal, todo) => {
            app.write_down(event(asked, principal.user.clone(), Some(&principal), None))?;
            (app.parts.tell)(&Notice::SignedIn);
            let next = asked.form("next").and_then(own_path).unwrap_or("/");
            let first = match todo {
                Todo::Nothing => next,
                Todo::ChoosePassword => "/password",
                Todo::SetUpFactor => "/second-factor",
            };
            end_session(app, asked);
            begin_session(app, asked, principal.user, see_other(first))
        }
    }
}

/// Ends a session, and has the browser forget everything of it. Whom a provider has signed in can sign out there, too: else
/// whoever comes to this browser next is let in again.
pub(super) fn sign_out(app: &App, asked: &Asked) -> Answer {
    end_session(app, asked);
    let mut answer = match provider::sign_out(app, &asked.who()?.principal.user) {
        Some((name, address)) => html(StatusCode::OK, pages::signed_out(name, &address)),
        None => see_other("/sign-in"),
    };
    answer.headers_mut().insert(header::SET_COOKIE, cookie::unset(app.channel));
    answer.headers_mut().insert("clear-site-data", header::HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(answer)
}

fn refuse(app: &App, asked: &Asked, name: Option<UserName>, why: Refusal, began: Duration) -> Answer {
    (app.parts.tell)(&Notice::SignInRefused { why: why.word() });
    if let Some(name) = name {
        app.write_down(event(asked, name, None, Some(why)))?;
    }
    let next = asked.form("next").and_then(own_path);
    thread::sleep(until_step((app.parts.elapsed)().saturating_sub(began)));
    Ok(html(StatusCode::UNAUTHORIZED, pages::sign_in(&app.parts.ways, next, Some(REFUSED))))
}

/// How long it is from so much time on to the end of a step.
fn until_step(took: Duration) -> Duration {
    let step = REFUSAL_STEP.as_nanos();
    let left = step - took.as_nanos() % step;
    Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
}

fn event(asked: &Asked, user: UserName, principal: Option<&Principal>, why: Option<Refusal>) -> Event {
    Event {
        at: asked.at,
        user,
        role: principal.and_then(|principal| Word::parse(principal.role.word())),
        via: Via::Nothing,
        token: None,
        from: Some(asked.from),
        what: Action::SignIn,
        call: None,
        about: None,
        purpose: None,
        outcome: if why.is_none() { Outcome::Allowed } else { Outcome::Refused },
        why: why.and_then(|why| Word::parse(why.word())),
    }
}

/// Begins a session and tells the browser its secret.
pub(super) fn begin_session(app: &App, asked: &Asked, user: UserName, mut answer: Response) -> Answer {
    let secret: Phi<String> = lock(&app.sessions).begin(user, asked.at).map_err(|_| Problem::Busy)?;
    answer.headers_mut().insert(header::SET_COOKIE, cookie::set(&secret, app.channel)?);
    Ok(answer)
}

/// Ends the session that a browser came with, if any.
fn end_session(app: &App, asked: &Asked) {
    if let Some(secret) = cookie::read(&asked.headers, app.channel) {
        lock(&app.sessions).sign_out(&secret);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_refusal_took_it_ends_with_a_step() {
        for took in [0, 1, 120, 499, 500, 501, 1_700] {
            let (took, left) = (Duration::from_millis(took), until_step(Duration::from_millis(took)));
            assert!((took + left).as_nanos() % REFUSAL_STEP.as_nanos() == 0 && !left.is_zero() && left <= REFUSAL_STEP);
        }
    }
}
