//! `scan`: PHI in any text below a path, a line for each finding, without its text unless asked for.

use super::args::ScanArgs;
use super::output::{Output, note};
use super::report::Aside;
use super::{clock, patterns, runtime, summary};
use crate::access::table::{Cell, Form, Table};
use crate::base::{Error, Phi, Result, Stage};
use crate::config::Settings;
use crate::jobs::{Found, Scanned, Wanted, scan_file};
use crate::model::{Category, RuleId};
use crate::store::{Address, Entry, Store};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What counts unless told otherwise: what names or numbers a person by itself. Dates, cities, ages and long numbers that
/// nothing explains are in every log.
pub(super) const DIRECT: [Category; 13] = [
    Category::Name,
    Category::Dob,
    Category::Address,
    Category::Phone,
    Category::Email,
    Category::Ssn,
    Category::MemberId,
    Category::Mrn,
    Category::Account,
    Category::Card,
    Category::License,
    Category::Vehicle,
    Category::Device,
];
/// Files that are in hand at once for each thread.
const FILES_AHEAD: usize = 4;
/// Lines of one kind that a report names for each file.
const LINES_MAX: usize = 8;

/// One finding.
#[derive(Serialize)]
struct Line<'a> {
    file: Option<&'a str>,
    number: u64,
    line: u64,
    category: Category,
    rule: &'a RuleId,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// The sum over all files.
#[derive(Default, Serialize)]
struct Sum {
    files: u64,
    /// Files with findings, or whose name is one.
    files_found: u64,
    findings: u64,
    categories: BTreeMap<Category, u64>,
    /// Files whose name names somebody.
    names: u64,
    /// Files that are no text and were not looked into.
    binary: u64,
    /// Files and folders that could not be read.
    unread: u64,
    /// Why, and how many of them; said to a person alone.
    #[serde(skip)]
    unread_reasons: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Closing<'a> {
    summary: &'a Sum,
}

pub(super) fn run(args: &ScanArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let policy = settings.policy()?;
    let patterns = patterns::tested(settings)?.under(&policy);
    let chosen: &[Category] = if args.category.is_empty() { &DIRECT } else { &args.category };
    let categories: BTreeSet<Category> = chosen.iter().copied().collect();
    let wanted = Wanted { patterns: &patterns, policy: &policy, categories: &categories, score_min: args.min_score };
    let reports = args.report.iter().map(|path| Ok((form(path)?, Aside::open(path)?))).collect::<Result<Vec<_>>>()?;
    let (store, only) = open(&args.path, settings)?;
    if args.reveal {
        note("the output holds protected health information; keep it where the files may be kept");
    }
    let mut scan = Scan { args, out, sum: Sum::default(), rows: Vec::new() };
    let threads = settings.jobs().get();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Error::io(Stage::Configure, "threads cannot be started", std::io::Error::other(e)))?;
    // A listing goes by how keys begin: `a.csv.old` begins like `a.csv`.
    let is_asked =
        |entry: &Result<Entry>| entry.as_ref().map_or(true, |e| is_or_lies_below(e.key.expose(), only.expose()));
    let mut entries = store.list_below(&only).filter(is_asked);
    loop {
        let batch: Vec<Result<Entry>> = entries.by_ref().take(threads * FILES_AHEAD).collect();
        if batch.is_empty() {
            break;
        }
        let done: Vec<_> = pool.install(|| {
            let read = |entry: &Result<Entry>| entry.as_ref().ok().map(|entry| scan_file(&*store, entry, &wanted));
            batch.par_iter().map(read).collect()
        });
        for (entry, scanned) in batch.into_iter().zip(done) {
            scan.tell(entry, scanned)?;
        }
        if scan.out.is_closed() {
            break;
        }
    }
    scan.close(reports)
}

impl Sum {
    fn add_unread(&mut self, error: &Error) {
        self.unread += 1;
        *self.unread_reasons.entry(error.message().to_owned()).or_default() += 1;
    }
}

struct Scan<'a> {
    args: &'a ScanArgs,
    out: &'a mut Output,
    sum: Sum,
    rows: Vec<Vec<Cell>>,
}

