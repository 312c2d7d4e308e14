//! Shares, sets, order, hashes and logarithms by hand.

use std::net::IpAddr;

use super::super::draw;
use super::super::estate::{Draw, Family, Pool, Vip};
use super::super::judge::Candidate;
use super::State::{Down, Unknown, Up};
use super::Target::{Site as S, Vip as V};
use super::{all, asked, close, pool, states, vips, world};

#[test]
fn systematic_sampling_includes_everyone_as_often_as_it_weighs() {
    let candidate = |(vip, mass): (usize, u128)| Candidate {
        vip,
        mass,
        group: String::new(),
    };
    let widths = |masses: &[u128], k: usize| -> Vec<usize> {
        let list: Vec<Candidate> = masses.iter().copied().enumerate().map(candidate).collect();
        let list: Vec<&Candidate> = list.iter().collect();
        let mut widths = vec![0; masses.len()];
        for inside in 0..1000 {
            let picked = draw::systematic(&list, |vip| vip.to_string(), k, 1000, inside);
            assert_eq!(picked.len(), k.min(masses.len()));
            picked.iter().for_each(|vip| widths[*vip] += 1);
        }
        widths
    };
    // 4:3:2:1, two answers: twice the share of each.
    assert_eq!(widths(&[4, 3, 2, 1], 2), [800, 600, 400, 200]);
    assert_eq!(widths(&[4, 3, 2, 1], 1), [400, 300, 200, 100]);
    // More than half of the weight cannot be more than always; the rest shares the other place.
    assert_eq!(widths(&[7, 1, 1, 1], 2), [1000, 333, 333, 334]);
    assert_eq!(widths(&[1, 7, 90, 1, 1], 3), [333, 1000, 1000, 333, 334]);
    assert_eq!(widths(&[1, 2], 2), [1000, 1000]);
}

#[test]
fn domains_are_apart_and_everyone_has_its_weight_as_far_as_it_can() {
    // Masses with their domains.
    let widths = |members: &[(u128, char)], k: usize| -> Vec<usize> {
        let candidate = |(vip, (mass, _)): (usize, &(u128, char))| Candidate {
            vip,
            mass: *mass,
            group: String::new(),
        };
        let list: Vec<Candidate> = members.iter().enumerate().map(candidate).collect();
        let list: Vec<&Candidate> = list.iter().collect();
        let domains = |vips: &mut dyn Iterator<Item = usize>| {
            let mut words: Vec<char> = vips.map(|vip| members[vip].1).collect();
            words.sort_unstable();
            words.dedup();
            words.len()
        };
        let most = domains(&mut (0..members.len())).min(k);
        let mut widths = vec![0; members.len()];
        for inside in 0..600 {
            let domain = |vip: usize| members[vip].1.to_string();
            let picked = draw::systematic(&list, domain, k, 600, inside);
            assert_eq!(picked.len(), k.min(members.len()));
            assert_eq!(domains(&mut picked.iter().copied()), most, "{picked:?}");
            picked.iter().for_each(|vip| widths[*vip] += 1);
        }
        widths
    };
    // CONFIG 6.6: at Frankfurt 2 in `a`, 1 and 1 in `b`.
    assert_eq!(widths(&[(2, 'a'), (1, 'b'), (1, 'b')], 2), [600, 300, 300]);
    assert_eq!(widths(&[(6, 'a'), (3, 'b'), (3, 'a')], 2), [400, 600, 200]);
    assert_eq!(
        widths(&[(10, 'a'), (1, 'a'), (1, 'a'), (4, 'b'), (4, 'b')], 3),
        [600, 120, 120, 480, 480]
    );
    assert_eq!(
        widths(&[(1, 'a'), (1, 'a'), (10, 'b'), (10, 'b'), (10, 'b')], 3),
        [300, 300, 400, 400, 400]
    );
    assert_eq!(
        widths(&[(1, 'a'), (1, 'a'), (9, 'b'), (9, 'b'), (8, 'b')], 4),
        [300, 300, 600, 600, 600]
    );
}

#[test]
fn answers_rotate_and_come_from_one_site() {
    let mut estate = world();
    let twin = Vip {
        name: "fra-2".into(),
        v4: Some([192, 0, 2, 11].into()),
        v6: None,
        ..estate.vips[0].clone()
    };
    estate.vips.push(twin);
    let web = Pool {
        answers: 2,
        ..Pool::new("web", vec![S(0), V(2)])
    };
    let estate = pool(estate, web);
    let board = states(&[Unknown; 5]);
    let texts = |counter| -> Vec<String> {
        let told = asked(&estate, &board, "9.9.9.9", counter);
        told.addresses.iter().map(IpAddr::to_string).collect()
    };
    let mut seen: Vec<Vec<String>> = (0..100).map(texts).collect();
    seen.sort();
    seen.dedup();
    let (a, b) = ("192.0.2.10".to_string(), "192.0.2.11".to_string());
    let both = [vec![a.clone(), b.clone()], vec![b, a]];
    assert_eq!(
        seen,
        [
            both[0].clone(),
            both[1].clone(),
            vec!["198.51.100.10".to_string()]
        ]
    );
}

