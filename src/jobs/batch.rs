//! Many calls at once: spread over cores, stopped gracefully, summed up. Must not know how one call
//! is done.

use super::report::{Report, Summary};
use super::{Call, Run, Slots, run_call};
use crate::base::{Error, Kind, Result, Stage};
use rayon::iter::{ParallelBridge, ParallelIterator};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Most calls that wait for the disk at once, besides those that are worked on. The file system's journal writes them
/// together; a disk that syncs in 10 ms then takes 1,600 calls a second.
const WAITING_MAX: usize = 16;

/// Runs every call, `jobs` at a time, and hands each report to `done` in the order of `calls`.
///
/// Once `stop` is set no further call is begun; those in hand are finished. A call that fails stops
/// no other.
///
/// # Errors
/// When threads cannot be started, or the first error of `done`, which stops the run too.
pub fn run_batch(
    run: &Run,
    calls: &[Call],
    jobs: NonZeroUsize,
    stop: &AtomicBool,
    done: &mut (dyn FnMut(&Report) -> Result<()> + Send),
) -> Result<Summary> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads((jobs.get() + WAITING_MAX).min(calls.len().max(1)))
        .thread_name(|i| format!("call-{i}"))
        .build()
        .map_err(|_| Error::new(Stage::Configure, Kind::Io, "threads cannot be started").hint("lower --jobs"))?;
    let slots = Slots::new(jobs);
    let ordered = Mutex::new(Ordered { done, next: 0, waiting: Default::default(), summary: Summary::default() });
    // `par_bridge` takes calls one by one from the front, so few reports wait for an earlier one.
    let result = pool.install(|| {
        calls.iter().enumerate().par_bridge().try_for_each(|(index, call)| {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let report = run_call(run, call, &slots);
            // A panic in `done` has already been reported; its lock holds nothing half-changed that
            // is still used.
            ordered.lock().unwrap_or_else(std::sync::PoisonError::into_inner).put(index, report)
        })
    });
    let mut ordered = ordered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    result?;
    ordered.drain()?;
    let mut summary = ordered.summary;
    summary.calls = calls.len() as u64;
    summary.skipped = summary.calls - (summary.redacted + summary.unchanged + summary.held + summary.failed);
    Ok(summary)
}

/// Hands reports on in the order of their calls.
struct Ordered<'a> {
    done: &'a mut (dyn FnMut(&Report) -> Result<()> + Send),
    next: usize,
    waiting: std::collections::BTreeMap<usize, Report>,
    summary: Summary,
}

impl Ordered<'_> {
    fn put(&mut self, index: usize, report: Report) -> Result<()> {
        self.waiting.insert(index, report);
        while let Some(report) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.hand_on(&report)?;
        }
        Ok(())
    }

    /// Hands on what waits behind calls that were never begun.
    fn drain(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_values().try_for_each(|report| self.hand_on(&report))
    }

    fn hand_on(&mut self, report: &Report) -> Result<()> {
        self.summary.add(report);
        (self.done)(report)
    }
}
