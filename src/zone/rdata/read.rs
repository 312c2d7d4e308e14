//! One field of a record's data from its words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::base::{self, Base, too_long};
use super::field::{Field, Mnemonics, Sizes};
use super::{gateway, identity, location, prefixes, services, stamp, svcb, windows};
use crate::limits;
use crate::wire::kind::Kind;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// Reads a field straight behind what `out` holds. `start` is where the data of the record begin there.
pub(super) fn field(
    field: Field,
    words: &mut Words<'_>,
    out: &mut Vec<u8>,
    start: usize,
) -> Result<(), Fault> {
    match field {
        Field::Octet(wanted) => octet(words, wanted, out),
        Field::Short(wanted) => short(words, wanted, out),
        Field::Long(wanted) => put(out, words.number(wanted, u32::MAX)?.to_be_bytes()),
        Field::Huge(wanted) => put(out, huge(words, wanted)?.to_be_bytes()),
        Field::OctetWord(wanted, list) => {
            let [_, low] = mnemonic(words, wanted, 255, list)?.to_be_bytes();
            put(out, [low])
        }
        Field::ShortWord(wanted, list) => {
            put(out, mnemonic(words, wanted, u16::MAX, list)?.to_be_bytes())
        }
        Field::Period(wanted) => put(out, words.period(wanted)?.to_be_bytes()),
        Field::Stamp(wanted) => put(out, stamp::read(words, wanted)?.to_be_bytes()),
        Field::Kind(wanted) => put(out, kind(words, wanted)?.0.to_be_bytes()),
        Field::Address4 => put(out, address4(words)?.octets()),
        Field::Address6 => put(out, address6(words)?.octets()),
        Field::Name(wanted) => words.name_to(wanted, out),
        Field::Host(wanted) => words.host_to(wanted, out),
        Field::Mailbox(wanted) => mailbox(words, wanted, out),
        Field::String(wanted) => words.string_to(wanted, out),
        Field::Digits(wanted) => digits(words, wanted, out),
        Field::MayString(wanted) => match words.peek() {
            Some(_) => words.string_to(wanted, out),
            None => Ok(()),
        },
        Field::Strings(wanted) => strings(words, wanted, out),
        Field::Tag(wanted) => tag(words, wanted, out),
        Field::Text(wanted, least) => text(words, wanted, least, out),
        Field::Hex(wanted) => base::to_end(Base::Hex, words, wanted, out),
        Field::Digest(wanted, sizes) => digest(words, wanted, sizes, out, start),
        Field::Base64(wanted) => base::to_end(Base::Base64, words, wanted, out),
        Field::Base64OrNone(wanted) => match none(words) {
            true => Ok(()),
            false => base::to_end(Base::Base64, words, wanted, out),
        },
        Field::Salt(wanted) => salt(words, wanted, out),
        Field::Hash(wanted) => counted(words, wanted, out, |words, out| {
            base::word(Base::Base32, words, wanted, out)
        }),
        Field::Hardware(wanted, count) => hardware(words, wanted, count, out),
        Field::Groups(wanted) => groups(words, wanted, out),
        Field::Kinds => windows::read(words, out),
        Field::Nsap => nsap(words, out),
        Field::Services => services::read(words, out),
        Field::Location => location::read(words, out),
        Field::Prefixes => prefixes::read(words, out),
        Field::Gateway => gateway::read_ipsec(words, out),
        Field::Relay => gateway::read_relay(words, out),
        Field::Identity => identity::read(words, out),
        Field::Service => svcb::read(words, out),
    }
}

fn put<const N: usize>(out: &mut Vec<u8>, octets: [u8; N]) -> Result<(), Fault> {
    out.extend_from_slice(&octets);
    Ok(())
}

/// A number of 8 bits.
pub(super) fn octet(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let [.., low] = words.number(wanted, 255)?.to_be_bytes();
    put(out, [low])
}

/// A number of 16 bits.
pub(super) fn short(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let [_, _, high, low] = words.number(wanted, u32::from(u16::MAX))?.to_be_bytes();
    put(out, [high, low])
}

