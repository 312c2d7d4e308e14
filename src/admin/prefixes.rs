//! The addresses that should be announced, one prefix a line, for a routing daemon.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use crate::admin::reply::{self, Fault, quote};
use crate::config::estate::Vip;
use crate::health::verdict::{Family, State};
use crate::world::World;

/// The query of `/v1/prefixes`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// States, with commas between them; without it all but `down`.
    state: Option<String>,
    /// Sites, with commas between them; without it all VIPs.
    site: Option<String>,
    /// `v4` or `v6`; without it both.
    family: Option<String>,
    /// `plain` or `bird`.
    format: Option<String>,
}

const STATES: [&str; 5] = ["up", "degraded", "drain", "down", "unknown"];

/// `GET /v1/prefixes`: sorted, so that two of them can be compared.
pub(super) fn page(world: &World, wanted: &Wanted) -> Result<Response<Body>, Fault> {
    let steering = &world.estate.steering;
    let states = words(wanted.state.as_deref(), "state", |word| {
        STATES.contains(&word)
    })?;
    let known = |word: &str| steering.sites.iter().any(|site| site.name == word);
    let sites = words(wanted.site.as_deref(), "site", |word| !word.is_empty())?;
    if let Some(strange) = sites.iter().flatten().find(|word| !known(word)) {
        let error = format!("the estate in force has no site {}", quote(strange));
        return Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error));
    }
    let family = words(wanted.family.as_deref(), "family", |word| {
        Family::ALL.iter().any(|family| family.word() == word)
    })?;
    let format = words(wanted.format.as_deref(), "format", |word| {
        ["plain", "bird"].contains(&word)
    })?;
    let bird = format.is_some_and(|format| format == ["bird"]);
    let among = |list: &Option<Vec<&str>>, word: &str| {
        list.as_ref().is_none_or(|list| list.contains(&word))
    };
    let fits = |vip: &Vip, state: State| {
        let state = match &states {
            Some(states) => states.contains(&state.word()),
            None => state != State::Down,
        };
        state && (sites.is_none() || steering.site(vip).is_some_and(|s| among(&sites, s)))
    };
    let mut lines: BTreeSet<(IpAddr, u8)> = BTreeSet::new();
    for of in Family::ALL
        .into_iter()
        .filter(|of| among(&family, of.word()))
    {
        let vips = steering.vips.iter().zip(world.verdicts.of(of));
        for (vip, _) in vips.filter(|(vip, verdict)| fits(vip, verdict.state)) {
            lines.extend(match of {
                Family::V4 => vip.address.map(|addr| (IpAddr::V4(addr), 32)),
                Family::V6 => vip.address6.map(|addr| (IpAddr::V6(addr), 128)),
            });
        }
    }
    let mut text = String::new();
    for (addr, length) in lines {
        text.push_str(&match bird {
            true => format!("route {addr}/{length} blackhole;\n"),
            false => format!("{addr}/{length}\n"),
        });
    }
    Ok(reply::text(text))
}

/// The words of a list, if there is one; each must be known.
fn words<'a>(
    list: Option<&'a str>,
    key: &str,
    known: impl Fn(&str) -> bool,
) -> Result<Option<Vec<&'a str>>, Fault> {
    let Some(list) = list else {
        return Ok(None);
    };
    let words: Vec<&str> = list.split(',').collect();
    match words.iter().find(|word| !known(word)) {
        None => Ok(Some(words)),
        Some(strange) => {
            let error = format!(
                "{} is no `{key}`; ask /v1/prefixes[?state=up,degraded][&site=NAME,NAME][&family=v4][&format=bird]",
                quote(strange)
            );
            Err(Fault::new(StatusCode::BAD_REQUEST, error))
        }
    }
}
