//! Signing in, and keeping users on the page.

use super::site::{PASSWORD, Site};
use std::time::{Duration, Instant};

#[test]
fn signing_in_takes_password_and_code_and_says_nothing_of_what_was_wrong() {
    let site = Site::new();
    let lead = site.user("lead", "qa-lead", &[]);
    assert_eq!(lead.get("/sign-in").header("location"), Some("/"), "there is no need");
    assert_eq!(lead.post("/sign-out", "").header("location"), Some("/sign-in"));
    assert_eq!(lead.get("/").header("location"), Some("/sign-in"), "the session is over");
    let try_it = |name: &str, password: &str, code: &str| {
        site.post("/sign-in", &format!("name={name}&password={password}&code={code}"))
    };
    let wrong = try_it("lead", "another password", "000000").told();
    assert_eq!(wrong.0, 401);
    for (name, password, code) in
        [("nobody", PASSWORD, "000000"), ("lead", PASSWORD, ""), ("Not%20A%20Name", "x", ""), ("lead", "", "")]
    {
        assert!(try_it(name, password, code).told() == wrong, "{name}");
    }
    // The code of now was used to set the factor up.
    let code = lead.code(1);
    let signed_in = try_it("lead", PASSWORD, &code);
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/")), "{}", site.log());
    assert_eq!(try_it("lead", PASSWORD, &code).status, 401, "a code is taken once");
    let why: Vec<_> = site.entries(&["--action", "sign-in", "--outcome", "refused"]);
    let why: Vec<_> =
        why.iter().map(|e| format!("{} {}", e["user"].as_str().unwrap(), e["why"].as_str().unwrap())).collect();
    let wanted =
        ["lead password", "nobody unknown-user", "lead code", "unknown unknown-user", "lead password", "lead code"];
    assert_eq!(why, wanted);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a refusal takes is what is tested")]
fn how_long_a_refusal_takes_does_not_tell_whether_there_is_such_a_user() {
    let site = Site::new();
    site.add("ana", "coach", &[]);
    for name in ["ana", "nobody", "Not%20A%20Name"] {
        let began = Instant::now();
        assert_eq!(site.post("/sign-in", &format!("name={name}&password=wrong+wrong+wrong")).status, 401);
        // Whatever it took to hash, count and write down, it was rounded up.
        assert!(began.elapsed() >= Duration::from_millis(500), "{name}: {:?}", began.elapsed());
    }
}

#[test]
fn failures_lock_a_user_out_and_raise_an_alert() {
    let site = Site::new();
    let first = site.add("ana", "coach", &[]);
    for _ in 0..5 {
        assert_eq!(site.post("/sign-in", "name=ana&password=wrong+wrong+wrong").status, 401);
    }
    assert_eq!(
        site.post("/sign-in", &format!("name=ana&password={first}")).status,
        401,
        "the right one comes too late"
    );
    assert!(site.log().contains("\"alert\":\"locked-out\""), "{}", site.log());
    let numbers = site.get("/metrics").text();
    assert!(numbers.contains("sordino_serve_lockouts_total 1\n"), "{numbers}");
    assert!(!numbers.contains("ana\""), "{numbers}");
}

#[test]
fn an_administrator_keeps_users_and_a_change_ends_their_sessions() {
    let site = Site::new();
    let admin = site.user("root.admin", "admin", &[]);
    let added = admin.post("/users/add", "name=ben&role=auditor&teams=").text();
    assert!(added.contains("Password of ben") && added.contains("ben</th>"), "{added}");
    let ben = site.user("cleo", "auditor", &[]);
    assert_eq!(ben.get("/audit").status, 200);
    assert_eq!(admin.post("/users/disable", "name=cleo").status, 200);
    assert_eq!(ben.get("/audit").header("location"), Some("/sign-in?next=%2Faudit"));
    for own in ["/users/disable", "/users/reset", "/users/rights"] {
        assert_eq!(admin.post(own, "name=root.admin&role=coach").status, 400, "{own}");
    }
    let issued = admin.post("/api/v1/users/token", "name=ben&scopes=read-audit&days=7").json();
    let token = format!("Bearer {}", issued["token"].as_str().unwrap());
    let audit = || site.send("GET", "/api/v1/audit?what=add-user", &[("Authorization", &token)], "");
    let entries = audit().json();
    assert!(entries["entries"].as_array().unwrap().iter().any(|e| e["about"] == "ben"), "{entries}");
    let ben = &issued["users"].as_array().unwrap().iter().find(|user| user["name"] == "ben").unwrap();
    let id = ben["tokens"][0]["id"].as_str().unwrap();
    assert_eq!(admin.post("/users/revoke", &format!("token={id}")).status, 200);
    assert_eq!(audit().status, 401);
    let told = site.entries(&["--user", "root.admin"]);
    for what in ["add-user", "disable-user", "issue-token", "revoke"] {
        assert!(told.iter().any(|e| e["what"] == what && e["via"] == "session"), "{what}");
    }
}

#[test]
fn officers_and_auditors_see_reports_and_hold_calls() {
    let site = Site::new();
    let call = site.call("one.json");
    let lead = site.user("lead", "qa-lead", &[]);
    assert_eq!(lead.get(&format!("/calls/{call}/recording")).status, 200);
    let officer = site.user("olga", "privacy-officer", &[]);
    assert_eq!(officer.post(&format!("/retention/{call}/hold"), "matter=case-7").status, 200);
    let kept = officer.get(&format!("/api/v1/retention/{call}")).json();
    assert!(kept["standing"] == "held" && kept["hold"]["matters"][0]["by"] == "olga", "{kept}");
    assert_eq!(kept["matters"], serde_json::json!(["case-7"]));
    assert!(officer.get(&format!("/retention/{call}")).text().contains("<option>case-7</option>"));
    assert_eq!(officer.post(&format!("/retention/{call}/release"), "matter=case-8").status, 400, "it does not hold it");
    assert_eq!(officer.post(&format!("/retention/{call}/release"), "matter=case-7").status, 200);
    assert_eq!(officer.post(&format!("/retention/{call}/hold"), "matter=Case+Seven").status, 400);
    let exposed = officer.get("/api/v1/access/exposure?user=lead").json();
    assert!(exposed["rows"][0]["call"] == call.as_str() && exposed["rows"][0]["plays"] == 1, "{exposed}");
    let review = officer.get("/access/reports/access?format=csv").text();
    assert!(review.contains("\r\nolga,privacy-officer,active,all,no,0,"), "{review}");
    let who = officer.get(&format!("/access/calls/{call}?format=csv")).text();
    assert!(who.contains("\r\nlead,qa-lead,view play download,0,active,0,1,0,0,2"), "{who}");
    assert!(officer.get(&format!("/access/calls/{call}")).text().contains(&format!("Call {call}, of ")), "{who}");
    let same = site.bench.run(&["audit", "who", "out", &call, "--format", "json"]).stdout;
    let same: serde_json::Value = serde_json::from_str(&same).unwrap();
    assert!(same["note"].as_str().unwrap().contains("of team north. "), "{same}");
    assert_eq!(same["rows"].as_array().unwrap().len(), 2, "{same}");
    let page = officer.get("/dashboard").text();
    assert!(page.contains("<svg") && page.contains("Failed sign-ins"), "{page}");
    let numbers = officer.get("/api/v1/dashboard").json();
    assert!(numbers["accesses"][0][0] == "lead" && numbers["log_is_whole"] == true, "{numbers}");
    let auditor = site.user("otto", "auditor", &[]);
    assert!(auditor.get("/audit?what=hold").text().contains("olga"));
    assert_eq!(auditor.get("/audit?from=yesterday").status, 400);
    assert_eq!(auditor.get("/audit/reports/nothing").status, 404);
}
