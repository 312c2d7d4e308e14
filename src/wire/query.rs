//! Reading a query: the header, one question, and the EDNS terms (RFC 1035 §4.1, RFC 6891, RFC 7871).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::limits;
use crate::wire::kind::{Kind, Rcode};

/// Octets of the header.
pub const HEADER: usize = 12;
/// The option code of the client subnet (RFC 7871 §6).
pub const CLIENT_SUBNET: u16 = 8;

/// A query that we are willing to look up. Everything in it points into the message.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The name asked, in wire form as it came: the case of its letters is kept in the answer.
    pub name: &'a [u8],
    /// The type asked.
    pub kind: Kind,
    /// The class asked.
    pub class: u16,
    /// Where the question ends in the message.
    pub end: usize,
    /// The terms, if the query has an OPT record.
    pub edns: Option<Edns>,
}

/// EDNS terms (RFC 6891 §6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edns {
    /// The largest UDP message that the sender takes.
    pub payload: u16,
    /// DNSSEC OK (RFC 3225): comes back as it was.
    pub dnssec_ok: bool,
    /// The client subnet, if it was sent.
    pub subnet: Option<Subnet>,
}

/// A client subnet as it was sent (RFC 7871 §6), to be echoed with a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// 1 for IPv4, 2 for IPv6, 0 with a source of 0 only.
    pub family: u16,
    /// How many bits of the address count.
    pub source: u8,
    /// The address, with zeros beyond the source.
    pub addr: IpAddr,
}

/// Why a message gets no look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// No answer at all: an answer itself, or not even a header. Anything else would feed loops of two servers.
    Silence,
    /// An error. `end` is where the question ends if it could be read and is to be sent back, else the header's end.
    Error {
        /// What to say.
        rcode: Rcode,
        /// What of the query to send back.
        end: usize,
        /// Whether the answer carries an OPT record.
        edns: Option<Edns>,
    },
}

/// Reads a message.
pub fn parse(message: &[u8]) -> Result<Query<'_>, Reject> {
    let Some(header) = message.first_chunk::<HEADER>() else {
        return Err(Reject::Silence);
    };
    if header[2] & 0x80 != 0 {
        return Err(Reject::Silence);
    }
    let count = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let counts = [count(4), count(6), count(8), count(10)];
    let fail = |rcode, end| Reject::Error {
        rcode,
        end,
        edns: terms(message, counts),
    };
    let opcode = (header[2] >> 3) & 15;
    if opcode != 0 {
        // RFC 8906 §3.1.4: never silence. The question comes back if it can be read.
        let end = if count(4) == 1 {
            question(message).map_or(HEADER, |q| q.3)
        } else {
            HEADER
        };
        return Err(fail(Rcode::NotImp, end));
    }
    // RFC 9619 §4: a QUERY has one question.
    if count(4) != 1 {
        return Err(fail(Rcode::FormErr, HEADER));
    }
    let Some((name, kind, class, end)) = question(message) else {
        return Err(fail(Rcode::FormErr, HEADER));
    };
    // An IXFR carries a SOA record in its authority section (RFC 1995 §3); no other query has such.
    let authority = if kind == Kind::IXFR { count(8) } else { 0 };
    if count(6) != 0 || count(8) != authority {
        return Err(fail(Rcode::FormErr, end));
    }
    let edns = extras(message, end, u32::from(authority), count(10))
        .map_err(|(rcode, edns)| Reject::Error { rcode, end, edns })?;
    Ok(Query {
        name,
        kind,
        class,
        end,
        edns,
    })
}

/// The question: name, type, class, and where it ends. Its name cannot be compressed, for nothing stands before it.
fn question(message: &[u8]) -> Option<(&[u8], Kind, u16, usize)> {
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        if length > limits::LABEL {
            return None;
        }
        at += 1 + length;
        if at - HEADER > limits::NAME {
            return None;
        }
        if length == 0 {
            break;
        }
    }
    let fixed = message.get(at..at + 4)?;
    let kind = Kind(u16::from_be_bytes([fixed[0], fixed[1]]));
    Some((
        message.get(HEADER..at)?,
        kind,
        u16::from_be_bytes([fixed[2], fixed[3]]),
        at + 4,
    ))
}

