//! Numbers that stay after all: counting, codes (`codes.rs`), amounts, measures, years and ages that the model took for
//! values.

use super::codes::{
    CODE_WORDS_MAX, behind_in, billing_codes, is_diagnosis_code, is_make, is_plan, is_remark_code, is_short_code,
    is_slogan, is_year,
};
use super::gather::Scene;
use super::net::priced;
use super::plain::{ORDINARY_MIN, is_alone};
use super::settle::{Decision, Origin, is_identifier};
use super::spoken::Run;
use super::tagger::{category_of, label_of};
use super::token::{Token, Tokens, word};
use crate::model::Category;
use crate::patterns::lexicon::bit;
use std::collections::HashSet;

/// Most turns since a question of an identifier whose answer no counting is.
const ASKED_TURNS_MAX: u8 = 2;

/// Whether a plural stands here, of which there may be so many ("steps").
fn is_plural(tokens: &Tokens, at: usize) -> bool {
    tokens.list().get(at).is_some_and(|t| {
        let word = tokens.word(at);
        let ends = word.ends_with('s') && !word.ends_with("ss") && t.shape.letters >= PLURAL_LETTERS_MIN;
        ends && t.lists.lower > 0 && !t.is(bit::BACKCHANNEL | bit::FILLER)
    })
}

/// Fewest letters of a plural ("steps", and not "is").
const PLURAL_LETTERS_MIN: u8 = 4;

/// Most digits of an amount of money.
const AMOUNT_DIGITS_MAX: u16 = 6;

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

/// Most digits of the security code of a card.
const SECURITY_CODE_DIGITS_MAX: u16 = 4;

/// Whether a run of which a part is hidden says nothing of anybody.
fn is_no_value(scene: &Scene<'_>, run: &Run, codes: &HashSet<String>, out: &[Option<Decision>]) -> bool {
    let Scene { tokens, context, .. } = *scene;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return false };
    let (first, end) = (*first as usize, *last as usize + 1);
    let before = context.before[first];
    let named = before.words <= CODE_WORDS_MAX
        && category_of(before.kind as usize).is_some_and(|category| may_be(category, run));
    let asked = context.asked_at(scene.transcript, first);
    let open = category_of(asked.last.kind as usize);
    // "Last four of your social?" "One two three four."
    let expected = open.filter(|_| asked.last.words <= ASKED_TURNS_MAX);
    let told = |category| is_identifier(category) || matches!(category, Category::Zip | Category::Dob);
    let counting = run.counts() && !expected.is_some_and(told);
    let short = run.digits <= SECURITY_CODE_DIGITS_MAX && run.letters == 0;
    let security_code = short && out[first].is_some_and(|d| d.category == Category::Card);
    let code = (codes.contains(&run.value()) || is_diagnosis_code(&run.text) || counting) && !security_code;
    let taken_for =
        |is: &dyn Fn(Category) -> bool| run.words.iter().all(|w| out[*w as usize].is_none_or(|d| is(d.category)));
    let date = taken_for(&|category| matches!(category, Category::Dob | Category::Date | Category::Age));
    let money = end < tokens.list().len() && matches!(tokens.word(end), "dollars" | "dollar" | "cents" | "bucks");
    let amount = money && run.letters == 0 && run.digits <= AMOUNT_DIGITS_MAX || is_range(tokens, run);
    let hidden = |word: Option<usize>| word.and_then(|w| *out.get(w)?).is_some();
    let alone = !hidden(first.checked_sub(1)) && !hidden(Some(end));
    let height = is_height(tokens, run, first) && taken_for(&|category| category != Category::Address);
    let year = is_year(&run.text) && (!date && behind_in(tokens, first) || alone && is_make(tokens, first, end));
    // Nobody asked for an identifier, and none is named: what looks like something else is that.
    let identifier = taken_for(&is_identifier) && !named;
    let unasked = identifier
        && alone
        && !open.is_some_and(is_identifier)
        && (is_short_code(&run.text) || is_slogan(run) || is_remark_code(&run.value()));
    // Who asks does not answer.
    let answer = expected.is_some() && asked.other;
    // Numbers that lines, years and great ages have too.
    let paid_for = |category| match category {
        Category::Phone | Category::Age | Category::Dob => false,
        Category::Date => !is_year(&run.text),
        _ => true,
    };
    let block = word(tokens, Some(end)) == "block";
    let paid = !named && !answer && alone && !block && is_amount(tokens, run) && taken_for(&paid_for);
    let priced = !named && alone && taken_for(&|category| category != Category::Phone) && may_be_priced(tokens, run);
    let thing = paid
        || priced
        || alone && !named && expected.is_none() && is_split(run)
        || alone && !named && !expected.is_some_and(told) && is_procedure(scene, run)
        || identifier && is_plan(tokens, run, first, end)
        || is_count(tokens, run, out) && (!named && expected.is_none() || is_plural(tokens, end));
    // "Mail the form to 142 Sycamore"
    let placed = taken_for(&|category| category == Category::Address)
        && [first.checked_sub(1), Some(end)]
            .into_iter()
            .any(|at| at.and_then(|at| *out.get(at)?).is_some_and(|d| d.category == Category::Address));
    let measured = amount || height || run.text == "24/7" || date && is_ratio(&run.text);
    code && !named && !placed || unasked || thing || year || measured
}

