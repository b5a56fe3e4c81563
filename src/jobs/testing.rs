//! A store that has nothing but keys, for tests of listing.

use crate::base::{CallId, Error, HoldReason, Kind, Phi, Result, Stage};
use crate::store::{Entry, Object, Staged, Stat, Store, Stored};
use std::collections::BTreeSet;

/// Keys of a store.
#[derive(Default)]
pub(super) struct Keys {
    keys: BTreeSet<String>,
    /// A listing ends with an error in front of this key.
    pub breaks_at: Option<String>,
    /// Done before an object is opened, which then is not there.
    pub before_open: Option<BeforeOpen>,
}

/// What is done with a key.
pub(super) type BeforeOpen = Box<dyn Fn(&Phi<String>) + Send + Sync>;

impl Keys {
    pub fn new(keys: impl Iterator<Item = String>) -> Self {
        Self { keys: keys.collect(), ..Self::default() }
    }
}

fn nothing_there() -> Error {
    Error::held(Stage::Fetch, HoldReason::UnreadableSource, "there are but keys")
}

impl Store for Keys {
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        let prefix = prefix.expose().clone();
        let entry = |key: &String| Entry {
            key: Phi::new(key.clone()),
            stat: Stat { bytes: 1, version: "1".into(), modified_s: 1 },
        };
        let below = self.keys.range(prefix.clone()..).take_while(move |key| key.starts_with(&prefix));
        let mut is_broken = false;
        Box::new(below.map_while(move |key| {
            let breaks = self.breaks_at.as_ref() == Some(key);
            let broken = Error::new(Stage::Pair, Kind::Io, "the listing broke");
            let item = if breaks { Err(broken) } else { Ok(entry(key)) };
            (!std::mem::replace(&mut is_broken, breaks)).then_some(item)
        }))
    }

    fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
        self.before_open.iter().for_each(|done| done(key));
        Err(nothing_there())
    }

    fn stat(&self, _: &Phi<String>) -> Result<Stat> {
        Err(nothing_there())
    }

    fn begin(&self, _: &CallId) -> Result<Box<dyn Staged>> {
        Err(nothing_there())
    }

    fn manifest(&self, _: &CallId) -> Result<Option<Stored>> {
        Ok(None)
    }

    fn committed(&self) -> Result<Vec<CallId>> {
        Ok(Vec::new())
    }

    fn put_held(&self, _: &CallId, _: &[u8]) -> Result<()> {
        Err(nothing_there())
    }

    fn held(&self, _: &CallId) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn remove_held(&self, _: &CallId) -> Result<()> {
        Ok(())
    }
}
