//! A steered estate of any size: five kinds of pools, each kind with a map of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use meridian::geo::atlas::{Atlas, Facts};
use meridian::place::{Country, Point};

use crate::sample::{self, Dice};

/// How much there is.
pub struct Scale {
    pub names: usize,
    pub pools: usize,
    /// Places in each country where clients are.
    pub places: usize,
    /// Networks of each family.
    pub ranges: usize,
}

/// Pools that are each of another kind: members and policy, draw, answers.
pub const KINDS: usize = 5 * 7 * 3;

const COUNTRIES: &str = include_str!("../../../geoip/countries.csv");
/// Sites of four VIPs each; the hub is in all pools.
const SITES: usize = 48;

fn codes() -> Vec<&'static str> {
    // Four codes mean continents, and are written otherwise.
    let codes = COUNTRIES.lines().skip(2).map(|line| &line[..2]);
    codes
        .filter(|code| {
            Country::from_code(code).is_some() && !["AF", "AS", "NA", "SA"].contains(code)
        })
        .collect()
}

fn point(dice: &mut Dice) -> (f64, f64) {
    let north = (dice.roll() % 1_200) as f64 / 10.0 - 55.0;
    (north, (dice.roll() % 3_600) as f64 / 10.0 - 180.0)
}

/// A steered name.
pub fn name(n: usize) -> String {
    format!("name-{n:06}.example.com.")
}

fn site(n: usize) -> String {
    format!("s{:02}", n % SITES)
}

fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(", "))
}

/// Its files; `number` is one that a reload changes, in one pool.
pub fn files(scale: &Scale, number: usize) -> BTreeMap<String, String> {
    let mut dice = Dice(2);
    let mut text = String::from("[sites]\n");
    let sites: Vec<String> = (0..SITES)
        .map(site)
        .chain(["hub".into(), "rare".into()])
        .collect();
    for name in &sites {
        let (north, east) = point(&mut dice);
        let _ = writeln!(text, "{name} = {{ location = [{north:?}, {east:?}] }}");
    }
    text += "[vips]\n";
    for (s, name) in sites.iter().enumerate() {
        for v in 1..=4 {
            let _ = writeln!(
                text,
                "{name}-{v} = {{ site = \"{name}\", address = \"198.51.{s}.{v}\", address6 = \"2001:db8:{s}::{v}\", weight = {v} }}"
            );
        }
    }
    for (set, step) in [("a", 1), ("b", 5)] {
        let _ = writeln!(text, "[rules.{set}]");
        for (n, code) in codes().iter().enumerate() {
            let targets = list([site(n * step), site(n * 7 + step)].into_iter());
            let _ = writeln!(text, "{code} = {targets}");
        }
    }
    for n in 0..scale.pools {
        let hub = || ["hub".to_string()].into_iter();
        let some = |from: usize| list((from..from + 14).map(site).chain(hub()));
        // Pools of one kind need the same of clients; those of the third and fourth have members of their own.
        let keys = match n % 5 {
            0 => format!("members = {}\npolicy = \"nearest\"", some(0)),
            1 => format!(
                "members = {}\npolicy = \"nearest\"\nprefer = \"a\"",
                some(16)
            ),
            2 => format!("members = {}\nprefer = \"a\"", some(n)),
            3 => format!(
                "members = {}\npolicy = \"failover\"\nprefer = \"b\"",
                some(n)
            ),
            _ => format!(
                "members = {}\npolicy = \"nearest\"\nprefer = \"b\"",
                some(32)
            ),
        };
        let keys = match n {
            2 => format!("members = {{ hub = {number}, s01 = 5, s02 = 5 }}\nprefer = \"a\""),
            // Of ten pools the rare VIP is a member.
            _ if n % 100 == 52 => keys.replace("\"hub\"", "\"hub\", \"rare-1\""),
            _ => keys,
        };
        let draw = [
            "query", "query", "client", "query", "sticky", "query", "name",
        ][n % 7];
        let _ = writeln!(
            text,
            "[pools.p{n:04}]\n{keys}\nanswers = {}\ndraw = \"{draw}\"",
            1 + n / 5 % 3
        );
    }
    text += "[names]\n";
    for n in 0..scale.names {
        let _ = writeln!(text, "\"{}\" = \"p{:04}\"", name(n), n % scale.pools);
    }
    let zone =
        "$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 604800 60\n  IN NS ns1\nns1 IN A 192.0.2.1\n";
    BTreeMap::from([
        ("example.com.zone".to_string(), zone.to_string()),
        ("steering.toml".to_string(), text),
    ])
}

/// Networks of clients all over the countries.
pub fn atlas(scale: &Scale) -> Atlas {
    let mut dice = Dice(1);
    let mut facts = vec![Facts::default()];
    for code in codes() {
        for _ in 0..scale.places {
            let (north, east) = point(&mut dice);
            facts.push(Facts {
                country: Country::from_code(code),
                location: Point::from_degrees(north, east),
                ..Facts::default()
            });
        }
    }
    let many = facts.len() as u64;
    let v4 = sample::starts(scale.ranges, || u32::from(dice.v4()) & !0xff);
    let v6 = sample::starts(scale.ranges, || u128::from(dice.v6()) >> 80 << 80);
    let mut number = || (dice.roll() % many) as u32;
    let v4: Vec<(u32, u32)> = v4.into_iter().map(|start| (start, number())).collect();
    let v6: Vec<(u128, u32)> = v6.into_iter().map(|start| (start, number())).collect();
    Atlas::new(
        facts,
        [(0, 0)].into_iter().chain(v4),
        [(0, 0)].into_iter().chain(v6),
    )
}
