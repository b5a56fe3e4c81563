//! What drives everything that waits for the network: one runtime for the whole process, made when it is first needed.

use super::output::note;
use super::{clock, patterns};
use crate::access::orders;
use crate::base::{Error, Kind, Result, Stage};
use crate::config::{Settings, policy_ref};
use crate::jobs::{AddedSpans, Instead, Ordered, Originals};
use crate::model::Policy;
use crate::store::s3::Client;
use crate::store::{Address, Records, Stores};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Handle, Runtime};

/// Threads of the runtime. They only move bytes; whoever computes has threads of its own.
const THREADS: usize = 2;

/// The handle of this process's runtime.
///
/// # Errors
/// When its threads cannot be started.
pub(super) fn handle() -> Result<Handle> {
    // Never dropped: what is under way when the process ends is ended by that.
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let made = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let made = made.map_err(|error| Error::io(Stage::Configure, "threads cannot be started", error))?;
    Ok(runtime.insert(made).handle().clone())
}

/// Does both at once.
///
/// # Errors
/// The one of `one`, else the one of `other`.
pub(super) fn side_by_side<A: Send, B>(
    one: impl FnOnce() -> Result<A> + Send,
    other: impl FnOnce() -> Result<B>,
) -> Result<(A, B)> {
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join(), other)
    });
    let one = one.map_err(|_| Error::new(Stage::Configure, Kind::Internal, "the program broke while it started"))?;
    Ok((one?, other?))
}

/// Stores for these paths: connected to an object store where one of them is a bucket.
///
/// # Errors
/// A usage error when a path can be neither, or the SDK is not configured.
pub(super) fn stores<'a>(mut paths: impl Iterator<Item = &'a Path>, settings: &Settings) -> Result<Stores> {
    let has_bucket = paths.try_fold(false, |has, path| Address::parse(path).map(|a| has | a.bucket().is_some()))?;
    let client = has_bucket.then(|| Client::connect(handle()?, settings.access())).transpose()?;
    Ok(Stores::new(client))
}

/// What becomes of the sources of calls that are published.
///
/// # Errors
/// A usage error when they are to be tagged and lie in a folder.
pub(super) fn originals<'a>(settings: &Settings, mut sources: impl Iterator<Item = &'a PathBuf>) -> Result<Originals> {
    let is_folder = |path: &&PathBuf| Address::parse(path).is_ok_and(|address| address.bucket().is_none());
    match (settings.originals(), sources.find(is_folder)) {
        (Originals::Tag, Some(folder)) => {
            Err(Error::usage(format!("--tag-sources: {} is no bucket", folder.display()))
                .hint("leave it away: files have no tags"))
        }
        (originals, _) => Ok(originals),
    }
}

/// What people have ordered at the destination: spans, and other policies where some are named for that. Call it once the
/// destination is there.
///
/// # Errors
/// When orders cannot be read, or a policy is wrong.
pub(super) fn ordered(stores: &Stores, dest: &Address, settings: &Settings) -> Result<Ordered> {
    if matches!(dest, Address::Folder(folder) if !folder.is_dir()) {
        return Ok(Ordered::default());
    }
    let records = stores.records(dest)?;
    let released = released(&*records, settings)?;
    Ok(released.with_spans(AddedSpans::list(records, clock::elapsed)?))
}

/// Calls that are redacted under another policy. Nothing is read where no policy is named for orders.
fn released(records: &dyn Records, settings: &Settings) -> Result<Ordered> {
    let policies = settings.release_policies()?;
    if policies.is_empty() {
        return Ok(Ordered::default());
    }
    let orders = orders::approved(records)?;
    let instead = |policy: Policy| -> Result<Instead> {
        let patterns = patterns::tested(settings)?.under(&policy);
        Ok(Instead { policy_ref: policy_ref(&policy), policy, patterns })
    };
    // A set of patterns is not small: none is made that no call asks for.
    let is_asked = |policy: &Policy| orders.iter().any(|order| order.policy.as_str() == policy.name);
    let policies = policies.into_iter().filter(is_asked).map(instead).collect::<Result<_>>()?;
    let (ordered, passed_over) = Ordered::of(&orders, policies);
    if passed_over > 0 {
        note(format_args!("{passed_over} orders on held calls name a policy that release-policies does not"));
    }
    Ok(ordered)
}
