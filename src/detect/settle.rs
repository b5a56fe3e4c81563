//! From chances to stretches: which words are hidden, as what, made whole. A run of digits or letters
//! is hidden whole or not at all, and small words inside a date or a name go with it.

use super::cue::Context;
use super::gather::Scene;
use super::spoken::{Piece, Run, Spoken};
use super::tagger::{Marginals, category_of, label_of};
use super::token::Tokens;
use crate::model::{Category, Finding, Transcript, TurnKind};
use crate::patterns::cues::{CueKind, Role};
use crate::patterns::lexicon::bit;
use crate::patterns::model::LABELS;
use std::collections::{HashMap, HashSet};

/// Below this chance of "may stay" a word is hidden. A leak costs more than a word hidden in vain.
const STAY_MIN: f32 = 0.7;
/// The same behind a title ("doctor"), where a name is likely.
const TITLED_STAY_MIN: f32 = 0.93;
/// How frequent a given name is (10,000 births), or a surname (5,000 people), to be taken for one in a file's name.
const LABEL_GIVEN_MIN: u32 = 3;
const LABEL_SURNAME_MIN: u32 = 3;
/// A run of which at least this share of words is hidden is hidden whole.
const RUN_SHARE: f32 = 0.3;
/// Most words between a cue of codes and a billing code.
const CODE_WORDS_MAX: u8 = 3;
/// How frequent a word is ([`lists.lower`](crate::patterns::layout::Packed)) that is no part of a number by itself.
const ORDINARY_MIN: u32 = 4;
/// Most digits of an amount of money.
const AMOUNT_DIGITS_MAX: u16 = 6;
/// Digits (or letters and digits, at least four of them digits) from which a run that nothing explains is hidden.
const NET_DIGITS_MIN: u16 = 7;
/// The same for a run with "hundred" or "thousand" in it, which are two amounts more often than one number.
const NET_COUNTED_DIGITS_MIN: u16 = 10;

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
    const fn whole(category: Category) -> Self {
        Self { category, score: 0.5, origin: Origin::Whole }
    }
}

/// Decides every word from the model and the rules.
pub(crate) fn settle(scene: &Scene<'_>, marginals: &Marginals, ruled: &[Finding]) -> Vec<Option<Decision>> {
    let Scene { transcript, tokens, spoken, context, phrases, .. } = *scene;
    let mut out: Vec<Option<Decision>> = marginals.rows.iter().map(|row| tagged(row, STAY_MIN)).collect();
    after_titles(transcript, tokens, marginals, &mut out);
    for (r, finding) in ruled.iter().enumerate() {
        for cell in &mut out[finding.words.range()] {
            let rule = Decision { category: finding.category, score: finding.score, origin: Origin::Rule(r as u32) };
            match cell {
                Some(tag) if tag.score >= 0.5 => tag.score = tag.score.max(finding.score),
                _ => *cell = Some(rule),
            }
        }
    }
    for (i, cell) in out.iter_mut().enumerate() {
        if is_mask(tokens, i) {
            *cell = None;
        }
    }
    whole_runs(scene, marginals, &mut out);
    clear_gaps(spoken, &mut out);
    clear_words(tokens, spoken, &mut out);
    connect(transcript, tokens, spoken, &mut out);
    extend_left(transcript, tokens, spoken, context, &mut out);
    lead_ins(transcript, tokens, spoken, context, &mut out);
    whole_cities(tokens, phrases, &mut out);
    cities_between(transcript, tokens, &mut out);
    whole_runs(scene, marginals, &mut out);
    exempt(tokens, spoken, context, &mut out);
    birth_or_other(scene, marginals, &mut out);
    out
}

