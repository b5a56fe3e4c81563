//! `--report`: what became of a run, as JSON and as one HTML page. Numbers, codes and pseudonyms; no names, no text.

mod history;
mod html;

pub(super) use history::History;

use crate::base::{Error, Result, Stage, Timestamp, why};
use crate::jobs::{Run, Summary};
use crate::model::manifest::{PolicyRef, Tool};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Html,
}

/// A file that a report will be written to. It has its place before the run begins, so that a run of hours does not
/// end without one.
pub(super) struct ReportFile {
    form: Form,
    aside: Aside,
}

/// A place for the file of a `--report`, and the file beside it until all of it is written.
pub(super) struct Aside {
    path: PathBuf,
    file: NamedTempFile,
}

impl Aside {
    /// Opens the file.
    ///
    /// # Errors
    /// A usage error when it cannot be written to.
    pub fn open(path: &Path) -> Result<Self> {
        let wrong =
            |e: std::io::Error| Error::usage(format!("--report {}: cannot be written: {}", path.display(), why(&e)));
        if path.is_dir() {
            return Err(wrong(std::io::ErrorKind::IsADirectory.into()));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(wrong)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes all of it and puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(mut self, text: &str) -> Result<()> {
        let unwritten = |error| Error::io(Stage::Publish, "the report cannot be written", error);
        self.file.write_all(text.as_bytes()).map_err(unwritten)?;
        self.file.persist(&self.path).map_err(|e| unwritten(e.error))?;
        Ok(())
    }
}

/// Everything that a report says. `schema` changes when a field does.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    schema: &'static str,
    started: Timestamp,
    took_ms: u64,
    tool: &'a Tool,
    policy: &'a PolicyRef,
    patterns: &'a str,
    jobs: usize,
    summary: &'a Summary,
    #[serde(flatten)]
    history: &'a History,
}

impl ReportFile {
    /// Opens every file that was asked for.
    ///
    /// # Errors
    /// A usage error when one ends neither in `.json` nor in `.html`, or cannot be written to.
    pub fn open_all(paths: &[PathBuf]) -> Result<Vec<Self>> {
        paths.iter().map(|path| Self::open(path)).collect()
    }

    fn open(path: &Path) -> Result<Self> {
        let wrong = |what: &str| Error::usage(format!("--report {}: {what}", path.display()));
        let form = match path.extension().and_then(|e| e.to_str()) {
            Some("json") => Form::Json,
            Some("html") => Form::Html,
            _ => return Err(wrong("the name ends neither in .json nor in .html")),
        };
        Ok(Self { form, aside: Aside::open(path)? })
    }

    /// Writes the report to its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(self, report: &Report) -> Result<()> {
        let text = match self.form {
            Form::Json => serde_json::to_string_pretty(report).expect("a report is plain data") + "\n",
            Form::Html => html::page(report),
        };
        self.aside.write(&text)
    }
}

impl<'a> Report<'a> {
    /// The report on a run.
    pub fn new(run: &'a Run, jobs: usize, took_ms: u64, summary: &'a Summary, history: &'a History) -> Self {
        Self {
            schema: "sordino.report/v1",
            started: run.created,
            took_ms,
            tool: &run.tool,
            policy: &run.policy_ref,
            patterns: run.patterns.digest().as_str(),
            jobs,
            summary,
            history,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, HoldReason, Phi, Sha256Hex};
    use crate::jobs::{Hidden, Report as CallReport, Status, Timing};
    use crate::model::Category;
    use crate::model::manifest::Role;
    use serde_json::Value;
    use std::time::Duration;

    const EXAMPLE: &str = include_str!("../../../docs/examples/report.v1.json");
    const SCHEMA: &str = include_str!("../../../docs/report.v1.schema.json");

    fn call(id: &str, status: Status, missing: Option<Role>, hidden: Hidden) -> CallReport {
        CallReport {
            source: Phi::new("Ana Brooks".into()),
            call: CallId::parse(id).unwrap(),
            status,
            missing,
            hidden,
            error: None,
        }
    }

    #[test]
    fn the_example_is_what_is_written() {
        let example: Value = serde_json::from_str(EXAMPLE).unwrap();
        let text = |path: &str| example.pointer(path).and_then(Value::as_str).unwrap();
        let (mut history, mut summary) = (
            History::default(),
            Summary {
                awaited: 1,
                ignored_files: 2,
                ignored_extensions: [("csv".into(), 2)].into(),
                ..Summary::default()
            },
        );
        let hidden = Hidden {
            spans: [(Category::Name, 3), (Category::Phone, 1)].into(),
            audio_ms: 361_000,
            muted_ms: 4_210,
            risk: Some(0.140_625),
            ..Hidden::default()
        };
        let (long, alone) = (text("/slowest/0/call"), text("/held/no-transcript/first/0"));
        let held = Status::Held(HoldReason::NoTranscript);
        for (report, began_ms, ended_ms, bytes) in [
            (call(long, Status::Redacted, None, hidden), 30, 150, 11_801_004),
            (call(&"0".repeat(32), Status::Redacted, None, Hidden::default()), 150, 190, 336),
            (call(alone, held, Some(Role::Transcript), Hidden::default()), 191, 191, 0),
        ] {
            summary.add(&report);
            let ms = Duration::from_millis;
            history.add(&report, &Timing { began: ms(began_ms), ended: ms(ended_ms), bytes });
        }
        let patterns = Sha256Hex::of(b"patterns");
        let report = Report {
            schema: "sordino.report/v1",
            started: Timestamp::parse(text("/started")).unwrap(),
            took_ms: 341,
            tool: &Tool { name: "sordino".into(), version: "0.1.0".into() },
            policy: &PolicyRef { name: "safe-harbor".into(), version: 1, digest: Sha256Hex::of(b"policy") },
            patterns: patterns.as_str(),
            jobs: 2,
            summary: &summary,
            history: &history,
        };
        assert_eq!(serde_json::to_string_pretty(&report).unwrap() + "\n", EXAMPLE);
    }

    #[test]
    fn the_schema_lists_the_reasons() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        assert_eq!(schema["$defs"]["reason"]["enum"], serde_json::to_value(HoldReason::ALL).unwrap());
    }
}
