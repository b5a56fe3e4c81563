//! What a destination has, looked at once before a run that ends, so that it need not be asked for each call.
//!
//! A call that a survey does not know was neither published nor deleted at the end of its retention when it was made. Who
//! publishes it meanwhile is met at the commit, which is refused where anything stands; from then on the destination is
//! asked.

use super::client::Answer;
use super::{Bucket, HELD_FOLDER};
use crate::base::CallId;
use crate::store::RETENTION_FOLDER;
use crate::store::records::TOMBSTONE_BEGINS;
use std::collections::BTreeSet;

/// Most pages of a listing, of up to 1,000 calls each. A destination with more calls than that is asked for each: to list
/// them all would cost a small run more than it spares.
const PAGES_MAX: usize = 10;
/// Most pages of the listing of held calls, all of which are needed.
const HELD_PAGES_MAX: usize = 100_000;

/// The calls of a destination, at one time.
pub(super) struct Survey {
    /// Those with a record of being held; nothing where there are too many.
    held: Option<BTreeSet<CallId>>,
    /// Those that are published, or were deleted, or of which a dead run has left something; nothing where there are too
    /// many.
    known: Option<BTreeSet<CallId>>,
}

impl Survey {
    /// Looks at a destination.
    pub async fn of(bucket: &Bucket) -> Answer<Self> {
        let held = bucket.calls_below(&format!("{HELD_FOLDER}/"), HELD_PAGES_MAX).await?;
        // Folders first: a call that is being deleted has a tombstone before it loses its folder.
        let folders = bucket.calls_below("", PAGES_MAX).await?;
        let deleted = bucket.calls_below(&format!("{RETENTION_FOLDER}/{TOMBSTONE_BEGINS}"), PAGES_MAX).await?;
        Ok(Self { held, known: folders.zip(deleted).map(|(folders, deleted)| &folders | &deleted) })
    }

    /// Whether the call is certainly not held.
    pub fn is_free(&self, call: &CallId) -> bool {
        self.held.as_ref().is_some_and(|held| !held.contains(call))
    }

    /// Whether nothing was ever published of the call.
    pub fn is_new(&self, call: &CallId) -> bool {
        self.known.as_ref().is_some_and(|known| !known.contains(call))
    }

    /// Takes note that the call is held.
    pub fn hold(&mut self, call: &CallId) {
        if let Some(held) = &mut self.held {
            held.insert(call.clone());
        }
    }

    /// Takes note that something is about to be published of the call.
    pub fn meet(&mut self, call: &CallId) {
        if let Some(known) = &mut self.known {
            known.insert(call.clone());
        }
    }
}

impl Bucket {
    /// The calls that files and folders right below the root are named after, behind `prefix`, unless there are more
    /// pages of them. An empty file is what is left of a record where a worker may not delete.
    async fn calls_below(&self, prefix: &str, pages_max: usize) -> Answer<Option<BTreeSet<CallId>>> {
        let prefix = format!("{}{prefix}", self.root.expose());
        let request = self.client.sdk.list_objects_v2().bucket(&self.name).prefix(&prefix).delimiter("/");
        let (mut pages, mut calls) = (request.into_paginator().send(), BTreeSet::new());
        for _ in 0..pages_max {
            let Some(page) = pages.next().await else { return Ok(Some(calls)) };
            let page = page?;
            let files = page.contents().iter().filter(|object| object.size() != Some(0));
            let files = files.filter_map(|object| object.key()?.strip_suffix(".json"));
            let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix()?.strip_suffix('/'));
            calls.extend(files.chain(folders).filter_map(|key| CallId::parse(key.strip_prefix(&prefix)?)));
        }
        Ok(None)
    }
}
