//! Pages: what is common to all of them, and those of signing in. Text is escaped by `maud`; there is no script or style
//! inline, which the policy of every answer forbids.

pub(super) mod admin;
pub(super) mod call;
pub(super) mod calls;
pub(super) mod dashboard;
pub(super) mod held;
pub(super) mod show;
mod spans;
mod transcript;

use super::answer::{Answer, Problem, html, see_other};
use super::app::App;
use super::asked::{Asked, Who};
use super::assets::Asset;
use super::sign_in::{Password, Ways};
use crate::access::people::{Permission, Todo, decide};
use crate::base::Phi;
use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html as markup};

/// Where each permission leads, in the order in which the page names them: the first is home.
const PLACES: &[(Permission, &str, &str)] = &[
    (Permission::ListCalls, "/calls", "Calls"),
    (Permission::ReviewHeld, "/held", "Held calls"),
    (Permission::ViewReports, "/dashboard", "Dashboard"),
    (Permission::ManageRetention, "/retention", "Retention"),
    (Permission::ReviewAccess, "/access/reports/access", "Review of access"),
    (Permission::ReviewAccess, "/access/exposure", "Exposure"),
    (Permission::ReadAudit, "/audit", "Audit log"),
    (Permission::ReadAudit, "/audit/reports/users", "By user"),
    (Permission::ReadAudit, "/audit/reports/disclosures", "Disclosures"),
    (Permission::ManageUsers, "/users", "Users"),
];

/// A page around its content.
pub(super) fn layout(title: &str, who: Option<&Who>, content: &Markup) -> Markup {
    layout_with(title, who, content, None)
}

/// A page that runs a script.
pub(super) fn layout_with(title: &str, who: Option<&Who>, content: &Markup, script: Option<Asset>) -> Markup {
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · sordino" }
                link rel="stylesheet" href=(Asset::Sheet.path());
                link rel="icon" type="image/svg+xml" href=(Asset::Icon.path());
                @if let Some(script) = script { script type="module" src=(script.path()) {} }
            }
            body {
                a.skip href="#main" { "To the content" }
                @if let Some(who) = who { (head(who, title)) }
                main.narrow[!is_wide(who)] id="main" tabindex="-1" {
                    h1 { (title) }
                    @if is_wide(who) { (content) } @else { div.panel { (content) } }
                }
                @if is_wide(who) {
                    footer { "Redacted copies, not de-identified: the voice itself identifies a person." }
                }
            }
        }
    }
}

/// Whether there is more to be seen than a form that lets somebody in.
fn is_wide(who: Option<&Who>) -> bool {
    who.is_some_and(|who| who.todo == Todo::Nothing)
}

fn head(who: &Who, title: &str) -> Markup {
    markup! {
        header {
            a.brand href="/" { "sordino" }
            nav aria-label="Pages" {
                @for (_, path, name) in places(who) { a href=(path) aria-current=[(*name == title).then_some("page")] { (name) } }
            }
            form method="post" action="/sign-out" {
                (csrf(who))
                span.small { (who.principal.user.as_str()) ", " (who.principal.role.word().replace('-', " ")) }
                button { "Sign out" }
            }
        }
    }
}

/// What a form of a session must send back.
pub(super) fn csrf(who: &Who) -> Markup {
    markup! {
        @if let Some(csrf) = &who.csrf { input type="hidden" name="csrf" value=(csrf.expose()); }
    }
}

fn places(who: &Who) -> impl Iterator<Item = &'static (Permission, &'static str, &'static str)> {
    let may = |permission| who.todo == Todo::Nothing && decide(&who.principal, permission, None, None).is_ok();
    PLACES.iter().filter(move |(permission, ..)| may(*permission))
}

/// Goes on to the first page that somebody may see.
pub(super) fn home(_: &App, asked: &Asked) -> Answer {
    let who = asked.who()?;
    match who.todo {
        Todo::ChoosePassword => return Ok(see_other("/password")),
        Todo::SetUpFactor => return Ok(see_other("/second-factor")),
        Todo::Nothing => {}
    }
    match places(who).next() {
        Some((_, path, _)) => Ok(see_other(path)),
        None => Ok(html(StatusCode::OK, layout("Signed in", Some(who), &markup! {}))),
    }
}

