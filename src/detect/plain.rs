//! Words that stay after all, by themselves: hesitations, what stands beside a date, ordinary words that the model took
//! for names or for parts of values.

use super::gather::Scene;
use super::settle::{Decision, Origin};
use super::spoken::{Run, Spoken};
use super::tagger::category_of;
use super::token::{Token, Tokens, word};
use crate::model::{Category, Transcript};
use crate::patterns::lexicon::{bit, lists_of_word};
use std::ops::Range;

/// How frequent a word is ([`lists.lower`](crate::patterns::layout::Packed)) that is no part of a number by itself.
pub(super) const ORDINARY_MIN: u32 = 4;

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

/// Most digits of a number that one side says and the other repeats; longer ones spread instead.
const ECHO_DIGITS_MAX: u16 = 3;

/// Shows a number that begins a turn and only repeats what the other side has just said and nobody hid ("the copay was
/// forty seven" "[forty seven] lord have mercy"). What may be a house number does so only as a time of the day.
pub(super) fn clear_echoes(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { transcript, tokens, spoken, .. } = *scene;
    let is_address = |w: &u32| out[*w as usize].is_some_and(|d| d.category == Category::Address);
    let by_model =
        |w: &u32| out[*w as usize].is_some_and(|d| matches!(d.origin, Origin::Tagger | Origin::Whole | Origin::Net));
    let is_open = |run: &&Run| run.words.iter().all(|w| out[*w as usize].is_none());
    let mut echoes = Vec::new();
    for pair in transcript.turns().windows(2) {
        let first = pair[1].words.range().take(2).take_while(|w| out[*w].is_none() || spoken.run_of(*w).is_some());
        let Some(run) = first.into_iter().find_map(|w| spoken.run_of(w)) else { continue };
        let small = match run.words.iter().any(is_address) {
            true => is_said_clock(tokens, run),
            false => run.letters == 0 && run.digits <= ECHO_DIGITS_MAX,
        };
        if pair[0].speaker == pair[1].speaker || !small || !run.words.iter().all(by_model) {
            continue;
        }
        let mut said = pair[0].words.range().filter_map(|w| spoken.run_of(w)).filter(is_open);
        if said.any(|before| before.letters == 0 && before.text == run.text) {
            echoes.extend(run.words.iter().map(|w| *w as usize));
        }
    }
    echoes.into_iter().for_each(|w| out[w] = None);
}

/// Shows times of the day that the model took for house numbers ("i have [seven thirty] or three ten").
pub(super) fn clear_clock(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, spoken, context, .. } = *scene;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let (first, end) = (*first as usize, *last as usize + 1);
        let is_address =
            |w: &u32| out[*w as usize].is_some_and(|d| d.category == Category::Address && d.origin == Origin::Tagger);
        let offered = matches!(word(tokens, first.checked_sub(1)), "have" | "got" | "at" | "around" | "about")
            || !run.single && [first.checked_sub(1), Some(end)].into_iter().any(|at| word(tokens, at) == "or");
        let placed = category_of(context.before[first].kind as usize) == Some(Category::Address);
        if run.words.iter().all(is_address)
            && is_alone(scene, first..end, out)
            && offered
            && !placed
            && is_said_clock(tokens, run)
        {
            (first..end).for_each(|w| out[w] = None);
        }
    }
}

/// Whether nothing is hidden right before and behind these words of a turn.
pub(super) fn is_alone(scene: &Scene<'_>, words: Range<usize>, out: &[Option<Decision>]) -> bool {
    let transcript = scene.transcript;
    let turn = transcript.turns().get(transcript.turn_of(words.start)).map_or(0..0, |turn| turn.words.range());
    let hidden = |at: Option<usize>| at.is_some_and(|at| turn.contains(&at) && out[at].is_some());
    !hidden(words.start.checked_sub(1)) && !hidden(Some(words.end))
}

/// Whether a run is an hour and minutes in words ("seven thirty").
fn is_said_clock(tokens: &Tokens, run: &Run) -> bool {
    let in_words = run.words.iter().all(|w| !tokens.list()[*w as usize].has_digits());
    in_words && run.letters == 0 && is_clock(&run.text)
}

