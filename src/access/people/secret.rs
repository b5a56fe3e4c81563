//! Passwords, one-time codes and random secrets. Must not keep or print any of them.

use crate::base::{Error, Kind, Phi, Result, Sha256Hex, Stage, Timestamp};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Shortest password, characters. NIST SP 800-63B asks for 8 with a second factor and 15 without.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password, bytes: longer ones would only cost time.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Length of a step of one-time codes, seconds, and digits of a code (RFC 6238).
const STEP_S: u64 = 30;
const CODE_DIGITS: u32 = 6;
/// Bytes of a second factor: RFC 4226 recommends 20.
const FACTOR_BYTES: usize = 20;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What hashing a password costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        // The first choice of OWASP's Password Storage Cheat Sheet, with one lane.
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// A password as it is stored: Argon2id, with what it was hashed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHash {
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    salt: String,
    hash: String,
}

impl PasswordHash {
    /// Hashes a password.
    ///
    /// # Errors
    /// A usage error when it is too short or too long; when the system has no random bytes.
    pub fn of(password: &Phi<String>, cost: Cost) -> Result<Self> {
        let text = password.expose();
        if text.chars().count() < PASSWORD_CHARS_MIN || text.len() > PASSWORD_BYTES_MAX {
            let bounds = format!("at least {PASSWORD_CHARS_MIN} characters, at most {PASSWORD_BYTES_MAX} bytes");
            return Err(Error::usage(format!("the password has the wrong length: {bounds}")));
        }
        let salt = random::<SALT_BYTES>()?;
        let hash = argon2id(text.as_bytes(), &salt, cost)?;
        Ok(Self {
            algorithm: "argon2id".into(),
            memory_kib: cost.memory_kib,
            passes: cost.passes,
            salt: STANDARD_NO_PAD.encode(salt),
            hash: STANDARD_NO_PAD.encode(hash),
        })
    }

    /// Whether it is of this password. Takes as long whatever the answer.
    #[must_use]
    pub fn is_of(&self, password: &Phi<String>) -> bool {
        let cost = Cost { memory_kib: self.memory_kib, passes: self.passes };
        let (Ok(salt), Ok(want)) = (STANDARD_NO_PAD.decode(&self.salt), STANDARD_NO_PAD.decode(&self.hash)) else {
            return false;
        };
        let is_fit = self.algorithm == "argon2id" && password.expose().len() <= PASSWORD_BYTES_MAX;
        is_fit && argon2id(password.expose().as_bytes(), &salt, cost).is_ok_and(|hash| is_equal(&hash, &want))
    }

    /// One of no password, as costly to compare with.
    #[must_use]
    pub fn of_nobody(cost: Cost) -> Self {
        let Cost { memory_kib, passes } = cost;
        let salt = STANDARD_NO_PAD.encode([0; SALT_BYTES]);
        Self { algorithm: "argon2id".into(), memory_kib, passes, salt, hash: String::new() }
    }
}

fn argon2id(password: &[u8], salt: &[u8], cost: Cost) -> Result<[u8; HASH_BYTES]> {
    let failed = |_| Error::new(Stage::Records, Kind::Internal, "a password cannot be hashed");
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(HASH_BYTES)).map_err(failed)?;
    let mut hash = [0; HASH_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password, salt, &mut hash).map_err(failed)?;
    Ok(hash)
}

/// A second factor: the secret behind one-time codes (RFC 6238, SHA-1, six digits, 30 seconds), which all authenticator
/// apps know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totp {
    /// Base32 without padding.
    secret: String,
    /// The step of the last code that was taken; no code of it or before is taken again.
    #[serde(default)]
    last_step: u64,
}

impl Totp {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn generate() -> Result<Self> {
        Ok(Self { secret: base32(&random::<FACTOR_BYTES>()?), last_step: 0 })
    }

    /// What an authenticator app reads.
    #[must_use]
    pub fn uri(&self, issuer: &str, user: &str) -> Phi<String> {
        let secret = &self.secret;
        Phi::new(format!("otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}", user.replace('@', "%40")))
    }

    /// Takes a code of now, of the step before or the next one, once.
    pub fn take(&mut self, code: &Phi<String>, now: Timestamp) -> bool {
        let Some(secret) = unbase32(&self.secret) else { return false };
        let step = now.unix_s() / STEP_S;
        let fits = |step: &u64| is_equal(one_time_code(&secret, *step).as_bytes(), code.expose().trim().as_bytes());
        let found = (step.saturating_sub(1)..=step + 1).filter(fits).find(|step| *step > self.last_step);
        self.last_step = found.unwrap_or(self.last_step);
        found.is_some()
    }

