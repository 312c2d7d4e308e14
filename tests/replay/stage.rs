//! The server without sockets, clock and disk, as replay scripts drive it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use std::sync::Arc;

use meridian::answer;
use meridian::config::estate::VipId;
use meridian::geo::atlas::{Atlas, Facts};
use meridian::health::board::{Group, Groups, Outcome};
use meridian::health::orders::{Subject, Want};
use meridian::health::report;
use meridian::health::report::wish::wish;
use meridian::prefix::{Prefix, mask32, mask128};
use meridian::wire::cookie::Secrets;
use meridian::world::badge::Badge;
use meridian::world::{clear, ordered, told};

use super::script::{Report, Transport, bytes};
use crate::server::Server;

/// `observers.NAME 2 of a b c`.
fn group(key: &str, value: &str) -> Option<Group> {
    let name = key.strip_prefix("observers.")?;
    let (agree, members) = value.split_once(" of ").unwrap();
    Some(Group {
        name: name.to_string(),
        members: members.split(' ').map(str::to_string).collect(),
        agree: agree.parse().unwrap(),
    })
}

/// A server on a stage. Time is an argument; the counter of draws begins at 0.
#[derive(Default)]
pub struct Stage {
    server: Server,
}

impl Stage {
    /// Reads the estate as start and reload do. If anything is wrong, what was loaded goes on, and the rendered
    /// diagnostics come back, all of them.
    pub fn load(&mut self, files: &BTreeMap<String, String>, atlas: Atlas) -> Result<(), String> {
        self.server.load(files, Arc::new(atlas))
    }

    /// What the next world says of itself, by the keys of `meridian.toml`; the secrets of cookies in one line.
    pub fn wear(&mut self, machine: &BTreeMap<String, String>) {
        let said = |key: &str| machine.get(key).map(String::as_str);
        let secret = |word: &str| bytes(word).unwrap().try_into().unwrap();
        let secrets = said("cookies").map_or(Vec::new(), |words| {
            words.split_whitespace().map(secret).collect()
        });
        self.server.badge = Badge::new(said("id"), said("version"), Secrets::new(secrets));
        let groups = machine.iter().filter_map(|(key, value)| group(key, value));
        self.server.govern(Groups::new(groups.collect()));
    }

    /// Gives a message to the answering code. `None` if nothing is to be sent.
    pub fn ask(
        &mut self,
        message: &[u8],
        from: IpAddr,
        transport: Transport,
        now: u64,
    ) -> Option<Vec<u8>> {
        let transport = match transport {
            Transport::Udp => answer::Transport::Udp,
            Transport::Tcp => answer::Transport::Tcp,
        };
        self.server
            .ask(message, (from, 53_000).into(), transport, now)
    }

    /// Takes a report of the feed; gives what is in force after it, in the words of the API, what holds it back, and
    /// whether its load was refused, or why all of it was.
    pub fn health(&mut self, report: &Report, now: u64) -> Result<Vec<String>, String> {
        let body = body(report, now);
        let said = report::batch(body.as_bytes()).map_err(|mistakes| format!("{mistakes:?}"))?;
        let steering = self.server.world().estate.steering.clone();
        let reports = told::reports(&steering, said).map_err(|mistakes| format!("{mistakes:?}"))?;
        let who = Arc::from(report.by.as_str());
        let mut lines = Vec::new();
        let mut effects = Vec::new();
        for (vip, mut report) in reports {
            if report.date(now).is_some() {
                lines.push("load refused".to_string());
            }
            let board = &mut self.server.situation.board;
            if !board.room(&vip, &who, report.family) {
                return Err("as many observers speak already as there is room for".to_string());
            }
            effects.push((board.apply(&vip, &report, &who, now), vip));
        }
        self.server.heard = now;
        self.server.lapse();
        self.server.turn();
        for (effect, vip) in effects {
            let (both, over) = (self.server.situation).in_force(self.server.world(), &vip, now);
            let best = effect.family.map_or(both.best(), |family| both.of(family));
            lines.push(format!("in force {}", best.state.word()));
            if effect.family.is_none() && both.v4.state != both.v6.state {
                let (v4, v6) = (both.v4.state.word(), both.v6.state.word());
                lines.push(format!("families v4 {v4} v6 {v6}"));
            }
            lines.extend(over.or(effect.held_back).map(|why| format!("held {why}")));
            lines.extend((effect.outcome == Outcome::Old).then(|| "old".to_string()));
        }
        // All VIPs of a site alike are one line.
        lines.sort();
        lines.dedup();
        Ok(lines)
    }

