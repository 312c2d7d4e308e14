//! The mistakes of the language's own table, as they are shown.

use super::read;
use crate::diagnostic::render;

#[track_caller]
fn shown(text: &str, expected: &str) {
    let list = read(text).1;
    assert_eq!(render(&list, false).trim(), expected.trim());
}

#[test]
fn a_dangling_name() {
    shown(
        r#"[sites]
fra = { location = [50.11, 8.68] }
[vips]
iad-1 = { address = "198.51.100.10" }
fra-1 = { address = "192.0.2.10" }
[names]
"www.example.com." = "web"
[pools.web]
members = ["fra-1", "iad-l"]
"#,
        r#"
error: no VIP, site or pool is called `iad-l`
 --> zones/steering.toml:9:21
  |
9 | members = ["fra-1", "iad-l"]
  |                     ^^^^^^^ did you mean `iad-1` (zones/steering.toml:4)?
"#,
    );
}

#[test]
fn several_at_once() {
    shown(
        r#"[vips]
a = { address = "192.0.2.1" }
[pools.web]
members = ["a"]
polcy = "nearest"
ttl = 60
[names]
"www.example.com" = "web"
"#,
        r#"
error: unknown key `polcy` in pool `web`
 --> zones/steering.toml:5:1
  |
5 | polcy = "nearest"
  | ^^^^^ did you mean `policy`?

error: `ttl` is a duration
 --> zones/steering.toml:6:7
  |
6 | ttl = 60
  |       ^^ write `"60s"`

error: the name has no final dot
 --> zones/steering.toml:8:1
  |
8 | "www.example.com" = "web"
  | ^^^^^^^^^^^^^^^^^ write `"www.example.com."`; relative names stand under a `.zone` pattern
"#,
    );
}

#[test]
fn places_that_are_none() {
    shown(
        r#"[sites]
fra = {}
iad = {}
[rules.world]
EU = "fra"
NA = "iad"
UK = "fra"
"203.0.113.7/24" = "fra"
"#,
        r#"
error: `EU` is not a place
 --> zones/steering.toml:5:1
  |
5 | EU = "fra"
  | ^^ the continent is `europe`; for the Union write a region

error: `NA` is North America or Namibia
 --> zones/steering.toml:6:1
  |
6 | NA = "iad"
  | ^^ write `north-america` or `NAM`

error: no country has the code `UK`
 --> zones/steering.toml:7:1
  |
7 | UK = "fra"
  | ^^ did you mean `GB`?

error: bits are set beyond /24
 --> zones/steering.toml:8:1
  |
8 | "203.0.113.7/24" = "fra"
  | ^^^^^^^^^^^^^^^^ write `"203.0.113.0/24"`
"#,
    );
}

#[test]
fn longitude_before_latitude() {
    shown(
        "[sites]\nsin = { location = [103.99, 1.36] }\n",
        r#"
error: latitude 103.99 is beyond 90
 --> zones/steering.toml:2:21
  |
2 | sin = { location = [103.99, 1.36] }
  |                     ^^^^^^ the order is latitude, longitude
"#,
    );
}

#[test]
fn failure_domains_that_are_no_names() {
    shown(
        r#"[vips]
a = { address = "192.0.2.1", failure_domain = "Rack 1" }
b = { address = "192.0.2.2", failure_domain = 2 }
"#,
        r#"
error: `Rack 1` is no name for a failure domain
 --> zones/steering.toml:2:47
  |
2 | a = { address = "192.0.2.1", failure_domain = "Rack 1" }
  |                                               ^^^^^^^^ write `rack-1`: lower-case letters, digits and hyphens, a letter or digit at both ends

error: `failure_domain` is the name of a failure domain, a string
 --> zones/steering.toml:3:47
  |
3 | b = { address = "192.0.2.2", failure_domain = 2 }
  |                                               ^ write `"2"`
"#,
    );
}

#[test]
fn nearest_without_a_place() {
    shown(
        r#"[vips]
b = { address = "192.0.2.1" }
[pools.web]
members = ["b"]
policy = "nearest"
"#,
        r#"
error: pool `web` needs the place of VIP `b`
 --> zones/steering.toml:4:12
  |
4 | members = ["b"]
  |            ^^^ give `b` a `site`, and that site a `location`
"#,
    );
}

#[test]
fn a_pool_without_weight() {
    shown(
        r#"[vips]
cdn-a = { address = "192.0.2.1", weight = 80 }
cdn-c = { address = "192.0.2.3" }
[pools.cdn]
members = ["cdn-a"]
[pools.img]
members = ["cdn", "cdn-c"]
"#,
        r#"
error: pool `cdn` has no weight here
 --> zones/steering.toml:7:12
  |
7 | members = ["cdn", "cdn-c"]
  |            ^^^^^ write `{ cdn = 99, cdn-c = 1 }`
"#,
    );
}

#[test]
fn pools_in_a_cycle() {
    shown(
        r#"[pools.web]
members = { api = 1 }
[pools.api]
members = ["web"]
policy = "failover"
"#,
        r#"
error: pools in a cycle: `web` → `api` → `web`
 --> zones/steering.toml:2:13
  |
2 | members = { api = 1 }
  |             ^^^ `web` contains `api`
  |
 ::: zones/steering.toml:4:12
  |
4 | members = ["web"]
  |            ----- `api` contains `web`
"#,
    );
}

#[test]
fn the_same_key_in_two_files() {
    use crate::diagnostic::Source;
    let one = Source::new("zones/a.toml", "[vips]\na = { address = \"192.0.2.1\" }\n");
    let two = Source::new("zones/b/c.toml", "[vips.a]\naddress = \"192.0.2.2\"\n");
    let expected = r#"
error: VIP `a` is written twice
 --> zones/b/c.toml:1:7
  |
1 | [vips.a]
  |       ^ each VIP is written whole in one place
  |
 ::: zones/a.toml:2:1
  |
2 | a = { address = "192.0.2.1" }
  | - it is here as well
"#;
    for files in [[one.clone(), two.clone()], [two, one]] {
        assert_eq!(
            render(&super::steering(&files).1, false).trim(),
            expected.trim()
        );
    }
}

#[test]
fn failback_without_an_order() {
    shown(
        r#"[vips]
a = { address = "192.0.2.1" }
[pools.web]
members = ["a"]
failback = "manual"
ramp = "0.01%"
[names]
"www.example.com." = "web"
"#,
        r#"
error: `failback` belongs to the policy `failover`
 --> zones/steering.toml:5:1
  |
5 | failback = "manual"
  | ^^^^^^^^ remove it, or write `policy = "failover"` in pool `web`

error: `ramp` is out of range
 --> zones/steering.toml:6:8
  |
6 | ramp = "0.01%"
  |        ^^^^^^^ from `"0.1%"` to `"100%"` of the clients in a minute; without the key all move at once
"#,
    );
}
