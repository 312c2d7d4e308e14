//! Names that stand for others: CNAME and DNAME of the zone file, and the CNAME that steering chooses.

use crate::answer::Turn;
use crate::answer::respond::{Reply, Section};
use crate::stats::Outcome;
use crate::steer::plan::Stand;
use crate::steer::reach::Gives;
use crate::steer::wheel::Family;
use crate::wire::asked::Asked;
use crate::wire::kind::{Kind, Rcode};
use crate::wire::writer::Full;
use crate::world::World;
use crate::world::estate::Held;
use crate::zone::{NodeRef, Rrset};

/// Whether a pool of `cname` VIPs answers at a node.
#[inline]
pub(super) fn leads(world: &World, held: &Held, node: NodeRef<'_>) -> bool {
    let root = || {
        let root = *held.steered.get(node.steer()? as usize)?;
        world.estate.roots.get(root as usize)
    };
    root().is_some_and(|root| root.gives == Gives::Alias)
}

impl<'w> Reply<'w, '_> {
    /// The CNAME that steering chooses for this client: whatever type is asked, it stands there as one of the zone file
    /// would (RFC 1034 §3.6.2). What came of the query, if that was the last step.
    pub(super) fn lead(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        kind: Kind,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Option<Outcome> {
        let Some(decision) = self.decide(held, node, turn, turn.asked.wire()) else {
            return Some(self.refuse(Rcode::ServFail, Outcome::ServFail, None));
        };
        self.bind(&decision);
        let mut ttl = decision.ttl(Family::V4);
        let mut own = None;
        let stand = decision.stand(Family::V4);
        self.doubt(stand);
        match stand {
            Stand::NoData | Stand::Closed => return Some(self.empty(held, &decision)),
            // Not kept for long: something is badly wrong.
            Stand::Zone => own = node.rrset(Kind::CNAME),
            Stand::Up | Stand::All => {}
        }
        let world = self.world;
        let vip = decision.vips(Family::V4).next();
        let chosen = vip.and_then(|vip| world.estate.steering.vips.get(usize::from(vip.0)));
        let target = match own {
            Some(own) => {
                ttl = own.ttl().min(decision.pool.ttl.min);
                own.records().next()
            }
            None => chosen
                .and_then(|vip| vip.cname.as_ref())
                .map(|name| name.wire()),
        };
        let Some(target) = target else {
            return Some(self.empty(held, &decision));
        };
        let put = |reply: &mut Self, asked: &Asked| {
            reply.owner(asked, first)?;
            reply.record(Section::Answer, Kind::CNAME, ttl, target)
        };
        if self.whole(put, turn.asked).is_err() {
            return Some(self.settle(Err(Full), Outcome::Steered));
        }
        if own.is_none() {
            self.tally(vip.into_iter(), ttl, turn);
        }
        self.hops += 1;
        // To whom asks for it, or for anything (RFC 8482 §4.1), it is the answer.
        if matches!(kind, Kind::CNAME | Kind::ANY) {
            return Some(Outcome::Steered);
        }
        self.follow(held, kind, target, turn)
    }

    /// Takes the step of a CNAME; what came of the query, if that was the last.
    pub(super) fn alias(
        &mut self,
        held: &Held,
        kind: Kind,
        rrset: Rrset<'_>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Option<Outcome> {
        let put = |reply: &mut Self, asked: &Asked| {
            reply.rrset(Section::Answer, asked, first, rrset, rrset.ttl())
        };
        if self.whole(put, turn.asked).is_err() {
            return Some(self.settle(Err(Full), Outcome::Static));
        }
        let target = rrset.records().next().unwrap_or(&[0]);
        self.follow(held, kind, target, turn)
    }

    /// To the name that a CNAME stands for, unless it is another zone's to answer.
    fn follow(
        &self,
        held: &Held,
        kind: Kind,
        target: &[u8],
        turn: &mut Turn<'_>,
    ) -> Option<Outcome> {
        let follow = turn.asked.read(target).is_ok() && self.holds(held, kind, turn.asked);
        (!follow).then_some(Outcome::Static)
    }

    /// Takes the step of a DNAME; what came of the query, if that was the last.
    pub(super) fn substitute(
        &mut self,
        rrset: Rrset<'_>,
        node: NodeRef<'w>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Option<Outcome> {
        match self.dname(rrset, node, turn, first) {
            Ok(true) => None,
            Ok(false) => {
                // RFC 6672 §2.2: the name would be too long.
                self.rcode = Rcode::YxDomain;
                Some(Outcome::YxDomain)
            }
            Err(Full) => Some(self.settle(Err(Full), Outcome::Static)),
        }
    }
}
