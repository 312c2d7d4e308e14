//! Several observers of one target: votes, families, own probes, room, and what is written.

use std::collections::BTreeMap;

use super::*;
use crate::health::verdict::Family;

fn groups() -> Groups {
    let group = |name: &str, members: &[&str], agree| Group {
        name: name.into(),
        members: members.iter().map(ToString::to_string).collect(),
        agree,
    };
    Groups::new(vec![
        group("trio", &["a", "b", "c"], 2),
        group("pair", &["d", "e"], 2),
    ])
}

fn empty() -> Board {
    Board::resume([], groups(), 0)
}

/// What is in force of one VIP after these reports, each `WHO STATE`, one second apart.
fn after(reports: &[(&str, State)]) -> State {
    let mut board = empty();
    for (now, (who, state)) in reports.iter().enumerate() {
        board.apply(
            "x",
            &report(*state, 1, now as u64),
            &Arc::from(*who),
            now as u64,
        );
    }
    let both = board.verdict("x");
    assert_eq!(both.v4, both.v6);
    both.v4.state
}

#[test]
fn votes_by_the_table() {
    use State::{Degraded, Down, Drain, Unknown, Up};
    let table: [(&[(&str, State)], State); 17] = [
        (&[("a", Down)], Unknown),
        (&[("a", Down), ("b", Up)], Up),
        (&[("a", Down), ("b", Down)], Down),
        (&[("a", Down), ("b", Down), ("c", Up)], Down),
        (&[("a", Down), ("b", Drain), ("c", Up)], Drain),
        (
            &[("a", Down), ("b", Degraded(9)), ("c", Degraded(8))],
            Degraded(8),
        ),
        (
            &[("a", Drain), ("b", Degraded(9)), ("c", Degraded(8))],
            Degraded(8),
        ),
        (&[("a", Up), ("b", Up), ("c", Down)], Up),
        // Who is in no group speaks for itself, and the worst of all groups counts.
        (&[("lone", Down), ("a", Up), ("b", Up)], Down),
        (&[("lone", Up), ("a", Down), ("b", Down)], Down),
        (&[("lone", Degraded(5)), ("a", Drain), ("b", Drain)], Drain),
        (&[("lone", Up), ("other", Degraded(7))], Degraded(7)),
        (&[("d", Down), ("e", Down), ("a", Up), ("b", Up)], Down),
        // Own probes count while no feed has an opinion: one of two that must agree has none.
        (&[("probe", Down)], Down),
        (&[("probe", Down), ("a", Up)], Down),
        (&[("probe", Down), ("a", Up), ("b", Up)], Up),
        (&[("lone", Up), ("probe", Down)], Up),
    ];
    for (reports, expected) in table {
        assert_eq!(after(reports), expected, "{reports:?}");
        // In whatever order they come.
        let mut turned = reports.to_vec();
        turned.reverse();
        assert_eq!(after(&turned), expected, "{turned:?}");
    }
}

#[test]
fn a_lone_flapping_observer_moves_nothing() {
    let mut board = empty();
    for (now, who) in ["a", "b", "c"].into_iter().enumerate() {
        board.apply(
            "x",
            &leased(State::Up, 1, 60),
            &Arc::from(who),
            1_000 + now as u64,
        );
    }
    let before = board.verdict("x");
    for seq in 2..40 {
        let state = [State::Down, State::Up][seq % 2];
        let effect = board.apply("x", &leased(state, seq as u64, 60), &Arc::from("b"), 1_003);
        assert_eq!(effect.outcome, Outcome::Renewed);
        assert_eq!(board.verdict("x"), before);
        let why = "a vote: 2 of `trio` must say so or worse; saying so: 1";
        let why = (state == State::Down).then(|| why.to_string());
        assert_eq!(effect.held_back, why);
        assert_eq!(disagree(&effect.entry.v4), state == State::Down);
    }
}

#[test]
fn each_is_told_why() {
    let mut board = empty();
    let mut say = |who: &str, state, seq| {
        let effect = board.apply("x", &report(state, 1, seq), &Arc::from(who), 1_000);
        effect.held_back.unwrap_or_default()
    };
    let few = "a vote: 2 of `trio` must agree; speaking: 1";
    assert_eq!(say("a", State::Down, 1), few);
    assert_eq!(say("probe", State::Up, 1), "");
    assert_eq!(say("b", State::Down, 1), "");
    let feed = "a feed speaks: own probes count only where none does";
    assert_eq!(say("probe", State::Up, 2), feed);
    let outvoted = "a vote: 2 of `trio` suffice; saying worse: 2";
    assert_eq!(say("c", State::Up, 1), outvoted);
    let worse = "`trio` says so, and the worst counts";
    assert_eq!(say("lone", State::Up, 1), worse);
    assert_eq!(say("lone", State::Down, 2), "");
}

