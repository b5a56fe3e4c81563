//! Reports on the log, one entry after the other: by user, by call, every disclosure, and a review of who has access.
//! A disclosure is a call that was viewed, played or downloaded (45 CFR 164.528).

use super::event::{Action, Event, Outcome};
use super::segment::Entry;
use crate::access::people::{People, Permission, Reach, TABLE, User, UserState};
use crate::access::table::{Cell, Table};
use crate::access::word::{UserName, Word};
use crate::base::{CallId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A row for each user: what they did and were refused.
    Users,
    /// A row for each call: who was let at it, and how.
    Calls,
    /// A row for each disclosure: accounting of disclosures.
    Disclosures,
    /// A row for each user and role: which calls they may hear, when they last did, for the review of access.
    Access,
}

/// A report that is being made. What it holds grows with users and calls, not with entries, but for disclosures.
pub struct Report {
    kind: Kind,
    users: BTreeMap<UserName, Done>,
    calls: BTreeMap<CallId, Call>,
    roles: BTreeMap<(UserName, String), Used>,
    disclosures: Vec<Vec<Cell>>,
    entries: u64,
    span: Option<(Timestamp, Timestamp)>,
}

#[derive(Default)]
struct Done {
    counts: BTreeMap<(Action, Outcome), u64>,
    calls: BTreeSet<CallId>,
    span: Option<(Timestamp, Timestamp)>,
}

#[derive(Default)]
struct Call {
    counts: BTreeMap<Action, u64>,
    users: BTreeSet<UserName>,
    refused: u64,
    span: Option<(Timestamp, Timestamp)>,
}

#[derive(Default)]
struct Used {
    /// Nothing for a role that they no longer have.
    may: Option<May>,
    sign_in: Option<Timestamp>,
    call: Option<Timestamp>,
    done: u64,
    refused: u64,
}

/// What somebody may as things stand.
struct May {
    state: &'static str,
    hears: String,
    downloads: &'static str,
    tokens: u64,
}

impl May {
    fn of(user: &User, tokens: usize) -> Self {
        let is_active = user.state == UserState::Active;
        let row = TABLE.iter().find(|(role, ..)| *role == user.role).filter(|_| is_active);
        let may = |permission| row.is_some_and(|(.., permissions)| permissions.contains(&permission));
        let teams: Vec<&str> = user.teams.iter().map(Word::as_str).collect();
        let hears = match row {
            Some((_, Reach::All, _)) if may(Permission::PlayCall) => "all".to_owned(),
            Some((_, Reach::OwnTeams, _)) if may(Permission::PlayCall) && !teams.is_empty() => teams.join(" "),
            _ => "none".to_owned(),
        };
        Self {
            state: if is_active { "active" } else { "disabled" },
            hears,
            downloads: if may(Permission::DownloadCall) { "yes" } else { "no" },
            tokens: tokens as u64,
        }
    }
}

impl Report {
    /// A report on nothing yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let (users, calls, roles) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { kind, users, calls, roles, disclosures: Vec::new(), entries: 0, span: None }
    }

    /// Adds an entry.
    pub fn add(&mut self, entry: &Entry) {
        let event = &entry.event;
        self.entries += 1;
        stretch(&mut self.span, event.at);
        match self.kind {
            Kind::Users => self.users.entry(event.user.clone()).or_default().add(event),
            Kind::Calls => {
                if let Some(call) = &event.call {
                    self.calls.entry(call.clone()).or_default().add(event);
                }
            }
            Kind::Disclosures => self.disclosures.extend(event.is_disclosure().then(|| disclosure(event))),
            Kind::Access => {
                let role = event.role.as_ref().map_or_else(String::new, ToString::to_string);
                self.roles.entry((event.user.clone(), role)).or_default().add(event);
            }
        }
    }

    /// Says what somebody may, whether or not the log tells of it: who never used it belongs into a review.
    pub fn expect(&mut self, user: &User, people: &People, now: Timestamp) {
        if self.kind == Kind::Access {
            let used = self.roles.entry((user.name.clone(), user.role.word().to_owned())).or_default();
            used.may = Some(May::of(user, people.tokens_of(&user.name, now).count()));
        }
    }

    /// The report as it stands at this time.
    #[must_use]
    pub fn table(self, now: Timestamp) -> Table {
        let span = self.span.map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
        let note = format!("{} entries of the audit log{span}. Made {now}.", self.entries);
        let (title, columns, rows) = match self.kind {
            Kind::Users => {
                ("Access by user", USERS.to_vec(), self.users.iter().map(|(name, user)| user.row(name)).collect())
            }
            Kind::Calls => {
                ("Access by call", CALLS.to_vec(), self.calls.iter().map(|(id, call)| call.row(id)).collect())
            }
            Kind::Disclosures => ("Accounting of disclosures", DISCLOSURES.to_vec(), self.disclosures),
            Kind::Access => {
                let rows = self.roles.iter().map(|((user, role), used)| used.row(user, role, now)).collect();
                ("Review of access", ACCESS.to_vec(), rows)
            }
        };
        Table { title: title.into(), note, columns, rows }
    }
}

