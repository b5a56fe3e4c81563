//! Orders of privacy officers on held calls: a run takes up those that name a policy it was given for that, and keeps to them.

use super::support::{Bench, Ran};

const CAREFUL: &str = "name = \"careful\"\nversion = 1\nhide = [\"PHONE\"]\n[hold]\nrisk-max = 0.0000001\n";
const REVIEWED: &str = "name = \"reviewed\"\nversion = 1\nhide = [\"PHONE\"]\n";

fn run(bench: &Bench, release: Option<&str>) -> Ran {
    let args = ["redact", "in", "out", "--policy", "careful.toml", "--json"];
    let mut command = bench.command(&args);
    if let Some(policies) = release {
        command.env("SORDINO_RELEASE_POLICIES", policies);
    }
    Ran::of(&command.output().unwrap())
}

fn status(ran: &Ran) -> String {
    ran.json().0[0]["status"].as_str().unwrap().to_owned()
}

#[test]
fn an_order_is_taken_up_once_it_is_agreed_on_and_by_runs_that_may() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.write("careful.toml", CAREFUL);
    bench.write("reviewed.toml", REVIEWED);
    let held = run(&bench, Some("reviewed.toml"));
    assert_eq!((held.code, status(&held).as_str()), (Some(3), "held"));
    let call = held.json().0[0]["call"].as_str().unwrap().to_owned();
    let asked = r#"{"by":"ana","at":"2026-11-22T10:00:00Z"}"#;
    let order = |rest: &str| {
        let text =
            format!(r#"{{"schema":"sordino.order/v1","call":"{call}","policy":"reviewed","asked":{asked}{rest}}}"#);
        bench.write(&format!("out/.orders/{call}.json"), text);
    };
    order("");
    assert_eq!(status(&run(&bench, Some("reviewed.toml"))), "held", "nobody has agreed");
    order(r#","approved":{"by":"eve","at":"2026-11-22T11:00:00Z"}"#);
    assert_eq!(status(&run(&bench, None)), "held", "the run was given no policy for orders");
    let other = run(&bench, Some("strict"));
    assert_eq!(status(&other), "held", "the run was given another policy");
    assert!(other.stderr.contains("1 orders"), "{}", other.stderr);
    assert_eq!(status(&run(&bench, Some("strict,reviewed.toml"))), "redacted");
    assert!(bench.text(&format!("out/{call}/manifest.json")).contains("\"reviewed\""));
    assert!(!bench.path(&format!("out/.held/{call}.json")).exists());
    assert_eq!(status(&run(&bench, Some("reviewed.toml"))), "unchanged", "later runs keep to it");
}
