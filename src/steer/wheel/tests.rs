//! Laws of choices over random groups: how many, of which domains, how often, and what a lost VIP changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::config;
use crate::diagnostic::Source;
use crate::steer::outcome::MILLION;

/// A VIP: weight, word of its failure domain, which of two groups, whether it has AAAA.
type Written = (u32, Option<u8>, u16, bool);

fn written() -> impl Strategy<Value = Written> {
    let weight = prop_oneof![0..=1_000_000_u32, 1..=3_u32, Just(1), Just(1_000_000)];
    let domain = prop_oneof![1 => Just(None), 4 => (0..6_u8).prop_map(Some)];
    (weight, domain, 0..2_u16, any::<bool>())
}

/// The estate of these VIPs, called after `seed`, and one pool of them all.
fn steering(vips: &[Written], answers: usize, draw: &str, seed: u32) -> Steering {
    let mut text = String::from("[vips]\n");
    let mut names = Vec::new();
    for (n, (weight, domain, _, six)) in vips.iter().enumerate() {
        let name = format!("v{n:02}-{seed}");
        let domain = domain.map(|word| format!(", failure_domain = \"d{word}\""));
        let six = six.then(|| format!(", address6 = \"2001:db8::{n}\""));
        let (domain, six) = (domain.unwrap_or_default(), six.unwrap_or_default());
        text.push_str(&format!(
            "{name} = {{ address = \"192.0.2.{n}\"{six}, weight = {weight}{domain} }}\n"
        ));
        names.push(name);
    }
    text.push_str(&format!(
        "[pools.p]\nmembers = {names:?}\nanswers = {answers}\ndraw = \"{draw}\"\n[names]\n\"p.example.\" = \"p\"\n"
    ));
    let (steering, found) = config::steering(&[Source::new("a.toml", text)], &config::alone);
    steering.unwrap_or_else(|| panic!("{found:?}"))
}

/// Candidates of all with a weight, as when all are up; but for `lost`.
fn candidates(vips: &[Written], lost: Option<usize>) -> Vec<Candidate> {
    let candidate = |(n, (weight, _, group, _)): (usize, &Written)| Candidate {
        vip: VipId(n as u16),
        mass: u64::from(*weight) * MILLION,
        group: vec![*group],
    };
    let all = vips.iter().enumerate();
    all.filter(|(n, vip)| vip.0 > 0 && Some(*n) != lost)
        .map(candidate)
        .collect()
}

fn choice(steering: &Steering, candidates: Vec<Candidate>) -> Choice {
    let sticky = matches!(steering.pools[0].draw, Draw::Sticky | Draw::Name);
    let names = steering.vips.iter().map(|vip| vip.name.as_str());
    let cutter = Cutter {
        steering,
        ranks: &Ranks::new(names, |_| sticky),
        pool: &steering.pools[0],
    };
    cutter.choice(candidates)
}

/// Every set with how many points it has, in the order of the points.
fn sets(choice: &Choice, family: Family) -> Vec<(u64, Vec<usize>)> {
    let wheel = match family {
        Family::V4 => &choice.v4,
        Family::V6 => &choice.v6,
    };
    let of = |set: &Set, vips: &[VipId]| -> Vec<usize> {
        let set = &vips[set.start as usize..(set.start + set.len) as usize];
        set.iter().map(|vip| usize::from(vip.0)).collect()
    };
    match wheel {
        Wheel::Arcs(arcs, vips) => {
            let arcs = arcs.list();
            let ends = arcs.iter().skip(1).map(|a| u64::from(a.0)).chain([SPACE]);
            let arc =
                |((start, set), end): (&(u32, Set), u64)| (end - u64::from(*start), of(set, vips));
            arcs.iter().zip(ends).map(arc).collect()
        }
        Wheel::Slots(slots, vips) => {
            let slot = |set| (SPACE / u64::from(draw::SLOTS), of(set, vips));
            slots.iter().map(slot).collect()
        }
    }
}

/// What fails together in one group; who has no word is alone.
fn domain(vips: &[Written], n: usize) -> (Option<u8>, usize) {
    match vips[n].1 {
        Some(word) => (Some(word), 0),
        None => (None, n),
    }
}

fn domains(vips: &[Written], set: &[usize]) -> usize {
    let all: BTreeSet<_> = set.iter().map(|n| domain(vips, *n)).collect();
    all.len()
}

/// Those of a group that can be in an answer of a family.
fn able(vips: &[Written], group: u16, family: Family, lost: Option<usize>) -> Vec<usize> {
    let fit = |n: &usize| {
        let (weight, _, at, six) = vips[*n];
        weight > 0 && at == group && (family == Family::V4 || six) && Some(*n) != lost
    };
    (0..vips.len()).filter(fit).collect()
}

