//! How numbers, times and categories look on every page.

use crate::base::Timestamp;
use crate::model::Category;
use maud::{Markup, html as markup};

/// Milliseconds as `3:07`, or `1:02:03` from an hour on.
pub(in crate::serve) fn clock(ms: u64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Milliseconds of what [`clock`] writes; seconds may have a fraction.
pub(in crate::serve) fn clock_ms(text: &str) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_fraction = (1..=3).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let ms: u64 = is_fraction.then(|| format!("{fraction:0<3}").parse().ok()).flatten()?;
    let parts = whole.split(':').map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<_>>>()?;
    let seconds = match parts[..] {
        [minutes, seconds] if seconds < 60 => u64::from(minutes) * 60 + u64::from(seconds),
        [hours, minutes, seconds] if minutes < 60 && seconds < 60 => {
            u64::from(hours) * 3600 + u64::from(minutes) * 60 + u64::from(seconds)
        }
        _ => return None,
    };
    Some(seconds * 1000 + ms)
}

/// A time, to the minute.
pub(in crate::serve) fn time(at: Timestamp) -> Markup {
    let text = at.to_string();
    let (day, clock) = text.split_once('T').unwrap_or((&text, ""));
    markup! { time datetime=(text) { (day) " " (clock.get(..5).unwrap_or_default()) } }
}

/// A time, to the second.
pub(in crate::serve) fn moment(at: Timestamp) -> Markup {
    let text = at.to_string();
    markup! { time.moment datetime=(text) { (text.replace('T', " ").trim_end_matches('Z')) } }
}

/// A whole number with its thousands apart.
pub(in crate::serve) fn count(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or_default()).collect();
    groups.join(",")
}

/// A share as per cent: of small ones it matters how small.
pub(in crate::serve) fn percent(share: f32) -> String {
    let percent = f64::from(share) * 100.0;
    match percent {
        p if p < 0.1 => "< 0.1 %".to_owned(),
        p if p < 10.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// The colour of a category: one of eight, shared by those of one kind. Its label always stands beside it.
pub(in crate::serve) const fn colour(category: Category) -> &'static str {
    match category {
        Category::Ssn | Category::Card | Category::Account | Category::License => "c1",
        Category::Vehicle | Category::Device => "c2",
        Category::Other => "c3",
        Category::Address | Category::City | Category::Zip => "c4",
        Category::Phone | Category::Email | Category::Url => "c5",
        Category::Name => "c6",
        Category::Dob | Category::Date | Category::Age => "c7",
        Category::MemberId | Category::Mrn => "c8",
    }
}

/// What a category is called where people read it.
pub(in crate::serve) fn name(category: Category) -> String {
    match category {
        Category::Ssn | Category::Mrn | Category::Dob | Category::Url => category.label().to_owned(),
        _ => {
            let mut name = category.label().replace('_', " ").to_lowercase();
            name[..1].make_ascii_uppercase();
            name.replace(" id", " ID")
        }
    }
}

/// A category with how often it was hidden.
pub(in crate::serve) fn chip(category: Category, count: Option<u64>) -> Markup {
    markup! { span class={ "chip " (colour(category)) } { (name(category)) @if let Some(count) = count { b { (count) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_written_and_read_back() {
        for (ms, text) in [(0, "0:00"), (187_000, "3:07"), (3_723_000, "1:02:03")] {
            assert_eq!((clock(ms), clock_ms(text)), (text.to_owned(), Some(ms)));
        }
        assert_eq!((clock_ms("1:02.5"), clock_ms("0:00.025")), (Some(62_500), Some(25)));
        for wrong in
            ["", "1:02.", "1:02.1234", "1:02.-1", "x", "1", "1:60", "1:2:3:4", "-1:00", "1:60:00", "99999999999:00"]
        {
            assert_eq!(clock_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_written_to_be_read() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1000, 1_234_567].map(count)[..]);
        assert_eq!((percent(0.0004), percent(0.012), percent(0.5)), ("< 0.1 %".into(), "1.2 %".into(), "50 %".into()));
    }

    #[test]
    fn categories_have_names_that_people_read() {
        assert_eq!((name(Category::MemberId), name(Category::Dob)), ("Member ID".into(), "DOB".into()));
    }
}
