//! `worker`: from what was typed to a queue and a worker on it, until the process is told to stop.

mod health;
mod log;
mod metrics;
mod traces;

pub(super) use log::start as start_log;
pub(super) use log::tell as log_notice;

use super::args::WorkerArgs;
use super::{clock, events, runtime};
use crate::base::{Error, Result, Stage};
use crate::config::{Settings, WorkerSettings};
use crate::jobs::{self, EventSources, Ordered, Stop, WorkerTimes};
use crate::queue::{Queue, Sqs, SqsTimes, Watch, WatchTimes};
use crate::store::s3::Client;
use crate::store::{LocalStore, Store, Stores};
use health::Health;
use metrics::Metrics;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use traces::Traces;

/// How long one receive waits for the first message: the longest that SQS allows, which costs least.
const RECEIVE_WAIT: Duration = Duration::from_secs(20);
/// Between two listings of a watched folder.
const RESCAN: Duration = Duration::from_secs(1);

/// Works on events until SIGTERM or SIGINT; a second signal ends the process at once.
pub(super) fn run(args: &WorkerArgs, settings: &Settings) -> Result<u8> {
    let told = settings.worker()?;
    start_log(told.log);
    let stop = Arc::new(Stop::default());
    stop_on_signals(Arc::clone(&stop))?;
    let (patterns, opened) = events::beside_patterns(settings, || open(&args.dest, settings, &told))?;
    let Opened { queue, sources, target, ordered } = opened;
    let (metrics, health) = (Arc::new(Metrics::default()), Arc::new(Health::default()));
    if let Some(address) = told.listen {
        let listening = health::serve(&runtime::handle()?, address, Arc::clone(&health), Arc::clone(&metrics))?;
        log::listening(listening);
    }
    let traces = told.otlp.as_deref().map(Traces::start).transpose()?;
    let tell = Box::new(move |notice: &jobs::Notice<'_>| {
        metrics.tell(notice);
        health.tell(notice);
        traces.iter().for_each(|traces| traces.tell(notice));
        log_notice(notice);
    });
    let worker = Arc::new(events::worker(settings, patterns, sources, target, ordered, tell)?);
    log::started(settings.jobs());
    let times = WorkerTimes { lease: told.lease, stop_after: told.stop_after };
    let ended = jobs::work(worker, queue, times, stop)?;
    log::ended(ended);
    Ok(0)
}

/// What a worker works with.
struct Opened {
    queue: Arc<dyn Queue>,
    sources: EventSources,
    target: Arc<dyn Store>,
    ordered: Ordered,
}

fn open(typed: &Path, settings: &Settings, told: &WorkerSettings) -> Result<Opened> {
    match (&told.queue, &told.watch) {
        (Some(url), None) => {
            let dest = jobs::destination(typed, &[])?;
            let runtime = runtime::handle()?;
            let open_queue = || {
                let times = SqsTimes { lease: told.lease, wait: RECEIVE_WAIT, now: clock::since_1970 };
                Sqs::connect(&runtime, url, told.dead_letter.as_deref(), times)
            };
            let open_stores = || {
                let stores = Stores::new(Some(Client::connect(runtime.clone(), settings.access())?));
                let target = events::target(settings, &stores, &dest).map_err(|e| e.on("DEST", typed))?;
                let ordered = runtime::ordered(&stores, &dest, settings)?;
                Ok((target, ordered, events::buckets(settings, stores, &dest)?))
            };
            let (queue, (target, ordered, sources)) = runtime::side_by_side(open_queue, open_stores)?;
            Ok(Opened { queue, sources, target, ordered })
        }
        (None, Some(folder)) => {
            let dest = jobs::destination(typed, std::slice::from_ref(folder))?;
            let stores = runtime::stores([folder.as_path(), typed].into_iter(), settings)?;
            let target = events::target(settings, &stores, &dest).map_err(|e| e.on("DEST", typed))?;
            let (queue, sources) = watch(folder, settings, told)?;
            let ordered = runtime::ordered(&stores, &dest, settings)?;
            Ok(Opened { queue: Arc::new(queue), sources, target, ordered })
        }
        _ => Err(Error::usage("a worker needs a queue or a folder to watch, and not both")
            .hint("add --queue URL or --watch FOLDER")),
    }
}

fn watch(folder: &Path, settings: &Settings, told: &WorkerSettings) -> Result<(Watch, EventSources)> {
    let resolved =
        |path: &Path| path.canonicalize().map_err(|_| Error::usage(format!("{}: no such folder", path.display())));
    let folder = resolved(folder)?;
    let root = settings.root().map(resolved).transpose()?;
    let store: Arc<dyn Store> = Arc::new(LocalStore::source(&folder)?);
    let times = WatchTimes { settle: told.settle, lease: told.lease, rescan: RESCAN, clock: clock::elapsed };
    let queue = Watch::new(Arc::clone(&store), times, told.dead_letter.as_ref().map(Into::into));
    Ok((queue, EventSources::folder(store, &folder, root.as_deref())?))
}

fn stop_on_signals(stop: Arc<Stop>) -> Result<()> {
    let failed = |e| Error::io(Stage::Configure, "signals cannot be caught", e);
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let wait = move || {
        for _ in signals.forever() {
            if stop.is_set() {
                std::process::exit(1);
            }
            stop.set();
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).map(drop).map_err(failed)
}
