//! From a query to its answer: look-up (RFC 1034 §4.3.2), steering, the sections, and what fits.

use crate::answer::alias;
use crate::answer::opt::{Apex, Opt};
use crate::answer::refusal::unfit;
use crate::answer::{Client, Head, Turn, close, finish, outcome_of, room};
use crate::limits;
use crate::stats::Outcome;
use crate::steer::draw;
use crate::wire::asked::Asked;
use crate::wire::ede::{self, Ede};
use crate::wire::kind::{Kind, Rcode, class};
use crate::wire::query::{HEADER, Query, Subnet};
use crate::wire::writer::{Full, Names, Writer};
use crate::world::World;
use crate::world::estate::Held;
use crate::zone::{Found, NodeRef, Rrset};

/// Looks up and answers; what became of it, and the answer's length.
pub(super) fn respond(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    message: &[u8],
    query: &Query<'_>,
    out: &mut [u8],
) -> (Outcome, usize) {
    let limit = room(client.transport, query.edns.as_ref());
    let mut names = Names::default();
    let Some(mut writer) = Writer::new((out, &mut names), message, query.end, limit) else {
        return (Outcome::ServFail, 0);
    };
    let edns = query.edns.as_ref();
    let mut opt = edns.map(|terms| Opt::new(world, client, turn, terms));
    // The OPT record is written last and must always fit, so its room is set aside first.
    let kept = opt.as_ref().map_or(0, Opt::room);
    writer.reserve(kept);
    let mut reply = Reply {
        world,
        client,
        subnet: edns.and_then(|e| e.subnet.as_ref()),
        writer,
        rcode: Rcode::NoError,
        authoritative: true,
        truncated: false,
        counts: [0; 3],
        scope: 0,
        drawn: false,
        hops: 0,
        held: None,
        why: None,
        led: None,
    };
    let outcome = reply.fill(query, turn);
    if reply.drawn {
        turn.counter = turn.counter.wrapping_add(1);
    }
    if reply.truncated {
        turn.counters.truncated.add(1);
    }
    if let Some(opt) = &mut opt {
        // RFC 7871 §7.2.1: a scope says something only of a subnet that was sent with a source.
        opt.scope = if reply.subnet.is_some_and(|s| s.source > 0) {
            reply.scope
        } else {
            0
        };
        opt.why = reply.why;
        if opt.more.is_some() {
            reply.tell(query, opt);
        }
    }
    let mut head = Head {
        rcode: reply.rcode,
        authoritative: reply.authoritative,
        truncated: reply.truncated,
        counts: reply.counts,
    };
    reply.writer.release(kept);
    close(&mut reply.writer, &mut head, opt.as_ref());
    (
        outcome,
        finish(&mut reply.writer, &head, query.end > HEADER),
    )
}

/// The section that a record goes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Section {
    Answer,
    Authority,
    Additional,
}

/// An answer being put together.
pub(super) struct Reply<'w, 'b> {
    pub(super) world: &'w World,
    pub(super) client: Client,
    pub(super) subnet: Option<&'b Subnet>,
    pub(super) writer: Writer<'b>,
    pub(super) rcode: Rcode,
    pub(super) authoritative: bool,
    pub(super) truncated: bool,
    pub(super) counts: [u16; 3],
    pub(super) scope: u8,
    pub(super) drawn: bool,
    /// Steered names that led on to another name.
    pub(super) hops: u32,
    /// The zone that the question is for, if it is ours.
    held: Option<&'w Held>,
    /// Why there is no better answer.
    pub(super) why: Option<&'static Ede>,
    /// The hashes of the owners of DNAME records that stand in the answer.
    pub(super) led: Option<[u64; limits::CHAIN + 1]>,
}

