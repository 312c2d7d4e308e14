//! `[sites]` and `[vips]`: where things are, and what an answer can contain.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use crate::config::document::{At, Entry};
use crate::config::estate::{ProbeId, Site, SiteId, Vip};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::steering::index::Index;
use crate::config::steering::probes;
use crate::config::values;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::wire::name::{Name, NameError};

const SITE: Keys = Keys {
    known: &["location", "bias"],
    later: &[],
    example: "fra = { location = [50.11, 8.68] }",
};

const VIP: Keys = Keys {
    known: &[
        "address",
        "address6",
        "cname",
        "site",
        "weight",
        "failure_domain",
        "capacity",
        "probe",
        "probe_address",
    ],
    later: &[],
    example: "fra-1 = { address = \"192.0.2.1\" }",
};

/// What a VIP can carry, in whatever unit.
const CAPACITY: RangeInclusive<u64> = 1..=limits::AMOUNT - 1;

/// Sites and VIPs as read. What had an error is doubtful: its gaps are not held against others.
pub(super) struct Grounds {
    pub(super) sites: Vec<Site>,
    pub(super) vips: Vec<Vip>,
    pub(super) doubtful_sites: Vec<bool>,
    pub(super) doubtful_vips: Vec<bool>,
    /// The VIPs of each site, by number.
    pub(super) at_site: Vec<Vec<u16>>,
}

/// Both tables.
pub(super) fn read(index: &Index<'_>, findings: &mut Findings) -> Grounds {
    let mut grounds = Grounds {
        sites: Vec::new(),
        vips: Vec::new(),
        doubtful_sites: Vec::new(),
        doubtful_vips: Vec::new(),
        at_site: vec![Vec::new(); index.sites.list.len()],
    };
    for entry in &index.sites.list {
        let before = findings.errors();
        grounds.sites.push(site(*entry, findings));
        grounds.doubtful_sites.push(findings.errors() > before);
    }
    let mut seen = HashMap::new();
    for (id, entry) in (0..).zip(&index.vips.list) {
        let before = findings.errors();
        let vip = vip(*entry, index, &mut seen, findings);
        if let Some(list) = vip
            .site
            .and_then(|site| grounds.at_site.get_mut(usize::from(site.0)))
        {
            list.push(id);
        }
        grounds.vips.push(vip);
        grounds.doubtful_vips.push(findings.errors() > before);
    }
    grounds
}

fn site(entry: Entry<'_>, findings: &mut Findings) -> Site {
    let name = entry.key.text;
    let record = Record::open(entry, &format!("site `{name}`"), &SITE, findings);
    Site {
        name: name.to_owned(),
        location: record
            .get("location")
            .and_then(|field| values::globe(field, findings)),
        bias: record
            .get("bias")
            .and_then(|field| values::distance(field, values::EITHER, findings))
            .unwrap_or(0),
    }
}

fn vip<'a>(
    entry: Entry<'a>,
    index: &Index<'a>,
    seen: &mut HashMap<IpAddr, At<'a>>,
    findings: &mut Findings,
) -> Vip {
    let name = entry.key.text;
    let before = findings.errors();
    let record = Record::open(entry, &format!("VIP `{name}`"), &VIP, findings);
    let address = record.get("address").and_then(|field| v4(field, findings));
    let address6 = record.get("address6").and_then(|field| v6(field, findings));
    let cname = record.get("cname").and_then(|field| alias(field, findings));
    if let (Some(field), Some(address)) = (
        record.get("cname"),
        record.get("address").or(record.get("address6")),
    ) {
        let advice = "drop one of the two: a CNAME stands for all addresses (RFC 1034 §3.6.2)";
        let message = format!("VIP `{name}` has a `cname` and an address");
        let error = Diagnostic::error(field.key.at.spot(), message, advice);
        findings.push(error.and(address.key.at.spot(), "the address"));
    }
    let found = [
        ("address", address.map(IpAddr::V4)),
        ("address6", address6.map(IpAddr::V6)),
    ];
    for (key, address) in found {
        if let (Some(field), Some(address)) = (record.get(key), address) {
            once(field, address, seen, findings);
        }
    }
    let empty = address.is_none() && address6.is_none() && cname.is_none();
    if empty && findings.errors() == before {
        let advice = "write `address = \"…\"`, `address6 = \"…\"` or both, or `cname = \"…\"`";
        findings.error(entry.key.at, format!("VIP `{name}` has no address"), advice);
    }
    let site = record
        .get("site")
        .and_then(|field| values::text(field, "the name of a site", findings));
    let weight = record
        .get("weight")
        .and_then(|field| values::integer("`weight`", field.value, 0..=limits::WEIGHT, findings));
    let capacity = record
        .get("capacity")
        .and_then(|field| values::integer("`capacity`", field.value, CAPACITY, findings));
    let (probe, probe_address) = probes::of_vip(&record, cname.is_some(), index, findings);
    Vip {
        name: name.to_owned(),
        address,
        address6,
        cname,
        site: site
            .and_then(|word| index.resolve(&index.sites, word, findings))
            .map(SiteId),
        weight: weight.unwrap_or(1),
        failure_domain: record
            .get("failure_domain")
            .and_then(|field| failure_domain(field, findings)),
        capacity,
        probe: probe.map(ProbeId),
        probe_address,
        spot: entry.key.at.spot(),
    }
}

