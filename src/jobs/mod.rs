//! From sources to published calls: listing, pairing, one call, a batch. Must not print, nor read
//! the environment or the clock.

mod batch;
mod call;
mod fetch;
mod key;
mod known;
mod list;
mod pair;
mod report;
mod slots;
mod verify;

pub use batch::run_batch;
pub use call::{Run, Target, run_call};
pub use fetch::SizeLimits;
pub use key::{CallKey, KEY_BYTES_MAX, KEY_BYTES_MIN};
pub use known::KnownValues;
pub use list::{Listing, destination, list};
pub use pair::{Call, DEFAULT_TEMPLATES, Parts, SourceFile, Template, pair};
pub use report::{Hidden, Report, Status, Summary};
pub use slots::Slots;
pub use verify::{Check, Folder, Proof, Verdict, folders, verify};
