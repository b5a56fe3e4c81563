//! The store against real servers, which `scripts/test` starts.

mod faults;
mod parts;
mod properties;
mod reading;

use super::client::{Client, Patience};
use super::*;
use crate::store::{Expected, suite};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Runtime;

/// What a test calls a server by.
pub(super) const SERVERS: [&str; 2] = ["SORDINO_TEST_S3", "SORDINO_TEST_S3_SECOND"];

pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the servers are")]
pub(super) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, which starts the servers"))
}

/// A connection to a server, patient as in earnest or less so.
pub(super) fn client(server: &str, patience: Patience) -> Client {
    let key = [variable("SORDINO_TEST_ACCESS_KEY"), variable("SORDINO_TEST_SECRET_KEY")];
    Client::to_server(runtime().handle().clone(), &variable(server), key, patience)
}

/// A new bucket.
pub(super) fn bucket(client: &Client, folder: &str) -> BucketAddress {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // No name is part of another: faults strike by parts of names.
    let name = format!("unit-{}-{}-bucket", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    client.wait(client.sdk.create_bucket().bucket(&name).send()).unwrap();
    BucketAddress { bucket: name, prefix: Phi::new(folder.to_owned()) }
}

pub(super) fn destination(client: &Client, address: &BucketAddress) -> S3Store {
    S3Store::destination(client.clone(), address, Properties::default(), &suite::keeping()).unwrap()
}

pub(super) fn call(n: u8) -> CallId {
    CallId::from_mac(&[n; 32])
}

/// Writes an object as somebody else would.
pub(super) fn put(client: &Client, bucket: &str, key: &str, bytes: &[u8]) {
    let body = bytes.to_vec().into();
    client.wait(client.sdk.put_object().bucket(bucket).key(key).body(body).send()).unwrap();
}

#[test]
fn it_does_what_every_destination_must() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        for folder in ["", "redacted/2026/"] {
            suite::destination(&destination(&client, &bucket(&client, folder)));
        }
    }
}

#[test]
fn it_does_what_records_must() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        for folder in ["", "redacted/2026/"] {
            let address = bucket(&client, folder);
            crate::store::records_suite(&S3Records::to_write(client.clone(), &address, Properties::default()).unwrap());
        }
    }
}

#[test]
fn it_does_what_every_source_must() {
    let client = client(SERVERS[0], Patience::default());
    for folder in ["", "raw/2026"] {
        let address = bucket(&client, folder);
        let root = address.folder().prefix;
        let store = S3Store::source(client.clone(), &address).unwrap();
        suite::source(&store, &|key, bytes| {
            put(&client, &address.bucket, &format!("{}{key}", root.expose()), bytes);
        });
    }
}

/// SeaweedFS lists the folder `b` before `b.json`. Pairing by the order of keys would take halves for whole calls.
#[test]
fn keys_are_in_order_whatever_the_store_makes_of_them() {
    let client = client(SERVERS[1], Patience::default());
    let address = bucket(&client, "");
    let store = S3Store::source(client.clone(), &address).unwrap();
    put(&client, &address.bucket, "b/1.wav", b"w");
    put(&client, &address.bucket, "b/2.wav", b"w");
    for key in ["b.json", "b-/x.wav", "b-/.hidden/y.wav", "b-/x/z.wav", "a/b/c/d.wav", "a/b.wav", "é.wav"] {
        put(&client, &address.bucket, key, b"j");
    }
    let keys = |prefix: &str| -> Vec<String> {
        let entries = store.list_below(&Phi::new(prefix.to_owned()));
        entries.map(|entry| entry.unwrap().key.into_exposed()).collect()
    };
    let all = ["a/b.wav", "a/b/c/d.wav", "b-/x.wav", "b-/x/z.wav", "b.json", "b/1.wav", "b/2.wav", "é.wav"];
    assert_eq!(keys(""), all);
    assert_eq!(keys("b"), all[2..7]);
    assert_eq!(keys("b/"), all[5..7]);
    assert_eq!(keys("a/b"), all[..2]);
}

#[test]
fn a_folder_of_many_pages_is_listed_whole() {
    let client = client(SERVERS[1], Patience::default());
    client.list_by_folder();
    let address = bucket(&client, "");
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (client, address) = (&client, &address);
            scope
                .spawn(move || (0..300).for_each(|i| put(client, &address.bucket, &format!("f/{i:03}-{n}.wav"), b"x")));
        }
    });
    let store = S3Store::source(client.clone(), &address).unwrap();
    assert_eq!(store.list().filter(Result::is_ok).count(), 1_200);
}

#[test]
fn a_listing_has_every_page() {
    let client = client(SERVERS[1], Patience::default());
    let address = bucket(&client, "");
    std::thread::scope(|scope| {
        for n in 0..5 {
            let (client, address) = (&client, &address);
            scope.spawn(move || (0..210).for_each(|i| put(client, &address.bucket, &format!("{n}-{i:03}"), b"x")));
        }
    });
    let store = S3Store::source(client.clone(), &address).unwrap();
    assert_eq!(store.list().filter(Result::is_ok).count(), 1050);
    assert_eq!(store.list_below(&Phi::new("3-10".into())).filter(Result::is_ok).count(), 10);
}

