//! The same answers: every set of every zone asked of the release binary, held against what the oracles have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use tempfile::TempDir;

use super::corpus::Case;
use super::oracle;
use super::verdict::Verdicts;
use super::wire::{Key, Line, Records, Reply, canonical};
use crate::server::Server;

/// The oracles, in the order of [`Compared::cells`].
pub const ORACLES: [&str; 4] = ["bind", "knot", "nsd", "domain"];

/// What an oracle says to one zone, beside us.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// It does not read the file.
    Refuses,
    /// It reads it; we do not.
    Accepts,
    Agrees,
    Differs,
}

impl Cell {
    pub fn word(self) -> &'static str {
        match self {
            Cell::Refuses => "refuses",
            Cell::Accepts => "accepts",
            Cell::Agrees => "agrees",
            Cell::Differs => "DIFFERS",
        }
    }
}

/// One zone beside the oracles.
pub struct Compared {
    /// How many records we answered with, if we read the file.
    pub ours: Option<usize>,
    pub cells: [Cell; 4],
    /// What differs, for people.
    pub faults: Vec<String>,
    /// Why `domain` does not read it.
    pub unread: String,
}

impl Compared {
    /// The oracles that read it otherwise.
    pub fn dissent(&self) -> Vec<&'static str> {
        let cells = ORACLES.iter().zip(self.cells);
        let against = cells.filter(|(_, cell)| *cell == Cell::Differs);
        against.map(|(oracle, _)| *oracle).collect()
    }
}

/// Serves all cases with our binary, where we read them, and what `write` puts into the folder of the oracles with NSD and
/// Knot; and compares zone by zone.
pub fn compare(
    cases: &[&Case],
    verdicts: &[&Verdicts],
    write: &dyn Fn(&Case, &Path),
) -> Vec<Compared> {
    let (all, ours, own) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    for (case, verdicts) in cases.iter().zip(verdicts) {
        write(case, all.path());
        if verdicts[0].accepted {
            case.write(ours.path());
        }
    }
    let zones: Vec<String> = cases.iter().map(|case| case.zone()).collect();
    let nsd = oracle::nsd(all.path(), own.path(), &zones);
    let knot = oracle::knot(all.path(), own.path(), &zones);
    let server = Server::start(ours.path());
    let mut out = Vec::new();
    for (case, verdicts) in cases.iter().zip(verdicts) {
        let read = others(&case.zone(), all.path(), own.path(), [knot.port, nsd.port]);
        let compared = if verdicts[0].accepted {
            let mut compared = ask(server.port, &read);
            compared.faults.extend(count(&verdicts[0].said, &read));
            compared
        } else {
            among(read)
        };
        out.push(compared);
    }
    out
}

/// The zone as each oracle has it, and why `domain` has not.
fn others(
    zone: &str,
    folder: &Path,
    own: &Path,
    [knot, nsd]: [u16; 2],
) -> ([Option<Records>; 4], String) {
    let transfer = |port| Line::open(port).unwrap().transfer(zone).unwrap();
    let (domain, unread) = match oracle::domain(folder, zone) {
        Ok(records) => (Some(records), String::new()),
        Err(why) => (None, why),
    };
    let read = [
        oracle::bind(folder, own, zone),
        transfer(knot),
        transfer(nsd),
        domain,
    ];
    (read, unread)
}

/// A zone that we do not read: whether those who do are of one mind, that of the first of them.
fn among((read, unread): ([Option<Records>; 4], String)) -> Compared {
    let said: Vec<Option<Records>> = read
        .iter()
        .map(|records| records.as_ref().map(lower))
        .collect();
    let first = said.iter().flatten().next();
    let mut faults = Vec::new();
    let cells = [0, 1, 2, 3].map(|at| match &said[at] {
        None => Cell::Refuses,
        theirs if theirs.as_ref() == first => Cell::Accepts,
        Some(theirs) => {
            let sets = first.into_iter().flatten();
            for ((owner, kind), set) in sets.filter(|(key, set)| theirs.get(*key) != Some(*set)) {
                let other = theirs
                    .get(&(owner.clone(), *kind))
                    .map_or_else(String::new, show);
                faults.push(format!(
                    "{}: {} TYPE{kind}: {} others {}",
                    ORACLES[at],
                    show_name(owner),
                    other,
                    show(set)
                ));
            }
            Cell::Differs
        }
    });
    Compared {
        ours: None,
        cells,
        faults,
        unread,
    }
}

