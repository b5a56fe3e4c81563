//! What a run ends with: numbers and codes for a program or a person. No names, no text.

use crate::jobs::{Stopped, Summary};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The last line of `--json`.
#[derive(serde::Serialize)]
pub(super) struct Closing<'a> {
    /// The numbers.
    pub summary: &'a Summary,
}

/// The summary as a person reads it, without a newline at its end.
pub(super) fn for_a_person(sum: &Summary, dest: &Path) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_all(&mut text, sum, dest);
    text.truncate(text.trim_end().len());
    text
}

fn write_all(out: &mut String, sum: &Summary, dest: &Path) -> std::fmt::Result {
    let done = if sum.dry_run { "could be redacted (dry run, nothing was written)" } else { "redacted" };
    writeln!(
        out,
        "{}: {} {done}, {} unchanged, {} held",
        count(sum.calls, "call"),
        sum.redacted,
        sum.unchanged,
        sum.held
    )?;
    if sum.audio_ms > 0 {
        writeln!(
            out,
            "audio: {:.1} minutes, {:.1} seconds of them muted",
            minutes(sum.audio_ms),
            seconds(sum.muted_ms)
        )?;
    }
    if !sum.spans.is_empty() {
        let total: u64 = sum.spans.values().sum();
        let each: Vec<_> = sum.spans.iter().map(|(category, n)| format!("{category} {n}")).collect();
        writeln!(out, "hidden: {} ({})", count(total, "span"), each.join(", "))?;
    }
    if sum.redacted + sum.unchanged > 0 {
        writeln!(out, "expected to have a word left that must be hidden: {:.1} calls", sum.risk)?;
    }
    for (reason, n) in &sum.held_reasons {
        writeln!(out, "held: {n} {reason}: {}", reason.next_step())?;
    }
    if sum.held > 0 && !sum.dry_run {
        writeln!(out, "records of held calls: {}; --json tells their sources", dest.join(".held").display())?;
    }
    for (missing, n) in &sum.orphans {
        let half = missing.word();
        writeln!(out, "orphans: {}, the {half} has not come; --json tells which", count(*n, "call"))?;
    }
    if sum.awaited > 0 {
        writeln!(out, "passed over: {}, the other half may still come", count(sum.awaited, "call"))?;
    }
    if sum.failed > 0 {
        writeln!(out, "failed: {}; run again when the cause above is gone", sum.failed)?;
    }
    match sum.stopped {
        Some(Stopped::Told) => writeln!(out, "stopped before all calls were begun; run again to go on")?,
        Some(Stopped::CallsMax) => writeln!(out, "stopped at --max-calls; run again to go on")?,
        None => {}
    }
    if sum.stale > 0 {
        writeln!(
            out,
            "made by the patterns of another version: {}; --stale redacts them again",
            count(sum.stale, "call")
        )?;
    }
    if sum.ignored_files > 0 {
        let kinds: Vec<String> = sum.ignored_extensions.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
        let (files, kinds) = (count(sum.ignored_files, "file"), kinds.join(", "));
        writeln!(out, "ignored: {files}, neither transcript nor recording by their extension ({kinds})")?;
    }
    if !sum.dry_run && sum.redacted + sum.unchanged > 0 {
        writeln!(
            out,
            "redacted copies: {} (voices stay recognisable; this is not de-identified data)",
            dest.display()
        )?;
    }
    Ok(())
}

/// Reasons and how often each was met: `a link leads to a folder or outside (2), …`.
pub(super) fn reasons(reasons: &BTreeMap<String, u64>) -> String {
    let each: Vec<_> = reasons.iter().map(|(reason, n)| format!("{reason} ({n})")).collect();
    each.join(", ")
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn minutes(ms: u64) -> f64 {
    seconds(ms) / 60.0
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::HoldReason;
    use crate::model::Category;
    use crate::model::manifest::Role;

    #[test]
    fn a_person_reads_counts_reasons_and_next_steps() {
        let sum = Summary {
            calls: 4,
            redacted: 2,
            unchanged: 1,
            held: 1,
            spans: [(Category::Name, 3), (Category::Dob, 1)].into(),
            audio_ms: 90_000,
            muted_ms: 4_500,
            risk: 0.4,
            held_reasons: [(HoldReason::NoTranscript, 1)].into(),
            orphans: [(Role::Transcript, 1)].into(),
            awaited: 2,
            ignored_files: 1,
            ignored_extensions: [("csv".into(), 1)].into(),
            ..Summary::default()
        };
        let want = "\
4 calls: 2 redacted, 1 unchanged, 1 held
audio: 1.5 minutes, 4.5 seconds of them muted
hidden: 4 spans (DOB 1, NAME 3)
expected to have a word left that must be hidden: 0.4 calls
held: 1 no-transcript: put the call's transcript beside its recording and run again
records of held calls: out/.held; --json tells their sources
orphans: 1 call, the transcript has not come; --json tells which
passed over: 2 calls, the other half may still come
ignored: 1 file, neither transcript nor recording by their extension (csv 1)
redacted copies: out (voices stay recognisable; this is not de-identified data)";
        assert_eq!(for_a_person(&sum, Path::new("out")), want);
    }

    #[test]
    fn an_empty_run_says_so_in_one_line() {
        assert_eq!(for_a_person(&Summary::default(), Path::new("out")), "0 calls: 0 redacted, 0 unchanged, 0 held");
    }
}
