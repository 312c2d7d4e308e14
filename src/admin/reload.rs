//! `POST /v1/reload`: reads everything anew, and takes what is forced.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use tokio::sync::oneshot;

use crate::admin::reply::Fault;
use crate::admin::tokens::Holder;
use crate::admin::{Pace, view};
use crate::keeper::{Change, Force, Keeper, Touched};

/// What the query of `/v1/reload` forces.
pub(super) fn force(query: Option<&str>) -> Result<Force, Fault> {
    match query {
        None | Some("") => Ok(Force::No),
        Some("force=geoip") => Ok(Force::Databases),
        Some("force=estate") => Ok(Force::Estate),
        Some(_) => {
            let error = "what can be forced is `?force=geoip` or `?force=estate`";
            Err(Fault::new(StatusCode::BAD_REQUEST, error))
        }
    }
}

/// Orders a reading of everything, and waits for what comes of it.
pub(super) async fn reload(
    keeper: &Keeper,
    pace: Pace,
    holder: &Holder,
    force: Force,
) -> Result<Response<Body>, Fault> {
    let (reply, answer) = oneshot::channel();
    let cause = match force {
        Force::No => Arc::from(holder.name.as_str()),
        Force::Databases => Arc::from(format!("{} (force=geoip)", holder.name)),
        _ => Arc::from(format!("{} (force=estate)", holder.name)),
    };
    let change = Change::Reload {
        cause,
        touched: Touched::Everything,
        force,
        reply: Some(reply),
    };
    let busy = |_| Fault::later("the keeper has more than it can do; ask again soon");
    keeper.send(change).map_err(busy)?;
    match tokio::time::timeout(pace.reload, answer).await {
        Ok(Ok(reloaded)) => view::reloaded(&reloaded),
        Ok(Err(_)) => Err(Fault::later(
            "the server ends, or too many ask for a reload",
        )),
        Err(_) => Err(Fault::later(
            "the estate is still being read; /v1/status will say what came of it",
        )),
    }
}
