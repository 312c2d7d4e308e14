//! Orders against observed states, ends, steps, restarts, and clocks that lie.
#![allow(clippy::unwrap_used, reason = "tests may")]

use proptest::prelude::*;

use super::*;
use crate::health::verdict::Verdict;

const AT: u64 = 1_000;
const STATES: [State; 5] = [
    State::Unknown,
    State::Up,
    State::Degraded(400_000),
    State::Drain,
    State::Down,
];

fn order(want: Want) -> Order {
    Order {
        want,
        over: 0,
        who: Arc::from("ops"),
        why: Arc::from("because"),
        at: AT,
        until: None,
        press: Press::Heed,
        held: BTreeMap::new(),
    }
}

fn vip(name: &str) -> Subject {
    Subject::Vip(Arc::from(name))
}

fn site(name: &str) -> Subject {
    Subject::Site(Arc::from(name))
}

fn since(state: State, since: u64) -> Both {
    Both::same(Verdict { state, since })
}

/// What two VIPs, both at the site `fra` and both observed alike, come to.
fn ruled(orders: &mut Orders, observed: Both, now: u64) -> [Both; 2] {
    let vips = [("a", Some("fra")), ("b", Some("fra"))];
    orders.rule(vips.into_iter(), |_| observed, now);
    vips.map(|(name, _)| orders.verdict(name, observed))
}

#[test]
fn each_order_over_each_observed_state() {
    let held = BTreeMap::from([(Arc::from("a"), since(State::Degraded(300_000), 5))]);
    use State::{Degraded, Down, Drain, Unknown, Up};
    let table = [
        (order(Want::Up), [Up; 5]),
        (order(Want::Down), [Down; 5]),
        (order(Want::Drain), [Drain, Drain, Drain, Drain, Down]),
        (
            Order {
                over: 400,
                ..order(Want::Drain)
            },
            [
                Degraded(750_000),
                Degraded(750_000),
                Degraded(300_000),
                Drain,
                Down,
            ],
        ),
        (
            Order {
                held,
                ..order(Want::Hold)
            },
            [Degraded(300_000); 5],
        ),
        // It was not there when the order was given.
        (
            order(Want::Hold),
            [Unknown, Up, Degraded(400_000), Drain, Down],
        ),
    ];
    for (order, wanted) in table {
        for (observed, wanted) in STATES.into_iter().zip(wanted) {
            let mut orders = Orders::default();
            orders.place(vip("a"), order.clone());
            let [a, b] = ruled(&mut orders, since(observed, 7), AT);
            let changed = if wanted.word() == observed.word() {
                7
            } else {
                AT
            };
            let changed = match wanted {
                Degraded(_) if order.over > 0 => AT,
                _ => changed,
            };
            assert_eq!(a, since(wanted, changed), "{order:?} over {observed:?}");
            assert_eq!(b, since(observed, 7));
        }
    }
}

#[test]
fn families_are_ruled_apart() {
    let mut orders = Orders::default();
    orders.place(vip("a"), order(Want::Drain));
    let mut observed = since(State::Up, 7);
    observed.v6.state = State::Down;
    let [a, _] = ruled(&mut orders, observed, AT);
    assert_eq!((a.v4.state, a.v6.state), (State::Drain, State::Down));
    assert_eq!((a.v4.since, a.v6.since), (AT, 7));
}

#[test]
fn the_order_of_a_vip_wins_over_its_site() {
    let mut orders = Orders::default();
    orders.place(site("fra"), order(Want::Down));
    orders.place(vip("a"), order(Want::Up));
    let up = since(State::Up, 7);
    let [a, b] = ruled(&mut orders, up, AT);
    assert_eq!((a.v4.state, b.v4.state), (State::Up, State::Down));
    assert_eq!(orders.over("a", Some("fra"), AT).unwrap().0, &vip("a"));
    assert_eq!(orders.over("b", Some("fra"), AT).unwrap().0, &site("fra"));
    assert!(orders.over("b", Some("iad"), AT).is_none());
    assert!(orders.over("b", None, AT).is_none());
    // Without its own it goes by the site's, and without any by what is observed: each since that moment.
    assert!(orders.lift(&vip("a")).is_some() && orders.lift(&vip("a")).is_none());
    assert_eq!(
        ruled(&mut orders, up, AT + 10)[0],
        since(State::Down, AT + 10)
    );
    orders.lift(&site("fra"));
    assert_eq!(
        ruled(&mut orders, up, AT + 20),
        [since(State::Up, AT + 20); 2]
    );
    assert_eq!(
        ruled(&mut orders, up, AT + 30),
        [since(State::Up, AT + 20); 2]
    );
    // What is observed has its own word again once it changes.
    let down = since(State::Down, AT + 40);
    assert_eq!(ruled(&mut orders, down, AT + 40), [down; 2]);
    assert_eq!(orders, Orders::default());
}

