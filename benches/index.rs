//! What the call index answers, and how fast, with many invented calls:
//!
//! ```text
//! cargo bench --bench index -- [CALLS]
//! ```
//!
//! Without arguments, as tests run it, with a few hundred. Each question is asked several times on one connection, as a server
//! has it; the slowest answer counts.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "it prints what it measured")]

use sordino::access::labels::{self, Label};
use sordino::access::people::Role;
use sordino::access::sign::Signing;
use sordino::base::{CallId, Phi, Timestamp};
use sordino::model::Category;
use sordino::serve::index::{Entry, Facts, Index, Mark, Order, Query, Reading, Seen};
use sordino::store::{LocalRecords, LocalStore};
use sordino::transcript::Told;
use std::time::{Duration, Instant};

/// Turns of a call, and words of a turn.
const TURNS: usize = 40;
const WORDS: usize = 16;
const ROUNDS: usize = 5;
/// Words that are seldom said.
const RARE: usize = 8_000;
/// What people on the phone say, the frequent words first; rarer ones are made of syllables.
const VOCABULARY: &str = "the you to i and a is it that of for your [NAME] my in on have we can this okay so be are with do \
    just let me not if yes thank no at was but one call right get what day now time see please number [DOB] need know all \
    there would they as will here claim plan check good hold send week moment doctor pharmacy order help refill today cover \
    member address date insurance card office visit copay account form mail approve appeal denied deductible specialist prior \
    authorization nurse dose mailing transfer supervisor referral network benefit premium coverage pending process submit \
    document provider clinic hospital lab result test blood pressure insulin inhaler generic brand tier formulary override";

struct Numbers(u64);

impl Numbers {
    /// xorshift64*, by Vigna: any would do, but it must be the same every time.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }
}

