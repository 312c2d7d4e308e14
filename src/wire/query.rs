//! Reading a query: the header, one question, and what stands behind it (RFC 1035 §4.1, RFC 6891, RFC 8945).

use crate::wire::asked::Asked;
use crate::wire::ede::{self, Ede};
use crate::wire::kind::{Kind, Rcode};
use crate::wire::tsig::Tsig;

pub use crate::wire::edns::{Edns, Subnet, option::CLIENT_SUBNET};

/// Octets of the header.
pub const HEADER: usize = 12;
/// The type OPT, whose upper octet is 0.
const OPT_TYPE: u8 = Kind::OPT.0 as u8;

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
    pub edns: Option<Edns<'a>>,
}

/// Why a message gets no look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject<'a> {
    /// No answer at all: an answer itself, or not even a header. Anything else would feed loops of two servers.
    Silence,
    /// There is no question, but a cookie: its sender wants to learn the server's half (RFC 7873 §5.4).
    Greeting(Edns<'a>),
    /// An error. `end` is where the question ends if it could be read and is to be sent back, else the header's end.
    Error {
        /// What of the query to send back.
        end: usize,
        /// What to say.
        fault: Fault<'a>,
    },
}

/// An error, and what its answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// What to say.
    pub rcode: Rcode,
    /// The terms, if the answer carries an OPT record.
    pub edns: Option<Edns<'a>>,
    /// Why, in more words.
    pub why: Option<&'static Ede>,
    /// The signature whose key we do not know.
    pub key: Option<Tsig<'a>>,
}

/// What is not even read beyond its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// See [`Reject::Silence`].
    Silence,
    /// An opcode that we do not offer.
    Opcode,
}

/// The one rule of all transports about what is read at all: by the header alone. UPDATE, NOTIFY, DSO and all opcodes but
/// QUERY are not offered, and whoever sends them is told so (RFC 8906 §3.1.4).
#[inline]
pub fn accept(message: &[u8]) -> Result<&[u8; HEADER], Refusal> {
    match message.first_chunk::<HEADER>() {
        Some(header) if header[2] & 0x80 == 0 => match header[2] & 0x78 {
            0 => Ok(header),
            _ => Err(Refusal::Opcode),
        },
        _ => Err(Refusal::Silence),
    }
}

/// Reads a message; the name asked is in `asked` then, unless there was none to be read.
#[inline]
pub fn parse<'a>(message: &'a [u8], asked: &mut Asked) -> Result<Query<'a>, Reject<'a>> {
    let header = match accept(message) {
        Ok(header) => header,
        Err(Refusal::Silence) => return Err(Reject::Silence),
        Err(Refusal::Opcode) => return Err(unoffered(message, asked)),
    };
    let count = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    // RFC 9619 §4: a QUERY has one question.
    if count(4) != 1 {
        return Err(unasked(message));
    }
    let Some((name, kind, class, end)) = question(message, asked) else {
        return Err(fail(message, Rcode::FormErr, HEADER, None));
    };
    // An IXFR carries a SOA record in its authority section (RFC 1995 §3); no other query has such.
    let authority = if kind == Kind::IXFR { count(8) } else { 0 };
    if count(6) != 0 || count(8) != authority {
        return Err(fail(message, Rcode::FormErr, end, None));
    }
    let mut query = Query {
        name,
        kind,
        class,
        end,
        edns: None,
    };
    let behind = message.get(end..).unwrap_or_default();
    let read = match (authority, count(10), behind) {
        // Nearly all queries have one record behind the question, or none: no need to look for more.
        (0, 0, []) => Ok(()),
        (0, 1, [0, 0, OPT_TYPE, fixed @ ..]) => match fixed.split_first_chunk::<8>() {
            Some((&[p0, p1, _, version, flags, _, l0, l1], data))
                if data.len() == usize::from(u16::from_be_bytes([l0, l1])) =>
            {
                let payload = u16::from_be_bytes([p0, p1]);
                opt((payload, version, flags), data, &mut query.edns)
            }
            _ => extras(message, (end, 0, 1), &mut query.edns),
        },
        (authority, additional, _) => extras(
            message,
            (end, u32::from(authority), additional),
            &mut query.edns,
        ),
    };
    match read {
        Ok(()) => Ok(query),
        Err(fault) => Err(Reject::Error { end, fault }),
    }
}

/// How many records each section has, by the header.
fn counts(message: &[u8]) -> [u16; 4] {
    [4, 6, 8, 10].map(|at| match message.get(at..at + 2) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => 0,
    })
}

/// An error about what stands before the OPT record: whoever speaks EDNS is answered in it (RFC 6891 §6.1.1).
#[cold]
fn fail<'a>(message: &'a [u8], rcode: Rcode, end: usize, why: Option<&'static Ede>) -> Reject<'a> {
    let fault = Fault {
        rcode,
        edns: terms(message),
        why,
        key: None,
    };
    Reject::Error { end, fault }
}

/// Another opcode. The question comes back if it can be read.
#[cold]
fn unoffered<'a>(message: &'a [u8], asked: &mut Asked) -> Reject<'a> {
    let question = question(message, asked).filter(|_| counts(message)[0] == 1);
    let end = question.map_or(HEADER, |q| q.3);
    fail(message, Rcode::NotImp, end, Some(&ede::OPCODE))
}