/// All names in small letters.
fn lower(records: &Records) -> Records {
    let sets = records.iter().map(|(key, set)| {
        (
            key.clone(),
            set.iter()
                .map(|(ttl, rdata)| (*ttl, canonical(key.1, rdata)))
                .collect(),
        )
    });
    sets.collect()
}

/// All sets that anyone has, asked of us and held against everyone.
fn ask(port: u16, (read, unread): &([Option<Records>; 4], String)) -> Compared {
    let keys: BTreeSet<&Key> = read.iter().flatten().flat_map(BTreeMap::keys).collect();
    let keys: Vec<Key> = keys.into_iter().cloned().collect();
    let replies = Line::open(port).unwrap().ask(&keys).unwrap();
    let (mut cells, mut faults, mut ours) = ([Cell::Refuses; 4], Vec::new(), 0);
    for (at, records) in read.iter().enumerate() {
        let Some(records) = records else { continue };
        let before = faults.len();
        for (key, reply) in keys.iter().zip(&replies) {
            let theirs = records.get(key).cloned().unwrap_or_default();
            // BIND and `domain` keep the case of names in data, as we do.
            faults.extend(
                differ(key, reply, &theirs, at == 0 || at == 3)
                    .map(|fault| format!("{}: {fault}", ORACLES[at])),
            );
        }
        cells[at] = if faults.len() == before {
            Cell::Agrees
        } else {
            Cell::Differs
        };
    }
    for (key, reply) in keys.iter().zip(&replies) {
        ours += reply
            .records
            .iter()
            .filter(|record| record.0 == *key)
            .count();
    }
    Compared {
        ours: Some(ours),
        cells,
        faults,
        unread: unread.clone(),
    }
}

/// How our reply differs from a set.
fn differ(
    key: &Key,
    reply: &Reply,
    theirs: &BTreeSet<(u32, Vec<u8>)>,
    exact: bool,
) -> Option<String> {
    let ours = reply.records.iter().filter(|record| record.0 == *key);
    let ours: BTreeSet<(u32, Vec<u8>)> =
        ours.map(|(_, ttl, rdata)| (*ttl, rdata.clone())).collect();
    if ours.is_empty() && !reply.authoritative && reply.rcode == 0 {
        // Below a delegation nothing but glue is ours to say.
        return None;
    }
    let lower = |set: &BTreeSet<(u32, Vec<u8>)>| -> BTreeSet<(u32, Vec<u8>)> {
        set.iter()
            .map(|(ttl, rdata)| (*ttl, canonical(key.1, rdata)))
            .collect()
    };
    let same = lower(&ours) == lower(theirs);
    let kept = !exact || ours.iter().all(|record| theirs.contains(record));
    (!same || !kept).then(|| {
        format!(
            "{} TYPE{}: ours {} theirs {}",
            show_name(&key.0),
            key.1,
            show(&ours),
            show(theirs)
        )
    })
}

/// That we have as many records as an oracle that agrees: none that nobody asked for.
fn count(said: &str, (read, _): &([Option<Records>; 4], String)) -> Option<String> {
    let ours = said
        .split(" with ")
        .nth(1)?
        .split(' ')
        .next()?
        .parse::<usize>()
        .ok()?;
    let theirs: Vec<usize> = read.iter().flatten().map(size).collect();
    (!theirs.is_empty() && !theirs.contains(&ours))
        .then(|| format!("we have {ours} records, others {theirs:?}"))
}

fn size(records: &Records) -> usize {
    let lower = |(key, set): (&Key, &BTreeSet<(u32, Vec<u8>)>)| {
        let all: BTreeSet<Vec<u8>> = set
            .iter()
            .map(|(_, rdata)| canonical(key.1, rdata))
            .collect();
        all.len()
    };
    records.iter().map(lower).sum()
}

fn show(set: &BTreeSet<(u32, Vec<u8>)>) -> String {
    let mut out = String::new();
    for (ttl, rdata) in set {
        let _ = write!(out, "[{ttl} ");
        rdata.iter().for_each(|byte| {
            let _ = write!(out, "{byte:02x}");
        });
        out.push(']');
    }
    out
}

fn show_name(wire: &[u8]) -> String {
    wire.iter()
        .map(|byte| {
            if byte.is_ascii_graphic() {
                *byte as char
            } else {
                '.'
            }
        })
        .collect()
}
