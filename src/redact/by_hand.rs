//! Spans that people have added, on the words and the clock of the call: findings like those of detection, values that are
//! hidden wherever else they are said, and time to mute. What cannot be placed for certain holds the call.

use super::plan::turn_of;
use super::verify::SourceFile;
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan, WordSpan};
use crate::model::by_hand::{Place, SpanByHand, Words};
use crate::model::{Category, Finding, KnownValue, Policy, RuleId};
use crate::transcript::Document;

/// The rule of what people have added.
pub(super) const RULE: &str = "by-hand";

/// What people have added, as the pipeline takes it.
#[derive(Default)]
pub(super) struct ByHand {
    /// The words, turn by turn.
    pub findings: Vec<Finding>,
    /// What they say, where it can be looked for elsewhere.
    pub known: Vec<KnownValue>,
    /// Time to mute, whatever is said then.
    pub times: Vec<(TimeSpan, Category)>,
}

impl ByHand {
    /// Places spans in a call, of which the files are read from these sources.
    ///
    /// # Errors
    /// Holds the call when a span is of another transcript and has no time.
    pub fn of(spans: &[SpanByHand], sources: &[SourceFile], policy: &Policy, document: &Document) -> Result<Self> {
        let mut all = Self::default();
        for span in spans {
            // What a person has seen to be hidden is hidden, whatever the policy says of its kind.
            let category = if policy.hides(span.category) { span.category } else { Category::Other };
            match &span.at {
                Place::Words(words) => match (own(words, sources, document), words.time) {
                    (Some(words), _) => all.words(&words, category, document),
                    (None, Some(time)) => all.time(time, category, document),
                    (None, None) => return Err(stale()),
                },
                Place::Time(time) => all.time(*time, category, document),
            }
        }
        Ok(all)
    }

    fn words(&mut self, words: &[u32], category: Category, document: &Document) {
        self.find(words, category, document);
        let text: Vec<&str> =
            words.iter().map(|&w| document.transcript().word_text(w as usize).into_exposed()).collect();
        let text = text.join(" ");
        let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
        let bare = bare.strip_suffix("'s").or_else(|| bare.strip_suffix("\u{2019}s")).unwrap_or(bare);
        if category != Category::Other {
            self.known.extend(KnownValue::new(category, bare));
        }
    }

    fn time(&mut self, time: TimeSpan, category: Category, document: &Document) {
        let words = document.transcript().words().iter().enumerate();
        let said = words.filter(|(_, word)| word.time.is_some_and(|of| of.overlaps(time)));
        let said: Vec<u32> = said.map(|(word, _)| word as u32).collect();
        self.find(&said, category, document);
        self.times.push((time, category));
    }

    /// One finding for each run of words within a turn.
    fn find(&mut self, words: &[u32], category: Category, document: &Document) {
        let mut open: Option<(Option<usize>, WordSpan)> = None;
        for &word in words {
            let turn = turn_of(document.transcript(), word);
            match &mut open {
                Some((of, span)) if *of == turn && span.end == word => span.end += 1,
                _ => {
                    self.findings.extend(open.take().map(|(_, span)| finding(span, category)));
                    open = Some((turn, WordSpan::new(word, word + 1)));
                }
            }
        }
        self.findings.extend(open.map(|(_, span)| finding(span, category)));
    }
}

/// The numbers of these words among those of the call; nothing where the transcript is another one.
fn own(words: &Words, sources: &[SourceFile], document: &Document) -> Option<Vec<u32>> {
    let file = sources.iter().position(|source| source.sha256 == words.transcript)?;
    (words.from..words.until).map(|word| document.number(file, word)).collect()
}

fn finding(words: WordSpan, category: Category) -> Finding {
    Finding { rule: RuleId::new(RULE), category, words, score: 1.0 }
}

fn stale() -> Error {
    let message = "a span was added to another version of the transcript";
    Error::held(Stage::Plan, HoldReason::StaleSpans, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Phi, Sha256Hex};
    use crate::redact::testing::policy;
    use crate::transcript;

    const FILE: &str = "WEBVTT\n\n00:01.000 --> 00:02.500\nI am Ana Brooks.\n\n00:03.000 --> 00:04.000\nyes I am\n";

    fn place(at: Place) -> Result<ByHand> {
        let document = transcript::read(Phi::new(FILE.as_bytes().to_vec()), None).unwrap();
        let spans = [SpanByHand { at, category: Category::Name }];
        ByHand::of(&spans, &[SourceFile::of(FILE.as_bytes())], &policy(), &document)
    }

    fn words(file: &str, from: u32, until: u32, time: Option<(u32, u32)>) -> Place {
        let time = time.map(|(a, b)| TimeSpan::new(a, b).unwrap());
        Place::Words(Words { transcript: Sha256Hex::of(file.as_bytes()), from, until, time })
    }

    fn found(by_hand: &ByHand) -> Vec<(u32, u32)> {
        by_hand.findings.iter().map(|f| (f.words.start, f.words.end)).collect()
    }

    #[test]
    fn words_are_found_and_known_from_then_on() {
        let by_hand = place(words(FILE, 2, 4, None)).unwrap();
        assert_eq!(found(&by_hand), [(2, 4)]);
        assert!(by_hand.known == [KnownValue::new(Category::Name, "Ana Brooks").unwrap()]);
        assert!(by_hand.times.is_empty());
    }

    #[test]
    fn a_span_over_the_border_of_turns_is_one_finding_in_each() {
        assert_eq!(found(&place(words(FILE, 3, 5, None)).unwrap()), [(3, 4), (4, 5)]);
    }

    #[test]
    fn time_takes_what_is_said_then_and_the_sound_itself() {
        let span = TimeSpan::new(2_000, 3_500).unwrap();
        let by_hand = place(Place::Time(span)).unwrap();
        assert_eq!((found(&by_hand), by_hand.times), (vec![(0, 4), (4, 7)], vec![(span, Category::Name)]));
        assert!(by_hand.known.is_empty(), "which of the words it is, nobody has said");
    }

    #[test]
    fn words_of_another_transcript_are_hidden_by_their_time_or_hold_the_call() {
        assert_eq!(found(&place(words("other", 2, 4, Some((3_000, 3_100)))).unwrap()), [(4, 7)]);
        for stale in [words("other", 2, 4, None), words(FILE, 6, 8, None)] {
            let held = place(stale).err().and_then(|error| error.hold_reason());
            assert_eq!(held, Some(HoldReason::StaleSpans));
        }
    }
}
