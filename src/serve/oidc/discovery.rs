//! What a provider says of itself (OpenID Connect Discovery 1.0): its addresses and its keys. Asked for its addresses
//! whenever somebody wants to sign in, which tells whether it is there; for its keys once an hour, and whenever a token has one
//! that is not known, so that a provider may change them at any time.

use super::http::{Failed, Http, is_private};
use super::key::{Key, read_keys};
use crate::serve::app::lock;
use serde::Deserialize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How old what is known may be.
const AGE_MAX: Duration = Duration::from_secs(3_600);

/// What is needed of a provider's metadata.
#[derive(Deserialize)]
pub struct Metadata {
    issuer: String,
    /// Where users sign in: private, and without a fragment.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    jwks_uri: String,
    /// Where more is said of users.
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    /// Where users sign out (RP-Initiated Logout 1.0).
    #[serde(default)]
    end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether users come back with its name (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// What a provider says of itself; nothing where it calls itself by another name or sends users where others read along.
    #[must_use]
    pub fn parse(bytes: &[u8], issuer: &str) -> Option<Self> {
        let told: Self = serde_json::from_slice(bytes).ok()?;
        // Discovery 1.0, section 4.3: exactly. RFC 6749, section 3.1: no fragment.
        let to = &told.authorization_endpoint;
        (told.issuer == issuer && is_private(to) && !to.contains('#')).then_some(told)
    }

    /// Where users end their session there; nothing where that is no place to send them to.
    #[must_use]
    pub fn sign_out(&self) -> Option<&str> {
        self.end_session_endpoint.as_deref().filter(|to| is_private(to) && !to.contains('#'))
    }

    /// Whether a server shows its secret in a header; else in the form. The former where nothing is said.
    #[must_use]
    pub fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}

/// What is known of a provider.
pub struct Discovery {
    issuer: String,
    elapsed: fn() -> Duration,
    metadata: Known<Metadata>,
    keys: Known<Vec<Key>>,
}

type Known<T> = Mutex<Option<(Duration, Arc<T>)>>;

impl Discovery {
    /// Nothing is known yet.
    pub fn new(issuer: String, elapsed: fn() -> Duration) -> Self {
        Self { issuer, elapsed, metadata: Mutex::default(), keys: Mutex::default() }
    }

    /// Its addresses, as they are or were an hour ago.
    pub fn metadata(&self, http: &Http) -> Result<Arc<Metadata>, Failed> {
        self.fresh(&self.metadata).map_or_else(|| self.newer_metadata(http), Ok)
    }

    /// Its addresses as they are.
    pub fn newer_metadata(&self, http: &Http) -> Result<Arc<Metadata>, Failed> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        // One that refuses to tell is as good as none.
        let bytes = http.get(&address, None).map_err(|_| Failed::Down)?;
        let metadata = Metadata::parse(bytes.expose(), &self.issuer).ok_or(Failed::Down)?;
        Ok(self.keep(&self.metadata, metadata))
    }

    /// Its keys, as they are or were an hour ago.
    pub fn keys(&self, http: &Http, metadata: &Metadata) -> Result<Arc<Vec<Key>>, Failed> {
        self.fresh(&self.keys).map_or_else(|| self.newer_keys(http, metadata), Ok)
    }

    /// Its keys as they are.
    pub fn newer_keys(&self, http: &Http, metadata: &Metadata) -> Result<Arc<Vec<Key>>, Failed> {
        let bytes = http.get(&metadata.jwks_uri, None).map_err(|_| Failed::Down)?;
        let keys = read_keys(bytes.expose()).ok_or(Failed::Down)?;
        Ok(self.keep(&self.keys, keys))
    }

    fn fresh<T>(&self, known: &Known<T>) -> Option<Arc<T>> {
        let now = (self.elapsed)();
        let known = lock(known);
        known.as_ref().filter(|(at, _)| now.saturating_sub(*at) < AGE_MAX).map(|(_, value)| Arc::clone(value))
    }

    fn keep<T>(&self, known: &Known<T>, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *lock(known) = Some(((self.elapsed)(), Arc::clone(&value)));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://id.example";

    fn parse(name: &str, value: Value) -> Option<Metadata> {
        let mut told: Value =
            serde_json::from_slice(include_bytes!("../../../fixtures/provider/discovery.json")).unwrap();
        told[name] = value;
        Metadata::parse(told.to_string().as_bytes(), ISSUER)
    }

    #[test]
    fn a_provider_is_who_it_says_and_sends_users_where_nobody_reads_along() {
        assert!(parse("issuer", json!(ISSUER)).is_some());
        for (name, value) in [
            ("issuer", json!("https://id.example/")),
            ("issuer", json!("https://ID.example")),
            ("authorization_endpoint", json!("http://id.example/authorize")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("authorization_endpoint", json!("//id.example/authorize")),
            ("authorization_endpoint", json!("https://id.example/authorize#top")),
            ("authorization_endpoint", json!("https://id.example/authorize\r\nSet-Cookie: a=b")),
            ("token_endpoint", json!(null)),
            ("jwks_uri", json!(["https://id.example/keys"])),
        ] {
            assert!(parse(name, value.clone()).is_none(), "{name} {value}");
        }
    }

    #[test]
    fn users_sign_out_where_nobody_reads_along_or_nowhere() {
        let sign_out = |value| parse("end_session_endpoint", value).unwrap().sign_out().map(str::to_owned);
        let there = "https://id.example/session/end?a=b";
        assert_eq!(sign_out(json!(there)).as_deref(), Some(there));
        for other in
            [json!(null), json!("http://id.example/end"), json!("javascript:alert(1)"), json!("https://id.example/#")]
        {
            assert_eq!(sign_out(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn a_secret_is_shown_in_a_header_unless_the_provider_takes_none_there() {
        let takes = |methods| parse("token_endpoint_auth_methods_supported", methods).unwrap().takes_basic();
        assert!(takes(json!(null)) && takes(json!(["client_secret_post", "client_secret_basic"])));
        assert!(!takes(json!(["client_secret_post"])));
    }
}
