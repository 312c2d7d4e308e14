//! An Internet that does not exist, as large as the real one: a City database and one of AS numbers, the same from the same
//! seed.
//!
//! Addresses are held by providers, each of one country with some of its cities, and dealt out as registries do: IPv4 is
//! full and finely cut in places, IPv6 lies in a few blocks with much room between. The real one has 3.4 million networks.
#![allow(dead_code, reason = "each user takes its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dice::Dice;
use super::mmdb::{Mmdb, Record};

/// How much of everything. IPv4 is never less than a /20 each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) v4: u32,
    pub(crate) v6: u32,
    pub(crate) cities: u32,
    pub(crate) providers: u32,
}

impl Size {
    /// As large as GeoIP2-City.
    pub(crate) const WHOLE: Size = Size {
        v4: 2_000_000,
        v6: 1_100_000,
        cities: 100_000,
        providers: 40_000,
    };
}

/// The databases, and the networks of the first.
pub(crate) struct Internet {
    pub(crate) city: Mmdb,
    pub(crate) systems: Mmdb,
    size: Size,
    dice: Dice,
    countries: Vec<Country>,
    providers: Vec<Provider>,
    /// What was dealt out last, for neighbours are often alike.
    last: u32,
}

struct Country {
    /// Its own record, then those of its cities from west to east.
    records: std::ops::Range<u32>,
    /// What its share begins at, of `TOTAL`.
    share: u32,
}

/// Who holds addresses.
#[derive(Clone, Copy)]
struct Provider {
    country: u32,
    /// Its cities among those of the country: the first, and how many.
    first: u32,
    many: u32,
    system: u32,
}

/// Countries with many addresses, by weight, and how far they stretch north and east; all others weigh 2.
const LARGE: &str = "US 300 9 22,CN 120 8 14,JP 60 5 4,DE 50 3 3,GB 45 3 2,FR 40 3 3,KR 35 1 1,BR 45 10 9,IN 60 9 7,\
    CA 25 4 25,RU 40 5 40,IT 25 3 3,AU 18 7 14,NL 16 1 1,ES 16 3 4,MX 18 5 7,ID 16 4 12,PL 12 2 3,TR 12 2 6,ZA 10 3 5,\
    AR 10 8 3,SE 10 5 2,CH 8 1 1,UA 8 2 5,CO 7 4 3,VN 10 5 2,TH 7 5 2,EG 6 3 2,NG 8 3 4,TW 10 1 1";

const COUNTRIES: &str = include_str!("../../geoip/countries.csv");

/// Thirty-two of them, for names of cities.
const SYLLABLES: &str = "ba bel bor dan der el fal gar hol in kar kel lan lo mar mel min mor nor o pel ra ros sal sto \
    tal tor ul ven vil wes zan";

/// /12s of IPv6 with most of what is dealt out.
const BLOCKS: [(u128, u32); 6] = [
    (0x2001, 6),
    (0x2400, 22),
    (0x2600, 30),
    (0x2800, 10),
    (0x2a00, 27),
    (0x2c00, 5),
];

impl Internet {
    pub(crate) fn new(size: Size, seed: u64) -> Internet {
        let mut internet = Internet {
            city: Mmdb::new("GeoIP2-City"),
            systems: Mmdb::new("GeoLite2-ASN"),
            size,
            dice: Dice(seed),
            countries: Vec::new(),
            providers: Vec::new(),
            last: 0,
        };
        internet.settle();
        internet.found();
        internet.deal4();
        internet.deal6();
        internet
    }

    /// An address of a network of this family at random: small networks are as likely as large ones.
    pub(crate) fn address(&self, dice: &mut Dice, family: Family) -> IpAddr {
        let border = self
            .city
            .many
            .partition_point(|network| network.0 >> 32 == 0) as u32;
        let (from, to) = match family {
            Family::V4 => (0, border),
            Family::V6 => (border, self.city.many.len() as u32),
        };
        let (bits, length, _) = self.city.many[(from + dice.below(to - from)) as usize];
        let inside = u128::from(dice.roll()) << 64 | u128::from(dice.roll());
        let addr = bits | inside.checked_shr(length).unwrap_or(0);
        match family {
            Family::V4 => Ipv4Addr::from(addr as u32).into(),
            Family::V6 => Ipv6Addr::from(addr).into(),
        }
    }

