//! Every role on every route of the table, and calls that are not one's own.

use super::site::{Answer, Site, User};
use sordino::access::people::{Permission, Role, TABLE};
use sordino::serve::{Method, Needs, ROUTES};

/// A path of the table for a call, and what is sent there.
fn filled(path: &str, call: &str, held: &str) -> String {
    let path = path
        .replace("{call}", call)
        .replace("{held}", held)
        .replace("{kind}", "users")
        .replace("{what}", "manifest.json");
    if path.contains("/download") { format!("{path}?purpose=quality-assurance&what=manifest.json") } else { path }
}

/// Whether an answer lets nobody at anything: a way to sign in, or a refusal.
fn is_refused(answer: &Answer) -> bool {
    let to_sign_in = answer.header("location").is_some_and(|to| to.starts_with("/sign-in"));
    to_sign_in || matches!(answer.status, 401 | 403 | 404)
}

fn ask(user: &User<'_>, method: Method, path: &str) -> Answer {
    match method {
        Method::Get => user.get(path),
        Method::Post => user.post(path, "name=temp&role=coach&matter=m-1&scopes=list-calls&token=0&text=a&at_ms=0"),
    }
}

#[test]
fn every_role_gets_from_every_route_what_the_table_says() {
    let site = Site::new();
    let (call, held) = (site.call("one.json"), site.call("alone.wav"));
    site.add("temp", "coach", &[]);
    let coach = site.user("coach", "coach", &["north"]);
    site.wait_for_index(&coach, &call);
    let mut users = vec![(Role::Coach, coach)];
    for role in Role::ALL.into_iter().skip(1) {
        users.push((role, site.user(role.word(), role.word(), &[])));
    }
    let mut wrong = Vec::new();
    let mut tried = 0;
    for route in ROUTES {
        let path = filled(route.path, &call, &held);
        let nobody = site.send(route.method.word(), &path, &[], "");
        let is_open = route.needs == Needs::Nothing;
        let is_never = route.path.starts_with("/sign-in") || route.path == "/assets/{name}";
        if is_refused(&nobody) == is_open && !is_never {
            wrong.push(format!("nobody {}: {}", route.path, nobody.status));
        }
        let Needs::May(permission) = route.needs else { continue };
        for (role, user) in &users {
            let may = TABLE.iter().any(|(r, _, permissions)| r == role && permissions.contains(&permission));
            let answer = ask(user, route.method, &path);
            tried += 1;
            if is_refused(&answer) == may {
                wrong.push(format!("{} {} {}: {}", role.word(), route.method.word(), route.path, answer.status));
            }
            assert_ne!(answer.status, 503, "{} {}: {}", route.path, answer.text(), site.log());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 150, "{tried}");
    let refusals = site.entries(&["--outcome", "refused"]);
    assert!(
        refusals.iter().any(|entry| entry["why"] == "role" && entry["user"] == "admin"),
        "refusals are written down"
    );
}

#[test]
fn a_call_of_another_team_looks_like_one_that_is_not_there() {
    let site = Site::new();
    let (own, other) = (site.call("one.json"), site.call("two.json"));
    let coach = site.user("coach", "coach", &["north"]);
    site.wait_for_index(&coach, &own);
    let none = "0123456789abcdef0123456789abcdef";
    for path in ["/calls/{}/recording", "/api/v1/calls/{}", "/api/v1/calls/{}/transcript", "/api/v1/calls/{}/recording"]
    {
        let of = |call: &str| coach.get(&path.replace("{}", call));
        assert_eq!(of(&own).status, 200, "{path}");
        assert_eq!(of(&other).status, 404, "{path}");
        assert!(of(&other).told() == of(none).told() && of(none).told() == of("x").told(), "{path}");
    }
    let list = coach.get("/api/v1/calls").json();
    let listed: Vec<_> = list["calls"].as_array().unwrap().iter().map(|c| c["call"].as_str().unwrap()).collect();
    assert_eq!(listed, [own.as_str()]);
    let guesses = site.entries(&["--user", "coach", "--outcome", "refused"]);
    assert!(guesses.iter().any(|e| e["why"] == "team" && e["call"] == other.as_str()));
    assert!(guesses.iter().any(|e| e["why"] == "no-call" && e["call"] == none));
}

#[test]
fn a_token_may_what_it_was_given_and_no_page() {
    let site = Site::new();
    let call = site.call("two.json");
    drop(site.user("lead", "qa-lead", &[]));
    let token = format!("Bearer {}", site.token("lead", &["view-call"]));
    let get = |path: &str| site.send("GET", path, &[("Authorization", &token)], "");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let view = get(&format!("/api/v1/calls/{call}"));
    assert_eq!((view.status, view.json()["manifest"]["call"].as_str()), (200, Some(call.as_str())), "{}", view.text());
    assert_eq!(get(&format!("/api/v1/calls/{call}/recording")).status, 403);
    assert_eq!(get("/api/v1/users").status, 403);
    assert!(is_refused(&get(&format!("/calls/{call}/recording"))), "tokens are for programs");
    let forged = site.send("GET", &format!("/api/v1/calls/{call}"), &[("Authorization", "Bearer sordino_0_0")], "");
    assert_eq!((forged.status, forged.header("www-authenticate")), (401, Some("Bearer")));
    assert!(site.entries(&["--user", "lead"]).iter().any(|e| e["via"] == "token" && e["what"] == "view"));
}

#[test]
fn each_permission_is_asked_for_by_a_route() {
    for permission in Permission::ALL {
        assert!(ROUTES.iter().any(|route| route.needs == Needs::May(permission)), "{permission:?}");
    }
}
