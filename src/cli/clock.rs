//! The only reader of the clock.

use crate::base::Timestamp;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Now, seconds since 1970; 0 on a machine whose clock stands before that.
pub(super) fn now() -> u64 {
    since_1970().as_secs()
}

/// Now, as time since 1970; nothing on a machine whose clock stands before that.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time that manifests state: what was asked for, else now.
pub(super) fn stated(epoch_s: Option<u64>) -> Timestamp {
    Timestamp::from_unix_s(epoch_s.unwrap_or_else(now))
}

/// Time since this was first asked for; it never goes back.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn elapsed() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// How long ago this was called.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn stopwatch() -> impl Fn() -> Duration + Sync {
    let start = Instant::now();
    move || start.elapsed()
}
