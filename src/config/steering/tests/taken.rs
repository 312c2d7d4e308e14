//! What good steering becomes.

use super::clean;
use crate::config::estate::{
    AllDown, Behind, Draw, Failback, Members, Policy, PoolId, Rule, SiteId, Steering, Target, Ttl,
    VipId,
};
use crate::place::{Place, Point};

#[test]
fn the_smallest_estate() {
    let estate = clean(include_str!(
        "../../../../zones/examples/01-round-robin/steering.toml"
    ));
    assert_eq!(
        estate
            .vips
            .iter()
            .map(|v| v.name.as_str())
            .collect::<String>(),
        "abcd"
    );
    let pool = &estate.pools[0];
    assert_eq!(
        pool.members,
        Members::List((0..4).map(|n| Target::Vip(VipId(n))).collect())
    );
    assert_eq!(
        (
            pool.policy,
            pool.prefer,
            pool.min_up,
            pool.tie,
            pool.answers
        ),
        (Policy::Weighted, None, 500_000, 0, 1)
    );
    assert_eq!(
        (pool.draw, pool.ttl, pool.ecs, pool.on_all_down),
        (Draw::Query, Ttl { min: 20, max: 60 }, true, AllDown::Zone)
    );
    assert_eq!(estate.names[0].name.to_string(), "www.example.com.");
    assert_eq!(estate.names[0].behind, Behind::Pool(PoolId(0)));
    assert_eq!(estate.names[0].spot.place(), "zones/steering.toml:10:1");
}

#[test]
fn the_example_estates() {
    let shares = clean(include_str!(
        "../../../../zones/examples/02-shares/steering.toml"
    ));
    assert_eq!(
        shares
            .vips
            .iter()
            .map(|v| (v.name.as_str(), v.weight))
            .collect::<Vec<_>>(),
        [("large", 60), ("middle", 30), ("small", 10)]
    );
    let domains = clean(include_str!(
        "../../../../zones/examples/06-domains/steering.toml"
    ));
    let words = domains.vips.iter().map(|v| v.failure_domain.as_deref());
    assert!(words.eq(["a", "b", "b", "a", "b"].map(Some)));
    let mut other = domains.clone();
    other.vips[0].failure_domain = None;
    assert!(domains.same(&domains.clone()) && !domains.same(&other));
    let nearest = clean(include_str!(
        "../../../../zones/examples/03-nearest/steering.toml"
    ));
    assert_eq!(nearest.pools[0].policy, Policy::Nearest);
    assert_eq!(
        nearest.sites[1].location,
        Some(Point {
            latitude: 38_950_000,
            longitude: -77_450_000
        })
    );
    let sticky = clean(include_str!(
        "../../../../zones/examples/10-hints/steering.toml"
    ));
    assert_eq!(sticky.pools[0].draw, Draw::Sticky);
    let active = clean(include_str!(
        "../../../../zones/examples/07-failback/steering.toml"
    ));
    assert_eq!(active.pools[0].failback, Failback::Manual);
    let world = clean(include_str!(
        "../../../../zones/examples/04-continents/steering.toml"
    ));
    let (fra, sin, partner) = (
        Target::Site(SiteId(0)),
        Target::Site(SiteId(2)),
        Target::Vip(VipId(2)),
    );
    assert_eq!(world.rules[0].rules.len(), 6);
    assert_eq!(rule(&world, "IN").targets, [sin, fra]);
    assert_eq!(rule(&world, "198.51.100.0/24").targets, [partner]);
    assert_eq!(world.pools[0].prefer.map(|id| id.0), Some(0));
}

#[test]
fn the_estate_of_a_fresh_clone() {
    let estate = clean(include_str!("../../../../zones/steering.toml"));
    assert_eq!(estate.sites.len(), 5);
    assert!(
        estate
            .vips
            .iter()
            .all(|vip| vip.address.is_some() && vip.address6.is_some())
    );
    assert_eq!(estate.names.len(), 6);
    assert_eq!(
        estate.pools.last().map(|pool| pool.name.as_str()),
        Some("iad")
    );
    assert_eq!(rule(&estate, "oceania").region.as_deref(), Some("pacific"));
}

fn rule<'s>(estate: &'s Steering, text: &str) -> &'s Rule {
    let place = Place::parse(text).unwrap();
    estate.rules[0]
        .rules
        .iter()
        .find(|rule| rule.place == place)
        .unwrap()
}

