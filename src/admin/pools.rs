//! Pools as they stand: who is kept out, what is on its way; and bringing back what is kept out.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::admin::feed::Desk;
use crate::admin::reply::{self, Fault, quote};
use crate::config::estate::{Failback, Members, Policy, Pool, PoolId, Target, VipId};
use crate::keeper::{Change, Kept, Status};
use crate::limits;
use crate::steer::motion::course::{Course, Sight};
use crate::steer::motion::follow;
use crate::steer::motion::{Moving, WHOLE};
use crate::steer::wheel::Family;
use crate::world::World;

/// `/v1/pools`. Times are seconds of the Unix epoch, shares parts of one.
pub(super) fn page(world: &World, status: &Status, now: u64) -> Value {
    let pools = world.estate.steering.pools.iter().enumerate();
    let uses = follow::uses(&world.estate.steering, &status.situation.board, now);
    let pools = pools.map(|(at, pool)| {
        let id = PoolId(at as u16);
        let course = status.situation.mover.courses.get(&pool.name);
        let mut value = one(world, id, pool, course, now);
        if pool.spill.is_some() {
            use_of_capacity(&mut value, world, id, &uses);
        }
        value
    });
    json!({ "generation": world.generation, "pools": pools.collect::<Vec<Value>>() })
}

fn one(world: &World, id: PoolId, pool: &Pool, course: Option<&Course>, now: u64) -> Value {
    let moving = world.motion.of(id);
    let failback = match pool.failback {
        Failback::After(0) => None,
        Failback::After(seconds) => Some(format!("{seconds}s")),
        Failback::Manual => Some("manual".to_owned()),
    };
    let returned = course.and_then(|course| course.returned.as_ref());
    let returned = returned.map(|n| json!({ "who": n.who, "why": n.why, "at": n.at }));
    let end = course.and_then(|course| course.end(now));
    json!({
        "name": pool.name,
        "policy": match pool.policy {
            Policy::Weighted => "weighted",
            Policy::Nearest => "nearest",
            Policy::Failover => "failover",
        },
        "failback": failback,
        "spill": pool.spill.map(|parts| f64::from(parts) / 1e6),
        "adapt": pool.adapt.map(|parts| f64::from(parts) / 1e6),
        "ramp": pool.ramp.map(|parts| f64::from(parts) / 1e6),
        "ramp_end": end,
        "short_ttl": now < moving.until,
        "last_return": returned,
        "members": members(world, id, pool, course, now),
        "vips": vips(world, id, moving),
    })
}

/// How much of its capacity each member uses.
fn use_of_capacity(value: &mut Value, world: &World, id: PoolId, uses: &[(PoolId, Target, u64)]) {
    let Some(members) = value.get_mut("members").and_then(Value::as_array_mut) else {
        return;
    };
    for (_, target, used) in uses.iter().filter(|(pool, ..)| *pool == id) {
        let sight = Sight {
            steering: &world.estate.steering,
            reach: &world.estate.reach,
            verdicts: world.verdicts.best(),
            now: 0,
        };
        let name = sight.name(*target);
        let mut all = members.iter_mut();
        if let Some(member) = all.find(|member| member["name"] == name.as_str()) {
            member["uses"] = (*used as f64 / 1e6).into();
        }
    }
}

/// The members, or of a `nearest` pool its sites.
fn members(
    world: &World,
    id: PoolId,
    pool: &Pool,
    course: Option<&Course>,
    now: u64,
) -> Vec<Value> {
    let moving = world.motion.of(id);
    let sight = Sight {
        steering: &world.estate.steering,
        reach: &world.estate.reach,
        verdicts: world.verdicts.best(),
        now,
    };
    let number = |target: Target| match &pool.members {
        Members::Table(table) => table.iter().find(|(t, _)| *t == target).map(|(_, n)| *n),
        Members::List(_) => None,
    };
    let one = |(target, failed): (Target, bool)| {
        let name = sight.name(target);
        let out = course.and_then(|course| course.hold.out.get(&name));
        let held = out.copied().flatten();
        let until = held.and_then(|since| match pool.failback {
            Failback::After(wait) => Some(since.saturating_add(wait)),
            Failback::Manual => None,
        });
        let why = match (held, pool.failback) {
            (Some(_), Failback::After(wait)) => {
                Some(format!("it failed, and has not been well for {wait} s yet"))
            }
            (Some(_), Failback::Manual) => Some(format!(
                "it failed; POST /v1/pools/{}/return brings it back",
                pool.name
            )),
            (None, _) => None,
        };
        json!({
            "name": name,
            "state": match (failed, held) {
                (true, _) => "failed",
                (false, Some(_)) => "held",
                (false, None) => "well",
            },
            "held_since": held,
            "held_until": until,
            "why": why,
            "number": number(target),
            "counts": part(moving.number(target)),
            "keeps": part(WHOLE - moving.sheds(target)),
        })
    };
    sight.alternatives(id).into_iter().map(one).collect()
}

