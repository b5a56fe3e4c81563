//! `retention`: what is due at a destination, deletion, legal holds, and rules for a bucket.

use super::args::{HoldArgs, KeptArgs, RetentionCommand};
use super::audit::{address, by_command, open_log, write};
use super::output::Output;
use super::{clock, runtime};
use crate::access::Word;
use crate::access::audit::{Action, Log};
use crate::access::retention::{Act, Census, HoldChange, HoldState, Keeper, Lifecycle, Standing, lifecycle, sweep};
use crate::access::sign::Signing;
use crate::base::{CallId, Error, Result, Timestamp};
use crate::config::{Settings, load_policy};
use crate::store::{Disposal, Records, Store};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One call of a sweep.
#[derive(Serialize)]
struct Line<'a> {
    call: &'a CallId,
    standing: Standing,
}

#[derive(Serialize)]
struct Closing {
    summary: BTreeMap<Standing, u64>,
    certificates: Vec<String>,
}

pub(super) fn run(command: &RetentionCommand, settings: &Settings, out: &mut Output) -> Result<u8> {
    let now = clock::stated(settings.source_date_epoch());
    match command {
        RetentionCommand::Report { dest, form } => {
            let opened = Opened::to_read(dest, settings)?;
            let (mut census, keeper) = (Census::default(), opened.keeper());
            for call in opened.store.committed()? {
                census.add(&keeper.look(&call, now)?);
            }
            write(&census.table(now), form, out)?;
            Ok(0)
        }
        RetentionCommand::Sweep { dest, delete: false, json } => {
            let opened = Opened::to_read(dest, settings)?;
            run_sweep(&opened, now, &Act::Look, *json, out)
        }
        RetentionCommand::Sweep { dest, delete: true, json } => {
            let (opened, log) = Opened::to_write(dest, settings)?;
            let write_down =
                |call: &CallId| log.append(by_command(&dest.by, Action::Delete, Some(call), None)).map(drop);
            run_sweep(&opened, now, &Act::Delete { by: dest.by.clone(), log: &write_down }, *json, out)
        }
        RetentionCommand::Hold(args) => hold(args, HoldState::Held, now, settings, out),
        RetentionCommand::Release(args) => hold(args, HoldState::Released, now, settings, out),
        RetentionCommand::Lifecycle { policy, prefix, grace_days } => {
            let named = policy.iter().map(|name| load_policy(name)).collect::<Result<Vec<_>>>()?;
            let policies = if named.is_empty() { vec![settings.policy()?] } else { named };
            let policies: Vec<_> = policies.into_iter().map(|policy| policy.retention).collect();
            if !prefix.is_empty() && !prefix.ends_with('/') {
                return Err(Error::usage(format!("--prefix {prefix}: does not end with /")));
            }
            let rules = lifecycle(&Lifecycle { policies: &policies, prefix, grace_days: *grace_days })?;
            out.line(format_args!("{rules:#}"))?;
            Ok(0)
        }
    }
}

fn run_sweep(opened: &Opened, now: Timestamp, act: &Act<'_>, json: bool, out: &mut Output) -> Result<u8> {
    let mut summary: BTreeMap<Standing, u64> = BTreeMap::new();
    let certificates = sweep(&opened.keeper(), now, act, &mut |call, standing| {
        *summary.entry(standing).or_default() += 1;
        // What is just kept is a number; a person asks for what happens.
        match standing {
            _ if json => out.json(&Line { call, standing }),
            Standing::Kept | Standing::Free => Ok(()),
            _ => out.line(format_args!("{call}  {}", standing.word())),
        }
    })?;
    let failed = summary.contains_key(&Standing::Failed);
    let certificates: Vec<String> = certificates.into_iter().map(|c| format!(".retention/{}", c.name)).collect();
    if json {
        out.json(&Closing { summary, certificates })?;
    } else {
        let counts: Vec<_> = summary.iter().map(|(standing, n)| format!("{n} {}", standing.word())).collect();
        out.line(if counts.is_empty() { "no calls".to_owned() } else { counts.join(", ") })?;
        certificates.iter().try_for_each(|name| out.line(format_args!("certificate {name}")))?;
        if matches!(act, Act::Look) && summary.contains_key(&Standing::Due) {
            out.line("nothing was deleted; --delete does it")?;
        }
    }
    Ok(u8::from(failed))
}

fn hold(args: &HoldArgs, state: HoldState, now: Timestamp, settings: &Settings, out: &mut Output) -> Result<u8> {
    let (opened, log) = Opened::to_write(&args.dest, settings)?;
    let what = if state == HoldState::Held { Action::Hold } else { Action::Release };
    let change = HoldChange { state, matter: args.matter.clone(), by: args.dest.by.clone(), at: now };
    for call in &args.calls {
        opened.keeper().check_hold(call, &change)?;
        log.append(by_command(&args.dest.by, what, Some(call), None))?;
        let left = opened.keeper().set_hold(call, &change)?;
        let left: Vec<_> = left.iter().map(Word::as_str).collect();
        if left.is_empty() {
            out.line(format_args!("{call}  released"))?;
        } else {
            out.line(format_args!("{call}  held by {}", left.join(", ")))?;
        }
    }
    Ok(0)
}

/// A destination and what is needed of it.
struct Opened {
    store: Arc<dyn Store>,
    records: Arc<dyn Records>,
    disposal: Arc<dyn Disposal>,
    signing: Signing,
}

/// What a command may do to a destination.
#[derive(Clone, Copy)]
enum Reach {
    Read,
    Write,
}

impl Opened {
    fn to_read(args: &KeptArgs, settings: &Settings) -> Result<Self> {
        Self::open(args, settings, settings.signing_to_check()?, Reach::Read)
    }

    /// With the log that everything which is done is written down in first.
    fn to_write(args: &KeptArgs, settings: &Settings) -> Result<(Self, Log)> {
        let log = open_log(&args.dest, settings)?;
        Ok((Self::open(args, settings, settings.signing()?, Reach::Write)?, log))
    }

    fn open(args: &KeptArgs, settings: &Settings, signing: Signing, reach: Reach) -> Result<Self> {
        let address = address(&args.dest)?;
        let stores = runtime::stores(std::iter::once(args.dest.as_path()), settings)?;
        let records = match reach {
            Reach::Read => stores.records(&address)?,
            Reach::Write => stores.records_to_write(&address, settings.properties(&settings.policy()?))?,
        };
        Ok(Self { store: stores.source(&address)?, records, disposal: stores.disposal(&address)?, signing })
    }

    fn keeper(&self) -> Keeper<'_> {
        Keeper { store: &*self.store, records: &*self.records, disposal: &*self.disposal, signing: &self.signing }
    }
}
