//! `/metrics`: what was counted and how things stand, in the text of Prometheus.
//!
//! Counters belong to the threads that count; they are summed here, when someone looks.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::admin::Door;
use crate::admin::reply::{self, Fault};
use crate::geo::atlas::Origin;
use crate::keeper::Status;
use crate::keeper::guard::Refusal;
use crate::stats::{Counters, End, Outcome, Tally};
use crate::steer::motion::course::Keys;
use crate::world::World;

mod brake;
mod load;
mod observers;
mod orders;
mod probes;

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page.
pub(super) fn page(
    door: &Door,
    world: &World,
    status: &Status,
    now: u64,
) -> Result<Response<Body>, Fault> {
    let mut families = counted(&door.counters, world);
    families.extend(doors(&door.tally));
    families.extend(served(world));
    families.extend(load::families(world, status, now));
    families.extend(observers::families(world, status));
    families.extend(probes::families(&(door.probes)(), now));
    families.extend(moving(world, status));
    let ahead = door.keeper.clock().ahead();
    families.extend(brake::families(world, status, now, ahead));
    families.extend(orders::families(door, world, status, now));
    families.extend(geography(world, status));
    families.extend(standing(status, door.started));
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page(families)));
    let mut out = String::new();
    text::encode(&mut out, &registry).map_err(|error| {
        let error = format!("the metrics cannot be written: {error}");
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    })?;
    Ok(reply::reply(StatusCode::OK, KIND, out))
}

/// All samples of one name.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Its name ends in `_total`, which the encoder adds.
    Counter,
    Gauge,
    /// A gauge in thousandths.
    Thousandths,
}

/// Labels and a value.
type Sample = (Vec<(&'static str, String)>, u64);

impl Family {
    fn counter(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
        Family {
            name,
            help,
            kind: Kind::Counter,
            samples,
        }
    }

    fn gauge(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
        Family {
            kind: Kind::Gauge,
            ..Family::counter(name, help, samples)
        }
    }
}

fn plain(value: u64) -> Vec<Sample> {
    vec![(Vec::new(), value)]
}

#[derive(Debug)]
struct Page(Vec<Family>);

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in &self.0 {
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge | Kind::Thousandths => MetricType::Gauge,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for (labels, value) in &family.samples {
                let labels = labels.as_slice();
                if labels.is_empty() {
                    put(&mut metric, family.kind, *value)?;
                } else {
                    put(&mut metric.encode_family(&labels)?, family.kind, *value)?;
                }
            }
        }
        Ok(())
    }
}

fn put(metric: &mut MetricEncoder<'_>, kind: Kind, value: u64) -> Result<(), fmt::Error> {
    match kind {
        Kind::Counter => metric.encode_counter::<NoLabelSet, u64, u64>(&value, None),
        Kind::Gauge => metric.encode_gauge(&value),
        Kind::Thousandths => metric.encode_gauge(&(value as f64 / 1e3)),
    }
}

fn cookie(word: &str, queries: u64) -> Sample {
    (vec![("cookie", word.to_owned())], queries)
}

/// What the answering threads count.
fn counted(counters: &[Arc<Counters>], world: &World) -> Vec<Family> {
    let sum = |read: &dyn Fn(&Counters) -> u64| {
        counters
            .iter()
            .fold(0u64, |sum, one| sum.wrapping_add(read(one)))
    };
    let outcomes = Outcome::ALL.iter().map(|outcome| {
        let labels = vec![("outcome", outcome.label().to_owned())];
        (labels, sum(&|c| c.outcomes(*outcome)))
    });
    // VIPs that have left the estate keep their count: a counter that vanishes is a question at night.
    let named = (1u32..).zip(world.estate.counted.iter());
    let mut answers: Vec<Sample> = named
        .map(|(slot, name)| (vec![("vip", name.to_string())], sum(&|c| c.vips(slot))))
        .collect();
    // No VIP can be called so.
    let beyond = sum(&|c| c.vips(0));
    if beyond > 0 {
        answers.push((vec![("vip", "(others)".to_owned())], beyond));
    }
    vec![
        Family::counter(
            "meridian_queries",
            "Messages that came in, each with exactly one outcome",
            outcomes.collect(),
        ),
        Family::counter("meridian_answers", "Answers that held this VIP", answers),
        Family::counter(
            "meridian_truncated",
            "Answers that were cut, with TC set",
            plain(sum(&|c| c.truncated.get())),
        ),
        Family::counter(
            "meridian_client_subnet_queries",
            "Queries that carried a client subnet",
            plain(sum(&|c| c.subnets.get())),
        ),
        Family::counter(
            "meridian_cookie_queries",
            "Queries that carried a cookie, by what it said of their sender",
            vec![
                cookie("valid", sum(&|c| c.cookies_valid.get())),
                cookie("wrong", sum(&|c| c.cookies_wrong.get())),
                cookie("new", sum(&|c| c.cookies_new.get())),
            ],
        ),
    ]
}

/// What happened to connections and sockets.
fn doors(tally: &Tally) -> Vec<Family> {
    let ended = End::ALL.iter().map(|end| {
        let labels = vec![("end", end.label().to_owned())];
        (labels, tally.ended(*end))
    });
    vec![
        Family::counter(
            "meridian_tcp_connections_ended",
            "DNS connections that ended, by why",
            ended.collect(),
        ),
        Family::counter(
            "meridian_tcp_connections_accepted",
            "DNS connections that were let in",
            plain(tally.accepted()),
        ),
        Family::gauge(
            "meridian_tcp_connections_open",
            "DNS connections that are open",
            plain(tally.open()),
        ),
        Family::counter(
            "meridian_tcp_starved",
            "Times that no file or memory was left for a connection",
            plain(tally.starved()),
        ),
        Family::counter(
            "meridian_udp_unsent",
            "UDP answers that the kernel did not take",
            plain(tally.unsent()),
        ),
        Family::counter(
            "meridian_udp_unreceived",
            "Times that receiving over UDP failed",
            plain(tally.unreceived()),
        ),
        Family::counter(
            "meridian_panics",
            "Queries that Meridian failed at by its own mistake, answered SERVFAIL",
            plain(tally.panics()),
        ),
    ]
}

