//! Bodies of the feed, good and bad.
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

mod told;

fn mistakes(body: &str) -> Vec<String> {
    let list = single(body.as_bytes()).unwrap_err();
    list.into_iter()
        .map(|m| format!("{}: {}; {}", m.at, m.message, m.advice))
        .collect()
}

fn in_batch(body: &str) -> Vec<String> {
    let list = batch(body.as_bytes()).unwrap_err();
    list.into_iter()
        .map(|m| format!("{}: {}", m.at, m.message))
        .collect()
}

#[test]
fn a_whole_report() {
    let body = br#"{"state": "degraded", "quality": 0.25, "epoch": 1700000000, "seq": 18446744073709551615, "valid_for": "5m"}"#;
    let order = Order {
        epoch: 1_700_000_000,
        seq: u64::MAX,
    };
    assert_eq!(
        single(body),
        Ok(Report {
            state: State::Degraded(250_000),
            order,
            valid_for: Some(300),
            family: None,
            load: None
        })
    );
}

#[test]
fn states_and_qualities() {
    let table = [
        (r#""up""#, State::Up),
        (r#""degraded""#, State::Degraded(500_000)),
        (r#""degraded", "quality": 0.0000000001"#, State::Degraded(1)),
        (r#""degraded", "quality": 5e-1"#, State::Degraded(500_000)),
        (
            r#""degraded", "quality": 0.99999999999"#,
            State::Degraded(999_999),
        ),
        (r#""drain""#, State::Drain),
        (r#""down""#, State::Down),
    ];
    for (state, expected) in table {
        let body = format!(r#"{{"epoch": 0, "seq": 0, "state": {state}}}"#);
        let report = single(body.as_bytes()).unwrap();
        assert_eq!((report.state, report.valid_for), (expected, None), "{body}");
    }
}

#[test]
fn loads() {
    let decode = |fields: &str| {
        let body = format!(r#"{{"state":"up","epoch":1,"seq":1,{fields}}}"#);
        single(body.as_bytes()).unwrap().load
    };
    let all = r#""load":1200,"target":0.25,"capacity":4e4,"unit":"Mbit/s""#;
    let expected = Load {
        load: Some(1_200_000_000),
        target: Some(250_000),
        capacity: Some(40_000_000_000),
        unit: Some(Arc::from("Mbit/s")),
        ..Load::default()
    };
    assert_eq!(decode(all), Some(expected));
    let most = decode(r#""load":999999999999999"#).unwrap();
    assert_eq!(most.load, Some(999_999_999_999_999_000_000));
    assert_eq!(decode(r#""load":0"#).unwrap().load, Some(0));
    assert_eq!(decode(r#""load":-0.0"#).unwrap().load, Some(0));
    assert_eq!(decode(r#""valid_for":"5s""#), None);
    // One wrong number, and the whole report is refused.
    let found = mistakes(
        r#"{"state":"up","epoch":1,"seq":1,"load":-0.5,"target":true,"capacity":1e300,"unit":"\u00e9"}"#,
    );
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn durations() {
    let decode = |text: &str| {
        single(format!(r#"{{"state":"up","epoch":1,"seq":1,"valid_for":{text}}}"#).as_bytes())
    };
    for (text, expected) in [
        ("1s", 1),
        ("90s", 90),
        ("5m", 300),
        ("2h", 7_200),
        ("7d", 604_800),
        ("007s", 7),
    ] {
        assert_eq!(
            decode(&format!("\"{text}\"")).unwrap().valid_for,
            Some(expected)
        );
    }
    let wrong = [
        "\"\"", "\"s\"", "\"0s\"", "\"8d\"", "\"-1s\"", "\"+1s\"", "\"1.5s\"", "\"30\"", "\"30S\"",
        "\"3€\"", "\" 3s\"", "30", "null",
    ];
    for text in wrong
        .iter()
        .chain(&["\"99999999999999999999s\"", "\"18446744073709551615d\""])
    {
        assert_eq!(decode(text).unwrap_err().len(), 1, "{text}");
    }
}

#[test]
fn every_mistake_at_once_with_what_to_do() {
    let found = mistakes(
        r#"{"stat": "up", "quality": 2, "epoch": -1, "seq": "1", "valid_for": 30, "vip": "a", "seq": 2}"#,
    );
    assert_eq!(
        found,
        [
            "$: unknown field \"stat\"; did you mean `state`?",
            "$.seq: `seq` stands twice; leave one of them out",
            "$.vip: the VIP is named by the path; leave `vip` out, or send a batch to /v1/health",
            "$: `state` is missing; one of \"up\", \"degraded\", \"drain\", \"down\"",
            "$.quality: expected a number above 0 and below 1, found 2e0; it is the part of its weight that the VIP can bear: 0.25 is a quarter",
            "$.epoch: expected a whole number from 0 to 18446744073709551615; a number that grows with each start of the sender: its Unix time of start",
            "$.valid_for: expected a duration such as \"30s\", found a number without a unit; a whole number and s, m, h or d, from \"1s\" to \"7d\"; leave it out if the report is to stand until the next",
        ]
    );
}

/// A body with one mistake, and how the mistake begins.
const ONE_MISTAKE: &[(&str, &str)] = &[
    (
        r#"{"state":"Up","epoch":1,"seq":1}"#,
        r#"$.state: unknown state "Up"; did you mean "up"?"#,
    ),
    (
        r#"{"state":"draining","epoch":1,"seq":1}"#,
        r#"$.state: unknown state "draining"; one of"#,
    ),
    (
        r#"{"state":"unknown","epoch":1,"seq":1}"#,
        r#"$.state: unknown state "unknown"; one of"#,
    ),
    (
        r#"{"state":1,"epoch":1,"seq":1}"#,
        "$.state: expected a state, found a number",
    ),
    (
        r#"{"state":"up","quality":0.5,"epoch":1,"seq":1}"#,
        r#"$.quality: a VIP that is "up" has no quality"#,
    ),
    (
        r#"{"state":"degraded","quality":1,"epoch":1,"seq":1}"#,
        "$.quality: expected a number above 0 and below 1, found 1e0; all of its",
    ),
    (
        r#"{"state":"degraded","quality":0,"epoch":1,"seq":1}"#,
        "$.quality: expected a number above 0 and below 1, found 0e0; nothing of",
    ),
    (
        r#"{"state":"degraded","quality":-0.1,"epoch":1,"seq":1}"#,
        "$.quality: expected a number above 0 and below 1, found -1e-1",
    ),
    (
        r#"{"state":"degraded","quality":"0.5","epoch":1,"seq":1}"#,
        "$.quality: expected a number, found a string",
    ),
    (
        r#"{"state":"degraded","quality":null,"epoch":1,"seq":1}"#,
        "$.quality: expected a number, found null",
    ),
    (r#"{"state":"up","seq":1}"#, "$: `epoch` is missing"),
    (r#"{"state":"up","epoch":1}"#, "$: `seq` is missing"),
    (
        r#"{"state":"up","epoch":1,"seq":1.5}"#,
        "$.seq: expected a whole number from 0",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":18446744073709551616}"#,
        "$.seq: expected a whole number from 0",
    ),
    (
        r#"{"state":"up","epoch":true,"seq":1}"#,
        "$.epoch: expected a whole number, found true or false",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"cpu":3}"#,
        "$: unknown field \"cpu\"; known here: state, quality, epoch",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"laod":3}"#,
        "$: unknown field \"laod\"; did you mean `load`?",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"load":-1}"#,
        "$.load: expected a number from 0 and below 1e15, found -1e0; a number from 0, as 1200 or 0.75, all of a VIP in one unit",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"target":1e15}"#,
        "$.target: expected a number from 0 and below 1e15, found 1e15",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"capacity":1000000000000000}"#,
        "$.capacity: expected a number from 0 and below 1e15, found 1e15",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"capacity":"40G"}"#,
        "$.capacity: expected a number, found a string",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"load":null}"#,
        "$.load: expected a number, found null",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"unit":"rps"}"#,
        "$.unit: a unit of nothing; say `load`, `target` or `capacity` in it, or leave it out",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"load":1,"unit":""}"#,
        r#"$.unit: "" cannot be a unit; a word of at most 32 visible"#,
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"load":1,"unit":"per second"}"#,
        r#"$.unit: "per second" cannot be a unit"#,
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"load":1,"unit":7}"#,
        "$.unit: expected a word, found a number",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"family":"ipv4"}"#,
        r#"$.family: unknown family "ipv4"; "v4" or "v6""#,
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1,"family":4}"#,
        "$.family: expected a family, found a number",
    ),
    (
        "[]",
        "$: expected an object, found a list; a report is an object",
    ),
    (
        "",
        "$: this is not JSON: EOF while parsing a value at line 1 column 0",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":NaN}"#,
        "$: this is not JSON: expected value at line 1 column 31",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1e999}"#,
        "$: this is not JSON: number out of range",
    ),
    (
        r#"{"state":"up","epoch":1,"seq":1} {}"#,
        "$: this is not JSON: trailing characters",
    ),
];

#[test]
fn single_mistakes() {
    for (body, expected) in ONE_MISTAKE {
        let found = mistakes(body);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{body}: {found:#?}"
        );
    }
    assert!(single(b"{\"state\":\"\xff\"}").is_err());
}

#[test]
fn a_batch_keeps_its_order() {
    let body = br#"{"reports": [{"vip":"b","state":"down","epoch":1,"seq":2},{"vip":"a-1","state":"up","epoch":1,"seq":1}]}"#;
    let found = batch(body).unwrap();
    assert_eq!(
        found
            .iter()
            .map(|(subject, r)| (subject.named(), r.state))
            .collect::<Vec<_>>(),
        [
            (("vip", "b".to_owned()), State::Down),
            (("vip", "a-1".to_owned()), State::Up)
        ]
    );
    assert_eq!(batch(br#"{"reports": []}"#), Ok(Vec::new()));
}

#[test]
fn one_report_of_each_family() {
    let body = |first: &str, second: &str| {
        let one = |rest: &str| format!(r#"{{"vip":"a","state":"up","epoch":1,"seq":1{rest}}}"#);
        format!(r#"{{"reports":[{},{}]}}"#, one(first), one(second))
    };
    let (v4, v6) = (r#","family":"v4""#, r#","family":"v6""#);
    let found = batch(body(v6, v4).as_bytes()).unwrap();
    let families: Vec<_> = found.iter().map(|(_, report)| report.family).collect();
    assert_eq!(families, [Some(Family::V6), Some(Family::V4)]);
    for (first, second) in [(v4, v4), (v4, ""), ("", v6), ("", "")] {
        let found = in_batch(&body(first, second));
        let says = r#"$.reports[1].vip: "a" is reported twice in one body, first at $.reports[0]"#;
        assert_eq!(found, [says], "{first} {second}");
    }
}

#[test]
fn a_batch_counts_wholly_or_not_at_all() {
    let found = in_batch(
        r#"{"reports": [
            {"vip":"a","state":"up","epoch":1,"seq":1},
            {"vip":"a","state":"up","epoch":1,"seq":2},
            {"vip":"Fra_1","state":"up","epoch":1,"seq":1},
            {"vip":7,"state":"up","epoch":1,"seq":1},
            {"state":"up","epoch":1},
            "up"], "version": 2}"#,
    );
    assert_eq!(
        found,
        [
            "$.version: version 2 is not spoken here",
            "$.reports[1].vip: \"a\" is reported twice in one body, first at $.reports[0]",
            "$.reports[2].vip: \"Fra_1\" cannot be a VIP",
            "$.reports[3].vip: expected the name of a VIP, found a number",
            "$.reports[4]: `vip` is missing",
            "$.reports[4]: `seq` is missing",
            "$.reports[5]: expected an object, found a string",
        ]
    );
    assert_eq!(in_batch("[]"), ["$: expected an object, found a list"]);
    assert_eq!(in_batch("{}"), ["$: `reports` is missing"]);
    assert_eq!(
        in_batch(r#"{"reports": {}}"#),
        ["$.reports: expected a list of reports, found an object"]
    );
}

#[test]
fn names() {
    let long = "a".repeat(64);
    for good in ["a", "fra-1", "0", &long[1..]] {
        assert!(field::is_name(good));
    }
    for bad in ["", "-a", "a-", "A", "ä", "a b", "a\n", "a.b", &long] {
        assert!(!field::is_name(bad));
    }
}

#[test]
fn hostile_bodies_are_answered_briefly() {
    let deep = "[".repeat(10_000);
    assert!(mistakes(&deep)[0].starts_with("$: this is not JSON: recursion limit exceeded"));
    assert!(
        mistakes(&format!(r#"{{"state":{}"#, r#"{"a":"#.repeat(10_000)))[0]
            .contains("recursion limit")
    );

    let many = format!(r#"{{"reports":[{}1]}}"#, "1,".repeat(limits::REPORTS));
    assert_eq!(
        in_batch(&many),
        ["$.reports: 8193 reports, at most 8192 fit into one body"]
    );

    let wrong = format!(r#"{{"reports":[{}1]}}"#, "1,".repeat(999));
    let found = in_batch(&wrong);
    assert_eq!(
        (found.len(), found[100].as_str()),
        (101, "$: and 900 more mistakes")
    );

    let fields: String = (0..50_000)
        .map(|n| format!("\"{n}\\n\\u0000\":1,"))
        .collect();
    let found = mistakes(&format!("{{{fields}\"{}\":1}}", "x".repeat(100_000)));
    assert_eq!(found.len(), 101);
    assert!(
        found[0].starts_with(r#"$: unknown field "0\n\0"; known here"#),
        "{}",
        found[0]
    );

    let long = mistakes(&format!(
        r#"{{"state":"{}","epoch":1,"seq":1}}"#,
        "é\\n".repeat(100_000)
    ));
    assert!(long[0].len() < 300 && !long[0].contains('\n'));
}

#[test]
fn a_mistake_as_json() {
    let mistake = &single(b"7").unwrap_err()[0];
    let json = serde_json::to_value(mistake).unwrap();
    assert_eq!(json["at"], "$");
    assert_eq!(json["message"], "expected an object, found a number");
    assert!(
        json["advice"]
            .as_str()
            .unwrap()
            .starts_with("a report is an object")
    );
}

#[test]
fn what_was_meant() {
    assert_eq!(meant("validfor", &["seq", "valid_for"]), Some("valid_for"));
    assert_eq!(meant("EPOCH", &["seq", "epoch"]), Some("epoch"));
    assert_eq!(meant("sqe", &["seq", "epoch"]), None);
    assert_eq!(meant("se", &["seq", "epoch"]), Some("seq"));
    assert_eq!(meant("", &["seq"]), None);
    let edits = |a: &str, b| mistake::edits(&a.chars().collect::<Vec<_>>(), b);
    assert_eq!(
        (
            edits("kitten", "sitting"),
            edits("", "abc"),
            edits("abc", "")
        ),
        (3, 3, 3)
    );
}

proptest! {
    #[test]
    fn any_body_is_answered(body: Vec<u8>, text in r#"[\[\]{}",:0-9a-z.eE+-]{0,60}"#) {
        let _ = (single(&body), batch(&body), single(text.as_bytes()), batch(text.as_bytes()));
    }

    #[test]
    fn what_is_written_is_read(epoch: u64, seq: u64, parts in 1u32..1_000_000, length in proptest::option::of(1u64..604_800)) {
        let lease = length.map_or(String::new(), |s| format!(r#","valid_for":"{s}s""#));
        let quality = f64::from(parts) / 1e6;
        let body = format!(r#"{{"state":"degraded","quality":{quality},"epoch":{epoch},"seq":{seq}{lease}}}"#);
        let report = Report { state: State::Degraded(parts), order: Order { epoch, seq }, valid_for: length, family: None, load: None };
        prop_assert_eq!(single(body.as_bytes()), Ok(report));
    }
}
