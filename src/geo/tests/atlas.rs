//! Databases made for the purpose, read and laid over each other; the built-in map.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::mmdb::{Mmdb, Record, map, text};
use crate::geo::atlas::{Atlas, Facts};
use crate::place::{Continent, Country, Point};

fn read(databases: &[Mmdb]) -> Atlas {
    let files: Vec<Vec<u8>> = databases.iter().map(Mmdb::bytes).collect();
    let list: Vec<(&str, &[u8])> = files.iter().map(|file| ("test.mmdb", &file[..])).collect();
    Atlas::read(&list).unwrap()
}

fn find<'a>(atlas: &'a Atlas, addr: &str) -> (&'a Facts, String) {
    let (facts, prefix) = atlas.find(addr.parse().unwrap());
    (facts, prefix.to_string())
}

fn country(code: &str) -> Option<Country> {
    Country::from_code(code)
}

fn hamburg() -> Record {
    let place = Record::new()
        .continent("EU")
        .country("DE")
        .subdivisions(&["HH"]);
    place.city("Hamburg").location(53.55, 9.993_7)
}

/// Every fact of City and ASN files, in all record sizes, for IPv4 alone and within IPv6.
#[test]
fn every_fact_is_read() {
    for (version, record_size) in [(4, 24), (4, 28), (4, 32), (6, 24), (6, 28), (6, 32)] {
        let city = Mmdb {
            version,
            record_size,
            ..Mmdb::new("GeoIP2-City")
        };
        let system = Mmdb {
            version,
            record_size,
            ..Mmdb::new("GeoLite2-ASN")
        };
        let mut city = city.with("192.0.2.0/25", hamburg());
        if version == 6 {
            city = city.with("2001:db8::/33", hamburg());
        }
        let system = system.with("192.0.2.0/24", Record::new().system(64500));
        let atlas = read(&[city, system]);
        let (facts, network) = find(&atlas, "192.0.2.1");
        let all = Facts {
            continent: Some(Continent::Europe),
            country: country("DE"),
            subdivisions: vec!["HH".into()],
            city: Some("Hamburg".into()),
            location: Some(Point {
                latitude: 53_550_000,
                longitude: 9_993_700,
            }),
            radius: Some(20),
            system: Some(64500),
        };
        assert_eq!((facts, network.as_str()), (&all, "192.0.2.0/25"));
        let (facts, network) = find(&atlas, "192.0.2.128");
        let only = Facts {
            system: Some(64500),
            ..Facts::default()
        };
        assert_eq!((facts, network.as_str()), (&only, "192.0.2.128/25"));
        let (facts, network) = find(&atlas, "2001:db8::1");
        let known = if version == 6 {
            Facts {
                system: None,
                ..all
            }
        } else {
            Facts::default()
        };
        let within = if version == 6 {
            "2001:db8::/33"
        } else {
            "::/0"
        };
        assert_eq!((facts, network.as_str()), (&known, within));
        assert_eq!(
            atlas.find("198.51.100.1".parse().unwrap()).0,
            &Facts::default()
        );
        assert!(!atlas.coarse);
    }
}

#[test]
fn origins_tell_what_was_read() {
    let city = Mmdb::new("GeoIP2-City").with("192.0.2.0/24", hamburg());
    let file = city.with("2001:db8::/32", hamburg()).bytes();
    let atlas = Atlas::read(&[("/var/lib/city.mmdb", &file)]).unwrap();
    let origin = &atlas.origins[0];
    assert_eq!(origin.label, "/var/lib/city.mmdb");
    assert_eq!(origin.database_type, "GeoIP2-City");
    assert_eq!((origin.build, origin.networks), (1_700_000_000, 2));
}

/// One record is decoded once, however many networks lead to it.
#[test]
fn each_record_is_decoded_once() {
    let mut many = Mmdb::new("GeoIP2-City");
    for n in 0..600u32 {
        let network = format!("{}.{}.0.0/16", 11 + n / 200, n % 200);
        many.add(
            &network,
            [hamburg(), hamburg().system(64500)][n as usize % 2]
                .clone()
                .value(),
        );
    }
    let atlas = read(&[many]);
    assert_eq!(
        (atlas.origins[0].networks, atlas.origins[0].records),
        (600, 2)
    );
    assert_eq!(find(&atlas, "13.7.0.1").0.system, Some(64500));
}

