//! Names that steering leaves alone: what the zone file by itself has for them, although steered names stand around.

use super::lookup::{Found, Match};
use super::tree::Zone;
use crate::wire::asked::Asked;
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::wire::slots::Slots;

/// The kept names without records of their own, and the zone without any steered name, in which they are looked up.
pub(super) struct Apart {
    names: Box<[Name]>,
    slots: Slots,
    plain: Zone,
}

impl Apart {
    /// Those of a zone. None if for each kept name the zone itself has what the file has.
    pub(super) fn of(zone: &Zone) -> Option<Apart> {
        if zone.steered.is_empty() {
            return None;
        }
        let bare = |name: &&Name| {
            let node = zone.node(name.wire());
            name.is_within(&zone.apex) && node.is_none_or(|node| node.rrsets().len() == 0)
        };
        let names: Box<[Name]> = zone.kept.iter().filter(bare).map(Name::lower).collect();
        if names.is_empty() {
            return None;
        }
        let mut asked = Asked::new(zone.seed);
        let hash = |name: &Name| {
            // A `Name` is always readable.
            let _ = asked.read(name.wire());
            asked.hash(asked.labels())
        };
        let hashes: Vec<u64> = names.iter().map(hash).collect();
        Some(Apart {
            slots: Slots::build(&hashes),
            plain: zone.steer(&[]),
            names,
        })
    }

    pub(super) fn memory(&self) -> usize {
        let names: usize = self.names.iter().map(|name| name.wire().len()).sum();
        names + size_of_val(&*self.names) + self.slots.memory() + self.plain.memory()
    }

    /// What there is for a name, if it is one of these. A name above steered ones exists in any case: "no such name"
    /// would deny those too (RFC 8020 §2).
    pub(super) fn find<'a>(
        &'a self,
        zone: &'a Zone,
        asked: &Asked,
        kind: Kind,
    ) -> Option<Found<'a>> {
        let is = |at: u32| {
            let name = self.names.get(at as usize);
            name.is_some_and(|name| name.wire() == asked.wire())
        };
        self.slots.find(asked.hash(asked.labels()), is)?;
        let found = self.plain.find(asked, kind);
        let node = match found {
            Found::NoName { .. } => zone.node_at(asked, asked.labels()),
            _ => None,
        };
        Some(node.map_or(found, |node| match kind {
            Kind::ANY => Found::Any {
                node,
                by: Match::Exact,
            },
            _ => Found::NoData {
                node,
                by: Match::Exact,
            },
        }))
    }
}
