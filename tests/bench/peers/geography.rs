//! Steering by country and by distance over a made-up Internet, as each server writes it down, and what is right for a client.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use maxminddb::Reader;
use meridian::wire::kind::Kind;

use super::dice::Dice;
use super::internet::{Family, Internet, Size};
use super::questions::{Questions, Right};
use super::sample::{self, Terms};

/// Countries with a target of their own, and the continents for all others. The words are those of our steering.
const COUNTRIES: &str = "NA US,EU GB,EU SE,EU DE,AS CN,AS JP,EU FR,EU PL,EU NO,EU NL,AS KR,SA BR";
const CONTINENTS: [(&str, &str); 6] = [
    ("EU", "europe"),
    ("NA", "north-america"),
    ("AS", "asia"),
    ("AF", "africa"),
    ("OC", "oceania"),
    ("SA", "south-america"),
];
const DEFAULT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Sites of `nearest`: name, degrees north and east.
pub const SITES: [(&str, f64, f64); 12] = [
    ("fra", 50.11, 8.68),
    ("lon", 51.51, -0.13),
    ("sto", 59.33, 18.07),
    ("iad", 38.95, -77.45),
    ("sjc", 37.34, -121.89),
    ("gru", -23.43, -46.47),
    ("jnb", -26.13, 28.24),
    ("dxb", 25.2, 55.27),
    ("bom", 19.08, 72.88),
    ("sin", 1.36, 103.99),
    ("nrt", 35.68, 139.69),
    ("syd", -33.87, 151.21),
];

fn countries() -> impl Iterator<Item = (&'static str, &'static str, Ipv4Addr)> {
    COUNTRIES.split(',').enumerate().map(|(n, one)| {
        let (continent, code) = one.split_once(' ').unwrap();
        (continent, code, Ipv4Addr::new(198, 51, 100, n as u8 + 1))
    })
}

fn continents() -> impl Iterator<Item = (&'static str, &'static str, Ipv4Addr)> {
    let address = |n: usize| Ipv4Addr::new(192, 0, 2, 10 * (n as u8 + 1));
    CONTINENTS
        .into_iter()
        .enumerate()
        .map(move |(n, (code, word))| (code, word, address(n)))
}

fn near(site: usize) -> Ipv4Addr {
    Ipv4Addr::new(203, 0, 113, site as u8 + 1)
}

fn four(site: usize) -> Vec<IpAddr> {
    let first = 64 + 4 * site as u8;
    (first..first + 4)
        .map(|host| Ipv4Addr::new(203, 0, 113, host).into())
        .collect()
}

/// Our steering.
pub fn steering() -> String {
    let mut vips = format!("elsewhere = {{ address = \"{DEFAULT}\" }}\n");
    let mut rules = String::new();
    for (_, code, address) in countries() {
        let name = code.to_lowercase();
        let _ = writeln!(vips, "c-{name} = {{ address = \"{address}\" }}");
        let _ = writeln!(rules, "{code} = \"c-{name}\"");
    }
    for (_, word, address) in continents() {
        let _ = writeln!(vips, "k-{word} = {{ address = \"{address}\" }}");
        let _ = writeln!(rules, "{word} = \"k-{word}\"");
    }
    let (mut sites, mut lists) = (String::new(), [String::new(), String::new()]);
    for (n, (site, north, east)) in SITES.iter().enumerate() {
        let _ = writeln!(sites, "{site} = {{ location = [{north:?}, {east:?}] }}");
        let (vip, address) = (format!("near-{site}"), near(n));
        let _ = writeln!(
            vips,
            "{vip} = {{ site = \"{site}\", address = \"{address}\" }}"
        );
        let _ = write!(lists[0], "\"{vip}\", ");
        for (k, address) in four(n).iter().enumerate() {
            let vip = format!("four-{site}-{k}");
            let _ = writeln!(
                vips,
                "{vip} = {{ site = \"{site}\", address = \"{address}\" }}"
            );
            let _ = write!(lists[1], "\"{vip}\", ");
        }
    }
    let [one, all] = lists;
    format!(
        "[sites]\n{sites}[vips]\n{vips}[rules.places]\n{rules}\
         [pools.country]\nmembers = \"elsewhere\"\nprefer = \"places\"\n\
         [pools.nearest]\nmembers = [{one}]\npolicy = \"nearest\"\n\
         [pools.sticky]\nmembers = [{one}]\ndraw = \"sticky\"\n\
         [pools.four]\nmembers = [{all}]\npolicy = \"nearest\"\nanswers = 4\n\
         [names]\n\"country.big.test.\" = \"country\"\n\"nearest.big.test.\" = \"nearest\"\n\
         \"sticky.big.test.\" = \"sticky\"\n\"four.big.test.\" = \"four\"\n"
    )
}

