//! `capacity`, `spill` and `adapt`: what is taken, and what is refused with which words.

use super::{clean, read, refused};
use crate::diagnostic::render;

const TWO: &str = r#"[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
[vips]
fra-1 = { site = "fra", address = "192.0.2.10", capacity = 40_000 }
fra-2 = { site = "fra", address = "192.0.2.11", capacity = 20_000 }
iad-1 = { site = "iad", address = "198.51.100.10", capacity = 999_999_999_999_999 }
[names]
"w.example." = "web"
[pools.web]
members = ["fra", "iad"]
"#;

#[test]
fn capacities_and_shares_are_read() {
    let text = format!("{TWO}policy = \"nearest\"\nspill = \"80%\"\nadapt = \"0.5%\"\n");
    let steering = clean(&text);
    let capacities: Vec<_> = steering.vips.iter().map(|vip| vip.capacity).collect();
    assert_eq!(
        capacities,
        [Some(40_000), Some(20_000), Some(999_999_999_999_999)]
    );
    let web = &steering.pools[0];
    assert_eq!((web.spill, web.adapt), (Some(800_000), Some(5_000)));
    let plain = clean(TWO);
    assert_eq!((plain.pools[0].spill, plain.pools[0].adapt), (None, None));
    // Each of them is a change of the estate.
    for (old, new) in [("40_000", "40_001"), ("80%", "81%"), ("0.5%", "0.6%")] {
        let other = clean(&text.replace(old, new));
        assert!(!steering.same(&other), "{old}");
    }
    assert!(steering.same(&clean(&format!("# the same\n{text}"))));
}

#[test]
fn a_capacity_is_a_whole_number() {
    let error = "error: `capacity` is a whole number from 1 to 999999999999999";
    for (value, advice) in [
        ("0", ""),
        ("-5", ""),
        ("1_000_000_000_000_000", ""),
        ("1.5", ""),
        ("\"40G\"", ""),
        ("\"400\"", "; write `400`"),
    ] {
        refused(
            &format!("c = {{ address = \"192.0.2.9\", capacity = {value} }}\n"),
            &[&format!("8:41: {error}{advice}")],
        );
    }
}

/// The findings of these lines in pool `web`.
fn web(lines: &str) -> Vec<String> {
    let list = read(&format!("{TWO}{lines}")).1;
    list.iter()
        .map(|d| d.line().replace("zones/steering.toml:", ""))
        .collect()
}

#[test]
fn shares_that_are_none() {
    for key in ["spill", "adapt"] {
        let line = |value: &str| web(&format!("policy = \"nearest\"\n{key} = {value}\n"));
        for (value, expected) in [
            ("80", format!("`{key}` is a share; write `\"80%\"`")),
            (
                "\"0%\"",
                format!("`{key}` is 0%; a share above 0%; leave the key out if it is not wanted"),
            ),
            (
                "\"101%\"",
                format!("`{key}` is more than 100%; a share is 0% to 100%"),
            ),
        ] {
            assert_eq!(line(value), [format!("13:9: error: {expected}")]);
        }
    }
}

#[test]
fn spill_belongs_to_an_order() {
    assert_eq!(
        web("spill = \"80%\"\n"),
        [
            "12:1: error: `spill` belongs to the policies `nearest` and `failover`; remove it, or write `policy = \"nearest\"` in pool `web`; among VIPs by weight `adapt` follows the load"
        ]
    );
    assert!(web("policy = \"failover\"\nspill = \"100%\"\n").is_empty());
}

