//! The fields of a report, each by itself.

use std::sync::Arc;

use super::mistake::{Mistakes, meant, quote};
use super::tree::Tree;
use crate::health::board::State;
use crate::health::load::{Amount, Load, UNIT};
use crate::health::verdict::Family;
use crate::limits;

/// Whether a VIP or site can be called so.
pub(super) fn is_name(name: &str) -> bool {
    let hyphen = |b: Option<&u8>| b == Some(&b'-');
    let bytes = name.as_bytes();
    (1..=limits::NAME_LETTERS).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !hyphen(bytes.first())
        && !hyphen(bytes.last())
}

pub(super) fn state(
    tree: Option<&Tree>,
    quality: Option<&Tree>,
    at: &str,
    mistakes: &mut Mistakes,
) -> Option<State> {
    const WORDS: [&str; 4] = ["up", "degraded", "drain", "down"];
    const ADVICE: &str = "one of \"up\", \"degraded\", \"drain\", \"down\"";
    let here = format!("{at}.state");
    let said = match tree {
        Some(Tree::Text(word)) => Some(word.as_str()),
        Some(other) => {
            mistakes.add(
                &here,
                format!("expected a state, found {}", other.kind()),
                ADVICE,
            );
            None
        }
        None => {
            mistakes.add(at, "`state` is missing", ADVICE);
            None
        }
    };
    let state = said.and_then(|said| {
        let states = [
            State::Up,
            State::Degraded(500_000),
            State::Drain,
            State::Down,
        ];
        let state = states.into_iter().find(|state| state.word() == said);
        if state.is_none() {
            let advice = meant(said, &WORDS)
                .map_or_else(|| ADVICE.to_owned(), |m| format!("did you mean \"{m}\"?"));
            mistakes.add(&here, format!("unknown state {}", quote(said)), advice);
        }
        state
    });
    let Some(tree) = quality else { return state };
    let quality = part(tree, &format!("{at}.quality"), mistakes)?;
    match state? {
        State::Degraded(_) => Some(State::Degraded(quality)),
        other => {
            let advice = "leave `quality` out, or say \"state\": \"degraded\"";
            mistakes.add(
                &format!("{at}.quality"),
                format!("a VIP that is \"{}\" has no quality", other.word()),
                advice,
            );
            None
        }
    }
}

/// In parts of a million.
fn part(tree: &Tree, at: &str, mistakes: &mut Mistakes) -> Option<u32> {
    let number = match tree {
        Tree::Whole(number) => *number as f64,
        Tree::Real(number) => *number,
        other => {
            mistakes.add(
                at,
                format!("expected a number, found {}", other.kind()),
                "a number above 0 and below 1, as 0.5",
            );
            return None;
        }
    };
    if number > 0.0 && number < 1.0 {
        // In this range the product is a small positive number, and the cast exact.
        return Some(((number * 1e6).round() as u32).clamp(1, 999_999));
    }
    let advice = match number {
        1.0 => "all of its weight is \"state\": \"up\", without `quality`",
        0.0 => "nothing of its weight is \"state\": \"down\" or \"drain\", without `quality`",
        _ => "it is the part of its weight that the VIP can bear: 0.25 is a quarter",
    };
    mistakes.add(
        at,
        format!("expected a number above 0 and below 1, found {number:e}"),
        advice,
    );
    None
}

pub(super) fn number(
    tree: Option<&Tree>,
    at: &str,
    name: &str,
    advice: &str,
    mistakes: &mut Mistakes,
) -> Option<u64> {
    let here = format!("{at}.{name}");
    match tree {
        Some(Tree::Whole(number)) => return Some(*number),
        Some(Tree::Real(_)) => mistakes.add(
            &here,
            format!("expected a whole number from 0 to {}", u64::MAX),
            advice,
        ),
        Some(other) => mistakes.add(
            &here,
            format!("expected a whole number, found {}", other.kind()),
            advice,
        ),
        None => mistakes.add(at, format!("`{name}` is missing"), advice),
    }
    None
}

