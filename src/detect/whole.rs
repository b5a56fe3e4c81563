//! Values as wholes: a run of digits or letters is hidden whole or not at all, and what it is follows from all
//! its words, what was asked, what stands around it, and wherever the call says it again.

use super::answer::reads_as_date;
use super::codes::is_of_case;
use super::gather::Scene;
use super::role;
use super::settle::{Decision, Origin, is_identifier};
use super::spoken::{Piece, Run, Spoken};
use super::tagger::{Marginals, category_of, label_of};
use crate::model::Category;
use crate::patterns::lexicon::bit;
use crate::patterns::weights::LABELS;
use std::collections::{HashMap, HashSet};

/// A run of which at least this share of words is hidden is hidden whole.
const RUN_SHARE: f32 = 0.3;

/// What speaks for each label of a run, whatever has been decided: the model, and the words all around the run. Each run is
/// asked about once.
pub(super) struct Leanings<'a> {
    scene: &'a Scene<'a>,
    marginals: &'a Marginals,
    /// By the place of the run in the call.
    votes: Vec<Option<Votes>>,
}

impl<'a> Leanings<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, marginals: &'a Marginals) -> Self {
        Self { scene, marginals, votes: vec![None; scene.spoken.runs.len()] }
    }

    fn of(&mut self, at: usize) -> &Votes {
        let Self { scene, marginals, votes } = self;
        votes[at].get_or_insert_with(|| {
            let run = &scene.spoken.runs[at];
            let mut votes = role::chances(scene, run);
            let weight = ROLE_VOTE * counted(scene.spoken, run).count() as f32;
            votes.iter_mut().for_each(|vote| *vote *= weight);
            for w in counted(scene.spoken, run) {
                votes.iter_mut().zip(&tempered(marginals.of(w))).for_each(|(vote, chance)| *vote += chance);
            }
            votes
        })
    }
}

/// Hides whole runs of which a part is hidden, under the category that most speaks for, here and wherever
/// the call says the same again.
pub(super) fn whole_runs(scene: &Scene<'_>, leanings: &mut Leanings<'_>, out: &mut [Option<Decision>]) {
    let spoken = scene.spoken;
    let mut pooled: HashMap<String, Votes> = HashMap::new();
    let mut chosen: Vec<(&Run, String)> = Vec::new();
    for (at, run) in spoken.runs.iter().enumerate().filter(|(_, run)| mostly_hidden(spoken, run, out)) {
        let value = run.value();
        let votes = pooled.entry(value.clone()).or_insert([0.0; LABELS]);
        votes.iter_mut().zip(leanings.of(at)).for_each(|(vote, leaning)| *vote += leaning);
        for w in counted(spoken, run) {
            if let Some(Decision { category, score, origin: Origin::Rule(_) }) = out[w] {
                votes[label_of(category)] += score;
            }
        }
        surroundings(scene, run, out, votes);
        chosen.push((run, value));
    }
    let by_end = by_end(&chosen, &pooled);
    for (run, value) in &chosen {
        let mut votes = pooled[value];
        if let Some(of_wholes) = by_end.get(value.as_str()) {
            votes.iter_mut().zip(of_wholes).for_each(|(vote, more)| *vote += more);
        }
        let split = run_is_split(out, &run.words);
        let fits = |label: &usize| category_of(*label).is_none_or(|category| may_be_whole(category, run));
        let best = (1..LABELS).filter(fits).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).and_then(category_of);
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
    // Most labels of most words have no chance at all.
    let roots = row.map(|chance| if chance == 0.0 { 0.0 } else { chance.cbrt() });
    let sum: f32 = roots.iter().sum();
    roots.map(|r| r / sum)
}

/// What a cue before a run, one in an earlier turn, and the place in an address are worth, in votes of one of
/// the run's words each.
const CUE_VOTE: f32 = 0.9;

const ASKED_VOTE: f32 = 0.15;

const PLACE_VOTE: f32 = 0.8;

