//! Laws of measured round trips: how they order sites, and that only different orders are different classes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use meridian::config::estate::PoolId;
use meridian::geo::atlas::{Atlas, Facts};
use meridian::limits;
use meridian::place::{Country, Point};
use proptest::prelude::*;

use crate::server::Server;

/// Site names by number, in the order of their numbers.
const NAMES: [&str; 8] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];

/// Whose steps are looked at.
const CLIENT: &str = "9.9.9.9";

/// Sites with their biases, a tie, and where the client is.
#[derive(Clone, Debug)]
struct Ground {
    sites: Vec<(i32, i32, i32)>,
    tie: u32,
    client: Option<(i32, i32, u16)>,
}

impl Ground {
    fn toml(&self, latency: bool) -> String {
        let mut text = String::from("[sites]\n");
        for (name, (north, east, bias)) in NAMES.iter().zip(&self.sites) {
            let _ = writeln!(
                text,
                "{name} = {{ location = [{north}, {east}], bias = \"{bias}km\" }}"
            );
        }
        text.push_str("[vips]\n");
        for (n, name) in NAMES.iter().enumerate().take(self.sites.len()) {
            let _ = writeln!(
                text,
                "v{n} = {{ site = \"{name}\", address = \"192.0.2.{n}\" }}"
            );
        }
        if latency {
            text.push_str("[latency]\nfile = \"rtt.csv\"\n");
        }
        // Members in another order than their names.
        let members = NAMES.iter().take(self.sites.len()).rev();
        let members: Vec<String> = members.map(|name| format!("\"{name}\"")).collect();
        let members = members.join(", ");
        let tie = self.tie;
        let _ = write!(
            text,
            "[pools.p]\nmembers = [{members}]\npolicy = \"nearest\"\ntie = \"{tie}km\"\n[names]\n\"www.example.com.\" = \"p\"\n"
        );
        text
    }

    fn atlas(&self) -> Arc<Atlas> {
        let facts = self
            .client
            .map_or_else(Facts::default, |(north, east, radius)| Facts {
                country: Country::from_code("DE"),
                location: Some(Point {
                    latitude: north * 1_000_000,
                    longitude: east * 1_000_000,
                }),
                radius: Some(radius),
                ..Facts::default()
            });
        let known = vec![Facts::default(), facts];
        let nine = u32::from_be_bytes([9, 0, 0, 0]);
        let v4 = [(0, 0), (nine, 1), (nine + (1 << 24), 0)];
        Arc::new(Atlas::new(known, v4, [(0, 0)]))
    }

    fn server(&self, list: Option<&str>) -> Server {
        let zone = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.253\n";
        let mut files = BTreeMap::from([
            ("zones/example.com.zone".to_owned(), zone.to_owned()),
            ("zones/s.toml".to_owned(), self.toml(list.is_some())),
        ]);
        files.extend(list.map(|list| ("zones/rtt.csv".to_owned(), list.to_owned())));
        let mut server = Server::default();
        server.load(&files, self.atlas()).unwrap();
        server
    }

    /// The sites in the client's steps, and how many classes there are.
    fn steps(&self, list: Option<&str>) -> (Vec<Vec<u16>>, usize) {
        let server = self.server(list);
        let estate = &server.world().estate;
        let root = &estate.roots[0];
        let (class, _) = root.map.find(CLIENT.parse().unwrap());
        let classes = root.map.classes();
        let steps = classes[class as usize].steps(&root.needs, PoolId(0));
        let steps = steps
            .iter()
            .map(|step| step.iter().map(|site| site.0).collect());
        (steps.collect(), classes.len())
    }
}

fn grounds() -> impl Strategy<Value = Ground> {
    let site = (
        -60..60,
        -170..170,
        prop_oneof![4 => Just(0), 1 => -900..900],
    );
    let client = prop::option::weighted(0.8, (-60..60, -170..170, 0..3_000u16));
    let tie = prop_oneof![2 => Just(0), 3 => 1..3_000u32];
    let all = (prop::collection::vec(site, 2..=8), tie, client);
    all.prop_map(|(sites, tie, client)| Ground { sites, tie, client })
}

/// Of some sites the microseconds and samples.
fn measured() -> impl Strategy<Value = Vec<Option<(u32, u32)>>> {
    let samples = prop_oneof![1..200u32, Just(1_000_000_000)];
    let micros = prop_oneof![0..8_000u32, 0..400_000u32];
    prop::collection::vec(prop::option::weighted(0.6, (micros, samples)), 8)
}

