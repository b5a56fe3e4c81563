//! `redact`: from what was typed to a batch, its report lines and its closing summary.

use super::args::RedactArgs;
use super::output::{Output, complain, note};
use super::progress::Progress;
use super::{clock, known, patterns, summary};
use crate::base::{CallId, Error, HoldReason, Result, Stage, Timestamp};
use crate::config::{self, Settings};
use crate::jobs::{self, Report, Run, Status, Target};
use crate::model::manifest::Tool;
use crate::store::{LocalStore, Store};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One call as the contract has it.
#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    call: &'a CallId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<HoldReason>,
    spans: u64,
    muted_ms: u64,
}

impl<'a> Line<'a> {
    fn new(report: &'a Report) -> Self {
        Self {
            source: report.source.expose(),
            call: &report.call,
            status: report.status.word(),
            reason: match report.status {
                Status::Held(reason) => Some(reason),
                _ => None,
            },
            spans: report.hidden.spans.values().sum(),
            muted_ms: report.hidden.muted_ms,
        }
    }
}

/// Redacts every call below the SOURCEs.
pub(super) fn run(args: &RedactArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let stop = stop_on_signals()?;
    let policy = settings.policy()?;
    let patterns = patterns::tested(settings)?.under(&policy);
    let dest = jobs::destination(&args.dest, &args.sources)?;
    let listing = jobs::list(&args.sources, settings.root())?;
    let (key, made) = settings.call_key()?;
    if let Some(path) = made {
        note(format_args!("made a key for call ids: {}; keep it, other keys give other ids", path.display()));
    }
    let calls = jobs::pair(listing.files, &settings.templates()?, &key)?;
    let known = known::of_run(args.known.as_deref(), &calls, &key)?;
    let store = open_destination(&dest, args.dry_run)?;
    let run = Run {
        patterns: &patterns,
        policy_ref: config::policy_ref(&policy),
        policy: &policy,
        tool: Tool::this(),
        key: &key,
        limits: settings.limits(),
        known: &known,
        created: Timestamp::from_unix_s(settings.source_date_epoch().unwrap_or_else(clock::now)),
        target: match &store {
            Some(store) if !args.dry_run => Target::Publish(store),
            store => Target::DryRun(store.as_ref().map(|s| s as &dyn Store)),
        },
    };

    let progress = Progress::start(calls.len() as u64, args.quiet);
    let mut done = |report: &Report| {
        if let (Status::Failed, Some(error)) = (report.status, &report.error) {
            progress.aside(|| complain(error));
        }
        if args.json {
            out.json(&Line::new(report))?;
        }
        if out.is_closed() {
            stop.store(true, Ordering::Relaxed);
        }
        progress.call(report);
        Ok(())
    };
    let mut sum = jobs::run_batch(&run, &calls, settings.jobs(), &stop, &mut done)?;
    progress.finish();
    sum.ignored_files = listing.ignored;
    sum.failed += listing.unreadable;
    sum.dry_run = args.dry_run;
    if listing.unreadable > 0 {
        note(format_args!("{} folders or entries below SOURCE cannot be read", listing.unreadable));
    }
    if args.json {
        out.json(&summary::Closing { summary: &sum })?;
    } else if !args.quiet {
        out.line(summary::for_a_person(&sum, &args.dest))?;
    }
    Ok(sum.exit_code())
}

/// The destination; in a dry run only what is there already, and that to be read.
fn open_destination(dest: &Path, dry_run: bool) -> Result<Option<LocalStore>> {
    if !dry_run {
        return LocalStore::destination(dest).map(Some);
    }
    if dest.is_dir() { LocalStore::source(dest).map(Some) } else { Ok(None) }
}

/// A flag that the first SIGINT or SIGTERM sets; a second one ends the program at once.
fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // In this order: the first signal finds the flag unset and only then sets it.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::io(Stage::Configure, "signals cannot be caught", e))?;
    }
    Ok(stop)
}