/// Shows runs that are plainly no value, where only the model saw one: counting aloud, and billing codes
/// behind a cue of codes, with those that follow ("… and …") and wherever the call says them again.
fn exempt(tokens: &Tokens, spoken: &Spoken, context: &Context, out: &mut [Option<Decision>]) {
    let mut codes: HashSet<&str> = HashSet::new();
    // One past the last word of a code: another code may follow it.
    let mut open = None;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let cued = is_coded(context, *first);
        let follows = open.is_some_and(|end: u32| {
            let between = end as usize..*first as usize;
            between.len() <= CODE_WORDS_MAX as usize && between.into_iter().all(|w| tokens.list()[w].lists.lower >= 5)
        });
        open = None;
        if (cued || follows) && parts(spoken, run).iter().all(|part| is_billing_code(part)) {
            codes.insert(&run.text);
            open = Some(last + 1);
        }
    }
    for run in &spoken.runs {
        let Some(first) = run.words.first() else { continue };
        let before = context.before[*first as usize];
        let named = before.words <= CODE_WORDS_MAX && (1..LABELS as u8).contains(&before.kind);
        let code = codes.contains(run.text.as_str()) || is_diagnosis_code(&run.text) || run.counts();
        let date = run.words.iter().all(|w| {
            out[*w as usize].is_none_or(|d| matches!(d.category, Category::Dob | Category::Date | Category::Age))
        });
        let end = run.words.last().map_or(0, |w| *w as usize + 1);
        let money =
            tokens.list().get(end).is_some() && matches!(tokens.word(end), "dollars" | "dollar" | "cents" | "bucks");
        let amount = money && run.letters == 0 && run.digits <= AMOUNT_DIGITS_MAX || is_range(tokens, run) && !named;
        let year = !date && is_year(&run.text) && behind_in(tokens, *first as usize);
        let ratio = date && is_ratio(&run.text);
        if !(code && !named || year || ratio || amount) {
            continue;
        }
        for w in &run.words {
            let cell = &mut out[*w as usize];
            if cell.is_some_and(|d| matches!(d.origin, Origin::Tagger | Origin::Whole)) {
                *cell = None;
            }
        }
    }
}

/// Whether a cue of codes stands right before the word.
fn is_coded(context: &Context, word: u32) -> bool {
    let before = context.before[word as usize];
    before.kind == CueKind::Stays(Role::Code).code() && before.words <= CODE_WORDS_MAX
}

/// The texts of a run's parts, which a word between them ("and") keeps apart.
fn parts(spoken: &Spoken, run: &Run) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut end = None;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return out };
    let from = spoken.steps.partition_point(|s| s.first < *first);
    for step in spoken.steps[from..].iter().take_while(|s| s.first <= *last) {
        match out.last_mut().filter(|_| end == Some(step.first)) {
            Some(part) => part.push_str(&step.text),
            None => out.push(step.text.clone()),
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

/// Two amounts with "to" between them ("one hundred forty to one hundred ninety").
fn is_range(tokens: &Tokens, run: &Run) -> bool {
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
    word > 0 && matches!(tokens.word(word - 1), "in" | "since" | "until" | "through" | "by" | "late" | "early" | "mid")
}

/// Two numbers that are no day and month ("168/92", "80/20"), nor the hours of all days.
fn is_ratio(text: &str) -> bool {
    let Some((a, b)) = text.split_once('/') else { return false };
    let (Ok(a), Ok(b)) = (a.parse::<u32>(), b.parse::<u32>()) else { return false };
    let date = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    !date(a, b) && !date(b, a) || (a, b) == (24, 7)
}

/// Shows ordinary words that the model took into a number ("… on it", "… one moment"): numbers and codes
/// are said in digits, letters and number words, and those are in runs.
fn clear_words(tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let spoken_value = bit::MONTH | bit::ORDINAL | bit::SYMBOL | bit::ALPHABET | bit::HUNDRED | bit::THOUSAND;
    for (i, cell) in out.iter_mut().enumerate() {
        let Some(decision) = *cell else { continue };
        let token = &tokens.list()[i];
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
                out[i] = tagged(&marginals.rows[i], TITLED_STAY_MIN).filter(|d| d.category == Category::Name);
            }
        }
    }
}