const USERS: &[&str] = &[
    "user",
    "sign_ins",
    "failed_sign_ins",
    "searches",
    "views",
    "plays",
    "downloads",
    "refused",
    "calls",
    "first",
    "last",
];

impl Done {
    fn add(&mut self, event: &Event) {
        *self.counts.entry((event.what, event.outcome)).or_default() += 1;
        if event.is_disclosure() {
            self.calls.extend(event.call.clone());
        }
        stretch(&mut self.span, event.at);
    }

    fn sum(&self, of: impl Fn(Action, Outcome) -> bool) -> Cell {
        Cell::Count(self.counts.iter().filter(|((what, outcome), _)| of(*what, *outcome)).map(|(_, n)| n).sum())
    }

    fn row(&self, name: &UserName) -> Vec<Cell> {
        let allowed = |what| Cell::Count(self.counts.get(&(what, Outcome::Allowed)).copied().unwrap_or_default());
        let is_failed_sign_in = |what, outcome| what == Action::SignIn && outcome != Outcome::Allowed;
        vec![
            name.into(),
            allowed(Action::SignIn),
            self.sum(is_failed_sign_in),
            allowed(Action::Search),
            allowed(Action::View),
            allowed(Action::Play),
            allowed(Action::Download),
            self.sum(|what, outcome| outcome == Outcome::Refused && !is_failed_sign_in(what, outcome)),
            Cell::Count(self.calls.len() as u64),
            Cell::of(self.span.map(|(first, _)| first)),
            Cell::of(self.span.map(|(_, last)| last)),
        ]
    }
}

const CALLS: &[&str] = &["call", "views", "plays", "downloads", "users", "refused", "first", "last"];

impl Call {
    fn add(&mut self, event: &Event) {
        self.refused += u64::from(event.outcome == Outcome::Refused);
        if event.is_disclosure() {
            *self.counts.entry(event.what).or_default() += 1;
            self.users.insert(event.user.clone());
            stretch(&mut self.span, event.at);
        }
    }

    fn row(&self, call: &CallId) -> Vec<Cell> {
        let count = |what| Cell::Count(self.counts.get(&what).copied().unwrap_or_default());
        let users: Vec<&str> = self.users.iter().map(UserName::as_str).collect();
        vec![
            call.into(),
            count(Action::View),
            count(Action::Play),
            count(Action::Download),
            users.join(" ").into(),
            Cell::Count(self.refused),
            Cell::of(self.span.map(|(first, _)| first)),
            Cell::of(self.span.map(|(_, last)| last)),
        ]
    }
}

const DISCLOSURES: &[&str] = &["at", "call", "user", "role", "what", "artifact", "purpose", "from"];

fn disclosure(event: &Event) -> Vec<Cell> {
    vec![
        event.at.into(),
        Cell::of(event.call.as_ref()),
        (&event.user).into(),
        Cell::of(event.role.as_ref()),
        event.what.word().into(),
        Cell::of(event.about.as_ref()),
        Cell::of(event.purpose.as_ref()),
        Cell::of(event.from),
    ]
}

const ACCESS: &[&str] = &[
    "user",
    "role",
    "state",
    "hears",
    "downloads",
    "tokens",
    "last_sign_in",
    "last_call",
    "days_unused",
    "done",
    "refused",
];

impl Used {
    fn add(&mut self, event: &Event) {
        let is_allowed = event.outcome == Outcome::Allowed;
        self.done += u64::from(is_allowed);
        self.refused += u64::from(!is_allowed);
        if is_allowed && event.what == Action::SignIn {
            self.sign_in = self.sign_in.max(Some(event.at));
        }
        if event.is_disclosure() {
            self.call = self.call.max(Some(event.at));
        }
    }

    fn row(&self, user: &UserName, role: &str, now: Timestamp) -> Vec<Cell> {
        let last = self.sign_in.max(self.call);
        let may = self.may.as_ref();
        let days = |last: Timestamp| now.unix_s().saturating_sub(last.unix_s()) / 86_400;
        vec![
            user.into(),
            role.into(),
            // Commands and refused sign-ins have no role.
            Cell::of(may.map(|may| may.state).or((!role.is_empty()).then_some("former"))),
            Cell::of(may.map(|may| &may.hears)),
            Cell::of(may.map(|may| may.downloads)),
            may.map_or(Cell::Nothing, |may| Cell::Count(may.tokens)),
            Cell::of(self.sign_in),
            Cell::of(self.call),
            last.map_or(Cell::Nothing, |last| Cell::Count(days(last))),
            Cell::Count(self.done),
            Cell::Count(self.refused),
        ]
    }
}

fn stretch(span: &mut Option<(Timestamp, Timestamp)>, at: Timestamp) {
    *span = Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
}
