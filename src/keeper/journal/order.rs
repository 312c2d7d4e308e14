//! An operator's order as bytes in the file of health.
//!
//! The mark `MdO1`, the octets of the record in all (4), stamp (8), octets of the subject's name (octet), the name, the
//! order as JSON, and a checksum of all before it (8). An order that was taken away or has ended leaves a record that says
//! so: else a damaged file, whose pages are not wiped, could bring it back.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::record::{checksum, latest, number, take};
use crate::health::orders::{Order, Press, Subject, Want};
use crate::health::verdict::{Both, State, Verdict};

const MARK: &[u8; 4] = b"MdO1";

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Of two records of one subject the one with the higher stamp is the later.
    pub(super) stamp: u64,
    /// Of what something was ordered.
    pub(super) subject: Subject,
    /// What; none if nothing is any more.
    pub(super) order: Option<Order>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    kind: String,
    order: Option<Said>,
}

/// A verdict: the word of its state, the quality, and since when.
type Kept = (String, u32, u64);

#[derive(Serialize, Deserialize)]
struct Said {
    want: String,
    over: u64,
    who: String,
    why: String,
    at: u64,
    until: Option<u64>,
    force: bool,
    /// Name of the VIP, and its state in force for each family: word, quality, since.
    held: Vec<(String, [Kept; 2])>,
}

/// Under what an order stands in the table.
pub(super) fn key(subject: &Subject) -> String {
    subject.to_string()
}

/// The bytes of a record; none if a name is too long to be one.
pub(super) fn encode(stamp: u64, subject: &Subject, order: Option<&Order>) -> Option<Vec<u8>> {
    let state = |verdict: Verdict| {
        let quality = match verdict.state {
            State::Degraded(quality) => quality,
            _ => 0,
        };
        let word = verdict.state.word().to_owned();
        (word, quality, verdict.since)
    };
    let said = |order: &Order| Said {
        want: order.want.word().to_owned(),
        over: order.over,
        who: order.who.to_string(),
        why: order.why.to_string(),
        at: order.at,
        until: order.until,
        force: order.press == Press::Force,
        held: (order.held.iter())
            .map(|(name, both)| (name.to_string(), [state(both.v4), state(both.v6)]))
            .collect(),
    };
    let written = Written {
        kind: subject.kind().to_owned(),
        order: order.map(said),
    };
    let json = serde_json::to_vec(&written).ok()?;
    let name = subject.name();
    let letters = u8::try_from(name.len()).ok()?;
    let length = MARK.len() + 4 + 8 + 1 + name.len() + json.len() + 8;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(MARK);
    bytes.extend(u32::try_from(length).ok()?.to_be_bytes());
    bytes.extend(stamp.to_be_bytes());
    bytes.push(letters);
    bytes.extend(name.as_bytes());
    bytes.extend(json);
    bytes.extend(checksum(&bytes).to_be_bytes());
    Some(bytes)
}

/// The record that begins these bytes, if one does and it is whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let mut rest = bytes.strip_prefix(MARK)?;
    let length = usize::try_from(u32::from_be_bytes(take(&mut rest)?)).ok()?;
    let (body, check) = bytes.get(..length)?.split_last_chunk::<8>()?;
    if checksum(body) != u64::from_be_bytes(*check) {
        return None;
    }
    let mut rest = body.get(MARK.len() + 4..)?;
    let stamp = number(&mut rest)?;
    let [letters] = take(&mut rest)?;
    let (name, json) = rest.split_at_checked(usize::from(letters))?;
    let written: Written = serde_json::from_slice(json).ok()?;
    let order = match written.order {
        None => None,
        Some(said) => Some(order(said)?),
    };
    Some(Record {
        stamp,
        subject: Subject::of(&written.kind, std::str::from_utf8(name).ok()?)?,
        order,
    })
}

fn order(said: Said) -> Option<Order> {
    let held = said.held.into_iter().map(|(name, [v4, v6])| {
        let (v4, v6) = (verdict(v4)?, verdict(v6)?);
        Some((Arc::from(name), Both { v4, v6 }))
    });
    Some(Order {
        want: Want::of(&said.want)?,
        over: said.over,
        who: Arc::from(said.who),
        why: Arc::from(said.why),
        at: said.at,
        until: said.until,
        press: if said.force {
            Press::Force
        } else {
            Press::Heed
        },
        held: held.collect::<Option<_>>()?,
    })
}

fn verdict((word, quality, since): (String, u32, u64)) -> Option<Verdict> {
    let states = [
        State::Unknown,
        State::Up,
        State::Degraded(quality),
        State::Drain,
        State::Down,
    ];
    let state = states.into_iter().find(|state| state.word() == word)?;
    Some(Verdict { state, since })
}

/// The latest whole record of each subject anywhere in the bytes of a damaged file.
pub(super) fn salvage(bytes: &[u8]) -> Vec<Record> {
    latest(bytes, MARK, decode, |record| {
        (record.subject.clone(), record.stamp)
    })
}
