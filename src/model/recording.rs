//! What a recording is, apart from its samples.

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Codec {
    /// Unsigned 8-bit PCM; silence is 0x80.
    PcmU8,
    /// Signed 8-bit PCM.
    PcmS8,
    /// Signed 16-bit PCM, little-endian.
    PcmS16,
    /// Signed 24-bit PCM, little-endian.
    PcmS24,
    /// Signed 32-bit PCM, little-endian.
    PcmS32,
    /// Signed 16-bit PCM, big-endian.
    PcmS16Be,
    /// Signed 24-bit PCM, big-endian.
    PcmS24Be,
    /// Signed 32-bit PCM, big-endian.
    PcmS32Be,
    /// IEEE float, 32 bits, little-endian.
    F32,
    /// IEEE float, 64 bits, little-endian.
    F64,
    /// IEEE float, 32 bits, big-endian.
    F32Be,
    /// IEEE float, 64 bits, big-endian.
    F64Be,
    /// G.711 A-law; silence is 0xD5.
    ALaw,
    /// G.711 µ-law; silence is 0xFF.
    MuLaw,
    /// IMA ADPCM in blocks, as WAV files have it (format tag 0x11).
    ImaAdpcm,
    /// Microsoft ADPCM in blocks (format tag 2).
    MsAdpcm,
    /// GSM 06.10 full rate, two frames in a block of 65 bytes, as WAV files have it (format tag 0x31).
    Gsm610,
    /// FLAC, in frames.
    Flac,
    /// Opus, in packets.
    Opus,
    /// Vorbis, in packets.
    Vorbis,
    /// MPEG audio layer III, in frames.
    Mp3,
    /// AAC low complexity, in blocks.
    Aac,
}

impl Codec {
    /// Bytes of one sample of one channel; `None` where samples are coded in blocks or packets.
    #[must_use]
    pub const fn sample_bytes(self) -> Option<u16> {
        match self {
            Self::PcmU8 | Self::PcmS8 | Self::ALaw | Self::MuLaw => Some(1),
            Self::PcmS16 | Self::PcmS16Be => Some(2),
            Self::PcmS24 | Self::PcmS24Be => Some(3),
            Self::PcmS32 | Self::PcmS32Be | Self::F32 | Self::F32Be => Some(4),
            Self::F64 | Self::F64Be => Some(8),
            Self::ImaAdpcm | Self::MsAdpcm | Self::Gsm610 => None,
            Self::Flac | Self::Opus | Self::Vorbis | Self::Mp3 | Self::Aac => None,
        }
    }

    /// Whether samples are integers as they are, which WAV files say without a `fact` chunk.
    #[must_use]
    pub const fn is_pcm(self) -> bool {
        matches!(
            self,
            Self::PcmU8
                | Self::PcmS8
                | Self::PcmS16
                | Self::PcmS24
                | Self::PcmS32
                | Self::PcmS16Be
                | Self::PcmS24Be
                | Self::PcmS32Be
        )
    }
}

/// Container, codec and shape of a recording.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordingInfo {
    /// The container: `wav`, `aiff` and so on, as `docs/recordings.md` lists them.
    pub container: String,
    /// How samples are stored.
    pub codec: Codec,
    /// Frames a second; of Opus 48,000, whatever was recorded.
    pub rate_hz: u32,
    /// Samples a frame.
    pub channels: u16,
    /// Frames: one sample of every channel.
    pub frames: u64,
}

impl RecordingInfo {
    /// Bytes of one frame, one sample of every channel; `None` where samples are coded in blocks.
    #[must_use]
    pub fn frame_bytes(&self) -> Option<u32> {
        Some(u32::from(self.codec.sample_bytes()?) * u32::from(self.channels))
    }

    /// Frames in this time, rounded down.
    #[must_use]
    pub fn frames_in(&self, ms: u32) -> u64 {
        u64::from(self.rate_hz) * u64::from(ms) / 1000
    }

    /// Length in milliseconds, rounded up.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.frames.saturating_mul(1000).div_ceil(u64::from(self.rate_hz.max(1)))
    }
}
