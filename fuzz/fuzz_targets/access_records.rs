//! Any bytes as a segment of the audit log, a file of users, public keys, spans, orders and labels of a call, a manifest or another
//! signed record: read or refused, never a panic; what a manifest names lies beside it.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run access_records docs/examples`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::access::audit::{Head, walk};
use sordino::access::sign::{PublicKeys, verify};
use sordino::access::{labels, orders, people, spans};
use sordino::base::{CallId, Result, Timestamp};
use sordino::model::manifest::Manifest;
use sordino::store::{Expected, RecordKey, Records, Stored};

/// One record under every name.
struct One<'a>(&'a [u8]);

impl Records for One<'_> {
    fn read(&self, _: &RecordKey) -> Result<Option<Stored>> {
        Ok(Some(Stored { bytes: self.0.to_vec(), version: String::new() }))
    }

    fn write(&self, _: &RecordKey, _: &[u8], _: &Expected, _: Option<Timestamp>) -> Result<String> {
        Ok(String::new())
    }

    fn names(&self, _: &'static str) -> Result<Vec<String>> {
        Ok(vec!["segment-000000000001.jsonl".to_owned()])
    }

    fn remove(&self, _: &RecordKey) -> Result<()> {
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut entries = 0;
    let verdict = walk(&One(bytes), None, None, &mut |_| entries += 1);
    if let Ok(Ok(head)) = verdict {
        assert_eq!(head.entries, entries);
    }
    let _ = people::load(&One(bytes)).map(|people| people.users().len());
    let _ = spans::agreed(&One(bytes), &CallId::from_mac(&[0; 32])).map(|spans| spans.added.len());
    let _ = orders::of_call(&One(bytes), &CallId::from_mac(&[0; 32])).map(|order| order.is_some());
    if let Ok(labels) = labels::read(&One(bytes), "1.jsonl") {
        assert!(labels.iter().all(|label| label.is_fit()));
    }
    if let Ok(manifest) = Manifest::parse(bytes) {
        let is_plain =
            |name: &str| !name.starts_with('.') && name.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b'"');
        assert!(manifest.artifacts.iter().all(|artifact| is_plain(artifact.name())));
    }
    let _ = PublicKeys::parse(bytes);
    let _ = Head::parse(bytes);
    assert!(verify(&PublicKeys::default(), bytes, Timestamp::from_unix_s(0)).is_err());
});
