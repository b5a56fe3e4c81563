//! Any bytes as what an OpenID Connect provider sends: its metadata, its keys, an ID token or its answer with one, the header and
//! the claims of a token that it has signed. Read or refused, never a panic; what is believed is what was expected.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run provider_answers fixtures/provider`
#![no_main]

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sordino::access::people::Role;
use sordino::base::Timestamp;
use sordino::serve::oidc::{Claims, EMAIL, Expected, Key, Mapping, Metadata, checked, is_private, read_keys};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const ISSUER: &str = "https://id.example";
const CLIENT: &str = "qa";
const NONCE: &str = "n-1";
const NOW: u64 = 1_795_296_000;
/// How far clocks may be apart, seconds.
const SKEW_S: f64 = 60.0;

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("it is of 32 bytes"));
static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": URL_SAFE_NO_PAD.encode(PAIR.public_key())});
    read_keys(json!({ "keys": [jwk] }).to_string().as_bytes()).expect("it is a set of keys")
});
static MAPPING: LazyLock<Mapping> = LazyLock::new(|| Mapping {
    match_claim: EMAIL.to_owned(),
    roles: Some(("realm_access.roles".to_owned(), BTreeMap::from([("coaches".to_owned(), Role::Coach)]))),
    team_claim: Some("teams".to_owned()),
    scopes: Vec::new(),
});

fn believed(token: &str, keys: &[Key]) -> Option<Claims> {
    let now = Timestamp::from_unix_s(NOW);
    checked(token, keys, &Expected { issuer: ISSUER, client: CLIENT, nonce: NONCE, acr: &[], now }).ok()
}

/// A token with this header and these claims, signed.
fn signed(header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(PAIR.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// What must be so of claims that were believed, looked at in another way.
fn check(claims: &[u8]) {
    let claims: Value = serde_json::from_slice(claims).expect("what is no JSON is not believed");
    assert!(claims["iss"] == ISSUER && claims["nonce"] == NONCE);
    let one = claims["aud"] == CLIENT;
    let many = claims["aud"].as_array().is_some_and(|all| all.iter().any(|aud| aud == CLIENT));
    assert!(one || (many && (claims["aud"].as_array().is_some_and(|all| all.len() == 1) || claims["azp"] == CLIENT)));
    let time = |name: &str| claims[name].as_f64();
    assert!(time("exp").is_some_and(|exp| exp + SKEW_S > NOW as f64));
    assert!(time("iat").is_some_and(|iat| iat.floor() <= NOW as f64 + SKEW_S));
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(metadata) = Metadata::parse(bytes, ISSUER) {
        assert!(is_private(&metadata.authorization_endpoint));
    }
    if let Some(keys) = read_keys(bytes) {
        assert!(keys.len() <= 64);
        for algorithm in ["RS256", "PS512", "ES256", "ES384", "EdDSA"] {
            let header = json!({"alg": algorithm}).to_string();
            let _ = believed(&signed(header.as_bytes(), b"{}"), &keys);
        }
    }
    if let Ok(token) = std::str::from_utf8(bytes) {
        let _ = believed(token, &KEYS);
    }
    if believed(&signed(br#"{"alg":"EdDSA"}"#, bytes), &KEYS).is_some() {
        check(bytes);
    }
    let claims = json!({"iss": ISSUER, "aud": CLIENT, "nonce": NONCE, "sub": "1", "exp": NOW + 1, "iat": NOW});
    if believed(&signed(bytes, claims.to_string().as_bytes()), &KEYS).is_some() {
        let header: Value = serde_json::from_slice(bytes).expect("what is no JSON is not believed");
        assert!(header["alg"] == "EdDSA" && header.get("crit").is_none_or(Value::is_null));
    }
    if let Some(claims) = Claims::parse(bytes) {
        if let Ok(vouched) = MAPPING.vouched(ISSUER, &claims) {
            assert!(vouched.email.is_none() || claims.has("email_verified"));
            assert!(vouched.rights.is_some());
        }
        let besides = json!({"sub": "1", "iss": "https://evil.example"});
        if let Ok(both) = Claims::parse(bytes).expect("it was").and(Claims::new(besides).expect("it is an object")) {
            assert!(both.text("sub") == Some("1") && (!claims.has("iss") || both.text("iss") == claims.text("iss")));
        }
    }
});
