//! Mail (RFC 822 with MIME): subject, texts and web pages of it; nothing else of it stays as it was.
//!
//! A mail's texts are decoded and stand one after the other in a text of our own, which is masked like any other file;
//! then the mail is written anew around them. Of an alternative the first text has the words, the others are copies.

mod codec;
mod fields;
mod html;
mod mime;
mod plain;

use super::link::{Form, Linker, Piece};
use super::source::{Leaf, Source};
use super::speakers::{self, Label, Speakers};
use super::{Dates, not_empty};
use crate::base::{CallId, Error, HoldReason, Phi, Result, Stage, WordSpan};
use crate::model::policy::Attachments;
use crate::model::{Speaker, TimeSource};
use fields::Mailbox;
use mime::{Body, NOWHERE, Part, Writing};
use std::ops::Range;

/// Most bytes in which a mail's header is looked for to recognise it.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// A mail that was read: what its texts are written back into.
pub(super) struct Mail {
    bytes: Vec<u8>,
    dates: Dates,
    root: Part,
    speakers: Speakers,
    has_subject: bool,
    /// Where the subject and the texts stand in the text of our own.
    parts: Vec<Range<usize>>,
}

/// Whether these bytes begin with the header of a mail.
pub(super) fn fits(bytes: &[u8]) -> bool {
    let bytes = mime::without_envelope(&bytes[..bytes.len().min(HEADER_BYTES_MAX)]);
    let begun = bytes.first().is_some_and(u8::is_ascii_alphabetic);
    let Some((fields, _)) = begun.then(|| fields::fields(bytes)).flatten() else { return false };
    let has = |name: &str| fields.iter().any(|f| f.name.eq_ignore_ascii_case(name));
    let others = ["date", "subject", "message-id", "mime-version", "received"];
    has("from") && others.into_iter().any(has)
}

/// Reads the texts of a mail, and what it needs to be written again.
///
/// # Errors
/// Holds the call when the mail is damaged, has an attachment that may not be dropped, or says nothing.
pub(super) fn read(bytes: Vec<u8>, attachments: Attachments, dates: Dates) -> Result<(Linker, Mail)> {
    let (root, texts) = mime::read(&bytes, attachments)?;
    let unreadable =
        || Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, "a header of the mail cannot be read");
    let boxes: Option<Vec<Vec<Mailbox>>> = root.addresses().map(fields::mailboxes).collect();
    let boxes: Vec<Mailbox> = boxes.ok_or_else(unreadable)?.into_iter().flatten().collect();
    let keys: Vec<String> = boxes.iter().map(key).collect();
    let speakers = Speakers::of(keys.iter().map(String::as_str))?;
    let author = root.field("From").and_then(fields::mailboxes).and_then(|boxes| boxes.into_iter().next());
    let author = author.map_or(Speaker::Unknown, |mailbox| Speaker::Numbered(number(&speakers, &mailbox)));
    let subject = root.field("Subject").map(|s| codec::decode_words(s).ok_or_else(unreadable)).transpose()?;
    let has_subject = subject.is_some();
    let (mut own, mut parts) = (String::new(), Vec::new());
    for text in subject.into_iter().chain(texts) {
        parts.push(own.len()..own.len() + text.len());
        own.push_str(&text);
        own.push('\n');
    }
    if own.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}')) {
        let message = "a control character stands in the text";
        return Err(Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, message));
    }
    let mut linker = Linker::new(Source::new(own.into_bytes())?, TimeSource::None);
    linker.know(
        boxes.iter().filter(|b| !is_nobody(b)).flat_map(|b| [&b.name, &b.address]).filter_map(|l| speakers::known(l)),
    );
    let mut speaking = Speaking { linker: &mut linker, author, texts: &parts[usize::from(has_subject)..] };
    if has_subject {
        speaking.say(&parts[0], Kind::Subject, None)?;
    }
    speaking.part(&root, &mut None)?;
    not_empty(&linker)?;
    Ok((linker, Mail { bytes, dates, root, speakers, has_subject, parts }))
}

/// By what mailboxes are told apart. What stands in the place of one is told by its name.
fn key(mailbox: &Mailbox) -> String {
    let said = if mailbox.address.is_empty() { &mailbox.name } else { &mailbox.address };
    if is_nobody(mailbox) { mailbox.name.clone() } else { format!("mailbox {}", said.to_lowercase()) }
}

