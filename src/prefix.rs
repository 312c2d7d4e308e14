//! Networks: an address and a length, for IPv4 and IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address prefix (CIDR): no bits are set beyond its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    addr: IpAddr,
    len: u8,
}

/// Why a text is not a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// Not `ADDRESS/LENGTH` at all.
    Form,
    /// The length is beyond the family's 32 or 128.
    Length,
    /// Bits are set beyond the length; the prefix that was probably meant.
    Bits(Prefix),
}

impl Prefix {
    /// The prefix of `len` bits around `addr`; the bits beyond are cleared, a longer length is cut to the family's.
    pub fn around(addr: IpAddr, len: u8) -> Prefix {
        match addr {
            IpAddr::V4(a) => {
                let len = len.min(32);
                let bits = u32::from(a) & mask32(len);
                Prefix {
                    addr: IpAddr::V4(Ipv4Addr::from(bits)),
                    len,
                }
            }
            IpAddr::V6(a) => {
                let len = len.min(128);
                let bits = u128::from(a) & mask128(len);
                Prefix {
                    addr: IpAddr::V6(Ipv6Addr::from(bits)),
                    len,
                }
            }
        }
    }

    /// The first address.
    pub fn addr(&self) -> IpAddr {
        self.addr
    }

    /// The length in bits.
    #[allow(
        clippy::len_without_is_empty,
        reason = "the length of a prefix is a number of bits, and no prefix is empty"
    )]
    pub fn len(&self) -> u8 {
        self.len
    }

    /// The address behind its last one; none at the end of the family.
    pub fn after(&self) -> Option<IpAddr> {
        match self.addr {
            IpAddr::V4(addr) => {
                let last = u32::from(addr) | !mask32(self.len);
                last.checked_add(1).map(|next| Ipv4Addr::from(next).into())
            }
            IpAddr::V6(addr) => {
                let last = u128::from(addr) | !mask128(self.len);
                last.checked_add(1).map(|next| Ipv6Addr::from(next).into())
            }
        }
    }

    /// Whether `addr` lies inside. Families do not mix.
    pub fn contains(&self, addr: IpAddr) -> bool {
        addr.is_ipv4() == self.addr.is_ipv4() && Prefix::around(addr, self.len).addr == self.addr
    }
}

/// The mask of the first `len` bits of an IPv4 address.
pub fn mask32(len: u8) -> u32 {
    if len == 0 {
        0
    } else {
        u32::MAX << (32 - u32::from(len.min(32)))
    }
}

/// The mask of the first `len` bits of an IPv6 address.
pub fn mask128(len: u8) -> u128 {
    if len == 0 {
        0
    } else {
        u128::MAX << (128 - u32::from(len.min(128)))
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Prefix, PrefixError> {
        let (addr, len) = text.split_once('/').ok_or(PrefixError::Form)?;
        let addr: IpAddr = addr.parse().map_err(|_| PrefixError::Form)?;
        if len.is_empty() || len.len() > 3 || !len.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PrefixError::Form);
        }
        let len: u16 = len.parse().map_err(|_| PrefixError::Form)?;
        let most = if addr.is_ipv4() { 32 } else { 128 };
        let len = u8::try_from(len)
            .ok()
            .filter(|l| *l <= most)
            .ok_or(PrefixError::Length)?;
        let prefix = Prefix::around(addr, len);
        if prefix.addr == addr {
            Ok(prefix)
        } else {
            Err(PrefixError::Bits(prefix))
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}
