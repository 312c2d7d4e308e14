//! What stands between the owner and the data of a record: TTL, class and type (RFC 1035 §5.1).

use std::ops::Range;

use super::report::{Fault, quote};
use super::words::{Words, period};
use crate::wire::kind::Kind;

const NO_TYPE: &str =
    "write a type like A, or `TYPE` and its number; a line without an owner begins with a blank";

/// The types that most records are of, as most people write them.
fn usual(bytes: &[u8]) -> Option<Kind> {
    Some(match bytes {
        b"A" => Kind::A,
        b"AAAA" => Kind::AAAA,
        b"CNAME" => Kind::CNAME,
        b"MX" => Kind::MX,
        b"NS" => Kind::NS,
        b"PTR" => Kind::PTR,
        b"SRV" => Kind::SRV,
        b"TXT" => Kind::TXT,
        _ => return None,
    })
}

/// TTL and class in either order, each at most once, then the type.
pub(super) fn head(text: &[u8], words: &mut Words<'_>) -> Result<(Kind, Option<u32>), Fault> {
    let (mut ttl, mut class) = (None, false);
    loop {
        let word = words.next("a type")?;
        let bytes = words.bytes(word);
        if let Some(kind) = usual(bytes) {
            return Ok((kind, ttl));
        }
        let written = std::str::from_utf8(bytes).unwrap_or_default();
        let fault = |message: &str, advice: &str| {
            let message = format!("{} {message}", quote(text, &word.span));
            Fault::new(&word.span, message, advice)
        };
        match class_of(written) {
            Some(_) if class => return Err(fault("is a second class", "write one, or none")),
            Some(Class::Internet) => class = true,
            Some(Class::Other) => {
                let message = "is a class that is not served";
                return Err(fault(message, "records are of class IN"));
            }
            None if bytes.first().is_some_and(u8::is_ascii_digit) => {
                let message = "stands where a type was expected";
                if ttl.is_some() {
                    return Err(fault(message, "the TTL is written already"));
                }
                if bytes.iter().any(|b| matches!(b, b'.' | b':')) {
                    return Err(fault(message, NO_TYPE));
                }
                let advice = "write seconds, or units as in `1h30m`, at most 2147483647 seconds";
                ttl = Some(period(written).ok_or_else(|| fault("is not a TTL", advice))?);
            }
            None => {
                let kind: Result<Kind, ()> = written.parse();
                let kind = kind.map_err(|()| fault("is not a type", NO_TYPE))?;
                return Ok((kind, ttl));
            }
        }
    }
}

/// What the class of a record may be.
pub(super) enum Class {
    Internet,
    Other,
}

/// The class that a word is (RFC 3597 §5 has the form `CLASS1`).
pub(super) fn class_of(text: &str) -> Option<Class> {
    if text.eq_ignore_ascii_case("IN") {
        return Some(Class::Internet);
    }
    let others = ["CH", "HS", "CS", "NONE"];
    if others.iter().any(|class| text.eq_ignore_ascii_case(class)) {
        return Some(Class::Other);
    }
    let number = text
        .get(..5)
        .filter(|t| t.eq_ignore_ascii_case("CLASS"))
        .and(text.get(5..))?;
    let number: u16 = number.parse().ok()?;
    Some(if number == 1 {
        Class::Internet
    } else {
        Class::Other
    })
}

/// Types that no zone of ours may hold.
pub(super) fn refused(kind: Kind, shown: &Range<usize>) -> Option<Fault> {
    if kind.is_dnssec() {
        let message = format!("the zone is signed ({kind}), and signed zones are not served yet");
        let advice = "load the unsigned zone: without RRSIG, NSEC, NSEC3, NSEC3PARAM and DNSKEY";
        return Some(Fault::new(shown, message, advice));
    }
    if kind.is_meta() || kind == Kind(0) {
        let message = format!("{kind} is not a type of records");
        let advice = "it exists in messages only; take the record out";
        return Some(Fault::new(shown, message, advice));
    }
    None
}
