//! What became of calls, in numbers and codes. Nothing here may hold text of a call.

use crate::base::{CallId, Error, HoldReason, Phi};
use crate::model::Category;
use crate::model::manifest::{Artifact, Manifest, Role};
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Redacted and published now (in a dry run: could have been published).
    Redacted,
    /// Published before, from the same sources by the same policy, patterns and program.
    Unchanged,
    /// Held, with a record beside the published calls.
    Held(HoldReason),
    /// The outside failed; a rerun may succeed.
    Failed,
}

impl Status {
    /// The word in reports: `redacted`, `unchanged`, `held` or `failed`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Redacted => "redacted",
            Self::Unchanged => "unchanged",
            Self::Held(_) => "held",
            Self::Failed => "failed",
        }
    }
}

/// What was hidden in a published call, and what is left to say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hidden {
    /// Masked stretches by category.
    pub spans: BTreeMap<Category, u64>,
    /// Muted time, milliseconds.
    pub muted_ms: u64,
    /// Length of the recordings together, milliseconds; 0 for a call without one.
    pub audio_ms: u64,
    /// The chance that something is left in sight, 0 to 1; nothing where nothing is published.
    pub risk: Option<f32>,
    /// Whether another version of the program made it, with the patterns it had.
    pub is_stale: bool,
}

impl Hidden {
    /// What a manifest says was hidden.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let sound = manifest.artifacts.iter().filter_map(|a| match a {
            Artifact::Recording { muted_ms, duration_ms, .. } => Some((*muted_ms, *duration_ms)),
            Artifact::Transcript { .. } => None,
        });
        let (muted_ms, audio_ms) = sound.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        let spans = manifest.hidden.categories.clone();
        Self { spans, muted_ms, audio_ms, risk: Some(manifest.risk), is_stale: false }
    }
}

/// The report on one call.
pub struct Report {
    /// Path below SOURCE; for the contract's `source` field alone.
    pub source: Phi<String>,
    /// Its pseudonym.
    pub call: CallId,
    /// What became of it.
    pub status: Status,
    /// The half that it lacks, where orphans are told of.
    pub missing: Option<Role>,
    /// What was hidden; empty for a call that was held or failed.
    pub hidden: Hidden,
    /// Why it was held or failed.
    pub error: Option<Error>,
}

/// Why a run ended before all calls were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// It was told to stop.
    Told,
    /// As many calls were redacted as were asked for.
    CallsMax,
}

/// The sum over a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Calls reported.
    pub calls: u64,
    /// Calls redacted in this run.
    pub redacted: u64,
    /// Calls that an earlier run had done.
    pub unchanged: u64,
    /// Those of them that another version of the program did, with the patterns it had.
    pub stale: u64,
    /// Calls held.
    pub held: u64,
    /// Calls (or entries below SOURCE) that the outside failed on.
    pub failed: u64,
    /// Those that are entries below SOURCE which could not be listed.
    pub unlisted: u64,
    /// Why, and how many of them; said to a person alone.
    #[serde(skip)]
    pub unlisted_reasons: BTreeMap<String, u64>,
    /// Why not all calls were begun.
    pub stopped: Option<Stopped>,
    /// Masked stretches by category, over redacted and unchanged calls.
    pub spans: BTreeMap<Category, u64>,
    /// Length of their recordings, milliseconds.
    pub audio_ms: u64,
    /// Muted time, milliseconds.
    pub muted_ms: u64,
    /// Sum of the residual risks of redacted and unchanged calls: how many of them are expected to have a word left
    /// in sight that must be hidden.
    pub risk: f64,
    /// Held calls by reason.
    pub held_reasons: BTreeMap<HoldReason, u64>,
    /// Calls that lack a half which has not come within the bound of `--orphans`, by the half: redacted or held.
    pub orphans: BTreeMap<Role, u64>,
    /// Calls that lack a half which may still come, and were passed over.
    pub awaited: u64,
    /// Files below SOURCE that are neither transcript nor recording.
    pub ignored_files: u64,
    /// Those by extension; "other" are those with none or an odd one.
    pub ignored_extensions: BTreeMap<String, u64>,
    /// Whether nothing was published because it was not asked for.
    pub dry_run: bool,
}

impl Summary {
    /// Counts one call in.
    pub fn add(&mut self, report: &Report) {
        self.calls += 1;
        match report.status {
            Status::Redacted => self.redacted += 1,
            Status::Unchanged => self.unchanged += 1,
            Status::Held(reason) => {
                self.held += 1;
                *self.held_reasons.entry(reason).or_default() += 1;
            }
            Status::Failed => self.failed += 1,
        }
        if let Some(missing) = report.missing {
            *self.orphans.entry(missing).or_default() += 1;
        }
        for (category, n) in &report.hidden.spans {
            *self.spans.entry(*category).or_default() += n;
        }
        self.audio_ms += report.hidden.audio_ms;
        self.muted_ms += report.hidden.muted_ms;
        self.risk += f64::from(report.hidden.risk.unwrap_or_default());
        self.stale += u64::from(report.hidden.is_stale);
    }

    /// Counts in what could not be listed, by the reason.
    pub fn add_unlisted(&mut self, reasons: BTreeMap<String, u64>) {
        let unlisted: u64 = reasons.values().sum();
        self.failed += unlisted;
        self.unlisted += unlisted;
        self.unlisted_reasons = reasons;
    }

    /// The exit code of the run: 1 something failed or it was told to stop, 3 a call is held, 0 all done.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        if self.failed > 0 || matches!(self.stopped, Some(Stopped::Told)) {
            1
        } else if self.held > 0 {
            3
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(statuses: &[Status]) -> Summary {
        let mut summary = Summary::default();
        for &status in statuses {
            summary.add(&Report {
                source: Phi::new("a".into()),
                call: CallId::from_mac(&[0; 32]),
                status,
                missing: Some(Role::Transcript),
                hidden: Hidden { spans: [(Category::Name, 2)].into(), muted_ms: 5, audio_ms: 9, ..Hidden::default() },
                error: None,
            });
        }
        summary
    }

    #[test]
    fn a_failure_outweighs_a_hold_and_a_hold_outweighs_success() {
        let held = Status::Held(HoldReason::NoTranscript);
        assert_eq!(summary(&[Status::Redacted, Status::Unchanged]).exit_code(), 0);
        assert_eq!(summary(&[Status::Redacted, held]).exit_code(), 3);
        assert_eq!(summary(&[Status::Failed, held]).exit_code(), 1);
    }

    #[test]
    fn counts_add_up() {
        let sum = summary(&[Status::Redacted, Status::Held(HoldReason::NoTranscript)]);
        assert_eq!(sum.spans[&Category::Name], 4);
        assert_eq!((sum.muted_ms, sum.audio_ms, sum.redacted, sum.held), (10, 18, 1, 1));
        assert_eq!(sum.orphans[&Role::Transcript], 2);
        assert_eq!(sum.held_reasons[&HoldReason::NoTranscript], 1);
    }
}
