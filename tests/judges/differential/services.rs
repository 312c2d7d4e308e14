//! What goes with SVCB and HTTPS records: we send what RFC 9460 §4.1 wishes, NSD nothing, and Knot more.

use std::collections::BTreeSet;

use super::compare::Class;
use super::message::Record;
use super::pair::{Judge, Pair, within};
use super::zones::{A, AAAA, HTTPS, MX, NS, SRV, SVCB};

/// The name whose addresses go with a record; the target `.` of a service is its owner (RFC 9460 §2.5.2).
pub fn pointed(record: &Record) -> Option<Vec<u8>> {
    let target = record.target()?;
    match record.kind {
        NS | MX | SRV => Some(target.to_vec()),
        SVCB | HTTPS if target == [0] => Some(record.owner.clone()),
        SVCB | HTTPS => Some(target.to_vec()),
        _ => None,
    }
}

/// Takes out what one of us adds to services and the other does not; addresses of the targets must be those of Knot.
pub fn settle(pair: &mut Pair) {
    let services = pair.ours.sections[0].iter();
    let services = services.filter(|r| matches!(r.kind, SVCB | HTTPS));
    let targets: BTreeSet<Vec<u8>> = services.filter_map(pointed).collect();
    if targets.is_empty() {
        return;
    }
    let [mut ours, mut theirs] = [&pair.ours, &pair.theirs].map(|a| a.sections[2].clone());
    if pair.judge == Judge::Knot {
        // Knot names the addresses of a wildcard by the wildcard.
        for star in theirs.iter_mut().filter(|r| r.owner.starts_with(b"\x01*")) {
            let above = star.owner.get(2..).unwrap_or_default().to_vec();
            let like = |r: &&Record| {
                (r.kind, r.ttl, &r.data) == (star.kind, star.ttl, &star.data)
                    && within(&r.owner, &above)
            };
            if let Some(own) = ours.iter().find(like) {
                star.owner.clone_from(&own.owner);
                pair.classes.insert(Class::Misnamed);
            }
        }
        pair.theirs.sections[2].clone_from(&theirs);
    }
    let about = |r: &Record| targets.contains(&r.owner);
    // Knot does not find a target that is written with capitals.
    if pair.judge == Judge::Knot && pair.capitals {
        let unfound = |r: &Record| about(r) && !theirs.iter().any(|t| t.owner == r.owner);
        if ours.iter().any(unfound) {
            ours.retain(|r| !unfound(r));
            pair.ours.sections[2].clone_from(&ours);
            pair.classes.insert(Class::Capitals);
        }
    }
    let (list, kept): (&mut Vec<Record>, Vec<Record>) = match pair.judge {
        Judge::Nsd => {
            let kept = ours.iter().filter(|r| theirs.contains(r) || !about(r));
            (&mut pair.ours.sections[2], kept.cloned().collect())
        }
        Judge::Knot => {
            let address = |r: &Record| matches!(r.kind, A | AAAA) && about(r);
            let kept = theirs.iter().filter(|r| ours.contains(r) || address(r));
            (&mut pair.theirs.sections[2], kept.cloned().collect())
        }
    };
    if kept.len() < list.len() {
        *list = kept;
        pair.classes.insert(Class::Services);
    }
}
