//! IPv4 addresses inside IPv6 ones: mapped, NAT64, 6to4, and Teredo, where they stand last and inverted.

use std::net::IpAddr;

use super::network::{Network, bits, from_bits};

/// The networks, how many bits stand before those of IPv4, and whether these are inverted.
const FORMS: [(&str, u32, bool); 4] = [
    ("::ffff:0:0/96", 96, false),
    ("64:ff9b::/96", 96, false),
    ("2002::/16", 16, false),
    ("2001::/32", 96, true),
];

fn of(addr: IpAddr) -> Option<(u32, bool)> {
    let form = FORMS
        .into_iter()
        .find(|(text, ..)| Network::parse(text).contains(addr))?;
    Some((form.1, form.2))
}

/// The IPv4 address inside, or the address as it is.
pub(crate) fn fold(addr: IpAddr) -> IpAddr {
    let Some((before, inverted)) = of(addr) else {
        return addr;
    };
    let four = bits(addr) >> (96 - before) & 0xffff_ffff;
    from_bits(true, if inverted { 0xffff_ffff - four } else { four })
}

/// The length of the client key, counted in the form in which the address is written.
pub(crate) fn key_length(addr: IpAddr) -> u8 {
    let own = super::draw::key_length(fold(addr));
    own + of(addr).map_or(0, |(before, _)| before as u8)
}

/// Writes an IPv4 address in the form of this number; what else stands in it is of `rest`.
pub(crate) fn write(four: IpAddr, number: usize, rest: u128) -> IpAddr {
    let (text, before, inverted) = FORMS[number % FORMS.len()];
    let network = Network::parse(text);
    let four = if inverted {
        0xffff_ffff - bits(four)
    } else {
        bits(four)
    };
    let own = 0xffff_ffff << (96 - before);
    let free = u128::MAX >> network.len & !own;
    from_bits(
        false,
        bits(network.addr) | rest & free | four << (96 - before),
    )
}

/// Where classes may change because of what is inside: the ends of each form, and each of these IPv4 addresses and its
/// neighbour in it; beside `addr`, if it is in one.
pub(crate) fn boundaries(fours: &[IpAddr], addr: IpAddr) -> Vec<IpAddr> {
    let mut all = Vec::new();
    for (number, (text, ..)) in FORMS.iter().enumerate() {
        let network = Network::parse(text);
        all.push(network.addr);
        all.extend(network.after());
        let rest = if network.contains(addr) {
            bits(addr)
        } else {
            0
        };
        for four in fours {
            all.push(write(*four, number, rest));
            let before = bits(*four).checked_sub(1).map(|four| from_bits(true, four));
            all.extend(before.map(|four| write(four, number, rest)));
        }
    }
    all
}
