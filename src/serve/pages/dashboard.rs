//! The dashboard: days as columns, names as bars with their numbers; every plot has its numbers in a table for whoever does not
//! see it.

use super::layout;
use super::show::{chip, count, time};
use crate::base::Timestamp;
use crate::model::Category;
use crate::serve::asked::Who;
use crate::serve::dashboard::{Day, Numbers};
use maud::{Markup, html};

/// Size of a plot, in units of its own; it is stretched to its place.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 100.0;

/// The dashboard.
pub(in super::super) fn page(who: &Who, numbers: &Numbers) -> Markup {
    let days = |value: &dyn Fn(&Day) -> f64| -> Vec<(&str, f64)> {
        numbers.days.iter().map(|day| (day.day.as_str(), value(day))).collect()
    };
    let categories = numbers.hidden.iter().filter_map(|(label, n)| Some((Category::from_label(label)?, label, *n)));
    let categories: Vec<(Category, &String, u64)> = categories.collect();
    let hidden: Vec<_> = categories.iter().map(|(category, _, n)| (chip(*category, None), *n)).collect();
    let held: Vec<_> = numbers.held.iter().map(|held| (word(&held.reason.replace('-', " ")), held.calls)).collect();
    let accesses: Vec<_> = numbers.accesses.iter().map(|(user, n)| (word(user), *n)).collect();
    let oldest = numbers.oldest_unredacted.as_deref().and_then(Timestamp::parse);
    let content = html! {
        dl.facts {
            div { dt { "Of" } dd { "the last 30 days" } }
            div { dt { "Oldest call that waits unredacted" } dd { @match oldest { Some(at) => { (time(at)) }, None => { "none" } } } }
            div { dt { "Counted" } dd { (Timestamp::parse(&numbers.counted).map(time).unwrap_or_default()) } }
        }
        @if !numbers.log_is_whole {
            p role="alert" { "The audit log is broken; accesses behind that place are not counted. See the audit log." }
        }
        div.tiles {
            (tile("Calls redacted", &columns("Calls redacted, by day", &days(&|day| day.calls as f64))))
            (tile("Minutes muted", &columns("Minutes muted, by day", &days(&|day| (day.muted_min * 10.0).round() / 10.0))))
            (tile("Failed sign-ins", &columns("Failed sign-ins, by day", &days(&|day| day.failed_sign_ins as f64))))
            (tile("Stretches hidden", &bars(&hidden)))
            (tile("Calls held", &bars(&held)))
            (tile("Views, plays and downloads", &bars(&accesses)))
        }
        @if !categories.is_empty() {
            section.panel {
                h2 { "Stretches hidden, by category and day" }
                div.tiles.small {
                    @for (category, label, n) in &categories {
                        div {
                            p { (chip(*category, Some(*n))) }
                            (columns(&format!("{label} hidden, by day"), &days(&|day| *day.hidden.get(*label).unwrap_or(&0) as f64)))
                        }
                    }
                }
            }
        }
    };
    layout("Dashboard", Some(who), &content)
}

fn word(text: &str) -> Markup {
    html! { (text) }
}

fn tile(title: &str, plot: &Markup) -> Markup {
    html! { section.panel { h2 { (title) } (plot) } }
}

/// A column a day.
fn columns(title: &str, days: &[(&str, f64)]) -> Markup {
    let most = days.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let step = WIDTH / days.len().max(1) as f64;
    let height = |value: f64| value / most * HEIGHT;
    let day =
        |place: Option<&(&str, f64)>| place.map_or(String::new(), |(day, _)| day.get(5..).unwrap_or(day).to_owned());
    html! {
        @if most == 0.0 { p.faint { "None." } } @else {
            figure.plot {
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(title) {
                    @for (n, (name, value)) in days.iter().enumerate() {
                        rect x=(format!("{:.1}", n as f64 * step + step * 0.1)) y=(format!("{:.1}", HEIGHT - height(*value)))
                            width=(format!("{:.1}", step * 0.8)) height=(format!("{:.1}", height(*value))) {
                            title { (name) ": " (value) }
                        }
                    }
                }
                figcaption.small.faint { span { (day(days.first())) } span { "most " (most) } span { (day(days.last())) } }
            }
            details.small {
                summary { "Numbers" }
                table {
                    tbody { @for (name, value) in days { @if *value > 0.0 { tr { th scope="row" { (name) } td.n { (value) } } } } }
                }
            }
        }
    }
}

/// A bar a name, with its number.
fn bars(bars: &[(Markup, u64)]) -> Markup {
    let most = bars.iter().map(|(_, n)| *n).max().unwrap_or(0);
    html! {
        @if most == 0 { p.faint { "None." } } @else {
            table.bars {
                tbody {
                    @for (name, n) in bars {
                        tr {
                            th scope="row" { (name) }
                            td {
                                svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" {
                                    rect width=(format!("{:.1}", *n as f64 * 100.0 / most as f64)) height="1" {}
                                }
                            }
                            td.n { (count(*n)) }
                        }
                    }
                }
            }
        }
    }
}