/// What stands in the configuration of gdnsd.
pub fn gdnsd(database: &Path) -> String {
    let database = database.display();
    let (mut map, mut names, mut targets) =
        (String::new(), vec!["elsewhere".to_string()], String::new());
    for (continent, word, address) in continents() {
        names.push(format!("k-{word}"));
        let _ = write!(targets, "k-{word} => {address}, ");
        let _ = write!(map, "{continent} => {{ default => [k-{word}]");
        for (_, code, address) in countries().filter(|one| one.0 == continent) {
            let name = format!("c-{}", code.to_lowercase());
            let _ = write!(map, ", {code} => [{name}]");
            let _ = write!(targets, "{name} => {address}, ");
            names.push(name);
        }
        map += " }\n";
    }
    let (mut sites, mut coordinates, mut nearest) = (String::new(), String::new(), String::new());
    for (n, (site, north, east)) in SITES.iter().enumerate() {
        let _ = write!(sites, "{site}, ");
        let _ = write!(coordinates, "{site} => [{north}, {east}], ");
        let _ = write!(nearest, "{site} => {}, ", near(n));
    }
    let trim = |text: &str| text.trim_end_matches(", ").to_string();
    format!(
        "plugins => {{ geoip => {{ maps => {{\n\
         places => {{ geoip2_db = \"{database}\", datacenters => [{}], map => {{ default => [elsewhere]\n{map}}} }}\n\
         sites => {{ geoip2_db = \"{database}\", datacenters => [{}], auto_dc_coords => {{ {} }} }}\n\
         }}\nresources => {{\n\
         country => {{ map = places, service_types = up, dcmap => {{ {targets}elsewhere => {DEFAULT} }} }}\n\
         nearest => {{ map = sites, service_types = up, dcmap => {{ {} }} }}\n}} }} }}\n",
        names.join(", "),
        trim(&sites),
        trim(&coordinates),
        trim(&nearest)
    )
}

/// The module of Knot, and the file that it reads.
pub fn knot(folder: &Path, database: &Path) -> (String, String) {
    let module = format!(
        "mod-geoip:\n  - id: geo\n    config-file: {}/geo.conf\n    ttl: 60\n    mode: geodb\n    geodb-file: {}\n    \
         geodb-key: [ continent/code, country/iso_code ]\n",
        folder.display(),
        database.display()
    );
    let mut places = String::from("country.big.test:\n");
    for (continent, code, address) in countries() {
        let _ = writeln!(places, "  - geo: \"{continent};{code}\"\n    A: {address}");
    }
    for (continent, _, address) in continents() {
        let _ = writeln!(places, "  - geo: \"{continent};*\"\n    A: {address}");
    }
    (module, places)
}

/// The Internet, its file, and clients of it.
pub struct Geography {
    pub file: PathBuf,
    pub networks: usize,
    reader: Reader<Vec<u8>>,
    clients: Vec<(IpAddr, u8)>,
}

impl Geography {
    /// Makes it up, the same each time, and writes the database.
    pub fn new(folder: &Path, clients: usize) -> Geography {
        let internet = Internet::new(Size::WHOLE, 1);
        let octets = internet.city.bytes();
        let file = folder.join("city.mmdb");
        std::fs::write(&file, &octets).unwrap();
        let mut dice = Dice(11);
        let mut client = |n: usize| match n % 2 {
            0 => (internet.address(&mut dice, Family::V4), 24),
            _ => (internet.address(&mut dice, Family::V6), 56),
        };
        Geography {
            file,
            networks: internet.city.many.len(),
            clients: (0..clients).map(|n| cut(client(n))).collect(),
            reader: Reader::from_source(octets).unwrap(),
        }
    }

    /// A question of each client for this name.
    pub fn questions(&self, name: &str) -> Questions {
        let mut all = Questions::default();
        for (client, length) in &self.clients {
            let terms = Terms::Subnet(*client, *length);
            let question = sample::query(&format!("{name}.big.test."), Kind::A, terms);
            all.add(&question, self.right(name, *client));
        }
        all
    }

    fn right(&self, name: &str, client: IpAddr) -> Right {
        let all: Vec<IpAddr> = (0..SITES.len()).map(|n| near(n).into()).collect();
        if name == "sticky" {
            return Right::Of(1, all);
        }
        let found: Option<serde_json::Value> =
            self.reader.lookup(client).unwrap().decode().unwrap();
        let found = found.unwrap_or_default();
        if name == "country" {
            let code = found["country"]["iso_code"].as_str();
            let continent = found["continent"]["code"].as_str();
            let mut named = countries()
                .filter(|one| Some(one.1) == code)
                .map(|one| one.2);
            let mut wide = continents()
                .filter(|one| Some(one.0) == continent)
                .map(|one| one.2);
            let address = named.next().or_else(|| wide.next()).unwrap_or(DEFAULT);
            return Right::All(vec![address.into()]);
        }
        let degrees = |key: &str| found["location"][key].as_f64();
        let near_by = match (degrees("latitude"), degrees("longitude")) {
            (Some(north), Some(east)) => nearest(north, east),
            // Without coordinates each server has its own idea.
            _ => (0..SITES.len()).collect(),
        };
        match name {
            "four" => Right::Of(4, near_by.into_iter().flat_map(four).collect()),
            _ => Right::Of(1, near_by.into_iter().map(|n| all[n]).collect()),
        }
    }
}

/// The first address of the network that a resolver sends.
fn cut((client, length): (IpAddr, u8)) -> (IpAddr, u8) {
    let client = match client {
        IpAddr::V4(v4) => IpAddr::from((u32::from(v4) >> 8 << 8).to_be_bytes()),
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) >> 72 << 72).to_be_bytes()),
    };
    (client, length)
}

/// The sites that may count as nearest: servers reckon on spheres a little different.
fn nearest(north: f64, east: f64) -> Vec<usize> {
    let kilometres = |site: &(&str, f64, f64)| {
        let (a, b) = (north.to_radians(), site.1.to_radians());
        let half = ((b - a) / 2.0).sin().powi(2)
            + a.cos() * b.cos() * ((site.2 - east).to_radians() / 2.0).sin().powi(2);
        2.0 * 6_371.0 * half.sqrt().asin()
    };
    let all: Vec<f64> = SITES.iter().map(kilometres).collect();
    let least = all.iter().copied().fold(f64::MAX, f64::min);
    (0..SITES.len())
        .filter(|n| all[*n] <= least * 1.01 + 20.0)
        .collect()
}
