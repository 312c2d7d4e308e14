//! How things stand, as JSON and text: VIPs, sites, the estate, and the last reload.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::admin::reply::{self, Fault};
use crate::admin::{Door, brake, observers, orders, probes};
use crate::config::estate::{Draw, Policy, Pool, Site, Steering, Target, Vip};
use crate::diagnostic::{self, Diagnostic};
use crate::geo::atlas::Origin;
use crate::health::board::{self, Entry, State, Verdict};
use crate::health::load::{Carried, units};
use crate::health::orders::Subject;
use crate::health::probed::Book;
use crate::health::report::Mistake;
use crate::health::verdict::{Both, Family};
use crate::keeper::guard::{self, Refusal, Swaps};
use crate::keeper::{Reloaded, Status};
use crate::limits;
use crate::world::World;
use crate::world::digest::Digests;
use crate::world::estate::{Held, Root};

/// What a site, VIP or pool is called.
pub(super) fn name(steering: &Steering, target: Target) -> &str {
    let name = match target {
        Target::Site(id) => steering.sites.get(usize::from(id.0)).map(|s| &s.name),
        Target::Vip(id) => steering.vips.get(usize::from(id.0)).map(|v| &v.name),
        Target::Pool(id) => steering.pools.get(usize::from(id.0)).map(|p| &p.name),
    };
    name.map_or("", String::as_str)
}

/// `/readyz`: an estate is in force; and if the last reload was refused, why.
pub(super) fn ready(world: &World, status: &Status) -> Response<Body> {
    let last = &status.last;
    let mut text = format!("ready: generation {}\n", world.generation);
    let word = if last.taken { "taken" } else { "refused" };
    if !last.taken {
        text.push_str("the last reload was refused; what was in force before serves on\n\n");
    }
    text.push_str(&diagnostic::render(&last.diagnostics, false));
    let mut response = reply::text(text);
    response
        .headers_mut()
        .insert("meridian-reload", HeaderValue::from_static(word));
    response
}

/// `/v1/vips`. Times are seconds of the Unix epoch.
pub(super) fn vips(world: &World, status: &Status, book: &Book, now: u64) -> Value {
    let steering = &world.estate.steering;
    let one = |(vip, both): (&Vip, Both)| {
        let entry = status.situation.board.entry(&vip.name);
        let last = entry.and_then(Entry::latest);
        let groups = status.situation.board.groups();
        let addresses = [
            vip.address.map(|a| a.to_string()),
            vip.address6.map(|a| a.to_string()),
        ];
        let addresses: Vec<String> = addresses.into_iter().flatten().collect();
        let verdict = both.best();
        let site = steering.site(vip);
        let order = status.situation.orders.over(&vip.name, site, now);
        json!({
            "name": vip.name,
            "site": site,
            "addresses": addresses,
            "cname": vip.cname.as_ref().map(ToString::to_string),
            "weight": vip.weight,
            "state": verdict.state.word(),
            "quality": quality(verdict.state),
            "since": (verdict.since > 0).then_some(verdict.since),
            "families": { "v4": stance(both.v4), "v6": stance(both.v6) },
            "observed": status.situation.board.verdict(&vip.name).best().state.word(),
            "order": order.map(|(subject, order)| orders::one(subject, order, now)),
            "reported": last.map(|one| one.said.word()),
            "who": last.map(|one| &*one.who),
            "at": last.map(|one| one.at),
            "age": last.map(|one| now.saturating_sub(one.at)),
            "epoch": last.map(|one| one.order.epoch),
            "seq": last.map(|one| one.order.seq),
            "lease_end": last.and_then(|one| Some(one.lease?.until)),
            "held_back": held_back(steering, status, &vip.name, now),
            "observers": observers::json(entry, groups, now),
            "capacity": vip.capacity,
            "probe": probes::targets(book, &vip.name, now),
            "load": entry.and_then(|e| Some(carried(e.carried.as_ref()?, now))),
        })
    };
    let vips = steering.vips.iter().zip(world.verdicts.iter()).map(one);
    json!({ "generation": world.generation, "vips": vips.collect::<Vec<Value>>() })
}

/// Why what is in force for a VIP is not simply what was said of it last.
pub(super) fn held_back(
    steering: &Steering,
    status: &Status,
    vip: &str,
    now: u64,
) -> Option<String> {
    let situation = &status.situation;
    situation.overruled(steering, vip, now).or_else(|| {
        let entry = situation.board.entry(vip)?;
        let who = &entry.latest()?.who;
        let overruled = |family: Family| {
            let target = entry.of(family);
            board::overruled(situation.board.groups(), target, target.of(who)?)
        };
        Family::ALL.into_iter().find_map(overruled)
    })
}

