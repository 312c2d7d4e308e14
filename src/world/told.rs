//! Of which VIPs of an estate reports speak, when they name addresses and sites as well.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::estate::{Steering, Vip};
use crate::health::report::{Mistake, Report, Subject};
use crate::health::verdict::Family;

/// The reports by VIP, in their order, those of a site in the order of its VIPs. Errors: all subjects that the estate does
/// not have, and all VIPs of which two reports speak.
pub fn reports(
    steering: &Steering,
    said: Vec<(Subject, Report)>,
) -> Result<Vec<(Arc<str>, Report)>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut told: Vec<(Arc<str>, Report)> = Vec::with_capacity(said.len());
    let mut seen: BTreeMap<(Arc<str>, Family), usize> = BTreeMap::new();
    let places = Places::of(steering, &said);
    for (at, (subject, report)) in said.into_iter().enumerate() {
        let (field, name) = subject.named();
        let mistake = |message: String, advice: &str| Mistake {
            at: format!("$.reports[{at}].{field}"),
            message,
            advice: advice.to_owned(),
        };
        let vips = places.vips(steering, &subject);
        if vips.is_empty() {
            let (message, advice) = match subject {
                Subject::Site(_) => ("no VIP at a site", "a site of the estate"),
                Subject::Vip(_) => ("no VIP", "a VIP of the estate"),
                Subject::Address(_) => ("no VIP with the address", "an address of the estate"),
            };
            let message = format!("the estate in force has {message} \"{name}\"");
            let advice =
                format!("leave it out, or reload an estate that has it; {advice} is meant");
            mistakes.push(mistake(message, &advice));
            continue;
        }
        let twice = vips.iter().find_map(|vip| {
            let families = Family::ALL.into_iter();
            let mut families = families.filter(|f| report.family.is_none_or(|only| only == *f));
            let first = families.find_map(|f| seen.insert((vip.clone(), f), at));
            first.map(|first| (vip, first))
        });
        if let Some((vip, first)) = twice {
            let message =
                format!("\"{vip}\" is reported twice in one body, first at $.reports[{first}]");
            mistakes.push(mistake(message, "send only the later of the two"));
            continue;
        }
        told.extend(vips.into_iter().map(|vip| (vip, report.clone())));
    }
    if mistakes.is_empty() {
        Ok(told)
    } else {
        Err(mistakes)
    }
}

/// Where VIPs are found by other things than their names; empty if nobody asks.
#[derive(Default)]
struct Places<'a> {
    addresses: BTreeMap<IpAddr, &'a Vip>,
    sites: BTreeMap<&'a str, Vec<&'a Vip>>,
}

impl<'a> Places<'a> {
    fn of(steering: &'a Steering, said: &[(Subject, Report)]) -> Places<'a> {
        let mut places = Places::default();
        if said
            .iter()
            .all(|(subject, _)| matches!(subject, Subject::Vip(_)))
        {
            return places;
        }
        for vip in &steering.vips {
            let v4 = vip.address.map(IpAddr::V4);
            let v6 = vip.address6.map(IpAddr::V6);
            let both = [v4, v6].into_iter().flatten();
            places.addresses.extend(both.map(|address| (address, vip)));
            if let Some(site) = steering.site(vip) {
                places.sites.entry(site).or_default().push(vip);
            }
        }
        places
    }

    fn vips(&self, steering: &Steering, subject: &Subject) -> Vec<Arc<str>> {
        let name = |vip: &&Vip| Arc::from(vip.name.as_str());
        match subject {
            Subject::Vip(name) => {
                let known = steering.vip(name);
                known.map_or(Vec::new(), |_| vec![name.clone()])
            }
            Subject::Address(address) => self
                .addresses
                .get(address)
                .iter()
                .map(|v| name(v))
                .collect(),
            Subject::Site(site) => {
                let vips = self.sites.get(&**site);
                vips.map_or(Vec::new(), |vips| vips.iter().map(name).collect())
            }
        }
    }
}