#[test]
fn spill_needs_every_capacity() {
    let list = read(
        r#"[sites]
fra = { location = [50.11, 8.68] }
[vips]
a = { site = "fra", address = "192.0.2.1" }
b = { site = "fra", address = "192.0.2.2", capacity = 5 }
c = { address = "192.0.2.3" }
[names]
"w.example." = "web"
[pools.inner]
members = ["c", "b"]
[pools.web]
members = ["fra", "inner"]
policy = "failover"
spill = "80%"
"#,
    )
    .1;
    assert_eq!(
        render(&list, false).trim(),
        r#"
error: `spill` needs the capacity of VIP `a` and 1 more
  --> zones/steering.toml:14:9
   |
14 | spill = "80%"
   |         ^^^^^ give each VIP that pool `web` reaches a `capacity`, in the unit of the reported load
   |
  ::: zones/steering.toml:4:1
   |
 4 | a = { site = "fra", address = "192.0.2.1" }
   | - it has no `capacity`
"#
        .trim()
    );
    let one = web(
        "policy = \"failover\"\nspill = \"80%\"\n[vips.iad-2]\nsite = \"iad\"\naddress = \"192.0.2.9\"\n",
    );
    assert_eq!(
        one,
        [
            "13:9: error: `spill` needs the capacity of VIP `iad-2`; give each VIP that pool `web` reaches a `capacity`, in the unit of the reported load"
        ]
    );
    // A VIP that is wrong itself is no second mistake.
    let broken = web("policy = \"failover\"\nspill = \"80%\"\n[vips.iad-2]\nsite = \"iad\"\n");
    assert_eq!(broken.len(), 1, "{broken:?}");
}

#[test]
fn adapt_is_refused_above_its_bound_with_the_bound() {
    let too_fast = |ttl: u32, most: &str| {
        format!(
            "error: `adapt` is too fast for answers that live {ttl}s; at most `\"{most}%\"` with this `ttl`, or a shorter `ttl`: resolvers keep answers so long that clients would swing between the VIPs"
        )
    };
    assert_eq!(
        web("adapt = \"10%\"\n"),
        [format!("12:9: {}", too_fast(60, "6"))]
    );
    for (ttl, seconds, most, more) in [
        ("20s", 20, "13.7", "13.8"),
        ("30s", 30, "10.4", "10.5"),
        ("5m", 300, "1.3", "1.4"),
        ("1d", 86_400, "0.005", "0.0051"),
    ] {
        let with = |share: &str| web(&format!("ttl = \"{ttl}\"\nadapt = \"{share}%\"\n"));
        assert_eq!(with(most), Vec::<String>::new());
        assert_eq!(with(more), [format!("13:9: {}", too_fast(seconds, most))]);
    }
    // The TTL is that of the pool which a name points to, the longest of them.
    let below = "adapt = \"10%\"\nttl = \"20s\"\n[pools.top]\nmembers = { web = 1, iad-1 = 1 }\nttl = \"5m\"\n[pools.other]\nmembers = { web = 1, iad-1 = 2 }\n";
    assert!(web(below).iter().all(|line| !line.contains("error")));
    let files = format!("{TWO}{below}").replace(
        "\"web\"\n",
        "\"web\"\n\"t.example.\" = \"top\"\n\"o.example.\" = \"other\"\n",
    );
    let list = read(&files).1;
    let lines: Vec<String> = list.iter().map(|d| d.line()).collect();
    assert_eq!(
        lines,
        [format!(
            "zones/steering.toml:14:9: {}",
            too_fast(300, "1.3")
        )]
    );
}

#[test]
fn adapt_needs_vips_side_by_side() {
    let nothing = |line: usize| {
        format!(
            "{line}:9: error: `adapt` has nothing to even out in pool `web`; it shifts weight among VIPs that share clients: a list of VIPs under `weighted`, or a site with several"
        )
    };
    let web = |members: &str, policy: &str| {
        let text = TWO.replace("members = [\"fra\", \"iad\"]", members);
        let list = read(&format!("{text}policy = \"{policy}\"\nadapt = \"5%\"\n")).1;
        let errors = list.iter().filter(|d| d.is_error());
        errors
            .map(|d| d.line().replace("zones/steering.toml:", ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        web("members = { fra-1 = 1, iad = 2 }", "weighted"),
        [nothing(13)]
    );
    assert_eq!(
        web("members = [\"fra-1\", \"iad-1\"]", "nearest"),
        [nothing(13)]
    );
    assert_eq!(
        web("members = [\"fra-1\", \"fra-2\"]", "failover"),
        [nothing(13)]
    );
    let none = Vec::<String>::new();
    assert_eq!(web("members = { fra = 1, iad = 2 }", "weighted"), none);
    assert_eq!(web("members = [\"fra-1\", \"iad-1\"]", "weighted"), none);
    assert_eq!(web("members = [\"fra-1\", \"fra-2\"]", "nearest"), none);
    assert_eq!(web("members = [\"fra\"]", "failover"), none);
}
