//! Which VIPs a pool has for a client, with their masses, and whether it failed (SPEC "Evaluating a node").

use super::client::{self, Client};
use super::estate::{Estate, Members, Motion, Moving, Policy, Pool, Said, State, Target};

const MILLION: u128 = 1_000_000;

/// A member's number in a table or a combination, scaled so that shares inside it stay fine.
const UNIT: u128 = 1 << 20;

/// No mass grows beyond this, however deep pools are nested: what it is compared with fits u128.
const HEAVIEST: u128 = 1 << 62;

/// A VIP that may answer, its size beside the others, and the site or member it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) vip: usize,
    pub(crate) mass: u128,
    /// The path of members down to the site: `0/2/fra`.
    pub(crate) group: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) up: Vec<Candidate>,
    /// Weight 0, but well.
    pub(crate) reserve: Vec<Candidate>,
    pub(crate) drained: Vec<Candidate>,
    /// What the mass of `up` would be, were all well.
    pub(crate) full: u128,
    /// What of it is there, whatever moves.
    pub(crate) well: u128,
    pub(crate) failed: bool,
    /// Whose state this outcome hangs on.
    pub(crate) looked: Vec<usize>,
}

/// A rung of a ladder. It is judged only when those before it have failed.
enum Rung {
    Set(Vec<usize>),
    Pool(usize),
    /// The weighted members as a whole.
    Weighted,
    /// Sites that a nearest pool tries at once.
    Step(Vec<usize>),
    /// A member of a failover pool.
    Member(Box<Rung>, Target),
}

/// What judging depends on.
pub(crate) struct Judge<'a> {
    /// Inside a fence what is left of it: see [`left`].
    pub(crate) estate: &'a Estate,
    pub(crate) fenced: bool,
    pub(crate) board: &'a Said,
    pub(crate) motion: &'a Motion,
    pub(crate) client: &'a Client,
}

