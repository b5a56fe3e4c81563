//! A report as a table: rows of cells under columns, written as JSON, CSV or a page to print. Must not know what it is
//! about. Everything in it is a number, a time, a pseudonym or a word of a fixed alphabet; titles are escaped all the same.

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// One JSON object: title, note, rows as objects.
    Json,
    /// RFC 4180, with a row of column names.
    #[default]
    Csv,
    /// One page without script or anything from elsewhere, made to be printed.
    Html,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number.
    Count(u64),
    /// Nothing.
    Nothing,
}

impl Cell {
    /// The text of something, or nothing.
    pub fn of(shown: Option<impl ToString>) -> Self {
        shown.map_or(Self::Nothing, |shown| Self::Text(shown.to_string()))
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(n) => n.to_string(),
            Self::Nothing => String::new(),
        }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(shown: T) -> Self {
        Self::Text(shown.to_string())
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it is.
    pub title: String,
    /// What to know when reading it.
    pub note: String,
    /// Names of columns: lower-case words with `_` between.
    pub columns: Vec<&'static str>,
    /// Rows, each with a cell a column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The whole report in a form.
    #[must_use]
    pub fn written(&self, form: Form) -> String {
        match form {
            Form::Json => self.json().to_string() + "\n",
            Form::Csv => self.csv(),
            Form::Html => self.html(),
        }
    }

    fn json(&self) -> Value {
        let row = |cells: &Vec<Cell>| -> Value {
            let fields = self.columns.iter().zip(cells).map(|(name, cell)| {
                let value = match cell {
                    Cell::Text(text) => Value::from(text.as_str()),
                    Cell::Count(n) => Value::from(*n),
                    Cell::Nothing => Value::Null,
                };
                ((*name).to_owned(), value)
            });
            fields.collect::<Map<_, _>>().into()
        };
        serde_json::json!({ "title": self.title, "note": self.note, "rows": self.rows.iter().map(row).collect::<Value>() })
    }

    fn csv(&self) -> String {
        let mut out = self.columns.join(",") + "\r\n";
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| quoted(&cell.text())).collect();
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
        out
    }

    fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>\n{}</style>\n<h1>{title}</h1>\n<p>{}</p>\n<table>\n<thead><tr>",
            include_str!("table.css"),
            escaped(&self.note)
        );
        for column in &self.columns {
            let _ = write!(out, "<th scope=\"col\">{}", escaped(&column.replace('_', " ")));
        }
        out.push_str("</thead>\n<tbody>\n");
        for row in &self.rows {
            out.push_str("<tr>");
            for cell in row {
                let class = if matches!(cell, Cell::Count(_)) { " class=\"n\"" } else { "" };
                let _ = write!(out, "<td{class}>{}", escaped(&cell.text()));
            }
            out.push('\n');
        }
        let _ = writeln!(out, "</tbody></table>\n<p>{} rows.</p>", self.rows.len());
        out
    }
}

/// A field of CSV. What a spreadsheet would take for a formula is made text.
fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            title: "A <report>".into(),
            note: "Of & for".into(),
            columns: vec!["user", "plays_of_calls"],
            rows: vec![
                vec!["ana".into(), Cell::Count(2)],
                vec!["a,\"b\"".into(), Cell::Nothing],
                vec!["=1+1".into(), Cell::Count(0)],
            ],
        }
    }

    #[test]
    fn each_form_has_every_cell_and_no_markup_of_its_content() {
        let csv = table().written(Form::Csv);
        assert_eq!(csv, "user,plays_of_calls\r\nana,2\r\n\"a,\"\"b\"\"\",\r\n'=1+1,0\r\n");
        let json: Value = serde_json::from_str(&table().written(Form::Json)).unwrap();
        assert_eq!(json["rows"][0], serde_json::json!({"user": "ana", "plays_of_calls": 2}));
        assert_eq!(json["rows"][1]["plays_of_calls"], Value::Null);
        let html = table().written(Form::Html);
        assert!(html.contains("<h1>A &lt;report&gt;</h1>") && html.contains("plays of calls"));
        assert!(html.contains("<td>a,&quot;b&quot;") && html.contains("<td class=\"n\">2") && html.contains("3 rows"));
    }
}
