//! The running program's own checks: what each failure is called, and that they follow the estate.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::api::ask;
use super::run;
use super::server::{PATIENCE, STEERING, Server, ZONE, meridian};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nall is well";

/// The keys that make every result count at once.
const QUICK: &str =
    "every = \"1s\"\ntimeout = \"1s\"\nfall = 1\nrise = 1\nclear = 1\ndwell = \"0s\"\n";

/// A server of one connection at a time for each thread; its port, and how many came.
fn listener(act: impl Fn(TcpStream) + Send + Sync + 'static) -> (u16, Arc<AtomicUsize>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, act) = (count.clone(), Arc::new(act));
    std::thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let act = act.clone();
            std::thread::spawn(move || act(stream));
        }
    });
    (port, count)
}

/// A web server that reads the request and says this.
fn web(reply: impl Into<String>) -> u16 {
    let reply = reply.into();
    listener(move |mut stream| {
        heard(&mut stream);
        let _ = stream.write_all(reply.as_bytes());
    })
    .0
}

fn heard(stream: &mut TcpStream) -> String {
    let mut buffer = [0; 4096];
    let length = stream.read(&mut buffer).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..length]).into()
}

/// A name server that answers each query with these flags and, if there is one, this address.
fn names(flags: [u8; 2], address: Option<[u8; 4]>) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let mut reply = buffer[..length].to_vec();
            reply[2..4].copy_from_slice(&flags);
            if let Some(address) = address {
                reply[7] = 1;
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
                reply.extend(address);
            }
            // What a forger sends first is passed over.
            let mut forged = reply.clone();
            forged[0] ^= 1;
            let _ = socket.send_to(&forged, from);
            let _ = socket.send_to(&reply, from);
        }
    });
    port
}

/// A port that nobody has.
fn closed() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// A VIP by its name with the keys of its probe.
fn steering(probes: &[(&str, String)]) -> String {
    // Behind the usual ones, which nobody probes.
    let (places, others) = STEERING.split_once("[pools.web]").unwrap();
    let mut text = places.to_owned();
    for (nth, (name, _)) in (1..).zip(probes) {
        text += &format!(
            "{name} = {{ address = \"198.18.0.{nth}\", probe = \"{name}\", probe_address = \"127.0.0.1\" }}\n"
        );
    }
    for (name, keys) in probes {
        text += &format!("[probes.{name}]\n{keys}\n{QUICK}");
    }
    let all: Vec<String> = probes
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let all = all.join(", ");
    let others = others
        .replace("\"www.", "\"far.")
        .replace("= \"web\"", "= \"far\"");
    text += &format!("[pools.web]\nmembers = [{all}]\nanswers = 16\n[pools.far]{others}");
    text + "\"www.example.com.\" = \"web\"\n"
}

fn folder(steering: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let zones = folder.path().join("zones");
    fs::create_dir(&zones).unwrap();
    fs::write(zones.join("example.com.zone"), ZONE).unwrap();
    fs::write(zones.join("steering.toml"), steering).unwrap();
    folder
}

/// What `/v1/vips` says of a VIP.
fn vip(server: &Server, name: &str) -> Value {
    let (status, page) = ask(server, "GET /v1/vips", None, "");
    assert_eq!(status, 200, "{page}");
    let page: Value = serde_json::from_str(&page).unwrap();
    let vips = page["vips"].as_array().unwrap();
    vips.iter().find(|vip| vip["name"] == name).unwrap().clone()
}

