//! Words of names of organisations, from `patterns/organisations.toml`.

use super::rules::Counter;
use crate::base::{Error, Kind, Result, Stage};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The lists, and their examples.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisations {
    /// Words that end a name.
    pub heads: BTreeSet<String>,
    /// Heads that need a telling word before them.
    pub weak: BTreeSet<String>,
    /// Words before heads that tell nothing.
    pub common: BTreeSet<String>,
    /// Words before which a name begins.
    pub stops: BTreeSet<String>,
    /// Small words inside a name.
    pub inside: BTreeSet<String>,
    /// Names by themselves.
    pub brands: BTreeSet<String>,
    /// What stands right before a name.
    pub announcements: BTreeSet<String>,
    /// Sentences with the name in braces.
    pub must_match: Vec<String>,
    /// Sentences without one.
    pub must_not_match: Vec<Counter>,
}

impl Organisations {
    /// Reads the lists.
    ///
    /// # Errors
    /// When the file is no TOML of this shape.
    pub fn compile(toml: &str) -> Result<Self> {
        toml::from_str(toml).map_err(|e| {
            Error::new(Stage::Patterns, Kind::Usage, "the lists of organisations are not valid").hint(e.to_string())
        })
    }
}
