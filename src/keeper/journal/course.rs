//! The course of a pool as bytes in the file of health: who is kept out of it, and where its ramps set out.
//!
//! A record under the mark `MdC1`, by the name of the pool, as [`frame`] makes it. A ramp is written when it sets out and
//! not at each step, since where it is follows from the time.

use serde::{Deserialize, Serialize};

use super::record::{frame, framed, latest};
use crate::steer::motion::course::{Course, Part, Returned};
use crate::steer::motion::failback::Hold;
use crate::steer::motion::ramp::{Ramp, Way};

const MARK: &[u8; 4] = b"MdC1";

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Of two records of one pool the one with the higher stamp is the later.
    pub(super) stamp: u64,
    /// The pool.
    pub(super) name: String,
    /// What was remembered of it.
    pub(super) course: Course,
}

#[derive(Serialize, Deserialize)]
struct Written {
    /// Members that are out, and since when they are well.
    out: Vec<(String, Option<u64>)>,
    ramps: Vec<Slope>,
    returned: Option<Note>,
}

#[derive(Serialize, Deserialize)]
struct Slope {
    part: Side,
    begun: u64,
    rate: u32,
    whole: u64,
    /// Name, where it set out, where it belongs.
    items: Vec<(String, u64, u64)>,
}

#[derive(Serialize, Deserialize)]
enum Side {
    All,
    Vips(String),
    Numbers,
    Clients(String),
}

#[derive(Serialize, Deserialize)]
struct Note {
    who: String,
    why: String,
    at: u64,
}

/// The bytes of a record; none if a name is too long to be one.
pub(super) fn encode(stamp: u64, name: &str, course: &Course) -> Option<Vec<u8>> {
    let slope = |(part, ramp): (&Part, &Ramp)| Slope {
        part: match part {
            Part::All => Side::All,
            Part::Vips(name) => Side::Vips(name.clone()),
            Part::Numbers => Side::Numbers,
            Part::Clients(name) => Side::Clients(name.clone()),
        },
        begun: ramp.begun,
        rate: ramp.rate,
        whole: ramp.whole,
        items: (ramp.items.iter())
            .map(|(name, way)| (name.clone(), way.from, way.to))
            .collect(),
    };
    let written = Written {
        out: course.hold.out.clone().into_iter().collect(),
        ramps: course.ramps.iter().map(slope).collect(),
        returned: course.returned.as_ref().map(|note| Note {
            who: note.who.clone(),
            why: note.why.clone(),
            at: note.at,
        }),
    };
    let json = serde_json::to_vec(&written).ok()?;
    frame(MARK, stamp, name, &json)
}

/// The record that begins these bytes, if one does and it is whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let (stamp, name, json) = framed(MARK, bytes)?;
    let written: Written = serde_json::from_slice(json).ok()?;
    let ramp = |slope: Slope| {
        let part = match slope.part {
            Side::All => Part::All,
            Side::Vips(name) => Part::Vips(name),
            Side::Numbers => Part::Numbers,
            Side::Clients(name) => Part::Clients(name),
        };
        let items = slope.items.into_iter();
        let ramp = Ramp {
            items: items
                .map(|(name, from, to)| (name, Way { from, to }))
                .collect(),
            begun: slope.begun,
            rate: slope.rate,
            whole: slope.whole,
        };
        (part, ramp)
    };
    Some(Record {
        stamp,
        name: name.to_owned(),
        course: Course {
            hold: Hold {
                out: written.out.into_iter().collect(),
            },
            ramps: written.ramps.into_iter().map(ramp).collect(),
            returned: written.returned.map(|note| Returned {
                who: note.who,
                why: note.why,
                at: note.at,
            }),
        },
    })
}

/// The latest whole record of each pool anywhere in the bytes of a damaged file.
pub(super) fn salvage(bytes: &[u8]) -> Vec<Record> {
    latest(bytes, MARK, decode, |record| {
        (record.name.clone(), record.stamp)
    })
}
