//! What an answer costs, beside NSD, Knot, gdnsd and a bare UDP echo: one table: `cargo bench --bench peers`.
//!
//! All that are installed (Debian: `nsd knot knot-module-geoip gdnsd`, and `valgrind` for instructions) are started here, on
//! one core, with one worker and without rate limiting; ours stands there twice, also with all of its defaults. The generator
//! has another core, and measures one after the other in each round, so that what else goes on meets all alike. Answers are
//! checked before anything is timed. The table is on stdout, and as `peers.md` and `peers.json` below `target/bench`.
//!
//! | variable | default | |
//! |---|---|---|
//! | `PEERS_ROUNDS` | 5 | rounds |
//! | `PEERS_CASES` | all | `one many nxdomain four ipv6 reload cookies two country nearest sticky nearest4 health million gaps`, by commas |
//! | `PEERS_ONLY` | all | servers: `echo`, `meridian`, `meridian, rate off` as `free`, `gdnsd`, `nsd`, `knotd` |
//! | `PEERS_MILLIS` | 700 | how long a window is |
//! | `PEERS_INSTRUCTIONS` | 1 | 0 leaves callgrind out |
//! | `PEERS_NICE` | none | -20 to 19 for all of it, where others are at work on the machine; below 0 it needs root |
//! | `MERIDIAN_BIN` | this build | another binary of ours |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a bench is no part of the server, and takes what it needs of the tests' rooms"
)]

#[path = "peers/batch.rs"]
mod batch;
#[path = "peers/callgrind.rs"]
mod callgrind;
#[path = "peers/case.rs"]
mod case;
#[path = "peers/cost.rs"]
mod cost;
#[path = "../support/dice.rs"]
mod dice;
#[path = "peers/echo.rs"]
mod echo;
#[path = "peers/generator.rs"]
mod generator;
#[path = "peers/geography.rs"]
mod geography;
#[path = "../support/held.rs"]
mod held;
#[path = "../support/internet.rs"]
mod internet;
#[path = "peers/measure.rs"]
mod measure;
#[path = "../support/mmdb.rs"]
mod mmdb;
#[path = "load/peers.rs"]
mod peers;
#[path = "load/process.rs"]
mod process;
#[path = "peers/questions.rs"]
mod questions;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/server.rs"]
mod server;
#[path = "peers/stir.rs"]
mod stir;
#[path = "peers/subject.rs"]
mod subject;
#[path = "peers/table.rs"]
mod table;
#[path = "load/text.rs"]
mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use meridian::geo::mmdb as writer;
use serde_json::{Value, json};

use case::{CASES, Case, Ground, QUESTIONS, Stir};
use geography::Geography;
use questions::Questions;
use subject::{Subject, Who};
use table::{Row, Spread};

/// What the environment asks for.
struct Wish {
    rounds: usize,
    window: Duration,
    cases: String,
    only: String,
    instructions: bool,
}

impl Wish {
    fn read() -> Wish {
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let number = |name: &str, default| match text(name).as_str() {
            "" => default,
            text => text.parse().expect(name),
        };
        Wish {
            rounds: number("PEERS_ROUNDS", 5),
            window: Duration::from_millis(number("PEERS_MILLIS", 700) as u64),
            cases: text("PEERS_CASES"),
            only: text("PEERS_ONLY"),
            instructions: number("PEERS_INSTRUCTIONS", 1) > 0,
        }
    }

    fn has(list: &str, name: &str) -> bool {
        list.is_empty() || list.split(',').any(|one| one.trim() == name)
    }

    fn case(&self, name: &str) -> bool {
        Wish::has(&self.cases, name)
    }

