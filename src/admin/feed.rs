//! Reports of the forwarders: checked against the token and the estate, given to the keeper, answered when they are in force.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::admin::Pace;
use crate::admin::reply::{self, Fault, quote};
use crate::admin::tokens::Holder;
use crate::config::estate::Steering;
use crate::health::board::{Effect, Outcome};
use crate::health::report::{self, Mistake, Report};
use crate::health::verdict::{Both, Family};
use crate::keeper::{Change, Keeper, Refused, Taken};
use crate::limits;
use crate::world::{World, told};

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
        if steering.vip(vip).is_none() {
            return Err(Fault::new(StatusCode::NOT_FOUND, unknown(vip)));
        }
        allowed(self.holder, steering, [vip])?;
        let sent = self.send(vec![(Arc::from(vip), report)]).await?;
        let mut value = json!({ "generation": sent.taken.generation });
        if let (Some(object), Some(Value::Object(mut result))) =
            (value.as_object_mut(), sent.results().into_iter().next())
        {
            object.append(&mut result);
        }
        Ok(reply::json(StatusCode::OK, &value))
    }

    /// `POST /v1/health`.
    pub(super) async fn many(self, body: &[u8]) -> Result<Response<Body>, Fault> {
        let said = report::batch(body).map_err(bad)?;
        let steering = &self.world.estate.steering;
        let reports = told::reports(steering, said).map_err(|mistakes| {
            let error = format!(
                "{} reports of what is not there, or there twice; no report is taken",
                mistakes.len()
            );
            let fault = Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error);
            fault.listing(mistakes)
        })?;
        let names = reports.iter().map(|(name, _)| &**name);
        allowed(self.holder, steering, names)?;
        let sent = self.send(reports).await?;
        let value = json!({ "generation": sent.taken.generation, "results": sent.results() });
        Ok(reply::json(StatusCode::OK, &value))
    }

    /// Gives the reports to the keeper. When it replies, they are on the disk and in force.
    async fn send(&self, mut reports: Vec<(Arc<str>, Report)>) -> Result<Sent, Fault> {
        let now = self.keeper.clock().now();
        let notes: Vec<Note> = (reports.iter_mut())
            .map(|(_, report)| Note {
                load_refused: report.date(now),
                counts: report.counts().1,
            })
            .collect();
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
            Ok(Ok(Ok(taken))) => Ok(Sent {
                taken,
                notes,
                who: self.holder.name.clone(),
            }),
            Ok(Ok(Err(Refused::Unknown(names)))) => {
                let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
                let error = format!(
                    "the estate in force has no VIPs {}; no report is taken",
                    names.join(", ")
                );
                Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error))
            }
            Ok(Ok(Err(Refused::Crowded(names)))) => {
                let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
                let error = format!(
                    "{} observers speak already of {}, which is all there is room for; no report is taken. One whose \
                     lease has ended makes room for another",
                    limits::OBSERVERS,
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

/// What the door itself found about a report.
struct Note {
    /// Why what it says of load was left out.
    load_refused: Option<&'static str>,
    /// Why it counts as another state than the one it says.
    counts: Option<&'static str>,
}

/// Reports that were taken, with what is to be said of each.
struct Sent {
    taken: Taken,
    notes: Vec<Note>,
    who: String,
}

impl Sent {
    fn results(&self) -> Vec<Value> {
        let each = self.taken.effects.iter().zip(&self.taken.in_force);
        let each = each.zip(&self.notes);
        let each = each.map(|(((vip, effect), in_force), note)| {
            let mut value = result(vip, effect, &self.who, in_force);
            // Of an old report nothing is taken, so nothing of it is refused.
            if effect.outcome != Outcome::Old {
                if value["held_back"].is_null() {
                    value["held_back"] = note.counts.into();
                }
                if let Some(why) = note.load_refused {
                    value["load_refused"] = why.into();
                }
            }
            value
        });
        each.collect()
    }
}

fn bad(mistakes: Vec<Mistake>) -> Fault {
    let error = "the body has mistakes; no report is taken";
    Fault::new(StatusCode::BAD_REQUEST, error).listing(mistakes)
}

fn unknown(vip: &str) -> String {
    format!("the estate in force has no VIP {}", quote(vip))
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
        let vip = steering.vip(name);
        let vip = vip.and_then(|vip| steering.vips.get(usize::from(vip.0)));
        let site = vip.and_then(|vip| steering.site(vip));
        site.is_some_and(|site| sites.iter().any(|own| own == site))
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

/// What became of a report of `who`. Of both families `in_force` is the better one, and `families` has each where they
/// differ.
fn result(vip: &str, effect: &Effect, who: &str, (both, over): &(Both, Option<String>)) -> Value {
    let outcome = match effect.outcome {
        Outcome::Changed => "changed",
        Outcome::Renewed => "renewed",
        Outcome::Old => "old",
        Outcome::Full => "refused",
    };
    let stands = effect.stands(who);
    let apart = effect.family.is_none() && both.v4.state != both.v6.state;
    json!({
        "vip": vip,
        "family": effect.family.map(Family::word),
        "outcome": outcome,
        "reported": stands.map(|one| one.said.word()),
        "in_force": effect.family.map_or(both.best(), |family| both.of(family)).state.word(),
        "families": apart.then(|| json!({ "v4": both.v4.state.word(), "v6": both.v6.state.word() })),
        "held_back": over.as_ref().or(effect.held_back.as_ref()),
        "epoch": stands.map(|one| one.order.epoch),
        "seq": stands.map(|one| one.order.seq),
    })
}
