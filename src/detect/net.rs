//! What goes although the model let it stay: long numbers that nothing explains, days in figures, a ZIP behind its place,
//! what a letter or a digit of an identifier is said to be.

use super::apart;
use super::beside;
use super::codes::{CODE_WORDS_MAX, is_billing_code, is_coded, is_of_case, is_year, parts};
use super::gather::Scene;
use super::joined::is_letter;
use super::named;
use super::settle::{Decision, Origin, is_identifier, is_mask};
use super::spoken::Run;
use super::stays::is_range;
use super::tagger::label_of;
use super::token::{Tokens, first_sentence, word};
use crate::model::Category;
use crate::patterns::cues::{CueKind, Role};
use crate::patterns::lexicon::bit;

/// Digits (or letters and digits, at least four of them digits) from which a run that nothing explains is hidden.
const DIGITS_MIN: u16 = 7;

/// The same for a run with "hundred" or "thousand" in it, which are two amounts more often than one number.
const COUNTED_DIGITS_MIN: u16 = 10;

/// What is hidden although the model let it stay.
pub(super) const fn caught(category: Category) -> Decision {
    Decision { category, score: 0.3, origin: Origin::Net }
}

/// Hides numbers and letters that are in sight and must be a value, or a part of one.
pub(super) fn hide(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    days(scene, out);
    spelled(scene.tokens, out);
    for run in &scene.spoken.runs {
        if run.words.iter().any(|w| out[*w as usize].is_some() || is_mask(scene.tokens, *w as usize)) {
            continue;
        }
        let category = if is_called_date(scene.tokens, run) {
            Category::Date
        } else if is_security_code(scene.tokens, run) || is_asked_code(scene, run, out) {
            Category::Card
        } else if is_zip(scene, run, out) {
            Category::Zip
        } else if run.digits >= CASE_DIGITS_MIN && may_be_case(scene.tokens, run) {
            Category::Account
        } else if is_long(scene, run) {
            Category::Other
        } else if let Some(category) = at_the_end(scene, run, out) {
            category
        } else {
            continue;
        };
        for w in &run.words {
            out[*w as usize] = Some(caught(category));
        }
    }
    weekdays(scene, out);
    apart::hide(scene, out);
    corrections(scene, out);
    named::hide(scene, out);
    short_years(scene, out);
    years(scene, out);
    centuries(scene.tokens, out);
    tails(scene, out);
    last_signs(scene, out);
    user_names(scene.tokens, out);
    general_delivery(scene.tokens, out);
    beside::hide(scene, out);
}

/// Fewest digits of the number of a request, a receipt and the like.
const CASE_DIGITS_MIN: u16 = 4;

/// Whether a run is the number of a request, a receipt and the like.
fn may_be_case(tokens: &Tokens, run: &Run) -> bool {
    run.words.first().is_some_and(|w| is_of_case(tokens, *w as usize)) && !priced(tokens, run.words.last())
}

/// Fewest letters of a name that is spelled; abbreviations have fewer.
const SPELLED_LETTERS_MIN: u8 = 5;

