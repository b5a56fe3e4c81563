//! The spoken view: runs of number words, letters and symbol words, as the digits and letters that
//! they mean. "double four" is 44, "b as in boy" is B, a filler inside a run is skipped, and a run
//! that a back-channel turn has cut is joined.

use super::ends::{self, CUT_OFF_PIECES_MIN, Found};
use super::token::{Token, Tokens};
use crate::model::{Speaker, Transcript, TurnKind};
use crate::patterns::lexicon::bit;
use std::ops::Range;

/// Most words between two pieces of one run ("no wait let me see").
const GAP_WORDS_MAX: usize = 4;
/// Most words of a turn that may cut a run without ending it ("okay go ahead").
const BACKCHANNEL_WORDS_MAX: usize = 4;

/// Spelled abbreviations that are words, not the start of an identifier ("m r n four oh oh").
const ACRONYMS: [&str; 49] = [
    "aarp", "adhd", "ama", "apt", "bmi", "bp", "cpap", "cpt", "ct", "cvc", "cvv", "dea", "dme", "dob", "ecg", "ein",
    "ekg", "eob", "er", "fmla", "hcpcs", "hdhp", "hmo", "hsa", "fsa", "icd", "icu", "id", "iop", "ip", "irs", "iv",
    "ivr", "llc", "mri", "mrn", "ndc", "npi", "otc", "pcp", "pcn", "po", "ppo", "pt", "rx", "sn", "ssn", "url", "vin",
];
/// The same, unless digits follow: then the letters may begin an identifier.
const INITIALISMS: [&str; 62] = [
    "abn", "afib", "als", "aed", "aids", "aob", "bph", "chf", "cms", "cob", "cobra", "copd", "cdc", "dvt", "eap",
    "eft", "ehr", "emr", "eeg", "emg", "eoc", "epo", "eta", "faq", "fda", "gerd", "hiv", "hpv", "hra", "ibs", "ivf",
    "iud", "bmp", "cbc", "cmp", "gyn", "hdl", "ldl", "ot", "psa", "tsh", "mmr", "mrsa", "nicu", "nsaid", "ocd", "pcos",
    "pdf", "picc", "pin", "pos", "ptsd", "rsv", "sbc", "snf", "std", "tdap", "tia", "tmj", "usb", "uti", "vpn",
];
/// Letters of the longest of them.
const ACRONYM_LETTERS_MAX: usize = 5;

/// What one word adds to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Nothing: the word is no part of a run.
    None,
    /// A number spoken as a word, or digits as written.
    Digits,
    /// A letter, spelled or written.
    Letter,
    /// Letters and digits in one written word.
    Mixed,
    /// A symbol word inside a run: dash, dot, slash.
    Symbol,
    /// "as in boy": the words after a letter that explain it.
    Explain,
    /// A filler or correction inside a run.
    Gap,
}

/// A run of pieces, over one or more turns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// Indexes of the words that belong to the run, gaps left out, ascending.
    pub words: Vec<u32>,
    /// What the run means: digits, capital letters, symbols.
    pub text: String,
    /// Number of digits in `text`, at most 65,535.
    pub digits: u16,
    /// Number of letters in `text`, at most 65,535.
    pub letters: u16,
    /// Whether all digits were said one by one or written without separators.
    pub single: bool,
}

impl Run {
    /// What the run means without its symbols: digits and capital letters.
    pub fn value(&self) -> String {
        self.text.chars().filter(char::is_ascii_alphanumeric).collect()
    }

    /// Whether somebody counts: "one two three four", "ten nine eight seven".
    pub fn counts(&self) -> bool {
        match (self.digits as usize, self.letters as usize) {
            (COUNTED_MIN.., 0) => counts(&self.text),
            (0, COUNTED_MIN..) => self.text.as_bytes().windows(2).all(|w| w[0] < u8::MAX && w[0] + 1 == w[1]),
            _ => false,
        }
    }
}

/// Fewest numbers that are counting.
const COUNTED_MIN: usize = 3;
/// Digits that may follow them ("one two three four, four pages").
const AFTER_COUNT_MAX: usize = 2;

