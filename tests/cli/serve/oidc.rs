//! Signing in at a provider that says whatever a test wants it to say. What a real one says is tested in a browser
//! (`tests/browser/sign-in.cjs`).

use super::site::{Answer, Site};
use crate::support::Bench;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

const CLIENT: &str = "qa page";
const SECRET: &str = "s3:cret&";
const REFUSED: &str = "You were not signed in";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[expect(clippy::disallowed_methods, reason = "tokens are of the time of now")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A key pair with its name.
struct Key {
    name: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(name: &str) -> Self {
        Self { name: name.into(), pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "kid": self.name, "x": b64(&point[1..33]), "y": b64(&point[33..])})
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": self.name});
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", b64(signature))
    }
}

/// What the provider answers.
struct Script {
    /// The key that it tells.
    key: Key,
    /// What its ID token says.
    claims: Value,
    /// Signs instead of its key.
    other: Option<Key>,
    /// What it says besides.
    user_info: Value,
    /// The status of the answer to a code.
    status: u16,
    /// What the verifier must be the digest's origin of.
    challenge: String,
}

struct Provider {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    is_down: Arc<AtomicBool>,
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let key = Key::new("one");
        let script =
            Script { key, claims: json!({}), other: None, user_info: json!({}), status: 200, challenge: String::new() };
        let (script, is_down) = (Arc::new(Mutex::new(script)), Arc::new(AtomicBool::new(false)));
        let (told, down) = (Arc::clone(&script), Arc::clone(&is_down));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // One that is down closes what it is asked by.
                if !down.load(Ordering::Relaxed) {
                    drop(answer(stream, address, &told.lock().unwrap()));
                }
            }
        });
        Self { address, script, is_down }
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// What it says of somebody unless a test changes it.
    fn vouch(&self, sub: &str, email: &str) {
        let claims = json!({"iss": self.issuer(), "aud": CLIENT, "sub": sub, "exp": now() + 300, "iat": now(),
            "email": email, "email_verified": true});
        self.set(|script| script.claims = claims);
    }
}

fn answer(stream: TcpStream, address: SocketAddr, script: &Script) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let at = |path: &str| format!("http://{address}{path}");
    let (status, body) = match head[0].split(' ').nth(1).unwrap() {
        "/.well-known/openid-configuration" => (
            200,
            json!({"issuer": at(""), "authorization_endpoint": at("/auth?a=b"), "token_endpoint": at("/token"),
                "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/me"), "end_session_endpoint": at("/end")}),
        ),
        "/jwks" => (200, json!({"keys": [{"kty": "oct", "k": "AAAA"}, script.key.jwk()]})),
        "/token" => (script.status, tokens(&head, &body, script)),
        "/me" => {
            assert!(head.iter().any(|line| line.trim().eq_ignore_ascii_case("authorization: Bearer a-1")));
            (200, script.user_info.clone())
        }
        path => panic!("asked for {path}"),
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close");
    reader.into_inner().write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

/// What there is for a code, from whoever began the sign-in and has the secret.
fn tokens(head: &[String], body: &[u8], script: &Script) -> Value {
    let form: BTreeMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(b64(digest(&SHA256, form["code_verifier"].as_bytes())), script.challenge, "PKCE");
    let basic = base64::engine::general_purpose::STANDARD.encode("qa+page:s3%3Acret%26");
    assert!(head.iter().any(|line| line.trim() == format!("authorization: Basic {basic}")), "{head:?}");
    let key = script.other.as_ref().unwrap_or(&script.key);
    json!({"id_token": key.sign(&script.claims), "access_token": "a-1", "token_type": "Bearer"})
}

/// A server whose users sign in at a provider.
fn site(provider: &Provider, variables: &[(&str, &str)]) -> Site {
    let bench = Bench::new();
    bench.call("in/one", 1);
    assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(0));
    let ana = ["users", "add", "out", "ana", "--role", "qa-lead", "--email", "ana@example.org"];
    assert_eq!(bench.run(&ana).code, Some(0));
    bench.write("secret", format!("{SECRET}\n"));
    let issuer = provider.issuer();
    let flags = ["--public-url", "http://127.0.0.1:9/", "--oidc-issuer", &issuer, "--oidc-client-id", CLIENT];
    Site::told(bench, &[&flags[..], &["--oidc-client-secret-file", "secret"]].concat(), variables)
}

