//! The laws of the limiter.
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::family::{LEVELS, lengths};
use super::*;

const SEEDS: [u64; 2] = [7, 11];
const LARGE: usize = 1_232;
const MILLI: u64 = 1_000;

fn limiter(per_second: u32, slip: u32) -> Limiter {
    let terms = Terms {
        per_second,
        slip,
        allow: vec![],
    };
    Limiter::new(&terms, 1, SEEDS)
}

fn exchange(client: impl Into<IpAddr>, answer: usize) -> Exchange {
    Exchange {
        client: client.into(),
        proof: Proof::None,
        query: 44,
        answer,
        source: Source::Zone,
    }
}

fn v4(address: [u8; 4]) -> Ipv4Addr {
    address.into()
}

/// How many of `asked` answers of full size are sent at once.
fn sent(limiter: &mut Limiter, asked: usize, mut client: impl FnMut(usize) -> IpAddr) -> usize {
    (0..asked)
        .filter(|n| limiter.judge(&exchange(client(*n), LARGE)) == Verdict::Send)
        .count()
}

#[test]
fn small_answers_are_free_for_ever() {
    let mut limiter = limiter(1, 0);
    let one_a = exchange([192, 0, 2, 1], 60);
    // Headers count on both sides: 1.5 x (44 + 28) - 28.
    let edge = exchange([192, 0, 2, 1], 80);
    let steered = Exchange {
        source: Source::Steering,
        ..exchange([192, 0, 2, 1], 116)
    };
    for _ in 0..100_000 {
        for free in [&one_a, &edge, &steered] {
            assert_eq!(limiter.judge(free), Verdict::Send);
        }
    }
    assert_eq!(limiter.table.taken(), 0);
    for more in [
        Exchange { answer: 81, ..edge },
        Exchange {
            answer: 117,
            ..steered
        },
    ] {
        let sent = (0..1_000).filter(|_| limiter.judge(&more) == Verdict::Send);
        assert!(sent.count() < 100, "{more:?}");
    }
    // Nothing sent is nothing owed.
    assert_eq!(limiter.judge(&exchange([192, 0, 2, 1], 0)), Verdict::Send);
}

#[test]
fn a_burst_then_the_rate() {
    let mut limiter = limiter(50, 0);
    let client = |_| IpAddr::from([192, 0, 2, 1]);
    // 125 of 1,280 octets are 126 of 1,260.
    assert_eq!(sent(&mut limiter, 1_000, client), 126);
    for second in 1..=10 {
        limiter.tick(second * 1_000 * MILLI);
        let now = sent(&mut limiter, 1_000, client);
        assert!((50..=51).contains(&now), "{now} in second {second}");
    }
    // Two and a half silent seconds, and all is as at first.
    limiter.tick(12_600 * MILLI);
    assert_eq!(sent(&mut limiter, 1_000, client), 126);
}

#[test]
fn each_length_has_its_own_rate() {
    for (length, times) in lengths(32) {
        let mut limiter = limiter(50, 0);
        let spread = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
        let base = u32::from(v4([198, 18, 64, 0]));
        let all = sent(&mut limiter, 200_000, |n| {
            let host = (n as u32).wrapping_mul(2_654_435_761) & spread;
            Ipv4Addr::from(base | host).into()
        });
        // Of 1,280 octets, in a network in which no longer prefix is full. Rounded costs and lines that overflow are little.
        let most = 125.0 * f64::from(times) * 1_280.0 / 1_260.0;
        let ratio = all as f64 / most;
        assert!((0.97..1.03).contains(&ratio), "/{length}: {all} of {most}");
    }
    for (length, times) in lengths(64) {
        let mut limiter = limiter(50, 0);
        let spread = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
        let base: Ipv6Addr = "2001:db8::".parse().unwrap();
        let mut dice = 1;
        let all = sent(&mut limiter, 60_000, |_| {
            dice = mix(dice);
            let host = (u128::from(dice) << 64 | u128::from(mix(!dice))) & spread;
            Ipv6Addr::from(u128::from(base) | host).into()
        });
        // Of 1,280 octets exactly.
        let ratio = all as f64 / (125.0 * f64::from(times));
        assert!((0.97..1.03).contains(&ratio), "/{length}: {all}");
    }
}

#[test]
fn one_network_does_not_pay_for_another() {
    let mut limiter = limiter(50, 0);
    sent(&mut limiter, 100_000, |n| [198, 51, 100, n as u8].into());
    let elsewhere = |n: usize| IpAddr::from([203, 0, 113, n as u8]);
    assert_eq!(sent(&mut limiter, 256, elsewhere), 256);
}

