//! The hosts that a zone's NS records name, in a form that an estate of many zones can be searched for.

use super::chunk::{CUT, place};
use super::tree::Zone;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// Each host once, by its hash, with the first node whose NS records name it.
#[derive(Clone, Default)]
pub(super) struct Servers {
    hashes: Box<[u64]>,
    places: Box<[u32]>,
}

impl Servers {
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.hashes) + size_of_val(&*self.places)
    }

    /// The same where nodes stand elsewhere.
    pub(super) fn moved(&self, to: impl Fn(u32) -> u32) -> Servers {
        Servers {
            hashes: self.hashes.clone(),
            places: self.places.iter().map(|place| to(*place)).collect(),
        }
    }

    /// Those of a zone.
    pub(super) fn of(zone: &Zone) -> Servers {
        let mut asked = Asked::new(Seed::default());
        let mut list: Vec<(u64, u32)> = Vec::new();
        for (at, chunk) in zone.chunks.iter().enumerate() {
            for (index, node) in chunk.nodes.iter().enumerate() {
                if node.flags & CUT == 0 && (at, index) != (0, 0) {
                    continue;
                }
                let place = place(at, index);
                let set = zone.at(place).rrset(Kind::NS);
                for host in set.into_iter().flat_map(|set| set.records()) {
                    if asked.read(host).is_ok() {
                        list.push((asked.hash(asked.labels()), place));
                    }
                }
            }
        }
        list.sort_unstable();
        list.dedup_by_key(|(hash, _)| *hash);
        let (hashes, places): (Vec<u64>, Vec<u32>) = list.into_iter().unzip();
        Servers {
            hashes: hashes.into(),
            places: places.into(),
        }
    }
}

impl Zone {
    /// The hash of a host, as [`Zone::servers`] has it.
    pub fn server_hash(asked: &mut Asked, host: &Name) -> u64 {
        debug_assert_eq!(asked.seed(), Seed::default());
        // A `Name` is always readable.
        let _ = asked.read(host.wire());
        asked.hash(asked.labels())
    }

    /// The hashes of all hosts that NS records of the zone name, smallest first, each once.
    pub fn servers(&self) -> &[u64] {
        &self.servers.hashes
    }

    /// The host of one of these hashes, and the first owner whose NS records name it.
    pub fn server(&self, hash: u64) -> Option<(Name, Name)> {
        let at = self.servers.hashes.binary_search(&hash).ok()?;
        let node = self.at(*self.servers.places.get(at)?);
        let mut asked = Asked::new(Seed::default());
        let hosts = node.rrset(Kind::NS)?.records();
        let mut hosts = hosts.filter_map(|host| Some(Name::read(host).ok()?.0));
        let host = hosts.find(|host| Zone::server_hash(&mut asked, host) == hash)?;
        Some((host, node.owner()))
    }
}
