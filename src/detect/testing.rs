//! Conversations for tests.

use super::detect;
use crate::base::Phi;
use crate::model::{Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use crate::patterns::PatternSet;

/// A conversation; the agent has the first word, turns go back and forth.
pub(super) fn call(turns: &[&str]) -> Transcript {
    let mut b = TranscriptBuilder::new(TimeSource::None);
    for (n, said) in turns.iter().enumerate() {
        b.turn(TurnKind::Spoken, if n % 2 == 0 { Speaker::Agent } else { Speaker::Caller }, None);
        b.say(Phi::new(said));
    }
    b.build()
}

/// Hidden words of a conversation.
pub(super) fn hidden(turns: &[&str]) -> String {
    let words: Vec<&str> = turns.iter().flat_map(|t| t.split(' ')).collect();
    let findings = detect(&PatternSet::builtin().unwrap(), &call(turns), &[]).findings;
    findings.iter().flat_map(|f| &words[f.words.range()]).copied().collect::<Vec<_>>().join(" ")
}