/// What the shape of a number is worth that nothing before it names.
const SHAPE_VOTE: f32 = 0.8;

/// What the words all around a run are worth that say what it is for sure.
const ROLE_VOTE: f32 = 2.0;

/// What a number is most often that looks like this: ten digits as telephone numbers have them, or a card's.
fn by_shape(run: &Run) -> Option<Category> {
    let digits: Vec<u8> = run.text.bytes().filter(u8::is_ascii_digit).collect();
    let from_two = |i: usize| digits.get(i).is_some_and(|d| *d >= b'2');
    match digits.len() {
        _ if run.letters > 0 => None,
        10 if from_two(0) && from_two(3) => Some(Category::Phone),
        15 | 16 if matches!(digits[0], b'3'..=b'6') => Some(Category::Card),
        _ => None,
    }
}

/// Whether a run can be a value of a category, or a part of one: telephone numbers and cards have no letters ("z" of an
/// account), and nobody says nine to eleven digits of a card.
const fn may_be_whole(category: Category, run: &Run) -> bool {
    match category {
        Category::Phone => run.letters == 0,
        Category::Card => run.letters == 0 && !matches!(run.digits, 9..=11),
        _ => true,
    }
}

/// Digits and letters at the end of a value by which people name it ("the card ending in six oh oh eight").
const END: usize = 4;

/// The votes of values by their ends, as much of them as the end is of the value: what ends so is what they are.
fn by_end<'a>(chosen: &'a [(&Run, String)], pooled: &HashMap<String, Votes>) -> HashMap<&'a str, Votes> {
    let mut by_end: HashMap<&str, Votes> = HashMap::new();
    let mut seen = HashSet::new();
    // In the order of the call: sums of floats depend on it.
    for (_, value) in chosen.iter().filter(|(_, value)| value.len() > END && seen.insert(value.as_str())) {
        let share = END as f32 / value.len() as f32;
        let votes = by_end.entry(&value[value.len() - END..]).or_insert([0.0; LABELS]);
        votes.iter_mut().zip(&pooled[value]).for_each(|(vote, more)| *vote += more * share);
    }
    by_end
}

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
    if cue.kind == 0 && is_numbered(scene, first) {
        votes[label_of(Category::Account)] += SHAPE_VOTE * weight;
    }
    if is_of_case(scene.tokens, first) {
        votes[label_of(Category::Account)] += CUE_VOTE * weight;
    }
    let dob = label_of(Category::Dob);
    let birthday = cue.kind as usize == dob || cue.kind == 0 && asked.kind as usize == dob;
    if birthday && run.letters == 0 && reads_as_date(&run.text) {
        votes[dob] += CUE_VOTE * weight;
    }
    if run.digits == 0 && run.letters > 2 && matches!(category_of(cue.kind as usize), None | Some(Category::Name)) {
        votes[label_of(Category::Name)] += CUE_VOTE * weight;
    }
    if cue.kind == 0
        && let Some(category) = by_shape(run)
    {
        votes[label_of(category)] += SHAPE_VOTE * weight;
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

/// Most words between "number" and what it is.
const NUMBER_WORDS_MAX: usize = 3;

/// Whether something that no cue knows is said to have this number ("the tray number is …").
fn is_numbered(scene: &Scene<'_>, first: usize) -> bool {
    let (tokens, list) = (scene.tokens, scene.tokens.list());
    let from =
        scene.transcript.turns().get(scene.transcript.turn_of(first)).map_or(first, |turn| turn.words.start as usize);
    let number = (from..first).rev().take(NUMBER_WORDS_MAX).find(|w| matches!(tokens.word(*w), "number" | "number's"));
    let thing = |w: usize| w > from && list[w - 1].class.flags == 0 && list[w - 1].shape.letters > 3;
    number.is_some_and(thing)
}

/// What speaks for a date of birth, and for another date, in votes of one of its words each.
const BIRTH_VOTE: f32 = 0.3;

const OTHER_DATE_VOTE: f32 = 0.9;

/// What it is worth that a date is called one of birth right behind it: more than the model can say against it.
const NAMED_VOTE: f32 = 2.0;

/// Last year from which a date is as likely a birthday as an appointment.
const BIRTH_YEAR_MAX: u32 = 2018;
/// First year of a century that is one of birth, behind a slash; and where it might be a day as well ("eighty seven").
const SHORT_YEAR_WRITTEN_MIN: u32 = 19;
const SHORT_YEAR_MIN: u32 = 32;

/// Whether a date has a year in which people were born who are spoken of today.
fn has_birth_year(scene: &Scene<'_>, words: std::ops::Range<usize>) -> bool {
    words.into_iter().any(|w| {
        let text = scene.spoken.run_of(w).map_or("", |run| run.text.as_str());
        let digits = text.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let last = |n: usize| digits.get(digits.len().wrapping_sub(n)..).and_then(|year| year.parse().ok());
        let written = text.contains(['/', '-']);
        let short = if written { SHORT_YEAR_WRITTEN_MIN } else { SHORT_YEAR_MIN };
        last(4).is_some_and(|year: u32| (1900..=BIRTH_YEAR_MAX).contains(&year))
            || (digits.len() == 2 || !written) && last(2).is_some_and(|year: u32| digits.len() <= 6 && year >= short)
    })
}

/// Decides for each date that is hidden whether it is one of birth: by the model, and by what was asked or
/// said before it, here and wherever the call says the same words again. A date that nobody called a birthday is none.
pub(super) fn birth_or_other(scene: &Scene<'_>, marginals: &Marginals, out: &mut [Option<Decision>]) {
    let is_date = |d: &Option<Decision>| d.is_some_and(|d| matches!(d.category, Category::Dob | Category::Date));
    let mut dates = Vec::new();
    let mut pooled: HashMap<Vec<u64>, f32> = HashMap::new();
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
            let said = same_date(scene, words.clone());
            *pooled.entry(said.clone()).or_insert(0.0) += birth_vote(scene, marginals, t, words.clone());
            dates.push((words, said));
            at += len;
        }
    }
    for (words, said) in dates {
        let category = if pooled[&said] > 0.0 { Category::Dob } else { Category::Date };
        for decision in out[words].iter_mut().flatten() {
            decision.category = category;
        }
    }
}

