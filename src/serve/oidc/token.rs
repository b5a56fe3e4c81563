//! Whether an ID token can be believed (OpenID Connect Core 1.0, section 3.1.3.7): its signature, for whom it is, by whom,
//! of which sign-in, and until when. Pure; the time is handed in. Says in one word of a fixed vocabulary what is wrong.

use super::claims::Claims;
use super::key::{Algorithm, Key};
use crate::base::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The key of a token is none of those that are known.
pub const UNKNOWN_KEY: &str = "token-key";
/// How far the provider's clock may be from this one's, seconds.
const SKEW_S: u64 = 60;
/// Longest token, bytes.
const TOKEN_BYTES_MAX: usize = 64 << 10;

/// What a token must say.
pub struct Expected<'a> {
    /// Who made it.
    pub issuer: &'a str,
    /// For whom.
    pub client: &'a str,
    /// For which sign-in.
    pub nonce: &'a str,
    /// One of the ways of signing in; any where there is none.
    pub acr: &'a [String],
    /// The time.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What must be understood for the signature to mean anything (RFC 7515, section 4.1.11); nothing is.
    crit: Option<serde_json::Value>,
}

/// What a token says, once it can be believed.
///
/// # Errors
/// The word that says what is wrong.
pub fn checked(token: &str, keys: &[Key], expected: &Expected<'_>) -> Result<Claims, &'static str> {
    let claims = signed(token, keys)?;
    let is = |name: &str, wanted: &str| claims.text(name) == Some(wanted);
    if !is("iss", expected.issuer) {
        return Err("token-issuer");
    }
    let is_for_others = !claims.is_only("aud", expected.client);
    let names_party = is_for_others || claims.has("azp");
    if !claims.texts("aud").contains(&expected.client) || (names_party && !is("azp", expected.client)) {
        return Err("token-audience");
    }
    let now = expected.now.unix_s();
    let ends = claims.number("exp").ok_or("token")?;
    if now >= ends.saturating_add(SKEW_S) {
        return Err("token-expired");
    }
    for begins in ["iat", "nbf"].into_iter().filter(|name| *name == "iat" || claims.has(name)) {
        if claims.number(begins).ok_or("token")? > now.saturating_add(SKEW_S) {
            return Err("token-not-yet");
        }
    }
    if !is("nonce", expected.nonce) {
        return Err("token-nonce");
    }
    if !expected.acr.is_empty() && !expected.acr.iter().any(|acr| is("acr", acr)) {
        return Err("token-acr");
    }
    Ok(claims)
}

/// What a token says, whose signature is by one of these keys.
fn signed(token: &str, keys: &[Key]) -> Result<Claims, &'static str> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err("token");
    }
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "token");
    let (message, signature) = token.rsplit_once('.').ok_or("token")?;
    let (header, claims) = message.split_once('.').ok_or("token")?;
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| "token")?;
    if header.crit.is_some() {
        return Err("token");
    }
    let algorithm: Algorithm = serde_json::from_value(header.alg.into()).map_err(|_| "token-algorithm")?;
    let mut meant = keys.iter().filter(|key| key.is_meant(header.kid.as_deref(), algorithm)).peekable();
    if meant.peek().is_none() {
        return Err(UNKNOWN_KEY);
    }
    let signature = decoded(signature)?;
    if !meant.any(|key| key.has_signed(algorithm, message.as_bytes(), &signature)) {
        return Err("token-signature");
    }
    Claims::parse(&decoded(claims)?).ok_or("token")
}

