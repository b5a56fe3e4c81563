//! Held calls for privacy officers: why each is held, what to do, and the order to redact it again under another policy. The
//! server has no way to a source; the order is taken up by the next run of `redact` or `worker`.

use super::super::answer::{Answer, Problem, html, see_other};
use super::super::app::App;
use super::super::asked::{Asked, Who};
use super::super::index::CALLS_MAX;
use super::super::spans::waiting_on;
use super::show::{count, time};
use super::{csrf, layout, spans};
use crate::access::Word;
use crate::access::audit::{Action, Event};
use crate::access::orders::{self, Act, Eyes, Order};
use crate::access::spans::{self as added, Added};
use crate::base::{CallId, HoldReason, Timestamp};
use crate::model::manifest::Held;
use axum::http::StatusCode;
use maud::{Markup, html as markup};
use std::collections::BTreeSet;

/// Most calls that the list of what waits names.
const REQUESTS_SHOWN: usize = 200;

/// The list, the oldest first.
pub(in crate::serve) fn list(app: &App, asked: &Asked) -> Answer {
    let who = asked.who()?;
    let chosen = asked.query("reason").and_then(HoldReason::from_code);
    let waiting = waiting(app)?;
    // As the store has them now: an officer who has just had a call released looks here for what is left.
    app.parts.index.sync_held(&*app.parts.records)?;
    let (reasons, held) = (app.parts.index.held_by_reason()?, app.parts.index.held(chosen)?);
    let content = markup! {
        @if held.is_empty() {
            div.panel.empty role="status" { p { "No call is held" @if chosen.is_some() { " for this reason" } "." } }
        } @else {
            nav.legend aria-label="Reasons" {
                a.button href="/held" aria-current=[chosen.is_none().then_some("true")] { "All" }
                @for (reason, calls, oldest) in &reasons {
                    a.button href={ "/held?reason=" (reason.code()) } aria-current=[(chosen == Some(*reason)).then_some("true")] {
                        (words(*reason)) ": " (count(*calls)) span.small.faint { ", since " (day(*oldest)) }
                    }
                }
            }
            (table(app, &held)?)
            @if held.len() == CALLS_MAX as usize { p.small.faint { "The oldest " (CALLS_MAX) " are shown." } }
        }
        (to_review(&waiting))
    };
    Ok(html(StatusCode::OK, layout("Held calls", Some(who), &content)))
}

/// One held call.
pub(in crate::serve) fn show(app: &App, asked: &Asked) -> Answer {
    let held = find(app, asked)?;
    app.write_down(event(asked, Action::ReviewHeld, &held.call, None)?)?;
    let order = orders::of_call(&*app.parts.records, &held.call)?;
    let (waiting, agreed) = (waiting_on(app, &held.call)?, added::agreed(&*app.parts.records, &held.call)?.added);
    let who = asked.who()?;
    let content = markup! {
        dl.facts {
            @for (label, value) in [("Reason", words(held.reason)), ("Seen", held.message.clone()), ("Policy", format!("{}, version {}", held.policy.name, held.policy.version))] {
                div { dt { (label) } dd { (value) } }
            }
            div { dt { "Held" } dd { (time(held.at)) } }
            div { dt { "Call" } dd.id { (held.call.as_str()) } }
        }
        section.panel aria-labelledby="next" {
            h2 id="next" { "What to do" }
            p { (sentence(held.reason.next_step())) }
            p.small.faint { "The source is in your own store, under the name whose pseudonym this call has. Nothing of it can be seen from here. The next run tries the call again by itself when its source has changed." }
        }
        section.panel aria-labelledby="release" {
            h2 id="release" { "Redact it again under another policy" }
            @match &order { Some(order) => (standing(who, order)), None => (form(app, who, &held.call)) }
        }
        section.panel aria-labelledby="by-hand" {
            h2 id="by-hand" { "Hide a stretch by hand" }
            (spans::requests(who, &format!("/held/{}", held.call), true, app.parts.release.eyes, &waiting))
            (stretch(who, &held.call, &agreed))
        }
    };
    Ok(html(StatusCode::OK, layout("Held call", Some(who), &content)))
}

