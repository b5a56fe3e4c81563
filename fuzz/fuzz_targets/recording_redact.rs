//! Any bytes as a recording: it is redacted with proof or held, never a panic. How mutes are made, of which channels, and whether
//! bytes without a header are samples, follows from how many bytes there are.
//! Start from the fixtures, of every container: `cargo fuzz run recording_redact fuzz/corpus/recording_redact
//! fixtures/recordings fixtures/packets`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sordino::audio::{Claim, open, redact, verify_kept, verify_redacted};
use sordino::base::TimeSpan;
use sordino::model::{Channels, Codec, Fill, Mute, MuteStyle, RawShape};
use std::io::Cursor;

const FILLS: [Fill; 3] = [Fill::Silence, Fill::Tone, Fill::Noise];
const CHANNELS: [Channels; 2] = [Channels::All, Channels::One(1)];
const RAW: [Option<RawShape>; 2] = [None, Some(RawShape { codec: Codec::PcmS24, rate_hz: 8000, channels: 2 })];

fuzz_target!(|bytes: &[u8]| {
    let mut source = Cursor::new(bytes);
    let raw = RAW[bytes.len() / 3 % 2];
    let Ok(opened) = open(&mut source, raw) else { return };
    let span = TimeSpan::new(0, 40).expect("it ends after it starts");
    let mut copy = Cursor::new(Vec::new());
    let channels = CHANNELS[bytes.len() / 7 % 2];
    let mutes = [Mute { span, channels, categories: Vec::new() }];
    let style = MuteStyle { fill: FILLS[bytes.len() % 3], ramp_ms: bytes.len() as u32 % 7 };
    let outcome = match redact(&opened, &mut source, &mutes, style, &mut copy) {
        Ok(outcome) => outcome,
        // Some recordings say before their sound what they are, and are walked only now.
        Err(error) => return assert!(error.hold_reason().is_some(), "what opens is muted at its start or held"),
    };
    let claim = Claim { muted: &outcome.muted, style: outcome.style, raw };
    let verified = verify_redacted(&mut copy, &claim).expect("the copy is canonical and the fill where muted");
    assert!(verified.sha256 == outcome.output_sha256 && verified.muted_frames == outcome.muted_frames);
    verify_kept(&mut source, &mut copy, &claim).expect("the copy is the source elsewhere");
});
