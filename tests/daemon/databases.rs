//! Databases of the running program: the places they give, a new one that is renamed into place, and broken ones.

use std::fs;
use std::path::Path;

use super::server::{Server, estate};
use super::{EUROPE, IAD, SIN};
use crate::mmdb::{Mmdb, Record};

/// A City database in which the European client is at this place.
fn city(latitude: f64, longitude: f64) -> Vec<u8> {
    let here = Record::new()
        .continent("AS")
        .country("SG")
        .location(latitude, longitude);
    Mmdb::new("GeoIP2-City").with("193.0.0.0/16", here).bytes()
}

/// As geoipupdate does it: written beside, then renamed.
fn put(folder: &Path, bytes: &[u8]) {
    fs::write(folder.join("new"), bytes).unwrap();
    fs::rename(folder.join("new"), folder.join("City.mmdb")).unwrap();
}

fn options() -> [&'static str; 8] {
    let (dns, api) = ("127.0.0.1:0", "127.0.0.1:0");
    [
        "serve",
        "--listen",
        dns,
        "--admin",
        api,
        "--geoip",
        "City.mmdb",
        "--workers=1",
    ]
}

#[test]
fn a_database_is_swapped_and_a_broken_one_refused() {
    let folder = estate();
    put(folder.path(), &city(1.3, 103.9));
    let server = Server::with(folder, &options());
    assert_eq!(server.addresses("www.example.com.", EUROPE), [SIN]);

    put(server.folder.path(), &city(39.0, -77.0));
    server.logs("read anew");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);

    let whole = city(1.3, 103.9);
    put(server.folder.path(), &whole[..whole.len() / 2]);
    server.logs("refused");
    let why = server.logs("City.mmdb");
    assert!(why.contains("ERROR"), "{why}");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);

    put(server.folder.path(), &whole);
    server.logs("read anew");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [SIN]);
}

#[test]
fn a_broken_database_at_the_start_is_an_error_that_names_it() {
    let folder = estate();
    put(folder.path(), b"this is no database");
    let mut command = Server::command(folder.path());
    let (code, _, told) = super::run(command.args(["--geoip", "City.mmdb"]));
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("City.mmdb"), "{told}");
}
