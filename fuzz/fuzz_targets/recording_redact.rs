//! Any bytes as a recording: it is redacted with proof or held, never a panic.
//! Start from the fixtures, of every container: `cargo fuzz run recording_redact fuzz/corpus/recording_redact
//! fixtures/recordings fixtures/packets`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::audio::{open, redact, verify_kept, verify_redacted};
use sordino::base::TimeSpan;
use sordino::model::Mute;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let mut source = Cursor::new(bytes);
    let Ok(opened) = open(&mut source) else { return };
    let span = TimeSpan::new(0, 40).expect("it ends after it starts");
    let mut copy = Cursor::new(Vec::new());
    let mutes = [Mute { span, categories: Vec::new() }];
    let outcome = match redact(&opened, &mut source, &mutes, &mut copy) {
        Ok(outcome) => outcome,
        // Some recordings say before their sound what they are, and are walked only now.
        Err(error) => return assert!(error.hold_reason().is_some(), "what opens is muted at its start or held"),
    };
    let verified = verify_redacted(&mut copy, &outcome.muted).expect("the copy is canonical and silent where muted");
    assert!(verified.sha256 == outcome.output_sha256 && verified.muted_frames == outcome.muted_frames);
    verify_kept(&mut source, &mut copy, &outcome.muted).expect("the copy is the source elsewhere");
});
