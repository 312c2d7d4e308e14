//! The exact code of every odd message, over UDP and TCP alike (RFC 8906, RFC 6891, RFC 7871, RFC 7873, RFC 8945).

use std::collections::BTreeMap;

use crate::replay::options::{options, records};
use crate::replay::script::{START, Transport};
use crate::replay::stage::{self, Stage};
use crate::twisted::question_end;

/// A message, and what must come of it.
pub struct Row {
    pub label: String,
    pub message: Vec<u8>,
    /// None is silence.
    pub rcode: Option<u16>,
    /// The same over UDP, where it differs.
    pub datagram: Option<u16>,
}

const NOERROR: u16 = 0;
const FORMERR: u16 = 1;
const NOTIMP: u16 = 4;
const REFUSED: u16 = 5;
const NOTAUTH: u16 = 9;
const BADVERS: u16 = 16;
const BADCOOKIE: u16 = 23;

/// The question that most rows ask: `example.com SOA`, in mixed case.
const QUESTION: &[u8] = b"\x07eXample\x03cOm\0\0\x06\0\x01";

/// A message of this header and these parts.
fn message(flags: u16, counts: [u16; 4], parts: &[&[u8]]) -> Vec<u8> {
    let mut message = [0x12, 0x34].to_vec();
    for word in [&[flags][..], &counts].concat() {
        message.extend(word.to_be_bytes());
    }
    message.extend(parts.concat());
    message
}

/// The question with these records behind it.
fn with(records: &[&[u8]]) -> Vec<u8> {
    let parts = [&[QUESTION], records].concat();
    message(0, [1, 0, 0, records.len() as u16], &parts)
}

/// A record: owner, type, class, TTL, data.
fn record(owner: &[u8], kind: u16, class: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let fixed = [
        &kind.to_be_bytes()[..],
        &class.to_be_bytes(),
        &ttl.to_be_bytes(),
    ]
    .concat();
    [owner, &fixed, &(data.len() as u16).to_be_bytes(), data].concat()
}

/// An OPT record with these extended flags (code, version, flags) and options.
fn opt(flags: u32, data: &[u8]) -> Vec<u8> {
    record(&[0], 41, 1232, flags, data)
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    [
        &code.to_be_bytes()[..],
        &(value.len() as u16).to_be_bytes(),
        value,
    ]
    .concat()
}

fn question(name: &[u8], kind: u16, class: u16) -> Vec<u8> {
    let parts: [&[u8]; 3] = [name, &kind.to_be_bytes(), &class.to_be_bytes()];
    message(0, [1, 0, 0, 0], &parts)
}

/// A TSIG record's data: algorithm, octets of the MAC as said and as there, and of the other data.
fn signature(algorithm: &[u8], mac: (u16, usize), other: u16) -> Vec<u8> {
    let head = [algorithm, &[0, 0, 0x5c, 0xf7, 0x9f, 0x11, 1, 0x2c]].concat();
    let tail = [&[0x12, 0x34, 0, 0][..], &other.to_be_bytes()].concat();
    [&head, &mac.0.to_be_bytes()[..], &vec![9; mac.1], &tail].concat()
}

const KEY: &[u8] = b"\x03key\0";
const HMAC: &[u8] = b"\x0bhmac-sha256\0";

fn tsig() -> Vec<u8> {
    record(KEY, 250, 255, 0, &signature(HMAC, (32, 32), 0))
}

/// All of them.
pub fn rows() -> Vec<Row> {
    let parts = [
        headers(),
        questions(),
        terms(),
        subnets(),
        cookies(),
        keys(),
    ];
    parts.into_iter().flatten().collect()
}

fn row(label: impl Into<String>, message: Vec<u8>, rcode: u16) -> Row {
    Row {
        label: label.into(),
        message,
        rcode: Some(rcode),
        datagram: None,
    }
}

