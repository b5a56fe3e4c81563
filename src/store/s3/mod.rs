//! A bucket, or a folder of one, as a store: S3 and whatever speaks its protocol. Threads that use it wait; the work is
//! driven by the runtime that the connection was made with.
//!
//! Keys are in no error and no log. A refusal is never taken for an absence: a process needs `s3:ListBucket`, without
//! which S3 says 403 of what is not there.

mod client;
mod destination;
mod disposal;
mod fault;
mod folders;
mod list;
mod part;
mod put;
mod read;
mod records;
mod staging;
mod survey;
mod tag;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use records::S3Records;

use super::{
    BucketAddress, Disposal, Entry, Keeping, MANIFEST_NAME, Object, Properties, RETENTION_FOLDER, Records, Staged,
    Stat, Store, Stored, hold_name, tombstone_name,
};
use crate::base::{CallId, Error, HoldReason, Kind, Phi, Result, Sha256Hex, Stage};
use destination::Dress;
use fault::Fault;
use list::{Below, Listing};
use part::Part;
use put::{Condition, Put};
use read::{Location, Reader};
use staging::{InHand, Staging};
use std::io::Read;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use survey::Survey;

const HELD_FOLDER: &str = ".held";
/// Largest manifest or held record read, bytes.
const RECORD_BYTES_MAX: u64 = 64 << 20;

/// A bucket and prefix: sources below it, or a destination of redacted calls.
pub struct S3Store {
    bucket: Arc<Bucket>,
    /// Present in a destination.
    in_hand: Option<Arc<InHand>>,
    /// What it has, once that was looked at.
    survey: Mutex<Option<Survey>>,
}

impl Client {
    /// A bucket to read from.
    ///
    /// # Errors
    /// Those of [`S3Store::source`].
    pub fn source(self, address: &BucketAddress) -> Result<Arc<dyn Store>> {
        Ok(Arc::new(S3Store::source(self, address)?))
    }

    /// A bucket to write to.
    ///
    /// # Errors
    /// Those of [`S3Store::destination`].
    pub fn destination(self, at: &BucketAddress, with: Properties, sample: &Keeping) -> Result<Arc<dyn Store>> {
        Ok(Arc::new(S3Store::destination(self, at, with, sample)?))
    }

    /// Records of the program in a bucket, to read.
    #[must_use]
    pub fn records(self, address: &BucketAddress) -> Arc<dyn Records> {
        Arc::new(S3Records::to_read(self, address))
    }

    /// Records of the program in a bucket, to write too.
    ///
    /// # Errors
    /// Those of [`S3Records::to_write`].
    pub fn records_to_write(self, address: &BucketAddress, with: Properties) -> Result<Arc<dyn Records>> {
        Ok(Arc::new(S3Records::to_write(self, address, with)?))
    }

    /// Copies in a bucket, to be removed.
    #[must_use]
    pub fn disposal(self, address: &BucketAddress) -> Arc<dyn Disposal> {
        Arc::new(S3Records::to_read(self, address))
    }
}

/// What all requests of a store have in common.
struct Bucket {
    client: Client,
    name: String,
    /// Empty, or ends with `/`.
    root: Phi<String>,
    properties: Properties,
}

impl S3Store {
    /// A bucket to read from.
    ///
    /// # Errors
    /// When it is not there or may not be listed.
    pub fn source(client: Client, address: &BucketAddress) -> Result<Self> {
        let bucket = Bucket::new(client, address, Properties::default());
        let head = bucket.client.wait(bucket.client.sdk.head_bucket().bucket(&bucket.name).send()).map_err(Fault::from);
        head.map_err(|fault| {
            let error = Error::usage(format!("s3://{}: the bucket cannot be used: {fault}", bucket.name));
            if fault.is_final() { error } else { fault.error(Stage::Fetch, "the bucket cannot be reached") }
        })?;
        Ok(Self { bucket: Arc::new(bucket), in_hand: None, survey: Mutex::default() })
    }

