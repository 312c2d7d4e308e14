//! The estate: zones, steering and geography, linked. New on reload, shared by every world until then.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::{PoolId, Steering, VipId};
use crate::geo::atlas::Atlas;
use crate::limits;
use crate::steer::class::Map;
use crate::steer::reach::Needs;
use crate::steer::wheel::Ranks;
use crate::wire;
use crate::wire::asked::{Asked, Seed};
use crate::wire::name::Name;
use crate::zone::{Parsed, Zone};

/// See the module.
#[derive(Debug)]
pub struct Estate {
    /// Sorted by apex.
    pub zones: Vec<Held>,
    /// All that the `.toml` files say.
    pub steering: Steering,
    /// Where addresses are.
    pub atlas: Arc<Atlas>,
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
    pub(super) apexes: Apexes,
}

/// A zone that is served.
#[derive(Debug)]
pub struct Held {
    /// The records.
    pub zone: Arc<Zone>,
    /// Its apex in small letters and wire form.
    pub lower: Box<[u8]>,
    /// What they were read from.
    pub parsed: Arc<Parsed>,
    /// The steered names of the zone; a node carries the number of its name here.
    pub names: Vec<Name>,
    /// For each of them the index of its pool in [`Estate::roots`].
    pub steered: Vec<u32>,
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
}

impl Estate {
    /// The deepest zone that holds the name.
    #[inline]
    pub fn zone(&self, asked: &Asked) -> Option<&Held> {
        self.apexes.find(asked, asked.labels(), &self.zones)
    }

    /// The deepest zone that holds the name and begins above it: the parent's side of a zone cut.
    pub fn parent(&self, asked: &Asked) -> Option<&Held> {
        self.apexes
            .find(asked, asked.labels().checked_sub(1)?, &self.zones)
    }

    /// The zone with this apex.
    pub fn held(&self, apex: &Name) -> Option<&Held> {
        let by_apex = |held: &Held| held.parsed.apex.cmp(apex);
        let at = self.zones.binary_search_by(by_apex).ok()?;
        self.zones.get(at)
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
    pub(super) fn new(zones: &[Held]) -> Apexes {
        let apexes = zones
            .iter()
            .map(|held| Asked::of(held.zone.apex(), Seed::default()));
        let (hashes, labels): (Vec<u64>, Vec<usize>) =
            apexes.map(|a| (a.hash(a.labels()), a.labels())).unzip();
        let deepest = labels.into_iter().max().unwrap_or(0);
        Apexes {
            slots: wire::slots::Slots::build(&hashes),
            deepest,
        }
    }

    #[inline]
    fn find<'a>(&self, asked: &Asked, most: usize, zones: &'a [Held]) -> Option<&'a Held> {
        let mut labels = most.min(self.deepest);
        loop {
            let suffix = asked.suffix(labels);
            let is = |at: u32| {
                zones
                    .get(at as usize)
                    .is_some_and(|z| z.lower.as_ref() == suffix)
            };
            if let Some(found) = self.slots.find(asked.hash(labels), is) {
                return zones.get(found as usize);
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
