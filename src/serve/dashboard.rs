//! Numbers of a destination and of those who use it: volume, minutes muted, what was hidden, what is held, accesses, failed
//! sign-ins. Counted from the index and the audit log, at most once a minute.

use super::answer::{Answer, Problem, html, json};
use super::app::{App, lock};
use super::asked::Asked;
use super::pages;
use crate::access::audit::{Action, Outcome, walk};
use crate::base::{Result as Done, Timestamp};
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How far back numbers by day go.
const DAYS: u64 = 30;
const DAY_S: u64 = 86_400;
/// How old the numbers may be.
const AGE: Duration = Duration::from_secs(60);
/// Most users that are named.
const USERS_MAX: usize = 50;

/// What is shown.
#[derive(Default, Serialize)]
pub(super) struct Numbers {
    /// When they were counted.
    pub counted: String,
    /// By day, oldest first, all of the last 30 days.
    pub days: Vec<Day>,
    /// Stretches hidden in calls of these days, by category.
    pub hidden: BTreeMap<String, u64>,
    /// Calls that are held, by reason, and since when the oldest is.
    pub held: Vec<Held>,
    /// When the oldest of all that are held was; nothing where none is.
    pub oldest_unredacted: Option<String>,
    /// Views, plays and downloads in these days, by user, the most first.
    pub accesses: Vec<(String, u64)>,
    /// Whether the audit log is whole: where it is not, what is counted of it ends there.
    pub log_is_whole: bool,
}

/// A day's numbers.
#[derive(Clone, Default, Serialize)]
pub(super) struct Day {
    /// `2026-11-21`.
    pub day: String,
    /// Calls that were redacted.
    pub calls: u64,
    /// Minutes of silence in them.
    pub muted_min: f64,
    /// Stretches hidden in them, by category.
    pub hidden: BTreeMap<String, u64>,
    /// Sign-ins that were refused.
    pub failed_sign_ins: u64,
}

/// Calls that are held for a reason.
#[derive(Serialize)]
pub(super) struct Held {
    pub reason: &'static str,
    pub calls: u64,
    pub oldest: String,
}

/// The dashboard.
pub(super) fn page(app: &App, asked: &Asked) -> Answer {
    let numbers = numbers(app, asked.at)?;
    if asked.is_api() {
        return Ok(json(StatusCode::OK, &*numbers));
    }
    Ok(html(StatusCode::OK, pages::dashboard::page(asked.who()?, &numbers)))
}

fn numbers(app: &App, now: Timestamp) -> Result<Arc<Numbers>, Problem> {
    // Held while counting: others wait for the numbers instead of counting too.
    let mut known = lock(&app.numbers);
    let elapsed = (app.parts.elapsed)();
    if let Some((counted, numbers)) = &*known
        && elapsed.saturating_sub(*counted) < AGE
    {
        return Ok(Arc::clone(numbers));
    }
    let numbers = Arc::new(counted(app, now)?);
    *known = Some((elapsed, Arc::clone(&numbers)));
    Ok(numbers)
}

fn counted(app: &App, now: Timestamp) -> Done<Numbers> {
    let today = now.unix_s() / DAY_S;
    let first = today.saturating_sub(DAYS - 1);
    let name = |day: u64| Timestamp::from_unix_s(day * DAY_S).to_string()[..10].to_owned();
    let mut days: Vec<Day> = (first..=today).map(|day| Day { day: name(day), ..Day::default() }).collect();
    let index = |at: Timestamp| (at.unix_s() / DAY_S).checked_sub(first).and_then(|n| usize::try_from(n).ok());
    let mut hidden = BTreeMap::new();
    app.parts.index.each_since(Timestamp::from_unix_s(first * DAY_S), &mut |created, muted_ms, facts| {
        let Some(day) = index(created).and_then(|n| days.get_mut(n)) else { return };
        day.calls += 1;
        day.muted_min += muted_ms as f64 / 60_000.0;
        for (category, n) in &facts.categories {
            *day.hidden.entry(category.to_string()).or_default() += n;
            *hidden.entry(category.to_string()).or_default() += n;
        }
    })?;
    let mut accesses: BTreeMap<String, u64> = BTreeMap::new();
    let keys = Some(&app.parts.audit_keys).filter(|keys| !keys.keys().is_empty());
    let verdict = walk(&*app.parts.records, keys, None, &mut |entry| {
        let event = &entry.event;
        let Some(day) = index(event.at).and_then(|n| days.get_mut(n)) else { return };
        if event.what == Action::SignIn && event.outcome == Outcome::Refused {
            day.failed_sign_ins += 1;
        }
        if event.is_disclosure() {
            *accesses.entry(event.user.to_string()).or_default() += 1;
        }
    })?;
    let mut accesses: Vec<(String, u64)> = accesses.into_iter().collect();
    accesses.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    accesses.truncate(USERS_MAX);
    let held = app.parts.index.held_by_reason()?;
    let oldest_unredacted = held.iter().map(|(_, _, oldest)| *oldest).min_by_key(|at| at.unix_s());
    let held =
        held.into_iter().map(|(reason, calls, at)| Held { reason: reason.code(), calls, oldest: at.to_string() });
    Ok(Numbers {
        counted: now.to_string(),
        days,
        hidden,
        held: held.collect(),
        oldest_unredacted: oldest_unredacted.map(|at| at.to_string()),
        accesses,
        log_is_whole: verdict.is_ok(),
    })
}
