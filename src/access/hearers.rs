//! Who may be let at one call as things stand, and who was: by the same decision that stands before every access. Pure.

use super::audit::{Action, Entry};
use super::people::{People, Permission, Principal, Target, User, UserState, decide};
use super::table::{Cell, Table};
use super::word::{UserName, Word};
use crate::base::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What of a call may be allowed, and the word for it.
const WAYS: [(Permission, &str); 3] =
    [(Permission::ViewCall, "view"), (Permission::PlayCall, "play"), (Permission::DownloadCall, "download")];

const COLUMNS: &[&str] =
    &["user", "role", "may", "tokens", "state", "views", "plays", "downloads", "refused", "first", "last"];

/// Those who were let at a call, or tried.
#[derive(Default)]
pub struct Hearers {
    by: BTreeMap<UserName, Did>,
}

#[derive(Default)]
struct Did {
    counts: BTreeMap<Action, u64>,
    refused: u64,
    span: Option<(Timestamp, Timestamp)>,
}

impl Hearers {
    /// Adds an entry about the call; of one that neither disclosed it nor tried to, nothing.
    pub fn add(&mut self, entry: &Entry) {
        let event = &entry.event;
        if !event.what.discloses() {
            return;
        }
        let did = self.by.entry(event.user.clone()).or_default();
        if !event.is_disclosure() {
            did.refused += 1;
            return;
        }
        *did.counts.entry(event.what).or_default() += 1;
        let (first, last) = did.span.unwrap_or((event.at, event.at));
        did.span = Some((first.min(event.at), last.max(event.at)));
    }

    /// A row for everybody who may be let at the call or was, by name.
    #[must_use]
    pub fn table(&self, people: &People, target: &Target<'_>, now: Timestamp) -> Table {
        let mut rows = Vec::new();
        let names: BTreeSet<&UserName> = people.users().iter().map(|user| &user.name).chain(self.by.keys()).collect();
        let mut may_count = 0;
        for name in names {
            let (user, did) = (people.user(name), self.by.get(name));
            let is_active = user.is_some_and(|user| user.state == UserState::Active);
            let may = user.filter(|_| is_active).map(|user| ways(&user.principal(), target)).unwrap_or_default();
            if may.is_empty() && did.is_none() {
                continue;
            }
            may_count += u64::from(!may.is_empty());
            let tokens = people.tokens_of(name, now).filter(|token| {
                let limited = |user: &User| Principal { scopes: Some(token.scopes.clone()), ..user.principal() };
                user.filter(|_| is_active).is_some_and(|user| !ways(&limited(user), target).is_empty())
            });
            let count = |what| Cell::Count(did.and_then(|did| did.counts.get(&what)).copied().unwrap_or_default());
            let span = did.and_then(|did| did.span);
            rows.push(vec![
                name.into(),
                Cell::of(user.map(|user| user.role.word())),
                may.join(" ").into(),
                Cell::Count(tokens.count() as u64),
                Cell::of(user.map(|_| if is_active { "active" } else { "disabled" })),
                count(Action::View),
                count(Action::Play),
                count(Action::Download),
                Cell::Count(did.map_or(0, |did| did.refused)),
                Cell::of(span.map(|(first, _)| first)),
                Cell::of(span.map(|(_, last)| last)),
            ]);
        }
        let teams: Vec<&str> = target.teams.iter().map(|team| team.as_str()).collect();
        let note = format!(
            "Call {}, of {}. Users who may be let at it as people and its manifest stand {now}: {may_count}. Users who were, or \
             tried: {}.",
            target.call,
            if teams.is_empty() { "no team".to_owned() } else { format!("team {}", teams.join(", ")) },
            self.by.len(),
        );
        Table { title: "Who may hear a call, and who did".into(), note, columns: COLUMNS.to_vec(), rows }
    }
}

