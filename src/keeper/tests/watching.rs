//! The watcher: every way in which tools replace an estate is noticed.

use std::os::unix::fs::symlink;

use super::*;
use crate::keeper::watch;

fn watched(house: &House) {
    watch::start(house.paths.clone(), house.keeper.clone()).unwrap();
}

/// A folder with the estate at this serial.
fn revision(folder: &Path, name: &str, serial: u32) {
    let zones = folder.join(name).join("zones");
    fs::create_dir_all(&zones).unwrap();
    fs::write(zones.join("example.com.zone"), zone(serial)).unwrap();
    fs::write(zones.join("steering.toml"), STEERING).unwrap();
}

/// As tools swap a link: another beside it, renamed over it.
fn swap(folder: &Path, link: &str, target: &str) {
    let new = folder.join("new-link");
    symlink(target, &new).unwrap();
    fs::rename(&new, folder.join(link)).unwrap();
}

#[test]
fn a_rewritten_file_a_renamed_one_and_a_new_folder() {
    let house = House::new();
    watched(&house);
    house.write("example.com.zone", &zone(2));
    house.until("the rewritten file", |world| serial(world) == 2);
    let aside = house.folder.path().join("aside");
    fs::write(&aside, zone(3)).unwrap();
    fs::rename(&aside, house.zones().join("example.com.zone")).unwrap();
    house.until("the renamed file", |world| serial(world) == 3);
    fs::create_dir(house.zones().join("more")).unwrap();
    house.write("more/example.org.zone", &other());
    house.until("the new folder", |world| world.estate.zones.len() == 2);
    fs::remove_dir_all(house.zones().join("more")).unwrap();
    house.until("its end", |world| world.estate.zones.len() == 1);
}

#[test]
fn the_link_to_the_folder_is_swapped() {
    let folder = TempDir::new().unwrap();
    revision(folder.path(), "rev-1", 1);
    revision(folder.path(), "rev-2", 2);
    symlink("rev-1/zones", folder.path().join("zones")).unwrap();
    let zones = folder.path().join("zones");
    let house = House::in_folder(Arc::new(folder), zones, "state");
    watched(&house);
    let folder = house.folder.path();
    swap(folder, "zones", "rev-2/zones");
    house.until("the second revision", |world| serial(world) == 2);
    // The new folder is watched from then on.
    fs::write(folder.join("rev-2/zones/example.com.zone"), zone(3)).unwrap();
    house.until("a change in it", |world| serial(world) == 3);
}

#[test]
fn a_link_far_above_the_folder_is_swapped() {
    let folder = TempDir::new().unwrap();
    revision(folder.path(), "rev-1", 1);
    revision(folder.path(), "rev-2", 2);
    symlink("rev-1", folder.path().join("current")).unwrap();
    let zones = folder.path().join("current/zones");
    let house = House::in_folder(Arc::new(folder), zones, "state");
    watched(&house);
    swap(house.folder.path(), "current", "rev-2");
    house.until("the second revision", |world| serial(world) == 2);
}

#[test]
fn the_whole_folder_is_replaced() {
    let house = House::new();
    watched(&house);
    let folder = house.folder.path();
    revision(folder, "rev-2", 2);
    fs::rename(folder.join("zones"), folder.join("old")).unwrap();
    fs::rename(folder.join("rev-2/zones"), folder.join("zones")).unwrap();
    house.until("the new folder", |world| serial(world) == 2);
    house.write("example.com.zone", &zone(3));
    house.until("a change in it", |world| serial(world) == 3);
}

#[test]
fn reading_is_not_followed_by_reading() {
    let house = House::new();
    watched(&house);
    house.write("example.com.zone", &zone(2));
    house.until("the change", |world| serial(world) == 2);
    // Whatever events the first reading left behind are before these in the watcher's queue.
    house.write("example.com.zone", &zone(3));
    house.until("the next change", |world| serial(world) == 3);
    assert!(house.keeper.status().taken <= 4);
}
