//! Lines of plain text that say when somebody begins to speak: `[00:01:02] Agent: …`, `00:01 - Agent: …`, `Agent (00:12): …`,
//! and lines with nothing but a name and a time, as meeting programs export them. Must not look at what is said.

use super::super::speakers::role;
use super::labels::{self, Label, Sign};
use crate::base::{TimeSpan, limits};
use crate::model::Category;
use std::ops::Range;

/// How far a time may lie before the one in front of it, milliseconds.
const BACKWARDS_MS_MAX: u32 = 1_000;
/// What stands between a time and what follows it.
const DASHES: [char; 4] = ['-', '\u{2013}', '\u{2014}', '|'];

/// The head of a line. Places are bytes of the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) time: Option<Time>,
    /// Who may be speaking.
    pub(super) label: Option<Label>,
    /// Where what is said begins if that is no label.
    pub(super) said: usize,
    /// Month and day of the date that it begins with, as chats are exported: its time is no place in a recording.
    pub(super) day: Option<Range<usize>>,
}

/// When a turn is said, as far as its line says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    start_ms: u32,
    /// How exact that is: a time without a fraction is rounded to a second.
    within_ms: u32,
    end_ms: Option<u32>,
}

impl Time {
    /// From its start to its end, or to the start of the next, both as inexact as they are written. How long the last turn
    /// takes nobody says.
    pub(super) fn span(self, next: Option<Self>) -> Option<TimeSpan> {
        let next = next.map(|next| (next.start_ms, next.within_ms));
        let (end_ms, within_ms) = self.end_ms.map(|end_ms| (end_ms, self.within_ms)).or(next)?;
        let start_ms = self.start_ms.saturating_sub(self.within_ms);
        TimeSpan::new(start_ms, end_ms.max(self.start_ms).saturating_add(within_ms)).ok()
    }
}

/// The heads of all lines: with times if the file is written so, which its first line that says something tells, and that
/// times do not run backwards.
pub(super) fn heads(lines: &[&str]) -> Vec<Head> {
    let untimed = || lines.iter().map(|line| in_line(line, untimed)).collect();
    timed_heads(lines).or_else(|| dated_heads(lines)).unwrap_or_else(untimed)
}

/// The heads of all lines of a file whose first line that says something begins with a date and a time.
fn dated_heads(lines: &[&str]) -> Option<Vec<Head>> {
    in_line(lines.get(first_said(lines)?)?, |text| dated(text).unwrap_or_default()).day.as_ref()?;
    let head = |text: &str| dated(text).unwrap_or_else(|| untimed(text));
    Some(lines.iter().map(|line| in_line(line, head)).collect())
}

/// The first line that says something.
fn first_said(lines: &[&str]) -> Option<usize> {
    lines.iter().position(|line| !line.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty())
}

fn timed_heads(lines: &[&str]) -> Option<Vec<Head>> {
    let head = |text: &str| time_first(text).or_else(|| label_first(text)).unwrap_or_else(|| untimed(text));
    let heads: Vec<Head> = lines.iter().map(|line| in_line(line, head)).collect();
    heads[first_said(lines)?].time?;
    let starts: Vec<u32> = heads.iter().filter_map(|head| head.time).map(|time| time.start_ms).collect();
    let forward = starts.windows(2).all(|two| two[1].saturating_add(BACKWARDS_MS_MAX) >= two[0]);
    forward.then_some(heads)
}

/// The head of a line as that of what it says.
fn in_line(line: &str, head: impl Fn(&str) -> Head) -> Head {
    let mark = line.len() - line.trim_start_matches('\u{feff}').len();
    let begins = line.len() - line.trim_start_matches(['\u{feff}', ' ', '\t']).len();
    let Head { time, label, said, day } = head(line[begins..].trim_end());
    let said = if said == 0 { mark } else { said + begins };
    let day = day.map(|day| day.start + begins..day.end + begins);
    Head { time, label: label.map(|label| label.behind(begins)), said, day }
}

fn untimed(text: &str) -> Head {
    Head { label: labels::label(text), ..Head::default() }
}

