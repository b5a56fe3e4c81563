//! Recordings and transcripts as files, without detection: every case of `fixtures/recordings`, `fixtures/packets`
//! and `fixtures/transcripts`, and what must hold for any file at all.

mod decoders;
mod large;
mod masked;
mod packets;
mod reader;
mod recordings;
mod said;
mod transcripts;
