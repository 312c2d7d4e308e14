//! The points of a draw and whom each gets: arcs for one answer and for two, and the slots of `sticky`.

use std::collections::BTreeMap;

use meridian::steer::wheel::{Choice, Family};

use super::super::ground;
use super::super::svg::{COLOURS, GREY, Svg};
use super::{colour, compiled, legend, of, with};
use crate::server::Server;

/// Points that are looked at, of 2³²: enough for weights in eighths.
const POINTS: u32 = 640;

/// A client in Europe, and one in America.
const EUROPE: [u8; 4] = [193, 0, 6, 9];
const AMERICA: [u8; 4] = [199, 43, 0, 9];

/// The choice of a pool for a client.
fn choice<'a>(server: &'a Server, pool: &str, client: [u8; 4]) -> &'a Choice {
    let (root, plans) = compiled(server, pool);
    let (class, _) = root.map.find(client.into());
    &plans.get(class).unwrap().side(Family::V4).choice
}

/// The VIPs at a point.
fn at(server: &Server, choice: &Choice, point: u32) -> Vec<String> {
    let vips = &server.world().estate.steering.vips;
    let picked = choice.pick(Family::V4, point).iter();
    picked
        .map(|vip| vips[usize::from(vip.0)].name.clone())
        .collect()
}

/// One strip of the draw's points, its VIPs stacked, below `top`.
fn strip(svg: &mut Svg, top: usize, server: &Server, choice: &Choice, vips: &[&str]) {
    let mut runs: Vec<(u32, Vec<String>)> = Vec::new();
    for step in 0..POINTS {
        let point = (u64::from(step) * (1 << 32) / u64::from(POINTS)) as u32;
        let mut set = at(server, choice, point);
        set.sort();
        if runs.last().is_none_or(|(_, last)| *last != set) {
            runs.push((step, set));
        }
    }
    let mut held: BTreeMap<String, u32> = BTreeMap::new();
    for (place, (start, set)) in runs.iter().enumerate() {
        let end = runs.get(place + 1).map_or(POINTS, |(next, _)| *next);
        let height = 48 / set.len().max(1);
        for (row, vip) in set.iter().enumerate() {
            *held.entry(vip.clone()).or_default() += end - start;
            let corner = [20 + *start as usize, top + row * height];
            svg.area(
                corner,
                [(end - start) as usize - 1, height - 1],
                colour(vips, vip),
            );
        }
    }
    let parts = vips.iter().map(|vip| {
        let part = held.get(*vip).copied().unwrap_or(0);
        format!("{vip} {:.1} %", f64::from(part) * 100.0 / f64::from(POINTS))
    });
    svg.text(
        20,
        top + 66,
        &format!(
            "of all answers have it: {}",
            parts.collect::<Vec<_>>().join(", ")
        ),
    );
}

pub(super) fn weighted() -> String {
    let server = of("weighted");
    let vips = ["a", "b", "c", "d"];
    let mut svg = Svg::new(
        680,
        250,
        "The points of the draw, and which VIPs each has: with one answer, and with two",
    );
    svg.text(20, 20, "answers = 1: each point of the draw has one VIP");
    let web = choice(&server, "web", EUROPE);
    strip(&mut svg, 30, &server, web, &vips);
    svg.text(
        20,
        130,
        "answers = 2: each point has two, one above the other",
    );
    let pair = choice(&server, "pair", EUROPE);
    strip(&mut svg, 140, &server, pair, &vips);
    svg.legend(20, 236, &legend(&vips));
    svg.file()
}

/// What is up, where the client is, its site's VIPs, and who is down.
type Panel = (
    &'static str,
    [u8; 4],
    &'static [&'static str],
    &'static [&'static str],
);

pub(super) fn answers() -> String {
    let mut server = of("answers");
    let title = "Two answers of a site: never two of one failure domain, while there are two";
    let mut svg = Svg::new(680, 370, title);
    let fra = &["fra-1", "fra-2", "fra-3"];
    let panels: [Panel; 3] = [
        (
            "A client near fra: fra-1 is domain a and has half of the weight, the others are domain b",
            EUROPE,
            fra,
            &[],
        ),
        (
            "fra-1 is down: domain b is all there is",
            EUROPE,
            fra,
            &["fra-1"],
        ),
        (
            "A client near iad: iad-1 and iad-3 are domain a, iad-2 and iad-4 are domain b",
            AMERICA,
            &["iad-1", "iad-2", "iad-3", "iad-4"],
            &[],
        ),
    ];
    for (place, (words, client, vips, lost)) in panels.into_iter().enumerate() {
        ground::down(&mut server, lost);
        let top = place * 124;
        svg.text(20, top + 20, words);
        let choice = choice(&server, "web", client);
        strip(&mut svg, top + 30, &server, choice, vips);
        svg.legend(20, top + 116, &legend(vips));
    }
    svg.file()
}

