//! Small invented calls for this module's tests.

use crate::base::{Phi, TimeSpan, WordSpan};
use crate::model::{
    Category, Finding, Policy, RecordingInfo, RuleId, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind,
};

/// A policy that hides everything, with the default paddings.
pub(crate) fn policy() -> Policy {
    Policy {
        name: "test".into(),
        version: 1,
        hide: Category::ALL.to_vec(),
        also_hide: Vec::new(),
        mute: Default::default(),
        unaccounted: Default::default(),
        hold: Default::default(),
        retention: Default::default(),
        access: Default::default(),
        lists: Default::default(),
    }
}

/// A finding by the rule named like its category in lower case.
pub(crate) fn finding(category: Category, start: u32, end: u32, score: f32) -> Finding {
    let rule = RuleId::new(&category.label().to_lowercase());
    Finding { rule, category, words: WordSpan::new(start, end), score }
}

/// Spoken turns without times.
pub(crate) fn turns(turns: &[&str]) -> Transcript {
    let mut builder = TranscriptBuilder::new(TimeSource::None);
    for turn in turns {
        builder.turn(TurnKind::Spoken, Speaker::Unknown, None);
        for word in turn.split_whitespace() {
            builder.word(Phi::new(word), None, 1.0);
        }
    }
    builder.build()
}

/// One word of a timed turn: text and start and end in milliseconds.
pub(crate) type Said<'a> = (&'a str, Option<(u32, u32)>);

/// Turns with times.
pub(crate) fn timed(source: TimeSource, turns: &[(TurnKind, &[Said<'_>])]) -> Transcript {
    let mut builder = TranscriptBuilder::new(source);
    for (kind, words) in turns {
        builder.turn(*kind, Speaker::Unknown, None);
        for (text, time) in *words {
            let time = time.map(|(a, b)| TimeSpan::new(a, b).unwrap());
            builder.word(Phi::new(text), time, 1.0);
        }
    }
    builder.build()
}

/// A mono recording of this length at 8 kHz.
pub(crate) fn recording(ms: u64) -> RecordingInfo {
    RecordingInfo {
        container: "wav".into(),
        codec: crate::model::Codec::PcmS16,
        rate_hz: 8000,
        channels: 1,
        frames: ms * 8,
    }
}

/// An Amazon Transcribe file of these words: text, start and end in milliseconds.
pub(crate) fn aws(words: &[(&str, u32, u32)]) -> String {
    let seconds = |ms: u32| format!("{}.{:03}", ms / 1000, ms % 1000);
    let item = |&(content, start, end): &(&str, u32, u32)| {
        serde_json::json!({
            "type": "pronunciation",
            "start_time": seconds(start),
            "end_time": seconds(end),
            "alternatives": [{ "confidence": "0.99", "content": content }],
        })
    };
    let text: Vec<&str> = words.iter().map(|w| w.0).collect();
    serde_json::json!({
        "jobName": "job-1",
        "status": "COMPLETED",
        "results": {
            "transcripts": [{ "transcript": text.join(" ") }],
            "items": words.iter().map(item).collect::<Vec<_>>(),
        },
    })
    .to_string()
}

/// A mono 16-bit recording of this length at 8 kHz in which no sample is silent.
pub(crate) fn wav(ms: u32) -> Vec<u8> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("memory can be written to");
    for n in 0..ms * 8 {
        writer.write_sample((n % 1000) as i16 + 1).expect("memory can be written to");
    }
    writer.finalize().expect("memory can be written to");
    bytes.into_inner()
}
