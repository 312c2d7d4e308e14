//! MaxMind databases from the networks of an estate: a City and an ASN file (MaxMind DB format 2.0).

use super::estate::{Estate, Facts};
use super::network::{self, Network};

/// As many levels as an IPv6 address has bits; IPv4 stands in ::/96.
const BITS: u32 = 128;

/// A place in the search tree: nothing, deeper, or a record of the data section.
#[derive(Clone, Copy)]
enum Slot {
    Empty,
    Node(usize),
    Data(usize),
}

/// The databases of an estate, in the order of precedence.
pub(crate) fn files(estate: &Estate) -> [(&'static str, Option<Vec<u8>>); 2] {
    [
        ("City.mmdb", to_mmdb(estate)),
        ("ASN.mmdb", to_asn_mmdb(estate)),
    ]
}

/// Countries, continents, cities and places. None if the estate's networks have no such facts; so with the others.
pub(crate) fn to_mmdb(estate: &Estate) -> Option<Vec<u8>> {
    write(estate, "GeoLite2-City", city)
}

/// Countries and continents alone.
pub(crate) fn to_country_mmdb(estate: &Estate) -> Option<Vec<u8>> {
    write(estate, "GeoLite2-Country", |facts| {
        city(&Facts {
            continent: facts.continent.clone(),
            country: facts.country.clone(),
            ..Facts::default()
        })
    })
}

/// Autonomous systems.
pub(crate) fn to_asn_mmdb(estate: &Estate) -> Option<Vec<u8>> {
    write(estate, "GeoLite2-ASN", |facts| {
        let number = facts.system?;
        let owner = text(&format!("AS {number}"));
        let pairs = [
            ("autonomous_system_number", uint32(number)),
            ("autonomous_system_organization", owner),
        ];
        Some(map(pairs.into()))
    })
}

fn city(facts: &Facts) -> Option<Vec<u8>> {
    let mut pairs = Vec::new();
    if let Some(name) = &facts.city {
        let names = map(vec![("en", text(name)), ("de", text("anders"))]);
        pairs.push(("city", map(vec![("names", names)])));
    }
    if let Some(word) = &facts.continent {
        pairs.push(("continent", map(vec![("code", text(continent(word)))])));
    }
    if let Some(code) = &facts.country {
        pairs.push(("country", map(vec![("iso_code", text(code))])));
    }
    if let Some(point) = facts.location {
        let degrees = |micro: i32| double(f64::from(micro) / 1e6);
        let mut place = vec![
            ("latitude", degrees(point.latitude)),
            ("longitude", degrees(point.longitude)),
        ];
        place.extend(
            facts
                .radius
                .map(|km| ("accuracy_radius", uint16(km as u16))),
        );
        pairs.push(("location", map(place)));
    }
    if !facts.subdivisions.is_empty() {
        let parts = facts
            .subdivisions
            .iter()
            .map(|code| map(vec![("iso_code", text(code))]));
        pairs.push(("subdivisions", array(parts.collect())));
    }
    (!pairs.is_empty()).then(|| map(pairs))
}

fn continent(word: &str) -> &'static str {
    match word {
        "africa" => "AF",
        "antarctica" => "AN",
        "asia" => "AS",
        "europe" => "EU",
        "north-america" => "NA",
        "oceania" => "OC",
        "south-america" => "SA",
        other => panic!("{other} is no continent"),
    }
}

fn write(
    estate: &Estate,
    kind: &str,
    record: impl Fn(&Facts) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut tree = vec![[Slot::Empty; 2]];
    let mut data = Vec::new();
    // Shorter networks first: longer ones then stand inside them and replace them, whole.
    let mut networks = estate.networks.clone();
    networks.sort_by_key(|(network, _)| network.len);
    for (network, facts) in &networks {
        let slot = match record(facts) {
            None => Slot::Empty,
            Some(bytes) => {
                data.extend(bytes.clone());
                Slot::Data(data.len() - bytes.len())
            }
        };
        insert(&mut tree, *network, slot);
    }
    if data.is_empty() {
        return None;
    }
    let nodes = tree.len();
    let mut file = Vec::new();
    for slot in tree.iter().flatten() {
        let value = match *slot {
            Slot::Empty => nodes,
            Slot::Node(at) => at,
            Slot::Data(at) => nodes + 16 + at,
        };
        file.extend((value as u32).to_be_bytes());
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(vec![
        ("binary_format_major_version", uint16(2)),
        ("binary_format_minor_version", uint16(0)),
        ("build_epoch", uint64(1_700_000_000)),
        ("database_type", text(kind)),
        ("description", map(vec![("en", text("made for a test"))])),
        ("ip_version", uint16(6)),
        ("languages", array(vec![text("en"), text("de")])),
        ("node_count", uint32(nodes as u32)),
        ("record_size", uint16(32)),
    ]));
    Some(file)
}

