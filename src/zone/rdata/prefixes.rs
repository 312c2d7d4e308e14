//! Lists of address prefixes: `1:192.0.2.0/24 !2:2001:db8::/32` (RFC 3123 §5).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::base::too_long;
use super::data::{Data, Line, Why};
use crate::limits;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// Prefixes to the end; there may be none.
pub(super) fn read(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    while words.peek().is_some() {
        let wanted = "a prefix";
        let (text, word) = words.ascii(wanted)?;
        if item(text, out).is_none() {
            let advice =
                "write family, address and length, as in `1:192.0.2.0/24` or `!2:2001:db8::/32`";
            return Err(words.stray(word, wanted, advice));
        }
        if out.len() - start > limits::RDATA {
            return Err(too_long(&word.span));
        }
    }
    Ok(())
}

fn item(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let (negated, text) = match text.strip_prefix('!') {
        Some(text) => (0x80, text),
        None => (0, text),
    };
    let (family, text) = text.split_once(':')?;
    let (address, length) = text.split_once('/')?;
    let four = family == "1";
    let octets = match family {
        "1" => address.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
        "2" => address.parse::<Ipv6Addr>().ok()?.octets().to_vec(),
        _ => return None,
    };
    let digits = length.bytes().all(|b| b.is_ascii_digit());
    let most = octets.len() * 8;
    let length: u8 = length
        .parse()
        .ok()
        .filter(|n| digits && usize::from(*n) <= most)?;
    // Zeros at the end are left out (RFC 3123 §4).
    let used = octets.iter().rposition(|octet| *octet != 0);
    let used = used.map_or(0, |last| last + 1);
    out.extend([0, if four { 1 } else { 2 }, length, negated | used as u8]);
    out.extend(octets.iter().take(used));
    Some(())
}

/// Shows all that is left as prefixes.
pub(super) fn show(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let what = "a prefix";
    while !data.is_empty() {
        let family = data.short(what)?;
        let [length, used] = data.array(what)?;
        let octets = data.take(usize::from(used & 0x7f), what)?;
        let negated = if used & 0x80 == 0 { "" } else { "!" };
        if octets.last() == Some(&0) {
            return Err(format!("{what} ends in a zero, which is left out"));
        }
        let mut whole = [0; 16];
        whole
            .iter_mut()
            .zip(octets)
            .for_each(|(to, from)| *to = *from);
        let [a, b, c, d, ..] = whole;
        match (family, octets.len(), length) {
            (1, ..=4, ..=32) => {
                let address = Ipv4Addr::from([a, b, c, d]);
                line.next(format_args!("{negated}1:{address}/{length}"));
            }
            (2, ..=16, ..=128) => {
                let address = Ipv6Addr::from(whole);
                line.next(format_args!("{negated}2:{address}/{length}"));
            }
            (1 | 2, ..) => return Err(format!("{what} is longer than its addresses")),
            // Other families have no text (RFC 3123 §5).
            _ => line.unsaid = true,
        }
    }
    Ok(())
}