impl Judge<'_> {
    /// `judge(pool, class, board)`.
    pub(crate) fn pool(&self, pool: &Pool) -> Outcome {
        let mut rungs = match pool.prefer {
            Some(rules) => self.preferred(pool, rules),
            // "A pool without prefer and policy weighted is not a ladder."
            None if pool.policy == Policy::Weighted => return self.weighted(pool),
            None => Vec::new(),
        };
        match pool.policy {
            Policy::Weighted => rungs.push(Rung::Weighted),
            Policy::Failover => {
                rungs.extend(
                    pool.members
                        .targets()
                        .into_iter()
                        .map(|member| match member {
                            Target::Pool(child) => Rung::Pool(child),
                            single => Rung::Set(reach_of(self.estate, &[single])),
                        })
                        .zip(pool.members.targets())
                        .map(|(rung, member)| Rung::Member(Box::new(rung), member)),
                );
            }
            Policy::Nearest => {
                let steps = self.client.steps(self.estate, pool, None);
                rungs.extend(steps.into_iter().map(Rung::Step));
            }
        }
        self.ladder(pool, rungs)
    }

    /// "Prefer entries of the matched rule first (a site: the set reach(P) at that site, passed over
    /// if empty; VIP: set {v}; pool: judge)."
    fn preferred(&self, pool: &Pool, rules: usize) -> Vec<Rung> {
        let set = &self.estate.rules[rules];
        let Some(rule) = self.client.matched(set) else {
            return Vec::new();
        };
        let mut rungs = Vec::new();
        for target in &set.rules[rule].targets {
            match *target {
                Target::Pool(child) => rungs.push(Rung::Pool(child)),
                Target::Vip(vip) => rungs.push(Rung::Set(vec![vip])),
                Target::Site(site) => {
                    let there = at_site(self.estate, reach(self.estate, pool), site);
                    if !there.is_empty() {
                        rungs.push(Rung::Set(there));
                    }
                }
            }
        }
        rungs
    }

    /// A rung judged, what it sheds, and whether it is held.
    fn rung(&self, pool: &Pool, rung: Rung) -> (Outcome, u32, bool) {
        match rung {
            Rung::Set(vips) => (self.set(vips, pool), 0, false),
            Rung::Pool(child) => (self.pool(&self.estate.pools[child]), 0, false),
            Rung::Weighted => (self.weighted(pool), 0, false),
            Rung::Step(sites) => {
                let (outcome, shed) = self.step(pool, &sites);
                (outcome, shed, false)
            }
            Rung::Member(rung, member) => {
                let moving = moving(self.estate, self.motion, pool);
                let (outcome, ..) = self.rung(pool, *rung);
                let held = moving.held.contains(&member);
                (outcome, parts(&moving.shed, &member, 0), held)
            }
        }
    }

    /// "chosen = first alternative not failed; else first with nonempty up." What a chosen one sheds goes to the next that
    /// has not failed, and one that is held counts as failed unless nothing else stands.
    fn ladder(&self, pool: &Pool, rungs: Vec<Rung>) -> Outcome {
        let mut judged: Vec<Outcome> = Vec::new();
        let mut looked = Vec::new();
        let mut standing: Vec<(Outcome, u32)> = Vec::new();
        let mut held_well = None;
        for rung in rungs {
            if standing.last().is_some_and(|(_, shed)| *shed == 0) {
                break;
            }
            let (outcome, shed, held) = self.rung(pool, rung);
            if self.void(&outcome) {
                continue;
            }
            looked.extend(outcome.looked.clone());
            match (outcome.failed, held) {
                (false, false) => standing.push((outcome, shed)),
                (false, true) => {
                    held_well = held_well.or(Some(outcome.clone()));
                    judged.push(outcome);
                }
                (true, _) => judged.push(outcome),
            }
        }
        if standing.is_empty() {
            standing.extend(held_well.map(|outcome| (outcome, 0)));
        }
        if !standing.is_empty() {
            // "A chosen alternative that has not failed: reserve and drained empty."
            let Outcome { up, full, well, .. } = spilled(&standing);
            return Outcome {
                up,
                full,
                well,
                looked,
                ..Outcome::default()
            };
        }
        let chosen = judged.iter().find(|outcome| !outcome.up.is_empty());
        let first = |list: fn(&Outcome) -> &Vec<Candidate>| {
            judged
                .iter()
                .map(list)
                .find(|list| !list.is_empty())
                .cloned()
                .unwrap_or_default()
        };
        Outcome {
            up: chosen.map(|outcome| outcome.up.clone()).unwrap_or_default(),
            reserve: first(|outcome| &outcome.reserve),
            drained: first(|outcome| &outcome.drained),
            full: chosen.map_or(0, |outcome| outcome.full),
            well: chosen.map_or(0, |outcome| outcome.well),
            failed: true,
            looked,
        }
    }

    /// **weighted, list** and **weighted, table**.
    fn weighted(&self, pool: &Pool) -> Outcome {
        match &pool.members {
            // "The set of all its VIPs. Failed by the pool's own min_up."
            Members::List(list) => self.set(reach_of(self.estate, list), pool),
            // "VIP or site = set judged by this pool's min_up; pool = judge(pool)." A table has no
            // order of its own; the estate sorts it by name.
            Members::Table(table) => {
                let mut table = table.clone();
                table.sort_by_key(|(member, _)| self.estate.name(*member));
                let moving = moving(self.estate, self.motion, pool);
                let judged = table.into_iter().map(|(member, n)| {
                    let moved = parts(&moving.numbers, &member, 1_000_000);
                    let outcome = match member {
                        Target::Pool(child) => self.pool(&self.estate.pools[child]),
                        single => self.set(reach_of(self.estate, &[single]), pool),
                    };
                    (n.into(), moved, outcome)
                });
                let judged = judged.filter(|(.., outcome)| !self.void(outcome));
                combine(judged.collect(), pool.min_up)
            }
        }
    }

    /// What a fence leaves nothing of does not exist, so it has not failed either.
    fn void(&self, outcome: &Outcome) -> bool {
        self.fenced && outcome.looked.is_empty()
    }

    /// One step of a nearest pool: "a step of several sites = combine of the sites, in site order of
    /// the step, with n = Σ weight of the site's reach".
    ///
    /// And what it sheds: "of several sites as much as the one that sheds least", of those that stand. What another sheds
    /// beyond that stays in the step.
    fn step(&self, pool: &Pool, sites: &[usize]) -> (Outcome, u32) {
        let at = |site: usize| at_site(self.estate, reach(self.estate, pool), site);
        let moving = moving(self.estate, self.motion, pool);
        let shed = |site: usize| parts(&moving.shed, &Target::Site(site), 0).min(1_000_000);
        match sites {
            [site] => (self.site(pool, *site), shed(*site)),
            _ => {
                let judged: Vec<(usize, u128, Outcome)> = sites
                    .iter()
                    .map(|s| (*s, self.weigh(&at(*s)), self.site(pool, *s)))
                    .collect();
                let standing = judged.iter().filter(|(_, n, site)| *n > 0 && !site.failed);
                let least = standing.map(|(site, ..)| shed(*site)).min();
                let stays = |site: usize| match least {
                    None | Some(1_000_000) => 1_000_000,
                    Some(_) => 1_000_000 - shed(site),
                };
                let parts = judged
                    .into_iter()
                    .map(|(site, n, outcome)| (n, stays(site), outcome));
                (combine(parts.collect(), pool.min_up), least.unwrap_or(0))
            }
        }
    }

    /// **nearest, at one site**: "VIP members and site members as one set, pool members each. If it is
    /// just one set or just one pool: that. Otherwise combine: the set first, then pools."
    fn site(&self, pool: &Pool, site: usize) -> Outcome {
        let here = pool.members.targets().into_iter();
        let here = here.filter(|member| site_of_member(self.estate, *member) == site);
        let (pools, singles): (Vec<_>, Vec<_>) = here.partition(|m| matches!(m, Target::Pool(_)));
        let mut parts = Vec::new();
        if !singles.is_empty() {
            let vips = reach_of(self.estate, &singles);
            parts.push((self.weigh(&vips), 1_000_000, self.set(vips, pool)));
        }
        for member in pools {
            let Target::Pool(child) = member else {
                unreachable!("partitioned")
            };
            let weight = self.weigh(&reach_of(self.estate, &[member]));
            parts.push((weight, 1_000_000, self.pool(&self.estate.pools[child])));
        }
        match parts.len() {
            1 => parts.remove(0).2,
            _ => combine(parts, pool.min_up),
        }
    }

    /// **Set of VIPs**.
    fn set(&self, vips: Vec<usize>, pool: &Pool) -> Outcome {
        let moving = moving(self.estate, self.motion, pool);
        let mut outcome = Outcome {
            looked: vips.clone(),
            ..Outcome::default()
        };
        for vip in in_order(self.estate, vips) {
            let weight = u128::from(self.estate.vips[vip].weight);
            // q(v): "Up, Unknown: 1 000 000; Degraded(q): q; Drain, Down: 0".
            let (quality, drained) = match self.board[vip].0 {
                State::Up | State::Unknown => (MILLION, false),
                State::Degraded(part) => (part.into(), false),
                State::Drain => (0, true),
                State::Down => (0, false),
            };
            let site = self.estate.vips[vip]
                .site
                .map(|site| self.estate.sites[site].name.clone());
            let group = site.unwrap_or_else(|| "no site".to_string());
            let candidate = |mass| Candidate {
                vip,
                mass,
                group: group.clone(),
            };
            outcome.full += weight * MILLION;
            if drained {
                outcome.drained.push(candidate(weight.max(1) * MILLION));
            } else if quality > 0 && weight > 0 {
                // "A candidate's mass by the factor of the pool in which it is judged", and it is up with the least of it.
                let factor = u128::from(parts(&moving.factors, &vip, 1_000_000));
                let mass = weight * quality * factor / MILLION;
                outcome
                    .up
                    .push(candidate(mass.max(weight * quality / 1_024).max(1)));
                outcome.well += weight * quality;
            } else if quality > 0 {
                outcome.reserve.push(candidate(quality));
            }
        }
        outcome.failed = failed(outcome.well, outcome.full, pool.min_up);
        outcome
    }

    fn weigh(&self, vips: &[usize]) -> u128 {
        vips.iter()
            .map(|vip| u128::from(self.estate.vips[*vip].weight))
            .sum()
    }
}