#[test]
fn a_bucket_that_is_not_there_is_refused() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = BucketAddress { bucket: "no-such-bucket".into(), prefix: Phi::default() };
        assert_eq!(S3Store::source(client.clone(), &address).err().unwrap().kind, Kind::Usage);
        let made = S3Store::destination(client.clone(), &address, Properties::default(), &suite::keeping());
        assert!(made.err().unwrap().to_string().contains("no such bucket"));
    }
}

#[test]
fn a_bucket_with_versions_is_a_store_like_any_other() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = client.sdk.put_bucket_versioning().bucket(&address.bucket).versioning_configuration(on);
        client.wait(request.send()).unwrap();
        suite::destination(&destination(&client, &address));
    }
}

#[test]
fn of_many_writers_of_one_call_exactly_one_commits() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let stores: Vec<_> = (0..6).map(|_| destination(&client, &address)).collect();
        let mut expected = Expected::Absent;
        for round in 0..3 {
            let won: Vec<usize> = std::thread::scope(|scope| {
                let (stores, expected) = (&stores, &expected);
                let write =
                    move |n: usize| suite::commit(&stores[n], &call(1), &format!("{round} {n}"), expected).is_ok();
                let writers: Vec<_> = (0..stores.len()).map(|n| scope.spawn(move || write(n).then_some(n))).collect();
                writers.into_iter().filter_map(|w| w.join().unwrap()).collect()
            });
            assert_eq!(won.len(), 1, "{server}");
            suite::check_holds(&stores[0], &call(1), &format!("{round} {}", won[0]));
            expected = Expected::Version(stores[0].manifest(&call(1)).unwrap().unwrap().version);
        }
    }
}

#[test]
fn writers_of_the_same_call_all_find_it_as_they_wanted_it() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let stores: Vec<_> = (0..4).map(|_| destination(&client, &address)).collect();
        std::thread::scope(|scope| {
            for store in &stores {
                scope.spawn(|| suite::commit(store, &call(1), "same", &Expected::Absent).unwrap());
            }
        });
        suite::check_holds(&stores[0], &call(1), "same");
    }
}

/// What a run leaves that was killed between two puts.
#[test]
fn what_a_dead_run_left_is_taken_where_it_is_the_same_and_passed_by_where_not() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let store = destination(&client, &address);
        suite::commit(&store, &call(1), "text", &Expected::Absent).unwrap();
        let remove =
            |key: String| client.wait(client.sdk.delete_object().bucket(&address.bucket).key(key).send()).unwrap();
        remove(format!("{}/manifest.json", call(1)));
        assert!(store.manifest(&call(1)).unwrap().is_none() && store.committed().unwrap().is_empty());
        suite::commit(&store, &call(1), "text", &Expected::Absent).unwrap();
        suite::check_holds(&store, &call(1), "text");
        remove(format!("{}/manifest.json", call(1)));
        suite::commit(&store, &call(1), "other", &Expected::Absent).unwrap();
        let manifest = String::from_utf8(store.manifest(&call(1)).unwrap().unwrap().bytes).unwrap();
        assert!(manifest.contains("\"recording-") && !manifest.contains("\"recording.wav\""));
        let key = |name: &str| Phi::new(format!("{}/{name}", call(1)));
        let name = manifest.lines().nth(1).unwrap().trim_matches('"');
        assert_eq!(store.stat(&key(name)).unwrap().bytes, 5);
        assert_eq!(store.stat(&key("recording.wav")).unwrap().bytes, 4, "nobody may say that it is dead");
    }
}

#[test]
fn what_came_after_a_survey_is_met_at_the_commit_and_then_asked_for() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        for folder in ["", "redacted/2026/"] {
            let address = bucket(&client, folder);
            let (store, other) = (destination(&client, &address), destination(&client, &address));
            suite::commit(&other, &call(1), "before", &Expected::Absent).unwrap();
            store.survey().unwrap();
            suite::commit(&other, &call(2), "meanwhile", &Expected::Absent).unwrap();
            suite::check_holds(&store, &call(1), "before");
            assert!(store.manifest(&call(2)).unwrap().is_none(), "it was not there when it was looked");
            let error = suite::commit(&store, &call(2), "late", &Expected::Absent).unwrap_err();
            assert_eq!(error.kind, Kind::Conflict);
            suite::check_holds(&store, &call(2), "meanwhile");
        }
    }
}

#[test]
fn a_survey_knows_calls_that_were_deleted_and_those_that_are_held() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "redacted/");
        let store = destination(&client, &address);
        let tombstone = |call| format!("redacted/{RETENTION_FOLDER}/{}", tombstone_name(&call));
        put(&client, &address.bucket, &tombstone(call(1)), b"{}");
        store.put_held(&call(2), b"{}").unwrap();
        store.survey().unwrap();
        put(&client, &address.bucket, &tombstone(call(3)), b"{}");
        assert!(store.has_tombstone(&call(1)).unwrap());
        assert!(!store.has_tombstone(&call(3)).unwrap(), "it was not there when it was looked");
        store.remove_held(&call(2)).unwrap();
        assert!(store.held(&call(2)).unwrap().is_none());
        store.put_held(&call(4), b"{}").unwrap();
        store.remove_held(&call(4)).unwrap();
        assert!(store.held(&call(4)).unwrap().is_none(), "what this run has held itself");
    }
}
