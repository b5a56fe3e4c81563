//! Letters without case and the commonest accents, so that `José` and `jose` are one word.

/// Appends a character in lower case, without its accent; typographic quotes and dashes as plain ones.
pub fn push_folded(c: char, text: &mut String) {
    let c = narrow(c);
    if c.is_ascii() {
        text.push(c.to_ascii_lowercase());
        return;
    }
    for l in c.to_lowercase() {
        let folded = match l {
            'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
            'ì'..='ï' | 'ī' | 'ı' => 'i',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
            'ý' | 'ÿ' => 'y',
            'ś' | 'š' | 'ş' => 's',
            'ź' | 'ż' | 'ž' => 'z',
            'ł' => 'l',
            'ğ' => 'g',
            'ř' => 'r',
            '\u{2019}' | '\u{2018}' => '\'',
            '\u{2010}'..='\u{2015}' => '-',
            other => other,
        };
        text.push(folded);
    }
}

/// The plain form of a letter, digit or sign that is as wide as a Chinese character: `Ａ`, `５`, `＠`.
#[must_use]
pub const fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => ((c as u32 - 0xff01) as u8 + b'!') as char,
        other => other,
    }
}

/// A text folded.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_folded(c, &mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_width_do_not_count() {
        for (text, want) in
            [("José’s", "jose's"), ("ＸＪ４４７", "xj447"), ("ａ＠ｂ．ｃ", "a@b.c"), ("東京～", "東京~"), ("｟", "｟")]
        {
            assert_eq!(folded(text), want);
        }
    }
}
