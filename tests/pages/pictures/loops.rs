//! Pictures of what moves with time and load: a server that is told how its VIPs are, step by step, and asked who gets what.

use std::ops::Range;

use meridian::answer::explain::Explanation;
use meridian::health::board::State;

use super::super::ground::{self, NOW};
use super::super::svg::{COLOURS, GREY, Stroke, Svg};
use super::{WWW, colour, legend, of};
use crate::server::Server;

/// A client in Europe.
const EUROPE: &str = "193.0.6.0/24";

/// The part of the answers to that client that a VIP has.
fn share(told: &Explanation, vip: &str) -> f64 {
    let steered = told.steering.as_ref().unwrap();
    let found = steered.vips.iter().find(|known| known.name == vip);
    found.map_or(0.0, |vip| vip.share)
}

/// Seconds between two looks at a ramp, and how wide one is drawn.
const LOOK: u64 = 15;
const WIDE: usize = 7;
/// When the first VIP is down, and until when it is looked at.
const DOWN: Range<u64> = 120..240;
const RAMPED: u64 = 18 * 60;

const VIPS: [&str; 3] = ["fra-1", "iad-1", "sin-1"];

/// One VIP fails and comes back; `look` is called with the server and the second.
fn ramping(end: u64, mut look: impl FnMut(&Server, u64)) -> Server {
    let mut server = of("ramps");
    server.advance(NOW);
    for second in (0..=end).step_by(LOOK as usize) {
        let now = NOW + second;
        server.advance(now);
        let (vips, state) = match second {
            0 => (&VIPS[..], State::Up),
            _ if second == DOWN.start => (&VIPS[..1], State::Down),
            _ if second == DOWN.end => (&VIPS[..1], State::Up),
            _ => (&[][..], State::Up),
        };
        for vip in vips {
            ground::report(&mut server, vip, state, None, now);
        }
        server.turn();
        look(&server, now);
    }
    server
}

/// Four minutes after it came back.
pub(super) fn ramped() -> (Server, u64) {
    let end = DOWN.end + 240;
    (ramping(end, |_, _| ()), NOW + end)
}

/// Names of the page, and what to see.
const RAMPS: [(&str, &str); 3] = [
    (
        WWW,
        "web: nearest, ramp = 10%. Clients of fra return in ten minutes",
    ),
    (
        "app.example.com",
        "app: weighted, ramp = 10%. Half of them return in five",
    ),
    (
        "db.example.com",
        "db: failover, failback = 5m. All return when fra was well for five",
    ),
];

pub(super) fn ramps() -> String {
    let title = "Three pools over time: who answers while a VIP is down, and how it comes back";
    let mut svg = Svg::new(600, 320, title);
    // Of each pool and look how high each VIP stands.
    let mut looks: [Vec<[usize; 3]>; 3] = Default::default();
    ramping(RAMPED, |server, now| {
        for ((name, _), looks) in RAMPS.iter().zip(&mut looks) {
            let told = ground::asked(server, name, EUROPE, 0, now);
            looks.push(VIPS.map(|vip| (share(&told, vip) * 48.0).round() as usize));
        }
    });
    let half = (DOWN.end + 300) / LOOK;
    let fra = |pool: usize, look: u64| looks[pool][look as usize][0];
    assert_eq!(
        [0, 1, 2].map(|pool| fra(pool, half - 1) > 23),
        [false, false, false]
    );
    assert_eq!([0, 1, 2].map(|pool| fra(pool, half)), [24, 24, 48]);
    for (place, ((_, words), looks)) in RAMPS.iter().zip(&looks).enumerate() {
        let top = place * 84;
        svg.text(20, top + 18, words);
        let mut from = 0;
        for runs in looks.chunk_by(|a, b| a == b) {
            let mut below = top + 26;
            for (vip, height) in VIPS.iter().zip(runs[0]).filter(|(_, height)| *height > 0) {
                let size = [runs.len() * WIDE, height];
                svg.area([20 + from * WIDE, below], size, colour(&VIPS, vip));
                below += height;
            }
            from += runs.len();
        }
    }
    let at = |second: u64| 20 + (second / LOOK) as usize * WIDE;
    svg.area(
        [at(DOWN.start), 260],
        [at(DOWN.end) - at(DOWN.start), 4],
        GREY,
    );
    for minute in (0..=RAMPED / 60).step_by(2) {
        svg.label(at(minute * 60), 280, &format!("{minute} min"));
    }
    let mut words = legend(&VIPS[..2]);
    words.push((GREY, "fra-1 is down".into()));
    svg.legend(20, 308, &words);
    svg.file()
}