/// What is served.
fn served(world: &World) -> Vec<Family> {
    let estate = &world.estate;
    let steering = &estate.steering;
    let states = steering.vips.iter().zip(world.verdicts.best());
    let states = states.map(|(vip, verdict)| {
        let site = steering.site(vip).unwrap_or_default();
        let labels = vec![
            ("vip", vip.name.clone()),
            ("site", site.to_owned()),
            ("state", verdict.state.word().to_owned()),
        ];
        (labels, 1)
    });
    let serials = estate.zones.iter().map(|held| {
        let zone = vec![("zone", held.zone.apex().to_string())];
        (zone, u64::from(held.zone.serial()))
    });
    let digests = world.digests().named().into_iter();
    let digests = digests.map(|(of, digest)| {
        let labels = vec![("of", of.to_owned()), ("digest", digest.to_string())];
        (labels, 1)
    });
    vec![
        Family::gauge(
            "meridian_digest_info",
            "1 for the digest of what is in force: equal on two servers that have the same",
            digests.collect(),
        ),
        Family::gauge(
            "meridian_generation",
            "The number of the world in force",
            plain(world.generation),
        ),
        Family::gauge(
            "meridian_vip_state",
            "1 for the state in force of each VIP",
            states.collect(),
        ),
        Family::gauge(
            "meridian_zone_serial",
            "The serial of each zone",
            serials.collect(),
        ),
    ]
}

/// What moves in the pools that take their time.
fn moving(world: &World, status: &Status) -> Vec<Family> {
    let courses = status.situation.mover.courses.iter();
    let keys = |name: &str| {
        let pools = &world.estate.steering.pools;
        let pool = pools.iter().find(|pool| pool.name == name);
        pool.and_then(Keys::of)
    };
    let label = |name: &String| vec![("pool", name.clone())];
    let held = courses.clone().filter_map(|(name, course)| {
        keys(name).filter(Keys::holds)?;
        Some((label(name), course.hold.held().count() as u64))
    });
    let ends = courses.filter_map(|(name, course)| {
        keys(name)?.ramp?;
        Some((label(name), course.end(0).unwrap_or(0)))
    });
    vec![
        Family::gauge(
            "meridian_pool_members_held",
            "Members of the pool that are well and kept out by failback",
            held.collect(),
        ),
        Family::gauge(
            "meridian_pool_ramp_end_timestamp_seconds",
            "When the last ramp of the pool is at its end, or was; 0 if it has had none",
            ends.collect(),
        ),
    ]
}

/// The databases in force, and what became of others.
fn geography(world: &World, status: &Status) -> Vec<Family> {
    let each = |value: &dyn Fn(&Origin) -> u64| {
        let origins = world.estate.atlas.origins.iter();
        let sample = |origin: &Origin| {
            let labels = vec![
                ("database", origin.label.clone()),
                ("type", origin.database_type.clone()),
            ];
            (labels, value(origin))
        };
        origins.map(sample).collect::<Vec<Sample>>()
    };
    let guarded = status.guard;
    let late = |origin: &Origin| {
        let late = origin.build.saturating_add(guarded.max_age);
        if origin.build > 0 { late } else { 0 }
    };
    let refused = Refusal::ALL.iter().zip(status.swaps.refused);
    let refused = refused.map(|(why, times)| (vec![("reason", why.word().to_owned())], times));
    vec![
        Family::gauge(
            "meridian_geoip_build_timestamp_seconds",
            "When each geographic database was built; 0 for the built-in map",
            each(&|origin| origin.build),
        ),
        Family::gauge(
            "meridian_geoip_stale_timestamp_seconds",
            "From when on each geographic database is too old, by max_age; 0 for the built-in map",
            each(&late),
        ),
        Family::gauge(
            "meridian_geoip_networks",
            "Networks of each geographic database",
            each(&|origin| origin.networks as u64),
        ),
        Family::counter(
            "meridian_geoip_swaps",
            "Times that other geographic databases came in force",
            plain(status.swaps.taken),
        ),
        Family::counter(
            "meridian_geoip_refused",
            "Readings in which geographic databases were refused, by why",
            refused.collect(),
        ),
    ]
}

/// How the keeper and the process stand.
fn standing(status: &Status, started: u64) -> Vec<Family> {
    let result = |word: &str, times| (vec![("result", word.to_owned())], times);
    let reloads = vec![
        result("taken", status.taken),
        result("refused", status.refused),
    ];
    vec![
        Family::counter("meridian_reloads", "Readings of the estate", reloads),
        Family::gauge(
            "meridian_last_reload_success",
            "Whether the last reading was taken",
            plain(u64::from(status.last.taken)),
        ),
        Family::gauge(
            "meridian_last_reload_timestamp_seconds",
            "When the last reading ended",
            plain(status.last.at),
        ),
        Family::gauge(
            "meridian_vips_held",
            "VIPs held at their last state because most reports stopped at once; above 0 the feed is dead",
            plain(status.situation.board.held() as u64),
        ),
        Family::gauge(
            "process_start_time_seconds",
            "When the process began",
            plain(started),
        ),
    ]
}
