//! `serve`: from what was typed to the QA page, until the process is told to stop.

mod log;
mod metrics;

use super::args::ServeArgs;
use super::audit::{address, open_log, records_to_write};
use super::scan::DIRECT;
use super::worker::start_log;
use super::{clock, patterns, runtime};
use crate::access::Word;
use crate::base::{Error, Result, Stage, Timestamp};
use crate::config::{ServeSettings, Settings};
use crate::jobs::{Wanted, find_in};
use crate::model::Policy;
use crate::serve::index::Index;
use crate::serve::oidc::Provider;
use crate::serve::{Finder, Front, Notice, Parts, Release, Rules, Ways, listen, read_identity};
use metrics::Metrics;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;

/// The least score of a finding for which a note is refused: that of `scan`.
const NOTE_SCORE_MIN: f32 = 0.5;

/// Serves until SIGTERM or SIGINT; a second signal ends the process at once.
pub(super) fn run(args: &ServeArgs, settings: &Settings) -> Result<u8> {
    let told = settings.serve()?;
    start_log(settings.worker()?.log);
    let failed = |e| Error::io(Stage::Configure, "signals cannot be caught", e);
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let front = match &told.tls {
        Some((certificates, key)) => Front::Tls(read_identity(certificates, key)?),
        None => told.proxies.clone().map_or(Front::Plain, Front::Proxy),
    };
    let metrics = Arc::new(Metrics::default());
    let address = told.listen;
    let parts = parts(args, settings, told, &metrics)?;
    let listening = listen(&runtime::handle()?, address, front, parts, Rules::default())?;
    log::listening(listening.address());
    signals.forever().next();
    log::stopping();
    let ends_at_once = move || {
        if signals.forever().next().is_some() {
            std::process::exit(1);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(ends_at_once).map_err(failed)?;
    listening.stop();
    Ok(0)
}

fn parts(args: &ServeArgs, settings: &Settings, told: ServeSettings, metrics: &Arc<Metrics>) -> Result<Parts> {
    let address = address(&args.dest)?;
    let log = open_log(&args.dest, settings)?;
    let stores = runtime::stores(std::iter::once(args.dest.as_path()), settings)?;
    let (counted, written) = (Arc::clone(metrics), Arc::clone(metrics));
    Ok(Parts {
        store: stores.source(&address)?,
        records: records_to_write(&args.dest, settings)?,
        index: Arc::new(Index::open(&settings.index_file(&args.dest)?)?),
        finder: finder(settings)?,
        release: Release { policies: release_policies(settings)?, eyes: told.eyes },
        ways: ways(told)?,
        told: settings.told()?,
        disposal: stores.disposal(&address)?,
        signing: settings.signing()?,
        log,
        audit_keys: settings.audit_keys()?,
        clock: || Timestamp::from_unix_s(clock::now()),
        elapsed: clock::elapsed,
        tell: Box::new(move |notice: &Notice<'_>| {
            counted.tell(notice);
            log::tell(notice);
        }),
        metrics: Box::new(move || written.text()),
    })
}

/// How users sign in.
fn ways(told: ServeSettings) -> Result<Ways> {
    let provider = told.oidc.map(|client| Provider::new(client, runtime::handle()?, clock::elapsed)).transpose()?;
    Ok(Ways { provider, password: told.password })
}

/// Policies that orders may name, by their names.
fn release_policies(settings: &Settings) -> Result<Vec<Word>> {
    let word = |policy: &Policy| {
        Word::parse(&policy.name).ok_or_else(|| Error::usage(format!("release-policies: {}: not a word", policy.name)))
    };
    settings.release_policies()?.iter().map(word).collect()
}

/// What finds in notes what the policy hides in transcripts.
fn finder(settings: &Settings) -> Result<Finder> {
    let policy = settings.policy()?;
    let patterns = patterns::tested(settings)?.under(&policy);
    let categories = DIRECT.into();
    Ok(Box::new(move |text| {
        let wanted =
            Wanted { patterns: &patterns, policy: &policy, categories: &categories, score_min: NOTE_SCORE_MIN };
        find_in(text, &wanted)
    }))
}
