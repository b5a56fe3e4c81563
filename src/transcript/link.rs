//! Puts the transcript together and ties every token of every text of the file to one of its words.
//!
//! Words are spoken first. Then each further text is handed in as a copy: tokens that line up with
//! spoken words share them, the others become words of alternate turns, so that detection sees
//! every byte of text exactly once and masking reaches every copy.

mod joined;

use super::align::{Links, Reference, Work, align};
use super::json::{Dropped, Tape};
use super::keys::TextKey;
use super::moments::Moment;
use super::source::{Leaf, Source, Token};
use crate::base::{Error, HoldReason, Phi, Result, Stage, TimeSpan, WordSpan, limits};
use crate::model::{KnownValue, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use std::ops::Range;

/// How a string is rewritten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An entry of a word list: it keeps its place, punctuation goes with the word.
    List,
    /// Running text: a masked stretch is one mark, followed by the punctuation of its end.
    Running,
    /// Running text whose first word began in the text before it; the mark of that word stands there.
    Joined,
    /// A label that may be a name: `Speaker N` whatever is masked.
    Speaker(u16),
    /// A name given by the customer: kept if nothing in it is masked, else replaced by the call's id.
    JobName,
    /// Replaced by the call's id whatever is masked.
    Pseudonym,
    /// Emptied whatever is masked.
    Emptied,
    /// A space whatever is masked.
    Blank,
    /// This moment whatever is masked.
    Moment(Moment),
    /// A number that reads 0 whatever is masked.
    Zeroed,
}

/// A number of the file that counts the characters of a text in front of some place.
#[derive(Clone, Copy)]
pub(super) struct Offset {
    pub(super) number: Leaf,
    /// A text whose site is [`Form::Running`].
    pub(super) text: Leaf,
    pub(super) edge: Edge,
}

/// On which side of a masked stretch an offset comes to lie that lay inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// In front of it.
    First,
    /// Behind it.
    Last,
}

/// A string of the file that masking may rewrite.
pub(super) struct Site {
    pub(super) leaf: Leaf,
    pub(super) form: Form,
    /// Its tokens among [`TextMap::links`].
    pub(super) links: Range<u32>,
}

/// A token of the file and the word that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) raw: (u32, u32),
    pub(super) word: u32,
}

/// Words of an alternate turn and the words that the text it was read against has in their place.
pub(super) struct StandIn {
    pub(super) words: WordSpan,
    /// Among [`TextMap::opposite`].
    pub(super) opposite: Range<u32>,
    /// Nothing stands in their place: `opposite` are the neighbours.
    pub(super) inserted: bool,
}

/// Where the words of a transcript stand in its file.
#[derive(Default)]
pub(super) struct TextMap {
    /// Sorted by place, disjoint.
    pub(super) sites: Vec<Site>,
    pub(super) links: Vec<Link>,
    /// Links (by index) that cover a further word.
    pub(super) also: Vec<(u32, u32)>,
    pub(super) stand_ins: Vec<StandIn>,
    pub(super) opposite: Vec<u32>,
    pub(super) offsets: Vec<Offset>,
    /// Keys among the sites.
    pub(super) keys: Vec<TextKey>,
}

/// A string of a copy, with the time that the copy gives it.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) leaf: Leaf,
    pub(super) form: Form,
    pub(super) time: Option<TimeSpan>,
}

/// A file that was read: its words and where they stand.
pub(super) struct Linked {
    pub(super) source: Source,
    pub(super) transcript: Transcript,
    pub(super) map: TextMap,
    /// What the file says of people outside of its text.
    pub(super) known: Vec<KnownValue>,
}

/// Collects words and copies.
pub(super) struct Linker {
    source: Source,
    builder: TranscriptBuilder,
    /// Length of each word without the punctuation glued to it.
    bare_len: Vec<u32>,
    map: TextMap,
    known: Vec<KnownValue>,
    work: Work,
    scratch: Vec<Token>,
}

impl Linker {
    pub(super) fn new(source: Source, time_source: TimeSource) -> Self {
        let work = Work::of_file(source.file().len());
        let builder = TranscriptBuilder::new(time_source);
        Self {
            source,
            builder,
            bare_len: Vec::new(),
            map: TextMap::default(),
            known: Vec::new(),
            work,
            scratch: Vec::new(),
        }
    }

