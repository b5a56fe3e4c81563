//! The report as one HTML page that needs nothing from elsewhere: no script, no font, no picture.
//!
//! Everything in it is a number, a word of a fixed vocabulary, a pseudonym or a digest, but for the policy's name,
//! which is escaped.

use super::Report;
use super::history::Stretch;
use crate::base::CallId;
use std::fmt::{Result, Write};

/// Width and height of the plot, and room for its labels, in its own units.
const PLOT: (f64, f64) = (720.0, 200.0);
const LEFT: f64 = 72.0;
const BELOW: f64 = 32.0;

/// The page.
pub(super) fn page(report: &Report) -> String {
    let mut out = String::new();
    write_page(&mut out, report).expect("writing to a string does not fail");
    out
}

fn write_page(out: &mut String, report: &Report) -> Result {
    let sum = report.summary;
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>sordino: {} calls, {}</title>\n<style>\n{}</style>\n",
        sum.calls,
        report.started,
        include_str!("page.css")
    )?;
    writeln!(out, "<h1>Redaction report</h1>\n<p class=\"soft\">{}, {}</p>", report.started, span(report.took_ms))?;
    if sum.dry_run {
        writeln!(out, "<p class=\"warn\">Dry run: nothing was written.</p>")?;
    }
    if sum.stopped.is_some() {
        writeln!(out, "<p class=\"warn\">Stopped before all calls were begun; run again to go on.</p>")?;
    }
    cards(out, report)?;
    held(out, report)?;
    orphans(out, report)?;
    categories(out, report)?;
    throughput(out, report)?;
    slowest(out, report)?;
    writeln!(
        out,
        "<h2>Made by</h2>\n<p>{} {}, policy {} version {}, {} jobs<br>\
         <span class=\"soft\">patterns</span> <code>{}</code><br>\
         <span class=\"soft\">policy</span> <code>{}</code></p>\n\
         <p class=\"soft\">The copies are redacted, not de-identified: voices stay recognisable.</p>",
        report.tool.name,
        report.tool.version,
        escaped(&report.policy.name),
        report.policy.version,
        report.jobs,
        report.patterns,
        report.policy.digest
    )
}

fn cards(out: &mut String, report: &Report) -> Result {
    let sum = report.summary;
    let minutes = |ms: u64| format!("{:.1}", ms as f64 / 60_000.0);
    let class = |n: u64, class| if n > 0 { class } else { "" };
    let cards = [
        ("calls", sum.calls.to_string(), ""),
        ("redacted", sum.redacted.to_string(), class(sum.redacted, "good")),
        ("unchanged", sum.unchanged.to_string(), ""),
        ("held", sum.held.to_string(), class(sum.held, "warn")),
        ("failed", sum.failed.to_string(), class(sum.failed, "bad")),
        ("minutes of audio", minutes(sum.audio_ms), ""),
        ("minutes muted", minutes(sum.muted_ms), ""),
        ("calls expected to have a word left", format!("{:.1}", sum.risk), ""),
    ];
    writeln!(out, "<ul class=\"cards\">")?;
    for (what, number, class) in cards {
        writeln!(out, "<li><b class=\"{class}\">{number}</b>{what}</li>")?;
    }
    writeln!(out, "</ul>")?;
    if sum.stale > 0 {
        writeln!(
            out,
            "<p>{} calls were made by the patterns of another version; --stale redacts them again.</p>",
            sum.stale
        )?;
    }
    if sum.awaited > 0 {
        writeln!(out, "<p>{} calls lack a half that may still come, and were passed over.</p>", sum.awaited)?;
    }
    if sum.ignored_files > 0 {
        writeln!(out, "<p class=\"soft\">{} files are neither transcript nor recording.</p>", sum.ignored_files)?;
    }
    Ok(())
}

fn held(out: &mut String, report: &Report) -> Result {
    if report.history.held.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Held</h2>\n<div class=\"scroll\"><table>\n<tr><th>Reason<th class=\"n\">Calls<th>Next step")?;
    for (reason, held) in &report.history.held {
        write!(
            out,
            "<tr><td>{reason}<td class=\"n\">{}<td>{}<details><summary class=\"soft\">calls</summary>",
            held.calls,
            escaped(held.next_step)
        )?;
        named(out, &held.first, held.calls, ".held/")?;
    }
    writeln!(out, "</table></div>")
}

/// The end of a row: the first calls of so many; where the rest is told.
fn named(out: &mut String, first: &[CallId], calls: u64, elsewhere: &str) -> Result {
    for call in first {
        write!(out, "<code>{call}</code> ")?;
    }
    if calls > first.len() as u64 {
        write!(out, "and {} more in {elsewhere}", calls - first.len() as u64)?;
    }
    writeln!(out, "</details>")
}

