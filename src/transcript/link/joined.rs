//! Words that stand in pieces: a tag or another reading direction may cut a word without parting it.

use super::{Form, Link, Linker, Piece};
use crate::base::{Result, TimeSpan, WordSpan};
use std::ops::Range;

/// A word to be: its tokens among those of all pieces, and its time.
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
        let mut tokens = std::mem::take(&mut self.scratch);
        tokens.clear();
        let mut ends = Vec::with_capacity(pieces.len());
        for piece in pieces {
            self.source.tokens(piece.leaf, &mut tokens);
            ends.push(tokens.len());
        }
        let mut words: Vec<Joined> = Vec::with_capacity(tokens.len());
        let mut joins = vec![false; pieces.len()];
        for (at, piece) in pieces.iter().enumerate() {
            let from = if at == 0 { 0 } else { ends[at - 1] };
            for j in from..ends[at] {
                let goes_on = j == from
                    && at > 0
                    && tokens[j].raw.0 == piece.leaf.start
                    && j > 0
                    && tokens[j - 1].raw.1 == pieces[at - 1].leaf.end;
                match words.last_mut().filter(|_| goes_on) {
                    Some(word) => {
                        joins[at] = true;
                        word.tokens.end = j + 1;
                        word.time = word.time.into_iter().chain(piece.time).reduce(TimeSpan::cover);
                    }
                    None => words.push(Joined { tokens: j..j + 1, time: piece.time }),
                }
            }
        }
        let mut of_token = vec![0; tokens.len()];
        for word in words {
            let token = match &tokens[word.tokens.clone()] {
                [one] => *one,
                many => self.source.joined(many),
            };
            let index = self.add_word(token, word.time, 1.0)?;
            of_token[word.tokens].fill(index);
        }
        for (at, piece) in pieces.iter().enumerate() {
            let from = if at == 0 { 0 } else { ends[at - 1] };
            let links = self.map.links.len() as u32;
            self.map.links.extend((from..ends[at]).map(|j| Link { raw: tokens[j].raw, word: of_token[j] }));
            self.site(piece.leaf, if joins[at] { Form::Joined } else { Form::Running }, links);
        }
        self.scratch = tokens;
        Ok(WordSpan::new(first, self.len()))
    }
}
