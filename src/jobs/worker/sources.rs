//! Which store an event's object is in, and whether it may be worked on.

use super::super::Source;
use super::super::list::place;
use crate::base::{Error, Kind, Phi, Result, Stage};
use crate::queue::{Change, DeadReason};
use crate::store::{BucketAddress, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Most buckets that events of one queue may name.
const BUCKETS_MAX: usize = 256;

/// Opens a whole bucket to read from.
pub type OpenBucket = Box<dyn Fn(&str) -> Result<Arc<dyn Store>> + Send + Sync>;

/// Where the objects of events are.
pub enum EventSources {
    /// In a watched folder.
    Folder(Source),
    /// In buckets, which events name.
    Buckets(Buckets),
}

/// The buckets of events.
pub struct Buckets {
    open: OpenBucket,
    opened: Mutex<BTreeMap<String, Arc<dyn Store>>>,
    /// Below this calls are named; below each bucket itself where there is none.
    root: Option<BucketAddress>,
    destination: Option<BucketAddress>,
}

impl Buckets {
    /// Buckets that `open` opens, with calls named below `root`, and what is below `destination` left out.
    #[must_use]
    pub fn new(open: OpenBucket, root: Option<BucketAddress>, destination: Option<BucketAddress>) -> Self {
        Self { open, opened: Mutex::default(), root, destination }
    }

    fn store(&self, bucket: &str) -> Result<Arc<dyn Store>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = opened.get(bucket) {
            return Ok(Arc::clone(store));
        }
        if opened.len() == BUCKETS_MAX {
            let error = Error::new(Stage::Fetch, Kind::Io, "events name too many buckets");
            return Err(error.at("limit", BUCKETS_MAX as u64));
        }
        let store = (self.open)(bucket)?;
        opened.insert(bucket.to_owned(), Arc::clone(&store));
        Ok(store)
    }

    fn of(&self, bucket: &str, key: &Phi<String>) -> Result<Result<Source, DeadReason>> {
        let object = BucketAddress { bucket: bucket.to_owned(), prefix: key.clone() };
        if self.destination.as_ref().is_some_and(|destination| destination.holds(&object)) {
            return Ok(Err(DeadReason::InDestination));
        }
        let root_depth = match &self.root {
            Some(root) if !root.holds(&object) => return Ok(Err(DeadReason::OutsideRoot)),
            Some(root) => 2 + root.folder().prefix.expose().matches('/').count(),
            None => 2,
        };
        Ok(Ok(Source { store: self.store(bucket)?, place: format!("/{bucket}"), root_depth }))
    }
}

impl EventSources {
    /// A folder that is watched; calls are named below `root`, or below the folder itself.
    ///
    /// # Errors
    /// A usage error when the folder does not lie below `root`.
    pub fn folder(store: Arc<dyn Store>, folder: &Path, root: Option<&Path>) -> Result<Self> {
        let root = root.unwrap_or(folder);
        if !folder.starts_with(root) {
            return Err(Error::usage(format!("--watch {}: lies outside --root", folder.display())));
        }
        Ok(Self::Folder(Source { store, place: place(folder), root_depth: root.components().count() }))
    }

    /// The source of an event, or why it is none.
    pub(super) fn of(&self, change: &Change) -> Result<Result<Source, DeadReason>> {
        match (self, &change.bucket) {
            (Self::Buckets(buckets), Some(bucket)) => buckets.of(bucket, &change.key),
            (Self::Folder(source), None) => Ok(Ok(source.clone())),
            _ => Ok(Err(DeadReason::OutsideRoot)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalStore;

    fn buckets(root: Option<(&str, &str)>) -> EventSources {
        let open: OpenBucket = Box::new(|_| Ok(Arc::new(LocalStore::source(Path::new("/"))?) as Arc<dyn Store>));
        let owned = |(bucket, prefix): (&str, &str)| BucketAddress {
            bucket: bucket.to_owned(),
            prefix: Phi::new(prefix.to_owned()),
        };
        EventSources::Buckets(Buckets::new(open, root.map(owned), Some(owned(("clean", "out/")))))
    }

    fn of(sources: &EventSources, bucket: &str, key: &str) -> Result<usize, DeadReason> {
        let change = Change { bucket: Some(bucket.into()), key: Phi::new(key.into()) };
        sources.of(&change).unwrap().map(|source| source.root_depth)
    }

    #[test]
    fn what_the_worker_writes_is_never_read_as_a_source() {
        assert_eq!(of(&buckets(None), "clean", "out/ab/transcript.json"), Err(DeadReason::InDestination));
        assert_eq!(of(&buckets(None), "clean", "in/a.json"), Ok(2));
        assert_eq!(of(&buckets(None), "raw", "out/a.json"), Ok(2));
    }

    #[test]
    fn calls_are_named_below_the_root_and_others_are_refused() {
        let sources = buckets(Some(("raw", "calls/2026/")));
        assert_eq!(of(&sources, "raw", "calls/2026/11/a.wav"), Ok(4));
        assert_eq!(of(&sources, "raw", "calls/2025/a.wav"), Err(DeadReason::OutsideRoot));
        assert_eq!(of(&sources, "other", "calls/2026/a.wav"), Err(DeadReason::OutsideRoot));
    }
}
