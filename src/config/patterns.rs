//! Pattern files of a user: every `*.toml` of a folder. Must not know what is in them.

use super::read_text;
use crate::base::{Error, Result, why};
use std::path::Path;

/// Most pattern files of a folder.
const FILES_MAX: usize = 64;

/// Name and text of each pattern file, in order of their names.
///
/// # Errors
/// A usage error when the folder or a file cannot be read, or there are none or too many.
pub(super) fn read(folder: &Path) -> Result<Vec<(String, String)>> {
    let shown = folder.display();
    let failed = |e: std::io::Error| Error::usage(format!("patterns {shown}: {}", why(&e)));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(Error::usage(format!("patterns {shown}: more than {FILES_MAX} pattern files")));
        }
    }
    if paths.is_empty() {
        return Err(Error::usage(format!("patterns {shown}: no pattern files"))
            .hint("pattern files end in .toml; docs/patterns.md has the form"));
    }
    paths.sort();
    paths.iter().map(|path| Ok((path.display().to_string(), read_text(path, "pattern file")?))).collect()
}
