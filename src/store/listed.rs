//! A store whose listing was made before, like an S3 Inventory. What is read is read from the store itself.

use super::{Entry, Object, Staged, Stat, Store, Stored};
use crate::base::{CallId, Phi, Result};
use std::sync::Arc;

/// A listing that is kept in memory. A key takes its own length, that of its version, and 32 bytes.
#[derive(Default)]
pub struct Listing {
    /// Keys and versions, one after the other.
    text: String,
    /// Sorted by key once all are added.
    entries: Vec<Listed>,
}

#[derive(Clone, Copy)]
struct Listed {
    /// Where its key begins in the text; the version follows.
    at: u64,
    bytes: u64,
    modified_s: u64,
    key_len: u16,
    version_len: u16,
}

impl Listing {
    /// Adds an object, unless its key or version is longer than a store's can be.
    pub(super) fn add(&mut self, key: &str, stat: &Stat) {
        let lens = (u16::try_from(key.len()), u16::try_from(stat.version.len()));
        if let (Ok(key_len), Ok(version_len)) = lens {
            let at = self.text.len() as u64;
            self.text.push_str(key);
            self.text.push_str(&stat.version);
            self.entries.push(Listed { at, bytes: stat.bytes, modified_s: stat.modified_s, key_len, version_len });
        }
    }

    /// Sorts what was added. Of a key that was added twice the state that was changed last stays.
    pub(super) fn sort(&mut self) {
        let text = &self.text;
        self.entries.sort_unstable_by_key(|e| (e.key(text), std::cmp::Reverse(e.modified_s)));
        self.entries.dedup_by_key(|e| e.key(text));
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Listed {
    fn key(self, text: &str) -> &str {
        &text[self.at as usize..][..usize::from(self.key_len)]
    }

    fn entry(self, text: &str) -> Entry {
        let version = &text[self.at as usize + usize::from(self.key_len)..][..usize::from(self.version_len)];
        let stat = Stat { bytes: self.bytes, version: version.to_owned(), modified_s: self.modified_s };
        Entry { key: Phi::new(self.key(text).to_owned()), stat }
    }
}

/// A source with a listing that was made before.
pub struct ListedStore {
    store: Arc<dyn Store>,
    listing: Listing,
}

impl ListedStore {
    /// The store, listed by `listing`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, listing: Listing) -> Self {
        Self { store, listing }
    }
}

impl Store for ListedStore {
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        let Listing { text, entries } = &self.listing;
        let prefix = prefix.expose().clone();
        let start = entries.partition_point(|e| e.key(text) < prefix.as_str());
        let is_hidden = |key: &str| key.split('/').any(|part| part.is_empty() || part.starts_with('.'));
        let below = entries[start..].iter().take_while(move |e| e.key(text).starts_with(prefix.as_str()));
        Box::new(below.filter(move |e| !is_hidden(e.key(text))).map(|e| Ok(e.entry(text))))
    }

    fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
        self.store.open(key)
    }

    fn stat(&self, key: &Phi<String>) -> Result<Stat> {
        self.store.stat(key)
    }

    fn reads_one_state(&self) -> bool {
        self.store.reads_one_state()
    }

    fn tag_processed(&self, key: &Phi<String>, seen: &Stat) -> Result<()> {
        self.store.tag_processed(key, seen)
    }

    fn begin(&self, call: &CallId) -> Result<Box<dyn Staged>> {
        self.store.begin(call)
    }

    fn manifest(&self, call: &CallId) -> Result<Option<Stored>> {
        self.store.manifest(call)
    }

    fn committed(&self) -> Result<Vec<CallId>> {
        self.store.committed()
    }

    fn put_held(&self, call: &CallId, record: &[u8]) -> Result<()> {
        self.store.put_held(call, record)
    }

    fn held(&self, call: &CallId) -> Result<Option<Vec<u8>>> {
        self.store.held(call)
    }

    fn remove_held(&self, call: &CallId) -> Result<()> {
        self.store.remove_held(call)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LocalStore;
    use super::*;

    #[test]
    fn it_lists_in_the_order_of_bytes_what_is_not_hidden_and_each_key_once() {
        let mut listing = Listing::default();
        for (key, modified_s) in
            [("b/2", 1), ("a", 1), ("b/.x", 1), ("b//y", 1), ("b/1", 3), ("b/1", 9), ("b/1", 2), ("é", 1)]
        {
            listing.add(key, &Stat { bytes: 5, version: format!("v{modified_s}"), modified_s });
        }
        listing.sort();
        let folder = tempfile::tempdir().unwrap();
        let store = ListedStore::new(Arc::new(LocalStore::source(folder.path()).unwrap()), listing);
        let listed = |prefix: &str| -> Vec<(String, String)> {
            let entries = store.list_below(&Phi::new(prefix.to_owned())).map(Result::unwrap);
            entries.map(|e| (e.key.into_exposed(), e.stat.version)).collect()
        };
        let pair = |key: &str, version: &str| (key.to_owned(), version.to_owned());
        assert_eq!(listed(""), [pair("a", "v1"), pair("b/1", "v9"), pair("b/2", "v1"), pair("é", "v1")]);
        assert_eq!(listed("b/1"), [pair("b/1", "v9")]);
        assert!(listed("c").is_empty());
    }
}
