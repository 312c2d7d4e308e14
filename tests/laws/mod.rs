//! What steering promises, held at the server: shares, who moves and who does not, one site for each client, and that model,
//! server, explain and a cache say the same.

mod agree;
mod chance;
mod churn;
mod field;
mod shares;
mod site;
mod trees;

use super::chain;
use super::estate::{Board, Estate, Motion, Pool, Query};
use super::{Decision, Place, judge};

/// A number from the environment, for runs that take longer; else the one for every change.
fn many(variable: &str, usual: usize) -> usize {
    let told = std::env::var(variable).ok();
    told.and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// What the model decides for a question to a steered name.
fn decision(estate: &Estate, board: &Board, motion: &Motion, query: &Query) -> Decision {
    let place = Place {
        steered: query.steered,
        name: &query.name.to_lowercase(),
        hop: 0,
    };
    super::decide(estate, board, motion, query, &place, chain::family(query))
}

/// Whether all that a pool reaches are addresses. What leads to other names has no site, and no share of its own.
fn direct(estate: &Estate, pool: &Pool) -> bool {
    let vips = judge::reach(estate, pool);
    let addressed = |vip: &usize| estate.vips[*vip].v4.is_some() || estate.vips[*vip].v6.is_some();
    vips.iter().all(addressed)
}
