//! What failing, draining and being down change, by hand.

use super::super::Source;
use super::super::estate::{
    AllDown, Board, Members, Place, Policy, Pool, Rule, RuleSet, Site, State,
};
use super::State::{Degraded, Down, Drain, Unknown, Up};
use super::Target::{Pool as P, Site as S, Vip as V};
use super::{NOW, all, asked, close, pool, shares, states, vips, with_down, world};

#[test]
fn a_site_below_min_up_has_failed_but_still_beats_nothing() {
    let mut estate = vips(&[3, 2, 5]);
    estate.sites = vec![
        Site {
            name: "one".to_string(),
            location: None,
            bias: 0,
        },
        Site {
            name: "two".to_string(),
            location: None,
            bias: 0,
        },
    ];
    [0, 0, 1]
        .iter()
        .zip(&mut estate.vips)
        .for_each(|(site, vip)| vip.site = Some(*site));
    let estate = pool(
        estate,
        Pool {
            policy: Policy::Failover,
            ..Pool::new("web", vec![S(0), S(1)])
        },
    );
    // 3 of 5 parts are up: above the half.
    assert_eq!(with_down(&estate, &[1], "9.9.9.9"), ["192.0.2.1"]);
    // 2 of 5 are not.
    assert_eq!(with_down(&estate, &[0], "9.9.9.9"), ["192.0.2.3"]);
    // "If every site or member has failed but VIPs are up, the first with any VIP up answers."
    assert_eq!(with_down(&estate, &[0, 2], "9.9.9.9"), ["192.0.2.2"]);
    // Exactly the half has not failed.
    let mut even = estate.clone();
    even.vips[1].weight = 3;
    assert_eq!(with_down(&even, &[0], "9.9.9.9"), ["192.0.2.2"]);
}

#[test]
fn weight_0_answers_when_no_other_is_up_and_the_drained_come_last() {
    let estate = vips(&[1, 0, 1]);
    let estate = pool(estate.clone(), Pool::new("web", all(&estate)));
    let first =
        |of: [State; 3]| asked(&estate, &states(&of), "9.9.9.9", 0).addresses[0].to_string();
    assert_eq!(shares(&estate, &states(&[Up, Up, Up]))[1], 0);
    assert_eq!(first([Down, Up, Degraded(1)]), "192.0.2.3");
    assert_eq!(first([Down, Up, Down]), "192.0.2.2");
    assert_eq!(first([Down, Up, Drain]), "192.0.2.2");
    assert_eq!(first([Down, Down, Drain]), "192.0.2.3");
}

#[test]
fn all_down_is_answered_as_the_pool_says() {
    for (choice, records, source, ttl) in [
        (AllDown::Zone, 2, Source::ZoneFallback, Some(15)),
        (AllDown::Zone, 0, Source::Steered, Some(20)),
        (AllDown::All, 2, Source::Steered, Some(20)),
        (AllDown::NoData, 2, Source::NoData, None),
    ] {
        let estate = vips(&[1, 1]);
        let web = Pool {
            on_all_down: choice,
            ..Pool::new("web", all(&estate))
        };
        let mut estate = pool(estate, web);
        let records = (1..=records).map(|n| [198, 51, 100, n].into());
        estate.names[0].a = (15, records.collect());
        let told = asked(&estate, &states(&[Down, Down]), "9.9.9.9", 0);
        assert_eq!((told.source, told.ttl), (source, ttl), "{choice:?}");
        assert_eq!(
            told.addresses.len(),
            match source {
                Source::ZoneFallback => 2,
                Source::Steered => 1,
                Source::NoData | Source::Chain => 0,
            }
        );
    }
}

