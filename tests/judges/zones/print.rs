//! Printed zones: what `meridian print` writes, BIND, Knot and NSD read, and it says the same as the file it was read from.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::corpus::Case;
use super::known::Known;
use super::same::{self, Cell, ORACLES};
use super::verdict::Verdicts;
use super::{fail, generated, good};
use crate::server::binary;

/// What `meridian print` makes of the zone in a folder.
fn printed(folder: &Path, zone: &str) -> String {
    let mut command = Command::new(binary());
    let output = command
        .args(["print", "--zones", ".", zone])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "print {zone}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The zone as it is printed.
fn print(case: &Case) -> String {
    let folder = TempDir::new().unwrap();
    case.write(folder.path());
    printed(folder.path(), &case.zone())
}

/// That the text has one record on a line, of a whole name, the SOA first; and that it prints as itself.
fn form(case: &Case, text: &str) -> Option<String> {
    let whole = |line: &str| {
        line.split_whitespace()
            .next()
            .is_some_and(|owner| owner.ends_with('.'))
    };
    if let Some(line) = text
        .lines()
        .find(|line| line.starts_with([' ', '\t', '$', ';']) || !whole(line))
    {
        return Some(format!(
            "print/{}: no record with a whole owner: {line}",
            case.name
        ));
    }
    let first = text.lines().next().unwrap_or_default();
    if first.split_whitespace().nth(3) != Some("SOA") {
        return Some(format!(
            "print/{}: the SOA is not the first record",
            case.name
        ));
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(&case.files[0].0), text).unwrap();
    let again = printed(folder.path(), &case.zone());
    let mut lines = again.lines().zip(text.lines());
    let other = lines.find(|(again, text)| again != text);
    let found =
        other.map(|(again, text)| format!("print/{}: {text}\n  is printed as {again}", case.name));
    found.or_else(|| {
        (again.len() != text.len())
            .then(|| format!("print/{}: prints as something else", case.name))
    })
}

/// Every printed zone is read by BIND, Knot and NSD, whatever types are in it, and gives the answers of the file.
#[test]
fn printed_zones_say_the_same() {
    let (known, mut faults) = (Known::read(), Vec::new());
    let all = [good(), generated()]
        .into_iter()
        .flat_map(|(cases, verdicts)| cases.iter().zip(verdicts));
    let (cases, verdicts): (Vec<&Case>, Vec<&Verdicts>) =
        all.filter(|(_, verdicts)| verdicts[0].accepted).unzip();
    let texts: Vec<String> = cases.iter().map(|case| print(case)).collect();
    faults.extend(
        cases
            .iter()
            .zip(&texts)
            .filter_map(|(case, text)| form(case, text)),
    );
    let compared = same::compare(&cases, &verdicts, &|case, folder| {
        let at = cases
            .iter()
            .position(|other| std::ptr::eq(*other, case))
            .unwrap();
        fs::write(folder.join(&case.files[0].0), &texts[at]).unwrap();
    });
    for (case, compared) in cases.iter().zip(&compared) {
        // What `domain` does not read of the text is no fault of the text.
        let others = ORACLES.iter().zip(compared.cells).take(3);
        let against = others.filter(|(_, cell)| *cell != Cell::Agrees);
        let mut who: Vec<&str> = against.map(|(oracle, _)| *oracle).collect();
        who.extend((compared.cells[3] == Cell::Differs).then_some("domain"));
        let key = format!("print/{}", case.name);
        faults.extend(known.hold(&key, &who, 1));
        faults.extend(
            compared
                .faults
                .iter()
                .map(|fault| format!("{key}: {fault}")),
        );
    }
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    faults.extend(known.stale("print", &names));
    fail(&faults);
}
