//! `redact`, `verify` and `detect` from bucket to bucket, and between buckets and folders.

use super::support::{Cloud, SERVERS, calls, runtime, tree};
use aws_sdk_s3::types::{Tag, Tagging};
use std::collections::BTreeMap;
use std::fs;

/// Manifests without what tells one store's sources, and where they lie, from another's.
fn comparable(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    for (name, bytes) in &mut files {
        if name.ends_with("manifest.json") {
            let mut manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            for source in manifest["sources"].as_array_mut().unwrap() {
                source["version"] = "of its store".into();
            }
            manifest.as_object_mut().unwrap().remove("root");
            *bytes = serde_json::to_vec(&manifest).unwrap();
        }
    }
    files
}

#[test]
fn copies_are_the_same_bytes_whichever_way_they_went() {
    for server in SERVERS {
        let cloud = Cloud::new(server);
        let (raw, redacted) = (cloud.raw(), cloud.redacted());
        cloud.put_all(&raw, "2026/11/21/", &calls());
        let (bucket, out) = (format!("s3://{raw}/2026/11/21/"), format!("s3://{redacted}/qa"));
        let folder = calls().to_str().unwrap().to_owned();
        for (source, dest) in [(&folder, "local"), (&bucket, "mixed"), (&bucket, &out)] {
            // Calls are named below SOURCE, whatever SOURCE is.
            let ran = cloud.run(&["redact", source, dest, "--root", source, "--json"]);
            assert_eq!(ran.code, Some(0), "{server}: {source} {dest}: {}{}", ran.stdout, ran.stderr);
        }
        let local = comparable(tree(&cloud.path("local")));
        assert!(local.len() > 20);
        assert!(local == comparable(tree(&cloud.path("mixed"))), "{server}: bucket to folder");
        let objects = cloud.objects(&redacted).into_iter();
        let objects = objects.map(|(key, bytes)| (key.strip_prefix("qa/").unwrap().to_owned(), bytes)).collect();
        assert!(local == comparable(objects), "{server}: bucket to bucket");

        let again = cloud.run(&["redact", &bucket, &out, "--root", &bucket, "--json"]);
        assert_eq!(again.ends().keys().collect::<Vec<_>>(), ["unchanged"], "{server}");
        let verified = cloud.run(&["verify", &out, "--source", &bucket, "--root", &bucket]);
        assert_eq!(verified.code, Some(0), "{server}: {}{}", verified.stdout, verified.stderr);
    }
}

#[test]
fn a_call_has_one_id_whatever_part_of_its_bucket_is_named() {
    let cloud = Cloud::new(SERVERS[0]);
    let raw = cloud.raw();
    cloud.put(&raw, "2026/11/212-867-0001.txt", b"AGENT: hello\nCALLER: my number is 212-867-0001\n".to_vec());
    let id = |source: &str| {
        let ran = cloud.run(&["redact", source, "out", "--json", "--dry-run"]);
        let line: serde_json::Value = serde_json::from_str(ran.stdout.lines().next().unwrap()).unwrap();
        line["call"].clone()
    };
    let whole = id(&format!("s3://{raw}"));
    for part in ["2026/", "2026/11", "2026/11/212-867-0001.txt"] {
        assert_eq!(id(&format!("s3://{raw}/{part}")), whole, "{part}");
    }
}

#[test]
fn a_changed_source_and_policy_are_done_again_and_the_old_copies_go() {
    for server in SERVERS {
        let cloud = Cloud::new(server);
        let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
        let status = |args: &[&str]| cloud.run(&[&["redact", &raw, &out, "--json"], args].concat()).ends();
        let say = |n: u32| cloud.put(&cloud.raw(), "a.txt", format!("CALLER: my number is 212-867-000{n}\n").into());
        say(1);
        assert!(status(&[]).contains_key("redacted"));
        say(2);
        assert!(status(&[]).contains_key("redacted"), "{server}");
        assert!(status(&["--policy", "strict"]).contains_key("redacted"));
        assert!(status(&["--policy", "strict"]).contains_key("unchanged"));
        assert_eq!(cloud.objects(&cloud.redacted()).len(), 2, "{server}: the transcript and its manifest");
        let verified = cloud.run(&["verify", &out]);
        assert_eq!(verified.code, Some(0), "{server}: {}", verified.stdout);
    }
}

