//! After a breach: what was exposed to whom, from where, and until when, out of the entries of the log that the breach is
//! about. Must not judge whether it is one.

use super::audit::{Action, Entry};
use super::table::{Cell, Table};
use super::word::{UserName, Word};
use crate::base::{CallId, Result, Timestamp};
use crate::model::Category;
use crate::model::manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Days within which a breach must be notified, from its discovery: 45 CFR 164.404(b).
const NOTICE_DAYS: u32 = 60;
/// People from whom on the media are told too: 45 CFR 164.406 speaks of more than 500 of a state.
const MEDIA_FROM: usize = 500;

/// What there is of a call now.
pub enum Copy {
    /// Its copy lies there.
    There(Box<Manifest>),
    /// It was deleted at the end of its retention.
    Deleted,
    /// There is none, and nothing says why.
    Gone,
    /// There is one whose manifest cannot be read.
    Unreadable,
}

/// Disclosures by call and user.
#[derive(Default)]
pub struct Exposure {
    by: BTreeMap<(CallId, UserName), Shown>,
}

#[derive(Default)]
struct Shown {
    roles: BTreeSet<Word>,
    tokens: BTreeSet<Word>,
    counts: BTreeMap<Action, u64>,
    artifacts: BTreeSet<UserName>,
    purposes: BTreeSet<Word>,
    from: BTreeSet<IpAddr>,
    span: Option<(Timestamp, Timestamp)>,
}

impl Exposure {
    /// Adds an entry; one that disclosed nothing adds nothing.
    pub fn add(&mut self, entry: &Entry) {
        let event = &entry.event;
        let Some(call) = event.call.clone().filter(|_| event.is_disclosure()) else { return };
        let shown = self.by.entry((call, event.user.clone())).or_default();
        shown.roles.extend(event.role.clone());
        shown.tokens.extend(event.token.clone());
        *shown.counts.entry(event.what).or_default() += 1;
        shown.artifacts.extend(event.about.clone());
        shown.purposes.extend(event.purpose.clone());
        shown.from.extend(event.from);
        let (first, last) = shown.span.unwrap_or((event.at, event.at));
        shown.span = Some((first.min(event.at), last.max(event.at)));
    }

    /// The view as a report. `copy` says what there is of a call now.
    ///
    /// # Errors
    /// Those of `copy`.
    pub fn table(&self, discovered: Timestamp, copy: &dyn Fn(&CallId) -> Result<Copy>) -> Result<Table> {
        let calls: BTreeSet<&CallId> = self.by.keys().map(|(call, _)| call).collect();
        let users: BTreeSet<&UserName> = self.by.keys().map(|(_, user)| user).collect();
        let media =
            if calls.len() > MEDIA_FROM { " More than 500 calls: the media and the Secretary at once." } else { "" };
        let note = format!(
            "{} calls exposed to {} users. Discovered {discovered}: individuals are notified without unreasonable delay, by \
             {} at the latest (45 CFR 164.404).{media} The copies are redacted: names and numbers of patients are hidden in \
             them, at the residual risk that is stated; their voices are not. Who was on a call is known to the system that \
             its sources came from.",
            calls.len(),
            users.len(),
            discovered.plus_days(NOTICE_DAYS)
        );
        let mut rows = Vec::new();
        for ((call, user), shown) in &self.by {
            rows.push(shown.row(call, user, &copy(call)?));
        }
        Ok(Table { title: "Exposure".into(), note, columns: COLUMNS.to_vec(), rows })
    }
}

const COLUMNS: &[&str] = &[
    "call",
    "user",
    "roles",
    "tokens",
    "views",
    "plays",
    "downloads",
    "artifacts",
    "purposes",
    "from",
    "first",
    "last",
    "copy",
    "readable_until",
    "call_of",
    "hidden",
    "risk",
];

