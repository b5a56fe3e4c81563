//! Sign-in by OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636,
//! RFC 9207), and signing out there (RP-Initiated Logout 1.0). Must not know which user it is, nor of pages; what a provider says is checked here and nowhere else. Signatures are
//! checked by AWS-LC, TLS is rustls: both are here anyway.

mod attempt;
mod claims;
mod discovery;
mod http;
mod key;
mod token;

pub(super) use attempt::{ATTEMPT_S, Attempt};
pub use claims::{Claims, EMAIL, Mapping};
pub use discovery::Metadata;
pub use http::is_private;
pub use key::{Key, read_keys};
pub use token::{Expected, checked};

use self::http::{Failed, Http};
use crate::access::people::{Refusal, Vouched};
use crate::base::{Phi, Result, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use discovery::Discovery;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Where a provider sends users back to.
pub const CALLBACK: &str = "/sign-in/callback";
/// Where a provider sends users back to who have signed out there.
const SIGNED_OUT: &str = "/sign-in";
/// Most sign-ins that wait for the provider at once: each keeps a thread.
const WAITING_MAX: usize = 16;
/// Longest code that is taken, bytes.
const CODE_BYTES_MAX: usize = 4_096;

/// What a server is at a provider.
pub struct Client {
    /// The provider, as it names itself.
    pub issuer: String,
    /// What it calls this server.
    pub id: String,
    /// What it knows this server by; nothing for a public client.
    pub secret: Option<Phi<String>>,
    /// Where users reach this server: scheme and host.
    pub public_url: String,
    /// What users call the provider.
    pub name: String,
    /// Ways of signing in of which it must have used one (`acr`); any where there is none.
    pub acr: Vec<String>,
    /// How what it says becomes a user.
    pub mapping: Mapping,
}

/// A provider of sign-ins.
pub struct Provider {
    client: Client,
    http: Http,
    discovery: Discovery,
    waiting: AtomicUsize,
}

struct Tokens {
    id: Phi<String>,
    access: Option<Phi<String>>,
}

impl Provider {
    /// A provider, which is not asked before somebody wants to sign in.
    ///
    /// # Errors
    /// When this machine trusts no certificates.
    pub fn new(client: Client, runtime: tokio::runtime::Handle, elapsed: fn() -> Duration) -> Result<Self> {
        let discovery = Discovery::new(client.issuer.clone(), elapsed);
        Ok(Self { client, http: Http::new(runtime)?, discovery, waiting: AtomicUsize::new(0) })
    }

    /// What users call it.
    pub(super) fn name(&self) -> &str {
        &self.client.name
    }

    /// Where a user goes to sign in.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub(super) fn address(&self, attempt: &Attempt) -> Result<String, Refusal> {
        let _turn = self.turn()?;
        // As it is now: whoever is sent to a provider that is down would get no answer from anybody.
        let metadata = self.discovery.newer_metadata(&self.http)?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.callback())
            .append_pair("scope", &self.client.mapping.scopes())
            .append_pair("state", attempt.state().expose())
            .append_pair("nonce", attempt.nonce().expose())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        if !self.client.acr.is_empty() {
            query.append_pair("acr_values", &self.client.acr.join(" "));
        }
        Ok(with_query(&metadata.authorization_endpoint, &query.finish()))
    }

    /// Where a user ends the session that they have there, and comes back from; nothing where there is no such place, or the
    /// provider does not answer.
    pub(super) fn sign_out_address(&self) -> Option<String> {
        let _turn = self.turn().ok()?;
        let metadata = self.discovery.metadata(&self.http).ok()?;
        // No token as a hint of whom it is about: addresses are kept in logs.
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("client_id", &self.client.id)
            .append_pair("post_logout_redirect_uri", &format!("{}{SIGNED_OUT}", self.client.public_url));
        Some(with_query(metadata.sign_out()?, &query.finish()))
    }

    /// Whom the provider vouches for, who came back with this code, and with this issuer where it said one.
    ///
    /// # Errors
    /// When the provider does not answer, does not take the code, or says something that cannot be believed.
    pub(super) fn vouched(
        &self,
        code: &str,
        issuer: Option<&str>,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Vouched, Refusal> {
        if code.len() > CODE_BYTES_MAX {
            return Err(Refusal::NotBegun);
        }
        let _turn = self.turn()?;
        let metadata = self.discovery.metadata(&self.http)?;
        // RFC 9207: so that no other provider's code is taken to this one.
        let is_issuer = match issuer {
            Some(issuer) => issuer == self.client.issuer,
            None => !metadata.authorization_response_iss_parameter_supported,
        };
        if !is_issuer {
            return Err(Refusal::Token("token-issuer"));
        }
        let tokens = self.tokens(&metadata, code, attempt)?;
        let mut claims = self.checked(&metadata, &tokens.id, attempt, now)?;
        if let (false, Some(endpoint), Some(access)) =
            (self.client.mapping.is_served_by(&claims), &metadata.userinfo_endpoint, &tokens.access)
        {
            claims = claims.and(self.user_info(endpoint, access)?)?;
        }
        self.client.mapping.vouched(&self.client.issuer, &claims)
    }

    /// What the ID token says, once it is known to be the provider's, for this server, this attempt and now. Its key may be
    /// newer than those that are known.
    fn checked(
        &self,
        metadata: &Metadata,
        token: &Phi<String>,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Claims, Refusal> {
        let nonce = attempt.nonce();
        let expected = Expected {
            issuer: &self.client.issuer,
            client: &self.client.id,
            nonce: nonce.expose(),
            acr: &self.client.acr,
            now,
        };
        let known = self.discovery.keys(&self.http, metadata)?;
        let mut checked = token::checked(token.expose(), &known, &expected);
        if let Err(token::UNKNOWN_KEY) = checked {
            let newer = self.discovery.newer_keys(&self.http, metadata)?;
            checked = token::checked(token.expose(), &newer, &expected);
        }
        checked.map_err(Refusal::Token)
    }

    fn tokens(&self, metadata: &Metadata, code: &str, attempt: &Attempt) -> Result<Tokens, Refusal> {
        let verifier = attempt.verifier();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.callback())
            .append_pair("code_verifier", verifier.expose());
        let mut basic = None;
        match &self.client.secret {
            Some(secret) if metadata.takes_basic() => basic = Some(self.basic(secret)),
            Some(secret) => {
                form.append_pair("client_id", &self.client.id).append_pair("client_secret", secret.expose());
            }
            None => drop(form.append_pair("client_id", &self.client.id)),
        }
        let bytes = self.http.post_form(&metadata.token_endpoint, basic.as_ref(), form.finish())?;
        let told = Claims::parse(bytes.expose()).ok_or(Refusal::Token("token"))?;
        let secret = |name: &str| told.text(name).map(|text| Phi::new(text.to_owned()));
        Ok(Tokens { id: secret("id_token").ok_or(Refusal::Token("token"))?, access: secret("access_token") })
    }

    /// RFC 6749, section 2.3.1: both halves are encoded as in forms.
    fn basic(&self, secret: &Phi<String>) -> Phi<String> {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&self.client.id), encoded(secret.expose()));
        Phi::new(format!("Basic {}", STANDARD.encode(pair)))
    }

    /// What a provider says besides, which many leave out of ID tokens.
    fn user_info(&self, endpoint: &str, access: &Phi<String>) -> Result<Claims, Refusal> {
        let bearer = Phi::new(format!("Bearer {}", access.expose()));
        let bytes = self.http.get(endpoint, Some(&bearer))?;
        Claims::parse(bytes.expose()).ok_or(Refusal::Token("token"))
    }

    fn callback(&self) -> String {
        format!("{}{CALLBACK}", self.client.public_url)
    }

    fn turn(&self) -> Result<Turn<'_>, Refusal> {
        let turn = Turn(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX { Err(Refusal::ProviderDown) } else { Ok(turn) }
    }
}

fn with_query(address: &str, query: &str) -> String {
    let joined = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joined}{query}")
}

/// One of those who may wait for the provider.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Down => Self::ProviderDown,
            Failed::Refused => Self::ProviderRefused,
        }
    }
}
