//! Reloads: whole or not at all, with words, and not while git is at work.

use std::os::unix::fs::symlink;

use super::*;
use crate::keeper::Changes;

fn lines(reloaded: &Reloaded) -> String {
    let lines: Vec<String> = reloaded.diagnostics.iter().map(|d| d.line()).collect();
    lines.join("\n")
}

#[test]
fn a_new_serial_is_taken_and_told() {
    let house = House::new();
    house.report("fra-1", State::Down, 1);
    house.write("example.com.zone", &zone(2));
    house.write("example.net.zone", &other());
    let reloaded = house.reload();
    assert!(reloaded.taken, "{}", lines(&reloaded));
    let world = house.cell.full();
    assert_eq!(reloaded.generation, world.generation);
    assert_eq!(serial(&world), 2);
    let expected = Changes {
        added: vec![("example.net.".into(), 1)],
        changed: vec![("example.com.".into(), 1, 2)],
        ..Changes::default()
    };
    assert_eq!(reloaded.changes, expected);
    assert_eq!(
        house.state("fra-1"),
        State::Down,
        "health outlives a reload"
    );
    let status = house.keeper.status();
    assert_eq!((status.taken, status.refused), (2, 0));
}

#[test]
fn a_file_rewritten_with_the_same_text_is_no_change() {
    let house = House::new();
    house.write("example.com.zone", ZONE);
    let reloaded = house.reload();
    assert!(reloaded.taken);
    assert_eq!(reloaded.changes, Changes::default());
    assert_eq!(lines(&reloaded), "");
}

#[test]
fn a_broken_zone_keeps_the_old_world_and_tells_why() {
    let house = House::new();
    house.write("example.com.zone", "@ SOA what\nwww A 1.2.3\n");
    house.write(
        "steering.toml",
        &STEERING.replace("[pools.web]", "[poolz.web]"),
    );
    let reloaded = house.reload();
    assert!(!reloaded.taken);
    assert_eq!(reloaded.generation, 1);
    let world = house.cell.full();
    assert_eq!((serial(&world), world.generation), (1, 1));
    // Both files, at once, with their places.
    let lines = lines(&reloaded);
    assert!(lines.contains("example.com.zone:2:"), "{lines}");
    assert!(lines.contains("steering.toml:"), "{lines}");
    let status = house.keeper.status();
    assert_eq!((status.taken, status.refused), (1, 1));
    assert!(!status.last.taken);
    // Reports go on, and the mended estate is taken.
    house.report("fra-1", State::Down, 1);
    house.write("example.com.zone", &zone(3));
    house.write("steering.toml", STEERING);
    assert!(house.reload().taken);
    assert_eq!(serial(&house.cell.full()), 3);
    assert_eq!(house.state("fra-1"), State::Down);
}

#[test]
fn a_vip_that_leaves_and_returns_keeps_its_state_and_its_slot() {
    let house = House::new();
    house.report("fra-2", State::Drain, 1);
    let slot = |name: &str| {
        let world = house.cell.full();
        let vips = &world.estate.steering.vips;
        let at = vips.iter().position(|v| v.name == name)?;
        Some(world.estate.slots[at])
    };
    let before = slot("fra-2");
    let without = STEERING
        .replace("fra-2 =", "new-1 =")
        .replace("\"fra-2\"", "\"new-1\"");
    house.write("steering.toml", &without);
    assert!(house.reload().changes.steering);
    assert_eq!(slot("fra-2"), None);
    assert_eq!(slot("new-1"), Some(5));
    let counted = house.cell.full().estate.counted.clone();
    assert_eq!(counted[before.unwrap() as usize - 1], "fra-2".into());
    house.write("steering.toml", STEERING);
    assert!(house.reload().taken);
    assert_eq!(slot("fra-2"), before);
    assert_eq!(house.state("fra-2"), State::Drain);
}

