//! Who may do what with redacted calls, and the proof of what they did: signatures, the audit log, people and their
//! rights, retention. Must not know how a request came in, nor read the clock, the environment or a terminal.

mod canonical;
pub mod sign;

pub use canonical::canonical;