/// Whether a text is numbers that go up or down by one: "12345", "10987". From three numbers when they
/// start or end at one, else from four.
fn counts(text: &str) -> bool {
    let starts = [1, 2].into_iter().filter_map(|n| text.get(..n)?.parse::<i32>().ok());
    let goes = |start: i32, by: i32| {
        let (mut rest, mut next, mut terms) = (text, start, 0);
        while let Some((_, after)) = rest.split_at_checked(places(next)).filter(|(term, _)| term.parse() == Ok(next)) {
            (rest, next, terms) = (after, next + by, terms + 1);
        }
        let least = if start == 1 || next - by == 1 { COUNTED_MIN } else { COUNTED_MIN + 1 };
        terms >= least && (rest.is_empty() || terms > least && rest.len() <= AFTER_COUNT_MAX)
    };
    starts.into_iter().any(|start| goes(start, 1) || goes(start, -1))
}

/// How many characters a number has in decimal.
fn places(number: i32) -> usize {
    let digits = 1 + number.unsigned_abs().checked_ilog10().unwrap_or(0);
    usize::from(number < 0) + digits as usize
}

/// The runs of a transcript, and for every word which piece of which run it is.
pub(crate) struct Spoken {
    /// The runs, in order of their first word.
    pub runs: Vec<Run>,
    /// Per word: the run's index plus one (0: none), and what it adds.
    pub of_word: Vec<(u32, Piece)>,
    /// The steps of all runs, in order of their words.
    pub steps: Vec<Step>,
    /// What the steps mean, one behind the other.
    step_text: String,
}

/// A few words and what they mean together: "double four" and "44".
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// First word.
    pub first: u32,
    /// One past the last word.
    pub end: u32,
    text: Range<usize>,
}

impl Spoken {
    /// What a step means: digits, capital letters or symbols.
    pub fn text_of(&self, step: &Step) -> &str {
        &self.step_text[step.text.clone()]
    }

    /// The run that a word belongs to.
    pub fn run_of(&self, word: usize) -> Option<&Run> {
        match self.of_word[word].0 {
            0 => None,
            n => self.runs.get(n as usize - 1),
        }
    }
}

/// Finds all runs.
pub(crate) fn spoken(transcript: &Transcript, tokens: &Tokens) -> Spoken {
    let mut out = Spoken {
        runs: Vec::new(),
        of_word: vec![(0, Piece::None); tokens.list().len()],
        steps: Vec::new(),
        step_text: String::new(),
    };
    let mut found = Found::default();
    // The run that a back-channel turn may have cut, and whose it is: what the other side says back is another.
    let mut cut: Option<(usize, Speaker)> = None;
    for turn in transcript.turns() {
        let range = turn.words.range();
        if range.is_empty() {
            continue;
        }
        let before = out.runs.len();
        let mut open = cut.filter(|(_, speaker)| *speaker == turn.speaker).map(|(run, _)| run);
        let start = range.start + open.map_or(0, |run| explained(&mut out, run, tokens, range.clone()));
        let mut at = start;
        while at < range.end {
            if !may_begin(tokens, at) {
                at += 1;
                continue;
            }
            let skip = acronym(tokens, at, range.end);
            if skip > 0 {
                at += skip;
                continue;
            }
            let goes_on = open.is_some() && at == start;
            at = if scan(tokens, at, range.end, goes_on, &mut found) {
                place(&mut out, &found, open.take_if(|_| goes_on))
            } else {
                at + 1
            };
        }
        let last_here = range.end - 1;
        let ends_in_run = out.of_word[last_here].0;
        if ends_in_run != 0 && turn.kind == TurnKind::Spoken {
            cut = Some((ends_in_run as usize - 1, turn.speaker));
        } else if out.runs.len() > before || !is_backchannel(&tokens.list()[range]) {
            cut = None;
        }
    }
    out
}

/// Whether a run or a spelled abbreviation may begin at this word; most words of a call cannot.
fn may_begin(tokens: &Tokens, at: usize) -> bool {
    let token = &tokens.list()[at];
    let begins = bit::DIGIT | bit::OH | bit::TEEN | bit::TENS | bit::MULTIPLIER | bit::LETTER;
    token.has_digits() || token.is(begins) || token.shape.hyphen
}