/// `[00:01:02] …`, `(1:02) …`, `00:01 - …`, `00:01:02 Agent: …`
fn time_first(text: &str) -> Option<Head> {
    let (stamp, in_brackets) = stamp(text)?;
    let rest = &text[stamp.len..];
    let after = rest.trim_start().trim_start_matches(DASHES).trim_start();
    let is_parted = rest.trim_start().len() != after.len();
    let said = text.len() - after.len();
    let label = labels::label(after);
    // A time alone at the start of a sentence may be what somebody says.
    let is_said = |label: &Label| label.sign == Sign::Dash && role(&after[label.at.clone()]).is_none();
    let is_alone = !in_brackets && !is_parted && label.as_ref().is_none_or(is_said);
    if is_alone || (rest.len() == after.len() && !after.is_empty() && !after.starts_with('[')) {
        return None;
    }
    Some(Head { time: Some(stamp.time()), label: label.map(|label| label.behind(said)), said, day: None })
}

/// `2026-11-21 10:02:14 Agent: …`, `[11/21/26, 10:02 AM] Agent: …`, `2026T10:02:14Z - Agent - …`
fn dated(text: &str) -> Option<Head> {
    let in_brackets = text.starts_with('[');
    let begins = usize::from(in_brackets);
    let (day, date_len) = date(&text[begins..])?;
    let clock_at = begins + date_len;
    let rest = without_zone(without_clock(&text[clock_at..])?);
    let rest = if in_brackets { rest.trim_start().strip_prefix(']')? } else { rest };
    // What follows may be a name, and a mask in the copy: neither may stand right behind it.
    let is_apart = rest.is_empty() || rest.starts_with(char::is_whitespace) || rest.starts_with(DASHES);
    let after = rest.trim_start().trim_start_matches(DASHES).trim_start();
    let said = text.len() - after.len();
    let label = labels::label(after).map(|label| label.behind(said));
    is_apart.then(|| Head { time: None, label, said, day: Some(day.start + begins..day.end + begins) })
}

/// Month and day of the date that a text begins with, and where the time behind it begins. A year alone is what is left of
/// a date: its day is empty.
fn date(text: &str) -> Option<(Range<usize>, usize)> {
    let len = text.bytes().take_while(|b| b.is_ascii_digit() || b"-/.".contains(b)).count();
    let (shown, rest) = text.split_at(len);
    let sign = shown.find(['-', '/', '.']).map(|at| &shown[at..=at]);
    let parts: Vec<&str> = sign.map_or_else(|| vec![shown], |sign| shown.split(sign).collect());
    let is_day = |part: &str| number(part, 2).is_some_and(|day| (1..=31).contains(&day));
    let is_year = |part: &str| matches!(part.len(), 2 | 4) && number(part, 4).is_some();
    let day = match parts[..] {
        [year] if is_year(year) => len..len,
        [year, a, b] if year.len() == 4 && is_year(year) && is_day(a) && is_day(b) => 4..len,
        [a, b, year] if is_day(a) && is_day(b) && is_year(year) => 0..len - year.len(),
        _ => return None,
    };
    let time = rest.strip_prefix('T').or_else(|| {
        let apart = rest.strip_prefix(',').unwrap_or(rest);
        apart.starts_with(' ').then(|| apart.trim_start())
    })?;
    Some((day, text.len() - time.len()))
}

/// What follows the time of a clock that a text begins with: `10:02`, `10:02:14.5 AM`.
fn without_clock(text: &str) -> Option<&str> {
    let len = text.bytes().take_while(|b| b.is_ascii_digit() || b":.".contains(b)).count();
    let (shown, rest) = text.split_at(len);
    let (whole, places) = shown.split_once('.').unwrap_or((shown, ""));
    let mut parts = whole.split(':');
    let hours = parts.next().and_then(|hours| number(hours, 2)).filter(|hours| *hours < 24);
    let others: Vec<&str> = parts.collect();
    let is_clock = others.iter().all(|part| part.len() == 2 && number(part, 2).is_some_and(|n| n < 60));
    let is_places = places.bytes().all(|b| b.is_ascii_digit());
    let sound = hours.is_some() && is_clock && is_places && matches!(others.len(), 1 | 2);
    sound.then(|| half_of_day(rest).map_or(rest, |(_, rest)| rest))
}

/// What follows a zone of the clock: `Z`, `+00:00`, `-0500`.
fn without_zone(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('Z') {
        return rest;
    }
    let digits = text.strip_prefix(['+', '-']).map(|rest| rest.replacen(':', "", 1));
    match digits.filter(|digits| digits.bytes().take_while(u8::is_ascii_digit).count() == 4) {
        Some(digits) => &text[text.len() - (digits.len() - 4)..],
        None => text,
    }
}

