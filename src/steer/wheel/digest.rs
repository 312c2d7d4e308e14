//! The digest of a choice: which VIPs, by their names, each point gets.

use super::{Choice, Ranks, Set, Wheel};
use crate::config::estate::VipId;
use crate::digest::{Digest, Writer};

impl Choice {
    /// Of both families. It was worked out when the choice was made.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// See [`Choice::digest`].
pub(super) fn digest(v4: &Wheel, v6: &Wheel, ranks: &Ranks) -> Digest {
    let mut all = Writer::new(30);
    for wheel in [v4, v6] {
        match wheel {
            Wheel::Arcs(arcs, vips) => {
                let arcs = arcs.list();
                all.number(0_u8).count(arcs.len());
                for (start, set) in arcs {
                    all.number(*start).number(place(*set));
                }
                names(&mut all, vips, ranks);
            }
            Wheel::Slots(slots, vips) => {
                all.number(1_u8).count(slots.len());
                for set in slots {
                    all.number(place(*set));
                }
                names(&mut all, vips, ranks);
            }
        }
    }
    all.end()
}

/// Where in the list of VIPs a set is. The list follows from the sets and their order, so this says as much as the VIPs.
fn place(set: Set) -> u64 {
    u64::from(set.start) << 32 | u64::from(set.len)
}

fn names(all: &mut Writer, vips: &[VipId], ranks: &Ranks) {
    all.count(vips.len());
    for vip in vips {
        all.number(ranks.of(*vip).0);
    }
}
