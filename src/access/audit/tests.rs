//! A log that is written, and every way to change one.

use super::*;
use crate::access::sign::{PrivateKey, PublicKeys, Signer};
use crate::access::{UserName, Word};
use crate::base::{CallId, Error, Kind, Stage, Timestamp};
use crate::store::{Expected, LocalRecords, Records, Stored};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

const AT: u64 = 1_795_296_708;

/// Records in memory, whose writes fail when told to: before they are done, or after.
#[derive(Default)]
struct Memory {
    records: Mutex<BTreeMap<RecordKey, Vec<u8>>>,
    fails: AtomicU32,
}

impl Memory {
    fn files(&self) -> Vec<(u64, Vec<u8>)> {
        let records = self.records.lock().unwrap();
        records.iter().map(|(key, bytes)| (number_of(key.name()).unwrap(), bytes.clone())).collect()
    }

    fn of(files: &[(u64, Vec<u8>)]) -> Self {
        let records = files.iter().map(|(n, bytes)| (segment_key(*n).unwrap(), bytes.clone()));
        Self { records: Mutex::new(records.collect()), fails: AtomicU32::new(0) }
    }
}

impl Records for Memory {
    fn read(&self, key: &RecordKey) -> Result<Option<Stored>> {
        let records = self.records.lock().unwrap();
        Ok(records.get(key).map(|b| Stored { bytes: b.clone(), version: crate::base::Sha256Hex::of(b).to_string() }))
    }

    fn write(&self, key: &RecordKey, bytes: &[u8], expected: &Expected, _: Option<Timestamp>) -> Result<String> {
        let failed = || Error::new(Stage::Records, Kind::Io, "told to");
        let fails = self.fails.load(Ordering::SeqCst);
        if fails == 1 {
            return Err(failed());
        }
        let there = self.read(key)?.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
        let mut records = self.records.lock().unwrap();
        if there != *expected {
            return Err(Error::new(Stage::Records, Kind::Conflict, "another"));
        }
        records.insert(key.clone(), bytes.to_vec());
        if fails == 2 { Err(failed()) } else { Ok(crate::base::Sha256Hex::of(bytes).to_string()) }
    }

    fn names(&self, _: &'static str) -> Result<Vec<String>> {
        Ok(self.records.lock().unwrap().keys().map(|key| key.name().to_owned()).collect())
    }

    fn remove(&self, key: &RecordKey) -> Result<()> {
        self.records.lock().unwrap().remove(key);
        Ok(())
    }
}

fn event(n: u64) -> Event {
    Event {
        at: Timestamp::from_unix_s(AT + n),
        user: UserName::parse(["ana", "ben.cole", "eve"][n as usize % 3]).unwrap(),
        role: Word::parse("coach"),
        via: Via::Session,
        token: None,
        from: Some(std::net::IpAddr::from([10, 0, 0, n as u8])),
        what: [Action::Play, Action::Search, Action::Download][n as usize % 3],
        call: (n % 3 != 1).then(|| CallId::from_mac(&[n as u8; 32])),
        about: None,
        purpose: Word::parse("coaching"),
        outcome: if n % 5 == 4 { Outcome::Refused } else { Outcome::Allowed },
        why: None,
    }
}

/// A signer with always the same key, and what it is checked with.
fn signer() -> (Signer, PublicKeys) {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----\n";
    let signer = Signer::with_key(PrivateKey::parse(&crate::base::Phi::new(pem.to_owned())).unwrap());
    let mut keys = PublicKeys::default();
    keys.add(signer.public().clone(), Timestamp::from_unix_s(0)).unwrap();
    (signer, keys)
}

const RULES: Rules = Rules { entries_max: 3, bytes_max: 1 << 20, keep_days: 1 };

fn log(records: &Arc<Memory>) -> Log {
    log_by(records, RULES)
}

fn log_by(records: &Arc<Memory>, rules: Rules) -> Log {
    let records: Arc<dyn Records> = Arc::<Memory>::clone(records);
    Log::open(records, signer().0, rules).unwrap()
}

