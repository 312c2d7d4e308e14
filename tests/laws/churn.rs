//! Who moves when a VIP fails, returns, or weighs otherwise: 100,000 clients of `sticky` pools, and as many names of `name`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use meridian::answer::Transport;
use meridian::geo::atlas::Atlas;
use meridian::health::verdict::{Both, State, Verdict};

use super::super::cases::NOW;
use super::field;
use crate::server::Server;
use crate::subnet;

/// Client keys, and names.
const CLIENTS: u32 = 100_000;

/// Slots of a sticky table, each of which goes where hashes say.
const SLOTS: f64 = 4096.0;

const ZONE: &str =
    "$TTL 60\n@ SOA ns hostmaster 1 7200 900 1209600 300\n@ NS ns\nns A 198.51.100.53\n";

/// As they are at first. The VIPs stand at three sites in turn.
const WEIGHTS: [u32; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 40];

/// What each client gets: of each VIP whether it is in the answer.
type Picture = Vec<u16>;

fn steering(weights: &[u32; 12]) -> String {
    let mut text = String::from("[sites]\na = {}\nb = {}\nc = {}\n[vips]\n");
    for (n, weight) in weights.iter().enumerate() {
        let site = ["a", "b", "c"][n % 3];
        let (number, name) = (n + 1, format!("{site}-{n}"));
        text += &format!(
            "{name} = {{ site = \"{site}\", address = \"192.0.2.{number}\", weight = {weight} }}\n"
        );
    }
    text += "[pools.part]\nmembers = [\"b\"]\n";
    for draw in ["sticky", "name"] {
        text +=
            &format!("[pools.flat-{draw}]\nmembers = [\"a\", \"b\", \"c\"]\ndraw = \"{draw}\"\n");
        text += &format!(
            "[pools.nest-{draw}]\nmembers = {{ a = 3, part = 2, c-11 = 1 }}\ndraw = \"{draw}\"\nanswers = 2\n"
        );
    }
    text += "[names]\n";
    for pool in ["flat-sticky", "nest-sticky", "flat-name", "nest-name"] {
        text += &format!("\"*.{pool}.example.com.\" = \"{pool}\"\n");
    }
    text
}

fn load(server: &mut Server, weights: &[u32; 12]) {
    let files = BTreeMap::from([
        ("zones/example.com.zone".to_string(), ZONE.to_string()),
        ("zones/steering.toml".to_string(), steering(weights)),
    ]);
    let atlas = Atlas::read(&[]).unwrap_or_else(|found| panic!("{found:?}"));
    server.load(&files, atlas.into()).unwrap();
}

/// These VIPs down, all others up.
fn down(server: &mut Server, vips: &[usize]) {
    let state = |name: &str| match vips.iter().any(|vip| name.ends_with(&format!("-{vip}"))) {
        true => State::Down,
        false => State::Up,
    };
    server.believe(|name| {
        Both::same(Verdict {
            state: state(name),
            since: NOW,
        })
    });
}

fn picture(server: &mut Server, pool: &str) -> Picture {
    let by_name = pool.ends_with("name");
    let one = |number: u32| {
        let client = Ipv4Addr::from(0x1400_0000 + if by_name { 0 } else { number << 8 });
        let name = format!("n{}.{pool}.example.com.", if by_name { number } else { 0 });
        let query = subnet::query(7, &name, subnet::A, Some((client.into(), 24)));
        let reply = server.ask(&query, ([203, 0, 113, 7], 53).into(), Transport::Udp, NOW);
        let told = subnet::read(&reply.unwrap()).unwrap();
        let vips = field::addresses(&told)
            .into_iter()
            .map(|address| match address {
                IpAddr::V4(address) => 1u16 << (address.octets()[3] - 1),
                IpAddr::V6(_) => panic!("{address}"),
            });
        let set = vips.fold(0, |set, vip| set | vip);
        assert!(set != 0, "{pool} {number}: an empty answer");
        set
    };
    (0..CLIENTS).map(one).collect()
}

fn moved(a: &Picture, b: &Picture) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

