//! What new databases change of where clients are sent, judged by the same steering before and after.

use std::sync::Arc;

use crate::steer::class::Map;
use crate::steer::distance::Globe;
use crate::steer::moved::{Share, between};
use crate::world::estate::{Estate, Root};
use crate::world::link;

/// The map in which most of a family moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// A pool that is steered by it.
    pub pool: String,
    /// How much.
    pub share: Share,
}

/// For IPv4 and IPv6 the map in which most moves; none if nothing does. What moves because steering is another is no part
/// of it: where the old map was made for other steering, one is made of the old databases for the new.
pub fn moved(before: &Estate, after: &Estate) -> [Option<Moved>; 2] {
    let mut most = [None, None];
    if Arc::ptr_eq(&before.databases, &after.databases) {
        return most;
    }
    let alike = before.steering.corrects_alike(&after.steering);
    let same = alike && link::same_places(&before.steering, &after.steering);
    let atlas = if alike {
        before.atlas.clone()
    } else {
        link::corrected(&after.steering, &before.databases, None)
    };
    let mut globe = None;
    let mut seen: Vec<*const Map> = Vec::new();
    for root in &after.roots {
        if seen.contains(&Arc::as_ptr(&root.map)) {
            continue;
        }
        seen.push(Arc::as_ptr(&root.map));
        let fits = |old: &&Root| same && old.map.needs().same_map(&root.needs);
        let old = before.roots.iter().find(fits).map(|old| old.map.clone());
        let old = old.unwrap_or_else(|| {
            let globe = globe.get_or_insert_with(Globe::new);
            let needs = root.needs.clone();
            Arc::new(Map::compile(&after.steering, &atlas, needs, globe))
        });
        let pool = after.steering.pools.get(usize::from(root.pool.0));
        let pool = pool.map_or("", |pool| &pool.name);
        for (most, share) in most.iter_mut().zip(between(&old, &root.map, &atlas)) {
            let least = most.as_ref().map_or(0, |m: &Moved| m.share.parts());
            if share.parts() > least {
                let pool = pool.to_owned();
                *most = Some(Moved { pool, share });
            }
        }
    }
    most
}
