//! The instructions of each kind of answer and of each step on its way, held against those of `tests/bench/instructions.txt`.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use super::callgrind::{self, Counted, counted_answers};
use super::sample::{self, Dice, Terms};
use super::{Asked, CASES, Choice, Family, Kind, MANY, SERVER, Seed, TABLE, query};

/// What a count may differ from the one that is kept. Callgrind is exact; what remains is that other code stands beside it.
const BAR: f64 = 0.03;
/// How often each part is done.
const TIMES: usize = 8 * MANY;

/// Names that the steps' look-ups are among.
const NAMES: usize = 100_000;

/// The parts by name: the steps, and whole answers.
fn parts() -> Vec<String> {
    let steps = [
        "parse: no EDNS",
        "parse: OPT",
        "parse: OPT, ECS /24",
        "parse: OPT, ECS /56",
        "name: of 100,000",
        "name: not there",
        "prefix: IPv4 of a million",
        "prefix: IPv6 of a million",
        "pick: arcs",
        "pick: slots",
    ];
    let steps = steps.iter().map(|step| step.to_string());
    let whole = CASES.iter().map(|case| format!("answer: {}", case.label));
    steps.chain(whole).collect()
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bench/instructions.txt")
}

fn compiler() -> String {
    let said = Command::new("rustc").arg("--version").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_string()
}

fn measure() -> Vec<(String, f64)> {
    let mut run = Counted::start(&["counted"]);
    let idle = run.count("nothing") as f64;
    let mut one = |part: String| {
        let count = (run.count(&part) as f64 - idle) / TIMES as f64;
        println!("{count:7.1}  {part}");
        (part, count)
    };
    let counts = parts().into_iter().map(&mut one).collect();
    run.end();
    counts
}

/// Counts, and keeps what came out.
pub fn write() {
    let mut text = format!(
        "# Instructions of one of each, in-process, by callgrind: cargo bench --bench answer -- write\n# {}\n",
        compiler()
    );
    for (part, count) in measure() {
        let _ = writeln!(text, "{count:.1} {part}");
    }
    fs::write(file(), text).unwrap();
}

/// Counts, and fails where that is not what is kept.
pub fn hold() {
    let kept = fs::read_to_string(file()).unwrap();
    let kept_for = kept
        .lines()
        .nth(1)
        .unwrap_or_default()
        .trim_start_matches("# ");
    let same = kept_for == compiler();
    let mut wrong = Vec::new();
    for (part, count) in measure() {
        let line = kept.lines().find_map(|line| {
            let (count, name) = line.split_once(' ')?;
            (name == part).then(|| count.parse::<f64>().unwrap())
        });
        match line {
            None => wrong.push(format!("{part}: {count:.1}, and none is kept")),
            // Few instructions have no small parts.
            Some(kept) if (count - kept).abs() > (kept * BAR).max(1.0) => {
                wrong.push(format!("{part}: {count:.1} instead of {kept:.1}"));
            }
            Some(_) => {}
        }
    }
    let said = wrong.join("\n");
    if !same && !wrong.is_empty() {
        println!("kept with another compiler ({kept_for}), so these are only told:\n{said}");
        return;
    }
    assert!(
        wrong.is_empty(),
        "more than 3 % from tests/bench/instructions.txt; if it is meant: cargo bench --bench answer -- write\n{said}"
    );
}

/// The child's side.
pub fn serve() {
    // All is made before anything is counted.
    let large = sample::server(NAMES, 0);
    let _ = (SERVER.world(), TABLE.len());
    callgrind::serve(|part| {
        if part == "nothing" {
            return counted_nothing();
        }
        let (step, what) = part.split_once(": ").unwrap();
        match step {
            "answer" => {
                let case = CASES.iter().find(|case| case.label == what).unwrap();
                counted_answers(SERVER.world(), &case.queries(), TIMES);
            }
            "parse" => {
                let mut dice = Dice(7);
                let mut terms = || match what {
                    "no EDNS" => Terms::None,
                    "OPT" => Terms::Plain,
                    "OPT, ECS /24" => Terms::Subnet(dice.v4().into(), 24),
                    _ => Terms::Subnet(dice.v6().into(), 56),
                };
                let query = |_| sample::query("www.example.com.", Kind::A, terms());
                counted_parse(&(0..MANY).map(query).collect::<Vec<_>>());
            }
            "name" => {
                let mut dice = Dice(3);
                let stem = if what == "not there" { "no" } else { "host" };
                let name = |_| {
                    let name = format!("{stem}-{}.example.com.", dice.roll() as usize % NAMES);
                    sample::query(&name, Kind::A, Terms::Plain).split_off(query::HEADER)
                };
                counted_name(&large, &(0..MANY).map(name).collect::<Vec<_>>());
            }
            "prefix" => {
                let mut dice = Dice(5);
                let mut addr = || match what.starts_with("IPv4") {
                    true => IpAddr::from(dice.v4()),
                    false => dice.v6().into(),
                };
                let addresses: Vec<IpAddr> = (0..MANY).map(|_| addr()).collect();
                counted_prefix(&addresses);
            }
            _ => {
                let mut dice = Dice(9);
                let points: Vec<u32> = (0..MANY).map(|_| dice.roll() as u32).collect();
                counted_pick(
                    super::choice(if what == "arcs" { "spread" } else { "sticky" }),
                    &points,
                );
            }
        }
    });
}

#[inline(never)]
fn counted_nothing() {
    for n in 0..TIMES {
        black_box(n % MANY);
    }
}

#[inline(never)]
fn counted_parse(queries: &[Vec<u8>]) {
    let mut asked = Asked::new(Seed::default());
    for n in 0..TIMES {
        let query = black_box(&queries[n % MANY]);
        let _ = black_box(query::parse(query, &mut asked).map(|query| query.end));
    }
}

#[inline(never)]
fn counted_name(server: &super::Server, names: &[Vec<u8>]) {
    let estate = &server.world().estate;
    let mut asked = Asked::new(Seed::default());
    for n in 0..TIMES {
        asked.read(black_box(&names[n % MANY])).unwrap();
        let held = estate.zone(&asked).unwrap();
        let _ = black_box(&held.zone.find(&asked, Kind::A));
    }
}

#[inline(never)]
fn counted_prefix(addresses: &[IpAddr]) {
    for n in 0..TIMES {
        black_box(TABLE.find(black_box(addresses[n % MANY])));
    }
}

#[inline(never)]
fn counted_pick(choice: &Choice, points: &[u32]) {
    for n in 0..TIMES {
        black_box(choice.pick(Family::V4, black_box(points[n % MANY])));
    }
}
