//! What holds of detection on anything that may be said: word soup of numbers, letters, names, cues,
//! symbols, masks, scripts of all kinds and words without end. Everyone in it is invented.

use super::{Detection, KnownValue, detect};
use crate::base::Phi;
use crate::model::{Category, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use crate::patterns::PatternSet;
use proptest::prelude::*;
use std::sync::LazyLock;

static PATTERNS: LazyLock<PatternSet> = LazyLock::new(|| PatternSet::builtin().expect("the examples are tested"));

const SAID: &str = "zero oh one two three five nine ten fifteen twenty ninety hundred thousand double triple \
    first fifth twenty-first march may june monday yesterday a b c i w x as in boy like for alpha bravo kilo \
    dash dot at underscore slash hyphen com org gmail period point and the of to no sorry wait um uh okay yeah \
    my name is this date birth born member number social security phone card expires address street apartment \
    unit oak springfield ohio zip code email account policy license plate serial mister mrs doctor maria smith \
    jones okonkwo o'brien jean-luc smith's dollars percent milligrams years old";
const WRITTEN: [&str; 16] = [
    "555-867-5309",
    "3/5/82",
    "03/05/1982",
    "219-09-9999",
    "H41104475,",
    "$42.50",
    "10%",
    "5th",
    "j.brooks@mail.com",
    "www.mail.com",
    "10:30",
    "1,000",
    "b-o-y",
    "4111111111111111",
    "?",
    "--",
];

fn word() -> impl Strategy<Value = String> {
    let said: Vec<&str> = SAID.split_whitespace().collect();
    prop_oneof![
        12 => proptest::sample::select(said.clone()).prop_map(str::to_owned),
        2 => proptest::sample::select(said).prop_map(|w| format!("{}{}.", w[..1].to_uppercase(), &w[1..])),
        4 => proptest::sample::select(&WRITTEN[..]).prop_map(str::to_owned),
        2 => mask(),
        2 => "[0-9]{1,12}",
        2 => "\\PC{1,6}".prop_filter("a word is not blank", |w| !w.trim().is_empty()),
        1 => ("[a-z0-9.@:/'-]|é|İ|ß|字|\u{300}", 200..3000_usize).prop_map(|(c, n)| c.repeat(n)),
    ]
}

fn mask() -> impl Strategy<Value = String> {
    (proptest::sample::select(Category::ALL), "[.,?]?").prop_map(|(c, stop)| format!("{}{stop}", c.mask()))
}

/// A turn as it is generated: what has text of calls in it has no `Debug`, and proptest needs one.
type Said = (TurnKind, Speaker, Vec<String>);

fn turns() -> impl Strategy<Value = Vec<Said>> {
    let kind = prop_oneof![
        8 => Just(TurnKind::Spoken),
        1 => Just(TurnKind::Unspoken),
        1 => proptest::option::of(0..20_u32).prop_map(|of| TurnKind::Alternate { of }),
    ];
    let speaker =
        proptest::sample::select(vec![Speaker::Agent, Speaker::Caller, Speaker::Numbered(3), Speaker::Unknown]);
    proptest::collection::vec((kind, speaker, proptest::collection::vec(word(), 0..25)), 0..10)
}

fn transcript(turns: &[Said]) -> Transcript {
    let mut b = TranscriptBuilder::new(TimeSource::None);
    for (kind, speaker, words) in turns {
        b.turn(*kind, *speaker, None);
        for word in words {
            b.word(Phi::new(word), None, 1.0);
        }
    }
    b.build()
}

fn given() -> impl Strategy<Value = Vec<(Category, String)>> {
    let value = prop_oneof!["[a-z]{0,8}( [a-z]{1,8})?", "[0-9]{0,12}", "\\PC{0,8}"];
    proptest::collection::vec((proptest::sample::select(Category::ALL), value), 0..4)
}

fn known(given: &[(Category, String)]) -> Vec<KnownValue> {
    given.iter().map(|(category, value)| KnownValue { category: *category, value: Phi::new(value.clone()) }).collect()
}

/// Sorted, disjoint, never empty, inside one turn, with scores that are shares of one.
fn assert_sound(transcript: &Transcript, found: &Detection) {
    let mut end = 0;
    for finding in &found.findings {
        assert!(finding.words.start >= end && !finding.words.is_empty());
        assert!((0.0..=1.0).contains(&finding.score));
        let inside = |t: &&crate::model::Turn| t.words.start <= finding.words.start && finding.words.end <= t.words.end;
        assert_eq!(transcript.turns().iter().filter(inside).count(), 1);
        end = finding.words.end;
    }
    assert!((0.0..=1.0).contains(&found.risk));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn findings_are_sorted_disjoint_and_inside_turns(turns in turns(), given in given()) {
        let transcript = transcript(&turns);
        assert_sound(&transcript, &detect(&PATTERNS, &transcript, &known(&given)));
    }

    #[test]
    fn the_same_call_gives_the_same_findings(turns in turns(), given in given()) {
        let (transcript, known) = (transcript(&turns), known(&given));
        let [one, two] = [0, 1].map(|_| detect(&PATTERNS, &transcript, &known));
        prop_assert!(one.findings == two.findings && one.known == two.known);
        prop_assert_eq!(one.risk.to_bits(), two.risk.to_bits());
    }

    #[test]
    fn masks_are_never_findings(turns in turns()) {
        let transcript = transcript(&turns);
        for finding in detect(&PATTERNS, &transcript, &[]).findings {
            for word in finding.words.range() {
                let text = transcript.word_text(word);
                let is_mask = Category::ALL.iter().any(|c| text.expose().trim_end_matches(['.', ',', '?']) == c.mask());
                prop_assert!(!is_mask, "a {} is found as {}", finding.category.mask(), finding.rule);
            }
        }
    }
}