/// Hides what stands before a hidden value and belongs to it: capitals before a number ("FE 4470913"), a
/// dash that begins a chunk, and the words of a mail address before "at".
fn extend_left(
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    context: &Context,
    out: &mut [Option<Decision>],
) {
    let list = tokens.list();
    for turn in transcript.turns() {
        let range = turn.words.range();
        for i in range.clone().rev().skip(1) {
            let Some(after) = out[i + 1] else { continue };
            if out[i].is_some() || is_mask(tokens, i) {
                continue;
            }
            let token = &list[i];
            let in_run = spoken.of_word[i + 1].0 != 0;
            let prefix = token.shape.upper
                && (2..=4).contains(&token.shape.letters)
                && token.shape.stop < 2
                && !context.inside[i];
            let chunk = matches!(tokens.word(i), "dash" | "hyphen") && (i == range.start || out[i - 1].is_some());
            let mail = matches!(after.category, Category::Email | Category::Url)
                && token.lists.lower < 6
                && token.shape.stop == 0
                && !token.is(bit::FILLER | bit::BACKCHANNEL | bit::DOMAIN)
                && !context.inside[i];
            if (in_run && is_identifier(after.category) && (prefix || chunk)) || mail {
                out[i] = Some(Decision::whole(after.category));
            }
        }
    }
}

/// Most fillers, and most turns, between the letters that begin an identifier and its digits.
const LEAD_FILLERS_MAX: usize = 4;
const LEAD_TURNS_MAX: usize = 2;

/// Hides letters that begin an identifier and were said before a break: "INC, sorry, 311498", or "M" and
/// the digits in the speaker's next turn.
fn lead_ins(
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    context: &Context,
    out: &mut [Option<Decision>],
) {
    let list = tokens.list();
    for run in spoken.runs.iter().filter(|r| r.digits > 0) {
        let Some(first) = run.words.first().map(|w| *w as usize) else { continue };
        let Some(decision) = out[first].filter(|d| is_identifier(d.category)) else { continue };
        let Some(i) = lead_in(transcript, tokens, first) else { continue };
        let token = &list[i];
        let letter = token.shape.letters == 1 && !matches!(tokens.word(i), "a" | "i");
        let capitals = token.shape.upper && (2..=4).contains(&token.shape.letters) && !token.is(bit::STATE | bit::ORG);
        if out[i].is_none()
            && !is_mask(tokens, i)
            && !token.has_digits()
            && !context.inside[i]
            && spoken.run_of(i).is_none_or(|r| r.digits == 0)
            && (letter || capitals)
        {
            out[i] = Some(Decision::whole(decision.category));
        }
    }
}

/// The word before this one, past fillers and turns in which the other side only listens.
fn lead_in(transcript: &Transcript, tokens: &Tokens, word: usize) -> Option<usize> {
    let turns = transcript.turns();
    let list = tokens.list();
    let small = bit::FILLER | bit::BACKCHANNEL;
    let mut t = turns.partition_point(|t| t.words.end as usize <= word);
    let speaker = turns.get(t)?.speaker;
    let mut i = word;
    let mut fillers = 0;
    for _ in 0..=LEAD_TURNS_MAX {
        while i > turns[t].words.start as usize && list[i - 1].is(small) && list[i - 1].shape.letters > 1 {
            i -= 1;
            fillers += 1;
        }
        if fillers > LEAD_FILLERS_MAX {
            return None;
        }
        if i > turns[t].words.start as usize {
            return (turns[t].speaker == speaker).then_some(i - 1);
        }
        t = t.checked_sub(1)?;
        if turns[t].kind != TurnKind::Spoken {
            return None;
        }
        i = turns[t].words.end as usize;
    }
    None
}

