//! Zones at their ends: chains of thousands, the largest sets, the longest names. Answers stay bounded, at once, without memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use meridian::answer::{self, Client, Transport, Turn};
use meridian::geo::atlas::Atlas;
use meridian::limits;
use meridian::stats::Counters;
use meridian::wire::asked::{Asked, Seed};
use meridian::wire::name::Name;

use crate::counting::asked;
use crate::replay::options::records;
use crate::server::Server;

const HEAD: &str = "$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.53\n";

/// A zone of this apex with these lines more.
fn load(apex: &str, lines: &str) -> Result<Server, String> {
    let mut server = Server::default();
    let files = BTreeMap::from([(format!("{apex}zone"), format!("{HEAD}{lines}"))]);
    server.load(&files, Arc::new(Atlas::builtin()))?;
    Ok(server)
}

fn query(name: &str, kind: u16) -> Vec<u8> {
    let name = Name::parse(name.as_bytes(), Some(&Name::root())).unwrap();
    let header = [0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    [&header[..], name.wire(), &kind.to_be_bytes(), &[0, 1]].concat()
}

/// The answer, which takes no memory; how long it took is told.
fn ask(server: &Server, transport: Transport, name: &str, kind: u16) -> Vec<u8> {
    let client = Client {
        addr: ([192, 0, 2, 7], 53_000).into(),
        transport,
    };
    let counters = Counters::default();
    let mut name_asked = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut name_asked);
    let mut out = vec![0; limits::MESSAGE];
    let message = query(name, kind);
    let (before, begun) = (asked(), Instant::now());
    let length = answer::answer(server.world(), client, &mut turn, &message, &mut out);
    let took = begun.elapsed();
    assert_eq!(asked(), before, "{name} takes memory");
    println!("{name:.20} TYPE{kind} over {transport:?}: {length} octets, {took:?}");
    out.truncate(length);
    out
}

fn code(reply: &[u8]) -> (u8, bool) {
    (reply[3] & 15, reply[2] & 2 != 0)
}

fn counts(reply: &[u8]) -> [u16; 3] {
    [6, 8, 10].map(|at| u16::from_be_bytes([reply[at], reply[at + 1]]))
}

#[test]
fn ten_thousand_aliases_are_followed_so_far_and_no_further() {
    let mut lines = String::new();
    for n in 0..10_000 {
        let _ = writeln!(lines, "c{n} CNAME c{}", n + 1);
        // And a circle as long.
        let _ = writeln!(lines, "o{n} CNAME o{}", (n + 1) % 10_000);
    }
    lines += "c10000 A 192.0.2.1\n";
    let server = load("example.com.", &lines).unwrap();
    for transport in [Transport::Udp, Transport::Tcp] {
        for name in ["c0.example.com.", "c5000.example.com.", "o0.example.com."] {
            let reply = ask(&server, transport, name, 1);
            assert_eq!(code(&reply), (0, false));
            assert_eq!(counts(&reply), [limits::CHAIN as u16 + 1, 0, 0]);
        }
        // Its end is in reach.
        let reply = ask(&server, transport, "c9992.example.com.", 1);
        assert_eq!(counts(&reply), [9, 0, 0]);
    }
}

#[test]
fn the_largest_set_is_served_and_a_larger_one_refused() {
    let srv = |many: usize| {
        let mut lines = String::new();
        for n in 0..many {
            let _ = writeln!(lines, "_x._tcp SRV 0 0 {n} h{n}\nh{n} A 192.0.2.1");
        }
        lines
    };
    let refused = load("example.com.", &srv(5_000)).err().unwrap();
    assert!(refused.contains("no message holds more than"), "{refused}");
    // Octets of each: twelve before the data, six in them, and a target of its own.
    let many = limits::RRSET / (12 + 6 + b"\x05h0000\x07example\x03com\0".len());
    let server = load("example.com.", &srv(many)).unwrap();
    let reply = ask(&server, Transport::Udp, "_x._tcp.example.com.", 33);
    assert!(code(&reply) == (0, true) && reply.len() <= 512);
    let reply = ask(&server, Transport::Tcp, "_x._tcp.example.com.", 33);
    assert_eq!(code(&reply), (0, false));
    let [answers, _, more] = counts(&reply);
    assert_eq!(usize::from(answers), many);
    assert!(usize::from(more) <= limits::TARGETS);
    let reply = ask(&server, Transport::Tcp, "_x._tcp.example.com.", 255);
    assert_eq!(usize::from(counts(&reply)[0]), many);
}

