//! Ids that hold no PHI: the keyed pseudonym of a call, and digests.

use sha2::{Digest, Sha256};
use std::fmt;

/// The keyed pseudonym of a source's name: 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct CallId(String);

impl CallId {
    /// Number of hexadecimal digits.
    pub const LEN: usize = 32;

    /// Makes the pseudonym from the first 16 bytes of a keyed hash.
    #[must_use]
    pub fn from_mac(mac: &[u8; 32]) -> Self {
        Self(hex(&mac[..Self::LEN / 2]))
    }

    /// Reads a pseudonym back, as from the name of a folder.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let ok = text.len() == Self::LEN && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ok.then(|| Self(text.to_owned()))
    }

    /// The 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number that the digits stand for.
    ///
    /// # Panics
    /// Never: there is no other way to make one than from such digits.
    #[must_use]
    pub fn number(&self) -> u128 {
        u128::from_str_radix(&self.0, 16).expect("it has 32 hexadecimal digits")
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for CallId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a call id"))
    }
}

/// A SHA-256 digest as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    /// The digest of what the hasher has seen.
    #[must_use]
    pub fn finish(hasher: Sha256) -> Self {
        Self(hex(&hasher.finalize()))
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Sha256Hex {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        hex_digits(d, 64).map(Self)
    }
}

/// The keyed reference of a source: a full HMAC-SHA-256 of its key, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct KeyedRef(String);

impl KeyedRef {
    /// Makes the reference from a keyed hash.
    #[must_use]
    pub fn from_mac(mac: &[u8; 32]) -> Self {
        Self(hex(mac))
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for KeyedRef {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        hex_digits(d, 64).map(Self)
    }
}

fn hex_digits<'de, D: serde::Deserializer<'de>>(d: D, len: usize) -> Result<String, D::Error> {
    let text = <String as serde::Deserialize>::deserialize(d)?;
    let ok = text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    ok.then_some(text).ok_or_else(|| serde::de::Error::custom("not a digest in lower-case hexadecimal digits"))
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_is_read_back_and_nothing_else_is() {
        let id = CallId::from_mac(&[0xab; 32]);
        assert_eq!(CallId::parse(id.as_str()), Some(id));
        assert_eq!(CallId::parse("../etc/passwd"), None);
        assert_eq!(CallId::parse(&"A".repeat(32)), None);
    }

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert_eq!(Sha256Hex::of(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
