//! Pages of administration: users, the audit log, reports, retention. Tables and forms, with nothing to decide.

use super::show::{moment, time};
use super::{csrf, layout};
use crate::access::Word;
use crate::access::audit::{Action, Broken, Entry, Outcome};
use crate::access::people::{Permission, Role, UserState};
use crate::access::retention::{Look, POLICY_MATTER};
use crate::access::table::{Cell, Table};
use crate::base::Timestamp;
use crate::serve::answer::Problem;
use crate::serve::asked::{Asked, Who};
use crate::serve::call::Call;
use crate::serve::users::{Line, Once};
use clap::ValueEnum;
use maud::{Markup, html};

/// Everybody, and what can be done about them.
pub(in super::super) fn users(who: &Who, lines: &[Line<'_>], once: Option<&Once>) -> Markup {
    let content = html! {
        @if let Some(once) = once {
            section role="status" {
                @if let Some(password) = &once.password {
                    p { "Password of " (once.user) " for one sign-in, shown once: " code { (password.expose()) } }
                }
                @if let Some(token) = &once.token { p { "Token of " (once.user) ", shown once: " code { (token.expose()) } } }
            }
        }
        div.over tabindex="0" role="region" aria-label="Users" { table.list.users {
            thead { tr {
                @for name in ["Name", "Role", "Teams", "State", "Last sign-in", "Tokens", "Change"] { th scope="col" { (name) } }
            } }
            tbody { @for line in lines { (user(who, line)) } }
        } }
        section.panel {
            h2 { "Add a user" }
            form.filters method="post" action="/users/add" {
                (csrf(who))
                div { label for="name" { "Name" } input id="name" name="name" autocomplete="off" required; }
                div { label for="role" { "Role" } select id="role" name="role" { (roles(None)) } }
                div { label for="teams" { "Teams, commas between" } input id="teams" name="teams" autocomplete="off"; }
                div.wide {
                    label for="email" { "E-mail address at the provider that signs them in; empty: a password" }
                    input id="email" name="email" type="email" autocomplete="off";
                }
                button { "Add" }
            }
        }
        section.panel {
            h2 { "Issue a token" }
            form.filters method="post" action="/users/token" {
                (csrf(who))
                div { label for="of" { "User" } input id="of" name="name" autocomplete="off" required; }
                div.wide {
                    label for="scopes" { "Scopes, commas between: " (scopes()) }
                    input id="scopes" name="scopes" autocomplete="off" required;
                }
                div { label for="days" { "Days" } input id="days" name="days" type="number" min="1" max="366" value="90"; }
                button { "Issue" }
            }
        }
    };
    layout("Users", Some(who), &content)
}

fn user(who: &Who, line: &Line<'_>) -> Markup {
    let name = line.name.as_str();
    let teams: Vec<&str> = line.teams.iter().map(|team| team.as_str()).collect();
    let button = |action: &str, text: &str| {
        html! {
            form method="post" action={ "/users/" (action) } {
                (csrf(who))
                input type="hidden" name="name" value=(name);
                button { (text) span class="hidden" { " " (name) } }
            }
        }
    };
    html! {
        tr {
            th scope="row" { (name) }
            td data-name="Role" { (line.role.word()) }
            td.none[teams.is_empty()] data-name="Teams" { (teams.join(", ")) }
            td data-name="State" {
                @if line.state == UserState::Disabled { "disabled" } @else if line.locked { "locked out" } @else { "active" }
                @match line.email {
                    Some(email) => { ", signs in as " (email.as_str()) }
                    None if !line.second_factor => { ", no second factor" }
                    None => {}
                }
            }
            td data-name="Last sign-in" { @if let Some(at) = line.last_sign_in { (time(at)) } @else { "never" } }
            td.none[line.tokens.is_empty()] data-name="Tokens" {
                @for token in &line.tokens {
                    form method="post" action="/users/revoke" {
                        (csrf(who))
                        input type="hidden" name="token" value=(token.id.as_str());
                        code { (token.id.as_str()) } " until " (time(token.expires)) " "
                        button { "Revoke" span class="hidden" { " " (token.id.as_str()) } }
                    }
                }
            }
            td {
                @if line.name != &who.principal.user {
                    form method="post" action="/users/rights" {
                        (csrf(who))
                        input type="hidden" name="name" value=(name);
                        select name="role" aria-label={ "Role of " (name) } { (roles(Some(line.role))) }
                        input name="teams" value=(teams.join(", ")) placeholder="teams" aria-label={ "Teams of " (name) };
                        button { "Change" span class="hidden" { " " (name) } }
                    }
                    (button("reset", "Reset"))
                    @if line.state == UserState::Disabled || line.locked { (button("enable", "Enable")) }
                    @if line.state == UserState::Active { (button("disable", "Disable")) }
                }
            }
        }
    }
}

fn roles(own: Option<Role>) -> Markup {
    html! { @for role in Role::ALL { option value=(role.word()) selected[own == Some(role)] { (role.word()) } } }
}

fn scopes() -> String {
    let names = Permission::ALL.iter().filter_map(Permission::to_possible_value);
    names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
}

/// Entries of the audit log.
pub(in super::super) fn entries(
    asked: &Asked,
    entries: &[Entry],
    count: u64,
    broken: Option<&Broken>,
) -> Result<Markup, Problem> {
    let word = |shown: Option<String>| shown.unwrap_or_default();
    let content = html! {
        (told(broken))
        (search(asked))
        p { (count) " entries match" @if count > entries.len() as u64 { "; the newest " (entries.len()) " are shown" } "." }
        div.over tabindex="0" role="region" aria-label="Entries" { table {
            thead { tr {
                @for name in ["No.", "When", "Who", "Role", "What", "Outcome", "Why", "Call", "About", "For", "From"] {
                    th scope="col" { (name) }
                }
            } }
            tbody {
                @for entry in entries {
                    @let event = &entry.event;
                    tr {
                        td { (entry.seq) } td { (moment(event.at)) } td { (event.user.as_str()) }
                        td { (word(event.role.as_ref().map(ToString::to_string))) }
                        td { (event.what.word()) } td { (event.outcome.word()) }
                        td { (word(event.why.as_ref().map(ToString::to_string))) }
                        td { (word(event.call.as_ref().map(ToString::to_string))) }
                        td { (word(event.about.as_ref().map(ToString::to_string))) }
                        td { (word(event.purpose.as_ref().map(ToString::to_string))) }
                        td { (word(event.from.as_ref().map(ToString::to_string))) }
                    }
                }
            }
        } }
    };
    Ok(layout("Audit log", Some(asked.who()?), &content))
}

/// A report as a page.
pub(in super::super) fn report(asked: &Asked, report: &Table, broken: Option<&Broken>) -> Result<Markup, Problem> {
    let content = html! {
        (told(broken))
        (search(asked))
        p { (report.note) }
        p.row {
            @for (form, name) in [("csv", "CSV"), ("json", "JSON"), ("html", "Page to print")] {
                a.button href=(in_form(asked, form)) { (name) } " "
            }
        }
        (table(report))
    };
    Ok(layout(&report.title, Some(asked.who()?), &content))
}

/// The address of the same report in another form: what it is limited to stays.
fn in_form(asked: &Asked, form: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["user", "call", "token", "from", "until", "what", "outcome", "discovered"] {
        query.extend_pairs(asked.query(name).map(|value| (name, value)));
    }
    format!("?{}", query.append_pair("format", form).finish())
}

/// Where calls stand.
pub(in super::super) fn retention(who: &Who, census: &Table) -> Markup {
    let content = html! {
        p { (census.note) }
        (table(census))
        p { "What is due is deleted by " code { "sordino retention sweep --delete" } ", which leaves a certificate." }
    };
    layout("Retention", Some(who), &content)
}

/// Where one call stands, and its legal hold.
pub(in super::super) fn kept(who: &Who, call: &Call, look: &Look) -> Markup {
    let id = call.manifest.call.as_str();
    let held_by = look.held_by();
    let said = |matter: &Word| look.hold.as_ref()?.matters.iter().find(|held| held.matter == *matter);
    let kept = &call.manifest.retention;
    let content = html! {
        dl.facts {
            div { dt { "Standing" } dd { (look.standing.word()) } }
            div { dt { "Class" } dd { (kept.class) } }
            div { dt { "Kept until" } dd { (time(kept.retain_until)) } }
            div { dt { "To be deleted after" } dd { (time(kept.delete_after)) } }
            @for matter in &held_by {
                div { dt { "Legal hold" } dd {
                    (matter.as_str())
                    @if let Some(held) = said(matter) { ", by " (held.by.as_str()) ", " (time(held.at)) }
                    @else if matter.as_str() == POLICY_MATTER { ", given at birth" }
                } }
            }
            div { dt { "Call" } dd.id { (id) } }
        }
        p.small { a href={ "/access/calls/" (id) } { "Who may hear this call, and who did" } }
        section.panel aria-labelledby="legal-hold" {
            h2 id="legal-hold" { "Legal hold" }
            form.filters method="post" action={ "/retention/" (id) "/hold" } {
                (csrf(who))
                div {
                    label for="matter" { "Number of the matter" }
                    input id="matter" name="matter" autocomplete="off" required;
                }
                button.main { "Put under legal hold" }
            }
            @if !held_by.is_empty() {
                form.filters method="post" action={ "/retention/" (id) "/release" } {
                    (csrf(who))
                    div {
                        label for="released" { "Matter that is over" }
                        select id="released" name="matter" {
                            @for matter in &held_by { option { (matter.as_str()) } }
                        }
                    }
                    button { "Release from legal hold" }
                }
            }
        }
    };
    layout("Retention of a call", Some(who), &content)
}

fn table(table: &Table) -> Markup {
    html! {
        div.over tabindex="0" role="region" aria-label=(table.title) { table {
            thead { tr {
                @for (at, column) in table.columns.iter().enumerate() {
                    th.n[is_counted(table, at)] scope="col" { (titled(column)) }
                }
            } }
            tbody {
                @for row in &table.rows {
                    tr {
                        @for cell in row {
                            @match cell {
                                Cell::Text(text) => td { @match Timestamp::parse(text) { Some(at) => (moment(at)), None => (text) } },
                                Cell::Count(n) => td class="n" { (n) },
                                Cell::Nothing => td {},
                            }
                        }
                    }
                }
            }
        } }
        p.small.faint.rows { (table.rows.len()) @if table.rows.len() == 1 { " row." } @else { " rows." } }
    }
}

/// Whether a column has numbers.
fn is_counted(table: &Table, column: usize) -> bool {
    table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Count(_))))
}

