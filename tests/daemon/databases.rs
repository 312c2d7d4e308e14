//! Databases of the running program: the places they give, a new one that is renamed into place, and broken ones.

use std::fs;
use std::path::Path;

use super::api::{ask, token};
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

fn options() -> [&'static str; 9] {
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
        // The only network that it knows is moved about.
        "--geoip-max-moved=100%",
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

/// Too much at once is refused with its figure, told everywhere, and taken by force.
#[test]
fn what_moves_too_much_is_taken_by_force_alone() {
    let folder = estate();
    put(folder.path(), &city(1.3, 103.9));
    let options = &options()[..8];
    let server = Server::with(folder, options);
    let start = server.logs("geography");
    assert!(
        start.contains("2023-11-14") && start.contains("City.mmdb"),
        "{start}"
    );
    put(server.folder.path(), &city(39.0, -77.0));
    server.logs("refused");
    let why = server.logs("to another class");
    assert!(
        why.contains("move 100% of the known IPv4 addresses of pool `web`"),
        "{why}"
    );
    assert!(
        why.contains("at most 25% may") && why.contains("?force=geoip"),
        "{why}"
    );
    assert_eq!(server.addresses("www.example.com.", EUROPE), [SIN]);

    let status = || -> serde_json::Value {
        let (code, body) = ask(&server, "GET /v1/status", None, "");
        assert_eq!(code, 200);
        serde_json::from_str(&body).unwrap()
    };
    let told = status();
    assert_eq!(told["database_swaps"]["refused"]["moved"], 1, "{told}");
    assert_eq!(told["last_reload"]["databases_refused"], "moved");
    let database = &told["databases"][0];
    assert_eq!(database["type"], "GeoIP2-City");
    assert_eq!(database["built_on"], "2023-11-14");
    assert_eq!(
        (&database["too_old"], &database["networks"]),
        (&true.into(), &1.into())
    );
    assert!(database["age_days"].as_u64() > Some(700));
    let metrics = || ask(&server, "GET /metrics", None, "").1;
    let labels = "{database=\"City.mmdb\",type=\"GeoIP2-City\"}";
    for line in [
        format!("meridian_geoip_build_timestamp_seconds{labels} 1700000000"),
        format!("meridian_geoip_stale_timestamp_seconds{labels} 1707776000"),
        format!("meridian_geoip_networks{labels} 1"),
        "meridian_geoip_refused_total{reason=\"moved\"} 1".to_owned(),
        "meridian_geoip_swaps_total 0".to_owned(),
    ] {
        let page = metrics();
        assert!(page.contains(&line), "{line}\n{page}");
    }

    let token = token(&server);
    let (code, _) = ask(&server, "POST /v1/reload?force=geoip", None, "");
    assert_eq!(code, 401);
    let (code, body) = ask(&server, "POST /v1/reload?force=all", Some(&token), "");
    assert_eq!(code, 400, "{body}");
    let (code, body) = ask(&server, "POST /v1/reload", Some(&token), "");
    assert_eq!(code, 422, "{body}");
    let (code, body) = ask(&server, "POST /v1/reload?force=geoip", Some(&token), "");
    assert_eq!(code, 200, "{body}");
    let who = server.logs("force=geoip");
    assert!(who.contains("operator") || who.contains("cause"), "{who}");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    let told = status();
    assert_eq!(told["database_swaps"]["taken"], 1, "{told}");
    assert_eq!(
        told["last_reload"]["databases_refused"],
        serde_json::Value::Null
    );
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
