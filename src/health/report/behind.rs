//! What a forwarder tells beside the state: connections, backends, the route, and over which time it measured.

use super::field;
use super::mistake::Mistakes;
use super::tree::Tree;
use crate::health::load::{Amount, Behind, Load};
use crate::limits;

/// `active_conns`, `new_conns_per_s`, `window`, `healthy_backends`, `total_backends`, `route_present`, put to what was
/// said of load; some if anything is there at all.
pub(super) fn read(
    fields: [Option<&Tree>; 6],
    load: Option<Load>,
    at: &str,
    mistakes: &mut Mistakes,
) -> Option<Option<Load>> {
    let [active, opened, window, healthy, total, route] = fields;
    let active = optional(active, |tree| {
        Some(Amount::from(count(tree, at, "active_conns", mistakes)?) * crate::health::load::UNIT)
    });
    let opened = optional(opened, |tree| {
        field::amount(tree, &format!("{at}.new_conns_per_s"), mistakes)
    });
    let window = optional(window, |tree| {
        self::window(tree, &format!("{at}.window"), mistakes)
    });
    let behind = behind([healthy, total, route], at, mistakes);
    let said = Load {
        active: active?,
        opened: opened?,
        ..load?
    };
    let window = window?;
    if window.is_some() && said == Load::default() {
        let advice = "say `load`, `active_conns` or `new_conns_per_s`, or leave it out";
        mistakes.add(&format!("{at}.window"), "a window of nothing", advice);
        return None;
    }
    let said = Load {
        window,
        behind: behind?,
        ..said
    };
    Some((said != Load::default()).then_some(said))
}

/// What is not there is no mistake.
fn optional<T>(tree: Option<&Tree>, read: impl FnOnce(&Tree) -> Option<T>) -> Option<Option<T>> {
    tree.map_or(Some(None), |tree| read(tree).map(Some))
}

fn behind(fields: [Option<&Tree>; 3], at: &str, mistakes: &mut Mistakes) -> Option<Behind> {
    let [healthy, total, route] = fields;
    let healthy = optional(healthy, |tree| {
        count(tree, at, "healthy_backends", mistakes)
    });
    let total = optional(total, |tree| count(tree, at, "total_backends", mistakes));
    let route = optional(route, |tree| match tree {
        Tree::Truth(truth) => Some(*truth),
        other => {
            let message = format!("expected true or false, found {}", other.kind());
            let advice = "whether the route to the VIP is announced";
            mistakes.add(&format!("{at}.route_present"), message, advice);
            None
        }
    });
    let (healthy, total) = (healthy?, total?);
    if let Some(well) = healthy
        && total.is_none_or(|all| all < well)
    {
        let message = match total {
            Some(all) => format!("{well} healthy backends of {all}"),
            None => "healthy backends of an unknown number".to_owned(),
        };
        let advice = "say in `total_backends` how many there are, the healthy ones among them";
        mistakes.add(&format!("{at}.healthy_backends"), message, advice);
        return None;
    }
    Some(Behind {
        healthy,
        total,
        route: route?,
    })
}

/// A whole number that sums of many stay exact with.
fn count(tree: &Tree, at: &str, name: &str, mistakes: &mut Mistakes) -> Option<u64> {
    let most = limits::AMOUNT;
    let found = match tree {
        Tree::Whole(number) if *number < most => return Some(*number),
        Tree::Whole(number) => format!("{number:e}"),
        Tree::Real(number) => format!("{number:e}"),
        other => other.kind().to_owned(),
    };
    let message = format!("expected a whole number from 0 and below {most:e}, found {found}");
    mistakes.add(&format!("{at}.{name}"), message, "how many there are now");
    None
}

fn window(tree: &Tree, at: &str, mistakes: &mut Mistakes) -> Option<(u64, u64)> {
    const ADVICE: &str =
        "first and last second of what was measured, in Unix time: [1700000000, 1700000010]";
    let message = match tree {
        Tree::List(list) => match list.as_slice() {
            [Tree::Whole(first), Tree::Whole(last)] if first < last => {
                return Some((*first, *last));
            }
            [Tree::Whole(_), Tree::Whole(_)] => "a window that ends before it begins".to_owned(),
            _ => "expected two whole numbers".to_owned(),
        },
        other => format!("expected two whole numbers, found {}", other.kind()),
    };
    mistakes.add(at, message, ADVICE);
    None
}
