//! One password is hashed at a time, and few wait: hashing takes 19 MiB and 30 ms by design, which must not be what brings a
//! server down.

use super::answer::Problem;
use super::app::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most that wait: about two seconds of hashing.
const WAITING_MAX: usize = 64;

/// Where passwords wait.
#[derive(Default)]
pub(super) struct PasswordGate {
    inside: Mutex<()>,
    waiting: AtomicUsize,
}

impl PasswordGate {
    /// Runs what hashes passwords once it is its turn.
    ///
    /// # Errors
    /// When too many wait.
    pub(super) fn pass<T>(&self, hash: impl FnOnce() -> T) -> Result<T, Problem> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::Busy);
        }
        let made = {
            let _turn = lock(&self.inside);
            hash()
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn one_is_inside_some_wait_and_the_next_is_sent_away() {
        let gate = PasswordGate::default();
        let (open, opened) = channel::<()>();
        std::thread::scope(|scope| {
            let gate = &gate;
            let (entered, is_inside) = channel();
            scope.spawn(move || {
                let inside = || {
                    entered.send(()).unwrap();
                    opened.recv()
                };
                gate.pass(inside).is_ok()
            });
            // Whoever came before would be through at once.
            is_inside.recv().unwrap();
            let waiters: Vec<_> = (1..WAITING_MAX).map(|_| scope.spawn(|| gate.pass(|| ()).is_ok())).collect();
            while gate.waiting.load(Ordering::Relaxed) < WAITING_MAX {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(gate.pass(|| ()).is_err());
            open.send(()).unwrap();
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
        });
        assert!(gate.pass(|| ()).is_ok());
    }
}
