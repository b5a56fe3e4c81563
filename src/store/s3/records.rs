//! Small records of the program itself in a bucket.

use super::client::Client;
use super::destination;
use super::fault::Fault;
use super::put::{Condition, Put};
use super::{Bucket, RECORD_BYTES_MAX};
use crate::base::{Error, Kind, Result, Sha256Hex, Stage, Timestamp};
use crate::store::records::check_count;
use crate::store::{BucketAddress, Expected, Properties, RecordKey, Records, Stored};

/// Records in a bucket. A write is a put with a condition.
pub struct S3Records(pub(super) Bucket);

impl S3Records {
    /// Records to read.
    #[must_use]
    pub fn to_read(client: Client, address: &BucketAddress) -> Self {
        Self(Bucket::new(client, address, Properties::default()))
    }

    /// Records to read and write.
    ///
    /// # Errors
    /// A usage error when the bucket cannot do what is asked for, which says what is missing.
    pub fn to_write(client: Client, address: &BucketAddress, properties: Properties) -> Result<Self> {
        let bucket = Bucket::new(client, address, properties);
        let root = bucket.root.expose();
        bucket.client.wait(destination::check_records(&bucket.client, &bucket.name, root, &bucket.properties))?;
        Ok(Self(bucket))
    }

    /// Whether the bucket has Object Lock.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(super) fn locks(&self) -> Result<bool> {
        self.0.client.wait(destination::has_lock(&self.0.client, &self.0.name))
    }

    fn key(&self, key: &RecordKey) -> String {
        format!("{}{}/{}", self.0.root.expose(), key.folder(), key.name())
    }

    /// A record that has these bytes after all: a put whose answer was lost is put again, and then finds itself.
    fn found(&self, key: &RecordKey, bytes: &[u8]) -> Result<String> {
        match self.read(key)? {
            Some(stored) if stored.bytes == bytes => Ok(stored.version),
            _ => Err(Error::new(Stage::Records, Kind::Conflict, "another process has written the record")),
        }
    }
}

impl Records for S3Records {
    fn read(&self, key: &RecordKey) -> Result<Option<Stored>> {
        match self.0.client.wait(self.0.location(&self.key(key)).read(RECORD_BYTES_MAX)) {
            Ok(Some((bytes, stat))) => Ok(Some(Stored { bytes, version: stat.version })),
            Ok(None) => Err(Error::new(Stage::Records, Kind::Internal, "a record is too large")),
            Err(fault) if fault.is_absent() => Ok(None),
            Err(fault) => Err(fault.error(Stage::Records, "a record cannot be read")),
        }
    }

    fn write(
        &self,
        key: &RecordKey,
        bytes: &[u8],
        expected: &Expected,
        locked_until: Option<Timestamp>,
    ) -> Result<String> {
        let condition = match expected {
            Expected::Absent => Condition::New,
            Expected::Version(tag) => Condition::Tag(tag.clone()),
        };
        let dress = self.0.properties.locked_record(locked_until);
        let (client, bucket) = (&self.0.client, self.0.name.as_str());
        let at = self.key(key);
        let put = Put { client, bucket, key: &at, condition, dress: &dress };
        match client.wait(put.bytes(bytes.to_vec(), &Sha256Hex::of(bytes))) {
            Ok(tag) if !tag.is_empty() => Ok(tag),
            // A store that does not say which version it made.
            Ok(_) => self.found(key, bytes),
            // With a version to match, a record that is gone is another one too.
            Err(fault) if fault.is_unmet_condition() || fault.is_absent() => self.found(key, bytes),
            Err(fault) => Err(fault.error(Stage::Records, "a record cannot be written")),
        }
    }

    fn names(&self, folder: &'static str) -> Result<Vec<String>> {
        Ok(self.states(folder)?.into_iter().map(|(name, _)| name).collect())
    }

    fn states(&self, folder: &'static str) -> Result<Vec<(String, String)>> {
        let prefix = format!("{}{folder}/", self.0.root.expose());
        let unlisted = |fault: Fault| fault.error(Stage::Records, "records cannot be listed");
        let mut states = Vec::new();
        self.0.client.wait(async {
            let request = self.0.client.sdk.list_objects_v2().bucket(&self.0.name).prefix(&prefix);
            let mut pages = request.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|e| unlisted(Fault::from(e)))?;
                for object in page.contents() {
                    let name = object.key().and_then(|key| key.strip_prefix(&prefix)).unwrap_or_default();
                    if !name.is_empty() && !name.starts_with('.') {
                        states.push((name.to_owned(), object.e_tag().unwrap_or_default().to_owned()));
                    }
                }
                check_count(states.len())?;
            }
            Ok(())
        })?;
        states.sort_unstable();
        Ok(states)
    }

    fn remove(&self, key: &RecordKey) -> Result<()> {
        // Asked first, because a delete of nothing leaves a marker in a bucket with versions.
        if self.read(key)?.is_none() {
            return Ok(());
        }
        let request = self.0.client.sdk.delete_object().bucket(&self.0.name).key(self.key(key));
        let done = self.0.client.wait(request.send()).map_err(Fault::from);
        done.map(drop).map_err(|fault| fault.error(Stage::Records, "a record cannot be removed"))
    }
}
