//! People as they are added, let in, locked out, reset and disabled.

use super::*;
use crate::base::{Kind, Phi, Sha256Hex, Stage};
use crate::store::{Expected, LocalRecords, RecordKey, Records, Stored};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };
const FIRST: &str = "for-one-sign-in-only";
const OWN: &str = "correct horse battery";

fn phi(text: &str) -> Phi<String> {
    Phi::new(text.to_owned())
}

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_s(1_795_296_000 + seconds)
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::of(&phi(text), CHEAP).unwrap()
}

fn one_time(text: &str) -> Credential {
    Credential::Password(hash(text))
}

fn people() -> People {
    let mut people = People::default();
    people.add(name("ana"), Role::Coach, [Word::parse("north").unwrap()].into(), one_time(FIRST), at(0)).unwrap();
    people
}

/// One with a password of her own and a second factor, and that factor.
fn set_up() -> (People, Totp) {
    let (mut people, factor) = (people(), Totp::generate().unwrap());
    people.set_password(&name("ana"), hash(OWN)).unwrap();
    people.set_factor(&name("ana"), factor.clone()).unwrap();
    (people, factor)
}

fn attempt(people: &mut People, user: &str, password: &str, code: Option<Phi<String>>, now: Timestamp) -> SignIn {
    people.sign_in(&Attempt { name: name(user), password: phi(password), code }, now, CHEAP)
}

fn refusal(answer: SignIn) -> Refusal {
    match answer {
        SignIn::Refused(why) => why,
        SignIn::Allowed(..) => panic!("let in"),
    }
}

#[test]
fn the_first_sign_in_asks_for_an_own_password_and_the_next_for_a_factor() {
    let mut people = people();
    let todo = |answer| match answer {
        SignIn::Allowed(_, todo) => todo,
        SignIn::Refused(why) => panic!("{why:?}"),
    };
    assert_eq!(todo(attempt(&mut people, "ana", FIRST, None, at(1))), Todo::ChoosePassword);
    people.set_password(&name("ana"), hash(OWN)).unwrap();
    assert_eq!(refusal(attempt(&mut people, "ana", FIRST, None, at(2))), Refusal::Password);
    assert_eq!(todo(attempt(&mut people, "ana", OWN, None, at(3))), Todo::SetUpFactor);
    let factor = Totp::generate().unwrap();
    people.set_factor(&name("ana"), factor.clone()).unwrap();
    assert_eq!(refusal(attempt(&mut people, "ana", OWN, None, at(60))), Refusal::Code);
    let code = || Some(factor.code(at(60)));
    assert_eq!(refusal(attempt(&mut people, "ana", "wrong password!", code(), at(60))), Refusal::Password);
    assert_eq!(todo(attempt(&mut people, "ana", OWN, code(), at(60))), Todo::Nothing);
    assert_eq!(refusal(attempt(&mut people, "ana", OWN, code(), at(61))), Refusal::Code, "a code is taken once");
    assert_eq!(people.user(&name("ana")).unwrap().last_sign_in, Some(at(60)));
}

#[test]
fn repeated_failures_lock_out_the_right_password_too() {
    let (mut people, factor) = set_up();
    for n in 0..4 {
        assert_eq!(refusal(attempt(&mut people, "ana", "wrong password!", None, at(n))), Refusal::Password);
    }
    assert_eq!(refusal(attempt(&mut people, "ana", "wrong password!", None, at(4))), Refusal::LocksOut);
    let right = |people: &mut People, now| attempt(people, "ana", OWN, Some(factor.code(now)), now);
    assert_eq!(refusal(right(&mut people, at(60))), Refusal::LockedOut);
    assert!(matches!(right(&mut people, at(4 + 900)), SignIn::Allowed(..)));
    for n in 0..5 {
        attempt(&mut people, "ana", OWN, Some(phi("000000")), at(2_000 + n));
    }
    assert!(people.user(&name("ana")).unwrap().is_locked(at(2_010)), "codes are not guessed either");
}

#[test]
fn nobody_and_the_disabled_are_refused_like_a_wrong_password() {
    let (mut people, factor) = set_up();
    assert_eq!(refusal(attempt(&mut people, "eve", OWN, None, at(0))), Refusal::UnknownUser);
    people.set_state(&name("ana"), UserState::Disabled, at(0)).unwrap();
    assert_eq!(refusal(attempt(&mut people, "ana", OWN, Some(factor.code(at(60))), at(60))), Refusal::Disabled);
    assert!(
        people.add(name("ana"), Role::Admin, BTreeSet::new(), one_time(FIRST), at(1)).is_err(),
        "a name is used once"
    );
}

