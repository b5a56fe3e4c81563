//! Ed25519 keys as files of other tools have them: PKCS#8 and SubjectPublicKeyInfo in PEM (RFC 8410), which `openssl`
//! makes and reads. Must not read files.

use crate::base::{Error, Kind, Phi, Result, Sha256Hex, Stage};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands before the 32 bytes of a private key in PKCS#8: version 0, the algorithm, an octet string in another.
const PRIVATE_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// What stands before the 32 bytes of a public key in SubjectPublicKeyInfo.
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PRIVATE_LABEL: &str = "PRIVATE KEY";
const PUBLIC_LABEL: &str = "PUBLIC KEY";
/// Bytes of a seed and of a public key.
const KEY_BYTES: usize = 32;
/// Bytes of a signature.
pub(super) const SIGNATURE_BYTES: usize = 64;

/// The name of a public key: the first 16 hexadecimal digits of its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The 16 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A private key. It has no Debug.
pub struct PrivateKey(Ed25519KeyPair);

impl PrivateKey {
    /// A new key of 32 random bytes, and its PEM.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn generate() -> Result<(Self, Phi<String>)> {
        let mut seed = [0; KEY_BYTES];
        getrandom::fill(&mut seed)
            .map_err(|_| Error::new(Stage::Records, Kind::Io, "the system has no random bytes"))?;
        let pem = pem(PRIVATE_LABEL, &[&PRIVATE_PREFIX[..], &seed].concat());
        Ok((Self::of_seed(&seed)?, Phi::new(pem)))
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// When it is something else, or the key of another algorithm.
    pub fn parse(text: &Phi<String>) -> Result<Self> {
        let wrong =
            || Error::usage("the signing key is no Ed25519 key in PEM").hint("make one with `sordino keys new`");
        let der = unpem(PRIVATE_LABEL, text.expose()).ok_or_else(wrong)?;
        // A second version of the structure has the public key behind; it is not needed.
        let is_second = der.get(4) == Some(&1) && der.len() > 16 && der[5..16] == PRIVATE_PREFIX[5..16];
        let seed = der.strip_prefix(&PRIVATE_PREFIX).or_else(|| is_second.then(|| &der[16..]));
        let seed = seed.and_then(|seed| seed.get(..KEY_BYTES)).ok_or_else(wrong)?;
        Self::of_seed(seed)
    }

    fn of_seed(seed: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self).map_err(|_| Error::usage("the signing key is no Ed25519 key"))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    /// Reads SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    /// When it is something else, or the key of another algorithm.
    pub fn parse(text: &str) -> Result<Self> {
        let der = unpem(PUBLIC_LABEL, text);
        let key = der.as_deref().and_then(|der| der.strip_prefix(&PUBLIC_PREFIX)?.try_into().ok());
        key.map(Self).ok_or_else(|| Error::usage("no Ed25519 public key in PEM"))
    }

    /// SubjectPublicKeyInfo in PEM, for other tools.
    #[must_use]
    pub fn pem(&self) -> String {
        pem(PUBLIC_LABEL, &[&PUBLIC_PREFIX[..], &self.0].concat())
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Sha256Hex::of(&self.0).as_str()[..16].to_owned())
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let bytes = unhex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes that lower-case hexadecimal digits stand for.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |d: u8| match d {
        b'0'..=b'9' => Some(d - b'0'),
        b'a'..=b'f' => Some(d - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn unpem(label: &str, text: &str) -> Option<Vec<u8>> {
    let body = text.split_once(&format!("-----BEGIN {label}-----"))?.1.split_once(&format!("-----END {label}-----"))?.0;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2, and RFC 8410, section 10.
    #[test]
    fn the_vectors_of_the_standards_hold() {
        let seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = PrivateKey::of_seed(&seed).unwrap();
        let public = hex(&key.public().0);
        assert_eq!(public, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let want = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex(&key.sign(&[0x72])), want);
        let rfc8410 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                       -----END PRIVATE KEY-----\n";
        let key = PrivateKey::parse(&Phi::new(rfc8410.to_owned())).unwrap();
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                      -----END PUBLIC KEY-----\n";
        assert_eq!(key.public().pem(), public);
        assert_eq!(PublicKey::parse(public).unwrap(), key.public());
        let second = "-----BEGIN PRIVATE KEY-----\nMHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
            oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\nZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
            -----END PRIVATE KEY-----\n";
        assert_eq!(PrivateKey::parse(&Phi::new(second.to_owned())).unwrap().public(), key.public());
    }

    #[test]
    fn a_new_key_reads_back_and_signs_what_its_public_half_verifies() {
        let (key, pem) = PrivateKey::generate().unwrap();
        let again = PrivateKey::parse(&pem).unwrap();
        let signature = again.sign(b"m");
        assert!(key.public().verifies(b"m", &signature) && !key.public().verifies(b"n", &signature));
        assert!(PrivateKey::generate().unwrap().0.public() != key.public());
    }

    #[test]
    fn keys_of_other_kinds_are_refused_and_not_quoted() {
        let ec = pem(PRIVATE_LABEL, &[0x30; 70]);
        for text in ["", "MC4CAQ", &ec, "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----"] {
            let error = PrivateKey::parse(&Phi::new(text.to_owned())).err().unwrap();
            assert!(!error.to_string().contains("MC4"));
            assert!(PublicKey::parse(text).is_err());
        }
    }
}