#[test]
fn the_ttl_is_short_while_something_looked_at_is_in_transition() {
    let estate = vips(&[1, 1, 1]);
    let web = Pool {
        policy: Policy::Failover,
        ..Pool::new("web", all(&estate))
    };
    let estate = pool(estate, web);
    let ttl = |since: [u64; 3]| {
        let board = Board::same(since.map(|ago| (Up, NOW - ago)).to_vec());
        asked(&estate, &board, "9.9.9.9", 0).ttl.unwrap()
    };
    assert_eq!(ttl([1000, 1000, 1000]), 60);
    assert_eq!(ttl([239, 1000, 1000]), 20);
    assert_eq!(ttl([240, 1000, 1000]), 60);
    // The first has not failed: the others were not looked at.
    assert_eq!(ttl([1000, 5, 5]), 60);
    assert_eq!(
        asked(&estate, &states(&[Unknown; 3]), "9.9.9.9", 0).ttl,
        Some(60)
    );
}

#[test]
fn a_table_weighs_members_whole_and_vips_inside() {
    let mut estate = vips(&[1, 3, 1]);
    estate.pools.push(Pool::new("inner", vec![V(0), V(1)]));
    let table = Members::Table(vec![(P(0), 99), (V(2), 1)]);
    let estate = pool(
        estate,
        Pool {
            members: table,
            ..Pool::new("outer", vec![])
        },
    );
    let up = states(&[Up; 3]);
    close(&shares(&estate, &up), &[1014, 3041, 41], 2);
    // A quarter of the inner pool is not half: it has failed, the other member has all.
    close(&shares(&estate, &states(&[Up, Down, Up])), &[0, 0, 4096], 0);
    // Three quarters are: 74.25 of 75.25 parts.
    close(
        &shares(&estate, &states(&[Down, Up, Up])),
        &[0, 4042, 54],
        2,
    );
    // Both failed: those that are up, by what is left of them. 24.75 parts, the whole of it.
    close(
        &shares(&estate, &states(&[Up, Down, Down])),
        &[4096, 0, 0],
        0,
    );
}

#[test]
fn a_member_of_number_0_and_a_pool_of_weight_0_are_last_resorts() {
    let estate = vips(&[1, 1, 0]);
    let table = Members::Table(vec![(V(0), 3), (V(1), 0), (V(2), 1)]);
    let estate = pool(
        estate,
        Pool {
            members: table,
            ..Pool::new("web", vec![])
        },
    );
    assert_eq!(shares(&estate, &states(&[Up, Up, Up])), [4096, 0, 0]);
    // v1 by its number, v2 by its weight: both are reserve, each as if it stood there for 1.
    close(
        &shares(&estate, &states(&[Down, Up, Up])),
        &[0, 2048, 2048],
        1,
    );
    assert_eq!(shares(&estate, &states(&[Drain, Up, Down])), [0, 4096, 0]);
    assert_eq!(shares(&estate, &states(&[Drain, Down, Down])), [4096, 0, 0]);
}

#[test]
fn a_ladder_goes_down_before_it_takes_reserves() {
    let estate = vips(&[1, 0, 0, 1]);
    let web = Pool {
        policy: Policy::Failover,
        ..Pool::new("web", all(&estate))
    };
    let estate = pool(estate, web);
    let told = |of: [State; 4]| {
        shares(&estate, &states(&of))
            .iter()
            .position(|n| *n == 4096)
    };
    assert_eq!(told([Up, Up, Up, Up]), Some(0));
    // A VIP of weight 0 has no mass, so as a rung it has failed: the last one answers.
    assert_eq!(told([Down, Up, Up, Up]), Some(3));
    assert_eq!(told([Down, Up, Up, Drain]), Some(1));
    assert_eq!(told([Down, Down, Up, Drain]), Some(2));
    assert_eq!(told([Drain, Down, Down, Drain]), Some(0));
}

