//! What every other module stands on: guarded values, spans, ids, limits, the one error.
//! Must not know about transcripts, recordings or storage.

mod error;
mod fold;
mod hold;
mod id;
pub mod limits;
mod phi;
mod span;
mod timestamp;

pub use error::{Error, Kind, Result, Retry, Stage, why};
pub use fold::{folded, narrow, push_folded};
pub use hold::HoldReason;
pub use id::{CallId, KeyedRef, Sha256Hex};
pub use phi::{Clean, Phi};
pub use span::{TimeSpan, WordSpan};
pub use timestamp::{Timestamp, civil_from_days, days_from_civil};
