//! What senders do that they should not, to the running program: wrong, huge and old reports, and crowds of slow clients.

use std::fs;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::feeds::{self, Feed};
use super::server::{PATIENCE, Server};

/// KiB by which the memory that the program holds has been higher than this at any time.
fn peak(server: &Server) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Bodies with one mistake each, and the place of it.
fn mistakes() -> Vec<(String, &'static str)> {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    let mut all: Vec<(String, &'static str)> = [
        ("", "$"),
        ("NaN", "$"),
        ("null", "$"),
        ("[]", "$"),
        ("{}", "$"),
        ("{\"state\":\"up\",\"epoch\":1,\"seq\":1", "$"),
        ("{\"state\":\"up\",\"epoch\":1,\"seq\":1}}", "$"),
        (
            "{\"state\":\"up\",\"epoch\":1,\"seq\":1,\"seq\":2}",
            "$.seq",
        ),
    ]
    .map(|(body, at)| (body.to_owned(), at))
    .into();
    let fields: [(&str, &str, &[&str]); 16] = [
        (
            "state",
            "$.state",
            &[
                "\"UP\"",
                "\"\"",
                "1",
                "null",
                "[]",
                "true",
                "\"up \"",
                "\"unknown\"",
            ],
        ),
        (
            "epoch",
            "$.epoch",
            &[
                "-1",
                "1.5",
                "18446744073709551616",
                "1e300",
                "\"1\"",
                "null",
                "[1]",
            ],
        ),
        (
            "seq",
            "$.seq",
            &[
                "-1",
                "0.1",
                "18446744073709551616",
                "1e40",
                "\"1\"",
                "{}",
                "false",
            ],
        ),
        (
            "valid_for",
            "$.valid_for",
            &[
                "\"0s\"",
                "\"8d\"",
                "\"-1s\"",
                "\"\"",
                "30",
                "\"1e3s\"",
                "\"99999999999999999999999s\"",
                "\"1.5h\"",
            ],
        ),
        ("load", "$.load", &["-1", "1e15", "1e300", "\"5\"", "[]"]),
        ("target", "$.target", &["-0.001", "1e15", "{}"]),
        (
            "capacity",
            "$.capacity",
            &["-1", "18446744073709551616", "true"],
        ),
        (
            "unit",
            "$.unit",
            &["\"\"", "7", "\"\\u0000\"", "\"connections\""],
        ),
        (
            "active_conns",
            "$.active_conns",
            &["-1", "1e300", "\"many\""],
        ),
        (
            "new_conns_per_s",
            "$.new_conns_per_s",
            &["-1", "1e300", "[]"],
        ),
        (
            "healthy_backends",
            "$.healthy_backends",
            &["-1", "0.5", "1e300"],
        ),
        (
            "total_backends",
            "$.total_backends",
            &["-1", "0.5", "\"8\""],
        ),
        ("route_present", "$.route_present", &["0", "\"yes\"", "[]"]),
        ("window", "$.window", &["-1", "\"soon\"", "{}"]),
        ("family", "$.family", &["4", "\"ipv4\"", "\"V4\""]),
        ("nobody-knows", "$", &["1"]),
    ];
    for (field, at, values) in fields {
        for value in values {
            let rest: String = [("state", "\"up\""), ("epoch", "1"), ("seq", "1")]
                .iter()
                .filter(|(name, _)| *name != field)
                .map(|(name, value)| format!(",\"{name}\":{value}"))
                .collect();
            all.push((format!("{{\"{field}\":{value}{rest}}}"), at));
        }
    }
    for quality in ["0", "1", "-0.5", "1.0000001", "1e308", "\"0.5\"", "null"] {
        let more = format!(",\"quality\":{quality}");
        all.push((feeds::body("degraded", 1, 1, &more), "$.quality"));
    }
    all.push((feeds::body("up", 1, 1, ",\"quality\":0.5"), "$.quality"));
    // What JSON has no word for, or no room.
    for value in ["NaN", "Infinity", "-Infinity", "1e999", "0x10", "01", "'1'"] {
        all.push((
            format!("{{\"state\":\"up\",\"epoch\":1,\"seq\":{value}}}"),
            "$",
        ));
    }
    all.push((deep(10_000), "$"));
    all.push((
        format!("{{\"state\":{},\"epoch\":1,\"seq\":1}}", deep(10_000)),
        "$",
    ));
    all.push((format!("{{\"a\":{}", "{\"a\":".repeat(10_000)), "$"));
    all.push((feeds::body(&"x".repeat(1_000_000), 1, 1, ""), "$.state"));
    all.push((
        feeds::body(
            "up",
            1,
            1,
            &format!(",\"unit\":\"{}\",\"load\":1", "u".repeat(33)),
        ),
        "$.unit",
    ));
    all
}

