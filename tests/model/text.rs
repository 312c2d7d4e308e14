//! An estate as an operator would write it: steering file and zone file, for the server's real doors.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::estate::{
    AllDown, Draw, Estate, Members, Place, Policy, Pool, RuleSet, Steered, Target,
};

/// The one zone that all steered names lie in.
pub(crate) const ORIGIN: &str = "example.com.";
/// A plain name of the zone file, with [`fixed`] and this TTL.
pub(crate) const FIXED: &str = "t0.example.com.";
pub(crate) const FIXED_TTL: u32 = 1234;
/// A CNAME of the zone file.
pub(crate) const ALIAS: &str = "al.example.com.";

/// The addresses of [`FIXED`].
pub(crate) fn fixed() -> (Ipv4Addr, Ipv6Addr) {
    let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1);
    (Ipv4Addr::new(198, 51, 100, 250), v6)
}

/// Where [`ALIAS`] leads: to the first steered name.
pub(crate) fn alias(estate: &Estate) -> String {
    let first = estate.names.first().map_or(FIXED, |steered| &steered.name);
    first.replace('*', "led")
}

impl Place {
    /// As a rule writes it, without quotes.
    pub(crate) fn text(&self) -> String {
        match self {
            Place::Network(network) => format!("{}/{}", network.addr, network.len),
            Place::System(number) => format!("AS{number}"),
            Place::City(area, name) => format!("{area}/{name}"),
            Place::Subdivision(code) => code.clone(),
            // "The four codes with two readings are written in three letters."
            Place::Country(code) => match code.as_str() {
                "AF" => "AFG".to_string(),
                "AS" => "ASM".to_string(),
                "NA" => "NAM".to_string(),
                "SA" => "SAU".to_string(),
                code => code.to_string(),
            },
            Place::Continent(word) => word.clone(),
            Place::Unknown => "unknown".to_string(),
        }
    }
}

/// The steering file.
pub(crate) fn to_toml(estate: &Estate) -> String {
    let mut text = String::from("[sites]\n");
    for site in &estate.sites {
        let degrees = |micro: i32| f64::from(micro) / 1e6;
        let location = site.location.map(|point| {
            format!(
                "location = [{:?}, {:?}]",
                degrees(point.latitude),
                degrees(point.longitude)
            )
        });
        let bias = (site.bias != 0).then(|| format!("bias = \"{}km\"", site.bias));
        line(&mut text, &site.name, &[location, bias]);
    }
    text.push_str("[vips]\n");
    let measured = estate.pools.iter().any(|pool| pool.spill.is_some());
    for (at, vip) in estate.vips.iter().enumerate() {
        let keys = [
            estate
                .cnames
                .get(&at)
                .map(|target| format!("cname = \"{target}\"")),
            vip.site
                .map(|site| format!("site = \"{}\"", estate.sites[site].name)),
            vip.v4.map(|address| format!("address = \"{address}\"")),
            vip.v6.map(|address| format!("address6 = \"{address}\"")),
            (vip.weight != 1).then(|| format!("weight = {}", vip.weight)),
            (vip.failure_domain.as_ref()).map(|word| format!("failure_domain = \"{word}\"")),
            measured.then(|| format!("capacity = {}", 1 + vip.weight)),
        ];
        line(&mut text, &vip.name, &keys);
    }
    corrections(&mut text, estate);
    if !estate.latency.is_empty() {
        text.push_str("[latency]\nfile = \"rtt.csv\"\n");
    }
    regions(&mut text, estate);
    for set in &estate.rules {
        rules(&mut text, estate, set);
    }
    for pool in &estate.pools {
        one_pool(&mut text, estate, pool);
    }
    names(&mut text, estate);
    text
}

