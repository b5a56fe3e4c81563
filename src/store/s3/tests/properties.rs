//! What objects are written with, and buckets that cannot do it.

use super::*;
use crate::store::LockMode;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use std::collections::BTreeMap;

/// A bucket of the first server, with Object Lock or without.
fn bucket_with_lock(client: &Client, locked: bool) -> BucketAddress {
    let mut address = bucket(client, "out/");
    if locked {
        address.bucket.push_str("-locked");
        let made = client.sdk.create_bucket().bucket(&address.bucket).object_lock_enabled_for_bucket(true).send();
        client.wait(made).unwrap();
    }
    address
}

fn head(client: &Client, address: &BucketAddress, name: &str) -> HeadObjectOutput {
    let key = format!("out/{}/{name}", call(1));
    client.wait(client.sdk.head_object().bucket(&address.bucket).key(key).send()).unwrap()
}

#[test]
fn every_object_of_a_call_carries_what_the_policy_asks_for() {
    let client = client(SERVERS[0], Patience::default());
    let address = bucket_with_lock(&client, true);
    let properties = Properties {
        sse_kms_key: Some("key-of-tests".into()),
        storage_class: Some("STANDARD_IA".into()),
        lock: Some(LockMode::Governance),
    };
    let keeping = Keeping { legal_hold: true, ..suite::keeping() };
    let store = S3Store::destination(client.clone(), &address, properties, &keeping).unwrap();
    suite::commit_kept(&store, &call(1), "text", &Expected::Absent, &keeping).unwrap();
    for name in ["recording.wav", "transcript.json", MANIFEST_NAME] {
        let head = head(&client, &address, name);
        assert_eq!(head.ssekms_key_id(), Some("key-of-tests"), "{name}");
        assert_eq!(head.storage_class().map(|c| c.as_str()), Some("STANDARD_IA"));
        assert_eq!(head.object_lock_mode().map(|m| m.as_str()), Some("GOVERNANCE"));
        let until = head.object_lock_retain_until_date().map(|d| d.secs());
        assert_eq!(until, keeping.retain_until.and_then(|until| i64::try_from(until.unix_s()).ok()));
        assert_eq!(head.object_lock_legal_hold_status().map(|s| s.as_str()), Some("ON"));
        let request = client.sdk.get_object_tagging().bucket(&address.bucket).key(format!("out/{}/{name}", call(1)));
        let tags = client.wait(request.send()).unwrap();
        let tags: BTreeMap<_, _> = tags.tag_set().iter().map(|t| (t.key(), t.value())).collect();
        let want = [
            ("sordino:class", "redacted-confidential"),
            ("sordino:delete-after", "2099-12-31"),
            ("sordino:retention", "qa-redacted"),
        ];
        assert_eq!(tags, BTreeMap::from(want));
    }
    let head = head(&client, &address, "recording.wav");
    assert_eq!(head.content_type(), Some("audio/wav"));
    assert_eq!(head.metadata().unwrap()["sordino-sha256"], Sha256Hex::of(b"text").as_str());
    store.put_held(&call(2), b"h").unwrap();
    store.remove_held(&call(2)).unwrap();
}

#[test]
fn a_bucket_without_object_lock_is_refused_where_the_policy_asks_for_one() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let locked = Properties { lock: Some(LockMode::Compliance), ..Properties::default() };
        let held = Keeping { legal_hold: true, ..suite::keeping() };
        for (properties, keeping) in [(locked, suite::keeping()), (Properties::default(), held)] {
            let error = S3Store::destination(client.clone(), &address, properties, &keeping).err().unwrap();
            assert_eq!(error.kind, Kind::Usage);
            assert!(error.to_string().contains("Object Lock"), "{server}: {error}");
        }
    }
}