/// What somebody may do with a call; to download it, for any purpose that it has.
fn ways(who: &Principal, target: &Target<'_>) -> Vec<&'static str> {
    let purpose = target.purposes.iter().find_map(|purpose| Word::parse(purpose));
    let may = |permission| decide(who, permission, Some(target), purpose.as_ref()).is_ok();
    WAYS.into_iter().filter(|(permission, _)| may(*permission)).map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::audit::{Event, Outcome, Via};
    use crate::access::people::{Cost, Credential, PasswordHash, Role};
    use crate::access::table::Form;
    use crate::base::{CallId, Phi, Sha256Hex};

    const AT: Timestamp = Timestamp::from_unix_s(1_800_000_000);

    fn people() -> People {
        let mut people = People::default();
        let cost = Cost { memory_kib: 64, passes: 1 };
        let hash = PasswordHash::of(&Phi::new("four words of no use".into()), cost).unwrap();
        for (name, role, teams) in [
            ("ana", Role::Coach, &["north", "west"][..]),
            ("ben", Role::Coach, &["south"]),
            ("lead", Role::QaLead, &[]),
            ("left", Role::QaLead, &[]),
            ("olga", Role::PrivacyOfficer, &[]),
            ("root", Role::Admin, &[]),
        ] {
            let teams = teams.iter().filter_map(|team| Word::parse(team)).collect();
            people.add(name.parse().unwrap(), role, teams, Credential::Password(hash.clone()), AT).unwrap();
        }
        let lead = "lead".parse().unwrap();
        people.issue(&lead, [Permission::PlayCall].into(), 5, AT).unwrap();
        people.issue(&lead, [Permission::ListCalls].into(), 5, AT).unwrap();
        people.set_state(&"left".parse().unwrap(), UserState::Disabled, AT).unwrap();
        people
    }

    fn entry(user: &str, what: Action, outcome: Outcome) -> Entry {
        let event = Event {
            at: AT,
            user: user.parse().unwrap(),
            role: None,
            via: Via::Session,
            token: None,
            from: None,
            what,
            call: None,
            about: None,
            purpose: None,
            outcome,
            why: None,
        };
        let hash = Sha256Hex::of(b"");
        Entry { seq: 1, writer: String::new(), previous: hash.clone(), event, hash }
    }

    fn rows(roles: &[&str], hearers: &Hearers) -> Vec<String> {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let (teams, purposes) = ([Word::parse("north").unwrap()].into(), ["coaching".to_owned()]);
        let call = CallId::from_mac(&[1; 32]);
        let target = Target { call: &call, teams: &teams, roles: &roles, purposes: &purposes };
        let table = hearers.table(&people(), &target, AT);
        assert_eq!(table.columns.len(), table.rows[0].len());
        let text = table.written(Form::Csv);
        text.lines().skip(1).map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn who_may_is_who_would_be_let_at_it_and_who_did_is_told_though_they_may_no_longer() {
        let mut hearers = Hearers::default();
        for (user, what, outcome) in [
            ("left", Action::Play, Outcome::Allowed),
            ("left", Action::Download, Outcome::Allowed),
            ("ben", Action::View, Outcome::Refused),
            ("gone", Action::View, Outcome::Allowed),
            ("ana", Action::Note, Outcome::Allowed),
        ] {
            hearers.add(&entry(user, what, outcome));
        }
        let at = AT.to_string();
        assert_eq!(
            rows(&["coach", "qa-lead"], &hearers),
            [
                "ana,coach,view play,0,active,0,0,0,0,,".to_owned(),
                "ben,coach,,0,active,0,0,0,1,,".to_owned(),
                format!("gone,,,0,,1,0,0,0,{at},{at}"),
                "lead,qa-lead,view play download,1,active,0,0,0,0,,".to_owned(),
                format!("left,qa-lead,,0,disabled,0,1,1,0,{at},{at}"),
            ]
        );
        let officers = rows(&["privacy-officer"], &Hearers::default());
        assert_eq!(officers, ["olga,privacy-officer,view play,0,active,0,0,0,0,,"], "the manifest decides, too");
    }
}