    /// For a JSON file, of which what its schema drops is taken out.
    pub(super) fn of_json(source: Source, tape: &Tape, time_source: TimeSource) -> Self {
        let mut linker = Self::new(source, time_source);
        linker.map.keys = tape.keys().to_vec();
        for &dropped in tape.dropped() {
            match dropped {
                Dropped::Inside(leaf) => linker.empty(leaf),
                Dropped::Number(leaf) => linker.site(leaf, Form::Zeroed, 0),
            }
        }
        linker
    }

    /// Says how good the word times are.
    pub(super) const fn time_source(&mut self, time_source: TimeSource) {
        self.builder.time_source(time_source);
    }

    /// The file.
    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// What a string says.
    pub(super) fn said(&mut self, leaf: Leaf) -> String {
        self.source.said(leaf)
    }

    /// Number of words so far.
    pub(super) fn len(&self) -> u32 {
        self.builder.len() as u32
    }

    /// When a spoken word was said, and on which channel.
    pub(super) fn placed(&self, word: u32) -> (Option<TimeSpan>, Option<u16>) {
        let turn = self.builder.turns().partition_point(|t| t.words.end <= word);
        (self.builder.words()[word as usize].time, self.builder.turns().get(turn).and_then(|t| t.channel))
    }

    /// Starts a spoken turn.
    pub(super) fn turn(&mut self, speaker: Speaker, channel: Option<u16>) {
        self.builder.turn(TurnKind::Spoken, speaker, channel);
    }

    /// Adds the words of a string to the turn begun last. Each has all of its time.
    ///
    /// # Errors
    /// Holds the call when it has too many words.
    pub(super) fn speak(&mut self, piece: Piece, confidence: f32) -> Result<WordSpan> {
        let first = self.len();
        let mut tokens = std::mem::take(&mut self.scratch);
        tokens.clear();
        self.source.tokens(piece.leaf, &mut tokens);
        let links = self.map.links.len() as u32;
        for &token in &tokens {
            let word = self.add_word(token, piece.time, confidence)?;
            self.map.links.push(Link { raw: token.raw, word });
        }
        self.site(piece.leaf, piece.form, links);
        self.scratch = tokens;
        Ok(WordSpan::new(first, self.len()))
    }

    /// Glues punctuation to the word spoken last.
    pub(super) fn punctuate(&mut self, mark: Leaf) {
        self.builder.punctuation(Phi::new(self.source.raw(mark)));
    }

    /// Ties a further text to `references` (words, in the order in which the text should have them).
    /// Returns the words of its tokens in order.
    ///
    /// # Errors
    /// Holds the call when it has too many words or the texts differ too much.
    pub(super) fn copy(&mut self, pieces: &[Piece], references: &[u32]) -> Result<Vec<u32>> {
        let mut tokens = std::mem::take(&mut self.scratch);
        tokens.clear();
        let mut ends = Vec::with_capacity(pieces.len());
        for piece in pieces {
            self.source.tokens(piece.leaf, &mut tokens);
            ends.push(tokens.len());
        }
        let links = self.align(&tokens, references)?;
        let first = self.map.links.len() as u32;
        let mut words: Vec<u32> = links.of.iter().map(|p| p.map_or(0, |p| references[p as usize])).collect();
        let time_of = |j: usize| pieces[ends.partition_point(|&end| end <= j)].time;
        let runs = unlinked_runs(&links);
        let free = if runs.is_empty() { Vec::new() } else { free_references(&links, references) };
        for run in runs {
            let opposite = self.opposite(&run, references, &links, &free)?;
            self.alternate(run, &tokens, opposite, &time_of, &mut words)?;
        }
        self.map.links.extend(tokens.iter().zip(&words).map(|(t, &word)| Link { raw: t.raw, word }));
        self.map.also.extend(links.also.iter().map(|&(j, p)| (first + j, references[p as usize])));
        let mut from = first;
        for (piece, &end) in pieces.iter().zip(&ends) {
            let to = first + end as u32;
            self.map.sites.push(Site { leaf: piece.leaf, form: piece.form, links: from..to });
            from = to;
        }
        self.scratch = tokens;
        Ok(words)
    }

    /// The tokens of a text and the entries of a list of words that they are, without tying them.
    ///
    /// # Errors
    /// Holds the call when the texts differ too much.
    pub(super) fn compare(&mut self, said: &[Leaf], words: &[Leaf]) -> Result<Vec<(Token, Option<u32>)>> {
        let (mut tokens, mut references, mut of) = (Vec::new(), Vec::new(), Vec::new());
        said.iter().for_each(|&leaf| self.source.tokens(leaf, &mut tokens));
        for (index, &leaf) in words.iter().enumerate() {
            self.source.tokens(leaf, &mut references);
            of.resize(references.len(), index as u32);
        }
        let reference = |i: usize| {
            let text = self.source.text(references[i]);
            Reference { bare: text, full: text }
        };
        let token = |j: usize| self.source.text(tokens[j]);
        let links = align(references.len(), reference, tokens.len(), token, &mut self.work)?;
        Ok(tokens.into_iter().zip(links.of.iter().map(|p| p.map(|p| of[p as usize]))).collect())
    }

