//! Spans that people add to calls by hand: what detection has missed. They lie beside the call as records: what is agreed on in
//! one, which `redact` and `worker` obey, each request in one of its own until a privacy officer decides. What was hidden
//! needlessly is written down too, and stays hidden. Every entry has an example for whoever writes patterns: shapes and ordinary
//! words. No text of a call is in any of them. `docs/spans.v1.schema.json` is their JSON Schema.

use super::orders::{Act, Eyes};
use super::word::Word;
use crate::base::{CallId, Error, Kind, Result, Sha256Hex, Stage};
use crate::model::Category;
use crate::model::by_hand::SpanByHand;
use crate::store::{Expected, RecordKey, Records};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where they lie at the destination.
pub const FOLDER: &str = ".spans";
/// The `schema` of both records.
pub const SPANS_SCHEMA: &str = "sordino.spans/v1";
/// Most entries of one record.
const ENTRIES_MAX: usize = 1_000;
/// Most requests of one call that wait.
const REQUESTS_MAX: usize = 100;
/// Length of what tells requests of a call apart.
const ID_LEN: usize = 16;
/// Tries to write beside others who write at the same time.
const TRIES: u32 = 8;
/// How the name of a request ends.
const ASKED: &str = ".asked.json";
/// How the name of what is agreed on ends.
const AGREED: &str = ".json";

/// A span that somebody has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// What must be hidden.
    pub span: SpanByHand,
    /// Who asked for it.
    pub asked: Act,
    /// Who agreed; nobody yet where this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Act>,
    /// What it looks like; absent where nothing of it could be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
}

/// A masked stretch of which somebody has said that it need not be hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// As what it is hidden.
    pub category: Category,
    /// Who said so.
    pub by: Act,
    /// What it looks like.
    pub example: Example,
}

/// What a stretch and the words around it look like: ordinary words as they are, everything else by its shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The words before.
    pub before: Vec<String>,
    /// The words of the stretch.
    pub said: Vec<String>,
    /// The words after.
    pub after: Vec<String>,
}

/// What people have written down of the spans of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spans {
    schema: String,
    /// The call.
    pub call: CallId,
    /// Spans that must be hidden.
    pub added: Vec<Added>,
    /// Stretches that need not have been.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
}

impl Spans {
    fn none(call: &CallId) -> Self {
        Self { schema: SPANS_SCHEMA.to_owned(), call: call.clone(), added: Vec::new(), rejected: Vec::new() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("words and numbers always serialise");
        bytes.push(b'\n');
        bytes
    }

    fn parse(bytes: &[u8], call: &CallId) -> Option<Self> {
        let spans: Self = serde_json::from_slice(bytes).ok()?;
        let is_fit = spans.schema == SPANS_SCHEMA && spans.call == *call;
        (is_fit && spans.added.iter().all(|added| added.span.at.is_fit())).then_some(spans)
    }
}

/// Spans of a call that are agreed on, in the order in which they were.
///
/// # Errors
/// When they cannot be read or are damaged.
pub fn agreed(records: &dyn Records, call: &CallId) -> Result<Spans> {
    Ok(read(records, call, &agreed_name(call))?.0)
}

/// Calls with spans that are agreed on, or with rejected ones.
///
/// # Errors
/// When they cannot be listed.
pub fn calls(records: &dyn Records) -> Result<BTreeSet<CallId>> {
    Ok(records.names(FOLDER)?.iter().filter_map(|name| CallId::parse(name.strip_suffix(AGREED)?)).collect())
}

/// What somebody asks for: a record of its own until it is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The call.
    pub call: CallId,
    /// What the request is told by: another one has another.
    pub id: Word,
}

/// Requests that wait, of all calls.
///
/// # Errors
/// When they cannot be listed.
pub fn waiting(records: &dyn Records) -> Result<Vec<Request>> {
    let request = |name: &String| {
        let (call, id) = name.strip_suffix(ASKED)?.split_once('.')?;
        Some(Request { call: CallId::parse(call)?, id: Word::parse(id)? })
    };
    Ok(records.names(FOLDER)?.iter().filter_map(request).collect())
}

/// What a request asks for; nothing where it is decided on by now.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn asked(records: &dyn Records, request: &Request) -> Result<Option<Spans>> {
    let (spans, _) = read(records, &request.call, &request.name())?;
    Ok((!spans.added.is_empty()).then_some(spans))
}

