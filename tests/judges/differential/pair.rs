//! Our answer beside another one's: what has a reason is taken out, and what is left must be equal.

use std::collections::BTreeSet;

use super::compare::Class;
use super::message::{Answer, Record};
use super::services::{self, pointed};
use super::zones::*;

/// CNAME records in an answer of ours at most: that of the question, and those of eight steps.
const CHAIN: usize = 9;

/// The same for Knot.
const KNOT_CHAIN: usize = 5;

/// Who is beside us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    Nsd,
    Knot,
}

/// Our answer and another one's.
pub struct Pair {
    /// Of the zones served, in wire form and small letters.
    pub apexes: Vec<Vec<u8>>,
    /// Of the records of each of these zones.
    pub owners: Vec<BTreeSet<Vec<u8>>>,
    /// Names with NS records.
    pub cuts: BTreeSet<Vec<u8>>,
    /// The question, in small letters.
    pub name: Vec<u8>,
    pub kind: u16,
    pub class: u16,
    /// Whether a service of these zones has a target with capitals.
    pub capitals: bool,
    pub judge: Judge,
    pub ours: Answer,
    pub theirs: Answer,
    pub classes: BTreeSet<Class>,
}

impl Pair {
    /// Takes out what has a reason; else what differs.
    pub fn settle(&mut self) -> Result<(), String> {
        let served = matches!(self.class, 1 | 255);
        // Types of messages and of no zone, which the others take for any other type.
        if served && matches!(self.kind, 41 | 128 | 249 | 250) && self.ours.rcode() == 1 {
            self.classes.insert(Class::MetaTypes);
            return self.bare();
        }
        if !served || matches!(self.kind, 251 | 252) {
            self.refusal();
            return self.bare().and_then(|()| self.equal());
        }
        if self.class == 255 {
            self.any_class();
        }
        self.other_zone();
        self.long_chain();
        if self.kind == ANY {
            self.any();
        }
        services::settle(self);
        self.additional();
        if self.judge == Judge::Nsd {
            self.apex_servers();
        }
        self.equal()
    }

    /// An error of ours has no records.
    fn bare(&self) -> Result<(), String> {
        let empty = self.ours.sections.iter().all(Vec::is_empty);
        let why = || Err("records beside an error".into());
        if empty { Ok(()) } else { why() }
    }

    /// Knot says of a zone whose transfer is not allowed that it is not its own.
    fn refusal(&mut self) {
        let codes = [self.ours.rcode(), self.theirs.rcode()];
        if self.judge == Judge::Knot && matches!(self.kind, 251 | 252) && codes != [9, 9] {
            let other = self.class != 1 && codes == [5, 4];
            if codes == [5, 9] || other {
                self.theirs.flags = self.theirs.flags & !15 | 5;
                self.classes.insert(Class::Transfers);
            }
        }
    }

    /// In class ANY Knot answers with authority; NSD sends nothing beside the answer.
    fn any_class(&mut self) {
        let referral = self.ours.sections[1].iter().any(|r| r.kind == NS);
        let aa = self.theirs.flags & 0x0400;
        self.theirs.flags &= !0x0400;
        let less = self.theirs.sections[1].is_empty() && !self.ours.sections[1].is_empty();
        if self.judge == Judge::Nsd && !referral && less {
            self.ours.sections[1].clear();
            self.classes.insert(Class::AllClasses);
        }
        if aa != 0 {
            self.classes.insert(Class::AllClasses);
        }
    }

    /// Code, AA, and each section as a set.
    fn equal(&self) -> Result<(), String> {
        if self.ours.rcode() != self.theirs.rcode() {
            let codes = [self.ours.rcode(), self.theirs.rcode()];
            return Err(format!(
                "rcode {} of ours, {} of theirs",
                codes[0], codes[1]
            ));
        }
        if self.ours.authoritative() != self.theirs.authoritative() {
            return Err("AA".into());
        }
        for (at, title) in ["answer", "authority", "additional"].iter().enumerate() {
            let ours: BTreeSet<&Record> = self.ours.sections[at].iter().collect();
            let theirs: BTreeSet<&Record> = self.theirs.sections[at].iter().collect();
            if let Some(more) = ours.difference(&theirs).next() {
                return Err(format!("{title}: only we have {}", more.text()));
            }
            if let Some(less) = theirs.difference(&ours).next() {
                return Err(format!("{title}: we do not have {}", less.text()));
            }
        }
        Ok(())
    }

    /// The deepest apex above a name.
    fn zone(&self, name: &[u8]) -> Option<&Vec<u8>> {
        let apexes = self.apexes.iter().filter(|apex| within(name, apex));
        apexes.max_by_key(|apex| apex.len())
    }

    /// The zone that answers for a name: of the DS records of an apex, the parent (RFC 4035 §3.1.4.1).
    fn home(&self, name: &Vec<u8>) -> Option<&Vec<u8>> {
        let above = |apex: &&Vec<u8>| within(name, apex) && (self.kind != DS || *apex != name);
        let apexes = self.apexes.iter().filter(above);
        apexes.max_by_key(|apex| apex.len()).or(self.zone(name))
    }

