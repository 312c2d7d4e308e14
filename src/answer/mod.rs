//! Query bytes in, answer bytes out: the one function behind every transport.
//!
//! Nothing here allocates, locks, logs, signs or reads a clock.

pub mod choose;
pub mod explain;
mod hints;
mod records;
mod respond;
mod steered;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use crate::limits;
use crate::stats::{Counters, Outcome};
use crate::wire::asked::Asked;
use crate::wire::kind::{Kind, Rcode};
use crate::wire::query::{self, CLIENT_SUBNET, Edns, HEADER, Reject};
use crate::wire::writer::{Full, Writer};
use crate::world::World;

/// How a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram: the answer is cut to what the sender takes, and to 1,232 octets.
    Udp,
    /// In a stream, with two octets of length before it.
    Tcp,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// Where the query came from: mostly a resolver.
    pub addr: SocketAddr,
    /// How.
    pub transport: Transport,
}

/// What a worker brings to an answer.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Seconds of the Unix epoch, read once a batch.
    pub now: u64,
    /// How many draws this worker has made; each steered answer makes one.
    pub counter: u32,
    /// Where this worker counts.
    pub counters: &'a Counters,
    /// Room for the name asked.
    pub asked: &'a mut Asked,
}

/// Answers a message into `out`; the answer's length, or 0 for silence. Exactly one outcome is counted.
pub fn answer(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    message: &[u8],
    out: &mut [u8],
) -> usize {
    let (outcome, length) = match query::parse(message) {
        Ok(query) => {
            if query.edns.as_ref().is_some_and(|e| e.subnet.is_some()) {
                turn.counters.subnets.add(1);
            }
            respond::respond(world, client, turn, message, &query, out)
        }
        Err(Reject::Silence) => (Outcome::Dropped, 0),
        Err(Reject::Error { rcode, end, edns }) => (
            outcome_of(rcode),
            refuse(message, end, rcode, edns, client, out),
        ),
    };
    turn.counters.outcome(outcome);
    length
}

/// SERVFAIL for a query that could not be answered at all; 0 if it has not even a header.
pub fn failure(message: &[u8], counters: &Counters, out: &mut [u8]) -> usize {
    counters.outcome(Outcome::ServFail);
    match message.get(2) {
        Some(flags) if flags & 0x80 == 0 && message.len() >= HEADER => {
            let client = Client {
                addr: SocketAddr::from(([0, 0, 0, 0], 0)),
                transport: Transport::Udp,
            };
            refuse(message, HEADER, Rcode::ServFail, None, client, out)
        }
        _ => 0,
    }
}

fn outcome_of(rcode: Rcode) -> Outcome {
    match rcode {
        Rcode::NoError => Outcome::Static,
        Rcode::FormErr => Outcome::FormErr,
        Rcode::ServFail => Outcome::ServFail,
        Rcode::NxDomain => Outcome::NxDomain,
        Rcode::NotImp => Outcome::NotImp,
        Rcode::Refused => Outcome::Refused,
        Rcode::YxDomain => Outcome::YxDomain,
        Rcode::BadVers => Outcome::BadVers,
    }
}

/// An answer of nothing but its code.
fn refuse(
    message: &[u8],
    end: usize,
    rcode: Rcode,
    edns: Option<Edns>,
    client: Client,
    out: &mut [u8],
) -> usize {
    let limit = room(client.transport, edns.as_ref());
    let Some(mut writer) = Writer::new(out, message, end, limit) else {
        return 0;
    };
    let opt = edns.as_ref().map(|terms| Opt { terms, scope: 0 });
    let head = Head {
        rcode,
        authoritative: false,
        truncated: false,
        counts: [0; 3],
    };
    close(&mut writer, &head, opt.as_ref(), end > HEADER)
}

/// How long an answer may be (RFC 1035 §4.2, RFC 6891 §6.2.3 to §6.2.5).
fn room(transport: Transport, edns: Option<&Edns>) -> usize {
    match (transport, edns) {
        (Transport::Tcp, _) => usize::from(u16::MAX),
        (Transport::Udp, None) => 512,
        (Transport::Udp, Some(terms)) => usize::from(terms.payload).clamp(512, limits::UDP_PAYLOAD),
    }
}

/// What the header says in the end.
struct Head {
    rcode: Rcode,
    authoritative: bool,
    truncated: bool,
    /// Records in the answer, authority and additional sections, without OPT.
    counts: [u16; 3],
}

/// Our side of the EDNS terms.
struct Opt<'a> {
    terms: &'a Edns,
    /// For how wide a network the answer holds.
    scope: u8,
}

impl Opt<'_> {
    fn size(&self) -> usize {
        let subnet = self.terms.subnet.as_ref();
        OPT + subnet.map_or(0, |s| SUBNET + usize::from(s.source).div_ceil(8))
    }
}

/// Octets of an OPT record without options, and of a client subnet before its address.
const OPT: usize = 11;
const SUBNET: usize = 8;

/// Writes the OPT record and the header; the message's length.
fn close(writer: &mut Writer<'_>, head: &Head, opt: Option<&Opt<'_>>, question: bool) -> usize {
    let mut additional = head.counts[2];
    if let Some(opt) = opt {
        let mark = writer.mark();
        writer.release(opt.size());
        match put_opt(writer, opt, head.rcode) {
            Ok(()) => additional += 1,
            Err(_) => writer.back(mark),
        }
    }
    // RFC 1035 §4.1.1: QR, the opcode and RD as they came, AA, TC; no recursion here. RFC 4035 §3.2.2: CD as it came.
    let aa = if head.authoritative { 0x04 } else { 0 };
    let tc = if head.truncated { 0x02 } else { 0 };
    let first = 0x80 | (writer.octet(2) & 0x79) | aa | tc;
    let second = (writer.octet(3) & 0x10) | (head.rcode as u16 & 0x0f) as u8;
    let [answer, authority, _] = head.counts.map(u16::to_be_bytes);
    let [high, low] = additional.to_be_bytes();
    writer.patch(
        2,
        &[
            first,
            second,
            0,
            u8::from(question),
            answer[0],
            answer[1],
            authority[0],
            authority[1],
            high,
            low,
        ],
    );
    writer.len()
}

/// RFC 6891 §6.1.2; the subnet as it came with our scope (RFC 7871 §7.2.1).
fn put_opt(writer: &mut Writer<'_>, opt: &Opt<'_>, rcode: Rcode) -> Result<(), Full> {
    let size = opt.size();
    let mut record = [0; OPT + SUBNET + 16];
    record[2] = Kind::OPT.0 as u8;
    record[3..5].copy_from_slice(&(limits::UDP_PAYLOAD as u16).to_be_bytes());
    record[5] = (rcode as u16 >> 4) as u8;
    record[7] = if opt.terms.dnssec_ok { 0x80 } else { 0 };
    if let Some(subnet) = &opt.terms.subnet {
        // One option and an address of 16 octets at most.
        record[10] = (size - OPT) as u8;
        record[11..13].copy_from_slice(&CLIENT_SUBNET.to_be_bytes());
        record[14] = (size - OPT - 4) as u8;
        record[15..17].copy_from_slice(&subnet.family.to_be_bytes());
        record[17] = subnet.source;
        record[18] = opt.scope;
        match subnet.addr {
            IpAddr::V4(a) => record[19..23].copy_from_slice(&a.octets()),
            IpAddr::V6(a) => record[19..].copy_from_slice(&a.octets()),
        }
    }
    writer.bytes(record.get(..size).ok_or(Full)?)
}