    fn who(&self) -> Vec<Who> {
        let name = |who: &Who| {
            if *who == Who::Free {
                "free"
            } else {
                who.label()
            }
        };
        let wanted = |who: &Who| Wish::has(&self.only, name(who));
        Who::ALL.into_iter().filter(wanted).collect()
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == "--echo") {
        return echo::serve(words[at + 1].parse().unwrap());
    }
    let wish = Wish::read();
    for name in wish.cases.split(',').filter(|name| !name.is_empty()) {
        let known = name == "gaps" || CASES.iter().any(|case| case.name == name);
        assert!(known, "PEERS_CASES: there is no case {name}");
    }
    cost::pin(std::process::id(), measure::cores()[1]);
    let nice = std::env::var("PEERS_NICE").ok();
    let _priority = nice.map(|nice| cost::Priority::take(&nice));
    let begun = Instant::now();
    let mut markdown = format!("{}\n", machine());
    let mut all = vec![json!({ "machine": machine() })];
    println!("{markdown}");
    print!("{}", table::HEAD);
    let folder = tempfile::tempdir().unwrap();
    let (mut geography, mut stirred) = (None, String::new());
    markdown += table::HEAD;
    for ground in [
        Ground::Hosts,
        Ground::Cookies,
        Ground::Two,
        Ground::Places,
        Ground::Large,
    ] {
        let six = subject::has_six();
        let wanted =
            |case: &&Case| case.ground == ground && wish.case(case.name) && (six || !case.six);
        let cases: Vec<Case> = CASES.iter().filter(wanted).copied().collect();
        if cases.is_empty() {
            continue;
        }
        if ground == Ground::Places {
            let made = Geography::new(folder.path(), QUESTIONS);
            eprintln!("a database of {} networks", made.networks);
            geography = Some(made);
        }
        let found = over(&wish, ground, &cases, geography.as_ref());
        for (case, rows) in &found {
            let lines = table::lines(case, rows);
            print!("{lines}");
            markdown += &lines;
            all.push(table::json(case, rows));
            let calm = found.iter().find(|(calm, _)| case.quiet == calm.name);
            if let Some((quiet, calm)) = calm {
                stirred += &table::beside_quiet(case, rows, quiet, calm);
            }
        }
    }
    let mut below = String::new();
    if !stirred.is_empty() {
        let _ = write!(below, "\nWhat stirring costs those who serve:\n\n{stirred}");
    }
    if wish.case("gaps") {
        let (text, json) = gaps(&wish);
        below += &text;
        all.push(json);
    }
    let _ = writeln!(below, "\n{}", words_below(&wish, begun));
    println!("{below}");
    markdown += &below;
    table::write(&markdown, &Value::Array(all));
}

/// All cases of a ground: everyone is started and checked, then measured in turn, then counted.
fn over(
    wish: &Wish,
    ground: Ground,
    cases: &[Case],
    geography: Option<&Geography>,
) -> Vec<(Case, Vec<Row>)> {
    let asked = |case: &Case| (*case, case.questions(geography));
    let cases: Vec<(Case, Questions)> = cases.iter().map(asked).collect();
    let able = |who: &Who| cases.iter().any(|(case, _)| who.can(case));
    let all: Vec<Who> = wish.who().into_iter().filter(able).collect();
    let start = |who: &Who| Subject::start(*who, ground, geography, &[]);
    let subjects: Vec<Subject> = all.iter().filter_map(start).collect();
    let mut rows: BTreeMap<(usize, usize), (Row, Questions)> = BTreeMap::new();
    for (at, (case, plain)) in cases.iter().enumerate() {
        for (by, subject) in subjects.iter().enumerate().filter(|s| s.1.who.can(case)) {
            let questions = subject.questions(case, plain);
            let row = Row {
                who: subject.who,
                rounds: Vec::new(),
                instructions: None,
                checked: subject.check(case, &questions),
            };
            rows.insert((at, by), (row, questions));
        }
    }
    for round in 0..wish.rounds {
        eprintln!("{ground:?}: round {} of {}", round + 1, wish.rounds);
        for ((at, by), (row, questions)) in &mut rows {
            if row.checked.is_ok() {
                let (case, subject) = (&cases[*at].0, &subjects[*by]);
                row.rounds
                    .push(measure::round(subject, case, questions, wish.window));
            }
        }
    }
    let who: Vec<Who> = subjects.iter().map(|subject| subject.who).collect();
    drop(subjects);
    if wish.instructions && ground != Ground::Large && ground != Ground::Two {
        instructions(&who, &cases, &mut rows, geography);
    }
    let mut found: Vec<(Case, Vec<Row>)> =
        cases.iter().map(|(case, _)| (*case, Vec::new())).collect();
    for ((at, _), (row, _)) in rows {
        found[at].1.push(row);
    }
    found
}

/// Counts what quiet cases cost, one server after the other.
fn instructions(
    who: &[Who],
    cases: &[(Case, Questions)],
    rows: &mut BTreeMap<(usize, usize), (Row, Questions)>,
    geography: Option<&Geography>,
) {
    for (by, who) in who.iter().enumerate().filter(|(_, who)| **who != Who::Echo) {
        eprintln!("instructions of {}", who.label());
        let right = |at: usize| {
            rows.get(&(at, by))
                .is_some_and(|(row, _)| row.checked.is_ok())
        };
        let quiet = |at: &usize| cases[*at].0.stir == Stir::Nothing && right(*at);
        let which: Vec<usize> = (0..cases.len()).filter(quiet).collect();
        let some: Vec<(Case, Questions)> = which
            .iter()
            .map(|at| (cases[*at].0, cases[*at].1.map(<[u8]>::to_vec)))
            .collect();
        for (at, count) in which.iter().zip(callgrind::count(*who, &some, geography)) {
            if let Some((row, _)) = rows.get_mut(&(*at, by)) {
                row.instructions = count;
            }
        }
    }
}

