//! A file of any text as pieces of bounded size, each a transcript with a turn a line. Must not find anything itself.
//!
//! What a file is made with is taken for white space: brackets, quotes and separators of JSON, CSV and logs. Times and ids of
//! machines are blanked, so that a log is no heap of dates and numbers.

use crate::base::{Phi, Result};
use crate::model::{Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use regex::Regex;
use std::io::{self, BufRead, Read};
use std::sync::LazyLock;

/// Bytes of a piece, about.
const PIECE_BYTES: usize = 64 << 10;
/// A longer line is cut at the next separator, or where it must be.
const LINE_BYTES_MAX: usize = 2_048;
/// Lines before a piece that are looked at again, because what they ask for is answered in it.
const CONTEXT_LINES: usize = 4;
/// Most columns of a table whose names are known.
const COLUMNS_MAX: usize = 256;

/// Moments with a time of day, UUIDs, and hexadecimal runs with a letter in them.
static MACHINE: LazyLock<Regex> = LazyLock::new(|| {
    let moment = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?";
    let uuid = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b";
    let hex = r"\b[0-9a-fA-F]{16,}\b";
    Regex::new(&format!("{moment}|{uuid}|{hex}")).expect("the pattern is constant")
});

/// A piece of a file.
pub(super) struct Piece {
    /// Its words, a turn a line.
    pub transcript: Transcript,
    /// The number of each turn's line in the file, from 1.
    pub lines: Vec<u64>,
    /// Words that stand for the name of a column, or were in the piece before: what is found in them counts no more.
    pub ignored: Vec<bool>,
}

/// The pieces of a file.
pub(super) struct Pieces<R> {
    source: R,
    /// What separates cells, for a table.
    separator: Option<char>,
    header: Vec<String>,
    /// The last lines of the piece before.
    context: Vec<(u64, String)>,
    /// What was cut off a line that was too long.
    rest: String,
    /// The number of the line that was read last, and whether there is more of it.
    line: u64,
    goes_on: bool,
}

impl<R: BufRead> Pieces<R> {
    /// A table where `separator` says so; its first line has names of columns where it looks like it.
    pub fn new(source: R, separator: Option<char>) -> Self {
        Self {
            source,
            separator,
            header: Vec::new(),
            context: Vec::new(),
            rest: String::new(),
            line: 0,
            goes_on: false,
        }
    }

    /// The next piece; nothing at the end.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        let mut lines = std::mem::take(&mut self.context);
        let (old, mut bytes) = (lines.len(), 0);
        while bytes < PIECE_BYTES {
            let Some(line) = self.next_line()? else { break };
            bytes += line.len() + 1;
            if self.line == 1 && self.separator.is_some_and(|s| self.takes_header(&line, s)) {
                continue;
            }
            lines.push((self.line, line));
        }
        if lines.len() == old {
            return if bytes == 0 { Ok(None) } else { self.next() };
        }
        let piece = self.piece(&lines, old);
        self.context = lines.split_off(lines.len().saturating_sub(CONTEXT_LINES));
        Ok(Some(piece))
    }

    /// A line, or what of it fits.
    fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut text = std::mem::take(&mut self.rest);
        if text.len() <= LINE_BYTES_MAX && !text.ends_with('\n') {
            let mut bytes = Vec::new();
            let more = (LINE_BYTES_MAX * 2 - text.len()) as u64;
            (&mut self.source).take(more).read_until(b'\n', &mut bytes)?;
            // A letter that the end of a reading cuts apart is lost; a line that long is data.
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
        if text.is_empty() {
            return Ok(None);
        }
        self.line += u64::from(!self.goes_on);
        if text.len() > LINE_BYTES_MAX {
            let at = cut(&text);
            self.rest = text.split_off(at);
        }
        self.goes_on = !text.ends_with('\n');
        Ok(Some(text))
    }

    fn takes_header(&mut self, line: &str, separator: char) -> bool {
        let cells: Vec<String> = line.split(separator).map(|cell| plain(cell).replace(['_', '.'], " ")).collect();
        let is_name = |cell: &String| !cell.trim().is_empty() && !cell.bytes().any(|b| b.is_ascii_digit() || b == b'@');
        if cells.len() < 2 || cells.len() > COLUMNS_MAX || !cells.iter().all(is_name) {
            return false;
        }
        self.header = cells;
        true
    }

    fn piece(&self, lines: &[(u64, String)], old: usize) -> Piece {
        let mut builder = TranscriptBuilder::new(TimeSource::None);
        let (mut numbers, mut ignored) = (Vec::new(), Vec::new());
        for (n, (number, line)) in lines.iter().enumerate() {
            builder.turn(TurnKind::Spoken, Speaker::Unknown, None);
            let before = builder.len();
            for (name, cell) in self.cells(line) {
                builder.say(Phi::new(name));
                ignored.resize(builder.len(), true);
                builder.say(Phi::new(&plain(&MACHINE.replace_all(cell, blank))));
                ignored.resize(builder.len(), n < old);
            }
            if builder.len() > before {
                numbers.push(*number);
            }
        }
        Piece { transcript: builder.build(), lines: numbers, ignored }
    }

    /// The cells of a line, each with the name of its column; a line of no table is one cell without name.
    fn cells<'a>(&'a self, line: &'a str) -> Vec<(&'a str, &'a str)> {
        match self.separator {
            Some(separator) if !self.header.is_empty() => {
                let name = |n: usize| self.header.get(n).map_or("", String::as_str);
                line.split(separator).enumerate().map(|(n, cell)| (name(n), cell)).collect()
            }
            _ => vec![("", line)],
        }
    }
}

