//! Recordings and downloads: the bytes that the destination has, in the parts that are asked for, each access on record.

use super::site::Site;
use std::process::Command;

#[test]
fn a_recording_is_played_in_parts_and_written_down_once() {
    let site = Site::new();
    let call = site.call("one.json");
    let lead = site.user("lead", "qa-lead", &[]);
    let path = format!("/calls/{call}/recording");
    let file = std::fs::read(site.bench.path(&format!("out/{call}/recording.wav"))).unwrap();
    let whole = lead.get(&path);
    assert_eq!(
        (whole.status, whole.header("content-type"), whole.header("accept-ranges")),
        (200, Some("audio/wav"), Some("bytes"))
    );
    assert!(whole.body == file && whole.header("cache-control") == Some("no-store"));
    let tag = whole.header("etag").unwrap().to_owned();
    let part = |headers: &[(&str, &str)]| lead.send("GET", &path, headers, "");
    let (some, end) = (part(&[("Range", "bytes=100-299")]), part(&[("Range", "bytes=-44")]));
    assert!(some.status == 206 && some.body == file[100..300] && end.body == file[file.len() - 44..]);
    assert_eq!(some.header("content-range").unwrap(), format!("bytes 100-299/{}", file.len()));
    let beyond = part(&[("Range", &format!("bytes={}-", file.len()))]);
    assert_eq!(
        (beyond.status, beyond.header("content-range").unwrap()),
        (416, format!("bytes */{}", file.len()).as_str())
    );
    assert_eq!(part(&[("Range", "bytes=0-9"), ("If-Range", &tag)]).status, 206);
    assert_eq!(part(&[("Range", "bytes=0-9"), ("If-Range", "\"other\"")]).body.len(), file.len());
    assert_eq!(part(&[("If-None-Match", &tag)]).status, 304);
    let head = lead.send("HEAD", &path, &[], "");
    assert!(head.status == 200 && head.body.is_empty());
    assert_eq!(head.header("content-length").unwrap(), file.len().to_string());
    assert_eq!(site.entries(&["--action", "play"]).len(), 1, "one session, one call, one entry");
}

#[test]
fn a_download_has_a_purpose_and_all_of_a_call_in_one_file_with_its_digests() {
    let site = Site::new();
    let call = site.call("one.json");
    let lead = site.user("lead", "qa-lead", &[]);
    let get = |what: &str| lead.get(&format!("/calls/{call}/download/{what}"));
    let purpose = "?purpose=quality-assurance";
    assert_eq!(get("all.zip").status, 400, "no purpose");
    assert_eq!(get("all.zip?purpose=curiosity").status, 400, "none of the call's");
    for (what, has) in [
        ("recording.wav", "RIFF"),
        ("recording", "RIFF"),
        ("transcript.json", "{"),
        ("transcript.txt", "thank you"),
        ("transcript.vtt", "WEBVTT\n"),
        ("manifest.json", "{"),
    ] {
        let answer = get(&format!("{what}{purpose}"));
        assert!(answer.status == 200 && answer.text().contains(has), "{what}: {} {}", answer.status, answer.text());
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename=\""), "{what}");
    }
    for other in ["..%2f..%2f.access%2fusers.json", "users.json", "one.wav", ".manifest.json"] {
        assert_eq!(get(&format!("{other}{purpose}")).status, 404, "{other}");
    }
    let zip = get(&format!("all.zip{purpose}"));
    site.bench.write("all.zip", &zip.body);
    let check = "import zipfile, sys\nzipfile.ZipFile('all.zip').extractall('all')";
    let unzipped = Command::new("python3").args(["-c", check]).current_dir(site.bench.path("")).output().unwrap();
    assert!(unzipped.status.success(), "{}", String::from_utf8_lossy(&unzipped.stderr));
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(site.bench.path("all"))
        .output();
    let sums = String::from_utf8(sums.unwrap().stdout).unwrap();
    assert_eq!(sums.matches(": OK").count(), 3, "{sums}");
    let entries = site.entries(&["--action", "download", "--outcome", "allowed"]);
    assert!(entries.len() == 7 && entries.iter().all(|e| e["purpose"] == "quality-assurance"), "{entries:?}");
    assert_eq!(entries[0]["about"], "recording.wav");
    assert!(!zip.text().contains("212-867-"));
}

#[test]
fn what_cannot_be_written_down_is_not_shown() {
    let site = Site::new();
    let call = site.call("one.json");
    let lead = site.user("lead", "qa-lead", &[]);
    let log = site.bench.path("out/.audit");
    std::fs::rename(&log, site.bench.path("aside")).unwrap();
    std::fs::write(&log, "in the way").unwrap();
    let refused = lead.get(&format!("/calls/{call}/recording"));
    assert!(refused.status == 503 && !refused.text().contains("RIFF"), "{}", refused.status);
    assert_eq!(lead.get(&format!("/api/v1/calls/{call}/transcript")).status, 503);
    assert!(site.log().contains("audit-log-down"), "{}", site.log());
    std::fs::remove_file(&log).unwrap();
    std::fs::rename(site.bench.path("aside"), &log).unwrap();
    assert_eq!(lead.get(&format!("/calls/{call}/recording")).status, 200);
}

#[test]
fn a_call_that_is_published_anew_is_seen_as_it_is_now_and_one_that_somebody_changed_is_not() {
    let site = Site::new();
    let call = site.call("chat.txt");
    let lead = site.user("lead", "qa-lead", &[]);
    let page = || lead.get(&format!("/calls/{call}"));
    let read = || lead.get(&format!("/api/v1/calls/{call}/transcript"));
    assert_eq!((page().status, read().status), (200, 200));
    site.bench.write("in/chat.txt", "AGENT: the invoice went out on time\nCALLER: splendid\n");
    site.bench.run(&["redact", "in", "out"]);
    // Sooner than what is remembered of its manifest is forgotten.
    let (shown, told) = (page(), read());
    assert!(shown.status == 200 && shown.text().contains("splendid"), "{}", site.log());
    assert!(told.status == 200 && told.text().contains("splendid"), "{}", told.text());
    let copy = site.bench.path(&format!("out/{call}/transcript.txt"));
    let text = std::fs::read_to_string(&copy).unwrap();
    std::fs::write(&copy, text.replace("splendid", "terrific")).unwrap();
    for changed in
        [page(), read(), lead.get(&format!("/calls/{call}/download/transcript.vtt?purpose=quality-assurance"))]
    {
        assert!(changed.status == 503 && !changed.text().contains("terrific"), "{}", changed.text());
    }
    assert!(site.log().contains("not the one that its manifest names"));
}