#[test]
fn each_observer_has_an_order_of_its_own() {
    let mut board = Board::default();
    let mut say = |who: &str, state, epoch, seq| {
        let effect = board.apply("x", &report(state, epoch, seq), &Arc::from(who), 1_000);
        (effect.outcome, effect.in_force().state)
    };
    use Outcome::{Changed, Old, Renewed};
    assert_eq!(say("one", State::Up, 9, 9), (Changed, State::Up));
    assert_eq!(say("two", State::Down, 1, 1), (Changed, State::Down));
    assert_eq!(say("one", State::Up, 9, 9), (Old, State::Down));
    assert_eq!(say("two", State::Up, 1, 1), (Old, State::Down));
    assert_eq!(
        say("one", State::Up, 8, 99),
        (Old, State::Down),
        "an epoch goes back"
    );
    assert_eq!(say("one", State::Up, 10, 0), (Renewed, State::Down));
    assert_eq!(say("two", State::Up, 1, 2), (Changed, State::Up));
}

#[test]
fn families_are_told_apart() {
    let mut board = Board::default();
    let of = |family, state, seq| Report {
        family,
        ..report(state, 1, seq)
    };
    let mut say = |report: Report| {
        let effect = board.apply("x", &report, &who(), 1_000);
        let both = effect.entry.verdicts();
        (
            effect.outcome,
            effect.in_force().state,
            both.v4.state,
            both.v6.state,
        )
    };
    use Outcome::{Changed, Old, Renewed};
    use State::{Down, Unknown, Up};
    let (v4, v6) = (Some(Family::V4), Some(Family::V6));
    assert_eq!(say(of(v6, Down, 5)), (Changed, Down, Unknown, Down));
    assert_eq!(
        say(of(v4, Up, 1)),
        (Changed, Up, Up, Down),
        "an order of each family"
    );
    // Of both, with an order that is new for one of them only.
    assert_eq!(say(of(None, Down, 2)), (Changed, Down, Down, Down));
    assert_eq!(say(of(None, Up, 2)), (Old, Down, Down, Down));
    assert_eq!(say(of(None, Up, 6)), (Changed, Up, Up, Up));
    assert_eq!(say(of(v6, Up, 7)), (Renewed, Up, Up, Up));
}

#[test]
fn a_silent_observer_beside_one_that_speaks_has_no_voice() {
    let mut board = Board::default();
    board.apply("x", &leased(State::Down, 1, 30), &Arc::from("one"), 1_000);
    board.apply("x", &leased(State::Up, 1, 60), &Arc::from("two"), 1_000);
    assert_eq!(board.verdict("x").v4.state, State::Down);
    let lapses = board.lapse(1_030, all);
    assert_eq!((lapses.len(), lapses[0].lasting), (1, true));
    assert_eq!(
        (board.verdict("x").v4, board.held()),
        (
            Verdict {
                state: State::Up,
                since: 1_030
            },
            0
        )
    );
    let why = "its lease ended, and others speak: it has no voice until it reports again";
    assert_eq!(held(&board, "x").as_deref(), Some(why));
    // It does not come back by a restart, while the other is given its lease anew.
    let saved: Vec<_> = board
        .entries()
        .map(|(n, e)| (n.clone(), e.clone()))
        .collect();
    let mut board = Board::resume(saved, Groups::default(), 2_000);
    assert_eq!(board.verdict("x").v4.state, State::Up);
    assert_eq!(board.next_lapse(2_000, all), Some(2_060));
    board.apply("x", &leased(State::Down, 2, 30), &Arc::from("one"), 2_001);
    assert_eq!(board.verdict("x").v4.state, State::Down);
}

#[test]
fn a_voice_that_ended_is_written_though_nothing_follows_from_it() {
    let mut board = Board::default();
    for (who, length) in [("one", 30), ("two", 60)] {
        board.apply("x", &leased(State::Up, 1, length), &Arc::from(who), 1_000);
    }
    let lapses = board.lapse(1_030, all);
    assert_eq!(lapses[0].entry.verdicts(), lapses[0].before);
    assert!(lapses[0].lasting && lapses[0].entry.v4.of("one").unwrap().ended);
}

#[test]
fn a_group_that_fell_silent_is_held_at_its_last_opinion() {
    let mut board = empty();
    for (who, now) in [("a", 1_000), ("b", 1_010)] {
        board.apply("x", &leased(State::Drain, 1, 30), &Arc::from(who), now);
    }
    board.lapse(1_030, all);
    assert_eq!(
        board.verdict("x").v4.state,
        State::Unknown,
        "one of two that must agree"
    );
    board.lapse(1_040, all);
    assert_eq!(
        (board.verdict("x").v4.state, board.held()),
        (State::Drain, 1)
    );
}

