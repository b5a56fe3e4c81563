//! What every store must do. Each implementation runs this against itself.

use super::{Commit, Expected, Keeping, MANIFEST_NAME, Store};
use crate::base::{CallId, Clean, HoldReason, Kind, Phi, Result, Sha256Hex, Timestamp};
use std::io::{Read, Seek, SeekFrom, Write};

fn call(n: u8) -> CallId {
    CallId::from_mac(&[n; 32])
}

fn read(store: &dyn Store, key: &str) -> Option<Vec<u8>> {
    let (mut object, stat) = store.open(&Phi::new(key.to_owned())).ok()?;
    let mut bytes = Vec::new();
    object.read_to_end(&mut bytes).unwrap();
    assert_eq!(stat.bytes, bytes.len() as u64);
    Some(bytes)
}

/// How the calls of these tests are kept. The dates lie ahead, as those of a lock must.
pub(crate) fn keeping() -> Keeping {
    Keeping {
        classification: "redacted-confidential".into(),
        class: "qa-redacted".into(),
        retain_until: Timestamp::parse("2099-01-01T00:00:00Z"),
        delete_after: Timestamp::parse("2099-12-31T00:00:00Z").unwrap(),
        legal_hold: false,
    }
}

/// A transcript that nobody could be named in.
pub(crate) fn clean(text: &str) -> Clean<Vec<u8>> {
    Clean::attest(text.into())
}

/// Commits a call whose files all say `text`, and whose manifest says where they lie.
pub(crate) fn commit(store: &dyn Store, call: &CallId, text: &str, expected: &Expected) -> Result<()> {
    commit_kept(store, call, text, expected, &keeping())
}

/// The same, kept in some way.
pub(crate) fn commit_kept(
    store: &dyn Store,
    call: &CallId,
    text: &str,
    expected: &Expected,
    keeping: &Keeping,
) -> Result<()> {
    let replaced = match expected {
        Expected::Absent => Vec::new(),
        Expected::Version(_) => store.manifest(call)?.map_or_else(Vec::new, |stored| artifacts(&stored.bytes)),
    };
    let mut staged = store.begin(call)?;
    let mut sink = staged.recording("recording.wav")?;
    sink.write_all(text.as_bytes()).unwrap();
    drop(sink);
    staged.transcript("transcript.json", &clean(text))?;
    staged.commit(&Commit {
        expected,
        replaced,
        digests: ["recording.wav", "transcript.json"].map(|n| (n.to_owned(), Sha256Hex::of(text.as_bytes()))).into(),
        keeping,
        manifest: &|name| Ok(format!("{text}\n\"{}\"\n\"{}\"", name("recording.wav"), name("transcript.json")).into()),
    })
}

/// The names in a manifest of these tests.
fn artifacts(manifest: &[u8]) -> Vec<String> {
    let text = String::from_utf8(manifest.to_vec()).unwrap();
    text.lines().skip(1).map(|line| line.trim_matches('"').to_owned()).collect()
}

/// Everything of the call says `text`, and nothing else is there.
pub(crate) fn check_holds(store: &dyn Store, call: &CallId, text: &str) {
    let manifest = store.manifest(call).unwrap().unwrap().bytes;
    assert!(manifest.starts_with(text.as_bytes()));
    let mut names = artifacts(&manifest);
    for name in &names {
        assert!(read(store, &format!("{call}/{name}")).is_some_and(|b| b == text.as_bytes()), "{name}");
    }
    names.push(MANIFEST_NAME.to_owned());
    names.sort();
    let keys = store.list().map(|entry| entry.unwrap().key.into_exposed());
    let mut there: Vec<_> = keys.filter_map(|key| key.strip_prefix(&format!("{call}/")).map(str::to_owned)).collect();
    there.sort();
    assert_eq!(there, names);
}

/// Everything that a destination promises. The store must be empty.
pub(crate) fn destination(store: &dyn Store) {
    nothing_is_seen_before_the_commit(store);
    a_dropped_call_leaves_nothing(store);
    a_recording_can_be_read_back_before_it_is_published(store);
    a_committed_call_is_not_overwritten(store);
    a_stale_call_is_replaced_by_the_one_who_saw_it(store);
    a_call_is_written_once_at_a_time(store);
    names_that_are_no_artifacts_are_refused(store);
    held_records_come_and_go(store);
    committed_calls_are_listed_sorted(store);
    parts_are_read_as_they_are_asked_for(store);
}

fn parts_are_read_as_they_are_asked_for(store: &dyn Store) {
    let (call, text) = (call(9), "0123456789".repeat(20_000));
    commit(store, &call, &text, &Expected::Absent).unwrap();
    let key = Phi::new(format!("{call}/recording.wav"));
    let length = text.len();
    for part in [0..1, 0..length, 5..17, length - 1..length, 65_530..131_080] {
        let (mut object, stat) = store.open_part(&key, part.start as u64..part.end as u64).unwrap();
        assert_eq!(stat, store.stat(&key).unwrap());
        let mut bytes = Vec::new();
        object.read_to_end(&mut bytes).unwrap();
        assert!(bytes == text.as_bytes()[part.clone()], "{part:?}");
    }
    let missing = store.open_part(&Phi::new(format!("{call}/none.wav")), 0..1).err().unwrap();
    assert_eq!(missing.hold_reason(), Some(HoldReason::UnreadableSource));
}