#[test]
fn an_order_ends_by_itself() {
    let mut orders = Orders::default();
    let bold = Order {
        until: Some(AT + 60),
        ..order(Want::Up)
    };
    orders.place(vip("a"), bold.clone());
    let down = since(State::Down, 7);
    assert_eq!(ruled(&mut orders, down, AT + 59)[0].v4.state, State::Up);
    assert_eq!(orders.next(AT + 59), Some(AT + 60));
    // Even before it is taken away.
    assert_eq!(
        ruled(&mut orders, down, AT + 60)[0],
        since(State::Down, AT + 60)
    );
    assert!(orders.clone().expire(AT + 59).is_empty());
    assert_eq!(orders.expire(AT + 60), [(vip("a"), bold)]);
    assert_eq!((orders.len(), orders.next(AT + 60)), (0, None));
    // The end is a change, also if what is observed is older.
    assert_eq!(
        ruled(&mut orders, down, AT + 61)[0],
        since(State::Down, AT + 60)
    );
}

#[test]
fn a_staged_drain_takes_four_equal_steps() {
    let mut orders = Orders::default();
    let staged = Order {
        over: 1_800,
        ..order(Want::Drain)
    };
    orders.place(site("fra"), staged);
    let up = since(State::Up, 7);
    let mut seen = Vec::new();
    let mut now = AT;
    loop {
        seen.push((now - AT, ruled(&mut orders, up, now)[0].v4));
        let Some(next) = orders.next(now) else { break };
        assert_eq!(
            ruled(&mut orders, up, next - 1)[0].v4,
            seen.last().unwrap().1
        );
        now = next;
    }
    let parts = [750_000, 500_000, 250_000].map(State::Degraded);
    let states = parts.into_iter().chain([State::Drain]);
    let wanted: Vec<(u64, Verdict)> = states
        .zip([0, 450, 900, 1_350])
        .map(|(state, at)| {
            let since = AT + at;
            (at, Verdict { state, since })
        })
        .collect();
    assert_eq!(seen, wanted);
}

#[test]
fn after_a_restart_all_is_as_it_was() {
    let mut orders = Orders::default();
    let staged = Order {
        over: 1_800,
        until: Some(AT + 9_000),
        ..order(Want::Drain)
    };
    orders.place(vip("a"), staged);
    orders.place(site("fra"), order(Want::Down));
    let up = since(State::Up, 7);
    for now in [AT, AT + 450, AT + 900, AT + 1_350, AT + 2_000] {
        let before = ruled(&mut orders, up, now);
        let standing = orders.iter().map(|(s, o)| (s.clone(), o.clone()));
        let mut again = Orders::resume(standing);
        assert_eq!(ruled(&mut again, up, now), before, "{now}");
    }
}

#[test]
fn a_name_that_left_is_not_remembered_but_its_order_is() {
    let mut orders = Orders::default();
    orders.place(vip("a"), order(Want::Down));
    let up = since(State::Up, 7);
    ruled(&mut orders, up, AT);
    orders.rule(std::iter::empty(), |_| up, AT + 1);
    assert_eq!(orders.verdict("a", up), up);
    assert_eq!(ruled(&mut orders, up, AT + 2)[0].v4.state, State::Down);
}

proptest! {
    /// Steps follow each other in time, each begins when it is said to, and none of them leaves more than the one before.
    #[test]
    fn steps_are_in_order(over in 0u64..5_000, at in 0u64..3_000, quality in 1u32..1_000_000) {
        let staged = Order { over, at, ..order(Want::Drain) };
        let mut last = u32::MAX;
        let mut now = 0;
        let left = |now: u64| match staged.state("a", Family::V4, State::Degraded(quality), now) {
            State::Degraded(part) => part,
            _ => 0,
        };
        while let Some(next) = staged.next(now) {
            prop_assert!(next > now);
            prop_assert_eq!(left(next - 1), left(now));
            prop_assert!(left(next) <= last);
            prop_assert_eq!(staged.begin(staged.step(next)), next);
            (last, now) = (left(next), next);
        }
        prop_assert_eq!(left(now.max(at + over)), 0);
    }
}