/// Some absolute, some under a pattern that fits the only zone. It says other things of the absolute ones, which beat it.
fn names(text: &mut String, estate: &Estate) {
    let mut below = String::from("[names.\"*.zone\"]\n");
    let mut under = |name: &str, target: &str| {
        let name = name.strip_suffix(&format!(".{ORIGIN}"));
        let _ = writeln!(below, "{:?} = \"{target}\"", name.expect("in the zone"));
    };
    text.push_str("[names]\n");
    for (at, steered) in estate.names.iter().enumerate() {
        let target = estate.name(steered.target);
        if estate.under.contains(&at) {
            under(&steered.name, target);
        } else {
            under(&steered.name, "zone");
            let _ = writeln!(text, "\"{}\" = \"{target}\"", steered.name);
        }
    }
    for kept in &estate.kept {
        under(kept, estate.name(estate.names[0].target));
        let _ = writeln!(text, "\"{kept}\" = \"zone\"");
    }
    text.push_str(&below);
}

fn line(text: &mut String, name: &str, keys: &[Option<String>]) {
    let keys: Vec<&str> = keys.iter().flatten().map(String::as_str).collect();
    let _ = writeln!(text, "{name} = {{ {} }}", keys.join(", "));
}

/// `[networks]`, but for what stands in the list beside it.
fn corrections(text: &mut String, estate: &Estate) {
    text.push_str("[networks]\n");
    if estate.corrections.iter().any(|one| one.listed) {
        text.push_str("file = \"corrections.csv\"\n");
    }
    for one in estate.corrections.iter().filter(|one| !one.listed) {
        let place = one.place.as_ref();
        let keys = [
            place.map(|(place, _)| format!("place = {:?}", place.text())),
            one.location.map(|point| {
                format!(
                    "location = [{}, {}]",
                    degrees(point.latitude),
                    degrees(point.longitude)
                )
            }),
        ];
        let network = format!("\"{}/{}\"", one.network.addr, one.network.len);
        line(text, &network, &keys);
    }
}

fn degrees(micro: i32) -> String {
    format!("{:?}", f64::from(micro) / 1e6)
}

/// The list that `[networks]` names.
pub(crate) fn to_csv(estate: &Estate) -> String {
    let mut text = String::from("network,place,latitude,longitude\n");
    for one in estate.corrections.iter().filter(|one| one.listed) {
        let place = one
            .place
            .as_ref()
            .map_or(String::new(), |(place, _)| place.text());
        let point = one.location.map_or(String::new(), |point| {
            format!(",{},{}", degrees(point.latitude), degrees(point.longitude))
        });
        let _ = writeln!(
            text,
            "{}/{},{place}{point}",
            one.network.addr, one.network.len
        );
    }
    text
}

/// The list that `[latency]` names.
pub(crate) fn to_rtt(estate: &Estate) -> String {
    let mut text = String::from("place,site,milliseconds,samples\n");
    for trip in &estate.latency {
        let (place, site) = (trip.place.text(), &estate.sites[trip.site].name);
        let (whole, part) = (trip.micros / 1_000, trip.micros % 1_000);
        // "Default n = 100."
        let samples = match trip.samples {
            100 => String::new(),
            n => format!(",{n}"),
        };
        let _ = writeln!(text, "{place},{site},{whole}.{part:03}{samples}");
    }
    text
}

fn regions(text: &mut String, estate: &Estate) {
    let mut found: Vec<(&String, Vec<String>)> = Vec::new();
    for rule in estate.rules.iter().flat_map(|set| &set.rules) {
        let Some(region) = &rule.region else { continue };
        let place = format!("{:?}", rule.place.text());
        match found.iter_mut().find(|(known, _)| *known == region) {
            Some((_, places)) => places.push(place),
            None => found.push((region, vec![place])),
        }
    }
    if !found.is_empty() {
        text.push_str("[regions]\n");
    }
    for (region, places) in found {
        let _ = writeln!(text, "{region} = [{}]", places.join(", "));
    }
}

fn rules(text: &mut String, estate: &Estate, set: &RuleSet) {
    let _ = writeln!(text, "[rules.{}]", set.name);
    let mut written: Vec<&String> = Vec::new();
    for rule in &set.rules {
        let key = match &rule.region {
            Some(region) if written.contains(&region) => continue,
            Some(region) => {
                written.push(region);
                region.clone()
            }
            None => rule.place.text(),
        };
        let _ = writeln!(text, "{key:?} = {}", list(estate, &rule.targets));
    }
}