/// Asks for a call to be redacted under another policy.
pub(in crate::serve) fn order(app: &App, asked: &Asked) -> Answer {
    let held = find(app, asked)?;
    let policy =
        asked.form("policy").and_then(Word::parse).filter(|policy| app.parts.release.policies.contains(policy));
    let policy = policy.ok_or(Problem::Bad("Choose one of the policies that are named."))?;
    app.write_down(event(asked, Action::ReleaseHeld, &held.call, Some("asked"))?)?;
    orders::ask(&*app.parts.records, &held.call, policy, act(asked)?, app.parts.release.eyes)?;
    Ok(see_other(&format!("/held/{}", held.call)))
}

/// Agrees to an order, or takes it back.
pub(in crate::serve) fn decide(app: &App, asked: &Asked) -> Answer {
    let held = find(app, asked)?;
    let records = &*app.parts.records;
    if asked.form("decision") == Some("withdraw") {
        app.write_down(event(asked, Action::ReleaseHeld, &held.call, Some("withdrawn"))?)?;
        orders::withdraw(records, &held.call)?;
    } else {
        let seen = asked.form("seen").and_then(Timestamp::parse).ok_or(Problem::Bad("The order is not named."))?;
        app.write_down(event(asked, Action::ReleaseHeld, &held.call, Some("approved"))?)?;
        orders::approve(records, &held.call, seen, act(asked)?)?;
    }
    Ok(see_other(&format!("/held/{}", held.call)))
}

/// The held call that the path names, as the store has it now.
pub(in crate::serve) fn find(app: &App, asked: &Asked) -> Result<Held, Problem> {
    let call = asked.param("held").and_then(CallId::parse).ok_or(Problem::NotFound)?;
    let record = app.parts.store.held(&call)?.ok_or(Problem::NotFound)?;
    serde_json::from_slice::<Held>(&record).ok().filter(|held| held.call == call).ok_or(Problem::NotFound)
}

fn act(asked: &Asked) -> Result<Act, Problem> {
    Ok(Act { by: asked.who()?.principal.user.clone(), at: asked.at })
}

fn event(asked: &Asked, what: Action, call: &CallId, why: Option<&str>) -> Result<Event, Problem> {
    Ok(Event { call: Some(call.clone()), why: why.and_then(Word::parse), ..asked.event(what)? })
}

