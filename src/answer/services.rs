//! SVCB and HTTPS records: their hints follow steering (RFC 9460 §7.3), and their targets' addresses go with them (§4.1).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::answer::Turn;
use crate::answer::alias;
use crate::answer::choose::Decision;
use crate::answer::hints::{self, Hinted, Unmet};
use crate::answer::records::substituted;
use crate::answer::respond::{Reply, Section};
use crate::answer::steered::has_addresses;
use crate::config::estate::VipId;
use crate::limits;
use crate::steer::plan::Stand;
use crate::steer::wheel::Family;
use crate::wire::asked::Asked;
use crate::wire::kind::Kind;
use crate::wire::writer::Full;
use crate::world::World;
use crate::world::estate::Held;
use crate::zone::{Found, NodeRef, Rrset};

impl<'w> Reply<'w, '_> {
    /// The whole RRset: hints of a steered target become those of this client's VIPs. One TTL for the set (RFC 2181 §5.2).
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
                ttl = hints.map_or(ttl, |h| ttl.min(h.decision.shorter()));
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
                        let ttl = ttl.min(hints.decision.shorter());
                        reply.service(rrset.kind(), ttl, &hinted, &hints, turn)?;
                    }
                    None => reply.record(Section::Answer, rrset.kind(), ttl, rdata)?,
                }
            }
            Ok(())
        };
        put(self).inspect_err(|Full| {
            self.writer.back(mark);
            self.counts = counts;
        })?;
        self.companions(held, node, rrset, turn);
        Ok(())
    }

    fn service(
        &mut self,
        kind: Kind,
        ttl: u32,
        hinted: &Hinted<'_>,
        hints: &Local<'w>,
        turn: &Turn<'_>,
    ) -> Result<(), Full> {
        let data = self.writer.fixed(kind, ttl)?;
        let unmet = match hints.decision.fence() {
            Some(_) => Unmet::Dropped,
            None => Unmet::Kept,
        };
        let vips = &self.world.estate.steering.vips;
        let vip = |id: VipId| vips.get(usize::from(id.0));
        // The zone's records stand for the VIPs here as they do in answers for addresses.
        let records = |kind, from| {
            let node = hints.node.filter(|_| from == From::Zone);
            let rrset = node.and_then(|node| node.rrset(kind));
            rrset.into_iter().flat_map(Rrset::records)
        };
        let chosen = |family, from| {
            let vips = hints.decision.vips(family);
            vips.filter(move |_| from == From::Vips)
        };
        let [four, six] = hints.from;
        let own = records(Kind::A, four).filter_map(|r| r.first_chunk::<4>().copied());
        let v4 = chosen(Family::V4, four).filter_map(|id| vip(id)?.address);
        let v4 = own.map(Ipv4Addr::from).chain(v4);
        let own = records(Kind::AAAA, six).filter_map(|r| r.first_chunk::<16>().copied());
        let v6 = chosen(Family::V6, six).filter_map(|id| vip(id)?.address6);
        let v6 = own.map(Ipv6Addr::from).chain(v6);
        hinted.put(&mut self.writer, v4, v6, unmet)?;
        self.tell_of(chosen(Family::V4, four), ttl, turn);
        self.tell_of(chosen(Family::V6, six), ttl, turn);
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
    ) -> Option<Local<'w>> {
        if hinted.target == [0] {
            let local = self.local(held, node, turn, turn.asked.wire())?;
            self.bind(&local.decision);
            return Some(local);
        }
        let mut asked = Asked::new(turn.asked.seed());
        let read = asked.read(hinted.target);
        let end = read.ok().and_then(|_| end(self.world, &mut asked));
        let root = |held: &'w Held, node: NodeRef<'w>| held.steered.get(node.steer()? as usize);
        let own = |(zone, at): &(&'w Held, NodeRef<'w>)| root(zone, *at) == root(held, node);
        if !end.as_ref().is_some_and(own)
            && let Some(none) = self.foreign(held, node, turn)
        {
            return Some(none);
        }
        let (held, node) = end?;
        let local = self.local(held, node, turn, asked.wire())?;
        self.bind(&local.decision);
        Some(local)
    }

    /// Hints of a target that this name's pool does not answer: a fence of the pool does not bind them, so it keeps them
    /// from its clients. The record then depends on the client, fenced or not.
    fn foreign(&mut self, held: &'w Held, node: NodeRef<'w>, turn: &Turn<'_>) -> Option<Local<'w>> {
        if !self.fenced(held, node) {
            return None;
        }
        let decision = self.decide(held, node, turn, turn.asked.wire())?;
        self.bind(&decision);
        decision.fence().map(|_| Local {
            decision,
            node: None,
            from: [From::Nowhere; 2],
        })
    }

    /// Whether the pool that answers a name has a fence.
    pub(super) fn fenced(&self, held: &Held, node: NodeRef<'_>) -> bool {
        let estate = &self.world.estate;
        let pool = || {
            let root = *held.steered.get(node.steer()? as usize)?;
            let pool = estate.roots.get(root as usize)?.pool;
            estate.steering.pools.get(usize::from(pool.0))
        };
        pool().is_some_and(|pool| !pool.fence.is_empty())
    }

    /// What steering has for this client at a node, if it is steered.
    fn local(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        turn: &Turn<'_>,
        lower: &[u8],
    ) -> Option<Local<'w>> {
        let decision = self.decide(held, node, turn, lower)?;
        let from = Family::ALL.map(|family| {
            let stand = decision.stand(family);
            self.doubt(stand);
            match stand {
                Stand::NoData | Stand::Closed => From::Nowhere,
                Stand::Zone if has_addresses(node) => From::Zone,
                Stand::Up | Stand::Zone | Stand::All => From::Vips,
            }
        });
        Some(Local {
            decision,
            node: Some(node),
            from,
        })
    }

    /// RFC 9460 §4.1: with the records go the addresses of their targets in this zone, and with an alias what services its
    /// target has; as far as they fit, and never a reason to truncate (RFC 2181 §9).
    fn companions(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        rrset: Rrset<'_>,
        turn: &mut Turn<'_>,
    ) {
        let kind = rrset.kind();
        let targets = || rrset.records().filter_map(hints::target);
        // Further targets are read into the room of the owner's name.
        let mut name = [0; limits::NAME];
        let wire = turn.asked.wire();
        let Some(owner) = name.get_mut(..wire.len()) else {
            return;
        };
        owner.copy_from_slice(wire);
        let own = targets().any(|(alias, target)| !alias && target == [0]);
        if own && self.companion(held, node, owner, turn).is_err() {
            return;
        }
        // What other names have is bound by no fence of this one. For no client of it, so that the scope need not tell.
        if self.fenced(held, node) {
            return;
        }
        // Several records may have one target, whose addresses are sent once (RFC 2181 §5).
        let mut sent: [&[u8]; limits::TARGETS] = [&[]; limits::TARGETS];
        let mut slots = 0..limits::TARGETS;
        for (alias, target) in targets().filter(|(_, target)| *target != [0]) {
            // What an alias of itself has stands in the answer.
            let itself = owner.eq_ignore_ascii_case(target);
            if itself && (own || alias) || sent.iter().any(|s| s.eq_ignore_ascii_case(target)) {
                continue;
            }
            let Some(slot) = slots.next().and_then(|at| sent.get_mut(at)) else {
                return;
            };
            *slot = target;
            let Some(node) = self.place(held, target, turn.asked) else {
                continue;
            };
            let mut put = self.companion(held, node, target, turn);
            if put.is_ok() && alias {
                put = self.aliased(node, kind, target);
            }
            if put.is_err() {
                return;
            }
        }
    }

    /// The addresses of one target, which stands in `turn.asked`. Additional records must not be tied to a network (RFC 7871 §7.3.1): those of a steered
    /// name that a client subnet tailors are left out, and the resolver asks for them (RFC 9460 §4.4).
    pub(super) fn companion(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        name: &[u8],
        turn: &Turn<'_>,
    ) -> Result<(), Full> {
        // Its addresses are somebody else's.
        if alias::leads(self.world, held, node) {
            return Ok(());
        }
        let Some(local) = self.local(held, node, turn, turn.asked.wire()) else {
            return self.filed(node, &[Kind::A, Kind::AAAA], name, u32::MAX);
        };
        let decision = &local.decision;
        if local.from == [From::Nowhere; 2] || decision.scope > 0 {
            return Ok(());
        }
        self.drawn = true;
        let vips = &self.world.estate.steering.vips;
        let vip = |id: VipId| vips.get(usize::from(id.0));
        for (family, from) in Family::ALL.into_iter().zip(local.from) {
            let (chosen, ttl) = (decision.vips(family), decision.ttl(family));
            if from == From::Vips {
                self.tell_of(chosen.clone(), ttl, turn);
            }
            match (from, family) {
                (From::Nowhere, _) => {}
                (From::Zone, Family::V4) => {
                    self.filed(node, &[Kind::A], name, decision.pool.ttl.min)?;
                }
                (From::Zone, Family::V6) => {
                    self.filed(node, &[Kind::AAAA], name, decision.pool.ttl.min)?;
                }
                (From::Vips, Family::V4) => {
                    let v4 = chosen.filter_map(|id| vip(id)?.address);
                    self.added(Kind::A, name, ttl, v4.map(|a| a.octets()))?;
                }
                (From::Vips, Family::V6) => {
                    let v6 = chosen.filter_map(|id| vip(id)?.address6);
                    self.added(Kind::AAAA, name, ttl, v6.map(|a| a.octets()))?;
                }
            }
        }
        Ok(())
    }

    /// The services at an alias's target, unless steering has a word in their hints: these are for their own question.
    fn aliased(&mut self, node: NodeRef<'_>, kind: Kind, name: &[u8]) -> Result<(), Full> {
        let Some(rrset) = node.rrset(kind) else {
            return Ok(());
        };
        let plain = |hinted: Hinted<'_>| hinted.target == [0] && node.steer().is_none();
        if !rrset.records().filter_map(Hinted::of).all(plain) {
            return Ok(());
        }
        self.added(kind, name, rrset.ttl(), rrset.records())
    }
}