#[test]
fn who_signs_in_at_a_provider_has_no_password_and_is_not_locked_out_by_guesses() {
    let (mut people, factor) = set_up();
    let email = Credential::Provider("ana@example.org".parse().unwrap());
    people.reset(&name("ana"), email, at(0)).unwrap();
    for n in 1..9 {
        let code = Some(factor.code(at(60 * n)));
        assert_eq!(refusal(attempt(&mut people, "ana", OWN, code, at(60 * n))), Refusal::AtProvider);
    }
    let user = people.user(&name("ana")).unwrap();
    assert!(!user.is_locked(at(600)) && !user.has_factor() && !user.has_password(&phi(OWN)));
    assert_eq!(user.todo(), Todo::Nothing);
    assert!(people.set_password(&name("ana"), hash(OWN)).is_err() && people.set_factor(&name("ana"), factor).is_err());
    people.reset(&name("ana"), one_time(FIRST), at(700)).unwrap();
    assert!(matches!(attempt(&mut people, "ana", FIRST, None, at(701)), SignIn::Allowed(_, Todo::ChoosePassword)));
}

#[test]
fn a_reset_takes_everything_that_was_lost() {
    let (mut people, factor) = set_up();
    let (_, token) = people.issue(&name("ana"), [Permission::ListCalls].into(), 30, at(0)).unwrap();
    people.reset(&name("ana"), one_time(FIRST), at(10)).unwrap();
    assert_eq!(refusal(attempt(&mut people, "ana", OWN, Some(factor.code(at(60))), at(60))), Refusal::Password);
    assert!(people.bearer(&token, at(60)).is_none() && !people.user(&name("ana")).unwrap().has_factor());
    let answer = attempt(&mut people, "ana", FIRST, None, at(60));
    assert!(matches!(answer, SignIn::Allowed(_, Todo::ChoosePassword)));
}

#[test]
fn a_token_may_what_it_was_given_as_long_as_it_lives() {
    let mut people = people();
    let teams = people.user(&name("ana")).unwrap().teams.clone();
    people.change(&name("ana"), Role::QaLead, teams.clone()).unwrap();
    let scopes = [Permission::ListCalls, Permission::SearchCalls];
    let (id, token) = people.issue(&name("ana"), scopes.into(), 30, at(0)).unwrap();
    people.change(&name("ana"), Role::Coach, teams).unwrap();
    let (principal, kept) = people.bearer(&token, at(1)).unwrap();
    assert!(kept.id == id && principal.role == Role::Coach);
    assert_eq!(decide(&principal, Permission::ListCalls, None, None), Ok(()));
    assert_eq!(decide(&principal, Permission::SearchCalls, None, None), Err(Denied::Role), "not more than its user");
    assert!(people.issue(&name("ana"), scopes.into(), 30, at(0)).is_err(), "nor is it issued");
    let call = crate::base::CallId::from_mac(&[1; 32]);
    let (teams, roles) = (principal.teams.clone(), vec!["coach".to_owned()]);
    let target = Target { call: &call, teams: &teams, roles: &roles, purposes: &[] };
    assert_eq!(decide(&principal, Permission::PlayCall, Some(&target), None), Err(Denied::Scope));
    assert!(people.bearer(&token, Timestamp::from_unix_s(at(0).unix_s() + 30 * 86_400)).is_none(), "expired");
    let text = token.expose();
    for wrong in
        ["", "sordino_", &text[..text.len() - 1], &text.replace(id.as_str(), "0000000000000000"), &format!("{text}x")]
    {
        assert!(people.bearer(&phi(wrong), at(1)).is_none(), "{wrong}");
    }
    people.revoke(&id, at(2)).unwrap();
    assert!(people.bearer(&token, at(3)).is_none());
    for (scopes, days) in
        [(BTreeSet::new(), 1), ([Permission::ListCalls].into(), 0), ([Permission::ListCalls].into(), 367)]
    {
        assert!(people.issue(&name("ana"), scopes, days, at(0)).is_err());
    }
    assert!(people.issue(&name("eve"), [Permission::ListCalls].into(), 1, at(0)).is_err());
}

#[test]
fn calls_belong_to_teams_by_their_attributes() {
    let mut people = people();
    let word = |w: &str| Word::parse(w).unwrap();
    people
        .set_team(
            word("west"),
            vec![Match { attribute: word("queue"), any_of: ["q7".to_owned(), "q8".to_owned()].into() }],
        )
        .unwrap();
    let of = |pairs: &[(&str, &str)]| {
        let attributes = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        people.teams_of(&attributes).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        (of(&[("queue", "q8")]), of(&[("queue", "q9")]), of(&[])),
        ("west".into(), String::new(), String::new())
    );
    assert_eq!(of(&[("team", "north"), ("queue", "q7")]), "north west");
    assert_eq!(of(&[("team", "No Such Team")]), "");
}