/// The terms of a message that is refused for what stands before them: whoever speaks EDNS is answered in it
/// (RFC 6891 §6.1.1).
fn terms(message: &[u8], [questions, answers, authority, additional]: [u16; 4]) -> Option<Edns> {
    let mut at = HEADER;
    for _ in 0..questions {
        at = skip_name(message, at)? + 4;
    }
    let before = u32::from(answers) + u32::from(authority);
    extras(message, at, before, additional).unwrap_or_else(|(_, edns)| edns)
}

type Refusal = (Rcode, Option<Edns>);

/// The records after the question, of which `before` stand before the additional section: only OPT means something. Each
/// step goes forward, so the message's length bounds it.
fn extras(
    message: &[u8],
    mut at: usize,
    before: u32,
    additional: u16,
) -> Result<Option<Edns>, Refusal> {
    let mut edns = None;
    for n in 0..before + u32::from(additional) {
        let formerr = (Rcode::FormErr, edns);
        let root = message.get(at) == Some(&0);
        at = skip_name(message, at).ok_or(formerr)?;
        let fixed = message.get(at..at + 10).ok_or(formerr)?;
        let word = |i: usize| u16::from_be_bytes([fixed[i], fixed[i + 1]]);
        let data = message
            .get(at + 10..at + 10 + usize::from(word(8)))
            .ok_or(formerr)?;
        at += 10 + data.len();
        if word(0) != Kind::OPT.0 || n < before {
            continue;
        }
        // RFC 6891 §6.1.1: at most one OPT, and its owner is the root.
        if edns.is_some() || !root {
            return Err(formerr);
        }
        let terms = Edns {
            payload: word(2),
            dnssec_ok: fixed[6] & 0x80 != 0,
            subnet: None,
        };
        if fixed[5] != 0 {
            return Err((Rcode::BadVers, Some(terms)));
        }
        edns = Some(Edns {
            subnet: options(data).ok_or((Rcode::FormErr, Some(terms)))?,
            ..terms
        });
    }
    if at == message.len() {
        Ok(edns)
    } else {
        Err((Rcode::FormErr, edns))
    }
}

/// Past a name that may end in a compression pointer.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return Some(at + 1),
            1..=63 => at += 1 + length,
            192..=255 => return message.get(at + 1).map(|_| at + 2),
            _ => return None,
        }
    }
}

/// The options of an OPT record; none if they are malformed. Unknown ones are ignored (RFC 6891 §6.1.2).
fn options(mut data: &[u8]) -> Option<Option<Subnet>> {
    let mut found = None;
    while !data.is_empty() {
        let head = data.first_chunk::<4>()?;
        let code = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = data.get(4..4 + length)?;
        if code == CLIENT_SUBNET {
            // Which of two would count?
            if found.is_some() {
                return None;
            }
            found = Some(subnet(value)?);
        }
        data = data.get(4 + length..)?;
    }
    Some(found)
}