/// Words of the spelled abbreviation that starts here, 0 if none does. A pronoun that follows is no letter of it
/// ("my h s a i think").
fn acronym(tokens: &Tokens, at: usize, end: usize) -> usize {
    let mut text = [0_u8; ACRONYM_LETTERS_MAX + 1];
    let mut n = 0;
    for i in at..end.min(at + ACRONYM_LETTERS_MAX + 2) {
        match tokens.word(i).as_bytes() {
            [letter] if letter.is_ascii_alphabetic() && n < text.len() => {
                text[n] = *letter;
                n += 1;
            }
            [letter] if letter.is_ascii_alphabetic() => return 0,
            _ => break,
        }
    }
    let number = bit::DIGIT | bit::OH | bit::TEEN | bit::TENS | bit::MULTIPLIER;
    let follows = tokens.list()[..end].get(at + n);
    let digits_follow = follows.is_some_and(|t| t.has_digits() || t.is(number));
    let known = |text: &[u8]| {
        let one_of = |list: &[&str]| list.iter().any(|a| a.as_bytes() == text);
        text.len() >= 2 && (one_of(&ACRONYMS) || one_of(&INITIALISMS) && !digits_follow)
    };
    match text[..n] {
        ref all if known(all) => n,
        [ref before @ .., b'a' | b'i'] if follows.is_some() && !digits_follow && known(before) => n - 1,
        _ => 0,
    }
}

fn is_backchannel(words: &[Token]) -> bool {
    words.len() <= BACKCHANNEL_WORDS_MAX && words.iter().all(|w| w.is(bit::BACKCHANNEL | bit::FILLER))
}

/// Adds what was found to the transcript's runs, or to the run that was left open; returns the word after it.
fn place(out: &mut Spoken, found: &Found, open: Option<usize>) -> usize {
    let end = found.first + found.pieces.len();
    let index = match open {
        Some(index) => index,
        None => {
            out.runs.push(Run { single: true, ..Run::default() });
            out.runs.len() - 1
        }
    };
    let run = &mut out.runs[index];
    for (offset, piece) in found.pieces.iter().enumerate() {
        let word = found.first + offset;
        out.of_word[word] = (index as u32 + 1, *piece);
        if *piece != Piece::Gap {
            run.words.push(word as u32);
        }
    }
    run.digits = counted(run.digits, &found.text, u8::is_ascii_digit);
    run.letters = counted(run.letters, &found.text, u8::is_ascii_uppercase);
    run.text.push_str(&found.text);
    let before = out.step_text.len();
    out.step_text.push_str(&found.text);
    for (k, (first, end, from)) in found.steps.iter().enumerate() {
        let to = found.steps.get(k + 1).map_or(found.text.len(), |s| s.2);
        out.steps.push(Step { first: *first as u32, end: *end as u32, text: before + from..before + to });
    }
    run.single &= found.single;
    end
}

/// Adds to a run the words at the start of a turn that explain its last letter ("g", and after the other side has cut
/// in, "like golf"); returns how many.
fn explained(out: &mut Spoken, run: usize, tokens: &Tokens, turn: Range<usize>) -> usize {
    let at = turn.start;
    let Some(letter) = out.runs[run].text.bytes().next_back().filter(u8::is_ascii_uppercase) else { return 0 };
    let word = |n: usize| word_before(tokens, at + n, turn.end);
    let begins = |n: usize| begins_with(word(n), letter.to_ascii_lowercase());
    let last = out.runs[run].words.last().map_or("", |w| tokens.word(*w as usize));
    let words = match (word(0), word(1)) {
        ("as", "in") if begins(2) => 3,
        ("like" | "for" | "in", _) if begins(1) => 2,
        _ if begins(0) && matches!(last, "like" | "for" | "in" | "as") => 1,
        _ => 0,
    };
    for i in at..at + words {
        out.of_word[i] = (run as u32 + 1, Piece::Explain);
        out.runs[run].words.push(i as u32);
    }
    if words > 0 {
        let nothing = out.step_text.len()..out.step_text.len();
        out.steps.push(Step { first: at as u32, end: (at + words) as u32, text: nothing });
    }
    words
}

/// A word, or nothing where it stands at `end` or after it.
fn word_before(tokens: &Tokens, i: usize, end: usize) -> &str {
    if i < end { tokens.word(i) } else { "" }
}

/// Whether a word is longer than the letter that it begins with.
fn begins_with(word: &str, letter: u8) -> bool {
    word.len() > 1 && word.as_bytes()[0] == letter
}

