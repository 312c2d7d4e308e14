//! Contradictions as the operator reads them.

use super::*;
use crate::config;
use crate::diagnostic::Source;
use crate::geo::atlas::Facts;
use crate::place::{Continent, Country};
use crate::world::conflict::Reading;
use crate::zone::{self, Texts};

mod aliases;
mod names;

const STEERING: &str = r#"
[vips]
a = { address = "198.51.100.1" }
[pools.web]
members = ["a"]
[names]
"#;

fn parse(files: &[(&str, &str)]) -> Vec<Read> {
    let read = |(path, text): &(&str, &str)| {
        let zone = zone::read(
            &Source::new(*path, *text),
            &origin(path),
            &Texts::alone(),
            None,
        )
        .zone?;
        Some(Read {
            path: Arc::from(*path),
            folder: 0,
            zone: Arc::new(zone),
        })
    };
    files.iter().filter_map(read).collect()
}

fn origin(path: &str) -> Name {
    let stem = path.trim_end_matches(".zone");
    Name::parse(stem.as_bytes(), Some(&Name::root())).unwrap()
}

fn locate(files: &[(&str, &str)]) -> impl FnMut(&str, Sought<'_>) -> Option<Spot> {
    |path, sought| {
        let (_, text) = files.iter().find(|(known, _)| *known == path)?;
        zone::locate(
            &Source::new(path, *text),
            &origin(path),
            &Texts::alone(),
            sought,
        )
    }
}

fn steering(text: &str) -> Steering {
    let (steering, found) = config::steering(&[Source::new("steering.toml", text)], &config::alone);
    steering.unwrap_or_else(|| panic!("{}", diagnostic::render(&found, false)))
}

fn joined(
    zones: &[(&str, &str)],
    text: &str,
    atlas: Atlas,
    before: Option<&Estate>,
) -> (Option<Estate>, String) {
    let (estate, found) = link(
        parse(zones),
        Arc::new(steering(text)),
        Arc::new(atlas),
        &mut Slots::default(),
        before,
        &mut locate(zones),
    );
    (estate, diagnostic::render(&found, false))
}

/// Whether a text is shown, but for the lines that only make room.
fn shows(rendered: &str, expected: &str) {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_end().to_string());
        lines
            .filter(|line| !line.trim_matches([' ', '|']).is_empty())
            .collect()
    };
    assert_eq!(lines(rendered), lines(expected), "\n{rendered}");
}

const EXAMPLE: &str = "@ 60 IN SOA ns1 h 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n";

/// What a zone with these lines and these steered names is told.
fn told(lines: &str, names: &str) -> String {
    let zone = format!("{EXAMPLE}{lines}\n");
    let steering = format!("{STEERING}{names}\n");
    let zones = [("example.com.zone", zone.as_str())];
    joined(&zones, &steering, Atlas::builtin(), None).1
}

