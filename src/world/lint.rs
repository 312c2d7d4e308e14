//! Lint: what is no mistake, and yet is likely to surprise the operator some day.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::estate::{AllDown, Draw, Pool, PoolId, SiteId, Steered, Target, VipId};
use crate::diagnostic::Diagnostic;
use crate::health::verdict::{Family, State, Verdict};
use crate::limits;
use crate::steer::class::{Class, Map};
use crate::steer::judge::Judge;
use crate::steer::outcome::Outcome;
use crate::steer::plan::{Plan, Stand};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::World;
use crate::world::estate::Root;

/// All that is worth a word. The world is one in which nothing has been reported yet.
pub fn lint(world: &World) -> Vec<Diagnostic> {
    let lint = Lint { world };
    let mut found = Vec::new();
    let mut maps: Vec<*const Map> = Vec::new();
    for (at, root) in world.estate.roots.iter().enumerate() {
        let Some(pool) = lint.pool(root.pool) else {
            continue;
        };
        found.extend(lint.alone(root, pool));
        found.extend(lint.closed(at, pool));
        found.extend(lint.site(root, pool));
        found.extend(slow(root, pool));
        if !maps.contains(&Arc::as_ptr(&root.map)) {
            maps.push(Arc::as_ptr(&root.map));
            found.extend(lint.classes(root, pool));
        }
    }
    for steered in &world.estate.steering.names {
        lint.name(steered, &mut found);
    }
    found
}

struct Lint<'a> {
    world: &'a World,
}

