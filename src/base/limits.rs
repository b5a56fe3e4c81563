//! Bounds on outside data. Reaching one holds the call; nothing is ever cut short.

/// Largest transcript read, bytes. A 4-hour call in the most verbose format has about 40 MB.
pub const TRANSCRIPT_BYTES_MAX: u64 = 256 << 20;
/// Deepest nesting of a JSON transcript; the deepest known format has 9 levels.
pub const JSON_DEPTH_MAX: usize = 64;
/// Longest single string in a transcript, bytes. A whole 8-hour call as one string has about 0.6 MB.
pub const STRING_BYTES_MAX: usize = 16 << 20;
/// Most words in a transcript. An 8-hour call at 250 words a minute has 120,000.
pub const WORDS_MAX: usize = 8_000_000;
/// Longest recording, milliseconds: 48 hours.
pub const RECORDING_MS_MAX: u64 = 48 * 3_600_000;
/// Most channels of a recording.
pub const CHANNELS_MAX: u16 = 64;
/// Longest recording that is listened to, times its channels, milliseconds: 48 hours in stereo.
pub const HEARD_MS_MAX: u64 = 2 * RECORDING_MS_MAX;
/// Highest sampling rate, frames a second.
pub const RATE_HZ_MAX: u32 = 768_000;
/// Most chunks of a RIFF file; the busiest broadcast files have about twenty.
pub const CHUNKS_MAX: usize = 1024;
/// Largest tables of an MP4 file, bytes. Those of 48 hours of AAC have about 35 MB.
pub const MP4_TABLES_BYTES_MAX: u64 = 64 << 20;
/// Most boxes that an MP4 file is made of. 48 hours in fragments of half a second have 700,000.
pub const MP4_BOXES_MAX: usize = 1 << 20;
/// Largest cluster of a Matroska file, bytes. Those of recorders have some seconds.
pub const CLUSTER_BYTES_MAX: u64 = 8 << 20;
/// Most bytes behind the sound that are looked through for tags.
pub const TAIL_BYTES_MAX: u64 = 1 << 20;
/// Longest path of a request, bytes.
pub const PATH_BYTES_MAX: usize = 512;
/// Most fields of a query or a form.
pub const FIELDS_MAX: usize = 128;
/// Largest form that is sent, bytes.
pub const FORM_BYTES_MAX: usize = 64 << 10;