#[test]
fn what_was_not_sent_is_not_charged() {
    let mut limiter = limiter(50, 0);
    let client = |_| IpAddr::from([192, 0, 2, 1]);
    sent(&mut limiter, 1_000_000, client);
    // However hard it was tried, a second later a second's worth is there; neighbours always had theirs.
    limiter.tick(1_000 * MILLI);
    assert!((50..=51).contains(&sent(&mut limiter, 100, client)));
    assert_eq!(sent(&mut limiter, 100, |_| [192, 0, 2, 2].into()), 100);
}

#[test]
fn proof_and_allowed_networks_are_exempt() {
    let terms = Terms {
        allow: vec!["192.0.2.0/28".parse().unwrap()],
        ..Terms::default()
    };
    let mut limiter = Limiter::new(&terms, 1, SEEDS);
    for _ in 0..10_000 {
        assert_eq!(
            limiter.judge(&exchange([192, 0, 2, 15], LARGE)),
            Verdict::Send
        );
    }
    let client = |_| IpAddr::from([192, 0, 2, 16]);
    assert!(sent(&mut limiter, 1_000, client) < 200);
    for proof in [Proof::None, Proof::Offered] {
        let more = Exchange {
            proof,
            ..exchange([192, 0, 2, 16], LARGE)
        };
        assert_ne!(limiter.judge(&more), Verdict::Send);
    }
    let valid = Exchange {
        proof: Proof::Valid,
        ..exchange([192, 0, 2, 16], LARGE)
    };
    assert_eq!(limiter.judge(&valid), Verdict::Send);
}

#[test]
fn every_nth_slips() {
    let verdicts = |slip| -> Vec<Verdict> {
        let mut limiter = limiter(50, slip);
        let full = exchange([192, 0, 2, 1], LARGE);
        while limiter.judge(&full) == Verdict::Send {}
        (0..6).map(|_| limiter.judge(&full)).collect()
    };
    use Verdict::{Drop, Slip};
    assert_eq!(verdicts(0), [Drop; 6]);
    // However many were dropped.
    let mut never = limiter(50, 0);
    never.until_slip = 1;
    assert_eq!([never.slip(), never.slip()], [Drop, Drop]);
    assert_eq!(verdicts(1), [Slip; 6]);
    // The first limited one was seen before.
    assert_eq!(verdicts(2), [Slip, Drop, Slip, Drop, Slip, Drop]);
    assert_eq!(verdicts(3), [Drop, Slip, Drop, Drop, Slip, Drop]);
}

#[test]
fn workers_share_the_rate_and_no_one_starves() {
    for (workers, least) in [(1, 126), (2, 76), (3, 54), (512, 2)] {
        let mut limiter = Limiter::new(&Terms::default(), workers, SEEDS);
        let now = sent(&mut limiter, 500, |_| [192, 0, 2, 1].into());
        assert!((least..=least + 1).contains(&now), "{workers}: {now}");
    }
}

#[test]
fn the_worst_network_is_told() {
    let mut limiter = limiter(50, 0);
    limiter.tick(1_000_000);
    assert_eq!(limiter.report(), None);
    sent(&mut limiter, 1_000, |_| [192, 0, 2, 1].into());
    let told = limiter.report().unwrap();
    assert_eq!(told, ("192.0.2.1/32".parse().unwrap(), 874));
    sent(&mut limiter, 100_000, |n| [198, 51, 100, n as u8].into());
    limiter.tick(60_900_000);
    assert_eq!(limiter.report(), None);
    limiter.tick(61_000_000);
    let (network, _) = limiter.report().unwrap();
    assert_eq!(network, "198.51.100.0/24".parse().unwrap());
}

#[test]
fn a_clock_that_jumps_hurts_no_one() {
    let mut limiter = limiter(50, 0);
    let client = |_| IpAddr::from([192, 0, 2, 1]);
    limiter.tick(1 << 50);
    sent(&mut limiter, 1_000, client);
    // Back by years: as if no time went by, and from there on it goes by.
    limiter.tick(1 << 40);
    assert!(sent(&mut limiter, 10, client) <= 1);
    limiter.tick((1 << 40) + 3_000 * MILLI);
    assert_eq!(sent(&mut limiter, 1_000, client), 126);
    // Ahead by any number that is a turn of the clock: no old debt looks young.
    for ahead in [1 << 27, 1 << 28, (1 << 28) + 1, u64::MAX >> 1] {
        limiter.tick(ahead + (1 << 51));
        assert!(sent(&mut limiter, 10, client) == 10, "{ahead}");
    }
}

/// A debt that nobody asked for in hours is never taken for a young one when the clock has come round.
#[test]
fn old_debts_are_forgotten() {
    let mut limiter = limiter(50, 0);
    let mut now = 0;
    let fill = |limiter: &mut Limiter| {
        for host in 0..=255 {
            sent(limiter, 200, |_| [192, 0, 2, host].into());
        }
    };
    fill(&mut limiter);
    assert!(limiter.table.taken() > 30);
    // Once round the clock of 268 seconds, in batches that come every 10 ms.
    for _ in 0..26_844 {
        now += 10 * MILLI;
        limiter.tick(now);
    }
    assert_eq!(limiter.table.taken(), 0);
    assert_eq!(sent(&mut limiter, 126, |_| [192, 0, 2, 9].into()), 126);
}

