//! The text of a web page, and what of its code is left out of the output.
//!
//! Code stays only where it is known to hold nobody's words: known elements, without attributes but those of a table's
//! and a text's shape. Remarks, styles, scripts, links, sources and alternative texts are left out.

use super::super::source::Leaf;
use std::ops::Range;

/// Elements that part text into turns.
const BLOCKS: &str = "html head body div p hr table thead tbody tfoot tr caption colgroup col ul ol li dl blockquote pre \
    h1 h2 h3 h4 h5 h6 address section article header footer main nav aside figure figcaption center";
/// Elements that part words, among them those that show something of their own.
const BREAKS: &str = "br td th dt dd img input button select option video audio object embed svg";
/// Elements in which a word may go on.
const INLINE: &str =
    "span a b i u s em strong small big sub sup font mark q cite del ins kbd samp var abbr label code tt wbr";
/// Elements whose content is no text for readers: left out whole.
const UNREAD: &str = "script style title textarea iframe noembed noframes xmp plaintext";
/// Attributes that stay if their value is a number, a share or one of [`VALUES`].
const ATTRIBUTES: &str = "align valign width height border cellpadding cellspacing colspan rowspan dir start";
const VALUES: &str = "left right center justify top middle bottom baseline ltr rtl auto";

/// What a page is made of.
#[derive(Default)]
pub(super) struct Page {
    /// Turns, in each the stretches between which words are parted, in each the pieces of text.
    pub(super) blocks: Vec<Vec<Vec<Leaf>>>,
    /// What is left out of the output.
    pub(super) unseen: Vec<Leaf>,
}

/// What a tag does to the text around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    Nothing,
    Words,
    Turns,
}

impl Page {
    /// Reads the page at `range` of a file.
    pub(super) fn of(file: &str, range: Range<usize>) -> Self {
        let mut page = Self { blocks: vec![vec![Vec::new()]], unseen: Vec::new() };
        let (mut at, mut text_from) = (range.start, range.start);
        while let Some(next) = memchr::memchr(b'<', &file.as_bytes()[at..range.end]) {
            at += next;
            let rest = &file[at..range.end];
            let Some(len) = code_len(rest) else {
                at += 1;
                continue;
            };
            page.text(text_from..at);
            let parts = page.code(&rest[..len], at);
            page.part(parts);
            at += len;
            text_from = at;
        }
        page.text(text_from..range.end);
        page.blocks.iter_mut().for_each(|block| block.retain(|group| !group.is_empty()));
        page.blocks.retain(|block| !block.is_empty());
        page
    }

    fn text(&mut self, range: Range<usize>) {
        let group = self.blocks.last_mut().and_then(|block| block.last_mut());
        if let Some(group) = group.filter(|_| !range.is_empty()) {
            group.push(Leaf::markup(range.start, range.end));
        }
    }

    fn part(&mut self, parts: Parts) {
        match (parts, self.blocks.last_mut()) {
            (Parts::Words, Some(block)) => block.push(Vec::new()),
            (Parts::Turns, _) => self.blocks.push(vec![Vec::new()]),
            _ => {}
        }
    }

    /// Leaves out what must be left out of a piece of code at `at`, and says what it parts.
    fn code(&mut self, code: &str, at: usize) -> Parts {
        let mut leave_out = |range: Range<usize>| self.unseen.push(Leaf::plain(at + range.start, at + range.end));
        // A tag that the file ends in is none.
        let Some(name) = tag_name(code).filter(|_| code.ends_with('>')) else {
            if !code.eq_ignore_ascii_case("<!doctype html>") {
                leave_out(0..code.len());
            }
            return Parts::Nothing;
        };
        let is = |names: &str| names.split_whitespace().any(|n| name.eq_ignore_ascii_case(n));
        let parts = match (is(BLOCKS), is(BREAKS), is(INLINE)) {
            (true, _, _) => Parts::Turns,
            (_, true, _) => Parts::Words,
            (_, _, true) => Parts::Nothing,
            _ => {
                leave_out(0..code.len());
                return Parts::Nothing;
            }
        };
        let is_end = code.starts_with("</");
        for attribute in attributes(code, name.len() + if is_end { 2 } else { 1 }) {
            if is_end || !is_shape(code[attribute.clone()].trim()) {
                leave_out(attribute);
            }
        }
        parts
    }
}

/// The length of the code that a text starting with `<` starts with; nothing if that is only a sign.
fn code_len(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return Some(text[2..].find("-->").map_or(text.len(), |end| 2 + end + 3));
    }
    let second = text.as_bytes().get(1)?;
    if matches!(second, b'!' | b'?') || (*second == b'/' && tag_name(text).is_none()) {
        return Some(text.find('>').map_or(text.len(), |end| end + 1));
    }
    let name = tag_name(text)?;
    let start = name.len() + 1 + usize::from(*second == b'/');
    let end = tag_end(text, start);
    let is_unread = UNREAD.split_whitespace().any(|n| name.eq_ignore_ascii_case(n));
    if !is_unread || *second == b'/' {
        return Some(end);
    }
    Some(end + element_len(&text[end..], name))
}

