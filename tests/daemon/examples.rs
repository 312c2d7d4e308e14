//! The estates of `zones/examples`, each by its own machine file; and that one estate below another is none of its business.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use toml::{Table, Value};

use super::reloads::{put, says, status, until};
use super::run;
use super::server::{PATIENCE, Server, estate, meridian, query};
use crate::replay::script::{self, Item};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders, by name.
fn examples() -> Vec<(String, PathBuf)> {
    let folders = fs::read_dir(top().join("zones/examples")).unwrap();
    let mut found: Vec<_> = folders
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    found.sort();
    assert!(found.len() >= 6);
    found
}

#[test]
fn an_example_is_checked_and_served_by_its_machine_file() {
    for (name, folder) in examples() {
        let path = format!("zones/examples/{name}/meridian.toml");
        let mut check = meridian();
        check.current_dir(top()).args(["check", "--strict"]);
        let (code, out, err) = run(check.args(["--config", &path]));
        assert_eq!(code, 0, "{name}: {err}");
        assert!(out.starts_with("ok: "), "{name}: {out}");

        let machine = fs::read_to_string(folder.join("meridian.toml")).unwrap();
        for command in ["check", "serve"] {
            let says = format!("#   meridian {command} --config {path}\n");
            assert!(machine.contains(&says), "{name}: {machine}");
        }
        let config = folder.join("meridian.toml").display().to_string();
        // Its own sockets and state are a server's that may be running beside the tests.
        let own = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let own = [&own[..], &["--state", "state", "--workers", "1"]].concat();
        let options = [&["serve", "--config", &config][..], &own].concat();
        let server = Server::with(tempfile::tempdir().unwrap(), &options);
        let asked = machine.lines().filter(|line| line.contains(" dig @"));
        let asked = asked.map(|line| ask(&server, line)).count();
        assert!(asked > 0, "{name}: nothing is asked");
    }
}

/// Asks what a line `dig @… NAME TYPE +short [+subnet=…]  # ANSWER, ANSWER or ANSWER` says, and holds the answer.
fn ask(server: &Server, line: &str) {
    let (command, wanted) = line.trim_start_matches('#').split_once('#').unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    let [
        "dig",
        "@127.0.0.1",
        "-p",
        "5300",
        name,
        kind,
        "+short",
        rest @ ..,
    ] = &words[..]
    else {
        panic!("{line}")
    };
    let subnet = rest
        .first()
        .map(|word| word.strip_prefix("+subnet=").unwrap());
    let kind = RecordType::from_str(kind).unwrap();
    let reply = server.udp(&query(&format!("{name}."), kind, subnet));
    let wanted: Vec<&str> = wanted
        .split([' ', ','])
        .filter(|word| !["", "or"].contains(word))
        .collect();
    assert!(!reply.answers.is_empty(), "{line}: {reply}");
    for answer in &reply.answers {
        let text = answer.data.to_string();
        // Of HTTPS the comment says the parameter that is steered.
        let mut words = text.split([' ', ',']);
        assert!(words.any(|word| wanted.contains(&word)), "{line}: {text}");
    }
}

/// The tables of steering files, joined.
fn joined<'a>(files: impl Iterator<Item = &'a str>) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for text in files {
        for (name, table) in toml::from_str::<Table>(text).unwrap() {
            let Value::Table(table) = table else {
                panic!("{name}")
            };
            tables.entry(name).or_default().extend(table);
        }
    }
    tables
}

/// Its replay script may have more names and VIPs, for what it asks besides; what the example has is there as it is.
#[test]
fn an_example_is_what_its_replay_script_plays() {
    for (name, folder) in examples() {
        let path = format!("tests/replay/example-{}.replay", &name[..2]);
        let script = script::parse(&fs::read_to_string(top().join(&path)).unwrap()).unwrap();
        let first = script.items.iter().map_while(|item| match item {
            Item::Step(_) => None,
            Item::File(path, text) => Some((path.as_str(), text.as_str())),
            _ => Some(("", "")),
        });
        let played = joined(
            first
                .filter(|(path, _)| path.ends_with(".toml"))
                .map(|(_, text)| text),
        );
        let written = fs::read_to_string(folder.join("steering.toml")).unwrap();
        for (table, entries) in joined([written.as_str()].into_iter()) {
            for (key, value) in entries {
                let there = played.get(&table).and_then(|played| played.get(&key));
                assert_eq!(there, Some(&value), "{path}: {table}.{key}");
            }
        }
    }
}

#[test]
fn an_estate_below_is_none_of_ours() {
    let folder = estate();
    let zones = folder.path().join("zones");
    let more = zones.join("more");
    fs::create_dir(&more).unwrap();
    put(&more.join("example.org.zone"), &says("org"));
    let server = Server::on(folder);
    until(&server, "example.org.", "org");
    let held = |many: usize| {
        let end = Instant::now() + PATIENCE;
        while status(&server)["zones"].as_array().unwrap().len() != many {
            assert!(Instant::now() < end, "never {many} zones");
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    put(&more.join("meridian.toml"), "zones = \".\"\n");
    held(1);
    // Whatever is wrong there is told to whoever reads it, and to nobody else.
    put(&more.join("broken.zone"), "what\n");
    let check = |args: &[&str]| {
        run(meridian()
            .current_dir(&server.folder)
            .arg("check")
            .args(args))
    };
    let (code, out, err) = check(&[]);
    assert_eq!((code, out.starts_with("ok: 1 zone ")), (0, true), "{err}");
    let (code, _, err) = check(&["--config", "zones/more/meridian.toml"]);
    assert!(code == 1 && err.contains("broken.zone:1:"), "{err}");
    // Its machine file gone, it is a folder of ours again, and so is what is wrong in it.
    fs::remove_file(more.join("meridian.toml")).unwrap();
    server.logs("broken.zone:1:");
    fs::remove_file(more.join("broken.zone")).unwrap();
    held(2);
}