/// A sign-in that was begun.
struct Begun {
    cookie: String,
    query: BTreeMap<String, String>,
}

fn begin(site: &Site, provider: &Provider, next: &str) -> Begun {
    let answer = site.get(&format!("/sign-in/provider{next}"));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("Max-Age=600; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let location = answer.header("location").unwrap().to_owned();
    let query = location.strip_prefix(&format!("{}/auth?a=b&", provider.issuer())).expect("the provider's own address");
    let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    provider.set(|script| {
        script.challenge = query["code_challenge"].clone();
        script.claims["nonce"] = json!(query["nonce"]);
    });
    Begun { cookie: answer.cookie().unwrap(), query }
}

fn come_back(site: &Site, cookie: &str, query: &str) -> Answer {
    site.send("GET", &format!("/sign-in/callback?{query}"), &[("Cookie", &format!("sordino-sign-in={cookie}"))], "")
}

/// Signs in, and comes back with what the test adds.
fn sign_in(site: &Site, provider: &Provider, next: &str) -> Answer {
    let begun = begin(site, provider, next);
    come_back(site, &begun.cookie, &format!("code=c-1&state={}", begun.query["state"]))
}

/// The status of a page for whoever was let in.
fn page(site: &Site, answer: &Answer, path: &str) -> u16 {
    assert_eq!(answer.status, 200, "{}{}", answer.text(), site.log());
    site.send("GET", path, &[("Cookie", &format!("sordino={}", answer.cookie().unwrap()))], "").status
}

#[test]
fn a_user_comes_back_signed_in_and_goes_on_to_where_they_were() {
    let provider = Provider::start();
    let site = site(&provider, &[]);
    provider.vouch("s-1", "Ana@Example.org");
    let begun = begin(&site, &provider, "?next=%2Fcalls%3Fteam%3Dnorth");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", "http://127.0.0.1:9/sign-in/callback"),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(begun.query[name], value);
    }
    let answer = come_back(&site, &begun.cookie, &format!("code=c-1&state={}", begun.query["state"]));
    assert_eq!(answer.header("refresh"), Some("0;url=/calls?team=north"));
    assert!(answer.header("set-cookie").unwrap().starts_with("sordino=") && page(&site, &answer, "/calls") == 200);
    assert_eq!(page(&site, &answer, "/password"), 403, "there is none");
    // From now on by the provider's name for her, whatever her address is, and with a key that it has only now.
    provider.vouch("s-1", "ana.new@example.org");
    provider.set(|script| script.key = Key::new("two"));
    assert_eq!(page(&site, &sign_in(&site, &provider, ""), "/calls"), 200);
    // What the token leaves out is asked for, and is of the same user.
    provider.set(|script| {
        script.claims.as_object_mut().unwrap().remove("email");
        script.user_info = json!({"sub": "s-1", "email": "ana@example.org", "email_verified": true});
    });
    assert_eq!(page(&site, &sign_in(&site, &provider, ""), "/calls"), 200);
    provider.set(|script| script.user_info["sub"] = json!("s-2"));
    assert_eq!(sign_in(&site, &provider, "").status, 401);
    let entries = site.entries(&["--user", "ana"]);
    let told: Vec<_> = entries
        .iter()
        .filter(|e| e["what"] != "search")
        .map(|e| (e["what"].as_str().unwrap(), e["why"].as_str()))
        .collect();
    let by_provider = ("change-user", Some("provider"));
    assert_eq!(told[..4], [("add-user", None), by_provider, ("sign-in", None), ("sign-in", None)]);
}

