//! A server over invented calls, and clients that say exactly what a test wants them to say.

use crate::support::Bench;
use aws_lc_rs::hmac;
use serde_json::Value;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const PASSWORD: &str = "a password of four words";

/// An answer, whole.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// One that was read to its end; nothing where it breaks off.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> =
            lines.map(|l| l.split_once(": ").unwrap()).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
        let mut body = answer[end + 4..].to_vec();
        if headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked") {
            body = unchunked(&body)?;
        }
        Some(Self { status, headers, body })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.text()))
    }

    /// The value of the cookie that it sets.
    pub fn cookie(&self) -> Option<String> {
        let cookie = self.header("set-cookie")?.split(';').next()?;
        Some(cookie.split_once('=')?.1.to_owned())
    }

    /// Everything that may not tell one refusal from another.
    pub fn told(&self) -> (u16, Vec<(String, String)>, String) {
        let headers = self.headers.iter().filter(|(name, _)| !["date", "set-cookie"].contains(&name.as_str()));
        (self.status, headers.cloned().collect(), self.text())
    }
}

/// A running server. It ends with the test.
pub struct Site {
    pub bench: Bench,
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Site {
    /// Two calls with recordings, `one` of team north and `two` of none, a chat, and `alone`, which is held; nobody may sign in
    /// yet.
    pub fn new() -> Self {
        let bench = Bench::new();
        bench.call("in/one", 1);
        bench.call("in/two", 2);
        bench.chat("in/chat.txt", 3);
        // A recording without a transcript is held.
        bench.call("in/alone", 4);
        std::fs::remove_file(bench.path("in/alone.json")).unwrap();
        assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(3));
        bench.write("labels.csv", "call,team\none,north\n");
        let labelled = bench.run(&["label", "labels.csv", "out"]);
        assert_eq!(labelled.code, Some(0), "{}", labelled.stderr);
        Self::over(bench)
    }

    pub fn over(bench: Bench) -> Self {
        Self::told(bench, &[], &[])
    }

    /// With more flags and variables.
    pub fn told(bench: Bench, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = bench.command(&["serve", "out", "--listen", "127.0.0.1:0", "--log", "debug"]);
        command.args(flags).envs(variables.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it listens").unwrap();
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if line["message"] == "listening" {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|l| *kept.lock().unwrap() += &(l + "\n")));
        Self { bench, child, address, log }
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The pseudonym of a source.
    pub fn call(&self, source: &str) -> String {
        let (lines, _) = self.bench.run(&["redact", "in", "out", "--json"]).json();
        let line = lines.iter().find(|line| line["source"] == source).unwrap();
        line["call"].as_str().unwrap().to_owned()
    }

    /// Sends these bytes and reads until the server closes the connection.
    pub fn raw(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // One that has heard enough may close while more is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::parse(&answer)
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if method == "POST" {
            let kind = "Content-Type: application/x-www-form-urlencoded";
            text += &format!("{kind}\r\nContent-Length: {}\r\n", body.len());
        }
        self.raw(format!("{text}\r\n{body}").as_bytes()).unwrap_or_else(|| panic!("no answer to {path}"))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[], body)
    }

    /// Adds a user at the command line; the password for one sign-in.
    pub fn add(&self, name: &str, role: &str, teams: &[&str]) -> String {
        let teams: Vec<&str> = teams.iter().flat_map(|team| ["--team", team]).collect();
        let added = self.bench.run(&[&["users", "add", "out", name, "--role", role][..], &teams].concat());
        assert_eq!(added.code, Some(0), "{}", added.stderr);
        added.stdout.trim().rsplit(' ').next().unwrap().to_owned()
    }

    /// A token of a user.
    pub fn token(&self, name: &str, scopes: &[&str]) -> String {
        let scopes: Vec<&str> = scopes.iter().flat_map(|scope| ["--scope", scope]).collect();
        let issued = self.bench.run(&[&["users", "token", "out", name, "--days", "1"][..], &scopes].concat());
        issued.stdout.lines().last().unwrap().to_owned()
    }

    /// A user who has signed in, chosen a password and set up a second factor.
    pub fn user(&self, name: &str, role: &str, teams: &[&str]) -> User<'_> {
        let first = self.add(name, role, teams);
        let answer = self.post("/sign-in", &format!("name={name}&password={first}"));
        assert_eq!((answer.status, answer.header("location")), (303, Some("/password")), "{}", answer.text());
        let mut user = User { site: self, cookie: RefCell::default(), csrf: String::new(), factor: Vec::new() };
        user.carry_on(&answer, "/password");
        let answer = user.post("/password", &format!("new={PASSWORD}&again={PASSWORD}"));
        assert_eq!(answer.status, 303, "{}", answer.text());
        user.carry_on(&answer, "/second-factor");
        let page = user.get("/second-factor").text();
        let secret = page.split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
        user.factor = base32(secret);
        let answer = user.post("/second-factor", &format!("code={}", user.code(0)));
        assert_eq!(answer.status, 303, "{}", answer.text());
        user.carry_on(&answer, "/password");
        user
    }

    /// Waits until the index has the labels of the calls.
    pub fn wait_for_index(&self, user: &User<'_>, call: &str) {
        for _ in 0..100 {
            if user.get(&format!("/api/v1/calls/{call}")).status == 200 {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the index has no labels: {}", self.log());
    }

    /// Entries of the audit log, of which the chain is whole.
    pub fn entries(&self, query: &[&str]) -> Vec<Value> {
        assert_eq!(self.bench.run(&["audit", "verify", "out"]).code, Some(0));
        let found = self.bench.run(&[&["audit", "search", "out", "--json"], query].concat());
        found.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody at a browser.
pub struct User<'a> {
    site: &'a Site,
    pub cookie: RefCell<String>,
    pub csrf: String,
    factor: Vec<u8>,
}

impl User<'_> {
    fn carry_on(&mut self, answer: &Answer, page: &str) {
        *self.cookie.borrow_mut() = answer.cookie().expect("a session begins");
        let page = self.get(page).text();
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
        self.csrf = csrf.split('"').next().unwrap().to_owned();
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let cookie = format!("sordino={}", self.cookie.borrow());
        let answer = self.site.send(method, path, &[&[("Cookie", cookie.as_str())], headers].concat(), body);
        if let Some(fresh) = answer.cookie() {
            *self.cookie.borrow_mut() = fresh;
        }
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[], &format!("csrf={}&{body}", self.csrf))
    }

    /// The one-time code of so many steps from now.
    #[expect(clippy::disallowed_methods, reason = "codes are of the time of now")]
    pub fn code(&self, steps: u64) -> String {
        let step = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30 + steps;
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.factor), &step.to_be_bytes());
        let mac = mac.as_ref();
        let at = usize::from(mac[19] & 15);
        let number = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn base32(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = text.chars().map(|c| format!("{:05b}", letters.find(c).unwrap())).collect();
    bits.as_bytes().chunks_exact(8).map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap()).collect()
}

/// Nothing where the body breaks off.
fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let line = body.windows(2).position(|w| w == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&body[..line]).ok()?, 16).ok()?;
        body = &body[line + 2..];
        if length == 0 {
            return Some(out);
        }
        out.extend(body.get(..length)?);
        body = body.get(length + 2..)?;
    }
}
