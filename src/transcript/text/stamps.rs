//! Lines of plain text that say when somebody begins to speak: `[00:01:02] Agent: …`, `00:01 - Agent: …`, `Agent (00:12): …`,
//! and lines with nothing but a name and a time, as meeting programs export them. Must not look at what is said.

use crate::base::limits;
use std::ops::Range;

/// Longest label, bytes.
const LABEL_BYTES_MAX: usize = 48;
/// Most words of a label: a name with a role.
const LABEL_WORDS_MAX: usize = 5;
/// How far a time may lie before the one in front of it, milliseconds.
const BACKWARDS_MS_MAX: u32 = 1_000;

/// The head of a line. Ranges are bytes of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// When the turn begins.
    pub(super) start_ms: u32,
    /// How exact that is: a time without a fraction is rounded to a second.
    pub(super) within_ms: u32,
    /// When it ends, where the line says so.
    pub(super) end_ms: Option<u32>,
    /// Who speaks.
    pub(super) label: Option<Range<usize>>,
    /// Where what is said begins.
    pub(super) said: usize,
}

impl Head {
    /// Whether nothing but a colon parts the label from what is said, as it may part words.
    pub(super) fn is_by_colon(&self) -> bool {
        self.label.as_ref().is_some_and(|label| label.end + 1 == self.said)
    }
}

/// The head of each line that has one; nothing if the file is not written so: then its first line that says something
/// would have one, and times would not run backwards.
pub(super) fn heads(lines: &[&str]) -> Option<Vec<Option<Head>>> {
    let heads: Vec<Option<Head>> = lines.iter().map(|line| head(line)).collect();
    let first = lines.iter().position(|line| !line.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty())?;
    heads[first].as_ref()?;
    let starts: Vec<u32> = heads.iter().flatten().map(|head| head.start_ms).collect();
    let forward = starts.windows(2).all(|two| two[1].saturating_add(BACKWARDS_MS_MAX) >= two[0]);
    forward.then_some(heads)
}

fn head(line: &str) -> Option<Head> {
    let begins = line.len() - line.trim_start_matches(['\u{feff}', ' ', '\t']).len();
    let text = line[begins..].trim_end();
    time_first(text).or_else(|| label_first(text)).map(|head| Head {
        label: head.label.map(|label| label.start + begins..label.end + begins),
        said: head.said + begins,
        ..head
    })
}

/// `[00:01:02] …`, `(1:02) …`, `00:01 - …`, `00:01:02 Agent: …`
fn time_first(text: &str) -> Option<Head> {
    let (stamp, in_brackets) = stamp(text)?;
    let rest = &text[stamp.len..];
    let after = rest.trim_start().trim_start_matches(['-', '\u{2013}', '\u{2014}']).trim_start();
    let is_parted = rest.trim_start().len() != after.len();
    let at = text.len() - after.len();
    let label = label_before_colon(after);
    // A time alone at the start of a sentence may be what somebody says.
    if !in_brackets && !is_parted && label.is_none() || (rest.len() == after.len() && !after.is_empty()) {
        return None;
    }
    let said = at + label.as_ref().map_or(0, |label| label.end + 1);
    Some(stamp.head(label.map(|label| label.start + at..label.end + at), said))
}

/// `Agent (00:12): …`, `Maria Okonkwo   0:12`, `[Maria Okonkwo] 00:00:12`
fn label_first(text: &str) -> Option<Head> {
    let in_brackets = text.strip_prefix('[').and_then(|inner| inner.split_once(']'));
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
    (is_head && is_label(&text[label.clone()])).then(|| stamp.head(Some(label), said))
}

fn label_before_colon(text: &str) -> Option<Range<usize>> {
    let (label, rest) = text.split_once(':')?;
    let is_parted = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (is_parted && is_label(label)).then_some(0..label.len())
}

fn is_label(text: &str) -> bool {
    text.len() <= LABEL_BYTES_MAX
        && text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || " _.'-()&,".contains(c))
        && text.split_whitespace().count() <= LABEL_WORDS_MAX
}

/// A time, or a start and an end, at the start of a text.
struct Stamp {
    start: Clock,
    end: Option<Clock>,
    len: usize,
}

impl Stamp {
    fn head(&self, label: Option<Range<usize>>, said: usize) -> Head {
        let within_ms = if self.start.is_exact { 0 } else { 1_000 };
        let end_ms = self.end.as_ref().map(|end| end.ms).filter(|end| *end >= self.start.ms);
        Head { start_ms: self.start.ms, within_ms, end_ms, label, said }
    }
}