/// Adds spans. `eyes` says whether they count at once.
///
/// # Errors
/// When there are too many, or they cannot be written.
pub fn ask(records: &dyn Records, call: &CallId, added: Vec<Added>, eyes: Eyes) -> Result<()> {
    if eyes == Eyes::Two {
        return agree_on(records, call, added.into_iter().map(|added| (added.asked.clone(), added)).collect());
    }
    if waiting(records)?.iter().filter(|request| request.call == *call).count() >= REQUESTS_MAX {
        return Err(Error::usage("as many requests as can be wait on this call"));
    }
    let bytes = Spans { added, ..Spans::none(call) }.bytes();
    let id = Word::parse(&Sha256Hex::of(&bytes).as_str()[..ID_LEN]).expect("hexadecimal digits are a word");
    let name = Request { call: call.clone(), id }.name();
    // Sent twice, it is the same request.
    match records.write(&RecordKey::new(FOLDER, &name)?, &bytes, &Expected::Absent, None) {
        Err(error) if error.kind == Kind::Conflict => Ok(()),
        done => done.map(drop),
    }
}

/// Agrees to a request.
///
/// # Errors
/// A usage error when there is none, or with [`Eyes::Four`] when the same person has asked.
pub fn agree(records: &dyn Records, request: &Request, by: &Act, eyes: Eyes) -> Result<()> {
    let asked = asked(records, request)?.ok_or_else(|| Error::usage("the request is decided on by now"))?;
    if eyes == Eyes::Four && asked.added.iter().any(|added| added.asked.by == by.by) {
        return Err(Error::usage("another person than who asked must agree"));
    }
    // In this order: broken off between the two, the spans count and are asked for once more, which changes nothing.
    agree_on(records, &request.call, asked.added.into_iter().map(|added| (by.clone(), added)).collect())?;
    withdraw(records, request)
}

/// Takes a request back.
///
/// # Errors
/// When it cannot be removed.
pub fn withdraw(records: &dyn Records, request: &Request) -> Result<()> {
    records.remove(&RecordKey::new(FOLDER, &request.name())?)
}

/// Writes down that stretches need not have been hidden.
///
/// # Errors
/// When there are too many, or it cannot be written.
pub fn reject(records: &dyn Records, call: &CallId, rejected: &[Rejected]) -> Result<()> {
    change(records, call, |spans| spans.rejected.extend_from_slice(rejected))
}

/// Removes all records of a call; `waiting` are the requests of all.
///
/// # Errors
/// When one cannot be removed.
pub fn remove(records: &dyn Records, call: &CallId, waiting: &[Request]) -> Result<()> {
    waiting.iter().filter(|request| request.call == *call).try_for_each(|request| withdraw(records, request))?;
    records.remove(&RecordKey::new(FOLDER, &agreed_name(call))?)
}

impl Request {
    fn name(&self) -> String {
        format!("{}.{}{ASKED}", self.call, self.id)
    }
}

fn agreed_name(call: &CallId) -> String {
    format!("{call}{AGREED}")
}

fn agree_on(records: &dyn Records, call: &CallId, added: Vec<(Act, Added)>) -> Result<()> {
    change(records, call, |spans| {
        for (by, added) in &added {
            if spans.added.iter().all(|there| there.span != added.span) {
                spans.added.push(Added { agreed: Some(by.clone()), ..added.clone() });
            }
        }
    })
}

fn change(records: &dyn Records, call: &CallId, change: impl Fn(&mut Spans)) -> Result<()> {
    let name = agreed_name(call);
    for _ in 0..TRIES {
        let (mut spans, expected) = read(records, call, &name)?;
        change(&mut spans);
        if spans.added.len().max(spans.rejected.len()) > ENTRIES_MAX {
            return Err(Error::usage("the call has as many spans as it can"));
        }
        match records.write(&RecordKey::new(FOLDER, &name)?, &spans.bytes(), &expected, None) {
            Err(error) if error.kind == Kind::Conflict => {}
            done => return done.map(drop),
        }
    }
    Err(Error::new(Stage::Records, Kind::Conflict, "others add spans to this call all the time"))
}