/// Most words between a date and what it is called.
const AFTER_WORDS_MAX: u8 = 4;

/// Gives a year behind the rest of a date, and a day before its month, the date's category, whatever they look like by
/// themselves ("June of 2017", "15 January").
pub(super) fn whole_dates(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let (tokens, list, spoken) = (scene.tokens, scene.tokens.list(), scene.spoken);
    let is_date = |category: &Category| matches!(category, Category::Dob | Category::Date);
    for run in spoken.runs.iter().filter(|run| run.letters == 0) {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let (first, last) = (*first as usize, *last as usize);
        let hidden = |w: &u32| out[*w as usize].is_some_and(|d| d.category != Category::Name);
        let whole = last - first < run.words.len() && run.words.iter().all(hidden);
        let Some(number) = run.text.parse::<u32>().ok().filter(|_| whole) else { continue };
        let begins = if first > 0 && tokens.word(first - 1) == "of" { first - 1 } else { first };
        let dated = |at: &usize| list[*at].is(bit::MONTH | bit::ORDINAL) || spoken.of_word[*at].0 != 0;
        let before = begins.checked_sub(1).filter(dated);
        let is_year = match run.text.len() {
            2 => begins == first && before.is_some_and(|at| !list[at].is(bit::MONTH)),
            4 => (1900..2100).contains(&number),
            _ => false,
        };
        let is_day = (1..=31).contains(&number) && list.get(last + 1).is_some_and(|next| next.is(bit::MONTH));
        let category = |at: usize| out[at].map(|d| d.category).filter(is_date);
        let of_year = before.filter(|_| is_year).and_then(category).map(|category| (begins, category));
        let of_day = is_day.then(|| category(last + 1)).flatten().map(|category| (first, category));
        if let Some((from, category)) = of_year.or(of_day) {
            for cell in &mut out[from..=last] {
                cell.get_or_insert(Decision::whole(category)).category = category;
            }
        }
    }
}

