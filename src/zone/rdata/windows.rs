//! Sets of types, as NSEC and CSYNC have them (RFC 4034 §4.1.2).

use super::data::{Data, Line, Why};
use crate::wire::kind::Kind;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// The types that all words left name. There may be none (RFC 5155 §7.1).
pub(super) fn read(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut kinds = Vec::new();
    while words.peek().is_some() {
        let (text, word) = words.ascii("a type")?;
        let kind = text.parse().ok().filter(|kind| *kind != Kind(0));
        let advice = "write a type like A, or `TYPE` and its number";
        kinds.push(kind.ok_or_else(|| words.unfit(word, "a type", advice))?);
    }
    kinds.sort_unstable();
    write(&kinds, out);
    Ok(())
}

/// Windows of 256 types each, only those and only the octets that are needed.
fn write(kinds: &[Kind], out: &mut Vec<u8>) {
    for window in kinds.chunk_by(|a, b| a.0 >> 8 == b.0 >> 8) {
        let (Some(first), Some(last)) = (window.first(), window.last()) else {
            continue;
        };
        let start = out.len() + 2;
        let length = usize::from(last.0 & 0xff) / 8 + 1;
        out.extend([(first.0 >> 8) as u8, length as u8]);
        out.resize(start + length, 0);
        for kind in window {
            if let Some(octet) = out.get_mut(start + usize::from(kind.0 & 0xff) / 8) {
                *octet |= 0x80 >> (kind.0 & 7);
            }
        }
    }
}

/// Shows all that is left as types.
pub(super) fn show(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let mut before = None;
    while !data.is_empty() {
        let what = "a window of types";
        let (window, length) = (data.octet(what)?, data.octet(what)?);
        let octets = data.take(usize::from(length), what)?;
        if before.is_some_and(|before| before >= window) {
            return Err("the windows of types are not in order".into());
        }
        before = Some(window);
        if length > 32 || octets.last().is_none_or(|last| *last == 0) {
            return Err(format!("{what} has octets without types"));
        }
        for (index, octet) in octets.iter().enumerate() {
            for bit in (0..8).filter(|bit| octet & (0x80 >> bit) != 0) {
                let low = (index * 8) as u16 | bit;
                let number = u16::from(window) << 8 | low;
                if number == 0 {
                    return Err("0 is not a type".into());
                }
                kind(Kind(number), line);
            }
        }
    }
    Ok(())
}

/// Shows a type. Mnemonics that not all servers know are written as numbers, so that all can read them.
pub(super) fn kind(kind: Kind, line: &mut Line<'_>) {
    if kind.is_common() {
        line.next(kind);
    } else {
        line.next(format_args!("TYPE{}", kind.0));
    }
}
