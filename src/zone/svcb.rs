//! SVCB and HTTPS records: parameters from their text and the rules they must keep (RFC 9460 §2).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::report::Fault;
use super::words::Words;
use crate::wire::name::Name;

/// The parameters that have a text of their own (RFC 9460 §14.3.2, RFC 9461 §5, RFC 9540 §4).
const KEYS: [(&str, u16); 9] = [
    ("mandatory", MANDATORY),
    ("alpn", ALPN),
    ("no-default-alpn", NO_DEFAULT_ALPN),
    ("port", PORT),
    ("ipv4hint", IPV4HINT),
    ("ech", ECH),
    ("ipv6hint", IPV6HINT),
    ("dohpath", DOHPATH),
    ("ohttp", OHTTP),
];
const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6HINT: u16 = 6;
const DOHPATH: u16 = 7;
const OHTTP: u16 = 8;
/// Reserved as invalid.
const INVALID: u16 = u16::MAX;

/// RFC 9460 §2.4.2.
const ALIAS: &str = "a record of priority 0 is an alias and has no parameters";
const NO_ALIAS: &str = "take them out, or give it a priority from 1 on";

/// One parameter as read.
struct Param {
    key: u16,
    value: Vec<u8>,
    span: Range<usize>,
}

/// Priority, target and parameters, these in the order of their keys (RFC 9460 §2.2).
pub(super) fn read(words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let [_, _, high, low] = words
        .number("the priority", u32::from(u16::MAX))?
        .to_be_bytes();
    let mut data = vec![high, low];
    data.extend_from_slice(words.host("the target")?.wire());
    let mut all = words.peek().map_or(0..0, |word| word.span.clone());
    let mut params = Vec::new();
    while let Some(word) = words.peek() {
        words.skip();
        all.end = word.span.end;
        params.push(param(words, &word.span)?);
    }
    params.sort_by_key(|param| param.key);
    if let Some([_, second]) = params.windows(2).find(|pair| pair[0].key == pair[1].key) {
        let message = format!("the parameter `{}` stands here twice", key_name(second.key));
        return Err(Fault::new(&second.span, message, "write it once"));
    }
    if let (true, Some(first)) = (high == 0 && low == 0, params.first()) {
        return Err(Fault::new(&first.span, ALIAS, NO_ALIAS));
    }
    for param in &params {
        data.extend(param.key.to_be_bytes());
        data.extend((param.value.len() as u16).to_be_bytes());
        data.extend_from_slice(&param.value);
    }
    if data.len() > usize::from(u16::MAX) {
        return Err(Fault::new(
            &all,
            "the record has more than 65535 octets",
            "shorten it",
        ));
    }
    check(&data).map_err(|(why, advice)| Fault::new(&all, why, advice))?;
    Ok(data)
}

/// `key` or `key=value`.
fn param(words: &Words<'_>, span: &Range<usize>) -> Result<Param, Fault> {
    let text = words.at(span);
    let equals = text.iter().position(|b| *b == b'=');
    let split = span.start + equals.unwrap_or(text.len());
    let name = span.start..split;
    let Some(key) = key_of(words.at(&name)) else {
        let message = format!("{} is not a parameter", words.quote_at(&name));
        let known: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        let advice = format!("write one of {}, or `key` and its number", known.join(", "));
        return Err(Fault::new(&name, message, advice));
    };
    let value = match equals {
        None => Vec::new(),
        Some(_) => words.decoded_at(&(split + 1..span.end))?,
    };
    let value = if words.at(&name).to_ascii_lowercase().starts_with(b"key") {
        Ok(value)
    } else {
        encode(key, equals.is_some(), &value)
    };
    let value =
        value.map_err(|why| Fault::new(span, format!("{}: {why}", words.quote_at(span)), ""))?;
    if value.len() > usize::from(u16::MAX) {
        return Err(Fault::new(
            span,
            "the value has more than 65535 octets",
            "shorten it",
        ));
    }
    Ok(Param {
        key,
        value,
        span: span.clone(),
    })
}

/// A known word, or `key` and a number without leading zeros (RFC 9460 §2.1). Keys are small letters.
fn key_of(text: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some((_, key)) = KEYS.iter().find(|(name, _)| *name == text) {
        return Some(*key);
    }
    let digits = text.strip_prefix("key")?;
    let plain =
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|key| plain && *key != INVALID)
}

fn key_name(key: u16) -> String {
    let known = KEYS.iter().find(|(_, number)| *number == key);
    known.map_or_else(|| format!("key{key}"), |(name, _)| (*name).to_owned())
}

