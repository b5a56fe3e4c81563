//! One call from its sources to its place at the destination: published, unchanged, held or failed.
//! Whatever happens in it happens to this call alone.

use super::fetch::{self, SizeLimits};
use super::known::{Given, KnownValues};
use super::ordered::{Instead, Ordered};
use super::report::{Hidden, Report, Status};
use super::slots::{OffSlot, Slots};
use super::{Call, CallKey, Orphans, Parts, SourceFile};
use crate::access::retention::holds_copy;
use crate::access::sign::{Demand, Signing};
use crate::base::{CallId, Error, HoldReason, KeyedRef, Kind, Result, Stage, Timestamp};
use crate::model::manifest::{Basis, By, Held, HeldSource, Manifest, PolicyRef, Retention, Role, Tool};
use crate::model::{Policy, by_hand};
use crate::patterns::PatternSet;
use crate::redact::{Birth, CallSource, Origin, Sourced, redact_call};
use crate::store::{Commit, Expected, Keeping, Sink, Staged, Stat, Store};
use crate::transcript::Told;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Pauses before a call that the outside failed on is tried again.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// What all calls of a run have in common.
pub struct Run<'a> {
    /// What is looked for.
    pub patterns: &'a PatternSet,
    /// What is hidden, held and promised.
    pub policy: &'a Policy,
    /// The policy as manifests name it.
    pub policy_ref: PolicyRef,
    /// This program.
    pub tool: Tool,
    /// The key behind references to sources.
    pub key: &'a CallKey,
    /// Largest sources.
    pub limits: SizeLimits,
    /// The time that manifests state.
    pub created: Timestamp,
    /// What is said of how transcripts are read.
    pub told: &'a Told,
    /// What is known of the people of its calls.
    pub known: &'a KnownValues,
    /// Calls that are redacted under another policy.
    pub ordered: &'a Ordered,
    /// What becomes of calls that another pattern set has redacted.
    pub stale: Stale,
    /// Who signs manifests, and whether one must be signed.
    pub signing: &'a Signing,
    /// What becomes of the sources of calls that are published.
    pub originals: Originals,
    /// Which calls lack a half that is to be told of.
    pub orphans: Option<&'a Orphans>,
    /// Where calls go.
    pub target: Target<'a>,
}

/// What becomes of calls that another version of the program has redacted, with the patterns it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// They are counted and left as they are.
    Keep,
    /// They are redacted again.
    Redo,
}

/// What becomes of the sources of a call that is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originals {
    /// Nothing.
    Leave,
    /// They are tagged as processed, where they are objects of a bucket.
    Tag,
}

/// Where redacted calls go.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// To this store.
    Publish(&'a dyn Store),
    /// Nowhere; the store, where there is one, only tells what is done already.
    DryRun(Option<&'a dyn Store>),
}

impl Target<'_> {
    const fn is_dry(&self) -> bool {
        matches!(self, Self::DryRun(_))
    }

    const fn store(&self) -> Option<&dyn Store> {
        match self {
            Self::Publish(store) => Some(*store),
            Self::DryRun(store) => *store,
        }
    }
}

/// Does one call, on a slot as long as it computes. It never panics; what it could not do is in the report.
#[must_use]
pub fn run_call(run: &Run, call: &Call, slots: &Slots) -> Report {
    match run.ordered.instead(&call.id) {
        Some(Instead { policy, policy_ref, patterns }) => {
            let (policy_ref, tool) = (policy_ref.clone(), run.tool.clone());
            run_one(&Run { patterns, policy, policy_ref, tool, ..*run }, call, slots)
        }
        None => run_one(run, call, slots),
    }
}

fn run_one(run: &Run, call: &Call, slots: &Slots) -> Report {
    let missing = run.orphans.and_then(|orphans| orphans.missing(call));
    let report =
        |status, hidden, error| Report { source: call.shown(), call: call.id.clone(), status, missing, hidden, error };
    match guarded(|| patient(run, call, slots)) {
        Ok((status, hidden)) => match tag_sources(run, call) {
            Ok(()) => report(status, hidden, None),
            // It is published; a rerun finds it so and tags it.
            Err(error) => report(Status::Failed, Hidden::default(), Some(error.for_call(call.id.clone()))),
        },
        Err(error) => {
            let error = error.for_call(call.id.clone());
            match guarded(|| hold(run, call, &error)) {
                Ok(status) => report(status, Hidden::default(), Some(error)),
                Err(worse) => report(Status::Failed, Hidden::default(), Some(worse.for_call(call.id.clone()))),
            }
        }
    }
}

