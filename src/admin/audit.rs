//! One line in the log for each change that was asked for with the right to it: who, what, from where, and what came of it.

use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;

use crate::admin::reply::{Fault, short};
use crate::admin::seat::Caller;
use crate::admin::tokens::Holder;

pub(super) fn tell(
    holder: &Holder,
    caller: &Caller,
    parts: &Parts,
    reply: &Result<Response<Body>, Fault>,
) {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let what = format!("{} {}", parts.method, short(path));
    let (who, from) = (holder.name.as_str(), caller.peer);
    match reply {
        Ok(reply) => {
            let status = reply.status().as_u16();
            tracing::info!(who, what, %from, status, outcome = "done", "audit");
        }
        Err(fault) => {
            let (status, outcome) = (fault.status.as_u16(), fault.error.as_str());
            tracing::info!(who, what, %from, status, outcome, "audit");
        }
    }
}
