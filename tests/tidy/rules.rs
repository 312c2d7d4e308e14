//! The rules of the house for one file each: a path and a text in, findings out. Each has its bad example beside it.

use super::rust::{Token, code, item_end, paths, tokens, without_tests};

/// Which modules stand on which floor (DESIGN.md section 3). A module may use what stands strictly below.
pub const FLOORS: [&[&str]; 9] = [
    &[
        "wire",
        "stats",
        "limits",
        "diagnostic",
        "digest",
        "place",
        "prefix",
        "rate",
    ],
    &["zone", "geo", "health", "config"],
    &["steer"],
    &["world"],
    &["answer", "foresee", "keeper"],
    &["serve", "admin", "probe"],
    &["daemon"],
    &["cli"],
    &["main"],
];

/// Still modules above floor 3, which is still as a whole.
const STILL_ABOVE: [&str; 2] = ["answer", "foresee"];

/// What still code does without, and what it takes instead.
const RESTLESS: [(&[&str], &str); 30] = [
    (&["std", "fs"], "take the bytes as an argument"),
    (&["TcpStream"], "take the bytes as an argument"),
    (&["TcpListener"], "take the bytes as an argument"),
    (&["UdpSocket"], "take the bytes as an argument"),
    (&["tokio"], "leave it to `serve`, `admin` or `keeper`"),
    (&["socket2"], "leave it to `serve`"),
    (&["libc"], "leave it to `serve`"),
    (&["async"], "a plain function will do"),
    (&[".await"], "a plain function will do"),
    (&["Instant"], "take the time as an argument"),
    (&["SystemTime"], "take the time as an argument"),
    (&["UNIX_EPOCH"], "take the time as an argument"),
    (&["tracing"], "return it, and let the caller log"),
    (&["println!"], "return it"),
    (&["print!"], "return it"),
    (&["eprintln!"], "return it"),
    (&["eprint!"], "return it"),
    (&["std", "io", "stdin"], "take the bytes as an argument"),
    (&["std", "io", "stdout"], "return it"),
    (&["thread_local!"], "pass it down as an argument"),
    (&["LazyLock"], "pass it down as an argument"),
    (&["OnceLock"], "pass it down as an argument"),
    (&["static", "mut"], "pass it down as an argument"),
    (&["rand"], "take the entropy as an argument"),
    (&["getrandom"], "take the entropy as an argument"),
    (&["std", "env"], "take the value as an argument"),
    (&["std", "process"], "return, and let `cli` decide"),
    (&["std", "thread"], "leave it to `keeper` or `serve`"),
    (&["Mutex"], "make it immutable and replace it whole"),
    (&["RwLock"], "make it immutable and replace it whole"),
];

/// The one file that may say `unsafe`: the batched socket calls.
const UNSAFE: &str = "src/serve/batch.rs";

/// The one beside it, which is no part of the server: an allocator that counts, for `tests/heap.rs`.
const COUNTING: &str = "tests/support/heap.rs";

/// And one of the benches: batches of messages for the load that the servers are measured under.
const LOADING: &str = "tests/bench/peers/batch.rs";

/// Lines of a source file, tests apart.
pub const FILE_LINES: usize = 400;

/// Lines of a function.
const FUNCTION_LINES: usize = 70;

/// Words that say nothing about what is in the room.
const EMPTY_NAMES: [&str; 11] = [
    "utils", "util", "common", "helpers", "helper", "types", "manager", "service", "context",
    "misc", "prelude",
];

/// The top-level module of a file below `src`; none for `lib.rs`, which only lists them.
pub fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first)).filter(|name| *name != "lib")
}

/// The floor a module stands on.
pub fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

fn at(path: &str, line: usize, says: impl AsRef<str>) -> String {
    format!("{path}:{line}: {}", says.as_ref())
}

/// Whether a file holds a module's tests.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The code of a file that ends up in the server.
fn served(path: &str, text: &str) -> Vec<Token> {
    if is_test(path) {
        return Vec::new();
    }
    without_tests(&tokens(&code(text)))
}

/// The modules of the crate that a file uses, with lines.
pub fn uses(path: &str, text: &str) -> Vec<(String, usize)> {
    let crate_name = if path == "src/main.rs" {
        "meridian"
    } else {
        "crate"
    };
    let found = paths(&served(path, text))
        .into_iter()
        .filter(|p| p.parts[0] == crate_name);
    found
        .filter_map(|p| p.parts.get(1).map(|module| (module.clone(), p.line)))
        .collect()
}

