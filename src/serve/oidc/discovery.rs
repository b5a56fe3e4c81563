//! What a provider says of itself (OpenID Connect Discovery 1.0): its addresses and its keys. Asked for its addresses
//! whenever somebody wants to sign in, which tells whether it is there; for its keys once an hour, and whenever a token has one
//! that is not known, so that a provider may change them at any time.

use super::http::{Failed, Http};
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
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Whether a server shows its secret in a header; else in the form. The former where nothing is said.
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
        let metadata: Metadata = serde_json::from_slice(bytes.expose()).map_err(|_| Failed::Down)?;
        // Discovery 1.0, section 4.3: exactly.
        if metadata.issuer != self.issuer {
            return Err(Failed::Down);
        }
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
