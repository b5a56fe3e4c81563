//! `users` as an administrator meets it.

use super::support::Bench;
use serde_json::Value;

#[test]
fn users_are_added_changed_reset_and_disabled_and_the_log_says_so() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    let run = |args: &[&str]| bench.run(&[&["users"][..], args].concat());
    let added = run(&["add", "out", "ana", "--role", "coach", "--team", "north", "--by", "root.admin"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let password = added.stdout.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(run(&["add", "out", "ana", "--role", "admin"]).code, Some(2), "a name is used once");
    assert_eq!(run(&["add", "out", "Ana Brooks", "--role", "admin"]).code, Some(2));
    bench.write("password", "short");
    assert_eq!(run(&["add", "out", "ben", "--role", "auditor", "--password-file", "password"]).code, Some(2));
    bench.write("password", "long enough a password\n");
    let ben = run(&["add", "out", "ben", "--role", "auditor", "--password-file", "password"]);
    assert!(ben.code == Some(0) && ben.stdout.is_empty(), "{}", ben.stderr);
    assert!(run(&["totp", "out", "ana"]).stdout.starts_with("otpauth://totp/sordino:ana?secret="));
    let token = run(&["token", "out", "ana", "--scope", "list-calls", "--days", "7"]).stdout;
    let token = token.lines().last().unwrap().to_owned();
    assert!(token.starts_with("sordino_"), "{token}");
    let refused = run(&["token", "out", "ana", "--scope", "list-calls", "--scope", "manage-users"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("scope manage-users"), "{}", refused.stderr);
    assert_eq!(run(&["change", "out", "ben", "--role", "qa-lead"]).code, Some(0));
    assert_eq!(run(&["team", "out", "west", "--of", "queue=q7,q8"]).code, Some(0));

    let list = || -> Vec<Value> {
        run(&["list", "out", "--json"]).stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    let ana = &list()[0];
    assert!(ana["role"] == "coach" && ana["teams"][0] == "north" && ana["second_factor"] == true, "{ana}");
    let id = ana["tokens"][0].as_str().unwrap().to_owned();
    assert_eq!(run(&["revoke", "out", &id]).code, Some(0));
    assert_eq!(list()[0]["tokens"], serde_json::json!([]));
    assert_eq!(run(&["disable", "out", "ana"]).code, Some(0));
    assert_eq!(run(&["reset", "out", "nobody"]).code, Some(2));
    assert_eq!(list()[0]["state"], "disabled");
    assert_eq!(list()[1]["role"], "qa-lead");
    for (path, bytes) in bench.tree("out") {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains(&password) && !text.contains(&token), "{}", path.display());
    }

    let log = bench.run(&["audit", "search", "out", "--json"]).stdout;
    let told: Vec<String> = log
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|e| format!("{} {}", e["what"].as_str().unwrap(), e["about"].as_str().unwrap()))
        .collect();
    let revoked = format!("revoke {id}");
    let want = [
        "add-user ana",
        "add-user ben",
        "reset-user ana",
        "issue-token ana",
        "change-user ben",
        "change-user west",
        &revoked,
        "disable-user ana",
    ];
    assert_eq!(told, want);
    assert_eq!(bench.run(&["audit", "search", "out", "--user", "root.admin"]).stdout.lines().count(), 1);
    let review = bench.run(&["audit", "report", "access", "out"]).stdout;
    assert!(
        review.contains("\r\nana,coach,disabled,none,no,0,,,,0,0\r\n") && review.contains("\r\nroot.admin,,"),
        "{review}"
    );
    assert_eq!(bench.run(&["audit", "verify", "out"]).code, Some(0));
}
