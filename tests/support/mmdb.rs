//! Makes databases for tests: an MMDB file from networks and what is said of them.
//!
//! Longer networks cut into shorter ones, whatever the order; IPv4 stands at ::/96 of a file of version 6.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::collections::HashMap;
use std::net::IpAddr;

/// A value of the data section.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Double(f64),
    Small(u16),
    Unsigned(u32),
    Large(u64),
    Map(Vec<(String, Value)>),
    List(Vec<Value>),
}

/// A map of keys in this order.
pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

/// A text.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// A record that grows: `Record::new().country("DE").city("Hamburg")`.
#[derive(Clone, Debug)]
pub(crate) struct Record(Vec<(String, Value)>);

impl Record {
    pub(crate) fn new() -> Record {
        Record(Vec::new())
    }

    fn with(mut self, key: &str, value: Value) -> Record {
        self.0.push((key.into(), value));
        self
    }

    pub(crate) fn continent(self, code: &str) -> Record {
        self.with(
            "continent",
            map([("code", text(code)), ("geoname_id", Value::Unsigned(7))]),
        )
    }

    pub(crate) fn country(self, code: &str) -> Record {
        let names = map([("de", text("Land")), ("en", text("Land"))]);
        self.with("country", map([("iso_code", text(code)), ("names", names)]))
    }

    pub(crate) fn subdivisions(self, codes: &[&str]) -> Record {
        let list = codes.iter().map(|code| map([("iso_code", text(code))]));
        self.with("subdivisions", Value::List(list.collect()))
    }

    pub(crate) fn city(self, name: &str) -> Record {
        let names = map([("de", text("Stadt")), ("en", text(name))]);
        self.with("city", map([("names", names)]))
    }

    pub(crate) fn location(self, latitude: f64, longitude: f64) -> Record {
        let radius = ("accuracy_radius", Value::Unsigned(20));
        let place = [("latitude", latitude), ("longitude", longitude)];
        let [north, east] = place.map(|(key, degrees)| (key, Value::Double(degrees)));
        self.with("location", map([radius, north, east]))
    }

    pub(crate) fn system(self, number: u32) -> Record {
        self.with("autonomous_system_number", Value::Unsigned(number))
    }

    pub(crate) fn value(self) -> Value {
        Value::Map(self.0)
    }
}

/// A database to be written.
#[derive(Clone, Debug)]
pub(crate) struct Mmdb {
    /// `GeoIP2-City` and so on.
    pub(crate) kind: &'static str,
    /// 4 or 6.
    pub(crate) version: u16,
    /// 24, 28 or 32 bits.
    pub(crate) record_size: u16,
    /// Seconds of the Unix epoch.
    pub(crate) build: u64,
    /// Whether ::ffff:0:0/96, 2002::/16 and 2001::/32 point at the IPv4 tree, as in MaxMind's files.
    pub(crate) aliases: bool,
    /// First bits, length and record; see `with`.
    pub(crate) networks: Vec<(u128, u32, Value)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Empty,
    Node(usize),
    Data(usize),
}

impl Mmdb {
    pub(crate) fn new(kind: &'static str) -> Mmdb {
        let (version, record_size, build) = (6, 28, 1_700_000_000);
        Mmdb {
            kind,
            version,
            record_size,
            build,
            aliases: true,
            networks: Vec::new(),
        }
    }

    /// Says something of a network, like `192.0.2.0/24`.
    pub(crate) fn with(mut self, network: &str, record: Record) -> Mmdb {
        self.add(network, record.value());
        self
    }