/// Whether values of a category can look like this: cards, telephones and ZIPs have no letters.
pub(super) fn may_be(category: Category, run: &Run) -> bool {
    let digits_alone = matches!(category, Category::Card | Category::Phone | Category::Ssn | Category::Zip);
    !(digits_alone && run.letters > 0)
}

/// Most digits of the inches of a height and of the weight behind it ("5 foot 9, 182").
const HEIGHT_DIGITS_MAX: u16 = 5;

/// Whether a run goes on with a height.
fn is_height(tokens: &Tokens, run: &Run, first: usize) -> bool {
    let feet = |at: usize| matches!(tokens.word(at), "foot" | "feet" | "ft") && tokens.list()[at].shape.stop < 2;
    let counted = |at: usize| tokens.list()[at].has_digits() || tokens.list()[at].is(bit::DIGIT);
    run.letters == 0 && run.digits <= HEIGHT_DIGITS_MAX && first > 1 && feet(first - 1) && counted(first - 2)
}

/// Digits of a count with thousands in it.
const COUNT_DIGITS_MAX: u16 = 6;

/// Whether a run is one number with hundreds or thousands in it, and at most what is said of cents behind it
/// ("nine hundred", "four hundred sixty two eighty"). Identifiers are seldom said so.
fn is_amount(tokens: &Tokens, run: &Run) -> bool {
    if run.letters > 0 || run.digits > AMOUNT_DIGITS_MAX {
        return false;
    }
    let said = run.words.iter().filter(|w| !matches!(tokens.word(**w as usize), "and" | "a"));
    let said: Vec<&Token> = said.map(|w| &tokens.list()[*w as usize]).collect();
    let mut parts: Vec<&[&Token]> = said.split(|token| token.is(bit::HUNDRED | bit::THOUSAND)).collect();
    let rest = parts.pop().and_then(numbers);
    let cents = rest.as_ref().is_some_and(|rest| rest.len() < 2 || rest.len() == 2 && rest[1] >= 10);
    let one = |part: &[&Token]| numbers(part).is_some_and(|numbers| numbers.len() < 2);
    !parts.is_empty() && cents && parts.into_iter().all(one)
}

/// The numbers below a hundred that words are; `None` where some are none, or zero.
fn numbers(words: &[&Token]) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    let mut tens = false;
    for token in words {
        let digit = token.is(bit::DIGIT) && token.class.number > 0;
        match found.last_mut() {
            Some(last) if tens && digit => *last += token.class.number,
            _ if digit || token.is(bit::TENS | bit::TEEN) => found.push(token.class.number),
            // In figures: only whether it has one or two of them is asked.
            _ if (1..=3).contains(&token.shape.digits) => found.push(10),
            _ => return None,
        }
        tens = token.is(bit::TENS);
    }
    Some(found)
}

/// Whether a price's unit follows a number that may be one ("six hundred twelve thirty eight a month").
fn may_be_priced(tokens: &Tokens, run: &Run) -> bool {
    run.letters == 0 && run.digits <= AMOUNT_DIGITS_MAX && priced(tokens, run.words.last())
}

/// The shares of a plan and its member, which are a hundred together ("eighty twenty").
fn is_split(run: &Run) -> bool {
    run.words.len() == 2 && run.letters == 0 && matches!(run.text.as_str(), "9010" | "8020" | "7030" | "6040" | "5050")
}

/// Digits of the code of a procedure.
const PROCEDURE_DIGITS: u16 = 5;
/// Most words between it and what is done.
const PROCEDURE_WORDS_MAX: usize = 6;
/// What codes of procedures are said beside.
const PROCEDURES: [&str; 18] = [
    "contrast",
    "cpt",
    "ct",
    "evaluation",
    "hcpcs",
    "imaging",
    "injection",
    "lumbar",
    "modifier",
    "mri",
    "pet",
    "procedure",
    "professional",
    "spine",
    "stent",
    "ultrasound",
    "x-ray",
    "xray",
];