#[test]
fn what_cannot_be_redacted_is_held_and_released_when_it_is_put_right() {
    for server in SERVERS {
        let cloud = Cloud::new(server);
        let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
        cloud.put(&cloud.raw(), "a.json", b"{".to_vec());
        assert_eq!(cloud.run(&["redact", &raw, &out]).code, Some(3));
        assert!(cloud.objects(&cloud.redacted()).keys().all(|key| key.starts_with(".held/")));
        cloud.put(&cloud.raw(), "a.json", fs::read(calls().join("lab-results.json")).unwrap());
        assert_eq!(cloud.run(&["redact", &raw, &out]).code, Some(0), "{server}");
        assert!(!cloud.objects(&cloud.redacted()).keys().any(|key| key.starts_with(".held/")));
    }
}

#[test]
fn findings_of_an_object_are_those_of_the_file() {
    let cloud = Cloud::new(SERVERS[0]);
    let file = calls().join("lab-results.json");
    cloud.put(&cloud.raw(), "lab-results.json", fs::read(&file).unwrap());
    let (object, file) = (format!("s3://{}/lab-results.json", cloud.raw()), file.to_str().unwrap().to_owned());
    let of_object = cloud.run(&["detect", &object, "--json"]);
    assert_eq!(of_object.code, Some(0), "{}", of_object.stderr);
    assert!(!of_object.stdout.is_empty() && of_object.stdout == cloud.run(&["detect", &file, "--json"]).stdout);
}