fn list(ground: &Ground, place: &str, trips: &[Option<(u32, u32)>]) -> String {
    let mut text = String::from("place,site,milliseconds,samples\n");
    for (name, trip) in NAMES.iter().zip(trips).take(ground.sites.len()) {
        if let Some((micros, samples)) = trip {
            let (whole, part) = (micros / 1_000, micros % 1_000);
            let _ = writeln!(text, "{place},{name},{whole}.{part:03},{samples}");
        }
    }
    text
}

fn place_in(steps: &[Vec<u16>], site: usize) -> usize {
    let at = steps.iter().position(|step| step.contains(&(site as u16)));
    at.unwrap()
}

fn few() -> ProptestConfig {
    ProptestConfig {
        cases: 120,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn what_was_not_measured_changes_nothing(ground in grounds(), trips in measured()) {
        let before = ground.steps(None);
        prop_assert_eq!(&ground.steps(Some("place,site,milliseconds,samples\n")), &before);
        // Nor does what was measured elsewhere, but for its own clients.
        let elsewhere = ground.steps(Some(&list(&ground, "9.9.10.0/24", &trips)));
        prop_assert_eq!(elsewhere.0, before.0);
        prop_assert!(elsewhere.1 <= before.1 + 1);
    }

    #[test]
    fn many_samples_make_the_order_that_of_the_milliseconds(
        ground in grounds(),
        order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        least in 0..20_000u32,
        step in 3..30_000u32,
    ) {
        let mut ground = Ground { tie: 0, ..ground };
        ground.sites.iter_mut().for_each(|site| site.2 = 0);
        let micros = |site: usize| least + step * order[site] as u32;
        let trips: Vec<_> = (0..8).map(|site| Some((micros(site), 1_000_000_000))).collect();
        let (steps, _) = ground.steps(Some(&list(&ground, "9.9.9.0/24", &trips)));
        let mut sites: Vec<usize> = (0..ground.sites.len()).collect();
        sites.sort_by_key(|site| order[*site]);
        for (step, site) in steps.iter().zip(&sites).take(limits::NEAREST) {
            prop_assert_eq!(step, &vec![*site as u16], "{:?}", steps);
        }
        let mut rest: Vec<u16> = sites.iter().skip(limits::NEAREST).map(|site| *site as u16).collect();
        rest.sort_unstable();
        prop_assert_eq!(steps.get(limits::NEAREST).cloned().unwrap_or_default(), rest);
    }

    #[test]
    fn a_shorter_round_trip_never_moves_a_site_back(
        ground in grounds(),
        trips in measured(),
        site in 0..8usize,
        less in 0..=1_000u64,
    ) {
        let site = site % ground.sites.len();
        let mut trips = trips;
        let before = *trips[site].get_or_insert((200_000, 100));
        let (old, _) = ground.steps(Some(&list(&ground, "9.9.9.8/29", &trips)));
        trips[site] = Some(((u64::from(before.0) * less / 1_000) as u32, before.1));
        let (new, _) = ground.steps(Some(&list(&ground, "9.9.9.8/29", &trips)));
        prop_assert!(place_in(&new, site) <= place_in(&old, site), "{:?} {:?}", old, new);
        // And nobody is lost.
        let mut all: Vec<u16> = new.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..ground.sites.len() as u16).collect::<Vec<_>>());
    }
}

/// Eight sites, and networks of which each has one of five orders.
#[test]
fn only_different_orders_are_classes() {
    let sites = [
        (50, 8),
        (52, 4),
        (39, -77),
        (1, 104),
        (-34, 151),
        (35, 139),
        (-23, -46),
        (19, 72),
    ];
    let ground = Ground {
        sites: sites.map(|(north, east)| (north, east, 0)).to_vec(),
        tie: 0,
        client: Some((50, 8, 20)),
    };
    for many in [10_000, 100_000] {
        let mut text = String::new();
        for n in 0..many {
            let (a, b, c) = (n >> 16 & 255, n >> 8 & 255, n & 255);
            let network = format!("{}.{a}.{b}.{c}/32", if n % 2 == 0 { 9 } else { 80 });
            // The milliseconds differ in all of them, the orders do not.
            let (near, far) = (n % 5, 900 + n % 900);
            let _ = writeln!(text, "{network},s{near},1.{:03},1000000", n % 997);
            if n % 3 == 0 {
                let _ = writeln!(text, "{network},s7,{far}");
            }
        }
        let begun = Instant::now();
        let server = ground.server(Some(&text));
        let taken = begun.elapsed();
        let map = &server.world().estate.roots[0].map;
        let (classes, lines) = (map.classes().len(), text.lines().count());
        println!(
            "{lines} lines: {classes} classes in {} ranges, {taken:?} for all",
            map.table().len()
        );
        // Each of the five from a known and from an unknown place, with and without the eighth site, and where nothing was
        // measured.
        assert!(classes <= 22, "{classes} classes");
    }
}