/// Tags the sources of a published call, where that is asked for.
fn tag_sources(run: &Run, call: &Call) -> Result<()> {
    if (run.originals, run.target.is_dry()) != (Originals::Tag, false) {
        return Ok(());
    }
    let mut files = call.files().into_iter().chain(&call.known);
    files.try_for_each(|file| file.store.tag_processed(&file.key, &file.stat))
}

/// Turns a panic and a broken invariant into a reason to hold the call. The message of a panic is
/// dropped, because it may quote a value.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that the work may have left half-changed is used again: sources are only read, and
    // what was staged is thrown away.
    let result = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::new(Stage::Verify, Kind::Internal, "the program broke on this call")));
    result.map_err(|mut error| {
        if error.kind == Kind::Internal {
            error.kind = Kind::Held(HoldReason::VerifyFailed);
        }
        error
    })
}

/// Tries again what may pass: failures of the outside, and another run that was first.
fn patient(run: &Run, call: &Call, slots: &Slots) -> Result<(Status, Hidden)> {
    for pause in RETRY_AFTER {
        match attempt(run, call, slots) {
            Err(error) if matches!(error.kind, Kind::Io | Kind::Conflict) => std::thread::sleep(pause),
            done => return done,
        }
    }
    attempt(run, call, slots)
}

fn attempt(run: &Run, call: &Call, slots: &Slots) -> Result<(Status, Hidden)> {
    let (transcripts, recordings) = match &call.parts {
        Parts::Whole { transcripts, recordings } => (transcripts, recordings),
        Parts::Held { reason, .. } => return Err(unpaired(*reason)),
    };
    let known = Given::read(run.known, run.ordered, call, run.key)?;
    let there = There::read(run, &call.id)?;
    if let Some(before) = there.trusted()
        && is_done(run, call, &known, before)?
    {
        remove_held(run, &call.id)?;
        let is_stale = is_stale(run, before);
        return Ok((Status::Unchanged, Hidden { is_stale, ..Hidden::of(before) }));
    }
    if let Some(store) = run.target.store() {
        // Of one that is being deleted the manifest may still be there.
        if store.has_tombstone(&call.id)? {
            return Ok((Status::Unchanged, Hidden::default()));
        }
        check_not_held(run, store, &call.id, &there)?;
    }
    if let Some(before) = there.trusted() {
        may_replace(run, call, before)?;
    }
    let manifest = redact(run, call, (transcripts, recordings), &known, &there, slots)?;
    remove_held(run, &call.id)?;
    Ok((Status::Redacted, Hidden::of(&manifest)))
}

/// What is at the destination already.
struct There {
    /// What a commit must find.
    expected: Expected,
    /// The manifest, where it can be read. One that cannot commits nothing; the call is done again in its place.
    manifest: Option<Manifest>,
    /// Whether the manifest is signed, where one must be.
    is_trusted: bool,
}

impl There {
    fn read(run: &Run, id: &CallId) -> Result<Self> {
        let Some(stored) = run.target.store().map(|store| store.manifest(id)).transpose()?.flatten() else {
            return Ok(Self { expected: Expected::Absent, manifest: None, is_trusted: false });
        };
        let manifest = Manifest::parse(&stored.bytes).ok();
        let is_signed = |m: &Manifest| run.signing.check(&stored.bytes, m.created).is_ok();
        let is_trusted = run.signing.demand == Demand::Optional || manifest.as_ref().is_some_and(is_signed);
        Ok(Self { expected: Expected::Version(stored.version), manifest, is_trusted })
    }

    fn trusted(&self) -> Option<&Manifest> {
        self.manifest.as_ref().filter(|_| self.is_trusted)
    }
}