/// Where a line that is too long is cut: behind a separator, as late as it fits.
fn cut(line: &str) -> usize {
    let end = (0..=LINE_BYTES_MAX).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
    line[..end].rfind([',', ';', '}', ' ', '\t']).map_or(end, |at| at + 1)
}

/// Text without what files are made with.
fn plain(text: &str) -> String {
    let text = text.replace("\\n", " ").replace("\\t", " ").replace("\":", " : ").replace("\",", ", ");
    text.replace(['"', '{', '}', '[', ']', '|', '\t', '=', ';', '<', '>', '\\'], " ").replace(',', ", ")
}

/// Blanks what is a machine's: a run of digits alone may be somebody's number.
fn blank(found: &regex::Captures<'_>) -> String {
    let text = &found[0];
    if text.bytes().all(|b| b.is_ascii_digit()) { text.to_owned() } else { " ".to_owned() }
}

/// Whether a file is something else than text, by its first bytes.
pub(super) fn is_binary(head: &[u8]) -> bool {
    head.contains(&0) || head.starts_with(b"%PDF") || head.starts_with(&[0x1f, 0x8b]) || head.starts_with(b"PK\x03\x04")
}

/// Reads the first bytes of a file.
pub(super) fn head(source: &mut dyn Read, bytes_max: u64) -> Result<Vec<u8>, io::Error> {
    let mut head = Vec::new();
    source.take(bytes_max).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, separator: Option<char>) -> Vec<(Vec<u64>, String)> {
        let mut pieces = Pieces::new(text.as_bytes(), separator);
        std::iter::from_fn(|| pieces.next().unwrap())
            .map(|piece| (piece.lines.clone(), piece.transcript.text().into_exposed().to_owned()))
            .collect()
    }

    #[test]
    fn what_a_file_is_made_with_is_white_space() {
        let json = pieces("{\"phone\": \"212-867-5309\",\n \"at\": \"2026-11-21T21:31:48Z\"}\n", None);
        assert_eq!(json, [(vec![1, 2], "phone : 212-867-5309,\nat :".into())]);
        let log = pieces("2026-11-21 21:31:48,123 id=0123456789abcdef user=ana n=0123456789012345\n", None);
        assert_eq!(log[0].1, "id user ana n 0123456789012345");
    }

    #[test]
    fn cells_of_a_table_follow_the_names_of_their_columns() {
        let csv = pieces("first_name,dob\nAna,1982-03-05\n", Some(','));
        assert_eq!(csv, [(vec![2], "first name Ana dob 1982-03-05".into())]);
        assert_eq!(pieces("Ana,1982\nBen,1983\n", Some(','))[0].0, [1, 2], "a table without names of columns");
    }

    #[test]
    fn a_line_of_any_length_is_read_whole_in_pieces_of_bounded_size() {
        let line: String = (0..50_000).map(|n| format!("word{n},")).collect();
        let words = |separator| -> Vec<String> {
            let mut pieces = Pieces::new(line.as_bytes(), separator);
            let mut words = Vec::new();
            while let Some(piece) = pieces.next().unwrap() {
                assert!(
                    piece.transcript.text().expose().len() < PIECE_BYTES * 2 && piece.lines.iter().all(|l| *l == 1)
                );
                let own = piece.ignored.iter().zip(0..).filter(|(is, _)| !**is);
                words.extend(own.map(|(_, n)| piece.transcript.word_text(n).into_exposed().to_owned()));
            }
            words
        };
        let words = words(None);
        assert_eq!(words.len(), 50_000);
        assert!(words.iter().enumerate().all(|(n, word)| *word == format!("word{n},")));
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        for text in [&b""[..], b"\n\n\n", b"\xff\xfe\xfd", "é".repeat(5_000).as_bytes()] {
            let mut pieces = Pieces::new(text, Some(','));
            let mut count = 0;
            while pieces.next().unwrap().is_some() {
                count += 1;
                assert!(count < 10);
            }
        }
    }
}
