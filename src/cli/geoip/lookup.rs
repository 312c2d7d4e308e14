//! `meridian geoip lookup`: what each layer says of an address, and which of it counts.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::words::day;
use super::{Lookup, file};
use crate::cli::{Exit, refuse, settings};
use crate::config::estate::Correction;
use crate::daemon;
use crate::diagnostic::Diagnostic;
use crate::geo;
use crate::geo::atlas::{Atlas, Facts, Origin};
use crate::keeper::load::Loader;
use crate::limits;
use crate::place::Point;
use crate::prefix::Prefix;
use crate::world::estate::Estate;

pub(super) fn run(args: &Lookup) -> Exit {
    let layers = match Layers::read(args) {
        Ok(layers) => layers,
        Err((mistakes, exit)) => return refuse(&mistakes, exit),
    };
    let found: Vec<Found<'_>> = args
        .addresses
        .iter()
        .map(|addr| layers.find(*addr))
        .collect();
    if args.json {
        let all: Vec<Value> = found.iter().map(Found::json).collect();
        daemon::say(&format!("{:#}\n", Value::from(all)));
    } else {
        let all: Vec<String> = found.iter().map(Found::text).collect();
        daemon::say(&all.join("\n"));
    }
    Exit::Done
}

/// All that is known, layer by layer.
struct Layers {
    /// Each database by itself, in the order in which they count.
    single: Vec<Arc<Atlas>>,
    /// All together.
    merged: Arc<Atlas>,
    /// The estate, if one is named.
    estate: Option<Estate>,
}

impl Layers {
    fn read(args: &Lookup) -> Result<Layers, (Vec<Diagnostic>, Exit)> {
        let (paths, warnings) =
            settings::paths(&args.place).map_err(|mistakes| (mistakes, Exit::Usage))?;
        daemon::show(&warnings);
        let single = databases(&paths.geoip).map_err(|mistakes| (mistakes, Exit::Failed))?;
        // What is looked up need not have to do with an estate: one counts if it is named.
        let named = args.place.zones.is_some() || args.place.config.is_some();
        if !named {
            let merged = match &single[..] {
                [one] => one.clone(),
                _ => all(&paths.geoip).map_err(|mistakes| (mistakes, Exit::Failed))?,
            };
            return Ok(Layers {
                single,
                merged,
                estate: None,
            });
        }
        let mut loaded = Loader::new(paths).first();
        let Some(estate) = loaded.estate else {
            loaded.diagnostics.retain(Diagnostic::is_error);
            return Err((loaded.diagnostics, Exit::Failed));
        };
        Ok(Layers {
            single,
            merged: estate.atlas.clone(),
            estate: Some(estate),
        })
    }

    fn find(&self, asked: IpAddr) -> Found<'_> {
        let addr = geo::fold(asked);
        Found {
            asked,
            addr,
            single: self
                .single
                .iter()
                .map(|atlas| (&**atlas, atlas.find(addr)))
                .collect(),
            merged: self.merged.find(addr),
            corrections: self.corrections(addr),
        }
    }

    /// What the estate corrects about an address, the widest network first.
    fn corrections(&self, addr: IpAddr) -> Vec<&Correction> {
        let estate = self.estate.as_ref();
        estate.map_or_else(Vec::new, |estate| estate.steering.corrections(addr))
    }
}

/// Each database by itself, or the built-in map.
fn databases(paths: &[PathBuf]) -> Result<Vec<Arc<Atlas>>, Vec<Diagnostic>> {
    if paths.is_empty() {
        return Ok(vec![Arc::new(Atlas::builtin())]);
    }
    let (mut list, mut mistakes) = (Vec::new(), Vec::new());
    for path in paths {
        match octets(path).and_then(|(label, octets)| Atlas::read(&[(&label, &octets)])) {
            Ok(atlas) => list.push(Arc::new(atlas)),
            Err(more) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() {
        Ok(list)
    } else {
        Err(mistakes)
    }
}

/// All of them as they count together.
fn all(paths: &[PathBuf]) -> Result<Arc<Atlas>, Vec<Diagnostic>> {
    let files: Result<Vec<_>, _> = paths.iter().map(|path| octets(path)).collect();
    let files = files?;
    let list: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(l, o)| (l.as_str(), o.as_slice()))
        .collect();
    Atlas::read(&list).map(Arc::new)
}

fn octets(path: &Path) -> Result<(String, Vec<u8>), Vec<Diagnostic>> {
    let label = path.display().to_string();
    match file::whole(path, limits::GEOIP_FILE) {
        Ok((octets, _)) => Ok((label, octets)),
        Err(why) => {
            let message = format!("database {label}: {why}");
            Err(vec![Diagnostic::whole(message, "name an MMDB file")])
        }
    }
}

/// What is known of an address.
struct Found<'a> {
    asked: IpAddr,
    /// The same, as IPv4 if it is that.
    addr: IpAddr,
    single: Vec<(&'a Atlas, (&'a Facts, Prefix))>,
    merged: (&'a Facts, Prefix),
    /// The widest network first.
    corrections: Vec<&'a Correction>,
}

