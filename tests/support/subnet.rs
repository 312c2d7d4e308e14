//! Questions with a client subnet (RFC 7871), and what answers tell of it: octets in and out, for whole sweeps.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::net::IpAddr;

/// Numbers of types.
pub(crate) const A: u16 = 1;
pub(crate) const CNAME: u16 = 5;
pub(crate) const AAAA: u16 = 28;
pub(crate) const HTTPS: u16 = 65;
const OPT: u16 = 41;

/// The option's number.
const SUBNET: u16 = 8;

/// A question. `subnet` is an address and SOURCE PREFIX-LENGTH; bits beyond it are not sent.
pub(crate) fn query(id: u16, name: &str, kind: u16, subnet: Option<(IpAddr, u8)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(80);
    // One question, one additional record.
    for word in [id, 0, 1, 0, 0, 1] {
        out.extend(word.to_be_bytes());
    }
    for label in name.trim_end_matches('.').split('.') {
        out.push(label.len() as u8);
        out.extend(label.as_bytes());
    }
    out.push(0);
    for word in [kind, 1] {
        out.extend(word.to_be_bytes());
    }
    out.push(0);
    for word in [OPT, 1232, 0, 0] {
        out.extend(word.to_be_bytes());
    }
    let Some((addr, source)) = subnet else {
        out.extend([0, 0]);
        return out;
    };
    let (family, octets) = match addr {
        IpAddr::V4(addr) => (1u16, addr.octets().to_vec()),
        IpAddr::V6(addr) => (2u16, addr.octets().to_vec()),
    };
    let many = usize::from(source.div_ceil(8));
    let mut octets = octets[..many].to_vec();
    if let Some(last) = octets.last_mut() {
        *last &= 0xffu8 << ((8 - source % 8) % 8);
    }
    let option = 4 + many as u16;
    for word in [4 + option, SUBNET, option, family] {
        out.extend(word.to_be_bytes());
    }
    out.extend([source, 0]);
    out.extend(octets);
    out
}

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: u16,
    pub(crate) rcode: u8,
    /// Type and data of the answer section's records, in their order.
    pub(crate) records: Vec<(u16, Vec<u8>)>,
    /// Of the first record.
    pub(crate) ttl: Option<u32>,
    /// SOURCE and SCOPE PREFIX-LENGTH; none if the answer has no client subnet.
    pub(crate) subnet: Option<(u8, u8)>,
}

impl Told {
    /// The records as a set: their order is nobody's business here.
    pub(crate) fn set(&self) -> Vec<(u16, Vec<u8>)> {
        let mut set = self.records.clone();
        set.sort();
        set
    }

    /// SCOPE PREFIX-LENGTH.
    pub(crate) fn scope(&self) -> Option<u8> {
        self.subnet.map(|(_, scope)| scope)
    }
}

/// An answer's octets; none if they are cut short.
pub(crate) fn read(octets: &[u8]) -> Option<Told> {
    let word = |at: usize| Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]));
    let mut told = Told {
        id: word(0)?,
        rcode: *octets.get(3)? & 15,
        ..Told::default()
    };
    let answers = usize::from(word(6)?);
    let records = answers + usize::from(word(8)?) + usize::from(word(10)?);
    let mut at = 12;
    for _ in 0..word(4)? {
        at = behind_name(octets, at)? + 4;
    }
    for number in 0..records {
        at = behind_name(octets, at)?;
        let (kind, high, low) = (word(at)?, word(at + 4)?, word(at + 6)?);
        let data = octets.get(at + 10..at + 10 + usize::from(word(at + 8)?))?;
        at += 10 + data.len();
        if number < answers {
            told.records.push((kind, data.to_vec()));
            told.ttl
                .get_or_insert(u32::from(high) << 16 | u32::from(low));
        } else if kind == OPT {
            told.subnet = subnet(data);
        }
    }
    Some(told)
}

fn behind_name(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            0xc0.. => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

fn subnet(mut options: &[u8]) -> Option<(u8, u8)> {
    while let [a, b, c, d, rest @ ..] = options {
        let (code, length) = ([*a, *b], [*c, *d].map(usize::from));
        let (value, next) = rest.split_at_checked(length[0] << 8 | length[1])?;
        if u16::from_be_bytes(code) == SUBNET {
            return Some((*value.get(2)?, *value.get(3)?));
        }
        options = next;
    }
    None
}