#[test]
fn members_at_one_site_and_tied_sites_share_by_weight() {
    let mut estate = world();
    let weights = [2, 3, 3, 5];
    for (vip, (weight, site)) in estate
        .vips
        .iter_mut()
        .zip(weights.into_iter().zip([0, 0, 0, 1]))
    {
        (vip.weight, vip.site) = (weight, Some(site));
    }
    estate.pools.push(Pool::new("inner", vec![V(1), V(2)]));
    let web = Pool {
        policy: Policy::Nearest,
        tie: 0,
        ..Pool::new("web", vec![P(0), V(0), V(3)])
    };
    let mut estate = pool(estate, web);
    // From Hamburg Amsterdam is nearer by 27 km: all of it, and Frankfurt when it has failed.
    assert_eq!(shares(&estate, &states(&[Up; 4])), [0, 0, 0, 4096]);
    close(
        &shares(&estate, &states(&[Up, Up, Up, Down])),
        &[1024, 1536, 1536, 0],
        2,
    );
    // The pool by the half that is left of it, 3 beside the 2 of the VIP.
    close(
        &shares(&estate, &states(&[Up, Down, Up, Down])),
        &[1638, 0, 2458, 0],
        2,
    );
    // Below its min_up the pool has failed, and the VIP beside it has all, though it is 2 of 8.
    estate.pools[0].min_up = 600_000;
    estate.pools[1].min_up = 0;
    close(
        &shares(&estate, &states(&[Up, Down, Up, Down])),
        &[4096, 0, 0, 0],
        0,
    );
    // With a tie both sites count, 5 to 8.
    estate.pools[1].tie = 100;
    close(
        &shares(&estate, &states(&[Up; 4])),
        &[630, 945, 945, 1575],
        2,
    );
}

#[test]
fn a_prefer_entry_of_an_absent_site_is_passed_over() {
    let mut estate = world();
    let rule = |place, targets| Rule {
        place,
        region: None,
        targets,
    };
    let rules = vec![rule(Place::Unknown, vec![S(3), S(2), V(1)])];
    estate.rules.push(RuleSet {
        name: "r".to_string(),
        rules,
    });
    let estate = pool(
        estate,
        Pool {
            prefer: Some(0),
            ..Pool::new("web", vec![V(0), S(2)])
        },
    );
    let up = states(&[Unknown; 4]);
    assert_eq!(
        asked(&estate, &up, "9.9.9.9", 0).addresses[0].to_string(),
        "198.51.100.10"
    );
    assert_eq!(with_down(&estate, &[2], "9.9.9.9"), ["192.0.2.20"]);
    assert_eq!(with_down(&estate, &[1, 2], "9.9.9.9"), ["192.0.2.10"]);
    // Whoever fits no rule chooses as everyone does: half and half.
    close(&shares(&estate, &up), &[2048, 0, 2048, 0], 1);
}

#[test]
fn a_table_that_has_failed_says_so_to_the_pool_above() {
    let mut estate = vips(&[1, 1, 1]);
    let table = Members::Table(vec![(V(0), 1), (V(1), 0)]);
    estate.pools.push(Pool {
        members: table,
        ..Pool::new("inner", vec![])
    });
    let web = Pool {
        policy: Policy::Failover,
        ..Pool::new("web", vec![P(0), V(2)])
    };
    let estate = pool(estate, web);
    // A member of number 0 is no part of the whole: half of the other one is still enough.
    let half = states(&[Degraded(500_000), Up, Up]);
    assert_eq!(shares(&estate, &half), [4096, 0, 0]);
    let less = states(&[Degraded(499_999), Up, Up]);
    assert_eq!(shares(&estate, &less), [0, 0, 4096]);
    // Its reserve does not keep it from failing, and comes when nothing is up.
    assert_eq!(shares(&estate, &states(&[Down, Up, Up])), [0, 0, 4096]);
    assert_eq!(shares(&estate, &states(&[Down, Up, Down])), [0, 4096, 0]);
}

#[test]
fn a_table_stands_in_the_order_of_names() {
    let table = Members::Table(vec![(V(1), 1), (V(0), 1)]);
    let estate = pool(
        vips(&[1, 1]),
        Pool {
            members: table,
            ..Pool::new("web", vec![])
        },
    );
    let up = states(&[Up, Up]);
    assert_eq!(
        asked(&estate, &up, "9.9.9.9", 0).addresses[0].to_string(),
        "192.0.2.1"
    );
    assert_eq!(
        asked(&estate, &up, "9.9.9.9", 1).addresses[0].to_string(),
        "192.0.2.2"
    );
}
