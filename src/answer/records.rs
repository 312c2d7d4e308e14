//! Writing records into the sections of an answer: whole RRsets, names compressed, nothing half done.

use crate::answer::Turn;
use crate::answer::respond::{Reply, Section};
use crate::limits;
use crate::wire::asked::Asked;
use crate::wire::kind::Kind;
use crate::wire::writer::{Full, QUESTION};
use crate::world::estate::Held;
use crate::zone::{Found, NodeRef, Rrset};

impl<'w> Reply<'w, '_> {
    /// All of it or nothing.
    pub(super) fn whole(
        &mut self,
        put: impl FnOnce(&mut Self, &Asked) -> Result<(), Full>,
        asked: &Asked,
    ) -> Result<(), Full> {
        let (mark, counts) = (self.writer.mark(), self.counts);
        put(self, asked).inspect_err(|Full| {
            self.writer.back(mark);
            self.counts = counts;
        })
    }

    pub(super) fn count(&mut self, section: Section, records: u16) {
        let count = &mut self.counts[section as usize];
        *count = count.saturating_add(records);
    }

    /// The records of a set. Its owner is the name asked: the question itself, or a name that a CNAME led to.
    pub(super) fn rrset(
        &mut self,
        section: Section,
        asked: &Asked,
        first: bool,
        rrset: Rrset<'_>,
        ttl: u32,
    ) -> Result<(), Full> {
        let kind = rrset.kind();
        if first && ttl == rrset.ttl() && compressed(kind).is_none() {
            self.writer.bytes(rrset.block())?;
            self.count(section, rrset.count() as u16);
            return Ok(());
        }
        for rdata in rrset.records() {
            self.owner(asked, first)?;
            self.record(section, kind, ttl, rdata)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn owner(&mut self, asked: &Asked, first: bool) -> Result<(), Full> {
        if first {
            self.writer.bytes(&QUESTION)
        } else {
            self.writer.name(asked.wire())
        }
    }

    /// A record after its owner. Names in it are compressed where RFC 3597 §4 lets them be.
    pub(super) fn record(
        &mut self,
        section: Section,
        kind: Kind,
        ttl: u32,
        rdata: &[u8],
    ) -> Result<(), Full> {
        match kind {
            Kind::NS | Kind::CNAME | Kind::PTR => {
                let data = self.writer.fixed(kind, ttl)?;
                self.writer.name(rdata)?;
                self.writer.finish(data);
            }
            Kind::MD | Kind::MF | Kind::MB | Kind::MG | Kind::MR | Kind::MINFO
                if are_names(rdata) =>
            {
                let data = self.writer.fixed(kind, ttl)?;
                self.names(rdata)?;
                self.writer.finish(data);
            }
            Kind::MX => {
                let (preference, name) = rdata.split_at_checked(2).ok_or(Full)?;
                let data = self.writer.fixed(kind, ttl)?;
                self.writer.bytes(preference)?;
                self.writer.name(name)?;
                self.writer.finish(data);
            }
            Kind::SOA => {
                let names = rdata
                    .get(..rdata.len().saturating_sub(20))
                    .unwrap_or_default();
                let (server, mailbox) = names.split_at_checked(name_length(names)).ok_or(Full)?;
                let data = self.writer.fixed(kind, ttl)?;
                self.writer.name(server)?;
                self.writer.name(mailbox)?;
                self.writer
                    .bytes(rdata.get(names.len()..).unwrap_or_default())?;
                self.writer.finish(data);
            }
            _ => self.writer.record(&[], kind, ttl, rdata)?,
        }
        self.count(section, 1);
        Ok(())
    }

    /// Data of names and nothing else.
    #[cold]
    fn names(&mut self, mut rdata: &[u8]) -> Result<(), Full> {
        while !rdata.is_empty() {
            let (name, rest) = rdata.split_at_checked(name_length(rdata)).ok_or(Full)?;
            self.writer.name(name)?;
            rdata = rest;
        }
        Ok(())
    }

    /// RFC 2308 §3: the SOA record, with the time for which "no" may be believed. The apex stands in the question: each
    /// name of a chain lies in the zone of the first.
    pub(super) fn negative(&mut self, held: &Held, ttl: u32) -> Result<(), Full> {
        let denial = held.zone.denial();
        let start = self.writer.len();
        let apex = self.writer.above(held.lower.len());
        self.writer.bytes(denial.record())?;
        for at in denial.pointers() {
            self.writer.patch(start + at, &apex);
        }
        self.writer.patch(start + denial.ttl(), &ttl.to_be_bytes());
        self.count(Section::Authority, 1);
        Ok(())
    }

    /// RFC 6672 §3.1: the DNAME, and the CNAME made from it. False if the new name is too long.
    pub(super) fn dname(
        &mut self,
        rrset: Rrset<'_>,
        node: NodeRef<'w>,
        turn: &mut Turn<'_>,
        first: bool,
    ) -> Result<bool, Full> {
        let labels = node.labels();
        let Some(target) = rrset.records().next() else {
            return Ok(false);
        };
        let asked = &mut *turn.asked;
        // A chain may come by twice; the record stands there once.
        let owner = asked.hash(labels);
        if !self.has_led(owner) {
            self.whole(
                |reply, asked| {
                    reply.writer.name(asked.suffix(labels))?;
                    reply.record(Section::Answer, Kind::DNAME, rrset.ttl(), target)
                },
                asked,
            )?;
            if let Some(free) = self
                .led
                .get_or_insert([0; limits::CHAIN + 1])
                .iter_mut()
                .find(|led| **led == 0)
            {
                *free = owner;
            }
        }
        let mut room = [0; limits::NAME];
        let Some(target) = substituted(asked, labels, target, &mut room) else {
            return Ok(false);
        };
        self.whole(
            |reply, asked| {
                reply.owner(asked, first)?;
                reply.record(Section::Answer, Kind::CNAME, rrset.ttl(), target)
            },
            asked,
        )?;
        Ok(asked.read(target).is_ok())
    }

    /// NS records of a cut, with the addresses that lie below it; those are needed, so they come first, and without room
    /// for them TC is set (RFC 9471 §3.1). Others that we have take what room is left (§3.2).
    pub(super) fn referral(
        &mut self,
        held: &'w Held,
        cut: NodeRef<'_>,
        asked: &mut Asked,
    ) -> Result<(), Full> {
        let Some(rrset) = cut.rrset(Kind::NS) else {
            return Ok(());
        };
        let start = (self.writer.mark(), self.counts);
        let mut put = |reply: &mut Self| {
            for rdata in rrset.records() {
                reply.writer.name(cut.wire())?;
                reply.record(Section::Authority, Kind::NS, rrset.ttl(), rdata)?;
            }
            let needed = |target: &&[u8]| within(target, cut.wire());
            for target in rrset.targets().filter(needed) {
                reply.addresses(held, target, asked)?;
            }
            for target in rrset.targets().filter(|target| !needed(target)) {
                let _ = reply.addresses(held, target, asked);
            }
            Ok(())
        };
        put(self).inspect_err(|Full| {
            self.writer.back(start.0);
            self.counts = start.1;
        })
    }

    /// Addresses of the names that an RRset points to: welcome, never a reason to truncate (RFC 2181 §9). Those of a steered
    /// host of MX or SRV are this client's, as beside SVCB; a name server is never steered.
    pub(super) fn extras(
        &mut self,
        held: &'w Held,
        node: NodeRef<'w>,
        rrset: Rrset<'_>,
        turn: &mut Turn<'_>,
    ) {
        if !matches!(rrset.kind(), Kind::NS | Kind::MX | Kind::SRV) {
            return;
        }
        // What other names have is bound by no fence of this one. For no client of it, so that the scope need not tell.
        let fenced = self.fenced(held, node);
        // Several records may point to one name, whose addresses are sent once (RFC 2181 §5).
        let mut sent: [&[u8]; limits::TARGETS] = [&[]; limits::TARGETS];
        let mut slots = 0..limits::TARGETS;
        for target in rrset.targets() {
            if sent.iter().any(|known| known.eq_ignore_ascii_case(target)) {
                continue;
            }
            let Some(slot) = slots.next().and_then(|at| sent.get_mut(at)) else {
                break;
            };
            *slot = target;
            let put = match self.place(held, target, turn.asked) {
                Some(node) if node.steer().is_none() => {
                    self.filed(node, &[Kind::A, Kind::AAAA], target, u32::MAX)
                }
                Some(node) if !fenced => self.companion(held, node, target, turn),
                _ => Ok(()),
            };
            if put.is_err() {
                break;
            }
        }
    }

    /// Whether a deeper zone of ours steers the name: what stands of it in this one would lead around a fence.
    fn elsewhere(&self, held: &Held, asked: &Asked) -> bool {
        let zone = self.world.estate.zone(asked);
        let Some(deeper) = zone.filter(|zone| !std::ptr::eq(*zone, held)) else {
            return false;
        };
        match deeper.zone.find(asked, Kind::A) {
            Found::Records { node, .. }
            | Found::NoData { node, .. }
            | Found::Alias { node, .. } => node.steer().is_some(),
            _ => false,
        }
    }

    /// The zone's own A and AAAA records of a name. A steered name's are for its own question.
    /// The name is read into `asked`: the one asked for is no longer needed.
    fn addresses(&mut self, held: &'w Held, target: &[u8], asked: &mut Asked) -> Result<(), Full> {
        match self.place(held, target, asked) {
            Some(node) if node.steer().is_none() => {
                self.filed(node, &[Kind::A, Kind::AAAA], target, u32::MAX)
            }
            _ => Ok(()),
        }
    }

    /// Where the zone has what a record points to: also below a cut, or at a wildcard that stands for it (RFC 4592 §3.3.1:
    /// as for a question, so not below a cut). The name is read into `asked`.
    pub(super) fn place(
        &self,
        held: &'w Held,
        target: &[u8],
        asked: &mut Asked,
    ) -> Option<NodeRef<'w>> {
        asked.read(target).ok()?;
        if self.elsewhere(held, asked) {
            return None;
        }
        if let Some(node) = held.zone.node_at(asked, asked.labels()) {
            return Some(node);
        }
        if !self.holds(held, Kind::A, asked) {
            return None;
        }
        match held.zone.find(asked, Kind::A) {
            Found::Records { node, .. } | Found::NoData { node, .. } => Some(node),
            _ => None,
        }
    }

    /// The addresses that the zone file has at a node, as additional records of this name; each RRset whole.
    pub(super) fn filed(
        &mut self,
        node: NodeRef<'_>,
        kinds: &[Kind],
        owner: &[u8],
        most: u32,
    ) -> Result<(), Full> {
        for rrset in kinds.iter().filter_map(|kind| node.rrset(*kind)) {
            let ttl = rrset.ttl().min(most);
            self.added(rrset.kind(), owner, ttl, rrset.records())?;
        }
        Ok(())
    }

    /// A whole RRset into the additional section, or nothing of it.
    pub(super) fn added(
        &mut self,
        kind: Kind,
        owner: &[u8],
        ttl: u32,
        records: impl Iterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(), Full> {
        let (mark, counts) = (self.writer.mark(), self.counts);
        for rdata in records {
            let named = self.writer.name(owner);
            let data = rdata.as_ref();
            let put = named.and_then(|()| self.record(Section::Additional, kind, ttl, data));
            if put.is_err() {
                self.writer.back(mark);
                self.counts = counts;
                return put;
            }
        }
        Ok(())
    }
}

/// The name asked with its rightmost `labels` replaced (RFC 6672 §2.2); none if it would be too long.
pub(super) fn substituted<'n>(
    asked: &Asked,
    labels: usize,
    target: &[u8],
    room: &'n mut [u8; limits::NAME],
) -> Option<&'n [u8]> {
    let head = asked.wire().len() - asked.suffix(labels).len();
    let room = room.get_mut(..head + target.len())?;
    room[..head].copy_from_slice(&asked.wire()[..head]);
    room[head..].copy_from_slice(target);
    Some(room)
}