/// Random senders cannot fill the table for others: the memory stays, and nobody inherits a debt.
#[test]
fn a_flood_of_senders_takes_no_memory_and_harms_no_one() {
    let mut limiter = limiter(50, 0);
    let memory = limiter.memory();
    assert_eq!(memory, 3 << 19);
    let mut dice = 3;
    let victim = IpAddr::from([203, 0, 113, 5]);
    let mut to_victim = 0;
    let mut honest = (0, 0);
    for n in 0..600_000u64 {
        // A hundred thousand a second, for six.
        limiter.tick(n * 10);
        dice = mix(dice);
        let random = Ipv4Addr::from((dice as u32) & 0xdfff_ffff);
        limiter.judge(&exchange(random, LARGE));
        // The same victim again and again, among random ones that would push its debt out.
        if n % 100 == 0 {
            to_victim += u32::from(limiter.judge(&exchange(victim, LARGE)) == Verdict::Send);
        }
        // An honest client under its rate, of a network that nobody forges.
        if n % 5_000 == 0 {
            let sent = limiter.judge(&exchange([224, 9, 9, 9], LARGE)) == Verdict::Send;
            honest = (honest.0 + u32::from(sent), honest.1 + 1);
        }
    }
    assert_eq!(limiter.memory(), memory);
    assert_eq!(honest, (120, 120));
    // 126 at once and 51 a second, of 6,000.
    assert!(to_victim <= 126 + 6 * 51, "{to_victim}");
}

/// Senders chosen so that a hash without seeds would put them all in one line still do not push a debt out.
#[test]
fn seeds_decide_who_meets_whom() {
    let lines = |seeds| -> Vec<usize> {
        let limiter = Limiter::new(&Terms::default(), 1, seeds);
        let at = |n: u64| limiter.v4.hash(0, n) as usize % limits::RATE_LINES;
        // All that share a line with the first, under these seeds.
        let first = at(0);
        (0..1_000_000)
            .filter(|n| at(*n) == first)
            .map(|n| n as usize)
            .collect()
    };
    let [one, other] = [lines(SEEDS), lines([8, 11])];
    assert!((5..100).contains(&one.len()), "{}", one.len());
    let both = one.iter().filter(|n| other.contains(n)).count();
    assert!(both < 5, "{both}");
}

proptest! {
    /// Whoever keeps to the rate, however unevenly, is never limited: at any time at most a burst and the rate since.
    #[test]
    fn under_the_rate_nobody_is_limited(
        rate in 1u32..2_000,
        steps in proptest::collection::vec((0u64..3_000_000, 82usize..1_232, 0usize..400), 1..60),
        address in any::<u32>(),
        start in any::<u32>(),
    ) {
        let mut limiter = limiter(rate, 0);
        let mut now = u64::from(start);
        limiter.tick(now);
        let burst = f64::from(rate) * 2.5 * 1_280.0;
        let mut owed = 0.0_f64;
        for (pause, answer, many) in steps {
            now += pause;
            limiter.tick(now);
            owed = (owed - pause as f64 * 1e-6 * f64::from(rate) * 1_280.0).max(0.0);
            for _ in 0..many {
                // A tick of rounding for each answer.
                let cost = answer as f64 + 28.0 + f64::from(rate) * 1_280.0 / 16e6;
                if owed + cost > burst {
                    break;
                }
                owed += cost;
                let verdict = limiter.judge(&exchange(Ipv4Addr::from(address), answer));
                prop_assert_eq!(verdict, Verdict::Send);
            }
        }
    }

    /// What is sent to a network is never more than its rate and a burst, whatever is tried.
    #[test]
    fn no_network_is_sent_more_than_its_rate(
        hosts in 1u32..256,
        length in 0usize..LEVELS,
        times in proptest::collection::vec(0u64..200_000, 1..40),
        answer in 82usize..1_232,
    ) {
        let mut limiter = limiter(50, 1);
        let (length, more) = lengths(32)[length];
        let spread = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
        let (mut now, mut octets) = (0, 0_u64);
        for pause in times {
            now += pause;
            limiter.tick(now);
            for n in 0..2_000u32 {
                let host = (n % hosts).wrapping_mul(0x9e37_79b1) & spread;
                let client = Ipv4Addr::from(0xc612_4000 | host);
                if limiter.judge(&exchange(client, answer)) == Verdict::Send {
                    octets += answer as u64 + 28;
                }
            }
        }
        let rate = 50.0 * 1_280.0 * f64::from(more);
        let most = rate * (2.5 + now as f64 * 1e-6) + 1_280.0;
        prop_assert!(octets as f64 <= most, "{} of {}", octets, most);
    }
}
