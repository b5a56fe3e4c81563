//! A mail as a tree of parts, read strictly, and written again.
//!
//! What is written is made anew: fields and parts that are not known are not written, boundaries are the program's own.

use super::super::Dates;
use super::codec::{Transfer, charset, decode_text, encode_text, encode_words};
use super::fields::{Field, Media, fields, is_date, mailboxes, year_of};
use crate::base::{CallId, Error, HoldReason, Result, Stage};
use crate::model::policy::Attachments;
use encoding_rs::Encoding;
use std::ops::Range;

/// Deepest nesting of parts; mail has about four.
const DEPTH_MAX: usize = 16;
/// Most parts of a mail.
const PARTS_MAX: usize = 1_000;
/// The domain of addresses that are nobody's (RFC 2606).
pub(super) const NOWHERE: &str = "redacted.invalid";

/// Fields that hold mailboxes.
const ADDRESSES: [&str; 7] = ["from", "sender", "reply-to", "to", "cc", "bcc", "resent-from"];

/// A mail or a part of one.
pub(super) struct Part {
    pub(super) fields: Vec<Field>,
    pub(super) body: Body,
}

/// What a part holds.
pub(super) enum Body {
    /// Text for readers, and which of the mail's texts it is.
    Text { index: usize, is_html: bool, transfer: Transfer, charset: &'static Encoding, is_flowed: bool },
    /// Parts, and whether they all say the same.
    Parts { kind: String, parts: Vec<Part> },
    /// Left out.
    Dropped,
}

/// Reads a mail into parts and appends what its texts say to `texts`.
struct Reader {
    texts: Vec<String>,
    parts: usize,
    attachments: Attachments,
}

fn damaged(message: &'static str) -> Error {
    Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, message)
}

/// Reads a mail: its parts, and the texts that they number.
///
/// # Errors
/// Holds the call when the mail is damaged, cut, nested too deeply, or has an attachment that may not be dropped.
pub(super) fn read(bytes: &[u8], attachments: Attachments) -> Result<(Part, Vec<String>)> {
    let mut reader = Reader { texts: Vec::new(), parts: 0, attachments };
    let part = reader.part(without_envelope(bytes), 0)?;
    Ok((part, reader.texts))
}

/// A mail without the line that mail folders put in front of it.
pub(super) fn without_envelope(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', bytes).filter(|_| bytes.starts_with(b"From "));
    end.map_or(bytes, |end| &bytes[end + 1..])
}

impl Reader {
    fn part(&mut self, bytes: &[u8], depth: usize) -> Result<Part> {
        self.parts += 1;
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            let message = "the mail has too many parts";
            return Err(Error::held(Stage::ParseTranscript, HoldReason::LimitReached, message));
        }
        let (fields, body) = fields(bytes).ok_or_else(|| damaged("a header of the mail cannot be read"))?;
        let body = self.body(&fields, &bytes[body..], depth)?;
        Ok(Part { fields, body })
    }

    fn body(&mut self, fields: &[Field], bytes: &[u8], depth: usize) -> Result<Body> {
        let value = |name: &str| fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map_or("", |f| &f.value);
        let media = Media::parse(value("Content-Type"));
        let is_attached = Media::parse(value("Content-Disposition")).kind == "attachment";
        if media.kind.starts_with("multipart/") {
            let boundary = media.parameter("boundary").filter(|b| !b.is_empty());
            let boundary = boundary.ok_or_else(|| damaged("a part has no boundary"))?;
            let parts = split(bytes, boundary).ok_or_else(|| damaged("a part of the mail has no end"))?;
            let parts = parts.into_iter().map(|range| self.part(&bytes[range], depth + 1)).collect::<Result<_>>()?;
            return Ok(Body::Parts { kind: media.kind, parts });
        }
        let is_html = media.kind == "text/html";
        if is_attached || !(is_html || matches!(media.kind.as_str(), "" | "text/plain")) {
            return match self.attachments {
                Attachments::Drop => Ok(Body::Dropped),
                Attachments::Hold => {
                    let message = "the mail has an attachment";
                    Err(Error::held(Stage::ParseTranscript, HoldReason::Attachment, message))
                }
            };
        }
        let transfer = Transfer::named(value("Content-Transfer-Encoding"));
        let transfer = transfer.ok_or_else(|| damaged("a part is encoded in an unknown way"))?;
        let charset = charset(media.parameter("charset").unwrap_or(""));
        let charset = charset.ok_or_else(|| damaged("a part has an unknown charset"))?;
        let content = transfer.decode(bytes).ok_or_else(|| damaged("a part is not encoded as it says"))?;
        let text = decode_text(&content, charset).ok_or_else(|| damaged("a part is not in its charset"))?;
        let is_flowed = media.parameter("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
        self.texts.push(text);
        Ok(Body::Text { index: self.texts.len() - 1, is_html, transfer, charset, is_flowed })
    }
}

