//! Values with their units: numbers, durations, shares, distances, points on the globe, lists of names.

use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::de::DeValue;

use crate::config::document::{Entry, Value, Word};
use crate::config::findings::Findings;
use crate::config::record::listed;
use crate::limits;
use crate::place::Point;

/// A string; `kind` says what it means: "a path".
pub(super) fn text<'a>(entry: Entry<'a>, kind: &str, findings: &mut Findings) -> Option<Word<'a>> {
    let word = entry.value.string();
    if word.is_none() {
        let advice = entry
            .value
            .number()
            .map(|n| format!("write `\"{n}\"`"))
            .unwrap_or_default();
        findings.error(
            entry.value.at,
            format!("`{}` is {kind}, a string", entry.key.text),
            advice,
        );
    }
    word
}

/// A whole number; `label` is what messages call it.
pub(super) fn integer<T: TryFrom<i128> + PartialOrd + Display>(
    label: &str,
    value: Value<'_>,
    range: RangeInclusive<T>,
    findings: &mut Findings,
) -> Option<T> {
    let fit = |n: i128| T::try_from(n).ok().filter(|n| range.contains(n));
    let number = value.integer().and_then(fit);
    if number.is_none() {
        let meant = value
            .string()
            .and_then(|word| word.text.trim().parse::<i128>().ok())
            .and_then(fit);
        let advice = meant.map(|n| format!("write `{n}`")).unwrap_or_default();
        let (least, most) = range.into_inner();
        findings.error(
            value.at,
            format!("{label} is a whole number from {least} to {most}"),
            advice,
        );
    }
    number
}

/// `true` or `false`.
pub(super) fn boolean(entry: Entry<'_>, findings: &mut Findings) -> Option<bool> {
    if let DeValue::Boolean(value) = entry.value.node {
        return Some(*value);
    }
    let advice = match entry.value.string().map(|word| word.text) {
        Some(text @ ("true" | "false")) => format!("write `{text}` without quotes"),
        _ => String::new(),
    };
    findings.error(
        entry.value.at,
        format!("`{}` is `true` or `false`", entry.key.text),
        advice,
    );
    None
}

