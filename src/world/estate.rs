//! The estate: zones, steering and geography, linked. New on reload, shared by every world until then.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::{PoolId, Steering, Vip, VipId};
use crate::digest::Digest;
use crate::geo::atlas::Atlas;
use crate::health::verdict::{Both, Verdict, Verdicts};
use crate::limits;
use crate::steer::class::Map;
use crate::steer::motion::course::Sight;
use crate::steer::reach::{Gives, Needs};
use crate::steer::wheel::Ranks;
use crate::wire;
use crate::wire::asked::{Asked, Seed};
use crate::wire::name::{Name, same};
use crate::world::lots::Lots;
use crate::zone::Zone;

/// See the module.
#[derive(Debug)]
pub struct Estate {
    /// Sorted by apex.
    pub zones: Vec<Held>,
    /// All that the `.toml` files say.
    pub steering: Arc<Steering>,
    /// Where addresses are: the databases with the corrections laid over them.
    pub atlas: Arc<Atlas>,
    /// The databases as they are; the same without corrections.
    pub databases: Arc<Atlas>,
    /// The pools that names point to.
    pub roots: Vec<Root>,
    /// For every pool the VIPs it reaches.
    pub reach: Vec<Vec<VipId>>,
    /// How VIPs fare in the slots of sticky tables.
    pub ranks: Ranks,
    /// For every VIP the slot in which its answers are counted.
    pub slots: Vec<u32>,
    /// The name of each slot from slot 1 on, with those that have left the estate: what was counted stays counted.
    pub counted: Vec<Arc<str>>,
    /// Of what is served: the zones and all that steering says.
    pub digest: Digest,
    /// Of what the databases say, without corrections.
    pub known: Digest,
    pub(super) apexes: Apexes,
    /// For every zone its part of `[names]`.
    pub(super) lots: Arc<Vec<Lots>>,
}

/// A zone that is served.
#[derive(Debug)]
pub struct Held {
    /// The records.
    pub zone: Arc<Zone>,
    /// Its apex in small letters and wire form.
    pub lower: Arc<[u8]>,
    /// The file that it was read from.
    pub path: Arc<str>,
    /// The steered names of the zone; a node carries the number of its name here.
    pub names: Arc<[Name]>,
    /// For each of them the index of its pool in [`Estate::roots`].
    pub steered: Arc<[u32]>,
    /// Of its records.
    pub digest: Digest,
}

/// A pool that names point to, with what its answers need.
#[derive(Debug)]
pub struct Root {
    /// Which.
    pub pool: PoolId,
    /// The hash that its draws begin with.
    pub hash: u64,
    /// What it must know of clients.
    pub needs: Needs,
    /// The classes of all addresses; shared with pools of the same needs.
    pub map: Arc<Map>,
    /// The VIPs whose verdicts can matter to it.
    pub involved: Vec<VipId>,
    /// What it answers with.
    pub gives: Gives,
    /// Of all that plans follow from but the map and the verdicts, with the numbers of VIPs, sites and pools: of two
    /// estates it is equal where plans can be taken over.
    pub basis: Digest,
    /// The pools whose motion can: itself, and those that it can come to.
    pub within: Vec<PoolId>,
}

impl Estate {
    /// The deepest zone that holds the name.
    #[inline(always)]
    pub fn zone(&self, asked: &Asked) -> Option<&Held> {
        self.apexes.held(asked, asked.labels(), &self.zones)
    }

    /// The deepest zone that holds the name and begins above it: the parent's side of a zone cut.
    pub fn parent(&self, asked: &Asked) -> Option<&Held> {
        self.apexes
            .held(asked, asked.labels().checked_sub(1)?, &self.zones)
    }

    /// The zone with this apex.
    pub fn held(&self, apex: &Name) -> Option<&Held> {
        let asked = Asked::of(apex, Seed::default());
        let held = self.zone(&asked)?;
        (*held.lower == *asked.wire()).then_some(held)
    }

