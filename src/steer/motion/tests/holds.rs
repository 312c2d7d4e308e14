//! Failback: who is out, for how long, and who decides.

use proptest::prelude::*;

use crate::config::estate::Failback;
use crate::steer::motion::failback::Hold;

const TEN: Failback = Failback::After(600);

/// Members `a`, `b` and so on; capital letters have failed.
fn members(states: &str) -> Vec<(String, bool)> {
    let one = |c: char| (c.to_ascii_lowercase().to_string(), c.is_ascii_uppercase());
    states.chars().map(one).collect()
}

fn held(hold: &Hold) -> String {
    hold.held().map(|(name, _)| name).collect()
}

/// The first that is neither out nor failed.
fn used(hold: &Hold, members: &[(String, bool)]) -> Option<usize> {
    members
        .iter()
        .position(|(name, failed)| !failed && !hold.out.contains_key(name))
}

#[test]
fn back_when_well_for_long_enough_without_a_break() {
    let mut hold = Hold::default();
    for (now, states, out) in [
        (0, "abc", ""),
        (10, "Abc", ""),   // b is in use
        (100, "abc", "a"), // a is well since 100
        (500, "Abc", ""),  // a break
        (700, "abc", "a"), // since 700
        (1_299, "abc", "a"),
        (1_300, "abc", ""), // back
    ] {
        hold.step(&members(states), TEN, now);
        assert_eq!(held(&hold), out, "{now} {states}");
        let next = if out.is_empty() {
            None
        } else {
            Some(if now < 500 { 700 } else { 1_300 })
        };
        assert_eq!(hold.next(TEN), next, "{now}");
    }
}

#[test]
fn what_stands_behind_the_one_in_use_is_never_out() {
    let mut hold = Hold::default();
    for (now, states, out) in [
        (0, "aBc", ""),
        (1, "abc", ""), // b's return moves nobody
        (2, "Abc", ""), // so it is there when it is needed
        (3, "abc", "a"),
        (4, "aBc", "a"),
        (5, "abc", "ab"), // both stand before c
        (6, "abC", "ab"), // nothing else stands: whoever judges takes a all the same
        (7, "abc", "ab"),
    ] {
        hold.step(&members(states), Failback::Manual, now);
        assert_eq!(held(&hold), out, "{now} {states}");
    }
    assert_eq!(hold.next(Failback::Manual), Some(u64::MAX));
    hold.step(&members("Abc"), Failback::Manual, 8);
    assert_eq!(hold.give_back(), (vec!["b".into()], vec!["a".into()]));
    hold.step(&members("Abc"), Failback::Manual, 9);
    assert_eq!(
        (held(&hold), used(&hold, &members("Abc"))),
        (String::new(), Some(1))
    );
    hold.step(&members("abc"), Failback::Manual, 10);
    assert_eq!(held(&hold), "a");
}

#[test]
fn members_are_known_by_name() {
    let mut hold = Hold::default();
    hold.step(&members("Ab"), Failback::Manual, 0);
    hold.step(&members("ab"), Failback::Manual, 1);
    assert_eq!(held(&hold), "a");
    // A new first member is used at once; another order lets a return; without it nothing is known of it.
    hold.step(&members("zab"), Failback::Manual, 2);
    assert_eq!(held(&hold), "");
    hold.step(&members("Zab"), Failback::Manual, 3);
    hold.step(&members("zab"), Failback::Manual, 4);
    assert_eq!(held(&hold), "z");
    hold.step(&members("abz"), Failback::Manual, 5);
    assert_eq!(held(&hold), "");
}

proptest! {
    /// While the one in use does not fail, only time or a person puts another in its place, and that one stands before it.
    /// While anyone is neither failed nor out, nobody who has failed is used; and no wait is longer than asked for.
    #[test]
    fn the_one_in_use_stays(steps in prop::collection::vec((0u8..16, 1u64..400), 1..60), manual in any::<bool>()) {
        let how = if manual { Failback::Manual } else { TEN };
        let (mut hold, mut now, mut before) = (Hold::default(), 0, None);
        for (bits, time) in steps {
            now += time;
            let members: Vec<(String, bool)> = (0..4).map(|at| (format!("m{at}"), bits >> at & 1 == 1)).collect();
            let was = hold.clone();
            hold.step(&members, how, now);
            let here = used(&hold, &members);
            if let (Some(before), Some(here)) = (before, here)
                && let Some((_, false)) = members.get::<usize>(before)
            {
                prop_assert!(here <= before, "{} gave way to {}", before, here);
                prop_assert!(here == before || !manual, "nobody brought it back");
                if here < before {
                    let since = was.out.get(&members[here].0).copied().flatten();
                    prop_assert!(since.is_some_and(|since| now >= since + 600));
                }
            }
            for (name, since) in hold.held() {
                prop_assert!(manual || now < since + 600, "{} waits too long", name);
            }
            let well = members.iter().filter(|(_, failed)| !failed).count();
            prop_assert!(here.is_some() || well == hold.held().count());
            before = here.or(before);
        }
    }
}
