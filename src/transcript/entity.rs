//! Character references of captions and web pages: `&amp;`, `&#233;`, `&#xE9;`.
//!
//! A name that is not in the table stands for itself, letter by letter, as readers show it.

/// Most bytes of a reference; the longest name of the table has 6.
const REFERENCE_BYTES_MAX: usize = 12;

/// Names of the letters from U+00A0 to U+00FF, in order.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml \
    yacute thorn yuml";

/// Names of other characters of ordinary text.
const OTHERS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Zcaron", 'Ž'),
    ("zcaron", 'ž'),
    ("Ccaron", 'Č'),
    ("ccaron", 'č'),
    ("cacute", 'ć'),
    ("lstrok", 'ł'),
    ("Yuml", 'Ÿ'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("hyphen", '\u{2010}'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("bull", '•'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
    ("period", '.'),
    ("comma", ','),
    ("colon", ':'),
    ("semi", ';'),
    ("commat", '@'),
    ("lowbar", '_'),
    ("sol", '/'),
    ("num", '#'),
    ("lpar", '('),
    ("rpar", ')'),
    ("plus", '+'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
];

/// The character of the reference that a text starts with, and its bytes there.
pub(super) fn decode(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let window = &body.as_bytes()[..body.len().min(REFERENCE_BYTES_MAX)];
    if let Some(number) = window.strip_prefix(b"#") {
        return decode_number(number).map(|(c, len)| (c, len + 2));
    }
    let len = window.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = &body[..len];
    let ended = window.get(len) == Some(&b';');
    let latin_1 = || LATIN_1.split_whitespace().position(|n| n == name).and_then(|at| char::from_u32(0xA0 + at as u32));
    let c = OTHERS.iter().find(|(n, _)| *n == name).map(|&(_, c)| c).or_else(latin_1)?;
    // Without its semicolon only what early pages had is read as a reference.
    let known_without = c.is_ascii() && matches!(c, '&' | '<' | '>' | '"') || ('\u{a0}'..='\u{ff}').contains(&c);
    (ended || known_without).then_some((c, 1 + len + usize::from(ended)))
}

/// The character of `233;` or `xE9;`, and the bytes of that.
fn decode_number(text: &[u8]) -> Option<(char, usize)> {
    let (digits, radix, mark) = match text.first()? {
        b'x' | b'X' => (&text[1..], 16, 1),
        _ => (text, 10, 0),
    };
    let len = digits.iter().take_while(|b| char::from(**b).is_digit(radix)).count();
    let code = digits[..len]
        .iter()
        .try_fold(0_u32, |code, &b| code.checked_mul(radix)?.checked_add(char::from(b).to_digit(radix)?));
    let c = code.filter(|_| len > 0).and_then(char::from_u32)?;
    Some((c, mark + len + usize::from(digits.get(len) == Some(&b';'))))
}

/// Whether a character has no width of its own: it may stand inside a word without being seen.
pub(super) const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_pages_show_them() {
        for (text, want) in [
            ("&amp;x", Some(('&', 5))),
            ("&amp x", Some(('&', 4))),
            ("&eacute;", Some(('é', 8))),
            ("&yuml;", Some(('ÿ', 6))),
            ("&nbsp;", Some(('\u{a0}', 6))),
            ("&#233;", Some(('é', 6))),
            ("&#xE9;x", Some(('é', 6))),
            ("&#0000065;", Some(('A', 10))),
            ("&rsquo;s", Some(('’', 7))),
            ("&rsquo s", None),
            ("&smith;", None),
            ("&#xD800;", None),
            ("&#;", None),
            ("& ", None),
            ("&", None),
            ("&é;", None),
            ("&#99999999999999;", None),
        ] {
            assert_eq!(decode(text), want, "{text}");
        }
    }
}
