//! Spilling over: what of a site's clients goes on to the next one, by how full it says it is.
//!
//! The correction is an integral: while a site is too full a little more is handed on with each report, while it is not a
//! little less. It comes back through caches a TTL late, so its speed is far below where that begins to swing.

use crate::config::stability;
use crate::limits;

/// All of a site's clients; sheds count in parts of it.
pub const ALL: u64 = 1_000_000_000_000;

/// How fast a site's shed may move, in parts of a trillion for each second and each whole of its capacity by which it is
/// too full. `every` are the seconds between reports, `whole` the capacity of the pool and `own` that of the site: what
/// all others hold may come down on it, so a small site in a large pool moves more slowly.
///
/// An eighth of the limit, for the sheds of neighbours act on each other.
pub fn gain(ttl: u64, every: u64, whole: u128, own: u128) -> u64 {
    let limit = u128::from(stability::limit(ttl, stability::delay(ttl, every)));
    let others = (whole.saturating_mul(1_000) / own.max(1)).clamp(1_000, 1_000_000_000);
    u64::try_from(limit * 1_000 / (8 * others)).unwrap_or(u64::MAX)
}

/// The shed after one more report. `used` is how much of its capacity the site uses, in parts of a million; none if nobody
/// says, and then it takes its clients back as if it were empty. `seconds` have passed since the step before.
pub fn step(shed: u64, used: Option<u64>, spill: u32, gain: u64, seconds: u64) -> u64 {
    let used = i128::from(used.unwrap_or(0).min(limits::LOAD_USED));
    let seconds = i128::from(seconds.min(limits::LOAD_STEP));
    let over = used - i128::from(spill);
    let most = i128::from(limits::SPILL_RATE) * 1_000_000 * seconds;
    let by = (i128::from(gain) * seconds * over / 1_000_000).clamp(-most, most);
    let after = (i128::from(shed) + by).clamp(0, i128::from(ALL));
    u64::try_from(after).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_small_site_in_a_large_pool_moves_more_slowly() {
        let even = gain(60, 10, 100, 100);
        assert_eq!(u128::from(even), u128::from(stability::limit(60, 40)) / 8);
        assert_eq!(gain(60, 10, 400, 100), even / 4);
        assert_eq!(gain(60, 10, 50, 100), even, "never faster than alone");
        assert!(gain(60, 60, 100, 100) < even && gain(300, 10, 100, 100) < even);
        assert!(gain(60, 10, u128::MAX, 0) > 0);
    }

    #[test]
    fn too_full_sheds_and_not_full_takes_back() {
        let gain = 3_000_000_000;
        let once = step(0, Some(1_000_000), 800_000, gain, 10);
        assert_eq!(once, 6_000_000_000, "0.3 % a second of 0.2 for ten");
        assert_eq!(step(once, Some(800_000), 800_000, gain, 10), once);
        assert_eq!(step(once, Some(600_000), 800_000, gain, 10), 0);
        assert_eq!(step(once, Some(0), 800_000, gain, 10), 0);
        // Nobody says: as if it were empty.
        assert_eq!(
            step(ALL, None, 800_000, gain, 10),
            step(ALL, Some(0), 800_000, gain, 10)
        );
        // A number that cannot be moves no more than it may.
        assert_eq!(step(0, Some(u64::MAX), 800_000, u64::MAX / 4, 10), ALL / 20);
    }

    proptest! {
        #[test]
        fn a_shed_stays_a_part_and_moves_the_right_way(
            shed in 0..=ALL, used: Option<u64>, spill in 1..=1_000_000u32, gain: u64, seconds: u64,
        ) {
            let after = step(shed, used, spill, gain, seconds);
            prop_assert!(after <= ALL);
            if used.unwrap_or(0) >= u64::from(spill) {
                prop_assert!(after >= shed);
            } else {
                prop_assert!(after <= shed);
            }
            prop_assert!(after.abs_diff(shed) <= limits::SPILL_RATE * 1_000_000 * limits::LOAD_STEP);
        }
    }
}
