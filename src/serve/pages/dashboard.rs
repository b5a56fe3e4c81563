//! The dashboard: plots as SVG that stands in the page, each with its numbers in a table for whoever does not see it.

use super::layout;
use crate::serve::asked::Who;
use crate::serve::dashboard::{Day, Numbers};
use maud::{Markup, html};

/// Size of a plot, in units of its own.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// The dashboard.
pub(in super::super) fn page(who: &Who, numbers: &Numbers) -> Markup {
    let days = |value: &dyn Fn(&Day) -> f64| -> Vec<(String, f64)> {
        numbers.days.iter().map(|day| (day.day.clone(), value(day))).collect()
    };
    let counts = |counts: &[(String, u64)]| -> Vec<(String, f64)> {
        counts.iter().map(|(name, n)| (name.clone(), *n as f64)).collect()
    };
    let hidden: Vec<(String, u64)> = numbers.hidden.iter().map(|(name, n)| (name.clone(), *n)).collect();
    let held: Vec<(String, u64)> = numbers.held.iter().map(|held| (held.reason.to_owned(), held.calls)).collect();
    let content = html! {
        p { "The last 30 days, counted " (numbers.counted) "." }
        @if !numbers.log_is_whole {
            p role="alert" { "The audit log is broken; accesses behind that place are not counted. See the audit log." }
        }
        p {
            "Oldest call that waits unredacted: "
            @match &numbers.oldest_unredacted { Some(at) => { (at) }, None => { "none" } }
        }
        (plot("Calls redacted, by day", &days(&|day| day.calls as f64)))
        (plot("Minutes muted, by day", &days(&|day| (day.muted_min * 10.0).round() / 10.0)))
        (plot("Stretches hidden, by category", &counts(&hidden)))
        @for (category, _) in &hidden {
            (plot(&format!("{category} hidden, by day"), &days(&|day| *day.hidden.get(category).unwrap_or(&0) as f64)))
        }
        (plot("Calls held, by reason", &counts(&held)))
        (plot("Views, plays and downloads, by user", &counts(&numbers.accesses)))
        (plot("Failed sign-ins, by day", &days(&|day| day.failed_sign_ins as f64)))
    };
    layout("Dashboard", Some(who), &content)
}

/// Bars, and their numbers.
fn plot(title: &str, bars: &[(String, f64)]) -> Markup {
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let step = WIDTH / bars.len().max(1) as f64;
    let height = |value: f64| if most > 0.0 { value / most * (HEIGHT - 20.0) } else { 0.0 };
    html! {
        section.panel {
            h2 { (title) }
            @if most == 0.0 { p { "None." } } @else {
                svg class="plot" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) {
                    text x="0" y="12" fill="currentColor" font-size="12" { (most) }
                    line x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) stroke="currentColor" {}
                    @for (n, (name, value)) in bars.iter().enumerate() {
                        rect x=(format!("{:.1}", n as f64 * step + step * 0.1)) y=(format!("{:.1}", HEIGHT - height(*value)))
                            width=(format!("{:.1}", step * 0.8)) height=(format!("{:.1}", height(*value))) fill="currentColor" {
                            title { (name) ": " (value) }
                        }
                    }
                }
                details {
                    summary { "Numbers" }
                    table {
                        tbody { @for (name, value) in bars { @if *value > 0.0 { tr { th scope="row" { (name) } td class="n" { (value) } } } } }
                    }
                }
            }
        }
    }
}
