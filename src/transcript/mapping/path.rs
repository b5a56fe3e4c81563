//! Where something stands in a JSON file: `call.turns[].text`.

/// A way from a value of the file to values inside it.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Path(Vec<Step>);

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the value of this key.
    Key(String),
    /// To each entry of a list.
    Each,
}

/// Most steps of a path; no file may be nested deeper.
const STEPS_MAX: usize = 32;

impl Path {
    /// Reads keys with dots between them, each with `[]` behind it for every list that it leads through; a key with other
    /// characters than letters, digits, `_` and `-` stands in quotes.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("path {text:?}: {what}; an example is \"call.turns[].text\"");
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("[]") {
                steps.push(Step::Each);
                rest = after;
            } else {
                if !steps.is_empty() {
                    rest = rest.strip_prefix('.').ok_or_else(|| wrong("a dot or [] is missing"))?;
                }
                let (key, after) = key(rest).ok_or_else(|| wrong("a key is missing or needs quotes"))?;
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            }
        }
        if steps.is_empty() || steps.len() > STEPS_MAX {
            return Err(wrong("it has no step, or too many"));
        }
        Ok(Self(steps))
    }

    /// Its steps, outermost first.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Its keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Each => None,
        })
    }

    /// Whether it ends at the entries of a list.
    pub(super) fn ends_at_entries(&self) -> bool {
        self.0.last() == Some(&Step::Each)
    }

    /// Whether it leads into the entries that a path of a list leads to.
    pub(super) fn is_below(&self, list: &Self) -> bool {
        self.0.starts_with(&list.0)
    }

    /// The way on from where it ends.
    pub(super) fn then(&self, below: &Self) -> Self {
        Self(self.0.iter().chain(&below.0).cloned().collect())
    }
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// The key that a text begins with, and what follows it.
fn key(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (key, rest) = quoted.split_once('"')?;
        // A file would have to write such a key with escapes, and keys are compared as they stand.
        let plain = !key.is_empty() && !key.contains(|c: char| c.is_control() || c == '\\');
        return plain.then_some((key, rest));
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_lists_are_told_apart() {
        let key = |k: &str| Step::Key(k.into());
        let check = |text: &str, want: &[Step]| assert_eq!(Path::parse(text).unwrap().steps(), want, "{text}");
        check("text", &[key("text")]);
        check("call.turns[].said", &[key("call"), key("turns"), Step::Each, key("said")]);
        check("[][].w", &[Step::Each, Step::Each, key("w")]);
        check("\"a.b c\"[]", &[key("a.b c"), Step::Each]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "a[", "a[0]", "a b", "\"\"", "\"a", "a[]b", "a.*", "\"a\\n\""] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert!(Path::parse(&vec!["a"; STEPS_MAX + 1].join(".")).is_err());
    }
}
