//! Any table of labels is read or refused; what is read is fit to be written.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run label_table`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::base::Phi;
use sordino::jobs::{CallKey, labels_of};

fuzz_target!(|text: String| {
    let key = CallKey::new(b"0123456789abcdef").expect("it is long enough");
    if let Ok(labels) = labels_of(&Phi::new(text), &key) {
        assert!(labels.iter().all(|label| label.is_fit()));
    }
});
