//! Which part of a file a request asks for (RFC 9110, section 14): one range of bytes, or all. Several at once are answered
//! with all of it, as the RFC allows, since nothing that plays sound asks for them. Pure.

/// What is asked for of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    All,
    /// Bytes from the first to the last, both inclusive.
    Part(u64, u64),
    /// Bytes that it does not have.
    Nothing,
    /// Nothing: whoever asks has this state of it.
    Unchanged,
}

/// What the headers of a request ask for of a file of `bytes` bytes with this tag.
pub(super) fn wanted<'a>(header: impl Fn(&str) -> Option<&'a str>, tag: &str, bytes: u64) -> Wanted {
    if header("if-none-match").is_some_and(|tags| is_among(tags, tag)) {
        return Wanted::Unchanged;
    }
    // A part of another state of it is of no use; a date is never the state of now.
    if header("if-range").is_some_and(|state| state.trim() != tag) {
        return Wanted::All;
    }
    header("range").map_or(Wanted::All, |range| part(range, bytes))
}

fn is_among(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn part(range: &str, bytes: u64) -> Wanted {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // Larger than any file.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Wanted::All,
        (Some(first), _) if first >= bytes && (last.is_empty() || number(last).is_some()) => Wanted::Nothing,
        (Some(first), Some(last)) => Wanted::Part(first, last.min(bytes - 1)),
        (Some(first), None) if last.is_empty() => Wanted::Part(first, bytes - 1),
        (None, Some(last)) if first.is_empty() && (last == 0 || bytes == 0) => Wanted::Nothing,
        (None, Some(last)) if first.is_empty() => Wanted::Part(bytes - last.min(bytes), bytes - 1),
        _ => Wanted::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Wanted::{All, Nothing, Part, Unchanged};
    use proptest::prelude::*;

    const TAG: &str = "\"ab\"";

    fn asked(headers: &[(&str, &str)], bytes: u64) -> Wanted {
        wanted(|name| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| *value), TAG, bytes)
    }

    #[test]
    fn one_range_is_answered_with_that_part_and_everything_else_with_all() {
        for (range, want) in [
            ("bytes=0-0", Part(0, 0)),
            ("bytes=10-", Part(10, 99)),
            ("bytes=10-1000", Part(10, 99)),
            ("bytes=-10", Part(90, 99)),
            ("bytes=-1000", Part(0, 99)),
            ("bytes=99-99999999999999999999999", Part(99, 99)),
            ("bytes=100-", Nothing),
            ("bytes=100-200", Nothing),
            ("bytes=99999999999999999999999-", Nothing),
            ("bytes=-0", Nothing),
            ("bytes=5-4", All),
            ("bytes=0-1,5-6", All),
            ("bytes=+1-2", All),
            ("bytes=a-b", All),
            ("bytes=-", All),
            ("items=0-1", All),
            ("", All),
        ] {
            assert_eq!(asked(&[("range", range)], 100), want, "{range}");
        }
        assert_eq!(asked(&[("range", "bytes=0-")], 0), Nothing);
        assert_eq!(asked(&[("range", "bytes=-5")], 0), Nothing);
    }

    #[test]
    fn a_part_is_of_the_state_that_was_asked_for() {
        let range = ("range", "bytes=1-2");
        assert_eq!(asked(&[range, ("if-range", TAG)], 9), Part(1, 2));
        for other in ["\"cd\"", "W/\"ab\"", "Sun, 22 Nov 2026 10:00:00 GMT"] {
            assert_eq!(asked(&[range, ("if-range", other)], 9), All, "{other}");
        }
        for same in [TAG, "*", "\"cd\", W/\"ab\""] {
            assert_eq!(asked(&[range, ("if-none-match", same)], 9), Unchanged, "{same}");
        }
        assert_eq!(asked(&[range, ("if-none-match", "\"cd\"")], 9), Part(1, 2));
    }

    proptest! {
        /// Whatever is asked for, a part lies within the file.
        #[test]
        fn a_part_lies_within_the_file(range in "(bytes=)?[0-9]{0,22}[-, ]{0,2}[0-9]{0,22}", bytes in 0_u64..2_000) {
            if let Part(first, last) = asked(&[("range", &range)], bytes) {
                prop_assert!(first <= last && last < bytes);
            }
        }
    }
}
