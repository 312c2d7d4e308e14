//! Limited answers in the log: a line a minute at most, with the network that had the most.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::limits;
use crate::prefix::Prefix;
use crate::stats::{Counters, Outcome};

/// Looks now and then, for ever.
pub(super) async fn watch(counters: Vec<Arc<Counters>>) {
    let mut teller = Teller::default();
    loop {
        sleep(Duration::from_millis(limits::RATE_LOOK)).await;
        if let Some(told) = teller.look(&counters, Instant::now()) {
            tracing::warn!(
                network = %told.network,
                dropped = told.dropped,
                slipped = told.slipped,
                "too many answers asked for over UDP; most of late for this network, whose addresses may be forged"
            );
        }
    }
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    network: Prefix,
    /// Since the last line.
    dropped: u64,
    slipped: u64,
}

#[derive(Debug, Default)]
struct Teller {
    last: Option<Instant>,
    /// What the counters stood at.
    before: [u64; 2],
    worst: Option<(Prefix, u64)>,
}

impl Teller {
    fn look(&mut self, counters: &[Arc<Counters>], now: Instant) -> Option<Told> {
        for letter in counters.iter().filter_map(|c| c.worst.take()) {
            if self.worst.is_none_or(|(_, most)| letter.1 > most) {
                self.worst = Some(letter);
            }
        }
        let pause = Duration::from_secs(limits::RATE_REPORT);
        if self
            .last
            .is_some_and(|last| now.duration_since(last) < pause)
        {
            return None;
        }
        let (network, _) = self.worst.take()?;
        let counts = [Outcome::Limited, Outcome::Slipped].map(|outcome| {
            let of = counters.iter().map(|c| c.outcomes(outcome));
            of.fold(0, u64::wrapping_add)
        });
        let [dropped, slipped] = [0, 1].map(|at: usize| counts[at].wrapping_sub(self.before[at]));
        (self.last, self.before) = (Some(now), counts);
        Some(Told {
            network,
            dropped,
            slipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_all_workers_once_a_minute() {
        let counters: Vec<Arc<Counters>> = (0..3).map(|_| Arc::default()).collect();
        let network = |n: u8| Prefix::around([192, 0, n, 0].into(), 24);
        let (mut teller, start) = (Teller::default(), Instant::now());
        assert_eq!(teller.look(&counters, start), None);
        let tell = |n, dropped, slipped| {
            Some(Told {
                network: network(n),
                dropped,
                slipped,
            })
        };
        let limit = |worker: usize, n, times: u64| {
            (0..times).for_each(|_| counters[worker].outcome(Outcome::Limited));
            counters[worker].outcome(Outcome::Slipped);
            assert!(counters[worker].worst.leave(network(n), times));
        };
        limit(0, 1, 5);
        limit(1, 2, 9);
        limit(2, 3, 7);
        assert_eq!(teller.look(&counters, start), tell(2, 21, 3));
        limit(0, 4, 50);
        let second = Duration::from_secs(1);
        assert_eq!(teller.look(&counters, start + second * 30), None);
        limit(2, 5, 40);
        assert_eq!(teller.look(&counters, start + second * 60), tell(4, 90, 2));
        assert_eq!(teller.look(&counters, start + second * 600), None);
    }
}
