//! Explanations of a small estate: what they say, and that they say what the server answers.

mod domains;
mod fence;
mod latency;

use std::net::Ipv4Addr;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::config;
use crate::diagnostic::{Diagnostic, Source};
use crate::geo::atlas::Atlas;
use crate::health::board::{State, Verdict};
use crate::health::verdict::Both;
use crate::limits;
use crate::world::estate::Slots;
use crate::world::link::{Read, link};
use crate::world::situation::Standing;
use crate::zone;

const ZONE: &str = r#"$TTL 1h
@ IN SOA ns1 hostmaster 7 2h 15m 2w 5m
@ NS ns1
ns1 A 192.0.2.53
www 300 A 192.0.2.200
www 300 HTTPS 1 . alpn="h3,h2" port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1
svc 300 HTTPS 1 www ipv4hint=192.0.2.1
old 300 HTTPS 0 www
blog CNAME www
mail MX 10 mx
mail TXT "v=spf1 -all" "a \"quote\" and \\ and \200"
_sip._tcp SRV 1 2 5060 mx
@ CAA 128 issue "ca.example.net; policy=ev"
odd TYPE65280 \# 3 010203
odd TYPE65281 \# 0
box MB mx
place LOC 50 6 0.000 N 8 40 0.000 E 100.00m
sub NS ns.sub
ns.sub A 192.0.2.54
tree DNAME other.example.
"#;

const STEERING: &str = r#"
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45], bias = "100km" }
[vips]
fra-1 = { site = "fra", address = "192.0.2.10", address6 = "2001:db8:f::10", weight = 2 }
fra-2 = { site = "fra", address = "192.0.2.11" }
fra-3 = { site = "fra", address = "192.0.2.12", weight = 0 }
iad-1 = { site = "iad", address = "198.51.100.10", address6 = "2001:db8:1::10" }
cdn-a = { cname = "acme.cdn-a.example.", weight = 3 }
cdn-b = { cname = "www.example.com." }
[pools.img]
members = ["cdn-a", "cdn-b"]
[regions]
america = ["north-america", "south-america"]
[rules.lands]
america = "iad"
[pools.web]
members = ["fra", "iad"]
policy = "nearest"
[pools.app]
members = ["fra", "iad"]
policy = "failover"
prefer = "lands"
draw = "sticky"
answers = 2
[pools.gone]
members = ["fra-1"]
ecs = false
on_all_down = "nodata"
[names]
"www.example.com." = "web"
"*.app.example.com." = "app"
"gone.example.com." = "gone"
"img.example.com." = "img"
"#;

const NOW: u64 = 1_700_000_000;

fn world(verdict: impl Fn(&str) -> Verdict) -> World {
    steered_by(STEERING, verdict)
}

fn steered_by(steering: &str, verdict: impl Fn(&str) -> Verdict) -> World {
    built(steering, "", Atlas::builtin(), verdict)
}

/// The same with a list beside the steering, and with these databases.
fn built(steering: &str, list: &str, atlas: Atlas, verdict: impl Fn(&str) -> Verdict) -> World {
    let verdict = |name: &str| Both::same(verdict(name));
    let zone = Source::new("example.com.zone", ZONE);
    let origin = "example.com.".parse().unwrap();
    let reading = zone::read(&zone, &origin, &zone::Texts::alone(), None);
    let read = reading
        .zone
        .unwrap_or_else(|| panic!("{:?}", reading.diagnostics));
    let file = [Source::new("steering.toml", steering)];
    let list = |written: &str, _: &str| Ok(Source::new(written, list));
    let (steering, found) = config::steering(&file, &list);
    let steering = steering.unwrap_or_else(|| panic!("{found:?}"));
    let (estate, found) = link(
        vec![Read {
            path: "example.com.zone".into(),
            folder: 0,
            zone: Arc::new(read),
        }],
        Arc::new(steering),
        Arc::new(atlas),
        &mut Slots::default(),
        None,
        &mut |_, sought| zone::locate(&zone, &origin, &zone::Texts::alone(), sought),
    );
    let lines = || found.iter().map(Diagnostic::line).collect::<Vec<_>>();
    let estate = estate.unwrap_or_else(|| panic!("{:?}", lines()));
    let standing = Standing::calm(&estate, verdict);
    World::new(Arc::new(estate), Arc::default(), standing, 3)
}

