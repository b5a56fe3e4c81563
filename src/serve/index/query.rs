//! What is asked of the index, and the calls that answer it. Every value goes to SQLite as a parameter.

use super::entry::{Facts, id_from, mask, millionths};
use super::words::{self, CLOSE, OPEN, Part};
use super::{Index, failed};
use crate::access::people::Role;
use crate::base::{CallId, Phi, Result, Timestamp};
use crate::model::Category;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Most calls of one page.
pub const CALLS_MAX: u32 = 200;
/// How far matches are counted; beyond it there are "more than" so many.
pub const COUNT_MAX: u64 = 1_000;
/// The newest calls, of which values of an attribute are told.
const RECENT: u32 = 2_000;
/// Up to so many calls with an attribute are looked up by their ids. Where there are more, calls are gone through and each is asked
/// for the attribute, since enough are found soon. In tests two are many.
const FEW_MAX: u32 = if cfg!(test) { 1 } else { 20_000 };

/// Which calls are asked for. What is not said does not matter.
#[derive(Clone, Default)]
pub struct Query {
    /// Words of the masked transcript, as a user types them: see `docs/serve.md`.
    pub text: Option<Phi<String>>,
    /// Calls from then on.
    pub from: Option<Timestamp>,
    /// Calls before then.
    pub until: Option<Timestamp>,
    /// Calls that have one of these attributes.
    pub marks: Option<Vec<Mark>>,
    /// At least so long, milliseconds.
    pub duration_ms_min: Option<u64>,
    /// At most so long, milliseconds.
    pub duration_ms_max: Option<u64>,
    /// Something of each of these was hidden.
    pub categories: BTreeSet<Category>,
    /// At least this residual risk, 0 to 1.
    pub risk_min: Option<f32>,
    /// Whether a later attempt on it is held.
    pub held: Option<bool>,
    /// What whoever asks may see.
    pub seen: Seen,
    /// In which order.
    pub order: Order,
    /// Behind which call.
    pub after: Option<Cursor>,
    /// At most so many; [`CALLS_MAX`] is the most.
    pub limit: u32,
}

/// What somebody may see.
#[derive(Clone, Default)]
pub struct Seen {
    /// Calls whose manifest lets this role at them; any call without one.
    pub role: Option<Role>,
    /// Calls with one of these attributes; any call without this.
    pub marks: Option<Vec<Mark>>,
}

/// An attribute of calls and its value: `queue`, `q7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The attribute.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What calls are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// The longest first.
    Longest,
    /// The most muted first.
    MostMuted,
    /// The riskiest first.
    Riskiest,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Newest, Self::Oldest, Self::Longest, Self::MostMuted, Self::Riskiest];

    /// The word in addresses of pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Longest => "longest",
            Self::MostMuted => "most-muted",
            Self::Riskiest => "riskiest",
        }
    }

    /// The order with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == word)
    }

    /// The column; ids are in the order of time.
    const fn column(self, is_search: bool) -> &'static str {
        match self {
            Self::Newest | Self::Oldest if is_search => "words.rowid",
            Self::Newest | Self::Oldest => "c.id",
            Self::Longest => "c.duration_ms",
            Self::MostMuted => "c.muted_ms",
            Self::Riskiest => "c.risk",
        }
    }

    const fn is_of_time(self) -> bool {
        matches!(self, Self::Newest | Self::Oldest)
    }

    const fn direction(self) -> (&'static str, &'static str) {
        match self {
            Self::Oldest => ("ASC", ">"),
            _ => ("DESC", "<"),
        }
    }
}

/// The last call of a page: where the next one goes on, whatever has come or gone meanwhile. Written as `123-<call>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    key: i64,
    call: CallId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.key, self.call)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (key, call) = text.rsplit_once('-').ok_or(())?;
        Ok(Self { key: key.parse().map_err(drop)?, call: CallId::parse(call).ok_or(())? })
    }
}

/// Calls that were asked for.
pub struct Page {
    /// Them, in order.
    pub calls: Vec<Call>,
    /// Where the next page goes on, where there is one.
    pub next: Option<Cursor>,
    /// How many calls there are on all pages, counted up to [`COUNT_MAX`] and one.
    pub count: u64,
}

/// A call as the index knows it.
#[derive(Clone)]
pub struct Call {
    /// The call.
    pub call: CallId,
    /// The store's version of its manifest.
    pub version: String,
    /// When it began as far as that is known, else when it was redacted.
    pub at: Timestamp,
    /// When it was redacted.
    pub created: Timestamp,
    /// Its length, milliseconds.
    pub duration_ms: u64,
    /// How much of it is silent, milliseconds.
    pub muted_ms: u64,
    /// The residual risk, 0 to 1.
    pub risk: f32,
    /// The rest.
    pub facts: Facts,
    /// Its attributes: team, agent, queue.
    pub attributes: BTreeMap<String, String>,
    /// Where the search hit first, and when that was said, milliseconds.
    pub excerpt: Option<(Vec<Part>, Option<u64>)>,
    key: i64,
}

