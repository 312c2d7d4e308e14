//! The rules of votes and leases once more, in the slowest and plainest words, for two families that are always alike.
//! Nothing here is shared with the board but the reports that both are given.

use proptest::prelude::*;

use super::super::{Board, Group, Groups, Order};
use crate::health::report::Report;
use crate::health::verdict::State;
use std::sync::Arc;

const VIPS: [&str; 4] = ["v0", "v1", "v2", "v3"];
const OBSERVERS: [&str; 6] = ["a", "b", "c", "d", "e", "probe"];

/// Members and how many must agree; what is in none of them is alone.
const GROUPS: [(&str, &[&str], usize); 2] = [("ab", &["a", "b"], 2), ("c", &["c"], 1)];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    Speaking,
    Held,
    Spared { until: u64 },
    Lapsed,
    Gone,
}

#[derive(Clone, Debug)]
struct Said {
    observer: &'static str,
    state: State,
    seq: u64,
    /// Its end and its length.
    lease: Option<(u64, u64)>,
}

#[derive(Clone, Debug)]
struct Vip {
    said: Vec<Said>,
    fate: Fate,
    /// What was last said together.
    last: Option<State>,
    force: State,
    /// The time that it was given to speak for itself: its end and its length.
    grace: Option<(u64, u64)>,
}

/// A number for each state; more is worse.
fn worse(state: State) -> u64 {
    match state {
        State::Unknown => 0,
        State::Up => 1,
        State::Degraded(quality) => 2_000_000 - u64::from(quality),
        State::Drain => 3_000_000,
        State::Down => 4_000_000,
    }
}

fn fresh(said: &Said, now: u64) -> bool {
    said.lease.is_none_or(|(until, _)| until > now)
}

/// What all who speak say together.
fn vote(vip: &Vip, now: u64) -> Option<State> {
    let state = |who: &str| {
        let said = vip.said.iter().find(|said| said.observer == who);
        said.filter(|said| fresh(said, now)).map(|said| said.state)
    };
    let mut worst: Option<State> = None;
    let alone = ["d", "e"].map(|who| (who, 1));
    for (members, agree) in GROUPS
        .iter()
        .map(|(_, members, agree)| (members.to_vec(), *agree))
        .chain(alone.map(|(who, agree)| (vec![who], agree)))
    {
        // Whoever is silent is better than all.
        let mut states: Vec<State> = members
            .iter()
            .map(|who| state(who).unwrap_or(State::Unknown))
            .collect();
        states.sort_by_key(|state| worse(*state));
        let opinion = states[states.len() - agree];
        if opinion != State::Unknown && worst.is_none_or(|w| worse(opinion) > worse(w)) {
            worst = Some(opinion);
        }
    }
    worst.or(state("probe"))
}

/// Whose leases count: those of feeds, if a feed ever gave one, else those of the probe.
fn leases(vip: &Vip) -> (bool, Vec<(u64, u64)>) {
    let of = |probe: bool| -> Vec<(u64, u64)> {
        let own = vip
            .said
            .iter()
            .filter(|said| (said.observer == "probe") == probe);
        own.filter_map(|said| said.lease).collect()
    };
    let feeds = of(false);
    if feeds.is_empty() {
        (true, of(true))
    } else {
        (false, feeds)
    }
}

fn long_ago((until, length): (u64, u64), now: u64) -> bool {
    now > until + length
}

/// `Some(true)`: lost, `Some(false)`: living; none if it is not counted.
fn lost(vip: &Vip, now: u64) -> Option<bool> {
    let (_, leases) = leases(vip);
    let end = *leases.iter().max()?;
    vip.last?;
    if end.0 > now {
        return Some(false);
    }
    if vip.said.iter().any(|said| fresh(said, now)) {
        return (!long_ago(end, now)).then_some(true);
    }
    match vip.fate {
        Fate::Spared { until } if until > now => Some(false),
        Fate::Gone => None,
        Fate::Lapsed if long_ago(since(vip), now) => None,
        _ => Some(true),
    }
}

/// When and for how long the lease ran that ended last.
fn since(vip: &Vip) -> (u64, u64) {
    let all = vip.said.iter().filter_map(|said| said.lease);
    vip.grace.unwrap_or(all.max().unwrap())
}

