//! Record data as a length and hexadecimal digits, `\# 4 c0000201`, for every type (RFC 3597 §5), and what wire data must look like.

use super::report::Fault;
use super::svcb;
use super::words::Words;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// The data that the words say, checked if the type is one we know (RFC 3597 §5: it is the same record in either form).
pub(super) fn read(kind: Kind, words: &mut Words<'_>) -> Result<Vec<u8>, Fault> {
    let mark = words.next("`\\#`")?.span.clone();
    let length = words.number("the length in octets", u32::from(u16::MAX))? as usize;
    let mut data = Vec::with_capacity(length);
    let mut half = None;
    let mut all = mark.clone();
    while let Some(word) = words.peek() {
        words.skip();
        all.end = word.span.end;
        for &byte in words.bytes(word) {
            let Some(digit) = char::from(byte).to_digit(16) else {
                let message = format!("{} is not hexadecimal", words.quote(word));
                return Err(Fault::new(
                    &word.span,
                    message,
                    "write two digits 0-9 a-f for each octet",
                ));
            };
            half = match half {
                None => Some(digit << 4),
                Some(high) => {
                    data.push((high | digit) as u8);
                    None
                }
            };
        }
        if data.len() > length {
            break;
        }
    }
    if half.is_some() || data.len() != length {
        let message = format!("the data are not the {length} octets that the length says");
        return Err(Fault::new(
            &all,
            message,
            "correct the length, or the digits",
        ));
    }
    check(kind, &data).map_err(|why| {
        Fault::new(
            &all,
            format!("these octets are no {kind} record: {why}"),
            "write its own text form",
        )
    })?;
    Ok(data)
}

/// Whether the data of a type whose form we know are well formed; why not.
fn check(kind: Kind, data: &[u8]) -> Result<(), String> {
    let (fits, form) = match kind {
        Kind::A => (data.len() == 4, "it has 4 octets"),
        Kind::AAAA => (data.len() == 16, "it has 16 octets"),
        Kind::NS | Kind::CNAME | Kind::DNAME | Kind::PTR => {
            (names(data, 0, 1, 0), "it is one whole name")
        }
        Kind::MX => (
            names(data, 2, 1, 0),
            "it is a number of 2 octets and a whole name",
        ),
        Kind::SRV => (
            names(data, 6, 1, 0),
            "it is three numbers of 2 octets and a whole name",
        ),
        Kind::SOA => (names(data, 0, 2, 20), "it is two whole names and 20 octets"),
        Kind::TXT => (strings(data), "it is strings, each behind its length"),
        Kind::CAA => (
            caa(data),
            "it is flags, a tag of letters and digits behind its length, a value",
        ),
        Kind::SVCB | Kind::HTTPS => return svcb::check(data).map_err(|(why, _)| why),
        _ => (true, ""),
    };
    fits.then_some(()).ok_or_else(|| form.to_owned())
}

/// `before` octets, some names without compression, `after` octets, and nothing else.
fn names(data: &[u8], before: usize, count: usize, after: usize) -> bool {
    let Some(mut rest) = data.get(before..) else {
        return false;
    };
    for _ in 0..count {
        let Ok((_, used)) = Name::read(rest) else {
            return false;
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    rest.len() == after
}

fn strings(data: &[u8]) -> bool {
    let mut rest = data;
    while let Some((&length, after)) = rest.split_first() {
        let Some(next) = after.get(usize::from(length)..) else {
            return false;
        };
        rest = next;
    }
    !data.is_empty()
}

fn caa(data: &[u8]) -> bool {
    let tag = data
        .get(1)
        .and_then(|length| data.get(2..2 + usize::from(*length)));
    tag.is_some_and(|tag| !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric))
}
