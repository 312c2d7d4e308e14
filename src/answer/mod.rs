//! Query bytes in, answer bytes out: the one function behind every transport.
//!
//! Nothing here allocates, locks, logs, signs or reads a clock.

mod alias;
mod chaos;
pub mod choose;
pub mod explain;
mod hints;
mod opt;
mod records;
mod refusal;
mod respond;
mod services;
mod slip;
mod steered;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use crate::limits;
use crate::stats::{Counters, Outcome};
use crate::wire::asked::Asked;
use crate::wire::cookie::Trust;
use crate::wire::kind::Rcode;
use crate::wire::query::{self, Edns, Fault, HEADER, Reject};
use crate::wire::tsig::Tsig;
use crate::wire::writer::{Names, Writer};
use crate::world::World;
use opt::Opt;

pub use slip::slip;

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
    /// How long the stream may idle before it is closed, in tenths of a second (RFC 7828 §3.1); of no meaning over UDP.
    pub idle: u16,
    /// Comes back: what the cookie of the last message says of its sender.
    pub trust: Trust,
    /// Where this worker counts.
    pub counters: &'a Counters,
    /// Room for the name asked.
    pub asked: &'a mut Asked,
}

impl<'a> Turn<'a> {
    /// A worker's, whose draws begin with `counter`. Time is set before each batch.
    pub fn new(counter: u32, counters: &'a Counters, asked: &'a mut Asked) -> Turn<'a> {
        Turn {
            now: 0,
            counter,
            idle: 0,
            trust: Trust::None,
            counters,
            asked,
        }
    }
}

/// Answers a message into `out`; the answer's length, or 0 for silence. Exactly one outcome is counted.
pub fn answer(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    message: &[u8],
    out: &mut [u8],
) -> usize {
    let (outcome, length) = make(world, client, turn, message, out);
    turn.counters.outcome(outcome);
    length
}

/// The same for callers who count the outcome themselves, since they may decide not to send the answer.
pub fn make(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    message: &[u8],
    out: &mut [u8],
) -> (Outcome, usize) {
    turn.trust = Trust::None;
    match query::parse(message, turn.asked) {
        Ok(query) => {
            if query.edns.as_ref().is_some_and(|e| e.subnet.is_some()) {
                turn.counters.subnets.add(1);
            }
            respond::respond(world, client, turn, message, &query, out)
        }
        Err(reject) => refuse(world, client, turn, message, &reject, out),
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
        Rcode::NotAuth => Outcome::NotAuth,
        Rcode::BadVers => Outcome::BadVers,
        Rcode::BadCookie => Outcome::BadCookie,
    }
}

/// What is not looked up.
#[cold]
fn refuse(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    message: &[u8],
    reject: &Reject<'_>,
    out: &mut [u8],
) -> (Outcome, usize) {
    let (end, fault) = match *reject {
        Reject::Silence => return (Outcome::Dropped, 0),
        Reject::Error { end, fault } => (end, fault),
        Reject::Greeting(edns) => (HEADER, greeted(world, client, turn.now, edns)),
    };
    let length = deny(world, client, turn, (message, end), &fault, out);
    (outcome_of(fault.rcode), length)
}

/// RFC 7873 §5.4: nothing was asked but the server's half; if one was sent, it is confirmed or not. Without cookies no
/// question is an error (RFC 9619 §4).
fn greeted<'a>(world: &World, client: Client, now: u64, edns: Edns<'a>) -> Fault<'a> {
    let secrets = &world.badge.secrets;
    let judged = edns
        .cookie
        .and_then(|cookie| secrets.judge(&cookie, client.addr.ip(), now));
    let rcode = match judged {
        None => Rcode::FormErr,
        Some((Trust::Wrong, _)) => Rcode::BadCookie,
        Some(_) => Rcode::NoError,
    };
    Fault {
        rcode,
        edns: Some(edns),
        why: None,
        key: None,
    }
}

/// An answer of nothing but its code, and the question if it ends at `end`.
fn deny(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    (message, end): (&[u8], usize),
    fault: &Fault<'_>,
    out: &mut [u8],
) -> usize {
    let limit = room(client.transport, fault.edns.as_ref());
    let mut names = Names::default();
    let Some(mut writer) = Writer::new((out, &mut names), message, end, limit) else {
        return 0;
    };
    let mut opt = fault
        .edns
        .as_ref()
        .map(|terms| Opt::new(world, client, turn, terms));
    if let Some(opt) = &mut opt {
        opt.why = fault.why;
    }
    let mut head = Head {
        rcode: fault.rcode,
        authoritative: false,
        truncated: false,
        counts: [0; 3],
    };
    match fault.key {
        Some(key) => unsigned(&mut writer, &mut head, opt.as_ref(), message, &key),
        None => close(&mut writer, &mut head, opt.as_ref()),
    }
    finish(&mut writer, &head, end > HEADER)
}

/// The record about the key stands last. If it does not fit beside the OPT record it comes alone, with TC and without an
/// error (RFC 8945 §5.3); over TCP it always fits.
fn unsigned(
    writer: &mut Writer<'_>,
    head: &mut Head,
    opt: Option<&Opt<'_>>,
    message: &[u8],
    key: &Tsig<'_>,
) {
    let mark = writer.mark();
    close(writer, head, opt);
    if key.refuse(message, writer).is_err() {
        writer.back(mark);
        (head.truncated, head.rcode, head.counts) = (true, Rcode::NoError, [0; 3]);
        if key.refuse(message, writer).is_err() {
            writer.back(mark);
            return close(writer, head, opt);
        }
    }
    head.counts[2] += 1;
}

/// How long an answer may be (RFC 1035 §4.2, RFC 6891 §6.2.3 to §6.2.5).
fn room(transport: Transport, edns: Option<&Edns<'_>>) -> usize {
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
    /// Records in the answer, authority and additional sections.
    counts: [u16; 3],
}

/// Ends the additional section with the OPT record.
#[inline(always)]
fn close(writer: &mut Writer<'_>, head: &mut Head, opt: Option<&Opt<'_>>) {
    if let Some(opt) = opt {
        let mark = writer.mark();
        match opt.put(writer, head.rcode) {
            Ok(()) => head.counts[2] += 1,
            Err(_) => writer.back(mark),
        }
    }
}

/// Writes the header; the message's length.
#[inline]
fn finish(writer: &mut Writer<'_>, head: &Head, question: bool) -> usize {
    // RFC 1035 §4.1.1: QR, the opcode and RD as they came, AA, TC; no recursion here. RFC 4035 §3.2.2: CD as it came.
    let aa = if head.authoritative { 0x04 } else { 0 };
    let tc = if head.truncated { 0x02 } else { 0 };
    let first = 0x80 | (writer.octet(2) & 0x79) | aa | tc;
    let second = (writer.octet(3) & 0x10) | (head.rcode as u16 & 0x0f) as u8;
    let [answer, authority, additional] = head.counts.map(u16::to_be_bytes);
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
            additional[0],
            additional[1],
        ],
    );
    writer.len()
}
