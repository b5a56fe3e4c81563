//! Any bytes: reading never panics, and what is read is masked to a file that is read again.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run transcript_read fixtures/transcripts/*`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::base::{CallId, Phi, WordSpan};
use sordino::model::{Category, Edit};
use sordino::transcript::{Mapping, Told, read};
use std::sync::{Arc, LazyLock};

/// Files of these shapes are read by them, all others as ever.
static TOLD: LazyLock<[Told; 2]> = LazyLock::new(|| {
    let mappings = [
        include_str!("../../fixtures/transcripts/mapped/turns.toml"),
        include_str!("../../fixtures/transcripts/mapped/words.toml"),
    ];
    let parse = |text: &str| Arc::new(Mapping::parse(text).expect("it is right"));
    mappings.map(|text| Told { mapping: Some(parse(text)), ..Told::default() })
});

fuzz_target!(|bytes: &[u8]| {
    TOLD.iter().for_each(|told| check(bytes, told));
});

fn check(bytes: &[u8], told: &Told) {
    let Ok(document) = read(Phi::new(bytes.to_vec()), told.clone()) else { return };
    let words = document.transcript().words().len() as u32;
    let edit = |at| Edit { words: WordSpan::new(at, at + 1), category: Category::Name, rules: Vec::new() };
    let edits: Vec<Edit> = (0..words).step_by(3).map(edit).collect();
    let masked = document.mask(&edits, &CallId::from_mac(&[1; 32])).expect("the edits lie inside");
    assert!(read(masked, told.in_format(document.format())).is_ok(), "the masked file is not read again");
}
