//! Asking the answering code itself: a query made for it, and its answer read back.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::{Question, rdata};
use crate::answer::{Client, Transport, Turn, answer};
use crate::limits;
use crate::stats::Counters;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::{Kind, class};
use crate::wire::name::Name;
use crate::wire::query::{CLIENT_SUBNET, HEADER, Subnet};
use crate::world::World;

/// Room for a name, the question and an OPT record with a client subnet.
const QUERY: usize = HEADER + limits::NAME + 4 + 11 + 8 + 16;

/// An answer, read.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The response code.
    pub rcode: u16,
    /// The AA bit.
    pub authoritative: bool,
    /// The answer, authority and additional sections, the last without OPT.
    pub sections: [Vec<Record>; 3],
    /// The scope of the client subnet, if the answer has one.
    pub scope: Option<u8>,
}

/// A record of an answer.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose it is.
    pub owner: Name,
    /// Its type.
    pub kind: Kind,
    /// Seconds.
    pub ttl: u32,
    /// Its data as a zone file would say it.
    pub data: String,
}

/// Asks as a resolver does that takes long answers; counts into `counters`. Nothing comes back if there is no answer.
pub fn ask(
    world: &World,
    question: &Question,
    now: u64,
    counter: u32,
    counters: &Counters,
) -> Option<Reply> {
    let mut asked = Asked::new(Seed::default());
    let mut turn = Turn::new(counter, counters, &mut asked);
    turn.now = now;
    let client = Client {
        addr: SocketAddr::new(question.resolver, 53),
        transport: Transport::Tcp,
    };
    let mut out = vec![0; limits::MESSAGE];
    let length = answer(world, client, &mut turn, &query(question), &mut out);
    read(out.get(..length)?)
}

fn query(question: &Question) -> Vec<u8> {
    let mut query = Vec::with_capacity(QUERY);
    // One question, and an OPT record in the additional section.
    query.extend([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    query.extend(question.name.wire());
    query.extend(question.kind.0.to_be_bytes());
    query.extend(class::IN.to_be_bytes());
    query.push(0);
    query.extend(Kind::OPT.0.to_be_bytes());
    query.extend((limits::UDP_PAYLOAD as u16).to_be_bytes());
    query.extend([0; 4]);
    let option = question.subnet.map(option).unwrap_or_default();
    query.extend((option.len() as u16).to_be_bytes());
    query.extend(option);
    query
}

/// RFC 7871 §6: the address in as many octets as its source needs.
fn option(subnet: Subnet) -> Vec<u8> {
    let octets = match subnet.addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    };
    let needed = usize::from(subnet.source).div_ceil(8).min(octets.len());
    let mut option = CLIENT_SUBNET.to_be_bytes().to_vec();
    option.extend((4 + needed as u16).to_be_bytes());
    option.extend(subnet.family.to_be_bytes());
    option.extend([subnet.source, 0]);
    option.extend(octets.into_iter().take(needed));
    option
}

fn read(message: &[u8]) -> Option<Reply> {
    let mut reader = Reader { message, at: 0 };
    let head = reader.take(4)?;
    let mut reply = Reply {
        rcode: u16::from(head.get(3)? & 0x0f),
        authoritative: head.get(2)? & 0x04 != 0,
        ..Reply::default()
    };
    let counts = [
        reader.word()?,
        reader.word()?,
        reader.word()?,
        reader.word()?,
    ];
    for _ in 0..*counts.first()? {
        reader.name()?;
        reader.take(4)?;
    }
    for (count, section) in counts.iter().skip(1).zip(0..) {
        for _ in 0..*count {
            let owner = reader.name()?;
            let kind = Kind(reader.word()?);
            reader.word()?; // the class: IN, or what the sender of OPT takes
            let ttl = u32::from(reader.word()?) << 16 | u32::from(reader.word()?);
            let length = usize::from(reader.word()?);
            let start = reader.at;
            let data = reader.take(length)?;
            if kind == Kind::OPT {
                reply.rcode |= (ttl >> 24 << 4) as u16;
                reply.scope = scope(data);
                continue;
            }
            let inside = Reader {
                message: message.get(..start + length)?,
                at: start,
            };
            let record = Record {
                owner,
                kind,
                ttl,
                data: rdata::text(kind, data, inside),
            };
            reply.sections.get_mut(section)?.push(record);
        }
    }
    Some(reply)
}

/// The scope of the client subnet among the options of an OPT record.
fn scope(mut options: &[u8]) -> Option<u8> {
    loop {
        let [a, b, c, d] = *options.first_chunk::<4>()?;
        let (data, rest) = options
            .get(4..)?
            .split_at_checked(usize::from(u16::from_be_bytes([c, d])))?;
        if u16::from_be_bytes([a, b]) == CLIENT_SUBNET {
            return data.get(3).copied();
        }
        options = rest;
    }
}

/// Reads a message, or one record's data in it: names may point to what came before.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.message.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    pub(super) fn word(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|w| u16::from_be_bytes(*w))
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = self.message.get(self.at..).unwrap_or_default();
        self.at = self.message.len();
        rest
    }

    /// A name, its pointers followed (RFC 1035 §4.1.4): backwards only, so that it ends.
    pub(super) fn name(&mut self) -> Option<Name> {
        let mut wire = Vec::new();
        let (mut at, mut least, mut end) = (self.at, self.at, None);
        loop {
            let length = *self.message.get(at)?;
            if length & 0xc0 == 0xc0 {
                let low = *self.message.get(at + 1)?;
                end = end.or(Some(at + 2));
                at = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                if at >= least {
                    return None;
                }
                least = at;
                continue;
            }
            let next = at + 1 + usize::from(length);
            wire.extend(self.message.get(at..next)?);
            at = next;
            if length == 0 || wire.len() > limits::NAME {
                break;
            }
        }
        self.at = end.unwrap_or(at);
        Name::read(&wire).ok().map(|(name, _)| name)
    }
}

impl Reply {
    /// For how long the answer may be kept: that of its last records or, without any, of the denial (RFC 2308 §5).
    pub fn ttl(&self) -> Option<u32> {
        let [answer, authority, _] = &self.sections;
        let denial = authority.iter().find(|r| r.kind == Kind::SOA);
        answer.last().or(denial).map(|record| record.ttl)
    }
}

impl Record {
    /// The name that a CNAME stands for.
    pub(super) fn target(&self) -> Option<Name> {
        let alias = self.kind == Kind::CNAME;
        alias.then(|| self.data.parse().ok()).flatten()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record {
            owner,
            kind,
            ttl,
            data,
        } = self;
        write!(f, "{owner} {ttl} IN {kind} {data}")
    }
}
