//! Linear sound: equal frames in one stretch, as PCM, float and G.711 have in every container.

use std::ops::Range;

/// Where linear sound lies in its source, and what stands around it in a redacted copy.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Linear {
    /// The frames, as bytes of the source.
    pub(super) source: Range<u64>,
    /// Everything before the frames in a redacted copy, rebuilt from understood fields only.
    pub(super) header: Vec<u8>,
    /// Everything after the frames in a redacted copy.
    pub(super) trailer: Vec<u8>,
}

impl Linear {
    /// Size of the frames, bytes.
    pub(super) const fn len(&self) -> u64 {
        self.source.end - self.source.start
    }

    /// Size of a redacted copy, bytes.
    pub(super) const fn copy_bytes(&self) -> u64 {
        self.header.len() as u64 + self.len() + self.trailer.len() as u64
    }
}
