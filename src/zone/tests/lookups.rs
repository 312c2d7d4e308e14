//! Questions to zones, by the RFC that says the answer.

use super::{HEAD, good, name, read_text, with, zone};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::zone::{Found, Match, Zone};

/// What a zone has, in a few words.
fn ask(zone: &Zone, question: &str) -> String {
    let (owner, kind) = question.split_once(' ').unwrap();
    let found = zone.find(
        &Asked::of(&name(owner), Seed::default()),
        kind.parse().unwrap(),
    );
    let with = |by: Match, steer: Option<u32>| {
        let by = if by == Match::Wildcard {
            " by wildcard"
        } else {
            ""
        };
        by.to_owned() + &steer.map_or(String::new(), |n| format!(" steered {n}"))
    };
    match found {
        Found::Records { rrset, node, by } => {
            format!("{rrset:?} at {node:?}{}", with(by, node.steer()))
        }
        Found::Any { node, by } => format!(
            "{} types at {node:?}{}",
            node.rrsets().len(),
            with(by, node.steer())
        ),
        Found::Alias { rrset, node, by } => {
            assert_eq!(rrset.kind(), Kind::CNAME);
            format!("alias at {node:?}{}", with(by, node.steer()))
        }
        Found::Dname { node, rrset } => {
            assert_eq!(rrset.kind(), Kind::DNAME);
            format!("dname at {node:?} of {} labels", node.labels())
        }
        Found::Referral { cut } => format!("referral to {cut:?}"),
        Found::NoData { node, by } => format!("nodata at {node:?}{}", with(by, node.steer())),
        Found::NoName { encloser } => format!("no name below {encloser:?}"),
    }
}

fn check(zone: &Zone, table: &[(&str, &str)]) {
    for (question, expected) in table {
        assert_eq!(ask(zone, question), *expected, "{question}");
    }
}

#[test]
fn rfc4592_s2_2_1() {
    let parsed = good(
        "$ORIGIN example.
@                 3600 IN  SOA   ns.example.com. h.example.com. 1 2 3 4 5
                  3600     NS    ns.example.com.
                  3600     NS    ns.example.net.
*                 3600     TXT   \"this is a wildcard\"
*                 3600     MX    10 host1
sub.*             3600     TXT   \"this is not a wildcard\"
host1             3600     A     192.0.2.1
_ssh._tcp.host1   3600     SRV   0 0 22 host1
_ssh._tcp.host2   3600     SRV   0 0 22 host1
subdel            3600     NS    ns.example.com.
                  3600     NS    ns.example.net.
",
    );
    let zone = Zone::build(&parsed, &[]);
    assert_eq!((zone.names(), zone.records(), zone.serial()), (10, 11, 1));
    check(
        &zone,
        &[
            // Synthesised from a wildcard.
            ("host3.example. MX", "1 of MX at *.example. by wildcard"),
            ("host3.example. A", "nodata at *.example. by wildcard"),
            ("foo.bar.example. TXT", "1 of TXT at *.example. by wildcard"),
            ("FOO.Bar.Example. ANY", "2 types at *.example. by wildcard"),
            // Not synthesised.
            ("host1.example. MX", "nodata at host1.example."),
            ("sub.*.example. MX", "nodata at sub.*.example."),
            (
                "_telnet._tcp.host1.example. SRV",
                "no name below _tcp.host1.example.",
            ),
            ("host.subdel.example. A", "referral to subdel.example."),
            ("ghost.*.example. MX", "no name below *.example."),
            // The wildcard itself, and empty names.
            ("*.example. MX", "1 of MX at *.example."),
            ("_tcp.host2.example. A", "nodata at _tcp.host2.example."),
            ("host2.example. MX", "nodata at host2.example."),
            ("x.host2.example. MX", "no name below host2.example."),
            ("example. A", "nodata at example."),
            ("example. SOA", "1 of SOA at example."),
            ("example. NS", "2 of NS at example."),
        ],
    );
}