const fn is_identifier(category: Category) -> bool {
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

/// Hides the whole name of a city of which a word is hidden ("truth or consequences").
fn whole_cities(tokens: &Tokens, phrases: &[u8], out: &mut [Option<Decision>]) {
    let mut at = 0;
    while at < phrases.len() {
        let len = 1 + phrases[at + 1..].iter().take_while(|p| **p == 2).count();
        if phrases[at] == 1 || phrases[at] == 4 {
            let after = out.get(at + len).copied().flatten();
            let placed = at > 0
                && out[at - 1].is_some_and(|d| d.category == Category::Address)
                && (after.is_some_and(|d| d.category == Category::Zip)
                    || tokens.list().get(at + len).is_some_and(|t| t.is(bit::STATE)));
            let city = Decision { category: Category::City, score: 0.7, origin: Origin::Whole };
            let found = out[at..at + len].iter().flatten().find(|d| d.category == Category::City).copied();
            let found = found.or(placed.then_some(city));
            if let Some(decision) = found {
                for (i, free) in (at..).zip(&mut out[at..at + len]).filter(|(_, d)| d.is_none()) {
                    if !is_mask(tokens, i) {
                        *free = Some(Decision { origin: Origin::Whole, ..decision });
                    }
                }
            }
        }
        at += len;
    }
}

/// Most words of a city between its street and its state or ZIP.
const CITY_WORDS_MAX: usize = 3;

/// Hides what stands between an address and its ZIP, or its state and ZIP: a city, known or not.
fn cities_between(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let is =
        |cell: Option<&Option<Decision>>, category| cell.copied().flatten().is_some_and(|d| d.category == category);
    for turn in transcript.turns() {
        let range = turn.words.range();
        for first in range.start + 1..range.end {
            if out[first].is_some() || !is(out.get(first - 1), Category::Address) {
                continue;
            }
            let len = (first..range.end).take_while(|i| out[*i].is_none() && !list[*i].is(bit::STATE)).count();
            if !(1..=CITY_WORDS_MAX).contains(&len) {
                continue;
            }
            let end = first + len;
            let state = list[end.min(range.end)..range.end].iter().take_while(|t| t.is(bit::STATE)).count();
            let zip = end + state < range.end && is(out.get(end + state), Category::Zip)
                || end < range.end && is(out.get(end), Category::City);
            let function = bit::FILLER | bit::BACKCHANNEL | bit::DIGIT | bit::UNIT | bit::DIRECTION;
            let words = (first..end).all(|i| !is_mask(tokens, i) && !list[i].is(function) && list[i].shape.letters > 1);
            let apart = list[first..end - 1].iter().any(|t| t.shape.stop >= 2);
            let plain = (first..end)
                .any(|i| matches!(tokens.word(i), "is" | "the" | "and" | "zip" | "in" | "my" | "code" | "at"));
            if zip && words && !apart && !plain {
                out[first..end].fill(Some(Decision { category: Category::City, score: 0.7, origin: Origin::Whole }));
            }
        }
    }
}

/// Hides whole runs of which a part is hidden, under the category that most speaks for, here and wherever
/// the call says the same again.
fn whole_runs(scene: &Scene<'_>, marginals: &Marginals, out: &mut [Option<Decision>]) {
    let spoken = scene.spoken;
    let mut pooled: HashMap<String, Votes> = HashMap::new();
    let chosen: Vec<(&Run, String)> =
        spoken.runs.iter().filter(|run| mostly_hidden(spoken, run, out)).map(|run| (run, run.value())).collect();
    for (run, value) in &chosen {
        let votes = pooled.entry(value.clone()).or_insert([0.0; LABELS]);
        for w in counted(spoken, run) {
            for (vote, p) in votes.iter_mut().zip(&tempered(&marginals.rows[w])) {
                *vote += p;
            }
            if let Some(Decision { category, score, origin: Origin::Rule(_) }) = out[w] {
                votes[label_of(category)] += score;
            }
        }
        surroundings(scene, run, out, votes);
    }
    for (run, value) in &chosen {
        let votes = &pooled[value];
        let split = run_is_split(out, &run.words);
        let best = (1..LABELS).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).and_then(category_of);
        for w in run.words.iter().map(|w| *w as usize) {
            match &mut out[w] {
                None => out[w] = best.map(Decision::whole),
                Some(decision) if !split => decision.category = best.unwrap_or(decision.category),
                Some(_) => {}
            }
        }
    }
}