/// Whether a call may be put in the place of the copy that is there.
///
/// # Errors
/// Holds it where the copy has a recording that has gone from the source, and where the copy is another call's.
fn may_replace(run: &Run, call: &Call, before: &Manifest) -> Result<()> {
    let files = call.files();
    let had = before.sources.iter().filter(|source| source.role == Role::Recording).count();
    if files.iter().filter(|file| file.role == Role::Recording).count() < had {
        let message = "a recording has gone from the source, and its redacted copy stays as it is";
        return Err(Error::held(Stage::Pair, HoldReason::MissingPiece, message));
    }
    if is_same_place(run, call, before) {
        return Ok(());
    }
    // The folder may have moved; then something of the call is what it was.
    for file in files {
        let reference = reference(run, &call.id, file);
        let recorded = before.sources.iter().find(|source| source.reference == reference);
        if let Some(recorded) = recorded
            && fetch::digest(file, bytes_max(run, file))? == recorded.sha256
        {
            return Ok(());
        }
    }
    let message = "the destination has a call of this name from another SOURCE";
    Err(Error::held(Stage::Pair, HoldReason::NameTaken, message))
}

/// Holds a call whose copy is under legal hold and would be replaced.
fn check_not_held(run: &Run, store: &dyn Store, id: &CallId, there: &There) -> Result<()> {
    // One that nobody can vouch for holds as well.
    let kept = there.manifest.as_ref().map(|manifest| &manifest.retention);
    let is_there = there.expected != Expected::Absent;
    if !is_there || !holds_copy(store.hold_record(id)?.as_ref(), id, kept, run.signing) {
        return Ok(());
    }
    let message = "the copy at the destination is under legal hold and would be replaced";
    Err(Error::held(Stage::Publish, HoldReason::LegalHold, message))
}

fn unpaired(reason: HoldReason) -> Error {
    let message = match reason {
        HoldReason::NoTranscript => "the recording has no transcript",
        HoldReason::MissingPiece => "a part or a channel of the call is missing",
        _ => "more than one file could be the call's transcript, recording or known values",
    };
    Error::held(Stage::Pair, reason, message)
}

