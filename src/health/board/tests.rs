//! Reports in any order, leases that end, and clocks that lie.
#![allow(clippy::unwrap_used, reason = "tests may")]

use proptest::prelude::*;

use super::*;

mod plain;
mod votes;

use crate::health::load::{Load, UNIT};
use crate::health::verdict::Both;

fn report(state: State, epoch: u64, seq: u64) -> Report {
    Report {
        state,
        order: Order { epoch, seq },
        valid_for: None,
        family: None,
        load: None,
    }
}

fn leased(state: State, seq: u64, length: u64) -> Report {
    Report {
        valid_for: Some(length),
        ..report(state, 1, seq)
    }
}

fn who() -> Arc<str> {
    Arc::from("feed")
}

/// A board on which each of these is up at second 1000, for 30 seconds.
fn board(names: &[&str]) -> Board {
    let mut board = Board::default();
    names
        .iter()
        .for_each(|name| drop(board.apply(name, &leased(State::Up, 1, 30), &who(), 1_000)));
    board
}

fn all(_: &str) -> bool {
    true
}

/// What the last to speak of its IPv4 address is told.
fn held(board: &Board, name: &str) -> Option<String> {
    let entry = board.entry(name).unwrap();
    overruled(board.groups(), &entry.v4, &entry.v4.observations[0])
}

fn states(board: &Board) -> String {
    let one = |(name, e): (&Arc<str>, &Entry)| {
        assert_eq!(e.v4, e.v6);
        format!("{name} {} {:?}", e.v4.verdict.state.word(), e.v4.silence)
    };
    board
        .entries()
        .map(one)
        .collect::<Vec<_>>()
        .join(", ")
        .to_lowercase()
}

#[test]
fn a_later_report_counts_and_an_older_one_changes_nothing() {
    let mut board = Board::default();
    assert_eq!(board.verdict("a"), Both::UNKNOWN);
    let mut say = |state, epoch, seq, now| {
        let effect = board.apply("a", &report(state, epoch, seq), &who(), now);
        let Target {
            said: reported,
            verdict,
            ..
        } = effect.entry.v4;
        (effect.outcome, reported, verdict.state, verdict.since)
    };
    use Outcome::{Changed, Old, Renewed};
    use State::{Degraded, Down, Drain, Up};
    assert_eq!(say(Up, 1, 5, 100), (Changed, Up, Up, 100));
    assert_eq!(say(Down, 1, 5, 101), (Old, Up, Up, 100), "sent again");
    assert_eq!(say(Down, 1, 4, 102), (Old, Up, Up, 100), "out of order");
    assert_eq!(
        say(Down, 0, 9, 103),
        (Old, Up, Up, 100),
        "of an earlier start"
    );
    assert_eq!(say(Up, 1, 6, 104), (Renewed, Up, Up, 100));
    assert_eq!(
        say(Degraded(500_000), 1, 7, 105),
        (Changed, Degraded(500_000), Degraded(500_000), 105)
    );
    assert_eq!(
        say(Degraded(400_000), 1, 8, 106),
        (Changed, Degraded(400_000), Degraded(400_000), 105)
    );
    assert_eq!(
        say(Drain, 2, 0, 107),
        (Changed, Drain, Drain, 107),
        "the sender began anew"
    );
    assert_eq!(say(Down, 1, 9, 108), (Old, Drain, Drain, 107));
    assert_eq!(
        say(Down, 2, 1, 90),
        (Changed, Down, Down, 90),
        "the clock went back"
    );
    assert_eq!(board.entry("a").unwrap().v6.observations[0].who, who());
}

#[test]
fn a_copy_keeps_what_it_showed() {
    let mut board = board(&["a"]);
    let copy = board.clone();
    board.apply("a", &report(State::Down, 2, 0), &who(), 1_001);
    assert_eq!(
        (copy.verdict("a").v4.state, board.verdict("a").v4.state),
        (State::Up, State::Down)
    );
}