/// Whether a run can be the code of a procedure that is spoken of beside it ("MRI lumbar without contrast, 72148").
fn is_procedure(scene: &Scene<'_>, run: &Run) -> bool {
    let Scene { tokens, transcript, .. } = *scene;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return false };
    let (first, end) = (*first as usize, *last as usize + 1);
    let Some(turn) = transcript.turns().get(transcript.turn_of(first)).map(|turn| turn.words.range()) else {
        return false;
    };
    let before = first.saturating_sub(PROCEDURE_WORDS_MAX).max(turn.start)..first;
    let after = end..(end + PROCEDURE_WORDS_MAX).min(turn.end);
    // "M R I", letter by letter
    let spelled = |at: usize| at > 1 && ["m", "r", "i"] == [at - 2, at - 1, at].map(|at| tokens.word(at));
    let done = |at: usize| PROCEDURES.contains(&tokens.word(at)) || spelled(at);
    run.letters == 0 && run.digits == PROCEDURE_DIGITS && run.text.len() == 5 && before.chain(after).any(done)
}

/// A count of something, taken for a number that is said digit by digit ("nine thousand four hundred eighty steps").
fn is_count(tokens: &Tokens, run: &Run, out: &[Option<Decision>]) -> bool {
    let digitwise = |d: &Decision| matches!(d.category, Category::Phone | Category::Card | Category::Ssn);
    run.letters == 0
        && run.digits <= COUNT_DIGITS_MAX
        && run.words.iter().any(|w| tokens.list()[*w as usize].is(bit::THOUSAND))
        && run.words.iter().all(|w| out[*w as usize].as_ref().is_none_or(digitwise))
}

/// Digits of two amounts of three or four; a telephone number may have hundreds and a "to" for "two", and has more.
const RANGE_DIGITS_MAX: u16 = 9;

/// Two amounts with "to" between them ("one hundred forty to one hundred ninety").
pub(super) fn is_range(tokens: &Tokens, run: &Run) -> bool {
    if run.letters > 0 || run.digits > RANGE_DIGITS_MAX {
        return false;
    }
    let magnitude = |w: &u32| tokens.list()[*w as usize].is(bit::HUNDRED | bit::THOUSAND);
    let to = run.words.iter().position(|w| tokens.word(*w as usize) == "to");
    to.is_some_and(|to| run.words[..to].iter().any(magnitude) && run.words[to..].iter().any(magnitude))
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
/// No age is greater.
const OLDEST: u32 = 125;
/// Most words between an age and what is said of it.
const AGE_WORDS_MAX: u8 = 3;

/// Shows ages that may stay: what the model takes for an age is none that goes, where it is a number by itself.
pub(super) fn clear_ages(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, spoken, context, .. } = *scene;
    let list = tokens.list();
    let age = label_of(Category::Age) as u8;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let (before, after) = (context.before[*first as usize], context.after[*last as usize]);
        let said = before.kind == age && before.words < AGE_WORDS_MAX || after.kind == age && after.words == 0;
        let asked = context.asked_at(scene.transcript, *first as usize).last;
        let is = first.checked_sub(1).map_or("", |i| tokens.word(i as usize));
        // "And your birthday?" "Fifty two" is a year there, and "I'm seventy eight" is none.
        let dob = asked.kind == label_of(Category::Dob) as u8;
        let person =
            matches!(is, "i'm" | "am" | "he's" | "she's" | "you're" | "they're" | "turned" | "turns" | "turning");
        let called = person || !dob && matches!(is, "is" | "be" | "was" | "turn" | "makes");
        let young = run.text.parse::<u32>().is_ok_and(|n| n <= AGE_MAX || n > OLDEST && run.words.len() == 1);
        // "Thirty two bishop's landing"
        let street = || list.get(*last as usize + 1).is_some_and(|next| next.lists.lower < ORDINARY_MIN);
        let alone = !dob
            && is_alone(scene, *first as usize..*last as usize + 1, out)
            && (list[*last as usize].shape.stop > 0 || !street());
        let said = said || asked.kind == age || called || alone;
        let tagged = |w: &u32| {
            out[*w as usize]
                .is_some_and(|d| d.category == Category::Age && matches!(d.origin, Origin::Tagger | Origin::Whole))
        };
        if young && said && run.words.iter().all(tagged) && !is_hundreds(tokens, *first as usize) {
            run.words.iter().for_each(|w| out[*w as usize] = None);
        }
    }
}

/// Digits of the longest dose or measure.
const DOSE_DIGITS_MAX: u16 = 3;

