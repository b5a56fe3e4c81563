use super::*;
use crate::access::labels::{self, Label};
use crate::access::people::Role;
use crate::access::sign::{Demand, PrivateKey, PublicKeys, Signer, Signing, take_apart};
use crate::base::{Phi, Sha256Hex};
use crate::model::Category;
use crate::model::manifest::{Artifact, HELD_SCHEMA, Manifest};
use crate::store::{LocalRecords, LocalStore};
use proptest::prelude::*;
use std::sync::Arc;

const MANIFEST: &[u8] = include_bytes!("../../../docs/examples/manifest.v1.json");
const HELD: &[u8] = include_bytes!("../../../docs/examples/held.v1.json");

fn reading() -> Reading<'static> {
    Reading { told: Box::leak(Box::default()), signing: Box::leak(Box::default()) }
}

/// A destination in a folder, written by hand, and its index.
struct Place {
    folder: tempfile::TempDir,
    store: LocalStore,
    records: LocalRecords,
    index: Arc<Index>,
}

fn call(n: u32) -> CallId {
    let mut mac = [0; 32];
    mac[..4].copy_from_slice(&n.to_be_bytes());
    CallId::from_mac(&mac)
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dest = folder.path().join("dest");
        fs::create_dir(&dest).unwrap();
        Self {
            store: LocalStore::source(&dest).unwrap(),
            records: LocalRecords::open(&dest).unwrap(),
            index: Arc::new(Index::open(&folder.path().join("state/index.sqlite")).unwrap()),
            folder,
        }
    }

    /// Lays down a call without sound that says this.
    fn lay(&self, n: u32, text: &str, change: impl FnOnce(&mut Manifest)) {
        let mut manifest = Manifest::parse(MANIFEST).unwrap();
        manifest.call = call(n);
        manifest.created = Timestamp::from_unix_s(1_800_000_000 + u64::from(n));
        manifest.access.roles = vec!["coach".into(), "qa-lead".into()];
        let Artifact::Transcript { name, format, bytes, sha256, .. } = &mut manifest.artifacts[0] else { panic!() };
        (*name, *format, *bytes) = ("transcript.txt".into(), crate::model::Format::Text, text.len() as u64);
        *sha256 = Sha256Hex::of(text.as_bytes());
        change(&mut manifest);
        let folder = self.folder.path().join("dest").join(call(n).as_str());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("transcript.txt"), text).unwrap();
        fs::write(folder.join("manifest.json"), manifest.to_bytes()).unwrap();
    }

    fn sync(&self) -> Changes {
        self.index.sync(&self.store, &self.records, &reading()).unwrap()
    }

    fn found(&self, query: Query) -> Vec<u32> {
        let page = self.index.calls(&Query { limit: 50, ..query }).unwrap();
        assert_eq!(page.count as usize, page.calls.len());
        page.calls.iter().map(|c| (c.call.number() >> 96) as u32).collect()
    }

    fn search(&self, text: &str) -> Vec<u32> {
        self.found(Query { text: Some(Phi::new(text.to_owned())), ..Query::default() })
    }
}

#[test]
fn a_sync_takes_over_what_is_new_has_changed_or_gone_and_reads_nothing_twice() {
    let place = Place::new();
    place.lay(1, "AGENT: your refill is due [NAME]", |_| ());
    place.lay(2, "AGENT: the deductible is met", |_| ());
    assert_eq!(place.sync(), Changes { put: 2, ..Changes::default() });
    assert_eq!(place.sync(), Changes::default());
    assert_eq!(place.search("refill"), [1]);
    // Another version, a new call, one that has gone.
    place.lay(1, "AGENT: nothing is due now, goodbye", |_| ());
    place.lay(3, "AGENT: hello", |_| ());
    fs::remove_dir_all(place.folder.path().join("dest").join(call(2).as_str())).unwrap();
    assert_eq!(place.sync(), Changes { put: 2, removed: 1, ..Changes::default() });
    assert!(place.search("refill").is_empty() && place.search("deductible").is_empty());
    assert_eq!(place.search("goodbye"), [1]);
    assert_eq!(place.found(Query::default()), [3, 1], "the newest first");
}

#[test]
fn what_is_not_what_its_manifest_says_is_in_no_list_and_read_once() {
    let place = Place::new();
    place.lay(1, "AGENT: as it was", |_| ());
    fs::write(place.folder.path().join("dest").join(call(1).as_str()).join("transcript.txt"), "AGENT: Ana Brooks")
        .unwrap();
    place.lay(2, "AGENT: fine", |m| m.call = call(9));
    assert_eq!(place.sync(), Changes { unread: 2, ..Changes::default() });
    assert_eq!(place.sync(), Changes::default());
    assert!(place.found(Query::default()).is_empty() && place.search("brooks").is_empty());
}

