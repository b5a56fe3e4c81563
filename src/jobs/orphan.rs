//! Halves of calls whose other half has not come. Must not look at anything but listings.

use super::{Call, Parts, Template};
use crate::base::{HoldReason, Timestamp};
use crate::model::manifest::Role;

/// From when on a half that is alone is taken for one whose other half never comes.
pub struct Orphans {
    before: Timestamp,
    expects_recording: Vec<Template>,
}

impl Orphans {
    /// Halves that were last changed before then. Transcripts of these templates always have a recording; any other
    /// may be all there is of its call.
    #[must_use]
    pub const fn new(before: Timestamp, expects_recording: Vec<Template>) -> Self {
        Self { before, expects_recording }
    }

    /// The half that the call lacks.
    #[must_use]
    pub fn missing(&self, call: &Call) -> Option<Role> {
        missing_half(call, &self.expects_recording)
    }

    /// Whether the call lacks a half that may still come.
    #[must_use]
    pub fn is_awaited(&self, call: &Call) -> bool {
        let is_new = || call.files().iter().any(|file| file.stat.modified_s >= self.before.unix_s());
        self.missing(call).is_some() && is_new()
    }
}

/// The half that a call lacks, where transcripts of these templates always have a recording.
pub(super) fn missing_half(call: &Call, expects_recording: &[Template]) -> Option<Role> {
    match &call.parts {
        Parts::Held { reason: HoldReason::NoTranscript, .. } => Some(Role::Transcript),
        Parts::Whole { transcripts, recordings } if recordings.is_empty() => {
            let fits = |place: &str| expects_recording.iter().any(|template| template.fits(place));
            let is_expected = transcripts.iter().any(|transcript| fits(transcript.place.expose()));
            is_expected.then_some(Role::Recording)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Keys;
    use super::super::{CallKey, DEFAULT_TEMPLATES, Passed, Sources};
    use super::*;
    use std::sync::Arc;

    /// What the calls of these keys lack, all last changed in second 1.
    fn missing(keys: &[&str], before_s: u64) -> Vec<(Option<Role>, bool)> {
        let sources = Sources::of_store(Arc::new(Keys::new(keys.iter().map(|key| (*key).to_owned()))), "/raw");
        let parse = |texts: &[&str]| texts.iter().map(|t| Template::parse(t).unwrap()).collect::<Vec<_>>();
        let (templates, key, passed) = (parse(DEFAULT_TEMPLATES), CallKey::new(&[7; 32]).unwrap(), Passed::default());
        let orphans = Orphans::new(Timestamp::from_unix_s(before_s), parse(&["transcripts/{id}.*"]));
        let calls = sources.calls(&templates, &key, &passed).map(Result::unwrap);
        calls.map(|call| (orphans.missing(&call), orphans.is_awaited(&call))).collect()
    }

    #[test]
    fn a_recording_lacks_its_transcript_and_a_transcript_its_recording_where_it_must_have_one() {
        assert_eq!(missing(&["recordings/a.wav"], 2), [(Some(Role::Transcript), false)]);
        assert_eq!(missing(&["transcripts/a.json"], 2), [(Some(Role::Recording), false)]);
        assert_eq!(missing(&["recordings/a.wav", "transcripts/a.json"], 2), [(None, false)]);
        assert_eq!(missing(&["chats/a.txt"], 2), [(None, false)]);
        assert_eq!(missing(&["a.json", "a.txt"], 2), [(None, false)], "what is ambiguous lacks nothing");
    }

    #[test]
    fn a_half_is_awaited_until_the_bound() {
        assert_eq!(missing(&["recordings/a.wav"], 1), [(Some(Role::Transcript), true)]);
        assert_eq!(missing(&["chats/a.txt"], 0), [(None, false)]);
    }
}
