//! Ramps: shares go evenly, never steeper than asked for, and down at once.

use proptest::prelude::*;

use crate::limits;
use crate::steer::draw::SLOTS;
use crate::steer::motion::ramp::{Ramp, There, Wanted};

const MILLION: u64 = 1_000_000;

fn wanted(list: &[(u64, bool)]) -> Vec<Wanted> {
    let one = |(at, (weight, there)): (usize, &(u64, bool))| Wanted {
        name: format!("vip-{at}"),
        weight: weight * MILLION,
        there: if *there { There::Yes } else { There::No },
    };
    list.iter().enumerate().map(one).collect()
}

/// What each weighs, in the order of their names.
fn weights(ramp: &Ramp, now: u64) -> Vec<u64> {
    let moving = ramp.moving(now);
    let at = |(name, way): (&String, &crate::steer::motion::ramp::Way)| {
        let found = moving.iter().find(|(known, ..)| known == name);
        found.map_or(way.to, |(_, at, _)| *at)
    };
    ramp.items.iter().map(at).collect()
}

/// What part of the clients each has; none if nobody has any.
fn shares(weights: &[u64]) -> Option<Vec<f64>> {
    let sum: u64 = weights.iter().sum();
    (sum > 0).then(|| weights.iter().map(|w| *w as f64 / sum as f64).collect())
}

fn sets() -> impl Strategy<Value = Vec<(u64, bool)>> {
    prop::collection::vec((1u64..1_000, any::<bool>()), 1..9)
}

fn rates() -> impl Strategy<Value = u32> {
    prop_oneof![limits::RAMP..20_000, 20_000..1_000_000u32, Just(1_000_000)]
}

#[test]
fn a_quarter_a_minute_takes_four() {
    let old = wanted(&[(1, true), (1, false)]);
    let new = wanted(&[(1, true), (1, true)]);
    // Half of the clients must move: two minutes.
    let mut ramp = Ramp::still(&old, 250_000, 100);
    assert_eq!(
        (weights(&ramp, 100), ramp.end(100)),
        (vec![MILLION, 0], None)
    );
    ramp.turn(&new, 250_000, 1_000);
    assert_eq!(ramp.end(1_000), Some(1_120));
    for (after, second) in [
        (0, 0),
        (4, 0),
        // One part of 48 of the clients, so one beside 47.
        (5, 21_276),
        // A quarter of them, so one beside three.
        (60, 333_333),
        (64, 333_333),
        (120, MILLION),
    ] {
        assert_eq!(weights(&ramp, 1_000 + after), [MILLION, second], "{after}");
    }
    assert_eq!(
        (ramp.next(1_000), ramp.next(1_004)),
        (Some(1_005), Some(1_005))
    );
    assert_eq!((ramp.next(1_119), ramp.next(1_120)), (Some(1_120), None));
    // Lost on the way: gone at once. Back: from nothing.
    ramp.turn(&old, 250_000, 1_060);
    assert_eq!(
        (weights(&ramp, 1_060), ramp.end(1_060)),
        (vec![MILLION, 0], None)
    );
    ramp.turn(&new, 250_000, 1_061);
    assert_eq!(weights(&ramp, 1_061), [MILLION, 0]);
}

#[test]
fn a_weight_that_shrinks_moves_as_one_that_grows() {
    let mut ramp = Ramp::still(&wanted(&[(3, true), (1, true)]), 500_000, 0);
    ramp.turn(&wanted(&[(1, true), (3, true)]), 500_000, 0);
    // Two of four clients move, a half of all a minute.
    assert_eq!(ramp.end(0), Some(60));
    assert_eq!(weights(&ramp, 30), [2 * MILLION, 2 * MILLION]);
    assert_eq!(weights(&ramp, 15), [2_500_000, 1_500_000]);
}

