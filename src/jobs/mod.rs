//! From sources to published calls: listing, pairing, one call, a batch. Must not print, nor read
//! the environment or the clock.

mod batch;
mod budget;
mod call;
mod calls;
mod evidence;
mod fetch;
mod find;
mod key;
mod known;
mod labelled;
mod list;
mod listen;
mod order;
mod ordered;
mod orphan;
mod pair;
mod quota;
mod report;
mod scan;
mod select;
mod slots;
#[cfg(test)]
mod testing;
mod verify;
mod worker;

pub use batch::{Batch, Done, Timing, run_batch};
pub use budget::{Budget, Share};
pub use call::{Originals, Run, Stale, Target, keeping, run_call};
pub use calls::{Calls, pair};
pub use fetch::SizeLimits;
pub use find::Source;
pub use key::{CallKey, KEY_BYTES_MAX, KEY_BYTES_MIN};
pub use known::KnownValues;
pub use labelled::labels_of;
pub use list::{Passed, Sources, destination};
pub use listen::Recogniser;
pub use ordered::{AddedSpans, Instead, Ordered};
pub use orphan::Orphans;
pub use pair::{Call, DEFAULT_TEMPLATES, Parts, SourceFile, Template};
pub use report::{Hidden, Report, Status, Stopped, Summary};
pub use scan::{FINDINGS_MAX, Found, Scanned, Wanted, find_in, scan_file};
pub use select::{CallSet, Selection, Shard};
pub use slots::Slots;
pub use verify::{Check, Folder, Proof, Verdict, folders, verify};
pub use worker::{
    Buckets, Delivery, Ended, EventSources, Idle, Notice, OpenBucket, Outcome, Setup, Stop, Took, Worker, WorkerTimes,
    work,
};
