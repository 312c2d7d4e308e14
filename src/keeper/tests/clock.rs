//! The keeper by clocks that are set by hand: what a jump, a suspend and a restart do to leases, holds and times.

use super::*;
use crate::health::board::Outcome;
use crate::keeper::clock::tests::Hands;

const START: u64 = 1_800_000_000;

fn house(hands: &Arc<Hands>, steering: &str) -> House {
    House::clocked(steering, Clock::by(hands.clone()))
}

/// A report that holds for half a minute, and the state in force after it.
fn leased(house: &House, vip: &str, state: State, seq: u64) -> State {
    let report = Report {
        valid_for: Some(30),
        ..report(state, seq)
    };
    let taken = house.send(&[(vip, report)]).blocking_recv();
    let taken = taken.unwrap().unwrap();
    assert_ne!(taken.effects[0].1.outcome, Outcome::Old);
    house.state(vip)
}

/// Waits until all is done that the last report set going: what comes with the time comes after the reply.
fn round(house: &House, seq: u64) {
    house.report("spare", State::Up, seq);
    house.report("spare", State::Up, seq + 1);
}

/// Since when a verdict stands, as those see it who answer.
fn since(house: &House, vip: &str) -> u64 {
    let world = house.cell.full();
    let vips = &world.estate.steering.vips;
    let at = vips.iter().position(|v| v.name == vip).unwrap();
    world.verdicts.at(at).v4.since
}

/// Neither a day forward nor an hour back ends a lease or makes one longer; who answers sees all times shifted.
#[test]
fn a_jump_of_the_wall_clock_moves_no_lease() {
    for by in [86_400, -3_600] {
        let hands = Hands::at(START);
        let house = house(&hands, STEERING);
        for vip in ["fra-1", "fra-2", "iad-1"] {
            leased(&house, vip, State::Up, 1);
        }
        hands.pass(10_000);
        leased(&house, "fra-1", State::Degraded(500_000), 2);
        assert_eq!(since(&house, "fra-1"), START + 10);
        hands.set(by);
        leased(&house, "fra-2", State::Up, 2);
        leased(&house, "iad-1", State::Up, 2);
        assert_eq!(house.keeper.clock().ahead(), by);
        let shifted = START.saturating_add_signed(by);
        assert_eq!(since(&house, "fra-1"), shifted + 10, "{by}");
        assert_eq!(since(&house, "fra-2"), shifted, "{by}");
        assert_eq!(house.state("fra-1"), State::Degraded(500_000), "{by}");
        // One of which nobody has spoken has no time to be shifted.
        assert_eq!(since(&house, "spare"), 0, "{by}");
        let board = house.keeper.status().situation.board;
        assert_eq!(board.held(), 0);
        // Its lease ends when its time is over: 30 s from its last report.
        hands.pass(29_000);
        leased(&house, "fra-2", State::Up, 3);
        leased(&house, "iad-1", State::Up, 3);
        assert_eq!(house.state("fra-1"), State::Degraded(500_000), "{by}");
        hands.pass(1_000);
        round(&house, 2);
        assert_eq!(house.state("fra-1"), State::Down, "{by}");
        assert_eq!(since(&house, "fra-1"), shifted + 40, "{by}");
    }
}

/// In a suspend time passes: all leases have ended, and all at once, so nothing moves.
#[test]
fn a_suspend_holds_what_was() {
    let hands = Hands::at(START);
    let house = house(&hands, STEERING);
    leased(&house, "fra-1", State::Up, 1);
    leased(&house, "fra-2", State::Degraded(250_000), 1);
    leased(&house, "iad-1", State::Down, 1);
    hands.pass(600_000);
    leased(&house, "fra-1", State::Up, 2);
    round(&house, 1);
    let states = ["fra-1", "fra-2", "iad-1"].map(|vip| house.state(vip));
    assert_eq!(states, [State::Up, State::Degraded(250_000), State::Down]);
    assert_eq!(house.keeper.status().situation.board.held(), 2);
    assert_eq!(house.keeper.clock().ahead(), 0);
}

/// Windows of the brake go by the same clock, and what it holds is there after a restart.
#[test]
fn the_window_of_the_brake_is_a_length_of_time() {
    let bounds = "[brake]\nshare = \"100%\"\nmin_sites = 0\nmin_capacity = \"0%\"\n";
    let hands = Hands::at(START);
    let house = house(&hands, &format!("{STEERING}{bounds}"));
    house.report("iad-1", State::Degraded(300_000), 1);
    house.report("spare", State::Down, 1);
    let taken = house.report("iad-1", State::Down, 2);
    let [(both, Some(why))] = taken.in_force.as_slice() else {
        panic!("{taken:?}");
    };
    assert_eq!(both.best().state, State::Degraded(300_000));
    assert!(why.contains("1 site may be lost within 60 s"), "{why}");
    assert_eq!(house.state("iad-1"), State::Degraded(300_000));
    hands.set(86_400);
    hands.pass(59_000);
    house.report("fra-1", State::Up, 1);
    assert_eq!(house.state("iad-1"), State::Degraded(300_000));
    // The next run begins with the wall clock as it is, and what counted then is a day ago.
    hands.set(-86_400);
    let house = house.restart_by(Clock::by(hands.clone()));
    assert_eq!(house.state("iad-1"), State::Degraded(300_000));
    assert_eq!(house.keeper.status().situation.brake.held().count(), 1);
    hands.pass(1_000);
    house.report("fra-1", State::Up, 2);
    house.report("fra-1", State::Up, 3);
    assert_eq!(house.state("iad-1"), State::Down);
    assert_eq!(since(&house, "iad-1"), START + 60);
}

#[test]
fn an_operator_lets_go() {
    let bounds = "[brake]\nmin_sites = 2\nmin_capacity = \"0%\"\n";
    let house = House::steered(&format!("{STEERING}{bounds}"));
    house.report("spare", State::Down, 1);
    house.report("iad-1", State::Down, 1);
    assert_eq!(house.state("iad-1"), State::Unknown);
    let (reply, answer) = oneshot::channel();
    let change = Change::Release {
        who: Arc::from("test"),
        why: Arc::from("it is dead"),
        reply,
    };
    house.keeper.send(change).unwrap();
    let released = answer.blocking_recv().unwrap().unwrap();
    assert_eq!(released.vips, [Arc::from("iad-1")]);
    assert_eq!(released.generation, house.cell.full().generation);
    assert_eq!(house.state("iad-1"), State::Down);
    let house = house.restart();
    assert_eq!(house.state("iad-1"), State::Down);
    assert_eq!(house.keeper.status().situation.brake.held().count(), 0);
}