/// `Agent (00:12): …`, `Maria Okonkwo   0:12`, `[Maria Okonkwo] 00:00:12`
fn label_first(text: &str) -> Option<Head> {
    // `[PHONE] 00:00:12` was no head before its number was masked.
    let is_masked = Category::ALL.iter().any(|category| text.starts_with(category.mask()));
    let in_brackets = text.strip_prefix('[').filter(|_| !is_masked).and_then(|inner| inner.split_once(']'));
    let in_brackets = in_brackets.map(|(label, rest)| (1..1 + label.len(), text.len() - rest.trim_start().len()));
    let last = text.rsplit(char::is_whitespace).next().map_or(0, str::len);
    let stamps = text.match_indices(['(', '[']).map(|(at, _)| at).chain([text.len() - last]).filter(|at| *at > 0);
    let plain = stamps.map(|at| (0..text[..at].trim_end().len(), at));
    in_brackets.into_iter().chain(plain).find_map(|(label, at)| head_behind(text, label, at))
}

/// The head whose time stands here, behind this label.
fn head_behind(text: &str, label: Range<usize>, at: usize) -> Option<Head> {
    let (stamp, in_brackets) = stamp(&text[at..])?;
    let rest = &text[at + stamp.len..];
    let colon = rest.strip_prefix(':').filter(|after| after.is_empty() || after.starts_with(char::is_whitespace));
    // In a sentence one space parts a name and a time.
    let is_apart = label.start > 0 || at - label.end > 1;
    let is_head = if in_brackets { rest.is_empty() || colon.is_some() } else { is_apart && rest.is_empty() };
    let said = text.len() - colon.unwrap_or(rest).len();
    (is_head && labels::is_label(&text[label.clone()])).then(|| {
        let label = Label { at: label, said, sign: Sign::Time };
        Head { time: Some(stamp.time()), said, label: Some(label), day: None }
    })
}

/// A time, or a start and an end, at the start of a text.
struct Stamp {
    start: Clock,
    end: Option<Clock>,
    len: usize,
}

impl Stamp {
    fn time(&self) -> Time {
        let end_ms = self.end.as_ref().map(|end| end.ms).filter(|end| *end >= self.start.ms);
        Time { start_ms: self.start.ms, within_ms: self.start.within_ms, end_ms }
    }
}

/// The stamp that a text begins with, and whether it stands in brackets.
fn stamp(text: &str) -> Option<(Stamp, bool)> {
    let closing = match text.as_bytes().first()? {
        b'[' => Some(']'),
        b'(' => Some(')'),
        _ => None,
    };
    let inner = if closing.is_some() { text[1..].trim_start() } else { text };
    let (start, mut rest) = clock(inner).or_else(|| units(inner).filter(|_| closing.is_some()))?;
    let mut end = None;
    let range = rest.trim_start().trim_start_matches(['-', '\u{2013}', '>']).trim_start();
    if closing.is_some()
        && let Some((clock, after)) = clock(range)
    {
        (end, rest) = (Some(clock), after);
    }
    let rest = match closing {
        Some(closing) => rest.trim_start().strip_prefix(closing)?,
        None => rest,
    };
    let ends = rest.is_empty() || !rest.starts_with(|c: char| c.is_alphanumeric());
    ends.then(|| (Stamp { start, end, len: text.len() - rest.len() }, closing.is_some()))
}

struct Clock {
    ms: u32,
    within_ms: u32,
}

impl Clock {
    fn new(ms: u64, within_ms: u32) -> Option<Self> {
        let ms = u32::try_from(ms).ok().filter(|&ms| u64::from(ms) <= limits::RECORDING_MS_MAX)?;
        Some(Self { ms, within_ms })
    }
}