#[test]
fn every_value() {
    let estate = clean(
        r#"
[sites]
a = { location = [-90, 180.0], bias = "-300km" }
[vips]
v = { site = "a", address = "192.0.2.1", address6 = "2001:db8::1", weight = 0 }
w = { site = "a", address = "192.0.2.2", address6 = "2001:db8::2", weight = 1_000_000 }
[pools.p]
members = { inner = 40_000, v = 0 }
min_up = "0.5%"
answers = 16
draw = "name"
ttl = { min = "1s", max = "1d" }
ecs = false
on_all_down = "nodata"
[pools.inner]
members = "a"
policy = "nearest"
tie = "12km"
min_up = "33.3333%"
[names]
"*.example." = "p"
"p.example." = "inner"
"z.example." = "zone"
"." = "a"
"v.example." = "v"
"w.example." = "v"
"#,
    );
    let site = &estate.sites[0];
    assert_eq!(
        (site.bias, site.location),
        (
            -300,
            Some(Point {
                latitude: -90_000_000,
                longitude: 180_000_000
            })
        )
    );
    let names: Vec<&str> = estate.pools.iter().map(|pool| pool.name.as_str()).collect();
    assert_eq!(names, ["inner", "p", "a", "v"]);
    let (inner, p) = (&estate.pools[0], &estate.pools[1]);
    assert_eq!((inner.tie, inner.min_up), (12, 333_333));
    assert_eq!(
        p.members,
        Members::Table(vec![
            (Target::Pool(PoolId(0)), 40_000),
            (Target::Vip(VipId(0)), 0)
        ])
    );
    assert_eq!(
        (p.min_up, p.answers, p.draw, p.ecs, p.on_all_down),
        (5_000, 16, Draw::Name, false, AllDown::NoData)
    );
    assert_eq!(
        p.ttl,
        Ttl {
            min: 1,
            max: 86_400
        }
    );
    let pointers: Vec<(String, Behind)> = estate
        .names
        .iter()
        .map(|n| (n.name.to_string(), n.behind))
        .collect();
    let pool = |id| Behind::Pool(PoolId(id));
    let expected = [
        (".", pool(2)),
        ("*.example.", pool(1)),
        ("p.example.", pool(0)),
        ("v.example.", pool(3)),
        ("w.example.", pool(3)),
        ("z.example.", Behind::Zone),
    ];
    assert_eq!(
        pointers,
        expected.map(|(name, pool)| (name.to_owned(), pool))
    );
    assert_eq!(
        estate.pools[3].members,
        Members::List(vec![Target::Vip(VipId(0))])
    );
}

#[test]
fn regions_unfold_and_the_place_itself_beats_them() {
    let estate = clean(
        r#"
[vips]
v = { address = "192.0.2.1" }
w = { address = "192.0.2.2" }
[regions]
dach = ["DE", "AT", "CH"]
near = ["dach", "FR", "DE"]
far = ["asia", "AT"]
[rules.r]
near = "v"
far = "w"
AT = ["w", "v"]
[pools.p]
members = ["v", "w"]
prefer = "r"
[names]
"x." = "p"
"#,
    );
    let (v, w) = (Target::Vip(VipId(0)), Target::Vip(VipId(1)));
    for (place, region, targets) in [
        ("DE", Some("near"), vec![v]),
        ("CH", Some("near"), vec![v]),
        ("FR", Some("near"), vec![v]),
        ("asia", Some("far"), vec![w]),
        ("AT", None, vec![w, v]),
    ] {
        assert_eq!(
            (
                rule(&estate, place).region.as_deref(),
                &rule(&estate, place).targets
            ),
            (region, &targets),
            "{place}"
        );
    }
    let places: Vec<&Place> = estate.rules[0]
        .rules
        .iter()
        .map(|rule| &rule.place)
        .collect();
    assert_eq!(places.len(), 5);
    assert!(places.is_sorted());
}

#[test]
fn one_duration_is_both_bounds() {
    let estate = clean(
        "[vips]\nv = { address = \"192.0.2.1\" }\n[pools.p]\nmembers = \"v\"\nttl = \"5m\"\n[names]\n\"x.\" = \"p\"\n",
    );
    assert_eq!(estate.pools[0].ttl, Ttl { min: 300, max: 300 });
}

#[test]
fn what_takes_its_time() {
    let of = |keys: &str| {
        let text = format!(
            "[vips]\na = {{ address = \"192.0.2.1\" }}\n[pools.p]\nmembers = [\"a\"]\npolicy = \"failover\"\n{keys}\n\
             [names]\n\"a.example.\" = \"p\"\n"
        );
        let pool = clean(&text).pools[0].clone();
        (pool.failback, pool.ramp)
    };
    assert_eq!(of(""), (Failback::After(0), None));
    assert_eq!(of("failback = \"0s\""), (Failback::After(0), None));
    assert_eq!(
        of("failback = \"30d\"\nramp = \"0.1%\""),
        (Failback::After(2_592_000), Some(1_000))
    );
    assert_eq!(
        of("failback = \"manual\"\nramp = \"100%\""),
        (Failback::Manual, Some(1_000_000))
    );
}
