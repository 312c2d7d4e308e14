//! Files that are broken in every way: an error in a line, or an atlas, but no panic and no endless work.
//!
//! | class | test |
//! |---|---|
//! | truncated | `cut_files`: at every octet |
//! | empty, compressed, text, the marker of the metadata alone | `files_that_are_none` |
//! | no networks, nothing that matters | `records_that_say_nothing` |
//! | circles in the search tree, paths that meet again | `circles` |
//! | wrong node counts, record sizes, versions | `wrong_metadata` |
//! | records between tree and data, or beyond the file | `records_out_of_bounds` |
//! | nesting, maps and arrays of millions, pointers out of bounds or in a circle, bad UTF-8, wrong types | `broken_records` |
//! | pointers that stand for half the file, again and again | `pointers_that_multiply`, and `heap` of the integration tests |
//! | memory beyond the file's size times a factor | `heap` of the integration tests |
//! | anything else | `flipped_files`, `databases` of the integration tests, and a fuzz target |

use proptest::prelude::*;

use super::mmdb::{Mmdb, Record, Value, control, encode, map, text};
use crate::geo::atlas::Atlas;

fn error(file: &[u8]) -> String {
    let mut errors = Atlas::read(&[("/geo/city.mmdb", file)]).unwrap_err();
    assert_eq!(errors.len(), 1);
    errors.pop().unwrap().message
}

fn good() -> Vec<u8> {
    let record = |city: &str, code: &str| {
        let place = Record::new()
            .continent("EU")
            .country(code)
            .subdivisions(&["HH", "A"]);
        place.city(city).location(53.5, -10.0).system(64500)
    };
    let file = Mmdb::new("GeoIP2-City").with("192.0.2.0/24", record("Hamburg", "DE"));
    let file = file.with("198.51.100.0/25", record("Paris", "FR"));
    file.with("2001:db8::/34", record("Oslo", "NO")).bytes()
}

#[test]
fn files_that_are_none() {
    let table: [(&[u8], &str); 4] = [
        (b"", "the file is empty"),
        (b"\x1f\x8b\x08\x00", "the file is compressed; unpack it"),
        (
            b"network,country\n192.0.2.0/24,DE\n",
            "not a whole MMDB file: ",
        ),
        (b"\xab\xcd\xefMaxMind.com", "not a whole MMDB file: "),
    ];
    for (file, words) in table {
        let message = error(file);
        let begin = format!("database /geo/city.mmdb: {words}");
        assert!(message.starts_with(&begin), "{message}");
    }
}

/// All broken files are reported, not just the first.
#[test]
fn every_broken_file_is_named() {
    let good = good();
    let files: [(&str, &[u8]); 3] = [("a.mmdb", b""), ("b.mmdb", &good), ("c.mmdb", b"text")];
    let errors = Atlas::read(&files).unwrap_err();
    let lines: Vec<String> = errors.iter().map(|error| error.line()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("error: database a.mmdb: the file is empty; Meridian reads"));
    assert!(lines[1].starts_with("error: database c.mmdb: not a whole MMDB file"));
}

/// A file cut at any byte is an error, for its metadata stand at the end.
#[test]
fn cut_files() {
    let good = good();
    for length in 0..good.len() {
        error(&good[..length]);
    }
}

fn replaced(file: &[u8], old: &Value, new: &Value) -> Vec<u8> {
    let (mut from, mut to) = (Vec::new(), Vec::new());
    encode(&mut from, old);
    encode(&mut to, new);
    let at = file
        .windows(from.len())
        .rposition(|window| window == from)
        .unwrap();
    [&file[..at], &to, &file[at + from.len()..]].concat()
}