/// Imports go strictly downwards. Floor 0 is words for everyone, itself included.
pub fn floors(path: &str, text: &str) -> Vec<String> {
    let Some(module) = module_of(path) else {
        return Vec::new();
    };
    let Some(floor) = floor_of(module) else {
        return vec![at(
            path,
            1,
            format!("`{module}` stands on no floor: give it one in tests/tidy/rules.rs"),
        )];
    };
    let mut found = Vec::new();
    for (other, line) in uses(path, text) {
        let allowed = other == module
            || floor_of(&other).is_some_and(|below| below < floor || (below == 0 && floor == 0));
        if !allowed && floor_of(&other).is_some() {
            found.push(at(
                path,
                line,
                format!("`{module}` may not know `{other}`: it is not on a floor below"),
            ));
        }
    }
    let depth = path.matches('/').count() - usize::from(path.ends_with("/mod.rs"));
    let climbs = |p: &super::rust::Path| p.parts.iter().take_while(|part| *part == "super").count();
    for path_used in paths(&served(path, text)) {
        if climbs(&path_used) >= depth.max(1) {
            found.push(at(
                path,
                path_used.line,
                "`super` climbs to the crate: write `crate::`",
            ));
        }
    }
    found
}

/// Floors 0 to 3, `answer` and `foresee`: no I/O, no async, no clock, no randomness, no logging, no globals.
pub fn stillness(path: &str, text: &str) -> Vec<String> {
    let Some(module) = module_of(path) else {
        return Vec::new();
    };
    let still = floor_of(module).is_some_and(|floor| floor <= 3) || STILL_ABOVE.contains(&module);
    if !still {
        return Vec::new();
    }
    let tokens = served(path, text);
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.text == "static" && tokens.get(index + 1).is_some_and(|next| next.text == "mut") {
            found.push(at(
                path,
                token.line,
                "`static mut` in still code: pass it down as an argument",
            ));
        }
    }
    for used in paths(&tokens) {
        for (word, instead) in RESTLESS {
            // A crate counts where a path begins; `rand` may well be a field.
            let lower = word.len() == 1
                && word[0].starts_with(char::is_lowercase)
                && !word[0].ends_with('!');
            let hit = if lower {
                used.parts[0] == word[0]
            } else {
                used.has(word)
            };
            if hit {
                found.push(at(
                    path,
                    used.line,
                    format!("`{}` in still code: {instead}", word.join("::")),
                ));
            }
        }
    }
    found
}

/// `unsafe` has one address.
pub fn safety(path: &str, text: &str) -> Vec<String> {
    if [UNSAFE, COUNTING, LOADING].contains(&path) {
        return Vec::new();
    }
    let tokens = tokens(&code(text));
    let found = tokens
        .iter()
        .filter(|t| t.text == "unsafe" || t.text == "unsafe_code");
    found
        .map(|t| {
            at(
                path,
                t.line,
                format!("`{}` belongs to {UNSAFE} alone", t.text),
            )
        })
        .collect()
}

/// On the way from what is known to classes, plans and draws there are whole numbers only, so that every machine makes the
/// same of the same. The list has the files beside that way, each with what it does there.
const WHOLE: [&str; 5] = [
    "src/digest.rs",
    "src/geo/",
    "src/steer/",
    "src/world/",
    "src/zone/",
];
const BROKEN: [(&str, &str); 5] = [
    ("src/steer/wheel.rs", "shares for people to read"),
    ("src/geo/record.rs", "numbers as databases have them"),
    ("src/geo/import/csv.rs", "degrees as files have them"),
    ("src/geo/import/said.rs", "degrees as databases want them"),
    ("src/geo/mmdb/value.rs", "numbers as databases want them"),
];

/// Numbers with a fraction stand in the files of [`BROKEN`] alone.
pub fn wholeness(path: &str, text: &str) -> Vec<String> {
    let way = WHOLE.iter().any(|part| path.starts_with(part));
    if !way || BROKEN.iter().any(|(file, _)| *file == path) {
        return Vec::new();
    }
    let tokens = served(path, text);
    let found = tokens.iter().filter(|t| t.text == "f64" || t.text == "f32");
    let says = |t: &Token| {
        format!(
            "`{}`: other machines may round otherwise; count in millionths",
            t.text
        )
    };
    found.map(|t| at(path, t.line, says(t))).collect()
}