impl<'w> Reply<'w, '_> {
    fn fill(&mut self, query: &Query<'_>, turn: &mut Turn<'_>) -> Outcome {
        if query.class != class::IN {
            match query.class {
                class::CH => return self.chaos(query, turn),
                // RFC 1035 §4.1.1: an answer for all classes has authority in one at most.
                class::ANY => self.authoritative = false,
                _ => return self.refuse(Rcode::Refused, Outcome::Refused, Some(&ede::CLASS)),
            }
        }
        if let Some((rcode, why)) = unfit(query.kind) {
            let outcome = outcome_of(rcode);
            return self.refuse(rcode, outcome, Some(why));
        }
        if matches!(query.kind, Kind::AXFR | Kind::IXFR) {
            return self.transfer(query.kind, turn.asked);
        }
        let estate = &self.world.estate;
        let Some(mut held) = estate.zone(turn.asked) else {
            let why = Some(&ede::ELSEWHERE);
            return self.refuse(Rcode::Refused, Outcome::Refused, why);
        };
        // The DS records of a zone are its parent's (RFC 4035 §3.1.4.1).
        if query.kind == Kind::DS
            && *held.lower == *turn.asked.wire()
            && let Some(parent) = estate.parent(turn.asked)
        {
            held = parent;
        }
        self.held = Some(held);
        match self.walk(held, query.kind, turn) {
            // Whatever it led to, steering chose the way.
            Outcome::Static if self.hops > 0 => Outcome::Steered,
            other => other,
        }
    }

    pub(super) fn refuse(
        &mut self,
        rcode: Rcode,
        outcome: Outcome,
        why: Option<&'static Ede>,
    ) -> Outcome {
        self.rcode = rcode;
        self.authoritative = false;
        self.why = why;
        outcome
    }

    /// What was asked about the zone beside its records.
    #[inline(never)]
    fn tell(&self, query: &Query<'_>, opt: &mut Opt<'_>) {
        let Some(held) = self.held else { return };
        // The zone holds the name, so equal lengths are equal names.
        let soa = query.kind == Kind::SOA && query.name.len() == held.lower.len();
        let apex = if soa && !self.truncated {
            Apex::Yes
        } else {
            Apex::No
        };
        opt.tell(held, apex);
    }

    /// The name asked, and what it leads to.
    #[inline]
    fn walk(&mut self, held: &'w Held, kind: Kind, turn: &mut Turn<'_>) -> Outcome {
        // Most names lead nowhere: what a chain needs is only made for one.
        let name = turn.asked.hash(turn.asked.labels());
        match self.step(held, kind, turn, name, true) {
            Some(end) => end,
            None => self.chain(held, kind, turn, name),
        }
    }

    /// Follows CNAME and DNAME as long as they stay in the zone.
    #[inline(never)]
    fn chain(&mut self, held: &'w Held, kind: Kind, turn: &mut Turn<'_>, first: u64) -> Outcome {
        let mut seen = [first; limits::CHAIN + 1];
        for hop in 1..=limits::CHAIN {
            // A name that was answered already: the chain is a loop, and what it says has been said.
            let name = turn.asked.hash(turn.asked.labels());
            if seen[..hop].contains(&name) {
                break;
            }
            seen[hop] = name;
            if let Some(end) = self.step(held, kind, turn, name, false) {
                return end;
            }
        }
        // Of a longer chain than anyone needs, what was found so far is true, and a resolver goes on by itself.
        Outcome::Static
    }

    /// One name, of which `name` is the hash. What came of the query, if it leads no further.
    #[inline(always)]
    fn step(
        &mut self,
        held: &'w Held,
        kind: Kind,
        turn: &mut Turn<'_>,
        name: u64,
        first: bool,
    ) -> Option<Outcome> {
        let found = held.zone.find(turn.asked, kind);
        if let Found::Records { node, .. }
        | Found::NoData { node, .. }
        | Found::Any { node, .. }
        | Found::Alias { node, .. } = found
            && node.steer().is_some()
        {
            if alias::leads(self.world, held, node) {
                return self.lead(held, node, kind, turn, first);
            }
            if matches!(kind, Kind::A | Kind::AAAA | Kind::ANY)
                && !matches!(found, Found::Alias { .. })
            {
                return Some(self.steered(held, node, kind, turn, first));
            }
        }
        match found {
            Found::Records { rrset, node, .. } => {
                if rrset.kind() == Kind::DNAME && self.has_led(name) {
                    return Some(Outcome::Static);
                }
                let done = self.answer(held, node, rrset, turn, first);
                Some(self.settle(done, Outcome::Static))
            }
            Found::Any { node, .. } => Some(self.any(held, node, turn, first)),
            Found::Alias { rrset, .. } => self.alias(held, kind, rrset, turn, first),
            Found::Dname { rrset, node } => {
                if let Some(end) = self.substitute(rrset, node, turn, first) {
                    return Some(end);
                }
                // RFC 6672 §3.1: to whom asks for it, the CNAME so made is the answer.
                let ends = kind == Kind::CNAME || !self.holds(held, kind, turn.asked);
                ends.then_some(Outcome::Static)
            }
            Found::Referral { cut } => Some(self.refer(held, cut, turn.asked, first)),
            Found::NoData { .. } => Some(self.nodata(held, first)),
            Found::NoName { .. } => {
                // RFC 6604 §2.1: the code is that of the chain's last name.
                self.rcode = Rcode::NxDomain;
                let done = self.negative(held, held.zone.negative_ttl());
                Some(self.settle(done, Outcome::NxDomain))
            }
        }
    }

    /// Whether the DNAME record of the owner with this hash stands in the answer already.
    pub(super) fn has_led(&self, owner: u64) -> bool {
        self.led.is_some_and(|led| led.contains(&owner))
    }

    /// RFC 8482 §4.1: one RRset is an answer to ANY.
    fn any(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Outcome {
        let mut rrsets = node.rrsets();
        let Some(mut rrset) = rrsets.next() else {
            return self.nodata(held, first);
        };
        // A DNAME that led here stands in the answer already.
        let own = turn.asked.hash(turn.asked.labels());
        if rrset.kind() == Kind::DNAME && self.has_led(own) {
            match rrsets.next() {
                Some(next) => rrset = next,
                None => return Outcome::Static,
            }
        }
        let done = self.answer(held, node, rrset, turn, first);
        self.settle(done, Outcome::Static)
    }

    /// Whether a chain's next name is this zone's to answer: not another one's, be it a deeper one of ours, nor the
    /// parent's, to which the DS records of the apex belong (RFC 4035 §3.1.4.1).
    pub(super) fn holds(&self, held: &Held, kind: Kind, asked: &Asked) -> bool {
        if kind == Kind::DS && *held.lower == *asked.wire() {
            return false;
        }
        self.world
            .estate
            .zone(asked)
            .is_some_and(|zone| std::ptr::eq(zone, held))
    }

    /// To the servers of a delegated zone. A chain that led there began in ours, so AA stays (RFC 1035 §4.1.1).
    fn refer(
        &mut self,
        held: &'w Held,
        cut: NodeRef<'w>,
        asked: &mut Asked,
        first: bool,
    ) -> Outcome {
        let done = self.referral(held, cut, asked);
        if first {
            self.authoritative = false;
            self.settle(done, Outcome::Referral)
        } else {
            self.settle(done, Outcome::Static)
        }
    }

    fn nodata(&mut self, held: &Held, first: bool) -> Outcome {
        let done = self.negative(held, held.zone.negative_ttl());
        self.settle(
            done,
            if first {
                Outcome::NoData
            } else {
                Outcome::Static
            },
        )
    }

    /// What did not fit sets TC; sections after it stay empty (RFC 2181 §9).
    pub(super) fn settle(&mut self, done: Result<(), Full>, outcome: Outcome) -> Outcome {
        if done.is_err() {
            self.truncated = true;
        }
        outcome
    }

    /// A whole RRset into the answer, and what goes with it.
    pub(super) fn answer(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        rrset: Rrset<'_>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Result<(), Full> {
        match rrset.kind() {
            Kind::HTTPS | Kind::SVCB => return self.services(held, node, rrset, turn, first),
            Kind::A | Kind::AAAA if rrset.count() > 1 => return self.rotated(rrset, turn, first),
            _ => {}
        }
        self.whole(
            |reply, asked| reply.rrset(Section::Answer, asked, first, rrset, rrset.ttl()),
            turn.asked,
        )?;
        self.extras(held, node, rrset, turn);
        Ok(())
    }

    /// Several addresses in a zone file are a round robin: each answer begins with another one.
    fn rotated(&mut self, rrset: Rrset<'_>, turn: &Turn<'_>, first: bool) -> Result<(), Full> {
        self.drawn = true;
        let count = rrset.count();
        let start = draw::start(turn.counter, count);
        let put = |reply: &mut Self, asked: &Asked| {
            if first {
                let block = rrset.block();
                let (head, tail) = block.split_at(start * (block.len() / count.max(1)));
                reply.writer.bytes(tail)?;
                reply.writer.bytes(head)?;
                reply.count(Section::Answer, count as u16);
                return Ok(());
            }
            let (head, tail) = (rrset.records().take(start), rrset.records().skip(start));
            for rdata in tail.chain(head) {
                reply.owner(asked, first)?;
                reply.record(Section::Answer, rrset.kind(), rrset.ttl(), rdata)?;
            }
            Ok(())
        };
        self.whole(put, turn.asked)
    }
}
