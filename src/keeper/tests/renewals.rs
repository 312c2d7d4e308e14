//! Renewals: taken, in force, and not written; and nothing is lost by that.

use super::*;
use crate::health::board::Outcome;

fn leased(state: State, seq: u64) -> Report {
    Report {
        valid_for: Some(600),
        ..report(state, seq)
    }
}

fn say(house: &House, state: State, seq: u64) -> Outcome {
    let taken = house.send(&[("fra-1", leased(state, seq))]);
    taken.blocking_recv().unwrap().unwrap().effects[0].1.outcome
}

fn seq(house: &House) -> u64 {
    let board = house.keeper.status().situation.board;
    board.entry("fra-1").unwrap().v4.observations[0].order.seq
}

#[test]
fn renewals_are_not_written() {
    let house = House::new();
    say(&house, State::Up, 1);
    let file = || fs::read(house.state.join("health.redb")).unwrap();
    let before = file();
    for seq in 2..20 {
        assert_eq!(say(&house, State::Up, seq), Outcome::Renewed);
    }
    assert!(file() == before, "a renewal was written");
    assert_eq!(seq(&house), 19);
    assert_eq!(say(&house, State::Down, 20), Outcome::Changed);
    assert!(file() != before, "a transition was not");
}

#[test]
fn a_replay_after_a_crash_undoes_nothing() {
    let house = House::new();
    for (state, seq) in [
        (State::Up, 1),
        (State::Up, 2),
        (State::Up, 3),
        (State::Down, 4),
    ] {
        say(&house, state, seq);
    }
    say(&house, State::Down, 5);
    say(&house, State::Down, 6);
    let house = house.restart();
    assert_eq!((house.state("fra-1"), seq(&house)), (State::Down, 4));
    for old in 1..5 {
        assert_eq!(say(&house, State::Up, old), Outcome::Old, "{old}");
    }
    // What was acknowledged and not written says the same, so that it may come again.
    assert_eq!(say(&house, State::Down, 5), Outcome::Renewed);
    assert_eq!(house.state("fra-1"), State::Down);
}
