//! The things that the pipeline hands from step to step. Must not parse, detect or write files.

pub mod by_hand;
mod category;
mod fill;
mod finding;
mod known;
pub mod manifest;
pub mod mask;
mod piece;
mod plan;
pub mod policy;
mod raw;
mod recording;
mod transcript;

pub use category::Category;
pub use fill::{Fill, MuteStyle};
pub use finding::{Finding, RuleId};
pub use known::{Day, KNOWN_BYTES_MAX, KNOWN_SCHEMA, KnownFile, KnownValue};
pub use piece::Piece;
pub use plan::{Beside, Channels, Edit, Flag, Mute, MutedSpan, RedactionPlan, Stretches};
pub use policy::{Extra, ObjectLock, Policy, RetentionPolicy};
pub use raw::RawShape;
pub use recording::{Codec, RecordingInfo};
pub use transcript::{Format, Speaker, TimeSource, Transcript, TranscriptBuilder, Turn, TurnKind, Word};