fn quiet(_: &str) -> Verdict {
    Verdict::UNKNOWN
}

fn question(name: &str, client: &str, kind: &str) -> Question {
    Question::parse(name, client, Some(kind), None).unwrap()
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|l| l.trim() == *line), "{line}\n{text}");
    }
}

fn asked(world: &World, name: &str, client: &str, kind: &str) -> Explanation {
    explain(world, &question(name, client, kind), NOW, 0)
}

/// An IPv4 client in the form of 6to4: known as IPv4, and the scope counts as it came.
#[test]
fn a_client_in_another_form() {
    let shown = asked(&world(quiet), "www.example.com", "2002:c100:609::/48", "A").to_string();
    for words in [
        "client    193.0.6.9: the client subnet of the query",
        "as all of 2002:c100::/24",
        "scope     /24: all clients in 2002:c100::/24 are of this class",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_screen_for_people() {
    let state = |state, since| Verdict { state, since };
    let world = world(|name| match name {
        "fra-1" => state(State::Down, NOW - 100),
        "fra-2" => state(State::Degraded(400_000), NOW - 7_300),
        _ => Verdict::UNKNOWN,
    });
    let shown = asked(&world, "www.example.com", "193.0.6.9", "A").to_string();
    let expected = "\
www.example.com. A for clients in 193.0.6.9/32

  query     from 193.0.6.9, with client subnet 193.0.6.9/32
  zone      example.com. serial 7
  found     the name is steered
  pool      web: nearest, draw query
  client    193.0.6.9: the client subnet of the query
  place     europe, by the built-in map (coarse), as all of 193.0.0.0/8
  class     0 of 2, as all of 193.0.0.0/8
  sites     fra 369 km, iad 6789 km (+100 km of bias)
  tried     fra: 13.3 % up, failed
            iad: 100.0 % up, taken

    VIP    site  state                          since             A      AAAA
  > iad-1  iad   no report: as up               -          100.00 %  100.00 %
    fra-1  fra   down                           1 min ago    0.00 %    0.00 %
    fra-2  fra   degraded to 40 %               2 h ago      0.00 %         -
    fra-3  fra   no report: as up, last resort  -            0.00 %         -

  draw      0.0 % of the way: each query is the next of an even sequence
  scope     /8: all clients in 193.0.0.0/8 are of this class
  TTL       20 s: something has just changed: `ttl.min`, for 140 s more (then 60 s)
  answer    NOERROR (steered, generation 3)
            www.example.com. 20 IN A 198.51.100.10
";
    assert_eq!(shown, expected);
}

#[test]
fn who_counts_as_the_client() {
    let world = world(quiet);
    let table = [
        (
            "www.example.com",
            "193.0.6.0/24",
            None,
            "the client subnet of",
            Some(8),
        ),
        (
            "www.example.com",
            "192.0.2.7",
            None,
            "has no client subnet",
            None,
        ),
        (
            "www.example.com",
            "10.0.0.0/8",
            Some("193.0.6.9"),
            "not of the public Internet",
            Some(8),
        ),
        (
            "www.example.com",
            "0.0.0.0/0",
            Some("193.0.6.9"),
            "asks for no tailoring",
            Some(0),
        ),
        (
            "gone.example.com",
            "8.8.8.0/24",
            Some("193.0.6.9"),
            "`ecs = false`",
            Some(0),
        ),
        (
            "x.app.example.com",
            "193.0.6.9",
            None,
            "the client subnet of",
            Some(24),
        ),
    ];
    for (name, client, resolver, why, scope) in table {
        let question = Question::parse(name, client, None, resolver).unwrap();
        let said = explain(&world, &question, NOW, 0);
        let steering = said.steering.unwrap();
        assert!(
            steering.client.why.contains(why),
            "{client}: {}",
            steering.client.why
        );
        assert_eq!(said.scope.length, scope, "{client}");
        let counts = if why.contains("the client subnet of") || resolver.is_none() {
            question.subnet.map_or(question.resolver, |s| s.addr)
        } else {
            question.resolver
        };
        assert_eq!(steering.client.address, counts);
    }
}

#[test]
fn rules_and_distances() {
    let world = world(quiet);
    let said = asked(&world, "x.app.example.com", "199.43.0.0/24", "A");
    assert_eq!(
        said.found,
        "the name is steered by the wildcard *.app.example.com."
    );
    let steering = said.steering.unwrap();
    assert_eq!(steering.name, "*.app.example.com.");
    let rule = steering.rules.first().unwrap();
    assert_eq!(
        (
            rule.place.as_deref(),
            rule.region.as_deref(),
            rule.prefers.as_slice()
        ),
        (
            Some("north-america"),
            Some("america"),
            &["iad".to_string()][..]
        )
    );
    assert_eq!(steering.tried.first().unwrap().what, "preferred iad");
    // Another place with the same targets: one class, but the place that fits is told.
    let south = asked(&world, "x.app.example.com", "200.3.12.0/24", "A");
    let south = south.steering.unwrap();
    assert_eq!(south.class.number, steering.class.number);
    let rule = south.rules.first().unwrap();
    assert_eq!(rule.place.as_deref(), Some("south-america"));
    assert!(steering.orders.is_empty());
    assert!(steering.spared.contains(&"fra-1".into()));
    // Nobody knows where this one is: the order of the members.
    let said = asked(&world, "www.example.com", "192.0.2.7", "A");
    assert!(
        said.to_string()
            .contains("fra, iad: the client's position is unknown")
    );
}

#[test]
fn names_that_are_not_steered() {
    let world = world(quiet);
    let table = [
        ("ns1", "A", "NOERROR", "a record of the zone file", None),
        (
            "mail",
            "A",
            "NOERROR",
            "the name exists, the type does not",
            None,
        ),
        (
            "_tcp",
            "A",
            "NOERROR",
            "the name exists, the type does not",
            None,
        ),
        (
            "no",
            "A",
            "NXDOMAIN",
            "closest that exists is example.com.",
            None,
        ),
        (
            "a.sub",
            "A",
            "NOERROR",
            "delegated at sub.example.com.",
            None,
        ),
        (
            "a.tree",
            "A",
            "NOERROR",
            "the DNAME at tree.example.com.",
            None,
        ),
        (
            "blog",
            "A",
            "NOERROR",
            "a CNAME of the zone file",
            Some("www.example.com."),
        ),
        ("www", "TXT", "NOERROR", "the type does not", None),
        (
            "www",
            "HTTPS",
            "NOERROR",
            "a record of",
            Some("www.example.com."),
        ),
        (
            "svc",
            "HTTPS",
            "NOERROR",
            "a record of",
            Some("www.example.com."),
        ),
        ("old", "HTTPS", "NOERROR", "a record of", None),
    ];
    for (name, kind, rcode, words, steered) in table {
        let said = asked(&world, &format!("{name}.example.com"), "193.0.6.9", kind);
        assert_eq!(said.rcode, rcode, "{name} {kind}");
        assert!(said.found.contains(words), "{name} {kind}: {}", said.found);
        let through = said.steering.map(|s| s.name);
        assert_eq!(through.as_deref(), steered, "{name} {kind}");
        assert_eq!(said.zone.unwrap().name, "example.com.");
    }
    let said = asked(&world, "www.example.org", "193.0.6.9", "A");
    assert_eq!((said.rcode.as_str(), said.zone), ("REFUSED", None));
    let said = asked(&world, "mail.example.com", "193.0.6.9", "A");
    assert_eq!(said.ttl.unwrap().seconds, 300);
}

#[test]
fn when_nothing_is_up() {
    let down = |_: &str| Verdict {
        state: State::Down,
        since: NOW - 1_000,
    };
    let world = world(down);
    let said = asked(&world, "www.example.com", "193.0.6.9", "A");
    assert_eq!(said.answer, ["www.example.com. 20 IN A 192.0.2.200"]);
    assert!(said.ttl.as_ref().unwrap().why.contains("all down"));
    let steering = said.steering.as_ref().unwrap();
    assert_eq!(steering.tier, "all down");
    assert!(
        steering
            .vips
            .iter()
            .all(|v| !v.picked && v.share == 0.0 && v.state == "down")
    );
    assert!(
        said.to_string()
            .contains("nothing is up: `on_all_down` decides")
    );
    let said = asked(&world, "gone.example.com", "193.0.6.9", "A");
    assert!(said.answer.is_empty() && said.rcode == "NOERROR");
    // Without records in the zone file: as if all were up.
    let said = asked(&world, "x.app.example.com", "193.0.6.9", "A");
    assert_eq!(said.answer.len(), 2);
    let picked = said.steering.unwrap();
    assert_eq!(picked.vips.iter().filter(|v| v.picked).count(), 2);
}

#[test]
fn records_read_like_a_zone_file() {
    let world = world(quiet);
    let table = [
        (
            "@",
            "SOA",
            "ns1.example.com. hostmaster.example.com. 7 7200 900 1209600 300",
        ),
        ("@", "NS", "ns1.example.com."),
        ("mail", "MX", "10 mx.example.com."),
        (
            "mail",
            "TXT",
            r#""v=spf1 -all" "a \"quote\" and \\ and \200""#,
        ),
        ("_sip._tcp", "SRV", "1 2 5060 mx.example.com."),
        ("@", "CAA", r#"128 issue "ca.example.net; policy=ev""#),
        ("odd", "TYPE65280", r"\# 3 010203"),
        ("odd", "TYPE65281", r"\# 0"),
        ("box", "MB", "mx.example.com."),
        (
            "place",
            "LOC",
            "50 6 0.000 N 8 40 0.000 E 100.00m 1m 10000m 10m",
        ),
        (
            "www",
            "HTTPS",
            r#"1 . alpn="h3,h2" port=8443 ipv4hint=192.0.2.10 ipv6hint=2001:db8:f::10"#,
        ),
        ("old", "HTTPS", "0 www.example.com."),
        ("tree", "DNAME", "other.example."),
    ];
    for (name, kind, data) in table {
        let name = match name {
            "@" => "example.com".into(),
            name => format!("{name}.example.com"),
        };
        let said = asked(&world, &name, "193.0.6.9", kind);
        let line = said
            .answer
            .first()
            .unwrap_or_else(|| panic!("{name} {kind}"));
        let (_, shown) = line.split_once(&format!(" IN {kind} ")).unwrap();
        assert_eq!(shown, data, "{name} {kind}");
        // What is shown can be read as a zone file again.
        let text = format!(
            "@ 60 IN SOA a b 1 2 3 4 5\n@ 60 IN NS a\na 60 IN A 192.0.2.1\nx 60 IN {kind} {shown}\n"
        );
        let origin = "example.com.".parse().unwrap();
        let reading = zone::read(
            &Source::new("z", text),
            &origin,
            &zone::Texts::alone(),
            None,
        );
        if kind != "SOA" {
            assert!(reading.zone.is_some(), "{kind}: {:?}", reading.diagnostics);
        }
    }
}

#[test]
fn programs_read_what_was_written() {
    let world = world(quiet);
    for (name, kind) in [
        ("www.example.com", "A"),
        ("no.example.com", "MX"),
        (".", "NS"),
    ] {
        let said = asked(&world, name, "193.0.6.9", kind);
        let json = serde_json::to_string(&said).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), said);
    }
}

fn any_state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Unknown),
        Just(State::Up),
        (1u32..1_000_000).prop_map(State::Degraded),
        Just(State::Drain),
        Just(State::Down),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The VIPs that are said to be picked are those in the answer, and each comes as often as its share says.
    #[test]
    fn it_says_what_is_answered(
        states in proptest::array::uniform4(any_state()),
        client in any::<u32>(),
        name in prop_oneof![Just("www.example.com"), Just("x.app.example.com"), Just("gone.example.com")],
        six in any::<bool>(),
    ) {
        let vips = ["fra-1", "fra-2", "fra-3", "iad-1"];
        let world = world(|name| {
            let state = vips.iter().zip(states).find(|(v, _)| **v == name);
            Verdict { state: state.map_or(State::Unknown, |s| s.1), since: 0 }
        });
        let kind = if six { "AAAA" } else { "A" };
        let client = Ipv4Addr::from(client).to_string();
        let question = question(name, &client, kind);
        let counters = Counters::default();
        let mut seen = std::collections::BTreeMap::<String, f64>::new();
        for counter in 0..512 {
            let reply = ask(&world, &question, NOW, counter, &counters).unwrap();
            let [answer, ..] = reply.sections;
            for record in &answer {
                *seen.entry(record.data.clone()).or_default() += 1.0 / 512.0 / answer.len() as f64;
            }
            if counter % 128 > 0 {
                continue;
            }
            let said = explain(&world, &question, NOW, counter);
            let vips = said.steering.as_ref().unwrap().vips.iter();
            let picked = vips.filter(|v| v.picked).filter_map(|v| address(v, six));
            let mut picked: Vec<String> = picked.collect();
            let mut answered: Vec<String> = answer.into_iter().map(|r| r.data).collect();
            picked.sort();
            answered.sort();
            let own = answered == ["192.0.2.200"];
            prop_assert!(own && picked.is_empty() || picked == answered, "{said}");
        }
        let steering = explain(&world, &question, NOW, 0).steering.unwrap();
        for vip in steering.vips.iter().filter(|_| steering.draw == "query") {
            let share = if six { vip.share6 } else { vip.share };
            let often = address(vip, six).and_then(|a| seen.get(&a).copied()).unwrap_or(0.0);
            prop_assert!((share - often).abs() < 0.01, "{} {share} {often}", vip.name);
        }
    }
}

