//! Steps of sites, kilometres, scopes and which addresses count, by hand.

use super::super::client::{Client, kilometres};
use super::super::estate::{
    Draw, Estate, Facts, Kind, Place, Point, Policy, Pool, Query, Rule, RuleSet, Site, Trip, Vip,
};
use super::super::network::Network;
use super::super::{answer, is_global, scope as length};
use super::State::Unknown;
use super::Target::{self, Site as S, Vip as V};
use super::{NOW, pool, states, vips, world};

#[test]
fn the_scope_is_the_shortest_prefix_of_one_class() {
    let mut estate = vips(&[1, 1]);
    let rule = |text: &str, targets: &[Target]| Rule {
        place: Place::Network(Network::parse(text)),
        region: None,
        targets: targets.to_vec(),
    };
    let rules = vec![
        rule("81.2.0.0/16", &[V(1)]),
        rule("81.2.128.0/20", &[V(1), V(0)]),
        rule("81.2.32.0/20", &[V(1)]),
    ];
    estate.rules.push(RuleSet {
        name: "r".to_string(),
        rules,
    });
    let web = Pool {
        prefer: Some(0),
        ..Pool::new("web", vec![V(0)])
    };
    let estate = pool(estate, web);
    let web = &estate.pools[0];
    let scope = |addr: &str| length(&estate, web, addr.parse().unwrap());
    assert_eq!(scope("81.2.128.1"), 20);
    assert_eq!(scope("81.2.0.1"), 17); // the half without that /20
    assert_eq!(scope("81.2.32.1"), 17); // a rule with the same targets is no border
    assert_eq!(scope("81.2.192.1"), 18); // the quarter without it
    assert_eq!(scope("81.2.144.1"), 20); // its neighbour
    assert_eq!(scope("81.3.0.0"), 16); // the neighbour of the /16
    assert_eq!(scope("81.0.0.0"), 15);
    assert_eq!(scope("200.0.0.0"), 1);
    // No rule speaks of IPv6, but a shorter prefix would speak of 2002::/16, where there is IPv4 of two classes.
    assert_eq!(scope("2a00::"), 5);
    assert_eq!(scope("::ffff:81.2.128.1"), 116);
    assert_eq!(scope("64:ff9b::81.2.0.1"), 113);
    assert_eq!(scope("2002:5102:c001::"), 34);
    assert_eq!(scope("2001:0:1:2:3:4:aefd:7ffe"), 116);
    // Nothing depends on the client.
    let plain = Pool::new("plain", vec![V(0)]);
    assert_eq!(length(&estate, &plain, "81.2.128.1".parse().unwrap()), 0);
}

#[test]
fn the_scope_follows_source_usability_and_draw() {
    let estate = vips(&[1]);
    let plain = pool(estate.clone(), Pool::new("web", vec![V(0)]));
    let sticky = Pool {
        draw: Draw::Sticky,
        ..Pool::new("web", vec![V(0)])
    };
    let sticky = pool(estate.clone(), sticky);
    let deaf = pool(
        estate,
        Pool {
            ecs: false,
            ..Pool::new("web", vec![V(0)])
        },
    );
    let question = Query {
        board: 0,
        steered: 0,
        name: "www.example.com.".to_string(),
        kind: Kind::A,
        resolver: "9.9.9.9".parse().unwrap(),
        ecs: None,
        now: NOW,
        counter: 0,
    };
    let scope = |estate: &Estate, ecs: Option<(&str, u8)>| {
        let ecs = ecs.map(|(addr, source)| (addr.parse().unwrap(), source));
        let query = Query {
            ecs,
            ..question.clone()
        };
        answer(estate, &states(&[Unknown]), &query).scope
    };
    // No HTTPS record, so nothing that depends on the client.
    let bare = Query {
        ecs: Some(("81.2.3.0".parse().unwrap(), 24)),
        ..question.clone()
    };
    let bare = Query {
        kind: Kind::Https,
        ..bare
    };
    assert_eq!(answer(&sticky, &states(&[Unknown]), &bare).scope, Some(0));
    assert_eq!(scope(&plain, None), None);
    assert_eq!(scope(&plain, Some(("81.2.3.0", 24))), Some(0));
    assert_eq!(scope(&plain, Some(("10.2.3.0", 24))), Some(24));
    assert_eq!(scope(&plain, Some(("0.0.0.0", 0))), Some(0));
    assert_eq!(scope(&sticky, Some(("81.2.0.0", 16))), Some(24));
    assert_eq!(scope(&sticky, Some(("2a00:1234::", 32))), Some(56));
    assert_eq!(scope(&sticky, Some(("2001:db8::", 48))), Some(48));
    assert_eq!(scope(&sticky, Some(("::", 0))), Some(0));
    assert_eq!(scope(&deaf, Some(("81.2.3.0", 24))), Some(0));
    assert_eq!(scope(&deaf, Some(("10.2.3.0", 24))), Some(0));
}

