//! What somebody who means harm would try.

use super::site::Site;
use crate::support::Bench;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn no_path_leads_out_of_the_table() {
    let site = Site::new();
    let lead = site.user("lead", "qa-lead", &[]);
    let call = site.call("one.json");
    for path in [
        "/.access/users.json".into(),
        "/../out/.access/users.json".into(),
        "/%2e%2e/%2e%2e/etc/passwd".into(),
        "//etc/passwd".into(),
        "/calls/../.access/users.json".into(),
        "/calls/.access/recording".into(),
        "/calls/..%2f.access/recording".into(),
        format!("/calls/{call}%00/recording"),
        format!("/calls/{}/recording", call.to_uppercase()),
        format!("/calls/{call}/../{call}/recording"),
        format!("/calls/{call}/recording/"),
        format!("/calls/{call}/manifest.json"),
        format!("/calls/{call}/download/..%2f..%2fin%2fone.wav?purpose=quality-assurance"),
        format!("/calls/{call}/source"),
        format!("/{}", "a".repeat(5_000)),
    ] {
        let answer = lead.get(&path);
        assert!(matches!(answer.status, 404 | 400), "{path}: {}", answer.status);
        assert!(!answer.text().contains("argon2id") && !answer.text().contains("root:"), "{path}");
    }
    for file in
        ["recording?file=../../in/one.wav", "recording?file=..%2f..%2fin%2fone.wav", "recording?file=manifest.json"]
    {
        assert_eq!(lead.get(&format!("/calls/{call}/{file}")).status, 404, "{file}");
    }
}

#[test]
fn what_is_sent_writes_no_header_and_no_line_of_a_log() {
    let site = Site::new();
    let forged = "x%0d%0aSet-Cookie:%20sordino=evil%0d%0a%0d%0a<script>";
    for next in [forged, "//evil.example/", "https://evil.example", "/%5cevil.example", "%2f%2fevil.example"] {
        let page = site.get(&format!("/sign-in?next={next}")).text();
        assert!(!page.contains("evil.example") && !page.contains("<script>"), "{next}");
    }
    let first = site.add("ana", "coach", &[]);
    let signed_in = site.post("/sign-in", &format!("name=ana&password={first}&next=//evil.example"));
    assert_eq!(signed_in.header("location"), Some("/password"));
    let line = "ana%0a%7B%22level%22:%22ERROR%22,%22message%22:%22forged%22%7D";
    assert_eq!(site.post("/sign-in", &format!("name={line}&password=x")).status, 401);
    assert_eq!(
        site.send("GET", "/nowhere", &[("X-Forwarded-For", "1.2.3.4"), ("User-Agent", "forged")], "").status,
        404
    );
    let log = site.log();
    assert!(
        !log.contains("forged") && log.lines().all(|l| serde_json::from_str::<serde_json::Value>(l).is_ok()),
        "{log}"
    );
    let entries = site.entries(&["--action", "sign-in"]);
    assert!(entries.iter().any(|e| e["user"] == "unknown") && entries.iter().all(|e| e["from"] == "127.0.0.1"));
}

#[test]
fn a_session_is_not_fixed_nor_forged() {
    let site = Site::new();
    let first = site.add("ana", "coach", &[]);
    let planted = [("Cookie", "sordino=planted-by-somebody-else")];
    let answer = site.send("POST", "/sign-in", &planted, &format!("name=ana&password={first}"));
    assert!(answer.status == 303 && answer.cookie().unwrap() != "planted-by-somebody-else");
    assert_eq!(site.send("GET", "/password", &planted, "").status, 303, "it leads to the sign-in");
    let attributes = answer.header("set-cookie").unwrap().to_owned();
    assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"), "{attributes}");

    let (admin, other) = (site.user("root.admin", "admin", &[]), site.user("eve", "admin", &[]));
    let form = "name=mallory&role=admin";
    let stolen = format!("csrf={}&{form}", other.csrf);
    for (headers, body) in [
        (&[][..], form),
        (&[][..], &stolen),
        (&[][..], "csrf=&name=mallory&role=admin"),
        (&[("Origin", "https://evil.example")][..], &format!("csrf={}&{form}", admin.csrf)),
        (&[("Sec-Fetch-Site", "cross-site")][..], &format!("csrf={}&{form}", admin.csrf)),
    ] {
        assert_eq!(admin.send("POST", "/users/add", headers, body).status, 403, "{headers:?}");
    }
    assert_eq!(admin.get("/users/add?name=mallory&role=admin").status, 405);
    assert!(!site.bench.text("out/.access/users.json").contains("mallory"));
    let own = format!("http://{}", site.address);
    let body = format!("csrf={}&name=mark&role=coach", admin.csrf);
    assert_eq!(admin.send("POST", "/users/add", &[("Origin", &own)], &body).status, 200);
}

