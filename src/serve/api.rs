//! Calls for programs: the list, a search, one call. What people see on pages, as JSON; `docs/serve.md` has the fields.

use super::answer::{Answer, Problem, json};
use super::app::App;
use super::asked::Asked;
use super::index::{CALLS_MAX, Call, Mark, Part, Query, Seen};
use crate::access::people::{Reach, TABLE};
use crate::base::{Phi, Timestamp};
use axum::http::StatusCode;
use serde_json::{Value, json as value};

/// Calls that fit, the newest first; with `q`, where that may be searched, those that say so.
pub(super) fn calls(app: &App, asked: &Asked) -> Answer {
    let text = asked.query("q").map(|text| Phi::new(text.to_owned()));
    if text.is_some() != asked.path.ends_with("/search") {
        return Err(Problem::Bad("Words are searched for at /api/v1/search, as `q`."));
    }
    let bad = Problem::Bad("A field of the query is not of its form.");
    let time = |name| asked.query(name).map(|text| Timestamp::parse(text).ok_or(())).transpose();
    let number = |name| asked.query(name).map(|text| text.parse::<u32>().map_err(drop)).transpose();
    let read = || -> Result<Query, ()> {
        Ok(Query {
            text,
            from: time("from")?,
            until: time("until")?,
            after: asked.query("after").map(str::parse).transpose()?,
            limit: number("limit")?.unwrap_or(CALLS_MAX).clamp(1, CALLS_MAX),
            ..Query::default()
        })
    };
    let query = Query { seen: seen(app, asked)?, ..read().map_err(|()| bad)? };
    let page = app.parts.index.calls(&query)?;
    let calls: Vec<Value> = page.calls.iter().map(shown).collect();
    let next = page.next.map(|next| next.to_string());
    Ok(json(StatusCode::OK, &value!({ "count": page.count, "calls": calls, "next": next })))
}

/// One call: its manifest and attributes.
pub(super) fn call(_: &App, asked: &Asked) -> Answer {
    let call = asked.call()?;
    Ok(json(StatusCode::OK, &value!({ "manifest": call.manifest, "attributes": call.attributes })))
}

/// What whoever asks may see: calls whose manifest lets their role at them, and, where their reach is their teams, of those.
fn seen(app: &App, asked: &Asked) -> Result<Seen, Problem> {
    let principal = &asked.who()?.principal;
    let reach = TABLE.iter().find(|(role, ..)| *role == principal.role).map(|(_, reach, _)| *reach);
    let marks = match reach {
        Some(Reach::All) => None,
        Some(Reach::OwnTeams) | None => {
            let people = app.people()?;
            let marks = principal.teams.iter().flat_map(|team| people.marks_of(team));
            Some(marks.map(|(name, value)| Mark { name, value }).collect())
        }
    };
    Ok(Seen { role: Some(principal.role), marks })
}

fn shown(call: &Call) -> Value {
    let excerpt = call.excerpt.as_ref().map(|(parts, at_ms)| {
        let text: String = parts.iter().map(|(Part::Plain(text) | Part::Hit(text))| text.as_str()).collect();
        value!({ "text": text, "at_ms": at_ms })
    });
    value!({
        "call": call.call, "at": call.at, "created": call.created, "duration_ms": call.duration_ms,
        "muted_ms": call.muted_ms, "risk": call.risk, "categories": call.facts.categories,
        "attributes": call.attributes, "excerpt": excerpt,
    })
}
