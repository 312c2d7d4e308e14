//! The keeper's clock: the wall clock as it was at the start, and the time since. It stands in seconds of the Unix epoch.
//!
//! Leases, windows, holds, ramps and orders are lengths of time, and the wall clock is none: it is set by hand, by a first
//! answer of NTP, or by a virtual machine that was moved. So the keeper counts on from its start by the time since boot, in
//! which a suspend counts. A wall clock that jumps changes none of that until the next start; it is told in the log, and
//! what the answering threads judge by the wall clock is given to them as if it had always been as it is now.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

use crate::health::verdict::{Both, Verdict, Verdicts};
use crate::limits;

/// Where the time comes from.
pub trait Source: Send + Sync + fmt::Debug {
    /// Since the Unix epoch, as the machine believes.
    fn wall(&self) -> Duration;
    /// Since the machine was started, suspends included. It never jumps.
    fn boot(&self) -> Duration;
}

/// The machine's own clocks.
#[derive(Debug)]
struct Machine;

impl Source for Machine {
    fn wall(&self) -> Duration {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn boot(&self) -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
        Duration::new(seconds, nanoseconds)
    }
}

/// See the module. A copy is the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Arc<dyn Source>,
    wall: Duration,
    boot: Duration,
    /// Seconds by which the wall clock is ahead of this one, as of the last look.
    ahead: Arc<AtomicI64>,
}

/// Seconds of the Unix epoch by the wall clock of this machine: for what lies outside, as the age of a file.
pub(super) fn wall() -> u64 {
    Machine.wall().as_secs()
}

/// That the wall clock has jumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// By so many seconds: below nought it was set back.
    pub by: i64,
    /// So far ahead of the keeper's clock it is now.
    pub ahead: i64,
}

impl Clock {
    /// By the clocks of this machine, from now on.
    pub fn machine() -> Clock {
        Clock::by(Arc::new(Machine))
    }

    /// By these clocks, from now on.
    pub fn by(source: Arc<dyn Source>) -> Clock {
        Clock {
            wall: source.wall(),
            boot: source.boot(),
            source,
            ahead: Arc::default(),
        }
    }

    /// Seconds of the Unix epoch, whatever became of the wall clock since the start.
    pub fn now(&self) -> u64 {
        self.since().as_secs()
    }

    /// Seconds of the Unix epoch by the wall clock.
    pub fn wall(&self) -> u64 {
        self.source.wall().as_secs()
    }

    /// Seconds by which the wall clock is ahead of this one, as of the last look; 0 unless it has jumped.
    pub fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Looks whether the wall clock has jumped since the last look, by more than [`limits::CLOCK_SLACK`].
    pub fn look(&self) -> Option<Jump> {
        let (wall, own) = (self.source.wall(), self.since());
        let ahead = match wall.checked_sub(own) {
            Some(more) => whole(more),
            None => -whole(own.saturating_sub(wall)),
        };
        let by = ahead.saturating_sub(self.ahead());
        if by.unsigned_abs() <= limits::CLOCK_SLACK {
            return None;
        }
        self.ahead.store(ahead, Ordering::Relaxed);
        Some(Jump { by, ahead })
    }

    /// Verdicts by this clock as they are by the wall clock, by which answers are given.
    pub fn outward(&self, verdicts: Verdicts) -> Verdicts {
        let ahead = self.ahead();
        if ahead == 0 {
            return verdicts;
        }
        let shift = |verdict: Verdict| Verdict {
            since: match verdict.since {
                // Nobody has ever spoken of it, whatever the time.
                0 => 0,
                since => since.saturating_add_signed(ahead).max(1),
            },
            ..verdict
        };
        let all = verdicts.iter().map(|both| Both {
            v4: shift(both.v4),
            v6: shift(both.v6),
        });
        Verdicts::new(&all.collect::<Vec<Both>>())
    }

    fn since(&self) -> Duration {
        self.wall + self.source.boot().saturating_sub(self.boot)
    }
}

/// Whole seconds, the nearest.
fn whole(time: Duration) -> i64 {
    i64::try_from(time.saturating_add(Duration::from_millis(500)).as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
pub(crate) mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::health::verdict::State;

    /// Clocks that are set by hand, in milliseconds.
    #[derive(Debug)]
    pub(crate) struct Hands(Mutex<(u64, u64)>);

    impl Hands {
        pub(crate) fn at(wall: u64) -> Arc<Hands> {
            Arc::new(Hands(Mutex::new((wall * 1_000, 50_000))))
        }

        /// Time passes, for both.
        pub(crate) fn pass(&self, milliseconds: u64) {
            let mut hands = self.0.lock().unwrap();
            hands.0 += milliseconds;
            hands.1 += milliseconds;
        }

        /// The wall clock is set by so many seconds.
        pub(crate) fn set(&self, by: i64) {
            let mut hands = self.0.lock().unwrap();
            hands.0 = hands.0.saturating_add_signed(by * 1_000);
        }
    }

    impl Source for Hands {
        fn wall(&self) -> Duration {
            Duration::from_millis(self.0.lock().unwrap().0)
        }

        fn boot(&self) -> Duration {
            Duration::from_millis(self.0.lock().unwrap().1)
        }
    }

    #[test]
    fn jumps_are_told_and_do_not_count() {
        let hands = Hands::at(1_000_000);
        let clock = Clock::by(hands.clone());
        assert_eq!(
            (clock.now(), clock.wall(), clock.look()),
            (1_000_000, 1_000_000, None)
        );
        hands.pass(10_000);
        // What NTP corrects in small steps is none.
        hands.set(2);
        assert_eq!(
            (clock.now(), clock.look(), clock.ahead()),
            (1_000_010, None, 0)
        );
        let day = 86_400;
        hands.set(day);
        let jump = Jump {
            by: day + 2,
            ahead: day + 2,
        };
        assert_eq!((clock.now(), clock.look()), (1_000_010, Some(jump)));
        assert_eq!((clock.look(), clock.clone().ahead()), (None, day + 2));
        hands.set(-day - 3_600);
        let jump = Jump {
            by: -day - 3_600,
            ahead: 2 - 3_600,
        };
        assert_eq!((clock.look(), clock.now()), (Some(jump), 1_000_010));
        // To before the epoch there is nothing.
        hands.set(-10_000_000);
        assert_eq!(clock.look().unwrap().ahead, -1_000_010);
        hands.pass(600_000);
        assert_eq!(clock.now(), 1_000_610);
    }

    #[test]
    fn verdicts_by_the_wall_clock() {
        let hands = Hands::at(1_000_000);
        let clock = Clock::by(hands.clone());
        let verdict = |since| Verdict {
            state: State::Down,
            since,
        };
        let list = |v4, v6| {
            Verdicts::new(&[
                Both {
                    v4: verdict(v4),
                    v6: verdict(v6),
                },
                Both::UNKNOWN,
            ])
        };
        assert_eq!(clock.outward(list(900_000, 5)), list(900_000, 5));
        hands.set(-950_000);
        clock.look().unwrap();
        assert_eq!(clock.outward(list(990_000, 900_000)), list(40_000, 1));
    }

    #[test]
    fn the_machine_has_one() {
        let clock = Clock::machine();
        assert_eq!(clock.look(), None);
        assert!(clock.now().abs_diff(clock.wall()) <= 1 && clock.now() > 1_700_000_000);
    }
}
