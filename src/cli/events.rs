//! What `worker` and `lambda` have in common: from settings to a worker.

use super::{clock, patterns, runtime};
use crate::base::{Error, Result};
use crate::config::{self, Settings};
use crate::jobs::{self, Buckets, EventSources, Notice, OpenBucket, Ordered, Setup, Worker};
use crate::model::manifest::Retention;
use crate::patterns::PatternSet;
use crate::store::{Address, BucketAddress, Store, Stores};
use std::path::Path;
use std::sync::Arc;

/// Hears what a worker tells.
pub(super) type Tell = Box<dyn Fn(&Notice<'_>) + Send + Sync>;

/// The compiled patterns, and what `open` opens meanwhile, which mostly waits for the network.
///
/// # Errors
/// When a pattern file is wrong, or as `open` says.
pub(super) fn beside_patterns<T>(settings: &Settings, open: impl FnOnce() -> Result<T>) -> Result<(PatternSet, T)> {
    runtime::side_by_side(|| patterns::tested(settings), open)
}

/// A worker on these sources that writes to this destination.
///
/// # Errors
/// A usage error when a setting is wrong, or the destination cannot do what is asked of it.
pub(super) fn worker(
    settings: &Settings,
    patterns: PatternSet,
    sources: EventSources,
    target: Arc<dyn Store>,
    ordered: Ordered,
    tell: Tell,
) -> Result<Worker> {
    let told = settings.worker()?;
    let (policy, epoch) = (settings.policy()?, settings.source_date_epoch());
    Ok(Worker::new(Setup {
        patterns: patterns.under(&policy),
        policy_ref: config::policy_ref(&policy),
        policy,
        key: settings.call_key()?.0,
        limits: settings.limits(),
        told: settings.told()?,
        sources,
        target,
        templates: settings.templates()?,
        expects_recording: told.expects_recording,
        alone_after: told.alone_after,
        ordered,
        originals: runtime::originals(settings, told.watch.iter())?,
        deliveries_max: told.deliveries_max,
        signing: settings.signing()?,
        jobs: settings.jobs(),
        bytes_in_flight: told.bytes_in_flight,
        now: Box::new(move || clock::stated(epoch)),
        clock: clock::elapsed,
        tell,
    }))
}

/// The destination, to write to.
pub(super) fn target(settings: &Settings, stores: &Stores, dest: &Address) -> Result<Arc<dyn Store>> {
    if dest.bucket().is_some() {
        settings.require_call_key()?;
    }
    let policy = settings.policy()?;
    let created = clock::stated(settings.source_date_epoch());
    let retention = Retention::of(&policy.retention, created);
    let sample = jobs::keeping(&retention, &policy.access.classification, created);
    stores.destination(dest, settings.properties(&policy), &sample)
}

/// Sources in the buckets that events name, but for those of the destination.
pub(super) fn buckets(settings: &Settings, stores: Stores, dest: &Address) -> Result<EventSources> {
    let root = match settings.root().map(Address::parse).transpose()? {
        None => None,
        Some(Address::Bucket(root)) => Some(root),
        Some(Address::Folder(_)) => {
            let shown = settings.root().unwrap_or(Path::new("")).display();
            return Err(Error::usage(format!("--root {shown}: not a bucket, and events are about buckets")));
        }
    };
    let open: OpenBucket = Box::new(move |bucket| {
        stores.source(&Address::Bucket(BucketAddress { bucket: bucket.to_owned(), prefix: Default::default() }))
    });
    Ok(EventSources::Buckets(Buckets::new(open, root, dest.bucket().cloned())))
}