impl Index {
    /// The calls that fit, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn calls(&self, query: &Query) -> Result<Page> {
        let words = query.text.as_ref().map(|text| words::wanted(text.expose()));
        let reader = self.reader()?;
        page(&reader, query, words.flatten().as_deref()).map_err(failed)
    }

    /// One call, where the index has it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn call(&self, call: &CallId) -> Result<Option<Call>> {
        let reader = self.reader()?;
        let find = || -> rusqlite::Result<Call> {
            let sql = format!("SELECT {COLUMNS}, c.id FROM calls c WHERE c.call = ?");
            let found = reader.prepare_cached(&sql)?.query_row([call.as_str()], read)?;
            Ok(Call { attributes: attributes(&reader, call.as_str())?, ..found.1 })
        };
        find().optional().map_err(failed)
    }

    /// The attributes of a call; of one that is held too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn attributes(&self, call: &CallId) -> Result<BTreeMap<String, String>> {
        attributes(&*self.reader()?, call.as_str()).map_err(failed)
    }

    /// Values of an attribute among the newest calls that may be seen, the most frequent first, at most `limit` of them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn values(&self, name: &str, seen: &Seen, limit: u32) -> Result<Vec<String>> {
        let reader = self.reader()?;
        let find = || -> rusqlite::Result<Vec<String>> {
            let mut filter = Filter::default();
            filter.seen(&reader, seen, "c.id")?;
            let sql = format!(
                "SELECT value FROM (SELECT c.call FROM calls c WHERE 1 {} ORDER BY c.id DESC LIMIT {RECENT})
                 JOIN labels USING (call) WHERE name = ? GROUP BY value ORDER BY count(*) DESC, value LIMIT {limit}",
                filter.and()
            );
            let values = filter.values.into_iter().chain([Value::from(name.to_owned())]);
            reader.prepare_cached(&sql)?.query_map(params_from_iter(values), |row| row.get(0))?.collect()
        };
        find().map_err(failed)
    }

    /// How many calls the index has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn count(&self) -> Result<u64> {
        self.reader()?.query_row("SELECT count(*) FROM calls", [], |row| row.get(0)).map_err(failed)
    }
}

const COLUMNS: &str = "c.id, c.call, c.version, c.at, c.created, c.duration_ms, c.muted_ms, c.risk, c.facts";

/// Conditions, each with the values of its parameters.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Filter {
    fn of(reader: &Connection, query: &Query, words: Option<&str>) -> rusqlite::Result<Self> {
        let mut filter = Self::default();
        let number = |n: u64| Value::from(i64::try_from(n).unwrap_or(i64::MAX));
        // Of a search the id is the engine's own, which it can begin and end with; but it would search anew for each of several ids.
        let (id, one_of_ids) = if words.is_some() { ("words.rowid", "+words.rowid") } else { ("c.id", "c.id") };
        filter.seen(reader, &query.seen, one_of_ids)?;
        if let Some(words) = words {
            filter.add("words MATCH ?", [words.to_owned().into()]);
        }
        if let Some(from) = query.from {
            filter.add(&format!("{id} >= ?"), [id_from(from).into()]);
        }
        if let Some(until) = query.until {
            filter.add(&format!("{id} < ?"), [id_from(until).into()]);
        }
        if let Some(min) = query.duration_ms_min {
            filter.add("c.duration_ms >= ?", [number(min)]);
        }
        if let Some(max) = query.duration_ms_max {
            filter.add("c.duration_ms <= ?", [number(max)]);
        }
        if !query.categories.is_empty() {
            let wanted = mask(query.categories.iter());
            filter.add("c.mask & ? = ?", [wanted.into(), wanted.into()]);
        }
        if let Some(min) = query.risk_min {
            filter.add("c.risk >= ?", [millionths(min).into()]);
        }
        match query.held {
            Some(true) => filter.add("c.call IN (SELECT call FROM held)", []),
            Some(false) => filter.add("c.call NOT IN (SELECT call FROM held)", []),
            None => {}
        }
        if let Some(marks) = &query.marks {
            filter.marks(reader, marks, one_of_ids)?;
        }
        Ok(filter)
    }

    fn seen(&mut self, reader: &Connection, seen: &Seen, id: &str) -> rusqlite::Result<()> {
        if let Some(role) = seen.role {
            self.add("instr(c.roles, ?) > 0", [format!(" {} ", role.word()).into()]);
        }
        seen.marks.as_ref().map_or(Ok(()), |marks| self.marks(reader, marks, id))
    }

    /// Calls with one of these attributes; none where there is none.
    fn marks(&mut self, reader: &Connection, marks: &[Mark], id: &str) -> rusqlite::Result<()> {
        let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for mark in marks {
            names.entry(&mark.name).or_default().push(&mark.value);
        }
        if names.is_empty() {
            self.add("0", []);
            return Ok(());
        }
        // In groups, since a statement has not any number of parts.
        let groups: Vec<String> = names
            .values()
            .map(|values| format!("FROM marks WHERE name = ? AND value IN ({})", vec!["?"; values.len()].join(", ")))
            .collect();
        let texts = names.iter().flat_map(|(name, values)| std::iter::once(name).chain(values));
        let values: Vec<Value> = texts.map(|text| Value::from((*text).to_owned())).collect();
        let ids: Vec<String> = groups.iter().map(|group| format!("SELECT id {group}")).collect();
        let ids = ids.join(" UNION ALL ");
        let counted = format!("SELECT count(*) FROM ({ids} LIMIT {})", FEW_MAX + 1);
        let count: u32 = reader.prepare_cached(&counted)?.query_row(params_from_iter(&values), |row| row.get(0))?;
        self.conditions.push(if count <= FEW_MAX {
            format!("{id} IN ({ids})")
        } else {
            let each: Vec<String> =
                groups.iter().map(|group| format!("EXISTS (SELECT 1 {group} AND id = {id})")).collect();
            format!("({})", each.join(" OR "))
        });
        self.values.extend(values);
        Ok(())
    }

    fn add<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    fn and(&self) -> String {
        self.conditions.iter().map(|condition| format!(" AND {condition}")).collect()
    }
}

