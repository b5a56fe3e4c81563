//! The list of calls: filters, search, order, paging. Everything that a user has chosen stands in the address, which may be
//! kept or sent to a colleague; what they see there depends on who they are.

use super::super::answer::{Answer, Problem, html};
use super::super::app::App;
use super::super::asked::{Asked, Who};
use super::super::index::{COUNT_MAX, Call, Cursor, Mark, Order, Page, Part, Query, Seen, minutes};
use super::layout;
use super::show::{chip, clock, count, name, percent, time};
use crate::access::Word;
use crate::access::people::{People, Permission, Reach, TABLE, decide};
use crate::base::{Phi, Timestamp};
use crate::model::Category;
use axum::http::StatusCode;
use maud::{Markup, html as markup};
use std::collections::BTreeSet;

/// Calls of one page.
const LIMIT: u32 = 50;
/// Agents that the form suggests.
const AGENTS_MAX: u32 = 200;
/// Least risks that the form offers, per cent.
const RISKS: [&str; 4] = ["1", "5", "20", "50"];

/// The list.
pub(in crate::serve) fn list(app: &App, asked: &Asked) -> Answer {
    let who = asked.who()?;
    let people = app.people()?;
    let chosen = Chosen::of(asked);
    let may_search = decide(&who.principal, Permission::SearchCalls, None, None).is_ok();
    let seen = seen(who, &people);
    let (query, wrong) = chosen.query(&people, seen.clone(), may_search);
    let page = app.parts.index.calls(&query)?;
    let agents = app.parts.index.values("agent", &seen, AGENTS_MAX)?;
    let content = markup! {
        @if let Some(wrong) = wrong { p role="alert" { (wrong) } }
        (form(&chosen, &teams(who, &people), &agents, may_search))
        @if page.calls.is_empty() { (nothing(app, &chosen, who)?) } @else { (table(&chosen, &page)) }
    };
    Ok(html(StatusCode::OK, layout("Calls", Some(who), &content)))
}

/// What somebody may see: calls whose manifest lets their role at them, of their own teams where they are bound to them.
pub(in crate::serve) fn seen(who: &Who, people: &People) -> Seen {
    let reach =
        TABLE.iter().find(|(role, ..)| *role == who.principal.role).map_or(Reach::OwnTeams, |(_, reach, _)| *reach);
    let own = || who.principal.teams.iter().flat_map(|team| marks(people, team)).collect();
    Seen { role: Some(who.principal.role), marks: (reach == Reach::OwnTeams).then(own) }
}

fn marks(people: &People, team: &Word) -> Vec<Mark> {
    people.marks_of(team).into_iter().map(|(name, value)| Mark { name, value }).collect()
}

/// Teams that somebody may choose from.
fn teams(who: &Who, people: &People) -> BTreeSet<Word> {
    if seen(who, people).marks.is_some() { who.principal.teams.clone() } else { people.teams() }
}

/// What stands in the address, as it stands there.
struct Chosen<'a> {
    fields: Vec<(&'static str, &'a str)>,
    categories: Vec<Category>,
}

/// Fields of the form but for the categories, each with its name in the address.
const FIELDS: [&str; 10] = ["q", "from", "to", "team", "agent", "min", "max", "risk", "held", "order"];

