//! Laws: no bytes break the reader, and look-up agrees with a plain walk over the list of records.

use std::sync::Arc;

use proptest::prelude::*;

use super::{HEAD, Parsed, name, read_text, records};
use crate::diagnostic::Source;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::zone::{Found, Match, Zone};

/// What the walk finds: the word for it, the node, and whether by wildcard.
type Plain = (&'static str, Name, bool);

/// RFC 1034 §4.3.2 with RFC 4592 and RFC 6672, by linear scans.
fn walk(parsed: &Parsed, steered: &[Name], asked: &Name, kind: Kind) -> Plain {
    let has = |owner: &Name, kind: Kind| {
        parsed
            .records
            .iter()
            .any(|r| r.owner == *owner && r.kind == kind)
    };
    let owners = || parsed.records.iter().map(|r| &r.owner).chain(steered);
    let exists = |owner: &Name| owners().any(|other| other.is_within(owner));
    // The names from below the apex down to the one asked for.
    let mut line = vec![asked.clone()];
    while *line.last().unwrap() != parsed.apex {
        line.push(line.last().unwrap().parent().unwrap());
    }
    line.reverse();
    for (depth, at) in line.iter().enumerate() {
        if depth > 0 && has(at, Kind::NS) && !(at == asked && kind == Kind::DS) {
            return ("referral", at.clone(), false);
        }
        if at != asked && has(at, Kind::DNAME) {
            return ("dname", at.clone(), false);
        }
    }
    let answer = |node: &Name, wild: bool| {
        let word = match () {
            () if kind == Kind::ANY => "any",
            () if has(node, kind) => "records",
            () if has(node, Kind::CNAME) => "alias",
            () => "nodata",
        };
        (word, node.clone(), wild)
    };
    if exists(asked) {
        return answer(asked, false);
    }
    let encloser = line.iter().rev().find(|at| exists(at)).unwrap();
    let star = encloser.child(b"*").unwrap();
    if exists(&star) {
        answer(&star, true)
    } else {
        ("noname", encloser.clone(), false)
    }
}

fn plain(found: Found<'_>) -> Plain {
    let (word, node, by) = match found {
        Found::Records { node, by, .. } => ("records", node, by),
        Found::Any { node, by } => ("any", node, by),
        Found::Alias { node, by, .. } => ("alias", node, by),
        Found::Dname { node, .. } => ("dname", node, Match::Exact),
        Found::Referral { cut } => ("referral", cut, Match::Exact),
        Found::NoData { node, by } => ("nodata", node, by),
        Found::NoName { encloser } => ("noname", encloser, Match::Exact),
    };
    (word, node.owner(), by == Match::Wildcard)
}

/// A few labels, so that names meet often.
fn label() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("a"), 3 => Just("b"), 1 => Just("A"), 2 => Just("*"), 1 => Just("c\\000"), 1 => Just("c")]
}

fn relative() -> impl Strategy<Value = String> {
    prop::collection::vec(label(), 0..5).prop_map(|labels| {
        if labels.is_empty() {
            "@".to_owned()
        } else {
            labels.join(".")
        }
    })
}

pub(super) fn absolute() -> impl Strategy<Value = Name> {
    relative().prop_map(|text| Name::parse(text.as_bytes(), Some(&name("example.com."))).unwrap())
}

pub(super) fn line() -> impl Strategy<Value = String> {
    let data = prop_oneof![
        4 => Just("A 192.0.2.1"),
        2 => Just("TXT x"),
        1 => Just("CNAME x.net."),
        1 => Just("DNAME x.net."),
        1 => Just("NS x.net."),
        1 => Just("DS \\# 4 00010801"),
    ];
    (relative(), data).prop_map(|(owner, data)| format!("{owner} {data}\n"))
}

/// A zone of those lines that may stand together.
pub(super) fn readable(lines: &[String]) -> Parsed {
    let mut text = HEAD.to_owned();
    let mut best = read_text(text.clone()).0.unwrap();
    for line in lines {
        let longer = text.clone() + line;
        if let Some(parsed) = read_text(longer.clone()).0 {
            (text, best) = (longer, parsed);
        }
    }
    best
}

