//! Reports of the forwarders: checked against the token and the estate, given to the keeper, answered when they are in force.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::admin::Pace;
use crate::admin::reply::{self, Fault, quote};
use crate::admin::tokens::Holder;
use crate::config::estate::{Steering, Vip};
use crate::health::board::{Effect, Outcome};
use crate::health::report::{self, Mistake, Report};
use crate::keeper::{Change, Keeper, Refused, Taken};
use crate::world::World;

/// Where one sender's reports are taken.
pub(super) struct Desk<'a> {
    pub(super) world: &'a World,
    pub(super) keeper: &'a Keeper,
    pub(super) pace: Pace,
    pub(super) holder: &'a Holder,
}

impl Desk<'_> {
    /// `PUT /v1/health/vips/{vip}`.
    pub(super) async fn one(self, vip: &str, body: &[u8]) -> Result<Response<Body>, Fault> {
        let report = report::single(body).map_err(bad)?;
        let steering = &self.world.estate.steering;
        if find(steering, vip).is_none() {
            return Err(Fault::new(StatusCode::NOT_FOUND, unknown(vip)));
        }
        allowed(self.holder, steering, [vip])?;
        let taken = self.send(vec![(Arc::from(vip), report)]).await?;
        let mut value = json!({ "generation": taken.generation });
        if let (Some(object), Some((vip, effect))) = (value.as_object_mut(), taken.effects.first())
            && let Value::Object(mut result) = result(vip, effect)
        {
            object.append(&mut result);
        }
        Ok(reply::json(StatusCode::OK, &value))
    }

    /// `POST /v1/health`.
    pub(super) async fn many(self, body: &[u8]) -> Result<Response<Body>, Fault> {
        let reports = report::batch(body).map_err(bad)?;
        let steering = &self.world.estate.steering;
        let strange = reports
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| find(steering, name).is_none());
        let mistakes: Vec<Mistake> = strange
            .map(|(at, (name, _))| Mistake {
                at: format!("$.reports[{at}].vip"),
                message: unknown(name),
                advice: "leave it out, or reload an estate that has it".to_owned(),
            })
            .collect();
        if !mistakes.is_empty() {
            let error = format!("{} unknown VIPs; no report is taken", mistakes.len());
            let fault = Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error);
            return Err(fault.listing(mistakes));
        }
        let names = reports.iter().map(|(name, _)| &**name);
        allowed(self.holder, steering, names)?;
        let taken = self.send(reports).await?;
        let results: Vec<Value> = taken.effects.iter().map(|(v, e)| result(v, e)).collect();
        let value = json!({ "generation": taken.generation, "results": results });
        Ok(reply::json(StatusCode::OK, &value))
    }

    /// Gives the reports to the keeper. When it replies, they are on the disk and in force.
    async fn send(&self, reports: Vec<(Arc<str>, Report)>) -> Result<Taken, Fault> {
        let (reply, answer) = oneshot::channel();
        let who = Arc::from(self.holder.name.as_str());
        let change = Change::Reports {
            who,
            reports,
            reply,
        };
        let busy = |_| Fault::later("the keeper has more than it can do; send again soon");
        self.keeper.send(change).map_err(busy)?;
        match tokio::time::timeout(self.pace.reply, answer).await {
            Ok(Ok(Ok(taken))) => Ok(taken),
            Ok(Ok(Err(Refused::Unknown(names)))) => {
                let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
                let error = format!(
                    "the estate in force has no VIPs {}; no report is taken",
                    names.join(", ")
                );
                Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error))
            }
            Ok(Ok(Err(Refused::Disk(why)))) => Err(Fault::later(format!(
                "no report is taken, for the disk refuses it: {why}"
            ))),
            Ok(Err(_)) => Err(Fault::later("the server ends; no report is taken")),
            Err(_) => Err(Fault::later(
                "the keeper did not reply in time; send the same report again, which changes nothing if it was taken",
            )),
        }
    }
}

fn bad(mistakes: Vec<Mistake>) -> Fault {
    let error = "the body has mistakes; no report is taken";
    Fault::new(StatusCode::BAD_REQUEST, error).listing(mistakes)
}

fn unknown(vip: &str) -> String {
    format!("the estate in force has no VIP {}", quote(vip))
}

fn find<'a>(steering: &'a Steering, name: &str) -> Option<&'a Vip> {
    let at = steering
        .vips
        .binary_search_by(|vip| vip.name.as_str().cmp(name));
    steering.vips.get(at.ok()?)
}

/// Whether all of these VIPs stand at sites of the holder.
fn allowed<'a>(
    holder: &Holder,
    steering: &Steering,
    vips: impl IntoIterator<Item = &'a str>,
) -> Result<(), Fault> {
    let Some(sites) = &holder.sites else {
        return Ok(());
    };
    let own = |name: &&str| {
        let site = find(steering, name).and_then(|vip| vip.site);
        let site = site.and_then(|site| steering.sites.get(usize::from(site.0)));
        site.is_some_and(|site| sites.contains(&site.name))
    };
    let foreign: Vec<String> = vips.into_iter().filter(|v| !own(v)).map(quote).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let error = format!(
        "the token of `{}` is for VIPs of {}; not of them: {}",
        holder.name,
        sites.join(", "),
        foreign.join(", ")
    );
    Err(Fault::new(StatusCode::FORBIDDEN, error))
}

fn result(vip: &str, effect: &Effect) -> Value {
    let entry = &effect.entry;
    let outcome = match effect.outcome {
        Outcome::Changed => "changed",
        Outcome::Renewed => "renewed",
        Outcome::Old => "old",
    };
    json!({
        "vip": vip,
        "outcome": outcome,
        "reported": entry.reported.word(),
        "in_force": entry.verdict.state.word(),
        "held_back": entry.held_back(),
        "epoch": entry.order.epoch,
        "seq": entry.order.seq,
    })
}
