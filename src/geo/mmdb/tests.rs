//! What the writer writes, read by maxminddb and by the code that serves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::geo::atlas::Atlas;
use crate::limits;
use crate::prefix::mask128;

fn header(family: Family, pointers: Pointers) -> Header<'static> {
    Header {
        kind: "Test-City",
        description: "of a test",
        build: 1_700_000_000,
        family,
        pointers,
    }
}

fn record(city: &str, code: &str) -> Value {
    let text = |text: &str| Value::Text(text.into());
    let map = |key: &str, value| Value::Map(vec![(key.to_string(), value)]);
    Value::Map(vec![
        ("city".into(), map("names", map("en", text(city)))),
        ("country".into(), map("iso_code", text(code))),
    ])
}

/// A network of IPv6, or one of IPv4 at ::/96.
fn network(bits: u128, length: u8, record: u32) -> Network {
    Network {
        bits: bits & mask128(length),
        length,
        record,
    }
}

/// What maxminddb finds: the city.
fn city(file: &[u8], addr: IpAddr) -> Option<String> {
    let reader = maxminddb::Reader::from_source(file).unwrap();
    let found: Option<serde_json::Value> = reader.lookup(addr).unwrap().decode().unwrap();
    Some(found?["city"]["names"]["en"].as_str().unwrap().to_string())
}

#[test]
fn the_metadata_say_what_it_is() {
    let mut records = Records::default();
    let number = records.number(&record("Paris", "FR"));
    assert_eq!(
        (
            number,
            records.number(&record("Paris", "FR")),
            records.len()
        ),
        (1, 1, 1)
    );
    let ranges = flatten([network(0x2001_0db8 << 96, 32, number)].into_iter());
    for (pointers, size) in [
        (Pointers::Fewest, 24),
        (Pointers::Of(28), 28),
        (Pointers::Of(32), 32),
    ] {
        let file = records
            .file(&header(Family::Six, pointers), &ranges)
            .unwrap();
        let reader = maxminddb::Reader::from_source(&file[..]).unwrap();
        let metadata = reader.metadata();
        assert_eq!((metadata.record_size, metadata.ip_version), (size, 6));
        assert_eq!(
            (metadata.node_count, metadata.build_epoch),
            (32, 1_700_000_000)
        );
        assert_eq!(metadata.description["en"], "of a test");
        assert_eq!(
            city(&file, "2001:db8::1".parse().unwrap()).as_deref(),
            Some("Paris")
        );
        assert_eq!(city(&file, "2001:db9::1".parse().unwrap()), None);
    }
}

/// Pointers of every length: keys and values that stand first, 2 KiB, 512 KiB and more into the records.
#[test]
fn parts_of_records_stand_once() {
    let mut records = Records::default();
    let long = |n: u32| format!("{n:>120}");
    for n in 0..6_000 {
        records.number(&record(&long(n), "DE"));
    }
    let before = records.data.len();
    assert!(before > 600_000, "{before}");
    let mut networks = Vec::new();
    // Each has a city of before beside another country, so that the city is a pointer.
    for n in [0u32, 5, 30, 5_000, 5_999] {
        let number = records.number(&record(&long(n), "FR"));
        networks.push(network(u128::from(n) << 96 | 1 << 125, 32, number));
    }
    assert!(
        records.data.len() - before < 5 * 20,
        "they are a few octets each"
    );
    let ranges = flatten(networks.into_iter());
    let file = records
        .file(&header(Family::Six, Pointers::Fewest), &ranges)
        .unwrap();
    for n in [0u32, 5, 30, 5_000, 5_999] {
        let addr = Ipv6Addr::from(u128::from(n) << 96 | 1 << 125);
        assert_eq!(city(&file, addr.into()), Some(long(n)));
    }
}