fn table(app: &App, held: &[Held]) -> Result<Markup, Problem> {
    let records = &*app.parts.records;
    let ordered = orders::calls(records)?;
    let mut rows = Vec::with_capacity(held.len());
    for held in held {
        let order = if ordered.contains(&held.call) { orders::of_call(records, &held.call)? } else { None };
        rows.push((held, order));
    }
    Ok(markup! {
        div.over tabindex="0" role="region" aria-label="Held calls" {
            table.list {
                thead { tr { th scope="col" { "Held since" } th scope="col" { "Reason" } th scope="col" { "What to do" } th scope="col" { "Order" } } }
                tbody {
                    @for (held, order) in &rows {
                        tr {
                            td { a href={ "/held/" (held.call.as_str()) } { (time(held.at)) } }
                            td { (words(held.reason)) }
                            td { (sentence(held.reason.next_step())) }
                            td.none[order.is_none()] data-name="Order" {
                                @match order {
                                    Some(order) if order.approved.is_some() => { "waits for the next run" },
                                    Some(_) => "waits for a second person",
                                    None => "–",
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

fn standing(who: &Who, order: &Order) -> Markup {
    let decision = |word: &str, name: &str, is_main: bool| {
        markup! { button.main[is_main] name="decision" value=(word) { (name) } }
    };
    let path = format!("/held/{}/decision", order.call);
    markup! {
        p { "Under the policy " b { (order.policy.as_str()) } ", asked for by " (order.asked.by.as_str()) ", " (time(order.asked.at)) "." }
        @if let Some(approved) = &order.approved {
            p { "Agreed by " (approved.by.as_str()) ", " (time(approved.at)) ". The next run takes it up; if the call is still held then, why stands above." }
        } @else if order.asked.by == who.principal.user {
            p role="status" { "Another privacy officer must agree." }
        }
        form method="post" action=(path) {
            (csrf(who))
            input type="hidden" name="seen" value=(order.asked.at.to_string());
            @if order.approved.is_none() && order.asked.by != who.principal.user { (decision("approve", "Agree", true)) " " }
            (decision("withdraw", "Take the order back", false))
        }
    }
}

fn form(app: &App, who: &Who, call: &CallId) -> Markup {
    let release = &app.parts.release;
    markup! {
        @if release.policies.is_empty() {
            p { "No policy is named for this. The operator names them, for the server and for runs: " code { "release-policies" } " (docs/qa-page.md)." }
        } @else {
            p { "After you have reviewed the source: a wider policy mutes or hides what this one holds a call for." }
            form.fields method="post" action={ "/held/" (call.as_str()) "/order" } {
                (csrf(who))
                div.row {
                    div {
                        label for="policy" { "Policy" } br;
                        select id="policy" name="policy" required {
                            option value="" { "Choose" }
                            @for policy in &release.policies { option value=(policy.as_str()) { (policy.as_str()) } }
                        }
                    }
                    button.main { "Order" }
                }
                @if release.eyes == Eyes::Four { p.small.faint { "It counts once another privacy officer agrees." } }
            }
        }
    }
}

/// The form to hide what is said and heard in a stretch of time.
fn stretch(who: &Who, call: &CallId, agreed: &[Added]) -> Markup {
    markup! {
        p { "What is said and heard then is masked and muted, whatever else is found; speech that the transcript lacks counts as accounted for there." }
        @if !agreed.is_empty() {
            p.small { (agreed.len()) @if agreed.len() == 1 { " stretch is" } @else { " stretches are" } " agreed on: the next run hides them." }
        }
        form.fields method="post" action={ "/held/" (call.as_str()) "/spans" } {
            (csrf(who))
            div.row {
                @for (field, label, example) in [("from", "From", "1:02.5"), ("until", "Until", "1:05")] {
                    div {
                        label for=(field) { (label) } br;
                        input id=(field) name=(field) size="7" placeholder=(example) required;
                    }
                }
                div { label for="category" { "It is a" } br; (spans::categories()) }
                button { "Hide" }
            }
        }
    }
}

/// Pages of calls with spans that wait for somebody to agree.
fn waiting(app: &App) -> Result<Vec<String>, Problem> {
    let calls: BTreeSet<CallId> =
        added::waiting(&*app.parts.records)?.into_iter().map(|request| request.call).collect();
    let mut paths = Vec::new();
    for call in calls {
        let is_published = app.parts.index.call(&call)?.is_some();
        paths.push(format!("/{}/{call}", if is_published { "calls" } else { "held" }));
    }
    Ok(paths)
}

fn to_review(waiting: &[String]) -> Markup {
    markup! {
        section.panel aria-labelledby="to-review" {
            h2 id="to-review" { "Marked by hand" }
            @if waiting.is_empty() { p.faint.small { "Nothing waits for you to agree." } }
            @else {
                p { "Somebody has seen what should be hidden:" }
                ul {
                    @for path in waiting.iter().take(REQUESTS_SHOWN) {
                        li { a.id href=(path) { (path.rsplit('/').next().unwrap_or_default()) } }
                    }
                }
                @if waiting.len() > REQUESTS_SHOWN { p.small { "and " (waiting.len() - REQUESTS_SHOWN) " calls more." } }
            }
            p.small { a href="/examples" { "Examples for better patterns" } " (JSON lines, shapes and ordinary words alone)" }
        }
    }
}

/// A reason in words: `residual risk`.
fn words(reason: HoldReason) -> String {
    sentence(&reason.code().replace('-', " ")).trim_end_matches('.').to_owned()
}

fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text + "."
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
