//! The rules of the house (DESIGN.md section 3), held by a test: each finding names its file, line and rule.

mod coverage;
mod rules;
mod rust;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Files that may be longer for now, each with the lines it has. It only ever shrinks.
const RATCHET: &[(&str, usize)] = &[];

/// Where compilation begins, and so where every file must be reached from.
const ROOTS: [&str; 11] = [
    "src/lib.rs",
    "src/main.rs",
    "tests/main.rs",
    "tests/judges/main.rs",
    "tests/bench/answer.rs",
    "tests/bench/flat.rs",
    "tests/bench/geo.rs",
    "tests/bench/load.rs",
    "tests/bench/peers.rs",
    "tests/bench/rate.rs",
    "tests/bench/steer.rs",
];

/// Path to text, seen from the top of the repository.
type Files = BTreeMap<String, String>;

fn read_tree(top: &Path, folder: &str, files: &mut Files) {
    for entry in fs::read_dir(top.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            // Fuzz targets are a package of their own.
            if path != "tests/fuzz" {
                read_tree(top, &path, files);
            }
        } else if path.ends_with(".rs") || path.ends_with(".md") {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

fn ours() -> Files {
    let mut files = Files::new();
    for folder in ["src", "tests"] {
        read_tree(Path::new(env!("CARGO_MANIFEST_DIR")), folder, &mut files);
    }
    files
}

/// Holds one rule against every Rust file, and lists everything it finds.
fn hold(rule: impl Fn(&str, &str) -> Vec<String>) {
    let found: Vec<String> = ours()
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| rule(path, text))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Files that no `mod` line leads to: the compiler never sees them.
fn unreached(files: &Files, roots: &[&str]) -> Vec<String> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<String> = roots.iter().map(ToString::to_string).collect();
    while let Some(path) = waiting.pop() {
        let Some(text) = files.get(&path).filter(|_| !reached.contains(&path)) else {
            continue;
        };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let below = if name == "mod.rs" || roots.contains(&path.as_str()) {
            folder.to_string()
        } else {
            path.trim_end_matches(".rs").to_string()
        };
        for words in rust::tokens(&rust::code(text)).windows(3) {
            if words[0].text == "mod" && words[2].text == ";" {
                let module = &words[1].text;
                waiting.extend([
                    format!("{below}/{module}.rs"),
                    format!("{below}/{module}/mod.rs"),
                ]);
            }
        }
        for other in text.split("#[path = \"").skip(1) {
            let other = other.split('"').next().unwrap_or_default();
            waiting.push(beside(folder, other));
        }
        reached.insert(path);
    }
    let files = files
        .keys()
        .filter(|path| path.ends_with(".rs") && !reached.contains(*path));
    files
        .map(|path| format!("{path}:1: no `mod` line leads here"))
        .collect()
}

/// The path that `other` is, seen from `folder`.
fn beside(folder: &str, other: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in other.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Circles among the modules of floor 0, which may know each other.
fn circles(files: &Files) -> Vec<String> {
    let mut knows: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in files {
        if let Some(module) = rules::module_of(path).filter(|m| rules::floor_of(m) == Some(0)) {
            let uses = rules::uses(path, text).into_iter().map(|(other, _)| other);
            knows
                .entry(module)
                .or_default()
                .extend(uses.filter(|other| other != module));
        }
    }
    // A module that knows nobody who is left closes no circle; what cannot be taken away so is in one.
    while let Some(free) = knows
        .iter()
        .find(|(_, uses)| uses.iter().all(|u| !knows.contains_key(u.as_str())))
    {
        let free = *free.0;
        knows.remove(free);
    }
    knows
        .keys()
        .map(|module| format!("src/{module}: knows itself in a circle"))
        .collect()
}

/// Modules of `lib.rs` that the map does not name as `` `module` ``.
fn unmapped(lib: &str, map: &str) -> Vec<String> {
    let tokens = rust::tokens(&rust::code(lib));
    let modules = tokens
        .windows(2)
        .filter(|pair| pair[0].text == "mod")
        .map(|pair| &pair[1].text);
    let missing = modules.filter(|module| !map.contains(&format!("`{module}`")));
    missing
        .map(|module| format!("src/ARCHITECTURE.md: does not name `{module}`"))
        .collect()
}

#[test]
fn imports_go_downwards() {
    hold(rules::floors);
    assert_eq!(circles(&ours()), Vec::<String>::new());
}

#[test]
fn still_floors_are_still() {
    hold(rules::stillness);
}

#[test]
fn unsafe_has_one_address() {
    hold(rules::safety);
}

#[test]
fn steering_counts_in_whole_numbers() {
    hold(rules::wholeness);
}

#[test]
fn files_and_functions_are_short() {
    hold(|path, text| {
        let long = rules::file_size(path, text, RATCHET);
        [long, rules::function_size(path, text)].concat()
    });
    let files = ours();
    let gone: Vec<_> = RATCHET
        .iter()
        .filter(|(path, _)| !files.contains_key(*path))
        .collect();
    assert!(gone.is_empty(), "on the ratchet, but not here: {gone:?}");
}

#[test]
fn files_say_what_they_are() {
    hold(|path, text| [rules::opening(path, text), rules::names(path, text)].concat());
}

#[test]
fn nothing_is_left_over() {
    hold(rules::leftovers);
    assert_eq!(unreached(&ours(), &ROOTS), Vec::<String>::new());
}

#[test]
fn citations_have_one_form() {
    hold(rules::citations);
}

#[test]
fn the_map_names_every_module() {
    let files = ours();
    let map = files.get("src/ARCHITECTURE.md").map_or("", String::as_str);
    assert_eq!(unmapped(&files["src/lib.rs"], map), Vec::<String>::new());
}

fn tree(files: &[(&str, &str)]) -> Files {
    files
        .iter()
        .map(|(path, text)| (path.to_string(), text.to_string()))
        .collect()
}

#[test]
fn unreached_files_are_caught() {
    let files = tree(&[
        ("src/lib.rs", "mod a;\nmod b { }"),
        ("src/a.rs", "mod c;\n#[path = \"../tests/d.rs\"]\nmod d;"),
        ("tests/d.rs", ""),
        ("src/a/c.rs", ""),
        ("src/b.rs", ""),
        ("src/c/mod.rs", ""),
    ]);
    let found = unreached(&files, &["src/lib.rs"]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("src/b.rs") && found[1].starts_with("src/c/mod.rs"));
}

#[test]
fn circles_are_caught() {
    let wire = "use crate::limits;";
    assert_eq!(
        circles(&tree(&[
            ("src/wire/a.rs", wire),
            ("src/limits.rs", "use crate::wire;")
        ]))
        .len(),
        2
    );
    assert_eq!(
        circles(&tree(&[
            ("src/wire/a.rs", wire),
            ("src/limits.rs", "use crate::limits;")
        ]))
        .len(),
        0
    );
}

#[test]
fn unmapped_modules_are_caught() {
    assert_eq!(
        unmapped("pub mod zone;\nmod geo;", "- `zone`: text").len(),
        1
    );
}