/// The other forms of IPv4 addresses lead to the IPv4 tree, and to nothing else.
#[test]
fn aliases() {
    let mut records = Records::default();
    let numbers = [record("Oslo", "NO"), record("Rome", "IT")].map(|r| records.number(&r));
    let networks = [network(0, 97, numbers[0]), network(1 << 31, 97, numbers[1])];
    let ranges = flatten(networks.into_iter());
    let file = records
        .file(&header(Family::Aliased, Pointers::Fewest), &ranges)
        .unwrap();
    for (addr, name) in [
        ("1.2.3.4", "Oslo"),
        ("200.2.3.4", "Rome"),
        ("::ffff:200.2.3.4", "Rome"),
        ("2002:0102:0304::", "Oslo"),
        ("2001:0:c800::1", "Rome"),
    ] {
        assert_eq!(
            city(&file, addr.parse().unwrap()).as_deref(),
            Some(name),
            "{addr}"
        );
    }
    assert_eq!(city(&file, "2003::1".parse().unwrap()), None);
}

/// A part of IPv6 that looks like the IPv4 tree is not taken for it.
#[test]
fn the_ipv4_tree_is_nobody_elses() {
    let mut records = Records::default();
    let numbers = [record("Oslo", "NO"), record("Rome", "IT")].map(|r| records.number(&r));
    let half = |start: u128, length: u8| {
        let other = start | 1 << (128 - length);
        [
            network(start, length, numbers[0]),
            network(other, length, numbers[1]),
        ]
    };
    let (four, six) = (half(0, 97), half(0x2a00 << 112, 33));
    let ranges = flatten(four.into_iter().chain(six));
    let file = records
        .file(&header(Family::Aliased, Pointers::Fewest), &ranges)
        .unwrap();
    let atlas = Atlas::read(&[("made", &file)]).unwrap();
    for (addr, name) in [
        ("1.1.1.1", "Oslo"),
        ("2a00::1", "Oslo"),
        ("2a00:0:8000::1", "Rome"),
    ] {
        let (facts, _) = atlas.find(addr.parse().unwrap());
        assert_eq!(facts.city.as_deref(), Some(name), "{addr}");
    }
}

/// Four /32 that are alike, each with one /48 in it: the way down to that is written once.
#[test]
fn equal_parts_stand_once() {
    let mut records = Records::default();
    let number = records.number(&record("Oslo", "NO"));
    let networks = (0u128..4).map(|n| network(0x2a << 120 | n << 96 | 1 << 80, 48, number));
    let ranges = flatten(networks);
    let file = records
        .file(&header(Family::Six, Pointers::Fewest), &ranges)
        .unwrap();
    let reader = maxminddb::Reader::from_source(&file[..]).unwrap();
    assert_eq!(reader.metadata().node_count, 30 + 2 + 16);
}

/// A tree that is alike in all its parts is a few nodes, and would be walked for ever; so it is written out, as long as
/// that ends.
#[test]
fn a_tree_too_much_alike_is_written_out() {
    let mut records = Records::default();
    let number = records.number(&record("Oslo", "NO"));
    let networks = (0u128..1 << 12).map(|n| network(0x2a << 120 | n << 108 | 1 << 107, 21, number));
    let ranges = flatten(networks);
    let file = records
        .file(&header(Family::Six, Pointers::Fewest), &ranges)
        .unwrap();
    let atlas = Atlas::read(&[("made", &file)]).unwrap();
    let known = |addr: &str| atlas.find(addr.parse().unwrap()).0.country.is_some();
    assert!(!known("2a00::1") && known("2a00:800::1") && !known("2a01::1"));
    let nodes = maxminddb::Reader::from_source(&file[..])
        .unwrap()
        .metadata()
        .node_count;
    let found = ranges.len() as u64;
    assert!(
        found <= u64::from(nodes) * limits::MMDB_SHARED,
        "{found} {nodes}"
    );
}

