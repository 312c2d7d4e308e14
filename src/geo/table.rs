//! The longest-prefix table: an address in, a class and the length of the shortest prefix that holds just it out.

use std::net::IpAddr;

use super::form;
use super::range;
use super::trie::{Bits, Trie};

/// Classes of all addresses of both families.
#[derive(Clone, Debug)]
pub struct Table {
    v4: Trie,
    v6: Trie,
    /// Whether IPv4 is of several classes: then so is each network of IPv6 that holds IPv4 addresses.
    parted: bool,
    /// The shortest length there is: 0 if both families are the same class throughout, else 1.
    least: u8,
}

impl Table {
    /// From the beginnings of ranges, ascending from 0, each with its class. Equal neighbours are merged here.
    /// What lies before the first range, or in a family without any, is class 0.
    ///
    /// What `v6` says of the networks that hold IPv4 addresses (mapped, NAT64, 6to4, Teredo) does not count: an address
    /// there has the class of the IPv4 address that it holds.
    pub fn new(v4: Vec<(u32, u32)>, mut v6: Vec<(u128, u32)>) -> Table {
        let v4 = Trie::new(&merged(v4));
        if let Some(class) = v4.one() {
            v6 = folded(v6, class);
        }
        let v6 = Trie::new(&merged(v6));
        let least = u8::from(v4.one().is_none() || v4.one() != v6.one());
        Table {
            parted: v4.one().is_none(),
            v4,
            v6,
            least,
        }
    }

    /// The class of an address, and the length of the shortest prefix around it that holds no other class:
    /// 0 only if both families hold this one class alone (a resolver takes scope 0 as "for everyone", whatever the
    /// family: RFC 7871 §7.3.1), so at least 1 if only its own family does.
    ///
    /// An IPv4 address written as IPv6 has the class of the IPv4 address, and the length counts in the form in which it is
    /// written; no prefix around any other IPv6 address reaches into such a form, unless all is one class there.
    #[inline(always)]
    pub fn find(&self, addr: IpAddr) -> (u32, u8) {
        let mut least = self.least;
        if let (IpAddr::V6(six), true) = (addr, self.parted) {
            if let Some((four, before)) = form::embedded(six) {
                let (class, length) = self.v4.find(u32::from(four));
                return (class, length + before);
            }
            least = form::apart(six);
        }
        let (class, length) = match addr {
            IpAddr::V4(addr) => self.v4.find(u32::from(addr)),
            IpAddr::V6(addr) => self.v6.find(u128::from(addr)),
        };
        (class, length.max(least))
    }

    /// Where networks of one class begin in IPv4, ascending from 0, and the class from there on. Neighbours may be equal.
    pub fn ranges4(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.v4.iter()
    }

    /// The same for IPv6. What it says of networks that hold IPv4 addresses does not count.
    pub fn ranges6(&self) -> impl Iterator<Item = (u128, u32)> + '_ {
        self.v6.iter()
    }

    /// How many ranges of IPv4 and of IPv6 it has.
    pub fn ranges(&self) -> (usize, usize) {
        (self.v4.ranges(), self.v6.ranges())
    }

    /// How many ranges it has in all.
    #[allow(
        clippy::len_without_is_empty,
        reason = "each family has at least one range"
    )]
    pub fn len(&self) -> usize {
        let (v4, v6) = self.ranges();
        v4 + v6
    }

    /// What it takes of memory, in octets.
    pub fn memory(&self) -> usize {
        self.v4.memory() + self.v6.memory()
    }
}

/// The ranges from zero on, each other than the one before.
fn merged<W: Bits>(mut ranges: Vec<(W, u32)>) -> Vec<(W, u32)> {
    debug_assert!(ranges.is_sorted_by(|a, b| a.0 < b.0), "ranges must ascend");
    if ranges.first().is_none_or(|range| range.0 > W::ZERO) {
        ranges.insert(0, (W::ZERO, 0));
    }
    ranges.dedup_by_key(|range| range.1);
    ranges
}

/// The ranges of IPv6 with this class in all networks that hold IPv4 addresses.
fn folded(v6: Vec<(u128, u32)>, class: u32) -> Vec<(u128, u32)> {
    let borders = |form: form::Form| [(form.start, 1), (form.end(), 0)];
    let forms = [(0, 0)]
        .into_iter()
        .chain(form::FORMS.into_iter().flat_map(borders));
    let v6 = if v6.is_empty() { vec![(0, 0)] } else { v6 };
    let inside = |form, other| if form == 1 { class } else { other };
    range::overlay(forms, v6, inside).iter().collect()
}
