//! Explanations of orders: what was measured, what came of it, and how far the databases may be off.

use super::*;
use crate::geo::atlas::Facts;
use crate::place::{Country, Point};

const NEAR: &str = r#"
[sites]
ams = { location = [52.31, 4.76] }
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45], bias = "100km" }
[vips]
ams-1 = { site = "ams", address = "192.0.2.20" }
fra-1 = { site = "fra", address = "192.0.2.10" }
iad-1 = { site = "iad", address = "198.51.100.10" }
[pools.web]
members = ["iad", "fra", "ams"]
policy = "nearest"
tie = "50km"
[names]
"www.example.com." = "web"
[latency]
file = "rtt.csv"
"#;

const LIST: &str = "place,site,milliseconds,samples\n193.0.6.0/24,fra,30.5\n193.0.6.0/24,iad,90,1\nunknown,iad,40,2500\n";

/// 193.0.0.0/16 stands at Frankfurt, give or take 500 km.
fn said(client: &str) -> (Steered, String) {
    let facts = Facts {
        country: Country::from_code("DE"),
        location: Point::from_degrees(50.11, 8.68),
        radius: Some(500),
        ..Facts::default()
    };
    let start = u32::from(Ipv4Addr::new(193, 0, 0, 0));
    let v4 = [(0, 0), (start, 1), (start + (1 << 16), 0)];
    let atlas = Atlas::new(vec![Facts::default(), facts], v4, [(0, 0)]);
    let said = asked(
        &built(NEAR, LIST, atlas, quiet),
        "www.example.com",
        client,
        "A",
    );
    let text = said.to_string();
    (said.steering.unwrap(), text)
}

#[test]
fn what_was_measured_and_what_came_of_it() {
    let (steering, text) = said("193.0.6.9");
    has(
        &text,
        &[
            "measured  from 193.0.6.0/24 (rtt.csv:2)",
            "sites     ams 366 km, fra 0 km (30.5 ms in 100 samples, with the distance 26.2 ms), iad 6553 km (+100 km of bias) (90 ms in 1 sample, with the distance 102.7 ms)",
        ],
    );
    let order = &steering.orders[0];
    assert_eq!((order.tie, order.radius), (50, None));
    let near = &order.steps[1][0];
    assert_eq!((near.measured_ms, near.samples), (Some(30.5), Some(100)));
    assert_eq!(near.ms, Some(26.25));
    assert_eq!(steering.orders[0].steps[0][0].ms, Some(10.49));
}

#[test]
fn a_tie_that_a_radius_makes_wider() {
    let (steering, text) = said("193.0.7.9");
    assert!(!text.contains("measured"), "{text}");
    has(
        &text,
        &[
            "sites     ams 366 km + fra 0 km, iad 6553 km (+100 km of bias): 500 km count as a tie, for the databases may be so wrong",
        ],
    );
    assert!(text.contains("Germany (DE), within 500 km"), "{text}");
    assert_eq!(steering.orders[0].radius, Some(500));
    assert_eq!(steering.client.radius, Some(500));
}

#[test]
fn round_trips_of_clients_at_an_unknown_place() {
    let (steering, text) = said("8.8.8.8");
    has(
        &text,
        &[
            "measured  from unknown (rtt.csv:4)",
            "sites     iad (+100 km of bias) (40 ms in 2500 samples), fra, ams: the client's position is unknown",
        ],
    );
    assert_eq!(steering.orders[0].steps[0][0].ms, Some(40.0));
}