#[test]
fn a_manifest_that_was_changed_after_it_was_signed_is_in_no_list_until_its_key_is_known() {
    let place = Place::new();
    let signer = Signer::with_key(PrivateKey::generate().unwrap().0);
    let mut keys = PublicKeys::default();
    keys.add(signer.public().clone(), Timestamp::from_unix_s(0)).unwrap();
    let seal = |change: fn(&mut Manifest)| {
        place.lay(1, "AGENT: refill", |manifest| {
            let (record, _) = take_apart(&manifest.to_bytes()).unwrap();
            manifest.signature = Some(signer.sign(&record).unwrap());
            change(manifest);
        });
    };
    let sync = |keys: &PublicKeys, demand| {
        let signing = Signing { signer: None, keys: keys.clone(), demand };
        let how = Reading { signing: &signing, ..reading() };
        place.index.sync(&place.store, &place.records, &how).unwrap()
    };
    seal(|_| ());
    let none = PublicKeys::default();
    assert_eq!(sync(&none, Demand::Required), Changes { unread: 1, ..Changes::default() });
    assert_eq!(sync(&none, Demand::Required), Changes::default());
    assert_eq!(sync(&keys, Demand::Required), Changes { put: 1, ..Changes::default() });
    seal(|manifest| manifest.access.roles.push("auditor".into()));
    for demand in [Demand::Optional, Demand::Required] {
        assert_eq!(sync(&keys, demand).unread, 1, "{demand:?}");
        assert!(place.found(Query::default()).is_empty());
    }
}

#[test]
fn the_file_may_be_deleted_damaged_or_of_another_version() {
    let place = Place::new();
    place.lay(1, "AGENT: refill", |_| ());
    place.sync();
    let path = place.folder.path().join("state/index.sqlite");
    fs::remove_file(&path).unwrap();
    assert_eq!(place.sync().put, 1, "under a server that runs");
    assert_eq!(place.search("refill"), [1]);
    place.index.write(|writer| writer.pragma_update(None, "user_version", 99)).unwrap();
    let again = Index::open(&path).unwrap();
    assert_eq!(again.sync(&place.store, &place.records, &reading()).unwrap().put, 1);
    drop(again);
    fs::write(&path, "this is no database at all, and long enough to be looked at".repeat(50)).unwrap();
    let again = Index::open(&path).unwrap();
    assert_eq!(again.sync(&place.store, &place.records, &reading()).unwrap().put, 1);
}

#[test]
fn the_file_is_open_to_its_owner_alone_and_keeps_no_word_of_what_was_deleted() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.lay(1, "AGENT: xylophone concerto", |_| ());
    place.sync();
    let path = place.folder.path().join("state/index.sqlite");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_dir_all(place.folder.path().join("dest").join(call(1).as_str())).unwrap();
    place.sync();
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(9).any(|w| w == b"xylophone"), "what retention deletes is gone from here too");
}

#[test]
fn two_processes_may_sync_one_file_at_once() {
    let place = Place::new();
    for n in 0..200 {
        place.lay(n, &format!("AGENT: number {n}"), |_| ());
    }
    let path = place.folder.path().join("state/index.sqlite");
    let other = Index::open(&path).unwrap();
    std::thread::scope(|scope| {
        for index in [&*place.index, &other] {
            scope.spawn(|| index.sync(&place.store, &place.records, &reading()).unwrap());
        }
    });
    assert_eq!((place.index.count().unwrap(), place.sync()), (200, Changes::default()));
    assert_eq!(other.calls(&Query { limit: 10, ..Query::default() }).unwrap().count, 200);
}

fn mark(name: &str, value: &str) -> Mark {
    Mark { name: name.into(), value: value.into() }
}

fn tell(place: &Place, n: u32, attributes: &[(&str, &str)]) {
    let attributes = attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    labels::write(&place.records, &[Label { call: call(n), attributes }], Timestamp::from_unix_s(1)).unwrap();
}

