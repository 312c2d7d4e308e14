//! `[networks]` and its lists: what is taken, and what is refused with which words.

use std::sync::Arc;

use super::super::steering;
use super::{clean, refused};
use crate::config::estate::{Correction, Steering};
use crate::diagnostic::{Diagnostic, Refusal, Source, render};
use crate::limits;

/// A steering file and the lists beside it.
pub(super) fn with(text: &str, lists: &[(&str, &[u8])]) -> (Option<Steering>, Vec<Diagnostic>) {
    let list = |written: &str, from: &str| {
        assert_eq!(from, "zones/steering.toml");
        let found = lists.iter().find(|(name, _)| *name == written);
        let (name, text) = found.ok_or_else(|| Refusal {
            message: format!("`zones/{written}`: there is no such file"),
            advice: "write it".to_owned(),
        })?;
        Ok(Source::new(format!("zones/{name}"), *text))
    };
    steering(&[Source::new("zones/steering.toml", text)], &list)
}

pub(super) fn lines(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(Diagnostic::line).collect()
}

fn said(one: &Correction) -> String {
    let place = one.place.as_ref().map_or(String::new(), |p| p.to_string());
    let point = one
        .location
        .map_or(String::new(), |p| format!("{} {}", p.latitude, p.longitude));
    format!("{} {place} {point} {}", one.network, one.written())
}

/// The corrections of a list.
fn listed(text: &str) -> Vec<String> {
    let (steering, found) = with(
        "[networks]\nfile = \"l.csv\"\n",
        &[("l.csv", text.as_bytes())],
    );
    assert!(found.is_empty(), "{}", render(&found, false));
    steering.unwrap().networks.iter().map(said).collect()
}

/// The findings of a list.
fn wrong(text: &[u8]) -> Vec<String> {
    let (steering, found) = with("[networks]\nfile = \"l.csv\"\n", &[("l.csv", text)]);
    assert!(steering.is_none());
    lines(&found)
}

#[test]
fn places_and_points() {
    let steering = clean(
        "[networks]\n\"2001:db8::/32\" = { place = \"US-CA/San Jose\" }\n\"203.0.113.0/24\" = { place = \"NAM\", location = [-22.5, 17] }\n\"203.0.113.8/32\" = { location = [1, 2] }\n",
    );
    let all: Vec<String> = steering.networks.iter().map(said).collect();
    assert_eq!(
        all,
        [
            "203.0.113.0/24 NAM -22500000 17000000 zones/steering.toml:3",
            "203.0.113.8/32  1000000 2000000 zones/steering.toml:4",
            "2001:db8::/32 US-CA/San Jose  zones/steering.toml:2",
        ]
    );
    let around = |addr: &str| {
        let found = steering.corrections(addr.parse().unwrap());
        found.iter().map(|one| one.line).collect::<Vec<_>>()
    };
    assert_eq!(around("203.0.113.8"), [3, 4]);
    assert_eq!(around("203.0.113.9"), [3]);
    assert_eq!(around("2001:db8:1::"), [2]);
    assert!(around("203.0.114.8").is_empty());
}