impl Found<'_> {
    /// How an IPv4 address was written.
    fn form(&self) -> Option<&'static str> {
        let IpAddr::V6(six) = self.asked else {
            return None;
        };
        (self.asked != self.addr).then(|| form(six))
    }

    /// Why no client on the Internet has the address.
    fn useless(&self) -> Option<&'static str> {
        (!geo::global(self.addr)).then(|| why(self.addr))
    }

    /// Each fact that counts with its source.
    fn facts(&self) -> Vec<(&'static str, String, String)> {
        let list = listed(self.merged.0).into_iter();
        let with = list.map(|(key, value)| {
            let source = self.source(key, &value);
            (key, value, source)
        });
        with.collect()
    }

    /// The correction that says it, or the first database that says the same.
    fn source(&self, key: &str, value: &str) -> String {
        if let Some(correction) = self.corrected(key) {
            return correction.written();
        }
        let says = |facts: &Facts| listed(facts).iter().any(|(k, v)| *k == key && v == value);
        let single = self.single.iter().find(|(_, (facts, _))| says(facts));
        let origin = single.and_then(|(atlas, _)| atlas.origins.first());
        origin.map_or_else(String::new, |origin| origin.label.clone())
    }

    /// The correction that a fact is from. One that says the place says all of it, whatever wider ones say.
    fn corrected(&self, key: &str) -> Option<&Correction> {
        let mut narrow = self.corrections.iter().rev();
        let found = match key {
            "system" => None,
            "location" => narrow.find(|one| one.location.is_some() || one.place.is_some()),
            _ => narrow.find(|one| one.place.is_some()),
        };
        found.copied()
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.asked);
        if let Some(form) = self.form() {
            let _ = writeln!(text, "  {form} of {}, which is looked up", self.addr);
        }
        if let Some(why) = self.useless() {
            let _ = writeln!(
                text,
                "  {why}: no client on the Internet has it; as a client subnet it is not used"
            );
        }
        for (atlas, (facts, network)) in &self.single {
            for origin in &atlas.origins {
                let _ = writeln!(text, "  {}", named(origin));
            }
            let _ = writeln!(text, "    {}: {}", network, words(facts));
        }
        for one in &self.corrections {
            let _ = writeln!(text, "  corrected in {}", one.written());
            let _ = writeln!(text, "    {}: {}", one.network, said(one).join("; "));
        }
        let (_, network) = self.merged;
        let _ = writeln!(text, "  what counts, for all of {network}");
        let facts = self.facts();
        if facts.is_empty() {
            text.push_str("    nothing is known\n");
        }
        let widest = facts
            .iter()
            .map(|(_, value, _)| value.chars().count())
            .max();
        let wide = widest.unwrap_or(0);
        for (key, value, source) in &facts {
            let _ = writeln!(text, "    {key:<12} {value:<wide$}  {source}");
        }
        text
    }

    fn json(&self) -> Value {
        let layers = self.single.iter().map(|(atlas, (facts, network))| {
            let origin = atlas.origins.first();
            json!({
                "database": origin.map(|origin| &origin.label),
                "type": origin.map(|origin| &origin.database_type),
                "build": origin.map(|origin| origin.build).filter(|build| *build > 0),
                "coarse": atlas.coarse,
                "network": network.to_string(),
                "facts": map(listed(facts).into_iter().map(|(k, v)| (k, v.into()))),
            })
        });
        let corrections = self.corrections.iter().map(|one| {
            json!({ "network": one.network.to_string(), "says": said(one), "written": one.written() })
        });
        let facts = self.facts().into_iter();
        let facts = facts.map(|(key, value, from)| (key, json!({ "value": value, "from": from })));
        json!({
            "address": self.asked.to_string(),
            "looked_up": self.addr.to_string(),
            "form": self.form(),
            "usable": self.useless().is_none(),
            "why": self.useless(),
            "layers": layers.collect::<Vec<Value>>(),
            "corrections": corrections.collect::<Vec<Value>>(),
            "network": self.merged.1.to_string(),
            "facts": map(facts),
        })
    }
}

fn map<'a>(entries: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let owned = entries.map(|(key, value)| (key.to_owned(), value));
    Value::Object(owned.collect())
}