/// "A single name may stand without brackets."
fn list(estate: &Estate, targets: &[Target]) -> String {
    let names: Vec<String> = targets
        .iter()
        .map(|t| format!("{:?}", estate.name(*t)))
        .collect();
    match names.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", names.join(", ")),
    }
}

fn one_pool(text: &mut String, estate: &Estate, pool: &Pool) {
    let members = match &pool.members {
        Members::List(members) => list(estate, members),
        Members::Table(table) => {
            let entries = table
                .iter()
                .map(|(t, n)| format!("{} = {n}", estate.name(*t)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    };
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
    let on_all_down = match pool.on_all_down {
        AllDown::Zone => "zone",
        AllDown::All => "all",
        AllDown::NoData => "nodata",
    };
    let ttl = match (pool.ttl_min, pool.ttl_max) {
        (min, max) if min == max => format!("\"{max}s\""),
        (min, max) => format!("{{ min = \"{min}s\", max = \"{max}s\" }}"),
    };
    let _ = writeln!(
        text,
        "[pools.{}]\nmembers = {members}\npolicy = \"{policy}\"",
        pool.name
    );
    if let Some(rules) = pool.prefer {
        let _ = writeln!(text, "prefer = \"{}\"", estate.rules[rules].name);
    }
    if !pool.fence.is_empty() {
        let names = pool
            .fence
            .iter()
            .map(|set| format!("{:?}", estate.rules[*set].name));
        let _ = writeln!(text, "fence = [{}]", names.collect::<Vec<_>>().join(", "));
    }
    let shares = [
        ("min_up", Some(pool.min_up)),
        ("spill", pool.spill),
        ("adapt", pool.adapt),
    ];
    for (key, parts) in shares {
        let Some(parts) = parts else { continue };
        let share = format!("{}.{:04}", parts / 10_000, parts % 10_000);
        let share = share.trim_end_matches('0').trim_end_matches('.');
        let _ = writeln!(text, "{key} = \"{share}%\"");
    }
    if pool.tie > 0 {
        let _ = writeln!(text, "tie = \"{}km\"", pool.tie);
    }
    let _ = writeln!(
        text,
        "answers = {}\ndraw = \"{draw}\"\nttl = {ttl}",
        pool.answers
    );
    let _ = writeln!(text, "ecs = {}\non_all_down = \"{on_all_down}\"", pool.ecs);
}

/// The zone file of [`ORIGIN`].
pub(crate) fn to_zone(estate: &Estate) -> String {
    let mut text = format!("$ORIGIN {ORIGIN}\n$TTL 3600\n");
    text.push_str("@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n");
    text.push_str("@ IN NS ns1\nns1 IN A 192.0.2.253\n");
    let (v4, v6) = fixed();
    let _ = writeln!(
        text,
        "{FIXED} {FIXED_TTL} A {v4}\n{FIXED} {FIXED_TTL} AAAA {v6}"
    );
    let _ = writeln!(text, "{ALIAS} {FIXED_TTL} CNAME {}", alias(estate));
    for (at, steered) in estate.names.iter().enumerate() {
        let Steered {
            name,
            a,
            aaaa,
            https,
            ..
        } = steered;
        if let Some((ttl, target)) = estate.aliases.get(&at) {
            let _ = writeln!(text, "{name} {ttl} IN CNAME {target}");
        }
        for address in &a.1 {
            let _ = writeln!(text, "{name} {} IN A {address}", a.0);
        }
        for address in &aaaa.1 {
            let _ = writeln!(text, "{name} {} IN AAAA {address}", aaaa.0);
        }
        if let Some(https) = https {
            let _ = write!(text, "{name} {} IN HTTPS 1 . alpn=\"h3,h2\"", https.ttl);
            hints(&mut text, "ipv4hint", &https.v4);
            hints(&mut text, "ipv6hint", &https.v6);
            text.push('\n');
        }
    }
    text
}

fn hints<A: ToString>(text: &mut String, key: &str, addresses: &[A]) {
    if !addresses.is_empty() {
        let list: Vec<String> = addresses.iter().map(A::to_string).collect();
        let _ = write!(text, " {key}={}", list.join(","));
    }
}