/// In seconds.
pub(super) fn duration(tree: &Tree, at: &str, mistakes: &mut Mistakes) -> Option<u64> {
    const ADVICE: &str = "a whole number and s, m, h or d, from \"1s\" to \"7d\"; leave it out if the report is to stand until the next";
    let Tree::Text(text) = tree else {
        let unit = if matches!(tree, Tree::Whole(_) | Tree::Real(_)) {
            " without a unit"
        } else {
            ""
        };
        mistakes.add(
            at,
            format!(
                "expected a duration such as \"30s\", found {}{unit}",
                tree.kind()
            ),
            ADVICE,
        );
        return None;
    };
    let seconds = seconds(text).filter(|seconds| (1..=limits::LEASE).contains(seconds));
    if seconds.is_none() {
        mistakes.add(
            at,
            format!("{} is not a duration that a lease can have", quote(text)),
            ADVICE,
        );
    }
    seconds
}

pub(super) fn seconds(text: &str) -> Option<u64> {
    let unit = match text.bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let digits = text.get(..text.len().checked_sub(1)?)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// `load`, `target`, `capacity` and `unit`.
pub(super) fn load(fields: [Option<&Tree>; 4], at: &str, mistakes: &mut Mistakes) -> Option<Load> {
    let [load, target, capacity, unit] = fields;
    if let (None, None, None, Some(_)) = (load, target, capacity, unit) {
        mistakes.add(
            &format!("{at}.unit"),
            "a unit of nothing",
            "say `load`, `target` or `capacity` in it, or leave it out",
        );
        return None;
    }
    let read = |tree: Option<&Tree>, name: &str, mistakes: &mut Mistakes| match tree {
        None => Some(None),
        Some(tree) => amount(tree, &format!("{at}.{name}"), mistakes).map(Some),
    };
    let load = read(load, "load", mistakes);
    let target = read(target, "target", mistakes);
    let capacity = read(capacity, "capacity", mistakes);
    let unit = match unit {
        None => Some(None),
        Some(tree) => word(tree, &format!("{at}.unit"), mistakes).map(Some),
    };
    Some(Load {
        load: load?,
        target: target?,
        capacity: capacity?,
        unit: unit?,
        ..Load::default()
    })
}

/// In millionths.
pub(super) fn amount(tree: &Tree, at: &str, mistakes: &mut Mistakes) -> Option<Amount> {
    const ADVICE: &str = "a number from 0, as 1200 or 0.75, all of a VIP in one unit";
    let found = match tree {
        Tree::Whole(number) if *number < limits::AMOUNT => {
            return Some(Amount::from(*number) * UNIT);
        }
        Tree::Real(number) if *number >= 0.0 && *number < limits::AMOUNT as f64 => {
            // Not negative and below 10^21, so the cast is exact.
            return Some((*number * UNIT as f64).round() as Amount);
        }
        Tree::Whole(number) => format!("{number:e}"),
        Tree::Real(number) => format!("{number:e}"),
        other => {
            mistakes.add(
                at,
                format!("expected a number, found {}", other.kind()),
                ADVICE,
            );
            return None;
        }
    };
    let most = limits::AMOUNT;
    mistakes.add(
        at,
        format!("expected a number from 0 and below {most:e}, found {found}"),
        ADVICE,
    );
    None
}

fn word(tree: &Tree, at: &str, mistakes: &mut Mistakes) -> Option<Arc<str>> {
    const ADVICE: &str =
        "a word of at most 32 visible ASCII characters, as \"connections\" or \"Mbit/s\"";
    let message = match tree {
        Tree::Text(text) => {
            let fits = (1..=limits::LOAD_UNIT).contains(&text.len());
            if fits && text.bytes().all(|b| b.is_ascii_graphic()) {
                return Some(Arc::from(text.as_str()));
            }
            format!("{} cannot be a unit", quote(text))
        }
        other => format!("expected a word, found {}", other.kind()),
    };
    mistakes.add(at, message, ADVICE);
    None
}

/// The addresses of which a report speaks; the outer value is none for a mistake.
pub(super) fn family(
    tree: Option<&Tree>,
    at: &str,
    mistakes: &mut Mistakes,
) -> Option<Option<Family>> {
    let Some(tree) = tree else { return Some(None) };
    let message = match tree {
        Tree::Text(word) => match Family::ALL.into_iter().find(|f| f.word() == word) {
            Some(family) => return Some(Some(family)),
            None => format!("unknown family {}", quote(word)),
        },
        other => format!("expected a family, found {}", other.kind()),
    };
    let advice = "\"v4\" or \"v6\"; leave it out if it is said of both";
    mistakes.add(&format!("{at}.family"), message, advice);
    None
}
