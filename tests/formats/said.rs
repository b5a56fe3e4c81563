//! Captions, chats and mail as a property: whatever tags, entities, encodings and wrappers stand around and inside of
//! words, the words are read as they are seen, and a masked one is gone from the file however it is decoded.

use mail_parser::{MessageParser, PartType};
use proptest::prelude::*;
use sordino::base::{CallId, Phi, WordSpan};
use sordino::model::{Category, Edit, Format, TurnKind};
use sordino::transcript::{Document, read};

/// A word as a reader sees it, and one of the ways in which a file can write it.
#[derive(Clone, Debug)]
struct Written {
    seen: String,
    plain: String,
    marked_up: String,
}

fn written() -> impl Strategy<Value = Written> {
    let words = prop::sample::select(vec!["okay", "Holloway", "5550142", "María", "o'neil", "A&B", "東京", "bill"]);
    (words, 0..6_u8, 1..4_usize).prop_map(|(word, way, at)| {
        let chars: Vec<char> = word.chars().collect();
        let at = at.min(chars.len() - 1).max(1);
        let escaped = |part: &[char]| part.iter().collect::<String>().replace('&', "&amp;");
        let (a, b) = (escaped(&chars[..at]), escaped(&chars[at..]));
        let marked_up = match way {
            0 => format!("<b>{a}</b>{b}"),
            1 => format!("{a}&shy;{b}"),
            2 => format!("{a}<i></i>{b}"),
            3 => chars.iter().map(|c| format!("&#{};", u32::from(*c))).collect(),
            4 => format!("<u>{a}{b}</u>"),
            _ => format!("{a}{b}"),
        };
        Written { seen: word.to_owned(), plain: word.to_owned(), marked_up }
    })
}

/// Texts in lines: what somebody says, a few words each.
fn lines() -> impl Strategy<Value = Vec<Vec<Written>>> {
    prop::collection::vec(prop::collection::vec(written(), 1..8), 1..6)
}

fn joined(line: &[Written], how: impl Fn(&Written) -> &str) -> String {
    line.iter().map(how).collect::<Vec<_>>().join(" ")
}

fn captions(lines: &[Vec<Written>], is_webvtt: bool, line_end: &str) -> Vec<u8> {
    let mut file = if is_webvtt { format!("WEBVTT{line_end}{line_end}") } else { String::new() };
    for (at, line) in lines.iter().enumerate() {
        let (comma, text) = (if is_webvtt { '.' } else { ',' }, joined(line, |w| &w.marked_up));
        let times = format!("00:00:0{at}{comma}000 --> 00:00:0{}{comma}000", at + 1);
        file += &format!("{}{line_end}{times}{line_end}{text}{line_end}{line_end}", at + 1);
    }
    file.into_bytes()
}

fn chat(lines: &[Vec<Written>]) -> Vec<u8> {
    let entry = |line: &Vec<Written>| {
        serde_json::json!({"AbsoluteTime": "2026-11-21T06:00:00Z", "ContentType": "text/plain", "Type": "MESSAGE",
            "Content": joined(line, |w| &w.plain), "ParticipantRole": "CUSTOMER", "DisplayName": "Quentin"})
    };
    serde_json::json!({"Transcript": lines.iter().map(entry).collect::<Vec<_>>()}).to_string().into_bytes()
}

/// A mail that says the lines as text and as a page, in the encodings asked for.
fn mail(lines: &[Vec<Written>], encodings: [u8; 2], line_end: &str) -> Vec<u8> {
    let plain: Vec<String> = lines.iter().map(|line| joined(line, |w| &w.plain)).collect();
    let page: Vec<String> = lines.iter().map(|line| format!("<p>{}</p>", joined(line, |w| &w.marked_up))).collect();
    let parts = [("plain", plain.join("\n\n")), ("html", page.join("\n"))];
    let mut file = String::from("From: Quentin <q@mail.example>\nSubject: okay\nMIME-Version: 1.0\n");
    file += "Content-Type: multipart/alternative; boundary=\"Quentin\"\n\nQuentin\n";
    for ((kind, text), encoding) in parts.into_iter().zip(encodings) {
        let text = text.replace('\n', line_end);
        let (name, body) = match encoding % 3 {
            0 => ("8bit", text),
            1 => ("base64", wrapped(&base64(text.as_bytes()))),
            _ => ("quoted-printable", text.bytes().map(quoted).collect::<Vec<_>>().join("=\n")),
        };
        file += &format!(
            "--Quentin\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: {name}\n\n{body}\n"
        );
    }
    (file + "--Quentin--\nQuentin\n").replace("\r\n", "\n").replace('\n', line_end).into_bytes()
}