fn nothing_is_seen_before_the_commit(store: &dyn Store) {
    let call = call(1);
    let mut staged = store.begin(&call).unwrap();
    staged.transcript("transcript.json", &clean("t")).unwrap();
    assert!(store.manifest(&call).unwrap().is_none());
    assert!(store.committed().unwrap().is_empty());
    assert_eq!(store.list().count(), 0);
    staged
        .commit(&Commit {
            expected: &Expected::Absent,
            replaced: Vec::new(),
            digests: vec![("transcript.json".to_owned(), Sha256Hex::of(b"t"))],
            keeping: &keeping(),
            manifest: &|_| Ok(b"m".to_vec()),
        })
        .unwrap();
    assert_eq!(store.manifest(&call).unwrap().unwrap().bytes, b"m");
    assert_eq!(store.list().count(), 2);
}

fn a_dropped_call_leaves_nothing(store: &dyn Store) {
    let call = call(2);
    let mut staged = store.begin(&call).unwrap();
    staged.transcript("transcript.json", &clean("t")).unwrap();
    drop(staged);
    assert!(store.manifest(&call).unwrap().is_none());
    commit(store, &call, "again", &Expected::Absent).unwrap();
    check_holds(store, &call, "again");
}

fn a_recording_can_be_read_back_before_it_is_published(store: &dyn Store) {
    let mut staged = store.begin(&call(3)).unwrap();
    let mut sink = staged.recording("recording.wav").unwrap();
    sink.write_all(b"0123456789").unwrap();
    sink.seek(SeekFrom::Start(4)).unwrap();
    let mut back = String::new();
    sink.read_to_string(&mut back).unwrap();
    assert_eq!(back, "456789");
}

fn a_committed_call_is_not_overwritten(store: &dyn Store) {
    let call = call(4);
    commit(store, &call, "first", &Expected::Absent).unwrap();
    let error = commit(store, &call, "second", &Expected::Absent).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    check_holds(store, &call, "first");
}

fn a_stale_call_is_replaced_by_the_one_who_saw_it(store: &dyn Store) {
    let call = call(5);
    let gone = commit(store, &call, "new", &Expected::Version("any".into())).unwrap_err();
    assert_eq!(gone.kind, Kind::Conflict);
    commit(store, &call, "old", &Expected::Absent).unwrap();
    let seen = Expected::Version(store.manifest(&call).unwrap().unwrap().version);
    commit(store, &call, "new", &seen).unwrap();
    check_holds(store, &call, "new");
    let error = commit(store, &call, "late", &seen).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    check_holds(store, &call, "new");
}

fn a_call_is_written_once_at_a_time(store: &dyn Store) {
    let call = call(6);
    let _first = store.begin(&call).unwrap();
    assert!(store.begin(&call).is_err_and(|e| e.kind == Kind::Conflict));
}

fn names_that_are_no_artifacts_are_refused(store: &dyn Store) {
    let mut staged = store.begin(&call(7)).unwrap();
    for name in ["", ".", "..", "a", "../a.b", "/a.b", "a/b.c", "a.b.c", ".hidden", "A.wav", "a.", MANIFEST_NAME] {
        assert!(staged.recording(name).is_err(), "{name}");
    }
}

fn held_records_come_and_go(store: &dyn Store) {
    let call = call(8);
    assert!(store.held(&call).unwrap().is_none());
    store.remove_held(&call).unwrap();
    store.put_held(&call, b"one").unwrap();
    store.put_held(&call, b"two").unwrap();
    assert_eq!(store.held(&call).unwrap().unwrap(), b"two");
    assert!(!store.committed().unwrap().contains(&call));
    store.remove_held(&call).unwrap();
    assert!(store.held(&call).unwrap().is_none());
}

fn committed_calls_are_listed_sorted(store: &dyn Store) {
    for n in [0xf0, 0xa0, 0xc0] {
        commit(store, &call(n), "x", &Expected::Absent).unwrap();
    }
    let calls = store.committed().unwrap();
    assert!(calls.is_sorted());
    for n in [0xa0, 0xc0, 0xf0] {
        assert!(calls.contains(&call(n)));
    }
}

/// Everything that a source promises. `put` writes an object of the empty store.
pub(crate) fn source(store: &dyn Store, put: &dyn Fn(&str, &[u8])) {
    let keys = ["a.json", "a/1.wav", "a/b/c.json", "a0", "sp ace+%41é.wav", "z"];
    for key in keys.iter().rev() {
        put(key, key.as_bytes());
    }
    put(".hidden", b"h");
    put("a/.hidden", b"h");
    let listed: Vec<_> = store.list().map(|e| e.map(|e| (e.key.into_exposed(), e.stat)).unwrap()).collect();
    assert_eq!(listed.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), keys, "in the order of bytes");
    for (key, stat) in &listed {
        assert!(read(store, key).is_some_and(|b| b == key.as_bytes()));
        assert_eq!(&store.stat(&Phi::new(key.clone())).unwrap(), stat);
    }
    for prefix in
        ["a", "a/", "a/b", "a/1.", "a.json", "sp ace+", "z", "nothing/", ".", "a/.", "/a", "a//", "../", "a.json/"]
    {
        let wanted: Vec<_> = keys.iter().copied().filter(|key| key.starts_with(prefix)).collect();
        let found = store.list_below(&Phi::new(prefix.to_owned()));
        let found: Vec<_> = found.map(|e| e.map(|e| e.key.into_exposed()).unwrap()).collect();
        assert_eq!(found, wanted, "below {prefix}");
    }
    for key in ["", ".", "../x", "a/../z", "/etc/passwd", "missing", "a", ".hidden", "a/.hidden"] {
        let error = store.open(&Phi::new(key.to_owned())).err().expect("it cannot be opened");
        assert_eq!(error.hold_reason(), Some(HoldReason::UnreadableSource), "{key}");
    }
    let before = store.stat(&Phi::new("z".into())).unwrap();
    put("z", b"changed");
    assert!(store.stat(&Phi::new("z".into())).unwrap() != before);
}