#[test]
fn delegations_cover_what_lies_below() {
    let lines = "sub NS ns.sub\nsub NS ns2.sub\nsub DS \\# 4 00010801\nns.sub A 192.0.2.1\nns2.sub AAAA ::1\n\
        in.sub NS ns.sub\nin.sub NS ns2.sub\n* TXT x\nsub2 A 192.0.2.3\n";
    // The inner delegation is warned of: only the other zone can give it.
    let parsed = read_text(format!("{HEAD}{lines}")).0.unwrap();
    let zone = Zone::build(&parsed, &[name("steered.sub.example.com.")]);
    check(
        &zone,
        &[
            ("sub.example.com. A", "referral to sub.example.com."),
            ("sub.example.com. NS", "referral to sub.example.com."),
            ("sub.example.com. ANY", "referral to sub.example.com."),
            ("sub.example.com. DS", "1 of DS at sub.example.com."),
            ("ns.sub.example.com. A", "referral to sub.example.com."),
            ("x.in.sub.example.com. A", "referral to sub.example.com."),
            ("in.sub.example.com. DS", "referral to sub.example.com."),
            ("a.b.c.sub.example.com. DS", "referral to sub.example.com."),
            ("steered.sub.example.com. A", "referral to sub.example.com."),
            ("sub2.example.com. A", "1 of A at sub2.example.com."),
            ("x.sub2.example.com. A", "no name below sub2.example.com."),
            (
                "y.example.com. TXT",
                "1 of TXT at *.example.com. by wildcard",
            ),
            ("example.com. DS", "nodata at example.com."),
        ],
    );
    // Glue is found whatever covers it.
    let cut = zone.node(name("SUB.example.com.").wire()).unwrap();
    assert!(cut.is_cut() && cut.cover() == Some(cut));
    let targets: Vec<&[u8]> = cut.rrset(Kind::NS).unwrap().targets().collect();
    assert_eq!(targets[0], b"\x02ns\x03sub\x07example\x03com\0");
    let glue = zone.node(targets[0]).unwrap();
    assert_eq!(
        glue.rrset(Kind::A).unwrap().records().collect::<Vec<_>>(),
        [[192, 0, 2, 1]]
    );
    assert_eq!(
        glue.cover().map(|c| c.owner()),
        Some(name("sub.example.com."))
    );
    assert!(zone.node(name("nothing.example.com.").wire()).is_none());
    assert!(zone.node(name("example.org.").wire()).is_none());
    assert!(zone.node(b"\x40").is_none());
}

#[test]
fn a_delegation_without_ds_is_nodata_here() {
    let zone = zone("sub NS a.net.\nsub NS b.net.\n", &[]);
    check(
        &zone,
        &[("sub.example.com. DS", "nodata at sub.example.com.")],
    );
}

/// RFC 6672 §2.2 and §3.2.
#[test]
fn dnames_lead_away_what_lies_below() {
    let zone = zone(
        "d DNAME target.net.\nd TXT own\na.b.e DNAME .\n* A 192.0.2.1\n",
        &["x.d.example.com."],
    );
    check(
        &zone,
        &[
            ("d.example.com. TXT", "1 of TXT at d.example.com."),
            ("d.example.com. DNAME", "1 of DNAME at d.example.com."),
            ("d.example.com. A", "nodata at d.example.com."),
            ("x.d.example.com. A", "dname at d.example.com. of 3 labels"),
            (
                "y.d.example.com. DNAME",
                "dname at d.example.com. of 3 labels",
            ),
            (
                "a.b.c.D.example.com. DS",
                "dname at d.example.com. of 3 labels",
            ),
            (
                "x.a.b.e.example.com. ANY",
                "dname at a.b.e.example.com. of 5 labels",
            ),
            ("x.b.e.example.com. A", "no name below b.e.example.com."),
        ],
    );
    let apex = super::zone("@ DNAME other.net.\n", &[]);
    check(
        &apex,
        &[
            ("example.com. NS", "2 of NS at example.com."),
            ("example.com. A", "nodata at example.com."),
            ("www.example.com. A", "dname at example.com. of 2 labels"),
        ],
    );
}

#[test]
fn aliases() {
    let zone = zone("c CNAME www\n*.w CNAME www\nwww A 192.0.2.1\n", &[]);
    check(
        &zone,
        &[
            ("c.example.com. A", "alias at c.example.com."),
            ("c.example.com. CNAME", "1 of CNAME at c.example.com."),
            ("c.example.com. ANY", "1 types at c.example.com."),
            (
                "a.b.w.example.com. TXT",
                "alias at *.w.example.com. by wildcard",
            ),
            ("w.example.com. TXT", "nodata at w.example.com."),
            ("x.c.example.com. A", "no name below c.example.com."),
        ],
    );
}

#[test]
fn steered_names_exist() {
    let steered = [
        "www.example.com.",
        "EXAMPLE.com.",
        "a.b.c.example.com.",
        "*.app.example.com.",
        "www.example.com.",
        "other.net.",
        "b.c.example.com.",
    ];
    let zone = zone(
        "www A 192.0.2.1\nwww TXT x\n* TXT wild\nx.app TXT x\n",
        &steered,
    );
    check(
        &zone,
        &[
            ("www.example.com. A", "1 of A at www.example.com. steered 0"),
            (
                "www.example.com. AAAA",
                "nodata at www.example.com. steered 0",
            ),
            (
                "www.example.com. ANY",
                "2 types at www.example.com. steered 0",
            ),
            ("example.com. A", "nodata at example.com. steered 1"),
            ("example.com. SOA", "1 of SOA at example.com. steered 1"),
            (
                "a.b.c.example.com. A",
                "nodata at a.b.c.example.com. steered 2",
            ),
            ("b.c.example.com. A", "nodata at b.c.example.com. steered 6"),
            // The name between exists because of the steered one, and keeps the wildcard away.
            ("c.example.com. TXT", "nodata at c.example.com."),
            ("d.c.example.com. TXT", "no name below c.example.com."),
            ("app.example.com. TXT", "nodata at app.example.com."),
            (
                "y.app.example.com. A",
                "nodata at *.app.example.com. by wildcard steered 3",
            ),
            (
                "z.y.app.example.com. TXT",
                "nodata at *.app.example.com. by wildcard steered 3",
            ),
            (
                "*.app.example.com. A",
                "nodata at *.app.example.com. steered 3",
            ),
            ("x.app.example.com. A", "nodata at x.app.example.com."),
            (
                "y.example.com. TXT",
                "1 of TXT at *.example.com. by wildcard",
            ),
        ],
    );
}

