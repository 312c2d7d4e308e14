//! Records as they are on the wire, asked over TCP: a small decoder that knows no type but where its names are.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::server::PATIENCE;

/// SOA, and a question for a whole zone.
pub const SOA: u16 = 6;
const AXFR: u16 = 252;

/// Owner in wire form and small letters, and type.
pub type Key = (Vec<u8>, u16);

/// TTL and data, names uncompressed, of all sets.
pub type Records = BTreeMap<Key, BTreeSet<(u32, Vec<u8>)>>;

/// How data are laid out as far as names are in them: numbers are octets, `n` a name, `s` a string; the rest is opaque.
pub fn layout(kind: u16) -> &'static str {
    match kind {
        2..=5 | 7..=9 | 12 | 23 | 39 => "n",
        6 | 14 | 17 | 58 => "nn",
        15 | 18 | 21 | 36 | 64 | 65 | 107 => "2n",
        26 => "2nn",
        33 => "6n",
        35 => "4sssn",
        _ => "",
    }
}

/// The data with names in small letters: NSD and Knot make them so, and names that differ by case only are the same.
pub fn canonical(kind: u16, rdata: &[u8]) -> Vec<u8> {
    let mut out = rdata.to_vec();
    let mut at = 0;
    for part in layout(kind).bytes() {
        match part {
            b's' => at += 1 + usize::from(rdata[at]),
            b'n' => {
                let end = at + name_length(&rdata[at..]);
                out[at..end].make_ascii_lowercase();
                at = end;
            }
            digit => at += usize::from(digit - b'0'),
        }
    }
    out
}

fn name_length(wire: &[u8]) -> usize {
    let mut at = 0;
    while wire[at] != 0 {
        at += 1 + usize::from(wire[at]);
    }
    at + 1
}

/// The wire form of a name in text without escapes.
pub fn name(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend_from_slice(label.to_ascii_lowercase().as_bytes());
    }
    out.push(0);
    out
}

/// One connection to a server.
pub struct Line(TcpStream);

/// What it said to one question.
pub struct Reply {
    pub rcode: u8,
    /// All records of all sections, in their order.
    pub records: Vec<(Key, u32, Vec<u8>)>,
    pub authoritative: bool,
}

impl Line {
    /// To `127.0.0.1`.
    pub fn open(port: u16) -> io::Result<Line> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Line(stream))
    }

    fn send(&mut self, keys: &[Key]) -> io::Result<()> {
        let mut out = Vec::new();
        for (owner, kind) in keys {
            out.extend_from_slice(&u16::try_from(owner.len() + 16).unwrap().to_be_bytes());
            out.extend_from_slice(&[0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
            out.extend_from_slice(owner);
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&[0, 1]);
        }
        self.0.write_all(&out)
    }

    fn receive(&mut self) -> io::Result<Reply> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut message)?;
        Ok(decode(&message))
    }

    /// Asks for each, a few at a time. The answers are in the order of the questions: servers that are asked over one
    /// connection may turn them round, but none of ours does for what it has at hand.
    pub fn ask(&mut self, keys: &[Key]) -> io::Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(keys.len());
        for some in keys.chunks(32) {
            self.send(some)?;
            for _ in some {
                replies.push(self.receive()?);
            }
        }
        Ok(replies)
    }

    /// The whole zone, if the server has it (RFC 5936).
    pub fn transfer(&mut self, zone: &str) -> io::Result<Option<Records>> {
        let apex = name(zone);
        self.send(&[(apex.clone(), AXFR)])?;
        let (mut records, mut soas) = (Records::new(), 0);
        while soas < 2 {
            let reply = self.receive()?;
            if reply.rcode != 0 || reply.records.is_empty() {
                return Ok(None);
            }
            for (key, ttl, rdata) in reply.records {
                soas += usize::from(key.1 == SOA && key.0 == apex);
                records.entry(key).or_default().insert((ttl, rdata));
            }
        }
        Ok(Some(records))
    }
}

fn short(message: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([message[at], message[at + 1]]))
}

/// Appends the name at `at`, pointers followed; the place behind it.
fn take_name(message: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    let mut behind = None;
    loop {
        let length = usize::from(message[at]);
        if length >= 0xc0 {
            behind.get_or_insert(at + 2);
            at = short(message, at) & 0x3fff;
        } else {
            out.extend_from_slice(&message[at..=at + length]);
            at += 1 + length;
            if length == 0 {
                return behind.unwrap_or(at);
            }
        }
    }
}

fn decode(message: &[u8]) -> Reply {
    let mut at = 12;
    for _ in 0..short(message, 4) {
        at = take_name(message, at, &mut Vec::new()) + 4;
    }
    let mut records = Vec::new();
    for _ in 0..short(message, 6) + short(message, 8) + short(message, 10) {
        let mut owner = Vec::new();
        at = take_name(message, at, &mut owner);
        owner.make_ascii_lowercase();
        let kind = u16::try_from(short(message, at)).unwrap();
        let ttl = u32::from_be_bytes(*message[at + 4..].first_chunk().unwrap());
        let end = at + 10 + short(message, at + 8);
        let mut rdata = Vec::new();
        let mut inside = at + 10;
        for part in layout(kind).bytes() {
            let next = match part {
                b'n' => take_name(message, inside, &mut rdata),
                b's' => inside + 1 + usize::from(message[inside]),
                digit => inside + usize::from(digit - b'0'),
            };
            if part != b'n' {
                rdata.extend_from_slice(&message[inside..next]);
            }
            inside = next;
        }
        rdata.extend_from_slice(&message[inside..end]);
        records.push(((owner, kind), ttl, rdata));
        at = end;
    }
    Reply {
        rcode: message[3] & 15,
        authoritative: message[2] & 4 != 0,
        records,
    }
}