fn page(reader: &Connection, query: &Query, words: Option<&str>) -> rusqlite::Result<Page> {
    let mut filter = Filter::of(reader, query, words)?;
    // The engine's matches come first, one after another in the order of time, until there are enough.
    let tables = if words.is_some() { "words CROSS JOIN calls c ON c.id = words.rowid" } else { "calls c" };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {tables} WHERE 1 {} LIMIT {})", filter.and(), COUNT_MAX + 1);
    let count = reader.prepare_cached(&sql)?.query_row(params_from_iter(&filter.values), |row| row.get(0))?;
    let (column, (direction, beyond)) = (query.order.column(words.is_some()), query.order.direction());
    if let Some(Cursor { key, call }) = &query.after {
        if query.order.is_of_time() {
            // Ids are the order of time, and their own.
            filter.add(&format!("{column} {beyond} ?"), [(*key).into()]);
        } else {
            let condition = format!("({column}, c.call) {beyond} (?, ?)");
            filter.add(&condition, [(*key).into(), call.as_str().to_owned().into()]);
        }
    }
    let limit = query.limit.clamp(1, CALLS_MAX);
    let then = if query.order.is_of_time() { String::new() } else { format!(", c.call {direction}") };
    let sql = format!(
        "SELECT {COLUMNS}, {column} FROM {tables} WHERE 1 {} ORDER BY {column} {direction}{then} LIMIT {}",
        filter.and(),
        limit + 1
    );
    let mut statement = reader.prepare_cached(&sql)?;
    let found = statement.query_map(params_from_iter(&filter.values), read)?;
    let mut found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let has_next = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_next).map(|(_, c)| Cursor { key: c.key, call: c.call.clone() });
    let mut calls = Vec::with_capacity(found.len());
    for (id, call) in found {
        let excerpt = words.map(|words| excerpt(reader, id, words)).transpose()?.flatten();
        let attributes = attributes(reader, call.call.as_str())?;
        calls.push(Call { excerpt, attributes, ..call });
    }
    Ok(Page { calls, next, count })
}

/// A row of [`COLUMNS`] and of what it is sorted by.
fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Call)> {
    let text = |at: usize| row.get::<_, String>(at);
    let bad = |at: usize| rusqlite::Error::InvalidColumnIndex(at);
    let call = Call {
        call: CallId::parse(&text(1)?).ok_or_else(|| bad(1))?,
        version: text(2)?,
        at: Timestamp::from_unix_s(row.get(3)?),
        created: Timestamp::from_unix_s(row.get(4)?),
        duration_ms: row.get(5)?,
        muted_ms: row.get(6)?,
        risk: row.get::<_, f64>(7)? as f32 / 1e6,
        facts: serde_json::from_str(&text(8)?).map_err(|_| bad(8))?,
        attributes: BTreeMap::new(),
        excerpt: None,
        key: row.get(9)?,
    };
    Ok((row.get(0)?, call))
}

fn attributes(reader: &Connection, call: &str) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = reader.prepare_cached("SELECT name, value FROM labels WHERE call = ?")?;
    statement.query_map([call], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn excerpt(reader: &Connection, id: i64, words: &str) -> rusqlite::Result<Option<(Vec<Part>, Option<u64>)>> {
    let sql = "SELECT highlight(words, 0, ?, ?), starts FROM words JOIN texts ON texts.id = words.rowid
        WHERE words MATCH ? AND words.rowid = ?";
    let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let found = reader
        .prepare_cached(sql)?
        .query_row(params![OPEN.to_string(), CLOSE.to_string(), words, id], row)
        .optional()?;
    let place = |(marked, starts): (String, String)| {
        let (parts, line) = words::excerpt(&marked)?;
        let starts: Vec<i64> = serde_json::from_str(&starts).unwrap_or_default();
        Some((parts, starts.get(line).and_then(|start| u64::try_from(*start).ok())))
    };
    Ok(found.and_then(place))
}

/// Milliseconds of so many minutes, as forms have them.
#[must_use]
pub fn minutes(minutes: f64) -> Option<u64> {
    (minutes.is_finite() && (0.0..=100_000.0).contains(&minutes)).then(|| (minutes * 60_000.0).round() as u64)
}
