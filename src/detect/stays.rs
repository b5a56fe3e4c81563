//! What stays after all: counting, codes (`codes.rs`), amounts, years and ordinary words that the model took for
//! values.

use super::codes::{
    CODE_WORDS_MAX, behind_in, billing_codes, is_diagnosis_code, is_make, is_plan, is_short_code, is_slogan, is_year,
};
use super::gather::Scene;
use super::settle::{Decision, Origin, is_identifier};
use super::spoken::{Run, Spoken};
use super::tagger::{category_of, label_of};
use super::token::{Token, Tokens, word};
use crate::model::{Category, Transcript};
use crate::patterns::lexicon::bit;
use std::collections::HashSet;

/// How frequent a word is ([`lists.lower`](crate::patterns::layout::Packed)) that is no part of a number by itself.
pub(super) const ORDINARY_MIN: u32 = 4;

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
    let year = is_year(&run.text) && (!date && behind_in(tokens, first) || alone && is_make(tokens, first, end));
    // Nobody asked for an identifier, and none is named: what looks like something else is that.
    let identifier = taken_for(&is_identifier) && !named;
    let unasked =
        identifier && alone && !open.is_some_and(is_identifier) && (is_short_code(&run.text) || is_slogan(run));
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
    let thing = paid
        || identifier && is_plan(tokens, run, first, end)
        || is_count(tokens, run, out) && (!named && expected.is_none() || is_plural(tokens, end));
    // "Mail the form to 142 Sycamore"
    let placed = taken_for(&|category| category == Category::Address)
        && [first.checked_sub(1), Some(end)]
            .into_iter()
            .any(|at| at.and_then(|at| *out.get(at)?).is_some_and(|d| d.category == Category::Address));
    code && !named && !placed || unasked || thing || year || run.text == "24/7" || date && is_ratio(&run.text) || amount
}

