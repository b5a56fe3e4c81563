//! A provider's public keys (RFC 7517) and signatures by them (RFC 7515, 7518, 8037): RSA, ECDSA and Ed25519, checked by AWS-LC.
//! Algorithms with a secret that both sides know, and `none`, do not exist here.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Most keys of a provider.
const KEYS_MAX: usize = 64;

/// How a token is signed, by its name in RFC 7518 and 8037; the key must be of its kind.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// A public key as a provider tells it.
#[derive(Deserialize)]
pub struct Key {
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    #[serde(flatten)]
    material: Material,
}

#[derive(Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
}

/// The keys of a set that are of a kind that is known; others sign nothing that is taken.
#[must_use]
pub fn read_keys(bytes: &[u8]) -> Option<Vec<Key>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(bytes).ok()?;
    Some(set.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok()).collect())
}

impl Key {
    /// Whether it may have made a signature by this algorithm under this name; whoever gives none may mean any.
    #[must_use]
    pub fn is_meant(&self, name: Option<&str>, algorithm: Algorithm) -> bool {
        let is_named = name.is_none_or(|name| self.kid.as_deref().is_none_or(|own| own == name));
        let is_to_sign = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let alg = self.alg.as_ref().map(|alg| serde_json::from_value::<Algorithm>(alg.as_str().into()).ok());
        is_named && is_to_sign && alg.is_none_or(|alg| alg == Some(algorithm)) && self.is_of(algorithm)
    }

    fn is_of(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        match (&self.material, algorithm) {
            (Material::Rsa { .. }, RS256 | RS384 | RS512 | PS256 | PS384 | PS512) => true,
            (Material::Ec { crv, .. }, ES256) => crv == "P-256",
            (Material::Ec { crv, .. }, ES384) => crv == "P-384",
            (Material::Okp { crv, .. }, EdDSA) => crv == "Ed25519",
            _ => false,
        }
    }

    /// Whether a signature of a message is by this key.
    #[must_use]
    pub fn has_signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.is_of(algorithm) && self.verify(algorithm, message, signature).is_some()
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<()> {
        let decoded = |text: &String| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        match &self.material {
            Material::Rsa { n, e } => {
                let (n, e) = (decoded(n)?, decoded(e)?);
                RsaPublicKeyComponents { n: &n, e: &e }.verify(rsa(algorithm)?, message, signature).ok()
            }
            Material::Ec { x, y, .. } => {
                // SEC 1, section 2.3.3: an uncompressed point.
                let point = [vec![4], decoded(x)?, decoded(y)?].concat();
                let curve =
                    if algorithm == Algorithm::ES256 { &ECDSA_P256_SHA256_FIXED } else { &ECDSA_P384_SHA384_FIXED };
                verified(curve, &point, message, signature)
            }
            Material::Okp { x, .. } => verified(&ED25519, &decoded(x)?, message, signature),
        }
    }
}

fn verified(by: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    UnparsedPublicKey::new(by, key).verify(message, signature).ok()
}

const fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => return None,
    })
}