    /// Ties a further text to whichever of the `candidates` it differs least from, as [`Self::copy`] does.
    ///
    /// # Errors
    /// Holds the call when it has too many words or the texts differ too much.
    pub(super) fn copy_of_nearest(&mut self, pieces: &[Piece], candidates: &[&[u32]]) -> Result<Vec<u32>> {
        let (mut best, mut least) = (candidates.first().copied().unwrap_or(&[]), usize::MAX);
        for &references in candidates.iter().filter(|_| candidates.len() > 1) {
            let tokens = self.tokens(pieces);
            let differ = self.align(&tokens, references)?.of.iter().filter(|p| p.is_none()).count();
            if differ < least {
                (best, least) = (references, differ);
            }
            if differ == 0 {
                break;
            }
        }
        self.copy(pieces, best)
    }

    /// Empties a string, or what stands between the brackets of a list or object, in the output.
    pub(super) fn empty(&mut self, leaf: Leaf) {
        self.site(leaf, Form::Emptied, self.map.links.len() as u32);
    }

    /// Leaves a space of a string in the output.
    pub(super) fn blank(&mut self, leaf: Leaf) {
        self.site(leaf, Form::Blank, self.map.links.len() as u32);
    }

    /// Puts a moment in the place of another.
    pub(super) fn moment(&mut self, leaf: Leaf, moment: Moment) {
        self.site(leaf, Form::Moment(moment), self.map.links.len() as u32);
    }

    /// Puts `Speaker N` in the place of a label.
    pub(super) fn speaker(&mut self, label: Leaf, number: u16) {
        self.site(label, Form::Speaker(number), self.map.links.len() as u32);
    }

    /// Tells detection what the file says of people outside of its text.
    pub(super) fn know(&mut self, values: impl Iterator<Item = KnownValue>) {
        for value in values {
            if !self.known.contains(&value) {
                self.known.push(value);
            }
        }
    }

    /// A text of the customer's that nobody said: detection sees it, and what is found in it is masked.
    ///
    /// # Errors
    /// Holds the call when it has too many words.
    pub(super) fn label(&mut self, leaf: Leaf) -> Result<()> {
        self.builder.turn(TurnKind::Unspoken, Speaker::Unknown, None);
        self.speak(Piece { leaf, form: Form::Running, time: None }, 1.0).map(|_| ())
    }

    /// Says that two numbers count the characters of `text`, which is spoken or a copy as running text, in front of a
    /// part and up to its end; the output counts its own.
    pub(super) fn offsets(&mut self, text: Leaf, first: Leaf, last: Leaf) {
        self.map.offsets.push(Offset { number: first, text, edge: Edge::First });
        self.map.offsets.push(Offset { number: last, text, edge: Edge::Last });
    }

    fn tokens(&mut self, pieces: &[Piece]) -> Vec<Token> {
        let mut tokens = Vec::new();
        pieces.iter().for_each(|piece| self.source.tokens(piece.leaf, &mut tokens));
        tokens
    }

    /// A name given by the customer: `words` is the part of it that detection should see, or nothing
    /// where it is replaced anyway.
    ///
    /// # Errors
    /// Holds the call when it has too many words.
    pub(super) fn job_name(&mut self, name: Leaf, words: Option<Leaf>) -> Result<()> {
        let Some(words) = words else {
            self.site(name, Form::Pseudonym, self.map.links.len() as u32);
            return Ok(());
        };
        self.builder.turn(TurnKind::Unspoken, Speaker::Unknown, None);
        self.speak(Piece { leaf: words, form: Form::JobName, time: None }, 1.0)?;
        if let Some(site) = self.map.sites.last_mut() {
            site.leaf = name;
        }
        Ok(())
    }

    /// What was put together.
    pub(super) fn finish(mut self) -> Linked {
        // Each list is in order already, of which only a stable sort makes use.
        self.map.sites.sort_by_key(|s| s.leaf.start);
        Linked { source: self.source, transcript: self.builder.build(), map: self.map, known: self.known }
    }