/// A database in words.
fn named(origin: &Origin) -> String {
    match origin.build {
        0 => origin.label.clone(),
        build => format!(
            "{}: {}, built {}",
            origin.label,
            origin.database_type,
            day(build)
        ),
    }
}

/// The facts one by one, as they are called in JSON.
fn listed(facts: &Facts) -> Vec<(&'static str, String)> {
    let mut list = Vec::new();
    list.extend(facts.continent.map(|c| ("continent", c.to_string())));
    let country = |c: crate::place::Country| ("country", format!("{} ({})", c.code(), c.name()));
    list.extend(facts.country.map(country));
    if !facts.subdivisions.is_empty() {
        list.push(("subdivisions", facts.subdivisions.join(", ")));
    }
    list.extend(facts.city.iter().map(|city| ("city", city.clone())));
    list.extend(facts.location.map(|point| ("location", shown(point))));
    list.extend(facts.radius.map(|km| ("radius", format!("{km} km"))));
    list.extend(facts.system.map(|number| ("system", format!("AS{number}"))));
    list
}

fn shown(point: Point) -> String {
    let degrees = |micro: i32| f64::from(micro) / 1e6;
    let (north, east) = (degrees(point.latitude), degrees(point.longitude));
    format!("{north:.4}, {east:.4}")
}

/// What a correction says.
fn said(correction: &Correction) -> Vec<String> {
    let place = correction.place.iter().map(|place| place.to_string());
    place.chain(correction.location.map(shown)).collect()
}

fn words(facts: &Facts) -> String {
    let list: Vec<String> = listed(facts).into_iter().map(|(_, value)| value).collect();
    match list.is_empty() {
        true => "nothing is known".into(),
        false => list.join("; "),
    }
}

/// How an IPv6 address that stands for one of IPv4 came about.
fn form(addr: Ipv6Addr) -> &'static str {
    match addr.segments() {
        [0x2002, ..] => "the 6to4 form (RFC 3056)",
        [0x2001, 0, ..] => "the Teredo form (RFC 4380)",
        [0x64, 0xff9b, ..] => "the NAT64 form (RFC 6052)",
        _ => "the mapped form (RFC 4291)",
    }
}

/// What an address is that is not global.
fn why(addr: IpAddr) -> &'static str {
    match addr {
        IpAddr::V4(addr) => match addr.octets() {
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private (RFC 1918)",
            [100, ..] => "shared between providers and their customers (RFC 6598)",
            [127, ..] => "loopback",
            [169, ..] => "link-local (RFC 3927)",
            [192, 0, 2, _] | [198, 51, ..] | [203, ..] => "for documentation (RFC 5737)",
            [198, ..] => "for benchmarks (RFC 2544)",
            [224..=239, ..] => "multicast",
            [0, ..] => "this network itself (RFC 1122)",
            _ => "reserved",
        },
        IpAddr::V6(addr) => match addr.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
            [0, 0, 0, 0, 0, 0, 0, 0] => "no address at all",
            [0x2001, 0xdb8, ..] | [0x3fff, ..] => "for documentation (RFC 3849, RFC 9637)",
            [0xfc00..=0xfdff, ..] => "private (RFC 4193)",
            [0xfe80..=0xfebf, ..] => "link-local (RFC 4291)",
            [0xff00..=0xffff, ..] => "multicast",
            _ => "reserved",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_useless_address_has_its_reason() {
        let table = [
            ("10.1.2.3", "private (RFC 1918)"),
            ("172.31.0.1", "private (RFC 1918)"),
            (
                "100.64.0.1",
                "shared between providers and their customers (RFC 6598)",
            ),
            ("127.0.0.1", "loopback"),
            ("169.254.1.1", "link-local (RFC 3927)"),
            ("192.0.0.9", "reserved"),
            ("192.0.2.1", "for documentation (RFC 5737)"),
            ("198.18.0.1", "for benchmarks (RFC 2544)"),
            ("203.0.113.9", "for documentation (RFC 5737)"),
            ("239.1.1.1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("0.0.0.0", "this network itself (RFC 1122)"),
            ("::1", "loopback"),
            ("::", "no address at all"),
            ("fd00::1", "private (RFC 4193)"),
            ("fe80::1", "link-local (RFC 4291)"),
            ("ff02::1", "multicast"),
            ("2001:db8::1", "for documentation (RFC 3849, RFC 9637)"),
            ("4000::1", "reserved"),
        ];
        for (addr, words) in table {
            let addr = addr.parse().unwrap();
            assert!(!geo::global(addr), "{addr}");
            assert_eq!(why(addr), words, "{addr}");
        }
    }
}
