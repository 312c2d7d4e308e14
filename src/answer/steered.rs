//! Steered answers: the addresses of VIPs, and the last resort.

use std::net::IpAddr;

use crate::answer::Turn;
use crate::answer::choose::{self, Decision};
use crate::answer::respond::{Reply, Section};
use crate::config::estate::VipId;
use crate::stats::Outcome;
use crate::steer::plan::Stand;
use crate::steer::wheel::Family;
use crate::wire::asked::Asked;
use crate::wire::ede;
use crate::wire::kind::{Kind, Rcode};
use crate::wire::writer::{Full, QUESTION};
use crate::world::estate::Held;
use crate::zone::NodeRef;

impl<'w> Reply<'w, '_> {
    /// What steering has for this client at a node; none if the node is not steered. The answer is bound to it by
    /// [`Reply::bind`].
    #[inline(always)]
    pub(super) fn decide(
        &self,
        held: &Held,
        node: NodeRef<'_>,
        turn: &Turn<'_>,
        lower: &[u8],
    ) -> Option<Decision<'w>> {
        choose::decide(
            self.world,
            *held.steered.get(node.steer()? as usize)?,
            self.client.addr.ip(),
            self.subnet.copied(),
            lower,
            turn.now,
            turn.counter,
            self.hops,
        )
    }

    /// The answer holds for no wider a network than this decision.
    pub(super) fn bind(&mut self, decision: &Decision<'_>) {
        self.drawn = true;
        self.scope = self.scope.max(decision.scope);
    }

    /// Says why there is no better answer, if so: of a chain, the last that is not well.
    pub(super) fn doubt(&mut self, stand: Stand) {
        match stand {
            Stand::Up => {}
            Stand::Closed => self.why = Some(&ede::FENCED),
            Stand::Zone | Stand::All | Stand::NoData => self.why = Some(&ede::DOWN),
        }
    }

    pub(super) fn steered(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        kind: Kind,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Outcome {
        let Some(decision) = self.decide(held, node, turn, turn.asked.wire()) else {
            return self.refuse(Rcode::ServFail, Outcome::ServFail, None);
        };
        self.bind(&decision);
        let kinds = match kind {
            Kind::A => [Kind::A].as_slice(),
            Kind::AAAA => &[Kind::AAAA],
            // RFC 8482 §4.1: ANY gets one RRset.
            _ => &[Kind::A, Kind::AAAA],
        };
        self.first_of(kinds, held, node, &decision, turn, first)
            .unwrap_or_else(|| self.other(held, node, kind, &decision, turn, first))
    }

    /// The addresses of the first family that has any.
    #[inline(always)]
    fn first_of(
        &mut self,
        mut kinds: &[Kind],
        held: &'w Held,
        node: NodeRef<'w>,
        decision: &Decision<'w>,
        turn: &Turn<'_>,
        first: bool,
    ) -> Option<Outcome> {
        loop {
            let (kind, rest) = kinds.split_first()?;
            let family = if *kind == Kind::A {
                Family::V4
            } else {
                Family::V6
            };
            let stand = decision.stand(family);
            self.doubt(stand);
            match stand {
                Stand::Zone if has_addresses(node) => {
                    return Some(self.last_resort(held, node, kinds, decision, turn, first));
                }
                Stand::Up | Stand::Zone | Stand::All => {
                    if let Some(end) = self.chosen(family, decision, turn, first) {
                        return Some(end);
                    }
                }
                Stand::NoData | Stand::Closed => {}
            }
            kinds = rest;
        }
    }

    /// Those of the VIPs chosen, if there are any.
    #[inline(always)]
    fn chosen(
        &mut self,
        family: Family,
        decision: &Decision<'w>,
        turn: &Turn<'_>,
        first: bool,
    ) -> Option<Outcome> {
        let ttl = decision.ttl(family);
        let vips = decision.vips(family);
        let before = self.counts[0];
        let done = self.whole(
            |reply, asked| reply.vips(vips.clone(), family, ttl, asked, first),
            turn.asked,
        );
        if done.is_err() {
            return Some(self.settle(done, Outcome::Steered));
        }
        if self.counts[0] == before {
            return None;
        }
        self.tally(vips, ttl, turn);
        Some(Outcome::Steered)
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
    pub(super) fn empty(&mut self, held: &Held, decision: &Decision<'_>) -> Outcome {
        let ttl = held.zone.negative_ttl().min(decision.shorter());
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

    /// Counts an answer of these VIPs, and until when caches may keep it.
    pub(super) fn tally(&self, vips: impl Iterator<Item = VipId>, ttl: u32, turn: &Turn<'_>) {
        let until = turn.now.wrapping_add(u64::from(ttl));
        for vip in vips {
            if let Some(slot) = self.world.estate.slots.get(usize::from(vip.0)) {
                turn.counters.vip(*slot, until);
            }
        }
    }

    /// The same for what goes with another answer, as hints do: it is kept as long, and no answer of theirs.
    pub(super) fn tell_of(&self, vips: impl Iterator<Item = VipId>, ttl: u32, turn: &Turn<'_>) {
        let until = turn.now.wrapping_add(u64::from(ttl));
        for vip in vips {
            if let Some(slot) = self.world.estate.slots.get(usize::from(vip.0)) {
                turn.counters.told(*slot, until);
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
}

fn is_address(kind: Kind) -> bool {
    matches!(kind, Kind::A | Kind::AAAA)
}

/// Whether the zone file has a last resort here. One family is enough: the other is then NODATA.
pub(super) fn has_addresses(node: NodeRef<'_>) -> bool {
    node.rrset(Kind::A).or(node.rrset(Kind::AAAA)).is_some()
}
