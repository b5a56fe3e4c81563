//! A folder as a queue: every file of it is a message, once its upload has come to rest. Must not open a file.
//!
//! The folder is listed again and again rather than watched through the system's notices: those do not exist on
//! network file systems, are lost when too many come at once, and would need a listing at every start anyway.
//!
//! What was done is remembered for as long as this process runs. After a restart every file is a message again, and
//! the worker finds that its work is done.

use super::{BATCH_MAX, Change, DeadReason, Message, Queue, Receipt};
use crate::base::{Error, Kind, Phi, Result, Stage};
use crate::store::{Stat, Store};
use std::collections::{BTreeSet, HashMap};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most files of a watched folder; each is remembered, in about 200 bytes.
const FILES_MAX: usize = 2_000_000;

/// How long a watched folder's files wait for what.
#[derive(Clone, Copy)]
pub struct WatchTimes {
    /// Size and time of change must stay the same for so long before a file is a message.
    pub settle: Duration,
    /// A message that is neither extended nor ended comes again after this.
    pub lease: Duration,
    /// Between two listings.
    pub rescan: Duration,
    /// Time that has passed since some moment before.
    pub clock: fn() -> Duration,
}

/// A watched folder.
pub struct Watch {
    store: Arc<dyn Store>,
    times: WatchTimes,
    /// Where dead letters are kept; without it they are left where they are, and not tried again.
    dead_letters: Option<PathBuf>,
    state: Mutex<State>,
    interrupted: Condvar,
}

#[derive(Default)]
struct State {
    files: HashMap<Phi<String>, File>,
    /// Files by when they are handed out.
    due: BTreeSet<(Duration, Phi<String>)>,
    /// What is leased by which receipt; that of an earlier delivery is none any more.
    leased: HashMap<Receipt, Phi<String>>,
    deliveries: u64,
    next_scan: Duration,
    is_interrupted: bool,
}

/// A file as it was listed last.
struct File {
    stat: Stat,
    /// When it was first seen in this state.
    since: Duration,
    /// When it is handed out, unless it changes or its lease is extended or ended before; never once it is done.
    due: Option<Duration>,
    receipt: Option<Receipt>,
    deliveries: u32,
    /// The last listing that had it.
    scan: Duration,
}

impl Watch {
    /// Watches the listing of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, times: WatchTimes, dead_letters: Option<PathBuf>) -> Self {
        Self { store, times, dead_letters, state: Mutex::default(), interrupted: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment or goes through one map; a panic leaves nothing half-done that matters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists the folder, if it is time to.
    fn scan(&self) -> Result<()> {
        let now = (self.times.clock)();
        {
            let mut state = self.state();
            if now < state.next_scan {
                return Ok(());
            }
            state.next_scan = now + self.times.rescan;
        }
        // What cannot be read is not there yet; the listing goes on behind it.
        for entry in self.store.list().flatten() {
            let mut state = self.state();
            if state.files.len() == FILES_MAX && !state.files.contains_key(&entry.key) {
                let error = Error::new(Stage::Receive, Kind::Io, "the watched folder has too many files");
                return Err(error.at("limit", FILES_MAX as u64));
            }
            state.seen(entry.key, entry.stat, now, self.times.settle);
        }
        self.state().forget_before(now);
        Ok(())
    }

    fn take(&self, most: usize) -> Vec<Message> {
        let now = (self.times.clock)();
        let mut state = self.state();
        let due: Vec<_> =
            state.due.iter().take_while(|(at, _)| *at <= now).take(most).map(|(_, k)| k.clone()).collect();
        due.into_iter().filter_map(|key| state.lease(key, now, self.times.lease)).collect()
    }

    /// Keeps a dead letter as a file that only its owner may read: it has the name of the source.
    fn keep(&self, message: &Message, reason: DeadReason) -> std::io::Result<()> {
        let Some(folder) = &self.dead_letters else { return Ok(()) };
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        let name = format!("{:016x}.json", u64::from_le_bytes(random));
        let letter = serde_json::json!({
            "schema": "sordino.dead-letter/v1",
            "reason": reason.code(),
            "deliveries": message.deliveries,
            "key": message.body.expose(),
        });
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name))?;
        file.write_all(format!("{letter}\n").as_bytes())?;
        file.sync_all()
    }
}

