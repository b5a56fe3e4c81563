//! Labels of calls out of a table that the telephone system exports. Names of calls become their pseudonyms here, and agents keyed
//! ones; neither is handed on.

use super::CallKey;
use crate::access::Word;
use crate::access::labels::{Label, STARTED};
use crate::base::{Error, Phi, Result};
use std::collections::BTreeMap;

/// The column with the names of calls.
const CALL: &str = "call";
/// The column whose values become pseudonyms.
const AGENT: &str = "agent";

/// The labels of a table in CSV whose first line names its columns. Nothing of a line stands in an error but its number.
///
/// # Errors
/// A usage error when it is no such table, or a cell is not fit.
pub fn labels_of(text: &Phi<String>, key: &CallKey) -> Result<Vec<Label>> {
    let mut rows = rows(text.expose().trim_start_matches('\u{feff}')).into_iter().enumerate();
    let (_, names) = rows.next().ok_or_else(|| Error::usage("the table is empty"))?;
    let at = names.iter().position(|name| name == CALL);
    let at =
        at.ok_or_else(|| Error::usage("the table has no column `call`").hint("its first line names the columns"))?;
    if let Some(wrong) = names.iter().position(|name| Word::parse(name).is_none()) {
        return Err(Error::usage(format!("column {}: names are of lower-case letters, digits and -", wrong + 1)));
    }
    rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
        .map(|(n, cells)| {
            let wrong = |what: &str| Error::usage(format!("row {}: {what}", n + 1));
            if cells.len() != names.len() {
                return Err(wrong("it has not as many cells as the first one"));
            }
            let mut attributes = BTreeMap::new();
            for (name, cell) in names.iter().zip(&cells).filter(|(name, cell)| *name != CALL && !cell.is_empty()) {
                let value = if name == AGENT { key.agent(&Phi::new(cell)) } else { cell.clone() };
                attributes.insert(name.clone(), value);
            }
            let label = Label { call: key.call_id(&Phi::new(cells[at].clone().into_bytes())), attributes };
            if !label.is_fit() {
                return Err(wrong("a cell is no word of lower-case letters, digits and -, or too long").hint(format!(
                    "`{STARTED}` is written 2026-11-22T10:33:00Z; `{AGENT}` may be anything: it becomes a pseudonym"
                )));
            }
            Ok(label)
        })
        .collect()
}

/// Rows of CSV as RFC 4180 has it: cells in double quotes may hold commas, line breaks and doubled quotes.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> CallKey {
        CallKey::new(b"0123456789abcdef").unwrap()
    }

    #[test]
    fn a_table_gives_each_call_its_attributes_and_each_agent_a_pseudonym() {
        let table =
            "call,team,agent,started\r\n2026/a,north,Maria Hill,2026-11-22T10:33:00Z\n\"b,c\",,\"Hill, Maria\",\n\n";
        let labels = labels_of(&Phi::new(table.to_owned()), &key()).unwrap();
        assert_eq!(labels.len(), 2);
        assert_eq!(labels[0].call, key().call_id(&Phi::new(b"2026/a".to_vec())));
        assert_eq!(labels[1].call, key().call_id(&Phi::new(b"b,c".to_vec())));
        assert_eq!(labels[0].attributes["team"], "north");
        assert_eq!(labels[1].attributes.len(), 1);
        assert!(!labels[0].attributes["agent"].contains("aria"));
        assert_ne!(labels[0].attributes["agent"], labels[1].attributes["agent"]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_row_and_not_quoted() {
        for table in ["", "name,team\nx,y\n", "call,team\nx\n", "call,team\nx,Maria Hill\n", "call,The Team\nx,y\n"] {
            let error = labels_of(&Phi::new(table.to_owned()), &key()).unwrap_err();
            assert!(!error.to_string().contains("Maria"), "{error}");
        }
    }

    proptest! {
        /// What is quoted as RFC 4180 has it comes back cell by cell, whatever is in the cells.
        #[test]
        fn a_table_is_read_back(table in prop::collection::vec(prop::collection::vec("[ -~é\n]{0,8}", 1..5), 0..6)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
            prop_assert_eq!(rows(&table.iter().map(line).collect::<String>()), table);
        }

        #[test]
        fn no_table_breaks_it_and_no_error_quotes_one(text in "(call,team,agent\n)?[a-z\",\r\n é]{0,60}Quarrington[a-z\",\n]{0,20}") {
            if let Err(error) = labels_of(&Phi::new(text), &key()) {
                let told = format!("{error} {error:?}");
                prop_assert!(!told.contains("Quarrington"), "{}", told);
            }
        }
    }
}
