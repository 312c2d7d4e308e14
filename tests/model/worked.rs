//! The model held against answers worked out by hand: the examples of the language, and the arithmetic.

mod drawing;
mod geography;
mod health;

use std::net::IpAddr;

use super::estate::{
    Board, Draw, Estate, Facts, Https, Kind, Place, Point, Policy, Pool, Query, Rule, RuleSet,
    Site, State, Steered, Target, Vip,
};
use super::network::Network;
use super::{Expected, answer};
use State::{Degraded, Down, Unknown, Up};
use Target::{Pool as P, Site as S, Vip as V};

const NOW: u64 = 1_700_000_000;

/// VIPs without sites, weights as given: `v0` is 192.0.2.1.
fn vips(weights: &[u32]) -> Estate {
    let one = |(i, weight): (usize, &u32)| Vip {
        name: format!("v{i}"),
        v4: Some([192, 0, 2, i as u8 + 1].into()),
        v6: None,
        site: None,
        weight: *weight,
        failure_domain: None,
    };
    Estate {
        vips: weights.iter().enumerate().map(one).collect(),
        ..Estate::default()
    }
}

/// The sites and VIPs of CONFIG section 6 (VIPs in the order of the sites), and a network for each of
/// some clients.
fn world() -> Estate {
    let place = |latitude: i32, longitude: i32| {
        Some(Point {
            latitude: latitude * 10_000,
            longitude: longitude * 10_000,
        })
    };
    let site = |name: &str, location| Site {
        name: name.to_string(),
        location,
        bias: 0,
    };
    let vip = |name: &str, v4: [u8; 4], v6: &str, site| Vip {
        name: name.to_string(),
        v4: Some(v4.into()),
        v6: Some(v6.parse().unwrap()),
        site,
        weight: 1,
        failure_domain: None,
    };
    let network = |text: &str, continent: &str, country: &str, location, system| {
        let facts = Facts {
            continent: Some(continent.to_string()),
            country: Some(country.to_string()),
            location,
            system,
            ..Facts::default()
        };
        (Network::parse(text), facts)
    };
    Estate {
        sites: vec![
            site("fra", place(5011, 868)),
            site("ams", place(5231, 476)),
            site("iad", place(3895, -7745)),
            site("sin", place(136, 10399)),
        ],
        vips: vec![
            vip("fra-1", [192, 0, 2, 10], "2001:db8:f::10", Some(0)),
            vip("ams-1", [192, 0, 2, 20], "2001:db8:a::10", Some(1)),
            vip("iad-1", [198, 51, 100, 10], "2001:db8:1::10", Some(2)),
            vip("sin-1", [203, 0, 113, 10], "2001:db8:5::10", Some(3)),
        ],
        networks: vec![
            network("81.0.0.0/16", "europe", "DE", place(5355, 1000), None),
            network(
                "23.0.0.0/16",
                "north-america",
                "US",
                place(3278, -9680),
                None,
            ),
            network("5.0.0.0/16", "asia", "IN", place(1908, 7288), None),
            network("6.0.0.0/16", "asia", "JP", place(3568, 13969), None),
            network("200.0.0.0/16", "south-america", "BR", None, Some(64_500)),
        ],
        ..Estate::default()
    }
}

/// The same with one name, answered by the target.
fn steer(mut estate: Estate, target: Target) -> Estate {
    estate.names.push(Steered {
        name: "www.example.com.".to_string(),
        target,
        a: (300, Vec::new()),
        aaaa: (300, Vec::new()),
        https: None,
    });
    estate
}

fn pool(mut estate: Estate, pool: Pool) -> Estate {
    estate.pools.push(pool);
    let last = estate.pools.len() - 1;
    steer(estate, P(last))
}

/// For each VIP its state, nobody having spoken lately.
fn states(states: &[State]) -> Board {
    let said = states
        .iter()
        .map(|state| (*state, if *state == Unknown { 0 } else { NOW - 100_000 }));
    Board::same(said.collect())
}

fn asked(estate: &Estate, board: &Board, client: &str, counter: u32) -> Expected {
    let resolver = client.parse().unwrap();
    let query = Query {
        board: 0,
        steered: estate.names.len() - 1,
        name: "www.example.com.".to_string(),
        kind: Kind::A,
        resolver,
        ecs: None,
        now: NOW,
        counter,
    };
    answer(estate, board, &query)
}