/// The pool's own VIPs. What a client gets depends on its class; if there is only one, the shares in force are here.
fn vips(world: &World, id: PoolId, moving: &Moving) -> Vec<Value> {
    let estate = &world.estate;
    let root = estate.roots.iter().position(|root| root.pool == id);
    let plans = root.and_then(|at| world.plans.get(at));
    let plan = plans.and_then(|plans| match plans.all() {
        [plan] if !plan.sides().any(|side| side.stand.dead()) => Some(plan),
        _ => None,
    });
    let shares = plan.map(|plan| Family::ALL.map(|family| plan.side(family).choice.shares(family)));
    let share = |vip: VipId, at: usize| {
        let list = shares.as_ref()?.get(at)?;
        let found = list.iter().find(|(known, _)| *known == vip);
        Some(found.map_or(0.0, |(_, share)| *share))
    };
    let reach = estate.reach.get(usize::from(id.0));
    let one = |id: &VipId| {
        let vip = estate.steering.vips.get(usize::from(id.0))?;
        let state = world.verdicts.best().get(usize::from(id.0))?.state;
        Some(json!({
            "name": vip.name,
            "weight": vip.weight,
            "state": state.word(),
            "counts": part(moving.factor(*id)),
            "share": share(*id, 0),
            "share6": share(*id, 1),
        }))
    };
    reach.into_iter().flatten().filter_map(one).collect()
}

fn part(parts: u32) -> f64 {
    f64::from(parts) / f64::from(WHOLE)
}

/// The body of a return.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    why: String,
}

/// Why an operator does something, without blanks around it.
pub(super) fn reason(body: &[u8]) -> Result<String, Fault> {
    let reason: Option<Reason> = serde_json::from_slice(body).ok();
    let said = |why: &str| !why.trim().is_empty() && why.len() <= limits::REASON;
    match reason.filter(|reason| said(&reason.why)) {
        Some(Reason { why }) => Ok(why.trim().to_owned()),
        None => {
            let error = format!(
                "say why, for the journal: {{\"why\": \"...\"}}, at most {} octets",
                limits::REASON
            );
            Err(Fault::new(StatusCode::BAD_REQUEST, error))
        }
    }
}

/// `POST /v1/pools/{pool}/return`.
pub(super) async fn bring_back(
    desk: Desk<'_>,
    pool: &str,
    body: &[u8],
) -> Result<Response<Body>, Fault> {
    let why = reason(body)?;
    let (reply, answer) = oneshot::channel();
    let change = Change::Return {
        pool: Arc::from(pool),
        who: Arc::from(desk.holder.name.as_str()),
        why: Arc::from(why),
        reply,
    };
    let busy = |_| Fault::later("the keeper has more than it can do; ask again soon");
    desk.keeper.send(change).map_err(busy)?;
    let given = match tokio::time::timeout(desk.pace.reply, answer).await {
        Ok(Ok(given)) => given,
        Ok(Err(_)) => return Err(Fault::later("the server ends; nothing is brought back")),
        Err(_) => {
            let error = "the keeper did not reply in time; /v1/pools will say what came of it";
            return Err(Fault::later(error));
        }
    };
    match given {
        Ok(given) => {
            let value = json!({
                "generation": given.generation,
                "returned": given.returned,
                "failed": given.failed,
            });
            Ok(reply::json(StatusCode::OK, &value))
        }
        Err(Kept::Unknown) => {
            let error = format!("the estate in force has no pool {}", quote(pool));
            Err(Fault::new(StatusCode::NOT_FOUND, error))
        }
        Err(Kept::Never) => {
            let error = format!(
                "pool {} keeps nothing out: it has no `failback`",
                quote(pool)
            );
            Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error))
        }
        Err(Kept::Disk(why)) => Err(Fault::later(format!(
            "nothing is brought back, for the disk refuses it: {why}"
        ))),
    }
}