/// The word for what fails together. Words that differ in looks alone would part what is one, so it is held to the form
/// of all names.
fn failure_domain(field: Entry<'_>, findings: &mut Findings) -> Option<String> {
    let word = values::text(field, "the name of a failure domain", findings)?;
    if let Some(advice) = values::unkebab(word.text) {
        let message = format!("`{}` is no name for a failure domain", word.text);
        findings.error(word.at, message, advice);
        return None;
    }
    Some(word.text.to_owned())
}

/// An address of two VIPs would be up and down at once.
fn once<'a>(
    field: Entry<'a>,
    address: IpAddr,
    seen: &mut HashMap<IpAddr, At<'a>>,
    findings: &mut Findings,
) {
    let at = field.value.at;
    let Some(other) = seen.insert(address, at) else {
        return;
    };
    let (first, second) = if other.rank() < at.rank() {
        (other, at)
    } else {
        (at, other)
    };
    findings.push(
        Diagnostic::error(
            second.spot(),
            format!("{address} stands in two VIPs"),
            "an address may stand in one VIP only",
        )
        .and(first.spot(), "it is here as well"),
    );
}

/// A service that someone else runs, by its name.
fn alias(field: Entry<'_>, findings: &mut Findings) -> Option<Name> {
    let word = values::text(field, "an absolute name", findings)?;
    let (text, at) = (word.text, field.value.at);
    let (message, advice) = match text.parse::<Name>() {
        Err(NameError::Relative) => {
            let advice = format!("write `\"{text}.\"`");
            (NameError::Relative.to_string(), advice)
        }
        Err(error) => (error.to_string(), String::new()),
        Ok(_) if !text.is_ascii() => (
            "the name is not ASCII".to_owned(),
            "write the form that begins with `xn--`".to_owned(),
        ),
        Ok(name) if name.is_root() || name.labels().any(|label| label == b"*") => (
            format!("`{text}` is no name of a service"),
            "write the name that the other side gave you".to_owned(),
        ),
        Ok(name) => return Some(name),
    };
    findings.error(at, message, advice);
    None
}

fn v4(field: Entry<'_>, findings: &mut Findings) -> Option<Ipv4Addr> {
    let text = values::text(field, "an IPv4 address", findings)?.text;
    let address = text.parse().ok();
    if address.is_none() {
        let advice = match text.parse::<Ipv6Addr>() {
            Ok(_) => format!("write `address6 = \"{text}\"`"),
            Err(_) => "write it as in `\"192.0.2.1\"`".to_owned(),
        };
        findings.error(
            field.value.at,
            format!("`{text}` is no IPv4 address"),
            advice,
        );
    }
    address
}

fn v6(field: Entry<'_>, findings: &mut Findings) -> Option<Ipv6Addr> {
    let text = values::text(field, "an IPv6 address", findings)?.text;
    let address = text.parse().ok();
    if address.is_none() {
        let advice = match text.parse::<Ipv4Addr>() {
            Ok(_) => format!("write `address = \"{text}\"`"),
            Err(_) => "write it as in `\"2001:db8::1\"`".to_owned(),
        };
        findings.error(
            field.value.at,
            format!("`{text}` is no IPv6 address"),
            advice,
        );
    }
    address
}