    /// Takes what an operator wants; the state in force of each VIP of it, or why it was refused.
    pub fn order(
        &mut self,
        kind: &str,
        name: &str,
        body: &str,
        now: u64,
    ) -> Result<Vec<String>, String> {
        let wish = wish(body.as_bytes()).map_err(|mistakes| format!("{mistakes:?}"))?;
        let subject = Subject::of(kind, name).ok_or("an order is for a vip or a site")?;
        let world = self.server.world();
        let steering = &world.estate.steering;
        let vips = ordered::vips(steering, &subject).ok_or("the estate has nothing so called")?;
        let named = vips.iter().map(|id| &steering.vips[usize::from(id.0)].name);
        let names: Vec<String> = named.cloned().collect();
        let held = ordered::held(world, &vips);
        let orders = &mut self.server.situation.orders;
        match wish.order(&Arc::from("replay"), now) {
            Some(mut order) => {
                if order.want == Want::Hold {
                    order.held = held;
                }
                orders.place(subject, order);
            }
            None => drop(orders.lift(&subject)),
        }
        self.server.turn();
        let line = |name: &String| format!("in force {name} {}", self.in_force(name, None));
        Ok(names.iter().map(line).collect())
    }

    /// When no cache holds a VIP that was given out by this server only.
    pub fn clear(&self, vip: &str, now: u64) -> String {
        let world = self.server.world();
        let vips = &world.estate.steering.vips;
        let at = vips.iter().position(|known| known.name == vip).unwrap();
        let id = VipId(at as u16);
        if clear::used(world, [id])[at] {
            return "used".to_string();
        }
        let last = self.server.counters.until(world.estate.slots[at]);
        let clear = clear::clear_at(world, id, last, (0, now));
        format!("clear in {}", clear as i64 - now as i64)
    }

    /// The state in force of a VIP, of this family or of the better of its addresses.
    fn in_force(&self, vip: &str, family: Option<&str>) -> String {
        let world = self.server.world();
        let vips = &world.estate.steering.vips;
        let at = vips.iter().position(|known| known.name == vip).unwrap();
        let both = world.verdicts.at(at);
        let verdict = match family {
            Some("v4") => both.v4,
            Some("v6") => both.v6,
            _ => both.best(),
        };
        verdict.state.word().to_string()
    }

    /// Lets time pass until `now`, in seconds of the Unix epoch.
    pub fn advance(&mut self, now: u64) {
        self.server.advance(now);
    }

    /// Ends the server; the next load begins it anew with what is on the disk.
    pub fn restart(&mut self) {
        self.server.restart();
    }

    /// Lets go of what the brake holds, and says what that was.
    pub fn release(&mut self, now: u64) -> Vec<String> {
        let names = self.server.situation.brake.release(now);
        self.server.turn();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        vec![format!("released {}", names.join(" ")).trim().to_owned()]
    }

    /// Brings back what is kept out of a pool. What returned and what has failed still, or why nothing was tried.
    pub fn give_back(&mut self, pool: &str) -> Result<Vec<String>, String> {
        let course = self.server.situation.mover.courses.get_mut(pool);
        let course = course.ok_or_else(|| format!("no pool `{pool}` keeps anything out"))?;
        let (returned, failed) = course.hold.give_back();
        self.server.turn();
        let line = |word: &str, names: Vec<String>| {
            (!names.is_empty()).then(|| format!("{word} {}", names.join(" ")))
        };
        let lines = [line("returned", returned), line("failed", failed)];
        Ok(lines.into_iter().flatten().collect())
    }

