//! Compiles `patterns/lexicon/` into two hash tables that the program carries, and hashes them and the weights.
//!
//! Classes: `classes.txt` → slots of 20 bytes {fingerprint u32, flags u64, number u8, letter u8, 6 spare}.
//! Lists: the `*.tsv` files → slots of 8 bytes {fingerprint u32, packed u32}. Slot = low bits of the hash,
//! fingerprint = its high half, linear probing, little-endian.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a build script speaks to cargo by printing")]

#[path = "src/patterns/hash.rs"]
#[allow(dead_code)]
mod hash;
#[path = "src/patterns/layout.rs"]
#[allow(dead_code)]
mod layout;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

use layout::{CLASS_NAMES, CLASS_SLOT, LIST_SLOT, Packed};

type Fault = Box<dyn std::error::Error>;

fn main() -> Result<(), Fault> {
    println!("cargo::rerun-if-changed=patterns/lexicon");
    println!("cargo::rerun-if-changed=patterns/model");
    println!("cargo::rerun-if-changed=src/patterns/hash.rs");
    println!("cargo::rerun-if-changed=src/patterns/layout.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let lexicon = Path::new("patterns/lexicon");
    let classes = classes(&fs::read_to_string(lexicon.join("classes.txt"))?)?;
    let lists = lists(lexicon)?;
    // Hashed here and not by every run: ten megabytes take a good part of what a run may take to start.
    for weights in ["tagger", "roles"] {
        let file = fs::read(format!("patterns/model/{weights}.bin"))?;
        fs::write(out.join(format!("{weights}.sha256")), Sha256::digest(file))?;
    }
    fs::write(out.join("lexicon.sha256"), Sha256::new().chain_update(&classes).chain_update(&lists).finalize())?;
    fs::write(out.join("classes.bin"), classes)?;
    fs::write(out.join("lists.bin"), lists)?;
    Ok(())
}

fn classes(text: &str) -> Result<Vec<u8>, Fault> {
    let mut words: BTreeMap<&str, (u64, u8, u8)> = BTreeMap::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let (class, list) = line.split_once(':').ok_or("classes.txt: a line has no class")?;
        let bit = CLASS_NAMES.iter().position(|c| *c == class).ok_or(format!("classes.txt: unknown class {class}"))?;
        for item in list.split_whitespace() {
            let (word, value) = item.split_once('=').unwrap_or((item, ""));
            let entry = words.entry(word).or_default();
            entry.0 |= 1 << bit;
            match (class, value) {
                (_, "") if class == "letter" => entry.2 = word.bytes().next().unwrap_or(0),
                (_, "") => {}
                ("letter" | "alphabet", v) => entry.2 = v.bytes().next().unwrap_or(0),
                ("symbol", v) => entry.2 = if entry.2 == 0 { v.bytes().next().unwrap_or(0) } else { entry.2 },
                (_, v) => entry.1 = v.parse()?,
            }
        }
    }
    let entries = words.into_iter().map(|(word, (flags, number, letter))| {
        let mut slot = flags.to_le_bytes().to_vec();
        slot.extend([number, letter, 0, 0, 0, 0, 0, 0]);
        (word.to_owned(), slot)
    });
    table(entries.collect(), CLASS_SLOT)
}

fn lists(folder: &Path) -> Result<Vec<u8>, Fault> {
    let mut words: BTreeMap<String, Packed> = BTreeMap::new();
    let bucket = |count: f64, edges: &[f64]| edges.iter().take_while(|e| count >= **e).count() as u32;
    for (word, columns) in rows(folder, "given-names.tsv")? {
        words.entry(word).or_default().given = bucket(columns[0], &[1.0, 2e3, 1e4, 5e4, 2e5, 1e6]);
    }
    for (word, columns) in rows(folder, "surnames.tsv")? {
        words.entry(word).or_default().surname = bucket(columns[0], &[1.0, 1e3, 5e3, 2e4, 1e5, 4e5]);
    }
    for (word, columns) in rows(folder, "words.tsv")? {
        let entry = words.entry(word).or_default();
        entry.lower = bucket(columns[0], &[0.1, 3.0, 30.0, 300.0, 3e3, 3e4, 1e5]);
        entry.capital = bucket(columns.get(1).copied().unwrap_or(0.0), &[0.1, 3.0, 30.0, 300.0, 3e3, 3e4, 1e5]);
    }
    for (name, columns) in rows(folder, "cities.tsv")? {
        let parts: Vec<&str> = name.split(' ').collect();
        let size = bucket(columns.first().copied().unwrap_or(0.0), &[0.0, 2e4, 2e5]);
        match parts.as_slice() {
            [one] => words.entry((*one).to_owned()).or_default().city = size,
            [first, rest @ ..] => {
                words.entry((*first).to_owned()).or_default().city_first = true;
                for part in rest {
                    words.entry((*part).to_owned()).or_default().city_rest = true;
                }
                // The whole phrase, for looking up runs of words.
                words.entry(name.clone()).or_default().city = size;
            }
            [] => {}
        }
    }
    for (word, _) in rows(folder, "medical.tsv")? {
        for part in word.split(' ') {
            words.entry(part.to_owned()).or_default().medical = true;
        }
    }
    let entries = words.into_iter().map(|(word, packed)| (word, packed.bits().to_le_bytes().to_vec()));
    table(entries.collect(), LIST_SLOT)
}

/// Rows of a tab-separated file: the word, and its numbers (a missing or odd one is 0).
fn rows(folder: &Path, file: &str) -> Result<Vec<(String, Vec<f64>)>, Fault> {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let row = |line: &str| {
        let mut columns = line.split('\t');
        let word = columns.next().unwrap_or_default().to_owned();
        let mut numbers: Vec<f64> = columns.map(|c| c.parse().unwrap_or(0.0)).collect();
        numbers.resize(numbers.len().max(1), 0.0);
        (word, numbers)
    };
    Ok(text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(row).collect())
}

fn table(entries: Vec<(String, Vec<u8>)>, slot: usize) -> Result<Vec<u8>, Fault> {
    let slots = (entries.len() * 4 / 3 + 1).next_power_of_two();
    let mut bytes = vec![0; slots * slot];
    for (word, payload) in entries {
        let h = hash::hash_bytes(word.as_bytes());
        let fingerprint = (h >> 32) as u32 | 1;
        let mut at = h as usize & (slots - 1);
        loop {
            let cell = &mut bytes[at * slot..(at + 1) * slot];
            let seen = u32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]);
            if seen == 0 {
                cell[..4].copy_from_slice(&fingerprint.to_le_bytes());
                cell[4..].copy_from_slice(&payload);
                break;
            }
            at = (at + 1) & (slots - 1);
        }
    }
    Ok(bytes)
}