/// The model's chances, less sure of themselves: it learns from words and is too sure of what a whole value is.
fn tempered(row: &[f32; LABELS]) -> Votes {
    let roots = row.map(f32::cbrt);
    let sum: f32 = roots.iter().sum();
    roots.map(|r| r / sum)
}

/// What a cue before a run, one in an earlier turn, and the place in an address are worth, in votes of one of
/// the run's words each.
const CUE_VOTE: f32 = 0.4;
const ASKED_VOTE: f32 = 0.15;
const PLACE_VOTE: f32 = 0.8;
/// Most words between a run and a cue that names it.
const CUE_WORDS_MAX: u8 = 5;

/// Adds what stands around a run to the votes for its category.
fn surroundings(scene: &Scene<'_>, run: &Run, out: &[Option<Decision>], votes: &mut Votes) {
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return };
    let (first, last) = (*first as usize, *last as usize);
    let weight = counted(scene.spoken, run).count() as f32;
    let numeric = |kind: u8| category_of(kind as usize).is_some_and(is_identifier);
    let cue = scene.context.before[first];
    if numeric(cue.kind) && cue.words <= CUE_WORDS_MAX {
        votes[cue.kind as usize] += CUE_VOTE * weight;
    }
    let asked = scene.context.asked_at(scene.transcript, first).last;
    if numeric(asked.kind) && cue.kind == 0 {
        votes[asked.kind as usize] += ASKED_VOTE * weight;
    }
    if run.digits == 0 && run.letters > 2 && matches!(category_of(cue.kind as usize), None | Some(Category::Name)) {
        votes[label_of(Category::Name)] += CUE_VOTE * weight;
    }
    let list = scene.tokens.list();
    let is = |i: Option<usize>, category| {
        i.and_then(|i| out.get(i)).copied().flatten().is_some_and(|d| d.category == category)
    };
    let state = first > 0 && list[first - 1].is(bit::STATE) && list[first - 1].shape.stop < 2;
    if matches!(run.digits, 5 | 9) && run.letters == 0 && (state || is(first.checked_sub(1), Category::City)) {
        votes[label_of(Category::Zip)] += PLACE_VOTE * weight;
    }
    let street = list.get(last + 1).is_some_and(|t| t.shape.letters > 1 && !t.is(bit::STATE));
    if run.digits <= 6 && street && is(Some(last + 1), Category::Address) && list[last].shape.stop < 2 {
        votes[label_of(Category::Address)] += PLACE_VOTE * weight;
    }
}

/// What speaks for a date of birth, and for another date, in votes of one of its words each.
const BIRTH_VOTE: f32 = 0.3;
const OTHER_DATE_VOTE: f32 = 0.9;
/// Last year from which a date is as likely a birthday as an appointment.
const BIRTH_YEAR_MAX: u32 = 2018;

fn has_birth_year(scene: &Scene<'_>, words: std::ops::Range<usize>) -> bool {
    words.into_iter().any(|w| {
        let text = scene.spoken.run_of(w).map_or("", |run| run.text.as_str());
        let digits = text.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        match digits.len() {
            4.. => digits[digits.len() - 4..].parse().is_ok_and(|year: u32| (1900..=BIRTH_YEAR_MAX).contains(&year)),
            2 => text.contains(['/', '-']) && digits.parse().is_ok_and(|year: u32| year > BIRTH_YEAR_MAX % 100),
            _ => false,
        }
    })
}