impl State {
    fn seen(&mut self, key: Phi<String>, stat: Stat, now: Duration, settle: Duration) {
        match self.files.get_mut(&key) {
            // One that is leased in an older state is looked at again once that has ended.
            Some(file) if file.stat == stat || file.receipt.is_some() => file.scan = now,
            _ => {
                self.schedule(&key, None);
                let file = File { stat, since: now, due: None, receipt: None, deliveries: 0, scan: now };
                self.files.insert(key.clone(), file);
                self.schedule(&key, Some(now + settle));
            }
        }
    }

    /// Forgets files that the last listing did not have; a receipt must still find its own.
    fn forget_before(&mut self, scan: Duration) {
        let is_gone = |file: &File| file.scan != scan && file.receipt.is_none();
        let gone: Vec<_> = self.files.iter().filter(|(_, file)| is_gone(file)).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.schedule(&key, None);
            self.files.remove(&key);
        }
    }

    fn schedule(&mut self, key: &Phi<String>, due: Option<Duration>) {
        let Some(file) = self.files.get_mut(key) else { return };
        if let Some(before) = std::mem::replace(&mut file.due, due) {
            self.due.remove(&(before, key.clone()));
        }
        self.due.extend(due.map(|at| (at, key.clone())));
    }

    fn lease(&mut self, key: Phi<String>, now: Duration, lease: Duration) -> Option<Message> {
        self.schedule(&key, Some(now + lease));
        self.deliveries += 1;
        let receipt = Receipt(self.deliveries.to_string());
        let file = self.files.get_mut(&key)?;
        file.deliveries += 1;
        let (age, deliveries) = (now.saturating_sub(file.since), file.deliveries);
        if let Some(before) = file.receipt.replace(receipt.clone()) {
            self.leased.remove(&before);
        }
        self.leased.insert(receipt.clone(), key.clone());
        let changes = Ok(vec![Change { bucket: None, key: key.clone() }]);
        Some(Message { receipt, changes, age, deliveries, body: key })
    }

    /// Ends a lease; the file is handed out again at `due`.
    fn end(&mut self, receipt: &Receipt, due: Option<Duration>) {
        let Some(key) = self.leased.remove(receipt) else { return };
        self.schedule(&key, due);
        if let Some(file) = self.files.get_mut(&key) {
            file.receipt = None;
        }
    }

    fn extend(&mut self, receipt: &Receipt, until: Duration) -> bool {
        let Some(key) = self.leased.get(receipt).cloned() else { return false };
        self.schedule(&key, Some(until));
        true
    }
}

impl Queue for Watch {
    fn receive(&self, most: usize) -> Result<Vec<Message>> {
        let most = most.min(BATCH_MAX);
        self.scan()?;
        let messages = self.take(most);
        let state = self.state();
        if !messages.is_empty() || state.is_interrupted {
            return Ok(messages);
        }
        // Poisoned or not, timed out or not: the next listing says what is there.
        drop(self.interrupted.wait_timeout_while(state, self.times.rescan, |s| !s.is_interrupted));
        self.scan()?;
        Ok(self.take(most))
    }

    fn interrupt(&self) {
        self.state().is_interrupted = true;
        self.interrupted.notify_all();
    }

    fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>> {
        let until = (self.times.clock)() + self.times.lease;
        let mut state = self.state();
        Ok(receipts.iter().filter(|receipt| !state.extend(receipt, until)).cloned().collect())
    }

    fn give_back(&self, receipt: &Receipt, delay: Duration) -> Result<()> {
        self.state().end(receipt, Some((self.times.clock)() + delay));
        Ok(())
    }

    fn delete(&self, receipts: &[Receipt]) -> Result<()> {
        let mut state = self.state();
        for receipt in receipts {
            state.end(receipt, None);
        }
        Ok(())
    }

