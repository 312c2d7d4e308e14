//! The ground that pages and pictures stand on: a zone, a made-up database of the world, and a server without sockets.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use meridian::answer::explain::{Explanation, Question, explain};
use meridian::geo::atlas::Atlas;
use meridian::health::board::Order;
use meridian::health::load::{Load, UNIT};
use meridian::health::report::Report;
use meridian::health::verdict::{Both, State, Verdict};

use crate::mmdb::{Mmdb, Record};
use crate::server::Server;

/// 2026-01-01 00:00 UTC, when all pictures are made.
pub(super) const NOW: u64 = 1_767_225_600;

/// The land of the world, a letter for each cell of four degrees, from 76° north and 180° west: `u` the European Union, `e`
/// the rest of Europe, `i` India, `s` the rest of Asia, `f` Africa, `n` and `l` the Americas, `o` Oceania.
const WORLD: &str = include_str!("world.txt");
const DEGREES: f64 = 4.0;

/// A cell of land.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) column: usize,
    land: char,
}

impl Cell {
    /// Degrees north and east of its middle.
    pub(super) fn middle(self) -> [f64; 2] {
        let degrees = |n: usize| n as f64 * DEGREES + DEGREES / 2.0;
        [76.0 - degrees(self.row), degrees(self.column) - 180.0]
    }

    /// Its clients.
    fn network(self) -> String {
        format!("11.{}.{}.0/24", self.row, self.column)
    }

    /// One of them.
    pub(super) fn client(self) -> IpAddr {
        IpAddr::from([11, self.row as u8, self.column as u8, 9])
    }

    fn record(self) -> Record {
        let [north, east] = self.middle();
        let (continent, country) = match self.land {
            'u' => ("EU", Some("DE")),
            'e' => ("EU", None),
            'i' => ("AS", Some("IN")),
            's' => ("AS", None),
            'f' => ("AF", None),
            'n' => ("NA", None),
            'l' => ("SA", None),
            'o' => ("OC", None),
            other => panic!("`{other}` is no land"),
        };
        let record = Record::new().continent(continent).location(north, east);
        match country {
            Some(country) => record.country(country),
            None => record,
        }
    }
}

/// All cells of land, from the north-west on.
pub(super) fn world() -> Vec<Cell> {
    let row = |(row, line): (usize, &'static str)| {
        let land = line.chars().enumerate().filter(|(_, land)| *land != '.');
        land.map(move |(column, land)| Cell { row, column, land })
    };
    WORLD.lines().enumerate().flat_map(row).collect()
}

/// The clients that pages name.
fn clients() -> [(&'static str, Record); 4] {
    let of = |continent, country, north, east| {
        let record = Record::new().continent(continent).country(country);
        record.location(north, east)
    };
    [
        ("193.0.6.0/24", of("EU", "NL", 52.37, 4.90)),
        ("199.43.0.0/24", of("NA", "US", 38.95, -77.45)),
        ("133.11.0.0/24", of("AS", "JP", 35.69, 139.69)),
        ("103.21.124.0/24", of("AS", "IN", 19.08, 72.88)),
    ]
}

/// Made once for all tests.
fn atlas() -> Arc<Atlas> {
    static ATLAS: OnceLock<Arc<Atlas>> = OnceLock::new();
    ATLAS.get_or_init(|| Arc::new(made())).clone()
}

fn made() -> Atlas {
    let mut database = Mmdb::new("GeoIP2-City");
    for cell in world() {
        database = database.with(&cell.network(), cell.record());
    }
    for (network, record) in clients() {
        database = database.with(network, record);
    }
    Atlas::read(&[("City.mmdb", &database.bytes())]).unwrap()
}

/// The zones of all pages, and the list that some of them name.
pub(super) fn zones() -> BTreeMap<String, String> {
    let zone = "\
$ORIGIN example.com.
$TTL 3600
@    IN SOA ns1 hostmaster 2026112101 7200 900 1209600 300
     IN NS  ns1
     IN NS  ns2
ns1  IN A   192.0.2.53
ns2  IN A   198.51.100.53
";
    let customer = "\
@    IN SOA ns1.example.com. hostmaster.example.com. 2026112101 7200 900 1209600 300
     IN NS  ns1.example.com.
     IN NS  ns2.example.com.
www  IN A   203.0.113.37
";
    let customer = format!("$TTL 3600\n{customer}");
    let latency = "DE,fra,12\n203.0.113.0/24,iad,95,400\n";
    BTreeMap::from([
        ("zones/example.com.zone".into(), zone.into()),
        (
            "zones/customers/customer-1.example.zone".into(),
            customer.clone(),
        ),
        ("zones/customers/customer-37.example.zone".into(), customer),
        ("zones/rtt.csv".into(), latency.into()),
    ])
}

/// A server with these files, or all that is wrong with them.
pub(super) fn load(files: &BTreeMap<String, String>) -> Result<Server, String> {
    let mut server = Server::default();
    server.load(files, atlas()).map(|()| server)
}

/// A server with this steering, the zones of all pages, and the page's own list if it has one.
pub(super) fn stage(steering: &str, list: Option<&str>) -> Result<Server, String> {
    let mut files = zones();
    files.insert("zones/steering.toml".into(), steering.into());
    files.extend(list.map(|list| ("zones/rtt.csv".into(), list.into())));
    load(&files)
}

/// Only these VIPs are down, and have been for long.
pub(super) fn down(server: &mut Server, vips: &[&str]) {
    server.believe(|name| match vips.contains(&name) {
        true => Both::same(Verdict {
            state: State::Down,
            since: 0,
        }),
        false => Both::UNKNOWN,
    });
}

/// What a client is answered, when `counter` queries were drawn before.
pub(super) fn asked(
    server: &Server,
    name: &str,
    client: &str,
    counter: u32,
    now: u64,
) -> Explanation {
    let question = Question::parse(name, client, None, None).unwrap();
    explain(server.world(), &question, now, counter)
}

/// What `meridian explain NAME CLIENT [--type TYPE] [--down VIP]...` says.
pub(super) fn explained(server: &mut Server, command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["meridian", "explain", name, client, options @ ..] = &words[..] else {
        panic!("{command}")
    };
    let (mut kind, mut lost) = ("A", Vec::new());
    for option in options.chunks(2) {
        match option {
            ["--type", word] => kind = word,
            ["--down", vip] => lost.push(*vip),
            _ => panic!("{command}"),
        }
    }
    down(server, &lost);
    let question = Question::parse(name, client, Some(kind), None).unwrap();
    let mut explanation = explain(server.world(), &question, NOW, 0);
    // Each run of the command reads the estate for the first time.
    explanation.generation = 1;
    explanation.to_string()
}

/// What a running server is told of a VIP, as the feed would at this second.
pub(super) fn report(server: &mut Server, vip: &str, state: State, load: Option<u64>, now: u64) {
    let seq = server
        .situation
        .board
        .entry(vip)
        .map_or(1, |entry| entry.v4.observations[0].order.seq + 1);
    let load = load.map(|load| Load {
        load: Some(u128::from(load) * UNIT),
        ..Load::default()
    });
    let report = Report {
        state,
        order: Order { epoch: 1, seq },
        valid_for: Some(300),
        family: None,
        load,
    };
    server
        .situation
        .board
        .apply(vip, &report, &Arc::from("feed"), now);
}

/// What `meridian explain NAME CLIENT --server URL` says of this server.
pub(super) fn heard(server: &Server, command: &str, now: u64) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["meridian", "explain", name, client, "--server", _] = &words[..] else {
        panic!("{command}")
    };
    asked(server, name, client, 0, now).to_string()
}
