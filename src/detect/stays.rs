//! What stays after all: counting, billing codes, amounts, years and ordinary words that the model took for
//! values; and what goes although the model let it stay: long numbers that nothing explains.

use super::gather::Scene;
use super::settle::{Decision, Origin, is_identifier};
use super::spoken::{Run, Spoken};
use super::tagger::category_of;
use super::token::Tokens;
use crate::model::Category;
use crate::patterns::cues::{CueKind, Role};
use crate::patterns::lexicon::bit;
use crate::patterns::model::LABELS;
use std::collections::HashSet;

/// Most words between a cue of codes and a billing code.
const CODE_WORDS_MAX: u8 = 3;

/// How frequent a word is ([`lists.lower`](crate::patterns::layout::Packed)) that is no part of a number by itself.
const ORDINARY_MIN: u32 = 4;

/// Most turns since a question of an identifier whose answer no counting is.
const ASKED_TURNS_MAX: u8 = 2;

/// Most digits of an amount of money.
const AMOUNT_DIGITS_MAX: u16 = 6;

/// Digits (or letters and digits, at least four of them digits) from which a run that nothing explains is hidden.
const NET_DIGITS_MIN: u16 = 7;

/// The same for a run with "hundred" or "thousand" in it, which are two amounts more often than one number.
const NET_COUNTED_DIGITS_MIN: u16 = 10;

/// Shows runs that are plainly no value, where only the model saw one: counting aloud, billing codes, amounts, years
/// and ratios.
pub(super) fn exempt(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let codes = billing_codes(scene);
    let by_model = |cell: &Option<Decision>| cell.is_some_and(|d| matches!(d.origin, Origin::Tagger | Origin::Whole));
    for run in &scene.spoken.runs {
        let words: Vec<usize> = run.words.iter().map(|w| *w as usize).filter(|w| by_model(&out[*w])).collect();
        if !words.is_empty() && is_no_value(scene, run, &codes, out) {
            words.iter().for_each(|w| out[*w] = None);
        }
    }
}

/// Texts of the billing codes behind a cue of codes, with those that follow ("… and …").
fn billing_codes<'a>(scene: &Scene<'a>) -> HashSet<&'a str> {
    let Scene { tokens, spoken, .. } = *scene;
    let mut codes = HashSet::new();
    // One past the last word of a code: another code may follow it.
    let mut open = None;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let follows = open.is_some_and(|end: u32| {
            let between = end as usize..*first as usize;
            between.len() <= CODE_WORDS_MAX as usize
                && between.into_iter().all(|w| tokens.list()[w].lists.lower >= ORDINARY_MIN)
        });
        open = None;
        if (is_coded(scene, *first) || follows) && parts(spoken, run).iter().all(|part| is_billing_code(part)) {
            codes.insert(run.text.as_str());
            open = Some(last + 1);
        }
    }
    codes
}

/// Most digits of the security code of a card.
const SECURITY_CODE_DIGITS_MAX: u16 = 4;

/// Whether a run of which a part is hidden says nothing of anybody.
fn is_no_value(scene: &Scene<'_>, run: &Run, codes: &HashSet<&str>, out: &[Option<Decision>]) -> bool {
    let Scene { tokens, context, .. } = *scene;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return false };
    let (first, end) = (*first as usize, *last as usize + 1);
    let before = context.before[first];
    let named = before.words <= CODE_WORDS_MAX && (1..LABELS as u8).contains(&before.kind);
    let asked = context.asked_at(scene.transcript, first).last;
    // "Last four of your social?" "One two three four."
    let expected = category_of(asked.kind as usize).filter(|_| asked.words <= ASKED_TURNS_MAX);
    let counting = run.counts() && !expected.is_some_and(is_identifier);
    let short = run.digits <= SECURITY_CODE_DIGITS_MAX;
    let security_code = short && out[first].is_some_and(|d| d.category == Category::Card);
    let code = (codes.contains(run.text.as_str()) || is_diagnosis_code(&run.text) || counting) && !security_code;
    let date = run
        .words
        .iter()
        .all(|w| out[*w as usize].is_none_or(|d| matches!(d.category, Category::Dob | Category::Date | Category::Age)));
    let money = end < tokens.list().len() && matches!(tokens.word(end), "dollars" | "dollar" | "cents" | "bucks");
    let amount = money && run.letters == 0 && run.digits <= AMOUNT_DIGITS_MAX || is_range(tokens, run);
    let year = !date && is_year(&run.text) && behind_in(tokens, first);
    let hidden = |word: Option<usize>| word.and_then(|w| *out.get(w)?).is_some();
    let alone = !hidden(first.checked_sub(1)) && !hidden(Some(end));
    let unasked = alone && is_abbreviation(&run.text) || is_count(tokens, run, out);
    code && !named || unasked && !named && expected.is_none() || year || date && is_ratio(&run.text) || amount
}

