//! What is told beside the state, and of what a report speaks.

use super::*;
use crate::health::load::{Behind, UNIT};

fn decode(fields: &str) -> Report {
    let body = format!(r#"{{"state":"up","epoch":1,"seq":1,{fields}}}"#);
    single(body.as_bytes()).unwrap()
}

#[test]
fn what_stands_behind_a_vip() {
    let report = decode(
        r#""active_conns":12,"new_conns_per_s":0.5,"window":[100,110],
           "healthy_backends":3,"total_backends":4,"route_present":true"#,
    );
    let expected = Load {
        active: Some(12 * UNIT),
        opened: Some(UNIT / 2),
        window: Some((100, 110)),
        behind: Behind {
            healthy: Some(3),
            total: Some(4),
            route: Some(true),
        },
        ..Load::default()
    };
    assert_eq!(report.load, Some(expected));
    assert_eq!(report.counts(), (State::Up, None));
    assert_eq!(decode(r#""valid_for":"9s""#).load, None);
}

#[test]
fn what_cannot_serve_counts_as_down() {
    let counts = |fields: &str| decode(fields).counts().0;
    assert_eq!(counts(r#""route_present":false"#), State::Down);
    assert_eq!(
        counts(r#""healthy_backends":0,"total_backends":1"#),
        State::Down
    );
    // Nothing to be well: there may be no backends that anyone counts.
    assert_eq!(
        counts(r#""healthy_backends":0,"total_backends":0"#),
        State::Up
    );
    assert_eq!(
        counts(r#""healthy_backends":1,"total_backends":9"#),
        State::Up
    );
    assert_eq!(counts(r#""total_backends":9"#), State::Up);
    assert!(decode(r#""route_present":false"#).counts().1.is_some());
    let down = br#"{"state":"down","epoch":1,"seq":1,"route_present":false}"#;
    assert_eq!(single(down).unwrap().counts(), (State::Down, None));
}

#[test]
fn a_window_of_another_time_takes_the_load_with_it() {
    let fields = r#""load":5,"window":[1000,1010],"route_present":true"#;
    let taken = |lease: &str, now: u64| {
        let mut report = decode(&format!("{fields}{lease}"));
        let why = report.date(now);
        let load = report.load.unwrap();
        assert_eq!(
            load.behind.route,
            Some(true),
            "backends and route are of now"
        );
        assert_eq!(load.load.is_some(), why.is_none());
        assert_eq!(load.window.is_some(), why.is_none());
        why.is_none()
    };
    for (lease, now, expected) in [
        ("", 950, true),
        ("", 949, false),
        ("", 1_010 + limits::LOAD_FRESH, true),
        ("", 1_011 + limits::LOAD_FRESH, false),
        (r#","valid_for":"30s""#, 1_040, true),
        (r#","valid_for":"30s""#, 1_041, false),
        ("", 0, false),
        ("", u64::MAX, false),
    ] {
        assert_eq!(taken(lease, now), expected, "{lease} {now}");
    }
    let mut bare = decode(r#""load":5,"window":[1000,1010]"#);
    assert!(bare.date(5_000).is_some());
    assert_eq!((bare.load.clone(), bare.date(5_000)), (None, None));
}

#[test]
fn mistakes_in_what_is_told() {
    for (fields, expected) in [
        (
            r#""active_conns":-1"#,
            "$.active_conns: expected a whole number from 0 and below 1e15, found -1e0",
        ),
        (
            r#""active_conns":1.5"#,
            "$.active_conns: expected a whole number",
        ),
        (
            r#""new_conns_per_s":1e15"#,
            "$.new_conns_per_s: expected a number from 0 and below 1e15",
        ),
        (
            r#""healthy_backends":1"#,
            "$.healthy_backends: healthy backends of an unknown number",
        ),
        (
            r#""healthy_backends":3,"total_backends":2"#,
            "$.healthy_backends: 3 healthy backends of 2",
        ),
        (
            r#""total_backends":"2""#,
            "$.total_backends: expected a whole number from 0 and below 1e15, found a string",
        ),
        (
            r#""route_present":"yes""#,
            "$.route_present: expected true or false, found a string",
        ),
        (
            r#""route_present":null"#,
            "$.route_present: expected true or false, found null",
        ),
        (r#""window":[1,2]"#, "$.window: a window of nothing"),
        (
            r#""load":1,"window":[2,2]"#,
            "$.window: a window that ends before it begins",
        ),
        (
            r#""load":1,"window":[1,2,3]"#,
            "$.window: expected two whole numbers",
        ),
        (
            r#""load":1,"window":10"#,
            "$.window: expected two whole numbers, found a number",
        ),
        (
            r#""load":1,"window":[-1,2]"#,
            "$.window: expected two whole numbers",
        ),
        (
            r#""version":2"#,
            "$.version: version 2 is not spoken here; 1 is spoken",
        ),
        (
            r#""version":"1""#,
            "$.version: expected a version, found a string",
        ),
        (r#""site":"fra""#, "$.site: the VIP is named by the path"),
    ] {
        let body = format!(r#"{{"state":"up","epoch":1,"seq":1,{fields}}}"#);
        let found = mistakes(&body);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{body}: {found:#?}"
        );
    }
    // All of them at once.
    let found = mistakes(
        r#"{"state":"up","epoch":1,"seq":1,"version":0,"active_conns":[],"new_conns_per_s":-1,"window":1,"healthy_backends":2,"total_backends":1,"route_present":0}"#,
    );
    assert_eq!(found.len(), 6, "{found:#?}");
    assert_eq!(decode(r#""version":1"#).state, State::Up);
    // To JSON these are whole numbers.
    let body = br#"{"state":"up","epoch":17e8,"seq":2.0,"version":1.0}"#;
    let order = single(body).unwrap().order;
    assert_eq!((order.epoch, order.seq), (1_700_000_000, 2));
    for odd in ["-1.0", "1.5", "1e16", "18446744073709551616.0"] {
        let body = format!(r#"{{"state":"up","epoch":{odd},"seq":2}}"#);
        assert_eq!(single(body.as_bytes()).unwrap_err().len(), 1, "{odd}");
    }
}

#[test]
fn by_vip_address_or_site() {
    let one = |subject: &str| {
        batch(
            format!(r#"{{"version":1,"reports":[{{{subject}"state":"up","epoch":1,"seq":1}}]}}"#)
                .as_bytes(),
        )
    };
    let taken = |subject: &str| one(subject).unwrap().remove(0);
    assert_eq!(taken(r#""site":"fra","#).0, Subject::Site(Arc::from("fra")));
    let (subject, report) = taken(r#""address":"192.0.2.10","#);
    assert_eq!(subject, Subject::Address("192.0.2.10".parse().unwrap()));
    assert_eq!(report.family, Some(Family::V4));
    // However it is written.
    let (subject, report) = taken(r#""address":"2001:DB8:0::10","#);
    assert_eq!(subject, Subject::Address("2001:db8::10".parse().unwrap()));
    assert_eq!(report.family, Some(Family::V6));
    for (subject, expected) in [
        (
            r#""vip":"a","site":"b","#,
            "$.reports[0].site: `vip` and `site` in one report",
        ),
        (
            r#""vip":"a","address":"::1","site":"b","#,
            "$.reports[0].address: `vip` and `address` in one report",
        ),
        (
            r#""address":"192.0.2.1/32","#,
            r#"$.reports[0].address: "192.0.2.1/32" cannot be an address"#,
        ),
        (
            r#""address":7,"#,
            "$.reports[0].address: expected an address, found a number",
        ),
        (
            r#""site":"FRA","#,
            r#"$.reports[0].site: "FRA" cannot be a site"#,
        ),
        (
            r#""site":null,"#,
            "$.reports[0].site: expected the name of a site, found null",
        ),
        (
            r#""address":"::1","family":"v6","#,
            "$.reports[0].family: the address says the family",
        ),
        (
            r#""vip":"a","version":1,"#,
            "$.reports[0].version: a version of one report",
        ),
        ("", "$.reports[0]: `vip` is missing"),
    ] {
        let found = one(subject).unwrap_err();
        let shown = format!("{}: {}", found[0].at, found[0].message);
        assert_eq!((found.len(), shown.as_str()), (1, expected));
    }
    let twice = |first: &str, second: &str| {
        let rest = r#""state":"up","epoch":1,"seq":1"#;
        in_batch(&format!(
            r#"{{"reports":[{{{first},{rest}}},{{{second},{rest}}}]}}"#
        ))
    };
    assert_eq!(
        twice(r#""site":"fra""#, r#""site":"fra""#),
        [r#"$.reports[1].site: "fra" is reported twice in one body, first at $.reports[0]"#]
    );
    assert_eq!(
        twice(r#""address":"::1""#, r#""address":"0::1""#),
        [r#"$.reports[1].address: "::1" is reported twice in one body, first at $.reports[0]"#]
    );
}
