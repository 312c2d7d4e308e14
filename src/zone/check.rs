//! The rules that the records of a zone keep together: one SOA, names within the zone, nothing beside a CNAME.

use std::ops::Range;

use super::Record;
use super::delegation;
use super::order::Order;
use super::parser::Text;
use super::report::{Fault, Report};
use crate::limits;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// The zone's apex, and the records in canonical order without those that the zone cannot have: duplicates, and what was
/// reported.
pub(super) fn check(report: &mut Report<'_>, text: Text, origin: &Name) -> (Name, Vec<Record>) {
    let mut records = text.records;
    // After an error, what seems to be missing may be what could not be read.
    let whole = !report.failed();
    let Some(soa) = records.iter().find(|record| record.kind == Kind::SOA) else {
        let mentioned = report
            .text()
            .windows(3)
            .any(|word| word.eq_ignore_ascii_case(b"SOA"));
        if whole || !mentioned {
            let advice = format!(
                "write `@ SOA …` at the top: every zone has one, at its apex, here `{origin}`"
            );
            report.error(Fault::new(&(0..0), "the zone has no SOA", advice));
        }
        return (origin.clone(), records);
    };
    let apex = soa.owner.clone();
    if apex != *origin && !text.origin_stated {
        let message = format!("the SOA is of `{apex}`, and the file is named for `{origin}`");
        let advice = format!(
            "rename the file to `{}`, or begin it with `$ORIGIN {apex}`",
            file(&apex)
        );
        report.error(Fault::new(mark(soa), message, advice));
    }
    inside(report, &mut records, &apex);
    let order = Order::sort(&mut records, &apex);
    for family in &order.families {
        names(report, &records[family.records.clone()], &apex);
    }
    delegation::check(report, &records, &order, &apex, whole);
    let records = sets(report, records);
    (apex, records)
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

/// The words to mark for a fault of a record's owner: the owner if it stands in that line.
pub(super) fn mark(record: &Record) -> &Range<usize> {
    let here = record.owner_span.start >= record.span.start;
    if here {
        &record.owner_span
    } else {
        &record.span
    }
}

/// Drops what lies outside of the zone (RFC 1035 §5.2: it belongs to others).
fn inside(report: &mut Report<'_>, records: &mut Vec<Record>, apex: &Name) {
    records.retain(|record| {
        let inside = record.owner.is_within(apex);
        if !inside {
            let message = format!("`{}` is outside of the zone `{apex}`", record.owner);
            let advice = "move the record to its own zone, or correct the owner or $ORIGIN";
            report.error(Fault::new(mark(record), message, advice));
        }
        inside
    });
}

/// The rules for the types of one owner.
fn names(report: &mut Report<'_>, family: &[Record], apex: &Name) {
    let Some(first) = family.first() else { return };
    let owner = &first.owner;
    let of = |kind: Kind| family.iter().filter(move |record| record.kind == kind);
    let soas: Vec<&Record> = of(Kind::SOA).collect();
    if owner != apex {
        for soa in &soas {
            let message = format!("a second SOA, of `{owner}`");
            let advice = format!("take it out, or put the zone `{owner}` into a file of its own");
            report.error(Fault::new(mark(soa), message, advice));
        }
    } else if let [first, second, ..] = soas.as_slice() {
        let fault = Fault::new(mark(second), "the zone has two SOAs", "keep one of them");
        report.error_and(fault, mark(first), "the first is here");
    }
    if let Some(alias) = of(Kind::CNAME).next() {
        let other = family.iter().find(|record| record.kind != Kind::CNAME);
        if let Some(other) = other {
            // RFC 1034 §3.6.2, RFC 2181 §10.1.
            let message = format!("`{owner}` has a CNAME and {} beside it", other.kind);
            let fault = Fault::new(
                mark(alias),
                message,
                "a CNAME stands alone; take one of them out",
            );
            report.error_and(fault, &other.span, "the other record");
        }
    }
    for kind in [Kind::CNAME, Kind::DNAME] {
        let mut all = of(kind);
        let first = all.next();
        let second =
            first.and_then(|first| all.find(|other| !same(kind, &first.rdata, &other.rdata)));
        if let (Some(first), Some(second)) = (first, second) {
            // RFC 2181 §10.1, RFC 6672 §2.4.
            let message = format!("`{owner}` has two {kind} records");
            let fault = Fault::new(mark(second), message, "keep one of them");
            report.error_and(fault, &first.span, "the first is here");
        }
    }
    for kind in [Kind::NS, Kind::DNAME] {
        if let Some(record) = of(kind).next().filter(|_| owner.is_wildcard()) {
            // RFC 4592 §4.2 and §4.4 leave open what they would mean.
            let message = format!("the wildcard `{owner}` has {kind} records");
            report.error(Fault::new(
                mark(record),
                message,
                "write them for each name",
            ));
        }
    }
    if let (Some(cut), Some(leads)) = (of(Kind::NS).next(), of(Kind::DNAME).next())
        && owner != apex
    {
        let message = format!("`{owner}` is delegated and has a DNAME");
        let fault = Fault::new(
            mark(leads),
            message,
            "put the DNAME into the delegated zone",
        );
        report.error_and(fault, &cut.span, "the delegation");
    }
}

/// Sets of one owner and type: duplicates dropped, one TTL, and a size that fits a message.
fn sets(report: &mut Report<'_>, records: Vec<Record>) -> Vec<Record> {
    let mut out: Vec<Record> = Vec::with_capacity(records.len());
    let mut start = 0;
    let mut rest = records.into_iter().peekable();
    while let Some(record) = rest.next() {
        out.push(record);
        let ends = |next: &Record| {
            out.last()
                .is_none_or(|last| last.kind != next.kind || last.owner != next.owner)
        };
        if rest.peek().is_none_or(ends) {
            set(report, &mut out, start);
            start = out.len();
        }
    }
    out
}

/// The set that is the end of the list from `start` on.
fn set(report: &mut Report<'_>, list: &mut Vec<Record>, start: usize) {
    if list.len() == start + 1 && list[start].rdata.len() + 12 <= limits::RRSET {
        return;
    }
    duplicates(report, list, start);
    let records = &mut list[start..];
    // RFC 2181 §5.2: all records of a set have one TTL.
    let least = records
        .iter()
        .map(|record| record.ttl)
        .min()
        .unwrap_or_default();
    if let Some(other) = records.iter().find(|record| record.ttl != records[0].ttl) {
        let message = format!(
            "the {} records of `{}` have different TTLs",
            other.kind, other.owner
        );
        let advice = format!("{least} is taken for all; write the same for each");
        report.warning_and(
            Fault::new(&other.span, message, advice),
            &records[0].span,
            "another TTL",
        );
    }
    let size: usize = records.iter().map(|record| record.rdata.len() + 12).sum();
    if let Some(first) = records.first().filter(|_| size > limits::RRSET) {
        let message = format!(
            "the {} records of `{}` have {size} octets",
            first.kind, first.owner
        );
        let advice = format!(
            "no message holds more than {}; spread them over several names",
            limits::RRSET
        );
        report.error(Fault::new(&first.span, message, advice));
    }
    records.iter_mut().for_each(|record| record.ttl = least);
}

fn duplicates(report: &mut Report<'_>, list: &mut Vec<Record>, start: usize) {
    let kind = list[start].kind;
    let mut order: Vec<(Vec<u8>, usize)> = Vec::with_capacity(list.len() - start);
    for (at, record) in list[start..].iter().enumerate() {
        order.push((canonical(kind, &record.rdata), at));
    }
    order.sort();
    let mut double = vec![false; order.len()];
    for pair in order.windows(2) {
        double[pair[1].1] = pair[0].0 == pair[1].0;
    }
    if !double.contains(&true) {
        return;
    }
    let mut at = 0;
    let mut tail = list.split_off(start);
    tail.retain(|record| {
        let again = double[at];
        at += 1;
        if again {
            let message = format!(
                "the {} record of `{}` stands here again",
                record.kind, record.owner
            );
            report.warning(Fault::new(
                &record.span,
                message,
                "it is served once; take this one out",
            ));
        }
        !again
    });
    list.append(&mut tail);
}

/// Whether two records of a type say the same.
fn same(kind: Kind, one: &[u8], other: &[u8]) -> bool {
    canonical(kind, one) == canonical(kind, other)
}

/// RDATA with the names in it in small letters (RFC 4034 §6.2), for the types that have any.
fn canonical(kind: Kind, rdata: &[u8]) -> Vec<u8> {
    let mut out = rdata.to_vec();
    let fixed = match kind {
        Kind::NS | Kind::CNAME | Kind::DNAME | Kind::PTR => 0,
        Kind::MX => 2,
        Kind::SRV => 6,
        _ => out.len(),
    };
    out.get_mut(fixed..)
        .unwrap_or_default()
        .make_ascii_lowercase();
    out
}
