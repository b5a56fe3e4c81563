//! `audit`: proves, searches and reports on the log of a destination. Opens it to be written for the other commands.

use super::args::{AuditCommand, FormArgs, LogArgs};
use super::output::{Output, note};
use super::{clock, runtime};
use crate::access::UserName;
use crate::access::audit::report::Report;
use crate::access::audit::{Action, Broken, Entry, Event, Head, Log, Outcome, Query, Rules, Via, walk};
use crate::access::exposure::{Copy, Exposure};
use crate::access::hearers::Hearers;
use crate::access::labels;
use crate::access::people::{self, Target};
use crate::access::table::Table;
use crate::base::{CallId, Error, Result, Timestamp, why};
use crate::config::Settings;
use crate::model::manifest::Manifest;
use crate::store::{Address, Records, Store};
use std::path::Path;
use std::sync::Arc;

/// Largest head that is read, bytes.
const HEAD_BYTES_MAX: u64 = 4_096;

pub(super) fn run(command: &AuditCommand, settings: &Settings, out: &mut Output) -> Result<u8> {
    let now = clock::now();
    match command {
        AuditCommand::Verify { log, since, json } => verify(log, since.as_deref(), *json, settings, out),
        AuditCommand::Search { log, query, json } => {
            let mut shown = Ok(());
            let mut show = |entry: &Entry| {
                if shown.is_ok() {
                    shown = if *json { out.json(entry) } else { out.line(for_a_person(entry)) };
                }
            };
            let verdict = each(log, settings, &query.query(now), &mut show)?;
            shown.map(|()| verdict)
        }
        AuditCommand::Exposure { log, query, discovered, form } => {
            let mut exposure = Exposure::default();
            let code = each(log, settings, &query.query(now), &mut |entry| exposure.add(entry))?;
            let address = address(&log.dest)?;
            let store = runtime::stores(std::iter::once(log.dest.as_path()), settings)?.source(&address)?;
            let discovered = discovered.map_or_else(|| clock::stated(settings.source_date_epoch()), |d| d.from(now));
            write(&exposure.table(discovered, &|call| copy(&*store, call))?, form, out)?;
            Ok(code)
        }
        AuditCommand::Who { log, call, form } => who(log, call, form, settings, out),
        AuditCommand::Report { kind, log, query, form } => {
            let mut report = Report::new(*kind);
            if query.is_for_all_users() {
                let people = people::load(&*records(&log.dest, settings)?)?;
                let at = Timestamp::from_unix_s(now);
                people.users().iter().for_each(|user| report.expect(user, &people, at));
            }
            let code = each(log, settings, &query.query(now), &mut |entry| report.add(entry))?;
            write(&report.table(clock::stated(settings.source_date_epoch())), form, out)?;
            Ok(code)
        }
    }
}

/// Who may hear a call, and who did.
fn who(log: &LogArgs, call: &CallId, form: &FormArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let (records, mut hearers) = (records(&log.dest, settings)?, Hearers::default());
    let store = runtime::stores(std::iter::once(log.dest.as_path()), settings)?.source(&address(&log.dest)?)?;
    let none =
        || Error::usage(format!("{call}: no such call")).hint("`audit exposure --call` tells of one that is gone");
    let manifest = Manifest::parse(&store.manifest(call)?.ok_or_else(none)?.bytes)?;
    let query = Query { call: Some(call.clone()), ..Query::default() };
    let code = each(log, settings, &query, &mut |entry| hearers.add(entry))?;
    let people = people::load(&*records)?;
    let teams = people.teams_of(&labels::of_call(&*records, call)?);
    let target = Target { call, ..Target::of(&manifest, &teams) };
    write(&hearers.table(&people, &target, clock::stated(settings.source_date_epoch())), form, out)?;
    Ok(code)
}

/// What there is of a call now.
fn copy(store: &dyn Store, call: &CallId) -> Result<Copy> {
    Ok(match store.manifest(call)? {
        Some(stored) => Manifest::parse(&stored.bytes).map_or(Copy::Unreadable, |m| Copy::There(Box::new(m))),
        None if store.has_tombstone(call)? => Copy::Deleted,
        None => Copy::Gone,
    })
}

fn verify(log: &LogArgs, since: Option<&Path>, json: bool, settings: &Settings, out: &mut Output) -> Result<u8> {
    let since = since.map(read_head).transpose()?;
    let (records, keys) = (records(&log.dest, settings)?, settings.audit_keys()?);
    let keys = (!keys.keys().is_empty()).then_some(keys);
    if keys.is_none() {
        note("no public keys: the chain is checked, and not who sealed it; name them with --public-keys");
    }
    let verdict = walk(&*records, keys.as_ref(), since.as_ref(), &mut |_| ())?;
    let code = u8::from(verdict.is_err());
    match (verdict, json) {
        (Ok(head), true) => out.json(&head)?,
        (Ok(head), false) => out.line(format_args!(
            "{} entries in {} segments, whole; head {}",
            head.entries,
            head.segments,
            head.hash.as_str()
        ))?,
        (Err(broken), true) => out.json(&serde_json::json!({ "broken": broken }))?,
        (Err(broken), false) => out.line(told(&broken))?,
    }
    Ok(code)
}