/// What moves in a pool. A site or VIP that a name points to by itself never does.
pub(crate) fn moving(estate: &Estate, motion: &Motion, pool: &Pool) -> Moving {
    let at = estate
        .pools
        .iter()
        .position(|known| known.name == pool.name);
    at.and_then(|at| motion.get(at))
        .cloned()
        .unwrap_or_default()
}

/// What the list says of this one.
fn parts<K: PartialEq>(list: &[(K, u32)], key: &K, otherwise: u32) -> u32 {
    let found = list.iter().find(|(known, _)| known == key);
    found.map_or(otherwise, |(_, parts)| *parts)
}

/// Alternatives that stand, each with what it sheds to those after it: "A gets (1 - s), the next gets s", and if there is no
/// next, A keeps all.
fn spilled(standing: &[(Outcome, u32)]) -> Outcome {
    let [(one, shed), rest @ ..] = standing else {
        unreachable!("something stands")
    };
    if rest.is_empty() {
        return one.clone();
    }
    let (shed, next) = (u128::from((*shed).min(1_000_000)), spilled(rest));
    let mut whole = Outcome::default();
    let (mut up, mut well) = (0, 0);
    for (index, part, n) in [(0, one, MILLION - shed), (1, &next, shed)] {
        let mass: u128 = part.up.iter().map(|candidate| candidate.mass).sum();
        up += n * mass / part.full;
        well += n * part.well / part.full;
        for candidate in part.up.iter().filter(|_| n > 0) {
            whole.up.push(Candidate {
                vip: candidate.vip,
                mass: (n * UNIT * candidate.mass / mass).clamp(1, HEAVIEST),
                group: format!("{index}/{}", candidate.group),
            });
        }
    }
    // For those above, what is down of either takes its part along.
    whole.full = (MILLION * UNIT * MILLION / up.max(1)).max(1);
    whole.well = (whole.full * well / MILLION).clamp(1, HEAVIEST);
    whole
}

