//! EDNS: the terms of a query, and its options, each read once (RFC 6891).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::cookie::Cookie;
use crate::wire::ede::{self, Ede};

/// The numbers of options (IANA, DNS EDNS0 Option Codes).
pub mod option {
    /// RFC 5001.
    pub const NSID: u16 = 3;
    /// RFC 7871.
    pub const CLIENT_SUBNET: u16 = 8;
    /// RFC 7314.
    pub const EXPIRE: u16 = 9;
    /// RFC 7873.
    pub const COOKIE: u16 = 10;
    /// RFC 7828.
    pub const KEEPALIVE: u16 = 11;
    /// RFC 8914.
    pub const EDE: u16 = 15;
    /// RFC 9660.
    pub const ZONEVERSION: u16 = 19;
}

/// EDNS terms (RFC 6891 §6.1). What they hold points into the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edns<'a> {
    /// The largest UDP message that the sender takes.
    pub payload: u16,
    /// DNSSEC OK (RFC 3225): comes back as it was.
    pub dnssec_ok: bool,
    /// What else the sender wants to know.
    pub wishes: Wishes,
    /// The client subnet, if it was sent.
    pub subnet: Option<Subnet>,
    /// The cookie, if it was sent.
    pub cookie: Option<Cookie<'a>>,
}

/// Options whose presence is a question. Whatever data they come with is passed over (RFC 5001 §2.1, RFC 9660 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes(u8);

impl Wishes {
    /// Which server is this? (RFC 5001)
    pub const NSID: Wishes = Wishes(1);
    /// For how long may a secondary serve the zone? (RFC 7314)
    pub const EXPIRE: Wishes = Wishes(2);
    /// For how long may the connection idle? (RFC 7828)
    pub const KEEPALIVE: Wishes = Wishes(4);
    /// Which version of the zone is this from? (RFC 9660)
    pub const ZONEVERSION: Wishes = Wishes(8);

