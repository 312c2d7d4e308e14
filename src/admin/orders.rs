//! What operators order of VIPs and sites, and when no cache holds any more what they took out of the answers.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::admin::Door;
use crate::admin::feed::Desk;
use crate::admin::reply::{self, Fault, quote};
use crate::config::estate::{Steering, Vip, VipId};
use crate::health::orders::{Order, Orders, Press, Subject};
use crate::health::report::Mistake;
use crate::health::report::wish::wish;
use crate::keeper::{Asked, Change, Placed, Status, Unplaced};
use crate::world::{World, clear, ordered};

/// For each VIP that was ordered down or drained, when no cache holds it.
pub(super) struct Clearing<'a> {
    steering: &'a Steering,
    /// By the number of the VIP: none if no such order is in force for it, else the time, if answers hold it no more.
    at: Vec<Option<Option<u64>>>,
}

impl<'a> Clearing<'a> {
    pub(super) fn of(door: &Door, world: &'a World, status: &Status, now: u64) -> Clearing<'a> {
        let steering = &world.estate.steering;
        let emptied: Vec<VipId> = (0..=u16::MAX)
            .map(VipId)
            .zip(&steering.vips)
            .filter(|(_, vip)| {
                let order = over(steering, vip, &status.situation.orders, now);
                order.is_some_and(|(_, order)| order.want.empties())
            })
            .map(|(id, _)| id)
            .collect();
        let mut at = vec![None; steering.vips.len()];
        if emptied.is_empty() {
            return Clearing { steering, at };
        }
        // First what is used, then until when: what was given out in between is in it.
        let used = clear::used(world, emptied.iter().copied());
        for vip in emptied {
            let number = usize::from(vip.0);
            let used = used.get(number).is_some_and(|used| *used);
            let slot = world.estate.slots.get(number).copied().unwrap_or(0);
            let last = door.counters.iter().map(|counters| counters.until(slot));
            let last = last.max().unwrap_or(0);
            // What was given out was given out by the wall clock.
            let times = (door.started, door.keeper.clock().wall());
            let clear = (!used).then(|| clear::clear_at(world, vip, last, times));
            if let Some(place) = at.get_mut(number) {
                *place = Some(clear);
            }
        }
        Clearing { steering, at }
    }

    /// The names of those VIPs, and when.
    pub(super) fn emptied(&self) -> impl Iterator<Item = (&'a str, Option<u64>)> + '_ {
        let all = self.steering.vips.iter().zip(&self.at);
        all.filter_map(|(vip, at)| Some((vip.name.as_str(), (*at)?)))
    }

    /// When no cache holds any VIP that goes by this order: since it was given, if there is none. None as long as answers
    /// may hold one of them.
    fn all(&self, vips: &[VipId], order: &Order, orders: &Orders, now: u64) -> Option<u64> {
        let mut last = order.at;
        for vip in vips {
            let number = usize::from(vip.0);
            let known = self.steering.vips.get(number)?;
            let ruling = over(self.steering, known, orders, now);
            if ruling.is_some_and(|(_, ruling)| std::ptr::eq(ruling, order)) {
                last = last.max(self.at.get(number).copied().flatten()??);
            }
        }
        Some(last)
    }
}

fn over<'a>(
    steering: &Steering,
    vip: &Vip,
    orders: &'a Orders,
    now: u64,
) -> Option<(&'a Subject, &'a Order)> {
    orders.over(&vip.name, steering.site(vip), now)
}

/// An order as replies show it. Times are seconds of the Unix epoch.
pub(super) fn one(subject: &Subject, order: &Order, now: u64) -> Value {
    json!({
        "of": subject.kind(),
        "name": &**subject.name(),
        "state": order.want.word(),
        "who": &*order.who,
        "why": &*order.why,
        "at": order.at,
        "until": order.until,
        "ends_in": order.until.map(|until| until.saturating_sub(now)),
        "over": (order.over > 0).then_some(order.over),
        "steps_done": (order.over > 0).then(|| order.step(now) + 1),
        "forced": order.press == Press::Force,
    })
}

/// What an order comes to: its VIPs, and when no cache holds them.
fn effect(
    subject: &Subject,
    order: Option<&Order>,
    (world, status): (&World, &Status),
    clearing: &Clearing<'_>,
    now: u64,
) -> Value {
    let steering = &world.estate.steering;
    let ids = ordered::vips(steering, subject);
    let known = ids.is_some();
    let ids = ids.unwrap_or_default();
    let vip = |id: &VipId| {
        let number = usize::from(id.0);
        let vip = steering.vips.get(number)?;
        let ruled = over(steering, vip, &status.situation.orders, now).map(|(by, _)| by);
        let clear = clearing.at.get(number).copied().flatten();
        Some(json!({
            "name": vip.name,
            "in_force": world.verdicts.at(number).best().state.word(),
            "observed": status.situation.board.verdict(&vip.name).best().state.word(),
            // Of a site's VIPs some may have an order of their own.
            "by": ruled.map(ToString::to_string),
            "used": clear.map(|clear| clear.is_none()),
            "clear_at": clear.flatten(),
        }))
    };
    let order = order.filter(|order| order.want.empties());
    let clear = order.and_then(|order| clearing.all(&ids, order, &status.situation.orders, now));
    json!({
        "known": known,
        "vips": ids.iter().filter_map(vip).collect::<Vec<Value>>(),
        "clear_at": clear,
    })
}

/// `/v1/drains`: all orders.
pub(super) fn page(door: &Door, world: &World, status: &Status, now: u64) -> Value {
    let clearing = Clearing::of(door, world, status, now);
    let standing = status
        .situation
        .orders
        .iter()
        .filter(|(_, order)| !order.ended(now));
    let orders = standing.map(|(subject, order)| {
        let effect = effect(subject, Some(order), (world, status), &clearing, now);
        joined(one(subject, order, now), effect)
    });
    json!({
        "generation": world.generation,
        "now": door.keeper.clock().wall(),
        "orders": orders.collect::<Vec<Value>>(),
    })
}

fn joined(mut value: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(mut more)) = (value.as_object_mut(), more) {
        object.append(&mut more);
    }
    value
}