#[test]
fn what_a_correction_may_not_say() {
    let table = [
        (
            "\"203.0.113.7/24\" = { place = \"DE\" }",
            "9:1: error: bits are set beyond /24; write `203.0.113.0/24`",
        ),
        (
            "\"203.0.113.7\" = { place = \"DE\" }",
            "9:1: error: `203.0.113.7` has no length; write `203.0.113.7/32` for the one address",
        ),
        (
            "\"203.0.113.0/33\" = { place = \"DE\" }",
            "9:1: error: the length of `203.0.113.0/33` is beyond 32; write an address, a slash and the length, like `203.0.113.0/24`",
        ),
        (
            "DE = { place = \"DE\" }",
            "9:1: error: `DE` is not a network; write an address, a slash and the length, like `203.0.113.0/24`",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"UK\" }",
            "9:26: error: no country has the code `UK`; did you mean `GB`?",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"germany\" }",
            "9:26: error: `germany` is not a place; did you mean `DE`?",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"us-ca\" }",
            "9:26: error: `us-ca` is not a place; did you mean `US-CA`?",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"UK-SCT\" }",
            "9:26: error: no country has the code `UK`; did you mean `GB`?",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"europe\" }",
            "9:26: error: `europe` is a continent; name a country, a subdivision or a city: `DE`, `US-CA`, `DE/Hamburg`",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"unknown\" }",
            "9:26: error: `unknown` is no place; name a country, a subdivision or a city: `DE`, `US-CA`, `DE/Hamburg`",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"AS64500\" }",
            "9:26: error: `AS64500` is an autonomous system; name a country, a subdivision or a city: `DE`, `US-CA`, `DE/Hamburg`",
        ),
        (
            "\"10.0.0.0/8\" = { place = \"10.0.0.0/8\" }",
            "9:26: error: `10.0.0.0/8` is a network; name a country, a subdivision or a city: `DE`, `US-CA`, `DE/Hamburg`",
        ),
        (
            "\"10.0.0.0/8\" = {}",
            "9:1: error: the correction of `10.0.0.0/8` says nothing; write `place = \"…\"`, `location = […]` or both",
        ),
        (
            "\"10.0.0.0/8\" = \"DE\"",
            "9:16: error: network `10.0.0.0/8` is a table; write `\"203.0.113.0/24\" = { place = \"DE\" }`",
        ),
        (
            "\"10.0.0.0/8\" = { plaec = \"DE\" }",
            "9:18: error: unknown key `plaec` in network `10.0.0.0/8`; did you mean `place`?",
        ),
        (
            "\"10.0.0.0/8\" = { location = [103.99, 1.36] }",
            "9:30: error: latitude 103.99 is beyond 90; the order is latitude, longitude",
        ),
        (
            "file = 5",
            "9:8: error: `file` is a list of names; write `[\"a\", \"b\"]`, or a single `\"a\"`",
        ),
        (
            "file = \"l.csv\"",
            "9:8: error: `l.csv`: no other file can be read here; write the networks into this file",
        ),
    ];
    for (line, expected) in table {
        refused(&format!("[networks]\n{line}\n"), &[expected]);
    }
}

#[test]
fn what_was_meant_by_a_word_for_a_place() {
    let table = [
        ("Germany", "`Germany` is not a place; did you mean `DE`?"),
        (
            "us-ca",
            "no region and no continent is called `us-ca`; did you mean `US-CA`?",
        ),
        (
            "germany",
            "no region and no continent is called `germany`; did you mean `DE`?",
        ),
        (
            "eurpe",
            "no region and no continent is called `eurpe`; did you mean `europe`?",
        ),
        ("UK", "no country has the code `UK`; did you mean `GB`?"),
        ("UK-SCT", "no country has the code `UK`; did you mean `GB`?"),
        (
            "UK/London",
            "no country has the code `UK`; did you mean `GB`?",
        ),
    ];
    for (word, expected) in table {
        let line = format!("[regions]\nr = [\"{word}\"]\n[rules.r]\nr = \"fra\"\n");
        refused(&line, &[&format!("9:6: error: {expected}")]);
    }
}

#[test]
fn a_network_that_is_corrected_twice() {
    let text = "[networks]\n\"10.0.0.0/8\" = { place = \"DE\" }\nfile = [\"a.csv\", \"b.csv\"]\n";
    let lists: [(&str, &[u8]); 2] = [
        ("a.csv", b"10.0.0.0/8,FR\n10.0.0.0/9,FR\n"),
        ("b.csv", b"\n10.0.0.0/9,IT\n"),
    ];
    let (steering, found) = with(text, &lists);
    assert!(steering.is_none());
    let expected = r#"
error: `10.0.0.0/9` is corrected twice
 --> zones/b.csv:2:1
  |
2 | 10.0.0.0/9,IT
  | ^^^^^^^^^^ write each network once
  |
 ::: zones/a.csv:2:1
  |
2 | 10.0.0.0/9,FR
  | ---------- it is here as well

error: `10.0.0.0/8` is corrected twice
 --> zones/steering.toml:2:1
  |
2 | "10.0.0.0/8" = { place = "DE" }
  | ^^^^^^^^^^^^ write each network once
  |
 ::: zones/a.csv:1:1
  |
1 | 10.0.0.0/8,FR
  | ---------- it is here as well
"#;
    assert_eq!(render(&found, false).trim(), expected.trim());
    let (_, found) = with(
        "[networks]\nfile = [\"a.csv\", \"a.csv\"]\n",
        &[("a.csv", b"10.0.0.0/8,FR\n")],
    );
    assert_eq!(
        lines(&found),
        ["zones/steering.toml:3:9: error: the list `zones/a.csv` is named twice; write it once"]
            .map(|line| line.replace(":3:9", ":2:18"))
    );
}

