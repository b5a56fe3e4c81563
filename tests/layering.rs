//! Holds the source to the layering of ARCHITECTURE.md: which module may import which, who may
//! attest that something is clean, and that the program itself stays thin.

use std::fs;
use std::path::{Path, PathBuf};

/// Module, and what it may import besides the standard library and itself; `None` is anything.
const LAYERS: &[(&str, Option<&[&str]>)] = &[
    ("base", Some(&[])),
    ("model", Some(&["base"])),
    ("patterns", Some(&["base", "model"])),
    ("transcript", Some(&["base", "model"])),
    ("audio", Some(&["base", "model"])),
    ("detect", Some(&["base", "model", "patterns"])),
    ("redact", Some(&["base", "model", "patterns", "transcript", "audio", "detect"])),
    ("store", Some(&["base"])),
    ("queue", Some(&["base", "store"])),
    ("access", Some(&["base", "model", "store"])),
    (
        "jobs",
        Some(&["base", "model", "patterns", "transcript", "audio", "detect", "redact", "store", "queue", "access"]),
    ),
    (
        "serve",
        Some(&[
            "base",
            "model",
            "patterns",
            "transcript",
            "audio",
            "detect",
            "redact",
            "store",
            "queue",
            "access",
            "jobs",
        ]),
    ),
    ("cli", None),
    ("config", None),
    ("main", None),
];

/// Modules that this file's module may not import, as `line: module`.
fn upward_imports(module: &str, source: &str) -> Vec<String> {
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        return vec![format!("0: {module} has no layer")];
    };
    let Some(allowed) = allowed else { return Vec::new() };
    let mut wrong = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for imported in imports(code) {
            if imported != module && !allowed.contains(&imported) && LAYERS.iter().any(|(name, _)| *name == imported) {
                wrong.push(format!("{}: {imported}", number + 1));
            }
        }
    }
    wrong
}

/// Modules named right after `crate::` or `sordino::`. Imports in braces are refused by a test below.
fn imports(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for path in ["crate::", "sordino::"] {
        for (at, _) in code.match_indices(path) {
            let rest = &code[at + path.len()..];
            found.push(&rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]);
        }
    }
    found
}

/// Every Rust file under `src/`: its path below it, and its text.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    paths.sort();
    paths.into_iter().map(|p| (p.strip_prefix(&src).unwrap().to_owned(), fs::read_to_string(&p).unwrap())).collect()
}

fn module_of(path: &Path) -> String {
    path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn no_module_imports_upward() {
    for (path, text) in sources() {
        if path != Path::new("lib.rs") {
            let wrong = upward_imports(&module_of(&path), &text);
            assert!(wrong.is_empty(), "{} imports upward: {wrong:?}", path.display());
        }
    }
}

#[test]
fn every_import_names_its_module_where_the_checker_sees_it() {
    for (path, text) in sources() {
        for bad in ["use crate::{", "use crate as", "use crate::*", "use sordino::{", "use super::super::super"] {
            assert!(!text.contains(bad), "{}: `{bad}` hides what is imported", path.display());
        }
    }
}

#[test]
fn the_checker_sees_an_upward_import() {
    assert_eq!(upward_imports("base", "use std::fmt;\nuse crate::model::Policy;"), ["2: model"]);
    assert_eq!(upward_imports("detect", "fn f(d: &crate::transcript::Document) {}"), ["1: transcript"]);
    assert_eq!(upward_imports("store", "use sordino::redact;"), ["1: redact"]);
    assert_eq!(upward_imports("novel", ""), ["0: novel has no layer"]);
}

#[test]
fn the_checker_lets_downward_imports_and_comments_be() {
    assert!(upward_imports("jobs", "use crate::redact::redact_call;").is_empty());
    assert!(upward_imports("base", "// like crate::model::Policy\nuse crate::base::Phi;").is_empty());
    assert!(upward_imports("config", "use crate::jobs::Template;").is_empty());
}

/// Modules that are compiled for tests alone.
const TEST_ONLY: &[&str] =
    &["queue/suite.rs", "store/suite.rs", "store/s3/tests/mod.rs", "store/s3/tests/faults.rs", "redact/testing.rs"];

/// The part of a file that is in the program.
fn shipped<'a>(path: &Path, text: &'a str) -> &'a str {
    if TEST_ONLY.iter().any(|t| path == Path::new(t)) {
        return "";
    }
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

#[test]
fn only_verify_attests_that_something_is_clean() {
    for (path, text) in sources() {
        let allowed = path == Path::new("redact/verify.rs") || path == Path::new("base/phi.rs");
        assert!(allowed || !shipped(&path, &text).contains("attest("), "{}: makes a Clean value", path.display());
    }
}

#[test]
fn only_config_reads_the_environment() {
    for (path, text) in sources() {
        let allowed = path.starts_with("config") || !shipped(&path, &text).contains("std::env::");
        assert!(allowed, "{}: reads the environment", path.display());
    }
}

#[test]
fn the_program_only_hands_over() {
    let main = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    let code = main.lines().filter(|l| !l.trim().is_empty() && !l.starts_with("//")).count();
    assert!(code <= 3, "main.rs has {code} lines of code");
}