#[test]
fn the_first_that_knows_counts() {
    let first = Mmdb::new("first").with("192.0.0.0/16", Record::new().country("DE"));
    let second = Mmdb::new("second").with("192.0.0.0/22", hamburg());
    let atlas = read(&[first.clone(), second.clone()]);
    let (facts, network) = find(&atlas, "192.0.2.1");
    assert_eq!(
        (facts.country, facts.city.as_deref()),
        (country("DE"), Some("Hamburg"))
    );
    assert_eq!(network, "192.0.0.0/22");
    assert_eq!(find(&atlas, "192.0.4.1").0.city, None);
    let names: Vec<_> = atlas
        .origins
        .iter()
        .map(|o| o.database_type.as_str())
        .collect();
    assert_eq!(names, ["first", "second"]);
    let france = Mmdb::new("first").with("192.0.0.0/16", Record::new().country("FR").system(7));
    let atlas = read(&[second.clone(), france.clone()]);
    assert_eq!(find(&atlas, "192.0.2.1").0.country, country("DE"));
    assert_eq!(find(&atlas, "192.0.4.1").0.country, country("FR"));
    // Of another country's city nothing is taken, nor its place on the globe.
    let facts = find(&read(&[france, second]), "192.0.2.1").0.clone();
    let only = Facts {
        continent: Some(Continent::Europe),
        country: country("FR"),
        system: Some(7),
        ..Facts::default()
    };
    assert_eq!(facts, only);
}

/// What a second file adds to a first.
#[test]
fn places_of_two_files_are_not_mixed() {
    let de = || Record::new().country("DE");
    let table = [
        // The first, the second, and the city, the subdivisions and whether there are coordinates in the end.
        (de(), hamburg(), Some("Hamburg"), "HH", true),
        (
            de().subdivisions(&["HH"]),
            hamburg(),
            Some("Hamburg"),
            "HH",
            true,
        ),
        (de().city("Hamburg"), hamburg(), Some("Hamburg"), "HH", true),
        (
            Record::new().continent("EU"),
            hamburg(),
            Some("Hamburg"),
            "HH",
            true,
        ),
        (
            Record::new().system(1),
            hamburg(),
            Some("Hamburg"),
            "HH",
            true,
        ),
        (
            de().subdivisions(&["HH"]),
            de().subdivisions(&["HH", "A"]).city("Altona"),
            Some("Altona"),
            "HH A",
            false,
        ),
        (Record::new().country("FR"), hamburg(), None, "", false),
        (Record::new().continent("AS"), hamburg(), None, "", false),
        (de().subdivisions(&["BY"]), hamburg(), None, "BY", false),
        (
            de().subdivisions(&["BY"]),
            de().city("Hamburg").location(53.0, 10.0),
            None,
            "BY",
            false,
        ),
        (de().city("Bremen"), hamburg(), Some("Bremen"), "", false),
        (
            de().city("Bremen"),
            de().subdivisions(&["HH"]),
            Some("Bremen"),
            "",
            false,
        ),
        (
            de(),
            Record::new().city("Hamburg").location(53.0, 10.0),
            None,
            "",
            false,
        ),
        (
            Record::new().city("Hamburg"),
            de(),
            Some("Hamburg"),
            "",
            false,
        ),
    ];
    for (n, (first, second, city, parts, located)) in table.into_iter().enumerate() {
        let first = Mmdb::new("first").with("192.0.0.0/16", first);
        let second = Mmdb::new("second").with("192.0.0.0/16", second);
        let atlas = read(&[first, second]);
        let facts = find(&atlas, "192.0.2.1").0;
        assert_eq!(facts.city.as_deref(), city, "{n}");
        assert_eq!(facts.subdivisions.join(" "), parts, "{n}");
        assert_eq!(
            (facts.location.is_some(), facts.radius.is_some()),
            (located, located),
            "{n}"
        );
    }
}

