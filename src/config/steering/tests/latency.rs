//! `[latency]` and its list: what is taken, and what is refused with which words.

use super::HEAD;
use super::networks::{lines, with};
use crate::config::estate::{Row, Steering};
use crate::diagnostic::{Diagnostic, Source, render};
use crate::limits;

/// Sites, a pool that asks for round trips, and the list; `[latency]` stands in line 14.
fn reading(list: &[u8]) -> (Option<Steering>, Vec<Diagnostic>) {
    let pool = "[pools.web]\nmembers = [\"fra\", \"iad\"]\npolicy = \"nearest\"\n[names]\n\"w.example.\" = \"web\"\n\"b.example.\" = \"b\"\n";
    let text = format!("{HEAD}{pool}[latency]\nfile = \"l.csv\"\n");
    with(&text, &[("l.csv", list)])
}

fn said(row: &Row) -> String {
    let mut text = format!("{} {}", row.place, row.line);
    for one in &row.sites {
        text += &format!(" {}:{}x{}", one.site.0, one.micros, one.samples);
    }
    text
}

#[track_caller]
fn taken(list: &str) -> Vec<String> {
    let (steering, found) = reading(list.as_bytes());
    assert!(found.is_empty(), "{}", render(&found, false));
    steering.unwrap().latency.iter().map(said).collect()
}

#[track_caller]
fn wrong(list: &str, expected: &[&str]) {
    let (steering, found) = reading(list.as_bytes());
    assert!(steering.is_none(), "{list}");
    let found = lines(&found).join("\n").replace("zones/l.csv:", "");
    assert_eq!(found, expected.join("\n"), "{list}");
}

/// A steering file of its own, behind the sites.
#[track_caller]
fn file(text: &str, expected: &[&str]) {
    let list: &[(&str, &[u8])] = &[("l.csv", b"DE,fra,1\n")];
    let (_, found) = with(
        &format!(
            "{HEAD}[names]\n\"f.example.\" = \"fra\"\n\"i.example.\" = \"iad\"\n\"b.example.\" = \"b\"\n{text}"
        ),
        list,
    );
    let found = lines(&found).join("\n").replace("zones/steering.toml:", "");
    assert_eq!(found, expected.join("\n"), "{text}");
}

#[test]
fn places_sites_milliseconds_and_samples() {
    assert_eq!(
        taken(
            "Place, Site,Milliseconds,Samples\n# ours\n\nunknown,iad,10000\r\nDE,iad,0,1\nAS64500,fra,12.5,1000000000\n\"US-CA/San Jose\",fra,0.0019\nDE , fra , 007.25\n2001:db8::/32,fra,1\n192.0.2.0/24,fra,1,7\neurope,fra,3\nUS-CA,fra,4"
        ),
        [
            "192.0.2.0/24 10 0:1000x7",
            "2001:db8::/32 9 0:1000x100",
            "AS64500 6 0:12500x1000000000",
            "US-CA/San Jose 7 0:1x100",
            "US-CA 12 0:4000x100",
            "DE 5 0:7250x100 1:0x1",
            "europe 11 0:3000x100",
            "unknown 4 1:10000000x100",
        ]
    );
    assert_eq!(taken("place,site,milliseconds\n"), [""; 0]);
    assert_eq!(taken(""), [""; 0]);
}

#[test]
fn what_a_line_may_not_say() {
    let table: [(&str, &str); 22] = [
        (
            "DE,frra,1",
            "1:4: error: no site is called `frra`; did you mean `fra` (zones/steering.toml:2)?",
        ),
        (
            "DE,fra-1,1",
            "1:4: error: no site is called `fra-1`; did you mean `fra` (zones/steering.toml:2)?",
        ),
        (
            "DE,,1",
            "1:4: error: the site is missing; a line is `place,site,milliseconds,samples`",
        ),
        (
            "DE",
            "1:3: error: the site is missing; a line is `place,site,milliseconds,samples`",
        ),
        (
            ",fra,1",
            "1:1: error: the place is missing; a line is `place,site,milliseconds,samples`",
        ),
        (
            "UK,fra,1",
            "1:1: error: no country has the code `UK`; did you mean `GB`?",
        ),
        (
            "192.0.2.7/24,fra,1",
            "1:1: error: bits are set beyond /24; write `\"192.0.2.0/24\"`",
        ),
        (
            "germany,fra,1",
            "1:1: error: `germany` is not a place; did you mean `DE`?",
        ),
        (
            "xyz,fra,1",
            "1:1: error: `xyz` is not a place; places look like `192.0.2.0/24`, `AS64500`, `DE/Hamburg`, `US-CA`, `DE`, `europe`",
        ),
        (
            "DE,fra",
            "1:7: error: the milliseconds are missing; a line is `place,site,milliseconds,samples`",
        ),
        (
            "DE,fra,x",
            "1:8: error: `x` are no milliseconds; write a number as in `23` or `23.4`",
        ),
        (
            "DE,fra,-1",
            "1:8: error: `-1` are no milliseconds; write a number as in `23` or `23.4`",
        ),
        (
            "DE,fra,1e3",
            "1:8: error: `1e3` are no milliseconds; write a number as in `23` or `23.4`",
        ),
        (
            "DE,fra,1.",
            "1:8: error: `1.` are no milliseconds; write a number as in `23` or `23.4`",
        ),
        (
            "DE,fra,10000.001",
            "1:8: error: 10000.001 ms are beyond 10000; a round trip takes 0 to 10000 ms",
        ),
        (
            "DE,fra,99999999999999999999",
            "1:8: error: 99999999999999999999 ms are beyond 10000; a round trip takes 0 to 10000 ms",
        ),
        (
            "DE,fra,1,0",
            "1:10: error: `0` is no number of samples; write 1 to 1000000000, or nothing for 100",
        ),
        (
            "DE,fra,1,1000000001",
            "1:10: error: `1000000001` is no number of samples; write 1 to 1000000000, or nothing for 100",
        ),
        (
            "DE,fra,1,+5",
            "1:10: error: `+5` is no number of samples; write 1 to 1000000000, or nothing for 100",
        ),
        (
            "DE,fra,1,5,6",
            "1:12: error: a line has at most 4 fields; they are `place,site,milliseconds,samples`",
        ),
        (
            "place,milliseconds,site",
            "1:1: error: the columns are `place`, `site`, `milliseconds`, `samples`; write them in this order",
        ),
        (
            "\"DE,fra,1",
            "1:1: error: a quote is not closed; close it on its line",
        ),
    ];
    for (line, expected) in table {
        wrong(line, &[expected]);
    }
    let all: Vec<String> = table[..20]
        .iter()
        .map(|(line, _)| (*line).to_owned())
        .collect();
    let (_, found) = reading(all.join("\n").as_bytes());
    assert_eq!(found.len(), all.len(), "all of them at once");
}

