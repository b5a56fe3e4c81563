//! `verify`: proves what lies at a destination, a line for each thing that is wrong.

use super::args::VerifyArgs;
use super::output::{Output, note};
use super::{patterns, runtime};
use crate::base::{CallId, Error, Result, Stage};
use crate::config::{BUILTIN_POLICIES, Settings, load_policy};
use crate::jobs::{self, Call, Check, Passed, Proof, Recogniser, Sources, Verdict};
use crate::model::Policy;
use crate::patterns::PatternSet;
use crate::store::{Address, Store, Stores};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One folder of the destination.
#[derive(Serialize)]
struct Line<'a> {
    call: Option<&'a CallId>,
    status: &'static str,
    failed: Vec<Check>,
    current: bool,
    compared: bool,
    signed: bool,
    /// Whether it has a signature that there is no key for.
    unchecked: bool,
}

/// The sum over all of them.
#[derive(Default, Serialize)]
struct Sum {
    calls: usize,
    verified: usize,
    failed: usize,
    /// Redacted by another pattern set than this program's; redacting again brings them up to date.
    other_patterns: usize,
    /// Recordings compared with their sources.
    compared: usize,
    /// Manifests whose signature holds.
    signed: usize,
    /// Manifests with a signature that was not checked: there is no key.
    unchecked: usize,
    /// Runs that are under way or were killed; the next `redact` clears what is left of them.
    staging: usize,
}

#[derive(Serialize)]
struct Closing<'a> {
    summary: &'a Sum,
}

/// Proves every call at DEST.
pub(super) fn run(args: &VerifyArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let dest = Address::parse(&args.dest)?;
    if matches!(&dest, Address::Folder(folder) if !folder.is_dir()) {
        return Err(Error::usage(format!("DEST {}: no such folder", args.dest.display())));
    }
    let stores = runtime::stores(args.source.iter().chain([&args.dest]).map(PathBuf::as_path), settings)?;
    let store = stores.source(&dest).map_err(|e| e.on("DEST", &args.dest))?;
    let sources = sources(&stores, args, settings)?;
    let policies = policies(settings)?;
    let (signing, told) = (settings.signing_to_check()?, settings.told()?);
    let recogniser = recogniser(args)?;
    let proof = Proof {
        policies: &policies,
        signing: &signing,
        told: &told,
        recogniser: recogniser.as_ref(),
        sources: &sources,
    };
    let verdicts = verdicts(&*store, &proof, settings)?;
    let mut sum = Sum { staging: staging(&args.dest), calls: verdicts.len(), ..Sum::default() };
    for verdict in &verdicts {
        sum.add(verdict);
        show(verdict, args.json, out)?;
    }
    warn(&sum, &args.dest);
    if args.json {
        out.json(&Closing { summary: &sum })?;
    } else {
        out.line(for_a_person(&sum))?;
    }
    Ok(exit_code(&verdicts))
}

/// Says what a person may take for proof and is none.
fn warn(sum: &Sum, dest: &Path) {
    if sum.calls == 0 {
        note(format_args!("there is no redacted call at {}, so nothing is proven", dest.display()));
    }
    if sum.unchecked > 0 {
        note(format_args!(
            "no public keys: {} signatures are not checked, and whoever changed a call may have changed its manifest; \
             name them with --public-keys",
            sum.unchecked
        ));
    }
}

/// 0 all is proven; 1 something is wrong; 3 nothing is, but that a recogniser hears what should be gone.
fn exit_code(verdicts: &[Verdict]) -> u8 {
    let failed = || verdicts.iter().flat_map(|verdict| &verdict.failed);
    if failed().any(|(check, _)| *check != Check::Heard) {
        1
    } else if failed().next().is_some() {
        3
    } else {
        0
    }
}

/// What listens, where it was asked for.
fn recogniser(args: &VerifyArgs) -> Result<Option<Recogniser>> {
    let time_max = Duration::from_secs(args.listen_seconds.into());
    let recogniser = |command: &String| {
        Recogniser::new(command, time_max).ok_or_else(|| Error::usage("--listen: no command".to_owned()))
    };
    args.listen.as_ref().map(recogniser).transpose()
}

