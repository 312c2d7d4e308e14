//! An operator's order as bytes in the file of health.
//!
//! A record under the mark `MdO1`, by the name of the subject, as [`frame`] makes it. An order that was taken away or has
//! ended leaves a record that says so: else a damaged file, whose pages are not wiped, could bring it back.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::record::{frame, framed, latest};
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
    frame(MARK, stamp, subject.name(), &json)
}

/// The record that begins these bytes, if one does and it is whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let (stamp, name, json) = framed(MARK, bytes)?;
    let written: Written = serde_json::from_slice(json).ok()?;
    let order = match written.order {
        None => None,
        Some(said) => Some(order(said)?),
    };
    Some(Record {
        stamp,
        subject: Subject::of(&written.kind, name)?,
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
