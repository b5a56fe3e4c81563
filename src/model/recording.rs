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

impl Codec {
    /// Bytes of one sample of one channel.
    #[must_use]
    pub const fn sample_bytes(self) -> u16 {
        match self {
            Self::PcmU8 | Self::ALaw | Self::MuLaw => 1,
            Self::PcmS16 => 2,
            Self::PcmS24 => 3,
            Self::PcmS32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Whether samples are integers as they are, which WAV files say without a `fact` chunk.
    #[must_use]
    pub const fn is_pcm(self) -> bool {
        matches!(self, Self::PcmU8 | Self::PcmS16 | Self::PcmS24 | Self::PcmS32)
    }

    /// The codec's digital silence: the byte that every byte of a silent sample has.
    ///
    /// In 8-bit PCM zero is the middle of the range; G.711 names 0xD5 (A-law, decodes to +8) and 0xFF (µ-law).
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::PcmU8 => 0x80,
            Self::ALaw => 0xD5,
            Self::MuLaw => 0xFF,
            Self::PcmS16 | Self::PcmS24 | Self::PcmS32 | Self::F32 | Self::F64 => 0,
        }
    }
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
    /// Bytes of one frame: one sample of every channel.
    #[must_use]
    pub fn frame_bytes(&self) -> u32 {
        u32::from(self.codec.sample_bytes()) * u32::from(self.channels)
    }

    /// Length in milliseconds, rounded up.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.frames.saturating_mul(1000).div_ceil(u64::from(self.rate_hz.max(1)))
    }
}
