//! What users search for, and where it stands: their text becomes quoted words, so that nothing of it is syntax of the
//! search engine but what is said here. Pure.

/// Most words of a search; further ones are not looked for.
const WORDS_MAX: usize = 32;
/// Longest word, characters.
const WORD_CHARS_MAX: usize = 64;
/// Marks around a hit in what the search engine hands back. No transcript has them: they are taken out of what users see.
pub(super) const OPEN: char = '\u{1}';
pub(super) const CLOSE: char = '\u{2}';
/// Words of an excerpt before and behind its first hit.
const AROUND: usize = 12;

/// A piece of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words that were not searched for.
    Plain(String),
    /// Words that were.
    Hit(String),
}

/// A search as SQLite's FTS5 reads it, every word quoted: all words must be there, `"…"` is a phrase, and what follows
/// a `-` must not be there. Nothing where no word is asked for.
#[must_use]
pub(super) fn wanted(text: &str) -> Option<String> {
    let (mut all, mut none) = (Vec::new(), Vec::new());
    for (term, is_phrase) in terms(text).into_iter().take(WORDS_MAX) {
        let (term, excluded) = match term.strip_prefix('-') {
            Some(rest) if !is_phrase => (rest, true),
            _ => (term.as_str(), false),
        };
        if !term.chars().any(char::is_alphanumeric) {
            continue;
        }
        let quoted = format!("\"{}\"", term.replace('"', " "));
        if excluded { none.push(quoted) } else { all.push(quoted) }
    }
    if all.is_empty() {
        return None;
    }
    let all = all.join(" AND ");
    Some(if none.is_empty() { all } else { format!("({all}) NOT ({})", none.join(" OR ")) })
}

/// Words and phrases, each cut to a bound, without characters that are none.
fn terms(text: &str) -> Vec<(String, bool)> {
    let mut terms = Vec::new();
    for (at, piece) in text.split(['"', '“', '”']).enumerate() {
        let clean = |word: &str| -> String { word.chars().filter(|c| !c.is_control()).take(WORD_CHARS_MAX).collect() };
        // Every second piece lies between quotation marks.
        if at % 2 == 1 {
            let words: Vec<String> = piece.split_whitespace().take(WORDS_MAX).map(clean).collect();
            terms.push((words.join(" "), true));
        } else {
            terms.extend(piece.split_whitespace().map(|word| (clean(word), false)));
        }
    }
    terms
}

/// The words around the first hit of a marked text, and the line that it is in, from 0.
#[must_use]
pub(super) fn excerpt(marked: &str) -> Option<(Vec<Part>, usize)> {
    let at = marked.find(OPEN)?;
    let line = marked[..at].matches('\n').count();
    let turn = marked.split('\n').nth(line)?;
    let words: Vec<&str> = turn.split(' ').collect();
    let hit = words.iter().position(|word| word.contains(OPEN))?;
    let (from, until) = (hit.saturating_sub(AROUND), (hit + AROUND + 1).min(words.len()));
    let cut = words[from..until].join(" ");
    let mut parts = Vec::new();
    let mut push = |text: &str, part: fn(String) -> Part| {
        if !text.is_empty() {
            parts.push(part(text.to_owned()));
        }
    };
    push(if from > 0 { "… " } else { "" }, Part::Plain);
    let mut rest = cut.as_str();
    while let Some((plain, more)) = rest.split_once(OPEN) {
        let (hit, more) = more.split_once(CLOSE).unwrap_or((more, ""));
        push(plain, Part::Plain);
        push(hit, Part::Hit);
        rest = more;
    }
    push(rest, Part::Plain);
    push(if until < words.len() { " …" } else { "" }, Part::Plain);
    Some((parts, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_all_of_them_are_wanted() {
        for (text, want) in [
            ("refill", Some(r#""refill""#)),
            ("refill due", Some(r#""refill" AND "due""#)),
            (r#"say "date of birth" now"#, Some(r#""say" AND "now" AND "date of birth""#)),
            ("refil*", Some(r#""refil*""#)),
            ("refill -denied -late", Some(r#"("refill") NOT ("denied" OR "late")"#)),
            ("text:x OR y^2", Some(r#""text:x" AND "OR" AND "y^2""#)),
            ("", None),
            ("-only", None),
            ("* - \"\" '", None),
            ("a\0b", Some(r#""ab""#)),
        ] {
            let got = wanted(text);
            let sorted = |s: &str| {
                let mut terms: Vec<String> = s.split(" AND ").map(str::to_owned).collect();
                terms.sort();
                terms
            };
            assert_eq!(got.as_deref().map(sorted), want.map(sorted), "{text}");
        }
    }

    #[test]
    fn an_excerpt_is_of_the_turn_with_the_first_hit() {
        let (parts, line) = excerpt("hello there\nthe \u{1}refill\u{2} is due, \u{1}refills\u{2} cost\nbye").unwrap();
        let plain = |s: &str| Part::Plain(s.into());
        let hit = |s: &str| Part::Hit(s.into());
        assert_eq!(line, 1);
        assert_eq!(parts, [plain("the "), hit("refill"), plain(" is due, "), hit("refills"), plain(" cost")]);
        let long = format!("{}\u{1}x\u{2}{}", "a ".repeat(40), " b".repeat(40));
        let (parts, _) = excerpt(&long).unwrap();
        assert_eq!(parts.first(), Some(&plain("… ")));
        assert_eq!(parts.last(), Some(&plain(" …")));
        assert!(excerpt("nothing").is_none());
    }
}