#[test]
fn wrong_metadata() {
    let good = good();
    let pair = |key: &str, value: Value| Value::List(vec![text(key), value]);
    let metadata = [
        ("ip_version", 6, 5),
        ("ip_version", 6, 4),
        ("record_size", 28, 20),
        ("record_size", 28, 32),
        ("binary_format_major_version", 2, 3),
        ("binary_format_major_version", 2, u16::MAX),
    ];
    for (key, old, new) in metadata {
        // A pair in a list is written as in a map, behind two octets of the list's own.
        let (mut from, mut to) = (Vec::new(), Vec::new());
        encode(&mut from, &pair(key, Value::Small(old)));
        encode(&mut to, &pair(key, Value::Small(new)));
        let (from, to) = (&from[2..], &to[2..]);
        let at = good
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        let file = [&good[..at], to, &good[at + from.len()..]].concat();
        error(&file);
    }
    for count in [0u32, 1, u32::MAX, u32::MAX / 7] {
        let at = good
            .windows(10)
            .rposition(|window| window == b"node_count")
            .unwrap()
            + 11;
        let mut file = good.clone();
        file[at..at + 4].copy_from_slice(&count.to_be_bytes());
        error(&file);
    }
}

/// Trees that are none: circles, and paths that meet again so often that no walk would end.
#[test]
fn circles() {
    let metadata = |nodes: u32, version| {
        let mut file = Vec::new();
        let base = Mmdb {
            version,
            record_size: 24,
            ..Mmdb::new("circle")
        };
        let whole = base.with("0.0.0.0/1", Record::new().country("DE")).bytes();
        let at = whole
            .windows(14)
            .rposition(|w| w == b"\xab\xcd\xefMaxMind.com")
            .unwrap();
        file.extend(&whole[at..]);
        let at = file
            .windows(10)
            .rposition(|window| window == b"node_count")
            .unwrap()
            + 11;
        file[at..at + 4].copy_from_slice(&nodes.to_be_bytes());
        file
    };
    for version in [4, 6] {
        for nodes in [1u32, 2, 40, 90, 130, 1000] {
            // Each node's both sides go to the next one, and the last goes back, or out.
            for last in [0, nodes - 1, nodes / 2, nodes] {
                let mut file = Vec::new();
                for node in 1..=nodes {
                    let next = if node == nodes { last } else { node };
                    file.extend([&next.to_be_bytes()[1..], &next.to_be_bytes()[1..]].concat());
                }
                file.extend([0; 16]);
                file.extend(metadata(nodes, version));
                let message = error(&file);
                let known = message.contains("circle") || message.contains("no networks");
                assert!(known, "{message}");
            }
        }
    }
}

/// A database with one record of this data.
fn holding(data: &[u8]) -> Vec<u8> {
    let filler = "x".repeat(data.len());
    let mut base = Mmdb {
        version: 4,
        ..Mmdb::new("data")
    };
    base.add("0.0.0.0/1", text(&filler));
    let (whole, mut encoded) = (base.bytes(), Vec::new());
    encode(&mut encoded, &text(&filler));
    let at = whole
        .windows(encoded.len())
        .position(|window| window == encoded)
        .unwrap();
    [&whole[..at], data, &whole[at + encoded.len()..]].concat()
}

#[test]
fn broken_records() {
    let mut deep = Vec::new();
    for _ in 0..100_000 {
        control(&mut deep, 7, 1);
        encode(&mut deep, &text("country"));
    }
    let mut deep_list = Vec::new();
    (0..100_000).for_each(|_| control(&mut deep_list, 11, 1));
    let head = |size| {
        let mut head = Vec::new();
        control(&mut head, 7, size);
        head
    };
    let mut long = Vec::new();
    encode(&mut long, &Record::new().subdivisions(&["A"; 9]).value());
    let mut text_for_map = Vec::new();
    encode(&mut text_for_map, &map([("location", text("DE"))]));
    let mut long_text = Vec::new();
    encode(
        &mut long_text,
        &map([("location", text(&"x\n".repeat(50_000)))]),
    );
    let table: [(&str, Vec<u8>); 11] = [
        ("a long text where a map should be", long_text),
        ("a map of millions", head(16_000_000)),
        ("a list of millions", {
            let mut list = Vec::new();
            control(&mut list, 11, 16_000_000);
            list
        }),
        ("maps in maps", deep),
        ("lists in lists", deep_list),
        ("a pointer to itself", vec![0x20, 0x00]),
        (
            "a country that is the record itself",
            b"\xe1\x47country\x20\x00".to_vec(),
        ),
        (
            "a pointer beyond the file",
            vec![0x3f, 0xff, 0xff, 0xff, 0xff],
        ),
        ("too many subdivisions", long),
        ("a text where a map should be", text_for_map),
        (
            "text that is not UTF-8",
            b"\xe1\x44city\xe1\x45names\xe1\x42en\x42\xff\xfe".to_vec(),
        ),
    ];
    for (name, data) in table {
        let message = error(&holding(&data));
        assert!(
            message.len() < 500 && !message.contains('\n'),
            "{name}: {message}"
        );
        assert!(
            message.contains("the record of 0.0.0.0 is broken"),
            "{name}: {message}"
        );
    }
}

