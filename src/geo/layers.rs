//! Networks with numbers, laid upon each other: which number holds at each address.

use std::net::IpAddr;

use super::cover::Cover;
use super::range;
use crate::prefix::{Prefix, mask32, mask128};

/// Networks as ranges. They never overlap but by nesting; outside of all the number is 0.
#[derive(Clone, Debug)]
pub struct Layers {
    pub(super) v4: Cover<u32>,
    pub(super) v6: Cover<u128>,
}

impl Layers {
    /// Of networks in any order; of equal ones the last counts. `both` gives what holds inside of a network, from its own
    /// number and what holds around it.
    pub fn new(
        networks: impl IntoIterator<Item = (Prefix, u32)>,
        mut both: impl FnMut(u32, u32) -> u32,
    ) -> Layers {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (prefix, number) in networks {
            match prefix.addr() {
                IpAddr::V4(addr) => {
                    let start = u32::from(addr);
                    v4.push((start, start | !mask32(prefix.len()), number));
                }
                IpAddr::V6(addr) => {
                    let start = u128::from(addr);
                    v6.push((start, start | !mask128(prefix.len()), number));
                }
            }
        }
        Layers {
            v4: range::nested(v4, &mut both),
            v6: range::nested(v6, &mut both),
        }
    }

    /// Where numbers begin in IPv4, ascending from 0. Neighbours differ.
    pub fn ranges4(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.v4.iter()
    }

    /// The same for IPv6.
    pub fn ranges6(&self) -> impl Iterator<Item = (u128, u32)> + '_ {
        self.v6.iter()
    }
}