#[test]
fn silence_by_the_table() {
    // Who falls silent (all others report at 1025), and what stands at 1031.
    let table: [(&[&str], &[&str], &str); 6] = [
        (&["a"], &["a"], "a up held"),
        (&["a", "b"], &["a"], "a down lapsed, b up heard"),
        (&["a", "b"], &["a", "b"], "a up held, b up held"),
        (
            &["a", "b", "c"],
            &["a"],
            "a down lapsed, b up heard, c up heard",
        ),
        (
            &["a", "b", "c"],
            &["a", "b"],
            "a up held, b up held, c up heard",
        ),
        (
            &["a", "b", "c", "d"],
            &["a", "b"],
            "a down lapsed, b down lapsed, c up heard, d up heard",
        ),
    ];
    for (names, silent, expected) in table {
        let mut board = board(names);
        for name in names.iter().filter(|name| !silent.contains(name)) {
            board.apply(name, &leased(State::Up, 2, 30), &who(), 1_025);
        }
        assert_eq!(board.next_lapse(1_025, all), Some(1_030));
        assert!(board.lapse(1_029, all).is_empty());
        let changes = board.lapse(1_031, all);
        assert_eq!(states(&board), expected);
        assert_eq!(changes.len(), silent.len());
        assert_eq!(board.held(), expected.matches("held").count());
        assert!(board.lapse(1_031, all).is_empty());
    }
}

#[test]
fn one_after_another_is_a_dead_feed_and_the_first_comes_back() {
    let mut board = Board::default();
    for (name, now) in [("a", 1_000), ("b", 1_010), ("c", 1_020)] {
        board.apply(name, &leased(State::Degraded(300_000), 1, 30), &who(), now);
    }
    board.lapse(1_030, all);
    assert_eq!(
        states(&board),
        "a down lapsed, b degraded heard, c degraded heard"
    );
    assert_eq!(
        held(&board, "a").as_deref(),
        Some("its lease ended while most others reported: down until it reports again")
    );
    let changes = board.lapse(1_040, all);
    assert_eq!(
        states(&board),
        "a degraded held, b degraded held, c degraded heard"
    );
    assert_eq!(
        board.verdict("a").v4,
        Verdict {
            state: State::Degraded(300_000),
            since: 1_040
        }
    );
    assert_eq!(
        (changes.len(), &*changes[0].name, changes[0].before.v4.state),
        (2, "a", State::Down)
    );
    board.lapse(1_050, all);
    assert_eq!(
        states(&board),
        "a degraded held, b degraded held, c degraded held"
    );
    assert_eq!(board.verdict("c").v4.since, 1_020, "nothing changed for c");
    assert!(
        board.lapse(90_000, all).is_empty(),
        "held for as long as it takes"
    );
    assert_eq!(board.next_lapse(90_000, all), None);
}

#[test]
fn when_the_feed_is_back_the_others_get_one_lease_length() {
    let mut board = board(&["a", "b", "c"]);
    board.lapse(1_030, all);
    assert_eq!(board.held(), 3);
    let effect = board.apply("a", &leased(State::Down, 2, 30), &who(), 1_100);
    assert_eq!((effect.outcome, effect.held_back), (Outcome::Changed, None));
    board.lapse(1_100, all);
    assert_eq!(states(&board), "a down heard, b up held, c up held");
    board.apply("b", &leased(State::Up, 2, 60), &who(), 1_110);
    board.lapse(1_110, all);
    assert_eq!(states(&board), "a down heard, b up heard, c up spared");
    assert_eq!(board.next_lapse(1_110, all), Some(1_130));
    board.apply("a", &leased(State::Up, 3, 60), &who(), 1_120);
    board.lapse(1_140, all);
    assert_eq!(states(&board), "a up heard, b up heard, c down lapsed");
    let effect = board.apply("c", &leased(State::Up, 1, 30), &who(), 1_141);
    assert_eq!(
        (effect.outcome, effect.in_force().state),
        (Outcome::Old, State::Down),
        "a replay ends no silence"
    );
    board.apply("c", &leased(State::Up, 2, 30), &who(), 1_142);
    assert_eq!(
        (board.verdict("c").v4, board.held()),
        (
            Verdict {
                state: State::Up,
                since: 1_142
            },
            0
        )
    );
}

