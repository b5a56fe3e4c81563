//! Plain text of mail: paragraphs, and lines that quote what somebody else wrote.

use super::super::source::Leaf;
use std::ops::Range;

/// Lines that belong together.
pub(super) struct Paragraph {
    /// Whether somebody else wrote it.
    pub(super) is_quoted: bool,
    /// Its lines, without signs of quoting.
    pub(super) lines: Vec<Leaf>,
}

/// The paragraphs of the text at `range` of a file.
pub(super) fn paragraphs(file: &str, range: Range<usize>) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut depth_before = None;
    let mut at = range.start;
    for line in file[range].split_inclusive(['\n', '\r']) {
        let quoting = line.len() - line.trim_start_matches(['>', ' ', '\t']).len();
        let depth = line[..quoting].bytes().filter(|b| *b == b'>').count();
        let said = Leaf::plain(at + quoting, at + line.len());
        at += line.len();
        if line[quoting..].trim().is_empty() {
            // The second half of a line end says nothing of paragraphs.
            if line != "\n" || !file[..at - 1].ends_with('\r') {
                depth_before = None;
            }
            continue;
        }
        match paragraphs.last_mut().filter(|_| depth_before == Some(depth)) {
            Some(paragraph) => paragraph.lines.push(said),
            None => paragraphs.push(Paragraph { is_quoted: depth > 0, lines: vec![said] }),
        }
        depth_before = Some(depth);
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_end_at_blank_lines_and_where_quoting_changes() {
        let text = "Hi,\r\nit is\r\n\r\nLee\r\n> a\r\n>> b\r\n>\r\n> c\r\n";
        let got: Vec<String> = paragraphs(text, 0..text.len())
            .iter()
            .map(|p| {
                let lines: Vec<&str> = p.lines.iter().map(|l| text[l.range()].trim()).collect();
                format!("{}{}", if p.is_quoted { ">" } else { "" }, lines.join("+"))
            })
            .collect();
        assert_eq!(got, ["Hi,+it is", "Lee", ">a", ">b", ">c"]);
    }
}
