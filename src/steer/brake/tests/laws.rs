//! Random losses and returns over time, against the plain words, and the laws that hold whatever happens.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::plain::Plain;
use super::{Both, Brake, State, Verdicts, lost, steering, verdict};
use crate::config::estate::{Bounds, Steering};

/// What happens at one moment: seconds since the last, VIPs that change, whom an operator forces.
type Moment = (u64, Vec<(usize, bool)>, Option<usize>);

/// Sites of VIPs by their weights, and whether the last VIPs stand nowhere.
fn estate() -> impl Strategy<Value = (Vec<Vec<u32>>, Bounds, bool)> {
    let sites = vec(vec(0_u32..4, 1..4), 1..6);
    let bounds = (1_u64..40, 1_u16..3, 0_u32..=100, 0_u16..3, 0_u32..=60);
    let bounds = bounds.prop_map(|(window, sites, share, min_sites, min_capacity)| Bounds {
        window,
        sites,
        share: share * 10_000,
        min_sites,
        min_capacity: min_capacity * 10_000,
    });
    (sites, bounds, any::<bool>())
}

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let changes = vec((0_usize..20, any::<bool>()), 0..6);
    let force = proptest::option::weighted(0.03, 0_usize..20);
    vec((0_u64..30, changes, force), 1..25)
}

fn text(sites: &[Vec<u32>], bounds: &Bounds, lone: bool) -> String {
    let mut text = String::from("[sites]\n");
    let (mut vips, mut names) = (String::from("[vips]\n"), String::from("[names]\n"));
    let mut octet = 0;
    for (n, weights) in sites.iter().enumerate() {
        let alone = lone && n + 1 == sites.len();
        if !alone {
            text += &format!("m{n}x = {{}}\n");
            names += &format!("\"m{n}.example.\" = \"m{n}x\"\n");
        }
        for (v, weight) in weights.iter().enumerate() {
            octet += 1;
            // In the order of names VIPs without a site stand among the sites.
            let (name, site) = match alone {
                true => (format!("m{v}a"), String::new()),
                false => (format!("v{n}-{v}"), format!(", site = \"m{n}x\"")),
            };
            let address = format!("address = \"192.0.2.{octet}\"");
            vips += &format!("{name} = {{ {address}, weight = {weight}{site} }}\n");
            if alone {
                names += &format!("\"v{v}.example.\" = \"{name}\"\n");
            }
        }
    }
    let Bounds {
        window,
        sites,
        share,
        min_sites,
        min_capacity,
    } = bounds;
    let (share, least) = (share / 10_000, min_capacity / 10_000);
    format!(
        "{text}{vips}{names}[brake]\nwindow = \"{window}s\"\nsites = {sites}\nshare = \"{share}%\"\n\
         min_sites = {min_sites}\nmin_capacity = \"{least}%\"\n"
    )
}

/// What is in force of all sites and of all capacity.
fn left(steering: &Steering, verdicts: &Verdicts) -> (usize, u64) {
    let sizes = steering.sizes();
    let there = |at: usize| !lost(verdicts.at(at));
    let grounds = steering.grounds();
    let sites = grounds.values();
    let sites = sites.filter(|vips| vips.iter().any(|vip| there(usize::from(vip.0))));
    let capacity = (0..sizes.len()).filter(|at| there(*at)).map(|at| sizes[at]);
    (sites.count(), capacity.sum())
}