    /// Countries with their cities.
    fn settle(&mut self) {
        let syllables: Vec<&str> = SYLLABLES.split(' ').collect();
        let lines: Vec<Vec<&str>> = COUNTRIES
            .lines()
            .skip(2)
            .map(|l| l.splitn(6, ',').collect())
            .collect();
        let large = |code: &str| {
            let line = LARGE
                .split(',')
                .map(str::trim)
                .find(|l| l.starts_with(code))?;
            let mut numbers = line.split(' ').skip(1).map(|n| n.parse::<u32>().unwrap());
            Some([numbers.next()?, numbers.next()?, numbers.next()?])
        };
        let scale: Vec<[u32; 3]> = lines
            .iter()
            .map(|l| large(l[0]).unwrap_or([2, 1, 1]))
            .collect();
        let total: u32 = scale.iter().map(|s| s[0]).sum();
        let mut share = 0;
        for (line, [weight, north, east]) in lines.iter().zip(scale) {
            let [code, _, continent, latitude, longitude, _] = line[..] else {
                panic!("{line:?}")
            };
            let middle: [f64; 2] = [latitude, longitude].map(|degrees| degrees.parse().unwrap());
            let country = || Record::new().continent(continent).country(code);
            let first = self.city.records.len() as u32;
            self.city
                .records
                .push(country().location(middle[0], middle[1]).value());
            let many = (u64::from(self.size.cities) * u64::from(weight) / u64::from(total)) as u32;
            let parts = (many / 60).clamp(1, 50);
            for n in 0..many {
                let part = format!("{:02}", n * parts / many + 1);
                let city = self.dice.roll();
                let name: String = (0..2 + city % 2)
                    .map(|k| syllables[(city >> (5 * k + 8)) as usize % 32])
                    .collect();
                let name = name[..1].to_uppercase() + &name[1..];
                // Ten thousandths of a degree, and more of them near the middle line than at the edge.
                let mut off =
                    |reach: u32| f64::from(self.dice.below(reach) + self.dice.below(reach)) / 1e4;
                let south = middle[0] - f64::from(north) + off(north * 10_000);
                let west =
                    middle[1] - f64::from(east) + f64::from(2 * east * n / many) + off(10_000);
                let place = country().subdivisions(&[&part]).city(&name);
                self.city.records.push(
                    place
                        .location(south.clamp(-89.0, 89.0), west.clamp(-179.0, 179.0))
                        .value(),
                );
            }
            let records = first..self.city.records.len() as u32;
            self.countries.push(Country { records, share });
            share += weight;
        }
        self.countries.push(Country {
            records: 0..0,
            share,
        });
    }

    /// A country by its weight.
    fn country(&mut self) -> u32 {
        let total = self.countries[self.countries.len() - 1].share;
        let at = self.dice.below(total);
        self.countries.partition_point(|c| c.share <= at) as u32 - 1
    }

    /// Providers with their countries and cities, and the AS numbers that they have.
    fn found(&mut self) {
        for n in 0..self.size.providers {
            let country = self.country();
            let cities = self.countries[country as usize].records.len() as u32 - 1;
            let many = (6 * self.dice.steep(7)).min(cities);
            let first = self.dice.below(cities + 1 - many);
            let system = self.systems.records.len() as u32;
            self.systems
                .records
                .push(Record::new().system(1_000 + 7 * n).value());
            self.providers.push(Provider {
                country,
                first,
                many,
                system,
            });
        }
    }

    fn provider(&mut self) -> Provider {
        // The first hold the most.
        let among = self.dice.below(self.size.providers) + 1;
        self.providers[self.dice.below(among) as usize]
    }

    fn record(&mut self, provider: Provider) -> u32 {
        let records = self.countries[provider.country as usize].records.clone();
        if records.contains(&self.last) && self.dice.percent(8) {
            return self.last;
        }
        self.last = match self.dice.below(100) {
            0..8 => records.start,
            // Somebody else uses it, elsewhere.
            8..10 => self.dice.below(self.city.records.len() as u32),
            _ if provider.many == 0 => records.start,
            _ => {
                let among = self.dice.below(provider.many) + 1;
                records.start + 1 + provider.first + self.dice.below(among)
            }
        };
        self.last
    }

