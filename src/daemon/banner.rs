//! What the operator sees when the server is ready: what is served, where, and what to try.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::Settings;
use super::door::Door;
use super::trial::{self, Outage, Trial};
use crate::config::estate::{Policy, Steering};
use crate::config::machine::door::Admin;
use crate::health::board::Board;
use crate::wire::kind::Kind;
use crate::world::World;

/// Names of a list that are shown.
const SHOWN: usize = 6;

/// What it speaks of.
pub(super) struct Sight<'a> {
    pub(super) settings: &'a Settings,
    pub(super) world: &'a World,
    pub(super) board: &'a Board,
    pub(super) dns: &'a [SocketAddr],
    pub(super) door: &'a Door,
    pub(super) now: u64,
}

/// The banner, whole.
pub(super) fn text(sight: &Sight<'_>) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut text, sight);
    text
}

fn write(out: &mut String, sight: &Sight<'_>) -> fmt::Result {
    let estate = &sight.world.estate;
    let zones = sight.settings.paths.zones.display();
    writeln!(
        out,
        "Meridian {} serves {zones}\n",
        env!("CARGO_PKG_VERSION")
    )?;
    let zones = estate.zones.iter().map(|held| {
        let steered = match held.names.len() {
            0 => "nothing steered".into(),
            n => count(n, "steered name"),
        };
        format!(
            "{} serial {}, {steered}",
            held.zone.apex(),
            held.zone.serial()
        )
    });
    line(out, "zones", &list(zones, "; "))?;
    let steering = &estate.steering;
    if !steering.pools.is_empty() {
        let pools = steering.pools.iter();
        let pools = pools.map(|pool| format!("{}: {}", pool.name, policy(pool.policy)));
        line(out, "pools", &list(pools, ", "))?;
        line(out, "VIPs", &vips(steering))?;
    }
    let workers = count(sight.settings.workers, "UDP worker");
    let dns = list(sight.dns.iter().map(ToString::to_string), ", ");
    line(out, "DNS", &format!("{dns} over UDP and TCP, {workers}"))?;
    line(out, "API", &api(sight))?;
    let origins = estate.atlas.origins.iter();
    let origins = origins.map(|o| format!("{}, {}", o.label, count(o.networks, "network")));
    line(out, "geography", &list(origins, "; "))?;
    if estate.atlas.coarse {
        let advice =
            "it knows continents, by registry; --geoip FILE.mmdb knows countries and cities";
        line(out, "", advice)?;
    }
    let Some(trial) = trial::find(sight.world, sight.now) else {
        return plain(out, sight);
    };
    tries(out, sight, &trial)?;
    outage(out, sight, &trial)
}

fn line(out: &mut String, label: &str, words: &str) -> fmt::Result {
    writeln!(out, "  {label:<11}{words}")
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The first few, and how many more.
fn list(all: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let more = all.len().saturating_sub(SHOWN);
    let mut text = all.take(SHOWN).collect::<Vec<_>>().join(between);
    if more > 0 {
        let _ = write!(text, "{between}and {more} more");
    }
    text
}

fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Weighted => "weighted",
        Policy::Nearest => "nearest",
        Policy::Failover => "failover",
    }
}

fn vips(steering: &Steering) -> String {
    let vips = steering.vips.len().to_string();
    if steering.sites.is_empty() {
        return vips;
    }
    let sites = steering.sites.iter().map(|site| site.name.clone());
    let many = count(steering.sites.len(), "site");
    format!("{vips} at {many}: {}", list(sites, ", "))
}

fn api(sight: &Sight<'_>) -> String {
    let url = format!("{}://{}", sight.settings.admin.scheme(), sight.door.address);
    match &sight.door.token {
        Some(token) => format!("{url}, token in {}", token.display()),
        None => url,
    }
}

/// What a program on this machine reaches the listener by.
fn reached(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

fn dig(sight: &Sight<'_>) -> Option<String> {
    let addr = reached(*sight.dns.first()?);
    Some(format!("dig @{} -p {}", addr.ip(), addr.port()))
}

fn tries(out: &mut String, sight: &Sight<'_>, trial: &Trial) -> fmt::Result {
    let Some(dig) = dig(sight) else {
        return Ok(());
    };
    writeln!(out, "\nTry:")?;
    let name = trial.name.to_string();
    let name = name
        .strip_suffix('.')
        .filter(|n| !n.is_empty())
        .unwrap_or(".");
    let command = |subnet: Option<&str>| {
        let subnet = subnet.map_or_else(String::new, |s| format!(" +subnet={s}"));
        format!("{dig} {name} {} +short{subnet}", trial.kind)
    };
    let commands: Vec<String> = trial.lines.iter().map(|l| command(l.subnet)).collect();
    let width = commands.iter().map(String::len).max().unwrap_or(0);
    for (command, line) in commands.iter().zip(&trial.lines) {
        writeln!(out, "  {command:<width$}   # {}", or(&line.gets))?;
    }
    Ok(())
}

fn or(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => "nothing".into(),
        [one] => (*one).into(),
        [first, second] => format!("{first} or {second}"),
        [first, .., last] => format!("{first}, … or {last}"),
    }
}

/// The line that takes a VIP down, so that one of the lines above changes.
fn outage(out: &mut String, sight: &Sight<'_>, trial: &Trial) -> fmt::Result {
    let (Some(outage), Some(token)) = (&trial.outage, &sight.door.token) else {
        return Ok(());
    };
    // Over HTTPS it would need names and certificates that only the operator knows.
    if matches!(sight.settings.admin, Admin::Https(_)) {
        return Ok(());
    }
    // Above whatever was last reported of it, which may have come from a clock ahead of ours.
    let last = sight.board.entry(&outage.vip);
    let last = last.and_then(|entry| entry.all().map(|one| one.order).max());
    let (epoch, seq) = match last {
        Some(order) if order.epoch >= sight.now => (order.epoch, order.seq.saturating_add(1)),
        _ => (sight.now, 1),
    };
    let lines = ["first", "second", "third"];
    let which = match lines.get(outage.line) {
        Some(which) if trial.lines.len() > 1 => format!("the {which} line"),
        _ => "the answer".into(),
    };
    let Outage { vip, gets, .. } = outage;
    writeln!(
        out,
        "and take {vip} down: {which} is then {} (\"up\" with \"seq\":{} brings it back)",
        or(gets),
        seq.saturating_add(1)
    )?;
    let address = sight.door.address;
    writeln!(
        out,
        "  curl -X PUT http://{address}/v1/health/vips/{vip} -H \"Authorization: Bearer $({})\" \
         -d '{{\"state\":\"down\",\"epoch\":{epoch},\"seq\":{seq}}}'",
        read(token)
    )
}

/// The shell's way to a file's first line.
fn read(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) && !path.starts_with('-') {
        format!("head -n1 {path}")
    } else {
        format!("head -n1 -- '{}'", path.replace('\'', r"'\''"))
    }
}

/// Without steered names: what the zones have.
fn plain(out: &mut String, sight: &Sight<'_>) -> fmt::Result {
    let Some(dig) = dig(sight) else {
        return Ok(());
    };
    writeln!(out, "\nTry:")?;
    for held in sight.world.estate.zones.iter().take(3) {
        for kind in [Kind::SOA, Kind::NS] {
            let name = held.zone.apex().to_string();
            writeln!(out, "  {dig} {name} {kind} +short")?;
        }
    }
    Ok(())
}
