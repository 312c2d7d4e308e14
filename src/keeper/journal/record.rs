//! An entry of the board as bytes in the file of health.
//!
//! Big-endian: the mark `MdH1`, the octets of the record in all (2), stamp (8), reported state (octet and quality, 4),
//! epoch (8), seq (8), when it came (8), length of the lease (8; 0 is none), its end (8), state in force (octet and
//! quality, 4), since when (8), silence (octet), octets of the VIP's name (octet), the name, the name of the sender's
//! token, and a checksum of all before it (8). So a record can be told from anything else wherever it lies, and a
//! damaged file gives back those that are whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::health::board::{Entry, Lease, Order, Silence, State, Verdict};

const MARK: &[u8; 4] = b"MdH1";

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Of two records of one VIP the one with the higher stamp is the later.
    pub(super) stamp: u64,
    /// The VIP.
    pub(super) name: Arc<str>,
    /// What was known of it.
    pub(super) entry: Entry,
}

/// The bytes of a record; none if a name is too long to be one.
pub(super) fn encode(stamp: u64, name: &str, entry: &Entry) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(256);
    body.extend(stamp.to_be_bytes());
    put_state(&mut body, entry.reported);
    let lease = entry.lease.unwrap_or(Lease {
        until: 0,
        length: 0,
    });
    for number in [
        entry.order.epoch,
        entry.order.seq,
        entry.at,
        lease.length,
        lease.until,
    ] {
        body.extend(number.to_be_bytes());
    }
    put_state(&mut body, entry.verdict.state);
    body.extend(entry.verdict.since.to_be_bytes());
    body.push(match entry.silence {
        Silence::Heard => 0,
        Silence::Held => 1,
        Silence::Lapsed => 2,
        Silence::Gone => 3,
    });
    body.push(u8::try_from(name.len()).ok()?);
    body.extend(name.as_bytes());
    body.extend(entry.who.as_bytes());
    let length = u16::try_from(MARK.len() + 2 + body.len() + 8).ok()?;
    let mut bytes = [MARK.as_slice(), &length.to_be_bytes(), &body].concat();
    bytes.extend(checksum(&bytes).to_be_bytes());
    Some(bytes)
}

/// The record that begins these bytes, if one does and it is whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let mut rest = bytes.strip_prefix(MARK)?;
    let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
    let (body, check) = bytes.get(..length)?.split_last_chunk::<8>()?;
    if checksum(body) != u64::from_be_bytes(*check) {
        return None;
    }
    let mut rest = body.get(MARK.len() + 2..)?;
    let stamp = number(&mut rest)?;
    let reported = state(&mut rest)?;
    let order = Order {
        epoch: number(&mut rest)?,
        seq: number(&mut rest)?,
    };
    let at = number(&mut rest)?;
    let (length, until) = (number(&mut rest)?, number(&mut rest)?);
    let lease = (length > 0).then_some(Lease { until, length });
    let verdict = Verdict {
        state: state(&mut rest)?,
        since: number(&mut rest)?,
    };
    let [silence] = take(&mut rest)?;
    let silence = match silence {
        0 => Silence::Heard,
        1 => Silence::Held,
        2 => Silence::Lapsed,
        3 => Silence::Gone,
        _ => return None,
    };
    let [letters] = take(&mut rest)?;
    let (name, who) = rest.split_at_checked(usize::from(letters))?;
    let (name, who) = (
        Arc::from(std::str::from_utf8(name).ok()?),
        Arc::from(std::str::from_utf8(who).ok()?),
    );
    Some(Record {
        stamp,
        name,
        entry: Entry {
            reported,
            order,
            who,
            at,
            lease,
            verdict,
            silence,
            carried: None,
        },
    })
}

/// The latest whole record of each VIP anywhere in the bytes of a damaged file.
pub(super) fn salvage(bytes: &[u8]) -> Vec<Record> {
    latest(bytes, MARK, decode, |record| {
        (record.name.clone(), record.stamp)
    })
}

/// The latest whole record of each name anywhere in the bytes of a damaged file; `said` tells name and stamp of one. Among
/// them may be one that a lost one had replaced, since pages are not wiped when they are given back.
pub(super) fn latest<R, N: Ord>(
    bytes: &[u8],
    mark: &[u8; 4],
    decode: impl Fn(&[u8]) -> Option<R>,
    said: impl Fn(&R) -> (N, u64),
) -> Vec<R> {
    let mut latest: BTreeMap<N, (u64, R)> = BTreeMap::new();
    let places = bytes
        .windows(mark.len())
        .enumerate()
        .filter(|(_, window)| window == mark);
    for record in places.filter_map(|(place, _)| decode(bytes.get(place..)?)) {
        let (name, stamp) = said(&record);
        match latest.get_mut(&name) {
            Some((other, _)) if *other >= stamp => {}
            Some(other) => *other = (stamp, record),
            None => drop(latest.insert(name, (stamp, record))),
        }
    }
    latest.into_values().map(|(_, record)| record).collect()
}

/// FNV-1a: no damage within one octet goes unseen, and other damage once in 2^64.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, b| {
        (sum ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn put_state(bytes: &mut Vec<u8>, state: State) {
    let (octet, quality) = match state {
        State::Unknown => (0, 0),
        State::Up => (1, 0),
        State::Degraded(quality) => (2, quality),
        State::Drain => (3, 0),
        State::Down => (4, 0),
    };
    bytes.push(octet);
    bytes.extend(quality.to_be_bytes());
}

fn state(rest: &mut &[u8]) -> Option<State> {
    let [octet] = take(rest)?;
    let quality = u32::from_be_bytes(take(rest)?);
    match (octet, quality) {
        (0, 0) => Some(State::Unknown),
        (1, 0) => Some(State::Up),
        (2, 1..=999_999) => Some(State::Degraded(quality)),
        (3, 0) => Some(State::Drain),
        (4, 0) => Some(State::Down),
        _ => None,
    }
}

pub(super) fn number(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_be_bytes)
}

pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}
