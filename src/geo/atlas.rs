//! What the databases say of every address, flattened into ranges.

use std::collections::HashMap;
use std::net::IpAddr;

use super::cover::Cover;
use super::database::{self, Database};
pub use super::facts::Facts;
use super::facts::Ledger;
use super::range;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::place::Continent;
use crate::prefix::Prefix;

/// A database as read: its label and build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The path, or `built-in registry map (coarse)`.
    pub label: String,
    /// `GeoIP2-City`, or `registry-region`.
    pub database_type: String,
    /// When it was built, in seconds of the Unix epoch; 0 for the built-in map.
    pub build: u64,
    /// How many networks it has.
    pub networks: usize,
    /// How many records they point to, each of which was decoded once.
    pub records: usize,
}

/// All databases in force, as one map from addresses to facts. The ranges cover each family whole.
#[derive(Clone, Debug, Default)]
pub struct Atlas {
    /// The distinct facts; the first is "nothing known".
    pub(super) facts: Vec<Facts>,
    pub(super) v4: Cover<u32>,
    /// What stands here of the prefixes that hold IPv4 addresses does not count: see [`super::fold`].
    pub(super) v6: Cover<u128>,
    /// What it was made of, in the order of precedence.
    pub origins: Vec<Origin>,
    /// Whether it is the built-in map: continents by registry, hence coarse.
    pub coarse: bool,
}

static NOTHING: Facts = Facts {
    continent: None,
    country: None,
    subdivisions: Vec::new(),
    city: None,
    location: None,
    radius: None,
    system: None,
};

const REGISTRY: &str = include_str!("../../geoip/registry.csv");

impl Atlas {
    /// The built-in map: the continent of the registry that gives out the address.
    pub fn builtin() -> Atlas {
        let blocks: Vec<(Prefix, Option<Continent>)> = REGISTRY.lines().filter_map(block).collect();
        let mut ledger = Ledger::new();
        let (mut v4, mut v6) = (Cover::default(), Cover::default());
        for start in borders(&blocks) {
            let around = blocks.iter().filter(|(prefix, _)| prefix.contains(start));
            let continent = around
                .max_by_key(|(prefix, _)| prefix.len())
                .and_then(|block| block.1);
            let number = ledger.number(Facts {
                continent,
                ..Facts::default()
            });
            match start {
                IpAddr::V4(addr) => v4.push(u32::from(addr), number),
                IpAddr::V6(addr) => v6.push(u128::from(addr), number),
            }
        }
        let origin = Origin {
            label: "built-in registry map (coarse)".into(),
            database_type: "registry-region".into(),
            build: 0,
            networks: blocks.len(),
            records: blocks.len(),
        };
        Atlas {
            facts: ledger.into_facts(),
            v4,
            v6,
            origins: vec![origin],
            coarse: true,
        }
    }

    /// From MMDB files, each with the label the operator knows it by. Each fact of a network comes from the first file
    /// that has it; but of a later file the place counts only if it can be the same place. Every file that cannot be read is reported, and then there is no atlas.
    pub fn read(databases: &[(&str, &[u8])]) -> Result<Atlas, Vec<Diagnostic>> {
        let mut atlas = Atlas {
            facts: vec![Facts::default()],
            v4: Cover::whole(0),
            v6: Cover::whole(0),
            origins: Vec::new(),
            coarse: false,
        };
        let mut errors = Vec::new();
        for (label, bytes) in databases {
            match database::read(bytes) {
                // What was read is of use only if all are.
                Ok(database) if errors.is_empty() => atlas.lay_under(label, database),
                Ok(_) => {}
                Err(words) => errors.push(Diagnostic::whole(
                    format!("database {label}: {}", cut(&words)),
                    "Meridian reads MMDB files: City, Country, Enterprise, ASN and ISP of MaxMind, DB-IP Lite, IPinfo Lite",
                )),
            }
        }
        if errors.is_empty() {
            Ok(atlas)
        } else {
            Err(errors)
        }
    }

