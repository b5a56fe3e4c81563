//! What goes although the model let it stay: long numbers that nothing explains, days in figures, a ZIP behind its place,
//! what a letter or a digit of an identifier is said to be.

use super::codes::{CODE_WORDS_MAX, is_billing_code, is_coded, parts};
use super::gather::Scene;
use super::joined::is_letter;
use super::settle::{Decision, Origin, is_identifier, is_mask};
use super::spoken::Run;
use super::stays::is_range;
use super::tagger::label_of;
use super::token::Tokens;
use crate::model::Category;
use crate::patterns::cues::{CueKind, Role};
use crate::patterns::lexicon::bit;

/// Digits (or letters and digits, at least four of them digits) from which a run that nothing explains is hidden.
const DIGITS_MIN: u16 = 7;

/// The same for a run with "hundred" or "thousand" in it, which are two amounts more often than one number.
const COUNTED_DIGITS_MIN: u16 = 10;

const fn caught(category: Category) -> Decision {
    Decision { category, score: 0.3, origin: Origin::Net }
}

/// Hides numbers and letters that are in sight and must be a value, or a part of one.
pub(super) fn hide(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    days(scene, out);
    for run in &scene.spoken.runs {
        if run.words.iter().any(|w| out[*w as usize].is_some() || is_mask(scene.tokens, *w as usize)) {
            continue;
        }
        let category = if is_called_date(scene.tokens, run) {
            Category::Date
        } else if is_zip(scene, run, out) {
            Category::Zip
        } else if is_long(scene, run) {
            Category::Other
        } else {
            continue;
        };
        for w in &run.words {
            out[*w as usize] = Some(caught(category));
        }
    }
    weekdays(scene, out);
    letters(scene, out);
    corrections(scene, out);
}

