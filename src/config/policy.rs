//! Policies: those in the program by name, others by file, which may build on one of them. Must not change what
//! a policy says.

use super::lists;
use super::{read_text, toml_fault};
use crate::access::people::Role;
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
/// Farthest that a mute may go on to a quiet moment, milliseconds.
const VALLEY_MS_MAX: u32 = 1_000;
/// Coarsest rounding of lengths of mutes, milliseconds.
const ROUND_UP_MS_MAX: u32 = 5_000;
/// Longest fade of kept sound at the edges of a mute, milliseconds.
const RAMP_MS_MAX: u32 = 50;
/// Longest speech that may be left though no word accounts for it, milliseconds.
const SPEECH_MS_MIN_MAX: u32 = 60_000;

/// The built-in policy of that name, else the policy in that file.
///
/// # Errors
/// A usage error when there is neither, the file is not a policy, or a value is out of range.
pub fn load(name_or_file: &str) -> Result<Policy> {
    let wrong = |what: &str| Error::usage(format!("policy {name_or_file}: {what}"));
    let path = Path::new(name_or_file);
    let text = match builtin(name_or_file) {
        Some(text) => text.to_owned(),
        None if path.is_file() => read_text(path, "policy file")?,
        None => return Err(wrong("neither built in nor a file").hint(builtin_names())),
    };
    let mut table: toml::Table = text.parse().map_err(|e| wrong(&toml_fault(&text, &e)))?;
    let lists = lists::take(&mut table, path.parent().unwrap_or(Path::new(""))).map_err(|what| wrong(&what))?;
    let table = extended(table).map_err(|what| wrong(&what).hint(builtin_names()))?;
    let mut policy: Policy = table.try_into().map_err(|e| wrong(&fault(&e)))?;
    policy.hide.sort_unstable();
    policy.hide.dedup();
    policy.also_hide.sort_unstable();
    policy.also_hide.dedup();
    policy.lists = lists;
    check(&policy).map_err(|what| wrong(&what))?;
    if builtin(name_or_file).is_none() && builtin(&policy.name).is_some() && load(&policy.name)? != policy {
        let what = format!("{} is the name of a built-in policy, which says something else", policy.name);
        return Err(wrong(&what).hint("give it a name of its own: manifests and `verify` know policies by their names"));
    }
    Ok(policy)
}

/// What is wrong with a policy's table, with all fields that there may be: some are taken out before.
fn fault(error: &toml::de::Error) -> String {
    let text = error.to_string();
    text.trim_end().replace("expected one of `name`", "expected one of `extends`, `allow`, `deny`, `name`")
}

fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN_POLICIES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

fn builtin_names() -> String {
    let names: Vec<_> = BUILTIN_POLICIES.iter().map(|(name, _)| *name).collect();
    format!("built in are {}", names.join(", "))
}

/// The policy laid over the built-in one that it extends; its own name and version are never taken from there.
fn extended(mut own: toml::Table) -> Result<toml::Table, String> {
    let Some(base) = own.remove("extends") else { return Ok(own) };
    let text = base.as_str().and_then(builtin).ok_or("extends: no built-in policy")?;
    let mut base: toml::Table = text.parse().expect("built-in policies are tested");
    base.retain(|field, _| field != "name" && field != "version");
    lay_over(own, &mut base);
    Ok(base)
}

/// Sets what `own` sets; tables are laid over each other, everything else is replaced.
fn lay_over(own: toml::Table, base: &mut toml::Table) {
    for (field, value) in own {
        match (value, base.get_mut(&field)) {
            (toml::Value::Table(own), Some(toml::Value::Table(base))) => lay_over(own, base),
            (value, _) => drop(base.insert(field, value)),
        }
    }
}

/// How manifests name a policy. The digest is over everything that it says; comments and the order
/// of its file do not count.
#[must_use]
pub fn reference(policy: &Policy) -> PolicyRef {
    let mut canonical = serde_json::to_vec(policy).expect("a policy is plain data");
    if let Some(lists) = policy.lists.digest() {
        canonical.extend_from_slice(lists.as_str().as_bytes());
    }
    PolicyRef { name: policy.name.clone(), version: policy.version, digest: Sha256Hex::of(&canonical) }
}