#[test]
fn a_destination_with_a_lock_publishes_and_replaces_calls() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket_with_lock(&client, true);
        let properties = Properties { lock: Some(LockMode::Governance), ..Properties::default() };
        let store = S3Store::destination(client.clone(), &address, properties, &suite::keeping()).unwrap();
        suite::commit(&store, &call(1), "old", &Expected::Absent).unwrap();
        let seen = Expected::Version(store.manifest(&call(1)).unwrap().unwrap().version);
        suite::commit(&store, &call(1), "new", &seen).unwrap();
        suite::check_holds(&store, &call(1), "new");
    }
}

/// A key pair of the first server that may do this alone in a bucket.
fn worker(bucket: &str, actions: &[&str]) -> [String; 2] {
    let url = variable(SERVERS[0]);
    let iam = |fields: &str| {
        use std::io::{Read, Write};
        let host = url.strip_prefix("http://").unwrap();
        let mut connection = std::net::TcpStream::connect(host).unwrap();
        let scope = "Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
        let body = format!("{fields}&Version=2010-05-08&UserName={bucket}");
        let head = format!(
            "POST / HTTP/1.0\r\nHost: {host}\r\nAuthorization: AWS4-HMAC-SHA256 {scope}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    };
    let resources = [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")];
    let statement = serde_json::json!([{"Effect": "Allow", "Action": actions, "Resource": resources}]);
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let policy: String = policy.bytes().map(|b| format!("%{b:02X}")).collect();
    iam("Action=CreateUser");
    iam(&format!("Action=PutUserPolicy&PolicyName=p&PolicyDocument={policy}"));
    let made = iam("Action=CreateAccessKey");
    let field = |name: &str| {
        let (_, rest) = made.split_once(&format!("<{name}>")).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    [field("AccessKeyId"), field("SecretAccessKey")]
}

#[test]
fn a_worker_that_may_not_delete_tags_what_is_to_go() {
    let owner = client(SERVERS[0], Patience::default());
    let address = bucket(&owner, "");
    let allowed = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"];
    let key = worker(&address.bucket, &allowed);
    let client = Client::to_server(runtime().handle().clone(), &variable(SERVERS[0]), key, Patience::default());
    let denied = client.sdk.delete_object().bucket(&address.bucket).key("x").send();
    assert!(client.wait(denied).is_err(), "the server minds the policy");
    let store = destination(&client, &address);
    suite::commit(&store, &call(1), "old", &Expected::Absent).unwrap();
    let seen = Expected::Version(store.manifest(&call(1)).unwrap().unwrap().version);
    suite::commit(&store, &call(1), "new", &seen).unwrap();
    let tagged = |key: String| {
        let tags = owner.wait(owner.sdk.get_object_tagging().bucket(&address.bucket).key(key).send()).unwrap();
        tags.tag_set().iter().any(|t| t.key() == "sordino:superseded" && t.value() == "true")
    };
    assert!(tagged(format!("{}/recording.wav", call(1))) && tagged(format!("{}/transcript.json", call(1))));
    assert!(!tagged(format!("{}/manifest.json", call(1))));

    store.put_held(&call(2), b"h").unwrap();
    store.remove_held(&call(2)).unwrap();
    assert!(store.held(&call(2)).unwrap().is_none());
    assert!(tagged(format!(".held/{}.json", call(2))));
    store.put_held(&call(2), b"again").unwrap();
    assert_eq!(store.held(&call(2)).unwrap().unwrap(), b"again");
}

#[test]
fn a_destination_that_may_not_be_written_to_is_refused_with_the_reason() {
    let owner = client(SERVERS[0], Patience::default());
    let address = bucket(&owner, "");
    let key = worker(&address.bucket, &["s3:ListBucket", "s3:GetObject"]);
    let client = Client::to_server(runtime().handle().clone(), &variable(SERVERS[0]), key, Patience::default());
    let made = S3Store::destination(client.clone(), &address, Properties::default(), &suite::keeping());
    let error = made.err().unwrap();
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.hint.unwrap().contains("403"));
    assert!(S3Store::source(client, &address).is_ok());
}
