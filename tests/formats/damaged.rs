//! Every container and codec with the same damage done to it: `fixtures/damaged/cases.toml` says what becomes of each.

use sordino::audio::{Claim, open, redact, verify_kept, verify_redacted, verify_silent};
use sordino::base::{Kind, TimeSpan};
use sordino::model::{Channels, Mute, MuteStyle};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

const CASES: &str = include_str!("../../fixtures/damaged/cases.toml");

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    damage: BTreeMap<String, Damage>,
    file: BTreeMap<String, File>,
}

/// What is done to a file.
#[derive(Clone, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Damage {
    /// So many bytes are left.
    Keep(usize),
    /// So many bytes in a hundred are left.
    KeepPercent(usize),
    /// So many bytes are missing at the end.
    Cut(usize),
    /// This follows.
    Append(String),
    /// So many zeros follow.
    AppendZeros(usize),
    /// It stands there once more.
    Twice,
    /// So many bytes are missing behind so many in a hundred.
    Hole([usize; 2]),
    /// So many bytes behind so many in a hundred are others.
    Smash([usize; 2]),
    /// Its size, where it has one, says zero ...
    SizeZero,
    /// ... or all ones ...
    SizeOnes,
    /// ... or so many more than there are.
    SizeMore(i64),
}

/// What becomes of a file: `redacted`, or why it is held, by what was done to it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Where it says how much sound it has.
    size: Option<Size>,
    want: BTreeMap<String, String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    /// Behind these bytes, hexadecimal ...
    behind: String,
    /// ... or so many bytes before them ...
    #[serde(default)]
    before: usize,
    /// ... or behind them and so many more.
    #[serde(default)]
    skip: usize,
    bytes: usize,
    order: Order,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    Little,
    Big,
}

#[test]
fn every_damage_to_every_format_ends_as_its_case_says() {
    let cases: Cases = toml::from_str(CASES).unwrap();
    let mut wrong = Vec::new();
    for (name, file) in &cases.file {
        let whole = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap();
        assert_eq!(outcome(name, &whole), "redacted", "{name} as it is");
        for (damage, done) in &cases.damage {
            let Some(damaged) = damaged(&whole, done, file.size.as_ref()) else { continue };
            let (got, want) = (outcome(name, &damaged), file.want.get(damage).map_or("", String::as_str));
            if got != want {
                wrong.push(format!("{name}: {damage} = \"{got}\" and not \"{want}\""));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `redacted`, with everything that is promised of a copy, or the reason for which it is held.
fn outcome(name: &str, source: &[u8]) -> String {
    let mut dest = Cursor::new(Vec::new());
    let mutes = [Mute { span: TimeSpan::new(0, 30).unwrap(), channels: Channels::All, categories: Vec::new() }];
    let mut source = Cursor::new(source);
    let done = open(&mut source, None).and_then(|opened| {
        // Recordings are listened to before they are muted.
        opened.decode(&mut source, &mut |_| Ok(()))?;
        redact(&opened, &mut source, &mutes, MuteStyle::default(), &mut dest)
    });
    let outcome = match done.map_err(|error| error.kind) {
        Ok(outcome) => outcome,
        Err(Kind::Held(reason)) => return reason.to_string(),
        Err(kind) => panic!("{name}: {kind:?}"),
    };
    let claim = Claim::silent(&outcome.muted);
    verify_redacted(&mut dest, &claim).unwrap_or_else(|e| panic!("{name}: {e}"));
    verify_silent(&mut dest, &claim).unwrap_or_else(|e| panic!("{name}: {e}"));
    verify_kept(&mut source, &mut dest, &claim).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(memchr::memmem::find(dest.get_ref(), b"Smith").is_none(), "{name}: a name is left");
    "redacted".to_owned()
}

/// The file with that done to it; nothing where it has no size to lie about.
fn damaged(whole: &[u8], damage: &Damage, size: Option<&Size>) -> Option<Vec<u8>> {
    let at = |percent: usize| whole.len() * percent / 100;
    Some(match damage {
        Damage::Keep(bytes) => whole[..*bytes].to_vec(),
        Damage::KeepPercent(percent) => whole[..at(*percent)].to_vec(),
        Damage::Cut(bytes) => whole[..whole.len() - bytes].to_vec(),
        Damage::Append(text) => [whole, text.as_bytes()].concat(),
        Damage::AppendZeros(bytes) => [whole, &vec![0; *bytes]].concat(),
        Damage::Twice => whole.repeat(2),
        Damage::Hole([bytes, percent]) => [&whole[..at(*percent)], &whole[at(*percent) + bytes..]].concat(),
        Damage::Smash([bytes, percent]) => {
            let mut smashed = whole.to_vec();
            smashed[at(*percent)..][..*bytes].iter_mut().for_each(|byte| *byte ^= 0xA5);
            smashed
        }
        Damage::SizeZero => with_size(whole, size?, |_| 0),
        Damage::SizeOnes => with_size(whole, size?, |_| u64::MAX),
        Damage::SizeMore(more) => with_size(whole, size?, |size| size.wrapping_add_signed(*more)),
    })
}

fn with_size(whole: &[u8], size: &Size, change: impl Fn(u64) -> u64) -> Vec<u8> {
    let id: Vec<u8> =
        (0..size.behind.len()).step_by(2).map(|i| u8::from_str_radix(&size.behind[i..i + 2], 16).unwrap()).collect();
    let found = memchr::memmem::find(whole, &id).expect("the size stands where its case says");
    let at = if size.before > 0 { found - size.before } else { found + id.len() + size.skip };
    let mut changed = whole.to_vec();
    let field = &mut changed[at..at + size.bytes];
    if size.order == Order::Little {
        field.reverse();
    }
    let value = change(field.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)));
    field.copy_from_slice(&value.to_be_bytes()[8 - size.bytes..]);
    if size.order == Order::Little {
        field.reverse();
    }
    changed
}
