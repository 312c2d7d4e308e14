//! The server without sockets, clock and disk, as replay scripts drive it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use std::sync::Arc;

use meridian::answer;
use meridian::geo::atlas::{Atlas, Facts};
use meridian::health::report;
use meridian::prefix::{Prefix, mask32, mask128};
use meridian::wire::cookie::Secrets;
use meridian::world::badge::Badge;

use super::script::{Report, Transport, bytes};
use crate::server::Server;

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

    /// Takes a report of the feed; gives the state in force after it, in the words of the API, or why it was refused.
    pub fn health(&mut self, report: &Report, now: u64) -> Result<String, String> {
        let known = self
            .server
            .world()
            .estate
            .steering
            .vips
            .iter()
            .any(|v| v.name == report.vip);
        if !known {
            return Err(format!("no VIP is called `{}`", report.vip));
        }
        let mut body = format!(
            r#"{{"state": "{}", "seq": {}, "epoch": {}"#,
            report.state, report.seq, report.epoch
        );
        if let Some(quality) = report.quality {
            let _ = write!(body, r#", "quality": {}"#, f64::from(quality) / 1e6);
        }
        if let Some(seconds) = report.valid_for {
            let _ = write!(body, r#", "valid_for": "{seconds}s""#);
        }
        for (key, number) in &report.load {
            let _ = write!(body, r#", "{key}": {number}"#);
        }
        if let Some(unit) = &report.unit {
            let _ = write!(body, r#", "unit": "{unit}""#);
        }
        body.push('}');
        let decoded =
            report::single(body.as_bytes()).map_err(|mistakes| format!("{mistakes:?}"))?;
        let effect =
            self.server
                .situation
                .board
                .apply(&report.vip, &decoded, &Arc::from("replay"), now);
        self.server.turn();
        Ok(effect.entry.verdict.state.word().to_string())
    }

    /// Lets time pass until `now`, in seconds of the Unix epoch.
    pub fn advance(&mut self, now: u64) {
        self.server.advance(now);
    }

    /// Ends the server; the next load begins it anew with what is on the disk.
    pub fn restart(&mut self) {
        self.server.restart();
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