    /// The CNAME records from the question on, until there is no more or one comes again.
    fn chain(&self, answer: &Answer) -> Vec<Record> {
        let mut chain: Vec<Record> = Vec::new();
        let mut name = &self.name;
        let records = &answer.sections[0];
        while let Some(alias) = records.iter().find(|r| r.kind == CNAME && r.owner == *name) {
            if chain.contains(alias) {
                break;
            }
            chain.push(alias.clone());
            name = &alias.data;
        }
        chain
    }

    /// Ours ends where the chain leaves the zone of the question; theirs is cut there.
    fn other_zone(&mut self) {
        let chain = self.chain(&self.theirs);
        let home = self.home(&self.name);
        let leaves = |r: &Record| {
            let zone = self.zone(&r.data);
            let parents = self.kind == DS && self.apexes.contains(&r.data);
            parents || zone.is_some() && zone != home
        };
        let Some(last) = chain.iter().position(leaves) else {
            return;
        };
        if self.kind == CNAME && last == 0 {
            return;
        }
        self.cut_theirs(&chain[..=last], Class::OtherZone);
    }

    /// Who follows less says NOERROR, and what the other one says up to there.
    fn long_chain(&mut self) {
        let (ours, theirs) = (self.chain(&self.ours), self.chain(&self.theirs));
        let open = |answer: &Answer| answer.rcode() == 0 && answer.sections[1].is_empty();
        if ours.len() == CHAIN && open(&self.ours) && theirs.starts_with(&ours) {
            self.cut_theirs(&ours, Class::LongChain);
            return;
        }
        let knot = self.judge == Judge::Knot && theirs.len() == KNOT_CHAIN;
        // The last name is below a DNAME that led there already.
        let again = |last: &Record| {
            let answer = self.theirs.sections[0].iter();
            let mut dnames = answer.filter(|r| r.kind == DNAME);
            dnames.any(|r| r.owner != last.data && within(&last.data, &r.owner))
        };
        let circle = self.judge == Judge::Nsd && theirs.last().is_some_and(again);
        if !(knot || circle) || !open(&self.theirs) || !ours.starts_with(&theirs) {
            return;
        }
        let kept = with_dnames(&theirs, &self.ours.sections[0]);
        if self.theirs.sections[0].len() > kept.len() {
            return;
        }
        if kept.len() < self.ours.sections[0].len() || !open(&self.ours) {
            self.ours.sections = [kept, Vec::new(), Vec::new()];
            self.ours.flags &= !15;
            self.classes.insert(if knot {
                Class::LongChain
            } else {
                Class::Circle
            });
        }
    }

    /// Leaves of theirs the chain up to here.
    fn cut_theirs(&mut self, chain: &[Record], class: Class) {
        let answer = &self.theirs.sections[0];
        let kept = with_dnames(chain, answer);
        let more = kept.len() < answer.len() || !self.theirs.sections[1].is_empty();
        if !more && self.theirs.rcode() == 0 {
            return;
        }
        self.theirs.sections = [kept, Vec::new(), Vec::new()];
        self.theirs.flags &= !15;
        self.classes.insert(class);
    }

    /// RFC 8482 §4.1: one RRset is enough, and each takes another one.
    fn any(&mut self) {
        let chain = self.chain(&self.ours);
        let name = chain.last().map_or(&self.name, |last| &last.data).clone();
        let led = with_dnames(&chain, &self.ours.sections[0]);
        let own = |r: &Record| r.owner == name && !led.contains(r);
        let one = |answer: &Answer| {
            let here = answer.sections[0].iter().filter(|r| own(r));
            let kinds: BTreeSet<u16> = here.map(|r| r.kind).collect();
            (kinds.len() == 1)
                .then(|| kinds.into_iter().next())
                .flatten()
        };
        let (Some(ours), Some(theirs)) = (one(&self.ours), one(&self.theirs)) else {
            return;
        };
        if ours == theirs {
            return;
        }
        for answer in [&mut self.ours, &mut self.theirs] {
            let (gone, kept) = answer.sections[0].iter().cloned().partition(own);
            answer.sections[0] = kept;
            drop_addresses(answer, &gone);
        }
        self.classes.insert(Class::Any);
    }

    /// With a positive answer NSD sends the NS records of the zone.
    fn apex_servers(&mut self) {
        let theirs = &self.theirs;
        let authority = &theirs.sections[1];
        let servers = authority
            .iter()
            .all(|r| r.kind == NS && self.apexes.contains(&r.owner));
        let positive = theirs.rcode() == 0 && theirs.authoritative();
        if authority.is_empty()
            || !servers
            || !positive
            || theirs.sections[0].is_empty() && self.kind != ANY
        {
            return;
        }
        let gone = std::mem::take(&mut self.theirs.sections[1]);
        drop_addresses(&mut self.theirs, &gone);
        self.classes.insert(Class::ApexServers);
    }

