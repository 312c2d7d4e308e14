//! Makes databases for tests: an MMDB file from networks and what is said of them.
//!
//! Longer networks cut into shorter ones, whatever the order; IPv4 stands at ::/96 of a file of version 6. The octets are
//! those of the product's own writer.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::net::IpAddr;

// Whoever takes this file in calls the product's writer `writer`.
use super::writer::{Family, Header, Network, Pointers, Records, flatten};
#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use super::writer::{Value, control, encode};

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
    /// Records that millions of networks share.
    pub(crate) records: Vec<Value>,
    /// These networks: first bits, length, and which of `records`.
    pub(crate) many: Vec<(u128, u32, u32)>,
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
            records: Vec::new(),
            many: Vec::new(),
        }
    }

    /// Says something of a network, like `192.0.2.0/24`.
    pub(crate) fn with(mut self, network: &str, record: Record) -> Mmdb {
        self.add(network, record.value());
        self
    }

    pub(crate) fn add(&mut self, network: &str, value: Value) {
        let (addr, length) = network.split_once('/').unwrap();
        let (bits, length) = self.place(addr.parse().unwrap(), length.parse().unwrap());
        self.networks.push((bits, length, value));
    }

    /// Where a network stands in the tree: its first bits and how many there are.
    pub(crate) fn place(&self, addr: IpAddr, length: u32) -> (u128, u32) {
        match (addr, self.version) {
            (IpAddr::V4(addr), 4) => (u128::from(u32::from(addr)) << 96, length),
            (IpAddr::V4(addr), _) => (u128::from(u32::from(addr)), length + 96),
            (IpAddr::V6(addr), 6) => (u128::from(addr), length),
            _ => panic!("an IPv6 network in a database of IPv4"),
        }
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut records = Records::default();
        let shared: Vec<u32> = self.records.iter().map(|r| records.number(r)).collect();
        let network = |bits: u128, length: u32, record: u32| Network {
            bits,
            length: length as u8,
            record,
        };
        let many = self.many.iter();
        let many = many.map(|(bits, length, at)| network(*bits, *length, shared[*at as usize]));
        let few = self.networks.iter();
        let few = few.map(|(bits, length, value)| network(*bits, *length, records.number(value)));
        let ranges = flatten(many.chain(few.collect::<Vec<_>>()));
        let family = match (self.version, self.aliases) {
            (4, _) => Family::Four,
            (_, true) => Family::Aliased,
            (_, false) => Family::Six,
        };
        let header = Header {
            kind: self.kind,
            description: "made for a test",
            build: self.build,
            family,
            pointers: Pointers::Of(self.record_size),
        };
        records.file(&header, &ranges).unwrap()
    }
}
