//! What steering promises, held at the server: shares, who moves and who does not, one site for each client, and that model,
//! server, explain and a cache say the same.

mod agree;
mod chance;
mod churn;
mod field;
mod shares;
mod site;
mod trees;

/// A number from the environment, for runs that take longer; else the one for every change.
fn many(variable: &str, usual: usize) -> usize {
    let told = std::env::var(variable).ok();
    told.and_then(|number| number.parse().ok()).unwrap_or(usual)
}