/// A log of so many entries, three a segment.
fn written(entries: u64) -> Arc<Memory> {
    written_by(entries, RULES)
}

fn written_by(entries: u64, rules: Rules) -> Arc<Memory> {
    let records = Arc::new(Memory::default());
    let log = log_by(&records, rules);
    for n in 0..entries {
        assert_eq!(log.append(event(n)).unwrap(), n + 1);
    }
    records
}

fn verdict(records: &dyn Records, since: Option<&Head>) -> Verdict {
    walk(records, Some(&signer().1), since, &mut |_| ()).unwrap()
}

fn broken(files: &[(u64, Vec<u8>)]) -> Option<Broken> {
    verdict(&Memory::of(files), None).err()
}

#[test]
fn what_is_appended_is_read_back_in_order() {
    let records = written(8);
    let mut read = Vec::new();
    let head = walk(&*records, None, None, &mut |entry| read.push(entry.event.clone())).unwrap().unwrap();
    assert_eq!((head.segments, head.entries), (3, 8));
    assert_eq!(read, (0..8).map(event).collect::<Vec<_>>());
    assert_eq!(verdict(&Memory::default(), None).unwrap().entries, 0, "a log that nobody has begun");
}

/// For each byte of a log: changed in one bit, dropped, and another put in before it. The line that is named is the one
/// that the byte is of.
#[test]
fn a_change_of_any_byte_is_seen_and_its_line_named() {
    let files = written_by(3, Rules { entries_max: 2, ..RULES }).files();
    assert_eq!(files.len(), 2);
    assert!(broken(&files).is_none());
    let mut seen = 0;
    for (n, (number, bytes)) in files.iter().enumerate() {
        let mut line = 1;
        for at in 0..bytes.len() {
            let (mut changed, mut dropped, mut longer) = (bytes.clone(), bytes.clone(), bytes.clone());
            changed[at] ^= 1 << (at % 8);
            dropped.remove(at);
            longer.insert(at, b"0 \n"[at % 3]);
            let others = [changed, dropped, longer];
            for other in others {
                let mut changed = files.clone();
                changed[n].1 = other;
                let broken = broken(&changed).unwrap_or_else(|| panic!("byte {at} of segment {number}"));
                // An end of line put in before one is an empty line after it.
                let lines = line..=line + u64::from(bytes[at] == b'\n');
                assert!(broken.segment == *number && lines.contains(&broken.line), "byte {at}: {broken:?}");
                seen += 1;
            }
            line += u64::from(bytes[at] == b'\n');
        }
        for more in [&b"x"[..], b"\n", b"{}\n"] {
            let mut changed = files.clone();
            changed[n].1.extend_from_slice(more);
            assert!(broken(&changed).is_some());
        }
    }
    assert!(seen > 5_000, "{seen}");
}

#[test]
fn lines_and_segments_that_are_dropped_repeated_or_swapped_are_seen() {
    let files = written(8).files();
    for (n, (number, bytes)) in files.iter().enumerate() {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        for i in 0..lines.len() {
            let mut variants = vec![[&lines[..i], &lines[i + 1..]].concat(), [&lines[..=i], &lines[i..]].concat()];
            variants.extend((0..lines.len()).filter(|j| *j != i).map(|j| {
                let mut swapped = lines.clone();
                swapped.swap(i, j);
                swapped
            }));
            variants.push(lines[..i].to_vec());
            for variant in variants {
                let mut changed = files.clone();
                changed[n].1 = variant.concat();
                let broken = broken(&changed).expect("it is seen");
                assert_eq!(broken.segment, *number);
                assert!(broken.line <= i as u64 + 2, "{broken:?} after line {i}");
            }
        }
    }
    for n in 0..files.len() - 1 {
        let mut less = files.clone();
        less.remove(n);
        assert_eq!(broken(&less).unwrap().segment, files[n].0, "a segment that is gone");
        let mut swapped = files.clone();
        let (one, two) = (files[n].1.clone(), files[n + 1].1.clone());
        (swapped[n].1, swapped[n + 1].1) = (two, one);
        assert_eq!(broken(&swapped).unwrap().segment, files[n].0, "segments that were swapped");
    }
}

