//! Reads an S3 Inventory: a manifest, and the files of rows that it names. Must not look at the objects.
//!
//! The manifest lies at `…/<configuration>/<date>/manifest.json` and its rows at `…/<configuration>/data/`; beside each
//! other they are found too. Rows are CSV with every field in double quotes and keys as in a URL. Of objects with
//! versions only the latest one counts.

use super::listed::Listing;
use super::{Stat, Store};
use crate::base::{Error, Phi, Result, Timestamp};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read};

/// Largest manifest, bytes.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;
/// Most files of rows.
const FILES_MAX: usize = 100_000;
/// Longest row, bytes: a key has at most 1,024 of them, three times as many where each is escaped.
const ROW_BYTES_MAX: u64 = 64 << 10;
/// Most rows of all files.
const ROWS_MAX: u64 = 200_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    file_format: String,
    file_schema: String,
    files: Vec<DataFile>,
}

#[derive(Deserialize)]
struct DataFile {
    key: String,
    size: u64,
}

/// Which field of a row is what.
struct Columns {
    key: usize,
    is_latest: Option<usize>,
    is_delete_marker: Option<usize>,
    size: Option<usize>,
    modified: Option<usize>,
    etag: Option<usize>,
}

/// Reads the inventory whose manifest is `key` of a store. Of its objects those are taken whose keys begin with
/// `below`, without it.
///
/// # Errors
/// A usage error when it cannot be read, is not CSV, or is damaged.
pub fn read(store: &dyn Store, key: &str, below: &str) -> Result<Listing> {
    let manifest: Manifest = serde_json::from_slice(&manifest(store, key)?)
        .map_err(|e| wrong("the manifest is damaged").at("line", e.line() as u64))?;
    if !manifest.file_format.eq_ignore_ascii_case("CSV") {
        return Err(wrong("the inventory is not CSV").hint(
            "set the inventory's format to CSV, or leave --inventory away: listing takes one request for 1,000 keys",
        ));
    }
    if manifest.files.len() > FILES_MAX {
        return Err(wrong("the inventory has too many files"));
    }
    let columns = Columns::of(&manifest.file_schema)?;
    let (mut listing, mut rows) = (Listing::default(), 0);
    for file in &manifest.files {
        read_rows(store, key, file, &mut |row| {
            rows += 1;
            if rows > ROWS_MAX {
                return Err(wrong("the inventory has too many rows").at("limit", ROWS_MAX));
            }
            columns.add(row, below, &mut listing).ok_or_else(|| wrong("a row is damaged").at("row", rows))
        })?;
    }
    listing.sort();
    Ok(listing)
}

fn manifest(store: &dyn Store, key: &str) -> Result<Vec<u8>> {
    let (object, _) = store.open(&Phi::new(key.to_owned())).map_err(|_| wrong("the manifest cannot be opened"))?;
    let mut bytes = Vec::new();
    object.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|_| wrong("the manifest cannot be read"))?;
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(wrong("the manifest is too large"));
    }
    Ok(bytes)
}

fn read_rows(
    store: &dyn Store,
    manifest_key: &str,
    file: &DataFile,
    each: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<()> {
    let name = file.key.rsplit('/').next().unwrap_or_default();
    let beside =
        manifest_key.rsplit_once('/').map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"));
    let opened = [format!("data/{name}"), beside].into_iter().find_map(|key| store.open(&Phi::new(key)).ok());
    let (object, stat) = opened.ok_or_else(|| {
        wrong("a file of rows cannot be opened").hint("fetch the inventory's data folder beside its dated folders")
    })?;
    if stat.bytes != file.size {
        return Err(wrong("a file of rows has another size than the manifest says").at("bytes", stat.bytes));
    }
    let plain: Box<dyn Read> =
        if name.ends_with(".gz") { Box::new(MultiGzDecoder::new(object)) } else { Box::new(object) };
    let mut lines = BufReader::new(plain);
    let mut line = String::new();
    loop {
        line.clear();
        let read = (&mut lines).take(ROW_BYTES_MAX).read_line(&mut line);
        match read.map_err(|_| wrong("a file of rows is damaged"))? {
            0 => return Ok(()),
            n if n as u64 == ROW_BYTES_MAX => return Err(wrong("a row is too long")),
            _ => {}
        }
        let row = line.trim_end_matches(['\n', '\r']);
        if !row.is_empty() {
            each(row)?;
        }
    }
}

impl Columns {
    fn of(schema: &str) -> Result<Self> {
        let names: Vec<&str> = schema.split(',').map(str::trim).collect();
        let at = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name));
        Ok(Self {
            key: at("Key").ok_or_else(|| wrong("the inventory has no keys"))?,
            is_latest: at("IsLatest"),
            is_delete_marker: at("IsDeleteMarker"),
            size: at("Size"),
            modified: at("LastModifiedDate"),
            etag: at("ETag"),
        })
    }

    /// Adds the object of a row, if it counts; nothing for a row that is none.
    fn add(&self, row: &str, below: &str, listing: &mut Listing) -> Option<()> {
        let fields = fields(row)?;
        let field = |column: Option<usize>| column.map(|c| fields.get(c).map(String::as_str)).unwrap_or(Some(""));
        let is_gone = field(self.is_latest)? == "false" || field(self.is_delete_marker)? == "true";
        let key = decoded(fields.get(self.key)?)?;
        let Some(key) = key.strip_prefix(below).filter(|key| !key.is_empty() && !is_gone) else { return Some(()) };
        // Milliseconds are cut, as everywhere.
        let second = field(self.modified)?.get(..19).and_then(|t| Timestamp::parse(&format!("{t}Z")));
        listing.add(
            key,
            &Stat {
                bytes: field(self.size)?.parse().unwrap_or_default(),
                version: field(self.etag)?.to_owned(),
                modified_s: second.map_or(0, Timestamp::unix_s),
            },
        );
        Some(())
    }
}

