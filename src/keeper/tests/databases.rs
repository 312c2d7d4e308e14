//! New databases in the place of those in force: what is refused, what is warned of, and what force takes.

use super::*;
use crate::config::machine::geoip::{Guard, Older};
use crate::geo::tests::mmdb::{Mmdb, Record};
use crate::keeper::guard::Refusal;
use crate::keeper::load::{Asked, Loaded};
use crate::world::estate::Estate;

/// Europe goes one way and all else the other.
const PLACES: &str = r#"
[sites]
fra = {}
sin = {}
[vips]
fra-1 = { site = "fra", address = "192.0.2.10" }
sin-1 = { site = "sin", address = "203.0.113.10" }
[rules.where]
europe = "fra"
[pools.web]
members = ["fra", "sin"]
policy = "failover"
prefer = "where"
[names]
"www.example.com." = "web"
"#;

/// A loader with an estate in force.
struct Desk {
    folder: TempDir,
    loader: Loader,
    estate: Estate,
}

/// Of the four quarters of 193.0.0.0/8 and of 2a00::/16 these countries.
fn quarters(v4: [&str; 4], v6: [&str; 4], build: u64) -> Vec<u8> {
    let mut file = Mmdb {
        build,
        ..Mmdb::new("GeoLite2-Country")
    };
    for (n, code) in v4.into_iter().enumerate() {
        file.add(
            &format!("193.{}.0.0/10", n * 64),
            Record::new().country(code).value(),
        );
    }
    for (n, code) in v6.into_iter().enumerate() {
        let network = format!("2a00:{:x}::/18", n << 14);
        file.add(&network, Record::new().country(code).value());
    }
    file.bytes()
}

const BUILD: u64 = 1_700_000_000;

fn europe(build: u64) -> Vec<u8> {
    quarters(["DE"; 4], ["FR"; 4], build)
}

impl Desk {
    fn new(guard: Guard) -> Desk {
        let folder = TempDir::new().unwrap();
        let zones = folder.path().join("zones");
        fs::create_dir(&zones).unwrap();
        fs::write(zones.join("example.com.zone"), ZONE).unwrap();
        fs::write(zones.join("steering.toml"), PLACES).unwrap();
        let file = folder.path().join("a.mmdb");
        fs::write(&file, europe(BUILD)).unwrap();
        let mut loader = Loader::new(Paths {
            zones,
            geoip: vec![file],
            guard,
            cookies: None,
            max_dropped: crate::limits::DROPPED,
        });
        let estate = loader.first().estate.unwrap();
        Desk {
            folder,
            loader,
            estate,
        }
    }

    /// Puts a database there, and reads; what comes of it, and what is said in a line each.
    fn put(&mut self, bytes: &[u8], asked: Asked) -> (Loaded, String) {
        fs::write(self.folder.path().join("a.mmdb"), bytes).unwrap();
        self.load(asked)
    }

    fn load(&mut self, asked: Asked) -> (Loaded, String) {
        let loaded = self
            .loader
            .load(Some(&self.estate), &Touched::Everything, asked);
        let lines: Vec<String> = loaded.diagnostics.iter().map(|d| d.line()).collect();
        assert_eq!(
            loaded.estate.is_none(),
            lines.iter().any(|l| l.starts_with("error"))
        );
        (loaded, lines.join("\n"))
    }
}

/// The example databases are of 2023; what is said of that is not what these tests are about.
fn old() -> Guard {
    Guard {
        max_age: u64::MAX,
        ..Guard::default()
    }
}

#[test]
fn an_older_one_is_refused_unless_it_is_forced_or_allowed() {
    let mut desk = Desk::new(old());
    let day_before = europe(BUILD - 86_400);
    let (loaded, said) = desk.put(&day_before, Asked::News);
    assert_eq!(
        (loaded.refusal, loaded.estate.is_none()),
        (Some(Refusal::Older), true)
    );
    assert!(
        said.contains("built on 2023-11-13, and the one in force on 2023-11-14"),
        "{said}"
    );
    assert!(said.contains("POST /v1/reload?force=geoip"), "{said}");
    // As long as it lies there, nothing else is taken either.
    assert_eq!(desk.load(Asked::Verdict).0.refusal, Some(Refusal::Older));
    let (loaded, said) = desk.load(Asked::Forced(crate::keeper::Force::Databases));
    assert_eq!((loaded.refusal, said.as_str()), (None, ""));
    desk.estate = loaded.estate.unwrap();
    assert_eq!(desk.estate.atlas.origins[0].build, BUILD - 86_400);
    // The same day again is not older, and a newer one is fine.
    for build in [BUILD - 86_400, BUILD] {
        let (loaded, _) = desk.put(&quarters(["DE"; 4], ["DE"; 4], build), Asked::Verdict);
        assert_eq!(loaded.refusal, None);
        desk.estate = loaded.estate.unwrap();
    }
    let allowed = Guard {
        older: Older::Taken,
        ..old()
    };
    let (loaded, _) = Desk::new(allowed).put(&day_before, Asked::Verdict);
    assert_eq!((loaded.refusal, loaded.estate.is_some()), (None, true));
}

