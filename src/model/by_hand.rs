//! Spans that people add to what is found: a name that detection has missed, a stretch of sound. Places and categories, never
//! the text.

use super::Category;
use crate::base::{Sha256Hex, TimeSpan};
use serde::{Deserialize, Serialize};

/// A stretch of a call that a person has said must be hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanByHand {
    /// Where it is.
    pub at: Place,
    /// What it is.
    pub category: Category,
}

/// Where a span lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Words of a transcript.
    Words(Words),
    /// Time of the call: what is said then, and the sound itself.
    Time(TimeSpan),
}

/// Words of one transcript of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The transcript, as it came, by the digest of its bytes.
    pub transcript: Sha256Hex,
    /// The first word, counted from 0 in the order in which the format is read.
    pub from: u32,
    /// One past the last word.
    pub until: u32,
    /// When they are said: it counts where the transcript is another one by now. Absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeSpan>,
}

impl Place {
    /// Whether it is a stretch at all.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        let is_stretch = |time: &TimeSpan| time.start_ms() < time.end_ms();
        match self {
            Self::Words(words) => words.from < words.until && words.time.as_ref().is_none_or(is_stretch),
            Self::Time(time) => is_stretch(time),
        }
    }
}

/// What a manifest says of the spans that a call was redacted with; nothing where there are none.
#[must_use]
pub fn digest(spans: &[SpanByHand]) -> Option<Sha256Hex> {
    let bytes = serde_json::to_vec(spans).expect("numbers and words always serialise");
    (!spans.is_empty()).then(|| Sha256Hex::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_back_and_those_that_are_none_are_seen() {
        let time = |a, b| format!(r#"{{"at":{{"time":{{"start_ms":{a},"end_ms":{b}}}}},"category":"NAME"}}"#);
        let words = format!(
            r#"{{"at":{{"words":{{"transcript":"{}","from":3,"until":5}}}},"category":"PHONE"}}"#,
            Sha256Hex::of(b"")
        );
        for (text, is_fit) in [(time(5, 9), true), (time(9, 9), false), (time(9, 5), false), (words, true)] {
            let span: SpanByHand = serde_json::from_str(&text).unwrap();
            assert_eq!(span.at.is_fit(), is_fit, "{text}");
            assert_eq!(serde_json::to_string(&span).unwrap(), text);
        }
    }

    #[test]
    fn other_spans_have_another_digest_and_none_has_none() {
        let span = |ms| SpanByHand { at: Place::Time(TimeSpan::new(0, ms).unwrap()), category: Category::Name };
        assert_eq!(digest(&[]), None);
        assert_ne!(digest(&[span(1)]), digest(&[span(2)]));
    }
}