/// Decides for each date that is hidden whether it is one of birth: by the model, and by what was asked or
/// said before it. A date that nobody called a birthday is none.
fn birth_or_other(scene: &Scene<'_>, marginals: &Marginals, out: &mut [Option<Decision>]) {
    let is_date = |d: &Option<Decision>| d.is_some_and(|d| matches!(d.category, Category::Dob | Category::Date));
    let kind = |category| label_of(category) as u8;
    for (t, turn) in scene.transcript.turns().iter().enumerate() {
        let range = turn.words.range();
        let mut at = range.start;
        while at < range.end {
            let len = out[at..range.end].iter().take_while(|d| is_date(d)).count();
            if len == 0 {
                at += 1;
                continue;
            }
            let words = at..at + len;
            let sum = |label: usize| words.clone().map(|w| tempered(&marginals.rows[w])[label]).sum::<f32>();
            let (birth, other) = (sum(label_of(Category::Dob)), sum(label_of(Category::Date)));
            let (cue, asked) = (scene.context.before[at].kind, scene.context.asked[t]);
            let called = cue == kind(Category::Dob)
                || cue == 0 && [asked.first.kind, asked.last.kind].contains(&kind(Category::Dob));
            let lean = if called {
                BIRTH_VOTE
            } else if scene.context.after[at + len - 1].kind == kind(Category::Dob)
                || has_birth_year(scene, words.clone())
            {
                0.0
            } else {
                -OTHER_DATE_VOTE
            };
            let category = if birth + lean * len as f32 > other { Category::Dob } else { Category::Date };
            for decision in out[words].iter_mut().flatten() {
                decision.category = category;
            }
            at += len;
        }
    }
}

/// Chances summed over words, by label.
type Votes = [f32; LABELS];

/// The words of a run that carry its meaning.
fn counted<'a>(spoken: &'a Spoken, run: &'a Run) -> impl Iterator<Item = usize> + 'a {
    let counts = |w: &usize| !matches!(spoken.of_word[*w].1, Piece::Symbol | Piece::Explain);
    run.words.iter().map(|w| *w as usize).filter(counts)
}

fn mostly_hidden(spoken: &Spoken, run: &Run, out: &[Option<Decision>]) -> bool {
    let all = counted(spoken, run).count();
    let hidden = counted(spoken, run).filter(|w| out[*w].is_some()).count();
    hidden > 0 && hidden as f32 >= RUN_SHARE * all as f32
}

/// Shows the fillers between the pieces of a run, which are no part of the value.
fn clear_gaps(spoken: &Spoken, out: &mut [Option<Decision>]) {
    for (cell, (_, piece)) in out.iter_mut().zip(&spoken.of_word) {
        if *piece == Piece::Gap && cell.is_some_and(|d| d.category != Category::Name) {
            *cell = None;
        }
    }
}

/// Whether the model sees two values in one run, each at least two words long ("six twenty two fifty" "one four six oh").
fn run_is_split(out: &[Option<Decision>], words: &[u32]) -> bool {
    let hidden: Vec<(u32, Category)> = words.iter().filter_map(|w| Some((*w, out[*w as usize]?.category))).collect();
    let changes: Vec<usize> = (1..hidden.len()).filter(|i| hidden[*i].1 != hidden[i - 1].1).collect();
    // Where the other side cut in, one value goes on: only words that follow each other can be two.
    matches!(changes.as_slice(), [at] if *at >= 2 && hidden.len() - at >= 2 && hidden[*at].0 == hidden[at - 1].0 + 1)
}

