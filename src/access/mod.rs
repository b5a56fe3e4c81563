//! Who may do what with redacted calls, and the proof of what they did: signatures, the audit log, people and their
//! rights, retention. Must not know how a request came in, nor read the clock, the environment or a terminal.

pub mod audit;
mod canonical;
pub mod exposure;
pub mod hearers;
pub mod labels;
pub mod orders;
pub mod people;
pub mod retention;
pub mod sign;
pub mod spans;
pub mod table;
mod word;

pub use canonical::canonical;
pub use word::{UserName, WORD_BYTES_MAX, Word};
