//! Corrections over databases, against the plainest reading of both.

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;

use crate::geo::atlas::{Atlas, Facts};
use crate::geo::corrections::{Change, Corrections};
use crate::place::{Continent, Country, Place, Point};
use crate::prefix::Prefix;

fn change(place: Option<&str>, location: Option<(i32, i32)>) -> Change {
    Change {
        place: place.map(|text| Arc::new(Place::parse(text).unwrap())),
        location: location.map(|(latitude, longitude)| Point {
            latitude,
            longitude,
        }),
    }
}

/// What is known where all facts are.
fn full() -> Facts {
    Facts {
        continent: Some(Continent::Asia),
        country: Country::from_code("JP"),
        subdivisions: vec!["13".into()],
        city: Some("Tokyo".into()),
        location: Some(Point {
            latitude: 35,
            longitude: 139,
        }),
        radius: Some(50),
        system: Some(64_500),
    }
}

fn flat(facts: Facts) -> Atlas {
    let v4 = vec![(0, 0), (0x0a00_0000, 1), (0x0b00_0000, 0)];
    Atlas::new(vec![Facts::default(), facts], v4, vec![(0, 1)])
}

fn find(atlas: &Atlas, addr: &str) -> (Facts, String) {
    let (facts, prefix) = atlas.find(addr.parse().unwrap());
    (facts.clone(), prefix.to_string())
}

#[test]
fn a_place_replaces_all_that_says_where() {
    let known = full();
    let atlas = flat(known.clone()).corrected(&Corrections::new([
        (
            "10.1.0.0/16".parse().unwrap(),
            change(Some("US-CA/San Jose"), None),
        ),
        ("10.1.2.0/24".parse().unwrap(), change(None, Some((1, 2)))),
        (
            "10.1.3.0/24".parse().unwrap(),
            change(Some("DE"), Some((3, 4))),
        ),
        (
            "10.1.3.128/25".parse().unwrap(),
            change(Some("FR-75"), None),
        ),
        ("10.2.0.0/16".parse().unwrap(), change(None, Some((5, 6)))),
        (
            "255.255.255.255/32".parse().unwrap(),
            change(Some("DE"), None),
        ),
        (
            "2001:db8::/32".parse().unwrap(),
            change(Some("DE/Hamburg"), None),
        ),
    ]));
    let point = |latitude, longitude| {
        Some(Point {
            latitude,
            longitude,
        })
    };
    let jose = Facts {
        continent: Some(Continent::NorthAmerica),
        country: Country::from_code("US"),
        subdivisions: vec!["CA".into()],
        city: Some("San Jose".into()),
        location: None,
        radius: None,
        system: Some(64_500),
    };
    let bare = |code: &str, part: &[&str], location| Facts {
        continent: Some(Continent::Europe),
        country: Country::from_code(code),
        subdivisions: part.iter().map(|p| (*p).to_owned()).collect(),
        city: None,
        location,
        radius: None,
        system: Some(64_500),
    };
    let table = [
        ("10.0.0.1", known.clone(), "10.0.0.0/16"),
        ("10.1.0.1", jose.clone(), "10.1.0.0/23"),
        // Only the point: it is still San Jose, by the wider network.
        (
            "10.1.2.1",
            Facts {
                location: point(1, 2),
                ..jose
            },
            "10.1.2.0/24",
        ),
        ("10.1.3.1", bare("DE", &[], point(3, 4)), "10.1.3.0/25"),
        // A place without a point drops also the wider correction's: it was of another place.
        ("10.1.3.129", bare("FR", &["75"], None), "10.1.3.128/25"),
        (
            "10.2.0.1",
            Facts {
                location: point(5, 6),
                radius: None,
                ..known.clone()
            },
            "10.2.0.0/16",
        ),
        ("10.3.0.1", known.clone(), "10.3.0.0/16"),
        (
            "255.255.255.255",
            Facts {
                system: None,
                ..bare("DE", &[], None)
            },
            "255.255.255.255/32",
        ),
        (
            "2001:db8::1",
            Facts {
                city: Some("Hamburg".into()),
                ..bare("DE", &[], None)
            },
            "2001:db8::/32",
        ),
        ("2001:db9::1", known, "2001:db9::/32"),
    ];
    for (addr, facts, prefix) in table {
        assert_eq!(find(&atlas, addr), (facts, prefix.to_owned()), "{addr}");
    }
}

