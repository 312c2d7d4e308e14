//! The cache of a resolver that knows client subnets (RFC 7871 §7.3.1), for answers of one name and type.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::HashMap;
use std::net::IpAddr;

/// Answers by the network they are for.
#[derive(Clone, Debug)]
pub(crate) struct Cache<T> {
    /// For everyone: SCOPE 0.
    everyone: Option<T>,
    /// For IPv4 and for IPv6: for each length the networks that have an answer, by their leading bits.
    families: [Vec<HashMap<u128, T>>; 2],
}

impl<T: Clone> Cache<T> {
    pub(crate) fn new() -> Cache<T> {
        Cache {
            everyone: None,
            families: [33, 129].map(|lengths| vec![HashMap::new(); lengths]),
        }
    }

    /// What it holds for a client: of all networks around the client the longest counts.
    pub(crate) fn find(&self, client: IpAddr) -> Option<&T> {
        let mut lengths = self.family(client).iter().enumerate().rev();
        lengths
            .find_map(|(length, known)| match known.is_empty() {
                true => None,
                false => known.get(&leading(client, length as u8)),
            })
            .or(self.everyone.as_ref())
    }

    /// Keeps an answer to a question that was asked with this much of the address. What came with a longer scope is
    /// kept for no more than what was asked, and for no less: the resolver sends nothing longer.
    pub(crate) fn keep(&mut self, client: IpAddr, source: u8, scope: u8, answer: T) {
        match scope.min(source) {
            0 => self.everyone = Some(answer),
            length => {
                let family = usize::from(client.is_ipv6());
                let known = &mut self.families[family][usize::from(length)];
                known.insert(leading(client, length), answer);
            }
        }
    }

    /// How many answers it holds for IPv4, for IPv6, and for everyone.
    pub(crate) fn entries(&self) -> [usize; 3] {
        let many = |family: &Vec<HashMap<u128, T>>| family.iter().map(HashMap::len).sum();
        let [v4, v6] = [0, 1].map(|family| many(&self.families[family]));
        [v4, v6, usize::from(self.everyone.is_some())]
    }

    fn family(&self, client: IpAddr) -> &Vec<HashMap<u128, T>> {
        &self.families[usize::from(client.is_ipv6())]
    }
}

/// The first bits of an address, as a number.
fn leading(addr: IpAddr, length: u8) -> u128 {
    let (bits, width) = match addr {
        IpAddr::V4(addr) => (u128::from(u32::from(addr)), 32),
        IpAddr::V6(addr) => (u128::from(addr), 128),
    };
    bits.checked_shr(width - u32::from(length)).unwrap_or(0)
}