/// What is spelled and names nobody: kinds of plans, accounts, papers and codes of this trade.
const ABBREVIATIONS: [&str; 24] = [
    "ABN", "ADA", "AOB", "COB", "CPT", "DME", "EAP", "EFT", "EOB", "EOC", "EPO", "FSA", "HDHP", "HMO", "HRA", "HSA",
    "ICD", "IRS", "IVR", "NPI", "PCP", "POS", "PPO", "SBC",
];

/// "h m o", and "a p p o" and "h s a i", which the recogniser's letters do not tell from the words beside them.
fn is_abbreviation(text: &str) -> bool {
    let ends = [text, text.strip_suffix(['I', 'U']).unwrap_or(text)];
    let all = ends.into_iter().flat_map(|text| [text, text.strip_prefix('A').unwrap_or(text)]);
    all.into_iter().any(|text| ABBREVIATIONS.contains(&text))
}

/// Digits of a count with thousands in it.
const COUNT_DIGITS_MAX: u16 = 6;

/// A count of something, taken for a number that is said digit by digit ("nine thousand four hundred eighty steps").
fn is_count(tokens: &Tokens, run: &Run, out: &[Option<Decision>]) -> bool {
    let digitwise = |d: &Decision| matches!(d.category, Category::Phone | Category::Card | Category::Ssn);
    run.letters == 0
        && run.digits <= COUNT_DIGITS_MAX
        && run.words.iter().any(|w| tokens.list()[*w as usize].is(bit::THOUSAND))
        && run.words.iter().all(|w| out[*w as usize].as_ref().is_none_or(digitwise))
}

/// Most turns between a question of a code and its answer ("what's the procedure code", "let me see", "nine nine …").
const CODE_TURNS_MAX: usize = 3;

/// Whether a cue of codes stands right before the word, or the turns before asked for one.
fn is_coded(scene: &Scene<'_>, word: u32) -> bool {
    let code = CueKind::Stays(Role::Code).code();
    let before = scene.context.before[word as usize];
    before.kind == code && before.words <= CODE_WORDS_MAX
        || scene.context.closed_before(scene.transcript, word as usize, CODE_TURNS_MAX) == code
}

/// The texts of a run's parts, which a word between them ("and") keeps apart.
fn parts(spoken: &Spoken, run: &Run) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut end = None;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return out };
    let from = spoken.steps.partition_point(|s| s.first < *first);
    for step in spoken.steps[from..].iter().take_while(|s| s.first <= *last) {
        match out.last_mut().filter(|_| end == Some(step.first)) {
            Some(part) => part.push_str(spoken.text_of(step)),
            None => out.push(spoken.text_of(step).to_owned()),
        }
        end = Some(step.end);
    }
    out
}

/// Procedure codes are five digits, or a letter and four; others ("CO 45", "0450", "25") are shorter.
fn is_billing_code(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    match letters {
        0 => (2..=5).contains(&digits),
        1 => (1..=4).contains(&digits) || digits <= 6 && text.contains('.'),
        2 => digits <= 3,
        _ => false,
    }
}

/// A diagnosis code with its point: a letter, two characters, a point and up to four more ("E11.65").
fn is_diagnosis_code(text: &str) -> bool {
    let Some((head, tail)) = text.split_once('.') else { return false };
    let head = head.as_bytes();
    head.len() == 3
        && head[0].is_ascii_uppercase()
        && head[1].is_ascii_digit()
        && head[2].is_ascii_alphanumeric()
        && (1..=4).contains(&tail.len())
        && tail.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Digits of two amounts of three or four; a telephone number may have hundreds and a "to" for "two", and has more.
const RANGE_DIGITS_MAX: u16 = 9;

/// Two amounts with "to" between them ("one hundred forty to one hundred ninety").
fn is_range(tokens: &Tokens, run: &Run) -> bool {
    if run.letters > 0 || run.digits > RANGE_DIGITS_MAX {
        return false;
    }
    let magnitude = |w: &u32| tokens.list()[*w as usize].is(bit::HUNDRED | bit::THOUSAND);
    let to = run.words.iter().position(|w| tokens.word(*w as usize) == "to");
    to.is_some_and(|to| run.words[..to].iter().any(magnitude) && run.words[to..].iter().any(magnitude))
}

/// A year by itself.
fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse::<u32>().is_ok_and(|year| (1900..2100).contains(&year))
}

