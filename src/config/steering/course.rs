//! The keys of `[pools]` that take their time: how what failed comes back, and how fast clients move.

use std::ops::RangeInclusive;

use crate::config::document::Entry;
use crate::config::estate::{Failback, Policy, Pool};
use crate::config::findings::Findings;
use crate::config::record::Record;
use crate::config::values;
use crate::limits;

/// Reads them into the pool, whose policy is known.
pub(super) fn course(pool: &mut Pool, record: &Record<'_>, findings: &mut Findings) {
    if let Some(field) = record.get("failback") {
        if let Some(failback) = failback(field, findings) {
            pool.failback = failback;
        }
        if pool.policy != Policy::Failover {
            let advice = format!(
                "remove it, or write `policy = \"failover\"` in pool `{}`",
                pool.name
            );
            let message = "`failback` belongs to the policy `failover`";
            findings.error(field.key.at, message, advice);
        }
    }
    if let Some(field) = record.get("ramp") {
        pool.ramp = ramp(field, findings);
    }
}

fn failback(field: Entry<'_>, findings: &mut Findings) -> Option<Failback> {
    if let Some(word) = field.value.string() {
        if word.text == "manual" {
            return Some(Failback::Manual);
        }
        if word.text.chars().all(|c| c.is_ascii_alphabetic()) {
            let message = "`failback` is a duration or `\"manual\"`";
            let meant = findings.guess(word.text, ["manual"]);
            let advice = meant.map(|meant| format!("did you mean `\"{meant}\"`?"));
            let advice = advice.unwrap_or_else(|| "write `\"10m\"` or `\"manual\"`".to_owned());
            findings.error(field.value.at, message, advice);
            return None;
        }
    }
    let seconds = values::duration("failback", field.value, findings)?;
    if seconds > limits::FAILBACK {
        let advice = "at most `\"30d\"`; what may return later, a person brings back: `\"manual\"`";
        findings.error(field.value.at, "`failback` is out of range", advice);
        return None;
    }
    Some(Failback::After(seconds))
}

/// Parts of a million in a minute.
fn ramp(field: Entry<'_>, findings: &mut Findings) -> Option<u32> {
    const RANGE: RangeInclusive<u32> = limits::RAMP..=1_000_000;
    let share = values::share(field, findings)?;
    if !RANGE.contains(&share) {
        let advice = "from `\"0.1%\"` to `\"100%\"` of the clients in a minute; without the key all move at once";
        findings.error(field.value.at, "`ramp` is out of range", advice);
        return None;
    }
    Some(share)
}
