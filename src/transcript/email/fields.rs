//! Header fields of mail: cut into names and values, and read as addresses, media types and dates.

use super::codec::decode_words;

/// Most fields of one header; mail that has passed many servers has about a hundred.
const FIELDS_MAX: usize = 1_000;

/// Months as dates write them, in lower case.
const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec";

/// A header field, unfolded.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

/// Somebody whom mail comes from or goes to.
pub(super) struct Mailbox {
    pub(super) name: String,
    pub(super) address: String,
}

/// The fields of a header and where its body begins; nothing if it is no header.
pub(super) fn fields(bytes: &[u8]) -> Option<(Vec<Field>, usize)> {
    let mut fields: Vec<Field> = Vec::new();
    let mut at = 0;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        at += line.len();
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = std::str::from_utf8(text.strip_suffix(b"\r").unwrap_or(text)).ok()?;
        if text.is_empty() {
            return Some((fields, at));
        }
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return None;
        }
        if text.starts_with([' ', '\t']) {
            let field = fields.last_mut()?;
            field.value.push(' ');
            field.value.push_str(text.trim());
            continue;
        }
        let (name, value) = text.split_once(':')?;
        let name = name.trim_end();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) || fields.len() == FIELDS_MAX {
            return None;
        }
        fields.push(Field { name: name.to_owned(), value: value.trim().to_owned() });
    }
    // A part may be a header alone.
    Some((fields, at))
}

/// The mailboxes of an address field; nothing if a name cannot be read.
pub(super) fn mailboxes(value: &str) -> Option<Vec<Mailbox>> {
    let mut found = Vec::new();
    for part in split_outside(value, &[',', ';', ':']) {
        let (mut name, mut address) = (String::new(), String::new());
        let (mut in_quotes, mut in_angles, mut escaped) = (false, false, false);
        for c in part.chars() {
            match c {
                _ if escaped => {
                    name.push(c);
                    escaped = false;
                }
                '\\' if in_quotes => escaped = true,
                '"' => in_quotes = !in_quotes,
                '<' if !in_quotes => in_angles = true,
                '>' if !in_quotes => in_angles = false,
                '(' | ')' if !in_quotes => name.push(' '),
                c if in_angles => address.push(c),
                c => name.push(c),
            }
        }
        let name = decode_words(name.trim())?;
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let (mut name, mut address) = (name, address.trim().to_owned());
        if address.is_empty() {
            let (addresses, words): (Vec<&str>, Vec<&str>) = name.split_whitespace().partition(|w| w.contains('@'));
            (address, name) = (addresses.join(" "), words.join(" "));
        }
        if !name.is_empty() || !address.is_empty() {
            found.push(Mailbox { name, address });
        }
    }
    Some(found)
}

/// A media type and its parameters, names in lower case.
pub(super) struct Media {
    /// `text/plain`, in lower case.
    pub(super) kind: String,
    parameters: Vec<(String, String)>,
}

impl Media {
    /// Reads `text/plain; charset="utf-8"`.
    pub(super) fn parse(value: &str) -> Self {
        let mut parts = split_outside(value, &[';']).into_iter();
        let kind = parts.next().unwrap_or("").split('(').next().unwrap_or("").trim().to_ascii_lowercase();
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            let value = match value.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().unwrap_or("").replace('\\', ""),
                None => value.split_whitespace().next().unwrap_or("").to_owned(),
            };
            Some((name.trim().to_ascii_lowercase(), value))
        });
        Self { kind, parameters: parameters.collect() }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The parts of a value between separators that stand outside of quotes, brackets and remarks.
