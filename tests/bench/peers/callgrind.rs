//! User instructions of an answer, counted by callgrind in the server itself: the difference of two counts of questions.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::case::Case;
use super::generator::{Aim, Generator, Pace};
use super::geography::Geography;
use super::questions::Questions;
use super::subject::{Subject, Who};

/// Questions of the shorter and of the longer count.
const COUNTS: [u64; 2] = [2_000, 12_000];

/// The instructions of each of these cases, which are of one ground.
pub fn count(
    who: Who,
    cases: &[(Case, Questions)],
    geography: Option<&Geography>,
) -> Vec<Option<f64>> {
    let front = [
        "valgrind",
        "-q",
        "--tool=callgrind",
        "--instr-atstart=no",
        // Else processes that it forks do not listen to what is told.
        "--trace-children=yes",
        "--callgrind-out-file={}/counted.%p",
    ];
    let none = vec![None; cases.len()];
    let Some((first, _)) = cases.first() else {
        return none;
    };
    let Some(subject) = Subject::start(who, first.ground, geography, &front) else {
        return none;
    };
    told(&subject, "instrumentation on");
    let counted = cases.iter().map(|(case, plain)| {
        let questions = subject.questions(case, plain);
        let aim = Aim {
            patience: Duration::from_secs(10),
            sources: case.sources,
            ..Aim::at(subject.address(case))
        };
        let mut generator = Generator::new(aim);
        let mut run = |questions_asked: u64| {
            let seen = generator.run(&questions, Pace::Count(questions_asked));
            told(&subject, "dump");
            (dumped(&subject), seen.answers)
        };
        // What is done once, and translated by valgrind, is over then.
        run(COUNTS[0]);
        // Now and then another thread does something of its own meanwhile, so the middle one of three counts.
        let mut all: Vec<f64> = (0..3)
            .filter_map(|_| {
                let [few, many] = COUNTS.map(&mut run);
                let answers = many.1.checked_sub(few.1).filter(|answers| *answers > 0)?;
                Some(many.0.checked_sub(few.0)? as f64 / answers as f64)
            })
            .collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    });
    counted.collect()
}

/// Says a word to valgrind in each of the server's processes.
fn told(subject: &Subject, word: &str) {
    for pid in subject.process.family() {
        let mut command = Command::new("vgdb");
        command.arg(format!("--pid={pid}")).args(word.split(' '));
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The sum of all dumps that were made since the last look; they are taken away.
fn dumped(subject: &Subject) -> u64 {
    let mut all = 0;
    for entry in fs::read_dir(subject.folder.path()).unwrap().flatten() {
        if !entry.file_name().to_string_lossy().starts_with("counted.") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| {
            let total = line.strip_prefix("totals:")?;
            total.trim().parse::<u64>().ok()
        });
        all += lines.sum::<u64>();
        let _ = fs::remove_file(entry.path());
    }
    all
}
