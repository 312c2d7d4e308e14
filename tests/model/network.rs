//! Networks and the bits of addresses.

use std::net::IpAddr;

/// A network: no bits are set beyond its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    pub(crate) addr: IpAddr,
    pub(crate) len: u8,
}

impl Network {
    /// From `ADDRESS/LENGTH`.
    pub(crate) fn parse(text: &str) -> Network {
        let (addr, len) = text.split_once('/').expect("a slash");
        Network {
            addr: addr.parse().expect("an address"),
            len: len.parse().expect("a length"),
        }
    }

    pub(crate) fn width(addr: IpAddr) -> u8 {
        if addr.is_ipv4() { 32 } else { 128 }
    }

    /// The network of this length around an address.
    pub(crate) fn around(addr: IpAddr, len: u8) -> Network {
        let shift = u32::from(Network::width(addr) - len);
        let keep = u128::MAX.checked_shl(shift).unwrap_or(0);
        Network {
            addr: from_bits(addr.is_ipv4(), bits(addr) & keep),
            len,
        }
    }

    pub(crate) fn contains(&self, addr: IpAddr) -> bool {
        self.addr.is_ipv4() == addr.is_ipv4() && Network::around(addr, self.len) == *self
    }

    /// The first address after it, if there is one.
    pub(crate) fn after(&self) -> Option<IpAddr> {
        let width = Network::width(self.addr);
        let size = 1u128.checked_shl(u32::from(width - self.len))?;
        let next = bits(self.addr).checked_add(size)?;
        let beyond = width == 32 && next > u128::from(u32::MAX);
        (!beyond).then(|| from_bits(self.addr.is_ipv4(), next))
    }
}

pub(crate) fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(a) => u128::from(u32::from(a)),
        IpAddr::V6(a) => u128::from(a),
    }
}

pub(crate) fn from_bits(v4: bool, bits: u128) -> IpAddr {
    if v4 {
        IpAddr::V4((bits as u32).into())
    } else {
        IpAddr::V6(bits.into())
    }
}