    /// The code of a time, for tests of what takes them.
    #[cfg(test)]
    pub(crate) fn code(&self, at: Timestamp) -> Phi<String> {
        Phi::new(one_time_code(&unbase32(&self.secret).unwrap(), at.unix_s() / STEP_S))
    }
}

fn one_time_code(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    // RFC 4226, section 5.3: four bytes from where the last one points to.
    let at = mac.last().map_or(0, |last| usize::from(last & 15));
    let number = mac[at..].iter().take(4).fold(0, |number: u32, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:0width$}", number % 10_u32.pow(CODE_DIGITS), width = CODE_DIGITS as usize)
}

/// A random secret of 32 bytes, as text that fits into headers and cookies.
pub(super) fn new_secret() -> Result<Phi<String>> {
    Ok(Phi::new(URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// A password for the first sign-in: 100 random bits that can be read aloud.
///
/// # Errors
/// When the system has no random bytes.
pub fn one_time_password() -> Result<Phi<String>> {
    let letters = base32(&random::<13>()?).to_lowercase();
    let groups: Vec<&str> = (0..4).map(|n| &letters[n * 5..n * 5 + 5]).collect();
    Ok(Phi::new(groups.join("-")))
}

/// What of a secret is stored.
pub(super) fn digest(secret: &str) -> Sha256Hex {
    Sha256Hex::of(secret.as_bytes())
}

pub(super) fn is_equal(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::new(Stage::Records, Kind::Io, "the system has no random bytes"))?;
    Ok(bytes)
}

fn base32(bytes: &[u8]) -> String {
    let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(BASE32[(held << (5 - bits) & 31) as usize]));
    }
    out
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        held = (held << 5 | u32::try_from(BASE32.iter().position(|b| *b == letter)?).ok()?) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 255) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

    fn phi(text: &str) -> Phi<String> {
        Phi::new(text.to_owned())
    }

    /// RFC 6238, appendix B, SHA-1, the last six of its eight digits; RFC 4648, section 10.
    #[test]
    fn the_vectors_of_the_standards_hold() {
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(one_time_code(b"12345678901234567890", at / STEP_S), code);
        }
        for (text, encoded) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(text.as_bytes()), encoded);
            assert_eq!(unbase32(encoded).unwrap(), text.as_bytes());
        }
        assert!(unbase32("a0").is_none());
    }

    /// A vector of the reference implementation's tests: RFC 9106 has but one with a secret and associated data.
    #[test]
    fn argon2id_is_that_of_the_reference() {
        let hash = argon2id(b"password", b"somesalt", Cost { memory_kib: 256, passes: 2 }).unwrap();
        let hex: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
    }

    #[test]
    fn a_code_is_taken_once_and_only_around_its_time() {
        let mut totp = Totp::generate().unwrap();
        let now = Timestamp::from_unix_s(1_795_296_708);
        let code = |seconds: u64| totp.code(Timestamp::from_unix_s(now.unix_s() + seconds - 600));
        let (old, late, current, future) = (code(500), code(570), code(600), code(680));
        assert!(!totp.take(&old, now) && !totp.take(&future, now) && !totp.take(&phi(""), now));
        assert!(totp.take(&late, now), "of the step before");
        assert!(totp.take(&current, now) && !totp.take(&current, now) && !totp.take(&late, now));
    }

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let hash = PasswordHash::of(&phi("correct horse battery"), CHEAP).unwrap();
        assert!(hash.is_of(&phi("correct horse battery")) && !hash.is_of(&phi("correct horse batterz")));
        assert!(hash != PasswordHash::of(&phi("correct horse battery"), CHEAP).unwrap(), "salted");
        assert!(!PasswordHash::of_nobody(CHEAP).is_of(&phi("")));
        for wrong in ["short", &"x".repeat(1_025)] {
            assert!(PasswordHash::of(&phi(wrong), CHEAP).is_err());
        }
        let written = serde_json::to_string(&hash).unwrap();
        assert!(serde_json::from_str::<PasswordHash>(&written).unwrap() == hash && !written.contains("correct"));
    }

    #[test]
    fn secrets_are_random_and_fit_where_they_go() {
        let (one, two) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert!(one != two && one.expose().len() == 23 && PasswordHash::of(&one, CHEAP).is_ok());
        assert_eq!(new_secret().unwrap().expose().len(), 43);
        let uri = Totp::generate().unwrap().uri("sordino", "ana@example.org").into_exposed();
        assert!(uri.starts_with("otpauth://totp/sordino:ana%40example.org?secret="));
    }
}