#[test]
fn only_the_clients_of_a_failed_vip_move_and_all_come_back() {
    let mut server = Server::default();
    load(&mut server, &WEIGHTS);
    for pool in ["flat-sticky", "nest-sticky", "flat-name", "nest-name"] {
        down(&mut server, &[]);
        let before = picture(&mut server, pool);
        // One of site b alone, then one of site a as well: the heaviest of its site each.
        let mut failed = vec![7];
        down(&mut server, &failed);
        let first = picture(&mut server, pool);
        failed.push(6);
        down(&mut server, &failed);
        let second = picture(&mut server, pool);
        for (vip, old, new) in [(7, &before, &first), (6, &first, &second)] {
            let its = |set: &u16| set & 1 << vip != 0;
            let clients = old.iter().filter(|set| its(set)).count();
            let others = old
                .iter()
                .zip(new)
                .filter(|(old, new)| !its(old) && old != new)
                .count();
            let left = new.iter().filter(|set| its(set)).count();
            println!(
                "{pool}: VIP {vip} fails: {} of {CLIENTS} move, all of its {clients} and {others} others",
                moved(old, new)
            );
            assert_eq!((others, left), (0, 0), "{pool} {vip}");
            assert_eq!(moved(old, new), clients);
            assert!(clients > 1_000, "{pool} {vip}: {clients}");
        }
        failed.remove(0);
        down(&mut server, &failed);
        let third = picture(&mut server, pool);
        let back = second
            .iter()
            .zip(&third)
            .filter(|(old, new)| old != new && *new & 1 << 7 == 0)
            .count();
        assert_eq!(back, 0, "{pool}: who moves when a VIP returns moves to it");
        down(&mut server, &[]);
        assert!(
            picture(&mut server, pool) == before,
            "{pool}: not the old picture"
        );
    }
}

/// Shares of the weights, and what must move between two such.
fn parts(weights: &[u32; 12]) -> Vec<f64> {
    let sum: u32 = weights.iter().sum();
    weights
        .iter()
        .map(|w| f64::from(*w) / f64::from(sum))
        .collect()
}

/// Half the sum of all differences: no way to change the shares moves less.
fn variation(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

/// What weighted rendezvous moves: a client stays with `i` if `i` has the best of all scores under the old weights and under
/// the new ones, which of exponential scores has the chance 1 / sum of max(p_j/p_i, q_j/q_i). At most 2t / (1 + t) move,
/// where t is the variation; just t if one weight alone changes.
fn due(p: &[f64], q: &[f64]) -> f64 {
    let stays = (0..p.len()).map(|i| {
        let sum: f64 = (0..p.len()).map(|j| (p[j] / p[i]).max(q[j] / q[i])).sum();
        1.0 / sum
    });
    1.0 - stays.sum::<f64>()
}

#[test]
fn a_change_of_weight_moves_what_it_must() {
    let mut server = Server::default();
    type Change = fn(&mut [u32; 12]);
    let changes: [(&str, Change); 4] = [
        ("one heavier", |w| w[4] = 30),
        ("one lighter", |w| w[11] = 5),
        ("two change places", |w| w.swap(0, 11)),
        ("all otherwise", |w| w.reverse()),
    ];
    for pool in ["flat-sticky", "flat-name"] {
        load(&mut server, &WEIGHTS);
        let before = picture(&mut server, pool);
        for (what, change) in changes {
            let mut weights = WEIGHTS;
            change(&mut weights);
            load(&mut server, &weights);
            let after = picture(&mut server, pool);
            let (p, q) = (parts(&WEIGHTS), parts(&weights));
            let (least, due) = (variation(&p, &q), due(&p, &q));
            let most = 2.0 * least / (1.0 + least);
            let seen = moved(&before, &after) as f64 / f64::from(CLIENTS);
            // Slots are draws of their own, and clients fall into slots: five standard deviations of both.
            let bound = 5.0 * (due * (1.0 - due) * (1.0 / SLOTS + 1.0 / f64::from(CLIENTS))).sqrt();
            println!(
                "{pool}: {what}: {seen:.4} move, expected {due:.4} ± {bound:.4}, variation {least:.4}, at most {most:.4}"
            );
            assert!((seen - due).abs() <= bound && due <= most + 1e-9);
            let changed = (0..12)
                .filter(|n| WEIGHTS[*n] != weights[*n])
                .collect::<Vec<_>>();
            if let [one] = changed[..] {
                assert!((due - least).abs() < 1e-9);
                let astray = before
                    .iter()
                    .zip(&after)
                    .filter(|(a, b)| a != b && (*a | *b) & 1 << one == 0);
                assert_eq!(
                    astray.count(),
                    0,
                    "{pool}: {what}: who moves, moves to it or from it"
                );
            }
        }
        load(&mut server, &WEIGHTS);
        assert!(
            picture(&mut server, pool) == before,
            "{pool}: not the old picture"
        );
    }
}
