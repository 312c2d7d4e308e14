//! The classes of all addresses, network by network, and how much of the address space each has.

use std::io;
use std::net::IpAddr;

use crate::geo;
use crate::prefix::Prefix;

/// How much a class has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Networks of IPv4 and of IPv6, the fewest that say it.
    pub(super) networks: (usize, usize),
    /// Addresses of IPv4.
    pub(super) four: u128,
    /// Addresses of global IPv6, 2000::/3.
    pub(super) six: u128,
}

/// All addresses of IPv4.
pub(super) const FOUR: u128 = 1 << 32;
/// All of 2000::/3. What holds IPv4 addresses there, a hundredth of a hundredth of it, is nobody's.
pub(super) const SIX: u128 = 1 << 125;

/// Every network of one class, IPv4 first, ascending. Together they are all addresses, but for those of IPv6 that hold one
/// of IPv4, and count as that: of Teredo alone there would be 2⁶⁴ for each network of IPv4. `find` gives the class of an
/// address, and the length of the shortest prefix around it that holds no other.
pub(super) fn walk(
    find: impl Fn(IpAddr) -> (u32, u8),
    mut each: impl FnMut(Prefix, u32) -> io::Result<()>,
) -> io::Result<()> {
    let mut next = Some(IpAddr::from([0u8; 4]));
    while let Some(addr) = next {
        let (class, length) = find(addr);
        let mut prefix = Prefix::around(addr, length);
        match inside(addr).filter(|form| form.len() < length) {
            Some(form) => prefix = form,
            None => each(prefix, class)?,
        }
        next = match (prefix.after(), addr) {
            (None, IpAddr::V4(_)) => Some(IpAddr::from([0u8; 16])),
            (next, _) => next,
        };
    }
    Ok(())
}

/// The network around an address of IPv6 that holds one of IPv4.
fn inside(addr: IpAddr) -> Option<Prefix> {
    match addr {
        IpAddr::V4(_) => None,
        IpAddr::V6(addr) => geo::around(addr),
    }
}

/// How much each class has, by its number.
pub(super) fn sizes(find: impl Fn(IpAddr) -> (u32, u8), classes: usize) -> Vec<Size> {
    let mut sizes = vec![Size::default(); classes];
    let counted = walk(find, |prefix, class| {
        let Some(size) = sizes.get_mut(class as usize) else {
            return Ok(());
        };
        match prefix.addr() {
            IpAddr::V4(_) => {
                size.networks.0 += 1;
                size.four += 1 << (32 - prefix.len().min(32));
            }
            IpAddr::V6(addr) => {
                size.networks.1 += 1;
                // Of a network that holds 2000::/3 all of that counts, of any other all or nothing.
                if prefix.len() <= 3 && prefix.contains(IpAddr::from([0x2000, 0, 0, 0, 0, 0, 0, 0]))
                {
                    size.six += SIX;
                } else if prefix.len() > 3
                    && addr.octets().first().is_some_and(|first| first >> 5 == 1)
                {
                    size.six += 1 << (128 - prefix.len().min(128));
                }
            }
        }
        Ok(())
    });
    debug_assert!(counted.is_ok(), "counting does not fail");
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::table::Table;

    #[test]
    fn the_networks_are_all_addresses() {
        let six = |first: u16, rest: u128| u128::from(first) << 112 | rest;
        let table = Table::new(
            vec![(0, 0), (0x0a00_0000, 1), (0x0a00_0001, 0), (0xffff_ff00, 2)],
            vec![
                (0, 0),
                (six(0x2003, 0), 1),
                (six(0x2003, 3 << 64), 0),
                (six(0xff00, 0), 2),
            ],
        );
        let mut seen = Vec::new();
        walk(
            |addr| table.find(addr),
            |prefix, class| {
                seen.push((prefix, class));
                Ok(())
            },
        )
        .unwrap();
        let mut next = IpAddr::from([0u8; 4]);
        for (prefix, class) in &seen {
            while let Some(form) = inside(next) {
                next = form.after().unwrap();
            }
            assert_eq!(prefix.addr(), next, "no gap and no overlap");
            assert_eq!(table.find(next).0, *class);
            next = prefix.after().unwrap_or(IpAddr::from([0u8; 16]));
        }
        assert_eq!(next, IpAddr::from([0u8; 16]));
        let sizes = sizes(|addr| table.find(addr), 3);
        let four: Vec<u128> = sizes.iter().map(|size| size.four).collect();
        assert_eq!(four, [FOUR - 257, 1, 256]);
        let global: Vec<u128> = sizes.iter().map(|size| size.six).collect();
        // 6to4 and Teredo are IPv4.
        let forms = (1 << 112) + (1 << 96);
        assert_eq!(global, [SIX - forms - (3 << 64), 3 << 64, 0]);
        assert_eq!(sizes[1].networks, (1, 2));
    }

    #[test]
    fn one_class_of_everything() {
        let table = Table::new(vec![(0, 0)], vec![(0, 0)]);
        let sizes = sizes(|addr| table.find(addr), 1);
        let all = Size {
            networks: (1, 1),
            four: FOUR,
            six: SIX,
        };
        assert_eq!(sizes, [all]);
    }
}