/// Whether values of a category can look like this: cards, telephones and ZIPs have no letters.
pub(super) fn may_be(category: Category, run: &Run) -> bool {
    let digits_alone = matches!(category, Category::Card | Category::Phone | Category::Ssn | Category::Zip);
    !(digits_alone && run.letters > 0)
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
/// Most words between an age and what is said of it.
const AGE_WORDS_MAX: u8 = 3;

/// Shows ages that may stay: what the model takes for an age is none that goes, where it is a number by itself.
pub(super) fn clear_ages(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { spoken, context, .. } = *scene;
    let age = label_of(Category::Age) as u8;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let (before, after) = (context.before[*first as usize], context.after[*last as usize]);
        let said = before.kind == age && before.words < AGE_WORDS_MAX || after.kind == age && after.words == 0;
        let asked = context.asked_at(scene.transcript, *first as usize).last;
        let is = first.checked_sub(1).map_or("", |i| scene.tokens.word(i as usize));
        // "And your birthday?" "Fifty two" is a year there, and "I'm seventy eight" is none.
        let dob = asked.kind == label_of(Category::Dob) as u8;
        let person =
            matches!(is, "i'm" | "am" | "he's" | "she's" | "you're" | "they're" | "turned" | "turns" | "turning");
        let called = person || !dob && matches!(is, "is" | "be" | "was" | "turn" | "makes");
        let young = run.text.len() <= 2 && run.text.parse::<u32>().is_ok_and(|n| n <= AGE_MAX);
        let said = said || asked.kind == age || called;
        let tagged = |w: &u32| {
            out[*w as usize]
                .is_some_and(|d| d.category == Category::Age && matches!(d.origin, Origin::Tagger | Origin::Whole))
        };
        if young && said && run.words.iter().all(tagged) && !is_hundreds(scene.tokens, *first as usize) {
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

/// Whether a number goes on with a hundred before it ("a hundred and two").
fn is_hundreds(tokens: &Tokens, first: usize) -> bool {
    let before = |by: usize| first.checked_sub(by).is_some_and(|i| tokens.list()[i].is(bit::HUNDRED));
    before(1) || before(2) && tokens.word(first - 1) == "and"
}

/// Shows what is no part of a value, wherever it stands: hesitations, and "one" for a thing ("the old [one]. 555 …").
/// A name may be Um, and what the caller knows goes.
pub(super) fn clear_small(tokens: &Tokens, out: &mut [Option<Decision>]) {
    let may_stay = |d: Decision| d.category != Category::Name && !matches!(d.origin, Origin::Given | Origin::Denied);
    for (i, cell) in out.iter_mut().enumerate() {
        let hesitates = matches!(tokens.word(i), "uh" | "um" | "uhm" | "er" | "erm" | "hmm");
        let is_small = hesitates || i > 0 && tokens.word(i) == "one" && is_thing(tokens, i);
        if is_small && cell.is_some_and(may_stay) {
            *cell = None;
        }
    }
}

/// Most words between a day and its time.
const TIME_WORDS_MAX: usize = 6;

/// Shows times of the day behind a whole date ("May 12, [1:00,] or …"). "11:21 2022" is a date.
pub(super) fn clear_times(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let dated =
        |d: Decision| matches!(d.category, Category::Dob | Category::Date) && !matches!(d.origin, Origin::Rule(_));
    for turn in transcript.turns() {
        let words = turn.words.range();
        for at in words.clone() {
            if list[at].shape.inner != b':' || !out[at].is_some_and(dated) {
                continue;
            }
            let goes_on = list[at].shape.stop == 0 && words.contains(&(at + 1)) && list[at + 1].has_digits();
            let mut before = (words.start..at).rev().take(TIME_WORDS_MAX);
            let whole = before.any(|w| out[w].is_some() && list[w].is(bit::MONTH));
            if is_time(tokens.word(at)) && whole && !goes_on {
                out[at] = None;
            }
        }
    }
}

/// Whether a word is an hour and minutes.
fn is_time(word: &str) -> bool {
    let Some((hour, minutes)) = word.split_once(':') else { return false };
    let below = |text: &str, end: u32| text.parse::<u32>().is_ok_and(|n| n < end);
    minutes.len() == 2 && below(hour, 24) && below(minutes, 60)
}

/// Whether "one" is a thing named before, and not the number's first digit.
fn is_thing(tokens: &Tokens, at: usize) -> bool {
    let list = tokens.list();
    let told = matches!(
        tokens.word(at - 1),
        "old" | "new" | "same" | "other" | "this" | "that" | "right" | "wrong" | "first" | "last" | "which" | "another"
    );
    let apart = list[at].shape.stop > 0 && list.get(at + 1).is_some_and(Token::has_digits);
    told && (apart || list.get(at + 1).is_none_or(|next| next.is(bit::FILLER)))
}

/// Shows small words before a date and no part of it ("a birth date [of] march fifth"), and those that the model took for
/// a part of what is shown by now ("the list price [of]").
pub(super) fn clear_edges(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let dated = |d: Decision| matches!(d.category, Category::Dob | Category::Date | Category::Card);
    for turn in transcript.turns() {
        for i in turn.words.range().skip(1) {
            let small = matches!(tokens.word(i), "the" | "of" | "and" | "in" | "at");
            let before = &list[i - 1];
            // "The sixteenth day of june", "january um the first"
            let goes_on = tokens.word(i - 1) == "day"
                || before.is(bit::FILLER | bit::MONTH | bit::ORDINAL | bit::DIGIT | bit::TENS | bit::TEEN)
                || before.has_digits();
            let by_model = out[i].is_some_and(|d| dated(d) && !matches!(d.origin, Origin::Rule(_)));
            let ordinals = |j: usize| list.get(j).is_some_and(|t| t.is(bit::ORDINAL | bit::MONTH));
            // "March third and fourth" are two dates, "two thousand and four" is one.
            let two = tokens.word(i) == "and"
                && list[i - 1].is(bit::ORDINAL)
                && ordinals(i + 1)
                && [out[i - 1], out.get(i + 1).copied().flatten()].iter().all(|d| d.is_some_and(dated));
            // "February twenty sixth of last year"
            let trails = matches!(tokens.word(i), "of" | "and" | "in" | "at")
                && matches!(
                    list.get(i + 1).map(|_| tokens.word(i + 1)),
                    Some("last" | "this" | "next" | "every" | "each")
                );
            if small && by_model && out[i - 1].is_none() && !goes_on || two || trails && out[i].is_some_and(dated) {
                out[i] = None;
            }
        }
    }
}

/// Shows what counts something beside a date and is no part of it: hours and days behind it ("october fifth [five] days"),
/// and ordinals that are none ("the [first] report").
pub(super) fn clear_counts(transcript: &Transcript, tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let dated = |d: Option<Decision>| d.is_some_and(|d| matches!(d.category, Category::Dob | Category::Date));
    for turn in transcript.turns() {
        let words = turn.words.range();
        for i in words.clone().filter(|i| i + 1 < words.end) {
            let (token, next) = (&list[i], &list[i + 1]);
            if !dated(out[i]) || out[i + 1].is_some() || token.shape.stop > 0 {
                continue;
            }
            let counted = next.is(bit::DURATION) || tokens.word(i + 1) == "o'clock";
            if counted && spoken.of_word[i].0 != 0 {
                // "October fourth, twenty five days"
                let same = |w: &usize| spoken.of_word[*w].0 == spoken.of_word[i].0 && list[*w].shape.stop == 0;
                let count: Vec<usize> = (words.start..=i).rev().take_while(same).collect();
                // "December eleven nine o'clock"
                let day = |w: &usize| *w < i && list[*w - 1].is(bit::MONTH);
                if count.len() <= 2 {
                    count.into_iter().filter(|w| *w == words.start || !day(w)).for_each(|w| out[w] = None);
                }
            }
            let single = i > words.start && out[i - 1].is_none() && matches!(tokens.word(i - 1), "the" | "my" | "your");
            let by_model = out[i].is_some_and(|d| d.origin == Origin::Tagger);
            if single && by_model && matches!(tokens.word(i), "first" | "second" | "third") && is_noun(tokens, i + 1) {
                out[i] = None;
            }
        }
    }
}

/// Whether a word that an ordinal stands before is what it counts ("the first film"), and no date goes on ("the first works").
fn is_noun(tokens: &Tokens, word: usize) -> bool {
    let token = &tokens.list()[word];
    let plain = token.class.flags == 0 && token.shape.letters > 2 && !token.has_digits();
    plain
        && token.lists.lower <= NOUN_MAX
        && !matches!(
            tokens.word(word),
            "instead"
                | "works"
                | "please"
                | "again"
                | "afternoon"
                | "morning"
                | "evening"
                | "around"
                | "sounds"
                | "until"
                | "through"
                | "because"
                | "since"
                | "maybe"
                | "would"
                | "could"
        )
}

/// How frequent a word is at most that an ordinal before it counts, and no day of a month.
const NOUN_MAX: u32 = 5;

/// Shows ordinary words that the model took into a number ("… on it", "… one moment"): numbers and codes
/// are said in digits, letters and number words, and those are in runs.
pub(super) fn clear_words(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, spoken, context, .. } = *scene;
    let spoken_value = bit::MONTH | bit::ORDINAL | bit::SYMBOL | bit::ALPHABET | bit::HUNDRED | bit::THOUSAND;
    for i in 0..out.len() {
        let next = out.get(i + 1).copied().flatten();
        let cell = &mut out[i];
        let Some(decision) = *cell else { continue };
        let token = &tokens.list()[i];
        let named = decision.category == Category::Name && decision.origin == Origin::Tagger;
        let dated = matches!(decision.category, Category::Dob | Category::Date) && decision.origin == Origin::Tagger;
        if named
            && (is_weekday(tokens, i, next)
                || is_done(tokens, i)
                || is_future(tokens, i)
                || is_dental(tokens, i)
                || is_vehicle(tokens, i, next)
                || is_fellow(tokens, i)
                || is_article(tokens, i))
            || (named || dated) && is_chance(tokens, i)
            || dated && is_step(tokens, i)
        {
            *cell = None;
            continue;
        }
        let plain = spoken.of_word[i].0 == 0
            && !token.has_digits()
            && (token.lists.lower >= ORDINARY_MIN || context.inside[i] && token.shape.letters > 1)
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
fn is_done(tokens: &Tokens, at: usize) -> bool {
    let auxiliary = |word: &str| {
        matches!(word, "will" | "would" | "can" | "could" | "should" | "must" | "please" | "i'll" | "we'll" | "you'll")
    };
    let [two, one] = [2, 1].map(|by| word(tokens, at.checked_sub(by)));
    let pronoun = matches!(one, "i" | "we" | "you" | "it" | "they" | "he" | "she");
    let token = &tokens.list()[at];
    token.lists.lower >= ORDINARY_MIN
        && !token.shape.capital
        && (auxiliary(one) || pronoun && auxiliary(two))
        && matches!(word(tokens, Some(at + 1)), "the" | "that" | "this" | "it" | "up" | "down" | "your" | "my" | "our")
}

/// Whether a word is a day of the week, and no name before another one ("Sunday Akot").
fn is_weekday(tokens: &Tokens, word: usize, next: Option<Decision>) -> bool {
    let token = &tokens.list()[word];
    let before_name = next.is_some_and(|d| d.category == Category::Name);
    token.is(bit::WEEKDAY) && !(tokens.cased && token.shape.stop == 0 && before_name)
}

/// Whether "major" is what a dental plan pays a share of, and no rank or name ("major work is fifty percent").
fn is_dental(tokens: &Tokens, at: usize) -> bool {
    let next = |by: usize| word(tokens, Some(at + by));
    let counted =
        || tokens.list().get(at + 2).is_some_and(|t| t.has_digits() || t.is(bit::DIGIT | bit::TEEN | bit::TENS));
    tokens.word(at) == "major"
        && (matches!(next(1), "work" | "service" | "services" | "procedure" | "procedures" | "restorative" | "dental")
            || matches!(next(1), "is" | "at") && counted())
}

/// Whether what is said behind this word is a thing, or somebody without a name.
fn is_determiner(word: &str) -> bool {
    matches!(word, "a" | "the" | "that" | "this" | "my" | "your" | "his" | "her" | "our" | "their")
}

/// Whether "van" is what somebody rides in, and no part of a name ("a gray van").
fn is_vehicle(tokens: &Tokens, at: usize, next: Option<Decision>) -> bool {
    let before = word(tokens, at.checked_sub(1));
    let told = is_determiner(before)
        || matches!(before, "transport" | "gray" | "grey" | "white" | "black" | "red" | "blue" | "silver" | "green");
    tokens.word(at) == "van" && told && next.is_none_or(|d| d.category != Category::Name)
}

/// Whether "guy" is somebody whose name is not said ("our safety guy", "the bone guy").
fn is_fellow(tokens: &Tokens, at: usize) -> bool {
    let told = |by: usize| {
        let before = word(tokens, at.checked_sub(by));
        is_determiner(before) || matches!(before, "some" | "same")
    };
    let related = at > 0 && tokens.list()[at - 1].is(bit::RELATION);
    tokens.word(at) == "guy" && !tokens.list()[at].shape.capital && (told(1) || told(2) && !related)
}

/// Whether "a" is said of the one letter behind it ("with a z"), and is no letter itself ("with a n n a").
fn is_article(tokens: &Tokens, at: usize) -> bool {
    let letter = |at: usize| tokens.list().get(at).is_some_and(|t| t.shape.letters == 1 && !t.has_digits());
    tokens.word(at) == "a"
        && !tokens.list()[at].shape.capital
        && matches!(word(tokens, at.checked_sub(1)), "with" | "without" | "like" | "or" | "it's" | "is" | "not")
        && letter(at + 1)
        && !letter(at + 2)
}

/// Whether "march" is what somebody is going to do ("i'll march down").
fn is_step(tokens: &Tokens, at: usize) -> bool {
    tokens.word(at) == "march" && word(tokens, at.checked_sub(1)).ends_with("'ll")
}

/// Whether "will" says what somebody is going to do ("Faith Young will call").
fn is_future(tokens: &Tokens, word: usize) -> bool {
    const DONE: [&str; 36] = [
        "be", "have", "need", "get", "call", "come", "pick", "take", "go", "not", "also", "bring", "see", "let",
        "give", "send", "want", "help", "probably", "just", "still", "do", "know", "never", "make", "answer", "sign",
        "drive", "ask", "tell", "meet", "stay", "he", "she", "it", "they",
    ];
    is_verb(tokens, word, "will", &DONE)
}

/// Whether "may" is no month ("it may have").
fn is_chance(tokens: &Tokens, word: usize) -> bool {
    const DONE: [&str; 18] = [
        "have", "be", "not", "also", "need", "want", "still", "never", "answer", "carry", "get", "feel", "help",
        "cause", "qualify", "apply", "change", "require",
    ];
    is_verb(tokens, word, "may", &DONE)
}

/// Whether this auxiliary stands here in lower case before one of these words.
fn is_verb(tokens: &Tokens, word: usize, auxiliary: &str, before: &[&str]) -> bool {
    let next = (word + 1 < tokens.list().len()).then(|| tokens.word(word + 1));
    let token = &tokens.list()[word];
    tokens.word(word) == auxiliary
        && !token.shape.capital
        && token.shape.stop == 0
        && next.is_some_and(|next| before.contains(&next))
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

#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

    #[test]
    fn hesitations_and_things_stay() {
        for (turns, want) in [
            (["What's your email?", "It's h farah 82 at, uh, loonmail dot com."], "h farah 82 at, loonmail dot com."),
            (["Your phone number?", "No, that's the old one. 262-555-0194."], "262-555-0194."),
            (["My number is 262-555-0194.", "So it's the same one. 262-555-0194."], "262-555-0194. 262-555-0194."),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn times_behind_a_day_stay() {
        for (turns, want) in [
            (["When can you come?", "I've got May 12, 1:00, or May 13 at 7:15."], "May 12, May 13"),
            (["And your date of birth?", "11:21 1962."], "11:21 1962."),
        ] {
            assert_eq!(hidden(&turns), want);
        }
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
            &["it may answer that", "her father may carry her on his plan"],
            &["the last guy wanted nine hundred for it", "and the family maximum is six thousand dollars or so"],
            &["use s a v e fifteen for fifteen percent off your card", "s a v e fifteen great"],
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

    #[test]
    fn ordinary_words_beside_a_value_stay() {
        for (turns, want) in [
            (["katherine with a k but close enough", "okay"], "katherine k"),
            (["hannah with an h and cruz with a z", "okay"], "hannah h cruz z"),
            (["cindy will he be at the house", "okay"], "cindy"),
            (["which one is hannah", "the one with h a n n a h a h"], "hannah h a n n a h a h"),
            (["okay bob smith will pick it up", "okay"], "bob smith"),
            (["see you december eleven nine o'clock sharp", "okay"], "december eleven"),
            (["it was delivered february twenty sixth of last year", "okay"], "february twenty sixth"),
            (["then the one on ridge road is eleven minutes", "okay"], "ridge road"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }
}
