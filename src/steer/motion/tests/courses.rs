//! Whole courses over estates: what the judge makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::config::estate::{PoolId, Steering, VipId};
use crate::diagnostic::Source;
use crate::health::board::{State, Verdict};
use crate::steer::class::Class;
use crate::steer::judge::Judge;
use crate::steer::motion::Motion;
use crate::steer::motion::course::Sight;
use crate::steer::motion::mover::Mover;
use crate::steer::reach::{self, Needs};

const PLACES: &str = r#"
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
sin = { location = [1.36, 103.99] }
[vips]
fra-1 = { site = "fra", address = "192.0.2.10" }
fra-2 = { site = "fra", address = "192.0.2.11", weight = 3 }
iad-1 = { site = "iad", address = "198.51.100.10" }
sin-1 = { site = "sin", address = "203.0.113.10", weight = 2 }
"#;

/// The one pool beside the VIPs, at work.
struct Stage {
    steering: Arc<Steering>,
    reach: Vec<Vec<VipId>>,
    mover: Mover,
    motion: Motion,
    states: Vec<State>,
    now: u64,
}

fn steering(pool: &str) -> Steering {
    let text = format!("{PLACES}[pools.web]\n{pool}\n[names]\n\"www.example.com.\" = \"web\"\n");
    let source = Source::new("zones/steering.toml", text.as_str());
    let (steering, found) = crate::config::steering(&[source], &crate::config::alone);
    let lines: Vec<String> = found.iter().map(|d| d.line()).collect();
    steering.unwrap_or_else(|| panic!("{lines:?}"))
}

impl Stage {
    fn new(pool: &str) -> Stage {
        let mut stage = Stage {
            steering: Arc::new(steering(pool)),
            reach: Vec::new(),
            mover: Mover::default(),
            motion: Motion::default(),
            states: vec![State::Up; 4],
            now: 1_000_000,
        };
        stage.reach = vec![reach::reach(&stage.steering, PoolId(0))];
        stage.step();
        stage
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let verdict = |state: &State| Verdict {
            state: *state,
            since: 1,
        };
        self.states.iter().map(verdict).collect()
    }

    fn step(&mut self) {
        let verdicts = self.verdicts();
        self.motion = self.mover.step(&Sight {
            steering: &self.steering,
            reach: &self.reach,
            verdicts: &verdicts,
            now: self.now,
        });
    }

    fn reload(&mut self, pool: &str) {
        let (new, verdicts) = (Arc::new(steering(pool)), self.verdicts());
        self.mover.meet(
            &Sight {
                steering: &self.steering,
                reach: &self.reach,
                verdicts: &verdicts,
                now: self.now,
            },
            &new,
        );
        self.steering = new;
        self.reach = vec![reach::reach(&self.steering, PoolId(0))];
        self.step();
    }

    /// Lets so many seconds pass, with all steps that are due.
    fn pass(&mut self, seconds: u64) {
        let end = self.now + seconds;
        while let Some(next) = self
            .mover
            .next(&self.steering, self.now)
            .filter(|n| *n <= end)
        {
            assert!(next > self.now);
            self.now = next;
            self.step();
        }
        self.now = end;
    }

    fn set(&mut self, vip: &str, state: State) {
        let at = self
            .steering
            .vips
            .iter()
            .position(|v| v.name == vip)
            .unwrap();
        self.states[at] = state;
        self.step();
    }

    /// Of all clients, how many get each VIP; of all VIPs that get any.
    fn shares(&self) -> BTreeMap<String, f64> {
        let (needs, verdicts) = (Needs::of(&self.steering, PoolId(0)), self.verdicts());
        let class = Class::anyone(&needs);
        let judge = Judge {
            steering: &self.steering,
            reach: &self.reach,
            needs: &needs,
            class: &class,
            verdicts: &verdicts,
            motion: &self.motion,
        };
        let up = judge.pool(PoolId(0)).up;
        let sum: f64 = up.iter().map(|c| c.mass as f64).sum();
        let mut shares = BTreeMap::new();
        for one in &up {
            let name = self.steering.vips[usize::from(one.vip.0)].name.clone();
            *shares.entry(name).or_insert(0.0) += one.mass as f64 / sum;
        }
        shares
    }

