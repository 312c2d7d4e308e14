//! What a zone says of the zones below it, and of the hosts it points to: NS, glue, DNAME and targets.

use std::collections::HashSet;

use super::check::{mark, span};
use super::order::{self, Order};
use super::rdata::target;
use super::report::{Fault, Report};
use super::text::{Record, Text};
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// What takes names away from this zone.
#[derive(Clone, Copy)]
enum Cover {
    /// A delegation, at the name itself and below.
    Cut,
    /// A DNAME, below the name.
    Dname,
}

/// The topmost cut or DNAME above the families that follow.
struct Top<'a> {
    cover: Cover,
    key: Vec<u8>,
    record: Record<'a>,
    /// What the NS records of a cut name, in small letters and wire form.
    hosts: Vec<Vec<u8>>,
}

/// The rules of delegation; those about what is missing only if the file was read whole.
pub(super) struct Delegations<'a> {
    hosts: Hosts<'a>,
    whole: bool,
    top: Option<Top<'a>>,
    /// Addresses below a cut that its own NS records do not name.
    idle: Vec<u32>,
    key: Vec<u8>,
    wire: Vec<u8>,
}

impl<'a> Delegations<'a> {
    pub(super) fn new(text: &'a Text, order: &'a Order, apex: &'a Name, whole: bool) -> Self {
        Delegations {
            hosts: Hosts {
                text,
                order,
                apex,
                steps: steps(text),
            },
            whole,
            top: None,
            idle: Vec::new(),
            key: Vec::new(),
            wire: Vec::new(),
        }
    }

    /// The records of one owner, by type. Owners come in canonical order.
    pub(super) fn family(&mut self, report: &mut Report<'_>, all: &[Record<'a>]) {
        let Some(some) = all.first() else { return };
        if let Some(top) = &self.top {
            self.key.clear();
            order::of(some, self.hosts.apex, &mut self.wire, &mut self.key);
            if self.key.starts_with(&top.key) {
                covered(report, top, all);
                self.idle.extend(idle(top, all));
                return;
            }
            self.top = None;
        }
        if self.whole {
            self.hosts.targets(report, all);
        }
        let cut = first(all, Kind::NS).filter(|record| record.owner() != *self.hosts.apex);
        let leads = || first(all, Kind::DNAME).map(|record| (Cover::Dname, *record));
        let cover = cut.map(|record| (Cover::Cut, *record)).or_else(leads);
        let Some((cover, record)) = cover else { return };
        let mut key = Vec::new();
        order::of(some, self.hosts.apex, &mut self.wire, &mut key);
        let hosts = all.iter().filter(|record| record.kind == Kind::NS);
        let top = Top {
            cover,
            key,
            record,
            hosts: hosts.map(|ns| ns.rdata.to_ascii_lowercase()).collect(),
        };
        if cut.is_some() {
            beside(report, all);
            self.idle.extend(idle(&top, all));
        }
        self.top = Some(top);
    }

    /// How many steps the search for lost servers took so far.
    pub(super) fn searched(&self) -> usize {
        steps(self.hosts.text).saturating_sub(self.hosts.steps)
    }

    /// What can be said when all were seen.
    pub(super) fn finish(self, report: &mut Report<'_>) {
        let Hosts {
            text, order, apex, ..
        } = self.hosts;
        if !self.whole {
            return;
        }
        let top = order.find(text, apex);
        if first(&top, Kind::NS).is_none() {
            let span = first(&top, Kind::SOA).map_or(0..0, |soa| mark(report, soa));
            let message = format!("the zone `{apex}` has no NS records");
            let advice = "write an NS record for each of its servers: `@ NS ns1`";
            report.error(Fault::new(&span, message, advice));
        }
        if self.idle.is_empty() {
            return;
        }
        // Another delegation may need them (RFC 9471 §2.2).
        let servers = text.iter().filter(|record| record.kind == Kind::NS);
        let servers: HashSet<Vec<u8>> = servers.map(|ns| ns.rdata.to_ascii_lowercase()).collect();
        for number in self.idle {
            let Some(record) = text.get(number as usize) else {
                continue;
            };
            let owner = record.owner();
            if !servers.contains(owner.lower().wire()) {
                let message = format!("no NS record names `{owner}`: its address is never served");
                let advice =
                    "the name is delegated: take the record out, or name the host in an NS record";
                let span = span(report, &record);
                report.warning(Fault::new(&span, message, advice));
            }
        }
    }
}