#[test]
fn sticky_and_name_move_only_the_clients_of_the_lost() {
    let estate = vips(&[1, 2, 3, 4]);
    let web = Pool {
        draw: Draw::Sticky,
        ..Pool::new("web", all(&estate))
    };
    let estate = pool(estate, web);
    let (before, after) = (states(&[Up; 4]), states(&[Up, Up, Up, Down]));
    let mut held = [0; 4];
    for client in 0..4000u32 {
        let client = IpAddr::V4((0x5000_0000 + (client << 8)).into()).to_string();
        let was = asked(&estate, &before, &client, client.len() as u32).addresses[0];
        let is = asked(&estate, &after, &client, 7).addresses[0];
        let IpAddr::V4(v4) = was else { unreachable!() };
        held[usize::from(v4.octets()[3]) - 1] += 1;
        assert!(
            was == is || v4.octets()[3] == 4,
            "{client} moved from {was} to {is}"
        );
    }
    // Of 4,096 slots each has its share to within a few: the tenths of 4,000 clients.
    close(&held, &[400, 800, 1200, 1600], 120);
}

#[test]
fn the_negative_logarithm_is_right_to_its_last_bits() {
    assert_eq!(draw::neglog(0), 64 << 32);
    assert_eq!(draw::neglog((1 << 63) - 1), 1 << 32);
    assert_eq!(draw::neglog((1 << 62) - 1), 2 << 32);
    assert_eq!(draw::neglog(u64::MAX), 1);
    assert_eq!(draw::neglog(u64::MAX - 1), 1);
    // -log2(3/4) and -log2(12345678901234567 / 2^64), by 60 decimal digits.
    assert!(draw::neglog((3 << 62) - 1).abs_diff(1_782_572_487) <= 1);
    assert!(draw::neglog(12_345_678_901_234_566).abs_diff(45_291_049_934) <= 1);
    let mut last = u64::MAX;
    for h in (0..=u64::MAX).step_by(1 << 52) {
        assert!(draw::neglog(h) < last);
        last = draw::neglog(h);
    }
}

#[test]
fn hashes_and_points_are_these() {
    // The first output of splitmix64 with seed 0 is mix64 of its increment; `hash_bytes` of eight
    // bytes under a seed of their number is mix64 of them.
    let increment: u64 = 0x9e37_79b9_7f4a_7c15;
    assert_eq!(
        draw::hash_bytes(8, &increment.to_le_bytes()),
        0xe220_a839_7b1d_cdaf
    );
    // Zero-padded, but not equal to the padded.
    assert_ne!(draw::hash_bytes(0, b"ab"), draw::hash_bytes(0, b"ab\0"));
    let web = Pool::new("web", vec![]);
    let point = |pool: &Pool, client: &str, name: &str, now, counter| {
        draw::point(pool, client.parse().unwrap(), name, now, counter)
    };
    assert_eq!(
        point(&web, "1.2.3.4", "a.", 0, 3),
        0x9e37_79b9u32.wrapping_mul(3)
    );
    let sticky = Pool {
        draw: Draw::Sticky,
        ..web.clone()
    };
    let home = point(&sticky, "1.2.3.4", "a.", 0, 3);
    assert_eq!(home, point(&sticky, "1.2.3.255", "b.", 99, 4));
    assert_ne!(home, point(&sticky, "1.2.4.4", "a.", 0, 3));
    let client = Pool {
        draw: Draw::Client,
        ..web.clone()
    };
    assert_eq!(home, point(&client, "1.2.3.4", "a.", 59, 3));
    assert_eq!(
        home.wrapping_add(0x9e37_79b9),
        point(&client, "1.2.3.4", "a.", 60, 3)
    );
    let name = Pool {
        draw: Draw::Name,
        ..web
    };
    assert_eq!(
        point(&name, "1.2.3.4", "WWW.a.", 0, 3),
        point(&name, "::1", "www.A.", 9, 4)
    );
}

#[test]
fn a_family_without_addresses_is_nodata_and_the_group_stays() {
    let mut estate = world();
    estate.vips[0].v6 = None;
    let web = Pool::new("web", vec![V(0)]);
    let candidates = [
        Candidate {
            vip: 0,
            mass: 1,
            group: "fra".into(),
        },
        Candidate {
            vip: 2,
            mass: 1,
            group: "iad".into(),
        },
    ];
    let pick = |family, point| draw::pick(&estate, &web, &candidates, family, point, 0);
    assert_eq!(pick(Family::V4, 0), [0]);
    assert_eq!(pick(Family::V6, 0), Vec::<usize>::new());
    assert_eq!(pick(Family::V6, 1 << 31), [2]);
}

#[test]
fn sticky_takes_the_site_of_the_winner() {
    let mut estate = world();
    estate.vips[2].weight = 3;
    let web = Pool {
        draw: Draw::Sticky,
        answers: 2,
        ..Pool::new("web", vec![V(0), V(2)])
    };
    let estate = pool(estate, web);
    let up = states(&[Up; 4]);
    let mut held = [0; 2];
    for client in 0..4000u32 {
        let client = IpAddr::V4((0x5000_0000 + (client << 8)).into()).to_string();
        let told = asked(&estate, &up, &client, 0).addresses;
        assert_eq!(told.len(), 1);
        held[usize::from(told[0].to_string() == "198.51.100.10")] += 1;
    }
    close(&held, &[1000, 3000], 120);
}
