//! A sign-in under way at a provider: one random secret in a cookie of the browser that began it. What the provider and the
//! address bar get to see are digests of it, so that a server keeps nothing, and whoever reads an address cannot go on with it.

use crate::base::{Error, Kind, Phi, Result, Stage};
use crate::serve::answer::own_path;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long it may take, seconds.
pub const ATTEMPT_S: u32 = 600;
const SECRET_BYTES: usize = 32;
/// Longest path to go on to, bytes: a cookie holds 4 KiB.
const NEXT_BYTES_MAX: usize = 1_024;

/// A sign-in under way.
pub struct Attempt {
    secret: Phi<[u8; SECRET_BYTES]>,
    /// Where to go on to.
    next: Option<String>,
}

impl Attempt {
    /// A new one, which goes on to a path of this server.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn begin(next: Option<&str>) -> Result<Self> {
        let mut secret = [0; SECRET_BYTES];
        let failed = |_| Error::new(Stage::Records, Kind::Io, "the system has no random bytes");
        getrandom::fill(&mut secret).map_err(failed)?;
        let next = next.and_then(own_path).filter(|next| next.len() <= NEXT_BYTES_MAX);
        Ok(Self { secret: Phi::new(secret), next: next.map(str::to_owned) })
    }

    /// What the browser keeps.
    pub fn to_cookie(&self) -> Phi<String> {
        let next = URL_SAFE_NO_PAD.encode(self.next.as_deref().unwrap_or_default());
        Phi::new(format!("{}.{next}", URL_SAFE_NO_PAD.encode(self.secret.expose())))
    }

    /// What the browser has kept.
    pub fn from_cookie(text: &Phi<String>) -> Option<Self> {
        let (secret, next) = text.expose().split_once('.')?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
        Some(Self { secret: Phi::new(secret), next: own_path(&next).map(str::to_owned) })
    }

    /// Where to go on to, a path of this server.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// What comes back with the user, who is the one that began it.
    pub fn state(&self) -> Phi<String> {
        self.derived("state")
    }

    /// Whether this came back.
    pub fn has_state(&self, state: &str) -> bool {
        constant_time::verify_slices_are_equal(self.state().expose().as_bytes(), state.as_bytes()).is_ok()
    }

    /// What comes back in the ID token, which was made for this sign-in.
    pub fn nonce(&self) -> Phi<String> {
        self.derived("nonce")
    }

    /// What shows that whoever brings the code has begun the sign-in.
    pub fn verifier(&self) -> Phi<String> {
        self.derived("verifier")
    }

    /// What the provider compares the verifier with.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier().expose().as_bytes()))
    }

    fn derived(&self, what: &str) -> Phi<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose());
        Phi::new(URL_SAFE_NO_PAD.encode(hmac::sign(&key, what.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_browser_is_fresh_and_says_nothing_of_the_rest() {
        let (one, two) = (Attempt::begin(None).unwrap(), Attempt::begin(None).unwrap());
        let of = |attempt: &Attempt| [attempt.state(), attempt.nonce(), attempt.verifier()].map(Phi::into_exposed);
        let all: std::collections::BTreeSet<_> = of(&one).into_iter().chain(of(&two)).collect();
        assert!(all.len() == 6 && all.iter().all(|text| text.len() == 43), "RFC 7636 asks for 43 characters");
        assert!(one.has_state(one.state().expose()) && !one.has_state(two.state().expose()) && !one.has_state(""));
    }

    #[test]
    fn the_cookie_brings_it_back_and_goes_on_to_paths_of_this_server_alone() {
        let attempt = Attempt::begin(Some("/calls?page=2")).unwrap();
        let back = Attempt::from_cookie(&attempt.to_cookie()).unwrap();
        assert!(back.state() == attempt.state() && back.next() == Some("/calls?page=2"));
        let secret = attempt.to_cookie().expose().split('.').next().unwrap().to_owned();
        let forged = |next: &str| Phi::new(format!("{secret}.{}", URL_SAFE_NO_PAD.encode(next)));
        assert_eq!(Attempt::from_cookie(&forged("//evil.example")).unwrap().next(), None);
        assert_eq!(Attempt::begin(Some("https://evil.example")).unwrap().next(), None);
        for wrong in ["", ".", "AAAA.", &secret, &format!("{secret}A.")] {
            assert!(Attempt::from_cookie(&Phi::new((*wrong).to_owned())).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "RFC 7636, appendix B");
    }
}
