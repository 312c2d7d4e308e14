//! What servers say, in lines for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Subject, look};
use crate::keeper::guard;

/// A second of the Unix epoch.
pub(super) fn time(seconds: u64) -> String {
    let (day, rest) = (guard::date(seconds), seconds % 86_400);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{day} {hour:02}:{minute:02}:{second:02} UTC")
}

/// A word of a reply, in one line whatever it is.
fn word(value: &Value) -> String {
    let text = value.as_str().unwrap_or("-");
    text.chars().flat_map(char::escape_debug).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// One VIP of an order.
fn vip(text: &mut String, vip: &Value) {
    let (name, state, observed) = (
        word(&vip["name"]),
        word(&vip["in_force"]),
        word(&vip["observed"]),
    );
    let _ = write!(text, "  {name}: {state}, observed {observed}");
    match (vip["used"].as_bool(), vip["clear_at"].as_u64()) {
        (Some(true), _) => text.push_str("; answers still hold it"),
        (_, Some(clear)) => drop(write!(text, "; no cache holds it from {} on", time(clear))),
        _ => {}
    }
    text.push('\n');
}

/// One order with its VIPs.
fn order(text: &mut String, order: &Value) {
    let (state, of, name) = (
        word(&order["state"]),
        word(&order["of"]),
        word(&order["name"]),
    );
    let (who, why) = (word(&order["who"]), word(&order["why"]));
    let _ = write!(text, "{state} {of} {name}: {why} ({who}");
    if let Some(at) = order["at"].as_u64() {
        let _ = write!(text, ", {}", time(at));
    }
    if let Some(until) = order["until"].as_u64() {
        let _ = write!(text, ", until {}", time(until));
    }
    if let (Some(over), Some(step)) = (order["over"].as_u64(), order["steps_done"].as_u64()) {
        let _ = write!(text, ", step {step} of 4 over {over} s");
    }
    text.push_str(")\n");
    if order["known"] == false {
        text.push_str("  the estate has nothing of that name\n");
    }
    list(&order["vips"]).for_each(|one| vip(text, one));
}

/// `/v1/drains`.
pub(super) fn drains(server: &str, page: &Value) -> String {
    let mut text = format!("{server}: {} orders\n", list(&page["orders"]).count());
    list(&page["orders"]).for_each(|one| order(&mut text, one));
    text
}

/// What came of an order.
pub(super) fn placed(server: &str, subject: &Subject, placed: &Value) -> String {
    let generation = placed["generation"].as_u64().unwrap_or(0);
    let mut text = format!("{server}: in force since generation {generation}: ");
    if placed["order"].is_object() {
        let mut said = placed["order"].clone();
        said["vips"] = placed["vips"].clone();
        said["known"] = placed["known"].clone();
        order(&mut text, &said);
    } else {
        let _ = writeln!(
            text,
            "no order for {} {}",
            subject.kind.word(),
            subject.name
        );
        list(&placed["vips"]).for_each(|one| vip(&mut text, one));
    }
    text
}

/// What came of a return.
pub(super) fn returned(server: &str, returned: &Value) -> String {
    let names = |key: &str| list(&returned[key]).map(word).collect::<Vec<_>>().join(" ");
    let mut text = format!("{server}: returned: {}", names("returned"));
    let failed = names("failed");
    if !failed.is_empty() {
        let _ = write!(text, "; failed still: {failed}");
    }
    text + "\n"
}

/// What came of a reload.
pub(super) fn reloaded(server: &str, reloaded: &Value) -> String {
    let generation = reloaded["generation"].as_u64().unwrap_or(0);
    let mut text = format!("{server}: taken, generation {generation}\n");
    for line in list(&reloaded["diagnostics"]) {
        let _ = writeln!(text, "  {}", word(line));
    }
    text
}

/// How a server stands.
pub(super) fn status(server: &str, token: Option<&str>) -> Result<String, String> {
    let status = look(server, token, "/v1/status")?;
    let vips = look(server, token, "/v1/vips")?;
    let orders = look(server, token, "/v1/drains")?;
    let last = match status["last_reload"]["taken"].as_bool() {
        Some(true) => "the last reload was taken",
        _ => "THE LAST RELOAD WAS REFUSED",
    };
    let generation = status["generation"].as_u64().unwrap_or(0);
    let mut text = format!(
        "{server}: version {}, generation {generation}, {last}\n",
        word(&status["version"])
    );
    let all: Vec<&Value> = list(&vips["vips"]).collect();
    let well = |vip: &&&Value| matches!(vip["state"].as_str(), Some("up" | "unknown"));
    let up = all.iter().filter(well).count();
    let _ = writeln!(text, "{up} of {} VIPs are up", all.len());
    for vip in all.iter().filter(|vip| !well(vip)) {
        let _ = write!(text, "  {}: {}", word(&vip["name"]), word(&vip["state"]));
        if let Some(why) = vip["held_back"].as_str() {
            let _ = write!(text, "; {}", word(&why.into()));
        }
        text.push('\n');
    }
    let count = list(&orders["orders"]).count();
    let _ = writeln!(text, "{count} orders");
    list(&orders["orders"]).for_each(|one| order(&mut text, one));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_by_people() {
        assert_eq!(time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(time(1_767_225_600 + 86_399), "2026-01-01 23:59:59 UTC");
    }
}