/// What went wrong.
pub(super) fn problem(problem: &Problem, who: Option<&Who>) -> Markup {
    let content = markup! { p role="alert" { (problem.message()) } p { a href="/" { "Go on" } } };
    layout(problem.status().canonical_reason().unwrap_or("Error"), who, &content)
}

/// The ways to sign in.
pub(super) fn sign_in(ways: &Ways, next: Option<&str>, wrong: Option<&str>) -> Markup {
    let content = markup! {
        (told(wrong))
        @if let Some(provider) = &ways.provider {
            p { a.button.main href=(provider_path(next)) { "Sign in with " (provider.name()) } }
        }
        @if ways.password == Password::Taken {
            @if ways.provider.is_some() { p.small { "Or with a password, if you have one here:" } }
            (password_form(next))
        }
    };
    layout("Sign in", None, &content)
}

fn password_form(next: Option<&str>) -> Markup {
    markup! {
        form method="post" action="/sign-in" {
            @if let Some(next) = next { input type="hidden" name="next" value=(next); }
            p { label for="name" { "Name" } input id="name" name="name" autocomplete="username" autofocus required; }
            p {
                label for="password" { "Password" }
                input id="password" name="password" type="password" autocomplete="current-password" required;
            }
            p {
                label for="code" { "Code of your authenticator app; empty the first time" }
                input id="code" name="code" inputmode="numeric" autocomplete="one-time-code";
            }
            button.main { "Sign in" }
        }
    }
}

fn provider_path(next: Option<&str>) -> String {
    let Some(next) = next else { return "/sign-in/provider".to_owned() };
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/sign-in/provider?next={next}")
}

/// What is seen for a moment before a browser goes on by itself, and longer where it does not.
pub(super) fn going_on(title: &str, to: &str) -> Markup {
    layout(title, None, &markup! { p { a href=(to) { "Go on" } } })
}

/// What somebody sees who is signed out here and perhaps not at the provider.
pub(super) fn signed_out(provider: &str, address: &str) -> Markup {
    let content = markup! {
        p role="status" { "You are signed out here. At " (provider) " you may still be signed in, and whoever uses this browser next with you." }
        p { a.button.main href=(address) { "Sign out of " (provider) } }
        p { a href="/sign-in" { "Sign in again" } }
    };
    layout("Signed out", None, &content)
}

/// The form to choose a password.
pub(super) fn password(who: &Who, wrong: Option<&str>) -> Markup {
    let field = |id: &str, name: &str, complete: &str| {
        markup! {
            p {
                label for=(id) { (name) }
                input id=(id) name=(id) type="password" autocomplete=(complete) required;
            }
        }
    };
    let content = markup! {
        (told(wrong))
        p { "12 characters at least. A few words that only you would put together are best." }
        form method="post" action="/password" {
            (csrf(who))
            @if who.todo != Todo::ChoosePassword { (field("current", "Password of now", "current-password")) }
            (field("new", "New password", "new-password"))
            (field("again", "New password once more", "new-password"))
            button.main { "Change" }
        }
    };
    layout("Choose a password", Some(who), &content)
}

/// The form to set up a second factor.
pub(super) fn second_factor(who: &Who, uri: &Phi<String>, wrong: Option<&str>) -> Markup {
    let secret = uri.expose().split_once("secret=").map_or("", |(_, rest)| rest.split('&').next().unwrap_or_default());
    let content = markup! {
        (told(wrong))
        p { "Add this key to an authenticator app, as a time-based one, or open the link on the device that has the app." }
        p { code id="secret" { (secret) } }
        p { a href=(uri.expose()) { "Open in an authenticator app" } }
        form method="post" action="/second-factor" {
            (csrf(who))
            p {
                label for="code" { "The code that it shows now" }
                input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" autofocus required;
            }
            button.main { "Set up" }
        }
    };
    layout("Set up a second factor", Some(who), &content)
}

fn told(wrong: Option<&str>) -> Markup {
    markup! { @if let Some(wrong) = wrong { p role="alert" { (wrong) } } }
}
