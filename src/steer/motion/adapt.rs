//! Evening out: VIPs that share clients get them by what each carries, in small steps.

use crate::config::stability;
use crate::limits;

/// The weight as written; factors count in parts of it.
pub const PLAIN: u64 = 1_000_000_000_000;

/// A VIP among those that share clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharer {
    /// By what its weight counts now.
    pub factor: u64,
    /// Its weight and the part of it that it bears, above 0.
    pub mass: u64,
    /// What it carries, and what it should carry beside the others; none if nobody says.
    pub load: Option<(u128, u128)>,
}

/// What part of a deviation one step makes good, in parts of a trillion, `seconds` after the one before it. `adapt` is the
/// operator's, in parts of a million; reports that are rarer than it was meant for make it less, never more.
pub fn gain(adapt: u32, ttl: u64, every: u64, seconds: u64) -> u64 {
    let seconds = seconds.min(limits::LOAD_STEP);
    let wanted = u64::from(adapt) * 1_000_000;
    let wanted = wanted * seconds.min(limits::LOAD_EVERY) / limits::LOAD_EVERY;
    let limit = stability::limit(ttl, stability::delay(ttl, every)) / 4;
    wanted.min(limit.saturating_mul(seconds)).min(PLAIN)
}

/// One step for all that share. Whoever carries more than its part gets less; whoever does not say goes back towards its
/// plain weight. The mean stays what it was, so that the set as a whole weighs the same beside others.
pub fn step(set: &mut [Sharer], gain: u64) {
    let part = i128::from(gain.min(PLAIN));
    let plain = i128::from(PLAIN);
    let told = set.iter().filter_map(|vip| vip.load);
    let (load, size) = told.fold((0u128, 0u128), |(load, size), (l, s)| {
        (load.saturating_add(l), size.saturating_add(s))
    });
    let several = set.iter().filter(|vip| vip.load.is_some()).count() > 1;
    for vip in set.iter_mut() {
        let factor = i128::from(vip.factor);
        let by = match vip.load.filter(|_| several) {
            Some((own, own_size)) => {
                let missing = deviation(own, own_size, load, size);
                factor * part / plain * missing / 1_000_000
            }
            None => (plain - factor) * part / plain,
        };
        vip.factor = u64::try_from(factor + by).unwrap_or(1).max(1);
    }
    let most = set.iter().map(|vip| vip.factor).max().unwrap_or(PLAIN);
    for vip in set.iter_mut() {
        vip.factor = vip.factor.max(most / limits::ADAPT_RANGE);
    }
    level(set);
}

/// What is missing from a VIP's part, in parts of a million of it: below 0 if it carries too much, and then no more than
/// all of it counts.
fn deviation(own: u128, own_size: u128, load: u128, size: u128) -> i128 {
    // 52 bits of each are more than anyone measures, and products stay below 2¹²⁸.
    let shift = |all: u128| 76u32.saturating_sub(all.leading_zeros());
    let (own, load) = (own >> shift(load), load >> shift(load));
    let (own_size, size) = (own_size >> shift(size), size >> shift(size));
    let due = load * own_size;
    if due == 0 {
        return if own == 0 { 0 } else { -1_000_000 };
    }
    let carried = (own * size * 1_000_000 / due).min(2_000_000);
    1_000_000 - i128::try_from(carried).unwrap_or(2_000_000)
}