/// Hides what belongs to a hidden neighbour: small words inside a date or a name, the day or year after a
/// hidden month, the number of a unit, the street word and the house number of an address.
fn connect(transcript: &Transcript, tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    for turn in transcript.turns() {
        let range = turn.words.range();
        street_goes_on(transcript, tokens, range.start, out);
        for i in range.clone().skip(1) {
            if out[i].is_some() || is_mask(tokens, i) {
                continue;
            }
            let Some(before) = out[i - 1] else { continue };
            let word = tokens.word(i);
            let number = spoken.of_word[i].0 != 0 || list[i].is(bit::ORDINAL);
            let after = out.get(i + 1).copied().flatten().filter(|_| i + 1 < range.end);
            let next_number = i + 1 < range.end && (spoken.of_word[i + 1].0 != 0 || list[i + 1].is(bit::ORDINAL));
            let numbered = i + 2 < range.end && tokens.word(i + 1) == "number" && (spoken.of_word[i + 2].0 != 0);
            let same = after.is_some_and(|a| a.category == before.category);
            let date = matches!(before.category, Category::Dob | Category::Date | Category::Card);
            let joins = match before.category {
                _ if matches!(word, "dash" | "hyphen" | "dot" | "underscore" | "slash" | "at") => same,
                Category::Dob | Category::Date | Category::Card if list[i - 1].is(bit::MONTH) => {
                    (number && spoken.run_of(i).is_none_or(|r| r.digits <= 8))
                        || (matches!(word, "the" | "of") && next_number)
                }
                _ if date && matches!(word, "the" | "of" | "and") => {
                    (same && near_month(tokens, i))
                        || word == "of" && next_number && (number_of(spoken, i - 1) || list[i - 1].is(bit::ORDINAL))
                        || list[i - 1].is(bit::ORDINAL)
                            && list.get(i + 1).is_some_and(|n| n.is(bit::MONTH) && after.is_some())
                }
                _ if date && matches!(tokens.word(i - 1), "the" | "of") => number,
                Category::Name => list[i].is(bit::PARTICLE) && after.is_some_and(|a| a.category == Category::Name),
                Category::Address => {
                    (list[i].is(bit::STREET) && !list[i].is(bit::PLACEWORD))
                        || (list[i].is(bit::UNIT) && (next_number || numbered) && !matches!(word, "floor" | "room"))
                        || (list[i - 1].is(bit::UNIT) && (number || word == "number"))
                        || (tokens.word(i - 1) == "number" && number)
                }
                _ => false,
            };
            if joins {
                out[i] = Some(Decision::whole(before.category));
            }
        }
        for i in range.clone().rev().skip(1) {
            let Some(after) = out[i + 1].filter(|a| a.category == Category::Address) else { continue };
            let house = spoken.run_of(i).is_some_and(|r| r.letters == 0 && r.digits <= 6);
            if out[i].is_none() && !is_mask(tokens, i) && (house || list[i].is(bit::DIRECTION)) {
                out[i] = Some(Decision::whole(after.category));
            }
        }
    }
}

/// Hides a street word that begins a turn, where the speaker's last words were an address.
fn street_goes_on(transcript: &Transcript, tokens: &Tokens, word: usize, out: &mut [Option<Decision>]) {
    let street = tokens.list().get(word).is_some_and(|t| t.is(bit::STREET) && !t.is(bit::PLACEWORD));
    if street && out[word].is_none() {
        let address = |i: &usize| out[*i].is_some_and(|d| d.category == Category::Address);
        if lead_in(transcript, tokens, word).filter(address).is_some() {
            out[word] = Some(Decision::whole(Category::Address));
        }
    }
}

fn number_of(spoken: &Spoken, word: usize) -> bool {
    spoken.run_of(word).is_some_and(|r| r.letters == 0)
}

fn near_month(tokens: &Tokens, i: usize) -> bool {
    [i - 1, i + 1].iter().any(|j| tokens.list()[*j].is(bit::MONTH)) || tokens.list()[i - 1].is(bit::ORDINAL)
}

/// Hides what nothing explains: runs with many digits that are neither hidden nor counted up.
pub(crate) fn net(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { spoken, tokens, context, .. } = *scene;
    for run in &spoken.runs {
        let free = run.words.iter().all(|w| out[*w as usize].is_none());
        let counted = run.words.iter().any(|w| tokens.list()[*w as usize].is(bit::HUNDRED | bit::THOUSAND));
        if !free
            || run.digits < NET_DIGITS_MIN
            || counted && run.digits < NET_COUNTED_DIGITS_MIN
            || counts_up(&run.text)
            || run.words.first().is_some_and(|w| is_coded(context, *w))
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