    /// Addresses below a cut: we have those that stand there, others also what a wildcard there would say.
    fn additional(&mut self) {
        let cuts: BTreeSet<&Vec<u8>> = self
            .cuts
            .iter()
            .filter(|cut| !self.apexes.contains(cut))
            .collect();
        let below = |r: &Record| cuts.iter().any(|cut| within(&r.owner, cut));
        let [ours, theirs] = [&self.ours, &self.theirs].map(|a| a.sections[2].clone());
        let authority = &self.theirs.sections[1];
        let referred = |r: &Record| {
            authority
                .iter()
                .any(|ns| ns.kind == NS && ns.target() == Some(&r.owner))
        };
        let glue = |r: &Record| {
            self.judge == Judge::Nsd && !theirs.contains(r) && below(r) && !referred(r)
        };
        let stands = |r: &Record| self.owners.iter().any(|owners| owners.contains(&r.owner));
        let star = |r: &Record| !ours.contains(r) && below(r) && !stands(r);
        // NSD names the addresses of a wildcard by the target's first label and the name above the wildcard.
        let misnamed = |ours: &Record, theirs: &Record| {
            let above = theirs.owner.get(1 + usize::from(theirs.owner[0])..);
            let label = usize::from(ours.owner[0]) + 1;
            let same = ours.kind == theirs.kind && ours.ttl == theirs.ttl;
            let first = theirs.owner.get(..label) == ours.owner.get(..label);
            let below = above.is_some_and(|above| within(&ours.owner, above));
            same && first && below && ours.data == theirs.data && ours.owner != theirs.owner
        };
        let nsd = self.judge == Judge::Nsd;
        let odd = |r: &Record| nsd && !theirs.contains(r) && theirs.iter().any(|t| misnamed(r, t));
        let misname = |t: &Record| nsd && !ours.contains(t) && ours.iter().any(|r| misnamed(r, t));
        let ours_left: Vec<Record> = ours
            .iter()
            .filter(|r| !glue(r) && !odd(r))
            .cloned()
            .collect();
        // In a deeper zone of the same server, of which Knot takes what its parent has.
        let home = self.home(&self.name);
        let other = |r: &Record| {
            let knot = self.judge == Judge::Knot && !ours.contains(r);
            knot && self.zone(&r.owner).is_some_and(|zone| Some(zone) != home)
        };
        let elsewhere = theirs.iter().any(|r| other(r) && !star(r));
        let theirs_left: Vec<Record> = theirs
            .iter()
            .filter(|t| !star(t) && !misname(t) && !other(t))
            .cloned()
            .collect();
        if elsewhere {
            self.classes.insert(Class::OtherZone);
        }
        if ours.iter().any(odd) {
            self.classes.insert(Class::Misnamed);
        }
        if ours.iter().any(|r| glue(r) && !odd(r)) {
            self.classes.insert(Class::Glue);
        }
        if theirs.iter().any(star) {
            self.classes.insert(Class::StarGlue);
        }
        self.ours.sections[2] = ours_left;
        self.theirs.sections[2] = theirs_left;
    }

    /// NSD keeps all zones in one tree: what the parent has below the apex of a child makes names exist in the child.
    pub fn shared_tree(&mut self) -> bool {
        let chain = self.chain(&self.ours);
        let name = chain.last().map_or(&self.name, |last| &last.data);
        let Some(home) = self.home(name) else {
            return false;
        };
        let zones = self.apexes.iter().zip(&self.owners);
        let mut others = zones.filter(|(apex, _)| *apex != home);
        let shared = others.any(|(_, owners)| owners.iter().any(|o| o != home && within(o, home)));
        if shared {
            self.classes.insert(Class::SharedTree);
        }
        shared
    }

    /// Where only Knot differs.
    pub fn own_way(&mut self) -> bool {
        let alias = self.ours.sections[0].iter().any(|r| r.kind == CNAME);
        let class = match self.kind {
            46 | 47 if alias => Class::SignedTypes,
            _ if self.ours.rcode() == 6 => Class::TooLong,
            _ => return false,
        };
        self.classes.insert(class);
        true
    }
}

/// A chain with the DNAME records that it was made of.
fn with_dnames(chain: &[Record], answer: &[Record]) -> Vec<Record> {
    let led = |r: &&Record| {
        let mut below = chain.iter().filter(|alias| alias.owner != r.owner);
        r.kind == DNAME && below.any(|alias| within(&alias.owner, &r.owner))
    };
    chain
        .iter()
        .chain(answer.iter().filter(led))
        .cloned()
        .collect()
}

/// Takes out the addresses of what these records point to, if what is left does not point to it too.
fn drop_addresses(answer: &mut Answer, gone: &[Record]) {
    let [first, second, additional] = &mut answer.sections;
    let targets =
        |records: &[Record]| -> BTreeSet<Vec<u8>> { records.iter().filter_map(pointed).collect() };
    let left: BTreeSet<Vec<u8>> = &targets(first) | &targets(second);
    let gone = targets(gone);
    additional.retain(|r| !gone.contains(&r.owner) || left.contains(&r.owner));
}

/// Whether a name in wire form and small letters is `apex`, or lies below it.
pub fn within(name: &[u8], apex: &[u8]) -> bool {
    let mut rest = name;
    while rest.len() > apex.len() {
        rest = &rest[1 + usize::from(rest[0])..];
    }
    rest == apex
}
