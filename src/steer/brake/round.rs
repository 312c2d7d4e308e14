//! One judgement of all that is wanted lost, by the rule at [`super`].

use std::collections::BTreeMap;

use super::{Held, MILLION, Mark, Why, part};
use crate::config::estate::{Bounds, Ground, Steering, VipId};

/// A ground as it stands.
#[derive(Clone, Debug, Default)]
struct Place {
    vips: Vec<VipId>,
    /// How many of them are lost.
    lost: usize,
    /// Whether any is a loss.
    loss: bool,
}

impl Place {
    fn whole(&self) -> bool {
        self.lost == self.vips.len()
    }
}

/// See the module.
pub(super) struct Round<'a> {
    steering: &'a Steering,
    bounds: Bounds,
    now: u64,
    sizes: Vec<u64>,
    all: u64,
    places: BTreeMap<Ground, Place>,
    marks: BTreeMap<VipId, Mark>,
    /// What is in force of all capacity.
    there: u64,
    /// What of it was lost within the window.
    losses: u64,
}

impl<'a> Round<'a> {
    /// Of these VIPs, all that are wanted lost; those that are held are to be judged.
    pub(super) fn of(
        steering: &'a Steering,
        bounds: Bounds,
        marks: &[(VipId, Mark)],
        now: u64,
    ) -> Round<'a> {
        let sizes = steering.sizes();
        let all = sizes.iter().sum();
        let places = steering.grounds().into_iter().map(|(ground, vips)| {
            let place = Place {
                vips,
                ..Place::default()
            };
            (ground, place)
        });
        let mut round = Round {
            steering,
            bounds,
            now,
            sizes,
            all,
            places: places.collect(),
            marks: BTreeMap::new(),
            there: all,
            losses: 0,
        };
        for (id, mark) in marks {
            round.put(*id, *mark);
        }
        round
    }

    fn put(&mut self, id: VipId, mark: Mark) {
        self.marks.insert(id, mark);
        let Mark::Lost(at) = mark else { return };
        let (size, recent) = (self.size(id), self.recent(at));
        self.there = self.there.saturating_sub(size);
        self.losses += if recent { size } else { 0 };
        let ground = self.steering.ground(id);
        if let Some(place) = ground.and_then(|ground| self.places.get_mut(&ground)) {
            place.lost += 1;
            place.loss |= recent;
        }
    }

    /// VIPs and whole grounds that are losses, and the part of all capacity.
    pub(super) fn lost(&self) -> (usize, usize, u32) {
        let recent = |mark: &&Mark| matches!(mark, Mark::Lost(at) if self.recent(*at));
        let whole = self.places.values().filter(|p| p.whole() && p.loss);
        let vips = self.marks.values().filter(recent).count();
        (vips, whole.count(), part(self.losses, self.all))
    }

    /// What becomes of all that is held: lost now, or held still, by which bound.
    pub(super) fn judge(mut self) -> Vec<(VipId, Mark)> {
        let mut done = Vec::new();
        for ground in self.turns() {
            let Some(place) = self.places.get(&ground) else {
                continue;
            };
            let open: Vec<VipId> = (place.vips.iter().copied())
                .filter(|id| matches!(self.marks.get(id), Some(Mark::Held(_))))
                .collect();
            let whole = place.lost + open.len() == place.vips.len();
            let groups: Vec<Vec<VipId>> = match whole {
                true => vec![open],
                false => open.into_iter().map(|id| vec![id]).collect(),
            };
            for group in groups {
                let bound = self.bound(ground, &group, whole);
                for id in group {
                    let mark = match (self.marks.get(&id), bound) {
                        (Some(Mark::Held(held)), Some(why)) => Mark::Held(Held { why, ..*held }),
                        _ => Mark::Lost(self.now),
                    };
                    if bound.is_none() {
                        self.put(id, mark);
                    }
                    done.push((id, mark));
                }
            }
        }
        done
    }

    /// The grounds of what is held, in the order of names.
    fn turns(&self) -> Vec<Ground> {
        let held = self.marks.iter();
        let held = held.filter(|(_, mark)| matches!(mark, Mark::Held(_)));
        let grounds = held.filter_map(|(id, _)| self.steering.ground(*id));
        let named: BTreeMap<&str, Ground> = grounds.map(|g| (self.name(g), g)).collect();
        named.into_values().collect()
    }

    /// The bound that these VIPs of a ground would break, if any.
    fn bound(&self, ground: Ground, group: &[VipId], whole: bool) -> Option<Why> {
        let bounds = &self.bounds;
        let size: u64 = group.iter().map(|id| self.size(*id)).sum();
        let more = |some: u64, parts: u32| {
            u128::from(some) * u128::from(MILLION) > u128::from(self.all) * u128::from(parts)
        };
        let left = self.places.values().filter(|place| !place.whole()).count();
        if whole && left <= usize::from(bounds.min_sites) {
            return Some(Why::MinSites);
        }
        let gone = self.all - self.there.saturating_sub(size);
        if size > 0 && more(gone, MILLION.saturating_sub(bounds.min_capacity)) {
            return Some(Why::MinCapacity);
        }
        let others = || self.places.iter().filter(|(other, _)| **other != ground);
        let losses = others().filter(|(_, place)| place.loss).count();
        let lost = others().filter(|(_, place)| place.loss && place.whole());
        let lost = lost.count();
        if losses == 0 || whole && lost == 0 {
            return None;
        }
        if whole && lost >= usize::from(bounds.sites) {
            return Some(Why::Sites);
        }
        (size > 0 && more(self.losses + size, bounds.share)).then_some(Why::Share)
    }

    fn recent(&self, at: u64) -> bool {
        self.now < at.saturating_add(self.bounds.window)
    }

    fn size(&self, id: VipId) -> u64 {
        let size = self.sizes.get(usize::from(id.0));
        size.copied().unwrap_or(0)
    }

    fn name(&self, ground: Ground) -> &'a str {
        let (sites, vips) = (&self.steering.sites, &self.steering.vips);
        let name = match ground {
            Ground::Site(id) => sites.get(usize::from(id.0)).map(|site| &site.name),
            Ground::Vip(id) => vips.get(usize::from(id.0)).map(|vip| &vip.name),
        };
        name.map_or("", String::as_str)
    }
}
