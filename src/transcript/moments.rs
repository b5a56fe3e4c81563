//! Moments of the clock, such as messages were sent at: on which day goes but for its year, how far apart they are stays.

const DAY_MS: u64 = 86_400_000;

/// A moment: `2026-11-21T06:00:00.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Milliseconds from the first day of the year 0.
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
        let sound = (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
        if !sound || !(1..=month_days(year, month)).contains(&day) || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let days = days_before(year) + (1..month).map(|m| month_days(year, m)).sum::<u64>() + day - 1;
        let part_ms = part.bytes().chain(*b"000").take(3).fold(0, |ms, b| ms * 10 + u64::from(b - b'0'));
        let ms = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + part_ms;
        Some(Self { ms, places: u8::try_from(part.len()).ok()? })
    }

    /// The same with the year of `first` alone: `first` comes to be the start of its year, and what is later is as much
    /// later then.
    pub(super) fn reduced_to_year_of(self, first: Self) -> Self {
        let start = days_before(first.date().0) * DAY_MS;
        Self { ms: start + self.ms.saturating_sub(first.ms), places: self.places }
    }

    /// As files have it, with as many digits behind the seconds as it was read with.
    pub(super) fn written(self) -> String {
        let (year, month, day) = self.date();
        let ms = self.ms % DAY_MS;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        let part: String = format!("{:03}000000", ms % 1000).chars().take(self.places.into()).collect();
        let point = if part.is_empty() { "" } else { "." };
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{part}Z")
    }

    /// Year, month and day.
    fn date(self) -> (u64, u64, u64) {
        let mut days = self.ms / DAY_MS;
        // No year has more days; so it is this one or the one after it.
        let mut year = days / 366;
        while days_before(year + 1) <= days {
            year += 1;
        }
        days -= days_before(year);
        let mut month = 1;
        while days >= month_days(year, month) {
            days -= month_days(year, month);
            month += 1;
        }
        (year, month, days + 1)
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

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days of all years before one.
const fn days_before(year: u64) -> u64 {
    let leaps = year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    year * 365 + leaps
}

const fn month_days(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
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
