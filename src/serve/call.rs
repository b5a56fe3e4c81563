//! One call as the door and handlers see it: its manifest, read from the store and kept for a few seconds, since a player asks
//! for many pieces of a recording, and its attributes, which the index has.

use super::app::lock;
use super::index::Index;
use crate::access::sign::Signing;
use crate::base::{CallId, Result};
use crate::model::manifest::Manifest;
use crate::store::Store;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a manifest is taken for the one that stands: a call that was deleted is gone after that.
const AGE: Duration = Duration::from_secs(5);
/// Most manifests that are kept.
const CALLS_MAX: usize = 256;

/// A call.
pub struct Call {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's bytes as they are stored.
    pub bytes: Vec<u8>,
    /// What teams are matched by.
    pub attributes: BTreeMap<String, String>,
}

/// The calls of a store.
pub(super) struct Calls {
    store: Arc<dyn Store>,
    index: Arc<Index>,
    known: Mutex<HashMap<CallId, (Duration, Arc<Call>)>>,
}

impl Calls {
    pub(super) fn new(store: Arc<dyn Store>, index: Arc<Index>) -> Self {
        Self { store, index, known: Mutex::default() }
    }

    /// A call; nothing where there is none, or its manifest is none, or its signature does not hold.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) fn get(&self, call: &CallId, signing: &Signing, now: Duration) -> Result<Option<Arc<Call>>> {
        let is_fresh = |read: Duration| now.saturating_sub(read) < AGE;
        if let Some((read, known)) = lock(&self.known).get(call)
            && is_fresh(*read)
        {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(stored) = self.store.manifest(call)? else { return Ok(None) };
        let is_good = |manifest: &Manifest| manifest.call == *call && signing.believes(&stored.bytes, manifest.created);
        let Some(manifest) = Manifest::parse(&stored.bytes).ok().filter(is_good) else { return Ok(None) };
        let read = Arc::new(Call { attributes: self.index.attributes(call)?, bytes: stored.bytes, manifest });
        let mut known = lock(&self.known);
        if known.len() >= CALLS_MAX {
            known.retain(|_, (read, _)| is_fresh(*read));
        }
        if known.len() >= CALLS_MAX {
            known.clear();
        }
        known.insert(call.clone(), (now, Arc::clone(&read)));
        Ok(Some(read))
    }

    /// Has it read anew when it is next asked for.
    pub(super) fn forget(&self, call: &CallId) {
        lock(&self.known).remove(call);
    }
}