#[test]
fn a_wrong_report_is_told_where_and_changes_nothing() {
    let server = Server::on(feeds::in_memory(2, 1));
    let (mut bad, mut good) = (Feed::open(&server).unwrap(), Feed::open(&server).unwrap());
    let before = peak(&server);
    let mut wrong = Vec::new();
    for (number, (body, at)) in mistakes().into_iter().enumerate() {
        let said = body.get(..120).unwrap_or(&body);
        let (status, reply) = bad.put("v0", &body).unwrap();
        let first = &reply["mistakes"][0];
        let told = ["message", "advice"]
            .iter()
            .all(|w| first[w].as_str().is_some_and(|t| !t.is_empty()));
        let place = first["at"].as_str().unwrap_or_default();
        // A field that nobody knows is a mistake of what holds it.
        let unknown = first["message"]
            .as_str()
            .is_some_and(|m| m.starts_with("unknown field"));
        let at = if unknown { "$" } else { at };
        if status != 400 || !told || place != at || reply.to_string().len() > 16_384 {
            wrong.push(format!(
                "{status} instead of a mistake at {at}: {said}\n    {reply}"
            ));
        }
        // The other sender notices nothing.
        let (status, reply) = good
            .put("v1", &feeds::body("up", 1, number as u64 + 1, ""))
            .unwrap();
        assert_eq!(status, 200, "{reply}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let vips = good.vips();
    let vip = vips.iter().find(|vip| vip["name"] == "v0").unwrap();
    assert_eq!(
        (feeds::order(vip), &vip["state"]),
        (None, &"unknown".into()),
        "{vip}"
    );
    let grown = peak(&server) - before;
    assert!(grown < 32 << 10, "{grown} KiB more");
}

#[test]
fn old_reports_change_nothing_and_those_of_the_future_harm_one_vip_alone() {
    let server = Server::on(feeds::in_memory(2, 1));
    let mut feed = Feed::open(&server).unwrap();
    let mut put = |vip: &str, state: &str, epoch: u64, seq: u64| {
        let (status, reply) = feed.put(vip, &feeds::body(state, epoch, seq, "")).unwrap();
        assert_eq!(status, 200, "{reply}");
        let force = reply["in_force"].as_str().unwrap().to_owned();
        (reply["outcome"] == "old", force)
    };
    assert_eq!(put("v0", "down", 100, 5), (false, "down".into()));
    for (epoch, seq) in [(100, 5), (100, 4), (100, 0), (99, u64::MAX), (0, 0)] {
        assert_eq!(
            put("v0", "up", epoch, seq),
            (true, "down".into()),
            "{epoch}, {seq}"
        );
    }
    assert_eq!(put("v0", "up", 101, 0), (false, "up".into()));
    assert_eq!(
        put("v0", "drain", u64::MAX, u64::MAX),
        (false, "drain".into())
    );
    for (epoch, seq) in [(101, 1), (u64::MAX, u64::MAX), (u64::MAX, 0)] {
        assert_eq!(
            put("v0", "up", epoch, seq),
            (true, "drain".into()),
            "{epoch}, {seq}"
        );
    }
    assert_eq!(put("v1", "up", 100, 1), (false, "up".into()));
}

#[test]
fn a_hundred_megabytes_are_not_kept() {
    let server = Server::on(feeds::in_memory(2, 1));
    let token = super::api::token(&server);
    let host = server.api.trim_start_matches("http://").to_owned();
    let before = peak(&server);
    let head = |length: &str| {
        format!(
            "PUT /v1/health/vips/v0 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{length}\r\n\r\n"
        )
    };
    let heads = [
        head("Content-Length: 104857600"),
        head("Transfer-Encoding: chunked"),
    ];
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (head, chunk, host) = (&heads[number % 2], chunk.as_bytes(), &host);
            scope.spawn(move || {
                let mut stream = TcpStream::connect(host).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_write_timeout(Some(PATIENCE)).unwrap();
                stream.write_all(head.as_bytes()).unwrap();
                // All of it, or until nobody takes more.
                let sent = (0..1_600)
                    .take_while(|_| stream.write_all(chunk).is_ok())
                    .count();
                let reply = feeds::reply(&mut BufReader::new(&stream));
                // Who goes on sending after the reply may lose it with the connection.
                assert!(
                    reply.is_err() || reply.as_ref().unwrap().0 == 413,
                    "{reply:?} after {sent}"
                );
            });
        }
    });
    let (status, reply) = Feed::open(&server)
        .unwrap()
        .put("v0", &feeds::body("up", 1, 1, ""))
        .unwrap();
    assert_eq!(status, 200, "{reply}");
    let grown = peak(&server) - before;
    println!(
        "16 bodies of 100 MB at once: {} MiB more at the most",
        grown >> 10
    );
    assert!(grown < 48 << 10, "{grown} KiB more");
}

/// What a slow client does: begins something, and goes on with it an octet at a time.
fn begin(number: usize, host: &str, token: &str) -> String {
    match number % 4 {
        // Nothing at all.
        0 => String::new(),
        // A head.
        1 => format!("PUT /v1/health/vips/v0 HTTP/1.1\r\nHost: {host}\r\nX: "),
        // The body of a report, with a token that is good.
        2 => format!(
            "PUT /v1/health/vips/v0 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Length: 900\r\n\r\n{{"
        ),
        // Questions whose replies nobody reads.
        _ => format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").repeat(20),
    }
}