fn call(n: usize) -> CallId {
    let mut mac = [0; 32];
    mac[..8].copy_from_slice(&(n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    CallId::from_mac(&mac)
}

fn entry(n: usize, words: &[String], numbers: &mut Numbers) -> Entry {
    let mut text = String::new();
    for turn in 0..TURNS {
        if turn > 0 {
            text.push('\n');
        }
        for _ in 0..WORDS {
            // Zipf: a word of twice the rank is said half as often.
            let rank = ((numbers.next() as f64 / (1_u64 << 53) as f64) * (words.len() as f64).ln()).exp();
            text.push_str(&words[(rank as usize).min(words.len()) - 1]);
            text.push(' ');
        }
    }
    if n % 1000 == 7 {
        text.push_str("xylophone concerto");
    }
    let categories = [(Category::Name, 2 + (n % 5) as u64), (Category::Dob, (n % 3) as u64)];
    Entry {
        call: call(n),
        version: "1".into(),
        created: Timestamp::from_unix_s(1_700_000_000 + n as u64 * 97),
        duration_ms: 60_000 + (numbers.next() % 1_800_000),
        muted_ms: numbers.next() % 60_000,
        risk: (numbers.next() % 1000) as f32 / 2000.0,
        facts: Facts {
            categories: categories.into_iter().filter(|(_, count)| *count > 0).collect(),
            roles: vec!["coach".into(), "qa-lead".into()],
            ..Facts::default()
        },
        text: Phi::new(text),
        starts: (0..TURNS as i64).map(|turn| turn * 7_000).collect(),
    }
}

fn main() {
    let calls = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(300);
    let folder = tempfile::tempdir().expect("a folder");
    let (index, dest) = (folder.path().join("index.sqlite"), folder.path().join("dest"));
    std::fs::create_dir(&dest).expect("a folder");
    let index = Index::open(&index).expect("an index");
    let records = LocalRecords::open(&dest).expect("records");
    label(&records, calls);
    // Labels are read with nothing else there: a sync would remove calls that no store has.
    let how = Reading { told: &Told::default(), signing: &Signing::default() };
    index.sync(&LocalStore::source(&dest).expect("a store"), &records, &how).expect("labels");
    let syllable = |n: usize| ["ba", "do", "fe", "gi", "lu", "mo", "ne", "po", "ra", "se", "ti", "vu"][n % 12];
    let rare =
        (0..RARE).map(|n| format!("{}{}{}{}", syllable(n), syllable(n / 12), syllable(n / 144), syllable(n / 1728)));
    let words: Vec<String> = VOCABULARY.split_whitespace().map(str::to_owned).chain(rare).collect();
    let (mut numbers, began) = (Numbers(0x1234_5678_9ABC_DEF1), Instant::now());
    for from in (0..calls).step_by(500) {
        let batch: Vec<Entry> = (from..calls.min(from + 500)).map(|n| entry(n, &words, &mut numbers)).collect();
        index.put(&batch).expect("room on the disk");
    }
    let took = began.elapsed();
    let bytes = std::fs::metadata(folder.path().join("index.sqlite")).map_or(0, |m| m.len());
    println!("{calls} calls of {} words indexed in {took:.1?}, {:.0} MB", TURNS * WORDS, bytes as f64 / 1e6);
    let mut slowest = Duration::ZERO;
    for (name, query) in questions() {
        let (took, count) = slowest_of(|| index.calls(&query).expect("an answer").count);
        slowest = slowest.max(took);
        println!("{:7.1} ms  {count:6} calls  {name}", took.as_secs_f64() * 1000.0);
    }
    for (name, seen) in [("agents to choose from", Seen::default()), ("agents of a team", of_team())] {
        let asked = || index.values("agent", &seen, 200).expect("an answer").len() as u64;
        let (took, count) = slowest_of(asked);
        slowest = slowest.max(took);
        println!("{:7.1} ms  {count:6} agents {name}", took.as_secs_f64() * 1000.0);
    }
    println!("slowest {:.1} ms", slowest.as_secs_f64() * 1000.0);
}

/// A tenth of the calls is of each team, a 400th of each agent, two thirds of one site.
fn label(records: &LocalRecords, calls: usize) {
    let label = |n: usize| {
        let site = if n.is_multiple_of(3) { "east" } else { "west" };
        let attributes =
            [("team", format!("team-{}", n % 10)), ("agent", format!("a{}", n % 400)), ("site", site.into())];
        Label { call: call(n), attributes: attributes.map(|(k, v)| (k.to_owned(), v)).into() }
    };
    let labels: Vec<Label> = (0..calls).map(label).collect();
    labels::write(records, &labels, Timestamp::from_unix_s(1_700_000_000)).expect("labels");
}

fn of_team() -> Seen {
    Seen { role: Some(Role::Coach), marks: Some(vec![mark("team", "team-3")]) }
}

fn mark(name: &str, value: &str) -> Mark {
    Mark { name: name.into(), value: value.into() }
}

fn questions() -> Vec<(&'static str, Query)> {
    let all = || Query { limit: 50, seen: Seen { role: Some(Role::QaLead), marks: None }, ..Query::default() };
    let said = |text: &str| Query { text: Some(Phi::new(text.to_owned())), ..all() };
    let several = |teams: &[&str]| {
        let marks = teams.iter().map(|team| mark("team", team)).collect();
        Seen { role: Some(Role::Coach), marks: Some(marks) }
    };
    let site = |name: &str| Seen { role: Some(Role::Coach), marks: Some(vec![mark("site", name)]) };
    let at = |n: u64| Some(Timestamp::from_unix_s(1_700_000_000 + n * 97));
    vec![
        ("newest", all()),
        ("newest of a team", Query { seen: of_team(), ..all() }),
        ("riskiest of a team", Query { seen: of_team(), order: Order::Riskiest, ..all() }),
        ("newest of two teams", Query { seen: several(&["team-3", "team-4"]), ..all() }),
        (
            "riskiest of nine teams",
            Query {
                seen: several(&[
                    "team-0", "team-1", "team-2", "team-3", "team-4", "team-5", "team-6", "team-7", "team-8",
                ]),
                order: Order::Riskiest,
                ..all()
            },
        ),
        ("newest of most calls", Query { seen: site("west"), ..all() }),
        (
            "longest of a site and a team",
            Query { seen: site("east"), marks: Some(vec![mark("team", "team-3")]), order: Order::Longest, ..all() },
        ),
        ("newest of an agent", Query { marks: Some(vec![mark("agent", "a7")]), ..all() }),
        ("an agent's longest", Query { marks: Some(vec![mark("agent", "a7")]), order: Order::Longest, ..all() }),
        (
            "two categories, risk",
            Query { categories: [Category::Name, Category::Dob].into(), risk_min: Some(0.45), ..all() },
        ),
        ("a hundred minutes' calls", Query { from: at(100), until: at(162), ..all() }),
        ("a rare word", said("xylophone")),
        ("a frequent word", said("the")),
        ("a word", said("deductible")),
        ("three words", said("refill prior denied")),
        ("a phrase", said("\"prior authorization\"")),
        ("a phrase of frequent words", said("\"thank you\"")),
        ("a word and not another", said("claim -denied")),
        ("a frequent word of a team", Query { seen: of_team(), ..said("the") }),
        ("a frequent word of an agent", Query { marks: Some(vec![mark("agent", "a7")]), ..said("the") }),
        ("a word of most calls", Query { seen: site("west"), ..said("deductible") }),
    ]
}

/// The slowest of several answers.
fn slowest_of(ask: impl Fn() -> u64) -> (Duration, u64) {
    let mut slowest = Duration::ZERO;
    let mut count = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        count = ask();
        slowest = slowest.max(began.elapsed());
    }
    (slowest, count)
}