    pub(crate) fn add(&mut self, network: &str, value: Value) {
        let (addr, length) = network.split_once('/').unwrap();
        let length: u32 = length.parse().unwrap();
        let (bits, length) = match (addr.parse().unwrap(), self.version) {
            (IpAddr::V4(addr), 4) => (u128::from(u32::from(addr)) << 96, length),
            (IpAddr::V4(addr), _) => (u128::from(u32::from(addr)), length + 96),
            (IpAddr::V6(addr), 6) => (u128::from(addr), length),
            _ => panic!("an IPv6 network in a database of IPv4"),
        };
        self.networks.push((bits, length, value));
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (nodes, data) = self.build();
        let count = u32::try_from(nodes.len()).unwrap();
        let mut file = Vec::new();
        for node in &nodes {
            let [left, right] = node.map(|slot| match slot {
                Slot::Empty => count,
                Slot::Node(node) => node as u32,
                Slot::Data(offset) => count + 16 + offset as u32,
            });
            let ([a, b, c, d], [e, f, g, h]) = (left.to_be_bytes(), right.to_be_bytes());
            match self.record_size {
                24 => file.extend([b, c, d, f, g, h]),
                28 => file.extend([b, c, d, a << 4 | e, f, g, h]),
                _ => file.extend([a, b, c, d, e, f, g, h]),
            }
        }
        file.extend([0; 16]);
        file.extend(data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        encode(&mut file, &self.metadata(count));
        file
    }

    fn metadata(&self, nodes: u32) -> Value {
        map([
            ("binary_format_major_version", Value::Small(2)),
            ("binary_format_minor_version", Value::Small(0)),
            ("build_epoch", Value::Large(self.build)),
            ("database_type", text(self.kind)),
            ("description", map([("en", text("made for a test"))])),
            ("ip_version", Value::Small(self.version)),
            ("languages", Value::List(vec![text("en")])),
            ("node_count", Value::Unsigned(nodes)),
            ("record_size", Value::Small(self.record_size)),
        ])
    }

    fn build(&self) -> (Vec<[Slot; 2]>, Vec<u8>) {
        let (mut nodes, mut data) = (vec![[Slot::Empty; 2]], Vec::new());
        let mut offsets: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut order: Vec<_> = self.networks.iter().collect();
        order.sort_by_key(|(_, length, _)| *length);
        for (bits, length, value) in order {
            let mut encoded = Vec::new();
            encode(&mut encoded, value);
            let offset = *offsets.entry(encoded).or_insert_with_key(|encoded| {
                data.extend(encoded);
                data.len() - encoded.len()
            });
            insert(&mut nodes, *bits, *length, Slot::Data(offset));
        }
        let four = (0..96).try_fold(0, |node, _| match nodes[node][0] {
            Slot::Node(next) => Some(next),
            _ => None,
        });
        if let Some(four) = four.filter(|_| self.aliases && self.version == 6) {
            for (bits, length) in [(0xffff << 32, 96), (0x2002 << 112, 16), (0x2001 << 112, 32)] {
                insert(&mut nodes, bits, length, Slot::Node(four));
            }
        }
        (nodes, data)
    }
}

fn insert(nodes: &mut Vec<[Slot; 2]>, bits: u128, length: u32, slot: Slot) {
    if length == 0 {
        nodes[0] = [slot; 2];
        return;
    }
    let mut node = 0;
    for depth in 0..length {
        let side = (bits >> (127 - depth) & 1) as usize;
        if depth + 1 == length {
            nodes[node][side] = slot;
        } else if let Slot::Node(next) = nodes[node][side] {
            node = next;
        } else {
            let split = [nodes[node][side]; 2];
            nodes.push(split);
            nodes[node][side] = Slot::Node(nodes.len() - 1);
            node = nodes.len() - 1;
        }
    }
}

/// Appends a value in the form of the data section.
pub(crate) fn encode(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            control(out, 2, text.len());
            out.extend(text.as_bytes());
        }
        Value::Double(number) => {
            control(out, 3, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Small(number) => {
            control(out, 5, 2);
            out.extend(number.to_be_bytes());
        }
        Value::Large(number) => {
            control(out, 9, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Unsigned(number) => {
            control(out, 6, 4);
            out.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            control(out, 7, entries.len());
            for (key, value) in entries {
                control(out, 2, key.len());
                out.extend(key.as_bytes());
                encode(out, value);
            }
        }
        Value::List(values) => {
            control(out, 11, values.len());
            values.iter().for_each(|value| encode(out, value));
        }
    }
}

/// Type and size. Types beyond 7 stand in an octet of their own.
pub(crate) fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (short, rest): (u8, Vec<u8>) = match size {
        0..29 => (size as u8, vec![]),
        29..285 => (29, vec![(size - 29) as u8]),
        285..65_821 => (30, ((size - 285) as u16).to_be_bytes().into()),
        _ => (31, ((size - 65_821) as u32).to_be_bytes()[1..].into()),
    };
    match kind {
        ..=7 => out.push(kind << 5 | short),
        _ => out.extend([short, kind - 7]),
    }
    out.extend(rest);
}
