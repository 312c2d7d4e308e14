//! `[brake]`: how much may be lost at once before more of it is held.

use std::ops::RangeInclusive;

use crate::config::document::{At, Entry};
use crate::config::estate::{Bounds, Ground};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::steering::index::Index;
use crate::config::steering::regions::twice;
use crate::config::steering::sites::Grounds;
use crate::config::values;
use crate::diagnostic::Diagnostic;
use crate::limits;

const BRAKE: Keys = Keys {
    known: &["window", "sites", "share", "min_sites", "min_capacity"],
    later: &[],
    example: "[brake]",
};

/// Nobody could lose the first site below one.
const SITES: RangeInclusive<u16> = 1..=u16::MAX;

/// What is lost as one, by its name: how much it counts for.
type Sizes<'a> = Vec<(&'a str, u64)>;

/// The bounds, if there are any.
pub(super) fn read(
    index: &Index<'_>,
    grounds: &Grounds,
    findings: &mut Findings,
) -> Option<Bounds> {
    let (entry, others) = index.brake.split_first()?;
    for other in others {
        twice(
            "`[brake]` is written twice",
            other.key.at,
            entry.key.at,
            findings,
        );
    }
    let before = findings.errors();
    let record = Record::open(*entry, "`brake`", &BRAKE, findings);
    let mut bounds = Bounds::default();
    if let Some(field) = record.get("window") {
        bounds.window = window(field, findings).unwrap_or(bounds.window);
    }
    if let Some(field) = record.get("sites") {
        let sites = values::integer("`sites`", field.value, SITES, findings);
        bounds.sites = sites.unwrap_or(bounds.sites);
    }
    if let Some(field) = record.get("share") {
        bounds.share = values::share(field, findings).unwrap_or(bounds.share);
    }
    if let Some(field) = record.get("min_sites") {
        let sites = values::integer("`min_sites`", field.value, 0..=u16::MAX, findings);
        bounds.min_sites = sites.unwrap_or(bounds.min_sites);
    }
    if let Some(field) = record.get("min_capacity") {
        bounds.min_capacity = values::share(field, findings).unwrap_or(bounds.min_capacity);
    }
    let shaky = grounds.doubtful_vips.contains(&true) || findings.errors() > before;
    if !shaky {
        let sizes = sizes(index, grounds);
        let place = |key: &str| record.get(key).map_or(entry.key.at, |f| f.value.at);
        floors(&bounds, &sizes, place, findings);
    }
    Some(bounds)
}

/// Longer than a day nobody waits for a site to be left, and shorter than a second nothing is lost.
fn window(field: Entry<'_>, findings: &mut Findings) -> Option<u64> {
    let seconds = values::duration("window", field.value, findings)?;
    if (1..=limits::BRAKE_WINDOW).contains(&seconds) {
        return Some(seconds);
    }
    let days = limits::BRAKE_WINDOW / 86_400;
    findings.error(
        field.value.at,
        format!("`window` is 1s to {days}d"),
        "write how long a loss counts against the next, as in `\"60s\"`",
    );
    None
}

/// What each ground counts for, in the order of names.
fn sizes<'a>(index: &Index<'a>, grounds: &Grounds) -> Sizes<'a> {
    let steering = crate::config::estate::Steering {
        vips: grounds.vips.clone(),
        ..Default::default()
    };
    let each = steering.sizes();
    let name = |ground: &Ground| {
        let entry = match ground {
            Ground::Site(site) => index.sites.list.get(usize::from(site.0)),
            Ground::Vip(vip) => index.vips.list.get(usize::from(vip.0)),
        };
        entry.map_or("", |entry| entry.key.text)
    };
    let size = |vip: &crate::config::estate::VipId| each.get(usize::from(vip.0)).copied();
    let sum = steering.grounds().into_iter().map(|(ground, vips)| {
        let size = vips.iter().filter_map(size).sum();
        (name(&ground), size)
    });
    let mut sum: Sizes<'a> = sum.collect();
    sum.sort_unstable();
    sum
}

/// Floors that cannot be kept are errors; those that keep a dead site in force are worth a word.
fn floors<'a>(
    bounds: &Bounds,
    sizes: &Sizes<'_>,
    place: impl Fn(&str) -> At<'a>,
    findings: &mut Findings,
) {
    let there = sizes.len();
    let wanted = usize::from(bounds.min_sites);
    if wanted > there {
        let are = if there == 1 {
            "is 1 site"
        } else {
            &format!("are {there} sites")
        };
        let advice = format!(
            "write at most {}, so that one can be lost; a VIP without a site counts as one",
            there.saturating_sub(1)
        );
        let message = format!("`min_sites` is {wanted}, and there {are} with VIPs");
        findings.error(place("min_sites"), message, advice);
        return;
    }
    if wanted == there && there > 0 {
        let message = format!("`min_sites` is {wanted}, and so many sites there are");
        let advice =
            "no site is ever taken out of answers, dead or not; write less, or leave `[brake]` out";
        let spot = place("min_sites").spot();
        findings.push(Diagnostic::warning(spot, message, advice));
        return;
    }
    let all: u64 = sizes.iter().map(|(_, size)| size).sum();
    let floor = u128::from(all) * u128::from(bounds.min_capacity);
    let alone = |(_, size): &&(&str, u64)| *size > 0 && u128::from(all - size) * 1_000_000 < floor;
    let large: Vec<String> = (sizes.iter().filter(alone))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if !large.is_empty() {
        let message = format!(
            "`min_capacity` does not let go of {}, even alone",
            large.join(", ")
        );
        let advice = "what is left would be less; it stays in answers when it is down, unless an operator forces it";
        let spot = place("min_capacity").spot();
        findings.push(Diagnostic::warning(spot, message, advice));
    }
}
