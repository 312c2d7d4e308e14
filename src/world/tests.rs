//! What worlds share, and that every machine makes the same of the same.

use std::sync::Arc;

use super::*;
use crate::config;
use crate::diagnostic::{self, Source};
use crate::geo::atlas::Atlas;
use crate::health::verdict::{Both, Family, State, Verdict};
use crate::steer::plan::Plan;
use crate::world::estate::Slots;
use crate::world::link::{self, Read};
use crate::zone::{self, Texts};

const ZONE: &str = "@ 60 IN SOA ns1 h 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n";

const STEERING: &str = r#"
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
sin = { location = [1.36, 103.99] }
[vips]
fra-1 = { site = "fra", address = "198.51.100.1", address6 = "2001:db8::1", weight = 3 }
fra-2 = { site = "fra", address = "198.51.100.2", address6 = "2001:db8::2", weight = 7 }
iad-1 = { site = "iad", address = "198.51.100.3", address6 = "2001:db8::3" }
sin-1 = { site = "sin", address = "198.51.100.4", address6 = "2001:db8::4" }
[rules.home]
europe = ["fra", "iad"]
asia = "sin"
[pools.near]
members = ["fra", "iad", "sin"]
policy = "nearest"
answers = 2
[pools.spread]
members = ["fra", "iad"]
prefer = "home"
[pools.same]
members = ["fra", "iad"]
prefer = "home"
ttl = "30s"
[pools.stick]
members = { fra = 30, sin = 70 }
draw = "sticky"
[names]
"near.example.com." = "near"
"spread.example.com." = "spread"
"same.example.com." = "same"
"stick.example.com." = "stick"
"#;

fn estate(steering: &str, before: Option<&Estate>) -> Arc<Estate> {
    let zone = zone::read(
        &Source::new("example.com.zone", ZONE),
        &"example.com.".parse().unwrap(),
        &Texts::alone(),
        None,
    );
    let zone = Read {
        path: Arc::from("example.com.zone"),
        folder: 0,
        zone: Arc::new(zone.zone.unwrap()),
    };
    let source = Source::new("steering.toml", steering);
    let (steering, found) = config::steering(&[source], &config::alone);
    let steering = steering.unwrap_or_else(|| panic!("{}", diagnostic::render(&found, false)));
    let atlas = before.map_or_else(|| Arc::new(Atlas::builtin()), |b| b.databases.clone());
    let (estate, found) = link::link(
        vec![zone],
        Arc::new(steering),
        atlas,
        &mut Slots::default(),
        before,
        &mut |_, _| None,
    );
    Arc::new(estate.unwrap_or_else(|| panic!("{}", diagnostic::render(&found, false))))
}

fn world(steering: &str) -> World {
    let estate = estate(steering, None);
    let unknown = Standing::unknown(&estate);
    World::new(estate, Arc::default(), unknown, 1)
}

const DOWN: Verdict = Verdict {
    state: State::Down,
    since: 7,
};

fn down(name: &str) -> impl Fn(&str) -> Both + '_ {
    move |vip| match vip == name {
        true => Both::same(DOWN),
        false => Both::UNKNOWN,
    }
}

fn with(world: &World, verdict: impl Fn(&str) -> Both, generation: u64) -> World {
    world.with(Standing::calm(&world.estate, verdict), generation)
}

fn plans<'a>(world: &'a World, pool: &str) -> &'a Arc<Plans> {
    let pools = &world.estate.steering.pools;
    let at = world.estate.roots.iter();
    let at = at
        .clone()
        .position(|root| pools[usize::from(root.pool.0)].name == pool);
    &world.plans[at.unwrap()]
}

fn same(a: &Plan, b: &Plan) -> bool {
    let choice = |plan: &Plan| plan.side(Family::V4).choice.clone();
    Arc::ptr_eq(&choice(a), &choice(b))
}

/// Which of the pools are planned anew.
fn anew(before: &World, after: &World) -> Vec<&'static str> {
    let pools = ["near", "spread", "same", "stick"];
    let other = |pool: &&str| !Arc::ptr_eq(plans(before, pool), plans(after, pool));
    pools.into_iter().filter(other).collect()
}