/// A value without quotes and escapes to its wire form; why it cannot be.
fn encode(key: u16, given: bool, value: &[u8]) -> Result<Vec<u8>, &'static str> {
    let text = std::str::from_utf8(value);
    match (key, given) {
        (NO_DEFAULT_ALPN | OHTTP, false) => return Ok(Vec::new()),
        (NO_DEFAULT_ALPN | OHTTP, true) => return Err("this parameter has no value"),
        (_, false) => return Err("this parameter wants `=` and a value"),
        (DOHPATH, true) => return Ok(value.to_vec()),
        (ALPN, true) => return alpn(value),
        _ => {}
    }
    let text = text.map_err(|_| "the value is not text")?;
    let mut out = Vec::new();
    match key {
        MANDATORY => {
            let mut keys = Vec::new();
            for name in text.split(',') {
                keys.push(
                    key_of(name.as_bytes()).ok_or("each item of the list is a parameter's name")?,
                );
            }
            keys.sort_unstable();
            keys.iter().for_each(|key| out.extend(key.to_be_bytes()));
        }
        PORT => {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let port: Option<u16> = text.parse().ok().filter(|_| digits);
            out.extend(
                port.ok_or("a port is a number from 0 to 65535")?
                    .to_be_bytes(),
            );
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
        _ => out = base64(value).ok_or("the value is not base64")?,
    }
    Ok(out)
}

/// A comma-separated list whose items escape commas and backslashes once more (RFC 9460 appendix A.1).
fn alpn(value: &[u8]) -> Result<Vec<u8>, &'static str> {
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
        out.push(length.ok_or("a protocol has 1 to 255 octets")?);
        out.extend(item);
    }
    Ok(out)
}

/// RFC 4648 §4, with padding.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    if text.is_empty() || !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let digits = text.get(..text.len().checked_sub(padding)?)?;
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for &byte in digits {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    // Bits beyond the last octet must be zero (RFC 4648 §3.5).
    (bits & ((1 << held) - 1) == 0).then_some(out)
}

/// Why data are no SVCB record, and what to do.
type Why = (String, &'static str);

fn why(message: impl Into<String>, advice: &'static str) -> Why {
    (message.into(), advice)
}

/// Whether wire data are a well-formed SVCB record.
pub(super) fn check(data: &[u8]) -> Result<(), Why> {
    let cut = |what: &str| why(format!("{what} cut short"), "write all of it");
    let rest = data.get(2..).ok_or_else(|| cut("the priority is"))?;
    let (_, used) = Name::read(rest).map_err(|_| cut("the target is"))?;
    let mut rest = rest.get(used..).unwrap_or_default();
    if data.starts_with(&[0, 0]) && !rest.is_empty() {
        return Err(why(ALIAS, NO_ALIAS));
    }
    let mut keys: Vec<u16> = Vec::new();
    let mut mandatory: &[u8] = &[];
    while let Some((&[k1, k2, l1, l2], after)) = rest.split_first_chunk() {
        let key = u16::from_be_bytes([k1, k2]);
        let length = usize::from(u16::from_be_bytes([l1, l2]));
        let (value, next) = after
            .split_at_checked(length)
            .ok_or_else(|| cut("a parameter is"))?;
        rest = next;
        if keys.last().is_some_and(|last| *last >= key) {
            return Err(why(
                "the parameters are not in the order of their keys",
                "order them, each once",
            ));
        }
        keys.push(key);
        if key == MANDATORY {
            mandatory = value;
        }
        if !fits(key, value) {
            let message = format!("the value of `{}` is malformed", key_name(key));
            return Err(why(message, "write the parameter by its name"));
        }
    }
    if !rest.is_empty() {
        return Err(cut("a parameter is"));
    }
    promises(&keys, mandatory)
}

/// What parameters say about each other (RFC 9460 §7.1.1 and §8).
fn promises(keys: &[u16], mandatory: &[u8]) -> Result<(), Why> {
    let listed: Vec<u16> = mandatory
        .as_chunks()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
        .collect();
    if let Some([_, twice]) = listed.windows(2).find(|pair| pair[0] >= pair[1]) {
        let message = format!(
            "`mandatory` lists `{}` twice or out of order",
            key_name(*twice)
        );
        return Err(why(message, "list each parameter once"));
    }
    if listed.contains(&MANDATORY) {
        return Err(why("`mandatory` lists itself", "take it out of the list"));
    }
    if let Some(absent) = listed.iter().find(|key| !keys.contains(key)) {
        let message = format!(
            "`mandatory` lists `{}`, which is not there",
            key_name(*absent)
        );
        return Err(why(
            message,
            "write that parameter too, or take it out of the list",
        ));
    }
    if keys.contains(&NO_DEFAULT_ALPN) && !keys.contains(&ALPN) {
        return Err(why(
            "`no-default-alpn` stands without `alpn`",
            "write `alpn` too",
        ));
    }
    Ok(())
}

/// Whether a value has the form that its key wants.
fn fits(key: u16, value: &[u8]) -> bool {
    let multiple = |size: usize| !value.is_empty() && value.len().is_multiple_of(size);
    match key {
        MANDATORY => multiple(2),
        ALPN => {
            let mut rest = value;
            while let Some((&length, after)) = rest.split_first() {
                match after.get(usize::from(length)..) {
                    Some(next) if length > 0 => rest = next,
                    _ => return false,
                }
            }
            !value.is_empty()
        }
        NO_DEFAULT_ALPN | OHTTP => value.is_empty(),
        PORT => value.len() == 2,
        IPV4HINT => multiple(4),
        IPV6HINT => multiple(16),
        ECH => !value.is_empty(),
        DOHPATH => !value.is_empty() && std::str::from_utf8(value).is_ok(),
        INVALID => false,
        _ => true,
    }
}