fn is_nobody(mailbox: &Mailbox) -> bool {
    mailbox.address.strip_suffix(NOWHERE).is_some_and(|local| local.ends_with('@'))
        && speakers::role(&mailbox.name).is_some()
}

fn number(speakers: &Speakers, mailbox: &Mailbox) -> u16 {
    match speakers.label(&key(mailbox)) {
        Label::Number(number) | Label::Role(Speaker::Numbered(number)) => number,
        Label::Role(_) => 0,
    }
}

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Subject,
    Plain,
    Html,
}

struct Speaking<'a> {
    linker: &'a mut Linker,
    author: Speaker,
    /// Where the texts of the parts stand.
    texts: &'a [Range<usize>],
}

impl Speaking<'_> {
    /// Says what a part says. Within an alternative, `said` has the words of the text that was said first.
    fn part(&mut self, part: &Part, said: &mut Option<WordSpan>) -> Result<()> {
        match &part.body {
            Body::Dropped => Ok(()),
            Body::Text { index, is_html, .. } => {
                let range = self.texts[*index].clone();
                let words = self.say(&range, if *is_html { Kind::Html } else { Kind::Plain }, *said)?;
                *said = said.or(words);
                Ok(())
            }
            Body::Parts { kind, parts } if kind == "multipart/alternative" => {
                let mut alternative = None;
                parts.iter().try_for_each(|part| self.part(part, &mut alternative))
            }
            Body::Parts { kind, parts } if kind == "multipart/related" => {
                parts.iter().try_for_each(|part| self.part(part, said))
            }
            Body::Parts { parts, .. } => parts.iter().try_for_each(|part| self.part(part, &mut None)),
        }
    }

    /// Says a text, or ties it to the words that it says again. Returns the words that it has said, if any.
    fn say(&mut self, range: &Range<usize>, kind: Kind, again: Option<WordSpan>) -> Result<Option<WordSpan>> {
        let file = self.linker.source().file();
        let piece = |leaf: &Leaf| Piece { leaf: *leaf, form: Form::Running, time: None };
        let pieces = |leaves: &Vec<Leaf>| leaves.iter().map(piece).collect::<Vec<Piece>>();
        let (mut turns, mut unseen) = (Vec::new(), Vec::new());
        match kind {
            Kind::Subject => turns.push((self.author, vec![vec![piece(&Leaf::plain(range.start, range.end))]])),
            Kind::Plain => turns.extend(plain::paragraphs(file, range.clone()).iter().map(|paragraph| {
                let speaker = if paragraph.is_quoted { Speaker::Unknown } else { self.author };
                (speaker, paragraph.lines.iter().map(|line| vec![piece(line)]).collect::<Vec<_>>())
            })),
            Kind::Html => {
                let page = html::Page::of(file, range.clone());
                turns.extend(page.blocks.iter().map(|block| (Speaker::Unknown, block.iter().map(pieces).collect())));
                unseen = page.unseen;
            }
        }
        unseen.into_iter().for_each(|leaf| self.linker.empty(leaf));
        if let Some(words) = again {
            let groups: Vec<Vec<Piece>> = turns.into_iter().flat_map(|turn| turn.1).collect();
            self.linker.copy_joined(&groups, &(words.start..words.end).collect::<Vec<_>>())?;
            return Ok(None);
        }
        let first = self.linker.len();
        for (speaker, groups) in turns {
            self.linker.turn(speaker, None);
            for group in groups {
                self.linker.speak_joined(&group)?;
            }
        }
        let words = WordSpan::new(first, self.linker.len());
        Ok((!words.is_empty() && kind != Kind::Subject).then_some(words))
    }
}

impl Mail {
    /// Where its texts stand in the text of our own.
    pub(super) fn parts(&self) -> &[Range<usize>] {
        &self.parts
    }

    /// The bytes that were read.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that were read.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The mail again, with these texts in place of its own.
    pub(super) fn write(&self, parts: &[String], call: &CallId) -> Phi<Vec<u8>> {
        let (subject, texts) = parts.split_at(usize::from(self.has_subject));
        let first_end = memchr::memchr(b'\n', &self.bytes).filter(|&end| end > 0);
        let writing = Writing {
            subject: subject.first().map(String::as_str),
            texts,
            named: &|mailbox| number(&self.speakers, mailbox),
            call,
            line_end: if first_end.is_some_and(|end| self.bytes[end - 1] == b'\r') { "\r\n" } else { "\n" },
            dates: self.dates,
        };
        Phi::new(writing.mail(&self.root))
    }
}