/// Adds the bytes of one kind to a count that stays at its top rather than start again.
fn counted(before: u16, text: &str, kind: fn(&u8) -> bool) -> u16 {
    let more = text.bytes().filter(kind).count();
    before.saturating_add(u16::try_from(more).unwrap_or(u16::MAX))
}

/// Scans a run that starts at word `at`, or goes on there from another turn; says whether one does.
fn scan(tokens: &Tokens, at: usize, end: usize, goes_on: bool, found: &mut Found) -> bool {
    let list = tokens.list();
    found.begin(at);
    let mut i = at;
    let mut solid = 0; // pieces up to the last that carries meaning
    let mut strong = false; // some piece that is a run by itself
    let mut gap = 0;
    while i < end && gap <= GAP_WORDS_MAX {
        let from = found.text.len();
        let taken = step(tokens, i, end, found, strong || i > at);
        if taken > 0 {
            let piece = found.pieces[i - at];
            found.steps.push((i, i + taken, from));
            strong |= !matches!(piece, Piece::Letter | Piece::Symbol) || taken > 1;
            i += taken;
            gap = 0;
            solid = i - at;
        } else if (solid > 0 || goes_on) && list[i].is(bit::MULTIPLIER) && i + 1 == end {
            // "Four oh four double", and the other side cuts in.
            found.pieces.push(Piece::Explain);
            found.steps.push((i, end, from));
            strong = true;
            i = end;
            solid = i - at;
        } else if solid > 0 && list[i].is(bit::FILLER) {
            found.pieces.push(Piece::Gap);
            i += 1;
            gap += 1;
        } else {
            break;
        }
    }
    found.pieces.truncate(solid);
    ends::trim(tokens, end, found);
    let letters = found.pieces.iter().filter(|p| **p == Piece::Letter).count();
    !found.pieces.is_empty() && (strong || letters >= 2)
}

/// How often a digit is said at once ("three fours").
const TIMES: Range<u8> = 2..6;

/// The digit of which there are many ("fours").
fn plural(word: &str) -> Option<char> {
    let digit =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].iter().position(|digit| {
            word.strip_prefix(digit)
                .is_some_and(|tail| tail == if *digit == "six" { "es" } else { "s" } || word == "zeroes")
        })?;
    char::from_digit(u32::try_from(digit).ok()?, 10)
}

