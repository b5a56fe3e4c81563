//! The key that turns names of sources into pseudonyms. Must not be printed or written to a destination.

use crate::base::{CallId, Error, KeyedRef, Phi, Result};
use crate::model::KnownValue;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Fewest bytes of a key.
pub const KEY_BYTES_MIN: usize = 16;
/// Most bytes of a key.
pub const KEY_BYTES_MAX: usize = 4096;

/// The secret behind call ids. Runs that write to one destination must share it.
#[derive(Clone)]
pub struct CallKey(Hmac<Sha256>);

impl CallKey {
    /// The key with these bytes, used as they stand apart from white space around them: hexadecimal,
    /// base64 and any other text are all keys, none is decoded.
    ///
    /// # Errors
    /// A usage error when there are fewer than [`KEY_BYTES_MIN`] or more than [`KEY_BYTES_MAX`] bytes.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.trim_ascii();
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
            let message =
                format!("the call id key has {} bytes, it must have {KEY_BYTES_MIN} to {KEY_BYTES_MAX}", bytes.len());
            return Err(Error::usage(message).hint("make one with `openssl rand -hex 32`"));
        }
        Ok(Self(Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length")))
    }

    /// The pseudonym of a call's name.
    #[must_use]
    pub fn call_id(&self, name: &Phi<Vec<u8>>) -> CallId {
        CallId::from_mac(&self.mac("sordino.call/v1", name.expose()))
    }

    /// The reference to a source of a call by its file name: the same however SOURCE was typed.
    #[must_use]
    pub fn reference(&self, call: &CallId, file_name: &Phi<&str>) -> KeyedRef {
        self.of_call("sordino.source/v1", call, file_name.expose())
    }

    /// A reference to the place below which a call is named.
    #[must_use]
    pub fn root(&self, call: &CallId, root: &Phi<&str>) -> KeyedRef {
        self.of_call("sordino.root/v1", call, root.expose())
    }

    /// The pseudonym of an agent: the same in all calls, and a word.
    #[must_use]
    pub fn agent(&self, name: &Phi<&String>) -> String {
        format!("a-{}", &CallId::from_mac(&self.mac("sordino.agent/v1", name.expose().as_bytes())).as_str()[..10])
    }

    /// A reference to what is known of a call's people, to tell when it changes. Keyed, because a day of birth is
    /// soon guessed from a plain digest.
    pub(super) fn known(&self, call: &CallId, values: &[KnownValue]) -> KeyedRef {
        let mut bytes = call.as_str().as_bytes().to_vec();
        for value in values {
            for part in [value.category.label(), value.value.expose()] {
                bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
                bytes.extend_from_slice(part.as_bytes());
            }
        }
        KeyedRef::from_mac(&self.mac("sordino.known/v1", &bytes))
    }

    /// A reference to a text that belongs to a call: another one in every call.
    fn of_call(&self, purpose: &str, call: &CallId, text: &str) -> KeyedRef {
        KeyedRef::from_mac(&self.mac(purpose, &[call.as_str(), text].concat().into_bytes()))
    }

    /// A keyed hash of `bytes` for one purpose; the same bytes give unrelated hashes for another.
    fn mac(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(key: &[u8], name: &str) -> CallId {
        CallKey::new(key).unwrap().call_id(&Phi::new(name.into()))
    }

    #[test]
    fn the_same_key_and_name_give_the_same_id() {
        assert_eq!(id(b"0123456789abcdef", "2026/a"), id(b"0123456789abcdef\n", "2026/a"));
    }

    #[test]
    fn another_key_or_name_gives_another_id() {
        let one = id(b"0123456789abcdef", "a");
        assert!(one != id(b"0123456789abcdeF", "a"));
        assert!(one != id(b"0123456789abcdef", "b"));
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(CallKey::new(b" 0123456789abcde\n").is_err());
    }
}