/// `PUT /v1/vips/{vip}/state` and `PUT /v1/sites/{site}/state`.
pub(super) async fn take(
    desk: Desk<'_>,
    door: &Door,
    subject: Subject,
    body: &[u8],
) -> Result<Response<Body>, Fault> {
    let wish = wish(body).map_err(|mistakes| {
        let error = "the body has mistakes; nothing is ordered";
        Fault::new(StatusCode::BAD_REQUEST, error).listing(mistakes)
    })?;
    let (reply, answer) = oneshot::channel();
    let change = Change::Order(Asked {
        subject: subject.clone(),
        wish,
        who: Arc::from(desk.holder.name.as_str()),
        reply,
    });
    let busy = |_| Fault::later("the keeper has more than it can do; ask again soon");
    desk.keeper.send(change).map_err(busy)?;
    let placed = match tokio::time::timeout(desk.pace.reply, answer).await {
        Ok(Ok(placed)) => placed,
        Ok(Err(_)) => return Err(Fault::later("the server ends; nothing is ordered")),
        Err(_) => {
            let error = "the keeper did not reply in time; /v1/drains will say what came of it";
            return Err(Fault::later(error));
        }
    };
    match placed {
        Ok(placed) => Ok(taken(door, &placed)),
        Err(Unplaced::Unknown) => {
            let (kind, name) = (subject.kind(), quote(subject.name()));
            let words = if kind == "vip" { "VIP" } else { "site" };
            let error = format!("the estate in force has no {words} {name}");
            Err(Fault::new(StatusCode::NOT_FOUND, error))
        }
        Err(Unplaced::Full) => {
            let error = "too many orders stand; take some away with `auto`: /v1/drains lists them";
            Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error))
        }
        Err(Unplaced::Braked(barred)) => {
            let advice = "if it must be: \"force\": true, or `meridian ctl ... --force`";
            let mistake = |(vip, message): (Arc<str>, String)| Mistake {
                at: vip.to_string(),
                message,
                advice: advice.to_owned(),
            };
            let error = "the brake does not let them go; nothing is ordered";
            let fault = Fault::new(StatusCode::CONFLICT, error);
            Err(fault.listing(barred.into_iter().map(mistake).collect()))
        }
        Err(Unplaced::Disk(why)) => Err(Fault::later(format!(
            "nothing is ordered, for the disk refuses it: {why}"
        ))),
    }
}

fn taken(door: &Door, placed: &Placed) -> Response<Body> {
    let (world, status) = (door.cell.full(), door.keeper.status());
    let now = door.keeper.clock().now();
    let (subject, order) = (&placed.subject, placed.order.as_ref());
    let clearing = Clearing::of(door, &world, &status, now);
    let value = json!({
        "generation": placed.generation,
        "now": door.keeper.clock().wall(),
        "order": order.map(|order| one(subject, order, now)),
        "before": placed.before.as_ref().map(|order| one(subject, order, now)),
    });
    // That of the status: it may have been followed by another already, which is then told in the place of this one.
    let standing = status.situation.orders.get(subject);
    let effect = effect(subject, standing, (&world, &status), &clearing, now);
    reply::json(StatusCode::OK, &joined(value, effect))
}