#[test]
fn of_two_families_one_may_be_silent() {
    let mut board = Board::default();
    let of = |family, length| Report {
        family: Some(family),
        ..leased(State::Up, 1, length)
    };
    board.apply("x", &of(Family::V4, 30), &who(), 1_000);
    board.apply("x", &of(Family::V6, 300), &who(), 1_000);
    board.apply("y", &leased(State::Up, 1, 30), &who(), 1_000);
    board.lapse(1_030, all);
    // One VIP of two is lost, which is not most of them; the other lost one family.
    let silence = |name: &str| board.entry(name).map(|e| (e.v4.silence, e.v6.silence));
    assert_eq!(silence("x"), Some((Silence::Lapsed, Silence::Heard)));
    assert_eq!(silence("y"), Some((Silence::Lapsed, Silence::Lapsed)));
    assert_eq!(board.verdict("x").v4.state, State::Down);
}

#[test]
fn own_probes_do_not_show_that_the_feed_is_alive() {
    let mut board = Board::default();
    let probe = Arc::from(PROBE);
    for name in ["a", "b", "c", "d"] {
        board.apply(name, &leased(State::Up, 1, 30), &who(), 1_000);
    }
    for name in ["a", "b", "p", "q", "r", "s", "t"] {
        board.apply(name, &leased(State::Up, 1, 300), &probe, 1_000);
    }
    board.lapse(1_030, all);
    let silence = |board: &Board, name: &str| board.entry(name).unwrap().v4.silence;
    assert_eq!(
        silence(&board, "a"),
        Silence::Heard,
        "its probe vouches for it"
    );
    assert_eq!(silence(&board, "c"), Silence::Held);
    // Those that are vouched for are counted for one lease length only.
    let mut board = Board::default();
    for (name, now) in [("a", 1_000), ("b", 1_000), ("c", 1_050), ("d", 1_050)] {
        board.apply(name, &leased(State::Up, 1, 30), &who(), now);
    }
    for name in ["a", "b"] {
        board.apply(name, &leased(State::Up, 1, 300), &probe, 1_000);
    }
    board.lapse(1_061, all);
    board.apply("c", &leased(State::Up, 2, 300), &who(), 1_062);
    board.lapse(1_080, all);
    assert_eq!(silence(&board, "d"), Silence::Lapsed);
}

#[test]
fn other_groups_count_anew_after_a_restart() {
    let mut board = empty();
    for (who, state) in [("a", State::Down), ("b", State::Up), ("c", State::Up)] {
        board.apply("x", &leased(state, 1, 30), &Arc::from(who), 1_000);
    }
    assert_eq!(board.verdict("x").v4.state, State::Up);
    let saved = || board.entries().map(|(n, e)| (n.clone(), e.clone()));
    let same = Board::resume(saved(), groups(), 2_000);
    assert_eq!(same.verdict("x"), board.verdict("x"));
    let alone = Board::resume(saved(), Groups::default(), 2_000);
    let down = Verdict {
        state: State::Down,
        since: 2_000,
    };
    assert_eq!(alone.verdict("x").v4, down);
    assert_eq!(alone.next_lapse(2_000, all), Some(2_030));
}

/// Else what was said without a lease would stand for ever.
#[test]
fn who_has_no_token_any_more_has_no_voice() {
    let mut board = Board::default();
    let forever = |state, seq| Report {
        valid_for: None,
        ..leased(state, seq, 30)
    };
    board.apply("x", &forever(State::Down, 1), &Arc::from("gone"), 1_000);
    board.apply("x", &forever(State::Up, 1), &Arc::from("here"), 1_000);
    board.apply("y", &forever(State::Down, 1), &Arc::from("gone"), 1_000);
    assert_eq!(board.verdict("x").v4.state, State::Down);
    let saved = board.entries().map(|(n, e)| (n.clone(), e.clone()));
    let mut board = Board::resume(saved, Groups::default(), 2_000);
    let gone = board.dismiss(|who| who == "here", 2_000);
    let gone: Vec<(&str, usize)> = gone.iter().map(|(who, vips)| (&**who, *vips)).collect();
    assert_eq!(gone, [("gone", 2)]);
    let state = |vip| board.verdict(vip).v4.state;
    assert_eq!((state("x"), state("y")), (State::Up, State::Unknown));
}

