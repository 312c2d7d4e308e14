//! The data of records as a zone file would say it.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::message::Reader;
use crate::wire::kind::Kind;

/// The text of a type that we know, else `\# LENGTH HEX` (RFC 3597 §5). `inside` reads `data` where it stands in the
/// message, so that names in it can point to what came before.
pub(super) fn text(kind: Kind, data: &[u8], inside: Reader<'_>) -> String {
    known(kind, inside).unwrap_or_else(|| opaque(data))
}

fn known(kind: Kind, mut data: Reader<'_>) -> Option<String> {
    let text = match kind {
        Kind::A => Ipv4Addr::from(data.long()?).to_string(),
        Kind::AAAA => Ipv6Addr::from(*data.take(16)?.first_chunk::<16>()?).to_string(),
        Kind::NS | Kind::CNAME | Kind::PTR | Kind::DNAME => data.name()?.to_string(),
        Kind::MX => format!("{} {}", data.word()?, data.name()?),
        Kind::SRV => {
            let (priority, weight, port) = (data.word()?, data.word()?, data.word()?);
            format!("{priority} {weight} {port} {}", data.name()?)
        }
        Kind::SOA => {
            let mut text = format!("{} {}", data.name()?, data.name()?);
            for _ in 0..5 {
                let _ = write!(text, " {}", data.long()?);
            }
            text
        }
        Kind::TXT => strings(&mut data)?,
        Kind::CAA => {
            let (flags, length) = (data.octet()?, data.octet()?);
            let tag = String::from_utf8_lossy(data.take(usize::from(length))?).into_owned();
            format!("{flags} {tag} {}", quoted(data.rest()))
        }
        Kind::SVCB | Kind::HTTPS => service(&mut data)?,
        _ => return None,
    };
    data.rest().is_empty().then_some(text)
}

fn opaque(data: &[u8]) -> String {
    let mut text = format!(r"\# {}", data.len());
    if !data.is_empty() {
        text.push(' ');
    }
    for octet in data {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

fn strings(data: &mut Reader<'_>) -> Option<String> {
    let mut texts = Vec::new();
    while let Some(length) = data.octet() {
        texts.push(quoted(data.take(usize::from(length))?));
    }
    Some(texts.join(" "))
}

fn quoted(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for &octet in octets {
        match octet {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(octet));
            }
            0x20..=0x7e => text.push(char::from(octet)),
            _ => drop(write!(text, "\\{octet:03}")),
        }
    }
    text.push('"');
    text
}

/// RFC 9460 §2.1, its keys by §14.3.2.
fn service(data: &mut Reader<'_>) -> Option<String> {
    let mut text = format!("{} {}", data.word()?, data.name()?);
    while let Some(key) = data.word() {
        let length = usize::from(data.word()?);
        let value = data.take(length)?;
        text.push(' ');
        text.push_str(&parameter(key, value)?);
    }
    Some(text)
}

fn parameter(key: u16, value: &[u8]) -> Option<String> {
    Some(match key {
        0 => {
            let keys = value.chunks_exact(2).filter_map(<[u8]>::first_chunk);
            let keys: Vec<String> = keys.map(|k| key_name(u16::from_be_bytes(*k))).collect();
            format!("mandatory={}", keys.join(","))
        }
        1 => format!("alpn={}", protocols(value)?),
        2 if value.is_empty() => key_name(2),
        3 => format!("port={}", u16::from_be_bytes(*value.first_chunk()?)),
        4 => {
            let octets = value.chunks_exact(4).filter_map(<[u8]>::first_chunk::<4>);
            let hints: Vec<String> = octets.map(|o| Ipv4Addr::from(*o).to_string()).collect();
            format!("ipv4hint={}", hints.join(","))
        }
        6 => {
            let octets = value.chunks_exact(16).filter_map(<[u8]>::first_chunk::<16>);
            let hints: Vec<String> = octets.map(|o| Ipv6Addr::from(*o).to_string()).collect();
            format!("ipv6hint={}", hints.join(","))
        }
        _ if value.is_empty() => key_name(key),
        _ => format!("{}={}", key_name(key), quoted(value)),
    })
}

fn key_name(key: u16) -> String {
    const NAMES: [&str; 7] = [
        "mandatory",
        "alpn",
        "no-default-alpn",
        "port",
        "ipv4hint",
        "ech",
        "ipv6hint",
    ];
    let name = NAMES.get(usize::from(key));
    name.map_or_else(|| format!("key{key}"), ToString::to_string)
}

/// A list of protocols; a comma within one is escaped twice (RFC 9460 §A.1).
fn protocols(mut value: &[u8]) -> Option<String> {
    let mut list = Vec::new();
    while let Some((length, rest)) = value.split_first() {
        let (one, rest) = rest.split_at_checked(usize::from(*length))?;
        let one = String::from_utf8_lossy(one).replace('\\', r"\\");
        list.push(one.replace(',', r"\,"));
        value = rest;
    }
    Some(quoted(list.join(",").as_bytes()))
}
