//! The network with the most limited answers of late, and how many were limited in all.

use std::net::{IpAddr, Ipv4Addr};

use crate::limits;

/// One candidate, by majority: whoever has more than half of all limited answers is surely found, and of several others
/// one of the heavy ones most often.
#[derive(Debug)]
pub(super) struct Worst {
    /// The candidate's first bits as a number.
    network: u64,
    /// A client of it.
    client: IpAddr,
    /// Which of the lengths it has.
    level: usize,
    lead: u64,
    limited: u64,
    /// In microseconds: not before that.
    next: u64,
}

impl Default for Worst {
    fn default() -> Worst {
        Worst {
            network: 0,
            client: Ipv4Addr::UNSPECIFIED.into(),
            level: 0,
            lead: 0,
            limited: 0,
            next: 0,
        }
    }
}

impl Worst {
    /// One more answer to this client was limited for its network of this level and these first bits.
    #[inline]
    pub(super) fn count(&mut self, client: &IpAddr, level: usize, network: u64) {
        self.limited = self.limited.wrapping_add(1);
        // Networks of both families with one level and number are as good as none.
        if (self.network ^ network) | (self.level ^ level) as u64 == 0 {
            self.lead = self.lead.wrapping_add(1);
        } else if self.lead > 0 {
            self.lead -= 1;
        } else {
            (self.network, self.client, self.level, self.lead) = (network, *client, level, 1);
        }
    }

    /// What is to be told at `now`: a client, which of its networks, and how many were limited in all.
    #[inline]
    pub(super) fn take(&mut self, now: u64) -> Option<(IpAddr, usize, u64)> {
        if self.limited == 0 || now < self.next {
            return None;
        }
        let told = (self.client, self.level, self.limited);
        *self = Worst {
            next: now.saturating_add(limits::RATE_REPORT * 1_000_000),
            ..Worst::default()
        };
        Some(told)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn the_majority_is_found_and_told_once_a_minute() {
        let client = |n: u8| IpAddr::from([192, 0, n, n]);
        let count = |worst: &mut Worst, n: u8| worst.count(&client(n), 1, u64::from(n) << 40);
        let mut worst = Worst::default();
        assert_eq!(worst.take(0), None);
        count(&mut worst, 1);
        assert_eq!(worst.take(5), Some((client(1), 1, 1)));
        for n in 0..100 {
            count(&mut worst, n);
            count(&mut worst, 7);
        }
        let minute = limits::RATE_REPORT * 1_000_000;
        assert_eq!(worst.take(4 + minute), None);
        assert_eq!(worst.take(5 + minute), Some((client(7), 1, 200)));
        assert_eq!(worst.take(u64::MAX), None);
    }

    /// 192.0.2.0/32 and 192.0.2.0/24 have one number.
    #[test]
    fn an_address_is_not_its_network() {
        let client = IpAddr::from([192, 0, 2, 0]);
        let mut worst = Worst::default();
        for level in [0, 1, 1, 1] {
            worst.count(&client, level, 0xc000_0200);
        }
        assert_eq!(worst.take(0), Some((client, 1, 4)));
    }
}
