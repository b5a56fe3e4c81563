//! When stores do not answer, nothing is received until they do: messages wait better in the queue than in hand.

use crate::base::{CallId, Kind, Phi};
use crate::store::Store;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Failures in a row, of whatever calls, that mean that the store is down.
const FAILURES_MAX: u32 = 5;
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Counts failures of the stores.
#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    /// Since the last success.
    failures: u32,
    /// Since the last success, how often it was open.
    openings: u32,
    is_open: bool,
    /// What the last failure was about.
    source: Option<(Arc<dyn Store>, Phi<String>)>,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call went through.
    pub fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// A call failed; `source` is what it was about.
    pub fn failed(&self, source: &Arc<dyn Store>, key: &Phi<String>) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.source = Some((Arc::clone(source), key.clone()));
        if state.failures >= FAILURES_MAX && !state.is_open {
            state.is_open = true;
            state.openings = state.openings.saturating_add(1);
        }
    }

    /// Whether the last failures have an end: then what fails now, fails by its own fault.
    pub fn is_healthy(&self) -> bool {
        self.state().failures <= 1
    }

    /// While the stores are down, how long to wait before they are tried again. Longer each time that they answered and
    /// work failed all the same, as where reading goes and writing does not.
    pub fn pause(&self) -> Option<Duration> {
        let state = self.state();
        state.is_open.then(|| backoff(state.openings, PAUSE_FIRST, PAUSE_MAX))
    }

    /// Asks both sides something that costs little; whether they answer, so that work goes on.
    pub fn try_again(&self, target: &dyn Store) -> bool {
        let is_up = |kind: Option<Kind>| kind != Some(Kind::Io);
        let source = self.state().source.clone();
        let source_is_up = source.is_none_or(|(store, key)| is_up(store.stat(&key).err().map(|e| e.kind)));
        let answers = source_is_up && is_up(target.manifest(&CallId::from_mac(&[0; 32])).err().map(|e| e.kind));
        let mut state = self.state();
        if answers {
            state.is_open = false;
            state.failures = 0;
        } else {
            state.openings = state.openings.saturating_add(1);
        }
        answers
    }
}

/// A pause that doubles with every try and is half chance, so that many workers do not come back at once.
pub(super) fn backoff(tries: u32, first: Duration, most: Duration) -> Duration {
    // Without chance all come back at once, which is no reason to fail.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    let pause = first.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(most);
    pause.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalStore;

    #[test]
    fn pauses_double_up_to_a_bound_and_are_half_chance() {
        for (tries, most_ms) in [(0, 100), (1, 100), (2, 200), (3, 400), (9, 1_000), (u32::MAX, 1_000)] {
            let pause = backoff(tries, Duration::from_millis(100), Duration::from_secs(1)).as_millis();
            assert!((most_ms / 2..=most_ms).contains(&pause), "{tries}: {pause}");
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_closes_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(LocalStore::source(folder.path()).unwrap());
        let (breaker, key) = (Breaker::default(), Phi::new("a.wav".to_owned()));
        for _ in 0..2 {
            for _ in 1..FAILURES_MAX {
                breaker.failed(&store, &key);
                assert!(breaker.pause().is_none());
            }
            breaker.succeeded();
        }
        (0..FAILURES_MAX).for_each(|_| breaker.failed(&store, &key));
        assert!(breaker.pause().is_some() && !breaker.is_healthy());
        assert!(breaker.try_again(&*store), "a missing file is an answer");
        assert!(breaker.pause().is_none());
    }
}