fn huge(words: &mut Words<'_>, wanted: &str) -> Result<u64, Fault> {
    let (text, word) = words.ascii(wanted)?;
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse().ok().filter(|_| digits);
    let advice = format!("write a number from 0 to {}", u64::MAX);
    value.ok_or_else(|| words.stray(word, wanted, advice))
}

/// A number of at most `most`, or its word in any case.
pub(super) fn mnemonic(
    words: &mut Words<'_>,
    wanted: &str,
    most: u16,
    list: Mnemonics,
) -> Result<u16, Fault> {
    let (text, word) = words.ascii(wanted)?;
    let named = list
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if let Some((_, number)) = named {
        return Ok(*number);
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse().ok().filter(|n| digits && *n <= most);
    value.ok_or_else(|| {
        let names: Vec<&str> = list.iter().take(3).map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let advice = format!("write a number from 0 to {most}, or its mnemonic, like {names}");
        words.stray(word, wanted, advice)
    })
}

fn kind(words: &mut Words<'_>, wanted: &str) -> Result<Kind, Fault> {
    let (text, word) = words.ascii(wanted)?;
    let advice = "write a type like A, or `TYPE` and its number";
    text.parse().map_err(|()| words.stray(word, wanted, advice))
}

/// An IPv4 address.
pub(super) fn address4(words: &mut Words<'_>) -> Result<Ipv4Addr, Fault> {
    let advice = "write it as in `192.0.2.1`; an IPv6 address is of type AAAA";
    words.parsed("an IPv4 address", advice)
}

fn address6(words: &mut Words<'_>) -> Result<Ipv6Addr, Fault> {
    let advice = "write it as in `2001:db8::1`; an IPv4 address is of type A";
    words.parsed("an IPv6 address", advice)
}

fn mailbox(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    if let Some(word) = words.peek() {
        let bytes = words.bytes(word);
        let mut before = b' ';
        let at = bytes.iter().any(|byte| {
            let bare = *byte == b'@' && before != b'\\';
            before = *byte;
            bare
        });
        if at && bytes.len() > 1 {
            let message = format!("{} has an `@` where a mailbox is a name", words.quote(word));
            let advice = "write `hostmaster.example.com.` for hostmaster@example.com";
            return Err(Fault::new(&word.span, message, advice));
        }
    }
    words.name_to(wanted, out)
}

fn strings(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    loop {
        words.string_to(wanted, out)?;
        if let (true, Some(word)) = (out.len() - start > limits::RDATA, words.last()) {
            let message = format!(
                "the strings have more than {} octets together",
                limits::RDATA
            );
            return Err(Fault::new(&word.span, message, "shorten them"));
        }
        if words.peek().is_none() {
            return Ok(());
        }
    }
}

/// RFC 1183 §3.1: four digits or more.
fn digits(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    words.string_to(wanted, out)?;
    let string = out.get(start + 1..).unwrap_or_default();
    match words.last() {
        Some(word) if string.len() < 4 || !string.iter().all(u8::is_ascii_digit) => {
            let message = format!("{} is not {wanted}", words.quote(word));
            let advice = "write its digits, four or more, without blanks or signs";
            Err(Fault::new(&word.span, message, advice))
        }
        _ => Ok(()),
    }
}

fn tag(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (tag, word) = words.ascii(wanted)?;
    let length = u8::try_from(tag.len()).ok().filter(|length| *length > 0);
    let Some(length) = length.filter(|_| tag.bytes().all(|b| b.is_ascii_alphanumeric())) else {
        let message = format!("{} is not a tag", words.quote(word));
        let advice = "a tag is a word like `issue`, `issuewild`, `iodef`";
        return Err(Fault::new(&word.span, message, advice));
    };
    out.push(length);
    out.extend_from_slice(tag.as_bytes());
    Ok(())
}

fn text(words: &mut Words<'_>, wanted: &str, least: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let word = words.next(wanted)?;
    let start = out.len();
    words.decoded_to(&word.span, out)?;
    if out.len() - start < least {
        let message = format!("{wanted} is empty");
        return Err(Fault::new(&word.span, message, format!("write {wanted}")));
    }
    if out.len() - start > limits::RDATA {
        return Err(too_long(&word.span));
    }
    Ok(())
}

/// A digest of a length that no digest of its kind has is served as it is, with a warning: nobody can use it.
fn digest(
    words: &mut Words<'_>,
    wanted: &str,
    sizes: Sizes,
    out: &mut Vec<u8>,
    start: usize,
) -> Result<(), Fault> {
    let before = out.len();
    let first = words.peek();
    base::to_end(Base::Hex, words, wanted, out)?;
    let kind = out.get(start..before).and_then(<[u8]>::last);
    let size = sizes.iter().find(|(number, _)| Some(number) == kind);
    let length = out.len() - before;
    if let (Some((number, size)), Some(word)) = (size.filter(|(_, size)| *size != length), first) {
        let octets = if length == 1 { "octet" } else { "octets" };
        let message =
            format!("{wanted} has {length} {octets}, and with type {number} it has {size}");
        let advice = "look whether it was copied whole; as it is, nobody can use it";
        words.doubts.push(Fault::new(&word.span, message, advice));
    }
    Ok(())
}

/// A hyphen that stands for nothing.
fn none(words: &mut Words<'_>) -> bool {
    let none = words.peek().is_some_and(|word| words.bytes(word) == b"-");
    if none {
        words.skip();
    }
    none
}

fn salt(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    if none(words) {
        return put(out, [0]);
    }
    counted(words, wanted, out, |words, out| {
        base::word(Base::Hex, words, wanted, out)
    })
}

/// What `read` writes, behind its length in one octet.
fn counted(
    words: &mut Words<'_>,
    wanted: &str,
    out: &mut Vec<u8>,
    read: impl FnOnce(&mut Words<'_>, &mut Vec<u8>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let start = out.len();
    out.push(0);
    read(words, out)?;
    let length = out.len() - start - 1;
    match (u8::try_from(length), out.get_mut(start), words.last()) {
        (Ok(octet), Some(place), _) => *place = octet,
        (.., Some(word)) => {
            let message = format!("{wanted} has {length} octets, and 255 is the most");
            return Err(Fault::new(&word.span, message, "shorten it"));
        }
        _ => {}
    }
    Ok(())
}

/// RFC 7043 §3.2 and §4.2.
fn hardware(
    words: &mut Words<'_>,
    wanted: &str,
    count: usize,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let (text, word) = words.ascii(wanted)?;
    let octets: Option<Vec<u8>> = text
        .split('-')
        .map(
            |pair| match base::decode(Base::Hex, pair.as_bytes())?.as_slice() {
                [octet] => Some(*octet),
                _ => None,
            },
        )
        .collect();
    let Some(octets) = octets.filter(|octets| octets.len() == count) else {
        let example = ["00-00-5e-00-53-2a", "00-00-5e-ef-10-00-00-2a"];
        let example = example[usize::from(count > 6)];
        let advice = format!("write {count} pairs of digits, as in `{example}`");
        return Err(words.stray(word, wanted, advice));
    };
    out.extend(octets);
    Ok(())
}

fn groups(words: &mut Words<'_>, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (text, word) = words.ascii(wanted)?;
    let start = out.len();
    for group in text.split(':') {
        let digits = group.len() <= 4 && group.bytes().all(|b| b.is_ascii_hexdigit());
        match u16::from_str_radix(group, 16).ok().filter(|_| digits) {
            Some(value) => out.extend(value.to_be_bytes()),
            None => break,
        }
    }
    if out.len() - start == 8 && text.split(':').count() == 4 {
        return Ok(());
    }
    let advice = "write four groups of hexadecimal digits, as in `2001:0db8:1140:1000`";
    Err(words.stray(word, wanted, advice))
}

/// RFC 1706 §5.
fn nsap(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let wanted = "an NSAP address";
    let (text, word) = words.ascii(wanted)?;
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .map(|digits| digits.replace('.', ""));
    let octets = digits.and_then(|digits| base::decode(Base::Hex, digits.as_bytes()));
    let Some(octets) = octets.filter(|octets| !octets.is_empty()) else {
        let advice = "write `0x` and two digits 0-9 a-f for each octet";
        return Err(words.stray(word, wanted, advice));
    };
    out.extend(octets);
    Ok(())
}
