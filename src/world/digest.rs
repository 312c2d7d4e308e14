//! Digests of a world: equal where two servers serve, know, believe and do the same.

use std::sync::Arc;

use crate::config::estate::{Pool, PoolId, Steering, Target};
use crate::digest::{Digest, Writer};
use crate::geo::atlas::Atlas;
use crate::health::verdict::{Family, State};
use crate::steer::motion::Moving;
use crate::world::World;
use crate::world::estate::{Estate, Held};
use crate::zone::Zone;

/// What two servers can be compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// What is served: the zones, and all that steering says. Comments, order and the names of files are no part of it.
    pub estate: Digest,
    /// What the databases say of every address.
    pub databases: Digest,
    /// The state in force of each VIP, and what moves in pools.
    pub board: Digest,
    /// Which VIPs each client gets. It follows from the other three.
    pub plans: Digest,
}

impl Digests {
    /// Each with the word it goes by.
    pub fn named(&self) -> [(&'static str, Digest); 4] {
        [
            ("estate", self.estate),
            ("databases", self.databases),
            ("board", self.board),
            ("plans", self.plans),
        ]
    }
}

impl World {
    /// Times are no part of any, for the clocks of two servers may differ.
    pub fn digests(&self) -> Digests {
        let steering = &self.estate.steering;
        let mut board = Writer::new(41);
        for (vip, both) in steering.vips.iter().zip(self.verdicts.iter()) {
            board.text(&vip.name);
            for verdict in Family::ALL.map(|family| both.of(family)) {
                let quality = match verdict.state {
                    State::Degraded(part) => part,
                    State::Unknown | State::Up | State::Drain | State::Down => 0,
                };
                board.text(verdict.state.word()).number(quality);
            }
        }
        for (pool, number) in steering.pools.iter().zip(0..) {
            moving(&mut board, pool, self.motion.of(PoolId(number)));
        }
        let pools = self.estate.roots.iter().zip(&self.plans);
        // Roots stand in the order in which names use them.
        let plans = pools.map(|(root, plans)| {
            let mut one = Writer::new(root.hash);
            one.digest(root.map.digest()).digest(plans.digest());
            one.end()
        });
        Digests {
            estate: self.estate.digest,
            databases: self.estate.known,
            board: board.end(),
            plans: plans.fold(Digest::default(), Digest::and),
        }
    }
}

/// Of what moves in a pool; a pool at rest is not there.
fn moving(board: &mut Writer, pool: &Pool, moving: &Moving) {
    let Moving {
        factors,
        numbers,
        held,
        shed,
        until: _,
    } = moving;
    if [factors.len(), numbers.len(), held.len(), shed.len()] == [0; 4] {
        return;
    }
    board.text(&pool.name).count(factors.len());
    for (vip, parts) in factors {
        board.number(vip.0).number(*parts);
    }
    let held = held.iter().map(|target| (*target, 0));
    let lists: [Vec<(Target, u32)>; 3] = [numbers.clone(), held.collect(), shed.clone()];
    for list in lists {
        board.count(list.len());
        for (target, parts) in list {
            let (kind, id) = match target {
                Target::Site(id) => (0_u8, id.0),
                Target::Vip(id) => (1, id.0),
                Target::Pool(id) => (2, id.0),
            };
            board.number(kind).number(id).number(parts);
        }
    }
}

/// Of a zone; of what it shares with that of before it is known.
pub(super) fn zone(zone: &Zone, before: Option<&Held>) -> Digest {
    match before {
        Some(before) if before.zone.same_reading(zone) => before.digest,
        Some(before) => Digest(zone.digest_beside(&before.zone, before.digest.0)),
        None => Digest(zone.digest()),
    }
}

/// Of what is served.
pub(super) fn estate(zones: &[Held], steering: &Steering) -> Digest {
    let mut all = Writer::new(42);
    for held in zones {
        all.octets(&held.lower).digest(held.digest);
    }
    all.digest(steering.digest());
    all.end()
}

/// Of what the databases say.
pub(super) fn databases(atlas: &Arc<Atlas>, before: Option<&Estate>) -> Digest {
    let same = before.filter(|before| Arc::ptr_eq(&before.databases, atlas));
    same.map_or_else(|| atlas.digest(), |before| before.known)
}
