//! Recordings without a header, of which somebody says what they are.

use sordino::audio::{Claim, Outcome, open, redact, verify_kept, verify_redacted, verify_silent};
use sordino::base::{HoldReason, TimeSpan};
use sordino::model::{Channels, Fill, Mute, MuteStyle, RawShape};
use std::io::Cursor;
use std::path::Path;

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)).unwrap()
}

fn shape(text: &str) -> Option<RawShape> {
    Some(text.parse().unwrap())
}

fn run(source: &[u8], raw: Option<RawShape>, style: MuteStyle) -> sordino::base::Result<(Outcome, Vec<u8>)> {
    let mut source = Cursor::new(source);
    let opened = open(&mut source, raw)?;
    let mut dest = Cursor::new(Vec::new());
    let mutes = [Mute { span: TimeSpan::new(20, 41).unwrap(), channels: Channels::All, categories: Vec::new() }];
    let outcome = redact(&opened, &mut source, &mutes, style, &mut dest)?;
    Ok((outcome, dest.into_inner()))
}

/// Each file, and what its samples are, which stand at its end.
const BARE: [(&str, &str); 4] = [
    ("recordings/mu-law-16-byte-fmt.wav", "ulaw,8000,1"),
    ("recordings/pcm-s16-stereo.wav", "s16le,8000,2"),
    ("recordings/au-pcm-s24.au", "s24be,8000,1"),
    ("recordings/au-f64.au", "f64be,8000,1"),
];

#[test]
fn bare_samples_are_muted_as_they_are_in_a_container() {
    let style = MuteStyle { fill: Fill::Tone, ramp_ms: 3 };
    for (file, raw) in BARE {
        let whole = fixture(file);
        let (in_container, copy) = run(&whole, None, style).unwrap();
        let sound = copy.len() - in_container.info.frames as usize * in_container.info.frame_bytes().unwrap() as usize;
        let bare = &whole[whole.len() - (copy.len() - sound)..];
        let (outcome, copy_of_bare) = run(bare, shape(raw), style).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(copy_of_bare == copy[sound..] && copy_of_bare.len() == bare.len(), "{file}");
        assert_eq!((outcome.info.container.as_str(), outcome.info.frames), ("raw", in_container.info.frames), "{file}");

        let claim = Claim { muted: &outcome.muted, style, raw: shape(raw) };
        let (mut bare, mut copy) = (Cursor::new(bare), Cursor::new(copy_of_bare));
        verify_redacted(&mut copy, &claim).unwrap();
        verify_silent(&mut copy, &claim).unwrap();
        verify_kept(&mut bare, &mut copy, &claim).unwrap();
        assert!(verify_redacted(&mut bare, &claim).is_err(), "{file}");
    }
}

#[test]
fn what_says_itself_what_it_is_is_never_taken_for_bare_samples() {
    for file in
        ["recordings/gsm.wav", "packets/opus.opus", "packets/mp3-no-tag.mp3", "packets/aac.aac", "packets/mp3-8000.mp3"]
    {
        let source = fixture(file);
        let container = |raw| open(&mut Cursor::new(&source), raw).unwrap().info().clone();
        assert_eq!(container(shape("ulaw,8000,1")), container(None), "{file}");
    }
    for (file, reason) in [
        ("packets/mp3-no-tag-cut.mp3", HoldReason::DamagedRecording),
        ("packets/mp2.mp3", HoldReason::UnsupportedCodec),
        ("packets/aac-cut.aac", HoldReason::DamagedRecording),
        ("recordings/amr.wav", HoldReason::UnsupportedCodec),
        ("recordings/truncated.wav", HoldReason::DamagedRecording),
        ("recordings/empty.wav", HoldReason::DamagedRecording),
    ] {
        let error = run(&fixture(file), shape("ulaw,8000,1"), MuteStyle::default()).unwrap_err();
        assert_eq!(error.hold_reason(), Some(reason), "{file}");
    }
}

#[test]
fn quiet_samples_that_look_like_a_frame_of_mpeg_audio_are_samples() {
    // What follows does not go on as a stream: a header of MP3, one of AAC.
    for start in [[0xFF, 0xFB, 0x90, 0x64], [0xFF, 0xF1, 0x50, 0x80]] {
        let mut bare = vec![0xFF; 8000];
        bare[..4].copy_from_slice(&start);
        assert_eq!(open(&mut Cursor::new(&bare), shape("ulaw,8000,1")).unwrap().info().frames, 8000);
        assert!(open(&mut Cursor::new(&bare), None).is_err());
    }
}

#[test]
fn bare_samples_that_do_not_fit_are_held() {
    for (len, raw, want) in [
        (801, "s16le,8000,1", Some(HoldReason::DamagedRecording)),
        (802, "s16le,8000,2", Some(HoldReason::DamagedRecording)),
        (800, "ulaw,8000,65", Some(HoldReason::LimitReached)),
        (800, "ulaw,999999,1", Some(HoldReason::LimitReached)),
        (800, "ulaw,8000,1", None),
    ] {
        let got = open(&mut Cursor::new(vec![7; len]), shape(raw)).err().and_then(|e| e.hold_reason());
        assert_eq!(got, want, "{raw}");
    }
    let error = open(&mut Cursor::new(vec![7; 800]), None).err().unwrap();
    assert_eq!(error.hold_reason(), Some(HoldReason::UnknownContainer));
}
