//! The point in [0, 2^32), and which addresses it picks from the candidates (SPEC "Plan", "Draw").

use std::net::IpAddr;

use super::estate::{Draw, Estate, Family, Pool};
use super::judge::Candidate;
use super::network::Network;

/// 2^32 divided by the golden ratio: multiples of it spread evenly.
const PHI: u32 = 0x9E37_79B9;

/// The finaliser of splitmix64.
fn mix64(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// "h = mix64(seed ^ len); for each chunk of 8 bytes (little endian, zero-padded): h = mix64(h ^ chunk)."
pub(crate) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = mix64(seed ^ bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        hash = mix64(hash ^ u64::from_le_bytes(padded));
    }
    hash
}

pub(crate) fn name_hash(vip: &str) -> u64 {
    hash_bytes(1, vip.as_bytes())
}

/// Two numbers into one, neither of them weaker than the other.
pub(crate) fn hash64(slot: u64, name_hash: u64) -> u64 {
    mix64(mix64(slot) ^ name_hash)
}

/// -log2((h + 1) / 2^64) in units of 2^-32, at least 1: the logarithm bit by bit, by squaring.
pub(crate) fn neglog(h: u64) -> u64 {
    let x = u128::from(h) + 1; // 1 to 2^64
    let whole = 127 - x.leading_zeros(); // floor(log2(x)): 0 to 64
    // The mantissa, scaled to [2^63, 2^64).
    let mut m = if whole == 64 {
        x >> 1
    } else {
        x << (63 - whole)
    };
    let mut fraction: u64 = 0;
    for _ in 0..32 {
        // Squaring doubles the logarithm; its integer part is the next bit.
        m = (m * m) >> 63;
        let bit = m >= 1 << 64;
        if bit {
            m >>= 1;
        }
        fraction = fraction << 1 | u64::from(bit);
    }
    // log2(x) = whole + fraction, so -log2(x / 2^64) = 64 - whole - fraction.
    ((u64::from(64 - whole) << 32) - fraction).max(1)
}

/// The client's address cut to its key: /24 or /56.
pub(crate) fn key_length(addr: IpAddr) -> u8 {
    if addr.is_ipv4() { 24 } else { 56 }
}

/// Where in [0, 2^32) this question falls.
pub(crate) fn point(pool: &Pool, client: IpAddr, name: &str, now: u64, counter: u32) -> u32 {
    let pool_hash = hash_bytes(0, pool.name.as_bytes());
    let key = Network::around(client, key_length(client)).addr;
    let key_hash = match key {
        IpAddr::V4(a) => hash_bytes(pool_hash, &a.octets()),
        IpAddr::V6(a) => hash_bytes(pool_hash, &a.octets()),
    };
    let key_point = (key_hash >> 32) as u32;
    match pool.draw {
        Draw::Query => counter.wrapping_mul(PHI),
        Draw::Client => {
            let slot = (now / u64::from(pool.ttl_max.max(1))) as u32;
            key_point.wrapping_add(slot.wrapping_mul(PHI))
        }
        Draw::Sticky => key_point,
        Draw::Name => (hash_bytes(pool_hash, &lower_case_wire(name)) >> 32) as u32,
    }
}

/// A name without escapes in wire form, in lower case.
fn lower_case_wire(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.strip_suffix('.').expect("absolute").split('.') {
        wire.push(label.len() as u8);
        wire.extend(label.to_ascii_lowercase().bytes());
    }
    wire.push(0);
    wire
}

/// The VIPs of an answer, in its order.
pub(crate) fn pick(
    estate: &Estate,
    pool: &Pool,
    candidates: &[Candidate],
    family: Family,
    point: u32,
    rotation: u32,
) -> Vec<usize> {
    // A CNAME stands for both families.
    let capable = |c: &&Candidate| {
        estate.cnames.contains_key(&c.vip) || estate.vips[c.vip].address(family).is_some()
    };
    let mut picked: Vec<usize> = match pool.draw {
        Draw::Query | Draw::Client => {
            let Some((group, width, inside)) = group_at(candidates, point) else {
                return vec![];
            };
            let members = candidates.iter().filter(|c| c.group == group);
            let members: Vec<&Candidate> = members.filter(capable).collect();
            let domain = |vip: usize| domain(estate, vip);
            systematic(&members, domain, pool.answers, width, inside)
        }
        Draw::Sticky | Draw::Name => {
            let ranked = rendezvous(estate, candidates, point >> 20);
            // "The winner over all candidates decides the group."
            let Some(winner) = ranked.first().map(|candidate| candidate.group.clone()) else {
                return vec![];
            };
            let members = ranked
                .into_iter()
                .filter(|c| c.group == winner)
                .filter(capable);
            apart(estate, members.map(|c| c.vip).collect(), pool.answers)
        }
    };
    if !picked.is_empty() {
        // Rotated left by the size's part of a second even sequence: the mere count would give a client that asks for
        // A and AAAA in turn one order for ever, and the draw's own sequence one order for each set.
        let part = u64::from(rotation.wrapping_mul(0xC13F_A9A9));
        let by = (part * picked.len() as u64) >> 32;
        picked.rotate_left(by as usize);
    }
    picked
}

