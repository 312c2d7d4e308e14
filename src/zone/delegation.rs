//! What a zone says of the zones below it, and of the hosts it points to: NS, glue, DNAME and targets.

use super::Record;
use super::check::mark;
use super::order::{Family, Order};
use super::report::{Fault, Report};
use super::tree::target;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// What takes names away from this zone.
enum Cover {
    /// A delegation, at the name itself and below.
    Cut,
    /// A DNAME, below the name.
    Dname,
}

/// The rules of delegation; those about what is missing only if the file was read whole.
pub(super) fn check(
    report: &mut Report<'_>,
    records: &[Record],
    order: &Order,
    apex: &Name,
    whole: bool,
) {
    // Steps upwards that the search for lost servers may take: enough for every honest zone, and no more than its size.
    let steps = records.len().saturating_mul(8).saturating_add(10_000);
    let mut hosts = Hosts {
        records,
        order,
        apex,
        steps,
    };
    // The topmost cut or DNAME above the families that follow.
    let mut cover: Option<(Cover, &Family, &Record)> = None;
    for family in &order.families {
        let all = &records[family.records.clone()];
        let above = cover
            .take()
            .filter(|(_, top, _)| order.key(family).starts_with(order.key(top)));
        if let Some((kind, top, record)) = above {
            covered(report, &kind, record, all);
            cover = Some((kind, top, record));
            continue;
        }
        if whole {
            hosts.targets(report, all);
        }
        let cut = first(all, Kind::NS).filter(|record| record.owner != *apex);
        if cut.is_some() {
            beside(report, all);
        }
        let dname = || first(all, Kind::DNAME).map(|record| (Cover::Dname, family, record));
        cover = cut
            .map(|record| (Cover::Cut, family, record))
            .or_else(dname);
    }
    if whole && first(hosts.at(apex), Kind::NS).is_none() {
        let span = first(hosts.at(apex), Kind::SOA).map_or(0..0, |soa| mark(soa).clone());
        let message = format!("the zone `{apex}` has no NS records");
        let advice = "write an NS record for each of its servers: `@ NS ns1`";
        report.error(Fault::new(&span, message, advice));
    }
}

/// The first record of a type, among those of one owner, which are in the order of their types.
fn first(all: &[Record], kind: Kind) -> Option<&Record> {
    let at = all.partition_point(|record| record.kind < kind);
    all.get(at).filter(|record| record.kind == kind)
}

/// Records below a cut or a DNAME.
fn covered(report: &mut Report<'_>, cover: &Cover, top: &Record, all: &[Record]) {
    for record in all {
        match cover {
            Cover::Cut if matches!(record.kind, Kind::A | Kind::AAAA) => {}
            Cover::Cut => {
                let message = format!(
                    "the {} record of `{}` is never served",
                    record.kind, record.owner
                );
                let advice = format!(
                    "`{}` is delegated: put the record into that zone",
                    top.owner
                );
                report.warning_and(
                    Fault::new(&record.span, message, advice),
                    &top.span,
                    "the delegation",
                );
            }
            Cover::Dname => {
                // RFC 6672 §2.4.
                let message = format!("`{}` lies below a DNAME", record.owner);
                let advice = format!(
                    "nothing may stand below `{}`; take one of them out",
                    top.owner
                );
                report.error_and(
                    Fault::new(mark(record), message, advice),
                    &top.span,
                    "the DNAME",
                );
            }
        }
    }
}

/// Records at a cut itself: only NS and DS are ours, and addresses may be glue.
fn beside(report: &mut Report<'_>, all: &[Record]) {
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
        let message = format!(
            "the {} record of `{}` is never served",
            record.kind, record.owner
        );
        let advice = "the name is delegated: put the record into that zone";
        report.warning(Fault::new(&record.span, message, advice));
    }
}

/// The names that NS and MX records point to.
struct Hosts<'a> {
    records: &'a [Record],
    order: &'a Order,
    apex: &'a Name,
    steps: usize,
}

impl<'a> Hosts<'a> {
    /// The records of a name within the apex.
    fn at(&self, name: &Name) -> &'a [Record] {
        let family = self.order.find(name);
        family.map_or(&[], |family| &self.records[family.records.clone()])
    }

    /// What the NS and MX records of one owner point to.
    fn targets(&mut self, report: &mut Report<'_>, all: &[Record]) {
        let mut servers = all.iter().filter(|record| record.kind == Kind::NS);
        if let (Some(only), None) = (servers.next(), servers.next()) {
            let message = format!("`{}` has a single name server", only.owner);
            let advice = "name two that do not fail together (RFC 2182 §3.1)";
            report.warning(Fault::new(&only.span, message, advice));
        }
        let pointing = |record: &&Record| matches!(record.kind, Kind::NS | Kind::MX);
        for record in all.iter().filter(pointing) {
            let wire = target(record.kind, &record.rdata).unwrap_or_default();
            let host = Name::read(wire).map(|(host, _)| host);
            let ours = |host: &Name| !host.is_root() && host.is_within(self.apex);
            let Some(host) = host.ok().filter(ours) else {
                continue;
            };
            let there = self.at(&host);
            let served = || {
                [Kind::A, Kind::AAAA]
                    .iter()
                    .any(|k| first(there, *k).is_some())
            };
            if let Some(alias) = first(there, Kind::CNAME) {
                // RFC 2181 §10.3.
                let message = format!(
                    "the {} record points to `{host}`, which is an alias",
                    record.kind
                );
                let fault = Fault::new(&record.span, message, "point it to a name with addresses");
                report.warning_and(fault, &alias.span, "the CNAME");
            } else if record.kind == Kind::NS && !served() {
                self.lost(report, record, &host);
            }
        }
    }

    /// An NS record whose host is ours and has no address of its own here.
    fn lost(&mut self, report: &mut Report<'_>, record: &Record, host: &Name) {
        let glue = record.owner != *self.apex && host.is_within(&record.owner);
        let mut above = host.parent();
        while let Some(name) = above.filter(|name| name.is_within(self.apex)) {
            let Some(left) = self.steps.checked_sub(1) else {
                return;
            };
            self.steps = left;
            let there = self.at(&name);
            let taken = first(there, Kind::NS)
                .or(first(there, Kind::DNAME))
                .is_some();
            if taken && name != *self.apex && name != record.owner {
                // Another server's name: it knows the address.
                return;
            }
            let star = name.child(b"*").ok();
            if !glue && star.is_some_and(|star| self.order.exists(&star)) {
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
        report.warning(Fault::new(&record.span, message, advice));
    }
}