/// The stamp that a text begins with, and whether it stands in brackets.
fn stamp(text: &str) -> Option<(Stamp, bool)> {
    let closing = match text.as_bytes().first()? {
        b'[' => Some(']'),
        b'(' => Some(')'),
        _ => None,
    };
    let inner = if closing.is_some() { &text[1..] } else { text };
    let (start, mut rest) = clock(inner)?;
    let mut end = None;
    let range = rest.trim_start().trim_start_matches(['-', '\u{2013}']).trim_start();
    if closing.is_some()
        && let Some((clock, after)) = clock(range)
    {
        (end, rest) = (Some(clock), after);
    }
    let rest = match closing {
        Some(closing) => rest.strip_prefix(closing)?,
        None => rest,
    };
    let ends = rest.is_empty() || !rest.starts_with(|c: char| c.is_alphanumeric());
    ends.then(|| (Stamp { start, end, len: text.len() - rest.len() }, closing.is_some()))
}

struct Clock {
    ms: u32,
    is_exact: bool,
}

/// `1:02:03.45`, `62:03`, and what follows.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let len = text.bytes().take_while(|b| b.is_ascii_digit() || b":.,".contains(b)).count();
    let shown = text[..len].trim_end_matches([':', '.', ',']);
    let (whole, places) = shown.split_once(['.', ',']).unwrap_or((shown, ""));
    let number = |digits: &str, max: usize| -> Option<u64> {
        let sound = (1..=max).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| digits.parse().ok())?
    };
    let parts: Vec<&str> = whole.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] => (0, number(minutes, 3)?, seconds),
        [hours, minutes, seconds] => (number(hours, 2)?, number(minutes, 2).filter(|m| *m < 60)?, seconds),
        _ => return None,
    };
    let seconds = number(seconds, 2).filter(|s| *s < 60 && parts.last().is_some_and(|s| s.len() == 2))?;
    let fraction = if places.is_empty() { 0 } else { number(&format!("{places:0<3}")[..3], 3)? };
    let is_places = places.len() <= 6 && places.bytes().all(|b| b.is_ascii_digit());
    let ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + fraction;
    let fits = is_places && ms <= limits::RECORDING_MS_MAX;
    fits.then(|| Some((Clock { ms: u32::try_from(ms).ok()?, is_exact: !places.is_empty() }, &text[shown.len()..])))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: Option<(u32, Option<&str>, &str)>) {
        let head = head(line);
        let got = head.as_ref().map(|h| (h.start_ms, h.label.clone().map(|l| &line[l]), line[h.said..].trim()));
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn heads_are_read_however_programs_write_them() {
        check("[00:01:02] Agent: hello", Some((62_000, Some("Agent"), "hello")));
        check("[1:02.5] hello there", Some((62_500, None, "hello there")));
        check("[00:00:01 - 00:00:04] Agent: hi", Some((1_000, Some("Agent"), "hi")));
        check("(0:12) Maria Okonkwo: hi", Some((12_000, Some("Maria Okonkwo"), "hi")));
        check("00:01 - Agent: hello", Some((1_000, Some("Agent"), "hello")));
        check("00:01 \u{2013} hello", Some((1_000, None, "hello")));
        check("00:01:02 Agent: hello", Some((62_000, Some("Agent"), "hello")));
        check("Agent (00:12): hello", Some((12_000, Some("Agent"), "hello")));
        check("Speaker 1 [00:00:12]:", Some((12_000, Some("Speaker 1"), "")));
        check("Speaker 1   0:12", Some((12_000, Some("Speaker 1"), "")));
        check("Maria Okonkwo   0:12", Some((12_000, Some("Maria Okonkwo"), "")));
        check("[Maria Okonkwo] 09:14:22", Some((33_262_000, Some("Maria Okonkwo"), "")));
    }

    #[test]
    fn what_only_looks_like_a_head_is_text() {
        for line in [
            "hello",
            "10:30 works for me",
            "at 10:30",
            "I can come at 10:30 or later",
            "(555) 010-2234",
            "[laughs] 5",
            "12:75 - hello",
            "1:2 - hello",
            "ratio 3:4",
            "[00:01:02 hello",
            "00:01:02:03 - x",
        ] {
            check(line, None);
        }
    }

    #[test]
    fn a_file_is_written_so_from_its_first_line_on_and_forward() {
        assert!(heads(&["", "[0:01] a", "b", "[0:05] c"]).is_some_and(|heads| heads.iter().flatten().count() == 2));
        assert!(heads(&["hello", "[0:01] a"]).is_none());
        assert!(heads(&["[0:10] a", "[0:05] b"]).is_none());
        assert!(heads(&[]).is_none());
    }
}
