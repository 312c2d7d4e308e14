//! The points of a draw and whom each gets: arcs for one answer and for two, and the slots of `sticky`.

use std::collections::BTreeMap;

use meridian::steer::wheel::{Choice, Family};

use super::super::ground;
use super::super::svg::{COLOURS, GREY, Svg};
use super::{colour, compiled, legend, of};
use crate::server::Server;

/// Points that are looked at, of 2³²: enough for weights in eighths.
const POINTS: u32 = 640;

/// A client in Europe.
const CLIENT: [u8; 4] = [193, 0, 6, 9];

/// The choice of a pool for that client.
fn choice<'a>(server: &'a Server, pool: &str) -> &'a Choice {
    let (root, plans) = compiled(server, pool);
    let (class, _) = root.map.find(CLIENT.into());
    &plans.get(class).unwrap().choice
}

/// The VIPs at a point.
fn at(server: &Server, choice: &Choice, point: u32) -> Vec<String> {
    let vips = &server.world().estate.steering.vips;
    let picked = choice.pick(Family::V4, point).iter();
    picked
        .map(|vip| vips[usize::from(vip.0)].name.clone())
        .collect()
}

/// One strip of the draw's points, its VIPs stacked.
fn strip(svg: &mut Svg, top: usize, server: &Server, pool: &str, vips: &[&str]) {
    let choice = choice(server, pool);
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
    strip(&mut svg, 30, &server, "web", &vips);
    svg.text(
        20,
        130,
        "answers = 2: each point has two, one above the other",
    );
    strip(&mut svg, 140, &server, "pair", &vips);
    svg.legend(20, 236, &legend(&vips));
    svg.file()
}

/// Drawn once its page has steering that loads.
pub(super) fn answers() -> String {
    let mut server = of("answers");
    let vips = ["fra-1", "fra-2", "fra-3", "iad-1", "iad-2"];
    let title = "Two answers of a site: never two of one failure domain, while there are two";
    let mut svg = Svg::new(680, 250, title);
    let panels: [(&str, &[&str]); 2] = [
        (
            "A client near fra; fra-1 is domain a, fra-2 and fra-3 are domain b",
            &[],
        ),
        ("fra-1 is down: domain b is all there is", &["fra-1"]),
    ];
    for (place, (words, lost)) in panels.into_iter().enumerate() {
        ground::down(&mut server, lost);
        svg.text(20, 20 + place * 110, words);
        strip(&mut svg, 30 + place * 110, &server, "web", &vips);
    }
    svg.legend(20, 236, &legend(&vips));
    svg.file()
}

/// Slots that are shown: every fourth of 4,096, thirty-two in a row.
const SHOWN: u32 = 1_024;
const SIDE: usize = 10;

/// The VIP of each slot shown.
fn slots(server: &Server) -> Vec<String> {
    let choice = choice(server, "sticky");
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
    let before = slots(&server);
    ground::down(&mut server, &["b"]);
    let after = slots(&server);
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
