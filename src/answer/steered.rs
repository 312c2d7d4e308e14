//! Steered answers: the addresses of VIPs, the last resort, and hints that follow them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::answer::Turn;
use crate::answer::choose::{self, Decision};
use crate::answer::hints::Hinted;
use crate::answer::respond::{Reply, Section};
use crate::config::estate::{AllDown, VipId};
use crate::stats::Outcome;
use crate::steer::wheel::Family;
use crate::wire::asked::Asked;
use crate::wire::ede;
use crate::wire::kind::{Kind, Rcode};
use crate::wire::writer::{Full, QUESTION};
use crate::world::estate::Held;
use crate::zone::{Found, NodeRef, Rrset};

impl<'w> Reply<'w, '_> {
    fn decide(&mut self, root: u32, turn: &Turn<'_>, lower: &[u8]) -> Option<Decision<'w>> {
        let decision = choose::decide(
            self.world,
            root,
            self.client.addr.ip(),
            self.subnet.copied(),
            lower,
            turn.now,
            turn.counter,
        )?;
        self.drawn = true;
        self.scope = self.scope.max(decision.scope);
        Some(decision)
    }

    pub(super) fn steered(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        kind: Kind,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Outcome {
        let root = node
            .steer()
            .and_then(|n| held.steered.get(n as usize).copied());
        let Some(decision) = root.and_then(|root| self.decide(root, turn, turn.asked.wire()))
        else {
            return self.refuse(Rcode::ServFail, Outcome::ServFail, None);
        };
        // RFC 8482 §4.1: ANY gets one RRset.
        let kinds: &[Kind] = if kind == Kind::ANY {
            &[Kind::A, Kind::AAAA]
        } else {
            &[kind]
        };
        if decision.plan.dead {
            self.why = Some(&ede::DOWN);
            match decision.pool.on_all_down {
                AllDown::NoData => return self.other(held, node, kind, &decision, turn, first),
                AllDown::Zone if has_addresses(node) => {
                    return self.last_resort(held, node, kinds, &decision, turn, first);
                }
                AllDown::Zone | AllDown::All => {}
            }
        }
        for &kind in kinds {
            let family = if kind == Kind::A {
                Family::V4
            } else {
                Family::V6
            };
            let vips = decision.vips(family);
            let before = self.counts[0];
            let done = self.whole(
                |reply, asked| reply.vips(vips.clone(), family, decision.ttl, asked, first),
                turn.asked,
            );
            if done.is_err() {
                return self.settle(done, Outcome::Steered);
            }
            if self.counts[0] > before {
                self.tally(vips, turn);
                return Outcome::Steered;
            }
        }
        self.other(held, node, kind, &decision, turn, first)
    }

    /// Steering has no address. Who asks for any type gets what else the zone has here; it is no empty name.
    fn other(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        kind: Kind,
        decision: &Decision<'w>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Outcome {
        let mut rest = node
            .rrsets()
            .filter(|set| kind == Kind::ANY && !is_address(set.kind()));
        match rest.next() {
            Some(rrset) => {
                let done = self.answer(held, node, rrset, turn, first);
                self.settle(done, Outcome::Steered)
            }
            None => self.empty(held, decision),
        }
    }

    /// The zone file's own records, not kept for long: something is badly wrong.
    fn last_resort(
        &mut self,
        held: &Held,
        node: NodeRef<'_>,
        kinds: &[Kind],
        decision: &Decision<'_>,
        turn: &Turn<'_>,
        first: bool,
    ) -> Outcome {
        let Some(rrset) = kinds.iter().find_map(|kind| node.rrset(*kind)) else {
            return self.empty(held, decision);
        };
        let ttl = rrset.ttl().min(decision.pool.ttl.min);
        let done = self.whole(
            |reply, asked| reply.rrset(Section::Answer, asked, first, rrset, ttl),
            turn.asked,
        );
        self.settle(done, Outcome::Steered)
    }

    /// NODATA that steering decided: it must not outlive the decision.
    fn empty(&mut self, held: &Held, decision: &Decision<'_>) -> Outcome {
        let ttl = held.zone.negative_ttl().min(decision.ttl);
        let done = self.negative(held, ttl);
        self.settle(done, Outcome::Steered)
    }

    fn vips(
        &mut self,
        vips: impl Iterator<Item = VipId>,
        family: Family,
        ttl: u32,
        asked: &Asked,
        first: bool,
    ) -> Result<(), Full> {
        for vip in vips {
            let Some(addr) = self.address(vip, family) else {
                continue;
            };
            match addr {
                IpAddr::V4(a) => self.vip(asked, first, Kind::A, ttl, &a.octets())?,
                IpAddr::V6(a) => self.vip(asked, first, Kind::AAAA, ttl, &a.octets())?,
            }
            self.count(Section::Answer, 1);
        }
        Ok(())
    }

    /// Mostly one piece of known length: the owner is a pointer.
    #[inline]
    fn vip(
        &mut self,
        asked: &Asked,
        first: bool,
        kind: Kind,
        ttl: u32,
        rdata: &[u8],
    ) -> Result<(), Full> {
        if first {
            return self.writer.record(&QUESTION, kind, ttl, rdata);
        }
        self.writer.name(asked.wire())?;
        self.writer.record(&[], kind, ttl, rdata)
    }

    fn tally(&self, vips: impl Iterator<Item = VipId>, turn: &Turn<'_>) {
        for vip in vips {
            if let Some(slot) = self.world.estate.slots.get(usize::from(vip.0)) {
                turn.counters.vip(*slot);
            }
        }
    }

    fn address(&self, vip: VipId, family: Family) -> Option<IpAddr> {
        let vip = self.world.estate.steering.vips.get(usize::from(vip.0))?;
        match family {
            Family::V4 => vip.address.map(IpAddr::V4),
            Family::V6 => vip.address6.map(IpAddr::V6),
        }
    }

    /// SVCB and HTTPS: hints of a steered target become those of this client's VIPs. One TTL for the set (RFC 2181 §5.2).
    pub(super) fn services(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        rrset: Rrset<'_>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Result<(), Full> {
        let mut ttl = rrset.ttl();
        if rrset.count() > 1 {
            for rdata in rrset.records() {
                let hints = Hinted::of(rdata).and_then(|h| self.target(held, node, &h, turn));
                ttl = hints.map_or(ttl, |h| ttl.min(h.decision.ttl));
            }
        }
        let (mark, counts) = (self.writer.mark(), self.counts);
        let put = |reply: &mut Self| {
            for rdata in rrset.records() {
                let hinted = Hinted::of(rdata);
                let hints =
                    hinted.and_then(|h| reply.target(held, node, &h, turn).map(|hints| (h, hints)));
                reply.owner(turn.asked, first)?;
                match hints {
                    Some((hinted, hints)) => {
                        let ttl = ttl.min(hints.decision.ttl);
                        reply.service(rrset.kind(), ttl, &hinted, &hints)?;
                    }
                    None => reply.record(Section::Answer, rrset.kind(), ttl, rdata)?,
                }
            }
            Ok(())
        };
        put(self).inspect_err(|Full| {
            self.writer.back(mark);
            self.counts = counts;
        })
    }

    fn service(
        &mut self,
        kind: Kind,
        ttl: u32,
        hinted: &Hinted<'_>,
        hints: &Hints<'w>,
    ) -> Result<(), Full> {
        let data = self.writer.fixed(kind, ttl)?;
        match hints.own {
            // The zone's records stand for the VIPs here as they do in answers for addresses.
            Some(node) => {
                let records = |kind| node.rrset(kind).into_iter().flat_map(Rrset::records);
                let v4 = records(Kind::A).filter_map(|r| r.first_chunk::<4>().copied());
                let v6 = records(Kind::AAAA).filter_map(|r| r.first_chunk::<16>().copied());
                hinted.put(
                    &mut self.writer,
                    v4.map(Ipv4Addr::from),
                    v6.map(Ipv6Addr::from),
                )?;
            }
            None => {
                let vips = &self.world.estate.steering.vips;
                let vip = |id: VipId| vips.get(usize::from(id.0)).filter(|_| !hints.none);
                let v4 = hints
                    .decision
                    .vips(Family::V4)
                    .filter_map(|id| vip(id)?.address);
                let v6 = hints
                    .decision
                    .vips(Family::V6)
                    .filter_map(|id| vip(id)?.address6);
                hinted.put(&mut self.writer, v4, v6)?;
            }
        }
        self.writer.finish(data);
        self.count(Section::Answer, 1);
        Ok(())
    }

    /// Where the hints for a service's target come from, if steering answers it.
    fn target(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        hinted: &Hinted<'_>,
        turn: &Turn<'_>,
    ) -> Option<Hints<'w>> {
        if hinted.target == [0] {
            return self.hints(held, node, turn, turn.asked);
        }
        let mut asked = Asked::new(turn.asked.seed());
        asked.read(hinted.target).ok()?;
        let held = self.world.estate.zone(&asked)?;
        match held.zone.find(&asked, Kind::A) {
            Found::Records { node, .. } | Found::NoData { node, .. } => {
                self.hints(held, node, turn, &asked)
            }
            _ => None,
        }
    }

    fn hints(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        turn: &Turn<'_>,
        asked: &Asked,
    ) -> Option<Hints<'w>> {
        let root = held.steered.get(node.steer()? as usize).copied()?;
        let decision = self.decide(root, turn, asked.wire())?;
        let own =
            decision.plan.dead && decision.pool.on_all_down == AllDown::Zone && has_addresses(node);
        let none = decision.plan.dead && decision.pool.on_all_down == AllDown::NoData;
        Some(Hints {
            decision,
            own: own.then_some(node),
            none,
        })
    }
}

/// Where hints come from.
#[derive(Clone, Copy)]
struct Hints<'w> {
    decision: Decision<'w>,
    /// The zone's own records are the last resort.
    own: Option<NodeRef<'w>>,
    /// Nothing is to be answered at all.
    none: bool,
}

fn is_address(kind: Kind) -> bool {
    matches!(kind, Kind::A | Kind::AAAA)
}

/// Whether the zone file has a last resort here. One family is enough: the other is then NODATA.
fn has_addresses(node: NodeRef<'_>) -> bool {
    node.rrset(Kind::A).or(node.rrset(Kind::AAAA)).is_some()
}
