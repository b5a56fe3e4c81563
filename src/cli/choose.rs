//! Which calls `redact` is about: SOURCEs and the flags that choose among what lies below them.

use super::args::RedactArgs;
use super::output::note;
use crate::base::{Error, Result, why};
use crate::config::Settings;
use crate::jobs::{Call, CallKey, CallSet, Orphans, Passed, Selection, Sources, Template};
use crate::store::Stores;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The calls of a run, not yet listed.
pub(super) struct Chosen {
    sources: Sources,
    templates: Vec<Template>,
    /// The key of their ids.
    pub key: CallKey,
    selection: Selection,
}

impl Chosen {
    /// Reads what was typed, `now` being seconds since 1970. Says so when the key of call ids is made.
    ///
    /// # Errors
    /// A usage error for SOURCEs, lists and settings that cannot be used, and for calls of the same name.
    pub fn new(stores: &Stores, args: &RedactArgs, settings: &Settings, now: u64) -> Result<Self> {
        let mut sources = Sources::open(stores, &args.sources, settings.root())?;
        if let Some(manifest) = &args.which.inventory {
            sources = sources.by_inventory(stores, manifest)?;
        }
        let (key, made) = settings.call_key()?;
        if let Some(path) = made {
            note(format_args!("made a key for call ids: {}; keep it, other keys give other ids", path.display()));
        }
        let templates = settings.templates()?;
        sources.check_names(&templates, &key)?;
        let list = args.which.keys.as_deref();
        let selection = Selection {
            calls: list.map(|path| sources.calls_of(open(path)?, &templates, &key)).transpose()?,
            shard: args.which.shard,
            since: args.which.since.map(|since| since.from(now)),
            orphans: match args.which.orphans {
                Some(bound) => Some(Orphans::new(bound.from(now), settings.worker()?.expects_recording)),
                None => None,
            },
        };
        Ok(Self { sources, templates, key, selection })
    }

    /// Lists them.
    pub fn calls<'a>(&'a self, passed: &'a Passed) -> impl Iterator<Item = Result<Call>> + 'a {
        let calls = self.sources.calls(&self.templates, &self.key, passed);
        calls.filter(|call| call.as_ref().map_or(true, |call| self.has(call, passed)))
    }

    fn has(&self, call: &Call, passed: &Passed) -> bool {
        if !self.selection.has(call) {
            return false;
        }
        let is_awaited = self.selection.awaits(call);
        passed.awaited.fetch_add(u64::from(is_awaited), Ordering::Relaxed);
        !is_awaited
    }

    /// Which of them lack a half that is to be told of.
    pub const fn orphans(&self) -> Option<&Orphans> {
        self.selection.orphans.as_ref()
    }

    /// How many keys of the list are of no call that was listed, and how many there are.
    pub fn unmet_keys(&self) -> (usize, usize) {
        self.selection.calls.as_ref().map_or((0, 0), CallSet::unmet)
    }

    /// How many there are; lists them all, unless it is told that nobody needs the number any more.
    pub fn count(&self, is_over: &AtomicBool) -> u64 {
        let passed = Passed::default();
        let calls = self.sources.calls(&self.templates, &self.key, &passed);
        let calls = calls.take_while(|_| !is_over.load(Ordering::Relaxed)).filter_map(Result::ok);
        calls.filter(|call| self.has(call, &passed)).count() as u64
    }
}

/// A list of keys.
fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = File::open(path).map_err(|e| Error::usage(format!("--keys {}: {}", path.display(), why(&e))))?;
    Ok(Box::new(BufReader::new(file)))
}