/// `1:02:03.45`, `62:03`, `9:14 AM`, `09:14:22 PM`, and what follows.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let len = text.bytes().take_while(|b| b.is_ascii_digit() || b":.,".contains(b)).count();
    let shown = text[..len].trim_end_matches([':', '.', ',']);
    let rest = &text[shown.len()..];
    let (whole, places) = shown.split_once(['.', ',']).unwrap_or((shown, ""));
    let parts: Vec<&str> = whole.split(':').collect();
    if parts.last().is_none_or(|last| last.len() != 2) {
        return None;
    }
    if let Some((noon_hours, rest)) = half_of_day(rest) {
        let (hours, minutes, seconds, within_ms) = match parts.as_slice() {
            [hours, minutes] => (hours, minutes, &"0", 60_000),
            [hours, minutes, seconds] => (hours, minutes, seconds, 1_000),
            _ => return None,
        };
        let hours = number(hours, 2).filter(|hours| (1..=12).contains(hours))? % 12 + noon_hours;
        let minutes = hours * 60 + number(minutes, 2).filter(|m| *m < 60)?;
        let seconds = minutes * 60 + number(seconds, 2).filter(|s| *s < 60)?;
        return Some((Clock::new(seconds * 1_000, within_ms)?, rest));
    }
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] => (0, number(minutes, 3)?, seconds),
        [hours, minutes, seconds] => (number(hours, 2)?, number(minutes, 2).filter(|m| *m < 60)?, seconds),
        _ => return None,
    };
    let seconds = number(seconds, 2).filter(|s| *s < 60)?;
    let is_places = places.len() <= 6 && places.bytes().all(|b| b.is_ascii_digit());
    let fraction = if places.is_empty() { 0 } else { number(&format!("{places:0<3}")[..3], 3)? };
    let ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + fraction;
    let clock = Clock::new(ms, if places.is_empty() { 1_000 } else { 0 })?;
    is_places.then_some((clock, rest))
}

/// What follows `AM` or `PM`, and how many hours that adds.
fn half_of_day(text: &str) -> Option<(u64, &str)> {
    let half = text.trim_start();
    let (half, rest) = half.split_at_checked(2)?;
    let is_apart = !rest.starts_with(char::is_alphanumeric);
    let halves = [("AM", 0), ("PM", 12)];
    let found = halves.iter().find(|(name, _)| half.eq_ignore_ascii_case(name)).filter(|_| is_apart)?;
    Some((found.1, rest))
}

/// `1h 2m 3s`, `12s`, and what follows.
fn units(text: &str) -> Option<(Clock, &str)> {
    let (mut rest, mut seconds) = (text, 0);
    for (unit, of_unit) in [('h', 3_600), ('m', 60), ('s', 1)] {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match rest[digits..].strip_prefix(unit) {
            Some(after) => {
                seconds += number(&rest[..digits], 3)? * of_unit;
                rest = if unit == 's' { after } else { after.trim_start() };
            }
            None if unit == 's' => return None,
            None => {}
        }
    }
    Some((Clock::new(seconds * 1_000, 1_000)?, rest))
}

