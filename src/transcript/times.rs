//! Times as transcripts write them, read exactly: no float in between, so no rounding inward.

use super::schema::Unit;
use super::source::{Leaf, Source};
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
    between(ms(start, Round::Down), ms(end, Round::Up))
}

fn between(start: Option<u32>, end: Option<u32>) -> Result<TimeSpan> {
    let unusable = |message| Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, message);
    let start = start.ok_or_else(|| unusable("a start is no time of a recording"))?;
    let end = end.ok_or_else(|| unusable("an end is no time of a recording"))?;
    TimeSpan::new(start, end).map_err(|_| unusable("a word ends before it starts").at("ms", start.into()))
}

/// A time as milliseconds; nothing if it is malformed, negative or later than any recording.
fn at(unit: Unit, text: &str, round: Round) -> Option<u32> {
    match unit {
        Unit::Seconds => ms(text, round),
        Unit::Millis => any_ms(text, 0, round),
        Unit::Ticks => any_ms(text, -4, round),
        Unit::Suffixed => ms(text.strip_suffix('s')?, round),
        Unit::Iso8601 => iso8601_ms(text, round),
        Unit::Clock => clock_ms(text, round),
    }
}

/// `PT1H2M3.45S`, each part of which may be missing.
fn iso8601_ms(text: &str, round: Round) -> Option<u32> {
    let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty())?;
    let mut total = 0_u64;
    for (sign, ms_each) in [('H', 3_600_000), ('M', 60_000)] {
        let Some((count, after)) = rest.split_once(sign) else { continue };
        let short = (1..=5).contains(&count.len()) && count.bytes().all(|b| b.is_ascii_digit());
        total += short.then(|| count.parse::<u64>().ok())?? * ms_each;
        rest = after;
    }
    if !rest.is_empty() {
        total += u64::from(ms(rest.strip_suffix('S')?, round)?);
    }
    (total <= limits::RECORDING_MS_MAX).then(|| u32::try_from(total).ok())?
}

/// `1:02:03.45`, `62:03`, with a comma or a point.
fn clock_ms(text: &str, round: Round) -> Option<u32> {
    let mut parts = text.rsplitn(3, ':');
    let seconds = ms(&parts.next()?.replace(',', "."), round).filter(|&ms| ms < 60_000)?;
    let is_count = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let count = |part: &str| is_count(part).then(|| part.parse::<u64>().ok())?;
    let minutes = count(parts.next()?)?;
    let hours = parts.next().map_or(Some(0), count)?;
    let total = (hours * 60 + minutes) * 60_000 + u64::from(seconds);
    (total <= limits::RECORDING_MS_MAX).then(|| u32::try_from(total).ok())?
}

/// The times that a file gives one thing, perhaps in several units.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields {
    starts: [Option<(Unit, Leaf)>; 3],
    ends: [Option<(Unit, Leaf)>; 3],
    lengths: [Option<(Unit, Leaf)>; 3],
}

impl Fields {
    /// Takes a start in.
    pub(super) fn start(&mut self, unit: Unit, leaf: Leaf) {
        put(&mut self.starts, unit, leaf);
    }

    /// Takes an end in.
    pub(super) fn end(&mut self, unit: Unit, leaf: Leaf) {
        put(&mut self.ends, unit, leaf);
    }

    /// Takes a length in.
    pub(super) fn length(&mut self, unit: Unit, leaf: Leaf) {
        put(&mut self.lengths, unit, leaf);
    }

    /// The span that they say; what two units tell apart is covered. Nothing where start or end are missing. Formats
    /// that write `12.340s` leave out what is zero.
    ///
    /// # Errors
    /// Holds the call when one of them is no time of a recording or the end lies before the start.
    pub(super) fn span(&self, source: &Source) -> Result<Option<TimeSpan>> {
        let in_unit =
            |fields: &[Option<(Unit, Leaf)>; 3], unit| fields.iter().flatten().find(|f| f.0 == unit).map(|f| f.1);
        let mut whole: Option<TimeSpan> = None;
        for unit in [Unit::Seconds, Unit::Millis, Unit::Ticks, Unit::Suffixed, Unit::Iso8601, Unit::Clock] {
            let (start, end) = (in_unit(&self.starts, unit), in_unit(&self.ends, unit));
            let length = in_unit(&self.lengths, unit);
            let raw = |leaf: Leaf| source.raw(leaf);
            let zero = (unit == Unit::Suffixed && end.is_some()).then_some("0s");
            let Some(start) = start.map(raw).or(zero) else { continue };
            let end_ms = match (end, length) {
                (Some(end), _) => at(unit, raw(end), Round::Up),
                (None, Some(length)) => {
                    at(unit, start, Round::Up).zip(at(unit, raw(length), Round::Up)).map(|(a, b)| a.saturating_add(b))
                }
                (None, None) => continue,
            };
            let span = between(at(unit, start, Round::Down), end_ms)?;
            whole = Some(whole.map_or(span, |whole| whole.cover(span)));
        }
        Ok(whole)
    }