/// Somebody who can write to the store and has no key: hashes are made anew, signatures cannot be.
#[test]
fn a_chain_that_was_made_anew_lacks_the_signature() {
    let (records, forger) = (written(5), Signer::with_key(PrivateKey::generate().unwrap().0));
    let forged = Arc::new(Memory::default());
    let log = Log::open(Arc::<Memory>::clone(&forged) as Arc<dyn Records>, forger, RULES).unwrap();
    (0..5).for_each(|n| assert!(log.append(event(n + 1)).is_ok()));
    assert_eq!(verdict(&*forged, None).unwrap_err().what, "the seal is signed by a key that is not known here");
    let mut mixed = records.files();
    mixed[1] = forged.files()[1].clone();
    assert_eq!(broken(&mixed).unwrap().segment, 2);
}

#[test]
fn a_log_that_was_turned_back_is_seen_by_the_head_that_was_kept() {
    let (before, after) = (written(4), written(7));
    let head = verdict(&*after, None).unwrap();
    assert_eq!(verdict(&*after, Some(&head)).unwrap(), head);
    // The same log as it was three entries before, and with a part of it written again.
    let records = Arc::new(Memory::of(&after.files()[..2]));
    assert_eq!(verdict(&*records, None).unwrap().entries, 6, "by itself it is whole");
    assert_eq!(verdict(&*records, Some(&head)).unwrap_err().what, "the log ends before the head that was kept");
    let more = log(&records);
    (0..4).for_each(|n| assert!(more.append(event(100 + n)).is_ok()));
    assert_eq!(verdict(&*records, None).unwrap().entries, 10);
    assert_eq!(verdict(&*records, Some(&head)).unwrap_err().segment, 3);
    assert!(verdict(&*before, Some(&head)).is_err(), "another log");
    more.append(event(1)).unwrap();
    let grown = log(&after);
    grown.append(event(7)).unwrap();
    assert_eq!(verdict(&*after, Some(&head)).unwrap().entries, 8, "one that has grown since holds the head");
}

#[test]
fn what_could_not_be_written_down_is_an_error_and_the_chain_goes_on() {
    let records = written(2);
    let log = log(&records);
    records.fails.store(1, Ordering::SeqCst);
    assert!(log.append(event(2)).is_err());
    records.fails.store(2, Ordering::SeqCst);
    assert!(log.append(event(3)).is_err(), "it is not known whether it was written");
    records.fails.store(0, Ordering::SeqCst);
    assert_eq!(log.append(event(4)).unwrap(), 4);
    let mut read = Vec::new();
    walk(&*records, None, None, &mut |entry| read.push(entry.event.at.unix_s() - AT)).unwrap().unwrap();
    assert_eq!(read, [0, 1, 3, 4], "more may be in the log than was let happen, never less");
    assert!(verdict(&*records, None).is_ok());
}

#[test]
fn a_log_whose_end_is_damaged_is_not_written_on() {
    let records = written(2);
    let mut files = records.files();
    files[0].1.pop();
    let damaged = Arc::new(Memory::of(&files));
    let error = log(&damaged).append(event(2)).unwrap_err();
    assert!(error.hint.is_some() && damaged.files() == files);
}