#[test]
fn an_old_outage_does_not_make_todays_look_like_a_dead_feed() {
    let mut board = board(&["a", "b", "c"]);
    let beat = |board: &mut Board, names: &[&str], seq, now| {
        names
            .iter()
            .for_each(|name| drop(board.apply(name, &leased(State::Up, seq, 30), &who(), now)));
        board.lapse(now, all);
    };
    beat(&mut board, &["b", "c"], 2, 1_030);
    beat(&mut board, &["b", "c"], 3, 1_055);
    beat(&mut board, &["b", "c"], 4, 1_061);
    assert_eq!(states(&board), "a down gone, b up heard, c up heard");
    beat(&mut board, &["c"], 5, 1_085);
    board.lapse(1_091, all);
    assert_eq!(states(&board), "a down gone, b down lapsed, c up heard");
    board.lapse(1_122, all);
    assert_eq!(
        states(&board),
        "a down gone, b down gone, c up held",
        "the last one is kept"
    );
    beat(&mut board, &["a"], 2, 1_200);
    assert_eq!(
        states(&board),
        "a up heard, b down gone, c up spared",
        "one of two, which gets its time"
    );
}

#[test]
fn reports_without_lease_and_vips_outside_the_estate_do_not_count() {
    let mut board = board(&["a", "b", "c"]);
    board.apply("plain", &report(State::Up, 1, 1), &who(), 1_000);
    board.apply("c", &leased(State::Up, 2, 90), &who(), 1_001);
    let present = |name: &str| name != "a";
    assert_eq!(board.lapse(1_050, present).len(), 1);
    assert_eq!(
        states(&board),
        "a up heard, b down lapsed, c up heard, plain up heard"
    );
    assert_eq!(board.next_lapse(1_050, present), Some(1_091));
}

#[test]
fn what_was_missed_while_away_is_not_silence() {
    let mut before = board(&["a", "b", "c"]);
    before.apply("b", &leased(State::Up, 2, 30), &who(), 1_020);
    before.apply("c", &leased(State::Up, 2, 30), &who(), 1_020);
    before.lapse(1_031, all);
    let saved: Vec<(Arc<str>, Entry)> = before
        .entries()
        .map(|(n, e)| (n.clone(), e.clone()))
        .collect();
    let mut board = Board::resume(saved, Groups::default(), 5_000);
    assert_eq!(board.next_lapse(5_000, all), Some(5_030));
    board.lapse(5_000, all);
    assert_eq!(states(&board), "a down gone, b up heard, c up heard");
    board.lapse(5_030, all);
    assert_eq!(states(&board), "a down gone, b up held, c up held");
}

#[test]
fn a_machine_that_slept_or_a_clock_that_jumped_holds_all() {
    let mut board = board(&["a", "b", "c"]);
    board.lapse(90_000, all);
    assert_eq!(states(&board), "a up held, b up held, c up held");
}

#[test]
fn a_clock_that_goes_back_makes_no_lease_longer() {
    let mut board = board(&["a", "b", "c"]);
    assert_eq!(board.next_lapse(400, all), Some(430));
    board.lapse(400, all);
    assert_eq!(states(&board), "a up heard, b up heard, c up heard");
    board.apply("b", &leased(State::Up, 2, 30), &who(), 425);
    board.apply("c", &leased(State::Up, 2, 30), &who(), 425);
    board.lapse(430, all);
    assert_eq!(states(&board), "a down lapsed, b up heard, c up heard");
    board.lapse(100, all);
    assert_eq!(
        states(&board),
        "a down lapsed, b up heard, c up heard",
        "an end stays an end"
    );
}

#[test]
fn what_left_the_estate_is_kept_within_bounds() {
    let mut board = board(&["here"]);
    for n in 0..limits::ABSENT + 2 {
        board.apply(
            &format!("gone-{n}"),
            &report(State::Up, 1, 1),
            &who(),
            n as u64,
        );
    }
    let present = |name: &str| name == "here";
    assert_eq!(
        board.trim(present),
        [Arc::from("gone-0"), Arc::from("gone-1")]
    );
    assert!(board.trim(present).is_empty());
    assert_eq!(board.entries().count(), limits::ABSENT + 1);
}

