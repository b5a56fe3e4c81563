//! From chances to stretches: which words are hidden, as what, made whole. A run of digits or letters
//! is hidden whole or not at all, and small words inside a date or a name go with it.

use super::gather::Scene;
use super::joined::{cities_between, connect, extend_left, lead_ins, lead_outs, whole_cities, whole_mail};
use super::plain::{clear_clock, clear_counts, clear_edges, clear_words};
use super::stays::{clear_ages, clear_doses, clear_tails, exempt};
use super::tagger::{Marginals, category_of};
use super::token::Tokens;
use super::whole::{Leanings, birth_or_other, clear_gaps, whole_dates, whole_runs};
use crate::model::{Category, Finding, Transcript, TurnKind};
use crate::patterns::lexicon::bit;
use crate::patterns::weights::LABELS;

/// Below this chance of "may stay" a word is hidden. A leak costs more than a word hidden in vain.
const STAY_MIN: f32 = 0.8;
/// The same where some words are masks already: a mask beside a word makes it look like more of the same.
const MASKED_STAY_MIN: f32 = 0.5;
/// The same behind a title ("doctor"), where a name is likely.
const TITLED_STAY_MIN: f32 = 0.93;
/// How frequent a given name is (10,000 births), or a surname (5,000 people), to be taken for one in a file's name.
const LABEL_GIVEN_MIN: u32 = 3;
const LABEL_SURNAME_MIN: u32 = 3;

/// Where a decision came from; the id of a finding's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The sequence model.
    Tagger,
    /// The rest of a run or a date that the model found in part.
    Whole,
    /// A rule; its index among the rule findings.
    Rule(u32),
    /// A value that the policy always hides.
    Denied,
    /// A value known before the call.
    Given,
    /// A value found elsewhere in the call.
    Said,
    /// A long run that nothing explains.
    Net,
}

/// What is decided of one word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    /// What it is.
    pub category: Category,
    /// How sure, 0 to 1.
    pub score: f32,
    /// Where it came from.
    pub origin: Origin,
}

impl Decision {
    /// The rest of a value of which a part is hidden.
    pub(super) const fn whole(category: Category) -> Self {
        Self { category, score: 0.5, origin: Origin::Whole }
    }
}

/// Decides every word from the model and the rules.
pub(crate) fn settle(scene: &Scene<'_>, marginals: &Marginals, ruled: &[Finding]) -> Vec<Option<Decision>> {
    let Scene { transcript, tokens, spoken, context, phrases, .. } = *scene;
    let stay_min = if tokens.list().iter().any(|t| t.shape.mask) { MASKED_STAY_MIN } else { STAY_MIN };
    let mut out: Vec<Option<Decision>> = (0..tokens.list().len()).map(|i| tagged(marginals.of(i), stay_min)).collect();
    after_titles(transcript, tokens, marginals, &mut out);
    for (r, finding) in ruled.iter().enumerate() {
        for cell in &mut out[finding.words.range()] {
            let rule = Decision { category: finding.category, score: finding.score, origin: Origin::Rule(r as u32) };
            match cell {
                // What a rule finds goes, whatever else speaks for it; the model knows better as what.
                Some(tag) if tag.score >= 0.5 => {
                    *tag = Decision { category: tag.category, score: tag.score.max(rule.score), ..rule };
                }
                _ => *cell = Some(rule),
            }
        }
    }
    for (i, cell) in out.iter_mut().enumerate() {
        if is_mask(tokens, i) {
            *cell = None;
        } else if let Some(decision) = cell.as_mut().filter(|_| tokens.list()[i].shape.at) {
            decision.category = Category::Email;
        }
    }
    let mut leanings = Leanings::new(scene, marginals);
    whole_runs(scene, &mut leanings, &mut out);
    clear_gaps(spoken, &mut out);
    clear_words(scene, &mut out);
    connect(transcript, tokens, spoken, &mut out);
    extend_left(transcript, tokens, spoken, context, &mut out);
    lead_ins(transcript, tokens, spoken, context, &mut out);
    lead_outs(transcript, tokens, context, &mut out);
    whole_cities(tokens, phrases, &mut out);
    cities_between(transcript, tokens, &mut out);
    whole_runs(scene, &mut leanings, &mut out);
    exempt(scene, &mut out);
    clear_ages(scene, &mut out);
    clear_doses(scene, &mut out);
    clear_tails(scene, &mut out);
    clear_edges(transcript, tokens, &mut out);
    clear_counts(transcript, tokens, spoken, &mut out);
    clear_clock(scene, &mut out);
    whole_mail(transcript, tokens, &mut out);
    whole_dates(scene, &mut out);
    birth_or_other(scene, marginals, &mut out);
    out
}