    /// IPv4 by /16s: all that can be a client's but a few.
    fn deal4(&mut self) {
        let reserved = |n: u32| {
            matches!(n >> 8, 0 | 10 | 127 | 224..) || matches!(n, 0xa9fe | 0xc0a8 | 0xc612 | 0xc613)
        };
        let blocks: Vec<u32> = (0..1 << 16)
            .filter(|n| !reserved(*n))
            .filter(|_| !self.dice.percent(5))
            .collect();
        let least = 16;
        let weights: Vec<u32> = blocks.iter().map(|_| self.dice.steep(9) - 1).collect();
        let mut shares = Shares::new(
            &weights,
            self.size.v4.saturating_sub(least * blocks.len() as u32),
        );
        let mut provider = self.provider();
        for (block, weight) in blocks.iter().zip(&weights) {
            if self.dice.percent(40) {
                provider = self.provider();
            }
            let many = least + shares.next(*weight);
            let whole = Cut {
                bits: u128::from(*block) << 16,
                length: 112,
                many,
            };
            self.cut(whole, 116, 128, provider);
        }
    }

    /// IPv6 by /32s, with much room between them.
    fn deal6(&mut self) {
        let blocks: Vec<u128> = BLOCKS
            .iter()
            .flat_map(|(block, share)| {
                let many = self.size.v6.div_ceil(2_000) * share;
                let mut at = 0x200 + block % 16;
                let mut next = || {
                    at += u128::from(self.dice.steep(5));
                    *block << 16 | at
                };
                (0..many).map(|_| next()).collect::<Vec<_>>()
            })
            .map(|top| top << 96)
            .collect();
        let weights: Vec<u32> = blocks.iter().map(|_| self.dice.steep(11) - 1).collect();
        let mut shares = Shares::new(&weights, self.size.v6.saturating_sub(blocks.len() as u32));
        for (bits, weight) in blocks.iter().zip(&weights) {
            let provider = self.provider();
            let whole = Cut {
                bits: *bits,
                length: 32,
                many: 1 + shares.next(*weight),
            };
            self.cut(whole, 32, 64, provider);
        }
    }

    /// Cuts a network into so many, none wider than `least` nor narrower than `most`, and gives each a record.
    fn cut(&mut self, whole: Cut, least: u32, most: u32, mut provider: Provider) {
        let Cut { bits, length, many } = whole;
        if many <= 1 && length >= least || length == most {
            let record = self.record(provider);
            self.city.many.push((bits, length, record));
            merge(&mut self.systems.many, (bits, length, provider.system));
            return;
        }
        // Some are cut in the middle, most have one part that is cut far finer.
        let room = |length: u32| 1_u32.checked_shl(most - length).unwrap_or(u32::MAX);
        let fewest = |length: u32| 1 << least.saturating_sub(length);
        let percent = [50, 50, 88, 12, 97, 3][self.dice.below(6) as usize];
        let below = length + 1;
        let left = (u64::from(many) * percent / 100) as u32;
        let left = left
            .clamp(fewest(below), room(below))
            .clamp(many.saturating_sub(room(below)), room(below));
        let right = many.saturating_sub(left).max(fewest(below));
        self.cut(
            Cut {
                bits,
                length: below,
                many: left,
            },
            least,
            most,
            provider,
        );
        if length < least + 4 && self.dice.percent(20) {
            provider = self.provider();
        }
        let bits = bits | 1 << (127 - length);
        self.cut(
            Cut {
                bits,
                length: below,
                many: right,
            },
            least,
            most,
            provider,
        );
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Family {
    V4,
    V6,
}

/// A network that is to be cut into so many.
struct Cut {
    bits: u128,
    length: u32,
    many: u32,
}

/// Deals a number out by weights, to the last one.
struct Shares {
    weights: u64,
    dealt: u64,
    all: u64,
    so_far: u64,
}

impl Shares {
    fn new(weights: &[u32], all: u32) -> Shares {
        let weights = weights.iter().map(|w| u64::from(*w)).sum();
        Shares {
            weights,
            dealt: 0,
            all: u64::from(all),
            so_far: 0,
        }
    }

    fn next(&mut self, weight: u32) -> u32 {
        self.so_far += u64::from(weight);
        let until = self.all * self.so_far / self.weights.max(1);
        let share = until - self.dealt;
        self.dealt = until;
        share as u32
    }
}

/// Adds a network; two halves of one holder are one.
fn merge(networks: &mut Vec<(u128, u32, u32)>, mut network: (u128, u32, u32)) {
    while let Some(last) = networks.last() {
        let (bits, length, value) = network;
        let half = 1 << (128 - length);
        if (last.0 ^ bits, last.1, last.2) != (half, length, value) {
            break;
        }
        network = (bits & !half, length - 1, value);
        networks.pop();
    }
    networks.push(network);
}
