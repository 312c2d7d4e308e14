//! Mutated files, databases and bodies: no reader panics, and each refusal says why.

use std::fs;
use std::path::Path;

use meridian::geo::atlas::Atlas;

use crate::mmdb::{Mmdb, Record, Value, map, text};
use crate::properties;
use crate::twisted::Dice;

/// Holds a property over this many mutations of the seeds, and over the seeds themselves.
fn siege(seeds: &[Vec<u8>], many: usize, property: impl Fn(&[u8])) {
    seeds.iter().for_each(|seed| property(seed));
    let mut dice = Dice(seeds.len() as u64);
    for _ in 0..many {
        property(&dice.mangled(seeds));
    }
}

/// All files with this ending below `zones`.
fn files(ending: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut todo = vec![Path::new("zones").to_path_buf()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|end| end == ending) {
                found.push(fs::read(path).unwrap());
            }
        }
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn names() {
    let seeds = [
        "www.example.com.",
        r"a\.b.c\032d\\.x",
        r##"*.\200\"\;\(\@."##,
        ".",
        "@",
        "a..b",
    ];
    let mut seeds = seeds.map(|text| text.as_bytes().to_vec()).to_vec();
    seeds.push([[b'a'; 63]; 3].join(&b'.'));
    siege(&seeds, 200_000, properties::name);
}

#[test]
fn steering_files() {
    siege(&files("toml"), 3_000, properties::steering);
}

#[test]
fn lists_of_networks() {
    let seed = "\u{feff}network,place,latitude,longitude\n# ours\n192.0.2.0/24,\"DE/Frankfurt, Süd\",50.1,8.6\r\n2001:db8::/32, US-CA\n198.51.100.0/24,,-1,2.5\n203.0.113.7/24,UK\n";
    siege(&[seed.as_bytes().to_vec()], 20_000, properties::networks);
}

#[test]
fn lists_of_round_trips() {
    let seed = "\u{feff}place,site,milliseconds,samples\n# ours\n192.0.2.0/24,fra,12.5,10\r\nAS64500, fra,0\n\"US-CA/San Jose\",fra,10000.000,1000000000\nunknown,b,7\nUK,fra,1\n";
    siege(&[seed.as_bytes().to_vec()], 20_000, properties::latency);
}

#[test]
fn machine_files() {
    let seed = r#"
zones = "zones"
geoip = ["a.mmdb", "b.mmdb"]
listen = ["192.0.2.53:53", "[2001:db8::53]:53"]
admin = "127.0.0.1:8053"
workers = 2
[tokens.forwarders]
file = "tokens/forwarders"
role = "feed"
sites = ["fra"]
"#;
    siege(&[seed.as_bytes().to_vec()], 20_000, properties::machine);
}

#[test]
fn databases() {
    let here = || {
        Record::new()
            .continent("EU")
            .country("DE")
            .subdivisions(&["HH"])
            .city("Hamburg")
            .location(53.5, 10.0)
    };
    let city = |kind| {
        Mmdb::new(kind)
            .with("193.0.0.0/16", here())
            .with("2001:db8::/32", here())
            .with("10.0.0.0/8", Record::new().system(64500))
            .bytes()
    };
    let seeds = ["GeoIP2-City", "GeoLite2-Country", "GeoLite2-ASN"].map(city);
    // Flat, as IPinfo Lite; and with a pointer, as all makers write what they say twice.
    let mut flat = Mmdb::new("ipinfo lite");
    let keys = [
        ("asn", "AS64500"),
        ("continent", "Europe"),
        ("continent_code", "EU"),
        ("country", "Germany"),
        ("country_code", "DE"),
    ];
    flat.add(
        "193.0.0.0/16",
        map(keys.map(|(key, value)| (key, text(value)))),
    );
    // To the code at the end of the first record.
    flat.add("198.51.100.0/24", map([("country", Value::Pointer(77))]));
    let seeds = [&seeds[..], &[flat.bytes()]].concat();
    // A seed that is refused would show nothing.
    for seed in &seeds {
        assert!(Atlas::read(&[("a.mmdb", seed)]).is_ok());
    }
    siege(&seeds, 100_000, properties::database);
}

#[test]
fn bodies() {
    let seeds = [
        r#"{"state":"down","seq":1,"epoch":1700000000}"#,
        r#"{"state":"up","quality":0.5,"seq":18446744073709551615,"epoch":1,"valid_for":"30s"}"#,
        r#"{"reports":[{"vip":"fra-1","state":"up","seq":1,"epoch":2},{"vip":"sin-1","state":"drain","seq":2,"epoch":2}]}"#,
        r#"[{"vip":"fra-1","state":"up","seq":1,"epoch":2,"quality":1e308}]"#,
    ];
    let mut seeds = seeds.map(|text| text.as_bytes().to_vec()).to_vec();
    seeds.push([[b'['; 10_000], [b'{'; 10_000]].concat());
    siege(&seeds, 200_000, properties::health);
}
