//! The pages of `zones`: each steering block loads, each `explain` is what the server says, each picture is of its plans.
//!
//! `MERIDIAN_PAGES=write cargo test --test main pages` writes pictures and explanations anew instead of comparing them.

mod block;
mod compared;
mod ground;
mod pictures;
mod svg;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use block::Kind;

/// What a page says that the server would say otherwise.
type Wrong = Vec<String>;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether files are written instead of compared.
fn writes() -> bool {
    std::env::var("MERIDIAN_PAGES").is_ok_and(|word| word == "write")
}

/// Compares a file with what it should be, or writes it.
fn hold(path: &str, text: &str, wrong: &mut Wrong) {
    if fs::read_to_string(top().join(path)).ok().as_deref() == Some(text) {
        return;
    }
    if writes() {
        fs::write(top().join(path), text).unwrap();
    } else {
        wrong.push(format!(
            "{path}: is otherwise now; MERIDIAN_PAGES=write writes it"
        ));
    }
}

fn no(wrong: Wrong) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The files of a folder with this ending.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(top().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = names
        .filter(|name| name.ends_with(ending))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_block_of_a_policy_page_loads() {
    let mut wrong = Wrong::new();
    for path in files("zones/policies", ".md") {
        let blocks = block::blocks(&read(&path));
        let list = block::list(&blocks);
        for block in &blocks {
            if !matches!(block.kind(), Kind::Steering | Kind::Fragment) {
                continue;
            }
            if let Err(why) = ground::stage(&block.whole(), list) {
                wrong.push(format!("{path}:{}: {why}", block.line));
            }
        }
    }
    no(wrong);
}

#[test]
fn the_blocks_of_the_reference_are_one_estate() {
    let page = read("zones/README.md");
    let blocks = block::blocks(&page);
    let blocks = blocks.iter().filter(|block| block.kind() == Kind::Steering);
    let mut files: BTreeMap<String, String> = blocks
        .map(|block| (format!("zones/{:04}.toml", block.line), block.text.clone()))
        .collect();
    assert!(files.len() >= 8);
    files.extend(ground::zones());
    if let Err(why) = ground::load(&files) {
        panic!("zones/README.md: {why}");
    }
    // Each by itself is a mistake only for what stands in the others.
    assert!(blocks_alone(&page).contains("no VIP, site or pool"));
}

/// What is wrong with the second block of the reference when it is alone.
fn blocks_alone(page: &str) -> String {
    let blocks = block::blocks(page);
    let rules = blocks.iter().find(|b| b.text.contains("[rules.homes]"));
    ground::stage(&rules.unwrap().text, None)
        .err()
        .unwrap_or_default()
}

#[test]
fn every_explanation_of_a_page_is_the_servers() {
    let mut wrong = Wrong::new();
    let mut told = 0;
    for path in files("zones/policies", ".md") {
        let page = read(&path);
        let blocks = block::blocks(&page);
        let Some(steering) = blocks.iter().find(|block| block.kind() == Kind::Steering) else {
            continue;
        };
        let mut now = page.clone();
        for block in blocks.iter().filter(|block| block.kind() == Kind::Console) {
            let Some(command) = block.command() else {
                continue;
            };
            let said = match pictures::story(&path, command) {
                Some((server, now)) => ground::heard(&server, command, now),
                None => {
                    let list = block::list(&blocks);
                    let mut server = ground::stage(&steering.whole(), list).unwrap();
                    ground::explained(&mut server, command)
                }
            };
            let text = format!("$ {command}\n{}", said.trim_end());
            now = now.replacen(block.text.trim_end(), &text, 1);
            told += 1;
        }
        hold(&path, &now, &mut wrong);
    }
    assert!(told >= 16, "{told}");
    no(wrong);
}

/// What a picture may be: small, of plain shapes, and readable on dark and light.
#[test]
fn every_picture_is_as_its_policy_says() {
    let mut wrong = Wrong::new();
    let drawn = pictures::all();
    for (name, picture) in &drawn {
        let path = format!("zones/policies/{name}.svg");
        assert!(picture.len() < 60_000, "{path}: {} octets", picture.len());
        assert!(!picture.contains("<script") && picture.contains("prefers-color-scheme: dark"));
        hold(&path, picture, &mut wrong);
    }
    for path in files("zones/policies", ".svg") {
        let known = drawn
            .iter()
            .any(|(name, _)| path.ends_with(&format!("/{name}.svg")));
        if !known {
            wrong.push(format!("{path}: no test draws it"));
        }
    }
    no(wrong);
}

#[test]
fn every_page_and_picture_is_named_where_it_is_looked_for() {
    let mut wrong = Wrong::new();
    let index = read("zones/policies/README.md");
    for path in files("zones/policies", ".md") {
        let name = path.rsplit('/').next().unwrap();
        if name != "README.md" && !index.contains(&format!("({name})")) {
            wrong.push(format!("zones/policies/README.md: has no link to {name}"));
        }
    }
    let pages: String = files("zones/policies", ".md")
        .iter()
        .map(|p| read(p))
        .collect();
    for path in files("zones/policies", ".svg") {
        let name = path.rsplit('/').next().unwrap();
        if !pages.contains(&format!("({name})")) {
            wrong.push(format!("{path}: no page shows it"));
        }
    }
    let reference = read("zones/README.md");
    for entry in fs::read_dir(top().join("zones/examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !reference.contains(&format!("(examples/{name})")) {
            wrong.push(format!("zones/README.md: has no link to examples/{name}"));
        }
    }
    for link in ["(examples)", "(policies/README.md)"] {
        assert!(reference.contains(link), "zones/README.md: {link}");
    }
    assert!(read("README.md").contains("(zones/policies/README.md)"));
    no(wrong);
}

/// Links of the pages lead to files.
#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut wrong = Wrong::new();
    let pages = files("zones/policies", ".md").into_iter();
    for path in pages.chain(["zones/README.md".into(), "README.md".into()]) {
        let page = read(&path);
        let folder = Path::new(&path).parent().unwrap();
        for link in page.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            let file = link.split('#').next().unwrap_or_default();
            // A link to another page of the web, or to a place on this one.
            if file.is_empty() || file.contains("://") {
                continue;
            }
            if !top().join(folder).join(file).exists() {
                wrong.push(format!("{path}: ({link}) leads nowhere"));
            }
        }
    }
    no(wrong);
}
