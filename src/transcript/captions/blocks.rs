//! Lines to cues: where each cue's text stands, when it is shown, and what no viewer sees.
//!
//! A line with an arrow begins a cue, whatever stands before it: files without blank lines between cues, with blank
//! lines inside them, without numbers and with any line ends are read alike.

use super::{damaged, fits_webvtt};
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan, limits};
use std::ops::Range;

/// Which of the two ways of writing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    WebVtt,
    Srt,
}

/// A stretch of text on the screen.
pub(super) struct Cue {
    pub(super) time: TimeSpan,
    /// Its text, without the blank lines between.
    pub(super) payload: Vec<Range<usize>>,
}

/// A file's cues in their order, and what is left out of the output.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) cues: Vec<Cue>,
    pub(super) unseen: Vec<Range<usize>>,
}

/// A line: its text, and where the next one starts.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    start: usize,
    next: usize,
}

impl Line<'_> {
    const fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_timing(&self) -> bool {
        self.text.contains("-->")
    }
}

/// Finds the cues of a file.
///
/// # Errors
/// Holds the call when a line is no text, a WebVTT file has no header, a cue has no usable times, or text stands before
/// the first cue.
pub(super) fn parse(file: &str, dialect: Dialect) -> Result<Parsed> {
    let lines = lines(file)?;
    let cues = lines.iter().filter(|l| l.is_timing()).count();
    let mut parsed = Parsed::default();
    let mut at = match dialect {
        Dialect::WebVtt => header(&lines, &mut parsed)?,
        Dialect::Srt => 0,
    };
    while let Some(&line) = lines.get(at) {
        let after_blank = at == 0 || lines[at - 1].is_blank() || parsed.cues.is_empty();
        let next_is_timing = lines.get(at + 1).is_some_and(Line::is_timing);
        if line.is_timing() {
            parsed.cues.push(cue(line, dialect, at, &mut parsed.unseen)?);
        } else if next_is_timing && !line.is_blank() && (after_blank || is_counter(line.text)) {
            if !is_structural(line.text.trim(), cues) {
                parsed.unseen.push(line.start..line.next);
            }
        } else if dialect == Dialect::WebVtt && after_blank && special(line.text).is_some() {
            at = skip_block(&lines, at, &mut parsed.unseen);
            continue;
        } else if !line.is_blank() {
            let message = "text stands before the first cue";
            let uncovered = || Error::held(Stage::ParseTranscript, HoldReason::UncoveredText, message);
            let cue = parsed.cues.last_mut().ok_or_else(|| uncovered().at("line", at as u64 + 1))?;
            match cue.payload.last_mut().filter(|_| !lines[at - 1].is_blank()) {
                Some(block) => block.end = line.end(),
                // The break in front of a later block parts its first word from the last.
                None => cue.payload.push(line.start - usize::from(!cue.payload.is_empty())..line.end()),
            }
        }
        at += 1;
    }
    Ok(parsed)
}

fn lines(file: &str) -> Result<Vec<Line<'_>>> {
    let mut at = file.len() - file.trim_start_matches('\u{feff}').len();
    let mut lines = Vec::new();
    while at < file.len() {
        let rest = &file[at..];
        let len = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let text = &rest[..len];
        if text.bytes().any(|b| b < b' ' && b != b'\t' && b != 0x0c) {
            return Err(damaged("a control character stands in the text", lines.len()));
        }
        let ended = match &rest.as_bytes()[len..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        lines.push(Line { text, start: at, next: at + len + ended });
        at += len + ended;
    }
    Ok(lines)
}

