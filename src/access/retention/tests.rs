//! Sweeps of a folder, whole and broken off at every step.

use super::record::sealed;
use super::*;
use crate::access::sign::{PrivateKey, Signer};
use crate::base::{Error, Kind, Stage};
use crate::store::{Expected, LegalHold, LocalRecords, LocalStore, Protection, RecordKey, Stored};
use std::cell::Cell as Counter;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

const EXAMPLE: &[u8] = include_bytes!("../../../docs/examples/manifest.v1.json");

fn call(n: u8) -> CallId {
    CallId::from_mac(&[n; 32])
}

/// Writes a committed call that is to be deleted after so many days.
fn put(root: &Path, n: u8, days: u32, legal_hold: bool, signing: &Signing) {
    let mut manifest = Manifest::parse(EXAMPLE).unwrap();
    manifest.signature = None;
    manifest.call = call(n);
    manifest.retention.legal_hold = legal_hold;
    manifest.retention.retain_until = manifest.created.plus_days(days.min(10));
    manifest.retention.delete_after = manifest.created.plus_days(days);
    let folder = root.join(call(n).as_str());
    fs::create_dir(&folder).unwrap();
    for artifact in &manifest.artifacts {
        fs::write(folder.join(artifact.name()), artifact.name()).unwrap();
    }
    fs::write(folder.join("manifest.json"), signing.seal(manifest).unwrap()).unwrap();
}

fn now() -> Timestamp {
    Manifest::parse(EXAMPLE).unwrap().created.plus_days(100)
}

fn by() -> UserName {
    "ana".parse().unwrap()
}

/// A folder whose records break after so many steps that change something.
struct Breaking {
    inner: LocalRecords,
    steps: AtomicI64,
}

impl Breaking {
    fn step(&self) -> Result<()> {
        let left = self.steps.fetch_sub(1, Ordering::SeqCst);
        if left > 0 { Ok(()) } else { Err(Error::new(Stage::Records, Kind::Io, "broken off")) }
    }
}

impl Records for Breaking {
    fn read(&self, key: &RecordKey) -> Result<Option<Stored>> {
        self.inner.read(key)
    }

    fn write(&self, key: &RecordKey, bytes: &[u8], expected: &Expected, until: Option<Timestamp>) -> Result<String> {
        self.step()?;
        self.inner.write(key, bytes, expected, until)
    }

    fn names(&self, folder: &'static str) -> Result<Vec<String>> {
        self.inner.names(folder)
    }

    fn remove(&self, key: &RecordKey) -> Result<()> {
        self.step()?;
        self.inner.remove(key)
    }
}

impl Disposal for Breaking {
    fn protection(&self, call: &CallId, name: &str) -> Result<Protection> {
        self.inner.protection(call, name)
    }

    fn dispose(&self, call: &CallId, name: &str) -> Result<u64> {
        self.step()?;
        self.inner.dispose(call, name)
    }

    fn set_legal_hold(&self, call: &CallId, name: &str, hold: LegalHold) -> Result<bool> {
        self.inner.set_legal_hold(call, name, hold)
    }
}

/// Sweeps a folder that breaks after so many steps; where each call stands, and what is certified.
fn swept(
    root: &Path,
    signing: &Signing,
    steps: i64,
    deletes: bool,
) -> Result<(BTreeMap<CallId, Standing>, Vec<Certificate>)> {
    let breaking = Breaking { inner: LocalRecords::open(root)?, steps: AtomicI64::new(steps) };
    let store = LocalStore::source(root)?;
    let keeper = Keeper { store: &store, records: &breaking, disposal: &breaking, signing };
    let log = |_: &CallId| Ok(());
    let act = if deletes { Act::Delete { by: by(), log: &log } } else { Act::Look };
    let mut seen = BTreeMap::new();
    let certificates = sweep(&keeper, now(), &act, &mut |call, standing| {
        seen.insert(call.clone(), standing);
        Ok(())
    })?;
    Ok((seen, certificates))
}

fn signing() -> Signing {
    let signer = Signer::with_key(PrivateKey::generate().unwrap().0);
    let mut signing = Signing::default();
    signing.keys.add(signer.public().clone(), Timestamp::from_unix_s(0)).unwrap();
    signing.signer = Some(signer);
    signing
}

fn records(root: &Path, prefix: &str) -> Vec<String> {
    let names = LocalRecords::open(root).unwrap().names(FOLDER).unwrap();
    names.into_iter().filter(|name| name.starts_with(prefix)).collect()
}

