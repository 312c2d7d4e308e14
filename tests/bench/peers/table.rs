//! The one table: medians of rounds, what is a tie, as Markdown and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::case::{Case, Stir};
use super::measure::Round;
use super::subject::Who;

/// What one server showed in one case.
pub struct Row {
    pub who: Who,
    pub rounds: Vec<Round>,
    pub instructions: Option<f64>,
    /// How many answers were checked, or what was wrong.
    pub checked: Result<u32, String>,
}

/// A figure over the rounds.
#[derive(Clone, Copy)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Spread> {
        let mut all: Vec<f64> = values.collect();
        all.sort_by(f64::total_cmp);
        Some(Spread {
            least: *all.first()?,
            median: (all[(all.len() - 1) / 2] + all[all.len() / 2]) / 2.0,
            most: *all.last()?,
        })
    }

    fn meets(self, other: Spread) -> bool {
        self.least <= other.most && other.least <= self.most
    }

    fn json(self) -> Value {
        json!({ "least": self.least, "median": self.median, "most": self.most })
    }
}

impl Row {
    fn of(&self, take: impl Fn(&Round) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.iter().map(take))
    }

    fn cost(&self) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(|round| Some(round.cost?.all)))
    }

    /// The median cost in user space and in the kernel: the sum is exact, the tick of all rounds tells how to divide it.
    fn parts(&self) -> [Option<f64>; 2] {
        let costs = || self.rounds.iter().filter_map(|round| round.cost);
        let (user, system): (u64, u64) = (
            costs().map(|cost| cost.user).sum(),
            costs().map(|cost| cost.system).sum(),
        );
        let all = self.cost().filter(|_| user + system > 0);
        [user, system].map(|part| Some(all?.median * part as f64 / (user + system) as f64))
    }

    fn sum(&self, take: impl Fn(&Round) -> u64) -> u64 {
        self.rounds.iter().map(take).sum()
    }

    /// What ours costs beside it: less than 1 is less. A difference within the run's own range is none.
    fn beside(&self, ours: Option<Spread>) -> String {
        let (Some(ours), Some(its)) = (ours, self.cost()) else {
            return "-".into();
        };
        match (self.who, ours.meets(its)) {
            (Who::Ours, _) => "itself".into(),
            (_, true) => "tie".into(),
            _ => format!("{:.2}", ours.median / its.median),
        }
    }
}

/// The head of the table, for Markdown.
pub const HEAD: &str = "| case | server | CPU µs an answer (least to most) | user | system | ours / its | answers a second \
    | p50 µs | p99 µs | instructions | octets | lost | wrong | foreign | stirred a second |\n\
    |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";

fn shown(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("-".into(), |one| format!("{:.digits$}", one.median))
}

/// The lines of a case.
pub fn lines(case: &Case, rows: &[Row]) -> String {
    let ours = rows
        .iter()
        .find(|row| row.who == Who::Ours)
        .and_then(Row::cost);
    let mut text = String::new();
    for row in rows {
        let label = row.who.label();
        if let Err(words) = &row.checked {
            let _ = writeln!(text, "| {} | {label} | not timed: {words} |", case.label);
            continue;
        }
        let cost = row.cost().map_or("-".into(), |all| {
            format!("{:.2} ({:.2} to {:.2})", all.median, all.least, all.most)
        });
        let sent = row.sum(|round| round.sent).max(1);
        let lost = 100.0 * row.sum(|round| round.lost) as f64 / sent as f64;
        let stirred = match case.stir {
            Stir::Nothing => "-".into(),
            _ => shown(row.of(|round| round.stirred), 1),
        };
        let parts = row.parts().map(|part| part.map(|us| format!("{us:.2}")));
        let [user, system] = parts.map(|part| part.unwrap_or("-".into()));
        let instructions = row
            .instructions
            .map_or("-".into(), |count| format!("{count:.0}"));
        let _ = writeln!(
            text,
            "| {} | {label} | {cost} | {user} | {system} | {} | {} | {} | {} | {instructions} | {} | {lost:.3} % | {} | {} % | {stirred} |",
            case.label,
            row.beside(ours),
            shown(row.of(|round| round.rate), 0),
            shown(row.of(|round| round.p50), 0),
            shown(row.of(|round| round.p99), 0),
            shown(row.of(|round| round.octets), 0),
            row.sum(|round| round.wrong),
            shown(row.of(|round| 100.0 * round.foreign), 0),
        );
    }
    text
}

/// What stirring costs those who serve: each of these rows beside the same server's of the quiet case.
pub fn beside_quiet(case: &Case, rows: &[Row], quiet: &Case, calm: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let same = calm.iter().find(|one| one.who == row.who);
        let (Some(stirred), Some(before)) = (row.cost(), same.and_then(Row::cost)) else {
            continue;
        };
        let ratio = match stirred.meets(before) {
            true => "tie".to_string(),
            false => format!("{:.2}", stirred.median / before.median),
        };
        let _ = writeln!(
            text,
            "- {}, {}: {:.2} µs ({:.2} to {:.2}), and {:.2} ({:.2} to {:.2}) in \"{}\": {ratio}",
            row.who.label(),
            case.label,
            stirred.median,
            stirred.least,
            stirred.most,
            before.median,
            before.least,
            before.most,
            quiet.label,
        );
    }
    text
}

/// The rows of a case, every round of them.
pub fn json(case: &Case, rows: &[Row]) -> Value {
    let ours = rows
        .iter()
        .find(|row| row.who == Who::Ours)
        .and_then(Row::cost);
    let row = |row: &Row| {
        let rounds = row.rounds.iter().map(|round| {
            let cost = round.cost.map(|cost| json!({ "all": cost.all, "user_ticks": cost.user, "system_ticks": cost.system }));
            json!({
                "cpu_us": cost, "answers_per_second": round.rate, "p50_us": round.p50, "p99_us": round.p99,
                "sent": round.sent, "lost": round.lost, "wrong": round.wrong, "octets": round.octets,
                "foreign": round.foreign, "stirred_per_second": round.stirred,
            })
        });
        json!({
            "server": row.who.label(), "cpu_us": row.cost().map(Spread::json), "ours_by_its": row.beside(ours),
            "instructions": row.instructions, "checked": row.checked.as_ref().ok(),
            "refused": row.checked.as_ref().err(), "rounds": rounds.collect::<Vec<_>>(),
        })
    };
    json!({ "case": case.name, "label": case.label, "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

/// Writes both forms below `target/bench`, and says where.
pub fn write(markdown: &str, json: &Value) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("bench");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("peers.md"), markdown).unwrap();
    let text = serde_json::to_string_pretty(json).unwrap();
    fs::write(folder.join("peers.json"), text).unwrap();
    println!(
        "\n{}/peers.md and peers.json have this too.",
        folder.display()
    );
}
