//! A middling estate with queries for it, for benches and for laws about cost: five sites of six VIPs, one name for each
//! kind of answer, and made-up networks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use meridian::geo::atlas::{Atlas, Facts};
use meridian::place::{Country, Point};
use meridian::wire::cookie::{Cookie, Secrets};
use meridian::wire::kind::Kind;
use meridian::wire::name::Name;
use meridian::world::badge::Badge;

use crate::server::Server;

const ZONE: &str = "\
$TTL 300
@        IN SOA   ns1 hostmaster 1 3600 600 604800 60
         IN NS    ns1
         IN NS    ns2
ns1      IN A     192.0.2.1
         IN AAAA  2001:db8::1
ns2      IN A     192.0.2.2
www      IN A     192.0.2.80
several  IN A     192.0.2.81
         IN A     192.0.2.82
         IN A     192.0.2.83
mail     IN MX    10 www
alias    IN CNAME further
further  IN CNAME www
onto     IN CNAME country
old      IN DNAME names
*.wild   IN A     192.0.2.84
https    IN HTTPS 1 . alpn=\"h3,h2\" ipv4hint=192.0.2.85 ipv6hint=2001:db8::85
else     IN HTTPS 1 country alpn=\"h3,h2\" ipv4hint=192.0.2.85 ipv6hint=2001:db8::85
lab      IN NS    ns.lab
         IN NS    ns1
ns.lab   IN A     203.0.113.53
         IN AAAA  2001:db8:5::53
";

const SITES: [(&str, f64, f64); 5] = [
    ("fra", 50.11, 8.68),
    ("iad", 38.95, -77.45),
    ("gru", -23.43, -46.47),
    ("jnb", -26.13, 28.24),
    ("sin", 1.36, 103.99),
];

/// VIPs of each site.
const VIPS: usize = 6;

const POOLS: &str = r#"
[vips.cdn]
cname = "acme.cdn.example."
[vips.here]
cname = "nearest.example.com."
[rules.countries]
DE = "fra"
FR = "fra"
US = "iad"
BR = "gru"
ZA = "jnb"
SG = "sin"
JP = "sin"
[pools.country]
members = ["fra", "iad", "gru", "jnb", "sin"]
policy = "failover"
prefer = "countries"
[pools.nearest]
members = ["fra", "iad", "gru", "jnb", "sin"]
policy = "nearest"
tie = "300km"
[pools.four]
members = ["fra", "iad", "gru", "jnb", "sin"]
policy = "nearest"
answers = 4
[pools.spread]
members = ["fra", "iad", "gru", "jnb", "sin"]
[pools.client]
members = ["fra", "iad", "gru", "jnb", "sin"]
draw = "client"
[pools.sticky]
members = ["fra", "iad", "gru", "jnb", "sin"]
draw = "sticky"
[pools.name]
members = ["fra", "iad", "gru", "jnb", "sin"]
draw = "name"
[names]
"country.example.com." = "country"
"nearest.example.com." = "nearest"
"four.example.com." = "four"
"spread.example.com." = "spread"
"client.example.com." = "client"
"sticky.example.com." = "sticky"
"name.example.com." = "name"
"https.example.com." = "nearest"
"cdn.example.com." = "cdn"
"led.example.com." = "here"
"*.stars.example.com." = "nearest"
"kept.stars.example.com." = "zone"
"#;

/// Where clients are.
const COUNTRIES: [(&str, f64, f64); 10] = [
    ("DE", 52.5, 13.4),
    ("FR", 48.9, 2.4),
    ("US", 37.8, -96.0),
    ("BR", -15.8, -47.9),
    ("ZA", -30.6, 22.9),
    ("SG", 1.3, 103.8),
    ("JP", 35.7, 139.7),
    ("IN", 28.6, 77.2),
    ("AU", -33.9, 151.2),
    ("PL", 52.2, 21.0),
];

/// The same run of numbers each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        meridian::steer::draw::mix(self.0)
    }

    /// An IPv4 address that can be a client's.
    pub(crate) fn v4(&mut self) -> Ipv4Addr {
        Ipv4Addr::from(0x0b00_0000 + self.roll() as u32 % 0x5900_0000)
    }

    /// The same for IPv6: a network from the blocks of the five registries.
    pub(crate) fn v6(&mut self) -> Ipv6Addr {
        let block = [0x240, 0x260, 0x280, 0x2a0, 0x2c0][self.roll() as usize % 5];
        Ipv6Addr::from(block << 116 | u128::from(self.roll() >> 12) << 64)
    }
}

