//! Any bytes: reading never panics, and what is read is masked to a file that is read again.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run transcript_read fixtures/transcripts/*`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::base::{CallId, Phi, WordSpan};
use sordino::model::{Category, Edit};
use sordino::transcript::read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = read(Phi::new(bytes.to_vec()), None) else { return };
    let words = document.transcript().words().len() as u32;
    let edit = |at| Edit { words: WordSpan::new(at, at + 1), category: Category::Name, rules: Vec::new() };
    let edits: Vec<Edit> = (0..words).step_by(3).map(edit).collect();
    let masked = document.mask(&edits, &CallId::from_mac(&[1; 32])).expect("the edits lie inside");
    assert!(read(masked, Some(document.format())).is_ok(), "the masked file is not read again");
});
