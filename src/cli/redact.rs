//! `redact`: from what was typed to a batch, its report lines and its closing summary.

use super::args::RedactArgs;
use super::choose::Chosen;
use super::output::{Output, complain, note};
use super::progress::Progress;
use super::report::{self, History, ReportFile};
use super::{clock, known, patterns, runtime, summary};
use crate::base::{CallId, Error, HoldReason, Result, Stage, Timestamp};
use crate::config::{self, Settings};
use crate::jobs::{self, Batch, KnownValues, Passed, Report, Run, Stale, Status, Summary, Target, Timing};
use crate::model::manifest::{Retention, Role, Tool};
use crate::store::{Address, Store, Stores};
use serde::Serialize;
use std::path::PathBuf;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Role>,
    spans: u64,
    muted_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<f32>,
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
            missing: report.missing,
            spans: report.hidden.spans.values().sum(),
            muted_ms: report.hidden.muted_ms,
            risk: report.hidden.risk,
        }
    }
}

/// Redacts every call below the SOURCEs.
pub(super) fn run(args: &RedactArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let (stop, clock, now) = (stop_on_signals()?, clock::stopwatch(), clock::now());
    let policy = settings.policy()?;
    let patterns = patterns::tested(settings)?.under(&policy);
    let dest = jobs::destination(&args.dest, &args.sources)?;
    if dest.bucket().is_some() {
        settings.require_call_key()?;
    }
    let (signing, told) = (settings.signing()?, settings.told()?);
    let originals = runtime::originals(settings, args.sources.iter())?;
    let report_files = ReportFile::open_all(&args.report)?;
    let paths = args.sources.iter().chain([&args.dest]).chain(&args.which.inventory);
    let stores = runtime::stores(paths.map(PathBuf::as_path), settings)?;
    let chosen = Chosen::new(&stores, args, settings, now)?;
    let known = known::of_run(args.known.as_deref(), chosen.calls(&Passed::default()).flatten(), &chosen.key)?;
    let created = Timestamp::from_unix_s(settings.source_date_epoch().unwrap_or(now));
    let store = if args.dry_run {
        what_is_there(&stores, &dest)?
    } else {
        let sample = Retention::of(&policy.retention, created);
        let sample = jobs::keeping(&sample, &policy.access.classification, created);
        let store =
            stores.destination(&dest, settings.properties(&policy), &sample).map_err(|e| e.on("DEST", &args.dest))?;
        store.survey()?;
        Some(store)
    };
    let ordered = runtime::ordered(&stores, &dest, settings)?;
    let run = Run {
        patterns: &patterns,
        policy_ref: config::policy_ref(&policy),
        policy: &policy,
        tool: Tool::this(),
        key: &chosen.key,
        limits: settings.limits(),
        told: &told,
        known: &known,
        ordered: &ordered,
        stale: if args.stale { Stale::Redo } else { Stale::Keep },
        signing: &signing,
        originals,
        orphans: chosen.orphans(),
        created,
        target: match &store {
            Some(store) if !args.dry_run => Target::Publish(&**store),
            store => Target::DryRun(store.as_deref()),
        },
    };
    let batch = Batch {
        jobs: settings.jobs(),
        bytes_in_flight: args.bytes_in_flight,
        calls_max: args.which.max_calls,
        stop: &stop,
        clock: &clock,
    };
    let mut history = History::default();
    let sum = work(&run, &chosen, &batch, args, &mut history, out)?;
    let took_ms = u64::try_from(clock().as_millis()).unwrap_or(u64::MAX);
    let report = report::Report::new(&run, batch.jobs.get(), took_ms, &sum, &history);
    report_files.into_iter().try_for_each(|file| file.write(&report))?;
    close(args, &sum, &known, &chosen, out)?;
    Ok(sum.exit_code())
}

/// Works on the calls and tells of each as it is done.
fn work(
    run: &Run,
    chosen: &Chosen,
    batch: &Batch,
    args: &RedactArgs,
    history: &mut History,
    out: &mut Output,
) -> Result<Summary> {
    let (progress, passed, is_over) = (Progress::start(args.quiet), Passed::default(), AtomicBool::new(false));
    let calls = chosen.calls(&passed).inspect(|call| match call {
        Ok(call) => run.known.meet(&call.id),
        // What a folder has that cannot be read is counted, not told one by one.
        Err(error) if error.hold_reason().is_none() => progress.aside(|| complain(error)),
        Err(_) => {}
    });
    let mut done = |report: &Report, timing: &Timing| {
        history.add(report, timing);
        if let (Status::Failed, Some(error)) = (report.status, &report.error) {
            progress.aside(|| complain(error));
        }
        if args.json {
            out.json(&Line::new(report))?;
        }
        if out.is_closed() {
            batch.stop.store(true, Ordering::Relaxed);
        }
        progress.call(report);
        Ok(())
    };
    let sum = std::thread::scope(|scope| {
        if progress.is_shown() {
            scope.spawn(|| progress.counted(chosen.count(&is_over)));
        }
        let sum = jobs::run_batch(run, calls, batch, &mut done);
        is_over.store(true, Ordering::Relaxed);
        sum
    });
    progress.finish();
    let (ignored_extensions, awaited) = (passed.ignored.into_kinds(), passed.awaited.into_inner());
    let ignored_files = ignored_extensions.values().sum();
    Ok(Summary { ignored_files, ignored_extensions, awaited, dry_run: args.dry_run, ..sum? })
}

/// Says what became of the run.
fn close(args: &RedactArgs, sum: &Summary, known: &KnownValues, chosen: &Chosen, out: &mut Output) -> Result<()> {
    if sum.unlisted > 0 {
        let why = summary::reasons(&sum.unlisted_reasons);
        note(format_args!("{} folders or entries below SOURCE cannot be read: {why}", sum.unlisted));
    }
    if sum.stopped.is_none() && known.unmet() > 0 {
        note(format_args!("--known names {} calls that are not below SOURCE", known.unmet()));
    }
    if let (None, (unmet @ 1.., keys)) = (sum.stopped, chosen.unmet_keys()) {
        note(format_args!("--keys: {unmet} of {keys} keys are of no call below SOURCE"));
    }
    if args.json {
        out.json(&summary::Closing { summary: sum })
    } else if !args.quiet {
        out.line(summary::for_a_person(sum, &args.dest))
    } else {
        Ok(())
    }
}

/// The destination of a dry run, to be read; nothing where there is none yet.
fn what_is_there(stores: &Stores, dest: &Address) -> Result<Option<Arc<dyn Store>>> {
    match dest {
        Address::Folder(folder) if !folder.is_dir() => Ok(None),
        there => stores.source(there).map(Some),
    }
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
