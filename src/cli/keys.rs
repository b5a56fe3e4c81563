//! `keys`: makes, shows and rotates the keys that sign records.

use super::args::KeysCommand;
use super::clock;
use super::output::Output;
use crate::access::sign::{KeyFolder, KnownKey, read_public_pem};
use crate::base::{Error, Result};
use crate::config::Settings;
use std::path::Path;

pub(super) fn run(command: &KeysCommand, settings: &Settings, out: &mut Output) -> Result<u8> {
    let now = clock::stated(settings.source_date_epoch());
    match command {
        KeysCommand::New { folder } => {
            let folder = KeyFolder::at(folder);
            let id = folder.make(now)?;
            out.line(format_args!("made key {id}: sign with {}", folder.private_file().display()))?;
            out.line(format_args!("verify with {}", folder.public_file().display()))?;
        }
        KeysCommand::Rotate { folder, overlap } => {
            let id = KeyFolder::at(folder).rotate(now, now.plus_days(overlap.overlap_days))?;
            out.line(format_args!("made key {id}; processes take it up when they start"))?;
        }
        KeysCommand::Trust { folder, public, overlap } => {
            let public = read_public_pem(public)?;
            let id = KeyFolder::at(folder).trust(public, now, now.plus_days(overlap.overlap_days))?;
            out.line(format_args!("key {id} is the newest"))?;
        }
        KeysCommand::Show { folder, pem, json } => show(folder, *pem, *json, out)?,
    }
    Ok(0)
}

fn show(folder: &Path, pem: bool, json: bool, out: &mut Output) -> Result<()> {
    let keys = KeyFolder::at(folder).public()?;
    let newest = keys.newest().ok_or_else(|| {
        Error::usage(format!("key folder {}: no key in use", folder.display())).hint("make one with `sordino keys new`")
    })?;
    if pem {
        return out.bytes(newest.public.pem().as_bytes());
    }
    let line = |key: &KnownKey| {
        let until = key.until.map_or_else(|| "in use".to_owned(), |until| format!("until {until}"));
        format!("{}  from {}  {until}", key.id, key.from)
    };
    keys.keys().iter().try_for_each(|key| if json { out.json(key) } else { out.line(line(key)) })
}