/// Steps upwards that the search for lost servers may take in any text.
pub(super) const STEPS: usize = 10_000;

/// The same for this text: enough for every honest zone, and no more than its size.
fn steps(text: &Text) -> usize {
    text.len().saturating_mul(8).saturating_add(STEPS)
}

/// The addresses at or below a cut of a host that its NS records do not name.
fn idle(top: &Top<'_>, all: &[Record<'_>]) -> Vec<u32> {
    let address = |record: &&Record<'_>| matches!(record.kind, Kind::A | Kind::AAAA);
    let addresses = all.iter().filter(address).map(|record| record.number);
    let cut = matches!(top.cover, Cover::Cut);
    let Some(some) = all.iter().find(address).filter(|_| cut) else {
        return Vec::new();
    };
    let owner = some.owner().lower();
    if top.hosts.iter().any(|host| host == owner.wire()) {
        return Vec::new();
    }
    addresses.collect()
}

/// The first record of a type, among those of one owner, which are in the order of their types.
fn first<'r, 'a>(all: &'r [Record<'a>], kind: Kind) -> Option<&'r Record<'a>> {
    let at = all.partition_point(|record| record.kind < kind);
    all.get(at).filter(|record| record.kind == kind)
}

/// Records below a cut or a DNAME.
fn covered(report: &mut Report<'_>, top: &Top<'_>, all: &[Record<'_>]) {
    for record in all {
        let (owner, above) = (record.owner(), top.record.owner());
        match top.cover {
            Cover::Cut if matches!(record.kind, Kind::A | Kind::AAAA) => {}
            Cover::Cut => {
                let message = format!("the {} record of `{owner}` is never served", record.kind);
                let advice = format!("`{above}` is delegated: put the record into that zone");
                let fault = Fault::new(&span(report, record), message, advice);
                let other = span(report, &top.record);
                report.warning_and(fault, &other, "the delegation");
            }
            Cover::Dname => {
                // RFC 6672 §2.4.
                let message = format!("`{owner}` lies below a DNAME");
                let advice = format!("nothing may stand below `{above}`; take one of them out");
                let fault = Fault::new(&mark(report, record), message, advice);
                let other = span(report, &top.record);
                report.error_and(fault, &other, "the DNAME");
            }
        }
    }
}

/// Records at a cut itself: only NS and DS are ours, and addresses may be glue.
fn beside(report: &mut Report<'_>, all: &[Record<'_>]) {
    let ours = [
        Kind::NS,
        Kind::DS,
        Kind::A,
        Kind::AAAA,
        Kind::DNAME,
        Kind::CNAME,
        Kind::SOA,
    ];
    for record in all.iter().filter(|record| !ours.contains(&record.kind)) {
        let owner = record.owner();
        let message = format!("the {} record of `{owner}` is never served", record.kind);
        let advice = "the name is delegated: put the record into that zone";
        let span = span(report, record);
        report.warning(Fault::new(&span, message, advice));
    }
}

/// The names that NS and MX records point to.
struct Hosts<'a> {
    text: &'a Text,
    order: &'a Order,
    apex: &'a Name,
    steps: usize,
}

