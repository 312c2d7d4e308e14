//! An entry of the board as bytes in the file of health.
//!
//! Big-endian: the mark `MdH2`, the octets of the record in all (2), stamp (8), octets of the VIP's name (octet), the
//! name, how many targets follow (octet: 1 is for both families, 2 are IPv4 and IPv6), the targets, and a checksum of all
//! before it (8). A target: what was last said together (octet and quality, 4), state in force (the same), since when (8),
//! silence (octet), length and end of what it is spared for (8 and 8; 0 is none), how many observations follow (octet). An
//! observation: octets of the observer's name (octet), the name, what it said and what that counts as (octet and quality,
//! 4, each), epoch (8), seq (8), when it came (8), length of the lease (8; 0 is none), its end (8), whether it was found
//! ended (octet). So a record can be told from anything else wherever it lies, and a damaged file gives back those that
//! are whole. Records of versions that knew one observer, under the mark `MdH1`, are read and not written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::health::board::{Entry, Lease, Observation, Order, Silence, State, Target, Verdict};
use crate::limits;

const MARK: &[u8; 4] = b"MdH2";

/// Of the versions before.
const OLD: &[u8; 4] = b"MdH1";

/// Why a state counts as another, after a restart: the words are not kept.
const COUNTED: &str = "it counts as another state by what the report told beside it";

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
    put_text(&mut body, name)?;
    let same = entry.v4 == entry.v6;
    body.push(if same { 1 } else { 2 });
    put_target(&mut body, &entry.v4)?;
    if !same {
        put_target(&mut body, &entry.v6)?;
    }
    let length = u16::try_from(MARK.len() + 2 + body.len() + 8).ok()?;
    let mut bytes = [MARK.as_slice(), &length.to_be_bytes(), &body].concat();
    bytes.extend(checksum(&bytes).to_be_bytes());
    Some(bytes)
}

fn put_target(body: &mut Vec<u8>, target: &Target) -> Option<()> {
    put_state(body, target.said);
    put_state(body, target.verdict.state);
    body.extend(target.verdict.since.to_be_bytes());
    body.push(match target.silence {
        Silence::Heard => 0,
        Silence::Held => 1,
        Silence::Lapsed => 2,
        Silence::Gone => 3,
        Silence::Spared => 4,
    });
    put_lease(body, target.grace);
    body.push(u8::try_from(target.observations.len()).ok()?);
    for one in &target.observations {
        put_text(body, &one.who)?;
        put_state(body, one.said);
        put_state(body, one.state);
        for number in [one.order.epoch, one.order.seq, one.at] {
            body.extend(number.to_be_bytes());
        }
        put_lease(body, one.lease);
        body.push(u8::from(one.ended));
    }
    Some(())
}

fn put_lease(body: &mut Vec<u8>, lease: Option<Lease>) {
    let lease = lease.unwrap_or(Lease {
        until: 0,
        length: 0,
    });
    body.extend(lease.length.to_be_bytes());
    body.extend(lease.until.to_be_bytes());
}

fn put_text(body: &mut Vec<u8>, text: &str) -> Option<()> {
    body.push(u8::try_from(text.len()).ok()?);
    body.extend(text.as_bytes());
    Some(())
}

/// The record that begins these bytes, if one does and it is whole; of this version or of those before.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let (mark, mut rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
    let (body, check) = bytes.get(..length)?.split_last_chunk::<8>()?;
    if checksum(body) != u64::from_be_bytes(*check) {
        return None;
    }
    let rest = body.get(mark.len() + 2..)?;
    match mark {
        MARK => read(rest),
        OLD => read_old(rest),
        _ => None,
    }
}

fn read(mut rest: &[u8]) -> Option<Record> {
    let stamp = number(&mut rest)?;
    let name = text(&mut rest)?;
    let [targets] = take(&mut rest)?;
    let v4 = target(&mut rest)?;
    let v6 = match targets {
        1 => v4.clone(),
        2 => target(&mut rest)?,
        _ => return None,
    };
    let entry = Entry {
        v4,
        v6,
        carried: None,
    };
    rest.is_empty().then_some(Record { stamp, name, entry })
}

fn target(rest: &mut &[u8]) -> Option<Target> {
    let said = state(rest)?;
    let verdict = Verdict {
        state: state(rest)?,
        since: number(rest)?,
    };
    let silence = silence(rest)?;
    let grace = lease(rest)?;
    let [many] = take(rest)?;
    let observations: Option<Vec<Observation>> = (0..many).map(|_| observation(rest)).collect();
    let observations = observations.filter(|list| list.len() <= limits::OBSERVERS)?;
    // They are looked up by halving.
    observations
        .is_sorted_by(|a, b| a.who < b.who)
        .then_some(Target {
            observations,
            said,
            verdict,
            silence,
            grace,
        })
}