    fn share(&self, vip: &str) -> f64 {
        let share = self.shares().get(vip).copied().unwrap_or(0.0);
        (share * 1_000.0).round() / 1_000.0
    }

    fn until(&self) -> u64 {
        self.motion.of(PoolId(0)).until
    }
}

#[test]
fn a_member_that_returns_takes_its_clients_evenly() {
    let mut stage = Stage::new(
        "members = [\"fra\", \"iad\"]\npolicy = \"failover\"\nfailback = \"10m\"\nramp = \"10%\"",
    );
    assert_eq!((stage.share("iad-1"), stage.until()), (0.0, 0));
    stage.set("fra-1", State::Down);
    stage.set("fra-2", State::Down);
    assert_eq!(stage.share("iad-1"), 1.0);
    stage.pass(100);
    stage.set("fra-2", State::Up); // three of four parts: well
    assert_eq!(
        (stage.share("iad-1"), stage.until()),
        (1.0, stage.now + 600)
    );
    stage.pass(599);
    assert_eq!(stage.share("iad-1"), 1.0);
    stage.pass(1);
    // Ten minutes of ramp, in steps of five seconds; in the site fra-2 is alone.
    assert_eq!(
        (stage.share("fra-2"), stage.until()),
        (0.0, stage.now + 600)
    );
    for (seconds, share) in [
        (60, 0.1),
        (60, 0.2),
        (4, 0.2),
        (1, 0.208),
        (175, 0.5),
        (300, 1.0),
    ] {
        stage.pass(seconds);
        assert_eq!(stage.share("fra-2"), share, "{seconds}");
        // The site's clients are on their way, and not the weights at the site as well.
        assert!(stage.motion.of(PoolId(0)).factors.is_empty(), "{seconds}");
    }
    assert_eq!((stage.share("iad-1"), stage.until()), (0.0, 0));
    // The other VIP of the site comes back beside it: a quarter of the clients, two and a half minutes.
    stage.set("fra-1", State::Up);
    assert_eq!(stage.share("fra-1"), 0.0);
    stage.pass(75);
    assert_eq!(stage.share("fra-1"), 0.125);
    stage.pass(75);
    assert_eq!(stage.share("fra-1"), 0.25);
}

#[test]
fn a_site_that_returns_has_one_ramp() {
    let mut stage =
        Stage::new("members = [\"fra\", \"iad\"]\npolicy = \"nearest\"\nramp = \"10%\"");
    stage.set("fra-1", State::Down);
    stage.set("fra-2", State::Down);
    stage.pass(100);
    stage.set("fra-2", State::Up);
    // Its clients come evenly; that its VIPs did as well would be said of them, and change nothing.
    let moving = stage.motion.of(PoolId(0));
    assert_eq!((moving.shed.len(), moving.factors.len()), (1, 0));
}

#[test]
fn what_a_reload_changes_moves_evenly_too() {
    let old = "members = { fra = 99, iad = 1 }\nramp = \"6%\"";
    let mut stage = Stage::new(old);
    stage.reload("members = { fra = 50, iad = 50 }\nramp = \"6%\"");
    assert_eq!(stage.share("iad-1"), 0.01);
    stage.pass(60);
    assert_eq!(stage.share("iad-1"), 0.07);
    // Another change in the midst of it: from where it was.
    stage.reload("members = { fra = 90, iad = 10 }\nramp = \"6%\"");
    assert_eq!(stage.share("iad-1"), 0.07);
    stage.pass(120);
    assert_eq!((stage.share("iad-1"), stage.until()), (0.1, 0));
    // A new member begins at nothing, one that is left out is gone at once.
    stage.reload("members = { fra = 90, sin = 10 }\nramp = \"6%\"");
    assert_eq!((stage.share("sin-1"), stage.share("iad-1")), (0.0, 0.0));
    stage.pass(600);
    assert_eq!(stage.share("sin-1"), 0.1);
    // Without the key all is at once; with it from then on nothing is, not even what comes with it.
    stage.reload("members = { fra = 50, sin = 50 }");
    assert_eq!(stage.share("sin-1"), 0.5);
    stage.reload("members = { fra = 90, sin = 10 }\nramp = \"100%\"");
    assert_eq!(stage.share("sin-1"), 0.5);
    stage.pass(60);
    assert_eq!(stage.share("sin-1"), 0.1);
}