impl<'a> Hosts<'a> {
    /// The records of a name within the apex.
    fn at(&self, name: &Name) -> Vec<Record<'a>> {
        self.order.find(self.text, name)
    }

    /// What the NS and MX records of one owner point to.
    fn targets(&mut self, report: &mut Report<'_>, all: &[Record<'_>]) {
        let mut servers = all.iter().filter(|record| record.kind == Kind::NS);
        if let (Some(only), None) = (servers.next(), servers.next()) {
            let message = format!("`{}` has a single name server", only.owner());
            let advice = "name two that do not fail together (RFC 2182 §3.1)";
            let span = span(report, only);
            report.warning(Fault::new(&span, message, advice));
        }
        let pointing = |record: &&Record<'_>| matches!(record.kind, Kind::NS | Kind::MX);
        let mut addresses = Addresses::default();
        for record in all.iter().filter(pointing) {
            let wire = target(record.kind, record.rdata).unwrap_or_default();
            let host = Name::read(wire).map(|(host, _)| host);
            let ours = |host: &Name| !host.is_root() && host.is_within(self.apex);
            let Some(host) = host.ok().filter(ours) else {
                addresses.unknown |= record.kind == Kind::NS;
                continue;
            };
            let there = self.at(&host);
            if let Some(alias) = first(&there, Kind::CNAME) {
                // RFC 2181 §10.3.
                let message = format!(
                    "the {} record points to `{host}`, which is an alias",
                    record.kind
                );
                let advice = "point it to a name with addresses";
                let fault = Fault::new(&span(report, record), message, advice);
                let alias = span(report, alias);
                report.warning_and(fault, &alias, "the CNAME");
                addresses.unknown |= record.kind == Kind::NS;
            } else if record.kind == Kind::NS && !addresses.add(&there) {
                self.lost(report, record, &host);
            }
        }
        if let (Some(first), true) = (first(all, Kind::NS), addresses.single()) {
            let owner = first.owner();
            let message = format!("all name servers of `{owner}` have one and the same address");
            let advice = "give them addresses that do not fail together (RFC 2182 §3.1)";
            let span = span(report, first);
            report.warning(Fault::new(&span, message, advice));
        }
    }

    /// An NS record whose host is ours and has no address of its own here.
    fn lost(&mut self, report: &mut Report<'_>, record: &Record<'_>, host: &Name) {
        let owner = record.owner();
        let glue = owner != *self.apex && host.is_within(&owner);
        let mut above = host.parent();
        while let Some(name) = above.filter(|name| name.is_within(self.apex)) {
            let Some(left) = self.steps.checked_sub(1) else {
                return;
            };
            self.steps = left;
            let there = self.at(&name);
            let taken = first(&there, Kind::NS)
                .or(first(&there, Kind::DNAME))
                .is_some();
            if taken && name != *self.apex && name != owner {
                // Another server's name: it knows the address.
                return;
            }
            let star = name.child(b"*").ok();
            if !glue && star.is_some_and(|star| self.order.exists(self.text, &star)) {
                return;
            }
            above = name.parent();
        }
        let message = format!("the name server `{host}` has no address in this zone");
        let advice = if glue {
            "write its A or AAAA record too: without that glue nobody finds it"
        } else {
            "write its A or AAAA record too"
        };
        let span = span(report, record);
        report.warning(Fault::new(&span, message, advice));
    }
}

/// The addresses of an owner's name servers.
#[derive(Default)]
struct Addresses<'a> {
    seen: HashSet<&'a [u8]>,
    hosts: usize,
    /// There is a server whose addresses are not in this zone.
    unknown: bool,
}

impl<'a> Addresses<'a> {
    /// Takes those of a host; false if there are none.
    fn add(&mut self, host: &[Record<'a>]) -> bool {
        let address = |record: &&Record<'a>| matches!(record.kind, Kind::A | Kind::AAAA);
        let mut all = host.iter().filter(address).peekable();
        let some = all.peek().is_some();
        self.unknown |= !some;
        self.hosts += 1;
        self.seen.extend(all.map(|record| record.rdata));
        some
    }

    /// Whether several servers have one address together.
    fn single(&self) -> bool {
        self.hosts > 1 && !self.unknown && self.seen.len() == 1
    }
}
