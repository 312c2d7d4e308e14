//! The table that compares servers: what it says of ours names the test that holds it, and the test is there.

use super::{no, read};

/// What is wrong with the rows of a page; `there` tells whether a proof is.
fn mistakes(page: &str, there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, row) in page.lines().enumerate() {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [what, .., ours, proof] = &cells[..] else {
            continue;
        };
        if *proof == "held by" || !row.starts_with("| ") {
            continue;
        }
        let mut say = |why: &str| wrong.push(format!("line {}: {what}: {why}", index + 1));
        if cells.len() != 8 {
            say("has not eight cells");
        }
        let proofs: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        let claims = ours.starts_with("yes") || ours.starts_with("partly");
        if claims == proofs.is_empty() {
            say("a claim and its proof go together");
        }
        for proof in proofs.iter().filter(|proof| !there(proof)) {
            say(&format!("`{proof}` is not there"));
        }
    }
    wrong
}

/// A replay script, or a test in a file.
fn there(proof: &str) -> bool {
    let Some((path, test)) = proof.split_once("::") else {
        return proof.ends_with(".replay") && read(proof).contains("== steps");
    };
    read(path).contains(&format!("fn {test}("))
}

#[test]
fn each_row_names_a_test_that_is_there() {
    let page = read("zones/policies/compared.md");
    assert!(page.lines().filter(|line| line.starts_with("| ")).count() > 40);
    no(mistakes(&page, there));
}

#[test]
fn rows_without_a_proof_are_caught() {
    let count = |ours: &str, proof: &str| {
        let row = format!("| what | yes | yes | yes | yes | yes | {ours} | {proof} |");
        mistakes(&row, |proof| proof == "a.rs::b").len()
    };
    assert_eq!(count("yes", "`a.rs::b`"), 0);
    assert_eq!(count("not yet", "–"), 0);
    assert_eq!(count("yes", "–"), 1);
    assert_eq!(count("no", "`a.rs::b`"), 1);
    assert_eq!(count("partly", "`a.rs::b`; `a.rs::c`"), 1);
    assert_eq!(mistakes("| what | yes | `a.rs::b` |", |_| true).len(), 1);
}