#[test]
fn other_round_trips_are_told_and_order_sites_anew() {
    let house = House::new();
    let near = STEERING.replace("\"iad-1\", \"spare\"]", "\"iad-1\"]\npolicy = \"nearest\"");
    let near = format!("{near}[latency]\nfile = \"rtt.csv\"\n");
    let first = || {
        let world = house.cell.full();
        let root = &world.estate.roots[0];
        let (class, _) = root.map.find([193, 0, 6, 9].into());
        let steps = root.map.classes()[class as usize].steps(&root.needs, root.pool);
        world.estate.steering.sites[usize::from(steps[0][0].0)]
            .name
            .clone()
    };
    house.write("rtt.csv", "europe,fra,20\n");
    house.write("steering.toml", &near);
    assert!(house.reload().changes.steering);
    assert_eq!(first(), "fra");
    assert!(!house.reload().changes.steering);
    house.write("rtt.csv", "europe,iad,1,1000000\n");
    let reloaded = house.reload();
    assert!(reloaded.changes.steering, "{}", lines(&reloaded));
    assert_eq!(first(), "iad");
}

#[test]
fn a_checkout_is_waited_for() {
    let house = House::new();
    let git = house.folder.path().join(".git");
    fs::create_dir(&git).unwrap();
    let lock = git.join("index.lock");
    fs::write(&lock, "").unwrap();
    house.write("example.com.zone", "half of a zo");
    let waiting = {
        let (reply, answer) = oneshot::channel();
        let change = Change::Reload {
            cause: Arc::from("test"),
            touched: Touched::Everything,
            force: crate::keeper::Force::No,
            reply: Some(reply),
        };
        house.keeper.send(change).unwrap();
        answer
    };
    // Reports do not wait for git.
    house.report("fra-1", State::Down, 1);
    house.write("example.com.zone", &zone(2));
    fs::remove_file(&lock).unwrap();
    let reloaded = waiting.blocking_recv().unwrap();
    assert!(reloaded.taken, "{}", lines(&reloaded));
    assert_eq!(serial(&house.cell.full()), 2);
}

#[test]
fn the_lock_of_a_worktree_counts_and_a_stale_one_is_named() {
    let house = House::new();
    let real = house.folder.path().join("elsewhere");
    fs::create_dir(&real).unwrap();
    fs::write(house.folder.path().join(".git"), "gitdir: elsewhere\n").unwrap();
    fs::write(real.join("index.lock"), "").unwrap();
    house.write("example.com.zone", &zone(2));
    let reloaded = house.reload();
    assert!(!reloaded.taken);
    assert!(lines(&reloaded).contains("elsewhere/index.lock"));
    // Nobody asks again, and yet it is read once git is done.
    fs::remove_file(real.join("index.lock")).unwrap();
    house.until("the second try", |world| serial(world) == 2);
}

#[test]
fn reloads_that_wait_are_done_together() {
    let house = House::new();
    let ask = || {
        let (reply, answer) = oneshot::channel();
        let change = Change::Reload {
            cause: Arc::from("test"),
            touched: Touched::Everything,
            force: crate::keeper::Force::No,
            reply: Some(reply),
        };
        house.keeper.send(change).unwrap();
        answer
    };
    let waiting: Vec<_> = (0..100).map(|_| ask()).collect();
    for answer in waiting {
        assert!(answer.blocking_recv().unwrap().taken);
    }
    assert!(house.keeper.status().taken < 50);
}

#[test]
fn what_does_not_belong_into_the_folder() {
    let house = House::new();
    let zones = house.zones();
    // Hidden things and other files are passed over, also behind a link in a circle.
    fs::create_dir(zones.join(".hidden")).unwrap();
    fs::write(zones.join(".hidden/bad.zone"), "bad").unwrap();
    fs::write(zones.join("README.md"), "bad").unwrap();
    symlink(".", zones.join("circle")).unwrap();
    fs::create_dir(zones.join("deep")).unwrap();
    fs::write(zones.join("deep/deep.example.zone"), other()).unwrap();
    let reloaded = house.reload();
    assert!(reloaded.taken, "{}", lines(&reloaded));
    assert_eq!(house.cell.full().estate.zones.len(), 2);
    // Links that lead out or nowhere are mistakes, each with its name.
    let outside = house.folder.path().join("outside.zone");
    fs::write(&outside, ZONE).unwrap();
    symlink(&outside, zones.join("outside.zone")).unwrap();
    symlink("nothing", zones.join("dangling.zone")).unwrap();
    fs::create_dir(zones.join("folder.zone")).unwrap();
    let reloaded = house.reload();
    assert!(!reloaded.taken);
    let lines = lines(&reloaded);
    assert!(
        lines.contains("outside.zone: a link that leads out"),
        "{lines}"
    );
    assert!(lines.contains("dangling.zone: cannot be read"), "{lines}");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}