/// Source files stay within [`FILE_LINES`]; `ratchet` lists those that may be longer for now, and by how much.
pub fn file_size(path: &str, text: &str, ratchet: &[(&str, usize)]) -> Vec<String> {
    let lines = text.lines().count();
    let listed = ratchet
        .iter()
        .find(|(listed, _)| *listed == path)
        .map(|(_, most)| *most);
    if !path.starts_with("src/") || is_test(path) {
        return Vec::new();
    }
    match listed {
        Some(_) if lines <= FILE_LINES => {
            vec![at(path, 1, "is short enough now: take it off the ratchet")]
        }
        Some(most) if lines < most => vec![at(
            path,
            1,
            format!("is down to {lines} lines: lower the ratchet"),
        )],
        _ if lines > listed.unwrap_or(FILE_LINES) => {
            vec![at(
                path,
                1,
                format!(
                    "has {lines} lines: at most {}",
                    listed.unwrap_or(FILE_LINES)
                ),
            )]
        }
        _ => Vec::new(),
    }
}

/// Functions stay within [`FUNCTION_LINES`].
pub fn function_size(path: &str, text: &str) -> Vec<String> {
    if !path.starts_with("src/") || is_test(path) {
        return Vec::new();
    }
    let tokens = served(path, text);
    let mut found = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        // `fn(u8)` is a type.
        if pair[0].text == "fn" && pair[1].text != "(" {
            let end = item_end(&tokens, index);
            let lines = tokens[end - 1].line - pair[0].line + 1;
            if lines > FUNCTION_LINES {
                let says = format!(
                    "`{}` has {lines} lines: at most {FUNCTION_LINES}",
                    pair[1].text
                );
                found.push(at(path, pair[0].line, says));
            }
        }
    }
    found
}

/// Every file opens by saying what it is.
pub fn opening(path: &str, text: &str) -> Vec<String> {
    let says = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "));
    if says.is_some_and(|words| words.trim().len() > 10) {
        return Vec::new();
    }
    vec![at(
        path,
        1,
        "begins without a `//!` line that says what it is",
    )]
}

/// Work that is left is an issue, not a comment.
pub fn leftovers(path: &str, text: &str) -> Vec<String> {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in line.split(|c: char| !c.is_alphanumeric() && c != '_') {
            if marks.contains(&word) {
                found.push(at(path, index + 1, format!("leftover mark `{word}`")));
            }
        }
    }
    for used in paths(&tokens(&code(text))) {
        if used.has(&["todo!"]) || used.has(&["unimplemented!"]) {
            found.push(at(path, used.line, "a stub: build it or leave it out"));
        }
    }
    found
}

/// A module is called by what it is.
pub fn names(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in path.split('/') {
        if EMPTY_NAMES.contains(&part.strip_suffix(".rs").unwrap_or(part)) {
            found.push(at(
                path,
                1,
                format!("`{part}` says nothing about what is in it"),
            ));
        }
    }
    for pair in tokens(&code(text)).windows(2) {
        if pair[0].text == "mod" && EMPTY_NAMES.contains(&pair[1].text.as_str()) {
            found.push(at(
                path,
                pair[1].line,
                format!("`mod {}` says nothing about what is in it", pair[1].text),
            ));
        }
    }
    found
}

/// Citations have one form, so that a search finds them all: `RFC`, a space, the number, and ` §` with the section.
pub fn citations(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (start, _) in line.match_indices("RFC") {
            let bounded = !line[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if bounded && !well_cited(&line[start + 3..]) {
                let shown: String = line[start..].chars().take(24).collect();
                found.push(at(
                    path,
                    index + 1,
                    format!("`{shown}`: write `RFC 1034 §4.3.2`"),
                ));
            }
        }
    }
    found
}

/// Whether what follows the letters of a citation is in form. Without a number it is no citation.
fn well_cited(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix(' ') else {
        let glued = rest.trim_start_matches(['-', '_', '#', ':', '\u{a0}']);
        return !glued.starts_with(|c: char| c.is_ascii_digit());
    };
    let number = rest.bytes().take_while(u8::is_ascii_digit).count();
    let behind = &rest[number..];
    if number == 0 {
        return true;
    }
    if number > 5 || behind.starts_with(|c: char| c.is_alphanumeric()) || behind.starts_with('§') {
        return false;
    }
    let lower = behind.trim_start_matches([',', ' ', '(']).to_lowercase();
    if lower.starts_with("section") || lower.starts_with("sec.") || lower.starts_with("chapter") {
        return false;
    }
    match lower.strip_prefix('§') {
        Some(section) => {
            behind.starts_with(" §") && section.starts_with(|c: char| c.is_ascii_alphanumeric())
        }
        None => true,
    }
}

