//! A mail as another program reads it: every header, text and page.
//!
//! It shares no code with the reader of mails, since it is part of the proof of what that reader led to.

use mail_parser::{Header, MessageParser, MimeHeaders, PartType};

/// The texts of a mail: its headers as they stand and decoded, what its parts say, and pages both as they are written
/// and as they are read. Nothing if it is no mail, or has a part that is no text.
pub(super) fn said(mail: &[u8]) -> Option<Vec<String>> {
    let message = MessageParser::default().parse(mail)?;
    let mut said = Vec::new();
    for part in &message.parts {
        for header in &part.headers {
            let raw = mail.get(header.offset_field() as usize..header.offset_end() as usize)?;
            let raw = String::from_utf8(raw.to_vec()).ok()?;
            // Digits of the day on which it was sent are nobody's number.
            if !raw.to_ascii_lowercase().starts_with("date:") {
                said.push(raw);
                said.extend(decoded(header));
            }
        }
        said.extend(part.attachment_name().map(str::to_owned));
        match &part.body {
            PartType::Text(text) => said.push(text.to_string()),
            PartType::Html(page) => {
                said.push(mail_parser::decoders::html::html_to_text(page));
                said.push(page.to_string());
            }
            PartType::Multipart(_) => {}
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) => return None,
        }
    }
    Some(said)
}

fn decoded(header: &Header<'_>) -> Option<String> {
    header.value().as_text().map(str::to_owned)
}