    /// What has been counted so far: the labels of outcomes, `truncated`, `subnets`, and `vip NAME`.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.server.counts()
    }
}

/// A report as the feed sends it.
fn body(report: &Report, now: u64) -> String {
    let (field, name) = report.vip.split_once(':').unwrap_or(("vip", &report.vip));
    let mut body = format!(
        r#"{{"{field}": "{name}", "state": "{}", "seq": {}, "epoch": {}"#,
        report.state, report.seq, report.epoch
    );
    if let Some(quality) = report.quality {
        let _ = write!(body, r#", "quality": {}"#, f64::from(quality) / 1e6);
    }
    if let Some(seconds) = report.valid_for {
        let _ = write!(body, r#", "valid_for": "{seconds}s""#);
    }
    if let Some(family) = &report.family {
        let _ = write!(body, r#", "family": "{family}""#);
    }
    for (key, number) in &report.load {
        let _ = write!(body, r#", "{key}": {number}"#);
    }
    if let Some(unit) = &report.unit {
        let _ = write!(body, r#", "unit": "{unit}""#);
    }
    for (key, json) in &report.tell {
        let _ = write!(body, r#", "{key}": {json}"#);
    }
    if let Some((begin, end)) = report.window {
        let at = |offset: i64| now.saturating_add_signed(offset);
        let _ = write!(body, r#", "window": [{}, {}]"#, at(begin), at(end));
    }
    format!(r#"{{"version": 1, "reports": [{body}}}]}}"#)
}

/// What the lines of `== geo` say, as the databases would: the longest prefix gives all facts of an address.
pub fn atlas(networks: &[(Prefix, Facts)]) -> Atlas {
    let mut known = vec![Facts::default()];
    let mut starts4 = vec![0_u32];
    let mut starts6 = vec![0_u128];
    for (prefix, facts) in networks {
        if !known.contains(facts) {
            known.push(facts.clone());
        }
        match prefix.addr() {
            IpAddr::V4(first) => {
                let first = u32::from(first);
                starts4.push(first);
                starts4.extend((first | !mask32(prefix.len())).checked_add(1));
            }
            IpAddr::V6(first) => {
                let first = u128::from(first);
                starts6.push(first);
                starts6.extend((first | !mask128(prefix.len())).checked_add(1));
            }
        }
    }
    let find = |addr: IpAddr| {
        let around = networks.iter().filter(|(prefix, _)| prefix.contains(addr));
        let facts = around
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|(_, facts)| facts);
        facts
            .and_then(|facts| known.iter().position(|k| k == facts))
            .unwrap_or(0) as u32
    };
    starts4.sort_unstable();
    starts6.sort_unstable();
    let v4: Vec<(u32, u32)> = starts4
        .into_iter()
        .map(|start| (start, find(IpAddr::V4(start.into()))))
        .collect();
    let v6: Vec<(u128, u32)> = starts6
        .into_iter()
        .map(|start| (start, find(IpAddr::V6(start.into()))))
        .collect();
    Atlas::new(known, v4, v6)
}

#[test]
fn the_longest_prefix_counts() {
    let named = |city: &str| Facts {
        city: Some(city.to_string()),
        ..Facts::default()
    };
    let network = |prefix: &str, city: &str| (prefix.parse().unwrap(), named(city));
    let atlas = atlas(&[
        network("10.0.0.0/8", "wide"),
        network("10.1.0.0/16", "near"),
        network("ff00::/8", "six"),
    ]);
    let cities = |ranges: &[u32]| -> Vec<_> {
        ranges
            .iter()
            .map(|i| atlas.facts(*i).city.clone().unwrap_or_default())
            .collect()
    };
    let v4: Vec<u32> = atlas.ranges4().map(|(_, facts)| facts).collect();
    assert_eq!(cities(&v4), ["", "wide", "near", "wide", ""]);
    let v6: Vec<u32> = atlas.ranges6().map(|(_, facts)| facts).collect();
    assert_eq!(cities(&v6), ["", "six"]);
}