#[test]
fn every_filter_filters() {
    let place = Place::new();
    place.lay(1, "AGENT: one", |m| m.hidden.categories = [(Category::Name, 2), (Category::Dob, 1)].into());
    place.lay(2, "AGENT: two", |m| (m.risk, m.hidden.categories) = (0.5, [(Category::Name, 1)].into()));
    place.lay(3, "AGENT: three", |m| {
        m.risk = 0.01;
        m.hidden.categories.clear();
        m.access.roles = vec!["coach".into()];
        let Artifact::Recording { duration_ms, .. } = &mut m.artifacts[1] else { panic!() };
        *duration_ms = 3_600_000;
    });
    tell(&place, 1, &[("team", "north"), ("agent", "a1"), ("started", "2020-01-01T00:00:00Z")]);
    tell(&place, 2, &[("queue", "q7")]);
    place.sync();
    let all = Query::default;
    let at = Timestamp::from_unix_s;
    assert_eq!(place.found(all()), [3, 2, 1]);
    assert_eq!(place.found(Query { order: Order::Oldest, ..all() }), [1, 2, 3]);
    assert_eq!(place.found(Query { order: Order::Riskiest, limit: 0, ..all() })[0], 2);
    assert_eq!(place.found(Query { order: Order::Longest, ..all() })[0], 3);
    assert_eq!(place.found(Query { categories: [Category::Name, Category::Dob].into(), ..all() }), [1]);
    assert_eq!(place.found(Query { risk_min: Some(0.3), ..all() }), [2]);
    assert_eq!(place.found(Query { duration_ms_min: minutes(30.0), ..all() }), [3]);
    assert!(!place.found(Query { duration_ms_max: minutes(30.0), ..all() }).contains(&3));
    assert_eq!(place.found(Query { until: Some(at(1_700_000_000)), ..all() }), [1], "when it began, not when redacted");
    assert_eq!(place.found(Query { from: Some(at(1_800_000_003)), ..all() }), [3]);
    assert_eq!(place.found(Query { marks: Some(vec![mark("agent", "a1")]), ..all() }), [1]);
    let seen = |marks| Seen { marks: Some(marks), ..Seen::default() };
    assert_eq!(place.found(Query { seen: seen(vec![mark("team", "north"), mark("queue", "q7")]), ..all() }), [2, 1]);
    assert!(place.found(Query { seen: seen(vec![]), ..all() }).is_empty(), "no team, no call");
    let lead = Seen { role: Some(Role::QaLead), marks: None };
    assert_eq!(place.found(Query { seen: lead.clone(), ..all() }), [2, 1], "the manifest decides too");
    assert_eq!(place.index.values("agent", &lead, 9).unwrap(), ["a1"]);
    assert!(place.index.values("agent", &seen(vec![mark("queue", "q7")]), 9).unwrap().is_empty());
    assert_eq!(place.index.call(&call(1)).unwrap().unwrap().attributes["team"], "north");
    assert!(place.index.call(&call(9)).unwrap().is_none());
}

/// One call is few, two are many.
#[test]
fn calls_are_found_by_attributes_whenever_those_come_and_however_many_have_them() {
    let place = Place::new();
    let of = |team: &str| place.found(Query { marks: Some(vec![mark("team", team)]), ..Query::default() });
    tell(&place, 1, &[("team", "north"), ("queue", "q1")]);
    place.lay(1, "AGENT: one word", |_| ());
    place.lay(2, "AGENT: two words", |_| ());
    place.sync();
    assert_eq!((of("north"), of("south")), (vec![1], vec![]), "what was told before the call came");
    for n in [2, 3] {
        tell(&place, n, &[("team", "north")]);
    }
    place.sync();
    assert_eq!(of("north"), [2, 1], "and after; of a call that is not there yet nothing is found");
    place.lay(3, "AGENT: three words", |_| ());
    place.lay(1, "AGENT: another word", |_| ());
    place.sync();
    assert_eq!(of("north"), [3, 2, 1], "once each, of a call that was redacted again too");
    for (order, wanted) in [(Order::Oldest, [1, 2, 3]), (Order::Riskiest, [3, 2, 1])] {
        assert_eq!(place.found(Query { marks: Some(vec![mark("team", "north")]), order, ..Query::default() }), wanted);
    }
    let both = vec![mark("queue", "q1"), mark("team", "north"), mark("team", "none")];
    assert_eq!(place.found(Query { marks: Some(both), ..Query::default() }), [3, 2, 1], "once with several of them");
    let seen = Seen { marks: Some(vec![mark("team", "north")]), ..Seen::default() };
    let said = |text: &str, marks| {
        let (text, seen) = (Some(Phi::new(text.to_owned())), seen.clone());
        place.found(Query { text, marks, seen, ..Query::default() })
    };
    assert_eq!(said("word", None), [3, 2, 1]);
    assert_eq!(said("word", Some(vec![mark("queue", "q1")])), [1]);
    tell(&place, 1, &[("team", "south"), ("started", "2020-01-01T00:00:00Z")]);
    place.sync();
    assert_eq!((of("north"), of("south")), (vec![3, 2], vec![1]), "what is told later counts");
    assert_eq!(said("word", Some(vec![mark("queue", "q1")])), [] as [u32; 0]);
    fs::remove_dir_all(place.folder.path().join("dest").join(call(2).as_str())).unwrap();
    place.sync();
    assert_eq!(of("north"), [3]);
    let left: u32 =
        place.index.reader().unwrap().query_row("SELECT count(*) FROM marks", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 4, "nothing is left of a call that has gone or has moved");
}

