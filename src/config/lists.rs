//! Allow- and deny-lists of policies: inline or in files beside them. No message says anything of a value.

use super::read_text;
use crate::model::policy::Lists;
use crate::model::{Category, KnownValue};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Most values on all lists of a policy; a contact centre of 10,000 seats has as many agents.
const LISTED_MAX: usize = 20_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    #[serde(default)]
    values: Vec<String>,
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deny {
    category: Category,
    #[serde(default)]
    values: Vec<String>,
    file: Option<PathBuf>,
}

/// Takes `allow` and `deny` out of a policy's table. Files are named from `folder`.
pub(super) fn take(table: &mut toml::Table, folder: &Path) -> Result<Lists, String> {
    let mut lists = Lists::default();
    for (n, list) in entries::<Allow>(table, "allow")?.into_iter().enumerate() {
        // What a value is does not matter where it only stays.
        add(&mut lists.allow, Category::Other, &format!("allow {n}"), list.values, list.file, folder)?;
    }
    for (n, list) in entries::<Deny>(table, "deny")?.into_iter().enumerate() {
        add(&mut lists.deny, list.category, &format!("deny {n}"), list.values, list.file, folder)?;
    }
    if lists.allow.len() + lists.deny.len() > LISTED_MAX {
        return Err(format!("allow and deny have more than {LISTED_MAX} values"));
    }
    Ok(lists)
}

fn entries<T: serde::de::DeserializeOwned>(table: &mut toml::Table, field: &str) -> Result<Vec<T>, String> {
    let shape =
        || format!("[[{field}]] has values and file{}, no more", if field == "deny" { ", category" } else { "" });
    table.remove(field).map_or_else(|| Ok(Vec::new()), |v| v.try_into().map_err(|_| shape()))
}

fn add(
    out: &mut Vec<KnownValue>,
    category: Category,
    list: &str,
    values: Vec<String>,
    file: Option<PathBuf>,
    folder: &Path,
) -> Result<(), String> {
    for (n, value) in values.iter().enumerate() {
        out.push(KnownValue::new(category, value).map_err(|what| format!("{list}, value {n}: {what}"))?);
    }
    let Some(file) = file.map(|f| folder.join(f)) else { return Ok(()) };
    let text = read_text(&file, list).map_err(|e| e.to_string())?;
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
        let value = KnownValue::new(category, line.trim());
        out.push(value.map_err(|what| format!("{}, line {}: {what}", file.display(), n + 1))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_text(text: &str, folder: &Path) -> Result<Lists, String> {
        take(&mut text.parse().unwrap(), folder)
    }

    #[test]
    fn lists_stand_in_the_policy_or_in_files_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("agents.txt"), "# the roster\nDolores Quarrington\n\nDev Okonkwo\n").unwrap();
        let text = "[[allow]]\nvalues = [\"Grace Clinic\"]\n[[deny]]\ncategory = \"NAME\"\nfile = \"agents.txt\"";
        let lists = take_text(text, dir.path()).unwrap();
        assert_eq!((lists.allow.len(), lists.deny.len()), (1, 2));
    }

    #[test]
    fn a_wrong_value_is_refused_by_place_and_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("agents.txt"), "Dev Okonkwo\nQuarrington 7\n").unwrap();
        for (text, want) in [
            ("[[deny]]\ncategory = \"NAME\"\nfile = \"agents.txt\"", "line 2"),
            ("[[deny]]\ncategory = \"NAME\"\nvalues = [\"Dev\", \"Quarrington 7\"]", "deny 0, value 1"),
            ("[[allow]]\nvalues = [\"Grace\", 7]", "[[allow]]"),
            ("[[deny]]\nvalues = [\"Quarrington\"]", "category"),
        ] {
            let message = take_text(text, dir.path()).err().expect(text);
            assert!(message.contains(want) && !message.contains("Quarrington"), "{message}");
        }
    }
}
