//! The network with the most limited answers of late, and how many were limited in all.

use std::net::IpAddr;

use crate::limits;
use crate::prefix::Prefix;

/// One candidate, by majority: whoever has more than half of all limited answers is surely found, and of several others
/// one of the heavy ones most often.
#[derive(Debug, Default)]
pub struct Worst {
    /// A client of it, its length, and its address as a number.
    candidate: Option<(IpAddr, u8, u64)>,
    lead: u64,
    limited: u64,
    /// In microseconds: not before that.
    next: u64,
}

impl Worst {
    /// One more answer to this client was limited for its network, of this length and number.
    #[inline]
    pub(super) fn count(&mut self, client: IpAddr, (length, number): (u8, u64)) {
        self.limited = self.limited.wrapping_add(1);
        match &self.candidate {
            // Networks of both families with one length and number are as good as none.
            Some((_, l, n)) if (*l, *n) == (length, number) => {
                self.lead = self.lead.wrapping_add(1)
            }
            _ if self.lead > 0 => self.lead -= 1,
            _ => {
                self.candidate = Some((client, length, number));
                self.lead = 1;
            }
        }
    }

    /// What is to be told at `now`.
    #[inline]
    pub(super) fn take(&mut self, now: u64) -> Option<(Prefix, u64)> {
        if self.limited == 0 || now < self.next {
            return None;
        }
        let (client, length, _) = self.candidate?;
        let limited = self.limited;
        *self = Worst {
            next: now.saturating_add(limits::RATE_REPORT * 1_000_000),
            ..Worst::default()
        };
        Some((Prefix::around(client, length), limited))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn the_majority_is_found_and_told_once_a_minute() {
        let network = |n: u8| Prefix::around([192, 0, n, 0].into(), 24);
        let count =
            |worst: &mut Worst, n: u8| worst.count([192, 0, n, n].into(), (24, u64::from(n)));
        let mut worst = Worst::default();
        assert_eq!(worst.take(0), None);
        count(&mut worst, 1);
        assert_eq!(worst.take(5), Some((network(1), 1)));
        for n in 0..100 {
            count(&mut worst, n);
            count(&mut worst, 7);
        }
        let minute = limits::RATE_REPORT * 1_000_000;
        assert_eq!(worst.take(4 + minute), None);
        assert_eq!(worst.take(5 + minute), Some((network(7), 200)));
        assert_eq!(worst.take(u64::MAX), None);
    }
}