#[test]
fn near_sites_stand_in_steps() {
    let mut estate = world();
    estate.sites[3].bias = 4000;
    let near = |tie, members| Pool {
        policy: Policy::Nearest,
        tie,
        ..Pool::new("p", members)
    };
    let steps = |addr: &str, tie, members: Vec<Target>| {
        Client::at(&estate, addr.parse().unwrap()).steps(&estate, &near(tie, members), None)
    };
    let members = || vec![S(3), S(2), S(1), S(0)];
    // Hamburg: ams 366 km, fra 393, sin 10 128 - 4000, iad 6 448.
    let hamburg = "81.0.0.1";
    assert_eq!(steps(hamburg, 0, members()), [[1], [0], [3], [2]]);
    assert_eq!(
        steps(hamburg, 100, members()),
        [vec![1, 0], vec![3], vec![2]]
    );
    assert_eq!(steps(hamburg, 5800, members()), [vec![1, 0, 3], vec![2]]);
    assert_eq!(steps("9.9.9.9", 100, members()), [[3], [2], [1], [0]]);
    // A member VIP or pool counts for its site.
    assert_eq!(steps(hamburg, 0, vec![V(2), V(0)]), [[0], [2]]);
    // Five sites, three of them in order, the rest one set in the order of names.
    estate.sites.push(Site {
        name: "jnb".into(),
        location: Some(Point {
            latitude: -26_200_000,
            longitude: 28_040_000,
        }),
        bias: 0,
    });
    estate.vips.push(Vip {
        name: "jnb-1".into(),
        site: Some(4),
        ..estate.vips[0].clone()
    });
    let client = Client::at(&estate, hamburg.parse().unwrap());
    let five = near(0, vec![S(4), S(2), S(3), S(1), S(0)]);
    assert_eq!(
        client.steps(&estate, &five, None),
        [vec![1], vec![0], vec![3], vec![2, 4]]
    );
}