#[test]
fn a_link_from_another_site_leads_to_a_page_and_to_no_other_site() {
    let site = Site::new();
    let link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
    let again = site.send("GET", "/calls?team=north", &link, "");
    assert_eq!((again.status, again.header("refresh")), (200, Some("0;url=/calls?team=north")));
    assert!(again.cookie().is_none() && again.header("location").is_none());
    for evil in ["/calls?x=;url=https://evil.example", "/calls?x=%0d%0aSet-Cookie:evil", "http://evil.example/calls"] {
        let answer = site.send("GET", evil, &link, "");
        let to = answer.header("refresh").or(answer.header("location")).unwrap();
        assert!(!to.contains("https://") && !to.contains("//evil") && answer.cookie().is_none(), "{evil}: {to}");
    }
    let download = site.send("GET", "/calls/0/download/all.zip?purpose=coaching", &link, "");
    assert!(download.status == 303 && download.header("refresh").is_none(), "nor takes something in a user's name");
    let framed = [link[0], link[1], ("Sec-Fetch-Dest", "iframe")];
    assert_eq!(site.send("GET", "/calls", &framed, "").header("location"), Some("/sign-in?next=%2Fcalls"));
    assert_eq!(site.send("POST", "/sign-out", &link, "").status, 403);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_kept() {
    let site = Site::new();
    let big = "x".repeat(100_000);
    assert_eq!(site.post("/sign-in", &big).status, 413);
    let many: String = (0..200).map(|n| format!("f{n}=1&")).collect();
    assert_eq!(site.post("/sign-in", &many).status, 400);
    let chunked =
        format!("POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n{big}\r\n0\r\n\r\n");
    assert_eq!(site.raw(chunked.as_bytes()).unwrap().status, 413);
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Big: {big}\r\n\r\n");
    assert!(site.raw(head.as_bytes()).is_none_or(|answer| matches!(answer.status, 400 | 431)));
    let heads: String = (0..500).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert!(
        site.raw(format!("GET / HTTP/1.1\r\n{heads}\r\n").as_bytes()).is_none_or(|a| matches!(a.status, 400 | 431))
    );
    assert_eq!(site.send("PUT", "/sign-in", &[], "").status, 405);
    assert_eq!(site.get("/healthz").status, 200);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a slow client is borne is what is tested")]
fn who_says_nothing_for_long_is_sent_away_and_others_are_served_meanwhile() {
    let site = Site::new();
    let slow: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(site.address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
            stream
        })
        .collect();
    assert_eq!(site.get("/healthz").status, 200);
    let since = Instant::now();
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    let took = since.elapsed();
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(35), "{took:?}");
    assert_eq!(site.get("/healthz").status, 200);
}

#[test]
fn text_of_a_transcript_is_text_wherever_it_is_shown() {
    let bench = Bench::new();
    bench.write("in/chat.txt", "AGENT: let us check that <script> & </script> one\nCALLER: fine thank you\n");
    assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(0));
    let site = Site::over(bench);
    let call = site.call("chat.txt");
    let lead = site.user("lead", "qa-lead", &[]);
    let text = lead.get(&format!("/calls/{call}/download/transcript?purpose=quality-assurance"));
    assert!(text.text().contains("<script>") && text.header("content-type").unwrap().starts_with("text/plain"));
    assert!(text.header("content-disposition").unwrap().starts_with("attachment"));
    let turns = lead.get(&format!("/api/v1/calls/{call}/transcript"));
    assert_eq!(turns.header("content-type"), Some("application/json"));
    for answer in [&text, &turns] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    let search = lead.get("/api/v1/search?q=%22%3Cscript%3E");
    assert!(search.status == 200 && search.header("content-type") == Some("application/json"), "{}", search.text());
}

#[test]
fn passwords_and_calls_do_not_travel_in_the_open() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    let refused = bench.run(&["serve", "out", "--listen", "0.0.0.0:0"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--tls-cert"), "{}", refused.stderr);
    assert_eq!(bench.run(&["serve", "out", "--tls-cert", "a.pem"]).code, Some(2));
    assert_eq!(bench.run(&["serve", "nowhere"]).code, Some(2));
}
