//! Real countries: the database made of Debian's `tor-geoipdb`, served, and asked for networks that everybody knows; and
//! the file itself, read by `mmdblookup`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use meridian::place::{Continent, Country, Point};
use tempfile::TempDir;

use super::server::{Server, binary};
use super::tool::{Judge, note, top};

const TEXTS: [&str; 2] = ["/usr/share/tor/geoip", "/usr/share/tor/geoip6"];

/// Of two hundred this many may differ when the package is a newer one; each is shown.
const DIFFERENT: usize = 10;

/// Addresses that `mmdblookup` is asked for.
const ASKED: usize = 1_000;

/// The database, made by the binary that is judged.
fn import(folder: &Path) -> PathBuf {
    for text in TEXTS {
        let is = Path::new(text).is_file();
        assert!(is, "{text} is missing: apt-get install tor-geoipdb");
    }
    let out = folder.join("countries.mmdb");
    let mut command = Command::new(binary());
    command
        .args(["geoip", "import", "--out"])
        .arg(&out)
        .args(TEXTS);
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    out
}

/// Network, country and holder of each line of the list.
fn allocations() -> Vec<(String, String, String)> {
    let text = include_str!("geoip/allocations.csv");
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    let fields = |line: &str| -> Vec<String> { line.split(',').map(String::from).collect() };
    let one = |line| match &fields(line)[..] {
        [network, country, who] => (network.clone(), country.clone(), who.clone()),
        other => panic!("{other:?}"),
    };
    lines.map(one).collect()
}

/// The sites of the example estate and where they are.
const SITES: [(&str, f64, f64); 5] = [
    ("fra", 50.11, 8.68),
    ("iad", 38.95, -77.45),
    ("gru", -23.43, -46.47),
    ("jnb", -26.13, 28.24),
    ("sin", 1.36, 103.99),
];

/// Where an address of the example estate is.
fn site(address: &str) -> &'static str {
    match address {
        "192.0.2.10" | "192.0.2.11" => "fra",
        "198.51.100.10" | "198.51.100.11" => "iad",
        "198.51.100.130" => "gru",
        "192.0.2.130" => "jnb",
        "203.0.113.10" => "sin",
        other => panic!("`{other}` is no address of the example estate"),
    }
}

/// The site that the rules of `app.example.com` name for a continent.
fn ruled(continent: Continent) -> &'static str {
    match continent {
        Continent::Europe => "fra",
        Continent::Africa => "jnb",
        Continent::NorthAmerica => "iad",
        Continent::SouthAmerica => "gru",
        Continent::Asia | Continent::Oceania => "sin",
        Continent::Antarctica => panic!("nobody is there"),
    }
}

/// Kilometres on a sphere, by the haversine.
fn distance(point: Point, latitude: f64, longitude: f64) -> f64 {
    let radians = |micro: i32| (f64::from(micro) / 1e6).to_radians();
    let (a, b) = (radians(point.latitude), latitude.to_radians());
    let (north, east) = (b - a, longitude.to_radians() - radians(point.longitude));
    let half = (north / 2.0).sin().powi(2) + a.cos() * b.cos() * (east / 2.0).sin().powi(2);
    2.0 * 6371.0 * half.sqrt().asin()
}

/// The sites that `nearest` may send a country to: `tie` is 300 km, and the two ways of reckoning differ a little.
fn near(country: Country) -> Vec<&'static str> {
    let all = SITES.map(|(name, north, east)| (name, distance(country.centroid(), north, east)));
    let least = all.iter().map(|(_, km)| *km).fold(f64::MAX, f64::min);
    let near = all.iter().filter(|(_, km)| *km <= least + 310.0);
    near.map(|(name, _)| *name).collect()
}

