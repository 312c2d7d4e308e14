//! An estate with all that geography can be asked for: sixty sites, three hundred rules, five maps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const ZONE: &str = "\
$TTL 300
@    IN SOA  ns1 hostmaster 1 3600 600 604800 60
     IN NS   ns1
ns1  IN A    192.0.2.1
";

/// Where sites stand: cities with exchanges, by country.
const SITES: &str = "\
    DE 50.11 8.68,DE 52.52 13.40,DE 48.14 11.58,GB 51.51 -0.13,GB 53.48 -2.24,FR 48.86 2.35,FR 43.30 5.37,NL 52.37 4.90,\
    ES 40.42 -3.70,IT 45.46 9.19,IT 41.90 12.50,SE 59.33 18.07,PL 52.23 21.01,AT 48.21 16.37,CH 47.38 8.54,UA 50.45 30.52,\
    TR 41.01 28.98,RU 55.76 37.62,RU 56.84 60.61,FI 60.17 24.94,US 40.71 -74.01,US 38.95 -77.45,US 33.75 -84.39,\
    US 25.76 -80.19,US 41.88 -87.63,US 32.78 -96.80,US 39.74 -104.99,US 37.34 -121.89,US 34.05 -118.24,US 47.61 -122.33,\
    CA 43.65 -79.38,CA 45.50 -73.57,CA 49.28 -123.12,MX 20.59 -100.39,BR -23.55 -46.63,BR -3.73 -38.53,AR -34.60 -58.38,\
    CL -33.45 -70.67,CO 4.71 -74.07,PE -12.05 -77.04,ZA -26.20 28.05,ZA -33.92 18.42,KE -1.29 36.82,NG 6.52 3.38,\
    EG 30.04 31.24,AE 25.20 55.27,IL 32.09 34.78,IN 19.08 72.88,IN 13.08 80.27,IN 28.61 77.21,SG 1.35 103.82,\
    ID -6.21 106.85,TH 13.76 100.50,VN 10.82 106.63,HK 22.32 114.17,TW 25.03 121.57,KR 37.57 126.98,JP 35.68 139.69,\
    JP 34.69 135.50,AU -33.87 151.21";

const COUNTRIES: &str = include_str!("../../geoip/countries.csv");

/// The names that ask: each of the first five has a map of its own, the last shares that of the first.
pub(crate) const NAMES: [&str; 6] = ["all", "rules", "nearest", "wide", "europe", "twin"];

/// Its files, by path. `serial` is of a change that no map depends on.
pub(crate) fn estate(serial: u32) -> BTreeMap<String, String> {
    let sites: Vec<(String, &str)> = SITES
        .split(',')
        .enumerate()
        .map(|(n, place)| {
            let place = place.trim();
            (format!("{}{n}", place[..2].to_lowercase()), place)
        })
        .collect();
    let mut text = format!("# {serial}\n[sites]\n");
    for (name, place) in &sites {
        let (north, east) = place[3..].split_once(' ').unwrap();
        let _ = writeln!(text, "{name} = {{ location = [{north}, {east}] }}");
    }
    text += "[vips]\n";
    for (n, (name, _)) in sites.iter().enumerate() {
        let (v4, v6) = (format!("198.51.100.{n}"), format!("2001:db8::{n:x}"));
        let _ = writeln!(
            text,
            "{name}-1 = {{ site = \"{name}\", address = \"{v4}\", address6 = \"{v6}\", weight = {} }}",
            1 + serial
        );
    }
    text += "[rules.some]\n";
    let site = |n: usize| &sites[n % sites.len()].0;
    for (n, place) in places().iter().enumerate() {
        let _ = writeln!(
            text,
            "\"{place}\" = [\"{}\", \"{}\"]",
            site(n),
            site(n * 7 + 1)
        );
    }
    text += "[rules.few]\neurope = \"de0\"\nasia = \"sg50\"\nUS = \"us20\"\n";
    let all = sites.iter().map(|(name, _)| format!("\"{name}\""));
    let all = all.collect::<Vec<_>>().join(", ");
    let near = "policy = \"nearest\"";
    let europe = sites[..20].iter().map(|(name, _)| format!("\"{name}\""));
    let europe = europe.collect::<Vec<_>>().join(", ");
    for (pool, what) in [
        (
            "all",
            format!("members = [{all}]\n{near}\nprefer = \"some\""),
        ),
        ("rules", format!("members = [{all}]\nprefer = \"some\"")),
        ("nearest", format!("members = [{all}]\n{near}")),
        (
            "wide",
            format!("members = [{all}]\n{near}\ntie = \"300km\"\nprefer = \"few\""),
        ),
        (
            "europe",
            format!("members = [{europe}]\n{near}\nprefer = \"some\""),
        ),
        (
            "twin",
            format!("members = [{all}]\n{near}\nprefer = \"some\"\ndraw = \"client\""),
        ),
    ] {
        let _ = writeln!(text, "[pools.{pool}]\n{what}");
    }
    text += "[names]\n";
    for name in NAMES {
        let _ = writeln!(text, "\"{name}.example.com.\" = \"{name}\"");
    }
    BTreeMap::from([
        ("example.com.zone".to_string(), ZONE.to_string()),
        ("steering.toml".to_string(), text),
    ])
}

/// Three hundred places: countries, subdivisions, AS numbers and networks.
fn places() -> Vec<String> {
    let codes = COUNTRIES.lines().skip(2).map(|line| &line[..2]);
    // The four of two readings are written otherwise.
    let countries: BTreeSet<&str> = codes
        .filter(|c| !["AF", "AS", "NA", "SA"].contains(c))
        .collect();
    let large = ["US", "CN", "JP", "IN", "DE", "BR", "GB", "FR", "KR", "RU"];
    let mut places: Vec<String> = countries.iter().take(150).map(|c| c.to_string()).collect();
    places.extend((0..60).map(|n| format!("{}-{:02}", large[n % 10], n / 10 + 1)));
    places.extend((0..50).map(|n| format!("AS{}", 1_000 + 7 * 11 * n)));
    places.extend((0..25).map(|n| format!("{}.{}.0.0/{}", 20 + 6 * n, n, 16 + n % 5)));
    places.extend((0..15).map(|n| format!("2{}0{}:{:x}00::/{}", 4 + n % 6, 0, n + 1, 28 + n % 5)));
    places
}