/// Slots that are shown: every fourth of 4,096, thirty-two in a row.
const SHOWN: u32 = 1_024;
const SIDE: usize = 10;

/// The VIP of each slot shown.
fn slots(server: &Server, pool: &str) -> Vec<String> {
    let choice = choice(server, pool, EUROPE);
    let slot = |n: u32| at(server, choice, n * (u32::MAX / SHOWN + 1)).remove(0);
    (0..SHOWN).map(slot).collect()
}

fn grid(svg: &mut Svg, left: usize, slots: &[(&'static str, bool)]) {
    let mut squares: BTreeMap<(&str, bool), Vec<[usize; 2]>> = BTreeMap::new();
    for (n, one) in slots.iter().enumerate() {
        let corner = [left + n % 32 * SIDE, 32 + n / 32 * SIDE];
        squares.entry(*one).or_default().push(corner);
    }
    for ((colour, bold), corners) in &squares {
        svg.squares(corners, if *bold { SIDE - 1 } else { 4 }, colour);
    }
}

pub(super) fn sticky() -> String {
    let mut server = of("draws");
    let vips = ["a", "b", "c", "d"];
    let before = slots(&server, "sticky");
    ground::down(&mut server, &["b"]);
    let after = slots(&server, "sticky");
    let mut svg = Svg::new(
        700,
        396,
        "The slots of a sticky draw before and after a VIP failed",
    );
    svg.text(10, 20, "All up: each slot of clients has its VIP");
    let all: Vec<_> = before
        .iter()
        .map(|vip| (colour(&vips, vip), true))
        .collect();
    grid(&mut svg, 10, &all);
    let pairs = before.iter().zip(&after);
    let moved: Vec<_> = pairs
        .map(|(old, new)| (colour(&vips, new), old != new))
        .collect();
    let count = moved.iter().filter(|(_, moved)| *moved).count();
    let others = before
        .iter()
        .zip(&after)
        .filter(|(old, new)| old != new && *old != "b");
    assert_eq!(others.count(), 0, "only the lost VIP's clients move");
    assert!(
        moved
            .iter()
            .all(|(colour, _)| *colour != COLOURS[1] && *colour != GREY)
    );
    svg.text(
        370,
        20,
        &format!("b is down: {count} of {SHOWN} slots move (large)"),
    );
    grid(&mut svg, 370, &moved);
    svg.legend(10, 382, &legend(&vips));
    svg.file()
}

pub(super) fn cdns() -> String {
    let vips = ["cdn-a", "cdn-b", "cdn-c"];
    let grown = |steering: String| {
        let grown = steering.replace("{ cdn = 99, cdn-c = 1 }", "{ cdn = 9, cdn-c = 1 }");
        assert_ne!(grown, steering);
        grown
    };
    let before = slots(&of("cdns"), "img");
    let after = slots(&with("cdns", grown), "img");
    let mut svg = Svg::new(
        700,
        396,
        "The slots of clients on three CDNs, and who moves when the third grows",
    );
    let on = |slots: &[String]| slots.iter().filter(|vip| *vip == "cdn-c").count();
    let words = format!("cdn-c = 1 of 100: {} of {SHOWN} slots", on(&before));
    svg.text(10, 20, &words);
    let all = before.iter().map(|vip| (colour(&vips, vip), true));
    grid(&mut svg, 10, &all.collect::<Vec<_>>());
    let pairs = || before.iter().zip(&after);
    let moved = pairs().map(|(old, new)| (colour(&vips, new), old != new));
    let moved: Vec<_> = moved.collect();
    assert!(pairs().all(|(old, new)| old == new || new == "cdn-c"));
    let count = moved.iter().filter(|(_, moved)| *moved).count();
    let words = format!("1 of 10: {count} more move to it (large)");
    svg.text(370, 20, &words);
    grid(&mut svg, 370, &moved);
    svg.legend(10, 382, &legend(&vips));
    svg.file()
}
