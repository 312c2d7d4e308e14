//! Orders taken, kept over a restart, ended, and refused.

use super::*;
use crate::health::orders::{Subject, Want};
use crate::health::report::wish;
use crate::keeper::{Asked, Placed, Unplaced};

fn order(house: &House, kind: &str, name: &str, said: &str) -> Result<Placed, Unplaced> {
    let (reply, answer) = oneshot::channel();
    let body = format!(r#"{{"why": "x", "state": {said}}}"#);
    let change = Change::Order(Asked {
        subject: Subject::of(kind, name).unwrap(),
        wish: wish::wish(body.as_bytes()).unwrap(),
        who: Arc::from("ops"),
        reply,
    });
    house.keeper.send(change).unwrap();
    answer.blocking_recv().unwrap()
}

#[test]
fn an_order_is_in_force_when_it_is_acknowledged_and_over_a_restart() {
    let house = House::new();
    let placed = order(&house, "vip", "fra-1", r#""drain", "for": "1h""#).unwrap();
    assert_eq!(house.state("fra-1"), State::Drain);
    assert_eq!(placed.generation, house.cell.full().generation);
    assert_eq!(house.keeper.status().situation.orders.len(), 1);
    // What is reported goes on beside.
    let taken = house.report("fra-1", State::Up, 1);
    assert_eq!(house.state("fra-1"), State::Drain);
    let (both, words) = &taken.in_force[0];
    assert_eq!(both.v4.state, State::Drain);
    assert_eq!(
        words.as_deref(),
        Some("ops ordered `drain` for vip fra-1: x")
    );
    assert!(order(&house, "site", "fra", r#""hold", "for": "1h""#).is_ok());
    house.report("fra-2", State::Down, 1);
    assert_eq!(house.state("fra-2"), State::Unknown);

    let house = house.restart();
    assert_eq!(
        (house.state("fra-1"), house.state("fra-2")),
        (State::Drain, State::Unknown)
    );
    let gone = order(&house, "vip", "fra-1", r#""auto""#).unwrap();
    assert_eq!(gone.before.map(|order| order.want), Some(Want::Drain));
    // Now the site's order holds for it, which was given while it was drained.
    assert_eq!(house.state("fra-1"), State::Drain);
    order(&house, "site", "fra", r#""auto""#).unwrap();
    assert_eq!(
        (house.state("fra-1"), house.state("fra-2")),
        (State::Up, State::Down)
    );
    let house = house.restart();
    assert_eq!(
        (house.state("fra-1"), house.state("fra-2")),
        (State::Up, State::Down)
    );
    assert!(house.keeper.status().situation.orders.is_empty());
}

#[test]
fn an_order_ends_by_itself_and_a_drain_goes_on_by_itself() {
    let house = House::new();
    order(&house, "vip", "fra-1", r#""down", "for": "1s""#).unwrap();
    order(&house, "vip", "fra-2", r#""drain", "over": "4s""#).unwrap();
    assert_eq!(house.state("fra-1"), State::Down);
    house.until("the end", |world| {
        world.verdicts.at(0).v4.state == State::Unknown
    });
    house.until("the drain", |world| {
        world.verdicts.at(1).v4.state == State::Drain
    });
    // It is forgotten, and not only in force no more.
    assert_eq!(house.keeper.status().situation.orders.len(), 1);
}

#[test]
fn what_the_estate_has_not_cannot_be_ordered_but_an_order_can_be_taken_away() {
    let house = House::new();
    for (kind, name) in [("vip", "nobody"), ("site", "fra-1"), ("vip", "fra")] {
        let refused = order(&house, kind, name, r#""down""#).unwrap_err();
        assert_eq!(refused, Unplaced::Unknown);
        let refused = order(&house, kind, name, r#""auto""#).unwrap_err();
        assert_eq!(refused, Unplaced::Unknown);
    }
    assert_eq!(
        order(&house, "vip", "fra-1", r#""auto""#).unwrap().before,
        None
    );
    order(&house, "vip", "fra-2", r#""down""#).unwrap();
    let without: Vec<&str> = STEERING
        .lines()
        .filter(|l| !l.starts_with("fra-2"))
        .collect();
    house.write(
        "steering.toml",
        &without.join("\n").replace(r#""fra-2", "#, ""),
    );
    assert!(house.reload().taken);
    assert!(house.keeper.status().situation.orders.len() == 1);
    assert!(
        order(&house, "vip", "fra-2", r#""auto""#)
            .unwrap()
            .before
            .is_some()
    );
    assert!(house.keeper.status().situation.orders.is_empty());
}

/// The brake has a say in an order before it is taken, unless who orders answers for it; and then it lets it pass.
#[test]
fn the_brake_has_a_say_in_orders_that_are_not_forced() {
    let bounds = "[brake]\nmin_capacity = \"0%\"\nshare = \"100%\"\nmin_sites = 0\n";
    let house = House::steered(&format!("{STEERING}{bounds}"));
    order(&house, "site", "fra", r#""drain""#).unwrap();
    assert_eq!(house.state("fra-1"), State::Drain);
    for said in [r#""down""#, r#""drain""#, r#""drain", "over": "1h""#] {
        let barred = match order(&house, "vip", "iad-1", said) {
            Err(Unplaced::Braked(barred)) => barred,
            other => panic!("{said}: {other:?}"),
        };
        let [(vip, why)] = barred.as_slice() else {
            panic!("{barred:?}");
        };
        assert_eq!(&**vip, "iad-1");
        assert!(why.contains("1 site may be lost within 60 s"), "{why}");
    }
    assert_eq!(house.state("iad-1"), State::Unknown);
    assert_eq!(house.keeper.status().situation.orders.len(), 1);
    order(&house, "vip", "iad-1", r#""down", "force": true"#).unwrap();
    assert_eq!(house.state("iad-1"), State::Down);
    let house = house.restart();
    assert_eq!(house.state("iad-1"), State::Down);
}