impl<'a> Chosen<'a> {
    fn of(asked: &'a Asked) -> Self {
        let given = |name: &'static str| asked.query(name).map(|value| (name, value));
        let is_chosen = |category: &Category| asked.query(category.label()).is_some();
        Self {
            fields: FIELDS.into_iter().chain(["after"]).filter_map(given).collect(),
            categories: Category::ALL.iter().copied().filter(is_chosen).collect(),
        }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    fn is_filtered(&self) -> bool {
        !self.categories.is_empty() || self.fields.iter().any(|(name, _)| !["order", "after"].contains(name))
    }

    /// The address of this list from a call on, without one of its fields.
    fn address(&self, after: Option<&Cursor>, without: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = self.fields.iter().filter(|(name, _)| *name != "after" && Some(*name) != without);
        query.extend_pairs(kept);
        let kept = self.categories.iter().filter(|category| Some(category.label()) != without);
        query.extend_pairs(kept.map(|category| (category.label(), "on")));
        if let Some(after) = after {
            query.append_pair("after", &after.to_string());
        }
        let query = query.finish();
        if query.is_empty() { "/calls".to_owned() } else { format!("/calls?{query}") }
    }

    /// The query, and what is wrong with what was chosen, which is then left out.
    fn query(&self, people: &People, seen: Seen, may_search: bool) -> (Query, Option<&'static str>) {
        let mut wrong = None;
        let day = |text: &str| Timestamp::parse(&format!("{text}T00:00:00Z"));
        let from = read(self.get("from"), day, &mut wrong, "The first day is none: write it as 2026-11-22.");
        let to = read(self.get("to"), day, &mut wrong, "The last day is none: write it as 2026-11-22.");
        let length = |text: &str| text.parse().ok().and_then(minutes);
        let min = read(self.get("min"), length, &mut wrong, "The least length is no number of minutes.");
        let max = read(self.get("max"), length, &mut wrong, "The greatest length is no number of minutes.");
        let risk = |text: &str| text.parse().ok().filter(|p| (0.0..=100.0).contains(p)).map(|p: f32| p / 100.0);
        let risk_min = read(self.get("risk"), risk, &mut wrong, "The risk is no number from 0 to 100.");
        let team = read(self.get("team"), Word::parse, &mut wrong, "There is no team of that name.");
        let order = read(self.get("order"), Order::from_word, &mut wrong, "The list has no such order.");
        let after =
            read(self.get("after"), |text| text.parse().ok(), &mut wrong, "That page is none: this is the first one.");
        let mut of = team.map(|team| marks(people, &team));
        let mut seen = seen;
        if let Some(agent) = self.get("agent") {
            let agent = Mark { name: "agent".to_owned(), value: agent.to_owned() };
            // Both a team and an agent: the team is what may be seen at most.
            match (&of, &seen.marks) {
                (None, _) => of = Some(vec![agent]),
                (Some(team), None) => (seen.marks, of) = (Some(team.clone()), Some(vec![agent])),
                (Some(team), Some(own)) => {
                    let both = team.iter().filter(|mark| own.contains(mark)).cloned().collect();
                    (seen.marks, of) = (Some(both), Some(vec![agent]));
                }
            }
        }
        let query = Query {
            text: self.get("q").filter(|_| may_search).map(|text| Phi::new(text.to_owned())),
            from,
            until: to.map(|day| day.plus_days(1)),
            marks: of,
            duration_ms_min: min,
            duration_ms_max: max,
            categories: self.categories.iter().copied().collect(),
            risk_min,
            held: self.get("held").map(|held| held == "yes"),
            seen,
            order: order.unwrap_or_default(),
            after,
            limit: LIMIT,
        };
        (query, wrong)
    }
}

fn read<T>(
    text: Option<&str>,
    how: impl FnOnce(&str) -> Option<T>,
    wrong: &mut Option<&'static str>,
    what: &'static str,
) -> Option<T> {
    let text = text?;
    let read = how(text);
    if read.is_none() {
        *wrong = Some(what);
    }
    read
}

fn form(chosen: &Chosen<'_>, teams: &BTreeSet<Word>, agents: &[String], may_search: bool) -> Markup {
    let value = |name| chosen.get(name).unwrap_or_default();
    let has_more =
        !chosen.categories.is_empty() || ["min", "max", "risk", "held"].iter().any(|n| chosen.get(n).is_some());
    markup! {
        form.panel.filters method="get" action="/calls" role="search" aria-label="Calls" {
            @if may_search {
                div.wide {
                    label for="q" { "Words that were said" }
                    input id="q" name="q" type="search" value=(value("q")) aria-describedby="q-help" autocomplete="off";
                }
            }
            div { label for="from" { "From" } input id="from" name="from" type="date" value=(value("from")); }
            div { label for="to" { "To" } input id="to" name="to" type="date" value=(value("to")); }
            @if !teams.is_empty() {
                div {
                    label for="team" { "Team" }
                    select id="team" name="team" {
                        option value="" { "All" }
                        @for team in teams { (choice(team.as_str(), team.as_str(), value("team"))) }
                    }
                }
            }
            div {
                label for="agent" { "Agent" }
                input id="agent" name="agent" value=(value("agent")) list="agents" size="12" autocomplete="off";
                datalist id="agents" { @for agent in agents { option value=(agent) {} } }
            }
            div {
                label for="order" { "Order" }
                select id="order" name="order" {
                    @for order in Order::ALL {
                        (choice(order.word(), order_name(order), chosen.get("order").unwrap_or(Order::default().word())))
                    }
                }
            }
            div { button.main { "Show" } }
            @if may_search { p.hidden id="q-help" { "All words must be said. \"In quotation marks\" as a phrase; -word not said." } }
            details.more open[has_more] {
                summary { "More filters" }
                div.filters {
                    div { label for="min" { "At least, minutes" } input id="min" name="min" type="number" min="0" step="any" value=(value("min")); }
                    div { label for="max" { "At most, minutes" } input id="max" name="max" type="number" min="0" step="any" value=(value("max")); }
                    div {
                        label for="risk" { "Residual risk" }
                        select id="risk" name="risk" {
                            option value="" { "Any" }
                            @for risk in RISKS { (choice(risk, &format!("{risk} % or more"), value("risk"))) }
                        }
                    }
                    div {
                        label for="held" { "Held again since" }
                        select id="held" name="held" {
                            option value="" { "Either" } (choice("yes", "Yes", value("held"))) (choice("no", "No", value("held")))
                        }
                    }
                }
                fieldset.checks {
                    legend.small.faint { "Something of each was hidden" }
                    @for category in Category::ALL {
                        label {
                            input type="checkbox" name=(category.label()) checked[chosen.categories.contains(category)];
                            (name(*category))
                        }
                    }
                }
            }
        }
    }
}

fn choice(value: &str, name: &str, chosen: &str) -> Markup {
    markup! { option value=(value) selected[value == chosen] { (name) } }
}

const fn order_name(order: Order) -> &'static str {
    match order {
        Order::Newest => "Newest first",
        Order::Oldest => "Oldest first",
        Order::Longest => "Longest first",
        Order::MostMuted => "Most muted first",
        Order::Riskiest => "Riskiest first",
    }
}