impl<'a> Lint<'a> {
    fn pool(&self, id: PoolId) -> Option<&'a Pool> {
        self.world.estate.steering.pools.get(usize::from(id.0))
    }

    fn site_of(&self, vip: VipId) -> Option<SiteId> {
        let vips = &self.world.estate.steering.vips;
        vips.get(usize::from(vip.0))?.site
    }

    fn site_name(&self, site: SiteId) -> &'a str {
        let sites = &self.world.estate.steering.sites;
        sites.get(usize::from(site.0)).map_or("", |site| &site.name)
    }

    /// One VIP, and an empty answer when it is down.
    fn alone(&self, root: &Root, pool: &Pool) -> Option<Diagnostic> {
        let alone = root.involved.len() == 1 && pool.on_all_down == AllDown::NoData;
        alone.then(|| {
            Diagnostic::warning(
                pool.spot.clone(),
                format!(
                    "pool `{}` has one VIP, and its answer is empty when that is down",
                    pool.name
                ),
                "add a VIP, or leave out `on_all_down = \"nodata\"`",
            )
        })
    }

    /// Clients whose fence is empty.
    fn closed(&self, at: usize, pool: &Pool) -> Option<Diagnostic> {
        let plans = self.world.plans.get(at)?;
        let mut sides = plans.all().iter().flat_map(Plan::sides);
        let closed = sides.any(|side| side.stand == Stand::Closed);
        if !closed {
            return None;
        }
        let sets = pool.fence.iter();
        let sets = sets.filter_map(|id| self.world.estate.steering.rules.get(usize::from(id.0)));
        let empty = sets.flat_map(|set| {
            let rules = set.rules.iter().filter(|rule| rule.targets.is_empty());
            rules.map(|rule| format!("`{}` in `{}`", rule.place, set.name))
        });
        let empty: Vec<String> = empty.collect();
        let first = empty.first().map_or("one of them", String::as_str);
        Some(Diagnostic::warning(
            pool.spot.clone(),
            format!(
                "some clients of pool `{}` get an empty answer, whatever the health",
                pool.name
            ),
            format!("their fence is empty, as for {first}; give it a site, if that is not meant"),
        ))
    }

    /// A site without which the pool has failed for clients that no fence keeps to it.
    fn site(&self, root: &Root, pool: &Pool) -> Option<Diagnostic> {
        if self.direct(pool) {
            return None;
        }
        let all = self.world.verdicts.best();
        let free = root.map.classes().iter();
        let free = free.filter(|class| class.fence().is_none());
        let judged = free.map(|class| (class, self.judge(root, class, all)));
        let sound: Vec<(&Class, Outcome)> = judged.filter(|(_, outcome)| !outcome.failed).collect();
        let sites = root.involved.iter().filter_map(|vip| self.site_of(*vip));
        let sites: BTreeSet<SiteId> = sites.collect();
        let lost = sites.iter().find(|site| {
            let there = |vip: &VipId| self.site_of(*vip) == Some(**site);
            let mut down = all.to_vec();
            for vip in root.involved.iter().filter(|vip| there(vip)) {
                if let Some(verdict) = down.get_mut(usize::from(vip.0)) {
                    verdict.state = State::Down;
                }
            }
            // A class that looked at no VIP of the site does not miss it.
            let mut touched = sound.iter().filter(|(_, o)| o.looked.iter().any(there));
            touched.any(|(class, _)| self.judge(root, class, &down).failed)
        })?;
        let site = self.site_name(*lost);
        let (message, advice) = if sites.len() == 1 {
            (
                format!("all VIPs of pool `{}` stand at `{site}`", pool.name),
                "if that site is lost, nothing is left; add a VIP elsewhere".to_owned(),
            )
        } else {
            (
                format!("without site `{site}` pool `{}` has failed", pool.name),
                "for some clients too little would be left; add VIPs elsewhere, or lower `min_up`"
                    .to_owned(),
            )
        };
        Some(Diagnostic::warning(pool.spot.clone(), message, advice))
    }

    /// Whether a name points to the one VIP or site itself: then nobody expects more.
    fn direct(&self, pool: &Pool) -> bool {
        let steering = &self.world.estate.steering;
        let mut targets = pool.members.targets();
        let name = match (targets.next(), targets.next()) {
            (Some(Target::Vip(id)), None) => steering.vips.get(usize::from(id.0)).map(|v| &v.name),
            (Some(Target::Site(id)), None) => {
                steering.sites.get(usize::from(id.0)).map(|s| &s.name)
            }
            _ => None,
        };
        name == Some(&pool.name)
    }

    fn judge(&self, root: &Root, class: &Class, verdicts: &[Verdict]) -> Outcome {
        let judge = Judge {
            steering: &self.world.estate.steering,
            reach: &self.world.estate.reach,
            needs: &root.needs,
            class,
            verdicts,
            motion: &self.world.motion,
        };
        judge.pool(root.pool)
    }

    /// A map of very many classes: each is a scope of its own, so resolvers keep many answers.
    fn classes(&self, root: &Root, pool: &Pool) -> Option<Diagnostic> {
        let classes = root.map.classes().len();
        if classes <= limits::LINT_CLASSES {
            return None;
        }
        let causes = root.map.causes();
        let rules = causes.rules.iter().map(|(id, many)| {
            let set = self.world.estate.steering.rules.get(usize::from(id.0));
            let name = set.map_or("", |set| &set.name);
            (*many, format!("{many} by the rules `{name}`"))
        });
        let orders = causes.orders.iter();
        let orders = orders.map(|many| (*many, format!("{many} by the nearest sites")));
        let fences = (causes.fences, format!("{} by fences", causes.fences));
        let mut parts: Vec<(usize, String)> = rules.chain(orders).chain([fences]).collect();
        parts.retain(|(many, _)| *many > 1);
        parts.sort_by(|a, b| b.cmp(a));
        let parts: Vec<String> = parts.into_iter().map(|(_, words)| words).collect();
        Some(Diagnostic::warning(
            pool.spot.clone(),
            format!(
                "pool `{}` tells {classes} classes of clients apart",
                pool.name
            ),
            format!(
                "resolvers keep an answer for each; there are {}: use regions, or a wider `tie`",
                parts.join(", ")
            ),
        ))
    }

    fn name(&self, steered: &Steered, found: &mut Vec<Diagnostic>) {
        let estate = &self.world.estate;
        let asked = Asked::of(&steered.name, Seed::default());
        let held = estate.zone(&asked);
        let lower = steered.name.lower();
        let node = held.and_then(|held| held.zone.node(lower.wire()));
        let Some(id) = steered.behind.pool() else {
            return;
        };
        let (Some(node), Some(pool)) = (node, self.pool(id)) else {
            return;
        };
        let at = estate.roots.iter().position(|root| root.pool == id);
        let Some(root) = at.and_then(|at| estate.roots.get(at)) else {
            return;
        };
        let has = |kind: Kind| {
            let vips = root.involved.iter();
            let mut vips = vips.filter_map(|id| estate.steering.vips.get(usize::from(id.0)));
            vips.any(|vip| match kind {
                Kind::A => vip.address.is_some(),
                _ => vip.address6.is_some(),
            })
        };
        for (kind, key) in [(Kind::A, "address"), (Kind::AAAA, "address6")] {
            if node.rrset(kind).is_some() && !has(kind) {
                let (name, pool) = (&steered.name, &pool.name);
                found.push(Diagnostic::warning(
                    steered.spot.clone(),
                    format!("the {kind} records of `{name}` in the zone file are never answered"),
                    format!("steering owns both families, and no VIP of pool `{pool}` has an `{key}`: give them one"),
                ));
            }
        }
        let hints = node.rrset(Kind::HTTPS);
        let hints = hints.is_some_and(|set| set.records().any(|rdata| hints_in(rdata).is_some()));
        if hints && pool.draw == Draw::Query && at.is_some_and(|at| self.scatters(at)) {
            let name = &steered.name;
            found.push(Diagnostic::warning(
                steered.spot.clone(),
                format!("the hints of `{name}`'s HTTPS record may name other sites than its addresses"),
                format!(
                    "each query is drawn by itself; say `draw = \"client\"` in pool `{}`, and one client gets one site",
                    pool.name
                ),
            ));
        }
    }

    /// Whether some class can come to several sites or members by the draw.
    fn scatters(&self, at: usize) -> bool {
        let Some(plans) = self.world.plans.get(at) else {
            return false;
        };
        plans.all().iter().any(|plan| {
            let mut groups = plan
                .side(Family::V4)
                .choice
                .candidates()
                .iter()
                .map(|c| &c.group);
            let first = groups.next();
            groups.any(|group| Some(group) != first)
        })
    }
}

/// An answer that resolvers keep long after health has changed.
fn slow(root: &Root, pool: &Pool) -> Option<Diagnostic> {
    let slow = pool.ttl.max > limits::LINT_TTL && root.involved.len() > 1;
    slow.then(|| {
        Diagnostic::warning(
            pool.spot.clone(),
            format!(
                "resolvers keep the answers of pool `{}` for {} s",
                pool.name, pool.ttl.max
            ),
            "for so long its clients stay with a VIP that is down; a minute is usual",
        )
    })
}

/// Something, if there are address hints in the data of an HTTPS record (RFC 9460 §7.3).
fn hints_in(rdata: &[u8]) -> Option<()> {
    let (_, rest) = rdata.split_at_checked(2)?;
    let (_, taken) = Name::read(rest).ok()?;
    let mut rest = rest.get(taken..)?;
    loop {
        let [a, b, c, d] = rest.first_chunk()?;
        if matches!(u16::from_be_bytes([*a, *b]), 4 | 6) {
            return Some(());
        }
        rest = rest.get(4 + usize::from(u16::from_be_bytes([*c, *d]))..)?;
    }
}

#[cfg(test)]
mod tests;