/// Steps over the header of a WebVTT file, of which its own words stay: returns the line after it.
///
/// # Errors
/// Holds the call when the first line that says something is no header.
fn header(lines: &[Line<'_>], parsed: &mut Parsed) -> Result<usize> {
    let mut at = lines.iter().position(|l| !l.is_blank()).unwrap_or(lines.len());
    if let Some(first) = lines.get(at) {
        if !fits_webvtt(first.text) {
            return Err(damaged("the file does not begin with WEBVTT", at));
        }
        parsed.unseen.push(first.start + "WEBVTT".len()..first.end());
        at += 1;
    }
    while let Some(line) = lines.get(at).filter(|l| !l.is_blank() && !l.is_timing()) {
        // A name of the first cue may follow without a blank line.
        if !is_header(line.text) {
            parsed.unseen.push(line.start..line.next);
        }
        at += 1;
    }
    Ok(at)
}

fn is_header(line: &str) -> bool {
    let value = |key| line.strip_prefix(key).map(str::trim);
    let kinds = ["captions", "subtitles", "descriptions", "metadata"];
    value("Kind:").is_some_and(|kind| kinds.contains(&kind))
        || value("Language:").is_some_and(super::super::schema::shape::language_tag)
}

/// The word that a block which is no cue starts with.
fn special(line: &str) -> Option<&'static str> {
    ["NOTE", "STYLE", "REGION"]
        .into_iter()
        .find(|word| line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])))
}

/// Steps over a block that is no cue, of which nothing but its first word stays.
fn skip_block(lines: &[Line<'_>], first: usize, unseen: &mut Vec<Range<usize>>) -> usize {
    let mut last = first;
    while lines.get(last + 1).is_some_and(|l| !l.is_blank() && !l.is_timing()) {
        last += 1;
    }
    let word = special(lines[first].text).map_or(0, str::len);
    unseen.push(lines[first].start + word..lines[last].end());
    last + 1
}

fn cue(line: Line<'_>, dialect: Dialect, at: usize, unseen: &mut Vec<Range<usize>>) -> Result<Cue> {
    let timing = timing(line.text).ok_or_else(|| {
        let message = "a cue's times are not like 00:00:01.000 --> 00:00:02.000";
        Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, message).at("line", at as u64 + 1)
    })?;
    let in_reach = |ms: u64| u32::try_from(ms).ok().filter(|_| ms <= limits::RECORDING_MS_MAX);
    let span = in_reach(timing.start_ms).zip(in_reach(timing.end_ms));
    let time = span.and_then(|(start, end)| TimeSpan::new(start, end).ok()).ok_or_else(|| {
        let message = "a cue ends before it starts, or is no time of a recording";
        Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, message).at("line", at as u64 + 1)
    })?;
    let settings = &line.text[timing.len..];
    let mut from = 0;
    for part in settings.split_inclusive([' ', '\t']) {
        let setting = part.trim();
        if !setting.is_empty() && !is_setting(setting, dialect) {
            let start = line.start + timing.len;
            unseen.push(start + from..start + from + part.len());
        }
        from += part.len();
    }
    Ok(Cue { time, payload: Vec::new() })
}

/// The times of a cue's first line, milliseconds, and the bytes that they take with the arrow.
pub(super) struct Timing {
    start_ms: u64,
    end_ms: u64,
    len: usize,
}

/// The times at the start of a line; nothing follows them, or white space.
pub(super) fn timing(line: &str) -> Option<Timing> {
    let (before, after) = line.split_once("-->")?;
    let (start_ms, rest) = clock(before.trim())?;
    let blank = after.len() - after.trim_start().len();
    let (end_ms, settings) = clock(&after[blank..])?;
    let parted = settings.is_empty() || settings.starts_with([' ', '\t']);
    (rest.is_empty() && parted).then_some(Timing { start_ms, end_ms, len: line.len() - settings.len() })
}

