//! Geography at size: what a made-up Internet, a twentieth of the real one, takes of memory, and what maps share.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use meridian::geo::atlas::Atlas;
use meridian::health::verdict::{Both, State, Verdict};
use meridian::steer::class::Map;
use meridian::steer::wheel;

use crate::counting;
use crate::dice::Dice;
use crate::internet::{Family, Internet, Size};
use crate::server::Server;
use crate::steered;

/// Octets that a table may take for each network of the databases: 3.4 million then take 64 MiB.
const OCTETS: usize = 19;

const SIZE: Size = Size {
    v4: Size::WHOLE.v4 / 20,
    v6: Size::WHOLE.v6 / 20,
    cities: Size::WHOLE.cities / 20,
    providers: Size::WHOLE.providers / 20,
};

static INTERNET: LazyLock<Internet> = LazyLock::new(|| Internet::new(SIZE, 1));

fn atlas() -> Arc<Atlas> {
    let files = [INTERNET.city.bytes(), INTERNET.systems.bytes()];
    let atlas = Atlas::read(&[("city", &files[0]), ("systems", &files[1])]);
    Arc::new(atlas.unwrap_or_else(|found| panic!("{found:#?}")))
}

fn load(server: &mut Server, version: u32, atlas: &Arc<Atlas>) {
    if let Err(words) = server.load(&steered::estate(version), Arc::clone(atlas)) {
        panic!("{words}");
    }
}

fn maps(server: &Server) -> Vec<Arc<Map>> {
    let roots = &server.world().estate.roots;
    roots.iter().map(|root| Arc::clone(&root.map)).collect()
}

/// The atlas takes 8 octets for a range of IPv4 and 12 for one of IPv6, a map no more than its share; a look-up asks for no
/// memory; pools of equal needs have one map, and a steering file that changes no needs makes none anew.
#[test]
fn maps_are_small_and_shared() {
    let atlas = atlas();
    let (v4, v6) = atlas.ranges();
    assert!(v4 > 50_000 && v6 > 25_000, "{v4} {v6}");
    assert_eq!(atlas.memory(), 8 * v4 + 12 * v6);
    let networks: usize = atlas.origins.iter().take(1).map(|o| o.networks).sum();
    let mut server = Server::default();
    load(&mut server, 0, &atlas);
    let made = maps(&server);
    let mut dice = Dice(7);
    let clients: Vec<_> = (0..1_000)
        .flat_map(|_| [Family::V4, Family::V6].map(|family| INTERNET.address(&mut dice, family)))
        .collect();
    for map in &made {
        let (memory, ranges) = (map.table().memory(), map.table().len());
        assert!(memory <= OCTETS * networks, "{memory} for {networks}");
        assert!(ranges > 10_000, "{ranges}");
        let before = counting::asked();
        for client in &clients {
            std::hint::black_box(map.find(*client));
        }
        assert_eq!(counting::asked(), before);
    }
    let same = |map: &&Arc<Map>| made.iter().filter(|other| Arc::ptr_eq(map, other)).count();
    let shared: Vec<usize> = made.iter().map(|map| same(&map)).collect();
    assert_eq!(shared.iter().filter(|n| **n == 2).count(), 2, "{shared:?}");
    assert_eq!(shared.len(), steered::NAMES.len());

    load(&mut server, 1, &atlas);
    let kept = maps(&server);
    assert!(
        made.iter()
            .zip(&kept)
            .all(|(old, new)| Arc::ptr_eq(old, new))
    );
    assert!(Arc::ptr_eq(&server.world().estate.atlas, &atlas));
}

/// Every address of the networks is as the longest of them says.
#[test]
fn written_networks_are_read() {
    let atlas = atlas();
    let mut dice = Dice(11);
    let networks = &INTERNET.city.many;
    for family in [Family::V4, Family::V6] {
        for _ in 0..500 {
            let addr = INTERNET.address(&mut dice, family);
            let (facts, prefix) = atlas.find(addr);
            assert!(facts.country.is_some(), "{addr}");
            assert!(prefix.contains(addr));
        }
    }
    assert!(networks.is_sorted_by_key(|network| network.0));
    // Neighbours that say the same are written as one.
    let written = atlas.origins[0].networks;
    assert!(
        written <= networks.len() && written > networks.len() / 2,
        "{written}"
    );
}

/// Sixteen answers of 64 VIPs in 20 failure domains, as much as a sensible pool asks for: what its plans take of time and
/// memory, told and not judged, and that a pick of sixteen asks for none.
#[test]
fn what_the_largest_sensible_pool_takes() {
    for draw in ["query", "sticky"] {
        let mut steering = String::from("[vips]\n");
        let mut names = Vec::new();
        for n in 0..64 {
            let (weight, domain) = (1 + 37 * n % 101, n % 20);
            steering.push_str(&format!(
                "v{n} = {{ address = \"192.0.2.{n}\", address6 = \"2001:db8::{n}\", weight = {weight}, failure_domain = \"d{domain}\" }}\n"
            ));
            names.push(format!("v{n}"));
        }
        steering.push_str(&format!(
            "[pools.p]\nmembers = {names:?}\nanswers = 16\ndraw = \"{draw}\"\n[names]\n\"p.example.com.\" = \"p\"\n"
        ));
        let zone = "$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.253\n";
        let files = [("a.toml", &*steering), ("example.com.zone", zone)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let mut server = Server::default();
        let loaded = server.load(&files.into(), Arc::new(Atlas::builtin()));
        loaded.unwrap_or_else(|words| panic!("{words}"));
        let down = |name: &str| match name {
            "v7" => State::Down,
            _ => State::Up,
        };
        let begun = Instant::now();
        let ((), most) = counting::most(|| {
            server.believe(|name| {
                Both::same(Verdict {
                    state: down(name),
                    since: 0,
                })
            });
        });
        let took = begun.elapsed();
        println!("{draw}: planned anew in {took:?}, {most} octets more at a time while it lasted");
        let plan = server.world().plans[0].get(0).unwrap();
        let before = counting::asked();
        let mut least = 16;
        for point in (0..=u32::MAX).step_by(65_537) {
            least = least.min(
                plan.side(wheel::Family::V6)
                    .choice
                    .pick(wheel::Family::V6, point)
                    .len(),
            );
        }
        assert_eq!(counting::asked(), before);
        assert_eq!(least, 16);
    }
}
