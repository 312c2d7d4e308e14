//! What an explanation consists of, as it is shown and sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// An answer and its reasons. `Display` is for people, serde for programs: `GET /v1/explain` and `explain --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The name asked.
    pub name: String,
    /// The type asked.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where the query came from.
    pub resolver: IpAddr,
    /// The client subnet that it carried.
    pub subnet: Option<String>,
    /// The world that answered.
    pub generation: u64,
    /// When, in seconds of the Unix epoch.
    pub at: u64,
    /// The zone that holds the name; none if none does.
    pub zone: Option<Zone>,
    /// What became of the query, as metrics count it: `steered`, `static`, `nodata`, …
    pub outcome: String,
    /// What the look-up found, in words.
    pub found: String,
    /// How the choice was made, if the answer is a steered one.
    pub steering: Option<Steered>,
    /// For how wide a network the answer holds.
    pub scope: Scope,
    /// How long it may be kept; none if it has no records.
    pub ttl: Option<Ttl>,
    /// The response code.
    pub rcode: String,
    /// The answer section, as a zone file would say it.
    pub answer: Vec<String>,
    /// The authority section.
    pub authority: Vec<String>,
    /// The additional section.
    pub additional: Vec<String>,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its apex.
    pub name: String,
    /// Its serial.
    pub serial: u32,
}

/// A scope (RFC 7871 §7.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// As the answer says it; none if the query has no client subnet.
    pub length: Option<u8>,
    /// In words.
    pub why: String,
}

/// A TTL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ttl {
    /// How long.
    pub seconds: u32,
    /// In words.
    pub why: String,
}

/// How steering chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steered {
    /// The name in `[names]` that fits: the one asked, a wildcard, or one that a CNAME or an HTTPS record leads to.
    pub name: String,
    /// The pool it points to.
    pub pool: String,
    /// Its `policy`.
    pub policy: String,
    /// Its `draw`.
    pub draw: String,
    /// Its `answers`.
    pub answers: u8,
    /// Who counted as the client.
    pub client: Client,
    /// The client's class.
    pub class: Class,
    /// For each rule set that the pool can come to, the rule that fits.
    pub rules: Vec<Rule>,
    /// For each rule set of the pool's fence, the rule that fits; what it prefers is what it keeps to.
    pub fences: Vec<Rule>,
    /// The sites inside; none if the client is not fenced.
    pub inside: Option<Vec<String>>,
    /// For each `nearest` pool that the pool can come to, its sites in the client's order.
    pub orders: Vec<Order>,
    /// What time or load moves in the pools that it may come to, in words.
    #[serde(default)]
    pub moving: Vec<String>,
    /// What was tried, in this order, until one had not failed.
    pub tried: Vec<Tried>,
    /// Whence the candidates are: `up`, `last resort` (weight 0), `drained`, `all down`, or `fenced` if none is inside.
    pub tier: String,
    /// Candidates and others whose state was looked at.
    pub vips: Vec<Vip>,
    /// VIPs that the pool may come to, but that were not asked for.
    pub spared: Vec<String>,
    /// VIPs that the fence keeps from this client.
    pub outside: Vec<String>,
    /// The point of the draw, from 0 to 1.
    pub point: f64,
    /// Where it comes from, in words.
    pub drawn: String,
}

/// Who counted as the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its address, or the first one of its subnet.
    pub address: IpAddr,
    /// Why that one, in words.
    pub why: String,
    /// The widest network around it of which the databases say the same.
    pub network: String,
    /// ISO 3166-1.
    pub country: Option<String>,
    /// In English.
    pub country_name: Option<String>,
    /// As the configuration says it.
    pub continent: Option<String>,
    /// ISO 3166-2, widest first.
    pub subdivisions: Vec<String>,
    /// English name.
    pub city: Option<String>,
    /// Autonomous system number.
    pub system: Option<u32>,
    /// Degrees north and east from which distances count: the network's, else the middle of its country or continent.
    pub position: Option<[f64; 2]>,
    /// Kilometres by which the databases may be wrong about it.
    pub radius: Option<u16>,
    /// The place of `[latency]` that fits, if a `nearest` pool asks for it.
    pub measured: Option<Measured>,
    /// Whether all this comes from the built-in map, which knows continents only.
    pub coarse: bool,
    /// The databases, in the order of precedence.
    pub databases: Vec<String>,
    /// The corrections of `[networks]` laid over them here, each upon the one before it.
    pub corrections: Vec<Correction>,
}

