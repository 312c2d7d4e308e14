//! The reasons of a steered answer, gathered from the world that gave it.

use super::{Class, Near, Order, Question, Reply, Steered, Tried, Vip, moving};
use crate::answer::choose::{Basis, Decision};
use crate::config::estate::{Draw, Policy, PoolId, SiteId, Steering, Target, VipId};
use crate::geo::atlas::Facts;
use crate::prefix::Prefix;
use crate::steer::distance::{Globe, Vector};
use crate::steer::draw;
use crate::steer::judge::{self, Judge};
use crate::steer::outcome::{Aside, Outcome, What};
use crate::steer::plan::Stand;
use crate::steer::reach::Gives;
use crate::steer::wheel::Family;
use crate::steer::{compass, latency, outcome, reach};
use crate::wire::kind::Kind;
use crate::world::World;
use crate::zone::NodeRef;

/// Points of the draw.
const SPACE: f64 = 4_294_967_296.0;
/// Qualities are parts of it.
const MILLION: f64 = 1e6;

/// A decision with all that led to it.
pub(super) struct Decided<'a> {
    pub(super) world: &'a World,
    pub(super) decision: Decision<'a>,
    pub(super) node: NodeRef<'a>,
    pub(super) asked: &'a Question,
    pub(super) now: u64,
}