/// The bytes up to the end of an element whose content is not read.
fn element_len(text: &str, name: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].find("</").map(|at| from + at) {
        let closes = tag_name(&text[at..]).is_some_and(|n| n.eq_ignore_ascii_case(name));
        if closes {
            return tag_end(&text[at..], name.len() + 2) + at;
        }
        from = at + 2;
    }
    text.len()
}

/// The name of the tag that a text starts with.
fn tag_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("</").or_else(|| text.strip_prefix('<'))?;
    let len = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(rest.len());
    rest.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(&rest[..len])
}

/// Where a tag ends, with its bracket, or the text where it does not end. `from` is behind its name.
fn tag_end(text: &str, from: usize) -> usize {
    let end = attributes(text, from).last().map_or(from, |attribute| attribute.end);
    text[end..].find('>').map_or(text.len(), |close| end + close + 1)
}

/// The attributes of a tag, each with the white space in front of it and its value.
fn attributes(text: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let skip = move |mut at: usize, wanted: fn(&u8) -> bool| {
        while bytes.get(at).is_some_and(wanted) {
            at += 1;
        }
        at
    };
    let mut start = from;
    std::iter::from_fn(move || {
        let name = skip(start, |b| b.is_ascii_whitespace() || *b == b'/');
        if bytes.get(name).is_none_or(|b| *b == b'>') {
            return None;
        }
        // A sign of equality in front is part of a name.
        let name_end = skip(name + 1, |b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'='));
        let sign = skip(name_end, u8::is_ascii_whitespace);
        let mut end = name_end;
        if bytes.get(sign) == Some(&b'=') {
            let value = skip(sign + 1, u8::is_ascii_whitespace);
            end = match bytes.get(value) {
                Some(&quote @ (b'"' | b'\'')) => {
                    memchr::memchr(quote, &bytes[value + 1..]).map_or(bytes.len(), |len| value + 1 + len + 1)
                }
                _ => skip(value, |b| !b.is_ascii_whitespace() && *b != b'>'),
            };
        }
        let attribute = start..end;
        start = end;
        Some(attribute)
    })
}

/// Whether an attribute says nothing but a shape.
fn is_shape(attribute: &str) -> bool {
    let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
    let value = value.trim().trim_matches(['"', '\'']);
    let number = value.strip_suffix('%').or_else(|| value.strip_suffix("px")).unwrap_or(value);
    let is_number = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let is = |names: &str, said: &str| names.split_whitespace().any(|n| said.eq_ignore_ascii_case(n));
    is(ATTRIBUTES, name.trim()) && (is_number || is(VALUES, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks between `/`, groups between `|`, pieces between `+`; and the page without what is left out.
    fn check(page: &str, want: &str, left: &str) {
        let read = Page::of(page, 0..page.len());
        let group = |g: &Vec<Leaf>| g.iter().map(|l| &page[l.range()]).collect::<Vec<_>>().join("+");
        let block = |b: &Vec<Vec<Leaf>>| b.iter().map(group).collect::<Vec<_>>().join("|");
        assert_eq!(read.blocks.iter().map(block).collect::<Vec<_>>().join("/"), want, "{page}");
        let mut rest = page.to_owned();
        read.unseen.iter().rev().for_each(|l| rest.replace_range(l.range(), ""));
        assert_eq!(rest, left, "{page}");
        let again = Page::of(&rest, 0..rest.len());
        assert!(again.unseen.is_empty(), "{rest}");
    }

    #[test]
    fn words_go_on_in_inline_elements_and_end_at_others() {
        check("a <b>J</b>ohn<br>Lee<p>b</p>", "a +J+ohn|Lee/b", "a <b>J</b>ohn<br>Lee<p>b</p>");
        check(
            "<table><tr><td>Name</td><td>Lee</td></tr></table>",
            "Name|Lee",
            "<table><tr><td>Name</td><td>Lee</td></tr></table>",
        );
        check("a<img alt=Lee>b<span style='color:red'>c</span>", "a|b+c", "a<img>b<span>c</span>");
    }

    #[test]
    fn what_may_hold_words_is_left_out() {
        check("<!DOCTYPE html><!-- Lee -->a<!--x--->b<!-->c", "a+b+c", "<!DOCTYPE html>abc");
        check("<a href='tel:555' title=\"a > Lee\" width=10>a</a lee>", "a", "<a width=10>a</a>");
        check("<head><title>Lee</title><style>.lee{}</style><meta content=Lee></head>a", "a", "<head></head>a");
        check("a<textarea>Lee</textarea>b", "a+b", "ab");
        check("<script>if (a</b) '</scripts>'</script >a<script>Lee", "a", "a");
        check("<lee>a</lee><?lee?><![if lee]>b</ lee>", "a+b", "ab");
        check("a <img alt=\"Lee", "a ", "a ");
        check("<p\nclass=lee\nalign=center>a</p>", "a", "<p\nalign=center>a</p>");
        check("<td width=5551234 height='50%' dir=lee>a", "a", "<td height='50%'>a");
        check("<p =lee x = 'lee' y>a", "a", "<p>a");
    }

    #[test]
    fn a_sign_that_begins_no_tag_is_text() {
        check("a < b <3 c> <", "a < b <3 c> <", "a < b <3 c> <");
    }
}
