//! Any bytes as a transcript, alone and beside a recording: the call is redacted to files that are read
//! again, or held; never a panic, and never an error that is no hold.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run redact_call fuzz/corpus/redact_call fixtures/calls fixtures/transcripts/*`
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::base::{CallId, Phi};
use sordino::config::load_policy;
use sordino::model::Policy;
use sordino::patterns::PatternSet;
use sordino::redact::{CallSource, redact_call};
use sordino::transcript::{self, Told};
use sordino::audio;
use std::io::Cursor;
use std::sync::LazyLock;

static PATTERNS: LazyLock<PatternSet> = LazyLock::new(|| PatternSet::builtin().expect("their examples are tested"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| load_policy("safe-harbor").expect("it is built in"));
const RECORDING: &[u8] = include_bytes!("../../fixtures/calls/opening-hours.wav");

fuzz_target!(|bytes: &[u8]| {
    for recording in [None, Some(RECORDING)] {
        let source = CallSource {
            call: CallId::from_mac(&[1; 32]),
            transcripts: vec![Phi::new(bytes.to_vec()).into()],
            told: Told::default(),
            recordings: recording.map(|sound| Cursor::new(sound).into()).into_iter().collect(),
            known: Vec::new(),
            by_hand: Vec::new(),
        };
        let mut muted = Cursor::new(Vec::new());
        let artifacts = match redact_call(&PATTERNS, &POLICY, source, Some(&mut muted)) {
            Ok(artifacts) => artifacts,
            Err(error) => {
                assert!(error.hold_reason().is_some(), "a transcript is refused without a reason to hold it");
                continue;
            }
        };
        let masked = Phi::new(artifacts.transcript().get().clone());
        assert!(transcript::read(masked, None).is_ok(), "the masked transcript is not read again");
        assert!(recording.is_none() || audio::open(&mut muted, None).is_ok(), "the muted recording is not read again");
    }
});
