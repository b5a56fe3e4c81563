//! Any message: read or refused, never a panic; what is read is bounded.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run queue_event fixtures/events`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::base::Phi;
use sordino::queue::event::{RECORDS_MAX, parse};

fuzz_target!(|text: &str| {
    let Ok(changes) = parse(&Phi::new(text.to_owned())) else { return };
    assert!(changes.len() <= RECORDS_MAX);
    assert!(changes.iter().all(|c| c.bucket.is_some() && !c.key.expose().is_empty()));
});