/// Takes one piece at word `i`: appends its meaning and returns how many words it spans, 0 if none.
fn step(tokens: &Tokens, i: usize, end: usize, found: &mut Found, inside: bool) -> usize {
    let list = tokens.list();
    let token = &list[i];
    let next = |n: usize| (i + n < end).then(|| &list[i + n]);
    let class = token.class;
    if token.has_digits() {
        return written(tokens, i, end, found);
    }
    if is_pause(tokens, i, end) {
        return 0;
    }
    if class.is(bit::MULTIPLIER) {
        let single = |n: &&Token| {
            n.is(bit::DIGIT | bit::OH) || ((n.is(bit::LETTER) || n.has_digits()) && tokens.word(i + 1).len() == 1)
        };
        if let Some(n) = next(1).filter(single) {
            let c = match tokens.word(i + 1).as_bytes() {
                [digit @ b'0'..=b'9'] => char::from(*digit),
                _ if n.is(bit::DIGIT | bit::OH) => char::from(b'0' + n.class.number),
                _ => upper(n.class.letter),
            };
            found.text.extend(std::iter::repeat_n(c, usize::from(class.number)));
            let piece = if c.is_ascii_digit() { Piece::Digits } else { Piece::Letter };
            found.pieces.extend([piece, piece]);
            return 2;
        }
        return 0;
    }
    let goes_on = || next(2).is_some_and(|n| n.has_digits() || n.is(bit::DIGIT | bit::OH | bit::TEEN | bit::TENS));
    if class.is(bit::DIGIT)
        && TIMES.contains(&class.number)
        && let Some(digit) = next(1).and_then(|_| plural(tokens.word(i + 1)))
        && (inside || goes_on())
    {
        found.text.extend(std::iter::repeat_n(digit, usize::from(class.number)));
        found.pieces.extend([Piece::Digits, Piece::Digits]);
        return 2;
    }
    if class.is(bit::DIGIT) && !inside_number(found) && is_pronoun(tokens, i, end) {
        return 0;
    }
    if class.is(bit::DIGIT) {
        let tail = next(1).is_some_and(|n| n.is(bit::HUNDRED | bit::THOUSAND));
        found.text.push(char::from(b'0' + class.number));
        found.pieces.push(Piece::Digits);
        if tail {
            return 1 + magnitude(tokens, i + 1, end, found);
        }
        return 1;
    }
    if class.is(bit::TEEN) {
        found.single = false;
        found.text.push_str(&class.number.to_string());
        found.pieces.push(Piece::Digits);
        return 1 + magnitude(tokens, i + 1, end, found);
    }
    if class.is(bit::TENS) && next(1).is_some_and(|n| n.is(bit::ORDINAL) && (1..10).contains(&n.class.number)) {
        return 0; // "twenty first" is a day, not a number
    }
    if class.is(bit::TENS) {
        found.single = false;
        found.pieces.push(Piece::Digits);
        if let Some(n) = next(1).filter(|n| n.is(bit::DIGIT) && n.class.number > 0) {
            found.text.push_str(&(class.number + n.class.number).to_string());
            found.pieces.push(Piece::Digits);
            return 2 + magnitude(tokens, i + 2, end, found);
        }
        found.text.push_str(&class.number.to_string());
        return 1 + magnitude(tokens, i + 1, end, found);
    }
    let word = tokens.word(i);
    let after_number = matches!(found.pieces.last(), Some(Piece::Digits | Piece::Symbol | Piece::Mixed));
    if class.is(bit::OH)
        && (after_number
            || next(1).is_some_and(|n| n.is(bit::DIGIT | bit::TENS | bit::TEEN | bit::OH | bit::MULTIPLIER)))
    {
        found.text.push('0');
        found.pieces.push(Piece::Digits);
        return 1;
    }
    if class.is(bit::HOMOPHONE) && after_number && next(1).is_some_and(|n| n.is(bit::DIGIT | bit::OH)) {
        found.text.push(char::from(b'0' + class.number));
        found.pieces.push(Piece::Digits);
        return 1;
    }
    if class.is(bit::LETTER) && word.len() == 1 {
        return letter(tokens, i, end, found, inside);
    }
    if word.contains('-') && word.len() >= 3 && word.split('-').all(|p| p.len() == 1) {
        found.text.extend(word.bytes().filter(u8::is_ascii_alphanumeric).map(upper));
        found.pieces.push(Piece::Letter);
        return 1;
    }
    if class.is(bit::SYMBOL) && inside && found.pieces.last().is_some_and(|p| *p != Piece::Gap) {
        let follows = next(1).is_some_and(|n| {
            n.has_digits()
                || n.is(bit::DIGIT | bit::OH | bit::TENS | bit::TEEN | bit::MULTIPLIER)
                || (n.is(bit::LETTER) && tokens.word(i + 1).len() == 1)
        });
        let spelled = found.pieces.last() == Some(&Piece::Letter) && class.letter == b'\'';
        // "Five one eight dash", and the other side cuts in.
        let cut_off = next(1).is_none() && found.pieces.len() >= CUT_OFF_PIECES_MIN;
        if follows && spelled || (follows || cut_off) && matches!(class.letter, b'-' | b'.' | b'/') {
            found.text.push(char::from(class.letter));
            found.pieces.push(Piece::Symbol);
            return 1;
        }
    }
    if class.is(bit::ALPHABET)
        && inside
        && found.pieces.iter().any(|p| matches!(p, Piece::Letter | Piece::Digits | Piece::Mixed))
    {
        let strong = next(1)
            .is_some_and(|n| n.has_digits() || n.is(bit::DIGIT | bit::OH | bit::TENS | bit::TEEN | bit::ALPHABET));
        if strong {
            found.text.push(upper(class.letter));
            found.pieces.push(Piece::Letter);
            return 1;
        }
    }
    0
}

fn inside_number(found: &Found) -> bool {
    matches!(found.pieces.last(), Some(Piece::Digits | Piece::Mixed | Piece::Letter | Piece::Symbol))
}

/// "one moment" and "I mean" within a number: fillers, though "one" and "I" could be part of it.
fn is_pause(tokens: &Tokens, i: usize, end: usize) -> bool {
    i + 1 < end
        && match tokens.word(i) {
            "one" => matches!(tokens.word(i + 1), "moment" | "second" | "sec"),
            "i" => tokens.word(i + 1) == "mean",
            _ => false,
        }
}