#[test]
fn lists_as_programs_write_them() {
    let expected = [
        "192.0.2.0/24 DE/Frankfurt am Main, Süd 50100000 8600000 zones/l.csv:4",
        "198.51.100.0/24  -1000000 2500000 zones/l.csv:6",
        "2001:db8::/32 DE  zones/l.csv:5",
    ];
    let text = "# ours\n\nNetwork,Place,Latitude,Longitude\n192.0.2.0/24, \"DE/Frankfurt am Main, Süd\" , 50.1, 8.6\n2001:db8::/32,DE\n198.51.100.0/24,,-1,2.5\n# end";
    assert_eq!(listed(text), expected);
    assert_eq!(listed(&text.replace('\n', "\r\n")), expected);
    let marked = listed("\u{feff}network,place\n192.0.2.0/24,DE");
    assert_eq!(marked, ["192.0.2.0/24 DE  zones/l.csv:2"]);
    let quoted = listed("\"192.0.2.0/24\",\"DE/a \"\"b\"\"\",,\n");
    assert_eq!(quoted, ["192.0.2.0/24 DE/a \"b\"  zones/l.csv:1"]);
    assert!(listed("").is_empty() && listed("network,place,latitude,longitude\n").is_empty());
}

#[test]
fn every_line_that_is_wrong() {
    let text = b"203.0.113.7/24,DE\n  10.0.0.0/8 , UK\n10.1.0.0/16,DE,103.99,1.36\n10.2.0.0/16,DE,1\n10.3.0.0/16\n10.4.0.0/16,\"DE\n10.5.0.0/16,\"DE\"x\n10.6.0.0/16,DE,1,2,3\n10.7.0.0/16,,one,2\n10.8.0.0/16,,1,181\nnetwork,place\n10.9.0.0/16,\xff\n";
    assert_eq!(
        wrong(text),
        [
            "zones/l.csv:1:1: error: bits are set beyond /24; write `203.0.113.0/24`",
            "zones/l.csv:2:16: error: no country has the code `UK`; did you mean `GB`?",
            "zones/l.csv:3:16: error: latitude 103.99 is beyond 90; the order is latitude, longitude",
            "zones/l.csv:4:17: error: the longitude is missing; write both latitude and longitude, or none",
            "zones/l.csv:5:1: error: the correction of `10.3.0.0/16` says nothing; write a place, a latitude and a longitude, or all of them",
            "zones/l.csv:6:13: error: a quote is not closed; close it on its line",
            "zones/l.csv:7:13: error: something stands behind a quoted field; quotes stand around the whole field",
            "zones/l.csv:8:20: error: a line has at most 4 fields; they are `network,place,latitude,longitude`",
            "zones/l.csv:9:14: error: `one` is no latitude; write degrees as in `50.11`",
            "zones/l.csv:10:16: error: longitude 181 is beyond 180; degrees from -180 to 180, east positive",
            "zones/l.csv:11:1: error: `network` is not a network; write an address, a slash and the length, like `203.0.113.0/24`",
            "zones/l.csv:12:1: error: the line is not UTF-8; save the list as UTF-8",
        ]
    );
    assert_eq!(
        wrong(b"network,latitude,longitude\n"),
        [
            "zones/l.csv:1:1: error: the columns are `network`, `place`, `latitude`, `longitude`; write them in this order"
        ]
    );
}

#[test]
fn a_list_is_bounded() {
    let text = "DE\n".repeat(limits::NETWORKS_TOLD + 7);
    let found = wrong(text.as_bytes());
    assert_eq!(found.len(), limits::NETWORKS_TOLD + 1);
    assert_eq!(
        found[limits::NETWORKS_TOLD],
        "zones/steering.toml:2:8: error: 7 more lines of `zones/l.csv` are wrong; mend those first that are shown"
    );
    let mut text = String::new();
    for n in 0..=limits::NETWORKS {
        text.push_str(&format!("{}/32,DE\n", std::net::Ipv4Addr::from(n as u32)));
    }
    let found = wrong(text.as_bytes());
    assert_eq!(
        found,
        [
            "zones/l.csv:1000001:1: error: more than 1000000 corrections; make a database of them, or name larger networks"
        ]
    );
    let last = text.trim_end().rfind('\n').unwrap();
    let (steering, _) = with(
        "[networks]\nfile = \"l.csv\"\n",
        &[("l.csv", &text.as_bytes()[..last])],
    );
    let networks = steering.unwrap().networks;
    assert_eq!(networks.len(), limits::NETWORKS);
    // A long list names few places and one file.
    assert!(Arc::ptr_eq(&networks[0].path, &networks[9].path));
    let place = |n: usize| networks[n].place.clone().unwrap();
    assert!(Arc::ptr_eq(&place(0), &place(9)));
}
