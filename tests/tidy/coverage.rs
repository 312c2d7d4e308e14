//! Holds that what `tests/COVERAGE.md` and `deploy/HEALTH.md` name as proof is there, and that no line of them goes without.

use std::fs;
use std::path::Path;

/// What is wrong with the page at `path`; `read` gives a file's text.
fn mistakes(path: &str, page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
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
            let (file, test) = proof.split_once("::").unwrap_or((proof, ""));
            let there = read(file).is_some_and(|text| {
                test.is_empty() && file.ends_with(".replay")
                    || text.contains(&format!("fn {test}("))
            });
            if !there {
                wrong.push(format!("{path}: `{proof}` is not there"));
            }
        }
        if named == 0 && !row.contains("does not apply") {
            wrong.push(format!("{path}: nothing holds this: {row}"));
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
    assert_eq!(
        mistakes("tests/COVERAGE.md", &page, read),
        Vec::<String>::new()
    );
}

/// Scripts about health that no row of the page names.
fn unnamed(page: &str, scripts: &[String]) -> Vec<String> {
    let unnamed = scripts
        .iter()
        .filter(|script| !page.contains(&format!("`tests/replay/{script}`")));
    unnamed.cloned().collect()
}

#[test]
fn each_effect_of_health_is_held_and_each_script_is_of_an_effect() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(top.join("deploy/HEALTH.md")).unwrap();
    let read = |path: &str| fs::read_to_string(top.join(path)).ok();
    assert_eq!(
        mistakes("deploy/HEALTH.md", &page, read),
        Vec::<String>::new()
    );
    let files = fs::read_dir(top.join("tests/replay")).unwrap();
    let scripts: Vec<String> = files
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("health-"))
        .collect();
    assert!(!scripts.is_empty());
    assert_eq!(unnamed(&page, &scripts), Vec::<String>::new());
    let forgotten = unnamed(
        "| x | `tests/replay/health-a.replay` |",
        &["health-b.replay".into()],
    );
    assert_eq!(forgotten, ["health-b.replay"]);
}

#[test]
fn what_is_missing_is_caught() {
    let read = |path: &str| (path == "tests/a.rs").then(|| "#[test]\nfn one() {".to_string());
    let count = |row: &str| mistakes("a.md", row, read).len();
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