fn table(chosen: &Chosen<'_>, page: &Page) -> Markup {
    let calls = match page.count {
        1 => "1 call".to_owned(),
        n if n > COUNT_MAX => format!("More than {} calls", count(COUNT_MAX)),
        n => format!("{} calls", count(n)),
    };
    markup! {
        p.faint.small role="status" { (calls) ", times in UTC" }
        div.over tabindex="0" role="region" aria-label="Calls that were found" {
            table.list {
                thead {
                    tr {
                        th scope="col" { "Call" } th scope="col" { "Agent" } th scope="col" { "Team" }
                        th.n scope="col" { "Length" } th.n scope="col" { "Muted" }
                        th scope="col" { "Hidden" } th.n scope="col" { "Risk" }
                    }
                }
                tbody { @for call in &page.calls { (row(call)) } }
            }
        }
        nav.paging aria-label="Paging" {
            @if chosen.get("after").is_some() { a href=(chosen.address(None, None)) { "First page" } } @else { span {} }
            @if let Some(next) = &page.next { a.button href=(chosen.address(Some(next), None)) rel="next" { "Next page" } }
        }
    }
}

fn row(call: &Call) -> Markup {
    let attribute = |name: &str| call.attributes.get(name).map(String::as_str);
    let of_sound = |ms| call.facts.sound.as_ref().map(|_| clock(ms));
    let address = format!("/calls/{}", call.call);
    markup! {
        tr {
            td { a href=(address) { (time(call.at)) } }
            (cell("Agent", attribute("agent")))
            (cell("Team", attribute("team")))
            (number("Length", of_sound(call.duration_ms).as_deref()))
            (number("Muted", of_sound(call.muted_ms).as_deref()))
            td { div.chips { @for (category, count) in &call.facts.categories { (chip(*category, Some(*count))) " " } } }
            (number("Risk", Some(&percent(call.risk))))
        }
        @if let Some((parts, at)) = &call.excerpt {
            tr.excerpt {
                td colspan="7" {
                    @match at {
                        Some(at) => a href={ (address) "#t=" (at) } { (clock(*at)) },
                        None => {},
                    }
                    " "
                    @for part in parts { @match part { Part::Plain(text) => (text), Part::Hit(text) => mark { (text) } } }
                }
            }
        }
    }
}

/// A cell of a list; one without a value is left out where there is little room.
fn cell(name: &str, value: Option<&str>) -> Markup {
    markup! { td.none[value.is_none()] data-name=(name) { (value.unwrap_or("–")) } }
}

fn number(name: &str, value: Option<&str>) -> Markup {
    markup! { td.n.none[value.is_none()] data-name=(name) { (value.unwrap_or("–")) } }
}

/// Why there is nothing to see, and what to do about it.
fn nothing(app: &App, chosen: &Chosen<'_>, who: &Who) -> Result<Markup, Problem> {
    let is_bound = TABLE.iter().any(|(role, reach, _)| *role == who.principal.role && *reach == Reach::OwnTeams);
    let without: Vec<(&str, String)> = chosen
        .fields
        .iter()
        .filter(|(name, _)| !["order", "after"].contains(name))
        .map(|(name, value)| (*name, format!("{}: {value}", label(name))))
        .chain(chosen.categories.iter().map(|c| (c.label(), format!("hidden: {}", name(*c)))))
        .collect();
    let content = if chosen.is_filtered() {
        markup! {
            p { "No call fits all of this." }
            p { "Leave one out: " @for (field, name) in &without { a.button href=(chosen.address(None, Some(field))) { (name) } " " } }
            p { a href="/calls" { "Show all calls" } }
        }
    } else if is_bound && who.principal.teams.is_empty() {
        markup! { p { "You belong to no team, so there is no call for you. An administrator can add you to one." } }
    } else if app.parts.index.count()? == 0 {
        markup! { p { "There is no call here yet. Calls are listed within a minute after they are redacted." } }
    } else {
        markup! { p { "None of the calls here is for you: they belong to other teams, or their manifests do not name your role." } }
    };
    Ok(markup! { div.panel.empty role="status" { (content) } })
}

fn label(field: &str) -> &'static str {
    match field {
        "q" => "said",
        "from" => "from",
        "to" => "to",
        "team" => "team",
        "agent" => "agent",
        "min" => "at least",
        "max" => "at most",
        "risk" => "risk",
        _ => "held",
    }
}