fn headers() -> Vec<Row> {
    let mut rows = vec![row("plain", with(&[]), NOERROR)];
    for (flag, name) in [
        (0x0400, "AA"),
        (0x0200, "TC"),
        (0x0100, "RD"),
        (0x0080, "RA"),
        (0x0040, "Z"),
        (0x0020, "AD"),
        (0x0010, "CD"),
        (0x07f0, "all flags"),
        (0x000f, "a code"),
    ] {
        let plain = message(flag, [1, 0, 0, 0], &[QUESTION]);
        rows.push(row(name, plain, NOERROR));
        let edns = message(flag, [1, 0, 0, 1], &[QUESTION, &opt(0, &[])]);
        rows.push(row(format!("{name}, EDNS"), edns, NOERROR));
    }
    for opcode in 1..16 {
        let flags = opcode << 11;
        let label = format!("opcode {opcode}");
        let asked = message(flags, [1, 0, 0, 0], &[QUESTION]);
        rows.push(row(label.clone(), asked, NOTIMP));
        let edns = message(flags, [1, 0, 0, 1], &[QUESTION, &opt(0, &[])]);
        rows.push(row(format!("{label}, EDNS"), edns, NOTIMP));
        let bare = message(flags | 0x07f0, [0; 4], &[]);
        rows.push(row(format!("{label}, all flags, no body"), bare, NOTIMP));
        let update = message(
            flags,
            [1, 2, 3, 0],
            &[QUESTION, b"what it means is not ours to know"],
        );
        rows.push(row(format!("{label}, a body of its own"), update, NOTIMP));
    }
    let mut silent = vec![
        ("a response", message(0x8000, [1, 0, 0, 0], &[QUESTION])),
        (
            "a response of another opcode",
            message(0xa800, [1, 0, 0, 0], &[QUESTION]),
        ),
        ("a bare response", message(0x8000, [0; 4], &[])),
    ];
    silent.extend((1..12).map(|n| ("a runt", with(&[])[..n].to_vec())));
    rows.extend(silent.into_iter().map(|(label, message)| Row {
        label: label.to_string(),
        message,
        rcode: None,
        datagram: None,
    }));
    rows
}

fn questions() -> Vec<Row> {
    let apex = b"\x07eXample\x03cOm\0";
    let mut rows = Vec::new();
    for (kind, code) in [
        (0, NOERROR),
        (1, NOERROR),
        (255, NOERROR),
        (1000, NOERROR),
        (65_535, NOERROR),
        (41, FORMERR),
        (128, FORMERR),
        (249, FORMERR),
        (250, FORMERR),
        // Obsolete (RFC 1035 §3.2.3), and so types that the name does not have.
        (253, NOERROR),
        (254, NOERROR),
    ] {
        rows.push(row(format!("type {kind}"), question(apex, kind, 1), code));
    }
    rows.extend(transfers());
    for class in [0, 2, 3, 4, 5, 254, 256, 65_535] {
        rows.push(row(
            format!("class {class}"),
            question(apex, 6, class),
            REFUSED,
        ));
    }
    rows.push(row("class ANY", question(apex, 6, 255), NOERROR));
    rows.push(row("not ours", question(b"\x03org\0", 6, 1), REFUSED));
    rows.push(row("the root", question(b"\0", 2, 1), REFUSED));
    let a = record(b"\xc0\x0c", 1, 1, 0, &[192, 0, 2, 1]);
    for (label, counts, parts) in [
        ("no question", [0, 0, 0, 0], vec![]),
        ("no question, but its octets", [0, 0, 0, 0], vec![QUESTION]),
        ("two questions", [2, 0, 0, 0], vec![QUESTION, QUESTION]),
        ("65,535 questions", [65_535, 0, 0, 0], vec![QUESTION]),
        ("half a question", [1, 0, 0, 0], vec![&QUESTION[..9]]),
        (
            "a compressed question",
            [1, 0, 0, 0],
            vec![b"\xc0\x0c\0\x06\0\x01"],
        ),
        (
            "a label of no kind",
            [1, 0, 0, 0],
            vec![b"\x41a\0\0\x06\0\x01"],
        ),
        ("octets behind the end", [1, 0, 0, 0], vec![QUESTION, &[0]]),
        ("an answer in a query", [1, 1, 0, 0], vec![QUESTION, &a]),
        ("an authority in a query", [1, 0, 1, 0], vec![QUESTION, &a]),
        ("a record that is not there", [1, 0, 0, 1], vec![QUESTION]),
    ] {
        rows.push(row(label, message(0, counts, &parts), FORMERR));
    }
    let long = [&[63][..], &[b'a'; 63]].concat().repeat(4);
    let long = question(&[&long[..], &[0]].concat(), 1, 1);
    rows.push(row("a name of 257 octets", long, FORMERR));
    rows.push(row("a record that means nothing", with(&[&a]), NOERROR));
    rows
}

