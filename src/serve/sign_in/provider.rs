//! Signing in at a provider: there, and back. Whoever is not let in is told the same, whatever was wrong; why is in the audit
//! log. That the provider does not answer is told: it says nothing of anybody.

use super::super::answer::{Answer, Problem, go_to_provider, html, own_path, set};
use super::super::app::App;
use super::super::asked::Asked;
use super::super::notice::Notice;
use super::super::oidc::{ATTEMPT_S, Attempt, Provider};
use super::super::pages;
use super::{UNKNOWN, begin_session, cookie, event};
use crate::access::audit::{Action, Event};
use crate::access::people::{self, Change, Entrance, Refusal};
use crate::access::{UserName, Word};
use axum::http::{StatusCode, header};

/// The word of the audit log for what a provider has changed of a user.
const BY_PROVIDER: &str = "provider";
const REFUSED: &str = "You were not signed in. Try once more, or ask an administrator.";
const DOWN: &str = "The sign-in service does not answer. Try again later.";

/// Sends a browser to the provider, with a secret to come back with.
pub(in super::super) fn begin(app: &App, asked: &Asked) -> Answer {
    let provider = provider(app)?;
    let attempt = Attempt::begin(asked.query("next").and_then(own_path))?;
    match provider.address(&attempt) {
        Ok(address) => {
            let mut answer = go_to_provider(&address).ok_or(Problem::Busy)?;
            let cookie = cookie::set_attempt(&attempt.to_cookie(), ATTEMPT_S, app.channel)?;
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(answer)
        }
        Err(why) => {
            (app.parts.tell)(&Notice::SignInRefused { why: why.word() });
            Ok(refused(app, attempt.next(), why))
        }
    }
}

/// Lets somebody in or not who comes back from the provider. Whatever comes of it, the browser forgets its secret.
pub(in super::super) fn come_back(app: &App, asked: &Asked) -> Answer {
    let provider = provider(app)?;
    let attempt = cookie::read_attempt(&asked.headers, app.channel).and_then(|text| Attempt::from_cookie(&text));
    let next = attempt.as_ref().and_then(Attempt::next);
    let mut answer = match entered(app, asked, provider, attempt.as_ref())? {
        Ok(name) => {
            let to = next.unwrap_or("/");
            let mut answer = begin_session(app, asked, name, html(StatusCode::OK, pages::going_on("Signed in", to)))?;
            // Not a redirection: one that begins at another site would leave out the cookie of the session.
            set(answer.headers_mut(), header::REFRESH, &format!("0;url={to}"));
            answer
        }
        Err((name, why)) => {
            (app.parts.tell)(&Notice::SignInRefused { why: why.word() });
            if let Some(name) = name.or_else(|| UserName::parse(UNKNOWN)) {
                app.write_down(event(asked, name, None, Some(why)))?;
            }
            refused(app, next, why)
        }
    };
    answer.headers_mut().append(header::SET_COOKIE, cookie::unset_attempt(app.channel));
    Ok(answer)
}

/// What the provider is called that has signed somebody in, and where they sign out of it; nothing where there is no such place.
pub(super) fn sign_out<'a>(app: &'a App, name: &UserName) -> Option<(&'a str, String)> {
    let provider = app.parts.ways.provider.as_ref()?;
    app.people().ok()?.user(name)?.identity()?;
    Some((provider.name(), provider.sign_out_address()?))
}

type Refused = (Option<UserName>, Refusal);

/// The user who has come back; or who it was, as far as that is known, and why not.
fn entered(
    app: &App,
    asked: &Asked,
    provider: &Provider,
    attempt: Option<&Attempt>,
) -> Result<Result<UserName, Refused>, Problem> {
    let state = asked.query("state").unwrap_or_default();
    let Some(attempt) = attempt.filter(|attempt| attempt.has_state(state)) else {
        return Ok(Err((None, Refusal::NotBegun)));
    };
    let Some(code) = asked.query("code").filter(|_| asked.query("error").is_none()) else {
        return Ok(Err((None, Refusal::ProviderRefused)));
    };
    let vouched = match provider.vouched(code, asked.query("iss"), attempt, asked.at) {
        Ok(vouched) => vouched,
        Err(why) => return Ok(Err((None, why))),
    };
    // Tried on people as they are now: what is let in and changed is written down before it is.
    let (principal, change) = match people::load(&*app.parts.records)?.enter(&vouched, asked.at) {
        Entrance::Allowed(principal, change) => (principal, change),
        Entrance::Refused(name, why) => return Ok(Err((name, why))),
    };
    let what = match change {
        Change::Nothing => None,
        Change::Bound | Change::Rights => Some(Action::ChangeUser),
        Change::Added => Some(Action::AddUser),
    };
    let signed_in = event(asked, principal.user.clone(), Some(&principal), None);
    if let Some(what) = what {
        let about = Some(principal.user.clone());
        app.write_down(Event { what, about, why: Word::parse(BY_PROVIDER), ..signed_in.clone() })?;
    }
    app.write_down(signed_in)?;
    match app.change_people(|people| Ok(people.enter(&vouched, asked.at)))? {
        Entrance::Allowed(principal, _) => {
            (app.parts.tell)(&Notice::SignedIn);
            Ok(Ok(principal.user))
        }
        Entrance::Refused(name, why) => Ok(Err((name, why))),
    }
}

fn provider(app: &App) -> Result<&Provider, Problem> {
    app.parts.ways.provider.as_ref().ok_or(Problem::NotFound)
}

fn refused(app: &App, next: Option<&str>, why: Refusal) -> axum::response::Response {
    let (status, told) = match why {
        Refusal::ProviderDown => (StatusCode::SERVICE_UNAVAILABLE, DOWN),
        _ => (StatusCode::UNAUTHORIZED, REFUSED),
    };
    html(status, pages::sign_in(&app.parts.ways, next, Some(told)))
}
