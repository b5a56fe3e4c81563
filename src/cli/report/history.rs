//! What a report keeps of a run while it goes on, in a bounded space however many calls there are.

use crate::base::{CallId, HoldReason};
use crate::jobs::{Report, Status, Timing};
use crate::model::manifest::Role;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Stretches of time that throughput is told for.
const STRETCHES_MAX: usize = 120;
/// The first length of a stretch; it doubles when there would be too many.
const STRETCH_MS_MIN: u64 = 100;
/// Calls told as the slowest.
const SLOWEST: usize = 10;
/// Most calls named for each reason, and for each missing half; `.held/` and `--json` have them all.
const NAMED_MAX: usize = 500;

/// What was done in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Stretch {
    /// Calls that ended in it.
    pub calls: u64,
    /// Length of their recordings, milliseconds.
    pub audio_ms: u64,
    /// Size of their sources.
    pub bytes: u64,
}

/// A call that took long.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Slow {
    pub took_ms: u64,
    pub call: CallId,
    pub audio_ms: u64,
    pub bytes: u64,
}

/// Held calls of one reason.
#[derive(Default, Serialize)]
pub(super) struct HeldCalls {
    pub calls: u64,
    pub next_step: &'static str,
    /// The first of them.
    pub first: Vec<CallId>,
}

/// Calls that lack the same half.
#[derive(Default, Serialize)]
pub(super) struct OrphanCalls {
    pub calls: u64,
    /// The first of them.
    pub first: Vec<CallId>,
}

/// What became of the calls of a run, over time.
#[derive(Serialize)]
pub(in super::super) struct History {
    /// Length of a stretch, milliseconds.
    stretch_ms: u64,
    /// Throughput from the beginning of the run; calls that were unchanged do not count.
    pub(super) throughput: Vec<Stretch>,
    pub(super) slowest: Vec<Slow>,
    pub(super) held: BTreeMap<HoldReason, HeldCalls>,
    /// By the half that has not come.
    pub(super) orphans: BTreeMap<Role, OrphanCalls>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            stretch_ms: STRETCH_MS_MIN,
            throughput: Vec::new(),
            slowest: Vec::new(),
            held: BTreeMap::new(),
            orphans: BTreeMap::new(),
        }
    }
}

impl History {
    /// Counts one call in.
    pub fn add(&mut self, report: &Report, timing: &Timing) {
        if let Status::Held(reason) = report.status {
            let held = self.held.entry(reason).or_default();
            held.calls += 1;
            held.next_step = reason.next_step();
            name_first(&mut held.first, report);
        }
        if let Some(missing) = report.missing {
            let orphans = self.orphans.entry(missing).or_default();
            orphans.calls += 1;
            name_first(&mut orphans.first, report);
        }
        if report.status == Status::Unchanged {
            return;
        }
        let (audio_ms, bytes) = (report.hidden.audio_ms, timing.bytes);
        let stretch = self.stretch(timing.ended);
        stretch.calls += 1;
        stretch.audio_ms += audio_ms;
        stretch.bytes += bytes;
        let took_ms = ms(timing.ended.saturating_sub(timing.began));
        let at = self.slowest.partition_point(|slow| slow.took_ms >= took_ms);
        if at < SLOWEST {
            self.slowest.insert(at, Slow { took_ms, call: report.call.clone(), audio_ms, bytes });
            self.slowest.truncate(SLOWEST);
        }
    }

    /// Length of a stretch.
    pub(super) const fn stretch_ms(&self) -> u64 {
        self.stretch_ms
    }

    fn stretch(&mut self, at: Duration) -> &mut Stretch {
        let at_ms = ms(at);
        while at_ms / self.stretch_ms >= STRETCHES_MAX as u64 {
            self.stretch_ms *= 2;
            let sum = |pair: &[Stretch]| Stretch {
                calls: pair.iter().map(|s| s.calls).sum(),
                audio_ms: pair.iter().map(|s| s.audio_ms).sum(),
                bytes: pair.iter().map(|s| s.bytes).sum(),
            };
            self.throughput = self.throughput.chunks(2).map(sum).collect();
        }
        // Less than STRETCHES_MAX by now.
        let index = (at_ms / self.stretch_ms) as usize;
        self.throughput.resize(self.throughput.len().max(index + 1), Stretch::default());
        &mut self.throughput[index]
    }
}

fn name_first(first: &mut Vec<CallId>, report: &Report) {
    if first.len() < NAMED_MAX {
        first.push(report.call.clone());
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::jobs::Hidden;

    fn add(history: &mut History, n: u64, status: Status, began_ms: u64, ended_ms: u64) {
        let mut mac = [0; 32];
        mac[..8].copy_from_slice(&n.to_be_bytes());
        let (source, call) = (Phi::default(), CallId::from_mac(&mac));
        let hidden = Hidden { audio_ms: 1_000, ..Hidden::default() };
        let (began, ended) = (Duration::from_millis(began_ms), Duration::from_millis(ended_ms));
        history.add(
            &Report { source, call, status, missing: Some(Role::Recording), hidden, error: None },
            &Timing { began, ended, bytes: 10 },
        );
    }

    #[test]
    fn however_long_a_run_takes_its_history_stays_small_and_nothing_is_lost() {
        let mut history = History::default();
        for n in 0..50_000 {
            add(&mut history, n, Status::Redacted, n * 70, n * 70 + n % 97);
        }
        let sum: u64 = history.throughput.iter().map(|s| s.calls).sum();
        assert_eq!((sum, history.throughput.iter().map(|s| s.bytes).sum()), (50_000, 500_000_u64));
        assert!(history.throughput.len() <= STRETCHES_MAX && history.throughput.len() > STRETCHES_MAX / 4);
        assert_eq!(history.slowest.iter().map(|s| s.took_ms).collect::<Vec<_>>(), [96; SLOWEST]);
    }

    #[test]
    fn held_calls_are_counted_and_the_first_are_named() {
        let mut history = History::default();
        for n in 0..600 {
            add(&mut history, n, Status::Held(HoldReason::NoTranscript), 0, 1);
            add(&mut history, n, Status::Unchanged, 0, 1);
        }
        let held = &history.held[&HoldReason::NoTranscript];
        assert_eq!((held.calls, held.first.len()), (600, NAMED_MAX));
        let orphans = &history.orphans[&Role::Recording];
        assert_eq!((orphans.calls, orphans.first.len()), (1_200, NAMED_MAX));
        assert_eq!(history.throughput[0].calls, 600, "what was unchanged is no throughput");
    }
}