/// Whether a run has more digits than numbers that say nothing of anybody.
fn is_long(scene: &Scene<'_>, run: &Run) -> bool {
    let tokens = scene.tokens;
    let counted = run.words.iter().any(|w| tokens.list()[*w as usize].is(bit::HUNDRED | bit::THOUSAND));
    let billed = || {
        run.words.first().is_some_and(|w| is_coded(scene, *w))
            && parts(scene.spoken, run).iter().all(|p| is_billing_code(p))
    };
    run.digits >= if counted { COUNTED_DIGITS_MIN } else { DIGITS_MIN }
        && !counts_up(&run.text)
        && !billed()
        && !is_range(tokens, run)
        && !priced(tokens, run.words.last())
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

/// A word, "" outside the call.
fn word(tokens: &Tokens, at: Option<usize>) -> &str {
    at.filter(|at| *at < tokens.list().len()).map_or("", |at| tokens.word(at))
}

/// Hides words in figures that are a month and a day, and the year behind them ("8/19", "2/29 '92").
fn days(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    for turn in transcript.turns() {
        let words = turn.words.range();
        for at in words.clone() {
            if out[at].is_some() || !is_day(tokens, at) {
                continue;
            }
            out[at] = Some(caught(Category::Date));
            let year = at + 1;
            if year < words.end && is_year_behind(tokens, year) {
                out[year].get_or_insert(caught(Category::Date));
            }
        }
    }
}

/// Whether a word in figures is a month and a day and no fraction, grade or measure.
fn is_day(tokens: &Tokens, at: usize) -> bool {
    let token = &tokens.list()[at];
    let Some((a, b)) = tokens.word(at).split_once('/').filter(|_| token.shape.letters == 0) else { return false };
    let (Ok(month), Ok(day)) = (a.parse::<u32>(), b.parse::<u32>()) else { return false };
    let fraction = month < day && matches!(day, 2 | 3 | 4 | 8 | 16 | 32 | 64);
    // "Lot 4471, exp 04/26", "form rev 06/23", "strength 3/5", "2 and 3/4", "2 1/4"
    let before = word(tokens, at.checked_sub(1));
    let printed = matches!(
        before,
        "exp" | "expires" | "expiration" | "rev" | "revised" | "strength" | "reflexes" | "lot" | "ql" | "and" | "a"
    );
    let measured =
        matches!(word(tokens, Some(at + 1)), "inch" | "inches" | "cup" | "cups" | "percent" | "strength" | "point");
    is_month_and_day(month, day) && month != day && !fraction && !printed && !measured
}

/// First year of a century that is no day of a month.
const SHORT_YEAR_MIN: u32 = 32;

/// Whether a word in figures is a year behind a day ("2024", "'92").
fn is_year_behind(tokens: &Tokens, at: usize) -> bool {
    let counts = |at: usize| tokens.list().get(at).is_some_and(|t| t.is(COUNTED));
    let year = tokens.word(at);
    match year.parse() {
        Ok(1900..2100) => year.len() == 4,
        Ok(SHORT_YEAR_MIN..100) => tokens.list()[at].shape.digits == 2 && !counts(at + 1),
        _ => false,
    }
}

/// What is counted behind a number.
const COUNTED: u64 = bit::DURATION | bit::MONEY | bit::DOSE | bit::CLOCK | bit::COUNT;

fn is_month_and_day(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// Most digits of a month and a day.
const DAY_DIGITS_MAX: u16 = 4;

/// Whether a run is called a date right before it, and reads as a month and a day ("termination date nine thirteen").
fn is_called_date(tokens: &Tokens, run: &Run) -> bool {
    let Some(first) = run.words.first().map(|w| *w as usize) else { return false };
    let before = |by: usize| word(tokens, first.checked_sub(by));
    let called = |by: usize| matches!(before(by), "date" | "dated" | "dates");
    let named = called(1) || matches!(before(1), "is" | "was" | "of" | "as" | "says") && called(2);
    let digits = run.text.bytes().all(|b| b.is_ascii_digit()) && run.letters == 0 && run.digits <= DAY_DIGITS_MAX;
    let reads = || {
        (1..run.text.len()).any(|at| {
            let (month, day) = run.text.split_at(at);
            matches!((month.parse(), day.parse()), (Ok(month), Ok(day)) if is_month_and_day(month, day))
        })
    };
    named && digits && run.words.len() > 1 && reads()
}

/// Digits of a ZIP.
const ZIP_DIGITS: usize = 5;
/// Most words between a place and its ZIP ("in Hawaii, is that 96797").
const PLACE_WORDS_MAX: usize = 3;

/// Whether a run is five digits behind a place or a question of one, or five that begin with a zero, as no amount does.
fn is_zip(scene: &Scene<'_>, run: &Run, out: &[Option<Decision>]) -> bool {
    let Scene { tokens, transcript, .. } = *scene;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return false };
    let (first, last) = (*first as usize, *last as usize);
    let together = last + 1 - first == run.words.len() && (first == last || run.single);
    let digits = run.text.len() == ZIP_DIGITS && run.text.bytes().all(|b| b.is_ascii_digit());
    let before = scene.context.before[first];
    let coded = before.kind == CueKind::Stays(Role::Code).code() && before.words <= CODE_WORDS_MAX;
    if !digits || !together || coded || priced(tokens, run.words.last()) {
        return false;
    }
    let list = tokens.list();
    let begins = transcript.turns().get(transcript.turn_of(first)).map_or(first, |turn| turn.words.start as usize);
    let from = begins.max(first.saturating_sub(PLACE_WORDS_MAX + 1));
    let place = |w: &usize| {
        out[*w].is_some_and(|d| matches!(d.category, Category::City | Category::Address))
            || list[*w].is(bit::STATE) && (list[*w].shape.letters > 2 || list[*w].shape.upper)
    };
    let small = |w: usize| list[w].is(bit::FILLER) || matches!(tokens.word(w), "is" | "that" | "it's" | "zip" | "code");
    let asked = scene.context.asked_at(transcript, first);
    let told =
        asked.other && asked.last.words <= 1 && before.kind == 0 && asked.last.kind == label_of(Category::Zip) as u8;
    told || run.text.starts_with('0') && !is_coded(scene, run.words[0])
        || (from..first).rev().find(place).is_some_and(|at| (at + 1..first).all(small))
}

/// Hides the day of a month behind a day of the week ("saturday the second").
fn weekdays(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let (tokens, list) = (scene.tokens, scene.tokens.list());
    for i in 2..out.len() {
        let day = list[i].is(bit::ORDINAL) && (1..=31).contains(&list[i].class.number);
        if day && out[i].is_none() && tokens.word(i - 1) == "the" && list[i - 2].is(bit::WEEKDAY) {
            out[i] = Some(caught(Category::Date));
        }
    }
}

/// Words before a letter among which the identifier stands that it is a part of.
const LETTER_WORDS_MAX: usize = 30;

/// Hides what is called a letter behind an identifier ("and the letter r").
fn letters(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let tokens = scene.tokens;
    for i in 1..out.len() {
        let token = &tokens.list()[i];
        let called = token.shape.letters == 1 && !token.has_digits() && tokens.word(i - 1) == "letter";
        if !called || out[i].is_some() {
            continue;
        }
        let mut before = out[i.saturating_sub(LETTER_WORDS_MAX)..i].iter().rev().flatten();
        if let Some(decision) = before.find(|d| is_identifier(d.category)) {
            out[i] = Some(caught(decision.category));
        }
    }
}

/// Most digits and letters that somebody corrects, and most other words around them.
const CORRECTED_MAX: usize = 3;
const AROUND_MAX: usize = 4;
/// Most words behind the identifier that is corrected, in the turn before.
const BEHIND_MAX: usize = 8;

/// Small words around them, before and behind.
const SMALL: [&str; 23] = [
    "is", "that", "it", "this", "a", "an", "or", "right", "correct", "you", "said", "say", "with", "was", "did", "the",
    "and", "not", "so", "in", "at", "first", "last",
];

/// Hides the digit or two, or the letter, that a turn says and nothing else, where the turn before has just said an
/// identifier: "… seven one two" "six, not two". Letters in a row are an abbreviation ("d e a").
fn corrections(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    let list = tokens.list();
    for pair in transcript.turns().windows(2) {
        let (said, answer) = (pair[0].words.range(), pair[1].words.range());
        // The first sentence of what is written.
        let ends = |w: &usize| list[*w].shape.stop >= 2;
        let turn = answer.start..answer.clone().find(ends).map_or(answer.end, |last| last + 1);
        if pair[0].speaker == pair[1].speaker {
            continue;
        }
        let Some(at) = said.clone().rev().take(BEHIND_MAX).find(|w| out[*w].is_some()) else { continue };
        let Some(category) = out[at].map(|d| d.category).filter(|c| is_code(*c)) else { continue };
        let letters = |w: usize| w > turn.start && is_letter(tokens, w) && is_letter(tokens, w - 1);
        let plain = |w: usize| {
            is_sign(tokens, w) && !letters(w)
                || list[w].is(bit::FILLER | bit::BACKCHANNEL) && !matches!(tokens.word(w), "second" | "sec" | "moment")
                || SMALL.contains(&tokens.word(w))
        };
        let signs = turn.clone().filter(|w| is_sign(tokens, *w)).count();
        let around = turn.len() - signs;
        let answers = (1..=CORRECTED_MAX).contains(&signs) && around <= AROUND_MAX;
        if !answers || !turn.clone().chain(at + 1..said.end).all(plain) {
            continue;
        }
        for w in turn.filter(|w| is_sign(tokens, *w)) {
            out[w].get_or_insert(caught(category));
        }
    }
}

/// Whether values of a category are said sign by sign.
const fn is_code(category: Category) -> bool {
    (is_identifier(category) && !matches!(category, Category::Email | Category::Url | Category::Other))
        || matches!(category, Category::Zip)
}

/// Whether a word is a digit or two in figures, a digit in words, or a letter that is no word.
fn is_sign(tokens: &Tokens, word: usize) -> bool {
    let token = &tokens.list()[word];
    let figures = token.shape.digits > 0 && token.shape.digits <= 2 && token.shape.letters == 0 && !token.shape.money;
    let spelled = token.is(bit::DIGIT | bit::OH) && !matches!(tokens.word(word), "o" | "oh");
    figures && token.shape.inner == 0 || spelled || is_letter(tokens, word)
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

    #[test]
    fn dates_without_their_year_go_and_fractions_stay() {
        for (turns, want) in [
            (["I see 6/17, with the shots.", "Okay, then 8/19, I think."], "6/17, 8/19,"),
            (["We got your form on 10/4, but it lacks a page.", "And 3/4 inch of tape."], "10/4,"),
            (["Form 88, rev 06/23.", "Strength 4/5, 5/5 on the left, 1/2 a cup, 24/7."], ""),
            (["It is 8/2 2024. So I have till then.", "Leap day, 2/29. '92."], "8/2 2024. 2/29. '92."),
            (["the letter says termination date nine thirteen", "okay"], "nine thirteen"),
            (["then saturday the second you're right", "how do you feel"], "second"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn five_digits_behind_a_place_are_a_zip() {
        for (turns, want) in [
            (["In Hawaii, is that 96797?", "9 6 7 9 7, yes."], "96797? 9 6 7 9 7,"),
            (["And your ZIP code?", "Yes, ma'am, 2 3 4 3 4, number 3, I got this bill."], "2 3 4 3 4,"),
            (["05401?", "0 5 4 0 1, yeah."], "05401? 0 5 4 0 1,"),
            (["In Ohio it costs 12500 dollars.", "Okay."], ""),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn what_is_corrected_in_an_identifier_goes() {
        for (turns, want) in [
            (["The member ID is K 4 4 7 1 0 2 2, right?", "6, not 2."], "K 4 4 7 1 0 2 2, 6, 2."),
            (["the claim number is seven one one oh oh four and the letter r", "okay"], "seven one one oh oh four r"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }
}