/// Of a zone of ours, of a name in it, and of others (RFC 5936 §2.2.1); there is no AXFR over UDP (§4.2).
fn transfers() -> Vec<Row> {
    let ours: &[u8] = b"\x07eXample\x03cOm\0";
    let names = [
        ("a zone", ours, REFUSED),
        ("a name", b"\x03ns1\x07eXample\x03cOm\0", NOTAUTH),
        ("no name", b"\x02no\x07eXample\x03cOm\0", NOTAUTH),
        ("a parent", b"\x03cOm\0", NOTAUTH),
        ("another zone", b"\x03org\0", NOTAUTH),
        ("the root", b"\0", NOTAUTH),
    ];
    let soa = |name: &[u8]| {
        let data = [&b"\0\0"[..], &[0; 20]].concat();
        record(name, 6, 1, 0, &data)
    };
    let of = |(label, name, code): (&str, &[u8], u16)| {
        let mut full = row(format!("AXFR of {label}"), question(name, 252, 1), code);
        full.datagram = Some(NOTIMP);
        let bare = row(format!("IXFR of {label}"), question(name, 251, 1), code);
        let asked = [name, &[0, 251, 0, 1]].concat();
        let since = message(0, [1, 0, 1, 0], &[&asked, &soa(name)]);
        let since = row(format!("IXFR of {label} since 0"), since, code);
        [full, bare, since]
    };
    names.into_iter().flat_map(of).collect()
}

fn terms() -> Vec<Row> {
    const V1: u32 = 1 << 16;
    let unknown: Vec<u8> = (0..100).flat_map(|n| option(65_001 + n, &[1; 7])).collect();
    let known: Vec<u8> = [3, 5, 6, 7, 9, 11, 13, 14, 16, 17, 18, 19]
        .iter()
        .flat_map(|code| option(*code, &[]))
        .collect();
    let a = record(b"\0", 1, 1, 0, &[192, 0, 2, 1]);
    let plain = opt(0, &[]);
    let mut lying = opt(0, &[]);
    lying[9] = 1;
    let mut rows = vec![
        row("EDNS", with(&[&plain]), NOERROR),
        row("DO", with(&[&opt(0x8000, &[])]), NOERROR),
        row("unknown flags", with(&[&opt(0x7fff, &[])]), NOERROR),
        row("an extended code", with(&[&opt(0xff00_0000, &[])]), NOERROR),
        row("version 1", with(&[&opt(V1, &[])]), BADVERS),
        row("version 255", with(&[&opt(255 << 16, &[])]), BADVERS),
        row("version 1, DO", with(&[&opt(V1 | 0x8000, &[])]), BADVERS),
        row("version 1, flags", with(&[&opt(V1 | 0x7fff, &[])]), BADVERS),
        row(
            "version 1, option",
            with(&[&opt(V1, &option(100, &[]))]),
            BADVERS,
        ),
        row("version 1, no options", with(&[&opt(V1, &[1, 2])]), BADVERS),
        row(
            "an unknown option",
            with(&[&opt(0, &option(100, &[]))]),
            NOERROR,
        ),
        row(
            "option 65535",
            with(&[&opt(0, &option(65_535, &[1]))]),
            NOERROR,
        ),
        row("100 unknown options", with(&[&opt(0, &unknown)]), NOERROR),
        row("known options", with(&[&opt(0, &known)]), NOERROR),
        row("OPT twice", with(&[&plain, &plain]), FORMERR),
        row("OPT, A, OPT", with(&[&plain, &a, &plain]), FORMERR),
        row("OPT not last", with(&[&plain, &a]), NOERROR),
        row("OPT behind A", with(&[&a, &plain]), NOERROR),
        row(
            "a named OPT",
            with(&[&record(KEY, 41, 1232, 0, &[])]),
            FORMERR,
        ),
        row(
            "a pointer as OPT's name",
            with(&[&record(b"\xc0\x1a", 41, 1232, 0, &[])]),
            FORMERR,
        ),
        row("an OPT beyond the end", with(&[&lying]), FORMERR),
        row("half an OPT", with(&[&plain[..6]]), FORMERR),
        row(
            "OPT as an answer",
            message(0, [1, 1, 0, 0], &[QUESTION, &plain]),
            FORMERR,
        ),
        row(
            "OPT as authority",
            message(0, [1, 0, 1, 0], &[QUESTION, &plain]),
            FORMERR,
        ),
        row(
            "an option beyond the end",
            with(&[&opt(0, &[0, 3, 0, 1])]),
            FORMERR,
        ),
        row(
            "an option of 65,535",
            with(&[&opt(0, &[0, 3, 255, 255, 0])]),
            FORMERR,
        ),
    ];
    for n in 1..4 {
        let cut = opt(0, &[0, 3, 0][..n]);
        rows.push(row(
            format!("{n} octets of an option"),
            with(&[&cut]),
            FORMERR,
        ));
    }
    rows
}