    /// Whether this is among them.
    #[inline]
    pub fn has(self, wish: Wishes) -> bool {
        self.0 & wish.0 != 0
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A client subnet as it was sent (RFC 7871 §6), to be echoed with a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// 1 for IPv4, 2 for IPv6, 0 with a source of 0 only.
    pub family: u16,
    /// How many bits of the address count.
    pub source: u8,
    /// The address, with zeros beyond the source.
    pub addr: IpAddr,
}

impl<'a> Edns<'a> {
    /// Reads the options of an OPT record into these terms. Unknown ones are ignored (RFC 6891 §6.1.2). What is malformed is
    /// said; of what stands before it nothing is lost.
    pub(super) fn read(&mut self, mut data: &'a [u8]) -> Result<(), &'static Ede> {
        while !data.is_empty() {
            let (head, rest) = data.split_first_chunk::<4>().ok_or(&ede::OPTIONS)?;
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let (value, rest) = rest.split_at_checked(length).ok_or(&ede::OPTIONS)?;
            data = rest;
            let wish = match u16::from_be_bytes([head[0], head[1]]) {
                option::CLIENT_SUBNET => {
                    // Which of two would count?
                    if self.subnet.is_some() {
                        return Err(&ede::SUBNET);
                    }
                    self.subnet = Some(subnet(value).ok_or(&ede::SUBNET)?);
                    continue;
                }
                // RFC 7873 §5.2: of several the first counts.
                option::COOKIE if self.cookie.is_none() => {
                    self.cookie = Some(Cookie::read(value).ok_or(&ede::COOKIE)?);
                    continue;
                }
                option::NSID => Wishes::NSID,
                option::EXPIRE => Wishes::EXPIRE,
                option::KEEPALIVE => Wishes::KEEPALIVE,
                option::ZONEVERSION => Wishes::ZONEVERSION,
                _ => continue,
            };
            self.wishes.0 |= wish.0;
        }
        Ok(())
    }
}

/// RFC 7871 §6 and §7.1.2: just the octets that the source length needs, no bits beyond it, and no scope in a query.
fn subnet(value: &[u8]) -> Option<Subnet> {
    let (head, octets) = value.split_first_chunk::<4>()?;
    let family = u16::from_be_bytes([head[0], head[1]]);
    let (source, scope) = (head[2], head[3]);
    let most = match family {
        1 => 32,
        2 => 128,
        // Nothing is said of the client: some resolvers send it so (dig +subnet=0 of old).
        0 if source == 0 => 0,
        _ => return None,
    };
    if source > most || scope != 0 || octets.len() != usize::from(source).div_ceil(8) {
        return None;
    }
    if let Some(last) = octets.last().filter(|_| source % 8 != 0)
        && last & (0xffu8 >> (source % 8)) != 0
    {
        return None;
    }
    let addr = match *octets {
        // What public resolvers send (RFC 7871 §11.1).
        [a, b, c] if family == 1 => IpAddr::V4(Ipv4Addr::new(a, b, c, 0)),
        [a, b, c, d, e, f, g] => {
            let seven = u64::from_be_bytes([a, b, c, d, e, f, g, 0]);
            IpAddr::V6(Ipv6Addr::from(u128::from(seven) << 64))
        }
        _ if family == 2 => {
            let mut full = [0; 16];
            full.get_mut(..octets.len())?.copy_from_slice(octets);
            IpAddr::V6(Ipv6Addr::from(full))
        }
        _ => {
            let mut full = [0; 4];
            full.get_mut(..octets.len())?.copy_from_slice(octets);
            IpAddr::V4(Ipv4Addr::from(full))
        }
    };
    Some(Subnet {
        family,
        source,
        addr,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8]) -> Result<Edns<'_>, &'static Ede> {
        let mut edns = Edns::default();
        edns.read(data).map(|()| edns)
    }

    fn with(code: u16, value: &[u8]) -> Vec<u8> {
        let length = (value.len() as u16).to_be_bytes();
        [&code.to_be_bytes()[..], &length, value].concat()
    }

    #[test]
    fn client_subnets() {
        let subnet = |value: &[u8]| {
            let data = with(8, value);
            read(&data).map(|edns| edns.subnet)
        };
        let v4 = Subnet {
            family: 1,
            source: 24,
            addr: "192.0.2.0".parse().unwrap(),
        };
        assert_eq!(subnet(&[0, 1, 24, 0, 192, 0, 2]), Ok(Some(v4)));
        let whole = [&[0, 2, 128, 0][..], &[0x20; 16]].concat();
        assert_eq!(subnet(&whole).map(|s| s.map(|s| s.source)), Ok(Some(128)));
        for family in 0..3 {
            let none = subnet(&[0, family, 0, 0]);
            assert_eq!(none.map(|s| s.map(|s| s.family)), Ok(Some(family.into())));
        }
        for bad in [
            &[0, 1, 24, 0, 192, 0][..],    // too few octets
            &[0, 1, 24, 0, 192, 0, 2, 0],  // too many
            &[0, 1, 23, 0, 192, 0, 3],     // a bit beyond the source
            &[0, 1, 24, 1, 192, 0, 2],     // a scope in a query
            &[0, 1, 33, 0, 1, 2, 3, 4, 5], // longer than an address
            &[&[0, 2, 129, 0][..], &[0; 17]].concat(),
            &[0, 3, 8, 0, 1], // families that are none
            &[0, 3, 0, 0],
            &[0, 0, 8, 0, 1],
            &[0, 1], // no whole head
            &[],
        ] {
            assert_eq!(subnet(bad), Err(&ede::SUBNET), "{bad:?}");
        }
        let two = with(8, &[0, 1, 0, 0]).repeat(2);
        assert_eq!(read(&two), Err(&ede::SUBNET));
    }

    #[test]
    fn wishes_whatever_their_data() {
        for (code, wish) in [
            (3, Wishes::NSID),
            (9, Wishes::EXPIRE),
            (11, Wishes::KEEPALIVE),
            (19, Wishes::ZONEVERSION),
        ] {
            for value in [&[][..], &[0, 7], &[9; 40]] {
                assert_eq!(
                    read(&with(code, value)).map(|e| e.wishes),
                    Ok(wish),
                    "{code}"
                );
            }
        }
        let all = [3, 9, 11, 19, 3].map(|code| with(code, &[])).concat();
        assert_eq!(read(&all).map(|e| e.wishes), Ok(Wishes(15)));
    }

    #[test]
    fn what_is_unknown_is_passed_over() {
        let many: Vec<u8> = (100..200).flat_map(|code| with(code, &[1; 5])).collect();
        assert_eq!(read(&many), Ok(Edns::default()));
        let last = [many, with(3, &[])].concat();
        assert_eq!(read(&last).map(|e| e.wishes), Ok(Wishes::NSID));
    }

    #[test]
    fn of_several_cookies_the_first_counts() {
        let (one, two) = (with(10, &[1; 8]), with(10, &[2; 24]));
        for second in [two, with(10, &[3; 9])] {
            let data = [one.clone(), second].concat();
            let cookie = read(&data).unwrap().cookie.unwrap();
            assert_eq!((cookie.client, cookie.server), (&[1; 8], &[][..]));
        }
        assert_eq!(read(&with(10, &[1; 9])), Err(&ede::COOKIE));
        assert_eq!(read(&[with(10, &[1; 7]), one].concat()), Err(&ede::COOKIE));
    }

    #[test]
    fn options_end_where_their_record_does() {
        let whole = with(100, &[1; 4]);
        for length in 1..whole.len() {
            assert_eq!(read(&whole[..length]), Err(&ede::OPTIONS), "{length}");
        }
        // What stood before is kept: its cookie is answered.
        let mut edns = Edns::default();
        let data = [with(10, &[1; 8]), vec![0]].concat();
        assert_eq!(edns.read(&data), Err(&ede::OPTIONS));
        assert!(edns.cookie.is_some());
    }
}