/// "one second", "one more time", "another one", "the other one": no digit.
fn is_pronoun(tokens: &Tokens, i: usize, end: usize) -> bool {
    if tokens.word(i) != "one" {
        return false;
    }
    let before = i.checked_sub(1).map_or("", |before| tokens.word(before));
    let next = word_before(tokens, i + 1, end);
    let number = i + 1 < end && {
        let next = &tokens.list()[i + 1];
        next.has_digits() || next.is(bit::DIGIT | bit::OH | bit::TEEN | bit::TENS | bit::MULTIPLIER)
    };
    matches!(
        before,
        "either" | "neither" | "another" | "other" | "different" | "which" | "only" | "wrong" | "every" | "each"
    ) || before == "same" && !number
        || matches!(
            next,
            "second"
                | "sec"
                | "moment"
                | "more"
                | "of"
                | "that"
                | "thing"
                | "minute"
                | "is"
                | "was"
                | "who"
                | "which"
                | "for"
                | "it"
                | "it's"
                | "here"
        )
}

/// A letter, with "as in boy", "like boy", "for boy" after it.
fn letter(tokens: &Tokens, i: usize, end: usize, found: &mut Found, inside: bool) -> usize {
    let list = tokens.list();
    let c = list[i].class.letter;
    let word = |n: usize| word_before(tokens, i + n, end);
    let starts = |n: usize| begins_with(word(n), c);
    if found.pieces.last() != Some(&Piece::Letter) && acronym(tokens, i, end) > 0 {
        return 0;
    }
    let explain = if word(1) == "as" && word(2) == "in" && i + 3 < end {
        2 + words_of_letters(tokens, i + 3..end, &found.text, c)
    } else if inside && word(1) == "as" && word(2) == "in" {
        // The turn ends before the word comes.
        2
    } else if matches!(word(1), "like" | "for") && starts(2) {
        2
    } else if inside && matches!(word(1), "like" | "for") && i + 2 == end || starts(1) && is_alphabet(tokens, i + 1, c)
    {
        1
    } else {
        0
    };
    if explain == 0 && !inside && matches!(c, b'a' | b'i') {
        // An article or a pronoun unless letters go on that say nothing by themselves, or a capital stands before digits.
        let letters = word(1).len() == 1 && list.get(i + 1).is_some_and(|n| n.is(bit::LETTER));
        let goes_on = letters && !matches!(word(1), "a" | "i") && acronym(tokens, i + 1, end) == 0;
        let within = i > 0 && list[i - 1].shape.stop == 0 && !list[i - 1].range().is_empty();
        let capital = c == b'a' && list[i].shape.capital && within && i + 1 < end && list[i + 1].has_digits();
        if !goes_on && !capital || c == b'a' && is_article(tokens, i, end) {
            return 0;
        }
    }
    found.text.push(upper(c));
    found.pieces.push(Piece::Letter);
    found.pieces.extend(std::iter::repeat_n(Piece::Explain, explain));
    1 + explain
}

/// Whether the word stands for a letter in a spelling alphabet.
fn is_alphabet(tokens: &Tokens, word: usize, letter: u8) -> bool {
    tokens.list().get(word).is_some_and(|t| t.is(bit::ALPHABET) && t.class.letter == letter)
}

/// Digits, or letters and digits, as written: `555-0134`, `H411`, `3/5/82`; with "as in boy" behind a last letter.
fn written(tokens: &Tokens, i: usize, end: usize, found: &mut Found) -> usize {
    let token = &tokens.list()[i];
    if token.shape.money || token.shape.at || token.is(bit::ORDINAL) {
        return 0;
    }
    let word = tokens.word(i);
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    if letters > 0 && letters > usize::from(token.shape.digits) + 4 {
        return 0;
    }
    if matches!(found.pieces.last(), Some(Piece::Digits | Piece::Mixed)) && found.text.len() > 1 {
        found.single &= token.shape.digits == 1;
    }
    found.text.extend(
        word.chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | ':'))
            .map(|c| c.to_ascii_uppercase()),
    );
    found.pieces.push(if letters > 0 { Piece::Mixed } else { Piece::Digits });
    // "770612B as in boy"
    let explained = |c: u8| {
        let next = |n: usize| word_before(tokens, i + n, end);
        next(1) == "as" && next(2) == "in" && begins_with(next(3), c)
    };
    let explain = if word.bytes().last().is_some_and(|c| c.is_ascii_alphabetic() && explained(c)) { 3 } else { 0 };
    found.pieces.extend(std::iter::repeat_n(Piece::Explain, explain));
    1 + explain
}