/// What is in force for the addresses of one family.
fn stance(verdict: Verdict) -> Value {
    json!({
        "state": verdict.state.word(),
        "quality": quality(verdict.state),
        "since": (verdict.since > 0).then_some(verdict.since),
    })
}

/// What was last said of a VIP's load. Once it is not fresh, nothing goes by it.
fn carried(carried: &Carried, now: u64) -> Value {
    let said = &carried.said;
    json!({
        "load": said.load.map(units),
        "target": said.target.map(units),
        "capacity": said.capacity.map(units),
        "unit": said.unit.as_deref(),
        "active_conns": said.active.map(units),
        "new_conns_per_s": said.opened.map(units),
        "window": said.window.map(|(first, last)| [first, last]),
        "healthy_backends": said.behind.healthy,
        "total_backends": said.behind.total,
        "route_present": said.behind.route,
        "at": carried.at,
        "fresh": carried.fresh(now),
    })
}

/// The part of its weight that a VIP bears.
pub(super) fn quality(state: State) -> f64 {
    match state {
        State::Unknown | State::Up => 1.0,
        State::Degraded(millionths) => f64::from(millionths) / 1e6,
        State::Drain | State::Down => 0.0,
    }
}

/// The VIPs of one site, counted.
#[derive(Clone, Default)]
struct Count {
    vips: u64,
    weight: u64,
    /// What of the weight is borne.
    up: f64,
    /// In the order of [`WORDS`].
    states: [u64; 5],
}

const WORDS: [&str; 5] = ["up", "degraded", "drain", "down", "unknown"];

impl Count {
    fn add(&mut self, vip: &Vip, state: State) {
        self.vips += 1;
        self.weight += u64::from(vip.weight);
        self.up += f64::from(vip.weight) * quality(state);
        let counts = WORDS.iter().zip(&mut self.states);
        for (_, count) in counts.filter(|(word, _)| **word == state.word()) {
            *count += 1;
        }
    }

    fn json(&self, name: Option<&str>) -> Value {
        let mut value =
            json!({ "name": name, "vips": self.vips, "weight": self.weight, "weight_up": self.up });
        for (word, count) in WORDS.iter().zip(self.states) {
            value[*word] = count.into();
        }
        value
    }
}

/// `/v1/sites`. VIPs that stand nowhere are under the name null.
pub(super) fn sites(world: &World, status: &Status, now: u64) -> Value {
    let steering = &world.estate.steering;
    let mut counts = vec![Count::default(); steering.sites.len()];
    let mut nowhere = Count::default();
    for (vip, verdict) in steering.vips.iter().zip(world.verdicts.best()) {
        let site = vip.site.map(|site| usize::from(site.0));
        site.and_then(|site| counts.get_mut(site))
            .unwrap_or(&mut nowhere)
            .add(vip, verdict.state);
    }
    let named = steering.sites.iter().zip(&counts);
    let site = |(site, count): (&Site, &Count)| {
        let mut value = count.json(Some(&site.name));
        let subject = Subject::Site(Arc::from(site.name.as_str()));
        let order = status
            .situation
            .orders
            .get(&subject)
            .filter(|order| !order.ended(now));
        value["order"] = order.map_or(Value::Null, |order| orders::one(&subject, order, now));
        value
    };
    let mut sites: Vec<Value> = named.map(site).collect();
    if nowhere.vips > 0 {
        sites.push(nowhere.json(None));
    }
    json!({ "generation": world.generation, "sites": sites })
}

/// `/v1/status`.
pub(super) fn status(door: &Door, world: &World, status: &Status, now: u64) -> Value {
    let estate = &world.estate;
    let zone = |held: &Held| {
        json!({
            "apex": held.zone.apex().to_string(),
            "serial": held.zone.serial(),
            "names": held.zone.names(),
            "records": held.zone.records(),
            "steered": held.steered.len(),
            "file": &*held.path,
        })
    };
    let origins = estate.atlas.origins.iter();
    let origins = origins.map(|origin| database(origin, estate.atlas.coarse, status, now));
    let zones = estate.zones.iter().map(zone);
    let pools = estate.steering.pools.iter().map(pool);
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "generation": world.generation,
        "digests": digests(&world.digests()),
        "started": door.started,
        "uptime": now.saturating_sub(door.started),
        "workers": door.counters.len(),
        "zones": zones.collect::<Vec<Value>>(),
        "databases": origins.collect::<Vec<Value>>(),
        "database_swaps": swaps(&status.swaps),
        "sites": estate.steering.sites.len(),
        "vips": estate.steering.vips.len(),
        "vips_held": status.situation.board.held(),
        "brake": brake::shown(world, status, now),
        "clock_ahead": door.keeper.clock().ahead(),
        "pools": pools.collect::<Vec<Value>>(),
        "names": estate.steered(),
        "maps": maps(&estate.steering, &estate.roots),
        "reloads": { "taken": status.taken, "refused": status.refused },
        "last_reload": reload(&status.last),
    })
}