/// One of a few words.
pub(super) fn choice<T: Copy>(
    entry: Entry<'_>,
    words: &[(&'static str, T)],
    findings: &mut Findings,
) -> Option<T> {
    let word = entry.value.string().map_or("", |word| word.text);
    if let Some((_, value)) = words.iter().find(|(name, _)| *name == word) {
        return Some(*value);
    }
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let advice = findings
        .guess(word, names.iter().copied())
        .map(|meant| format!("did you mean `\"{meant}\"`?"));
    findings.error(
        entry.value.at,
        format!("`{}` is one of {}", entry.key.text, listed(&names)),
        advice.unwrap_or_default(),
    );
    None
}

/// A whole number and its unit, in seconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    whole(number)?.checked_mul(unit)
}

/// A duration in seconds: `"30s"`, `"5m"`, `"2h"`, `"1d"`.
pub(super) fn duration(key: &str, value: Value<'_>, findings: &mut Findings) -> Option<u64> {
    let seconds = value.string().and_then(|word| self::seconds(word.text));
    if seconds.is_none() {
        let advice = match bare(value).and_then(|text| whole(&text)) {
            Some(number) => format!("write `\"{number}s\"`"),
            None => "a whole number and `s`, `m`, `h` or `d`: `\"30s\"`".to_owned(),
        };
        findings.error(value.at, format!("`{key}` is a duration"), advice);
    }
    seconds
}

/// A share in parts of a million: `"50%"`, `"0.5%"`.
pub(super) fn share(entry: Entry<'_>, findings: &mut Findings) -> Option<u32> {
    let key = entry.key.text;
    let Some(number) = entry
        .value
        .string()
        .and_then(|word| word.text.strip_suffix('%'))
    else {
        let advice = match bare(entry.value).and_then(|text| Some((millionths(&text)?, text))) {
            // Of 0.5 nobody knows whether a half or a two-hundredth was meant.
            Some((1..=10_000, text)) if text.contains('.') => {
                let percent = text.parse::<f64>().unwrap_or_default() * 100.0;
                format!("write `\"{percent}%\"` or, if that is meant, `\"{text}%\"`")
            }
            Some((_, text)) => format!("write `\"{text}%\"`"),
            None => "a number and `%`: `\"50%\"`".to_owned(),
        };
        findings.error(entry.value.at, format!("`{key}` is a share"), advice);
        return None;
    };
    let parts = millionths(number);
    match parts {
        None => findings.error(
            entry.value.at,
            format!("`{key}` is a share"),
            "a number with at most four decimals and `%`: `\"0.5%\"`",
        ),
        Some(1_000_001..) => findings.error(
            entry.value.at,
            format!("`{key}` is more than 100%"),
            "a share is 0% to 100%",
        ),
        Some(_) => {}
    }
    parts.filter(|parts| *parts <= 1_000_000)
}

/// `12.5` of a hundred in parts of a million.
pub(super) fn millionths(percent: &str) -> Option<u32> {
    let (units, decimals) = percent.split_once('.').unwrap_or((percent, "0"));
    if decimals.is_empty() || decimals.len() > 4 {
        return None;
    }
    let units = u32::try_from(whole(units)?).ok()?;
    let decimals = u32::try_from(whole(&format!("{decimals:0<4}"))?).ok()?;
    units.checked_mul(10_000)?.checked_add(decimals)
}

/// A distance in kilometres: `"300km"`, and `"-300km"` where the range has it.
pub(super) fn distance(
    entry: Entry<'_>,
    range: RangeInclusive<i32>,
    findings: &mut Findings,
) -> Option<i32> {
    let key = entry.key.text;
    let kilometres = |text: &str| {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        i32::try_from(whole(digits)?).ok()?.checked_mul(sign)
    };
    let Some(km) = entry
        .value
        .string()
        .and_then(|word| kilometres(word.text.strip_suffix("km")?.trim_end()))
    else {
        let advice = match bare(entry.value).and_then(|text| kilometres(&text)) {
            Some(number) => format!("write `\"{number}km\"`"),
            None => "a whole number and `km`: `\"300km\"`".to_owned(),
        };
        findings.error(entry.value.at, format!("`{key}` is a distance"), advice);
        return None;
    };
    if range.contains(&km) {
        return Some(km);
    }
    let (least, most) = range.into_inner();
    findings.error(
        entry.value.at,
        format!("`{key}` is {least}km to {most}km"),
        "",
    );
    None
}

/// `[latitude, longitude]` in degrees.
pub(super) fn globe(entry: Entry<'_>, findings: &mut Findings) -> Option<Point> {
    let pair = entry
        .value
        .list()
        .and_then(|list| <[Value<'_>; 2]>::try_from(list).ok());
    let numbers = pair.and_then(|[a, b]| Some([(a, degrees(a)?), (b, degrees(b)?)]));
    let Some([(north, latitude), (east, longitude)]) = numbers else {
        let message = format!("`{}` is a place on the globe", entry.key.text);
        findings.error(
            entry.value.at,
            message,
            "write `[latitude, longitude]` in degrees: `[50.11, 8.68]`",
        );
        return None;
    };
    let written = |value: Value<'_>| value.number().unwrap_or_default().to_owned();
    if latitude.abs() > 90.0 {
        let pole = if latitude > 0.0 { "90" } else { "-90" };
        let message = format!("latitude {} is beyond {pole}", written(north));
        findings.error(north.at, message, "the order is latitude, longitude");
        return None;
    }
    if longitude.abs() > 180.0 {
        let edge = if longitude > 0.0 { "180" } else { "-180" };
        let message = format!("longitude {} is beyond {edge}", written(east));
        findings.error(east.at, message, "degrees from -180 to 180, east positive");
        return None;
    }
    let micro = |degrees: f64| (degrees * 1e6).round() as i32;
    Some(Point {
        latitude: micro(latitude),
        longitude: micro(longitude),
    })
}

fn degrees(value: Value<'_>) -> Option<f64> {
    value
        .number()?
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// A list of names; a single one may stand without brackets.
pub(super) fn names<'a>(
    label: &str,
    value: Value<'a>,
    findings: &mut Findings,
) -> Option<Vec<Word<'a>>> {
    if let Some(word) = value.string() {
        return Some(vec![word]);
    }
    let Some(list) = value.list() else {
        findings.error(
            value.at,
            format!("{label} is a list of names"),
            "write `[\"a\", \"b\"]`, or a single `\"a\"`",
        );
        return None;
    };
    let mut words = Vec::with_capacity(list.len());
    for element in &list {
        match element.string() {
            Some(word) => words.push(word),
            None => findings.error(
                element.at,
                format!("{label} is a list of names"),
                "a name is a string in quotes",
            ),
        }
    }
    (words.len() == list.len()).then_some(words)
}

/// What to do if a name is not kebab-case of at most 63 characters.
pub(super) fn unkebab(name: &str) -> Option<String> {
    const FORM: &str = "lower-case letters, digits and hyphens, a letter or digit at both ends";
    if !kebab(name) {
        let dashed = |c: char| if matches!(c, '_' | '.' | ' ') { '-' } else { c };
        let better: String = name.to_ascii_lowercase().chars().map(dashed).collect();
        let better = better.trim_matches('-');
        let good = kebab(better) && better.len() <= limits::LABEL;
        return Some(if good {
            format!("write `{better}`: {FORM}")
        } else {
            FORM.to_owned()
        });
    }
    (name.len() > limits::LABEL).then(|| {
        format!(
            "at most {} characters, here are {}",
            limits::LABEL,
            name.len()
        )
    })
}

fn kebab(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.bytes().all(|b| inner(b) || b == b'-')
        && !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A number of digits and nothing else: no sign, no underscore, no blank.
fn whole(digits: &str) -> Option<u64> {
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

/// The number where the unit was forgotten, with or without quotes.
fn bare(value: Value<'_>) -> Option<String> {
    value
        .number()
        .map(str::to_owned)
        .or_else(|| value.string().map(|word| word.text.trim().to_owned()))
}

/// A distance that lengthens only: not below nought.
pub(super) const AHEAD: RangeInclusive<i32> = 0..=limits::DISTANCE;

/// A distance either way.
pub(super) const EITHER: RangeInclusive<i32> = -limits::DISTANCE..=limits::DISTANCE;