fn insert(tree: &mut Vec<[Slot; 2]>, network: Network, slot: Slot) {
    let (addr, width) = (network.addr, u32::from(Network::width(network.addr)));
    let depth = BITS - width + u32::from(network.len);
    let path = network::bits(addr);
    let mut node = 0;
    for level in 0..depth {
        let side = (path >> (BITS - 1 - level) & 1) as usize;
        if level + 1 == depth {
            tree[node][side] = slot;
            return;
        }
        node = match tree[node][side] {
            Slot::Node(next) => next,
            // What covered this half goes on covering what is not inserted now.
            above => {
                tree.push([above; 2]);
                let next = tree.len() - 1;
                tree[node][side] = Slot::Node(next);
                next
            }
        };
    }
    panic!("a network of length 0");
}

/// A value's type and size; sizes up to 284 are enough here.
fn header(kind: u8, size: usize) -> Vec<u8> {
    let (short, more) = match size {
        0..29 => (size as u8, None),
        _ => (
            29,
            Some(u8::try_from(size - 29).expect("short values only")),
        ),
    };
    let mut bytes = match kind {
        0..=7 => vec![kind << 5 | short],
        _ => vec![short, kind - 7],
    };
    bytes.extend(more);
    bytes
}

fn text(value: &str) -> Vec<u8> {
    [header(2, value.len()), value.as_bytes().to_vec()].concat()
}

fn double(value: f64) -> Vec<u8> {
    [header(3, 8), value.to_be_bytes().to_vec()].concat()
}

fn uint16(value: u16) -> Vec<u8> {
    [header(5, 2), value.to_be_bytes().to_vec()].concat()
}

fn uint32(value: u32) -> Vec<u8> {
    [header(6, 4), value.to_be_bytes().to_vec()].concat()
}

fn uint64(value: u64) -> Vec<u8> {
    [header(9, 8), value.to_be_bytes().to_vec()].concat()
}

fn map(pairs: Vec<(&str, Vec<u8>)>) -> Vec<u8> {
    let size = header(7, pairs.len());
    let pairs = pairs
        .into_iter()
        .flat_map(|(key, value)| [text(key), value].concat());
    size.into_iter().chain(pairs).collect()
}

fn array(values: Vec<Vec<u8>>) -> Vec<u8> {
    [header(11, values.len()), values.concat()].concat()
}

#[test]
fn maxminddb_reads_the_facts_of_the_longest_network() {
    use super::{cases, client};
    use maxminddb::{Reader, geoip2};
    let mut estate = cases::estate(&cases::tapes(7), &cases::centroids());
    // They are no part of the files.
    estate.corrections.clear();
    let cities = Reader::from_source(to_mmdb(&estate).unwrap()).unwrap();
    let systems = Reader::from_source(to_asn_mmdb(&estate).unwrap()).unwrap();
    for (network, _) in &estate.networks {
        for addr in [Some(network.addr), network.after()].into_iter().flatten() {
            if super::form::fold(addr) != addr {
                // Here the file speaks of an IPv6 network, and the client is one of IPv4.
                continue;
            }
            let want = client::Client::at(&estate, addr).facts;
            let found = cities
                .lookup(addr)
                .unwrap()
                .decode::<geoip2::City<'_>>()
                .unwrap();
            let city = found.as_ref().and_then(|found| found.city.names.english);
            assert_eq!(city, want.city.as_deref(), "{addr}");
            let country = found.as_ref().and_then(|found| found.country.iso_code);
            assert_eq!(country, want.country.as_deref(), "{addr}");
            let latitude = found.as_ref().and_then(|found| found.location.latitude);
            let want_latitude = want.location.map(|point| f64::from(point.latitude) / 1e6);
            assert_eq!(latitude, want_latitude, "{addr}");
            let found = systems
                .lookup(addr)
                .unwrap()
                .decode::<geoip2::Asn<'_>>()
                .unwrap();
            let number = found.and_then(|found| found.autonomous_system_number);
            assert_eq!(number, want.system, "{addr}");
        }
    }
}