/// What is equal where the words of a date are, whatever their order.
fn same_date(scene: &Scene<'_>, words: std::ops::Range<usize>) -> Vec<u64> {
    let tokens = scene.tokens;
    let says = words.clone().filter(|w| !matches!(tokens.word(*w), "the" | "of" | "and"));
    let mut said: Vec<u64> = says.map(|w| tokens.list()[w].hash).collect();
    said.sort_unstable();
    // One word ("fifth") may be of any date.
    if said.len() < 2 {
        said.push(words.start as u64);
    }
    said
}

/// What speaks for a date of birth more than for another: above 0 where it is one.
fn birth_vote(scene: &Scene<'_>, marginals: &Marginals, turn: usize, words: std::ops::Range<usize>) -> f32 {
    let kind = |category| label_of(category) as u8;
    let chances = words.clone().map(|w| tempered(marginals.of(w)));
    let votes: f32 = chances.map(|c| c[label_of(Category::Dob)] - c[label_of(Category::Date)]).sum();
    let (cue, asked) = (scene.context.before[words.start].kind, scene.context.asked[turn]);
    let called =
        cue == kind(Category::Dob) || cue == 0 && [asked.first.kind, asked.last.kind].contains(&kind(Category::Dob));
    let after = scene.context.after[words.end - 1];
    // "I have march fifth as the date of birth"
    let named = after.kind == kind(Category::Dob)
        && after.words <= AFTER_WORDS_MAX
        && scene
            .tokens
            .list()
            .get(words.end)
            .is_some_and(|_| matches!(scene.tokens.word(words.end), "as" | "is" | "for"));
    let lean = if named {
        NAMED_VOTE
    } else if called {
        BIRTH_VOTE
    } else if after.kind == kind(Category::Dob) || has_birth_year(scene, words.clone()) {
        0.0
    } else {
        -OTHER_DATE_VOTE
    };
    votes + lean * words.len() as f32
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
pub(super) fn clear_gaps(spoken: &Spoken, out: &mut [Option<Decision>]) {
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

#[cfg(test)]
mod tests {
    use crate::detect::detect;
    use crate::detect::testing::call;
    use crate::model::Category;
    use crate::patterns::PatternSet;

    /// What is hidden as a birthday in a question and its answer.
    fn birthdays(turns: [&str; 2]) -> String {
        hidden_as(Category::Dob, &turns)
    }

    /// What is hidden under a category.
    fn hidden_as(category: Category, turns: &[&str]) -> String {
        let words: Vec<&str> = turns.iter().flat_map(|t| t.split(' ')).collect();
        let found = detect(&PatternSet::builtin().unwrap(), &call(turns), &[]).findings;
        let of_category = found.iter().filter(|f| f.category == category);
        of_category.flat_map(|f| &words[f.words.range()]).copied().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_end_of_a_value_is_what_the_value_is() {
        let turns = [
            "can i have the card number",
            "sure it's four one four seven two oh two six one one eight three six oh oh eight",
            "thank you that was approved on the one ending in six oh oh eight",
        ];
        let card = "four one four seven two oh two six one one eight three six oh oh eight six oh oh eight";
        assert_eq!(hidden_as(Category::Card, &turns), card);
    }

    #[test]
    fn a_date_is_a_birthday_where_it_is_called_one() {
        for (turns, want) in [
            (["and your birthday", "five one fifty eight"], "five one fifty eight"),
            (["i have two eight seventy one as the date of birth is that right", "no"], "two eight seventy one"),
            (
                ["i have ten slash nineteen slash oh two as the date of birth is that right", "no"],
                "ten slash nineteen slash oh two",
            ),
            (["your appointment is on march fifth", "okay"], ""),
        ] {
            assert_eq!(birthdays(turns), want);
        }
    }
}
