//! Reports: in force and on the disk when they are acknowledged.

use super::*;
use crate::config::estate::{PoolId, VipId};
use crate::health::board::Outcome;
use crate::health::load::{Load, UNIT};

#[test]
fn in_force_when_acknowledged() {
    let house = House::new();
    for seq in 1..50 {
        let state = if seq % 2 == 1 { State::Down } else { State::Up };
        let before = house.cell.full().generation;
        let taken = house.report("fra-1", state, seq);
        assert_eq!(house.state("fra-1"), state);
        assert_eq!(taken.generation, before + 1);
        assert_eq!(house.cell.full().generation, taken.generation);
        assert_eq!(taken.effects[0].1.outcome, Outcome::Changed);
        let board = house.keeper.status().situation.board;
        assert_eq!(
            board.entry("fra-1").unwrap().v4.observations[0].order.seq,
            seq
        );
    }
}

#[test]
fn what_is_old_or_says_the_same_makes_no_new_world() {
    let house = House::new();
    let taken = house.report("fra-1", State::Down, 5);
    for (seq, outcome) in [(5, Outcome::Old), (4, Outcome::Old), (6, Outcome::Renewed)] {
        let again = house.report("fra-1", State::Down, seq);
        assert_eq!(again.effects[0].1.outcome, outcome, "{seq}");
        assert_eq!(again.generation, taken.generation, "{seq}");
    }
    house.report("fra-1", State::Up, 3);
    assert_eq!(house.state("fra-1"), State::Down);
}

#[test]
fn an_unknown_vip_refuses_its_whole_batch_and_no_other() {
    let house = House::new();
    let bad = [
        ("fra-2", report(State::Down, 1)),
        ("nowhere", report(State::Down, 1)),
    ];
    let (bad, good) = (
        house.send(&bad),
        house.send(&[("iad-1", report(State::Drain, 1))]),
    );
    let refused = Refused::Unknown(vec![Arc::from("nowhere")]);
    assert_eq!(bad.blocking_recv().unwrap().unwrap_err(), refused);
    assert!(good.blocking_recv().unwrap().is_ok());
    assert_eq!(house.state("fra-2"), State::Unknown);
    assert_eq!(house.state("iad-1"), State::Drain);
}

#[test]
fn many_senders_at_once_are_all_answered_in_order() {
    let house = House::new();
    let waiting: Vec<_> = (1..=500)
        .map(|seq| {
            let state = if seq % 2 == 0 { State::Up } else { State::Down };
            house.send(&[("fra-1", report(state, seq))])
        })
        .collect();
    let taken: Vec<Taken> = waiting
        .into_iter()
        .map(|answer| answer.blocking_recv().unwrap().unwrap())
        .collect();
    assert!(
        taken
            .windows(2)
            .all(|pair| pair[0].generation <= pair[1].generation)
    );
    assert!(
        taken
            .iter()
            .all(|t| t.effects[0].1.outcome == Outcome::Changed)
    );
    assert_eq!(house.state("fra-1"), State::Up);
}

#[test]
fn a_restart_finds_what_was_acknowledged() {
    let house = House::new();
    house.report("fra-1", State::Down, 7);
    house.report("iad-1", State::Degraded(250_000), 1);
    let house = house.restart();
    assert_eq!(house.state("fra-1"), State::Down);
    assert_eq!(house.state("iad-1"), State::Degraded(250_000));
    let old = house.report("fra-1", State::Up, 7);
    assert_eq!(old.effects[0].1.outcome, Outcome::Old);
}

#[test]
fn what_came_before_the_stop_is_done() {
    let mut house = House::new();
    let answer = house.send(&[("fra-1", report(State::Down, 1))]);
    house.stop();
    assert!(answer.blocking_recv().unwrap().is_ok());
    assert!(house.keeper.send(Change::Stop).is_err());
    assert_eq!(house.restart().state("fra-1"), State::Down);
}

#[test]
fn a_silent_vip_among_others_goes_down_by_itself() {
    let house = House::new();
    let lease = |state, length| Report {
        valid_for: Some(length),
        ..report(state, 1)
    };
    let reports = [
        ("fra-1", lease(State::Up, 1)),
        ("fra-2", lease(State::Up, 600)),
        ("iad-1", lease(State::Up, 600)),
    ];
    let start = Instant::now();
    house.send(&reports).blocking_recv().unwrap().unwrap();
    house.until("the end of the lease", |world| {
        world.verdicts.at(0).v4.state == State::Down
    });
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(house.state("fra-2"), State::Up);
    // On the disk too.
    assert_eq!(house.restart().state("fra-1"), State::Down);
}

#[test]
fn a_load_moves_weights_by_itself_when_a_step_is_due() {
    let house = House::steered(&STEERING.replace("\"spare\"]", "\"spare\"]\nadapt = \"5%\""));
    let carries = |units: u128, seq| Report {
        load: Some(Load {
            load: Some(units * UNIT),
            ..Load::default()
        }),
        ..report(State::Up, seq)
    };
    let say = |seq| {
        let reports = [
            ("fra-1", carries(90, seq)),
            ("fra-2", carries(30, seq)),
            ("iad-1", carries(10, seq)),
        ];
        house.send(&reports).blocking_recv().unwrap().unwrap()
    };
    let first = say(1).generation;
    let rest = |world: &World| world.motion.of(PoolId(0)).at_rest();
    assert!(rest(&house.cell.full()));
    // Another second on the clock, which is all that the rhythm needs.
    std::thread::sleep(Duration::from_millis(1_100));
    // Too soon for a step: it comes when it is due, though nobody says anything more.
    assert_eq!(say(2).generation, first, "a load alone is no other world");
    house.until("a step", |world| !rest(world));
    let world = house.cell.full();
    let moving = world.motion.of(PoolId(0));
    let factors = [0, 1, 2, 3].map(|vip| moving.factor(VipId(vip)));
    assert!(
        factors[0] < 1_000_000 && factors[2] > factors[0],
        "{factors:?}"
    );
    assert_eq!(factors[3], 1_000_000, "a last resort shares nothing");
    assert!(world.generation > first);
    // Another start knows nothing of load, and begins at rest.
    assert!(rest(&house.restart().cell.full()));
}