fn check(policy: &Policy) -> Result<(), String> {
    let at_most = |field: &str, value: u32, max: u32| {
        if value > max { Err(format!("{field} = {value}: at most {max}")) } else { Ok(()) }
    };
    at_most("mute.pad-aligned-ms", policy.mute.pad_aligned_ms, super::PAD_MS_MAX)?;
    at_most("mute.pad-recogniser-ms", policy.mute.pad_recogniser_ms, super::PAD_MS_MAX)?;
    at_most("mute.pad-coarse-ms", policy.mute.pad_coarse_ms, super::PAD_MS_MAX)?;
    at_most("mute.merge-gap-ms", policy.mute.merge_gap_ms, MERGE_GAP_MS_MAX)?;
    at_most("mute.valley-ms-max", policy.mute.valley_ms_max, VALLEY_MS_MAX)?;
    at_most("mute.round-up-ms", policy.mute.round_up_ms, ROUND_UP_MS_MAX)?;
    at_most("mute.ramp-ms", policy.mute.ramp_ms, RAMP_MS_MAX)?;
    at_most("unaccounted.speech-ms-min", policy.unaccounted.speech_ms_min, SPEECH_MS_MIN_MAX)?;
    if policy.hide.is_empty() {
        return Err("hide is empty: name the categories to hide".into());
    }
    if let Some(extra) = policy.also_hide.iter().find(|e| !policy.hides(e.category())) {
        return Err(format!("also-hide has what is {}, which hide has not", extra.category()));
    }
    if !(0.0..=10.0).contains(&policy.hold.tail_share_max) {
        return Err("hold.tail-share-max: from 0 to 10".into());
    }
    if !policy.hold.risk_max.is_none_or(|max| (0.0..=1.0).contains(&max)) {
        return Err("hold.risk-max: from 0 to 1".into());
    }
    let is_unknown = |role: &&String| !Role::ALL.iter().any(|known| known.word() == role.as_str());
    if let Some(unknown) = policy.access.roles.iter().find(is_unknown) {
        let known = Role::ALL.map(Role::word).join(", ");
        return Err(format!("access.roles: {unknown:?} is no role; there are {known}"));
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
    fn a_policy_builds_on_another_and_says_what_differs() {
        let text =
            "name = \"own\"\nversion = 3\nextends = \"strict\"\nalso-hide = [\"ages\"]\n[mute]\npad-coarse-ms = 9";
        let (own, strict) = (load_text(text).unwrap(), load("strict").unwrap());
        assert_eq!((own.name.as_str(), own.version), ("own", 3));
        assert!(own.hide == strict.hide && own.retention == strict.retention);
        assert_eq!(own.also_hide, [crate::model::Extra::Ages]);
        assert_eq!((own.mute.pad_coarse_ms, own.mute.merge_gap_ms), (9, strict.mute.merge_gap_ms));
    }

    #[test]
    fn the_digest_covers_lists() {
        let plain = "name = \"a\"\nversion = 1\nextends = \"strict\"\n";
        let listed = |values: &str| format!("{plain}[[deny]]\ncategory = \"NAME\"\nvalues = [{values}]\n");
        let digest = |text: &str| reference(&load_text(text).unwrap()).digest;
        assert!(digest(plain) != digest(&listed("\"Quarrington\"")));
        assert!(digest(&listed("\"Quarrington\"")) != digest(&listed("\"Quarringtons\"")));
    }

    /// 45 CFR 164.514(e)(2) lists what must go; town or city, state, postal code and every date may stay.
    #[test]
    fn a_limited_data_set_loses_what_the_rule_lists_and_keeps_what_it_lets_stay() {
        use crate::model::Category::*;
        let policy = load("limited-data-set").unwrap();
        let goes =
            [Name, Address, Phone, Email, Ssn, Mrn, MemberId, Account, Card, License, Vehicle, Device, Url, Other];
        let stays = [Dob, Date, Age, City, Zip];
        assert!(goes.iter().all(|c| policy.hides(*c)) && !stays.iter().any(|c| policy.hides(*c)));
        assert_eq!(goes.len() + stays.len(), crate::model::Category::ALL.len());
    }

    #[test]
    fn the_name_of_a_built_in_policy_is_for_what_it_says() {
        for (name, text) in BUILTIN_POLICIES {
            assert!(load_text(text).unwrap() == load(name).unwrap(), "{name}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_with_all_that_there_are() {
        let error = load_text("name = \"a\"\nversion = 1\nextends = \"strict\"\nhides = 1").err().unwrap().to_string();
        assert!(["hides", "`extends`, `allow`, `deny`, `name`"].iter().all(|part| error.contains(part)), "{error}");
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
            "name = \"a\"\nversion = 1\nhide = [\"NAME\"]\n[hold]\nrisk-max = 1.5",
            "name = \"a\"\nversion = 1\nhide = [\"NAME\"]\nalso-hide = [\"ages\"]",
            "name = \"a\"\nversion = 1\nextends = \"lax\"",
            "name = \"strict\"\nversion = 1\nextends = \"safe-harbor\"",
            "name = \"strict\"\nversion = 1\nextends = \"strict\"\n[[deny]]\ncategory = \"NAME\"\nvalues = [\"x\"]",
            "name = \"a\"\nversion = 1\nextends = \"strict\"\n[access]\nroles = [\"supervisor\"]",
            "version = 1\nextends = \"strict\"",
            "name = \"a\"\nextends = \"strict\"",
            "name = \"a\"\nversion = 1\nextends = \"strict\"\nmuted = 1",
            "name = \"a\"\nversion = 1\nextends = \"strict\"\n[[allow]]\nvalue = [\"x\"]",
            "name = \"a\"\nversion = 1\nextends = \"strict\"\n[[deny]]\nvalues = [\"x\"]",
            "name = \"a\"\nversion = 1\nextends = \"strict\"\n[[deny]]\ncategory = \"NAME\"\nfile = \"none.txt\"",
        ] {
            assert!(load_text(text).is_err(), "{text}");
        }
        assert!(load("no-such-policy").err().unwrap().hint.unwrap().contains("safe-harbor"));
    }
}