/// A quarter may move, in each family for itself, and not a bit more.
#[test]
fn what_moves_too_much_is_refused() {
    let (de, sg) = ("DE", "SG");
    let table = [
        ([sg, de, de, de], [de; 4], None),
        ([de; 4], [de, de, sg, de], None),
        ([sg, de, de, de], [sg, de, de, de], None),
        // Another country of the same class moves nobody.
        (["FR", "IT", "ES", "PL"], ["FR"; 4], None),
        ([sg, sg, de, de], [de; 4], Some("50% of the known IPv4")),
        ([de; 4], [sg, sg, sg, de], Some("75% of the known IPv6")),
    ];
    for (v4, v6, words) in table {
        let mut desk = Desk::new(old());
        let (loaded, said) = desk.put(&quarters(v4, v6, BUILD), Asked::News);
        assert_eq!(
            loaded.refusal,
            words.map(|_| Refusal::Moved),
            "{v4:?} {v6:?}: {said}"
        );
        assert!(said.contains(words.unwrap_or_default()), "{said}");
        if words.is_some() {
            assert!(
                said.contains("pool `web`") && said.contains("at most 25% may"),
                "{said}"
            );
            let (loaded, _) = desk.load(Asked::Forced(crate::keeper::Force::Databases));
            assert_eq!((loaded.refusal, loaded.estate.is_some()), (None, true));
        }
    }
    let little = Guard {
        max_moved: 249_999,
        ..old()
    };
    let (loaded, said) =
        Desk::new(little).put(&quarters([sg, de, de, de], [de; 4], BUILD), Asked::News);
    assert_eq!(loaded.refusal, Some(Refusal::Moved), "{said}");
}

/// Steering that changes with the databases is on both sides: what it moves is not their doing.
#[test]
fn what_steering_moves_is_not_counted() {
    let mut desk = Desk::new(old());
    let steering = desk.folder.path().join("zones/steering.toml");
    let turned = PLACES.replace("europe = ", "asia = ");
    fs::write(&steering, &turned).unwrap();
    let (loaded, said) = desk.put(&quarters(["FR"; 4], ["DE"; 4], BUILD), Asked::Verdict);
    assert_eq!(loaded.refusal, None, "{said}");
    assert!(loaded.estate.is_some());
    // By the new steering Asia matters.
    let (loaded, said) = desk.put(&quarters(["SG"; 4], ["DE"; 4], BUILD), Asked::Verdict);
    assert_eq!(loaded.refusal, Some(Refusal::Moved), "{said}");
}

#[test]
fn broken_and_missing_ones_are_told_apart() {
    let mut desk = Desk::new(old());
    for broken in [&b""[..], b"\xab\xcd\xefMaxMind.com", &europe(BUILD)[..100]] {
        let (loaded, said) = desk.put(broken, Asked::Verdict);
        assert_eq!(loaded.refusal, Some(Refusal::Broken), "{said}");
        // No force makes a database of it.
        let (loaded, _) = desk.load(Asked::Forced(crate::keeper::Force::Databases));
        assert_eq!(
            (loaded.refusal, loaded.estate.is_none()),
            (Some(Refusal::Broken), true)
        );
    }
    fs::remove_file(desk.folder.path().join("a.mmdb")).unwrap();
    assert_eq!(
        desk.load(Asked::Verdict).0.refusal,
        Some(Refusal::Unreadable)
    );
    let (loaded, said) = desk.put(&europe(BUILD), Asked::Verdict);
    assert_eq!((loaded.refusal, said.as_str()), (None, ""));
}

#[test]
fn age_is_warned_of() {
    let mut desk = Desk::new(Guard::default());
    let (loaded, said) = desk.load(Asked::Verdict);
    assert!(loaded.estate.is_some());
    assert!(
        said.starts_with("warning: database ") && said.contains("a.mmdb: built on 2023-11-14, "),
        "{said}"
    );
    assert!(
        said.contains("days ago; fetch a newer one") && said.contains("now 90 days"),
        "{said}"
    );
    let (_, said) = desk.put(
        &europe(crate::keeper::clock::wall() - 89 * 86_400),
        Asked::Verdict,
    );
    assert_eq!(said, "");
}