/// Shows doses and measures that only the model saw as something else: a short number right behind the drug or what is
/// measured ("propranolol 20", "bilirubin was 11").
pub(super) fn clear_doses(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, spoken, transcript, context, .. } = *scene;
    let list = tokens.list();
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let (first, last) = (*first as usize, *last as usize);
        let short = run.letters == 0 && run.digits <= DOSE_DIGITS_MAX;
        let begins = transcript.turns().get(transcript.turn_of(first)).map_or(first, |turn| turn.words.start as usize);
        let is = matches!(word(tokens, first.checked_sub(1)), "is" | "was" | "of" | "at");
        let Some(at) = first.checked_sub(1 + usize::from(is)).filter(|at| *at >= begins) else { continue };
        // Terms have small words in them too ("vitamin a").
        let term = list[at].lists.medical && list[at].lists.lower < ORDINARY_MIN && list[at].shape.letters > 2;
        let measured = term && list[at].shape.stop == 0 && out[at].is_none();
        let alone = out.get(last + 1).is_none_or(|next| next.is_none() || list[last].shape.stop > 0);
        let named = category_of(context.before[first].kind as usize).is_some();
        let by_model = |w: &u32| out[*w as usize].is_some_and(|d| matches!(d.origin, Origin::Tagger | Origin::Whole));
        if short && measured && alone && !named && run.words.iter().all(by_model) {
            run.words.iter().for_each(|w| out[*w as usize] = None);
        }
    }
}

/// Most digits of a dose behind a number that is read out.
const TAIL_DIGITS_MAX: u8 = 4;

/// Shows a dose in figures behind a comma, where the model took it into the number before ("Rx 8 0 0 1 7, [90] milligrams").
pub(super) fn clear_tails(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, .. } = *scene;
    let list = tokens.list();
    for at in 1..out.len().saturating_sub(1) {
        let shape = &list[at].shape;
        let small = (1..=TAIL_DIGITS_MAX).contains(&shape.digits) && shape.letters == 0 && shape.stop == 0;
        let by_model = out[at].is_some_and(|d| matches!(d.origin, Origin::Tagger | Origin::Whole));
        if small && by_model && list[at - 1].shape.stop > 0 && list[at + 1].is(bit::DOSE) && out[at + 1].is_none() {
            out[at] = None;
        }
    }
}

/// Whether a number goes on with a hundred before it ("a hundred and two").
fn is_hundreds(tokens: &Tokens, first: usize) -> bool {
    let before = |by: usize| first.checked_sub(by).is_some_and(|i| tokens.list()[i].is(bit::HUNDRED));
    before(1) || before(2) && tokens.word(first - 1) == "and"
}
#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

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
            &["the phone says", "i had nine thousand four hundred eighty steps and you"],
            &["it's code nine oh eight thirty seven and another one g zero four three nine", "okay"],
            &["and what do you drive", "it was a twenty fourteen ford pickup"],
            &["the code is t h a n k s fifteen for fifteen percent off", "t h a n k s fifteen"],
            &["you have the silver twenty five hundred p p o", "and before the bronze seven thousand"],
            &["my wife is sixty two and i'm sixty five", "okay"],
            &["major work is fifty percent after twelve months", "okay"],
            &["you take propranolol twenty right", "and my sugar's one eighty eight"],
            &["send a w nine please and i take b twelve", "okay"],
            &["with an h m o you choose a doctor and a p p o you do not but cheaper", "okay"],
            &["i had nine thousand four hundred eighty steps today", "well done"],
            &["she has met four hundred sixty two eighty", "and we paid eleven hundred forty two"],
            &["the card went through", "okay so that was thirty two hundred then", "right"],
            &["our safety guy looked at it", "tell the bone guy thanks"],
            &["How tall are you, and what do you weigh?", "5 foot 9, 182."],
            &["it's six hundred twelve thirty eight a month medical only and you owe for two", "okay"],
            &["right eighty twenty but the two hundred fifty comes off", "okay"],
            &["MRI lumbar without contrast, 72148, diagnosis M54.16. One unit.", "Denied CO-197."],
            &["i've got an m r i of the lumbar spine approved seven two one four eight and twelve sessions", "good"],
            &["I'll move it to third party hold for ninety days.", "Can you turn off Wi-Fi?"],
            &["it may answer that", "her father may carry her on his plan"],
            &["the last guy wanted nine hundred for it", "and the family maximum is six thousand dollars or so"],
            &["use s a v e fifteen for fifteen percent off your card", "s a v e fifteen great"],
            &["how many hours a night does she wear it", "five six maybe"],
            &["her water may have broken and she isn't sure", "it hides on the first film"],
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
            (["and your birthday just for the form", "one twenty one eighty five"], "one twenty one eighty five"),
            (["i'll mail the form to one forty two sycamore ypsilanti", "okay"], "one forty two sycamore ypsilanti"),
            (
                ["you can reach me at four oh eight five five five oh one nine three", "oh one nine what"],
                "four oh eight five five five oh one nine three oh one nine",
            ),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }
}
