//! Any text as a call: findings are in order, apart and inside turns, and masks are none of them.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run detect_text fuzz/corpus/detect_text fixtures/calls patterns/training`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::base::Phi;
use sordino::detect::detect;
use sordino::model::{Category, Format};
use sordino::patterns::PatternSet;
use sordino::transcript::read;
use std::sync::LazyLock;

static PATTERNS: LazyLock<PatternSet> = LazyLock::new(|| PatternSet::builtin().expect("their examples are tested"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = read(Phi::new(bytes.to_vec()), Some(Format::Text)) else { return };
    let call = document.transcript();
    let found = detect(&PATTERNS, call, &[]);
    let mut end = 0;
    for finding in &found.findings {
        let words = finding.words;
        assert!(words.start >= end && !words.is_empty(), "findings are not in order");
        assert!(call.turns().iter().any(|t| t.words.start <= words.start && words.end <= t.words.end), "across turns");
        let is_mask = |word| Category::ALL.iter().any(|c| *call.word_text(word).expose() == c.mask());
        assert!(!words.range().any(is_mask), "a mask is found");
        end = words.end;
    }
    assert!((0.0..=1.0).contains(&found.risk));
});
