//! Instructions that limiting costs a query, whoever sends it: `cargo bench --bench rate` (needs valgrind).
//!
//! It runs each case in itself under callgrind, at two lengths, and tells the difference: what is left is a query's, its
//! share of the batch's clock included, and without the loop around it. It fails if a case costs more than [`BAR`].
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench is no part of the server"
)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

use meridian::limits;
use meridian::prefix::Prefix;
use meridian::rate::{Exchange, Limiter, Proof, Source, Terms, Verdict};

/// What a query may cost.
const BAR: f64 = 150.0;
/// Queries of the shorter run: all bursts are over by then.
const QUERIES: usize = 100_000;
/// Queries of a batch, for which the clock is read once.
const BATCH: usize = 32;

/// Who asks.
#[derive(Clone, Copy)]
enum Crowd {
    /// One address.
    One,
    /// All addresses of a /24, or /64s of a /48.
    Customer,
    /// All addresses of a /20, or /64s of a /32.
    Operator,
    /// Any address, of this many.
    Random(usize),
}

struct Case {
    label: &'static str,
    crowd: Crowd,
    v6: bool,
    /// Queries a second.
    pace: usize,
    exchange: Exchange,
    terms: Terms,
    /// Whether it ends with limited answers; else none is.
    limited: bool,
}

fn cases() -> Vec<Case> {
    let full = Exchange {
        client: Ipv4Addr::UNSPECIFIED.into(),
        proof: Proof::None,
        query: 44,
        answer: limits::UDP_PAYLOAD,
        source: Source::Zone,
    };
    let base = |label, crowd, v6| Case {
        label,
        crowd,
        v6,
        pace: 100_000,
        exchange: full,
        terms: Terms::default(),
        limited: true,
    };
    let generous = || Terms {
        per_second: limits::RATE_MOST,
        ..Terms::default()
    };
    let of = |source, answer| Exchange {
        source,
        answer,
        ..full
    };
    let mut all = vec![
        Case {
            exchange: of(Source::Zone, 60),
            limited: false,
            ..base("free", Crowd::One, false)
        },
        Case {
            exchange: of(Source::Steering, 100),
            limited: false,
            ..base("free, steered", Crowd::Operator, false)
        },
        Case {
            exchange: Exchange {
                proof: Proof::Valid,
                ..full
            },
            limited: false,
            ..base("valid cookie", Crowd::One, false)
        },
    ];
    for v6 in [false, true] {
        let label = |v4, v6_label| if v6 { v6_label } else { v4 };
        all.extend([
            Case {
                terms: generous(),
                limited: false,
                ..base(
                    label("charged, one address", "charged, one /64"),
                    Crowd::One,
                    v6,
                )
            },
            Case {
                terms: generous(),
                limited: false,
                ..base(
                    label("charged, a /20", "charged, a /32"),
                    Crowd::Operator,
                    v6,
                )
            },
            base(
                label("limited, one address", "limited, one /64"),
                Crowd::One,
                v6,
            ),
            base(
                label("limited, a /24", "limited, a /48"),
                Crowd::Customer,
                v6,
            ),
            base(
                label("limited, a /20", "limited, a /32"),
                Crowd::Operator,
                v6,
            ),
            Case {
                limited: false,
                ..base(
                    label("random addresses", "random /64s"),
                    Crowd::Random(1 << 17),
                    v6,
                )
            },
            Case {
                pace: 10_000_000,
                limited: false,
                ..base(
                    label(
                        "random addresses, 10 M a second",
                        "random /64s, 10 M a second",
                    ),
                    Crowd::Random(1 << 17),
                    v6,
                )
            },
            Case {
                pace: 10_000_000,
                ..base(
                    label("limited, 256 addresses", "limited, 256 /64s"),
                    Crowd::Random(256),
                    v6,
                )
            },
            Case {
                terms: Terms {
                    allow: (0..limits::RATE_ALLOWED as u32)
                        .map(|n| Prefix::around(Ipv4Addr::from(0xc000_0000 + (n << 9)).into(), 24))
                        .collect(),
                    ..Terms::default()
                },
                ..base(
                    label(
                        "limited, one address, 4,096 networks exempt",
                        "limited, one /64, 4,096 networks exempt",
                    ),
                    Crowd::One,
                    v6,
                )
            },
        ]);
    }
    all
}

fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*dice ^ (*dice >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 32)
}

/// A power of two of them.
fn clients(crowd: Crowd, v6: bool) -> Vec<IpAddr> {
    let mut dice = 3;
    let (many, spread) = match crowd {
        Crowd::One => (1, 0),
        Crowd::Customer => (1 << 10, if v6 { 0xffff } else { 0xff }),
        Crowd::Operator => (1 << 16, if v6 { 0xffff_ffff } else { 0xfff }),
        Crowd::Random(many) => (many, u64::MAX),
    };
    let mut one = || -> IpAddr {
        let host = roll(&mut dice) & spread;
        match v6 {
            false => Ipv4Addr::from(0xc612_4000 ^ host as u32).into(),
            true => Ipv6Addr::from(u128::from(0x2001_0db8_0000_0000 ^ host) << 64).into(),
        }
    };
    let some: Vec<IpAddr> = (0..many).map(|_| one()).collect();
    let whole = many.next_power_of_two();
    some.iter().copied().cycle().take(whole).collect()
}

/// So many queries, and how many answers were limited. Without a limiter it is the loop alone.
fn run(case: &Case, queries: usize, limiter: Option<&mut Limiter>) -> usize {
    let clients = clients(case.crowd, case.v6);
    let ask = |n: usize| Exchange {
        client: clients[n & (clients.len() - 1)],
        ..case.exchange
    };
    let mut limited = 0;
    match limiter {
        Some(limiter) => {
            for n in 0..queries {
                if n % BATCH == 0 {
                    limiter.tick((n * 1_000 / (case.pace / 1_000)) as u64);
                }
                let verdict = limiter.judge(black_box(&ask(n)));
                limited += usize::from(black_box(verdict) != Verdict::Send);
            }
        }
        None => {
            for n in 0..queries {
                if n % BATCH == 0 {
                    black_box((n * 1_000 / (case.pace / 1_000)) as u64);
                }
                black_box(&ask(n));
                limited += usize::from(black_box(Verdict::Send) != Verdict::Send);
            }
        }
    }
    limited
}

/// Instructions of a run in a process of its own.
fn count(case: usize, queries: usize, what: &str) -> f64 {
    let words = [case.to_string(), queries.to_string(), what.to_string()];
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .arg("--run")
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("valgrind: {error}: apt-get install valgrind"));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    let line = said.lines().find_map(|l| l.split_once("Collected : "));
    line.unwrap().1.trim().parse().unwrap()
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let cases = cases();
    if let Some(at) = words.iter().position(|word| word == "--run") {
        let number = |n: usize| words[at + n].parse::<usize>().unwrap();
        let case = &cases[number(1)];
        let mut limiter = Limiter::new(&case.terms, 1, [5, 77]);
        let judged = words[at + 3] == "judge";
        let limited = run(case, number(2), judged.then_some(&mut limiter));
        assert!(
            !judged || (limited > 0) == case.limited,
            "{}: {limited} limited",
            case.label
        );
        return;
    }
    let mut worst = 0.0_f64;
    println!("| case | instructions a query |\n|---|---|");
    for (at, case) in cases.iter().enumerate() {
        let per =
            |what: &str| (count(at, 2 * QUERIES, what) - count(at, QUERIES, what)) / QUERIES as f64;
        let each = per("judge") - per("loop");
        worst = worst.max(each);
        println!("| {} | {each:.0} |", case.label);
    }
    assert!(worst <= BAR, "{worst:.0} instructions, at most {BAR}");
}
