//! Record data as a length and hexadecimal digits, `\# 4 c0000201`, for every type (RFC 3597 §5).

use std::fmt::Write as _;

use super::base::{self, Base, Decoder};
use super::check;
use crate::wire::kind::Kind;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// The data that the words say, checked if the type is one we know (RFC 3597 §5: it is the same record in either form).
pub(super) fn read(kind: Kind, words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    let mark = words.next("`\\#`")?.span.clone();
    let length = words.number("the length in octets", u32::from(u16::MAX))? as usize;
    let mut decoder = Decoder::new(Base::Hex);
    let mut all = mark.clone();
    while let Some(word) = words.peek().filter(|_| out.len() - start <= length) {
        words.skip();
        all.end = word.span.end;
        if !decoder.take(words.bytes(word), out) {
            let message = format!("{} is not hexadecimal", words.quote(word));
            let advice = "write two digits 0-9 a-f for each octet";
            return Err(Fault::new(&word.span, message, advice));
        }
    }
    if !decoder.whole() || out.len() - start != length {
        let message = format!("the data are not the {length} octets that the length says");
        return Err(Fault::new(
            &all,
            message,
            "correct the length, or the digits",
        ));
    }
    check(kind, out.get(start..).unwrap_or_default()).map_err(|why| {
        let message = format!("these octets are no {kind} record: {why}");
        Fault::new(&all, message, "write its own text form")
    })
}

/// Writes data so (RFC 3597 §5).
pub(super) fn show(data: &[u8], out: &mut String) {
    let _ = write!(out, r"\# {}", data.len());
    if !data.is_empty() {
        out.push(' ');
        base::encode(Base::Hex, data, out);
    }
}
