//! Whether transcript and recording can belong to one call, by their lengths.

use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::{Transcript, policy::HoldPolicy};

/// A call so short that ringing may well be longer than what was said, milliseconds.
const SHORT_CALL_MS: u64 = 10_000;

/// Compares the end of the last word with the end of the recording.
///
/// The policy's allowance for what follows the last word is itself bounded: a recording twice as long as its
/// transcript is not accounted for, however short the call ([`SHORT_CALL_MS`] aside).
///
/// # Errors
/// Holds the call when one is clearly longer than the other, when the recording has sound and the transcript no
/// words, or when the words have no times to compare.
pub(super) fn check(transcript: &Transcript, recording_ms: u64, policy: &HoldPolicy) -> Result<()> {
    if transcript.words().is_empty() {
        let silent = recording_ms == 0;
        let empty = || Error::held(Stage::Plan, HoldReason::EmptyTranscript, "the transcript has no words");
        return silent.then_some(()).ok_or_else(empty);
    }
    let end_ms = transcript
        .end_ms()
        .ok_or_else(|| Error::held(Stage::Plan, HoldReason::UnusableTimes, "no word of the transcript has a time"))?;
    let end_ms = u64::from(end_ms);
    let mismatch = |message| {
        Error::held(Stage::Plan, HoldReason::LengthMismatch, message)
            .at("recording_ms", recording_ms)
            .at("transcript_ms", end_ms)
    };
    if end_ms > recording_ms + u64::from(policy.overhang_ms_max) {
        return Err(mismatch("words end after the recording"));
    }
    let by_length = u64::from(policy.tail_ms_max).min(end_ms.max(SHORT_CALL_MS));
    let by_share = (end_ms as f64 * f64::from(policy.tail_share_max)) as u64;
    // At its bound and not past it: twice as long is too long.
    if recording_ms.saturating_sub(end_ms) >= by_length.max(by_share).max(1) {
        return Err(mismatch("the recording goes on after the transcript"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TimeSource, TurnKind};
    use crate::redact::testing::{timed, turns};

    fn check_ms(end_ms: u32, recording_ms: u64) -> Option<HoldReason> {
        let transcript = timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &[("hello", Some((0, end_ms)))])]);
        check(&transcript, recording_ms, &HoldPolicy::default()).err().and_then(|e| e.hold_reason())
    }

    #[test]
    fn a_recording_twice_as_long_as_its_transcript_is_held() {
        for end_ms in [10_000, 12_000, 60_000, 3_600_000] {
            assert_eq!(check_ms(end_ms, u64::from(end_ms) * 2), Some(HoldReason::LengthMismatch), "{end_ms}");
        }
    }

    #[test]
    fn ringing_and_hold_music_after_the_last_word_pass() {
        assert_eq!(check_ms(2_000, 11_000), None);
        assert_eq!(check_ms(60_000, 89_999), None);
        assert_eq!(check_ms(60_000, 90_000), Some(HoldReason::LengthMismatch));
        assert_eq!(check_ms(600_000, 749_999), None);
        assert_eq!(check_ms(600_000, 750_000), Some(HoldReason::LengthMismatch));
    }

    #[test]
    fn words_past_the_end_are_held() {
        assert_eq!(check_ms(61_000, 60_000), None);
        assert_eq!(check_ms(61_001, 60_000), Some(HoldReason::LengthMismatch));
        assert_eq!(check_ms(u32::MAX, 60_000), Some(HoldReason::LengthMismatch));
    }

    #[test]
    fn a_recording_needs_words_and_times() {
        let reason = |t: &Transcript, ms| check(t, ms, &HoldPolicy::default()).err().and_then(|e| e.hold_reason());
        assert_eq!(reason(&turns(&[]), 1000), Some(HoldReason::EmptyTranscript));
        assert_eq!(reason(&turns(&[]), 0), None);
        assert_eq!(reason(&turns(&["hello"]), 1000), Some(HoldReason::UnusableTimes));
    }
}