/// Exactly so many as there are and as were asked for, each once, of one group, of as many domains as can be.
fn shaped(
    set: &[usize],
    vips: &[Written],
    answers: usize,
    family: Family,
) -> Result<(), TestCaseError> {
    let Some(first) = set.first() else {
        return Ok(());
    };
    let able = able(vips, vips[*first].2, family, None);
    let once: BTreeSet<_> = set.iter().collect();
    prop_assert!(set.iter().all(|n| able.contains(n)), "{set:?}");
    prop_assert_eq!(set.len(), answers.min(able.len()), "{:?}", set);
    prop_assert_eq!(once.len(), set.len(), "{:?}", set);
    let most = answers.min(domains(vips, &able));
    prop_assert_eq!(domains(vips, set), most, "{:?}", set);
    Ok(())
}

/// The points of each VIP of a group, and the group's own.
fn points(sets: &[(u64, Vec<usize>)], group: &[usize]) -> (BTreeMap<usize, u128>, u128) {
    let mut points: BTreeMap<usize, u128> = group.iter().map(|n| (*n, 0)).collect();
    let mut whole = 0;
    for (width, set) in sets {
        if set.first().is_some_and(|n| group.contains(n)) {
            whole += u128::from(*width);
            for n in set {
                *points.entry(*n).or_default() += u128::from(*width);
            }
        }
    }
    (points, whole)
}