#[test]
fn a_steered_name_stands_beside_no_cname() {
    shows(
        &told("www 60 CNAME ns1", r#""www.example.com." = "web""#),
        r#"
error: `www.example.com.` is a CNAME in the zone file, and a pool of addresses cannot stand beside it
 --> steering.toml:7:1
7 | "www.example.com." = "web"
  | ^^^^^^^^^^^^^^^^^^ take the CNAME out, or do not steer the name
 ::: example.com.zone:4:1
4 | www 60 CNAME ns1
  | ---------------- the CNAME
"#,
    );
}

#[test]
fn a_steered_name_is_not_handed_away() {
    shows(
        &told("old 60 DNAME new", r#""a.old.example.com." = "web""#),
        r#"
error: `a.old.example.com.` lies below the DNAME of `old.example.com.`
 --> steering.toml:7:1
7 | "a.old.example.com." = "web"
  | ^^^^^^^^^^^^^^^^^^^^ steer the name that it leads to, or take the DNAME out
 ::: example.com.zone:4:1
4 | old 60 DNAME new
  | ---------------- the DNAME
"#,
    );
    // A DNAME leaves its own name alone.
    shows(
        &told("old 60 DNAME new", r#""old.example.com." = "web""#),
        "",
    );
    shows(
        &told("sub 60 NS ns1", r#""www.sub.example.com." = "web""#),
        r#"
error: `www.sub.example.com.` lies below the delegation of `sub.example.com.`
 --> steering.toml:7:1
7 | "www.sub.example.com." = "web"
  | ^^^^^^^^^^^^^^^^^^^^^^ steer it there, or take the delegation out
 ::: example.com.zone:4:1
4 | sub 60 NS ns1
  | ------------- the delegation
"#,
    );
    shows(
        &told("sub 60 NS ns1", r#""sub.example.com." = "web""#),
        r#"
error: `sub.example.com.` is delegated to other servers
 --> steering.toml:7:1
7 | "sub.example.com." = "web"
  | ^^^^^^^^^^^^^^^^^^ steer it there, or take the delegation out
 ::: example.com.zone:4:1
4 | sub 60 NS ns1
  | ------------- the delegation
"#,
    );
}

#[test]
fn a_name_server_is_not_steered() {
    shows(
        &told("", r#""ns1.example.com." = "web""#),
        r#"
error: `ns1.example.com.` is a name server, and resolvers must reach each one at its own address
 --> steering.toml:7:1
7 | "ns1.example.com." = "web"
  | ^^^^^^^^^^^^^^^^^^ give the NS record another name, with plain A and AAAA records
 ::: example.com.zone:2:1
2 | @ 60 NS ns1
  | ----------- the NS record
"#,
    );
    // Whichever zone of the estate says so.
    let com = "@ 60 IN SOA a h 1 2 3 4 5\n@ 60 NS www.example.com.\n";
    let text = format!("{STEERING}\"www.example.com.\" = \"web\"\n");
    let zones = [("com.zone", com), ("example.com.zone", EXAMPLE)];
    let (estate, rendered) = joined(&zones, &text, Atlas::builtin(), None);
    assert!(estate.is_none());
    shows(
        &rendered,
        r#"
error: `www.example.com.` is a name server, and resolvers must reach each one at its own address
 --> steering.toml:7:1
7 | "www.example.com." = "web"
  | ^^^^^^^^^^^^^^^^^^ give the NS record another name, with plain A and AAAA records
 ::: com.zone:2:1
2 | @ 60 NS www.example.com.
  | ------------------------ the NS record
"#,
    );
}

#[test]
fn a_steered_wildcard_does_not_stand_for_a_name_server() {
    let star = r#""*.example.com." = "web""#;
    shows(
        &told("@ 60 NS a.ns2", star),
        r#"
error: `a.ns2.example.com.` is a name server without records of its own, so `*.example.com.` would answer for it
 --> steering.toml:7:1
7 | "*.example.com." = "web"
  | ^^^^^^^^^^^^^^^^ write plain A and AAAA records for `a.ns2.example.com.`
 ::: example.com.zone:4:1
4 | @ 60 NS a.ns2
  | ------------- the NS record
"#,
    );
    // It has records; it is delegated; another name stops the wildcard, a steered one too; it is another zone's.
    shows(&told("", star), "");
    shows(&told("sub 60 NS ns.sub", star), "");
    shows(&told("sub 60 NS a.x\nb.x 60 A 192.0.2.1", star), "");
    shows(
        &told(
            "sub 60 NS a.x",
            "\"*.example.com.\" = \"web\"\n\"x.example.com.\" = \"web\"",
        ),
        "",
    );
    shows(&told("sub 60 NS ns.example.net.", star), "");
}

#[test]
fn a_steered_name_lies_in_a_zone() {
    shows(
        &told("", r#""www.example.net." = "web""#),
        r#"
error: `www.example.net.` lies in no zone of this estate
 --> steering.toml:7:1
7 | "www.example.net." = "web"
  | ^^^^^^^^^^^^^^^^^^ the zones are `example.com.`; add a zone file that holds the name
"#,
    );
    let names = format!("{STEERING}\"www.example.net.\" = \"web\"\n");
    shows(
        &joined(&[], &names, Atlas::builtin(), None).1,
        r#"
error: there is no zone file here
 = help: put at least one `*.zone` file into the folder; an empty folder is more often a mistake than a wish
"#,
    );
}

#[test]
fn what_could_not_be_read_is_not_called_missing() {
    let names =
        format!("{STEERING}\"www.example.net.\" = \"web\"\n\"ns1.example.com.\" = \"web\"\n");
    let steering = steering(&names);
    let files = [("example.com.zone", EXAMPLE)];
    let zones = || parse(&files);
    let count = |zones, reading| check(zones, Some(&steering), reading, &mut locate(&files)).len();
    assert_eq!(count(zones(), Reading::Whole), 2);
    assert_eq!(count(zones(), Reading::Part), 1, "only the name server");
    assert_eq!(count(Vec::new(), Reading::Part), 0);
    assert_eq!(
        check(Vec::new(), None, Reading::Whole, &mut locate(&[])).len(),
        1
    );
}

#[test]
fn a_zone_has_one_file() {
    let zones = [
        ("a.zone", "$ORIGIN example.com.\n"),
        ("b.zone", "$ORIGIN Example.com.\n"),
    ];
    let zones = zones.map(|(path, line)| (path, format!("{line}{EXAMPLE}")));
    let zones = zones.each_ref().map(|(path, text)| (*path, text.as_str()));
    shows(
        &joined(&zones, "", Atlas::builtin(), None).1,
        r#"
error: two files hold the zone `Example.com.`
 --> b.zone:2:1
2 | @ 60 IN SOA ns1 h 1 2 3 4 5
  | ^ keep one of them, or give the other another $ORIGIN
 ::: a.zone:2:1
2 | @ 60 IN SOA ns1 h 1 2 3 4 5
  | - the other
"#,
    );
}

#[test]
fn content_changes_with_the_serial() {
    let load = |text: &str, before: Option<&Estate>| {
        joined(&[("example.com.zone", text)], "", Atlas::builtin(), before)
    };
    let more = format!("{EXAMPLE}ns1 60 A 192.0.2.2\n");
    let (before, _) = load(&more, None);
    let before = before.as_ref();
    let swapped = EXAMPLE.replace("192.0.2.1\n", "192.0.2.2\nns1 60 A 192.0.2.1\n");
    shows(&load(&swapped, before).1, "");
    shows(
        &load(
            &more
                .replace(" h 1 ", " h 2 ")
                .replace("ns1 60 A", "ns1 70 A"),
            before,
        )
        .1,
        "",
    );
    for changed in [
        EXAMPLE.to_string(),
        more.replace("ns1 60 A", "ns1 70 A"),
        more.replace("2.2", "2.3"),
    ] {
        shows(
            &load(&changed, before).1,
            r#"
warning: zone `example.com.` changed, but its serial is still 1
 --> example.com.zone:1:1
1 | @ 60 IN SOA ns1 h 1 2 3 4 5
  | ^ raise the serial in the SOA record
"#,
        );
    }
}

const PLACES: &str = r#"
[sites]
fra = {}
[vips]
a = { site = "fra", address = "198.51.100.1" }
[regions]
north = ["SE", "NO", "US-CA"]
[rules.two]
north = "fra"
europe = "fra"
oceania = "fra"
DE = "fra"
"DE/Berlin" = "fra"
"DE/Berlim" = "fra"
"US-CA/San Jose" = "fra"
"US/Reno" = "fra"
AS64500 = "fra"
AS64501 = "fra"
"192.0.2.0/24" = "fra"
unknown = "fra"
[pools.web]
members = ["a"]
prefer = "two"
[names]
"www.example.com." = "web"
"#;

fn atlas(networks: &[(&str, &str, &str)]) -> Atlas {
    let facts = |(country, part, city): &(&str, &str, &str)| Facts {
        country: Country::from_code(country),
        continent: Some(Continent::Europe),
        city: (!city.is_empty()).then(|| city.to_string()),
        subdivisions: Vec::from_iter((!part.is_empty()).then(|| part.to_string())),
        ..Facts::default()
    };
    let facts = [Facts::default()]
        .into_iter()
        .chain(networks.iter().map(facts));
    Atlas::new(facts.collect(), [(0, 0)], [(0, 0)])
}

#[test]
fn a_place_that_no_network_has_is_told() {
    let told = |atlas| joined(&[("example.com.zone", EXAMPLE)], PLACES, atlas, None);
    let networks = [
        ("DE", "BE", "Berlin"),
        ("US", "CA", "San Jose"),
        ("SE", "", ""),
        ("NV", "", "Reno"),
    ];
    let (estate, rendered) = told(atlas(&networks));
    assert!(estate.is_some());
    shows(
        &rendered,
        r#"
warning: no network of the loaded databases is in `NO`
 --> steering.toml:7:16
7 | north = ["SE", "NO", "US-CA"]
  |                ^^^^ the rule fits nobody
warning: no network of the loaded databases is in `oceania`
  --> steering.toml:11:1
11 | oceania = "fra"
   | ^^^^^^^ the rule fits nobody
warning: no network of the loaded databases is in `DE/Berlim`
  --> steering.toml:14:1
14 | "DE/Berlim" = "fra"
   | ^^^^^^^^^^^ the rule fits nobody; did you mean `DE/Berlin`?
warning: no network of the loaded databases is in `US/Reno`
  --> steering.toml:16:1
16 | "US/Reno" = "fra"
   | ^^^^^^^^^ the rule fits nobody; see how the databases spell it
warning: no loaded database knows of autonomous systems
  --> steering.toml:17:1
17 | AS64500 = "fra"
   | ^^^^^^^ the rules for `AS64500` and one more place fit nobody
"#,
    );
    let coded = |atlas| {
        joined(
            &[("example.com.zone", EXAMPLE)],
            &PLACES.replace("US-CA\"]", "US-CS\"]"),
            atlas,
            None,
        )
    };
    let rendered = coded(atlas(&networks)).1;
    assert!(
        rendered.contains("the rule fits nobody; did you mean `US-CA`?"),
        "{rendered}"
    );
    shows(&told(Atlas::builtin()).1, ""); // it is coarse, and says so itself
}

#[test]
fn what_no_database_knows_is_told_once() {
    let rendered = joined(
        &[("example.com.zone", EXAMPLE)],
        PLACES,
        atlas(&[("DE", "", "")]),
        None,
    )
    .1;
    assert_eq!(
        rendered
            .matches("warning: no loaded database knows of cities")
            .count(),
        1
    );
    assert!(
        rendered.contains("the rules for `DE/Berlim` and 3 more places fit nobody"),
        "{rendered}"
    );
    assert!(
        rendered.contains("the rule for `US-CA` fits nobody"),
        "{rendered}"
    );
}

#[test]
fn what_did_not_change_is_taken_from_before() {
    let other = "@ 60 IN SOA ns1 h 1 2 3 4 5\n@ 60 NS a.net.\n@ 60 NS b.net.\nx 60 A 192.0.2.1\n";
    let files = [("example.com.zone", EXAMPLE), ("example.net.zone", other)];
    let reads = parse(&files);
    let text = format!("{STEERING}\"www.example.com.\" = \"web\"\n\"*.example.net.\" = \"web\"\n");
    let join = |reads: Vec<Read>, text: &str, before: Option<&Estate>| {
        let steering = Arc::new(steering(text));
        let (atlas, mut slots) = (Arc::new(Atlas::builtin()), Slots::default());
        let (estate, found) = link(
            reads,
            steering,
            atlas,
            &mut slots,
            before,
            &mut locate(&files),
        );
        shows(&diagnostic::render(&found, false), "");
        estate.unwrap()
    };
    let first = join(reads.clone(), &text, None);
    let shared = |estate: &Estate| {
        let old = |held: &Held| first.held(held.zone.apex()).map(|old| old.zone.clone());
        let zones = estate.zones.iter();
        zones
            .map(|held| old(held).is_some_and(|old| Arc::ptr_eq(&old, &held.zone)))
            .collect::<Vec<_>>()
    };
    // As they were read, as they are steered, in any order, and read anew.
    assert_eq!(
        shared(&join(reads.clone(), &text, Some(&first))),
        [true, true]
    );
    let steered = |held: &Held| Read {
        path: held.path.clone(),
        folder: 0,
        zone: held.zone.clone(),
    };
    let steered: Vec<Read> = first.zones.iter().rev().map(steered).collect();
    assert_eq!(
        shared(&join(steered.clone(), &text, Some(&first))),
        [true, true]
    );
    let mixed = vec![steered[0].clone(), parse(&files[..1]).remove(0)];
    assert_eq!(shared(&join(mixed, &text, Some(&first))), [false, true]);
    // Another name, and none.
    let more = format!("{text}\"a.example.net.\" = \"web\"\n");
    let estate = join(steered.clone(), &more, Some(&first));
    assert_eq!(shared(&estate), [true, false]);
    assert_eq!(estate.steered(), 3);
    let star: Name = "a.example.net.".parse().unwrap();
    let held = estate.held(&"example.net.".parse().unwrap()).unwrap();
    let at = held.zone.node(star.wire()).and_then(|node| node.steer());
    assert_eq!(at.map(|at| held.names[at as usize].clone()), Some(star));
    let estate = join(steered, "", Some(&first));
    assert_eq!((shared(&estate), estate.steered()), (vec![false, false], 0));
}