/// Whether the word is a mask that an earlier pass wrote, like `[NAME]`.
pub(crate) fn is_mask(tokens: &Tokens, word: usize) -> bool {
    tokens.list()[word].shape.mask
}

fn tagged(row: &[f32; LABELS], stay_min: f32) -> Option<Decision> {
    if row[0] >= stay_min {
        return None;
    }
    let best = (1..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]))?;
    Some(Decision { category: category_of(best)?, score: 1.0 - row[0], origin: Origin::Tagger })
}

/// The name that somebody gave the file is no speech, and the model says nothing of it: its words are names
/// where they are frequent names and no ordinary words. (What else the call knows is hidden there as well.)
pub(crate) fn labels(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    for turn in transcript.turns().iter().filter(|t| t.kind == TurnKind::Unspoken) {
        for i in turn.words.range() {
            let lists = tokens.list()[i].lists;
            let name = (lists.given >= LABEL_GIVEN_MIN || lists.surname >= LABEL_SURNAME_MIN) && lists.lower < 4;
            out[i] = name.then_some(Decision::whole(Category::Name));
        }
    }
}

/// Behind a title a word is a name on less evidence ("doctor day").
fn after_titles(transcript: &Transcript, tokens: &Tokens, marginals: &Marginals, out: &mut [Option<Decision>]) {
    for turn in transcript.turns() {
        for i in turn.words.range().skip(1) {
            if out[i].is_none()
                && tokens.list()[i - 1].is(bit::TITLE)
                && tokens.list()[i - 1].shape.stop < 2
                && !tokens.list()[i - 1].shape.possessive
            {
                out[i] = tagged(marginals.of(i), TITLED_STAY_MIN).filter(|d| d.category == Category::Name);
            }
        }
    }
}

/// Whether values of this category are numbers, or letters and digits, that only stand for somebody.
pub(super) const fn is_identifier(category: Category) -> bool {
    !matches!(
        category,
        Category::Name
            | Category::Dob
            | Category::Date
            | Category::Age
            | Category::Zip
            | Category::City
            | Category::Address
    )
}

#[cfg(test)]
mod tests {
    use crate::base::Phi;
    use crate::detect::detect;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder, TurnKind};
    use crate::patterns::PatternSet;

    /// Whether the last word of these turns is hidden.
    fn last_is_hidden(turns: &[(TurnKind, &str)]) -> bool {
        let mut b = TranscriptBuilder::new(TimeSource::None);
        for (kind, said) in turns {
            b.turn(*kind, Speaker::Unknown, None);
            b.say(Phi::new(said));
        }
        let transcript = b.build();
        let last = transcript.words().len() as u32 - 1;
        let found = detect(&PatternSet::builtin().unwrap(), &transcript, &[]);
        found.findings.iter().any(|f| f.words.range().contains(&(last as usize)))
    }

    #[test]
    fn a_file_may_be_called_dev_but_not_maria_nor_like_anybody_in_the_call() {
        let file = TurnKind::Unspoken;
        assert!(!last_is_hidden(&[(file, "dev")]));
        assert!(last_is_hidden(&[(file, "maria")]));
        assert!(last_is_hidden(&[(TurnKind::Spoken, "my name is dev okonkwo"), (file, "okonkwo")]));
    }

    #[test]
    fn counting_aloud_stays_and_a_long_number_without_any_reason_goes() {
        assert!(!last_is_hidden(&[(TurnKind::Spoken, "testing one two three four five six seven eight")]));
        assert!(last_is_hidden(&[(TurnKind::Spoken, "four seven one nine two two eight six oh")]));
    }
}
