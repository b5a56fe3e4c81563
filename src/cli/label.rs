//! `label`: tells a destination which team and agent its calls are of, from a table that the telephone system exports.

use super::args::LabelArgs;
use super::audit::{address, records_to_write};
use super::output::{Output, note};
use super::{clock, runtime};
use crate::access::labels;
use crate::base::{CallId, Error, Phi, Result, Timestamp, why};
use crate::config::Settings;
use crate::jobs::labels_of;
use crate::store::Address;
use std::collections::BTreeSet;
use std::path::Path;

/// Largest table, bytes.
const BYTES_MAX: u64 = 256 << 20;

pub(super) fn run(args: &LabelArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    if let Address::Bucket(_) = address(&args.dest)? {
        settings.require_call_key()?;
    }
    let (key, _) = settings.call_key()?;
    let labels = labels_of(&text(&args.file)?, &key)?;
    let records = records_to_write(&args.dest, settings)?;
    labels::write(&*records, &labels, Timestamp::from_unix_s(clock::now()))?;
    let calls: BTreeSet<&CallId> = labels.iter().map(|label| &label.call).collect();
    let there = redacted(&args.dest, settings)?;
    let absent = calls.iter().filter(|call| there.binary_search(call).is_err()).count();
    out.line(format_args!("{} calls labelled", calls.len() - absent))?;
    if absent > 0 {
        note(format_args!(
            "{absent} of {} calls in the table are not redacted at {}; their labels count once they are",
            calls.len(),
            args.dest.display()
        ));
    }
    Ok(0)
}

/// The redacted calls of a destination, sorted.
fn redacted(dest: &Path, settings: &Settings) -> Result<Vec<CallId>> {
    runtime::stores(std::iter::once(dest), settings)?.source(&address(dest)?)?.committed()
}

fn text(path: &Path) -> Result<Phi<String>> {
    let wrong = |what: &dyn std::fmt::Display| Error::usage(format!("FILE {}: {what}", path.display()));
    if std::fs::metadata(path).map_err(|e| wrong(&why(&e)))?.len() > BYTES_MAX {
        return Err(wrong(&"too large").hint("split it: what is told later is added"));
    }
    std::fs::read_to_string(path).map(Phi::new).map_err(|e| wrong(&why(&e)))
}