/// `01:02:03.456`, `02:03.456`, `1:02:03,456` in milliseconds, and what follows.
pub(super) fn clock(text: &str) -> Option<(u64, &str)> {
    let len = text.bytes().take_while(|b| b.is_ascii_digit() || b":.,".contains(b)).count();
    let (shown, rest) = text.split_at(len);
    let (whole, places) = shown.rsplit_once(['.', ','])?;
    let number = |digits: &str, len: std::ops::RangeInclusive<usize>| -> Option<u64> {
        let sound = len.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| digits.parse().ok())?
    };
    let mut parts = whole.rsplit(':');
    let seconds = number(parts.next()?, 1..=2)?;
    let minutes = number(parts.next()?, 1..=2)?;
    let hours = parts.next().map_or(Some(0), |h| number(h, 1..=4))?;
    let sound = parts.next().is_none() && seconds < 60 && minutes < 60;
    let ms = number(places, 3..=3)?;
    sound.then_some((((hours * 60 + minutes) * 60 + seconds) * 1000 + ms, rest))
}

fn is_counter(text: &str) -> bool {
    let text = text.trim();
    (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a cue's name only counts or is made by chance, in a file of so many cues.
fn is_structural(name: &str, cues: usize) -> bool {
    let counts = is_counter(name) && name.parse::<usize>().is_ok_and(|n| n <= cues);
    let (uuid, part) = name.split_once('/').unwrap_or((name, "0"));
    let is_uuid =
        uuid.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && uuid.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    let is_part = (1..=9).contains(&part.len()) && part.bytes().all(|b| b == b'-' || b.is_ascii_digit());
    counts || (is_uuid && is_part)
}

/// Whether a setting says where a cue is shown.
fn is_setting(setting: &str, dialect: Dialect) -> bool {
    let Some((key, value)) = setting.split_once(':') else { return false };
    let is_number = |text: &str| {
        let text = text.strip_prefix('-').unwrap_or(text);
        let text = text.strip_suffix('%').unwrap_or(text);
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |t: &str, max| (1..=max).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        digits(whole, 3) && digits(part, 3)
    };
    let words = ["start", "center", "middle", "end", "left", "right", "line-left", "line-right", "auto"];
    let (first, then) = value.split_once(',').unwrap_or((value, "start"));
    let placed = (is_number(first) || first == "auto") && words.contains(&then);
    match (dialect, key) {
        (Dialect::WebVtt, "vertical") => matches!(value, "rl" | "lr"),
        (Dialect::WebVtt, "line" | "position") => placed,
        (Dialect::WebVtt, "size") => is_number(value),
        (Dialect::WebVtt, "align") => words.contains(&value),
        (Dialect::Srt, "X1" | "X2" | "Y1" | "Y2") => (1..=4).contains(&value.len()) && is_counter(value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(file: &str, dialect: Dialect) -> (String, Vec<(u32, u32)>, String) {
        let parsed = parse(file, dialect).unwrap();
        let texts = parsed.cues.iter().map(|c| {
            let blocks: Vec<&str> = c.payload.iter().map(|r| &file[r.clone()]).collect();
            blocks.join("|")
        });
        let times = parsed.cues.iter().map(|c| (c.time.start_ms(), c.time.end_ms())).collect();
        let mut ranges = parsed.unseen.clone();
        ranges.sort_by_key(|r| std::cmp::Reverse(r.start));
        let mut left = file.to_owned();
        ranges.into_iter().for_each(|r| left.replace_range(r, ""));
        (texts.collect::<Vec<_>>().join("/"), times, left)
    }

    #[test]
    fn what_no_viewer_sees_is_left_out() {
        let file = "WEBVTT John's call\nKind: captions\nX-Who: John\n\nNOTE\nJohn said so\n\nSTYLE\n::cue(v[voice=John]) {}\n\n\
            REGION\nid:john\n\njohn-1\n00:01.000 --> 00:02.500 align:start region:john line:-1\nhello\nthere\n";
        let (texts, times, left) = shown(file, Dialect::WebVtt);
        assert_eq!((texts.as_str(), times), ("hello\nthere", vec![(1000, 2500)]));
        let want = "WEBVTT\nKind: captions\n\nNOTE\n\nSTYLE\n\nREGION\n\n00:01.000 --> 00:02.500 align:start line:-1\nhello\nthere\n";
        assert_eq!(left, want);
        assert_eq!(shown(&left, Dialect::WebVtt).2, left, "a second reading leaves out nothing more");
    }

    #[test]
    fn cues_are_told_apart_in_every_dialect() {
        let times = vec![(1000, 2000), (2000, 3000)];
        for file in [
            "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:02,000 --> 00:00:03,000\nb\n",
            "\u{feff}1\r\n00:00:01,000 --> 00:00:02,000\r\na\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\nb",
            "1\n00:00:01.000-->00:00:02.000\na\n2\n00:00:02.000-->00:00:03.000\nb\n",
            "0:00:01,000  -->  0:00:02,000 X1:10 X2:20 Y1:1 Y2:2\na\n\n\n\n00:02,000 --> 00:03,000\nb\n",
            "1\r00:00:01,000 --> 00:00:02,000\ra\r\r2\r00:00:02,000 --> 00:00:03,000\rb\r",
        ] {
            let (texts, got, left) = shown(file, Dialect::Srt);
            assert_eq!((texts.as_str(), got), ("a/b", times.clone()), "{file:?}");
            assert!(left == file, "{file:?}");
        }
    }

    #[test]
    fn text_after_a_blank_line_is_still_of_its_cue() {
        let file = "1\n00:00:01,000 --> 00:00:02,000\na\n\nb 5551234\n\n2\n00:00:02,000 --> 00:00:03,000\nc\n1982\n";
        assert_eq!(shown(file, Dialect::Srt).0, "a|\nb 5551234/c\n1982");
    }

    #[test]
    fn names_of_cues_stay_if_they_count_or_are_made_by_chance() {
        for (name, want) in [
            ("2", true),
            ("0", true),
            ("1982", false),
            ("12345678", false),
            ("0a1b2c3d-0000-4000-8000-0123456789ab/12-0", true),
            ("0a1b2c3d-0000-4000-8000-0123456789ab", true),
            ("john", false),
        ] {
            assert_eq!(is_structural(name, 3), want, "{name}");
        }
    }

    #[test]
    fn what_is_no_time_is_held() {
        for (line, reason) in [
            ("00:00:01,00 --> 00:00:02,000", HoldReason::UnusableTimes),
            ("00:00:61.000 --> 00:02:00.000", HoldReason::UnusableTimes),
            ("00:00:02.000 --> 00:00:01.000", HoldReason::UnusableTimes),
            ("9999:00:02.000 --> 9999:00:03.000", HoldReason::UnusableTimes),
            ("john --> 00:00:01.000", HoldReason::UnusableTimes),
            ("00:00:01.000 --> 00:00:02.000john", HoldReason::UnusableTimes),
        ] {
            let got = parse(&format!("WEBVTT\n\n{line}\nhello\n"), Dialect::WebVtt).err().and_then(|e| e.hold_reason());
            assert_eq!(got, Some(reason), "{line}");
        }
    }

    #[test]
    fn webvtt_without_its_header_is_damaged() {
        for header in ["a\u{e9}\u{e9}\u{e9}\u{e9}", "555212 9843", "1", "\t\tWEBVTT - x", "WEBVTTs", "webvtt"] {
            let file = format!("{header}\n\n00:01.000 --> 00:02.000\nhi\n");
            let held = parse(&file, Dialect::WebVtt).err().and_then(|e| e.hold_reason());
            assert_eq!(held, Some(HoldReason::DamagedTranscript), "{header}");
        }
        for header in ["WEBVTT", "\u{feff}WEBVTT", "WEBVTT - x", "WEBVTT\tx", "\nWEBVTT"] {
            let file = format!("{header}\n\n00:01.000 --> 00:02.000\nhi\n");
            assert_eq!(shown(&file, Dialect::WebVtt).0, "hi", "{header}");
        }
    }

    #[test]
    fn text_before_the_first_cue_is_held() {
        let got = parse("WEBVTT\n\nhello john\n\n00:01.000 --> 00:02.000\nhi\n", Dialect::WebVtt).err();
        assert_eq!(got.and_then(|e| e.hold_reason()), Some(HoldReason::UncoveredText));
    }
}
