//! What Meridian's own checks have found of a VIP, as JSON.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::health::damper::Side;
use crate::health::probed::{Book, Probed, Result};
use crate::health::verdict::Family;

/// One object for each address of the VIP that is checked; empty for a VIP without a probe.
pub(super) fn targets(book: &Book, vip: &str, now: u64) -> Vec<Value> {
    let families = [None, Some(Family::V4), Some(Family::V6)];
    let keys = families.map(|family| (Arc::from(vip), family));
    let found = keys
        .iter()
        .filter_map(|key| Some((key.1, book.targets.get(key)?)));
    found
        .map(|(family, probed)| target(family, probed, now))
        .collect()
}

fn target(family: Option<Family>, probed: &Probed, now: u64) -> Value {
    let (last, damper) = (probed.last.as_ref(), &probed.damper);
    let age = |last: &Result| now.saturating_sub(last.at);
    // The hold as of the last result has gone on since.
    let held = damper.held(probed.clock).div_ceil(1_000);
    json!({
        "probe": &*probed.probe,
        "family": family.map(Family::word),
        "address": probed.address.to_string(),
        "state": damper.side().map(Side::word),
        "result": last.map(|last| last.found.ending.word()),
        "why": last.map(|last| last.found.words.as_str()),
        "at": last.map(|last| last.at),
        "age": last.map(age),
        "milliseconds": last.map(|last| last.micros as f64 / 1e3),
        "failures": damper.failures(),
        "successes": damper.successes(),
        "falls": damper.falls(probed.clock),
        "held_for": held.saturating_sub(last.map_or(0, age)),
    })
}