/// The laws, at one moment. The floors bind all but what an operator forces.
fn laws(steering: &Steering, wanted: &[Both], verdicts: &Verdicts, brake: &Brake, forced: bool) {
    let bounds = steering.brake.unwrap();
    for (at, vip) in steering.vips.iter().enumerate() {
        let held = brake.why(&vip.name).is_some();
        assert!(!held || lost(wanted[at]), "{} is held and well", vip.name);
        let gone = lost(wanted[at]) && !held;
        assert_eq!(lost(verdicts.at(at)), gone, "{}", vip.name);
    }
    if !forced {
        let (sites, capacity) = left(steering, verdicts);
        let all: u64 = steering.sizes().iter().sum();
        assert!(
            sites >= usize::from(bounds.min_sites),
            "{sites} sites are left"
        );
        assert!(
            capacity * 1_000_000 >= all * u64::from(bounds.min_capacity),
            "{capacity} of {all} is left"
        );
    }
    if brake.held().next().is_none() {
        assert_eq!(brake.next(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn as_in_plain_words((sites, bounds, lone) in estate(), moments in moments()) {
        let bounds = Bounds { min_sites: bounds.min_sites.min(sites.len() as u16), ..bounds };
        play(&steering(&text(&sites, &bounds, lone)), &moments);
    }

    /// Of sites that are all well, or lose no more than a part, the first that dies goes at once if no floor forbids it.
    #[test]
    fn the_first_site_goes((sites, bounds, lone) in estate(), which in 0_usize..6, before in 0_usize..6) {
        let bounds = Bounds { min_sites: 0, min_capacity: 0, ..bounds };
        let steering = steering(&text(&sites, &bounds, lone));
        let grounds: Vec<_> = steering.grounds().into_values().collect();
        let (which, before) = (which % grounds.len(), before % grounds.len());
        let mut brake = Brake::default();
        let mut wanted = vec![Both::UNKNOWN; steering.vips.len()];
        brake.step(&steering, &Verdicts::new(&wanted), |_| false, 100);
        if grounds[before].len() > 1 && before != which {
            wanted[usize::from(grounds[before][0].0)] = Both::same(verdict(State::Down, 100));
            brake.step(&steering, &Verdicts::new(&wanted), |_| false, 100);
        }
        for vip in &grounds[which] {
            wanted[usize::from(vip.0)] = Both::same(verdict(State::Drain, 101));
        }
        brake.step(&steering, &Verdicts::new(&wanted), |_| false, 101);
        prop_assert_eq!(brake.held().count(), 0);
    }

    /// All down for ever: what no floor forbids goes in at most a window for each VIP.
    #[test]
    fn what_is_held_goes_in_the_end((sites, bounds, lone) in estate()) {
        let bounds = Bounds { min_sites: 0, min_capacity: 0, ..bounds };
        let steering = steering(&text(&sites, &bounds, lone));
        let mut brake = Brake::default();
        let well = vec![Both::UNKNOWN; steering.vips.len()];
        brake.step(&steering, &Verdicts::new(&well), |_| false, 100);
        let wanted = Verdicts::new(&vec![Both::same(verdict(State::Down, 100)); well.len()]);
        brake.step(&steering, &wanted, |_| false, 100);
        let mut steps = 0;
        while let Some(next) = brake.next() {
            brake.step(&steering, &wanted, |_| false, next);
            steps += 1;
            prop_assert!(steps <= well.len());
        }
        prop_assert_eq!(brake.held().count(), 0);
    }
}

fn play(steering: &Arc<Steering>, moments: &[Moment]) {
    let (mut brake, mut plain) = (Brake::default(), Plain::default());
    let mut wanted = vec![Both::UNKNOWN; steering.vips.len()];
    let mut now = 1_000;
    let mut forced: Vec<String> = Vec::new();
    brake.step(steering, &Verdicts::new(&wanted), |_| false, now);
    for (seconds, changes, force) in moments {
        now += seconds;
        for (vip, well) in changes {
            let at = vip % wanted.len();
            let state = if *well { State::Up } else { State::Down };
            if wanted[at].v4.state != state {
                wanted[at] = Both::same(verdict(state, now));
            }
        }
        if let Some(vip) = force {
            let name = &steering.vips[vip % wanted.len()].name;
            forced.push(name.clone());
        }
        let bad = steering.vips.iter().zip(&wanted);
        let bad = bad.filter(|(_, both)| lost(**both));
        let bad: Vec<String> = bad.map(|(vip, _)| vip.name.clone()).collect();
        plain.step(steering, &bad, &forced, now);
        let is_forced = |name: &str| forced.iter().any(|one| one == name);
        let list = Verdicts::new(&wanted);
        let verdicts = brake.step(steering, &list, is_forced, now);
        let held: BTreeSet<String> = brake.held().map(|(name, _)| name.to_string()).collect();
        assert_eq!(held, plain.held, "at {now}, bad {bad:?}, {:?}", plain.lost);
        laws(steering, &wanted, &verdicts, &brake, !forced.is_empty());
        // A step at the same moment changes nothing, and a restart forgets nothing.
        let mut again = Brake::resume(brake.marks().cloned());
        assert_eq!(again.step(steering, &list, is_forced, now), verdicts);
        if now % 3 == 0 {
            brake = again;
        }
    }
}
