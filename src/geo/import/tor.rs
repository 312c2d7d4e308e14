//! The two files of Tor's geolocation (Debian: `tor-geoipdb`): `first,last,CC`, IPv4 as numbers, IPv6 as addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::said::{Coded, coded};
use super::{Import, Line};

/// Whether a line has this form.
pub(super) fn is_line(line: &str) -> bool {
    let mut fields = line.split(',');
    let ends = [fields.next(), fields.next()];
    let code = fields.next().is_some_and(|code| code.len() == 2);
    code && fields.next().is_none() && ends.into_iter().flatten().all(|end| address(end).is_some())
}

fn address(text: &str) -> Option<IpAddr> {
    if text.bytes().all(|octet| octet.is_ascii_digit()) {
        return text
            .parse()
            .ok()
            .map(|bits: u32| Ipv4Addr::from(bits).into());
    }
    text.parse().ok().map(|addr: Ipv6Addr| addr.into())
}

pub(super) fn line(import: &mut Import, text: u16, line: &Line<'_>) {
    if line.text.is_empty() || line.text.starts_with('#') {
        return;
    }
    let fields: Vec<&str> = line.text.split(',').collect();
    let [first, last, code] = fields[..] else {
        let message = format!("{} fields, where three are expected", fields.len());
        import.wrong(line, line.whole(), message, "write `FIRST,LAST,CODE`");
        return;
    };
    let second = first.len() + 1..first.len() + 1 + last.len();
    let ends = [(first, 0..first.len()), (last, second.clone())].map(|(end, part)| {
        let found = address(end);
        if found.is_none() {
            let message = format!("`{end}` is not an address");
            let advice = "IPv4 is written as one number from 0 to 4294967295, IPv6 as an address";
            import.wrong(line, part, message, advice);
        }
        found
    });
    let plain = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit() || octet == b'?';
    if code.len() != 2 || !code.bytes().all(plain) {
        let part = second.end + 1..line.text.len();
        let message = format!("`{code}` is not a code of two letters");
        import.wrong(line, part, message, "for an unknown country write `??`");
        return;
    }
    let (said, kind) = coded(code);
    if kind == Coded::Odd {
        import.odd(code);
    }
    if let [Some(first), Some(last)] = ends {
        import.range(text, line, (first, last), said);
    }
}