#[cfg(test)]
mod tests {
    use super::super::key::read_keys;
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA384,
        RsaKeyPair,
    };
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const NOW: u64 = 1_795_296_000;

    /// A key pair and what a provider tells of it.
    enum Pair {
        Ec(EcdsaKeyPair),
        Ed(Ed25519KeyPair),
        Rsa(RsaKeyPair),
    }

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    impl Pair {
        fn ec() -> Self {
            Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
        }

        fn jwk(&self, kid: &str) -> Value {
            match self {
                Self::Ec(pair) => {
                    let point = pair.public_key().as_ref();
                    json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(&point[1..33]), "y": b64(&point[33..])})
                }
                Self::Ed(pair) => {
                    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pair.public_key())})
                }
                Self::Rsa(pair) => {
                    // RFC 8017, appendix A.1.1: a modulus of 2,048 bits and the exponent 65,537, in DER.
                    let public = pair.public_key().as_ref();
                    let (n, e) = (b64(&public[9..265]), b64(&public[267..]));
                    json!({"kty": "RSA", "kid": kid, "use": "sig", "n": n, "e": e})
                }
            }
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
            let (random, bytes) = (SystemRandom::new(), message.as_bytes());
            let signature = match self {
                Self::Ec(pair) => pair.sign(&random, bytes).unwrap().as_ref().to_vec(),
                Self::Ed(pair) => pair.sign(bytes).as_ref().to_vec(),
                Self::Rsa(pair) => {
                    let mut signature = vec![0; pair.public_modulus_len()];
                    let by: &'static dyn aws_lc_rs::signature::RsaEncoding =
                        if header["alg"] == "PS384" { &RSA_PSS_SHA384 } else { &RSA_PKCS1_SHA256 };
                    pair.sign(by, &random, bytes, &mut signature).unwrap();
                    signature
                }
            };
            format!("{message}.{}", b64(signature))
        }
    }

    fn keys(jwks: Vec<Value>) -> Vec<Key> {
        read_keys(json!({ "keys": jwks }).to_string().as_bytes()).unwrap()
    }

    fn claims() -> Value {
        json!({"iss": "https://id.example", "aud": "qa", "sub": "1", "exp": NOW + 300, "iat": NOW, "nonce": "n-1"})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn check(token: &str, keys: &[Key]) -> Result<(), &'static str> {
        let now = Timestamp::from_unix_s(NOW);
        let expected = Expected { issuer: "https://id.example", client: "qa", nonce: "n-1", acr: &[], now };
        checked(token, keys, &expected).map(drop)
    }

    #[test]
    fn signatures_of_every_kind_are_known_and_a_changed_byte_is_seen() {
        let ec = Pair::ec();
        let ed = Pair::Ed(Ed25519KeyPair::generate().unwrap());
        let rsa = Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        for (pair, algorithm) in [(&ec, "ES256"), (&ed, "EdDSA"), (&rsa, "RS256"), (&rsa, "PS384")] {
            let keys = keys(vec![json!({"kty": "oct", "k": "AAAA"}), pair.jwk("a")]);
            let token = pair.sign(&json!({"alg": algorithm, "kid": "a"}), &claims());
            assert_eq!(check(&token, &keys), Ok(()), "{algorithm}");
            assert_eq!(
                check(&pair.sign(&json!({"alg": algorithm}), &claims()), &keys),
                Ok(()),
                "{algorithm} without kid"
            );
            let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
            let other = b64(with("sub", json!("2")).to_string());
            assert_eq!(check(&format!("{head}.{other}.{signature}"), &keys), Err("token-signature"), "{algorithm}");
            assert_eq!(check(&format!("{head}.{body}."), &keys), Err("token-signature"), "{algorithm}");
        }
    }

    #[test]
    fn no_token_is_signed_by_nobody_or_with_what_everybody_knows() {
        let (ec, other) = (Pair::ec(), Pair::ec());
        let keys = keys(vec![ec.jwk("a")]);
        let body = b64(claims().to_string());
        let mac =
            aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, ec.jwk("a")["x"].as_str().unwrap().as_bytes());
        let message = format!("{}.{body}", b64(r#"{"alg":"HS256","kid":"a"}"#));
        let known = format!("{message}.{}", b64(aws_lc_rs::hmac::sign(&mac, message.as_bytes())));
        assert_eq!(check(&known, &keys), Err("token-algorithm"));
        assert_eq!(check(&format!("{}.{body}.", b64(r#"{"alg":"none"}"#)), &keys), Err("token-algorithm"));
        let es256 = |kid: &str| json!({"alg": "ES256", "kid": kid});
        assert_eq!(check(&other.sign(&es256("a"), &claims()), &keys), Err("token-signature"), "a foreign key");
        assert_eq!(check(&other.sign(&es256("b"), &claims()), &keys), Err(UNKNOWN_KEY));
        assert_eq!(check(&ec.sign(&json!({"alg": "RS256", "kid": "a"}), &claims()), &keys), Err(UNKNOWN_KEY));
        let critical = json!({"alg": "ES256", "kid": "a", "crit": ["b64"]});
        assert_eq!(check(&ec.sign(&critical, &claims()), &keys), Err("token"));
        for broken in ["", "..", "a.b", "a.b.c", &"a".repeat(TOKEN_BYTES_MAX + 1)] {
            assert!(check(broken, &keys).is_err());
        }
        for unfit in [json!({"use": "enc"}), json!({"alg": "ES384"})] {
            let mut jwk = ec.jwk("a");
            jwk.as_object_mut().unwrap().extend(unfit.as_object().unwrap().clone());
            let keys = read_keys(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
            assert_eq!(check(&ec.sign(&es256("a"), &claims()), &keys), Err(UNKNOWN_KEY), "{unfit}");
        }
    }

    #[test]
    fn a_token_is_of_this_issuer_for_this_server_this_sign_in_and_now() {
        let ec = Pair::ec();
        let keys = keys(vec![ec.jwk("a")]);
        let told = |claims: Value| check(&ec.sign(&json!({"alg": "ES256", "kid": "a"}), &claims), &keys);
        for (name, value, wanted) in [
            ("iss", json!("https://id.example/"), Err("token-issuer")),
            ("iss", json!(["https://id.example"]), Err("token-issuer")),
            ("aud", json!("other"), Err("token-audience")),
            ("aud", json!(["qa"]), Ok(())),
            ("aud", json!(["qa", "other"]), Err("token-audience")),
            ("aud", json!(["qa", 7]), Err("token-audience")),
            ("aud", json!([["qa"]]), Err("token-audience")),
            ("azp", json!("qa"), Ok(())),
            ("azp", json!("other"), Err("token-audience")),
            ("exp", json!(NOW - 59), Ok(())),
            ("exp", json!(NOW - 60), Err("token-expired")),
            ("exp", json!("never"), Err("token")),
            ("exp", Value::Null, Err("token")),
            ("iat", json!(NOW + 61), Err("token-not-yet")),
            ("iat", json!(NOW as f64 + 0.5), Ok(())),
            ("nbf", json!(NOW + 61), Err("token-not-yet")),
            ("nbf", json!("later"), Err("token")),
            ("nonce", json!("n-2"), Err("token-nonce")),
            ("nonce", Value::Null, Err("token-nonce")),
        ] {
            assert_eq!(told(with(name, value.clone())), wanted, "{name} {value}");
        }
        let acr = ["mfa".to_owned()];
        let expected = Expected {
            issuer: "https://id.example",
            client: "qa",
            nonce: "n-1",
            acr: &acr,
            now: Timestamp::from_unix_s(NOW),
        };
        let by = |acr: &str| ec.sign(&json!({"alg": "ES256"}), &with("acr", json!(acr)));
        assert!(checked(&by("mfa"), &keys, &expected).is_ok());
        assert_eq!(checked(&by("pwd"), &keys, &expected).err(), Some("token-acr"));
    }

    #[test]
    fn a_token_that_is_changed_anywhere_is_refused() {
        let ec = Pair::ec();
        let keys = keys(vec![ec.jwk("a")]);
        let token = ec.sign(&json!({"alg": "ES256", "kid": "a"}), &claims());
        assert_eq!(check(&token, &keys), Ok(()));
        for at in 0..token.len() {
            for other in ["A", "_", ".", "=", ""] {
                let changed = [&token[..at], other, &token[at + 1..]].concat();
                assert!(changed == token || check(&changed, &keys).is_err(), "byte {at} as {other:?}");
            }
        }
        assert!(check(&format!("{token}."), &keys).is_err() && check(&format!("{token} "), &keys).is_err());
    }

    /// Any JSON, among it what would be believed elsewhere.
    fn any_claim() -> impl Strategy<Value = Value> {
        let said = ["https://id.example", "qa", "n-1", "other", ""].map(|text| json!(text));
        let time = (NOW - 120..NOW + 120).prop_map(|at| json!(at));
        let leaf = prop_oneof![
            prop::sample::select(said.to_vec()),
            time,
            any::<f64>().prop_map(|n| json!(n)),
            any::<bool>().prop_map(|b| json!(b)),
            Just(Value::Null),
            ".{0,8}".prop_map(|text| json!(text)),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..3).prop_map(|all| json!(all));
            prop_oneof![list, inner.prop_map(|one| json!({ "qa": one }))]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        /// Whatever a provider signs, no claim of another kind than the standard's passes for one.
        #[test]
        fn what_is_signed_is_believed_where_each_claim_is_as_it_must_be(
            name in prop::sample::select(vec!["iss", "aud", "azp", "nonce", "exp", "iat", "nbf"]),
            value in any_claim(),
        ) {
            thread_local! { static EC: Pair = Pair::ec() }
            let time = || value.as_f64().filter(|at| (0.0..1e15).contains(at)).map(|at| at.trunc() as u64);
            let wanted = match name {
                "iss" => value == "https://id.example",
                "aud" => value == "qa" || value == json!(["qa"]),
                "azp" => value == "qa",
                "nonce" => value == "n-1",
                "exp" => time().is_some_and(|at| at + SKEW_S > NOW),
                _ => time().is_some_and(|at| at <= NOW + SKEW_S),
            };
            let told = EC.with(|ec| {
                check(&ec.sign(&json!({"alg": "ES256"}), &with(name, value.clone())), &keys(vec![ec.jwk("a")]))
            });
            prop_assert_eq!(told.is_ok(), wanted, "{} {}: {:?}", name, value, told);
        }
    }
}
