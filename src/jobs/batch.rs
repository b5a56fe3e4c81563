//! Many calls at once: listed, worked on and reported at the same time, stopped gracefully, summed up. Must not know
//! how one call is done.
//!
//! One thread lists and keeps a short queue filled. Many threads take calls from it; most of them wait for disk or
//! network while as many as there are slots compute, so that whichever is slower is always busy. What is in hand is
//! bounded by calls and by bytes, and reports leave in the order of the listing.

use super::quota::Quota;
use super::report::{Report, Stopped, Summary};
use super::{Budget, Call, Run, Slots, Status, run_call};
use crate::base::{Error, Kind, Result, Stage};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls that are listed and not yet begun.
const QUEUE_CALLS: usize = 256;
/// Calls that wait for disk or network, for each one that is computed. A call asks a store five times, one after the
/// other, for 20 ms each, and a short one computes for 5 ms.
const WAITING_PER_JOB: usize = 20;
/// Most threads of a run.
const THREADS_MAX: usize = 1_024;
/// Most reports that wait for one of an earlier call, about 500 bytes each.
const REPORTS_AHEAD_MAX: u64 = 16_384;
/// How often a thread that waits looks whether the run was stopped.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// How a batch is run.
pub struct Batch<'a> {
    /// Calls that are computed at once.
    pub jobs: NonZeroUsize,
    /// Bytes of sources that are in hand at once.
    pub bytes_in_flight: u64,
    /// Most calls that are redacted; those that are done or held do not count.
    pub calls_max: Option<u64>,
    /// Once it is set no further call is begun; those in hand are finished.
    pub stop: &'a AtomicBool,
    /// Time since the run began, for its report alone.
    pub clock: &'a (dyn Fn() -> Duration + Sync),
}

/// When a call was worked on, since the run began, and how large it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// When it was begun.
    pub began: Duration,
    /// When it was done.
    pub ended: Duration,
    /// Size of its sources, bytes.
    pub bytes: u64,
}

/// Whom reports are handed to.
pub type Done<'a> = dyn FnMut(&Report, &Timing) -> Result<()> + Send + 'a;

/// Runs every call and hands each report to `done` in the order of `calls`. A call that fails stops no other; an error
/// in `calls` is counted.
///
/// # Errors
/// When threads cannot be started, the first error of `done`, or a usage error in `calls`; calls in hand are finished.
pub fn run_batch(
    run: &Run,
    calls: impl Iterator<Item = Result<Call>>,
    batch: &Batch,
    done: &mut Done,
) -> Result<Summary> {
    let shop = Shop {
        run,
        batch,
        slots: Slots::new(batch.jobs),
        budget: Budget::new(batch.bytes_in_flight),
        quota: batch.calls_max.map(Quota::new),
        line: Mutex::new(Line { done, next: 0, waiting: BTreeMap::new(), summary: Summary::default(), failed: None }),
        moved: Condvar::new(),
        is_over: AtomicBool::new(false),
        is_cut: AtomicBool::new(false),
    };
    let (sender, receiver) = sync_channel(QUEUE_CALLS);
    let receiver = Mutex::new(receiver);
    let unlisted = std::thread::scope(|scope| {
        for n in 0..threads(batch.jobs) {
            std::thread::Builder::new()
                .name(format!("call-{n}"))
                .spawn_scoped(scope, || shop.work(&receiver))
                .map_err(|e| Error::io(Stage::Configure, "threads cannot be started", e).hint("lower --jobs"))?;
        }
        shop.list(calls, sender)
    })?;
    shop.close(unlisted)
}

/// How many threads keep so many calls computing while others wait.
pub(super) fn threads(jobs: NonZeroUsize) -> usize {
    (jobs.get() * (1 + WAITING_PER_JOB)).min(THREADS_MAX.max(jobs.get()))
}

/// What the threads of a batch share.
struct Shop<'a> {
    run: &'a Run<'a>,
    batch: &'a Batch<'a>,
    slots: Slots,
    budget: Budget,
    quota: Option<Quota>,
    line: Mutex<Line<'a>>,
    moved: Condvar,
    /// No further call is begun.
    is_over: AtomicBool,
    /// Because of that, there are calls that were not begun.
    is_cut: AtomicBool,
}

