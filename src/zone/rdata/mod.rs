//! The data of records: from their text, back to text, whether they are well formed, and the names in them.
//!
//! A type is a list of fields, one line in `table`; each kind of field is read in `read` and shown in `shown`, the larger
//! ones in files of their own. What goes through `shown` is well formed, and reads back as it was.

mod base;
mod data;
mod field;
mod gateway;
mod identity;
mod location;
mod opaque;
mod prefixes;
mod read;
mod services;
mod shown;
mod stamp;
mod svcb;
mod table;
#[cfg(test)]
mod tests;
mod windows;

use self::data::{Data, Line};
use self::field::Field;
use super::report::Fault;
use super::words::Words;
use crate::limits;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// Reads the data that the words say, uncompressed, straight behind what `out` holds. After an error a part of them may
/// stand there.
pub(super) fn read(kind: Kind, words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let first = words.peek().filter(|word| !word.quoted);
    if first.is_some_and(|word| words.bytes(word) == b"\\#") {
        return opaque::read(kind, words, out);
    }
    let Some(fields) = table::fields(kind) else {
        return Err(unknown(kind, words));
    };
    let start = out.len();
    for field in fields {
        read::field(*field, words, out, start)?;
    }
    words.done()?;
    match words.last() {
        Some(word) if out.len() - start > limits::RDATA => Err(base::too_long(&word.span)),
        _ => Ok(()),
    }
}

fn unknown(kind: Kind, words: &mut Words<'_>) -> Fault {
    match words.next("the record's data") {
        Err(fault) => fault,
        Ok(word) => {
            let message = format!("the type {kind} has no text form");
            let advice = r"write the data as `\# LENGTH HEX` (RFC 3597 §5)";
            Fault::new(&word.span, message, advice)
        }
    }
}

/// Whether wire data are well formed, as far as the type is known; why not.
pub(super) fn check(kind: Kind, data: &[u8]) -> Result<(), String> {
    match table::fields(kind) {
        Some(fields) => shown(fields, data, &mut String::new()).map(drop),
        None => Ok(()),
    }
}

/// Shows all fields; whether the text says it all.
fn shown(fields: &[Field], data: &[u8], out: &mut String) -> Result<bool, String> {
    let (mut data, mut line) = (Data(data), Line::new(out));
    for field in fields {
        shown::field(*field, &mut data, &mut line)?;
    }
    match data.0.len() {
        0 => Ok(!line.unsaid),
        1 => Err("an octet stands behind its end".into()),
        more => Err(format!("{more} octets stand behind its end")),
    }
}

/// Writes uncompressed record data as a zone file has them, names absolute; what reads back as the same octets. Types
/// and data without a text form, and malformed data, become `\# LENGTH HEX` (RFC 3597 §5). Other servers read the text too, if they
/// know the type: see [`Kind::is_common`].
pub fn presentation(kind: Kind, rdata: &[u8], out: &mut String) {
    let start = out.len();
    // NSD 4.6 reads the first string of an SPF text, and drops the others.
    let cut = |first: &u8| kind == Kind::SPF && rdata.len() > 1 + usize::from(*first);
    let fields = table::fields(kind).filter(|_| !rdata.first().is_some_and(cut));
    if fields.is_none_or(|fields| shown(fields, rdata, out) != Ok(true)) {
        out.truncate(start);
        opaque::show(rdata, out);
    }
}

/// Writes record data in the one form that all types have, `\# LENGTH HEX` (RFC 3597 §5).
pub fn generic(rdata: &[u8], out: &mut String) {
    opaque::show(rdata, out);
}

/// Writes uncompressed record data in canonical form, in which equal records are equal octets: the names in the data of
/// the types that RFC 4034 §6.2 lists have small letters (NSEC not: RFC 6840 §5.1).
pub fn canonical(kind: Kind, rdata: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(rdata);
    let (Some(fields), true) = (table::fields(kind), folds(kind)) else {
        return;
    };
    let mut at = start;
    for field in fields {
        let rest = out.get(at..).unwrap_or_default();
        let length = match field {
            Field::Octet(_) | Field::OctetWord(..) => 1,
            Field::Short(_) | Field::Kind(_) => 2,
            Field::Long(_) | Field::Period(_) | Field::Stamp(_) => 4,
            Field::String(_) => 1 + rest.first().map_or(0, |length| usize::from(*length)),
            Field::Name(_) | Field::Host(_) | Field::Mailbox(_) => {
                let length = Name::measure(rest).unwrap_or_default();
                // The lengths of labels are no letters.
                let name = out.get_mut(at..at + length).unwrap_or_default();
                name.make_ascii_lowercase();
                length
            }
            _ => return,
        };
        at += length;
    }
}

/// Types that old servers compressed or folded, and that so are compared without regard to case.
fn folds(kind: Kind) -> bool {
    matches!(
        kind.0,
        2..=9 | 12 | 14 | 15 | 17 | 18 | 21 | 24 | 26 | 33 | 35 | 36 | 39
    ) || kind == Kind::RRSIG
}

/// Whether the data of an SVCB or HTTPS record in ServiceMode have `ipv4hint` or `ipv6hint` (RFC 9460 §14.3.2).
pub fn has_hints(rdata: &[u8]) -> bool {
    let params = || {
        let (priority, rest) = rdata.split_at_checked(2)?;
        let params = rest.get(Name::measure(rest).ok()?..)?;
        (priority != [0, 0]).then_some(params)
    };
    let mut rest = params().unwrap_or_default();
    while let Some([a, b, c, d]) = rest.first_chunk().copied() {
        if matches!(u16::from_be_bytes([a, b]), 4 | 6) {
            return true;
        }
        let length = 4 + usize::from(u16::from_be_bytes([c, d]));
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

/// The name that a record points to, of which someone who asked for the record will want to know more.
pub(super) fn target(kind: Kind, rdata: &[u8]) -> Option<&[u8]> {
    let before = match kind {
        Kind::NS | Kind::CNAME | Kind::DNAME | Kind::PTR | Kind::MB | Kind::MD | Kind::MF => 0,
        Kind::MX | Kind::SVCB | Kind::HTTPS | Kind::AFSDB | Kind::RT | Kind::KX | Kind::LP => 2,
        Kind::SRV => 6,
        _ => return None,
    };
    let rest = rdata.get(before..)?;
    rest.get(..Name::measure(rest).ok()?)
}