#[test]
fn floors_catch() {
    let bad = |path: &str, text: &str| floors(path, text).len();
    assert_eq!(bad("src/steer/mod.rs", "use crate::world::World;"), 1);
    assert_eq!(
        bad("src/answer/mod.rs", "fn f() { crate::keeper::go() }"),
        1,
        "siblings"
    );
    assert_eq!(
        bad(
            "src/zone/mod.rs",
            "use crate::{limits, geo::{self, table}};"
        ),
        2,
        "inside a group"
    );
    assert_eq!(bad("src/main.rs", "use meridian::main;"), 0);
    assert_eq!(bad("src/attic.rs", ""), 1, "a module without a floor");
    assert_eq!(
        bad("src/zone/tree.rs", "use super::super::world::World;"),
        1
    );
    assert_eq!(bad("src/zone/mod.rs", "use super::world;"), 1);
    assert_eq!(
        bad(
            "src/zone/tree.rs",
            "use super::scan;\nuse crate::{wire, limits};\nuse crate::zone::scan;"
        ),
        0
    );
    assert_eq!(
        bad("src/place.rs", "use crate::prefix::Prefix; // crate::world"),
        0
    );
    assert_eq!(
        bad(
            "src/zone/mod.rs",
            "#[cfg(test)]\nmod tests { use crate::world::World; use super::super::geo; }"
        ),
        0
    );
}

#[test]
fn stillness_catches() {
    let bad = |path: &str, text: &str| stillness(path, text).len();
    let restless = [
        "use std::{fs, time::Duration};",
        "use std::net::{IpAddr, UdpSocket};",
        "fn f() { tokio::spawn(g()) }",
        "fn f() { let now = std::time::Instant::now(); }",
        "use std::time::SystemTime;",
        "fn f() { tracing::info!(\"x\"); }",
        "fn f() { println!(\"x\"); }",
        "thread_local!(static A: u8 = 1);",
        "static mut A: u8 = 1;",
        "fn f() -> u8 { rand::random() }",
        "use getrandom::fill;",
        "fn f() { std::env::var(\"x\"); }",
        "use std::process::exit;",
        "use std::thread;",
        "use std::sync::{Arc, Mutex};",
        "struct A { a: std::sync::RwLock<u8> }",
        "async fn f() {}",
        "fn f() { g().await }",
    ];
    for text in restless {
        assert_eq!(bad("src/geo/table.rs", text), 1, "{text}");
        assert_eq!(bad("src/answer/mod.rs", text), 1, "{text}");
        assert_eq!(bad("src/keeper/mod.rs", text), 0, "{text}");
    }
    assert_eq!(
        bad(
            "src/geo/table.rs",
            "// Instant\nfn f(rand: u8) { x.rand; \"println!\"; } struct Mutexes;"
        ),
        1
    );
    assert_eq!(
        bad(
            "src/geo/table.rs",
            "use std::net::{IpAddr, Ipv4Addr};\nfn f(now: u64) { g(&'static x, now) }"
        ),
        0
    );
    assert_eq!(
        bad(
            "src/geo/table.rs",
            "#[cfg(test)]\nmod tests { use std::fs; }"
        ),
        0
    );
}

#[test]
fn safety_catches() {
    assert_eq!(
        safety("src/serve/udp.rs", "fn f() { unsafe { g() } }").len(),
        1
    );
    assert_eq!(
        safety(
            "src/serve/udp.rs",
            "#![allow(unsafe_code, reason = \"fast\")]"
        )
        .len(),
        1
    );
    assert_eq!(
        safety("src/serve/udp.rs", "// unsafe\nlet s = \"unsafe\";").len(),
        0
    );
    assert_eq!(safety(UNSAFE, "fn f() { unsafe { g() } }").len(), 0);
    assert_eq!(safety(COUNTING, "fn f() { unsafe { g() } }").len(), 0);
    assert_eq!(safety(LOADING, "fn f() { unsafe { g() } }").len(), 0);
}

