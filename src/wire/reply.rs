//! The other side of the table: a query as a client sends it, and what the reply to it says (RFC 1035 §4.1).

use std::net::IpAddr;

use crate::limits;
use crate::wire::kind::{Kind, class};
use crate::wire::name::Name;
use crate::wire::query::HEADER;

/// What a reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The response code of the header.
    pub rcode: u8,
    /// Whether it was cut, so that the rest is to be had over TCP.
    pub truncated: bool,
    /// The addresses of its answer section, whoever owns them: an alias leads to others.
    pub addresses: Vec<IpAddr>,
}

/// A query for a name and type, without recursion and without EDNS: any name server answers it.
pub fn query(id: u16, name: &Name, kind: Kind) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + limits::NAME + 4);
    message.extend(id.to_be_bytes());
    message.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    message.extend(name.wire());
    message.extend(kind.0.to_be_bytes());
    message.extend(class::IN.to_be_bytes());
    message
}

/// The reply to just this query; none if it is no such reply, be it another's, forged or damaged.
pub fn read(message: &[u8], query: &[u8]) -> Option<Reply> {
    let (header, asked) = (message.first_chunk::<HEADER>()?, query.get(HEADER..)?);
    let same = header.get(..2) == query.get(..2);
    // QR set, opcode QUERY.
    if !same || header[2] & 0xf8 != 0x80 {
        return None;
    }
    let count = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let question = message.get(HEADER..HEADER + asked.len());
    // A server that cannot read a query may leave the question out (RFC 1035 §4.1.1, FORMERR).
    let bare = count(4) == 0 && message.len() == HEADER && header[3] & 0x0f != 0;
    if !bare && (count(4) != 1 || !question.is_some_and(|q| q.eq_ignore_ascii_case(asked))) {
        return None;
    }
    let mut reply = Reply {
        rcode: header[3] & 0x0f,
        truncated: header[2] & 0x02 != 0,
        addresses: Vec::new(),
    };
    let mut at = HEADER + asked.len();
    for _ in 0..count(6) {
        match record(message, at) {
            Some((found, next)) => {
                reply.addresses.extend(found);
                at = next;
            }
            // What was cut ends somewhere.
            None if reply.truncated => break,
            None => return None,
        }
    }
    Some(reply)
}

/// The address of the record at `at`, if it has one, and where the next begins.
fn record(message: &[u8], at: usize) -> Option<(Option<IpAddr>, usize)> {
    let at = skip(message, at)?;
    let fixed: &[u8; 10] = message.get(at..)?.first_chunk()?;
    let pair = |n: usize| u16::from_be_bytes([fixed[n], fixed[n + 1]]);
    let from = at + fixed.len();
    let end = from + usize::from(pair(8));
    let data = message.get(from..end)?;
    let address = match (Kind(pair(0)), pair(2)) {
        (Kind::A, class::IN) => Some(IpAddr::from(<[u8; 4]>::try_from(data).ok()?)),
        (Kind::AAAA, class::IN) => Some(IpAddr::from(<[u8; 16]>::try_from(data).ok()?)),
        _ => None,
    };
    Some((address, end))
}

/// Where the name at `at` ends. A pointer ends it, wherever it leads (RFC 1035 §4.1.4).
fn skip(message: &[u8], mut at: usize) -> Option<usize> {
    let most = at + limits::NAME;
    while at < most {
        let length = *message.get(at)?;
        match length & 0xc0 {
            0xc0 => return message.get(at + 1).map(|_| at + 2),
            0 if length == 0 => return Some(at + 1),
            0 => at += 1 + usize::from(length),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked() -> Vec<u8> {
        query(7, &"www.example.com.".parse().unwrap(), Kind::A)
    }

    /// The reply with these records behind the question.
    fn made(flags: [u8; 2], answers: u16, rest: &[u8]) -> Vec<u8> {
        let mut message = asked();
        message[2..4].copy_from_slice(&flags);
        message[6..8].copy_from_slice(&answers.to_be_bytes());
        message.extend(rest);
        message
    }

    const A: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1];
    const ALIAS: &[u8] = &[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 16];

    #[test]
    fn addresses_behind_aliases_count() {
        let message = made([0x84, 0], 2, &[ALIAS, A].concat());
        let reply = read(&message, &asked()).unwrap();
        assert_eq!(reply.addresses, [IpAddr::from([192, 0, 2, 1])]);
        assert_eq!((reply.rcode, reply.truncated), (0, false));
    }

    #[test]
    fn what_is_no_reply_to_this_query_is_none() {
        let good = made([0x84, 0], 1, A);
        assert!(read(&good, &asked()).is_some());
        for (at, bits) in [(0, 1), (2, 0x80), (2, 0x08), (5, 1), (13, 1), (30, 1)] {
            let mut other = good.clone();
            other[at] ^= bits;
            assert_eq!(read(&other, &asked()), None, "octet {at}");
        }
        assert_eq!(read(&good[..good.len() - 1], &asked()), None);
        let cut = made([0x86, 0], 1, &A[..9]);
        assert!(read(&cut, &asked()).unwrap().truncated);
        let bare = [0, 7, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(read(&bare, &asked()).unwrap().rcode, 1);
    }

    proptest! {
        #[test]
        fn any_octets_are_read(rest in proptest::collection::vec(any::<u8>(), 0..200), many in 0u16..20) {
            let _ = read(&rest, &asked());
            let _ = read(&made([0x84, 0], many, &rest), &asked());
        }
    }
}
