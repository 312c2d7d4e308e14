//! What holds of every reader of foreign bytes, for tests over mutated seeds and for the fuzz targets alike.

use std::net::IpAddr;

use meridian::config;
use meridian::config::estate::Measured;
use meridian::diagnostic::{self, Diagnostic, Source};
use meridian::geo::atlas::Atlas;
use meridian::health::report;
use meridian::wire::name::Name;

/// Refused with words that can be shown, or taken without an error.
fn told(taken: bool, found: &[Diagnostic]) {
    assert_eq!(taken, !diagnostic::any_error(found), "{found:?}");
    found.iter().for_each(|one| drop(one.line()));
    diagnostic::render(found, false);
}

/// The text of a name: what is taken is written so that it is read back as the same.
pub(crate) fn name(text: &[u8]) {
    let Ok(name) = Name::parse(text, Some(&Name::root())) else {
        return;
    };
    let again = Name::parse(name.to_string().as_bytes(), None);
    assert_eq!(again.as_ref().map(Name::wire), Ok(name.wire()), "{name}");
    let read = Name::read(name.wire());
    assert_eq!(read, Ok((name.clone(), name.wire().len())));
}

/// A steering file.
pub(crate) fn steering(text: &[u8]) {
    let (steering, found) = config::steering(&[Source::new("steering.toml", text)], &config::alone);
    told(steering.is_some(), &found);
}

/// A list of networks.
pub(crate) fn networks(text: &[u8]) {
    let file = Source::new("steering.toml", "[networks]\nfile = \"l.csv\"\n");
    let list = Source::new("l.csv", text);
    let (steering, found) = config::steering(&[file], &|_, _| Ok(list.clone()));
    told(steering.is_some(), &found);
}

/// A list of measured round trips.
pub(crate) fn latency(text: &[u8]) {
    let file = "[sites]\nfra = { location = [50, 8] }\nb = {}\n[latency]\nfile = \"l.csv\"\n";
    let list = Source::new("l.csv", text);
    let file = [Source::new("steering.toml", file)];
    let (steering, found) = config::steering(&file, &|_, _| Ok(list.clone()));
    told(steering.is_some(), &found);
    for row in steering.iter().flat_map(|steering| &steering.latency) {
        let one = |m: &Measured| m.micros <= 10_000_000 && (1..=1_000_000_000).contains(&m.samples);
        assert!(
            !row.sites.is_empty() && row.sites.iter().all(one),
            "{row:?}"
        );
    }
}

/// The machine file.
pub(crate) fn machine(text: &[u8]) {
    let (machine, found) = config::machine(&Source::new("meridian.toml", text));
    told(machine.is_some(), &found);
}

/// A database, and look-ups in what was taken of it.
pub(crate) fn database(bytes: &[u8]) {
    match Atlas::read(&[("a.mmdb", bytes)]) {
        Ok(atlas) => {
            for addr in [
                "0.0.0.0",
                "193.0.6.9",
                "255.255.255.255",
                "::",
                "2001:db8::1",
            ] {
                let addr: IpAddr = addr.parse().unwrap();
                let (_, prefix) = atlas.find(addr);
                assert!(prefix.contains(addr), "{prefix} for {addr}");
            }
        }
        Err(found) => told(false, &found),
    }
}

/// A body of the health feed.
pub(crate) fn health(body: &[u8]) {
    if let Err(mistakes) = report::single(body) {
        assert!(!mistakes.is_empty());
    }
    match report::batch(body) {
        Ok(reports) => assert!(reports.len() <= meridian::limits::REPORTS),
        Err(mistakes) => assert!(!mistakes.is_empty()),
    }
}