#[test]
fn one_record_for_all_and_none_at_all() {
    let mut records = Records::default();
    let number = records.number(&record("Oslo", "NO"));
    let file = records
        .file(&header(Family::Aliased, Pointers::Fewest), &[(0, number)])
        .unwrap();
    assert_eq!(
        city(&file, "2a00::1".parse().unwrap()).as_deref(),
        Some("Oslo")
    );
    assert_eq!(
        city(&file, "9.9.9.9".parse().unwrap()).as_deref(),
        Some("Oslo")
    );
    let file = records
        .file(&header(Family::Aliased, Pointers::Fewest), &[(0, 0)])
        .unwrap();
    assert_eq!(city(&file, "9.9.9.9".parse().unwrap()), None);
}

#[test]
fn pointers_that_do_not_reach_are_refused() {
    let mut records = Records::default();
    for n in 0..140_000 {
        records.number(&Value::Text(format!("{n:>120}")));
    }
    let file = records.file(&header(Family::Six, Pointers::Of(24)), &[(0, 1)]);
    assert!(file.unwrap_err().contains("pointers of 24 bits"));
    let file = records
        .file(&header(Family::Six, Pointers::Fewest), &[(0, 1)])
        .unwrap();
    let reader = maxminddb::Reader::from_source(&file[..]).unwrap();
    assert_eq!(reader.metadata().record_size, 28);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the networks: maxminddb and our own reader find the longest one that holds an address.
    #[test]
    fn both_readers_find_the_longest_network(
        drawn in proptest::collection::vec((any::<u128>(), 1u8..=128, 0usize..5, any::<bool>()), 1..40),
        asked in proptest::collection::vec((any::<prop::sample::Index>(), any::<u128>(), 0u8..=128), 60),
        size in prop::sample::select(vec![24u16, 28, 32]),
    ) {
        let names = ["Oslo", "Rome", "Paris", "Lima", "Perth"];
        let mut records = Records::default();
        let numbers = names.map(|name| records.number(&record(name, "SE")));
        // IPv4 at ::/96; IPv6 in one half of 2000::/3, so that networks meet.
        let place = |bits: u128, four: bool| match four {
            true => bits >> 96,
            false => bits >> 4 | 3 << 124,
        };
        let list: BTreeMap<(u8, u128), usize> = drawn.iter().map(|(bits, length, name, four)| {
            let length = if *four { 96 + length % 33 } else { (*length).max(4) };
            ((length, place(*bits, *four) & mask128(length)), *name)
        }).collect();
        let networks = list.iter().map(|((length, bits), name)| network(*bits, *length, numbers[*name]));
        let ranges = flatten(networks);
        let file = records.file(&header(Family::Six, Pointers::Of(size)), &ranges).unwrap();
        let atlas = Atlas::read(&[("made", &file)]).unwrap();
        let reader = maxminddb::Reader::from_source(&file[..]).unwrap();
        for (which, other, keep) in asked {
            let (bits, _, _, four) = drawn[which.index(drawn.len())];
            let bits = (place(bits, four) & mask128(keep)) | (place(other, four) & !mask128(keep));
            let addr = match u32::try_from(bits) {
                Ok(bits) => IpAddr::V4(bits.into()),
                Err(_) => IpAddr::V6(bits.into()),
            };
            // Teredo and the like are IPv4 to the code that serves.
            prop_assume!(crate::geo::fold(addr) == addr);
            let longest = list.iter().rev().find(|((length, first), _)| bits & mask128(*length) == *first);
            let expected = longest.map(|(_, name)| names[*name]);
            let found: Option<serde_json::Value> = reader.lookup(addr).unwrap().decode().unwrap();
            let found = found.map(|record| record["city"]["names"]["en"].as_str().unwrap().to_string());
            prop_assert_eq!(found.as_deref(), expected, "{}", addr);
            prop_assert_eq!(atlas.find(addr).0.city.as_deref(), expected, "{}", addr);
        }
    }
}