/// Most letters that as many words explain together.
const EXPLAINED_MAX: usize = 4;

/// How many words explain the letters before them: one that explains `last`, or as many as there are letters that they
/// begin with ("p g as in pine grove").
fn words_of_letters(tokens: &Tokens, words: Range<usize>, before: &str, last: u8) -> usize {
    let spelled = before.bytes().rev().take_while(u8::is_ascii_uppercase).take(EXPLAINED_MAX - 1);
    let letters: Vec<u8> = spelled.map(|b| b.to_ascii_lowercase()).collect();
    let begin = |n: usize| {
        let letters = letters[..n - 1].iter().rev().chain([&last]);
        words.start + n <= words.end && letters.zip(words.clone()).all(|(c, w)| begins_with(tokens.word(w), *c))
    };
    (1..=letters.len() + 1).find(|n| begin(*n)).unwrap_or(1)
}

/// Whether an "a" stands before a letter that somebody only names ("Catherine with a k").
fn is_article(tokens: &Tokens, i: usize, end: usize) -> bool {
    let list = tokens.list();
    let (letter, next) = (word_before(tokens, i + 1, end), word_before(tokens, i + 2, end));
    let number = i + 2 < end && {
        let token = &list[i + 2];
        token.has_digits() || token.is(bit::DIGIT | bit::OH | bit::TEEN | bit::TENS | bit::MULTIPLIER)
    };
    let goes_on = next.len() == 1 && next != letter;
    letter.len() == 1 && i > 0 && tokens.word(i - 1) == "with" && !number && !goes_on
}

/// "hundred", "thousand" and what follows, after a number whose digits are already in the text; returns words taken.
fn magnitude(tokens: &Tokens, i: usize, end: usize, found: &mut Found) -> usize {
    let list = tokens.list();
    let Some(m) = list.get(i).filter(|m| i < end && m.is(bit::HUNDRED | bit::THOUSAND)) else { return 0 };
    let zeros = if m.is(bit::HUNDRED) { 2 } else { 3 };
    found.single = false;
    found.pieces.push(Piece::Digits);
    let and = usize::from(i + 1 < end && tokens.word(i + 1) == "and");
    let value = list
        .get(i + 1 + and)
        .filter(|_| i + 1 + and < end)
        .map_or(0, |n| if n.is(bit::DIGIT | bit::TEEN | bit::TENS) { usize::from(n.class.number) } else { 0 });
    if and == 1 && value > 0 {
        found.pieces.push(Piece::Digits);
    }
    // "two thousand six" is 2006: the small number goes into the zeros; bigger ones follow as they are.
    let small = if value == 0 { 0 } else { value.to_string().len() };
    found.text.extend(std::iter::repeat_n('0', zeros.max(small) - small));
    if value == 0 { 1 } else { 1 + and }
}

