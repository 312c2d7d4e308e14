//! Gateways and relays, which are an address, a name or nothing (RFC 4025 §2.3, RFC 8777 §4.2.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::base::{self, Base};
use super::data::{Data, Line, Why};
use super::field::Mnemonics;
use super::read::{address4, mnemonic, octet};
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// RFC 4025 §2.4. A key may be missing.
const KEYS: Mnemonics = &[("DSA", 1), ("RSA", 2), ("ECDSA", 3)];

/// Kind of gateway, algorithm, gateway, key.
pub(super) fn read_ipsec(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let kind = kind_of(words, "the kind of gateway")?;
    let algorithm = mnemonic(words, "the algorithm", 255, KEYS)?;
    out.extend([kind, algorithm as u8]);
    read(kind, words, "the gateway", out)?;
    match words.peek() {
        Some(_) => base::to_end(Base::Base64, words, "the key", out),
        None => Ok(()),
    }
}

/// Whether discovery is optional, kind of relay, relay.
pub(super) fn read_relay(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let optional = words.number("the discovery bit", 1)? as u8;
    let kind = kind_of(words, "the kind of relay")?;
    out.push(optional << 7 | kind);
    read(kind, words, "the relay", out)
}

fn kind_of(words: &mut Words<'_>, wanted: &str) -> Result<u8, Fault> {
    let mut kind = Vec::new();
    octet(words, wanted, &mut kind)?;
    match (kind.first(), words.last()) {
        (Some(kind @ 0..=3), _) => Ok(*kind),
        (_, Some(word)) => {
            let advice =
                "write 0 for none, 1 for an IPv4 address, 2 for an IPv6 address, 3 for a name";
            Err(words.stray(word, wanted, advice))
        }
        (_, None) => Ok(0),
    }
}

fn read(kind: u8, words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    match kind {
        0 => {
            let word = words.next(wanted)?;
            if words.bytes(word) != b"." {
                return Err(words.stray(word, wanted, "its kind is 0, none: write `.`"));
            }
        }
        1 => out.extend(address4(words)?.octets()),
        2 => {
            let address: Ipv6Addr =
                words.parsed("an IPv6 address", "write it as in `2001:db8::1`")?;
            out.extend(address.octets());
        }
        _ => words.host_to(wanted, out)?,
    }
    Ok(())
}

/// Shows kind of gateway, algorithm, gateway and key.
pub(super) fn show_ipsec(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let [kind, algorithm] = data.array("the kind of gateway")?;
    line.next(kind);
    line.next(algorithm);
    show(kind, data, line, "the gateway")?;
    if !data.is_empty() {
        line.digits(Base::Base64, data.rest(1, "the key")?);
    }
    Ok(())
}

/// Shows discovery bit, kind of relay and relay.
pub(super) fn show_relay(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let octet = data.octet("the kind of relay")?;
    line.next(octet >> 7);
    line.next(octet & 0x7f);
    show(octet & 0x7f, data, line, "the relay")
}

fn show(kind: u8, data: &mut Data<'_>, line: &mut Line<'_>, what: &str) -> Result<(), Why> {
    match kind {
        0 => line.next('.'),
        1 => line.next(Ipv4Addr::from(data.array::<4>(what)?)),
        2 => line.next(Ipv6Addr::from(data.array::<16>(what)?)),
        3 => line.name(data.name(what)?),
        _ => return Err(format!("{what} is of no known kind")),
    }
    Ok(())
}