fn orphans(out: &mut String, report: &Report) -> Result {
    if report.history.orphans.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Orphans</h2>\n<div class=\"scroll\"><table>\n<tr><th>Has not come<th class=\"n\">Calls<th>")?;
    for (missing, orphans) in &report.history.orphans {
        write!(
            out,
            "<tr><td>{}<td class=\"n\">{}<td><details><summary class=\"soft\">calls</summary>",
            missing.word(),
            orphans.calls
        )?;
        named(out, &orphans.first, orphans.calls, "--json")?;
    }
    writeln!(out, "</table></div>")
}

fn categories(out: &mut String, report: &Report) -> Result {
    let mut spans: Vec<_> = report.summary.spans.iter().collect();
    spans.sort_by_key(|(category, n)| (std::cmp::Reverse(**n), **category));
    let Some(most) = spans.first().map(|(_, n)| (**n).max(1)) else { return Ok(()) };
    writeln!(out, "<h2>Hidden</h2>\n<table>\n<tr><th>Category<th class=\"n\">Spans<th>")?;
    for (category, n) in spans {
        let share = *n as f64 * 100.0 / most as f64;
        writeln!(out, "<tr><td>{category}<td class=\"n\">{n}<td class=\"share\"><i style=\"width:{share:.1}%\"></i>")?;
    }
    writeln!(out, "</table>")
}

fn throughput(out: &mut String, report: &Report) -> Result {
    let stretches = &report.history.throughput;
    if stretches.is_empty() {
        return Ok(());
    }
    let stretch_s = report.history.stretch_ms() as f64 / 1_000.0;
    let rate = |s: &Stretch| s.calls as f64 / stretch_s;
    let most = stretches.iter().map(rate).fold(0.0, f64::max);
    let (width, height) = PLOT;
    let total: u64 = stretches.iter().map(|s| s.bytes).sum();
    let calls: u64 = stretches.iter().map(|s| s.calls).sum();
    let took_s = (report.took_ms as f64 / 1_000.0).max(0.001);
    writeln!(
        out,
        "<h2>Throughput</h2>\n<p class=\"soft\">{:.1} calls and {:.2} MB a second, {:.0} times as fast as they were \
         spoken; unchanged calls not counted</p>",
        calls as f64 / took_s,
        total as f64 / took_s / 1e6,
        stretches.iter().map(|s| s.audio_ms).sum::<u64>() as f64 / 1_000.0 / took_s
    )?;
    writeln!(
        out,
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Calls a second over time\">",
        LEFT + width,
        height + BELOW
    )?;
    for (share, label) in [(0.0, most), (0.5, most / 2.0), (1.0, 0.0)] {
        let y = 8.0 + (height - 8.0) * share;
        let right = LEFT + width;
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 5.0,
            rounded(label)
        )?;
    }
    let step = width / stretches.len() as f64;
    for (i, stretch) in stretches.iter().enumerate().filter(|(_, s)| s.calls > 0) {
        let tall = (height - 8.0) * rate(stretch) / most;
        writeln!(
            out,
            "<rect class=\"bar\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{tall:.2}\">\
             <title>{}: {:.1} calls a second</title></rect>",
            LEFT + i as f64 * step,
            height - tall,
            (step * 0.86).max(0.5),
            span(i as u64 * report.history.stretch_ms()),
            rate(stretch)
        )?;
    }
    let end = span(stretches.len() as u64 * report.history.stretch_ms());
    writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{y}\">0 s</text><text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{end}</text></svg>\n\
         <p class=\"soft\">calls a second</p>",
        LEFT + width,
        y = height + 24.0
    )
}

fn slowest(out: &mut String, report: &Report) -> Result {
    if report.history.slowest.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Slowest calls</h2>\n<div class=\"scroll\"><table>\n\
         <tr><th>Call<th class=\"n\">Took<th class=\"n\">Audio<th class=\"n\">Size"
    )?;
    for slow in &report.history.slowest {
        writeln!(
            out,
            "<tr><td><code>{}</code><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{:.2} MB",
            slow.call,
            span(slow.took_ms),
            span(slow.audio_ms),
            slow.bytes as f64 / 1e6
        )?;
    }
    writeln!(out, "</table></div>")
}

/// A number of two digits or more, whole where it has them anyway.
fn rounded(number: f64) -> String {
    if number >= 10.0 || number == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// A length of time: `0.31 s`, `4.2 s`, `3 min 20 s`, `2 h 5 min`.
fn span(ms: u64) -> String {
    match ms / 1_000 {
        0 => format!("{:.2} s", ms as f64 / 1_000.0),
        1..60 => format!("{:.1} s", ms as f64 / 1_000.0),
        s @ 60..3_600 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} h {} min", s / 3_600, s / 60 % 60),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_told_in_two_units_at_most() {
        let told = [0, 309, 4_210, 200_000, 7_500_000].map(span);
        assert_eq!(told, ["0.00 s", "0.31 s", "4.2 s", "3 min 20 s", "2 h 5 min"]);
    }

    #[test]
    fn what_somebody_else_has_named_is_escaped() {
        assert_eq!(escaped("<b>&\"x\"</b>"), "&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;");
    }
}
