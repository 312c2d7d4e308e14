//! One field of a record's data to text, and so whether it is well formed.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::base::{self, Base};
use super::data::{Data, Line, Why};
use super::field::Field;
use super::{gateway, identity, location, prefixes, services, stamp, svcb, windows};
use crate::wire::kind::Kind;
use crate::zone::words::LONGEST;

/// Takes a field off the data and shows it; why it cannot be.
pub(super) fn field(field: Field, data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    match field {
        Field::Octet(what) | Field::OctetWord(what, _) => line.next(data.octet(what)?),
        Field::Short(what) | Field::ShortWord(what, _) => line.next(data.short(what)?),
        Field::Long(what) => line.next(data.long(what)?),
        Field::Huge(what) => line.next(u64::from_be_bytes(data.array(what)?)),
        Field::Period(what) => {
            let seconds = data.long(what)?;
            // TTLs and intervals of texts end there (RFC 2181 §8).
            line.unsaid |= u64::from(seconds) > LONGEST;
            line.next(seconds);
        }
        Field::Stamp(what) => {
            let stamp = data.long(what)?;
            stamp::show(stamp, line.word());
        }
        Field::Kind(what) => windows::kind(Kind(data.short(what)?), line),
        Field::Address4 => line.next(Ipv4Addr::from(data.array::<4>("an IPv4 address")?)),
        Field::Address6 => line.next(Ipv6Addr::from(data.array::<16>("an IPv6 address")?)),
        Field::Name(what) | Field::Host(what) | Field::Mailbox(what) => {
            line.name(data.name(what)?);
        }
        Field::String(what) => line.quoted(data.string(what)?),
        Field::Digits(what) => digits(data, line, what)?,
        Field::MayString(what) => {
            if !data.is_empty() {
                line.quoted(data.string(what)?);
            }
        }
        Field::Strings(what) => loop {
            line.quoted(data.string(what)?);
            if data.is_empty() {
                break;
            }
        },
        Field::Tag(what) => tag(data, line, what)?,
        Field::Text(what, least) => line.quoted(data.rest(least, what)?),
        Field::Hex(what) | Field::Digest(what, _) => line.digits(Base::Hex, data.rest(0, what)?),
        Field::Base64(what) => line.digits(Base::Base64, data.rest(0, what)?),
        Field::Base64OrNone(what) => match data.rest(0, what)? {
            [] => line.next('-'),
            octets => line.digits(Base::Base64, octets),
        },
        Field::Salt(what) => match data.string(what)? {
            [] => line.next('-'),
            octets => line.digits(Base::Hex, octets),
        },
        Field::Hash(what) => {
            let octets = data.string(what)?;
            // Knot reads whole groups of eight digits, as the hashes of RFC 5155 §11 are.
            line.unsaid |= !octets.len().is_multiple_of(5);
            line.digits(Base::Base32, octets);
        }
        Field::Hardware(what, count) => hardware(data.take(count, what)?, line),
        Field::Groups(what) => groups(data, line, what)?,
        Field::Kinds => windows::show(data, line)?,
        Field::Nsap => {
            line.next("0x");
            base::encode(Base::Hex, data.rest(1, "the address")?, line.same());
        }
        Field::Services => services::show(data, line)?,
        Field::Location => location::show(data, line)?,
        Field::Prefixes => prefixes::show(data, line)?,
        Field::Gateway => gateway::show_ipsec(data, line)?,
        Field::Relay => gateway::show_relay(data, line)?,
        Field::Identity => identity::show(data, line)?,
        Field::Service => svcb::show(data, line)?,
    }
    Ok(())
}

fn digits(data: &mut Data<'_>, line: &mut Line<'_>, what: &str) -> Result<(), Why> {
    let digits = data.string(what)?;
    if digits.len() < 4 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(format!("{what} is digits, four or more"));
    }
    line.quoted(digits);
    Ok(())
}

fn tag(data: &mut Data<'_>, line: &mut Line<'_>, what: &str) -> Result<(), Why> {
    let tag = data.string(what)?;
    // NSD 4.6 reads small ones only.
    line.unsaid |= tag.iter().any(u8::is_ascii_uppercase);
    match std::str::from_utf8(tag) {
        Ok(text) if !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric) => line.next(text),
        _ => return Err(format!("{what} is letters and digits")),
    }
    Ok(())
}

fn hardware(octets: &[u8], line: &mut Line<'_>) {
    let out = line.word();
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push('-');
        }
        base::encode(Base::Hex, &[*octet], out);
    }
}

fn groups(data: &mut Data<'_>, line: &mut Line<'_>, what: &str) -> Result<(), Why> {
    let [a, b, c, d] = [(); 4].map(|()| data.short(what));
    let (a, b, c, d) = (a?, b?, c?, d?);
    line.next(format_args!("{a:04x}:{b:04x}:{c:04x}:{d:04x}"));
    Ok(())
}
