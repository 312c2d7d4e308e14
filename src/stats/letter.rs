//! A letter from a worker to whoever logs: a network and a number, without a lock.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::prefix::Prefix;

/// A box for one letter. The worker alone puts one in, and only if it is empty; one reader alone takes it out.
#[derive(Debug, Default)]
pub struct Letter {
    high: AtomicU64,
    low: AtomicU64,
    length: AtomicU64,
    /// 0 is an empty box. Written last by the worker, and by the reader when it has read.
    count: AtomicU64,
}

/// Above all lengths: the address is IPv4.
const V4: u64 = 1 << 8;

impl Letter {
    /// Puts a letter in. Whether there was room; a `count` of 0 is none.
    pub fn leave(&self, network: Prefix, count: u64) -> bool {
        if self.count.load(Ordering::Acquire) != 0 {
            return false;
        }
        let (bits, family) = match network.addr() {
            std::net::IpAddr::V4(a) => (u128::from(u32::from(a)), V4),
            std::net::IpAddr::V6(a) => (u128::from(a), 0),
        };
        self.high.store((bits >> 64) as u64, Ordering::Relaxed);
        self.low.store(bits as u64, Ordering::Relaxed);
        let length = u64::from(network.len()) | family;
        self.length.store(length, Ordering::Relaxed);
        self.count.store(count, Ordering::Release);
        true
    }

    /// Takes it out.
    pub fn take(&self) -> Option<(Prefix, u64)> {
        let count = self.count.load(Ordering::Acquire);
        if count == 0 {
            return None;
        }
        let (high, low) = (
            self.high.load(Ordering::Relaxed),
            self.low.load(Ordering::Relaxed),
        );
        let length = self.length.load(Ordering::Relaxed);
        self.count.store(0, Ordering::Release);
        let address = if length & V4 == 0 {
            Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)).into()
        } else {
            Ipv4Addr::from(low as u32).into()
        };
        Some((Prefix::around(address, length as u8), count))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn one_letter_at_a_time() {
        let letter = Letter::default();
        assert_eq!(letter.take(), None);
        for text in ["192.0.2.0/24", "2001:db8::/48", "2001:db8::1/128"] {
            let network: Prefix = text.parse().unwrap();
            assert!(letter.leave(network, 7));
            assert!(!letter.leave("0.0.0.0/0".parse().unwrap(), 1));
            assert_eq!(letter.take(), Some((network, 7)));
            assert_eq!(letter.take(), None);
        }
    }
}