#[test]
fn sets_are_bytes_ready_to_be_sent() {
    let zone = zone(
        "w 60 A 192.0.2.1\nw 60 A 192.0.2.2\nm MX 1 a.net.\nm MX 2 .\ns SRV 1 2 3 t\nh HTTPS 1 .\nt TXT x\n",
        &[],
    );
    let node = zone.node(name("w.example.com.").wire()).unwrap();
    let set = node.rrset(Kind::A).unwrap();
    assert_eq!((set.count(), set.ttl(), set.kind()), (2, 60, Kind::A));
    assert_eq!(
        set.block(),
        b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x02"
    );
    assert_eq!(set.whole().map(<[u8]>::len).collect::<Vec<_>>(), [16, 16]);
    let targets = |owner: &str, kind: Kind| {
        let set = zone.node(name(owner).wire()).unwrap().rrset(kind).unwrap();
        set.targets().map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    assert_eq!(
        targets("m.example.com.", Kind::MX),
        [b"\x01a\x03net\0".to_vec(), b"\0".to_vec()]
    );
    assert_eq!(
        targets("s.example.com.", Kind::SRV),
        [b"\x01t\x07example\x03com\0"]
    );
    assert_eq!(targets("h.example.com.", Kind::HTTPS), [b"\0"]);
    assert!(targets("t.example.com.", Kind::TXT).is_empty());
    assert_eq!(node.wire(), b"\x01w\x07example\x03com\0");
}

/// RFC 2308 §5.
#[test]
fn negative_answers_have_the_lesser_ttl() {
    let zone_of = |ttl: u32, minimum: u32| {
        let text = format!(
            "$TTL 9\n@ {ttl} SOA a.net. b.net. 1 2 3 4 {minimum}\n@ NS a.net.\n@ NS b.net.\n"
        );
        Zone::build(&good(text), &[])
    };
    for (ttl, minimum, least) in [(60, 300, 60), (300, 60, 60), (0, 5, 0)] {
        let zone = zone_of(ttl, minimum);
        assert_eq!((zone.negative_ttl(), zone.soa().ttl()), (least, ttl));
        let denial = zone.denial();
        assert_eq!(denial.record()[denial.ttl()..][..4], least.to_be_bytes());
        assert_eq!(denial.record()[10..], zone.soa().block()[10..]);
    }
}

/// RFC 1035 §4.1.4: what the SOA's names share with the apex is a pointer, and other names are whole.
#[test]
fn negative_answers_point_to_the_apex() {
    let text =
        "$TTL 9\n@ SOA x.ns.EXAMPLE.com. box.example.net. 1 2 3 4 5\n@ NS a.net.\n@ NS b.net.\n";
    let zone = Zone::build(&good(text.to_string()), &[]);
    let denial = zone.denial();
    let rdata = b"\x01x\x02ns\xc0\0\x03box\x07example\x03net\0";
    let record = denial.record();
    assert_eq!(record[12..record.len() - 20], rdata[..]);
    assert_eq!(record[10..12], (rdata.len() as u16 + 20).to_be_bytes());
    assert_eq!(denial.pointers().collect::<Vec<_>>(), [0, 17]);
}

#[test]
fn nodes_are_in_canonical_order_and_small() {
    let zone = zone(
        "b.a A 192.0.2.1\n\\000.a A 192.0.2.1\nZ.a A 192.0.2.1\n\\001 A 192.0.2.1\n* A 192.0.2.1\na.z A 192.0.2.1\n",
        &[],
    );
    let names: Vec<String> = zone.nodes().map(|node| node.owner().to_string()).collect();
    let front: Vec<&str> = names
        .iter()
        .map(|n| n.strip_suffix("example.com.").unwrap())
        .collect();
    assert_eq!(
        front,
        [
            "", "\\001.", "*.", "a.", "\\000.a.", "b.a.", "z.a.", "z.", "a.z."
        ]
    );
    let lines: String = (0..10_000)
        .map(|n| format!("host-{n} A 10.0.{}.{}\n", n / 250, n % 250))
        .collect();
    let big = Zone::build(&with(&lines), &[]);
    assert_eq!((big.names(), big.records()), (10_001, 10_003));
    assert!(big.memory() < 10_000 * 100, "{}", big.memory());
}

#[test]
fn a_seed_of_its_own() {
    let seed = Seed(0xdead_beef);
    let zone = Zone::seeded(&good(format!("{HEAD}w A 192.0.2.1\n")), &[], seed);
    let found = zone.find(&Asked::of(&name("w.example.com."), seed), Kind::A);
    assert!(matches!(found, Found::Records { .. }));
}
