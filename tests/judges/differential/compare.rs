//! Whether answers differ, and which classes of reasons there are.

use std::collections::BTreeSet;

use super::message::{self, Answer, Record};
use super::name::Name;
use super::pair::{Judge, Pair};
use super::questions::Ask;
use super::servers::NAMES;
use super::zones::*;

/// A reason for a difference; `README.md` has them with their RFCs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Another RRset answers ANY.
    Any,
    /// A type that stands in messages only, or is obsolete.
    MetaTypes,
    /// The chain of CNAME and DNAME is longer than one of us follows.
    LongChain,
    /// A DNAME leads into itself, and NSD does not follow it again.
    Circle,
    /// The chain leads into another zone of the same server.
    OtherZone,
    /// NS records of the apex with a positive answer, and their addresses.
    ApexServers,
    /// Names of one zone exist in another one below it.
    SharedTree,
    /// No CNAME is followed for NSEC and RRSIG.
    SignedTypes,
    /// A name that a DNAME made too long does not exist.
    TooLong,
    /// Addresses and services of the targets of SVCB and HTTPS records.
    Services,
    /// The target of a service is written with capitals.
    Capitals,
    /// AA, and what goes beside the answer, in class ANY.
    AllClasses,
    /// The code of a transfer that is not allowed.
    Transfers,
    /// TC where what each must send is larger for one of us than the client takes, and not for the other.
    Room,
    /// The SOA of a denial at the end of a chain, which does not fit.
    SoaRoom,
    /// Glue that does not fit.
    GlueRoom,
    /// Addresses below a cut of what an MX, SRV or NS record in an answer points to.
    Glue,
    /// Addresses of a wildcard below a cut.
    StarGlue,
    /// Addresses of a wildcard under a name that is not the target's.
    Misnamed,
}

/// What came of a comparison.
pub enum Verdict {
    /// Equal but for these.
    Explained(BTreeSet<(&'static str, Class)>),
    /// What differs, and has no reason.
    Unexplained(String),
}

/// Compares answers, given in the order of [`NAMES`].
pub fn compare(case: &Case, root: &Name, ask: &Ask, answers: &[Vec<u8>; 3]) -> Verdict {
    let mut decoded = Vec::new();
    for (name, octets) in NAMES.iter().zip(answers) {
        match message::decode(octets) {
            Ok(answer) => decoded.push(answer),
            Err(error) => return Verdict::Unexplained(format!("{name}: {error}")),
        }
    }
    if let Err(why) = alone(ask, root, &decoded[0]) {
        return Verdict::Unexplained(why);
    }
    let owners = |zone: &Zone, kind: Option<u16>| -> BTreeSet<Vec<u8>> {
        let lines = zone
            .lines
            .iter()
            .filter(|line| kind.is_none_or(|kind| kind == line.kind));
        let owners = lines.map(|line| line.owner.under(&zone.apex).under(root));
        owners.map(|owner| owner.lower().wire()).collect()
    };
    let lines = case.zones.iter().flat_map(|zone| &zone.lines);
    let mut services = lines.filter(|line| matches!(line.kind, SVCB | HTTPS));
    let capitals = services.any(|line| line.data.contains("CaSe"));
    let pair = |at: usize| Pair {
        capitals,
        apexes: case.apexes(root),
        owners: case.zones.iter().map(|zone| owners(zone, None)).collect(),
        cuts: case
            .zones
            .iter()
            .flat_map(|zone| owners(zone, Some(NS)))
            .collect(),
        name: ask.wire(root).to_ascii_lowercase(),
        kind: ask.kind,
        class: ask.terms.class,
        judge: if at == 1 { Judge::Nsd } else { Judge::Knot },
        ours: decoded[0].clone(),
        theirs: decoded[at].clone(),
        classes: BTreeSet::new(),
    };
    let (mut nsd, mut knot) = (pair(1), pair(2));
    let mut verdicts = [nsd.settle(), knot.settle()];
    // What is one judge's own way shows in that the other one agrees with us.
    let agree = [verdicts[0].is_ok(), verdicts[1].is_ok()];
    if agree == [false, true] && nsd.shared_tree() {
        verdicts[0] = Ok(());
    }
    if agree == [true, false] && knot.own_way() {
        verdicts[1] = Ok(());
    }
    let signed = matches!(ask.kind, 46 | 47);
    if agree == [false, false] && signed && nsd.shared_tree() && knot.own_way() {
        verdicts = [Ok(()), Ok(())];
    }
    let mut classes = BTreeSet::new();
    for ((who, pair), verdict) in NAMES.into_iter().skip(1).zip([nsd, knot]).zip(verdicts) {
        if let Err(why) = verdict {
            return Verdict::Unexplained(format!("{who}: {why}"));
        }
        classes.extend(pair.classes.into_iter().map(|class| (who, class)));
    }
    Verdict::Explained(classes)
}

/// What must hold of a message of ours, be it truncated or not: the question, and the OPT record with DO as it came.
pub fn whole(ask: &Ask, root: &Name, ours: &Answer) -> Result<(), String> {
    let words = [ask.kind, ask.terms.class].map(u16::to_be_bytes).concat();
    if ours.question != [ask.wire(root), words].concat() {
        return Err("the question did not come back as it was asked".into());
    }
    let opt = ask.terms.edns.map(|(_, dnssec)| u32::from(dnssec) << 15);
    if ours.opts != Vec::from_iter(opt) {
        return Err(format!("OPT records {:x?}", ours.opts));
    }
    Ok(())
}

/// What must hold of our answer whatever the others say.
fn alone(ask: &Ask, root: &Name, ours: &Answer) -> Result<(), String> {
    whole(ask, root, ours)?;
    if ours.other_flags() != 0x8000 | u16::from(ask.terms.recursion) << 8 {
        return Err(format!("flags {:04x}", ours.flags));
    }
    let all: Vec<&Record> = ours.sections.iter().flatten().collect();
    let set: BTreeSet<&Record> = all.iter().copied().collect();
    if set.len() < all.len() {
        return Err("a record stands in the answer twice".into());
    }
    for one in &all {
        let same = |other: &&&Record| other.owner == one.owner && other.kind == one.kind;
        if all.iter().filter(same).any(|other| other.ttl != one.ttl) {
            return Err("a set with two TTLs (RFC 2181 §5.2)".into());
        }
    }
    Ok(())
}