#[test]
fn a_weight_of_nothing_is_a_removal() {
    let mut stage = Stage::new("members = { fra = 9, iad = 1 }\nramp = \"10%\"");
    stage.reload("members = { fra = 9, iad = 0 }\nramp = \"10%\"");
    assert_eq!(stage.share("iad-1"), 0.0);
    stage.reload("members = { fra = 9, iad = 1 }\nramp = \"10%\"");
    assert_eq!(stage.share("iad-1"), 0.0);
    stage.pass(60);
    assert_eq!(stage.share("iad-1"), 0.1);
}

fn pools() -> impl Strategy<Value = (String, u32)> {
    let kinds = prop::sample::select(vec![
        "members = [\"fra\", \"iad\", \"sin\"]\npolicy = \"nearest\"",
        "members = [\"sin\", \"fra\", \"iad\"]\npolicy = \"failover\"",
        "members = [\"iad\", \"fra\", \"sin\"]\npolicy = \"failover\"\nfailback = \"2m\"",
        "members = [\"fra-1\", \"fra-2\", \"iad-1\", \"sin-1\"]",
        "members = { fra = 60, iad = 30, sin = 10 }",
        "members = { fra = 5, iad-1 = 1, sin-1 = 4 }\nmin_up = \"100%\"",
    ]);
    (kinds, 1u32..=100)
        .prop_map(|(kind, ramp)| (format!("{kind}\nramp = \"{ramp}%\""), ramp * 10_000))
}

proptest! {
    /// Whatever comes: nobody who is down is answered, somebody is as long as anybody is up, and while no state changes no
    /// step moves more than the ramp allows. In the end all is as if nothing had ever moved.
    #[test]
    fn no_jump_and_no_hole((pool, rate) in pools(), turns in prop::collection::vec((0usize..4, 0u8..4, 1u64..200), 1..12)) {
        let mut stage = Stage::new(&pool);
        for (vip, state, seconds) in turns {
            let state = [State::Up, State::Down, State::Degraded(700_000), State::Drain][usize::from(state)];
            stage.states[vip] = state;
            stage.step();
            let end = stage.now + seconds;
            let mut last = stage.shares();
            while stage.now < end {
                let up = stage.states.iter().any(|s| matches!(s, State::Up | State::Degraded(_)));
                prop_assert_eq!(last.is_empty(), !up);
                for name in last.keys() {
                    let at = stage.steering.vips.iter().position(|v| v.name == *name).unwrap();
                    prop_assert!(!matches!(stage.states[at], State::Down | State::Drain), "{} is answered", name);
                }
                let held: Vec<String> = stage.motion.of(PoolId(0)).held.iter().map(|t| format!("{t:?}")).collect();
                stage.pass(5);
                let here = stage.shares();
                let still: Vec<String> = stage.motion.of(PoolId(0)).held.iter().map(|t| format!("{t:?}")).collect();
                let of = |list: &BTreeMap<String, f64>, name: &String| list.get(name).copied().unwrap_or(0.0);
                let names: std::collections::BTreeSet<&String> = last.keys().chain(here.keys()).collect();
                let moved: f64 = names.iter().map(|n| (of(&last, n) - of(&here, n)).abs()).sum::<f64>() / 2.0;
                // Two steps may fall into five seconds. At once a site's own VIPs, its clients and those of the next may be
                // on their way.
                let most = f64::from(rate) / 1e6 * 10.0 / 60.0 * 3.0;
                prop_assert!(moved <= most + 1e-6 || held != still, "{} of {} in {}: {:?} {:?}", moved, most, pool, last, here);
                last = here;
            }
        }
        stage.pass(200_000);
        let motion = stage.motion.of(PoolId(0));
        prop_assert!(motion.factors.is_empty() && motion.numbers.is_empty() && motion.shed.is_empty() && motion.held.is_empty(), "{:?}", motion);
        let shares = stage.shares();
        stage.motion = Motion::default();
        prop_assert_eq!(shares, stage.shares());
    }
}