/// "failed = (E == 0) or (E * 1 000 000 < min_up * full)."
fn failed(effective: u128, full: u128, min_up: u32) -> bool {
    effective == 0 || effective * MILLION < u128::from(min_up) * full
}

/// The rule of **weighted, table** and of **combine**: members with a number each, judged already.
/// Beside the number stand the parts of a million by which it counts while it moves.
fn combine(members: Vec<(u128, u32, Outcome)>, min_up: u32) -> Outcome {
    // "Live members: those with n>0 not failed; if none, those with n>0 and nonempty up."
    let healthy = members
        .iter()
        .any(|(n, _, member)| *n > 0 && !member.failed);
    let mut whole = Outcome::default();
    for (index, (n, factor, member)) in members.iter().enumerate() {
        let share = (*n).max(1) * UNIT;
        let moved = (share * u128::from(*factor) / MILLION).max(share / 1_024);
        let by = |share: u128, list: &[Candidate]| -> Vec<Candidate> {
            list.iter()
                .map(|candidate| scale(candidate, share, member.full, index))
                .collect()
        };
        let scaled = |list: &[Candidate]| by(share, list);
        if *n == 0 {
            // "A member with n = 0 is a last resort: its up goes to reserve, it adds nothing else."
            whole.reserve.extend(scaled(&member.up));
        } else if !(healthy && member.failed) {
            whole.up.extend(by(moved, &member.up));
            if member.well > 0 {
                whole.well += (share * member.well / member.full).max(1);
            }
        }
        whole.reserve.extend(scaled(&member.reserve));
        whole.drained.extend(scaled(&member.drained));
        whole.full += n * UNIT;
        whole.looked.extend(&member.looked);
    }
    whole.failed = failed(whole.well, whole.full, min_up);
    whole
}

/// "mass' = max(1, n * 2^20 * mass / full)", with 1 for n = 0; of a member whose full is 0, just
/// n * 2^20. "group = (member index, its group)."
fn scale(candidate: &Candidate, share: u128, full: u128, index: usize) -> Candidate {
    let mass = (share * candidate.mass).checked_div(full).unwrap_or(share);
    Candidate {
        vip: candidate.vip,
        mass: mass.clamp(1, HEAVIEST),
        group: format!("{index}/{}", candidate.group),
    }
}

/// "Every VIP that pool P reaches through members, each once, ascending. Prefer adds nothing."
pub(crate) fn reach(estate: &Estate, pool: &Pool) -> Vec<usize> {
    reach_of(estate, &pool.members.targets())
}

fn reach_of(estate: &Estate, members: &[Target]) -> Vec<usize> {
    let mut vips = Vec::new();
    for member in members {
        match *member {
            Target::Vip(vip) => vips.push(vip),
            Target::Site(site) => vips.extend(at_site(estate, 0..estate.vips.len(), site)),
            Target::Pool(pool) => vips.extend(reach(estate, &estate.pools[pool])),
        }
    }
    in_order(estate, vips)
}

fn at_site(estate: &Estate, vips: impl IntoIterator<Item = usize>, site: usize) -> Vec<usize> {
    vips.into_iter()
        .filter(|vip| estate.vips[*vip].site == Some(site))
        .collect()
}