/// Whether the manifest was made from these sources, by this policy and this pattern set. The patterns of another
/// version of the program count as this one's where stale calls are kept.
///
/// A source whose version is the one of the manifest is taken as unchanged without reading it. One
/// with another version (it was copied, or touched), or from another place, is read, and its digest decides.
fn is_done(run: &Run, call: &Call, known: &Given, manifest: &Manifest) -> Result<bool> {
    let files = call.files();
    let references: Vec<KeyedRef> = files.iter().map(|f| reference(run, &call.id, f)).collect();
    let recorded = |reference: &KeyedRef| manifest.sources.iter().find(|s| s.reference == *reference);
    let sources = files.iter().zip(&references).map(|(file, reference)| {
        let version = recorded(reference).and_then(|s| s.version.as_deref());
        (file.role, reference, version, file.stat.bytes)
    });
    let (read_as, by_hand) = (run.told.record(), by_hand::digest(&known.spans));
    let is_kept = run.stale == Stale::Keep && is_stale(run, manifest);
    let basis = Basis {
        sources: sources.collect(),
        known: known.reference.as_ref(),
        read_as: read_as.as_ref(),
        by_hand: by_hand.as_ref(),
        patterns: if is_kept { &manifest.patterns } else { run.patterns.digest() },
        policy: &run.policy_ref,
    };
    if !manifest.is_made_from(&basis) {
        return Ok(false);
    }
    let is_same_place = is_same_place(run, call, manifest);
    for (file, reference) in files.iter().zip(&references) {
        let Some(recorded) = recorded(reference) else { return Ok(false) };
        let is_same_version = is_same_place && recorded.version.as_deref() == Some(file.stat.version.as_str());
        if !is_same_version && fetch::digest(file, bytes_max(run, file))? != recorded.sha256 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether another version of the program made the manifest, with other patterns. Another version alone changes
/// nothing; other patterns of this version are what somebody has changed.
fn is_stale(run: &Run, manifest: &Manifest) -> bool {
    manifest.tool != run.tool && manifest.patterns != *run.patterns.digest()
}

fn redact(
    run: &Run,
    call: &Call,
    (transcripts, recordings): (&[SourceFile], &[SourceFile]),
    known: &Given,
    there: &There,
    slots: &Slots,
) -> Result<Manifest> {
    let id = &call.id;
    let read = |file: &SourceFile| fetch::read_whole(file, run.limits.transcript_bytes_max);
    let (bytes, transcript_stats): (Vec<_>, Vec<_>) = try_unzip(transcripts.iter().map(read))?;
    let open = |file: &SourceFile| fetch::open(file, run.limits.recording_bytes_max);
    let (objects, recording_stats): (Vec<_>, Vec<_>) = try_unzip(recordings.iter().map(open))?;
    let mut staged = match run.target {
        Target::Publish(store) => Some(store.begin(id)?),
        Target::DryRun(_) => None,
    };
    let sinks = recordings.iter().map(|file| sink(staged.as_deref_mut(), &artifact_name(file)));
    let sinks = sinks.collect::<Result<Vec<_>>>()?;
    let slot = slots.take();
    let objects = objects.into_iter().map(|object| OffSlot::new(object, &slot));
    let source = CallSource {
        call: id.clone(),
        transcripts: transcripts.iter().zip(bytes).map(sourced).collect(),
        told: run.told.clone(),
        recordings: recordings.iter().zip(objects).map(sourced).collect(),
        known: known.values.clone(),
        by_hand: known.spans.clone(),
    };
    let artifacts = redact_call(run.patterns, run.policy, source, sinks)?;
    drop(slot);
    let read = transcripts.iter().zip(&transcript_stats).chain(recordings.iter().zip(&recording_stats));
    fetch::still(&known.opened().into_iter().chain(read).collect::<Vec<_>>())?;
    let origins = |files: &[SourceFile], stats: &[Stat]| -> Vec<Origin> {
        files.iter().zip(stats).map(|(file, stat)| origin(run, id, file, stat)).collect()
    };
    let birth = Birth {
        created: run.created,
        by: by(run),
        policy: run.policy,
        root: root(run, call),
        known: known.reference.clone(),
        read_as: run.told.record(),
        by_hand: by_hand::digest(&known.spans),
        transcripts: origins(transcripts, &transcript_stats),
        recordings: origins(recordings, &recording_stats),
    };
    let manifest = Manifest { retention: retention(run, there.trusted()), ..artifacts.manifest(&birth) };
    if let Some(mut staged) = staged {
        for (origin, masked) in birth.transcripts.iter().zip(artifacts.transcripts()) {
            staged.transcript(&origin.name, masked)?;
        }
        // All that is left is to wait for the disk, for which nothing large is kept.
        drop(artifacts);
        publish(run, staged, &manifest, there)?;
    }
    Ok(manifest)
}

/// A file's content, as the piece that the file is.
fn sourced<T>((file, source): (&SourceFile, T)) -> Sourced<T> {
    Sourced { piece: file.piece, source }
}

/// The halves of pairs, unless one of them failed.
fn try_unzip<A, B>(pairs: impl Iterator<Item = Result<(A, B)>>) -> Result<(Vec<A>, Vec<B>)> {
    Ok(pairs.collect::<Result<Vec<_>>>()?.into_iter().unzip())
}

/// How long a call is kept that is made now, in the place of this one.
fn retention(run: &Run, before: Option<&Manifest>) -> Retention {
    let policy = &run.policy.retention;
    match before {
        Some(before) => Retention::replacing(&before.retention, policy, run.created),
        None => Retention::of(policy, run.created),
    }
}

/// What a store is told of the keeping of a call that is made then.
#[must_use]
pub fn keeping(retention: &Retention, classification: &str, created: Timestamp) -> Keeping {
    Keeping {
        classification: classification.to_owned(),
        class: retention.class.clone(),
        retain_until: Some(retention.retain_until).filter(|until| *until > created),
        delete_after: retention.delete_after,
        legal_hold: retention.legal_hold,
    }
}

/// Publishes what is staged in the place of what is there.
fn publish(run: &Run, staged: Box<dyn Staged>, manifest: &Manifest, there: &There) -> Result<()> {
    let names = |m: &Manifest| m.artifacts.iter().map(|a| a.name().to_owned()).collect();
    staged.commit(&Commit {
        expected: &there.expected,
        replaced: there.manifest.as_ref().map_or_else(Vec::new, names),
        digests: manifest.artifacts.iter().map(|a| (a.name().to_owned(), a.sha256().clone())).collect(),
        keeping: &keeping(&manifest.retention, &manifest.access.classification, manifest.created),
        manifest: &|named| run.signing.seal(manifest.with_names(named)),
    })
}

/// Where the muted recording is written; in a dry run a file without a name.
fn sink(staged: Option<&mut (dyn Staged + 'static)>, name: &str) -> Result<Box<dyn Sink>> {
    match staged {
        Some(staged) => staged.recording(name),
        None => tempfile::tempfile()
            .map(|file| Box::new(file) as Box<dyn Sink>)
            .map_err(|e| Error::io(Stage::Mute, "a temporary file cannot be made", e)),
    }
}

/// Writes down why a call is held; any other error is handed back.
fn hold(run: &Run, call: &Call, error: &Error) -> Result<Status> {
    let Some(reason) = error.hold_reason() else { return Ok(Status::Failed) };
    let Target::Publish(store) = run.target else { return Ok(Status::Held(reason)) };
    let sources = call.files().into_iter().map(|file| HeldSource {
        role: file.role,
        reference: reference(run, &call.id, file),
        version: Some(file.stat.version.clone()),
    });
    let record = Held::of(error, call.id.clone(), sources.collect(), by(run), run.created);
    let record = record.ok_or_else(|| Error::new(Stage::Publish, Kind::Io, "the call has no record to hold it by"))?;
    let before = store.held(&call.id)?.and_then(|bytes| serde_json::from_slice::<Held>(&bytes).ok());
    // The time alone is no news: a second run on the same input changes nothing.
    if before.is_none_or(|before| (Held { at: record.at, ..before }) != record) {
        store.put_held(&call.id, &record.to_bytes())?;
    }
    Ok(Status::Held(reason))
}

fn remove_held(run: &Run, id: &CallId) -> Result<()> {
    match run.target {
        Target::Publish(store) => store.remove_held(id),
        Target::DryRun(_) => Ok(()),
    }
}

fn by<'a>(run: &'a Run) -> By<'a> {
    By { tool: &run.tool, patterns: run.patterns.digest(), policy: &run.policy_ref }
}

fn origin(run: &Run, id: &CallId, file: &SourceFile, stat: &Stat) -> Origin {
    Origin { reference: reference(run, id, file), version: Some(stat.version.clone()), name: artifact_name(file) }
}

/// Whether the call is named below the place that the manifest's call was named below, as far as that is known.
fn is_same_place(run: &Run, call: &Call, manifest: &Manifest) -> bool {
    manifest.root.is_none() || manifest.root == root(run, call)
}

/// The place below which a call is named.
fn root(run: &Run, call: &Call) -> Option<KeyedRef> {
    call.files().first().map(|file| run.key.root(&call.id, &file.root()))
}

fn reference(run: &Run, id: &CallId, file: &SourceFile) -> KeyedRef {
    run.key.reference(id, &file.file_name())
}

/// The name of a file's redacted copy.
pub(super) fn artifact_name(file: &SourceFile) -> String {
    format!("{}{}.{}", file.role.word(), file.piece.suffix(), file.extension())
}

const fn bytes_max(run: &Run, file: &SourceFile) -> u64 {
    match file.role {
        Role::Transcript => run.limits.transcript_bytes_max,
        Role::Recording | Role::Known => run.limits.recording_bytes_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_holds_the_call_and_its_message_is_dropped() {
        let error = guarded::<()>(|| panic!("Ana Brooks")).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::VerifyFailed));
        assert!(!format!("{error} {error:?}").contains("Brooks"));
    }

    #[test]
    fn a_broken_invariant_holds_the_call_and_says_which() {
        let broken = || Error::new(Stage::Plan, Kind::Internal, "edits overlap");
        let error = guarded::<()>(|| Err(broken())).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::VerifyFailed));
        assert!(error.to_string().contains("edits overlap"));
    }
}
