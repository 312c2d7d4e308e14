//! What an answer costs among few things and among many: names, pools, VIPs, networks: `cargo bench --bench flat` (needs
//! valgrind).
//!
//! Instructions are counted by callgrind, times taken without it. Charts of both go to `deploy/charts`, and it fails if the
//! most instructions of a row are over [`BAR`] more than its least. `FLAT=names` and the like takes one row alone, and
//! draws nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a bench is no part of the server, and takes what it needs of the tests' rooms"
)]

#[path = "callgrind.rs"]
mod callgrind;
#[path = "flat/chart.rs"]
mod chart;
#[path = "flat/ground.rs"]
mod ground;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/server.rs"]
mod server;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use callgrind::counted_answers;
use ground::{ROWS, Row};
use meridian::world::World;

/// What an answer may cost more.
const BAR: f64 = 0.02;
/// Answers of a count.
const ANSWERS: usize = 1 << 16;
/// Of the times that are taken the least is told.
const ROUNDS: usize = 25;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let after = |word: &str| words.iter().skip_while(|one| *one != word).nth(1);
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    match (after("counted"), after("timed")) {
        (Some(row), _) => {
            let (world, queries) = ground::of(row, numbers[0]);
            callgrind::serve(|_| counted_answers(world.world(), &queries, ANSWERS));
        }
        (_, Some(row)) => {
            let (world, queries) = ground::of(row, numbers[0]);
            println!("{:.1}", timed(world.world(), &queries));
        }
        _ => all(),
    }
}

/// One size of a row.
struct Point {
    size: usize,
    instructions: f64,
    nanoseconds: f64,
}

fn all() {
    let only = std::env::var("FLAT").ok();
    let mut wrong = Vec::new();
    for row in &ROWS {
        if only.as_ref().is_some_and(|only| only != row.name) {
            continue;
        }
        let points = measure(row);
        let of = |point: &Point| point.instructions;
        let most = points.iter().map(of).fold(0.0, f64::max);
        let least = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let spread = most / least - 1.0;
        println!("{}: {:.1} %\n", row.name, spread * 100.0);
        if spread > BAR {
            wrong.push(format!("{}: {:.1} %", row.name, spread * 100.0));
        }
        if only.is_none() {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/charts");
            let file = folder.join(format!("flat-{}.svg", row.name));
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(file, chart::draw(row.title, row.unit, &points)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "an answer's cost grows: {wrong:?}");
}

fn measure(row: &Row) -> Vec<Point> {
    println!(
        "| {} | instructions an answer | ns an answer |\n|---|---|---|",
        row.unit
    );
    let point = |size: &usize| {
        let words = ["counted", row.name, &size.to_string()];
        let instructions = callgrind::instructions(&words, ANSWERS);
        let said = Command::new(std::env::current_exe().unwrap())
            .args(["timed", row.name, &size.to_string()])
            .output()
            .unwrap();
        let nanoseconds = String::from_utf8(said.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        println!("| {size} | {instructions:.1} | {nanoseconds:.0} |");
        Point {
            size: *size,
            instructions,
            nanoseconds,
        }
    };
    row.sizes.iter().map(point).collect()
}

/// Nanoseconds of an answer.
fn timed(world: &World, queries: &[Vec<u8>]) -> f64 {
    let round = |_| {
        let start = Instant::now();
        counted_answers(world, queries, ANSWERS);
        start.elapsed().as_secs_f64() * 1e9 / ANSWERS as f64
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}