/// Each once, ascending: VIPs are numbered by their names.
fn in_order(estate: &Estate, mut vips: Vec<usize>) -> Vec<usize> {
    vips.sort_by_key(|vip| &estate.vips[*vip].name);
    vips.dedup();
    vips
}

/// Where a member of a nearest pool lies.
pub(crate) fn site_of_member(estate: &Estate, member: Target) -> usize {
    match member {
        Target::Site(site) => site,
        other => {
            let vip = reach_of(estate, &[other])[0];
            estate.vips[vip]
                .site
                .expect("under nearest every VIP has a site")
        }
    }
}

/// All pools that a pool can come to, itself included: "members, and pools named in prefer entries,
/// recursively" (SPEC "Scope").
pub(crate) fn family(estate: &Estate, pool: &Pool) -> Vec<Pool> {
    let mut targets = pool.members.targets();
    if let Some(rules) = pool.prefer {
        targets.extend(
            estate.rules[rules]
                .rules
                .iter()
                .flat_map(|rule| rule.targets.clone()),
        );
    }
    let mut all = vec![pool.clone()];
    for target in targets {
        if let Target::Pool(child) = target {
            all.extend(family(estate, &estate.pools[child]));
        }
    }
    all
}

/// "Clients of a place get VIPs of the listed sites or none; each rule set is obeyed": the sites that all of
/// the matched rules list. None: the client is not fenced.
pub(crate) fn inside(estate: &Estate, root: &Pool, client: &Client) -> Option<Vec<usize>> {
    let sites = 0..estate.sites.len();
    let lists: Vec<&Vec<Target>> = (root.fence.iter())
        .filter_map(|set| {
            let set = &estate.rules[*set];
            Some(&set.rules[client.matched(set)?].targets)
        })
        .collect();
    let held = |site: &usize| lists.iter().all(|list| list.contains(&Target::Site(*site)));
    (!lists.is_empty()).then(|| sites.filter(held).collect())
}

/// The estate as if VIPs and sites outside had never been written anywhere.
pub(crate) fn left(estate: &Estate, inside: &[usize]) -> Estate {
    let mut rest = estate.clone();
    let held = |target: &Target| match *target {
        Target::Site(site) => inside.contains(&site),
        Target::Vip(vip) => estate.vips[vip]
            .site
            .is_some_and(|site| inside.contains(&site)),
        Target::Pool(_) => true,
    };
    let rules = rest.rules.iter_mut().flat_map(|set| &mut set.rules);
    rules.for_each(|rule| rule.targets.retain(held));
    for pool in &mut rest.pools {
        match &mut pool.members {
            Members::List(list) => list.retain(held),
            Members::Table(table) => table.retain(|(target, _)| held(target)),
        }
    }
    // Under nearest a pool lies at a site, so one of which nothing is left lies nowhere.
    let mut near = rest.pools.clone();
    for pool in near
        .iter_mut()
        .filter(|pool| pool.policy == Policy::Nearest)
    {
        if let Members::List(list) = &mut pool.members {
            list.retain(|target| !reach_of(&rest, &[*target]).is_empty());
        }
    }
    rest.pools = near;
    rest
}

/// "Two addresses have the same class iff: for each such rule set the same matched rule (or none), all
/// rules of a set with the same targets being one, and for each such nearest pool the same steps", and the same sites
/// inside the root's fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) rules: Vec<(usize, Option<Vec<Target>>)>,
    pub(crate) inside: Option<Vec<usize>>,
    pub(crate) steps: Vec<Vec<Vec<usize>>>,
}

pub(crate) fn class(estate: &Estate, root: &Pool, client: &client::Client) -> Class {
    let pools = family(estate, root);
    let sets = pools.iter().filter_map(|pool| pool.prefer);
    let nearest = pools.iter().filter(|pool| pool.policy == Policy::Nearest);
    let targets = |set: usize| {
        let rules = &estate.rules[set].rules;
        client
            .matched(&estate.rules[set])
            .map(|rule| rules[rule].targets.clone())
    };
    let inside = inside(estate, root, client);
    let steps = nearest.map(|pool| client.steps(estate, pool, inside.as_deref()));
    Class {
        steps: steps.collect(),
        inside,
        rules: sets.map(|set| (set, targets(set))).collect(),
    }
}