/// Makes the mean of the factors one again, each counted by its mass.
fn level(set: &mut [Sharer]) {
    let all: u128 = set.iter().map(|vip| u128::from(vip.mass)).sum();
    let now: u128 = (set.iter())
        .map(|vip| u128::from(vip.mass) * u128::from(vip.factor))
        .sum();
    // Thousandths of a trillion are lost, and no product is beyond 2¹²⁸.
    let now = now / u128::from(PLAIN / 1_000_000);
    for vip in set.iter_mut() {
        let factor = u128::from(vip.factor) * all * 1_000_000 / now.max(1);
        vip.factor = u64::try_from(factor).unwrap_or(PLAIN).max(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(loads: &[(u64, u128, u128)]) -> Vec<Sharer> {
        let vip = |(mass, load, size): &(u64, u128, u128)| Sharer {
            factor: PLAIN,
            mass: *mass,
            load: Some((*load * 1_000_000, *size * 1_000_000)),
        };
        loads.iter().map(vip).collect()
    }

    /// Steps with loads that follow at once, until nothing moves.
    fn settle(sizes: &[u128], masses: &[u64], demand: u128) -> Vec<u128> {
        let mut vips = set(&(masses.iter().zip(sizes))
            .map(|(m, s)| (*m, 0, *s))
            .collect::<Vec<_>>());
        for _ in 0..600 {
            let whole: u128 = vips
                .iter()
                .map(|v| u128::from(v.mass) * u128::from(v.factor))
                .sum();
            for (vip, size) in vips.iter_mut().zip(sizes) {
                let own = demand * u128::from(vip.mass) * u128::from(vip.factor) / whole;
                vip.load = Some((own * 1_000_000, size * 1_000_000));
            }
            step(&mut vips, PLAIN / 20);
        }
        vips.iter()
            .map(|v| v.load.unwrap().0 * 1_000 / v.load.unwrap().1)
            .collect()
    }

    #[test]
    fn loads_become_even_beside_what_each_should_carry() {
        for (sizes, masses) in [
            ([100u128, 200, 300], [1u64, 1, 1]),
            ([1, 1, 1], [1, 2, 4]),
            ([400_000, 100_000, 200_000], [1_000_000, 500_000, 750_000]),
        ] {
            let used = settle(&sizes, &masses, sizes.iter().sum::<u128>() * 1_000);
            let even = used.iter().all(|u| u.abs_diff(1_000_000) < 20_000);
            assert!(even, "{sizes:?} {masses:?}: {used:?}");
        }
        // What is eight times too small stays the lightest that there is.
        let used = settle(&[1, 100], &[1, 1], 101_000);
        assert!(used[0] > 10 * used[1], "{used:?}");
    }

    #[test]
    fn one_that_carries_too_much_gets_less_and_the_mean_stays() {
        let mut vips = set(&[(1_000_000, 150, 100), (1_000_000, 50, 100)]);
        step(&mut vips, PLAIN / 10);
        assert_eq!(vips[0].factor, 950_000_000_000);
        assert_eq!(vips[1].factor, 1_050_000_000_000);
        // Twice and more is told apart no further: one number moves a tenth of a step at the most.
        let mut wild = set(&[(1, 1_000_000, 1), (1, 1, 1)]);
        step(&mut wild, PLAIN / 10);
        assert!(wild[0].factor > 800_000_000_000, "{wild:?}");
        // No load at all says nothing.
        let mut idle = set(&[(1, 0, 1), (1, 0, 7)]);
        step(&mut idle, PLAIN);
        assert!(idle.iter().all(|vip| vip.factor == PLAIN));
    }

    #[test]
    fn silence_goes_back_to_the_plain_weights() {
        let mut vips = set(&[(1, 9, 1), (1, 1, 1)]);
        step(&mut vips, PLAIN / 5);
        let first = vips[0].factor;
        vips.iter_mut().for_each(|vip| vip.load = None);
        for _ in 0..50 {
            step(&mut vips, PLAIN / 5);
        }
        assert!(first < PLAIN && vips[0].factor.abs_diff(PLAIN) < PLAIN / 10_000);
        // One that speaks alone can be compared with nobody.
        let mut alone = set(&[(1, 9, 1), (1, 1, 1)]);
        alone[1].load = None;
        step(&mut alone, PLAIN / 5);
        assert_eq!(alone[0].factor, PLAIN);
    }

    #[test]
    fn a_step_is_no_bolder_than_the_bound_and_the_key() {
        assert_eq!(gain(60_000, 60, 10, 10), 60_000_000_000);
        assert_eq!(gain(60_000, 60, 10, 5), 30_000_000_000, "half the time");
        assert!(gain(60_000, 60, 60, 10) < 60_000_000_000, "late reports");
        assert!(
            gain(60_000, 60, 60, 60) <= 60_000_000_000,
            "never more than the key in a step"
        );
        assert!(
            gain(1_000_000, 3_600, 10, 10) < 2_000_000_000,
            "whatever the key says"
        );
    }

    proptest! {
        #[test]
        fn factors_stay_in_their_range(
            vips in prop::collection::vec((PLAIN / 8..8 * PLAIN, 1..1_000_000_000_000u64,
                prop::option::of((0..10u128.pow(21), 0..10u128.pow(21)))), 1..20),
            gain in 0..=PLAIN,
        ) {
            let mut set: Vec<Sharer> = vips.into_iter().map(|(factor, mass, load)| Sharer { factor, mass, load }).collect();
            step(&mut set, gain);
            let most = set.iter().map(|vip| vip.factor).max().unwrap();
            let least = set.iter().map(|vip| vip.factor).min().unwrap();
            prop_assert!(least >= most / limits::ADAPT_RANGE - 2, "{set:?}");
            let all: f64 = set.iter().map(|vip| vip.mass as f64).sum();
            let now: f64 = set.iter().map(|vip| vip.mass as f64 * (vip.factor as f64 / PLAIN as f64)).sum();
            prop_assert!((now / all - 1.0).abs() < 0.001, "{now} {all}");
        }
    }
}