#[test]
fn many_writers_in_many_processes_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(LocalRecords::open(folder.path()).unwrap()) as Arc<dyn Records>;
    let rules = Rules { entries_max: 16, ..RULES };
    let servers: Vec<Log> = (0..3).map(|_| Log::open(open(), signer().0, rules).unwrap()).collect();
    let seqs: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..12_u64)
            .map(|n| {
                let log = &servers[n as usize % 3];
                scope.spawn(move || (0..10).map(|m| log.append(event(n * 10 + m)).unwrap()).collect::<Vec<_>>())
            })
            .collect();
        writers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    let mut sorted = seqs.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=120).collect::<Vec<_>>(), "each entry has a number of its own");
    let mut at = BTreeMap::new();
    let head = walk(&*open(), Some(&signer().1), None, &mut |entry| {
        at.insert(entry.event.at.unix_s() - AT, entry.seq);
    });
    assert_eq!(head.unwrap().unwrap().entries, 120);
    assert!((0..120).all(|n| at[&n] == seqs[n as usize]), "and is the one that its writer was told");
}

#[test]
fn a_segment_is_sealed_when_it_is_a_day_old() {
    let records = Arc::new(Memory::default());
    let log = log(&records);
    log.append(event(0)).unwrap();
    log.append(Event { at: Timestamp::from_unix_s(AT + 90_000), ..event(1) }).unwrap();
    log.append(Event { at: Timestamp::from_unix_s(AT + 90_001), ..event(2) }).unwrap();
    assert_eq!(records.files().len(), 2);
}

#[test]
fn the_example_of_the_documentation_is_a_whole_log() {
    const EXAMPLE: &[u8] = include_bytes!("../../../docs/examples/audit.v1.jsonl");
    let records = Memory::of(&[(1, EXAMPLE.to_vec())]);
    let head = verdict(&records, None).unwrap();
    assert_eq!(head.entries, 3);
    let actions: Vec<_> = Action::ALL.iter().map(|a| serde_json::to_value(a).unwrap()).collect();
    assert!(Action::ALL.iter().zip(&actions).all(|(a, json)| json == a.word()));
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../docs/audit.v1.schema.json")).unwrap();
    assert_eq!(schema["$defs"]["entry"]["properties"]["what"]["enum"].as_array().unwrap(), &actions);
}

#[test]
fn reports_count_what_was_done_and_refused() {
    use super::report::{Kind, Report};
    let records = written(8);
    let of = |kind, query: Query| {
        let mut report = Report::new(kind);
        let mut add = |entry: &Entry| {
            if query.matches(entry) {
                report.add(entry);
            }
        };
        walk(&*records, None, None, &mut add).unwrap().unwrap();
        report.table(Timestamp::from_unix_s(AT + 3 * 86_400)).written(crate::access::table::Form::Csv)
    };
    let users = of(Kind::Users, Query::default());
    assert!(users.contains("\r\nana,0,0,0,0,3,0,0,3,2026-"), "{users}");
    assert!(users.contains("\r\nben.cole,0,0,2,0,0,0,1,0,"), "a search that was refused: {users}");
    assert_eq!(of(Kind::Disclosures, Query::default()).lines().count(), 1 + 5);
    let call = CallId::from_mac(&[3; 32]);
    let calls = of(Kind::Calls, Query { call: Some(call.clone()), ..Query::default() });
    assert_eq!(
        calls.lines().nth(1).unwrap().split(',').take(5).collect::<Vec<_>>(),
        [call.as_str(), "0", "1", "0", "ana"]
    );
    let access = of(Kind::Access, Query { user: UserName::parse("eve"), ..Query::default() });
    assert!(access.contains("\r\neve,coach,former,,,,,2026-") && access.contains(",2,2,0"), "{access}");
    let since = Query { from: Some(Timestamp::from_unix_s(AT + 6)), ..Query::default() };
    assert_eq!(of(Kind::Disclosures, since).lines().count(), 1 + 1);
    let refused = Query { outcome: Some(Outcome::Refused), ..Query::default() };
    assert_eq!(of(Kind::Disclosures, refused).lines().count(), 1);
}

proptest! {
    /// Whatever bytes a segment holds, reading it ends, and says what is wrong.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let verdict = verdict(&Memory::of(&[(1, bytes)]), None);
        prop_assert!(verdict.is_err());
    }
}