/// One of the four states that can be reported, made of a number, so that equal orders say the same.
fn said(epoch: u64, seq: u64) -> State {
    let n = epoch * 31 + seq * 17;
    [
        State::Up,
        State::Degraded(1 + (n % 900_000) as u32),
        State::Drain,
        State::Down,
    ][(n % 4) as usize]
}

proptest! {
    #[test]
    fn in_any_order_and_however_often_the_highest_wins(
        orders in proptest::collection::vec((0u64..4, 0u64..6, 0u64..2_000), 1..40),
    ) {
        let mut board = Board::default();
        for (epoch, seq, now) in &orders {
            board.apply("a", &report(said(*epoch, *seq), *epoch, *seq), &who(), *now);
        }
        let (epoch, seq) = orders.iter().map(|(epoch, seq, _)| (*epoch, *seq)).max().unwrap();
        let entry = board.entry("a").unwrap();
        prop_assert_eq!(entry.v4.observations[0].order, Order { epoch, seq });
        prop_assert_eq!((entry.v4.said, entry.v4.verdict.state), (said(epoch, seq), said(epoch, seq)));
    }

    #[test]
    fn a_second_look_finds_nothing_and_silence_counts_as_the_law_says(
        steps in proptest::collection::vec((0usize..5, 1u64..60, 0u64..50), 1..80),
    ) {
        let mut board = Board::default();
        let mut now = 100_000;
        for (seq, (name, length, wait)) in steps.into_iter().enumerate() {
            let name = ["a", "b", "c", "d", "e"][name];
            // A clock that is set back now and then.
            now = if wait == 49 { now - 300 } else { now + wait };
            if wait % 3 > 0 {
                board.apply(name, &leased(said(length, wait), seq as u64, length), &who(), now);
            }
            board.lapse(now, all);
            let seen = board.clone();
            prop_assert!(board.lapse(now, all).is_empty());
            prop_assert_eq!(&seen, &board);
            prop_assert!(board.next_lapse(now, all).is_none_or(|next| next > now && next < now + 60));
            let counts = |silence| board.entries().filter(|(_, e)| e.v4.silence == silence).count();
            let (heard, held) = (counts(Silence::Heard) + counts(Silence::Spared), counts(Silence::Held));
            prop_assert!(held == 0 || held > heard);
            for (_, entry) in board.entries() {
                let state = match entry.v4.silence {
                    Silence::Heard | Silence::Held | Silence::Spared => entry.v4.said,
                    Silence::Lapsed | Silence::Gone => State::Down,
                };
                prop_assert_eq!(entry.v4.verdict.state, state);
            }
        }
    }
}

#[test]
fn a_load_stands_until_it_is_stale_and_its_rhythm_is_measured() {
    let mut board = Board::default();
    let mut seq = 0;
    let mut say = |load: Option<u128>, lease: Option<u64>, now: u64| {
        seq += 1;
        let load = load.map(|load| Load {
            load: Some(load * UNIT),
            ..Load::default()
        });
        let report = Report {
            valid_for: lease,
            load,
            ..report(State::Up, 1, seq)
        };
        board.apply("a", &report, &who(), now).entry.carried
    };
    assert_eq!(say(None, None, 1_000), None);
    let first = say(Some(5), None, 1_010).unwrap();
    assert_eq!((first.gap, first.fresh_for), (None, 300));
    assert!(first.fresh(1_310) && !first.fresh(1_311));
    let second = say(Some(6), Some(30), 1_025).unwrap();
    assert_eq!((second.gap, second.until()), (Some(15), 1_055));
    // A report that says nothing of load leaves what was said, and its age.
    assert_eq!(say(None, None, 1_040), Some(second.clone()));
    // The same second again: one report in pieces.
    assert_eq!(say(Some(7), Some(7 * 86_400), 1_025).unwrap().gap, Some(15));
    // Away for long, or a clock that went back: nothing is known of the rhythm.
    let third = say(Some(7), Some(7 * 86_400), 1_326).unwrap();
    assert_eq!((third.gap, third.fresh_for), (None, 300));
    assert_eq!(say(Some(7), None, 1_300).unwrap().gap, None);
    // What is old counts as never said when it is read again.
    assert!(!second.fresh(2_000));
}