/// **Group interval**: the group at a point, its width, and how far inside the point lies.
fn group_at(candidates: &[Candidate], point: u32) -> Option<(String, u128, u128)> {
    let mut groups: Vec<(String, u128)> = Vec::new();
    for candidate in candidates {
        match groups
            .iter_mut()
            .find(|(group, _)| *group == candidate.group)
        {
            Some((_, mass)) => *mass += candidate.mass,
            None => groups.push((candidate.group.clone(), candidate.mass)),
        }
    }
    let total: u128 = groups.iter().map(|(_, mass)| mass).sum();
    let point = u128::from(point);
    let (mut so_far, mut begin) = (0, 0);
    for (group, mass) in groups {
        so_far += mass;
        let end = (so_far << 32) / total;
        if point < end {
            return Some((group, end - begin, point - begin));
        }
        begin = end;
    }
    None
}

/// "VIPs of one site with the same word fail together"; any other fails alone. A group lies at one site.
fn domain(estate: &Estate, vip: usize) -> String {
    let vip = &estate.vips[vip];
    match &vip.failure_domain {
        Some(word) => format!("domain {word}"),
        None => format!("alone {}", vip.name),
    }
}

/// "From different failure domains as far as there are any": again and again the first of a domain that is not there yet,
/// else the first of all.
fn apart(estate: &Estate, mut ranked: Vec<usize>, answers: usize) -> Vec<usize> {
    let mut picked: Vec<usize> = Vec::new();
    while picked.len() < answers && !ranked.is_empty() {
        let taken: Vec<String> = picked.iter().map(|vip| domain(estate, *vip)).collect();
        let fresh = |vip: &usize| !taken.contains(&domain(estate, *vip));
        let at = ranked.iter().position(fresh).unwrap_or(0);
        picked.push(ranked.remove(at));
    }
    picked
}

/// A failure domain among the members of a group: which of them.
type Domain = Vec<usize>;

/// **Within the group**: `answers` of the members, each included in a part of the width that is exactly its share as far as
/// it can be (systematic sampling with inclusion widths). "With k answers and at least k domains: exactly k different ones;
/// with fewer each gives at least one."
pub(crate) fn systematic(
    members: &[&Candidate],
    domain: impl Fn(usize) -> String,
    answers: usize,
    width: u128,
    inside: u128,
) -> Vec<usize> {
    if members.len() <= answers {
        return members.iter().map(|candidate| candidate.vip).collect();
    }
    let mut domains: Vec<(String, Domain)> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        let word = domain(member.vip);
        match domains.iter_mut().find(|(known, _)| *known == word) {
            Some((_, list)) => list.push(i),
            None => domains.push((word, vec![i])),
        }
    }
    let domains: Vec<Domain> = domains.into_iter().map(|(_, list)| list).collect();
    let masses: Vec<u128> = members.iter().map(|c| c.mass).collect();
    let held = held(&domains, &masses, answers);
    let of_domain = |list: &Domain| -> u128 { list.iter().map(|i| masses[*i]).sum() };
    let (left, free) = shared(&domains, &masses, answers, &held);
    // Side by side, a domain's members together. "i is included iff there is an integer j in 0..k with
    // begin <= v + j*width < end." Ends are taken down to a whole point; those of a held domain from its own begin.
    let mut picked = Vec::new();
    let (mut begin, mut widths, mut so_far) = (0, 0, 0);
    for (d, list) in domains.iter().enumerate() {
        let (start, mut within) = (begin, 0);
        for &i in list {
            let end = if held.domains.contains(&d) {
                within += masses[i];
                start + width * within / of_domain(list)
            } else {
                if held.members.contains(&i) {
                    widths += 1;
                } else {
                    so_far += masses[i];
                }
                widths * width + (left * width * so_far).checked_div(free).unwrap_or(0)
            };
            if (0..answers as u128).any(|j| (begin..end).contains(&(inside + j * width))) {
                picked.push(members[i].vip);
            }
            begin = end;
        }
        widths += u128::from(held.domains.contains(&d));
    }
    picked
}