/// A network whose record is no place in the data section.
#[test]
fn records_out_of_bounds() {
    let mut base = Mmdb {
        version: 4,
        record_size: 24,
        ..Mmdb::new("bounds")
    };
    base.add("0.0.0.0/1", Record::new().country("DE").value());
    let whole = base.bytes();
    // One node: the number of nodes is 1, and the data begin at 1 + 16.
    assert_eq!(whole[..6], [0, 0, 17, 0, 0, 1]);
    for (record, words) in [
        (2u32, "it lies between tree and data"),
        (16, "it lies between tree and data"),
        (0x00ff_ffff, "it is cut short"),
    ] {
        let mut file = whole.clone();
        file[..3].copy_from_slice(&record.to_be_bytes()[1..]);
        let message = error(&file);
        assert!(message.contains(words), "{record}: {message}");
    }
}

/// Lists of two pointers to the list before: twenty-five of them are some sixty million values, in two hundred octets.
#[test]
fn pointers_that_multiply() {
    let mut entries = vec![("a".to_owned(), Value::List(vec![Value::Bool(true); 2]))];
    for n in 1..25u32 {
        // The map has one octet of its own, each entry eight: key, list, and two pointers.
        let before = Value::Pointer(1 + 8 * (n - 1) + 2);
        let key = char::from(b'a' + n as u8).to_string();
        entries.push((key, Value::List(vec![before; 2])));
    }
    let mut base = Mmdb::new("laughs");
    base.add("1.0.0.0/16", Value::Map(entries));
    let message = error(&base.bytes());
    assert!(
        message.contains("there is more in it than the file is worth"),
        "{message}"
    );
}

#[test]
fn records_that_say_nothing() {
    let mut nothing = Mmdb {
        version: 4,
        ..Mmdb::new("GeoIP2-Domain")
    };
    nothing.add("0.0.0.0/1", map([("domain", text("example.com"))]));
    assert!(error(&nothing.bytes()).contains("a `GeoIP2-Domain` says nothing of continents"));
    assert!(error(&Mmdb::new("empty").bytes()).contains("it has no networks"));
    let pair = replaced(&good(), &text("GeoIP2-City"), &text(&"y".repeat(5000)));
    let atlas = Atlas::read(&[("long", &pair)]).unwrap();
    assert_eq!(atlas.origins[0].database_type.len(), 64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Some octets changed, some taken out or put in: an error of one short line, or an atlas that answers.
    #[test]
    fn flipped_files(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in proptest::option::of((any::<proptest::sample::Index>(), 0usize..40)),
    ) {
        let mut file = good();
        for (at, octet) in changes {
            let at = at.index(file.len());
            file[at] = octet;
        }
        if let Some((at, length)) = cut {
            let at = at.index(file.len());
            let end = (at + length).min(file.len());
            file.drain(at..end);
        }
        match Atlas::read(&[("flipped.mmdb", &file)]) {
            Err(errors) => prop_assert!(errors[0].message.len() < 1000),
            Ok(atlas) => {
                atlas.find("192.0.2.1".parse().unwrap());
                atlas.find("2001:db8::1".parse().unwrap());
            }
        }
    }
}
