//! What a recording is, apart from its samples.

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Codec {
    /// Unsigned 8-bit PCM; silence is 0x80.
    PcmU8,
    /// Signed 16-bit PCM, little-endian.
    PcmS16,
    /// Signed 24-bit PCM, little-endian.
    PcmS24,
    /// Signed 32-bit PCM, little-endian.
    PcmS32,
    /// IEEE float, 32 bits.
    F32,
    /// IEEE float, 64 bits.
    F64,
    /// G.711 A-law; silence is 0xD5.
    ALaw,
    /// G.711 µ-law; silence is 0xFF.
    MuLaw,
}

/// Container, codec and shape of a recording.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordingInfo {
    /// The container: `wav`.
    pub container: String,
    /// How samples are stored.
    pub codec: Codec,
    /// Frames a second.
    pub rate_hz: u32,
    /// Samples a frame.
    pub channels: u16,
    /// Frames: one sample of every channel.
    pub frames: u64,
}

impl RecordingInfo {
    /// Length in milliseconds, rounded up.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        (self.frames * 1000).div_ceil(u64::from(self.rate_hz.max(1)))
    }
}