/// The fields of a row of CSV.
fn fields(row: &str) -> Option<Vec<String>> {
    let (mut fields, mut rest) = (Vec::new(), row);
    loop {
        let field;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut left = quoted;
            loop {
                let (part, behind) = left.split_once('"')?;
                text.push_str(part);
                left = behind;
                // Two quotes are one of the text.
                let Some(more) = left.strip_prefix('"') else { break };
                text.push('"');
                left = more;
            }
            (field, rest) = (text, left);
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            (field, rest) = (rest[..end].to_owned(), &rest[end..]);
        }
        fields.push(field);
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// A key as it is, from how a URL writes it.
fn decoded(key: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn wrong(message: &'static str) -> Error {
    Error::usage(format!("--inventory: {message}"))
}

#[cfg(test)]
mod tests {
    use super::super::LocalStore;
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::fs;
    use std::io::Write;

    const SCHEMA: &str = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag";

    /// An inventory of one file of rows, at `data` of its folder.
    fn inventory(rows: &str, schema: &str, format: &str, data: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(rows.as_bytes()).unwrap();
        let gz = gz.finish().unwrap();
        for folder in ["2026-11-21T01-00Z", data] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join(data).join("rows.csv.gz"), &gz).unwrap();
        let manifest = serde_json::json!({
            "sourceBucket": "raw", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30",
            "creationTimestamp": "1514944800000", "fileFormat": format, "fileSchema": schema,
            "files": [{ "key": "lists/raw/all/data/rows.csv.gz", "size": gz.len(), "MD5checksum": "f1" }],
        });
        fs::write(dir.path().join("2026-11-21T01-00Z/manifest.json"), manifest.to_string()).unwrap();
        dir
    }

    fn keys(dir: &tempfile::TempDir, below: &str) -> Result<Vec<(String, Stat)>> {
        let store = std::sync::Arc::new(LocalStore::source(dir.path()).unwrap());
        let listing = read(&*store, "2026-11-21T01-00Z/manifest.json", below)?;
        let listed = super::super::ListedStore::new(store, listing);
        Ok(listed.list().map(Result::unwrap).map(|e| (e.key.into_exposed(), e.stat)).collect())
    }

    const ROWS: &str = concat!(
        "\"raw\",\"2026/b+%2B%C3%A9.wav\",\"v1\",\"true\",\"false\",\"7\",\"2026-11-21T06:00:00.123Z\",\"e1\"\n",
        "\"raw\",\"2026/a.json\",\"v2\",\"true\",\"false\",\"5\",\"2026-11-20T06:00:00.000Z\",\"e2\"\r\n",
        "\"raw\",\"2026/a.json\",\"v1\",\"false\",\"false\",\"4\",\"2026-11-19T06:00:00.000Z\",\"e0\"\n",
        "\"raw\",\"2026/gone.json\",\"v1\",\"true\",\"true\",\"\",\"2026-11-19T06:00:00.000Z\",\"\"\n",
        "\"raw\",\"2025/old.json\",\"v1\",\"true\",\"false\",\"1\",\"2025-11-19T06:00:00.000Z\",\"e5\"\n",
    );

    #[test]
    fn the_latest_objects_below_a_prefix_are_listed_with_their_states() {
        for data in ["data", "2026-11-21T01-00Z"] {
            let found = keys(&inventory(ROWS, SCHEMA, "CSV", data), "2026/").unwrap();
            let stat = |bytes, version: &str, modified_s| Stat { bytes, version: version.into(), modified_s };
            let wanted = [("a.json", stat(5, "e2", 1_795_154_400)), ("b +é.wav", stat(7, "e1", 1_795_240_800))];
            assert!(found.into_iter().eq(wanted.map(|(key, stat)| (key.to_owned(), stat))));
        }
    }

    #[test]
    fn fewer_columns_are_enough_and_none_but_the_key_is_needed() {
        let found = keys(&inventory("raw,a.json\nraw,b.json\n", "Bucket, Key", "CSV", "data"), "").unwrap();
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn what_is_damaged_or_of_another_kind_is_refused_and_says_why() {
        let refused = |rows: &str, schema: &str, format: &str| {
            let error = keys(&inventory(rows, schema, format, "data"), "").err().unwrap();
            (error.to_string(), error.hint.unwrap_or_default())
        };
        assert!(refused(ROWS, SCHEMA, "Parquet").1.contains("CSV"));
        assert!(refused(ROWS, SCHEMA, "ORC").0.contains("not CSV"));
        assert!(refused(ROWS, "Bucket, Size", "CSV").0.contains("no keys"));
        for rows in ["\"raw", "\"raw\",\"a\"x", "\"raw\",\"%zz\"", "\"raw\"", "\"raw\",\"%ff\"", "\"raw\",\"a.json\""] {
            assert!(refused(rows, SCHEMA, "CSV").0.contains("row"), "{rows}");
        }
        let cut = inventory(ROWS, SCHEMA, "CSV", "data");
        let path = cut.path().join("data/rows.csv.gz");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        assert!(keys(&cut, "").err().unwrap().to_string().contains("another size"));
        fs::remove_file(&path).unwrap();
        assert!(keys(&cut, "").err().unwrap().to_string().contains("cannot be opened"));
    }
}