impl Shown {
    fn row(&self, call: &CallId, user: &UserName, copy: &Copy) -> Vec<Cell> {
        let count = |what| Cell::Count(self.counts.get(&what).copied().unwrap_or_default());
        let is_downloaded = self.counts.contains_key(&Action::Download);
        let manifest = match copy {
            Copy::There(manifest) => Some(manifest),
            _ => None,
        };
        let first = self.span.map(|(first, _)| first);
        // The copy that was shown first is not the one that is there, which may hide more.
        let is_other = manifest.is_some_and(|manifest| first.is_some_and(|first| manifest.created > first));
        let state = match copy {
            Copy::There(_) if is_other => "replaced",
            Copy::There(_) => "there",
            Copy::Deleted => "deleted",
            Copy::Gone => "gone",
            Copy::Unreadable => "unreadable",
        };
        // What was downloaded is out of reach of any date.
        let until = match manifest {
            _ if is_downloaded => "unknown: downloaded".into(),
            Some(manifest) if manifest.retention.legal_hold => "legal hold".into(),
            other => Cell::of(other.map(|manifest| manifest.retention.delete_after)),
        };
        let shown = manifest.filter(|_| !is_other);
        let hidden = shown.map(|m| m.hidden.categories.iter().map(hidden).collect::<Vec<_>>().join(" "));
        vec![
            call.into(),
            user.into(),
            words(&self.roles),
            words(&self.tokens),
            count(Action::View),
            count(Action::Play),
            count(Action::Download),
            words(&self.artifacts),
            words(&self.purposes),
            words(&self.from),
            Cell::of(first),
            Cell::of(self.span.map(|(_, last)| last)),
            state.into(),
            until,
            Cell::of(manifest.map(|m| m.created)),
            Cell::of(hidden),
            Cell::of(shown.map(|m| m.risk)),
        ]
    }
}

fn hidden((category, count): (&Category, &u64)) -> String {
    format!("{category}:{count}")
}

fn words<T: ToString>(set: &BTreeSet<T>) -> Cell {
    set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into()
}

#[cfg(test)]
mod tests {
    use super::super::audit::{Event, Outcome, Via};
    use super::super::table::Form;
    use super::*;
    use crate::base::Sha256Hex;

    fn entry(n: u64, user: &str, what: Action, outcome: Outcome) -> Entry {
        let event = Event {
            at: Timestamp::from_unix_s(1_795_297_000 + n),
            user: user.parse().unwrap(),
            role: Word::parse("coach"),
            via: Via::Token,
            token: Word::parse("t1"),
            from: Some(IpAddr::from([10, 0, 0, 1])),
            what,
            call: Some(CallId::from_mac(&[7; 32])),
            about: UserName::parse("recording.wav"),
            purpose: None,
            outcome,
            why: None,
        };
        let hash = Sha256Hex::of(b"");
        Entry { seq: n, writer: "0".repeat(16), event, previous: hash.clone(), hash }
    }

    #[test]
    fn disclosures_are_gathered_by_call_and_user_with_what_there_is_of_the_call() {
        let manifest = Manifest::parse(include_bytes!("../../docs/examples/manifest.v1.json")).unwrap();
        let mut exposure = Exposure::default();
        exposure.add(&entry(1, "ana", Action::View, Outcome::Allowed));
        exposure.add(&entry(9, "ana", Action::Play, Outcome::Allowed));
        exposure.add(&entry(5, "ben", Action::Download, Outcome::Allowed));
        exposure.add(&entry(6, "eve", Action::Play, Outcome::Refused));
        exposure.add(&entry(7, "eve", Action::Search, Outcome::Allowed));
        let there = |_: &CallId| Ok(Copy::There(Box::new(manifest.clone())));
        let table = exposure.table(Timestamp::from_unix_s(1_795_296_000), &there).unwrap();
        assert!(
            table.note.starts_with("1 calls exposed to 2 users") && table.note.contains("by 2027-01-20"),
            "{}",
            table.note
        );
        let csv = table.written(Form::Csv);
        let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][1..10], ["ana", "coach", "t1", "1", "1", "0", "recording.wav", "", "10.0.0.1"]);
        assert_eq!(
            rows[0][12..],
            ["there", "2032-11-19T21:31:48Z", "2026-11-21T21:31:48Z", "MEMBER_ID:1 DOB:1 NAME:1", "0.125"]
        );
        assert_eq!(rows[1][13], "unknown: downloaded");
        let again = Manifest { created: Timestamp::from_unix_s(1_795_300_000), ..manifest };
        let again = |_: &CallId| Ok(Copy::There(Box::new(again.clone())));
        let again = exposure.table(Timestamp::from_unix_s(0), &again).unwrap().written(Form::Csv);
        let row: Vec<&str> = again.lines().nth(1).unwrap().split(',').collect();
        assert_eq!((row[12], &row[15..]), ("replaced", &["", ""][..]));
        let gone = exposure.table(Timestamp::from_unix_s(0), &|_| Ok(Copy::Deleted)).unwrap().written(Form::Csv);
        assert!(gone.lines().nth(1).unwrap().contains(",deleted,,,,"), "{gone}");
    }
}
