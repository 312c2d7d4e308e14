//! The data of a record from its text: one function for each type that has a text of its own (RFC 1035 §3.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::opaque;
use super::report::Fault;
use super::svcb;
use super::words::Words;
use crate::wire::kind::Kind;

/// The uncompressed RDATA that the words say.
pub(super) fn read(kind: Kind, words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let first = words.peek().filter(|word| !word.quoted);
    if first.is_some_and(|word| words.bytes(word) == b"\\#") {
        return opaque::read(kind, words);
    }
    let data = match kind {
        Kind::A => address4(words)?,
        Kind::AAAA => address6(words)?,
        Kind::NS => words.host("the name of a name server")?.wire().to_vec(),
        Kind::CNAME => words.host("the name it stands for")?.wire().to_vec(),
        Kind::DNAME => words.host("the name it leads to")?.wire().to_vec(),
        Kind::PTR => words.host("the name of the host")?.wire().to_vec(),
        Kind::SOA => soa(words)?,
        Kind::MX => mx(words)?,
        Kind::TXT => txt(words)?,
        Kind::SRV => srv(words)?,
        Kind::CAA => caa(words)?,
        Kind::SVCB | Kind::HTTPS => svcb::read(words)?,
        _ => return Err(unknown(kind, words)),
    };
    words.done()?;
    Ok(data)
}

fn unknown(kind: Kind, words: &mut Words<'_>) -> Fault {
    match words.next("the record's data") {
        Err(fault) => fault,
        Ok(word) => {
            let message = format!("the text form of {kind} is not read here");
            let advice = r"write the data as `\# LENGTH HEX` (RFC 3597 §5)";
            Fault::new(&word.span, message, advice)
        }
    }
}

fn address4(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let advice = "write it as in `192.0.2.1`; an IPv6 address is of type AAAA";
    let address: Ipv4Addr = words.parsed("an IPv4 address", advice)?;
    Ok(address.octets().to_vec())
}

fn address6(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let advice = "write it as in `2001:db8::1`; an IPv4 address is of type A";
    let address: Ipv6Addr = words.parsed("an IPv6 address", advice)?;
    Ok(address.octets().to_vec())
}

/// RFC 1035 §3.3.13.
fn soa(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let mut data = words
        .host("the name of the primary server")?
        .wire()
        .to_vec();
    let mailbox = words
        .peek()
        .filter(|word| words.bytes(word).contains(&b'@'));
    if let Some(word) = mailbox.filter(|word| words.bytes(word).len() > 1) {
        let message = format!("{} has an `@` where a mailbox is a name", words.quote(word));
        let advice = "write `hostmaster.example.com.` for hostmaster@example.com";
        return Err(Fault::new(&word.span, message, advice));
    }
    data.extend_from_slice(
        words
            .name("the mailbox of who answers for the zone")?
            .wire(),
    );
    data.extend(words.number("the serial", u32::MAX)?.to_be_bytes());
    for wanted in [
        "the refresh time",
        "the retry time",
        "the expire time",
        "the minimum",
    ] {
        data.extend(words.period(wanted)?.to_be_bytes());
    }
    Ok(data)
}

/// A 16-bit number in wire order.
fn short(words: &mut Words<'_>, wanted: &str) -> Result<[u8; 2], Fault> {
    let [_, _, high, low] = words.number(wanted, u32::from(u16::MAX))?.to_be_bytes();
    Ok([high, low])
}

/// RFC 1035 §3.3.9; the root as exchange is the null MX of RFC 7505.
fn mx(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let mut data = short(words, "the preference")?.to_vec();
    data.extend_from_slice(words.host("the name of a mail server")?.wire());
    Ok(data)
}

/// RFC 2782.
fn srv(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let mut data = short(words, "the priority")?.to_vec();
    data.extend(short(words, "the weight")?);
    data.extend(short(words, "the port")?);
    data.extend_from_slice(words.host("the name of the host")?.wire());
    Ok(data)
}

/// RFC 1035 §3.3.14: one string or more.
fn txt(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let mut data = Vec::new();
    loop {
        let span = words.peek().map(|word| word.span.clone());
        let string = words.string("a string")?;
        data.push(string.len() as u8);
        data.extend(string);
        if let (true, Some(span)) = (data.len() > usize::from(u16::MAX), span) {
            let message = "the strings have more than 65535 octets together";
            return Err(Fault::new(&span, message, "shorten them"));
        }
        if words.peek().is_none() {
            return Ok(data);
        }
    }
}

/// RFC 8659 §4.1.1: flags, tag, and a value that fills the rest.
fn caa(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let [.., flags] = words.number("the flags octet", 255)?.to_be_bytes();
    let (tag, word) = words.ascii("a tag")?;
    if tag.is_empty() || tag.len() > 255 || !tag.bytes().all(|b| b.is_ascii_alphanumeric()) {
        let message = format!("{} is not a tag", words.quote(word));
        return Err(Fault::new(
            &word.span,
            message,
            "a tag is a word like `issue`, `issuewild`, `iodef`",
        ));
    }
    let mut data = vec![flags, tag.len() as u8];
    data.extend_from_slice(tag.as_bytes());
    let word = words.next("a value")?;
    data.extend(words.decoded(word)?);
    if data.len() > usize::from(u16::MAX) {
        return Err(Fault::new(
            &word.span,
            "the value has more than 65535 octets",
            "shorten it",
        ));
    }
    Ok(data)
}