fn subnets() -> Vec<Row> {
    let zeros = |head: [u8; 4], octets: usize| [&head[..], &vec![0; octets]].concat();
    let good = [
        ("IPv4", vec![0, 1, 24, 0, 9, 9, 9]),
        ("IPv6", zeros([0, 2, 56, 0], 7)),
        ("source 32", zeros([0, 1, 32, 0], 4)),
        ("source 128", zeros([0, 2, 128, 0], 16)),
        ("source 0", zeros([0, 1, 0, 0], 0)),
        ("family 0, source 0", zeros([0, 0, 0, 0], 0)),
    ];
    let bad = [
        ("family 0", zeros([0, 0, 8, 0], 1)),
        ("family 3", zeros([0, 3, 8, 0], 1)),
        ("family 3, source 0", zeros([0, 3, 0, 0], 0)),
        ("source 33", zeros([0, 1, 33, 0], 5)),
        ("source 129", zeros([0, 2, 129, 0], 17)),
        ("bits beyond the source", vec![0, 1, 23, 0, 9, 9, 9]),
        ("a scope", vec![0, 1, 24, 24, 9, 9, 9]),
        ("too few octets", vec![0, 1, 24, 0, 9, 9]),
        ("too many octets", vec![0, 1, 24, 0, 9, 9, 9, 0]),
        ("no head", vec![0, 1, 24]),
        ("nothing", vec![]),
    ];
    let row = |label: &str, value: &[u8], code| {
        let message = with(&[&opt(0, &option(8, value))]);
        row(format!("ECS {label}"), message, code)
    };
    let good = good.iter().map(|(label, value)| row(label, value, NOERROR));
    let bad = bad.iter().map(|(label, value)| row(label, value, FORMERR));
    let twice = option(8, &[0, 1, 0, 0]).repeat(2);
    let twice = Row {
        label: "ECS twice".to_string(),
        message: with(&[&opt(0, &twice)]),
        rcode: Some(FORMERR),
        datagram: None,
    };
    good.chain(bad).chain([twice]).collect()
}

fn cookies() -> Vec<Row> {
    let legal = |n: usize| n == 8 || (16..=40).contains(&n);
    let code = |n: usize| if legal(n) { NOERROR } else { FORMERR };
    let mut rows: Vec<Row> = (0..=42)
        .map(|n| {
            let message = with(&[&opt(0, &option(10, &vec![1; n]))]);
            row(format!("a cookie of {n}"), message, code(n))
        })
        .collect();
    let twice = [option(10, &[1; 8]), option(10, &[2; 3])].concat();
    rows.push(row(
        "of two cookies the first",
        with(&[&opt(0, &twice)]),
        NOERROR,
    ));
    for (label, value, code) in [
        ("a greeting", &[1; 8][..], NOERROR),
        ("a greeting with a wrong cookie", &[1; 24], BADCOOKIE),
        ("a greeting with half a cookie", &[1; 9], FORMERR),
    ] {
        let opt = opt(0, &option(10, value));
        rows.push(row(label, message(0, [0, 0, 0, 1], &[&opt]), code));
    }
    let bare = message(0, [0, 0, 0, 1], &[&opt(0, &[])]);
    rows.push(row("EDNS and no question", bare, FORMERR));
    rows
}