#[test]
fn two_hundred_networks_are_where_everybody_knows() {
    let mut dig = Judge::new("dig", "bind9-dnsutils", "geoip-dig");
    let folder = TempDir::new().unwrap();
    let database = import(folder.path());
    let server = Server::with(
        &top().join("zones"),
        &["--geoip", database.to_str().unwrap()],
    );
    let list = allocations();
    assert_eq!(list.len(), 200);
    let looked_up = lookup(&database, &list);
    let mut ask = |name: &str, network: &str| {
        let at = format!(
            "@127.0.0.1 -p {} +norec +tries=2 +time=5 +short",
            server.port
        );
        let said = dig.run(&format!("{at} +subnet={network} {name} A"));
        site(said.trim())
    };
    let (mut differ, mut sites) = (Vec::new(), BTreeMap::new());
    for ((network, code, who), found) in list.iter().zip(looked_up) {
        let country = Country::from_code(code).unwrap_or_else(|| panic!("{code}"));
        let (app, web) = (
            ask("app.example.com", network),
            ask("www.example.com", network),
        );
        *sites.entry(app).or_insert(0) += 1;
        let (rule, nearest) = (ruled(country.continent()), near(country));
        if found != *code || app != rule || !nearest.contains(&web) {
            differ.push(format!(
                "{network} ({who}): listed {code}, looked up {found}; by continent {app}, expected {rule}; \
                 nearest {web}, expected {}",
                nearest.join(" or ")
            ));
        }
    }
    let served: Vec<String> = sites
        .iter()
        .map(|(site, count)| format!("{site} {count}"))
        .collect();
    let text = format!(
        "{} networks by tor-geoipdb: {}\n{} differ from the list (at most {DIFFERENT} may)\n{}",
        list.len(),
        served.join(", "),
        differ.len(),
        differ.join("\n")
    );
    note("geoip", text.trim_end());
    assert!(differ.len() <= DIFFERENT, "{text}");
    assert_eq!(sites.len(), SITES.len(), "every site is somebody's");
}

/// The country of each network's first address, as `geoip lookup` says it.
fn lookup(database: &Path, list: &[(String, String, String)]) -> Vec<String> {
    let mut command = Command::new(binary());
    let first = |network: &String| network.split_once('/').unwrap().0.to_string();
    let addresses = list.iter().map(|(network, _, _)| first(network));
    command.args(["geoip", "lookup", "--json"]).args(addresses);
    let done = command.arg("--geoip").arg(database).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let found: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let code = |one: &serde_json::Value| {
        let words = one["facts"]["country"]["value"].as_str().unwrap_or("-");
        words.split(' ').next().unwrap().to_string()
    };
    found.as_array().unwrap().iter().map(code).collect()
}

/// The texts as they stand, for a look-up that has nothing of ours.
fn texts() -> Vec<(u128, u128, String)> {
    let mut list = Vec::new();
    for path in TEXTS {
        let text = std::fs::read_to_string(path).unwrap();
        for line in text
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |text: &str| match text.parse::<u32>() {
                Ok(number) => u128::from(number),
                Err(_) => u128::from(text.parse::<Ipv6Addr>().unwrap()),
            };
            list.push((number(fields[0]), number(fields[1]), fields[2].to_string()));
        }
    }
    list.sort();
    list
}

#[test]
fn mmdblookup_reads_what_was_written() {
    let mut reader = Judge::new("mmdblookup", "mmdb-bin", "geoip-mmdblookup");
    let folder = TempDir::new().unwrap();
    let database = import(folder.path());
    let texts = texts();
    // The same addresses in every run: some within ranges, some at their ends, some anywhere.
    let mut seed = 20_261_121u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u128
    };
    let mut countries = 0;
    for at in 0..ASKED {
        let (first, last, _) = &texts[random() as usize % texts.len()];
        let number = match at % 4 {
            0 => *first,
            1 => *last,
            2 => first + random() % (last - first + 1),
            _ if *first >> 32 == 0 => random() & 0xffff_ffff,
            _ => first.saturating_sub(1 + random() % 1_000),
        };
        // ::/96 is where IPv4 stands.
        let addr = match u32::try_from(number) {
            Ok(number) => IpAddr::from(Ipv4Addr::from(number)),
            Err(_) => IpAddr::from(Ipv6Addr::from(number)),
        };
        let before = texts.partition_point(|(first, _, _)| *first <= number);
        let range = before.checked_sub(1).map(|at| &texts[at]);
        let code = range
            .filter(|(_, last, _)| number <= *last)
            .map(|(_, _, code)| code.as_str());
        let code = code.map(|code| if code == "UK" { "GB" } else { code });
        let expected = code.filter(|code| Country::from_code(code).is_some());
        let database = database.display();
        let said = reader.run(&format!("--file {database} --ip {addr} country iso_code"));
        let found = said
            .strip_prefix('"')
            .and_then(|rest| rest.split('"').next());
        // Addresses of IPv4 within IPv6 lead there, as in MaxMind's own files.
        let teredo =
            matches!(addr, IpAddr::V6(a) if matches!(a.segments(), [0x2001, 0, ..] | [0x2002, ..]));
        if !teredo {
            assert_eq!(found, expected, "{addr}: {said}");
            countries += usize::from(found.is_some());
        }
    }
    assert!(countries > ASKED / 2, "{countries}");
    note(
        "geoip-mmdb",
        &format!(
            "mmdblookup reads {ASKED} addresses as the texts have them, {countries} of them with a country"
        ),
    );
}
