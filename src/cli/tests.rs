//! Which words are a command.

use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_sound() {
    Line::command().debug_assert();
}

#[test]
fn no_command_means_serve() {
    let line = Line::try_parse_from(["meridian", "--zones", "z", "--workers", "2"]).unwrap();
    assert!(line.command.is_none());
    assert_eq!(line.serve.workers, Some(2));
    assert_eq!(line.serve.place.zones, Some(PathBuf::from("z")));
}

#[test]
fn wrong_arguments_are_refused() {
    let table: [&[&str]; 10] = [
        &["--listen", "127.0.0.1"],
        &["--admin", "0.0.0.0:8053"],
        &["--workers", "0"],
        &["--workers", "513"],
        &["--geoip-max-age", "90"],
        &["--geoip-max-moved", "101%"],
        &["--log", "loud"],
        &["--zones", "z", "check"],
        &["explain", "www.example.com"],
        &[
            "explain",
            "a.",
            "1.1.1.1",
            "--server",
            "http://[::1]:1",
            "--down",
            "x",
        ],
    ];
    for args in table {
        let line = Line::try_parse_from(std::iter::once(&"meridian").chain(args));
        assert!(line.is_err(), "{args:?}");
    }
}