fn keys() -> Vec<Row> {
    let (tsig, plain) = (tsig(), opt(0, &[]));
    let signed =
        |owner: &[u8], class, ttl, data: &[u8]| with(&[&record(owner, 250, class, ttl, data)]);
    let good = signature(HMAC, (32, 32), 0);
    let loops = b"\xc0\x1d";
    let sig0 = [&[0, 0, 8, 0][..], &[0; 14], &[0; 1], &[7; 64]].concat();
    vec![
        row("TSIG", with(&[&tsig]), NOTAUTH),
        row("TSIG behind OPT", with(&[&plain, &tsig]), NOTAUTH),
        row(
            "TSIG with a pointer",
            signed(b"\xc0\x0c", 255, 0, &good),
            NOTAUTH,
        ),
        row(
            "TSIG without a MAC",
            signed(KEY, 255, 0, &signature(HMAC, (0, 0), 0)),
            NOTAUTH,
        ),
        row(
            "TSIG of no algorithm",
            signed(KEY, 255, 0, &signature(b"\0", (9, 9), 0)),
            NOTAUTH,
        ),
        row("TSIG not last", with(&[&tsig, &plain]), FORMERR),
        row("TSIG twice", with(&[&tsig, &tsig]), FORMERR),
        row(
            "TSIG and octets behind it",
            [with(&[&tsig]), vec![0]].concat(),
            FORMERR,
        ),
        row("TSIG of class IN", signed(KEY, 1, 0, &good), FORMERR),
        row("TSIG with a TTL", signed(KEY, 255, 1, &good), FORMERR),
        row("TSIG without data", signed(KEY, 255, 0, &[]), FORMERR),
        row(
            "TSIG cut short",
            signed(KEY, 255, 0, &good[..good.len() - 1]),
            FORMERR,
        ),
        row(
            "TSIG of a long MAC",
            signed(KEY, 255, 0, &signature(HMAC, (99, 32), 0)),
            FORMERR,
        ),
        row(
            "TSIG with other data",
            signed(KEY, 255, 0, &signature(HMAC, (32, 32), 1)),
            FORMERR,
        ),
        row(
            "TSIG of a compressed algorithm",
            signed(KEY, 255, 0, &signature(b"\xc0\x0c", (32, 32), 0)),
            FORMERR,
        ),
        row(
            "TSIG named by itself",
            signed(loops, 255, 0, &good),
            FORMERR,
        ),
        row(
            "TSIG and a signed transfer",
            {
                let asked = [&QUESTION[..13], &[0, 252, 0, 1]].concat();
                message(0, [1, 0, 0, 1], &[&asked, &tsig])
            },
            NOTAUTH,
        ),
        row("SIG(0)", with(&[&record(&[0], 24, 255, 0, &sig0)]), NOERROR),
    ]
}

/// What is wrong with a reply, if anything is.
pub fn judge(row: &Row, transport: Transport, reply: Option<&[u8]>) -> Result<(), String> {
    let datagram = row.datagram.filter(|_| transport == Transport::Udp);
    let (code, reply) = match (datagram.or(row.rcode), reply) {
        (None, None) => return Ok(()),
        (Some(code), Some(reply)) => (code, reply),
        (expected, got) => return Err(format!("expected {expected:?}, got {got:02x?}")),
    };
    let query = &row.message;
    let records = records(reply);
    let opt = records.iter().find(|record| record.kind == 41);
    let high = opt.map_or(0, |opt| (opt.ttl >> 20 & 0xff0) as u16);
    let got = high | u16::from(reply[3] & 15);
    let unknown = |code: u16| ![3, 8, 9, 10, 11, 15, 19].contains(&code);
    let odd = opt.is_some_and(|opt| options(opt.data).iter().any(|(code, _)| unknown(*code)));
    let same = |end| reply.get(12..end) == query.get(12..end);
    let echoed = reply[5] == 0 || question_end(query).is_some_and(same);
    let well = got != NOERROR && got != NOTAUTH || reply[5] == 1 || query[5] == 0;
    // Only a signed query is told what is wrong with its key.
    let signed = code == NOTAUTH && row.label.starts_with("TSIG");
    let last = records.last().is_some_and(|record| record.kind == 250);
    for (holds, says) in [
        (got == code, format!("the code is {got}, not {code}")),
        (reply[..2] == query[..2], "the id differs".into()),
        (
            (reply[2] ^ query[2]) & 0xf9 == 0x80,
            "QR, opcode or RD".into(),
        ),
        (reply[2] & 2 == 0, "TC".into()),
        (reply[3] & 0xe0 == 0, "RA, Z or AD is set".into()),
        ((reply[3] ^ query[3]) & 0x10 == 0, "CD is not copied".into()),
        (reply[4] == 0 && reply[5] <= 1, "questions".into()),
        (echoed && well, "the question, or its case".into()),
        (
            opt.is_none_or(|opt| opt.ttl & 0x00ff_7fff == 0),
            "version or flags".into(),
        ),
        (!odd, "an unknown option came back".into()),
        (last == signed, "the TSIG record".into()),
    ] {
        if !holds {
            return Err(format!("{says}: {reply:02x?}"));
        }
    }
    Ok(())
}