fn digests(digests: &Digests) -> Value {
    let named = digests.named().into_iter();
    let named = named.map(|(of, digest)| (of.to_owned(), digest.to_string().into()));
    Value::Object(named.collect())
}

fn database(origin: &Origin, coarse: bool, status: &Status, now: u64) -> Value {
    let built = origin.build > 0;
    json!({
        "label": origin.label,
        "type": origin.database_type,
        "build": built.then_some(origin.build),
        "built_on": built.then(|| guard::date(origin.build)),
        "age_days": guard::days(origin, now),
        "too_old": guard::aged(origin, status.guard, now),
        "networks": origin.networks,
        "records": origin.records,
        "coarse": coarse,
    })
}

fn swaps(swaps: &Swaps) -> Value {
    let refused = Refusal::ALL.iter().zip(swaps.refused);
    let refused = refused.map(|(refusal, times)| (refusal.word().to_owned(), times.into()));
    let refused: serde_json::Map<String, Value> = refused.collect();
    json!({ "taken": swaps.taken, "refused": refused })
}

fn pool(pool: &Pool) -> Value {
    let policy = match pool.policy {
        Policy::Weighted => "weighted",
        Policy::Nearest => "nearest",
        Policy::Failover => "failover",
    };
    let draw = match pool.draw {
        Draw::Query => "query",
        Draw::Client => "client",
        Draw::Sticky => "sticky",
        Draw::Name => "name",
    };
    json!({
        "name": pool.name,
        "policy": policy,
        "draw": draw,
        "members": pool.members.targets().count(),
        "answers": pool.answers,
        "ttl": { "min": pool.ttl.min, "max": pool.ttl.max },
        "ecs": pool.ecs,
    })
}

/// Each map once, with the pools that share it.
fn maps(steering: &Steering, roots: &[Root]) -> Vec<Value> {
    let mut seen: Vec<(&Root, Vec<&str>)> = Vec::new();
    for root in roots {
        let name = steering.pools.get(usize::from(root.pool.0));
        let name = name.map_or("", |pool| pool.name.as_str());
        match seen
            .iter_mut()
            .find(|(r, _)| Arc::ptr_eq(&r.map, &root.map))
        {
            Some((_, pools)) => pools.push(name),
            None => seen.push((root, vec![name])),
        }
    }
    let value = |(root, pools): (&Root, Vec<&str>)| {
        let (v4, v6) = root.map.table().ranges();
        json!({
            "pools": pools,
            "classes": root.map.classes().len(),
            "ranges": { "ipv4": v4, "ipv6": v6 },
            "bytes": root.map.table().memory(),
        })
    };
    seen.into_iter().map(value).collect()
}

fn reload(last: &Reloaded) -> Value {
    let shown = last.diagnostics.iter().take(limits::DIAGNOSTICS_SHOWN);
    let mut lines: Vec<String> = shown.map(Diagnostic::line).collect();
    let more = last.more + last.diagnostics.len().saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let added = last.changes.added.iter();
    let added = added.map(|(zone, serial)| json!({ "zone": zone, "serial": serial }));
    let changed = last
        .changes
        .changed
        .iter()
        .map(|(zone, old, new)| json!({ "zone": zone, "serial_before": old, "serial": new }));
    json!({
        "generation": last.generation,
        "taken": last.taken,
        "databases_refused": last.refusal.map(Refusal::word),
        "cause": &*last.cause,
        "at": last.at,
        "zones_read": last.effort.zones_read,
        "zones_parsed": last.effort.zones_parsed,
        "zones_followed": last.effort.zones_followed,
        "milliseconds": last.effort.milliseconds,
        "diagnostics": lines,
        "changes": {
            "added": added.collect::<Vec<Value>>(),
            "changed": changed.collect::<Vec<Value>>(),
            "removed": last.changes.removed,
            "steering": last.changes.steering,
        },
    })
}

/// The reply to `/v1/reload`.
pub(super) fn reloaded(last: &Reloaded) -> Result<Response<Body>, Fault> {
    if last.taken {
        return Ok(reply::json(StatusCode::OK, &reload(last)));
    }
    let mistake = |diagnostic: &Diagnostic| Mistake {
        at: diagnostic
            .spot
            .as_ref()
            .map_or_else(String::new, |s| s.place()),
        message: diagnostic.message.clone(),
        advice: diagnostic.advice.clone(),
    };
    let errors = last.diagnostics.iter().filter(|d| d.is_error());
    let error = format!(
        "the new estate is refused, {} errors; generation {} serves on",
        errors.clone().count(),
        last.generation
    );
    let shown = errors
        .take(limits::DIAGNOSTICS_SHOWN)
        .map(mistake)
        .collect();
    Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, error).listing(shown))
}