/// The parts between boundaries; nothing if the last one is missing.
fn split(bytes: &[u8], boundary: &str) -> Option<Vec<Range<usize>>> {
    let mut parts = Vec::new();
    let mut begun = None;
    let mut at = 0;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary.as_bytes())) else { continue };
        let closes = rest.starts_with(b"--");
        if !rest[if closes { 2 } else { 0 }..].trim_ascii().is_empty() {
            continue;
        }
        if let Some(from) = begun {
            // The line end in front of a boundary is part of it.
            let before = &bytes[from..start];
            let before = before.strip_suffix(b"\n").map_or(before, |b| b.strip_suffix(b"\r").unwrap_or(b));
            parts.push(from..from + before.len());
        }
        if closes {
            return Some(parts);
        }
        begun = Some(at);
    }
    None
}

/// What stands in the place of somebody whom mail comes from or goes to.
pub(super) type Named<'a> = &'a dyn Fn(&super::fields::Mailbox) -> u16;

/// What a mail is written from.
pub(super) struct Writing<'a> {
    pub(super) subject: Option<&'a str>,
    pub(super) texts: &'a [String],
    pub(super) named: Named<'a>,
    pub(super) call: &'a CallId,
    pub(super) line_end: &'a str,
    pub(super) dates: Dates,
}

impl Writing<'_> {
    /// The mail again, with these texts.
    pub(super) fn mail(&self, part: &Part) -> Vec<u8> {
        let mut out = Vec::new();
        for field in &part.fields {
            if let Some(value) = self.field(field) {
                self.line(&mut out, &format!("{}: {value}", field.name));
            }
        }
        let mut boundaries = 0;
        self.part(part, &mut out, &mut boundaries);
        out
    }

    fn line(&self, out: &mut Vec<u8>, text: &str) {
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(self.line_end.as_bytes());
    }

    /// The new value of a field of the mail's header; nothing for a field that is left out.
    fn field(&self, field: &Field) -> Option<String> {
        let name = field.name.to_ascii_lowercase();
        match name.as_str() {
            "subject" => Some(encode_words(self.subject?, self.line_end)),
            "date" => match self.dates {
                Dates::Keep => is_date(&field.value).then(|| field.value.clone()),
                // A mail without a date is none; of this one all but the year is the same in every mail.
                Dates::Year => Some(format!("1 Jan {} 00:00:00 +0000", year_of(&field.value)?)),
            },
            "mime-version" => Some("1.0".to_owned()),
            "message-id" => Some(format!("<{}@{NOWHERE}>", self.call)),
            name if ADDRESSES.contains(&name) => {
                let mailboxes = mailboxes(&field.value)?;
                let written = mailboxes.iter().map(|mailbox| {
                    let number = (self.named)(mailbox);
                    format!("Speaker {number} <speaker-{number}@{NOWHERE}>")
                });
                let written: Vec<String> = written.collect();
                (!written.is_empty()).then(|| written.join(&format!(",{} ", self.line_end)))
            }
            _ => None,
        }
    }

    /// The rest of a part's header, and its body.
    fn part(&self, part: &Part, out: &mut Vec<u8>, boundaries: &mut usize) {
        match &part.body {
            Body::Dropped => self.line(out, ""),
            Body::Text { index, is_html, transfer, charset, is_flowed } => {
                let (content, charset) = encode_text(&self.texts[*index], charset);
                let kind = if *is_html { "html" } else { "plain" };
                let flowed = if *is_flowed { "; format=flowed" } else { "" };
                self.line(out, &format!("Content-Type: text/{kind}; charset={charset}{flowed}"));
                self.line(out, &format!("Content-Transfer-Encoding: {}", transfer.name(&content)));
                self.line(out, "");
                out.extend_from_slice(&transfer.encode(&content, self.line_end));
            }
            Body::Parts { kind, parts } => {
                let boundary = self.boundary(boundaries);
                self.line(out, &format!("Content-Type: {}; boundary=\"{boundary}\"", known_kind(kind)));
                self.line(out, "");
                for part in parts.iter().filter(|part| !part.is_empty()) {
                    self.line(out, &format!("--{boundary}"));
                    self.part(part, out, boundaries);
                    self.line(out, "");
                }
                self.line(out, &format!("--{boundary}--"));
            }
        }
    }

    /// A boundary that stands in no text of the mail.
    fn boundary(&self, made: &mut usize) -> String {
        loop {
            *made += 1;
            let boundary = format!("=_sordino_{made}");
            if !self.texts.iter().any(|text| text.contains(&boundary)) {
                return boundary;
            }
        }
    }
}

impl Part {
    /// Whether nothing of it is written.
    fn is_empty(&self) -> bool {
        match &self.body {
            Body::Text { .. } => false,
            Body::Parts { parts, .. } => parts.iter().all(Self::is_empty),
            Body::Dropped => true,
        }
    }

    /// The values of the fields that hold mailboxes.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let is_address = |f: &&Field| ADDRESSES.contains(&f.name.to_ascii_lowercase().as_str());
        self.fields.iter().filter(is_address).map(|f| f.value.as_str())
    }

    /// The value of the first field with this name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.value.as_str())
    }
}

/// A kind of multipart as it is written; others are mixed.
fn known_kind(kind: &str) -> &str {
    let known = ["multipart/alternative", "multipart/related"];
    if known.contains(&kind) { kind } else { "multipart/mixed" }
}
