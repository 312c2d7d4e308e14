//! The brake: what is lost and held, and an operator who lets go of it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::admin::feed::Desk;
use crate::admin::pools;
use crate::admin::reply::{self, Fault};
use crate::config::estate::Bounds;
use crate::keeper::{Change, Status};
use crate::world::World;

/// `POST /v1/brake/release`.
pub(super) async fn release(desk: Desk<'_>, body: &[u8]) -> Result<Response<Body>, Fault> {
    let why = pools::reason(body)?;
    let (reply, answer) = oneshot::channel();
    let change = Change::Release {
        who: Arc::from(desk.holder.name.as_str()),
        why: Arc::from(why),
        reply,
    };
    let busy = |_| Fault::later("the keeper has more than it can do; ask again soon");
    desk.keeper.send(change).map_err(busy)?;
    let released = match tokio::time::timeout(desk.pace.reply, answer).await {
        Ok(Ok(released)) => released,
        Ok(Err(_)) => return Err(Fault::later("the server ends; nothing is let go")),
        Err(_) => {
            let error = "the keeper did not reply in time; /v1/status will say what is held";
            return Err(Fault::later(error));
        }
    };
    match released {
        Ok(done) => {
            let vips: Vec<&str> = done.vips.iter().map(|name| &**name).collect();
            let value = json!({ "generation": done.generation, "released": vips });
            Ok(reply::json(StatusCode::OK, &value))
        }
        Err(why) => Err(Fault::later(format!(
            "nothing is let go, for the disk refuses it: {why}"
        ))),
    }
}

/// What the brake does, for `/v1/status`; null without one.
pub(super) fn shown(world: &World, status: &Status, now: u64) -> Value {
    let steering = &world.estate.steering;
    let Some(bounds) = steering.brake else {
        return Value::Null;
    };
    let losses = status.situation.brake.losses(steering, now);
    let held = status.situation.brake.held().map(|(name, held)| {
        json!({
            "vip": &**name,
            "since": held.since,
            "in_force": held.before.best().state.word(),
            "why": held.why.words(&bounds),
        })
    });
    let part = |parts: u32| f64::from(parts) / 1e6;
    let Bounds {
        window,
        sites,
        share,
        min_sites,
        min_capacity,
    } = bounds;
    json!({
        "window": window,
        "sites": sites,
        "share": part(share),
        "min_sites": min_sites,
        "min_capacity": part(min_capacity),
        "lost_sites": losses.sites,
        "lost_vips": losses.vips,
        "lost_share": part(losses.share),
        "held": held.collect::<Vec<Value>>(),
        "looks_again": status.situation.brake.next(),
    })
}
