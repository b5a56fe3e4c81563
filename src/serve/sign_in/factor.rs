//! Setting up the second factor: a secret for an authenticator app, kept only once a code of it has come. A user who has one
//! and lost it asks an administrator, who resets it together with the password.

use super::super::answer::{Answer, Problem, html, see_other};
use super::super::app::{App, lock};
use super::super::asked::Asked;
use super::super::pages;
use super::begin_session;
use crate::access::audit::Action;
use crate::access::people::{Todo, Totp};
use axum::http::StatusCode;

/// What authenticator apps call it.
const ISSUER: &str = "sordino";
const WRONG: &str = "That code is wrong or too old. Type the one that the app shows now.";

/// The form, with a new secret.
pub(in super::super) fn form(app: &App, asked: &Asked) -> Answer {
    let who = asked.who()?;
    if who.todo != Todo::SetUpFactor {
        return Ok(see_other("/"));
    }
    let factor = match app.kept_factor(who) {
        Some(factor) => factor,
        None => Totp::generate()?,
    };
    let uri = factor.uri(ISSUER, who.principal.user.as_str());
    app.keep_factor(who, factor);
    Ok(html(StatusCode::OK, pages::second_factor(who, &uri, None)))
}

/// Takes it once a code of it has come.
pub(in super::super) fn set_up(app: &App, asked: &Asked) -> Answer {
    let who = asked.who()?;
    if who.todo != Todo::SetUpFactor {
        return Err(Problem::Forbidden);
    }
    let Some(mut factor) = app.kept_factor(who) else { return Ok(see_other("/second-factor")) };
    if !factor.take(&asked.secret("code").unwrap_or_default(), asked.at) {
        let uri = factor.uri(ISSUER, who.principal.user.as_str());
        return Ok(html(StatusCode::BAD_REQUEST, pages::second_factor(who, &uri, Some(WRONG))));
    }
    let name = &who.principal.user;
    app.write_down_about(asked, Action::ResetUser, name)?;
    app.change_people(|people| people.set_factor(name, factor.clone()))?;
    app.drop_factor(who);
    lock(&app.sessions).revoke(name);
    begin_session(app, asked, name.clone(), see_other("/"))
}