    fn bury(&self, message: &Message, reason: DeadReason) -> Result<()> {
        self.keep(message, reason)
            .map_err(|error| Error::io(Stage::Receive, "the dead letter cannot be written", error))?;
        self.state().end(&message.receipt, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::suite::{self, Tried};
    use super::*;
    use crate::store::LocalStore;
    use std::cell::Cell;
    use std::fs;
    use std::path::Path;

    const SETTLE: Duration = Duration::from_secs(5);
    const LEASE: Duration = Duration::from_secs(60);

    thread_local! {
        static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    fn pass(time: Duration) {
        NOW.set(NOW.get() + time);
    }

    fn write(folder: &Path, key: &str, text: &str) {
        let path = folder.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn watch(folder: &Path, dead_letters: Option<PathBuf>) -> Watch {
        let times = WatchTimes { settle: SETTLE, lease: LEASE, rescan: Duration::from_millis(1), clock: || NOW.get() };
        Watch::new(Arc::new(LocalStore::source(folder).unwrap()), times, dead_letters)
    }

    fn received(watch: &Watch) -> Vec<String> {
        pass(Duration::from_millis(1));
        let mut messages = Vec::new();
        messages.extend(watch.receive(BATCH_MAX).unwrap());
        watch.delete(&messages.iter().map(|m| m.receipt.clone()).collect::<Vec<_>>()).unwrap();
        let mut keys: Vec<_> = messages.into_iter().map(|m| m.body.into_exposed()).collect();
        keys.sort();
        keys
    }

    #[test]
    fn it_does_what_every_queue_must() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), None);
        let send = |key: &str| {
            write(folder.path(), key, key);
            pass(Duration::from_millis(1));
            watch.scan().unwrap();
            pass(SETTLE);
        };
        suite::queue(&Tried { queue: &watch, lease: LEASE, send: &send, pass: &pass });
    }

    #[test]
    fn a_file_that_grows_waits_until_it_rests() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), None);
        for text in ["1", "12", "123"] {
            write(folder.path(), "a.wav", text);
            assert!(received(&watch).is_empty());
            pass(SETTLE / 2);
        }
        assert!(received(&watch).is_empty());
        pass(SETTLE / 2);
        assert_eq!(received(&watch), ["a.wav"]);
        pass(SETTLE);
        assert!(received(&watch).is_empty(), "it is done");
    }

    #[test]
    fn a_file_that_changes_after_its_work_is_a_message_again() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), None);
        write(folder.path(), "a.wav", "1");
        received(&watch);
        pass(SETTLE);
        let message = watch.receive(1).unwrap().pop().unwrap();
        write(folder.path(), "a.wav", "12");
        pass(SETTLE);
        assert!(received(&watch).is_empty(), "it is leased in its old state");
        watch.delete(&[message.receipt]).unwrap();
        assert!(received(&watch).is_empty(), "its new state has to settle");
        pass(SETTLE);
        assert_eq!(received(&watch), ["a.wav"]);
    }

    #[test]
    fn files_that_go_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), None);
        write(folder.path(), "a.wav", "1");
        received(&watch);
        fs::remove_file(folder.path().join("a.wav")).unwrap();
        pass(SETTLE);
        assert!(received(&watch).is_empty());
        assert!(watch.state().files.is_empty());
    }

    #[test]
    fn an_older_receipt_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), None);
        write(folder.path(), "a.wav", "1");
        received(&watch);
        pass(SETTLE);
        let first = watch.receive(1).unwrap().pop().unwrap();
        pass(LEASE);
        let second = watch.receive(1).unwrap().pop().unwrap();
        assert_eq!(watch.extend(std::slice::from_ref(&first.receipt)).unwrap(), std::slice::from_ref(&first.receipt));
        watch.delete(&[first.receipt]).unwrap();
        pass(LEASE);
        assert_eq!(received(&watch), ["a.wav"], "{:?}", second.receipt);
    }

    #[test]
    fn a_dead_letter_says_why_and_is_open_to_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, letters) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let watch = watch(folder.path(), Some(letters.path().join("dead")));
        write(folder.path(), "a.wav", "1");
        received(&watch);
        pass(SETTLE);
        let message = watch.receive(1).unwrap().pop().unwrap();
        watch.bury(&message, DeadReason::Failed(Stage::Publish)).unwrap();
        let path = fs::read_dir(letters.path().join("dead")).unwrap().next().unwrap().unwrap().path();
        let letter: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!((&letter["reason"], &letter["key"]), (&"failed-to-publish".into(), &"a.wav".into()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
