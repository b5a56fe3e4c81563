//! What the audit log and the records say: entries, reports, the review of access, what was exposed. As a page, or as JSON, CSV
//! or a page to print (`format`). The log is proven while it is read; where it is broken, that is said first.

use super::answer::{Answer, Problem, html, json, set, with};
use super::app::App;
use super::asked::Asked;
use super::pages;
use crate::access::audit::report::{Kind, Report};
use crate::access::audit::{Action, Broken, Entry, Outcome, Query, walk};
use crate::access::exposure::{Copy, Exposure};
use crate::access::hearers::Hearers;
use crate::access::people::Target;
use crate::access::table::{Form, Table};
use crate::access::{UserName, Word};
use crate::base::{CallId, Result as Done, Timestamp};
use axum::http::{StatusCode, header};
use clap::ValueEnum;
use std::collections::VecDeque;

/// Most entries of one answer: the newest.
const ENTRIES_MAX: usize = 500;

/// Entries of the log, the newest first.
pub(super) fn entries(app: &App, asked: &Asked) -> Answer {
    let mut newest: VecDeque<Entry> = VecDeque::new();
    let mut count = 0_u64;
    let broken = each(app, &query(asked)?, &mut |entry| {
        count += 1;
        if newest.len() == ENTRIES_MAX {
            newest.pop_front();
        }
        newest.push_back(entry.clone());
    })?;
    let entries: Vec<Entry> = newest.into_iter().rev().collect();
    if asked.is_api() {
        return Ok(json(
            StatusCode::OK,
            &serde_json::json!({ "matches": count, "broken": broken, "entries": entries }),
        ));
    }
    Ok(html(StatusCode::OK, pages::admin::entries(asked, &entries, count, broken.as_ref())?))
}

/// A report on the log.
pub(super) fn report(app: &App, asked: &Asked) -> Answer {
    let kind = asked.param("kind").and_then(|kind| Kind::from_str(kind, false).ok()).ok_or(Problem::NotFound)?;
    let query = query(asked)?;
    let mut report = Report::new(kind);
    if query.user.is_none() {
        let people = app.people()?;
        people.users().iter().for_each(|user| report.expect(user, &people, asked.at));
    }
    let broken = each(app, &query, &mut |entry| report.add(entry))?;
    table(asked, &report.table(asked.at), broken.as_ref())
}

/// Who may hear a call, and who did.
pub(super) fn of_call(app: &App, asked: &Asked) -> Answer {
    let (call, mut hearers) = (asked.call()?, Hearers::default());
    let query = Query { call: Some(call.manifest.call.clone()), ..query(asked)? };
    let broken = each(app, &query, &mut |entry| hearers.add(entry))?;
    let people = app.people()?;
    let teams = people.teams_of(&call.attributes);
    let target = Target::of(&call.manifest, &teams);
    table(asked, &hearers.table(&people, &target, asked.at), broken.as_ref())
}

/// What was exposed of a call, to or by a user or token, or in a period.
pub(super) fn exposure(app: &App, asked: &Asked) -> Answer {
    let mut exposure = Exposure::default();
    let broken = each(app, &query(asked)?, &mut |entry| exposure.add(entry))?;
    let discovered = time(asked, "discovered")?.unwrap_or(asked.at);
    table(asked, &exposure.table(discovered, &|call| copy(app, call))?, broken.as_ref())
}

/// A table in the form that is asked for.
pub(super) fn table(asked: &Asked, table: &Table, broken: Option<&Broken>) -> Answer {
    let form =
        asked.query("format").map(|form| Form::from_str(form, false).map_err(|_| Problem::Bad("No such format.")));
    let form = form.transpose()?.or(asked.is_api().then_some(Form::Json));
    // Half a report must not pass for a whole one where nobody reads a warning.
    if let (Some(_), Some(_)) = (form, broken) {
        return Err(Problem::Broken);
    }
    let (kind, name) = match form {
        None => return Ok(html(StatusCode::OK, pages::admin::report(asked, table, broken)?)),
        Some(Form::Json) => ("application/json", "report.json"),
        Some(Form::Csv) => ("text/csv; charset=utf-8", "report.csv"),
        Some(Form::Html) => ("text/html; charset=utf-8", "report.html"),
    };
    let mut answer = with(StatusCode::OK, kind, table.written(form.unwrap_or_default()));
    if !asked.is_api() {
        set(answer.headers_mut(), header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    }
    Ok(answer)
}

/// Hands on every entry that is asked for; the first thing that is wrong with the log, after which nothing is handed on.
fn each(app: &App, query: &Query, hears: &mut dyn FnMut(&Entry)) -> Done<Option<Broken>> {
    let keys = Some(&app.parts.audit_keys).filter(|keys| !keys.keys().is_empty());
    let verdict = walk(&*app.parts.records, keys, None, &mut |entry| {
        if query.matches(entry) {
            hears(entry);
        }
    })?;
    Ok(verdict.err())
}

fn query(asked: &Asked) -> Result<Query, Problem> {
    fn read<T>(asked: &Asked, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let bad = Problem::Bad("A field of the search is not of its form.");
        asked.query(name).map(|text| parse(text.trim()).ok_or(bad)).transpose()
    }
    let action = |word: &str| Action::ALL.iter().copied().find(|action| action.word() == word);
    Ok(Query {
        user: read(asked, "user", UserName::parse)?,
        token: read(asked, "token", Word::parse)?,
        call: read(asked, "call", CallId::parse)?,
        what: read(asked, "what", action)?.into_iter().collect(),
        outcome: read(asked, "outcome", |word| Outcome::from_str(word, false).ok())?,
        from: time(asked, "from")?,
        until: time(asked, "until")?,
    })
}

/// A day, or a moment.
fn time(asked: &Asked, name: &str) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: &str| Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")));
    asked
        .query(name)
        .map(|text| parse(text.trim()).ok_or(Problem::Bad("A time is 2026-11-21 or 2026-11-21T06:00:00Z.")))
        .transpose()
}

/// What there is of a call now.
fn copy(app: &App, call: &CallId) -> Done<Copy> {
    Ok(match app.call(call)? {
        Some(found) => Copy::There(Box::new(found.manifest.clone())),
        None if app.parts.store.has_tombstone(call)? => Copy::Deleted,
        None if app.parts.store.manifest(call)?.is_some() => Copy::Unreadable,
        None => Copy::Gone,
    })
}
