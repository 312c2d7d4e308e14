//! Broken and twisted zone files against the reader: the law of `support/reading.rs`, which the fuzzer holds too.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::reading::law;

const HEAD: &str =
    "$TTL 300\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1.elsewhere.net.\n@ NS ns2.elsewhere.net.\n";

/// Good texts of every sort that we know, to start from.
fn seeds() -> Vec<Vec<u8>> {
    let lines = [
        "www A 192.0.2.1\n    AAAA 2001:db8::1\nalias CNAME www\nmail 60 IN MX 10 www\n",
        "x TXT \"two words\" plain \\\"a\\098 ( \"over\"\n lines ) ; and a comment\n",
        "$ORIGIN sub\n@ A 192.0.2.1\n$ORIGIN example.com.\n$TTL 1h30m\ny A 192.0.2.2\n",
        "$GENERATE 1-9/2 h${0,3,d} A 192.0.2.$\n$GENERATE 10-12 ${1,5,n} TXT \"a \\\"b $\\\"\"\n",
        "$INCLUDE file\n  A 192.0.2.4\n$INCLUDE \"other file\" deep\n",
        "z A 192.0.2.1\n$INCLUDE circle\n",
        "s HTTPS 1 . alpn=\"h2,h3\" port=443 ipv4hint=192.0.2.1 key7=\\000\n_x._tcp SRV 0 5 443 s\n",
        "t TYPE65280 \\# 3 ( ab cd\n ef )\nc CAA 0 issue \"ca.example\"\n*.wild CNAME s\nd DNAME a.net.\n",
        "( a\n A 192.0.2.1 )\r\nb CLASS1 5 A 192.0.2.2\r\n\\$a\\.b A 192.0.2.3\r\n",
    ];
    let mut seeds: Vec<Vec<u8>> = lines
        .map(|lines| format!("{HEAD}{lines}").into_bytes())
        .into();
    seeds.push([b"\xef\xbb\xbf", HEAD.as_bytes()].concat());
    seeds.push(HEAD.replace("@ SOA", "$ORIGIN .\n@ SOA").into_bytes());
    seeds
}

/// One way to break a text. Positions are taken modulo its length, so that every value does something.
#[derive(Clone, Debug)]
enum Twist {
    Put(usize, u8),
    Insert(usize, &'static str),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn twist() -> impl Strategy<Value = Twist> {
    let at = || 0_usize..1024;
    let scraps = vec![
        "(",
        ")",
        "\"",
        "\\",
        ";",
        "\n",
        "\r",
        "\0",
        "$",
        "@",
        ".",
        " ",
        "\t",
        "{",
        "}",
        "\n$TTL 5\n",
        "\n$INCLUDE file\n",
        "\n$INCLUDE circle\n",
        "\n$ORIGIN .\n",
        "$GENERATE 1-3 ",
        "${0,2,x}",
        "\\# 1 00",
        "\\999",
        "TYPE1",
        "CLASS3",
        "IN",
        "4294967296",
        "RRSIG",
        "ü",
        "\\255",
    ];
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Twist::Put(at, byte)),
        (at(), prop::sample::select(scraps)).prop_map(|(at, scrap)| Twist::Insert(at, scrap)),
        (at(), 1_usize..40).prop_map(|(at, many)| Twist::Remove(at, many)),
        (at(), 1_usize..90).prop_map(|(at, many)| Twist::Repeat(at, many)),
        at().prop_map(Twist::Cut),
    ]
}

fn apply(text: &mut Vec<u8>, twist: &Twist) {
    let len = text.len().max(1);
    let clamp = |text: &[u8], at: usize| (at % len).min(text.len());
    match twist {
        Twist::Put(at, byte) => {
            if let Some(slot) = text.get_mut(at % len) {
                *slot = *byte;
            }
        }
        Twist::Insert(at, scrap) => {
            let at = clamp(text, *at);
            text.splice(at..at, scrap.bytes());
        }
        Twist::Remove(at, many) => {
            let from = clamp(text, *at);
            text.drain(from..text.len().min(from + many));
        }
        Twist::Repeat(at, many) => {
            let from = clamp(text, *at);
            let copy = text[from..text.len().min(from + many)].to_vec();
            text.splice(from..from, copy);
        }
        Twist::Cut(at) => text.truncate(at % len),
    }
}

#[test]
fn the_reader_keeps_the_law() {
    let text =
        (prop::sample::select(seeds()), vec(twist(), 0..6)).prop_map(|(mut text, twists)| {
            twists.iter().for_each(|twist| apply(&mut text, twist));
            text
        });
    let mut runner = TestRunner::new(Config {
        cases: 6_000,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&text, |text| {
        law(&text).map(|_| ()).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn the_seeds_are_good() {
    for seed in seeds() {
        let circle = seed.windows(6).any(|at| at == b"circle");
        assert_eq!(law(&seed), Ok(!circle));
    }
}
