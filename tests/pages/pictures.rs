//! Who goes where, drawn from the compiled plans: each picture is of the steering that stands on its page.

mod loops;
mod maps;
mod strips;
mod times;

use std::net::IpAddr;

use meridian::steer::plan::Plans;
use meridian::steer::wheel::Family;
use meridian::world::estate::Root;

use super::block::{Kind, blocks, list};
use super::svg::{COLOURS, GREY};
use super::{ground, read};
use crate::server::Server;

/// All pictures, by name.
pub(super) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("weighted", strips::weighted()),
        ("answers", strips::answers()),
        ("sticky", strips::sticky()),
        ("cdns", strips::cdns()),
        ("nearest", maps::nearest()),
        ("latency", maps::latency()),
        ("rules", maps::rules()),
        ("fence", maps::fence()),
        ("failover", times::failover()),
        ("draws", times::draws()),
        ("ramps", loops::ramps()),
        ("load", loops::load()),
    ]
}

/// The running server that a page speaks of, in the midst of what its picture shows, and the second it is then; none if the
/// command asks no running server.
pub(super) fn story(path: &str, command: &str) -> Option<(Server, u64)> {
    if !command.contains(" --server ") {
        return None;
    }
    let page = path.rsplit('/').next();
    match page.and_then(|page| page.strip_suffix(".md")) {
        Some("ramps") => Some(loops::ramped()),
        Some("load") => Some(loops::loaded()),
        _ => panic!("{path}: nobody knows that server"),
    }
}

/// The name that all pages steer.
const WWW: &str = "www.example.com";

/// A server with the steering of a page.
fn of(page: &str) -> Server {
    with(page, |steering| steering)
}

/// The same with something in the steering changed.
fn with(page: &str, change: impl Fn(String) -> String) -> Server {
    let blocks = blocks(&read(&format!("zones/policies/{page}.md")));
    let steering = blocks.iter().find(|b| b.kind() == Kind::Steering);
    let steering = steering.unwrap_or_else(|| panic!("{page} has no steering"));
    let steering = change(steering.text.clone());
    ground::stage(&steering, list(&blocks)).unwrap_or_else(|why| panic!("{page}: {why}"))
}

/// Each word has the colour of its place in the list.
fn colour(words: &[&str], word: &str) -> &'static str {
    let place = words.iter().position(|other| *other == word);
    place.map_or(GREY, |place| COLOURS[place])
}

/// A legend of these words.
fn legend(words: &[&str]) -> Vec<(&'static str, String)> {
    let entry = |word: &&str| (colour(words, word), word.to_string());
    words.iter().map(entry).collect()
}

/// What is compiled for a pool that a name points to: for whom which class, and the plan of each class.
fn compiled<'a>(server: &'a Server, pool: &str) -> (&'a Root, &'a Plans) {
    let world = server.world();
    let named = |root: &&Root| world.estate.steering.pools[usize::from(root.pool.0)].name == pool;
    let root = world.estate.roots.iter().find(named).unwrap();
    let place = world
        .estate
        .roots
        .iter()
        .position(|other| std::ptr::eq(other, root));
    (root, &world.plans[place.unwrap()])
}

/// The site that most answers of a client are from; none if its VIP has none.
fn home(server: &Server, pool: &str, client: IpAddr) -> Option<String> {
    let (root, plans) = compiled(server, pool);
    let (class, _) = root.map.find(client);
    let shares = plans
        .get(class)
        .unwrap()
        .side(Family::V4)
        .choice
        .shares(Family::V4);
    let best = shares.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let steering = &server.world().estate.steering;
    let site = steering.vips[usize::from(best.unwrap().0.0)].site?;
    Some(steering.sites[usize::from(site.0)].name.clone())
}