#[test]
fn there_is_room_for_so_many() {
    let mut board = Board::default();
    let name = |n: usize| Arc::from(format!("o{n:02}"));
    for n in 0..limits::OBSERVERS {
        let length = if n == 7 { 10 } else { 100 };
        assert!(board.room("x", &name(n), None));
        board.apply("x", &leased(State::Up, 1, length), &name(n), 1_000);
    }
    let one_more = name(99);
    assert!(!board.room("x", &one_more, None) && board.room("x", &name(3), None));
    assert!(board.room("y", &one_more, None));
    let effect = board.apply("x", &leased(State::Down, 1, 10), &one_more, 1_001);
    assert_eq!((effect.outcome, effect.lasting), (Outcome::Full, false));
    assert_eq!(board.verdict("x").v4.state, State::Up);
    board.lapse(1_010, all);
    assert!(board.room("x", &one_more, None));
    board.apply("x", &leased(State::Down, 1, 10), &one_more, 1_011);
    let entry = board.entry("x").unwrap();
    assert_eq!(entry.v4.observations.len(), limits::OBSERVERS);
    assert!(entry.v4.of("o07").is_none() && entry.v4.of("o99").is_some());
}

#[test]
fn renewals_need_not_be_written() {
    let mut board = Board::default();
    let mut lasting = |state, epoch, seq, lease, now| {
        let report = Report {
            valid_for: lease,
            ..report(state, epoch, seq)
        };
        board.apply("x", &report, &who(), now).lasting
    };
    let quality = State::Degraded(5);
    assert!(lasting(State::Up, 1, 1, Some(30), 1_000), "the first");
    assert!(!lasting(State::Up, 1, 2, Some(30), 1_010), "a renewal");
    assert!(!lasting(State::Down, 1, 2, Some(30), 1_010), "an old one");
    assert!(lasting(quality, 1, 3, Some(30), 1_010), "another state");
    assert!(
        lasting(State::Degraded(6), 1, 4, Some(30), 1_010),
        "another quality"
    );
    assert!(
        lasting(State::Degraded(6), 1, 5, Some(31), 1_010),
        "another lease"
    );
    assert!(lasting(State::Degraded(6), 1, 6, None, 1_010), "none");
    assert!(
        lasting(State::Degraded(6), 2, 0, None, 1_010),
        "another start"
    );
    assert!(!lasting(State::Degraded(6), 2, 1, None, 1_020));
}

/// One thing that happens: seconds, VIP, observer, state, lease.
type Happening = (u64, usize, usize, usize, Option<u64>);

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let lease = proptest::option::weighted(0.9, 5u64..20);
    let one = (0u64..9, 0usize..3, 0usize..4, 0usize..4, lease);
    proptest::collection::vec(one, 1..80)
}

proptest! {
    /// Only what is said to last is on the disk when the server is killed. What then comes again is nothing new.
    #[test]
    fn what_comes_again_after_a_crash_undoes_nothing(steps in happenings(), order: u64) {
        let mut board = empty();
        let (mut disk, mut sent) = (BTreeMap::new(), Vec::new());
        let mut now = 1_000;
        for (seq, (wait, vip, who, state, lease)) in steps.into_iter().enumerate() {
            for _ in 0..wait {
                now += 1;
                let lapses = board.lapse(now, all).into_iter().filter(|lapse| lapse.lasting);
                disk.extend(lapses.map(|lapse| (lapse.name, lapse.entry)));
            }
            let vip: Arc<str> = Arc::from(["x", "y", "z"][vip]);
            let who: Arc<str> = Arc::from(["a", "b", "lone", "probe"][who]);
            // Two of three say what the one before said: renewals.
            let state = [State::Up, State::Up, State::Up, State::Down][state];
            let report = Report { valid_for: lease.map(|l| 5 + l / 10), ..report(state, 1, seq as u64) };
            let effect = board.apply(&vip, &report, &who, now);
            if effect.lasting {
                disk.insert(vip.clone(), effect.entry);
            }
            sent.push((vip, who, report));
        }
        let before: Vec<_> = ["x", "y", "z"].map(|vip| board.verdict(vip)).to_vec();
        let mut board = Board::resume(disk, groups(), now);
        let after = |board: &Board| ["x", "y", "z"].map(|vip| board.verdict(vip)).to_vec();
        prop_assert_eq!(&after(&board), &before);
        let mut dice = order;
        for _ in 0..sent.len() * 2 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (vip, who, report) = &sent[(dice >> 33) as usize % sent.len()];
            let effect = board.apply(vip, report, who, now);
            prop_assert!(effect.outcome != Outcome::Changed);
            prop_assert_eq!(&after(&board), &before);
        }
    }
}