/// Bytes of which some are zone text.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(vec![
            "\n",
            " ",
            "\t",
            "(",
            ")",
            ";",
            "\"",
            "\\",
            "\\#",
            "\\# 4 ",
            "@",
            "@ ",
            ".",
            "$TTL 5\n",
            "$ORIGIN ",
            "SOA ",
            "IN ",
            "A ",
            "192.0.2.1\n",
            "NS ",
            "MX 1 ",
            "TXT ",
            "SRV ",
            "HTTPS 1 . ",
            "alpn=",
            "mandatory=",
            "ech=AA==",
            "ipv4hint=1.2.3.4,",
            "key7=",
            "1h30m ",
            "\r\n",
            "a.net. ",
            "\n@ SOA a. b. 1 2 3 4 5\n",
            "\\999",
            "\\",
            "x ",
            "*.",
            "CAA 0 issue ",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_read_to_the_end(text in bytes()) {
        let source: Arc<Source> = Source::new("z.zone", text);
        let (parsed, list) = records(&source, &name("example.com."));
        prop_assert_eq!(parsed.is_none(), list.iter().any(|d| d.is_error()));
        for diagnostic in &list {
            let span = &diagnostic.spot.as_ref().unwrap().span;
            prop_assert!(span.start <= span.end && span.end <= source.text.len());
            prop_assert_eq!(diagnostic.line().lines().count(), 1);
        }
        if let Some(parsed) = parsed {
            Zone::build(&parsed, &[name("a.b.example.com.")]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn look_up_agrees_with_the_plain_walk(
        lines in prop::collection::vec(line(), 0..14),
        steered in prop::collection::vec(absolute(), 0..3),
        questions in prop::collection::vec(absolute(), 20),
    ) {
        let parsed = readable(&lines);
        let zone = Zone::build(&parsed, &steered);
        let mut asked = Asked::new(Seed::default());
        for question in &questions {
            prop_assert_eq!(asked.read(question.wire()), Ok(question.wire().len()));
            for kind in [Kind::A, Kind::TXT, Kind::CNAME, Kind::DNAME, Kind::NS, Kind::DS, Kind::ANY] {
                let found = zone.find(&asked, kind);
                prop_assert_eq!(plain(found), walk(&parsed, &steered, question, kind), "{} {}", question, kind);
                if let Found::Records { node, .. } | Found::NoData { node, .. } = found {
                    let first = steered.iter().position(|name| *name == node.owner());
                    prop_assert_eq!(node.steer(), first.map(|at| at as u32));
                }
            }
        }
        // Everything that was read is there.
        let count: usize = zone.nodes().flat_map(|node| node.rrsets()).map(|set| set.records().count()).sum();
        prop_assert_eq!(count, parsed.records.len());
        for record in &parsed.records {
            let set = zone.node(record.owner.wire()).and_then(|node| node.rrset(record.kind));
            prop_assert!(set.is_some_and(|set| set.records().any(|rdata| rdata == record.rdata)));
        }
    }

    #[test]
    fn the_order_of_lines_does_not_matter(lines in prop::collection::vec(line(), 0..14), seed in any::<u64>()) {
        let parsed = readable(&lines);
        let mut text: Vec<&str> = std::str::from_utf8(&parsed.source.text).unwrap().lines().skip(1).collect();
        let mut state = seed;
        for at in (1..text.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.swap(at, (state >> 33) as usize % (at + 1));
        }
        let (other, _) = read_text(format!("$TTL 300\n{}\n", text.join("\n")));
        let shown = |parsed: &Parsed| {
            let mut list: Vec<_> = parsed.records.iter().map(|r| (r.owner.to_string().to_lowercase(), r.kind, r.rdata.clone())).collect();
            list.sort();
            list
        };
        prop_assert_eq!(shown(&other.unwrap()), shown(&parsed));
    }
}