fn split_outside<'a>(value: &'a str, separators: &[char]) -> Vec<&'a str> {
    let (mut in_quotes, mut in_angles, mut remarks, mut escaped, mut from) = (false, false, 0_u32, false, 0);
    let mut parts = Vec::new();
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '<' if !in_quotes => in_angles = true,
            '>' if !in_quotes => in_angles = false,
            '(' if !in_quotes => remarks += 1,
            ')' if !in_quotes => remarks = remarks.saturating_sub(1),
            c if separators.contains(&c) && !in_quotes && !in_angles && remarks == 0 => {
                parts.push(&value[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&value[from..]);
    parts
}

/// Whether a value is a date and nothing else: `Tue, 3 Nov 2026 09:14:00 -0500 (EST)`.
pub(super) fn is_date(value: &str) -> bool {
    const WORDS: &str = "mon tue wed thu fri sat sun \
        utc gmt ut z est edt cst cdt mst mdt pst pdt bst cet cest";
    let is_part = |part: &str| {
        let part = part.trim_matches([',', '(', ')']).to_ascii_lowercase();
        let number = part.trim_start_matches(['+', '-']);
        let digits = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let clock =
            number.len() <= 8 && number.contains(':') && number.bytes().all(|b| b == b':' || b.is_ascii_digit());
        let mut words = MONTHS.split_whitespace().chain(WORDS.split_whitespace());
        digits || clock || words.any(|word| word == part)
    };
    (4..=8).contains(&value.split_whitespace().count()) && value.split_whitespace().all(is_part)
}

/// The year of a date.
pub(super) fn year_of(value: &str) -> Option<u16> {
    let parts: Vec<&str> = value.split_whitespace().collect();
    let at = parts.iter().position(|part| MONTHS.split_whitespace().any(|month| part.eq_ignore_ascii_case(month)))?;
    let year = parts.get(at + 1).filter(|_| is_date(value))?;
    // Two digits as RFC 5322 reads them.
    match (year.len(), year.parse().ok()?) {
        (4, year) => Some(year),
        (2, year @ 0..50) => Some(2000 + year),
        (2, year) => Some(1900 + year),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_the_body_found() {
        let (got, body) = fields(b"A: b\r\n\tc\r\nD:e\r\n\r\nbody").unwrap();
        let got: Vec<_> = got.iter().map(|f| (f.name.as_str(), f.value.as_str())).collect();
        assert_eq!((got, body), (vec![("A", "b c"), ("D", "e")], 17));
        for wrong in [&b" a: b\n\n"[..], b"hello\n\n", b"a b: c\n\n", b": c\n\n", b"a: \xff\n\n", b"a: \x01\n\n"] {
            assert!(fields(wrong).is_none());
        }
    }

    #[test]
    fn mailboxes_are_read_in_every_form() {
        let value = "\"Okonkwo, Maria\" <m@x.org>, ann@x.org (Ann Lee), =?utf-8?q?Jos=C3=A9?= <j@x.org>; \
            team: b@x.org, c@x.org;, undisclosed-recipients:;";
        let got: Vec<_> = mailboxes(value).unwrap().into_iter().map(|m| (m.name, m.address)).collect();
        let want = [
            ("Okonkwo, Maria", "m@x.org"),
            ("Ann Lee", "ann@x.org"),
            ("José", "j@x.org"),
            ("team", ""),
            ("", "b@x.org"),
            ("", "c@x.org"),
            ("undisclosed-recipients", ""),
        ];
        assert_eq!(got, want.map(|(n, a)| (n.to_owned(), a.to_owned())));
    }

    #[test]
    fn media_types_are_read_with_their_parameters() {
        let media = Media::parse("Text/HTML; charset=\"utf-8\"; name=\"a;b.html\" ; boundary==_x (no)");
        assert_eq!((media.kind.as_str(), media.parameter("charset")), ("text/html", Some("utf-8")));
        assert_eq!((media.parameter("name"), media.parameter("boundary")), (Some("a;b.html"), Some("=_x")));
    }

    #[test]
    fn the_year_of_a_date_is_read_as_the_standard_says() {
        let of = |year: &str| year_of(&format!("Tue, 3 Nov {year} 09:14:00 -0500"));
        assert_eq!(["2026", "26", "98", "126", "x"].map(of), [Some(2026), Some(2026), Some(1998), None, None]);
    }

    #[test]
    fn a_date_is_told_from_text() {
        assert!(is_date("Tue, 3 Nov 2026 09:14:00 -0500 (EST)") && is_date("3 Nov 26 09:14 GMT"));
        assert!(!is_date("Tue, 3 Nov 2026 09:14:00 (Smith)") && !is_date("5551234567 3 Nov 2026") && !is_date(""));
    }
}