impl Scan<'_> {
    fn tell(&mut self, entry: Result<Entry>, scanned: Option<Result<Scanned>>) -> Result<()> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.hold_reason().is_some() => {
                self.sum.add_unread(&error);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.sum.files += 1;
        match scanned {
            Some(Ok(Scanned::Text { found, count, in_name })) => self.found(&entry.key, &in_name, &found, count),
            Some(Ok(Scanned::Binary { in_name })) => {
                self.sum.binary += 1;
                self.found(&entry.key, &in_name, &[], 0)
            }
            Some(Err(error)) => {
                self.sum.add_unread(&error);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Tells what was found in a file's name and, of `count` findings, in the file.
    fn found(&mut self, key: &Phi<String>, in_name: &[Found], found: &[Found], count: u64) -> Result<()> {
        let number = self.sum.files;
        let name_tells = !in_name.is_empty();
        let file = (self.args.reveal || !name_tells).then(|| key.expose().as_str());
        self.sum.findings += count + in_name.len() as u64;
        self.sum.names += u64::from(name_tells);
        self.sum.files_found += u64::from(count > 0 || name_tells);
        let shown = file.map_or_else(|| format!("(file {number}, its name is a finding)"), str::to_owned);
        let mut kinds: BTreeMap<Category, Vec<&Found>> = BTreeMap::new();
        for hit in in_name.iter().chain(found) {
            kinds.entry(hit.finding.category).or_default().push(hit);
            *self.sum.categories.entry(hit.finding.category).or_default() += 1;
            let (rule, score, category) = (&hit.finding.rule, hit.finding.score, hit.finding.category);
            let text = self.args.reveal.then(|| hit.text.expose().as_str());
            if self.args.json {
                self.out.json(&Line { file, number, line: hit.line, category, rule, score, text })?;
            } else {
                let text = text.map_or_else(String::new, |text| format!("  {text}"));
                self.out.line(format_args!("{shown}:{}: {category} {rule} {score:.2}{text}", hit.line))?;
            }
        }
        for (category, hits) in kinds {
            let lines: Vec<String> = hits.iter().take(LINES_MAX).map(|hit| hit.line.to_string()).collect();
            let (number, count) = (Cell::Count(number), Cell::Count(hits.len() as u64));
            self.rows.push(vec![(&shown).into(), number, category.into(), count, lines.join(" ").into()]);
        }
        Ok(())
    }

    fn close(self, reports: Vec<(Form, Aside)>) -> Result<u8> {
        let Self { args, out, sum, rows } = self;
        let now = crate::base::Timestamp::from_unix_s(clock::now());
        let told = format!(
            "{} findings in {} of {} files; {} are no text, {} could not be read. Made {now}. What was found is not shown.",
            sum.findings, sum.files_found, sum.files, sum.binary, sum.unread
        );
        let columns = vec!["file", "number", "category", "findings", "lines"];
        let table = Table { title: "PHI in files".into(), note: told.clone(), columns, rows };
        reports.into_iter().try_for_each(|(form, file)| file.write(&table.written(form)))?;
        if sum.unread > 0 {
            note(format_args!(
                "{} files or folders cannot be read: {}",
                sum.unread,
                summary::reasons(&sum.unread_reasons)
            ));
        }
        if args.json {
            out.json(&Closing { summary: &sum })?;
        } else {
            out.line(told.split(" Made ").next().unwrap_or_default())?;
        }
        Ok(if sum.files_found > 0 { 3 } else { u8::from(sum.unread > 0) })
    }
}

/// The store that PATH is, or lies in, and what keys begin with in it.
fn open(path: &Path, settings: &Settings) -> Result<(Arc<dyn Store>, Phi<String>)> {
    let stores = runtime::stores(std::iter::once(path), settings)?;
    let missing = || Error::usage(format!("PATH {}: no such file or folder", path.display()));
    match Address::parse(path)? {
        Address::Folder(folder) if folder.is_file() => {
            let name = folder.file_name().and_then(|name| name.to_str()).ok_or_else(missing)?.to_owned();
            let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok((stores.source(&Address::Folder(parent.to_owned()))?, Phi::new(name)))
        }
        Address::Folder(folder) if !folder.is_dir() => Err(missing()),
        Address::Bucket(bucket) => match bucket.object() {
            Some((folder, name)) => Ok((stores.source(&Address::Bucket(folder))?, name)),
            None => Ok((stores.source(&Address::Bucket(bucket))?, Phi::default())),
        },
        folder => Ok((stores.source(&folder)?, Phi::default())),
    }
}

fn is_or_lies_below(key: &str, path: &str) -> bool {
    path.is_empty() || key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn form(path: &Path) -> Result<Form> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Ok(Form::Json),
        Some("html") => Ok(Form::Html),
        Some("csv") => Ok(Form::Csv),
        _ => Err(Error::usage(format!("--report {}: the name ends in none of .json, .html, .csv", path.display()))),
    }
}

/// The category with this label.
pub(super) fn category(label: &str) -> Result<Category, String> {
    let found = Category::ALL.iter().find(|category| category.label().eq_ignore_ascii_case(label));
    found.copied().ok_or_else(|| {
        let labels: Vec<&str> = Category::ALL.iter().map(|category| category.label()).collect();
        format!("one of {}", labels.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_file_or_a_folder_and_not_what_begins_like_it() {
        for (key, path) in [("a.csv", "a.csv"), ("a/b", "a"), ("a", "")] {
            assert!(is_or_lies_below(key, path), "{key} {path}");
        }
        for (key, path) in [("a.csv.old", "a.csv"), ("ab/c", "a")] {
            assert!(!is_or_lies_below(key, path), "{key} {path}");
        }
    }

    #[test]
    fn categories_go_by_their_labels() {
        assert_eq!(category("member_id"), Ok(Category::MemberId));
        assert!(category("COLOUR").unwrap_err().contains("PHONE"));
    }
}