/// Seconds between reports of load.
const REPORT: u64 = 10;
/// When more clients are near `fra` than it can carry, and the end.
const CROWD: Range<u64> = 600..4_200;
const LOADED: u64 = 110 * 60;
/// Requests a second of those near `iad`, and what both can carry, as the page says.
const NEAR_IAD: f64 = 20_000.0;
const FRA: f64 = 40_000.0;
const IAD: f64 = 60_000.0;

/// Requests a second of those near `fra`.
fn near_fra(second: u64) -> f64 {
    match CROWD.contains(&second) {
        true => 50_000.0,
        false => 28_000.0,
    }
}

/// What there is to see in a moment, each as a part of the whole.
struct Moment {
    own: f64,
    fra: f64,
    iad: f64,
    handed: f64,
}

/// Clients ask through sixty caches, each of which keeps for a TTL what it was answered; forwarders report what arrives.
fn loading(end: u64) -> (Server, Vec<Moment>) {
    let mut server = of("load");
    server.advance(NOW);
    // Of each cache: until when it keeps its answers, and what part of them leads to `fra`.
    let mut caches: Vec<(u64, f64)> = (0..60).map(|second| (NOW + second, 1.0)).collect();
    let (mut part, mut ttl) = (1.0, 60);
    let mut moments = Vec::new();
    for second in 0..=end {
        let now = NOW + second;
        for cache in caches.iter_mut().filter(|(until, _)| *until <= now) {
            *cache = (now + u64::from(ttl), part);
        }
        let held = caches.iter().map(|(_, part)| part).sum::<f64>() / 60.0;
        let own = near_fra(second);
        let (fra, iad) = (own * held, NEAR_IAD + own * (1.0 - held));
        if second % REPORT > 0 {
            continue;
        }
        server.advance(now);
        for (vip, load) in [("fra-1", fra), ("iad-1", iad)] {
            ground::report(&mut server, vip, State::Up, Some(load as u64), now);
        }
        server.turn();
        let told = ground::asked(&server, WWW, EUROPE, 0, now);
        part = share(&told, "fra-1");
        ttl = told.ttl.as_ref().unwrap().seconds;
        moments.push(Moment {
            own: own / FRA,
            fra: fra / FRA,
            iad: iad / IAD,
            handed: 1.0 - part,
        });
    }
    (server, moments)
}

/// Half an hour after the crowd came.
pub(super) fn loaded() -> (Server, u64) {
    let end = CROWD.start + 1_800;
    (loading(end).0, NOW + end)
}

/// Units of a minute and of the whole.
const MINUTE: usize = 5;
const FULL: f64 = 160.0;

pub(super) fn load() -> String {
    let (_, moments) = loading(LOADED);
    let late = &moments[(CROWD.end / REPORT - 1) as usize];
    assert!((late.fra - 0.8).abs() < 0.02, "it settles: {}", late.fra);
    assert!(moments.last().unwrap().handed < 0.01, "all come back");
    let title = "The load of two sites over time, and what the fuller one hands on to the other";
    let mut svg = Svg::new(640, 300, title);
    let [left, bottom] = [50, 240];
    let high = |part: f64| bottom - (part * FULL).round() as usize;
    let right = left + LOADED as usize / 60 * MINUTE;
    for (part, words) in [(0.0, "0 %"), (0.8, "80 %"), (1.0, "100 %")] {
        svg.line(
            &[[left, high(part)], [right, high(part)]],
            GREY,
            Stroke::Broken,
        );
        svg.label(left - 22, high(part) + 4, words);
    }
    let mut draw = |colour, stroke, what: fn(&Moment) -> f64| {
        let every = moments.iter().step_by(3).enumerate();
        let point = |(n, m): (usize, &Moment)| [left + n * MINUTE / 2, high(what(m))];
        svg.line(&every.map(point).collect::<Vec<_>>(), colour, stroke);
    };
    draw(COLOURS[0], Stroke::Broken, |m| m.own);
    draw(COLOURS[1], Stroke::Whole, |m| m.iad);
    draw(COLOURS[3], Stroke::Whole, |m| m.handed);
    draw(COLOURS[0], Stroke::Whole, |m| m.fra);
    svg.text(
        left,
        20,
        "A crowd comes to fra, whose capacity it exceeds by a quarter, and leaves an hour later",
    );
    for minute in (0..=LOADED / 60).step_by(20) {
        let at = left + minute as usize * MINUTE;
        svg.label(at, bottom + 18, &format!("{minute} min"));
    }
    let words = [
        (COLOURS[0], "load of fra (broken: without spill)"),
        (COLOURS[1], "load of iad"),
        (COLOURS[3], "clients handed on"),
    ];
    svg.legend(
        20,
        288,
        &words.map(|(colour, words)| (colour, words.into())),
    );
    svg.file()
}