/// A correction of what the databases say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Of which network.
    pub network: String,
    /// The place that it gives.
    pub place: Option<String>,
    /// The degrees north and east that it gives.
    pub location: Option<[f64; 2]>,
    /// Where it is written: file and line.
    pub written: String,
}

/// A place from which round trips were measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// As the list has it.
    pub place: String,
    /// Where it is written first: file and line.
    pub written: String,
}

/// What of a client matters to the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its number.
    pub number: u32,
    /// How many there are.
    pub of: usize,
    /// The widest network around the client with no other class in it.
    pub network: String,
}

/// What a rule set has for the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The rule set.
    pub set: String,
    /// The place that fits; none if none does.
    pub place: Option<String>,
    /// The region through which it stands there.
    pub region: Option<String>,
    /// Whom it prefers, in this order.
    pub prefers: Vec<String>,
}

/// The sites of a `nearest` pool by distance and measured round trips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The pool.
    pub pool: String,
    /// Kilometres within which sites count as near as the nearest: its `tie`, or the radius.
    pub tie: u32,
    /// The accuracy radius of the databases, if it makes the tie wider.
    pub radius: Option<u32>,
    /// One site for each step, or several that count alike.
    pub steps: Vec<Vec<Near>>,
}

/// How far a site is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// The site.
    pub site: String,
    /// Kilometres, without its bias; none if the client's position or its own is not known.
    pub km: Option<i32>,
    /// Kilometres by which it counts as nearer.
    pub bias: i32,
    /// The measured round trip in milliseconds.
    pub measured_ms: Option<f64>,
    /// How often it was measured.
    pub samples: Option<u32>,
    /// The round trip by which it is ordered, in milliseconds: the measured one blended with what the distance lets expect.
    pub ms: Option<f64>,
}

/// A step that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// How deep in pools of pools.
    pub depth: usize,
    /// Site, VIP, pool, or what of them.
    pub what: String,
    /// What was up of its weight, in thousandths.
    pub up: u32,
    /// Whether that was too little.
    pub failed: bool,
    /// Whether it failed before and may not return yet.
    #[serde(default)]
    pub held: bool,
    /// Parts of a million of its clients that go on to the next.
    #[serde(default)]
    pub shed: u32,
}

/// A VIP that could be answered, or could not and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vip {
    /// The VIP.
    pub name: String,
    /// Where it stands.
    pub site: Option<String>,
    /// For A.
    pub address: Option<Ipv4Addr>,
    /// For AAAA.
    pub address6: Option<Ipv6Addr>,
    /// Instead of addresses: the name that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cname: Option<String>,
    /// Its `weight`.
    pub weight: u32,
    /// Its `failure_domain`: an answer has one VIP of a word and site, as long as there are others.
    pub failure_domain: Option<String>,
    /// `up`, `degraded`, `drain`, `down`, or `unknown`: nobody has spoken of it, and it counts as up.
    pub state: String,
    /// The part with which it counts, from 0 to 1.
    pub quality: f64,
    /// Since when, in seconds of the Unix epoch.
    pub since: Option<u64>,
    /// Its part of all A answers to clients of this class, from 0 to 1; of all answers, if it is a CNAME.
    pub share: f64,
    /// The same for AAAA.
    pub share6: f64,
    /// Whether this answer has it.
    pub picked: bool,
}
