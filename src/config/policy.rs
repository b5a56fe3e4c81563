//! Policies: those in the program by name, others by file. Must not change what a policy says.

use super::read_text;
use crate::base::{Error, Result, Sha256Hex};
use crate::model::Policy;
use crate::model::manifest::PolicyRef;
use std::path::Path;

/// The policy of a run that names none.
pub(super) const DEFAULT: &str = "safe-harbor";

/// The policies in the program: name and text.
pub const BUILTIN_POLICIES: &[(&str, &str)] = &[
    ("safe-harbor", include_str!("../../patterns/policies/safe-harbor.toml")),
    ("strict", include_str!("../../patterns/policies/strict.toml")),
    ("limited-data-set", include_str!("../../patterns/policies/limited-data-set.toml")),
];

/// Longest gap between two mutes that may be muted too, milliseconds.
const MERGE_GAP_MS_MAX: u32 = 5_000;

/// The built-in policy of that name, else the policy in that file.
///
/// # Errors
/// A usage error when there is neither, the file is not a policy, or a value is out of range.
pub fn load(name_or_file: &str) -> Result<Policy> {
    let builtin = BUILTIN_POLICIES.iter().find(|(name, _)| *name == name_or_file);
    let text = match builtin {
        Some((_, text)) => (*text).to_owned(),
        None if Path::new(name_or_file).is_file() => read_text(Path::new(name_or_file), "policy file")?,
        None => {
            let names: Vec<_> = BUILTIN_POLICIES.iter().map(|(name, _)| *name).collect();
            return Err(Error::usage(format!("policy {name_or_file}: neither built in nor a file"))
                .hint(format!("built in are {}", names.join(", "))));
        }
    };
    let wrong = |what: &str| Error::usage(format!("policy {name_or_file}: {what}"));
    let mut policy: Policy = toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end()))?;
    policy.hide.sort_unstable();
    policy.hide.dedup();
    check(&policy).map_err(|what| wrong(&what))?;
    Ok(policy)
}

/// How manifests name a policy. The digest is over everything that it says; comments and the order
/// of its file do not count.
#[must_use]
pub fn reference(policy: &Policy) -> PolicyRef {
    let canonical = serde_json::to_vec(policy).expect("a policy is plain data");
    PolicyRef { name: policy.name.clone(), version: policy.version, digest: Sha256Hex::of(&canonical) }
}

fn check(policy: &Policy) -> Result<(), String> {
    let at_most = |field: &str, value: u32, max: u32| {
        if value > max { Err(format!("{field} = {value}: at most {max}")) } else { Ok(()) }
    };
    at_most("mute.pad-recogniser-ms", policy.mute.pad_recogniser_ms, super::PAD_MS_MAX)?;
    at_most("mute.pad-coarse-ms", policy.mute.pad_coarse_ms, super::PAD_MS_MAX)?;
    at_most("mute.merge-gap-ms", policy.mute.merge_gap_ms, MERGE_GAP_MS_MAX)?;
    if policy.hide.is_empty() {
        return Err("hide is empty: name the categories to hide".into());
    }
    if !(0.0..=10.0).contains(&policy.hold.tail_share_max) {
        return Err("hold.tail-share-max: from 0 to 10".into());
    }
    let retention = &policy.retention;
    if retention.delete_after_days < retention.retain_days {
        let (delete, retain) = (retention.delete_after_days, retention.retain_days);
        return Err(format!("retention.delete-after-days = {delete}: at least retain-days, which is {retain}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str) -> Result<Policy> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.toml");
        std::fs::write(&path, text).unwrap();
        load(path.to_str().unwrap())
    }

    #[test]
    fn every_builtin_policy_loads_under_its_own_name() {
        for (name, _) in BUILTIN_POLICIES {
            assert_eq!(load(name).unwrap().name, *name);
        }
    }

    #[test]
    fn the_default_hides_every_category() {
        assert_eq!(load(DEFAULT).unwrap().hide.len(), crate::model::Category::ALL.len());
    }

    #[test]
    fn the_digest_is_over_meaning_and_not_over_spelling() {
        let one = load_text("name = \"a\"\nversion = 1\nhide = [\"NAME\", \"SSN\"]").unwrap();
        let same = load_text("# x\nversion = 1\nname = \"a\"\nhide = [\"SSN\", \"NAME\", \"SSN\"]").unwrap();
        let other = load_text("name = \"a\"\nversion = 1\nhide = [\"SSN\"]").unwrap();
        assert_eq!(reference(&one).digest, reference(&same).digest);
        assert!(reference(&one).digest != reference(&other).digest);
    }

    #[test]
    fn a_policy_that_is_wrong_in_itself_is_refused() {
        for text in [
            "name = \"a\"\nversion = 1\nhide = []",
            "name = \"a\"\nversion = 1\nhide = [\"NAME\"]\nhides = 1",
            "name = \"a\"\nversion = 1\nhide = [\"NAMES\"]",
            "name = \"a\"\nversion = 1\nhide = [\"NAME\"]\n[mute]\npad-coarse-ms = 2001",
            "name = \"a\"\nversion = 1\nhide = [\"NAME\"]\n[retention]\nretain-days = 3000",
            "name = \"a\"\nversion = 1\nhide = [\"NAME\"]\n[hold]\ntail-share-max = nan",
        ] {
            assert!(load_text(text).is_err(), "{text}");
        }
        assert!(load("no-such-policy").err().unwrap().hint.unwrap().contains("safe-harbor"));
    }
}