/// The estate with `names` more names in its zone, and about `ranges` networks of each family.
pub(crate) fn server(names: usize, ranges: usize) -> Server {
    let mut zone = ZONE.to_string();
    for n in 0..names {
        let _ = writeln!(
            zone,
            "host-{n} IN A 10.{}.{}.{}",
            n >> 16,
            n >> 8 & 255,
            n & 255
        );
    }
    let mut steering = String::from("[sites]\n");
    for (site, north, east) in SITES {
        let _ = writeln!(steering, "{site} = {{ location = [{north:?}, {east:?}] }}");
    }
    steering.push_str("[vips]\n");
    for (s, (site, ..)) in SITES.iter().enumerate() {
        for v in 1..=VIPS {
            let _ = writeln!(
                steering,
                "{site}-{v} = {{ site = \"{site}\", address = \"198.51.100.{}\", address6 = \"2001:db8:{s}::{v}\", weight = {v} }}",
                s * 16 + v
            );
        }
    }
    steering.push_str(POOLS);
    let files = BTreeMap::from([
        ("example.com.zone".to_string(), zone),
        ("steering.toml".to_string(), steering),
    ]);
    let mut server = Server::default();
    server.badge = Badge::new(Some("fra1"), None, Secrets::new(vec![*b"not very secret."]));
    if let Err(words) = server.load(&files, Arc::new(atlas(ranges))) {
        panic!("{words}");
    }
    server
}

fn atlas(ranges: usize) -> Atlas {
    let facts = COUNTRIES.iter().map(|(code, north, east)| Facts {
        country: Country::from_code(code),
        location: Point::from_degrees(*north, *east),
        ..Facts::default()
    });
    let facts: Vec<Facts> = [Facts::default()].into_iter().chain(facts).collect();
    let mut dice = Dice(1);
    let v4 = starts(ranges, || u32::from(dice.v4()) & !0xff);
    let v6 = starts(ranges, || u128::from(dice.v6()) >> 80 << 80);
    let numbers = (1..facts.len() as u32).cycle();
    Atlas::new(
        facts,
        [(0, 0)]
            .into_iter()
            .chain(v4.into_iter().zip(numbers.clone())),
        [(0, 0)].into_iter().chain(v6.into_iter().zip(numbers)),
    )
}

/// Where up to so many made-up networks begin, each once, in the order of their addresses.
pub(crate) fn starts<T: Ord>(many: usize, roll: impl FnMut() -> T) -> Vec<T> {
    let mut starts: Vec<T> = std::iter::repeat_with(roll).take(many).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// What a query says of EDNS.
#[derive(Clone, Copy)]
pub(crate) enum Terms {
    /// No OPT record.
    None,
    /// An OPT record without options.
    Plain,
    /// A client subnet of this length.
    Subnet(IpAddr, u8),
    /// A cookie whose server's half is not known yet.
    New,
    /// A cookie that the server gave to [`SENDER`] at [`NOW`].
    Cookie,
    /// A cookie, and whatever else can be asked for.
    All,
    /// A signature of a key that the server does not know.
    Signed,
}

/// Who asks with cookies, and when.
pub(crate) const SENDER: [u8; 4] = [11, 22, 33, 44];
pub(crate) const NOW: u64 = 1_700_000_000;

/// A cookie as [`SENDER`] sends it, with or without the server's half.
fn cookie(whole: bool) -> Vec<u8> {
    let client = b"a client";
    let secrets = Secrets::new(vec![*b"not very secret."]);
    let new = Cookie {
        client,
        server: &[],
    };
    let server = secrets.judge(&new, SENDER.into(), NOW).unwrap().1;
    let server = if whole { &server[..] } else { &[] };
    let head = [0, 10, 0, 8 + server.len() as u8];
    [&head, &client[..], server].concat()
}

/// A query as a resolver sends it.
pub(crate) fn query(name: &str, kind: Kind, terms: Terms) -> Vec<u8> {
    let name: Name = name.parse().unwrap();
    let extra = u8::from(!matches!(terms, Terms::None));
    let mut message = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, extra];
    message.extend(name.wire());
    message.extend(kind.0.to_be_bytes());
    message.extend([0, 1]);
    let option = match terms {
        Terms::None => return message,
        Terms::Signed => {
            message.extend(b"\x08some-key\0\0\xfa\0\xff\0\0\0\0\0\x3d\x0bhmac-sha256\0");
            message.extend([0, 0, 0x65, 0x53, 0xf1, 0, 1, 44, 0, 32]);
            message.extend([7; 32]);
            message.extend([0x12, 0x34, 0, 0, 0, 0]);
            return message;
        }
        Terms::Plain => Vec::new(),
        Terms::New => cookie(false),
        Terms::Cookie => cookie(true),
        Terms::All => {
            let wishes = [3, 9, 11, 19, 250].map(|code| [0, code, 0, 0]).concat();
            [wishes, cookie(true)].concat()
        }
        Terms::Subnet(addr, length) => {
            let (family, octets) = match addr {
                IpAddr::V4(addr) => (1, addr.octets().to_vec()),
                IpAddr::V6(addr) => (2, addr.octets().to_vec()),
            };
            let octets = &octets[..usize::from(length / 8)];
            let head = [0, 8, 0, octets.len() as u8 + 4, 0, family, length, 0];
            [&head, octets].concat()
        }
    };
    message.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, option.len() as u8]);
    message.extend(option);
    message
}