proptest! {
    /// From step to step: each weight goes one way, no more clients move than the rate allows, and what is lost is nothing
    /// at once. In the end all is as wanted, and when it said.
    #[test]
    fn no_step_is_too_steep(turns in prop::collection::vec((sets(), 0u64..400), 2..5), rate in rates()) {
        let mut now = 1_000;
        let mut ramp = Ramp::still(&wanted(&turns[0].0), rate, now);
        for (set, time) in &turns[1..] {
            let new = wanted(set);
            let ways = ramp.items.iter().zip(weights(&ramp, now));
            let before: Vec<(String, u64, u64)> = ways.map(|((name, way), at)| (name.clone(), at, way.to)).collect();
            ramp.turn(&new, rate, now);
            let mut last = weights(&ramp, now);
            for (at, (name, _)) in ramp.items.iter().enumerate() {
                let known = before.iter().find(|(known, ..)| known == name).map_or((0, 0), |(_, at, to)| (*at, *to));
                let there = new.iter().any(|w| w.name == *name && w.there == There::Yes);
                if !there {
                    prop_assert_eq!(last[at], 0);
                } else {
                    // Since the last step of the old way it may have gone on, on that way.
                    prop_assert!((known.0.min(known.1)..=known.0.max(known.1)).contains(&last[at]));
                }
            }
            let ways: Vec<(u64, u64)> = ramp.items.values().map(|way| (way.from, way.to)).collect();
            let start = now;
            while now < start + time {
                now += limits::RAMP_STEP;
                let here = weights(&ramp, now);
                if let (Some(old), Some(new)) = (shares(&last), shares(&here)) {
                    let moved: f64 = old.iter().zip(&new).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0;
                    let most = f64::from(rate) * limits::RAMP_STEP as f64 / 60e6;
                    // Weights are whole numbers: each is less than one below its line.
                    let sum = |list: &[u64]| list.iter().sum::<u64>() as f64;
                    let rounded = 2.0 * last.len() as f64 / sum(&last).min(sum(&here));
                    prop_assert!(moved <= most + rounded + 1e-6, "{} > {}", moved, most);
                }
                for ((from, to), (a, b)) in ways.iter().zip(last.iter().zip(&here)) {
                    let on = if from <= to { a <= b && b <= to } else { a >= b && b >= to };
                    prop_assert!(on, "another way");
                }
                last = here;
            }
        }
        if let Some(end) = ramp.end(now) {
            prop_assert!(weights(&ramp, end - limits::RAMP_STEP) != ramp.items.values().map(|w| w.to).collect::<Vec<_>>());
            now = end;
        }
        prop_assert_eq!(weights(&ramp, now), ramp.items.values().map(|w| w.to).collect::<Vec<_>>());
        prop_assert_eq!(ramp.next(now), None);
    }

    /// A client that sticks goes once: where one weight changes, to it or from it; where several do, never back to
    /// where it was.
    #[test]
    fn a_sticky_client_never_comes_back(
        old in prop::collection::vec(1u64..50, 2..7),
        change in prop::collection::vec(0u64..50, 7),
        one in any::<bool>(),
        rate in 20_000u32..1_000_000,
    ) {
        let set = |list: &[u64]| -> Vec<(u64, bool)> { list.iter().map(|w| ((*w).max(1), *w > 0)).collect() };
        let new: Vec<u64> = old.iter().zip(&change).enumerate()
            .map(|(at, (old, new))| if one && at > 0 { *old } else { *new.max(&1) })
            .collect();
        let mut ramp = Ramp::still(&wanted(&set(&old)), rate, 0);
        ramp.turn(&wanted(&set(&new)), rate, 0);
        let mut owners: Vec<Vec<usize>> = vec![Vec::new(); SLOTS as usize / 8];
        let end = ramp.end(0).unwrap_or(0);
        let stride = (end / limits::RAMP_STEP / 40 + 1) * limits::RAMP_STEP;
        let mut now = 0;
        loop {
            let weights = weights(&ramp, now);
            for (slot, owners) in owners.iter_mut().enumerate() {
                let best = (0..weights.len()).min_by(|a, b| {
                    let length = |at: usize| {
                        let mut hash = (slot as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (at as u64 + 7).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                        hash ^= hash >> 31;
                        hash = hash.wrapping_mul(0x94d0_49bb_1331_11eb);
                        hash ^= hash >> 29;
                        -((hash >> 11) as f64 / (1u64 << 53) as f64 + 1e-18).ln()
                    };
                    let (left, right) = (length(*a) * weights[*b] as f64, length(*b) * weights[*a] as f64);
                    left.total_cmp(&right)
                });
                let best = best.unwrap_or(0);
                if owners.last() != Some(&best) {
                    owners.push(best);
                }
            }
            if now >= end { break; }
            now = (now + stride).min(end);
        }
        for owners in &owners {
            let mut each = owners.clone();
            each.sort_unstable();
            each.dedup();
            prop_assert_eq!(each.len(), owners.len(), "{:?}", owners);
            prop_assert!(!one || owners.len() <= 2, "{:?}", owners);
        }
    }
}
