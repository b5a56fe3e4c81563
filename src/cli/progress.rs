//! The progress bar: on standard error, only on a terminal.

use crate::jobs::{Report, Status};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// While calls are still being counted.
const COUNTING: &str = "{spinner} {pos} calls  {per_sec}{msg}";
const COUNTED: &str = "{bar:32} {pos}/{len} calls  {per_sec}  {eta} left{msg}";

/// A bar that counts calls, with rate and, once it is known how many there are, time left.
pub(super) struct Progress {
    bar: ProgressBar,
    held: AtomicU64,
}

impl Progress {
    /// A bar; an invisible one where standard error is no terminal or `quiet` is asked for.
    pub fn start(quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_style(style(COUNTING));
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self { bar, held: AtomicU64::new(0) }
    }

    /// Whether somebody sees it.
    pub fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// How many calls there are.
    pub fn counted(&self, calls: u64) {
        self.bar.set_length(calls);
        self.bar.set_style(style(COUNTED));
    }

    /// Counts one call.
    pub fn call(&self, report: &Report) {
        if matches!(report.status, Status::Held(_)) {
            let held = self.held.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!("  {held} held"));
        }
        self.bar.inc(1);
    }

    /// Prints something without tearing the bar.
    pub fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are constants that the test parses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_some() {
        let _ = (style(COUNTING), style(COUNTED));
    }
}
