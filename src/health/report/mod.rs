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
//! | `vip` | name | in a batch only, and required there; no VIP twice |
//!
//! `PUT /v1/health/vips/{vip}` takes one report, `POST /v1/health` takes `{"reports": [report, …]}`, which counts wholly
//! or not at all. A list without the object around it is refused: an object can grow.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::health::board::{Order, State};
use crate::health::load::Load;
use crate::limits;

mod field;
mod mistake;
#[cfg(test)]
mod tests;
mod tree;

use field::Vip;
pub use mistake::Mistake;
use mistake::{Mistakes, meant, quote};
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
    /// What it carries, if it says so.
    pub load: Option<Load>,
}

/// The body of `PUT /v1/health/vips/{vip}`; the caller bounds its length. Errors: all mistakes, at least one.
pub fn single(body: &[u8]) -> Result<Report, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let tree = parse(body, &mut mistakes);
    let report = tree.and_then(|tree| report(&tree, "$", Vip::InPath, &mut mistakes));
    mistakes.finish(report.map(|(_, report)| report))
}

/// The body of `POST /v1/health`, in its order; the caller bounds its length. Errors: all mistakes, at least one.
pub fn batch(body: &[u8]) -> Result<Vec<(Arc<str>, Report)>, Vec<Mistake>> {
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

fn reports(tree: &Tree, mistakes: &mut Mistakes) -> Option<Vec<(Arc<str>, Report)>> {
    const SHAPE: &str =
        r#"send {"reports": [{"vip": "NAME", "state": "up", "epoch": 1, "seq": 1}]}"#;
    let [list] = fields(tree, "$", ["reports"], SHAPE, mistakes)?;
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
        let one = report(tree, &at, Vip::InReport, mistakes);
        if let Some(Tree::Text(name)) = first(tree, "vip")
            && let Some(first) = seen.insert(name, index)
        {
            let message = format!(
                "{} is reported twice in one body, first at $.reports[{first}]",
                quote(name)
            );
            mistakes.add(
                &format!("{at}.vip"),
                message,
                "send only the later of the two",
            );
        }
        all.extend(one);
    }
    Some(all)
}

/// One report, if nothing is wrong with it; all that is goes to `mistakes`.
fn report(tree: &Tree, at: &str, vip: Vip, mistakes: &mut Mistakes) -> Option<(Arc<str>, Report)> {
    const SHAPE: &str = r#"a report is an object: {"state": "up", "epoch": 1700000000, "seq": 1, "valid_for": "30s"}"#;
    const KNOWN: [&str; 10] = [
        "state",
        "quality",
        "epoch",
        "seq",
        "valid_for",
        "vip",
        "load",
        "target",
        "capacity",
        "unit",
    ];
    let [state, quality, epoch, seq, valid_for, name, load @ ..] =
        fields(tree, at, KNOWN, SHAPE, mistakes)?;
    let name = field::name(name, at, vip, mistakes);
    let state = field::state(state, quality, at, mistakes);
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
    let valid_for = match valid_for {
        None => Some(None),
        Some(tree) => field::duration(tree, &format!("{at}.valid_for"), mistakes).map(Some),
    };
    let load = field::load(load, at, mistakes);
    let order = Order {
        epoch: epoch?,
        seq: seq?,
    };
    Some((
        name?,
        Report {
            state: state?,
            order,
            valid_for: valid_for?,
            load: load?,
        },
    ))
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

fn first<'a>(tree: &'a Tree, name: &str) -> Option<&'a Tree> {
    let Tree::Object(object) = tree else {
        return None;
    };
    object
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}
