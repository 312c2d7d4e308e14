//! Diagnostics as the operator sees them, whole, each beside the text that it is about.

use super::reading::{Files, WHOLE, say};
use crate::diagnostic::render;

/// Holds what is shown of some files against the block behind `expected`, if that differs says it in full.
fn shows(files: Files<'_>, expected: &str) -> String {
    let said = say(files, WHOLE);
    let shown = render(&said.found, false);
    let trim = |text: &str| {
        let lines: Vec<&str> = text.trim_matches('\n').lines().map(str::trim_end).collect();
        lines.join("\n")
    };
    if trim(&shown) == trim(expected) {
        String::new()
    } else {
        format!("{}\n-----\n", trim(&shown))
    }
}

#[test]
fn golden() {
    let mut wrong = String::new();
    for case in include_str!("rendered.txt").split("\n=====\n") {
        let (text, expected) = case.split_once("\n-----\n").unwrap_or((case, ""));
        let text = text.replace("<NUL>", "\0").replace("<CR>", "\r");
        let mut files: Vec<(&str, String)> = Vec::new();
        for line in text.split_inclusive('\n') {
            match line.strip_prefix("==> ") {
                Some(path) => files.push((path.trim_end(), String::new())),
                None => {
                    if files.is_empty() {
                        files.push(("z.zone", String::new()));
                    }
                    files.last_mut().unwrap().1.push_str(line);
                }
            }
        }
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let differs = shows(&files, expected);
        if !differs.is_empty() {
            wrong += &format!("{text}\n-----\n{differs}=====\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_is_left_out_is_counted_at_the_end() {
    let many = say(&[("z.zone", &"x A 1\n".repeat(103))], WHOLE);
    assert_eq!(many.found.last().map(|d| d.more), Some(3));
    let shown = render(&many.found, false);
    assert!(shown.ends_with("\nand 3 more\n"), "{shown}");
    assert_eq!(shown.matches("error: ").count(), 100);
}
