//! Times as transcripts write them, read exactly: no float in between, so no rounding inward.

use crate::base::{Error, HoldReason, Result, Stage, TimeSpan, limits};

/// How far a word may start before the word in front of it, milliseconds: recognisers let words
/// overlap a little.
pub(super) const BACKWARDS_MS_MAX: u32 = 1_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Down,
    Up,
}

/// The span between two numbers of seconds, like `"12.34"` and `"12.9"`, widened to milliseconds.
///
/// # Errors
/// Holds the call when one of them is no time of a recording or the end lies before the start.
pub(super) fn seconds(start: &str, end: &str) -> Result<TimeSpan> {
    let unusable = |message| Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, message);
    let start = ms(start, Round::Down).ok_or_else(|| unusable("a start is no time of a recording"))?;
    let end = ms(end, Round::Up).ok_or_else(|| unusable("an end is no time of a recording"))?;
    TimeSpan::new(start, end).map_err(|_| unusable("a word ends before it starts").at("ms", start.into()))
}

/// Checks that words of one speaker do not run backwards.
///
/// # Errors
/// Holds the call when they do.
pub(super) fn in_order(before: Option<TimeSpan>, after: TimeSpan) -> Result<()> {
    let floor = before.map_or(0, TimeSpan::start_ms).saturating_sub(BACKWARDS_MS_MAX);
    if after.start_ms() < floor {
        return Err(Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, "words run backwards in time")
            .at("ms", after.start_ms().into()));
    }
    Ok(())
}

/// A JSON number or a decimal string of seconds as milliseconds; nothing if it is negative, malformed
/// or later than any recording.
fn ms(text: &str, round: Round) -> Option<u32> {
    plain_ms(text).or_else(|| any_ms(text, round))
}

/// The usual case: seconds with at most three places, and so nothing to round.
fn plain_ms(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    let (mut value, mut at) = (0_u32, 0);
    while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit() && at < 6) {
        value = value * 10 + u32::from(digit - b'0');
        at += 1;
    }
    let mut places = 0;
    if at > 0 && bytes.get(at) == Some(&b'.') {
        at += 1;
        while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit() && places < 3) {
            value = value * 10 + u32::from(digit - b'0');
            (at, places) = (at + 1, places + 1);
        }
    }
    let sound = at == bytes.len() && bytes.first().is_some_and(u8::is_ascii_digit);
    let value = sound.then(|| value * [1000, 100, 10, 1][places])?;
    (u64::from(value) <= limits::RECORDING_MS_MAX).then_some(value)
}

/// Any decimal number, however it is written.
fn any_ms(text: &str, round: Round) -> Option<u32> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // value = digits * 10^scale milliseconds; `shape::seconds` bounds the digits at 32.
    let mut digits = 0_u128;
    for b in whole.bytes().chain(fraction.bytes()) {
        let digit = b.is_ascii_digit().then(|| u128::from(b - b'0'))?;
        digits = digits.checked_mul(10)?.checked_add(digit)?;
    }
    let scale = exponent.checked_add(3)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_u128.checked_pow(scale.unsigned_abs());
    let value = match (scale >= 0, power, round) {
        _ if digits == 0 => 0,
        (true, power, _) => digits.checked_mul(power?)?,
        (false, Some(power), Round::Down) => digits / power,
        (false, Some(power), Round::Up) => digits.div_ceil(power),
        (false, None, Round::Down) => 0,
        (false, None, Round::Up) => 1,
    };
    (value <= u128::from(limits::RECORDING_MS_MAX)).then(|| u32::try_from(value).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Option<(u32, u32)> {
        seconds(start, end).ok().map(|s| (s.start_ms(), s.end_ms()))
    }

    #[test]
    fn starts_are_rounded_down_and_ends_up() {
        assert_eq!(span("12.34", "12.9"), Some((12_340, 12_900)));
        assert_eq!(span("1.2345", "1.2341"), Some((1_234, 1_235)));
        assert_eq!(span("0", "12.340000000000001"), Some((0, 12_341)));
        assert_eq!(span("1e-05", "1.5E1"), Some((0, 15_000)));
        assert_eq!(span("0.0", "1e-99"), Some((0, 1)));
        assert_eq!(span("-0", "1"), None);
        assert_eq!(span("172800.0", "172800"), Some((172_800_000, 172_800_000)));
        assert_eq!(span("5.", "5."), Some((5_000, 5_000)));
    }

    #[test]
    fn what_is_no_time_is_held() {
        for (start, end) in [
            ("2", "1"),
            ("-1", "1"),
            ("", "1"),
            (".", "1"),
            ("NaN", "1"),
            ("0", "1e9"),
            ("0", "172801"),
            ("0", "1e999999999"),
            ("1.2.3", "4"),
        ] {
            let reason = seconds(start, end).err().and_then(|e| e.hold_reason());
            assert_eq!(reason, Some(HoldReason::UnusableTimes), "{start} {end}");
        }
    }

    #[test]
    fn a_small_overlap_is_no_step_back() {
        let at = |start| TimeSpan::new(start, start + 10).expect("it is in order");
        assert!(in_order(Some(at(5_000)), at(4_000)).is_ok() && in_order(None, at(0)).is_ok());
        assert!(in_order(Some(at(5_000)), at(3_999)).is_err());
    }
}
