//! `[rate]`: how much is sent over UDP to those who cannot show that they asked.

use std::net::IpAddr;

use crate::config::document::{Entry, Word};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::values;
use crate::limits;
use crate::prefix::{Prefix, PrefixError};
use crate::rate::{Rate, Terms};

const RATE: Keys = Keys {
    known: &["per_second", "slip", "allow"],
    later: &[],
    example: "[rate]` or `rate = \"off\"",
};

/// What stands behind `rate`: `"off"` or a table.
pub(super) fn read(entry: Entry<'_>, findings: &mut Findings) -> Rate {
    if entry.value.string().is_some_and(|word| word.text == "off") {
        return Rate::Off;
    }
    let record = Record::open(entry, "`rate`", &RATE, findings);
    let mut terms = Terms::default();
    let mut number = |key: &str, range, slot: &mut u32| {
        if let Some(field) = record.get(key) {
            let read = values::integer(&format!("`{key}`"), field.value, range, findings);
            *slot = read.unwrap_or(*slot);
        }
    };
    number("per_second", 1..=limits::RATE_MOST, &mut terms.per_second);
    number("slip", 0..=limits::RATE_SLIP_MOST, &mut terms.slip);
    if let Some(field) = record.get("allow") {
        let words = values::names("`allow`", field.value, findings).unwrap_or_default();
        if words.len() > limits::RATE_ALLOWED {
            findings.error(
                field.value.at,
                format!("`allow` has {} networks", words.len()),
                format!("at most {}: write wider ones", limits::RATE_ALLOWED),
            );
        }
        terms.allow = words
            .into_iter()
            .filter_map(|word| network(word, findings))
            .collect();
    }
    Rate::On(terms)
}

/// A network, or an address as the network of itself.
fn network(word: Word<'_>, findings: &mut Findings) -> Option<Prefix> {
    let text = word.text;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Prefix::around(address, u8::MAX));
    }
    let advice = match text.parse() {
        Ok(network) => return Some(network),
        Err(PrefixError::Bits(meant)) => {
            format!("bits are set beyond its length: write `\"{meant}\"`")
        }
        Err(PrefixError::Length) => "the length is at most 32 for IPv4, 128 for IPv6".to_owned(),
        Err(PrefixError::Form) => "an address, or a network: `\"192.0.2.0/24\"`".to_owned(),
    };
    findings.error(word.at, format!("`{text}` is no network"), advice);
    None
}
