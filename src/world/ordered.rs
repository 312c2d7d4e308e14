//! What an order is for, in an estate.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::estate::{Site, Steering, VipId};
use crate::health::orders::Subject;
use crate::health::verdict::Both;
use crate::world::World;

/// The VIPs that a subject stands for in an estate; none if it has no such subject.
pub fn vips(steering: &Steering, subject: &Subject) -> Option<Vec<VipId>> {
    let all = (0..=u16::MAX).map(VipId).zip(&steering.vips);
    match subject {
        Subject::Vip(name) => Some(vec![steering.vip(name)?]),
        Subject::Site(name) => {
            let named = |site: &Site| *site.name == **name;
            let at = steering.sites.iter().position(named)?;
            let here = all.filter(|(_, vip)| vip.site.map(|site| usize::from(site.0)) == Some(at));
            Some(here.map(|(id, _)| id).collect())
        }
    }
}

/// What is in force for these VIPs, by name, as a hold keeps it.
pub fn held(world: &World, vips: &[VipId]) -> BTreeMap<Arc<str>, Both> {
    let named = vips.iter().filter_map(|id| {
        let vip = world.estate.steering.vips.get(usize::from(id.0))?;
        let both = world.verdicts.at(usize::from(id.0));
        Some((Arc::from(vip.name.as_str()), both))
    });
    named.collect()
}