/// Hands on every entry that is asked for; the exit code.
fn each(log: &LogArgs, settings: &Settings, query: &Query, hears: &mut dyn FnMut(&Entry)) -> Result<u8> {
    let (records, keys) = (records(&log.dest, settings)?, settings.audit_keys()?);
    let keys = (!keys.keys().is_empty()).then_some(keys);
    let verdict = walk(&*records, keys.as_ref(), None, &mut |entry| {
        if query.matches(entry) {
            hears(entry);
        }
    })?;
    if let Err(broken) = &verdict {
        note(format_args!("{}; what follows is not shown", told(broken)));
    }
    Ok(u8::from(verdict.is_err()))
}

fn told(broken: &Broken) -> String {
    format!("broken at entry {} (segment {}, line {}): {}", broken.entry, broken.segment, broken.line, broken.what)
}

fn for_a_person(entry: &Entry) -> String {
    let event = &entry.event;
    let word = |name: &str, shown: Option<String>| shown.map_or_else(String::new, |shown| format!("  {name} {shown}"));
    format!(
        "{:>8}  {}  {} {}  {} {}{}{}{}{}{}",
        entry.seq,
        event.at,
        event.user,
        event.role.as_ref().map_or("-", |role| role.as_str()),
        event.what.word(),
        event.outcome.word(),
        word("call", event.call.as_ref().map(ToString::to_string)),
        word("about", event.about.as_ref().map(ToString::to_string)),
        word("for", event.purpose.as_ref().map(ToString::to_string)),
        word("from", event.from.map(|from| from.to_string())),
        word("why", event.why.as_ref().map(ToString::to_string)),
    )
}

fn read_head(path: &Path) -> Result<Head> {
    let failed = |e: std::io::Error| Error::usage(format!("--since {}: {}", path.display(), why(&e)));
    if std::fs::metadata(path).map_err(failed)?.len() > HEAD_BYTES_MAX {
        return Err(Error::usage(format!("--since {}: too large", path.display())));
    }
    Head::parse(&std::fs::read(path).map_err(failed)?)
}

/// The log of a destination, to be written. A bucket needs a configured key: all that write to it must be known.
pub(super) fn open_log(dest: &Path, settings: &Settings) -> Result<Log> {
    let address = address(dest)?;
    if address.bucket().is_some() && !settings.has_signing_key() {
        return Err(Error::usage("the audit log of a bucket needs a signing key, which those who verify know")
            .hint("make one with `sordino keys new FOLDER` and set SORDINO_SIGNING_KEY_FILE"));
    }
    let signer = settings.audit_signer(Timestamp::from_unix_s(clock::now()))?;
    Log::open(records_to_write(dest, settings)?, signer, Rules::default())
}

/// What a command at a terminal did.
pub(super) fn by_command(by: &UserName, what: Action, call: Option<&CallId>, about: Option<&UserName>) -> Event {
    Event {
        at: Timestamp::from_unix_s(clock::now()),
        user: by.clone(),
        role: None,
        via: Via::Command,
        token: None,
        from: None,
        what,
        call: call.cloned(),
        about: about.cloned(),
        purpose: None,
        outcome: Outcome::Allowed,
        why: None,
    }
}

/// The records at a destination, to be read.
pub(super) fn records(dest: &Path, settings: &Settings) -> Result<Arc<dyn Records>> {
    let address = address(dest)?;
    runtime::stores(std::iter::once(dest), settings)?.records(&address).map_err(|e| e.on("DEST", dest))
}

/// Records at a destination, to write too.
pub(super) fn records_to_write(dest: &Path, settings: &Settings) -> Result<Arc<dyn Records>> {
    let (address, properties) = (address(dest)?, settings.properties(&settings.policy()?));
    let stores = runtime::stores(std::iter::once(dest), settings)?;
    stores.records_to_write(&address, properties).map_err(|e| e.on("DEST", dest))
}

/// A destination that is there, as far as this machine can tell.
pub(super) fn address(dest: &Path) -> Result<Address> {
    let address = Address::parse(dest)?;
    if matches!(&address, Address::Folder(folder) if !folder.is_dir()) {
        return Err(Error::usage(format!("DEST {}: no such folder", dest.display())));
    }
    Ok(address)
}

/// Writes a report to where it was asked for.
pub(super) fn write(table: &Table, form: &FormArgs, out: &mut Output) -> Result<()> {
    let text = table.written(form.format);
    match &form.out {
        None => out.bytes(text.as_bytes()),
        Some(path) => std::fs::write(path, text)
            .map_err(|e| Error::usage(format!("--out {}: cannot be written: {}", path.display(), why(&e)))),
    }
}
