//! `--since`: a moment, or how long ago it was.

use crate::base::Timestamp;
use std::str::FromStr;

/// A moment, as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    At(Timestamp),
    /// Seconds ago.
    Ago(u64),
}

impl Since {
    /// The moment, `now` being seconds since 1970.
    pub fn from(self, now: u64) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(seconds) => Timestamp::from_unix_s(now.saturating_sub(seconds)),
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let moment = Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")));
        moment
            .map(Self::At)
            .or_else(|| ago(text).map(Self::Ago))
            .ok_or("neither a moment in UTC (2026-11-21, 2026-11-21T06:00:00Z) nor a time ago (90s, 45m, 12h, 7d)")
    }
}

fn ago(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_moments_and_times_ago_are_read_and_nothing_else() {
        let from = |text: &str| text.parse::<Since>().map(|since| since.from(1_000_000).unix_s());
        assert_eq!(from("1970-01-02"), Ok(86_400));
        assert_eq!(from("1970-01-02T00:00:01Z"), Ok(86_401));
        assert_eq!(
            (from("10s"), from("1m"), from("1h"), from("1d")),
            (Ok(999_990), Ok(999_940), Ok(996_400), Ok(913_600))
        );
        assert_eq!(from("99999999999d"), Ok(0));
        for wrong in ["", "d", "1w", "1.5h", "-1h", "yesterday", "2026-13-01", "2026-11-21 06:00", "é"] {
            assert!(from(wrong).is_err(), "{wrong}");
        }
    }
}
