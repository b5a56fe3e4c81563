//! Words that stand in pieces: a tag or another reading direction may cut a word without parting it.

use super::super::source::{Source, Token};
use super::{Form, Link, Linker, Piece, free_references, unlinked_runs};
use crate::base::{Result, TimeSpan, WordSpan};
use std::ops::Range;

/// Running text in pieces, and the words that they make.
#[derive(Default)]
struct Gathered {
    /// All pieces, and the end of each among the tokens.
    pieces: Vec<(Piece, usize)>,
    /// Whether a piece's first word began in the piece before it.
    joins: Vec<bool>,
    tokens: Vec<Token>,
    words: Vec<Joined>,
}

/// A word: its tokens among those of all pieces, and its time.
struct Joined {
    tokens: Range<usize>,
    time: Option<TimeSpan>,
}

impl Linker {
    /// Adds the words of running text that stands in several pieces to the turn begun last. A word goes on in the next
    /// piece where no white space parts them; each word has all of its pieces' times.
    ///
    /// # Errors
    /// Holds the call when it has too many words.
    pub(in super::super) fn speak_joined(&mut self, pieces: &[Piece]) -> Result<WordSpan> {
        let first = self.len();
        let mut gathered = Gathered::default();
        gathered.add(&mut self.source, pieces);
        for at in 0..gathered.words.len() {
            let token = gathered.word(&mut self.source, at);
            self.add_word(token, gathered.words[at].time, 1.0)?;
        }
        let words = WordSpan::new(first, self.len());
        self.tie(&gathered, &(words.start..words.end).collect::<Vec<_>>());
        Ok(words)
    }

    /// Ties a further text to `references` like [`Linker::copy`]. No word goes on from one group of pieces to the next.
    ///
    /// # Errors
    /// Holds the call when it has too many words or the texts differ too much.
    pub(in super::super) fn copy_joined(&mut self, groups: &[Vec<Piece>], references: &[u32]) -> Result<()> {
        let mut gathered = Gathered::default();
        groups.iter().for_each(|pieces| gathered.add(&mut self.source, pieces));
        let tokens: Vec<Token> = (0..gathered.words.len()).map(|at| gathered.word(&mut self.source, at)).collect();
        let time_of = |at: usize| gathered.words[at].time;
        let links = self.align(&tokens, references)?;
        let mut words: Vec<u32> = links.of.iter().map(|p| p.map_or(0, |p| references[p as usize])).collect();
        let free = free_references(&links, references);
        for run in unlinked_runs(&links) {
            let opposite = self.opposite(&run, references, &links, &free)?;
            self.alternate(run, &tokens, opposite, &time_of, &mut words)?;
        }
        let first = self.map.links.len();
        let link = |at: u32| (first + gathered.words[at as usize].tokens.start) as u32;
        self.map.also.extend(links.also.iter().map(|&(at, p)| (link(at), references[p as usize])));
        self.tie(&gathered, &words);
        Ok(())
    }

    /// Says of each token of gathered text which word it is of.
    fn tie(&mut self, gathered: &Gathered, words: &[u32]) {
        let mut of_token = vec![0; gathered.tokens.len()];
        for (word, &index) in gathered.words.iter().zip(words) {
            of_token[word.tokens.clone()].fill(index);
        }
        let mut from = 0;
        for (&(piece, end), &joins) in gathered.pieces.iter().zip(&gathered.joins) {
            let links = self.map.links.len() as u32;
            let tied = (from..end).map(|at| Link { raw: gathered.tokens[at].raw, word: of_token[at] });
            self.map.links.extend(tied);
            self.site(piece.leaf, if joins { Form::Joined } else { Form::Running }, links);
            from = end;
        }
    }
}

impl Gathered {
    /// Adds pieces between which words go on.
    fn add(&mut self, source: &mut Source, pieces: &[Piece]) {
        let mut end_before = None;
        for &piece in pieces {
            let from = self.tokens.len();
            if piece.leaf.range().is_empty() && end_before == Some(from) {
                self.add_empty(piece);
                continue;
            }
            source.tokens(piece.leaf, &mut self.tokens);
            let begins = self.tokens.get(from).is_some_and(|token| token.raw.0 == piece.leaf.start);
            let joins = begins && end_before == Some(from);
            for at in from..self.tokens.len() {
                match self.words.last_mut().filter(|_| joins && at == from) {
                    Some(word) => {
                        word.tokens.end = at + 1;
                        word.time = word.time.into_iter().chain(piece.time).reduce(TimeSpan::cover);
                    }
                    None => self.words.push(Joined { tokens: at..at + 1, time: piece.time }),
                }
            }
            let ends = self.tokens[from..].last().is_some_and(|token| token.raw.1 == piece.leaf.end);
            end_before = ends.then_some(self.tokens.len());
            self.pieces.push((piece, self.tokens.len()));
            self.joins.push(joins);
        }
    }

    /// Adds a piece that says nothing, such as masking leaves of the rest of a word, to the word before it, which may go
    /// on behind it.
    fn add_empty(&mut self, piece: Piece) {
        if let Some(word) = self.words.last_mut() {
            word.time = word.time.into_iter().chain(piece.time).reduce(TimeSpan::cover);
        }
        self.pieces.push((piece, self.tokens.len()));
        self.joins.push(true);
    }

    /// One of its words as a token.
    fn word(&self, source: &mut Source, at: usize) -> Token {
        match &self.tokens[self.words[at].tokens.clone()] {
            [one] => *one,
            many => source.joined(many),
        }
    }
}
