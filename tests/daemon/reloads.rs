//! Reloads of the running program: zones and their parts that come, change and go, and what does not belong there.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;

use super::api::{ask, token};
use super::run;
use super::server::{PATIENCE, Server, ZONE, estate, meridian, query};

/// As tools do it: written beside, then renamed.
pub(super) fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

/// The zone with another text.
pub(super) fn says(text: &str) -> String {
    ZONE.replace("txt TXT one", &format!("txt TXT {text}"))
}

/// Waits until the TXT record of a zone says this.
pub(super) fn until(server: &Server, zone: &str, text: &str) {
    let end = Instant::now() + PATIENCE;
    let name = format!("txt.{zone}");
    loop {
        let answer = server.udp(&query(&name, RecordType::TXT, None));
        let told = answer.answers.first().map(ToString::to_string);
        if told.as_ref().is_some_and(|told| told.contains(text)) {
            return;
        }
        assert!(Instant::now() < end, "{name} says {told:?}, never {text}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn reload(server: &Server) -> (u16, serde_json::Value) {
    let (status, body) = ask(server, "POST /v1/reload", Some(&token(server)), "");
    (status, serde_json::from_str(&body).unwrap())
}

/// Once the last reload is told of: its world is in force a moment before.
pub(super) fn status(server: &Server) -> serde_json::Value {
    loop {
        let (_, body) = ask(server, "GET /v1/status", Some(&token(server)), "");
        let status: serde_json::Value = serde_json::from_str(&body).unwrap();
        if status["generation"] == status["last_reload"]["generation"] {
            return status;
        }
    }
}

#[test]
fn a_changed_include_is_taken() {
    let folder = estate();
    let zones = folder.path().join("zones");
    fs::create_dir(zones.join("parts")).unwrap();
    put(&zones.join("parts/txt.inc"), "txt TXT first\n");
    let zone = ZONE.replace("txt TXT one", "$INCLUDE parts/txt.inc");
    put(&zones.join("example.com.zone"), &zone);
    let server = Server::on(folder);
    until(&server, "example.com.", "first");
    put(&zones.join("parts/txt.inc"), "txt TXT second\n");
    until(&server, "example.com.", "second");
    // Without it the zone is refused, and the old one serves on.
    fs::remove_file(zones.join("parts/txt.inc")).unwrap();
    let why = server.logs("no such file");
    assert!(why.contains("example.com.zone:7:"), "{why}");
    until(&server, "example.com.", "second");
    put(&zones.join("parts/txt.inc"), "txt TXT third\n");
    until(&server, "example.com.", "third");
}

#[test]
fn zones_appear_and_vanish() {
    let server = Server::start();
    put(&server.zones().join("example.net.zone"), &says("net"));
    until(&server, "example.net.", "net");
    fs::create_dir(server.zones().join("more")).unwrap();
    put(&server.zones().join("more/example.org.zone"), &says("org"));
    until(&server, "example.org.", "org");
    fs::remove_file(server.zones().join("example.net.zone")).unwrap();
    fs::remove_dir_all(server.zones().join("more")).unwrap();
    let end = Instant::now() + PATIENCE;
    while status(&server)["zones"].as_array().unwrap().len() > 1 {
        assert!(Instant::now() < end, "they never go");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_has_not_changed_is_not_read() {
    let server = Server::start();
    put(&server.zones().join("example.net.zone"), &says("net"));
    until(&server, "example.net.", "net");
    // By an event: the one file, and what lies beside it is no reason to read anything.
    fs::write(server.zones().join("example.com.zone~"), "old").unwrap();
    // Unless events come so late that it looks at everything.
    let alone = |turn: usize| {
        let text = format!("turn-{turn}");
        put(&server.zones().join("example.com.zone"), &says(&text));
        until(&server, "example.com.", &text);
        let last = &status(&server)["last_reload"];
        assert_eq!(last["cause"], "watch");
        assert_eq!(last["changes"]["changed"].as_array().unwrap().len(), 1);
        last["zones_read"] == 1
    };
    assert!((0..10).any(alone));
    // A look at everything reads nothing, once no file can have changed unseen.
    let end = Instant::now() + PATIENCE;
    loop {
        let (code, reply) = reload(&server);
        assert_eq!((code, &reply["zones_parsed"]), (200, &0.into()));
        if reply["zones_read"] == 0 {
            break;
        }
        assert!(Instant::now() < end, "{reply}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_change_of_a_large_file_is_followed() {
    let server = Server::start();
    let words = "as many octets as it takes until changes are followed ".repeat(4);
    let hosts = (0..1_500).map(|n| format!("host-{n} TXT \"{words}\"\n"));
    let hosts: String = hosts.collect();
    for turn in 0..4 {
        let text = format!("turn-{turn}");
        put(
            &server.zones().join("example.com.zone"),
            &(says(&text) + &hosts),
        );
        until(&server, "example.com.", &text);
        let last = &status(&server)["last_reload"];
        assert_eq!(last["zones_parsed"], 1);
        // At first there is nothing to follow.
        assert_eq!(last["zones_followed"], i32::from(turn > 0), "{last}");
    }
    let last = server.udp(&query("host-1499.example.com.", RecordType::TXT, None));
    assert_eq!(last.answers.len(), 1);
}

#[test]
fn a_file_in_the_making_is_waited_for() {
    let server = Server::start();
    // What the watcher looks at when it begins is over.
    assert_eq!(reload(&server).1["generation"], 2);
    let path = server.zones().join("example.com.zone");
    for round in 0..10 {
        let before = status(&server)["generation"].as_u64().unwrap();
        let said = format!("whole{round}");
        let whole = says(&said);
        let (first, rest) = whole.split_at(whole.find("txt").unwrap());
        let begun = Instant::now();
        let mut file = fs::File::create(&path).unwrap();
        // Half of it is a zone by itself, without the name.
        std::io::Write::write_all(&mut file, first.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        std::io::Write::write_all(&mut file, rest.as_bytes()).unwrap();
        drop(file);
        let took = begun.elapsed();
        until(&server, "example.com.", &said);
        // Nobody waits for ever, and on a busy machine this writer may have been slow.
        if took < Duration::from_millis(500) {
            assert_eq!(status(&server)["generation"], before + 1);
            return;
        }
    }
    panic!("the machine is too busy to write half a file in time");
}

#[test]
fn what_is_no_zone_file_is_named() {
    let server = Server::start();
    let zones = server.zones();
    let pipe = std::process::Command::new("mkfifo")
        .arg(zones.join("pipe.zone"))
        .status();
    assert!(pipe.unwrap().success());
    let (code, reply) = reload(&server);
    let text = reply.to_string();
    assert_eq!(code, 422);
    assert!(
        text.contains("zones/pipe.zone: is no ordinary file"),
        "{text}"
    );
    fs::remove_file(zones.join("pipe.zone")).unwrap();
    put(
        &zones.join("copy.zone"),
        &format!("$ORIGIN example.com.\n{ZONE}"),
    );
    let (code, reply) = reload(&server);
    let text = reply.to_string();
    assert_eq!(code, 422);
    assert!(
        text.contains("two files hold the zone `example.com.`"),
        "{text}"
    );
    let (code, _, err) = run(meridian().current_dir(server.folder.path()).arg("check"));
    assert_eq!(code, 1);
    assert!(
        err.contains("zones/copy.zone") && err.contains("zones/example.com.zone"),
        "{err}"
    );
}

#[test]
fn print_and_check_for_programs() {
    let folder = estate();
    let at = |args: &[&str]| run(meridian().current_dir(folder.path()).args(args));
    let (code, text, err) = at(&["print", "example.com"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(text.lines().count(), 6);
    assert!(text.starts_with("example.com. 3600 IN SOA "), "{text}");
    // What it prints is the same zone.
    put(&folder.path().join("zones/example.com.zone"), &text);
    assert_eq!(at(&["print"]).1, text);
    let (code, _, err) = at(&["print", "example.net"]);
    assert!(code == 2 && err.contains("there are example.com."), "{err}");
    let (code, out, err) = at(&["check", "--format", "json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["ok"], &json["errors"]), (&true.into(), &0.into()));
    put(
        &folder.path().join("zones/bad.example.zone"),
        "@ SOA a b 1 2 3 4\n",
    );
    let (code, out, _) = at(&["check", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["ok"]), (1, &false.into()));
    let first = &json["diagnostics"][0];
    assert_eq!(
        (&first["file"], &first["start"]["line"]),
        (&"zones/bad.example.zone".into(), &1.into())
    );
    assert_eq!(at(&["print"]).0, 1);
}
