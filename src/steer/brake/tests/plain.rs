//! The rule of the brake once more, in the slowest and plainest words: lists of names, and every sum made anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::estate::Steering;

/// Who is lost since when, and who waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    pub(super) lost: BTreeMap<String, u64>,
    pub(super) held: BTreeSet<String>,
}

struct Vip {
    name: String,
    site: String,
    size: u64,
}

fn vips(steering: &Steering) -> Vec<Vip> {
    let capacities = steering.vips.iter().all(|vip| vip.capacity.is_some());
    let one = |vip: &crate::config::estate::Vip| Vip {
        name: vip.name.clone(),
        site: match vip.site {
            Some(site) => steering.sites[usize::from(site.0)].name.clone(),
            None => vip.name.clone(),
        },
        size: match vip.capacity {
            Some(capacity) if capacities => capacity,
            _ => u64::from(vip.weight),
        },
    };
    steering.vips.iter().map(one).collect()
}

impl Plain {
    /// `bad` is wanted lost, and `forced` goes whatever the bounds say.
    pub(super) fn step(
        &mut self,
        steering: &Steering,
        bad: &[String],
        forced: &[String],
        now: u64,
    ) {
        let vips = vips(steering);
        self.lost.retain(|name, _| bad.contains(name));
        self.held.clear();
        let mut sites: Vec<&str> = vips.iter().map(|vip| vip.site.as_str()).collect();
        sites.sort_unstable();
        sites.dedup();
        for name in forced.iter().filter(|name| bad.contains(name)) {
            self.lost.entry(name.clone()).or_insert(now);
        }
        for site in sites {
            let here: Vec<&Vip> = vips.iter().filter(|vip| vip.site == site).collect();
            let open: Vec<&Vip> = (here.iter().copied())
                .filter(|vip| bad.contains(&vip.name) && !self.lost.contains_key(&vip.name))
                .collect();
            let stay = here.iter().filter(|vip| !bad.contains(&vip.name)).count();
            let whole = !open.is_empty() && stay == 0;
            let turns: Vec<Vec<&Vip>> = if whole {
                vec![open]
            } else {
                open.into_iter().map(|vip| vec![vip]).collect()
            };
            for turn in turns {
                let may = self.may(steering, &vips, site, &turn, whole, now);
                for vip in turn {
                    if may {
                        self.lost.insert(vip.name.clone(), now);
                    } else {
                        self.held.insert(vip.name.clone());
                    }
                }
            }
        }
    }

    fn may(
        &self,
        steering: &Steering,
        vips: &[Vip],
        site: &str,
        turn: &[&Vip],
        whole: bool,
        now: u64,
    ) -> bool {
        let bounds = steering.brake.unwrap();
        let all: f64 = vips.iter().map(|vip| vip.size as f64).sum();
        let size: f64 = turn.iter().map(|vip| vip.size as f64).sum();
        let is_lost = |vip: &&Vip| self.lost.contains_key(&vip.name);
        let is_loss = |vip: &&Vip| {
            let at = self.lost.get(&vip.name);
            at.is_some_and(|at| now - at < bounds.window)
        };
        let sites: BTreeSet<&str> = vips.iter().map(|vip| vip.site.as_str()).collect();
        let of = |site: &str| -> Vec<&Vip> { vips.iter().filter(|v| v.site == site).collect() };
        let dead = |site: &str| of(site).iter().all(is_lost);
        let dies = |site: &str| of(site).iter().any(is_loss);
        let living = sites.iter().filter(|site| !dead(site)).count();
        if whole && living - 1 < usize::from(bounds.min_sites) {
            return false;
        }
        let gone: f64 = vips.iter().filter(is_lost).map(|vip| vip.size as f64).sum();
        let left = all - gone - size;
        if size > 0.0 && left * 1e6 < all * f64::from(bounds.min_capacity) {
            return false;
        }
        let others: Vec<&str> = sites.iter().copied().filter(|o| *o != site).collect();
        let touched = others.iter().filter(|other| dies(other)).count();
        let fallen = others.iter().filter(|o| dies(o) && dead(o)).count();
        if touched == 0 || (whole && fallen == 0) {
            return true;
        }
        if whole && fallen + 1 > usize::from(bounds.sites) {
            return false;
        }
        let losses: f64 = vips.iter().filter(is_loss).map(|vip| vip.size as f64).sum();
        size == 0.0 || (losses + size) * 1e6 <= all * f64::from(bounds.share)
    }
}
