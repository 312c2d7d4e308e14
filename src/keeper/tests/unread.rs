//! Databases that did not change: a reload of steering does not read them again, nor does it make anew what still holds.

use super::*;
use crate::geo::tests::mmdb::{Mmdb, Record, text};
use crate::keeper::load::Asked;

/// Octets that this thread has read from files so far, as the system counts them.
fn octets() -> u64 {
    let counts = fs::read_to_string("/proc/thread-self/io").unwrap();
    let read = counts.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.unwrap().parse().unwrap()
}

fn steering(weight: u32, country: &str) -> String {
    format!(
        "[vips]\nred = {{ address = \"192.0.2.1\", weight = {weight} }}\nblue = {{ address = \"192.0.2.2\" }}\n\
         [rules.near]\n{country} = \"red\"\n[pools.web]\nmembers = [\"red\", \"blue\"]\nprefer = \"near\"\n\
         [names]\n\"www.a.example.\" = \"web\"\n"
    )
}

#[test]
fn steering_alone_reads_no_database() {
    const SIZE: usize = 4 << 20;
    let folder = TempDir::new().unwrap();
    let zones = folder.path().join("zones");
    let database = folder.path().join("city.mmdb");
    let mut file = Mmdb::new("GeoIP2-City").with("192.0.2.0/24", Record::new().country("DE"));
    file.records.push(text(&"x".repeat(SIZE)));
    fs::write(&database, file.bytes()).unwrap();
    fs::create_dir(&zones).unwrap();
    fs::write(zones.join("a.example.zone"), other()).unwrap();
    fs::write(zones.join("s.toml"), steering(1, "DE")).unwrap();
    let mut loader = Loader::new(Paths {
        zones: zones.clone(),
        geoip: vec![database],
        cookies: None,
        max_dropped: crate::limits::DROPPED,
        guard: crate::config::machine::geoip::Guard::default(),
    });
    let before = octets();
    let first = loader.first().estate.unwrap();
    assert!(octets() - before > SIZE as u64, "it reads elsewhere");
    let news = Touched::Paths([fs::canonicalize(&zones).unwrap().join("s.toml")].into());

    fs::write(zones.join("s.toml"), steering(2, "DE")).unwrap();
    let before = octets();
    let second = loader.load(Some(&first), &news, Asked::News);
    let second = second.estate.unwrap();
    assert!(octets() - before < SIZE as u64);
    assert!(Arc::ptr_eq(&first.atlas, &second.atlas));
    assert!(Arc::ptr_eq(&first.roots[0].map, &second.roots[0].map));

    fs::write(zones.join("s.toml"), steering(2, "FR")).unwrap();
    let third = loader.load(Some(&second), &news, Asked::News);
    let third = third.estate.unwrap();
    assert!(Arc::ptr_eq(&second.atlas, &third.atlas));
    assert!(!Arc::ptr_eq(&second.roots[0].map, &third.roots[0].map));
}