fn observation(rest: &mut &[u8]) -> Option<Observation> {
    let who = text(rest)?;
    let (said, counts) = (state(rest)?, state(rest)?);
    let order = Order {
        epoch: number(rest)?,
        seq: number(rest)?,
    };
    let at = number(rest)?;
    let lease = lease(rest)?;
    let [ended] = take(rest)?;
    Some(Observation {
        who,
        said,
        state: counts,
        why: (said != counts).then_some(COUNTED),
        order,
        at,
        lease,
        ended: ended == 1,
    })
}

fn lease(rest: &mut &[u8]) -> Option<Option<Lease>> {
    let (length, until) = (number(rest)?, number(rest)?);
    Some((length > 0).then_some(Lease { until, length }))
}

fn silence(rest: &mut &[u8]) -> Option<Silence> {
    let [octet] = take(rest)?;
    Some(match octet {
        0 => Silence::Heard,
        1 => Silence::Held,
        2 => Silence::Lapsed,
        3 => Silence::Gone,
        4 => Silence::Spared,
        _ => return None,
    })
}

fn text(rest: &mut &[u8]) -> Option<Arc<str>> {
    let [letters] = take(rest)?;
    let (text, tail) = rest.split_at_checked(usize::from(letters))?;
    *rest = tail;
    Some(Arc::from(std::str::from_utf8(text).ok()?))
}

/// Of a version that knew one observer: stamp, reported state, epoch, seq, when it came, length and end of the lease, state
/// in force, since when, silence, the VIP's name, and the name of the sender's token to the end. It spoke of both families.
fn read_old(mut rest: &[u8]) -> Option<Record> {
    let stamp = number(&mut rest)?;
    let said = state(&mut rest)?;
    let order = Order {
        epoch: number(&mut rest)?,
        seq: number(&mut rest)?,
    };
    let at = number(&mut rest)?;
    let lease = lease(&mut rest)?;
    let verdict = Verdict {
        state: state(&mut rest)?,
        since: number(&mut rest)?,
    };
    let silence = silence(&mut rest)?;
    let name = text(&mut rest)?;
    let one = Observation {
        who: Arc::from(std::str::from_utf8(rest).ok()?),
        said,
        state: said,
        why: None,
        order,
        at,
        lease,
        ended: silence != Silence::Heard,
    };
    let target = Target {
        observations: vec![one],
        said,
        verdict,
        silence,
        grace: None,
    };
    let entry = Entry {
        v4: target.clone(),
        v6: target,
        carried: None,
    };
    Some(Record { stamp, name, entry })
}

/// The latest whole record of each VIP anywhere in the bytes of a damaged file.
pub(super) fn salvage(bytes: &[u8]) -> Vec<Record> {
    let found = [OLD, MARK].map(|mark| {
        latest(bytes, mark, decode, |record| {
            (record.name.clone(), record.stamp)
        })
    });
    let mut all: BTreeMap<Arc<str>, Record> = BTreeMap::new();
    for record in found.into_iter().flatten() {
        let known = all.get(&record.name).map(|known| known.stamp);
        if known.is_none_or(|stamp| stamp < record.stamp) {
            all.insert(record.name.clone(), record);
        }
    }
    all.into_values().collect()
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

/// A record of what has a name and is said in JSON: the mark, octets of the record in all (4), stamp (8), octets of the
/// name (octet), the name, the JSON, and a checksum of all before it (8). None if the name is longer than 255 octets.
pub(super) fn frame(mark: &[u8; 4], stamp: u64, name: &str, json: &[u8]) -> Option<Vec<u8>> {
    let letters = u8::try_from(name.len()).ok()?;
    let length = mark.len() + 4 + 8 + 1 + name.len() + json.len() + 8;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(mark);
    bytes.extend(u32::try_from(length).ok()?.to_be_bytes());
    bytes.extend(stamp.to_be_bytes());
    bytes.push(letters);
    bytes.extend(name.as_bytes());
    bytes.extend(json);
    bytes.extend(checksum(&bytes).to_be_bytes());
    Some(bytes)
}

/// The stamp, the name and the JSON of such a record, if one begins these bytes and it is whole.
pub(super) fn framed<'a>(mark: &[u8; 4], bytes: &'a [u8]) -> Option<(u64, &'a str, &'a [u8])> {
    let mut rest = bytes.strip_prefix(mark)?;
    let length = usize::try_from(u32::from_be_bytes(take(&mut rest)?)).ok()?;
    let (body, check) = bytes.get(..length)?.split_last_chunk::<8>()?;
    if checksum(body) != u64::from_be_bytes(*check) {
        return None;
    }
    let mut rest = body.get(mark.len() + 4..)?;
    let stamp = number(&mut rest)?;
    let [letters] = take(&mut rest)?;
    let (name, json) = rest.split_at_checked(usize::from(letters))?;
    Some((stamp, std::str::from_utf8(name).ok()?, json))
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