/// The longest time without an answer: quiet, and while the zone is loaded again and again and our metrics are scraped.
fn gaps(wish: &Wish) -> (String, Value) {
    /// Questions a second.
    const RATE: f64 = 20_000.0;
    let case = *CASES.iter().find(|case| case.name == "reload").unwrap();
    let quiet = Case {
        stir: Stir::Nothing,
        ..case
    };
    let questions = case.questions(None);
    let mut text = format!(
        "\nThe longest time without an answer, ms, at {RATE} questions a second, the server with all of its threads on one core:\n\n\
         | server | quiet | during reloads and scrapes (least to most) | p99 µs | reloads | scrapes | lost | wrong |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    let mut all = Vec::new();
    for who in wish
        .who()
        .into_iter()
        .filter(|who| !matches!(who, Who::Echo | Who::Free))
    {
        let Some(subject) = Subject::start(who, Ground::Hosts, None, &[]) else {
            continue;
        };
        let rounds = 0..wish.rounds.min(3);
        let still: Vec<_> = rounds
            .clone()
            .map(|_| measure::gap(&subject, &quiet, &questions, RATE))
            .collect();
        let moved: Vec<_> = rounds
            .map(|_| measure::gap(&subject, &case, &questions, RATE))
            .collect();
        let of = |all: &[(generator::Seen, [u64; 2])], take: fn(&generator::Seen) -> f64| {
            Spread::of(all.iter().map(|(seen, _)| take(seen))).unwrap()
        };
        let (before, gap) = (of(&still, |seen| seen.gap), of(&moved, |seen| seen.gap));
        let sum =
            |take: fn(&(generator::Seen, [u64; 2])) -> u64| moved.iter().map(take).sum::<u64>();
        let [reloads, scrapes] = [sum(|one| one.1[0]), sum(|one| one.1[1])];
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.1} ({:.1} to {:.1}) | {:.0} | {reloads} | {scrapes} | {} | {} |",
            who.label(),
            before.median,
            gap.median,
            gap.least,
            gap.most,
            of(&moved, |seen| seen.p99).median,
            sum(|one| one.0.lost),
            sum(|one| one.0.wrong),
        );
        all.push(json!({
            "server": who.label(), "quiet_ms": before.median, "gap_ms": gap.median, "gap_most_ms": gap.most,
            "reloads": reloads, "scrapes": scrapes,
        }));
    }
    (text, json!({ "gaps": all }))
}

fn said(program: &str, words: &[&str]) -> String {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let out = Command::new(program).args(words).env("PATH", path).output();
    let out = out.map(|out| [out.stdout, out.stderr].concat());
    let text = String::from_utf8_lossy(&out.unwrap_or_default()).into_owned();
    text.lines().next().unwrap_or("not here").trim().to_string()
}

/// What it was measured on.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model
        .unwrap_or_default()
        .trim_start_matches([' ', '\t', ':']);
    let cores = *measure::CORES;
    format!(
        "{}, {cores} cores of {model}, Linux {}; load average {}; {}, {}, gdnsd {}",
        said("date", &["-u", "+%F %H:%M"]),
        said("uname", &["-r"]),
        load(),
        said("nsd", &["-v"]),
        said("knotd", &["-V"]),
        said("dpkg-query", &["-W", "-f", "${Version}", "gdnsd"]),
    )
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// What must be known to read the table.
fn words_below(wish: &Wish, begun: Instant) -> String {
    format!(
        "Medians of {} rounds of {:?}, taken in turn; {:.0} s in all, load average {} at the end. CPU is the scheduler's clock \
         of the threads that serve; user and system divide it by the tick. `ours / its`: CPU of `meridian` (all defaults) by \
         that of the row, or `tie` where the ranges of the rounds meet. p50 and p99 at 60 % of the row's own peak. `foreign`: \
         part of the time for which server and generator waited for a core that something else had: well above 0, the figures \
         of CPU still stand, and those of time do not. With two workers and two cores the generator shares one. Instructions \
         are of user space, by callgrind, of the whole server between two counts of questions.",
        wish.rounds,
        wish.window,
        begun.elapsed().as_secs_f64(),
        load()
    )
}
