//! Moments of the clock, such as messages were sent at: on which day goes but for its year, how far apart they are stays.

use crate::base::{civil_from_days, days_from_civil};

const DAY_MS: u64 = 86_400_000;
/// Calendars repeat every 400 years. So many years later none is before the first that days are counted from.
const YEARS_LATER: u64 = 2000;

/// A moment: `2026-11-21T06:00:00.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Milliseconds from 1970, [`YEARS_LATER`].
    ms: u64,
    /// Digits behind its seconds.
    places: u8,
}

impl Moment {
    /// The moment that a text says; nothing where no calendar has it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = numbers(date, '-')?;
        let (whole, part) = time.split_once('.').unwrap_or((time, ""));
        let [hour, minute, second] = numbers(whole, ':')?;
        let date = (year + YEARS_LATER, month, day);
        let days = days_from_civil(date.0, date.1, date.2);
        let sound = civil_from_days(days) == date && hour < 24 && minute < 60 && second < 60;
        if !sound || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part_ms = part.bytes().chain(*b"000").take(3).fold(0, |ms, b| ms * 10 + u64::from(b - b'0'));
        let ms = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + part_ms;
        Some(Self { ms, places: u8::try_from(part.len()).ok()? })
    }

    /// The same with the year of `first` alone: `first` comes to be the start of its year, and what is later is as much
    /// later then.
    pub(super) fn reduced_to_year_of(self, first: Self) -> Self {
        let (year, ..) = civil_from_days(first.ms / DAY_MS);
        let start = days_from_civil(year, 1, 1) * DAY_MS;
        Self { ms: start + self.ms.saturating_sub(first.ms), places: self.places }
    }

    /// As files have it, with as many digits behind the seconds as it was read with.
    pub(super) fn written(self) -> String {
        let (year, month, day) = civil_from_days(self.ms / DAY_MS);
        let year = year - YEARS_LATER;
        let ms = self.ms % DAY_MS;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        let part: String = format!("{:03}000000", ms % 1000).chars().take(self.places.into()).collect();
        let point = if part.is_empty() { "" } else { "." };
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{part}Z")
    }
}

/// Three numbers with a sign between them.
fn numbers(text: &str, sign: char) -> Option<[u64; 3]> {
    let mut parts = text.split(sign).map(|part| {
        let sound = (2..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| part.parse().ok()).flatten()
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_they_were_read() {
        for text in [
            "2026-11-21T06:00:00.123Z",
            "2024-02-29T23:59:59Z",
            "2000-12-31T00:00:00.1Z",
            "1900-03-01T01:02:03.000Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert_eq!(Moment::read(text).map(Moment::written).as_deref(), Some(text));
        }
        assert_eq!(Moment::read("2026-01-01T00:00:00.123456Z").unwrap().written(), "2026-01-01T00:00:00.123000Z");
    }

    #[test]
    fn what_no_calendar_has_is_no_moment() {
        for text in
            ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01", "5551234T1Z", ""]
        {
            assert!(Moment::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_year_stays_and_how_far_apart_moments_are() {
        let moment = |text| Moment::read(text).unwrap();
        let first = moment("2024-03-04T15:00:11.123Z");
        for (text, want) in [
            ("2024-03-04T15:00:11.123Z", "2024-01-01T00:00:00.000Z"),
            ("2024-03-04T15:00:12.124Z", "2024-01-01T00:00:01.001Z"),
            ("2025-03-04T15:00:11Z", "2024-12-30T23:59:59Z"),
            ("2024-03-04T15:00:10Z", "2024-01-01T00:00:00Z"),
        ] {
            let reduced = moment(text).reduced_to_year_of(first);
            assert_eq!(reduced.written(), want);
            assert_eq!(reduced.reduced_to_year_of(moment("2024-01-01T00:00:00.000Z")), reduced, "a second time");
        }
    }
}