#[test]
fn what_a_correction_repeats_is_no_border() {
    let known = Facts {
        continent: Some(Continent::Europe),
        country: Country::from_code("DE"),
        ..Facts::default()
    };
    let corrections = [("10.1.0.0/16".parse().unwrap(), change(Some("DE"), None))];
    let atlas = flat(known.clone()).corrected(&Corrections::new(corrections));
    assert_eq!(find(&atlas, "10.1.0.1"), (known, "10.0.0.0/8".to_owned()));
}

fn changes() -> impl Strategy<Value = Change> {
    let places = prop_oneof![
        Just(None),
        Just(Some("DE")),
        Just(Some("US-CA")),
        Just(Some("US-CA/San Jose"))
    ];
    let points = prop_oneof![Just(None), (0..3, 0..3).prop_map(Some)];
    (places, points).prop_map(|(place, point)| change(place, point))
}

fn prefixes() -> impl Strategy<Value = Prefix> {
    // Few bits vary, at both ends of the space, so that networks nest, touch and end with it.
    let v4 = (0_u32..16, any::<bool>(), 26_u8..=32).prop_map(|(low, high, len)| {
        let base = if high { u32::MAX - 15 } else { 0x0a00_0000 };
        Prefix::around(IpAddr::V4((base + low).into()), len)
    });
    let v6 = (0_u128..16, any::<bool>(), 122_u8..=128).prop_map(|(low, high, len)| {
        let base = if high { u128::MAX - 15 } else { 1 << 125 };
        Prefix::around(IpAddr::V6((base + low).into()), len)
    });
    let whole = prop_oneof![Just("0.0.0.0/0"), Just("::/0")];
    prop_oneof![
        20 => v4,
        20 => v6,
        1 => whole.prop_map(|text| text.parse().unwrap()),
    ]
}

proptest! {
    #[test]
    fn every_address_has_what_the_networks_around_it_say_widest_first(
        list in proptest::collection::vec((prefixes(), changes()), 0..20),
    ) {
        let mut once: Vec<(Prefix, Change)> = Vec::new();
        for (prefix, change) in list {
            if once.iter().all(|(known, _)| *known != prefix) {
                once.push((prefix, change));
            }
        }
        let base = flat(full());
        let atlas = base.corrected(&Corrections::new(once.clone()));
        let v4 = (0..16).flat_map(|n: u32| [0x0a00_0000 + n, u32::MAX - n]);
        let v6 = (0..16).flat_map(|n: u128| [(1 << 125) + n, u128::MAX - n]);
        let all = v4.map(|n| IpAddr::V4(n.into())).chain(v6.map(|n| IpAddr::V6(n.into())));
        for addr in all {
            let mut facts = base.find(addr).0.clone();
            let mut around: Vec<_> = once.iter().filter(|(p, _)| p.contains(addr)).collect();
            around.sort_by_key(|(prefix, _)| prefix.len());
            for (_, change) in around {
                if let Some(place) = &change.place {
                    let text = place.to_string();
                    facts.country = Country::from_code(&text[..2]);
                    facts.continent = facts.country.map(Country::continent);
                    facts.subdivisions = text.contains('-').then(|| "CA".to_owned()).into_iter().collect();
                    facts.city = text.contains('/').then(|| "San Jose".to_owned());
                    facts.location = None;
                    facts.radius = None;
                }
                // How exact another point was says nothing of this one.
                facts.radius = facts.radius.filter(|_| change.location.is_none());
                facts.location = change.location.or(facts.location);
            }
            prop_assert_eq!(atlas.find(addr).0, &facts, "{}", addr);
        }
        let ranges: Vec<(u128, u32)> = atlas.ranges6().collect();
        let rising = ranges.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 != w[1].1);
        prop_assert!(rising && ranges[0].0 == 0);
    }
}