/// Whether the word stands right behind "in" or a word like it ("since 1998").
fn behind_in(tokens: &Tokens, word: usize) -> bool {
    let before = |n: usize| word.checked_sub(n).map_or("", |i| tokens.word(i));
    match before(1) {
        "since" | "until" | "through" | "late" | "early" | "mid" => true,
        "in" => !matches!(before(2), "ending" | "ends" | "end" | "ended"),
        _ => false,
    }
}

/// Two numbers that are no day and month ("168/92", "80/20"), nor the hours of all days.
fn is_ratio(text: &str) -> bool {
    let Some((a, b)) = text.split_once('/') else { return false };
    let (Ok(a), Ok(b)) = (a.parse::<u32>(), b.parse::<u32>()) else { return false };
    let date = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    !date(a, b) && !date(b, a) || (a, b) == (24, 7)
}

/// Age up to which it stays: an age of 90 or more tells who somebody is.
const AGE_MAX: u32 = 89;
/// Most words between an age and what is said of it.
const AGE_WORDS_MAX: u8 = 3;

/// Shows ages that may stay, where the words around say that it is an age ("turning sixty five").
pub(super) fn clear_ages(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { spoken, tokens, context, .. } = *scene;
    let age = Category::Age as u8 + 1;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let (before, after) = (context.before[*first as usize], context.after[*last as usize]);
        let said = before.kind == age && before.words < AGE_WORDS_MAX || after.kind == age && after.words == 0;
        let young = run.text.len() <= 2 && run.text.parse::<u32>().is_ok_and(|n| n <= AGE_MAX);
        let tagged = run.words.iter().all(|w| {
            out[*w as usize]
                .is_some_and(|d| d.category == Category::Age && matches!(d.origin, Origin::Tagger | Origin::Whole))
        });
        if young && said && tagged && !tokens.list()[*first as usize].shape.mask {
            for w in &run.words {
                out[*w as usize] = None;
            }
        }
    }
}

/// Shows ordinary words that the model took into a number ("… on it", "… one moment"): numbers and codes
/// are said in digits, letters and number words, and those are in runs.
pub(super) fn clear_words(tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let spoken_value = bit::MONTH | bit::ORDINAL | bit::SYMBOL | bit::ALPHABET | bit::HUNDRED | bit::THOUSAND;
    for (i, cell) in out.iter_mut().enumerate() {
        let Some(decision) = *cell else { continue };
        let token = &tokens.list()[i];
        let named = decision.category == Category::Name && decision.origin == Origin::Tagger;
        if named && (token.is(bit::WEEKDAY) || is_done(tokens, i)) {
            *cell = None;
            continue;
        }
        let plain = spoken.of_word[i].0 == 0
            && !token.has_digits()
            && token.lists.lower >= ORDINARY_MIN
            && !token.is(spoken_value | bit::TENS | bit::TEEN);
        let beside = |j: usize| spoken.of_word.get(j).is_some_and(|w| w.0 != 0);
        let homophone = token.is(bit::HOMOPHONE | bit::LETTER | bit::OH) && (beside(i + 1) || i > 0 && beside(i - 1));
        let within_date = matches!(decision.category, Category::Dob | Category::Card)
            && matches!(tokens.word(i), "the" | "of" | "and" | "in");
        if plain
            && matches!(decision.origin, Origin::Tagger | Origin::Whole)
            && is_numeric(decision.category)
            && !(homophone || within_date)
        {
            *cell = None;
        }
    }
}

/// Whether an ordinary word in lower case stands between an auxiliary and an object, as what is done ("will mark the").
fn is_done(tokens: &Tokens, word: usize) -> bool {
    let beside = |at: Option<usize>| at.filter(|at| *at < tokens.list().len()).map_or("", |at| tokens.word(at));
    let auxiliary = |word: &str| {
        matches!(word, "will" | "would" | "can" | "could" | "should" | "must" | "please" | "i'll" | "we'll" | "you'll")
    };
    let [two, one] = [2, 1].map(|by| beside(word.checked_sub(by)));
    let pronoun = matches!(one, "i" | "we" | "you" | "it" | "they" | "he" | "she");
    let token = &tokens.list()[word];
    token.lists.lower >= ORDINARY_MIN
        && !token.shape.capital
        && (auxiliary(one) || pronoun && auxiliary(two))
        && matches!(beside(Some(word + 1)), "the" | "that" | "this" | "it" | "up" | "down" | "your" | "my" | "our")
}

