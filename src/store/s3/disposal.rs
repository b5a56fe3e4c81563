//! Removes objects of calls in all their versions, where Object Lock lets it.

use super::S3Records;
use super::fault::Fault;
use crate::base::{CallId, Error, Result, Stage, Timestamp};
use crate::store::disposal::check_name;
use crate::store::{Disposal, LegalHold, Protection};
use aws_sdk_s3::types::{ObjectLockLegalHold, ObjectLockLegalHoldStatus};

/// Most versions of one object that are gone through.
const VERSIONS_MAX: usize = 10_000;

impl S3Records {
    /// Ids of all versions of an object, newest first, markers of deletion too; nothing where it was never there.
    async fn versions(&self, key: &str) -> Result<Vec<Version>> {
        let mut found = Vec::new();
        let mut from: Option<(String, String)> = None;
        loop {
            let (key_marker, version_marker) = from.take().unzip();
            let request = self.0.client.sdk.list_object_versions().bucket(&self.0.name).prefix(key);
            let page = request.set_key_marker(key_marker).set_version_id_marker(version_marker).send().await;
            let page = page.map_err(|e| asked(Fault::from(e)))?;
            let objects = page.versions().iter().map(|v| (v.key(), v.version_id(), Kind::Object));
            let markers = page.delete_markers().iter().map(|m| (m.key(), m.version_id(), Kind::Marker));
            let own = objects.chain(markers).filter(|(at, ..)| *at == Some(key));
            found.extend(own.filter_map(|(_, id, kind)| Some(Version { id: id?.to_owned(), kind })));
            if found.len() > VERSIONS_MAX {
                return Err(Error::new(
                    Stage::Records,
                    crate::base::Kind::Io,
                    "an object has more versions than are removed",
                ));
            }
            let next = page.next_key_marker().map(str::to_owned).zip(page.next_version_id_marker().map(str::to_owned));
            // Keys behind this one come later in the listing.
            match next {
                Some((marker, id)) if page.is_truncated() == Some(true) && marker == key => from = Some((marker, id)),
                _ => return Ok(found),
            }
        }
    }
}

struct Version {
    id: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Marker,
}

impl Disposal for S3Records {
    fn protection(&self, call: &CallId, name: &str) -> Result<Protection> {
        check_name(name)?;
        let key = self.0.key_of(call, name);
        self.0.client.wait(async {
            let mut protection = Protection::None;
            for version in self.versions(&key).await?.into_iter().filter(|v| v.kind == Kind::Object) {
                let request = self.0.client.sdk.head_object().bucket(&self.0.name).key(&key).version_id(version.id);
                let head = request.send().await.map_err(|e| asked(Fault::from(e)))?;
                if head.object_lock_legal_hold_status() == Some(&ObjectLockLegalHoldStatus::On) {
                    return Ok(Protection::LegalHold);
                }
                let until = head.object_lock_retain_until_date().and_then(|date| u64::try_from(date.secs()).ok());
                if let Some(until) = until.map(Timestamp::from_unix_s) {
                    protection = match protection {
                        Protection::Until(before) if before >= until => protection,
                        _ => Protection::Until(until),
                    };
                }
            }
            Ok(protection)
        })
    }

    fn dispose(&self, call: &CallId, name: &str) -> Result<u64> {
        check_name(name)?;
        let key = self.0.key_of(call, name);
        let unremoved = |fault: Fault| fault.error(Stage::Records, "a version of an object cannot be removed");
        self.0.client.wait(async {
            let mut removed = 0;
            let mut versions = self.versions(&key).await?;
            // The newest and then markers last: broken off, no older version stands in its place.
            versions.reverse();
            versions.sort_by_key(|version| version.kind == Kind::Marker);
            for version in versions {
                let request = self.0.client.sdk.delete_object().bucket(&self.0.name).key(&key).version_id(version.id);
                request.send().await.map_err(|e| unremoved(Fault::from(e)))?;
                removed += u64::from(version.kind == Kind::Object);
            }
            Ok(removed)
        })
    }

    fn set_legal_hold(&self, call: &CallId, name: &str, hold: LegalHold) -> Result<bool> {
        check_name(name)?;
        if !self.locks()? {
            return Ok(false);
        }
        let status = match hold {
            LegalHold::On => ObjectLockLegalHoldStatus::On,
            LegalHold::Off => ObjectLockLegalHoldStatus::Off,
        };
        let key = self.0.key_of(call, name);
        self.0.client.wait(async {
            for version in self.versions(&key).await?.into_iter().filter(|v| v.kind == Kind::Object) {
                let request = self.0.client.sdk.put_object_legal_hold().bucket(&self.0.name).key(&key);
                let hold = ObjectLockLegalHold::builder().status(status.clone()).build();
                let done = request.version_id(version.id).legal_hold(hold).send().await.map_err(Fault::from);
                done.map_err(|fault| fault.error(Stage::Records, "the legal hold of an object cannot be set"))?;
            }
            Ok(true)
        })
    }
}

fn asked(fault: Fault) -> Error {
    fault
        .error(Stage::Records, "the versions of an object cannot be asked for")
        .hint("deleting for good needs s3:ListBucketVersions, s3:DeleteObjectVersion and s3:GetObjectVersion")
}