#[test]
fn a_record_as_large_as_a_message_is_served_or_refused() {
    let txt = |strings: usize| {
        format!(
            "big TXT {}\n",
            format!("\"{}\" ", "a".repeat(255)).repeat(strings)
        )
    };
    assert!(load("example.com.", &txt(250)).is_err());
    let server = load("example.com.", &txt(249)).unwrap();
    let reply = ask(&server, Transport::Tcp, "big.example.com.", 16);
    assert_eq!((code(&reply), counts(&reply)), ((0, false), [1, 0, 0]));
    assert_eq!(records(&reply)[0].data.len(), 249 * 256);
    let reply = ask(&server, Transport::Udp, "big.example.com.", 16);
    assert_eq!((code(&reply), counts(&reply)), ((0, true), [0, 0, 0]));
}

#[test]
fn apexes_and_names_as_long_as_names_can_be() {
    let label = |letter: &str, length: usize| letter.repeat(length);
    // Octets: 64 for each label of 63, one before the last label, and the root.
    let apex = |last: usize| {
        let long = label("a", 63);
        format!("{long}.{long}.{long}.{}.", label("b", last))
    };
    for (last, octets) in [(59, 253), (60, 254), (61, 255)] {
        let apex = apex(last);
        // There is no room for a name below the longest apex: the zone's own servers are elsewhere.
        let lines = "@ MX 1 mail.example.net.\n@ TXT long\n";
        let zone =
            format!("$TTL 60\n@ SOA a.example. b.example. 1 2 3 4 5\n@ NS a.example.\n{lines}");
        let mut server = Server::default();
        let files = BTreeMap::from([(format!("{apex}zone"), zone)]);
        server.load(&files, Arc::new(Atlas::builtin())).unwrap();
        for (kind, found) in [(6, 1), (2, 1), (15, 1), (16, 1), (255, 1), (1, 0), (64, 0)] {
            for transport in [Transport::Udp, Transport::Tcp] {
                let reply = ask(&server, transport, &apex, kind);
                assert_eq!(code(&reply), (0, false), "{octets} TYPE{kind}");
                assert_eq!(counts(&reply)[0], found, "{octets} TYPE{kind}");
            }
        }
        if octets < 254 {
            let reply = ask(&server, Transport::Udp, &format!("x.{apex}"), 1);
            assert_eq!(code(&reply), (3, false));
        }
    }
}

#[test]
fn a_wildcard_and_a_dname_at_the_end_of_what_fits() {
    let long = "a".repeat(63);
    let deep = format!("{long}.{long}.{long}");
    let server = load(
        "example.com.",
        &format!("*.w A 192.0.2.1\nd DNAME {deep}\n{deep} A 192.0.2.2\n"),
    )
    .unwrap();
    // 255 octets in all, by a wildcard: `w.example.com.` has 15.
    let most = format!("{deep}.{}.w.example.com.", "b".repeat(47));
    let reply = ask(&server, Transport::Udp, &most, 1);
    assert_eq!((code(&reply), counts(&reply)), ((0, false), [1, 0, 0]));
    // The new name has 205 octets and what stands before: 49 are the most for one label.
    for (length, expected) in [(49, 3), (50, 6)] {
        let reply = ask(
            &server,
            Transport::Tcp,
            &format!("{}.d.example.com.", "c".repeat(length)),
            1,
        );
        assert_eq!(code(&reply).0, expected, "{length}");
    }
}