#[test]
fn what_cannot_be_believed_is_refused_in_one_way_and_written_down() {
    let provider = Provider::start();
    let site = site(&provider, &[]);
    type Change = fn(&mut Script);
    let nothing: Change = |_| {};
    let cases: &[(&str, Change, &str)] = &[
        ("unknown-user", |s| s.claims["email"] = json!("eve@example.org"), "code=c&state=STATE"),
        ("unknown-user", |s| s.claims["email_verified"] = json!(false), "code=c&state=STATE"),
        ("not-begun", nothing, "code=c&state=other"),
        ("not-begun", nothing, "code=c"),
        ("provider-refused", nothing, "error=access_denied&state=STATE"),
        ("provider-refused", nothing, "state=STATE"),
        ("provider-refused", |s| s.status = 400, "code=c&state=STATE"),
        ("token-issuer", nothing, "code=c&state=STATE&iss=http%3A%2F%2Fevil.example"),
        ("token-issuer", |s| s.claims["iss"] = json!("http://evil.example"), "code=c&state=STATE"),
        ("token-audience", |s| s.claims["aud"] = json!("another client"), "code=c&state=STATE"),
        ("token-nonce", |s| s.claims["nonce"] = json!("of another sign-in"), "code=c&state=STATE"),
        ("token-expired", |s| s.claims["exp"] = json!(now() - 61), "code=c&state=STATE"),
        ("token-signature", |s| s.other = Some(Key::new("one")), "code=c&state=STATE"),
        ("token-key", |s| s.other = Some(Key::new("foreign")), "code=c&state=STATE"),
    ];
    let mut told = Vec::new();
    for (why, change, query) in cases {
        provider.vouch("s-1", "ana@example.org");
        provider.set(|script| (script.other, script.status) = (None, 200));
        let begun = begin(&site, &provider, "");
        provider.set(change);
        let answer = come_back(&site, &begun.cookie, &query.replace("STATE", &begun.query["state"]));
        assert_eq!((answer.status, answer.cookie().as_deref()), (401, Some("")), "{why}: {}", answer.text());
        assert!(answer.text().contains(REFUSED), "{why}");
        assert_eq!(site.entries(&["--outcome", "refused"]).last().unwrap()["why"], *why);
        told.push(answer.told());
    }
    assert!(told.windows(2).all(|w| w[0] == w[1]), "nobody learns what was wrong");
    // Another browser has not begun it.
    let begun = begin(&site, &provider, "");
    let stolen = site.get(&format!("/sign-in/callback?code=c&state={}", begun.query["state"]));
    assert_eq!(stolen.status, 401);
    let disabled = site.bench.run(&["users", "disable", "out", "ana"]);
    assert_eq!(disabled.code, Some(0), "{}", disabled.stderr);
    provider.vouch("s-1", "ana@example.org");
    provider.set(|script| script.other = None);
    assert!(sign_in(&site, &provider, "").told() == told[0]);
    let last = site.entries(&["--outcome", "refused"]).pop().unwrap();
    assert_eq!((last["why"].as_str(), last["user"].as_str()), (Some("disabled"), Some("ana")));
}

#[test]
fn whoever_signs_out_is_led_to_sign_out_of_the_provider_too() {
    let provider = Provider::start();
    let site = site(&provider, &[]);
    provider.vouch("s-1", "ana@example.org");
    let signed_in = sign_in(&site, &provider, "");
    let cookie = format!("sordino={}", signed_in.cookie().unwrap());
    let page = site.send("GET", "/calls", &[("Cookie", &cookie)], "").text();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let out = site.send("POST", "/sign-out", &[("Cookie", &cookie)], &format!("csrf={csrf}"));
    assert_eq!((out.status, out.cookie().as_deref()), (200, Some("")), "{}", out.text());
    let address = format!(
        "href=\"{}/end?client_id=qa+page&amp;post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fsign-in\"",
        provider.issuer()
    );
    assert!(out.text().contains(&address), "{}", out.text());
    assert_eq!(site.send("GET", "/calls", &[("Cookie", &cookie)], "").status, 303, "the session is over");
    let ben = site.user("ben", "qa-lead", &[]);
    assert_eq!(ben.post("/sign-out", "").header("location"), Some("/sign-in"), "a password is of here alone");
}

