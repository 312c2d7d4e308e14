//! How fast a correction by load may be: it comes back through the caches of resolvers a TTL late, and one that is too
//! fast swings for ever.

use crate::limits;

/// Gains are in parts of this, for each second.
pub const TRILLION: u128 = 1_000_000_000_000;

/// Pi in parts of a trillion.
const PI: u128 = 3_141_592_653_590;

/// The gain at which a correction just swings for ever, in parts of a trillion for each second, for a load that comes
/// wholly to where the answers point: the correction adds, each second, this part of the deviation that it sees.
///
/// Caches that hold answers for `ttl` seconds act like the mean of what was answered in the last `ttl` seconds; what is
/// reported is `delay` seconds late. Such a loop turns by half a circle at ω = π / (T + 2δ), and there the mean damps by
/// sin(x) / x with x = ωT/2; so the gain may be ω · x / sin(x) at the most.
pub fn limit(ttl: u64, delay: u64) -> u64 {
    // Beyond years nothing differs, and products stay small.
    const LONGEST: u64 = 1 << 32;
    let ttl = u128::from(ttl.min(LONGEST));
    let round = (ttl + 2 * u128::from(delay.min(LONGEST))).max(1);
    let omega = PI / round;
    let x = PI * ttl / (2 * round);
    let square = x * x / TRILLION;
    // sin(x) / x as its series: x is at most π/2, so what follows the sixth term is below 10⁻⁷.
    let series = [110, 72, 42, 20, 6].iter().fold(TRILLION, |sum, by| {
        TRILLION.saturating_sub(square * sum / TRILLION / by)
    });
    let gain = omega * TRILLION / series.max(1);
    u64::try_from(gain).unwrap_or(u64::MAX)
}

/// How late what is reported comes: a report is half an interval old in the mean and speaks of the interval before it,
/// and clients go on where they are for a while.
pub fn delay(ttl: u64, every: u64) -> u64 {
    every.saturating_add(ttl / 2)
}

/// The largest `adapt` for answers of this TTL, in parts of a million: a quarter of what would swing, for reports every
/// [`limits::LOAD_EVERY`] seconds.
pub fn boldest(ttl: u64) -> u32 {
    let gain = limit(ttl, delay(ttl, limits::LOAD_EVERY));
    let step = u128::from(gain) * u128::from(limits::LOAD_EVERY) / 4;
    u32::try_from(step * 1_000_000 / TRILLION)
        .unwrap_or(u32::MAX)
        .min(1_000_000)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    fn exact(ttl: u64, delay: u64) -> f64 {
        let (ttl, delay) = (ttl as f64, delay as f64);
        let omega = PI / (ttl + 2.0 * delay);
        let x = omega * ttl / 2.0;
        omega * x / x.sin()
    }

    #[test]
    fn the_whole_numbers_agree_with_the_formula() {
        let mut worst: f64 = 0.0;
        let delays = (1..=600).chain([1_000, 10_000, 43_500]);
        for delay in delays {
            for ttl in (1..=86_400u64).filter(|ttl| *ttl < 700 || ttl % 97 == 0) {
                let got = limit(ttl, delay) as f64 / 1e12;
                worst = worst.max((got / exact(ttl, delay) - 1.0).abs());
            }
        }
        assert!(worst < 0.001, "{worst}");
    }

    #[test]
    fn the_ends_are_those_of_the_law() {
        // No cache: π/2δ. No delay: π²/2T. And the example of the text.
        for (ttl, delay, expected) in [
            (0, 30, PI / 60.0),
            (60, 0, PI * PI / 120.0),
            (60, 30, 0.0291),
        ] {
            let got = limit(ttl, delay) as f64 / 1e12;
            assert!((got / expected - 1.0).abs() < 0.002, "{ttl} {delay}: {got}");
        }
        assert!(limit(0, 0) > 3_000_000_000_000);
        let _ = limit(u64::MAX, u64::MAX);
    }

    #[test]
    fn a_longer_ttl_asks_for_smaller_steps() {
        let bounds: Vec<u32> = [1, 20, 30, 60, 300, 3_600, 86_400].map(boldest).to_vec();
        assert!(
            bounds.windows(2).all(|pair| pair[0] > pair[1]),
            "{bounds:?}"
        );
        assert_eq!(bounds[3] / 1_000, 60, "6.0 % at a minute");
    }
}
