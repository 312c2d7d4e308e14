//! The longest-prefix table: an address in, a class and the length of the shortest prefix that holds just it out.

use std::net::IpAddr;

use super::range::{self, Word};

/// Classes of all addresses of both families.
#[derive(Clone, Debug)]
pub struct Table {
    v4: Ranges<u32>,
    v6: Six,
    /// The shortest length there is: 0 if both families are the same class throughout, else 1.
    least: u8,
}

/// Databases seldom go below a /64, and halves take half of the memory.
#[derive(Clone, Debug)]
enum Six {
    Halves(Ranges<u64>),
    Wholes(Ranges<u128>),
}

impl Table {
    /// From the beginnings of ranges, ascending from 0, each with its class. Equal neighbours are merged here.
    /// What lies before the first range, or in a family without any, is class 0.
    pub fn new(v4: Vec<(u32, u32)>, v6: Vec<(u128, u32)>) -> Table {
        let v4 = Ranges::new(v4);
        let v6 = if v6.iter().all(|(start, _)| *start as u64 == 0) {
            let halves = v6
                .into_iter()
                .map(|(start, class)| ((start >> 64) as u64, class));
            Six::Halves(Ranges::new(halves.collect()))
        } else {
            Six::Wholes(Ranges::new(v6))
        };
        let one6 = match &v6 {
            Six::Halves(ranges) => ranges.one(),
            Six::Wholes(ranges) => ranges.one(),
        };
        let least = u8::from(v4.one().is_none() || v4.one() != one6);
        Table { v4, v6, least }
    }

    /// The class of an address, and the length of the shortest prefix around it that holds no other class:
    /// 0 only if both families hold this one class alone (a resolver takes scope 0 as "for everyone", whatever the
    /// family: RFC 7871 §7.3.1), so at least 1 if only its own family does.
    ///
    /// IPv4 addresses written as IPv6 are IPv6 here: see [`super::fold`].
    #[inline]
    pub fn find(&self, addr: IpAddr) -> (u32, u8) {
        let (class, length) = match (addr, &self.v6) {
            (IpAddr::V4(addr), _) => self.v4.find(u32::from(addr)),
            (IpAddr::V6(addr), Six::Halves(ranges)) => ranges.find((u128::from(addr) >> 64) as u64),
            (IpAddr::V6(addr), Six::Wholes(ranges)) => ranges.find(u128::from(addr)),
        };
        (class, length.max(self.least))
    }

    /// How many ranges of IPv4 and of IPv6 it has.
    pub fn ranges(&self) -> (usize, usize) {
        let v6 = match &self.v6 {
            Six::Halves(ranges) => ranges.starts.len(),
            Six::Wholes(ranges) => ranges.starts.len(),
        };
        (self.v4.starts.len(), v6)
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

    /// What it takes of memory, in bytes.
    pub fn memory(&self) -> usize {
        let v6 = match &self.v6 {
            Six::Halves(ranges) => ranges.memory(),
            Six::Wholes(ranges) => ranges.memory(),
        };
        self.v4.memory() + v6
    }
}

/// One family: where its ranges begin and what they are, in two lists since the search reads the first alone.
#[derive(Clone, Debug)]
struct Ranges<W> {
    starts: Vec<W>,
    classes: Vec<u32>,
    /// For each slot of the indexed space the range that holds its lowest word, and one entry more for the end.
    index: Vec<u32>,
    /// How many bits tell the slot.
    bits: u32,
}

/// More slots than this do not make the search shorter where ranges are dense: 2^16 are 256 KiB.
const INDEX_BITS: u32 = 16;

impl<W: Word> Ranges<W> {
    fn new(list: Vec<(W, u32)>) -> Ranges<W> {
        let (mut starts, mut classes) = (vec![W::ZERO], vec![0]);
        for (start, class) in list {
            let behind = starts.last().is_some_and(|last| *last < start);
            debug_assert!(behind || start == W::ZERO, "ranges must ascend");
            match (behind, classes.last_mut()) {
                (_, Some(last)) if *last == class => {}
                (false, Some(last)) => *last = class,
                _ => {
                    starts.push(start);
                    classes.push(class);
                }
            }
        }
        starts.shrink_to_fit();
        classes.shrink_to_fit();
        let bits = (usize::BITS - starts.len().leading_zeros()).min(INDEX_BITS);
        let mut at = 0;
        let last = starts.len() - 1;
        let mut index = Vec::with_capacity((1 << bits) + 1);
        for slot in 0..=1usize << bits {
            match W::first(slot, bits) {
                Some(first) => at += starts[at + 1..].iter().take_while(|s| **s <= first).count(),
                None => at = last,
            }
            index.push(at as u32);
        }
        Ranges {
            starts,
            classes,
            index,
            bits,
        }
    }

    #[inline]
    fn find(&self, word: W) -> (u32, u8) {
        let (low, high) = match word.slot(self.bits) {
            Some(slot) => (self.index[slot] as usize, self.index[slot + 1] as usize),
            None => (0, self.starts.len() - 1),
        };
        let at = low + self.starts[low + 1..=high].partition_point(|start| *start <= word);
        let length = range::shortest(word, self.starts[at], self.starts.get(at + 1).copied());
        (self.classes[at], length)
    }

    /// The class of the whole family, if it has just one.
    fn one(&self) -> Option<u32> {
        (self.classes.len() == 1).then(|| self.classes[0])
    }

    fn memory(&self) -> usize {
        size_of_val(&self.starts[..])
            + size_of_val(&self.classes[..])
            + size_of_val(&self.index[..])
    }
}