#[test]
fn the_file_is_read_back_and_holds_no_secret_that_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let records = LocalRecords::open(folder.path()).unwrap();
    assert!(load(&records).unwrap().users().is_empty());
    let token = update(&records, |people| {
        people.add(name("ana"), Role::QaLead, BTreeSet::new(), one_time(OWN), at(0))?;
        people.issue(&name("ana"), [Permission::SearchCalls].into(), 1, at(0))
    });
    let (_, token) = token.unwrap();
    let text = std::fs::read_to_string(folder.path().join(".access/users.json")).unwrap();
    assert!(!text.contains(OWN) && !text.contains(token.expose()) && text.contains("argon2id"));
    assert!(load(&records).unwrap().bearer(&token, at(1)).is_some());
    std::fs::write(folder.path().join(".access/users.json"), text.replace("\"role\"", "\"rle\"")).unwrap();
    assert!(load(&records).is_err() && update(&records, |_| Ok(())).is_err(), "a damaged file lets nobody in");
}

#[test]
fn two_who_change_people_at_once_both_have_their_way() {
    let folder = tempfile::tempdir().unwrap();
    let records = LocalRecords::open(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let records = &records;
            scope.spawn(move || {
                let own = one_time(OWN);
                let add = |people: &mut People| {
                    people.add(name(&format!("user-{n}")), Role::Coach, BTreeSet::new(), own.clone(), at(0))
                };
                update(records, add).unwrap();
            });
        }
    });
    assert_eq!(load(&records).unwrap().users().len(), 6);
}

/// Fields of the example, of the file that is written, and of the schema are the same.
#[test]
fn the_example_of_the_documentation_is_read_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let records = LocalRecords::open(folder.path()).unwrap();
    let path = folder.path().join(".access/users.json");
    let example = include_str!("../../../docs/examples/users.v1.json");
    std::fs::create_dir(folder.path().join(".access")).unwrap();
    std::fs::write(&path, example).unwrap();
    update(&records, |people| {
        people.set_team(
            Word::parse("north").unwrap(),
            vec![Match { attribute: Word::parse("queue").unwrap(), any_of: BTreeSet::new() }],
        )
    })
    .unwrap();
    update(&records, |people| people.set_team(Word::parse("north").unwrap(), Vec::new())).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let write_of = |text: &str| text.lines().find(|line| line.contains("\"write\"")).unwrap().to_owned();
    assert_ne!(write_of(&written), write_of(example), "each write is another");
    assert_eq!(written.replace(&write_of(&written), &write_of(example)), example);
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../docs/users.v1.schema.json")).unwrap();
    let scopes = &schema["properties"]["tokens"]["items"]["properties"]["scopes"]["items"]["enum"];
    let roles = &schema["properties"]["users"]["items"]["properties"]["role"]["enum"];
    assert_eq!(*scopes, serde_json::to_value(Permission::ALL).unwrap());
    assert_eq!(*roles, serde_json::to_value(Role::ALL).unwrap());
}

/// A bucket under two servers: of two writes at once the second is refused, unless it is of the very same bytes, which are taken
/// for the first write repeated.
struct Bucket {
    people: Mutex<Vec<u8>>,
    /// Both servers have read before either writes.
    have_read: Barrier,
    reads: AtomicUsize,
}

impl Records for Bucket {
    fn read(&self, _: &RecordKey) -> Result<Option<Stored>> {
        let bytes = self.people.lock().unwrap().clone();
        if self.reads.fetch_add(1, Ordering::SeqCst) < 2 {
            self.have_read.wait();
        }
        Ok(Some(Stored { version: Sha256Hex::of(&bytes).to_string(), bytes }))
    }

    fn write(&self, _: &RecordKey, bytes: &[u8], expected: &Expected, _: Option<Timestamp>) -> Result<String> {
        let mut there = self.people.lock().unwrap();
        let is_expected = *expected == Expected::Version(Sha256Hex::of(&there).to_string());
        if !is_expected && bytes != *there {
            return Err(Error::new(Stage::Records, Kind::Conflict, "another process has written the record"));
        }
        *there = bytes.to_vec();
        Ok(Sha256Hex::of(bytes).to_string())
    }

    fn names(&self, _: &'static str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn remove(&self, _: &RecordKey) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_code_that_two_servers_take_in_the_same_second_lets_one_in() {
    let (people, factor) = set_up();
    let bucket = Bucket {
        people: Mutex::new(serde_json::to_vec(&people).unwrap()),
        have_read: Barrier::new(2),
        reads: AtomicUsize::new(0),
    };
    let sign_in =
        || update(&bucket, |people| Ok(attempt(people, "ana", OWN, Some(factor.code(at(60))), at(60)))).unwrap();
    let both =
        std::thread::scope(|scope| [scope.spawn(sign_in), scope.spawn(sign_in)].map(|server| server.join().unwrap()));
    assert_eq!(both.iter().filter(|one| matches!(one, SignIn::Allowed(..))).count(), 1, "{both:?}");
}
