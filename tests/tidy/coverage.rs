//! Holds that what `tests/COVERAGE.md` names as proof is there, and that no line of it goes without.

use std::fs;
use std::path::Path;

/// What is wrong with the page; `read` gives a file's text.
fn mistakes(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("held by"));
    for row in rows {
        let mut named = 0;
        for proof in row
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains('/'))
        {
            named += 1;
            let (path, test) = proof.split_once("::").unwrap_or((proof, ""));
            let there = read(path).is_some_and(|text| {
                test.is_empty() && path.ends_with(".replay")
                    || text.contains(&format!("fn {test}("))
            });
            if !there {
                wrong.push(format!("tests/COVERAGE.md: `{proof}` is not there"));
            }
        }
        if named == 0 && !row.contains("does not apply") {
            wrong.push(format!("tests/COVERAGE.md: nothing holds this: {row}"));
        }
    }
    wrong
}

#[test]
fn what_the_coverage_names_is_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(top.join("tests/COVERAGE.md")).unwrap();
    assert!(page.lines().count() > 76);
    let read = |path: &str| fs::read_to_string(top.join(path)).ok();
    assert_eq!(mistakes(&page, read), Vec::<String>::new());
}

#[test]
fn what_is_missing_is_caught() {
    let read = |path: &str| (path == "tests/a.rs").then(|| "#[test]\nfn one() {".to_string());
    let count = |row: &str| mistakes(row, read).len();
    assert_eq!(count("| 1 | x | y | `tests/a.rs::one` |"), 0);
    assert_eq!(
        count("| 1 | x | y | `tests/a.rs::two`; `tests/b.rs::one` |"),
        2
    );
    assert_eq!(count("| 1 | x | y | `tests/a.rs` |"), 1);
    assert_eq!(count("| 1 | x | y | `tests/replay/no.replay` |"), 1);
    assert_eq!(count("| 1 | x | y | – |"), 1);
    assert_eq!(count("| 1 | x | does not apply: none | – |"), 0);
}
