//! Zone files before outside judges: the same files given to us, BIND, Knot, NSD and `domain`.

mod corpus;
mod data;
mod generate;
mod known;
mod oracle;
mod print;
mod random;
mod same;
mod verdict;
mod wire;

use std::fmt::Write as _;
use std::fs;
use std::sync::OnceLock;

use crate::tool::records;
use corpus::Case;
use known::Known;
use same::{Cell, Compared, ORACLES};
use verdict::Verdicts;

/// A corpus with its verdicts, which are asked for once.
type Judged = (Vec<Case>, Vec<Verdicts>);

fn judged(set: &str, cases: Vec<Case>) -> Judged {
    let verdicts = verdict::judge(set, &cases);
    (cases, verdicts)
}

fn good() -> &'static Judged {
    static GOOD: OnceLock<Judged> = OnceLock::new();
    GOOD.get_or_init(|| judged("good", corpus::cases("good")))
}

/// A zone of each type, of which our server and all oracles get the same.
fn generated() -> &'static Judged {
    static GENERATED: OnceLock<Judged> = OnceLock::new();
    // Any seed must hold; a failure names the one it had.
    let seed = std::env::var("MERIDIAN_SEED").map_or(1, |seed| seed.parse().unwrap());
    GENERATED.get_or_init(|| judged("generated", generate::cases(seed)))
}

fn fail(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// 200 good and 200 broken files: we take the good ones and refuse the broken ones, and where two or more others see it
/// otherwise, `differences.txt` says why.
#[test]
fn verdicts_are_those_of_others_or_have_reasons() {
    let (known, mut faults) = (Known::read(), Vec::new());
    let mut text = String::from("# Verdicts\n\n");
    let broken = judged("broken", corpus::cases("broken"));
    for (set, expected, (cases, verdicts)) in [("good", true, good()), ("broken", false, &broken)] {
        assert!(cases.len() >= 200, "only {} {set} files", cases.len());
        text.push_str(&verdict::table(set, cases, verdicts));
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        faults.extend(known.stale(set, &names));
        for (case, verdicts) in cases.iter().zip(verdicts) {
            let key = format!("{set}/{}", case.name);
            if verdicts[0].accepted != expected {
                let word = verdict::word(verdicts[0].accepted);
                faults.push(format!(
                    "{key}: meridian {word} it: {}",
                    verdicts[0].reason()
                ));
            }
            faults.extend(known.hold(&key, &verdict::dissent(verdicts, expected), 2));
        }
    }
    fs::write(records().join("verdicts.md"), text).unwrap();
    fail(&faults);
}

/// All sets of all good zones and of generated ones of each type: our answers are those of NSD and Knot, and what BIND and
/// `domain` make of the files.
#[test]
fn answers_are_those_of_others() {
    let (known, mut faults) = (Known::read(), Vec::new());
    let all = [good(), generated()].into_iter();
    let (cases, verdicts): (Vec<&Case>, Vec<&Verdicts>) = all
        .flat_map(|(cases, verdicts)| cases.iter().zip(verdicts))
        .unzip();
    let compared = same::compare(&cases, &verdicts, &|case, folder| {
        case.write(folder);
    });
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    faults.extend(known.stale("wire", &names));
    let mut differences = String::new();
    for (case, compared) in cases.iter().zip(&compared) {
        let key = format!("wire/{}", case.name);
        faults.extend(known.hold(&key, &compared.dissent(), 1));
        let read = compared.cells.iter().any(|cell| *cell != Cell::Refuses);
        if compared.ours.is_none() && read {
            faults.push(format!("{key}: others read it, and meridian does not"));
        }
        for fault in &compared.faults {
            let _ = writeln!(differences, "{key}: {fault}");
        }
    }
    fs::write(records().join("wire-differences.txt"), differences).unwrap();
    tables(&cases, &compared);
    fail(&faults);
}

/// `types.txt`, the table of the types with what each oracle says to a generated zone of it; `wire.txt`, the same for the
/// good files; `domain.txt`, what `domain` does not read and why.
fn tables(cases: &[&Case], compared: &[Compared]) {
    let head = format!(
        "| meridian, records | {} |\n|---|---|---|---|---|---|\n",
        ORACLES.join(" | ")
    );
    let (mut types, mut wire, mut unread) = (
        format!("| type {head}"),
        format!("| case {head}"),
        String::new(),
    );
    for (case, compared) in cases.iter().zip(compared) {
        let kind = case.name.strip_prefix("gen-");
        let known = kind.and_then(|kind| {
            generate::TYPES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(kind))
        });
        let (table, name) = match known {
            Some((kind, _)) => (&mut types, *kind),
            None => (&mut wire, case.name.as_str()),
        };
        let ours = compared
            .ours
            .map_or_else(|| "refuses".to_owned(), |records| records.to_string());
        let cells = compared.cells.map(Cell::word).join(" | ");
        let _ = writeln!(table, "| {name} | {ours} | {cells} |");
        if !compared.unread.is_empty() {
            let _ = writeln!(unread, "{}: {}", case.name, compared.unread);
        }
    }
    for (name, text) in [("types", types), ("wire", wire), ("domain", unread)] {
        fs::write(records().join(format!("{name}.txt")), text).unwrap();
    }
}