#[test]
fn fractions_are_caught() {
    let one = "fn f(x: u32) -> f64 { f64::from(x) }";
    assert_eq!(wholeness("src/steer/judge.rs", one).len(), 2);
    assert_eq!(
        wholeness("src/world/estate.rs", "let x = y as f32;").len(),
        1
    );
    assert_eq!(wholeness("src/steer/wheel.rs", one).len(), 0);
    assert_eq!(wholeness("src/answer/explain/text.rs", one).len(), 0);
    let test = format!("#[cfg(test)]\nmod tests {{ {one} }}");
    assert_eq!(wholeness("src/steer/distance.rs", &test).len(), 0);
}

#[test]
fn file_size_catches() {
    let long = "a\n".repeat(FILE_LINES + 1);
    assert_eq!(file_size("src/a.rs", &long, &[]).len(), 1);
    assert_eq!(file_size("src/a/tests.rs", &long, &[]).len(), 0);
    assert_eq!(file_size("src/a/tests/b.rs", &long, &[]).len(), 0);
    assert_eq!(
        file_size("src/a.rs", &"a\n".repeat(FILE_LINES), &[]).len(),
        0
    );
    assert_eq!(
        file_size("src/a.rs", &long, &[("src/a.rs", FILE_LINES + 1)]).len(),
        0
    );
    assert_eq!(
        file_size("src/a.rs", &long, &[("src/a.rs", FILE_LINES + 2)]).len(),
        1,
        "it only goes down"
    );
    assert_eq!(
        file_size("src/a.rs", "a\n", &[("src/a.rs", FILE_LINES + 2)]).len(),
        1,
        "the entry is stale"
    );
}

#[test]
fn function_size_catches() {
    let long = format!(
        "fn f<T>() -> [u8; 4] where T: Fn() {{\n{}}}\nfn g() {{}}",
        "{ ; }\n".repeat(FUNCTION_LINES - 1)
    );
    assert_eq!(function_size("src/a.rs", &long).len(), 1);
    assert_eq!(
        function_size("src/a.rs", &long.replacen("{ ; }\n", "", 1)).len(),
        0
    );
    assert_eq!(
        function_size("src/a.rs", &format!("#[cfg(test)]\nmod tests {{ {long} }}")).len(),
        0
    );
    assert_eq!(
        function_size("src/a.rs", "trait A { fn a(&self); }\ntype B = fn(u8);").len(),
        0
    );
}

#[test]
fn opening_catches() {
    assert_eq!(opening("src/a.rs", "use std::fmt;").len(), 1);
    assert_eq!(opening("src/a.rs", "//! A.").len(), 1);
    assert_eq!(
        opening("src/a.rs", "//! What an operator would call it.").len(),
        0
    );
}

#[test]
fn leftovers_are_caught() {
    assert_eq!(
        leftovers("src/a.rs", concat!("// TO", "DO: later")).len(),
        1
    );
    assert_eq!(
        leftovers("src/a.rs", concat!("let s = \"FIX", "ME\";")).len(),
        1
    );
    assert_eq!(
        leftovers(
            "src/a.rs",
            "fn f() { todo!() }\nfn g() { std::unimplemented!(\"x\") }"
        )
        .len(),
        2
    );
    assert_eq!(
        leftovers("src/a.rs", "// the mastodont\nlet todo = 1;").len(),
        0
    );
}

#[test]
fn names_are_caught() {
    assert_eq!(names("src/utils.rs", "").len(), 1);
    assert_eq!(names("src/zone/common/mod.rs", "").len(), 1);
    assert_eq!(names("src/zone/mod.rs", "mod helpers { }").len(), 1);
    assert_eq!(names("src/zone/mod.rs", "mod lexer; // no utils").len(), 0);
}

#[test]
fn citations_are_caught() {
    let cite = |rest: &str| citations("src/a.rs", &format!("// {}{rest}", "RFC")).len();
    let bad = [
        "1034",
        "-1034",
        " 1034 section 4",
        " 1034, Section 4",
        " 1034§4",
        " 1034 § 4",
        " 1034, §4",
        " 1034bis",
    ];
    for rest in bad {
        assert_eq!(cite(rest), 1, "{rest}");
    }
    for rest in [
        " 1034 §4.3.2",
        " 1034",
        " 1034 §A.1).",
        " numbers",
        "s",
        " 9499.",
        " 1034, 1035",
        " 7871 §7.2.1:",
    ] {
        assert_eq!(cite(rest), 0, "{rest}");
    }
}
