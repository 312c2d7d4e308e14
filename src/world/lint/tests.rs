//! Each word of lint, with its place and advice, and estates of which there is nothing to say.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::*;
use crate::config;
use crate::diagnostic::{self, Source};
use crate::geo::atlas::{Atlas, Facts};
use crate::place::Country;
use crate::world::estate::Slots;
use crate::world::link::{self, Read};
use crate::world::situation::Standing;
use crate::zone::{self, Texts};

const ZONE: &str = "@ 60 IN SOA ns1 h 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n";

const GROUNDS: &str = "\
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
[vips]
fra-1 = { site = \"fra\", address = \"198.51.100.1\" }
fra-2 = { site = \"fra\", address = \"198.51.100.2\" }
iad-1 = { site = \"iad\", address = \"198.51.100.3\" }
";

fn world(lines: &str, steering: &str, atlas: Atlas) -> World {
    let zone = zone::read(
        &Source::new("example.com.zone", format!("{ZONE}{lines}")),
        &"example.com.".parse().unwrap(),
        &Texts::alone(),
        None,
    );
    let zone = Read {
        path: Arc::from("example.com.zone"),
        folder: 0,
        zone: Arc::new(zone.zone.unwrap()),
    };
    let source = Source::new("steering.toml", format!("{GROUNDS}{steering}"));
    let (steering, found) = config::steering(&[source], &config::alone);
    let steering = steering.unwrap_or_else(|| panic!("{}", diagnostic::render(&found, false)));
    let (estate, found) = link::link(
        vec![zone],
        Arc::new(steering),
        Arc::new(atlas),
        &mut Slots::default(),
        None,
        &mut |_, _| None,
    );
    let estate = estate.unwrap_or_else(|| panic!("{}", diagnostic::render(&found, false)));
    let unknown = Standing::unknown(&estate);
    World::new(Arc::new(estate), Arc::default(), unknown, 1)
}

/// What is said of it: each word on a line of its own.
fn said(lines: &str, steering: &str) -> String {
    let found = lint(&world(lines, steering, Atlas::builtin()));
    let lines = found.iter().map(|one| {
        assert!(!one.is_error());
        let place = one.spot.as_ref().unwrap().place();
        format!("{place}: {}; {}\n", one.message, one.advice)
    });
    lines.collect()
}

/// The same for a pool of these keys under `www`.
fn pool(keys: &str) -> String {
    said(
        "",
        &format!("[pools.web]\n{keys}\n[names]\n\"www.example.com.\" = \"web\"\n"),
    )
}

const BOTH: &str = "members = [\"fra-1\", \"iad-1\"]";

#[test]
fn of_a_sound_pool_there_is_nothing_to_say() {
    assert_eq!(pool(BOTH), "");
    assert_eq!(pool(&format!("{BOTH}\nttl = \"1h\"")), "");
    assert_eq!(pool(&format!("{BOTH}\non_all_down = \"nodata\"")), "");
    assert_eq!(pool(&format!("{BOTH}\nmin_up = \"50%\"")), "");
    assert_eq!(
        pool("members = [\"fra\", \"iad\"]\npolicy = \"nearest\""),
        ""
    );
}

#[test]
fn one_vip_and_nothing_behind_it() {
    let keys = "members = [\"fra-1\"]\non_all_down = \"nodata\"";
    assert!(
        pool(keys).starts_with(
            "steering.toml:8:8: pool `web` has one VIP, and its answer is empty when that is down; \
             add a VIP, or leave out `on_all_down = \"nodata\"`\n"
        ),
        "{}",
        pool(keys)
    );
    assert!(!pool("members = [\"fra-1\"]").contains("has one VIP"));
}

#[test]
fn an_empty_fence() {
    let fence = |list: &str| {
        let rules = format!("[rules.law]\neurope = {list}\nasia = \"iad\"\n");
        let pool = format!("[pools.web]\n{BOTH}\nfence = \"law\"\n");
        said(
            "",
            &format!("{rules}{pool}[names]\n\"www.example.com.\" = \"web\"\n"),
        )
    };
    assert_eq!(
        fence("[]"),
        "steering.toml:11:8: some clients of pool `web` get an empty answer, whatever the health; \
         their fence is empty, as for `europe` in `law`; give it a site, if that is not meant\n"
    );
    // Clients that are kept to a site have chosen so.
    assert_eq!(fence("\"fra\""), "");
}

#[test]
fn a_site_that_everything_stands_on() {
    assert_eq!(
        pool("members = [\"fra\"]"),
        "steering.toml:8:8: all VIPs of pool `web` stand at `fra`; \
         if that site is lost, nothing is left; add a VIP elsewhere\n"
    );
    assert_eq!(
        pool("members = [\"fra\", \"iad\"]\nmin_up = \"60%\""),
        "steering.toml:8:8: without site `fra` pool `web` has failed; \
         for some clients too little would be left; add VIPs elsewhere, or lower `min_up`\n"
    );
    // Who points a name to a VIP or a site expects no more than that.
    assert_eq!(said("", "[names]\n\"www.example.com.\" = \"fra\"\n"), "");
    assert_eq!(said("", "[names]\n\"www.example.com.\" = \"iad-1\"\n"), "");
}

#[test]
fn a_ttl_that_outlives_health() {
    assert_eq!(
        pool(&format!("{BOTH}\nttl = \"2h\"")),
        "steering.toml:8:8: resolvers keep the answers of pool `web` for 7200 s; \
         for so long its clients stay with a VIP that is down; a minute is usual\n"
    );
}

#[test]
fn records_of_a_family_that_no_vip_has() {
    let names = format!("[pools.web]\n{BOTH}\n[names]\n\"www.example.com.\" = \"web\"\n");
    assert_eq!(
        said("www 60 AAAA 2001:db8::1\n", &names),
        "steering.toml:11:1: the AAAA records of `www.example.com.` in the zone file are never answered; \
         steering owns both families, and no VIP of pool `web` has an `address6`: give them one\n"
    );
    assert_eq!(said("www 60 A 192.0.2.7\n", &names), "");
}

#[test]
fn hints_beside_a_draw_for_each_query() {
    let names = |keys: &str| {
        format!("[pools.web]\n{BOTH}\n{keys}\n[names]\n\"www.example.com.\" = \"web\"\n")
    };
    let hinted = "www 60 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.7\n";
    assert_eq!(
        said(hinted, &names("")),
        "steering.toml:12:1: the hints of `www.example.com.`'s HTTPS record may name other sites than its addresses; \
         each query is drawn by itself; say `draw = \"client\"` in pool `web`, and one client gets one site\n"
    );
    assert_eq!(said(hinted, &names("draw = \"client\"")), "");
    assert_eq!(said(hinted, &names("policy = \"failover\"")), "");
    assert_eq!(said("www 60 HTTPS 1 . alpn=h2\n", &names("")), "");
}

#[test]
fn very_many_classes() {
    // A class for each of so many networks with a list of its own.
    let atlas = |many: u32| {
        let country = Country::from_code("DE");
        let facts = (0..=many).map(|n| Facts {
            country,
            system: Some(n + 1),
            ..Facts::default()
        });
        let facts = [Facts::default()].into_iter().chain(facts).collect();
        let start = |n: u32| u32::from(Ipv4Addr::new(11, 0, 0, 0)) + (n << 8);
        let v4 = (0..many).map(move |n| (start(n), n + 1));
        Atlas::new(facts, [(0, 0)].into_iter().chain(v4), [(0, 0)])
    };
    let estate = |many: u32| {
        let mut text = String::from("[rules.many]\n");
        let mut vips = String::from("[vips]\n");
        for n in 0..many {
            let address = Ipv4Addr::from(0x0a00_0000 + n);
            vips += &format!("v{n} = {{ address = \"{address}\" }}\n");
            text += &format!("AS{} = \"v{n}\"\n", n + 1);
        }
        let all = (0..many).map(|n| format!("\"v{n}\""));
        let all = all.collect::<Vec<_>>().join(", ");
        let pool = format!("[pools.web]\nmembers = [{all}]\nprefer = \"many\"\n");
        let names = "[names]\n\"www.example.com.\" = \"web\"\n";
        let vips = vips.trim_start_matches("[vips]\n");
        world("", &format!("{vips}{text}{pool}{names}"), atlas(many))
    };
    let found = lint(&estate(300));
    let [one] = &found[..] else {
        panic!("{}", diagnostic::render(&found, false));
    };
    assert_eq!(one.message, "pool `web` tells 301 classes of clients apart");
    assert_eq!(
        one.advice,
        "resolvers keep an answer for each; there are 301 by the rules `many`: use regions, or a wider `tie`"
    );
    assert!(lint(&estate(299)).is_empty());
}
