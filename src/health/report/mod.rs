//! What the feed says of a VIP: the JSON bodies of `/v1/health`, and every mistake in them.
//!
//! A report is an object:
//!
//! | field | kind | |
//! |---|---|---|
//! | `state` | `"up"`, `"degraded"`, `"drain"` or `"down"` | required |
//! | `quality` | number above 0 and below 1 | only with `degraded`: the part of its weight that it can bear; without it 0.5 |
//! | `epoch` | whole number | required: grows with each start of the sender, as the Unix time of its start does |
//! | `seq` | whole number | required: grows with each report of this VIP since that start |
//! | `valid_for` | `"30s"`, `"5m"`, `"1h"`, `"1d"`; at least 1 s, at most 7 days | how long it holds if no other comes; without it, until the next |
//! | `load`, `target`, `capacity` | numbers from 0 | what it carries, should and can carry, in one unit |
//! | `unit` | up to 32 visible characters | what they count; only beside one of them |
//! | `family` | `"v4"` or `"v6"` | of which addresses this is said; without it, of both |
//! | `active_conns`, `new_conns_per_s` | numbers from 0 | connections that are open, and that were opened in a second |
//! | `window` | two Unix times, the first before the second | what load and connections were measured over |
//! | `healthy_backends`, `total_backends` | whole numbers, the first only beside the second | 0 of some: counts as down |
//! | `route_present` | true or false | false: counts as down |
//! | `vip`, `address` or `site` | name or address | in a batch only, and one of them required there: a VIP, the family of a VIP that has the address, or all VIPs of a site |
//! | `version` | 1 | the version of this, beside `reports` in a batch; absent, it is 1 |
//!
//! `PUT /v1/health/vips/{vip}` takes one report, `POST /v1/health` takes `{"reports": [report, …]}`, which counts wholly
//! or not at all. A list without the object around it is refused: an object can grow.

use std::collections::BTreeMap;

use crate::health::board::{Order, State};
use crate::health::load::Load;
use crate::health::verdict::Family;
use crate::limits;

mod behind;
mod field;
mod mistake;
mod subject;
#[cfg(test)]
mod tests;
mod tree;
pub mod wish;

pub use mistake::Mistake;
use mistake::{Mistakes, meant, quote};
use subject::Named;
pub use subject::Subject;
use tree::Tree;

/// What a sender says of one VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it is. Never [`State::Unknown`].
    pub state: State,
    /// Where this stands among the sender's reports of this VIP.
    pub order: Order,
    /// How long it holds, in seconds; for ever if none.
    pub valid_for: Option<u64>,
    /// Of which addresses it is said; of both if none.
    pub family: Option<Family>,
    /// What it carries, if it says so.
    pub load: Option<Load>,
}

impl Report {
    /// The state that it counts as, and why, in words for the sender, if that is another than the one it says.
    pub fn counts(&self) -> (State, Option<&'static str>) {
        let behind = self.load.as_ref().map(|load| load.behind);
        match behind.and_then(|behind| behind.useless()) {
            Some(why) if self.state != State::Down => (State::Down, Some(why)),
            _ => (self.state, None),
        }
    }

    /// Leaves out what it says of load if that was measured at a time that cannot count at `now`; why, in words for the
    /// sender. The state, backends and route stay.
    pub fn date(&mut self, now: u64) -> Option<&'static str> {
        let load = self.load.as_mut()?;
        let why = load.late(self.valid_for, now)?;
        let rest = Load {
            behind: load.behind,
            ..Load::default()
        };
        self.load = (rest != Load::default()).then_some(rest);
        Some(why)
    }
}

/// The body of `PUT /v1/health/vips/{vip}`; the caller bounds its length. Errors: all mistakes, at least one.
pub fn single(body: &[u8]) -> Result<Report, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let tree = parse(body, &mut mistakes);
    let report = tree.and_then(|tree| report(&tree, "$", Named::InPath, &mut mistakes));
    mistakes.finish(report.map(|(_, report)| report))
}

/// The body of `POST /v1/health`, in its order; the caller bounds its length. Errors: all mistakes, at least one.
pub fn batch(body: &[u8]) -> Result<Vec<(Subject, Report)>, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let tree = parse(body, &mut mistakes);
    let reports = tree.and_then(|tree| reports(&tree, &mut mistakes));
    mistakes.finish(reports)
}

fn parse(body: &[u8], mistakes: &mut Mistakes) -> Option<Tree> {
    match serde_json::from_slice(body) {
        Ok(tree) => Some(tree),
        Err(error) => {
            let advice = "send UTF-8 JSON as RFC 8259 has it; `jq . FILE` shows the place";
            mistakes.add("$", format!("this is not JSON: {error}"), advice);
            None
        }
    }
}

fn reports(tree: &Tree, mistakes: &mut Mistakes) -> Option<Vec<(Subject, Report)>> {
    const SHAPE: &str =
        r#"send {"reports": [{"vip": "NAME", "state": "up", "epoch": 1, "seq": 1}]}"#;
    let [list, version] = fields(tree, "$", ["reports", "version"], SHAPE, mistakes)?;
    let spoken = self::version(version, mistakes);
    let Some(list) = list else {
        mistakes.add("$", "`reports` is missing", SHAPE);
        return None;
    };
    let Tree::List(list) = list else {
        mistakes.add(
            "$.reports",
            format!("expected a list of reports, found {}", list.kind()),
            SHAPE,
        );
        return None;
    };
    if list.len() > limits::REPORTS {
        let message = format!(
            "{} reports, at most {} fit into one body",
            list.len(),
            limits::REPORTS
        );
        mistakes.add("$.reports", message, "send them in several bodies");
        return None;
    }
    let mut seen = BTreeMap::new();
    let mut all = Vec::with_capacity(list.len());
    for (index, tree) in list.iter().enumerate() {
        let at = format!("$.reports[{index}]");
        let one = report(tree, &at, Named::InReport, mistakes);
        // One report of each family is no repetition.
        if let Some((subject, report)) = &one
            && let Some(first) = (Family::ALL.into_iter())
                .filter(|family| report.family.is_none_or(|only| only == *family))
                .filter_map(|family| seen.insert((subject.clone(), family), index))
                .min()
        {
            let (field, name) = subject.named();
            let message = format!(
                "{} is reported twice in one body, first at $.reports[{first}]",
                quote(&name)
            );
            mistakes.add(
                &format!("{at}.{field}"),
                message,
                "send only the later of the two",
            );
        }
        all.extend(one);
    }
    spoken.map(|()| all)
}

