//! One message: from the objects that it names to what is to become of it. Must not know of queues.

use super::super::find::Wanted;
use super::super::orphan::missing_half;
use super::super::{
    Budget, Call, CallKey, KnownValues, Ordered, Originals, Parts, Report, Run, SizeLimits, Slots, Stale, Status,
    Target, Template, run_call,
};
use super::breaker::{Breaker, backoff};
use super::busy::Busy;
use super::{EventSources, Idle, Notice, Took};
use crate::access::sign::Signing;
use crate::base::{Error, HoldReason, Kind, Result, Stage, Timestamp};
use crate::model::Policy;
use crate::model::manifest::{PolicyRef, Tool};
use crate::patterns::PatternSet;
use crate::queue::{Change, DeadReason, Refusal};
use crate::store::Store;
use crate::transcript::Told;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// How often a call is looked at again whose sources went or changed while they were read.
const LOOKS_MAX: u32 = 3;
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(900);

/// What a worker is told.
pub struct Setup {
    /// What is looked for.
    pub patterns: PatternSet,
    /// What is hidden, held and promised.
    pub policy: Policy,
    /// The policy as manifests name it.
    pub policy_ref: PolicyRef,
    /// The key behind call ids and references.
    pub key: CallKey,
    /// Largest sources.
    pub limits: SizeLimits,
    /// What is said of how transcripts are read.
    pub told: Told,
    /// Where the objects of events are.
    pub sources: EventSources,
    /// Where calls go.
    pub target: Arc<dyn Store>,
    /// Templates by which files are paired.
    pub templates: Vec<Template>,
    /// Templates of transcripts that always have a recording: one that is alone waits for its recording's event.
    pub expects_recording: Vec<Template>,
    /// How old an event of any other transcript must be before it is taken for a call without a recording.
    pub alone_after: Duration,
    /// Calls that are redacted under another policy.
    pub ordered: Ordered,
    /// What becomes of the sources of calls that are published.
    pub originals: Originals,
    /// How often work that fails is tried.
    pub deliveries_max: u32,
    /// Who signs manifests, and whether one must be signed.
    pub signing: Signing,
    /// Calls worked on at once.
    pub jobs: NonZeroUsize,
    /// Bytes of sources worked on at once.
    pub bytes_in_flight: u64,
    /// The time that manifests state.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Time since some moment before.
    pub clock: fn() -> Duration,
    /// Hears what happens.
    pub tell: Box<dyn Fn(&Notice<'_>) + Send + Sync>,
}

/// How a message came.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// How long ago it was sent.
    pub age: Duration,
    /// How often it was handed out, this time included.
    pub count: u32,
}

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its work is done, or needs not be.
    Done,
    /// It is to be handed out again after this.
    Later(Duration),
    /// It cannot be done.
    Dead(DeadReason),
}

impl Outcome {
    /// That of a message with two objects: all of it is handed out again until each is done.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Dead(reason), _) | (_, Self::Dead(reason)) => Self::Dead(reason),
            (Self::Later(one), Self::Later(two)) => Self::Later(one.max(two)),
            (Self::Later(delay), _) | (_, Self::Later(delay)) => Self::Later(delay),
            (Self::Done, Self::Done) => Self::Done,
        }
    }
}

/// Whether a file may still come without which the call looks whole: its recording, or a further part.
fn may_grow(call: &Call) -> bool {
    matches!(&call.parts, Parts::Whole { recordings, .. } if recordings.is_empty()) || call.has_parts()
}

/// What all messages of a worker have in common.
pub struct Worker {
    pub(super) setup: Setup,
    /// Nothing: what is known of a call comes with its side-car.
    known: KnownValues,
    slots: Slots,
    budget: Budget,
    busy: Busy,
    pub(super) breaker: Breaker,
}

