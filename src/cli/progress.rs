//! The progress bar: on standard error, only on a terminal.

use crate::jobs::{Report, Status};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const TEMPLATE: &str = "{bar:32} {pos}/{len} calls  {per_sec}  {eta} left{msg}";

/// A bar that counts calls, with rate and time left.
pub(super) struct Progress {
    bar: ProgressBar,
    held: AtomicU64,
}

impl Progress {
    /// A bar over so many calls; an invisible one where standard error is no terminal or `quiet` is asked for.
    pub fn start(calls: u64, quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is a constant that the test parses");
        let bar = ProgressBar::with_draw_target(Some(calls), target).with_style(style);
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self { bar, held: AtomicU64::new(0) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