/// One second passes, or none: what has ended is judged.
fn pass(vips: &mut [Vip], now: u64) {
    for vip in vips.iter_mut() {
        if vip.said.iter().any(|said| fresh(said, now)) {
            let together = vote(vip, now);
            vip.last = together.or(vip.last);
            vip.force = together.unwrap_or(State::Unknown);
            (vip.fate, vip.grace) = (Fate::Speaking, None);
        }
    }
    for probes in [false, true] {
        let of: Vec<usize> = (0..vips.len())
            .filter(|i| leases(&vips[*i]).0 == probes)
            .collect();
        let found = |what| {
            of.iter()
                .filter(|i| lost(&vips[**i], now) == Some(what))
                .count()
        };
        let dead = found(true) > found(false);
        for i in of {
            let vip = &mut vips[i];
            let silent = !vip.said.iter().any(|said| fresh(said, now));
            let over = match vip.fate {
                Fate::Spared { until } => until <= now,
                Fate::Gone => false,
                _ => true,
            };
            let Some(last) = vip.last.filter(|_| silent && over) else {
                continue;
            };
            if vip.fate == Fate::Lapsed && long_ago(since(vip), now) {
                vip.fate = Fate::Gone;
            } else if dead {
                (vip.fate, vip.force) = (Fate::Held, last);
            } else if vip.fate == Fate::Held {
                let length = since(vip).1;
                vip.fate = Fate::Spared {
                    until: now + length,
                };
                vip.grace = Some((now + length, length));
            } else {
                vip.fate = if long_ago(since(vip), now) {
                    Fate::Gone
                } else {
                    Fate::Lapsed
                };
                vip.force = State::Down;
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Step {
    wait: u64,
    vip: usize,
    observer: usize,
    state: State,
    back: u64,
    lease: Option<u64>,
}

fn step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![
        4 => Just(State::Up),
        2 => (1u32..4).prop_map(|n| State::Degraded(n * 200_000)),
        1 => Just(State::Drain),
        2 => Just(State::Down),
    ];
    let lease = prop_oneof![1 => Just(None), 12 => (1u64..12).prop_map(Some)];
    let wait = prop_oneof![6 => 0u64..3, 2 => 3u64..15, 1 => 15u64..60];
    (
        wait,
        0..VIPS.len(),
        0..OBSERVERS.len(),
        state,
        0u64..4,
        lease,
    )
        .prop_map(|(wait, vip, observer, state, back, lease)| Step {
            wait,
            vip,
            observer,
            state,
            back,
            lease,
        })
}

fn groups() -> Groups {
    let group = |(name, members, agree): &(&str, &[&str], usize)| Group {
        name: (*name).into(),
        members: members.iter().map(ToString::to_string).collect(),
        agree: *agree,
    };
    Groups::new(GROUPS.iter().map(group).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn the_board_does_what_the_plain_rules_say(steps in proptest::collection::vec(step(), 1..60)) {
        let mut board = Board::resume([], groups(), 0);
        let nobody = Vip { said: Vec::new(), fate: Fate::Speaking, last: None, grace: None, force: State::Unknown };
        let mut vips = vec![nobody; VIPS.len()];
        let (mut now, mut seq) = (1_000u64, 10u64);
        for step in steps {
            for _ in 0..step.wait {
                now += 1;
                pass(&mut vips, now);
                board.lapse(now, |_| true);
            }
            // Some come twice, or late.
            seq += 1;
            let order = seq - step.back * 3;
            let vip = &mut vips[step.vip];
            let observer = OBSERVERS[step.observer];
            let last = vip.said.iter().position(|said| said.observer == observer);
            let newer = last.is_none_or(|at| vip.said[at].seq < order);
            if newer {
                last.map(|at| vip.said.remove(at));
                let lease = step.lease.map(|length| (now + length, length));
                vip.said.push(Said { observer, state: step.state, seq: order, lease });
            }
            let report = Report {
                state: step.state,
                order: Order { epoch: 1, seq: order },
                valid_for: step.lease,
                family: None,
                load: None,
            };
            board.apply(VIPS[step.vip], &report, &Arc::from(observer), now);
            pass(&mut vips, now);
            board.lapse(now, |_| true);
            for (name, vip) in VIPS.iter().zip(&vips) {
                let both = board.verdict(name);
                prop_assert_eq!(both.v4, both.v6);
                prop_assert_eq!(both.v4.state, vip.force, "{} at {}: {:#?}", name, now, vip);
            }
            let held = vips.iter().filter(|vip| vip.fate == Fate::Held).count();
            prop_assert_eq!(board.held(), held);
        }
    }
}