/// Keeps so many slow clients at it until told otherwise; those that are sent away come again a second later.
fn crowd(
    numbers: std::ops::Range<usize>,
    (host, token): (&str, &str),
    over: &AtomicBool,
    came: &AtomicUsize,
) {
    let pause = Duration::from_secs(1);
    let mut all: Vec<Result<TcpStream, Instant>> =
        numbers.clone().map(|_| Err(Instant::now())).collect();
    while !over.load(Ordering::Relaxed) {
        for (seat, number) in all.iter_mut().zip(numbers.clone()) {
            if over.load(Ordering::Relaxed) {
                return;
            }
            if let Ok(stream) = seat {
                // Gone, or one octet more.
                let mut done = [stream.read(&mut [0; 1]), Ok(1)];
                if matches!(number % 4, 1 | 2) {
                    done[1] = stream.write(b" ");
                }
                let gone = |done: &std::io::Result<usize>| match done {
                    Ok(count) => *count == 0,
                    Err(error) => error.kind() != ErrorKind::WouldBlock,
                };
                if done.iter().any(gone) {
                    *seat = Err(Instant::now() + pause);
                }
                continue;
            }
            if seat.as_ref().is_err_and(|due| *due > Instant::now()) {
                continue;
            }
            let Ok(mut stream) = TcpStream::connect(host) else {
                continue;
            };
            came.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(begin(number, host, token).as_bytes());
            stream.set_nonblocking(true).unwrap();
            *seat = Ok(stream);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server with two tokens, for those who behave and for those who do not.
fn two_tokens() -> Server {
    let folder = feeds::in_memory(2, 1);
    let machine = "listen = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nworkers = 1\nstate = \"state\"\nzones = \"zones\"\n\
                   [tokens.good]\nfile = \"good\"\n[tokens.slow]\nfile = \"slow\"\n[tokens.ops]\nfile = \"ops\"\nrole = \"operator\"\n";
    fs::write(folder.path().join("m.toml"), machine).unwrap();
    for name in ["good", "slow", "ops"] {
        let path = folder.path().join(name);
        fs::write(&path, name[..1].repeat(32)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    Server::with(folder, &["serve", "--config", "m.toml"])
}

#[test]
fn five_thousand_slow_clients_do_not_delay_a_good_feed() {
    let mut files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    files.current = files.maximum;
    rustix::process::setrlimit(rustix::process::Resource::Nofile, files).unwrap();
    let clients = files
        .maximum
        .map_or(5_000, |most| most.saturating_sub(1_000).min(5_000)) as usize;
    let server = two_tokens();
    let host = server.api.trim_start_matches("http://").to_owned();
    let (good, slow) = ("g".repeat(32), "s".repeat(32));
    let before = peak(&server);
    let (over, came) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut times = [Vec::new(), Vec::new()];
    let (mut failed, mut again) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        for part in 0..4 {
            let numbers = clients * part / 4..clients * (part + 1) / 4;
            let (host, slow, over, came) = (&host, &slow, &over, &came);
            scope.spawn(move || crowd(numbers, (host, slow), over, came));
        }
        let mut kept = Feed::with(&server.api, &good).unwrap();
        let began = Instant::now();
        let mut seq = 0;
        while began.elapsed() < Duration::from_secs(8) && failed.len() < 20 {
            seq += 1;
            let sent = Instant::now();
            let mut reply = kept.put("v0", &feeds::body("up", 1, seq, ""));
            if reply.is_err() {
                // Who has said nothing for long may have lost the connection, and makes another.
                again += 1;
                kept = Feed::with(&server.api, &good).unwrap();
                reply = kept.put("v0", &feeds::body("up", 1, seq, ""));
            }
            times[0].push(sent.elapsed());
            let sent = Instant::now();
            let fresh = Feed::with(&server.api, &good)
                .and_then(|mut feed| feed.put("v1", &feeds::body("up", 1, seq, "")));
            times[1].push(sent.elapsed());
            for (reply, way) in [(reply, "kept"), (fresh, "new")] {
                if !matches!(reply, Ok((200, _))) {
                    failed.push(format!("{way}, after {:.1?}: {reply:?}", began.elapsed()));
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        over.store(true, Ordering::Relaxed);
    });
    let grown = peak(&server) - before;
    for (times, way) in times.iter_mut().zip(["kept", "new for each"]) {
        times.sort();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
        println!(
            "{clients} slow clients ({} connections): {} reports of a good feed, connection {way}: p50 {:.1?}, p99 {:.1?}, slowest {:.1?}",
            came.load(Ordering::Relaxed),
            times.len(),
            at(50),
            at(99),
            times[times.len() - 1]
        );
    }
    println!(
        "{again} times the kept connection was lost; memory {} MiB more at the most",
        grown >> 10
    );
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(
        came.load(Ordering::Relaxed) >= clients,
        "the crowd never came"
    );
    assert!(grown < 160 << 10, "{grown} KiB more");
}