/// The answer to one client with everything well; `down` are the VIPs that are not.
fn with_down(estate: &Estate, down: &[usize], client: &str) -> Vec<String> {
    let one = |vip| {
        if down.contains(&vip) {
            (Down, NOW - 100_000)
        } else {
            (Unknown, 0)
        }
    };
    let board = Board::same((0..estate.vips.len()).map(one).collect());
    asked(estate, &board, client, 0)
        .addresses
        .iter()
        .map(IpAddr::to_string)
        .collect()
}

/// How often each VIP stands in 4,096 answers in a row.
fn shares(estate: &Estate, board: &Board) -> Vec<usize> {
    let answers: Vec<_> = (0..4096)
        .flat_map(|counter| asked(estate, board, "81.0.0.1", counter).addresses)
        .collect();
    let count = |vip: &Vip| {
        answers
            .iter()
            .filter(|a| **a == IpAddr::V4(vip.v4.unwrap()))
            .count()
    };
    estate.vips.iter().map(count).collect()
}

fn all(estate: &Estate) -> Vec<Target> {
    (0..estate.vips.len()).map(V).collect()
}

fn close(shares: &[usize], hoped: &[usize], by: usize) {
    let near = shares
        .iter()
        .zip(hoped)
        .all(|(share, hope)| share.abs_diff(*hope) <= by);
    assert!(
        near && shares.len() == hoped.len(),
        "{shares:?} instead of {hoped:?}"
    );
}

#[test]
fn example_1_is_a_round_robin() {
    let estate = vips(&[1, 1, 1, 1]);
    let estate = pool(estate.clone(), Pool::new("web", all(&estate)));
    close(&shares(&estate, &states(&[Unknown; 4])), &[1024; 4], 1);
    close(
        &shares(&estate, &states(&[Up, Down, Up, Up])),
        &[1365, 0, 1365, 1365],
        2,
    );
    // Half as good, half as often: 2 of 7 parts, not 2 of 8.
    let degraded = states(&[Up, Degraded(500_000), Up, Up]);
    close(&shares(&estate, &degraded), &[1170, 585, 1170, 1170], 2);
}

#[test]
fn example_2_shares_10_30_60() {
    let estate = vips(&[10, 30, 60]);
    let estate = pool(estate.clone(), Pool::new("web", all(&estate)));
    close(
        &shares(&estate, &states(&[Unknown; 3])),
        &[410, 1229, 2458],
        1,
    );
}

#[test]
fn example_3_takes_the_nearest_site_and_then_the_next() {
    let pool_3 = Pool {
        policy: Policy::Nearest,
        ..Pool::new("web", vec![S(0), S(2), S(3)])
    };
    let estate = pool(world(), pool_3);
    let [fra, iad, sin] = [["192.0.2.10"], ["198.51.100.10"], ["203.0.113.10"]];
    for (client, order) in [
        ("81.0.0.1", [fra, iad, sin]), // Hamburg: 0.4, 6.4 and 10 thousand km
        ("23.0.0.1", [iad, fra, sin]), // Dallas: 1.9, 8.3, 15.8
        ("5.0.0.1", [sin, fra, iad]),  // Mumbai: 3.9, 6.6, 12.9
        ("9.9.9.9", [fra, iad, sin]),  // nowhere: the order of members
    ] {
        let vip = |site: [&str; 1]| {
            let is = |vip: &Vip| vip.v4.unwrap().to_string() == site[0];
            estate.vips.iter().position(is).unwrap()
        };
        let [first, second, third] = order.map(vip);
        assert_eq!(with_down(&estate, &[], client), order[0]);
        assert_eq!(with_down(&estate, &[first], client), order[1]);
        assert_eq!(with_down(&estate, &[first, second], client), order[2]);
        // All down, nothing in the zone file: as if all were up.
        assert_eq!(
            with_down(&estate, &[first, second, third], client),
            order[0]
        );
    }
}