#[test]
fn held_calls_are_told_by_reason_and_go_when_their_record_does() {
    let place = Place::new();
    place.lay(1, "AGENT: one", |_| ());
    let folder = place.folder.path().join("dest/.held");
    fs::create_dir(&folder).unwrap();
    for n in [1, 2] {
        let mut held: Held = serde_json::from_slice(HELD).unwrap();
        (held.call, held.schema) = (call(n), HELD_SCHEMA.into());
        fs::write(folder.join(format!("{}.json", call(n))), held.to_bytes()).unwrap();
    }
    assert_eq!(place.sync(), Changes { put: 1, held: 2, ..Changes::default() });
    let reason = place.index.held(None).unwrap()[0].reason;
    assert_eq!(place.index.held_by_reason().unwrap()[0].1, 2);
    assert_eq!(place.index.held(Some(reason)).unwrap().len(), 2);
    assert_eq!(place.found(Query { held: Some(true), ..Query::default() }), [1]);
    let mut other: Held = serde_json::from_slice(HELD).unwrap();
    (other.call, other.reason) = (call(2), HoldReason::LimitReached);
    fs::write(folder.join("aside"), other.to_bytes()).unwrap();
    fs::rename(folder.join("aside"), folder.join(format!("{}.json", call(2)))).unwrap();
    place.sync();
    assert_eq!(place.index.held(Some(HoldReason::LimitReached)).unwrap().len(), 1, "a record that has changed");
    fs::remove_file(folder.join(format!("{}.json", call(2)))).unwrap();
    assert_eq!(place.index.sync_held(&place.records).unwrap(), 1);
    assert_eq!(place.index.held(None).unwrap().len(), 1, "and one that has gone");
    fs::remove_dir_all(folder).unwrap();
    place.sync();
    assert!(place.index.held(None).unwrap().is_empty());
    assert_eq!(place.found(Query { held: Some(false), ..Query::default() }), [1]);
}

#[test]
fn a_search_says_where_the_words_are_and_pages_go_on_where_they_ended() {
    let place = Place::new();
    for n in 0..25 {
        place.lay(n, &format!("AGENT: hello\nCALLER: about my refills, number {n}"), |m| m.risk = 0.5);
    }
    place.sync();
    let query = |after| Query { text: Some(Phi::new("refill".into())), limit: 10, after, ..Query::default() };
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = place.index.calls(&query(after)).unwrap();
        assert_eq!(page.count, 25);
        for call in &page.calls {
            let (parts, _) = call.excerpt.as_ref().unwrap();
            assert_eq!(
                parts[..2],
                [Part::Plain("about my ".into()), Part::Hit("refills,".trim_end_matches(',').into())]
            );
            seen.push((call.call.number() >> 96) as u32);
        }
        let Some(next) = page.next else { break };
        assert_eq!(next.to_string().parse::<Cursor>(), Ok(next.clone()));
        after = Some(next);
        // What comes and goes between two pages neither repeats a call nor leaves one out.
        if seen.len() == 10 {
            place.lay(90, "AGENT: newer than all, hello\nCALLER: about my refills, number 90", |_| ());
            fs::remove_dir_all(place.folder.path().join("dest").join(call(90).as_str())).unwrap();
        }
    }
    assert_eq!(seen, (0..25).rev().collect::<Vec<_>>());
    for wrong in ["", "x", "1-", "1.5-00000000000000000000000000000000", "1-../../etc"] {
        assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Whatever users type is looked for or not, and never an error of the engine.
    #[test]
    fn no_text_of_a_user_is_syntax(text in prop_oneof![any::<String>(), "[a-z\"'*^:(){}+\\-|, ]{0,40}", "(NEAR|AND|OR|NOT|text|\"| |\\*|\\()*"]) {
        thread_local! { static PLACE: Place = { let p = Place::new(); p.lay(1, "AGENT: near and or not text", |_| ()); p.sync(); p } }
        PLACE.with(|place| place.index.calls(&Query { text: Some(Phi::new(text)), limit: 5, ..Query::default() }).map(drop)).unwrap();
    }
}