const fn upper(letter: u8) -> char {
    letter.to_ascii_uppercase() as char
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::token::tokens;
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder};

    /// The texts of the runs in these turns, said by caller and agent in turn.
    pub(in crate::detect) fn runs(turns: &[&str]) -> Vec<String> {
        runs_in(turns).into_iter().map(|r| r.text).collect()
    }

    fn runs_in(turns: &[&str]) -> Vec<Run> {
        let mut b = TranscriptBuilder::new(TimeSource::None);
        for (i, turn) in turns.iter().enumerate() {
            b.turn(TurnKind::Spoken, if i % 2 == 0 { Speaker::Caller } else { Speaker::Agent }, None);
            b.say(Phi::new(turn));
        }
        let transcript = b.build();
        let tokens = tokens(&transcript);
        spoken(&transcript, &tokens).runs
    }

    #[test]
    fn numbers_mean_their_digits() {
        for (said, want) in [
            ("five five five oh one three four", "5550134"),
            ("nineteen eighty two", "1982"),
            ("double four triple seven", "44777"),
            ("oh one three fours nine two sixes", "01444966"),
            ("5 double 7 3", "5773"),
            ("four five and i said", "45"),
            ("that's five one eight dash", "518-"),
            ("five eight dash", "58"),
            ("two thousand six", "2006"),
            ("two thousand and seventeen", "2017"),
            ("twenty one oh four", "2104"),
            ("four five no sorry four six", "4546"),
            ("one hundred", "100"),
            ("forty five hundred", "4500"),
            ("nine to oh", "920"),
        ] {
            assert_eq!(runs(&[said]), [want], "{said}");
        }
    }

    #[test]
    fn a_last_letter_is_explained_behind_what_is_written_too() {
        let words = |said: &str| runs_in(&[said]).swap_remove(0).words;
        assert_eq!(words("770612B as in boy. okay"), [0, 1, 2, 3]);
        assert_eq!(words("770612B as in the last one"), [0]);
    }

    #[test]
    fn a_multiplier_that_is_cut_off_belongs_to_its_run() {
        assert_eq!(runs(&["four oh four double", "okay", "two six"]), ["40426"]);
        assert!(runs(&["i saw", "double"]).is_empty());
    }

    #[test]
    fn letters_are_spelled_in_every_way() {
        for (said, want) in [
            ("b as in boy c as in cat 4", "BC4"),
            ("h like house k like kansas seven", "HK7"),
            ("x foxtrot kilo nine", "XFK9"),
            ("o n e", "ONE"),
            ("H-4-1 double 0", "H-4-100"),
            ("o apostrophe s h e a", "O'SHEA"),
            ("h o p as in", "HOP"),
            ("p g as in pine grove 66", "PG66"),
            ("four-four-one 22 sixty-eight", "4412268"),
        ] {
            assert_eq!(runs(&[said])[0], want, "{said}");
        }
    }

    #[test]
    fn counting_is_told_from_numbers() {
        for text in ["123", "1234", "12344", "321", "10987654", "5678", "891011"] {
            assert!(counts(text), "{text}");
        }
        for text in ["12", "1235", "124", "4321987", "2468", "567", ""] {
            assert!(!counts(text), "{text}");
        }
    }

    #[test]
    fn a_back_channel_turn_does_not_end_a_run() {
        assert_eq!(runs(&["five five five", "okay", "oh one three four"]), ["5550134"]);
        assert_eq!(runs(&["five five five", "and your name", "oh one three four"]), ["555", "0134"]);
        assert_eq!(runs(&["nine nine two one four", "nine nine two one four okay"]), ["99214", "99214"]);
    }

    #[test]
    fn a_letter_may_be_explained_in_the_next_turn() {
        for (turns, want) in [
            (["j as in juliet four g", "uh-huh", "like golf one sixty"], "J4G160"),
            (["it's k for kansas u", "all right", "for umbrella z for zulu"], "KUZ"),
            (["m for mother m for", "okay", "mother one six oh"], "MM160"),
            (["my id is m b", "okay", "mother is my witness"], "MB"),
        ] {
            assert_eq!(runs(&turns)[0], want, "{turns:?}");
        }
    }

    #[test]
    fn abbreviations_have_no_letters_of_the_words_beside_them() {
        for said in
            ["a p p o you know", "with my h s a i could", "is it an e p o", "another one please", "which one is it"]
        {
            assert!(runs(&[said]).is_empty(), "{said}");
        }
        assert_eq!(runs(&["use a different one four four two"]), ["442"]);
        assert_eq!(runs(&["the same one two three four"]), ["1234"]);
    }

    #[test]
    fn a_run_longer_than_can_be_counted_is_still_long() {
        for (said, digits, letters) in [("five ", u16::MAX, 0), ("b ", 0, u16::MAX)] {
            let mut b = TranscriptBuilder::new(TimeSource::None);
            b.turn(TurnKind::Spoken, Speaker::Caller, None);
            b.say(Phi::new(&said.repeat(70_000)));
            let transcript = b.build();
            let runs = spoken(&transcript, &tokens(&transcript)).runs;
            assert_eq!((runs.len(), runs[0].digits, runs[0].letters), (1, digits, letters));
        }
    }

    #[test]
    fn articles_and_pronouns_are_no_letters() {
        assert!(runs(&["i have a dog"]).is_empty());
    }
}