#[test]
fn odd_records() {
    let coded = |code: &str| map([("iso_code", text(code))]);
    let mut odd = Mmdb::new("odd");
    odd.add("1.0.0.0/8", map([("country", coded("JP"))]));
    odd.add("2.0.0.0/8", map([("registered_country", coded("FR"))]));
    odd.add("3.0.0.0/8", map([("country", coded("ZZ"))]));
    let both = [
        ("country", coded("JP")),
        ("registered_country", coded("FR")),
    ];
    odd.add("6.0.0.0/8", map(both));
    odd.add("7.0.0.0/8", map([("represented_country", coded("US"))]));
    let traits = map([("autonomous_system_number", super::mmdb::Value::Unsigned(7))]);
    odd.add("4.0.0.0/8", map([("traits", traits)]));
    let far = Record::new()
        .country("US")
        .location(91.0, 0.0)
        .subdivisions(&["CA", "", "OXFORD"]);
    let atlas = read(&[odd.with("5.0.0.0/8", far)]);
    let facts = |addr: &str| find(&atlas, addr).0.clone();
    let japan = facts("1.0.0.1");
    assert_eq!(
        (japan.continent, japan.country),
        (Some(Continent::Asia), country("JP"))
    );
    assert_eq!(
        facts("2.0.0.1").country,
        country("FR"),
        "where it is registered is better than nothing"
    );
    assert_eq!(facts("6.0.0.1").country, country("JP"));
    assert_eq!(facts("7.0.0.1"), Facts::default());
    assert_eq!(facts("3.0.0.1"), Facts::default());
    assert_eq!(facts("4.0.0.1").system, Some(7), "Enterprise");
    assert_eq!(
        (facts("5.0.0.1").location, facts("5.0.0.1").subdivisions),
        (None, vec!["CA".into()])
    );
}

/// The aliases of MaxMind's files are not followed, and IPv4 is not known under ::/96.
#[test]
fn addresses_of_ipv4_are_known_as_such_only() {
    let base = Mmdb::new("GeoIP2-City").with("192.0.2.0/24", hamburg());
    let base = base.with("2001:db8::/32", Record::new().country("JP"));
    for aliases in [false, true] {
        let atlas = read(&[Mmdb {
            aliases,
            ..base.clone()
        }]);
        assert_eq!(find(&atlas, "192.0.2.1").0.country, country("DE"));
        assert_eq!(find(&atlas, "2001:db8::").0.country, country("JP"));
        for addr in [
            "::192.0.2.1",
            "::ffff:192.0.2.1",
            "2002:c000:201::",
            "2001:0:c000:201::",
        ] {
            assert_eq!(find(&atlas, addr).0, &Facts::default(), "{addr}");
        }
        assert_eq!((atlas.ranges(), atlas.origins[0].networks), ((3, 3), 2));
    }
}

/// A network shorter than ::/96 at zero holds all of IPv4; one that holds everything is one range.
#[test]
fn networks_around_ipv4() {
    let atlas = read(&[Mmdb::new("wide").with("::/8", hamburg())]);
    assert_eq!(find(&atlas, "192.0.2.1").1, "0.0.0.0/0");
    assert_eq!(find(&atlas, "::1").1, "::/8");
    assert_eq!(find(&atlas, "2001:db8::").0, &Facts::default());
    let atlas = read(&[Mmdb::new("all").with("::/0", hamburg())]);
    assert_eq!(atlas.ranges(), (1, 1));
    assert_eq!(find(&atlas, "2001:db8::").0.country, country("DE"));
}

#[test]
fn no_database_knows_nothing() {
    for atlas in [Atlas::read(&[]).unwrap(), Atlas::default()] {
        let (facts, network) = find(&atlas, "192.0.2.1");
        assert_eq!((facts, network.as_str()), (&Facts::default(), "0.0.0.0/0"));
    }
}