    /// Where in the list the zone with the same apex is.
    pub(super) fn place(&self, zone: &Zone) -> Option<usize> {
        let is = |at: u32| {
            let held = self.zones.get(at as usize);
            held.is_some_and(|held| held.lower == *zone.lower())
        };
        let found = self.apexes.slots.find(zone.key().0, is)?;
        Some(found as usize)
    }

    /// Whether a pool of `cname` VIPs answers any name of a zone.
    pub(super) fn leads(&self, held: &Held) -> bool {
        let root = |at: &u32| self.roots.get(*at as usize);
        let mut roots = held.steered.iter().filter_map(root);
        roots.any(|root| root.gives == Gives::Alias)
    }

    /// What is believed of each VIP, in their order; `verdict` tells it by name. Of the address that a VIP does not have
    /// nothing is believed but what is of the other: both families must see the same sites.
    pub fn verdicts(&self, verdict: impl Fn(&str) -> Both) -> Verdicts {
        let of = |vip: &Vip| {
            let both = verdict(&vip.name);
            match (vip.address, vip.address6) {
                (Some(_), Some(_)) => both,
                (None, Some(_)) => Both::same(both.v6),
                (_, None) => Both::same(both.v4),
            }
        };
        let all: Vec<Both> = self.steering.vips.iter().map(of).collect();
        Verdicts::new(&all)
    }

    /// All that the courses of its pools go by.
    pub fn sight<'a>(&'a self, verdicts: &'a [Verdict], now: u64) -> Sight<'a> {
        Sight {
            steering: &self.steering,
            reach: &self.reach,
            verdicts,
            now,
        }
    }

    /// How many names steering answers.
    pub fn steered(&self) -> usize {
        self.zones.iter().map(|z| z.steered.len()).sum()
    }
}

/// Finds apexes by the hash of a suffix: one probe for each label of the name at the most.
#[derive(Debug, Default)]
pub(super) struct Apexes {
    slots: wire::slots::Slots,
    /// The most labels of any apex: longer suffixes need no probe.
    deepest: usize,
}

impl Apexes {
    /// Of zones, each by its place in the list.
    pub(super) fn new<'a>(zones: impl Iterator<Item = &'a Zone>) -> Apexes {
        let (hashes, labels): (Vec<u64>, Vec<usize>) = zones.map(Zone::key).unzip();
        let deepest = labels.into_iter().max().unwrap_or(0);
        Apexes {
            slots: wire::slots::Slots::build(&hashes),
            deepest,
        }
    }

    #[inline(always)]
    fn held<'a>(&self, asked: &Asked, most: usize, zones: &'a [Held]) -> Option<&'a Held> {
        let is = |at: usize, suffix: &[u8]| zones.get(at).is_some_and(|z| same(&z.lower, suffix));
        zones.get(self.find(asked, most, is)?)
    }

    /// The place of the deepest zone that holds the rightmost `most` labels of the name; `is` says whether the one at a
    /// place has that apex.
    #[inline(always)]
    pub(super) fn find(
        &self,
        asked: &Asked,
        most: usize,
        is: impl Fn(usize, &[u8]) -> bool,
    ) -> Option<usize> {
        let mut labels = most.min(self.deepest);
        loop {
            let suffix = asked.suffix(labels);
            let is = |at: u32| is(at as usize, suffix);
            if let Some(found) = self.slots.find(asked.hash(labels), is) {
                return Some(found as usize);
            }
            labels = labels.checked_sub(1)?;
        }
    }
}

/// Which slot counts the answers of which VIP name. A slot belongs to its name as long as the process lives, so that no
/// reload lets one VIP inherit another's count. Slot 0 is for names beyond the last slot.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    slots: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Slots {
    /// The slot of a name, new or known.
    pub fn of(&mut self, name: &str) -> u32 {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let next = self.names.len() as u32 + 1;
        if next as usize >= limits::VIP_SLOTS {
            return 0;
        }
        let name: Arc<str> = Arc::from(name);
        self.names.push(name.clone());
        self.slots.insert(name, next);
        next
    }

    /// Every name that has a slot, in the order of the slots, from slot 1 on.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }
}