    /// Takes from `database` what is not known yet.
    fn lay_under(&mut self, label: &str, database: Database) {
        let Database {
            facts,
            v4,
            v6,
            kind,
            build,
            networks,
            records,
        } = database;
        let origin = Origin {
            label: label.into(),
            database_type: kind,
            build,
            networks,
            records,
        };
        self.origins.push(origin);
        if self.facts.len() == 1 {
            (self.facts, self.v4, self.v6) = (facts, v4, v6);
            return;
        }
        let mut ledger = Ledger::new();
        let mut known = HashMap::new();
        let over = std::mem::take(&mut self.facts);
        let mut pair = |a: u32, b: u32| {
            *known.entry((a, b)).or_insert_with(|| {
                let (over, under) = (over.get(a as usize), facts.get(b as usize));
                ledger.number(over.unwrap_or(&NOTHING).over(under.unwrap_or(&NOTHING)))
            })
        };
        self.v4 = range::overlay(self.v4.iter(), v4.iter(), &mut pair);
        self.v6 = range::overlay(self.v6.iter(), v6.iter(), &mut pair);
        self.facts = ledger.into_facts();
    }

    /// From facts, the first of which is "nothing known", and where ranges begin, ascending from 0, with the number of
    /// the facts from there on.
    pub fn new(
        facts: Vec<Facts>,
        v4: impl IntoIterator<Item = (u32, u32)>,
        v6: impl IntoIterator<Item = (u128, u32)>,
    ) -> Atlas {
        Atlas {
            facts,
            v4: v4.into_iter().collect(),
            v6: v6.into_iter().collect(),
            ..Atlas::default()
        }
    }

    /// Where ranges of IPv4 begin, ascending from 0, and the number of the facts from there on. Neighbours differ.
    pub fn ranges4(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.v4.iter()
    }

    /// The same for IPv6.
    pub fn ranges6(&self) -> impl Iterator<Item = (u128, u32)> + '_ {
        self.v6.iter()
    }

    /// How many ranges of IPv4 and of IPv6 it has.
    pub fn ranges(&self) -> (usize, usize) {
        (self.v4.len(), self.v6.len())
    }

    /// The facts of a number; "nothing known" if there is none such.
    pub fn facts(&self, number: u32) -> &Facts {
        self.facts.get(number as usize).unwrap_or(&NOTHING)
    }

    /// The distinct facts, each at its number; the first is "nothing known".
    pub fn distinct(&self) -> &[Facts] {
        &self.facts
    }

    /// How many distinct facts there are.
    #[allow(clippy::len_without_is_empty, reason = "nothing known is one of them")]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// What its ranges take of memory, in octets.
    pub fn memory(&self) -> usize {
        self.v4.memory() + self.v6.memory()
    }

    /// The facts of an address, and the widest network around it in which they are the same.
    pub fn find(&self, addr: IpAddr) -> (&Facts, Prefix) {
        let found = match addr {
            IpAddr::V4(addr) => self.v4.find(u32::from(addr)),
            IpAddr::V6(addr) => self.v6.find(u128::from(addr)),
        };
        let (number, length) = found.unwrap_or_default();
        (self.facts(number), Prefix::around(addr, length))
    }
}

/// A line of words, for a broken file may bring megabytes of its own into them.
fn cut(words: &str) -> String {
    let plain = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(limits::EXCERPT).collect()
}

/// A line of the registry's table: a network, and the continent of its registry; none where it is reserved.
fn block(line: &str) -> Option<(Prefix, Option<Continent>)> {
    let (prefix, registry) = line.split_once(',')?;
    let continent = match registry {
        "afrinic" => Some(Continent::Africa),
        "apnic" => Some(Continent::Asia),
        "arin" => Some(Continent::NorthAmerica),
        "lacnic" => Some(Continent::SouthAmerica),
        "ripe-ncc" => Some(Continent::Europe),
        "reserved" => None,
        _ => return None,
    };
    Some((prefix.parse().ok()?, continent))
}

/// Every address at which a block begins, or has just ended, and both zeros; ascending.
fn borders(blocks: &[(Prefix, Option<Continent>)]) -> Vec<IpAddr> {
    let mut borders: Vec<IpAddr> = vec![[0u8; 4].into(), [0u8; 16].into()];
    for (prefix, _) in blocks {
        borders.push(prefix.addr());
        borders.extend(prefix.after());
    }
    borders.sort();
    borders.dedup();
    borders
}