impl Worker {
    /// A worker that has nothing in hand.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            known: KnownValues::default(),
            slots: Slots::new(setup.jobs),
            budget: Budget::new(setup.bytes_in_flight),
            busy: Busy::default(),
            breaker: Breaker::default(),
            setup,
        }
    }

    /// Does what a message asks for. It never panics.
    #[must_use]
    pub fn attend(&self, changes: &Result<Vec<Change>, Refusal>, delivery: Delivery) -> Outcome {
        let changes = match changes {
            Ok(changes) => changes,
            Err(refusal) => return Outcome::Dead(DeadReason::Refused(*refusal)),
        };
        // A call that panics is held; what panics around it is met again by whoever has the message next.
        let all = || changes.iter().fold(Outcome::Done, |outcome, change| outcome.and(self.change(change, delivery)));
        catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|_| {
            self.failed(&Error::new(Stage::Receive, Kind::Internal, "the program broke on a message"), delivery)
        })
    }

    fn change(&self, change: &Change, delivery: Delivery) -> Outcome {
        let source = match self.setup.sources.of(change) {
            Ok(Ok(source)) => source,
            Ok(Err(reason)) => return Outcome::Dead(reason),
            Err(error) => return self.failed(&error, delivery),
        };
        let Some(wanted) = Wanted::of(&source, &change.key, &self.setup.templates, &self.setup.key) else {
            return self.idle(Idle::NoCall);
        };
        self.wanted(&wanted, delivery).unwrap_or_else(|error| {
            if error.kind == Kind::Io {
                self.breaker.failed(&source.store, &change.key);
            }
            self.failed(&error, delivery)
        })
    }

    /// Finds the call of an event and does it, if both of its halves are there.
    fn wanted(&self, wanted: &Wanted<'_>, delivery: Delivery) -> Result<Outcome> {
        let came = (self.setup.clock)();
        // Before the call is looked for: what another event of it has changed is then seen.
        let _turn = self.busy.wait(&wanted.id);
        let looked = (self.setup.clock)();
        let Some(call) = wanted.find()? else {
            // Held when it went while it was read; now there is nothing left to hold.
            if delivery.count > 1 && self.setup.target.held(&wanted.id)?.is_some() {
                self.setup.target.remove_held(&wanted.id)?;
            }
            return Ok(self.idle(Idle::Gone));
        };
        let found = (self.setup.clock)();
        if missing_half(&call, &self.setup.expects_recording).is_some() {
            return Ok(self.idle(Idle::Alone));
        }
        if may_grow(&call)
            && let Some(delay) = self.setup.alone_after.checked_sub(delivery.age).filter(|d| !d.is_zero())
        {
            (self.setup.tell)(&Notice::Awaiting { delay });
            return Ok(Outcome::Later(delay));
        }
        let bytes = call.weigh();
        let _share = self.budget.take(bytes);
        let begun = (self.setup.clock)();
        let report = run_call(&self.run(), &call, &self.slots);
        let took = Took {
            wait: (looked - came) + (begun - found),
            find: found - looked,
            call: (self.setup.clock)().saturating_sub(begun),
        };
        (self.setup.tell)(&Notice::Call { report: &report, bytes, took });
        self.judge(report, delivery)
    }

    /// What a call's end means for its message.
    fn judge(&self, report: Report, delivery: Delivery) -> Result<Outcome> {
        match (report.status, report.error) {
            (Status::Failed, Some(error)) => Err(error),
            (Status::Held(HoldReason::SourceChanged | HoldReason::UnreadableSource), Some(error))
                if delivery.count < LOOKS_MAX =>
            {
                Ok(self.retry(&error, delivery))
            }
            _ => {
                self.breaker.succeeded();
                Ok(Outcome::Done)
            }
        }
    }

    fn run(&self) -> Run<'_> {
        Run {
            patterns: &self.setup.patterns,
            policy: &self.setup.policy,
            policy_ref: self.setup.policy_ref.clone(),
            tool: Tool::this(),
            key: &self.setup.key,
            limits: self.setup.limits,
            told: &self.setup.told,
            created: (self.setup.now)(),
            known: &self.known,
            ordered: &self.setup.ordered,
            stale: Stale::Keep,
            signing: &self.setup.signing,
            originals: self.setup.originals,
            orphans: None,
            target: Target::Publish(&*self.setup.target),
        }
    }

    fn idle(&self, why: Idle) -> Outcome {
        (self.setup.tell)(&Notice::Idle(why));
        Outcome::Done
    }

    fn retry(&self, error: &Error, delivery: Delivery) -> Outcome {
        let delay = backoff(delivery.count, RETRY_FIRST, RETRY_MAX);
        (self.setup.tell)(&Notice::Retry { error, delay });
        Outcome::Later(delay)
    }

    /// Tries again what failed, but not for ever if it alone fails: while the stores are down, it is not the message's
    /// fault.
    fn failed(&self, error: &Error, delivery: Delivery) -> Outcome {
        let is_its_own_fault = error.kind != Kind::Io || self.breaker.is_healthy();
        if delivery.count >= self.setup.deliveries_max && is_its_own_fault {
            return Outcome::Dead(DeadReason::Failed(error.stage));
        }
        self.retry(error, delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, Phi, Sha256Hex};
    use crate::store::{Entry, LocalStore, Object, Staged, Stat, Stored};
    use std::fs;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A destination that can be told to fail.
    struct Failing {
        store: LocalStore,
        is_down: Arc<AtomicBool>,
    }

    impl Failing {
        fn up(&self) -> Result<&LocalStore> {
            let down = self.is_down.load(Ordering::Relaxed);
            if down { Err(Error::new(Stage::Publish, Kind::Io, "down")) } else { Ok(&self.store) }
        }
    }

    impl Store for Failing {
        fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
            self.store.list_below(prefix)
        }
        fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
            self.up()?.open(key)
        }
        fn stat(&self, key: &Phi<String>) -> Result<Stat> {
            self.up()?.stat(key)
        }
        fn begin(&self, call: &CallId) -> Result<Box<dyn Staged>> {
            self.up()?.begin(call)
        }
        fn manifest(&self, call: &CallId) -> Result<Option<Stored>> {
            self.up()?.manifest(call)
        }
        fn committed(&self) -> Result<Vec<CallId>> {
            self.up()?.committed()
        }
        fn put_held(&self, call: &CallId, record: &[u8]) -> Result<()> {
            self.up()?.put_held(call, record)
        }
        fn held(&self, call: &CallId) -> Result<Option<Vec<u8>>> {
            self.up()?.held(call)
        }
        fn remove_held(&self, call: &CallId) -> Result<()> {
            self.up()?.remove_held(call)
        }
    }

    struct Bench {
        folder: tempfile::TempDir,
        is_down: Arc<AtomicBool>,
        told: Arc<Mutex<Vec<String>>>,
        worker: Worker,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("in");
        fs::create_dir(&source).unwrap();
        let text = include_str!("../../../patterns/policies/safe-harbor.toml");
        let policy: Policy = toml::from_str(text).unwrap();
        let (is_down, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let store = LocalStore::destination(&folder.path().join("out")).unwrap();
        let target = Failing { store, is_down: Arc::clone(&is_down) };
        let hears = Arc::clone(&told);
        let worker = Worker::new(Setup {
            patterns: PatternSet::builtin().unwrap().under(&policy),
            policy_ref: PolicyRef { name: "p".into(), version: 1, digest: Sha256Hex::of(text.as_bytes()) },
            policy,
            key: CallKey::new(b"0123456789abcdef").unwrap(),
            limits: SizeLimits { transcript_bytes_max: 1000, recording_bytes_max: 1000 },
            told: Told::default(),
            sources: EventSources::folder(Arc::new(LocalStore::source(&source).unwrap()), &source, None).unwrap(),
            target: Arc::new(target),
            templates: Vec::new(),
            expects_recording: vec![Template::parse("transcripts/{id}.*").unwrap()],
            alone_after: Duration::from_secs(100),
            ordered: Ordered::default(),
            originals: Originals::Leave,
            deliveries_max: 4,
            signing: Signing::default(),
            jobs: NonZeroUsize::MIN,
            bytes_in_flight: 10,
            now: Box::new(|| Timestamp::from_unix_s(1_700_000_000)),
            clock: || Duration::ZERO,
            tell: Box::new(move |notice| {
                let word = match notice {
                    Notice::Call { report, .. } => match report.status {
                        Status::Held(reason) => reason.code().to_owned(),
                        status => status.word().to_owned(),
                    },
                    Notice::Idle(why) => why.code().to_owned(),
                    Notice::Awaiting { .. } => "awaiting".to_owned(),
                    Notice::Retry { .. } => "retry".to_owned(),
                    _ => "other".to_owned(),
                };
                hears.lock().unwrap().push(word);
            }),
        });
        Bench { folder, is_down, told, worker }
    }

    impl Bench {
        fn write(&self, key: &str, text: &str) {
            let path = self.folder.path().join("in").join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// Attends an event of each key, `age_s` old and handed out for the `count`th time; what was told meanwhile.
        fn attend(&self, keys: &[&str], age_s: u64, count: u32) -> (Outcome, Vec<String>) {
            let change = |key: &&str| Change { bucket: None, key: Phi::new((*key).to_owned()) };
            let delivery = Delivery { age: Duration::from_secs(age_s), count };
            let outcome = self.worker.attend(&Ok(keys.iter().map(change).collect()), delivery);
            (outcome, std::mem::take(&mut *self.told.lock().unwrap()))
        }

        fn check(&self, keys: &[&str], age_s: u64, outcome: Outcome, told: &[&str]) {
            assert_eq!(self.attend(keys, age_s, 1), (outcome, told.iter().map(|t| (*t).to_owned()).collect()));
        }
    }

    const CHAT: &str = "AGENT: hello\nCALLER: my number is 212-867-5309\n";

    #[test]
    fn an_event_that_comes_twice_finds_its_work_done() {
        let bench = bench();
        bench.write("a.txt", CHAT);
        bench.check(&["a.txt"], 100, Outcome::Done, &["redacted"]);
        bench.check(&["a.txt", "a.txt"], 100, Outcome::Done, &["unchanged", "unchanged"]);
        bench.write("a.txt", &CHAT.repeat(2));
        bench.check(&["a.txt"], 100, Outcome::Done, &["redacted"]);
    }

    #[test]
    fn a_half_alone_leaves_the_work_to_the_other() {
        let bench = bench();
        bench.write("a.wav", "RIFF");
        bench.check(&["a.wav"], 1_000, Outcome::Done, &["alone"]);
        bench.write("transcripts/b.txt", CHAT);
        bench.check(&["transcripts/b.txt"], 1_000, Outcome::Done, &["alone"]);
        bench.write("c.txt", CHAT);
        bench.check(&["c.txt"], 30, Outcome::Later(Duration::from_secs(70)), &["awaiting"]);
        bench.check(&["c.txt"], 100, Outcome::Done, &["redacted"]);
    }

    #[test]
    fn what_is_no_call_or_has_gone_asks_for_nothing() {
        let bench = bench();
        bench.check(&["README.md", "gone.txt"], 100, Outcome::Done, &["no-call", "gone"]);
    }

    #[test]
    fn a_call_that_went_while_it_was_read_is_not_held_for_ever() {
        let bench = bench();
        bench.write("a.json", "{");
        bench.check(&["a.json"], 100, Outcome::Done, &["unknown-transcript-format"]);
        fs::remove_file(bench.folder.path().join("in/a.json")).unwrap();
        assert_eq!(bench.attend(&["a.json"], 100, 2).0, Outcome::Done);
        assert_eq!(fs::read_dir(bench.folder.path().join("out/.held")).unwrap().count(), 0);
    }

    #[test]
    fn a_call_over_the_limit_is_held_unread() {
        let bench = bench();
        bench.write("a.txt", &CHAT.repeat(100));
        bench.check(&["a.txt"], 100, Outcome::Done, &["limit-reached"]);
    }

    #[test]
    fn a_refused_message_is_dead_at_once() {
        let outcome = bench().worker.attend(&Err(Refusal::BadKey), Delivery { age: Duration::ZERO, count: 1 });
        assert_eq!(outcome, Outcome::Dead(DeadReason::Refused(Refusal::BadKey)));
    }

    #[test]
    fn while_the_destination_is_down_nothing_is_given_up_and_afterwards_all_is_done() {
        let bench = bench();
        let keys: Vec<String> = (0..8).map(|n| format!("{n}.txt")).collect();
        keys.iter().for_each(|key| bench.write(key, CHAT));
        bench.is_down.store(true, Ordering::Relaxed);
        for key in &keys[1..] {
            let (outcome, told) = bench.attend(&[key], 100, 20);
            let is_first = key == "1.txt";
            assert!(is_first || matches!(outcome, Outcome::Later(_)), "{key}: {outcome:?}");
            assert_eq!(told[0], "failed");
        }
        assert!(bench.worker.breaker.pause().is_some(), "nothing more is received");
        assert!(!bench.worker.breaker.try_again(&*bench.worker.setup.target));
        bench.is_down.store(false, Ordering::Relaxed);
        assert!(bench.worker.breaker.try_again(&*bench.worker.setup.target));
        assert!(bench.worker.breaker.pause().is_none());
        bench.check(&[&keys[0]], 100, Outcome::Done, &["redacted"]);
    }

    #[test]
    fn work_that_alone_fails_is_given_up_in_the_end() {
        let bench = bench();
        bench.write("a.txt", CHAT);
        bench.write("b.json", "{");
        // Something is in the way of this one held record.
        let id = bench.worker.setup.key.call_id(&Phi::new(b"b".to_vec()));
        fs::create_dir_all(bench.folder.path().join(format!("out/.held/{id}.json"))).unwrap();
        assert!(matches!(bench.attend(&["b.json"], 100, 3).0, Outcome::Later(_)));
        bench.check(&["a.txt"], 100, Outcome::Done, &["redacted"]);
        assert!(matches!(bench.attend(&["b.json"], 100, 4).0, Outcome::Dead(DeadReason::Failed(_))));
    }

    #[test]
    fn of_many_events_of_one_call_one_does_the_work() {
        let bench = bench();
        bench.write("a.txt", CHAT);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    bench.worker.attend(
                        &Ok(vec![Change { bucket: None, key: Phi::new("a.txt".to_owned()) }]),
                        Delivery { age: Duration::from_secs(100), count: 1 },
                    )
                });
            }
        });
        let told = bench.told.lock().unwrap();
        assert_eq!(told.iter().filter(|word| *word == "redacted").count(), 1);
        assert_eq!(told.iter().filter(|word| *word == "unchanged").count(), 7);
    }

    #[test]
    fn a_message_of_several_objects_comes_again_until_each_is_done() {
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(Outcome::Done.and(Outcome::Later(short)), Outcome::Later(short));
        assert_eq!(Outcome::Later(short).and(Outcome::Later(long)), Outcome::Later(long));
        let dead = Outcome::Dead(DeadReason::InDestination);
        assert_eq!(Outcome::Later(short).and(dead).and(Outcome::Done), dead);
    }
}