/// The name of a column, as a heading.
fn titled(column: &str) -> String {
    let mut name = column.replace('_', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

fn told(broken: Option<&Broken>) -> Markup {
    html! {
        @if let Some(broken) = broken {
            p role="alert" {
                "The log is broken at entry " (broken.entry) " (segment " (broken.segment) ", line " (broken.line) "): "
                (broken.what) ". What follows is not shown."
            }
        }
    }
}

fn search(asked: &Asked) -> Markup {
    let field = |name: &'static str, text: &'static str| {
        html! {
            div {
                label for=(name) { (text) }
                input id=(name) name=(name) value=(asked.query(name).unwrap_or_default()) autocomplete="off"
                    placeholder=[["from", "until"].contains(&name).then_some("2026-11-21")];
            }
        }
    };
    html! {
        form.filters.panel method="get" role="search" {
            (field("user", "User")) (field("call", "Call")) (field("token", "Token"))
            (field("from", "From")) (field("until", "Until"))
            div {
                label for="what" { "What" }
                select id="what" name="what" {
                    option value="" { "anything" }
                    @for what in Action::ALL.iter().map(|action| action.word()) {
                        option value=(what) selected[asked.query("what") == Some(what)] { (what) }
                    }
                }
            }
            div {
                label for="outcome" { "Outcome" }
                select id="outcome" name="outcome" {
                    option value="" { "any" }
                    @for outcome in [Outcome::Allowed, Outcome::Refused, Outcome::Failed].map(Outcome::word) {
                        option value=(outcome) selected[asked.query("outcome") == Some(outcome)] { (outcome) }
                    }
                }
            }
            button { "Search" }
        }
    }
}