/// Hamburg: ams 377 km, so 10.655 ms; fra 393 km, 10.895 ms; sin and iad as far as above.
#[test]
fn measured_round_trips_are_blended_with_the_distance() {
    let network = |text| Place::Network(Network::parse(text));
    let trip = |place: Place, site: usize, micros, samples| Trip {
        place,
        site,
        micros,
        samples,
    };
    let steps = |latency: &[Trip], addr: &str, tie| {
        let estate = Estate {
            latency: latency.to_vec(),
            ..world()
        };
        let pool = Pool {
            policy: Policy::Nearest,
            tie,
            ..Pool::new("p", vec![S(0), S(1), S(2), S(3)])
        };
        Client::at(&estate, addr.parse().unwrap()).steps(&estate, &pool, None)
    };
    let hamburg = "81.0.0.1";
    assert_eq!(steps(&[], hamburg, 0), [[1], [0], [2], [3]]);
    // (100 * 8 + 20 * 10.895) / 120 = 8.48 ms; with one sample 10.76 ms.
    let fra = |n| trip(network("81.0.0.0/16"), 0, 8_000, n);
    assert_eq!(steps(&[fra(100)], hamburg, 0), [[0], [1], [2], [3]]);
    assert_eq!(steps(&[fra(1)], hamburg, 0), [[1], [0], [2], [3]]);
    // 2.17 ms apart: 145 km.
    assert_eq!(steps(&[fra(100)], hamburg, 140)[0], [0]);
    assert_eq!(steps(&[fra(100)], hamburg, 150)[0], [1, 0]);
    // A network beats its country, whole: nothing of the country's row counts.
    let country = || Place::Country("DE".to_string());
    let rows = [trip(country(), 2, 1, 1_000_000), fra(100)];
    assert_eq!(steps(&rows, hamburg, 0), [[0], [1], [2], [3]]);
    assert_eq!(steps(&rows[..1], hamburg, 0), [[2], [1], [0], [3]]);
    // Both nearer than any distance: the round trips tell them apart.
    let rows = [
        trip(country(), 0, 2_000, 1_000_000_000),
        trip(country(), 3, 1_000, 1_000_000_000),
    ];
    assert_eq!(steps(&rows, hamburg, 0), [[3], [0], [1], [2]]);
    assert_eq!(steps(&rows, hamburg, 1)[0], [0, 3]);
    // Nobody knows where: what was measured alone, then the members in their order.
    let rows = [
        trip(Place::Unknown, 2, 60_000, 1),
        trip(Place::Unknown, 3, 40_000, 1),
    ];
    assert_eq!(steps(&rows, "9.9.9.9", 0), [[3], [2], [0], [1]]);
    assert_eq!(steps(&rows, "9.9.9.9", 1_330), [[3], [2], [0], [1]]);
    assert_eq!(
        steps(&rows, "9.9.9.9", 1_340),
        [vec![2, 3], vec![0], vec![1]]
    );
    assert_eq!(steps(&rows, hamburg, 0), [[1], [0], [2], [3]]);
}

/// Hamburg: ams 377 km, fra 393, iad 6 448.
#[test]
fn an_accuracy_radius_makes_a_tie_wider() {
    let first = |radius, tie, latency: &[Trip]| {
        let mut estate = world();
        estate.networks[0].1.radius = radius;
        estate.latency = latency.to_vec();
        let pool = Pool {
            policy: Policy::Nearest,
            tie,
            ..Pool::new("p", vec![S(0), S(1), S(2)])
        };
        let client = Client::at(&estate, "81.0.0.1".parse().unwrap());
        client.steps(&estate, &pool, None).remove(0)
    };
    assert_eq!(first(None, 10, &[]), [1]);
    assert_eq!(first(Some(12), 10, &[]), [1]);
    assert_eq!(first(Some(40), 10, &[]), [1, 0]);
    assert_eq!(first(Some(40), 0, &[]), [1]);
    assert_eq!(first(Some(9_000), 10, &[]), [1, 0]);
    assert_eq!(first(Some(40), 7_000, &[]), [1, 0, 2]);
    let trip = Trip {
        place: Place::Country("DE".to_string()),
        site: 1,
        micros: 10_490,
        samples: 100,
    };
    assert_eq!(first(Some(40), 10, &[trip]), [1]);
}

#[test]
fn kilometres_of_known_ways() {
    let at = |latitude: i32, longitude: i32| Point {
        latitude,
        longitude,
    };
    let million = 1_000_000;
    assert_eq!(kilometres(at(0, 0), at(0, 90 * million)), 10_008);
    assert_eq!(
        kilometres(at(90 * million, 0), at(-90 * million, 7 * million)),
        20_015
    );
    assert_eq!(kilometres(at(0, 179 * million), at(0, -179 * million)), 222);
    assert_eq!(
        kilometres(at(5_000_000, 5_000_000), at(5_000_000, 5_000_000)),
        0
    );
}

