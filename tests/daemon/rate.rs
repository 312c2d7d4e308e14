//! Limited answers as operators and clients meet them: the machine file, the option, the log, the metrics.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;

use super::server::{self, Server};

/// A TXT record of some 900 octets beside what the estate has.
fn estate() -> tempfile::TempDir {
    let folder = server::estate();
    let long = format!(" \"{}\"", "x".repeat(220)).repeat(4);
    let zone = format!("{}big TXT{long}\n", server::ZONE);
    std::fs::write(folder.path().join("zones/example.com.zone"), zone).unwrap();
    folder
}

fn serve(machine: &str, options: &[&str]) -> Server {
    let folder = estate();
    let machine = format!("zones = \"zones\"\nstate = \"state\"\n{machine}");
    std::fs::write(folder.path().join("m.toml"), machine).unwrap();
    let places = [
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--workers",
        "1",
    ];
    Server::with(
        folder,
        &[&["--config", "m.toml"], &places[..], options].concat(),
    )
}

/// Asks from this address, some at a time; whole answers, truncated ones, and octets out and in.
fn ask(
    server: &Server,
    from: [u8; 4],
    query: &Message,
    times: usize,
) -> (usize, usize, [usize; 2]) {
    let socket = UdpSocket::bind((Ipv4Addr::from(from), 0)).unwrap();
    socket.connect(server.dns).unwrap();
    let query = query.to_vec().unwrap();
    let (mut whole, mut cut, mut octets) = (0, 0, [0, query.len() * times]);
    let mut buffer = [0; 1_500];
    for _ in 0..times / 20 {
        for _ in 0..20 {
            socket.send(&query).unwrap();
        }
        last(server);
        socket.set_nonblocking(true).unwrap();
        while let Ok(length) = socket.recv(&mut buffer) {
            octets[0] += length;
            match buffer[2] & 0x02 {
                0 => whole += 1,
                _ => cut += 1,
            }
        }
        socket.set_nonblocking(false).unwrap();
    }
    (whole, cut, octets)
}

/// Comes back when all that was sent before is answered or dropped: the one worker takes its queries in turn, and this one's
/// answer, which is never limited, comes after theirs.
fn last(server: &Server) {
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 99, 9, 9), 0)).unwrap();
    socket.connect(server.dns).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let query = server::query("www.example.com.", RecordType::A, Some("193.0.6.0/24"));
    socket.send(&query.to_vec().unwrap()).unwrap();
    socket.recv(&mut [0; 1_500]).unwrap();
}

fn metric(server: &Server, outcome: &str) -> usize {
    let (_, page) = super::api::ask(server, "GET /metrics", None, "");
    let line = format!("meridian_queries_total{{outcome=\"{outcome}\"}} ");
    let at = page.lines().find_map(|l| l.strip_prefix(line.as_str()));
    at.unwrap().parse().unwrap()
}

#[test]
fn reflection_is_limited_and_steered_answers_never() {
    let server = serve("[rate]\nper_second = 5\nslip = 3\n", &[]);
    let big = server::query("big.example.com.", RecordType::TXT, None);
    let (whole, cut, octets) = ask(&server, [127, 66, 6, 1], &big, 1_000);
    // 12.5 full answers at once, 5 a second; one of three of the others slips.
    assert!((12..300).contains(&whole), "{whole}");
    assert!(cut.abs_diff((1_000 - whole) / 3) <= 1, "{cut} of {whole}");
    assert_eq!(
        [
            metric(&server, "slipped"),
            metric(&server, "limited"),
            metric(&server, "static")
        ],
        [cut, 1_000 - whole - cut, whole]
    );
    println!(
        "1,000 queries of one address: {whole} whole, {cut} cut, octets out and in {octets:?}"
    );
    let line = server.logs("too many answers");
    assert!(
        line.contains("WARN") && line.contains("network=127.66.6.1/32"),
        "{line}"
    );
    assert!(
        line.contains("dropped=") && line.contains("slipped="),
        "{line}"
    );
    // The same address: steered answers, and everything over TCP.
    let steered = server::query("www.example.com.", RecordType::A, Some("193.0.6.0/24"));
    let (whole, cut, _) = ask(&server, [127, 66, 6, 1], &steered, 3_000);
    assert_eq!((whole, cut), (3_000, 0));
    for _ in 0..30 {
        let answer = server.tcp(&big);
        assert_eq!(answer.answers.len(), 1);
    }
    // And others, anything.
    // At once 12.5 answers of 1,280 octets; these have 960.
    assert!((16..=18).contains(&ask(&server, [127, 77, 7, 1], &big, 20).0));
    assert_eq!(metric(&server, "dropped"), 0);
    assert!(
        server
            .log()
            .iter()
            .all(|line| !line.contains("too many answers")),
        "a second line in a minute"
    );
}

#[test]
fn allowed_networks_and_no_rate_at_all() {
    let big = server::query("big.example.com.", RecordType::TXT, None);
    let allow = "[rate]\nper_second = 1\nallow = [\"127.66.0.0/16\", \"127.0.0.9\"]\n";
    let server = serve(allow, &[]);
    for from in [[127, 66, 6, 1], [127, 0, 0, 9]] {
        assert_eq!(ask(&server, from, &big, 200).0, 200);
    }
    assert!(ask(&server, [127, 0, 0, 1], &big, 200).0 < 100);
    for (machine, options) in [
        ("rate = \"off\"\n", &[][..]),
        ("[rate]\nper_second = 1\n", &["--rate", "off"]),
    ] {
        let server = serve(machine, options);
        assert_eq!(ask(&server, [127, 0, 0, 1], &big, 500).0, 500);
    }
}