/// Where the addresses of a steered target come from, for this client.
#[derive(Clone, Copy)]
struct Local<'w> {
    decision: Decision<'w>,
    /// The target in its zone.
    node: Option<NodeRef<'w>>,
    /// For each family.
    from: [From; 2],
}

/// Where addresses of a family come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// The VIPs that were chosen.
    Vips,
    /// The zone's own records are the last resort.
    Zone,
    /// Nothing is to be answered at all.
    Nowhere,
}

/// The last name of the chain of CNAME and DNAME records that begins at the name asked, through whatever zones of ours.
fn end<'w>(world: &'w World, asked: &mut Asked) -> Option<(&'w Held, NodeRef<'w>)> {
    for _ in 0..=limits::CHAIN {
        let held = world.estate.zone(asked)?;
        match held.zone.find(asked, Kind::A) {
            // The addresses behind it are somebody else's.
            Found::Records { node, .. }
            | Found::NoData { node, .. }
            | Found::Alias { node, .. }
                if alias::leads(world, held, node) =>
            {
                return None;
            }
            Found::Records { node, .. } | Found::NoData { node, .. } => return Some((held, node)),
            Found::Alias { rrset, .. } => {
                asked.read(rrset.records().next()?).ok()?;
            }
            Found::Dname { rrset, node } => {
                let mut room = [0; limits::NAME];
                let target = rrset.records().next()?;
                let name = substituted(asked, node.labels(), target, &mut room)?;
                asked.read(name).ok()?;
            }
            Found::Any { .. } | Found::Referral { .. } | Found::NoName { .. } => return None,
        }
    }
    None
}