/// The points are those that the weights ask for, each to within one of 2³²; where an answer cannot give them, whoever has
/// too much is in every answer, whoever has too little is there as often as it must be, and the others keep their proportions.
fn fair(
    vips: &[Written],
    group: &[usize],
    answers: usize,
    sets: &[(u64, Vec<usize>)],
) -> Result<(), TestCaseError> {
    let (points, whole) = points(sets, group);
    let weight = |n: usize| u128::from(vips[n].0);
    let together = |n: usize, of: &dyn Fn(usize) -> u128| -> u128 {
        let same = group
            .iter()
            .filter(|m| domain(vips, **m) == domain(vips, n));
        same.map(|m| of(*m)).sum()
    };
    let at = |n: usize| points[&n];
    let all: u128 = group.iter().map(|n| weight(*n)).sum();
    let k = answers as u128;
    let few = domains(vips, group) < answers;
    let too_much = |n: usize| {
        let most = if few { weight(n) } else { together(n, &weight) };
        most * k > all
    };
    let too_little = |n: usize| few && together(n, &weight) * k < all;
    if !group.iter().any(|n| too_much(*n) || too_little(*n)) {
        for n in group {
            let off = (at(*n) * all).abs_diff(k * whole * weight(*n));
            prop_assert!(off < all, "{n} has {} of {whole}", at(*n));
        }
    }
    for &n in group {
        let domain_points = together(n, &at);
        if few {
            prop_assert!(at(n) <= whole && domain_points >= whole);
        } else {
            prop_assert!(domain_points <= whole);
            prop_assert!(
                !too_much(n) || domain_points == whole,
                "{n} is not always there"
            );
        }
    }
    // Points for a weight: equal among those that nothing holds, less with those that are held down, more with those held up.
    let down = |n: usize| {
        if few {
            at(n) == whole
        } else {
            together(n, &at) == whole
        }
    };
    let up = |n: usize| few && together(n, &at) == whole;
    for &n in group {
        for &m in group {
            let (left, right) = (at(n) * weight(m), at(m) * weight(n));
            let slack = weight(n) + weight(m);
            let same = domain(vips, n) == domain(vips, m);
            let held = |n| few && at(n) == whole;
            if same && !held(n) && !held(m) {
                prop_assert!(left.abs_diff(right) < slack, "{n} {m} of one domain");
            }
            if !up(n) && !down(m) {
                prop_assert!(left < right + slack, "{n} has more than {m}");
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn arcs_give_every_vip_its_share_of_sets_that_do_not_fail_together(
        vips in vec(written(), 1..=16),
        answers in 1..=16_usize,
    ) {
        let steering = steering(&vips, answers, "query", 0);
        let choice = choice(&steering, candidates(&vips, None));
        let all: u128 = vips.iter().map(|vip| u128::from(vip.0)).sum();
        for family in [Family::V4, Family::V6] {
            let sets = sets(&choice, family);
            for (_, set) in &sets {
                shaped(set, &vips, answers, family)?;
            }
            for group in 0..2 {
                let able = able(&vips, group, family, None);
                let own = |set: &&(u64, Vec<usize>)| set.1.first().is_some_and(|n| able.contains(n));
                prop_assert!(sets.iter().filter(own).count() <= able.len(), "too many arcs");
                if able.is_empty() {
                    continue;
                }
                fair(&vips, &able, answers, &sets)?;
                let (_, whole) = points(&sets, &able);
                let mass: u128 = vips.iter().filter(|v| v.2 == group).map(|v| u128::from(v.0)).sum();
                prop_assert!((whole * all).abs_diff(u128::from(SPACE) * mass) < all);
            }
        }
    }
}

/// As if the weights were rates of chance: in the order of the first events, sets are as those of slots.
fn chance(vips: &[Written], group: &[usize], answers: usize, turns: u32) -> BTreeMap<usize, f64> {
    let mut state = 1_u64;
    let mut even = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((state ^ state >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 11) as f64 + 0.5)
            / (1_u64 << 53) as f64
    };
    let mut held: BTreeMap<usize, f64> = group.iter().map(|n| (*n, 0.0)).collect();
    for _ in 0..turns {
        let event = |n: &usize| (-even().ln() / f64::from(vips[*n].0), *n);
        let mut rest: Vec<(f64, usize)> = group.iter().map(event).collect();
        rest.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut set: Vec<usize> = Vec::new();
        while set.len() < answers && !rest.is_empty() {
            let taken = |n: usize| set.iter().any(|m| domain(vips, *m) == domain(vips, n));
            let at = rest.iter().position(|(_, n)| !taken(*n)).unwrap_or(0);
            set.push(rest.remove(at).1);
        }
        for n in set {
            *held.entry(n).or_default() += 1.0 / f64::from(turns);
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn slots_hold_such_sets_and_a_lost_vip_takes_one_place_with_it(
        vips in vec(written(), 1..=16),
        answers in 1..=16_usize,
        seed in any::<u32>(),
    ) {
        let vips: Vec<Written> = vips.into_iter().map(|vip| (vip.0, vip.1, 0, vip.3)).collect();
        let steering = steering(&vips, answers, "sticky", seed);
        let made = |lost, family| sets(&choice(&steering, candidates(&vips, lost)), family);
        for family in [Family::V4, Family::V6] {
            // In a slot whose winner has no address of the family the others of its group stand in for it.
            let before = made(None, family);
            for (_, set) in &before {
                shaped(set, &vips, answers, family)?;
            }
            let group = able(&vips, 0, family, None);
            for &lost in &group {
                let after = made(Some(lost), family);
                let many = answers.min(group.len() - 1);
                for ((_, old), (_, new)) in before.iter().zip(&after) {
                    let kept: Vec<usize> = old.iter().copied().filter(|n| *n != lost).collect();
                    if old.contains(&lost) {
                        prop_assert_eq!(new.len(), many);
                        prop_assert!(kept.iter().all(|n| new.contains(n)), "{old:?} {new:?} without {lost}");
                    } else {
                        prop_assert_eq!(old, new, "without {}", lost);
                    }
                }
            }
        }
    }

    /// A share of 4,096 slots is off by six times its deviation hardly ever, even where few slots are expected.
    #[test]
    fn slots_hold_each_vip_as_often_as_chance_would(
        vips in vec(written(), 1..=16),
        answers in 1..=16_usize,
        seed in any::<u32>(),
    ) {
        const TURNS: u32 = 20_000;
        let vips: Vec<Written> = vips.into_iter().map(|vip| (vip.0, vip.1, 0, true)).collect();
        let steering = steering(&vips, answers, "sticky", seed);
        let sets = sets(&choice(&steering, candidates(&vips, None)), Family::V4);
        let group = able(&vips, 0, Family::V4, None);
        let all: f64 = group.iter().map(|n| f64::from(vips[*n].0)).sum();
        let (points, _) = points(&sets, &group);
        for (n, part) in chance(&vips, &group, answers, TURNS) {
            // With one answer it is the weight.
            let (part, turns) = match answers {
                1 => (f64::from(vips[n].0) / all, f64::INFINITY),
                _ => (part, f64::from(TURNS)),
            };
            let is = points[&n] as f64 / SPACE as f64;
            let once = part.clamp(1e-4, 1.0 - 1e-4);
            let deviation = (once * (1.0 - once) * (1.0 / f64::from(draw::SLOTS) + 1.0 / turns)).sqrt();
            prop_assert!((is - part).abs() < 6.0 * deviation, "{n} has {is}, not {part}");
        }
    }
}

/// A group has at most as many arcs as VIPs, and a table as many sets as slots.
#[test]
fn what_the_largest_sensible_pool_takes() {
    let vips: Vec<Written> = (0..64)
        .map(|n| (1 + 37 * n % 101, Some(n as u8 % 20), 0, true))
        .collect();
    for draw in ["query", "sticky"] {
        let choice = choice(&steering(&vips, 16, draw, 0), candidates(&vips, None));
        let (parts, held, octets) = match &choice.v4 {
            Wheel::Arcs(arcs, held) => (arcs.list().len(), held.len(), arcs.memory()),
            Wheel::Slots(slots, held) => (slots.len(), held.len(), size_of_val(&slots[..])),
        };
        let octets = octets + held * size_of::<VipId>();
        println!("{draw}: {parts} sets, {held} places, {octets} octets for each family");
        assert!(parts <= if draw == "query" { 64 } else { 4_096 });
    }
}
