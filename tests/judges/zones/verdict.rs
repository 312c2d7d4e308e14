//! Verdicts: whether a zone file is taken, by `meridian check` and by the checkers of BIND, Knot and NSD.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::corpus::Case;
use crate::server::binary;
use crate::tool::{find, records};

/// Who judges, in the order of [`Verdicts`].
pub const JUDGES: [&str; 4] = ["meridian", "bind", "knot", "nsd"];

/// What one judge made of a file.
#[derive(Clone, Default)]
pub struct Verdict {
    pub accepted: bool,
    /// All it wrote.
    pub said: String,
}

impl Verdict {
    /// The first line that says why, without the folder's name.
    pub fn reason(&self) -> &str {
        let lines = self.said.lines().map(str::trim);
        let mut telling = lines.filter(|line| !line.is_empty());
        telling.next().unwrap_or_default()
    }
}

/// Of one case by each judge.
pub type Verdicts = [Verdict; 4];

/// Everything that one judge is asked with: the program, and the words in front of zone and file.
fn command(judge: &str, zone: &str, file: &Path) -> Command {
    let (program, words): (_, &[&str]) = match judge {
        "meridian" => (binary(), &["check", "--zones", "."]),
        // Without `local` it would ask the resolver of this machine.
        "bind" => (find("named-checkzone", "bind9-utils"), &["-i", "local"]),
        "knot" => (find("kzonecheck", "knot-dnssecutils"), &["-v", "-o"]),
        _ => (find("nsd-checkzone", "nsd"), &[]),
    };
    let mut command = Command::new(program);
    command.args(words);
    if judge != "meridian" {
        command.arg(zone).arg(file.file_name().unwrap());
    }
    command
}

/// All verdicts of one case, in a folder of its own.
fn ask(case: &Case) -> Verdicts {
    let folder = TempDir::new().unwrap();
    let file = case.write(folder.path());
    JUDGES.map(|judge| {
        let mut command = command(judge, &case.zone(), &file);
        // They take what is included as seen from where they stand.
        let output = command.current_dir(folder.path()).output().unwrap();
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        Verdict {
            accepted: output.status.success(),
            said,
        }
    })
}

/// All verdicts of all cases, on all cores; what each judge wrote goes to `target/judges/verdicts-SET-JUDGE.txt`.
pub fn judge(set: &str, cases: &[Case]) -> Vec<Verdicts> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![Verdicts::default(); cases.len()]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdicts = ask(case);
                    let at = cases.iter().position(|other| std::ptr::eq(other, case));
                    done.lock().unwrap()[at.unwrap()] = verdicts;
                }
            });
        }
    });
    let verdicts = done.into_inner().unwrap();
    fs::create_dir_all(records()).unwrap();
    for (at, judge) in JUDGES.iter().enumerate() {
        let mut text = String::new();
        for (case, verdicts) in cases.iter().zip(&verdicts) {
            let verdict = &verdicts[at];
            let word = word(verdict.accepted);
            let _ = writeln!(
                text,
                "== {}: {}: {word}\n{}",
                case.name, case.what, verdict.said
            );
        }
        fs::write(records().join(format!("verdicts-{set}-{judge}.txt")), text).unwrap();
    }
    verdicts
}

/// A verdict as a word.
pub fn word(accepted: bool) -> &'static str {
    if accepted { "accepts" } else { "refuses" }
}

/// Who of the others (not we) sees it otherwise.
pub fn dissent(verdicts: &Verdicts, accepted: bool) -> Vec<&'static str> {
    let others = JUDGES.iter().zip(verdicts).skip(1);
    let against = others.filter(|(_, verdict)| verdict.accepted != accepted);
    against.map(|(judge, _)| *judge).collect()
}

/// The table of a corpus in Markdown, one line for a case.
pub fn table(set: &str, cases: &[Case], verdicts: &[Verdicts]) -> String {
    let mut out = format!(
        "## {set}\n\n| case | {} | what it is |\n",
        JUDGES.join(" | ")
    );
    out.push_str("|---|---|---|---|---|---|\n");
    for (case, verdicts) in cases.iter().zip(verdicts) {
        let _ = write!(out, "| {} ", case.name);
        for verdict in verdicts {
            let _ = write!(out, "| {} ", word(verdict.accepted));
        }
        let _ = writeln!(out, "| {} |", case.what.replace('|', "\\|"));
    }
    out.push('\n');
    out
}