#[test]
fn a_change_of_health_plans_only_what_looked_at_the_vip() {
    let before = world(STEERING);
    let after = with(&before, down("sin-1"), 2);
    assert_eq!(anew(&before, &after), ["near", "stick"]);
    // Of a pool it is planned for the classes that come there, and for no other.
    let pairs = plans(&before, "near").all().iter();
    let pairs = pairs.zip(plans(&after, "near").all());
    let shared: Vec<bool> = pairs.map(|(a, b)| same(a, b)).collect();
    assert!(
        shared.contains(&true) && shared.contains(&false),
        "{shared:?}"
    );
    // What is believed as before is no change.
    let again = with(&after, down("sin-1"), 3);
    assert_eq!(anew(&after, &again), [""; 0]);
    // Below a rule's first entry nothing was looked at, until that is down.
    let one = with(&before, down("iad-1"), 2);
    assert_eq!(anew(&before, &one), ["near", "spread", "same"]);
}

#[test]
fn a_reload_plans_only_what_it_changes() {
    let before = world(STEERING);
    let follow = |text: &str, verdict: &dyn Fn(&str) -> Both| {
        let estate = estate(text, Some(&before.estate));
        let standing = Standing::calm(&estate, verdict);
        before.follow(estate, Arc::default(), standing, 2)
    };
    let unknown = |_: &str| Both::UNKNOWN;
    assert_eq!(anew(&before, &follow(STEERING, &unknown)), [""; 0]);
    let number = STEERING.replace("sin = 70", "sin = 71");
    assert_eq!(anew(&before, &follow(&number, &unknown)), ["stick"]);
    let ttl = STEERING.replace("\"30s\"", "\"40s\"");
    assert_eq!(anew(&before, &follow(&ttl, &unknown)), ["same"]);
    let weight = STEERING.replace("weight = 3", "weight = 4");
    let all = ["near", "spread", "same", "stick"];
    assert_eq!(anew(&before, &follow(&weight, &unknown)), all);
    // A VIP with a name before all others moves their numbers.
    let more = STEERING.replace("[vips]", "[vips]\na = { address = \"198.51.100.9\" }");
    assert_eq!(anew(&before, &follow(&more, &unknown)), all);
    let site = STEERING.replace("1.36", "1.37");
    assert_eq!(anew(&before, &follow(&site, &unknown)), all);
    // Health that has changed meanwhile counts too.
    let down = down("sin-1");
    assert_eq!(anew(&before, &follow(STEERING, &down)), ["near", "stick"]);
    let ttl = follow(&ttl, &down);
    assert_eq!(anew(&before, &ttl), ["near", "same", "stick"]);
    let standing = Standing::calm(&ttl.estate, &down);
    let new = World::new(ttl.estate.clone(), Arc::default(), standing, 2);
    assert_eq!(ttl.digests(), new.digests());
}

#[test]
fn pools_that_choose_alike_share_their_choices() {
    let world = world(STEERING);
    let pairs = plans(&world, "spread").all().iter();
    let mut pairs = pairs.zip(plans(&world, "same").all());
    assert!(pairs.all(|(a, b)| same(a, b)));
}

#[test]
fn every_machine_makes_the_same() {
    // Another machine that makes another of these shows itself here; a newer built-in map changes the second and the last.
    let named = world(STEERING).digests().named();
    let expected = [
        ("estate", "918182f5dd6ffae93a4643c81bcc4406"),
        ("databases", "4af5d2b9780072aa620a554c721b10ad"),
        ("board", "c63aa05a1a79a4c01012c103aba0b6d0"),
        ("plans", "32e0d3941efd7cfcc793e52ee02f8fad"),
    ];
    let named = named.map(|(of, digest)| (of, digest.to_string()));
    assert_eq!(
        named.each_ref().map(|(of, digest)| (*of, digest.as_str())),
        expected
    );
}

#[test]
fn digests_tell_what_is_another_and_no_more() {
    let said = |world: &World| world.digests();
    let one = world(STEERING);
    let lost = with(&one, down("fra-2"), 2);
    let (a, b) = (said(&one), said(&lost));
    assert_eq!((a.estate, a.databases), (b.estate, b.databases));
    assert!(a.board != b.board && a.plans != b.plans);
    // When a change came is a matter of clocks.
    let late = |vip: &str| match vip {
        "fra-2" => Both::same(Verdict { since: 99, ..DOWN }),
        _ => Both::UNKNOWN,
    };
    assert_eq!(said(&with(&one, late, 2)), b);
    // A name with the same pool is another estate, and the same plans.
    let more = format!("{STEERING}\"more.example.com.\" = \"near\"\n");
    let more = said(&world(&more));
    assert_ne!(more.estate, a.estate);
    assert_eq!((more.board, more.plans), (a.board, a.plans));
    // Comments are nothing.
    assert_eq!(said(&world(&format!("# hm\n{STEERING}"))), a);
}
