//! What a reload changed: zones by their serials, and whether anything else did.

use std::sync::Arc;

use crate::keeper::Changes;
use crate::world::estate::{Estate, Held};

/// What differs, zone by zone.
pub(super) fn changes(old: &Estate, new: &Estate) -> Changes {
    let mut changes = Changes::default();
    for held in &new.zones {
        let apex = held.zone.apex().to_string();
        match old.zones.iter().find(|z| z.lower == held.lower) {
            None => changes.added.push((apex, held.zone.serial())),
            Some(before) if !Arc::ptr_eq(&before.zone, &held.zone) => {
                changes
                    .changed
                    .push((apex, before.zone.serial(), held.zone.serial()));
            }
            Some(_) => {}
        }
    }
    let gone = |z: &&Held| !new.zones.iter().any(|n| n.lower == z.lower);
    changes.removed = old
        .zones
        .iter()
        .filter(gone)
        .map(|z| z.zone.apex().to_string())
        .collect();
    changes.steering = !Arc::ptr_eq(&old.atlas, &new.atlas) || !old.steering.same(&new.steering);
    changes
}