    /// A bucket to write to. `sample` is how a call of now is kept, to see whether the bucket can do it.
    ///
    /// # Errors
    /// A usage error when the bucket cannot do what is asked for, which says what is missing.
    pub fn destination(
        client: Client,
        address: &BucketAddress,
        properties: Properties,
        sample: &Keeping,
    ) -> Result<Self> {
        let bucket = Bucket::new(client, address, properties);
        let root = bucket.root.expose();
        bucket.client.wait(destination::check(&bucket.client, &bucket.name, root, &bucket.properties, sample))?;
        Ok(Self { bucket: Arc::new(bucket), in_hand: Some(Arc::default()), survey: Mutex::default() })
    }

    /// What is read under a key of a listing.
    fn location(&self, key: &Phi<String>) -> Result<Location> {
        if list::is_visible(key.expose()) {
            return Ok(self.bucket.location(&format!("{}{}", self.bucket.root.expose(), key.expose())));
        }
        Err(Error::held(Stage::Fetch, HoldReason::UnreadableSource, "the key is not one of a listing"))
    }

    fn surveyed(&self) -> MutexGuard<'_, Option<Survey>> {
        self.survey.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_new(&self, call: &CallId) -> bool {
        self.surveyed().as_ref().is_some_and(|survey| survey.is_new(call))
    }

    fn writing(&self) -> Result<&Arc<InHand>> {
        let message = "a source is not written to";
        self.in_hand.as_ref().ok_or_else(|| Error::new(Stage::Publish, Kind::Internal, message))
    }

    fn record(&self, key: &str) -> Result<Option<Stored>> {
        let location = self.bucket.location(key);
        match self.bucket.client.wait(location.read(RECORD_BYTES_MAX)) {
            Ok(Some((bytes, stat))) => Ok(Some(Stored { bytes, version: stat.version })),
            Ok(None) => Err(Error::new(Stage::Fetch, Kind::Internal, "a record of the destination is too large")),
            Err(fault) if fault.is_absent() => Ok(None),
            Err(fault) => Err(fault.error(Stage::Fetch, "a record of the destination cannot be read")),
        }
    }
}

impl Bucket {
    fn new(client: Client, address: &BucketAddress, properties: Properties) -> Self {
        let BucketAddress { bucket, prefix } = address.folder();
        Self { client, name: bucket, root: prefix, properties }
    }

    fn key_of(&self, call: &CallId, name: &str) -> String {
        format!("{}{call}/{name}", self.root.expose())
    }

    fn held_key(&self, call: &CallId) -> String {
        format!("{}{HELD_FOLDER}/{call}.json", self.root.expose())
    }

    fn location(&self, key: &str) -> Location {
        Location { client: self.client.clone(), bucket: self.name.clone(), key: Phi::new(key.to_owned()) }
    }

    /// Deletes an object, or tags it where it may not be deleted; whether it did either.
    async fn retire(&self, key: &str, dress: &Dress) -> bool {
        let deleted = self.client.sdk.delete_object().bucket(&self.name).key(key).send().await;
        if deleted.is_ok() {
            return true;
        }
        let Ok(tagging) = dress.superseded() else { return false };
        let tagged = self.client.sdk.put_object_tagging().bucket(&self.name).key(key).tagging(tagging);
        tagged.send().await.is_ok()
    }

    async fn put_record(&self, key: &str, record: &[u8]) -> Result<()> {
        let dress = self.properties.record(None);
        let put = Put { client: &self.client, bucket: &self.name, key, condition: Condition::None, dress: &dress };
        let done = put.bytes(record.to_vec(), &Sha256Hex::of(record)).await;
        done.map(drop).map_err(|fault| fault.error(Stage::Publish, "the held record cannot be written"))
    }
}