#[test]
fn what_is_due_goes_with_proof_and_everything_else_stays() {
    let (folder, signing) = (tempfile::tempdir().unwrap(), signing());
    let root = folder.path();
    put(root, 1, 99, false, &signing);
    put(root, 2, 101, false, &signing);
    put(root, 3, 99, true, &signing);
    put(root, 4, 99, false, &signing);
    fs::write(root.join(call(4).as_str()).join("manifest.json"), b"{").unwrap();
    put(root, 5, 99, false, &super::tests::signing());
    let want = [
        (1, Standing::Due),
        (2, Standing::Free),
        (3, Standing::Held),
        (4, Standing::Unreadable),
        (5, Standing::Unreadable),
    ];
    let want = |first| -> BTreeMap<CallId, Standing> {
        want.map(|(n, standing)| (call(n), if n == 1 { first } else { standing })).into()
    };
    assert_eq!(swept(root, &signing, 0, false).unwrap().0, want(Standing::Due), "looking changes nothing");
    let (seen, certificates) = swept(root, &signing, 1_000, true).unwrap();
    assert_eq!(seen, want(Standing::Deleted));
    assert!(!root.join(call(1).as_str()).exists() && (2..=5).all(|n| root.join(call(n).as_str()).exists()));
    assert_eq!(records(root, "tombstone-"), [format!("tombstone-{}.json", call(1))]);
    assert!(records(root, "deleting-").is_empty());
    let [certificate] = &certificates[..] else { panic!("one certificate") };
    assert_eq!(
        (certificate.calls[0].call.clone(), certificate.calls[0].files, certificate.calls[0].versions),
        (call(1), 3, 3)
    );
    for name in [records(root, "certificate-"), records(root, "tombstone-")].concat() {
        let bytes = fs::read(root.join(FOLDER).join(name)).unwrap();
        assert!(crate::access::sign::verify(&signing.keys, &bytes, now()).is_ok());
    }
    assert_eq!(swept(root, &signing, 1_000, true).unwrap().1, [], "a second sweep has nothing to do");
}

#[test]
fn broken_off_at_any_step_the_next_sweep_ends_what_was_begun() {
    let signing = signing();
    let mut broke = 0;
    for steps in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        (1..=3).for_each(|n| put(root, n, 99, false, &signing));
        put(root, 4, 101, false, &signing);
        let first = swept(root, &signing, steps, true);
        broke +=
            u32::from(first.is_err() || first.is_ok_and(|(seen, _)| seen.values().any(|s| *s == Standing::Failed)));
        let store = LocalStore::source(root).unwrap();
        for gone in (1..=3).map(call).filter(|call| store.manifest(call).unwrap().is_none()) {
            assert!(store.has_tombstone(&gone).unwrap(), "no run makes it again, after {steps} steps");
        }
        let begun = records(root, "deleting-");
        let seen = swept(root, &signing, 1_000, true).unwrap().0;
        let told = |name: &String| seen[&CallId::parse(&name[9..41]).unwrap()] == Standing::Deleted;
        assert!(begun.iter().all(told), "what is ended is told, after {steps} steps");
        assert!((1..=3).all(|n| !root.join(call(n).as_str()).exists()), "after {steps} steps");
        assert!(root.join(call(4).as_str()).join("manifest.json").exists());
        assert_eq!(
            (records(root, "tombstone-").len(), records(root, "deleting-").len()),
            (3, 0),
            "after {steps} steps"
        );
        let certified: std::collections::BTreeSet<CallId> = records(root, "certificate-")
            .iter()
            .map(|name| serde_json::from_slice(&fs::read(root.join(FOLDER).join(name)).unwrap()).unwrap())
            .flat_map(|c: Certificate| c.calls.into_iter().map(|d| d.call))
            .collect();
        assert_eq!(certified.len(), 3, "after {steps} steps");
    }
    assert!(broke >= 15, "{broke}");
}

#[test]
fn what_is_not_written_down_is_not_deleted() {
    let (folder, signing) = (tempfile::tempdir().unwrap(), Signing::default());
    put(folder.path(), 1, 99, false, &signing);
    let (records, store) = (LocalRecords::open(folder.path()).unwrap(), LocalStore::source(folder.path()).unwrap());
    let keeper = Keeper { store: &store, records: &records, disposal: &records, signing: &signing };
    let asked = Counter::new(0);
    let log = |_: &CallId| {
        asked.set(asked.get() + 1);
        Err(Error::new(Stage::Records, Kind::Io, "the log is down"))
    };
    assert!(sweep(&keeper, now(), &Act::Delete { by: by(), log: &log }, &mut |_, _| Ok(())).is_err());
    assert!(asked.get() == 1 && folder.path().join(call(1).as_str()).join("manifest.json").exists());
}

