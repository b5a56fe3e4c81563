//! What begins like JSON, and so is no text for people to read, whatever it holds.
//!
//! A mask begins with a bracket and a letter, which no list does; so masking makes no text JSON.

/// What programs put in front of JSON so that no page runs it.
const GUARDS: [&str; 3] = [")]}", "while(1);", "for(;;);"];

/// Whether a file begins like JSON, perhaps behind remarks, a guard or the name of a function.
pub(super) fn begins(text: &str) -> bool {
    let text = without_remarks(text);
    GUARDS.iter().any(|guard| text.starts_with(guard)) || is_value(text) || is_argument(text)
}

/// A file behind the remarks in front of it: `// …`, `/* … */`.
fn without_remarks(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let rest = match text.as_bytes() {
            [b'/', b'/', ..] => text.split_once(['\n', '\r']).map(|(_, rest)| rest),
            [b'/', b'*', ..] => text.split_once("*/").map(|(_, rest)| rest),
            _ => None,
        };
        match rest {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// An object, a list, or nothing but one string.
fn is_value(text: &str) -> bool {
    text.starts_with('{') || is_list(text) || is_string(text.trim_end())
}

fn is_string(text: &str) -> bool {
    text.len() > 1 && text.starts_with('"') && text.ends_with('"') && !text.contains(['\n', '\r'])
}

/// Whether nothing but brackets, commas, numbers and literals stands in front of the first string or object of a list, or
/// in all of it. `[00:01:02] Agent: …`, `[Agent] …` and `[1] …` are none.
fn is_list(text: &str) -> bool {
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '{' | '"' => return depth > 0,
            '[' => {
                depth += 1;
                1
            }
            ']' if depth > 1 => {
                depth -= 1;
                1
            }
            ']' => return depth == 1 && rest[1..].trim().is_empty(),
            ',' | ' ' | '\t' | '\n' | '\r' if depth > 0 => 1,
            _ if depth > 0 => scalar_len(rest),
            _ => 0,
        };
        if len == 0 {
            return false;
        }
        rest = &rest[len..];
    }
    depth > 0
}

/// The bytes of the number or literal at the start of a text, 0 if there is none.
fn scalar_len(text: &str) -> usize {
    let literal = ["true", "false", "null"].iter().find(|word| text.starts_with(**word)).map_or(0, |word| word.len());
    let number = text.bytes().take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b)).count();
    let begins = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    literal.max(if begins { number } else { 0 })
}

/// `callback({`.
fn is_argument(text: &str) -> bool {
    let name = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_$.".contains(b)).count();
    let inside = text[name..].strip_prefix('(').map(str::trim_start);
    name > 0 && inside.is_some_and(|inside| inside.starts_with('{') || is_list(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_what_people_read() {
        for text in [
            "{",
            "[{\"a\":1}]",
            "[[{\"text\":\"hi\"}]]",
            "[null, {\"text\":\"hi\"}]",
            "[1, {\"text\":\"hi\"}]",
            "[[1.5, -2e3], true,\n\"hi\"",
            "[5551234, 1982]",
            "[[],[",
            "// x\n{\"text\":\"hi\"}",
            "/* x */ // y\r\n [\"hi\"]",
            "\"my name is Jo\"\n",
            ")]}',\n{\"text\":\"hi\"}",
            "while(1);[1]",
            "callback({\"text\":\"hi\"});",
            "window.on_call([ {",
        ] {
            assert!(begins(text), "{text}");
        }
        for text in [
            "[00:01:02] Agent: hi",
            "[00:01:02.000 --> 00:01:03.500] hi",
            "[Agent] hi",
            "[PHONE] hi",
            "[[NAME]] hi",
            "[ [PHONE], \"hi\"",
            "[1] \"hi\"",
            "[1, 2] Agent: hi",
            "[5 minutes of silence] hi",
            "[-NAME- 12]",
            "[ ] hi",
            "// Jo's call\nAgent: hi",
            "/* Jo's call",
            "\"Ana\" (0:12): hello",
            "\"hi\"\n\"hi\"",
            "hello (agent): hi",
            "",
        ] {
            assert!(!begins(text), "{text}");
        }
    }

    #[test]
    fn a_list_is_looked_at_once_however_deep() {
        assert!(begins(&"[".repeat(1_000_000)) && !begins(&("[1,".repeat(1_000_000) + "x")));
        assert!(!begins(&("/* */".repeat(100_000) + "x")));
    }
}
