//! How long calls are kept, for privacy officers: where they stand, and legal holds. Deleting is left to `retention sweep`, which
//! has what it takes to prove it.

use super::answer::{Answer, Problem, html, json};
use super::app::{App, lock};
use super::asked::Asked;
use super::pages;
use super::report;
use crate::access::Word;
use crate::access::audit::Action;
use crate::access::retention::{Census, HoldChange, HoldState, Keeper};
use crate::access::table::Table;
use crate::base::{Error, Kind, Result as Done, Timestamp};
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// How old the count of all calls may be: it goes through all of the index.
const CENSUS_AGE: Duration = Duration::from_secs(60);

/// Where calls stand, by class.
pub(super) fn overview(app: &App, asked: &Asked) -> Answer {
    let table = census(app, asked.at)?;
    if asked.is_api() || asked.query("format").is_some() {
        return report::table(asked, &table, None);
    }
    Ok(html(StatusCode::OK, pages::admin::retention(asked.who()?, &table)))
}

/// Where one call stands.
pub(super) fn call(app: &App, asked: &Asked) -> Answer {
    let look = keeper(app).look(&asked.call()?.manifest.call, asked.at)?;
    if asked.is_api() {
        let retention = look.manifest.as_ref().map(|(manifest, _)| &manifest.retention);
        let (standing, matters) = (look.standing, look.held_by());
        let shown =
            serde_json::json!({ "standing": standing, "matters": matters, "retention": retention, "hold": look.hold });
        return Ok(json(StatusCode::OK, &shown));
    }
    Ok(html(StatusCode::OK, pages::admin::kept(asked.who()?, asked.call()?, &look)))
}

/// Puts a call under legal hold.
pub(super) fn hold(app: &App, asked: &Asked) -> Answer {
    set(app, asked, Action::Hold, HoldState::Held)
}

/// Releases it.
pub(super) fn release(app: &App, asked: &Asked) -> Answer {
    set(app, asked, Action::Release, HoldState::Released)
}

fn set(app: &App, asked: &Asked, what: Action, state: HoldState) -> Answer {
    let matter = asked.form("matter").and_then(|matter| Word::parse(matter.trim()));
    let matter = matter.ok_or(Problem::Bad("A matter is 1 to 64 lower-case letters, digits and -"))?;
    let change = HoldChange { state, matter, by: asked.who()?.principal.user.clone(), at: asked.at };
    let id = &asked.call()?.manifest.call;
    keeper(app).check_hold(id, &change).map_err(refused)?;
    app.write_down(asked.event(what)?)?;
    keeper(app).set_hold(id, &change).map_err(refused)?;
    *lock(&app.census) = None;
    call(app, asked)
}

/// What people are told of a change that holds do not allow.
fn refused(error: Error) -> Problem {
    match error.kind {
        Kind::Usage => Problem::Bad("This matter cannot be changed: the call's page says which matters hold it"),
        _ => Problem::Failed(error),
    }
}

fn census(app: &App, now: Timestamp) -> Done<Arc<Table>> {
    // Held while counting: others wait for the count instead of making it too.
    let mut known = lock(&app.census);
    let elapsed = (app.parts.elapsed)();
    if let Some((made, table)) = &*known
        && elapsed.saturating_sub(*made) < CENSUS_AGE
    {
        return Ok(Arc::clone(table));
    }
    let (mut census, holds) = (Census::default(), keeper(app).holds()?);
    app.parts.index.each_retention(&mut |call, retention| census.add_known(call, retention, &holds, now))?;
    let table = Arc::new(census.table(now));
    *known = Some((elapsed, Arc::clone(&table)));
    Ok(table)
}

fn keeper(app: &App) -> Keeper<'_> {
    let parts = &app.parts;
    Keeper { store: &*parts.store, records: &*parts.records, disposal: &*parts.disposal, signing: &parts.signing }
}