/// What is left for those that are not held, in widths, and their masses together: each has `left * width * mass / free`.
fn shared(domains: &[Domain], masses: &[u128], answers: usize, held: &Held) -> (u128, u128) {
    let (mut left, mut free) = (answers as u128, 0);
    for (d, list) in domains.iter().enumerate() {
        if held.domains.contains(&d) {
            left -= 1;
            continue;
        }
        for i in list {
            match held.members.contains(i) {
                true => left -= 1,
                false => free += masses[*i],
            }
        }
    }
    (left, free)
}

/// Domains and members that have exactly a width, whatever their mass would give them.
struct Held {
    domains: Vec<usize>,
    members: Vec<usize>,
}

fn held(domains: &[Domain], masses: &[u128], answers: usize) -> Held {
    let k = answers as u128;
    let of = |d: &usize| -> u128 { domains[*d].iter().map(|i| masses[*i]).sum() };
    let mut by_mass: Vec<usize> = (0..domains.len()).collect();
    by_mass.sort_by_key(of);
    if domains.len() >= answers {
        // "If some M_d * k > M: fix the heaviest such one, remove it, k -= 1, and again."
        let mut held = Vec::new();
        let (mut left, mut total) = (k, by_mass.iter().map(of).sum::<u128>());
        while let Some(heaviest) = by_mass.pop().filter(|d| of(d) * left > total) {
            held.push(heaviest);
            left -= 1;
            total -= of(&heaviest);
        }
        let members = Vec::new();
        return Held {
            domains: held,
            members,
        };
    }
    // The lightest domains are held up at a width, the heaviest members of the others down to one. How many of each: try all.
    for lights in 0..=domains.len() {
        let (light, other) = by_mass.split_at(lights);
        let mut rest: Vec<usize> = other.iter().flat_map(|d| domains[*d].clone()).collect();
        rest.sort_by_key(|i| std::cmp::Reverse(masses[*i]));
        for heavies in 0..=rest.len() {
            let (heavy, free) = rest.split_at(heavies);
            let Some(left) = answers.checked_sub(lights + heavies) else {
                break;
            };
            let mass: u128 = free.iter().map(|i| masses[*i]).sum();
            // What a mass gets, against a width: mass * left / of all that is free.
            let least = |m: u128| m * left as u128 >= mass;
            let fits = heavy.iter().all(|i| least(masses[*i]))
                && free.iter().all(|i| masses[*i] * left as u128 <= mass)
                && (light.iter()).all(|d| mass == 0 || !least(of(d)))
                && other.iter().all(|d| least(of(d)))
                && (mass > 0 || left == 0);
            let parted = mass > 0
                || light
                    .iter()
                    .all(|d| heavy.iter().all(|i| of(d) < masses[*i]));
            if fits && parted {
                return Held {
                    domains: light.to_vec(),
                    members: heavy.to_vec(),
                };
            }
        }
    }
    unreachable!("some split fits")
}

/// All candidates by ascending score: weighted rendezvous. "a before b iff L_a * mass_b < L_b *
/// mass_a, ties by smaller name hash, then VIP order."
fn rendezvous<'a>(estate: &Estate, candidates: &'a [Candidate], slot: u32) -> Vec<&'a Candidate> {
    let hash = |c: &Candidate| name_hash(&estate.vips[c.vip].name);
    let length = |c: &Candidate| u128::from(neglog(hash64(slot.into(), hash(c))));
    let mut ranked: Vec<&Candidate> = candidates.iter().collect();
    ranked.sort_by(|a, b| {
        let (left, right) = (length(a) * b.mass, length(b) * a.mass);
        let names = || estate.vips[a.vip].name.cmp(&estate.vips[b.vip].name);
        left.cmp(&right)
            .then_with(|| hash(a).cmp(&hash(b)))
            .then_with(names)
    });
    ranked
}
