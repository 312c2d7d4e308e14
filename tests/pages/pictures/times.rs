//! Pictures over time: which states lead to which answers, and what one client after the other gets.

use meridian::answer::explain::Explanation;

use super::super::ground::{self, NOW};
use super::super::svg::{COLOURS, GREY, Svg};
use super::{WWW, colour, legend, of};
use crate::server::Server;

/// A minute's width.
const MINUTE: usize = 22;

/// When which VIP is down, in minutes.
const DOWN: [(&str, std::ops::Range<usize>); 3] =
    [("fra-1", 3..18), ("fra-2", 7..14), ("iad-1", 10..12)];

pub(super) fn failover() -> String {
    let mut server = of("failover");
    let vips = ["fra-1", "fra-2", "iad-1"];
    let mut svg = Svg::new(640, 240, "States of three VIPs over time, and who answers");
    svg.text(8, 18, "Two VIPs at fra, one at iad; min_up = 50 %");
    for (row, vip) in vips.iter().enumerate() {
        svg.text(8, 48 + row * 26, vip);
    }
    svg.text(8, 152, "answers");
    for minute in 0..24 {
        let left = 90 + minute * MINUTE;
        let down = |vip: &str| {
            DOWN.iter()
                .any(|(name, when)| *name == vip && when.contains(&minute))
        };
        let lost: Vec<&str> = vips.into_iter().filter(|vip| down(vip)).collect();
        ground::down(&mut server, &lost);
        for (row, vip) in vips.iter().enumerate() {
            let size = if lost.contains(vip) { 4 } else { 18 };
            let tone = if size == 4 { GREY } else { colour(&vips, vip) };
            svg.area(
                [left, 34 + row * 26 + (18 - size) / 2],
                [MINUTE - 1, size],
                tone,
            );
        }
        let told = ground::asked(&server, WWW, "193.0.6.0/24", 0, NOW);
        answers(&mut svg, left, &told, &vips);
        if minute % 4 == 0 {
            svg.label(left + MINUTE / 2, 200, &format!("{minute} min"));
        }
    }
    svg.text(
        90,
        226,
        "Grey below: nothing is up, and all are answered as if they were.",
    );
    svg.file()
}

/// The parts of the answers, one upon the other.
fn answers(svg: &mut Svg, left: usize, told: &Explanation, vips: &[&str]) {
    let steered = told.steering.as_ref().unwrap();
    let mut top = 126;
    for vip in steered.vips.iter().filter(|vip| vip.share > 0.0) {
        let height = (vip.share * 48.0).round() as usize;
        svg.area([left, top], [MINUTE - 1, height], colour(vips, &vip.name));
        top += height;
    }
    if steered.tier != "up" {
        svg.area([left, 178], [MINUTE - 1, 5], GREY);
    }
}

/// The four draws, by the names of their pools, with what decides.
const DRAWS: [(&str, &str); 4] = [
    ("query", "query: each query the next point"),
    ("client", "client: the network, anew each TTL"),
    ("sticky", "sticky: the network alone"),
    ("name", "name: the queried name alone"),
];
const CLIENTS: usize = 8;
const TURNS: usize = 12;

/// Eight client networks ask twelve times, four times in each of three TTLs of a minute.
fn panel(svg: &mut Svg, at: [usize; 2], server: &Server, draw: usize, vips: &[&str]) {
    let (pool, words) = DRAWS[draw];
    let [left, top] = at;
    svg.text(left, top + 14, words);
    for turn in 0..TURNS {
        for client in 0..CLIENTS {
            let counter = (turn * CLIENTS + client) as u32;
            let now = NOW + 15 * turn as u64;
            let name = match pool {
                // Clients of one name meet at one VIP: two names, four clients each.
                "name" => format!("{}.name.example.com", ["x", "z"][client / 4]),
                _ => format!("{pool}.example.com"),
            };
            let network = format!("11.50.{}.0/24", client * 7);
            let told = ground::asked(server, &name, &network, counter, now);
            let steered = told.steering.as_ref().unwrap();
            let picked = steered.vips.iter().find(|vip| vip.picked).unwrap();
            let corner = [left + turn * 20 + turn / 4 * 8, top + 22 + client * 16];
            svg.squares(&[corner], 14, colour(vips, &picked.name));
        }
    }
}

pub(super) fn draws() -> String {
    let server = of("draws");
    let vips = ["a", "b", "c", "d"];
    let mut svg = Svg::new(
        620,
        420,
        "Eight client networks ask twelve times: what each draw gives them",
    );
    svg.text(
        10,
        20,
        "Eight client networks (lines) ask twelve times (columns), a gap where a TTL ends.",
    );
    for draw in 0..DRAWS.len() {
        let at = [10 + draw % 2 * 310, 40 + draw / 2 * 170];
        panel(&mut svg, at, &server, draw, &vips);
    }
    let words = legend(&vips);
    assert!(words.iter().all(|(colour, _)| COLOURS.contains(colour)));
    svg.legend(10, 404, &words);
    svg.file()
}
