//! Digests, and plans that are taken over: a world that came by changes is the one that is made anew.

use std::collections::BTreeMap;

use meridian::health::verdict::Both;
use meridian::world::World;
use meridian::world::situation::Standing;

use super::served::{atlas, believe, centroids, start};
use super::{cases, mmdb, text};
use crate::server::Server;

/// Random estates, each with its boards and one reload.
const CASES: u64 = 150;

/// What every class of every pool gets, times included.
fn plans(world: &World) -> Vec<(u128, Vec<u64>)> {
    let pools = world.plans.iter();
    let pools = pools.map(|pool| {
        let times = pool.all().iter().map(|plan| plan.quiet_at);
        (pool.digest().0, times.collect())
    });
    pools.collect()
}

/// The same estate and verdicts without any past.
fn anew(world: &World) -> World {
    let vips = world.estate.steering.vips.iter();
    let known: BTreeMap<&str, _> = (vips.zip(world.verdicts.iter()))
        .map(|(vip, both)| (vip.name.as_str(), both))
        .collect();
    let (estate, badge) = (world.estate.clone(), world.badge.clone());
    let standing = Standing {
        verdicts: estate.verdicts(|name| known[name]),
        motion: world.motion.clone(),
    };
    World::new(estate, badge, standing, 1)
}

fn files(toml: &str, estate: &super::estate::Estate) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("zones/steering.toml".to_string(), toml.to_string()),
        ("zones/example.com.zone".to_string(), text::to_zone(estate)),
        ("zones/corrections.csv".to_string(), text::to_csv(estate)),
        ("zones/rtt.csv".to_string(), text::to_rtt(estate)),
    ])
}

#[test]
fn plans_that_are_taken_over_are_those_made_anew() {
    let centroids = centroids();
    let (mut kept, mut all) = (0, 0);
    for seed in 0..CASES {
        let case = cases::case(&cases::tapes(seed), &centroids);
        let databases = mmdb::files(&case.estate);
        let mut server = start(&case.estate, &databases);
        let check = |server: &Server, what: &str| {
            let world = server.world();
            let new = anew(world);
            assert_eq!(plans(world), plans(&new), "{what}, case {seed}");
            assert_eq!(world.digests(), new.digests(), "{what}, case {seed}");
        };
        check(&server, "at first");
        for board in 0..case.boards.len() {
            believe(&mut server, &case, board);
            check(&server, &format!("board {board}"));
        }
        // A reload that changes one VIP.
        let before = server.world().plans.clone();
        let mut estate = case.estate.clone();
        let vip = seed as usize % estate.vips.len();
        estate.vips[vip].weight = estate.vips[vip].weight / 2 + 1;
        server.situation.board = meridian::health::board::Board::default();
        let atlas = server.world().estate.databases.clone();
        let loaded = server.load(&files(&text::to_toml(&estate), &estate), atlas);
        assert!(loaded.is_ok(), "{loaded:?}");
        check(&server, "reload");
        server.believe(|_| Both::UNKNOWN);
        let same = server.load(
            &files(&text::to_toml(&estate), &estate),
            server.world().estate.databases.clone(),
        );
        assert!(same.is_ok(), "{same:?}");
        check(&server, "reload of the same");
        let pairs = before.iter().zip(&server.world().plans);
        all += before.len();
        kept += pairs.filter(|(a, b)| std::sync::Arc::ptr_eq(a, b)).count();
    }
    println!("{kept} of {all} pools kept their plans over a reload");
}

/// The tables of a steering file, each in a file of its own, the last first.
fn apart(toml: &str) -> Vec<String> {
    let mut tables = vec![String::new()];
    for line in toml.lines() {
        if line.starts_with('[') {
            tables.push(String::new());
        }
        let table = tables.last_mut().unwrap();
        table.push_str(line);
        table.push('\n');
    }
    tables.retain(|table| !table.trim().is_empty());
    tables.reverse();
    tables
}

#[test]
fn digests_do_not_depend_on_files_and_their_order() {
    let centroids = centroids();
    for seed in 0..CASES {
        let case = cases::case(&cases::tapes(seed), &centroids);
        let databases = mmdb::files(&case.estate);
        let server = start(&case.estate, &databases);
        let toml = text::to_toml(&case.estate);
        let mut files = files(&toml, &case.estate);
        files.remove("zones/steering.toml");
        for (n, table) in apart(&toml).into_iter().enumerate() {
            files.insert(format!("zones/part-{n:02}.toml"), table);
        }
        let mut other = Server::default();
        let loaded = other.load(&files, atlas(&databases));
        assert!(loaded.is_ok(), "{loaded:?}");
        let (one, two) = (server.world().digests(), other.world().digests());
        assert_eq!(one, two, "case {seed}:\n{toml}");
    }
}
