//! The stages of detection one by one, each on what the stages before it have made: for benches.

use super::settle::Decision;
use super::tagger::{Marginals, tag};
use super::{Ground, cue, propagate, rule, settle, spoken, token};
use crate::model::Transcript;
use crate::patterns::PatternSet;
use crate::patterns::known::Known;

/// A transcript of which every stage has been run once, so that each can be run again by itself. What a stage returns
/// is a count that depends on its work.
pub struct Stages<'a> {
    patterns: &'a PatternSet,
    transcript: &'a Transcript,
    ground: Ground,
    marginals: Marginals,
    decisions: Vec<Option<Decision>>,
}

impl<'a> Stages<'a> {
    /// Runs all stages once.
    #[must_use]
    pub fn new(patterns: &'a PatternSet, transcript: &'a Transcript) -> Self {
        let ground = Ground::of(patterns, transcript);
        let scene = ground.scene(patterns, transcript);
        let marginals = tag(&scene, patterns.model());
        let decisions = settle::settle(&scene, &marginals, &ground.ruled);
        Self { patterns, transcript, ground, marginals, decisions }
    }

    /// Words as tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        token::tokens(self.transcript).list().len()
    }

    /// Runs of spoken digits and letters.
    #[must_use]
    pub fn spoken(&self) -> usize {
        spoken::spoken(self.transcript, &self.ground.tokens).runs.len()
    }

    /// Cues around every word.
    #[must_use]
    pub fn cues(&self) -> usize {
        cue::context(self.transcript, &self.ground.tokens, self.patterns.cues()).before.len()
    }

    /// Both views, and the rules over them.
    #[must_use]
    pub fn rules(&self) -> usize {
        rule::ruled(self.patterns, self.transcript, &self.ground.tokens, &self.ground.spoken).len()
    }

    /// Features and the chain over them.
    #[must_use]
    pub fn tag(&self) -> usize {
        tag(&self.ground.scene(self.patterns, self.transcript), self.patterns.model()).looked_at()
    }

    /// Decisions from chances and rules.
    #[must_use]
    pub fn settle(&self) -> usize {
        let scene = self.ground.scene(self.patterns, self.transcript);
        settle::settle(&scene, &self.marginals, &self.ground.ruled).len()
    }

    /// What is known, everywhere.
    #[must_use]
    pub fn propagate(&self) -> usize {
        let scene = self.ground.scene(self.patterns, self.transcript);
        propagate::propagate(&scene, &self.marginals, &Known::of(&[]), &mut self.decisions.clone()).len()
    }
}
