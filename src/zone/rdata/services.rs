//! Well-known services: a protocol and the ports at which it is served (RFC 1035 §3.4.2).

use super::data::{Data, Line, Why};
use super::field::Mnemonics;
use super::read::mnemonic;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// Of the protocols of RFC 1010 those that have ports.
const PROTOCOLS: Mnemonics = &[("TCP", 6), ("UDP", 17)];

/// Of the services of RFC 1010 those that people ever wrote into zones.
const SERVICES: Mnemonics = &[
    ("SMTP", 25),
    ("TELNET", 23),
    ("FTP", 21),
    ("ECHO", 7),
    ("DISCARD", 9),
    ("DAYTIME", 13),
    ("FTP-DATA", 20),
    ("TIME", 37),
    ("NAMESERVER", 42),
    ("WHOIS", 43),
    ("DOMAIN", 53),
    ("TFTP", 69),
    ("GOPHER", 70),
    ("FINGER", 79),
    ("HTTP", 80),
    ("WWW", 80),
    ("HOSTNAMES", 101),
    ("POP2", 109),
    ("POP3", 110),
    ("SUNRPC", 111),
    ("NNTP", 119),
    ("NTP", 123),
    ("IMAP", 143),
    ("IMAP2", 143),
    ("SNMP", 161),
    ("HTTPS", 443),
];

/// The protocol, and ports to the end.
pub(super) fn read(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let [_, protocol] = mnemonic(words, "the protocol", 255, PROTOCOLS)?.to_be_bytes();
    out.push(protocol);
    let start = out.len();
    while words.peek().is_some() {
        let port = mnemonic(words, "a port", u16::MAX, SERVICES)?;
        let at = start + usize::from(port) / 8;
        if out.len() <= at {
            out.resize(at + 1, 0);
        }
        if let Some(octet) = out.get_mut(at) {
            *octet |= 0x80 >> (port & 7);
        }
    }
    Ok(())
}

/// Shows protocol and ports as numbers.
pub(super) fn show(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let protocol = data.octet("the protocol")?;
    // NSD reads the protocols that its machine has a name for: these two everywhere.
    line.unsaid |= PROTOCOLS
        .iter()
        .all(|(_, known)| *known != u16::from(protocol));
    line.next(protocol);
    let ports = data.rest(0, "the ports")?;
    // Nor does it read a protocol without ports.
    line.unsaid |= ports.is_empty();
    if ports.len() > 8_192 || ports.last() == Some(&0) {
        return Err("the ports have octets without ports".into());
    }
    for (index, octet) in ports.iter().enumerate() {
        for bit in (0..8).filter(|bit| octet & (0x80 >> bit) != 0) {
            line.next(index * 8 + bit);
        }
    }
    Ok(())
}
