//! The same questions over UDP: what each may leave out, and when it must say so (RFC 2181 §9, RFC 9471 §3.1).

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{Class, Verdict, whole};
use super::message::{self, Answer, Record};
use super::name::Name;
use super::pair::within;
use super::questions::Ask;
use super::servers::NAMES;
use super::zones::{A, AAAA, NS, SOA};

/// What anyone sends over UDP at most (RFC 9715 §3.1 has 1,400 as the bound; all three have this).
const MOST: usize = 1_232;

/// An OPT record without options.
const OPT: usize = 11;

/// Holds the answers over UDP, `cut`, against those over TCP, both in the order of [`NAMES`]: ours octet by octet, and TC
/// of the others against ours. Counts ours with TC.
pub fn compare(
    root: &Name,
    ask: &Ask,
    full: &[Vec<u8>; 3],
    cut: &[Vec<u8>; 3],
    truncated: &mut usize,
) -> Verdict {
    let mut decoded = Vec::new();
    for (at, name) in NAMES.iter().enumerate() {
        match (message::decode(&full[at]), message::decode(&cut[at])) {
            (Ok(full), Ok(cut)) => decoded.push((full, cut)),
            (Err(error), _) | (_, Err(error)) => {
                return Verdict::Unexplained(format!("UDP, {name}: {error}"));
            }
        }
    }
    let size = ask.terms.edns.map_or(512, |(size, _)| size.into());
    let limit = usize::clamp(size, 512, MOST);
    let (ours, our_cut) = &decoded[0];
    *truncated += usize::from(our_cut.truncated());
    if let Err(why) = alone(ask, root, limit, &full[0], &cut[0], &decoded[0]) {
        return Verdict::Unexplained(format!("UDP: {why}"));
    }
    let mut classes = BTreeSet::new();
    for (at, (theirs, their_cut)) in decoded.iter().enumerate().skip(1) {
        // What differs over TCP differs here as well, and has been judged.
        let alike =
            ours.rcode() == theirs.rcode() && ours.authoritative() == theirs.authoritative();
        let transfer = ask.kind == 252 && matches!(ask.terms.class, 1 | 255);
        if transfer && our_cut.rcode() != their_cut.rcode() {
            return Verdict::Unexplained(format!("UDP, {}: AXFR {}", NAMES[at], our_cut.rcode()));
        }
        if our_cut.truncated() == their_cut.truncated() {
            continue;
        }
        let opt = if ask.terms.edns.is_some() { OPT } else { 0 };
        let fits = |answer: &Answer| answer.needed + opt <= limit;
        // Knot refers from the parent's side at the end of a chain.
        let refers = |answer: &Answer| answer.sections[1].iter().any(|r| r.kind == NS);
        let referral = refers(ours) || at == 2 && refers(theirs);
        let class = if at == 2 && without_soa(theirs, their_cut) {
            Class::SoaRoom
        } else if fits(ours) != fits(theirs) || !alike {
            Class::Room
        } else if referral {
            Class::GlueRoom
        } else {
            let tc = [our_cut.truncated(), their_cut.truncated()];
            let sizes = [ours.needed, theirs.needed];
            return Verdict::Unexplained(format!(
                "UDP, {}: TC {tc:?} with {sizes:?} needed of {limit}",
                NAMES[at]
            ));
        };
        classes.insert((NAMES[at], class));
    }
    Verdict::Explained(classes)
}

/// What must hold of our datagram whatever the others say.
fn alone(
    ask: &Ask,
    root: &Name,
    limit: usize,
    full: &[u8],
    cut: &[u8],
    (answer, kept): &(Answer, Answer),
) -> Result<(), String> {
    whole(ask, root, kept)?;
    if cut.len() > limit {
        return Err(format!("{} octets of {limit}", cut.len()));
    }
    // There is no AXFR over UDP (RFC 5936 §4.2).
    if ask.kind == 252 {
        return Ok(());
    }
    // What did not fit may have been the chain, at whose end the code stands.
    let cut_chain = kept.truncated() && kept.rcode() == 0 && !answer.sections[0].is_empty();
    let codes = kept.rcode() == answer.rcode() || cut_chain;
    if !codes || kept.authoritative() != answer.authoritative() {
        return Err(format!(
            "flags {:04x}, and {:04x} over TCP",
            kept.flags, answer.flags
        ));
    }
    if kept.truncated() && full.len() <= limit {
        return Err("TC, though all of it fits".into());
    }
    for (at, sets) in kept.sections.iter().enumerate() {
        let (here, there) = (sets_of(sets), sets_of(&answer.sections[at]));
        // An RRset of addresses may begin with another one each time; as sets they are equal.
        if let Some((set, _)) = here.iter().find(|(set, all)| there.get(*set) != Some(all)) {
            return Err(format!("half a set {set:?} in section {at}"));
        }
        let needed = at < 2 && !kept.truncated();
        if needed && here != there {
            return Err(format!("no TC, but section {at} is not whole"));
        }
    }
    let missing = glue(answer)
        .into_iter()
        .any(|r| !kept.sections[2].contains(&r));
    if missing && !kept.truncated() {
        return Err("no TC, but glue is missing".into());
    }
    Ok(())
}

/// A section by owner and type.
fn sets_of(records: &[Record]) -> BTreeMap<(&[u8], u16), BTreeSet<&Record>> {
    let mut sets: BTreeMap<_, BTreeSet<&Record>> = BTreeMap::new();
    for record in records {
        let set = sets.entry((record.owner.as_slice(), record.kind));
        set.or_default().insert(record);
    }
    sets
}

/// Whether all is there but the SOA at the end of a chain.
fn without_soa(full: &Answer, cut: &Answer) -> bool {
    let here = |answer: &Answer| sets_of(&answer.sections[0]).len();
    let soa = full.sections[1].iter().any(|r| r.kind == SOA);
    soa && !cut.truncated() && cut.sections[1].is_empty() && here(full) == here(cut)
}

/// The addresses that a referral must have: those below its cut.
fn glue(answer: &Answer) -> Vec<Record> {
    let servers = || answer.sections[1].iter().filter(|r| r.kind == NS);
    let needed = |r: &&Record| {
        let mut cuts = servers();
        matches!(r.kind, A | AAAA)
            && cuts.any(|ns| ns.target() == Some(&r.owner) && within(&r.owner, &ns.owner))
    };
    answer.sections[2].iter().filter(needed).cloned().collect()
}
