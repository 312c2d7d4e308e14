//! The values of the parameters of SVCB and HTTPS records (RFC 9460 §7).

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::base::{Base, decode, encode as digits};
use super::super::data::escaped;
use super::{common_name, key_of};

pub(super) const MANDATORY: u16 = 0;
pub(super) const ALPN: u16 = 1;
pub(super) const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6HINT: u16 = 6;
const DOHPATH: u16 = 7;
const OHTTP: u16 = 8;
const GROUPS: u16 = 9;
const DOCPATH: u16 = 10;
const PVD: u16 = 11;
/// Keys from here on are shown by their numbers: NSD 4.6, Knot 3.2 and BIND 9.18 do not all know their names.
pub(super) const YOUNG: u16 = DOHPATH;
/// Reserved as invalid.
pub(super) const INVALID: u16 = u16::MAX;

/// A value without quotes and escapes to its wire form; why it cannot be.
pub(super) fn encode(key: u16, given: bool, value: &[u8]) -> Result<Vec<u8>, &'static str> {
    match (key, given) {
        (NO_DEFAULT_ALPN | OHTTP | PVD, false) => return Ok(Vec::new()),
        (NO_DEFAULT_ALPN | OHTTP | PVD, true) => return Err("this parameter has no value"),
        // The root of the server has a path without segments.
        (DOCPATH, false) => return Ok(Vec::new()),
        (_, false) => return Err("this parameter wants `=` and a value"),
        (DOHPATH, true) => return Ok(value.to_vec()),
        (ALPN, true) => return list(value, "a protocol has 1 to 255 octets"),
        (DOCPATH, true) if value.is_empty() => return Ok(Vec::new()),
        (DOCPATH, true) => return list(value, "a segment of the path has 1 to 255 octets"),
        _ => {}
    }
    let text = std::str::from_utf8(value).map_err(|_| "the value is not text")?;
    let mut out = Vec::new();
    match key {
        MANDATORY => {
            let wrong = "each item of the list is a parameter's name";
            let keys: Option<Vec<u16>> = text
                .split(',')
                .map(|name| key_of(name.as_bytes()))
                .collect();
            let mut keys = keys.ok_or(wrong)?;
            keys.sort_unstable();
            keys.iter().for_each(|key| out.extend(key.to_be_bytes()));
        }
        PORT => {
            let port = number(text).ok_or("a port is a number from 0 to 65535")?;
            out.extend(port.to_be_bytes());
        }
        IPV4HINT => {
            for item in text.split(',') {
                let address: Ipv4Addr = item
                    .parse()
                    .map_err(|_| "a hint is a list of IPv4 addresses")?;
                out.extend(address.octets());
            }
        }
        IPV6HINT => {
            for item in text.split(',') {
                let address: Ipv6Addr = item
                    .parse()
                    .map_err(|_| "a hint is a list of IPv6 addresses")?;
                out.extend(address.octets());
            }
        }
        GROUPS => {
            for item in text.split(',') {
                let group = number(item).ok_or("groups are a list of numbers from 0 to 65535")?;
                out.extend(group.to_be_bytes());
            }
        }
        _ => {
            out = decode(Base::Base64, value)
                .filter(|v| !v.is_empty())
                .ok_or("the value is not base64")?
        }
    }
    Ok(out)
}

fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A comma-separated list whose items escape commas and backslashes once more (RFC 9460 appendix A.1).
fn list(value: &[u8], wrong: &'static str) -> Result<Vec<u8>, &'static str> {
    let mut items = vec![Vec::new()];
    let mut bytes = value.iter();
    while let Some(&byte) = bytes.next() {
        let octet = match byte {
            b',' => {
                items.push(Vec::new());
                continue;
            }
            b'\\' => *bytes.next().ok_or("the list ends in a backslash")?,
            _ => byte,
        };
        if let Some(item) = items.last_mut() {
            item.push(octet);
        }
    }
    let mut out = Vec::new();
    for item in items {
        let length = u8::try_from(item.len()).ok().filter(|n| *n > 0);
        out.push(length.ok_or(wrong)?);
        out.extend(item);
    }
    Ok(out)
}

/// The items of such a list in wire form; none if it is malformed.
fn items(value: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut items, mut rest) = (Vec::new(), value);
    while let Some((&length, after)) = rest.split_first() {
        let (item, next) = after.split_at_checked(usize::from(length))?;
        if item.is_empty() {
            return None;
        }
        items.push(item);
        rest = next;
    }
    Some(items)
}

/// Whether a value has the form that its key wants.
pub(super) fn fits(key: u16, value: &[u8]) -> bool {
    let multiple = |size: usize| !value.is_empty() && value.len().is_multiple_of(size);
    match key {
        MANDATORY | GROUPS => multiple(2),
        ALPN => !value.is_empty() && items(value).is_some(),
        DOCPATH => items(value).is_some(),
        NO_DEFAULT_ALPN | OHTTP | PVD => value.is_empty(),
        PORT => value.len() == 2,
        IPV4HINT => multiple(4),
        IPV6HINT => multiple(16),
        ECH => !value.is_empty(),
        // RFC 9461 §5.
        DOHPATH => !value.is_empty() && std::str::from_utf8(value).is_ok(),
        INVALID => false,
        _ => true,
    }
}

/// Whether all servers read the text of a value as we do. Knot 3.2 misreads lists with a comma or a backslash in an item,
/// or with an item of one octet that is not the last; NSD 4.6 takes no item that has over 254 characters with its escapes,
/// and reads `key1` as if it were `alpn`, so that this is no way out. No registered protocol is any of these.
pub(super) fn is_common(key: u16, value: &[u8]) -> bool {
    let list = items(value).unwrap_or_default();
    let plain = |(index, item): (usize, &&[u8])| {
        let ends = index + 1 == list.len() || item.len() > 1;
        ends && item.len() <= 63 && !item.iter().any(|octet| matches!(octet, b',' | b'\\'))
    };
    key != ALPN || list.iter().enumerate().all(plain)
}

/// Writes `=` and a value that [`fits`]; nothing if it is empty.
pub(super) fn show(key: u16, value: &[u8], out: &mut String) {
    if value.is_empty() {
        return;
    }
    out.push('=');
    let shorts = value.as_chunks().0.iter().map(|v| u16::from_be_bytes(*v));
    match key {
        MANDATORY => joined(shorts.map(common_name), out),
        ALPN => {
            // Items that would need escapes are not shown.
            let list = items(value).unwrap_or_default().join(&b',');
            quoted(&list, out);
        }
        PORT => joined(shorts, out),
        IPV4HINT => joined(
            value.as_chunks::<4>().0.iter().map(|a| Ipv4Addr::from(*a)),
            out,
        ),
        IPV6HINT => joined(
            value.as_chunks::<16>().0.iter().map(|a| Ipv6Addr::from(*a)),
            out,
        ),
        ECH => digits(Base::Base64, value, out),
        // All others are shown by the numbers of their keys: as they are.
        _ => quoted(value, out),
    }
}

fn quoted(octets: &[u8], out: &mut String) {
    out.push('"');
    escaped(octets, out);
    out.push('"');
}

fn joined(items: impl Iterator<Item = impl std::fmt::Display>, out: &mut String) {
    for (index, item) in items.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(out, "{comma}{item}");
    }
}