impl Decided<'_> {
    pub(super) fn steering(&self) -> &Steering {
        &self.world.estate.steering
    }

    pub(super) fn steered(&self) -> Steered {
        let (decision, pool) = (&self.decision, self.decision.pool);
        let outcome = self.judged();
        let (facts, network) = self.world.estate.atlas.find(decision.client);
        let below = reach::below(self.steering(), decision.root.pool);
        Steered {
            name: self.node.owner().to_string(),
            pool: pool.name.clone(),
            policy: match pool.policy {
                Policy::Weighted => "weighted",
                Policy::Nearest => "nearest",
                Policy::Failover => "failover",
            }
            .into(),
            draw: match pool.draw {
                Draw::Query => "query",
                Draw::Client => "client",
                Draw::Sticky => "sticky",
                Draw::Name => "name",
            }
            .into(),
            answers: pool.answers,
            client: self.client(facts, network),
            class: Class {
                number: decision.class,
                of: decision.root.map.classes().len(),
                network: self.class_network().to_string(),
            },
            rules: self.rules(&below, facts),
            fences: self.fences(facts),
            inside: decision.fence().map(|fence| {
                let sites = fence.sites().iter();
                sites.map(|site| self.target(Target::Site(*site))).collect()
            }),
            orders: self.orders(&below, facts),
            moving: moving::lines(self.world, &below, self.now),
            tried: outcome.trail.iter().map(|t| self.tried(t)).collect(),
            tier: self.tier(&outcome).into(),
            vips: self.vips(&outcome),
            spared: self.spared(&outcome),
            outside: self.outside(),
            point: f64::from(decision.point) / SPACE,
            drawn: self.drawn(),
        }
    }

    /// The pool judged once more, with what the plan was made from.
    fn judged(&self) -> Outcome {
        let (estate, root) = (&self.world.estate, self.decision.root);
        let class = root.map.classes().get(self.decision.class as usize);
        class.map_or_else(Outcome::default, |class| {
            let judge = Judge {
                steering: &estate.steering,
                reach: &estate.reach,
                needs: &root.needs,
                class,
                verdicts: self.world.verdicts.of(self.family()),
                motion: &self.world.motion,
            };
            judge.pool(root.pool)
        })
    }

    /// In the form in which the client's address came.
    fn class_network(&self) -> Prefix {
        let written = match (self.decision.basis, self.asked.subnet) {
            (Basis::Subnet, Some(subnet)) => subnet.addr,
            _ => self.decision.client,
        };
        let (_, length) = self.decision.root.map.find(written);
        Prefix::around(written, length)
    }

    fn orders(&self, below: &[PoolId], facts: &Facts) -> Vec<Order> {
        let (steering, root) = (self.steering(), self.decision.root);
        let class = root.map.classes().get(self.decision.class as usize);
        let here = compass::position(facts).map(Vector::of);
        let row = self.row(facts);
        let globe = Globe::new();
        let near = |id: &SiteId| {
            let site = steering.sites.get(usize::from(id.0))?;
            let there = site.location.map(Vector::of);
            let km = here.zip(there).map(|(a, b)| globe.kilometres(a, b));
            let measured = row.and_then(|row| row.to(*id));
            let milliseconds = |micros: i64| micros as f64 / 1e3;
            Some(Near {
                site: site.name.clone(),
                km,
                bias: site.bias,
                measured_ms: measured.map(|m| milliseconds(m.micros.into())),
                samples: measured.map(|m| m.samples),
                ms: latency::blend(measured, km).map(milliseconds),
            })
        };
        let order = |id: &PoolId| {
            let pool = steering.pools.get(usize::from(id.0))?;
            if pool.policy != Policy::Nearest {
                return None;
            }
            let steps = class?.steps(&root.needs, *id);
            let measured = |id: &SiteId| row.is_some_and(|row| row.to(*id).is_some());
            let measured = steps.iter().flatten().any(measured);
            let tie = compass::band(pool.tie, facts.radius.filter(|_| !measured));
            Some(Order {
                pool: pool.name.clone(),
                tie,
                radius: (tie > pool.tie).then_some(tie),
                steps: (steps.iter())
                    .map(|step| step.iter().filter_map(near).collect())
                    .collect(),
            })
        };
        below.iter().filter_map(order).collect()
    }

    fn tried(&self, tried: &outcome::Tried) -> Tried {
        Tried {
            depth: tried.depth,
            what: match &tried.what {
                What::Preferred(target) => format!("preferred {}", self.target(*target)),
                What::Member(target) => self.target(*target),
                What::Sites(sites) => {
                    let names = sites.iter().map(|site| self.target(Target::Site(*site)));
                    names.collect::<Vec<_>>().join(" + ")
                }
                What::All => "all members".into(),
            },
            up: tried.up,
            failed: tried.failed,
            held: tried.aside == Aside::Held,
            shed: match tried.aside {
                Aside::Shed(parts) => parts,
                Aside::No | Aside::Held => 0,
            },
        }
    }

    /// Whose health the words are about: of the addresses that are asked for, else of IPv4.
    fn family(&self) -> Family {
        match self.asked.kind {
            Kind::AAAA => Family::V6,
            _ => Family::V4,
        }
    }

    fn tier(&self, outcome: &Outcome) -> &'static str {
        if !outcome.up.is_empty() {
            "up"
        } else if !outcome.reserve.is_empty() {
            "last resort"
        } else if !outcome.drained.is_empty() {
            "drained"
        } else if self.decision.stand(self.family()) == Stand::Closed {
            "fenced"
        } else {
            "all down"
        }
    }

    fn vips(&self, outcome: &Outcome) -> Vec<Vip> {
        let plan = self.decision.plan;
        let shares = |family| match self.replaced(family) {
            // With the zone's own records for an answer, no VIP has a part in it.
            true => Vec::new(),
            false => plan.side(family).choice.shares(family),
        };
        let (shares, shares6) = (shares(Family::V4), shares(Family::V6));
        let share = |list: &[(VipId, f64)], id| {
            let found = list.iter().find(|(vip, _)| *vip == id);
            found.map_or(0.0, |(_, part)| *part)
        };
        let picked: Vec<VipId> = match self.asked.kind {
            _ if self.replaced(self.family()) => Vec::new(),
            _ if self.decision.root.gives == Gives::Alias => {
                self.decision.vips(Family::V4).collect()
            }
            Kind::A => self.decision.vips(Family::V4).collect(),
            Kind::AAAA => self.decision.vips(Family::V6).collect(),
            Kind::ANY => {
                let v4: Vec<VipId> = self.decision.vips(Family::V4).collect();
                if v4.is_empty() {
                    self.decision.vips(Family::V6).collect()
                } else {
                    v4
                }
            }
            _ => self
                .decision
                .vips(Family::V4)
                .chain(self.decision.vips(Family::V6))
                .collect(),
        };
        let sides = plan.sides().flat_map(|side| side.choice.candidates());
        let mut ids: Vec<VipId> = sides.map(|candidate| candidate.vip).collect();
        ids.sort_unstable();
        ids.dedup();
        let first = ids.len();
        let others = outcome.looked.iter().filter(|id| !ids.contains(id));
        let others: Vec<VipId> = others.copied().collect();
        ids.extend(others);
        ids.get_mut(first..).unwrap_or_default().sort_unstable();
        let vip = |id: &VipId| {
            let vip = self.steering().vips.get(usize::from(id.0))?;
            let verdict = self.world.verdicts.at(usize::from(id.0)).of(self.family());
            Some(Vip {
                name: vip.name.clone(),
                site: vip.site.map(|site| self.target(Target::Site(site))),
                address: vip.address,
                address6: vip.address6,
                cname: vip.cname.as_ref().map(ToString::to_string),
                weight: vip.weight,
                failure_domain: vip.failure_domain.clone(),
                state: verdict.state.word().into(),
                quality: judge::quality(verdict.state) as f64 / MILLION,
                since: Some(verdict.since).filter(|since| *since > 0),
                share: share(&shares, *id),
                share6: share(&shares6, *id),
                picked: picked.contains(id),
            })
        };
        ids.iter().filter_map(vip).collect()
    }

    fn spared(&self, outcome: &Outcome) -> Vec<String> {
        let involved = self.decision.root.involved.iter();
        let outside = self.outside();
        let spared = involved.filter(|vip| !outcome.looked.contains(vip));
        let spared = spared.map(|vip| self.target(Target::Vip(*vip)));
        spared.filter(|name| !outside.contains(name)).collect()
    }

    /// Whether all are down, and not VIPs but the pool's `on_all_down` makes the answer.
    fn replaced(&self, family: Family) -> bool {
        let kinds: &[Kind] = match self.decision.root.gives {
            Gives::Alias => &[Kind::CNAME],
            Gives::Addresses => &[Kind::A, Kind::AAAA],
        };
        let own = || kinds.iter().any(|kind| self.node.rrset(*kind).is_some());
        match self.decision.stand(family) {
            Stand::NoData | Stand::Closed => true,
            Stand::Zone => own(),
            Stand::Up | Stand::All => false,
        }
    }

    fn drawn(&self) -> String {
        let key = draw::key(self.decision.client);
        match self.decision.pool.draw {
            Draw::Query => "each query is the next of an even sequence".into(),
            Draw::Client => {
                let ttl = self.decision.pool.ttl.max;
                format!("from {key}, another every {ttl} s")
            }
            Draw::Sticky => format!("from {key}, always the same"),
            Draw::Name => "from the name, the same for every client".into(),
        }
    }

    pub(super) fn scope(&self) -> String {
        let network = self.class_network();
        match (self.decision.basis, self.asked.subnet) {
            (Basis::Sender, _) => "the query has no client subnet, so the answer has none".into(),
            (Basis::Opted, _) => "as the query asked: not tailored to a client".into(),
            (Basis::Pool, _) => "`ecs = false`: the same for all behind the resolver".into(),
            (Basis::Local, _) => "the query's own: an answer for that network alone".into(),
            (Basis::Subnet, _) if self.decision.scope > network.len() => {
                // Then it is the length of the client key.
                let key = self.decision.scope;
                format!("the draw tells networks of /{key} apart")
            }
            (Basis::Subnet, _) if self.decision.scope == 0 => {
                "every client is of this class".into()
            }
            (Basis::Subnet, _) => format!("all clients in {network} are of this class"),
        }
    }

    pub(super) fn ttl(&self, reply: &Reply) -> String {
        let plan = self.decision.plan;
        let negative = reply.sections.first().is_none_or(Vec::is_empty);
        let (min, max) = (self.decision.pool.ttl.min, self.decision.pool.ttl.max);
        let decided = match self.asked.kind {
            Kind::A | Kind::AAAA => self.decision.ttl(self.family()),
            _ => self.decision.shorter(),
        };
        let seconds = reply.ttl().unwrap_or(decided);
        if seconds < decided {
            let other = if negative {
                "\"no\" to be believed"
            } else {
                "the zone file's TTL"
            };
            return format!("{other}, which is shorter than the pool's {decided} s");
        }
        if plan.side(self.family()).stand.dead() {
            return format!("all down: `ttl.min` of pool {}", self.decision.pool.name);
        }
        match plan.quiet_at.checked_sub(self.now).filter(|left| *left > 0) {
            Some(_) if plan.quiet_at == u64::MAX => {
                "something may return at any time: `ttl.min` until it does".into()
            }
            Some(left) => {
                format!("something has just changed: `ttl.min`, for {left} s more (then {max} s)")
            }
            None => format!("quiet: `ttl.max` ({min} s once something changes)"),
        }
    }

    pub(super) fn target(&self, target: Target) -> String {
        let steering = self.steering();
        let name = match target {
            Target::Site(id) => steering.sites.get(usize::from(id.0)).map(|s| &s.name),
            Target::Vip(id) => steering.vips.get(usize::from(id.0)).map(|v| &v.name),
            Target::Pool(id) => steering.pools.get(usize::from(id.0)).map(|p| &p.name),
        };
        name.cloned().unwrap_or_default()
    }
}