fn stage() -> Stage {
    let zone = "$ORIGIN example.com.\n@ 60 SOA ns1 h 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.53\n";
    let files = BTreeMap::from([("zones/example.com.zone".to_string(), zone.to_string())]);
    let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf".to_string();
    let mut stage = Stage::default();
    stage.wear(&BTreeMap::from([("cookies".to_string(), secret)]));
    stage.load(&files, stage::atlas(&[])).unwrap();
    stage
}

#[test]
fn every_row_over_both_transports() {
    let mut stage = stage();
    let mut wrong = Vec::new();
    for row in rows() {
        for transport in [Transport::Udp, Transport::Tcp] {
            let reply = stage.ask(&row.message, [192, 0, 2, 7].into(), transport, START);
            if let Err(says) = judge(&row, transport, reply.as_deref()) {
                wrong.push(format!("{} ({transport:?}): {says}", row.label));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the rule says: other opcodes first, then the class, then the type.
fn ruled(opcode: u16, class: u16, kind: u16, transport: Transport) -> u16 {
    match (opcode, class, kind) {
        (1.., ..) => NOTIMP,
        (_, 1 | 255, 252) if transport == Transport::Udp => NOTIMP,
        (_, 1 | 255, 251 | 252) => REFUSED,
        (_, 1 | 255, _) => NOERROR,
        _ => REFUSED,
    }
}

#[test]
fn opcodes_classes_and_transports() {
    let mut stage = stage();
    for opcode in 0..16 {
        for class in [0, 1, 2, 3, 4, 254, 255, 65_535] {
            for kind in [1, 6, 251, 252, 255] {
                let mut message = question(b"\x07eXample\x03cOm\0", kind, class);
                message[2] |= (opcode as u8) << 3;
                let label = format!("opcode {opcode}, class {class}, type {kind}");
                for transport in [Transport::Udp, Transport::Tcp] {
                    let code = ruled(opcode, class, kind, transport);
                    let row = row(label.clone(), message.clone(), code);
                    let reply = stage.ask(&row.message, [192, 0, 2, 7].into(), transport, START);
                    let judged = judge(&row, transport, reply.as_deref());
                    assert_eq!(judged, Ok(()), "{} over {transport:?}", row.label);
                    // AA is for what is looked up in class IN.
                    let aa = reply.unwrap()[2] & 4 != 0;
                    assert_eq!(
                        aa,
                        row.rcode == Some(NOERROR) && class == 1,
                        "{}",
                        row.label
                    );
                }
            }
        }
    }
}

#[test]
fn a_breach_is_caught() {
    let row = row("plain", with(&[]), NOERROR);
    let good = message(0x8400, [1, 0, 0, 0], &[QUESTION]);
    assert_eq!(judge(&row, Transport::Tcp, Some(&good)), Ok(()));
    assert!(judge(&row, Transport::Tcp, None).is_err());
    for (at, mask) in [
        (0, 1),
        (2, 0x80),
        (2, 8),
        (2, 2),
        (3, 1),
        (3, 0x40),
        (5, 1),
        (14, 0x20),
    ] {
        let mut bad = good.clone();
        bad[at] ^= mask;
        assert!(judge(&row, Transport::Tcp, Some(&bad)).is_err(), "{at}");
    }
}
