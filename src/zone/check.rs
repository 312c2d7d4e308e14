//! The rules that the records of a zone keep together: one SOA, names within the zone, nothing beside a CNAME.

use std::collections::HashSet;
use std::ops::Range;

use super::delegation::Delegations;
use super::order::Order;
use super::rdata;
use super::report::{Fault, Report};
use super::text::{Record, Text};
use crate::limits;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// A text whose records were held against the rules. If none was broken, they are a zone.
pub(super) struct Checked {
    /// The records.
    pub text: Text,
    /// Those within the zone in canonical order.
    pub order: Order,
    /// The owner of the SOA.
    pub apex: Name,
    /// The numbers of records that say what another one of their set says, in order.
    pub doubles: Vec<u32>,
    /// How many steps the search for lost servers took.
    pub searched: usize,
}

/// Holds records against the rules. `origin` is the apex that the file's name says.
pub(super) fn check(report: &mut Report<'_>, text: Text, origin: &Name) -> Checked {
    // After an error, what seems to be missing may be what could not be read.
    let whole = !report.failed();
    let Some(soa) = text.iter().find(|record| record.kind == Kind::SOA) else {
        let mentioned = report.mentions(b"SOA");
        if whole || !mentioned {
            let advice = format!(
                "write `@ SOA …` at the top: every zone has one, at its apex, here `{origin}`"
            );
            report.error(Fault::new(&(0..0), "the zone has no SOA", advice));
        }
        return Checked {
            order: Order::sort(&Text::default(), origin, &[]),
            text,
            apex: origin.clone(),
            doubles: Vec::new(),
            searched: 0,
        };
    };
    let apex = soa.owner();
    if apex != *origin && !text.origin_stated {
        let message = format!("the SOA is of `{apex}`, and the file is named for `{origin}`");
        let advice = format!(
            "rename the file to `{}`, or begin it with `$ORIGIN {apex}`",
            file(&apex)
        );
        let mark = mark(report, &soa);
        report.error(Fault::new(&mark, message, advice));
    }
    let outside = outside(report, &text, &apex);
    let order = Order::sort(&text, &apex, &outside);
    let mut doubles = Vec::new();
    let mut delegations = Delegations::new(&text, &order, &apex, whole);
    let mut families = order.families(&text);
    while let Some(family) = families.advance() {
        delegations.family(report, family);
        doubles.extend(owner(report, family, &apex));
    }
    let searched = delegations.searched();
    delegations.finish(report);
    doubles.sort_unstable();
    Checked {
        order,
        text,
        apex,
        doubles,
        searched,
    }
}

/// Holds the records of one owner, by type, against the rules that they keep together; those that say what another says.
pub(super) fn owner(report: &mut Report<'_>, family: &[Record<'_>], apex: &Name) -> Vec<u32> {
    let mut doubles = Vec::new();
    names(report, family, apex);
    for records in family.chunk_by(|a, b| a.kind == b.kind) {
        set(report, records, &mut doubles);
    }
    doubles
}

/// The file name that says this origin.
fn file(apex: &Name) -> String {
    let text = apex.to_string();
    if apex.is_root() {
        "root.zone".to_owned()
    } else {
        format!("{text}zone")
    }
}

/// A record's words, from the first to the last.
pub(super) fn span(report: &Report<'_>, record: &Record<'_>) -> Range<usize> {
    report.whole(record.place)
}

/// The words to mark for a fault of a record's owner: the owner if it stands in that line.
pub(super) fn mark(report: &Report<'_>, record: &Record<'_>) -> Range<usize> {
    report.mark(record.place)
}

/// The numbers of what lies outside of the zone (RFC 1035 §5.2: it belongs to others).
pub(super) fn outside(report: &mut Report<'_>, text: &Text, apex: &Name) -> Vec<u32> {
    let mut outside = Vec::new();
    let mut inside: Option<&Name> = None;
    for record in text.iter() {
        // What is relative to a name within the zone lies there too.
        if inside.is_some_and(|origin| std::ptr::eq(origin, record.origin)) {
            continue;
        }
        if record.origin.is_within(apex) {
            inside = Some(record.origin);
            continue;
        }
        let owner = record.owner();
        if !owner.is_within(apex) {
            let message = format!("`{owner}` is outside of the zone `{apex}`");
            let advice = "move the record to its own zone, or correct the owner or $ORIGIN";
            let mark = mark(report, &record);
            report.error(Fault::new(&mark, message, advice));
            outside.push(record.number);
        }
    }
    outside
}