impl Store for S3Store {
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        let Bucket { client, name, root, .. } = &*self.bucket;
        let (client, bucket, root) = (client.clone(), name.clone(), root.clone());
        Box::new(Listing::new(Below { client, bucket, root, prefix: prefix.clone() }))
    }

    fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
        let (reader, stat) = Reader::open(self.location(key)?)?;
        Ok((Box::new(reader), stat))
    }

    fn open_part(&self, key: &Phi<String>, part: Range<u64>) -> Result<(Box<dyn Read + Send>, Stat)> {
        let (part, stat) = Part::open(self.location(key)?, part)?;
        Ok((Box::new(part), stat))
    }

    fn stat(&self, key: &Phi<String>) -> Result<Stat> {
        self.bucket.client.wait(self.location(key)?.stat()).map_err(Fault::reading)
    }

    fn reads_one_state(&self) -> bool {
        true
    }

    fn tag_processed(&self, key: &Phi<String>, seen: &Stat) -> Result<()> {
        let tagged = self.bucket.client.wait(self.location(key)?.tag_processed(seen));
        tagged.map_err(|fault| fault.error(Stage::Publish, "the call is published, but its source cannot be tagged"))
    }

    fn begin(&self, call: &CallId) -> Result<Box<dyn Staged>> {
        if let Some(survey) = &mut *self.surveyed() {
            survey.meet(call);
        }
        Ok(Box::new(Staging::begin(&self.bucket, self.writing()?, call)?))
    }

    fn manifest(&self, call: &CallId) -> Result<Option<Stored>> {
        if self.is_new(call) {
            return Ok(None);
        }
        self.record(&self.bucket.key_of(call, MANIFEST_NAME))
    }

    fn committed(&self) -> Result<Vec<CallId>> {
        let mut calls = Vec::new();
        for entry in self.list() {
            let key = entry?.key.into_exposed();
            let folder = key.strip_suffix(MANIFEST_NAME).and_then(|key| key.strip_suffix('/'));
            calls.extend(folder.and_then(CallId::parse));
        }
        Ok(calls)
    }

    fn has_tombstone(&self, call: &CallId) -> Result<bool> {
        if self.is_new(call) {
            return Ok(false);
        }
        let key = format!("{}{RETENTION_FOLDER}/{}", self.bucket.root.expose(), tombstone_name(call));
        match self.bucket.client.wait(self.bucket.location(&key).stat()) {
            Ok(_) => Ok(true),
            Err(fault) if fault.is_absent() => Ok(false),
            Err(fault) => Err(fault.error(Stage::Fetch, "a record of the destination cannot be read")),
        }
    }

    fn hold_record(&self, call: &CallId) -> Result<Option<Stored>> {
        self.record(&format!("{}{RETENTION_FOLDER}/{}", self.bucket.root.expose(), hold_name(call)))
    }

    fn put_held(&self, call: &CallId, record: &[u8]) -> Result<()> {
        self.writing()?;
        if let Some(survey) = &mut *self.surveyed() {
            survey.hold(call);
        }
        self.bucket.client.wait(self.bucket.put_record(&self.bucket.held_key(call), record))
    }

    fn held(&self, call: &CallId) -> Result<Option<Vec<u8>>> {
        // An empty one is what is left where a worker may not delete.
        let record = self.record(&self.bucket.held_key(call))?;
        Ok(record.map(|record| record.bytes).filter(|bytes| !bytes.is_empty()))
    }

    fn survey(&self) -> Result<()> {
        let survey = self.bucket.client.wait(Survey::of(&self.bucket));
        *self.surveyed() =
            Some(survey.map_err(|fault| fault.error(Stage::Configure, "the destination cannot be listed"))?);
        Ok(())
    }

    fn remove_held(&self, call: &CallId) -> Result<()> {
        self.writing()?;
        if self.surveyed().as_ref().is_some_and(|survey| survey.is_free(call)) {
            return Ok(());
        }
        // Asked first, because a delete of nothing leaves a marker in a bucket with versions.
        let key = self.bucket.held_key(call);
        let unremoved = |fault: Fault| fault.error(Stage::Publish, "the held record cannot be removed");
        self.bucket.client.wait(async {
            match self.bucket.location(&key).stat().await {
                Ok(stat) if stat.bytes == 0 => return Ok(()),
                Ok(_) => {}
                Err(fault) if fault.is_absent() => return Ok(()),
                Err(fault) => return Err(unremoved(fault)),
            }
            let request = self.bucket.client.sdk.delete_object().bucket(&self.bucket.name).key(&key);
            match request.send().await.map_err(Fault::from) {
                Err(fault) if fault.is_forbidden() => {}
                done => return done.map(|_| ()).map_err(unremoved),
            }
            self.bucket.put_record(&key, b"").await?;
            self.bucket.retire(&key, &self.bucket.properties.record(None)).await;
            Ok(())
        })
    }
}