    fn site(&mut self, leaf: Leaf, form: Form, first_link: u32) {
        self.map.sites.push(Site { leaf, form, links: first_link..self.map.links.len() as u32 });
    }

    fn add_word(&mut self, token: Token, time: Option<TimeSpan>, confidence: f32) -> Result<u32> {
        if self.builder.len() >= limits::WORDS_MAX {
            let message = "the transcript has too many words";
            return Err(Error::held(Stage::ParseTranscript, HoldReason::LimitReached, message));
        }
        let text = self.source.text(token);
        self.bare_len.push(text.len() as u32);
        Ok(self.builder.word(Phi::new(text), time, confidence))
    }

    fn align(&mut self, tokens: &[Token], references: &[u32]) -> Result<Links> {
        let (source, builder, bare_len) = (&self.source, &self.builder, &self.bare_len);
        let arena: &str = builder.text().into_exposed();
        let words = builder.words();
        let reference = |i: usize| {
            let word = references[i] as usize;
            let full = &arena[words[word].text_range()];
            Reference { bare: &full[..bare_len[word] as usize], full }
        };
        let token = |j: usize| source.text(tokens[j]);
        align(references.len(), reference, tokens.len(), token, &mut self.work)
    }

    /// The words that the references have where a copy has the tokens `run`; or, where they have none,
    /// the neighbours and `true`.
    fn opposite(
        &mut self,
        run: &Range<usize>,
        references: &[u32],
        links: &Links,
        free: &[bool],
    ) -> Result<(Vec<u32>, bool)> {
        let before = links.of[..run.start].last().copied().flatten();
        let after = links.of.get(run.end).copied().flatten();
        let from = before.map_or(0, |p| p as usize + 1);
        let to = after.map_or(references.len(), |p| p as usize).max(from);
        self.work.spend(to - from)?;
        let between: Vec<u32> = (from..to).filter(|&p| free[p]).map(|p| references[p]).collect();
        if between.is_empty() {
            let neighbours = [before, after].into_iter().flatten();
            return Ok((neighbours.map(|p| references[p as usize]).collect(), true));
        }
        Ok((between, false))
    }

    /// Makes the tokens `run`, which no reference has, words of an alternate turn.
    fn alternate(
        &mut self,
        run: Range<usize>,
        tokens: &[Token],
        (opposite, inserted): (Vec<u32>, bool),
        time_of: &impl Fn(usize) -> Option<TimeSpan>,
        words: &mut [u32],
    ) -> Result<()> {
        let time = self.time_over(&opposite);
        let spoken = opposite.first().and_then(|&w| self.spoken_turn(w));
        let (speaker, channel) = spoken.map_or((Speaker::Unknown, None), |t| {
            let turn = &self.builder.turns()[t as usize];
            (turn.speaker, turn.channel)
        });
        self.builder.turn(TurnKind::Alternate { of: spoken }, speaker, channel);
        let first = self.len();
        for j in run {
            words[j] = self.add_word(tokens[j], time_of(j).or(time), 1.0)?;
        }
        let from = self.map.opposite.len() as u32;
        self.map.opposite.extend(opposite);
        self.map.stand_ins.push(StandIn {
            words: WordSpan::new(first, self.len()),
            opposite: from..self.map.opposite.len() as u32,
            inserted,
        });
        Ok(())
    }

    /// The time that these words cover.
    fn time_over(&self, words: &[u32]) -> Option<TimeSpan> {
        words.iter().filter_map(|&w| self.builder.words()[w as usize].time).reduce(TimeSpan::cover)
    }

    /// The spoken turn of a word, or that of the words which an alternate word stands in for.
    fn spoken_turn(&self, word: u32) -> Option<u32> {
        let index = self.builder.turns().partition_point(|t| t.words.end <= word);
        match self.builder.turns().get(index)?.kind {
            TurnKind::Spoken => Some(index as u32),
            TurnKind::Alternate { of } => of,
            TurnKind::Unspoken => None,
        }
    }
}

/// Runs of tokens without a reference.
fn unlinked_runs(links: &Links) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for j in (0..links.of.len()).filter(|&j| links.of[j].is_none()) {
        match runs.last_mut() {
            Some(run) if run.end == j => run.end = j + 1,
            _ => runs.push(j..j + 1),
        }
    }
    runs
}

/// Which references no token is tied to.
fn free_references(links: &Links, references: &[u32]) -> Vec<bool> {
    let mut free = vec![true; references.len()];
    let tied = links.of.iter().flatten().chain(links.also.iter().map(|(_, p)| p));
    tied.for_each(|&p| free[p as usize] = false);
    free
}