/// The rules for the types of one owner.
fn names(report: &mut Report<'_>, family: &[Record<'_>], apex: &Name) {
    let ruled = [Kind::SOA, Kind::CNAME, Kind::DNAME, Kind::NS];
    let first = family.first();
    let Some(first) = first.filter(|_| family.iter().any(|r| ruled.contains(&r.kind))) else {
        return;
    };
    let owner = &first.owner();
    let of = |kind: Kind| family.iter().filter(move |record| record.kind == kind);
    let soas: Vec<&Record<'_>> = of(Kind::SOA).collect();
    if owner != apex {
        for soa in &soas {
            let message = format!("a second SOA, of `{owner}`");
            let advice = format!("take it out, or put the zone `{owner}` into a file of its own");
            let mark = mark(report, soa);
            report.error(Fault::new(&mark, message, advice));
        }
    } else if let [first, second, ..] = soas.as_slice() {
        let second = mark(report, second);
        let fault = Fault::new(&second, "the zone has two SOAs", "keep one of them");
        let first = mark(report, first);
        report.error_and(fault, &first, "the first is here");
    }
    if let Some(alias) = of(Kind::CNAME).next() {
        let other = family.iter().find(|record| record.kind != Kind::CNAME);
        if let Some(other) = other {
            // RFC 1034 §3.6.2, RFC 2181 §10.1.
            let message = format!("`{owner}` has a CNAME and {} beside it", other.kind);
            let advice = "a CNAME stands alone; take one of them out";
            let fault = Fault::new(&mark(report, alias), message, advice);
            let other = span(report, other);
            report.error_and(fault, &other, "the other record");
        }
    }
    for kind in [Kind::CNAME, Kind::DNAME] {
        let mut all = of(kind);
        let first = all.next();
        let second =
            first.and_then(|first| all.find(|other| !same(kind, first.rdata, other.rdata)));
        if let (Some(first), Some(second)) = (first, second) {
            // RFC 2181 §10.1, RFC 6672 §2.4.
            let message = format!("`{owner}` has two {kind} records");
            let fault = Fault::new(&mark(report, second), message, "keep one of them");
            let first = span(report, first);
            report.error_and(fault, &first, "the first is here");
        }
    }
    for kind in [Kind::NS, Kind::DNAME] {
        if let Some(record) = of(kind).next().filter(|_| owner.is_wildcard()) {
            // RFC 4592 §4.2 and §4.4 leave open what they would mean.
            let message = format!("the wildcard `{owner}` has {kind} records");
            let mark = mark(report, record);
            report.error(Fault::new(&mark, message, "write them for each name"));
        }
    }
    if let (Some(cut), Some(leads)) = (of(Kind::NS).next(), of(Kind::DNAME).next())
        && owner != apex
    {
        let message = format!("`{owner}` is delegated and has a DNAME");
        let advice = "put the DNAME into the delegated zone";
        let fault = Fault::new(&mark(report, leads), message, advice);
        let cut = span(report, cut);
        report.error_and(fault, &cut, "the delegation");
    }
}

/// Records of one owner and type: duplicates are served once, with one TTL, and a message must hold them.
fn set(report: &mut Report<'_>, all: &[Record<'_>], doubles: &mut Vec<u32>) {
    let Some(first) = all.first() else { return };
    if all.len() == 1 && first.rdata.len() + 12 <= limits::RRSET {
        return;
    }
    let double = duplicates(report, all);
    let kept = || all.iter().filter(|record| !double.contains(&record.number));
    // RFC 2181 §5.2: all records of a set have one TTL.
    let least = kept().map(|record| record.ttl).min().unwrap_or_default();
    if let Some(other) = kept().find(|record| record.ttl != first.ttl) {
        let owner = other.owner();
        let message = format!(
            "the {} records of `{owner}` have different TTLs",
            other.kind
        );
        let advice = format!("{least} is taken for all; write the same for each");
        let fault = Fault::new(&span(report, other), message, advice);
        let first = span(report, first);
        report.warning_and(fault, &first, "another TTL");
    }
    let size: usize = kept().map(|record| record.rdata.len() + 12).sum();
    if size > limits::RRSET {
        let owner = first.owner();
        let message = format!("the {} records of `{owner}` have {size} octets", first.kind);
        let advice = format!(
            "no message holds more than {}; spread them over several names",
            limits::RRSET
        );
        let span = span(report, first);
        report.error(Fault::new(&span, message, advice));
    }
    doubles.extend(double);
}

/// The records that say what one before them says. The first of a set is never one.
fn duplicates(report: &mut Report<'_>, all: &[Record<'_>]) -> HashSet<u32> {
    let kind = all.first().map_or(Kind(0), |first| first.kind);
    let mut order: Vec<(Vec<u8>, usize)> = Vec::with_capacity(all.len());
    for (at, record) in all.iter().enumerate() {
        order.push((canonical(kind, record.rdata), at));
    }
    order.sort();
    let again = order.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let mut again: Vec<usize> = again.map(|pair| pair[1].1).collect();
    again.sort_unstable();
    let mut double = HashSet::with_capacity(again.len());
    for record in again.into_iter().filter_map(|at| all.get(at)) {
        let owner = record.owner();
        let message = format!("the {kind} record of `{owner}` stands here again");
        let span = span(report, record);
        let advice = "it is served once; take this one out";
        report.warning(Fault::new(&span, message, advice));
        double.insert(record.number);
    }
    double
}

/// Whether two records of a type say the same.
fn same(kind: Kind, one: &[u8], other: &[u8]) -> bool {
    canonical(kind, one) == canonical(kind, other)
}

/// RDATA with the names in it in small letters (RFC 4034 §6.2), for the types that have any.
fn canonical(kind: Kind, rdata: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rdata.len());
    rdata::canonical(kind, rdata, &mut out);
    out
}