/// Reports on their way out, in the order of their calls.
struct Line<'a> {
    done: &'a mut Done<'a>,
    next: u64,
    waiting: BTreeMap<u64, (Report, Timing)>,
    summary: Summary,
    failed: Option<Error>,
}

impl<'a> Shop<'a> {
    /// Keeps the queue filled; how many entries could not be listed, by the reason.
    fn list(
        &self,
        calls: impl Iterator<Item = Result<Call>>,
        queue: SyncSender<(u64, Call)>,
    ) -> Result<BTreeMap<String, u64>> {
        let (mut listed, mut unlisted) = (0, BTreeMap::new());
        for call in calls {
            if self.is_over() {
                self.is_cut.store(true, Ordering::Relaxed);
                break;
            }
            match call {
                Ok(call) => {
                    // Workers live as long as the queue does.
                    if queue.send((listed, call)).is_err() {
                        break;
                    }
                    listed += 1;
                }
                Err(error) if error.kind == Kind::Usage => return Err(error),
                Err(error) => *unlisted.entry(error.message().to_owned()).or_default() += 1,
            }
        }
        Ok(unlisted)
    }

    /// Works on calls until there are no more. What is queued when the run is over is taken and dropped.
    fn work(&self, queue: &Mutex<Receiver<(u64, Call)>>) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((index, call)) = next else { return };
            self.await_turn(index);
            let bytes = call.weigh();
            let _share = self.budget.take(bytes);
            let permit = self.quota.as_ref().map(Quota::take);
            if matches!(permit, Some(None)) {
                self.is_over.store(true, Ordering::Relaxed);
            }
            if self.is_over() {
                self.is_cut.store(true, Ordering::Relaxed);
                continue;
            }
            let began = (self.batch.clock)();
            let report = run_call(self.run, &call, &self.slots);
            if let Some(Some(permit)) = permit {
                permit.close(report.status == Status::Redacted);
            }
            let timing = Timing { began, ended: (self.batch.clock)(), bytes };
            self.line().put(index, report, timing, &self.is_over);
            self.moved.notify_all();
        }
    }

    /// Waits while too many reports wait for an earlier one.
    fn await_turn(&self, index: u64) {
        let mut line = self.line();
        while index >= line.next + REPORTS_AHEAD_MAX && !self.is_over() {
            line = self.moved.wait_timeout(line, STOP_CHECK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn is_over(&self) -> bool {
        self.batch.stop.load(Ordering::Relaxed) || self.is_over.load(Ordering::Relaxed)
    }

    fn line(&self) -> MutexGuard<'_, Line<'a>> {
        // A panic in `done` has already been reported; the line holds nothing half-changed that is still used.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands on what waits behind calls that were never begun, and sums up.
    fn close(self, unlisted: BTreeMap<String, u64>) -> Result<Summary> {
        let mut line = self.line.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (report, timing) in std::mem::take(&mut line.waiting).into_values() {
            line.hand_on(&report, &timing, &self.is_over);
        }
        let mut summary = line.summary;
        summary.add_unlisted(unlisted);
        summary.stopped = self.is_cut.load(Ordering::Relaxed).then(|| match self.batch.stop.load(Ordering::Relaxed) {
            true => Stopped::Told,
            false => Stopped::CallsMax,
        });
        line.failed.map_or(Ok(summary), Err)
    }
}

impl Line<'_> {
    fn put(&mut self, index: u64, report: Report, timing: Timing, is_over: &AtomicBool) {
        self.waiting.insert(index, (report, timing));
        while let Some((report, timing)) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.hand_on(&report, &timing, is_over);
        }
    }

    /// Hands a report on; once that has failed the run is over.
    fn hand_on(&mut self, report: &Report, timing: &Timing, is_over: &AtomicBool) {
        self.summary.add(report);
        if self.failed.is_none() {
            self.failed = (self.done)(report, timing).err();
        }
        if self.failed.is_some() {
            is_over.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BeforeOpen, Keys};
    use super::super::{CallKey, KnownValues, Ordered, Originals, Passed, SizeLimits, Sources, Stale, Target};
    use super::*;
    use crate::access::sign::Signing;
    use crate::base::{HoldReason, Sha256Hex, Timestamp};
    use crate::model::Policy;
    use crate::model::manifest::{PolicyRef, Tool};
    use crate::patterns::PatternSet;
    use crate::transcript::Told;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    /// A batch of so many calls without files, each of which is held at once; the first one when `first` says so.
    fn batch(calls: usize, first: &Gate, done: &mut Done) -> Result<Summary> {
        let text = include_str!("../../patterns/policies/safe-harbor.toml");
        let (policy, key): (Policy, _) = (toml::from_str(text).unwrap(), CallKey::new(&[7; 32]).unwrap());
        let (patterns, known) = (PatternSet::builtin().unwrap().under(&policy), KnownValues::default());
        let mut store = Keys::new((0..calls).map(|n| format!("{n:08}.txt")));
        store.before_open = Some(first.clone().opens());
        let sources = Sources::of_store(Arc::new(store), "/raw");
        let run = Run {
            patterns: &patterns,
            policy_ref: PolicyRef { name: "p".into(), version: 1, digest: Sha256Hex::of(text.as_bytes()) },
            policy: &policy,
            tool: Tool::this(),
            key: &key,
            limits: SizeLimits { transcript_bytes_max: 1, recording_bytes_max: 1 },
            told: &Told::default(),
            created: Timestamp::from_unix_s(0),
            known: &known,
            ordered: &Ordered::default(),
            stale: Stale::Keep,
            signing: &Signing::default(),
            originals: Originals::Leave,
            orphans: None,
            target: Target::DryRun(None),
        };
        let (stop, passed) = (AtomicBool::new(false), Passed::default());
        let batch = Batch {
            jobs: NonZeroUsize::MIN,
            bytes_in_flight: 1 << 20,
            calls_max: None,
            stop: &stop,
            clock: &|| Duration::ZERO,
        };
        run_batch(&run, sources.calls(&[], &key, &passed), &batch, done)
    }

    /// Lets the first call wait until the others stand still, and counts the calls that were begun.
    #[derive(Clone, Default)]
    struct Gate {
        begun: Arc<AtomicU64>,
        waits: Arc<AtomicBool>,
    }

    impl Gate {
        fn opens(self) -> BeforeOpen {
            Box::new(move |key| {
                self.begun.fetch_add(1, Ordering::Relaxed);
                let (mut before, mut still) = (0, 0);
                while key.expose().starts_with("00000000.") && self.waits.load(Ordering::Relaxed) && still < 20 {
                    std::thread::sleep(Duration::from_millis(50));
                    let now = self.begun.load(Ordering::Relaxed);
                    still = if now == before { still + 1 } else { 0 };
                    before = now;
                }
            })
        }
    }

    #[test]
    fn reports_that_wait_for_an_earlier_call_are_bounded_and_all_leave_in_order() {
        let gate = Gate::default();
        gate.waits.store(true, Ordering::Relaxed);
        let (begun, mut seen) = (Arc::clone(&gate.begun), Vec::new());
        let mut begun_before_first = 0;
        let calls = 20_000;
        let summary = batch(calls, &gate, &mut |report, _| {
            if seen.is_empty() {
                begun_before_first = begun.load(Ordering::Relaxed);
            }
            seen.push(report.source.expose().clone());
            Ok(())
        });
        assert_eq!(summary.unwrap().held_reasons[&HoldReason::UnreadableSource], calls as u64);
        assert!(seen.is_sorted() && seen.len() == calls);
        assert_eq!(begun_before_first, REPORTS_AHEAD_MAX, "the first one and those that may overtake it");
    }

    #[test]
    fn whoever_cannot_take_a_report_ends_the_run_and_hears_no_other() {
        let (gate, mut heard) = (Gate::default(), 0);
        let ended = batch(5_000, &gate, &mut |_, _| {
            heard += 1;
            if heard < 10 { Ok(()) } else { Err(Error::usage("nobody listens")) }
        });
        assert_eq!(ended.unwrap_err().kind, Kind::Usage);
        assert_eq!(heard, 10);
        let begun = gate.begun.load(Ordering::Relaxed);
        assert!(begun < 5_000, "{begun} were begun");
    }
}