/// Hides words that are a name, letter by letter ("L-I-N-D-Q-V-I-S-T").
fn spelled(tokens: &Tokens, out: &mut [Option<Decision>]) {
    for (at, token) in tokens.list().iter().enumerate().filter(|(_, token)| token.shape.hyphen && !token.has_digits()) {
        let long = token.shape.letters >= SPELLED_LETTERS_MIN;
        if out[at].is_none() && long && tokens.word(at).split('-').all(|part| part.len() == 1) {
            out[at] = Some(caught(Category::Name));
        }
    }
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

/// Whether money, or what is paid for, follows a number ("five oh two a month").
pub(super) fn priced(tokens: &Tokens, last: Option<&u32>) -> bool {
    let Some(at) = last.map(|w| *w as usize + 1).filter(|at| *at < tokens.list().len()) else { return false };
    let paid = || matches!(word(tokens, Some(at + 1)), "month" | "year" | "week" | "paycheck" | "visit" | "member");
    tokens.list()[at].is(bit::MONEY) || matches!(tokens.word(at), "a" | "per" | "every" | "each") && paid()
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
    let shape = &tokens.list()[at].shape;
    if shape.digits == 0 || shape.letters > 0 {
        return false;
    }
    let Some((a, b)) = tokens.word(at).split_once('/') else { return false };
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
    let dated = || tokens.list()[at].shape.stop < 2 && is_year(word(tokens, Some(at + 1)));
    is_month_and_day(month, day) && (month != day && !fraction || dated()) && !printed && !measured
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

/// Whether a run is the three or four digits on the back of a card.
fn is_security_code(tokens: &Tokens, run: &Run) -> bool {
    let behind = |by: u32| word(tokens, run.words.last().map(|last| (*last + by) as usize));
    matches!(run.digits, 3 | 4) && run.letters == 0 && [behind(1), behind(2), behind(3)] == ["on", "the", "back"]
}

/// Most words between a card's number and the question of its code, and its answer.
const CARD_WORDS_MAX: usize = 30;

/// Whether a run is all that answers a question of a code, soon after the number of a card ("and code" "three zero nine").
fn is_asked_code(scene: &Scene<'_>, run: &Run, out: &[Option<Decision>]) -> bool {
    let Scene { tokens, transcript, .. } = *scene;
    let Some(first) = run.words.first().map(|w| *w as usize) else { return false };
    let t = transcript.turn_of(first);
    let Some([asking, turn]) = t.checked_sub(1).and_then(|before| transcript.turns().get(before..=t)) else {
        return false;
    };
    let asked = matches!(word(tokens, asking.words.range().last()), "code" | "cvv" | "back");
    let alone = turn
        .words
        .range()
        .all(|w| run.words.contains(&(w as u32)) || tokens.list()[w].is(bit::FILLER | bit::BACKCHANNEL));
    let is_card = |d: &Decision| d.category == Category::Card;
    let mut before = out[first.saturating_sub(CARD_WORDS_MAX)..first].iter().flatten();
    matches!(run.digits, 3 | 4) && run.letters == 0 && asked && alone && before.any(is_card)
}

/// Most words between a value and what stands at its end.
const END_WORDS_MAX: usize = 600;
/// Most digits and letters of that.
const END_SIGNS_MAX: u16 = 5;

/// The category of the value that a run is said to stand at the end of ("with an oh three at the end").
fn at_the_end(scene: &Scene<'_>, run: &Run, out: &[Option<Decision>]) -> Option<Category> {
    let tokens = scene.tokens;
    let (first, last) = (*run.words.first()? as usize, *run.words.last()? as usize);
    let behind = |by: usize| word(tokens, Some(last + by));
    let ends = matches!(behind(1), "at" | "on") && behind(2) == "the" && behind(3) == "end";
    let over = tokens.list()[last].shape.stop < 2 && behind(4) != "of";
    let mut before = out[first.saturating_sub(END_WORDS_MAX)..first].iter().rev().flatten();
    let found = before.find(|d| is_identifier(d.category) || matches!(d.category, Category::Email | Category::Url));
    found.filter(|_| ends && over && run.digits + run.letters <= END_SIGNS_MAX).map(|d| d.category)
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

/// Most words between a date of birth and a year that is said to be right or wrong in it.
const YEAR_WORDS_MAX: usize = 12;

/// Hides a year of two figures behind an apostrophe, soon after a date of birth ("'49. I'm '50").
fn short_years(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    let mut birth = None;
    for (at, cell) in out.iter_mut().enumerate() {
        if cell.is_some_and(|d| d.category == Category::Dob) {
            birth = Some(at);
        }
        let shape = &tokens.list()[at].shape;
        let quoted = || transcript.word_text(at).expose().starts_with(['\'', '\u{2019}']);
        let year = (shape.digits, shape.letters) == (2, 0) && quoted();
        if year && cell.is_none() && birth.is_some_and(|birth| at - birth <= YEAR_WORDS_MAX) {
            *cell = Some(caught(Category::Dob));
        }
    }
}

/// Hides the "and" of a year ("nineteen and sixty eight").
fn centuries(tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    for at in (1..out.len().saturating_sub(1)).filter(|at| tokens.word(*at) == "and") {
        let century = matches!(list[at - 1].class.number, 19 | 20) && list[at - 1].is(bit::TEEN | bit::TENS);
        let (Some(one), Some(two)) = (out[at - 1], out[at + 1]) else { continue };
        let dated = one.category == two.category && matches!(one.category, Category::Dob | Category::Date);
        if century && dated && list[at + 1].is(bit::TEEN | bit::TENS) {
            out[at].get_or_insert(one);
        }
    }
}

/// Most words of a turn that does nothing but say a year.
const YEAR_TURN_WORDS_MAX: usize = 6;

/// Hides the year that is all that a turn says behind a date of birth without one ("february eleventh" "of sixty two
/// right" "sixty two yes").
fn years(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, spoken, .. } = *scene;
    let list = tokens.list();
    let plain = |w: usize| {
        list[w].is(bit::FILLER | bit::BACKCHANNEL) || SMALL.contains(&tokens.word(w)) || tokens.word(w) == "of"
    };
    for pair in transcript.turns().windows(2) {
        let (said, turn) = (pair[0].words.range(), pair[1].words.range());
        let born = said.rev().take(SAID_MAX).any(|w| out[w].is_some_and(|d| d.category == Category::Dob));
        if pair[0].speaker == pair[1].speaker || !born || turn.len() > YEAR_TURN_WORDS_MAX {
            continue;
        }
        let Some(run) = turn.clone().find_map(|w| spoken.run_of(w)) else { continue };
        let is_run = |w: usize| spoken.run_of(w).is_some_and(|other| std::ptr::eq(other, run));
        let year = run.letters == 0 && (run.text.len() == 2 && !run.text.starts_with('0') || is_year(&run.text));
        if year && turn.clone().all(|w| out[w].is_none() && (is_run(w) || plain(w))) {
            turn.filter(|w| is_run(*w)).for_each(|w| out[w] = Some(caught(Category::Dob)));
        }
    }
}

/// Most words from the end of a turn among which the date of birth stands that the next one adds a year to.
const SAID_MAX: usize = 3;

/// Most digits that a user name ends in, and most small words before them.
const TAIL_DIGITS_MAX: u16 = 4;
const TAIL_WORDS_MAX: usize = 5;

/// Hides the digits that somebody adds to an address or a user name ("… and then 89").
fn tails(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, spoken, .. } = *scene;
    let list = tokens.list();
    let is_address = |category: &Category| matches!(category, Category::Email | Category::Url);
    for turn in transcript.turns() {
        let words = turn.words.range();
        for last in words.clone() {
            let next = last + 1;
            let found = out[last].map(|d| d.category).filter(is_address);
            let Some(category) = found.filter(|_| next < words.end && out[next].is_none()) else { continue };
            let small = |w: &usize| {
                list[*w].is(bit::FILLER)
                    || matches!(
                        tokens.word(*w),
                        "and" | "then" | "with" | "a" | "the" | "number" | "it's" | "just" | "plus"
                    )
            };
            let at = next + (next..words.end).take(TAIL_WORDS_MAX).take_while(small).count();
            let Some(id) = spoken.of_word[..words.end].get(at).and_then(|w| (w.0 as usize).checked_sub(1)) else {
                continue;
            };
            let run = &spoken.runs[id];
            let end = run.words.last().map_or(at, |w| *w as usize) + 1;
            let is_first = run.words.first().is_some_and(|w| *w as usize == at);
            let digits = is_first && run.letters == 0 && (1..=TAIL_DIGITS_MAX).contains(&run.digits);
            let over = end >= words.end || list[end - 1].shape.stop >= 2 || tokens.word(end) == "at";
            if digits && over && at > next && run.words.iter().all(|w| out[*w as usize].is_none()) {
                run.words.iter().for_each(|w| out[*w as usize] = Some(caught(category)));
            }
        }
    }
}

/// Most words between an identifier and a digit or letter of it that is read out by itself.
const LAST_SIGN_WORDS_MAX: usize = 14;

/// Hides the digit or letter of an identifier that is made out by itself ("… and i think that's a three").
fn last_signs(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    for turn in transcript.turns() {
        let words = turn.words.range();
        for at in words.clone().skip(2) {
            if out[at].is_some() || !matches!(tokens.word(at - 1), "a" | "an") || !is_sign(tokens, at) {
                continue;
            }
            let seen = matches!(tokens.word(at - 2), "that's" | "it's" | "like" | "is" | "was" | "be" | "not");
            let over = at + 1 == words.end
                || tokens.list()[at].shape.stop >= 2
                || matches!(tokens.word(at + 1), "i" | "yes" | "yeah" | "okay" | "right" | "not" | "no" | "or");
            if !(seen && over) {
                continue;
            }
            let said = out[at.saturating_sub(LAST_SIGN_WORDS_MAX)..at].iter().rev().flatten().next();
            if let Some(category) = said.map(|d| d.category).filter(|c| is_code(*c) && *c != Category::Age) {
                out[at] = Some(caught(category));
            }
        }
    }
}

/// Hides user names that are written as such ("kmorrow_41").
fn user_names(tokens: &Tokens, out: &mut [Option<Decision>]) {
    if !tokens.text().contains('_') {
        return;
    }
    let joins = |w: &[u8]| w[1] == b'_' && w[0].is_ascii_alphanumeric() && w[2].is_ascii_alphanumeric();
    for (at, cell) in out.iter_mut().enumerate() {
        if tokens.word(at).as_bytes().windows(3).any(joins) && !is_mask(tokens, at) {
            cell.get_or_insert(caught(Category::Url));
        }
    }
}

/// Hides the address of who fetches mail from the post office.
fn general_delivery(tokens: &Tokens, out: &mut [Option<Decision>]) {
    for at in (1..out.len()).filter(|at| tokens.word(*at) == "delivery" && tokens.word(at - 1) == "general") {
        out[at - 1..=at].iter_mut().for_each(|cell| _ = cell.get_or_insert(caught(Category::Address)));
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
        let turn = first_sentence(tokens, answer);
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
pub(super) const fn is_code(category: Category) -> bool {
    (is_identifier(category) && !matches!(category, Category::Email | Category::Url | Category::Other))
        || matches!(category, Category::Zip)
}

/// Whether a word is a digit or two in figures, a digit in words, or a letter that is no word.
pub(super) fn is_sign(tokens: &Tokens, word: usize) -> bool {
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
    fn names_that_nothing_else_tells_go() {
        for (turns, want) in [
            (["I've got L-I-N-D-Q-V-I-S-T.", "Okay."], "L-I-N-D-Q-V-I-S-T."),
            (["Receipt 88123. It's 88 dollars.", "Okay."], "88123."),
            (["That's me, the pfarrow_72, but not that computer.", "Okay."], "pfarrow_72,"),
            (["mail goes to general delivery", "okay the general rule is home delivery"], "general delivery"),
            (["You need the 904 on the back?", "No, the 90 on the front."], "904"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn what_is_added_to_a_value_goes() {
        for (turns, want) in [
            (["Your username?", "Yes, it's ptehrani and then 89."], "ptehrani 89."),
            (
                ["My address is 871 Kestrel Lane, Moorhead.", "It's 871? That's 871 dollars."],
                "871 Kestrel Lane, Moorhead. 871?",
            ),
            (["And the date of birth?", "May 3rd, '49. No, '50, I was wrong."], "May 3rd, '49. '50,"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
        let asked = ["and what day were you born", "february eleventh", "of sixty two right", "sixty two yes"];
        assert_eq!(hidden(&asked), "february eleventh of sixty two sixty two");
    }

    #[test]
    fn what_stands_at_the_end_of_a_value_and_the_code_of_a_card_go() {
        let turns = ["Your ID is GT-4190077.", "Okay.", "Hers will be the same with 03 at the end.", "Fine."];
        assert_eq!(hidden(&turns), "GT-4190077. 03");
        let card =
            ["the visa is four one one one two two two two three three three three four four four four", "and code"];
        let said = [card[0], card[1], "three zero nine"];
        assert!(hidden(&said).ends_with(" three zero nine"), "{}", hidden(&said));
        assert_eq!(hidden(&["it comes to 40 at the end of the month", "okay"]), "");
    }

    #[test]
    fn a_digit_that_is_made_out_by_itself_goes() {
        let made_out = "i think that's a three";
        let number = format!("it's six one four oh nine one and {made_out}");
        assert!(hidden(&["the tracking number", &number]).ends_with(" three"));
        assert_eq!(hidden(&["how bad is it from one to ten", made_out]), "");
    }

    #[test]
    fn what_is_corrected_in_an_identifier_goes() {
        let turns = ["The member ID is K 4 4 7 1 0 2 2, right?", "6, not 2."];
        assert_eq!(hidden(&turns), "K 4 4 7 1 0 2 2, 6, 2.");
    }
}
