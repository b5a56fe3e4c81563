//! A moment in UTC, to the second, given by the caller: nothing below `jobs` reads a clock.

use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z, written as RFC 3339 (`2026-11-21T21:31:48Z`); years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

const DAY_S: u64 = 86_400;
/// 9999-12-31T23:59:59Z: RFC 3339 has four digits for the year.
const MAX_S: u64 = 253_402_300_799;

impl Timestamp {
    /// The moment this many seconds after 1970-01-01T00:00:00Z; later than the year 9999 stops there.
    #[must_use]
    pub const fn from_unix_s(seconds: u64) -> Self {
        Self(if seconds > MAX_S { MAX_S } else { seconds })
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_s(self) -> u64 {
        self.0
    }

    /// The same time of day, this many days later.
    #[must_use]
    pub const fn plus_days(self, days: u32) -> Self {
        Self::from_unix_s(self.0.saturating_add(days as u64 * DAY_S))
    }

    /// Reads what `Display` writes, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let field = |at: std::ops::Range<usize>| -> Option<u64> {
            let digits = text.get(at)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
        let (hour, minute, second) = (field(11..13)?, field(14..16)?, field(17..19)?);
        if year < 1970 || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let moment = Self(days * DAY_S + hour * 3600 + minute * 60 + second);
        // Writing it again refuses other separators, a day 31 in June and anything after the `Z`.
        (moment.to_string() == text).then_some(moment)
    }
}

/// Days from 1970-01-01; Howard Hinnant's `days_from_civil`, for years from 1970.
#[must_use]
pub const fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day;
    (era * 146_097 + year_of_era * 365 + year_of_era / 4 + day_of_year).saturating_sub(year_of_era / 100 + 719_469)
}

/// Year, month and day of a day counted from 1970-01-01; Howard Hinnant's `civil_from_days`.
#[must_use]
pub const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / DAY_S);
        let second = self.0 % DAY_S;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time in UTC to the second"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_and_read() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_296_708, "2026-11-21T21:31:48Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (MAX_S, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::from_unix_s(seconds).to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(Timestamp::from_unix_s(seconds)), "{text}");
        }
    }

    #[test]
    fn every_day_is_read_back() {
        for day in 0..MAX_S / DAY_S {
            let moment = Timestamp::from_unix_s(day * DAY_S);
            let (y, m, d) = civil_from_days(day);
            assert_eq!(days_from_civil(y, m, d), day, "{moment}");
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in
            ["", "2026-06-31T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+00:00", "1969-12-31T00:00:00Z"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_added_and_stop_at_the_last_year() {
        let born = Timestamp::parse("2026-11-21T21:31:48Z").unwrap();
        assert_eq!(born.plus_days(90).to_string(), "2027-02-19T21:31:48Z");
        assert_eq!(born.plus_days(u32::MAX).to_string(), "9999-12-31T23:59:59Z");
    }
}
