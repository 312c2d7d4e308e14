//! What is probably not meant, and taken all the same.

use super::{HEAD, clean, read, refused};
use crate::diagnostic::render;

#[test]
fn warnings_do_not_refuse() {
    let used = "[names]\n\"f.\" = \"fra\"\n\"i.\" = \"iad\"\n\"b.\" = \"b\"\n";
    clean(&format!("{}{used}", HEAD));
    for (text, expected) in [
        (
            "[vips.c]\naddress = \"192.0.2.9\"",
            "12:7: warning: nothing uses VIP `c`; no pool, rule set or name leads to it",
        ),
        (
            "[sites.c]",
            "12:8: warning: nothing uses site `c`; no VIP stands there",
        ),
        (
            "[probes.c]\nkind = \"tcp\"\nport = 1",
            "12:9: warning: nothing uses probe `c`; no VIP names it",
        ),
        (
            "[regions]\nc = \"DE\"",
            "13:1: warning: nothing uses region `c`; no rule set and no other region names it",
        ),
        (
            "[rules.c]\nDE = \"fra\"",
            "12:8: warning: nothing uses rule set `c`; no pool has it as `prefer` or `fence`",
        ),
        (
            "[pools.c]\nmembers = \"b\"\nttl = \"9s\"",
            "12:8: warning: nothing uses pool `c`; no name, pool or rule set leads to it",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = { d = 1 }\n[pools.d]\nmembers = \"b\"\nttl = \"9s\"",
            "17:1: warning: `ttl` has no effect in pool `d`: no name points to it; write it in the pool that a name points to",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\", \"v\"]\n[sites.v]",
            "14:17: warning: site `v` has no VIP; give one this `site`, or drop it here",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\"]\nprefer = \"r\"\n[rules.r]\nDE = \"fra\"\nFR = []",
            "17:1: warning: `DE` chooses nothing; no pool that uses `r` has a VIP at `fra`",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\", \"s\"]\n[vips.s]\naddress6 = \"2001:db8::1\"",
            "7:1: warning: VIP `b` has no `address6`, but others of pool `c` have one; a client that is sent here gets no AAAA",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\", \"s\"]\nanswers = 2\n[vips.s]\naddress = \"192.0.2.78\"\nweight = 3",
            "15:11: warning: the weights of the VIPs without a site are too uneven for 2 answers; no VIP should have more than 1/2 of the weight",
        ),
    ] {
        refused(&format!("{used}{text}\n"), &[expected]);
    }
}

/// The one warning of a pool of so many answers over VIPs with these keys, as it is shown.
#[track_caller]
fn uneven(answers: u8, draw: &str, vips: &[&str], who: usize, advice: &str, words: &str) {
    let mut text = String::from("[vips]\n");
    for (n, keys) in (1..).zip(vips) {
        text.push_str(&format!("v{n} = {{ address = \"192.0.2.{n}\"{keys} }}\n"));
    }
    let names: Vec<String> = (1..=vips.len()).map(|n| format!("v{n}")).collect();
    text.push_str(&format!(
        "[pools.w]\nmembers = {names:?}\nanswers = {answers}\ndraw = \"{draw}\"\n[names]\n\"w.\" = \"w\"\n"
    ));
    let shown = render(&read(&text).1, false);
    let message = format!(
        "warning: the weights of the VIPs without a site are too uneven for {answers} answers"
    );
    assert_eq!(shown.matches("warning").count(), 1, "{shown}");
    assert!(
        shown.contains(&message) && shown.contains(advice),
        "{shown}"
    );
    let at = format!("v{who} = ");
    let line = shown.lines().position(|line| line.contains(&at));
    let below = line
        .and_then(|at| shown.lines().nth(at + 1))
        .unwrap_or_default();
    assert!(below.ends_with(&format!("-- {words}")), "{shown}");
}

#[test]
fn weights_that_answers_cannot_honour_are_named_with_what_comes_of_them() {
    uneven(
        2,
        "query",
        &[", weight = 7", ", weight = 2", ", weight = 1"],
        1,
        "no VIP should have more than 1/2 of the weight",
        "it has 70% of the weight, and gets 50% of the addresses",
    );
    // All of them, in every answer.
    uneven(
        4,
        "client",
        &[", weight = 1", ", weight = 3", ", weight = 2"],
        2,
        "no VIP should have more than 1/4 of the weight",
        "it has 50% of the weight, and gets 33.3% of the addresses",
    );
    let a = ", failure_domain = \"a\"";
    let b = ", failure_domain = \"b\"";
    uneven(
        2,
        "query",
        &["", a, a, a, b],
        2,
        "no failure domain should have more than 1/2 of the weight",
        "failure domain `a` has 60% of the weight, and gets 50% of the addresses",
    );
    uneven(
        3,
        "query",
        &[a, a, a, a, b],
        5,
        "no failure domain should have less than 1/3 of the weight",
        "failure domain `b` has 20% of the weight, and gets 33.3% of the addresses",
    );
    uneven(
        3,
        "query",
        &[a, a, a, a, ""],
        5,
        "no VIP should have less than 1/3 of the weight",
        "it has 20% of the weight, and gets 33.3% of the addresses",
    );
    uneven(
        2,
        "name",
        &[a, a, a, b, ""],
        1,
        "no failure domain should have more than 1/2 of the weight",
        "failure domain `a` has 60% of the weight, and gets another part of the addresses",
    );
}

#[test]
fn weights_that_answers_can_honour_are_no_matter() {
    for file in ["02-shares", "06-domains"] {
        let path = format!(
            "{}/zones/examples/{file}/steering.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        clean(&std::fs::read_to_string(path).unwrap());
    }
}