fn address(vip: &Vip, six: bool) -> Option<String> {
    match six {
        true => vip.address6.map(|a| a.to_string()),
        false => vip.address.map(|a| a.to_string()),
    }
}

#[test]
fn transition_ends() {
    let since = NOW - limits::TRANSITION;
    let world = world(|_| Verdict {
        state: State::Up,
        since,
    });
    let ttl = |now| {
        let said = explain(
            &world,
            &question("www.example.com", "193.0.6.9", "A"),
            now,
            0,
        );
        said.ttl.unwrap()
    };
    assert_eq!(ttl(NOW).seconds, 60);
    assert_eq!(ttl(NOW - 1).seconds, 20);
    assert!(ttl(NOW - 1).why.contains("for 1 s more"));
}

#[test]
fn a_cname_that_steering_chose() {
    let world = world(quiet);
    let shown = asked(&world, "img.example.com", "193.0.6.9", "A");
    let steering = shown.steering.as_ref().unwrap();
    assert_eq!(shown.found, "the name is steered, to a CNAME");
    assert_eq!(shown.outcome, "steered");
    assert_eq!(
        (steering.name.as_str(), steering.pool.as_str()),
        ("img.example.com.", "img")
    );
    let vips: Vec<_> = steering
        .vips
        .iter()
        .map(|v| (v.name.as_str(), v.cname.as_deref(), v.share, v.picked))
        .collect();
    assert_eq!(
        vips,
        [
            ("cdn-a", Some("acme.cdn-a.example."), 0.75, true),
            ("cdn-b", Some("www.example.com."), 0.25, false),
        ]
    );
    assert_eq!(
        shown.answer,
        ["img.example.com. 60 IN CNAME acme.cdn-a.example."]
    );
    let text = shown.to_string();
    for line in ["CNAME", "75.00 %", "acme.cdn-a.example.", "60 s: quiet"] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // Another draw leads on: to a name of ours, whose choice is the last.
    let led = explain(
        &world,
        &question("img.example.com", "193.0.6.9", "A"),
        NOW,
        3,
    );
    assert_eq!(
        led.answer[0],
        "img.example.com. 60 IN CNAME www.example.com."
    );
    let steering = led.steering.unwrap();
    assert_eq!(
        (steering.name.as_str(), steering.pool.as_str()),
        ("www.example.com.", "web")
    );
    let picked = steering.vips.iter().find(|vip| vip.picked).unwrap();
    let address = picked.address.unwrap().to_string();
    assert_eq!(led.answer[1], format!("www.example.com. 60 IN A {address}"));
}