fn read(records: &dyn Records, call: &CallId, name: &str) -> Result<(Spans, Expected)> {
    let Some(stored) = records.read(&RecordKey::new(FOLDER, name)?)? else {
        return Ok((Spans::none(call), Expected::Absent));
    };
    let damaged =
        || Error::new(Stage::Records, Kind::Internal, "the spans of a call are damaged or of a newer version");
    Ok((Spans::parse(&stored.bytes, call).ok_or_else(damaged)?, Expected::Version(stored.version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{TimeSpan, Timestamp};
    use crate::model::by_hand::Place;
    use crate::store::LocalRecords;

    fn act(by: &str) -> Act {
        Act { by: by.parse().unwrap(), at: Timestamp::from_unix_s(1) }
    }

    fn added(by: &str, ms: u32) -> Added {
        let at = Place::Time(TimeSpan::new(ms, ms + 1).unwrap());
        Added { span: SpanByHand { at, category: Category::Name }, asked: act(by), agreed: None, example: None }
    }

    fn bench() -> (tempfile::TempDir, LocalRecords, CallId) {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        (folder, records, CallId::from_mac(&[1; 32]))
    }

    #[test]
    fn a_span_counts_once_another_person_agrees() {
        let (_folder, records, call) = bench();
        ask(&records, &call, vec![added("ana", 1)], Eyes::Four).unwrap();
        ask(&records, &call, vec![added("ana", 1)], Eyes::Four).unwrap();
        let [request] = &waiting(&records).unwrap()[..] else { panic!("sent twice, asked once") };
        assert_eq!(asked(&records, request).unwrap().unwrap().added, [added("ana", 1)]);
        assert!(agree(&records, request, &act("ana"), Eyes::Four).is_err(), "the same person");
        assert!(calls(&records).unwrap().is_empty());
        agree(&records, request, &act("eve"), Eyes::Four).unwrap();
        assert!(waiting(&records).unwrap().is_empty() && calls(&records).unwrap().contains(&call));
        assert_eq!(agreed(&records, &call).unwrap().added[0].agreed, Some(act("eve")));
        assert!(agree(&records, request, &act("eve"), Eyes::Four).is_err(), "it is decided on");
    }

    #[test]
    fn what_is_asked_for_later_takes_nothing_from_what_is_agreed_on() {
        let (_folder, records, call) = bench();
        ask(&records, &call, vec![added("ana", 1)], Eyes::Two).unwrap();
        ask(&records, &call, vec![added("ana", 2)], Eyes::Four).unwrap();
        withdraw(&records, &waiting(&records).unwrap()[0]).unwrap();
        assert!(waiting(&records).unwrap().is_empty());
        ask(&records, &call, vec![added("ben", 1)], Eyes::Two).unwrap();
        assert_eq!(agreed(&records, &call).unwrap().added.len(), 1, "the same span once");
        ask(&records, &call, vec![added("ben", 3)], Eyes::Four).unwrap();
        remove(&records, &call, &waiting(&records).unwrap()).unwrap();
        assert!(records.names(FOLDER).unwrap().is_empty());
    }

    #[test]
    fn spans_of_another_call_or_damaged_are_refused() {
        let (folder, records, call) = bench();
        ask(&records, &call, vec![added("ana", 1)], Eyes::Two).unwrap();
        let file = |call: &CallId| folder.path().join(FOLDER).join(format!("{call}.json"));
        let text = std::fs::read_to_string(file(&call)).unwrap();
        let other = CallId::from_mac(&[2; 32]);
        std::fs::write(file(&other), &text).unwrap();
        assert!(agreed(&records, &other).is_err());
        std::fs::write(file(&call), text.replace("\"end_ms\": 2", "\"end_ms\": 0")).unwrap();
        assert!(agreed(&records, &call).is_err(), "a span that is none");
    }

    #[test]
    fn a_call_has_no_more_spans_than_it_can() {
        let (_folder, records, call) = bench();
        let many: Vec<_> = (0..=ENTRIES_MAX as u32).map(|ms| added("ana", ms)).collect();
        assert!(ask(&records, &call, many.clone(), Eyes::Two).is_err());
        ask(&records, &call, many[1..].to_vec(), Eyes::Two).unwrap();
        (0..REQUESTS_MAX as u32).for_each(|ms| ask(&records, &call, vec![added("ben", ms)], Eyes::Four).unwrap());
        assert!(ask(&records, &call, vec![added("ben", 1_000)], Eyes::Four).is_err());
    }

    #[test]
    fn the_example_of_the_documentation_is_read_and_written_again() {
        let example = include_str!("../../docs/examples/spans.v1.json");
        let read: Spans = serde_json::from_str(example).unwrap();
        assert!(read.bytes() == example.as_bytes() && Spans::parse(example.as_bytes(), &read.call).is_some());
        let schema: serde_json::Value = serde_json::from_str(include_str!("../../docs/spans.v1.schema.json")).unwrap();
        let categories: Vec<_> = Category::ALL.iter().map(|category| category.label()).collect();
        assert_eq!(schema["$defs"]["category"]["enum"], serde_json::json!(categories));
        let most = |list: &str| schema["properties"][list]["maxItems"].as_u64();
        assert_eq!([most("added"), most("rejected")], [Some(ENTRIES_MAX as u64); 2]);
    }
}