#[test]
fn a_hold_keeps_a_release_frees_and_what_cannot_be_trusted_keeps() {
    let (folder, signing) = (tempfile::tempdir().unwrap(), signing());
    let root = folder.path();
    put(root, 1, 99, false, &signing);
    put(root, 2, 99, true, &signing);
    let (records, store) = (LocalRecords::open(root).unwrap(), LocalStore::source(root).unwrap());
    let keeper = Keeper { store: &store, records: &records, disposal: &records, signing: &signing };
    let standing = |n| keeper.look(&call(n), now()).unwrap().standing;
    let set = |n, state, matter| keeper.set_hold(&call(n), &change(state, matter));
    // Who has read before how long calls are kept counts the same.
    let check_counts = || {
        let (mut looked, mut known, holds) = (Census::default(), Census::default(), keeper.holds().unwrap());
        for look in [1, 2].map(|n| keeper.look(&call(n), now()).unwrap()) {
            let (manifest, _) = look.manifest.as_ref().unwrap();
            known.add_known(&manifest.call, Some(&manifest.retention), &holds, now());
            looked.add(&look);
        }
        assert!(looked.0.keys().eq(known.0.keys()));
    };
    assert_eq!((standing(1), standing(2)), (Standing::Due, Standing::Held));
    check_counts();
    set(1, HoldState::Held, "matter-7").unwrap();
    set(2, HoldState::Released, POLICY_MATTER).unwrap();
    assert_eq!((standing(1), standing(2)), (Standing::Held, Standing::Due));
    check_counts();
    let path = root.join(FOLDER).join(format!("hold-{}.json", call(2)));
    let released = fs::read_to_string(&path).unwrap();
    fs::write(&path, released.replace("ana", "eve")).unwrap();
    assert_eq!(standing(2), Standing::Unreadable, "a release that was changed frees nothing");
    fs::write(&path, released.split(",\n  \"signature\"").next().unwrap().to_owned() + "}").unwrap();
    assert_eq!(standing(2), Standing::Unreadable, "nor does one that nobody signed");
    fs::write(&path, "{").unwrap();
    assert_eq!(standing(2), Standing::Unreadable);
    check_counts();
    for state in [HoldState::Held, HoldState::Released] {
        assert!(set(2, state, "matter-7").is_err(), "nothing is written over what cannot be read");
    }
    assert!(set(9, HoldState::Held, "matter-7").is_err(), "no such call");
}

fn change(state: HoldState, matter: &str) -> HoldChange {
    HoldChange { state, matter: matter.parse().unwrap(), by: by(), at: now() }
}

/// What a folder's keeper does, without a key.
fn kept<T>(root: &Path, act: impl FnOnce(&Keeper<'_>) -> T) -> T {
    let (records, store) = (LocalRecords::open(root).unwrap(), LocalStore::source(root).unwrap());
    act(&Keeper { store: &store, records: &records, disposal: &records, signing: &Signing::default() })
}

#[test]
fn a_call_is_held_as_long_as_any_matter_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), 1, 99, true, &Signing::default());
    kept(folder.path(), |keeper| {
        let set = |state, matter| {
            let held = keeper.set_hold(&call(1), &change(state, matter))?;
            Ok::<_, Error>(held.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let standing = || keeper.look(&call(1), now()).unwrap().standing;
        assert!(set(HoldState::Held, POLICY_MATTER).is_ok(), "it is held from birth");
        assert_eq!(set(HoldState::Held, "case-a").unwrap(), ["case-a", "policy"]);
        assert_eq!(set(HoldState::Held, "case-b").unwrap(), ["case-a", "case-b", "policy"]);
        assert_eq!(set(HoldState::Held, "case-b").unwrap().len(), 3, "said again it changes nothing");
        let error = set(HoldState::Released, "mz").unwrap_err();
        assert!(error.kind == Kind::Usage && error.hint.unwrap().contains("held by case-a, case-b, policy"));
        assert!(keeper.check_hold(&call(1), &change(HoldState::Released, "mz")).is_err());
        assert_eq!(set(HoldState::Released, "case-a").unwrap(), ["case-b", "policy"]);
        assert_eq!(set(HoldState::Released, POLICY_MATTER).unwrap(), ["case-b"]);
        assert_eq!(standing(), Standing::Held);
        assert!(set(HoldState::Released, "case-b").unwrap().is_empty() && standing() == Standing::Due);
        assert!(set(HoldState::Released, "case-b").is_err() && set(HoldState::Held, POLICY_MATTER).is_err());
    });
}

#[test]
fn of_matters_that_are_named_at_once_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, 1, 99, false, &Signing::default());
    std::thread::scope(|scope| {
        for n in 0..6 {
            let hold = change(HoldState::Held, &format!("case-{n}"));
            scope.spawn(move || kept(root, |keeper| keeper.set_hold(&call(1), &hold).unwrap()));
        }
    });
    assert_eq!(kept(root, |keeper| keeper.look(&call(1), now()).unwrap().held_by().len()), 6);
}

