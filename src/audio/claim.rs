//! What is said of a redacted recording, by its manifest: what a proof holds it to.

use crate::model::{Fill, MuteStyle, MutedSpan, RawShape};

/// What a redacted recording is said to be.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What is muted: sorted, disjoint.
    pub muted: &'a [MutedSpan],
    /// How mutes were made.
    pub style: MuteStyle,
    /// What its samples are, where no header says so.
    pub raw: Option<RawShape>,
}

impl<'a> Claim<'a> {
    /// Silence with hard edges, in a recording that says itself what it is.
    #[must_use]
    pub fn silent(muted: &'a [MutedSpan]) -> Self {
        Self { muted, style: MuteStyle::default(), raw: None }
    }

    /// The same mutes, and what stands in their place, without what lies beside them.
    pub(super) const fn within(self) -> (&'a [MutedSpan], MuteStyle) {
        (self.muted, MuteStyle { fill: self.style.fill, ramp_ms: 0 })
    }

    /// What stands in place of what is muted.
    pub(super) const fn fill(&self) -> Fill {
        self.style.fill
    }
}