    /// The end alone.
    ///
    /// # Errors
    /// Holds the call when it is no time of a recording.
    pub(super) fn end_ms(&self, source: &Source) -> Result<Option<u32>> {
        let Some((unit, leaf)) = self.ends.iter().flatten().next() else { return Ok(None) };
        let end = at(*unit, source.raw(*leaf), Round::Up);
        between(Some(0), end).map(|span| Some(span.end_ms()))
    }
}

/// A unit is given once; a further place in one unit is ignored.
fn put(fields: &mut [Option<(Unit, Leaf)>; 3], unit: Unit, leaf: Leaf) {
    if let Some(free) = fields.iter_mut().find(|f| f.is_none()) {
        *free = Some((unit, leaf));
    }
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
    plain_ms(text).or_else(|| any_ms(text, 3, round))
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

/// Any decimal number, however it is written, of which one is ten to this power milliseconds.
fn any_ms(text: &str, power_of_ten: i32, round: Round) -> Option<u32> {
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
    let scale = exponent.checked_add(power_of_ten)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
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
    fn every_unit_is_read_exactly() {
        let check = |unit, text, want: Option<(u32, u32)>| {
            let both = at(unit, text, Round::Down).zip(at(unit, text, Round::Up));
            assert_eq!(both, want, "{text}");
        };
        check(Unit::Millis, "1470", Some((1_470, 1_470)));
        check(Unit::Millis, "1470.5", Some((1_470, 1_471)));
        check(Unit::Ticks, "14100001", Some((1_410, 1_411)));
        check(Unit::Ticks, "14100000.0", Some((1_410, 1_410)));
        check(Unit::Suffixed, "1.300s", Some((1_300, 1_300)));
        check(Unit::Suffixed, "1.300", None);
        check(Unit::Iso8601, "PT1.41S", Some((1_410, 1_410)));
        check(Unit::Iso8601, "PT1H2M0.0001S", Some((3_720_000, 3_720_001)));
        check(Unit::Iso8601, "PT5M", Some((300_000, 300_000)));
        check(Unit::Clock, "1:02:03.4567", Some((3_723_456, 3_723_457)));
        check(Unit::Clock, "62:03,5", Some((3_723_500, 3_723_500)));
        for text in ["3", "1:60", "1:2:3:4", "-1:00", "49:00:00", "1::2", ":1", "+1:00"] {
            check(Unit::Clock, text, None);
        }
        for text in ["PT", "P1D", "PT1S2M", "PT-1S", "1.41S", "PT49H"] {
            check(Unit::Iso8601, text, None);
        }
    }

    #[test]
    fn fields_make_a_span_and_two_units_that_differ_are_covered() {
        let source = Source::new(b"1000 1.5s PT0.9S PT0.5S 200".to_vec()).expect("it is UTF-8");
        let leaf = |at: usize, len| Leaf::plain(at, at + len);
        let span = |fields: Fields| fields.span(&source).ok().flatten().map(|s| (s.start_ms(), s.end_ms()));
        let mut fields = Fields::default();
        fields.end(Unit::Suffixed, leaf(5, 4));
        assert_eq!(span(fields), Some((0, 1_500)));
        let mut fields = Fields::default();
        fields.start(Unit::Millis, leaf(0, 4));
        assert_eq!(span(fields), None);
        fields.length(Unit::Millis, leaf(24, 3));
        assert_eq!(span(fields), Some((1_000, 1_200)));
        fields.start(Unit::Iso8601, leaf(10, 6));
        fields.length(Unit::Iso8601, leaf(17, 6));
        assert_eq!(span(fields), Some((900, 1_400)));
    }

    #[test]
    fn a_small_overlap_is_no_step_back() {
        let at = |start| TimeSpan::new(start, start + 10).expect("it is in order");
        assert!(in_order(Some(at(5_000)), at(4_000)).is_ok() && in_order(None, at(0)).is_ok());
        assert!(in_order(Some(at(5_000)), at(3_999)).is_err());
    }
}