fn verdicts(store: &dyn Store, proof: &Proof, settings: &Settings) -> Result<Vec<Verdict>> {
    let folders = jobs::folders(store)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.jobs().get()).build();
    let pool = pool.map_err(|e| Error::io(Stage::Verify, "threads cannot be started", std::io::Error::other(e)))?;
    Ok(pool.install(|| folders.par_iter().map(|folder| jobs::verify(store, folder, proof)).collect()))
}

/// Calls of the sources by id, where sources are to be compared.
fn sources(stores: &Stores, args: &VerifyArgs, settings: &Settings) -> Result<BTreeMap<CallId, Call>> {
    if args.source.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (key, _) = settings.call_key()?;
    let (sources, templates) = (Sources::open(stores, &args.source, settings.root())?, settings.templates()?);
    sources.check_names(&templates, &key)?;
    let passed = Passed::default();
    let calls = sources.calls(&templates, &key, &passed).filter_map(Result::ok);
    Ok(calls.map(|call| (call.id.clone(), call)).collect())
}

/// The policy of the configuration and all built-in ones, each with its patterns.
fn policies(settings: &Settings) -> Result<Vec<(Policy, PatternSet)>> {
    let builtin = BUILTIN_POLICIES.iter().map(|(name, _)| load_policy(name));
    let with_patterns = |policy: Result<Policy>| {
        let policy = policy?;
        let patterns = patterns::tested(settings)?.under(&policy);
        Ok((policy, patterns))
    };
    std::iter::once(settings.policy()).chain(builtin).map(with_patterns).collect()
}

/// Folders of runs in the staging area of a destination.
fn staging(dest: &Path) -> usize {
    let entries = std::fs::read_dir(dest.join(".staging")).into_iter().flatten().flatten();
    entries.filter(|e| e.path().is_dir()).count()
}

impl Sum {
    fn add(&mut self, verdict: &Verdict) {
        self.verified += usize::from(verdict.failed.is_empty());
        self.failed += usize::from(!verdict.failed.is_empty());
        self.other_patterns += usize::from(!verdict.is_current);
        self.compared += usize::from(verdict.is_compared);
        self.signed += usize::from(verdict.is_signed);
        self.unchecked += usize::from(verdict.is_unchecked);
    }
}

fn show(verdict: &Verdict, json: bool, out: &mut Output) -> Result<()> {
    if json {
        return out.json(&Line {
            call: verdict.call.as_ref(),
            status: if verdict.failed.is_empty() { "verified" } else { "failed" },
            failed: verdict.failed.iter().map(|(check, _)| *check).collect(),
            current: verdict.is_current,
            compared: verdict.is_compared,
            signed: verdict.is_signed,
            unchecked: verdict.is_unchecked,
        });
    }
    // Not the name of a folder that is no call: somebody else has chosen it.
    let call = verdict.call.as_ref().map_or("(another folder or file)", CallId::as_str);
    verdict.failed.iter().try_for_each(|(check, what)| out.line(format_args!("{call}: {}: {what}", check.word())))
}

fn for_a_person(sum: &Sum) -> String {
    let plural = if sum.calls == 1 { "" } else { "s" };
    let mut text = format!("{} call{plural}: {} verified, {} failed", sum.calls, sum.verified, sum.failed);
    if sum.signed > 0 {
        text.push_str(&format!("; {} signatures hold", sum.signed));
    }
    if sum.unchecked > 0 {
        text.push_str(&format!("; {} signatures not checked", sum.unchecked));
    }
    if sum.compared > 0 {
        text.push_str(&format!("; {} recordings compared with their sources", sum.compared));
    }
    if sum.other_patterns > 0 {
        text.push_str(&format!(
            "\n{} made by another pattern set; redact again to bring them up to date",
            sum.other_patterns
        ));
    }
    if sum.staging > 0 {
        text.push_str(&format!("\n{} runs under way or killed; the next redact clears what is left", sum.staging));
    }
    text
}