/// Whether values of this category are made of numbers and letters alone.
const fn is_numeric(category: Category) -> bool {
    !matches!(
        category,
        Category::Name
            | Category::City
            | Category::Address
            | Category::Email
            | Category::Url
            | Category::Date
            | Category::Other
    )
}

/// Hides what nothing explains: runs with many digits that are neither hidden nor counted up.
pub(super) fn net(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { spoken, tokens, .. } = *scene;
    for run in &spoken.runs {
        let free = run.words.iter().all(|w| out[*w as usize].is_none());
        let counted = run.words.iter().any(|w| tokens.list()[*w as usize].is(bit::HUNDRED | bit::THOUSAND));
        if !free
            || run.digits < NET_DIGITS_MIN
            || counted && run.digits < NET_COUNTED_DIGITS_MIN
            || counts_up(&run.text)
            || run.words.first().is_some_and(|w| is_coded(scene, *w))
                && parts(spoken, run).iter().all(|p| is_billing_code(p))
            || is_range(tokens, run)
            || priced(tokens, run.words.last())
        {
            continue;
        }
        for w in &run.words {
            out[*w as usize] = Some(Decision { category: Category::Other, score: 0.3, origin: Origin::Net });
        }
    }
}

/// "one two three four": somebody tests the line. Three of four steps are one up, or one down.
fn counts_up(text: &str) -> bool {
    let digits: Vec<i16> = text.bytes().filter(u8::is_ascii_digit).map(i16::from).collect();
    let steps = |by: i16| 4 * digits.windows(2).filter(|w| w[1] - w[0] == by).count() >= 3 * (digits.len().max(1) - 1);
    steps(1) || steps(-1)
}

fn priced(tokens: &Tokens, last: Option<&u32>) -> bool {
    last.and_then(|w| tokens.list().get(*w as usize + 1)).is_some_and(|t| t.is(bit::MONEY))
}

#[cfg(test)]
mod tests {
    use crate::base::Phi;
    use crate::detect::detect;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder, TurnKind};
    use crate::patterns::PatternSet;

    /// Hidden words of a conversation; the agent has the first word, turns go back and forth.
    fn hidden(turns: &[&str]) -> Vec<String> {
        let mut b = TranscriptBuilder::new(TimeSource::None);
        for (n, said) in turns.iter().enumerate() {
            b.turn(TurnKind::Spoken, if n % 2 == 0 { Speaker::Agent } else { Speaker::Caller }, None);
            b.say(Phi::new(said));
        }
        let transcript = b.build();
        let words: Vec<&str> = turns.iter().flat_map(|t| t.split(' ')).collect();
        let findings = detect(&PatternSet::builtin().unwrap(), &transcript, &[]).findings;
        findings.iter().flat_map(|f| words[f.words.range()].iter().map(|w| (*w).to_owned())).collect()
    }

    #[test]
    fn counting_codes_and_ages_stay() {
        for turns in [
            &["breathe in and count with me one two three four five"][..],
            &["the procedure code is nine nine two one three", "okay"],
            &["and which procedure code is it", "uh let me see", "okay", "nine nine two one three"],
            &["will it mark up my credit", "no i will mark the the chart"],
            &["and you're turning sixty five this year", "yes i am"],
            &["the range is from one hundred forty to one hundred ninety nine", "okay"],
            &["it has been that way since nineteen ninety eight", "i see"],
            &["with an h m o you choose a doctor and a p p o you do not but cheaper", "okay"],
            &["i had nine thousand four hundred eighty steps today", "well done"],
            &["into a health savings account in twenty twenty five you can put four thousand dollars", "okay"],
        ] {
            assert!(hidden(turns).is_empty(), "{turns:?}: {:?}", hidden(turns));
        }
    }

    #[test]
    fn an_answer_that_counts_and_digits_like_a_year_go() {
        for (turns, want) in [
            (["what are the last four digits of your social", "one two three four"], "one two three four"),
            (["which card is it", "the visa ending in twenty nineteen"], "twenty nineteen"),
            (
                ["your phone number please", "eight hundred five five five one two hundred"],
                "eight hundred five five five one two hundred",
            ),
        ] {
            assert_eq!(hidden(&turns).join(" "), want);
        }
    }
}