#[test]
fn private_and_documentation_addresses_are_not_global() {
    for addr in [
        "0.1.2.3",
        "10.0.0.0",
        "100.127.0.1",
        "127.0.0.1",
        "169.254.0.1",
        "172.31.255.255",
        "192.0.0.9",
        "192.0.2.1",
        "192.168.0.1",
        "198.19.0.0",
        "198.51.100.0",
        "203.0.113.255",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fe80::1",
        "2001:db8:1::",
        "3fff:fff::",
        "4000::",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:a00:1::1",
        "2001:0:1::f5ff:fffe",
        "::ffff:127.0.0.1",
        "2001:2::1",
        "2001:1ff::",
    ] {
        assert!(!is_global(addr.parse().unwrap()), "{addr}");
    }
    for addr in [
        "1.1.1.1",
        "100.128.0.0",
        "172.32.0.0",
        "192.0.1.0",
        "198.20.0.0",
        "223.255.255.255",
        "2001:db9::",
        "2000::",
        "3fff:1000::",
        "2a00::",
        "64:ff9b::101:101",
        "2002:101:101::",
        "2001:0:1::fefe:fefe",
        "::ffff:1.1.1.1",
        "2001:200::",
    ] {
        assert!(is_global(addr.parse().unwrap()), "{addr}");
    }
}

#[test]
fn the_most_specific_rule_counts_wherever_it_stands() {
    let facts = Facts {
        continent: Some("europe".to_string()),
        country: Some("GB".to_string()),
        subdivisions: vec!["ENG".to_string(), "LND".to_string()],
        city: Some("London".to_string()),
        location: None,
        radius: None,
        system: Some(64_500),
    };
    let client = Client {
        addr: "81.2.3.4".parse().unwrap(),
        facts,
    };
    let city = |area: &str| Place::City(area.to_string(), "London".to_string());
    let network = |text| Place::Network(Network::parse(text));
    let ladder = [
        network("81.2.3.0/24"),
        network("81.2.0.0/16"),
        Place::System(64_500),
        city("GB-LND"),
        city("GB-ENG"),
        city("GB"),
        Place::Subdivision("GB-LND".to_string()),
        Place::Subdivision("GB-ENG".to_string()),
        Place::Country("GB".to_string()),
        Place::Continent("europe".to_string()),
    ];
    let strangers = [
        network("81.2.4.0/24"),
        network("::/0"),
        Place::System(64_501),
        city("CA"),
        city("GB-SCT"),
        Place::City("GB".to_string(), "Leeds".to_string()),
        Place::Subdivision("US-ENG".to_string()),
        Place::Country("FR".to_string()),
        Place::Continent("asia".to_string()),
        Place::Unknown,
    ];
    let matched = |places: Vec<Place>| {
        let rule = |place| Rule {
            place,
            region: None,
            targets: Vec::new(),
        };
        let rules = places.into_iter().map(rule).collect();
        client.matched(&RuleSet {
            name: String::new(),
            rules,
        })
    };
    for from in 0..ladder.len() {
        let mut places = [&ladder[from..], strangers.as_slice()].concat();
        assert_eq!(matched(places.clone()), Some(0), "{:?}", ladder[from]);
        places.reverse();
        assert_eq!(
            matched(places.clone()),
            Some(places.len() - 1),
            "{:?}",
            ladder[from]
        );
    }
    assert_eq!(matched(strangers.to_vec()), None);
    let nobody = Client {
        facts: Facts::default(),
        ..client.clone()
    };
    let rules = vec![Rule {
        place: Place::Unknown,
        region: None,
        targets: Vec::new(),
    }];
    assert_eq!(
        nobody.matched(&RuleSet {
            name: String::new(),
            rules
        }),
        Some(0)
    );
}
