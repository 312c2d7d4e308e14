//! What a reload changed: zones by their serials, and whether anything else did.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::keeper::Changes;
use crate::world::estate::{Estate, Held};

/// What differs, zone by zone: one walk along both, for each is sorted by apex.
pub(super) fn changes(old: &Estate, new: &Estate) -> Changes {
    let mut changes = Changes::default();
    let (mut before, mut after) = (old.zones.iter().peekable(), new.zones.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            // Nearly always they are the same, and to say which name comes first is dear.
            (Some(a), Some(b)) if a.lower == b.lower => Ordering::Equal,
            (Some(a), Some(b)) => a.zone.apex().cmp(b.zone.apex()),
        };
        let apex = |held: &Held| held.zone.apex().to_string();
        let gone = before.next_if(|_| order != Ordering::Greater);
        let new = after.next_if(|_| order != Ordering::Less);
        match (gone, new) {
            (Some(a), Some(b)) if !Arc::ptr_eq(&a.zone, &b.zone) => {
                let serials = (a.zone.serial(), b.zone.serial());
                changes.changed.push((apex(b), serials.0, serials.1));
            }
            (Some(a), None) => changes.removed.push(apex(a)),
            (None, Some(b)) => changes.added.push((apex(b), b.zone.serial())),
            _ => {}
        }
    }
    changes.steering = !Arc::ptr_eq(&old.atlas, &new.atlas) || !old.steering.same(&new.steering);
    changes
}
