//! Recordings and transcripts as files, without detection: every case of `fixtures/recordings`, `fixtures/packets`
//! and `fixtures/transcripts`, and what must hold for any file at all.

mod bleed;
mod borders;
mod damaged;
mod decoders;
mod fills;
mod large;
mod masked;
mod packets;
mod raw;
mod reader;
mod recordings;
mod said;
mod transcripts;