fn quoted(byte: u8) -> String {
    if byte == b'\n' || byte == b'\r' || byte.is_ascii_alphanumeric() {
        char::from(byte).to_string()
    } else {
        format!("={byte:02X}")
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn wrapped(letters: &str) -> String {
    letters.as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Everything that a file says, as other programs decode it.
fn said(file: &[u8], format: Format) -> String {
    if format != Format::Email {
        let text = String::from_utf8(file.to_vec()).unwrap();
        // Tags and entities that cut words would hide them from a search.
        return seen(&text);
    }
    let mail = MessageParser::default().parse(file).expect("the copy is a mail");
    let mut said = mail.subject().unwrap_or_default().to_owned();
    for part in &mail.parts {
        match &part.body {
            PartType::Text(text) => said.push_str(text),
            PartType::Html(page) => said.push_str(&seen(page)),
            _ => {}
        }
    }
    said
}

/// A text without tags, entities decoded.
fn seen(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let tag = rest.strip_prefix('<').and_then(|r| r.split_once('>'));
        let number = rest.strip_prefix("&#").and_then(|r| r.split_once(';'));
        if let Some((_, after)) = tag {
            rest = after;
        } else if let Some((digits, after)) = number {
            out.extend(digits.parse().ok().and_then(char::from_u32));
            rest = after;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.replace("&shy;", "").replace("&amp;", "&")
}

/// The words that are said, or those that only a second reading has.
fn words(document: &Document, are_said: fn(TurnKind) -> bool) -> Vec<String> {
    let t = document.transcript();
    let turns = t.turns().iter().filter(|turn| are_said(turn.kind));
    turns.flat_map(|turn| turn.words.range()).map(|i| t.word_text(i).expose().to_string()).collect()
}

fn check(file: &[u8], format: Format, lines: &[Vec<Written>], nth: usize) -> Result<(), TestCaseError> {
    let document = read(Phi::new(file.to_vec()), None).map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(document.format(), format);
    prop_assert!(words(&document, |kind| kind != TurnKind::Spoken).is_empty(), "text and page say the same");
    let read_words = words(&document, |kind| kind == TurnKind::Spoken);
    let mut want: Vec<String> = lines.iter().flatten().map(|w| w.seen.clone()).collect();
    if format == Format::Email {
        want.insert(0, "okay".into());
    }
    prop_assert_eq!(&read_words, &want, "words are read as they are seen");
    let mut all = want.clone();
    all.sort();
    all.dedup();
    let hidden: Vec<&String> = all.iter().step_by(nth).collect();
    let edit =
        |i: usize| Edit { words: WordSpan::new(i as u32, i as u32 + 1), category: Category::Name, rules: vec![] };
    let edits: Vec<Edit> = (0..want.len()).filter(|&i| hidden.contains(&&want[i])).map(edit).collect();
    let masked = document.mask(&edits, &CallId::from_mac(&[7; 32])).unwrap().into_exposed();
    let left = said(&masked, format);
    for word in &hidden {
        prop_assert!(!left.contains(word.as_str()), "{} is left in {}", word, left);
    }
    prop_assert!(!left.contains("Quentin") && !String::from_utf8_lossy(&masked).contains("Quentin"));
    let again = read(Phi::new(masked.clone()), Some(format)).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let masks = |w: &String| if hidden.contains(&w) { "[NAME]".to_owned() } else { w.clone() };
    let mut want: Vec<String> = want.iter().map(masks).collect();
    let mut got = words(&again, |kind| kind == TurnKind::Spoken);
    // In running text a stretch reads one mask.
    want.dedup_by(|a, b| *a == "[NAME]" && a == b);
    got.dedup_by(|a, b| *a == "[NAME]" && a == b);
    prop_assert_eq!(got, want, "what is not masked stays");
    // Where a tag stands between two hidden words, a page has two masks and the text one.
    prop_assert!(words(&again, |kind| kind != TurnKind::Spoken).iter().all(|w| w == "[NAME]"));
    let second = again.mask(&[], &CallId::from_mac(&[7; 32])).unwrap().into_exposed();
    prop_assert!(second == masked, "a second copy is the first");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn captions_are_read_as_they_are_seen(lines in lines(), is_webvtt in any::<bool>(), crlf in any::<bool>(), nth in 1..4_usize) {
        let file = captions(&lines, is_webvtt, if crlf { "\r\n" } else { "\n" });
        check(&file, if is_webvtt { Format::WebVtt } else { Format::Srt }, &lines, nth)?;
    }

    #[test]
    fn chats_are_read_as_they_are_seen(lines in lines(), nth in 1..4_usize) {
        check(&chat(&lines), Format::ConnectChat, &lines, nth)?;
    }

    #[test]
    fn mails_are_read_as_they_are_seen(lines in lines(), encodings in any::<[u8; 2]>(), crlf in any::<bool>(), nth in 1..4_usize) {
        check(&mail(&lines, encodings, if crlf { "\r\n" } else { "\n" }), Format::Email, &lines, nth)?;
    }

    #[test]
    fn spoilt_files_never_panic(lines in lines(), kind in 0..4_u8, cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..5)) {
        let mut file = match kind {
            0 | 1 => captions(&lines, kind == 0, "\n"),
            2 => chat(&lines),
            _ => mail(&lines, [0, 1], "\n"),
        };
        for (at, byte, how) in cuts {
            let at = at.index(file.len().max(1)).min(file.len().saturating_sub(1));
            match how {
                _ if file.is_empty() => {}
                0 => file[at] = byte,
                1 => file.truncate(at),
                _ => file.insert(at, b"<>&;:-=\n\"?"[usize::from(byte) % 10]),
            }
        }
        if let Ok(document) = read(Phi::new(file), None) {
            let count = document.transcript().words().len() as u32;
            let edit = |i| Edit { words: WordSpan::new(i, i + 1), category: Category::Name, rules: vec![] };
            let masked = document.mask(&(0..count).step_by(2).map(edit).collect::<Vec<_>>(), &CallId::from_mac(&[7; 32])).unwrap();
            prop_assert!(read(masked, Some(document.format())).is_ok(), "the copy is read again");
        }
    }
}