/// Not one question: an error, unless a cookie came without any.
#[cold]
fn unasked(message: &[u8]) -> Reject<'_> {
    let mut edns = None;
    if let [0, 0, 0, additional] = counts(message)
        && extras(message, (HEADER, 0, additional), &mut edns).is_ok()
        && let Some(edns) = edns.filter(|e| e.cookie.is_some())
    {
        return Reject::Greeting(edns);
    }
    fail(message, Rcode::FormErr, HEADER, None)
}

/// The question: name, type, class, and where it ends. Its name cannot be compressed, for nothing stands before it.
#[inline(always)]
fn question<'a>(message: &'a [u8], asked: &mut Asked) -> Option<(&'a [u8], Kind, u16, usize)> {
    let at = HEADER + asked.read(message.get(HEADER..)?).ok()?;
    let fixed = message.get(at..at + 4)?;
    let kind = Kind(u16::from_be_bytes([fixed[0], fixed[1]]));
    Some((
        message.get(HEADER..at)?,
        kind,
        u16::from_be_bytes([fixed[2], fixed[3]]),
        at + 4,
    ))
}

/// The terms of a message that is refused for what stands before them.
fn terms(message: &[u8]) -> Option<Edns<'_>> {
    let [questions, answers, authority, additional] = counts(message);
    let mut at = HEADER;
    for _ in 0..questions {
        at = skip_name(message, at)? + 4;
    }
    let before = u32::from(answers) + u32::from(authority);
    let mut edns = None;
    match extras(message, (at, before, additional), &mut edns) {
        Ok(()) => edns,
        Err(fault) => fault.edns,
    }
}

/// The records from `at` on, of which `before` stand before the additional section: only OPT, whose terms go to `edns`, and
/// TSIG mean something; a SIG(0) is passed over as anything unknown (RFC 2931 §2.4). Each step goes forward, so the
/// message's length bounds it.
#[inline(never)]
fn extras<'a>(
    message: &'a [u8],
    (mut at, before, additional): (usize, u32, u16),
    edns: &mut Option<Edns<'a>>,
) -> Result<(), Fault<'a>> {
    let records = before + u32::from(additional);
    for n in 0..records {
        let owner = at;
        let root = message.get(at) == Some(&0);
        let Some((fixed, data)) = record(message, &mut at) else {
            return Err(formerr(*edns, None));
        };
        let kind = Kind(u16::from_be_bytes([fixed[0], fixed[1]]));
        if kind == Kind::TSIG {
            // RFC 8945 §5.2: one at most, and as the last record.
            let last = n + 1 == records && n >= before && at == message.len();
            let key = Tsig::read(message, owner, fixed, data).filter(|_| last);
            let rcode = key.map_or(Rcode::FormErr, |_| Rcode::NotAuth);
            return Err(Fault {
                rcode,
                key,
                ..formerr(*edns, None)
            });
        }
        if kind != Kind::OPT || n < before {
            continue;
        }
        // RFC 6891 §6.1.1: at most one OPT, and its owner is the root.
        if edns.is_some() || !root {
            return Err(formerr(*edns, None));
        }
        let payload = u16::from_be_bytes([fixed[2], fixed[3]]);
        opt((payload, fixed[5], fixed[6]), data, edns)?;
    }
    if at == message.len() {
        Ok(())
    } else {
        Err(formerr(*edns, None))
    }
}

/// The terms of an OPT record: what it says of payload, version and flags, and its options.
#[inline(always)]
fn opt<'a>(
    (payload, version, flags): (u16, u8, u8),
    data: &'a [u8],
    edns: &mut Option<Edns<'a>>,
) -> Result<(), Fault<'a>> {
    let terms = edns.insert(Edns {
        payload,
        dnssec_ok: flags & 0x80 != 0,
        ..Edns::default()
    });
    if version != 0 {
        // What another version's options mean is not known (RFC 6891 §6.1.3).
        return Err(Fault {
            rcode: Rcode::BadVers,
            ..formerr(*edns, None)
        });
    }
    if let Err(why) = terms.read(data) {
        terms.subnet = None;
        return Err(formerr(*edns, Some(why)));
    }
    Ok(())
}

#[cold]
fn formerr<'a>(edns: Option<Edns<'a>>, why: Option<&'static Ede>) -> Fault<'a> {
    Fault {
        rcode: Rcode::FormErr,
        edns,
        why,
        key: None,
    }
}

/// The fixed fields and the data of the record at `at`, which then is where the next begins.
#[inline]
fn record<'a>(message: &'a [u8], at: &mut usize) -> Option<(&'a [u8; 10], &'a [u8])> {
    let behind = message.get(skip_name(message, *at)?..)?;
    let (fixed, rest) = behind.split_first_chunk::<10>()?;
    let length = usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
    let data = rest.get(..length)?;
    *at = message.len() - rest.len() + length;
    Some((fixed, data))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::asked::Seed;

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

    fn parse(message: &[u8]) -> Result<Query<'_>, Reject<'_>> {
        super::parse(message, &mut Asked::new(Seed::default()))
    }

    fn rcode(message: &[u8]) -> Option<Rcode> {
        match parse(message) {
            Err(Reject::Error { fault, .. }) => Some(fault.rcode),
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
}