/// Nothing, or the one version that is spoken.
fn version(tree: Option<&Tree>, mistakes: &mut Mistakes) -> Option<()> {
    let found = match tree {
        None | Some(Tree::Whole(1)) => return Some(()),
        Some(Tree::Whole(number)) => format!("version {number} is not spoken here"),
        Some(other) => format!("expected a version, found {}", other.kind()),
    };
    mistakes.add(
        "$.version",
        found,
        "1 is spoken, and meant if it is left out",
    );
    None
}

/// What a report may have.
const KNOWN: [&str; 20] = [
    "state",
    "quality",
    "epoch",
    "seq",
    "valid_for",
    "family",
    "load",
    "target",
    "capacity",
    "unit",
    "active_conns",
    "new_conns_per_s",
    "window",
    "healthy_backends",
    "total_backends",
    "route_present",
    "vip",
    "address",
    "site",
    "version",
];

/// One report, if nothing is wrong with it; all that is goes to `mistakes`.
fn report(
    tree: &Tree,
    at: &str,
    named: Named,
    mistakes: &mut Mistakes,
) -> Option<(Subject, Report)> {
    const SHAPE: &str = r#"a report is an object: {"state": "up", "epoch": 1700000000, "seq": 1, "valid_for": "30s"}"#;
    let [state, quality, epoch, seq, valid_for, family, rest @ ..] =
        fields(tree, at, KNOWN, SHAPE, mistakes)?;
    let [load, target, capacity, unit, rest @ ..] = rest;
    let [active, opened, window, healthy, total, route, rest @ ..] = rest;
    let [vip, address, site, version] = rest;
    let spoken = match (named, version) {
        (Named::InReport, Some(_)) => {
            let advice = "it stands once, beside `reports`";
            mistakes.add(&format!("{at}.version"), "a version of one report", advice);
            None
        }
        _ => self::version(version, mistakes),
    };
    let subject = subject::read([vip, address, site], at, named, mistakes);
    if let (Some(Subject::Address(_)), Some(_)) = (&subject, family) {
        let advice = "leave `family` out, or name the VIP by `vip`";
        mistakes.add(
            &format!("{at}.family"),
            "the address says the family",
            advice,
        );
    }
    let state = field::state(state, quality, at, mistakes);
    let order = order(epoch, seq, at, mistakes);
    let valid_for = match valid_for {
        None => Some(None),
        Some(tree) => field::duration(tree, &format!("{at}.valid_for"), mistakes).map(Some),
    };
    let family = field::family(family, at, mistakes);
    let load = field::load([load, target, capacity, unit], at, mistakes);
    let told = [active, opened, window, healthy, total, route];
    let load = behind::read(told, load, at, mistakes);
    let subject = subject?;
    let family = match &subject {
        Subject::Address(address) if address.is_ipv4() => Some(Some(Family::V4)),
        Subject::Address(_) => Some(Some(Family::V6)),
        _ => family,
    };
    spoken?;
    Some((
        subject,
        Report {
            state: state?,
            order: order?,
            valid_for: valid_for?,
            family: family?,
            load: load?,
        },
    ))
}

fn order(
    epoch: Option<&Tree>,
    seq: Option<&Tree>,
    at: &str,
    mistakes: &mut Mistakes,
) -> Option<Order> {
    let epoch = field::number(
        epoch,
        at,
        "epoch",
        "a number that grows with each start of the sender: its Unix time of start",
        mistakes,
    );
    let seq = field::number(
        seq,
        at,
        "seq",
        "a number that grows with each report of this VIP since that start",
        mistakes,
    );
    Some(Order {
        epoch: epoch?,
        seq: seq?,
    })
}

/// The values of the known fields; whatever else is there is a mistake.
fn fields<'a, const N: usize>(
    tree: &'a Tree,
    at: &str,
    known: [&str; N],
    shape: &str,
    mistakes: &mut Mistakes,
) -> Option<[Option<&'a Tree>; N]> {
    let Tree::Object(object) = tree else {
        mistakes.add(
            at,
            format!("expected an object, found {}", tree.kind()),
            shape,
        );
        return None;
    };
    let mut found = [None; N];
    for (key, value) in object {
        let Some((place, name)) = found.iter_mut().zip(known).find(|(_, name)| name == key) else {
            // The advice costs time, and a body of nothing but mistakes is as long as a body can be.
            let meant = if mistakes.full() {
                None
            } else {
                meant(key, &known)
            };
            let advice = meant.map_or_else(
                || format!("known here: {}", known.join(", ")),
                |m| format!("did you mean `{m}`?"),
            );
            mistakes.add(at, format!("unknown field {}", quote(key)), advice);
            continue;
        };
        if place.replace(value).is_some() {
            mistakes.add(
                &format!("{at}.{name}"),
                format!("`{name}` stands twice"),
                "leave one of them out",
            );
        }
    }
    Some(found)
}