/// A number of at least one digit and at most so many.
fn number(digits: &str, max: usize) -> Option<u64> {
    let sound = (1..=max).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: Option<(u32, Option<&str>, &str)>) {
        let head = time_first(line).or_else(|| label_first(line));
        let got = head.as_ref().map(|h| {
            let said = h.label.as_ref().map_or(h.said, |label| label.said);
            (h.time.unwrap().start_ms, h.label.as_ref().map(|l| &line[l.at.clone()]), line[said..].trim())
        });
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn heads_are_read_however_programs_write_them() {
        for (line, start_ms, label, said) in [
            ("[00:01:02] Agent: hello", 62_000, "Agent", "hello"),
            ("[00:01:02] Agent - hello", 62_000, "Agent", "hello"),
            ("[00:01:02] [Agent] hello", 62_000, "Agent", "hello"),
            ("[00:01:02][Agent] hello", 62_000, "Agent", "hello"),
            ("[00:01:02] **Agent:** hello", 62_000, "Agent", "hello"),
            ("[00:00:01 - 00:00:04] Agent: hi", 1_000, "Agent", "hi"),
            ("[00:00:01.000 --> 00:00:04.000]  Agent: hi", 1_000, "Agent", "hi"),
            ("(0:12) Maria Okonkwo: hi", 12_000, "Maria Okonkwo", "hi"),
            ("( 12s ) Agent: hi", 12_000, "Agent", "hi"),
            ("( 1h 2m 3s ) Agent: hi", 3_723_000, "Agent", "hi"),
            ("00:01 - Agent: hello", 1_000, "Agent", "hello"),
            ("00:01:02 Agent: hello", 62_000, "Agent", "hello"),
            ("00:01:02 | Agent | hello", 62_000, "Agent", "hello"),
            ("00:01:02\tAgent\thello", 62_000, "Agent", "hello"),
            ("09:14:22 AM Agent: hello", 33_262_000, "Agent", "hello"),
            ("[9:14 pm] Agent: hello", 76_440_000, "Agent", "hello"),
            ("Agent (00:12): hello", 12_000, "Agent", "hello"),
            ("SPEAKER_00 (0:12): hello", 12_000, "SPEAKER_00", "hello"),
            ("Speaker 1 [00:00:12]:", 12_000, "Speaker 1", ""),
            ("Speaker 1   0:12", 12_000, "Speaker 1", ""),
            ("Maria Okonkwo   0:12", 12_000, "Maria Okonkwo", ""),
            ("[Maria Okonkwo] 09:14:22", 33_262_000, "Maria Okonkwo", ""),
        ] {
            check(line, Some((start_ms, Some(label), said)));
        }
        for line in ["[1:02.5] hello there", "00:01 \u{2013} hello there", "[00:00:01 --> 00:00:02] hello there"] {
            assert!(time_first(line).is_some_and(|head| head.label.is_none() && line[head.said..] == *"hello there"));
        }
    }

    #[test]
    fn dates_in_front_of_lines_are_read_however_programs_write_them() {
        for (line, day, said) in [
            ("2026-11-21 10:02:14 Priya: hi", "-11-21", "hi"),
            ("2026-11-21T10:02:14.5Z - Agent - hi", "-11-21", "hi"),
            ("2026-11-21T10:02:14+00:00 Agent: hi", "-11-21", "hi"),
            ("[11/21/26, 10:02:14 AM] Dana (Support): hi", "11/21/", "hi"),
            ("21.11.2026, 10:02 - Priya: hi", "21.11.", "hi"),
            ("2026 10:02:14 Priya: hi", "", "hi"),
            ("[26, 10:02:14 AM] Dana: hi", "", "hi"),
            ("[2026-11-21 10:02] hello there", "-11-21", "hello there"),
        ] {
            let head = dated(line).unwrap_or_else(|| panic!("{line}"));
            let got = head.label.as_ref().map_or(head.said, |label| label.said);
            assert_eq!((&line[head.day.unwrap()], line[got..].trim()), (day, said), "{line}");
        }
        for line in [
            "4/5/1977 is my birthday",
            "2026-11-21 25:02:14 Priya: hi",
            "2026-41-21 10:02:14 Priya: hi",
            "[11/21/26] Priya: hi",
            "2026 Priya: hi",
        ] {
            assert_eq!(dated(line), None, "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_a_head_is_text() {
        for line in [
            "hello",
            "10:30 works for me",
            "10:30 works - for me",
            "10:30 AM works for me",
            "at 10:30",
            "I can come at 10:30 or later",
            "(555) 010-2234",
            "(5) Agent: hi",
            "[laughs] 5",
            "[NAME] 00:00:12",
            "[PHONE] (0:12): hello",
            "12:75 - hello",
            "1:2 - hello",
            "13:00 PM - hello",
            "ratio 3:4",
            "[00:01:02 hello",
            "00:01:02:03 - x",
        ] {
            check(line, None);
        }
    }

    #[test]
    fn a_file_is_written_so_from_its_first_line_on_and_forward() {
        let times = |lines: &[&str]| heads(lines).iter().filter(|head| head.time.is_some()).count();
        assert_eq!(times(&["", "[0:01] a", "b", "[0:05] c"]), 2);
        assert_eq!(times(&["hello", "[0:01] a"]), 0);
        assert_eq!(times(&["[0:10] a", "[0:05] b"]), 0);
        assert_eq!(times(&[]), 0);
    }

    #[test]
    fn a_time_of_the_clock_without_seconds_is_within_a_minute() {
        let span = |line: &str| time_first(line).unwrap().time.unwrap().span(None);
        assert_eq!(span("[9:14 AM] hi"), None);
        let head = |line: &str| time_first(line).unwrap().time.unwrap();
        let got = head("[9:14 AM] hi").span(Some(head("[9:15 AM] hi"))).unwrap();
        assert_eq!((got.start_ms(), got.end_ms()), (33_180_000, 33_360_000));
    }
}
