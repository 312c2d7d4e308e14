//! Who goes where, drawn from the compiled plans: each picture is of the steering that stands on its page.

mod maps;
mod strips;
mod times;

use std::net::IpAddr;

use meridian::steer::plan::Plans;
use meridian::steer::wheel::Family;
use meridian::world::estate::Root;

use super::block::{Kind, blocks};
use super::svg::{COLOURS, GREY};
use super::{ground, read};
use crate::server::Server;

/// All pictures, by name.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let mut drawn = vec![
        ("weighted", strips::weighted()),
        ("sticky", strips::sticky()),
        ("nearest", maps::nearest()),
        ("rules", maps::rules()),
        ("fence", maps::fence()),
        ("failover", times::failover()),
        ("draws", times::draws()),
    ];
    if steering("answers").is_some() {
        drawn.push(("answers", strips::answers()));
    }
    drawn
}

/// The name that all pages steer.
const WWW: &str = "www.example.com";

/// The steering of a page; none if it is of what is not built yet.
fn steering(page: &str) -> Option<String> {
    let found = blocks(&read(&format!("zones/policies/{page}.md")));
    let mut found = found.into_iter();
    let steering = found.find(|block| block.kind() == Kind::Steering);
    steering.map(|block| block.text)
}

/// A server with the steering of a page.
fn of(page: &str) -> Server {
    let steering = steering(page).unwrap_or_else(|| panic!("{page} has no steering"));
    ground::stage(&steering).unwrap_or_else(|why| panic!("{page}: {why}"))
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
    let shares = plans.get(class).unwrap().choice.shares(Family::V4);
    let best = shares.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let steering = &server.world().estate.steering;
    let site = steering.vips[usize::from(best.unwrap().0.0)].site?;
    Some(steering.sites[usize::from(site.0)].name.clone())
}