/// Which names in the data of a type may be compressed (RFC 1035 §3.3, and no later ones: RFC 3597 §4): octets before the
/// first, and how many.
pub(super) fn compressed(kind: Kind) -> Option<(usize, usize)> {
    match kind {
        Kind::NS | Kind::CNAME | Kind::PTR => Some((0, 1)),
        Kind::MD | Kind::MF | Kind::MB | Kind::MG | Kind::MR => Some((0, 1)),
        Kind::MX => Some((2, 1)),
        Kind::SOA | Kind::MINFO => Some((0, 2)),
        _ => None,
    }
}

/// Whether this is names and nothing else: data of these types may have been written in hexadecimal.
fn are_names(rdata: &[u8]) -> bool {
    let mut at = 0;
    let mut last = 1;
    while let Some(length) = rdata.get(at) {
        last = *length;
        if usize::from(last) > limits::LABEL {
            return false;
        }
        at += 1 + usize::from(last);
    }
    last == 0 && at == rdata.len()
}

/// Octets of the name at the start.
fn name_length(wire: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = wire.get(at).copied().filter(|l| *l != 0) {
        at += 1 + usize::from(length);
    }
    at + 1
}

/// Whether a name in wire form is `apex` or lies below it.
fn within(name: &[u8], apex: &[u8]) -> bool {
    let Some(skip) = name.len().checked_sub(apex.len()) else {
        return false;
    };
    let mut at = 0;
    while at < skip {
        at += 1 + usize::from(name[at]);
    }
    at == skip && name[skip..].eq_ignore_ascii_case(apex)
}