/// RFC 7871 §6 and §7.1.2: just the octets that the source length needs, no bits beyond it, and no scope in a query.
fn subnet(value: &[u8]) -> Option<Subnet> {
    let (head, octets) = value.split_first_chunk::<4>()?;
    let family = u16::from_be_bytes([head[0], head[1]]);
    let (source, scope) = (head[2], head[3]);
    let most = match family {
        1 => 32,
        2 => 128,
        // Nothing is said of the client: some resolvers send it so (dig +subnet=0 of old).
        0 if source == 0 => 0,
        _ => return None,
    };
    if source > most || scope != 0 || octets.len() != usize::from(source).div_ceil(8) {
        return None;
    }
    if let Some(last) = octets.last().filter(|_| source % 8 != 0)
        && last & (0xffu8 >> (source % 8)) != 0
    {
        return None;
    }
    let addr = if family == 2 {
        let mut full = [0; 16];
        full.get_mut(..octets.len())?.copy_from_slice(octets);
        IpAddr::V6(Ipv6Addr::from(full))
    } else {
        let mut full = [0; 4];
        full.get_mut(..octets.len())?.copy_from_slice(octets);
        IpAddr::V4(Ipv4Addr::from(full))
    };
    Some(Subnet {
        family,
        source,
        addr,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(question: &[u8], counts: [u16; 4], rest: &[u8]) -> Vec<u8> {
        let mut m = vec![0x12, 0x34, 0x01, 0x00];
        counts.iter().for_each(|c| m.extend(c.to_be_bytes()));
        m.extend(question);
        m.extend(rest);
        m
    }

    const Q: &[u8] = b"\x03wWw\x02De\0\0\x01\0\x01";

    fn opt(data: &[u8]) -> Vec<u8> {
        let mut o = vec![0, 0, 41, 0x10, 0, 0, 0, 0, 0];
        o.extend((data.len() as u16).to_be_bytes());
        o.extend(data);
        o
    }

    fn rcode(message: &[u8]) -> Option<Rcode> {
        match parse(message) {
            Err(Reject::Error { rcode, .. }) => Some(rcode),
            _ => None,
        }
    }

    #[test]
    fn a_plain_question() {
        let m = message(Q, [1, 0, 0, 0], b"");
        let q = parse(&m).unwrap();
        assert_eq!(
            (q.name, q.kind, q.class, q.end),
            (&b"\x03wWw\x02De\0"[..], Kind::A, 1, 24)
        );
        assert_eq!(q.edns, None);
    }

    #[test]
    fn silence_only_for_answers_and_runts() {
        let mut m = message(Q, [1, 0, 0, 0], b"");
        m[2] |= 0x80;
        assert_eq!(parse(&m).unwrap_err(), Reject::Silence);
        assert_eq!(parse(&m[..11]).unwrap_err(), Reject::Silence);
        for opcode in 1..16u8 {
            let mut m = message(Q, [1, 0, 0, 0], b"");
            m[2] = opcode << 3;
            assert_eq!(rcode(&m), Some(Rcode::NotImp));
        }
    }

    #[test]
    fn malformed() {
        for counts in [
            [0, 0, 0, 0],
            [2, 0, 0, 0],
            [65535, 0, 0, 0],
            [1, 1, 0, 0],
            [1, 0, 1, 0],
            [1, 0, 0, 1],
        ] {
            assert_eq!(
                rcode(&message(Q, counts, b"")),
                Some(Rcode::FormErr),
                "{counts:?}"
            );
        }
        assert_eq!(rcode(&message(Q, [1, 0, 0, 0], b"x")), Some(Rcode::FormErr));
        assert_eq!(
            rcode(&message(b"\xc0\x0c\0\x01\0\x01", [1, 0, 0, 0], b"")),
            Some(Rcode::FormErr)
        );
        let two = [opt(b""), opt(b"")].concat();
        assert_eq!(rcode(&message(Q, [1, 0, 0, 2], &two)), Some(Rcode::FormErr));
        let mut v1 = opt(b"");
        v1[6] = 1;
        assert_eq!(rcode(&message(Q, [1, 0, 0, 1], &v1)), Some(Rcode::BadVers));
    }

    #[test]
    fn client_subnets() {
        let with = |data: &[u8]| {
            let data = [&[0, 8, 0, data.len() as u8][..], data].concat();
            let m = message(Q, [1, 0, 0, 1], &opt(&data));
            parse(&m)
                .map(|q| q.edns.and_then(|e| e.subnet))
                .map_err(|_| ())
        };
        let v4 = Subnet {
            family: 1,
            source: 24,
            addr: "192.0.2.0".parse().unwrap(),
        };
        assert_eq!(with(&[0, 1, 24, 0, 192, 0, 2]), Ok(Some(v4)));
        assert_eq!(
            with(&[0, 1, 0, 0]).map(|s| s.map(|s| s.source)),
            Ok(Some(0))
        );
        assert_eq!(
            with(&[0, 0, 0, 0]).map(|s| s.map(|s| s.family)),
            Ok(Some(0))
        );
        for bad in [
            &[0, 1, 24, 0, 192, 0][..],   // too few octets
            &[0, 1, 24, 0, 192, 0, 2, 0], // too many
            &[0, 1, 23, 0, 192, 0, 3],    // a bit beyond the source
            &[0, 1, 24, 1, 192, 0, 2],    // a scope in a query
            &[0, 1, 33, 0, 1, 2, 3, 4, 5],
            &[0, 3, 8, 0, 1],
            &[0, 0, 8, 0, 1],
            &[0, 1],
        ] {
            assert_eq!(with(bad), Err(()), "{bad:?}");
        }
    }
}