#[test]
fn a_bucket_is_refused_without_a_key_without_a_bucket_and_where_sources_lie() {
    let cloud = Cloud::new(SERVERS[0]);
    let (raw, out) = (format!("s3://{}/in/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
    let refused = |command: &mut std::process::Command, what: &str| {
        let ran = super::support::ran(command);
        assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    };
    refused(cloud.command(&["redact", &raw, &out]).env_remove("SORDINO_CALL_ID_KEY"), "SORDINO_CALL_ID_KEY");
    refused(&mut cloud.command(&["redact", &raw, "s3://no-such-bucket-here/"]), "no such bucket");
    refused(&mut cloud.command(&["redact", &raw, &format!("s3://{}/", cloud.raw())]), "holds SOURCE");
    refused(&mut cloud.command(&["redact", "gs://raw/", &out]), "gs:// is not supported");
    let locked =
        "name = \"locked\"\nversion = 1\nextends = \"safe-harbor\"\n[retention]\nobject-lock = \"compliance\"\n";
    fs::write(cloud.path("locked.toml"), locked).unwrap();
    refused(&mut cloud.command(&["redact", &raw, &out, "--policy", "locked.toml"]), "Object Lock");
    refused(cloud.command(&["redact", &raw, &out]).env("SORDINO_STORAGE_CLASS", "cheap"), "storage-class");
}

/// Keys of raw calls carry names and numbers of people.
#[test]
fn keys_are_in_no_message_whatever_fails() {
    let cloud = Cloud::new(SERVERS[0]);
    let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
    cloud.put(&cloud.raw(), "ana-brooks-212-867-0001.txt", b"CALLER: hello\n".to_vec());
    cloud.put(&cloud.raw(), "ana-brooks-212-867-0002.json", b"{".to_vec());
    let wrong = |name: &str, value: &str| super::support::ran(cloud.command(&["redact", &raw, &out]).env(name, value));
    for ran in [
        cloud.run(&["redact", &raw, &out]),
        wrong("AWS_SECRET_ACCESS_KEY", "wrong"),
        wrong("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        wrong("RUST_LOG", "trace"),
    ] {
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("brooks"), "{}{}", ran.stdout, ran.stderr);
    }
    assert!(
        cloud
            .objects(&cloud.redacted())
            .iter()
            .all(|(key, bytes)| { !key.contains("brooks") && memchr::memmem::find(bytes, b"brooks").is_none() })
    );
}

/// SeaweedFS lists a folder before a file whose name goes on: `b/`, then `b.json`.
#[test]
fn stores_that_list_by_names_redact_the_same_calls() {
    let cloud = Cloud::new(SERVERS[1]);
    let chat = |n: u32| format!("CALLER: my number is 212-867-000{n}\n").into_bytes();
    for (n, key) in (0..).zip(["b/1.txt", "b/2.txt", "b.txt", "b-c.txt", "b-c/3.txt"]) {
        cloud.put(&cloud.raw(), key, chat(n));
    }
    let recording = calls().join("lab-results.wav");
    cloud.put(&cloud.raw(), "b.1/lab.json", fs::read(calls().join("lab-results.json")).unwrap());
    cloud.put(&cloud.raw(), "b.1/lab.wav", fs::read(recording).unwrap());
    let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
    let ran = cloud.run(&["redact", &raw, &out, "--json"]);
    assert_eq!((ran.code, ran.ends()), (Some(0), [("redacted".to_owned(), 6)].into()), "{}", ran.stderr);
}

#[test]
fn an_inventory_in_a_bucket_stands_for_the_listing() {
    let cloud = Cloud::new(SERVERS[0]);
    let (raw, redacted) = (cloud.raw(), cloud.redacted());
    for (n, key) in ["day/a b+c.txt", "day/d.txt", "other/e.txt"].into_iter().enumerate() {
        cloud.put(&raw, key, format!("CALLER: my number is 212-867-000{n}\n").into());
    }
    let row = |key: &str, written: &str| {
        let head = runtime().block_on(cloud.sdk().head_object().bucket(&raw).key(key).send()).unwrap();
        let (bytes, tag) = (head.content_length().unwrap(), head.e_tag().unwrap().trim_matches('"'));
        format!("\"{raw}\",\"{written}\",\"{bytes}\",\"{tag}\"\n")
    };
    let rows =
        row("day/d.txt", "day/d.txt") + &row("day/a b+c.txt", "day/a+b%2Bc.txt") + &row("other/e.txt", "other/e.txt");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, rows.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    let files = serde_json::json!([{"key": "lists/raw/all/data/1.csv.gz", "size": gz.len(), "MD5checksum": ""}]);
    let manifest = |format: &str| {
        let schema = "Bucket, Key, Size, ETag";
        serde_json::json!({"fileFormat": format, "fileSchema": schema, "files": files}).to_string().into_bytes()
    };
    cloud.put(&redacted, "lists/raw/all/data/1.csv.gz", gz);
    cloud.put(&redacted, "lists/raw/all/2026-11-21T01-00Z/manifest.json", manifest("CSV"));
    cloud.put(&redacted, "lists/raw/all/2026-11-20T01-00Z/manifest.json", manifest("Parquet"));
    let run = |day: u32| {
        let inventory = format!("s3://{redacted}/lists/raw/all/2026-11-{day}T01-00Z/manifest.json");
        let (raw, out) = (format!("s3://{raw}/day/"), format!("s3://{redacted}/out/"));
        cloud.run(&["redact", &raw, &out, "--json", "--inventory", &inventory])
    };
    for status in ["redacted", "unchanged"] {
        let ran = run(21);
        assert_eq!((ran.code, ran.ends()), (Some(0), [(status.to_owned(), 2)].into()), "{}", ran.stderr);
    }
    let refused = run(20);
    assert!(refused.code == Some(2) && refused.stderr.contains("to CSV"), "{}", refused.stderr);
}

#[test]
fn sources_are_tagged_as_processed_where_that_is_asked_for_and_never_else_changed() {
    for server in SERVERS {
        let cloud = Cloud::new(server);
        let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
        for extension in ["wav", "json"] {
            cloud.put(
                &cloud.raw(),
                &format!("a.{extension}"),
                fs::read(calls().join(format!("lab-results.{extension}"))).unwrap(),
            );
        }
        cloud.put(&cloud.raw(), "held.json", b"{".to_vec());
        let own = Tag::builder().key("team").value("billing + co").build().unwrap();
        let tagging = Tagging::builder().tag_set(own).build().unwrap();
        let request = cloud.sdk().put_object_tagging().bucket(cloud.raw()).key("a.wav").tagging(tagging);
        runtime().block_on(request.send()).unwrap();
        let before = cloud.objects(&cloud.raw());
        let tags = |key: &str| {
            let answer =
                runtime().block_on(cloud.sdk().get_object_tagging().bucket(cloud.raw()).key(key).send()).unwrap();
            let pairs = answer.tag_set().iter().map(|tag| format!("{}={}", tag.key(), tag.value()));
            pairs.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; ")
        };
        assert_eq!(cloud.run(&["redact", &raw, &out]).code, Some(3), "{server}");
        assert_eq!(
            (tags("a.wav").as_str(), tags("a.json").as_str()),
            ("team=billing + co", ""),
            "{server}: nobody asked"
        );
        for _ in 0..2 {
            // Calls that were done before are tagged too, as after a run that was killed.
            assert_eq!(cloud.run(&["redact", &raw, &out, "--tag-sources"]).code, Some(3), "{server}");
            assert_eq!(tags("a.wav"), "sordino:processed=true; team=billing + co", "{server}");
            assert_eq!(tags("a.json"), "sordino:processed=true", "{server}");
            assert_eq!(tags("held.json"), "", "{server}: it is not published");
        }
        assert!(before == cloud.objects(&cloud.raw()), "{server}");
        assert_eq!(cloud.run(&["redact", &raw, &out, "--json"]).ends()["unchanged"], 1, "{server}");
    }
}