#[test]
fn the_builtin_map() {
    let atlas = Atlas::builtin();
    let table = [
        ("193.0.0.1", Some(Continent::Europe), "193.0.0.0/8"),
        ("8.8.8.8", Some(Continent::NorthAmerica), "8.0.0.0/7"),
        ("53.0.0.1", Some(Continent::Europe), "53.0.0.0/8"),
        ("200.0.0.1", Some(Continent::SouthAmerica), "200.0.0.0/7"),
        ("41.0.0.1", Some(Continent::Africa), "41.0.0.0/8"),
        ("1.1.1.1", Some(Continent::Asia), "1.0.0.0/8"),
        ("172.16.0.1", None, "172.16.0.0/12"),
        ("172.15.0.1", Some(Continent::NorthAmerica), "172.0.0.0/12"),
        ("255.255.255.255", None, "224.0.0.0/3"),
        ("0.0.0.0", None, "0.0.0.0/8"),
        ("2a00::1", Some(Continent::Europe), "2a00::/11"),
        ("2600::1", Some(Continent::NorthAmerica), "2600::/12"),
        ("2c00::1", Some(Continent::Africa), "2c00::/12"),
        ("2001:db8::1", None, "2001:db8::/32"),
        ("2001:db7::1", Some(Continent::Asia), "2001:db0::/29"),
        ("::1", None, "::/3"),
        ("ffff::", None, "8000::/1"),
    ];
    for (addr, continent, network) in table {
        let (facts, found) = find(&atlas, addr);
        assert_eq!(
            facts,
            &Facts {
                continent,
                ..Facts::default()
            },
            "{addr}"
        );
        assert_eq!(found, network);
    }
    assert!(atlas.coarse);
    // Every line counts: the table has four lines of remarks and one of headings.
    let lines = include_str!("../../../geoip/registry.csv").lines().count();
    assert_eq!(atlas.origins[0].networks, lines - 5);
}

/// A few networks that nest and touch.
fn networks() -> impl Strategy<Value = Vec<(IpAddr, u8, u32)>> {
    let v4 = (any::<u32>(), 0u8..=32)
        .prop_map(|(bits, length)| (IpAddr::V4(Ipv4Addr::from(bits & 0xf0f0_0303)), length));
    let v6 = (any::<u128>(), 4u8..=128).prop_map(|(bits, length)| {
        (
            IpAddr::V6(Ipv6Addr::from(bits >> 4 & !(u128::MAX >> 20) | 1 << 125)),
            length,
        )
    });
    let network = (prop_oneof![v4, v6], 1u32..5);
    let network = network.prop_map(|((addr, length), number)| (addr, length, number));
    proptest::collection::vec(network, 1..12)
}

fn database(networks: &[(IpAddr, u8, u32)], fact: fn(u32) -> Record) -> Mmdb {
    let mut database = Mmdb {
        aliases: false,
        ..Mmdb::new("random")
    };
    for (addr, length, number) in networks {
        let prefix = crate::prefix::Prefix::around(*addr, *length);
        database.add(&prefix.to_string(), fact(*number).value());
    }
    database
}

/// What the longest network around an address says; of equal ones the last.
fn slow(networks: &[(IpAddr, u8, u32)], addr: IpAddr) -> Option<u32> {
    let around = |(net, length, _): &&(IpAddr, u8, u32)| {
        crate::prefix::Prefix::around(*net, *length).contains(addr)
    };
    networks
        .iter()
        .filter(around)
        .max_by_key(|(_, length, _)| *length)
        .map(|n| n.2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Two databases laid over each other say of every address what their longest networks say.
    #[test]
    fn atlases_are_exact(one in networks(), two in networks(), asked in any::<u32>()) {
        let codes: [&str; 5] = ["DE", "FR", "JP", "US", "BR"];
        let first = database(&one, |n| Record::new().system(n));
        let second = database(&two, |n| Record::new().country(["DE", "FR", "JP", "US", "BR"][n as usize]));
        let atlas = read(&[first, second]);
        let (v4, v6): (Vec<_>, Vec<_>) = (atlas.ranges4().collect(), atlas.ranges6().collect());
        prop_assert!(v4.is_sorted_by(|a, b| a.0 < b.0 && a.1 != b.1) && v4[0].0 == 0);
        prop_assert!(v6.is_sorted_by(|a, b| a.0 < b.0 && a.1 != b.1) && v6[0].0 == 0);
        let near = one.iter().chain(&two).map(|network| network.0);
        for addr in near.chain([Ipv4Addr::from(asked).into()]) {
            let (facts, prefix) = atlas.find(addr);
            prop_assert_eq!(facts.system, slow(&one, addr));
            prop_assert_eq!(facts.country, slow(&two, addr).and_then(|n| country(codes[n as usize])));
            prop_assert!(prefix.contains(addr));
        }
    }
}