#[test]
fn records_of_one_matter_are_still_read() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), 1, 99, true, &Signing::default());
    let write = |state: &str| {
        let record = format!(
            r#"{{"schema":"sordino.hold/v1","call":"{}","state":"{state}","matter":"case-a","by":"ana","at":"{}"}}"#,
            call(1),
            now()
        );
        fs::create_dir_all(folder.path().join(FOLDER)).unwrap();
        fs::write(folder.path().join(FOLDER).join(format!("hold-{}.json", call(1))), record).unwrap();
    };
    kept(folder.path(), |keeper| {
        let look = || keeper.look(&call(1), now()).unwrap();
        write("released");
        assert_eq!(look().standing, Standing::Due, "it was a release from birth too");
        write("held");
        let held: Vec<_> = look().held_by().iter().map(ToString::to_string).collect();
        assert_eq!(held, ["case-a", "policy"]);
        keeper.set_hold(&call(1), &change(HoldState::Held, "case-b")).unwrap();
        assert_eq!(look().held_by().len(), 3, "what it says is kept when it is written anew");
        assert_eq!(look().hold.unwrap().schema, HOLD_SCHEMA);
    });
}

#[test]
fn a_copy_is_held_by_any_matter_by_birth_and_by_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), 1, 99, true, &Signing::default());
    kept(folder.path(), |keeper| {
        let retention = keeper.look(&call(1), now()).unwrap().manifest.unwrap().0.retention;
        let free = Retention { legal_hold: false, ..retention.clone() };
        let said = || keeper.store.hold_record(&call(1)).unwrap();
        let holds = |said: Option<&Stored>, of| holds_copy(said, &call(1), of, keeper.signing);
        assert!(holds(None, Some(&retention)) && !holds(None, Some(&free)) && !holds(None, None));
        keeper.set_hold(&call(1), &change(HoldState::Held, "case-a")).unwrap();
        assert!(holds(said().as_ref(), Some(&free)) && holds(said().as_ref(), None));
        keeper.set_hold(&call(1), &change(HoldState::Released, "case-a")).unwrap();
        assert!(holds(said().as_ref(), Some(&retention)), "the hold from birth is another one");
        keeper.set_hold(&call(1), &change(HoldState::Released, POLICY_MATTER)).unwrap();
        assert!(!holds(said().as_ref(), Some(&retention)));
        let later = Retention { created: now().plus_days(1), ..retention.clone() };
        assert!(holds(said().as_ref(), Some(&later)), "a copy that was born under hold since");
        let damaged = Stored { bytes: b"{".to_vec(), version: "1".into() };
        assert!(holds(Some(&damaged), Some(&free)));
    });
}

#[test]
fn what_is_held_after_its_deletion_was_begun_stays() {
    let (folder, signing) = (tempfile::tempdir().unwrap(), Signing::default());
    put(folder.path(), 1, 99, false, &signing);
    // What goes is written down, and the tombstone; the manifest is still there.
    swept(folder.path(), &signing, 2, true).unwrap();
    assert_eq!((records(folder.path(), "tombstone-").len(), records(folder.path(), "deleting-").len()), (1, 1));
    kept(folder.path(), |keeper| keeper.set_hold(&call(1), &change(HoldState::Held, "case-a"))).unwrap();
    let (seen, certificates) = swept(folder.path(), &signing, 1_000, true).unwrap();
    assert!(seen[&call(1)] == Standing::Held && certificates.is_empty());
    assert!(records(folder.path(), "tombstone-").is_empty() && records(folder.path(), "deleting-").is_empty());
}

#[test]
fn records_are_written_as_the_documentation_has_them() {
    let hold: Hold = serde_json::from_slice(include_bytes!("../../../docs/examples/hold.v2.json")).unwrap();
    let before: record::HoldV1 = serde_json::from_slice(include_bytes!("../../../docs/examples/hold.v1.json")).unwrap();
    assert_eq!(before.schema, record::HOLD_SCHEMA_V1);
    let tombstone: Tombstone =
        serde_json::from_slice(include_bytes!("../../../docs/examples/tombstone.v1.json")).unwrap();
    let certificate: Certificate =
        serde_json::from_slice(include_bytes!("../../../docs/examples/deletion-certificate.v1.json")).unwrap();
    assert_eq!(sealed(&hold, None).is_ok(), hold.schema == HOLD_SCHEMA);
    assert_eq!((tombstone.schema.as_str(), certificate.schema.as_str()), (TOMBSTONE_SCHEMA, CERTIFICATE_SCHEMA));
}
