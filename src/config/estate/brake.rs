//! How much of an estate may be lost at once.

use std::collections::BTreeMap;

use crate::config::estate::{SiteId, Steering, Vip, VipId};
use crate::digest::{Digest, Writer};

/// See the language: `[brake]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For how long a loss counts against the next; seconds, at least one.
    pub window: u64,
    /// Sites that may be lost within the window; at least one.
    pub sites: u16,
    /// The part of all capacity that may be lost within the window; parts of a million.
    pub share: u32,
    /// Sites that stay in force, whoever reports them lost.
    pub min_sites: u16,
    /// The part of all capacity that does; parts of a million.
    pub min_capacity: u32,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            window: 60,
            sites: 1,
            share: 500_000,
            min_sites: 1,
            min_capacity: 250_000,
        }
    }
}

/// What is lost as one: a site, or a VIP that stands at none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ground {
    /// All VIPs at this site.
    Site(SiteId),
    /// This VIP alone.
    Vip(VipId),
}

impl Steering {
    /// The grounds of an estate with their VIPs, none of them without any.
    pub fn grounds(&self) -> BTreeMap<Ground, Vec<VipId>> {
        let mut grounds: BTreeMap<Ground, Vec<VipId>> = BTreeMap::new();
        for (id, vip) in (0..).map(VipId).zip(&self.vips) {
            grounds.entry(ground(id, vip)).or_default().push(id);
        }
        grounds
    }

    /// What is lost as one with this VIP.
    pub fn ground(&self, id: VipId) -> Option<Ground> {
        let vip = self.vips.get(usize::from(id.0))?;
        Some(ground(id, vip))
    }

    /// What each VIP counts for among all: its capacity if every VIP says one, else its weight.
    pub fn sizes(&self) -> Vec<u64> {
        let told: Option<Vec<u64>> = self.vips.iter().map(|vip| vip.capacity).collect();
        told.unwrap_or_else(|| self.vips.iter().map(|vip| u64::from(vip.weight)).collect())
    }
}

/// Where a VIP stands.
fn ground(id: VipId, vip: &Vip) -> Ground {
    vip.site.map_or(Ground::Vip(id), Ground::Site)
}

impl Bounds {
    /// Of what they say.
    pub fn digest(&self) -> Digest {
        let Bounds {
            window,
            sites,
            share,
            min_sites,
            min_capacity,
        } = self;
        let mut all = Writer::new(11);
        all.number(*window).number(*sites).number(*share);
        all.number(*min_sites).number(*min_capacity);
        all.end()
    }
}