#[test]
fn example_4_follows_the_most_specific_rule_and_falls_through() {
    let mut estate = world();
    let partner = Vip {
        name: "partner".into(),
        v4: Some([192, 0, 2, 99].into()),
        ..vips(&[1]).vips[0].clone()
    };
    estate.vips.push(partner);
    let rule = |place, targets: &[Target]| Rule {
        place,
        region: None,
        targets: targets.to_vec(),
    };
    let continent = |word: &str| Place::Continent(word.to_string());
    estate.rules.push(RuleSet {
        name: "world".to_string(),
        rules: vec![
            rule(continent("europe"), &[S(0)]),
            rule(continent("africa"), &[S(0)]),
            rule(continent("asia"), &[S(3)]),
            rule(Place::Country("IN".to_string()), &[S(3), S(0)]),
            rule(Place::System(64_500), &[S(3)]),
            rule(Place::Network(Network::parse("198.51.100.0/24")), &[V(4)]),
        ],
    });
    let pool_4 = Pool {
        policy: Policy::Failover,
        prefer: Some(0),
        ..Pool::new("web", vec![S(2), S(0), S(3)])
    };
    let estate = pool(estate, pool_4);
    let [fra, iad, sin, own] = [
        ["192.0.2.10"],
        ["198.51.100.10"],
        ["203.0.113.10"],
        ["192.0.2.99"],
    ];
    let (fra_1, sin_1, partner) = (0, 3, 4);
    assert_eq!(with_down(&estate, &[], "81.0.0.1"), fra);
    assert_eq!(with_down(&estate, &[fra_1], "81.0.0.1"), iad); // whoever's choice has failed
    assert_eq!(with_down(&estate, &[], "6.0.0.1"), sin); // Japan: the continent
    assert_eq!(with_down(&estate, &[sin_1], "6.0.0.1"), iad);
    assert_eq!(with_down(&estate, &[], "5.0.0.1"), sin); // India: its own line
    assert_eq!(with_down(&estate, &[sin_1], "5.0.0.1"), fra);
    assert_eq!(with_down(&estate, &[sin_1, fra_1], "5.0.0.1"), iad);
    assert_eq!(with_down(&estate, &[], "200.0.0.1"), sin); // the carrier
    assert_eq!(with_down(&estate, &[], "198.51.100.7"), own); // the partner
    assert_eq!(with_down(&estate, &[partner], "198.51.100.7"), iad);
    assert_eq!(with_down(&estate, &[], "23.0.0.1"), iad); // everyone else
    assert_eq!(with_down(&estate, &[], "9.9.9.9"), iad);
}

#[test]
fn example_10_gives_both_families_and_hints_of_one_site() {
    let pool_10 = Pool {
        policy: Policy::Nearest,
        draw: Draw::Sticky,
        ..Pool::new("web", vec![S(0), S(2), S(3)])
    };
    let mut estate = pool(world(), pool_10);
    let v6 = "2001:db8:f::10".parse().unwrap();
    estate.names[0].https = Some(Https {
        ttl: 300,
        v4: vec![[192, 0, 2, 10].into()],
        v6: vec![v6],
    });
    let board = states(&[Unknown; 4]);
    let ask = |kind, counter| {
        let query = Query {
            board: 0,
            steered: 0,
            name: "www.example.com.".to_string(),
            kind,
            resolver: "9.9.9.9".parse().unwrap(),
            ecs: Some(("23.0.7.0".parse().unwrap(), 24)),
            now: NOW,
            counter,
        };
        answer(&estate, &board, &query)
    };
    for counter in 0..5 {
        let (a, aaaa, https) = (
            ask(Kind::A, counter),
            ask(Kind::Aaaa, counter),
            ask(Kind::Https, counter),
        );
        assert_eq!(a.addresses, ["198.51.100.10".parse::<IpAddr>().unwrap()]);
        assert_eq!(
            aaaa.addresses,
            ["2001:db8:1::10".parse::<IpAddr>().unwrap()]
        );
        assert_eq!(https.addresses, [a.addresses, aaaa.addresses].concat());
        assert_eq!((a.ttl, https.ttl), (Some(60), Some(60)));
        // Dallas is 23.0.0.0/16; sticky lengthens to the client's key.
        assert_eq!(
            (a.scope, aaaa.scope, https.scope),
            (Some(24), Some(24), Some(24))
        );
    }
}