#[test]
fn nobody_is_led_to_another_site() {
    let provider = Provider::start();
    let site = site(&provider, &[]);
    provider.vouch("s-1", "ana@example.org");
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/calls;url=https://evil.example"] {
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let answer = sign_in(&site, &provider, &format!("?next={next}"));
        assert_eq!(answer.header("refresh"), Some("0;url=/"), "{next}");
    }
    // Nor by a cookie that was written by hand.
    let begun = begin(&site, &provider, "");
    let forged = format!("{}.{}", begun.cookie.split('.').next().unwrap(), b64("//evil.example"));
    let answer = come_back(&site, &forged, &format!("code=c&state={}", begun.query["state"]));
    assert_eq!(answer.header("refresh"), Some("0;url=/"));
}

#[test]
fn where_roles_come_from_the_provider_users_are_added_and_changed_by_it() {
    let provider = Provider::start();
    let variables = [
        ("SORDINO_OIDC_ROLE_CLAIM", "groups"),
        ("SORDINO_OIDC_ROLES", "QA Leads=qa-lead,Auditors=auditor"),
        ("SORDINO_OIDC_TEAM_CLAIM", "teams"),
        ("SORDINO_PASSWORD_SIGN_IN", "false"),
    ];
    let site = site(&provider, &variables);
    let sign_in_as = |groups: Value| {
        provider.vouch("s-7", "new@example.org");
        provider.set(|script| {
            script.claims["groups"] = groups;
            script.claims["teams"] = json!(["north"]);
        });
        sign_in(&site, &provider, "")
    };
    assert_eq!(sign_in_as(json!(["Others"])).status, 401);
    let lead = sign_in_as(json!(["Others", "QA Leads"]));
    assert_eq!((page(&site, &lead, "/calls"), page(&site, &lead, "/audit")), (200, 403));
    let auditor = sign_in_as(json!(["Auditors"]));
    assert_eq!((page(&site, &auditor, "/calls"), page(&site, &auditor, "/audit")), (403, 200));
    assert_eq!(page(&site, &lead, "/calls"), 403, "what one may changes in all sessions");
    assert_eq!(sign_in_as(json!(["Auditors", "QA Leads"])).status, 401, "duties are kept apart");
    let told: Vec<_> =
        site.entries(&["--user", "new@example.org"]).into_iter().filter(|e| e["why"] == "provider").collect();
    assert_eq!((told[0]["what"].as_str(), told[1]["what"].as_str()), (Some("add-user"), Some("change-user")));
    // With a password nobody comes in.
    assert!(!site.get("/sign-in").text().contains("password"));
    assert_eq!(site.post("/sign-in", "name=new@example.org&password=any").status, 404);
}

#[test]
fn a_provider_that_is_down_is_told_and_passwords_go_on() {
    let provider = Provider::start();
    let site = site(&provider, &[]);
    provider.vouch("s-1", "ana@example.org");
    let begun = begin(&site, &provider, "");
    provider.is_down.store(true, Ordering::Relaxed);
    let callback = format!("code=c&state={}", begun.query["state"]);
    for answer in [site.get("/sign-in/provider"), come_back(&site, &begun.cookie, &callback)] {
        assert_eq!(answer.status, 503);
        assert!(answer.text().contains("does not answer") && answer.text().contains("name=\"password\""));
    }
    assert_eq!(site.entries(&["--outcome", "refused"]).last().unwrap()["why"], "provider-down");
    assert_eq!(site.user("ben", "qa-lead", &[]).get("/calls").status, 200, "by password");
    provider.is_down.store(false, Ordering::Relaxed);
    assert_eq!(page(&site, &sign_in(&site, &provider, ""), "/calls"), 200, "nothing was kept of its being away");
    // Guesses at the password of somebody who has none tell nothing and lock nobody out.
    for _ in 0..6 {
        let guess = site.post("/sign-in", "name=ana&password=a+guess+of+words");
        assert_eq!(guess.told(), site.post("/sign-in", "name=nobody&password=a+guess+of+words").told());
    }
    assert_eq!(sign_in(&site, &provider, "").status, 200);
}