/// Waits until this holds of a VIP.
fn wait(server: &Server, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let seen = vip(server, name);
        if holds(&seen) {
            return seen;
        }
        assert!(begin.elapsed() < PATIENCE, "{seen:#}\n{:?}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn each_failure_is_seen_as_down_with_its_reason_before_the_first_answer() {
    let http = |port: u16, more: &str| {
        format!(
            "kind = \"http\"\nport = {port}\nhost = \"www.example.com\"\npath = \"/ready\"\n{more}"
        )
    };
    let dns = |port: u16, more: &str| {
        format!("kind = \"dns\"\nport = {port}\nname = \"www.example.org.\"\n{more}")
    };
    let silent = listener(|stream| std::thread::sleep(PATIENCE.max(read(stream)))).0;
    let asked = listener(|mut stream| {
        let said = heard(&mut stream);
        let good = said.starts_with("GET /ready HTTP/1.1\r\nhost: www.example.com\r\n");
        let reply = if good {
            OK.to_owned()
        } else {
            OK.replace("200", "400")
        };
        let _ = stream.write_all(reply.as_bytes());
    })
    .0;
    let reset = listener(|mut stream| {
        heard(&mut stream);
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    })
    .0;
    let endless = |start: &'static str, part: &'static str, pause: u64| {
        listener(move |mut stream| {
            heard(&mut stream);
            let _ = stream.write_all(start.as_bytes());
            while stream.write_all(part.as_bytes()).is_ok() {
                std::thread::sleep(Duration::from_millis(pause));
            }
        })
        .0
    };
    let drip = endless("HTTP/1.1 200 OK\r\n", "x", 50);
    let header = endless(
        "HTTP/1.1 200 OK\r\n",
        "X-Again: and again and again and again\r\n",
        0,
    );
    let body = endless(
        "HTTP/1.1 200 OK\r\n\r\n",
        "and again and again and again and again",
        0,
    );
    let table: Vec<(&str, String, &str, &str)> = vec![
        (
            "well",
            http(asked, "body = \"is well\""),
            "well",
            "status 200, and the text is in the body",
        ),
        (
            "several",
            http(
                web("HTTP/1.1 204 No Content\r\n\r\n"),
                "status = [200, 204]",
            ),
            "well",
            "status 204",
        ),
        ("refused", http(closed(), ""), "refused", "refused"),
        (
            "silent",
            http(silent, ""),
            "timeout",
            "the head of the reply did not come within 1 s",
        ),
        (
            "status",
            http(web(OK.replace("200", "503")), ""),
            "status",
            "status 503, not 200",
        ),
        (
            "moved",
            http(
                web(format!(
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{asked}/ready\r\nContent-Length: 0\r\n\r\n"
                )),
                "",
            ),
            "status",
            "status 302, not 200",
        ),
        (
            "text",
            http(web(OK), "body = \"is fine\""),
            "body",
            "the text is not in the body of 11 octets",
        ),
        (
            "reset",
            http(reset, ""),
            "broken",
            "reset by the other side",
        ),
        (
            "drip",
            http(drip, ""),
            "timeout",
            "the head of the reply did not come within 1 s",
        ),
        (
            "header",
            http(header, ""),
            "broken",
            "the head of the reply is larger than 65536 octets",
        ),
        (
            "body",
            http(body, "body = \"enough\""),
            "body",
            "the text is not within the first 65536 octets of the body",
        ),
        (
            "babble",
            http(web("SSH-2.0-OpenSSH_9.2\r\n"), ""),
            "broken",
            "the reply is not HTTP",
        ),
        (
            "cut",
            http(web("HTTP/1.1 200 OK\r\nContent-Le"), ""),
            "broken",
            "closed before the end of the reply",
        ),
        (
            "open",
            format!("kind = \"tcp\"\nport = {asked}"),
            "well",
            "the connection opened",
        ),
        (
            "shut",
            format!("kind = \"tcp\"\nport = {}", closed()),
            "refused",
            "refused",
        ),
        (
            "plain",
            format!("kind = \"https\"\nport = {asked}\nhost = \"a.example\""),
            "tls",
            "",
        ),
        (
            "name",
            dns(names([0x84, 0], None), ""),
            "well",
            "www.example.org. is answered NOERROR",
        ),
        (
            "address",
            dns(
                names([0x84, 0], Some([192, 0, 2, 7])),
                "expect = \"192.0.2.7\"",
            ),
            "well",
            "192.0.2.7 is in the answer",
        ),
        (
            "other",
            dns(
                names([0x84, 0], Some([192, 0, 2, 8])),
                "expect = \"192.0.2.7\"",
            ),
            "answer",
            "192.0.2.7 is not among the 1 addresses",
        ),
        (
            "nowhere",
            dns(names([0x84, 3], None), ""),
            "answer",
            "is answered NXDOMAIN",
        ),
        (
            "lame",
            dns(names([0x80, 5], None), ""),
            "answer",
            "is answered REFUSED",
        ),
        (
            "deaf",
            dns(
                UdpSocket::bind("127.0.0.1:0")
                    .map(|s| {
                        let p = s.local_addr().unwrap().port();
                        std::mem::forget(s);
                        p
                    })
                    .unwrap(),
                "",
            ),
            "timeout",
            "the answer did not come within 1 s",
        ),
        ("gone", dns(closed(), ""), "refused", "refused"),
    ];
    let probes: Vec<(&str, String)> = table.iter().map(|row| (row.0, row.1.clone())).collect();
    let server = Server::on(folder(&steering(&probes)));
    // The banner comes after the first round, so nothing need be waited for.
    let mut up = Vec::new();
    for (nth, (name, _, result, why)) in (1u8..).zip(&table) {
        let seen = vip(&server, name);
        let probe = &seen["probe"][0];
        assert_eq!(probe["result"], *result, "{name}: {seen:#}");
        assert!(
            probe["why"].as_str().unwrap().contains(why),
            "{name}: {seen:#}"
        );
        assert_eq!(probe["address"], "127.0.0.1");
        let state = if *result == "well" { "up" } else { "down" };
        assert_eq!(
            (&seen["state"], &probe["state"]),
            (&state.into(), &state.into()),
            "{name}"
        );
        up.extend((state == "up").then_some(Ipv4Addr::new(198, 18, 0, nth)));
    }
    let mut found = server.addresses("www.example.com.", super::EUROPE);
    found.sort();
    assert_eq!(found, up);
    let (_, metrics) = ask(&server, "GET /metrics", None, "");
    for line in [
        "meridian_probe_results_total{probe=\"lame\",outcome=\"answer\"} ",
        "meridian_probe_results_total{probe=\"lame\",outcome=\"well\"} 0",
        "meridian_probe_age_seconds{vip=\"lame\",family=\"both\",probe=\"lame\"} ",
        "meridian_probe_duration_seconds{vip=\"silent\",family=\"both\",probe=\"silent\"} 1.",
        "meridian_probe_panics_total 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

/// Waits for nothing, so that a stream stays open.
fn read(stream: TcpStream) -> Duration {
    std::mem::forget(stream);
    Duration::ZERO
}

fn program(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn commands(names: &[&str]) -> String {
    let keys = |name: &str| format!("kind = \"command\"\ncommand = \"{name}\"");
    let probes: Vec<(&str, String)> = names.iter().map(|name| (*name, keys(name))).collect();
    steering(&probes)
}

#[test]
fn commands_are_those_of_the_machine_and_leave_nothing_behind() {
    let house = folder(&commands(&[
        "good", "bad", "slow", "leaves", "loud", "none", "plain",
    ]));
    let dir = house.path().join("allowed");
    fs::create_dir(&dir).unwrap();
    program(&dir, "good", "env | sort | tr '\\n' ' '");
    program(&dir, "bad", "echo the disk is full >&2; exit 3");
    program(&dir, "slow", "sleep 1000 & echo $! $$ >> slow.pids; wait");
    program(
        &dir,
        "leaves",
        "sleep 1000 & echo $! >> leaves.pids; exit 0",
    );
    program(&dir, "loud", "yes");
    fs::write(dir.join("plain"), "not to be run").unwrap();
    let options = [
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--workers",
        "1",
        "--commands",
        "allowed",
    ];
    let mut server = Server::with(house, &options);
    let seen = |name: &str| {
        let vip = vip(&server, name);
        let probe = vip["probe"][0].clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            text(&vip["state"]),
            text(&probe["result"]),
            text(&probe["why"]),
        )
    };
    let (state, result, why) = seen("good");
    assert_eq!((state.as_str(), result.as_str()), ("up", "well"), "{why}");
    // The shell adds its own; nothing else of ours is there.
    assert!(
        why.contains("MERIDIAN_ADDRESS=127.0.0.1 MERIDIAN_VIP=good"),
        "{why}"
    );
    assert!(!why.contains("HOME=") && !why.contains("CARGO"), "{why}");
    let down = |result: &str, why: &str| ("down".to_owned(), result.to_owned(), why.to_owned());
    assert_eq!(seen("bad"), down("exit", "exit code 3: the disk is full"));
    assert_eq!(
        seen("slow"),
        down("timeout", "the end of the command did not come within 1 s")
    );
    assert_eq!(seen("leaves").0, "up");
    assert_eq!(seen("loud").0, "down");
    for name in ["none", "plain"] {
        let (state, result, why) = seen(name);
        // What could not be asked says nothing of the VIP.
        assert_eq!(
            (state.as_str(), result.as_str()),
            ("unknown", "unmade"),
            "{why}"
        );
        assert!(why.contains("cannot be run"), "{why}");
    }
    server.logs("this check cannot be made");
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(0));
    let dir = server.folder.path().join("allowed");
    let pids = ["slow.pids", "leaves.pids"].map(|file| fs::read_to_string(dir.join(file)).unwrap());
    let running = |pid: &&str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    let left: Vec<&str> = pids
        .iter()
        .flat_map(|text| text.split_whitespace())
        .collect();
    assert!(left.len() >= 3, "{left:?}");
    let begin = Instant::now();
    while left.iter().any(&running) {
        assert!(begin.elapsed() < PATIENCE, "{left:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_machine_that_names_no_folder_runs_nothing() {
    let house = folder(&commands(&["good"]));
    program(house.path(), "good", "touch ran");
    let server = Server::on(house);
    let seen = vip(&server, "good");
    assert_eq!(seen["probe"][0]["result"], "unmade", "{seen:#}");
    assert_eq!(seen["state"], "unknown");
    assert!(!server.folder.path().join("ran").exists());
}

#[test]
fn checks_follow_the_estate() {
    let (first, came) = listener(|_| ());
    let tcp = |port: u16| format!("kind = \"tcp\"\nport = {port}");
    let of = |port: u16| steering(&[("a", tcp(port)), ("b", tcp(first))]);
    let server = Server::on(folder(&of(closed())));
    assert_eq!(vip(&server, "a")["state"], "down");
    let file = server.zones().join("steering.toml");
    // Another port: asked at once, and up by its first result.
    fs::write(&file, of(first)).unwrap();
    wait(&server, "a", |vip| vip["state"] == "up");
    // Down again, and then nobody's business any more: what was said of it is taken back.
    fs::write(&file, of(closed())).unwrap();
    wait(&server, "a", |vip| vip["state"] == "down");
    let without = of(first).replacen(", probe = \"a\", probe_address = \"127.0.0.1\"", "", 1);
    let without = without.replacen(", probe = \"b\", probe_address = \"127.0.0.1\"", "", 1);
    fs::write(&file, &without).unwrap();
    let seen = wait(&server, "a", |vip| vip["state"] == "unknown");
    assert_eq!(seen["probe"], Value::Array(Vec::new()));
    wait(&server, "b", |vip| vip["state"] == "unknown");
    let before = came.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(came.load(Ordering::SeqCst), before, "it is still asked");
    let (_, metrics) = ask(&server, "GET /metrics", None, "");
    assert!(
        !metrics.contains("meridian_probe_age_seconds{"),
        "{metrics}"
    );
}

#[test]
fn a_crash_keeps_what_was_known_and_a_probe_that_left_meanwhile_says_nothing() {
    let tcp = |port: u16| format!("kind = \"tcp\"\nport = {port}\nfall = 3\nrise = 3");
    let (open, _) = listener(|_| ());
    let quick = |text: String| text.replacen("fall = 1\nrise = 1\n", "", 2);
    let both = |a: u16, b: u16| quick(steering(&[("a", tcp(a)), ("b", tcp(b))]));
    let mut server = Server::on(folder(&both(closed(), closed())));
    assert_eq!(vip(&server, "a")["state"], "down");
    server.signal("-KILL");
    server.wait();
    // It answers again: but that is one success of three, so what was known holds. Of the other nobody asks any more.
    let house = server.leave();
    let text = both(open, open).replacen(", probe = \"b\", probe_address = \"127.0.0.1\"", "", 1);
    fs::write(house.path().join("zones/steering.toml"), text).unwrap();
    let server = Server::on(house);
    let seen = vip(&server, "a");
    assert_eq!(
        (&seen["state"], &seen["probe"][0]["result"]),
        (&"down".into(), &"well".into()),
        "{seen:#}"
    );
    wait(&server, "a", |vip| vip["state"] == "up");
    wait(&server, "b", |vip| vip["state"] == "unknown");
}

#[test]
fn each_family_has_a_verdict_of_its_own() {
    let text = |more: &str| {
        format!(
            "{STEERING}\"a.example.com.\" = \"a\"\n[vips.a]\naddress = \"127.0.0.1\"\naddress6 = \"::1\"\nprobe = \"p\"{more}\n[probes.p]\nkind = \"tcp\"\nport = {}\n{QUICK}",
            listener(|_| ()).0
        )
    };
    let server = Server::on(folder(&text("")));
    let seen = vip(&server, "a");
    let probe = seen["probe"].as_array().unwrap();
    let said = |at: usize| {
        ["family", "address", "state"].map(|key| probe[at][key].as_str().unwrap_or_default())
    };
    assert_eq!(said(0), ["v4", "127.0.0.1", "up"], "{seen:#}");
    assert_eq!(said(1), ["v6", "::1", "down"], "{seen:#}");
    let families =
        |vip: &Value| ["v4", "v6"].map(|family| vip["families"][family]["state"].clone());
    assert_eq!(families(&seen), ["up", "down"], "{seen:#}");
    // One address for both.
    fs::write(
        server.zones().join("steering.toml"),
        text("\nprobe_address = \"127.0.0.1\""),
    )
    .unwrap();
    wait(&server, "a", |vip| {
        vip["probe"].as_array().unwrap().len() == 1
            && vip["probe"][0]["state"] == "up"
            && families(vip) == ["up", "up"]
    });
}

#[test]
fn check_says_how_much_the_estate_asks() {
    let tcp = "kind = \"tcp\"\nport = 1".to_owned();
    let house = folder(&steering(&[("a", tcp.clone()), ("b", tcp)]));
    let (code, out, _) = run(meridian().current_dir(house.path()).arg("check"));
    assert_eq!(code, 0);
    assert!(out.contains("2 probes with 2 checks a second"), "{out}");
}
