//! Retention and the audit log in buckets: versions, Object Lock, legal holds, and servers that write at once.

use super::support::{Cloud, Ran, SERVERS, ran, runtime};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde_json::Value;

const LATER: &str = "2200000000";

/// A bucket with two calls, a key, and their ids.
fn published(cloud: &Cloud, dest: &str) -> Vec<String> {
    assert_eq!(cloud.run(&["keys", "new", "keys"]).code, Some(0));
    for n in 0..2 {
        cloud.put(&cloud.raw(), &format!("{n}.txt"), format!("CALLER: my number is 212-867-000{n}\n").into());
    }
    let out = ran(signed(cloud, &["redact", &format!("s3://{}/", cloud.raw()), dest, "--json"], "1900000000"));
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    let lines = out.stdout.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let mut calls: Vec<_> = lines.filter_map(|l| Some(l.get("call")?.as_str()?.to_owned())).collect();
    calls.sort();
    calls
}

fn signed(cloud: &Cloud, args: &[&str], epoch: &str) -> &'static mut std::process::Command {
    let mut command = cloud.command(args);
    command.env("SORDINO_SIGNING_KEY_FILE", "keys/signing-key.pem").env("SOURCE_DATE_EPOCH", epoch);
    Box::leak(Box::new(command))
}

fn last(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap_or_else(|| panic!("{}", ran.stderr))).unwrap()
}

#[test]
fn a_sweep_of_a_bucket_with_versions_leaves_none_of_them() {
    for server in SERVERS {
        let cloud = Cloud::new(server);
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = cloud.sdk().put_bucket_versioning().bucket(cloud.redacted()).versioning_configuration(on);
        runtime().block_on(request.send()).unwrap();
        let dest = format!("s3://{}/qa/", cloud.redacted());
        let calls = published(&cloud, &dest);
        let hold = ["retention", "hold", &dest, &calls[0], "--matter", "m"];
        let held = ran(signed(&cloud, &hold, LATER));
        assert_eq!(held.code, Some(0), "{server}: {}", held.stderr);
        let swept = ran(signed(&cloud, &["retention", "sweep", &dest, "--delete", "--json"], LATER));
        assert_eq!(swept.code, Some(0), "{server}: {}{}", swept.stdout, swept.stderr);
        assert_eq!(last(&swept)["summary"], serde_json::json!({"deleted": 1, "held": 1}), "{server}");
        let request = cloud.sdk().list_object_versions().bucket(cloud.redacted()).prefix(format!("qa/{}/", calls[1]));
        let left = runtime().block_on(request.send()).unwrap();
        assert!(left.versions().is_empty() && left.delete_markers().is_empty(), "{server}: {left:?}");
        let verified = ran(signed(&cloud, &["audit", "verify", &dest, "--json"], LATER));
        assert_eq!(last(&verified)["entries"], 2, "{server}");
        assert!(ran(signed(&cloud, &["verify", &dest], LATER)).code == Some(0), "{server}");
    }
}

#[test]
fn commands_that_write_to_one_log_at_once_make_one_chain() {
    for server in SERVERS {
        let cloud = Cloud::new(server);
        let dest = format!("s3://{}/", cloud.redacted());
        let calls = published(&cloud, &dest);
        std::thread::scope(|scope| {
            for n in 0..6 {
                let (cloud, dest, call) = (&cloud, &dest, &calls[n % 2]);
                scope.spawn(move || {
                    let by = format!("user-{n}");
                    let ran =
                        ran(signed(cloud, &["retention", "hold", dest, call, "--matter", "m", "--by", &by], LATER));
                    // The hold itself may be somebody else's by then; the entry is written all the same.
                    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
                });
            }
        });
        let verified = ran(signed(&cloud, &["audit", "verify", &dest, "--json"], LATER));
        assert_eq!(last(&verified)["entries"], 6, "{server}: {}", verified.stderr);
    }
}

#[test]
fn what_object_lock_keeps_is_not_touched() {
    let cloud = Cloud::new(SERVERS[0]);
    let bucket = format!("{}-locked", cloud.name());
    let request = cloud.sdk().create_bucket().bucket(&bucket).object_lock_enabled_for_bucket(true);
    runtime().block_on(request.send()).unwrap();
    let dest = format!("s3://{bucket}/");
    // Locked until 2030 by the store's clock, and due long before by the time that is stated.
    std::fs::write(
        cloud.path("locked.toml"),
        "name = \"locked\"\nversion = 1\nextends = \"safe-harbor\"\n\
         [retention]\nretain-days = 3650\ndelete-after-days = 3650\nobject-lock = \"governance\"\n",
    )
    .unwrap();
    cloud.run(&["keys", "new", "keys"]);
    cloud.put(&cloud.raw(), "a.txt", b"CALLER: my number is 212-867-0001\n".to_vec());
    let redact = ["redact", &format!("s3://{}/", cloud.raw()), &dest, "--policy", "locked.toml", "--json"];
    let made = ran(signed(&cloud, &redact, "1900000000"));
    assert_eq!(made.code, Some(0), "{}{}", made.stdout, made.stderr);
    let call = serde_json::from_str::<Value>(made.stdout.lines().next().unwrap()).unwrap()["call"]
        .as_str()
        .unwrap()
        .to_owned();
    let hold = ran(signed(&cloud, &["retention", "hold", &dest, &call, "--matter", "m"], LATER));
    assert_eq!(hold.code, Some(0), "{}", hold.stderr);
    let head = |key: String| runtime().block_on(cloud.sdk().head_object().bucket(&bucket).key(key).send()).unwrap();
    let status = head(format!("{call}/manifest.json")).object_lock_legal_hold_status;
    assert_eq!(status, Some(aws_sdk_s3::types::ObjectLockLegalHoldStatus::On), "the store holds it too");
    let sweep = |epoch: &str| last(&ran(signed(&cloud, &["retention", "sweep", &dest, "--delete", "--json"], epoch)));
    assert_eq!(sweep("2300000000")["summary"]["held"], 1);
    let release = ran(signed(&cloud, &["retention", "release", &dest, &call, "--matter", "m"], LATER));
    assert_eq!(release.code, Some(0), "{}", release.stderr);
    // The lock is over by the time that is stated, and not by the store's: the store has the last word.
    let swept = ran(signed(&cloud, &["retention", "sweep", &dest, "--delete", "--json"], "2300000000"));
    assert_eq!((swept.code, last(&swept)["summary"]["failed"].clone()), (Some(1), 1.into()), "{}", swept.stderr);
}

#[test]
fn a_bucket_is_scanned_like_a_folder() {
    let cloud = Cloud::new(SERVERS[0]);
    cloud.put(&cloud.raw(), "exports/clean.csv", b"id,state\n1,open\n".to_vec());
    let path = format!("s3://{}/exports/", cloud.raw());
    assert_eq!(cloud.run(&["scan", &path]).code, Some(0));
    cloud.put(&cloud.raw(), "exports/a.csv", b"id,phone\n1,212-867-0001\n".to_vec());
    let found = cloud.run(&["scan", &path, "--json"]);
    assert!(
        found.code == Some(3) && found.stdout.contains("\"PHONE\"") && !found.stdout.contains("212-867"),
        "{}",
        found.stdout
    );
}