#[test]
fn a_place_stands_once_for_each_site() {
    let (steering, found) = reading(b"DE,fra,1\nDE,iad,1\nDE,fra,2\n");
    assert!(steering.is_none());
    let shown = render(&found, false);
    let shown: Vec<&str> = shown.lines().collect();
    assert_eq!(shown[0], "error: `DE` and site `fra` stand twice");
    assert!(shown[1].ends_with("zones/l.csv:3:1"), "{shown:?}");
    let all = shown.join("\n");
    assert!(
        all.contains("they are here as well") && all.contains("write each place once"),
        "{all}"
    );
}

#[test]
fn a_site_needs_its_location() {
    let text = "[sites]\nfra = {}\nams = { location = [52, 5, 1] }\n[vips]\nfra-1 = { site = \"fra\", address = \"192.0.2.1\" }\nams-1 = { site = \"ams\", address = \"192.0.2.2\" }\n[latency]\nfile = \"l.csv\"\n[names]\n\"f.example.\" = \"fra\"\n\"a.example.\" = \"ams\"\n";
    let list: &[u8] = b"DE,fra,1\nFR,fra,1\nFR,ams,1\n";
    let found = lines(&with(text, &[("l.csv", list)]).1);
    assert_eq!(
        found,
        [
            "zones/steering.toml:3:20: error: `location` is a place on the globe; write `[latitude, longitude]` in degrees: `[50.11, 8.68]`",
            "zones/l.csv:1:4: error: site `fra` has no `location`; give it one: what was measured is blended with the distance",
        ]
    );
}

#[test]
fn a_region_is_no_place_of_a_list() {
    let text = format!(
        "{HEAD}[regions]\nalps = [\"CH\", \"AT\"]\n[rules.r]\nalps = \"fra\"\n[pools.web]\nmembers = [\"fra\", \"iad\"]\npolicy = \"nearest\"\nprefer = \"r\"\n[names]\n\"w.example.\" = \"web\"\n\"b.example.\" = \"b\"\n[latency]\nfile = \"l.csv\"\n"
    );
    let found = with(&text, &[("l.csv", b"alps,fra,1\n")]).1;
    assert_eq!(
        lines(&found),
        ["zones/l.csv:1:1: error: `alps` is a region; write a line for each of its places"]
    );
}

#[test]
fn the_table_itself() {
    file(
        "[latency]\n",
        &["12:2: error: `[latency]` names no list; write `file = \"rtt.csv\"` below it"],
    );
    file(
        "[latency]\nfiel = \"l.csv\"\n",
        &["13:1: error: unknown key `fiel` in `latency`; did you mean `file`?"],
    );
    file(
        "[latency]\nfile = \"none.csv\"\n",
        &["13:8: error: `zones/none.csv`: there is no such file; write it"],
    );
    file(
        "[latency]\nfile = 7\n",
        &["13:8: error: `file` is a list of names; write `[\"a\", \"b\"]`, or a single `\"a\"`"],
    );
    file(
        "[latency]\nfile = [\"l.csv\", \"l.csv\"]\n",
        &["13:18: error: the list `zones/l.csv` is named twice; write it once"],
    );
    let other = Source::new("zones/a.toml", "[latency]\nfile = \"l.csv\"\n");
    let both = [
        other.clone(),
        Source::new("zones/b.toml", "[latency]\nfile = \"l.csv\"\n"),
    ];
    let found = super::super::steering(&both, &|_, _| Ok(Source::new("zones/l.csv", ""))).1;
    assert_eq!(
        lines(&found),
        ["zones/b.toml:1:2: error: `[latency]` is written twice; write it once"]
    );
    file(
        "[latency]\nfile = \"l.csv\"\n",
        &["12:2: warning: nothing uses `[latency]`; no pool has the policy `nearest`"],
    );
}

#[test]
fn there_is_an_end_of_lines() {
    let mut list = String::with_capacity(16 << 20);
    for n in 0..=limits::LATENCY {
        list += &format!(
            "10.{}.{}.{}/32,fra,1\n",
            n >> 16 & 255,
            n >> 8 & 255,
            n & 255
        );
    }
    let (steering, found) = reading(list.as_bytes());
    assert!(steering.is_none());
    assert_eq!(
        lines(&found),
        [
            "zones/l.csv:1000001:1: error: more than 1000000 measured round trips; measure from larger networks, or from systems and countries"
        ]
    );
}