/// Whether digits are an hour and minutes ("730", "1106").
fn is_clock(text: &str) -> bool {
    let Some((hour, minutes)) = text.len().checked_sub(2).and_then(|at| text.split_at_checked(at)) else {
        return false;
    };
    let within = |text: &str, range: Range<u32>| text.parse().is_ok_and(|n| range.contains(&n));
    within(hour, 1..13) && within(minutes, 0..60)
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
            if !matches!(tokens.word(i), "the" | "of" | "and" | "in" | "at") {
                continue;
            }
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
            if by_model && out[i - 1].is_none() && !goes_on || two || trails && out[i].is_some_and(dated) {
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
        let before = i.checked_sub(1).and_then(|before| out[before]);
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
                || is_article(tokens, i)
                || is_never(tokens, i))
            || is_share(token)
            || decision.category == Category::City && is_asked_city(tokens, i, before)
            || (named || dated) && is_chance(tokens, i)
            || dated && (is_step(tokens, i) || is_party(tokens, i))
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

/// Words that no name is, though lists of ordinary words have few of them.
const NEVER: [&str; 15] = [
    "wi-fi",
    "wifi",
    "hyphenated",
    "he/him",
    "she/her",
    "they/them",
    "mija",
    "mijo",
    "mi'ja",
    "mi'jo",
    "abuela",
    "abuelo",
    "aight",
    "preciate",
    "perdon",
];
/// Abbreviations of examinations, therapies and wards that are no given names.
const WARDS: [&str; 5] = ["ct", "pt", "ot", "icu", "mri"];

/// Whether a word is nobody's name: one of these, an abbreviation in capitals, or an ordinary word with what it will do
/// ("security'll").
fn is_never(tokens: &Tokens, at: usize) -> bool {
    let (word, shape) = (tokens.word(at), &tokens.list()[at].shape);
    let does = || {
        let lists = word.strip_suffix("'ll").map(lists_of_word);
        lists.is_some_and(|lists| lists.lower > 0 && lists.given == 0 && lists.surname < SURNAME_MIN)
    };
    NEVER.contains(&word) || shape.upper && WARDS.contains(&word) || does()
}

/// How frequent a surname is that an ordinary word with "'ll" may be.
const SURNAME_MIN: u32 = 2;

/// Whether a word is a share or a sum of money ("84%", "$12").
const fn is_share(token: &Token) -> bool {
    token.shape.money && token.has_digits() && token.shape.letters == 0
}

/// Whether "city" is what somebody asks for, and no part of a name.
fn is_asked_city(tokens: &Tokens, at: usize, before: Option<Decision>) -> bool {
    let begins = |last: usize| {
        let street = tokens.list()[last].is(bit::STREET) && before.is_some_and(|d| d.category == Category::Address);
        tokens.list()[last].shape.stop >= 2 || before.is_none() || street
    };
    tokens.word(at) == "city" && at.checked_sub(1).is_none_or(begins)
}

/// Whether "march" is what somebody is going to do ("i'll march down").
fn is_step(tokens: &Tokens, at: usize) -> bool {
    tokens.word(at) == "march" && word(tokens, at.checked_sub(1)).ends_with("'ll")
}

/// Whether "third" is said of who pays besides ("a third party").
fn is_party(tokens: &Tokens, at: usize) -> bool {
    tokens.word(at) == "third" && matches!(word(tokens, Some(at + 1)), "party" | "parties" | "party's")
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
    fn what_repeats_a_number_that_stays_stays_too_and_so_do_times_shares_and_questions() {
        for turns in [
            &["and the advair was forty seven last time", "forty seven lord have mercy"][..],
            &["it's covered up to twenty visits a year", "twenty okay and have we used any"],
            &["he's out on monday i've got eight forty or ten twenty", "okay ten twenty"],
            &["alright time of call i have eleven oh six", "eleven oh six thanks"],
            &["His oxygen is low. He was at 84%.", "Okay."],
            &["Is the last name hyphenated?", "It's he/him. And a CT, with PT after."],
        ] {
            assert_eq!(hidden(turns), "", "{turns:?}");
        }
        let asked = ["And your address?", "206 Halsted Place, second floor. City? Dover."];
        assert_eq!(hidden(&asked), "206 Halsted Place, second floor. Dover.");
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
